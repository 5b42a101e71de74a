/*
 * mudgen/page.h -- the list for people: one HTML page, readable without scripts, nothing from
 * elsewhere.
 *
 * Every text of the inventory is foreign to the page and escaped. Same content, same bytes.
 * Pure. Errors: ERR_NOMEM, ERR_CRYPTO.
 */
#pragma once

#include "mudgen/list.h"

int page_write(const struct list_content *c, uint32_t serial, int64_t published_at,
               struct buf *out) MUST_USE;

/* TEXT for HTML content and for quoted attributes. */
void page_escape(const char *text, struct buf *out);
