/*
 * The state of a key's parts at a moment, and the waits of RFC 7583, one function per formula.
 * Pure.
 */
#include <stddef.h>

#include "signer/life.h"

/* ------------------------------------------------------------------ intervals */

/* RFC 7583 s3.2.1: Ipub = Dprp + TTLkey. After it, a DNSKEY RRset without the new key is in no
   cache. The same for a key that goes: none with it is. */
uint32_t interval_publication(const struct life_waits *w)
{
    return w->propagation_s + w->ttl_s[TTL_DNSKEY];
}

/* RFC 7583 s3.2.1: Iret = Dsgn + Dprp + TTLsig. Dsgn is 0: a build replaces all signatures at
   once. TTLsig is the largest TTL of the zone: a signature lives as long as what it covers. */
uint32_t interval_signatures(const struct life_waits *w)
{
    return w->propagation_s + w->ttl_s[TTL_ZONE];
}

/* RFC 7583 s3.3.1: Iret = DprpP + TTLds: after it no cache has the DS RRset that was replaced. */
uint32_t interval_ds(const struct life_waits *w)
{
    return w->parent_propagation_s + w->ttl_s[TTL_DS];
}

uint32_t interval_part(const struct life_waits *w, enum key_part part)
{
    switch (part) {
    case KEY_PART_DNSKEY: return interval_publication(w);
    case KEY_PART_SIGS: return interval_signatures(w);
    case KEY_PART_DS: return interval_ds(w);
    case KEY_PART_COUNT: break;
    }
    return 0;
}

/*
 * RFC 7583 s3.2.1: a ZSK's successor is published for Ipub, then signs; the old key goes after
 * Iret, and has gone Ipub later. s3.3.1: likewise with the DS between them. RFC 6781 s4.1.2 leaves
 * the parent's own delay out; it cannot be known.
 */
uint64_t interval_roll(const struct life_waits *w, enum key_role role)
{
    uint64_t keys = 2 * (uint64_t)interval_publication(w);
    uint64_t signatures = interval_signatures(w);
    switch (role) {
    case KEY_ZSK: return keys + signatures;
    case KEY_KSK: return keys + interval_ds(w);
    case KEY_CSK: return keys + signatures + interval_ds(w);
    }
    return 0;
}

/* ------------------------------------------------------------------ parts */

static bool is_over(int64_t from_at, uint32_t interval_s, int64_t now)
{
    return from_at != 0 && now >= from_at + interval_s;
}

enum part_state part_state(const struct part_times *t, uint32_t interval_s, int64_t now)
{
    if (t->out_at != 0)
        return is_over(t->out_seen_at, interval_s, now) ? PART_ABSENT : PART_FADING;
    if (t->in_at != 0)
        return is_over(t->in_seen_at, interval_s, now) ? PART_EVERYWHERE : PART_SPREADING;
    if (t->in_seen_at != 0)
        return PART_SPREADING;
    /* a DS that came unasked, and went: caches may have it */
    bool fades = t->out_seen_at != 0 && !is_over(t->out_seen_at, interval_s, now);
    return fades ? PART_FADING : PART_ABSENT;
}

int64_t part_settles_at(const struct part_times *t, uint32_t interval_s, int64_t now)
{
    int64_t seen_at = t->out_at != 0 || t->in_seen_at == 0 ? t->out_seen_at : t->in_seen_at;
    if (seen_at == 0 || is_over(seen_at, interval_s, now))
        return 0;
    return seen_at + interval_s;
}

enum part_state key_part_state(const struct life_key *k, enum key_part part,
                               const struct life_waits *w, int64_t now)
{
    return part_state(&k->parts[part], interval_part(w, part), now);
}

/* ------------------------------------------------------------------ keys */

static bool is_in(const struct life_key *k, enum key_part part)
{
    return k->parts[part].in_at != 0 && k->parts[part].out_at == 0;
}

static bool is_gone(const struct life_key *k, const struct life_waits *w, int64_t now)
{
    for (unsigned p = 0; p < KEY_PART_COUNT; p++) {
        if (key_part_state(k, (enum key_part)p, w, now) != PART_ABSENT)
            return false;
    }
    return true;
}

/* Is the part that the role is for in use? RFC 7583 s3.1: a KSK is active once its DS is there. */
static bool is_relied_on(const struct life_key *k)
{
    bool signs = is_in(k, KEY_PART_SIGS) && is_in(k, KEY_PART_DNSKEY);
    bool has_ds = is_in(k, KEY_PART_DS) && k->parts[KEY_PART_DS].in_seen_at != 0;
    switch (k->role) {
    case KEY_ZSK: return signs;
    case KEY_KSK: return has_ds;
    case KEY_CSK: return signs || has_ds;
    }
    return false;
}

enum key_state key_state(const struct life_key *k, const struct life_waits *w, int64_t now)
{
    bool gone = is_gone(k, w, now);
    if (k->leave_at != 0 && gone)
        return KEY_REMOVED;
    if (is_relied_on(k))
        return KEY_ACTIVE;
    if (k->leave_at != 0)
        return KEY_RETIRED;
    if (key_part_state(k, KEY_PART_DNSKEY, w, now) == PART_EVERYWHERE)
        return KEY_READY;
    return gone ? KEY_GENERATED : KEY_PUBLISHED;
}

int64_t key_active_at(const struct life_key *k)
{
    int64_t signs_at = k->parts[KEY_PART_SIGS].in_seen_at;
    if (k->role == KEY_ZSK)
        return signs_at;
    if (k->parts[KEY_PART_DS].in_seen_at != 0)
        return k->parts[KEY_PART_DS].in_seen_at;
    return k->parts[KEY_PART_DNSKEY].in_seen_at;
}
