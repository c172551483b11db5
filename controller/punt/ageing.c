/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/punt/ageing.h"

#include <net/ethernet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "controller/install/messages.h"
#include "controller/program.h"
#include "controller/punt/learned.h"
#include "controller/punt/ports.h"
#include "controller/punt/send.h"
#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/hmap.h"
#include "lib/base/vec.h"
#include "lib/logical/addresses.h"
#include "lib/logical/ovn_symbols.h"
#include "lib/openflow/flow_mod.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/counter.h"
#include "lib/schema/sb_tracked.h"

COUNTER(pinctrl_ageing_dropped);

/* Bounds of the time between two questions. */
#define MIN_PERIOD_MS 1000
#define MAX_PERIOD_MS 60000

/* An entry that packets used. */
struct used {
    uint32_t dp_key;
    uint32_t port_key;           /* Not of forwarding entries. */
    struct in6_addr ip;          /* Likewise. */
    struct eth_addr mac;         /* Of forwarding entries. */
    bool is_fdb;
    uint32_t limit_s;
    int64_t used_ms;             /* When, by the clock on the wall. */
};

typedef VEC(struct used) used_vec;

struct limit {
    struct hmap_node node;       /* In ageing.limits, by 'dp_key'. */
    uint32_t dp_key;
    struct age_fact age;
};

struct ageing {
    struct controller *controller;
    const struct learned *learned;
    const struct ports *ports;
    struct incr_sink sink;
    int64_t due_ms;              /* When to ask; the handlers' thread's. */

    pthread_mutex_t mutex;       /* For the rest: */
    struct hmap limits;
    int64_t period_ms;           /* Between two questions; 0: none. */
    bool has_news;               /* It is another one than before. */
    used_vec used;
};

/* The shortest of the limits in "[CIDR:]SECONDS;...": those of networks only
 * say when to look, which may be too often for the others. */
static uint32_t
shortest(const char *text)
{
    uint32_t best = 0;

    for (const char *p = text; *p; p += strspn(p, "; ")) {
        size_t length = strcspn(p, "; ");
        const char *colon = memrchr(p, ':', length);
        unsigned long n = strtoul(colon ? colon + 1 : p, NULL, 10);

        if (n && n < INT32_MAX && (!best || n < best)) {
            best = n;
        }
        p += length;
    }
    return best;
}

void
age_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct sb_datapath_binding *row = row_;
    const struct strmap *ids = sb_datapath_binding_get_external_ids(ctx, row);
    const struct age_fact age = {
        .mac_binding_s
            = shortest(strmap_get_def(ids, "mac_binding_age_threshold", "")),
        .fdb_s = shortest(strmap_get_def(ids, "fdb_age_threshold", "")),
    };
    uint32_t key;

    if (!age.mac_binding_s && !age.fdb_s) {
        return;
    }
    key = sb_datapath_binding_get_tunnel_key(ctx, row);
    if (controller_is_local(ctx, key)) {
        incr_emit(ctx, FACT_AGE, &key, sizeof key, &age, sizeof age);
    }
}

/* ## Limits ## */

static struct limit *
find_limit(const struct ageing *a, uint32_t dp_key)
{
    struct limit *limit;

    HMAP_FOR_EACH_WITH_HASH (limit, node, hash_word(dp_key, 0), &a->limits) {
        if (limit->dp_key == dp_key) {
            return limit;
        }
    }
    return NULL;
}

static void
set_limit(struct ageing *a, uint32_t dp_key, const struct age_fact *age)
{
    struct limit *limit = find_limit(a, dp_key);

    if (!age) {
        if (limit) {
            hmap_remove(&a->limits, &limit->node);
            free(limit);
        }
        return;
    }
    if (!limit) {
        limit = xzalloc(sizeof *limit);
        limit->dp_key = dp_key;
        hmap_insert(&a->limits, &limit->node, hash_word(dp_key, 0));
    }
    limit->age = *age;
}

static void
limit_changed(void *a_, struct incr_group *group)
{
    struct ageing *a = a_;

    pthread_mutex_lock(&a->mutex);
    set_limit(a, get_u32(incr_group_key(group)),
              group->n ? incr_group_value(group, 0) : NULL);
    pthread_mutex_unlock(&a->mutex);
}

static uint32_t
shorter(uint32_t a, uint32_t b)
{
    return !a ? b : !b ? a : MIN(a, b);
}

static void
limits_settled(void *a_)
{
    struct ageing *a = a_;
    struct limit *limit;
    uint32_t limit_s = 0;

    pthread_mutex_lock(&a->mutex);
    HMAP_FOR_EACH (limit, node, &a->limits) {
        limit_s = shorter(limit_s, shorter(limit->age.mac_binding_s,
                                           limit->age.fdb_s));
    }
    a->period_ms = (limit_s ? MIN(MAX(limit_s * INT64_C(250), MIN_PERIOD_MS),
                                  MAX_PERIOD_MS) : 0);
    a->has_news = true;
    pthread_mutex_unlock(&a->mutex);
}

bool
ageing_has_news(struct ageing *a)
{
    bool has_news;

    pthread_mutex_lock(&a->mutex);
    has_news = a->has_news;
    a->has_news = false;
    pthread_mutex_unlock(&a->mutex);
    return has_news;
}

/* ## Asking the switch ## */

int64_t
ageing_run(struct ageing *a, const struct outlet *outlet)
{
    static const uint8_t tables[] = { OF_TABLE_MAC_LOOKUP,
                                      OF_TABLE_LOOKUP_FDB,
                                      OF_TABLE_MAC_CACHE_USE };
    int64_t now = clock_ms(), period_ms;

    pthread_mutex_lock(&a->mutex);
    period_ms = a->period_ms;
    pthread_mutex_unlock(&a->mutex);
    if (!period_ms) {
        a->due_ms = INT64_MAX;
        return INT64_MAX;
    }
    if (now >= a->due_ms) {
        for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
            outlet_take(outlet, messages_flow_dump(tables[i]));
        }
        a->due_ms = now + period_ms;
    }
    a->due_ms = MIN(a->due_ms, now + period_ms);
    return a->due_ms;
}

/* The address of a MAC binding: a packet's source, or where lookup_arp and
 * lookup_nd had it. */
static struct in6_addr
address_of(const struct flow_stats *stats)
{
    const struct match *m = &stats->match;
    union field_value value;

    if (stats->table_id == OF_TABLE_MAC_CACHE_USE) {
        return (m->flow.dl_type == htons(ETHERTYPE_IP)
                ? ip_from_v4(m->flow.nw_src) : m->flow.ipv6_src);
    }
    if (!m->wc.masks.regs[1]) {
        return ip_from_v4(htonl(m->flow.regs[0]));
    }
    field_get(field_from_id(FIELD_XXREG0), &m->flow, NULL, &value);
    return value.ipv6;
}

/* Notes the entry of a flow that packets matched within the entry's time.
 * 'mutex' is held. */
static void
see(struct ageing *a, const struct flow_stats *stats)
{
    const struct flow *flow = &stats->match.flow;
    bool is_fdb = stats->table_id == OF_TABLE_LOOKUP_FDB;
    const struct limit *limit = find_limit(a, ntohll(flow->metadata));
    uint32_t limit_s = (!limit ? 0 : is_fdb ? limit->age.fdb_s
                        : limit->age.mac_binding_s);
    struct used used = { .limit_s = limit_s, .is_fdb = is_fdb };

    if (!limit_s || !stats->n_packets || stats->idle_age_s < 0
        || (uint32_t) stats->idle_age_s >= limit_s) {
        return;
    }
    if (a->used.n >= AGEING_MAX) {
        counter_inc(pinctrl_ageing_dropped);
        return;
    }
    used.dp_key = ntohll(flow->metadata);
    used.used_ms = clock_wall_ms() - stats->idle_age_s * INT64_C(1000);
    if (is_fdb) {
        used.mac = flow->dl_src;
    } else {
        used.port_key = flow->regs[LOG_REG_INPORT];
        used.ip = address_of(stats);
    }
    vec_push(&a->used, used);
}

void
ageing_see(struct ageing *a, const struct ofmsg *reply)
{
    struct reader r = ofmsg_reader(reply);
    struct buf ofpacts = BUF_EMPTY;
    struct flow_stats stats;

    pthread_mutex_lock(&a->mutex);
    while (!flow_stats_decode(&stats, reply, &r, messages_decode_env(),
                              &ofpacts)) {
        see(a, &stats);
    }
    pthread_mutex_unlock(&a->mutex);
    buf_uninit(&ofpacts);
}

/* ## Rows ## */

/* Says whether the entry is worth a new timestamp: it was used since the old
 * one, which is in the second half of its time. */
static bool
is_news(const struct used *used, int64_t timestamp)
{
    return (timestamp < used->used_ms
            && timestamp + used->limit_s * INT64_C(500) <= clock_wall_ms());
}

static void
refresh_binding(const struct ageing *a, const struct used *used)
{
    const struct sb_port_binding *port
        = ports_find(a->ports, used->dp_key, used->port_key);
    const struct sb_mac_binding *row
        = port ? learned_find_binding(a->learned, port->logical_port,
                                      &used->ip) : NULL;

    if (row && is_news(used, row->timestamp)) {
        sb_mac_binding_set_timestamp(row, used->used_ms);
    }
}

static void
refresh_fdb(const struct ageing *a, const struct used *used)
{
    const struct sb_fdb *row = learned_find_fdb(a->learned, used->dp_key,
                                                used->mac);

    if (row && is_news(used, row->timestamp)) {
        sb_fdb_set_timestamp(row, used->used_ms);
    }
}

bool
ageing_is_pending(struct ageing *a)
{
    bool is_pending;

    pthread_mutex_lock(&a->mutex);
    is_pending = a->used.n > 0;
    pthread_mutex_unlock(&a->mutex);
    return is_pending;
}

void
ageing_write(struct ageing *a)
{
    used_vec used;

    pthread_mutex_lock(&a->mutex);
    used = a->used;
    a->used = (used_vec) VEC_EMPTY;
    pthread_mutex_unlock(&a->mutex);
    VEC_FOR_EACH (u, &used) {
        if (u->is_fdb) {
            refresh_fdb(a, u);
        } else {
            refresh_binding(a, u);
        }
    }
    vec_uninit(&used);
}

/* ## Begin and end ## */

struct ageing *
ageing_create(struct controller *c, const struct learned *learned,
              const struct ports *ports)
{
    struct ageing *a = xzalloc(sizeof *a);

    a->controller = c;
    a->learned = learned;
    a->ports = ports;
    a->due_ms = INT64_MAX;
    pthread_mutex_init(&a->mutex, NULL);
    hmap_init(&a->limits);
    a->sink = (struct incr_sink) { .fact = FACT_AGE, .aux = a,
                                   .group_changed = limit_changed,
                                   .settled = limits_settled };
    incr_add_sink(c->incr, &a->sink);
    return a;
}

void
ageing_destroy(struct ageing *a)
{
    struct limit *limit;

    if (a) {
        HMAP_FOR_EACH_SAFE (limit, node, &a->limits) {
            hmap_remove(&a->limits, &limit->node);
            free(limit);
        }
        hmap_uninit(&a->limits);
        vec_uninit(&a->used);
        pthread_mutex_destroy(&a->mutex);
        free(a);
    }
}
