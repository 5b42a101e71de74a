/*
 * signer/sheet.c -- the DNSSEC records of some nodes: signatures kept and signatures made.
 *
 * The records are laid out first, with room for each signature to make, then all of a key's are
 * made in one batch, right into their place. The check reads the records back and computes what was
 * signed from what it finds there.
 */
#include <stdlib.h>
#include <string.h>

#include <libknot/descriptor.h>

#include "common/err.h"
#include "common/limits.h"
#include "signer/chain.h"
#include "signer/given.h"
#include "signer/job.h"
#include "signer/keystore.h"
#include "signer/rrsig.h"
#include "zones/packed.h"

void sheet_clear(struct worker *w)
{
    leaf_maker_clear(&w->sheet);
    buf_clear(&w->data);
    w->slot_n = 0;
}

bool job_is_late(const struct job *job, const struct zone_node *node, uint16_t type)
{
    if ((node->flags & NODE_APEX) == 0)
        return false;
    return (type == KNOT_RRTYPE_ZONEMD && job->zonemd_is_late) ||
           (type == KNOT_RRTYPE_SOA && job->soa_is_late);
}

static int slot_open(struct worker *w, const struct slot *slot)
{
    if (w->slot_n == w->slot_cap) {
        size_t cap = w->slot_cap == 0 ? 512 : 2 * w->slot_cap;
        struct slot *slots = realloc(w->slots, cap * sizeof *slots);
        w->slots = slots == NULL ? w->slots : slots;
        struct crypto_work *work = realloc(w->work, cap * sizeof *work);
        w->work = work == NULL ? w->work : work;
        if (slots == NULL || work == NULL)
            return ERR_NOMEM;
        w->slot_cap = cap;
    }
    w->slots[w->slot_n++] = *slot;
    return ERR_OK;
}

/* ------------------------------------------------------------------ one RRset */

/* A signature of an RRset: kept, or to make. */
struct candidate {
    struct zone_sig sig;
    uint32_t key;
    bool kept;
};

static int is_good(struct worker *w, struct worker_key *k, const struct zone_rrset *set,
                   const struct zone_sig *sig, bool *ret)
{
    const struct job *job = w->job;
    const struct key *key = k->of->use.key;
    *ret = k->is_proved || job->is_again;
    if (*ret)
        return ERR_OK;
    int err = k->public == NULL
                  ? crypto_public_new(key_algorithm(key), key_public_field(key), &k->public)
                  : ERR_OK;
    if (err != ERR_OK)
        return err;
    size_t before = w->data.len;
    rrsig_data(set, sig, &w->data);
    if (!buf_ok(&w->data))
        return ERR_NOMEM;
    struct bytes data = {w->data.data + before, w->data.len - before};
    *ret = crypto_verify(k->public, data, sig->signature) == ERR_OK;
    w->data.len = before;
    return ERR_OK;
}

/* KEY cannot sign: the better of the signature kept and the one given, which must be there. */
static int choose_given(struct worker *w, const struct zone_rrset *set, struct candidate *c)
{
    const struct key *key = w->keys[c->key].of->use.key;
    struct zone_sig given;
    bool found = false;
    int err = given_find(w->job, key, set, &given, &found);
    if (err != ERR_OK)
        return err;
    if (found && (!c->kept || given_is_better(w->job, &given, &c->sig))) {
        c->sig = given;
        c->kept = true;
    }
    if (!c->kept)
        w->missed = key;
    return c->kept ? ERR_OK : ERR_KEY;
}

/* KEY's signature of SET among those of OLD (the same RRset of the old node), or a new one. */
static int choose(struct worker *w, const struct zone_rrset *set, const struct zone_rrset *old,
                  struct candidate *c)
{
    struct worker_key *k = &w->keys[c->key];
    const struct key *key = k->of->use.key;
    const uint8_t *pos = old == NULL ? NULL : old->sigs;
    for (uint32_t i = 0; old != NULL && i < old->sig_n && !c->kept; i++) {
        sig_walk_next(old, &pos, &c->sig);
        if (!rrsig_fits(set, &c->sig, key, w->job->params))
            continue;
        int err = is_good(w, k, set, &c->sig, &c->kept);
        if (err != ERR_OK)
            return err;
    }
    if (key_is_public(key))
        return choose_given(w, set, c);
    if (!c->kept)
        rrsig_new(set, key, k->seed, w->job->params, &c->sig);
    return ERR_OK;
}

static void sort_candidates(struct candidate *c, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        for (size_t j = i; j > 0 && rrsig_compare(&c[j].sig, &c[j - 1].sig) < 0; j--) {
            struct candidate t = c[j];
            c[j] = c[j - 1];
            c[j - 1] = t;
        }
    }
}

static int candidate_add(struct worker *w, const struct zone_rrset *set, const struct candidate *c)
{
    struct buf *out = &w->sheet.octets;
    if (c->kept) {
        w->kept++;
        pack_sig(out, set, &c->sig);
        return ERR_OK;
    }
    const struct worker_key *k = &w->keys[c->key];
    size_t len = crypto_signature_len(key_private(k->of->use.key));
    struct slot slot = {.node = w->sheet.node_n, .key = c->key, .data_at = w->data.len};
    slot.at = pack_sig_room(out, c->sig.algorithm, c->sig.key_tag, c->sig.expiration,
                            c->sig.inception, len);
    rrsig_data(set, &c->sig, &w->data);
    slot.data_len = w->data.len - slot.data_at;
    return slot_open(w, &slot);
}

static int add_set(struct worker *w, const struct zone_node *node, const struct zone_rrset *set,
                   const struct zone_node *old_node, bool *ret_any)
{
    struct candidate c[LIMIT_ZONE_KEYS];
    size_t n = 0;
    bool is_apex = (node->flags & NODE_APEX) != 0;
    bool wanted = chain_is_signed(node, set->type) && !job_is_late(w->job, node, set->type);
    struct zone_rrset old;
    bool same = wanted && old_node != NULL && zone_node_rrset(old_node, set->type, &old) &&
                old.ttl == set->ttl && knot_rdataset_eq(&old.rrs, &set->rrs);
    for (uint32_t i = 0; i < w->key_n && wanted; i++) {
        if (!sign_key_signs(&w->keys[i].of->use, set->type, is_apex))
            continue;
        if (n == LIMIT_ZONE_KEYS)
            return ERR_LIMIT;
        c[n] = (struct candidate){.key = i};
        int err = choose(w, set, same ? &old : NULL, &c[n++]);
        if (err != ERR_OK)
            return err;
    }
    *ret_any = *ret_any || n > 0;
    sort_candidates(c, n);
    pack_list_open(&w->sheet.octets, (uint32_t)n, 0);
    int err = ERR_OK;
    for (size_t i = 0; i < n && err == ERR_OK; i++)
        err = candidate_add(w, set, &c[i]);
    return err;
}

/* ------------------------------------------------------------------ one node */

static int add_sets(struct worker *w, const struct zone_node *node, const struct zone_rrset *nsec,
                    const struct zone_node *old, uint32_t *ret_n, bool *ret_any)
{
    struct set_walk walk;
    struct zone_rrset set;
    int err = ERR_OK;
    set_walk_first(node, &walk);
    for (bool more = true; more && err == ERR_OK;) {
        more = set_walk_next(&walk, &set);
        if (nsec != NULL && (!more || set.type > nsec->type)) {
            err = add_set(w, node, nsec, old, ret_any);
            nsec = NULL;
            ++*ret_n;
        }
        if (more && err == ERR_OK) {
            err = add_set(w, node, &set, old, ret_any);
            ++*ret_n;
        }
    }
    return err;
}

int sheet_add(struct worker *w, const struct zone_node *node, const uint8_t *next,
              const struct zone_node *old)
{
    struct zone_node content;
    pack_view(node->apex, node->content, NULL, &content);
    w->contents[w->sheet.node_n] = node->content;
    if (!chain_is_authoritative(&content) && (content.flags & NODE_NSEC3) == 0) {
        leaf_add_dnssec(&w->sheet, &content, NULL);
        return ERR_OK;
    }
    struct zone_rrset nsec;
    int err = ERR_OK;
    if (next != NULL)
        err = chain_nsec(&content, next, w->job->denial_ttl, &w->nsec, &nsec);
    if (err != ERR_OK)
        return err;
    uint32_t sets = 0;
    bool any = next != NULL;
    size_t start = pack_dnssec_open(&w->sheet.octets);
    if (next != NULL)
        pack_set(&w->sheet.octets, &nsec);
    err = add_sets(w, &content, next == NULL ? NULL : &nsec, old, &sets, &any);
    pack_dnssec_close(&w->sheet.octets, start, next != NULL, sets);
    if (err != ERR_OK || !buf_ok(&w->sheet.octets) || !buf_ok(&w->data))
        return err != ERR_OK ? err : ERR_NOMEM;
    if (!any) { /* nothing is signed */
        w->sheet.octets.len = start;
        leaf_add_dnssec(&w->sheet, &content, NULL);
    } else {
        leaf_note_dnssec(&w->sheet, &content, start);
    }
    return ERR_OK;
}

/* ------------------------------------------------------------------ signatures */

static int failed_at(struct worker *w, size_t slot)
{
    const struct slot *s = &w->slots[slot];
    const uint8_t *owner = pack_owner(w->contents[s->node]);
    memcpy(w->failed_owner, owner, name_len(owner));
    w->failed_type = (uint16_t)(w->data.data[s->data_at] << 8 | w->data.data[s->data_at + 1]);
    w->failed = true;
    return ERR_CRYPTO;
}

/* What was signed, once more, from the records at OCTETS; the slots then say where it lies. */
static int read_back(struct worker *w, const uint8_t *octets)
{
    buf_clear(&w->data);
    size_t at = 0;
    for (uint32_t i = 0; i < w->sheet.node_n && at < w->slot_n; i++) {
        if (w->slots[at].node != i)
            continue;
        struct zone_node node;
        struct set_walk walk;
        struct zone_rrset set;
        pack_view(w->job->zone->apex, w->contents[i], octets + w->sheet.offset[i], &node);
        set_walk_first(&node, &walk);
        while (set_walk_next(&walk, &set)) {
            const uint8_t *pos = set.sigs;
            for (uint32_t j = 0; j < set.sig_n && at < w->slot_n; j++) {
                struct zone_sig sig;
                sig_walk_next(&set, &pos, &sig);
                if (sig.signature.data != octets + w->slots[at].at)
                    continue; /* a kept one */
                w->slots[at].data_at = w->data.len;
                rrsig_data(&set, &sig, &w->data);
                w->slots[at].data_len = w->data.len - w->slots[at].data_at;
                at++;
            }
        }
    }
    if (!buf_ok(&w->data))
        return ERR_NOMEM;
    return at == w->slot_n ? ERR_OK : ERR_INTERNAL;
}

/* The slots of KEY as work, in order. */
static size_t gather(struct worker *w, uint32_t key, uint8_t *octets)
{
    size_t n = 0;
    for (size_t i = 0; i < w->slot_n; i++) {
        const struct slot *s = &w->slots[i];
        if (s->key == key)
            w->work[n++] =
                (struct crypto_work){{w->data.data + s->data_at, s->data_len}, octets + s->at};
    }
    return n;
}

static size_t slot_of(const struct worker *w, uint32_t key, size_t nth)
{
    size_t i = 0;
    for (; i + 1 < w->slot_n; i++) {
        if (w->slots[i].key == key && nth-- == 0)
            break;
    }
    return i;
}

/* Who watches counts kept signatures as done. */
static void tell_progress(struct worker *w)
{
    struct sign_progress *progress = w->job->params->progress;
    if (progress != NULL)
        atomic_fetch_add_explicit(&progress->done, w->slot_n + w->kept, memory_order_relaxed);
    w->kept = 0;
}

int sheet_sign(struct worker *w, uint8_t *octets)
{
    for (uint32_t k = 0; k < w->key_n; k++) {
        size_t n = gather(w, k, octets);
        int err = n == 0 ? ERR_OK : crypto_sign_batch(w->keys[k].signer, w->work, n);
        if (err != ERR_OK)
            return err == ERR_CRYPTO ? failed_at(w, slot_of(w, k, 0)) : err;
        w->made += n;
    }
    if (w->job->params->self_check != SELF_CHECK_OFF && w->slot_n > 0) {
        int err = read_back(w, octets);
        for (uint32_t k = 0; k < w->key_n && err == ERR_OK; k++) {
            size_t bad = 0;
            size_t n = gather(w, k, octets);
            err = n == 0 ? ERR_OK : crypto_check_batch(w->keys[k].checker, w->work, n, &bad);
            if (err == ERR_CRYPTO)
                err = failed_at(w, slot_of(w, k, bad));
        }
        if (err != ERR_OK)
            return err;
    }
    tell_progress(w);
    return ERR_OK;
}
