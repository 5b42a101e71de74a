/*
 * mudgen/rules_mud.h -- what YANG cannot say about a MUD file: RFC 8520 and DESIGN section 9.
 *
 * Works on the JSON tree, so that a file with YANG errors is judged as far as it goes: a node of
 * the wrong kind is passed over here, YANG has spoken of it. Errors: ERR_NOMEM; what is found is
 * only in the findings.
 */
#pragma once

#include "mudgen/jsontree.h"
#include "mudgen/mudgen.h"

#define MUD_CACHE_MIN_H 24 /* RFC 8520 s3.5: a recommendation */

struct rules_run {
    struct arena *arena;
    const char *file;
    enum mud_origin origin;
    struct diags *diags;
    bool no_memory;
};

/* All rules over a document that is an object. */
int mud_rules_check(struct rules_run *run, const struct json_node *root) MUST_USE;

/* ------------------------------------------------------------------ for the rules_*.c */

/* A finding at NODE with the severity of the rule, whoever made the file. FOUND NULL: no memory. */
void rule_add(struct rules_run *run, const struct diag_rule *rule, const struct json_node *node,
              const char *found);

/* The same; in a file of ours it is an error (DESIGN section 9). */
void rule_add_strict(struct rules_run *run, const struct diag_rule *rule,
                     const struct json_node *node, const char *found);

/* The member NAME or MODULE:NAME of OBJECT, which may be NULL. */
const struct json_node *rules_member(const struct json_node *object, const char *module,
                                     const char *name);

/* The text of a string member, else NULL. */
const char *rules_text(const struct json_node *object, const char *module, const char *name);

/* A URI of STRING that newer readers refuse for want of a scheme (RFC 9911 s4). */
void rules_uri(struct rules_run *run, const struct json_node *node);

/* acls and the policies that name them (rules_acl.c); MUD may be NULL. */
void rules_acls(struct rules_run *run, const struct json_node *root, const struct json_node *mud);

/* One ACE of an ACL (rules_ace.c). */
struct ace_context {
    const char *acl_type; /* without module; NULL when not stated */
    bool from_device;     /* the ACL is named by that policy */
    bool to_device;
    size_t undirected_n;                /* out: TCP with a domain name but no direction-initiated */
    const struct json_node *undirected; /* the first of them */
};
void rules_ace(struct rules_run *run, struct ace_context *context, const struct json_node *ace);

/* What the local resolver is reached by, over all ACEs: [to][v6][tcp]. */
struct dns_cover {
    bool seen[2][2][2];
};
void rules_dns_note(struct dns_cover *cover, const struct ace_context *context,
                    const struct json_node *ace);
void rules_dns_check(struct rules_run *run, const struct dns_cover *cover,
                     const struct json_node *mud);
