/*
 * app/keys_ds.c -- `keys ds`: what the parent is to have, what may go there now, and the signals by
 * which it can take over the first DS by itself.
 */
#include <stdlib.h>
#include <string.h>

#include "app/ds_record.h"
#include "app/key_view.h"
#include "app/keys.h"
#include "app/rules_app.h"
#include "app/when.h"

#define TYPE_NS 2

struct keys_ds {
    struct app *app;
    const char *digest_text; /* --digest */
    enum ds_digest digest;
    const struct site *site;
    const struct zone_overview *zone;
    struct state *state;
    json_t *keys;
    json_t *signals;
    struct buf ds;     /* records for the parent: to add and to keep */
    struct buf gone;   /* comments: those that may go */
    struct buf later;  /* comments: those that may not be added yet */
    struct buf cds;    /* as the zone shows it */
    struct buf signal; /* RFC 9615 */
};

static void keys_ds_done(struct keys_ds *d)
{
    json_decref(d->keys);
    json_decref(d->signals);
    buf_done(&d->ds);
    buf_done(&d->gone);
    buf_done(&d->later);
    buf_done(&d->cds);
    buf_done(&d->signal);
}
DEFINE_AUTO(keys_ds)

/* ------------------------------------------------------------------ DS, CDS, CDNSKEY */

static json_t *line_json(const struct buf *line)
{
    size_t len = line->len > 0 && line->data[line->len - 1] == '\n' ? line->len - 1 : line->len;
    return json_stringn(buf_str(line), len);
}

/* The records of one key. */
struct ds_lines {
    struct buf ds;
    struct buf cds;
    struct buf cdnskey;
};
static void ds_lines_done(struct ds_lines *l)
{
    buf_done(&l->ds);
    buf_done(&l->cds);
    buf_done(&l->cdnskey);
}
DEFINE_AUTO(ds_lines)

static int make_lines(const struct keys_ds *d, const struct life_key *k, struct ds_lines *ret)
{
    const uint8_t *zone = d->zone->inv->name;
    const struct life_waits *w = &d->zone->waits;
    AUTO_PTR(key) struct key *public = NULL;
    int err = state_key_public(d->state, k, &public, d->app->diags);
    if (err == ERR_OK)
        err = ds_line(zone, public, d->digest, w->ttl_s[TTL_DS], &ret->ds);
    if (err == ERR_OK)
        err = cds_line(zone, zone, public, w->ttl_s[TTL_DNSKEY], &ret->cds);
    return err == ERR_OK ? cdnskey_line(zone, public, w->ttl_s[TTL_DNSKEY], &ret->cdnskey) : err;
}

static int note_key(struct keys_ds *d, const struct life_key *k, const struct ds_lines *l)
{
    json_t *key = json_pack("{s:s, s:i, s:s, s:s, s:o, s:o, s:o}", "digest", k->digest, "key-tag",
                            (int)k->tag, "role", key_role_text(k->role), "want",
                            ds_want_text(key_ds_want(k)), "ds", line_json(&l->ds), "cds",
                            line_json(&l->cds), "cdnskey", line_json(&l->cdnskey));
    return json_array_append_new(d->keys, key) == 0 ? ERR_OK : ERR_NOMEM;
}

/* What the next step of K waits for: its own blocks come before those of other keys. */
static const struct life_block *block_of(const struct life *l, const struct life_blocks *blocks,
                                         const struct life_key *k)
{
    const struct life_block *found = NULL;
    for (size_t i = 0; i < blocks->n; i++) {
        const struct life_block *b = &blocks->items[i];
        if (b->what == WAIT_NOTHING || b->what == WAIT_CLOCK)
            continue;
        if (&l->keys[b->key] == k)
            return b;
        found = found == NULL ? b : found;
    }
    return found;
}

/* Why the DS of K is not asked for yet. */
static int say_later(struct keys_ds *d, const struct life_key *k)
{
    AUTO(life_blocks) struct life_blocks blocks = {0};
    const struct life *l = &d->zone->life;
    char name[KEY_NAME_LEN];
    char when[WHEN_TEXT_LEN];
    int err = life_explain(l, &d->zone->params, &blocks);
    const struct life_block *b = err == ERR_OK ? block_of(l, &blocks, k) : NULL;
    key_name_text(k, name);
    buf_printf(&d->later, "; not yet: %s%s%s\n", name, b == NULL ? "" : ": ",
               b == NULL ? "" : b->why);
    if (b != NULL && b->until_at != 0) {
        when_text(b->until_at, d->app->now, when);
        buf_printf(&d->later, "; not before %s\n", when);
    }
    return err;
}

/* Taken away before its successor is there, the zone would be insecure in between. */
static bool is_added(const struct zone_overview *z)
{
    for (size_t i = 0; i < z->life.key_n; i++) {
        if (key_ds_want(&z->life.keys[i]) == DS_ADD)
            return true;
    }
    return false;
}

static void add_parent_lines(struct keys_ds *d, const struct life_key *k, const struct buf *ds)
{
    char name[KEY_NAME_LEN];
    char when[WHEN_TEXT_LEN];
    enum ds_want want = key_ds_want(k);
    key_name_text(k, name);
    when_text(key_ds_since(k), d->app->now, when);
    if (want == DS_MAY_GO)
        buf_printf(&d->gone, "; may go now, %sasked away since %s: %s\n; %s",
                   is_added(d->zone) ? "in exchange for what is to add, " : "", when, name,
                   buf_str(ds));
    else if (want == DS_STAYS)
        buf_printf(&d->ds, "; stays, seen since %s: %s\n%s", when, name, buf_str(ds));
    else
        buf_printf(&d->ds, "; to add, due since %s: %s\n%s", when, name, buf_str(ds));
}

static int add_key(struct keys_ds *d, const struct life_key *k)
{
    AUTO(ds_lines) struct ds_lines lines = {0};
    if (key_ds_want(k) == DS_NONE)
        return k->leave_at == 0 ? say_later(d, k) : ERR_OK;
    int err = make_lines(d, k, &lines);
    if (err == ERR_OK)
        err = note_key(d, k, &lines);
    if (err != ERR_OK)
        return err;
    add_parent_lines(d, k, &lines.ds);
    if (key_ds_want(k) != DS_MAY_GO)
        buf_printf(&d->cds, "%s%s", buf_str(&lines.cds), buf_str(&lines.cdnskey));
    return ERR_OK;
}

static int add_keys(struct keys_ds *d)
{
    const struct zone_overview *z = d->zone;
    int err = ERR_OK;
    for (size_t i = 0; i < z->life.key_n && err == ERR_OK; i++) {
        if (z->life.keys[i].role != KEY_ZSK)
            err = add_key(d, &z->life.keys[i]);
    }
    if (err == ERR_OK && life_deletes_ds(&z->life, &z->params))
        err = cds_delete_lines(z->inv->name, z->waits.ttl_s[TTL_DNSKEY], &d->cds);
    return err;
}

/* ------------------------------------------------------------------ RFC 9615 */

static bool waits_for_first_ds(const struct zone_overview *z)
{
    bool adds = false;
    for (size_t i = 0; i < z->life.key_n; i++) {
        const struct part_times *t = &z->life.keys[i].parts[KEY_PART_DS];
        if (t->in_seen_at != 0 && t->out_seen_at == 0)
            return false;
        adds = adds || key_ds_want(&z->life.keys[i]) == DS_ADD;
    }
    return adds;
}

/* A copy of the zone's own CDS and CDNSKEY under the name that the server's operator signs. */
static int add_signal(struct keys_ds *d, const uint8_t *server)
{
    const struct zone_overview *z = d->zone;
    uint8_t owner[256];
    char text[NAME_TEXT_LEN];
    name_to_text_nodot(server, text);
    if (!signal_name(z->inv->name, server, owner)) {
        buf_printf(&d->signal, "; none under %s: the name would be longer than a name can be\n",
                   text);
        return ERR_OK;
    }
    AUTO(buf) struct buf lines = {0};
    int err = ERR_OK;
    for (size_t i = 0; i < z->life.key_n && err == ERR_OK; i++) {
        const struct life_key *k = &z->life.keys[i];
        AUTO_PTR(key) struct key *public = NULL;
        if (key_ds_want(k) != DS_ADD)
            continue;
        err = state_key_public(d->state, k, &public, d->app->diags);
        if (err == ERR_OK)
            err = cds_line(owner, z->inv->name, public, z->waits.ttl_s[TTL_DNSKEY], &lines);
        if (err == ERR_OK)
            err = cdnskey_line(owner, public, z->waits.ttl_s[TTL_DNSKEY], &lines);
    }
    if (err != ERR_OK)
        return err;
    buf_printf(&d->signal, "; in the signed zone that holds %s\n%s", text, buf_str(&lines));
    name_to_text_nodot(owner, text);
    json_t *signal = json_pack("{s:s, s:s}", "name", text, "records", buf_str(&lines));
    return json_array_append_new(d->signals, signal) == 0 ? ERR_OK : ERR_NOMEM;
}

static void say_managed(struct keys_ds *d, const uint8_t *server)
{
    char text[NAME_TEXT_LEN];
    name_to_text_nodot(server, text);
    buf_printf(&d->signal, "; for %s: the next build puts them into %s\n", text,
               inventory_zone_of(d->site->inv, server)->text);
}

/* RFC 9615 s4.1: under each name server's name, but those inside the zone, which prove nothing. */
static int add_signals_of(struct keys_ds *d, const struct zone *zone)
{
    const struct inv_zone *inv = d->zone->inv;
    struct zone_rrset ns;
    size_t outside = 0;
    int err = ERR_OK;
    if (!zone_rrset(zone, inv->name, TYPE_NS, &ns))
        return ERR_OK; /* `check` says so */
    knot_rdata_t *rr = ns.rrs.rdata;
    for (uint16_t i = 0; i < ns.rrs.count && err == ERR_OK; i++, rr = knot_rdataset_next(rr)) {
        if (name_is_at_or_below(rr->data, inv->name))
            continue;
        outside++;
        if (inventory_zone_of(d->site->inv, rr->data) == NULL)
            err = add_signal(d, rr->data);
        else
            say_managed(d, rr->data);
    }
    if (err == ERR_OK && outside == 0)
        diag_add(d->app->diags, &rule_signal_inside, inv->where, inv->text,
                 "all name servers are inside the zone");
    return err;
}

static int add_signals(struct keys_ds *d)
{
    const struct zone_overview *z = d->zone;
    const struct zone_load_opts opts = {.origin = z->inv->name, .allow_include = true};
    AUTO_PTR(zone) struct zone *zone = NULL;
    /* RFC 9615 s4.2: the parent compares them with the CDS of the zone itself */
    if (!waits_for_first_ds(z) || z->inv->file == NULL || z->inv->dnssec->cds == CDS_NONE)
        return ERR_OK;
    int err = zone_open(d->app, z->inv->file, &opts, &zone);
    return err == ERR_OK ? add_signals_of(d, zone) : err;
}

/* ------------------------------------------------------------------ the command */

static void print_part(const struct keys_ds *d, const char *title, const struct buf *text)
{
    if (text->len > 0)
        app_print(d->app, "%s%s", title, buf_str(text));
}

static void print_all(const struct keys_ds *d)
{
    app_print(d->app, "; zone %s: DS for its parent\n", d->zone->inv->text);
    if (d->ds.len + d->gone.len + d->later.len + d->cds.len == 0)
        app_print(d->app, "; none\n");
    print_part(d, "", &d->ds);
    print_part(d, "", &d->gone);
    print_part(d, "", &d->later);
    bool shows = life_shows_cds(&d->zone->life, &d->zone->params) ||
                 life_deletes_ds(&d->zone->life, &d->zone->params);
    print_part(d,
               shows ? "; the same as CDS and CDNSKEY, which the zone shows\n"
                     : "; the same as CDS and CDNSKEY, which the zone does not show now\n",
               &d->cds);
    print_part(d, "; so that the parent can trust them without a first DS (RFC 9615)\n",
               &d->signal);
}

static int run(struct keys_ds *d, const struct overview *o, const char *word)
{
    const struct inv_zone *inv = NULL;
    int err = site_zone_pick(d->app, &o->site, word, &inv);
    if (err != ERR_OK)
        return err;
    d->zone = overview_zone(o, inv);
    d->state = o->state;
    d->site = &o->site;
    err = add_keys(d);
    if (err == ERR_OK)
        err = add_signals(d);
    bool whole = buf_ok(&d->ds) && buf_ok(&d->gone) && buf_ok(&d->later) && buf_ok(&d->cds) &&
                 buf_ok(&d->signal);
    if (err == ERR_OK && !whole)
        err = ERR_NOMEM;
    if (err == ERR_OK)
        print_all(d);
    return err;
}

int keys_ds(struct app *app, int argc, char **argv)
{
    AUTO(keys_ds)
    struct keys_ds d = {
        .app = app, .digest = DS_SHA256, .keys = json_array(), .signals = json_array()};
    const struct option_def options[] = {
        {"digest", 0, "NAME", "of the DS: sha256 (the default) or sha384", OPTION_TEXT,
         &d.digest_text},
        {0},
    };
    const struct command_usage usage = {
        "keys ds", "ZONE", "Shows what to hand the parent: DS, CDS, CDNSKEY, and which DS may go.",
        options,   1,      1};
    AUTO(words) struct words words = {0};
    int err = options_parse(app, &usage, argc, argv, &words);
    if (err != ERR_OK)
        return err;
    if (d.digest_text != NULL && !ds_digest_from_text(d.digest_text, &d.digest))
        return usage_error(app, "--digest: '%s'; expected sha256 or sha384", d.digest_text);
    AUTO(overview) struct overview o = {0};
    err = overview_open(app, &o);
    if (err == ERR_OK)
        err = run(&d, &o, words.items[0]);
    if (err == ERR_USAGE)
        return err;
    if (err != ERR_OK)
        return report_finish(app, err, NULL);
    bool deletes = life_deletes_ds(&d.zone->life, &d.zone->params);
    return report_finish(app, err,
                         json_pack("{s:s, s:O, s:b, s:b, s:O}", "zone", d.zone->inv->text, "keys",
                                   d.keys, "shows-cds",
                                   (int)life_shows_cds(&d.zone->life, &d.zone->params),
                                   "deletes-ds", (int)deletes, "signals", d.signals));
}
