/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/translate/options.h"

const struct option_tables *
options_get(void)
{
    static struct option_tables tables;
    static bool ready;

    if (!ready) {
        option_table_init(&tables.dhcpv4, dhcpv4_option_defs);
        option_table_init(&tables.dhcpv6, dhcpv6_option_defs);
        option_table_init(&tables.nd_ra, nd_ra_option_defs);
        ready = true;
    }
    return &tables;
}
