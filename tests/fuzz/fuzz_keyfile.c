/*
 * Fuzz target: the parsers of other signers' key files (BIND's .private, .key and .state, Knot's
 * list), and what becomes of a key and its times. The first octet picks the parser.
 */
#include <stdlib.h>

#include "common/err.h"
#include "signer/key_import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A failure says why, and gives nothing. */
static void check(int err, const char *why)
{
    if (err != ERR_OK && err != ERR_ABSENT && (err != ERR_FINDINGS || why == NULL))
        abort();
}

static void tell(const struct key_story *story)
{
    static const enum key_role roles[] = {KEY_KSK, KEY_ZSK, KEY_CSK};
    const struct story_params p = {.now = 1795255200};
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        struct foreign_key k = {0};
        story_to_life(story, roles[i], &p, &k);
        for (size_t part = 0; part < KEY_PART_COUNT; part++) {
            const struct part_times *t = &k.life.parts[part];
            if (t->in_at > p.now || t->out_at > p.now)
                abort(); /* a plan was taken for a fact */
        }
    }
}

static void try_private(struct bytes text)
{
    AUTO(bind_private) struct bind_private p = {0};
    struct crypto_private *key = NULL;
    const char *why = NULL;
    uint8_t field[64] = {1};
    int err = bind_private_parse(text, &p, &why);
    check(err, why);
    if (err != ERR_OK)
        return;
    tell(&p.story);
    if (p.algorithm < 256 &&
        crypto_private_from_parts((uint8_t)p.algorithm, (struct bytes){field, sizeof field},
                                  &p.parts, &key) == ERR_OK)
        abort(); /* no key has that public half */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const char *why = NULL;
    struct key_story story = {0};
    struct knot_key knot = {0};
    AUTO(dnskey_record) struct dnskey_record record = {0};
    if (len == 0)
        return 0;
    struct bytes text = {data + 1, len - 1};
    int err = ERR_OK;
    switch (data[0] & 3) {
    case 0: try_private(text); break;
    case 1:
        err = dnskey_record_parse(text, &record, &why);
        check(err, why);
        if (err == ERR_OK && record.rdata.len <= 4)
            abort();
        break;
    case 2:
        check(bind_state_parse(text, &story, &why), why);
        tell(&story);
        break;
    default:
        check(knot_list_find(text, "aa", &knot, &why), why);
        tell(&knot.story);
        break;
    }
    return 0;
}
