/*
 * zones/source.c -- see zones/source.h.
 */
#include "zones/source.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/err.h"

static const char byte_order_mark[] = "\xef\xbb\xbf"; /* some editors leave it in front */

static size_t lines_between(const char *text, size_t from, size_t to)
{
    size_t n = 0;
    while (from < to) {
        const char *hit = memchr(text + from, '\n', to - from);
        if (hit == NULL)
            break;
        n++;
        from = (size_t)(hit - text) + 1;
    }
    return n;
}

/* The text without the CR of CR LF, and with a newline at the end. */
static void text_tidy(const char *text, size_t len, struct buf *out)
{
    buf_reserve(out, len + 1);
    size_t from = 0;
    while (from < len) {
        const char *cr = memchr(text + from, '\r', len - from);
        size_t to = cr == NULL ? len : (size_t)(cr - text);
        buf_add(out, text + from, to - from);
        if (cr != NULL && (to + 1 == len || text[to + 1] != '\n'))
            buf_add_char(out, '\r'); /* alone: the scanner says what it thinks of it */
        from = to + 1;
    }
    buf_add_char(out, '\n');
}

int source_open(struct source *src, const char *text, size_t len, const char *origin, uint32_t ttl)
{
    size_t mark = sizeof(byte_order_mark) - 1;
    if (len >= mark && memcmp(text, byte_order_mark, mark) == 0) {
        text += mark;
        len -= mark;
    }
    if (len > 0 && (text[len - 1] != '\n' || memchr(text, '\r', len) != NULL)) {
        text_tidy(text, len, &src->copy);
        if (!buf_ok(&src->copy))
            return ERR_NOMEM;
        text = (const char *)src->copy.data;
        len = src->copy.len;
    }
    src->text = text;
    src->len = len;
    src->line = 1;
    const char *nul = len == 0 ? NULL : memchr(text, 0, len);
    if (nul != NULL)
        src->nul_line = (uint32_t)lines_between(text, 0, (size_t)(nul - text)) + 1;
    src->scanner = malloc(sizeof(*src->scanner));
    if (src->scanner == NULL)
        return ERR_NOMEM;
    if (zs_init(src->scanner, origin, 1, ttl) != 0 ||
        (len > 0 && zs_set_input_string(src->scanner, text, len) != 0)) {
        int code = src->scanner->error.code;
        zs_deinit(src->scanner);
        free(TAKE(src->scanner));
        return code == ZS_ENOMEM ? ERR_NOMEM : ERR_INTERNAL;
    }
    return ERR_OK;
}

void source_done(struct source *src)
{
    if (src->scanner != NULL)
        zs_deinit(src->scanner);
    free(TAKE(src->scanner));
    buf_done(&src->copy);
}

/* Skips lines that are blank, a comment or a directive: there the next record begins. */
static void record_find(struct source *src, size_t end)
{
    size_t pos = src->pos;
    uint32_t line = src->line;
    while (pos < end) {
        const char *nl = memchr(src->text + pos, '\n', end - pos);
        size_t stop = nl == NULL ? end : (size_t)(nl - src->text);
        size_t first = pos;
        while (first < stop && (src->text[first] == ' ' || src->text[first] == '\t'))
            first++;
        if (first < stop && src->text[first] != ';' && src->text[pos] != '$')
            break;
        if (nl == NULL)
            break;
        pos = stop + 1;
        line++;
    }
    src->record_pos = pos;
    src->record_line = line;
}

/* Lets the scanner read an item, and finds where the item stands. */
static bool item_read(struct source *src)
{
    zs_scanner_t *s = src->scanner;
    source_origin_keep(src);
    if (src->pos >= src->len || zs_parse_record(s) != 0)
        return false;
    /* at the end of the text the scanner goes on in a buffer of its own */
    const char *at = s->input.current;
    bool within = at >= src->text && at <= src->text + src->len;
    size_t end = within ? (size_t)(at - src->text) : src->len;
    src->before_pos = src->pos;
    src->before_line = src->line;
    record_find(src, end);
    src->line += (uint32_t)lines_between(src->text, src->pos, end);
    src->pos = end;
    return true;
}

enum source_item source_next(struct source *src)
{
    while (item_read(src)) {
        switch (src->scanner->state) {
        case ZS_STATE_DATA: return SOURCE_RECORD;
        case ZS_STATE_INCLUDE: return SOURCE_INCLUDE;
        case ZS_STATE_ERROR:
            if (source_origin_retry(src))
                continue;
            return source_svcb_retry(src) ? SOURCE_RECORD : SOURCE_ERROR;
        case ZS_STATE_NONE:
        case ZS_STATE_EOF:
        case ZS_STATE_STOP: return SOURCE_END;
        }
    }
    return SOURCE_END;
}

uint32_t source_error_line(const struct source *src)
{
    /* a parenthesis that was never closed is missed at the end of the file: show where it opens */
    if (src->scanner->error.code == ZS_UNCLOSED_MULTILINE && src->scanner->state == ZS_STATE_ERROR)
        return src->record_line;
    return src->base_line + (uint32_t)src->scanner->line_counter;
}

void source_excerpt(const struct source *src, char out[SOURCE_EXCERPT_LEN])
{
    size_t pos = src->before_pos;
    uint32_t want = source_error_line(src);
    for (uint32_t line = src->before_line; line < want && pos < src->len; line++) {
        const char *nl = memchr(src->text + pos, '\n', src->len - pos);
        pos = nl == NULL ? src->len : (size_t)(nl - src->text) + 1;
    }
    while (pos < src->len && (src->text[pos] == ' ' || src->text[pos] == '\t'))
        pos++;
    size_t n = 0;
    for (; pos < src->len && src->text[pos] != '\n' && n < SOURCE_EXCERPT_LEN - 4; pos++) {
        char c = src->text[pos] == '\t' ? ' ' : src->text[pos];
        out[n++] = c >= ' ' && c <= '~' ? c : '?';
    }
    if (pos < src->len && src->text[pos] != '\n') {
        memcpy(out + n, "...", 3);
        n += 3;
    }
    out[n] = 0;
}

static bool is_gap(char c)
{
    return c == ' ' || c == '\t' || c == '(' || c == ')' || c == '\n';
}

static size_t word_end(const struct source *src, size_t pos)
{
    while (pos < src->pos && !is_gap(src->text[pos]) && src->text[pos] != ';')
        pos++;
    return pos;
}

static bool is_mnemonic(const char *word)
{
    size_t len = strlen(word);
    return len > 0 && strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                   "0123456789-") == len;
}

void source_type_word(const struct source *src, char out[SOURCE_EXCERPT_LEN])
{
    size_t pos = src->record_pos;
    out[0] = 0;
    if (src->record_line > source_error_line(src) || pos >= src->pos)
        return;               /* the error is in a directive before the record */
    pos = word_end(src, pos); /* the owner; nothing when the line begins with a blank */
    for (;;) {
        while (pos < src->pos && is_gap(src->text[pos]))
            pos++;
        size_t end = word_end(src, pos);
        size_t n = end - pos;
        if (n == 0 || n >= SOURCE_EXCERPT_LEN)
            return;
        bool ttl = src->text[pos] >= '0' && src->text[pos] <= '9';
        if (!ttl && !(n == 2 && strncasecmp(src->text + pos, "IN", 2) == 0)) {
            memcpy(out, src->text + pos, n);
            out[n] = 0;
            if (!is_mnemonic(out))
                out[0] = 0;
            return;
        }
        pos = end;
    }
}

bool source_word_is_class(const char *word)
{
    static const char *const names[] = {"CH", "CS", "HS", "NONE", "ANY"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcasecmp(word, names[i]) == 0)
            return true;
    }
    return strncasecmp(word, "CLASS", 5) == 0 && word[5] >= '0' && word[5] <= '9';
}
