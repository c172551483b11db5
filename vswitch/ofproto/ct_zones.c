/* SPDX-License-Identifier: Apache-2.0 */
#include "vswitch/ofproto/ct_zones.h"

#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/bitmap.h"
#include "lib/base/hash.h"
#include "lib/runtime/log.h"
#include "vswitch/dpif/conntrack.h"
#include "vswitch/ofproto/backer.h"

LOG_MODULE(ct_zones);

#define N_POLICIES (UINT16_MAX + 1)   /* Of a datapath; 0 is none. */

struct zone {
    struct hmap_node node;
    uint16_t id;
    bool has_limit;
    uint32_t limit;
    struct smap timeouts;
    bool wanted;                 /* In the comparison under way. */
};

void
ct_zones_init(struct ct_zones *zones)
{
    hmap_init(&zones->zones);
    zones->policies = xcalloc(N_POLICIES, sizeof *zones->policies);
    zones->used = bitmap_create(N_POLICIES);
}

void
ct_zones_uninit(struct ct_zones *zones)
{
    struct zone *zone;

    HMAP_FOR_EACH_SAFE (zone, node, &zones->zones) {
        hmap_remove(&zones->zones, &zone->node);
        smap_uninit(&zone->timeouts);
        free(zone);
    }
    hmap_uninit(&zones->zones);
    free(zones->policies);
    free(zones->used);
}

static struct zone *
get_zone(struct ct_zones *zones, uint16_t id)
{
    uint32_t hash = hash_word(id, 0);
    struct zone *zone;

    HMAP_FOR_EACH_WITH_HASH (zone, node, hash, &zones->zones) {
        if (zone->id == id) {
            return zone;
        }
    }
    zone = xzalloc(sizeof *zone);
    zone->id = id;
    smap_init(&zone->timeouts);
    hmap_insert(&zones->zones, &zone->node, hash);
    return zone;
}

static void
set_limit(struct backer *b, struct zone *zone, bool has_limit, uint32_t limit)
{
    if (zone->has_limit == has_limit && zone->limit == limit) {
        return;
    }
    zone->has_limit = has_limit;
    zone->limit = limit;
    if (!has_limit) {
        dpif_ct_del_limit(b->dpif, zone->id);
    } else if (dpif_ct_set_limit(b->dpif, zone->id, limit)) {
        log_warn("datapath %s refuses the limit %u of zone %u", b->type,
                 limit, zone->id);
    }
}

/* A number for a zone's policy: its own if it can be, 0 if all are taken. */
static uint16_t
find_policy_id(const struct ct_zones *zones, uint16_t zone)
{
    size_t id;

    if (zone && !bitmap_get(zones->used, zone)) {
        return zone;
    }
    id = bitmap_scan(zones->used, false, 1, N_POLICIES);
    return id < N_POLICIES ? id : 0;
}

/* Returns whether flows must be translated anew: they name the policy. */
static bool
set_timeouts(struct backer *b, struct zone *zone, const struct smap *timeouts)
{
    uint16_t *policy = &b->ct_zones.policies[zone->id];
    uint16_t id = *policy;

    if (smap_equals(&zone->timeouts, timeouts)) {
        return false;
    }
    smap_uninit(&zone->timeouts);
    smap_clone(&zone->timeouts, timeouts);
    if (smap_is_empty(timeouts)) {
        __atomic_store_n(policy, 0, __ATOMIC_RELAXED);
        bitmap_clear(b->ct_zones.used, id);
        dpif_ct_del_timeout_policy(b->dpif, id);
        return true;
    }
    if (id) {
        /* The name stays. */
        dpif_ct_set_timeout_policy(b->dpif, id, timeouts);
        return false;
    }
    id = find_policy_id(&b->ct_zones, zone->id);
    if (!id || dpif_ct_set_timeout_policy(b->dpif, id, timeouts)) {
        log_warn("datapath %s refuses the timeouts of zone %u", b->type,
                 zone->id);
        return false;
    }
    bitmap_set(b->ct_zones.used, id);
    __atomic_store_n(policy, id, __ATOMIC_RELAXED);
    return true;
}

void
ct_zones_apply(struct backer *b, const struct ct_zone_settings *settings,
               size_t n, uint32_t default_limit)
{
    struct smap none = SMAP_INITIALIZER(&none);
    bool changed = false;
    struct zone *zone;

    if (b->ct_default_limit != default_limit) {
        b->ct_default_limit = default_limit;
        dpif_ct_set_limit(b->dpif, -1, default_limit);
    }
    for (size_t i = 0; i < n; i++) {
        zone = get_zone(&b->ct_zones, settings[i].zone);
        zone->wanted = true;
        set_limit(b, zone, settings[i].has_limit, settings[i].limit);
        changed |= set_timeouts(b, zone, &settings[i].timeouts);
    }
    HMAP_FOR_EACH_SAFE (zone, node, &b->ct_zones.zones) {
        if (!zone->wanted) {
            set_limit(b, zone, false, 0);
            changed |= set_timeouts(b, zone, &none);
            hmap_remove(&b->ct_zones.zones, &zone->node);
            smap_uninit(&zone->timeouts);
            free(zone);
        } else {
            zone->wanted = false;
        }
    }
    if (changed) {
        backer_changed(b);
    }
}
