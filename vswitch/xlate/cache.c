/* SPDX-License-Identifier: Apache-2.0 */

#include "vswitch/xlate/cache.h"

#include "lib/base/alloc.h"
#include "lib/base/vec.h"
#include "lib/packet/headers.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/protocols/mac_learning.h"
#include "vswitch/xlate/learn.h"

struct xlate_cache {
    VEC(struct credit) credits;
};

static void
credit_port(const struct credit *c, const struct xlate_stats *stats)
{
    struct ofport *port = ofport_find(c->ofproto, c->port);

    if (port && c->type == CREDIT_PORT_RX) {
        ofport_count_rx(port, stats->n_packets, stats->n_bytes);
    } else if (port) {
        ofport_count_tx(port, stats->n_packets, stats->n_bytes);
    }
}

static void
credit_mac(const struct credit *c)
{
    struct mac_table *macs = c->ofproto->macs;

    if (ofport_find(c->ofproto, c->port)
        && mac_table_needs_learning(macs, c->vlan, c->mac, c->port)
        && mac_table_learn(macs, c->vlan, c->mac, c->port, false)) {
        backer_changed(c->ofproto->backer);
    }
}

void
credit_apply(const struct credit *c, const struct xlate_stats *stats)
{
    if (!stats->n_packets && c->type != CREDIT_FIN_TIMEOUT) {
        return;
    }
    switch ((enum credit_type) c->type) {
    case CREDIT_RULE:
        rule_credit(c->rule, stats->n_packets, stats->n_bytes,
                    stats->used_ms);
        break;
    case CREDIT_TABLE_HIT:
        __atomic_fetch_add(&c->ofproto->tables[c->table_id].n_matched,
                           stats->n_packets, __ATOMIC_RELAXED);
        break;
    case CREDIT_TABLE_MISS:
        __atomic_fetch_add(&c->ofproto->tables[c->table_id].n_missed,
                           stats->n_packets, __ATOMIC_RELAXED);
        break;
    case CREDIT_FATE:
        __atomic_fetch_add(&c->ofproto->fates[c->table_id].n_packets,
                           stats->n_packets, __ATOMIC_RELAXED);
        __atomic_fetch_add(&c->ofproto->fates[c->table_id].n_bytes,
                           stats->n_bytes, __ATOMIC_RELAXED);
        break;
    case CREDIT_GROUP:
        group_credit(c->group, c->bucket, stats->n_packets, stats->n_bytes);
        break;
    case CREDIT_PORT_RX:
    case CREDIT_PORT_TX:
        credit_port(c, stats);
        break;
    case CREDIT_MAC:
        credit_mac(c);
        break;
    case CREDIT_LEARN:
        learn_execute_soon(c->rule->ofproto, c->learn, c->flow);
        break;
    case CREDIT_FIN_TIMEOUT:
        if (stats->tcp_flags & (TCP_FLAG_FIN | TCP_FLAG_RST)) {
            rule_reduce_timeouts(c->rule, c->idle_s, c->hard_s);
        }
        break;
    }
}

static bool
names_rule(const struct credit *c)
{
    return (c->type == CREDIT_RULE || c->type == CREDIT_LEARN
            || c->type == CREDIT_FIN_TIMEOUT);
}

void
xlate_cache_add(struct xlate_cache *cache, const struct credit *credit)
{
    struct credit c = *credit;

    if (names_rule(&c)) {
        if (!rule_try_ref(c.rule)) {
            return;
        }
    } else if (c.type == CREDIT_GROUP && !group_try_ref(c.group)) {
        return;
    }
    if (c.type == CREDIT_LEARN) {
        c.flow = xmemdup(c.flow, sizeof *c.flow);
    }
    vec_push(&cache->credits, c);
}

struct xlate_cache *
xlate_cache_create(void)
{
    return xzalloc(sizeof(struct xlate_cache));
}

void
xlate_cache_clear(struct xlate_cache *cache)
{
    VEC_FOR_EACH (c, &cache->credits) {
        if (names_rule(c)) {
            rule_unref(c->rule);
        } else if (c->type == CREDIT_GROUP) {
            group_unref(c->group);
        }
        if (c->type == CREDIT_LEARN) {
            free((void *) c->flow);
        }
    }
    vec_uninit(&cache->credits);
}

void
xlate_cache_destroy(struct xlate_cache *cache)
{
    if (cache) {
        xlate_cache_clear(cache);
        free(cache);
    }
}

void
xlate_cache_push(struct xlate_cache *cache, const struct xlate_stats *stats)
{
    VEC_FOR_EACH (c, &cache->credits) {
        credit_apply(c, stats);
    }
}

void
xlate_cache_for_each_rule(const struct xlate_cache *cache,
                          void (*each)(const struct rule *, void *aux),
                          void *aux)
{
    VEC_FOR_EACH (c, &cache->credits) {
        if (c->type == CREDIT_RULE) {
            each(c->rule, aux);
        }
    }
}

void
xlate_cache_for_each_bucket(
    const struct xlate_cache *cache,
    void (*each)(const struct group *, size_t bucket, void *aux), void *aux)
{
    VEC_FOR_EACH (c, &cache->credits) {
        if (c->type == CREDIT_GROUP) {
            each(c->group, c->bucket, aux);
        }
    }
}
