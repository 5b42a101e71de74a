/*
 * app/observe.h -- one run of `mudzone observe`.
 */
#pragma once

#include "app/observation_write.h"
#include "app/pipeline.h"
#include "publish/notify.h"

#define RESOLVERS_MAX 3 /* as resolv.conf(5) */

struct observe_run {
    struct app *app;
    /* as the command line says */
    const char *dir;
    const char *resolver;
    const char *timeout;
    const char *out;
    bool notify;

    struct site site;
    struct parent_trust trust;
    struct ask_address resolvers[RESOLVERS_MAX];
    size_t resolver_n;
    struct observe_agent *agents;
    struct ask_key *keys;
    struct buf *secrets; /* wiped */
    size_t agent_n;
    struct ask_limits limits;
    int64_t began_ms;
    bool heard;    /* some answer came */
    json_t *zones; /* borrowed by the result */
};

struct observed { /* a zone, when its answers are there */
    const struct inv_zone *zone;
    const struct observe_params *params;
    const struct observe_result *found;
    const struct parent_view *view;
    const char *path;
};

/* observe_report.c: prints it, notifies where that is wanted, adds to the result. */
int observe_report(struct observe_run *c, const struct observed *o) MUST_USE;

/* observe_notify.c: tells the parent, when it should know. RET: a list of what was sent. */
int observe_notify(struct observe_run *c, const struct observed *o, json_t *ret) MUST_USE;
