/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/punt/ageing.h"

#include <net/ethernet.h>
#include <stdlib.h>
#include <string.h>

#include "controller/install/install.h"
#include "controller/program.h"
#include "controller/punt/learned.h"
#include "controller/punt/ports.h"
#include "lib/base/alloc.h"
#include "lib/base/vec.h"
#include "lib/logical/addresses.h"
#include "lib/logical/ovn_symbols.h"
#include "lib/openflow/flow_mod.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/loop.h"
#include "lib/schema/sb_tracked.h"

/* Bounds of the time between two questions. */
#define MIN_PERIOD_MS 1000
#define MAX_PERIOD_MS 60000

/* A row that gets the time of its last use. */
struct refresh {
    struct uuid row;
    int64_t used_ms;
};

struct ageing {
    struct controller *controller;
    struct install *install;
    const struct learned *learned;
    const struct ports *ports;
    struct incr_sink sink;
    struct timer timer;
    VEC(struct refresh) bindings;
    VEC(struct refresh) fdbs;
    void (*wake)(void *aux);
    void *aux;
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

static const struct age_fact *
find_age(const struct ageing *a, uint32_t dp_key)
{
    const struct incr_group *group
        = incr_find(a->controller->incr, FACT_AGE, &dp_key, sizeof dp_key);

    return group && group->n ? incr_group_value(group, 0) : NULL;
}

/* ## What the switch says ## */

/* Says whether the last packet is worth a new timestamp, in the second half of
 * the old one's time, and when it came. */
static bool
is_news(const struct flow_stats *stats, uint32_t limit_s, int64_t timestamp,
        int64_t *ret_used_ms)
{
    *ret_used_ms = clock_wall_ms() - stats->idle_age_s * INT64_C(1000);
    return (limit_s && stats->n_packets && stats->idle_age_s >= 0
            && (uint32_t) stats->idle_age_s < limit_s
            && timestamp < *ret_used_ms
            && timestamp + limit_s * INT64_C(500) <= clock_wall_ms());
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

static void
see_binding(struct ageing *a, const struct flow_stats *stats,
            const struct age_fact *age)
{
    const struct flow *flow = &stats->match.flow;
    const struct sb_port_binding *port
        = ports_find(a->ports, ntohll(flow->metadata),
                     flow->regs[LOG_REG_INPORT]);
    const struct in6_addr ip = address_of(stats);
    const struct sb_mac_binding *row
        = port ? learned_find_binding(a->learned, port->logical_port, &ip)
        : NULL;

    int64_t used_ms;

    if (row && is_news(stats, age->mac_binding_s, row->timestamp, &used_ms)) {
        vec_push(&a->bindings, (struct refresh) { row->header.uuid,
                                                  used_ms });
    }
}

static void
see_fdb(struct ageing *a, const struct flow_stats *stats,
        const struct age_fact *age)
{
    const struct flow *flow = &stats->match.flow;
    const struct sb_fdb *row
        = learned_find_fdb(a->learned, ntohll(flow->metadata), flow->dl_src);

    int64_t used_ms;

    if (row && is_news(stats, age->fdb_s, row->timestamp, &used_ms)) {
        vec_push(&a->fdbs, (struct refresh) { row->header.uuid, used_ms });
    }
}

static void
see_stats(const struct flow_stats *stats, void *a_)
{
    struct ageing *a = a_;
    const struct age_fact *age
        = find_age(a, ntohll(stats->match.flow.metadata));

    if (!age) {
        return;
    }
    if (stats->table_id == OF_TABLE_LOOKUP_FDB) {
        see_fdb(a, stats, age);
    } else {
        see_binding(a, stats, age);
    }
    if (a->bindings.n || a->fdbs.n) {
        a->wake(a->aux);
    }
}

/* ## Asking it ## */

static void
note_shortest(struct incr_group *group, void *shortest_)
{
    const struct age_fact *age = incr_group_value(group, 0);
    uint32_t *ret = shortest_;

    for (size_t i = 0; i < 2; i++) {
        uint32_t limit = i ? age->fdb_s : age->mac_binding_s;

        if (limit && (!*ret || limit < *ret)) {
            *ret = limit;
        }
    }
}

static void
set_timer(struct ageing *a)
{
    uint32_t limit_s = 0;
    int64_t period_ms;

    incr_for_each_group(a->controller->incr, FACT_AGE, note_shortest,
                        &limit_s);
    if (!limit_s) {
        timer_stop(&a->timer);
        return;
    }
    period_ms = MIN(MAX(limit_s * INT64_C(250), MIN_PERIOD_MS),
                    MAX_PERIOD_MS);
    timer_set(&a->timer, period_ms);
}

static void
ask(void *a_)
{
    static const uint8_t tables[] = { OF_TABLE_MAC_LOOKUP,
                                      OF_TABLE_LOOKUP_FDB,
                                      OF_TABLE_MAC_CACHE_USE };
    struct ageing *a = a_;

    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        install_ask_stats(a->install, tables[i]);
    }
    set_timer(a);
}

static void
limits_settled(void *a)
{
    set_timer(a);
}

static void
limit_changed(void *a UNUSED, struct incr_group *group UNUSED)
{
}

struct ageing *
ageing_create(struct controller *c, struct install *install,
              const struct learned *learned, const struct ports *ports,
              void (*wake)(void *aux), void *aux)
{
    struct ageing *a = xzalloc(sizeof *a);

    a->controller = c;
    a->install = install;
    a->learned = learned;
    a->ports = ports;
    a->wake = wake;
    a->aux = aux;
    timer_init(&a->timer, ask, a);
    a->sink = (struct incr_sink) { .fact = FACT_AGE, .aux = a,
                                   .group_changed = limit_changed,
                                   .settled = limits_settled };
    incr_add_sink(c->incr, &a->sink);
    if (install) {
        install_set_stats(install, see_stats, a);
    }
    return a;
}

void
ageing_destroy(struct ageing *a)
{
    if (a) {
        timer_stop(&a->timer);
        vec_uninit(&a->bindings);
        vec_uninit(&a->fdbs);
        free(a);
    }
}

void
ageing_write(struct ageing *a)
{
    VEC_FOR_EACH (r, &a->bindings) {
        const struct sb_mac_binding *row
            = sb_mac_binding_get_for_uuid(a->controller->sb, &r->row);

        if (row) {
            sb_mac_binding_set_timestamp(row, r->used_ms);
        }
    }
    VEC_FOR_EACH (r, &a->fdbs) {
        const struct sb_fdb *row = sb_fdb_get_for_uuid(a->controller->sb,
                                                       &r->row);

        if (row) {
            sb_fdb_set_timestamp(row, r->used_ms);
        }
    }
    vec_clear(&a->bindings);
    vec_clear(&a->fdbs);
}
