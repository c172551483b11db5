/* SPDX-License-Identifier: Apache-2.0 */
/* Connections between two ends of a socket pair. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/jsonrpc/jsonrpc.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/loop.h"

int jsonrpc_tests(void);

#define WAIT_FOR(CONDITION) \
    do { \
        for (int i_ = 0; !(CONDITION); i_++) { \
            assert_true(i_ < 10000); \
            loop_turn(true); \
        } \
    } while (0)

/* One end: a connection whose other end is the plain socket 'fd'. */
struct end {
    struct jsonrpc *rpc;
    int fd;
    struct str log;             /* What has come, a line each. */
    size_t n_messages;
    bool is_closed;
    size_t stop_after;          /* Messages; then reading is turned off. */
    bool destroy;               /* At the first message. */
};

static void
put_span(struct str *s, const char *name, struct span span)
{
    if (span.data) {
        str_printf(s, " %s=%.*s", name, (int) span.size, span.data);
    }
}

static void
message(struct jsonrpc *rpc, const struct jsonrpc_message *m, void *end_)
{
    static const char *const types[] = {
        [JSONRPC_REQUEST] = "request", [JSONRPC_NOTIFY] = "notify",
        [JSONRPC_REPLY] = "reply", [JSONRPC_ERROR] = "error",
    };
    struct end *end = end_;

    assert_false(end->is_closed);
    str_put(&end->log, types[m->type]);
    if (m->method) {
        str_printf(&end->log, " %s", m->method);
    }
    put_span(&end->log, "params", m->params);
    put_span(&end->log, "result", m->result);
    put_span(&end->log, "error", m->error);
    put_span(&end->log, "id", m->id);
    str_put_char(&end->log, '\n');
    if (++end->n_messages == end->stop_after) {
        jsonrpc_set_reading(rpc, false);
    }
    if (end->destroy) {
        jsonrpc_destroy(rpc);
        end->rpc = NULL;
    }
}

static void
closed(struct jsonrpc *rpc, const struct error *error, void *end_)
{
    struct end *end = end_;

    end->is_closed = true;
    str_printf(&end->log, "closed%s%s\n", error ? ": " : "",
               error ? error_message(error) : "");
}

static const struct jsonrpc_callbacks callbacks = {
    .message = message,
    .closed = closed,
};

static const struct stream_callbacks no_callbacks = { .input = NULL };

static void
end_init(struct end *end)
{
    struct stream *stream;
    int fds[2];

    *end = (struct end) { .fd = -1 };
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    char *name = xasprintf("fd:%d", fds[0]);
    assert_null(stream_open(name, 0, &no_callbacks, NULL, &stream));
    free(name);
    stream_set_reading(stream, false);
    WAIT_FOR(stream_is_open(stream));
    stream_set_reading(stream, true);
    end->rpc = jsonrpc_create(stream, &callbacks, end);
    end->fd = fds[1];
}

static void
end_uninit(struct end *end)
{
    jsonrpc_destroy(end->rpc);
    close(end->fd);
    str_uninit(&end->log);
    loop_turn(false);
}

static void
put(struct end *end, const char *s)
{
    assert_int_equal(write(end->fd, s, strlen(s)), strlen(s));
}

/* Sends 's', waits for the end of the connection and compares. */
static void
assert_comes(const char *s, const char *expected)
{
    struct end end;

    end_init(&end);
    put(&end, s);
    shutdown(end.fd, SHUT_WR);
    WAIT_FOR(end.is_closed);
    assert_string_equal(str_cstr(&end.log), expected);
    end_uninit(&end);
}

static void
test_messages_are_sorted_by_kind(void **state)
{
    assert_comes("{\"id\":1,\"method\":\"f\",\"params\":[1,\"x\"]}"
                 "{\"method\":\"g\",\"params\":[],\"id\":null}\n"
                 "{\"method\":\"h\",\"params\":[]}"
                 "{\"id\":[\"a\"],\"result\":{},\"error\":null}"
                 "{\"id\":\"q\",\"result\":null,\"error\":null}"
                 "{\"id\":2,\"result\":null,\"error\":\"bad\"}"
                 "{\"id\":3,\"error\":{}}"
                 "{\"id\":4,\"method\":\"a\\\"\\u00e9\",\"params\":[]}",
                 "request f params=[1,\"x\"] id=1\n"
                 "notify g params=[]\n"
                 "notify h params=[]\n"
                 "reply result={} id=[\"a\"]\n"
                 "reply result=null id=\"q\"\n"
                 "error error=\"bad\" id=2\n"
                 "error error={} id=3\n"
                 "request a\"\xc3\xa9 params=[] id=4\n"
                 "closed\n");
}

static void
test_what_is_no_message_ends_the_connection(void **state)
{
    static const struct {
        const char *text;
        const char *reason;
    } rows[] = {
        { "{}", "reply must have an \"id\"" },
        { "{\"id\":1}", "reply must have a result or an error" },
        { "{\"id\":null,\"result\":1,\"error\":null}",
          "reply must have an \"id\"" },
        { "{\"id\":1,\"result\":1,\"error\":2}",
          "reply must not have both a result and an error" },
        { "{\"id\":1,\"result\":1,\"params\":[]}",
          "reply must not have \"params\"" },
        { "{\"id\":1,\"method\":\"x\"}", "\"params\" must be an array" },
        { "{\"id\":1,\"method\":\"x\",\"params\":{}}",
          "\"params\" must be an array" },
        { "{\"id\":1,\"method\":7,\"params\":[]}",
          "\"method\" must be a string" },
        { "{\"id\":1,\"method\":\"\\x\",\"params\":[]}",
          "\"method\" must be a string" },
        { "{\"id\":1,\"method\":\"x\",\"params\":[],\"result\":1}",
          "request must not have a result or an error" },
        { "{\"id\":1,\"id\":2,\"result\":1}",
          "message has duplicate member \"id\"" },
        { "{\"id\":1,\"answer\":2}",
          "message has unexpected member \"answer\"" },
        { "nonsense", "JSON syntax: message is not an object" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char *expected = xasprintf("closed: %s\n", rows[i].reason);

        assert_comes(rows[i].text, expected);
        free(expected);
    }

    /* Nothing after it is heard. */
    assert_comes("{\"method\":\"a\",\"params\":[]}{]"
                 "{\"method\":\"b\",\"params\":[]}",
                 "notify a params=[]\n"
                 "closed: JSON syntax: name expected\n");
}

static void
test_id_must_be_json(void **state)
{
    struct end end;

    end_init(&end);
    put(&end, "{\"id\":[1,,],\"method\":\"x\",\"params\":[]}");
    WAIT_FOR(end.is_closed);
    assert_non_null(strstr(str_cstr(&end.log), "closed: \"id\": JSON"));
    end_uninit(&end);
}

/* What the other end of 'end' has got, up to now. */
static const char *
got(struct end *end)
{
    static char buffer[4096];

    WAIT_FOR(!jsonrpc_backlog_bytes(end->rpc));
    ssize_t n = recv(end->fd, buffer, sizeof buffer - 1, MSG_DONTWAIT);
    assert_true(n >= 0);
    buffer[n] = '\0';
    return buffer;
}

static void
test_sending(void **state)
{
    struct end end;

    end_init(&end);
    uint64_t writes = counter_read("stream_write");
    uint64_t id = jsonrpc_send_request(end.rpc, "f",
                                       json_pack("[i,s]", 1, "x"));
    jsonrpc_send_notify(end.rpc, "n\"", json_array());
    jsonrpc_send_reply(end.rpc, SPAN_LITERAL("7"), json_true());
    jsonrpc_send_error_text(end.rpc, SPAN_LITERAL("\"a\""), "e", NULL);
    jsonrpc_send_error_text(end.rpc, SPAN_LITERAL("8"), "e", "d\n");
    jsonrpc_send_reply_text(end.rpc, SPAN_LITERAL("9"), SPAN_LITERAL("{}"));
    assert_string_equal(got(&end),
        "{\"method\":\"f\",\"params\":[1,\"x\"],\"id\":0}"
        "{\"method\":\"n\\\"\",\"params\":[],\"id\":null}"
        "{\"id\":7,\"result\":true,\"error\":null}"
        "{\"id\":\"a\",\"result\":null,\"error\":\"e\"}"
        "{\"id\":8,\"result\":null,\"error\":{\"error\":\"e\","
        "\"details\":\"d\\n\"}}"
        "{\"id\":9,\"result\":{},\"error\":null}");
    assert_int_equal(counter_read("stream_write") - writes, 1);
    assert_true(jsonrpc_id_is(SPAN_LITERAL("0"), id));
    assert_false(jsonrpc_id_is(SPAN_LITERAL("\"0\""), id));
    assert_false(jsonrpc_id_is(SPAN_LITERAL(""), id));
    assert_false(jsonrpc_id_is(SPAN_LITERAL("00000000000000000000"), id));
    end_uninit(&end);
}

static void
assert_quoted(const char *s, const char *expected)
{
    struct str out = STR_EMPTY;
    json_t *json;

    jsonrpc_put_string(&out, s);
    assert_string_equal(str_cstr(&out), expected);
    assert_null(jsonrpc_parse((struct span) { out.string, out.length },
                              &json));
    json_decref(json);
    str_uninit(&out);
}

/* Whatever is in a string, what goes out is JSON. */
static void
test_strings_are_quoted(void **state)
{
    assert_quoted("", "\"\"");
    assert_quoted("a\"\\/\b\f\n\r\t\x01\x7f",
                  "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\x7f\"");
    assert_quoted("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
                  "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
    assert_quoted("\xff" "a\xc3", "\"\xef\xbf\xbd" "a\xef\xbf\xbd\"");
    assert_quoted("\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\"");
    assert_quoted("\xed\xa0\x80",
                  "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

/* Back-pressure: messages that have been read already wait as well. */
static void
test_reading_can_be_held_back(void **state)
{
    struct end end;

    end_init(&end);
    end.stop_after = 2;
    for (int i = 0; i < 5; i++) {
        put(&end, "{\"method\":\"a\",\"params\":[]}");
    }
    WAIT_FOR(end.n_messages == 2);
    for (int i = 0; i < 5; i++) {
        loop_turn(false);
    }
    assert_int_equal(end.n_messages, 2);

    end.stop_after = 4;
    jsonrpc_set_reading(end.rpc, true);
    WAIT_FOR(end.n_messages == 4);
    put(&end, "{\"method\":\"b\",\"params\":[]}");
    jsonrpc_set_reading(end.rpc, true);
    WAIT_FOR(end.n_messages == 6);
    end_uninit(&end);
}

static void
test_length_is_bounded(void **state)
{
    struct end end;

    end_init(&end);
    jsonrpc_set_max_bytes(end.rpc, 100);
    put(&end, "{\"method\":\"a\",\"params\":[\"");
    for (int i = 0; i < 20; i++) {
        put(&end, "0123456789");
        loop_turn(false);
    }
    WAIT_FOR(end.is_closed);
    assert_string_equal(str_cstr(&end.log),
                        "closed: message is longer than 100 bytes\n");
    end_uninit(&end);
}

static void
test_callback_may_destroy(void **state)
{
    struct end end;

    end_init(&end);
    end.destroy = true;
    put(&end, "{\"method\":\"a\",\"params\":[]}{\"method\":\"b\","
              "\"params\":[]}");
    WAIT_FOR(!end.rpc);
    assert_string_equal(str_cstr(&end.log), "notify a params=[]\n");
    end_uninit(&end);
}

int
jsonrpc_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages_are_sorted_by_kind),
        cmocka_unit_test(test_what_is_no_message_ends_the_connection),
        cmocka_unit_test(test_id_must_be_json),
        cmocka_unit_test(test_sending),
        cmocka_unit_test(test_strings_are_quoted),
        cmocka_unit_test(test_reading_can_be_held_back),
        cmocka_unit_test(test_length_is_bounded),
        cmocka_unit_test(test_callback_may_destroy),
    };

    return cmocka_run_group_tests_name("jsonrpc", tests, NULL, NULL);
}
