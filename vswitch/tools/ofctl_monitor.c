/* SPDX-License-Identifier: Apache-2.0 */

/* monitor and snoop: print what comes, until told to exit.  With --detach they
 * are daemons that obey ofctl/... control commands.
 *
 * Output goes to standard error, as ovs-ofctl(8) has it, also after the daemon
 * has left its terminal: scripts redirect it to a file. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/daemon/control.h"
#include "lib/daemon/daemon.h"
#include "lib/flow/port.h"
#include "lib/openflow/packet_io.h"
#include "lib/openflow/print.h"
#include "lib/openflow/protocol.h"
#include "lib/openflow/session_msg.h"
#include "vswitch/tools/ofctl.h"

struct watch {
    struct session *session;
    struct text_names names;
    FILE *output;
    bool resumes;                /* Sends paused packets back at once. */
    be32 barrier_xid;
    struct control_conn *barrier;    /* Who waits for it, or NULL. */
};

static void
print_message(struct watch *w, const struct buf *b)
{
    struct str s = STR_EMPTY;

    if (ofctl.timestamp) {
        struct timeval now;
        struct tm tm;
        char text[32];

        gettimeofday(&now, NULL);
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S",
                 localtime_r(&now.tv_sec, &tm));
        str_printf(&s, "%s.%03d: ", text, (int) (now.tv_usec / 1000));
    }
    ofp_print(&s, b->data, b->size, &w->names, ofctl.verbosity + 2);
    fputs(str_cstr(&s), w->output);
    fflush(w->output);
    str_uninit(&s);
}

/* Sends the packet of a paused packet-in on its way. */
static void
resume(struct watch *w, const struct ofmsg *msg)
{
    struct packet_in pin;
    const void *continuation;
    size_t size;

    if (!packet_in_decode(&pin, msg, &ofp_decode_default, &continuation,
                          &size) && size) {
        session_send(w->session,
                     resume_encode(&pin, continuation, size, msg->version,
                                   NULL));
    }
}

static void
take_message(struct watch *w, const struct buf *b)
{
    struct ofmsg msg;
    bool is_good = !ofmsg_decode(b->data, b->size, &msg);

    if (w->barrier && is_good && msg.type == OFMSG_BARRIER_REPLY
        && msg.xid == w->barrier_xid) {
        control_reply(w->barrier, NULL);
        w->barrier = NULL;
    }
    print_message(w, b);
    if (w->resumes && is_good && msg.type == OFMSG_PACKET_IN) {
        resume(w, &msg);
    }
}

/* Control commands. */

static void
run_send(struct control_conn *conn, int argc, const char *argv[], void *w_)
{
    struct watch *w = w_;
    struct str s = STR_EMPTY;
    bool ok = true;

    for (int i = 1; i < argc && ok; i++) {
        struct buf *b = buf_create(64);

        if (!ofctl_read_hex(argv[i], b) || b->size < OFP_HEADER_SIZE
            || ofmsg_length(b->data) != b->size) {
            str_printf(&s, "%s: not the hex digits of a message\n", argv[i]);
            buf_destroy(b);
            ok = false;
        } else {
            fprintf(w->output, "send: ");
            print_message(w, b);
            session_send(w->session, b);
        }
    }
    if (ok) {
        control_reply_str(conn, &s);
    } else {
        control_reply_error(conn, str_cstr(&s));
        str_uninit(&s);
    }
}

static void
run_packet_out(struct control_conn *conn, int argc, const char *argv[],
               void *w_)
{
    struct watch *w = w_;
    struct packet_out_text po;
    const struct text_names none = { NULL, NULL };
    struct error *error = packet_out_text_parse(&po, argv[1], &none);
    struct buf *b;

    if (error) {
        control_reply_take_error(conn, error);
        return;
    }
    b = packet_out_encode(&po.po, ofp_protocol_from_version(
                              session_version(w->session)));
    fprintf(w->output, "send: ");
    print_message(w, b);
    session_send(w->session, b);
    packet_out_text_uninit(&po);
    control_reply(conn, NULL);
}

static void
run_barrier(struct control_conn *conn, int argc, const char *argv[],
            void *w_)
{
    struct watch *w = w_;

    if (w->barrier) {
        control_reply_error(conn, "already waiting for barrier reply");
        return;
    }
    w->barrier = conn;
    w->barrier_xid = ofmsg_alloc_xid();
    session_send(w->session,
                 ofmsg_create_empty(OFMSG_BARRIER_REQUEST,
                                    session_version(w->session),
                                    w->barrier_xid));
}

static void
run_set_output_file(struct control_conn *conn, int argc, const char *argv[],
                    void *w_)
{
    struct watch *w = w_;
    FILE *f = fopen(argv[1], "we");

    if (!f) {
        control_reply_take_error(conn, error_from_errno(errno, "%s",
                                                        argv[1]));
        return;
    }
    fclose(w->output);
    w->output = f;
    control_reply(conn, NULL);
}

static void
run_block(struct control_conn *conn, int argc, const char *argv[], void *w_)
{
    struct watch *w = w_;

    session_pause(w->session, !strcmp(argv[0], "ofctl/block"));
    control_reply(conn, NULL);
}

/* Starting. */

/* Opens 'name' and becomes a daemon if that is wanted, which has the connection
 * when the parent returns. */
static void
start(struct watch *w, const char *name, const char *suffix)
{
    int fd = dup(STDERR_FILENO);

    *w = (struct watch) { .output = fd < 0 ? stderr : fdopen(fd, "w") };
    daemon_start();
    w->session = session_open(name, suffix, 0);
    w->names = *session_output_names(w->session);
    /* What comes is printed in the middle of other things, when it is too late
     * to ask. */
    port_map_name(w->names.ports, OFPP_NONE);
    port_map_name(w->names.tables, OFPP_NONE);
    control_register("ofctl/send", "OFMSG...", 1, INT32_MAX, run_send, w);
    control_register("ofctl/packet-out", "\"in_port=<port> packet=<hex data> "
                     "actions=...\"", 1, 1, run_packet_out, w);
    control_register("ofctl/barrier", "", 0, 0, run_barrier, w);
    control_register("ofctl/set-output-file", "FILE", 1, 1,
                     run_set_output_file, w);
    control_register("ofctl/block", "", 0, 0, run_block, w);
    control_register("ofctl/unblock", "", 0, 0, run_block, w);
}

/* Prints whatever comes, until the connection ends or "exit" comes. */
static void
run(struct watch *w)
{
    struct buf *b;

    daemon_ready();
    while ((b = session_receive_or_exit(w->session))) {
        take_message(w, b);
        buf_destroy(b);
    }
    session_close(w->session);
    fclose(w->output);
    daemon_finish();
}

static void
cmd_snoop(int argc, char *argv[])
{
    struct watch w;

    start(&w, argv[1], "snoop");
    run(&w);
}

/* What monitor is asked for. */
struct monitor_options {
    int miss_len;                /* -1: as it is. */
    bool invalid_ttl;
    bool resumes;
    VEC(const char *) watches;   /* "watch:" specifications. */
};

static void
parse_options(int argc, char *argv[], struct monitor_options *o)
{
    *o = (struct monitor_options) { .miss_len = -1 };
    for (int i = 2; i < argc; i++) {
        if (text_to_int_range(argv[i], 0, UINT16_MAX, &o->miss_len)) {
            continue;
        } else if (!strcmp(argv[i], "invalid_ttl")) {
            o->invalid_ttl = true;
        } else if (!strcmp(argv[i], "resume")) {
            /* Unlike invalid_ttl and the rest, for tests of continuations. */
            o->resumes = true;
        } else if (text_starts_with(argv[i], "watch:")) {
            vec_push(&o->watches, argv[i] + strlen("watch:"));
        } else {
            program_fatal("%s: unsupported \"monitor\" argument", argv[i]);
        }
    }
}

/* Asks for changes of flows, and prints those that are there. */
static void
request_watches(struct watch *w, const struct monitor_options *o)
{
    uint32_t id = 0;

    for (size_t i = 0; i < o->watches.n; i++) {
        struct flow_monitor_request request;
        uint32_t usable = OFP_PROTO_ANY;
        be32 xid;
        struct buf *b;

        program_check(flow_monitor_request_parse(
            &request, o->watches.items[i],
            session_input_names(w->session), &usable));
        request.id = id++;
        b = flow_monitor_request_encode(
            &request, ofp_protocol_version(
                session_set_protocol(w->session, usable, true)));
        xid = get_be32(b->data + 4);
        session_send(w->session, b);
        b = session_receive_xid(w->session, xid);
        print_message(w, b);
        buf_destroy(b);
    }
}

static void
cmd_monitor(int argc, char *argv[])
{
    int format = ofctl.packet_in_format;
    struct monitor_options o;
    struct watch w;
    uint8_t version;

    parse_options(argc, argv, &o);
    start(&w, argv[1], "mgmt");
    w.resumes = o.resumes;
    version = session_version(w.session);
    session_do(w.session, set_packet_in_format_encode(
                   version, format >= 0 ? format : PACKET_IN_FORMAT_NXT2));
    if (o.miss_len >= 0 || o.invalid_ttl) {
        struct switch_config config;

        session_get_config(w.session, &config);
        if (o.miss_len >= 0) {
            config.miss_send_len = o.miss_len;
        }
        config.invalid_ttl_to_controller = o.invalid_ttl;
        session_do(w.session, switch_config_encode_set(&config, version));
    }
    request_watches(&w, &o);
    vec_uninit(&o.watches);
    run(&w);
}

const struct command ofctl_monitor_commands[] = {
    { "monitor", "SWITCH [MISSLEN] [invalid_ttl] [watch:[...]]", 1, 99,
      cmd_monitor },
    { "snoop", "SWITCH", 1, 1, cmd_snoop },
    { NULL, NULL, 0, 0, NULL }
};
