/*
 * zones/source_origin.c -- $ORIGIN with a relative name, which RFC 1035 s5.1 allows and libzscanner
 * does not: it stops for good.
 *
 * The scanner is set up again behind the directive, with the origin that the directive means. What
 * it knew goes along: the default TTL, and the last owner for lines that begin with a blank. It has
 * overwritten its origin by then, so the origin before is kept here, and directives that the
 * same call had passed are followed once more.
 */
#include <stdlib.h>
#include <string.h>

#include "zones/source.h"
#include "zones/zones.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The name that a $ORIGIN line states, cut out; false when LINE is something else. */
static bool directive_name(const char *line, size_t len, char out[NAME_TEXT_LEN])
{
    static const char word[] = "$ORIGIN";
    size_t i = sizeof(word) - 1;
    if (len <= i || strncmp(line, word, i) != 0 || !is_blank(line[i]))
        return false;
    while (i < len && is_blank(line[i]))
        i++;
    size_t n = 0;
    for (; i < len && !is_blank(line[i]) && line[i] != ';'; i++, n++) {
        if (n + 1 >= NAME_TEXT_LEN || (unsigned char)line[i] > 126)
            return false;
        out[n] = line[i];
    }
    out[n] = 0;
    return n > 0 && strcmp(out, "@") != 0;
}

/* Does the last label end with a dot of its own, not an escaped one? */
static bool is_absolute(const char *name)
{
    bool dot = false;
    for (const char *p = name; *p != 0; p++) {
        dot = *p == '.';
        if (*p == '\\' && p[1] != 0)
            p++;
    }
    return dot;
}

/* ORIGIN as the directive changes it. */
static bool origin_follow(uint8_t origin[256], const char *name)
{
    uint8_t wire[256];
    if (!name_from_text(name, wire))
        return false;
    size_t len = name_len(wire) - 1;
    size_t rest = is_absolute(name) ? 0 : name_len(origin) - 1;
    if (len + rest + 1 > 255)
        return false;
    uint8_t joined[256];
    memcpy(joined, wire, len);
    memcpy(joined + len, origin, rest);
    joined[len + rest] = 0;
    memcpy(origin, joined, len + rest + 1);
    return true;
}

/* Follows the directives from BEFORE_POS up to the one in the error line; RET_NEXT is behind it. */
static bool origin_after_error(const struct source *src, uint8_t origin[256], size_t *ret_next)
{
    size_t pos = src->before_pos;
    uint32_t want = source_error_line(src);
    bool followed = false;
    for (uint32_t line = src->before_line; line <= want && pos < src->len; line++) {
        const char *nl = memchr(src->text + pos, '\n', src->len - pos);
        size_t end = nl == NULL ? src->len : (size_t)(nl - src->text);
        char name[NAME_TEXT_LEN];
        followed = directive_name(src->text + pos, end - pos, name);
        if (followed && !origin_follow(origin, name))
            return false;
        pos = nl == NULL ? src->len : end + 1;
    }
    *ret_next = pos;
    return followed;
}

void source_origin_keep(struct source *src)
{
    const zs_scanner_t *s = src->scanner;
    if (s->zone_origin_length > 0 && s->zone_origin_length <= sizeof(src->origin))
        memcpy(src->origin, s->zone_origin, s->zone_origin_length);
}

bool source_origin_retry(struct source *src)
{
    zs_scanner_t *s = src->scanner;
    uint8_t origin[256];
    char text[NAME_TEXT_LEN];
    size_t next = 0;
    memcpy(origin, src->origin, sizeof(origin));
    if (s->error.code != ZS_BAD_ORIGIN || !origin_after_error(src, origin, &next))
        return false;
    uint32_t line = source_error_line(src);
    uint32_t ttl = s->default_ttl;
    uint32_t owner_len = s->r_owner_length;
    uint8_t owner[sizeof(s->r_owner)];
    memcpy(owner, s->r_owner, sizeof(owner));
    name_to_text(origin, text);
    zs_deinit(s);
    if (zs_init(s, text, 1, ttl) != 0 ||
        (next < src->len && zs_set_input_string(s, src->text + next, src->len - next) != 0)) {
        s->error.fatal = true; /* nothing more can be read: the error stands */
        return false;
    }
    memcpy(s->r_owner, owner, sizeof(owner));
    s->r_owner_length = owner_len;
    src->base_line = line;
    src->pos = next;
    src->line = line + 1;
    source_origin_keep(src);
    return true;
}
