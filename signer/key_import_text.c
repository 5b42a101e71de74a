#include "signer/key_import_text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "common/timetext.h"

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct bytes trim(struct bytes b)
{
    while (b.len > 0 && is_blank(b.data[0])) {
        b.data++;
        b.len--;
    }
    while (b.len > 0 && is_blank(b.data[b.len - 1]))
        b.len--;
    return b;
}

bool text_line(struct bytes *text, struct bytes *ret)
{
    if (text->len == 0)
        return false;
    const uint8_t *end = memchr(text->data, '\n', text->len);
    size_t len = end == NULL ? text->len : (size_t)(end - text->data);
    size_t next = end == NULL ? len : len + 1;
    *ret = trim((struct bytes){text->data, len});
    *text = (struct bytes){text->data + next, text->len - next};
    return true;
}

bool text_word(struct bytes *line, struct bytes *ret)
{
    struct bytes rest = trim(*line);
    size_t len = 0;
    while (len < rest.len && !is_blank(rest.data[len]))
        len++;
    *ret = (struct bytes){rest.data, len};
    *line = (struct bytes){rest.data + len, rest.len - len};
    return len > 0;
}

bool text_split(struct bytes line, char separator, struct bytes *ret_name, struct bytes *ret_value)
{
    const uint8_t *at = line.len == 0 ? NULL : memchr(line.data, separator, line.len);
    if (at == NULL)
        return false;
    size_t len = (size_t)(at - line.data);
    *ret_name = trim((struct bytes){line.data, len});
    *ret_value = trim((struct bytes){at + 1, line.len - len - 1});
    return true;
}

bool text_is(struct bytes text, const char *word)
{
    return text.len == strlen(word) &&
           (text.len == 0 || strncasecmp((const char *)text.data, word, text.len) == 0);
}

bool text_number(struct bytes text, uint64_t max, uint64_t *ret)
{
    uint64_t n = 0;
    if (text.len == 0)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)text.data[i] - '0';
        if (digit > 9 || n > (max - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    *ret = n;
    return n <= max;
}

bool text_bind_time(struct bytes text, int64_t *ret)
{
    struct bytes digits;
    char out[TIME_TEXT_LEN];
    if (!text_word(&text, &digits) || digits.len != 14)
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return false;
    }
    const char *d = (const char *)digits.data;
    (void)snprintf(out, sizeof out, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", d, d + 4, d + 6, d + 8,
                   d + 10, d + 12);
    return time_parse_rfc3339(out, ret);
}

bool text_base64(struct bytes text, struct buf *ret)
{
    union { /* GnuTLS takes, and does not change, pointers to variable octets */
        const uint8_t *in;
        uint8_t *out;
    } u = {.in = text.data};
    const gnutls_datum_t in = {u.out, (unsigned)text.len};
    gnutls_datum_t out = {0};
    if (text.len == 0 || gnutls_base64_decode2(&in, &out) != 0)
        return false;
    buf_reserve(ret, out.size);
    buf_add(ret, out.data, out.size);
    gnutls_memset(out.data, 0, out.size);
    gnutls_free(out.data);
    return buf_ok(ret);
}
