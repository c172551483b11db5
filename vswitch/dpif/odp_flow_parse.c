/* SPDX-License-Identifier: Apache-2.0 */

/* Datapath flows from text.  Most members of the groups are fields of rules
 * under another name; a table says which. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/flow/field.h"
#include "lib/packet/headers.h"
#include "vswitch/dpif/odp_text.h"

/* "GROUP(MEMBER=VALUE)", or "GROUP(VALUE)" where there is no member. */
static const struct {
    const char *group;
    const char *member;
    const char *field;
} members[] = {
    { "recirc_id", NULL, "recirc_id" }, { "dp_hash", NULL, "dp_hash" },
    { "skb_mark", NULL, "pkt_mark" }, { "ct_state", NULL, "ct_state" },
    { "ct_zone", NULL, "ct_zone" }, { "ct_mark", NULL, "ct_mark" },
    { "ct_label", NULL, "ct_label" },
    { "ct_tuple4", "src", "ct_nw_src" }, { "ct_tuple4", "dst", "ct_nw_dst" },
    { "ct_tuple4", "proto", "ct_nw_proto" },
    { "ct_tuple4", "tp_src", "ct_tp_src" },
    { "ct_tuple4", "tp_dst", "ct_tp_dst" },
    { "ct_tuple6", "src", "ct_ipv6_src" },
    { "ct_tuple6", "dst", "ct_ipv6_dst" },
    { "ct_tuple6", "proto", "ct_nw_proto" },
    { "ct_tuple6", "tp_src", "ct_tp_src" },
    { "ct_tuple6", "tp_dst", "ct_tp_dst" },
    { "tunnel", "tun_id", "tun_id" }, { "tunnel", "src", "tun_src" },
    { "tunnel", "dst", "tun_dst" }, { "tunnel", "ipv6_src", "tun_ipv6_src" },
    { "tunnel", "ipv6_dst", "tun_ipv6_dst" },
    { "eth", "src", "eth_src" }, { "eth", "dst", "eth_dst" },
    { "eth_type", NULL, "eth_type" },
    { "ipv4", "src", "nw_src" }, { "ipv4", "dst", "nw_dst" },
    { "ipv4", "proto", "nw_proto" }, { "ipv4", "ttl", "nw_ttl" },
    { "ipv6", "src", "ipv6_src" }, { "ipv6", "dst", "ipv6_dst" },
    { "ipv6", "label", "ipv6_label" }, { "ipv6", "proto", "nw_proto" },
    { "ipv6", "hlimit", "nw_ttl" },
    { "arp", "sip", "arp_spa" }, { "arp", "tip", "arp_tpa" },
    { "arp", "op", "arp_op" }, { "arp", "sha", "arp_sha" },
    { "arp", "tha", "arp_tha" },
    { "tcp", "src", "tcp_src" }, { "tcp", "dst", "tcp_dst" },
    { "tcp_flags", NULL, "tcp_flags" },
    { "udp", "src", "udp_src" }, { "udp", "dst", "udp_dst" },
    { "sctp", "src", "sctp_src" }, { "sctp", "dst", "sctp_dst" },
    { "icmp", "type", "icmp_type" }, { "icmp", "code", "icmp_code" },
    { "icmpv6", "type", "icmpv6_type" }, { "icmpv6", "code", "icmpv6_code" },
    { "nd", "target", "nd_target" }, { "nd", "sll", "nd_sll" },
    { "nd", "tll", "nd_tll" },
    { "nd_ext", "nd_reserved", "nd_reserved" },
    { "nd_ext", "nd_options_type", "nd_options_type" },
    { "nsh", "flags", "nsh_flags" }, { "nsh", "ttl", "nsh_ttl" },
    { "nsh", "mdtype", "nsh_mdtype" }, { "nsh", "np", "nsh_np" },
    { "nsh", "spi", "nsh_spi" }, { "nsh", "si", "nsh_si" },
    { "nsh", "c1", "nsh_c1" }, { "nsh", "c2", "nsh_c2" },
    { "nsh", "c3", "nsh_c3" }, { "nsh", "c4", "nsh_c4" },
};

struct target {
    const struct odp_numbers *numbers;
    struct flow *key;
    struct flow *mask;           /* Never NULL. */
    unsigned int n_vlans;
    unsigned int n_labels;       /* Of MPLS. */
    bool has_eth;                /* It says that it is Ethernet, */
    bool has_packet_type;        /* or what it is. */
};

static struct error *
bad_member(const char *group, const char *member, const char *value)
{
    return error_create(0, "%s(%s%s%s): not understood", group,
                        member ? member : "", member ? "=" : "", value);
}

/* "VALUE" or "VALUE/MASK", numbers of at most 'max'. */
static bool
parse_number(const char *text, uint64_t max, uint64_t *value, uint64_t *mask)
{
    char *copy = xstrdup(text), *slash = strchr(copy, '/');
    bool ok = true;

    *mask = max;
    if (slash) {
        *slash = '\0';
        ok = text_to_u64(slash + 1, 0, mask);
    }
    ok = ok && text_to_u64(copy, 0, value) && *value <= max && *mask <= max;
    *value &= *mask;
    free(copy);
    return ok;
}

static bool
set_byte(const char *text, uint8_t *key, uint8_t *mask)
{
    uint64_t k, m;

    if (!parse_number(text, UINT8_MAX, &k, &m)) {
        return false;
    }
    *key = k;
    *mask = m;
    return true;
}

/* Groups and members that are no fields. */

static bool
set_in_port(struct target *t, const char *member UNUSED, const char *text)
{
    uint64_t number, mask;

    t->mask->in_port = UINT32_MAX;
    if (parse_number(text, UINT32_MAX, &number, &mask)) {
        t->key->in_port = number;
        t->mask->in_port = mask;
        return true;
    }
    t->key->in_port = (t->numbers ? t->numbers->number(text, t->numbers->aux)
                       : ODPP_NONE);
    return t->key->in_port != ODPP_NONE;
}

static bool
set_priority(struct target *t, const char *member UNUSED, const char *text)
{
    uint64_t value, mask;

    if (!parse_number(text, UINT32_MAX, &value, &mask)) {
        return false;
    }
    t->key->skb_priority = value;
    t->mask->skb_priority = mask;
    return true;
}

static bool
set_packet_type(struct target *t, const char *member, const char *text)
{
    bool is_ns = !strcmp(member, "ns");
    uint64_t value, mask;

    if ((!is_ns && strcmp(member, "id"))
        || !parse_number(text, UINT16_MAX, &value, &mask)) {
        return false;
    }
    t->key->packet_type |= is_ns ? value << 16 : value;
    t->mask->packet_type |= is_ns ? mask << 16 : mask;
    return true;
}

static bool
set_vlan(struct target *t, const char *member, const char *text)
{
    struct flow_vlan *key = &t->key->vlans[t->n_vlans - 1];
    struct flow_vlan *mask = &t->mask->vlans[t->n_vlans - 1];
    uint64_t value, m;

    if (!strcmp(member, "vid") && parse_number(text, 0xfff, &value, &m)) {
        key->tci |= htons(value);
        mask->tci |= htons(m);
    } else if (!strcmp(member, "pcp") && parse_number(text, 7, &value, &m)) {
        key->tci |= htons(value << 13);
        mask->tci |= htons(m << 13);
    } else if (!strcmp(member, "cfi") && parse_number(text, 1, &value, &m)) {
        key->tci = (key->tci & htons(0xefff)) | htons(value << 12);
    } else {
        return !strcmp(member, "tci")
               && parse_number(text, UINT16_MAX, &value, &m)
               && (key->tci = htons(value), mask->tci = htons(m), true);
    }
    return true;
}

/* Each "label" begins the next entry of the stack. */
static bool
set_mpls(struct target *t, const char *member, const char *text)
{
    static const struct {
        const char *member;
        unsigned int shift;
        uint32_t max;
    } parts[] = {
        { "label", 12, 0xfffff }, { "tc", 9, 7 }, { "bos", 8, 1 },
        { "ttl", 0, 255 },
    };
    uint64_t value, m;

    if (!strcmp(member, "label")) {
        if (t->n_labels >= FLOW_MAX_MPLS_LABELS) {
            return false;
        }
        t->n_labels++;
    }
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        if (!strcmp(member, parts[i].member)) {
            unsigned int lse = t->n_labels ? t->n_labels - 1 : 0;

            if (!parse_number(text, parts[i].max, &value, &m)) {
                return false;
            }
            t->key->mpls_lse[lse] |= htonl(value << parts[i].shift);
            t->mask->mpls_lse[lse] |= htonl(m << parts[i].shift);
            return true;
        }
    }
    return false;
}

static bool
set_ip(struct target *t, const char *member, const char *text)
{
    static const struct {
        const char *text;
        uint8_t frag;
    } frags[] = {
        { "no", 0 }, { "first", FLOW_NW_FRAG_ANY },
        { "later", FLOW_NW_FRAG_ANY | FLOW_NW_FRAG_LATER },
    };

    if (!strcmp(member, "tos") || !strcmp(member, "tclass")) {
        return set_byte(text, &t->key->nw_tos, &t->mask->nw_tos);
    }
    if (!strcmp(member, "frag")) {
        for (size_t i = 0; i < ARRAY_SIZE(frags); i++) {
            if (!strcmp(text, frags[i].text)) {
                t->key->nw_frag = frags[i].frag;
                t->mask->nw_frag = FLOW_NW_FRAG_MASK;
                return true;
            }
        }
    }
    return false;
}

/* One "{class=0x..,type=0x..,len=N,0xHEX}" after another. */
static bool
set_geneve(struct target *t, char *text)
{
    struct flow_tunnel *key = &t->key->tunnel, *mask = &t->mask->tunnel;
    char *option;

    while ((option = text_token(&text, "{}"))) {
        unsigned int class, type, len;
        uint8_t *p = &key->opts[key->opts_size];
        size_t n_digits;
        int n;

        if (sscanf(option, "class=%i,type=%i,len=%u%n", (int *) &class,
                   (int *) &type, &len, &n) < 3
            || class > UINT16_MAX || type > UINT8_MAX || len > 124 || len % 4
            || key->opts_size + 4 + len > sizeof key->opts) {
            return false;
        }
        p[0] = class >> 8;
        p[1] = class;
        p[2] = type;
        p[3] = len / 4;
        memset(p + 4, 0, len);
        option += n + (option[n] == ',');
        option += text_starts_with(option, "0x") ? 2 : 0;
        n_digits = strspn(option, "0123456789abcdefABCDEF");
        if (n_digits > 2 * len) {
            return false;
        }
        for (size_t i = 0; i < n_digits; i++) {
            size_t nibble = n_digits - 1 - i;   /* From the end. */

            p[3 + len - i / 2] |= text_hex_digit(option[nibble])
                                  << (i % 2 ? 4 : 0);
        }
        memset(&mask->opts[key->opts_size], 0xff, 4 + len);
        key->opts_size += 4 + len;
    }
    key->flags |= FLOW_TNL_F_UDPIF;
    mask->flags |= FLOW_TNL_F_UDPIF;
    mask->opts_size = UINT16_MAX;
    return true;
}

/* "df|csum" sets these and demands that the others are not; "+df-csum" says
 * each. */
static bool
set_tunnel_flags(struct target *t, char *text)
{
    static const char *const names[] = { "oam", "df", "csum", "key" };
    bool signs = strchr("+-", text[0]) && text[0];
    bool on = true;
    char *word;

    t->mask->tunnel.flags |= signs ? 0 : FLOW_TNL_PUB_F_MASK;
    while (*text) {
        size_t i = 0, length;

        on = *text != '-';
        text += strspn(text, "+-|");
        length = strcspn(text, "+-|");
        word = xmemdup0(text, length);
        while (i < ARRAY_SIZE(names) && strcmp(word, names[i])) {
            i++;
        }
        free(word);
        if (i == ARRAY_SIZE(names)) {
            return false;
        }
        t->mask->tunnel.flags |= 1 << i;
        t->key->tunnel.flags |= on << i;
        text += length;
    }
    return true;
}

static bool
set_tunnel(struct target *t, const char *member, const char *text)
{
    struct flow_tunnel *key = &t->key->tunnel, *mask = &t->mask->tunnel;
    uint64_t value, m;

    if (!strcmp(member, "tos")) {
        return set_byte(text, &key->tos, &mask->tos);
    }
    if (!strcmp(member, "ttl")) {
        return set_byte(text, &key->ttl, &mask->ttl);
    }
    if (!strcmp(member, "tp_src") || !strcmp(member, "tp_dst")) {
        bool src = member[3] == 's';

        if (!parse_number(text, UINT16_MAX, &value, &m)) {
            return false;
        }
        *(src ? &key->tp_src : &key->tp_dst) = htons(value);
        *(src ? &mask->tp_src : &mask->tp_dst) = htons(m);
        return true;
    }
    return false;
}

static const struct {
    const char *group;
    bool (*set)(struct target *, const char *member, const char *text);
} specials[] = {
    { "in_port", set_in_port },
    { "skb_priority", set_priority },
    { "packet_type", set_packet_type },
    { "vlan", set_vlan },
    { "mpls", set_mpls },
    { "ipv4", set_ip },
    { "ipv6", set_ip },
    { "tunnel", set_tunnel },
};

/* Like field_parse(), but bits of any field may be wild, as they are in
 * megaflows: OpenFlow's rule that some fields match whole or not at all is not
 * the datapath's. */
static struct error *
parse_value_and_mask(const struct field *field, const char *text,
                     union field_value *value, union field_value *mask)
{
    const char *slash = strchr(text, '/');
    struct error *error;
    char *copy;

    if (!slash || field->is_maskable) {
        return field_parse(field, text, NULL, value, mask);
    }
    copy = xmemdup0(text, slash - text);
    error = field_parse_value(field, copy, NULL, value);
    if (!error) {
        error = field_parse_value(field, slash + 1, NULL, mask);
    }
    free(copy);
    return error;
}

static struct error *
set_field(struct target *t, const char *name, const char *text)
{
    const struct field *field = field_from_name(name, strlen(name));
    union field_value value, mask;
    struct error *error = parse_value_and_mask(field, text, &value, &mask);

    if (!error) {
        field_set(field, t->key, NULL, &value);
        field_set(field, t->mask, NULL, &mask);
    }
    return error;
}

static struct error *
set_member(struct target *t, const char *group, const char *member,
           const char *text)
{
    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        if (!strcmp(group, members[i].group)
            && (member ? members[i].member
                         && !strcmp(member, members[i].member)
                : !members[i].member)) {
            return error_wrap(set_field(t, members[i].field, text), "%s",
                              group);
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(specials); i++) {
        if (!strcmp(group, specials[i].group)) {
            return (specials[i].set(t, member ? member : "", text) ? NULL
                    : bad_member(group, member, text));
        }
    }
    return bad_member(group, member, text);
}

/* Length of the item at 's': up to a comma outside of parentheses. */
static size_t
item_length(const char *s)
{
    int depth = 0;
    size_t n;

    for (n = 0; s[n] && (depth || s[n] != ','); n++) {
        depth += (s[n] == '(' || s[n] == '{') - (s[n] == ')' || s[n] == '}');
    }
    return n;
}

static struct error *
set_item(struct target *t, const char *group, char *item)
{
    char *equals = strchr(item, '=');
    char *open = strchr(item, '(');

    if (!strcmp(group, "tunnel") && open && (!equals || open < equals)
        && item[strlen(item) - 1] == ')') {
        item[strlen(item) - 1] = '\0';
        *open = '\0';
        if (!strcmp(item, "geneve") ? set_geneve(t, open + 1)
            : !strcmp(item, "flags") && set_tunnel_flags(t, open + 1)) {
            return NULL;
        }
        return bad_member(group, item, open + 1);
    }
    if (equals) {
        *equals = '\0';
        return set_member(t, group, item, equals + 1);
    }
    return set_member(t, group, NULL, item);
}

/* Is there a group of that name? */
static bool
is_group(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
        if (!strcmp(name, members[i].group)) {
            return true;
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(specials); i++) {
        if (!strcmp(name, specials[i].group)) {
            return true;
        }
    }
    return false;
}

/* Opens the next VLAN header; its TPID is the eth_type before it. */
static struct error *
begin_vlan(struct target *t)
{
    struct flow_vlan *vlan;

    if (t->n_vlans >= FLOW_MAX_VLAN_HEADERS) {
        return error_create(0, "more than %d VLAN headers",
                            FLOW_MAX_VLAN_HEADERS);
    }
    vlan = &t->key->vlans[t->n_vlans];
    vlan->tpid = t->key->dl_type ? t->key->dl_type
                 : htons(ETH_TYPE_VLAN_8021Q);
    vlan->tci = htons(VLAN_CFI);
    t->mask->vlans[t->n_vlans] = (struct flow_vlan) {
        .tpid = 0xffff, .tci = htons(VLAN_CFI),
    };
    t->key->dl_type = t->mask->dl_type = 0;
    t->n_vlans++;
    return NULL;
}

static struct error *
set_group(struct target *t, const char *group, char *arguments)
{
    struct error *error = NULL;

    t->has_eth |= !strcmp(group, "eth");
    t->has_packet_type |= !strcmp(group, "packet_type");
    if (!is_group(group)) {
        return bad_member(group, NULL, arguments);
    }
    if (!strcmp(group, "vlan")) {
        error = begin_vlan(t);
    }
    while (!error && *arguments) {
        size_t length = item_length(arguments);
        bool more = arguments[length] == ',';

        arguments[length] = '\0';
        if (length) {
            error = set_item(t, group, arguments);
        }
        arguments += length + more;
    }
    return error;
}

/* The parenthesis that closes the one at 'open', or NULL. */
static char *
find_close(char *open)
{
    int depth = 0;

    for (char *p = open; *p; p++) {
        depth += (*p == '(') - (*p == ')');
        if (!depth) {
            return p;
        }
    }
    return NULL;
}

/* 'p' is a copy of 'text' that may be changed. */
static struct error *
parse_groups(struct target *t, const char *text, char *p)
{
    const char *start = p;

    while (*(p += strspn(p, ", )\t\n"))) {
        char *open, *close;
        struct error *error;

        if (text_starts_with(p, "encap(")) {
            p += strlen("encap(");
            continue;
        }
        if (text_starts_with(p, "ufid:")) {
            p += strcspn(p, ",");
            continue;
        }
        open = strchr(p, '(');
        close = open ? find_close(open) : NULL;
        if (!close) {
            return error_create(0, "syntax error at %s", p);
        }
        *open = *close = '\0';
        error = set_group(t, p, open + 1);
        if (error) {
            error_free(error);
            return error_create(0, "syntax error at %s", text + (p - start));
        }
        p = close + 1;
    }
    return NULL;
}

struct error *
odp_flow_parse(const char *text, const struct odp_numbers *numbers,
               struct flow *key, struct flow_wildcards *mask)
{
    struct flow_wildcards unused;
    struct target t = {
        .numbers = numbers, .key = key,
        .mask = mask ? &mask->masks : &unused.masks,
    };
    char *copy = xstrdup(text);
    struct error *error;

    memset(t.key, 0, sizeof *t.key);
    memset(t.mask, 0, sizeof *t.mask);
    t.mask->recirc_id = UINT32_MAX;
    error = parse_groups(&t, text, copy);
    free(copy);
    if (!t.has_packet_type && !t.has_eth) {
        t.mask->packet_type = UINT32_MAX;
    }
    if (!error) {
        /* What the fields' parser leaves of wildcarded bits. */
        for (size_t i = 0; i < FLOW_WORDS; i++) {
            ((uint64_t *) (void *) key)[i]
                &= ((const uint64_t *) (const void *) t.mask)[i];
        }
    }
    return error;
}
