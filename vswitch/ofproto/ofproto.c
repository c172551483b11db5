/* SPDX-License-Identifier: Apache-2.0 */

#include "vswitch/ofproto/ofproto.h"

#include <errno.h>
#include <pthread.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/random.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/log.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/ofproto/conn.h"
#include "vswitch/ofproto/flow_mod.h"
#include "vswitch/ofproto/in_band.h"
#include "vswitch/ofproto/meter.h"
#include "vswitch/protocols/mac_learning.h"
#include "vswitch/upcall/upcall.h"
#include "vswitch/xlate/recirc.h"

LOG_MODULE(ofproto);

#define EXPIRE_INTERVAL_MS 1000

static struct hmap bridges = HMAP_INITIALIZER(&bridges);
static pthread_t main_thread;
static bool main_thread_is_known;

bool
ofproto_on_main_thread(void)
{
    return main_thread_is_known && pthread_equal(pthread_self(), main_thread);
}

const struct hmap *
ofproto_all(void)
{
    return &bridges;
}

struct ofproto *
ofproto_find(const char *name)
{
    struct ofproto *p;

    HMAP_FOR_EACH_WITH_HASH (p, node, hash_string(name, 0), &bridges) {
        if (!strcmp(p->name, name)) {
            return p;
        }
    }
    return NULL;
}

struct ofproto *
ofproto_find_by_uuid(const struct uuid *uuid)
{
    struct ofproto *p;

    HMAP_FOR_EACH (p, node, &bridges) {
        if (uuid_equals(&p->uuid, uuid)) {
            return p;
        }
    }
    return NULL;
}

/* Without a controller, a bridge in standalone mode is a learning switch, by
 * a flow that anybody can see. */
static void
add_standalone_flow(struct ofproto *p)
{
    struct buf ofpacts = BUF_EMPTY;
    struct flow_mod fm;
    enum ofperr error;

    if (p->fail_mode != FAIL_STANDALONE
        || conn_set_has_controllers(p->conns)) {
        return;
    }
    flow_mod_init(&fm);
    ofpact_put_OUTPUT(&ofpacts)->port = OFPP_NORMAL;
    fm.priority = 0;
    fm.ofpacts = (const void *) ofpacts.data;
    fm.ofpacts_size = ofpacts.size;
    error = ofproto_flow_mod(p, &fm, NULL, 0);
    if (error) {
        log_warn("%s: cannot add the flow of standalone mode (%s)", p->name,
                 ofperr_name(error));
    }
    buf_uninit(&ofpacts);
}

static void
every_second(void *p_)
{
    struct ofproto *p = p_;

    timer_set(&p->expire_timer, EXPIRE_INTERVAL_MS);
    rcu_read_lock();
    expire_rules(p);
    rcu_read_unlock();
    if (mac_table_expire(p->macs)) {
        backer_changed(p->backer);
    }
    recirc_expire();
}

static void
init_desc(struct switch_desc *desc)
{
    *desc = (struct switch_desc) {
        .mfr_desc = "Nicira, Inc.",
        .hw_desc = "Open vSwitch",
        .sw_desc = "3.1.0",
        .serial_num = "None",
        .dp_desc = "None",
    };
}

static struct ofproto *
alloc(const char *name, struct backer *backer)
{
    struct ofproto *p = xzalloc(sizeof *p);
    struct tlv_table *tlv = xmalloc(sizeof *tlv);

    p->name = xstrdup(name);
    random_bytes(&p->uuid, sizeof p->uuid);
    p->backer = backer;
    random_bytes(&p->datapath_id, sizeof p->datapath_id);
    p->datapath_id &= UINT64_C(0xffffffffffff);
    init_desc(&p->desc);
    p->miss_send_len = 128;
    p->version = 1;
    p->created_ms = clock_ms();
    for (unsigned int i = 0; i < OFPROTO_N_TABLES; i++) {
        oftable_init(&p->tables[i]);
    }
    rcu_hash_init(&p->groups);
    rcu_hash_init(&p->meters);
    rcu_hash_init(&p->ports);
    p->bundles = xzalloc(sizeof *p->bundles);
    tlv_table_init(tlv);
    p->tlv = tlv;
    p->macs = mac_table_create();
    hmap_init(&p->ports_by_name);
    list_init(&p->expirable);
    list_init(&p->removals);
    timer_init(&p->expire_timer, every_second, p);
    fail_open_init(p);
    return p;
}

struct error *
ofproto_create(const char *name, const char *datapath_type,
               struct ofproto **ret)
{
    const char *type = *datapath_type ? datapath_type : "system";
    struct smap options = SMAP_INITIALIZER(&options);
    struct ofport_init local = {
        .name = name, .type = "internal", .options = &options,
        .request = OFPP_LOCAL,
    };
    struct backer *backer;
    struct ofproto *p;
    struct error *error;
    ofp_port_t port;

    main_thread = pthread_self();
    main_thread_is_known = true;
    if (ofproto_find(name)) {
        return error_create(EEXIST, "there is a bridge %s already", name);
    }
    error = backer_get(type, &backer);
    if (error) {
        return error_wrap(error, "bridge %s", name);
    }
    p = alloc(name, backer);
    hmap_insert(&bridges, &p->node, hash_string(name, 0));
    rcu_hash_insert(&backer->bridges, p, uuid_hash(&p->uuid));
    p->conns = conn_set_create(p);
    error = ofproto_port_add(p, &local, &port);
    if (error) {
        ofproto_destroy(p, true);
        return error_wrap(error, "bridge %s", name);
    }
    add_standalone_flow(p);
    timer_set(&p->expire_timer, EXPIRE_INTERVAL_MS);
    *ret = p;
    return NULL;
}

void
ofproto_destroy(struct ofproto *p, bool del_ports)
{
    struct flow_txn txn;

    if (!p) {
        return;
    }
    timer_stop(&p->expire_timer);
    in_band_destroy(p);
    fail_open_uninit(p);
    conn_set_destroy(p->conns);
    p->conns = NULL;
    rcu_read_lock();
    ofproto_flush_flows(p);
    flow_txn_begin(&txn, p, NULL, 0);
    groups_flush(p, txn.version, &txn.groups);
    flow_txn_commit(&txn);
    meters_flush(p);
    rcu_read_unlock();
    while (p->bundles->n) {
        ofproto_bundle_del(p, p->bundles->bundles[0]->name);
    }
    ofports_destroy(p, del_ports);
    hmap_remove(&bridges, &p->node);
    rcu_hash_remove(&p->backer->bridges, p, uuid_hash(&p->uuid));

    /* Nobody may be left who works with it: neither megaflows that credit its
     * rules, nor readers. */
    upcall_flush(p->backer->upcall);
    synchronize_rcu();
    removals_run(p, true);
    backer_put(p->backer, del_ports);
    for (unsigned int i = 0; i < OFPROTO_N_TABLES; i++) {
        oftable_uninit(&p->tables[i]);
    }
    rcu_hash_uninit(&p->groups);
    rcu_hash_uninit(&p->meters);
    rcu_hash_uninit(&p->ports);
    mac_table_destroy(p->macs);
    hmap_uninit(&p->ports_by_name);
    free(p->bundles);
    free(p->tlv);
    free(p->name);
    free(p);
}

/* Settings. */

void
ofproto_set_datapath_id(struct ofproto *p, uint64_t id)
{
    if (p->datapath_id != id) {
        p->datapath_id = id;
        conn_set_reconnect(p->conns);
    }
}

void
ofproto_set_fail_mode(struct ofproto *p, enum fail_mode mode)
{
    if (p->fail_mode == mode) {
        return;
    }
    p->fail_mode = mode;
    if (!conn_set_has_controllers(p->conns)) {
        ofproto_flush_flows(p);
        add_standalone_flow(p);
    }
    fail_open_update(p);
}

void
ofproto_set_forward_bpdu(struct ofproto *p, bool on)
{
    if (p->forward_bpdu != on) {
        __atomic_store_n(&p->forward_bpdu, on, __ATOMIC_RELAXED);
        backer_changed(p->backer);
    }
}

void
ofproto_set_flood_vlans(struct ofproto *p, const uint64_t *vlans)
{
    if (mac_table_set_flood_vlans(p->macs, vlans)) {
        backer_changed(p->backer);
    }
}

void
ofproto_set_mac_table(struct ofproto *p, unsigned int idle_s, size_t max)
{
    mac_table_configure(p->macs, idle_s, max);
}

void
ofproto_set_desc(struct ofproto *p, const struct switch_desc *desc)
{
    p->desc = *desc;
}

void
ofproto_set_table(struct ofproto *p, uint8_t table_id,
                  const struct oftable_settings *s)
{
    struct oftable *table = &p->tables[table_id];

    if (s->name || table->is_named_by_config) {
        oftable_set_name(table, s->name, true);
    }
    table->max_flows = s->max_flows;
    table->evicts = ((table->evicts & ~OFTABLE_EVICTS_CONFIG)
                     | (s->evicts ? OFTABLE_EVICTS_CONFIG : 0));
}

void
ofproto_set_controllers(struct ofproto *p,
                        const struct ofproto_controller *controllers,
                        size_t n, uint32_t versions)
{
    bool had = conn_set_has_controllers(p->conns);

    conn_set_configure(p->conns, controllers, n, versions);
    if (had != (n > 0)) {
        /* The switch's own flows give way to those of controllers, and the
         * other way round. */
        ofproto_flush_flows(p);
        add_standalone_flow(p);
    }
    fail_open_update(p);
}

void
ofproto_set_restoring(bool restoring)
{
    struct ofproto *p;

    conn_hold(restoring);
    upcall_set_paused(restoring);
    if (!restoring) {
        HMAP_FOR_EACH (p, node, ofproto_all()) {
            conn_set_connect(p->conns);
        }
    }
}

void
ofproto_set_listeners(struct ofproto *p, const struct sset *targets,
                      uint32_t versions)
{
    conn_set_listen(p->conns, targets, versions);
}

bool
ofproto_get_controller_status(const struct ofproto *p, const char *target,
                              struct ofproto_controller_status *ret)
{
    return conn_set_get_status(p->conns, target, ret);
}

struct old_tlv {
    struct rcu_head rcu;
    struct tlv_table *table;
};

static void
free_tlv(struct rcu_head *head)
{
    struct old_tlv *old = CONTAINER_OF(head, struct old_tlv, rcu);

    free(old->table);
    free(old);
}

void
ofproto_take_tlv(struct ofproto *p, struct tlv_table *table)
{
    struct old_tlv *old = xmalloc(sizeof *old);

    old->table = p->tlv;
    rcu_assign_pointer(p->tlv, table);
    call_rcu(&old->rcu, free_tlv);
    backer_changed(p->backer);
}

void
ofproto_flush_macs(struct ofproto *p)
{
    if (mac_table_flush(p->macs)) {
        backer_changed(p->backer);
    }
}

void
ofproto_ports_refresh(void)
{
    struct ofproto *p;

    HMAP_FOR_EACH (p, node, &bridges) {
        struct ofport *port;

        HMAP_FOR_EACH (port, name_node, &p->ports_by_name) {
            ofport_refresh(port);
        }
    }
}
