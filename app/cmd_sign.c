/*
 * app/cmd_sign.c -- just the signer on zone files, no inventory.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/rules_app.h"
#include "app/sign_run.h"
#include "common/timetext.h"

struct sign_command {
    struct sign_run run;
    const char *origin;
    const char *algorithm;
    const char *ttl_policy;
    bool single_key;
    bool nsec3;
    bool zonemd;
};

static void sign_command_done(struct sign_command *c)
{
    sign_run_done(&c->run);
}
DEFINE_AUTO(sign_command)

/* ------------------------------------------------------------------ usage */

static int unknown_algorithm(const struct sign_command *c)
{
    static const char *const names[] = {"ecdsap256sha256", "ecdsap384sha384", "ed25519",
                                        "ed448",           "rsasha256",       NULL};
    const char *near = nearest_word(c->algorithm, names);
    if (near != NULL)
        return usage_error(c->run.app, "--algorithm: '%s'; did you mean '%s'?", c->algorithm, near);
    return usage_error(c->run.app,
                       "--algorithm: '%s'; expected ecdsap256sha256, ecdsap384sha384, ed25519, "
                       "ed448 or rsasha256",
                       c->algorithm);
}

static int set_policies(struct sign_command *c)
{
    struct sign_run *run = &c->run;
    run->policy = dnssec_policy_standard;
    run->policy.single_key = c->single_key;
    run->policy.denial = c->nsec3 ? DENIAL_NSEC3 : DENIAL_NSEC;
    run->policy.zonemd = c->zonemd;
    if (c->algorithm != NULL)
        run->policy.algorithm = algorithm_from_text(c->algorithm);
    if (run->policy.algorithm == 0)
        return unknown_algorithm(c);
    if (strcmp(c->ttl_policy, "off") != 0) {
        run->ttl = ttl_policy_builtin(c->ttl_policy);
        if (run->ttl == NULL)
            return usage_error(run->app, "--ttl-policy: '%s'; expected recommended, strict or off",
                               c->ttl_policy);
    }
    return signing_options_parse(run->app, &run->signing);
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int check_place(struct sign_run *run, const struct words *files)
{
    if (run->out != NULL && strcmp(run->out, "-") == 0)
        run->out = NULL;
    if (run->out == NULL && files->n > 1)
        return usage_error(run->app, "%zu zone files need -o DIR, a folder for the results",
                           files->n);
    if (run->out == NULL)
        return run->app->json
                   ? usage_error(run->app, "--json needs -o FILE: standard output holds the zone")
                   : ERR_OK;
    run->is_folder = files->n > 1 || is_folder(run->out);
    if (!run->is_folder && sign_is_same_file(files->items[0], run->out))
        return usage_error(run->app, "-o %s would replace the zone file that it is made from",
                           run->out);
    return ERR_OK;
}

static int check_usage(struct sign_command *c, const struct words *files)
{
    struct sign_run *run = &c->run;
    run->has_origin = c->origin != NULL;
    if (run->has_origin && !name_from_text(c->origin, run->origin))
        return usage_error(run->app, "--origin: '%s' is not a domain name", c->origin);
    if (run->has_origin && files->n > 1)
        return usage_error(run->app, "--origin is for one zone file, not %zu", files->n);
    int err = check_place(run, files);
    return err == ERR_OK ? set_policies(c) : err;
}

static int make_folder(struct sign_run *run)
{
    if (!run->is_folder)
        return ERR_OK;
    int err = file_mkdirs(run->out, 0755);
    if (err == ERR_IO)
        diag_add(run->app->diags, &rule_file_unwritable, AT_FILE(run->out), NULL, "%s",
                 strerror(errno));
    return err;
}

/* ------------------------------------------------------------------ the result */

static void log_task(const struct sign_task *t)
{
    const struct sign_report *r = &t->result.report;
    char name[NAME_TEXT_LEN], expires[TIME_TEXT_LEN];
    if (t->err != ERR_OK)
        return;
    name_to_text_nodot(t->apex, name);
    time_format_rfc3339(r->expires_at, expires);
    app_log(t->run->app,
            "event=signed zone=%s serial=%" PRIu32 " signatures-made=%" PRIu64
            " signatures-kept=%" PRIu64 " expires=%s",
            name, r->serial, r->made, r->reused, expires);
    if (t->keys_made)
        app_log(t->run->app, "event=keys-made zone=%s keys=%s ds=\"%.*s\"", name, t->run->keys,
                (int)strcspn(buf_str(&t->result.ds), "\n"), buf_str(&t->result.ds));
}

static json_t *task_json(const struct sign_task *t)
{
    const struct sign_report *r = &t->result.report;
    char name[NAME_TEXT_LEN], expires[TIME_TEXT_LEN];
    name_to_text_nodot(t->apex, name);
    time_format_rfc3339(r->expires_at, expires);
    return json_pack("{s:s, s:o, s:I, s:b, s:I, s:I, s:s, s:b, s:s}", "zone", name, "file",
                     report_text_json(t->out_path), "serial", (json_int_t)r->serial, "changed",
                     r->changed, "signatures-made", (json_int_t)r->made, "signatures-kept",
                     (json_int_t)r->reused, "expires", expires, "keys-made", t->keys_made, "ds",
                     buf_str(&t->result.ds));
}

/* Of many zones each says what became of it. */
static json_t *task_json_of_many(const struct sign_task *t)
{
    json_t *one = json_pack("{s:o, s:i, s:o}", "source", report_text_json(t->file), "status",
                            err_exit_status(t->err), "error",
                            t->err == ERR_OK ? json_null() : json_string(err_text(t->err)));
    json_t *more = t->err == ERR_OK ? task_json(t) : NULL;
    if (one != NULL && more != NULL)
        (void)json_object_update(one, more);
    json_decref(more);
    return one;
}

static json_t *result_json(const struct sign_run *run, int err)
{
    if (!run->is_folder)
        return err == ERR_OK ? task_json(&run->tasks[0]) : NULL;
    json_t *zones = json_array();
    for (size_t i = 0; i < run->task_n; i++)
        (void)json_array_append_new(zones, task_json_of_many(&run->tasks[i]));
    return json_pack("{s:o}", "zones", zones);
}

static int sign(struct sign_command *c, const struct words *files)
{
    struct sign_run *run = &c->run;
    int err = make_folder(run);
    if (err == ERR_OK)
        err = sign_run_all(run, files);
    for (size_t i = 0; i < run->task_n; i++)
        log_task(&run->tasks[i]);
    return report_finish(run->app, err, run->app->json ? result_json(run, err) : NULL);
}

int cmd_sign(struct app *app, int argc, char **argv)
{
    AUTO(sign_command)
    struct sign_command c = {.run = {.app = app, .keys = "keys", .lock = PTHREAD_MUTEX_INITIALIZER},
                             .ttl_policy = "off",
                             .zonemd = true};
    const struct option_def options[] = {
        {"origin", 0, "NAME", "the zone's name, where the file does not say", OPTION_TEXT,
         &c.origin},
        {"keys", 0, "DIR", "the keys; an empty or missing folder gets new ones (default: keys)",
         OPTION_TEXT, &c.run.keys},
        {"algorithm", 0, "NAME", "of new keys (default: ecdsap256sha256)", OPTION_TEXT,
         &c.algorithm},
        {"single-key", 0, NULL, "one key instead of KSK and ZSK", OPTION_FLAG, &c.single_key},
        {"nsec3", 0, NULL, "NSEC3 (RFC 9276: no salt, no iterations) instead of NSEC", OPTION_FLAG,
         &c.nsec3},
        {"zonemd", 0, NULL, "add a ZONEMD record (the default)", OPTION_FLAG, &c.zonemd},
        {"no-zonemd", 0, NULL, "add none", OPTION_UNSET, &c.zonemd},
        {"ttl-policy", 0, "NAME", "recommended, strict or off (default: off)", OPTION_TEXT,
         &c.ttl_policy},
        {"previous", 0, "FILE",
         "keep what still fits of this signed version; with several zones a folder", OPTION_TEXT,
         &c.run.previous},
        {"accept-new-keys", 0, NULL, "make keys for a zone that was signed with others",
         OPTION_FLAG, &c.run.accept_new_keys},
        {"allow-include", 0, NULL, "follow $INCLUDE in the zone file", OPTION_FLAG,
         &c.run.allow_include},
        SIGNING_OPTIONS(&c.run.signing),
        {"output", 'o', "FILE",
         "where to write, with several zones a folder (default: standard output)", OPTION_TEXT,
         &c.run.out},
        {0},
    };
    const struct command_usage usage = {
        "sign",
        "ZONEFILE ...",
        "Signs zone files, without an inventory, and verifies the result.",
        options,
        1,
        SIZE_MAX};
    AUTO(words) struct words words = {0};
    int err = options_parse(app, &usage, argc, argv, &words);
    if (err == ERR_OK)
        err = check_usage(&c, &words);
    return err == ERR_OK ? sign(&c, &words) : err;
}
