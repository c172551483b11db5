/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions between this process and itself, on a stopped clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/jsonrpc/session.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/loop.h"

int session_tests(void);

#define WAIT_FOR(CONDITION) \
    do { \
        for (int i_ = 0; !(CONDITION); i_++) { \
            assert_true(i_ < 10000); \
            loop_turn(true); \
        } \
    } while (0)

/* What a session has told. */
struct end {
    struct jsonrpc_session *session;
    unsigned int n_connected, n_disconnected;
    struct str methods;         /* Of requests and notifications. */
    char *error;                /* Of the last end. */
};

static void
connected(struct jsonrpc_session *s, struct jsonrpc *rpc, void *end_)
{
    struct end *end = end_;

    assert_ptr_equal(rpc, jsonrpc_session_rpc(s));
    end->n_connected++;
}

static void
message(struct jsonrpc_session *s, const struct jsonrpc_message *m, void *end_)
{
    struct end *end = end_;

    str_printf(&end->methods, "%s ", m->method ? m->method : "(reply)");
}

static void
disconnected(struct jsonrpc_session *s, const struct error *error, void *end_)
{
    struct end *end = end_;

    assert_null(jsonrpc_session_rpc(s));
    end->n_disconnected++;
    free(end->error);
    end->error = error ? xstrdup(error_message(error)) : NULL;
}

static const struct jsonrpc_session_callbacks callbacks = {
    .connected = connected,
    .message = message,
    .disconnected = disconnected,
};

static void
end_uninit(struct end *end)
{
    jsonrpc_session_destroy(end->session);
    str_uninit(&end->methods);
    free(end->error);
    *end = (struct end) { .session = NULL };
}

/* A server that keeps the session that it accepted last. */
struct server {
    struct listener *listener;
    struct end end;
    char *remote;               /* Where to connect. */
};

static char dir[] = "/tmp/session_test.XXXXXX";

static void
accepted(struct listener *listener, struct stream *stream, void *server_)
{
    struct server *server = server_;

    end_uninit(&server->end);
    server->end.session = jsonrpc_session_accept(stream, NULL, &callbacks,
                                                 &server->end);
}

static const struct listener_callbacks listener_callbacks = {
    .accepted = accepted,
};

static void
server_init(struct server *server, unsigned int number)
{
    *server = (struct server) { .listener = NULL };
    server->remote = xasprintf("unix:%s/sock%u", dir, number);
    char *passive = xasprintf("p%s", server->remote);
    assert_null(listener_open(passive, 0, &listener_callbacks, server,
                              &server->listener));
    free(passive);
}

static void
server_stop(struct server *server)
{
    listener_destroy(server->listener);
    server->listener = NULL;
    end_uninit(&server->end);
}

static void
server_uninit(struct server *server)
{
    server_stop(server);
    free(server->remote);
    loop_turn(false);
}

static void
open_list(struct end *end, const char *remotes)
{
    static const struct jsonrpc_session_options options =
        JSONRPC_SESSION_DEFAULTS;

    clock_stop();
    *end = (struct end) { .session = NULL };
    assert_null(jsonrpc_session_open_list(remotes, &options, &callbacks, end,
                                          &end->session));
}

static void
test_messages_pass_and_echo_does_not(void **state)
{
    struct server server;
    struct end client;

    server_init(&server, 0);
    open_list(&client, server.remote);
    WAIT_FOR(client.n_connected && server.end.session);
    assert_string_equal(jsonrpc_session_name(client.session), server.remote);

    struct jsonrpc *rpc = jsonrpc_session_rpc(client.session);
    jsonrpc_send_request(rpc, "echo", json_pack("[i]", 1));
    jsonrpc_send_request(rpc, "f", json_array());
    jsonrpc_send_notify(jsonrpc_session_rpc(server.end.session), "g",
                        json_array());
    WAIT_FOR(server.end.methods.length && client.methods.length >= 10);
    assert_string_equal(str_cstr(&server.end.methods), "f ");
    assert_int_equal(client.methods.length, strlen("(reply) g "));
    end_uninit(&client);
    server_uninit(&server);
}

/* Both sides probe a silent connection, which keeps it up. */
static void
test_probes_keep_a_silent_session(void **state)
{
    struct server server;
    struct end client;

    server_init(&server, 0);
    open_list(&client, server.remote);
    WAIT_FOR(client.n_connected && server.end.session);
    for (int i = 0; i < 10; i++) {
        const struct reconnect *r = jsonrpc_session_reconnect(client.session);

        clock_warp_to(clock_ms() + 5000);
        loop_turn(false);
        WAIT_FOR(r->state == RECONNECT_ACTIVE);
    }
    assert_int_equal(client.n_connected, 1);
    assert_int_equal(client.n_disconnected, 0);
    assert_string_equal(str_cstr(&client.methods), "");

    /* A peer that has stopped answering is dropped. */
    jsonrpc_session_set_probe_interval(server.end.session, 0);
    jsonrpc_set_reading(jsonrpc_session_rpc(server.end.session), false);
    for (int i = 0; i < 2; i++) {
        clock_warp_to(clock_ms() + 5000);
        loop_turn(false);
    }
    assert_int_equal(client.n_disconnected, 1);
    assert_non_null(strstr(client.error, "no response to inactivity probe"));
    end_uninit(&client);
    server_uninit(&server);
}

static void
test_reconnects_to_the_next_remote(void **state)
{
    struct server a, b;
    struct end client;
    char *both;

    server_init(&a, 0);
    server_init(&b, 1);
    both = xasprintf("%s, %s", a.remote, b.remote);
    open_list(&client, both);
    WAIT_FOR(client.n_connected && a.end.session);
    server_stop(&a);
    WAIT_FOR(client.n_disconnected == 1);
    assert_null(client.error);
    WAIT_FOR(client.n_connected == 2);
    assert_string_equal(jsonrpc_session_name(client.session), b.remote);

    /* Both gone: it goes on trying, with pauses. */
    server_stop(&b);
    WAIT_FOR(client.n_disconnected >= 3);
    assert_string_equal(client.error, "No such file or directory");
    assert_true(jsonrpc_session_is_alive(client.session));
    unsigned int n = client.n_disconnected;
    for (int i = 0; i < 10; i++) {
        loop_turn(false);
    }
    assert_in_range(client.n_disconnected, n, n + 1);

    free(b.remote);
    server_init(&b, 1);
    for (int i = 0; client.n_connected == 2; i++) {
        assert_true(i < 1000);
        clock_warp_to(clock_ms() + 500);
        loop_turn(false);
    }
    end_uninit(&client);
    free(both);
    server_uninit(&a);
    server_uninit(&b);
}

/* Asked to try others again and again, it must not spin. */
static void
test_try_next_goes_round_then_waits(void **state)
{
    struct server a, b;
    struct end client;
    char *both;

    server_init(&a, 0);
    server_init(&b, 1);
    both = xasprintf("%s,%s", a.remote, b.remote);
    open_list(&client, both);
    WAIT_FOR(client.n_connected == 1);
    jsonrpc_session_try_next(client.session);
    WAIT_FOR(client.n_connected == 2);
    assert_string_equal(jsonrpc_session_name(client.session), b.remote);
    jsonrpc_session_try_next(client.session);
    for (int i = 0; i < 10; i++) {
        loop_turn(false);
    }
    assert_int_equal(client.n_connected, 2);
    clock_warp_to(clock_ms() + 1000);
    WAIT_FOR(client.n_connected == 3);

    const char *only = b.remote;
    assert_null(jsonrpc_session_set_remotes(client.session, &only, 1));
    WAIT_FOR(client.n_connected == 4);
    assert_string_equal(jsonrpc_session_name(client.session), b.remote);
    assert_null(jsonrpc_session_set_remotes(client.session, &only, 1));
    assert_non_null(jsonrpc_session_rpc(client.session));
    end_uninit(&client);
    free(both);
    server_uninit(&a);
    server_uninit(&b);
}

static void
test_accepted_session_ends_once(void **state)
{
    struct server server;
    struct end client;

    server_init(&server, 0);
    open_list(&client, server.remote);
    WAIT_FOR(client.n_connected && server.end.session);
    end_uninit(&client);
    WAIT_FOR(server.end.n_disconnected);
    assert_false(jsonrpc_session_is_alive(server.end.session));
    assert_int_equal(server.end.n_connected, 0);
    clock_warp(100000);
    assert_int_equal(server.end.n_disconnected, 1);
    server_uninit(&server);
}

static void
test_bad_remotes_are_refused(void **state)
{
    struct jsonrpc_session *session;
    struct error *error;

    error = jsonrpc_session_open_list("", NULL, &callbacks, NULL, &session);
    assert_string_equal(error_message(error), "no remote is given");
    error_free(error);
    error = jsonrpc_session_open_list("tcp:1.2.3.4,ptcp:1", NULL, &callbacks,
                                      NULL, &session);
    assert_string_equal(error_message(error), "\"ptcp:1\" is not the name of "
                        "an active connection");
    error_free(error);
}

static int
setup(void **state)
{
    return mkdtemp(dir) ? 0 : -1;
}

static int
teardown(void **state)
{
    return rmdir(dir);
}

int
session_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages_pass_and_echo_does_not),
        cmocka_unit_test(test_probes_keep_a_silent_session),
        cmocka_unit_test(test_reconnects_to_the_next_remote),
        cmocka_unit_test(test_try_next_goes_round_then_waits),
        cmocka_unit_test(test_accepted_session_ends_once),
        cmocka_unit_test(test_bad_remotes_are_refused),
    };

    return cmocka_run_group_tests_name("session", tests, setup, teardown);
}
