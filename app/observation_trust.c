/*
 * app/observation_trust.c -- whom to believe about the parent: trust anchors and agents' secrets.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/gnutls.h>

#include "app/observation.h"
#include "app/observation_write.h"
#include "app/pipeline.h"
#include "app/rules_app.h"
#include "common/file.h"
#include "publish/ask.h"

#define SECRET_TEXT_MAX 4096 /* base64 of a TSIG secret, with blanks around it */

enum { TYPE_DS = 43, TYPE_DNSKEY = 48 };

/* ------------------------------------------------------------------ trust anchors */

static bool has_anchor(const struct zone *z)
{
    struct zone_cursor c;
    struct zone_node node;
    struct zone_rrset set;
    zone_first(z, &c);
    while (zone_next(&c, &node)) {
        if (zone_node_rrset(&node, TYPE_DS, &set) || zone_node_rrset(&node, TYPE_DNSKEY, &set))
            return true;
    }
    return false;
}

static int load_anchors(struct app *app, const char *path, struct zone **ret)
{
    static const uint8_t root[1] = {0};
    const struct zone_load_opts opts = {.origin = root};
    AUTO_PTR(zone) struct zone *z = NULL;
    AUTO_PTR(diags) struct diags *d = diags_new(); /* a zone's good manners are not asked of it */
    int err = zone_load(path, &opts, &z, d);
    if (err != ERR_OK) {
        diags_move(app->diags, d);
        return err == ERR_IO ? ERR_CONFIG : err;
    }
    if (!has_anchor(z)) {
        diag_add(app->diags, &rule_trust_anchor, AT_FILE(path), NULL,
                 "neither a DS nor a DNSKEY record");
        return ERR_CONFIG;
    }
    *ret = TAKE(z);
    return ERR_OK;
}

/* ------------------------------------------------------------------ TSIG */

static int bad_secret(struct app *app, const struct inv_tsig_key *k, const char *what)
{
    diag_add(app->diags, &rule_tsig_secret, AT_FILE(k->secret_file), k->text, "%s", what);
    return ERR_CONFIG;
}

static void trim(struct buf *b)
{
    static const char blanks[] = " \t\r\n";
    size_t from = 0;
    while (b->len > 0 && strchr(blanks, b->data[b->len - 1]) != NULL)
        b->data[--b->len] = 0;
    while (from < b->len && strchr(blanks, b->data[from]) != NULL)
        from++;
    memmove(b->data, b->data + from, b->len - from + 1);
    b->len -= from;
}

int tsig_secret_read(struct app *app, const struct inv_tsig_key *k, struct buf *ret)
{
    int err = file_read_private(k->secret_file, SECRET_TEXT_MAX, ret);
    if (err == ERR_IO)
        return bad_secret(app, k, strerror(errno));
    if (err == ERR_CONFIG)
        return bad_secret(app, k, "group or others can read it, or it is no file of ours");
    if (err != ERR_OK)
        return err == ERR_LIMIT ? bad_secret(app, k, "far too long") : err;
    if (ret->len == 0)
        return bad_secret(app, k, "empty");
    trim(ret);
    return ERR_OK;
}

static int decode(struct app *app, const struct inv_tsig_key *k, struct parent_trust *t,
                  size_t *ret_at, size_t *ret_len)
{
    AUTO(buf) struct buf text = {0};
    gnutls_datum_t out = {0};
    int err = tsig_secret_read(app, k, &text);
    if (err == ERR_OK) {
        const gnutls_datum_t in = {text.data, (unsigned)text.len};
        int rc = gnutls_base64_decode2(&in, &out);
        if (rc != 0 || out.size == 0)
            err = rc == GNUTLS_E_MEMORY_ERROR ? ERR_NOMEM : bad_secret(app, k, "no base64");
    }
    if (err == ERR_OK) {
        *ret_at = t->secrets.len;
        *ret_len = out.size;
        buf_add(&t->secrets, out.data, out.size);
        err = buf_ok(&t->secrets) ? ERR_OK : ERR_NOMEM;
    }
    if (out.data != NULL)
        gnutls_memset(out.data, 0, out.size);
    gnutls_free(out.data);
    buf_wipe(&text);
    return err;
}

static int take_agent(struct app *app, const struct inv_agent *from, struct parent_trust *t,
                      struct parent_agent *ret)
{
    size_t at = 0, len = 0;
    struct ask_address address;
    char text[ASK_ADDRESS_LEN]; /* as observations spell it, whatever the inventory does */
    if (!ask_address_parse(from->address, 0, &address))
        return ERR_INTERNAL; /* the inventory checked it */
    ask_address_text(&address, text);
    ret->name = arena_strdup(t->arena, from->name);
    ret->address = arena_strdup(t->arena, text);
    if (ret->name == NULL || ret->address == NULL)
        return ERR_NOMEM;
    if (from->tsig == NULL)
        return ERR_OK;
    int err = decode(app, from->tsig, t, &at, &len);
    ret->key_name = arena_dup(t->arena, from->tsig->name, name_len(from->tsig->name));
    ret->algorithm = arena_strdup(t->arena, from->tsig->algorithm);
    if (err == ERR_OK && (ret->key_name == NULL || ret->algorithm == NULL))
        err = ERR_NOMEM;
    if (err == ERR_OK)
        ret->secret = (struct bytes){t->secrets.data + at, len};
    return err;
}

static int take_agents(struct app *app, const struct inventory *inv, struct parent_trust *t)
{
    t->arena = arena_new();
    if (t->arena == NULL)
        return ERR_NOMEM;
    t->agents = arena_zalloc(t->arena, inv->parent.agent_n, sizeof *t->agents);
    /* once and for all: growing would leave copies behind, and move what agents point to */
    buf_reserve(&t->secrets, inv->parent.agent_n * SECRET_TEXT_MAX);
    if (t->agents == NULL || !buf_ok(&t->secrets))
        return ERR_NOMEM;
    for (; t->agent_n < inv->parent.agent_n; t->agent_n++) {
        int err = take_agent(app, &inv->parent.agents[t->agent_n], t, &t->agents[t->agent_n]);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

int observation_trust(struct app *app, const struct inventory *inv, struct parent_trust *ret)
{
    AUTO(parent_trust) struct parent_trust t = {0};
    int err = inv->parent.trust_anchor == NULL
                  ? parent_anchors_default(&t.anchors)
                  : load_anchors(app, inv->parent.trust_anchor, &t.anchors);
    if (err == ERR_OK)
        err = take_agents(app, inv, &t);
    if (err != ERR_OK)
        return err;
    *ret = t;
    t = (struct parent_trust){0};
    return ERR_OK;
}
