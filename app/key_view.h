/*
 * app/key_view.h -- a key of a zone as the commands show it.
 *
 * Pure. Errors: ERR_NOMEM; ERR_USAGE, said on stderr, where the user named a key that is not there
 * or not one alone.
 */
#pragma once

#include <jansson.h>

#include "app/overview.h"

/* "zsk 12345"; of a planned key "zsk planned-1". */
#define KEY_NAME_LEN 40
void key_name_text(const struct life_key *k, char out[KEY_NAME_LEN]);

/* Since when the key, or its part, has been what it is at NOW. */
int64_t key_state_since(const struct life_key *k, const struct life_waits *w, int64_t now);
int64_t key_part_since(const struct life_key *k, enum key_part part, const struct life_waits *w,
                       int64_t now);

/* Has the part ever been in? A ZSK has no DS, a KSK signs no data: nothing to show. */
bool key_has_part(const struct life_key *k, enum key_part part);

/* Is a roll under way: a key that is to go is not gone, or a new one is not in use yet? */
bool key_is_leaving(const struct zone_overview *z, const struct life_key *k);
bool key_is_coming(const struct zone_overview *z, const struct life_key *k);

/* What the parent is to do about a key's DS. */
enum ds_want { DS_NONE, DS_ADD, DS_STAYS, DS_MAY_GO };
const char *ds_want_text(enum ds_want w); /* "none", "add", "stays", "may-go" */
enum ds_want key_ds_want(const struct life_key *k);
int64_t key_ds_since(const struct life_key *k); /* that; 0: none */

/* Everything that the stable schemas say of a key. */
json_t *key_json(const struct zone_overview *z, const struct life_key *k);

/*
 * A key by its tag, its digest, or the first 6 or more digits of the digest. NULL where no key of Z
 * is meant. With several, RET_N says how many, and the first is returned.
 */
struct life_key *zone_key_find(const struct zone_overview *z, const char *word, size_t *ret_n);
/* One key alone; else usage_error says which there are. */
int zone_key_pick(const struct app *app, const struct zone_overview *z, const char *word,
                  struct life_key **ret) MUST_USE;
