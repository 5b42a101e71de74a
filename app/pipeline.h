/*
 * app/pipeline.h -- the run order of the stages, and what passes between them.
 *
 * site_check:  inventory -> zones -> semantics, TTL policy, DNSSEC policy, names, sizes, documents.
 * The only file that knows the order. Each stage takes finished values; none changes an earlier
 * one's. Errors: those of the stages. Findings go to app->diags; a site_check that returns 0 may
 * have left findings of severity error: app_gate() decides. Ownership: a site owns everything it
 * points to.
 */
#pragma once

#include "app/app.h"
#include "mudgen/mudgen.h"
#include "signer/signer.h"
#include "zones/zones.h"

struct site_zone {
    const struct inv_zone *inv;
    struct zone *ready; /* loaded, after TTL policy; NULL: could not be loaded */
    uint32_t dnskey_ttl_s;
    bool was_signed; /* the input holds DNSKEY or RRSIG */
};

struct site_certificates { /* SHA-256 of the public keys, of what could be read */
    bool has_signer;
    uint8_t signer_spki[32];
    uint8_t https_spki[2][32];
    size_t https_spki_n; /* 0 also when only one of two could be read */
};

struct site {
    struct inventory *inv;
    struct site_zone *zones; /* in the inventory's order */
    size_t zone_n;
    struct site_certificates certificates; /* by site_check_certificates */
};
void site_done(struct site *site);
DEFINE_AUTO(site)

/* The inventory alone: for commands that need its folders. */
int site_open(struct app *app, struct site *site) MUST_USE;

/* Who acts, for the event log: "root (0): build". */
#define APP_WHO_LEN 128
void app_who(const struct app *app, char out[APP_WHO_LEN]);

/* The inventory's state folder, locked; the event log says who acts: this user, by this command. */
int site_state_open(struct app *app, const struct site *site, struct state **ret) MUST_USE;

/* ALLOW_INCLUDE: $INCLUDE in zone files. ERR_CONFIG, once all else is checked: a zone file cannot
   be read. */
int site_check(struct app *app, struct site *site, bool allow_include) MUST_USE;

/* The certificates that the inventory names, without their keys. */
int site_check_certificates(struct app *app, struct site *site) MUST_USE;

/* zone_load, but a file that cannot be read is ERR_CONFIG: a fault of the input. ERR_IO is left to
   what is written. */
int zone_open(struct app *app, const char *path, const struct zone_load_opts *opts,
              struct zone **ret) MUST_USE;

/* The largest TTL of a zone and of what signing adds, and its SOA expire. */
void zone_times(const struct zone *z, uint32_t *ret_max_ttl_s, uint32_t *ret_soa_expire_s);

/* A zone's file name below zones/, without suffix: labels as they are, what a file system or shell
   could take amiss as %XX; the root is "%2E". Over-long names end in a digest. Malloc'ed, NULL: no
   memory. */
char *zone_file_stem(const uint8_t *name);
