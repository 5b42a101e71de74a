/*
 * signer/parent.c -- see parent.h: each answer judged by itself, then all together.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/timetext.h"
#include "signer/parent_int.h"
#include "signer/rules_parent.h"

#define CLOCKS_APART_S 300  /* what two machines' clocks may differ */
#define RUN_MAX_S      3600 /* what one run of `observe` may take */

void observation_done(struct observation *o)
{
    arena_free(o->arena);
    *o = (struct observation){0};
}

void parent_trust_done(struct parent_trust *t)
{
    zone_free(t->anchors);
    arena_free(t->arena);
    buf_wipe(&t->secrets);
    *t = (struct parent_trust){0};
}

void parent_view_done(struct parent_view *v)
{
    arena_free(v->arena);
    *v = (struct parent_view){0};
}

int parent_anchors_default(struct zone **ret)
{
    /* https://data.iana.org/root-anchors/root-anchors.xml */
    static const char text[] = ". 172800 IN DS 20326 8 2 "
                               "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n"
                               ". 172800 IN DS 38696 8 2 "
                               "683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16\n";
    const struct zone_load_opts opts = {.origin = (const uint8_t *)""};
    return zone_parse("the root's trust anchors", text, sizeof text - 1, &opts, ret, NULL);
}

struct judge {
    const struct observation *o;
    const struct parent_trust *trust;
    int64_t now;
    struct arena *arena;        /* the view's */
    struct arena *scratch;      /* until the verdict */
    struct trusted_zone parent; /* when chain_is_proven */
    bool chain_is_proven;
    char chain_why[PARENT_WHY_LEN];
    struct parent_view *v;
};

static void judge_done(struct judge *j)
{
    trusted_zone_done(&j->parent);
    arena_free(j->scratch);
}
DEFINE_AUTO(judge)

/* ------------------------------------------------------------------ one answer */

static const char *rcode_text(uint8_t rcode)
{
    switch (rcode) {
    case 1: return "FORMERR";
    case 2: return "SERVFAIL";
    case RCODE_NXDOMAIN: return "NXDOMAIN: it knows no such delegation";
    case 4: return "NOTIMP";
    case 5: return "REFUSED";
    case 9: return "NOTAUTH";
    default: return "an error code";
    }
}

/* Does it say something? Else WHY has what is wrong with it. */
static bool is_usable(const struct message *m, char why[PARENT_WHY_LEN])
{
    if (m->is_truncated)
        (void)snprintf(why, PARENT_WHY_LEN, "truncated");
    else if (m->rcode != RCODE_NOERROR)
        (void)snprintf(why, PARENT_WHY_LEN, "answered %s", rcode_text(m->rcode));
    else if (!m->is_authoritative)
        (void)snprintf(why, PARENT_WHY_LEN, "lame: its answer is not authoritative");
    else
        return true;
    return false;
}

static const struct parent_agent *agent_of(const struct parent_trust *t,
                                           const struct observed_answer *a)
{
    for (size_t i = 0; i < t->agent_n; i++) {
        if (strcmp(t->agents[i].address, a->address) == 0)
            return &t->agents[i];
    }
    return NULL;
}

struct above { /* the owner of an SOA above ZONE */
    const uint8_t *zone;
    uint8_t owner[256];
    bool found;
};

static int take_above(void *ctx, const uint8_t *owner)
{
    struct above *a = ctx;
    if (!a->found && name_is_below(a->zone, owner)) {
        memcpy(a->owner, owner, name_len(owner));
        a->found = true;
    }
    return ERR_OK;
}

/* RFC 2308 s2.2, s5: an absence that only TSIG vouches for comes with the SOA of the zone that says
   so. The child's own servers have no DS either, and may be the agent's. */
static int absence_by_tsig(struct judge *j, const struct message *m, struct parent_server *s)
{
    struct above above = {.zone = j->o->zone};
    struct message_set soa = {0};
    int err = message_owners(m, KNOT_AUTHORITY, PT_SOA, take_above, &above);
    if (err == ERR_OK && above.found)
        err = message_set(m, KNOT_AUTHORITY, above.owner, PT_SOA, j->scratch, &soa);
    if (err != ERR_OK)
        return err;
    if (soa.n != 1 || soa.rdata[0].len < 20) {
        (void)snprintf(s->why, sizeof s->why, "no DS, but not in the name of a zone above it");
        return ERR_OK;
    }
    uint32_t minimum = wire_get32(soa.rdata[0].data + soa.rdata[0].len - 4);
    s->ttl_s = minimum < soa.ttl ? minimum : soa.ttl;
    s->proof = PARENT_BY_TSIG;
    return ERR_OK;
}

static int keep_ds(struct judge *j, const struct message_set *set, struct parent_server *s)
{
    struct bytes *ds = arena_zalloc(j->arena, set->n, sizeof *ds);
    if (ds == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < set->n; i++) {
        ds[i] = (struct bytes){arena_dup(j->arena, set->rdata[i].data, set->rdata[i].len),
                               set->rdata[i].len};
        if (ds[i].data == NULL)
            return ERR_NOMEM;
    }
    s->ds = ds;
    s->ds_n = set->n;
    return ERR_OK;
}

static int prove_by_tsig(struct judge *j, const struct observed_answer *a, const struct message *m,
                         struct parent_server *s)
{
    const struct parent_agent *agent = agent_of(j->trust, a);
    bool right = false;
    if (a->tsig == NULL || agent == NULL || agent->key_name == NULL)
        return ERR_OK;
    int err = tsig_is_right(agent, a->message, a->request_mac, a->at, &right, s->why);
    if (err != ERR_OK || !right)
        return err;
    s->signed_at = a->at;
    if (s->says == PARENT_SAYS_NO_DS)
        return absence_by_tsig(j, m, s);
    s->proof = PARENT_BY_TSIG;
    return ERR_OK;
}

static int prove_by_dnssec(struct judge *j, const struct observed_answer *a,
                           const struct message *m, const struct message_set *ds,
                           struct parent_server *s)
{
    const struct proof_times times = {a->at, j->now};
    bool proven = false;
    struct proof proof;
    if (!j->chain_is_proven) {
        /* a TSIG that failed says more than a chain that nobody configured */
        if (s->why[0] == 0)
            (void)snprintf(s->why, PARENT_WHY_LEN, "not proven: %.200s", j->chain_why);
        return ERR_OK;
    }
    int err = ds->n > 0 ? proof_of_set(ds, &j->parent, &times, &proven, &proof, s->why)
                        : denial_of_ds(m, j->o->zone, &j->parent, &times, j->scratch, &proven,
                                       &proof, s->why);
    if (err == ERR_OK && proven) {
        s->proof = PARENT_BY_DNSSEC;
        s->ttl_s = proof.ttl_s;
        s->signed_at = proof.signed_at;
    }
    return err;
}

static void say_proven(struct parent_server *s)
{
    const char *by = s->proof == PARENT_BY_TSIG ? "TSIG" : "DNSSEC";
    if (s->says == PARENT_SAYS_NO_DS) {
        (void)snprintf(s->why, PARENT_WHY_LEN, "no DS, proven by %s", by);
        return;
    }
    AUTO(buf) struct buf tags = {0};
    for (size_t i = 0; i < s->ds_n; i++)
        buf_printf(&tags, "%s%u", i > 0 ? ", " : "",
                   s->ds[i].len >= 2 ? wire_get16(s->ds[i].data) : 0);
    (void)snprintf(s->why, PARENT_WHY_LEN, "DS %.150s, proven by %s", buf_str(&tags), by);
}

static int judge_message(struct judge *j, const struct observed_answer *a, const struct message *m,
                         struct parent_server *s)
{
    struct message_set ds;
    int err = message_set(m, KNOT_ANSWER, j->o->zone, PT_DS, j->scratch, &ds);
    if (err == ERR_OK)
        err = keep_ds(j, &ds, s);
    if (err != ERR_OK)
        return err;
    s->says = ds.n > 0 ? PARENT_SAYS_DS : PARENT_SAYS_NO_DS;
    s->ttl_s = ds.n > 0 ? ds.ttl : 0;
    err = prove_by_tsig(j, a, m, s);
    if (err == ERR_OK && s->proof == PARENT_UNPROVEN)
        err = prove_by_dnssec(j, a, m, &ds, s);
    if (err == ERR_OK && s->proof != PARENT_UNPROVEN)
        say_proven(s);
    return err;
}

static int judge_answer(struct judge *j, const struct observed_answer *a, struct parent_server *s)
{
    AUTO(message) struct message m = {0};
    bool good = false;
    *s = (struct parent_server){.server = arena_strdup(j->arena, a->server),
                                .address = arena_strdup(j->arena, a->address),
                                .transport = arena_strdup(j->arena, a->transport),
                                .at = a->at};
    if (s->server == NULL || s->address == NULL || s->transport == NULL)
        return ERR_NOMEM;
    if (a->message.len == 0) {
        (void)snprintf(s->why, sizeof s->why, "%s", a->failure == NULL ? "silent" : a->failure);
        return ERR_OK;
    }
    int err = message_read(a->message, j->o->zone, PT_DS, &m, &good, s->why);
    if (err != ERR_OK || !good || !is_usable(&m, s->why))
        return err;
    return judge_message(j, a, &m, s);
}

/* ------------------------------------------------------------------ all of them */

static bool is_proven(const struct parent_server *s)
{
    return s->says != PARENT_SAYS_NOTHING && s->proof != PARENT_UNPROVEN;
}

/* What an answer lacks can be made up for by another: of the same address over TCP when it was
   truncated, of another address of the server when there is no way to this one. */
static void leave_out(struct judge *j)
{
    struct parent_view *v = j->v;
    for (size_t i = 0; i < v->server_n; i++) {
        struct parent_server *s = &v->servers[i];
        bool truncated = strcmp(s->why, "truncated") == 0 && strcmp(s->transport, "udp") == 0;
        for (size_t k = 0; k < v->server_n && (truncated || j->o->answers[i].no_route); k++) {
            const struct parent_server *other = &v->servers[k];
            if (!is_proven(other) || strcmp(other->server, s->server) != 0)
                continue;
            if (j->o->answers[i].no_route ? strcmp(other->address, s->address) != 0
                                          : strcmp(other->address, s->address) == 0)
                s->is_left_out = true;
        }
    }
}

static bool is_same(const struct parent_server *a, const struct parent_server *b)
{
    if (a->ds_n != b->ds_n)
        return false;
    for (size_t i = 0; i < a->ds_n; i++) {
        if (!bytes_equal(a->ds[i], b->ds[i]))
            return false;
    }
    return true;
}

/* Says who blocks, and why; the first one is the verdict's sentence. */
static void block(struct judge *j, const struct parent_server *s, const char *why,
                  struct diags *diags)
{
    char name[NAME_TEXT_LEN];
    name_to_text(j->o->zone, name);
    AUTO(buf) struct buf text = {0};
    if (s != NULL)
        buf_printf(&text, "%.100s%s%s %s: ", s->server, s->address[0] == 0 ? "" : " ", s->address,
                   s->transport);
    buf_add_str(&text, why);
    diag_add(diags, &rule_parent_unproven, AT_NOWHERE, name, "%s", buf_str(&text));
    if (j->v->agrees)
        (void)snprintf(j->v->why, sizeof j->v->why, "%s", buf_str(&text));
    j->v->agrees = false;
}

/* With agents: each of them over both transports, and nobody else. */
static void judge_agents(struct judge *j, struct diags *diags)
{
    static const char *const transports[] = {"udp", "tcp"};
    for (size_t i = 0; i < j->trust->agent_n * 2; i++) {
        const struct parent_agent *agent = &j->trust->agents[i / 2];
        bool asked = false;
        for (size_t k = 0; k < j->v->server_n && !asked; k++)
            asked = strcmp(j->v->servers[k].address, agent->address) == 0 &&
                    strcmp(j->v->servers[k].transport, transports[i % 2]) == 0;
        char why[PARENT_WHY_LEN];
        (void)snprintf(why, sizeof why, "the agent %.64s %.64s was not asked over %s", agent->name,
                       agent->address, transports[i % 2]);
        if (!asked)
            block(j, NULL, why, diags);
    }
}

static bool was_asked(const struct judge *j, struct bytes ns)
{
    char text[NAME_TEXT_LEN];
    uint8_t name[256];
    if (ns.len > sizeof name)
        return false;
    for (size_t i = 0; i < ns.len; i++)
        name[i] = (uint8_t)(ns.data[i] >= 'A' && ns.data[i] <= 'Z' ? ns.data[i] + 32 : ns.data[i]);
    name_to_text_nodot(name, text);
    for (size_t i = 0; i < j->v->server_n; i++) {
        if (strcmp(j->v->servers[i].server, text) == 0)
            return true;
    }
    return false;
}

/* Without agents: all name servers that the parent's own, signed NS RRset names. */
static int judge_servers(struct judge *j, struct diags *diags)
{
    AUTO(message) struct message m = {0};
    const struct proof_times times = {j->o->at, j->now};
    struct message_set set = {0};
    bool good = false, proven = false;
    char why[PARENT_WHY_LEN] = "it is not in the observation", text[PARENT_WHY_LEN];
    struct proof proof;
    int err = ERR_OK;
    if (!j->chain_is_proven)
        return ERR_OK; /* said for each server */
    for (size_t i = 0; i < j->o->link_n && err == ERR_OK && !good; i++) {
        const struct observed_link *l = &j->o->links[i];
        if (l->type == PT_NS && name_compare(l->name, j->o->parent) == 0)
            err = message_read(l->message, l->name, PT_NS, &m, &good, why);
    }
    if (err == ERR_OK && good)
        err = message_set(&m, KNOT_ANSWER, j->o->parent, PT_NS, j->scratch, &set);
    if (err == ERR_OK && set.n > 0)
        err = proof_of_set(&set, &j->parent, &times, &proven, &proof, why);
    if (err != ERR_OK)
        return err;
    (void)snprintf(text, sizeof text, "the list of the parent's name servers: %.180s", why);
    if (!proven)
        block(j, NULL, text, diags);
    for (size_t i = 0; i < set.n && proven; i++) {
        if (!was_asked(j, set.rdata[i]))
            block(j, NULL, "the parent has a name server that was not asked", diags);
    }
    return ERR_OK;
}

/* The first answer that counts; NULL: none does. */
static const struct parent_server *judge_all(struct judge *j, struct diags *diags)
{
    struct parent_view *v = j->v;
    const struct parent_server *first = NULL;
    for (size_t i = 0; i < v->server_n; i++) {
        const struct parent_server *s = &v->servers[i];
        if (s->is_left_out)
            continue;
        if (!is_proven(s)) {
            block(j, s, s->why, diags);
            continue;
        }
        first = first == NULL ? s : first;
        if (!is_same(first, s)) {
            char why[PARENT_WHY_LEN];
            (void)snprintf(why, sizeof why, "%.90s; but %.50s %.50s says %.30s", s->why,
                           first->server, first->address,
                           first->ds_n == 0 ? "no DS" : "another set");
            block(j, s, why, diags);
        }
        v->ttl_s = s->ttl_s > v->ttl_s ? s->ttl_s : v->ttl_s;
        v->signed_at = s->signed_at < v->signed_at ? s->signed_at : v->signed_at;
    }
    if (first == NULL && v->agrees)
        block(j, NULL, "no server of the parent was asked", diags);
    return first;
}

static void conclude(struct parent_view *v, const struct parent_server *first)
{
    if (!v->agrees)
        return;
    v->ds = first->ds;
    v->ds_n = first->ds_n;
    (void)snprintf(v->why, sizeof v->why, "%.200s, at all of them", first->why);
}

/* ------------------------------------------------------------------ the observation as a whole */

static int refuse(const struct observation *o, struct diags *diags, const char *what, int64_t at)
{
    char name[NAME_TEXT_LEN], text[TIME_TEXT_LEN];
    name_to_text(o->zone, name);
    time_format_rfc3339(at < 0 ? 0 : at, text);
    diag_add(diags, &rule_observation_time, AT_NOWHERE, name, "%s %s", what, text);
    return ERR_STATE;
}

static int check_times(const struct observation *o, int64_t previous_at, int64_t now,
                       struct diags *diags)
{
    if (o->at > now + CLOCKS_APART_S)
        return refuse(o, diags, "an observation from the future:", o->at);
    if (o->at < previous_at)
        return refuse(o, diags, "an observation older than the last one used, which is of",
                      previous_at);
    for (size_t i = 0; i < o->answer_n; i++) {
        if (o->answers[i].at > o->at || o->answers[i].at < o->at - RUN_MAX_S)
            return refuse(o, diags,
                          "an answer of another time than the observation:", o->answers[i].at);
    }
    return ERR_OK;
}

static int prepare(struct judge *j)
{
    const struct proof_times times = {j->o->at, j->now};
    j->v->arena = j->arena = arena_new();
    j->scratch = arena_new();
    if (j->arena == NULL || j->scratch == NULL)
        return ERR_NOMEM;
    j->v->observed_at = j->v->signed_at = j->o->at;
    j->v->agrees = true;
    j->v->server_n = j->o->answer_n;
    j->v->servers = arena_zalloc(j->arena, j->o->answer_n, sizeof *j->v->servers);
    if (j->v->servers == NULL)
        return ERR_NOMEM;
    return chain_of_parent(j->o, j->trust->anchors, &times, j->scratch, &j->parent,
                           &j->chain_is_proven, j->chain_why);
}

int parent_judge(const struct observation *o, const struct parent_trust *trust, int64_t previous_at,
                 int64_t now, struct parent_view *ret, struct diags *diags)
{
    AUTO(parent_view) struct parent_view v = {0};
    AUTO(judge) struct judge j = {.o = o, .trust = trust, .now = now, .v = &v};
    int err = check_times(o, previous_at, now, diags);
    if (err == ERR_OK)
        err = prepare(&j);
    for (size_t i = 0; i < o->answer_n && err == ERR_OK; i++)
        err = judge_answer(&j, &o->answers[i], &v.servers[i]);
    if (err != ERR_OK)
        return err;
    leave_out(&j);
    const struct parent_server *first = judge_all(&j, diags);
    if (trust->agent_n > 0)
        judge_agents(&j, diags);
    else
        err = judge_servers(&j, diags);
    if (err != ERR_OK)
        return err;
    conclude(&v, first);
    *ret = v;
    v = (struct parent_view){0};
    return ERR_OK;
}
