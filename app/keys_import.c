/*
 * app/keys_import.c -- keys of another signer into the state folder.
 */
#include <string.h>

#include "app/key_view.h"
#include "app/keys.h"
#include "app/overview.h"
#include "app/when.h"
#include "signer/key_files.h"

struct keys_import {
    struct app *app;
    struct import_params params;
    struct site site;
    const struct inv_zone *zone;
    struct state *state;
    struct foreign_keys keys;
};

static void keys_import_done(struct keys_import *i)
{
    foreign_keys_done(&i->keys);
    state_close(i->state);
    site_done(&i->site);
}
DEFINE_AUTO(keys_import)

static int check_words(const struct keys_import *i)
{
    enum key_role role;
    const struct import_params *p = &i->params;
    if (p->role != NULL && !key_role_from_text(p->role, &role))
        return usage_error(i->app, "--role: '%s'; expected ksk, zsk or csk", p->role);
    if (p->algorithm != NULL && algorithm_from_text(p->algorithm) == 0)
        return usage_error(i->app,
                           "--algorithm: '%s'; expected ecdsap256sha256, ecdsap384sha384, ed25519, "
                           "ed448 or rsasha256",
                           p->algorithm);
    return ERR_OK;
}

static int import(struct keys_import *i, const struct words *words)
{
    int err = check_words(i);
    if (err == ERR_OK)
        err = site_open(i->app, &i->site);
    if (err == ERR_OK)
        err = site_zone_pick(i->app, &i->site, words->items[0], &i->zone);
    if (err != ERR_OK)
        return err;
    i->params.zone = i->zone->name;
    i->params.zone_text = i->zone->text;
    i->params.now = i->app->now;
    i->params.single_if_lone = i->zone->dnssec->single_key;
    err = keys_read_foreign(&i->params, words->items + 1, words->n - 1, &i->keys, i->app->diags);
    if (err == ERR_OK)
        err = site_state_open(i->app, &i->site, &i->state);
    return err == ERR_OK ? keys_take_foreign(i->state, &i->params, &i->keys, i->app->diags) : err;
}

/* ------------------------------------------------------------------ what was taken from where */

static bool was_taken(const struct foreign_key *k)
{
    return !k->is_known && !k->is_over;
}

static const char *part_name(enum key_part part)
{
    static const char *const names[] = {"DNSKEY", "signatures", "DS"};
    return part < KEY_PART_COUNT ? names[part] : "?";
}

static void print_part(const struct keys_import *i, const struct foreign_key *k, enum key_part part)
{
    char in[WHEN_TEXT_LEN];
    char out[WHEN_TEXT_LEN];
    const struct part_times *t = &k->life.parts[part];
    const char *how = part == KEY_PART_DS && k->ds_assumed
                          ? ": taken as there, --no-ds if the parent has none"
                      : part == KEY_PART_DS && t->in_seen_at == 0 ? ": asked for, not seen yet"
                                                                  : "";
    if (t->in_at == 0)
        return;
    when_text(t->in_at, i->app->now, in);
    when_text(t->out_at, i->app->now, out);
    app_print(i->app, "  %s since %s%s%s%s\n", part_name(part), in,
              t->out_at != 0 ? ", until " : "", t->out_at != 0 ? out : "", how);
}

static bool is_unused(const struct life_key *k)
{
    for (unsigned part = 0; part < KEY_PART_COUNT; part++) {
        if (k->parts[part].in_at != 0)
            return false;
    }
    return true;
}

static void print_key(const struct keys_import *i, const struct foreign_key *k)
{
    char name[KEY_NAME_LEN];
    key_name_text(&k->life, name);
    app_print(i->app, "%s %s, %s, from %s (times: %s)\n", i->zone->text, name,
              algorithm_text(k->life.algorithm), k->file, times_from_text(k->times_from));
    for (unsigned part = 0; part < KEY_PART_COUNT; part++)
        print_part(i, k, (enum key_part)part);
    if (is_unused(&k->life))
        app_print(i->app, "  nothing of it is public yet\n");
}

static void print_all(const struct keys_import *i)
{
    size_t n = 0;
    for (size_t k = 0; k < i->keys.n; k++) {
        if (!was_taken(&i->keys.items[k]))
            continue;
        print_key(i, &i->keys.items[k]);
        n++;
    }
    app_print(i->app, "%zu key%s taken in\n", n, n == 1 ? "" : "s");
}

static json_t *part_json(const struct part_times *t)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "in", when_json(t->in_at), "in-seen",
                     when_json(t->in_seen_at), "out", when_json(t->out_at), "out-seen",
                     when_json(t->out_seen_at));
}

static json_t *one_json(const struct foreign_key *k)
{
    const struct life_key *life = &k->life;
    return json_pack("{s:s, s:i, s:s, s:s, s:o, s:s, s:b, s:o, s:o, s:o, s:s}", "role",
                     key_role_text(life->role), "key-tag", (int)life->tag, "digest", life->digest,
                     "algorithm", algorithm_text(life->algorithm), "file",
                     report_text_json(k->file), "times-from", times_from_text(k->times_from),
                     "ds-assumed", (int)k->ds_assumed, "dnskey",
                     part_json(&life->parts[KEY_PART_DNSKEY]), "signatures",
                     part_json(&life->parts[KEY_PART_SIGS]), "ds",
                     part_json(&life->parts[KEY_PART_DS]), "result",
                     k->is_over    ? "left-out"
                     : k->is_known ? "known"
                                   : "imported");
}

static json_t *result_json(const struct keys_import *i)
{
    json_t *keys = json_array();
    for (size_t k = 0; k < i->keys.n; k++)
        (void)json_array_append_new(keys, one_json(&i->keys.items[k]));
    return json_pack("{s:s, s:o}", "zone", i->zone->text, "keys", keys);
}

/* Nothing that other options say is of such a key. */
static int import_public(const struct keys_import *i, const struct words *words)
{
    const struct import_params *p = &i->params;
    if (words->n != 2)
        return usage_error(i->app, "--public takes one ZONE and one FILE");
    if (p->role != NULL || p->algorithm != NULL || p->single_key || p->knot_list != NULL ||
        p->standby || p->no_ds)
        return usage_error(i->app, "--public goes with no other option");
    return keys_import_public(i->app, words->items[0], words->items[1]);
}

int keys_import(struct app *app, int argc, char **argv)
{
    AUTO(keys_import) struct keys_import i = {.app = app};
    struct import_params *p = &i.params;
    bool public_only = false;
    const struct option_def options[] = {
        {"role", 0, "ROLE", "of PEM files and tokens' keys: ksk, zsk or csk", OPTION_TEXT,
         &p->role},
        {"algorithm", 0, "NAME", "of RSA keys in those: rsasha256", OPTION_TEXT, &p->algorithm},
        {"csk", 0, NULL, "a key of flags 257 signs the zone's data too", OPTION_FLAG,
         &p->single_key},
        {"knot-list", 0, "FILE", "what 'keymgr -e ZONE list' of Knot printed, for its PEM files",
         OPTION_TEXT, &p->knot_list},
        {"standby", 0, NULL, "keys without times are not public yet", OPTION_FLAG, &p->standby},
        {"no-ds", 0, NULL, "the parent has no DS of the zone", OPTION_FLAG, &p->no_ds},
        {"public", 0, NULL, "FILE is the DNSKEY record of a KSK that is kept offline", OPTION_FLAG,
         &public_only},
        {0},
    };
    const struct command_usage usage = {
        "keys import",
        "ZONE FILE|URI ...",
        "Takes keys of another signer over: of BIND, Knot, PEM files, or on a token.",
        options,
        2,
        SIZE_MAX};
    AUTO(words) struct words words = {0};
    int err = options_parse(app, &usage, argc, argv, &words);
    if (err != ERR_OK)
        return err;
    if (public_only)
        return import_public(&i, &words);
    err = import(&i, &words);
    if (err == ERR_USAGE)
        return err;
    if (err == ERR_OK)
        print_all(&i);
    return report_finish(app, err, err == ERR_OK ? result_json(&i) : NULL);
}
