/*
 * signer/key_files.h -- PUBLIC: keys that come from another signer, and go to one; the whole state
 * folder in one encrypted file, and back.
 *
 * Private bytes pass through wiped buffers and are in no finding.
 * Errors: ERR_FINDINGS (a key that cannot be taken, said why), ERR_CONFIG (unsafe file mode),
 * ERR_KEY, ERR_CRYPTO, ERR_STATE, ERR_IO, ERR_LIMIT, ERR_NOMEM; each with a finding.
 * Shapes and units: *_at Unix seconds, 0 = never. Ownership: values own what they point to.
 * Threads: none of its own.
 * Source: RFC 4034 s2, RFC 7512, RFC 7914, RFC 5958; RFC 7583 s3 (times); trust rules 1 and 2; the
 * file forms of BIND 9 (dnssec-keygen) and Knot DNS 3 (keymgr).
 */
#pragma once

#include "common/buf.h"
#include "common/diag.h"
#include "signer/life.h"
#include "signer/signer.h"

/* ------------------------------------------------------------------ in (key_import.c) */

struct import_params {
    const uint8_t *zone;
    const char *zone_text;
    int64_t now;
    const char *role;      /* "ksk", "zsk", "csk": of PEM files and tokens' keys; NULL: not said */
    const char *algorithm; /* of RSA keys in PEM files and on tokens; NULL: not said */
    bool single_key;       /* a key of flags 257 signs the zone's data too */
    bool single_if_lone;   /* the same where no other key among them does */
    bool standby;          /* of keys without times: nothing of them is public yet */
    bool no_ds;            /* the parent has no DS of the zone */
    const char *knot_list; /* file: what `keymgr -e ZONE list` printed; NULL: none */
};

/* Where the times of a key are from. */
enum times_from {
    TIMES_NONE, /* its files say nothing: in use since now, or standby */
    TIMES_BIND_METADATA,
    TIMES_BIND_STATE,
    TIMES_KNOT_LIST,
    TIMES_FROM_COUNT
};
const char *times_from_text(enum times_from from);

struct foreign_key {
    char *file; /* or URI, without its PIN */
    struct key *key;
    struct life_key life; /* what is true of it at `now` */
    enum times_from times_from;
    bool
        ds_assumed; /* nothing says that the parent has its DS: an active key is taken to have it */
    bool is_over;   /* it has left the zone: not taken in */
    bool is_known;  /* state has it: left as it is */
    bool has_ttl;
    uint32_t ttl_s; /* of the DNSKEY RRset that it was in */
};
struct foreign_keys {
    struct foreign_key *items;
    size_t n;
    size_t cap;
};
void foreign_keys_done(struct foreign_keys *keys);
DEFINE_AUTO(foreign_keys)

/*
 * Reads WORDS: files of BIND (K*.private, K*.key, K*.state or their common beginning: one key
 * each), PEM files (PKCS#8), pkcs11: URIs. All private files must be closed to others. Every word
 * is looked at before it fails.
 */
int keys_read_foreign(const struct import_params *params, const char *const *words, size_t word_n,
                      struct foreign_keys *ret, struct diags *diags) MUST_USE;

/* All of KEYS that are new into state, or none: the zone must have all that sign it today, and no
   two of one tag (ERR_KEY). Marks those that are known. Not within a transaction. */
int keys_take_foreign(struct state *s, const struct import_params *params,
                      struct foreign_keys *keys, struct diags *diags) MUST_USE;

/* ------------------------------------------------------------------ out (key_export.c) */

enum export_format { EXPORT_BIND, EXPORT_PEM };

/* The files of K in DIR, all 0600: K<zone>+<algorithm>+<tag>.key and .private with the times of
   LIFE, or <digest>.pem and .dnskey. Nothing is replaced. RET_NAME: the name that they begin with,
   malloc'ed. */
int key_export(const struct key *k, const struct life_key *life, const char *zone_text,
               enum export_format format, const char *dir, char **ret_name,
               struct diags *diags) MUST_USE;

/* ------------------------------------------------------------------ backup (key_backup.c) */

#define PASSPHRASE_MIN 12   /* octets: scrypt makes guessing dear, not impossible */
#define PASSPHRASE_MAX 1024 /* octets */

struct backup_report {
    uint64_t file_n;
    uint64_t content_len; /* octets of the files */
    size_t key_n;         /* tested by a signature */
    size_t token_key_n;   /* of them, on tokens: only their addresses are in the file */
};

/*
 * The state folder that S has open into FILE, which must not exist: a consistent copy of the
 * database, keys/, zones/. Before FILE gets its name it is restored into a private folder within
 * the state folder, every byte compared, the database checked, and a signature of every key made
 * and verified.
 */
int backup_write(struct state *s, const char *file, struct bytes passphrase,
                 struct backup_report *ret, struct diags *diags) MUST_USE;

/*
 * FILE as the state folder DIR. Proved as above before it takes DIR's place. A DIR with content is
 * refused (ERR_CONFIG) unless FORCE: then it is renamed to RET_ASIDE (malloc'ed; NULL: there was
 * none). ERR_CRYPTO: a wrong passphrase; ERR_STATE: damaged or cut short. The restored event log
 * says that WHO (as of state_set_who) restored it at NOW.
 */
struct restore_params {
    const char *file;
    struct bytes passphrase;
    const char *dir;
    bool force;
    int64_t now;
    const char *who;
};
int backup_restore(const struct restore_params *params, struct backup_report *ret, char **ret_aside,
                   struct diags *diags) MUST_USE;
