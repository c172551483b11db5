/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_TRANSLATE_OPTIONS_H
#define CONTROLLER_TRANSLATE_OPTIONS_H

/* The DHCP and router advertisement options that actions may name. */

#include "lib/logical/dhcp_options.h"

struct option_tables {
    struct option_table dhcpv4;
    struct option_table dhcpv6;
    struct option_table nd_ra;
};

/* Returns the tables, made at first use, which live as long as the process.
 * The first call comes from the main thread, before units run. */
const struct option_tables *options_get(void);

#endif /* controller/translate/options.h */
