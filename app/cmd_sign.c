/*
 * app/cmd_sign.c -- just the signer on one zone file, no inventory.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/pipeline.h"
#include "app/rules_app.h"
#include "common/file.h"
#include "common/timetext.h"

struct sign_command {
    struct app *app;
    const char *file;
    const char *origin;
    const char *keys;
    const char *algorithm;
    const char *ttl_policy;
    const char *previous;
    const char *out; /* NULL: standard output */
    bool single_key;
    bool nsec3;
    bool zonemd;
    bool accept_new_keys;
    bool allow_include;

    uint8_t origin_name[256];
    struct dnssec_policy policy;
    const struct ttl_policy *ttl; /* NULL: off */
    struct zone *zone;            /* ready to sign */
    struct zone *old;             /* --previous, or NULL */
    uint32_t dnskey_ttl_s;
    bool keys_made;
    struct signed_zone result;
};

static void sign_command_done(struct sign_command *c)
{
    zone_free(c->zone);
    zone_free(c->old);
    signed_zone_done(&c->result);
}
DEFINE_AUTO(sign_command)

/* ------------------------------------------------------------------ usage */

static int unknown_algorithm(const struct sign_command *c)
{
    static const char *const names[] = {"ecdsap256sha256", "ecdsap384sha384", "ed25519",
                                        "ed448",           "rsasha256",       NULL};
    const char *near = nearest_word(c->algorithm, names);
    if (near != NULL)
        return usage_error(c->app, "--algorithm: '%s'; did you mean '%s'?", c->algorithm, near);
    return usage_error(c->app,
                       "--algorithm: '%s'; expected ecdsap256sha256, ecdsap384sha384, ed25519, "
                       "ed448 or rsasha256",
                       c->algorithm);
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int set_policies(struct sign_command *c)
{
    c->policy = dnssec_policy_standard;
    c->policy.single_key = c->single_key;
    c->policy.denial = c->nsec3 ? DENIAL_NSEC3 : DENIAL_NSEC;
    c->policy.zonemd = c->zonemd;
    if (c->algorithm != NULL)
        c->policy.algorithm = algorithm_from_text(c->algorithm);
    if (c->policy.algorithm == 0)
        return unknown_algorithm(c);
    if (strcmp(c->ttl_policy, "off") != 0) {
        c->ttl = ttl_policy_builtin(c->ttl_policy);
        if (c->ttl == NULL)
            return usage_error(c->app, "--ttl-policy: '%s'; expected recommended, strict or off",
                               c->ttl_policy);
    }
    return ERR_OK;
}

static int check_usage(struct sign_command *c)
{
    if (c->origin != NULL && !name_from_text(c->origin, c->origin_name))
        return usage_error(c->app, "--origin: '%s' is not a domain name", c->origin);
    if (c->out != NULL && strcmp(c->out, "-") == 0)
        c->out = NULL;
    if (c->out == NULL && c->app->json)
        return usage_error(c->app, "--json needs -o FILE: standard output holds the zone");
    if (c->out != NULL && is_same_file(c->file, c->out))
        return usage_error(c->app, "-o %s would replace the zone file that it is made from",
                           c->out);
    return set_policies(c);
}

/* ------------------------------------------------------------------ the zone */

static int load(const struct sign_command *c, const char *path, const uint8_t *origin,
                struct zone **ret)
{
    const struct zone_load_opts opts = {.origin = origin, .allow_include = c->allow_include};
    return zone_open(c->app, path, &opts, ret);
}

static int apply_ttl_policy(struct sign_command *c)
{
    c->dnskey_ttl_s = c->policy.dnskey_ttl_s;
    if (c->ttl == NULL)
        return ERR_OK;
    struct zone *changed = NULL;
    struct diags *diags = c->app->diags;
    int err =
        ttl_apply(c->zone, c->ttl, c->policy.signature_validity_s, c->app->now, &changed, diags);
    if (changed != NULL) {
        zone_free(c->zone);
        c->zone = changed;
    }
    int generated =
        ttl_apply_generated(c->zone, c->ttl, &c->policy, c->app->now, &c->dnskey_ttl_s, diags);
    return err == ERR_OK ? generated : err;
}

static int load_zone(struct sign_command *c)
{
    int err = load(c, c->file, c->origin == NULL ? NULL : c->origin_name, &c->zone);
    if (err != ERR_OK)
        return err;
    err = zone_check(c->zone, c->app->diags);
    int ttl = apply_ttl_policy(c);
    if (err == ERR_OK)
        err = ttl;
    return err == ERR_OK ? app_gate(c->app) : err;
}

static int load_previous(struct sign_command *c)
{
    if (c->previous == NULL)
        return ERR_OK;
    AUTO_PTR(zone) struct zone *old = NULL;
    const uint8_t *apex = zone_apex(c->zone);
    int err = load(c, c->previous, apex, &old);
    if (err != ERR_OK)
        return err;
    if (name_compare(zone_apex(old), apex) == 0 && sign_is_signed(old))
        c->old = TAKE(old);
    else
        diag_add(c->app->diags, &rule_previous_unusable, AT_FILE(c->previous), NULL,
                 "is not signed, or another zone");
    return ERR_OK;
}

/* ------------------------------------------------------------------ keys */

static bool is_empty_or_absent(const char *dir)
{
    DIR *d = opendir(dir);
    if (d == NULL)
        return errno == ENOENT;
    bool empty = true;
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d))
        empty = empty && e->d_name[0] == '.';
    (void)closedir(d);
    return empty;
}

/* Trust rule 1, where there is no state: a zone that was signed before gets no new keys unasked. */
static int open_keys(struct sign_command *c)
{
    const uint8_t *apex = zone_apex(c->zone);
    bool input = sign_is_signed(c->zone);
    bool was_signed = input || (c->old != NULL && sign_is_signed(c->old));
    if (was_signed && !c->accept_new_keys && is_empty_or_absent(c->keys)) {
        diag_add(c->app->diags, &rule_zone_signed_input, AT_FILE(input ? c->file : c->previous),
                 NULL, "the file holds DNSKEY or RRSIG records, and %s no keys", c->keys);
        diag_expect(c->app->diags,
                    "--keys with the folder of the zone's keys, or --accept-new-keys "
                    "(validators then refuse the zone until the parent has the new DS)");
        return ERR_KEY;
    }
    int err = keyset_open_dir(c->keys, apex, c->policy.algorithm, c->single_key, c->accept_new_keys,
                              &c->result.keys, &c->keys_made, c->app->diags);
    struct zone *stripped = NULL;
    if (err == ERR_OK)
        err = sign_strip(c->zone, &stripped, c->app->diags);
    if (err == ERR_OK) {
        zone_free(c->zone);
        c->zone = stripped;
    }
    return err;
}

/* ------------------------------------------------------------------ the result */

static int write_stream(FILE *to, struct bytes text)
{
    if (to == NULL)
        return ERR_IO;
    return fwrite(text.data, 1, text.len, to) == text.len && fflush(to) == 0 ? ERR_OK : ERR_IO;
}

/* A file is replaced whole, where a link leads, too. A pipe or device (/dev/stdout) is written to:
   root would replace it by a file. */
static int write_place(const char *path, struct bytes text)
{
    struct stat st;
    if (stat(path, &st) != 0 || S_ISDIR(st.st_mode))
        return file_write_atomic(path, text.data, text.len, 0644);
    if (S_ISREG(st.st_mode)) {
        AUTO_FREE char *real = realpath(path, NULL);
        return real == NULL ? ERR_IO : file_write_atomic(real, text.data, text.len, 0644);
    }
    FILE *to = fopen(path, "we");
    int err = write_stream(to, text);
    int keep = errno;
    if (to != NULL)
        (void)fclose(to); /* flushed already */
    errno = keep;
    return err;
}

static int write_result(struct sign_command *c)
{
    struct bytes text = buf_bytes(&c->result.text);
    if (c->out == NULL)
        return write_stream(stdout, text);
    int err = write_place(c->out, text);
    if (err == ERR_IO)
        diag_add(c->app->diags, &rule_file_unwritable, AT_FILE(c->out), NULL, "%s",
                 strerror(errno));
    return err;
}

static json_t *report(struct sign_command *c)
{
    const struct sign_report *r = &c->result.report;
    char name[NAME_TEXT_LEN], expires[TIME_TEXT_LEN];
    name_to_text_nodot(zone_apex(c->zone), name);
    time_format_rfc3339(r->expires_at, expires);
    app_log(c->app,
            "event=signed zone=%s serial=%" PRIu32 " signatures-made=%" PRIu64
            " signatures-kept=%" PRIu64 " expires=%s",
            name, r->serial, r->made, r->reused, expires);
    if (c->keys_made)
        app_log(c->app, "event=keys-made zone=%s keys=%s ds=\"%.*s\"", name, c->keys,
                (int)strcspn(buf_str(&c->result.ds), "\n"), buf_str(&c->result.ds));
    return json_pack("{s:s, s:o, s:I, s:b, s:I, s:I, s:s, s:b, s:s}", "zone", name, "file",
                     report_text_json(c->out), "serial", (json_int_t)r->serial, "changed",
                     r->changed, "signatures-made", (json_int_t)r->made, "signatures-kept",
                     (json_int_t)r->reused, "expires", expires, "keys-made", c->keys_made, "ds",
                     buf_str(&c->result.ds));
}

/* policy_check is left out on purpose: it asks how far ahead of expiry a *service* signs again, and
   here that is the caller's business. */
static int sign(struct sign_command *c)
{
    int err = load_zone(c);
    if (err == ERR_OK)
        err = load_previous(c);
    if (err == ERR_OK)
        err = open_keys(c);
    const struct sign_job job = {
        .zone = c->zone,
        .policy = &c->policy,
        .dnskey_ttl_s = c->dnskey_ttl_s,
        .previous = c->old,
        .has_serial_floor = c->old != NULL,
        .serial_floor = c->old == NULL ? 0 : zone_soa_serial(c->old),
    };
    struct progress progress;
    progress_start(&progress, c->app, "signing");
    if (err == ERR_OK)
        err = sign_and_verify(c->app, &job, &c->result);
    progress_done(&progress);
    if (err == ERR_OK)
        err = app_gate(c->app);
    return err == ERR_OK ? write_result(c) : err;
}

int cmd_sign(struct app *app, int argc, char **argv)
{
    AUTO(sign_command)
    struct sign_command c = {.app = app, .keys = "keys", .ttl_policy = "off", .zonemd = true};
    const struct option_def options[] = {
        {"origin", 0, "NAME", "the zone's name, where the file does not say", OPTION_TEXT,
         &c.origin},
        {"keys", 0, "DIR", "the keys; an empty or missing folder gets new ones (default: keys)",
         OPTION_TEXT, &c.keys},
        {"algorithm", 0, "NAME", "of new keys (default: ecdsap256sha256)", OPTION_TEXT,
         &c.algorithm},
        {"single-key", 0, NULL, "one key instead of KSK and ZSK", OPTION_FLAG, &c.single_key},
        {"nsec3", 0, NULL, "NSEC3 (RFC 9276: no salt, no iterations) instead of NSEC", OPTION_FLAG,
         &c.nsec3},
        {"zonemd", 0, NULL, "add a ZONEMD record (the default)", OPTION_FLAG, &c.zonemd},
        {"no-zonemd", 0, NULL, "add none", OPTION_UNSET, &c.zonemd},
        {"ttl-policy", 0, "NAME", "recommended, strict or off (default: off)", OPTION_TEXT,
         &c.ttl_policy},
        {"previous", 0, "FILE", "keep what still fits of this signed version", OPTION_TEXT,
         &c.previous},
        {"accept-new-keys", 0, NULL, "make keys for a zone that was signed with others",
         OPTION_FLAG, &c.accept_new_keys},
        {"allow-include", 0, NULL, "follow $INCLUDE in the zone file", OPTION_FLAG,
         &c.allow_include},
        {"output", 'o', "FILE", "where to write (default: standard output)", OPTION_TEXT, &c.out},
        {0},
    };
    const struct command_usage usage = {
        "sign",  "ZONEFILE", "Signs one zone file, without an inventory, and verifies the result.",
        options, 1,          1};
    AUTO(words) struct words words = {0};
    int err = options_parse(app, &usage, argc, argv, &words);
    if (err != ERR_OK)
        return err;
    c.file = words.items[0];
    err = check_usage(&c);
    if (err != ERR_OK)
        return err;
    err = sign(&c);
    return report_finish(app, err, err == ERR_OK ? report(&c) : NULL);
}
