/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OFPROTO_CT_ZONES_H
#define OFPROTO_CT_ZONES_H

/* Settings of connection tracking zones, as the database has them: limits, and
 * timeouts of the connections committed there.
 *
 * Threads: the main thread, but for ct_zones_policy(). */

#include "lib/base/hmap.h"
#include "lib/base/smap.h"

struct backer;

/* The zones of a datapath that have settings. */
struct ct_zones {
    struct hmap zones;           /* struct zone, by id. */
    uint16_t *policies;          /* By zone: the datapath's timeout policy, 0 is
                                  * none.  Atomic. */
    uint64_t *used;              /* Bitmap of the policies. */
};

/* What is wanted of a zone. */
struct ct_zone_settings {
    uint16_t zone;
    bool has_limit;
    uint32_t limit;              /* 0: none. */
    struct smap timeouts;        /* Seconds by name; empty: the datapath's. */
};

void ct_zones_init(struct ct_zones *);
void ct_zones_uninit(struct ct_zones *);

/* Makes the settings of the backer's zones these, and the limit of all other
 * zones 'default_limit' (0: none).  Limits that control commands set meanwhile
 * stay, but for zones whose settings change. */
void ct_zones_apply(struct backer *, const struct ct_zone_settings *,
                    size_t n, uint32_t default_limit);

/* The number that names the zone's timeouts in OVS_CT_ATTR_TIMEOUT; 0 if it
 * has none.  Threads: any. */
static inline uint16_t
ct_zones_policy(const struct ct_zones *zones, uint16_t zone)
{
    return __atomic_load_n(&zones->policies[zone], __ATOMIC_RELAXED);
}

#endif /* ofproto/ct_zones.h */
