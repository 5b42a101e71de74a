/* Files in keys/ against the rows of keys: which are used, which explain themselves. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "common/file.h"
#include "signer/keystore.h"
#include "signer/rules_sign.h"
#include "signer/state.h"

#define KEY_SUFFIX_LEN 4

/* <digest>.pem, or <digest>.uri of a key on a token. */
static bool is_key_file(const char *name)
{
    size_t len = strlen(name);
    if (name[0] == '.' || len <= KEY_SUFFIX_LEN)
        return false;
    const char *suffix = name + len - KEY_SUFFIX_LEN;
    return strcmp(suffix, ".pem") == 0 || strcmp(suffix, ".uri") == 0;
}

bool state_made_key(struct state *s, const char *digest)
{
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    return state_knows_key(s, digest) ||
           (state_query(s, &q, "SELECT 1 FROM docs WHERE kind = ? AND name = ?", "tt",
                        STATE_KEY_UNUSED, digest) == ERR_OK &&
            state_step(s, q) == ERR_OK);
}

bool state_knows_key(struct state *s, const char *digest)
{
    AUTO_STATEMENT sqlite3_stmt *q = NULL;
    return state_query(s, &q, "SELECT 1 FROM keys WHERE digest = ?", "t", digest) == ERR_OK &&
           state_step(s, q) == ERR_OK;
}

static void note_unused(struct state *s, const char *name, struct diags *diags)
{
    AUTO_FREE char *path = file_join(s->keys_dir, name);
    char digest[KEY_DIGEST_LEN] = "";
    size_t len = strlen(name);
    bool named = len == KEY_DIGEST_LEN - 1 + KEY_SUFFIX_LEN;
    if (named)
        memcpy(digest, name, KEY_DIGEST_LEN - 1);
    if (named && state_knows_key(s, digest))
        return;
    bool ours = named && state_made_key(s, digest);
    diag_add(diags, &rule_key_unused, AT_FILE(path == NULL ? name : path), NULL, "%s",
             ours ? "a private key that a run made and, cut short, never used"
                  : "a private key that state.db does not know");
}

void state_note_unused_keys(struct state *s, struct diags *diags)
{
    DIR *d = opendir(s->keys_dir);
    if (d == NULL)
        return; /* what needs the folder says so */
    for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        if (is_key_file(e->d_name))
            note_unused(s, e->d_name, diags);
    }
    (void)closedir(d);
}

size_t state_key_files(struct state *s, enum key_files which, char name[KEY_DIGEST_LEN])
{
    size_t n = 0;
    DIR *d = opendir(s->keys_dir);
    const struct dirent *e;
    while (d != NULL && (e = readdir(d)) != NULL) {
        if (!is_key_file(e->d_name))
            continue;
        char digest[KEY_DIGEST_LEN] = "";
        (void)snprintf(digest, sizeof digest, "%.*s", (int)strlen(e->d_name) - KEY_SUFFIX_LEN,
                       e->d_name);
        if (which == KEY_FILES_FOREIGN && state_made_key(s, digest))
            continue;
        n++;
        if (name != NULL)
            memcpy(name, digest, sizeof digest);
    }
    if (d != NULL)
        (void)closedir(d);
    return n;
}
