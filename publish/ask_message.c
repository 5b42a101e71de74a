/*
 * publish/ask_message.c -- questions as octets, and which message answers one.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <libknot/libknot.h>

#include "common/err.h"
#include "publish/ask_int.h"
#include "zones/zones.h"

#define HEADER_LEN   12
#define UDP_PAYLOAD  1232
#define EDNS_DO      0x80
#define TYPE_OPT     41
#define FLAG_QR      0x80
#define FLAG_AA      0x04
#define FLAG_RD      0x01
#define FLAG_CD      0x10
#define OPCODE_SHIFT 3

/* ------------------------------------------------------------------ addresses */

bool ask_address_make(struct bytes raw, uint16_t port, struct ask_address *ret)
{
    struct ask_address a = {0};
    if (raw.len == 4) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
        memcpy(&in.sin_addr, raw.data, 4);
        memcpy(&a.sock, &in, sizeof in);
        a.len = sizeof in;
    } else if (raw.len == 16) {
        struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
        memcpy(&in.sin6_addr, raw.data, 16);
        memcpy(&a.sock, &in, sizeof in);
        a.len = sizeof in;
    } else {
        return false;
    }
    *ret = a;
    return true;
}

static bool port_parse(const char *text, uint16_t *ret)
{
    char *end = NULL;
    if (text[0] < '0' || text[0] > '9')
        return false;
    unsigned long port = strtoul(text, &end, 10);
    *ret = (uint16_t)port;
    return *end == 0 && port >= 1 && port <= 65535;
}

bool ask_address_parse(const char *text, uint16_t port, struct ask_address *ret)
{
    char host[INET6_ADDRSTRLEN];
    uint8_t raw[16];
    size_t len = strcspn(text, "@");
    if (len >= sizeof host || (text[len] == '@' && !port_parse(text + len + 1, &port)))
        return false;
    memcpy(host, text, len);
    host[len] = 0;
    if (inet_pton(AF_INET, host, raw) == 1)
        return ask_address_make((struct bytes){raw, 4}, port, ret);
    return inet_pton(AF_INET6, host, raw) == 1 &&
           ask_address_make((struct bytes){raw, 16}, port, ret);
}

void ask_address_text(const struct ask_address *a, char out[ASK_ADDRESS_LEN])
{
    char host[INET6_ADDRSTRLEN] = "?";
    uint16_t port = 0;
    if (a->sock.ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, &a->sock, sizeof in);
        port = ntohs(in.sin_port);
        (void)inet_ntop(AF_INET, &in.sin_addr, host, sizeof host);
    } else if (a->sock.ss_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, &a->sock, sizeof in);
        port = ntohs(in.sin6_port);
        (void)inet_ntop(AF_INET6, &in.sin6_addr, host, sizeof host);
    }
    (void)snprintf(out, ASK_ADDRESS_LEN, "%s@%u", host, (unsigned)port);
}

/* ------------------------------------------------------------------ questions */

static void put16(struct ask_query *q, uint16_t n)
{
    q->wire[q->len++] = (uint8_t)(n >> 8);
    q->wire[q->len++] = (uint8_t)n;
}

/* RFC 6891 s6.1.2, RFC 3225: our size, and DO */
static void put_opt(struct ask_query *q)
{
    q->wire[q->len++] = 0; /* the root */
    put16(q, TYPE_OPT);
    put16(q, UDP_PAYLOAD);
    put16(q, 0); /* extended rcode, version */
    q->wire[q->len++] = EDNS_DO;
    q->wire[q->len++] = 0;
    put16(q, 0); /* no options */
    q->wire[11] = 1;
}

static int sign(struct ask_task *t, struct ask_query *q)
{
    knot_tsig_key_t key = {0};
    if (knot_tsig_key_init(&key, t->key->algorithm, t->key->name, t->key->secret) != KNOT_EOK)
        return ERR_CONFIG;
    t->mac_len = sizeof t->mac;
    int rc =
        knot_tsig_sign(q->wire, &q->len, sizeof q->wire, NULL, 0, t->mac, &t->mac_len, &key, 0, 0);
    knot_tsig_key_deinit(&key);
    return rc == KNOT_EOK ? ERR_OK : rc == KNOT_ENOMEM ? ERR_NOMEM : ERR_CRYPTO;
}

int ask_query_make(struct ask_task *t, struct ask_query *ret)
{
    struct ask_query q = {.len = HEADER_LEN};
    if (gnutls_rnd(GNUTLS_RND_NONCE, q.wire, 2) != 0)
        return ERR_CRYPTO;
    q.wire[2] = (uint8_t)((unsigned)t->opcode << OPCODE_SHIFT);
    if (t->opcode == ASK_NOTIFY)
        q.wire[2] |= FLAG_AA; /* RFC 1996 s3.6 */
    if (t->recursion)
        q.wire[2] |= FLAG_RD;
    if (t->checking_disabled)
        q.wire[3] |= FLAG_CD;
    q.wire[5] = 1; /* one question */
    size_t len = name_len(t->name);
    memcpy(q.wire + q.len, t->name, len);
    q.len += len;
    put16(&q, t->type);
    put16(&q, KNOT_CLASS_IN);
    if (t->opcode == ASK_QUERY)
        put_opt(&q);
    t->mac_len = 0;
    int err = t->key == NULL ? ERR_OK : sign(t, &q);
    if (err == ERR_OK)
        *ret = q;
    return err;
}

/* RFC 5452 s9.1: id, opcode, and the question, which a responder repeats in any case of letters.
   Errors may come without it. */
bool ask_query_matches(const struct ask_query *q, struct bytes m)
{
    if (m.len < HEADER_LEN || memcmp(m.data, q->wire, 2) != 0 || (m.data[2] & FLAG_QR) == 0 ||
        ((m.data[2] ^ q->wire[2]) & (0x0f << OPCODE_SHIFT)) != 0)
        return false;
    bool has_question = m.data[4] == 0 && m.data[5] == 1;
    if (!has_question)
        return m.data[4] == 0 && m.data[5] == 0 && (m.data[3] & 0x0f) != 0;
    size_t len = name_len(q->wire + HEADER_LEN);
    if (m.len < HEADER_LEN + len + 4)
        return false;
    uint8_t lower[256];
    int wire = knot_dname_wire_check(m.data + HEADER_LEN, m.data + m.len, NULL);
    if (wire <= 0 || (size_t)wire != len)
        return false;
    memcpy(lower, m.data + HEADER_LEN, len);
    knot_dname_to_lower(lower);
    return memcmp(lower, q->wire + HEADER_LEN, len) == 0 &&
           memcmp(m.data + HEADER_LEN + len, q->wire + HEADER_LEN + len, 4) == 0;
}
