/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/flow/field.h"
#include "lib/flow/port.h"

/* Flag words. */

struct flag_name {
    uint32_t bit;
    const char *name;
};

static const struct flag_name ct_state_flags[] = {
    { CS_NEW, "new" },         { CS_ESTABLISHED, "est" },
    { CS_RELATED, "rel" },     { CS_REPLY_DIR, "rpl" },
    { CS_INVALID, "inv" },     { CS_TRACKED, "trk" },
    { CS_SRC_NAT, "snat" },    { CS_DST_NAT, "dnat" },
    { 0, NULL }
};

static const struct flag_name tcp_flag_names[] = {
    { 0x001, "fin" }, { 0x002, "syn" }, { 0x004, "rst" }, { 0x008, "psh" },
    { 0x010, "ack" }, { 0x020, "urg" }, { 0x040, "ece" }, { 0x080, "cwr" },
    { 0x100, "ns" },  { 0x200, "[200]" }, { 0x400, "[400]" },
    { 0x800, "[800]" }, { 0, NULL }
};

static const struct flag_name tunnel_flags[] = {
    { FLOW_TNL_F_OAM, "oam" }, { 0, NULL }
};

static const struct {
    const char *name;
    uint8_t value, mask;
} frag_names[] = {
    { "no", 0, FLOW_NW_FRAG_MASK },
    { "yes", FLOW_NW_FRAG_ANY, FLOW_NW_FRAG_ANY },
    { "first", FLOW_NW_FRAG_ANY, FLOW_NW_FRAG_MASK },
    { "later", FLOW_NW_FRAG_MASK, FLOW_NW_FRAG_MASK },
    { "not_later", 0, FLOW_NW_FRAG_LATER },
};

static const struct flag_name *
flags_of(const struct field *f)
{
    return (f->form == FORM_CT_STATE ? ct_state_flags
            : f->form == FORM_TCP_FLAGS ? tcp_flag_names
            : tunnel_flags);
}

static uint32_t
flag_bit(const struct flag_name *flags, const char *name, size_t length)
{
    for (; flags->name; flags++) {
        if (strlen(flags->name) == length
            && !strncmp(flags->name, name, length)) {
            return flags->bit;
        }
    }
    return 0;
}

static uint32_t
all_flags(const struct flag_name *flags)
{
    uint32_t all = 0;

    for (; flags->name; flags++) {
        all |= flags->bit;
    }
    return all;
}

static void
put_number(const struct field *f, uint32_t x, union field_value *v)
{
    if (f->n_bytes == 4) {
        v->be32 = htonl(x);
    } else if (f->n_bytes == 2) {
        v->be16 = htons(x);
    } else {
        v->u8 = x;
    }
}

static uint64_t
get_number(const struct field *f, const union field_value *v)
{
    return (f->n_bytes == 8 ? ntohll(v->be64)
            : f->n_bytes == 4 ? ntohl(v->be32)
            : f->n_bytes == 2 ? ntohs(v->be16)
            : v->u8);
}

/* "+a-b": value and mask. */
static struct error *
parse_plus_minus(const struct field *f, const char *text,
                 union field_value *value, union field_value *mask)
{
    const struct flag_name *flags = flags_of(f);
    uint32_t v = 0, m = 0;

    for (const char *s = text; *s; ) {
        char sign = *s++;
        size_t n = strcspn(s, "+-");
        uint32_t bit = flag_bit(flags, s, n);

        if (sign != '+' && sign != '-') {
            return error_create(EINVAL, "%s: %s must be preceded by '+' "
                                "(for SET) or '-' (NOT SET)", text, f->name);
        }
        if (!bit) {
            return error_create(EINVAL, "%.*s: unknown %s flag(s)",
                                (int) n, s, f->name);
        }
        if (m & bit) {
            return error_create(EINVAL, "%.*s: Each %s flag can be specified "
                                "only once", (int) n, s, f->name);
        }
        m |= bit;
        v |= sign == '+' ? bit : 0;
        s += n;
    }
    put_number(f, v, value);
    put_number(f, m, mask);
    return NULL;
}

/* "a|b": value, all bits count. */
static struct error *
parse_flag_list(const struct field *f, const char *text,
                union field_value *value)
{
    uint32_t v = 0;

    for (const char *s = text; *s; ) {
        size_t n = strcspn(s, "|");
        uint32_t bit = flag_bit(flags_of(f), s, n);

        if (!bit) {
            return error_create(EINVAL, "%.*s: unknown %s flag(s)",
                                (int) n, s, f->name);
        }
        v |= bit;
        s += n + (s[n] == '|');
    }
    put_number(f, v, value);
    return NULL;
}

/* Integers. */

/* Reads a number of up to 'n' bytes at the start of 'text'; '*end' is after
 * it.  Decimal numbers have at most 64 bits.  False: no number; '*too_large'
 * says if it is one that does not fit. */
static bool
read_integer(const char *text, uint8_t *out, size_t n, const char **end,
             bool *too_large)
{
    size_t n_digits;

    memset(out, 0, n);
    *too_large = false;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        const char *digits = text + 2;

        n_digits = strspn(digits, "0123456789abcdefABCDEF");
        if (!n_digits) {
            return false;
        }
        *end = digits + n_digits;
        for (size_t i = 0; i < n_digits; i++) {
            size_t pos = n_digits - 1 - i;    /* From the least one. */
            int d = text_hex_digit(digits[i]);

            if (pos / 2 >= n) {
                *too_large |= d != 0;
            } else {
                out[n - 1 - pos / 2] |= d << (pos % 2 * 4);
            }
        }
        return !*too_large;
    } else {
        bool negative = text[0] == '-';
        char *tail;
        uint64_t x;

        if (!isdigit((unsigned char) text[negative])) {
            return false;
        }
        errno = 0;
        x = strtoull(text, &tail, 0);
        *end = tail;
        *too_large = errno == ERANGE || (n < 8 && x >> (8 * n));
        for (size_t i = n; i-- > 0 && x; x >>= 8) {
            out[i] = x;
        }
        return !*too_large;
    }
}

static struct error *
parse_integer(const struct field *f, const char *text,
              union field_value *value, union field_value *mask)
{
    const char *s = text;
    bool too_large;

    if (!read_integer(s, value->bytes, f->n_bytes, &s, &too_large)) {
        return (too_large
                ? error_create(EINVAL, "%s: value too large for %u-byte "
                               "field %s", text, f->n_bytes, f->name)
                : error_create(EINVAL, "%s: bad syntax for %s value", text,
                               f->name));
    }
    if (*s == '/') {
        if (!read_integer(s + 1, mask->bytes, f->n_bytes, &s, &too_large)) {
            return error_create(EINVAL, too_large
                                ? "%s: mask too large for field %s"
                                : "%s: bad syntax for %s mask",
                                text, f->name);
        }
    }
    if (*s) {
        return error_create(EINVAL, "%s: bad syntax for %s value", text,
                            f->name);
    }
    return NULL;
}

/* Addresses. */

static bool
read_eth(const char *s, struct eth_addr *ea, const char **end)
{
    for (int i = 0; i < 6; i++) {
        int n = 0, x = 0;

        while (n < 2 && text_hex_digit(*s) >= 0) {
            x = x * 16 + text_hex_digit(*s++);
            n++;
        }
        if (!n || (i < 5 && *s++ != ':')) {
            return false;
        }
        ea->ea[i] = x;
    }
    *end = s;
    return true;
}

static struct error *
parse_eth(const char *text, union field_value *value, union field_value *mask)
{
    const char *s = text;

    if (!read_eth(s, &value->mac, &s)) {
        return error_create(EINVAL, "%s: invalid Ethernet address", text);
    }
    if (*s == '/' && !read_eth(s + 1, &mask->mac, &s)) {
        return error_create(EINVAL, "%s: invalid Ethernet address", text);
    }
    return (*s ? error_create(EINVAL, "%s: invalid Ethernet address", text)
            : NULL);
}

/* Makes a mask of 'n' leading ones in 'size' bytes. */
static void
prefix_mask(uint8_t *mask, size_t size, unsigned int n)
{
    for (size_t i = 0; i < size; i++) {
        unsigned int bits = n > 8 * i ? MIN(8, n - 8 * i) : 0;

        mask[i] = 0xff << (8 - bits);
    }
}

static struct error *
parse_ip(const char *text, int af, union field_value *value,
         union field_value *mask)
{
    size_t n = strcspn(text, "/");
    size_t size = af == AF_INET ? 4 : 16;
    const char *kind = af == AF_INET ? "IP" : "IPv6";
    char addr[INET6_ADDRSTRLEN];
    int plen;

    snprintf(addr, sizeof addr, "%.*s", (int) n, text);
    if (n >= sizeof addr || inet_pton(af, addr, value->bytes) != 1) {
        return error_create(EINVAL, "%s: invalid %s address", text, kind);
    }
    if (!text[n]) {
        return NULL;
    }
    if (text_to_int_range(text + n + 1, 0, 8 * size, &plen)) {
        prefix_mask(mask->bytes, size, plen);
    } else if (inet_pton(af, text + n + 1, mask->bytes) != 1) {
        return error_create(EINVAL, "%s: invalid %s mask", text, kind);
    }
    return NULL;
}

/* The rest. */

static struct error *
parse_port(const struct field *f, const char *text,
           const struct port_map *ports, union field_value *value)
{
    ofp_port_t port;

    if (!port_parse(text, ports, &port)) {
        return error_create(EINVAL, "%s: invalid or unknown port for %s",
                            text, f->name);
    }
    if (f->form == FORM_PORT_16) {
        value->be16 = htons(port);
    } else {
        value->be32 = port_to_oxm(port);
    }
    return NULL;
}

static struct error *
parse_frag(const char *text, union field_value *value,
           union field_value *mask)
{
    for (size_t i = 0; i < ARRAY_SIZE(frag_names); i++) {
        if (!strcasecmp(text, frag_names[i].name)) {
            value->u8 = frag_names[i].value;
            mask->u8 = frag_names[i].mask;
            return NULL;
        }
    }
    return error_create(EINVAL, "%s: unknown fragment type (valid types are "
                        "\"no\", \"yes\", \"first\", \"later\", "
                        "\"not_later\")", text);
}

static struct error *
parse_packet_type(const char *text, union field_value *value)
{
    unsigned int ns, type;
    int n = 0;

    if (sscanf(text, "(%i,%i)%n", (int *) &ns, (int *) &type, &n) != 2
        || text[n] || ns > UINT16_MAX || type > UINT16_MAX) {
        return error_create(EINVAL, "%s: packet type not in (ns,ns_type) "
                            "form", text);
    }
    value->be32 = htonl(PACKET_TYPE(ns, type));
    return NULL;
}

static struct error *
parse_flags(const struct field *f, const char *text,
            union field_value *value, union field_value *mask)
{
    if (*text == '+' || *text == '-') {
        return parse_plus_minus(f, text, value, mask);
    } else if (isdigit((unsigned char) *text)) {
        return parse_integer(f, text, value, mask);
    }
    return parse_flag_list(f, text, value);
}

static struct error *
parse_form(const struct field *f, const char *text,
           const struct port_map *ports, union field_value *value,
           union field_value *mask)
{
    switch (f->form) {
    case FORM_DECIMAL:
    case FORM_HEXADECIMAL:
        return parse_integer(f, text, value, mask);
    case FORM_ETHERNET:
        return parse_eth(text, value, mask);
    case FORM_IPV4:
        return parse_ip(text, AF_INET, value, mask);
    case FORM_IPV6:
        return parse_ip(text, AF_INET6, value, mask);
    case FORM_PORT_16:
    case FORM_PORT_32:
        return parse_port(f, text, ports, value);
    case FORM_FRAG:
        return parse_frag(text, value, mask);
    case FORM_CT_STATE:
    case FORM_TCP_FLAGS:
    case FORM_TUNNEL_FLAGS:
        return parse_flags(f, text, value, mask);
    case FORM_PACKET_TYPE:
        return parse_packet_type(text, value);
    }
    return NULL;
}

struct error *
field_parse(const struct field *f, const char *text,
            const struct port_map *ports, union field_value *value,
            union field_value *mask)
{
    struct error *error;

    memset(value, 0, sizeof *value);
    memset(mask, 0, sizeof *mask);
    if (!strcmp(text, "*") || !*text) {
        return NULL;
    }
    memset(mask->bytes, 0xff, f->n_bytes);
    error = parse_form(f, text, ports, value, mask);
    if (error) {
        return error;
    }
    if (!field_mask_is_valid(f, NULL, mask)) {
        return error_create(EINVAL, "%s: invalid mask for field %s", text,
                            f->name);
    }
    if (f->id == FIELD_IP_DSCP) {
        value->u8 &= 0xfc;      /* Habit: the ECN bits are left out. */
    }
    if (f->id == FIELD_DL_VLAN && value->be16 != UINT16_MAX) {
        value->be16 &= htons(0xfff);
    }
    if (!field_value_is_valid(f, value)) {
        return error_create(EINVAL, "%s: invalid value for field %s", text,
                            f->name);
    }
    for (size_t i = 0; i < f->n_bytes; i++) {
        value->bytes[i] &= mask->bytes[i];
    }
    return NULL;
}

struct error *
field_parse_value(const struct field *f, const char *text,
                  const struct port_map *ports, union field_value *value)
{
    union field_value mask;
    struct error *error = field_parse(f, text, ports, value, &mask);

    if (!error && !field_is_exact(f, NULL, &mask)) {
        return error_create(EINVAL, "%s: wildcards not allowed here", text);
    }
    return error;
}

/* Printing. */

static void
format_hex(const uint8_t *p, size_t n, struct str *s)
{
    while (n > 1 && !*p) {
        p++;
        n--;
    }
    str_printf(s, "0x%x", *p);
    str_put_hex(s, p + 1, n - 1);
}

static void
format_integer(const struct field *f, const union field_value *value,
               const union field_value *mask, struct str *s)
{
    if (f->n_bytes <= 8 && f->form == FORM_DECIMAL && !mask) {
        str_put_uint(s, get_number(f, value));
        return;
    }
    if (f->form == FORM_HEXADECIMAL && field_is_zero(f, value)) {
        str_put_char(s, '0');
    } else {
        format_hex(value->bytes, f->n_bytes, s);
    }
    if (mask) {
        str_put_char(s, '/');
        format_hex(mask->bytes, f->n_bytes, s);
    }
}

static void
format_ip(int af, const union field_value *value,
          const union field_value *mask, struct str *s)
{
    size_t size = af == AF_INET ? 4 : 16;
    char addr[INET6_ADDRSTRLEN];
    unsigned int n = 0;
    union field_value prefix;

    str_put(s, inet_ntop(af, value->bytes, addr, sizeof addr));
    if (!mask) {
        return;
    }
    while (n < 8 * size && mask->bytes[n / 8] & 0x80 >> n % 8) {
        n++;
    }
    prefix_mask(prefix.bytes, size, n);
    if (!memcmp(prefix.bytes, mask->bytes, size)) {
        str_printf(s, "/%u", n);
    } else {
        str_printf(s, "/%s", inet_ntop(af, mask->bytes, addr, sizeof addr));
    }
}

static void
format_flags(const struct field *f, const union field_value *value,
             const union field_value *mask, struct str *s)
{
    const struct flag_name *flags = flags_of(f);
    uint32_t v = get_number(f, value);
    uint32_t m = mask ? get_number(f, mask) : UINT32_MAX;
    size_t start = s->length;

    if (!mask && f->form != FORM_TUNNEL_FLAGS) {
        for (; flags->name; flags++) {
            if (v & flags->bit) {
                str_put(s, s->length > start ? "|" : "");
                str_put(s, flags->name);
            }
        }
        str_put(s, s->length > start ? "" : "0");
        return;
    }
    m &= all_flags(flags);
    for (; flags->name; flags++) {
        if (m & flags->bit) {
            str_put_char(s, v & flags->bit ? '+' : '-');
            str_put(s, flags->name);
        }
    }
}

static void
format_frag(const union field_value *value, const union field_value *mask,
            struct str *s)
{
    uint8_t m = mask ? mask->u8 : FLOW_NW_FRAG_MASK;

    for (size_t i = 0; i < ARRAY_SIZE(frag_names); i++) {
        if (value->u8 == frag_names[i].value && m == frag_names[i].mask) {
            str_put(s, frag_names[i].name);
            return;
        }
    }
    str_printf(s, "0x%x/0x%x", value->u8, m);
}

void
field_format(const struct field *f, const union field_value *value,
             const union field_value *mask, const struct port_map *ports,
             struct str *s)
{
    ofp_port_t port;
    uint32_t number;

    if (mask && field_is_zero(f, mask)) {
        str_put(s, "ANY");
        return;
    }
    if (mask && field_is_exact(f, NULL, mask)) {
        mask = NULL;
    }
    switch (f->form) {
    case FORM_DECIMAL:
    case FORM_HEXADECIMAL:
        format_integer(f, value, mask, s);
        break;
    case FORM_ETHERNET:
        str_printf(s, ETH_ADDR_FMT, ETH_ADDR_ARGS(value->mac));
        if (mask) {
            str_printf(s, "/" ETH_ADDR_FMT, ETH_ADDR_ARGS(mask->mac));
        }
        break;
    case FORM_IPV4:
        format_ip(AF_INET, value, mask, s);
        break;
    case FORM_IPV6:
        format_ip(AF_INET6, value, mask, s);
        break;
    case FORM_PORT_16:
        port_format(ntohs(value->be16), ports, s);
        break;
    case FORM_PORT_32:
        if (port_from_oxm(value->be32, &port)) {
            port_format(port, ports, s);
        } else {
            str_printf(s, "%"PRIu32, ntohl(value->be32));
        }
        break;
    case FORM_FRAG:
        format_frag(value, mask, s);
        break;
    case FORM_CT_STATE:
    case FORM_TCP_FLAGS:
    case FORM_TUNNEL_FLAGS:
        format_flags(f, value, mask, s);
        break;
    case FORM_PACKET_TYPE:
        number = ntohl(value->be32);
        str_printf(s, (number & 0xffff) < 10 ? "(%u,%u)" : "(%u,0x%x)",
                   number >> 16, number & 0xffff);
        break;
    }
}

/* Subfields. */

static struct error *
parse_bits(const char **textp, const char *whole, struct subfield *sf)
{
    const char *s = *textp + 1;
    unsigned int from, to;
    int n = -1;

    if (*s == ']') {
        *textp = s + 1;
        return NULL;
    }
    if (sscanf(s, "%u..%u]%n", &from, &to, &n) == 2 && n > 0) {
        /* A range. */
    } else if (sscanf(s, "%u]%n", &from, &n) == 1 && n > 0) {
        to = from;
    } else {
        return error_create(EINVAL, "%s: syntax error expecting [] or [<bit>] "
                            "or [<start>..<end>]", whole);
    }
    if (from > to) {
        return error_create(EINVAL, "%s: starting bit %u is after ending bit "
                            "%u", whole, from, to);
    }
    if (to >= sf->field->n_bits) {
        return error_create(EINVAL, "%s: bits %u to %u are not valid because "
                            "width is only %u bits", whole, from, to,
                            sf->field->n_bits);
    }
    sf->start = from;
    sf->n_bits = to - from + 1;
    *textp = s + n;
    return NULL;
}

bool
subfield_make_named(struct subfield *sf)
{
    unsigned int n = sf->field->id - FIELD_REG0;

    if (sf->field->oxm_name || sf->field->nxm_name) {
        return true;
    }
    if (sf->field->id < FIELD_REG0 || n >= FLOW_N_REGS) {
        return false;
    }
    sf->field = field_from_id(FIELD_XREG0 + n / 2);
    sf->start += n % 2 ? 0 : 32;
    return true;
}

struct error *
subfield_parse(const char **textp, struct subfield *sf)
{
    const char *text = *textp;
    struct error *error;
    size_t n = 0;

    while (isalnum((unsigned char) text[n]) || text[n] == '_') {
        n++;
    }
    sf->field = field_from_any_name(text, n);
    if (!sf->field) {
        return error_create(EINVAL, "%s: unknown field `%.*s'", text,
                            (int) n, text);
    }
    sf->start = 0;
    sf->n_bits = sf->field->n_bits;
    *textp = text + n;
    error = text[n] == '[' ? parse_bits(textp, text, sf) : NULL;
    if (!error && !subfield_make_named(sf)) {
        error = error_create(EINVAL, "%s: %s is only for matches", text,
                             sf->field->name);
    }
    return error;
}

struct error *
subfield_parse_all(const char *text, struct subfield *sf)
{
    const char *s = text;
    struct error *error = subfield_parse(&s, sf);

    if (!error && *s) {
        return error_create(EINVAL, "%s: unexpected text following field "
                            "syntax", text);
    }
    return error;
}

void
subfield_format(const struct subfield *sf, struct str *s)
{
    const char *name;

    if (!sf->field) {
        str_put(s, "<unknown>");
        return;
    }
    name = field_oxm_name(sf->field, 0);
    str_put(s, name ? name : sf->field->name);
    if (sf->start == 0 && sf->n_bits == sf->field->n_bits) {
        str_put(s, "[]");
    } else if (sf->n_bits == 1) {
        str_printf(s, "[%u]", sf->start);
    } else {
        str_printf(s, "[%u..%u]", sf->start, sf->start + sf->n_bits - 1);
    }
}
