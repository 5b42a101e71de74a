/*
 * Requests and responses read. What a reader takes, the writer would have written to the octet: the
 * text is written again and compared, so that nothing in it can mean two things.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "common/limits.h"
#include "common/timetext.h"
#include "signer/ksr_int.h"
#include "signer/rules_sign.h"

struct reader {
    const char *name;
    const char *text;
    size_t len;
    size_t at;        /* of the next line */
    uint32_t line_no; /* of the current one */
    const char *line; /* without its newline; not ended by a NUL */
    size_t line_len;
    struct ksr ksr;
    size_t slots; /* in all sets */
    struct diags *diags;
};

static int refuse(struct reader *r, const char *what)
{
    diag_add(r->diags, &rule_ksr_form, AT_LINE(r->name, r->line_no), NULL, "%s", what);
    return ERR_FINDINGS;
}

/* ------------------------------------------------------------------ lines */

static bool next_line(struct reader *r)
{
    if (r->at >= r->len)
        return false;
    const char *start = r->text + r->at;
    const char *end = memchr(start, '\n', r->len - r->at);
    r->line_no++;
    if (end == NULL)
        return false;
    r->line = start;
    r->line_len = (size_t)(end - start);
    r->at += r->line_len + 1;
    return true;
}

static void back(struct reader *r)
{
    r->at -= r->line_len + 1;
    r->line_no--;
}

static bool begins(const struct reader *r, const char *word)
{
    size_t len = strlen(word);
    return r->line_len >= len && memcmp(r->line, word, len) == 0;
}

/* What follows WORD and a blank, as a string. */
static bool value_of(const struct reader *r, const char *word, char *ret, size_t size)
{
    size_t len = strlen(word);
    if (!begins(r, word) || r->line_len <= len + 1 || r->line[len] != ' ')
        return false;
    size_t n = r->line_len - len - 1;
    if (n >= size || memchr(r->line, 0, r->line_len) != NULL)
        return false;
    memcpy(ret, r->line + len + 1, n);
    ret[n] = 0;
    return true;
}

static bool next_value(struct reader *r, const char *word, char *ret, size_t size)
{
    return next_line(r) && value_of(r, word, ret, size);
}

static int next_time(struct reader *r, const char *word, int64_t *ret)
{
    char text[TIME_TEXT_LEN];
    if (!next_value(r, word, text, sizeof text) || !time_parse_rfc3339(text, ret)) {
        char what[64];
        (void)snprintf(what, sizeof what, "expected \"%s\" and a time", word);
        return refuse(r, what);
    }
    return ERR_OK;
}

static bool is_digest(const char *text)
{
    uint8_t octets[32];
    return strlen(text) == KSR_DIGEST_LEN - 1 && hex_decode(text, octets, sizeof octets);
}

/* ------------------------------------------------------------------ the head */

static int read_zone(struct reader *r)
{
    char text[NAME_TEXT_LEN];
    if (!next_value(r, "zone", text, sizeof text) || !name_from_text(text, r->ksr.zone))
        return refuse(r, "expected \"zone\" and its name");
    return ERR_OK;
}

static int read_request(struct reader *r)
{
    char text[KSR_DIGEST_LEN];
    if (!next_value(r, "request", text, sizeof text) || !is_digest(text))
        return refuse(r, "expected \"request\" and its digest");
    memcpy(r->ksr.request, text, sizeof text);
    return ERR_OK;
}

static int read_head(struct reader *r)
{
    struct ksr *k = &r->ksr;
    static const char wrong[] = "not a request or response of this version of mudzone";
    if (!next_line(r))
        return refuse(r, wrong);
    k->is_response = r->line_len == strlen(KSR_MAGIC_RESPONSE) && begins(r, KSR_MAGIC_RESPONSE);
    if (!k->is_response &&
        (r->line_len != strlen(KSR_MAGIC_REQUEST) || !begins(r, KSR_MAGIC_REQUEST)))
        return refuse(r, wrong);
    int err = read_zone(r);
    if (err == ERR_OK)
        err = next_time(r, "made", &k->made_at);
    if (err == ERR_OK)
        err = next_time(r, "from", &k->from_at);
    if (err == ERR_OK)
        err = next_time(r, "until", &k->until_at);
    if (err == ERR_OK && k->until_at < k->from_at)
        err = refuse(r, "ends before it begins");
    return err == ERR_OK && k->is_response ? read_request(r) : err;
}

/* ------------------------------------------------------------------ records */

/* The indented lines from here on. A record begins with its owner, an absolute name: never with the
   "$" of a directive. */
static int take_lines(struct reader *r, const char *indent, struct buf *ret)
{
    size_t len = strlen(indent);
    while (next_line(r)) {
        if (!begins(r, indent) || r->line_len <= len || r->line[len] == ' ') {
            back(r);
            break;
        }
        if (r->line[len] == '$' || memchr(r->line, '(', r->line_len) != NULL)
            return refuse(r, "not a record on one line");
        buf_add(ret, r->line + len, r->line_len - len);
        buf_add_char(ret, '\n');
    }
    return buf_ok(ret) ? ERR_OK : ERR_NOMEM;
}

/* TEXT as a snapshot that holds one RRset, at the apex, with signatures of it only. */
static int parse_set(struct reader *r, const struct ksr_set *s, const struct buf *text,
                     struct zone **ret)
{
    const struct zone_load_opts opts = {.origin = r->ksr.zone};
    AUTO_PTR(zone) struct zone *z = NULL;
    AUTO_PTR(diags) struct diags *found = diags_new();
    struct zone_node apex;
    if (found == NULL)
        return ERR_NOMEM;
    int err = zone_parse(r->name, buf_str(text), text->len, &opts, &z, found);
    if (err == ERR_NOMEM)
        return err;
    if (err != ERR_OK || diags_n(found) > 0)
        return refuse(r, diags_n(found) > 0 ? diags_at(found, 0)->found : "malformed records");
    if (zone_node_n(z) != 1 || !zone_find(z, r->ksr.zone, &apex) || apex.rrset_n != 1)
        return refuse(r, "records of another name or type than the zone's set");
    struct zone_rrset set;
    if (!zone_node_rrset(&apex, s->type, &set) || set.rrs.count == 0)
        return refuse(r, "records of another type than the set");
    *ret = TAKE(z);
    return ERR_OK;
}

/* ------------------------------------------------------------------ sets and slots */

static int read_sigs(struct reader *r, struct ksr_set *s, const struct buf *records,
                     struct ksr_slot *slot)
{
    AUTO(buf) struct buf text = {0};
    buf_add(&text, records->data, records->len);
    int err = take_lines(r, KSR_SIG_INDENT, &text);
    if (err != ERR_OK)
        return err;
    if (!r->ksr.is_response)
        return text.len == records->len ? ERR_OK : refuse(r, "a request holds no signatures");
    if (text.len == records->len)
        return refuse(r, "no signature for this time");
    return parse_set(r, s, &text, &slot->signed_set);
}

static int read_slot(struct reader *r, struct ksr_set *s, const struct buf *records)
{
    char text[2 * TIME_TEXT_LEN];
    int64_t from_at = 0;
    int64_t until_at = 0;
    char *blank = value_of(r, "sign", text, sizeof text) ? strchr(text, ' ') : NULL;
    if (blank != NULL)
        *blank++ = 0;
    if (blank == NULL || !time_parse_rfc3339(text, &from_at) ||
        !time_parse_rfc3339(blank, &until_at) || from_at >= until_at)
        return refuse(r, "expected \"sign\", a time, and a later one");
    if (until_at > UINT32_MAX) /* else RRSIG's 32 bits would say a moment 136 years before */
        return refuse(r, "a time after 2106, which no RRSIG can say");
    if (s->slot_n > 0 && from_at < s->slots[s->slot_n - 1].from_at)
        return refuse(r, "times that go back");
    if (++r->slots > LIMIT_KSR_SLOTS)
        return refuse(r, "more signatures than any zone needs");
    struct ksr_slot *slot = ksr_add_slot(s, from_at, until_at);
    return slot == NULL ? ERR_NOMEM : read_sigs(r, s, records, slot);
}

static int read_set(struct reader *r)
{
    char text[TYPE_TEXT_LEN];
    if (!value_of(r, "set", text, sizeof text) || !ksr_type_is_known(type_from_text(text)))
        return refuse(r, "expected \"set\" and DNSKEY, CDS or CDNSKEY; or \"end\"");
    if (r->ksr.set_n >= LIMIT_KSR_SETS)
        return refuse(r, "more sets than any zone needs");
    struct ksr_set *s = ksr_add_set(&r->ksr, type_from_text(text));
    if (s == NULL)
        return ERR_NOMEM;
    AUTO(buf) struct buf records = {0};
    int err = take_lines(r, KSR_RECORD_INDENT, &records);
    if (err == ERR_OK)
        err = parse_set(r, s, &records, &s->records);
    while (err == ERR_OK && next_line(r)) {
        if (!begins(r, "sign ")) {
            back(r);
            break;
        }
        err = read_slot(r, s, &records);
    }
    return err == ERR_OK && s->slot_n == 0 ? refuse(r, "a set without a time to sign it for") : err;
}

static int read_sets(struct reader *r)
{
    for (;;) {
        if (!next_line(r))
            return refuse(r, "cut off: no \"end\"");
        if (r->line_len == 3 && begins(r, "end"))
            return ERR_OK;
        int err = read_set(r);
        if (err != ERR_OK)
            return err;
    }
}

/* ------------------------------------------------------------------ all together */

static int check_same(struct reader *r)
{
    AUTO(buf) struct buf again = {0};
    char said[KSR_DIGEST_LEN];
    if (!next_value(r, "digest", said, sizeof said) || r->at != r->len)
        return refuse(r, "expected the digest, and nothing behind it");
    int err = ksr_write(&r->ksr, &again);
    if (err != ERR_OK)
        return err;
    /* the last line apart: damage is told from another's hand */
    size_t body = again.len - (sizeof "digest \n" - 1 + KSR_DIGEST_LEN - 1);
    if (again.len != r->len || memcmp(again.data, r->text, body) != 0)
        return refuse(r, "not as mudzone writes it");
    if (strcmp(said, r->ksr.digest) != 0)
        return refuse(r, "its digest is another: it was changed, or damaged on the way");
    return ERR_OK;
}

int ksr_parse(const char *name, const char *text, size_t len, struct ksr *ret, struct diags *diags)
{
    struct reader r = {.name = name, .text = text, .len = len, .diags = diags};
    int err = len > LIMIT_KSR_BYTES ? refuse(&r, "too large") : read_head(&r);
    if (err == ERR_OK)
        err = read_sets(&r);
    if (err == ERR_OK)
        err = check_same(&r);
    if (err != ERR_OK) {
        ksr_done(&r.ksr);
        return err;
    }
    *ret = r.ksr;
    return ERR_OK;
}
