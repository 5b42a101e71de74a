#include "mudgen/schema.h"

#include <string.h>

#include "common/err.h"
#include "embedded/yang_iana_tls_profile.h"
#include "embedded/yang_ietf_access_control_list.h"
#include "embedded/yang_ietf_acldns.h"
#include "embedded/yang_ietf_ethertypes.h"
#include "embedded/yang_ietf_inet_types.h"
#include "embedded/yang_ietf_interfaces.h"
#include "embedded/yang_ietf_mud.h"
#include "embedded/yang_ietf_mud_tls.h"
#include "embedded/yang_ietf_mud_transparency.h"
#include "embedded/yang_ietf_packet_fields.h"
#include "embedded/yang_ietf_yang_types.h"
#include "mudgen/mudgen.h"

static const struct module {
    const char *name;
    const char *revision;
    const char *text;
    bool implemented; /* its nodes are data; else only its types are used */
} modules[] = {
    {"ietf-inet-types", "2013-07-15", yang_ietf_inet_types, false},
    {"ietf-yang-types", "2013-07-15", yang_ietf_yang_types, false},
    {"ietf-ethertypes", "2019-03-04", yang_ietf_ethertypes, false},
    {"ietf-packet-fields", "2019-03-04", yang_ietf_packet_fields, false},
    {"iana-tls-profile", "2025-04-18", yang_iana_tls_profile, false},
    {"ietf-interfaces", "2018-02-20", yang_ietf_interfaces, true},
    {"ietf-access-control-list", "2019-03-04", yang_ietf_access_control_list, true},
    {"ietf-mud", "2019-01-28", yang_ietf_mud, true},
    {"ietf-acldns", "2019-01-28", yang_ietf_acldns, true},
    {"ietf-mud-tls", "2025-04-18", yang_ietf_mud_tls, true},
    {"ietf-mud-transparency", "2023-10-10", yang_ietf_mud_transparency, true},
};
#define MODULE_N (sizeof(modules) / sizeof(modules[0]))

static LY_ERR import(const char *name, const char *revision, const char *submodule,
                     const char *submodule_revision, void *user, LYS_INFORMAT *format,
                     const char **text, ly_module_imp_data_free_clb *text_free)
{
    (void)submodule_revision;
    (void)user;
    for (size_t i = 0; i < MODULE_N; i++) {
        if (submodule == NULL && strcmp(name, modules[i].name) == 0 &&
            (revision == NULL || strcmp(revision, modules[i].revision) == 0)) {
            *format = LYS_IN_YANG;
            *text = modules[i].text;
            *text_free = NULL;
            return LY_SUCCESS;
        }
    }
    return LY_ENOTFOUND;
}

int schema_load(struct ly_ctx **ret)
{
    /* ACLs of MUD files need features that a device would switch on: RFC 8520 s2 */
    static const char *features[] = {"*", NULL};
    struct ly_ctx *ctx = NULL;
    /* messages go into the context; nothing is printed */
    (void)ly_log_options(LY_LOSTORE);
    uint16_t options = LY_CTX_NO_YANGLIBRARY | LY_CTX_DISABLE_SEARCHDIRS | LY_CTX_SET_PRIV_PARSED;
    if (ly_ctx_new(NULL, options, &ctx) != LY_SUCCESS)
        return ERR_NOMEM;
    ly_ctx_set_module_imp_clb(ctx, import, NULL);
    for (size_t i = 0; i < MODULE_N; i++) {
        if (modules[i].implemented &&
            ly_ctx_load_module(ctx, modules[i].name, modules[i].revision, features) == NULL) {
            ly_ctx_destroy(ctx);
            return ERR_INTERNAL;
        }
    }
    *ret = ctx;
    return ERR_OK;
}

int mud_validator_new(struct mud_validator **ret)
{
    struct mud_validator *v = calloc(1, sizeof(*v));
    if (v == NULL)
        return ERR_NOMEM;
    int err = schema_load(&v->ctx);
    if (err != ERR_OK) {
        free(v);
        return err;
    }
    *ret = v;
    return ERR_OK;
}

void mud_validator_free(struct mud_validator *v)
{
    if (v == NULL)
        return;
    ly_ctx_destroy(v->ctx);
    free(v);
}

/* ------------------------------------------------------------------ types in words */

/* Types whose pattern says nothing to people. */
static const struct {
    const char *name;
    const char *words;
} known_types[] = {
    {"date-and-time", "date, time and offset such as 2026-11-21T10:00:00Z"},
    {"host", "a domain name or an IP address"},
    {"domain-name", "a domain name"},
    {"uri", "a URI"},
    {"ipv4-prefix", "an IPv4 prefix such as 192.0.2.0/24"},
    {"ipv6-prefix", "an IPv6 prefix such as 2001:db8::/32"},
    {"mac-address", "a MAC address such as 00:00:5e:00:53:01"},
    {"ethertype", "a number 0..65535, or a name such as ipv4"},
};

/* The type as its module names it: "inet:host" is "host". NULL when it was not kept. */
static const char *type_name(const struct lysc_node *leaf)
{
    const struct lysp_node *parsed = leaf->priv; /* LY_CTX_SET_PRIV_PARSED */
    const char *name = NULL;
    if (parsed != NULL && parsed->nodetype == LYS_LEAF)
        name = ((const struct lysp_node_leaf *)parsed)->type.name;
    else if (parsed != NULL && parsed->nodetype == LYS_LEAFLIST)
        name = ((const struct lysp_node_leaflist *)parsed)->type.name;
    const char *colon = name == NULL ? NULL : strchr(name, ':');
    return colon == NULL ? name : colon + 1;
}

static void describe_number(const struct lysc_type *type, struct buf *out)
{
    static const struct {
        LY_DATA_TYPE base;
        const char *range;
    } whole[] = {
        {LY_TYPE_UINT8, "0..255"}, {LY_TYPE_UINT16, "0..65535"}, {LY_TYPE_UINT32, "0..4294967295"}};
    const struct lysc_range *range = ((const struct lysc_type_num *)type)->range;
    buf_add_str(out, "a number");
    if (range != NULL && LY_ARRAY_COUNT(range->parts) > 0) {
        uint64_t last = LY_ARRAY_COUNT(range->parts) - 1;
        buf_printf(out, " %" PRIu64 "..%" PRIu64, range->parts[0].min_u64,
                   range->parts[last].max_u64);
        return;
    }
    for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
        if (whole[i].base == type->basetype)
            buf_printf(out, " %s", whole[i].range);
    }
}

static void describe_identity(const struct lysc_type *type, struct buf *out)
{
    const struct lysc_type_identityref *t = (const struct lysc_type_identityref *)type;
    LY_ARRAY_COUNT_TYPE i;
    const char *comma = "";
    buf_add_str(out, "one of ");
    LY_ARRAY_FOR(t->bases[0]->derived, i)
    {
        buf_printf(out, "%s%s", comma, t->bases[0]->derived[i]->name);
        comma = ", ";
    }
}

static void describe_enum(const struct lysc_type *type, struct buf *out)
{
    const struct lysc_type_enum *t = (const struct lysc_type_enum *)type;
    LY_ARRAY_COUNT_TYPE i;
    buf_add_str(out, "one of ");
    LY_ARRAY_FOR(t->enums, i)
    {
        buf_printf(out, "%s%s", i == 0 ? "" : ", ", t->enums[i].name);
    }
}

static void describe_string(const struct lysc_type *type, struct buf *out)
{
    const struct lysc_type_str *t = (const struct lysc_type_str *)type;
    buf_add_str(out, "a string");
    if (t->length != NULL && LY_ARRAY_COUNT(t->length->parts) == 1)
        buf_printf(out, " of %" PRIu64 "..%" PRIu64 " characters", t->length->parts[0].min_u64,
                   t->length->parts[0].max_u64);
}

static void describe_base(const struct lysc_type *type, struct buf *out)
{
    switch ((int)type->basetype) {
    case LY_TYPE_BOOL: buf_add_str(out, "true or false"); return;
    case LY_TYPE_EMPTY: buf_add_str(out, "[null]"); return;
    case LY_TYPE_ENUM: describe_enum(type, out); return;
    case LY_TYPE_IDENT: describe_identity(type, out); return;
    case LY_TYPE_BITS: buf_add_str(out, "a string of flag names with blanks between them"); return;
    case LY_TYPE_BINARY: buf_add_str(out, "a string in base64"); return;
    case LY_TYPE_STRING: describe_string(type, out); return;
    case LY_TYPE_UINT64: buf_add_str(out, "a number in quotes"); return;
    case LY_TYPE_UINT8:
    case LY_TYPE_UINT16:
    case LY_TYPE_UINT32: describe_number(type, out); return;
    case LY_TYPE_LEAFREF:
        describe_base(((const struct lysc_type_leafref *)type)->realtype, out);
        return;
    default: buf_add_str(out, "a value of the node's type"); return;
    }
}

void schema_describe_type(const struct lysc_node *leaf, struct buf *out)
{
    const char *name = type_name(leaf);
    for (size_t i = 0; name != NULL && i < sizeof(known_types) / sizeof(known_types[0]); i++) {
        if (strcmp(name, known_types[i].name) == 0) {
            buf_add_str(out, known_types[i].words);
            return;
        }
    }
    describe_base(((const struct lysc_node_leaf *)leaf)->type, out);
}
