/*
 * app/cmd_observe.c -- the network half's look at the parents: asks, writes observation files, and
 * says what the signing half will make of them. No key but TSIG secrets, no state folder.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/observe.h"
#include "app/rules_app.h"
#include "common/file.h"
#include "common/timetext.h"

#define RESOLV_CONF     "/etc/resolv.conf"
#define RESOLV_CONF_MAX (64u << 10)
#define TRIES           3

static void observe_run_done(struct observe_run *c)
{
    for (size_t i = 0; c->secrets != NULL && i < c->agent_n; i++)
        buf_wipe(&c->secrets[i]);
    free(c->secrets);
    free(c->keys);
    free(c->agents);
    parent_trust_done(&c->trust);
    site_done(&c->site);
}
DEFINE_AUTO(observe_run)

/* For deadlines: never goes back, and --now does not move it. */
static int64_t clock_ms(void *ctx)
{
    (void)ctx;
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ------------------------------------------------------------------ whom to ask */

static bool add_resolver(struct observe_run *c, const char *text)
{
    if (c->resolver_n == RESOLVERS_MAX)
        return true;
    if (!ask_address_parse(text, 53, &c->resolvers[c->resolver_n]))
        return false;
    c->resolver_n++;
    return true;
}

/* resolv.conf(5): `nameserver ADDRESS`; what is not understood there is passed over. */
static int system_resolvers(struct observe_run *c)
{
    AUTO(buf) struct buf text = {0};
    int err = file_read(RESOLV_CONF, RESOLV_CONF_MAX, &text);
    if (err == ERR_NOMEM)
        return err;
    char *save = NULL;
    for (char *line = err == ERR_OK && text.len > 0 ? strtok_r((char *)text.data, "\n", &save)
                                                    : NULL;
         line != NULL; line = strtok_r(NULL, "\n", &save)) {
        char *word_save = NULL;
        const char *key = strtok_r(line, " \t", &word_save);
        const char *value = key == NULL ? NULL : strtok_r(NULL, " \t", &word_save);
        if (value != NULL && strcmp(key, "nameserver") == 0)
            (void)add_resolver(c, value);
    }
    if (c->resolver_n == 0)
        (void)add_resolver(c, "127.0.0.1"); /* as resolv.conf(5) has it */
    return ERR_OK;
}

static int set_resolvers(struct observe_run *c)
{
    if (c->resolver != NULL)
        return add_resolver(c, c->resolver)
                   ? ERR_OK
                   : usage_error(c->app, "--resolver: '%s'; expected ADDRESS or ADDRESS@PORT",
                                 c->resolver);
    if (c->site.inv->parent.resolver != NULL && add_resolver(c, c->site.inv->parent.resolver))
        return ERR_OK;
    return system_resolvers(c);
}

static int set_agent(struct observe_run *c, const struct inv_agent *from, size_t i)
{
    struct observe_agent *a = &c->agents[i];
    a->name = from->name;
    if (!ask_address_parse(from->address, 53, &a->address))
        return ERR_INTERNAL; /* the inventory checked it */
    if (from->tsig == NULL)
        return ERR_OK;
    int err = tsig_secret_read(c->app, from->tsig, &c->secrets[i]);
    c->keys[i] = (struct ask_key){from->tsig->text, from->tsig->algorithm, buf_str(&c->secrets[i])};
    a->key = &c->keys[i];
    return err;
}

static int set_agents(struct observe_run *c)
{
    const struct inventory *inv = c->site.inv;
    c->agent_n = inv->parent.agent_n;
    c->agents = calloc(c->agent_n + 1, sizeof *c->agents);
    c->keys = calloc(c->agent_n + 1, sizeof *c->keys);
    c->secrets = calloc(c->agent_n + 1, sizeof *c->secrets);
    if (c->agents == NULL || c->keys == NULL || c->secrets == NULL)
        return ERR_NOMEM;
    int err = ERR_OK;
    for (size_t i = 0; i < c->agent_n && err == ERR_OK; i++)
        err = set_agent(c, &inv->parent.agents[i], i);
    return err;
}

static int set_limits(struct observe_run *c)
{
    uint32_t timeout_s = 2;
    if (c->timeout != NULL &&
        (!duration_parse(c->timeout, &timeout_s) || timeout_s == 0 || timeout_s > 60))
        return usage_error(c->app, "--timeout: '%s'; expected 1s to 60s", c->timeout);
    c->limits =
        (struct ask_limits){.timeout_ms = timeout_s * 1000, .tries = TRIES, .clock_ms = clock_ms};
    return ERR_OK;
}

/* ------------------------------------------------------------------ one zone */

static int unwritable(struct observe_run *c, const char *path)
{
    diag_add(c->app->diags, &rule_observe_write, AT_FILE(path), NULL, "%s", strerror(errno));
    return ERR_IO;
}

static int write_file(struct observe_run *c, const char *path, const struct buf *text)
{
    int err = file_mkdirs(c->dir, 0755);
    if (err == ERR_OK)
        err = file_write_atomic(path, text->data, text->len, 0644);
    return err == ERR_IO ? unwritable(c, path) : err;
}

/* What the signing half would say now, so that nobody waits for a build to hear it. */
static int judge(struct observe_run *c, const char *path, const struct buf *text,
                 struct parent_view *ret)
{
    AUTO(observation) struct observation o = {0};
    int err = observation_parse(path, buf_bytes(text), &o, c->app->diags);
    return err == ERR_OK ? parent_judge(&o, &c->trust, 0, o.at, ret, c->app->diags) : err;
}

static int observe_one(struct observe_run *c, const struct inv_zone *zone)
{
    AUTO(observe_result) struct observe_result found = {0};
    AUTO(buf) struct buf text = {0};
    AUTO(parent_view) struct parent_view view = {0};
    AUTO_FREE char *path = observation_path(c->dir, zone);
    if (path == NULL)
        return ERR_NOMEM;
    const struct observe_params params = {
        .zone = zone->name,
        .resolvers = {c->resolvers, c->resolver_n, c->limits},
        .agents = c->agents,
        .agent_n = c->agent_n,
        .now = c->app->now,
        .now_ms = c->began_ms,
    };
    int err = observe_zone(&params, &found, c->app->diags);
    if (err != ERR_OK)
        return err;
    for (size_t i = 0; i < found.answer_n; i++)
        c->heard = c->heard || found.answers[i].message.len > 0;
    err = observation_text(&found, &text);
    if (err == ERR_OK)
        err = write_file(c, path, &text);
    if (err == ERR_OK)
        err = judge(c, path, &text, &view);
    if (err == ERR_OK)
        err = observe_report(c, &(struct observed){zone, &params, &found, &view, path});
    return err;
}

/* ------------------------------------------------------------------ all zones */

static const struct inv_zone *find_zone(const struct inventory *inv, const char *text)
{
    uint8_t name[256];
    const struct inv_zone *z = name_from_text(text, name) ? inventory_zone_of(inv, name) : NULL;
    return z != NULL && name_compare(z->name, name) == 0 ? z : NULL;
}

static int check_words(struct observe_run *c, const struct words *words)
{
    for (size_t i = 0; i < words->n; i++) {
        if (find_zone(c->site.inv, words->items[i]) == NULL)
            return usage_error(c->app, "'%s' is no zone of the inventory", words->items[i]);
    }
    return ERR_OK;
}

/* A parent that fails is a finding; the other zones go on. */
static int observe_each(struct observe_run *c, const struct words *words)
{
    const struct inventory *inv = c->site.inv;
    size_t n = words->n > 0 ? words->n : inv->zone_n;
    c->began_ms = clock_ms(NULL);
    for (size_t i = 0; i < n; i++) {
        const struct inv_zone *zone =
            words->n > 0 ? find_zone(inv, words->items[i]) : &inv->zones[i];
        int err = observe_one(c, zone);
        if (err != ERR_OK && err != ERR_ABSENT)
            return err;
    }
    if (c->heard || n == 0)
        return ERR_OK;
    diag_add(c->app->diags, &rule_observe_nobody, AT_NOWHERE, NULL, "no answer at all");
    return ERR_IO;
}

static int observe_all(struct observe_run *c, const struct words *words)
{
    int err = site_open(c->app, &c->site);
    if (err == ERR_OK)
        err = check_words(c, words);
    if (err == ERR_OK)
        err = set_limits(c);
    if (err == ERR_OK)
        err = set_resolvers(c);
    if (err == ERR_OK)
        err = set_agents(c);
    if (err == ERR_OK)
        err = observation_trust(c->app, c->site.inv, &c->trust);
    if (err != ERR_OK)
        return err;
    if (c->dir == NULL)
        c->dir = c->site.inv->parent.observations;
    if (c->out == NULL)
        c->out = c->site.inv->output_dir;
    return observe_each(c, words);
}

int cmd_observe(struct app *app, int argc, char **argv)
{
    AUTO(observe_run) struct observe_run c = {.app = app};
    const struct option_def options[] = {
        {"output", 'o', "DIR", "where observations go (default: the inventory's observations)",
         OPTION_TEXT, &c.dir},
        {"resolver", 0, "A[@PORT]",
         "who finds the parents (default: the inventory's, the system's)", OPTION_TEXT,
         &c.resolver},
        {"timeout", 0, "D", "how long a try waits (default: 2s; three tries)", OPTION_TEXT,
         &c.timeout},
        {"notify", 0, NULL, "tell parents whose DS differ from the built zone's CDS", OPTION_FLAG,
         &c.notify},
        {"out", 0, "OUT", "the built zones, for --notify (default: the inventory's output)",
         OPTION_TEXT, &c.out},
        {0},
    };
    const struct command_usage usage = {
        "observe",
        "[ZONE ...]",
        "Asks the parents which DS they have, and writes down the answers.",
        options,
        0,
        (size_t)argc};
    AUTO(words) struct words words = {0};
    int err = options_parse(app, &usage, argc, argv, &words);
    if (err != ERR_OK)
        return err;
    c.zones = json_array();
    json_t *result = c.zones == NULL ? NULL : json_pack("{s:o}", "zones", c.zones);
    err = result == NULL ? ERR_NOMEM : observe_all(&c, &words);
    if (err == ERR_USAGE) { /* said */
        json_decref(result);
        return err;
    }
    return report_finish(app, err, result);
}
