/*
 * zones/source.h -- private: one zone file on its way through libzscanner, with the line of each
 * record and the words around an error.
 *
 * Borrows name, path and text; the text is copied only where the scanner could not read it as it is
 * (CR LF line ends, no newline at the end). One scanner is 206 KB, so it lives on the heap.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libzscanner/scanner.h>

#include "common/buf.h"

struct source {
    const char *name;            /* for findings */
    const char *path;            /* resolved */
    const struct source *parent; /* the file that includes this one */
    uint32_t depth;

    zs_scanner_t *scanner;
    struct buf copy;
    const char *text;
    size_t len;
    size_t pos;           /* up to where the text was consumed */
    uint32_t line;        /* of POS */
    size_t before_pos;    /* the same, before the item that was read last */
    uint32_t before_line; /* of BEFORE_POS */
    size_t record_pos;    /* the line on which that item begins */
    uint32_t record_line; /* its number */
    uint32_t base_line;   /* lines before the text that the scanner was given */
    uint8_t origin[256];  /* before the item that was read last */
    uint32_t nul_line;    /* of the first NUL octet; 0: none, it is a text */
};

/* SRC has name, path, parent and depth set. ORIGIN is the text of an absolute name. */
int source_open(struct source *src, const char *text, size_t len, const char *origin,
                uint32_t ttl) MUST_USE;
void source_done(struct source *src);
DEFINE_AUTO(source)

enum source_item { SOURCE_RECORD, SOURCE_INCLUDE, SOURCE_ERROR, SOURCE_END };
enum source_item source_next(struct source *src);

/* source_svcb.c: after an error in an SVCB or HTTPS record, another try with the parameters that
   the scanner does not know. True: the scanner holds the record as if it had read it. */
bool source_svcb_retry(struct source *src);

/* source_origin.c: keeps the origin of the moment, and goes on behind a $ORIGIN with a relative
   name. True: there is a next item to read. */
void source_origin_keep(struct source *src);
bool source_origin_retry(struct source *src);

uint32_t source_error_line(const struct source *src); /* also of a directive */

/* The line of the error, printable and cut; and the word that stands where a record's type should
   be ("" when there is none). */
#define SOURCE_EXCERPT_LEN 80
void source_excerpt(const struct source *src, char out[SOURCE_EXCERPT_LEN]);
void source_type_word(const struct source *src, char out[SOURCE_EXCERPT_LEN]);
bool source_word_is_class(const char *word); /* a class other than IN */
