/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/logical/dhcp_options.h"

#include <arpa/inet.h>

#include "lib/logical/addresses.h"

/* Sources: RFC 2132, 3361, 3397, 3442, 5859 (DHCPv4), 8415, 3646, 4704, 5970
 * (DHCPv6), 4861, 4191, 8106 (Router Advertisements). */

#define DNS_MAX_LABEL 63
#define DNS_MAX_NAME 255

const struct option_def dhcpv4_option_defs[] = {
    { "offerip", DHCP_OPT_OFFER_IP, OPTION_IPV4 },
    { "netmask", DHCP_OPT_NETMASK, OPTION_IPV4 },
    { "router", DHCP_OPT_ROUTER, OPTION_IPV4 },
    { "dns_server", 6, OPTION_IPV4 },
    { "log_server", 7, OPTION_IPV4 },
    { "lpr_server", 9, OPTION_IPV4 },
    { "hostname", 12, OPTION_STR },
    { "domain_name", 15, OPTION_STR },
    { "swap_server", 16, OPTION_IPV4 },
    { "ip_forward_enable", 19, OPTION_BOOL },
    { "policy_filter", 21, OPTION_IPV4 },
    { "default_ttl", 23, OPTION_UINT8 },
    { "mtu", 26, OPTION_UINT16 },
    { "broadcast_address", 28, OPTION_IPV4 },
    { "router_discovery", 31, OPTION_BOOL },
    { "router_solicitation", 32, OPTION_IPV4 },
    { "arp_cache_timeout", 35, OPTION_UINT32 },
    { "ethernet_encap", 36, OPTION_BOOL },
    { "tcp_ttl", 37, OPTION_UINT8 },
    { "tcp_keepalive_interval", 38, OPTION_UINT32 },
    { "nis_server", 41, OPTION_IPV4 },
    { "ntp_server", 42, OPTION_IPV4 },
    { "netbios_name_server", 44, OPTION_IPV4 },
    { "netbios_node_type", 46, OPTION_UINT8 },
    { "lease_time", DHCP_OPT_LEASE_TIME, OPTION_UINT32 },
    { "server_id", DHCP_OPT_SERVER_ID, OPTION_IPV4 },
    { "T1", DHCP_OPT_T1, OPTION_UINT32 },
    { "T2", DHCP_OPT_T2, OPTION_UINT32 },
    { "tftp_server", 66, OPTION_HOST_ID },
    { "bootfile_name", DHCP_OPT_BOOTFILE, OPTION_STR },
    { "domain_search_list", 119, OPTION_DOMAINS },
    { "classless_static_route", 121, OPTION_STATIC_ROUTES },
    { "tftp_server_address", 150, OPTION_IPV4 },
    { "path_prefix", 210, OPTION_STR },
    { "ms_classless_static_route", 249, OPTION_STATIC_ROUTES },
    { "wpad", 252, OPTION_STR },
    { "next_server", DHCP_OPT_NEXT_SERVER, OPTION_IPV4 },
    { "bootfile_name_alt", DHCP_OPT_BOOTFILE_ALT, OPTION_STR },
    { NULL, 0, 0 },
};

const struct option_def dhcpv6_option_defs[] = {
    { "server_id", DHCPV6_OPT_SERVER_ID, OPTION_MAC },
    { "ia_addr", DHCPV6_OPT_IA_ADDR, OPTION_IPV6 },
    { "dns_server", DHCPV6_OPT_DNS_SERVER, OPTION_IPV6 },
    { "domain_search", DHCPV6_OPT_DOMAIN_SEARCH, OPTION_STR },
    { "fqdn", DHCPV6_OPT_FQDN, OPTION_DOMAIN },
    { "bootfile_name", DHCPV6_OPT_BOOTFILE, OPTION_STR },
    { "bootfile_name_alt", DHCPV6_OPT_BOOTFILE_ALT, OPTION_STR },
    { NULL, 0, 0 },
};

const struct option_def nd_ra_option_defs[] = {
    { "addr_mode", RA_OPT_ADDR_MODE, OPTION_STR },
    { "router_preference", RA_OPT_ROUTER_PREFERENCE, OPTION_STR },
    { "slla", RA_OPT_SLLA, OPTION_MAC },
    { "mtu", RA_OPT_MTU, OPTION_UINT32 },
    { "prefix", RA_OPT_PREFIX, OPTION_IPV6 },
    { "rdnss", RA_OPT_RDNSS, OPTION_IPV6 },
    { "dnssl", RA_OPT_DNSSL, OPTION_STR },
    { "route_info", RA_OPT_ROUTE_INFO, OPTION_STR },
    { NULL, 0, 0 },
};

static const char *const type_names[N_OPTION_TYPES] = {
    [OPTION_BOOL] = "bool",
    [OPTION_UINT8] = "uint8",
    [OPTION_UINT16] = "uint16",
    [OPTION_UINT32] = "uint32",
    [OPTION_IPV4] = "ipv4",
    [OPTION_STATIC_ROUTES] = "static_routes",
    [OPTION_STR] = "str",
    [OPTION_HOST_ID] = "host_id",
    [OPTION_DOMAINS] = "domains",
    [OPTION_IPV6] = "ipv6",
    [OPTION_MAC] = "mac",
    [OPTION_DOMAIN] = "domain",
};

const char *
option_type_to_string(enum option_type type)
{
    return type_names[type];
}

bool
option_type_from_string(const char *s, enum option_type *ret)
{
    for (size_t i = 0; i < N_OPTION_TYPES; i++) {
        if (!strcmp(s, type_names[i])) {
            *ret = i;
            return true;
        }
    }
    return false;
}

/* ## Tables ## */

/* A definition that owns its name. */
struct owned_def {
    struct option_def def;
    char name[];
};

void
option_table_init(struct option_table *table, const struct option_def *defs)
{
    shash_init(&table->by_name);
    for (; defs && defs->name; defs++) {
        option_table_add(table, defs->name, defs->code, defs->type);
    }
}

void
option_table_uninit(struct option_table *table)
{
    shash_uninit_free_values(&table->by_name);
}

void
option_table_add(struct option_table *table, const char *name, uint8_t code,
                 enum option_type type)
{
    size_t size = strlen(name) + 1;
    struct owned_def *owned = xmalloc(sizeof *owned + size);

    memcpy(owned->name, name, size);
    owned->def = (struct option_def) { owned->name, code, type };
    free(shash_set(&table->by_name, name, &owned->def));
}

void
option_table_remove(struct option_table *table, const char *name)
{
    free(shash_steal(&table->by_name, name));
}

const struct option_def *
option_table_find(const struct option_table *table, const char *name)
{
    return shash_get(&table->by_name, name);
}

/* ## Names ## */

bool
dns_name_put(const char *name, struct buf *buf)
{
    size_t start = buf->size;

    while (*name) {
        size_t n = strcspn(name, ".");

        if (!n || n > DNS_MAX_LABEL) {
            buf->size = start;
            return false;
        }
        buf_put_u8(buf, n);
        buf_put(buf, name, n);
        name += n;
        name += *name == '.';
    }
    buf_put_u8(buf, 0);
    if (buf->size - start > DNS_MAX_NAME || buf->size - start == 1) {
        buf->size = start;
        return false;
    }
    return true;
}

/* Calls 'fn' for each name of a list with commas between; false if it says
 * so. */
static bool
for_each_name(const char *list, bool (*fn)(const char *name, void *aux),
              void *aux)
{
    char *copy = xstrdup(list);
    char *rest = copy;
    bool ok = true;
    char *name;

    while (ok && (name = strsep(&rest, ",")) != NULL) {
        name += strspn(name, " ");
        name[strcspn(name, " ")] = '\0';
        ok = fn(name, aux);
    }
    free(copy);
    return ok;
}

static bool
put_name(const char *name, void *buf)
{
    return dns_name_put(name, buf);
}

/* Finds 'name', the end of one that is there in wire form from 'start', as
 * RFC 1035 4.1.4 compresses it; -1 if it is not there. */
static int
find_suffix(const struct buf *buf, size_t start, const struct buf *name)
{
    for (size_t ofs = start; ofs < buf->size && ofs - start < 0x4000;) {
        uint8_t n = buf->data[ofs];

        if (n >= 0xc0) {
            ofs += 2;
            continue;
        }
        if (n && buf->size - ofs >= name->size
            && !memcmp(buf->data + ofs, name->data, name->size)) {
            return ofs - start;
        }
        ofs += n + 1;
    }
    return -1;
}

struct compression {
    struct buf *buf;
    size_t start;
};

static bool
put_compressed_name(const char *name, void *c_)
{
    struct compression *c = c_;
    struct buf whole = BUF_EMPTY;
    size_t ofs = 0;
    bool ok = dns_name_put(name, &whole);

    while (ok && ofs < whole.size) {
        struct buf rest = { .data = whole.data + ofs,
                            .size = whole.size - ofs };
        int at = rest.size > 1 ? find_suffix(c->buf, c->start, &rest) : -1;
        size_t n = whole.data[ofs] + 1;

        if (at >= 0) {
            buf_put_u16(c->buf, 0xc000 | at);
            break;
        }
        buf_put(c->buf, whole.data + ofs, n);
        ofs += n;
    }
    buf_uninit(&whole);
    return ok;
}

/* ## Values ## */

static bool
is_integer_of(const struct expr_constant *c, enum lex_format format)
{
    return (c->type == EXPR_CONST_INTEGER && c->format == format
            && !c->masked);
}

static bool
is_number(const struct expr_constant *c, uint64_t max)
{
    return (c->type == EXPR_CONST_INTEGER && !c->masked
            && c->format <= LEX_F_HEXADECIMAL && c->value <= max);
}

static bool
all_are(const struct option_value *v, enum lex_format format)
{
    for (size_t i = 0; i < v->n_constants; i++) {
        if (!is_integer_of(&v->constants[i], format)) {
            return false;
        }
    }
    return v->n_constants > 0;
}

static bool
are_routes(const struct option_value *v)
{
    for (size_t i = 0; i < v->n_constants; i++) {
        const struct expr_constant *c = &v->constants[i];

        if (c->type != EXPR_CONST_INTEGER || c->format != LEX_F_IPV4
            || (i % 2 && c->masked)
            || (c->masked && ip4_mask_plen(htonl((uint32_t) c->mask)) < 0)) {
            return false;
        }
    }
    return v->n_constants && v->n_constants % 2 == 0;
}

static bool
is_string(const struct option_value *v)
{
    return v->n_constants == 1 && v->constants->type == EXPR_CONST_STRING;
}

static bool
are_names(const char *list)
{
    struct buf buf = BUF_EMPTY;
    bool ok = for_each_name(list, put_name, &buf);

    buf_uninit(&buf);
    return ok;
}

static bool
value_fits(const struct option_value *v)
{
    const struct expr_constant *c = v->constants;
    bool is_single = v->n_constants == 1;

    switch (v->def->type) {
    case OPTION_BOOL:
        return is_single && is_number(c, 1);
    case OPTION_UINT8:
        return is_single && is_number(c, UINT8_MAX);
    case OPTION_UINT16:
        return is_single && is_number(c, UINT16_MAX);
    case OPTION_UINT32:
        return is_single && is_number(c, UINT32_MAX);
    case OPTION_IPV4:
        return all_are(v, LEX_F_IPV4);
    case OPTION_STATIC_ROUTES:
        return are_routes(v);
    case OPTION_STR:
        return is_string(v);
    case OPTION_HOST_ID:
        return is_string(v) || (is_single && is_integer_of(c, LEX_F_IPV4));
    case OPTION_DOMAINS:
    case OPTION_DOMAIN:
        return is_string(v) && are_names(c->string);
    case OPTION_IPV6:
        if (is_single && c->type == EXPR_CONST_INTEGER && c->masked) {
            /* Only a prefix of an advertisement. */
            return c->format == LEX_F_IPV6;
        }
        return all_are(v, LEX_F_IPV6);
    case OPTION_MAC:
        return is_single && is_integer_of(c, LEX_F_ETHERNET);
    case N_OPTION_TYPES:
        break;
    }
    return false;
}

struct error *
option_value_check(const struct option_value *v)
{
    if (!value_fits(v)) {
        return error_create(0, "option %s requires a value of type %s",
                            v->def->name, type_names[v->def->type]);
    }
    return NULL;
}

static void
put_u128(struct buf *buf, u128 x)
{
    buf_put_u64(buf, x >> 64);
    buf_put_u64(buf, x);
}

static void
put_mac(struct buf *buf, u128 x)
{
    struct eth_addr ea = mac_from_u64(x);

    buf_put(buf, &ea, sizeof ea);
}

/* RFC 3442: length of the prefix, its significant octets, the router. */
static void
put_route(const struct expr_constant *c, struct buf *buf)
{
    uint32_t mask = c[0].masked ? (uint32_t) c[0].mask : UINT32_MAX;
    int plen = ip4_mask_plen(htonl(mask));
    uint32_t network = (uint32_t) c[0].value;

    buf_put_u8(buf, plen);
    for (int i = 0; i < DIV_ROUND_UP(plen, 8); i++) {
        buf_put_u8(buf, network >> (24 - 8 * i));
    }
    buf_put_u32(buf, (uint32_t) c[1].value);
}

/* Appends the value alone. */
static void
put_value(const struct option_value *v, struct buf *buf)
{
    const struct expr_constant *c = v->constants;
    struct compression compression = { buf, buf->size };

    switch (v->def->type) {
    case OPTION_BOOL:
    case OPTION_UINT8:
        buf_put_u8(buf, c->value);
        break;
    case OPTION_UINT16:
        buf_put_u16(buf, c->value);
        break;
    case OPTION_UINT32:
        buf_put_u32(buf, c->value);
        break;
    case OPTION_HOST_ID:
        if (c->type == EXPR_CONST_STRING) {
            buf_put(buf, c->string, strlen(c->string));
        } else {
            buf_put_u32(buf, c->value);
        }
        break;
    case OPTION_IPV4:
        for (size_t i = 0; i < v->n_constants; i++) {
            buf_put_u32(buf, c[i].value);
        }
        break;
    case OPTION_STATIC_ROUTES:
        for (size_t i = 0; i < v->n_constants; i += 2) {
            put_route(&c[i], buf);
        }
        break;
    case OPTION_STR:
        buf_put(buf, c->string, strlen(c->string));
        break;
    case OPTION_DOMAINS:
        for_each_name(c->string, put_compressed_name, &compression);
        break;
    case OPTION_DOMAIN:
        dns_name_put(c->string, buf);
        break;
    case OPTION_IPV6:
        for (size_t i = 0; i < v->n_constants; i++) {
            put_u128(buf, c[i].value);
        }
        break;
    case OPTION_MAC:
        put_mac(buf, c->value);
        break;
    case N_OPTION_TYPES:
        break;
    }
}

void
dhcpv4_option_put(const struct option_value *v, struct buf *buf)
{
    struct buf value = BUF_EMPTY;
    size_t ofs = 0;

    if (v->def->code == DHCP_OPT_OFFER_IP) {
        put_value(v, buf);
        return;
    }
    put_value(v, &value);
    do {
        size_t n = MIN(value.size - ofs, UINT8_MAX);

        buf_put_u8(buf, v->def->code);
        buf_put_u8(buf, n);
        buf_put(buf, value.data + ofs, n);
        ofs += n;
    } while (ofs < value.size);
    buf_uninit(&value);
}

void
dhcpv6_option_put(const struct option_value *v, struct buf *buf)
{
    size_t start = buf->size;

    buf_put_u16(buf, v->def->code);
    buf_put_u16(buf, 0);
    switch (v->def->code) {
    case DHCPV6_OPT_SERVER_ID:
        /* DUID-LL, Ethernet. */
        buf_put_u16(buf, 3);
        buf_put_u16(buf, 1);
        put_value(v, buf);
        break;
    case DHCPV6_OPT_DOMAIN_SEARCH:
        if (!for_each_name(v->constants->string, put_name, buf)) {
            buf->size = start;
            return;
        }
        break;
    case DHCPV6_OPT_FQDN:
        /* N: this server updates no DNS. */
        buf_put_u8(buf, 0x04);
        put_value(v, buf);
        break;
    default:
        put_value(v, buf);
        break;
    }
    buf_set_u16(buf, start + 2, buf->size - start - 4);
}

/* ## Router Advertisements ## */

#define RA_FLAG_MANAGED 0x80
#define RA_FLAG_OTHER 0x40

static const struct {
    const char *name;
    uint8_t flags;               /* Of the message. */
    uint8_t prefix_flags;        /* On link, autonomous. */
} addr_modes[] = {
    { "slaac", 0, 0xc0 },
    { "dhcpv6_stateful", RA_FLAG_MANAGED, 0x80 },
    { "dhcpv6_stateless", RA_FLAG_OTHER, 0xc0 },
};

/* RFC 4191: preferences as two bits. */
static bool
preference_from_string(const char *s, size_t length, uint8_t *ret)
{
    static const struct {
        const char *name;
        uint8_t bits;
    } preferences[] = { { "HIGH", 1 }, { "MEDIUM", 0 }, { "LOW", 3 } };

    for (size_t i = 0; i < ARRAY_SIZE(preferences); i++) {
        if (strlen(preferences[i].name) == length
            && !strncmp(s, preferences[i].name, length)) {
            *ret = preferences[i].bits << 3;
            return true;
        }
    }
    return false;
}

static int
find_addr_mode(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(addr_modes); i++) {
        if (!strcmp(addr_modes[i].name, name)) {
            return i;
        }
    }
    return -1;
}

/* "PREFERENCE-PREFIX/LEN". */
struct route_info {
    uint8_t preference;
    struct in6_addr prefix;
    unsigned int plen;
};

static bool
route_info_parse(const char *s, struct route_info *ret)
{
    const char *hyphen = strchr(s, '-');

    return (hyphen && preference_from_string(s, hyphen - s, &ret->preference)
            && ip6_parse_cidr(hyphen + 1, &ret->prefix, &ret->plen));
}

static bool
check_route_info(const char *s, void *aux UNUSED)
{
    struct route_info unused;

    return route_info_parse(s, &unused);
}

static const struct option_value *
find_value(const struct option_value *values, size_t n, uint8_t code)
{
    for (size_t i = 0; i < n; i++) {
        if (values[i].def->code == code) {
            return &values[i];
        }
    }
    return NULL;
}

static struct error *
ra_value_check(const struct option_value *v)
{
    const char *s = v->constants->string;
    uint8_t unused;

    switch (v->def->code) {
    case RA_OPT_ADDR_MODE:
        if (find_addr_mode(s) < 0) {
            return error_create(0, "unknown addr_mode \"%s\"", s);
        }
        break;
    case RA_OPT_ROUTER_PREFERENCE:
        if (!preference_from_string(s, strlen(s), &unused)) {
            return error_create(0, "unknown router_preference \"%s\"", s);
        }
        break;
    case RA_OPT_PREFIX:
        if (v->n_constants != 1 || !v->constants->masked) {
            return error_create(0, "prefix needs a length");
        }
        break;
    case RA_OPT_DNSSL:
        if (!are_names(s)) {
            return error_create(0, "bad domain names \"%s\"", s);
        }
        break;
    case RA_OPT_ROUTE_INFO:
        if (!for_each_name(s, check_route_info, NULL)) {
            return error_create(0, "bad route_info \"%s\"", s);
        }
        break;
    }
    return NULL;
}

struct error *
nd_ra_check(const struct option_value *values, size_t n)
{
    const struct option_value *mode = find_value(values, n, RA_OPT_ADDR_MODE);

    for (size_t i = 0; i < n; i++) {
        struct error *error = ra_value_check(&values[i]);

        if (error) {
            return error;
        }
    }
    if (!mode) {
        return error_create(0, "addr_mode option not present");
    }
    if (!find_value(values, n, RA_OPT_SLLA)) {
        return error_create(0, "slla option not present");
    }
    if (addr_modes[find_addr_mode(mode->constants->string)].prefix_flags & 0x40
        && !find_value(values, n, RA_OPT_PREFIX)) {
        return error_create(0, "prefix option needs to be set when address "
                            "mode is %s", mode->constants->string);
    }
    return NULL;
}

static void
put_prefix(const struct option_value *v, uint8_t flags, struct buf *buf)
{
    const struct expr_constant *c = v->constants;

    buf_put_u8(buf, 3);
    buf_put_u8(buf, 4);
    buf_put_u8(buf, u128_popcount(c->mask));
    buf_put_u8(buf, flags);
    buf_put_u32(buf, UINT32_MAX);        /* Valid. */
    buf_put_u32(buf, UINT32_MAX);        /* Preferred. */
    buf_put_u32(buf, 0);
    put_u128(buf, c->value);
}

static bool
put_route_info(const char *s, void *buf)
{
    struct route_info r;
    struct in6_addr mask;
    size_t n;

    if (!route_info_parse(s, &r)) {
        return false;
    }
    n = r.plen > 64 ? 16 : r.plen ? 8 : 0;
    mask = ip6_mask(r.plen);
    r.prefix = ip6_and(&r.prefix, &mask);
    buf_put_u8(buf, 24);
    buf_put_u8(buf, 1 + n / 8);
    buf_put_u8(buf, r.plen);
    buf_put_u8(buf, r.preference);
    buf_put_u32(buf, UINT32_MAX);
    buf_put(buf, &r.prefix, n);
    return true;
}

static void
put_dns_option(const struct option_value *v, struct buf *buf)
{
    size_t start = buf->size;

    buf_put_u8(buf, v->def->code == RA_OPT_RDNSS ? 25 : 31);
    buf_put_u8(buf, 0);
    buf_put_u16(buf, 0);
    buf_put_u32(buf, UINT32_MAX);
    if (v->def->code == RA_OPT_RDNSS) {
        put_value(v, buf);
    } else {
        for_each_name(v->constants->string, put_name, buf);
    }
    buf_pad(buf, start, 8);
    buf->data[start + 1] = (buf->size - start) / 8;
}

void
nd_ra_put(const struct option_value *values, size_t n, struct buf *buf)
{
    const struct option_value *v = find_value(values, n, RA_OPT_ADDR_MODE);
    int mode = v ? find_addr_mode(v->constants->string) : -1;
    uint8_t prefix_flags = mode >= 0 ? addr_modes[mode].prefix_flags : 0x80;
    uint8_t flags = mode >= 0 ? addr_modes[mode].flags : 0;
    uint8_t preference = 0;

    v = find_value(values, n, RA_OPT_ROUTER_PREFERENCE);
    if (v) {
        preference_from_string(v->constants->string,
                               strlen(v->constants->string), &preference);
    }
    buf_put_u8(buf, 134);
    buf_put_u8(buf, 0);
    buf_put_u16(buf, 0);                 /* Checksum. */
    buf_put_u8(buf, 255);                /* Hop limit. */
    buf_put_u8(buf, flags | preference);
    buf_put_u16(buf, UINT16_MAX);        /* Lifetime, s. */
    buf_put_u32(buf, 0);                 /* Reachable time. */
    buf_put_u32(buf, 0);                 /* Retransmission timer. */
    for (size_t i = 0; i < n; i++) {
        v = &values[i];
        switch (v->def->code) {
        case RA_OPT_SLLA:
            buf_put_u8(buf, 1);
            buf_put_u8(buf, 1);
            put_value(v, buf);
            break;
        case RA_OPT_MTU:
            buf_put_u8(buf, 5);
            buf_put_u8(buf, 1);
            buf_put_u16(buf, 0);
            put_value(v, buf);
            break;
        case RA_OPT_PREFIX:
            put_prefix(v, prefix_flags, buf);
            break;
        case RA_OPT_RDNSS:
        case RA_OPT_DNSSL:
            put_dns_option(v, buf);
            break;
        case RA_OPT_ROUTE_INFO:
            for_each_name(v->constants->string, put_route_info, buf);
            break;
        }
    }
}
