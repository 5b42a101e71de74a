/*
 * The list of a zone's keys that Knot's `keymgr -e ZONE list` prints: a line for each key,
 * "ID ksk=yes zsk=no tag=1 algorithm=13 ... publish=TIME ready=TIME active=TIME ...". The keys
 * themselves are <ID>.pem in its keys folder.
 */
#include <string.h>

#include "common/err.h"
#include "common/timetext.h"
#include "signer/key_import.h"
#include "signer/key_import_text.h"

/* The moments of doc/reference keymgr; 0: not reached, and none planned. */
enum knot_time {
    PRE_ACTIVE, /* signs, before its DNSKEY is shown: a new algorithm */
    PUBLISH,
    READY, /* a KSK's DS may be handed to the parent */
    ACTIVE,
    RETIRE_ACTIVE, /* a KSK that still signs, after its successor has its DS */
    RETIRE,
    POST_ACTIVE, /* signs still, its DNSKEY is gone: an old algorithm */
    REVOKE,
    REMOVE,
    KNOT_TIME_COUNT
};

static const char *const time_names[KNOT_TIME_COUNT] = {"pre-active",  "publish",       "ready",
                                                        "active",      "retire-active", "retire",
                                                        "post-active", "revoke",        "remove"};

struct knot_line {
    struct knot_key key;
    int64_t at[KNOT_TIME_COUNT];
};

static int refuse(const char **ret_why, const char *why)
{
    *ret_why = why;
    return ERR_FINDINGS;
}

/* Unix seconds, or RFC 3339 (`list iso`). */
static bool parse_moment(struct bytes value, int64_t *ret)
{
    char text[40];
    if (value.len >= sizeof text || memchr(value.data, 0, value.len) != NULL)
        return false;
    memcpy(text, value.data, value.len);
    text[value.len] = 0;
    return strcmp(text, "0") == 0 || time_parse_any(text, ret);
}

static bool parse_yes(struct bytes value, bool *ret)
{
    *ret = text_is(value, "yes");
    return *ret || text_is(value, "no");
}

/* False: a value that has no such form. */
static bool take_value(struct knot_line *l, struct bytes name, struct bytes value)
{
    uint64_t n = 0;
    for (size_t i = 0; i < KNOT_TIME_COUNT; i++) {
        if (text_is(name, time_names[i]))
            return parse_moment(value, &l->at[i]);
    }
    if (text_is(name, "ksk"))
        return parse_yes(value, &l->key.story.is_ksk);
    if (text_is(name, "zsk"))
        return parse_yes(value, &l->key.story.is_zsk);
    if (text_is(name, "public-only"))
        return parse_yes(value, &l->key.is_public);
    if (text_is(name, "tag") || text_is(name, "algorithm")) {
        bool is_tag = text_is(name, "tag");
        bool is_number = text_number(value, is_tag ? 65535 : 255, &n);
        *(is_tag ? &l->key.tag : &l->key.algorithm) = (unsigned)n;
        return is_number;
    }
    return true; /* of a later version */
}

static int64_t first_of(int64_t a, int64_t b)
{
    return a != 0 ? a : b;
}

static void tell(struct knot_line *l)
{
    struct key_story *s = &l->key.story;
    const int64_t *at = l->at;
    s->from = TIMES_KNOT_LIST;
    s->has_role = true;
    s->publish_at = at[PUBLISH];
    s->delete_at = first_of(at[POST_ACTIVE], at[REMOVE]);
    s->activate_at = first_of(at[PRE_ACTIVE], at[ACTIVE]);
    s->inactive_at = at[POST_ACTIVE] != 0 ? at[REMOVE] : at[RETIRE];
    if (!s->is_ksk)
        return;
    s->ds_is_said = true;
    s->ds_asked_at = at[READY];
    s->ds_seen_at = at[ACTIVE];
    s->ds_unasked_at = first_of(at[RETIRE_ACTIVE], at[RETIRE]);
    s->ds_gone_at = at[RETIRE];
}

static int parse_line(struct bytes line, struct knot_key *ret, const char **ret_why)
{
    struct knot_line l = {0};
    struct bytes word;
    struct bytes name;
    struct bytes value;
    while (text_word(&line, &word)) {
        if (!text_split(word, '=', &name, &value) || !take_value(&l, name, value))
            return refuse(ret_why, "a word that is not as `keymgr -e ZONE list` prints it");
    }
    if (l.key.algorithm == 0 || (!l.key.story.is_ksk && !l.key.story.is_zsk))
        return refuse(ret_why, "no algorithm or role: print it with keymgr's option -e");
    if (l.at[REVOKE] != 0)
        return refuse(ret_why, "the key is revoked, or going to be");
    tell(&l);
    *ret = l.key;
    return ERR_OK;
}

int knot_list_find(struct bytes text, const char *id, struct knot_key *ret, const char **ret_why)
{
    struct bytes line;
    struct bytes word;
    if (text.len > KEY_TEXT_MAX)
        return refuse(ret_why, "too large for the keys of a zone");
    while (text_line(&text, &line)) {
        if (text_word(&line, &word) && text_is(word, id))
            return parse_line(line, ret, ret_why);
    }
    return ERR_ABSENT;
}
