/*
 * signer/key_backup.h -- what a backup holds, for its two directions.
 *
 * Content of the sealed file (signer/sealed.h), numbers big-endian: for each file a 1 (1 octet),
 * the length of its name (2), the name, the length of its content (8), the content; at the end a 0.
 * Names: "state.db", "keys/NAME", "zones/NAME"; no NAME begins with a dot or has a slash.
 * Errors as in signer/key_files.h, each with a finding.
 */
#pragma once

#include "signer/key_files.h"
#include "signer/sealed.h"
#include "signer/state.h"

#define BACKUP_FILE 1
#define BACKUP_END  0

extern const char *const backup_folders[]; /* "keys", "zones", NULL */

/* Is NAME one that a backup may hold? Nothing else is written to a disk. */
bool backup_name_is_good(const char *name);

/* All of the backup FILE into the empty folder DIR, each file 0600 and durable. */
int backup_unpack(const char *file, struct bytes passphrase, const char *dir,
                  struct backup_report *ret, struct diags *diags) MUST_USE;

/* The state in DIR opens, is sound, and its keys sign. RESTORED: when and by whom, for the event
   that is written then; NULL: none is, and every token must be there. */
int backup_prove(const char *dir, const struct restore_params *restored, struct backup_report *ret,
                 struct diags *diags) MUST_USE;

/* The finding for ERR of a sealed file. */
int backup_say(const char *file, int err, struct diags *diags);
