/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_CT_MSG_H
#define OPENFLOW_CT_MSG_H

/* Connection tracking: NXT_CT_FLUSH_ZONE and NXT_CT_FLUSH. */

#include "lib/flow/ct_match.h"
#include "lib/openflow/buf.h"
#include "lib/openflow/msg.h"
#include "lib/openflow/ofperr.h"

struct buf *ct_flush_zone_encode(uint16_t zone, uint8_t version) MUST_USE;
enum ofperr ct_flush_zone_decode(const struct ofmsg *, uint16_t *ret_zone)
    MUST_USE;

/* The message has one protocol for both tuples: that of the original direction
 * if it has one. */
struct buf *ct_flush_encode(const struct ct_flush *, uint8_t version)
    MUST_USE;
enum ofperr ct_flush_decode(const struct ofmsg *, struct ct_flush *) MUST_USE;

#endif /* openflow/ct_msg.h */
