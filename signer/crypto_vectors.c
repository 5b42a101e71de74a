/*
 * RFC 6979 A.2.5 by the code that is about to sign: it leans on how parts of libcrypto behave, and
 * another version may behave otherwise.
 */
#include <string.h>

#include "common/err.h"
#include "signer/crypto_way.h"

#define SIGNATURE_LEN 64
#define MANY          (CRYPTO_BATCH + 3) /* a full batch and the beginning of the next */

static const char key[] = "-----BEGIN PRIVATE KEY-----\n"
                          "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgya+p2EW6dRZrXCFX\n"
                          "Z7HWk05Qw9s26JsSe4piKxIPZyGhRANCAARg/tS6JVqdMclh63TGNW1owEm4kjth\n"
                          "+mzmaWIuYPKftnkD/hAIuLyZpBrp6VYovGTy8bIMLX6fUXejwpTURiKZ\n"
                          "-----END PRIVATE KEY-----\n";

static const struct vector {
    const char *message;
    const char *signature;
} vectors[] = {{"sample", "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                          "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
               {"test", "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
                        "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"}};
#define VECTOR_N (sizeof vectors / sizeof *vectors)

/* The vectors in turn, N signatures in one call. */
static bool passes(struct crypto_signer *s, size_t n)
{
    struct crypto_work work[MANY];
    uint8_t signatures[MANY][SIGNATURE_LEN];
    for (size_t i = 0; i < n; i++) {
        const char *message = vectors[(i + n) % VECTOR_N].message;
        work[i] = (struct crypto_work){{(const uint8_t *)message, strlen(message)}, signatures[i]};
    }
    if (crypto_sign_batch(s, work, n) != ERR_OK)
        return false;
    for (size_t i = 0; i < n; i++) {
        char have[2 * SIGNATURE_LEN + 1];
        hex_encode(signatures[i], SIGNATURE_LEN, have);
        if (strcmp(have, vectors[(i + n) % VECTOR_N].signature) != 0)
            return false;
    }
    return true;
}

bool crypto_way_passes(const struct crypto_way *way)
{
    AUTO_PTR(crypto_private) struct crypto_private *p = NULL;
    AUTO_PTR(crypto_signer) struct crypto_signer *s = NULL;
    struct bytes pem = {(const uint8_t *)key, strlen(key)};
    if (crypto_private_from_pem(ALG_ECDSAP256SHA256, pem, &p) != ERR_OK ||
        crypto_signer_new_by(way, p, &s) != ERR_OK)
        return false;
    return passes(s, 1) && passes(s, 2) && passes(s, 5) && passes(s, MANY);
}
