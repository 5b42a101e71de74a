/*
 * signer/rules_files.h -- findings about keys that come from elsewhere and go elsewhere: tokens,
 * import, export, backup. signer/rules.c defines them.
 */
#pragma once

#include "common/diag.h"

/* clang-format off */
#define KEY_FILE_RULES(X)                                                                          \
    X(token_algorithm, "token-algorithm", SEV_ERROR, "RFC 7512",                                   \
      "ecdsap256sha256, ecdsap384sha384 or rsasha256 for keys on a token")                         \
    X(token_missing, "token-missing", SEV_ERROR, "DESIGN 10.1",                                    \
      "the token there, unlocked by the PIN of its URI")                                           \
    X(token_pin, "token-pin", SEV_ERROR, "RFC 7512 s2.3",                                          \
      "pin-source with the absolute path of a file of mode 0600 that holds the PIN")               \
    X(token_label, "token-label", SEV_NOTE, "RFC 7512",                                            \
      "a token that lets keys be named after their tag; the key works all the same")               \
    X(import_form, "import-form", SEV_ERROR, "DESIGN 10.1",                                        \
      "a K*.private of BIND with its .key, a PKCS#8 PEM file, or a pkcs11: URI")                   \
    X(import_damaged, "import-damaged", SEV_ERROR, "DESIGN 10.1", "the file as it was written")    \
    X(import_algorithm, "import-algorithm", SEV_ERROR, "RFC 8624 s3.1",                            \
      "ecdsap256sha256, ecdsap384sha384, ed25519, ed448 or rsasha256: roll to one of them where "  \
      "the key is, then import")                                                                   \
    X(import_zone, "import-zone", SEV_ERROR, "RFC 4034 s2", "a key of the zone that was named")    \
    X(import_pair, "import-pair", SEV_ERROR, "DESIGN 10.1",                                        \
      "a private key and the DNSKEY record of the same key")                                       \
    X(import_flags, "import-flags", SEV_ERROR, "RFC 4034 s2.1.1",                                  \
      "flags 256 or 257: a zone key that is not revoked")                                          \
    X(import_role, "import-role", SEV_ERROR, "RFC 4034 s2.1.1",                                    \
      "a role that the key's flags and the other keys of the zone allow")                          \
    X(import_incomplete, "import-incomplete", SEV_ERROR, "RFC 4035 s2.1",                          \
      "all keys that sign the zone today")                                                         \
    X(import_listed, "import-listed", SEV_ERROR, "DESIGN 10.1",                                    \
      "the list that `keymgr -e ZONE list` prints, with a line for each file")                     \
    X(import_over, "import-over", SEV_NOTE, "RFC 7583 s3.1",                                       \
      "keys that are in use, or are to be")                                                        \
    X(import_known, "import-known", SEV_NOTE, "DESIGN 10.1", "keys that state.db does not know")   \
    X(export_token, "export-token", SEV_ERROR, "RFC 7512",                                         \
      "a key in a file: a token does not give its keys away")                                      \
    X(export_exists, "export-exists", SEV_ERROR, "DESIGN 5",                                       \
      "a place where it would not replace anything")                                               \
    X(export_write, "export-write", SEV_ERROR, "DESIGN 5", "a folder to write to, with room")      \
    X(backup_passphrase, "backup-passphrase", SEV_ERROR, "DESIGN 5",                               \
      "the passphrase that the backup was made with")                                              \
    X(backup_damaged, "backup-damaged", SEV_ERROR, "DESIGN 5",                                     \
      "a backup as `keys backup` wrote it, whole")                                                 \
    X(backup_write, "backup-write", SEV_ERROR, "DESIGN 5", "a place to write to, with room")       \
    X(backup_read, "backup-read", SEV_ERROR, "DESIGN 5", "files that can be read")                 \
    X(backup_unproved, "backup-unproved", SEV_ERROR, "DESIGN 10.1",                                \
      "a restored copy that equals the state folder and whose keys sign")                          \
    X(backup_token, "backup-token", SEV_NOTE, "RFC 7512",                                          \
      "a backup of the token by its maker's means: the file holds the key's address only")         \
    X(restore_exists, "restore-exists", SEV_ERROR, "DESIGN 10.1",                                  \
      "no state folder there, or an empty one; --force moves the old one aside")                   \
    X(restore_aside, "restore-aside", SEV_NOTE, "DESIGN 10.1",                                     \
      "the old state folder kept until the new one has proved itself")
/* clang-format on */

DIAG_RULES_DECLARE(KEY_FILE_RULES)
