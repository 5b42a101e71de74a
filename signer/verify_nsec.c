/*
 * signer/verify_nsec.c -- the NSEC chain, node by node (RFC 4034 s4, RFC 4035 s2.3).
 *
 * Each name of the chain is checked against the next one in the zone, so the chain as a whole is
 * right when each of its links is.
 */
#include <string.h>

#include "signer/verify.h"

static void check_next(struct verify_thread *t, const struct zone_rrset *set, struct bytes next,
                       const uint8_t *wanted)
{
    uint8_t lower[255]; /* as written in the file (RFC 6840 s5.1) */
    verify_name_lower(next.data, next.len, lower);
    if (next.len == name_len(wanted) && memcmp(lower, wanted, next.len) == 0)
        return;
    char found_text[NAME_TEXT_LEN];
    char wanted_text[NAME_TEXT_LEN];
    name_to_text(lower, found_text);
    name_to_text(wanted, wanted_text);
    VERIFY_FOUND(t, rule_nsec_next, set->line, set->owner, VT_NSEC, "next name %s", found_text);
    diag_expect(t->part->diags, "%s", wanted_text);
}

static void check_bitmap(struct verify_thread *t, const struct zone_node *n,
                         const struct zone_rrset *set, struct bytes found)
{
    AUTO(buf) struct buf why = {0};
    buf_clear(&t->data);
    verify_bitmap_of(n, VT_NSEC, &t->data);
    if (!verify_bitmap_same(found, buf_bytes(&t->data), &why))
        VERIFY_FOUND(t, rule_nsec_bitmap, set->line, n->owner, VT_NSEC, "bit map %s",
                     buf_str(&why));
}

void verify_nsec_extra(struct verify_thread *t, const struct zone_node *n)
{
    struct zone_rrset set;
    if (zone_node_rrset(n, VT_NSEC, &set) && set.rrs.count > 0)
        VERIFY_FOUND(t, rule_nsec_extra, set.line, n->owner, VT_NSEC,
                     "an NSEC at a name that is not in the chain");
}

void verify_nsec(struct verify_thread *t, const struct zone_node *n, const uint8_t *next)
{
    struct zone_rrset set;
    if (!zone_node_rrset(n, VT_NSEC, &set) || set.rrs.count == 0) {
        zone_node_set(n, 0, &set);
        VERIFY_FOUND(t, rule_nsec_missing, set.line, n->owner, VT_NSEC, "no NSEC");
        return;
    }
    t->part->denial++;
    if (set.rrs.count > 1)
        VERIFY_FOUND(t, rule_nsec_multiple, set.line, n->owner, VT_NSEC, "%u NSEC records",
                     set.rrs.count);
    knot_rdata_t *rd = set.rrs.rdata;
    for (uint16_t i = 0; i < set.rrs.count; i++, rd = knot_rdataset_next(rd)) {
        struct bytes rdata = {rd->data, rd->len};
        size_t len = verify_name_in(rdata);
        if (len == 0) {
            VERIFY_FOUND(t, rule_nsec_malformed, set.line, n->owner, VT_NSEC, "no next name");
            continue;
        }
        check_next(t, &set, (struct bytes){rd->data, len}, next);
        check_bitmap(t, n, &set, (struct bytes){rd->data + len, rd->len - len});
    }
}
