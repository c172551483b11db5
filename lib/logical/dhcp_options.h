/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOGICAL_DHCP_OPTIONS_H
#define LOGICAL_DHCP_OPTIONS_H

/* DHCPv4, DHCPv6 and Router Advertisement options: their names, numbers and
 * types, and how a value in put_dhcp_opts() and its kin becomes bytes. */

#include "lib/base/shash.h"
#include "lib/logical/expr.h"
#include "lib/openflow/buf.h"

enum option_type {
    OPTION_BOOL,
    OPTION_UINT8,
    OPTION_UINT16,
    OPTION_UINT32,
    OPTION_IPV4,                 /* One or more. */
    OPTION_STATIC_ROUTES,        /* RFC 3442: NETWORK/PLEN, GATEWAY, ... */
    OPTION_STR,
    OPTION_HOST_ID,              /* A name or an IPv4 address. */
    OPTION_DOMAINS,              /* RFC 3397, compressed names. */
    OPTION_IPV6,                 /* One or more. */
    OPTION_MAC,
    OPTION_DOMAIN,               /* RFC 1035 name, for DHCPv6. */
    N_OPTION_TYPES
};

struct option_def {
    const char *name;
    uint8_t code;
    enum option_type type;
};

/* Option numbers that mean something to whoever composes the reply. */
enum {
    DHCP_OPT_OFFER_IP = 0,       /* Not an option: the address on offer. */
    DHCP_OPT_NETMASK = 1,
    DHCP_OPT_ROUTER = 3,
    DHCP_OPT_LEASE_TIME = 51,
    DHCP_OPT_SERVER_ID = 54,
    DHCP_OPT_T1 = 58,
    DHCP_OPT_T2 = 59,
    DHCP_OPT_BOOTFILE = 67,
    DHCP_OPT_NEXT_SERVER = 253,  /* Not an option: the siaddr member. */
    DHCP_OPT_BOOTFILE_ALT = 254, /* Becomes 67 for iPXE clients. */
    DHCPV6_OPT_SERVER_ID = 2,
    DHCPV6_OPT_IA_ADDR = 5,
    DHCPV6_OPT_DNS_SERVER = 23,
    DHCPV6_OPT_DOMAIN_SEARCH = 24,
    DHCPV6_OPT_FQDN = 39,
    DHCPV6_OPT_BOOTFILE = 59,
    DHCPV6_OPT_BOOTFILE_ALT = 254,
};

/* What ovn-northd writes to DHCP_Options and DHCPv6_Options.  The tables end
 * with a NULL name. */
extern const struct option_def dhcpv4_option_defs[];
extern const struct option_def dhcpv6_option_defs[];

/* The options of put_nd_ra_opts(); codes are RA_OPT_*. */
extern const struct option_def nd_ra_option_defs[];
enum {
    RA_OPT_ADDR_MODE = 1,
    RA_OPT_ROUTER_PREFERENCE,
    RA_OPT_SLLA,
    RA_OPT_MTU,
    RA_OPT_PREFIX,
    RA_OPT_RDNSS,
    RA_OPT_DNSSL,
    RA_OPT_ROUTE_INFO,
};

const char *option_type_to_string(enum option_type);
bool option_type_from_string(const char *, enum option_type *ret);

/* Options by name. */
struct option_table {
    struct shash by_name;
};

/* Fills '*table' with 'defs', or leaves it empty for NULL. */
void option_table_init(struct option_table *, const struct option_def *defs);
void option_table_uninit(struct option_table *);

/* Adds or replaces. */
void option_table_add(struct option_table *, const char *name, uint8_t code,
                      enum option_type);
void option_table_remove(struct option_table *, const char *name);

/* Borrowed; NULL if unknown. */
const struct option_def *option_table_find(const struct option_table *,
                                           const char *name);

/* An option with its value, as an action has it. */
struct option_value {
    const struct option_def *def;
    const struct expr_constant *constants;
    size_t n_constants;
};

/* Says what is wrong with the constants for an option of that type, or NULL. */
struct error *option_value_check(const struct option_value *) MUST_USE;

/* Appends code, length and value as DHCPv4 has them (RFC 2132; longer than 255
 * bytes is split as RFC 3396 says).  'offerip' is not among them: its four
 * bytes come first in the list, without code and length. */
void dhcpv4_option_put(const struct option_value *, struct buf *);

/* Appends the option with a 16-bit code and length (RFC 8415): server_id
 * becomes a DUID-LL, ia_addr stays bare addresses for the IA of the reply. */
void dhcpv6_option_put(const struct option_value *, struct buf *);

/* Appends the body of a Router Advertisement, from the ICMPv6 type on with a
 * zero checksum, and the options (RFC 4861, 4191, 8106). */
void nd_ra_put(const struct option_value *values, size_t n, struct buf *);

/* Checks the options of one put_nd_ra_opts() against each other. */
struct error *nd_ra_check(const struct option_value *values, size_t n)
    MUST_USE;

/* Appends 'name' in DNS wire form (RFC 1035 3.1); false, with nothing
 * appended, if it is no name. */
bool dns_name_put(const char *name, struct buf *);

#endif /* logical/dhcp_options.h */
