/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/daemon/daemon.h"
#include "lib/flow/port.h"
#include "lib/openflow/port_msg.h"
#include "lib/openflow/print.h"
#include "lib/openflow/protocol.h"
#include "lib/openflow/session_msg.h"
#include "lib/openflow/table_msg.h"
#include "lib/openflow/vconn.h"
#include "lib/runtime/loop.h"
#include "vswitch/tools/ofctl.h"

/* Bytes that may wait to be sent, where there is more to be made. */
#define MAX_BACKLOG (4 << 20)

static void init_names(struct session *);

struct session {
    struct vconn *vconn;
    char *name;
    struct list inbox;           /* struct buf's. */
    char *error;                 /* Why it ended; NULL while it has not. */
    uint32_t protocol;           /* enum ofp_protocol that it is in. */
    struct port_map ports, tables;
    struct text_names input_names, output_names;
};

static void
on_connected(struct vconn *vconn, void *aux)
{
}

static void
on_message(struct vconn *vconn, const void *data, size_t size, void *aux)
{
    struct session *s = aux;
    struct ofmsg msg;

    if (!ofmsg_decode(data, size, &msg) && msg.type == OFMSG_ECHO_REQUEST) {
        vconn_take_send(vconn, echo_reply_create(&msg));
        return;
    }
    list_push_back(&s->inbox, &buf_clone_bytes(data, size)->node);
}

static void
on_disconnected(struct vconn *vconn, const struct error *error, void *aux)
{
    struct session *s = aux;

    s->error = xstrdup(error ? error_message(error) : "End of file");
}

static const struct vconn_callbacks callbacks = {
    on_connected, on_message, on_disconnected
};

/* The target that 'name' stands for, for free(). */
static char *
target_of(const char *name, const char *suffix)
{
    char *path, *target;

    if (strchr(name, ':') && vconn_target_is_valid(name)) {
        return xstrdup(name);
    }
    if (!access(name, F_OK) && strchr(name, '/')) {
        return xasprintf("unix:%s", name);
    }
    path = dirs_path(dirs_run(DIRS_OVS), name);
    target = xasprintf("unix:%s.%s", path, suffix);
    free(path);
    if (access(target + 5, F_OK)) {
        program_fatal("%s is not a bridge or a socket", name);
    }
    return target;
}

struct session *
session_open(const char *name, const char *suffix, uint32_t versions)
{
    struct session *s = xzalloc(sizeof *s);
    char *target = target_of(name, suffix);

    s->name = xstrdup(name);
    list_init(&s->inbox);
    program_check(vconn_connect(target, versions ? versions : ofctl.versions,
                                &callbacks, s, &s->vconn));
    while (!vconn_version(s->vconn) && !s->error) {
        loop_turn(true);
    }
    if (s->error) {
        program_fatal("%s: failed to connect to socket (%s)", name,
                      s->error);
    }
    s->protocol = ofp_protocol_from_version(vconn_version(s->vconn));
    init_names(s);
    free(target);
    return s;
}

void
session_close(struct session *s)
{
    vconn_destroy(s->vconn);
    buf_list_destroy(&s->inbox);
    port_map_uninit(&s->ports);
    port_map_uninit(&s->tables);
    free(s->name);
    free(s->error);
    free(s);
}

uint8_t
session_version(const struct session *s)
{
    return vconn_version(s->vconn);
}

void
session_send(struct session *s, struct buf *b)
{
    vconn_take_send(s->vconn, b);
}

void
session_push(struct session *s)
{
    loop_turn(false);
    while (vconn_backlog(s->vconn) > MAX_BACKLOG && !s->error) {
        loop_turn(true);
    }
}

struct buf *
session_receive(struct session *s)
{
    while (list_is_empty(&s->inbox)) {
        if (s->error) {
            program_fatal("%s: OpenFlow receive failed (%s)", s->name,
                          s->error);
        }
        loop_turn(true);
    }
    return LIST_ELEM((struct buf *) NULL, list_pop_front(&s->inbox), node);
}

/* Prints what the switch complains of and ends. */
static void
fail(const struct buf *b)
{
    struct str s = STR_EMPTY;

    fflush(stdout);
    ofp_print(&s, b->data, b->size, NULL, ofctl.verbosity + 1);
    fputs(str_cstr(&s), stderr);
    str_uninit(&s);
    exit(1);
}

/* Waits for the message of 'xid'; others are dropped, errors of any request
 * are fatal. */
static struct buf *
receive_xid(struct session *s, be32 xid)
{
    for (;;) {
        struct buf *b = session_receive(s);
        struct ofmsg msg;
        enum ofperr error = ofmsg_decode(b->data, b->size, &msg);

        if (!error && msg.type == OFMSG_ERROR) {
            fail(b);
        }
        if (msg.xid == xid) {
            if (error) {
                program_fatal("%s: reply is malformed (%s)", s->name,
                              ofperr_name(error));
            }
            return b;
        }
        buf_destroy(b);
    }
}

struct buf *
session_transact(struct session *s, struct buf *b)
{
    be32 xid = get_be32(b->data + 4);

    session_send(s, b);
    return receive_xid(s, xid);
}

void
session_barrier(struct session *s)
{
    buf_destroy(session_transact(
        s, ofmsg_create_empty(OFMSG_BARRIER_REQUEST, session_version(s),
                              ofmsg_alloc_xid())));
}

void
session_do(struct session *s, struct buf *b)
{
    session_send(s, b);
    session_barrier(s);
}

void
session_for_each_part(struct session *s, struct buf *b,
                      void (*each)(const struct ofmsg *, void *aux),
                      void *aux)
{
    be32 xid = get_be32(b->data + 4);
    bool more = true;

    session_send(s, b);
    while (more) {
        struct buf *reply = receive_xid(s, xid);
        struct ofmsg msg;

        if (ofmsg_decode(reply->data, reply->size, &msg)) {
            more = false;
        } else {
            more = msg.is_multipart && msg.more;
            each(&msg, aux);
        }
        buf_destroy(reply);
    }
}

static void
print_part(const struct ofmsg *msg, void *aux)
{
    struct str s = STR_EMPTY;

    ofp_print(&s, msg->data, msg->size, aux, ofctl.verbosity + 1);
    fputs(str_cstr(&s), stdout);
    str_uninit(&s);
}

void
session_dump(struct session *s, struct buf *b)
{
    session_for_each_part(s, b, print_part,
                          (void *) session_output_names(s));
}

static void
add_ports(const struct ofmsg *msg, void *aux)
{
    struct session *s = aux;
    struct switch_features f;
    struct phy_port port;
    struct reader r = ofmsg_reader(msg);

    if (msg->type == OFMSG_FEATURES_REPLY
        && switch_features_decode(&f, msg, &r)) {
        return;
    }
    while (!phy_port_decode(&port, msg->version, &r)) {
        port_map_put(&s->ports, port.port_no, port.name);
    }
}

static void
fetch_ports(struct port_map *map UNUSED, void *s_)
{
    struct session *s = s_;
    uint8_t version = session_version(s);

    session_for_each_part(
        s, version == OFP10_VERSION
        ? ofmsg_create_empty(OFMSG_FEATURES_REQUEST, version,
                             ofmsg_alloc_xid())
        : port_desc_request_encode(version, OFPP_NONE), add_ports, s);
}

static void
add_tables(const struct ofmsg *msg, void *aux)
{
    struct session *s = aux;
    struct reader r = ofmsg_reader(msg);
    struct table_features tf;
    struct table_stats ts;

    if (msg->type == OFMSG_TABLE_STATS_REPLY) {
        while (!table_stats_decode(&ts, msg->version, &r)) {
            if (*ts.name) {
                port_map_put(&s->tables, ts.table_id, ts.name);
            }
        }
    } else if (msg->type == OFMSG_TABLE_FEATURES_REPLY) {
        while (!table_features_decode(&tf, msg, &r)) {
            if (*tf.name) {
                port_map_put(&s->tables, tf.table_id, tf.name);
            }
        }
    }
}

static void
fetch_tables(struct port_map *map UNUSED, void *s_)
{
    struct session *s = s_;
    uint8_t version = session_version(s);

    session_for_each_part(
        s, ofmsg_create_empty(version == OFP10_VERSION
                              ? OFMSG_TABLE_STATS_REQUEST
                              : OFMSG_TABLE_FEATURES_REQUEST, version,
                              ofmsg_alloc_xid()), add_tables, s);
}

static void
init_names(struct session *s)
{
    bool shows = ofctl.names < 0 ? isatty(STDOUT_FILENO) : ofctl.names;

    port_map_init(&s->ports);
    port_map_init(&s->tables);
    s->ports.fill = fetch_ports;
    s->tables.fill = fetch_tables;
    s->ports.fill_aux = s->tables.fill_aux = s;
    if (ofctl.names) {
        s->input_names = (struct text_names) { &s->ports, &s->tables };
    }
    if (shows) {
        s->output_names = (struct text_names) { &s->ports, &s->tables };
    }
}

const struct text_names *
session_input_names(const struct session *s)
{
    return &s->input_names;
}

const struct text_names *
session_output_names(const struct session *s)
{
    return &s->output_names;
}

uint32_t
session_set_protocol(struct session *s, uint32_t usable, bool prefer_nxm)
{
    static const uint32_t plain[] = {
        OFP_PROTO_10, OFP_PROTO_10_TID, OFP_PROTO_10_NXM,
        OFP_PROTO_10_NXM_TID
    };
    static const uint32_t nxm[] = {
        OFP_PROTO_10_NXM, OFP_PROTO_10_NXM_TID, OFP_PROTO_10,
        OFP_PROTO_10_TID
    };
    uint32_t allowed = usable & ofctl.protocols;
    uint32_t want = s->protocol;
    uint32_t next;
    struct buf *b;

    if (session_version(s) == OFP10_VERSION) {
        want = 0;
        for (size_t i = 0; i < ARRAY_SIZE(plain) && !want; i++) {
            want = (prefer_nxm ? nxm[i] : plain[i]) & allowed;
        }
    } else {
        want &= allowed;
    }
    if (!want) {
        struct str text = STR_EMPTY;

        ofp_protocols_format(allowed, &text);
        program_fatal("%s: none of the usable flow formats (%s) is among the "
                      "allowed flow formats", s->name, str_cstr(&text));
    }
    while ((b = ofp_protocol_step(s->protocol, want, &next))) {
        session_do(s, b);
        s->protocol = next;
    }
    return s->protocol;
}

void
session_get_config(struct session *s, struct switch_config *config)
{
    struct buf *b = session_transact(
        s, ofmsg_create_empty(OFMSG_GET_CONFIG_REQUEST, session_version(s),
                              ofmsg_alloc_xid()));
    struct ofmsg msg;

    if (ofmsg_decode(b->data, b->size, &msg)
        || msg.type != OFMSG_GET_CONFIG_REPLY
        || switch_config_decode(config, &msg)) {
        program_fatal("bad reply to config request");
    }
    buf_destroy(b);
}

struct buf *
session_receive_or_exit(struct session *s)
{
    while (list_is_empty(&s->inbox) && !daemon_is_exiting() && !s->error) {
        loop_turn(true);
    }
    return daemon_is_exiting() ? NULL : session_receive(s);
}

struct buf *
session_receive_xid(struct session *s, be32 xid)
{
    return receive_xid(s, xid);
}

void
session_pause(struct session *s, bool paused)
{
    vconn_pause(s->vconn, paused);
}
