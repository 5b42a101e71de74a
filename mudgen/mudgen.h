/*
 * mudgen/mudgen.h -- PUBLIC: what is derived from the inventory: MUD files, the domain list, feeds,
 * and the records that announce them; and the validation of MUD files, ours and foreign.
 *
 * Pure but for reading certificates and keys: no clock, no database, no network. What earlier
 * publications fix comes in as `struct mud_previous`. Same input and NOW, same bytes; CMS
 * signatures by ECDSA differ each time they are made, so earlier ones are reused for unchanged
 * content. Errors: ERR_FINDINGS (with findings), ERR_CONFIG (certificate or key unusable),
 * ERR_CRYPTO, ERR_NOMEM. Source: DESIGN sections 5-9; RFC 8520, 8519, 9761, 9472, 5652, 6698, 8162,
 * 7553.
 */
#pragma once

#include "common/buf.h"
#include "common/diag.h"
#include "common/own.h"
#include "zones/zones.h"

extern const struct diag_rule *const mudgen_rules[];

/* ------------------------------------------------------------------ CMS (cms.c) */

struct cms_signer;

/* Loads and checks the certificate chain and key: they match, not expired at NOW, key usage allows
   digitalSignature, no EKU or emailProtection; under 30 days left is a warning. The key file must
   be private (0600), or be a pkcs11: URI. */
int cms_signer_load(const struct inv_signer *from, int64_t now, struct cms_signer **ret,
                    struct diags *diags) MUST_USE;
void cms_signer_free(struct cms_signer *s);
DEFINE_AUTO_PTR(cms_signer)

/* The certificate part of cms_signer_load, for `check`, which needs no key. RET_SPKI is what
   cms_signer_spki_sha256 would be. */
int cms_certificate_check(const char *path, int64_t now, uint8_t ret_spki[32],
                          struct diags *diags) MUST_USE;

const uint8_t *cms_signer_certificate_sha256(const struct cms_signer *s); /* of the leaf, DER */
const uint8_t *cms_signer_spki_sha256(const struct cms_signer *s);        /* for SMIMEA 3 1 1 */

/* Detached CMS over DATA, DER, intermediates included. */
int cms_sign(const struct cms_signer *s, struct bytes data, struct buf *ret) MUST_USE;

/*
 * Verifies P7S over DATA. Trust: the CA file when CA_PATH is given (the chain is checked at NOW),
 * else the signer's SPKI must be PIN (32 bytes, from the SMIMEA record). Failures are findings at
 * AT.
 */
int cms_verify(struct bytes p7s, struct bytes data, const char *ca_path, const uint8_t *pin,
               int64_t now, const char *at, struct diags *diags) MUST_USE;

/* SHA-256 of the SubjectPublicKeyInfo of the first certificate of a PEM file (TLSA 3 1 1); checks
   expiry and that HOST is among its names, as findings. */
int tls_certificate_spki(const char *path, const char *host, int64_t now, uint8_t ret[32],
                         struct diags *diags) MUST_USE;

/* ------------------------------------------------------------------ documents */

struct mud_file { /* one published file; PATH is relative to web/ */
    const char *path;
    struct bytes content;
};

struct mud_previous_model {
    const char *name;
    struct bytes json; /* the MUD file as last published */
};

struct mud_signature { /* a CMS signature made earlier */
    uint8_t content_sha256[32];
    uint8_t certificate_sha256[32];
    struct bytes p7s;
};

struct mud_version { /* a version folder still to be kept */
    uint32_t serial;
    int64_t superseded_at;        /* 0: still current */
    const struct mud_file *files; /* paths relative to web/ */
    size_t file_n;
};

/* The previous publication, read from state by app/. All zero: there was none. */
struct mud_previous {
    struct bytes list; /* domains.json as last published, or empty */
    const struct mud_previous_model *models;
    size_t model_n;
    const struct mud_signature *signatures;
    size_t signature_n;
    const struct mud_version *versions; /* oldest first, the current one last */
    size_t version_n;
    uint32_t serial_floor; /* the greatest serial known to be in use, beside that of `list` */
    bool overtaken;        /* others than `list` were published since: make a new serial */
};

struct mud_options {
    int64_t now;
    const char *const *allow_removal; /* names in text form; "*.x" for subdomains */
    size_t allow_removal_n;
};

struct mud_model_out {
    const struct inv_model *model;
    const char *url; /* its MUD URL */
    struct bytes json;
    struct bytes p7s;
    uint8_t json_sha256[32];
    uint8_t p7s_sha256[32];
    int64_t updated_at; /* last-update as written */
};

struct mud_output {
    uint32_t serial;
    int64_t published_at;
    bool list_changed; /* against the previous publication */
    struct bytes list; /* domains.json */
    struct bytes list_p7s;
    uint8_t list_sha256[32];
    const struct mud_model_out *models; /* inventory order */
    size_t model_n;
    const struct mud_file *files; /* all of web/, sorted by path; kept versions included */
    size_t file_n;
    const struct mud_version *versions; /* to be stored: kept ones and the current one */
    size_t version_n;
    const struct mud_signature *signatures; /* to be stored: those in use */
    size_t signature_n;
    const char *const *list_names; /* "x" and "*.x", sorted as in the list */
    size_t list_name_n;
};

/*
 * Makes and signs every document, and validates what it made (YANG and the rules of DESIGN section
 * 9). Comes after mud_check, whose warnings and notes it does not repeat. The output borrows from
 * INV and PREVIOUS (models, reused signatures, kept versions), so both must outlive it.
 */
int mud_build(const struct inventory *inv, const struct cms_signer *signer,
              const struct mud_previous *previous, const struct mud_options *opts,
              struct mud_output **ret, struct diags *diags) MUST_USE;
void mud_output_free(struct mud_output *out);
DEFINE_AUTO_PTR(mud_output)

/*
 * What the documents of a build would say, without a signer: the findings that `check` shows (rules
 * of DESIGN section 9, wildcards that MUD cannot say, sizes of announcement pages).
 */
int mud_check(const struct inventory *inv, int64_t now, struct diags *diags) MUST_USE;

/*
 * The records of DESIGN section 7 that belong into ZONE, to be asked for every zone of the
 * inventory: the _mudzone records when it is the publication zone, the TLSA records when it holds
 * the web host, else none. HTTPS_SPKI: digests of the current and the next certificate (n may be 0:
 * none stated). A user's own TLSA, SMIMEA or _mudzone records in ZONE that say otherwise are
 * errors.
 */
int mud_announce(const struct inventory *inv, const struct mud_output *out,
                 const struct cms_signer *signer, const uint8_t (*https_spki)[32],
                 size_t https_spki_n, const struct zone *zone, struct records *ret,
                 struct diags *diags) MUST_USE;

/*
 * The same without documents and keys, for `check`: RET stands in for the records (owners, types
 * and sizes as they will be; digests, dates and serials are zeros). A user's own TXT record is
 * taken for an earlier announcement when it begins like one: whether it says the same, only a build
 * knows. SIGNER_SPKI may be NULL: not known, and no SMIMEA record.
 */
int mud_announce_draft(const struct inventory *inv, const uint8_t *signer_spki,
                       const uint8_t (*https_spki)[32], size_t https_spki_n,
                       const struct zone *zone, struct records *ret, struct diags *diags) MUST_USE;

/* Limits of the pages `_<n>._domains._mudzone` and `_<n>._models._mudzone`, and the TTL of all. */
#define MUD_PAGE_ENTRIES 20
#define MUD_ANSWER_MAX   1232
#define MUD_ANNOUNCE_TTL 3600u

/* ------------------------------------------------------------------ validation (validate.c,
 * rules.c) */

struct mud_validator; /* a libyang context with our modules; not thread-safe */
int mud_validator_new(struct mud_validator **ret) MUST_USE;
void mud_validator_free(struct mud_validator *v);
DEFINE_AUTO_PTR(mud_validator)

enum mud_origin {
    MUD_OURS,   /* every rule of DESIGN section 9 is an error */
    MUD_FOREIGN /* YANG, MUST and MUST NOT of RFC 8520 are errors, the rest warnings */
};

/* Findings name FILE, the line, and the JSON path in `at`. ERR_FINDINGS when an error was added. */
int mud_validate(struct mud_validator *v, const char *file, struct bytes json,
                 enum mud_origin origin, struct diags *diags) MUST_USE;

/* Domain names in a MUD file's ACLs (src-dnsname and dst-dnsname), sorted, unique; for `verify`. */
struct mud_names {
    char **names;
    size_t n;
};
void mud_names_done(struct mud_names *names);
DEFINE_AUTO(mud_names)
/* Lower case, without a final dot. ERR_FINDINGS when JSON is no JSON text. */
int mud_file_names(struct bytes json, struct mud_names *ret) MUST_USE;
