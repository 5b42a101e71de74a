/*
 * mudgen/rules_docs.h -- the rules that the making of documents can find broken: listed names, the
 * domain list against the previous one, certificates and keys, the announcement.
 *
 * rules_table.c makes the array; the form is explained in common/diag.h.
 */
#pragma once

#include "common/diag.h"

#define DOC_RULES(X)                                                                               \
    X(list_withdrawn, "removal-without-notice", SEV_ERROR, "DESIGN 6",                             \
      "a published removal-not-before that has passed, or --allow-removal")                        \
    X(list_notice_short, "removal-notice-too-short", SEV_ERROR, "INVENTORY",                       \
      "at least publication.removal-notice between notice and removal")                            \
    X(list_notice_first, "removal-notice-short-from-start", SEV_WARNING, "INVENTORY",              \
      "at least publication.removal-notice between first publication and removal")                 \
    X(list_allow_unused, "allow-removal-unused", SEV_NOTE, "DESIGN 6",                             \
      "--allow-removal for a name that this build withdraws")                                      \
    X(list_previous, "previous-list-unreadable", SEV_ERROR, "DESIGN 2",                            \
      "the domain list as this program wrote it")                                                  \
    X(list_serial, "list-serial-exhausted", SEV_ERROR, "DESIGN 6",                                 \
      "a serial that can still move forward")                                                      \
    X(made_wildcard, "mud-wildcard", SEV_WARNING, "DESIGN 9",                                      \
      "exact names, as a MUD file cannot say wildcards")                                           \
    X(made_underscore, "mud-host-underscore", SEV_WARNING, "RFC 9911 s4",                          \
      "a host name without underscores, which newer readers refuse")                               \
    X(made_acl_name, "mud-acl-shortened", SEV_NOTE, "RFC 8519 s4.1",                               \
      "a model name that leaves room in ACL names of 64 characters")                               \
    X(made_updated_stale, "mud-updated-stale", SEV_WARNING, "RFC 8520 s3.4",                       \
      "`updated` to move with the content, or not to be stated")                                   \
    X(cert_weak_key, "certificate-key-weak", SEV_WARNING, "RFC 9325 s4.5",                         \
      "an RSA key of at least 2048 bits or an ECDSA key on P-256 or better")                       \
    X(cms_certificate, "cms-certificate", SEV_ERROR, "DESIGN 9",                                   \
      "PEM certificates, the signer's first, then its intermediates")                              \
    X(cms_chain, "cms-chain", SEV_ERROR, "RFC 8520 s13.1",                                         \
      "each certificate to be issued by the next one")                                             \
    X(cms_key, "cms-key", SEV_ERROR, "INVENTORY",                                                  \
      "an unencrypted PKCS#8 PEM key or a pkcs11: URI")                                            \
    X(cms_key_mode, "cms-key-mode", SEV_ERROR, "INVENTORY",                                        \
      "a regular file of mode 0600, owned by this user or root")                                   \
    X(cms_key_match, "cms-key-mismatch", SEV_ERROR, "INVENTORY",                                   \
      "the private key of the first certificate")                                                  \
    X(cms_expired, "cms-certificate-expired", SEV_ERROR, "RFC 5280 s4.1.2.5",                      \
      "a certificate that is still valid")                                                         \
    X(cms_not_yet, "cms-certificate-not-yet-valid", SEV_ERROR, "RFC 5280 s4.1.2.5",                \
      "a certificate that is already valid")                                                       \
    X(cms_expires_soon, "cms-certificate-expires-soon", SEV_WARNING, "DESIGN 4",                   \
      "at least 30 days left")                                                                     \
    X(cms_key_usage, "cms-key-usage", SEV_ERROR, "RFC 8520 s13.2",                                 \
      "a key usage extension with digitalSignature")                                               \
    X(cms_purpose, "cms-extended-key-usage", SEV_ERROR, "DESIGN 9",                                \
      "no extended key usage, or one with emailProtection")                                        \
    X(cms_signature, "cms-signature", SEV_ERROR, "RFC 5652 s5.6",                                  \
      "a detached signature by one signer that matches the file")                                  \
    X(cms_trust, "cms-trust", SEV_ERROR, "RFC 8520 s13.2",                                         \
      "a signer that the CA file vouches for, or that the SMIMEA record names")                    \
    X(tls_certificate, "tls-certificate", SEV_ERROR, "RFC 6698 s2.1",                              \
      "a PEM certificate of the web host")                                                         \
    X(tls_expired, "tls-certificate-expired", SEV_ERROR, "RFC 5280 s4.1.2.5",                      \
      "a certificate that is still valid")                                                         \
    X(tls_not_yet, "tls-certificate-not-yet-valid", SEV_WARNING, "RFC 5280 s4.1.2.5",              \
      "a certificate that is already valid, unless it is the next one")                            \
    X(tls_expires_soon, "tls-certificate-expires-soon", SEV_WARNING, "DESIGN 4",                   \
      "at least 30 days left")                                                                     \
    X(tls_host, "tls-certificate-host", SEV_ERROR, "RFC 9525 s6",                                  \
      "the host of publication.base-url among its names")                                          \
    X(announce_conflict, "announcement-conflict", SEV_ERROR, "DESIGN 7",                           \
      "nothing of one's own there, or the same as announced")                                      \
    X(announce_place, "announcement-place", SEV_ERROR, "RFC 1034 s4.2.1",                          \
      "a place in the zone's own data, not below a delegation, DNAME or at a CNAME")               \
    X(announce_tlsa_place, "announcement-tlsa-left-out", SEV_WARNING, "RFC 6698 s3",               \
      "the web host in the zone's own data, so that its TLSA record can be added")                 \
    X(announce_name, "announcement-name-too-long", SEV_ERROR, "RFC 1035 s2.3.4",                   \
      "names of at most 255 octets")

DIAG_RULES_DECLARE(DOC_RULES)
