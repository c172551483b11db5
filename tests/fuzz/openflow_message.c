/* SPDX-License-Identifier: Apache-2.0 */

/* OpenFlow messages: whatever the bytes, printing ends; what decodes as a flow
 * mod encodes to what decodes to the same match. */

#include <stdlib.h>

#include "lib/openflow/flow_mod.h"
#include "lib/openflow/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_flow_mod(const struct ofmsg *msg)
{
    struct ofp_decode decode = ofp_decode_default;
    struct buf acts = BUF_EMPTY, again = BUF_EMPTY;
    uint32_t protocol = ofp_protocol_from_version(msg->version);
    struct flow_mod a, b;

    if (msg->version == OFP10_VERSION) {
        protocol = (msg->is_nx ? OFP_PROTO_10_NXM_TID : OFP_PROTO_10_TID);
    }
    decode.protocol = protocol;
    if (!flow_mod_decode(&a, msg, &decode, &acts)) {
        struct buf *wire = flow_mod_encode(&a, protocol);
        struct ofmsg copy;

        if (wire->size <= UINT16_MAX
            && !ofmsg_decode(wire->data, wire->size, &copy)
            && !flow_mod_decode(&b, &copy, &decode, &again)
            && !match_equals(&a.match, &b.match)) {
            abort();
        }
        buf_destroy(wire);
    }
    buf_uninit(&acts);
    buf_uninit(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str s = STR_EMPTY;
    struct ofmsg msg;

    ofp_print(&s, data, size, NULL, 3);
    str_uninit(&s);
    if (!ofmsg_decode(data, size, &msg) && msg.type == OFMSG_FLOW_MOD) {
        check_flow_mod(&msg);
    }
    return 0;
}
