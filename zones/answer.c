#include "zones/answer.h"

#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "common/err.h"
#include "zones/snapshot.h"

struct answer *answer_new(void)
{
    return calloc(1, sizeof(struct answer));
}

void answer_free(struct answer *a)
{
    free(a);
}

const struct answer_step *answer_last(const struct answer *a)
{
    return &a->steps[a->n - 1];
}

/* ------------------------------------------------------------------ one name */

/* Labels between NAME and the apex above it. */
static size_t depth_below(const uint8_t *name, const uint8_t *apex)
{
    size_t n = 0;
    for (; name_compare(name, apex) != 0; name += name[0] + 1)
        n++;
    return n;
}

static const uint8_t *ancestor(const uint8_t *name, size_t labels_off)
{
    for (; labels_off > 0; labels_off--)
        name += name[0] + 1;
    return name;
}

/* A zone cut at or above the name, or a DNAME above it: the first from the apex down decides. */
static bool turning_find(struct answer_step *s)
{
    const struct zone *z = s->snapshot;
    for (size_t off = depth_below(s->name, zone_apex(z)) + 1; off-- > 0;) {
        if (!zone_find(z, ancestor(s->name, off), &s->node))
            continue;
        s->is_dname = off > 0 && zone_node_has_data(&s->node, KNOT_RRTYPE_DNAME);
        if (s->is_dname || (s->node.flags & NODE_DELEGATION) != 0)
            return true;
    }
    return false;
}

enum answer_end answer_step_find(struct answer_step *s)
{
    s->is_wildcard = s->is_dname = false;
    s->has_node = turning_find(s);
    if (s->has_node)
        return s->is_dname ? ANSWER_NODE : ANSWER_DELEGATED;
    const struct zone *z = s->snapshot;
    s->has_node = zone_find(z, s->name, &s->node) && zone_node_answers(&s->node);
    if (s->has_node)
        return ANSWER_NODE;
    if (zone_has_below(z, s->name))
        return ANSWER_EMPTY;
    s->has_node = s->is_wildcard = zone_wildcard_for(z, s->name, &s->node);
    return s->has_node ? ANSWER_NODE : ANSWER_NOTHING;
}

/* ------------------------------------------------------------------ the chain */

static void step_start(const struct zone_set *set, struct answer_step *s)
{
    s->zone = inventory_zone_of(set->inv, s->name);
    s->snapshot = s->zone == NULL ? NULL : set->zones[s->zone - set->inv->zones];
    s->has_node = false; /* an unloaded zone's step has none */
    s->is_wildcard = s->is_dname = false;
}

/* RFC 6672 s2.3: the owner of the DNAME in the name is replaced by its target. */
static bool dname_apply(const struct answer_step *s, const uint8_t *target, uint8_t out[256])
{
    size_t kept = name_len(s->name) - name_len(s->node.owner);
    size_t len = name_len(target);
    if (kept + len > 255)
        return false;
    memcpy(out, s->name, kept);
    memcpy(out + kept, target, len);
    return true;
}

bool answer_step_next(const struct answer_step *s, uint8_t out[256], enum answer_end *ret_end)
{
    uint16_t type = s->is_dname ? KNOT_RRTYPE_DNAME : KNOT_RRTYPE_CNAME;
    struct zone_rrset set;
    *ret_end = ANSWER_NODE;
    if (!zone_node_data(&s->node, type, &set))
        return false;
    const uint8_t *target = set.rrs.rdata->data;
    if (!s->is_dname) {
        memcpy(out, target, name_len(target));
    } else if (!dname_apply(s, target, out)) {
        *ret_end = ANSWER_OVERFLOW;
        return false;
    }
    knot_dname_to_lower(out);
    return true;
}

static bool was_asked(const struct answer *a, const uint8_t *name)
{
    for (size_t i = 0; i < a->n; i++) {
        if (name_compare(a->steps[i].name, name) == 0)
            return true;
    }
    return false;
}

void answer_follow(const struct zone_set *set, const uint8_t *name, struct answer *ret)
{
    uint8_t next[256];
    memcpy(next, name, name_len(name));
    ret->n = 0;
    for (;;) {
        struct answer_step *s = &ret->steps[ret->n++];
        memcpy(s->name, next, name_len(next));
        step_start(set, s);
        ret->end = s->zone == NULL ? ANSWER_OUTSIDE : ANSWER_UNLOADED;
        if (s->snapshot == NULL)
            return;
        ret->end = answer_step_find(s);
        if (ret->end != ANSWER_NODE || !answer_step_next(s, next, &ret->end))
            return;
        if (was_asked(ret, next)) {
            ret->end = ANSWER_LOOP;
            return;
        }
        if (ret->n > LIMIT_CNAME_CHAIN) {
            ret->end = ANSWER_LONG;
            return;
        }
    }
}

/* ------------------------------------------------------------------ listed names */

const char *domain_star(const struct inv_domain *d)
{
    return d->subdomains ? "*." : "";
}

void listed_names_done(struct listed_names *l)
{
    if (l == NULL)
        return;
    free(l->items);
    *l = (struct listed_names){0};
}

struct map_key domain_key(const struct inv_domain *d, const void *scope)
{
    static const char subdomains; /* only its address is used */
    return (struct map_key){scope, d->subdomains ? &subdomains : NULL, d->name, name_len(d->name)};
}

static int add_listed(struct listed_names *l, struct name_map *seen, const struct inv_domain *d,
                      bool is_used)
{
    const void *old;
    if (d->name == NULL)
        return 0;
    int err = name_map_add(seen, domain_key(d, NULL), d, &old);
    if (err == 0 && old == NULL)
        l->items[l->n++] = (struct listed_name){d, is_used};
    return err;
}

int listed_names_take(const struct inventory *inv, struct listed_names *ret)
{
    size_t all = 0;
    for (size_t i = 0; i < inv->service_n; i++)
        all += inv->services[i].domain_n;
    AUTO(listed_names) struct listed_names l = {calloc(all + 1, sizeof(*l.items)), 0};
    AUTO_PTR(name_map) struct name_map *seen = name_map_new();
    if (l.items == NULL || seen == NULL)
        return ERR_NOMEM;
    for (int used = 1; used >= 0;
         used--) { /* services in use first: their place is the one to name */
        for (size_t i = 0; i < inv->service_n; i++) {
            const struct inv_service *s = &inv->services[i];
            for (size_t k = 0; (s->model_n > 0) == (used == 1) && k < s->domain_n; k++) {
                int err = add_listed(&l, seen, &s->domains[k], used == 1);
                if (err != 0)
                    return err;
            }
        }
    }
    *ret = l;
    l = (struct listed_names){0};
    return 0;
}
