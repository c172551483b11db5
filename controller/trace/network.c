/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/trace/network.h"

#include "lib/logical/ovn_symbols.h"
#include "lib/schema/sb.h"

/* More tables than any northd has had. */
#define N_LOGICAL_TABLES 64

struct port_names {
    const char **names;
    size_t n;
};

static void
free_security(struct port *port)
{
    VEC_FOR_EACH (pa, &port->security) {
        port_addresses_uninit(pa);
    }
    vec_uninit(&port->security);
}

static const char *
copy(struct network *net, const char *s)
{
    return s ? arena_strdup(&net->arena, s, strlen(s)) : NULL;
}

/* A UUID is long and tells nothing: its start is enough. */
static const char *
shorten(struct network *net, const char *s)
{
    struct uuid unused;

    return (uuid_from_string(&unused, s)
            ? arena_strdup(&net->arena, s, 6) : copy(net, s));
}

/* ## Loading ## */

static struct datapath *
find_datapath(const struct network *net, const struct sb_datapath_binding *row)
{
    struct datapath *dp;

    if (!row) {
        return NULL;
    }
    HMAP_FOR_EACH_WITH_HASH (dp, node, uuid_hash(&row->header.uuid),
                             &net->datapaths) {
        if (uuid_equals(&dp->uuid, &row->header.uuid)) {
            return dp;
        }
    }
    return NULL;
}

static void
load_datapath(struct network *net, const struct sb_datapath_binding *row)
{
    struct datapath *dp = arena_new(&net->arena, struct datapath);
    const char *nb_uuid = strmap_get(&row->external_ids, "logical-switch");
    const char *name = strmap_get(&row->external_ids, "name");
    const char *name2 = strmap_get(&row->external_ids, "name2");
    char uuid[UUID_LEN + 1] = "", nb[UUID_LEN + 1] = "";

    uuid_format(&row->header.uuid, uuid);
    if (!nb_uuid) {
        nb_uuid = strmap_get(&row->external_ids, "logical-router");
    }
    dp->network = net;
    dp->uuid = row->header.uuid;
    if (row->has_nb_uuid) {
        dp->nb_uuid = row->nb_uuid;
    } else if (!nb_uuid || !uuid_from_string(&dp->nb_uuid, nb_uuid)) {
        dp->nb_uuid = dp->uuid;
    }
    uuid_format(&dp->nb_uuid, nb);
    dp->uuid_name = copy(net, nb);
    dp->key = row->tunnel_key;
    dp->name = copy(net, name ? name : uuid);
    dp->name2 = copy(net, name2);
    dp->friendly_name = shorten(net, name2 ? name2 : dp->name);
    shash_init(&dp->ports);
    shash_init(&dp->groups);
    hmap_insert(&net->datapaths, &dp->node, uuid_hash(&dp->uuid));
}

static void
load_port(struct network *net, const struct sb_port_binding *row)
{
    struct datapath *dp = find_datapath(net, row->datapath);
    const char *name = strmap_get(&row->external_ids, "name");
    struct port *port;

    if (!dp) {
        return;
    }
    port = arena_new(&net->arena, struct port);
    port->uuid = row->header.uuid;
    port->name = copy(net, row->logical_port);
    port->friendly_name = shorten(net, (name && *name ? name
                                        : row->logical_port));
    port->type = copy(net, row->type);
    port->key = row->tunnel_key;
    port->datapath = dp;
    for (size_t i = 0; i < row->n_port_security; i++) {
        struct port_addresses pa = PORT_ADDRESSES_EMPTY;
        struct error *error = port_addresses_parse(row->port_security[i],
                                                   &pa);

        if (error) {
            error_free(error);
        } else {
            vec_push(&port->security, pa);
        }
    }
    shash_set(&dp->ports, port->name, port);
    shash_set(&net->ports, port->name, port);
    dp->is_gateway_router |= (!strcmp(port->type, "l3gateway"));
}

/* Once all ports are there. */
static void
link_port(struct network *net, const struct sb_port_binding *row)
{
    struct port *port = shash_get(&net->ports, row->logical_port);
    const char *peer = strmap_get(&row->options, "peer");
    const char *distributed = strmap_get(&row->options, "distributed-port");

    if (!port) {
        return;
    }
    if (peer && (!strcmp(port->type, "patch")
                 || !strcmp(port->type, "l3gateway"))) {
        port->peer = shash_get(&net->ports, peer);
    }
    if (distributed && !strcmp(port->type, "chassisredirect")) {
        port->distributed = shash_get(&port->datapath->ports, distributed);
    }
}

static int
compare_ports(const void *a_, const void *b_)
{
    const struct port *const *a = a_;
    const struct port *const *b = b_;

    return strcmp((*a)->name, (*b)->name);
}

static void
load_group(struct network *net, const struct sb_multicast_group *row)
{
    struct datapath *dp = find_datapath(net, row->datapath);
    struct multicast_group *group;

    if (!dp) {
        return;
    }
    group = arena_new(&net->arena, struct multicast_group);
    group->name = copy(net, row->name);
    group->key = row->tunnel_key;
    group->ports = arena_array(&net->arena, struct port *,
                               MAX(row->n_ports, 1));
    for (size_t i = 0; i < row->n_ports; i++) {
        struct port *port = shash_get(&dp->ports, row->ports[i]->logical_port);

        if (port) {
            group->ports[group->n_ports++] = port;
        }
    }
    qsort(group->ports, group->n_ports, sizeof *group->ports, compare_ports);
    shash_set(&dp->groups, group->name, group);
}

static void
load_mac(struct network *net, const struct sb_datapath_binding *dp_row,
         const char *port_name, const char *ip, const char *mac)
{
    struct datapath *dp = find_datapath(net, dp_row);
    struct mac_binding binding;

    binding.port = shash_get(&net->ports, port_name);
    if (dp && binding.port && ip_parse(ip, &binding.ip)
        && mac_parse(mac, &binding.mac)) {
        vec_push(&dp->macs, binding);
    }
}

static void
load_fdb(struct network *net, const struct sb_fdb *row)
{
    struct fdb_entry entry = { .port_key = row->port_key };
    struct datapath *dp;

    if (!mac_parse(row->mac, &entry.mac)) {
        return;
    }
    HMAP_FOR_EACH (dp, node, &net->datapaths) {
        if (dp->key == row->dp_key) {
            vec_push(&dp->fdb, entry);
        }
    }
}

static void
load_port_group(struct network *net, const struct sb_port_group *row)
{
    struct port_names *names = arena_new(&net->arena, struct port_names);

    names->n = row->n_ports;
    names->names = arena_array(&net->arena, const char *, MAX(row->n_ports,
                                                              1));
    for (size_t i = 0; i < row->n_ports; i++) {
        names->names[i] = copy(net, row->ports[i]);
    }
    shash_set(&net->port_groups, row->name, names);
}

static void
load_options(struct network *net, const struct replica *sb)
{
    const struct sb_dhcp_options *v4;
    const struct sb_dhcpv6_options *v6;
    enum option_type type;

    SB_DHCP_OPTIONS_FOR_EACH (v4, sb) {
        if (option_type_from_string(v4->type, &type)) {
            option_table_add(&net->dhcpv4, v4->name, v4->code, type);
        }
    }
    SB_DHCPV6_OPTIONS_FOR_EACH (v6, sb) {
        if (option_type_from_string(v6->type, &type)) {
            option_table_add(&net->dhcpv6, v6->name, v6->code, type);
        }
    }
}

/* The variables of all chassis: a trace is on none. */
static void
load_templates(struct network *net, const struct replica *sb)
{
    const struct sb_chassis_template_var *row;

    SB_CHASSIS_TEMPLATE_VAR_FOR_EACH (row, sb) {
        STRMAP_FOR_EACH (i, &row->variables) {
            smap_set(&net->templates, row->variables.keys[i],
                     row->variables.values[i]);
        }
    }
}

static void
load_vips(struct network *net, const struct replica *sb)
{
    const struct sb_load_balancer *row;

    SB_LOAD_BALANCER_FOR_EACH (row, sb) {
        STRMAP_FOR_EACH (i, &row->vips) {
            struct ip_port vip;

            if (ip_port_parse(row->vips.keys[i], &vip)) {
                vec_push(&net->vips, vip);
            }
        }
    }
}

/* Parses the row into 'flow'; false with a line in the warnings. */
static bool
parse_flow(struct network *net, const struct sb_logical_flow *row,
           enum pipeline pipeline, struct logical_flow *flow)
{
    struct action_parse_env env = {
        .symbols = ovn_symbols(),
        .dhcpv4 = &net->dhcpv4,
        .dhcpv6 = &net->dhcpv6,
        .nd_ra = &net->nd_ra,
        .pipeline = pipeline,
        .table = row->table_id,
        .n_tables = N_LOGICAL_TABLES,
    };
    const struct expr *prereqs, *match;
    struct error *error;

    error = expr_parse(network_expand(net, row->match, &net->arena),
                       env.symbols, &net->arena, &match);
    if (!error) {
        error = actions_parse(network_expand(net, row->actions, &net->arena),
                              &env, &net->arena, &flow->actions, &prereqs);
    }
    if (error) {
        str_printf(&net->warnings, "flow \"%s\" \"%s\": %s\n", row->match,
                   row->actions, error_message(error));
        error_free(error);
        return false;
    }
    flow->match_text = copy(net, network_expand(net, row->match,
                                                &net->arena));
    flow->match = expr_and(&net->arena, match, prereqs);
    flow->is_trivial = (match->type == EXPR_BOOLEAN && match->boolean
                        && flow->actions && !flow->actions->next
                        && flow->actions->kind == ACTION_NEXT
                        && flow->actions->jump.pipeline == pipeline
                        && flow->actions->jump.table == row->table_id + 1);
    return true;
}

static void
load_flow(struct network *net, const struct sb_logical_flow *row)
{
    enum pipeline pipeline = (!strcmp(row->pipeline, "ingress")
                              ? PIPELINE_INGRESS : PIPELINE_EGRESS);
    const struct sb_logical_dp_group *group = row->logical_dp_group;
    struct datapath *dp = find_datapath(net, row->logical_datapath);
    struct logical_flow flow = {
        .uuid = row->header.uuid,
        .table = row->table_id,
        .priority = row->priority,
        .stage = copy(net, strmap_get_def(&row->external_ids, "stage-name",
                                          "")),
        .source = copy(net, strmap_get(&row->external_ids, "source")),
    };

    if ((!dp && !group) || row->table_id < 0
        || row->table_id >= N_LOGICAL_TABLES
        || !parse_flow(net, row, pipeline, &flow)) {
        return;
    }
    if (dp) {
        vec_push(&dp->flows[pipeline], flow);
    }
    for (size_t i = 0; group && i < group->n_datapaths; i++) {
        struct datapath *member = find_datapath(net, group->datapaths[i]);

        if (member && member != dp) {
            vec_push(&member->flows[pipeline], flow);
        }
    }
}

/* Equal priorities in the order of UUIDs, so that each trace is the same. */
static int
compare_flows(const void *a_, const void *b_)
{
    const struct logical_flow *a = a_;
    const struct logical_flow *b = b_;

    if (a->table != b->table) {
        return a->table < b->table ? -1 : 1;
    }
    if (a->priority != b->priority) {
        return a->priority > b->priority ? -1 : 1;
    }
    return uuid_compare(&a->uuid, &b->uuid);
}

static void
load_sets(struct network *net, const struct replica *sb)
{
    const struct sb_address_set *set;
    const struct sb_port_group *group;

    SB_ADDRESS_SET_FOR_EACH (set, sb) {
        const_set_destroy(shash_set(&net->sets, set->name,
                                    const_set_create(set->addresses,
                                                     set->n_addresses,
                                                     NULL)));
    }
    SB_PORT_GROUP_FOR_EACH (group, sb) {
        load_port_group(net, group);
    }
}

static void
load_ports(struct network *net, const struct replica *sb)
{
    const struct sb_datapath_binding *dp;
    const struct sb_port_binding *port;
    const struct sb_multicast_group *group;
    const struct sb_mac_binding *mac;
    const struct sb_static_mac_binding *static_mac;
    const struct sb_fdb *fdb;

    SB_DATAPATH_BINDING_FOR_EACH (dp, sb) {
        load_datapath(net, dp);
    }
    SB_PORT_BINDING_FOR_EACH (port, sb) {
        load_port(net, port);
    }
    SB_PORT_BINDING_FOR_EACH (port, sb) {
        link_port(net, port);
    }
    SB_MULTICAST_GROUP_FOR_EACH (group, sb) {
        load_group(net, group);
    }
    SB_STATIC_MAC_BINDING_FOR_EACH (static_mac, sb) {
        load_mac(net, static_mac->datapath, static_mac->logical_port,
                 static_mac->ip, static_mac->mac);
    }
    SB_MAC_BINDING_FOR_EACH (mac, sb) {
        load_mac(net, mac->datapath, mac->logical_port, mac->ip, mac->mac);
    }
    SB_FDB_FOR_EACH (fdb, sb) {
        load_fdb(net, fdb);
    }
}

struct network *
network_create(const struct replica *sb)
{
    struct network *net = xzalloc(sizeof *net);
    const struct sb_logical_flow *flow;
    struct datapath *dp;

    hmap_init(&net->datapaths);
    shash_init(&net->ports);
    shash_init(&net->sets);
    shash_init(&net->port_groups);
    option_table_init(&net->dhcpv4, NULL);
    option_table_init(&net->dhcpv6, NULL);
    option_table_init(&net->nd_ra, nd_ra_option_defs);
    smap_init(&net->templates);
    load_options(net, sb);
    load_templates(net, sb);
    load_vips(net, sb);
    load_ports(net, sb);
    load_sets(net, sb);
    SB_LOGICAL_FLOW_FOR_EACH (flow, sb) {
        load_flow(net, flow);
    }
    HMAP_FOR_EACH (dp, node, &net->datapaths) {
        vec_sort(&dp->flows[PIPELINE_INGRESS], compare_flows);
        vec_sort(&dp->flows[PIPELINE_EGRESS], compare_flows);
    }
    return net;
}

void
network_destroy(struct network *net)
{
    struct datapath *dp;
    struct shash_node *node;

    if (!net) {
        return;
    }
    HMAP_FOR_EACH (dp, node, &net->datapaths) {
        SHASH_FOR_EACH (node, &dp->ports) {
            free_security(node->value);
        }
        shash_uninit(&dp->ports);
        shash_uninit(&dp->groups);
        vec_uninit(&dp->flows[PIPELINE_INGRESS]);
        vec_uninit(&dp->flows[PIPELINE_EGRESS]);
        vec_uninit(&dp->macs);
        vec_uninit(&dp->fdb);
    }
    hmap_uninit(&net->datapaths);
    shash_uninit(&net->ports);
    shash_uninit(&net->port_groups);
    SHASH_FOR_EACH (node, &net->sets) {
        const_set_destroy(node->value);
    }
    shash_uninit(&net->sets);
    option_table_uninit(&net->dhcpv4);
    option_table_uninit(&net->dhcpv6);
    option_table_uninit(&net->nd_ra);
    smap_uninit(&net->templates);
    vec_uninit(&net->vips);
    str_uninit(&net->warnings);
    arena_uninit(&net->arena);
    free(net);
}

/* ## Look-ups ## */

static bool
uuid_starts_with(const struct uuid *uuid, const char *start)
{
    char text[UUID_LEN];
    size_t n = strlen(start);

    uuid_format(uuid, text);
    return n >= 4 && n <= UUID_LEN && !strncmp(text, start, n);
}

struct datapath *
network_find_datapath(const struct network *net, const char *name)
{
    struct datapath *found = NULL;
    size_t n_found = 0;
    struct datapath *dp;

    HMAP_FOR_EACH (dp, node, &net->datapaths) {
        if (!strcmp(dp->name, name) || (dp->name2 && !strcmp(dp->name2,
                                                             name))) {
            return dp;
        }
        if (uuid_starts_with(&dp->uuid, name)
            || uuid_starts_with(&dp->nb_uuid, name)) {
            found = dp;
            n_found++;
        }
    }
    return n_found == 1 ? found : NULL;
}

/* Does 'name' stand for 'port', which has another name? */
static bool
is_meant(const struct port *port, const char *name)
{
    struct uuid uuid;

    return (!strcmp(port->friendly_name, name)
            || uuid_starts_with(&port->uuid, name)
            || (uuid_from_string(&uuid, port->name)
                && uuid_starts_with(&uuid, name)));
}

const struct port *
network_find_port(const struct network *net, const char *name)
{
    const struct port *found = shash_get(&net->ports, name);
    const struct shash_node *node;

    if (found) {
        return found;
    }
    SHASH_FOR_EACH (node, &net->ports) {
        if (is_meant(node->value, name)) {
            if (found) {
                return NULL;
            }
            found = node->value;
        }
    }
    return found;
}

static const char *
find_template(void *net, const char *name)
{
    return smap_get(&((const struct network *) net)->templates, name);
}

const char *
network_expand(const struct network *net, const char *text,
               struct arena *arena)
{
    struct str out = STR_EMPTY;

    if (strchr(text, '^') && lex_expand_templates(text, find_template,
                                                  (void *) net, &out)) {
        text = arena_strdup(arena, str_cstr(&out), out.length);
    }
    str_uninit(&out);
    return text;
}

const struct port *
datapath_find_port(const struct datapath *dp, uint32_t key)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &dp->ports) {
        const struct port *port = node->value;

        if (port->key == key) {
            return port;
        }
    }
    return NULL;
}

const struct multicast_group *
datapath_find_group(const struct datapath *dp, uint32_t key)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &dp->groups) {
        const struct multicast_group *group = node->value;

        if (group->key == key) {
            return group;
        }
    }
    return NULL;
}

const char *
datapath_stage(const struct datapath *dp, enum pipeline pipeline,
               uint8_t table)
{
    for (size_t i = 0; i < dp->flows[pipeline].n; i++) {
        const struct logical_flow *flow = &dp->flows[pipeline].items[i];

        if (flow->table == table) {
            return flow->stage;
        }
    }
    return "";
}

static const struct const_set *
find_set(void *aux, const char *name)
{
    struct datapath *dp = aux;

    return shash_get(&dp->network->sets, name);
}

/* Groups in the database are named after their datapath's key as well. */
static const char *const *
find_port_group(void *aux, const char *name, size_t *ret_n)
{
    struct datapath *dp = aux;
    const struct port_names *names = shash_get(&dp->network->port_groups,
                                               name);

    if (!names) {
        char *full = xasprintf("%u_%s", dp->key, name);

        names = shash_get(&dp->network->port_groups, full);
        free(full);
    }
    *ret_n = names ? names->n : 0;
    return names ? names->names : NULL;
}

static bool
find_port(void *aux, const char *name, uint32_t *ret_key)
{
    struct datapath *dp = aux;
    const struct port *port = shash_get(&dp->ports, name);
    const struct multicast_group *group = shash_get(&dp->groups, name);

    *ret_key = 0;
    if (!*name || !strcmp(name, "none")) {
        return true;
    }
    if (!port && !group) {
        port = network_find_port(dp->network, name);
        if (!port || port->datapath != dp) {
            return false;
        }
    }
    *ret_key = port ? port->key : group->key;
    return true;
}

/* A trace follows the packet wherever it goes. */
static bool
is_chassis_resident(void *aux UNUSED, const char *port UNUSED)
{
    return true;
}

struct expr_env
datapath_expr_env(struct datapath *dp)
{
    return (struct expr_env) {
        .find_set = find_set,
        .find_port_group = find_port_group,
        .find_port = find_port,
        .is_chassis_resident = is_chassis_resident,
        .aux = dp,
    };
}

void
network_put_friendly(const struct network *net, const char *text,
                     struct str *out)
{
    while (*text) {
        const char *quote = strchr(text, '"');
        const char *end = quote ? strchr(quote + 1, '"') : NULL;
        const struct port *port;
        char *name;

        if (!end) {
            str_put(out, text);
            return;
        }
        str_put_bytes(out, text, quote + 1 - text);
        name = xmemdup0(quote + 1, end - quote - 1);
        port = shash_get(&net->ports, name);
        str_put(out, port ? port->friendly_name : name);
        str_put_char(out, '"');
        free(name);
        text = end + 1;
    }
}
