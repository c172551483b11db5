/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_FLOW_MOD_H
#define OPENFLOW_FLOW_MOD_H

/* Messages about flow entries: flow mod, flow and aggregate statistics, flow
 * removed, flow monitors.
 *
 * A decoder appends actions to the caller's 'ofpacts' buffer, which it clears
 * first; the struct's 'ofpacts' points into it. */

#include "lib/flow/match.h"
#include "lib/flow/port.h"
#include "lib/flow/tlv.h"
#include "lib/openflow/msg.h"
#include "lib/openflow/ofpact.h"
#include "lib/openflow/protocol.h"

enum flow_mod_command {
    FLOW_MOD_ADD,
    FLOW_MOD_MODIFY,
    FLOW_MOD_MODIFY_STRICT,
    FLOW_MOD_DELETE,
    FLOW_MOD_DELETE_STRICT
};

/* flow_mod.flags, flow_stats.flags. */
enum {
    FLOW_F_SEND_FLOW_REM = 1 << 0,
    FLOW_F_CHECK_OVERLAP = 1 << 1,
    FLOW_F_RESET_COUNTS = 1 << 2,
    FLOW_F_NO_PKT_COUNTS = 1 << 3,
    FLOW_F_NO_BYT_COUNTS = 1 << 4,
    FLOW_F_PUBLIC = (1 << 5) - 1,    /* These: what a flow keeps. */
    FLOW_F_EMERG = 1 << 5,       /* OpenFlow 1.0; refused. */
    FLOW_F_HIDDEN_FIELDS = 1 << 6,   /* The switch's own: the match may have
                                      * fields that are not on the wire. */
    FLOW_F_NO_READONLY = 1 << 7
};

#define OFPTT_ALL 0xff           /* Table: all; on add: the default one. */
#define OFPG_ALL 0xfffffffcu
#define OFPG_ANY 0xffffffffu
#define OFPG_MAX 0xffffff00u

struct flow_mod {
    struct match match;
    uint16_t priority;
    uint8_t table_id;            /* OFPTT_ALL. */
    uint8_t command;             /* enum flow_mod_command. */
    be64 cookie;                 /* Modify, delete: those with this cookie... */
    be64 cookie_mask;            /* ...under this mask. */
    be64 new_cookie;             /* Add, modify: the cookie to set... */
    bool modify_cookie;          /* ...modify: if so. */
    uint16_t idle_timeout_s;
    uint16_t hard_timeout_s;
    uint16_t importance;
    uint16_t flags;              /* FLOW_F_*. */
    uint32_t buffer_id;          /* OFP_NO_BUFFER. */
    ofp_port_t out_port;         /* Delete: OFPP_NONE is any. */
    uint32_t out_group;          /* Delete: OFPG_ANY is any. */
    uint8_t delete_reason;       /* enum flow_removed_reason, for the switch. */
    const struct ofpact *ofpacts;
    size_t ofpacts_size;
};

/* An add of everything to table 0 at default priority without actions. */
void flow_mod_init(struct flow_mod *);

/* What a decoder needs to know of its receiver. */
struct ofp_decode {
    uint32_t protocol;           /* enum ofp_protocol, of the connection: how
                                  * an OpenFlow 1.0 flow mod gives its table. */
    const struct tlv_table *tlv; /* Or NULL. */
    ofp_port_t max_port;         /* Actions may output below this; OFPP_MAX. */
    uint8_t max_table;           /* Number of tables; 255. */
    bool loose_unknown;          /* Skip unknown match fields (replies). */
};

/* For those who know nothing. */
extern const struct ofp_decode ofp_decode_default;

/* 'ofpacts' takes the actions.  Checks that actions and match agree, but for
 * what only the switch knows (groups, meters, ports). */
enum ofperr flow_mod_decode(struct flow_mod *, const struct ofmsg *,
                            const struct ofp_decode *, struct buf *ofpacts)
    MUST_USE;

/* Appends a message to 'b', in the encoding of 'protocol' (one bit). */
void flow_mod_put(struct buf *b, const struct flow_mod *, uint32_t protocol,
                  be32 xid);
struct buf *flow_mod_encode(const struct flow_mod *, uint32_t protocol)
    MUST_USE;

/* Flow statistics. */

struct flow_stats_request {
    bool is_aggregate;
    struct match match;
    be64 cookie;
    be64 cookie_mask;
    ofp_port_t out_port;
    uint32_t out_group;
    uint8_t table_id;
};

enum ofperr flow_stats_request_decode(struct flow_stats_request *,
                                      const struct ofmsg *,
                                      const struct ofp_decode *) MUST_USE;
struct buf *flow_stats_request_encode(const struct flow_stats_request *,
                                      uint32_t protocol) MUST_USE;

#define COUNT_UNKNOWN UINT64_MAX

struct flow_stats {
    struct match match;
    be64 cookie;
    uint16_t priority;
    uint8_t table_id;
    uint16_t idle_timeout_s;
    uint16_t hard_timeout_s;
    uint16_t importance;
    uint16_t flags;              /* FLOW_F_*. */
    uint32_t duration_s;
    uint32_t duration_ns;
    int32_t idle_age_s;          /* -1: unknown. */
    int32_t hard_age_s;          /* -1: unknown. */
    uint64_t n_packets;          /* COUNT_UNKNOWN. */
    uint64_t n_bytes;
    const struct ofpact *ofpacts;
    size_t ofpacts_size;
};

/* Appends to a multipart reply. */
void flow_stats_append(struct multipart *, const struct flow_stats *,
                       const struct tlv_table *);

/* Takes the next entry off 'r' (first ofmsg_reader(msg)).  Returns 0, -ENODATA
 * at the end, or a positive enum ofperr. */
int flow_stats_decode(struct flow_stats *, const struct ofmsg *,
                      struct reader *r, const struct ofp_decode *,
                      struct buf *ofpacts) MUST_USE;

struct aggregate_stats {
    uint64_t n_packets;
    uint64_t n_bytes;
    uint32_t n_flows;
};

struct buf *aggregate_stats_encode(const struct aggregate_stats *,
                                   const struct ofmsg *request) MUST_USE;
enum ofperr aggregate_stats_decode(struct aggregate_stats *,
                                   const struct ofmsg *) MUST_USE;

/* Flow removed. */

enum flow_removed_reason {
    FLOW_REMOVED_IDLE_TIMEOUT,
    FLOW_REMOVED_HARD_TIMEOUT,
    FLOW_REMOVED_DELETE,
    FLOW_REMOVED_GROUP_DELETE,
    FLOW_REMOVED_METER_DELETE,
    FLOW_REMOVED_EVICTION,
    FLOW_REMOVED_N_REASONS
};

/* "idle", "hard", "delete", "group_delete", ... */
const char *flow_removed_reason_name(enum flow_removed_reason);

struct flow_removed {
    struct match match;
    be64 cookie;
    uint16_t priority;
    uint8_t reason;              /* enum flow_removed_reason. */
    uint8_t table_id;            /* 255: unknown. */
    uint32_t duration_s;
    uint32_t duration_ns;
    uint16_t idle_timeout_s;
    uint16_t hard_timeout_s;
    uint64_t n_packets;
    uint64_t n_bytes;
};

enum ofperr flow_removed_decode(struct flow_removed *, const struct ofmsg *,
                                const struct ofp_decode *) MUST_USE;
struct buf *flow_removed_encode(const struct flow_removed *,
                                uint32_t protocol) MUST_USE;

/* Flow monitors (NXST_FLOW_MONITOR, OFPMP_FLOW_MONITOR). */

enum {
    FLOW_MONITOR_INITIAL = 1 << 0,
    FLOW_MONITOR_ADD = 1 << 1,
    FLOW_MONITOR_DELETE = 1 << 2,
    FLOW_MONITOR_MODIFY = 1 << 3,
    FLOW_MONITOR_ACTIONS = 1 << 4,   /* Include the actions. */
    FLOW_MONITOR_OWN = 1 << 5,       /* The requester's own changes in full. */
    FLOW_MONITOR_ONLY_OWN = 1 << 6
};

enum flow_monitor_command {
    FLOW_MONITOR_CMD_ADD,
    FLOW_MONITOR_CMD_MODIFY,
    FLOW_MONITOR_CMD_DELETE
};

struct flow_monitor_request {
    uint32_t id;
    uint8_t command;             /* enum flow_monitor_command. */
    uint16_t flags;              /* FLOW_MONITOR_*. */
    ofp_port_t out_port;
    uint32_t out_group;
    uint8_t table_id;
    struct match match;
};

/* One message may have several requests: 0, -ENODATA at the end, or a positive
 * enum ofperr. */
int flow_monitor_request_decode(struct flow_monitor_request *,
                                const struct ofmsg *, struct reader *,
                                const struct ofp_decode *) MUST_USE;
struct buf *flow_monitor_request_encode(const struct flow_monitor_request *,
                                        uint8_t version) MUST_USE;

enum flow_update_event {
    FLOW_UPDATE_INITIAL,
    FLOW_UPDATE_ADDED,
    FLOW_UPDATE_REMOVED,
    FLOW_UPDATE_MODIFIED,
    FLOW_UPDATE_ABBREV,          /* Own change, by its xid only. */
    FLOW_UPDATE_PAUSED,
    FLOW_UPDATE_RESUMED
};

struct flow_update {
    uint8_t event;               /* enum flow_update_event. */
    be32 xid;                    /* Of an abbreviated one. */
    uint8_t reason;              /* Removed: enum flow_removed_reason. */
    uint8_t table_id;
    uint16_t priority;
    uint16_t idle_timeout_s;
    uint16_t hard_timeout_s;
    be64 cookie;
    struct match match;
    const struct ofpact *ofpacts;
    size_t ofpacts_size;
};

void flow_update_append(struct multipart *, const struct flow_update *,
                        const struct tlv_table *);
int flow_update_decode(struct flow_update *, const struct ofmsg *,
                       struct reader *, const struct ofp_decode *,
                       struct buf *ofpacts) MUST_USE;

struct buf *flow_monitor_cancel_encode(uint32_t id, uint8_t version) MUST_USE;
enum ofperr flow_monitor_cancel_decode(uint32_t *ret_id, const struct ofmsg *)
    MUST_USE;

#endif /* openflow/flow_mod.h */
