#include "app/zone_report.h"

#include <inttypes.h>
#include <stdio.h>

#include "app/key_view.h"
#include "app/when.h"

void zone_report_done(struct zone_report *r)
{
    life_blocks_done(&r->blocks);
    needs_done(&r->needs);
    buf_done(&r->observation);
    *r = (struct zone_report){0};
}

/* ------------------------------------------------------------------ the next event */

/* What ends at that moment: a wait of a step, a wait that no step needs yet, or a lifetime. */
static void explain_next(struct zone_report *r)
{
    const struct zone_overview *z = r->zone;
    char name[KEY_NAME_LEN];
    for (size_t i = 0; i < r->blocks.n; i++) {
        if (r->blocks.items[i].until_at == r->next_at) {
            (void)snprintf(r->next_why, sizeof r->next_why, "%s", r->blocks.items[i].why);
            return;
        }
    }
    (void)snprintf(r->next_why, sizeof r->next_why, "a lifetime ends, and a roll begins");
    for (size_t i = 0; i < z->life.key_n; i++) {
        const struct life_key *k = &z->life.keys[i];
        for (unsigned p = 0; p < KEY_PART_COUNT; p++) {
            enum key_part part = (enum key_part)p;
            if (part_settles_at(&k->parts[p], interval_part(&z->waits, part), z->params.now) !=
                r->next_at)
                continue;
            key_name_text(k, name);
            (void)snprintf(r->next_why, sizeof r->next_why, "the %s of %s is then in %s",
                           key_part_text(part), name,
                           k->parts[p].out_at != 0 ? "no cache" : "all caches");
            return;
        }
    }
}

static void find_next(struct zone_report *r)
{
    const struct zone_overview *z = r->zone;
    if (!z->has_keys) {
        if (!z->inv->dnssec->is_unsigned)
            (void)snprintf(r->next_why, sizeof r->next_why, "the first build makes the keys");
        return;
    }
    r->next_at = life_next_at(&z->life, &z->params);
    if (r->next_at == 0)
        (void)snprintf(r->next_why, sizeof r->next_why, "%s", r->blocks.items[0].why);
    else if (r->next_at <= z->params.now)
        (void)snprintf(r->next_why, sizeof r->next_why, "the next build; see mudzone plan");
    else
        explain_next(r);
}

/* ------------------------------------------------------------------ the parent */

#define ENOUGH 1 /* ends a walk over observations */

static int take_newest(void *ctx, const struct state_observation *o)
{
    struct zone_report *r = ctx;
    r->observed_at = o->at;
    buf_add_str(&r->observation, o->verdict);
    return buf_ok(&r->observation) ? ENOUGH : ERR_NOMEM;
}

static int find_observation(struct zone_report *r)
{
    if (r->overview->state == NULL)
        return ERR_OK;
    int err = state_observation_each(r->overview->state, r->zone->inv->name, take_newest, r);
    return err == ENOUGH || err == ERR_ABSENT ? ERR_OK : err;
}

int zone_report_get(const struct overview *o, const struct zone_overview *z,
                    struct zone_report *ret)
{
    AUTO(zone_report) struct zone_report r = {.overview = o, .zone = z};
    int err = z->has_keys ? life_explain(&z->life, &z->params, &r.blocks) : ERR_OK;
    if (err == ERR_OK)
        err = find_observation(&r);
    if (err == ERR_OK)
        find_next(&r);
    if (err == ERR_OK)
        err = needs_get(o->state, z, &r.blocks, r.next_at, &r.needs);
    if (err != ERR_OK)
        return err;
    *ret = r;
    r = (struct zone_report){0};
    return ERR_OK;
}

/* ------------------------------------------------------------------ text */

static void add_need(const struct need *n, struct buf *out)
{
    buf_printf(out, "%s%s", n->level == NEED_ACTION ? "ACTION: " : "waits for ", n->text);
}

/* "OK", "waits for ...", "ACTION: ..." */
static void add_headline(const struct zone_report *r, struct buf *out)
{
    if (r->needs.n == 0)
        buf_add_str(out, "OK");
    else
        add_need(&r->needs.items[0], out);
}

void key_line(const struct zone_overview *z, const struct life_key *k, struct buf *out)
{
    char name[KEY_NAME_LEN];
    char when[WHEN_TEXT_LEN];
    int64_t now = z->params.now;
    const char *algorithm = algorithm_text(k->algorithm);
    key_name_text(k, name);
    when_text(key_state_since(k, &z->waits, now), now, when);
    buf_printf(out, "%s %s %.16s  %s since %s", name, algorithm == NULL ? "?" : algorithm,
               k->digest, key_state_text(key_state(k, &z->waits, now)), when);
    if (k->compromised)
        buf_add_str(out, ", compromised");
    buf_add_char(out, ';');
    for (unsigned p = 0; p < KEY_PART_COUNT; p++) {
        enum key_part part = (enum key_part)p;
        if (key_has_part(k, part))
            buf_printf(out, "%s %s %s", p == 0 ? "" : ",", key_part_text(part),
                       part_state_text(key_part_state(k, part, &z->waits, now)));
    }
}

static void serial_lines(const struct zone_report *r, struct buf *out)
{
    const struct state_zone *b = &r->zone->built;
    int64_t now = r->zone->params.now;
    char when[WHEN_TEXT_LEN];
    if (!b->has_serial) {
        buf_add_str(out, "  serial      none: never built\n");
        return;
    }
    when_text(b->built_at, now, when);
    buf_printf(out, "  serial      %" PRIu32 ", built %s\n", b->serial, when);
    when_text(b->confirmed_at, now, when);
    if (b->confirmed_at == 0)
        buf_add_str(out, "  confirmed   never\n");
    else if (b->confirmed_serial == b->serial)
        buf_printf(out, "  confirmed   %s\n", when);
    else
        buf_printf(out, "  confirmed   serial %" PRIu32 " %s; serial %" PRIu32 " is not\n",
                   b->confirmed_serial, when, b->serial);
    if (r->zone->out != NULL && r->zone->out->serial != b->serial)
        buf_printf(out, "  output      serial %" PRIu32 ": not what state built last\n",
                   r->zone->out->serial);
}

static void signature_lines(const struct zone_report *r, struct buf *out)
{
    int64_t until_at = zone_valid_until(r->zone);
    int64_t now = r->zone->params.now;
    char until[WHEN_TEXT_LEN];
    char before[WHEN_TEXT_LEN];
    if (until_at == 0)
        return;
    when_text(until_at, now, until);
    when_text(until_at - r->zone->inv->dnssec->signature_refresh_s, now, before);
    buf_printf(out, "  signatures  valid until %s\n  rebuild     before %s\n", until, before);
}

static void key_lines(const struct zone_report *r, struct buf *out)
{
    const struct zone_overview *z = r->zone;
    const char *label = "keys";
    for (size_t i = 0; i < z->life.key_n; i++) {
        if (key_state(&z->life.keys[i], &z->waits, z->params.now) == KEY_REMOVED)
            continue;
        buf_printf(out, "  %-10s  ", label);
        key_line(z, &z->life.keys[i], out);
        buf_add_char(out, '\n');
        label = "";
    }
    if (*label != 0)
        buf_add_str(out, "  keys        none\n");
}

static void add_keys(const struct zone_overview *z,
                     bool (*is)(const struct zone_overview *, const struct life_key *),
                     const char *word, struct buf *out)
{
    char name[KEY_NAME_LEN];
    for (size_t i = 0; i < z->life.key_n; i++) {
        if (!is(z, &z->life.keys[i]))
            continue;
        key_name_text(&z->life.keys[i], name);
        buf_printf(out, "%s%s %s", out->len == 0 ? "" : ", ", name, word);
    }
}

static void roll_lines(const struct zone_report *r, struct buf *out)
{
    AUTO(buf) struct buf keys = {0};
    add_keys(r->zone, key_is_leaving, "goes", &keys);
    add_keys(r->zone, key_is_coming, "comes", &keys);
    if (r->zone->has_keys)
        buf_printf(out, "  roll        %s\n", keys.len == 0 ? "none" : buf_str(&keys));
}

static void ds_lines(const struct zone_report *r, struct buf *out)
{
    static const struct {
        enum ds_want want;
        const char *label;
        const char *since;
    } lines[] = {{DS_STAYS, "DS there", "seen"},
                 {DS_ADD, "DS to add", "due"},
                 {DS_MAY_GO, "DS may go", "asked away"}};
    const struct zone_overview *z = r->zone;
    char name[KEY_NAME_LEN];
    char when[WHEN_TEXT_LEN];
    for (size_t l = 0; l < sizeof lines / sizeof *lines; l++) {
        for (size_t i = 0; i < z->life.key_n; i++) {
            const struct life_key *k = &z->life.keys[i];
            if (key_ds_want(k) != lines[l].want)
                continue;
            key_name_text(k, name);
            when_text(key_ds_since(k), z->params.now, when);
            buf_printf(out, "  %-10s  of %s, %s since %s\n", lines[l].label, name, lines[l].since,
                       when);
        }
    }
}

/* What servers elsewhere said may hold anything. */
void parent_line(const struct zone_report *r, const char *label, struct buf *out)
{
    char when[WHEN_TEXT_LEN];
    if (r->observed_at == 0)
        return;
    when_text(r->observed_at, r->zone->params.now, when);
    buf_printf(out, "  %-10s  observed %s: ", label, when);
    report_add_clean(out, buf_str(&r->observation), r->observation.len);
    buf_add_char(out, '\n');
}

static void next_line(const struct zone_report *r, struct buf *out)
{
    char when[WHEN_TEXT_LEN];
    if (r->next_at == 0 && r->next_why[0] == 0)
        return;
    if (r->next_at == 0) {
        buf_printf(out, "  next        %s\n", r->next_why);
        return;
    }
    when_text(r->next_at, r->zone->params.now, when);
    buf_printf(out, "  next        %s%s%s\n", when, r->next_why[0] == 0 ? "" : ": ", r->next_why);
}

void zone_report_print(const struct zone_report *r)
{
    AUTO(buf) struct buf out = {0};
    buf_printf(&out, "zone %s: ", r->zone->inv->text);
    add_headline(r, &out);
    buf_add_char(&out, '\n');
    for (size_t i = 1; i < r->needs.n; i++) {
        buf_add_str(&out, "  and         ");
        add_need(&r->needs.items[i], &out);
        buf_add_char(&out, '\n');
    }
    buf_printf(&out, "  policy      %s\n", r->zone->inv->dnssec->name);
    serial_lines(r, &out);
    signature_lines(r, &out);
    key_lines(r, &out);
    roll_lines(r, &out);
    ds_lines(r, &out);
    parent_line(r, "parent", &out);
    next_line(r, &out);
    app_print(r->overview->app, "%s", buf_str(&out));
}

/* ------------------------------------------------------------------ JSON */

json_t *block_json(const struct zone_overview *z, const struct life_block *b)
{
    bool has_key = b->what != WAIT_NOTHING && b->what != WAIT_CLOCK && b->key < z->life.key_n;
    const struct life_key *k = has_key ? &z->life.keys[b->key] : NULL;
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:s}", "waits-for", life_wait_text(b->what), "key",
                     k == NULL ? json_null() : json_string(k->digest), "key-tag",
                     k == NULL ? json_null() : json_integer(k->tag), "part",
                     k == NULL ? json_null() : json_string(key_part_text(b->part)), "until",
                     when_json(b->until_at), "why", b->why);
}

static json_t *digests_json(const struct zone_overview *z,
                            bool (*is)(const struct zone_overview *, const struct life_key *))
{
    json_t *list = json_array();
    for (size_t i = 0; i < z->life.key_n; i++) {
        if (is(z, &z->life.keys[i]))
            (void)json_array_append_new(list, json_string(z->life.keys[i].digest));
    }
    return list;
}

static json_t *roll_json(const struct zone_overview *z)
{
    return json_pack("{s:b, s:o, s:o}", "under-way", (int)life_is_rolling(&z->life, &z->params),
                     "leaving", digests_json(z, key_is_leaving), "coming",
                     digests_json(z, key_is_coming));
}

static json_t *ds_json(const struct zone_overview *z, enum ds_want want)
{
    json_t *list = json_array();
    for (size_t i = 0; i < z->life.key_n; i++) {
        if (key_ds_want(&z->life.keys[i]) == want)
            (void)json_array_append_new(list, json_string(z->life.keys[i].digest));
    }
    return list;
}

static json_t *built_json(const struct zone_overview *z)
{
    const struct state_zone *b = &z->built;
    bool is_confirmed = b->confirmed_at != 0 && b->confirmed_serial == b->serial;
    int64_t until_at = zone_valid_until(z);
    return json_pack("{s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o}", "serial",
                     b->has_serial ? json_integer(b->serial) : json_null(), "built",
                     when_json(b->built_at), "confirmed", when_json(b->confirmed_at),
                     "confirmed-serial",
                     b->confirmed_at == 0 ? json_null() : json_integer(b->confirmed_serial),
                     "waits-for-confirmation", (int)(b->has_serial && !is_confirmed),
                     "output-serial", z->out == NULL ? json_null() : json_integer(z->out->serial),
                     "signatures-until", when_json(until_at), "rebuild-before",
                     when_json(until_at == 0 ? 0 : until_at - z->inv->dnssec->signature_refresh_s));
}

static json_t *keys_json(const struct zone_overview *z)
{
    json_t *list = json_array();
    for (size_t i = 0; i < z->life.key_n; i++)
        (void)json_array_append_new(list, key_json(z, &z->life.keys[i]));
    return list;
}

static json_t *parent_json(const struct zone_report *r)
{
    if (r->observed_at == 0)
        return json_null();
    return json_pack("{s:o, s:o}", "observed", when_json(r->observed_at), "verdict",
                     report_text_json(buf_str(&r->observation)));
}

json_t *zone_report_json(const struct zone_report *r)
{
    const struct zone_overview *z = r->zone;
    AUTO(buf) struct buf headline = {0};
    add_headline(r, &headline);
    json_t *blocks = json_array();
    for (size_t i = 0; i < r->blocks.n; i++)
        (void)json_array_append_new(blocks, block_json(z, &r->blocks.items[i]));
    json_t *doc = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "name", z->inv->text, "policy",
                            z->inv->dnssec->name, "verdict",
                            need_level_text(needs_level(&r->needs)), "summary", buf_str(&headline),
                            "needs", needs_json(&r->needs), "next", when_json(r->next_at));
    json_t *rest = json_pack("{s:s, s:o, s:o, s:{s:o, s:o, s:o}, s:o, s:o}", "next-why",
                             r->next_why, "keys", keys_json(z), "roll", roll_json(z), "ds", "add",
                             ds_json(z, DS_ADD), "stays", ds_json(z, DS_STAYS), "may-go",
                             ds_json(z, DS_MAY_GO), "parent", parent_json(r), "blocks", blocks);
    json_t *built = built_json(z);
    bool failed = doc == NULL || rest == NULL || built == NULL ||
                  json_object_update(doc, built) != 0 || json_object_update(doc, rest) != 0;
    json_decref(built);
    json_decref(rest);
    if (!failed)
        return doc;
    json_decref(doc);
    return NULL;
}
