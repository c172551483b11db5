/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/logical/addresses.h"

#include <arpa/inet.h>
#include <ctype.h>

#include "lib/base/text.h"

/* ## Words ## */

/* A bounded copy of a word, so that parsers of whole strings can be used on
 * parts of a text. */
struct word {
    char s[128];
};

static bool
is_separator(char c)
{
    return isspace((unsigned char) c) || c == ',';
}

/* Copies the next word of '*sp' and moves past it; false at the end.  A word
 * that is too long to mean anything is cut. */
static bool
next_word(const char **sp, struct word *word)
{
    const char *s = *sp;
    size_t n = 0;
    size_t keep;

    while (is_separator(*s)) {
        s++;
    }
    while (s[n] && !is_separator(s[n])) {
        n++;
    }
    keep = MIN(n, sizeof word->s - 1);
    memcpy(word->s, s, keep);
    word->s[keep] = '\0';
    *sp = s + n;
    return n > 0;
}

/* Splits 's' at the first 'c': copies what is before to 'word' and returns
 * what is after, or NULL. */
static const char *
split_at(const char *s, char c, struct word *word)
{
    const char *p = strchr(s, c);
    size_t n = p ? p - s : 0;

    if (!p || n >= sizeof word->s) {
        return NULL;
    }
    memcpy(word->s, s, n);
    word->s[n] = '\0';
    return p + 1;
}

/* ## Single addresses ## */

bool
mac_parse(const char *s, struct eth_addr *ret)
{
    struct eth_addr ea;

    for (int i = 0; i < 6; i++) {
        int x = text_hex_digit(*s);

        if (x < 0) {
            return false;
        }
        s++;
        if (text_hex_digit(*s) >= 0) {
            x = x << 4 | text_hex_digit(*s++);
        }
        ea.ea[i] = x;
        if (i < 5 && *s++ != ':') {
            return false;
        }
    }
    if (*s) {
        return false;
    }
    *ret = ea;
    return true;
}

bool
ip4_parse(const char *s, be32 *ret)
{
    return inet_pton(AF_INET, s, ret) == 1;
}

bool
ip6_parse(const char *s, struct in6_addr *ret)
{
    return inet_pton(AF_INET6, s, ret) == 1;
}

struct in6_addr
ip_from_v4(be32 ip4)
{
    struct in6_addr ip = { .s6_addr = { [10] = 0xff, [11] = 0xff } };

    memcpy(&ip.s6_addr[12], &ip4, 4);
    return ip;
}

u128
ip_to_u128(const struct in6_addr *ip)
{
    u128 x = 0;

    for (int i = ip_is_v4(ip) ? 12 : 0; i < 16; i++) {
        x = x << 8 | ip->s6_addr[i];
    }
    return x;
}

bool
ip_parse(const char *s, struct in6_addr *ret)
{
    be32 ip4;

    if (ip4_parse(s, &ip4)) {
        *ret = ip_from_v4(ip4);
        return true;
    }
    return ip6_parse(s, ret);
}

be32
ip4_mask(unsigned int plen)
{
    return plen ? htonl(UINT32_MAX << (32 - MIN(plen, 32))) : 0;
}

struct in6_addr
ip6_mask(unsigned int plen)
{
    struct in6_addr mask = { .s6_addr = { 0 } };

    plen = MIN(plen, 128);
    memset(mask.s6_addr, 0xff, plen / 8);
    if (plen % 8) {
        mask.s6_addr[plen / 8] = 0xff << (8 - plen % 8);
    }
    return mask;
}

int
ip4_mask_plen(be32 mask)
{
    uint32_t zeros = ~ntohl(mask);

    return zeros & (zeros + 1) ? -1 : 32 - __builtin_popcount(zeros);
}

int
ip6_mask_plen(const struct in6_addr *mask)
{
    struct in6_addr prefix;
    int plen = 0;

    while (plen < 128 && mask->s6_addr[plen / 8] & (0x80 >> (plen % 8))) {
        plen++;
    }
    prefix = ip6_mask(plen);
    return memcmp(&prefix, mask, sizeof prefix) ? -1 : plen;
}

struct in6_addr
ip6_and(const struct in6_addr *a, const struct in6_addr *b)
{
    struct in6_addr c;

    for (int i = 0; i < 16; i++) {
        c.s6_addr[i] = a->s6_addr[i] & b->s6_addr[i];
    }
    return c;
}

bool
ip4_parse_masked(const char *s, be32 *ret, be32 *ret_mask)
{
    struct word addr;
    const char *rest = split_at(s, '/', &addr);
    be32 ip, mask;
    int plen;

    if (!rest) {
        *ret_mask = htonl(UINT32_MAX);
        return ip4_parse(s, ret);
    }
    if (text_to_int_range(rest, 0, 32, &plen)) {
        mask = ip4_mask(plen);
    } else if (!ip4_parse(rest, &mask)) {
        return false;
    }
    if (!ip4_parse(addr.s, &ip)) {
        return false;
    }
    *ret = ip;
    *ret_mask = mask;
    return true;
}

bool
ip6_parse_masked(const char *s, struct in6_addr *ret,
                 struct in6_addr *ret_mask)
{
    struct word addr;
    const char *rest = split_at(s, '/', &addr);
    struct in6_addr ip, mask;
    int plen;

    if (!rest) {
        *ret_mask = ip6_mask(128);
        return ip6_parse(s, ret);
    }
    if (text_to_int_range(rest, 0, 128, &plen)) {
        mask = ip6_mask(plen);
    } else if (!ip6_parse(rest, &mask)) {
        return false;
    }
    if (!ip6_parse(addr.s, &ip)) {
        return false;
    }
    *ret = ip;
    *ret_mask = mask;
    return true;
}

bool
ip4_parse_cidr(const char *s, be32 *ret, unsigned int *ret_plen)
{
    be32 ip, mask;
    int plen;

    if (!ip4_parse_masked(s, &ip, &mask)) {
        return false;
    }
    plen = ip4_mask_plen(mask);
    if (plen < 0) {
        return false;
    }
    *ret = ip;
    *ret_plen = plen;
    return true;
}

bool
ip6_parse_cidr(const char *s, struct in6_addr *ret, unsigned int *ret_plen)
{
    struct in6_addr ip, mask;
    int plen;

    if (!ip6_parse_masked(s, &ip, &mask)) {
        return false;
    }
    plen = ip6_mask_plen(&mask);
    if (plen < 0) {
        return false;
    }
    *ret = ip;
    *ret_plen = plen;
    return true;
}

void
mac_format(struct eth_addr ea, struct str *out)
{
    static const char digits[] = "0123456789abcdef";
    char text[3 * sizeof ea.ea];

    /* By hand: a large network formats hundreds of thousands. */
    for (size_t i = 0; i < sizeof ea.ea; i++) {
        text[3 * i] = digits[ea.ea[i] >> 4];
        text[3 * i + 1] = digits[ea.ea[i] & 15];
        text[3 * i + 2] = ':';
    }
    str_put_bytes(out, text, sizeof text - 1);
}

void
ip4_format(be32 ip, struct str *out)
{
    uint32_t host = ntohl(ip);
    char text[INET_ADDRSTRLEN];
    char *p = text;

    for (int shift = 24; shift >= 0; shift -= 8) {
        unsigned int byte = host >> shift & 255;

        if (byte >= 100) {
            *p++ = '0' + byte / 100;
        }
        if (byte >= 10) {
            *p++ = '0' + byte / 10 % 10;
        }
        *p++ = '0' + byte % 10;
        *p++ = '.';
    }
    str_put_bytes(out, text, p - 1 - text);
}

void
ip6_format(const struct in6_addr *ip, struct str *out)
{
    char text[INET6_ADDRSTRLEN];

    str_put(out, inet_ntop(AF_INET6, ip, text, sizeof text));
}

void
ip_format(const struct in6_addr *ip, struct str *out)
{
    if (ip_is_v4(ip)) {
        ip4_format(ip_get_v4(ip), out);
    } else {
        ip6_format(ip, out);
    }
}

void
ip4_format_masked(be32 ip, be32 mask, struct str *out)
{
    int plen = ip4_mask_plen(mask);

    ip4_format(ip, out);
    if (plen >= 0 && plen < 32) {
        str_printf(out, "/%d", plen);
    } else if (plen < 0) {
        str_put_char(out, '/');
        ip4_format(mask, out);
    }
}

void
ip6_format_masked(const struct in6_addr *ip, const struct in6_addr *mask,
                  struct str *out)
{
    int plen = ip6_mask_plen(mask);

    ip6_format(ip, out);
    if (plen >= 0 && plen < 128) {
        str_printf(out, "/%d", plen);
    } else if (plen < 0) {
        str_put_char(out, '/');
        ip6_format(mask, out);
    }
}

struct eth_addr
mac_from_u64(uint64_t x)
{
    struct eth_addr ea;

    for (int i = 5; i >= 0; i--) {
        ea.ea[i] = x;
        x >>= 8;
    }
    return ea;
}

struct in6_addr
ip6_eui64(const struct in6_addr *prefix, struct eth_addr ea)
{
    struct in6_addr ip = *prefix;

    ip.s6_addr[8] = ea.ea[0] ^ 0x02;
    ip.s6_addr[9] = ea.ea[1];
    ip.s6_addr[10] = ea.ea[2];
    ip.s6_addr[11] = 0xff;
    ip.s6_addr[12] = 0xfe;
    memcpy(&ip.s6_addr[13], &ea.ea[3], 3);
    return ip;
}

struct in6_addr
ip6_lladdr(struct eth_addr ea)
{
    struct in6_addr prefix = { .s6_addr = { 0xfe, 0x80 } };

    return ip6_eui64(&prefix, ea);
}

struct in6_addr
ip6_solicited_node(const struct in6_addr *ip)
{
    struct in6_addr sn = { .s6_addr = { 0xff, 0x02, [11] = 1, [12] = 0xff } };

    memcpy(&sn.s6_addr[13], &ip->s6_addr[13], 3);
    return sn;
}

struct eth_addr
ip6_multicast_mac(const struct in6_addr *ip)
{
    struct eth_addr ea = { { 0x33, 0x33 } };

    memcpy(&ea.ea[2], &ip->s6_addr[12], 4);
    return ea;
}

/* ## Networks of a port ## */

void
port_addresses_init(struct port_addresses *pa)
{
    *pa = (struct port_addresses) PORT_ADDRESSES_EMPTY;
}

void
port_addresses_uninit(struct port_addresses *pa)
{
    vec_uninit(&pa->ip4);
    vec_uninit(&pa->ip6);
}

static void
add_ip4(struct port_addresses *pa, be32 ip, unsigned int plen)
{
    be32 mask = ip4_mask(plen);

    vec_push(&pa->ip4, (struct ip4_network) {
        .addr = ip,
        .mask = mask,
        .network = ip & mask,
        .bcast = ip | ~mask,
        .plen = plen,
    });
}

static void
add_ip6(struct port_addresses *pa, const struct in6_addr *ip,
        unsigned int plen)
{
    struct in6_addr mask = ip6_mask(plen);

    vec_push(&pa->ip6, (struct ip6_network) {
        .addr = *ip,
        .mask = mask,
        .network = ip6_and(ip, &mask),
        .sn_addr = ip6_solicited_node(ip),
        .plen = plen,
    });
}

bool
port_addresses_add(struct port_addresses *pa, const char *cidr)
{
    struct in6_addr ip6;
    unsigned int plen;
    be32 ip4;

    if (ip4_parse_cidr(cidr, &ip4, &plen)) {
        add_ip4(pa, ip4, plen);
    } else if (ip6_parse_cidr(cidr, &ip6, &plen)) {
        add_ip6(pa, &ip6, plen);
    } else {
        return false;
    }
    return true;
}

struct error *
port_addresses_parse(const char *text, struct port_addresses *ret)
{
    const char *s = text;
    struct word word;

    port_addresses_uninit(ret);
    ret->has_mac = false;
    if (!next_word(&s, &word) || !mac_parse(word.s, &ret->mac)) {
        return error_create(0, "\"%s\": no Ethernet address at the start",
                            text);
    }
    ret->has_mac = true;
    while (next_word(&s, &word)) {
        if (!port_addresses_add(ret, word.s)) {
            port_addresses_uninit(ret);
            return error_create(0, "\"%s\": \"%s\" is no IP address", text,
                                word.s);
        }
    }
    return NULL;
}

static bool
is_lladdr(const struct in6_addr *ip)
{
    return IN6_IS_ADDR_LINKLOCAL(ip);
}

struct error *
port_addresses_parse_router(const char *mac, const char *const *networks,
                            size_t n, struct port_addresses *ret)
{
    bool has_lladdr = false;

    port_addresses_uninit(ret);
    ret->has_mac = mac_parse(mac, &ret->mac);
    if (!ret->has_mac) {
        return error_create(0, "\"%s\" is no Ethernet address", mac);
    }
    for (size_t i = 0; i < n; i++) {
        if (!port_addresses_add(ret, networks[i])) {
            port_addresses_uninit(ret);
            return error_create(0, "\"%s\" is no IP network", networks[i]);
        }
    }
    VEC_FOR_EACH (net, &ret->ip6) {
        has_lladdr |= is_lladdr(&net->addr);
    }
    if (!has_lladdr) {
        struct in6_addr lla = ip6_lladdr(ret->mac);

        add_ip6(ret, &lla, 64);
    }
    return NULL;
}

void
port_addresses_format(const struct port_addresses *pa, struct str *out)
{
    if (pa->has_mac) {
        mac_format(pa->mac, out);
    }
    for (size_t i = 0; i < pa->ip4.n; i++) {
        str_put(out, out->length ? " " : "");
        ip4_format_masked(pa->ip4.items[i].addr, pa->ip4.items[i].mask, out);
    }
    for (size_t i = 0; i < pa->ip6.n; i++) {
        str_put(out, out->length ? " " : "");
        ip6_format_masked(&pa->ip6.items[i].addr, &pa->ip6.items[i].mask,
                          out);
    }
}

/* ## Logical_Switch_Port.addresses ## */

/* What follows "dynamic": at most one address of each family. */
static struct error *
parse_dynamic(const char *text, const char *s, struct lsp_address *ret)
{
    struct port_addresses *pa = &ret->addresses;
    struct word word;

    ret->type = LSP_ADDRESS_DYNAMIC;
    ret->dynamic_mac = !pa->has_mac;
    while (next_word(&s, &word)) {
        if (!port_addresses_add(pa, word.s) || pa->ip4.n > 1
            || pa->ip6.n > 1) {
            lsp_address_uninit(ret);
            return error_create(0, "\"%s\": \"%s\" cannot follow \"dynamic\"",
                                text, word.s);
        }
    }
    ret->dynamic_ip4 = !pa->ip4.n;
    ret->dynamic_ip6 = !pa->ip6.n;
    return NULL;
}

struct error *
lsp_address_parse(const char *text, struct lsp_address *ret)
{
    const char *s = text;
    struct word word, end;

    *ret = (struct lsp_address) { .type = LSP_ADDRESS_STATIC };
    if (!next_word(&s, &word)) {
        return error_create(0, "empty address");
    }
    if (!strcmp(word.s, "dynamic")) {
        return parse_dynamic(text, s, ret);
    }
    if (!strcmp(word.s, "unknown") || !strcmp(word.s, "router")) {
        ret->type = (word.s[0] == 'u' ? LSP_ADDRESS_UNKNOWN
                     : LSP_ADDRESS_ROUTER);
        if (next_word(&s, &end)) {
            return error_create(0, "\"%s\": \"%s\" stands alone", text,
                                word.s);
        }
        return NULL;
    }
    if (mac_parse(word.s, &ret->addresses.mac)) {
        const char *rest = s;

        if (next_word(&rest, &end) && !strcmp(end.s, "dynamic")) {
            ret->addresses.has_mac = true;
            return parse_dynamic(text, rest, ret);
        }
    }
    return port_addresses_parse(text, &ret->addresses);
}

void
lsp_address_uninit(struct lsp_address *address)
{
    port_addresses_uninit(&address->addresses);
}

void
lsp_address_format(const struct lsp_address *address, struct str *out)
{
    struct port_addresses rest = address->addresses;

    switch (address->type) {
    case LSP_ADDRESS_UNKNOWN:
        str_put(out, "unknown");
        break;
    case LSP_ADDRESS_ROUTER:
        str_put(out, "router");
        break;
    case LSP_ADDRESS_DYNAMIC:
        if (rest.has_mac) {
            mac_format(rest.mac, out);
            str_put_char(out, ' ');
        }
        str_put(out, "dynamic");
        rest.has_mac = false;
        port_addresses_format(&rest, out);
        break;
    case LSP_ADDRESS_STATIC:
        port_addresses_format(&rest, out);
        break;
    }
}

/* ## Load balancers and NAT ## */

static bool
parse_port(const char *s, uint16_t *ret)
{
    int port;

    if (!isdigit((unsigned char) *s) || !text_to_int_range(s, 1, 65535,
                                                           &port)) {
        return false;
    }
    *ret = port;
    return true;
}

bool
ip_port_parse(const char *s, struct ip_port *ret)
{
    struct ip_port ip = { .port = 0 };
    struct word addr;
    const char *rest;

    if (*s == '[') {
        rest = split_at(s + 1, ']', &addr);
        if (!rest || !ip6_parse(addr.s, &ip.ip)
            || (*rest && (*rest != ':' || !parse_port(rest + 1, &ip.port)))) {
            return false;
        }
    } else if (!ip_parse(s, &ip.ip)) {
        be32 ip4;

        rest = split_at(s, ':', &addr);
        if (!rest || !ip4_parse(addr.s, &ip4)
            || !parse_port(rest, &ip.port)) {
            return false;
        }
        ip.ip = ip_from_v4(ip4);
    }
    *ret = ip;
    return true;
}

void
ip_port_format(const struct ip_port *ip, struct str *out)
{
    bool has_brackets = ip->port && !ip_is_v4(&ip->ip);

    str_put(out, has_brackets ? "[" : "");
    ip_format(&ip->ip, out);
    str_put(out, has_brackets ? "]" : "");
    if (ip->port) {
        str_printf(out, ":%u", ip->port);
    }
}

void
lb_vip_uninit(struct lb_vip *vip)
{
    vec_uninit(&vip->backends);
}

struct error *
lb_vip_parse(const char *vip, const char *backends, struct lb_vip *ret)
{
    struct word word;

    *ret = (struct lb_vip) { .empty_backends = true };
    if (!ip_port_parse(vip, &ret->vip)) {
        return error_create(0, "bad load balancer VIP \"%s\"", vip);
    }
    while (next_word(&backends, &word)) {
        struct ip_port backend;

        if (!ip_port_parse(word.s, &backend)) {
            lb_vip_uninit(ret);
            return error_create(0, "bad load balancer backend \"%s\"",
                                word.s);
        }
        if (ip_is_v4(&backend.ip) != ip_is_v4(&ret->vip.ip)
            || !backend.port != !ret->vip.port) {
            lb_vip_uninit(ret);
            return error_create(0, "load balancer backend \"%s\" does not go "
                                "with VIP \"%s\"", word.s, vip);
        }
        vec_push(&ret->backends, backend);
        ret->empty_backends = false;
    }
    return NULL;
}

bool
port_range_parse(const char *s, uint16_t *ret_min, uint16_t *ret_max)
{
    struct word first;
    const char *rest = split_at(s, '-', &first);
    uint16_t min, max;

    if (!rest) {
        if (!parse_port(s, &min)) {
            return false;
        }
        max = min;
    } else if (!parse_port(first.s, &min) || !parse_port(rest, &max)
               || min > max) {
        return false;
    }
    *ret_min = min;
    *ret_max = max;
    return true;
}

static bool
parse_either_masked(const char *s, struct in6_addr *ip, struct in6_addr *mask,
                    bool *is_ip6)
{
    be32 ip4, mask4;

    *is_ip6 = false;
    if (ip4_parse_masked(s, &ip4, &mask4)) {
        *ip = ip_from_v4(ip4);
        *mask = ip6_mask(128);
        memcpy(&mask->s6_addr[12], &mask4, 4);
        return true;
    }
    *is_ip6 = true;
    return ip6_parse_masked(s, ip, mask);
}

struct error *
nat_addresses_parse(const char *type, const char *external_ip,
                    const char *logical_ip, const char *port_range,
                    struct nat_addresses *ret)
{
    static const char *const types[] = {
        [NAT_TYPE_SNAT] = "snat",
        [NAT_TYPE_DNAT] = "dnat",
        [NAT_TYPE_DNAT_AND_SNAT] = "dnat_and_snat",
    };
    struct nat_addresses nat = { .port_min = 0 };
    bool logical_is_ip6;
    size_t i;

    for (i = 0; i < ARRAY_SIZE(types) && strcmp(type, types[i]); i++) {
    }
    if (i >= ARRAY_SIZE(types)) {
        return error_create(0, "unknown NAT type \"%s\"", type);
    }
    nat.type = i;
    if (!parse_either_masked(external_ip, &nat.external, &nat.external_mask,
                             &nat.is_ip6)) {
        return error_create(0, "bad external IP \"%s\" for NAT", external_ip);
    }
    if (!parse_either_masked(logical_ip, &nat.logical, &nat.logical_mask,
                             &logical_is_ip6)) {
        return error_create(0, "bad logical IP \"%s\" for NAT", logical_ip);
    }
    if (logical_is_ip6 != nat.is_ip6) {
        return error_create(0, "NAT from \"%s\" to \"%s\" changes the address "
                            "family", logical_ip, external_ip);
    }
    if (nat.type != NAT_TYPE_SNAT && ip6_mask_plen(&nat.logical_mask) != 128) {
        return error_create(0, "logical IP \"%s\" of %s is a network",
                            logical_ip, type);
    }
    if (*port_range && !port_range_parse(port_range, &nat.port_min,
                                         &nat.port_max)) {
        return error_create(0, "bad port range \"%s\" for NAT", port_range);
    }
    *ret = nat;
    return NULL;
}

bool
ip4_range_parse(const char *s, struct ip4_range *ret)
{
    const char *dots = strstr(s, "..");
    struct word first;
    be32 a, b;

    if (!dots) {
        if (!ip4_parse(s, &a)) {
            return false;
        }
        b = a;
    } else {
        size_t n = dots - s;

        if (n >= sizeof first.s) {
            return false;
        }
        memcpy(first.s, s, n);
        first.s[n] = '\0';
        if (!ip4_parse(first.s, &a) || !ip4_parse(dots + 2, &b)
            || ntohl(a) > ntohl(b)) {
            return false;
        }
    }
    *ret = (struct ip4_range) { ntohl(a), ntohl(b) };
    return true;
}
