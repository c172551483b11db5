/* SPDX-License-Identifier: Apache-2.0 */

#include "northd/topology/number.h"

#include <string.h>

#include "lib/base/hash.h"
#include "northd/sync/cells.h"

/* VLAN tags. */

struct uuid
tag_scope(const char *parent)
{
    uint64_t a = hash_string(parent, 0x746167);
    uint64_t b = hash_string(parent, a);

    return (struct uuid) { { a >> 32, a, b >> 32, b } };
}

/* False if 'lsp' has no parent or asks for nothing. */
static bool
get_request(struct incr_ctx *ctx, const struct nb_logical_switch_port *lsp,
            const char **parent, int64_t *request)
{
    *parent = nb_logical_switch_port_get_parent_name(ctx, lsp);
    return (*parent && **parent
            && nb_logical_switch_port_get_tag_request(ctx, lsp, request));
}

void
lsp_want_tag(struct incr_ctx *ctx, const struct nb_logical_switch_port *lsp)
{
    const char *parent;
    int64_t request;

    if (get_request(ctx, lsp, &parent, &request)) {
        const struct uuid scope = tag_scope(parent);

        want_number(ctx, &scope, nb_logical_switch_port_get_name(ctx, lsp),
                    request, MAX_TAG);
    }
}

int64_t
lsp_tag(struct incr_ctx *ctx, const struct nb_logical_switch_port *lsp)
{
    const char *parent;
    int64_t tag;

    if (get_request(ctx, lsp, &parent, &tag)) {
        const struct uuid scope = tag_scope(parent);

        return get_number(ctx, &scope,
                          nb_logical_switch_port_get_name(ctx, lsp));
    }
    /* Without a parent it is the tag of a localnet or l2gateway port. */
    if (nb_logical_switch_port_get_tag_request(ctx, lsp, &tag) && tag) {
        return tag;
    }
    return nb_logical_switch_port_get_tag(ctx, lsp, &tag) ? tag : 0;
}

/* Queues. */

const struct uuid queue_scope = { { 0x71646973, 0x63, 0x7175, 0x657565 } };

/* Whether the port names a queue: 'ret_queue' is 0 if there is none of that
 * name. */
static bool
names_queue(const struct strmap *options, unsigned int *ret_queue)
{
    unsigned int queue = strmap_get_uint(options, "qdisc_queue_id", 0);

    *ret_queue = queue <= MAX_QUEUE ? queue : 0;
    return strmap_get(options, "qdisc_queue_id") != NULL;
}

static bool
has_rate(const struct strmap *options)
{
    return (strmap_get(options, "qos_min_rate")
            || strmap_get(options, "qos_max_rate")
            || strmap_get(options, "qos_burst"));
}

void
lsp_want_queue(struct incr_ctx *ctx, const struct nb_logical_switch_port *lsp)
{
    const struct strmap *options
        = nb_logical_switch_port_get_options(ctx, lsp);
    unsigned int named;

    if (names_queue(options, &named)) {
        /* Ports may share what they name; nobody else gets it. */
        if (named) {
            want_number(ctx, &queue_scope, text(ctx, 0, "queue %u", named),
                        named, MAX_QUEUE);
        } else {
            warn_row(&lsp->header, "bad qdisc_queue_id");
        }
    } else if (has_rate(options)) {
        want_number(ctx, &queue_scope,
                    nb_logical_switch_port_get_name(ctx, lsp), 0, MAX_QUEUE);
    }
}

uint32_t
lsp_queue(struct incr_ctx *ctx, const struct nb_logical_switch_port *lsp)
{
    const struct strmap *options
        = nb_logical_switch_port_get_options(ctx, lsp);
    unsigned int named;

    return (names_queue(options, &named) ? named : !has_rate(options) ? 0
            : get_number(ctx, &queue_scope,
                         nb_logical_switch_port_get_name(ctx, lsp)));
}

/* ACLs. */

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

UNIT_LIST(number_units,
    UNIT_ROW(RANK_PEER, T_NB(ACL), acl_want_id),
    UNIT_ROW(RANK_OUT, T_NB(ACL), acl_id_row));
