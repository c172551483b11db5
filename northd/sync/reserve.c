/* SPDX-License-Identifier: Apache-2.0 */

#include "northd/sync/reserve.h"

#include "northd/topology/number.h"

struct givers {
    const struct replica *nb;
    const struct replica *sb;
    struct key_sync *keys;
    struct ipam *ipam;
};

static void
reserve_keys(const struct givers *givers)
{
    struct sb_datapath_binding *dp;
    struct sb_port_binding *pb;

    SB_DATAPATH_BINDING_FOR_EACH (dp, givers->sb) {
        const char *name = strmap_get(&dp->external_ids, "logical-switch");

        name = name ? name : strmap_get(&dp->external_ids, "logical-router");
        if (name) {
            key_sync_reserve(givers->keys, NULL, name,
                             dp->tunnel_key, 0);
        }
    }
    SB_PORT_BINDING_FOR_EACH (pb, givers->sb) {
        const char *name = NULL;
        struct uuid uuid;

        if (pb->datapath) {
            name = strmap_get(&pb->datapath->external_ids, "logical-switch");
            name = name ? name : strmap_get(&pb->datapath->external_ids,
                                            "logical-router");
        }
        if (name && uuid_from_string(&uuid, name)) {
            key_sync_reserve(givers->keys, &uuid, pb->logical_port,
                             pb->tunnel_key, 0);
        }
    }
}

/* VLAN tags that were chosen before. */
static void
reserve_tags(const struct givers *givers)
{
    struct nb_logical_switch_port *lsp;

    NB_LOGICAL_SWITCH_PORT_FOR_EACH (lsp, givers->nb) {
        if (lsp->has_tag_request && lsp->has_tag && lsp->parent_name) {
            const struct uuid scope = tag_scope(lsp->parent_name);

            key_sync_reserve(givers->keys, &scope, lsp->name,
                             lsp->tag, MAX_TAG);
        }
    }
}

static void
reserve_queues(const struct givers *givers)
{
    struct sb_port_binding *pb;

    SB_PORT_BINDING_FOR_EACH (pb, givers->sb) {
        unsigned int queue = strmap_get_uint(&pb->options, "qdisc_queue_id",
                                             0);

        if (queue && queue <= MAX_QUEUE) {
            key_sync_reserve(givers->keys, &queue_scope,
                             pb->logical_port, queue, MAX_QUEUE);
        }
    }
}

static void
reserve_acl_ids(const struct givers *givers)
{
    struct sb_acl_id *row;

    SB_ACL_ID_FOR_EACH (row, givers->sb) {
        char name[UUID_LEN + 1];

        uuid_format(&row->header.uuid, name);
        name[UUID_LEN] = '\0';
        key_sync_reserve(givers->keys, &acl_id_scope, name, row->id,
                         MAX_ACL_ID);
    }
}

static void
reserve_addresses(const struct givers *givers)
{
    struct nb_logical_switch_port *lsp;

    NB_LOGICAL_SWITCH_PORT_FOR_EACH (lsp, givers->nb) {
        if (lsp->dynamic_addresses && *lsp->dynamic_addresses) {
            ipam_reserve(givers->ipam, lsp, lsp->dynamic_addresses);
        }
    }
}

void
reserve_given(const struct replica *nb, const struct replica *sb,
              struct key_sync *keys, struct ipam *ipam)
{
    const struct givers givers = { nb, sb, keys, ipam };

    reserve_keys(&givers);
    reserve_tags(&givers);
    reserve_queues(&givers);
    reserve_acl_ids(&givers);
    reserve_addresses(&givers);
}
