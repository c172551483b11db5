/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_CHASSIS_ENCAP_IPS_H
#define CONTROLLER_CHASSIS_ENCAP_IPS_H

/* The addresses at which this chassis ends its tunnels: ovn-encap-ip, a list,
 * of which ovn-encap-ip-default names the one to use where nothing else says
 * which.
 *
 * An address has a number, which a packet carries from the port where it came
 * in to the tunnel where it leaves: 0 is the default one's, the others follow
 * as listed. */

#include <stddef.h>

struct incr_ctx;

#define ENCAP_IP_SIZE 48         /* Of an address as text, with its end. */
#define ENCAP_MAX_IPS 32

struct encap_ips {
    size_t n;
    char ips[ENCAP_MAX_IPS][ENCAP_IP_SIZE];
};

/* Fills '*ips' from the texts of both settings.  Addresses after the first
 * ENCAP_MAX_IPS, and ones that are too long, are left out; the first one is the
 * default if 'def' is not in the list. */
void encap_ips_parse(struct encap_ips *ips, const char *list,
                     const char *def);

/* Likewise from the configuration, for units. */
void encap_ips_read(struct incr_ctx *, struct encap_ips *ips);

/* The number of 'ip'; that of the default one if it is none of ours. */
size_t encap_ips_number(const struct encap_ips *, const char *ip);

#endif /* controller/chassis/encap_ips.h */
