/* Key files of BIND: K*.private, K*.key, K*.state. NSD's and Unbound's ldns-keygen writes the first
   two alike. */
#include <string.h>

#include "common/err.h"
#include "signer/key_import.h"
#include "signer/key_import_text.h"
#include "zones/zones.h"

void bind_private_done(struct bind_private *p)
{
    crypto_parts_done(&p->parts);
}

void dnskey_record_done(struct dnskey_record *r)
{
    buf_done(&r->rdata);
}

static int refuse(const char **ret_why, const char *why)
{
    *ret_why = why;
    return ERR_FINDINGS;
}

/* ------------------------------------------------------------------ K*.private */

static const struct {
    const char *name;
    enum crypto_part part;
} part_names[] = {
    {"PrivateKey", PART_NUMBER},
    {"Modulus", PART_MODULUS},
    {"PublicExponent", PART_PUBLIC_EXPONENT},
    {"PrivateExponent", PART_PRIVATE_EXPONENT},
    {"Prime1", PART_PRIME1},
    {"Prime2", PART_PRIME2},
    {"Exponent1", PART_EXPONENT1},
    {"Exponent2", PART_EXPONENT2},
    {"Coefficient", PART_COEFFICIENT},
};

static const struct {
    const char *name;
    size_t offset;
} time_names[] = {
    {"Created", offsetof(struct key_story, created_at)},
    {"Publish", offsetof(struct key_story, publish_at)},
    {"Activate", offsetof(struct key_story, activate_at)},
    {"Inactive", offsetof(struct key_story, inactive_at)},
    {"Delete", offsetof(struct key_story, delete_at)},
    {"SyncPublish", offsetof(struct key_story, ds_asked_at)},
    {"SyncDelete", offsetof(struct key_story, ds_unasked_at)},
    {"DSPublish", offsetof(struct key_story, ds_seen_at)},
    {"DSRemoved", offsetof(struct key_story, ds_gone_at)},
    /* K*.state calls them */
    {"Generated", offsetof(struct key_story, created_at)},
    {"Published", offsetof(struct key_story, publish_at)},
    {"Active", offsetof(struct key_story, activate_at)},
    {"Retired", offsetof(struct key_story, inactive_at)},
    {"Removed", offsetof(struct key_story, delete_at)},
    {"PublishCDS", offsetof(struct key_story, ds_asked_at)},
    {"DeleteCDS", offsetof(struct key_story, ds_unasked_at)},
};

/* NULL: no moment has that name. */
static int64_t *time_named(struct key_story *story, struct bytes name)
{
    for (size_t i = 0; i < sizeof time_names / sizeof *time_names; i++) {
        if (text_is(name, time_names[i].name))
            return (int64_t *)(void *)((char *)story + time_names[i].offset);
    }
    return NULL;
}

static int take_algorithm(struct bind_private *p, struct bytes value, const char **ret_why)
{
    struct bytes number;
    uint64_t n = 0;
    if (p->algorithm != 0 || !text_word(&value, &number) || !text_number(number, 255, &n) || n == 0)
        return refuse(ret_why, "not one algorithm number");
    p->algorithm = (unsigned)n;
    return ERR_OK;
}

static int take_part(struct bind_private *p, struct bytes name, struct bytes value,
                     const char **ret_why)
{
    for (size_t i = 0; i < sizeof part_names / sizeof *part_names; i++) {
        if (!text_is(name, part_names[i].name))
            continue;
        struct buf *to = &p->parts.part[part_names[i].part];
        if (to->len != 0)
            return refuse(ret_why, "a part of the key is given twice");
        return text_base64(value, to) ? ERR_OK : refuse(ret_why, "a part of the key is not base64");
    }
    return ERR_OK; /* of a later minor version, or of no meaning here */
}

static int take_private_line(struct bind_private *p, struct bytes line, const char **ret_why)
{
    struct bytes name;
    struct bytes value;
    if (line.len == 0)
        return ERR_OK;
    if (!text_split(line, ':', &name, &value))
        return refuse(ret_why, "a line that is not \"Name: value\"");
    if (text_is(name, "Algorithm"))
        return take_algorithm(p, value, ret_why);
    if (text_is(name, "Engine") || text_is(name, "Label")) {
        p->is_on_token = true;
        return ERR_OK;
    }
    int64_t *at = time_named(&p->story, name);
    if (at == NULL)
        return take_part(p, name, value, ret_why);
    if (!text_bind_time(value, at))
        return refuse(ret_why, "a time that is not YYYYMMDDHHMMSS");
    p->story.from = TIMES_BIND_METADATA;
    return ERR_OK;
}

/* Its first line says the version; the major one must be 1. */
static bool is_version_1(struct bytes line)
{
    struct bytes name;
    struct bytes value;
    return text_split(line, ':', &name, &value) && text_is(name, "Private-key-format") &&
           value.len > 3 && memcmp(value.data, "v1.", 3) == 0;
}

static bool has_a_key(const struct bind_private *p)
{
    return p->parts.part[PART_NUMBER].len > 0 || p->parts.part[PART_MODULUS].len > 0;
}

int bind_private_parse(struct bytes text, struct bind_private *ret, const char **ret_why)
{
    AUTO(bind_private) struct bind_private p = {0};
    struct bytes line;
    if (text.len > KEY_TEXT_MAX || !text_line(&text, &line) || !is_version_1(line))
        return refuse(ret_why, "not a private key of BIND, version 1");
    while (text_line(&text, &line)) {
        int err = take_private_line(&p, line, ret_why);
        if (err != ERR_OK)
            return err;
    }
    if (p.algorithm == 0)
        return refuse(ret_why, "no algorithm number");
    if (!has_a_key(&p) && !p.is_on_token)
        return refuse(ret_why, "no private key in it");
    *ret = p;
    p = (struct bind_private){0};
    return ERR_OK;
}

/* ------------------------------------------------------------------ K*.key */

/* [TTL] [IN] in either order. RET: the word after them. */
static bool take_ttl_class(struct bytes *line, struct dnskey_record *r, struct bytes *ret)
{
    while (text_word(line, ret)) {
        uint64_t ttl = 0;
        if (text_is(*ret, "IN"))
            continue;
        if (!text_number(*ret, INT32_MAX, &ttl))
            return true;
        r->has_ttl = true;
        r->ttl_s = (uint32_t)ttl;
    }
    return false;
}

static bool take_owner(struct bytes word, uint8_t ret[256])
{
    char text[NAME_TEXT_LEN];
    if (word.len >= sizeof text || memchr(word.data, 0, word.len) != NULL)
        return false;
    memcpy(text, word.data, word.len);
    text[word.len] = 0;
    return name_from_text(text, ret);
}

/* RFC 4034 s2.2. */
static int take_record(struct bytes line, struct dnskey_record *r, const char **ret_why)
{
    static const uint64_t max[] = {65535, 255, 255};
    struct bytes word;
    uint64_t n[3];
    if (!text_word(&line, &word) || !take_owner(word, r->owner))
        return refuse(ret_why, "no owner that is a domain name");
    if (!take_ttl_class(&line, r, &word) || !text_is(word, "DNSKEY"))
        return refuse(ret_why, "not a DNSKEY record");
    for (size_t i = 0; i < 3; i++) {
        if (!text_word(&line, &word) || !text_number(word, max[i], &n[i]))
            return refuse(ret_why, "flags, protocol or algorithm is not a number");
    }
    const uint8_t head[] = {(uint8_t)(n[0] >> 8), (uint8_t)n[0], (uint8_t)n[1], (uint8_t)n[2]};
    AUTO(buf) struct buf base64 = {0};
    while (text_word(&line, &word))
        buf_add(&base64, word.data, word.len);
    buf_add(&r->rdata, head, sizeof head);
    if (!buf_ok(&base64) || !buf_ok(&r->rdata))
        return ERR_NOMEM;
    return text_base64(buf_bytes(&base64), &r->rdata)
               ? ERR_OK
               : refuse(ret_why, "the public key is not base64");
}

static struct bytes without_comment(struct bytes line)
{
    const uint8_t *at = line.len == 0 ? NULL : memchr(line.data, ';', line.len);
    return at == NULL ? line : (struct bytes){line.data, (size_t)(at - line.data)};
}

int dnskey_record_parse(struct bytes text, struct dnskey_record *ret, const char **ret_why)
{
    AUTO(dnskey_record) struct dnskey_record r = {0};
    struct bytes line;
    struct bytes rest;
    struct bytes word;
    if (text.len > KEY_TEXT_MAX)
        return refuse(ret_why, "too large for one record");
    while (text_line(&text, &line)) {
        rest = line = without_comment(line);
        if (!text_word(&rest, &word))
            continue;
        if (r.rdata.len > 0)
            return refuse(ret_why, "more than one record");
        int err = take_record(line, &r, ret_why);
        if (err != ERR_OK)
            return err;
    }
    if (r.rdata.len == 0)
        return refuse(ret_why, "no record in it");
    *ret = r;
    r = (struct dnskey_record){0};
    return ERR_OK;
}

/* ------------------------------------------------------------------ K*.state */

/* BIND's words for where a record is (dnssec-policy): what of it caches may hold. */
enum bind_where { WHERE_UNSAID, HIDDEN, RUMOURED, OMNIPRESENT, UNRETENTIVE };

struct bind_record {
    enum bind_where where;
    int64_t change_at;
};

enum { RECORD_DNSKEY, RECORD_ZRRSIG, RECORD_DS, RECORD_COUNT };

static bool parse_where(struct bytes value, enum bind_where *ret)
{
    static const char *const words[] = {"", "hidden", "rumoured", "omnipresent", "unretentive"};
    struct bytes word;
    if (!text_word(&value, &word))
        return false;
    for (size_t i = HIDDEN; i <= UNRETENTIVE; i++) {
        if (text_is(word, words[i])) {
            *ret = (enum bind_where)i;
            return true;
        }
    }
    return false;
}

/* False: a value that has no such form. */
static bool take_record_line(struct bind_record records[RECORD_COUNT], struct bytes name,
                             struct bytes value)
{
    static const char *const names[RECORD_COUNT][2] = {
        [RECORD_DNSKEY] = {"DNSKEYState", "DNSKEYChange"},
        [RECORD_ZRRSIG] = {"ZRRSIGState", "ZRRSIGChange"},
        [RECORD_DS] = {"DSState", "DSChange"}};
    for (size_t i = 0; i < RECORD_COUNT; i++) {
        if (text_is(name, names[i][0]))
            return parse_where(value, &records[i].where);
        if (text_is(name, names[i][1]))
            return text_bind_time(value, &records[i].change_at);
    }
    return true;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a != 0 && (a < b || b == 0) ? a : b;
}

/* What BIND has done beats what it had planned. IN and OUT are moments of the plan. */
static void record_is(const struct bind_record *r, int64_t *in_at, int64_t *out_at)
{
    switch (r->where) {
    case WHERE_UNSAID: break;
    case HIDDEN:
        if (*out_at == 0 || *out_at > r->change_at) /* it is yet to come */
            *in_at = *out_at = 0;
        break;
    case RUMOURED:
        *in_at = r->change_at;
        *out_at = 0;
        break;
    case OMNIPRESENT:
        *in_at = earlier(*in_at, r->change_at);
        *out_at = 0;
        break;
    case UNRETENTIVE:
        *in_at = earlier(*in_at, r->change_at);
        *out_at = r->change_at;
        break;
    }
}

/* A DS is rumoured once BIND may have asked for it; that somebody saw it, DSPublish says. */
static void ds_is(const struct bind_record *r, struct key_story *s)
{
    s->ds_is_said = r->where != WHERE_UNSAID;
    if (r->where == HIDDEN && s->ds_gone_at == 0)
        s->ds_asked_at = s->ds_seen_at = 0;
    if (r->where == RUMOURED || r->where == OMNIPRESENT)
        s->ds_asked_at = earlier(s->ds_asked_at, r->change_at);
    if (r->where == OMNIPRESENT && s->ds_seen_at == 0)
        s->ds_seen_at = r->change_at;
    if (r->where == UNRETENTIVE && s->ds_unasked_at == 0)
        s->ds_unasked_at = r->change_at;
}

static bool is_yes(struct bytes value)
{
    return text_is(value, "yes");
}

static int take_state_line(struct key_story *story, struct bind_record records[RECORD_COUNT],
                           struct bytes line, const char **ret_why)
{
    struct bytes name;
    struct bytes value;
    if (!text_split(line, ':', &name, &value))
        return refuse(ret_why, "a line that is not \"Name: value\"");
    int64_t *at = time_named(story, name);
    if (at != NULL)
        return text_bind_time(value, at) ? ERR_OK
                                         : refuse(ret_why, "a time that is not YYYYMMDDHHMMSS");
    if (text_is(name, "KSK") || text_is(name, "ZSK")) {
        *(text_is(name, "KSK") ? &story->is_ksk : &story->is_zsk) = is_yes(value);
        story->has_role = true;
    }
    return take_record_line(records, name, value)
               ? ERR_OK
               : refuse(ret_why, "a state or its time that BIND does not write");
}

int bind_state_parse(struct bytes text, struct key_story *story, const char **ret_why)
{
    struct bind_record records[RECORD_COUNT] = {{WHERE_UNSAID, 0}};
    struct key_story s = *story;
    struct bytes line;
    if (text.len > KEY_TEXT_MAX)
        return refuse(ret_why, "too large for the state of a key");
    while (text_line(&text, &line)) {
        if (line.len == 0 || line.data[0] == ';')
            continue;
        int err = take_state_line(&s, records, line, ret_why);
        if (err != ERR_OK)
            return err;
    }
    s.from = TIMES_BIND_STATE;
    record_is(&records[RECORD_DNSKEY], &s.publish_at, &s.delete_at);
    record_is(&records[RECORD_ZRRSIG], &s.activate_at, &s.inactive_at);
    ds_is(&records[RECORD_DS], &s);
    *story = s;
    return ERR_OK;
}
