/* Why nothing happens: what each key that comes or goes waits for, and when that may end. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "common/grow.h"
#include "common/timetext.h"
#include "signer/rollover.h"

/* ------------------------------------------------------------------ blocks */

static bool is_said(const struct life_blocks *l, const struct life_block *b)
{
    for (size_t i = 0; i < l->n; i++) {
        if (l->items[i].what == b->what && l->items[i].key == b->key && l->items[i].part == b->part)
            return true;
    }
    return false;
}

static int add(struct life_blocks *l, const struct life_block *b)
{
    if (is_said(l, b)) /* several steps wait for one thing */
        return ERR_OK;
    struct life_block *items = grow_items(l->items, l->n, &l->cap, sizeof *items);
    if (items == NULL)
        return ERR_NOMEM;
    l->items = items;
    l->items[l->n++] = *b;
    return ERR_OK;
}

/* The next step of a part: B->what is WAIT_BUILD when it may be taken now. False: it has none. */
static bool next_step(const struct life_view *v, size_t key, enum key_part part,
                      struct life_block *b)
{
    const struct life_key *k = &v->life->keys[key];
    bool out = part_is_in(k, part);
    *b = (struct life_block){.key = key, .part = part};
    bool may = out ? part_may_go_out(v, key, part, b) : part_may_go_in(v, key, part, b);
    if (may) {
        b->what = WAIT_BUILD;
        b->until_at = v->now;
        (void)snprintf(b->why, sizeof b->why, "the next build takes it %s", out ? "out" : "in");
    }
    return b->what != WAIT_NOTHING;
}

/* Nothing moves any more of this key, but it is not yet what it will be. */
static bool is_settling(const struct life_view *v, size_t key, enum key_part part,
                        struct life_block *b)
{
    const struct life_key *k = &v->life->keys[key];
    enum part_state s = key_part_state(k, part, &v->waits, v->now);
    if (s != PART_SPREADING && s != PART_FADING)
        return false;
    *b = (struct life_block){.key = key, .part = part};
    part_wait(v, key, part, b);
    return true;
}

static int explain_key(const struct life_view *v, size_t key, struct life_blocks *ret)
{
    struct life_block b;
    bool any = false;
    int err = ERR_OK;
    for (unsigned p = 0; p < KEY_PART_COUNT && err == ERR_OK; p++) {
        if (next_step(v, key, (enum key_part)p, &b)) {
            any = true;
            err = add(ret, &b);
        }
    }
    for (unsigned p = 0; p < KEY_PART_COUNT && err == ERR_OK && !any; p++) {
        if (is_settling(v, key, (enum key_part)p, &b))
            err = add(ret, &b);
    }
    return err;
}

/* A step that waits for another step says nothing that the other does not. */
static bool is_indirect(const struct life_block *b)
{
    return b->what == WAIT_BUILD && b->until_at == 0;
}

static void drop_indirect(struct life_blocks *l)
{
    size_t direct = 0;
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++)
        direct += is_indirect(&l->items[i]) ? 0 : 1;
    for (size_t i = 0; i < l->n && direct > 0; i++) {
        if (!is_indirect(&l->items[i]))
            l->items[n++] = l->items[i];
    }
    l->n = direct > 0 ? n : l->n;
}

/* ------------------------------------------------------------------ what comes after */

static int explain_rest(const struct life_view *v, struct life_blocks *ret)
{
    struct life_block b = {.what = WAIT_NOTHING};
    int64_t first_at = 0;
    for (size_t i = 0; i < v->life->key_n; i++) {
        int64_t due_at = key_due_at(v, &v->life->keys[i]);
        if (due_at != 0 && (first_at == 0 || due_at < first_at)) {
            first_at = due_at;
            b.key = i;
        }
    }
    b.until_at = first_at;
    (void)snprintf(b.why, sizeof b.why, "%s",
                   first_at == 0 ? "no roll is under way, and no key has a lifetime that ends"
                                 : "no roll is under way; the next begins when a lifetime ends");
    return add(ret, &b);
}

static int explain_clock(const char *doubt, struct life_blocks *ret)
{
    struct life_block b = {.what = WAIT_CLOCK};
    (void)snprintf(b.why, sizeof b.why, "%s", doubt);
    return add(ret, &b);
}

int life_explain(const struct life *l, const struct life_params *p, struct life_blocks *ret)
{
    struct life_view v;
    char doubt[LIFE_WHY_LEN];
    life_view(l, p, &v);
    life_clock_doubt(l, p, doubt);
    int err = doubt[0] == 0 ? ERR_OK : explain_clock(doubt, ret);
    for (size_t i = 0; i < l->key_n && err == ERR_OK; i++) {
        if (key_state(&l->keys[i], &v.waits, v.now) != KEY_REMOVED)
            err = explain_key(&v, i, ret);
    }
    drop_indirect(ret);
    return err == ERR_OK && ret->n == 0 ? explain_rest(&v, ret) : err;
}

/* ------------------------------------------------------------------ when something may happen */

bool life_is_rolling(const struct life *l, const struct life_params *p)
{
    struct life_view v;
    life_view(l, p, &v);
    return roll_under_way(&v) != SIZE_MAX;
}

static int make_nothing(void *ctx, enum key_role role, uint8_t algorithm, const char *why,
                        struct life_key *ret)
{
    (void)ctx;
    (void)why;
    *ret = (struct life_key){.role = role, .algorithm = algorithm, .planned = true};
    return ERR_OK;
}

static bool moves_now(const struct life *l, const struct life_params *p)
{
    static const struct life_maker maker = {.make = make_nothing};
    AUTO(life) struct life copy = {0};
    AUTO(life_events) struct life_events events = {0};
    char doubt[LIFE_WHY_LEN];
    return life_dup(l, &copy) == ERR_OK && life_step(&copy, p, &maker, &events, doubt) == ERR_OK &&
           events.n > 0;
}

static void earlier(int64_t *first_at, int64_t at)
{
    if (at != 0 && (*first_at == 0 || at < *first_at))
        *first_at = at;
}

int64_t life_next_at(const struct life *l, const struct life_params *p)
{
    struct life_view v;
    int64_t first_at = 0;
    if (moves_now(l, p))
        return life_now(l, p);
    life_view(l, p, &v);
    bool idle = roll_under_way(&v) == SIZE_MAX; /* else lifetimes wait for their turn */
    for (size_t i = 0; i < l->key_n; i++) {
        const struct life_key *k = &l->keys[i];
        for (unsigned part = 0; part < KEY_PART_COUNT; part++)
            earlier(&first_at,
                    part_settles_at(&k->parts[part], interval_part(&v.waits, (enum key_part)part),
                                    v.now));
        int64_t due_at = idle ? key_due_at(&v, k) : 0;
        earlier(&first_at, due_at > v.now ? due_at : 0);
    }
    return first_at;
}
