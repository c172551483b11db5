/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XLATE_XLATE_H
#define XLATE_XLATE_H

/* Translation: walks one packet through the tables of its bridge, and of those
 * that patch ports lead to, and yields the datapath actions that do the same,
 * with the bits of the packet that decided it.
 *
 * The same walk serves the first packet of a megaflow, revalidation, packets
 * that a controller sends, and ofproto/trace, which also gets an account of
 * each table, rule and action.
 *
 * Invariant: any packet that agrees with 'flow' on the bits of 'wc' would get
 *     the same actions, until something changes (backer_changed()).
 * Bounds: XLATE_MAX_DEPTH nested resubmits to the same or an earlier table (a
 *     pipeline that only goes forward ends by itself) and XLATE_MAX_RESUBMITS
 *     in all, a stack of XLATE_MAX_STACK bytes; actions of XLATE_MAX_ACTIONS
 *     bytes.  Beyond any of them the packet is dropped, with a counter.
 * Threads: any, each within an RCU read section. */

#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/base/uuid.h"
#include "lib/flow/flow.h"
#include "lib/openflow/buf.h"
#include "lib/openflow/packet_io.h"
#include "vswitch/ofproto/ofproto.h"
#include "vswitch/xlate/recirc.h"

struct group;
struct packet;
struct trace_node;
struct xlate_cache;

#define XLATE_MAX_DEPTH 64
#define XLATE_MAX_RESUBMITS (1024 * 4)
#define XLATE_MAX_STACK 65536
#define XLATE_MAX_ACTIONS (256 * 1024)

enum xlate_error {
    XLATE_OK,
    XLATE_NO_PORT,               /* No port has that number. */
    XLATE_NO_RECIRC_STATE,       /* The recirculation id is not known. */
    XLATE_NO_BRIDGE,             /* The bridge of that state is gone. */
    XLATE_TOO_DEEP,
    XLATE_TOO_MANY_RESUBMITS,
    XLATE_STACK_TOO_DEEP,
    XLATE_TOO_MANY_ACTIONS,
    XLATE_RECIRC_CONFLICT,       /* Freezing while frozen. */
    XLATE_TOO_MANY_MPLS_LABELS,
    XLATE_BAD_PACKET_TYPE,
    XLATE_NO_TUNNEL,             /* Continuation needs one that is gone. */
    XLATE_N_ERRORS
};

const char *xlate_error_text(enum xlate_error);

/* Packets to account for. */
struct xlate_stats {
    uint64_t n_packets;
    uint64_t n_bytes;
    int64_t used_ms;
    uint16_t tcp_flags;
};

struct xlate_in {
    struct ofproto *ofproto;     /* Where to start. */
    struct flow flow;            /* 'in_port' an OpenFlow port; tunnel options
                                  * in slots. */
    const struct packet *packet; /* NULL: side effects that need it are left
                                  * out. */

    /* What to start with: a table, by default 0; or actions; or a state. */
    uint8_t table_id;
    const struct ofpact *ofpacts;    /* NULL: the table. */
    size_t ofpacts_size;
    const struct recirc_state *frozen;   /* NULL: none. */
    bool skip_port_checks;       /* The packet is the switch's or controller's
                                  * own. */

    /* Side effects. */
    bool has_side_effects;       /* Learn and so on. */
    const struct xlate_stats *stats;     /* Credit these at once, or NULL. */
    struct xlate_cache *cache;   /* Note whom to credit, or NULL. */
    struct trace_node *trace;    /* Note what happens, or NULL. */
    const struct port_map *names;/* Ports of 'ofproto' in notes; NULL:
                                  * numbers. */
    enum packet_in_reason controller_reason;     /* Of plain "controller"s. */
};

struct xlate_out {
    enum xlate_error error;
    struct flow_wildcards wc;    /* Like 'flow' above. */
    struct buf actions;          /* OVS_ACTION_ATTR_*. */
    bool is_uncacheable;         /* Each packet must be translated. */
    bool needs_main_thread;      /* A side effect is only possible there:
                                  * translate again, crediting nothing of
                                  * this. */
    uint32_t *recirc_ids;        /* Each with a reference. */
    size_t n_recirc_ids;
    struct flow final;           /* The flow when it was last looked up. */
};

/* Starts a translation of 'flow' in 'ofproto', with nothing else. */
void xlate_in_init(struct xlate_in *, struct ofproto *, const struct flow *);

/* Translates.  '*out' is for xlate_out_uninit(). */
void xlate(const struct xlate_in *, struct xlate_out *out);
void xlate_out_uninit(struct xlate_out *);

/* Turns 'dp_flow', as the datapath has it, into the start of a translation:
 * finds port, bridge and frozen state, and slots of tunnel options.  ORs into
 * 'wc' what decided that. */
struct backer;
enum xlate_error xlate_receive(const struct backer *,
                               const struct flow *dp_flow,
                               struct xlate_in *ret,
                               struct flow_wildcards *wc) MUST_USE;

/* Turns wildcards of a translation that began with 'dp_flow' into those of a
 * megaflow. */
void xlate_wildcards_to_datapath(const struct xlate_in *,
                                 const struct flow *dp_flow,
                                 struct flow_wildcards *wc);

/* What the userdata of OVS_ACTION_ATTR_USERSPACE says. */
enum userspace_type {
    USERSPACE_CONTROLLER = 1,
    USERSPACE_SLOW_PATH,         /* Translate and execute each packet. */
    USERSPACE_BFD,               /* For the BFD session of the in_port. */
};

struct userspace_cookie {
    uint16_t type;               /* enum userspace_type. */
    uint8_t reason;              /* enum packet_in_reason. */
    bool is_paused;              /* controller(pause). */
    bool dont_send;              /* For statistics only. */
    uint8_t table_id;
    uint16_t controller_id;
    uint32_t recirc_id;          /* Its state. */
    uint32_t meter_id;           /* Of OpenFlow; CONTROLLER_NO_METER. */
    be64 rule_cookie;
    uint16_t max_len;
    uint8_t pad[6];
    struct uuid bridge;
};

/* Whom to credit for the packets of a megaflow. */
struct xlate_cache *xlate_cache_create(void);
void xlate_cache_destroy(struct xlate_cache *);
void xlate_cache_clear(struct xlate_cache *);

/* Credits 'stats' to all of them; has the side effects of more packets. */
void xlate_cache_push(struct xlate_cache *, const struct xlate_stats *);

/* Rules and buckets of groups that the packets of a megaflow went through, for
 * people. */
void xlate_cache_for_each_rule(const struct xlate_cache *,
                               void (*each)(const struct rule *, void *aux),
                               void *aux);
void xlate_cache_for_each_bucket(
    const struct xlate_cache *,
    void (*each)(const struct group *, size_t bucket, void *aux), void *aux);

#endif /* xlate/xlate.h */
