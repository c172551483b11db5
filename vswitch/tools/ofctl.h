/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VSWITCH_TOOLS_OFCTL_H
#define VSWITCH_TOOLS_OFCTL_H

/* ovs-ofctl, in pieces: the options and the table of commands (ofctl.c), a
 * connection that waits for its answers (ofctl_session.c), commands that ask a
 * switch (ofctl_switch.c, ofctl_flows.c, ofctl_bundle.c), those about packets
 * (ofctl_packets.c), those that watch (ofctl_monitor.c) and those that need no
 * switch (ofctl_offline.c).  Failure ends the program with a message. */

#include "lib/openflow/flow_text.h"
#include "lib/openflow/msg.h"
#include "lib/openflow/packet_io.h"
#include "lib/openflow/session_msg.h"

/* What the options say. */
struct ofctl_options {
    uint32_t versions;           /* -O; a set of OFP_VERSION_BIT. */
    uint32_t protocols;          /* -F; a set of enum ofp_protocol. */
    bool strict;
    bool readd;
    bool show_stats;
    bool bundle;
    bool may_create;
    int names;                   /* 1 on, 0 off, -1 as the terminal says. */
    int verbosity;
    int packet_in_format;        /* enum packet_in_format, or -1. */
    const char *sort;            /* Field to sort by, or NULL. */
    bool sort_descending;
    bool do_sort;
    bool timestamp;              /* Before what monitor and snoop print. */
};
extern struct ofctl_options ofctl;

struct command {
    const char *name;
    const char *usage;           /* Arguments, for messages. */
    int min_args, max_args;
    void (*run)(int argc, char *argv[]);     /* argv[0] is the name. */
};
extern const struct command ofctl_switch_commands[];
extern const struct command ofctl_flow_commands[];
extern const struct command ofctl_offline_commands[];
extern const struct command ofctl_packet_commands[];
extern const struct command ofctl_monitor_commands[];
extern const struct command ofctl_table_commands[];
extern const struct command ofctl_bundle_commands[];

/* An OpenFlow connection whose caller waits. */
struct session;

/* Connects to 'name': a target with a method, the name of a bridge, or the
 * path of a socket; 'suffix' is "mgmt" or "snoop".  'versions' 0 means those
 * of the options. */
struct session *session_open(const char *name, const char *suffix,
                             uint32_t versions);
void session_close(struct session *);
uint8_t session_version(const struct session *);

/* Queues 'b', which it takes. */
void session_send(struct session *, struct buf *b);

/* Sends what can be sent without waiting, and waits if a lot is queued. */
void session_push(struct session *);

/* The next message, which the caller destroys. */
struct buf *session_receive(struct session *);

/* Sends 'b' and waits for the message of its xid; prints an error that the
 * switch sends instead and exits. */
struct buf *session_transact(struct session *, struct buf *b);

/* The next message, or NULL once the control command "exit" has come. */
struct buf *session_receive_or_exit(struct session *);

/* The message of 'xid', which the caller destroys; others are dropped. */
struct buf *session_receive_xid(struct session *, be32 xid);

/* While paused nothing is read, and the switch has to wait. */
void session_pause(struct session *, bool paused);

/* Asks for the switch's configuration. */
void session_get_config(struct session *, struct switch_config *);

/* Waits until the switch has done all that was sent; an error of the switch is
 * printed and ends the program. */
void session_barrier(struct session *);

/* Sends 'b' and waits for a barrier; an error of the switch is printed and
 * ends the program. */
void session_do(struct session *, struct buf *b);

/* Sends 'b' and prints all parts of the reply. */
void session_dump(struct session *, struct buf *b);

/* Sends a multipart request and calls 'each' for every part. */
void session_for_each_part(struct session *, struct buf *b,
                           void (*each)(const struct ofmsg *, void *aux),
                           void *aux);

/* Names of the switch's ports and tables, fetched when first needed; none if
 * names are not wanted for input, or for output. */
const struct text_names *session_input_names(const struct session *);
const struct text_names *session_output_names(const struct session *);

/* Takes the connection to a flow protocol of 'usable' (and of the options), and
 * returns it.  'prefer_nxm' for those who read flows back. */
uint32_t session_set_protocol(struct session *, uint32_t usable,
                              bool prefer_nxm);

/* Reads all of the file ("-": standard input), for free(). */
char *ofctl_read_file(const char *name);

/* Opens, commits, ... the bundle (enum bundle_control_type). */
void ofctl_bundle_step(struct session *, uint16_t type);

/* Adds the message of 'size' bytes at 'inner' to the bundle.  '*out', NULL at
 * first, collects what is to be sent together; ofctl_bundle_flush() sends the
 * rest. */
void ofctl_bundle_add(struct session *, struct buf **out, const void *inner,
                      size_t size);
void ofctl_bundle_flush(struct session *, struct buf **out);

/* Appends the bytes that hex digits say; blanks, dots and dashes are left out.
 * False if there is anything else. */
bool ofctl_read_hex(const char *text, struct buf *);

/* "in_port=PORT packet=HEX [FIELD=VALUE...] actions=...": 'po' borrows from
 * the rest. */
struct packet_out_text {
    struct packet_out po;
    struct buf packet;
    struct buf ofpacts;
    uint32_t usable;             /* Set of enum ofp_protocol. */
};
struct error *packet_out_text_parse(struct packet_out_text *,
                                    const char *text,
                                    const struct text_names *) MUST_USE;
void packet_out_text_uninit(struct packet_out_text *);

#endif /* vswitch/tools/ofctl.h */
