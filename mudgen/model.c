#include "mudgen/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "mudgen/ace.h"
#include "mudgen/digest.h"
#include "mudgen/json.h"
#include "mudgen/rules_docs.h"

enum family { IPV4, IPV6 };
enum direction { FROM_DEVICE, TO_DEVICE };

static const struct { /* the four kinds of ACL, in the order they are written */
    enum family family;
    enum direction direction;
    const char *infix;
} kinds[] = {{IPV4, FROM_DEVICE, "-v4-from-"},
             {IPV4, TO_DEVICE, "-v4-to-"},
             {IPV6, FROM_DEVICE, "-v6-from-"},
             {IPV6, TO_DEVICE, "-v6-to-"}};
#define KIND_N (sizeof(kinds) / sizeof(kinds[0]))

char *model_path(struct arena *a, const char *base, const char *model, const char *suffix)
{
    return arena_printf(a, "%s%s/%s%s", base, model, model, suffix);
}

static int by_name(const void *a, const void *b)
{
    const struct mud_model_out *const *x = a;
    const struct mud_model_out *const *y = b;
    return strcmp((*x)->model->name, (*y)->model->name);
}

const struct mud_model_out **models_by_name(const struct mud_model_out *models, size_t n)
{
    const struct mud_model_out **sorted = calloc(n + 1, sizeof(*sorted));
    for (size_t i = 0; sorted != NULL && i < n; i++)
        sorted[i] = &models[i];
    if (sorted != NULL)
        qsort(sorted, n, sizeof(*sorted), by_name);
    return sorted;
}

/* ------------------------------------------------------------------ matches */

static int protocol_number(enum protocol p, enum family f)
{
    switch (p) {
    case PROTOCOL_TCP: return 6;
    case PROTOCOL_UDP: return 17;
    case PROTOCOL_ICMP: return f == IPV4 ? 1 : 58;
    case PROTOCOL_ANY: break;
    }
    return -1;
}

/*
 * The parts of a match go into OBJECT one by one, never by "left out when NULL": a part lost to a
 * failed allocation would make the entry accept more than the inventory says.
 * YANG's `empty` is [null] in JSON (RFC 7951 s6.9).
 */
static int match_mud(const struct ace *e, json_t *object)
{
    json_t *peer = NULL;
    switch (e->peer) {
    case ACE_DOMAIN: return 0;
    case ACE_CONTROLLER: peer = json_pack("{s:s}", "controller", e->target); break;
    case ACE_LOCAL: peer = json_pack("{s:[n]}", "local-networks"); break;
    case ACE_SAME_MANUFACTURER: peer = json_pack("{s:[n]}", "same-manufacturer"); break;
    case ACE_MY_CONTROLLER: peer = json_pack("{s:[n]}", "my-controller"); break;
    }
    return json_object_set_new(object, "ietf-mud:mud", peer);
}

static int match_ip(const struct ace *e, enum family f, enum direction d, json_t *object)
{
    int protocol = protocol_number(e->protocol, f);
    bool domain = e->peer == ACE_DOMAIN;
    if (protocol < 0 && !domain)
        return 0;
    json_t *ip = json_object();
    int failed = ip == NULL ? -1 : 0;
    if (protocol >= 0)
        failed |= json_object_set_new(ip, "protocol", json_integer(protocol));
    /* RFC 8520 s8.1, s8.2: dst-dnsname only from the device, src-dnsname only to it */
    if (domain)
        failed |= json_object_set_new(
            ip, d == FROM_DEVICE ? "ietf-acldns:dst-dnsname" : "ietf-acldns:src-dnsname",
            json_string(e->target));
    return failed | json_object_set_new(object, f == IPV4 ? "ipv4" : "ipv6", ip);
}

static json_t *match_port(const struct ace *e)
{
    if (e->port_lo == e->port_hi)
        return json_pack("{s:s, s:i}", "operator", "eq", "port", e->port_lo);
    return json_pack("{s:i, s:i}", "lower-port", e->port_lo, "upper-port", e->port_hi);
}

/* The port belongs to who is called: to the other end, or to the device when that is called. */
static int match_transport(const struct ace *e, enum direction d, json_t *object)
{
    bool tcp = e->protocol == PROTOCOL_TCP;
    if (!tcp && !e->has_port)
        return 0;
    bool destination = (d == FROM_DEVICE) != e->remote;
    json_t *transport = json_object();
    int failed = transport == NULL ? -1 : 0;
    if (tcp)
        failed |= json_object_set_new(transport, "ietf-mud:direction-initiated",
                                      json_string(e->remote ? "to-device" : "from-device"));
    if (e->has_port)
        failed |= json_object_set_new(transport, destination ? "destination-port" : "source-port",
                                      match_port(e));
    return failed | json_object_set_new(object, tcp ? "tcp" : "udp", transport);
}

static json_t *ace_json(const struct ace *e, enum family f, enum direction d)
{
    char name[ACE_NAME_MAX + 1];
    (void)snprintf(name, sizeof(name), "%s%s", e->name, d == FROM_DEVICE ? "-from" : "-to");
    AUTO_JSON json_t *matches = json_object();
    if (matches == NULL || match_mud(e, matches) != 0 || match_ip(e, f, d, matches) != 0 ||
        match_transport(e, d, matches) != 0)
        return NULL;
    return json_pack("{s:s, s:O, s:{s:s}}", "name", name, "matches", matches, "actions",
                     "forwarding", "accept");
}

/* ------------------------------------------------------------------ ACLs */

/* "<model>-v4-from-0". A model name that leaves no room is cut and gets a digest of the whole. */
static int acl_name(const char *model, size_t kind, size_t number, char out[ACE_NAME_MAX + 1])
{
    char end[32];
    (void)snprintf(end, sizeof(end), "%s%zu", kinds[kind].infix, number);
    int len = snprintf(out, ACE_NAME_MAX + 1, "%s%s", model, end);
    if (len >= 0 && len <= ACE_NAME_MAX)
        return ERR_OK;
    uint8_t digest[SHA256_LEN];
    int err = digest_sha256((struct bytes){(const uint8_t *)model, strlen(model)}, digest);
    if (err != ERR_OK)
        return err;
    size_t keep = ACE_NAME_MAX - strlen(end) - 9;
    (void)snprintf(out, ACE_NAME_MAX + 1, "%.*s-%02x%02x%02x%02x%s", (int)keep, model, digest[0],
                   digest[1], digest[2], digest[3], end);
    return ERR_OK;
}

static json_t *acl_json(const char *name, size_t kind, const struct ace *aces, size_t n)
{
    json_t *array = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *ace = ace_json(&aces[i], kinds[kind].family, kinds[kind].direction);
        if (json_array_append_new(array, ace) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return json_pack("{s:s, s:s, s:{s:o}}", "name", name, "type",
                     kinds[kind].family == IPV4 ? "ipv4-acl-type" : "ipv6-acl-type", "aces", "ace",
                     array);
}

/* All ACLs of one kind: into ACLS, and their names into the policy that refers to them. */
static int add_acls(const char *model, size_t kind, const struct ace *aces, size_t n, json_t *acls,
                    json_t *policy)
{
    for (size_t i = 0; i < n; i += MODEL_ACES_MAX) {
        char name[ACE_NAME_MAX + 1];
        int err = acl_name(model, kind, i / MODEL_ACES_MAX, name);
        if (err != ERR_OK)
            return err;
        size_t chunk = n - i < MODEL_ACES_MAX ? n - i : MODEL_ACES_MAX;
        if (json_array_append_new(acls, acl_json(name, kind, aces + i, chunk)) != 0 ||
            json_array_append_new(policy, json_pack("{s:s}", "name", name)) != 0)
            return ERR_NOMEM;
    }
    return ERR_OK;
}

/* What the device is, as far as stated; validation asks for the rest. */
static bool put_description(json_t *mud, const struct inventory *inv, const struct inv_model *m)
{
    return doc_json_put(mud, "systeminfo", m->systeminfo) &&
           doc_json_put(mud, "mfg-name", inv->manufacturer) &&
           doc_json_put(mud, "documentation", m->documentation) &&
           doc_json_put(mud, "model-name", m->model_name);
}

/* The names of the ACLs of one direction. */
static bool put_policy(json_t *mud, const char *key, json_t *acls)
{
    json_t *policy = json_pack("{s:{s:O}}", "access-lists", "access-list", acls);
    return json_object_set_new(mud, key, policy) == 0;
}

static json_t *mud_json(const struct inventory *inv, const struct inv_model *m, struct arena *a,
                        const char *last_update, json_t *from, json_t *to)
{
    const char *url = model_path(a, inv->publication.base_url, m->name, ".json");
    const char *signature = model_path(a, inv->publication.base_url, m->name, ".p7s");
    if (url == NULL || signature == NULL)
        return NULL;
    AUTO_JSON json_t *mud =
        json_pack("{s:i, s:s, s:s, s:s, s:i, s:b}", "mud-version", 1, "mud-url", url,
                  "mud-signature", signature, "last-update", last_update, "cache-validity",
                  inv->publication.cache_validity_h, "is-supported", (int)m->supported);
    if (!put_description(mud, inv, m) || !put_policy(mud, "from-device-policy", from) ||
        !put_policy(mud, "to-device-policy", to))
        return NULL;
    return TAKE(mud);
}

int model_write(const struct inventory *inv, const struct inv_model *model, const char *last_update,
                struct buf *out)
{
    AUTO_PTR(arena) struct arena *a = arena_new();
    AUTO_JSON json_t *acls = json_array();
    AUTO_JSON json_t *from = json_array();
    AUTO_JSON json_t *to = json_array();
    struct ace *aces = NULL;
    size_t n = 0;
    if (a == NULL || acls == NULL || from == NULL || to == NULL)
        return ERR_NOMEM;
    int err = aces_make(a, model, &aces, &n);
    for (size_t k = 0; err == ERR_OK && k < KIND_N; k++)
        err =
            add_acls(model->name, k, aces, n, acls, kinds[k].direction == FROM_DEVICE ? from : to);
    if (err != ERR_OK)
        return err;
    return doc_json_write(json_pack("{s:o, s:{s:O}}", "ietf-mud:mud",
                                    mud_json(inv, model, a, last_update, from, to),
                                    "ietf-access-control-list:acls", "acl", acls),
                          out);
}

/* ------------------------------------------------------------------ what MUD cannot say */

void model_names_advise(const struct listing *listing, struct diags *diags)
{
    for (size_t i = 0; i < listing->n; i++) {
        const struct listing_entry *e = &listing->entries[i];
        if (e->subdomains)
            diag_add(diags, &rule_made_wildcard, e->where, e->text,
                     "left out of the MUD files of %zu model%s; list and RPZ carry it", e->models.n,
                     e->models.n == 1 ? "" : "s");
        else if (strchr(e->name, '_') != NULL)
            diag_add(diags, &rule_made_underscore, e->where, e->text,
                     "a label with an underscore in MUD files");
    }
}

void model_acl_names_check(const struct inv_model *model, struct diags *diags)
{
    char name[ACE_NAME_MAX + 1];
    char end[32];
    (void)snprintf(end, sizeof(end), "%s0", kinds[0].infix); /* the longest of the four */
    if (strlen(model->name) + strlen(end) <= ACE_NAME_MAX || acl_name(model->name, 0, 0, name) != 0)
        return;
    diag_add(diags, &rule_made_acl_name, model->where, model->name,
             "%zu characters: ACL names are shortened (%s)", strlen(model->name), name);
    diag_expect(diags, "at most %zu characters to leave room for %s",
                (size_t)ACE_NAME_MAX - strlen(end), end);
}
