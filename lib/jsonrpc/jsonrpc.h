/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JSONRPC_JSONRPC_H
#define JSONRPC_JSONRPC_H

/* JSON-RPC 1.0 over one stream, both roles at once.
 *
 * A message is handed over as the text that came, with its members found but
 * not parsed: who wants a tree asks for it, who reads the text directly (the
 * OVSDB hot paths) pays for no tree.
 *
 * Writing queues, as streams do: all messages of a turn leave together.  Watch
 * jsonrpc_backlog_bytes() for a peer that does not read.
 * Threads: the main one. */

#include <jansson.h>

#include "lib/base/error.h"
#include "lib/base/rcbuf.h"
#include "lib/base/span.h"
#include "lib/stream/stream.h"

/* Nesting of arrays and objects; more ends the connection. */
#define JSONRPC_MAX_DEPTH 1000

/* What a message may be long, unless the owner says otherwise. */
#define JSONRPC_DEFAULT_MAX_BYTES (64 * 1024 * 1024)

enum jsonrpc_type {
    JSONRPC_REQUEST,        /* method, params, id */
    JSONRPC_NOTIFY,         /* method, params; id is null */
    JSONRPC_REPLY,          /* result, id; error is null */
    JSONRPC_ERROR,          /* error, id; result is null or absent */
};

/* A message that has come.  Everything is there for the time of the callback
 * only.  'params' is an array, text and all; a span that its type lacks is
 * SPAN_NULL.  Each span is JSON text, brackets and quotes included, whose
 * brackets are known to balance; the rest of its syntax is for its reader to
 * check. */
struct jsonrpc_message {
    enum jsonrpc_type type;
    char *method;           /* Unquoted, null-terminated; NULL if none. */
    struct span params;
    struct span id;
    struct span result;
    struct span error;
    struct span text;       /* The whole. */
};

/* Parses 'text' (such as message->params) into a tree for json_decref(), or
 * returns an error. */
struct error *jsonrpc_parse(struct span text, json_t **ret) MUST_USE;

struct jsonrpc;

struct jsonrpc_callbacks {
    void (*message)(struct jsonrpc *, const struct jsonrpc_message *,
                    void *aux);

    /* The connection has ended: by the peer ('error' is NULL), for an I/O
     * error or for input that is no JSON-RPC.  The owner destroys it. */
    void (*closed)(struct jsonrpc *, const struct error *error, void *aux);

    /* Everything queued has been written.  May be NULL. */
    void (*drained)(struct jsonrpc *, void *aux);
};

/* Speaks over 'stream', which is open and becomes the connection's. */
struct jsonrpc *jsonrpc_create(struct stream *stream,
                               const struct jsonrpc_callbacks *, void *aux);

/* Closes at once.  NULL is fine.  May be called from a callback. */
void jsonrpc_destroy(struct jsonrpc *);

/* Closes when what is queued has been written, as
 * stream_destroy_after_flush(). */
void jsonrpc_destroy_after_flush(struct jsonrpc *);

void jsonrpc_set_callbacks(struct jsonrpc *, const struct jsonrpc_callbacks *,
                           void *aux);

/* Bounds each incoming message; a longer one ends the connection. */
void jsonrpc_set_max_bytes(struct jsonrpc *, size_t);

/* Stops handing over messages, and reading, until set again. */
void jsonrpc_set_reading(struct jsonrpc *, bool);
bool jsonrpc_is_reading(const struct jsonrpc *);

const char *jsonrpc_name(const struct jsonrpc *);
struct stream *jsonrpc_stream(struct jsonrpc *);
size_t jsonrpc_backlog_bytes(const struct jsonrpc *);

/* Messages as trees.  'params', 'result' and 'error' are stolen.
 * jsonrpc_send_request() returns the number that it used as "id". */
uint64_t jsonrpc_send_request(struct jsonrpc *, const char *method,
                              json_t *params);
void jsonrpc_send_notify(struct jsonrpc *, const char *method,
                         json_t *params);
void jsonrpc_send_reply(struct jsonrpc *, struct span id, json_t *result);
void jsonrpc_send_error(struct jsonrpc *, struct span id, json_t *error);

/* An error reply whose "error" member is the string 'text', or, with a
 * 'details', the object {"error": text, "details": details}. */
void jsonrpc_send_error_text(struct jsonrpc *, struct span id,
                             const char *text, const char *details);

/* An error reply whose "error" member is the JSON 'error'. */
void jsonrpc_send_error_json(struct jsonrpc *, struct span id,
                             struct span error);

/* Messages as text.  The caller answers for their being JSON-RPC; a message
 * may be queued in pieces, such as a head of its own and a shared rest:
 *
 *     jsonrpc_write(rpc, head.string, head.length);
 *     jsonrpc_write_take(rpc, rcbuf_ref(shared));
 *     jsonrpc_write(rpc, "],\"id\":null}", 12);
 */
void jsonrpc_write(struct jsonrpc *, const void *, size_t);
void jsonrpc_write_take(struct jsonrpc *, struct rcbuf *);

/* The same with the text of params or result. */
uint64_t jsonrpc_send_request_text(struct jsonrpc *, const char *method,
                                   struct span params);

/* Likewise without a copy: takes the contents of 'params', which becomes
 * empty. */
uint64_t jsonrpc_send_request_take(struct jsonrpc *, const char *method,
                                   struct str *params);
void jsonrpc_send_notify_text(struct jsonrpc *, const char *method,
                              struct span params);
void jsonrpc_send_reply_text(struct jsonrpc *, struct span id,
                             struct span result);

/* Whether 'id' (as in a reply) is the number 'n' that
 * jsonrpc_send_request() returned. */
bool jsonrpc_id_is(struct span id, uint64_t n);

/* Appends 's' to 'out' as a JSON string with its quotes.  Malformed UTF-8
 * becomes U+FFFD. */
void jsonrpc_put_string(struct str *out, const char *s);

#endif /* jsonrpc/jsonrpc.h */
