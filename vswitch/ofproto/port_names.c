/* SPDX-License-Identifier: Apache-2.0 */

#include "vswitch/ofproto/port_names.h"

#include <string.h>

#include "lib/base/alloc.h"

static void
add_name(const struct dpif_port *port, void *n_)
{
    struct port_names *n = n_;

    vec_push(&n->ports, (struct dpif_port) {
        .name = xstrdup(port->name), .port_no = port->port_no,
    });
}

void
port_names_init(struct port_names *n, const struct dpif *dpif)
{
    vec_init(&n->ports);
    dpif_port_dump(dpif, add_name, n);
}

void
port_names_uninit(struct port_names *n)
{
    VEC_FOR_EACH (port, &n->ports) {
        dpif_port_uninit(port);
    }
    vec_uninit(&n->ports);
}

static const char *
find_name(odp_port_t number, const void *n_)
{
    const struct port_names *n = n_;
    size_t low = 0, high = n->ports.n;

    while (low < high) {
        size_t mid = (low + high) / 2;

        if (n->ports.items[mid].port_no < number) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return (low < n->ports.n && n->ports.items[low].port_no == number
            ? n->ports.items[low].name : NULL);
}

static odp_port_t
find_number(const char *name, const void *n_)
{
    const struct port_names *n = n_;

    VEC_FOR_EACH (port, &n->ports) {
        if (!strcmp(port->name, name)) {
            return port->port_no;
        }
    }
    return ODPP_NONE;
}

struct odp_names
port_names_odp(const struct port_names *n)
{
    return (struct odp_names) { find_name, n };
}

struct odp_numbers
port_names_numbers(const struct port_names *n)
{
    return (struct odp_numbers) { find_number, n };
}
