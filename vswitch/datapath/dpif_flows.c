/* SPDX-License-Identifier: Apache-2.0 */
/* dpif.h for the userspace datapath: flows, packets and upcalls, meters. */

#include "vswitch/dpif/dpif.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "vswitch/datapath/datapath.h"

/* Flows. */

void
dpif_flow_put(struct dpif *dpif, struct dpif_flow_put *puts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        puts[i].error = dp_actions_validate(puts[i].actions,
                                            puts[i].actions_size);
        if (!puts[i].error) {
            flow_table_put(&dpif->dp->flows, &puts[i]);
        }
    }
}

void
dpif_flow_del(struct dpif *dpif, struct dpif_flow_del *dels, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        flow_table_del(&dpif->dp->flows, &dels[i]);
    }
}

void
dpif_flow_flush(struct dpif *dpif)
{
    flow_table_flush(&dpif->dp->flows);
}

static void
tell_flow(const struct dp_flow *flow,
          void (*each)(const struct dpif_flow *, void *aux), void *aux)
{
    const struct dp_actions *actions = rcu_dereference(flow->actions);
    struct dpif_flow out = {
        .key = &flow->key,
        .mask = &flow->subtable->mask.key,
        .ufid = flow->ufid,
        .actions = actions->data,
        .actions_size = actions->size,
        .dp_layer = "ovs",
    };

    dp_flow_get_stats(flow, &out.stats);
    each(&out, aux);
}

int
dpif_flow_get(const struct dpif *dpif, struct ufid ufid,
              void (*each)(const struct dpif_flow *, void *aux), void *aux)
{
    struct dp_flow *flow;
    int error = -ENOENT;

    rcu_read_lock();
    flow = flow_table_find(&dpif->dp->flows, ufid);
    if (flow) {
        tell_flow(flow, each, aux);
        error = 0;
    }
    rcu_read_unlock();
    return error;
}

/* A dump walks the index numbers, which a flow keeps for life: threads take
 * stretches of them. */
struct dpif_flow_dump {
    struct dp *dp;
    uint32_t next;               /* Atomic. */
};

struct dpif_flow_dump *
dpif_flow_dump_create(const struct dpif *dpif)
{
    struct dpif_flow_dump *dump = xzalloc(sizeof *dump);

    dump->dp = dpif->dp;
    dump->next = 1;
    return dump;
}

void
dpif_flow_dump_destroy(struct dpif_flow_dump *dump)
{
    free(dump);
}

size_t
dpif_flow_dump_next(struct dpif_flow_dump *dump, size_t max,
                    void (*each)(const struct dpif_flow *, void *aux),
                    void *aux)
{
    struct flow_table *t = &dump->dp->flows;
    uint32_t end = __atomic_load_n(&t->next_index, __ATOMIC_ACQUIRE);
    size_t n = 0;

    rcu_read_lock();
    while (!n) {
        uint32_t i = __atomic_fetch_add(&dump->next, max, __ATOMIC_RELAXED);

        if (i >= end) {
            break;
        }
        for (uint32_t last = MIN(i + max, end); i < last; i++) {
            struct dp_flow *flow = flow_table_at(t, i);

            if (flow) {
                tell_flow(flow, each, aux);
                n++;
            }
        }
    }
    rcu_read_unlock();
    return n;
}

/* Packets and upcalls. */

/* Sets the metadata of 'p' to what 'flow' says. */
static void
set_metadata(struct packet *p, const struct flow *flow)
{
    struct packet_metadata *md = &p->md;

    packet_metadata_init(md, flow->in_port);
    md->recirc_id = flow->recirc_id;
    md->dp_hash = flow->dp_hash;
    md->skb_priority = flow->skb_priority;
    md->pkt_mark = flow->pkt_mark;
    md->ct_state = flow->ct_state;
    md->ct_nw_proto = flow->ct_nw_proto;
    md->ct_zone = flow->ct_zone;
    md->ct_mark = flow->ct_mark;
    md->ct_label = flow->ct_label;
    md->ct_tp_src = flow->ct_tp_src;
    md->ct_tp_dst = flow->ct_tp_dst;
    md->ct_is_ipv6 = flow->dl_type == htons(ETH_TYPE_IPV6);
    if (md->ct_is_ipv6) {
        md->ct_src = flow->ct_ipv6_src;
        md->ct_dst = flow->ct_ipv6_dst;
    } else {
        put_be32(&md->ct_src, flow->ct_nw_src);
        put_be32(&md->ct_dst, flow->ct_nw_dst);
    }
    if (flow_tunnel_is_set(&flow->tunnel)) {
        md->tunnel = flow->tunnel;
    }
    p->packet_type = flow->packet_type;
}

int
dpif_execute(struct dpif *dpif, struct packet *packet, const struct flow *flow,
             const void *actions, size_t actions_size)
{
    int error = dp_actions_validate(actions, actions_size);
    struct packet_batch batch = { .n = 1 };
    struct packet *p;
    struct flow unused;

    if (error) {
        return error;
    }
    p = packet_clone(packet);
    if (!p) {
        return -EMSGSIZE;
    }
    if (flow) {
        set_metadata(p, flow);
    }
    flow_extract(p, &unused);    /* For the offsets. */
    batch.packets[0] = p;
    rcu_read_lock();
    dp_execute(dp_context_get(dpif->dp), &batch, actions, actions_size);
    rcu_read_unlock();
    return 0;
}

void
dpif_set_upcall_handler(struct dpif *dpif,
                        const struct dpif_upcall_handler *handler)
{
    struct dpif_upcall_handler *old = dpif->dp->handler;

    rcu_assign_pointer(dpif->dp->handler,
                       handler ? xmemdup(handler, sizeof *handler) : NULL);
    synchronize_rcu();
    free(old);
}

/* Meters. */

int
dpif_meter_set(struct dpif *dpif, uint32_t id,
               const struct dpif_meter_config *config)
{
    return dp_meter_set(dpif->dp, id, config);
}

int
dpif_meter_get(const struct dpif *dpif, uint32_t id,
               struct dpif_meter_stats *stats)
{
    return dp_meter_get(dpif->dp, id, stats);
}

int
dpif_meter_del(struct dpif *dpif, uint32_t id, struct dpif_meter_stats *stats)
{
    return dp_meter_del(dpif->dp, id, stats);
}
