/* SPDX-License-Identifier: Apache-2.0 */

/* Address sets, and port groups: for each switch that a port group has ports
 * on, a southbound row of its own, so that a host only needs those of its
 * switches; and the two address sets that a port group implies. */

#include <string.h>

#include "northd/sync/cells.h"
#include "northd/topology/address.h"

static void
put_set(struct incr_ctx *ctx, const struct row_id *id, const char *name)
{
    cell_string(ctx, id, SB_ADDRESS_SET_COL_NAME, name);
}

static void
address_set(struct incr_ctx *ctx, const void *row)
{
    const char *name = nb_address_set_get_name(ctx, row);
    const struct row_id id = { F_SB_ADDRESS_SET, name, strlen(name) };
    size_t n;
    const char *const *addresses = nb_address_set_get_addresses(ctx, row, &n);

    put_set(ctx, &id, name);
    for (size_t i = 0; i < n; i++) {
        cell_string(ctx, &id, SB_ADDRESS_SET_COL_ADDRESSES, addresses[i]);
    }
}

/* The port group's members by switch. */
static void
port_group_members(struct incr_ctx *ctx, const void *row)
{
    const struct nb_port_group *pg = row;
    size_t n;
    struct nb_logical_switch_port *const *ports
        = nb_port_group_get_ports(ctx, pg, &n);

    for (size_t i = 0; i < n; i++) {
        struct row_pair key = { pg, get_row_by_row(ctx, F_LSP_SWITCH,
                                                   ports[i]) };

        if (key.b) {
            EMIT(ctx, F_PG_PORT, key, ports[i]);
            EMIT(ctx, F_PG_SWITCHES, pg, key.b);
        }
    }
}

/* The southbound name starts with the datapath's key, which is how the
 * controller finds a switch's part of a port group. */
static void
port_group_on_switch(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct row_pair *key = incr_group_key(group);
    const struct nb_port_group *pg = key->a;
    const struct nb_logical_switch *ls = key->b;
    uint32_t dp_key = get_datapath_key(ctx, &ls->header);
    const char *name = text(ctx, 0, "%u_%s", dp_key,
                            nb_port_group_get_name(ctx, pg));
    const struct row_id id = { F_SB_PORT_GROUP, name, strlen(name) };

    if (!dp_key) {
        return;
    }
    cell_string(ctx, &id, SB_PORT_GROUP_COL_NAME, name);
    for (size_t i = 0; i < group->n; i++) {
        const struct nb_logical_switch_port *const *lsp
            = incr_group_value(group, i);

        cell_string(ctx, &id, SB_PORT_GROUP_COL_PORTS,
                    nb_logical_switch_port_get_name(ctx, *lsp));
    }
}

static void
put_port_addresses(struct incr_ctx *ctx, const struct row_id ids[2],
                   const struct nb_logical_switch_port *lsp)
{
    const struct incr_group *addresses = LOOKUP(ctx, F_LSP_ADDRESSES, lsp);

    for (size_t i = 0; addresses && i < addresses->n; i++) {
        struct port_addresses parsed;

        if (lsp_addresses_parse(addresses, i, &parsed)) {
            VEC_FOR_EACH (ip, &parsed.ip4) {
                cell_string(ctx, &ids[0], SB_ADDRESS_SET_COL_ADDRESSES,
                            ip4_text(ip->addr).s);
            }
            VEC_FOR_EACH (ip, &parsed.ip6) {
                cell_string(ctx, &ids[1], SB_ADDRESS_SET_COL_ADDRESSES,
                            ip6_text(&ip->addr).s);
            }
        }
        port_addresses_uninit(&parsed);
    }
}

static void
port_group_names(struct incr_ctx *ctx, const struct nb_port_group *pg,
                 struct row_id ids[2])
{
    const char *name = nb_port_group_get_name(ctx, pg);

    for (int i = 0; i < 2; i++) {
        const char *set = text(ctx, 1 + i, "%s_ip%d", name, i ? 6 : 4);

        ids[i] = (struct row_id) { F_SB_ADDRESS_SET, set, strlen(set) };
    }
}

static void
port_group_sets(struct incr_ctx *ctx, const void *row)
{
    struct row_id ids[2];

    port_group_names(ctx, row, ids);
    for (int i = 0; i < 2; i++) {
        put_set(ctx, &ids[i], ids[i].key);
    }
}

/* The addresses of one switch's members. */
static void
port_group_addresses(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct row_pair *key = incr_group_key(group);
    struct row_id ids[2];

    port_group_names(ctx, key->a, ids);
    for (size_t i = 0; i < group->n; i++) {
        put_port_addresses(ctx, ids, *(const void *const *)
                           incr_group_value(group, i));
    }
}

UNIT_LIST(group_units,
    UNIT_ROW(RANK_OUT, T_NB(ADDRESS_SET), address_set),
    UNIT_ROW(RANK_OUT, T_NB(PORT_GROUP), port_group_sets),
    UNIT_ROW(RANK_ADDRESS, T_NB(PORT_GROUP), port_group_members),
    UNIT_GROUP(RANK_OUT, F_PG_PORT, port_group_on_switch),
    UNIT_GROUP(RANK_OUT, F_PG_PORT, port_group_addresses));
