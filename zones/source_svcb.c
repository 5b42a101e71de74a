/*
 * zones/source_svcb.c -- SVCB and HTTPS parameters that libzscanner 3.2 does not know by name.
 *
 * A record that failed is written once more, with the names as keyNNNNN (RFC 9460 s2.1) and octets
 * over 126 escaped, and read by a second scanner; only its rdata is taken from there.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libknot/descriptor.h>

#include "zones/source.h"

struct param_name {
    const char *name;
    const char *key;
};

static const struct param_name names[] = {
    {"dohpath", "key7"},              /* RFC 9461 s5 */
    {"ohttp", "key8"},                /* RFC 9540 s4 */
    {"tls-supported-groups", "key9"}, /* IANA registry */
    {"echconfig", "ech"},             /* drafts before RFC 9848 */
};

struct text {
    const char *at;
    size_t len;
};

static bool text_is(struct text t, const char *word)
{
    return t.len == strlen(word) && strncasecmp(t.at, word, t.len) == 0;
}

/* WORD, by its number where it is one of ours. */
static void name_add(struct buf *out, struct text word)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (text_is(word, names[i].name)) {
            buf_add_str(out, names[i].key);
            return;
        }
    }
    buf_add(out, word.at, word.len);
}

static void value_add(struct buf *out, struct text value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.at[i];
        if (c > 126)
            buf_printf(out, "\\%03u", c);
        else
            buf_add_char(out, (char)c);
    }
}

/* mandatory=a,b: names again, perhaps within quotes. */
static void mandatory_add(struct buf *out, struct text value)
{
    size_t from = 0;
    for (size_t i = 0; i <= value.len; i++) {
        if (i < value.len && strchr("=,\"", value.at[i]) == NULL)
            continue;
        name_add(out, (struct text){value.at + from, i - from});
        if (i < value.len)
            buf_add_char(out, value.at[i]);
        from = i + 1;
    }
}

static void word_add(struct buf *out, struct text word)
{
    const char *sign = memchr(word.at, '=', word.len);
    struct text name = {word.at, sign == NULL ? word.len : (size_t)(sign - word.at)};
    struct text value = {word.at + name.len, word.len - name.len};
    bool ech = text_is(name, "ech") || text_is(name, "echconfig");
    if (ech && (value.len <= 1 || text_is(value, "=0"))) {
        buf_add_str(out, "key5"); /* an empty list; "0" is how some write that */
        return;
    }
    name_add(out, name);
    if (text_is(name, "mandatory"))
        mandatory_add(out, value);
    /* an empty value behind a sign is one more thing that the scanner does not take */
    else if (value.len > 1)
        value_add(out, value);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '(' || c == ')' || c == '\n';
}

/* The end of the word at I; quoted parts stay whole. */
static size_t word_end(struct text rec, size_t i)
{
    bool quoted = false;
    for (; i < rec.len && (quoted || !(is_blank(rec.at[i]) || rec.at[i] == ';')); i++) {
        if (rec.at[i] == '\\' && i + 1 < rec.len)
            i++;
        else if (rec.at[i] == '"')
            quoted = !quoted;
    }
    return i < rec.len ? i : rec.len;
}

static bool is_type(struct text word)
{
    return text_is(word, "SVCB") || text_is(word, "HTTPS") || text_is(word, "TYPE64") ||
           text_is(word, "TYPE65");
}

/* Copies the record text REC without comments; the words behind owner, type, priority and target
   are parameters and rewritten. */
static void record_rewrite(struct text rec, struct buf *out)
{
    size_t words = is_blank(rec.at[0]) ? 1 : 0; /* a blank stands for the owner */
    size_t type_word = 0;
    for (size_t i = 0; i < rec.len;) {
        if (is_blank(rec.at[i])) {
            buf_add_char(out, rec.at[i++]);
            continue;
        }
        size_t end = word_end(rec, i);
        if (rec.at[i] == ';') {
            const char *nl = memchr(rec.at + i, '\n', rec.len - i);
            i = nl == NULL ? rec.len : (size_t)(nl - rec.at);
            continue;
        }
        struct text word = {rec.at + i, end - i};
        if (type_word > 0 && words > type_word + 2)
            word_add(out, word);
        else
            buf_add(out, word.at, word.len);
        if (type_word == 0 && words > 0 && is_type(word))
            type_word = words;
        words++;
        i = end;
    }
    buf_add_char(out, '\n');
}

/* The origin of S as text, every octet escaped. */
static void origin_write(const zs_scanner_t *s, struct buf *out)
{
    for (const uint8_t *p = s->zone_origin; *p != 0; p += *p + 1) {
        for (size_t i = 1; i <= *p; i++)
            buf_printf(out, "\\%03u", p[i]);
        buf_add_char(out, '.');
    }
    if (out->len == 0)
        buf_add_char(out, '.');
}

bool source_svcb_retry(struct source *src)
{
    zs_scanner_t *s = src->scanner;
    if (s->error.fatal || (s->r_type != KNOT_RRTYPE_SVCB && s->r_type != KNOT_RRTYPE_HTTPS) ||
        src->record_pos >= src->pos)
        return false;
    struct text rec = {src->text + src->record_pos, src->pos - src->record_pos};
    AUTO(buf) struct buf text = {0};
    AUTO(buf) struct buf origin = {0};
    if (is_blank(rec.at[0]))
        buf_add_char(&text, '@'); /* any owner does: it is not taken from here */
    record_rewrite(rec, &text);
    origin_write(s, &origin);
    zs_scanner_t *again = malloc(sizeof(*again));
    if (!buf_ok(&text) || !buf_ok(&origin) || again == NULL) {
        free(again);
        return false;
    }
    bool ok = zs_init(again, buf_str(&origin), 1, s->default_ttl) == 0;
    if (ok) {
        ok = zs_set_input_string(again, buf_str(&text), text.len) == 0 &&
             zs_parse_record(again) == 0 && again->state == ZS_STATE_DATA &&
             again->r_type == s->r_type;
        if (ok) {
            memcpy(s->r_data, again->r_data, again->r_data_length);
            s->r_data_length = again->r_data_length;
        }
        zs_deinit(again);
    }
    free(again);
    return ok;
}
