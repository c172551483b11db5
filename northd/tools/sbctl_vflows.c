/* SPDX-License-Identifier: Apache-2.0 */

/* What "lflow-list --vflows" adds: rows, other than logical flows, that
 * OpenFlow flows come of. */

#include "northd/tools/sbctl.h"

const struct replica_table_class *const sbctl_vflow_tables[] = {
    &sb_port_binding_table, &sb_mac_binding_table, &sb_multicast_group_table,
    &sb_chassis_table, &sb_load_balancer_table, NULL,
};

static void
put_datapath(struct str *out, const struct sb_datapath_binding *dp)
{
    str_put(out, "datapath=");
    sbctl_put_datapath(out, dp);
    str_put(out, ", ");
}

/* Starts the line of a row of 'dp', below the title if it is the first. */
static void
start(const struct sbctl_listing *listing, const char *title, bool *is_later,
      const struct replica_row *row, const struct sb_datapath_binding *dp)
{
    if (!*is_later) {
        str_printf(&listing->call->output, "\n%s:\n", title);
        *is_later = true;
    }
    sbctl_start_line(listing, &row->uuid);
    if (dp && !listing->datapath) {
        put_datapath(&listing->call->output, dp);
    }
}

static bool
is_listed(const struct sbctl_listing *listing,
          const struct sb_datapath_binding *dp)
{
    return !listing->datapath || listing->datapath == dp;
}

static void
put_port_bindings(const struct sbctl_listing *listing)
{
    const struct sb_port_binding *port;
    bool is_later = false;

    SB_PORT_BINDING_FOR_EACH (port, dbctl_replica(listing->call->dbctl)) {
        if (is_listed(listing, port->datapath)) {
            start(listing, "Port Bindings", &is_later, &port->header,
                  port->datapath);
            str_printf(&listing->call->output,
                       "logical_port=%s, tunnel_key=%-5lld\n",
                       port->logical_port, (long long) port->tunnel_key);
            sbctl_put_openflow(listing, &port->header.uuid);
        }
    }
}

static void
put_mac_bindings(const struct sbctl_listing *listing)
{
    const struct sb_mac_binding *mac;
    bool is_later = false;

    SB_MAC_BINDING_FOR_EACH (mac, dbctl_replica(listing->call->dbctl)) {
        if (is_listed(listing, mac->datapath)) {
            start(listing, "MAC Bindings", &is_later, &mac->header,
                  mac->datapath);
            str_printf(&listing->call->output,
                       "logical_port=%s, ip=%s, mac=%s\n", mac->logical_port,
                       mac->ip, mac->mac);
            sbctl_put_openflow(listing, &mac->header.uuid);
        }
    }
}

static void
put_multicast_groups(const struct sbctl_listing *listing)
{
    struct str *out = &listing->call->output;
    const struct sb_multicast_group *group;
    bool is_later = false;

    SB_MULTICAST_GROUP_FOR_EACH (group, dbctl_replica(listing->call->dbctl)) {
        if (!is_listed(listing, group->datapath)) {
            continue;
        }
        start(listing, "MC Groups", &is_later, &group->header,
              group->datapath);
        str_printf(out, "name=%s, tunnel_key=%-5lld, ports=(", group->name,
                   (long long) group->tunnel_key);
        for (size_t i = 0; i < group->n_ports; i++) {
            str_printf(out, "%s%s", i ? ", " : "",
                       group->ports[i]->logical_port);
        }
        str_put(out, ")\n");
        sbctl_put_openflow(listing, &group->header.uuid);
    }
}

static void
put_chassis(const struct sbctl_listing *listing)
{
    const struct sb_chassis *chassis;
    bool is_later = false;

    SB_CHASSIS_FOR_EACH (chassis, dbctl_replica(listing->call->dbctl)) {
        start(listing, "Chassis", &is_later, &chassis->header, NULL);
        str_printf(&listing->call->output, "name=%s\n", chassis->name);
        sbctl_put_openflow(listing, &chassis->header.uuid);
    }
}

/* Load balancers. */

typedef VEC(const struct sb_datapath_binding *) datapath_list;

static void
add_group(datapath_list *datapaths, const struct sb_logical_dp_group *group)
{
    for (size_t i = 0; group && i < group->n_datapaths; i++) {
        vec_push(datapaths, group->datapaths[i]);
    }
}

/* A load balancer's datapaths, however the database says which they are. */
static void
collect_datapaths(const struct sb_load_balancer *lb, datapath_list *datapaths)
{
    for (size_t i = 0; i < lb->n_datapaths; i++) {
        vec_push(datapaths, lb->datapaths[i]);
    }
    add_group(datapaths, lb->datapath_group);
    add_group(datapaths, lb->ls_datapath_group);
    add_group(datapaths, lb->lr_datapath_group);
}

static void
put_load_balancer(const struct sbctl_listing *listing,
                  const struct sb_load_balancer *lb, bool *is_later)
{
    struct str *out = &listing->call->output;
    datapath_list datapaths = VEC_EMPTY;
    bool listed = !listing->datapath;

    collect_datapaths(lb, &datapaths);
    VEC_FOR_EACH (dp, &datapaths) {
        listed |= *dp == listing->datapath;
    }
    if (listed) {
        start(listing, "Load Balancers", is_later, &lb->header, NULL);
        str_printf(out, "name=\"%s\", protocol=\"%s\", ", lb->name,
                   lb->protocol ? lb->protocol : "");
        VEC_FOR_EACH (dp, &datapaths) {
            if (!listing->datapath) {
                put_datapath(out, *dp);
            }
        }
        str_put(out, "\n  vips:\n");
        STRMAP_FOR_EACH (i, &lb->vips) {
            str_printf(out, "    %s = %s\n", lb->vips.keys[i],
                       lb->vips.values[i]);
        }
        str_put_char(out, '\n');
        sbctl_put_openflow(listing, &lb->header.uuid);
    }
    vec_uninit(&datapaths);
}

void
sbctl_put_vflows(const struct sbctl_listing *listing)
{
    const struct sb_load_balancer *lb;
    bool is_later = false;

    put_port_bindings(listing);
    put_mac_bindings(listing);
    put_multicast_groups(listing);
    put_chassis(listing);
    SB_LOAD_BALANCER_FOR_EACH (lb, dbctl_replica(listing->call->dbctl)) {
        put_load_balancer(listing, lb, &is_later);
    }
}
