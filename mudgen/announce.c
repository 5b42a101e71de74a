#include "mudgen/announce.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "common/timetext.h"
#include "mudgen/digest.h"
#include "mudgen/model.h"
#include "mudgen/rules_docs.h"

#define NAME_MAX_LEN 255
#define PAGE_LABEL   16 /* "_4294967295" and a NUL */

/* ------------------------------------------------------------------ names */

/* LABELS, N of them, in front of BASE. False: over 255 octets. */
static bool name_put(const char *const *labels, size_t n, const uint8_t *base, uint8_t out[256])
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(labels[i]);
        if (len == 0 || len > 63 || at + 1 + len >= NAME_MAX_LEN)
            return false;
        out[at++] = (uint8_t)len;
        memcpy(out + at, labels[i], len);
        at += len;
    }
    size_t rest = name_len(base);
    if (at + rest > NAME_MAX_LEN)
        return false;
    memcpy(out + at, base, rest);
    return true;
}

/* "x" or "*.x" of a list to wire form. */
static bool name_of_entry(const char *text, uint8_t out[256])
{
    uint8_t below[256];
    const char *const star[] = {"*"};
    if (strncmp(text, "*.", 2) != 0)
        return name_from_text(text, out);
    return name_from_text(text + 2, below) && name_put(star, 1, below, out);
}

int announce_names_check(const struct inventory *inv, const struct listing *listing,
                         struct diags *diags)
{
    const struct inv_zone *zone = inv->publication.zone;
    const char *const page[] = {"_4294967295", "_domains", "_mudzone"};
    const char *const star[] = {"*"};
    uint8_t name[256];
    bool fine = name_put(page, 3, zone->name, name);
    if (!fine)
        diag_add(diags, &rule_announce_name, zone->where, zone->text,
                 "no room for the announcement's names in front of it");
    for (size_t i = 0; i < inv->model_n; i++) {
        const char *const model[] = {inv->models[i].name, "_models", "_mudzone"};
        if (name_put(model, 3, zone->name, name))
            continue;
        diag_add(diags, &rule_announce_name, inv->models[i].where, inv->models[i].name,
                 "%s._models._mudzone.%s is too long", inv->models[i].name, zone->text);
        fine = false;
    }
    for (size_t i = 0; i < listing->n; i++) {
        const struct listing_entry *e = &listing->entries[i];
        if (!e->subdomains || name_put(star, 1, e->wire, name))
            continue;
        diag_add(diags, &rule_announce_name, e->where, e->text, "too long with the star");
        fine = false;
    }
    return fine ? ERR_OK : ERR_FINDINGS;
}

/* ------------------------------------------------------------------ records */

struct announcer {
    const struct inventory *inv;
    const uint8_t *apex;
    struct records *out;
};

static int put(struct announcer *w, const char *const *labels, size_t n, uint16_t type,
               const void *rdata, size_t len)
{
    uint8_t owner[256];
    if (!name_put(labels, n, w->apex, owner))
        return ERR_LIMIT; /* announce_names_check has said so before */
    return records_add(w->out, owner, type, MUD_ANNOUNCE_TTL, rdata, len);
}

/* One character-string of a TXT record; over 255 bytes nothing here can get. */
static void txt_add(struct buf *rdata, const char *text)
{
    size_t len = strlen(text);
    buf_add_char(rdata, (char)(len > 255 ? 255 : len));
    buf_add(rdata, text, len > 255 ? 255 : len);
}

static void txt_add_digest(struct buf *rdata, const char *key, const uint8_t digest[SHA256_LEN])
{
    char hex[SHA256_HEX_LEN];
    char text[32 + SHA256_HEX_LEN];
    hex_encode(digest, SHA256_LEN, hex);
    (void)snprintf(text, sizeof(text), "%s=sha-256:%s", key, hex);
    txt_add(rdata, text);
}

static void txt_add_number(struct buf *rdata, const char *key, uint64_t number)
{
    char text[64];
    (void)snprintf(text, sizeof(text), "%s=%llu", key, (unsigned long long)number);
    txt_add(rdata, text);
}

static void txt_add_time(struct buf *rdata, int64_t at)
{
    char time[TIME_TEXT_LEN];
    char text[32 + TIME_TEXT_LEN];
    time_format_rfc3339(at, time);
    (void)snprintf(text, sizeof(text), "updated=%s", time);
    txt_add(rdata, text);
}

static int put_buf(struct announcer *w, const char *const *labels, size_t n, uint16_t type,
                   const struct buf *rdata)
{
    return buf_ok(rdata) ? put(w, labels, n, type, rdata->data, rdata->len) : ERR_NOMEM;
}

/* RFC 7553 s4.5: priority, weight, and the URL without a length. */
static int put_uri(struct announcer *w, const char *const *labels, size_t n, const char *url,
                   const char *path)
{
    static const uint8_t priority_weight[] = {0, 10, 0, 1};
    AUTO(buf) struct buf rdata = {0};
    buf_add(&rdata, priority_weight, sizeof(priority_weight));
    buf_add_str(&rdata, url);
    buf_add_str(&rdata, path);
    return put_buf(w, labels, n, KNOT_RRTYPE_URI, &rdata);
}

/* RFC 6698 s2.1, RFC 8162 s2: usage 3 (this key), selector 1 (SPKI), matching 1 (SHA-256). */
static int put_association(struct announcer *w, const char *const *labels, size_t n, uint16_t type,
                           const uint8_t spki[SHA256_LEN])
{
    uint8_t rdata[3 + SHA256_LEN] = {3, 1, 1};
    memcpy(rdata + 3, spki, SHA256_LEN);
    return put(w, labels, n, type, rdata, sizeof(rdata));
}

/* ------------------------------------------------------------------ pages */

/*
 * The answer to a PTR query for a page, signed with P-256, as large as it can get: owners point to
 * the question, the names in the data are not compressed. Header, question, RRSIG, OPT.
 */
static size_t answer_base(const uint8_t *owner, const uint8_t *apex)
{
    return 12 + name_len(owner) + 4 + (2 + 10 + 18 + name_len(apex) + 64) + 11;
}

static size_t answer_entry(const uint8_t *target)
{
    return 2 + 10 + name_len(target);
}

struct pager {
    const char *kind; /* "_domains" or "_models" */
    size_t page_n;
    size_t entry_n; /* on the current page */
    size_t size;    /* of its answer */
};

static int page_add(struct announcer *w, struct pager *p, const uint8_t *target)
{
    char label[PAGE_LABEL];
    size_t number = p->page_n == 0 ? 0 : p->page_n - 1;
    if (p->page_n == 0 || p->entry_n == MUD_PAGE_ENTRIES ||
        p->size + answer_entry(target) > MUD_ANSWER_MAX) {
        number = p->page_n++;
        p->entry_n = 0;
    }
    (void)snprintf(label, sizeof(label), "_%u", (unsigned)number);
    const char *const labels[] = {label, p->kind, "_mudzone"};
    if (p->entry_n == 0) {
        uint8_t owner[256];
        if (!name_put(labels, 3, w->apex, owner))
            return ERR_LIMIT;
        p->size = answer_base(owner, w->apex);
    }
    p->entry_n++;
    p->size += answer_entry(target);
    return put(w, labels, 3, KNOT_RRTYPE_PTR, target, name_len(target));
}

static int put_domain_pages(struct announcer *w, const struct mud_output *out, size_t *ret_n)
{
    struct pager p = {.kind = "_domains"};
    for (size_t i = 0; i < out->list_name_n; i++) {
        uint8_t target[256];
        if (!name_of_entry(out->list_names[i], target))
            return ERR_LIMIT;
        int err = page_add(w, &p, target);
        if (err != ERR_OK)
            return err;
    }
    *ret_n = p.page_n;
    return ERR_OK;
}

static int put_model(struct announcer *w, const struct mud_model_out *m)
{
    const char *const labels[] = {m->model->name, "_models", "_mudzone"};
    AUTO(buf) struct buf txt = {0};
    txt_add(&txt, "v=mudzone1");
    txt_add_digest(&txt, "mud", m->json_sha256);
    txt_add_digest(&txt, "sig", m->p7s_sha256);
    txt_add_time(&txt, m->updated_at);
    int err = put_uri(w, labels, 3, m->url, "");
    return err != ERR_OK ? err : put_buf(w, labels, 3, KNOT_RRTYPE_TXT, &txt);
}

static int put_models(struct announcer *w, const struct mud_output *out, size_t *ret_n)
{
    struct pager p = {.kind = "_models"};
    AUTO_FREE const struct mud_model_out **models = models_by_name(out->models, out->model_n);
    if (models == NULL)
        return ERR_NOMEM;
    int err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < out->model_n; i++) {
        uint8_t target[256];
        const char *const labels[] = {models[i]->model->name, "_models", "_mudzone"};
        if (!name_put(labels, 3, w->apex, target))
            return ERR_LIMIT;
        err = page_add(w, &p, target);
        if (err == ERR_OK)
            err = put_model(w, models[i]);
    }
    *ret_n = p.page_n;
    return err;
}

static int put_list(struct announcer *w, const struct mud_output *out, size_t domain_pages,
                    size_t model_pages)
{
    const char *const labels[] = {"_mudzone"};
    AUTO(buf) struct buf txt = {0};
    txt_add(&txt, "v=mudzone1");
    txt_add_number(&txt, "serial", out->serial);
    txt_add_time(&txt, out->published_at);
    txt_add_number(&txt, "refresh", w->inv->publication.refresh_s);
    txt_add_digest(&txt, "list", out->list_sha256);
    txt_add_number(&txt, "domain-pages", domain_pages);
    txt_add_number(&txt, "model-pages", model_pages);
    int err = put_buf(w, labels, 1, KNOT_RRTYPE_TXT, &txt);
    return err != ERR_OK ? err
                         : put_uri(w, labels, 1, w->inv->publication.base_url,
                                   ".well-known/mudzone/domains.json");
}

static int put_publication(struct announcer *w, const struct mud_output *out,
                           const uint8_t *signer_spki)
{
    const char *const pin[] = {"_signer", "_mudzone"};
    size_t domain_pages = 0;
    size_t model_pages = 0;
    int err = put_domain_pages(w, out, &domain_pages);
    if (err == ERR_OK)
        err = put_models(w, out, &model_pages);
    if (err == ERR_OK)
        err = put_list(w, out, domain_pages, model_pages);
    if (err == ERR_OK && signer_spki != NULL)
        err = put_association(w, pin, 2, KNOT_RRTYPE_SMIMEA, signer_spki);
    return err;
}

/* ------------------------------------------------------------------ what the zone already says */

struct ours { /* what the announcement says */
    const struct records *records;
    bool draft;      /* TXT data stand in for what only a build knows */
    bool any_smimea; /* the signer's key is not known */
};

/* Of a TXT record: its first string. */
static bool is_announcement(struct bytes txt)
{
    static const char mark[] = "\x0av=mudzone1";
    return txt.len >= sizeof(mark) - 1 && memcmp(txt.data, mark, sizeof(mark) - 1) == 0;
}

static bool is_ours(const struct ours *ours, const uint8_t *owner, uint16_t type,
                    const knot_rdata_t *rdata)
{
    struct bytes data = {rdata->data, rdata->len};
    if (type == KNOT_RRTYPE_SMIMEA && ours->any_smimea)
        return true;
    bool draft = ours->draft && type == KNOT_RRTYPE_TXT && is_announcement(data);
    for (size_t i = 0; i < records_n(ours->records); i++) {
        struct record_view r = records_at(ours->records, i);
        if (r.type == type && (draft || bytes_equal(r.rdata, data)) &&
            name_compare(r.owner, owner) == 0)
            return true;
    }
    return false;
}

static bool is_signers_type(uint16_t type)
{
    return type == KNOT_RRTYPE_RRSIG || type == KNOT_RRTYPE_NSEC || type == KNOT_RRTYPE_NSEC3;
}

static bool check_rrset(const struct zone *zone, const struct zone_rrset *set,
                        const struct ours *ours, struct diags *diags)
{
    knot_rdata_t *rdata = set->rrs.rdata;
    for (uint16_t i = 0; i < set->rrs.count; i++, rdata = knot_rdataset_next(rdata)) {
        if (is_ours(ours, set->owner, set->type, rdata))
            continue;
        char owner[NAME_TEXT_LEN];
        char type[TYPE_TEXT_LEN];
        char at[NAME_TEXT_LEN + TYPE_TEXT_LEN];
        name_to_text(set->owner, owner);
        type_to_text(set->type, type);
        (void)snprintf(at, sizeof(at), "%s %s", owner, type);
        diag_add(diags, &rule_announce_conflict, AT_LINE(zone_file(zone), set->line), at,
                 "a record of the zone's own that says otherwise than the announcement");
        return false;
    }
    return true;
}

/* Everything at and below _mudzone is the announcement's. */
static bool check_publication(const struct zone *zone, const struct ours *ours, struct diags *diags)
{
    const char *const label[] = {"_mudzone"};
    uint8_t top[256];
    bool fine = true;
    if (!name_put(label, 1, zone_apex(zone), top))
        return false;
    struct zone_cursor c;
    struct zone_node node;
    (void)zone_seek(zone, top, &c);
    while (zone_next(&c, &node) && name_is_at_or_below(node.owner, top)) {
        struct set_walk w;
        struct zone_rrset set;
        set_walk_first(&node, &w);
        while (set_walk_next(&w, &set)) {
            if (!is_signers_type(set.type))
                fine = check_rrset(zone, &set, ours, diags) && fine;
        }
    }
    return fine;
}

/* Is OWNER in the zone's own data? Else what takes it out: a delegation, a DNAME, a CNAME. */
static const char *out_of_place(const struct zone *zone, const uint8_t *owner)
{
    const uint8_t *apex = zone_apex(zone);
    struct zone_rrset set;
    if (zone_rrset(zone, owner, KNOT_RRTYPE_CNAME, &set))
        return "a CNAME";
    for (const uint8_t *name = owner; name_compare(name, apex) != 0; name += 1 + name[0]) {
        struct zone_node node;
        if (zone_find(zone, name, &node) && (node.flags & NODE_DELEGATION) != 0)
            return "a delegation";
        if (name != owner && zone_rrset(zone, name, KNOT_RRTYPE_DNAME, &set))
            return "a DNAME";
    }
    bool below = name_compare(owner, apex) != 0;
    return below && zone_rrset(zone, apex, KNOT_RRTYPE_DNAME, &set) ? "a DNAME" : NULL;
}

static bool check_place(const struct zone *zone, const uint8_t *owner, const struct diag_rule *rule,
                        struct diags *diags)
{
    const char *why = out_of_place(zone, owner);
    if (why == NULL)
        return true;
    char at[NAME_TEXT_LEN];
    name_to_text(owner, at);
    diag_add(diags, rule, AT_FILE(zone_file(zone)), at, "%s takes it out of the zone's own data",
             why);
    return false;
}

/* ------------------------------------------------------------------ the two parts */

static int announce_publication(struct announcer *w, const struct announce_source *from,
                                const struct zone *zone, struct diags *diags)
{
    const char *const label[] = {"_mudzone"};
    const struct ours ours = {w->out, from->draft, from->draft && from->signer_spki == NULL};
    uint8_t top[256];
    int err = put_publication(w, from->out, from->signer_spki);
    if (err != ERR_OK)
        return err;
    bool fine =
        name_put(label, 1, w->apex, top) && check_place(zone, top, &rule_announce_place, diags);
    return check_publication(zone, &ours, diags) && fine ? ERR_OK : ERR_FINDINGS;
}

/* RFC 6698 s3: _<port>._tcp.<host>. Only where that name is in ZONE's own data. */
static int announce_tlsa(struct announcer *w, const struct announce_source *from,
                         const struct zone *zone, struct diags *diags)
{
    char port[PAGE_LABEL];
    uint8_t owner[256];
    const char *const labels[] = {port, "_tcp"};
    (void)snprintf(port, sizeof(port), "_%u", w->inv->publication.port);
    if (from->https_spki_n == 0 || !name_put(labels, 2, w->inv->publication.host, owner))
        return ERR_OK;
    const struct inv_zone *home = inventory_zone_of(w->inv, owner);
    if (home == NULL || name_compare(home->name, w->apex) != 0 ||
        !check_place(zone, owner, &rule_announce_tlsa_place, diags))
        return ERR_OK;
    struct announcer host = {w->inv, w->inv->publication.host, w->out};
    int err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < from->https_spki_n; i++) {
        bool again = i > 0 && memcmp(from->https_spki[i], from->https_spki[0], SHA256_LEN) == 0;
        if (!again)
            err = put_association(&host, labels, 2, KNOT_RRTYPE_TLSA, from->https_spki[i]);
    }
    const struct ours ours = {.records = w->out};
    struct zone_rrset own;
    if (err == ERR_OK && zone_rrset(zone, owner, KNOT_RRTYPE_TLSA, &own) &&
        !check_rrset(zone, &own, &ours, diags))
        err = ERR_FINDINGS;
    return err;
}

static int append(struct records *to, const struct records *from)
{
    int err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < records_n(from); i++) {
        struct record_view r = records_at(from, i);
        err = records_add(to, r.owner, r.type, r.ttl, r.rdata.data, r.rdata.len);
    }
    return err;
}

int announce_zone(const struct inventory *inv, const struct announce_source *from,
                  const struct zone *zone, struct records *ret, struct diags *diags)
{
    AUTO_PTR(records) struct records *made = records_new();
    if (made == NULL)
        return ERR_NOMEM;
    struct announcer w = {inv, zone_apex(zone), made};
    int err = ERR_OK;
    if (name_compare(w.apex, inv->publication.zone->name) == 0)
        err = announce_publication(&w, from, zone, diags);
    if (err != ERR_OK && err != ERR_FINDINGS)
        return err;
    int tlsa = announce_tlsa(&w, from, zone, diags);
    if (tlsa != ERR_OK || err != ERR_OK)
        return tlsa != ERR_OK ? tlsa : err;
    return append(ret, made);
}

int mud_announce(const struct inventory *inv, const struct mud_output *out,
                 const struct cms_signer *signer, const uint8_t (*https_spki)[32],
                 size_t https_spki_n, const struct zone *zone, struct records *ret,
                 struct diags *diags)
{
    const struct announce_source from = {.out = out,
                                         .signer_spki = cms_signer_spki_sha256(signer),
                                         .https_spki = https_spki,
                                         .https_spki_n = https_spki_n};
    return announce_zone(inv, &from, zone, ret, diags);
}
