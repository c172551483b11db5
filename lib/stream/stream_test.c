/* SPDX-License-Identifier: Apache-2.0 */
/* Streams over real sockets of this host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/random.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/log.h"
#include "lib/runtime/loop.h"
#include "lib/stream/stream_testing.h"

int stream_tests(void);

static char dir[] = "/tmp/stream_test.XXXXXX";

static void
end_opened(struct stream *stream, void *end_)
{
    struct end *end = end_;

    assert_ptr_equal(stream, end->stream);
    assert_false(end->is_open);
    end->is_open = true;
}

static void
end_input(struct stream *stream, const char *data, size_t size, void *end_)
{
    struct end *end = end_;

    assert_false(end->is_closed);
    str_put_bytes(&end->input, data, size);
}

static void
end_closed(struct stream *stream, const struct error *error, void *end_)
{
    struct end *end = end_;

    assert_false(end->is_closed);
    end->is_closed = true;
    end->error = error ? xstrdup(error_message(error)) : NULL;
}

static void
end_drained(struct stream *stream, void *end_)
{
    struct end *end = end_;

    end->is_drained = true;
}

const struct stream_callbacks end_callbacks = {
    .opened = end_opened,
    .input = end_input,
    .closed = end_closed,
    .drained = end_drained,
};

static void
accepted(struct listener *listener, struct stream *stream, void *pair_)
{
    struct pair *pair = pair_;

    assert_null(pair->server.stream);
    assert_true(stream_is_open(stream));
    pair->server.stream = stream;
    pair->server.is_open = true;
    stream_set_callbacks(stream, &end_callbacks, &pair->server);
}

static const struct listener_callbacks listener_callbacks = {
    .accepted = accepted,
};

static void
assert_no_error(struct error *error)
{
    if (error) {
        fail_msg("%s", error_message(error));
    }
}

void
pair_open(struct pair *pair, const char *passive, const char *active)
{
    *pair = (struct pair) { .listener = NULL };
    assert_no_error(listener_open(passive, 0, &listener_callbacks, pair,
                                  &pair->listener));
    char *name = xasprintf(active, listener_port(pair->listener));
    assert_no_error(stream_open(name, 0, &end_callbacks, &pair->client,
                                &pair->client.stream));
    assert_false(pair->client.is_open);
    free(name);
}

void
pair_connect(struct pair *pair, const char *passive, const char *active)
{
    pair_open(pair, passive, active);
    WAIT_FOR((pair->client.is_open && pair->server.is_open)
             || pair->client.is_closed);
    if (pair->client.is_closed) {
        fail_msg("%s", pair->client.error);
    }
}

static void
end_uninit(struct end *end)
{
    stream_destroy(end->stream);
    str_uninit(&end->input);
    free(end->error);
    *end = (struct end) { .stream = NULL };
}

void
pair_close(struct pair *pair)
{
    end_uninit(&pair->client);
    end_uninit(&pair->server);
    listener_destroy(pair->listener);
    loop_turn(false);
}

/* Kinds of streams that can be had without keys. */
static const struct {
    const char *passive, *active;
} kinds[] = {
    { "punix:%s/sock", "unix:%s/sock" },
    { "ptcp:0:127.0.0.1", "tcp:127.0.0.1:%u" },
    { "ptcp:0:[::1]", "tcp:[::1]:%u" },
    { "ptcp:0:127.0.0.1", "tcp:localhost:%u" },
};

static void
connect_kind(struct pair *pair, size_t kind)
{
    char *passive = xasprintf(kinds[kind].passive, dir);
    char *active = (kind ? xstrdup(kinds[kind].active)
                    : xasprintf(kinds[kind].active, dir));

    pair_connect(pair, passive, active);
    free(passive);
    free(active);
}

static void
test_bytes_go_both_ways(void **state)
{
    for (size_t kind = 0; kind < ARRAY_SIZE(kinds); kind++) {
        struct pair pair;

        connect_kind(&pair, kind);
        stream_write(pair.client.stream, "ping", 4);
        stream_write_take(pair.server.stream, rcbuf_copy("pong", 4));
        WAIT_FOR(pair.server.input.length == 4
                 && pair.client.input.length == 4);
        assert_string_equal(str_cstr(&pair.server.input), "ping");
        assert_string_equal(str_cstr(&pair.client.input), "pong");

        stream_destroy(pair.client.stream);
        pair.client.stream = NULL;
        WAIT_FOR(pair.server.is_closed);
        assert_null(pair.server.error);
        pair_close(&pair);
    }
}

static void
test_names_tell_the_peer(void **state)
{
    struct pair pair;

    connect_kind(&pair, 0);
    assert_true(!strncmp(stream_name(pair.server.stream), "unix#", 5));
    assert_string_equal(stream_local_address(pair.client.stream), "");
    pair_close(&pair);

    connect_kind(&pair, 1);
    char *name = xasprintf("tcp:%s", stream_local_address(pair.client.stream));
    assert_string_equal(stream_name(pair.server.stream), name);
    free(name);
    assert_null(stream_peer_common_name(pair.server.stream));
    pair_close(&pair);
}

static void
assert_fails(const char *name, const char *reason)
{
    struct end end = { .stream = NULL };

    assert_no_error(stream_open(name, 0, &end_callbacks, &end, &end.stream));
    WAIT_FOR(end.is_closed);
    assert_false(end.is_open);
    assert_string_equal(end.error, reason);
    end_uninit(&end);
}

static void
test_failure_to_connect_is_told_later(void **state)
{
    struct pair pair;
    char *name = xasprintf("unix:%s/nosuch", dir);

    assert_fails(name, "No such file or directory");
    free(name);

    connect_kind(&pair, 1);
    name = xasprintf("tcp:127.0.0.1:%u", listener_port(pair.listener));
    pair_close(&pair);
    assert_fails(name, "Connection refused");
    free(name);
}

static void
assert_refused(const char *name, bool passive, const char *reason)
{
    struct listener *listener;
    struct stream *stream;
    struct error *error = (passive
                           ? listener_open(name, 0, &listener_callbacks, NULL,
                                           &listener)
                           : stream_open(name, 0, &end_callbacks, NULL,
                                         &stream));

    assert_non_null(error);
    assert_string_equal(error_message(error), reason);
    error_free(error);
}

static void
test_bad_names_are_refused_at_once(void **state)
{
    assert_refused("xyz:1", false,
                   "\"xyz:1\" is not the name of an active connection");
    assert_refused("ptcp:1", false,
                   "\"ptcp:1\" is not the name of an active connection");
    assert_refused("tcp:1.2.3.4", false, "tcp:1.2.3.4: port is missing");
    assert_refused("unix:", false, "unix:: file name is missing");
    assert_refused("fd:x", false, "fd:x: \"x\" is no file descriptor");
    assert_refused("fd:999", false,
                   "fd:999: file descriptor 999: Bad file descriptor");
    assert_refused("tcp:1.2.3.4:1", true,
                   "\"tcp:1.2.3.4:1\" is not the name of a passive "
                   "connection");
    assert_refused("ptcp:", true, "ptcp:: port is missing");
    assert_refused("punix:/nonexistent/dir/sock", true,
                   "punix:/nonexistent/dir/sock: cannot listen: "
                   "No such file or directory");
    assert_true(stream_name_is_active("ssl:x"));
    assert_false(stream_name_is_active("pssl:1"));
    assert_true(stream_name_is_passive("pssl:1"));
}

/* A path may be longer than a socket address, as in deep test folders. */
static void
test_long_path(void **state)
{
    char *sub = xasprintf("%s/%0150d", dir, 7);
    char *passive = xasprintf("punix:%s/sock", sub);
    struct pair pair;

    assert_int_equal(mkdir(sub, 0700), 0);
    pair_connect(&pair, passive, passive + 1);
    pair_close(&pair);
    assert_int_equal(access(passive + strlen("punix:"), F_OK), -1);
    assert_int_equal(rmdir(sub), 0);
    free(passive);
    free(sub);
}

/* Writes of one turn leave together: the benefit is a system call for the
 * whole turn instead of one for each message. */
static void
test_writes_of_a_turn_leave_in_one_call(void **state)
{
    struct rcbuf *shared = rcbuf_copy("0123456789", 10);
    struct pair pair;

    connect_kind(&pair, 0);
    uint64_t before = counter_read("stream_write");
    for (int i = 0; i < 100; i++) {
        stream_write(pair.client.stream, "ab", 2);
        stream_write_take(pair.client.stream, rcbuf_ref(shared));
    }
    assert_int_equal(stream_backlog_bytes(pair.client.stream), 1200);
    WAIT_FOR(pair.server.input.length == 1200);
    assert_int_equal(counter_read("stream_write") - before, 1);
    assert_true(pair.client.is_drained);
    assert_int_equal(stream_stats(pair.client.stream)->n_bytes_out, 1200);
    assert_int_equal(shared->n_refs, 1);
    rcbuf_unref(shared);
    pair_close(&pair);
}

/* A peer that does not read shows in the backlog, and what comes in the end is
 * what was written. */
static void
test_backlog_of_a_peer_that_does_not_read(void **state)
{
    enum { SIZE = 8 * 1024 * 1024 };
    char *data = xmalloc(SIZE);
    struct pair pair;

    random_bytes(data, SIZE);
    for (size_t kind = 0; kind < 2; kind++) {
        size_t n = 0;

        connect_kind(&pair, kind);
        stream_set_reading(pair.server.stream, false);
        for (int i = 0; n < SIZE; i++) {
            size_t piece = MIN((size_t) 1 + i * 7 % 5000, SIZE - n);

            if (i % 2) {
                stream_write(pair.client.stream, data + n, piece);
            } else {
                stream_write_take(pair.client.stream,
                                  rcbuf_copy(data + n, piece));
            }
            n += piece;
        }
        for (int i = 0; i < 20; i++) {
            loop_turn(false);
        }
        assert_true(stream_backlog_bytes(pair.client.stream) > 0);
        assert_int_equal(pair.server.input.length, 0);
        assert_false(pair.client.is_drained);

        stream_set_reading(pair.server.stream, true);
        WAIT_FOR(pair.server.input.length == SIZE);
        assert_memory_equal(pair.server.input.string, data, SIZE);
        assert_true(pair.client.is_drained);
        assert_int_equal(stream_backlog_bytes(pair.client.stream), 0);
        assert_true(stream_stats(pair.client.stream)->last_unblocked_ms > 0);
        pair_close(&pair);
    }
    free(data);
}

static void
test_destroy_after_flush_sends_the_rest(void **state)
{
    enum { SIZE = 4 * 1024 * 1024 };
    char *data = xzalloc(SIZE);
    struct pair pair;

    connect_kind(&pair, 1);
    stream_write(pair.client.stream, data, SIZE);
    stream_destroy_after_flush(pair.client.stream);
    pair.client.stream = NULL;
    WAIT_FOR(pair.server.is_closed);
    assert_int_equal(pair.server.input.length, SIZE);
    assert_null(pair.server.error);
    pair_close(&pair);
    free(data);
}

/* A client that has sent its last request shuts down its side and reads on. */
static void
test_peer_that_only_reads_gets_the_rest(void **state)
{
    enum { SIZE = 2 * 1024 * 1024 };
    char *data = xzalloc(SIZE);
    struct pair pair;

    connect_kind(&pair, 0);
    stream_set_reading(pair.client.stream, false);
    stream_write(pair.server.stream, data, SIZE);
    loop_turn(false);
    assert_int_equal(shutdown(stream_fd(pair.client.stream), SHUT_WR), 0);
    for (int i = 0; i < 5; i++) {
        loop_turn(false);
    }
    assert_false(pair.server.is_closed);
    stream_set_reading(pair.client.stream, true);
    WAIT_FOR(pair.server.is_closed && pair.client.is_closed);
    assert_null(pair.server.error);
    assert_int_equal(pair.client.input.length, SIZE);
    pair_close(&pair);

    /* But not if it never takes it. */
    connect_kind(&pair, 0);
    stream_set_reading(pair.client.stream, false);
    stream_write(pair.server.stream, data, SIZE);
    loop_turn(false);
    assert_int_equal(shutdown(stream_fd(pair.client.stream), SHUT_WR), 0);
    for (int i = 0; i < 5; i++) {
        loop_turn(false);
    }
    clock_warp(30000);
    assert_true(pair.server.is_closed);
    assert_null(pair.server.error);
    pair_close(&pair);

    /* One that has gone altogether does not hold the stream up. */
    connect_kind(&pair, 0);
    stream_set_reading(pair.client.stream, false);
    stream_write(pair.server.stream, data, SIZE);
    loop_turn(false);
    stream_destroy(pair.client.stream);
    pair.client.stream = NULL;
    WAIT_FOR(pair.server.is_closed);
    pair_close(&pair);
    free(data);
}

static void
destroy_input(struct stream *stream, const char *data, size_t size,
              void *destroyed)
{
    stream_destroy(stream);
    *(bool *) destroyed = true;
}

static void
destroy_closed(struct stream *stream, const struct error *error,
               void *destroyed)
{
    stream_destroy(stream);
    *(bool *) destroyed = true;
}

static const struct stream_callbacks destroy_callbacks = {
    .input = destroy_input,
    .closed = destroy_closed,
};

/* Owners destroy streams where they hear of an end, or of nonsense. */
static void
test_callbacks_may_destroy(void **state)
{
    for (int i = 0; i < 2; i++) {
        bool destroyed = false;
        struct pair pair;

        connect_kind(&pair, 1);
        stream_set_callbacks(pair.server.stream, &destroy_callbacks,
                             &destroyed);
        stream_write(pair.server.stream, "x", 1);
        if (i) {
            stream_write(pair.client.stream, "x", 1);
        } else {
            stream_destroy(pair.client.stream);
            pair.client.stream = NULL;
        }
        WAIT_FOR(destroyed);
        pair.server.stream = NULL;
        pair_close(&pair);
    }
}

static void
test_fd_stream(void **state)
{
    struct end end = { .stream = NULL };
    char buffer[8];
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    char *name = xasprintf("fd:%d", fds[0]);
    assert_no_error(stream_open(name, 0, &end_callbacks, &end, &end.stream));
    WAIT_FOR(end.is_open);
    stream_write(end.stream, "out", 3);
    assert_int_equal(write(fds[1], "in", 2), 2);
    WAIT_FOR(end.input.length == 2 && end.is_drained);
    assert_int_equal(read(fds[1], buffer, sizeof buffer), 3);
    end_uninit(&end);
    close(fds[1]);
    free(name);
}

/* Out of descriptors, the listener waits rather than spin, and goes on. */
static void
test_listener_survives_want_of_descriptors(void **state)
{
    struct rlimit limit, low;
    struct pair pair;

    pair_open(&pair, "ptcp:0:127.0.0.1", "tcp:127.0.0.1:%u");
    WAIT_FOR(stream_fd(pair.client.stream) >= 0);
    getrlimit(RLIMIT_NOFILE, &limit);
    low = limit;
    int next = dup(0);
    low.rlim_cur = next;
    close(next);
    setrlimit(RLIMIT_NOFILE, &low);
    for (int i = 0; i < 20; i++) {
        loop_turn(false);
    }
    assert_null(pair.server.stream);
    setrlimit(RLIMIT_NOFILE, &limit);
    WAIT_FOR(pair.server.stream && pair.client.is_open);
    pair_close(&pair);
}

/* A name server that knows one name, db.example.com: 127.0.0.1. */
static struct watch dns_watch;
static unsigned int n_dns_queries;

static void
answer_dns(int events, void *aux)
{
    static const uint8_t known[] = "\2db\7example\3com\0\0\1\0\1";
    static const uint8_t answer[] = {
        0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1
    };
    struct sockaddr_storage peer;
    socklen_t peer_size = sizeof peer;
    uint8_t packet[512 + sizeof answer];
    ssize_t n = recvfrom(dns_watch.fd, packet, 512, 0,
                         (struct sockaddr *) &peer, &peer_size);

    if (n < 17) {
        return;
    }
    n_dns_queries++;
    bool found = ((size_t) n >= 12 + sizeof known - 1
                  && !memcmp(packet + 12, known, sizeof known - 1));
    size_t question_size = strlen((char *) packet + 12) + 5;
    size_t size = 12 + question_size;
    packet[2] = 0x81;
    packet[3] = found ? 0x80 : 0x83;
    memset(packet + 6, 0, 6);
    packet[7] = found;
    if (found) {
        memcpy(packet + size, answer, sizeof answer);
        size += sizeof answer;
    }
    sendto(dns_watch.fd, packet, size, 0, (struct sockaddr *) &peer,
           peer_size);
}

/* Points the resolver, before its first use, to that server alone. */
static void
start_dns(void)
{
    struct sockaddr_in sin = { .sin_family = AF_INET };
    socklen_t size = sizeof sin;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *) &sin, sizeof sin), 0);
    getsockname(fd, (struct sockaddr *) &sin, &size);
    watch_init(&dns_watch, fd, answer_dns, NULL);
    watch_set(&dns_watch, UV_READABLE);

    char *conf = xasprintf("%s/unbound.conf", dir);
    FILE *stream = fopen(conf, "w");
    fprintf(stream, "server:\n"
            "  do-not-query-localhost: no\n"
            "  module-config: \"iterator\"\n"
            "forward-zone:\n"
            "  name: \".\"\n"
            "  forward-addr: 127.0.0.1@%u\n", ntohs(sin.sin_port));
    fclose(stream);
    setenv("OVS_UNBOUND_CONF", conf, 1);
    setenv("OVS_RESOLV_CONF", "/dev/null", 1);
    free(conf);
}

static void
stop_dns(void)
{
    unlink(getenv("OVS_UNBOUND_CONF"));
    watch_uninit(&dns_watch);
    close(dns_watch.fd);
    loop_turn(false);
}

static void
test_name_from_dns(void **state)
{
    struct pair pair;

    pair_connect(&pair, "ptcp:0:127.0.0.1", "tcp:db.example.com:%u");
    assert_true(n_dns_queries > 0);
    pair_close(&pair);
}

static void
test_name_that_does_not_exist(void **state)
{
    struct end end = { .stream = NULL };

    assert_no_error(stream_open("tcp:nosuch.example.com:1", 0, &end_callbacks,
                                &end, &end.stream));
    WAIT_FOR(end.is_closed);
    assert_string_equal(end.error, "nosuch.example.com: no such host");
    end_uninit(&end);
}

/* Giving up a connection while its name is being looked up. */
static void
test_destroy_during_resolution(void **state)
{
    struct end end = { .stream = NULL };

    assert_no_error(stream_open("tcp:other.example.com:1", 0, &end_callbacks,
                                &end, &end.stream));
    loop_turn(false);
    end_uninit(&end);
    for (int i = 0; i < 10; i++) {
        loop_turn(false);
    }
}

static int
setup(void **state)
{
    if (!mkdtemp(dir)) {
        return -1;
    }
    log_set_level(LOG_DEST_CONSOLE, LOG_LEVEL_OFF);
    log_set_level(LOG_DEST_SYSLOG, LOG_LEVEL_OFF);
    start_dns();
    return 0;
}

static int
teardown(void **state)
{
    stop_dns();
    return rmdir(dir);
}

int
stream_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_go_both_ways),
        cmocka_unit_test(test_names_tell_the_peer),
        cmocka_unit_test(test_failure_to_connect_is_told_later),
        cmocka_unit_test(test_bad_names_are_refused_at_once),
        cmocka_unit_test(test_long_path),
        cmocka_unit_test(test_writes_of_a_turn_leave_in_one_call),
        cmocka_unit_test(test_backlog_of_a_peer_that_does_not_read),
        cmocka_unit_test(test_destroy_after_flush_sends_the_rest),
        cmocka_unit_test(test_peer_that_only_reads_gets_the_rest),
        cmocka_unit_test(test_callbacks_may_destroy),
        cmocka_unit_test(test_fd_stream),
        cmocka_unit_test(test_listener_survives_want_of_descriptors),
        cmocka_unit_test(test_name_from_dns),
        cmocka_unit_test(test_name_that_does_not_exist),
        cmocka_unit_test(test_destroy_during_resolution),
    };

    return cmocka_run_group_tests_name("stream", tests, setup, teardown);
}
