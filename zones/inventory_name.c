/* Domain names and URLs as the inventory writes them. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zones/inventory_int.h"

static bool keep_name(struct inv_ctx *ctx, const uint8_t *wire, struct inv_name *ret)
{
    char text[NAME_TEXT_LEN];
    name_to_text_nodot(wire, text);
    ret->wire = arena_dup(ctx->arena, wire, name_len(wire));
    ret->text = arena_strdup(ctx->arena, text);
    bool kept = ret->wire != NULL && ret->text != NULL;
    ctx->nomem = ctx->nomem || !kept;
    return kept;
}

static bool is_label_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* RFC 1123 s2.1, with the underscore that MUD's and YANG's domain-name allow too. */
static bool is_host_label(const uint8_t *label)
{
    for (uint8_t i = 1; i <= label[0]; i++) {
        if (!is_label_char(label[i]))
            return false;
    }
    return label[1] != '-' && label[label[0]] != '-' && label[label[0]] != '_';
}

static bool is_number_label(const uint8_t *label)
{
    for (uint8_t i = 1; i <= label[0]; i++) {
        if (!isdigit(label[i]))
            return false;
    }
    return true;
}

/* No top-level domain is a number (RFC 3696 s2): that would be an IPv4 address. */
static const char *host_problem(const uint8_t *wire)
{
    if (wire[0] == 0)
        return "the root";
    const uint8_t *last = wire;
    for (const uint8_t *label = wire; label[0] != 0; label += label[0] + 1) {
        if (!is_host_label(label))
            return "not a host name";
        last = label;
    }
    return is_number_label(last) ? "an address, not a name" : NULL;
}

static bool refuse(struct inv_ctx *ctx, const struct lyd_node *leaf, const char *text,
                   const char *problem)
{
    FINDING(ctx, &rule_inv_bad_name, tree_where(leaf), schema_at(ctx, leaf, NULL),
            "\"%.100s\" is %s", text, problem);
    return false;
}

bool inv_name_take(struct inv_ctx *ctx, const char *text, const struct lyd_node *leaf,
                   struct inv_name *ret)
{
    uint8_t wire[256];
    const char *problem = name_from_text(text, wire) ? host_problem(wire) : "not a domain name";
    return problem == NULL ? keep_name(ctx, wire, ret) : refuse(ctx, leaf, text, problem);
}

bool inv_owner_take(struct inv_ctx *ctx, const struct lyd_node *leaf, struct inv_name *ret)
{
    uint8_t wire[256];
    const char *text = lyd_get_value(leaf);
    return name_from_text(text, wire) ? keep_name(ctx, wire, ret)
                                      : refuse(ctx, leaf, text, "not a domain name");
}

/* ":8443" or nothing, then "/" and the end. */
static bool port_and_end(const char *text, uint16_t *ret_port)
{
    unsigned long port = 443;
    if (*text == ':') {
        char *end;
        if (!isdigit((unsigned char)text[1]))
            return false;
        port = strtoul(text + 1, &end, 10);
        text = end;
    }
    if (port == 0 || port > 65535 || strcmp(text, "/") != 0)
        return false;
    *ret_port = (uint16_t)port;
    return true;
}

bool base_url_split(const char *url, char *host, size_t room, uint16_t *ret_port)
{
    static const char scheme[] = "https://";
    if (strncasecmp(url, scheme, sizeof(scheme) - 1) != 0)
        return false;
    const char *start = url + sizeof(scheme) - 1;
    size_t len = strcspn(start, ":/?#@[]");
    if (len == 0 || len >= room || !port_and_end(start + len, ret_port))
        return false;
    memcpy(host, start, len);
    host[len] = 0;
    return true;
}
