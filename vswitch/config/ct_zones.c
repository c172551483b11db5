/* SPDX-License-Identifier: Apache-2.0 */
/* Datapath, CT_Zone and CT_Timeout_Policy rows to the datapaths' zones. */

#include <stdlib.h>

#include "lib/base/alloc.h"
#include "vswitch/config/model.h"
#include "vswitch/ofproto/backer.h"

static void
read_zone(int64_t id, const struct vs_ct_zone *row,
          struct ct_zone_settings *settings)
{
    *settings = (struct ct_zone_settings) {
        .zone = id,
        .has_limit = row->has_limit,
        .limit = row->has_limit ? row->limit : 0,
    };
    smap_init(&settings->timeouts);
    if (row->timeout_policy) {
        const struct vs_ct_timeout_policy_timeouts_map *map
            = &row->timeout_policy->timeouts;

        for (size_t i = 0; i < map->n; i++) {
            smap_setf(&settings->timeouts, map->keys[i], "%lld",
                      (long long) map->values[i]);
        }
    }
}

static void
apply_datapath(struct backer *backer, const struct vs_datapath *row)
{
    size_t n = row ? row->ct_zones.n : 0;
    struct ct_zone_settings *zones = xcalloc(MAX(n, 1), sizeof *zones);

    for (size_t i = 0; i < n; i++) {
        read_zone(row->ct_zones.keys[i], row->ct_zones.values[i], &zones[i]);
    }
    ct_zones_apply(backer, zones, n,
                   row && row->has_ct_zone_default_limit
                   ? row->ct_zone_default_limit : 0);
    for (size_t i = 0; i < n; i++) {
        smap_uninit(&zones[i].timeouts);
    }
    free(zones);
}

static const struct vs_datapath *
find_row(const struct vs_open_vswitch *root, const char *type)
{
    for (size_t i = 0; i < root->datapaths.n; i++) {
        if (!strcmp(root->datapaths.keys[i], type)) {
            return root->datapaths.values[i];
        }
    }
    return NULL;
}

void
ct_zones_config(struct config *c, const struct vs_open_vswitch *root)
{
    struct backer *backer;

    /* A datapath comes with its first bridge, so that the root tells of it. */
    if (!root->header.changed && !vs_datapath_first_changed(c->replica)
        && !vs_ct_zone_first_changed(c->replica)
        && !vs_ct_timeout_policy_first_changed(c->replica)) {
        return;
    }
    HMAP_FOR_EACH (backer, node, backers_all()) {
        apply_datapath(backer, find_row(root, backer->type));
    }
}
