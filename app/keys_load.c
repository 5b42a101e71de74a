/*
 * app/keys_load.c -- `keys load`: the offline KSK's signatures, checked and kept for the builds to
 * come; and `keys import --public`, which makes a KSK known whose private half is elsewhere.
 */
#include <errno.h>
#include <string.h>

#include "app/ceremony.h"
#include "app/keys.h"
#include "app/overview.h"
#include "app/pipeline.h"
#include "app/rules_app.h"
#include "common/file.h"
#include "common/timetext.h"

#define PUBLIC_FILE_MAX 65536u /* one DNSKEY record, of 4096 bits of RSA at most, and comments */

struct keys_load {
    struct app *app;
    struct site site;
    struct state *state;
    struct ksr response;
    struct buf text;
    int64_t covered_until_at;
};

static void keys_load_done(struct keys_load *l)
{
    ksr_done(&l->response);
    buf_done(&l->text);
    state_close(l->state);
    site_done(&l->site);
}
DEFINE_AUTO(keys_load)

/* ------------------------------------------------------------------ load */

static int load(struct keys_load *l, const char *path)
{
    struct app *app = l->app;
    char name[NAME_TEXT_LEN];
    const struct inv_zone *inv = NULL;
    AUTO(skr_keys) struct skr_keys known = {0};
    int err = site_open(app, &l->site);
    if (err == ERR_OK)
        err = ceremony_read(app, path, &l->text, &l->response);
    if (err != ERR_OK)
        return err;
    name_to_text_nodot(l->response.zone, name);
    err = site_zone_pick(app, &l->site, name, &inv);
    if (err == ERR_OK)
        err = site_state_open(app, &l->site, &l->state);
    if (err == ERR_OK)
        err = state_zone_keys(l->state, inv->name, &known);
    if (err == ERR_OK)
        err = skr_check(&l->response, &known, path, app->diags);
    if (err == ERR_OK)
        err = skr_store(l->state, &l->response, buf_bytes(&l->text), app->now);
    return err == ERR_OK ? skr_covered_until(l->state, inv->name, &l->covered_until_at) : err;
}

static json_t *load_result(const struct keys_load *l)
{
    char name[NAME_TEXT_LEN];
    char until[TIME_TEXT_LEN];
    char digest[CEREMONY_DIGEST_LEN];
    name_to_text_nodot(l->response.zone, name);
    time_format_rfc3339(l->covered_until_at, until);
    ceremony_digest_text(l->response.digest, digest);
    app_print(l->app, "zone %s: covered until %s\ndigest %s\n", name, until, digest);
    ceremony_print_sets(l->app, &l->response);
    if (!l->app->json)
        return NULL;
    return json_pack("{s:s, s:s, s:s, s:o}", "zone", name, "until", until, "digest",
                     l->response.digest, "sets", ceremony_sets_json(&l->response));
}

int keys_load(struct app *app, int argc, char **argv)
{
    AUTO(keys_load) struct keys_load l = {.app = app};
    const struct command_usage usage = {
        "keys load",
        "RESPONSE",
        "Checks the signatures of an offline KSK and keeps them for the builds to come.",
        NULL,
        1,
        1};
    AUTO(words) struct words words = {0};
    int err = options_parse(app, &usage, argc, argv, &words);
    if (err != ERR_OK)
        return err;
    err = load(&l, words.items[0]);
    if (err == ERR_USAGE)
        return err;
    return report_finish(app, err, err == ERR_OK ? load_result(&l) : NULL);
}

/* ------------------------------------------------------------------ import --public */

static int read_public(struct app *app, const char *path, struct buf *ret)
{
    int err = file_read(path, PUBLIC_FILE_MAX, ret);
    if (err == ERR_IO)
        diag_add(app->diags, &rule_file_unreadable, AT_FILE(path), NULL, "%s", strerror(errno));
    if (err == ERR_LIMIT)
        diag_add(app->diags, &rule_file_too_large, AT_FILE(path), NULL, "%s",
                 file_size_text(path).text);
    return err == ERR_IO || err == ERR_LIMIT ? ERR_CONFIG : err;
}

static json_t *public_result(const struct app *app, const char *zone, const struct life_key *k,
                             enum ksk_place place)
{
    static const char *const words[] = {[KSK_IN_LIFE] = "in-use",
                                        [KSK_IS_SPARE] = "spare",
                                        [KSK_WAS_HERE] = "was-here",
                                        [KSK_IS_KNOWN] = "known"};
    app_print(app, "zone %s: ksk %u, %s, is kept offline (%.16s)\n", zone, k->tag,
              algorithm_text(k->algorithm), k->digest);
    if (place == KSK_WAS_HERE)
        app_print(app,
                  "its private half is still in the state folder, and not used any more: "
                  "move keys/%s.pem to where the key is kept\n",
                  k->digest);
    if (place == KSK_IS_SPARE)
        app_print(app, "it follows the zone's KSK when that is rolled: `keys roll %s ksk`\n", zone);
    return json_pack("{s:s, s:I, s:s, s:s, s:s}", "zone", zone, "key-tag", (json_int_t)k->tag,
                     "algorithm", algorithm_text(k->algorithm), "digest", k->digest, "place",
                     words[place]);
}

int keys_import_public(struct app *app, const char *zone, const char *path)
{
    AUTO(keys_load) struct keys_load l = {.app = app};
    const struct inv_zone *inv = NULL;
    struct life_key k;
    enum ksk_place place = KSK_IS_KNOWN;
    int err = site_open(app, &l.site);
    if (err == ERR_OK)
        err = site_zone_pick(app, &l.site, zone, &inv);
    if (err == ERR_OK)
        err = read_public(app, path, &l.text);
    if (err == ERR_OK)
        err = site_state_open(app, &l.site, &l.state);
    if (err == ERR_OK)
        err = state_ksk_offline(l.state, inv->name, path, buf_bytes(&l.text), app->now, &k, &place,
                                app->diags);
    if (err == ERR_USAGE)
        return err;
    return report_finish(app, err, err == ERR_OK ? public_result(app, inv->text, &k, place) : NULL);
}
