/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOGICAL_ADDRESSES_H
#define LOGICAL_ADDRESSES_H

/* The texts in which the northbound and southbound databases hold addresses:
 * of switch ports and router ports, port security, NAT and load balancers.
 *
 * Parsers take a whole text; blanks at its ends do not matter. */

#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/base/vec.h"
#include "lib/flow/flow.h"
#include "lib/logical/lexer.h"

/* ## Single addresses ## */

bool mac_parse(const char *s, struct eth_addr *ret);
bool ip4_parse(const char *s, be32 *ret);
bool ip6_parse(const char *s, struct in6_addr *ret);

/* An address of either family; IPv4 as ::ffff:a.b.c.d. */
bool ip_parse(const char *s, struct in6_addr *ret);

static inline bool
ip_is_v4(const struct in6_addr *ip)
{
    return IN6_IS_ADDR_V4MAPPED(ip);
}

static inline be32
ip_get_v4(const struct in6_addr *ip)
{
    be32 x;

    memcpy(&x, &ip->s6_addr[12], 4);
    return x;
}

struct in6_addr ip_from_v4(be32);

/* The address as a number: 32 bits of an IPv4 address, else 128. */
u128 ip_to_u128(const struct in6_addr *);

/* ADDR, ADDR/PLEN or (for any mask) ADDR/MASK.  '*ret_mask' is all ones for
 * the first. */
bool ip4_parse_masked(const char *s, be32 *ret, be32 *ret_mask);
bool ip6_parse_masked(const char *s, struct in6_addr *ret,
                      struct in6_addr *ret_mask);

/* ADDR or ADDR/PLEN; '*ret_plen' is 32 or 128 for the first. */
bool ip4_parse_cidr(const char *s, be32 *ret, unsigned int *ret_plen);
bool ip6_parse_cidr(const char *s, struct in6_addr *ret,
                    unsigned int *ret_plen);

be32 ip4_mask(unsigned int plen);
struct in6_addr ip6_mask(unsigned int plen);
int ip4_mask_plen(be32 mask);                      /* -1: no prefix. */
int ip6_mask_plen(const struct in6_addr *mask);    /* -1: no prefix. */
struct in6_addr ip6_and(const struct in6_addr *, const struct in6_addr *);

void mac_format(struct eth_addr, struct str *);
void ip4_format(be32, struct str *);
void ip6_format(const struct in6_addr *, struct str *);
void ip_format(const struct in6_addr *, struct str *);
/* "/PLEN" or "/MASK"; nothing for all ones. */
void ip4_format_masked(be32, be32 mask, struct str *);
void ip6_format_masked(const struct in6_addr *, const struct in6_addr *mask,
                       struct str *);

static inline bool
mac_is_zero(struct eth_addr ea)
{
    return !(ea.ea[0] | ea.ea[1] | ea.ea[2] | ea.ea[3] | ea.ea[4] | ea.ea[5]);
}

static inline bool
mac_is_multicast(struct eth_addr ea)
{
    return ea.ea[0] & 1;
}

static inline uint64_t
mac_to_u64(struct eth_addr ea)
{
    uint64_t x = 0;

    for (int i = 0; i < 6; i++) {
        x = x << 8 | ea.ea[i];
    }
    return x;
}

struct eth_addr mac_from_u64(uint64_t);

/* fe80::/64 with the interface identifier of RFC 4291, appendix A. */
struct in6_addr ip6_lladdr(struct eth_addr);
/* The same identifier in another /64. */
struct in6_addr ip6_eui64(const struct in6_addr *prefix, struct eth_addr);
/* RFC 4291, section 2.7.1. */
struct in6_addr ip6_solicited_node(const struct in6_addr *);
/* RFC 2464, section 7. */
struct eth_addr ip6_multicast_mac(const struct in6_addr *);

/* ## Networks of a port ## */

struct ip4_network {
    be32 addr;
    be32 mask;
    be32 network;                /* addr & mask. */
    be32 bcast;
    unsigned int plen;
};

struct ip6_network {
    struct in6_addr addr;
    struct in6_addr mask;
    struct in6_addr network;
    struct in6_addr sn_addr;     /* Solicited-node multicast address. */
    unsigned int plen;
};

/* One MAC and its IP addresses. */
struct port_addresses {
    struct eth_addr mac;
    bool has_mac;
    VEC(struct ip4_network) ip4;
    VEC(struct ip6_network) ip6;
};

#define PORT_ADDRESSES_EMPTY { .has_mac = false }

void port_addresses_init(struct port_addresses *);
void port_addresses_uninit(struct port_addresses *);

/* Adds "ADDR[/PLEN]" of either family; false if it is none. */
bool port_addresses_add(struct port_addresses *, const char *cidr);

/* "MAC [IP[/PLEN]]...", blanks or commas between.  '*ret' is initialized;
 * what it held is freed.  Fails at the first bad word. */
struct error *port_addresses_parse(const char *text,
                                   struct port_addresses *ret) MUST_USE;

/* The MAC and 'n' networks of a logical router port.  An IPv6 link-local
 * address made of the MAC is added unless one is there. */
struct error *port_addresses_parse_router(const char *mac,
                                          const char *const *networks,
                                          size_t n,
                                          struct port_addresses *ret) MUST_USE;

void port_addresses_format(const struct port_addresses *, struct str *);

/* ## Logical_Switch_Port.addresses ## */

enum lsp_address_type {
    LSP_ADDRESS_STATIC,          /* MAC [IP]... */
    LSP_ADDRESS_UNKNOWN,         /* "unknown". */
    LSP_ADDRESS_ROUTER,          /* "router". */
    LSP_ADDRESS_DYNAMIC,         /* "dynamic", "MAC dynamic", "dynamic IP...",
                                  * "MAC dynamic IP...". */
};

struct lsp_address {
    enum lsp_address_type type;
    struct port_addresses addresses;  /* What is fixed; for DYNAMIC the MAC may
                                       * be absent. */
    bool dynamic_ip4;            /* DYNAMIC: which addresses to choose. */
    bool dynamic_ip6;
    bool dynamic_mac;
};

/* '*ret' needs no initialization. */
struct error *lsp_address_parse(const char *text, struct lsp_address *ret)
    MUST_USE;
void lsp_address_uninit(struct lsp_address *);
void lsp_address_format(const struct lsp_address *, struct str *);

/* ## Load balancers and NAT ## */

struct ip_port {
    struct in6_addr ip;          /* IPv4 as ::ffff:a.b.c.d. */
    uint16_t port;               /* 0: none. */
};

/* "A.B.C.D", "A.B.C.D:PORT", "X::Y", "[X::Y]", "[X::Y]:PORT". */
bool ip_port_parse(const char *s, struct ip_port *ret);
/* With brackets around IPv6 only if there is a port. */
void ip_port_format(const struct ip_port *, struct str *);

struct lb_vip {
    struct ip_port vip;
    VEC(struct ip_port) backends;
    bool empty_backends;         /* The text of the backends was empty. */
};

/* One pair of Load_Balancer.vips.  All backends are of the VIP's family and
 * have a port if and only if it does. */
struct error *lb_vip_parse(const char *vip, const char *backends,
                           struct lb_vip *ret) MUST_USE;
void lb_vip_uninit(struct lb_vip *);

enum nat_type { NAT_TYPE_SNAT, NAT_TYPE_DNAT, NAT_TYPE_DNAT_AND_SNAT };

struct nat_addresses {
    enum nat_type type;
    bool is_ip6;
    struct in6_addr external;
    struct in6_addr external_mask;   /* Only stateless NAT may have one. */
    struct in6_addr logical;
    struct in6_addr logical_mask;    /* All ones unless SNAT of a network. */
    uint16_t port_min;               /* External ports; 0: any. */
    uint16_t port_max;
};

/* The columns of a NAT row; 'port_range' may be "". */
struct error *nat_addresses_parse(const char *type, const char *external_ip,
                                  const char *logical_ip,
                                  const char *port_range,
                                  struct nat_addresses *ret) MUST_USE;

/* "MIN-MAX" or "PORT"; 1 <= MIN <= MAX. */
bool port_range_parse(const char *s, uint16_t *ret_min, uint16_t *ret_max);

/* "A..B A C..D": the addresses that exclude_ips of a switch lists, each as a
 * range with both ends. */
struct ip4_range {
    uint32_t first;              /* Host order. */
    uint32_t last;
};
bool ip4_range_parse(const char *s, struct ip4_range *ret);

#endif /* logical/addresses.h */
