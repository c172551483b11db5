/* SPDX-License-Identifier: Apache-2.0 */

#include "vswitch/ofproto/meter.h"

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/runtime/clock.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/ofproto/flow_mod.h"
#include "vswitch/ofproto/ofproto.h"

static uint32_t
hash_id(uint32_t id)
{
    return hash_word(id, 0);
}

struct meter *
meter_find(const struct ofproto *ofproto, uint32_t id)
{
    struct rcu_hash_cursor cursor;
    struct meter *m;

    RCU_HASH_FOR_EACH_WITH_HASH (m, &cursor, hash_id(id), &ofproto->meters) {
        if (m->id == id) {
            return m;
        }
    }
    return NULL;
}

static enum ofperr
check_config(const struct meter_config *config)
{
    if (!config->meter_id
        || (config->meter_id > METER_MAX_COUNT
            && config->meter_id != METER_CONTROLLER
            && config->meter_id != METER_SLOWPATH)) {
        return OFPMMFC_INVALID_METER;
    }
    if (!(config->flags & (METER_F_KBPS | METER_F_PKTPS))
        || (config->flags & METER_F_KBPS && config->flags & METER_F_PKTPS)) {
        return OFPMMFC_BAD_FLAGS;
    }
    if (!config->n_bands || config->n_bands > METER_MAX_BANDS) {
        return OFPMMFC_OUT_OF_BANDS;
    }
    for (size_t i = 0; i < config->n_bands; i++) {
        if (config->bands[i].type != METER_BAND_DROP) {
            return OFPMMFC_BAD_BAND;
        }
        if (!config->bands[i].rate) {
            return OFPMMFC_BAD_RATE;
        }
    }
    return 0;
}

static enum ofperr
set_in_datapath(struct ofproto *ofproto, uint32_t dp_id,
                const struct meter_config *config)
{
    struct dpif_meter_band bands[METER_MAX_BANDS];
    struct dpif_meter_config dp_config = {
        .kbps = config->flags & METER_F_KBPS,
        .n_bands = config->n_bands,
        .bands = bands,
    };

    for (size_t i = 0; i < config->n_bands; i++) {
        bands[i] = (struct dpif_meter_band) {
            .rate = config->bands[i].rate,
            .burst = (config->flags & METER_F_BURST
                      ? config->bands[i].burst_size : 0),
        };
    }
    return (dpif_meter_set(ofproto->backer->dpif, dp_id, &dp_config)
            ? OFPMMFC_UNKNOWN : 0);
}

static struct meter *
create(uint32_t dp_id, const struct meter_config *config)
{
    struct meter *m = xzalloc(sizeof *m);

    m->id = config->meter_id;
    m->dp_id = dp_id;
    m->config = *config;
    m->config.bands = xmemdup(config->bands,
                              config->n_bands * sizeof *config->bands);
    m->created_ms = clock_ms();
    return m;
}

static void
free_meter(struct rcu_head *head)
{
    struct meter *m = CONTAINER_OF(head, struct meter, rcu);

    meter_config_uninit(&m->config);
    free(m);
}

static enum ofperr
add_meter(struct ofproto *ofproto, const struct meter_config *config)
{
    struct backer *backer = ofproto->backer;
    uint32_t max = MIN(backer->features.max_meters, DPIF_MAX_METERS);
    enum ofperr error = check_config(config);
    size_t dp_id;
    struct meter *m;

    if (error) {
        return error;
    }
    if (meter_find(ofproto, config->meter_id)) {
        return OFPMMFC_METER_EXISTS;
    }
    dp_id = bitmap_scan(backer->meter_ids, false, 0, max);
    if (dp_id >= max) {
        return OFPMMFC_OUT_OF_METERS;
    }
    error = set_in_datapath(ofproto, dp_id, config);
    if (error) {
        return error;
    }
    bitmap_set(backer->meter_ids, dp_id);
    m = create(dp_id, config);
    rcu_hash_insert(&ofproto->meters, m, hash_id(m->id));
    backer_changed(backer);
    return 0;
}

static enum ofperr
modify_meter(struct ofproto *ofproto, const struct meter_config *config)
{
    struct meter *old = meter_find(ofproto, config->meter_id);
    enum ofperr error = check_config(config);
    struct meter *m;

    if (error) {
        return error;
    }
    if (!old) {
        return OFPMMFC_UNKNOWN_METER;
    }
    error = set_in_datapath(ofproto, old->dp_id, config);
    if (error) {
        return error;
    }
    m = create(old->dp_id, config);
    m->created_ms = old->created_ms;
    rcu_hash_replace(&ofproto->meters, old, m, hash_id(m->id));
    call_rcu(&old->rcu, free_meter);
    return 0;
}

/* Flows that send packets through meter 'id' go with it. */
static void
remove_users(struct ofproto *ofproto, uint32_t id)
{
    struct flow_txn txn;

    flow_txn_begin(&txn, ofproto, NULL, 0);
    for (unsigned int t = 0; t < OFPROTO_N_TABLES; t++) {
        struct cls_cursor cursor;

        for (struct cls_rule *r = cls_cursor_first(
                 &cursor, ofproto->tables[t].cls, NULL, txn.version);
             r; r = cls_cursor_next(&cursor)) {
            struct rule *rule = rule_from_cls(r);

            if (rule->actions->has_meter
                && ofpacts_get_meter(rule->actions->ofpacts,
                                     rule->actions->size) == id) {
                flow_txn_remove(&txn, rule, FLOW_REMOVED_METER_DELETE);
            }
        }
    }
    flow_txn_commit(&txn);
}

static void
delete_meter(struct ofproto *ofproto, struct meter *m)
{
    remove_users(ofproto, m->id);
    rcu_hash_remove(&ofproto->meters, m, hash_id(m->id));
    backer_changed(ofproto->backer);
    dpif_meter_del(ofproto->backer->dpif, m->dp_id, NULL);
    bitmap_clear(ofproto->backer->meter_ids, m->dp_id);
    call_rcu(&m->rcu, free_meter);
}

void
meters_flush(struct ofproto *ofproto)
{
    struct rcu_hash_cursor cursor;
    struct meter *m;

    RCU_HASH_FOR_EACH (m, &cursor, &ofproto->meters) {
        delete_meter(ofproto, m);
    }
}

enum ofperr
meter_mod_apply(struct ofproto *ofproto, const struct meter_mod *mm)
{
    struct meter *m;

    switch ((enum meter_command) mm->command) {
    case METER_MOD_ADD:
        return add_meter(ofproto, &mm->meter);
    case METER_MOD_MODIFY:
        return modify_meter(ofproto, &mm->meter);
    case METER_MOD_DELETE:
        if (mm->meter.meter_id == METER_ALL) {
            meters_flush(ofproto);
            return 0;
        }
        m = meter_find(ofproto, mm->meter.meter_id);
        if (m) {
            delete_meter(ofproto, m);
        }
        return 0;
    }
    return OFPMMFC_BAD_COMMAND;
}

void
meter_get_stats(const struct ofproto *ofproto, const struct meter *m,
                struct meter_stats *stats)
{
    int64_t age = clock_ms() - m->created_ms;
    struct dpif_meter_stats dp = { .n_packets = 0 };

    dpif_meter_get(ofproto->backer->dpif, m->dp_id, &dp);
    *stats = (struct meter_stats) {
        .meter_id = m->id,
        .flow_count = m->n_users,
        .n_packets_in = dp.n_packets,
        .n_bytes_in = dp.n_bytes,
        .duration_s = age / 1000,
        .duration_ns = age % 1000 * 1000000,
        .n_bands = m->config.n_bands,
        .bands = xcalloc(m->config.n_bands, sizeof *stats->bands),
    };
    for (size_t i = 0; i < m->config.n_bands && i < dp.n_bands; i++) {
        stats->bands[i].n_packets = dp.bands[i].n_packets;
        stats->bands[i].n_bytes = dp.bands[i].n_bytes;
    }
}
