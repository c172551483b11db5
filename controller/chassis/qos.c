/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/chassis/qos.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "controller/program.h"
#include "lib/base/alloc.h"
#include "lib/base/smap.h"
#include "lib/base/vec.h"
#include "lib/schema/sb_tracked.h"

#define OWNED "ovn-owned"
#define QOS_TYPE "linux-htb"

static uint64_t
read_rate(const struct strmap *options, const char *key)
{
    return strtoull(strmap_get_def(options, key, "0"), NULL, 10);
}

void
queue_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct sb_port_binding *row = row_;
    const struct strmap *options = sb_port_binding_get_options(ctx, row);
    uint32_t id = strmap_get_uint(options, "qdisc_queue_id", 0);
    const struct queue_fact queue = {
        .min_rate = read_rate(options, "qos_min_rate"),
        .max_rate = read_rate(options, "qos_max_rate"),
        .burst = read_rate(options, "qos_burst"),
    };

    if (id && (queue.min_rate || queue.max_rate || queue.burst)
        && incr_exists(ctx, FACT_CLAIM, &row->header.uuid,
                       sizeof row->header.uuid)) {
        incr_emit(ctx, FACT_QUEUE, &id, sizeof id, &queue, sizeof queue);
    }
}

struct queue {
    uint32_t id;
    struct queue_fact rates;
};

struct qos {
    struct controller *controller;
    struct incr_sink sink;
    bool dirty;
};

static void
queue_changed(void *q, struct incr_fact *fact UNUSED, bool added UNUSED)
{
    qos_wake(q);
}

struct qos *
qos_create(struct controller *c)
{
    struct qos *q = xzalloc(sizeof *q);

    q->controller = c;
    q->sink = (struct incr_sink) { .fact = FACT_QUEUE, .aux = q,
                                   .fact_changed = queue_changed };
    q->dirty = true;
    incr_add_sink(c->incr, &q->sink);
    return q;
}

void
qos_destroy(struct qos *q)
{
    free(q);
}

void
qos_wake(struct qos *q)
{
    q->dirty = true;
}

struct wanted {
    VEC(struct queue) queues;
};

static void
note_queue(struct incr_group *group, void *wanted_)
{
    struct wanted *wanted = wanted_;
    struct queue queue = { .id = get_u32(incr_group_key(group)) };

    memcpy(&queue.rates, incr_group_value(group, 0), sizeof queue.rates);
    vec_push(&wanted->queues, queue);
}

static void
put_rate(struct smap *config, const char *key, uint64_t rate)
{
    if (rate) {
        smap_setf(config, key, "%"PRIu64, rate);
    }
}

static void
fill_config(const struct queue_fact *rates, struct smap *config)
{
    smap_init(config);
    put_rate(config, "min-rate", rates->min_rate);
    put_rate(config, "max-rate", rates->max_rate);
    put_rate(config, "burst", rates->burst);
}

static struct vs_queue *
find_queue(const struct vs_qos *row, uint32_t id)
{
    for (size_t i = 0; i < row->queues.n; i++) {
        if (row->queues.keys[i] == id) {
            return row->queues.values[i];
        }
    }
    return NULL;
}

static bool
is_wanted(const struct wanted *wanted, int64_t id)
{
    VEC_FOR_EACH (queue, &wanted->queues) {
        if (queue->id == id) {
            return true;
        }
    }
    return false;
}

static void
write_queue(struct replica_txn *txn, const struct vs_qos *row,
            const struct queue *queue)
{
    struct vs_queue *now = find_queue(row, queue->id);
    struct smap config;

    if (!now) {
        now = vs_queue_insert(txn);
        vs_queue_update_external_ids_setkey(now, OWNED, "true");
        vs_qos_update_queues_setkey(row, queue->id, now);
    }
    fill_config(&queue->rates, &config);
    if (!strmap_equals_smap(&now->other_config, &config)) {
        vs_queue_set_other_config(now, &config);
    }
    smap_uninit(&config);
}

/* Removes the queues of 'row' that are not wanted; all, and the row, if
 * nothing is. */
static void
sweep(const struct vs_qos *row, const struct wanted *wanted)
{
    VEC(struct vs_queue *) gone = VEC_EMPTY;

    for (size_t i = 0; i < row->queues.n; i++) {
        if (!is_wanted(wanted, row->queues.keys[i])) {
            vec_push(&gone, row->queues.values[i]);
        }
    }
    VEC_FOR_EACH (queue, &gone) {
        for (size_t i = 0; i < row->queues.n; i++) {
            if (row->queues.values[i] == *queue) {
                vs_qos_update_queues_delkey(row, row->queues.keys[i]);
                break;
            }
        }
        vs_queue_delete(*queue);
    }
    vec_uninit(&gone);
}

static bool
is_owned(const struct vs_qos *row)
{
    return row && strmap_get(&row->external_ids, OWNED);
}

/* An uplink that an operator gave a QoS of its own keeps it. */
static void
write_port(struct replica_txn *txn, const struct vs_port *port,
           const struct wanted *wanted)
{
    bool is_uplink = strmap_get_bool(&port->external_ids, "ovn-egress-iface",
                                     false);
    struct vs_qos *row = port->qos;

    if (row && !is_owned(row)) {
        return;
    }
    if (!is_uplink || !wanted->queues.n) {
        const struct wanted none = { .queues = VEC_EMPTY };

        if (row) {
            sweep(row, &none);
            vs_port_clear_qos(port);
            vs_qos_delete(row);
        }
        return;
    }
    if (!row) {
        row = vs_qos_insert(txn);
        vs_qos_set_type(row, QOS_TYPE);
        vs_qos_update_external_ids_setkey(row, OWNED, "true");
        vs_port_set_qos(port, row);
    } else {
        sweep(row, wanted);
    }
    VEC_FOR_EACH (queue, &wanted->queues) {
        write_queue(txn, row, queue);
    }
}

void
qos_run(struct qos *q, struct replica_txn *txn)
{
    struct wanted wanted = { .queues = VEC_EMPTY };
    const struct vs_port *port;

    if (!q->dirty) {
        return;
    }
    q->dirty = false;
    incr_for_each_group(q->controller->incr, FACT_QUEUE, note_queue,
                        &wanted);
    VS_PORT_FOR_EACH (port, q->controller->vs) {
        write_port(txn, port, &wanted);
    }
    vec_uninit(&wanted.queues);
}
