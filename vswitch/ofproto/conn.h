/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OFPROTO_CONN_H
#define OFPROTO_CONN_H

/* OpenFlow connections of a bridge: controllers that it connects to, and
 * management connections that it accepts.
 *
 * Each connection has its own queue of what waits to be sent; when that is
 * long, packet-ins are dropped and counted, and one that does not read at all
 * is cut off.
 *
 * Threads: main. */

#include "lib/base/hmap.h"
#include "lib/base/list.h"
#include "lib/openflow/flow_mod.h"
#include "lib/openflow/packet_io.h"
#include "lib/openflow/port_msg.h"
#include "lib/openflow/session_msg.h"
#include "lib/openflow/vconn.h"
#include "vswitch/ofproto/ofproto.h"

struct conn;
struct rule_change;

struct conn_set {
    struct ofproto *ofproto;
    struct list conns;           /* struct conn. */
    struct hmap listeners;       /* By target. */
    struct pvconn *management;   /* BRIDGE.mgmt. */
    uint32_t versions;           /* OFP_VERSION_BIT. */
    bool has_generation;
    uint64_t generation_id;      /* Of the newest role request. */
};

struct conn {
    struct list node;            /* In the set. */
    struct conn_set *set;
    struct ofproto *ofproto;
    struct rconn *rconn;
    char *target;                /* Of a configured controller; else NULL. */
    struct ofproto_controller config;    /* Likewise; 'target' unused. */
    bool is_wanted;              /* While configuration is compared. */
    bool is_held;                /* Not connected to yet, see conn_hold(). */
    int64_t out_since_ms;        /* INT64_MAX while it is connected. */

    uint32_t protocol;           /* enum ofp_protocol; 0: not connected. */
    uint8_t role;                /* enum controller_role. */
    uint8_t packet_in_format;    /* enum packet_in_format. */
    uint16_t controller_id;
    uint16_t miss_send_len;
    struct async_config async;

    struct hmap bundles;         /* Open bundles, by id. */
    struct list monitors;        /* struct flow_monitor. */
    struct list updates;         /* struct buf's of flow updates, pending. */
    struct multipart update_parts;
    bool has_updates;
    bool has_abbreviated;        /* They tell of a request of its own. */

    /* Rate limit of packet-ins. */
    int64_t token_ms;
    uint64_t tokens_x1000;
    uint64_t n_packet_ins, n_packet_ins_dropped;
};

struct conn_set *conn_set_create(struct ofproto *);
void conn_set_destroy(struct conn_set *);
void conn_set_configure(struct conn_set *, const struct ofproto_controller *,
                        size_t n, uint32_t versions);
void conn_set_listen(struct conn_set *, const struct sset *targets,
                     uint32_t versions);
bool conn_set_has_controllers(const struct conn_set *);

/* While controllers are configured and none is connected. */
struct conn_outage {
    int64_t since_ms;            /* clock_ms() when the last one went, or when
                                  * it was configured. */
    unsigned int max_probe_interval_s;
};

/* False: there is a controller, or none is configured. */
bool conn_set_is_out(const struct conn_set *, struct conn_outage *);
bool conn_set_get_status(const struct conn_set *, const char *target,
                         struct ofproto_controller_status *);

/* While held, controllers that are configured are not connected to; those that
 * have been connected to stay so. */
void conn_hold(bool);

/* Connects to the controllers that were held back. */
void conn_set_connect(struct conn_set *);

/* Drops and makes anew all connections to controllers. */
void conn_set_reconnect(struct conn_set *);

/* Events, to those who want to know. */
void conn_set_rule_changed(struct conn_set *, const struct rule_change *,
                           struct conn *requester, be32 xid);
void conn_set_flush_monitors(struct conn_set *);
void conn_set_port_changed(struct conn_set *, const struct ofport *,
                           enum port_reason);

void conn_set_table_changed(struct conn_set *, uint8_t table_id,
                            uint8_t reason);

/* A packet for controllers.  'cont' is NULL unless it was paused. */
void conn_set_packet_in(struct conn_set *, const struct packet_in *,
                        const struct continuation *cont,
                        uint16_t controller_id);

/* For the parts that handle requests. */

void conn_send(struct conn *, struct buf *);
void conn_send_list(struct conn *, struct list *);
void conn_send_error(struct conn *, enum ofperr, const struct ofmsg *request);

/* What a decoder needs to know. */
/* Says how much of a packet that no flow matches a controller wants; 0 from
 * who has not been asked to connect (ovs-ofctl) is "no asynchronous messages
 * at all". */
void conn_set_miss_send_len(struct conn *, uint16_t);

void conn_get_decode(const struct conn *, struct ofp_decode *);

/* Does 'conn' want asynchronous messages of 'type' for 'reason'? */
bool conn_wants(const struct conn *, enum async_type, unsigned int reason);

/* requests.c: handles one message; replies or sends an error. */
void conn_handle(struct conn *, const struct ofmsg *);

/* stats.c: handles a multipart request.  Positive: an error; 0: done. */
enum ofperr conn_handle_stats(struct conn *, const struct ofmsg *) MUST_USE;

/* bundles.c */
enum ofperr conn_bundle_control(struct conn *, const struct ofmsg *) MUST_USE;
enum ofperr conn_bundle_add(struct conn *, const struct ofmsg *) MUST_USE;
void conn_bundles_destroy(struct conn *);

/* monitors.c */
enum ofperr conn_monitor_request(struct conn *, const struct ofmsg *)
    MUST_USE;
enum ofperr conn_monitor_cancel(struct conn *, const struct ofmsg *) MUST_USE;
void conn_monitors_destroy(struct conn *);
void conn_monitors_rule_changed(struct conn_set *, const struct rule_change *,
                                struct conn *requester, be32 xid);

/* packets.c */
enum ofperr ofproto_packet_out(struct ofproto *, const struct packet_out *)
    MUST_USE;
enum ofperr ofproto_resume(struct ofproto *, const struct packet_in *,
                           const struct continuation *) MUST_USE;

#endif /* ofproto/conn.h */
