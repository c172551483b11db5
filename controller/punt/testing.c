/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/punt/testing.h"

#include <stdlib.h>
#include <string.h>

#include "controller/install/install.h"
#include "controller/install/messages.h"
#include "controller/program.h"
#include "lib/flow/extract.h"
#include "lib/openflow/flow_text.h"

static struct list sent = LIST_INITIALIZER(&sent);

/* In the place of the installer's. */
void
install_send(struct install *install UNUSED, struct buf *b)
{
    list_push_back(&sent, &b->node);
}

uint64_t
install_current(const struct install *install UNUSED)
{
    return 0;
}

uint64_t
install_done(const struct install *install UNUSED)
{
    return 0;
}

void
install_forget_acl(struct install *install UNUSED, uint16_t acl_id UNUSED)
{
}

static void
wake(void *bench_)
{
    struct punt_bench *bench = bench_;

    bench->n_wakes++;
}

void
punt_bench_init(struct punt_bench *bench)
{
    bench->n_wakes = 0;
    bench->controller = (struct controller) {
        .vs = replica_create(&vs_class, NULL, NULL),
        .sb = replica_create(&sb_class, NULL, NULL),
        .incr = incr_create(controller_program(), NULL),
    };
    bench->punter = punter_create(&bench->controller, NULL, wake, bench);
}

void
punt_bench_uninit(struct punt_bench *bench)
{
    struct punt_sent message;

    while (punt_bench_take(&message)) {
        punt_sent_uninit(&message);
    }
    punter_destroy(bench->punter);
    incr_destroy(bench->controller.incr);
    replica_destroy(bench->controller.sb);
    replica_destroy(bench->controller.vs);
}

struct buf *
punt_bench_encode(const void *userdata, size_t userdata_size,
                  const struct flow *metadata, const void *packet,
                  size_t packet_size)
{
    static const struct continuation continuation = { .table_id = 8 };
    struct packet_in pin = {
        .packet = packet,
        .packet_size = packet_size,
        .total_size = packet_size,
        .buffer_id = OFP_NO_BUFFER,
        .reason = PACKET_IN_ACTION,
        .table_id = 20,
        .cookie = UINT64_MAX,
        .userdata = userdata,
        .userdata_size = userdata_size,
        .max_len = UINT16_MAX,
    };

    match_init(&pin.metadata);
    for (unsigned int i = 0; i < FLOW_N_REGS; i++) {
        if (metadata->regs[i]) {
            match_set_reg(&pin.metadata, i, metadata->regs[i]);
        }
    }
    match_set_metadata(&pin.metadata, ntohll(metadata->metadata));
    return packet_in_encode(&pin, &continuation, OFP_PROTO_15,
                            PACKET_IN_FORMAT_NXT2,
                            messages_decode_env()->tlv);
}

void
punt_bench_feed_raw(struct punt_bench *bench, const void *userdata,
                    size_t userdata_size, const struct flow *metadata,
                    const void *packet, size_t packet_size)
{
    struct buf *b = punt_bench_encode(userdata, userdata_size, metadata,
                                      packet, packet_size);
    struct ofmsg msg;

    if (!ofmsg_decode(b->data, b->size, &msg)) {
        punter_packet_in(bench->punter, &msg);
        punter_serve(bench->punter);
    }
    buf_destroy(b);
}

void
punt_bench_feed(struct punt_bench *bench, const struct punt *punt,
                const struct flow *metadata, const struct packet *packet)
{
    struct buf userdata = BUF_EMPTY;

    punt_encode(punt, &userdata);
    punt_bench_feed_raw(bench, userdata.data, userdata.size, metadata,
                        packet->data, packet->size);
    buf_uninit(&userdata);
}

static void
read_resume(const struct ofmsg *msg, struct punt_sent *ret)
{
    struct buf ofpacts = BUF_EMPTY;
    struct continuation continuation;
    struct packet_in pin;

    if (resume_decode(&pin, &continuation, msg, messages_decode_env(),
                      &ofpacts)) {
        abort();
    }
    ret->is_resume = true;
    ret->packet = packet_from_bytes(pin.packet, pin.packet_size);
    flow_extract(ret->packet, &ret->flow);
    memcpy(ret->flow.regs, pin.metadata.flow.regs, sizeof ret->flow.regs);
    ret->flow.metadata = pin.metadata.flow.metadata;
    buf_uninit(&ofpacts);
}

static void
read_packet_out(const struct ofmsg *msg, struct punt_sent *ret)
{
    struct buf ofpacts = BUF_EMPTY;
    struct packet_out po;

    if (packet_out_decode(&po, msg, messages_decode_env(), &ofpacts)) {
        abort();
    }
    ret->packet = packet_from_bytes(po.packet, po.packet_size);
    flow_extract(ret->packet, &ret->flow);
    ofpacts_format(po.ofpacts, po.ofpacts_size, NULL, &ret->actions);
    buf_uninit(&ofpacts);
}

bool
punt_bench_take(struct punt_sent *ret)
{
    struct buf *b;
    struct ofmsg msg;

    if (list_is_empty(&sent)) {
        return false;
    }
    b = LIST_ELEM(b, list_pop_front(&sent), node);
    *ret = (struct punt_sent) { .actions = STR_EMPTY };
    if (ofmsg_decode(b->data, b->size, &msg)) {
        abort();
    }
    if (msg.type == OFMSG_RESUME) {
        read_resume(&msg, ret);
    } else if (msg.type == OFMSG_PACKET_OUT) {
        read_packet_out(&msg, ret);
    } else {
        abort();
    }
    buf_destroy(b);
    return true;
}

void
punt_sent_uninit(struct punt_sent *message)
{
    packet_free(message->packet);
    str_uninit(&message->actions);
}
