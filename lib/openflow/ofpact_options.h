/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_OFPACT_OPTIONS_H
#define OPENFLOW_OFPACT_OPTIONS_H

/* Tunnel options (tun_metadata<N>) that actions name: what they are depends on
 * the bridge's map, which must have them and keep them.
 *
 * Cost: a walk through the actions. */

#include "lib/flow/tlv.h"
#include "lib/openflow/ofpact.h"
#include "lib/openflow/ofperr.h"

/* The slots that the actions read or write, bit i for slot i. */
uint64_t ofpacts_option_slots(const struct ofpact *, size_t size);

/* Does 'table' map all of them, to options wide enough for the bits that the
 * actions name?  0, NXFMFC_INVALID_TLV_FIELD or OFPBAC_BAD_SET_LEN. */
enum ofperr ofpacts_check_options(const struct ofpact *, size_t size,
                                  const struct tlv_table *) MUST_USE;

#endif /* openflow/ofpact_options.h */
