/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/punt/send.h"

#include "controller/install/install.h"
#include "controller/program.h"
#include "lib/logical/ovn_symbols.h"
#include "lib/openflow/ofpact.h"
#include "lib/openflow/packet_io.h"

static void
take_by_installer(void *install, struct buf *b)
{
    install_send(install, b);
}

struct outlet
outlet_of_installer(struct install *install)
{
    return (struct outlet) { take_by_installer, install };
}

void
send_put_metadata(const struct flow *flow, struct buf *ofpacts)
{
    const struct subfield metadata
        = { field_from_id(FIELD_METADATA), 0, 64 };

    for (unsigned int i = 0; i <= LOG_REG_OUTPORT; i++) {
        if (flow->regs[i]) {
            ofpact_put_load_field(ofpacts, FIELD_REG0 + i, flow->regs[i]);
        }
    }
    ofpact_put_load(ofpacts, &metadata, ntohll(flow->metadata));
}

void
send_with(const struct outlet *outlet, const struct packet *packet,
          const struct buf *ofpacts)
{
    struct packet_out po = {
        .packet = packet->data,
        .packet_size = packet->size,
        .buffer_id = OFP_NO_BUFFER,
        .ofpacts = (const void *) ofpacts->data,
        .ofpacts_size = ofpacts->size,
    };

    match_init(&po.metadata);
    match_set_in_port(&po.metadata, OFPP_CONTROLLER);
    outlet_take(outlet, packet_out_encode(&po, OFP_PROTO_15));
}

void
send_to_table(const struct outlet *outlet, const struct packet *packet,
              const struct flow *flow, uint8_t table)
{
    uint64_t storage[256];
    struct ofpact_resubmit *resubmit;
    struct buf ofpacts;

    buf_init_stack(&ofpacts, storage, sizeof storage);
    send_put_metadata(flow, &ofpacts);
    resubmit = ofpact_put_RESUBMIT(&ofpacts);
    resubmit->in_port = OFPP_IN_PORT;
    resubmit->table_id = table;
    send_with(outlet, packet, &ofpacts);
    buf_uninit(&ofpacts);
}

void
send_from_port(const struct outlet *outlet, const struct packet *packet,
               uint32_t dp_key, uint32_t port_key, uint32_t flags)
{
    struct flow flow = { .metadata = htonll(dp_key) };

    flow.regs[LOG_REG_INPORT] = port_key;
    flow.regs[LOG_REG_FLAGS] = flags;
    send_to_table(outlet, packet, &flow, OF_TABLE_LOG_INGRESS);
}
