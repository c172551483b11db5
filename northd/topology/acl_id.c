/* SPDX-License-Identifier: Apache-2.0 */

#include "northd/topology/acl_id.h"

#include <string.h>

#include "northd/sync/cells.h"

const struct uuid acl_id_scope = { { 0x61636c, 0x6964, 0x7065, 0x7273 } };

static bool
asks_to_persist(struct incr_ctx *ctx, const struct nb_acl *acl)
{
    return (!strcmp(nb_acl_get_action(ctx, acl), "allow-related")
            && strmap_get_bool(nb_acl_get_options(ctx, acl),
                               "persist-established", false));
}

static bool
has_numbers(struct incr_ctx *ctx)
{
    const struct northd_env *env = incr_aux(ctx);

    return !env->no_acl_ids;
}

bool
acl_is_persistent(struct incr_ctx *ctx, const struct nb_acl *acl)
{
    return asks_to_persist(ctx, acl) && has_numbers(ctx);
}

static const char *
acl_name(struct incr_ctx *ctx, unsigned int i, const struct nb_acl *acl)
{
    return text(ctx, i, UUID_FMT, UUID_ARGS(&acl->header.uuid));
}

uint32_t
acl_id(struct incr_ctx *ctx, const struct nb_acl *acl)
{
    return get_number(ctx, &acl_id_scope, acl_name(ctx, 10, acl));
}

static void
acl_want_id(struct incr_ctx *ctx, const void *row)
{
    const struct nb_acl *acl = row;

    if (!asks_to_persist(ctx, acl)) {
        return;
    }
    if (has_numbers(ctx)) {
        want_number(ctx, &acl_id_scope, acl_name(ctx, 10, acl), 0,
                    MAX_ACL_ID);
    } else {
        warn_row(&acl->header, "persist-established: the southbound database "
                 "is too old, and has no table ACL_ID");
    }
}

static void
acl_id_row(struct incr_ctx *ctx, const void *row)
{
    const struct nb_acl *acl = row;
    const struct row_id id = { F_SB_ACL_ID, &acl->header.uuid,
                               sizeof acl->header.uuid };
    uint32_t number = acl_is_persistent(ctx, acl) ? acl_id(ctx, acl) : 0;

    if (number) {
        cell_int(ctx, &id, SB_ACL_ID_COL_ID, number);
    }
}

UNIT_LIST(acl_id_units,
    UNIT_ROW(RANK_PEER, T_NB(ACL), acl_want_id),
    UNIT_ROW(RANK_OUT, T_NB(ACL), acl_id_row));
