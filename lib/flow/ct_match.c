/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/flow/ct_match.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"

static struct error *
bad(const char *what, const char *text)
{
    return error_create(EINVAL, "invalid %s \"%s\"", what, text);
}

/* Which member of a tuple an item of its text sets. */
enum tuple_member {
    TUPLE_SRC,
    TUPLE_DST,
    TUPLE_PROTO,
    TUPLE_TP_SRC,
    TUPLE_TP_DST,
    TUPLE_ICMP_ID,
    TUPLE_ICMP_TYPE,
    TUPLE_ICMP_CODE,
};

static const struct {
    const char *name;
    enum tuple_member member;
    int family;                  /* Of an address. */
    int max;                     /* Of a number. */
} tuple_items[] = {
    { "ct_nw_src", TUPLE_SRC, AF_INET, 0 },
    { "ct_nw_dst", TUPLE_DST, AF_INET, 0 },
    { "ct_ipv6_src", TUPLE_SRC, AF_INET6, 0 },
    { "ct_ipv6_dst", TUPLE_DST, AF_INET6, 0 },
    { "ct_nw_proto", TUPLE_PROTO, 0, UINT8_MAX },
    { "ct_tp_src", TUPLE_TP_SRC, 0, UINT16_MAX },
    { "ct_tp_dst", TUPLE_TP_DST, 0, UINT16_MAX },
    { "icmp_id", TUPLE_ICMP_ID, 0, UINT16_MAX },
    { "icmp_type", TUPLE_ICMP_TYPE, 0, UINT8_MAX },
    { "icmp_code", TUPLE_ICMP_CODE, 0, UINT8_MAX },
};

static bool
parse_tuple_address(const char *text, int family, struct in6_addr *addr)
{
    if (family == AF_INET6) {
        return inet_pton(AF_INET6, text, addr) == 1;
    }
    *addr = (struct in6_addr) { .s6_addr = { [10] = 0xff, [11] = 0xff } };
    return inet_pton(AF_INET, text, &addr->s6_addr[12]) == 1;
}

static void
set_number(struct ct_tuple *t, enum tuple_member member, int x)
{
    switch (member) {
    case TUPLE_PROTO:
        t->nw_proto = x;
        break;
    case TUPLE_TP_SRC:
    case TUPLE_ICMP_ID:
        t->tp_src = htons(x);
        break;
    case TUPLE_TP_DST:
        t->tp_dst = htons(x);
        break;
    case TUPLE_ICMP_TYPE:
        t->icmp_type = x;
        break;
    case TUPLE_ICMP_CODE:
        t->icmp_code = x;
        break;
    case TUPLE_SRC:
    case TUPLE_DST:
        break;
    }
}

/* '*family' is that of the addresses so far; 0: there was none. */
static struct error *
parse_tuple_item(const char *name, const char *value, int *family,
                 struct ct_tuple *t)
{
    for (size_t i = 0; i < ARRAY_SIZE(tuple_items); i++) {
        enum tuple_member member = tuple_items[i].member;
        bool ok;
        int x;

        if (strcmp(name, tuple_items[i].name)) {
            continue;
        }
        if (tuple_items[i].family) {
            if (*family && *family != tuple_items[i].family) {
                return error_create(EINVAL, "the L3 protocol does not match "
                                    "%s", value);
            }
            *family = tuple_items[i].family;
            ok = parse_tuple_address(value, tuple_items[i].family,
                                     member == TUPLE_SRC ? &t->src
                                     : &t->dst);
        } else {
            ok = text_to_int_range(value, 0, tuple_items[i].max, &x);
            if (ok) {
                set_number(t, member, x);
            }
        }
        return (ok ? NULL : error_create(EINVAL, "failed to parse field %s",
                                         name));
    }
    return error_create(EINVAL, "invalid conntrack tuple field: %s", name);
}

static struct error *
parse_tuple(const char *text, struct ct_tuple *t)
{
    char *copy = xstrdup(text), *rest = copy, *item;
    struct error *error = NULL;
    int family = 0;

    memset(t, 0, sizeof *t);
    while (!error && (item = text_token(&rest, ", \t"))) {
        char *value = strchr(item, '=');

        if (!value) {
            error = error_create(EINVAL, "field %s missing value", item);
            break;
        }
        *value++ = '\0';
        error = parse_tuple_item(item, value, &family, t);
    }
    free(copy);
    return error;
}

/* Reads a number of up to 128 bits: hexadecimal with "0x", else decimal of up
 * to 64. */
static bool
parse_be128(const char *text, union be128 *ret)
{
    uint64_t low, high = 0;
    size_t n;

    if (!text_starts_with(text, "0x") && !text_starts_with(text, "0X")) {
        if (!text_to_u64(text, 10, &low)) {
            return false;
        }
    } else {
        char digits[33] = { 0 };

        text += 2;
        n = strlen(text);
        if (!n || n > 32) {
            return false;
        }
        memset(digits, '0', 32);
        memcpy(digits + 32 - n, text, n);
        if (!text_to_u64(digits + 16, 16, &low)) {
            return false;
        }
        digits[16] = '\0';
        if (!text_to_u64(digits, 16, &high)) {
            return false;
        }
    }
    ret->be64[0] = htonll(high);
    ret->be64[1] = htonll(low);
    return true;
}

/* Reads "X" or "X/MASK". */
static struct error *
parse_masked(const char *what, const char *text, union be128 *value,
             union be128 *mask)
{
    const char *slash = strchr(text, '/');
    char *copy = xmemdup0(text, slash ? (size_t) (slash - text)
                          : strlen(text));
    bool ok = parse_be128(copy, value);

    *mask = (union be128) { .be64 = { UINT64_MAX, UINT64_MAX } };
    if (ok && slash) {
        ok = parse_be128(slash + 1, mask);
    }
    free(copy);
    return ok ? NULL : bad(what, text);
}

static struct error *
parse_mark(const char *text, struct ct_flush *f)
{
    union be128 value, mask;
    struct error *error = parse_masked("mark", text, &value, &mask);

    if (error) {
        return error;
    }
    if (value.be64[0] || ntohll(value.be64[1]) > UINT32_MAX
        || (strchr(text, '/') && (mask.be64[0]
                                  || ntohll(mask.be64[1]) > UINT32_MAX))) {
        return bad("mark", text);
    }
    f->mark = ntohll(value.be64[1]);
    f->mark_mask = ntohll(mask.be64[1]);
    return NULL;
}

static struct error *
add_tuple(const char *text, struct ct_flush *f)
{
    if (!f->has_orig) {
        f->has_orig = true;
        return parse_tuple(text, &f->orig);
    }
    if (!f->has_reply) {
        f->has_reply = true;
        return parse_tuple(text, &f->reply);
    }
    return error_create(EINVAL, "\"%s\" would be a third tuple", text);
}

struct error *
ct_flush_parse(const char *text, struct ct_flush *f)
{
    if (text_starts_with(text, "zone=")) {
        return (text_to_int_range(text + 5, 0, UINT16_MAX, &f->zone) ? NULL
                : error_create(EINVAL, "failed to parse zone"));
    } else if (text_starts_with(text, "mark=")) {
        return parse_mark(text + 5, f);
    } else if (text_starts_with(text, "labels=")) {
        return parse_masked("labels", text + 7, &f->label, &f->label_mask);
    }
    return add_tuple(text, f);
}

static void
format_address(const char *version4, const char *version6,
               const struct in6_addr *addr, struct str *s)
{
    char text[INET6_ADDRSTRLEN];
    bool v4 = IN6_IS_ADDR_V4MAPPED(addr);

    if (!IN6_IS_ADDR_UNSPECIFIED(addr)) {
        inet_ntop(v4 ? AF_INET : AF_INET6, &addr->s6_addr[v4 ? 12 : 0], text,
                  sizeof text);
        str_printf(s, "%s=%s,", v4 ? version4 : version6, text);
    }
}

static void
format_tuple(const struct ct_tuple *t, struct str *s)
{
    bool is_icmp = (t->nw_proto == IPPROTO_ICMP
                    || t->nw_proto == IPPROTO_ICMPV6);

    format_address("ct_nw_src", "ct_ipv6_src", &t->src, s);
    format_address("ct_nw_dst", "ct_ipv6_dst", &t->dst, s);
    if (is_icmp) {
        str_printf(s, "icmp_id=%u,icmp_type=%u,icmp_code=%u,",
                   ntohs(t->tp_src), t->icmp_type, t->icmp_code);
    } else {
        if (t->tp_src) {
            str_printf(s, "ct_tp_src=%u,", ntohs(t->tp_src));
        }
        if (t->tp_dst) {
            str_printf(s, "ct_tp_dst=%u,", ntohs(t->tp_dst));
        }
    }
    str_printf(s, "ct_nw_proto=%u", t->nw_proto);
}

static void
format_be128(const union be128 *x, struct str *s)
{
    str_printf(s, "0x%016llx%016llx",
               (unsigned long long) ntohll(x->be64[0]),
               (unsigned long long) ntohll(x->be64[1]));
}

void
ct_flush_format(const struct ct_flush *f, struct str *s)
{
    if (f->zone >= 0) {
        str_printf(s, " zone=%d", f->zone);
    }
    if (f->mark_mask) {
        str_printf(s, " mark=%#x/%#x", f->mark, f->mark_mask);
    }
    if (f->label_mask.be64[0] || f->label_mask.be64[1]) {
        str_put(s, " labels=");
        format_be128(&f->label, s);
        str_put_char(s, '/');
        format_be128(&f->label_mask, s);
    }
    if (f->has_orig || f->has_reply) {
        str_put(s, " '");
        format_tuple(&f->orig, s);
        str_put_char(s, '\'');
    }
    if (f->has_reply) {
        str_put(s, " '");
        format_tuple(&f->reply, s);
        str_put_char(s, '\'');
    }
}
