/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_PROTOCOL_H
#define OPENFLOW_PROTOCOL_H

/* How flows are written on a connection: the OpenFlow version and, for 1.0,
 * the format of matches and whether a flow mod names its table. */

#include "lib/base/error.h"
#include "lib/openflow/msg.h"

enum ofp_protocol {
    OFP_PROTO_10 = 1 << 0,       /* OpenFlow 1.0 flow mods. */
    OFP_PROTO_10_TID = 1 << 1,   /* ...with the table in the command. */
    OFP_PROTO_10_NXM = 1 << 2,   /* NXT_FLOW_MOD. */
    OFP_PROTO_10_NXM_TID = 1 << 3,
    OFP_PROTO_13 = 1 << 4,
    OFP_PROTO_14 = 1 << 5,
    OFP_PROTO_15 = 1 << 6
};

#define OFP_PROTO_10_ANY \
    (OFP_PROTO_10 | OFP_PROTO_10_TID | OFP_PROTO_10_NXM | OFP_PROTO_10_NXM_TID)
#define OFP_PROTO_NXM_OXM_ANY \
    (OFP_PROTO_10_NXM | OFP_PROTO_10_NXM_TID | OFP_PROTO_13 | OFP_PROTO_14 \
     | OFP_PROTO_15)
#define OFP_PROTO_OXM_ANY (OFP_PROTO_13 | OFP_PROTO_14 | OFP_PROTO_15)
#define OFP_PROTO_TID \
    (OFP_PROTO_10_TID | OFP_PROTO_10_NXM_TID | OFP_PROTO_OXM_ANY)
#define OFP_PROTO_ANY (OFP_PROTO_10_ANY | OFP_PROTO_OXM_ANY)

uint8_t ofp_protocol_version(uint32_t protocol);

/* The one of 'version' that a connection starts with. */
uint32_t ofp_protocol_from_version(uint8_t version);

/* All of the versions in the set. */
uint32_t ofp_protocols_from_versions(uint32_t versions);
uint32_t ofp_protocols_to_versions(uint32_t protocols);

/* "OpenFlow10-table_id", "NXM+table_id", "OXM-OpenFlow13", ... */
const char *ofp_protocol_name(uint32_t protocol);
void ofp_protocols_format(uint32_t protocols, struct str *);

/* A comma-separated list of those names, or "any", "OXM", "NXM". */
struct error *ofp_protocols_parse(const char *text, uint32_t *ret) MUST_USE;

/* Changes 'protocol' to one of the same version that names tables, or not. */
uint32_t ofp_protocol_set_tid(uint32_t protocol, bool tid);

/* The messages that take a connection from 'current' one step towards 'want';
 * '*next' is then where it is.  NULL if 'current' is 'want' already, or it
 * cannot be reached. */
struct buf *ofp_protocol_step(uint32_t current, uint32_t want, uint32_t *next);

#endif /* openflow/protocol.h */
