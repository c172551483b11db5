/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_INSTALL_MESSAGES_H
#define CONTROLLER_INSTALL_MESSAGES_H

/* The OpenFlow messages of the installer: a batch that goes out as one atomic
 * bundle, and the few of a connection's set-up. */

#include "controller/controller.h"
#include "controller/flows.h"
#include "lib/openflow/group_msg.h"
#include "lib/openflow/msg.h"

/* OpenFlow 1.5: groups' bucket changes and selection methods. */
#define MESSAGES_OF_VERSION 6

struct messages {
    struct buf before;           /* Outside the bundle: meters, zones. */
    struct buf first;            /* Groups that flows may need. */
    struct buf flows;
    struct buf last;             /* Groups that no flow needs any more. */
    uint32_t bundle_id;
    bool no_bundles;
    be32 bundle_xids[2];         /* Of the newest commit's messages. */
};

void messages_init(struct messages *);
void messages_uninit(struct messages *);
void messages_clear(struct messages *);
bool messages_are_empty(const struct messages *);

/* Adds the flow, or removes the one of that key. */
void messages_put_flow(struct messages *, const struct flow_fact_key *,
                       bool add, uint64_t cookie, const void *actions,
                       size_t size);

/* Adds (or changes) group 'id' with properties and buckets 'text', or removes
 * it. */
void messages_put_group(struct messages *, uint32_t id, const char *text,
                        bool add);

/* Likewise meter 'id': 'text' is "__string: " and a meter as ovs-ofctl writes
 * it, or the name of a row of the Meter table. */
void messages_put_meter(struct messages *, const struct controller *,
                        uint32_t id, const char *text, bool add);
void messages_put_zone_flush(struct messages *, uint16_t zone);

/* Moves all messages to 'bufs' (struct buf, by 'node'), a barrier behind them;
 * returns the barrier's xid. */
be32 messages_take(struct messages *, struct list *bufs);

/* From now on messages go one by one. */
void messages_stop_bundling(struct messages *);

/* Is 'msg' an error about a bundle? */
bool messages_is_bundle_error(const struct messages *, const struct ofmsg *);
void messages_describe_error(const struct ofmsg *, struct str *);

/* Set-up. */
struct buf *messages_want_packets(void);
struct buf *messages_packet_in_format(void);

/* Asks for whole packets: a management connection gets none otherwise. */
struct buf *messages_set_config(void);
struct buf *messages_tlv_request(void);
struct buf *messages_barrier(be32 *ret_xid);
struct buf *messages_flow_dump(uint8_t table);
struct buf *messages_group_dump(void);

/* What to send so that OVN's Geneve option is tun_metadata0, given the reply to
 * the request; NULL if it is already. */
struct buf *messages_tlv_mod(const struct ofmsg *reply);

/* How to decode what the switch sends. */
const struct ofp_decode *messages_decode_env(void);

#endif /* controller/install/messages.h */
