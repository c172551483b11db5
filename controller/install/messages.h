/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_INSTALL_MESSAGES_H
#define CONTROLLER_INSTALL_MESSAGES_H

/* The OpenFlow messages of the installer: batches, each of which takes effect
 * as one atomic bundle, and the few of a connection's set-up.
 *
 * A batch is sent while it is made: the whole of a large one never is in
 * memory here. */

#include "controller/controller.h"
#include "controller/flows.h"
#include "lib/openflow/group_msg.h"
#include "lib/openflow/msg.h"
#include "lib/openflow/vconn.h"

/* OpenFlow 1.5: groups' bucket changes and selection methods. */
#define MESSAGES_OF_VERSION 6

struct messages {
    struct rconn *rconn;         /* Where they go. */
    struct buf *out;             /* To be sent next, or NULL. */
    struct buf first;            /* Groups that flows may need: wait for the
                                  * first flow or the end. */
    struct buf last;             /* Groups that no flow needs any more: wait
                                  * for the end. */
    struct buf after;            /* Outside the bundle, behind it:
                                  * connections to forget. */
    uint32_t bundle_id;
    bool is_open;                /* Part of a batch is out. */
    bool no_bundles;
    be32 bundle_xids[2];         /* Of the newest opening and commit. */
};

/* 'rconn' is borrowed. */
void messages_init(struct messages *, struct rconn *rconn);
void messages_uninit(struct messages *);

/* For a new connection. */
void messages_reset(struct messages *);

/* Has nothing been put since the last messages_finish()? */
bool messages_are_empty(const struct messages *);

/* Has part of a batch gone out, without its end? */
bool messages_are_partial(const struct messages *);

/* Does a batch take effect as a whole, or each message at once? */
bool messages_are_atomic(const struct messages *);

/* Adds the flow, or removes the one of that key. */
void messages_put_flow(struct messages *, const struct flow_fact_key *,
                       bool add, uint64_t cookie, const void *actions,
                       size_t size);

/* Adds (or changes) group 'id' with properties and buckets 'text', or removes
 * it. */
void messages_put_group(struct messages *, uint32_t id, const char *text,
                        bool add);

/* Likewise meter 'id', which is to be what ovs-ofctl writes as 'meter'; NULL
 * deletes it.  'is_there': the switch has it already. */
void messages_put_meter(struct messages *, uint32_t id, const char *meter,
                        bool is_there);
void messages_put_zone_flush(struct messages *, uint16_t zone);

/* Connections whose ct_label.acl_id is 'acl_id'. */
void messages_put_acl_flush(struct messages *, uint16_t acl_id);

/* Ends the batch, a barrier behind it; returns the barrier's xid. */
be32 messages_finish(struct messages *);

/* Has the switch forget the batch, whose end has not been sent. */
void messages_discard(struct messages *);

/* If 'msg' is an error about a bundle, returns true, and from now on messages
 * go one by one. */
bool messages_stop_bundling(struct messages *, const struct ofmsg *);
void messages_describe_error(const struct ofmsg *, struct str *);

/* Set-up. */
struct buf *messages_packet_in_format(void);

/* Asks for whole packets: a management connection gets none otherwise. */
struct buf *messages_set_config(void);
struct buf *messages_tlv_request(void);
struct buf *messages_barrier(be32 *ret_xid);
struct buf *messages_flow_dump(uint8_t table);
struct buf *messages_group_dump(void);
struct buf *messages_meter_dump(void);

/* What to send so that OVN's Geneve option is tun_metadata0, given the reply to
 * the request; NULL if it is already. */
struct buf *messages_tlv_mod(const struct ofmsg *reply);

/* How to decode what the switch sends. */
const struct ofp_decode *messages_decode_env(void);

#endif /* controller/install/messages.h */
