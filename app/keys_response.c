/*
 * app/keys_response.c -- the ceremony, on a machine without network: `keys ceremony-key` makes the
 * KSK, `keys sign-response` signs what was requested. Neither needs an inventory or state.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/ceremony.h"
#include "app/keys.h"
#include "app/rules_app.h"
#include "common/limits.h"
#include "common/timetext.h"

/* ------------------------------------------------------------------ sign-response */

struct sign_response {
    struct app *app;
    const char *dir;
    const char *out;
    const char *digest; /* that the other side said */
    struct words allow_ksk;
    struct ksr_limits limits;
    bool dry_run;
    struct keyset ksks;
    struct ksr request;
    struct ksr response;
    char *path;
};

static void sign_response_done(struct sign_response *r)
{
    free(r->path);
    ksr_done(&r->response);
    ksr_done(&r->request);
    keyset_done(&r->ksks);
    words_done(&r->allow_ksk);
}
DEFINE_AUTO(sign_response)

static int take_others(struct sign_response *r)
{
    uint8_t octets[(KEY_DIGEST_LEN - 1) / 2];
    for (size_t i = 0; i < r->allow_ksk.n; i++) {
        if (!hex_decode(r->allow_ksk.items[i], octets, sizeof octets))
            return usage_error(r->app, "--allow-ksk: '%s' is not the digest of a key",
                               r->allow_ksk.items[i]);
    }
    r->limits.other_ksks = r->allow_ksk.items;
    r->limits.other_n = r->allow_ksk.n;
    return ERR_OK;
}

/* Opening a folder of keys would make it. */
static int check_folder(struct sign_response *r)
{
    if (r->dir == NULL)
        return usage_error(r->app, "--keys DIR is missing");
    if (access(r->dir, R_OK | X_OK) != 0)
        return usage_error(r->app, "--keys %s: %s", r->dir, strerror(errno));
    return take_others(r);
}

/* Blanks count for nothing: it is shown in groups. */
static bool is_digest(const char *said, const char *digest)
{
    for (; *said != 0; said++) {
        if (*said == ' ')
            continue;
        if (*digest == 0 || *digest++ != *said)
            return false;
    }
    return *digest == 0;
}

static int check_digest(const struct sign_response *r, const char *path)
{
    char shown[CEREMONY_DIGEST_LEN];
    if (r->digest == NULL || is_digest(r->digest, r->request.digest))
        return ERR_OK;
    ceremony_digest_text(r->request.digest, shown);
    diag_add(r->app->diags, &rule_request_digest, AT_FILE(path), NULL, "its digest is %s", shown);
    return ERR_FINDINGS;
}

static void show(const struct sign_response *r)
{
    char name[NAME_TEXT_LEN];
    char made[TIME_TEXT_LEN];
    char until[TIME_TEXT_LEN];
    char digest[CEREMONY_DIGEST_LEN];
    name_to_text_nodot(r->request.zone, name);
    time_format_rfc3339(r->request.made_at, made);
    time_format_rfc3339(r->request.until_at, until);
    ceremony_digest_text(r->request.digest, digest);
    app_print(r->app, "zone %s: request of %s, planned until %s\n", name, made, until);
    app_print(r->app, "digest %s\n", digest);
    for (size_t i = 0; i < r->ksks.n; i++)
        app_print(r->app, "signs: ksk %u, %s, %.16s\n", key_tag(r->ksks.keys[i]),
                  algorithm_text(key_algorithm(r->ksks.keys[i])), key_digest(r->ksks.keys[i]));
    ceremony_print_sets(r->app, &r->request);
}

static int respond(struct sign_response *r, const char *path)
{
    AUTO(buf) struct buf text = {0};
    int err = ceremony_read(r->app, path, &text, &r->request);
    if (err == ERR_OK)
        err = ceremony_keys(r->dir, r->request.zone, r->app->now, &r->ksks, r->app->diags);
    if (err != ERR_OK)
        return err;
    show(r);
    err = check_digest(r, path);
    int sound = ksr_check(&r->request, &r->ksks, &r->limits, path, r->app->diags);
    if (err == ERR_OK)
        err = sound;
    if (err != ERR_OK || r->dry_run)
        return err;
    err = ksr_sign(&r->request, &r->ksks, r->app->now, &r->response, r->app->diags);
    return err == ERR_OK ? ceremony_write(r->app, &r->response, r->out, "skr", &r->path) : err;
}

static json_t *response_json(const struct sign_response *r)
{
    char name[NAME_TEXT_LEN];
    char until[TIME_TEXT_LEN];
    if (r->request.set_n == 0)
        return NULL;
    name_to_text_nodot(r->request.zone, name);
    time_format_rfc3339(r->request.until_at, until);
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "zone", name, "until", until,
                     "request-digest", r->request.digest, "digest",
                     report_text_json(r->response.digest), "file", report_text_json(r->path),
                     "sets", ceremony_sets_json(&r->request));
}

static json_t *response_result(const struct sign_response *r)
{
    char digest[CEREMONY_DIGEST_LEN];
    if (r->path != NULL) {
        ceremony_digest_text(r->response.digest, digest);
        app_print(r->app, "response %s\ndigest %s\n", r->path, digest);
    }
    return r->app->json ? response_json(r) : NULL;
}

int keys_sign_response(struct app *app, int argc, char **argv)
{
    AUTO(sign_response) struct sign_response r = {.app = app};
    const struct option_def options[] = {
        {"keys", 0, "DIR", "the folder of the KSK", OPTION_TEXT, &r.dir},
        {"from", 0, "DATE", "sign nothing that begins before", OPTION_TIME, &r.limits.from_at},
        {"until", 0, "DATE", "sign nothing that ends later", OPTION_TIME, &r.limits.until_at},
        {"digest", 0, "HEX", "the request's digest, as the signing host showed it", OPTION_TEXT,
         &r.digest},
        {"allow-ksk", 0, "DIGEST", "a KSK that is elsewhere and may be published too", OPTION_LIST,
         &r.allow_ksk},
        {"allow-ds-removal", 0, NULL, "sign what asks the parent to drop all DS", OPTION_FLAG,
         &r.limits.allow_delete},
        {"dry-run", 0, NULL, "show and check only", OPTION_FLAG, &r.dry_run},
        {"output", 'o', "FILE", "where to write (default: ZONE.skr)", OPTION_TEXT, &r.out},
        {0},
    };
    const struct command_usage usage = {
        "keys sign-response",
        "REQUEST",
        "Shows what a request asks for, checks it, and signs it with the KSKs of a folder.",
        options,
        1,
        1};
    AUTO(words) struct words words = {0};
    int err = options_parse(app, &usage, argc, argv, &words);
    if (err == ERR_OK)
        err = check_folder(&r);
    if (err != ERR_OK)
        return err;
    err = respond(&r, words.items[0]);
    return report_finish(app, err, response_result(&r));
}

/* ------------------------------------------------------------------ ceremony-key */

static json_t *show_key(const struct app *app, const uint8_t *zone, const char *dir,
                        const struct key *k)
{
    AUTO(buf) struct buf ds = {0};
    AUTO_FREE char *file = NULL;
    char name[NAME_TEXT_LEN];
    const struct sign_key use = {.key = k, .publishes = true, .has_ds = true};
    name_to_text_nodot(zone, name);
    if (sign_ds(zone, &use, 1, dnssec_policy_standard.parent_ds_ttl_s, &ds) != ERR_OK ||
        asprintf(&file, "%s/%s.dnskey", dir, key_digest(k)) < 0)
        return NULL;
    app_print(app, "zone %s: ksk %u, %s, in %s\n", name, key_tag(k),
              algorithm_text(key_algorithm(k)), dir);
    app_print(app, "for the signing host: %s\nDS: %s", file, buf_str(&ds));
    return json_pack("{s:s, s:I, s:s, s:s, s:o, s:s}", "zone", name, "key-tag",
                     (json_int_t)key_tag(k), "algorithm", algorithm_text(key_algorithm(k)),
                     "digest", key_digest(k), "public", report_text_json(file), "ds", buf_str(&ds));
}

int keys_ceremony_key(struct app *app, int argc, char **argv)
{
    const char *dir = NULL;
    const char *algorithm = NULL;
    const struct option_def options[] = {
        {"keys", 0, "DIR", "the folder for the key; made when missing", OPTION_TEXT, &dir},
        {"algorithm", 0, "NAME", "of the key (default: ecdsap256sha256)", OPTION_TEXT, &algorithm},
        {0},
    };
    const struct command_usage usage = {
        "keys ceremony-key", "ZONE", "Makes a KSK that is to be kept offline.", options, 1, 1};
    AUTO(words) struct words words = {0};
    AUTO_PTR(key_folder) struct key_folder *folder = NULL;
    AUTO(keyset) struct keyset keys = {0};
    uint8_t zone[256];
    int err = options_parse(app, &usage, argc, argv, &words);
    if (err != ERR_OK)
        return err;
    uint8_t number =
        algorithm == NULL ? dnssec_policy_standard.algorithm : algorithm_from_text(algorithm);
    if (dir == NULL)
        return usage_error(app, "--keys DIR is missing");
    if (!name_from_text(words.items[0], zone))
        return usage_error(app, "'%s' is not a domain name", words.items[0]);
    if (number == 0)
        return usage_error(app,
                           "--algorithm: '%s'; expected ecdsap256sha256, ecdsap384sha384, "
                           "ed25519, ed448 or rsasha256",
                           algorithm);
    err = key_folder_open(dir, &folder, app->diags);
    if (err == ERR_OK)
        err = key_folder_make(folder, zone, number, KEY_KSK, &keys, app->diags);
    json_t *result = err == ERR_OK ? show_key(app, zone, dir, keys.keys[keys.n - 1]) : NULL;
    return report_finish(app, err, result);
}
