/*
 * zones/reread_line.c -- see zones/reread_line.h.
 *
 * A line must stand for itself. What a zone file line can lean on -- the last owner, the default
 * TTL, the origin, a parenthesis -- is refused: blank and directive lines by their first character,
 * a missing TTL because the default is over every limit, relative names because the origin leaves
 * no room for another label, and the origin itself ("@") because nobody has a name like it.
 */
#include "zones/reread_line.h"

#include <stdlib.h>
#include <string.h>

#include <libknot/descriptor.h>
#include <libzscanner/scanner.h>

#include "common/err.h"
#include "zones/rdata.h"
#include "zones/source.h"

#define TTL_NONE UINT32_C(0xffffffff)
#define TTL_MAX  UINT32_C(0x7fffffff) /* RFC 2181 s8 */

/* 255 octets: three labels of 63 and one of 61. */
#define LABEL_60 "------------------------------------------------------------"
#define ORIGIN   LABEL_60 "---." LABEL_60 "---." LABEL_60 "---." LABEL_60 "-."

struct reread_line {
    zs_scanner_t scanner;
    uint8_t origin[255];
    uint8_t canonical[UINT16_MAX];
};

struct reread_line *reread_line_new(void)
{
    struct reread_line *l = malloc(sizeof(*l));
    if (l == NULL)
        return NULL;
    if (zs_init(&l->scanner, ORIGIN, 1, TTL_NONE) != 0 ||
        l->scanner.zone_origin_length != sizeof(l->origin)) {
        zs_deinit(&l->scanner);
        free(l);
        return NULL;
    }
    memcpy(l->origin, l->scanner.zone_origin, sizeof(l->origin));
    return l;
}

void reread_line_free(struct reread_line *l)
{
    if (l != NULL)
        zs_deinit(&l->scanner);
    free(l);
}

/* Does the line begin with an owner, and is it text? */
static bool is_record_line(const char *text, size_t len)
{
    return len > 0 && text[0] > ' ' && text[0] != '$' && text[0] != ';' &&
           memchr(text, 0, len) == NULL && memchr(text, '\r', len) == NULL;
}

static bool is_lower(const uint8_t *name)
{
    for (; *name != 0; name += 1 + *name) {
        for (size_t i = 1; i <= *name; i++) {
            if (name[i] >= 'A' && name[i] <= 'Z')
                return false;
        }
    }
    return true;
}

/* Does the origin stand in DATA? */
static bool has_origin(const struct reread_line *l, const uint8_t *data, size_t len)
{
    return memmem(data, len, l->origin, sizeof(l->origin)) != NULL;
}

static bool is_canonical(struct reread_line *l, uint16_t type, const uint8_t *data, size_t len)
{
    if (rdata_check(type, data, len) != NULL)
        return false;
    if (len > 0)
        memcpy(l->canonical, data, len);
    rdata_canonical(type, l->canonical, len);
    return len == 0 || memcmp(l->canonical, data, len) == 0;
}

/* The line once more as zone_parse would read it, which knows SVCB parameters that the scanner does
   not. The scanner's error is forgotten, and it holds the record then. */
static int line_retry(struct reread_line *l, const char *text, size_t len)
{
    zs_scanner_t *s = &l->scanner;
    zs_deinit(s);
    if (zs_init(s, ORIGIN, 1, TTL_NONE) != 0)
        return ERR_NOMEM;
    AUTO(source) struct source src = {.name = "", .path = ""};
    int err = source_open(&src, text, len, ORIGIN, TTL_NONE);
    if (err != ERR_OK)
        return err;
    if (source_next(&src) != SOURCE_RECORD)
        return ERR_FINDINGS;
    const zs_scanner_t *got = src.scanner;
    memcpy(s->r_owner, got->r_owner, got->r_owner_length);
    memcpy(s->r_data, got->r_data, got->r_data_length);
    s->r_owner_length = got->r_owner_length;
    s->r_data_length = got->r_data_length;
    s->r_class = got->r_class;
    s->r_type = got->r_type;
    s->r_ttl = got->r_ttl;
    return source_next(&src) == SOURCE_END ? ERR_OK : ERR_FINDINGS;
}

/* Leaves the record in the scanner. */
static int line_scan(struct reread_line *l, const char *text, size_t len)
{
    zs_scanner_t *s = &l->scanner;
    if (zs_set_input_string(s, text, len) != 0)
        return s->error.code == ZS_ENOMEM ? ERR_NOMEM : ERR_FINDINGS;
    if (zs_parse_record(s) != 0 || s->state != ZS_STATE_DATA)
        return line_retry(l, text, len);
    /* stopped before the newline: no parenthesis and no quote is left open */
    return s->multiline || s->input.current != text + len - 1 ? ERR_FINDINGS : ERR_OK;
}

int reread_line_read(struct reread_line *l, const char *text, size_t len,
                     struct reread_line_record *ret)
{
    const zs_scanner_t *s = &l->scanner;
    if (!is_record_line(text, len))
        return ERR_FINDINGS;
    int err = line_scan(l, text, len);
    if (err != ERR_OK)
        return err;
    if (s->r_class != KNOT_CLASS_IN || s->r_ttl > TTL_MAX || !is_lower(s->r_owner) ||
        has_origin(l, s->r_owner, s->r_owner_length) ||
        has_origin(l, s->r_data, s->r_data_length) ||
        !is_canonical(l, s->r_type, s->r_data, s->r_data_length))
        return ERR_FINDINGS;
    *ret =
        (struct reread_line_record){s->r_owner, s->r_type, s->r_ttl, s->r_data, s->r_data_length};
    return ERR_OK;
}
