/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/jsonrpc/jsonrpc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/list.h"
#include "lib/jsonrpc/framer.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/log.h"
#include "lib/runtime/loop.h"

LOG_MODULE(jsonrpc);

COUNTER(jsonrpc_message_in);
COUNTER(jsonrpc_bad_message);

_Static_assert(JSONRPC_MAX_DEPTH == FRAMER_MAX_DEPTH, "one bound");

struct jsonrpc {
    struct stream *stream;
    const struct jsonrpc_callbacks *callbacks;
    void *aux;
    struct framer framer;

    bool is_reading;
    struct str pending;         /* Read, but held back: reading was off. */
    struct list resume_node;    /* In 'resumed' after it went on again. */

    unsigned int n_holds;       /* Calls under way that use this. */
    bool is_destroyed;          /* Freed when 'n_holds' is 0. */
    uint64_t next_id;
};

static struct list resumed = LIST_INITIALIZER(&resumed);
static struct step step;

/* Reading. */

struct error *
jsonrpc_parse(struct span text, json_t **ret)
{
    json_error_t where;
    json_t *json = json_loadb(text.data, text.size, JSON_DECODE_ANY, &where);

    if (!json) {
        return error_create(EPROTO, "JSON syntax: %s", where.text);
    }
    *ret = json;
    return NULL;
}

static bool
is_null(struct span value)
{
    return !value.data || span_equals_string(value, "null");
}

/* Turns the JSON string 'text' into a C string, for free(); NULL if it is
 * none. */
static char *
parse_string(struct span text)
{
    char *result = NULL;
    json_t *json;

    if (text.size < 2 || text.data[0] != '"') {
        return NULL;
    }
    if (!memchr(text.data, '\\', text.size)) {
        return xmemdup0(text.data + 1, text.size - 2);
    }
    struct error *error = jsonrpc_parse(text, &json);
    if (error) {
        error_free(error);
        return NULL;
    }
    if (json_is_string(json)) {
        result = xstrdup(json_string_value(json));
    }
    json_decref(json);
    return result;
}

/* Sorts the members of 'text' into '*method' and '*message'. */
static struct error *
sort_members(const struct framer *f, struct jsonrpc_message *message,
             struct span *method)
{
    const struct {
        struct span name;
        struct span *value;
    } rows[] = {
        { SPAN_LITERAL("method"), method },
        { SPAN_LITERAL("params"), &message->params },
        { SPAN_LITERAL("id"), &message->id },
        { SPAN_LITERAL("result"), &message->result },
        { SPAN_LITERAL("error"), &message->error },
    };

    for (size_t i = 0; i < f->n_members; i++) {
        const struct framer_member *m = &f->members[i];
        struct span key = { message->text.data + m->key_start,
                            m->key_end - m->key_start };
        struct span *value = NULL;

        for (size_t j = 0; j < ARRAY_SIZE(rows); j++) {
            if (span_equals(key, rows[j].name)) {
                value = rows[j].value;
            }
        }
        if (!value || value->data) {
            return error_create(EPROTO, "message has %s member \"%.*s\"",
                                value ? "duplicate" : "unexpected",
                                (int) MIN(key.size, 40), key.data);
        }
        *value = (struct span) { message->text.data + m->value_start,
                                 m->value_end - m->value_start };
    }
    return NULL;
}

static struct error *
parse_call(struct jsonrpc_message *message, struct span method)
{
    if (!is_null(message->result) || !is_null(message->error)) {
        return error_create(EPROTO, "request must not have a result or an "
                            "error");
    }
    if (!message->params.data || message->params.data[0] != '[') {
        return error_create(EPROTO, "\"params\" must be an array");
    }
    message->method = parse_string(method);
    if (!message->method) {
        return error_create(EPROTO, "\"method\" must be a string");
    }
    if (is_null(message->id)) {
        message->type = JSONRPC_NOTIFY;
        message->id = SPAN_NULL;
    } else {
        message->type = JSONRPC_REQUEST;
    }
    message->result = message->error = SPAN_NULL;
    return NULL;
}

static struct error *
parse_answer(struct jsonrpc_message *message)
{
    if (is_null(message->id)) {
        return error_create(EPROTO, "reply must have an \"id\"");
    }
    if (!is_null(message->params)) {
        return error_create(EPROTO, "reply must not have \"params\"");
    }
    message->params = SPAN_NULL;
    if (!is_null(message->error)) {
        if (!is_null(message->result)) {
            return error_create(EPROTO, "reply must not have both a result "
                                "and an error");
        }
        message->type = JSONRPC_ERROR;
        message->result = SPAN_NULL;
        return NULL;
    }
    if (!message->result.data) {
        return error_create(EPROTO, "reply must have a result or an error");
    }
    message->type = JSONRPC_REPLY;
    message->error = SPAN_NULL;
    return NULL;
}

/* The small numbers that most peers use as ids, which need no parser. */
static bool
is_plain_number(struct span s)
{
    if (!s.size || s.size > 18 || (s.data[0] == '0' && s.size > 1)) {
        return false;
    }
    for (size_t i = 0; i < s.size; i++) {
        if (s.data[i] < '0' || s.data[i] > '9') {
            return false;
        }
    }
    return true;
}

/* The id goes back to the peer as it is, so it must be JSON. */
static struct error *
check_id(struct span id)
{
    json_t *json;
    struct error *error;

    if (!id.data || is_plain_number(id)) {
        return NULL;
    }
    error = jsonrpc_parse(id, &json);
    if (error) {
        return error_wrap(error, "\"id\"");
    }
    json_decref(json);
    return NULL;
}

/* The caller frees 'message->method'. */
static struct error *
parse_message(const struct framer *f, struct span text,
              struct jsonrpc_message *message)
{
    struct span method = SPAN_NULL;
    struct error *error;

    *message = (struct jsonrpc_message) { .text = text };
    error = sort_members(f, message, &method);
    if (!error) {
        error = (is_null(method) ? parse_answer(message)
                 : parse_call(message, method));
    }
    if (!error) {
        error = check_id(message->id);
    }
    return error;
}

static void
hold(struct jsonrpc *rpc)
{
    rpc->n_holds++;
}

static void
free_rpc(struct jsonrpc *rpc)
{
    framer_uninit(&rpc->framer);
    str_uninit(&rpc->pending);
    free(rpc);
}

/* Returns false if 'rpc' is gone. */
static bool
let_go(struct jsonrpc *rpc)
{
    rpc->n_holds--;
    if (!rpc->is_destroyed) {
        return true;
    }
    if (!rpc->n_holds) {
        free_rpc(rpc);
    }
    return false;
}

/* Ends the connection for bad input.  Takes 'error'. */
static void
refuse(struct jsonrpc *rpc, struct error *error)
{
    counter_inc(jsonrpc_bad_message);
    stream_set_reading(rpc->stream, false);
    rpc->is_reading = false;
    str_clear(&rpc->pending);
    rpc->callbacks->closed(rpc, error, rpc->aux);
    error_free(error);
}

static void
hand_over(struct jsonrpc *rpc, struct span text)
{
    struct jsonrpc_message message;
    struct error *error = parse_message(&rpc->framer, text, &message);

    counter_inc(jsonrpc_message_in);
    if (error) {
        refuse(rpc, error);
    } else {
        rpc->callbacks->message(rpc, &message, rpc->aux);
    }
    free(message.method);
}

/* Works off 'size' bytes until reading is turned off; keeps the rest.  The
 * caller holds 'rpc'. */
static void
process(struct jsonrpc *rpc, const char *data, size_t size)
{
    while (size && rpc->is_reading && !rpc->is_destroyed) {
        struct span text;
        struct error *error = framer_feed(&rpc->framer, &data, &size, &text);

        if (error) {
            refuse(rpc, error);
            return;
        }
        if (text.data) {
            hand_over(rpc, text);
        }
    }
    if (size && !rpc->is_destroyed) {
        str_put_bytes(&rpc->pending, data, size);
    }
}

static void
stream_input(struct stream *stream UNUSED, const char *data, size_t size,
             void *rpc_)
{
    struct jsonrpc *rpc = rpc_;

    hold(rpc);
    process(rpc, data, size);
    let_go(rpc);
}

static void
stream_closed(struct stream *stream UNUSED, const struct error *error,
              void *rpc_)
{
    struct jsonrpc *rpc = rpc_;

    rpc->callbacks->closed(rpc, error, rpc->aux);
}

static void
stream_drained(struct stream *stream UNUSED, void *rpc_)
{
    struct jsonrpc *rpc = rpc_;

    if (rpc->callbacks->drained) {
        rpc->callbacks->drained(rpc, rpc->aux);
    }
}

static const struct stream_callbacks stream_callbacks = {
    .input = stream_input,
    .closed = stream_closed,
    .drained = stream_drained,
};

/* Goes on where reading was turned off. */
static void
run_resumed(void *aux UNUSED)
{
    while (!list_is_empty(&resumed)) {
        struct jsonrpc *rpc = CONTAINER_OF(resumed.next, struct jsonrpc,
                                           resume_node);
        struct str pending = rpc->pending;

        list_remove(&rpc->resume_node);
        if (!rpc->is_reading) {
            continue;
        }
        str_init(&rpc->pending);
        hold(rpc);
        process(rpc, str_cstr(&pending), pending.length);
        if (let_go(rpc) && rpc->is_reading) {
            stream_set_reading(rpc->stream, true);
        }
        str_uninit(&pending);
    }
}

void
jsonrpc_set_reading(struct jsonrpc *rpc, bool on)
{
    if (rpc->is_reading == on) {
        return;
    }
    rpc->is_reading = on;
    if (!on) {
        stream_set_reading(rpc->stream, false);
    } else if (list_is_empty(&rpc->resume_node)) {
        list_push_back(&resumed, &rpc->resume_node);
        step_wake(&step);
    }
}

/* Life. */

struct jsonrpc *
jsonrpc_create(struct stream *stream,
               const struct jsonrpc_callbacks *callbacks, void *aux)
{
    struct jsonrpc *rpc = xzalloc(sizeof *rpc);

    if (!step.run) {
        step_init(&step, "jsonrpc", run_resumed, NULL);
    }
    rpc->stream = stream;
    rpc->callbacks = callbacks;
    rpc->aux = aux;
    rpc->is_reading = true;
    list_init(&rpc->resume_node);
    framer_init(&rpc->framer, JSONRPC_DEFAULT_MAX_BYTES);
    stream_set_callbacks(stream, &stream_callbacks, rpc);
    return rpc;
}

static void
release(struct jsonrpc *rpc)
{
    list_remove(&rpc->resume_node);
    rpc->stream = NULL;
    rpc->is_destroyed = true;
    if (!rpc->n_holds) {
        free_rpc(rpc);
    }
}

void
jsonrpc_destroy(struct jsonrpc *rpc)
{
    if (rpc && !rpc->is_destroyed) {
        stream_destroy(rpc->stream);
        release(rpc);
    }
}

void
jsonrpc_destroy_after_flush(struct jsonrpc *rpc)
{
    if (rpc && !rpc->is_destroyed) {
        stream_destroy_after_flush(rpc->stream);
        release(rpc);
    }
}

void
jsonrpc_set_callbacks(struct jsonrpc *rpc,
                      const struct jsonrpc_callbacks *callbacks, void *aux)
{
    rpc->callbacks = callbacks;
    rpc->aux = aux;
}

void
jsonrpc_set_max_bytes(struct jsonrpc *rpc, size_t max_bytes)
{
    /* Not below what has been let in of a message. */
    rpc->framer.max_bytes = MAX(max_bytes, rpc->framer.offset);
}

const char *
jsonrpc_name(const struct jsonrpc *rpc)
{
    return stream_name(rpc->stream);
}

struct stream *
jsonrpc_stream(struct jsonrpc *rpc)
{
    return rpc->stream;
}

bool
jsonrpc_is_reading(const struct jsonrpc *rpc)
{
    return rpc->is_reading;
}

size_t
jsonrpc_backlog_bytes(const struct jsonrpc *rpc)
{
    return stream_backlog_bytes(rpc->stream);
}

/* Writing. */

void
jsonrpc_write(struct jsonrpc *rpc, const void *data, size_t size)
{
    stream_write(rpc->stream, data, size);
}

void
jsonrpc_write_take(struct jsonrpc *rpc, struct rcbuf *buf)
{
    stream_write_take(rpc->stream, buf);
}

static void
write_string(struct jsonrpc *rpc, const char *s)
{
    stream_write(rpc->stream, s, strlen(s));
}

static void
write_span(struct jsonrpc *rpc, struct span span)
{
    stream_write(rpc->stream, span.data, span.size);
}

static int
dump_piece(const char *data, size_t size, void *rpc)
{
    jsonrpc_write(rpc, data, size);
    return 0;
}

/* Writes 'json', which it steals. */
static void
write_json(struct jsonrpc *rpc, json_t *json)
{
    if (json_dump_callback(json, dump_piece, rpc,
                           JSON_COMPACT | JSON_ENCODE_ANY)) {
        abort_msg("a JSON value of ours cannot be written");
    }
    json_decref(json);
}

/* '{"method":"...","params":' */
static void
write_call(struct jsonrpc *rpc, const char *method)
{
    struct str s = STR_EMPTY;

    str_put(&s, "{\"method\":");
    jsonrpc_put_string(&s, method);
    str_put(&s, ",\"params\":");
    stream_write(rpc->stream, s.string, s.length);
    str_uninit(&s);
}

static uint64_t
write_request_end(struct jsonrpc *rpc)
{
    struct str s = STR_EMPTY;
    uint64_t id = rpc->next_id++;

    str_put(&s, ",\"id\":");
    str_put_uint(&s, id);
    str_put_char(&s, '}');
    stream_write(rpc->stream, s.string, s.length);
    str_uninit(&s);
    return id;
}

uint64_t
jsonrpc_send_request(struct jsonrpc *rpc, const char *method, json_t *params)
{
    write_call(rpc, method);
    write_json(rpc, params);
    return write_request_end(rpc);
}

uint64_t
jsonrpc_send_request_text(struct jsonrpc *rpc, const char *method,
                          struct span params)
{
    write_call(rpc, method);
    write_span(rpc, params);
    return write_request_end(rpc);
}

uint64_t
jsonrpc_send_request_take(struct jsonrpc *rpc, const char *method,
                          struct str *params)
{
    write_call(rpc, method);
    stream_write_take(rpc->stream, rcbuf_steal_str(params));
    return write_request_end(rpc);
}

void
jsonrpc_send_notify(struct jsonrpc *rpc, const char *method, json_t *params)
{
    write_call(rpc, method);
    write_json(rpc, params);
    write_string(rpc, ",\"id\":null}");
}

void
jsonrpc_send_notify_text(struct jsonrpc *rpc, const char *method,
                         struct span params)
{
    write_call(rpc, method);
    write_span(rpc, params);
    write_string(rpc, ",\"id\":null}");
}

static void
write_reply_head(struct jsonrpc *rpc, struct span id)
{
    write_string(rpc, "{\"id\":");
    write_span(rpc, id);
}

void
jsonrpc_send_reply(struct jsonrpc *rpc, struct span id, json_t *result)
{
    write_reply_head(rpc, id);
    write_string(rpc, ",\"result\":");
    write_json(rpc, result);
    write_string(rpc, ",\"error\":null}");
}

void
jsonrpc_send_reply_text(struct jsonrpc *rpc, struct span id,
                        struct span result)
{
    write_reply_head(rpc, id);
    write_string(rpc, ",\"result\":");
    write_span(rpc, result);
    write_string(rpc, ",\"error\":null}");
}

void
jsonrpc_send_error(struct jsonrpc *rpc, struct span id, json_t *error)
{
    write_reply_head(rpc, id);
    write_string(rpc, ",\"result\":null,\"error\":");
    write_json(rpc, error);
    write_string(rpc, "}");
}

void
jsonrpc_send_error_json(struct jsonrpc *rpc, struct span id,
                        struct span error)
{
    write_reply_head(rpc, id);
    write_string(rpc, ",\"result\":null,\"error\":");
    write_span(rpc, error);
    write_string(rpc, "}");
}

void
jsonrpc_send_error_text(struct jsonrpc *rpc, struct span id, const char *text,
                        const char *details)
{
    struct str s = STR_EMPTY;

    if (details) {
        str_put(&s, "{\"error\":");
        jsonrpc_put_string(&s, text);
        str_put(&s, ",\"details\":");
        jsonrpc_put_string(&s, details);
        str_put_char(&s, '}');
    } else {
        jsonrpc_put_string(&s, text);
    }
    jsonrpc_send_error_json(rpc, id, (struct span) { s.string, s.length });
    str_uninit(&s);
}

bool
jsonrpc_id_is(struct span id, uint64_t n)
{
    uint64_t value = 0;

    for (size_t i = 0; i < id.size; i++) {
        value = value * 10 + (id.data[i] - '0');
    }
    return is_plain_number(id) && value == n;
}

/* Length of the UTF-8 sequence at 's', 0 if it is malformed, overlong, a
 * surrogate or out of range. */
static size_t
utf8_length(const uint8_t *s)
{
    static const struct {
        uint8_t mask, lead;
        size_t length;
        uint32_t min;
    } rows[] = {
        { 0xe0, 0xc0, 2, 0x80 },
        { 0xf0, 0xe0, 3, 0x800 },
        { 0xf8, 0xf0, 4, 0x10000 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if ((s[0] & rows[i].mask) != rows[i].lead) {
            continue;
        }
        uint32_t code = s[0] & ~rows[i].mask;
        for (size_t j = 1; j < rows[i].length; j++) {
            if ((s[j] & 0xc0) != 0x80) {
                return 0;
            }
            code = code << 6 | (s[j] & 0x3f);
        }
        return (code < rows[i].min || code > 0x10ffff
                || (code >= 0xd800 && code < 0xe000) ? 0 : rows[i].length);
    }
    return 0;
}

static void
put_escape(struct str *out, uint8_t c)
{
    static const char letters[] = {
        ['"'] = '"', ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
        ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't',
    };

    if (c < sizeof letters && letters[c]) {
        str_put_char(out, '\\');
        str_put_char(out, letters[c]);
    } else {
        str_printf(out, "\\u%04x", c);
    }
}

void
jsonrpc_put_string(struct str *out, const char *s_)
{
    const uint8_t *s = (const uint8_t *) s_;

    str_put_char(out, '"');
    while (*s) {
        size_t n = 0;

        while (s[n] >= 0x20 && s[n] < 0x80 && s[n] != '"' && s[n] != '\\') {
            n++;
        }
        str_put_bytes(out, s, n);
        s += n;
        if (!*s) {
            break;
        }
        if (*s < 0x80) {
            put_escape(out, *s++);
            continue;
        }
        n = utf8_length(s);
        if (n) {
            str_put_bytes(out, s, n);
            s += n;
        } else {
            str_put(out, "\xef\xbf\xbd");
            s++;
        }
    }
    str_put_char(out, '"');
}
