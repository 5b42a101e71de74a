/*
 * tests/unit/signer/ksr_testing.h -- a zone with an offline KSK: its life, its keys, its requests.
 */
#pragma once

#include <libknot/descriptor.h>

#include "common/limits.h"
#include "common/timetext.h"
#include "signer/ksr.h"
#include "tests/unit/signer/sign_testing.h"

#define DAY  86400
#define HOUR 3600

struct offline_zone {
    struct keyset keys; /* the KSK first; then a ZSK for each of the life's and the plan's */
    struct life life;
    struct dnssec_policy policy;
    struct life_params params;
};

static inline void offline_zone_done(struct offline_zone *z)
{
    keyset_done(&z->keys);
    life_done(&z->life);
}

static inline void in_use(struct life_key *k, enum key_part part, int64_t at)
{
    k->parts[part] = (struct part_times){.in_at = at, .in_seen_at = at};
}

static inline struct life_key life_key_of(const struct key *k, int64_t made_at)
{
    struct life_key ret = {
        .role = key_role(k), .algorithm = key_algorithm(k), .tag = key_tag(k), .made_at = made_at};
    memcpy(ret.digest, key_digest(k), KEY_DIGEST_LEN);
    return ret;
}

/* A KSK and a ZSK of Ed25519 that have been in use for ten days. */
static inline void offline_zone_new(struct offline_zone *ret)
{
    int64_t since_at = TEST_NOW - 10 * DAY;
    *ret = (struct offline_zone){.keys = make_keys(15, false),
                                 .policy = policy_of(15, false, DENIAL_NSEC)};
    ret->policy.ksk_store = KEY_STORE_OFFLINE;
    ret->params = (struct life_params){
        .policy = &ret->policy, .dnskey_ttl_s = HOUR, .zone_ttl_s = DAY, .now = TEST_NOW};
    struct life_key ksk = life_key_of(ret->keys.keys[0], since_at);
    struct life_key zsk = life_key_of(ret->keys.keys[1], since_at);
    in_use(&ksk, KEY_PART_DNSKEY, since_at);
    in_use(&ksk, KEY_PART_DS, since_at);
    in_use(&zsk, KEY_PART_DNSKEY, since_at);
    in_use(&zsk, KEY_PART_SIGS, since_at);
    assert_int_equal(life_add(&ret->life, &ksk), ERR_OK);
    assert_int_equal(life_add(&ret->life, &zsk), ERR_OK);
    ret->life.clock_at = TEST_NOW - HOUR;
}

static inline struct ksr_plan plan_ok(const struct offline_zone *z, int64_t until_at,
                                      uint32_t slack_s)
{
    AUTO_PTR(diags) struct diags *d = diags_new();
    struct ksr_plan plan = {0};
    const struct life no_spares = {0};
    int err = ksr_plan(&z->life, &no_spares, &z->params, until_at, slack_s, &plan, d);
    for (size_t i = 0; i < diags_n(d); i++)
        print_message("    %s\n", diags_at(d, i)->found);
    assert_int_equal(err, ERR_OK);
    return plan;
}

/* The request for PLAN, with ZSKs made for its rolls. */
static inline struct ksr request_ok(struct offline_zone *z, const struct ksr_plan *plan)
{
    struct ksr request = {0};
    struct bytes dnskeys[LIMIT_ZONE_KEYS];
    assert_true(plan->life.key_n <= LIMIT_ZONE_KEYS);
    for (size_t i = 0; i < plan->life.key_n; i++) {
        if (i == z->keys.n)
            assert_int_equal(keyset_generate(&z->keys, 15, plan->life.keys[i].role, NULL), ERR_OK);
        dnskeys[i] = key_dnskey_rdata(z->keys.keys[i]);
    }
    assert_int_equal(ksr_request(wire("example."), plan, dnskeys, &z->params, &request), ERR_OK);
    return request;
}

static inline char *ksr_text(struct ksr *k)
{
    AUTO(buf) struct buf out = {0};
    assert_int_equal(ksr_write(k, &out), ERR_OK);
    return strdup(buf_str(&out));
}

static inline struct keyset ksk_of(const struct offline_zone *z)
{
    struct keyset set = {0};
    struct crypto_private *private = NULL;
    struct key *k = NULL;
    assert_int_equal(crypto_private_dup(key_private(z->keys.keys[0]), &private), ERR_OK);
    assert_int_equal(key_from_private(15, KEY_KSK, private, &k), ERR_OK);
    assert_int_equal(keyset_add(&set, k), ERR_OK);
    return set;
}

/* What the signing host knows: the KSK is offline. */
static inline struct skr_keys known_of(const struct offline_zone *z)
{
    struct skr_keys known = {.items = calloc(z->keys.n, sizeof(struct skr_key)), .n = z->keys.n};
    assert_non_null(known.items);
    for (size_t i = 0; i < z->keys.n; i++) {
        const struct key *k = z->keys.keys[i];
        struct bytes rdata = key_dnskey_rdata(k);
        known.items[i] = (struct skr_key){.role = key_role(k), .is_offline = i == 0};
        memcpy(known.items[i].digest, key_digest(k), KEY_DIGEST_LEN);
        buf_add(&known.items[i].dnskey, rdata.data, rdata.len);
    }
    return known;
}
