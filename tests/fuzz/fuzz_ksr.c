/*
 * tests/fuzz/fuzz_ksr.c -- a request or response is refused, or is to the octet what we would
 * write; and looking at it, at the ceremony and on the signing host, ends.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "signer/ksr.h"
#include "signer/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* The digest that DATA should end with: without it, mutations would get no further than that. */
static void put_digest(const uint8_t *data, size_t len, struct buf *ret)
{
    static const char end[] = "\nend\ndigest ";
    char hex[KSR_DIGEST_LEN];
    const uint8_t *at = memmem(data, len, end, sizeof end - 1);
    size_t body = at == NULL ? len : (size_t)(at - data) + sizeof "\nend\n" - 1;
    buf_add(ret, data, body);
    if (at == NULL || !buf_ok(ret))
        return;
    sha256_hex(data, body, hex);
    buf_printf(ret, "digest %s\n", hex);
}

static void look(const struct ksr *k)
{
    static const struct ksr_limits limits = {.allow_delete = true};
    const struct keyset nobody = {0};
    const struct skr_keys unknown = {0};
    AUTO(buf) struct buf text = {0};
    for (size_t i = 0; i < k->set_n; i++)
        ksr_set_text(&k->sets[i], &text);
    if (ksr_check(k, &nobody, &limits, "fuzz", NULL) == ERR_OK && !k->is_response)
        for (size_t i = 0; i < k->set_n; i++) {
            if (k->sets[i].type == 48) /* DNSKEY: no key that is here would sign it */
                abort();
        }
    if (skr_check(k, &unknown, "fuzz", NULL) == ERR_OK)
        abort(); /* a signature of nobody */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    AUTO(ksr) struct ksr k = {0};
    AUTO(buf) struct buf text = {0};
    AUTO(buf) struct buf again = {0};
    put_digest(data, len, &text);
    if (!buf_ok(&text) || text.len == 0 ||
        ksr_parse("fuzz", buf_str(&text), text.len, &k, NULL) != ERR_OK)
        return 0;
    if (ksr_write(&k, &again) != ERR_OK || !bytes_equal(buf_bytes(&text), buf_bytes(&again)))
        abort();
    look(&k);
    return 0;
}
