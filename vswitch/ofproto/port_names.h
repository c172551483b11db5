/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OFPROTO_PORT_NAMES_H
#define OFPROTO_PORT_NAMES_H

/* What the ports of a datapath are called, for text that has names instead of
 * numbers. */

#include "lib/base/vec.h"
#include "vswitch/dpif/dpif.h"
#include "vswitch/dpif/odp_text.h"

/* In order of their numbers. */
struct port_names {
    VEC(struct dpif_port) ports;
};

/* Of all ports that 'dpif' has now. */
void port_names_init(struct port_names *, const struct dpif *);
void port_names_uninit(struct port_names *);

/* For printing and for parsing; valid as long as the names. */
struct odp_names port_names_odp(const struct port_names *);
struct odp_numbers port_names_numbers(const struct port_names *);

#endif /* ofproto/port_names.h */
