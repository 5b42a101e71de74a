#include "mudgen/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "mudgen/digest.h"
#include "mudgen/json.h"
#include "mudgen/model.h"
#include "mudgen/rules_docs.h"

#define DAY_S        86400
#define REMOVED_KEPT (365 * (int64_t)DAY_S) /* how long withdrawn names stay in the list */

int64_t list_day(int64_t at)
{
    return at - at % DAY_S;
}

int64_t list_day_up(int64_t at)
{
    return list_day(at + DAY_S - 1);
}

uint32_t list_next_serial(const struct previous_list *previous, uint32_t floor, int64_t now)
{
    uint64_t today = (uint64_t)time_date_number(now) * 100 + 1;
    uint32_t last = previous->present && previous->serial > floor ? previous->serial : floor;
    uint64_t next = (uint64_t)last + 1;
    if (next < today)
        next = today;
    return next > UINT32_MAX ? 0 : (uint32_t)next;
}

/* ------------------------------------------------------------------ names that come and go */

/* What --allow-removal names, in the form of the list; false: it is no name. */
static bool allowance_read(const char *text, char name[NAME_TEXT_LEN], bool *ret_subdomains)
{
    uint8_t wire[256];
    *ret_subdomains = strncmp(text, "*.", 2) == 0;
    if (!name_from_text(*ret_subdomains ? text + 2 : text, wire))
        return false;
    name_to_text_nodot(wire, name);
    return true;
}

static bool is_allowed(const struct mud_options *opts, const char *name, bool subdomains)
{
    for (size_t i = 0; i < opts->allow_removal_n; i++) {
        char allowed[NAME_TEXT_LEN];
        bool star;
        if (allowance_read(opts->allow_removal[i], allowed, &star) &&
            listing_compare(allowed, star, name, subdomains) == 0)
            return true;
    }
    return false;
}

static const struct listing_entry *find_entry(const struct listing *l, const char *name,
                                              bool subdomains)
{
    size_t lo = 0;
    size_t hi = l->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = listing_compare(l->entries[mid].name, l->entries[mid].subdomains, name, subdomains);
        if (c == 0)
            return &l->entries[mid];
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

/* May P, which was listed, be withdrawn now? */
static bool check_withdrawn(const struct inventory *inv, const struct previous_name *p,
                            const struct mud_options *opts, struct diags *diags)
{
    int64_t not_before = p->removal_not_before_at;
    if ((not_before != 0 && opts->now >= not_before) || is_allowed(opts, p->name, p->subdomains))
        return true;
    char at[NAME_TEXT_LEN + 2];
    char date[TIME_TEXT_LEN];
    (void)snprintf(at, sizeof(at), "%s%s", p->subdomains ? "*." : "", p->name);
    if (not_before == 0) {
        diag_add(diags, &rule_list_withdrawn, AT_FILE(inv->file), at,
                 "withdrawn, but its removal was never announced");
        diag_expect(diags,
                    "it to stay listed with a removal-not-before at least %u days away "
                    "(--allow-removal '%s' overrides)",
                    (inv->publication.removal_notice_s + DAY_S - 1) / DAY_S, at);
    } else {
        time_format_date(not_before, date);
        diag_add(diags, &rule_list_withdrawn, AT_FILE(inv->file), at,
                 "withdrawn before the announced removal-not-before %s", date);
        diag_expect(diags, "it to stay listed until then (--allow-removal '%s' overrides)", at);
    }
    return false;
}

/*
 * A removal date that is new, or nearer than announced, must leave operators the notice time; a
 * date already published cannot be mended. A name that was never published owes nobody a notice,
 * but they will have less time than the inventory promises, so that is worth a word.
 */
static bool check_notice(const struct inventory *inv, const struct listing_entry *e,
                         const struct previous_name *p, int64_t now, struct diags *diags)
{
    if (e->removal_not_before_at == 0)
        return true;
    int64_t not_before = list_day_up(e->removal_not_before_at);
    if (p != NULL && p->removal_not_before_at != 0 && not_before >= p->removal_not_before_at)
        return true;
    int64_t earliest = list_day_up(now + inv->publication.removal_notice_s);
    if (not_before >= now + inv->publication.removal_notice_s)
        return true;
    char date[TIME_TEXT_LEN];
    char expected[TIME_TEXT_LEN];
    time_format_date(not_before, date);
    time_format_date(earliest, expected);
    const struct diag_rule *rule = p == NULL ? &rule_list_notice_first : &rule_list_notice_short;
    diag_add(diags, rule, e->where, e->text,
             "removal-not-before %s is less than removal-notice (%u days) away%s", date,
             inv->publication.removal_notice_s / DAY_S,
             p == NULL ? " when the name is first published" : "");
    diag_expect(diags, "%s or later", expected);
    return p == NULL;
}

static void note_unused_allowances(const struct listing *l, const struct previous_list *previous,
                                   const struct mud_options *opts, struct diags *diags)
{
    for (size_t i = 0; i < opts->allow_removal_n; i++) {
        char name[NAME_TEXT_LEN];
        bool star;
        bool used = allowance_read(opts->allow_removal[i], name, &star) &&
                    previous_find(previous->names, previous->name_n, name, star) != NULL &&
                    find_entry(l, name, star) == NULL;
        if (!used)
            diag_add(diags, &rule_list_allow_unused, AT_NOWHERE, opts->allow_removal[i],
                     "--allow-removal names something that is not withdrawn by this build");
    }
}

static int by_name(const void *a, const void *b)
{
    const struct previous_name *x = a;
    const struct previous_name *y = b;
    return listing_compare(x->name, x->subdomains, y->name, y->subdomains);
}

/* Still withdrawn from before, and withdrawn now. */
static struct previous_name *collect_removed(struct arena *a, const struct listing *l,
                                             const struct previous_list *previous, int64_t now,
                                             size_t *ret_n)
{
    struct previous_name *removed =
        arena_zalloc(a, previous->removed_n + previous->name_n + 1, sizeof(*removed));
    if (removed == NULL)
        return NULL;
    size_t n = 0;
    for (size_t i = 0; i < previous->removed_n; i++) {
        const struct previous_name *p = &previous->removed[i];
        if (now < p->removed_at + REMOVED_KEPT && find_entry(l, p->name, p->subdomains) == NULL)
            removed[n++] = *p;
    }
    for (size_t i = 0; i < previous->name_n; i++) {
        const struct previous_name *p = &previous->names[i];
        if (find_entry(l, p->name, p->subdomains) != NULL)
            continue;
        removed[n] = *p;
        removed[n++].removed_at = list_day(now);
    }
    qsort(removed, n, sizeof(*removed), by_name);
    *ret_n = n;
    return removed;
}

int list_resolve(struct arena *a, const struct inventory *inv, struct listing *listing,
                 const struct previous_list *previous, const struct mud_options *opts,
                 const struct previous_name **ret_removed, size_t *ret_removed_n,
                 struct diags *diags)
{
    size_t removed_n = 0;
    struct previous_name *removed = collect_removed(a, listing, previous, opts->now, &removed_n);
    if (removed == NULL)
        return ERR_NOMEM;
    bool fine = true;
    for (size_t i = 0; i < listing->n; i++) {
        struct listing_entry *e = &listing->entries[i];
        const struct previous_name *p =
            previous_find(previous->names, previous->name_n, e->name, e->subdomains);
        fine = check_notice(inv, e, p, opts->now, diags) && fine;
        if (e->since_at == 0)
            e->since_at = p == NULL ? list_day(opts->now) : p->since_at;
    }
    for (size_t i = 0; i < previous->name_n; i++) {
        const struct previous_name *p = &previous->names[i];
        if (find_entry(listing, p->name, p->subdomains) == NULL)
            fine = check_withdrawn(inv, p, opts, diags) && fine;
    }
    note_unused_allowances(listing, previous, opts, diags);
    *ret_removed = removed;
    *ret_removed_n = removed_n;
    return fine ? ERR_OK : ERR_FINDINGS;
}

/* ------------------------------------------------------------------ the document */

void list_port_text(const struct inv_endpoint *e, char out[PORT_TEXT_LEN])
{
    if (!e->has_port)
        out[0] = 0;
    else if (e->port_lo == e->port_hi)
        (void)snprintf(out, PORT_TEXT_LEN, "%u", e->port_lo);
    else
        (void)snprintf(out, PORT_TEXT_LEN, "%u-%u", e->port_lo, e->port_hi);
}

static json_t *json_texts(const struct texts *t)
{
    json_t *array = json_array();
    for (size_t i = 0; i < t->n; i++) {
        if (json_array_append_new(array, json_string(t->items[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *json_purposes(uint32_t purposes)
{
    const char *texts[PURPOSE_COUNT];
    size_t n = 0;
    for (int p = 0; p < PURPOSE_COUNT; p++) {
        if ((purposes & 1u << p) != 0)
            texts[n++] = purpose_text((enum purpose)p);
    }
    struct texts sorted = {texts, texts_sort_unique(texts, n)};
    return json_texts(&sorted);
}

static json_t *json_endpoint(const struct inv_endpoint *e)
{
    char text[PORT_TEXT_LEN];
    list_port_text(e, text);
    AUTO_JSON json_t *j = json_pack("{s:s}", "protocol", protocol_text(e->protocol));
    bool fine = j != NULL;
    if (e->has_port && e->port_lo == e->port_hi)
        fine = json_object_set_new(j, "port", json_integer(e->port_lo)) == 0;
    else if (e->has_port)
        fine = doc_json_put(j, "port", text);
    fine = fine && doc_json_put(j, "initiated-by", initiator_text(e->initiator));
    return fine ? TAKE(j) : NULL;
}

/* An array of N things, each made by EACH from ITEMS + i * SIZE. */
static json_t *json_each(const void *items, size_t n, size_t size, json_t *(*each)(const void *))
{
    json_t *array = json_array();
    for (size_t i = 0; i < n; i++) {
        if (json_array_append_new(array, each((const char *)items + i * size)) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *each_endpoint(const void *e)
{
    return json_endpoint(e);
}

static const char *match_text(bool subdomains)
{
    return subdomains ? "subdomains" : "exact";
}

static json_t *each_domain(const void *item)
{
    const struct listing_entry *e = item;
    char since[TIME_TEXT_LEN];
    char removal[TIME_TEXT_LEN];
    time_format_date(list_day(e->since_at), since);
    time_format_date(list_day_up(e->removal_not_before_at), removal);
    AUTO_JSON json_t *j = json_pack(
        "{s:s, s:s, s:o, s:b, s:s, s:o, s:o, s:o, s:s}", "name", e->name, "match",
        match_text(e->subdomains), "purposes", json_purposes(e->purposes), "required",
        (int)e->required, "operated-by", e->third_party ? "third-party" : "vendor", "endpoints",
        json_each(e->endpoints, e->endpoint_n, sizeof(*e->endpoints), each_endpoint), "services",
        json_texts(&e->services), "models", json_texts(&e->models), "since", since);
    bool removes = e->removal_not_before_at != 0;
    return doc_json_put(j, "removal-not-before", removes ? removal : NULL) ? TAKE(j) : NULL;
}

static json_t *each_removed(const void *item)
{
    const struct previous_name *p = item;
    char date[TIME_TEXT_LEN];
    time_format_date(p->removed_at, date);
    return json_pack("{s:s, s:s, s:s}", "name", p->name, "match", match_text(p->subdomains), "date",
                     date);
}

static json_t *each_zone(const void *item)
{
    const struct inv_zone *const *z = item;
    return json_pack("{s:s, s:b}", "name", (*z)->text, "signed", (int)!(*z)->dnssec->is_unsigned);
}

static json_t *each_model(const void *item)
{
    const struct mud_model_out *const *m = item;
    char digest[SHA256_HEX_LEN];
    hex_encode((*m)->json_sha256, SHA256_LEN, digest);
    return json_pack("{s:s, s:s, s:s}", "name", (*m)->model->name, "mud-url", (*m)->url, "sha-256",
                     digest);
}

static int zone_by_text(const void *a, const void *b)
{
    const struct inv_zone *const *x = a;
    const struct inv_zone *const *y = b;
    return strcmp((*x)->text, (*y)->text);
}

static json_t *json_zones(const struct inventory *inv)
{
    AUTO_FREE const struct inv_zone **zones = calloc(inv->zone_n + 1, sizeof(*zones));
    if (zones == NULL)
        return NULL;
    for (size_t i = 0; i < inv->zone_n; i++)
        zones[i] = &inv->zones[i];
    qsort(zones, inv->zone_n, sizeof(*zones), zone_by_text);
    return json_each(zones, inv->zone_n, sizeof(*zones), each_zone);
}

static json_t *json_models(const struct list_content *c)
{
    AUTO_FREE const struct mud_model_out **models = models_by_name(c->models, c->model_n);
    return models == NULL ? NULL : json_each(models, c->model_n, sizeof(*models), each_model);
}

int list_write(const struct list_content *c, uint32_t serial, int64_t published_at, struct buf *out)
{
    const struct inventory *inv = c->inv;
    AUTO(buf) struct buf announcement = {0};
    char published[TIME_TEXT_LEN];
    time_format_rfc3339(published_at, published);
    buf_printf(&announcement, "_mudzone.%s", inv->publication.zone->text);
    if (!buf_ok(&announcement))
        return ERR_NOMEM;
    json_t *j = json_pack(
        "{s:s, s:I, s:s, s:I, s:s, s:s, s:o, s:o, s:o, s:o}", "schema", LIST_SCHEMA, "serial",
        (json_int_t)serial, "published", published, "refresh",
        (json_int_t)inv->publication.refresh_s, "manufacturer", inv->manufacturer, "announcement",
        buf_str(&announcement), "zones", json_zones(inv), "models", json_models(c), "domains",
        json_each(c->listing->entries, c->listing->n, sizeof(*c->listing->entries), each_domain),
        "removed", json_each(c->removed, c->removed_n, sizeof(*c->removed), each_removed));
    return doc_json_write(j, out);
}
