/* Questions on loopback: a thread plays the server. */
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "common/err.h"
#include "publish/ask_int.h"
#include "publish/notify.h"
#include "tests/support/testing.h"
#include "zones/zones.h"

static const uint8_t example[] = "\007example";

static int64_t clock_ms(void *ctx)
{
    (void)ctx;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Long enough that no busy machine ends a try too early; where silence is meant, short. */
static const struct ask_limits patient = {.timeout_ms = 20000, .tries = 3, .clock_ms = clock_ms};
static const struct ask_limits hasty = {.timeout_ms = 20, .tries = 3, .clock_ms = clock_ms};

/* ------------------------------------------------------------------ addresses and messages */

static void addresses_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *expected; /* NULL: none */
    } cases[] = {
        {"192.0.2.1@5300", "192.0.2.1@5300"},
        {"192.0.2.1", "192.0.2.1@53"},
        {"2001:DB8::1@1", "2001:db8::1@1"},
        {"::1", "::1@53"},
        {"192.0.2.1@0", NULL},
        {"192.0.2.1@65536", NULL},
        {"192.0.2.1@", NULL},
        {"192.0.2.1@ 53", NULL},
        {"192.0.2.1@53x", NULL},
        {"192.0.2.256", NULL},
        {"localhost", NULL},
        {"", NULL},
        {"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001@53", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ask_address a;
        char text[ASK_ADDRESS_LEN];
        TEST_CASE(cases[i].text);
        assert_int_equal(ask_address_parse(cases[i].text, 53, &a), cases[i].expected != NULL);
        if (cases[i].expected == NULL)
            continue;
        ask_address_text(&a, text);
        assert_string_equal(text, cases[i].expected);
    }
}

static void questions_have_the_right_flags(void **state)
{
    (void)state;
    struct ask_query q;
    struct ask_task plain = {.name = example, .type = 43};
    assert_int_equal(ask_query_make(&plain, &q), ERR_OK);
    assert_int_equal(q.len, 12 + 9 + 4 + 11);
    assert_int_equal(q.wire[2], 0);
    assert_int_equal(q.wire[3], 0);
    assert_int_equal(q.wire[11], 1);                                     /* OPT */
    assert_memory_equal(q.wire + 25, "\0\0\51\4\320\0\0\200\0\0\0", 11); /* 1232, DO */

    struct ask_task chain = {
        .name = example, .type = 48, .recursion = true, .checking_disabled = true};
    assert_int_equal(ask_query_make(&chain, &q), ERR_OK);
    assert_int_equal(q.wire[2], 1);
    assert_int_equal(q.wire[3], 0x10);

    struct ask_task notice = {.name = example, .type = 59, .opcode = ASK_NOTIFY};
    assert_int_equal(ask_query_make(&notice, &q), ERR_OK);
    assert_int_equal(q.wire[2], 4 << 3 | 4); /* NOTIFY, AA */
    assert_int_equal(q.len, 12 + 9 + 4);

    const struct ask_key key = {"k", "hmac-sha256", "c2VjcmV0"}, bad = {"k", "hmac-sha256", "!"};
    struct ask_task sealed = {.name = example, .type = 43, .key = &key};
    assert_int_equal(ask_query_make(&sealed, &q), ERR_OK);
    assert_int_equal(sealed.mac_len, 32);
    assert_int_equal(q.wire[11], 2); /* OPT, TSIG */
    sealed.key = &bad;
    assert_int_equal(ask_query_make(&sealed, &q), ERR_CONFIG);
}

static void only_an_answer_to_the_question_matches(void **state)
{
    (void)state;
    struct ask_query q;
    struct ask_task t = {.name = example, .type = 43};
    assert_int_equal(ask_query_make(&t, &q), ERR_OK);
    static const struct {
        const char *name;
        size_t at; /* this octet is … */
        uint8_t flip;
        size_t len; /* 0: all */
        bool matches;
    } cases[] = {
        {"the answer", 0, 0, 0, true},
        {"another id", 0, 1, 0, false},
        {"a question", 2, 0x80, 0, false},
        {"another opcode", 2, 0x20, 0, false},
        {"capitals", 13, 0x20, 0, true},
        {"another name", 13, 1, 0, false},
        {"another type", 22, 1, 0, false},
        {"another class", 24, 2, 0, false},
        {"cut in the question", 0, 0, 20, false},
        {"cut in the header", 0, 0, 11, false},
        {"a pointer for a name", 12, 0xc7, 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t m[ASK_QUERY_MAX];
        TEST_CASE(cases[i].name);
        memcpy(m, q.wire, q.len);
        m[2] |= 0x80;
        m[cases[i].at] ^= cases[i].flip;
        size_t len = cases[i].len == 0 ? q.len : cases[i].len;
        assert_int_equal(ask_query_matches(&q, (struct bytes){m, len}), cases[i].matches);
    }
}

/* ------------------------------------------------------------------ a server */

struct server {
    int fd;
    struct ask_address address;
    pthread_t thread;
    void (*serve)(struct server *s);
};

static void *run(void *arg)
{
    struct server *s = arg;
    s->serve(s);
    return NULL;
}

static void server_start(struct server *s, int kind, void (*serve)(struct server *s))
{
    static const uint8_t loopback[4] = {127, 0, 0, 1};
    assert_true(ask_address_make((struct bytes){loopback, 4}, 0, &s->address));
    s->fd = socket(AF_INET, kind, 0);
    assert_true(s->fd >= 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&s->address.sock, s->address.len), 0);
    s->address.len = sizeof s->address.sock;
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&s->address.sock, &s->address.len), 0);
    if (kind == SOCK_STREAM)
        assert_int_equal(listen(s->fd, 1), 0);
    s->serve = serve;
    if (serve != NULL)
        assert_int_equal(pthread_create(&s->thread, NULL, run, s), 0);
}

static void server_end(struct server *s)
{
    if (s->serve != NULL)
        pthread_join(s->thread, NULL);
    close(s->fd);
}

static void udp_forged_then_right(struct server *s)
{
    uint8_t m[2048];
    struct sockaddr_storage peer;
    socklen_t len = sizeof peer;
    ssize_t n = recvfrom(s->fd, m, sizeof m, 0, (struct sockaddr *)&peer, &len);
    m[2] |= 0x80;
    m[0] ^= 1; /* as one who guesses ids would */
    (void)sendto(s->fd, m, (size_t)n, 0, (struct sockaddr *)&peer, len);
    m[0] ^= 1;
    m[3] |= 5;
    (void)sendto(s->fd, m, (size_t)n, 0, (struct sockaddr *)&peer, len);
}

static void forged_answers_are_passed_over(void **state)
{
    (void)state;
    struct server s;
    server_start(&s, SOCK_DGRAM, udp_forged_then_right);
    struct ask_task t = {.to = s.address, .name = example, .type = 43};
    assert_int_equal(ask_all(&t, 1, &patient), ERR_OK);
    assert_int_equal(t.outcome, ASK_ANSWERED);
    assert_int_equal(t.answer.data[3] & 15, 5);
    ask_task_done(&t);
    server_end(&s);
}

/* Loses the first two: the third try is answered. */
static void udp_third(struct server *s)
{
    uint8_t m[2048];
    struct sockaddr_storage peer;
    socklen_t len = sizeof peer;
    ssize_t n = 0;
    for (int i = 0; i < 3; i++)
        n = recvfrom(s->fd, m, sizeof m, 0, (struct sockaddr *)&peer, &len);
    m[2] |= 0x80;
    (void)sendto(s->fd, m, (size_t)n, 0, (struct sockaddr *)&peer, len);
}

static void a_lost_question_is_asked_again(void **state)
{
    (void)state;
    struct server s;
    static const struct ask_limits limits = {.timeout_ms = 300, .tries = 100, .clock_ms = clock_ms};
    server_start(&s, SOCK_DGRAM, udp_third);
    struct notify_outcome outcome = {0};
    assert_int_equal(notify_send(example, 59, &s.address, 1, NULL, &limits, &outcome), ERR_OK);
    assert_true(outcome.acknowledged);
    assert_string_equal(outcome.why, "acknowledged");
    server_end(&s);
}

/* In pieces, and in two records' worth of writes. */
static void tcp_in_pieces(struct server *s)
{
    int fd = accept(s->fd, NULL, NULL);
    uint8_t m[2048];
    size_t n = 0;
    while (n < 2 || n < 2u + (size_t)(m[0] << 8 | m[1]))
        n += (size_t)recv(fd, m + n, sizeof m - n, 0);
    m[4] |= 0x80;
    for (size_t i = 0; i < n; i++)
        (void)send(fd, m + i, 1, 0);
    close(fd);
}

static void tcp_half(struct server *s)
{
    int fd = accept(s->fd, NULL, NULL);
    uint8_t m[2048];
    (void)recv(fd, m, sizeof m, 0);
    (void)send(fd, m, 7, 0);
    close(fd);
}

static void tcp_answers_come_in_pieces_or_break_off(void **state)
{
    (void)state;
    static const struct {
        void (*serve)(struct server *s);
        enum ask_outcome outcome;
    } cases[] = {{tcp_in_pieces, ASK_ANSWERED}, {tcp_half, ASK_BROKEN}};
    for (size_t i = 0; i < 2; i++) {
        struct server s;
        server_start(&s, SOCK_STREAM, cases[i].serve);
        struct ask_task t = {.to = s.address, .transport = ASK_TCP, .name = example, .type = 43};
        assert_int_equal(ask_all(&t, 1, &patient), ERR_OK);
        assert_int_equal(t.outcome, cases[i].outcome);
        ask_task_done(&t);
        server_end(&s);
    }
}

static void silence_and_closed_ports_are_told_apart(void **state)
{
    (void)state;
    struct server udp, tcp;
    server_start(&udp, SOCK_DGRAM, NULL);
    server_start(&tcp, SOCK_STREAM, NULL);
    struct ask_task tasks[200] = {0}; /* more than sockets at a time */
    for (size_t i = 0; i < 200; i++)
        tasks[i] = (struct ask_task){.to = i % 2 == 0 ? udp.address : tcp.address,
                                     .transport = i % 2 == 0 ? ASK_UDP : ASK_TCP,
                                     .name = example,
                                     .type = 43};
    assert_int_equal(ask_all(tasks, 200, &hasty), ERR_OK);
    for (size_t i = 0; i < 200; i++) {
        assert_int_equal(tasks[i].outcome, ASK_TIMEOUT);
        ask_task_done(&tasks[i]);
    }
    server_end(&udp);
    server_end(&tcp);
    struct ask_task closed = {.to = tcp.address, .transport = ASK_TCP, .name = example, .type = 43};
    assert_int_equal(ask_all(&closed, 1, &patient), ERR_OK);
    assert_int_equal(closed.outcome, ASK_REFUSED);
    ask_task_done(&closed);
}

/* ------------------------------------------------------------------ CDS against DS */

#define KEY1                                                                                       \
    "257 3 13 "                                                                                    \
    "mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==\n"
#define KEY2 "257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=\n"

static struct zone *zone_with(const char *records)
{
    AUTO(buf) struct buf text = {0};
    const struct zone_load_opts opts = {.origin = example};
    struct zone *z = NULL;
    buf_printf(&text, "$TTL 60\n@ SOA a b 1 2 3 4 5\n@ DNSKEY " KEY1 "@ DNSKEY " KEY2 "%s",
               records);
    assert_int_equal(zone_parse("t", buf_str(&text), text.len, &opts, &z, NULL), ERR_OK);
    return z;
}

/* The DS with SHA-384 of the zone's key of ALGORITHM, which no CDS here uses. */
static struct bytes ds_of(const struct zone *z, uint8_t algorithm, uint8_t room[4 + 48])
{
    struct zone_rrset set;
    AUTO(buf) struct buf in = {0};
    buf_add(&in, example, sizeof example);
    assert_true(zone_rrset(z, example, 48, &set));
    knot_rdata_t *rd = set.rrs.rdata;
    if (rd->data[3] != algorithm)
        rd = knot_rdataset_next(rd);
    assert_int_equal(rd->data[3], algorithm);
    buf_add(&in, rd->data, rd->len);
    memcpy(room, (const uint8_t[]){0, 0, algorithm, 4}, 4);
    assert_int_equal(gnutls_hash_fast(GNUTLS_DIG_SHA384, in.data, in.len, room + 4), 0);
    return (struct bytes){room, 4 + 48};
}

static void cds_and_ds_are_compared_by_key(void **state)
{
    (void)state;
    AUTO_PTR(zone) struct zone *none = zone_with("");
    AUTO_PTR(zone) struct zone *one = zone_with("@ CDNSKEY " KEY1);
    AUTO_PTR(zone) struct zone *two = zone_with("@ CDNSKEY " KEY1 "@ CDNSKEY " KEY2);
    AUTO_PTR(zone) struct zone *removal = zone_with("@ CDS 0 0 0 00\n@ CDNSKEY 0 3 0 AA==\n");
    AUTO_PTR(zone)
    struct zone *foreign = zone_with("@ CDS 1 13 2 "
                                     "00112233445566778899aabbccddeeff"
                                     "00112233445566778899aabbccddeeff\n");
    uint8_t room[2][4 + 48];
    const struct bytes ds[] = {ds_of(one, 13, room[0]), ds_of(one, 15, room[1])};
    const struct {
        const char *name;
        const struct zone *zone;
        size_t from;
        size_t n;
        bool differs;
    } cases[] = {
        {"it asks for nothing", none, 0, 1, false}, {"as it is", one, 0, 1, false},
        {"the first DS", one, 0, 0, true},          {"another key", one, 1, 1, true},
        {"one too many", one, 0, 2, true},          {"both", two, 0, 2, false},
        {"one too few", two, 0, 1, true},           {"removal", removal, 0, 1, true},
        {"removed", removal, 0, 0, false},          {"a CDS of no key here", foreign, 0, 0, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool differs = !cases[i].differs;
        TEST_CASE(cases[i].name);
        assert_int_equal(
            notify_cds_differs(cases[i].zone, ds + cases[i].from, cases[i].n, &differs), ERR_OK);
        assert_int_equal(differs, cases[i].differs);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(addresses_are_read),
    cmocka_unit_test(questions_have_the_right_flags),
    cmocka_unit_test(only_an_answer_to_the_question_matches),
    cmocka_unit_test(forged_answers_are_passed_over),
    cmocka_unit_test(a_lost_question_is_asked_again),
    cmocka_unit_test(tcp_answers_come_in_pieces_or_break_off),
    cmocka_unit_test(silence_and_closed_ports_are_told_apart),
    cmocka_unit_test(cds_and_ds_are_compared_by_key),
};

TEST_MAIN(tests)
