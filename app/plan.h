/*
 * app/plan.h -- what the next build would start or do with a zone's keys, compared with state
 * before anything happens.
 *
 * Pure but for plan_keys, which looks at state. Errors: ERR_NOMEM, ERR_LIMIT; plan_keys: those of
 * state_peek. Ownership: a plan owns all it points to.
 */
#pragma once

#include <jansson.h>

#include "app/app.h"
#include "app/pipeline.h"
#include "signer/life.h"

enum plan_kind {
    PLAN_NOTHING,
    PLAN_STEP,   /* a roll that is under way moves on */
    PLAN_START,  /* the zone gets its first keys */
    PLAN_ROLL,   /* a key's lifetime ends, or the user said so */
    PLAN_POLICY, /* the keys do not fit the policy: algorithm, single key or two, unsigned */
    PLAN_KIND_COUNT
};

struct key_plan {
    enum plan_kind kind;
    bool waits;                  /* for the end of the roll that is under way: nothing begins now */
    char what[LIFE_WHY_LEN];     /* "the next build would begin an algorithm rollover ..." */
    char clock[LIFE_WHY_LEN];    /* why the clock is doubted, or "" */
    struct life before;          /* as given */
    struct life after;           /* with planned keys: what the events' indices mean */
    struct life_events now;      /* the next build */
    struct life_events timeline; /* from now to the end, at the earliest */
    int64_t over_at; /* when the last key that goes has gone, at the earliest; 0: none */
};
void key_plan_done(struct key_plan *p);
DEFINE_AUTO(key_plan)

/* At params->now. The timeline is that of a parent that acts at once, and of builds and
   confirmations without delay. */
int key_plan_get(const struct life *l, const struct life_params *params,
                 struct key_plan *ret) MUST_USE;

/* Lines for people below a heading: the next build's steps, then the later ones. */
void key_plan_print(const struct app *app, const struct key_plan *p);
/* The stable members of a plan: docs/json.md. */
json_t *key_plan_json(const struct key_plan *p, const char *zone);

/* One event as in `simulate --json`. L: the life that its index means. */
json_t *life_event_json(const struct life_event *e, const struct life *l, const char *zone);

/* The TTLs as the next build will count with them, measured in ZONE: what is to be signed, or NULL.
 */
void life_params_of_zone(const struct site_zone *z, const struct zone *zone, int64_t now,
                         struct life_params *ret);

/* `check`: a note for each zone of SITE, checked, whose keys the next build would move. Without a
   state folder, or one that may not be read, nothing. */
int plan_keys(struct app *app, const struct site *site) MUST_USE;
