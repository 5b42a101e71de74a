#include <arpa/inet.h>
#include <string.h>

#include "mudgen/ace.h"
#include "mudgen/rules.h"
#include "mudgen/rules_mud.h"

#define ACL_MODULE "ietf-access-control-list"
#define DNS_MODULE "ietf-acldns"
#define MUD_MODULE "ietf-mud"

static const struct json_node *acl_member(const struct json_node *object, const char *name)
{
    return rules_member(object, ACL_MODULE, name);
}

/* ------------------------------------------------------------------ domain names and addresses */

static bool is_address(const char *text)
{
    unsigned char address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

static void check_host(struct rules_run *run, const struct json_node *host)
{
    if (host == NULL || host->kind != JSON_NODE_STRING)
        return;
    if (is_address(host->text))
        rule_add_strict(run, &rule_mud_address, host, json_excerpt(run->arena, host));
    /* of our own names `check` warns once, where the inventory states them */
    else if (strchr(host->text, '_') != NULL && run->origin == MUD_FOREIGN)
        rule_add(run, &rule_mud_host_strict, host, json_excerpt(run->arena, host));
}

/* RFC 8520 s8.2: the device's own end has no name in an access list. */
static void check_names(struct rules_run *run, const struct ace_context *context,
                        const struct json_node *family)
{
    const struct json_node *src = rules_member(family, DNS_MODULE, "src-dnsname");
    const struct json_node *dst = rules_member(family, DNS_MODULE, "dst-dnsname");
    if (src != NULL && context->from_device)
        rule_add(run, &rule_mud_dns_direction, src, "src-dnsname in a from-device list");
    if (dst != NULL && context->to_device)
        rule_add(run, &rule_mud_dns_direction, dst, "dst-dnsname in a to-device list");
    check_host(run, src);
    check_host(run, dst);
}

static void check_networks(struct rules_run *run, const struct json_node *family)
{
    static const char *const names[] = {"source-ipv4-network", "destination-ipv4-network",
                                        "source-ipv6-network", "destination-ipv6-network"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct json_node *m = acl_member(family, names[i]);
        if (m != NULL)
            rule_add_strict(run, &rule_mud_address, m, json_excerpt(run->arena, m));
    }
}

/* ------------------------------------------------------------------ other leafs */

/* Leafs of the ACL model that RFC 8520 does not use (its section 2). */
static void check_leafs(struct rules_run *run, const struct json_node *object)
{
    static const char *const unusual[] = {"dscp",
                                          "ecn",
                                          "length",
                                          "ttl",
                                          "ihl",
                                          "flags",
                                          "offset",
                                          "identification",
                                          "flow-label",
                                          "sequence-number",
                                          "acknowledgement-number",
                                          "data-offset",
                                          "reserved",
                                          "window-size",
                                          "urgent-pointer",
                                          "options",
                                          "rest-of-header",
                                          "logging"};
    for (size_t i = 0; i < sizeof(unusual) / sizeof(unusual[0]); i++) {
        const struct json_node *m = acl_member(object, unusual[i]);
        if (m != NULL)
            rule_add_strict(run, &rule_mud_leaf, m, unusual[i]);
    }
}

static void check_actions(struct rules_run *run, const struct json_node *ace)
{
    const struct json_node *actions = acl_member(ace, "actions");
    const struct json_node *m = acl_member(actions, "forwarding");
    check_leafs(run, actions);
    if (m == NULL || m->kind != JSON_NODE_STRING)
        return;
    const char *colon = strchr(m->text, ':');
    const char *action = colon == NULL ? m->text : colon + 1;
    /* a file of ours only accepts: everything else is denied by default (RFC 8520 s5) */
    bool drop = strcmp(action, "drop") == 0 && run->origin == MUD_FOREIGN;
    if (strcmp(action, "accept") != 0 && !drop)
        rule_add_strict(run, &rule_mud_action, m, json_excerpt(run->arena, m));
}

static void check_family(struct rules_run *run, const struct ace_context *context,
                         const struct json_node *matches)
{
    static const char *const families[] = {"ipv4", "ipv6", "eth"};
    for (size_t i = 0; i < 3; i++) {
        const struct json_node *m = acl_member(matches, families[i]);
        if (m == NULL)
            continue;
        /* "ipv4" is part of ipv4-acl-type and of mixed-eth-ipv4-ipv6-acl-type */
        if (context->acl_type != NULL && strstr(context->acl_type, families[i]) == NULL)
            rule_add_strict(run, &rule_mud_acl_family, m,
                            arena_printf(run->arena, "%s in a list of type %s", families[i],
                                         context->acl_type));
        check_names(run, context, m);
        check_networks(run, m);
        check_leafs(run, m);
    }
}

static bool has_name(const struct json_node *matches)
{
    static const char *const families[] = {"ipv4", "ipv6"};
    for (size_t i = 0; i < 2; i++) {
        const struct json_node *m = acl_member(matches, families[i]);
        if (rules_member(m, DNS_MODULE, "src-dnsname") != NULL ||
            rules_member(m, DNS_MODULE, "dst-dnsname") != NULL)
            return true;
    }
    return false;
}

static void check_transport(struct rules_run *run, struct ace_context *context,
                            const struct json_node *matches)
{
    static const char *const protocols[] = {"tcp", "udp", "icmp"};
    for (size_t i = 0; i < 3; i++)
        check_leafs(run, acl_member(matches, protocols[i]));
    const struct json_node *tcp = acl_member(matches, "tcp");
    if (tcp == NULL || !has_name(matches) ||
        rules_member(tcp, MUD_MODULE, "direction-initiated") != NULL)
        return;
    if (context->undirected_n++ == 0)
        context->undirected = tcp;
}

static void check_interfaces(struct rules_run *run, const struct json_node *matches)
{
    static const char *const names[] = {"egress-interface", "ingress-interface"};
    for (size_t i = 0; i < 2; i++) {
        const struct json_node *m = acl_member(matches, names[i]);
        if (m != NULL)
            rule_add_strict(run, &rule_mud_interfaces, m, json_excerpt(run->arena, m));
    }
}

void rules_ace(struct rules_run *run, struct ace_context *context, const struct json_node *ace)
{
    const struct json_node *matches = acl_member(ace, "matches");
    const struct json_node *mud = rules_member(matches, MUD_MODULE, "mud");
    check_family(run, context, matches);
    check_transport(run, context, matches);
    check_interfaces(run, matches);
    check_host(run, rules_member(mud, MUD_MODULE, "manufacturer"));
    rules_uri(run, rules_member(mud, MUD_MODULE, "controller"));
    rules_uri(run, rules_member(mud, MUD_MODULE, "model"));
    check_actions(run, ace);
}

/* ------------------------------------------------------------------ the local resolver */

static bool is_port_53(const struct json_node *transport, const char *side)
{
    const struct json_node *port = acl_member(acl_member(transport, side), "port");
    return port != NULL && port->raw.len == 2 && memcmp(port->raw.data, "53", 2) == 0;
}

void rules_dns_note(struct dns_cover *cover, const struct ace_context *context,
                    const struct json_node *ace)
{
    static const char *const protocols[] = {"udp", "tcp"};
    const struct json_node *matches = acl_member(ace, "matches");
    const struct json_node *mud = rules_member(matches, MUD_MODULE, "mud");
    const char *controller = rules_text(mud, MUD_MODULE, "controller");
    if (controller == NULL || strcmp(controller, RESOLVER_URI) != 0 || context->acl_type == NULL)
        return;
    bool v6 = strcmp(context->acl_type, "ipv6-acl-type") == 0;
    for (size_t i = 0; i < 2; i++) {
        const struct json_node *transport = acl_member(matches, protocols[i]);
        if (context->from_device && is_port_53(transport, "destination-port"))
            cover->seen[0][v6][i] = true;
        if (context->to_device && is_port_53(transport, "source-port"))
            cover->seen[1][v6][i] = true;
    }
}

void rules_dns_check(struct rules_run *run, const struct dns_cover *cover,
                     const struct json_node *mud)
{
    for (unsigned i = 0; i < 8; i++) {
        unsigned to = i >> 2, v6 = (i >> 1) & 1u, tcp = i & 1u;
        if (!cover->seen[to][v6][tcp])
            rule_add_strict(run, &rule_mud_local_dns, mud,
                            arena_printf(run->arena, "no %s port 53 %s the device over %s",
                                         tcp ? "TCP" : "UDP", to ? "to" : "from",
                                         v6 ? "IPv6" : "IPv4"));
    }
}
