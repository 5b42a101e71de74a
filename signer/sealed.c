#include "signer/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ERR_STATE openssl_err_state /* libcrypto has a type of that name, we an error code */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#undef ERR_STATE

#include "common/err.h"
#include "common/file.h"
#include "common/limits.h"

#define MAGIC       "mudzone-backup\n"
#define MAGIC_LEN   15
#define VERSION     1
#define SCRYPT_R    8
#define SCRYPT_P    1
#define SALT_LEN    32
#define KEY_LEN     32
#define TAG_LEN     16
#define PIECE_LEN   (256u << 10)
#define PIECE_MAX   (16u << 20)
#define SEALED_MODE 0600

enum { AT_COST = 16, AT_PIECE = 20, AT_SALT = 24, AT_SUM = 56, AT_MAC = 64, HEAD_LEN = 96 };

/* What both directions have: the header, its keys, a piece. */
struct sealed {
    uint8_t head[HEAD_LEN];
    uint8_t keys[2 * KEY_LEN]; /* of the pieces, of the HMAC */
    uint32_t piece_len;
    uint64_t number; /* of the next piece */
    uint8_t *piece;  /* content, room for piece_len */
    size_t have;     /* octets of content in it */
    uint8_t *cipher; /* the same encrypted, and its tag */
    EVP_CIPHER_CTX *ctx;
};

struct sealed_writer {
    struct sealed s;
    struct file_stream file;
    char *dir;
};

struct sealed_reader {
    struct sealed s;
    FILE *file;
    size_t at;    /* read up to here in the piece */
    bool is_last; /* no piece follows */
};

/* ------------------------------------------------------------------ keys and header */

static void sealed_close(struct sealed *s)
{
    OPENSSL_cleanse(s->keys, sizeof s->keys);
    if (s->piece != NULL)
        OPENSSL_cleanse(s->piece, s->piece_len);
    free(s->piece);
    free(s->cipher);
    EVP_CIPHER_CTX_free(s->ctx);
}

static int sealed_prepare(struct sealed *s)
{
    s->piece = malloc(s->piece_len);
    s->cipher = malloc((size_t)s->piece_len + TAG_LEN);
    s->ctx = EVP_CIPHER_CTX_new();
    return s->piece == NULL || s->cipher == NULL || s->ctx == NULL ? ERR_NOMEM : ERR_OK;
}

static void put_u32(uint8_t *to, uint32_t n)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(n >> (24 - 8 * i));
}

static uint32_t get_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int derive_keys(struct sealed *s, struct bytes passphrase)
{
    uint64_t n = 1ull << s->head[AT_COST];
    uint64_t memory = 128 * SCRYPT_R * (n + SCRYPT_P + 2); /* RFC 7914 s2 */
    int good = EVP_PBE_scrypt((const char *)passphrase.data, passphrase.len, s->head + AT_SALT,
                              SALT_LEN, n, SCRYPT_R, SCRYPT_P, memory, s->keys, sizeof s->keys);
    return good == 1 ? ERR_OK : ERR_CRYPTO;
}

static bool head_sum(const struct sealed *s, uint8_t ret[8])
{
    uint8_t sha[EVP_MAX_MD_SIZE];
    if (!EVP_Digest(s->head, AT_SUM, sha, NULL, EVP_sha256(), NULL))
        return false;
    memcpy(ret, sha, 8);
    return true;
}

static bool head_mac(const struct sealed *s, uint8_t ret[HEAD_LEN - AT_MAC])
{
    unsigned len = 0;
    return HMAC(EVP_sha256(), s->keys + KEY_LEN, KEY_LEN, s->head, AT_MAC, ret, &len) != NULL &&
           len == HEAD_LEN - AT_MAC;
}

/* ------------------------------------------------------------------ pieces */

static void put_nonce(const struct sealed *s, bool is_last, uint8_t ret[12])
{
    memset(ret, 0, 12);
    ret[0] = is_last;
    for (int i = 0; i < 8; i++)
        ret[4 + i] = (uint8_t)(s->number >> (56 - 8 * i));
}

static bool begin_piece(struct sealed *s, bool encrypts, bool is_last)
{
    uint8_t nonce[12];
    int len = 0;
    put_nonce(s, is_last, nonce);
    return EVP_CipherInit_ex(s->ctx, EVP_aes_256_gcm(), NULL, s->keys, nonce, encrypts) == 1 &&
           EVP_CipherUpdate(s->ctx, NULL, &len, s->head + AT_MAC, HEAD_LEN - AT_MAC) == 1;
}

static bool encrypt_piece(struct sealed *s, bool is_last)
{
    int len = 0;
    int more = 0;
    return begin_piece(s, true, is_last) &&
           EVP_CipherUpdate(s->ctx, s->cipher, &len, s->piece, (int)s->have) == 1 &&
           EVP_CipherFinal_ex(s->ctx, s->cipher + len, &more) == 1 &&
           EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, s->cipher + s->have) == 1;
}

static bool decrypt_piece(struct sealed *s, bool is_last)
{
    int len = 0;
    int more = 0;
    return begin_piece(s, false, is_last) &&
           EVP_CipherUpdate(s->ctx, s->piece, &len, s->cipher, (int)s->have) == 1 &&
           EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, s->cipher + s->have) == 1 &&
           EVP_CipherFinal_ex(s->ctx, s->piece + len, &more) == 1;
}

/* ------------------------------------------------------------------ writing */

void sealed_writer_free(struct sealed_writer *w)
{
    if (w == NULL)
        return;
    sealed_close(&w->s);
    file_stream_done(&w->file);
    free(w->dir);
    free(w);
}

static int make_head(struct sealed *s, struct bytes passphrase, unsigned cost)
{
    memcpy(s->head, MAGIC, MAGIC_LEN);
    s->head[MAGIC_LEN] = VERSION;
    s->head[AT_COST] = (uint8_t)cost;
    put_u32(s->head + AT_PIECE, s->piece_len);
    if (RAND_bytes(s->head + AT_SALT, SALT_LEN) != 1 || !head_sum(s, s->head + AT_SUM))
        return ERR_CRYPTO;
    int err = derive_keys(s, passphrase);
    if (err == ERR_OK && !head_mac(s, s->head + AT_MAC))
        err = ERR_CRYPTO;
    return err;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

int sealed_create(const char *path, struct bytes passphrase, unsigned cost,
                  struct sealed_writer **ret)
{
    AUTO_PTR(sealed_writer) struct sealed_writer *w = calloc(1, sizeof *w);
    if (w == NULL || (w->dir = folder_of(path)) == NULL)
        return ERR_NOMEM;
    w->s.piece_len = PIECE_LEN;
    int err = sealed_prepare(&w->s);
    if (err == ERR_OK)
        err = make_head(&w->s, passphrase, cost);
    if (err == ERR_OK)
        err = file_stream_open(path, SEALED_MODE, &w->file);
    if (err == ERR_OK)
        err = file_stream_write(&w->file, w->s.head, HEAD_LEN);
    if (err == ERR_OK)
        *ret = TAKE(w);
    return err;
}

static int put_piece(struct sealed_writer *w, bool is_last)
{
    struct sealed *s = &w->s;
    if (!encrypt_piece(s, is_last))
        return ERR_CRYPTO;
    int err = file_stream_write(&w->file, s->cipher, s->have + TAG_LEN);
    s->have = 0;
    s->number++;
    return err;
}

int sealed_write(struct sealed_writer *w, const void *data, size_t len)
{
    struct sealed *s = &w->s;
    const uint8_t *from = data;
    int err = ERR_OK;
    while (len > 0 && err == ERR_OK) {
        if (s->have == s->piece_len)
            err = put_piece(w, false); /* more comes: it was not the last */
        size_t room = s->piece_len - s->have;
        size_t some = len < room ? len : room;
        memcpy(s->piece + s->have, from, some);
        s->have += some;
        from += some;
        len -= some;
    }
    return err;
}

int sealed_finish(struct sealed_writer *w, const char **ret_temp)
{
    int err = put_piece(w, true);
    if (err == ERR_OK && fsync(w->file.fd) != 0)
        err = ERR_IO;
    if (err != ERR_OK)
        return err;
    /* so that who reads it next reads what is on the disk */
    (void)posix_fadvise(w->file.fd, 0, 0, POSIX_FADV_DONTNEED);
    err = file_stream_close(&w->file);
    if (err == ERR_OK)
        *ret_temp = w->file.temp;
    return err;
}

int sealed_commit(struct sealed_writer *w)
{
    int err = ERR_OK;
    struct file_stream *one = &w->file;
    file_streams_commit(w->dir, &one, 1, &err);
    return err;
}

/* ------------------------------------------------------------------ reading */

void sealed_reader_free(struct sealed_reader *r)
{
    if (r == NULL)
        return;
    sealed_close(&r->s);
    if (r->file != NULL)
        (void)fclose(r->file);
    free(r);
}

static int check_head(const struct sealed *s)
{
    static const uint8_t zeros[3] = {0};
    uint8_t sum[8];
    if (memcmp(s->head, MAGIC, MAGIC_LEN) != 0 || s->head[MAGIC_LEN] != VERSION)
        return ERR_STATE;
    if (!head_sum(s, sum))
        return ERR_CRYPTO;
    uint32_t piece_len = get_u32(s->head + AT_PIECE);
    if (memcmp(sum, s->head + AT_SUM, sizeof sum) != 0 || piece_len == 0 ||
        memcmp(s->head + AT_COST + 1, zeros, sizeof zeros) != 0)
        return ERR_STATE;
    if (piece_len > PIECE_MAX || s->head[AT_COST] > LIMIT_BACKUP_COST)
        return ERR_LIMIT;
    return s->head[AT_COST] < SEALED_COST_MIN ? ERR_STATE : ERR_OK;
}

static int read_head(struct sealed_reader *r, struct bytes passphrase)
{
    struct sealed *s = &r->s;
    uint8_t mac[HEAD_LEN - AT_MAC];
    if (fread(s->head, 1, HEAD_LEN, r->file) != HEAD_LEN)
        return ferror(r->file) ? ERR_IO : ERR_STATE;
    int err = check_head(s);
    if (err == ERR_OK)
        err = derive_keys(s, passphrase);
    if (err != ERR_OK)
        return err;
    s->piece_len = get_u32(s->head + AT_PIECE);
    if (!head_mac(s, mac) || CRYPTO_memcmp(mac, s->head + AT_MAC, sizeof mac) != 0)
        return ERR_CRYPTO;
    return sealed_prepare(s);
}

static int next_piece(struct sealed_reader *r)
{
    struct sealed *s = &r->s;
    size_t got = fread(s->cipher, 1, (size_t)s->piece_len + TAG_LEN, r->file);
    if (ferror(r->file))
        return ERR_IO;
    if (got < TAG_LEN)
        return ERR_STATE;
    int next = getc(r->file);
    r->is_last = next == EOF;
    if (!r->is_last)
        (void)ungetc(next, r->file);
    s->have = got - TAG_LEN;
    r->at = 0;
    if (!decrypt_piece(s, r->is_last)) {
        s->have = 0;
        return ERR_STATE;
    }
    s->number++;
    return ERR_OK;
}

int sealed_open(const char *path, struct bytes passphrase, struct sealed_reader **ret)
{
    AUTO_PTR(sealed_reader) struct sealed_reader *r = calloc(1, sizeof *r);
    if (r == NULL)
        return ERR_NOMEM;
    r->file = fopen(path, "rbe");
    if (r->file == NULL)
        return ERR_IO;
    int err = read_head(r, passphrase);
    if (err == ERR_OK)
        err = next_piece(r);
    if (err == ERR_OK)
        *ret = TAKE(r);
    return err;
}

bool sealed_is_at_end(const struct sealed_reader *r)
{
    return r->is_last && r->at == r->s.have;
}

int sealed_read(struct sealed_reader *r, void *ret, size_t len)
{
    uint8_t *to = ret;
    while (len > 0) {
        if (r->at == r->s.have) {
            int err = r->is_last ? ERR_STATE : next_piece(r);
            if (err != ERR_OK)
                return err;
        }
        size_t left = r->s.have - r->at;
        size_t some = len < left ? len : left;
        memcpy(to, r->s.piece + r->at, some);
        r->at += some;
        to += some;
        len -= some;
    }
    return ERR_OK;
}
