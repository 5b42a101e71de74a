#include "app/ceremony.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/pipeline.h"
#include "app/rules_app.h"
#include "common/file.h"
#include "common/limits.h"
#include "common/timetext.h"

void ceremony_digest_text(const char *digest, char ret[CEREMONY_DIGEST_LEN])
{
    size_t n = 0;
    for (size_t i = 0; i < 64 && digest[i] != 0; i++) {
        if (i > 0 && i % 8 == 0)
            ret[n++] = ' ';
        ret[n++] = digest[i];
    }
    ret[n] = 0;
}

/* ------------------------------------------------------------------ files */

int ceremony_read(struct app *app, const char *path, struct buf *ret_text, struct ksr *ret)
{
    int err = file_read(path, LIMIT_KSR_BYTES, ret_text);
    if (err == ERR_IO)
        diag_add(app->diags, &rule_file_unreadable, AT_FILE(path), NULL, "%s", strerror(errno));
    if (err == ERR_LIMIT)
        diag_add(app->diags, &rule_file_too_large, AT_FILE(path), NULL, "%s",
                 file_size_text(path).text);
    if (err == ERR_IO || err == ERR_LIMIT)
        return ERR_CONFIG;
    return err == ERR_OK ? ksr_parse(path, buf_str(ret_text), ret_text->len, ret, app->diags) : err;
}

static char *place(const struct ksr *k, const char *path, const char *suffix)
{
    if (path != NULL)
        return strdup(path);
    AUTO_FREE char *stem = zone_file_stem(k->zone);
    char *ret = NULL;
    return stem == NULL || asprintf(&ret, "%s.%s", stem, suffix) < 0 ? NULL : ret;
}

int ceremony_write(struct app *app, struct ksr *k, const char *path, const char *suffix,
                   char **ret_path)
{
    AUTO(buf) struct buf text = {0};
    AUTO_FREE char *to = place(k, path, suffix);
    int err = to == NULL ? ERR_NOMEM : ksr_write(k, &text);
    if (err == ERR_OK)
        err = file_write_out(to, text.data, text.len, 0644);
    if (err == ERR_IO)
        diag_add(app->diags, &rule_file_unwritable, AT_FILE(to), NULL, "%s", strerror(errno));
    if (err == ERR_OK)
        *ret_path = TAKE(to);
    return err;
}

/* ------------------------------------------------------------------ what is in them */

/* The first inception and the last expiration. */
static void set_times(const struct ksr_set *s, char from[TIME_TEXT_LEN], char until[TIME_TEXT_LEN])
{
    int64_t last_at = 0; /* not that of the last slot: they are in the order of inceptions */
    for (size_t i = 0; i < s->slot_n; i++)
        last_at = s->slots[i].until_at > last_at ? s->slots[i].until_at : last_at;
    time_format_rfc3339(s->slots[0].from_at, from);
    time_format_rfc3339(last_at, until);
}

void ceremony_print_sets(const struct app *app, const struct ksr *k)
{
    for (size_t i = 0; i < k->set_n; i++) {
        const struct ksr_set *s = &k->sets[i];
        struct zone_rrset set;
        char type[TYPE_TEXT_LEN];
        char from[TIME_TEXT_LEN];
        char until[TIME_TEXT_LEN];
        AUTO(buf) struct buf keys = {0};
        ksr_set_rrset(s, &set);
        type_to_text(s->type, type);
        set_times(s, from, until);
        ksr_set_text(s, &keys);
        app_print(app, "  set %-3zu %-7s %s .. %s, %zu times, TTL %" PRIu32 ": %s\n", i + 1, type,
                  from, until, s->slot_n, set.ttl, buf_str(&keys));
    }
}

static json_t *set_json(const struct ksr_set *s)
{
    struct zone_rrset set;
    char type[TYPE_TEXT_LEN];
    char from[TIME_TEXT_LEN];
    char until[TIME_TEXT_LEN];
    AUTO(buf) struct buf keys = {0};
    ksr_set_rrset(s, &set);
    type_to_text(s->type, type);
    set_times(s, from, until);
    ksr_set_text(s, &keys);
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:s}", "type", type, "from", from, "until", until,
                     "times", (json_int_t)s->slot_n, "ttl", (json_int_t)set.ttl, "records",
                     buf_str(&keys));
}

json_t *ceremony_sets_json(const struct ksr *k)
{
    json_t *sets = json_array();
    for (size_t i = 0; i < k->set_n && sets != NULL; i++) {
        if (json_array_append_new(sets, set_json(&k->sets[i])) != 0) {
            json_decref(sets);
            sets = NULL;
        }
    }
    return sets;
}
