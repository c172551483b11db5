/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_PACKET_IO_H
#define OPENFLOW_PACKET_IO_H

/* Packets to and from a controller: packet-in in all its forms, the
 * continuation that lets a controller resume, packet-out. */

#include "lib/base/uuid.h"
#include "lib/flow/match.h"
#include "lib/openflow/flow_mod.h"
#include "lib/openflow/msg.h"
#include "lib/openflow/ofpact.h"

enum packet_in_reason {
    PACKET_IN_NO_MATCH,          /* OpenFlow 1.4: TABLE_MISS. */
    PACKET_IN_ACTION,            /* OpenFlow 1.4: APPLY_ACTION. */
    PACKET_IN_INVALID_TTL,
    PACKET_IN_ACTION_SET,
    PACKET_IN_GROUP,
    PACKET_IN_PACKET_OUT,
    PACKET_IN_N_WIRE_REASONS,
    PACKET_IN_EXPLICIT_MISS = PACKET_IN_N_WIRE_REASONS,  /* Within the switch:
                                                          * a miss entry. */
    PACKET_IN_IMPLICIT_MISS,     /* Within the switch: no entry matched. */
    PACKET_IN_N_REASONS
};

/* "no_match", "action", "invalid_ttl", ... */
const char *packet_in_reason_name(enum packet_in_reason);

/* As set by NXT_SET_PACKET_IN_FORMAT. */
enum packet_in_format {
    PACKET_IN_FORMAT_STANDARD,   /* Of the OpenFlow version. */
    PACKET_IN_FORMAT_NXT,
    PACKET_IN_FORMAT_NXT2
};

const char *packet_in_format_name(enum packet_in_format);
struct error *packet_in_format_parse(const char *text,
                                     enum packet_in_format *ret) MUST_USE;

struct packet_in {
    const uint8_t *packet;       /* Borrowed. */
    size_t packet_size;          /* Bytes at 'packet'. */
    size_t total_size;           /* Of the packet when it came in. */
    uint32_t buffer_id;
    uint8_t reason;              /* enum packet_in_reason. */
    uint8_t table_id;
    be64 cookie;                 /* All ones: none. */
    struct match metadata;       /* Metadata fields of the flow. */
    const uint8_t *userdata;     /* Of controller(userdata=...); borrowed. */
    size_t userdata_size;
    uint16_t max_len;            /* What the controller wants of the packet. */
};

/* What a paused packet needs to go on. */
struct continuation {
    struct uuid bridge;
    const uint8_t *stack;        /* As the extension writes it: each item is
                                  * its value and then a length byte. */
    size_t stack_size;
    uint32_t mirrors;
    bool conntracked;
    const struct ofpact *actions;       /* To do next. */
    size_t actions_size;
    const struct ofpact *action_set;
    size_t action_set_size;
    uint8_t table_id;            /* Of the actions, for resubmit(,255). */
    be64 cookie;                 /* Of the rule of the actions. */
    bool has_odp_port;
    uint32_t odp_port;
};

/* Decodes any kind.  '*ret_continuation' (may be NULL) is the span of the
 * continuation, opaque to a controller, to be sent back with resume_encode(). */
enum ofperr packet_in_decode(struct packet_in *, const struct ofmsg *,
                             const struct ofp_decode *,
                             const void **ret_continuation,
                             size_t *ret_continuation_size) MUST_USE;

/* Encodes for a connection of 'protocol' and 'format'.  'packet' is cut to
 * max_len.  A continuation (or NULL) goes with format NXT2 only. */
struct buf *packet_in_encode(const struct packet_in *,
                             const struct continuation *, uint32_t protocol,
                             enum packet_in_format,
                             const struct tlv_table *) MUST_USE;

/* NXT_RESUME, as the switch reads it.  Actions are appended to 'ofpacts',
 * whose bytes 'cont' then points to. */
enum ofperr resume_decode(struct packet_in *, struct continuation *cont,
                          const struct ofmsg *, const struct ofp_decode *,
                          struct buf *ofpacts) MUST_USE;

/* NXT_RESUME, as a controller writes it: the packet-in, perhaps changed, and
 * the continuation that came with it. */
struct buf *resume_encode(const struct packet_in *, const void *continuation,
                          size_t continuation_size, uint8_t version,
                          const struct tlv_table *) MUST_USE;

struct packet_out {
    const uint8_t *packet;       /* NULL: the packet is 'buffer_id'. */
    size_t packet_size;
    uint32_t buffer_id;
    struct match metadata;       /* in_port and, in 1.5, pipeline fields. */
    const struct ofpact *ofpacts;
    size_t ofpacts_size;
};

enum ofperr packet_out_decode(struct packet_out *, const struct ofmsg *,
                              const struct ofp_decode *, struct buf *ofpacts)
    MUST_USE;
struct buf *packet_out_encode(const struct packet_out *, uint32_t protocol)
    MUST_USE;

#endif /* openflow/packet_io.h */
