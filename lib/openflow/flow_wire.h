/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_FLOW_WIRE_H
#define OPENFLOW_FLOW_WIRE_H

/* Pieces of messages that the files of this library share. */

#include "lib/openflow/flow_mod.h"

/* A port: 16 bits in OpenFlow 1.0, 32 later. */
enum ofperr wire_get_port(struct reader *, uint8_t version, ofp_port_t *ret);
void wire_put_port(struct buf *, uint8_t version, ofp_port_t);

/* NXM entries of 'length' bytes and their padding to eights. */
enum ofperr wire_get_nx_match(struct reader *, size_t length,
                              const struct ofp_decode *, struct match *,
                              be64 *cookie, be64 *cookie_mask);
size_t wire_put_nx_match(struct buf *, const struct match *, be64 cookie,
                         be64 cookie_mask);

/* The actions (OpenFlow 1.0) or instructions of a flow: all that is left. */
enum ofperr wire_get_ofpacts(struct reader *, uint8_t version,
                             const struct ofp_decode *, struct buf *ofpacts);
void wire_put_ofpacts(struct buf *, const struct ofpact *, size_t size,
                      uint8_t version);

/* Flags of flows by version. */
uint16_t wire_get_flow_flags(uint16_t raw, uint8_t version, enum ofperr *);
uint16_t wire_put_flow_flags(uint16_t flags, uint8_t version);

#endif /* openflow/flow_wire.h */
