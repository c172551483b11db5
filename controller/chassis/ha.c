/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/chassis/ha.h"

#include <string.h>

#include "controller/binding/names.h"
#include "lib/schema/sb_tracked.h"

/* Counts 'chassis' if there is a tunnel to it; returns whether it is live. */
static bool
count_tunnel(struct incr_ctx *ctx, const struct sb_chassis *chassis,
             size_t *n_tunnels)
{
    const char *name;

    if (!chassis || chassis_is_here(ctx, &chassis->header.uuid)) {
        return false;
    }
    name = sb_chassis_get_name(ctx, chassis);
    *n_tunnels += incr_exists(ctx, FACT_TUNNEL, name, strlen(name) + 1);
    return tunnel_is_live(ctx, name);
}

/* Says whether we have tunnels to others that use the group or are in it, and
 * BFD has lost them all: then it is us who cannot be reached, and to hold on to
 * the gateway would be to fight over it with one who can. */
static bool
is_isolated(struct incr_ctx *ctx, const struct sb_ha_chassis_group *group)
{
    struct sb_ha_chassis *const *members;
    struct sb_chassis *const *users;
    size_t n_members, n_users, n_tunnels = 0;

    members = sb_ha_chassis_group_get_ha_chassis(ctx, group, &n_members);
    for (size_t i = 0; i < n_members; i++) {
        if (count_tunnel(ctx, sb_ha_chassis_get_chassis(ctx, members[i]),
                         &n_tunnels)) {
            return false;
        }
    }
    users = sb_ha_chassis_group_get_ref_chassis(ctx, group, &n_users);
    for (size_t i = 0; i < n_users; i++) {
        if (count_tunnel(ctx, users[i], &n_tunnels)) {
            return false;
        }
    }
    return n_tunnels > 0;
}

/* Returns the best live member; '*ret_here' says whether it is us.  With equal
 * priorities the smaller name wins, so that all members agree. */
static const struct sb_chassis *
best_member(struct incr_ctx *ctx, const struct sb_ha_chassis_group *group,
            bool *ret_here)
{
    const struct sb_chassis *best = NULL;
    int64_t best_priority = -1;
    struct sb_ha_chassis *const *members;
    size_t n;

    *ret_here = false;
    members = sb_ha_chassis_group_get_ha_chassis(ctx, group, &n);
    for (size_t i = 0; i < n; i++) {
        const struct sb_chassis *chassis
            = sb_ha_chassis_get_chassis(ctx, members[i]);
        int64_t priority = sb_ha_chassis_get_priority(ctx, members[i]);
        bool here;

        if (!chassis || priority < best_priority) {
            continue;
        }
        here = chassis_is_here(ctx, &chassis->header.uuid);
        if (here ? is_isolated(ctx, group)
            : !tunnel_is_live(ctx, sb_chassis_get_name(ctx, chassis))) {
            continue;
        }
        if (best && priority == best_priority
            && strcmp(sb_chassis_get_name(ctx, chassis),
                      sb_chassis_get_name(ctx, best)) > 0) {
            continue;
        }
        best = chassis;
        best_priority = priority;
        *ret_here = here;
    }
    return best;
}

bool
ha_group_is_active_here(struct incr_ctx *ctx,
                        const struct sb_ha_chassis_group *group)
{
    bool here;

    best_member(ctx, group, &here);
    return here;
}

bool
ha_group_has_us(struct incr_ctx *ctx, const struct sb_ha_chassis_group *group)
{
    struct sb_ha_chassis *const *members;
    size_t n;

    members = sb_ha_chassis_group_get_ha_chassis(ctx, group, &n);
    for (size_t i = 0; i < n; i++) {
        const struct sb_chassis *chassis
            = sb_ha_chassis_get_chassis(ctx, members[i]);

        if (chassis && chassis_is_here(ctx, &chassis->header.uuid)) {
            return true;
        }
    }
    return false;
}

const char *
ha_group_remote(struct incr_ctx *ctx, const struct sb_ha_chassis_group *group)
{
    bool here;
    const struct sb_chassis *best = best_member(ctx, group, &here);

    return best && !here ? sb_chassis_get_name(ctx, best) : NULL;
}

static void
emit_peer(struct incr_ctx *ctx, const struct sb_chassis *chassis)
{
    if (chassis && !chassis_is_here(ctx, &chassis->header.uuid)) {
        const char *name = sb_chassis_get_name(ctx, chassis);

        incr_emit(ctx, FACT_BFD_PEER, name, strlen(name) + 1, NULL, 0);
    }
}

/* Members watch each other and the chassis that use the group; those watch the
 * members.  One member alone is no choice, so nobody watches it. */
void
bfd_peer_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct sb_ha_chassis_group *group = row_;
    struct sb_ha_chassis *const *members;
    struct sb_chassis *const *users;
    bool is_member, is_user = false;
    size_t n_members, n_users;

    members = sb_ha_chassis_group_get_ha_chassis(ctx, group, &n_members);
    if (n_members < 2) {
        return;
    }
    is_member = ha_group_has_us(ctx, group);
    users = sb_ha_chassis_group_get_ref_chassis(ctx, group, &n_users);
    for (size_t i = 0; i < n_users; i++) {
        is_user |= chassis_is_here(ctx, &users[i]->header.uuid);
        if (is_member) {
            emit_peer(ctx, users[i]);
        }
    }
    if (is_member || is_user) {
        for (size_t i = 0; i < n_members; i++) {
            emit_peer(ctx, sb_ha_chassis_get_chassis(ctx, members[i]));
        }
    }
}
