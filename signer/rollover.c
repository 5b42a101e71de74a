/*
 * life_step: which keys leave, which are made, and which parts go in and out, at one moment.
 */
#include "signer/rollover.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "common/timetext.h"

/* A clock that is set back this little is a clock being kept right. */
#define CLOCK_SLACK_S 300

struct step {
    struct life *life;
    struct life_view view;
    const struct life_maker *maker;
    struct life_events *events;
    bool is_new; /* the zone had no key when it began */
};

/* ------------------------------------------------------------------ the clock */

int64_t life_now(const struct life *l, const struct life_params *p)
{
    if (p->now < l->clock_at && p->now >= l->clock_at - CLOCK_SLACK_S)
        return l->clock_at;
    return p->now;
}

void life_clock_doubt(const struct life *l, const struct life_params *p, char ret[LIFE_WHY_LEN])
{
    char then[TIME_TEXT_LEN];
    ret[0] = 0;
    if (p->accept_clock)
        return;
    if (life_now(l, p) < l->clock_at) {
        time_format_rfc3339(l->clock_at, then);
        (void)snprintf(ret, LIFE_WHY_LEN,
                       "the clock is %" PRId64 " s behind the last run, which acted at %s",
                       l->clock_at - p->now, then);
    } else if (l->valid_until_at != 0 && p->now > l->valid_until_at) {
        time_format_rfc3339(l->valid_until_at, then);
        (void)snprintf(ret, LIFE_WHY_LEN,
                       "the last build was valid until %s, %" PRId64
                       " s ago: the clock jumped ahead, or nothing was built in time",
                       then, p->now - l->valid_until_at);
    }
}

/* What earlier runs wrote down from a clock that was ahead happened, at the latest, now. */
static void clamp_times(struct life *l, int64_t now)
{
    for (size_t i = 0; i < l->key_n; i++) {
        for (unsigned p = 0; p < KEY_PART_COUNT; p++) {
            struct part_times *t = &l->keys[i].parts[p];
            int64_t *times[] = {&t->in_at, &t->in_seen_at, &t->out_at, &t->out_seen_at};
            for (size_t j = 0; j < sizeof times / sizeof *times; j++)
                *times[j] = *times[j] > now ? now : *times[j];
        }
        int64_t *leave_at = &l->keys[i].leave_at;
        *leave_at = *leave_at > now ? now : *leave_at;
    }
    for (size_t i = 0; i < l->ttl_n; i++)
        l->ttls[i].out_at = l->ttls[i].out_at > now ? now : l->ttls[i].out_at;
    l->ds_public_at = l->ds_public_at > now ? now : l->ds_public_at;
    l->clock_at = now;
}

/* ------------------------------------------------------------------ events */

static int say(struct step *s, enum life_what what, size_t key, enum key_part part, const char *why)
{
    struct life_event e = {.at = s->view.now, .what = what, .key = key, .part = part};
    (void)snprintf(e.why, sizeof e.why, "%s", why);
    return life_events_add(s->events, &e);
}

static const char *why_in(const struct step *s, enum key_part part)
{
    switch (part) {
    case KEY_PART_DNSKEY:
        return s->view.is_signed ? "its algorithm's signatures are in all caches"
                                 : "the zone has no DS that could break";
    case KEY_PART_SIGS: return "caches know its DNSKEY, or none of its algorithm";
    case KEY_PART_DS:
        return s->view.params->policy->is_unsigned
                   ? "its .ds file was public, so that the parent may have it"
                   : "its DNSKEY and the signatures under it are in all caches";
    case KEY_PART_COUNT: break;
    }
    return "";
}

static const char *why_out(const struct step *s, enum key_part part)
{
    if (s->view.params->policy->is_unsigned)
        return part == KEY_PART_DS ? "the policy is unsigned" : "no DS of the zone is left";
    switch (part) {
    case KEY_PART_DNSKEY: return "nothing in any cache needs it";
    case KEY_PART_SIGS: return "its successor signs, or nobody asks for its algorithm";
    case KEY_PART_DS: return "its successor's DS is asked for";
    case KEY_PART_COUNT: break;
    }
    return "";
}

/* ------------------------------------------------------------------ keys that leave */

static int leave(struct step *s, size_t key, const char *why)
{
    s->life->keys[key].leave_at = s->view.now;
    return say(s, LIFE_LEAVES, key, KEY_PART_DNSKEY, why);
}

static int leave_all(struct step *s, const char *why)
{
    int err = ERR_OK;
    for (size_t i = 0; i < s->life->key_n && err == ERR_OK; i++) {
        if (s->life->keys[i].leave_at == 0)
            err = leave(s, i, why);
    }
    return err;
}

/* Those that fit it were made for it, by a run that failed before it stored the rest. */
static int leave_for_policy(struct step *s)
{
    const struct dnssec_policy *policy = s->view.params->policy;
    char why[LIFE_WHY_LEN];
    int err = ERR_OK;
    (void)snprintf(why, sizeof why, "policy %s asks for %s with %s", policy->name,
                   algorithm_text(policy->algorithm), policy->single_key ? "one key" : "two keys");
    for (size_t i = 0; i < s->life->key_n && err == ERR_OK; i++) {
        const struct life_key *k = &s->life->keys[i];
        if (k->leave_at == 0 && !key_fits_policy(k, policy))
            err = leave(s, i, why);
    }
    return err;
}

/* The key whose successor is due the longest; SIZE_MAX: none is. */
static size_t first_due(const struct step *s)
{
    size_t first = SIZE_MAX;
    int64_t first_at = 0;
    for (size_t i = 0; i < s->life->key_n; i++) {
        int64_t due_at = key_due_at(&s->view, &s->life->keys[i]);
        if (due_at != 0 && due_at <= s->view.now && (first == SIZE_MAX || due_at < first_at)) {
            first = i;
            first_at = due_at;
        }
    }
    return first;
}

/* One roll at a time: the next begins when the last one's keys have gone. */
static int begin_rolls(struct step *s)
{
    if (s->view.params->policy->is_unsigned)
        return leave_all(s, "the policy is unsigned");
    if (roll_under_way(&s->view) != SIZE_MAX)
        return ERR_OK;
    if (!keys_fit_policy(&s->view))
        return leave_for_policy(s);
    size_t due = first_due(s);
    return due == SIZE_MAX ? ERR_OK
                           : leave(s, due,
                                   "its lifetime, less the time to publish its successor, "
                                   "is over");
}

/* ------------------------------------------------------------------ keys that are missing */

static size_t staying(const struct life *l, bool (*does)(const struct life_key *k))
{
    for (size_t i = 0; i < l->key_n; i++) {
        if (l->keys[i].leave_at == 0 && does(&l->keys[i]))
            return i;
    }
    return SIZE_MAX;
}

static int make_key(struct step *s, enum key_role role, uint8_t algorithm)
{
    const char *why = s->is_new ? "the zone had no keys" : "to follow a key that goes";
    struct life_key k = {0};
    int err = s->maker->make(s->maker->ctx, role, algorithm, why, &k);
    if (err != ERR_OK)
        return err;
    k.made_at = s->view.now;
    err = life_add(s->life, &k);
    return err == ERR_OK ? say(s, LIFE_MADE, s->life->key_n - 1, KEY_PART_DNSKEY, why) : err;
}

/* Each function needs a key that stays. The other half of a pair decides what kind: a change of
   policy waits until no roll is under way. */
static int make_missing(struct step *s)
{
    const struct dnssec_policy *policy = s->view.params->policy;
    if (policy->is_unsigned)
        return ERR_OK;
    size_t for_keys = staying(s->life, key_signs_keys);
    size_t for_data = staying(s->life, key_signs_data);
    if (for_keys != SIZE_MAX && for_data != SIZE_MAX)
        return ERR_OK;
    if (for_keys != SIZE_MAX)
        return make_key(s, KEY_ZSK, s->life->keys[for_keys].algorithm);
    if (for_data != SIZE_MAX)
        return make_key(s, KEY_KSK, s->life->keys[for_data].algorithm);
    if (policy->single_key)
        return make_key(s, KEY_CSK, policy->algorithm);
    int err = make_key(s, KEY_KSK, policy->algorithm);
    return err == ERR_OK ? make_key(s, KEY_ZSK, policy->algorithm) : err;
}

/* ------------------------------------------------------------------ parts */

static int move_part(struct step *s, size_t key, enum key_part part, bool *ret_moved)
{
    struct part_times *t = &s->life->keys[key].parts[part];
    bool in = part_may_go_in(&s->view, key, part, NULL);
    if (!in && !part_may_go_out(&s->view, key, part, NULL))
        return ERR_OK;
    *(in ? &t->in_at : &t->out_at) = s->view.now;
    if (part == KEY_PART_DS)
        s->life->ds_public_at = 0;
    *ret_moved = true;
    return say(s, in ? LIFE_IN : LIFE_OUT, key, part, in ? why_in(s, part) : why_out(s, part));
}

/* Until nothing moves: a swap is one part going in, and another out because of it. Ends, since
   every part goes in once and out once. */
static int move_parts(struct step *s)
{
    int err = ERR_OK;
    bool moved = true;
    while (moved && err == ERR_OK) {
        moved = false;
        for (size_t i = 0; i < s->life->key_n; i++) {
            for (unsigned p = 0; p < KEY_PART_COUNT && err == ERR_OK; p++)
                err = move_part(s, i, (enum key_part)p, &moved);
        }
    }
    return err;
}

/* ------------------------------------------------------------------ all together */

/* What no cache holds any more needs no remembering. */
static void forget_ttls(struct life *l, const struct life_params *p, int64_t now)
{
    size_t n = 0;
    for (size_t i = 0; i < l->ttl_n; i++) {
        if (life_ttl_counts(&l->ttls[i], p->policy, now))
            l->ttls[n++] = l->ttls[i];
    }
    l->ttl_n = n;
}

int life_step(struct life *l, const struct life_params *p, const struct life_maker *maker,
              struct life_events *ret_events, char ret_clock_doubt[LIFE_WHY_LEN])
{
    life_clock_doubt(l, p, ret_clock_doubt);
    if (ret_clock_doubt[0] != 0)
        return ERR_OK;
    if (p->accept_clock)
        clamp_times(l, p->now);
    struct step s = {.life = l, .maker = maker, .events = ret_events, .is_new = l->key_n == 0};
    life_view(l, p, &s.view);
    l->clock_at = s.view.now;
    forget_ttls(l, p, s.view.now);
    int err = begin_rolls(&s);
    if (err == ERR_OK)
        err = make_missing(&s);
    return err == ERR_OK ? move_parts(&s) : err;
}
