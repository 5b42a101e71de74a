/*
 * The event log: rows that are only added, each with a hash over itself and the hash before.
 * Whoever knows a head can prove later that nothing up to it was changed or cut off.
 */
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "signer/rules_sign.h"
#include "signer/state.h"

/* What a row's hash covers. */
enum event_form {
    EVENT_FORM_1 = 1, /* schema 1: time, zone, what, why */
    EVENT_FORM_2 = 2, /* every column */
};

static void add_field(struct buf *b, const char *text)
{
    buf_printf(b, "%zu:", strlen(text));
    buf_add_str(b, text);
    buf_add_char(b, ',');
}

/* SHA-256 over the hash before and the fields, each with its length: no two events read alike. A
   text of form 1 begins with a digit, and so is none of form 2. */
static int event_hash(enum event_form form, const char *before, const struct state_event *e,
                      char ret[65])
{
    AUTO(buf) struct buf b = {0};
    if (form == EVENT_FORM_1) {
        add_field(&b, before);
        buf_printf(&b, "%lld,", (long long)e->at);
        const char *const fields[] = {e->zone, e->what, e->why};
        for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
            add_field(&b, fields[i]);
    } else {
        buf_printf(&b, "event %d,%lld,%lld,", (int)form, (long long)e->seq, (long long)e->at);
        const char *const fields[] = {before,  e->zone, e->key,     e->who,
                                      e->what, e->why,  e->evidence};
        for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
            add_field(&b, fields[i]);
    }
    if (!buf_ok(&b))
        return ERR_NOMEM;
    sha256_hex(b.data, b.len, ret);
    return ERR_OK;
}

static int say_broken(struct state *s, int64_t seq, const char *what)
{
    diag_add(s->diags, &rule_state_log, AT_FILE(s->db_path), NULL, "event %lld %s", (long long)seq,
             what);
    return ERR_STATE;
}

/* ------------------------------------------------------------------ adding */

/* The last event's number and hash; 0 and "" when there is none. */
static int last_event(struct state *s, int64_t *ret_seq, char ret_hash[65])
{
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    int err = state_query(s, &q, "SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1", "");
    if (err == ERR_OK)
        err = state_step(s, q);
    if (err == ERR_ABSENT) {
        *ret_seq = 0;
        ret_hash[0] = 0;
        return ERR_OK;
    }
    if (err != ERR_OK)
        return err;
    int64_t seq = sqlite3_column_int64(q, 0);
    const char *hash = (const char *)sqlite3_column_text(q, 1);
    if (hash == NULL || strlen(hash) != 64)
        return say_broken(s, seq, "has no hash");
    *ret_seq = seq;
    memcpy(ret_hash, hash, 65);
    return ERR_OK;
}

int state_event_head(struct state *s, char ret[65])
{
    int64_t seq = 0;
    return last_event(s, &seq, ret);
}

static const char *text_or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

static int insert_event(struct state *s, const struct state_event *given)
{
    char before[65];
    char hash[65];
    struct state_event e = {.at = given->at,
                            .zone = text_or_empty(given->zone),
                            .key = text_or_empty(given->key),
                            .who = text_or_empty(s->who),
                            .what = text_or_empty(given->what),
                            .why = text_or_empty(given->why),
                            .evidence = text_or_empty(given->evidence)};
    int err = last_event(s, &e.seq, before);
    e.seq++;
    if (err == ERR_OK)
        err = event_hash(EVENT_FORM_2, before, &e, hash);
    if (err != ERR_OK)
        return err;
    return state_run(s,
                     "INSERT INTO events (seq, at, zone, key, who, what, why, evidence, form, hash)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                     "iittttttit", e.seq, e.at, e.zone, e.key, e.who, e.what, e.why, e.evidence,
                     (int64_t)EVENT_FORM_2, hash);
}

int state_event_add(struct state *s, const struct state_event *e)
{
    bool own = false;
    int err = state_enter(s, &own);
    return err == ERR_OK ? state_leave(s, own, insert_event(s, e)) : err;
}

int state_event(struct state *s, int64_t now, const char *zone, const char *what, const char *why)
{
    return state_event_add(
        s, &(struct state_event){.at = now, .zone = zone, .what = what, .why = why});
}

int state_set_who(struct state *s, const char *who)
{
    char *copy = strdup(who);
    if (copy == NULL)
        return ERR_NOMEM;
    free(s->who);
    s->who = copy;
    return ERR_OK;
}

/* ------------------------------------------------------------------ life events */

static int log_life_event(struct state *s, const char *zone, const struct life *l,
                          const struct life_event *event, const char *evidence)
{
    const struct life_key *k = &l->keys[event->key];
    AUTO(buf) struct buf why = {0};
    buf_printf(&why, "%s %u: %s", key_role_text(k->role), k->tag, event->why);
    if (!buf_ok(&why))
        return ERR_NOMEM;
    bool parents =
        event->part == KEY_PART_DS && (event->what == LIFE_IN_SEEN || event->what == LIFE_OUT_SEEN);
    return state_event_add(s, &(struct state_event){.at = event->at,
                                                    .zone = zone,
                                                    .key = k->digest,
                                                    .what = life_event_text(event),
                                                    .why = buf_str(&why),
                                                    .evidence = parents ? evidence : NULL});
}

int state_life_events(struct state *s, const uint8_t *zone, const struct life *l,
                      const struct life_events *events, const char *evidence)
{
    char name[NAME_TEXT_LEN];
    bool own = false;
    name_to_text_nodot(zone, name);
    int err = state_enter(s, &own);
    if (err != ERR_OK)
        return err;
    for (size_t i = 0; i < events->n && err == ERR_OK; i++) {
        const struct life_event *e = &events->items[i];
        if (e->what == LIFE_MADE)
            continue; /* in the log since state_key_make */
        err = e->key < l->key_n ? log_life_event(s, name, l, e, evidence) : ERR_INTERNAL;
    }
    return state_leave(s, own, err);
}

/* ------------------------------------------------------------------ reading */

#define EVENT_COLUMNS "seq, at, zone, key, who, what, why, evidence, hash, form"

static const char *column(sqlite3_stmt *q, int i)
{
    return text_or_empty((const char *)sqlite3_column_text(q, i));
}

/* Borrowed from Q until its next step. */
static struct state_event event_of(sqlite3_stmt *q)
{
    return (struct state_event){.seq = sqlite3_column_int64(q, 0),
                                .at = sqlite3_column_int64(q, 1),
                                .zone = column(q, 2),
                                .key = column(q, 3),
                                .who = column(q, 4),
                                .what = column(q, 5),
                                .why = column(q, 6),
                                .evidence = column(q, 7),
                                .hash = column(q, 8)};
}

int state_event_each(struct state *s, const struct event_filter *f,
                     int (*each)(void *ctx, const struct state_event *e), void *ctx)
{
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    const char *zone = f->zone;
    const char *key = f->key;
    /* the last so many, in the order they happened; version 1 named a key in `why` */
    int err = state_query(s, &q,
                          "SELECT * FROM (SELECT " EVENT_COLUMNS " FROM events"
                          " WHERE at >= ?1 AND (?2 = '' OR zone = ?2)"
                          " AND (?3 = '' OR key = ?3 OR (form = 1 AND instr(why, ?3) > 0))"
                          " ORDER BY seq DESC LIMIT ?4) ORDER BY seq",
                          "itti", f->since_at, text_or_empty(zone), text_or_empty(key),
                          f->last_n == 0 ? INT64_C(-1) : (int64_t)f->last_n);
    while (err == ERR_OK && (err = state_step(s, q)) == ERR_OK) {
        struct state_event e = event_of(q);
        err = each(ctx, &e);
    }
    return err == ERR_ABSENT ? ERR_OK : err;
}

/* ------------------------------------------------------------------ proving */

/* Form 1 is only what came before schema 2: never after form 2, and without the columns that its
   hash leaves out. */
static bool form_is_right(enum event_form before, int64_t form, const struct state_event *e)
{
    if (form == EVENT_FORM_1)
        return before <= EVENT_FORM_1 && e->key[0] == 0 && e->who[0] == 0 && e->evidence[0] == 0;
    return form == EVENT_FORM_2;
}

static int check_event(struct state *s, const struct state_event *e, enum event_form form,
                       const char *before)
{
    char hash[65];
    int err = event_hash(form, before, e, hash);
    if (err != ERR_OK || strcmp(hash, e->hash) == 0)
        return err;
    diag_add(s->diags, &rule_state_log, AT_FILE(s->db_path), NULL,
             "event %lld (%s %s) does not follow from the one before: its hash is %.16s…",
             (long long)e->seq, e->zone, e->what, e->hash);
    diag_expect(s->diags, "%.16s…: it, or one before it, was changed or taken out", hash);
    return ERR_STATE;
}

int state_events_check(struct state *s, uint64_t *ret_n)
{
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    char before[65] = "";
    enum event_form form = EVENT_FORM_1;
    uint64_t n = 0;
    int err = state_query(s, &q, "SELECT " EVENT_COLUMNS " FROM events ORDER BY seq", "");
    while (err == ERR_OK && (err = state_step(s, q)) == ERR_OK) {
        struct state_event e = event_of(q);
        if (!form_is_right(form, sqlite3_column_int64(q, 9), &e))
            return say_broken(s, e.seq, "is not of a form that this log can have there");
        form = (enum event_form)sqlite3_column_int64(q, 9);
        if (e.seq != (int64_t)++n)
            return say_broken(s, e.seq, "does not have the next number: one is missing before it");
        err = check_event(s, &e, form, before);
        if (err != ERR_OK)
            return err;
        memcpy(before, e.hash, sizeof before); /* 64 digits: it is equal to one that was made */
    }
    if (err != ERR_ABSENT)
        return err;
    *ret_n = n;
    return ERR_OK;
}

int state_events_check_head(struct state *s, const char *head, int64_t *ret_seq)
{
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    if (head[0] == 0) { /* the log was empty then */
        *ret_seq = 0;
        return ERR_OK;
    }
    int err = state_query(s, &q, "SELECT seq FROM events WHERE hash = ?", "t", head);
    if (err == ERR_OK)
        err = state_step(s, q);
    if (err == ERR_OK)
        *ret_seq = sqlite3_column_int64(q, 0);
    if (err != ERR_ABSENT)
        return err;
    diag_add(s->diags, &rule_state_log, AT_FILE(s->db_path), NULL,
             "no event has the hash %.16s…, which was the head of the log", head);
    diag_expect(s->diags, "every event up to that one: the log was cut off, written anew, or is "
                          "older than what it is compared with");
    return ERR_STATE;
}
