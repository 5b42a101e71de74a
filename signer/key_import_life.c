/* What another signer's times mean for the life of a key (RFC 7583 s3.1): what has come to pass,
   never what was planned. */
#include "signer/key_import.h"

const char *times_from_text(enum times_from from)
{
    static const char *const words[] = {"nothing", "timing metadata", "state file", "keymgr list"};
    return from < TIMES_FROM_COUNT ? words[from] : "?";
}

static int64_t if_past(int64_t at, int64_t now)
{
    return at <= now ? at : 0;
}

static int64_t first_of(int64_t a, int64_t b)
{
    return a != 0 ? a : b;
}

/* A signer of the time showed it to everyone, so it was seen when it was done. */
static struct part_times shown(int64_t in_at, int64_t out_at)
{
    if (in_at == 0)
        return (struct part_times){0};
    return (struct part_times){in_at, in_at, out_at, out_at};
}

/* The moments of STORY that have come. */
static struct key_story past_of(const struct key_story *story, const struct story_params *p)
{
    struct key_story s = *story;
    int64_t *const all[] = {&s.created_at,  &s.publish_at,    &s.delete_at,
                            &s.activate_at, &s.inactive_at,   &s.ds_asked_at,
                            &s.ds_seen_at,  &s.ds_unasked_at, &s.ds_gone_at};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        *all[i] = if_past(*all[i], p->now);
    if (story->from == TIMES_NONE && !p->standby)
        s.publish_at = s.activate_at = p->now;
    return s;
}

static struct part_times ds_times(const struct key_story *s, const struct story_params *p,
                                  bool *ret_assumed)
{
    bool active = s->publish_at != 0 && s->activate_at != 0;
    *ret_assumed = false;
    if (p->no_ds)
        return (struct part_times){0};
    if (s->ds_seen_at != 0 || s->ds_asked_at != 0) {
        struct part_times t = {.in_at = first_of(s->ds_asked_at, s->ds_seen_at),
                               .in_seen_at = s->ds_seen_at,
                               .out_at = first_of(s->ds_unasked_at, s->ds_gone_at),
                               .out_seen_at = s->ds_gone_at};
        /* asked for, and no word on whether it came: as for any active key */
        if (t.in_seen_at == 0 && !s->ds_is_said && active) {
            t.in_seen_at = p->now;
            *ret_assumed = true;
        }
        return t;
    }
    if (s->ds_is_said || !active)
        return (struct part_times){0};
    *ret_assumed = true;
    return shown(p->now, 0);
}

static bool is_gone(const struct part_times *t)
{
    return t->in_at == 0 || t->out_seen_at != 0;
}

void story_to_life(const struct key_story *story, enum key_role role, const struct story_params *p,
                   struct foreign_key *ret)
{
    struct key_story s = past_of(story, p);
    struct life_key k = ret->life;
    bool assumed = false;
    bool signs_data = role != KEY_KSK;
    /* a KSK without an own moment of publication has been there since it signs */
    if (s.publish_at == 0 && (!signs_data || s.from == TIMES_BIND_METADATA))
        s.publish_at = s.activate_at;
    k.made_at = first_of(s.created_at, p->now);
    k.parts[KEY_PART_DNSKEY] = shown(s.publish_at, s.delete_at);
    k.parts[KEY_PART_SIGS] =
        signs_data ? shown(s.activate_at, s.inactive_at) : (struct part_times){0};
    k.parts[KEY_PART_DS] = role != KEY_ZSK ? ds_times(&s, p, &assumed) : (struct part_times){0};
    k.leave_at = first_of(s.inactive_at, s.delete_at);
    ret->life = k;
    ret->times_from = story->from;
    ret->ds_assumed = assumed;
    ret->is_over =
        s.delete_at != 0 && is_gone(&k.parts[KEY_PART_DNSKEY]) && is_gone(&k.parts[KEY_PART_SIGS]);
}
