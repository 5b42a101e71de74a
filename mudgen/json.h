/*
 * mudgen/json.h -- JSON documents to bytes and back.
 *
 * Bytes are compact, keys in the order they were set, no newline anywhere: the form that is signed
 * and whose digest goes into DNS (DESIGN section 5).
 * Errors: ERR_NOMEM; ERR_STATE for bytes that are no JSON object.
 */
#pragma once

#include <jansson.h>

#include "common/buf.h"
#include "common/own.h"

static inline void json_auto_decref(json_t **j)
{
    json_decref(*j);
}
#define AUTO_JSON __attribute__((cleanup(json_auto_decref)))

/* Consumes J, which may be NULL: something ran out of memory while it was made. */
int doc_json_write(json_t *j, struct buf *out) MUST_USE;

int doc_json_read(struct bytes json, json_t **ret) MUST_USE;

/*
 * TEXT as the next member, if there is one (not NULL). Not left to json_pack's "s*", which also
 * leaves out what it had no memory for. False: out of memory, or OBJECT is NULL.
 */
bool doc_json_put(json_t *object, const char *key, const char *text) MUST_USE;

/* Member KEY of OBJECT as text or as a number; NULL and false when it is anything else. */
const char *doc_json_text(const json_t *object, const char *key);
bool doc_json_u32(const json_t *object, const char *key, uint32_t *ret) MUST_USE;
