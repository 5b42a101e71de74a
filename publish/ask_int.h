/*
 * publish/ask_int.h -- what ask.c and ask_message.c share; not public.
 */
#pragma once

#include "publish/ask.h"

#define ASK_QUERY_MAX 1024 /* header, question, OPT, TSIG: names of 255, a MAC of 64 octets */

struct ask_query {
    uint8_t wire[ASK_QUERY_MAX];
    size_t len;
};

/* The message of T with a random id; T's `mac` is set. */
int ask_query_make(struct ask_task *t, struct ask_query *ret) MUST_USE;
/* Is MESSAGE a response to Q? */
bool ask_query_matches(const struct ask_query *q, struct bytes message);
