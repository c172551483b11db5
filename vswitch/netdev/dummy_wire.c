/* SPDX-License-Identifier: Apache-2.0 */
/* Connections of dummy devices. */

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/list.h"
#include "lib/base/str.h"
#include "lib/packet/headers.h"
#include "lib/runtime/log.h"
#include "lib/runtime/loop.h"
#include "lib/stream/reconnect.h"
#include "lib/stream/stream.h"
#include "vswitch/netdev/dummy_wire.h"

LOG_MODULE(dummy_wire);

/* What may wait for a peer that does not read. */
#define MAX_BACKLOG (1024 * 1024)

struct peer {
    struct list node;            /* In a wire's 'peers'. */
    struct dummy_wire *wire;
    struct stream *stream;
    struct str input;            /* Packets not yet whole. */
};

struct dummy_wire {
    struct list node;            /* In 'wires'. */
    void (*receive)(struct packet *, void *aux);
    void *aux;
    char *active, *passive;
    struct reconnect reconnect;  /* If 'active'. */
    struct listener *listener;   /* If 'passive'. */
    struct list peers;
    struct str output;           /* Guarded by 'mutex', as others send. */
};

static struct list wires = LIST_INITIALIZER(&wires);
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static bool flush_is_due;

static void
peer_destroy(struct peer *peer)
{
    list_remove(&peer->node);
    stream_destroy(peer->stream);
    str_uninit(&peer->input);
    free(peer);
}

static void
peers_destroy(struct dummy_wire *wire)
{
    struct peer *peer;

    LIST_FOR_EACH_SAFE (peer, node, &wire->peers) {
        peer_destroy(peer);
    }
}

static void
peer_closed(struct stream *stream UNUSED, const struct error *error,
            void *peer_)
{
    struct peer *peer = peer_;
    struct dummy_wire *wire = peer->wire;

    peer_destroy(peer);
    if (!wire->active) {
        return;
    }
    if (reconnect_is_connected(&wire->reconnect)) {
        reconnect_disconnected(&wire->reconnect, error);
    } else {
        reconnect_connect_failed(&wire->reconnect, error);
    }
}

static void
peer_opened(struct stream *stream UNUSED, void *peer_)
{
    struct peer *peer = peer_;

    reconnect_connected(&peer->wire->reconnect);
}

/* Takes a whole packet off 'data'; returns how many bytes it was, 0 if it is
 * not whole, -1 if it is no packet. */
static int
take_packet(struct dummy_wire *wire, const char *data, size_t n)
{
    struct packet *packet;
    size_t size;

    if (n < 2) {
        return 0;
    }
    size = (uint8_t) data[0] << 8 | (uint8_t) data[1];
    if (size < sizeof(struct eth_header)) {
        return -1;
    }
    if (n < 2 + size) {
        return 0;
    }
    packet = packet_from_bytes(data + 2, size);
    if (packet) {
        wire->receive(packet, wire->aux);
    }
    return 2 + size;
}

static void
peer_input(struct stream *stream UNUSED, const char *data, size_t size,
           void *peer_)
{
    struct peer *peer = peer_;
    size_t used = 0;
    int n;

    str_put_bytes(&peer->input, data, size);
    while ((n = take_packet(peer->wire, peer->input.string + used,
                            peer->input.length - used)) > 0) {
        used += n;
    }
    if (n < 0) {
        struct error *error = error_create(0, "a packet is too short");

        log_warn("%s: %s", stream_name(peer->stream), error_message(error));
        peer_closed(peer->stream, error, peer);
        error_free(error);
        return;
    }
    memmove(peer->input.string, peer->input.string + used, peer->input.length - used);
    str_truncate(&peer->input, peer->input.length - used);
}

static const struct stream_callbacks peer_callbacks = {
    .opened = peer_opened, .input = peer_input, .closed = peer_closed,
};

static struct peer *
peer_create(struct dummy_wire *wire)
{
    struct peer *peer = xzalloc(sizeof *peer);

    peer->wire = wire;
    str_init(&peer->input);
    list_push_back(&wire->peers, &peer->node);
    return peer;
}

static void
accepted(struct listener *listener UNUSED, struct stream *stream, void *wire)
{
    struct peer *peer = peer_create(wire);

    peer->stream = stream;
    stream_set_callbacks(stream, &peer_callbacks, peer);
}

static const struct listener_callbacks listener_callbacks = {
    .accepted = accepted,
};

static void
connect_wire(void *wire_)
{
    struct dummy_wire *wire = wire_;
    struct peer *peer = peer_create(wire);
    struct error *error = stream_open(wire->active, 0, &peer_callbacks, peer,
                                      &peer->stream);

    if (error) {
        peer->stream = NULL;
        peer_destroy(peer);
        reconnect_connect_failed(&wire->reconnect, error);
        error_free(error);
    }
}

static void
disconnect_wire(const struct error *error UNUSED, void *wire)
{
    peers_destroy(wire);
}

static void
probe_wire(void *wire UNUSED)
{
}

static const struct reconnect_callbacks reconnect_callbacks = {
    .connect = connect_wire, .disconnect = disconnect_wire,
    .probe = probe_wire,
};

/* Hands the streams what has been sent. */
static void
flush(void *aux UNUSED)
{
    struct dummy_wire *wire;

    pthread_mutex_lock(&mutex);
    flush_is_due = false;
    LIST_FOR_EACH (wire, node, &wires) {
        struct peer *peer;

        LIST_FOR_EACH (peer, node, &wire->peers) {
            if (stream_is_open(peer->stream)
                && stream_backlog_bytes(peer->stream) < MAX_BACKLOG) {
                stream_write(peer->stream, wire->output.string,
                             wire->output.length);
            }
        }
        str_clear(&wire->output);
    }
    pthread_mutex_unlock(&mutex);
}

void
dummy_wire_send(struct dummy_wire *wire, const struct packet *packet)
{
    uint8_t size[2] = { packet->size >> 8, packet->size & 0xff };

    if (packet->size > UINT16_MAX) {
        return;
    }
    pthread_mutex_lock(&mutex);
    if (wire->output.length < MAX_BACKLOG) {
        str_put_bytes(&wire->output, size, sizeof size);
        str_put_bytes(&wire->output, packet->data, packet->size);
        if (!flush_is_due) {
            flush_is_due = true;
            loop_post(flush, NULL);
        }
    }
    pthread_mutex_unlock(&mutex);
}

const char *
dummy_wire_state(const struct dummy_wire *wire)
{
    return (!wire->active ? "unknown"
            : reconnect_is_connected(&wire->reconnect) ? "connected"
            : "disconnected");
}

/* Takes both ends away. */
static void
cut(struct dummy_wire *wire)
{
    peers_destroy(wire);
    if (wire->active) {
        reconnect_uninit(&wire->reconnect);
    }
    listener_destroy(wire->listener);
    free(wire->active);
    free(wire->passive);
    wire->active = wire->passive = NULL;
    wire->listener = NULL;
}

static bool
same_name(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

struct error *
dummy_wire_set(struct dummy_wire *wire, const char *active,
               const char *passive)
{
    struct error *error = NULL;

    if (same_name(wire->active, active)
        && same_name(wire->passive, passive)) {
        return NULL;
    }
    cut(wire);
    if (active && passive) {
        return error_create(EINVAL, "options \"stream\" and \"pstream\" "
                            "exclude each other");
    }
    if (passive) {
        error = listener_open(passive, 0, &listener_callbacks, wire,
                              &wire->listener);
        if (!error) {
            wire->passive = xstrdup(passive);
        }
    } else if (active && !stream_name_is_active(active)) {
        error = error_create(EINVAL, "\"%s\" is no stream", active);
    } else if (active) {
        wire->active = xstrdup(active);
        reconnect_init(&wire->reconnect, active, &reconnect_callbacks, wire);
        reconnect_set_probe_interval(&wire->reconnect, 0);
        reconnect_set_backoff(&wire->reconnect, 100, 1000);
        reconnect_enable(&wire->reconnect);
    }
    return error;
}

struct dummy_wire *
dummy_wire_create(void (*receive)(struct packet *, void *aux), void *aux)
{
    struct dummy_wire *wire = xzalloc(sizeof *wire);

    wire->receive = receive;
    wire->aux = aux;
    list_init(&wire->peers);
    str_init(&wire->output);
    pthread_mutex_lock(&mutex);
    list_push_back(&wires, &wire->node);
    pthread_mutex_unlock(&mutex);
    return wire;
}

void
dummy_wire_destroy(struct dummy_wire *wire)
{
    if (wire) {
        cut(wire);
        pthread_mutex_lock(&mutex);
        list_remove(&wire->node);
        pthread_mutex_unlock(&mutex);
        str_uninit(&wire->output);
        free(wire);
    }
}
