/* app/zone_out.c: pieces that come in any order from many threads leave in order, or not at all. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/zone_out.h"
#include "common/err.h"
#include "tests/support/testing.h"

#define NODES   6000
#define THREADS 5

static struct zone *zone;
static struct buf expected;
static struct zone_segments *segments;

static int set_up(void **state)
{
    (void)state;
    static const uint8_t origin[] = "\1t";
    const struct zone_load_opts opts = {.origin = origin};
    AUTO(buf) struct buf text = {0};
    buf_add_str(&text, "@ 60 SOA a b 1 2 3 4 5\n@ 60 NS a\n");
    for (int i = 0; i < NODES; i++)
        buf_printf(&text, "n%d 60 A 192.0.2.%d\n", i, i % 250);
    return zone_parse("t", buf_str(&text), text.len, &opts, &zone, NULL) == ERR_OK &&
                   zone_write(zone, &expected) == ERR_OK &&
                   zone_segments_new(zone, &segments) == ERR_OK
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    zone_segments_free(segments);
    buf_done(&expected);
    zone_free(zone);
    return 0;
}

/* Threads take the segments in turns, the last of each window of them first: far from in order, and
   every piece comes in the end. */
struct crowd {
    struct sign_sink sink;
    pthread_mutex_t lock;
    size_t taken;
    size_t n;
    size_t *order;
    int err;
};

static void *bring(void *arg)
{
    struct crowd *c = arg;
    for (;;) {
        struct zone_cursor nodes;
        (void)pthread_mutex_lock(&c->lock);
        size_t i = c->taken < c->n ? c->order[c->taken++] : SIZE_MAX;
        bool stop = i == SIZE_MAX || c->err != ERR_OK;
        (void)pthread_mutex_unlock(&c->lock);
        if (stop)
            return NULL;
        zone_segment(segments, i, &nodes);
        int err = c->sink.take(c->sink.ctx, i, c->n, &nodes);
        (void)pthread_mutex_lock(&c->lock);
        c->err = c->err == ERR_OK ? err : c->err;
        (void)pthread_mutex_unlock(&c->lock);
    }
}

static int bring_all(struct zone_out *o, size_t window)
{
    struct crowd c = {.sink = zone_out_sink(o), .lock = PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[THREADS];
    c.n = zone_segment_n(segments);
    c.order = calloc(c.n, sizeof(*c.order));
    assert_non_null(c.order);
    for (size_t i = 0; i < c.n; i++) {
        size_t start = i / window * window;
        size_t end = start + window < c.n ? start + window : c.n;
        c.order[i] = start + (end - 1 - i);
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, bring, &c), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    free(c.order);
    (void)pthread_mutex_destroy(&c.lock);
    return c.err;
}

static void pieces_leave_in_order(void **state)
{
    (void)state;
    static const size_t windows[] = {1, 2, THREADS, 30};
    assert_true(zone_segment_n(segments) > 60); /* more than may wait */
    for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
        AUTO_PTR(zone_out) struct zone_out *o = NULL;
        AUTO(buf) struct buf text = {0};
        char hex[PROOF_HEX_LEN] = "untouched";
        print_message("    window %zu\n", windows[i]);
        assert_int_equal(zone_out_buf(&text, &o), ERR_OK);
        zone_out_set_proofreading(o, NULL);
        assert_int_equal(bring_all(o, windows[i]), ERR_OK);
        assert_int_equal(zone_out_end(o, hex), ERR_OK);
        assert_true(bytes_equal(buf_bytes(&text), buf_bytes(&expected)));
        assert_string_equal(hex, "untouched"); /* no digest was asked for */
        assert_int_equal(zone_out_commit(o), ERR_OK);
    }
}

static void a_file_appears_with_the_commit(void **state)
{
    (void)state;
    char dir[] = "/tmp/mudzone-out-XXXXXX";
    char path[64];
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/zone", dir);
    for (int commits = 0; commits < 2; commits++) {
        AUTO_PTR(zone_out) struct zone_out *o = NULL;
        AUTO(buf) struct buf before = {0};
        AUTO(buf) struct buf after = {0};
        char hex[PROOF_HEX_LEN];
        assert_int_equal(zone_out_file(path, &o), ERR_OK);
        assert_int_equal(bring_all(o, 3), ERR_OK);
        assert_int_equal(zone_out_end(o, hex), ERR_OK);
        assert_int_not_equal(access(path, F_OK), 0);
        assert_int_equal(zone_out_text(o, &before), ERR_OK);
        assert_true(bytes_equal(buf_bytes(&before), buf_bytes(&expected)));
        if (!commits)
            continue;
        assert_int_equal(zone_out_commit(o), ERR_OK);
        assert_int_equal(file_read(path, SIZE_MAX / 2, &after), ERR_OK);
        assert_true(bytes_equal(buf_bytes(&after), buf_bytes(&expected)));
    }
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0); /* nothing else was left */
}

static void a_failed_write_ends_all_and_says_why(void **state)
{
    (void)state;
    AUTO_PTR(zone_out) struct zone_out *o = NULL;
    char hex[PROOF_HEX_LEN];
    assert_int_equal(zone_out_file("/dev/full", &o), ERR_OK);
    assert_int_equal(bring_all(o, 4), ERR_IO);
    assert_false(zone_out_has_misprint(o));
    assert_int_equal(zone_out_err(o), ERR_IO);
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(zone_out_end(o, hex), ERR_IO);
    assert_int_equal(errno, ENOSPC);
}

static void missing_pieces_are_noticed(void **state)
{
    (void)state;
    AUTO_PTR(zone_out) struct zone_out *o = NULL;
    AUTO(buf) struct buf text = {0};
    char hex[PROOF_HEX_LEN];
    struct zone_cursor nodes;
    assert_int_equal(zone_out_buf(&text, &o), ERR_OK);
    struct sign_sink sink = zone_out_sink(o);
    for (size_t i = 0; i < 3; i += 2) { /* not the second */
        zone_segment(segments, i, &nodes);
        assert_int_equal(sink.take(sink.ctx, i, 3, &nodes), ERR_OK);
    }
    assert_int_equal(zone_out_end(o, hex), ERR_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_leave_in_order),
        cmocka_unit_test(a_file_appears_with_the_commit),
        cmocka_unit_test(a_failed_write_ends_all_and_says_why),
        cmocka_unit_test(missing_pieces_are_noticed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
