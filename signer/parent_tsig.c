/*
 * signer/parent_tsig.c -- did the agent sign this answer? The HMAC over the question's MAC, the
 * message and the TSIG's variables, computed here from the octets that came (RFC 8945 s4.3, s5.3).
 */
#include <stdio.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <libknot/libknot.h>

#include "common/err.h"
#include "signer/parent_int.h"

#define HEADER_LEN 12
#define FUDGE_S    300 /* RFC 8945 s10; a larger one in the message does not count */

enum { TYPE_TSIG = 250 };

static const struct {
    const char *name; /* as in the inventory, and the first label of the algorithm's name */
    gnutls_mac_algorithm_t mac;
} algorithms[] = {
    {"hmac-sha224", GNUTLS_MAC_SHA224},
    {"hmac-sha256", GNUTLS_MAC_SHA256},
    {"hmac-sha384", GNUTLS_MAC_SHA384},
    {"hmac-sha512", GNUTLS_MAC_SHA512},
};

struct tsig {  /* RFC 8945 s4.2; all borrowed from the message */
    size_t at; /* where the record begins */
    uint8_t owner[256];
    uint8_t algorithm[256];
    uint64_t signed_at;
    struct bytes signed_at_and_fudge;
    struct bytes mac;
    struct bytes original_id;
    struct bytes error_and_other;
};

/* ------------------------------------------------------------------ reading */

/* Behind the name at AT; 0: malformed. */
static size_t skip_name(struct bytes m, size_t at)
{
    int len = at < m.len ? knot_dname_wire_check(m.data + at, m.data + m.len, m.data) : KNOT_EMALF;
    return len > 0 ? at + (size_t)len : 0;
}

/* Behind the record at AT. */
static size_t skip_record(struct bytes m, size_t at)
{
    size_t p = skip_name(m, at);
    if (p == 0 || m.len - p < 10)
        return 0;
    size_t len = wire_get16(m.data + p + 8);
    return m.len - p - 10 >= len ? p + 10 + len : 0;
}

/* Where the last record of all begins. */
static size_t last_record(struct bytes m)
{
    size_t at = HEADER_LEN, last = 0;
    for (unsigned i = wire_get16(m.data + 4); i > 0 && at != 0; i--) {
        at = skip_name(m, at);
        at = at != 0 && m.len - at >= 4 ? at + 4 : 0;
    }
    unsigned records =
        (unsigned)wire_get16(m.data + 6) + wire_get16(m.data + 8) + wire_get16(m.data + 10);
    for (; records > 0 && at != 0; records--) {
        last = at;
        at = skip_record(m, at);
    }
    return at == m.len ? last : 0;
}

static bool read_fields(struct bytes rd, struct tsig *t)
{
    int len = knot_dname_wire_check(rd.data, rd.data + rd.len, NULL);
    if (len <= 0 || rd.len < (size_t)len + 16)
        return false;
    memcpy(t->algorithm, rd.data, (size_t)len);
    knot_dname_to_lower(t->algorithm);
    const uint8_t *p = rd.data + len;
    size_t mac_len = wire_get16(p + 8);
    size_t left = rd.len - (size_t)len - 10;
    if (left < mac_len + 6 || left - mac_len - 6 != wire_get16(p + 10 + mac_len + 4))
        return false;
    t->signed_at = (uint64_t)wire_get16(p) << 32 | wire_get32(p + 2);
    t->signed_at_and_fudge = (struct bytes){p, 8};
    t->mac = (struct bytes){p + 10, mac_len};
    t->original_id = (struct bytes){p + 10 + mac_len, 2};
    t->error_and_other = (struct bytes){p + 12 + mac_len, left - mac_len - 2};
    return true;
}

/* The last record, of type TSIG, class ANY and TTL 0. */
static bool tsig_read(struct bytes m, struct tsig *ret)
{
    if (m.len < HEADER_LEN || wire_get16(m.data + 10) == 0)
        return false;
    ret->at = last_record(m);
    size_t p = ret->at == 0 ? 0 : skip_name(m, ret->at);
    if (p == 0 || m.len - p < 10 || wire_get16(m.data + p) != TYPE_TSIG ||
        wire_get16(m.data + p + 2) != KNOT_CLASS_ANY || wire_get32(m.data + p + 4) != 0 ||
        knot_dname_unpack(ret->owner, m.data + ret->at, sizeof ret->owner, m.data) <= 0)
        return false;
    knot_dname_to_lower(ret->owner);
    return read_fields((struct bytes){m.data + p + 10, wire_get16(m.data + p + 8)}, ret);
}

/* ------------------------------------------------------------------ the MAC */

static gnutls_mac_algorithm_t mac_of(const struct parent_agent *agent, const struct tsig *t)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        uint8_t name[256];
        if (strcmp(algorithms[i].name, agent->algorithm) == 0 &&
            name_from_text(algorithms[i].name, name) && name_compare(name, t->algorithm) == 0)
            return algorithms[i].mac;
    }
    return GNUTLS_MAC_UNKNOWN;
}

/* RFC 8945 s4.3: what was signed. */
static void signed_octets(struct bytes m, struct bytes request_mac, const struct tsig *t,
                          struct buf *out)
{
    uint8_t head[HEADER_LEN];
    memcpy(head, m.data, HEADER_LEN);
    memcpy(head, t->original_id.data, 2);
    uint16_t additional = (uint16_t)(wire_get16(m.data + 10) - 1);
    head[10] = (uint8_t)(additional >> 8);
    head[11] = (uint8_t)additional;
    const uint8_t request_len[2] = {(uint8_t)(request_mac.len >> 8), (uint8_t)request_mac.len};
    static const uint8_t class_and_ttl[] = {0, KNOT_CLASS_ANY, 0, 0, 0, 0};

    buf_add(out, request_len, sizeof request_len);
    buf_add(out, request_mac.data, request_mac.len);
    buf_add(out, head, sizeof head);
    buf_add(out, m.data + HEADER_LEN, t->at - HEADER_LEN);
    buf_add(out, t->owner, name_len(t->owner));
    buf_add(out, class_and_ttl, sizeof class_and_ttl);
    buf_add(out, t->algorithm, name_len(t->algorithm));
    buf_add(out, t->signed_at_and_fudge.data, t->signed_at_and_fudge.len);
    buf_add(out, t->error_and_other.data, t->error_and_other.len);
}

static bool refuse(char why[PARENT_WHY_LEN], const char *text)
{
    (void)snprintf(why, PARENT_WHY_LEN, "TSIG: %s", text);
    return false;
}

static bool is_in_order(const struct parent_agent *agent, const struct tsig *t, int64_t at,
                        size_t mac_len, char why[PARENT_WHY_LEN])
{
    if (name_compare(t->owner, agent->key_name) != 0)
        return refuse(why, "signed with another key than the agent's");
    if (mac_len == 0)
        return refuse(why, "another algorithm than the key's");
    if (wire_get16(t->error_and_other.data) != 0)
        return refuse(why, "the agent reports an error with the key");
    /* RFC 8945 s5.2.2.1 allows shortened MACs; nobody needs them here */
    if (t->mac.len != mac_len)
        return refuse(why, "a MAC of another length than the algorithm's");
    int64_t apart = (int64_t)t->signed_at - at;
    if (apart > FUDGE_S || apart < -FUDGE_S)
        return refuse(why, "not signed at the time of the observation");
    return true;
}

int tsig_is_right(const struct parent_agent *agent, struct bytes message, struct bytes request_mac,
                  int64_t at, bool *ret_right, char why[PARENT_WHY_LEN])
{
    struct tsig t = {0};
    *ret_right = false;
    if (!tsig_read(message, &t)) {
        refuse(why, "the answer is not signed");
        return ERR_OK;
    }
    gnutls_mac_algorithm_t mac = mac_of(agent, &t);
    size_t len = mac == GNUTLS_MAC_UNKNOWN ? 0 : gnutls_hmac_get_len(mac);
    if (!is_in_order(agent, &t, at, len, why))
        return ERR_OK;
    AUTO(buf) struct buf octets = {0};
    uint8_t expected[64];
    signed_octets(message, request_mac, &t, &octets);
    if (!buf_ok(&octets))
        return ERR_NOMEM;
    if (len > sizeof expected || gnutls_hmac_fast(mac, agent->secret.data, agent->secret.len,
                                                  octets.data, octets.len, expected) != 0)
        return ERR_CRYPTO;
    *ret_right = gnutls_memcmp(expected, t.mac.data, len) == 0;
    if (!*ret_right)
        refuse(why, "the signature is wrong: another secret, or a changed message");
    return ERR_OK;
}
