/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NORTHD_TOPOLOGY_FEATURE_H
#define NORTHD_TOPOLOGY_FEATURE_H

/* What the hosts' controllers can do, which they say in Chassis:other_config.
 * A flow that an older controller cannot read is not made while there is a
 * chassis that does not say that it can. */

#include "lib/replica/replica.h"
#include "northd/program.h"

enum chassis_feature {
    FEATURE_CT_NO_MASKED_LABEL,
    FEATURE_CT_LB_RELATED,
    FEATURE_MAC_BINDING_TIMESTAMP,
    FEATURE_FDB_TIMESTAMP,      /* As old as mac_cache_use. */
    FEATURE_LS_DPG_COLUMN,
    FEATURE_CT_COMMIT_NAT_V2,
    FEATURE_CT_COMMIT_TO_ZONE,
    FEATURE_CT_NEXT_ZONE,
    FEATURE_ICMP4_INNER_SRC,
    N_FEATURES
};

/* Whether every chassis of this zone has the feature, or NB_Global's
 * options:ignore_chassis_features says not to care. */
bool all_chassis_can(struct incr_ctx *, enum chassis_feature);

/* Appends "NAME: true" or false, a line a feature. */
void list_chassis_features(const struct replica *sb, struct str *);

#endif /* northd/topology/feature.h */
