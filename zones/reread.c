/*
 * zones/reread.c -- see zones/reread.h.
 */
#include "zones/reread.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "zones/reread_line.h"
#include "zones/reread_order.h"
#include "zones/reread_take.h"
#include "zones/zones.h"

#define TTL_MAX UINT32_C(0x7fffffff) /* RFC 2181 s8 */
/* the largest rdata, and what a reader may write before it sees that the text is wrong */
#define RDATA_ROOM ((size_t)UINT16_MAX + 1 + 512)

struct rereader {
    struct type_index types;
    struct reread_order order;
    struct reread_record record;
    uint8_t owner[256];
    const char *owner_text; /* of `owner`, in the line where it was new; NULL: none */
    size_t owner_text_len;
    struct reread_line *line;     /* made when the first line needs it */
    uint8_t rdata[2][RDATA_ROOM]; /* of this record and of the one before */
    unsigned turn;
};

/* An owner as a line has it; the reader's changes only when all of the line was understood. */
struct owner {
    size_t len; /* 0: that of the record before */
    const char *text;
    size_t text_len;
    uint8_t name[256];
};

static void owner_set(struct rereader *r, const uint8_t *name, size_t len)
{
    r->record.owner_is_new = r->record.owner_len != len || memcmp(r->owner, name, len) != 0;
    if (r->record.owner_is_new)
        memcpy(r->owner, name, len);
    r->record.owner_len = len;
}

/* The owner at the start of the line and the blank behind it; NULL: not as we write it. */
static const char *owner_take(const struct rereader *r, const char *p, const char *end,
                              struct owner *ret)
{
    size_t n = r->owner_text_len;
    ret->len = 0;
    if (r->owner_text != NULL && (size_t)(end - p) > n && p[n] == ' ' &&
        memcmp(p, r->owner_text, n) == 0)
        return p + n + 1;
    const char *stop = take_name(p, ret->name, &ret->len);
    if (stop == NULL || *stop != ' ')
        return NULL;
    ret->text = p;
    ret->text_len = (size_t)(stop - p);
    return stop + 1;
}

/* A line of a common type; false: libzscanner shall see it. END is its newline. */
static bool line_take(struct rereader *r, const char *p, const char *end)
{
    struct owner owner;
    if ((size_t)(end - p) > REREAD_LINE_MAX)
        return false;
    p = owner_take(r, p, end, &owner);
    p = take_char(take_u32(p, TTL_MAX, &r->record.ttl), ' ');
    p = take_char(take_char(take_char(p, 'I'), 'N'), ' ');
    p = take_char(take_type(p, &r->types, &r->record.type), ' ');
    if (p == NULL)
        return false;
    r->record.rdata = r->rdata[r->turn];
    r->record.rdata_len = take_data(r->record.type, &r->types, p, end, r->rdata[r->turn]);
    if (r->record.rdata_len == 0)
        return false;
    r->record.owner_is_new = false;
    if (owner.len > 0) {
        owner_set(r, owner.name, owner.len);
        r->owner_text = owner.text;
        r->owner_text_len = owner.text_len;
    }
    return true;
}

static int line_scan(struct rereader *r, const char *p, const char *end)
{
    struct reread_line_record got;
    if (r->line == NULL)
        r->line = reread_line_new();
    if (r->line == NULL)
        return ERR_NOMEM;
    int err = reread_line_read(r->line, p, (size_t)(end - p) + 1, &got);
    if (err != ERR_OK)
        return err;
    owner_set(r, got.owner, name_len(got.owner));
    r->owner_text = NULL;
    uint8_t *rdata = r->rdata[r->turn];
    if (got.rdata_len > 0)
        memcpy(rdata, got.rdata, got.rdata_len);
    r->record.type = got.type;
    r->record.ttl = got.ttl;
    r->record.rdata = rdata;
    r->record.rdata_len = got.rdata_len;
    return ERR_OK;
}

static int lines_read(struct rereader *r, const char *text, size_t len,
                      int (*fn)(void *ctx, const struct reread_record *record), void *ctx,
                      size_t *line_n)
{
    const char *stop = text + len;
    for (const char *p = text; p < stop;) {
        const char *end = memchr(p, '\n', (size_t)(stop - p));
        ++*line_n;
        if (end == NULL)
            return ERR_FINDINGS;
        int err = line_take(r, p, end) ? ERR_OK : line_scan(r, p, end);
        if (err != ERR_OK)
            return err;
        if (!reread_order_next(&r->order, &r->record))
            return ERR_FINDINGS;
        err = fn(ctx, &r->record);
        if (err != ERR_OK)
            return err;
        r->turn ^= 1;
        p = end + 1;
    }
    return *line_n == 0 ? ERR_FINDINGS : ERR_OK;
}

struct rereader *rereader_new(void)
{
    struct rereader *r = calloc(1, sizeof(*r));
    if (r == NULL)
        return NULL;
    type_index_make(&r->types);
    r->record.owner = r->owner;
    return r;
}

void rereader_free(struct rereader *r)
{
    if (r != NULL)
        reread_line_free(r->line);
    free(r);
}

int rereader_run(struct rereader *r, const uint8_t *apex, const char *text, size_t len,
                 int (*fn)(void *ctx, const struct reread_record *record), void *ctx,
                 size_t *ret_line)
{
    size_t line_n = 0;
    reread_order_begin(&r->order, apex);
    r->record.owner_len = 0;
    r->owner_text = NULL;
    int err = lines_read(r, text, len, fn, ctx, &line_n);
    if (err == ERR_FINDINGS && ret_line != NULL)
        *ret_line = line_n == 0 ? 1 : line_n;
    return err;
}

int reread(const char *text, size_t len, int (*fn)(void *ctx, const struct reread_record *record),
           void *ctx, size_t *ret_line)
{
    AUTO_PTR(rereader) struct rereader *r = rereader_new();
    return r == NULL ? ERR_NOMEM : rereader_run(r, NULL, text, len, fn, ctx, ret_line);
}
