/* Sealed files: what a passphrase opens, and what no change gets past. */
#include "signer/sealed.h"
#include "tests/unit/signer/sign_testing.h"

#define PIECE (256u << 10)

static struct bytes words_of(const char *text)
{
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static uint8_t octet_at(size_t i)
{
    return (uint8_t)(i * 7 + (i >> 8));
}

static char *sealed_file(const char *dir, size_t len)
{
    char *path = file_join(dir, "sealed");
    AUTO_PTR(sealed_writer) struct sealed_writer *w = NULL;
    const char *temp = NULL;
    (void)unlink(path);
    assert_int_equal(sealed_create(path, words_of("open sesame"), SEALED_COST_MIN, &w), ERR_OK);
    for (size_t at = 0; at < len;) {
        uint8_t some[3000];
        size_t n = len - at < sizeof some ? len - at : sizeof some;
        for (size_t i = 0; i < n; i++)
            some[i] = octet_at(at + i);
        assert_int_equal(sealed_write(w, some, n), ERR_OK);
        at += n;
    }
    assert_int_equal(sealed_finish(w, &temp), ERR_OK);
    assert_int_equal(access(path, F_OK), -1); /* not before the commit */
    assert_int_equal(access(temp, F_OK), 0);
    assert_int_equal(sealed_commit(w), ERR_OK);
    return path;
}

/* All of PATH, or the first error. */
static int read_all(const char *path, const char *passphrase, size_t *ret_len)
{
    AUTO_PTR(sealed_reader) struct sealed_reader *r = NULL;
    int err = sealed_open(path, words_of(passphrase), &r);
    *ret_len = 0;
    while (err == ERR_OK && !sealed_is_at_end(r)) {
        uint8_t c = 0;
        err = sealed_read(r, &c, 1);
        if (err == ERR_OK)
            assert_int_equal(c, octet_at((*ret_len)++)); /* never an octet that is not authentic */
    }
    return err;
}

static void what_goes_in_comes_out(void **state)
{
    (void)state;
    static const size_t lens[] = {0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE};
    char *dir = temp_dir();
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        AUTO_FREE char *path = sealed_file(dir, lens[i]);
        size_t len = 0;
        struct stat st;
        uint8_t c;
        assert_int_equal(read_all(path, "open sesame", &len), ERR_OK);
        assert_int_equal(len, lens[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        AUTO_PTR(sealed_reader) struct sealed_reader *r = NULL;
        assert_int_equal(sealed_open(path, words_of("open sesame"), &r), ERR_OK);
        AUTO_FREE uint8_t *all = malloc(lens[i] + 1);
        assert_int_equal(sealed_read(r, all, lens[i]), ERR_OK);
        assert_true(sealed_is_at_end(r));
        assert_int_equal(sealed_read(r, &c, 1), ERR_STATE); /* nothing is left */
    }
    temp_dir_done(dir);
}

static void another_passphrase_does_not_open_it(void **state)
{
    (void)state;
    char *dir = temp_dir();
    AUTO_FREE char *path = sealed_file(dir, 10);
    size_t len = 0;
    assert_int_equal(read_all(path, "open sesamE", &len), ERR_CRYPTO);
    assert_int_equal(read_all(path, "", &len), ERR_CRYPTO);
    temp_dir_done(dir);
}

/* Each octet of header and first pieces, changed: an error, and nothing of it is given out. */
static void every_change_shows(void **state)
{
    (void)state;
    char *dir = temp_dir();
    AUTO_FREE char *path = sealed_file(dir, 40);
    AUTO(buf) struct buf whole = {0};
    assert_int_equal(file_read(path, 1 << 20, &whole), ERR_OK);
    assert_int_equal(whole.len, 96 + 40 + 16);
    for (size_t i = 0; i < whole.len; i++) {
        size_t len = 0;
        whole.data[i] ^= 0x20;
        assert_int_equal(file_write_atomic(path, whole.data, whole.len, 0600), ERR_OK);
        int err = read_all(path, "open sesame", &len);
        if (i >= 64 && i < 96) /* the HMAC of the header: as if the passphrase were another */
            assert_int_equal(err, ERR_CRYPTO);
        else
            assert_int_equal(err, ERR_STATE);
        assert_int_equal(len, 0);
        whole.data[i] ^= 0x20;
    }
    temp_dir_done(dir);
}

static void every_cut_shows(void **state)
{
    (void)state;
    char *dir = temp_dir();
    AUTO_FREE char *path = sealed_file(dir, 2 * PIECE);
    AUTO(buf) struct buf whole = {0};
    assert_int_equal(file_read(path, 4 << 20, &whole), ERR_OK);
    const size_t cuts[] = {
        0, 1, 15, 95, 96, 97, 96 + 15, 96 + 16, 96 + PIECE, 96 + PIECE + 16, whole.len - 1};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        size_t len = 0;
        assert_int_equal(file_write_atomic(path, whole.data, cuts[i], 0600), ERR_OK);
        assert_int_equal(read_all(path, "open sesame", &len), ERR_STATE);
    }
    size_t len = 0; /* and so does what is put behind, or twice */
    buf_add(&whole, "x", 1);
    assert_int_equal(file_write_atomic(path, whole.data, whole.len, 0600), ERR_OK);
    assert_int_equal(read_all(path, "open sesame", &len), ERR_STATE);
    temp_dir_done(dir);
}

static void pieces_keep_their_places(void **state)
{
    (void)state;
    char *dir = temp_dir();
    AUTO_FREE char *path = sealed_file(dir, 2 * PIECE + 5);
    AUTO(buf) struct buf whole = {0};
    AUTO(buf) struct buf swapped = {0};
    assert_int_equal(file_read(path, 4 << 20, &whole), ERR_OK);
    const size_t one = PIECE + 16;
    buf_add(&swapped, whole.data, 96);
    buf_add(&swapped, whole.data + 96 + one, one);
    buf_add(&swapped, whole.data + 96, one);
    buf_add(&swapped, whole.data + 96 + 2 * one, whole.len - 96 - 2 * one);
    size_t len = 0;
    assert_int_equal(file_write_atomic(path, swapped.data, swapped.len, 0600), ERR_OK);
    assert_int_equal(read_all(path, "open sesame", &len), ERR_STATE);
    assert_int_equal(len, 0);
    temp_dir_done(dir);
}

static void memory_that_it_asks_for_has_a_ceiling(void **state)
{
    (void)state;
    char *dir = temp_dir();
    AUTO_FREE char *path = file_join(dir, "greedy");
    AUTO_PTR(sealed_writer) struct sealed_writer *w = NULL;
    /* scrypt itself refuses such a cost: the file is made by hand */
    assert_int_not_equal(sealed_create(path, words_of("open sesame"), 63, &w), ERR_OK);
    AUTO_FREE char *good = sealed_file(dir, 1);
    AUTO(buf) struct buf whole = {0};
    assert_int_equal(file_read(good, 1 << 20, &whole), ERR_OK);
    whole.data[16] = 63;
    size_t len = 0;
    assert_int_equal(file_write_atomic(path, whole.data, whole.len, 0600), ERR_OK);
    assert_int_equal(read_all(path, "open sesame", &len), ERR_STATE); /* its checksum tells first */
    temp_dir_done(dir);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out),
        cmocka_unit_test(another_passphrase_does_not_open_it),
        cmocka_unit_test(every_change_shows),
        cmocka_unit_test(every_cut_shows),
        cmocka_unit_test(pieces_keep_their_places),
        cmocka_unit_test(memory_that_it_asks_for_has_a_ceiling),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
