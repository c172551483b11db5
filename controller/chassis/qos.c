/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/chassis/qos.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "controller/binding/names.h"
#include "controller/chassis/mappings.h"
#include "controller/program.h"
#include "lib/base/alloc.h"
#include "lib/base/smap.h"
#include "lib/base/str.h"
#include "lib/base/vec.h"
#include "lib/schema/sb_tracked.h"

#define QOS_TYPE "linux-htb"

/* What an interface of 10 Gb/s or more can do is not to be limited by the speed
 * that it happens to report: the most that fits the kernel's 32 bits of bytes a
 * second. */
#define QOS_MAX_RATE "34359738360"

static uint64_t
read_rate(const struct strmap *options, const char *key)
{
    return strtoull(strmap_get_def(options, key, "0"), NULL, 10);
}

/* Does traffic through the port leave this host by an uplink? */
static bool
needs_queue(struct incr_ctx *ctx, const struct sb_port_binding *row)
{
    struct port_fact port;

    if (!port_fact_read(ctx, row, &port)) {
        return false;
    }
    return (port.type == PORT_LOCALNET
            ? controller_is_local(ctx, port.dp_key)
            : incr_exists(ctx, FACT_CLAIM, &row->header.uuid,
                          sizeof row->header.uuid));
}

void
queue_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct sb_port_binding *row = row_;
    const struct strmap *options = sb_port_binding_get_options(ctx, row);
    const struct queue_fact queue = {
        .id = strmap_get_uint(options, "qdisc_queue_id", 0),
        .min_rate = read_rate(options, "qos_min_rate"),
        .max_rate = read_rate(options, "qos_max_rate"),
        .burst = read_rate(options, "qos_burst"),
    };
    const char *network, *name;
    struct str *value;

    if (!queue.id || (!queue.min_rate && !queue.max_rate && !queue.burst)
        || !needs_queue(ctx, row)) {
        return;
    }
    network = strmap_get_def(options, "qos_physical_network", "");
    name = sb_port_binding_get_logical_port(ctx, row);
    value = incr_scratch(ctx, 0);
    str_put_bytes(value, &queue, offsetof(struct queue_fact, port));
    str_put_bytes(value, name, strlen(name) + 1);
    incr_emit(ctx, FACT_QUEUE, network, strlen(network) + 1,
              value->string, value->length);
}

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

/* ## Which port is an uplink ## */

static bool
has_iface_id(const struct vs_interface *iface)
{
    return strmap_get(&iface->external_ids, "iface-id") != NULL;
}

static bool
is_marked(const struct vs_interface *iface)
{
    return strmap_get_bool(&iface->external_ids, "ovn-egress-iface", false);
}

static bool
is_physical(const struct vs_interface *iface)
{
    return !*iface->type && !has_iface_id(iface);
}

/* Says whether any interface of 'port' is such a one. */
static bool
port_has(const struct vs_port *port, bool (*is)(const struct vs_interface *))
{
    for (size_t i = 0; i < port->n_interfaces; i++) {
        if (is(port->interfaces[i])) {
            return true;
        }
    }
    return false;
}

static const struct vs_port *
find_port(const struct vs_bridge *bridge,
          bool (*is)(const struct vs_interface *))
{
    for (size_t i = 0; i < bridge->n_ports; i++) {
        if (port_has(bridge->ports[i], is)) {
            return bridge->ports[i];
        }
    }
    return NULL;
}

/* The port by which the network's bridge is connected to it: the marked one,
 * else the first that looks like it; NULL if there is none. */
static const struct vs_port *
find_uplink(const struct controller *c, const char *network)
{
    const struct vs_open_vswitch *ovs = controller_open_vswitch(c);
    char *name = mapping_find(controller_setting(c, "ovn-bridge-mappings",
                                                 ""), network);
    const struct vs_port *port = NULL;

    for (size_t i = 0; name && ovs && i < ovs->n_bridges; i++) {
        const struct vs_bridge *bridge = ovs->bridges[i];

        if (!strcmp(bridge->name, name)) {
            port = find_port(bridge, is_marked);
            port = port ? port : find_port(bridge, is_physical);
        }
    }
    free(name);
    return port;
}

/* ## Rows ## */

/* The queues of ports on a physical network. */
struct network {
    const struct incr_group *queues;
    const struct vs_port *uplink;  /* NULL: all marked ones, as the ports are
                                    * on none, but reach others by tunnels. */
};

struct networks {
    const struct controller *controller;
    VEC(struct network) all;
};

static void
note_network(struct incr_group *group, void *networks_)
{
    struct networks *n = networks_;
    const char *name = incr_group_key(group);
    const struct vs_port *uplink = find_uplink(n->controller, name);

    if (uplink || !*name) {
        vec_push(&n->all, (struct network) { group, uplink });
    }
}

/* The queues that a port shall have. */
struct wanted {
    VEC(const struct queue_fact *) queues;
};

static void
collect(const struct networks *networks, const struct vs_port *port,
        struct wanted *wanted)
{
    bool marked = port_has(port, is_marked);

    vec_clear(&wanted->queues);
    VEC_FOR_EACH (network, &networks->all) {
        if (network->uplink ? network->uplink != port : !marked) {
            continue;
        }
        for (size_t i = 0; i < network->queues->n; i++) {
            vec_push(&wanted->queues, incr_group_value(network->queues, i));
        }
    }
}

static void
put_rate(struct smap *config, const char *key, uint64_t rate)
{
    if (rate) {
        smap_setf(config, key, "%"PRIu64, rate);
    }
}

static void
fill_config(const struct queue_fact *queue, struct smap *config)
{
    smap_init(config);
    put_rate(config, "min-rate", queue->min_rate);
    put_rate(config, "max-rate", queue->max_rate);
    put_rate(config, "burst", queue->burst);
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
        if ((*queue)->id == id) {
            return true;
        }
    }
    return false;
}

static void
write_queue(struct replica_txn *txn, const struct vs_qos *row,
            const struct queue_fact *queue)
{
    struct vs_queue *now = find_queue(row, queue->id);
    const char *owner;
    struct smap config;

    if (!now) {
        now = vs_queue_insert(txn);
        vs_qos_update_queues_setkey(row, queue->id, now);
    }
    owner = strmap_get(&now->external_ids, "ovn_port");
    if (!owner || strcmp(owner, queue->port)) {
        vs_queue_update_external_ids_setkey(now, "ovn_port", queue->port);
    }
    fill_config(queue, &config);
    if (!strmap_equals_smap(&now->other_config, &config)) {
        vs_queue_set_other_config(now, &config);
    }
    smap_uninit(&config);
}

/* Removes the queues of 'row' that are not wanted. */
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

static const struct vs_qos *
create_row(struct replica_txn *txn, const struct vs_port *port)
{
    struct vs_qos *row = vs_qos_insert(txn);

    vs_qos_set_type(row, QOS_TYPE);
    vs_qos_update_external_ids_setkey(row, "ovn_qos", "true");
    vs_qos_update_other_config_setkey(row, "max-rate", QOS_MAX_RATE);
    vs_port_set_qos(port, row);
    return row;
}

/* A port that an operator gave a QoS of its own keeps it. */
static void
write_port(struct replica_txn *txn, const struct vs_port *port,
           const struct wanted *wanted)
{
    const struct vs_qos *row = port->qos;

    if (row && !strmap_get_bool(&row->external_ids, "ovn_qos", false)) {
        return;
    }
    if (row) {
        sweep(row, wanted);
    }
    if (!wanted->queues.n) {
        if (row) {
            vs_port_clear_qos(port);
            vs_qos_delete(row);
        }
        return;
    }
    if (!row) {
        row = create_row(txn, port);
    }
    VEC_FOR_EACH (queue, &wanted->queues) {
        write_queue(txn, row, *queue);
    }
}

void
qos_run(struct qos *q, struct replica_txn *txn)
{
    struct networks networks = { .controller = q->controller,
                                 .all = VEC_EMPTY };
    struct wanted wanted = { .queues = VEC_EMPTY };
    const struct vs_port *port;

    if (!q->dirty) {
        return;
    }
    q->dirty = false;
    incr_for_each_group(q->controller->incr, FACT_QUEUE, note_network,
                        &networks);
    VS_PORT_FOR_EACH (port, q->controller->vs) {
        collect(&networks, port, &wanted);
        write_port(txn, port, &wanted);
    }
    vec_uninit(&wanted.queues);
    vec_uninit(&networks.all);
}
