/* Listed names against the zones: present, chains that end, and what leaves the manufacturer's
 * hands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libknot/libknot.h>

#include "common/buf.h"
#include "common/err.h"
#include "zones/names_int.h"
#include "zones/pack.h"
#include "zones/rules_inventory.h"
#include "zones/snapshot.h"

/* One listed name on its way through the rules. */
struct look {
    struct names *c;
    const struct listed_name *item;
    char text[NAME_TEXT_LEN];
};

/* The name of no service in use is not published: its errors are warnings. */
static void report(struct look *l, const struct diag_rule *rule, const char *found)
{
    enum severity severity = rule->severity;
    if (severity == SEV_ERROR && !l->item->is_used)
        severity = SEV_WARNING;
    l->c->broken = l->c->broken || severity == SEV_ERROR;
    diag_add_as(l->c->diags, severity, rule, l->item->domain->where, l->text, "%s", found);
}

bool node_is_usable(const struct zone_node *node)
{
    static const uint16_t types[] = {KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA, KNOT_RRTYPE_CNAME,
                                     KNOT_RRTYPE_HTTPS, KNOT_RRTYPE_SVCB};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (zone_node_has_data(node, types[i]))
            return true;
    }
    return false;
}

/* "MX, TXT" */
static void types_of(const struct zone_node *node, struct buf *out)
{
    struct set_walk w;
    struct zone_rrset set;
    set_walk_first(node, &w);
    while (set_walk_next(&w, &set)) {
        char type[TYPE_TEXT_LEN];
        if (set.rrs.count == 0)
            continue;
        type_to_text(set.type, type);
        buf_printf(out, "%s%s", out->len == 0 ? "" : ", ", type);
    }
}

/* ------------------------------------------------------------------ chains */

/* "a -> b -> c": the whole way, as it is short. */
static void chain_print(const struct answer *a, struct buf *out)
{
    for (size_t i = 0; i < a->n; i++) {
        char text[NAME_TEXT_LEN];
        name_to_text_nodot(a->steps[i].name, text);
        buf_printf(out, "%s%s", i == 0 ? "" : " -> ", text);
    }
}

static void end_of_data(struct look *l, const struct answer *a)
{
    const struct answer_step *last = answer_last(a);
    if (node_is_usable(&last->node))
        return;
    AUTO(buf) struct buf types = {0};
    AUTO(buf) struct buf found = {0};
    types_of(&last->node, &types);
    if (a->n > 1)
        chain_print(a, &found);
    buf_printf(&found, "%s%s", a->n > 1 ? " has only " : "only ", buf_str(&types));
    report(l, &rule_name_no_address, buf_str(&found));
}

static void end_of_nothing(struct look *l, const struct answer *a)
{
    const char *why =
        a->end == ANSWER_EMPTY ? "only names below it exist" : "no such name in the zone";
    if (a->n == 1) {
        report(l, &rule_name_absent, why);
        return;
    }
    AUTO(buf) struct buf found = {0};
    chain_print(a, &found);
    buf_printf(&found, ": %s", why);
    report(l, &rule_name_cname_dangling, buf_str(&found));
}

static void end_of_delegation(struct look *l, const struct answer *a)
{
    char cut[NAME_TEXT_LEN], name[NAME_TEXT_LEN];
    AUTO(buf) struct buf found = {0};
    name_to_text_nodot(answer_last(a)->node.owner, cut);
    name_to_text_nodot(answer_last(a)->name, name);
    buf_printf(&found, "%s%sdelegated away at %s", a->n > 1 ? name : "", a->n > 1 ? " is " : "",
               cut);
    report(l, &rule_name_delegated, buf_str(&found));
}

static void end_outside(struct look *l, const struct answer *a)
{
    char name[NAME_TEXT_LEN];
    AUTO(buf) struct buf found = {0};
    name_to_text_nodot(answer_last(a)->name, name);
    buf_printf(&found, "leaves the managed zones to %s", name);
    report(l, &rule_name_leaves, buf_str(&found));
}

static void end_of_chain(struct look *l, const struct answer *a, const struct diag_rule *rule,
                         const char *what)
{
    AUTO(buf) struct buf found = {0};
    chain_print(a, &found);
    buf_printf(&found, ": %s", what);
    report(l, rule, buf_str(&found));
    if (rule == &rule_name_cname_long)
        diag_expect(l->c->diags, "at most %u links", LIMIT_CNAME_CHAIN);
}

static void judge(struct look *l, const struct answer *a)
{
    switch (a->end) {
    case ANSWER_NODE: end_of_data(l, a); break;
    case ANSWER_EMPTY:
    case ANSWER_NOTHING: end_of_nothing(l, a); break;
    case ANSWER_DELEGATED: end_of_delegation(l, a); break;
    case ANSWER_OUTSIDE: end_outside(l, a); break;
    case ANSWER_LOOP: end_of_chain(l, a, &rule_name_cname_loop, "and back to a name before"); break;
    case ANSWER_LONG: end_of_chain(l, a, &rule_name_cname_long, "and on"); break;
    case ANSWER_OVERFLOW:
        end_of_chain(l, a, &rule_name_cname_dangling, "the DNAME makes a name of over 255 octets");
        break;
    case ANSWER_UNLOADED: break;
    }
}

/* ------------------------------------------------------------------ *.name */

/* Is there a name below NAME other than its wildcard? */
static bool has_names_below(const struct zone *z, const uint8_t *name)
{
    struct zone_cursor at;
    struct zone_node node;
    (void)zone_seek(z, name, &at);
    while (zone_next(&at, &node) && name_is_at_or_below(node.owner, name)) {
        bool is_star = (node.flags & NODE_WILDCARD) != 0 && name_compare(node.owner + 2, name) == 0;
        if (name_is_below(node.owner, name) && !is_star && (node.flags & NODE_NSEC3) == 0)
            return true;
    }
    return false;
}

/* "*.name" asks for names below: the walk goes by the literal star, which the wildcard, if there is
   one, answers as itself, and which a wildcard, DNAME or cut above answers like any other name. */
static void judge_subdomains(struct look *l, const struct answer *a, const uint8_t *base)
{
    const struct answer_step *first = &a->steps[0];
    bool is_empty = a->end == ANSWER_NOTHING || a->end == ANSWER_EMPTY ||
                    (a->end == ANSWER_NODE && !node_is_usable(&answer_last(a)->node));
    if (a->n > 1 || !is_empty) {
        judge(l, a);
        return;
    }
    if (first->snapshot == NULL || has_names_below(first->snapshot, base))
        return;
    report(l, &rule_name_wildcard_absent,
           a->end == ANSWER_NODE ? "the wildcard has no address" : "no name below it in the zone");
}

/* ------------------------------------------------------------------ one listed name */

static int know_chain(struct names *c, const struct answer *a)
{
    for (size_t i = 0; i < a->n; i++) {
        int err = names_know(c, a->steps[i].name, false);
        if (err == 0 && a->steps[i].has_node)
            err = names_know(c, a->steps[i].node.owner, false);
        if (err != 0)
            return err;
    }
    return 0;
}

static void unmanaged(struct look *l)
{
    if (!l->item->domain->third_party)
        report(l, &rule_name_unmanaged, "in no managed zone");
}

static int check_listed(struct names *c, const struct listed_name *item)
{
    const struct inv_domain *d = item->domain;
    struct look l = {.c = c, .item = item};
    snprintf(l.text, sizeof(l.text), "%s%s", domain_star(d), d->text);
    if (d->third_party)
        report(&l, &rule_name_third_party, "operated by a third party");
    if (inventory_zone_of(c->set->inv, d->name) == NULL) {
        unmanaged(&l);
        return 0;
    }
    uint8_t name[256] = {1, '*'};
    size_t len = name_len(d->name);
    if (d->subdomains && len + 2 > 255)
        return 0; /* no room for a label below it */
    memcpy(name + (d->subdomains ? 2 : 0), d->name, len);
    answer_follow(c->set, name, c->answer);
    if (d->subdomains)
        judge_subdomains(&l, c->answer, d->name);
    else
        judge(&l, c->answer);
    int err = names_know(c, d->name, d->subdomains);
    return err != 0 ? err : know_chain(c, c->answer);
}

/* ------------------------------------------------------------------ the web host */

/* What is wrong with the place where all MUD URLs point to; NULL: nothing that could be known. */
static const char *web_host_fault(const struct answer *a)
{
    const struct zone_node *node = &answer_last(a)->node;
    switch (a->end) {
    case ANSWER_NODE:
        if (zone_node_has_data(node, KNOT_RRTYPE_A) || zone_node_has_data(node, KNOT_RRTYPE_AAAA))
            return NULL;
        return "the host of all MUD URLs has no address";
    case ANSWER_EMPTY:
    case ANSWER_NOTHING:
        return a->n == 1 ? "the host of all MUD URLs is not in the zone"
                         : "the host of all MUD URLs is a CNAME that leads nowhere";
    case ANSWER_LOOP:
    case ANSWER_LONG:
    case ANSWER_OVERFLOW: return "the host of all MUD URLs is a CNAME that leads nowhere";
    case ANSWER_DELEGATED:
    case ANSWER_OUTSIDE:
    case ANSWER_UNLOADED: break;
    }
    return NULL;
}

static void check_web_host(struct names *c)
{
    const struct inventory *inv = c->set->inv;
    if (inv->publication.host == NULL)
        return;
    answer_follow(c->set, inv->publication.host, c->answer);
    const char *fault = web_host_fault(c->answer);
    if (fault != NULL)
        diag_add(c->diags, &rule_web_host_no_address, inv->publication.where,
                 inv->publication.host_text, "%s", fault);
}

/* ------------------------------------------------------------------ all */

int names_know(struct names *c, const uint8_t *name, bool subdomains)
{
    size_t len = name_len(name);
    const uint8_t *kept = arena_dup(c->arena, name, len);
    if (kept == NULL)
        return ERR_NOMEM;
    const struct map_key key = {.part = subdomains ? c : NULL, .bytes = kept, .len = len};
    const void *old;
    return name_map_add(c->known, key, kept, &old);
}

int names_check(const struct zone_set *set, struct diags *diags)
{
    AUTO(listed_names) struct listed_names listed = {0};
    AUTO_PTR(arena) struct arena *arena = arena_new();
    AUTO_PTR(name_map) struct name_map *known = name_map_new();
    AUTO_PTR(answer) struct answer *answer = answer_new();
    if (arena == NULL || known == NULL || answer == NULL)
        return ERR_NOMEM;
    struct names c = {set, diags, arena, known, answer, false};
    check_web_host(&c);
    int err = listed_names_take(set->inv, &listed);
    for (size_t i = 0; err == 0 && i < listed.n; i++)
        err = check_listed(&c, &listed.items[i]);
    if (err == 0)
        err = names_unlisted(&c);
    return err == 0 && c.broken ? ERR_FINDINGS : err;
}
