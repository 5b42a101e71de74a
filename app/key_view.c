#include "app/key_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/when.h"

#define DIGEST_PREFIX_MIN 6 /* fewer digits are a tag */

void key_name_text(const struct life_key *k, char out[KEY_NAME_LEN])
{
    if (k->planned)
        (void)snprintf(out, KEY_NAME_LEN, "%s %.20s", key_role_text(k->role), k->digest);
    else
        (void)snprintf(out, KEY_NAME_LEN, "%s %u", key_role_text(k->role), k->tag);
}

/* ------------------------------------------------------------------ since when */

static int64_t until(int64_t at, int64_t now)
{
    return at <= now ? at : 0;
}

/* The part as it was at NOW, before what came later. */
static struct part_times part_at(const struct part_times *t, int64_t now)
{
    return (struct part_times){until(t->in_at, now), until(t->in_seen_at, now),
                               until(t->out_at, now), until(t->out_seen_at, now)};
}

static struct life_key key_at(const struct life_key *k, int64_t now)
{
    struct life_key then = *k;
    then.leave_at = until(k->leave_at, now);
    for (unsigned p = 0; p < KEY_PART_COUNT; p++)
        then.parts[p] = part_at(&k->parts[p], now);
    return then;
}

#define PART_MOMENTS 6
#define KEY_MOMENTS  (2 + PART_MOMENTS * KEY_PART_COUNT)

static int64_t later(int64_t at, uint32_t by_s)
{
    return at == 0 ? 0 : at + by_s;
}

/* Every moment at which a part can become something else. */
static void part_moments(const struct part_times *t, uint32_t interval_s, int64_t ret[PART_MOMENTS])
{
    const int64_t all[PART_MOMENTS] = {t->in_at,
                                       t->in_seen_at,
                                       t->out_at,
                                       t->out_seen_at,
                                       later(t->in_seen_at, interval_s),
                                       later(t->out_seen_at, interval_s)};
    memcpy(ret, all, sizeof all);
}

/* What became of the key or part that CTX means, at a moment. */
typedef int state_of(const void *ctx, int64_t at);

/* The earliest of MOMENTS since which the state has been what it is at NOW; 0: it never changed. */
static int64_t since(state_of *state, const void *ctx, const int64_t *moments, size_t n,
                     int64_t now)
{
    const int today = state(ctx, now);
    int64_t changed_at = 0; /* the last moment after which it was something else */
    for (size_t i = 0; i < n; i++) {
        if (moments[i] != 0 && moments[i] <= now && moments[i] > changed_at &&
            state(ctx, moments[i]) != today)
            changed_at = moments[i];
    }
    int64_t first_at = 0;
    for (size_t i = 0; i < n; i++) {
        if (moments[i] > changed_at && moments[i] <= now &&
            (first_at == 0 || moments[i] < first_at))
            first_at = moments[i];
    }
    return first_at;
}

struct key_moment {
    const struct life_key *key;
    const struct life_waits *waits;
    enum key_part part;
};

static int whole_state(const void *ctx, int64_t at)
{
    const struct key_moment *m = ctx;
    struct life_key then = key_at(m->key, at);
    return (int)key_state(&then, m->waits, at);
}

static int one_part_state(const void *ctx, int64_t at)
{
    const struct key_moment *m = ctx;
    struct life_key then = key_at(m->key, at);
    return (int)key_part_state(&then, m->part, m->waits, at);
}

int64_t key_state_since(const struct life_key *k, const struct life_waits *w, int64_t now)
{
    const struct key_moment m = {.key = k, .waits = w};
    int64_t moments[KEY_MOMENTS] = {k->made_at, k->leave_at};
    for (unsigned p = 0; p < KEY_PART_COUNT; p++)
        part_moments(&k->parts[p], interval_part(w, (enum key_part)p),
                     moments + 2 + PART_MOMENTS * p);
    return since(whole_state, &m, moments, KEY_MOMENTS, now);
}

int64_t key_part_since(const struct life_key *k, enum key_part part, const struct life_waits *w,
                       int64_t now)
{
    const struct key_moment m = {.key = k, .waits = w, .part = part};
    int64_t moments[PART_MOMENTS];
    part_moments(&k->parts[part], interval_part(w, part), moments);
    return since(one_part_state, &m, moments, PART_MOMENTS, now);
}

bool key_has_part(const struct life_key *k, enum key_part part)
{
    bool was_in = k->parts[part].in_at != 0;
    switch (part) {
    case KEY_PART_DNSKEY: return true;
    case KEY_PART_SIGS: return was_in || k->role != KEY_KSK;
    case KEY_PART_DS: return was_in || k->role != KEY_ZSK;
    case KEY_PART_COUNT: break;
    }
    return false;
}

/* ------------------------------------------------------------------ rolls */

bool key_is_leaving(const struct zone_overview *z, const struct life_key *k)
{
    return k->leave_at != 0 && key_state(k, &z->waits, z->params.now) != KEY_REMOVED;
}

bool key_is_coming(const struct zone_overview *z, const struct life_key *k)
{
    if (k->leave_at != 0)
        return false;
    if (key_part_state(k, KEY_PART_DNSKEY, &z->waits, z->params.now) != PART_EVERYWHERE)
        return true;
    return k->role != KEY_KSK &&
           key_part_state(k, KEY_PART_SIGS, &z->waits, z->params.now) != PART_EVERYWHERE;
}

/* ------------------------------------------------------------------ the parent */

const char *ds_want_text(enum ds_want w)
{
    static const char *const words[] = {"none", "add", "stays", "may-go"};
    return words[w];
}

enum ds_want key_ds_want(const struct life_key *k)
{
    const struct part_times *t = &k->parts[KEY_PART_DS];
    if (t->in_at == 0)
        return DS_NONE;
    if (t->out_at != 0)
        return t->out_seen_at == 0 ? DS_MAY_GO : DS_NONE;
    return t->in_seen_at == 0 ? DS_ADD : DS_STAYS;
}

int64_t key_ds_since(const struct life_key *k)
{
    const struct part_times *t = &k->parts[KEY_PART_DS];
    switch (key_ds_want(k)) {
    case DS_NONE: break;
    case DS_ADD: return t->in_at;
    case DS_STAYS: return t->in_seen_at;
    case DS_MAY_GO: return t->out_at;
    }
    return 0;
}

/* ------------------------------------------------------------------ JSON */

static json_t *part_json(const struct zone_overview *z, const struct life_key *k,
                         enum key_part part)
{
    const struct part_times *t = &k->parts[part];
    int64_t now = z->params.now;
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "state",
                     part_state_text(key_part_state(k, part, &z->waits, now)), "since",
                     when_json(key_part_since(k, part, &z->waits, now)), "in", when_json(t->in_at),
                     "in-seen", when_json(t->in_seen_at), "out", when_json(t->out_at), "out-seen",
                     when_json(t->out_seen_at), "settles",
                     when_json(part_settles_at(t, interval_part(&z->waits, part), now)));
}

json_t *key_json(const struct zone_overview *z, const struct life_key *k)
{
    json_t *parts = json_object();
    for (unsigned p = 0; p < KEY_PART_COUNT; p++) {
        if (key_has_part(k, (enum key_part)p))
            (void)json_object_set_new(parts, key_part_text((enum key_part)p),
                                      part_json(z, k, (enum key_part)p));
    }
    const char *algorithm = algorithm_text(k->algorithm);
    return json_pack("{s:s, s:i, s:s, s:s, s:s, s:o, s:o, s:o, s:b, s:s, s:o}", "digest", k->digest,
                     "key-tag", (int)k->tag, "role", key_role_text(k->role), "algorithm",
                     algorithm == NULL ? "?" : algorithm, "state",
                     key_state_text(key_state(k, &z->waits, z->params.now)), "since",
                     when_json(key_state_since(k, &z->waits, z->params.now)), "made",
                     when_json(k->made_at), "leaves-since", when_json(k->leave_at), "compromised",
                     (int)k->compromised, "ds", ds_want_text(key_ds_want(k)), "parts", parts);
}

/* ------------------------------------------------------------------ the key that a word means */

static bool is_meant(const struct life_key *k, const char *word)
{
    size_t len = strlen(word);
    if (len >= DIGEST_PREFIX_MIN)
        return strncmp(k->digest, word, len) == 0;
    return len > 0 && strspn(word, "0123456789") == len && strtoul(word, NULL, 10) == k->tag;
}

struct life_key *zone_key_find(const struct zone_overview *z, const char *word, size_t *ret_n)
{
    struct life_key *found = NULL;
    *ret_n = 0;
    for (size_t i = 0; i < z->life.key_n; i++) {
        if (!is_meant(&z->life.keys[i], word))
            continue;
        found = found == NULL ? &z->life.keys[i] : found;
        ++*ret_n;
    }
    return found;
}

static void list_keys(const struct zone_overview *z, const char *word, struct buf *out)
{
    char name[KEY_NAME_LEN];
    for (size_t i = 0; i < z->life.key_n; i++) {
        const struct life_key *k = &z->life.keys[i];
        if (word != NULL && !is_meant(k, word))
            continue;
        key_name_text(k, name);
        buf_printf(out, "%s%s (%.16s)", out->len == 0 ? "" : ", ", name, k->digest);
    }
}

int zone_key_pick(const struct app *app, const struct zone_overview *z, const char *word,
                  struct life_key **ret)
{
    AUTO(buf) struct buf list = {0};
    size_t n = 0;
    struct life_key *k = zone_key_find(z, word, &n);
    if (n == 1) {
        *ret = k;
        return ERR_OK;
    }
    list_keys(z, n == 0 ? NULL : word, &list);
    if (!buf_ok(&list))
        return ERR_NOMEM;
    if (n > 1)
        return usage_error(app, "'%s' could be %s; say more of the digest", word, buf_str(&list));
    if (list.len == 0)
        return usage_error(app, "%s has no keys yet", z->inv->text);
    return usage_error(app,
                       "%s has no key '%s' (a tag, or 6 or more digits of a digest); it has %s",
                       z->inv->text, word, buf_str(&list));
}
