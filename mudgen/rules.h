/*
 * mudgen/rules.h -- the rules that a MUD file can break, ours or a foreign one.
 *
 * First what it takes to be read at all, then the data model (YANG), then what YANG cannot say:
 * MUST and MUST NOT of RFC 8520 as errors, the rest as warnings, which validation of our own files
 * turns into errors (rules_mud.h). rules_table.c makes the array; common/diag.h explains the form.
 */
#pragma once

#include "common/diag.h"

#define MUD_FILE_RULES(X)                                                                          \
    X(mud_size, "mud-too-large", SEV_ERROR, "DESIGN 10.8",                                         \
      "at most 4 MiB, 400000 JSON values, and 2000 of them in an array")                           \
    X(mud_empty, "mud-empty", SEV_ERROR, "RFC 8520 s2", "a JSON object")                           \
    X(mud_syntax, "mud-json-syntax", SEV_ERROR, "RFC 8259", "JSON text in UTF-8")                  \
    X(mud_duplicate, "mud-json-duplicate", SEV_ERROR, "RFC 7493 s2.3",                             \
      "each member name once in an object")                                                        \
    X(mud_not_object, "mud-not-object", SEV_ERROR, "RFC 8520 s2", "a JSON object")                 \
    X(mud_draft, "mud-draft-format", SEV_ERROR, "RFC 8520 s2, RFC 8519 s4.1",                      \
      "access lists in the form of RFC 8519, under ietf-access-control-list:acls")

#define MUD_YANG_RULES(X)                                                                          \
    X(mud_node_unknown, "mud-unknown-node", SEV_ERROR, "RFC 7951 s4",                              \
      "a node of the MUD data models, with its module's name where that changes")                  \
    X(mud_node_shape, "mud-wrong-shape", SEV_ERROR, "RFC 7951 s5",                                 \
      "the JSON form of the node's kind")                                                          \
    X(mud_node_state, "mud-state-node", SEV_ERROR, "RFC 8519 s4.1",                                \
      "configuration only: counters and states have no place in a file")                           \
    X(mud_node_missing, "mud-missing-node", SEV_ERROR, "RFC 7950 s7.6.5", "every mandatory node")  \
    X(mud_node_twice, "mud-duplicate-entry", SEV_ERROR, "RFC 7950 s7.8.2",                         \
      "a key of its own for every list entry")                                                     \
    X(mud_node_cases, "mud-both-cases", SEV_ERROR, "RFC 7950 s7.9",                                \
      "one of the alternatives only")                                                              \
    X(mud_value, "mud-value", SEV_ERROR, "RFC 7950 s9", "a value of the node's type")              \
    X(mud_reference, "mud-reference", SEV_ERROR, "RFC 7950 s9.9",                                  \
      "the name of something that this file holds")                                                \
    X(mud_condition, "mud-condition", SEV_ERROR, "RFC 7950 s7.5.3",                                \
      "every condition of the data model to hold")                                                 \
    X(mud_invalid, "mud-invalid", SEV_ERROR, "RFC 7950", "data that fits the MUD data models")     \
    X(mud_more, "mud-more-errors", SEV_NOTE, "DESIGN 10.8",                                        \
      "few enough errors to look for all of them")

#define MUD_ROOT_RULES(X)                                                                          \
    X(mud_no_container, "mud-container-missing", SEV_ERROR, "RFC 8520 s3",                         \
      "an ietf-mud:mud container")                                                                 \
    X(mud_other_node, "mud-other-module", SEV_ERROR, "RFC 8520 s2",                                \
      "only ietf-mud:mud and ietf-access-control-list:acls at the top")                            \
    X(mud_version, "mud-version", SEV_ERROR, "RFC 8520 s3.1", "1")                                 \
    X(mud_url_scheme, "mud-url-scheme", SEV_ERROR, "RFC 8520 s6", "an https URL")                  \
    X(mud_url_host, "mud-url-host", SEV_ERROR, "RFC 9110 s4.2.2", "a host in the MUD URL")         \
    X(mud_url_length, "mud-url-length", SEV_WARNING, "RFC 8520 s10",                               \
      "at most 253 octets, so that it fits the DHCP option")                                       \
    X(mud_last_update, "mud-last-update", SEV_ERROR, "RFC 3339 s5.7",                              \
      "a date and time that exist")                                                                \
    X(mud_signature_missing, "mud-signature-missing", SEV_WARNING, "RFC 8520 s13",                 \
      "the place of the file's signature")                                                         \
    X(mud_uri_relative, "mud-uri-relative", SEV_WARNING, "RFC 9911 s4",                            \
      "a URI with its scheme: newer readers refuse any other")                                     \
    X(mud_cache_short, "mud-cache-validity-short", SEV_WARNING, "RFC 8520 s3.5",                   \
      "at least 24 hours")                                                                         \
    X(mud_systeminfo_long, "mud-systeminfo-long", SEV_WARNING, "RFC 8520 s3.7",                    \
      "at most 60 characters")                                                                     \
    X(mud_mfg_name, "mud-mfg-name-missing", SEV_WARNING, "DESIGN 9", "mfg-name always written")    \
    X(mud_model_name, "mud-model-name-missing", SEV_WARNING, "DESIGN 9",                           \
      "model-name always written")                                                                 \
    X(mud_documentation, "mud-documentation-missing", SEV_WARNING, "DESIGN 9",                     \
      "documentation always written")                                                              \
    X(mud_revision, "mud-revision-stated", SEV_NOTE, "RFC 8520 s3.8",                              \
      "no revision when the device can be updated but its MUD URL cannot")                         \
    X(mud_extension, "mud-extension-undeclared", SEV_ERROR, "RFC 8520 s3.9",                       \
      "the name of every extension used in `extensions`")

#define MUD_ACL_RULES(X)                                                                           \
    X(mud_acl_unused, "mud-acl-unused", SEV_WARNING, "DESIGN 9",                                   \
      "a policy that names the access list")                                                       \
    X(mud_acl_long, "mud-acl-long", SEV_WARNING, "DESIGN 9",                                       \
      "at most 50 entries in an access list")                                                      \
    X(mud_acl_type, "mud-acl-type", SEV_WARNING, "RFC 8520 s2",                                    \
      "ipv4-acl-type or ipv6-acl-type, all that a MUD manager need know")                          \
    X(mud_acl_family, "mud-acl-family", SEV_WARNING, "RFC 8519 s4.1",                              \
      "matches of the family that the access list's type names")                                   \
    X(mud_names_plain, "mud-names-plain", SEV_WARNING, "DESIGN 9",                                 \
      "names of ACLs and ACEs in [a-z0-9-]")                                                       \
    X(mud_acl_place, "mud-acl-name", SEV_WARNING, "DESIGN 9",                                      \
      "<model>-v4-from-0, with the family and direction in which it is used")                      \
    X(mud_interfaces, "mud-interfaces", SEV_WARNING, "RFC 8520 s2",                                \
      "nothing about interfaces, which MUD does not deal with")                                    \
    X(mud_dns_direction, "mud-dnsname-direction", SEV_ERROR, "RFC 8520 s8.2",                      \
      "dst-dnsname in from-device lists, src-dnsname in to-device lists")                          \
    X(mud_host_strict, "mud-dnsname-underscore", SEV_WARNING, "RFC 9911 s4",                       \
      "a host name of letters, digits and hyphens: newer readers refuse any other")                \
    X(mud_address, "mud-ip-address", SEV_WARNING, "RFC 8520 s2",                                   \
      "names and abstractions instead of IP addresses")                                            \
    X(mud_action, "mud-action", SEV_WARNING, "RFC 8520 s2",                                        \
      "accept or drop; everything not accepted is denied anyway")                                  \
    X(mud_leaf, "mud-leaf-unusual", SEV_WARNING, "RFC 8520 s2",                                    \
      "only the ACL leafs that RFC 8520 uses, which MUD managers implement")                       \
    X(mud_initiated, "mud-direction-initiated", SEV_WARNING, "DESIGN 9",                           \
      "direction-initiated wherever TCP meets a domain name")                                      \
    X(mud_local_dns, "mud-local-dns", SEV_WARNING, "DESIGN 9",                                     \
      "UDP and TCP port 53 of urn:ietf:params:mud:dns, in all directions and families")

#define MUD_RULES(X) MUD_FILE_RULES(X) MUD_YANG_RULES(X) MUD_ROOT_RULES(X) MUD_ACL_RULES(X)

DIAG_RULES_DECLARE(MUD_RULES)
