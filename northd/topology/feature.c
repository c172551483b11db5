/* SPDX-License-Identifier: Apache-2.0 */

#include "northd/topology/feature.h"

#include <string.h>

static const struct {
    const char *name;           /* In lists. */
    const char *key;            /* In Chassis:other_config. */
} features[] = {
    [FEATURE_CT_NO_MASKED_LABEL] = { "ct_no_masked_label",
                                     "ct-no-masked-label" },
    [FEATURE_CT_LB_RELATED] = { "ct_lb_related", "ovn-ct-lb-related" },
    [FEATURE_MAC_BINDING_TIMESTAMP] = { "mac_binding_timestamp",
                                        "mac-binding-timestamp" },
    [FEATURE_FDB_TIMESTAMP] = { "fdb_timestamp", "fdb-timestamp" },
    [FEATURE_LS_DPG_COLUMN] = { "ls_dpg_column", "ls-dpg-column" },
    [FEATURE_CT_COMMIT_NAT_V2] = { "ct_commit_nat_v2", "ct-commit-nat-v2" },
    [FEATURE_CT_COMMIT_TO_ZONE] = { "ct_commit_to_zone",
                                    "ct-commit-to-zone" },
    [FEATURE_CT_NEXT_ZONE] = { "ct_next_zone", "ct-next-zone" },
    [FEATURE_ICMP4_INNER_SRC] = { "icmp4_inner_ip4_src",
                                  "icmp4-inner-ip4-src" },
};
_Static_assert(ARRAY_SIZE(features) == N_FEATURES, "a row for each feature");

/* Chassis of other zones get other flows. */
static bool
is_remote(const struct strmap *config)
{
    return strmap_get_bool(config, "is-remote", false);
}

static void
chassis_lacks(struct incr_ctx *ctx, const void *row)
{
    const struct strmap *config = sb_chassis_get_other_config(ctx, row);

    for (uint32_t i = 0; !is_remote(config) && i < N_FEATURES; i++) {
        if (!strmap_get_bool(config, features[i].key, false)) {
            EMIT_KEY(ctx, F_FEATURE_LACKED, i);
        }
    }
}

bool
all_chassis_can(struct incr_ctx *ctx, enum chassis_feature feature)
{
    const uint32_t key = feature;

    return (get_global(ctx).ignore_chassis_features
            || !EXISTS(ctx, F_FEATURE_LACKED, key));
}

void
list_chassis_features(const struct replica *sb, struct str *s)
{
    for (size_t i = 0; i < N_FEATURES; i++) {
        const struct sb_chassis *chassis;
        bool all = true;

        SB_CHASSIS_FOR_EACH (chassis, sb) {
            all = all && (is_remote(&chassis->other_config)
                          || strmap_get_bool(&chassis->other_config,
                                             features[i].key, false));
        }
        str_printf(s, "%s:%*s%s\n", features[i].name,
                   (int) (22 - strlen(features[i].name)), "",
                   all ? "true" : "false");
    }
}

UNIT_LIST(feature_units,
    UNIT_ROW(RANK_INDEX, T_SB(CHASSIS), chassis_lacks));
