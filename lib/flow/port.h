/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FLOW_PORT_H
#define FLOW_PORT_H

/* OpenFlow port numbers and names.
 *
 * Inside the tree a port number has OpenFlow 1.0's 16-bit values (in 32 bits):
 * ports 1 to 0xfeff, and the reserved ones below.  OpenFlow 1.1 and later have
 * the reserved ones at 0xffff0000 more; the codec converts. */

#include "lib/base/hmap.h"
#include "lib/base/str.h"
#include "lib/flow/flow.h"

#define OFPP_MAX 0xff00          /* First number that is no ordinary port. */
#define OFPP_UNSET 0xfff7        /* actset_output: no output yet. */
#define OFPP_IN_PORT 0xfff8
#define OFPP_TABLE 0xfff9
#define OFPP_NORMAL 0xfffa
#define OFPP_FLOOD 0xfffb
#define OFPP_ALL 0xfffc
#define OFPP_CONTROLLER 0xfffd
#define OFPP_LOCAL 0xfffe
#define OFPP_NONE 0xffff         /* OpenFlow 1.1+ calls it ANY. */

#define OFPP11_OFFSET 0xffff0000u

/* Converts to the 32-bit form. */
static inline be32
port_to_oxm(ofp_port_t port)
{
    return htonl(port < OFPP_MAX ? port : port + OFPP11_OFFSET);
}

/* Converts from the 32-bit form; false if 'port' is in the gap. */
static inline bool
port_from_oxm(be32 port, ofp_port_t *ret)
{
    uint32_t p = ntohl(port);

    if (p < OFPP_MAX) {
        *ret = p;
    } else if (p >= OFPP_MAX + OFPP11_OFFSET) {
        *ret = p - OFPP11_OFFSET;
    } else {
        return false;
    }
    return true;
}

/* Names of the ports of one switch. */
struct port_map {
    struct hmap by_name;
    struct hmap by_number;
    void (*fill)(struct port_map *, void *aux);  /* If not NULL, puts all into
                                                  * it when first asked. */
    void *fill_aux;
};

void port_map_init(struct port_map *);
void port_map_uninit(struct port_map *);

/* Adds a port.  Of two ports with one name (or number) neither is found by
 * it. */
void port_map_put(struct port_map *, ofp_port_t, const char *name);

/* OFPP_NONE, NULL if there is none (or 'map' is NULL). */
ofp_port_t port_map_number(const struct port_map *, const char *name);
const char *port_map_name(const struct port_map *, ofp_port_t);

/* Reads a number (16 or 32-bit form), a reserved name in either case, or a
 * name (maybe in double quotes) of 'map' (NULL: none). */
bool port_parse(const char *text, const struct port_map *map, ofp_port_t *ret);

/* Prints a reserved name, the name of 'map', or the number. */
void port_format(ofp_port_t, const struct port_map *map, struct str *);

/* The reserved name, or NULL. */
const char *port_reserved_name(ofp_port_t);

/* Quotes 'name' if it could be mistaken for something else. */
void port_format_name(const char *name, struct str *);

#endif /* flow/port.h */
