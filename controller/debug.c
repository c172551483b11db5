/* SPDX-License-Identifier: Apache-2.0 */
/* Facts in the order of a hash table would differ from call to call, so lines
 * are sorted. */
#include "controller/debug.h"

#include <stdlib.h>
#include <string.h>

#include "controller/program.h"
#include "lib/base/alloc.h"
#include "lib/base/sset.h"

struct dump {
    const struct controller *controller;
    struct sset lines;
};

static void
add_line(struct dump *d, struct str *line)
{
    sset_add(&d->lines, str_cstr(line));
    str_uninit(line);
}

/* Appends 'title' and, in order, the lines that 'visit' adds for the groups of
 * 'fact'. */
static void
dump(const struct controller *c, const char *title, unsigned int fact,
     void (*visit)(struct incr_group *, void *dump), struct str *out)
{
    struct dump d = { .controller = c };
    const char **lines;

    sset_init(&d.lines);
    incr_for_each_group(c->incr, fact, visit, &d);
    lines = sset_sort(&d.lines);
    str_printf(out, "%s:\n", title);
    for (size_t i = 0; i < sset_count(&d.lines); i++) {
        str_printf(out, "%s\n", lines[i]);
    }
    free(lines);
    sset_uninit(&d.lines);
}

static void
note_name(struct incr_group *group, void *names)
{
    sset_add(names, incr_group_key(group));
}

/* The ports of an interface. */
struct ports {
    const struct sb_port_binding *own;   /* NULL if there is none. */
    struct sset children;                /* "[NAME], type : [TYPE]". */
};

/* 'port' is behind the interface of 'iface_id' in another one's place. */
static const char *
child_type(const struct sb_port_binding *port, const char *iface_id)
{
    return (!*port->type && port->parent_port
            && !strcmp(port->parent_port, iface_id) ? "CONTAINER"
            : !strcmp(port->type, "virtual") && port->virtual_parent
              && !strcmp(port->virtual_parent, iface_id) ? "VIRTUAL"
            : NULL);
}

/* Looks at every port: an operator's question may take its time. */
static void
find_ports(const struct controller *c, const char *iface_id,
           struct ports *ports)
{
    const struct sb_port_binding *port;

    ports->own = NULL;
    sset_init(&ports->children);
    SB_PORT_BINDING_FOR_EACH (port, c->sb) {
        const char *type = child_type(port, iface_id);

        if (type) {
            char *text = xasprintf("[%s], type : [%s]", port->logical_port,
                                   type);

            sset_add(&ports->children, text);
            free(text);
        } else if (!strcmp(port->logical_port, iface_id)) {
            ports->own = port;
        }
    }
}

static void
put_ports(const struct ports *ports, struct str *out)
{
    const char **children = sset_sort(&ports->children);

    if (ports->own) {
        str_printf(out, "%s lport : [%s]\n",
                   strcmp(ports->own->type, "localport") ? "primary"
                   : "localport", ports->own->logical_port);
    } else if (sset_count(&ports->children)) {
        str_put(out, "no primary lport\n");
    }
    for (size_t i = 0; i < sset_count(&ports->children); i++) {
        str_printf(out, "child lport[%zu] : %s\n", i + 1, children[i]);
    }
    free(children);
}

static void
put_interface(const struct controller *c, const char *iface_id,
              struct str *out)
{
    const struct incr_group *group
        = incr_find(c->incr, FACT_INTERFACE, iface_id, strlen(iface_id) + 1);
    const struct interface_fact *fact = incr_group_value(group, 0);
    const struct vs_interface *iface
        = vs_interface_get_for_uuid(c->vs, &fact->uuid);
    struct ports ports;

    find_ports(c, iface_id, &ports);
    str_printf(out, "name: [%s], OVS interface name : [%s], "
               "num binding lports : [%zu]\n", iface_id,
               iface ? iface->name : "NULL",
               (ports.own != NULL) + sset_count(&ports.children));
    put_ports(&ports, out);
    str_put(out, "----------------------------------------\n");
    sset_uninit(&ports.children);
}

void
debug_local_bindings(const struct controller *c, struct str *out)
{
    const char **sorted;
    struct sset names;

    sset_init(&names);
    incr_for_each_group(c->incr, FACT_INTERFACE, note_name, &names);
    sorted = sset_sort(&names);
    str_put(out, "Local bindings:\n");
    for (size_t i = 0; i < sset_count(&names); i++) {
        put_interface(c, sorted[i], out);
    }
    free(sorted);
    sset_uninit(&names);
}

static void
put_key_text(struct incr_group *group, void *d_)
{
    sset_add(&((struct dump *) d_)->lines, incr_group_key(group));
}

void
debug_related_ports(const struct controller *c, struct str *out)
{
    dump(c, "Related lports", FACT_RESIDENT, put_key_text, out);
}

static void
put_datapath(struct incr_group *group, void *d_)
{
    uint32_t key = get_u32(incr_group_key(group));
    struct dump *d = d_;
    const struct sb_datapath_binding *dp;

    SB_DATAPATH_BINDING_FOR_EACH (dp, d->controller->sb) {
        if (dp->tunnel_key == key) {
            const struct strmap *ids = &dp->external_ids;
            struct str line = STR_EMPTY;

            str_printf(&line, "Datapath: %s, type: %s, tunnel key: %u",
                       strmap_get_def(ids, "name", "?"),
                       strmap_get(ids, "logical-router") ? "router"
                       : "switch", key);
            add_line(d, &line);
        }
    }
}

void
debug_local_datapaths(const struct controller *c, struct str *out)
{
    dump(c, "Local datapaths", FACT_LOCAL_DATAPATH, put_datapath, out);
}

static void
put_edges(struct incr_group *group, void *d_)
{
    for (size_t i = 0; i < group->n; i++) {
        struct str line = STR_EMPTY;

        str_printf(&line, "Datapath %u leads to datapath %u",
                   get_u32(incr_group_key(group)),
                   get_u32(incr_group_value(group, i)));
        add_line(d_, &line);
    }
}

void
debug_peer_ports(const struct controller *c, struct str *out)
{
    dump(c, "Peer ports", FACT_DATAPATH_EDGE, put_edges, out);
}

static void
put_variable(struct incr_group *group, void *d)
{
    struct str line = STR_EMPTY;

    str_printf(&line, "name: '%s' value: '%s'",
               (const char *) incr_group_key(group),
               (const char *) incr_group_value(group, 0));
    add_line(d, &line);
}

void
debug_template_vars(const struct controller *c, struct str *out)
{
    dump(c, "Local template vars", FACT_TEMPLATE_VAR, put_variable, out);
}

void
debug_mac_bindings(const struct controller *c, struct str *out)
{
    const struct sb_mac_binding *row;

    str_put(out, "Local MAC bindings:\n");
    SB_MAC_BINDING_FOR_EACH (row, c->sb) {
        str_printf(out, "%s %s %s\n", row->logical_port, row->ip, row->mac);
    }
}
