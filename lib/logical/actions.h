/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOGICAL_ACTIONS_H
#define LOGICAL_ACTIONS_H

/* Actions of logical flows.
 *
 * A text becomes a list of 'struct action' (actions_parse()), which can be
 * printed again, walked (ovn-trace does), or encoded as OpenFlow actions
 * (actions_encode()).  What an action needs that OpenFlow cannot do goes to
 * the controller as a *punt*: a packet-in whose userdata punt_decode() reads.
 *
 * One table in actions.c says of each action how it is written, parsed,
 * printed and encoded; another, of each punt, what its userdata holds.
 *
 * A list never changes after it is made and may be shared by threads. */

#include "lib/logical/dhcp_options.h"
#include "lib/logical/expr.h"
#include "lib/openflow/ofpact.h"

/* ## Actions ## */

enum action_kind {
    /* Control. */
    ACTION_NEXT,
    ACTION_OUTPUT,
    ACTION_CLONE,
    /* Fields. */
    ACTION_LOAD,                 /* dst = constant */
    ACTION_MOVE,                 /* dst = src[0] */
    ACTION_EXCHANGE,             /* dst <-> src[0] */
    ACTION_DEC_TTL,
    ACTION_PUSH,                 /* push(src[0]) */
    ACTION_POP,                  /* pop(src[0]) */
    /* Connection tracking. */
    ACTION_CT_NEXT,
    ACTION_CT_COMMIT,
    ACTION_CT_COMMIT_TO_ZONE,
    ACTION_CT_COMMIT_NAT,
    ACTION_CT_DNAT,
    ACTION_CT_SNAT,
    ACTION_CT_DNAT_IN_CZONE,
    ACTION_CT_SNAT_IN_CZONE,
    ACTION_CT_LB,
    ACTION_CT_LB_MARK,
    ACTION_CT_CLEAR,
    ACTION_CT_SNAT_TO_VIP,
    ACTION_CT_NW_DST,
    ACTION_CT_IP6_DST,
    ACTION_CT_TP_DST,
    ACTION_CT_PROTO,
    ACTION_CT_STATE_SAVE,
    /* A new packet in the place of this one. */
    ACTION_ARP,
    ACTION_ND_NA,
    ACTION_ND_NA_ROUTER,
    ACTION_ND_NS,
    ACTION_ICMP4,
    ACTION_ICMP4_ERROR,
    ACTION_ICMP6,
    ACTION_ICMP6_ERROR,
    ACTION_TCP_RESET,
    ACTION_SCTP_ABORT,
    ACTION_REJECT,
    /* MAC bindings and forwarding database. */
    ACTION_GET_ARP,
    ACTION_PUT_ARP,
    ACTION_LOOKUP_ARP,
    ACTION_LOOKUP_ARP_IP,
    ACTION_GET_ND,
    ACTION_PUT_ND,
    ACTION_LOOKUP_ND,
    ACTION_LOOKUP_ND_IP,
    ACTION_MAC_CACHE_USE,
    ACTION_GET_FDB,
    ACTION_GET_REMOTE_FDB,
    ACTION_PUT_FDB,
    ACTION_LOOKUP_FDB,
    /* Protocols the controller answers. */
    ACTION_PUT_DHCP_OPTS,
    ACTION_PUT_DHCPV6_OPTS,
    ACTION_PUT_ND_RA_OPTS,
    ACTION_DHCP_RELAY_REQ_CHK,
    ACTION_DHCP_RELAY_RESP_CHK,
    ACTION_HANDLE_DHCPV6_REPLY,
    ACTION_DNS_LOOKUP,
    ACTION_IGMP,
    ACTION_BIND_VPORT,
    ACTION_HANDLE_SVC_CHECK,
    ACTION_HANDLE_BFD_MSG,
    ACTION_TRIGGER_EVENT,
    ACTION_LOG,
    /* Load balancing. */
    ACTION_SELECT,
    ACTION_FWD_GROUP,
    ACTION_CHK_LB_HAIRPIN,
    ACTION_CHK_LB_HAIRPIN_REPLY,
    ACTION_COMMIT_LB_AFF,
    ACTION_CHK_LB_AFF,
    ACTION_COMMIT_ECMP_NH,
    ACTION_CHK_ECMP_NH,
    ACTION_CHK_ECMP_NH_MAC,
    /* The rest. */
    ACTION_CHECK_IN_PORT_SEC,
    ACTION_CHECK_OUT_PORT_SEC,
    ACTION_CHECK_PKT_LARGER,
    ACTION_SET_QUEUE,
    ACTION_SET_METER,
    ACTION_SAMPLE,
    ACTION_MIRROR,
    ACTION_FLOOD_REMOTE,
    N_ACTIONS
};

enum pipeline { PIPELINE_INGRESS, PIPELINE_EGRESS };

enum log_severity {
    LOG_SEVERITY_ALERT,
    LOG_SEVERITY_WARNING,
    LOG_SEVERITY_NOTICE,
    LOG_SEVERITY_INFO,
    LOG_SEVERITY_DEBUG,
    N_LOG_SEVERITIES
};

enum log_verdict {
    LOG_VERDICT_UNKNOWN,
    LOG_VERDICT_ALLOW,
    LOG_VERDICT_DROP,            /* Written "drop"; "deny" is understood. */
    LOG_VERDICT_REJECT,
    N_LOG_VERDICTS
};

const char *log_severity_to_string(enum log_severity);
const char *log_verdict_to_string(enum log_verdict);

/* Connection flag of a load balancer. */
enum lb_flag { LB_FLAG_NONE, LB_FLAG_SKIP_SNAT, LB_FLAG_FORCE_SNAT };

struct lb_backend {
    struct in6_addr ip;          /* IPv4 as ::ffff:a.b.c.d. */
    uint16_t port;               /* 0: none. */
};

struct select_value {
    uint16_t value;
    uint16_t weight;
};

/* NAME = VALUE of trigger_event(). */
struct event_option {
    uint16_t number;             /* EVENT_OPTION_*. */
    const char *value;
};

struct action {
    struct action *next;
    enum action_kind kind;

    /* What most actions have; which of them, the table says. */
    struct symbol_bits dst;      /* Where the result goes. */
    struct symbol_bits src[3];   /* Fields in the parentheses, in order. */
    struct action *nested;       /* Actions in { }. */
    uint8_t next_table;          /* The logical table, in the same pipeline,
                                  * where actions that move on do so. */

    union {
        struct {                 /* NEXT */
            enum pipeline pipeline;
            uint8_t table;       /* Logical table. */
            enum pipeline src_pipeline;
            uint8_t src_table;
        } jump;
        struct {                 /* CT_NEXT, CT_COMMIT_TO_ZONE, CT_COMMIT_NAT */
            enum { CT_ZONE_DEFAULT, CT_ZONE_DNAT, CT_ZONE_SNAT } zone;
        } ct;
        struct expr_constant constant;       /* LOAD */
        struct {                 /* CT_DNAT, CT_SNAT, *_IN_CZONE */
            uint8_t family;      /* AF_UNSPEC: no address. */
            struct in6_addr ip;
            uint16_t port_min;   /* 0: none. */
            uint16_t port_max;   /* 0: none. */
        } nat;
        struct {                 /* CT_LB, CT_LB_MARK */
            const struct lb_backend *backends;
            size_t n_backends;   /* 0 with has_backends false: no argument. */
            const char *hash_fields;         /* Or NULL. */
            enum lb_flag flag;
            bool has_backends;
        } lb;
        struct {                 /* SELECT */
            const struct select_value *values;
            size_t n_values;
            const char *hash_fields;         /* Or NULL. */
        } select;
        struct {                 /* PUT_DHCP_OPTS, PUT_DHCPV6_OPTS,
                                  * PUT_ND_RA_OPTS */
            const struct option_value *values;
            size_t n_values;
        } options;
        struct {                 /* LOG */
            const char *name;    /* Or NULL. */
            const char *meter;   /* Or NULL. */
            enum log_severity severity;
            enum log_verdict verdict;
        } log;
        struct {                 /* SET_METER */
            uint64_t rate_kbps;
            uint64_t burst_kbits;            /* 0: none. */
        } meter;
        struct {                 /* TRIGGER_EVENT */
            const char *meter;   /* Or NULL. */
            const struct event_option *options;
            size_t n_options;
        } event;
        struct {                 /* FWD_GROUP */
            const char *const *ports;
            size_t n_ports;
            bool liveness;
        } fwd_group;
        struct {                 /* COMMIT_LB_AFF */
            struct lb_backend vip;
            struct lb_backend backend;
            uint8_t proto;       /* IPPROTO_*, 0: any. */
            uint16_t timeout_s;
        } lb_aff;
        struct {                 /* COMMIT_ECMP_NH */
            bool is_ip6;
            uint8_t proto;       /* IPPROTO_*. */
        } ecmp_nh;
        struct {                 /* SAMPLE */
            uint16_t probability;
            uint32_t collector_set;
            uint8_t obs_domain;
            enum { OBS_POINT_NUMBER, OBS_POINT_COOKIE } obs_point_type;
            uint32_t obs_point;
        } sample;
        struct {                 /* DHCP_RELAY_* */
            be32 relay_ip;
            be32 server_ip;
        } relay;
        uint32_t number;         /* SET_QUEUE, CHECK_PKT_LARGER */
        const char *port;        /* BIND_VPORT, MIRROR */
    };
};

/* Options of trigger_event() have these names; the event itself is the only
 * one there is, empty_lb_backends. */
#define EVENT_EMPTY_LB_BACKENDS 0
enum event_option_number {
    EVENT_OPTION_VIP = 1,
    EVENT_OPTION_PROTOCOL,
    EVENT_OPTION_LOAD_BALANCER,
};

/* Nesting deeper than this is refused. */
#define ACTION_MAX_DEPTH 32

struct action_parse_env {
    const struct symbol_table *symbols;
    const struct option_table *dhcpv4;       /* NULL: none known. */
    const struct option_table *dhcpv6;
    const struct option_table *nd_ra;

    /* Where the flow is. */
    enum pipeline pipeline;
    uint8_t table;
    uint8_t n_tables;            /* In each pipeline. */
};

/* Parses all of 'text' into 'arena' (option definitions are borrowed from the
 * tables, the rest does not outlive it).  '*ret' is NULL for "drop;" and "".
 * '*ret_prereqs' is what the actions require of the packet, for expr_and()
 * with the match; NULL if nothing. */
struct error *actions_parse(const char *text, const struct action_parse_env *,
                            struct arena *arena, const struct action **ret,
                            const struct expr **ret_prereqs) MUST_USE;

/* Appends what actions_parse() reads as an equal list. */
void actions_format(const struct action *, struct str *);

/* The word that names the action in texts; "=" for ACTION_LOAD. */
const char *action_name(enum action_kind);

/* ## Encoding ## */

/* OpenFlow tables that actions go through. */
struct action_tables {
    uint8_t ingress;             /* That of logical ingress table 0. */
    uint8_t egress;              /* That of logical egress table 0. */
    uint8_t output_ingress;      /* "output" in the ingress pipeline. */
    uint8_t output_egress;       /* "output" in the egress pipeline: logical to
                                  * physical, loopback check first. */
    uint8_t mac_bind;            /* reg15, reg0 or xxreg0 -> eth.dst, flag
                                  * LOOKUP_MAC. */
    uint8_t mac_lookup;          /* reg14, reg0 or xxreg0, eth.src -> flag
                                  * LOOKUP_MAC. */
    uint8_t mac_cache_use;
    uint8_t get_fdb;             /* metadata, eth.dst -> reg15. */
    uint8_t get_remote_fdb;      /* Likewise, of MACs behind remote VTEPs. */
    uint8_t lookup_fdb;          /* metadata, reg14, eth.src -> flag
                                  * LOOKUP_FDB. */
    uint8_t check_in_port_sec;   /* -> flag CHECK_PORT_SEC. */
    uint8_t check_out_port_sec;
    uint8_t chk_lb_hairpin;      /* -> flag LOOKUP_LB_HAIRPIN. */
    uint8_t chk_lb_hairpin_reply;
    uint8_t ct_snat_hairpin;
    uint8_t chk_lb_affinity;     /* Learned by commit_lb_aff -> flag
                                  * USE_LB_AFF_SESSION. */
    uint8_t ecmp_nh_mac;         /* Learned by commit_ecmp_nh -> flag
                                  * LOOKUP_COMMIT_ECMP_NH. */
    uint8_t ecmp_nh;
    uint8_t ct_nw_dst;           /* ct_nw_dst -> reg4. */
    uint8_t ct_ip6_dst;          /* ct_ipv6_dst -> xxreg1. */
    uint8_t ct_tp_dst;           /* ct_tp_dst -> low half of reg8. */
    uint8_t ct_proto;            /* ct_nw_proto -> low byte of reg8. */
    uint8_t ct_state_save;       /* ct_state -> low byte of reg8. */
    uint8_t flood_remote;
    uint8_t mirror_output;       /* Delivers to reg15 as "output" in the egress
                                  * pipeline does. */
};

#define METER_TEXT_PREFIX "__string: "

struct action_encode_env {
    const struct action_tables *tables;
    enum pipeline pipeline;
    bool is_switch;              /* Of a switch, not a router. */
    uint32_t cookie;             /* First 32 bits of the flow's UUID. */
    uint8_t common_nat_zone_reg; /* LOG_REG_DNAT_ZONE or LOG_REG_SNAT_ZONE. */
    uint32_t punt_meter;         /* For all punts, or CONTROLLER_NO_METER. */

    /* The key of a port or multicast group; false: unknown, 0 is used. */
    bool (*find_port)(void *aux, const char *name, uint32_t *ret_key);

    /* The OpenFlow port of the tunnel to the chassis where 'name' is, for the
     * liveness of fwd_group; false: none. */
    bool (*find_tunnel)(void *aux, const char *name, ofp_port_t *ret);

    /* The id of an OpenFlow group with properties and buckets as ovs-ofctl
     * writes them ("type=select,bucket=..."), allocated when it is new; false:
     * none is free. */
    bool (*find_group)(void *aux, const char *text, uint32_t *ret_id);

    /* The id of the meter 'name' of the Meter table.  A 'name' that starts with
     * METER_TEXT_PREFIX is no name: what follows is a meter as ovs-ofctl
     * writes it, without its number.  False: there is none. */
    bool (*find_meter)(void *aux, const char *name, uint32_t *ret_id);

    /* The key of the flow's datapath. */
    uint32_t (*datapath_key)(void *aux);

    void *aux;
};

/* Appends the OpenFlow actions.  Fails, with '*out' as it was, only if there
 * are no groups or meters left or the actions grow beyond what a flow holds. */
struct error *actions_encode(const struct action *,
                             const struct action_encode_env *,
                             struct buf *out) MUST_USE;

/* ## Punts ## */

enum punt_op {
    PUNT_ARP = 1,
    PUNT_ND_NA,
    PUNT_ND_NA_ROUTER,
    PUNT_ND_NS,
    PUNT_ICMP,                   /* ICMPv4 or v6 by the packet. */
    PUNT_ICMP4_ERROR,
    PUNT_ICMP6_ERROR,
    PUNT_TCP_RESET,
    PUNT_SCTP_ABORT,
    PUNT_REJECT,
    PUNT_PUT_MAC_BINDING,        /* put_arp, put_nd. */
    PUNT_PUT_FDB,
    PUNT_PUT_DHCPV4,
    PUNT_PUT_DHCPV6,
    PUNT_PUT_ND_RA,
    PUNT_DHCP_RELAY_REQ,
    PUNT_DHCP_RELAY_RESP,
    PUNT_DHCPV6_REPLY,
    PUNT_DNS_LOOKUP,
    PUNT_IGMP,
    PUNT_BIND_VPORT,
    PUNT_SVC_CHECK,
    PUNT_BFD,
    PUNT_EVENT,
    PUNT_LOG,
    PUNT_SET_ICMP_FRAG_MTU,      /* Both families, by the packet. */
    PUNT_SET_ICMP_INNER_SRC,     /* Of the packet in an ICMPv4 error. */
    PUNT_ACTIVATE,               /* Of no action: a port that moved here has
                                  * sent its first packet. */
    N_PUNT_OPS
};

/* Some bits of a field in a punted packet or its metadata. */
struct punt_bits {
    enum base base;
    uint8_t ofs;                 /* Within the base. */
    uint8_t n_bits;              /* 0: there is none. */
};

/* What a punt's userdata says.  Spans point into the userdata. */
struct punt {
    enum punt_op op;
    bool pause;                  /* The switch waits for the packet to be
                                  * resumed; the result goes to 'dst'. */
    struct punt_bits dst;
    struct punt_bits args[3];    /* The fields in the parentheses, in order. */

    /* Actions for the packet that is made: OpenFlow 1.5 on the wire. */
    const uint8_t *actions;
    size_t actions_size;

    /* PUT_DHCPV4: the address on offer, then options as they go out.
     * PUT_DHCPV6: options, 16-bit code and length.  PUT_ND_RA: the message.
     * EVENT: pairs of 16-bit option number and length, then the value. */
    const uint8_t *options;
    size_t options_size;

    const char *name;            /* LOG: of the ACL; BIND_VPORT: the port.  Not
                                  * null-terminated. */
    size_t name_length;

    uint32_t number;             /* SET_ICMP_FRAG_MTU: the MTU; EVENT: which;
                                  * BIND_VPORT: the virtual port's key;
                                  * SET_ICMP_INNER_SRC: the address. */
    enum log_severity severity;
    enum log_verdict verdict;
    be32 relay_ip;
    be32 server_ip;
};

/* Reads a packet-in's userdata; -EPROTO if it is none of actions_encode()'s,
 * and then '*ret' is undefined. */
int punt_decode(const void *userdata, size_t size, struct punt *ret);

/* Appends what punt_decode() reads. */
void punt_encode(const struct punt *, struct buf *userdata);

/* "put_mac_binding", ..., for logs and ovn-detrace. */
const char *punt_op_to_string(enum punt_op);

/* Appends a line that says what the userdata asks for. */
void punt_format(const struct punt *, struct str *);

/* Reads or writes the bits in 'flow', the packet's fields with the metadata of
 * its packet-in. */
u128 punt_bits_read(const struct punt_bits *, const struct flow *);
void punt_bits_write(const struct punt_bits *, u128 value, struct flow *);

#endif /* logical/actions.h */
