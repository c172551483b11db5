/* SPDX-License-Identifier: Apache-2.0 */

/* Datapath actions from text: the inverse of odp_actions_format(). */

#include <linux/openvswitch.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/str.h"
#include "lib/base/text.h"
#include "lib/netlink/attr.h"
#include "lib/packet/headers.h"
#include "lib/packet/metadata.h"
#include "vswitch/dpif/dpif.h"
#include "vswitch/dpif/odp_keys.h"
#include "vswitch/dpif/odp_text.h"

#define MAX_DEPTH 16

struct parser {
    const struct odp_numbers *numbers;
    struct nlbuf *b;
    unsigned int depth;
};

static struct error *parse_list(struct parser *, char *text);

/* Texts: each action is "NAME" or "NAME(ARGUMENTS)", cut out in place. */

/* Cuts the next item off '*textp': its name, and what its parentheses hold
 * (NULL without any).  False at the end or, with '*name' NULL, if parentheses
 * do not match. */
static bool
next_item(char **textp, char **name, char **arguments)
{
    char *p = *textp + strspn(*textp, ", \t\n");
    int depth = 0;

    if (!*p) {
        return false;
    }
    *name = p;
    *arguments = NULL;
    p += strcspn(p, "(,=");
    if (*p == '=') {
        p += strcspn(p, "(,");
    }
    if (*p == '(') {
        *arguments = p + 1;
        for (; *p; p++) {
            depth += (*p == '(') - (*p == ')');
            if (!depth) {
                break;
            }
        }
        if (!*p) {
            *name = NULL;
            return true;
        }
        (*arguments)[-1] = *p++ = '\0';
    }
    if (*p) {
        if (*p != ',' && *p != ' ') {
            *name = NULL;
            return true;
        }
        *p++ = '\0';
    }
    *textp = p;
    return true;
}

/* Takes "NAME=VALUE" apart in place; "" without a value. */
static char *
item_value(char *item)
{
    char *equals = strchr(item, '=');

    if (!equals) {
        return item + strlen(item);
    }
    *equals = '\0';
    return equals + 1;
}

static bool
parse_u64(const char *text, uint64_t max, uint64_t *value)
{
    return text_to_u64(text, 0, value) && *value <= max;
}

/* Values of keys. */

static bool
parse_form(enum member_form form, const char *text, uint8_t *out)
{
    uint64_t x;
    int n = 0;

    switch (form) {
    case MEMBER_MAC:
        return (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", &out[0],
                       &out[1], &out[2], &out[3], &out[4], &out[5], &n) == 6
                && !text[n]);
    case MEMBER_IPV4:
        return inet_pton(AF_INET, text, out) == 1;
    case MEMBER_IPV6:
        return inet_pton(AF_INET6, text, out) == 1;
    case MEMBER_U8:
    case MEMBER_X8:
        if (parse_u64(text, UINT8_MAX, &x)) {
            *out = x;
            return true;
        }
        return false;
    case MEMBER_BE16:
    case MEMBER_X16:
        if (parse_u64(text, UINT16_MAX, &x)) {
            put_be16(out, htons(x));
            return true;
        }
        return false;
    case MEMBER_X32:
        if (parse_u64(text, UINT32_MAX, &x)) {
            put_be32(out, htonl(x));
            return true;
        }
        return false;
    }
    return false;
}

static bool
parse_key_member(const struct odp_key *key, char *item, uint8_t *value,
                 uint8_t *mask)
{
    char *text = item_value(item);
    char *slash = strchr(text, '/');

    for (const struct odp_member *m = key->members;
         m < key->members + ARRAY_SIZE(key->members) && m->name; m++) {
        if (strcmp(item, m->name)) {
            continue;
        }
        memset(mask + m->offset, 0xff, m->size);
        if (slash) {
            *slash = '\0';
            if (!parse_form(m->form, slash + 1, mask + m->offset)) {
                return false;
            }
        }
        return parse_form(m->form, text, value + m->offset);
    }
    return false;
}

/* "label=1,tc=0,ttl=64,bos=1" and, of push_mpls, "eth_type=0x8847". */
static bool
parse_mpls(char *arguments, be32 *lse, be16 *ethertype)
{
    static const struct {
        const char *name;
        uint32_t max;
        int shift;
    } parts[] = {
        { "label", 0xfffff, 12 }, { "tc", 7, 9 }, { "ttl", 0xff, 0 },
        { "bos", 1, 8 },
    };
    char *name, *unused;
    uint32_t word = 0;
    uint64_t x;

    while (next_item(&arguments, &name, &unused)) {
        char *value = name ? item_value(name) : NULL;
        bool ok = false;

        if (!name || unused) {
            return false;
        }
        if (ethertype && !strcmp(name, "eth_type")) {
            ok = parse_u64(value, UINT16_MAX, &x);
            *ethertype = htons(x);
        }
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
            if (!strcmp(name, parts[i].name)
                && parse_u64(value, parts[i].max, &x)) {
                word |= x << parts[i].shift;
                ok = true;
            }
        }
        if (!ok) {
            return false;
        }
    }
    *lse = htonl(word);
    return true;
}

/* Tunnel keys are read as flows are, and put as set_tunnel wants them. */
static struct error *
put_tunnel(struct parser *p, const char *arguments)
{
    char *text = xasprintf("tunnel(%s)", arguments);
    struct flow_wildcards wc;
    struct flow flow;
    struct error *error = odp_flow_parse(text, p->numbers, &flow, &wc);
    const struct flow_tunnel *t = &flow.tunnel;
    size_t set, tunnel;

    free(text);
    if (error) {
        return error;
    }
    set = nlbuf_begin_nested(p->b, OVS_ACTION_ATTR_SET);
    tunnel = nlbuf_begin_nested(p->b, OVS_KEY_ATTR_TUNNEL);
    if (wc.masks.tunnel.tun_id) {
        nlbuf_put_u64(p->b, OVS_TUNNEL_KEY_ATTR_ID, t->tun_id);
    }
    if (IN6_IS_ADDR_V4MAPPED(&t->dst)) {
        if (IN6_IS_ADDR_V4MAPPED(&t->src)) {
            nlbuf_put(p->b, OVS_TUNNEL_KEY_ATTR_IPV4_SRC,
                      &t->src.s6_addr[12], 4);
        }
        nlbuf_put(p->b, OVS_TUNNEL_KEY_ATTR_IPV4_DST, &t->dst.s6_addr[12],
                  4);
    } else {
        nlbuf_put(p->b, OVS_TUNNEL_KEY_ATTR_IPV6_SRC, &t->src, 16);
        nlbuf_put(p->b, OVS_TUNNEL_KEY_ATTR_IPV6_DST, &t->dst, 16);
    }
    if (t->tos) {
        nlbuf_put_u8(p->b, OVS_TUNNEL_KEY_ATTR_TOS, t->tos);
    }
    nlbuf_put_u8(p->b, OVS_TUNNEL_KEY_ATTR_TTL, t->ttl);
    if (t->tp_dst) {
        nlbuf_put_u16(p->b, OVS_TUNNEL_KEY_ATTR_TP_DST, t->tp_dst);
    }
    if (t->flags & FLOW_TNL_F_DONT_FRAGMENT) {
        nlbuf_put_flag(p->b, OVS_TUNNEL_KEY_ATTR_DONT_FRAGMENT);
    }
    if (t->flags & FLOW_TNL_F_CSUM) {
        nlbuf_put_flag(p->b, OVS_TUNNEL_KEY_ATTR_CSUM);
    }
    if (t->opts_size) {
        nlbuf_put(p->b, OVS_TUNNEL_KEY_ATTR_GENEVE_OPTS, t->opts,
                  t->opts_size);
    }
    nlbuf_end_nested(p->b, tunnel);
    nlbuf_end_nested(p->b, set);
    return NULL;
}

static bool
put_set_u32(struct parser *p, uint16_t type, const char *text)
{
    uint64_t x;
    size_t set;

    if (!parse_u64(text, UINT32_MAX, &x)) {
        return false;
    }
    set = nlbuf_begin_nested(p->b, OVS_ACTION_ATTR_SET);
    nlbuf_put_u32(p->b, type, x);
    nlbuf_end_nested(p->b, set);
    return true;
}

static bool
put_set_mpls(struct parser *p, char *arguments)
{
    size_t set;
    be32 lse;

    if (!parse_mpls(arguments, &lse, NULL)) {
        return false;
    }
    set = nlbuf_begin_nested(p->b, OVS_ACTION_ATTR_SET);
    nlbuf_put_u32(p->b, OVS_KEY_ATTR_MPLS, lse);
    nlbuf_end_nested(p->b, set);
    return true;
}

/* NSH headers are read as those of flows are.  Raw TLVs, 'md2', are no part of
 * that. */
static bool
parse_nsh(struct parser *p, char *arguments, struct flow_nsh *value,
          struct flow_nsh *mask, char **md2)
{
    struct str text = STR_EMPTY;
    struct flow_wildcards wc;
    struct flow flow;
    struct error *error;
    char *name, *unused;

    str_put(&text, "eth_type(0x894f),nsh(");
    while (next_item(&arguments, &name, &unused)) {
        if (!name || unused) {
            str_uninit(&text);
            return false;
        }
        if (text_starts_with(name, "md2=") && md2) {
            *md2 = name + strlen("md2=");
        } else {
            str_printf(&text, "%s,", name);
        }
    }
    str_put_char(&text, ')');
    error = odp_flow_parse(str_cstr(&text), p->numbers, &flow, &wc);
    str_uninit(&text);
    if (error) {
        error_free(error);
        return false;
    }
    *value = flow.nsh;
    *mask = wc.masks.nsh;
    return true;
}

static bool
put_set_nsh(struct parser *p, char *arguments)
{
    size_t context = offsetof(struct flow_nsh, context);
    struct {
        struct flow_nsh value, mask;
    } nsh;
    uint8_t both[2 * sizeof nsh.value.context];
    size_t set, key, n = sizeof nsh.value.context;

    if (!parse_nsh(p, arguments, &nsh.value, &nsh.mask, NULL)) {
        return false;
    }
    set = nlbuf_begin_nested(p->b, OVS_ACTION_ATTR_SET_MASKED);
    key = nlbuf_begin_nested(p->b, OVS_KEY_ATTR_NSH);
    memcpy(both, &nsh.value, context);
    memcpy(both + context, &nsh.mask, context);
    nlbuf_put(p->b, OVS_NSH_KEY_ATTR_BASE, both, 2 * context);
    memcpy(both, nsh.value.context, n);
    memcpy(both + n, nsh.mask.context, n);
    nlbuf_put(p->b, OVS_NSH_KEY_ATTR_MD1, both, 2 * n);
    nlbuf_end_nested(p->b, key);
    nlbuf_end_nested(p->b, set);
    return true;
}

static bool
put_set_key(struct parser *p, uint16_t type, char *arguments)
{
    const struct odp_key *key = &odp_keys[type];
    uint8_t both[128] = { 0 };
    char *name, *unused;
    size_t set;

    while (next_item(&arguments, &name, &unused)) {
        if (!name || unused
            || !parse_key_member(key, name, both, both + key->size)) {
            return false;
        }
    }
    set = nlbuf_begin_nested(p->b, OVS_ACTION_ATTR_SET_MASKED);
    nlbuf_put(p->b, type, both, key->size * 2);
    nlbuf_end_nested(p->b, set);
    return true;
}

static struct error *
parse_set(struct parser *p, char *text)
{
    char *name, *arguments;
    bool ok = false;

    if (!next_item(&text, &name, &arguments) || !name || !arguments) {
        return error_create(0, "set() needs a key");
    }
    if (!strcmp(name, "tunnel")) {
        return put_tunnel(p, arguments);
    }
    if (!strcmp(name, "skb_priority")) {
        ok = put_set_u32(p, OVS_KEY_ATTR_PRIORITY, arguments);
    } else if (!strcmp(name, "skb_mark")) {
        ok = put_set_u32(p, OVS_KEY_ATTR_SKB_MARK, arguments);
    } else if (!strcmp(name, "mpls")) {
        ok = put_set_mpls(p, arguments);
    } else if (!strcmp(name, "nsh")) {
        ok = put_set_nsh(p, arguments);
    } else {
        for (uint16_t i = 0; i < ODP_N_KEYS; i++) {
            if (odp_keys[i].name && !strcmp(name, odp_keys[i].name)) {
                ok = put_set_key(p, i, arguments);
                break;
            }
        }
    }
    return ok ? NULL : error_create(0, "set(%s(...)): not understood", name);
}

/* Actions: "bad" has what a parser returns if it does not understand. */

static struct error *
bad(const char *name)
{
    return error_create(0, "%s: not understood", name);
}

static struct error *
parse_drop(struct parser *p UNUSED, char *text UNUSED)
{
    return NULL;
}

static struct error *
parse_flag(struct parser *p, uint16_t type)
{
    nlbuf_put_flag(p->b, type);
    return NULL;
}

static struct error *
parse_pop_vlan(struct parser *p, char *text UNUSED)
{
    return parse_flag(p, OVS_ACTION_ATTR_POP_VLAN);
}

static struct error *
parse_pop_eth(struct parser *p, char *text UNUSED)
{
    return parse_flag(p, OVS_ACTION_ATTR_POP_ETH);
}

static struct error *
parse_ct_clear(struct parser *p, char *text UNUSED)
{
    return parse_flag(p, OVS_ACTION_ATTR_CT_CLEAR);
}

static struct error *
parse_u32_action(struct parser *p, uint16_t type, const char *name,
                 const char *text)
{
    uint64_t x;

    if (!text || !parse_u64(text, UINT32_MAX, &x)) {
        return bad(name);
    }
    nlbuf_put_u32(p->b, type, x);
    return NULL;
}

static struct error *
parse_recirc(struct parser *p, char *text)
{
    return parse_u32_action(p, OVS_ACTION_ATTR_RECIRC, "recirc", text);
}

static struct error *
parse_trunc(struct parser *p, char *text)
{
    return parse_u32_action(p, OVS_ACTION_ATTR_TRUNC, "trunc", text);
}

static struct error *
parse_meter(struct parser *p, char *text)
{
    return parse_u32_action(p, OVS_ACTION_ATTR_METER, "meter", text);
}

static struct error *
parse_hash(struct parser *p, char *text)
{
    struct ovs_action_hash hash = { .hash_alg = OVS_HASH_ALG_L4 };
    char *name, *arguments;
    uint64_t basis;

    if (!text || !next_item(&text, &name, &arguments) || !name || !arguments
        || (strcmp(name, "l4") && strcmp(name, "hash_l4")
            && strcmp(name, "sym_l4"))
        || !parse_u64(arguments, UINT32_MAX, &basis)) {
        return bad("hash");
    }
    if (name[0] == 's') {
        hash.hash_alg = DPIF_HASH_SYM_L4;
    }
    hash.hash_basis = basis;
    nlbuf_put(p->b, OVS_ACTION_ATTR_HASH, &hash, sizeof hash);
    return NULL;
}

static struct error *
parse_push_vlan(struct parser *p, char *text)
{
    struct ovs_action_push_vlan push = {
        .vlan_tpid = htons(ETH_TYPE_VLAN_8021Q), .vlan_tci = htons(VLAN_CFI),
    };
    char *name, *unused;

    while (text && next_item(&text, &name, &unused)) {
        char *value = name ? item_value(name) : NULL;
        uint64_t x;

        if (!name || unused || !parse_u64(value, UINT16_MAX, &x)) {
            return bad("push_vlan");
        }
        if (!strcmp(name, "tpid")) {
            push.vlan_tpid = htons(x);
        } else if (!strcmp(name, "vid") && x <= VLAN_VID_MASK) {
            push.vlan_tci |= htons(x);
        } else if (!strcmp(name, "pcp") && x <= 7) {
            push.vlan_tci |= htons(x << 13);
        } else {
            return bad("push_vlan");
        }
    }
    nlbuf_put(p->b, OVS_ACTION_ATTR_PUSH_VLAN, &push, sizeof push);
    return NULL;
}

static struct error *
parse_push_mpls(struct parser *p, char *text)
{
    struct ovs_action_push_mpls push = {
        .mpls_ethertype = htons(ETH_TYPE_MPLS),
    };

    if (!text || !parse_mpls(text, &push.mpls_lse, &push.mpls_ethertype)) {
        return bad("push_mpls");
    }
    nlbuf_put(p->b, OVS_ACTION_ATTR_PUSH_MPLS, &push, sizeof push);
    return NULL;
}

static struct error *
parse_add_mpls(struct parser *p, char *text)
{
    struct ovs_action_add_mpls add = {
        .mpls_ethertype = htons(ETH_TYPE_MPLS),
    };

    if (!text || !parse_mpls(text, &add.mpls_lse, &add.mpls_ethertype)) {
        return bad("add_mpls");
    }
    nlbuf_put(p->b, OVS_ACTION_ATTR_ADD_MPLS, &add, sizeof add);
    return NULL;
}

static struct error *
parse_pop_mpls(struct parser *p, char *text)
{
    uint64_t x;

    if (!text || !text_starts_with(text, "eth_type=")
        || !parse_u64(text + 9, UINT16_MAX, &x)) {
        return bad("pop_mpls");
    }
    nlbuf_put_u16(p->b, OVS_ACTION_ATTR_POP_MPLS, htons(x));
    return NULL;
}

static struct error *
parse_push_eth(struct parser *p, char *text)
{
    struct ovs_action_push_eth push;
    char *name, *unused;

    memset(&push, 0, sizeof push);
    while (text && next_item(&text, &name, &unused)) {
        char *value = name ? item_value(name) : NULL;
        uint8_t *mac = (!name ? NULL
                        : !strcmp(name, "src") ? push.addresses.eth_src
                        : !strcmp(name, "dst") ? push.addresses.eth_dst
                        : NULL);

        if (!mac || unused || !parse_form(MEMBER_MAC, value, mac)) {
            return bad("push_eth");
        }
    }
    nlbuf_put(p->b, OVS_ACTION_ATTR_PUSH_ETH, &push, sizeof push);
    return NULL;
}

/* "flags=0,ttl=63,mdtype=1,np=3,spi=0x1,si=255,c1=0x1,...", with what is not
 * said as an encap action would have it; or "mdtype=2,...,md2=0x1234...". */
static struct error *
parse_push_nsh(struct parser *p, char *text)
{
    struct flow_nsh nsh, mask;
    char *md2 = NULL;
    uint8_t tlvs[NSH_MAX_SIZE - NSH_BASE_SIZE];
    size_t n = 0, start;

    if (!text || !parse_nsh(p, text, &nsh, &mask, &md2)) {
        return bad("push_nsh");
    }
    nsh.ttl = mask.ttl ? nsh.ttl : 63;
    nsh.mdtype = mask.mdtype ? nsh.mdtype : NSH_MD_TYPE1;
    nsh.np = mask.np ? nsh.np : NSH_NP_ETHERNET;
    nsh.path_hdr |= mask.path_hdr & htonl(0xff) ? 0 : htonl(0xff);
    if (md2) {
        md2 += text_starts_with(md2, "0x") ? 2 : 0;
        for (; n < sizeof tlvs && text_hex_digit(md2[0]) >= 0
               && text_hex_digit(md2[1]) >= 0; md2 += 2) {
            tlvs[n++] = text_hex_digit(md2[0]) << 4 | text_hex_digit(md2[1]);
        }
        if (*md2) {
            return bad("push_nsh");
        }
    }
    start = nlbuf_begin_nested(p->b, OVS_ACTION_ATTR_PUSH_NSH);
    nlbuf_put(p->b, OVS_NSH_KEY_ATTR_BASE, &nsh, NSH_BASE_SIZE);
    if (nsh.mdtype == NSH_MD_TYPE1) {
        nlbuf_put(p->b, OVS_NSH_KEY_ATTR_MD1, nsh.context,
                  sizeof nsh.context);
    } else {
        nlbuf_put(p->b, OVS_NSH_KEY_ATTR_MD2, tlvs, n);
    }
    nlbuf_end_nested(p->b, start);
    return NULL;
}

static struct error *
parse_pop_nsh(struct parser *p, char *text UNUSED)
{
    return parse_flag(p, OVS_ACTION_ATTR_POP_NSH);
}

static struct error *
parse_nested(struct parser *p, uint16_t type, char *text)
{
    size_t start = nlbuf_begin_nested(p->b, type);
    struct error *error = parse_list(p, text);

    nlbuf_end_nested(p->b, start);
    return error;
}

static struct error *
parse_clone(struct parser *p, char *text)
{
    return (text ? parse_nested(p, OVS_ACTION_ATTR_CLONE, text)
            : bad("clone"));
}

static struct error *
parse_sample(struct parser *p, char *text)
{
    size_t start = nlbuf_begin_nested(p->b, OVS_ACTION_ATTR_SAMPLE);
    struct error *error = NULL;
    char *name, *arguments;

    while (!error && text && next_item(&text, &name, &arguments)) {
        double percent;

        if (name && arguments && !strcmp(name, "actions")) {
            error = parse_nested(p, OVS_SAMPLE_ATTR_ACTIONS, arguments);
        } else if (name && sscanf(name, "sample=%lf%%", &percent) == 1
                   && percent >= 0 && percent <= 100) {
            nlbuf_put_u32(p->b, OVS_SAMPLE_ATTR_PROBABILITY,
                          percent / 100 * UINT32_MAX);
        } else {
            error = bad("sample");
        }
    }
    nlbuf_end_nested(p->b, start);
    return error;
}

static struct error *
parse_check_pkt_len(struct parser *p, char *text)
{
    size_t start = nlbuf_begin_nested(p->b, OVS_ACTION_ATTR_CHECK_PKT_LEN);
    struct error *error = NULL;
    char *name, *arguments;
    uint64_t x;

    while (!error && text && next_item(&text, &name, &arguments)) {
        if (name && arguments && !strcmp(name, "gt")) {
            error = parse_nested(
                p, OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_GREATER, arguments);
        } else if (name && arguments && !strcmp(name, "le")) {
            error = parse_nested(
                p, OVS_CHECK_PKT_LEN_ATTR_ACTIONS_IF_LESS_EQUAL, arguments);
        } else if (name && text_starts_with(name, "size=")
                   && parse_u64(name + 5, UINT16_MAX, &x)) {
            nlbuf_put_u16(p->b, OVS_CHECK_PKT_LEN_ATTR_PKT_LEN, x);
        } else {
            error = bad("check_pkt_len");
        }
    }
    nlbuf_end_nested(p->b, start);
    return error;
}

/* "0x1/0xff": 'n_bytes' bytes each of value and mask; host order for 4, network
 * order for 16. */
static bool
parse_ct_bits(char *text, size_t n_bytes, uint8_t *out)
{
    char *slash = strchr(text, '/');
    uint64_t x;

    memset(out, 0, 2 * n_bytes);
    memset(out + n_bytes, 0xff, n_bytes);
    if (slash) {
        *slash = '\0';
    }
    for (int i = 0; i < (slash ? 2 : 1); i++) {
        const char *s = i ? slash + 1 : text;
        uint8_t *dst = out + i * n_bytes;
        size_t n_digits;

        if (n_bytes == 4) {
            if (!parse_u64(s, UINT32_MAX, &x)) {
                return false;
            }
            put_u32(dst, x);
            continue;
        }
        s += text_starts_with(s, "0x") ? 2 : 0;
        n_digits = strlen(s);
        if (!n_digits || n_digits > 32) {
            return false;
        }
        memset(dst, 0, n_bytes);
        for (size_t j = 0; j < n_digits; j++) {
            int digit = text_hex_digit(s[n_digits - 1 - j]);

            if (digit < 0) {
                return false;
            }
            dst[n_bytes - 1 - j / 2] |= digit << (j % 2 ? 4 : 0);
        }
    }
    return true;
}

/* "ADDRESS[-ADDRESS][:PORT[-PORT]]"; IPv6 addresses before ports in brackets,
 * or only ":PORT[-PORT]". */
static bool
parse_nat_range(struct parser *p, char *text)
{
    char *end = text[0] == '[' ? strchr(text, ']') : NULL;
    bool is_v6 = end || (strchr(text, ':')
                         && strchr(text, ':') != strrchr(text, ':'));
    char *ports = (end ? end + 1 : is_v6 ? NULL : strchr(text, ':'));
    size_t size = is_v6 ? 16 : 4;
    uint8_t address[16];
    char *dash;
    uint64_t x;

    if (end) {
        *end = '\0';
        text++;
    }
    if (ports && *ports == ':') {
        *ports++ = '\0';
    } else {
        ports = NULL;
    }
    for (int i = 0; text && *text && i < 2; i++, text = dash) {
        dash = strchr(text, '-');
        if (dash) {
            *dash++ = '\0';
        }
        if (inet_pton(is_v6 ? AF_INET6 : AF_INET, text, address) != 1) {
            return false;
        }
        nlbuf_put(p->b, i ? OVS_NAT_ATTR_IP_MAX : OVS_NAT_ATTR_IP_MIN,
                  address, size);
    }
    for (int i = 0; ports && *ports && i < 2; i++, ports = dash) {
        dash = strchr(ports, '-');
        if (dash) {
            *dash++ = '\0';
        }
        if (!parse_u64(ports, UINT16_MAX, &x)) {
            return false;
        }
        nlbuf_put_u16(p->b, i ? OVS_NAT_ATTR_PROTO_MAX
                      : OVS_NAT_ATTR_PROTO_MIN, x);
    }
    return true;
}

static bool
parse_nat(struct parser *p, char *text)
{
    static const struct {
        const char *name;
        uint16_t type;
    } flags[] = {
        { "src", OVS_NAT_ATTR_SRC }, { "dst", OVS_NAT_ATTR_DST },
        { "persistent", OVS_NAT_ATTR_PERSISTENT },
        { "hash", OVS_NAT_ATTR_PROTO_HASH },
        { "random", OVS_NAT_ATTR_PROTO_RANDOM },
    };
    size_t start = nlbuf_begin_nested(p->b, OVS_CT_ATTR_NAT);
    char *name, *unused;
    bool ok = true;

    while (ok && text && next_item(&text, &name, &unused)) {
        char *value;

        if (!name || unused) {
            return false;
        }
        value = item_value(name);
        ok = false;
        for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
            if (!strcmp(name, flags[i].name)) {
                nlbuf_put_flag(p->b, flags[i].type);
                ok = parse_nat_range(p, value);
            }
        }
    }
    nlbuf_end_nested(p->b, start);
    return ok;
}

static bool
parse_ct_item(struct parser *p, char *name, char *arguments)
{
    char *value = item_value(name);
    uint8_t both[32];
    uint64_t x;

    if (!strcmp(name, "nat")) {
        return parse_nat(p, arguments);
    }
    if (arguments) {
        return false;
    }
    if (!strcmp(name, "commit") || !strcmp(name, "force_commit")) {
        nlbuf_put_flag(p->b, name[0] == 'c' ? OVS_CT_ATTR_COMMIT
                       : OVS_CT_ATTR_FORCE_COMMIT);
    } else if (!strcmp(name, "zone") && parse_u64(value, UINT16_MAX, &x)) {
        nlbuf_put_u16(p->b, OVS_CT_ATTR_ZONE, x);
    } else if (!strcmp(name, "mark") && parse_ct_bits(value, 4, both)) {
        nlbuf_put(p->b, OVS_CT_ATTR_MARK, both, 8);
    } else if (!strcmp(name, "label") && parse_ct_bits(value, 16, both)) {
        nlbuf_put(p->b, OVS_CT_ATTR_LABELS, both, 32);
    } else if (!strcmp(name, "helper") || !strcmp(name, "timeout")) {
        nlbuf_put(p->b, name[0] == 'h' ? OVS_CT_ATTR_HELPER
                  : OVS_CT_ATTR_TIMEOUT, value, strlen(value) + 1);
    } else {
        return false;
    }
    return true;
}

static struct error *
parse_ct(struct parser *p, char *text)
{
    size_t start = nlbuf_begin_nested(p->b, OVS_ACTION_ATTR_CT);
    char *name, *arguments;
    bool ok = true;

    while (ok && text && next_item(&text, &name, &arguments)) {
        ok = name && parse_ct_item(p, name, arguments);
    }
    nlbuf_end_nested(p->b, start);
    return ok ? NULL : bad("ct");
}

static struct error *
parse_userspace(struct parser *p, char *text)
{
    size_t start = nlbuf_begin_nested(p->b, OVS_ACTION_ATTR_USERSPACE);
    char *name, *arguments;
    bool ok = true;
    uint64_t x;

    while (ok && text && next_item(&text, &name, &arguments)) {
        ok = false;
        if (name && !arguments && text_starts_with(name, "pid=")
            && parse_u64(name + 4, UINT32_MAX, &x)) {
            nlbuf_put_u32(p->b, OVS_USERSPACE_ATTR_PID, x);
            ok = true;
        } else if (name && arguments && !strcmp(name, "userdata")) {
            uint8_t data[256];
            size_t n = 0;

            for (; n < sizeof data && text_hex_digit(arguments[0]) >= 0
                   && text_hex_digit(arguments[1]) >= 0; arguments += 2) {
                data[n++] = text_hex_digit(arguments[0]) << 4
                            | text_hex_digit(arguments[1]);
            }
            ok = !*arguments;
            nlbuf_put(p->b, OVS_USERSPACE_ATTR_USERDATA, data, n);
        }
    }
    nlbuf_end_nested(p->b, start);
    return ok ? NULL : bad("userspace");
}

static const struct {
    const char *name;
    struct error *(*parse)(struct parser *, char *arguments);
} actions[] = {
    { "drop", parse_drop },
    { "set", parse_set },
    { "push_vlan", parse_push_vlan },
    { "pop_vlan", parse_pop_vlan },
    { "push_mpls", parse_push_mpls },
    { "add_mpls", parse_add_mpls },
    { "pop_mpls", parse_pop_mpls },
    { "push_nsh", parse_push_nsh },
    { "pop_nsh", parse_pop_nsh },
    { "push_eth", parse_push_eth },
    { "pop_eth", parse_pop_eth },
    { "recirc", parse_recirc },
    { "hash", parse_hash },
    { "trunc", parse_trunc },
    { "sample", parse_sample },
    { "clone", parse_clone },
    { "check_pkt_len", parse_check_pkt_len },
    { "ct", parse_ct },
    { "ct_clear", parse_ct_clear },
    { "meter", parse_meter },
    { "userspace", parse_userspace },
};

static struct error *
parse_action(struct parser *p, char *name, char *arguments)
{
    odp_port_t port = ODPP_NONE;
    uint64_t number;

    for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
        if (!strcmp(name, actions[i].name)) {
            return (actions[i].parse == parse_set && !arguments
                    ? bad(name) : actions[i].parse(p, arguments));
        }
    }
    if (arguments) {
        return bad(name);
    }
    if (parse_u64(name, UINT32_MAX, &number)) {
        port = number;
    } else if (p->numbers) {
        port = p->numbers->number(name, p->numbers->aux);
    }
    if (port == ODPP_NONE) {
        return error_create(0, "%s: neither an action nor a port", name);
    }
    nlbuf_put_u32(p->b, OVS_ACTION_ATTR_OUTPUT, port);
    return NULL;
}

static struct error *
parse_list(struct parser *p, char *text)
{
    struct error *error = NULL;
    char *name, *arguments;

    if (p->depth >= MAX_DEPTH) {
        return error_create(0, "actions are nested too deeply");
    }
    p->depth++;
    while (!error && next_item(&text, &name, &arguments)) {
        error = (name ? parse_action(p, name, arguments)
                 : error_create(0, "parentheses do not match"));
    }
    p->depth--;
    return error;
}

struct error *
odp_actions_parse(const char *text, const struct odp_numbers *numbers,
                  struct nlbuf *b)
{
    struct parser p = { .numbers = numbers, .b = b };
    char *copy = xstrdup(text);
    struct error *error = parse_list(&p, copy);

    free(copy);
    return error;
}
