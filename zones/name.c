/*
 * zones/name.c -- domain names and type names: text, wire, canonical order.
 *
 * Pure. Source: RFC 1035 s5.1 (escapes), RFC 4034 s6.1 (order), RFC 5890 (A-labels, by libidn2).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <idn2.h>
#include <libknot/descriptor.h>

#include "common/own.h"
#include "zones/snapshot.h"
#include "zones/zones.h"

#define NAME_MAX_LEN 255 /* RFC 1035 s2.3.4 */
#define LABEL_MAX    63

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

void name_lower(uint8_t *name)
{
    /* length octets are at most 63 and so never taken for letters */
    size_t len = name_len(name);
    for (size_t i = 0; i < len; i++)
        name[i] = lower(name[i]);
}

size_t name_len(const uint8_t *name)
{
    size_t len = 1;
    for (const uint8_t *p = name; *p != 0; p += *p + 1)
        len += (size_t)*p + 1;
    return len;
}

size_t name_label_n(const uint8_t *name)
{
    size_t n = 0;
    for (const uint8_t *p = name; *p != 0; p += *p + 1)
        n++;
    return n;
}

/* ------------------------------------------------------------------ order */

size_t name_key_make(const uint8_t *name, size_t skip, uint8_t out[NAME_KEY_MAX])
{
    const uint8_t *labels[NAME_MAX_LEN / 2 + 1];
    size_t n = 0;
    for (const uint8_t *p = name; *p != 0; p += *p + 1)
        labels[n++] = p;
    size_t len = 0;
    for (size_t i = n > skip ? n - skip : 0; i-- > 0;) {
        /* labels[] runs from the left; the key starts with the label next to the skipped ones */
        const uint8_t *label = labels[i];
        for (size_t j = 1; j <= label[0]; j++) {
            if (label[j] > 1) {
                out[len++] = label[j];
                continue;
            }
            out[len++] = 1;
            out[len++] = (uint8_t)(label[j] + 1);
        }
        out[len++] = 0;
    }
    return len;
}

int name_key_compare(struct name_key a, struct name_key b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int cmp = common == 0 ? 0 : memcmp(a.data, b.data, common);
    if (cmp != 0)
        return cmp;
    return a.len < b.len ? -1 : a.len > b.len;
}

bool name_key_is_below(struct name_key key, struct name_key above)
{
    return key.len > above.len && (above.len == 0 || memcmp(key.data, above.data, above.len) == 0);
}

/* Where the labels of NAME start; their number. */
static size_t label_starts(const uint8_t *name, uint8_t starts[NAME_MAX_LEN / 2 + 1])
{
    size_t n = 0;
    for (size_t at = 0; name[at] != 0; at += (size_t)name[at] + 1)
        starts[n++] = (uint8_t)at;
    return n;
}

int name_compare(const uint8_t *a, const uint8_t *b)
{
    uint8_t starts_a[NAME_MAX_LEN / 2 + 1];
    uint8_t starts_b[NAME_MAX_LEN / 2 + 1];
    size_t left_a = label_starts(a, starts_a);
    size_t left_b = label_starts(b, starts_b);
    while (left_a > 0 && left_b > 0) {
        const uint8_t *x = a + starts_a[--left_a];
        const uint8_t *y = b + starts_b[--left_b];
        int cmp = memcmp(x + 1, y + 1, *x < *y ? *x : *y);
        if (cmp != 0)
            return cmp;
        if (*x != *y)
            return *x < *y ? -1 : 1;
    }
    return left_a == left_b ? 0 : left_a < left_b ? -1 : 1;
}

/* NAME without its first labels, so that as many remain as ABOVE has; NULL when it has fewer. */
static const uint8_t *tail_like(const uint8_t *name, const uint8_t *above)
{
    size_t have = name_label_n(name);
    size_t want = name_label_n(above);
    if (have < want)
        return NULL;
    for (; have > want; have--)
        name += *name + 1;
    return name;
}

bool name_is_at_or_below(const uint8_t *name, const uint8_t *above)
{
    const uint8_t *tail = tail_like(name, above);
    size_t len = name_len(above);
    return tail != NULL && name_len(tail) == len && memcmp(tail, above, len) == 0;
}

bool name_is_below(const uint8_t *name, const uint8_t *above)
{
    return name_is_at_or_below(name, above) && name_label_n(name) > name_label_n(above);
}

/* ------------------------------------------------------------------ text */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* One octet of a label at *TEXT, with RFC 1035 escapes; false when an escape is malformed. */
static bool octet_read(const char **text, uint8_t *ret)
{
    const char *p = *text;
    if (*p != '\\') {
        *ret = (uint8_t)*p;
        *text = p + 1;
        return true;
    }
    if (p[1] == 0)
        return false;
    if (!is_digit(p[1])) {
        *ret = (uint8_t)p[1];
        *text = p + 2;
        return true;
    }
    if (!is_digit(p[2]) || !is_digit(p[3]))
        return false;
    int value = (p[1] - '0') * 100 + (p[2] - '0') * 10 + (p[3] - '0');
    if (value > 255)
        return false;
    *ret = (uint8_t)value;
    *text = p + 4;
    return true;
}

static bool name_from_ascii(const char *text, uint8_t out[256])
{
    if (strcmp(text, ".") == 0) {
        out[0] = 0;
        return true;
    }
    uint8_t wire[256];
    size_t label = 0; /* where the length octet of the open label is */
    size_t len = 1;
    while (*text != 0) {
        if (*text == '.') {
            if (len == label + 1)
                return false; /* an empty label */
            wire[label] = (uint8_t)(len - label - 1);
            label = len++;
            text++;
        } else {
            uint8_t c = 0;
            if (len - label > LABEL_MAX || len + 1 >= NAME_MAX_LEN || !octet_read(&text, &c))
                return false;
            wire[len++] = lower(c);
        }
        if (len > NAME_MAX_LEN)
            return false;
    }
    if (len == label + 1) { /* ended with a dot, or TEXT is empty */
        if (label == 0)
            return false;
        wire[label] = 0;
    } else {
        wire[label] = (uint8_t)(len - label - 1);
        wire[len++] = 0;
    }
    if (len > NAME_MAX_LEN)
        return false;
    memcpy(out, wire, len);
    return true;
}

bool name_from_text(const char *text, uint8_t out[256])
{
    bool ascii = true;
    for (const char *p = text; *p != 0; p++)
        ascii = ascii && (unsigned char)*p < 0x80;
    if (ascii)
        return name_from_ascii(text, out);
    char *alabels = NULL;
    /* RFC 5891 s4: input is normalised; nontransitional, so that sharp s keeps its meaning */
    int rc = idn2_to_ascii_8z(text, &alabels, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (rc != IDN2_OK)
        return false;
    bool ok = name_from_ascii(alabels, out);
    idn2_free(alabels);
    return ok;
}

/* The octets that libknot prints as they are; the rest is escaped, so that our owners and the names
   in libknot's rdata look alike. */
static bool is_plain(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '*' || c == '/';
}

static size_t octet_write(uint8_t c, char *out)
{
    if (is_plain(c)) {
        out[0] = (char)c;
        return 1;
    }
    out[0] = '\\';
    if (c > 0x20 && c < 0x7f && c != '#') {
        out[1] = (char)c;
        return 2;
    }
    out[1] = (char)('0' + c / 100);
    out[2] = (char)('0' + c / 10 % 10);
    out[3] = (char)('0' + c % 10);
    return 4;
}

void name_to_text(const uint8_t *name, char out[NAME_TEXT_LEN])
{
    size_t len = 0;
    if (*name == 0)
        out[len++] = '.';
    for (const uint8_t *p = name; *p != 0; p += *p + 1) {
        for (size_t i = 1; i <= *p; i++)
            len += octet_write(p[i], out + len);
        out[len++] = '.';
    }
    out[len] = 0;
}

void name_to_text_nodot(const uint8_t *name, char out[NAME_TEXT_LEN])
{
    name_to_text(name, out);
    size_t len = strlen(out);
    if (len > 1)
        out[len - 1] = 0;
}

/* ------------------------------------------------------------------ types */

void type_to_text(uint16_t type, char out[TYPE_TEXT_LEN])
{
    if (knot_rrtype_to_string(type, out, TYPE_TEXT_LEN) < 0)
        out[0] = 0; /* cannot be: "TYPE65535" is the longest */
}

void record_to_text(const uint8_t *owner, uint16_t type, char out[RECORD_TEXT_LEN])
{
    char type_text[TYPE_TEXT_LEN];
    name_to_text(owner, out);
    type_to_text(type, type_text);
    size_t len = strlen(out);
    (void)snprintf(out + len, RECORD_TEXT_LEN - len, " %s", type_text);
}

uint16_t type_from_text(const char *text)
{
    uint16_t type = 0;
    return knot_rrtype_from_string(text, &type) == 0 ? type : 0;
}
