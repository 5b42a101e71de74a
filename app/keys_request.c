/*
 * app/keys_request.c -- `keys request`: what the offline KSK is asked to sign, planned until a
 * date, with the ZSKs that the rolls until then will need.
 */
#include <stdlib.h>
#include <string.h>

#include "app/ceremony.h"
#include "app/keys.h"
#include "app/overview.h"
#include "app/pipeline.h"
#include "app/rules_app.h"
#include "common/timetext.h"

#define SLACK_DEFAULT_S (3u * 86400u)

struct keys_request {
    struct app *app;
    int64_t until_at;
    const char *slack_text;
    uint32_t slack_s;
    const char *out;
    struct site site;
    const struct site_zone *zone;
    struct state *state;
    struct life life;
    struct life spares;
    struct life_params params;
    struct ksr_plan plan;
    struct skr_keys known; /* of state, spares included */
    struct ksr request;
    size_t made; /* spares */
    char *path;
};

static void keys_request_done(struct keys_request *r)
{
    free(r->path);
    ksr_done(&r->request);
    skr_keys_done(&r->known);
    ksr_plan_done(&r->plan);
    life_done(&r->spares);
    life_done(&r->life);
    state_close(r->state);
    site_done(&r->site);
}
DEFINE_AUTO(keys_request)

/* ------------------------------------------------------------------ what is known */

static int check_usage(struct keys_request *r)
{
    r->slack_s = SLACK_DEFAULT_S;
    if (r->until_at == 0)
        return usage_error(r->app, "--until DATE is missing");
    if (r->until_at <= r->app->now)
        return usage_error(r->app, "--until is not in the future");
    if (r->slack_text != NULL && !duration_parse(r->slack_text, &r->slack_s))
        return usage_error(r->app, "--slack: '%s' is not a duration; expected 3d, 12h or the like",
                           r->slack_text);
    return ERR_OK;
}

static int find_zone(struct keys_request *r, const char *name)
{
    const struct inv_zone *inv = NULL;
    int err = site_zone_pick(r->app, &r->site, name, &inv);
    for (size_t i = 0; i < r->site.zone_n && err == ERR_OK; i++) {
        if (r->site.zones[i].inv == inv)
            r->zone = &r->site.zones[i];
    }
    return err;
}

static int open_state(struct keys_request *r)
{
    uint32_t max_ttl_s = 0;
    uint32_t soa_expire_s = 0;
    int err = site_state_open(r->app, &r->site, &r->state);
    if (err == ERR_OK)
        err = state_life_get(r->state, r->zone->inv->name, &r->life);
    if (err != ERR_OK && err != ERR_ABSENT)
        return err;
    zone_times(r->zone->ready, &max_ttl_s, &soa_expire_s);
    r->params = (struct life_params){
        .policy = r->zone->inv->dnssec,
        .dnskey_ttl_s = r->zone->dnskey_ttl_s,
        .zone_ttl_s = max_ttl_s > r->zone->dnskey_ttl_s ? max_ttl_s : r->zone->dnskey_ttl_s,
        .now = r->app->now,
    };
    return ERR_OK;
}

/* Without an offline KSK nobody waits for a response. */
static int check_offline(struct keys_request *r)
{
    AUTO(skr_keys) struct skr_keys known = {0};
    int err = state_zone_keys(r->state, r->zone->inv->name, &known);
    for (size_t i = 0; i < known.n && err == ERR_OK; i++) {
        if (known.items[i].is_offline && known.items[i].role == KEY_KSK)
            return ERR_OK;
    }
    if (err != ERR_OK)
        return err;
    diag_add(r->app->diags, &rule_request_ksk, AT_NOWHERE, r->zone->inv->text,
             "the zone has no KSK that is kept offline");
    return ERR_KEY;
}

/* ------------------------------------------------------------------ ZSKs for the rolls to come */

/* The spare that build will take at the same roll: the eldest of its kind that is left. */
static bool use_spare(struct life *spares, struct life_key *planned)
{
    for (size_t i = 0; i < spares->key_n; i++) {
        struct life_key *s = &spares->keys[i];
        if (s->role != planned->role || s->algorithm != planned->algorithm || s->planned)
            continue;
        memcpy(planned->digest, s->digest, sizeof planned->digest);
        s->planned = true; /* taken */
        return true;
    }
    return false;
}

static int make_spare(struct keys_request *r, struct life_key *planned)
{
    struct life_key made;
    if (planned->role != KEY_ZSK)
        return ERR_INTERNAL; /* the plan ends before */
    int err = state_spare_make(r->state, r->zone->inv->name, planned->role, planned->algorithm,
                               r->params.policy->zsk_store, r->app->now, &made, r->app->diags);
    if (err != ERR_OK)
        return err;
    memcpy(planned->digest, made.digest, sizeof planned->digest);
    r->made++;
    return ERR_OK;
}

static int make_keys(struct keys_request *r)
{
    int err = ERR_OK;
    for (size_t i = 0; i < r->plan.life.key_n && err == ERR_OK; i++) {
        struct life_key *k = &r->plan.life.keys[i];
        if (k->planned && !use_spare(&r->spares, k))
            err = make_spare(r, k);
    }
    return err;
}

/* ------------------------------------------------------------------ the request */

static struct bytes dnskey_of(const struct keys_request *r, const char *digest)
{
    for (size_t i = 0; i < r->known.n; i++) {
        if (strcmp(r->known.items[i].digest, digest) == 0)
            return buf_bytes(&r->known.items[i].dnskey);
    }
    return (struct bytes){0};
}

static int make_request(struct keys_request *r)
{
    const uint8_t *name = r->zone->inv->name;
    size_t n = r->plan.life.key_n;
    AUTO_FREE struct bytes *dnskeys = calloc(n + 1, sizeof *dnskeys);
    int err = dnskeys == NULL ? ERR_NOMEM : state_zone_keys(r->state, name, &r->known);
    for (size_t i = 0; i < n && err == ERR_OK; i++) {
        dnskeys[i] = dnskey_of(r, r->plan.life.keys[i].digest);
        err = dnskeys[i].data == NULL ? ERR_INTERNAL : ERR_OK;
    }
    return err == ERR_OK ? ksr_request(name, &r->plan, dnskeys, &r->params, &r->request) : err;
}

static int plan(struct keys_request *r)
{
    int err = state_spares(r->state, r->zone->inv->name, &r->spares);
    if (err == ERR_OK)
        err = ksr_plan(&r->life, &r->spares, &r->params, r->until_at, r->slack_s, &r->plan,
                       r->app->diags);
    if (err != ERR_OK)
        return err;
    if (r->plan.need_n > 0)
        return ERR_OK;
    diag_add(r->app->diags, &rule_request_ksk, AT_NOWHERE, r->zone->inv->text,
             "no KSK of the zone signs anything until then");
    return ERR_KEY;
}

static int log_request(struct keys_request *r)
{
    char until[TIME_TEXT_LEN];
    AUTO(buf) struct buf why = {0};
    time_format_rfc3339(r->plan.until_at, until);
    buf_printf(&why, "signatures of the offline KSK until %s, %zu ZSKs made beforehand", until,
               r->made);
    if (!buf_ok(&why))
        return ERR_NOMEM;
    return state_event_add(r->state, &(struct state_event){.at = r->app->now,
                                                           .zone = r->zone->inv->text,
                                                           .what = "response-requested",
                                                           .why = buf_str(&why),
                                                           .evidence = r->request.digest});
}

static int request(struct keys_request *r, const char *zone)
{
    int err = site_open(r->app, &r->site);
    if (err == ERR_OK)
        err = site_check(r->app, &r->site, false);
    if (err == ERR_OK)
        err = app_gate(r->app);
    if (err == ERR_OK)
        err = find_zone(r, zone);
    if (err == ERR_OK)
        err = open_state(r);
    if (err == ERR_OK)
        err = check_offline(r);
    if (err == ERR_OK)
        err = plan(r);
    if (err == ERR_OK)
        err = make_keys(r);
    if (err == ERR_OK)
        err = make_request(r);
    if (err == ERR_OK)
        err = ceremony_write(r->app, &r->request, r->out, "ksr", &r->path);
    return err == ERR_OK ? log_request(r) : err;
}

/* ------------------------------------------------------------------ the result */

static json_t *result(const struct keys_request *r)
{
    char until[TIME_TEXT_LEN];
    char digest[CEREMONY_DIGEST_LEN];
    if (r->path == NULL)
        return NULL;
    time_format_rfc3339(r->plan.until_at, until);
    ceremony_digest_text(r->request.digest, digest);
    app_print(r->app, "zone %s: request %s, planned until %s, %zu ZSKs made beforehand\n",
              r->zone->inv->text, r->path, until, r->made);
    ceremony_print_sets(r->app, &r->request);
    app_print(r->app, "digest %s\n", digest);
    if (!r->app->json)
        return NULL;
    return json_pack("{s:s, s:o, s:s, s:s, s:I, s:o}", "zone", r->zone->inv->text, "file",
                     report_text_json(r->path), "until", until, "digest", r->request.digest,
                     "keys-made", (json_int_t)r->made, "sets", ceremony_sets_json(&r->request));
}

int keys_request(struct app *app, int argc, char **argv)
{
    AUTO(keys_request) struct keys_request r = {.app = app};
    const struct option_def options[] = {
        {"until", 0, "DATE", "until when the response shall do", OPTION_TIME, &r.until_at},
        {"slack", 0, "DURATION",
         "how late each build, confirmation and deed of the parent may be (default: 3d)",
         OPTION_TEXT, &r.slack_text},
        {"output", 'o', "FILE", "where to write (default: ZONE.ksr)", OPTION_TEXT, &r.out},
        {0},
    };
    const struct command_usage usage = {
        "keys request",
        "ZONE",
        "Asks for the signatures of a KSK that is kept offline, for all rolls until a date.",
        options,
        1,
        1};
    AUTO(words) struct words words = {0};
    int err = options_parse(app, &usage, argc, argv, &words);
    if (err == ERR_OK)
        err = check_usage(&r);
    if (err != ERR_OK)
        return err;
    err = request(&r, words.items[0]);
    return err == ERR_USAGE ? err : report_finish(app, err, result(&r));
}
