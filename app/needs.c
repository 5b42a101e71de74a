#include "app/needs.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/key_view.h"
#include "app/when.h"
#include "common/grow.h"
#include "common/timetext.h"
#include "signer/ksr.h"

void needs_done(struct needs *n)
{
    free(n->items);
    *n = (struct needs){0};
}

const char *need_level_text(enum need_level level)
{
    static const char *const words[] = {"ok", "waits", "action"};
    return words[level];
}

enum need_level needs_level(const struct needs *n)
{
    return n->n == 0 ? NEED_NOTHING : n->items[0].level;
}

/* ------------------------------------------------------------------ the list */

/* Actions before waits, else in the order in which they are found. */
PRINTF(4, 5)
static int add(struct needs *n, enum need_level level, const char *id, const char *fmt, ...)
{
    struct need need = {.level = level, .id = id};
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(need.text, sizeof need.text, fmt, ap);
    va_end(ap);
    struct need *items = grow_items(n->items, n->n, &n->cap, sizeof *items);
    if (items == NULL)
        return ERR_NOMEM;
    n->items = items;
    size_t at = n->n++;
    for (; at > 0 && items[at - 1].level < level; at--)
        items[at] = items[at - 1];
    items[at] = need;
    return ERR_OK;
}

/* ------------------------------------------------------------------ signatures */

static int need_signatures(const struct zone_overview *z, struct needs *n)
{
    int64_t now = z->params.now;
    int64_t until_at = zone_valid_until(z);
    char when[WHEN_TEXT_LEN];
    when_text(until_at, now, when);
    if (until_at == 0 || now < until_at - z->inv->dnssec->signature_refresh_s)
        return ERR_OK;
    if (now >= until_at)
        return add(n, NEED_ACTION, "signatures-expired",
                   "signatures expired %s: validators refuse the zone; build and publish now",
                   when);
    return add(n, NEED_ACTION, "rebuild-overdue",
               "build and publish now: signatures are due for replacement and end %s", when);
}

/* ------------------------------------------------------------------ keys */

static bool is_used(const struct life_key *k)
{
    struct life_use use = life_use(k);
    return use.publishes || use.signs;
}

static int need_key_files(struct state *state, const struct zone_overview *z, struct needs *n)
{
    char name[KEY_NAME_LEN];
    int err = ERR_OK;
    for (size_t i = 0; i < z->life.key_n && err == ERR_OK; i++) {
        const struct life_key *k = &z->life.keys[i];
        if (!is_used(k) || state_key_is_there(state, k))
            continue;
        key_name_text(k, name);
        err = add(n, NEED_ACTION, "key-missing",
                  "the private key of %s (%.16s) is missing: restore it (keys restore, keys "
                  "import); until then the zone does not change",
                  name, k->digest);
    }
    return err;
}

/* Does the zone publish a KSK whose signatures are made elsewhere, beforehand? */
static int has_offline_ksk(struct state *state, const struct zone_overview *z, bool *ret)
{
    AUTO(skr_keys) struct skr_keys known = {0};
    int err = state_zone_keys(state, z->inv->name, &known);
    for (size_t i = 0; i < z->life.key_n && err == ERR_OK; i++) {
        for (size_t j = 0; j < known.n && life_use(&z->life.keys[i]).publishes; j++)
            *ret = *ret || (known.items[j].is_offline &&
                            strcmp(known.items[j].digest, z->life.keys[i].digest) == 0);
    }
    return err;
}

/* A ceremony has to be called, some time before what the offline KSK signed comes to its end. */
static int need_response(struct state *state, const struct zone_overview *z, struct needs *n)
{
    char until[TIME_TEXT_LEN];
    int64_t until_at = 0;
    bool offline = false;
    int err = has_offline_ksk(state, z, &offline);
    if (err == ERR_OK && offline)
        err = skr_covered_until(state, z->inv->name, &until_at);
    if (err != ERR_OK || !offline || until_at > z->params.now + SKR_COVERAGE_MARGIN_S)
        return err;
    time_format_rfc3339(until_at, until);
    return add(n, NEED_ACTION, "response-due",
               "the offline KSK has signed what is planned until %s: keys request, keys "
               "sign-response where it is, keys load",
               until);
}

/* What an attacker who has the key can still do ends when caches hold nothing that trusts it. */
static int need_compromised(const struct zone_overview *z, struct needs *n)
{
    char name[KEY_NAME_LEN];
    int err = ERR_OK;
    for (size_t i = 0; i < z->life.key_n && err == ERR_OK; i++) {
        const struct life_key *k = &z->life.keys[i];
        if (!k->compromised || !key_is_leaving(z, k))
            continue;
        key_name_text(k, name);
        err = add(n, NEED_WAIT, "compromised",
                  "the end of the compromised %s: validators may still trust it", name);
    }
    return err;
}

/* ------------------------------------------------------------------ confirmation */

static int need_confirmation(const struct zone_overview *z, struct needs *n)
{
    const struct state_zone *b = &z->built;
    char when[WHEN_TEXT_LEN];
    if (!b->has_serial)
        return add(n, NEED_WAIT, "first-build", "the first build");
    if (b->confirmed_at != 0 && b->confirmed_serial == b->serial)
        return ERR_OK;
    when_text(b->built_at, z->params.now, when);
    if (z->params.now - b->built_at > NEED_CONFIRM_S)
        return add(n, NEED_ACTION, "unconfirmed-long",
                   "publish and confirm serial %" PRIu32 ", built %s: key timing stands still",
                   b->serial, when);
    return add(n, NEED_WAIT, "unconfirmed", "the confirmation of serial %" PRIu32 ", built %s%s",
               b->serial, when,
               life_is_unconfirmed(&z->life) ? "; keys do not move on before it" : "");
}

/* ------------------------------------------------------------------ the parent */

/* RFC 7344 changes a DS that is there; the first one is a matter for people, or RFC 9615. */
static bool parent_follows_cds(const struct zone_overview *z)
{
    bool has_ds = false;
    for (size_t i = 0; i < z->life.key_n; i++) {
        const struct part_times *t = &z->life.keys[i].parts[KEY_PART_DS];
        has_ds = has_ds || (t->in_seen_at != 0 && t->out_seen_at == 0);
    }
    return has_ds && z->inv->dnssec->cds != CDS_NONE;
}

static int need_parent_key(const struct zone_overview *z, const struct life_key *k, bool adds,
                           struct needs *n)
{
    const struct part_times *t = &k->parts[KEY_PART_DS];
    int64_t asked_at = adds ? t->in_at : t->out_at;
    char name[KEY_NAME_LEN];
    char when[WHEN_TEXT_LEN];
    key_name_text(k, name);
    when_text(asked_at, z->params.now, when);
    if (!parent_follows_cds(z))
        return add(n, NEED_ACTION, adds ? "ds-add" : "ds-remove",
                   adds ? "give the parent the DS of %s (mudzone keys ds %s), due since %s"
                        : "have the parent remove the DS of %s (mudzone keys ds %s), due since %s",
                   name, z->inv->text, when);
    if (z->params.now - asked_at > NEED_PARENT_S)
        return add(n, NEED_ACTION, "parent-slow",
                   "ask the parent why it has not %s the DS of %s; CDS has asked since %s",
                   adds ? "added" : "removed", name, when);
    return add(n, NEED_WAIT, adds ? "parent-adds-ds" : "parent-drops-ds",
               "the parent to %s the DS of %s; CDS has asked since %s", adds ? "add" : "remove",
               name, when);
}

static int need_parent(const struct zone_overview *z, struct needs *n)
{
    int err = ERR_OK;
    for (size_t i = 0; i < z->life.key_n && err == ERR_OK; i++) {
        enum ds_want want = key_ds_want(&z->life.keys[i]);
        if (want == DS_ADD || want == DS_MAY_GO)
            err = need_parent_key(z, &z->life.keys[i], want == DS_ADD, n);
    }
    return err;
}

/* ------------------------------------------------------------------ time and builds */

static const struct life_block *first_of(const struct life_blocks *b, enum life_wait_for what)
{
    const struct life_block *first = NULL;
    for (size_t i = 0; i < b->n; i++) {
        const struct life_block *x = &b->items[i];
        if (x->what == what && x->until_at != 0 && (first == NULL || x->until_at < first->until_at))
            first = x;
    }
    return first;
}

static int need_steps(const struct zone_overview *z, const struct life_blocks *blocks,
                      int64_t next_at, struct needs *n)
{
    const struct life_block *b = first_of(blocks, WAIT_TIME);
    char when[WHEN_TEXT_LEN];
    int err = ERR_OK;
    for (size_t i = 0; i < blocks->n && err == ERR_OK; i++) {
        if (blocks->items[i].what == WAIT_CLOCK)
            err = add(n, NEED_ACTION, "clock", "see to the clock: %s", blocks->items[i].why);
    }
    if (err == ERR_OK && next_at != 0 && next_at <= z->params.now)
        err = add(n, NEED_WAIT, "build-due", "the next build: a key can move on");
    if (err == ERR_OK && b != NULL) {
        when_text(b->until_at, z->params.now, when);
        err = add(n, NEED_WAIT, "time", "caches, until %s", when);
    }
    return err;
}

int needs_get(struct state *state, const struct zone_overview *z, const struct life_blocks *blocks,
              int64_t next_at, struct needs *ret)
{
    AUTO(needs) struct needs n = {0};
    int err = need_signatures(z, &n);
    if (err == ERR_OK && state != NULL)
        err = need_key_files(state, z, &n);
    if (err == ERR_OK && state != NULL)
        err = need_response(state, z, &n);
    if (err == ERR_OK)
        err = need_compromised(z, &n);
    if (err == ERR_OK)
        err = need_confirmation(z, &n);
    if (err == ERR_OK)
        err = need_parent(z, &n);
    if (err == ERR_OK)
        err = need_steps(z, blocks, next_at, &n);
    if (err != ERR_OK)
        return err;
    *ret = n;
    n = (struct needs){0};
    return ERR_OK;
}

json_t *needs_json(const struct needs *n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n->n; i++)
        (void)json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "level",
                                                    need_level_text(n->items[i].level), "id",
                                                    n->items[i].id, "text", n->items[i].text));
    return list;
}
