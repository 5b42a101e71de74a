/*
 * publish/publish.h -- PUBLIC: puts finished bytes where others fetch them. Creates no content and
 * holds no key.
 *
 * A tree is a list of relative paths and bytes. Writing one is all or nothing, in two steps: a
 * sibling of OUT is filled, synced and read back (tree_prepare: all that can fail for want of space
 * or rights), then exchanged with OUT (tree_exchange: renameat2 RENAME_EXCHANGE; where the file
 * system has none, a journalled two-step that the next run completes). Between the two the caller
 * commits its state. Folders are 0755, files 0644. Beside OUT, with OUT's name behind the dot:
 * `.out.mudzone-new` and, for the two-step only,
 * `.out.mudzone-old` and `.out.mudzone-journal`. A killed run's are removed by the next.
 * Errors: ERR_IO (disk full, read-only), ERR_CONFIG (OUT is not ours), ERR_LOCKED (another run
 * fills the sibling), ERR_NOMEM, ERR_INTERNAL (an unclean or repeated path), with a finding. On
 * failure OUT is as it was, byte for byte, and nothing of the attempt is left beside it; but when
 * the disk fails after the exchange, the new tree is in place, the old one beside it, and the
 * finding says so. Source: DESIGN section 5, trust rule 7.
 */
#pragma once

#include "common/buf.h"
#include "common/diag.h"
#include "common/own.h"

extern const struct diag_rule *const publish_rules[];

/* ------------------------------------------------------------------ the list of files (tree.c) */

struct tree;
struct tree *tree_new(void);
void tree_free(struct tree *t);
DEFINE_AUTO_PTR(tree)

/* CONTENT is borrowed until the tree is freed. PATH (copied) must be relative and clean: no "..",
   no empty part, no part starting with a dot but ".well-known"; else ERR_INTERNAL. */
int tree_add(struct tree *t, const char *path, struct bytes content) MUST_USE;

struct tree_entry {
    const char *path;
    struct bytes content;
    uint8_t sha256[32];
};
size_t tree_n(const struct tree *t);
const struct tree_entry *tree_at(struct tree *t, size_t i); /* sorted by path, bytewise */

#define TREE_MANIFEST "manifest.json"
#define TREE_MANIFEST_SCHEMA                                                                       \
    "mudzone-manifest-1" /* within its first 256 bytes: how OUT is known as ours */

void sha256_of(struct bytes data, uint8_t ret[32]);

/* ------------------------------------------------------------------ OUT (target.c) */

/*
 * Is OUT absent, empty, or ours, and can it be replaced? A refusal is a finding. Also finishes or
 * undoes what a killed run left beside it. To be asked before any work is done.
 */
int tree_check_target(const char *out, struct diags *diags) MUST_USE;

/* ------------------------------------------------------------------ where OUT lies (place.c) */

struct tree_keep {    /* what OUT's replacement must not touch */
    const char *what; /* "the state folder" */
    const char *path;
    bool is_folder; /* then OUT must not lie in it either */
};

/*
 * OUT and the names beside it are not, and do not hold, anything of KEEP; OUT is in no folder of
 * KEEP and in no other OUT. Links are followed; what does not exist yet counts as if it did. Only
 * looks. All that is wrong is a finding, ERR_CONFIG.
 */
int tree_check_place(const char *out, const struct tree_keep *keep, size_t keep_n,
                     struct diags *diags) MUST_USE;

/* ------------------------------------------------------------------ publishing (exchange.c) */

struct tree_pending; /* a filled sibling of OUT, locked against other runs */

/* Fills the sibling. Nothing is written when OUT already holds exactly this tree. */
int tree_prepare(struct tree *t, const char *out, struct tree_pending **ret,
                 struct diags *diags) MUST_USE;

/* False: OUT already holds this tree, and tree_exchange will do nothing. */
bool tree_pending_changes(const struct tree_pending *p);

/* Puts the sibling in OUT's place and removes the old tree. */
int tree_exchange(struct tree_pending *p, struct diags *diags) MUST_USE;

/* Removes a sibling that was not exchanged. */
void tree_pending_free(struct tree_pending *p);
DEFINE_AUTO_PTR(tree_pending)
