/*
 * zones/inventory_int.h -- what the inventory's own files share; nobody else includes it.
 *
 * The way of an inventory: inventory_yaml.c turns bytes into libfyaml nodes; inventory_build.c
 * makes one libyang tree from the nodes of all files, each node knowing its place in the text;
 * inventory_values.c and inventory_policies.c turn the tree into `struct inventory`;
 * inventory_rules.c and inventory_domains.c check its meaning. Findings go to the caller at once;
 * errors of form stop the way before values are made. inventory_files.c reads and follows includes,
 * inventory.c knows the order of all this. Errors: these functions return 0 or ERR_NOMEM (or
 * ERR_INTERNAL); what is wrong with the input is a finding and a mark in the context.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libyang/libyang.h>

#include "common/arena.h"
#include "common/diag.h"
#include "zones/inventory_map.h"
#include "zones/rules_inventory.h"
#include "zones/zones.h"

struct fy_node;

#define INV_CHILDREN_MAX                                                                           \
    32 /* keys that any mapping of the schema knows; checked when it is loaded */

struct inv_ctx {
    struct arena *arena; /* lives on in the inventory */
    struct diags *diags;
    int64_t now;
    bool malformed;  /* a rule of reading or form is broken: ERR_CONFIG */
    bool broken;     /* an error about the meaning: ERR_FINDINGS */
    bool incomplete; /* a file was not understood: what is missing may stand there */
    bool nomem;      /* a value could not be kept; what stands for it is empty */
    size_t nodes;    /* YAML nodes taken so far, over all files */

    struct ly_ctx *ly;
    const struct lys_module *module;
    struct lyd_node *root;                                /* the container `inventory` */
    const struct diag_where *root_seen[INV_CHILDREN_MAX]; /* where each top key was stated first */
    struct name_map *entries;                             /* names of keyed list entries, by list */
};

/* Marks and reports. MALFORMED: the form is wrong. FINDING: by the rule's own severity. */
#define MALFORMED(ctx, rule, where, at, ...)                                                       \
    ((ctx)->malformed = true, diag_add((ctx)->diags, rule, where, at, __VA_ARGS__))
#define FINDING(ctx, rule, where, at, ...)                                                         \
    ((ctx)->broken = (ctx)->broken || (rule)->severity == SEV_ERROR,                               \
     diag_add((ctx)->diags, rule, where, at, __VA_ARGS__))

/* ------------------------------------------------------------------ inventory_files.c */

/* The inventory and all it includes into the tree, depth first; RET's inputs are set. */
int files_read(struct inv_ctx *ctx, const char *path, struct inventory *ret) MUST_USE;
/* One text into the tree; what it wants to include is refused. */
int files_read_text(struct inv_ctx *ctx, const char *name, const char *text, size_t len,
                    struct inventory *ret) MUST_USE;

/* ------------------------------------------------------------------ inventory_yaml.c */

struct yaml_doc {
    const char *file; /* what findings call it; outlives the context */
    struct fy_diag *diag;
    struct fy_parser *parser;
    struct fy_document *doc;
    size_t aliases; /* resolved so far */
};

/* TEXT must outlive the document. A finding and doc NULL when it is no single good document. */
int yaml_open(struct inv_ctx *ctx, const char *file, const char *text, size_t len,
              struct yaml_doc *ret) MUST_USE;
void yaml_doc_done(struct yaml_doc *d);
DEFINE_AUTO(yaml_doc)

enum yaml_kind { YAML_NULL, YAML_TEXT, YAML_LIST, YAML_MAP };
enum yaml_kind yaml_kind(struct fy_node *node);
const char *yaml_kind_text(enum yaml_kind kind); /* "a list" */
struct fy_node *yaml_root(const struct yaml_doc *d);
/* The node behind NODE when that is an alias, counted against the limits (RET is NULL for no
   value); false after a finding. */
bool yaml_follow(struct inv_ctx *ctx, struct yaml_doc *d, struct fy_node *node,
                 struct diag_where where, struct fy_node **ret) MUST_USE;
/* Where NODE starts; FALLBACK when it has no text of its own. */
struct diag_where yaml_where(const struct yaml_doc *d, struct fy_node *node,
                             struct diag_where fallback);
size_t yaml_text_len(struct fy_node *node); /* of a scalar, in bytes */
/* The scalar's text in the arena; NULL when memory is out. RET_LEN counts NULs inside. */
const char *yaml_text(struct inv_ctx *ctx, struct fy_node *node, size_t *ret_len);

/* ------------------------------------------------------------------ inventory_schema.c */

int schema_open(struct inv_ctx *ctx) MUST_USE; /* the libyang context and the empty tree */
void schema_close(struct inv_ctx *ctx);
/* Puts the content of one file into the tree. */
int schema_add(struct inv_ctx *ctx, struct yaml_doc *d) MUST_USE; /* inventory_build.c */
/* Missing keys of the whole, defaults, and libyang's own verdict. */
int schema_finish(struct inv_ctx *ctx, const char *main_file) MUST_USE;

/* What findings call a node: "models[cam-100].local". In the arena. */
const char *schema_at(struct inv_ctx *ctx, const struct lyd_node *node, const char *child);

/* ------------------------------------------------------------------ reading the tree */

const struct lyd_node *tree_child(const struct lyd_node *parent, const char *name); /* or NULL */
size_t tree_count(const struct lyd_node *parent, const char *name);
const struct lyd_node *tree_next(const struct lyd_node *node); /* the next of the same list */
struct diag_where tree_where(const struct lyd_node *node);     /* or the closest node above */

/* Values of a leaf below PARENT. Without the leaf: NULL, false or 0. */
const char *tree_text(struct inv_ctx *ctx, const struct lyd_node *parent, const char *name);
bool tree_bool(const struct lyd_node *parent, const char *name);
int tree_enum(const struct lyd_node *parent, const char *name);
uint32_t tree_duration(struct inv_ctx *ctx, const struct lyd_node *parent, const char *name);
int64_t tree_moment(struct inv_ctx *ctx, const struct lyd_node *parent, const char *name);
/* A path seen from the file that states it; FILE when it is a default. */
const char *tree_path(struct inv_ctx *ctx, const struct lyd_node *parent, const char *name,
                      const char *file);

/* ------------------------------------------------------------------ values and rules */

struct inv_name {
    const uint8_t *wire;
    const char *text;
};
/* TEXT, which stands in LEAF, as the domain name of a host. False after a finding (or without
 * memory). */
bool inv_name_take(struct inv_ctx *ctx, const char *text, const struct lyd_node *leaf,
                   struct inv_name *ret);
/* What LEAF says as the owner of a record: any octets, a wildcard too. */
bool inv_owner_take(struct inv_ctx *ctx, const struct lyd_node *leaf, struct inv_name *ret);

/* Scheme, host and port of base-url; false: not one of ours. HOST has room for the URL. */
bool base_url_split(const char *url, char *host, size_t room, uint16_t *ret_port);

struct inv_policies {
    struct dnssec_policy *dnssec;
    size_t dnssec_n;
    struct ttl_policy *ttl;
    size_t ttl_n;
    bool *dnssec_used;
    bool *ttl_used;
    struct diag_where *ttl_where;
};
int policies_take(struct inv_ctx *ctx, struct inv_policies *ret) MUST_USE;
/* The policy that a zone names: the inventory's own, else the built-in; NULL after a finding. */
const struct dnssec_policy *policies_dnssec(struct inv_ctx *ctx, struct inv_policies *p,
                                            const struct lyd_node *zone);
const struct ttl_policy *policies_ttl(struct inv_ctx *ctx, struct inv_policies *p,
                                      const struct lyd_node *zone);
void policies_check(struct inv_ctx *ctx, const struct inventory *inv, const struct inv_policies *p);

/* inventory_stores.c: where keys are made and kept. */
void stores_read(struct inv_ctx *ctx); /* the form of each URI */
/* The URI of the store that the leaf NAME of POLICY names, KEY_STORE_OFFLINE, or NULL: files. */
const char *store_take(struct inv_ctx *ctx, const struct lyd_node *policy, const char *name);
/* What a store cannot do for P, which stands at AT. */
void stores_check(struct inv_ctx *ctx, const struct dnssec_policy *p, const char *at);

/* inventory_parent.c: how the parent is observed. */
int parent_take(struct inv_ctx *ctx, struct inventory *inv) MUST_USE;
int values_take(struct inv_ctx *ctx, struct inventory *inv, struct inv_policies *policies) MUST_USE;
int rules_check(struct inv_ctx *ctx, const struct inventory *inv,
                const struct inv_policies *policies) MUST_USE;
int domains_check(struct inv_ctx *ctx, const struct inventory *inv) MUST_USE;
