/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_OFPACT_CODEC_H
#define OPENFLOW_OFPACT_CODEC_H

/* Actions on the wire, and whether they make sense. */

#include "lib/flow/match.h"
#include "lib/openflow/flow_mod.h"
#include "lib/openflow/ofpact.h"
#include "lib/openflow/ofperr.h"

/* Decodes the list of actions (not instructions) of 'size' bytes at 'wire' and
 * appends it to 'out'.  Knows the actions of OpenFlow 'version' and the
 * extensions'. */
enum ofperr ofpacts_decode(const void *wire, size_t size, uint8_t version,
                           const struct ofp_decode *, struct buf *out)
    MUST_USE;

/* Likewise for a list of instructions (OpenFlow 1.1+). */
enum ofperr ofpacts_decode_instructions(const void *wire, size_t size,
                                        uint8_t version,
                                        const struct ofp_decode *,
                                        struct buf *out) MUST_USE;

/* Append 'size' bytes of actions to 'out', in 'version'.  Actions that the
 * version lacks go as the extension's, or as what comes nearest. */
void ofpacts_encode(struct buf *out, const struct ofpact *, size_t size,
                    uint8_t version);
void ofpacts_encode_instructions(struct buf *out, const struct ofpact *,
                                 size_t size, uint8_t version);

/* Checks a decoded or parsed list against the match of its flow (NULL: not of
 * a flow): fields' prerequisites, tables forward, ports below max_port.  Fills
 * in what actions remember of the match.  Removes from '*usable_protocols'
 * (may be NULL) those in which the list would be inconsistent: OpenFlow 1.0
 * takes any, later ones refuse. */
enum ofperr ofpacts_check(struct ofpact *, size_t size,
                          const struct match *, uint8_t table_id,
                          const struct ofp_decode *,
                          uint32_t *usable_protocols) MUST_USE;

/* Where a list stands, as far as which actions it may have. */
enum ofpacts_place {
    OFPACTS_IN_FLOW,             /* Actions and instructions. */
    OFPACTS_IN_ACTION_LIST,      /* Packet-out. */
    OFPACTS_IN_ACTION_SET        /* Write-actions, buckets. */
};

/* Checks order and kinds: one of each instruction, in their order, nat only in
 * ct, set actions only in a set, nesting. */
enum ofperr ofpacts_verify(const struct ofpact *, size_t size,
                           enum ofpacts_place) MUST_USE;

/* Matches on the wire. */

/* Decodes 'size' bytes of OXM or NXM entries (no header, no padding). */
enum ofperr oxm_decode(const void *wire, size_t size,
                       const struct ofp_decode *, struct match *match,
                       be64 *cookie, be64 *cookie_mask) MUST_USE;

/* Appends them; 'version' 0 means NXM names only.  A 'cookie_mask' that is not
 * 0 adds NXM_NX_COOKIE. */
void oxm_encode(struct buf *out, const struct match *, uint8_t version,
                be64 cookie, be64 cookie_mask);

/* An ofp_match with its header and padding (OpenFlow 1.2+): takes it off 'r'. */
enum ofperr oxm_match_decode(struct reader *r, const struct ofp_decode *,
                             struct match *) MUST_USE;
void oxm_match_encode(struct buf *out, const struct match *, uint8_t version);

/* One entry's header: 4 or 8 bytes with length, as in actions. */
enum ofperr oxm_header_decode(struct reader *, const struct field **ret_field,
                              bool *ret_has_mask, size_t *ret_size) MUST_USE;
void oxm_header_encode(struct buf *, const struct field *, uint8_t version,
                       bool has_mask, size_t value_size);

/* OpenFlow 1.0's match of 40 bytes. */
#define OFP10_MATCH_SIZE 40
void ofp10_match_decode(const uint8_t wire[OFP10_MATCH_SIZE], struct match *);
void ofp10_match_encode(uint8_t wire[OFP10_MATCH_SIZE], const struct match *);

/* The protocols that can carry 'match'. */
uint32_t match_usable_protocols(const struct match *);

/* Text of OXM entries: "NXM_OF_IN_PORT(0001), NXM_OF_IP_SRC_W(...)". */
void oxm_format(const void *wire, size_t size, struct str *);
struct error *oxm_parse(const char *text, struct buf *out) MUST_USE;

#endif /* openflow/ofpact_codec.h */
