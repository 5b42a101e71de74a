/*
 * app/signing.h -- signing zones: one, or many side by side, checked before anything is published.
 *
 * What `build` and `sign` share. Errors: those of sign_zone and verify_zone; ERR_CRYPTO with the
 * finding self-check when a signed zone fails verification. Threads: signing_run calls WORK from
 * several threads; what each adds to findings must be its own (signing_app).
 */
#pragma once

#include "app/app.h"
#include "app/zone_out.h"
#include "signer/signer.h"

/* --threads and --self-check as they were given; NULL: not. */
struct signing_options {
    const char *threads_text;
    const char *self_check_text;
    size_t threads; /* at least 1 */
    enum self_check self_check;
};
#define SIGNING_OPTIONS(target)                                                                    \
    {"threads",   0,                                                                               \
     "N",         "threads that sign (default: 0, one for each processor)",                        \
     OPTION_TEXT, &(target)->threads_text},                                                        \
    {                                                                                              \
        "self-check", 0, "WHAT",                                                                   \
            "before publication: new, full (all by public key), off (default: new)", OPTION_TEXT,  \
            &(target)->self_check_text                                                             \
    }
/* ERR_USAGE, said; a warning when checks are off. */
int signing_options_parse(struct app *app, struct signing_options *o) MUST_USE;

struct signed_zone {
    struct keyset keys;
    struct sign_key *uses; /* what each of them does, in the same order */
    struct sign_report report;
    struct buf text; /* `build`: zones/<zone>.zone */
    struct buf ds;   /* zones/<zone>.ds */
    char proof[PROOF_HEX_LEN];
};
void signed_zone_done(struct signed_zone *z);
DEFINE_AUTO(signed_zone)

/* Every key does what its role says: for callers that know no life of keys. */
int signed_zone_use_all(struct signed_zone *z) MUST_USE;

/* What sign_checked needs beside keys; as in struct sign_params. */
struct sign_job {
    const struct zone *zone; /* unsigned, announcement merged */
    const struct dnssec_policy *policy;
    bool is_unsigned; /* no key does anything: the serial, and a ZONEMD, are all that is added */
    bool shows_cds;
    bool deletes_ds;
    const struct zone *given; /* or NULL */
    uint32_t dnskey_ttl_s;
    const struct zone *previous; /* or NULL */
    bool previous_is_proved;
    bool has_serial_floor;
    uint32_t serial_floor;
    enum self_check self_check;
    size_t threads;
    struct sign_progress *progress;
};

/* Signs with RET's keys, each used as RET says, into OUT, which is complete then and not committed.
   With SELF_CHECK_FULL the text in OUT was verified as a whole, without the signing path's code. */
int sign_checked(struct app *app, const struct sign_job *job, struct zone_out *out,
                 struct signed_zone *ret) MUST_USE;

/* ------------------------------------------------------------------ many zones */

/* For one zone of many: APP with findings of its own, which signing_app_done moves to APP's. */
int signing_app(const struct app *app, struct app *ret) MUST_USE;
void signing_app_done(struct app *app, struct app *own);

/* Zones of more octets of text, or names, are signed one after the other, each by all threads; the
   others side by side, each by one: so no thread waits for the end of a zone. */
#define SIGNING_LARGE_BYTES ((int64_t)1 << 20)
#define SIGNING_LARGE_NODES 20000u

/*
 * Calls WORK(CTX, i, THREADS) for each i below N: first the small ones side by side, with one
 * thread each, then the large ones. A lone zone gets all threads. WORK keeps its own error: one
 * zone's failure stops no other.
 */
struct signing_work {
    size_t n;
    size_t threads;
    bool (*is_large)(const void *ctx, size_t i);
    void (*work)(void *ctx, size_t i, size_t threads);
    void *ctx;
};
int signing_run(const struct signing_work *work) MUST_USE;
