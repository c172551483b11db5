/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/flow/field.h"

#include <string.h>
#include <strings.h>

#include "lib/base/hash.h"
#include "lib/base/hmap.h"
#include "lib/flow/port.h"
#include "lib/flow/tlv.h"

/* Looking up.
 *
 * A header is found by an array for each class: decoding a flow looks up each
 * of its fields.  Names are found in a hash table.  Both are built before
 * main(), since the field table cannot change. */

enum { N_OXM_CLASSES = 8, OXM_CLASS_FIELDS = 128 };

struct name_node {
    struct hmap_node node;
    const char *name;
    const struct field *field;
};

static uint16_t oxm_index[N_OXM_CLASSES][OXM_CLASS_FIELDS];  /* Id + 1. */
static struct hmap names = HMAP_INITIALIZER(&names);         /* Plain. */
static struct hmap oxm_names = HMAP_INITIALIZER(&oxm_names);
static struct name_node name_nodes[4 * FIELD_N_IDS];
static size_t n_name_nodes;

static int
oxm_class_index(uint32_t vendor, uint16_t class_)
{
    switch (class_) {
    case 0x0000:
        return 0;
    case 0x0001:
        return 1;
    case 0x8000:
        return 2;
    case 0x8001:
        return 3;
    case 0x1000:
        return 4;
    case 0xffff:
        return (vendor == 0x00002320 ? 5
                : vendor == 0x005ad650 ? 6
                : vendor == 0x4f4e4600 ? 7
                : -1);
    default:
        return -1;
    }
}

static size_t
hash_name(const char *name, size_t length)
{
    uint64_t hash = length;

    for (size_t i = 0; i < length; i++) {
        hash = hash_word(hash ^ (name[i] | 0x20), 0);
    }
    return hash;
}

static void
add_name(struct hmap *map, const char *name, const struct field *field)
{
    if (name) {
        struct name_node *n = &name_nodes[n_name_nodes++];

        n->name = name;
        n->field = field;
        hmap_insert(map, &n->node, hash_name(name, strlen(name)));
    }
}

static void
add_header(const struct oxm_id *id, const char *name,
           const struct field *field)
{
    if (name) {
        oxm_index[oxm_class_index(id->vendor, id->class_)][id->field]
            = field->id + 1;
    }
}

static CONSTRUCTOR void
field_init(void)
{
    for (size_t i = 0; i < FIELD_N_IDS; i++) {
        const struct field *f = &field_table[i];

        add_name(&names, f->name, f);
        add_name(&names, f->alias, f);
        add_name(&oxm_names, f->oxm_name, f);
        add_name(&oxm_names, f->nxm_name, f);
        add_header(&f->oxm, f->oxm_name, f);
        add_header(&f->nxm, f->nxm_name, f);
    }
}

static const struct field *
find_name(const struct hmap *map, const char *name, size_t length,
          bool ignore_case)
{
    struct name_node *n;

    HMAP_FOR_EACH_WITH_HASH (n, node, hash_name(name, length), map) {
        if ((ignore_case ? !strncasecmp(n->name, name, length)
             : !strncmp(n->name, name, length))
            && !n->name[length]) {
            return n->field;
        }
    }
    return NULL;
}

const struct field *
field_from_name(const char *name, size_t length)
{
    return find_name(&names, name, length, false);
}

const struct field *
field_from_any_name(const char *name, size_t length)
{
    const struct field *f = find_name(&names, name, length, false);

    return f ? f : find_name(&oxm_names, name, length, true);
}

const struct field *
field_from_oxm(const struct oxm_id *id)
{
    int class_ = oxm_class_index(id->vendor, id->class_);
    uint16_t index;

    if (class_ < 0 || id->field >= OXM_CLASS_FIELDS) {
        return NULL;
    }
    index = oxm_index[class_][id->field];
    return index ? &field_table[index - 1] : NULL;
}

static bool
prefers_oxm(const struct field *f, uint8_t version)
{
    return f->oxm_name && (version >= f->oxm_version || !f->nxm_name);
}

const struct oxm_id *
field_oxm_id(const struct field *f, uint8_t version)
{
    return (prefers_oxm(f, version) ? &f->oxm
            : f->nxm_name ? &f->nxm
            : NULL);
}

const char *
field_oxm_name(const struct field *f, uint8_t version)
{
    return prefers_oxm(f, version) ? f->oxm_name : f->nxm_name;
}

/* Values as numbers. */

static uint64_t
low_bits(unsigned int n)
{
    return n >= 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1;
}

static uint64_t
value_mask(const struct field *f)
{
    return f->value_mask ? f->value_mask : low_bits(f->n_bits);
}

static uint64_t
bytes_to_u64(const uint8_t *p, size_t n)
{
    uint64_t x = 0;

    for (size_t i = 0; i < n; i++) {
        x = x << 8 | p[i];
    }
    return x;
}

static void
u64_to_bytes(uint64_t x, uint8_t *p, size_t n)
{
    while (n-- > 0) {
        p[n] = x;
        x >>= 8;
    }
}

static unsigned int
storage_bits(const struct field *f)
{
    switch (f->storage) {
    case STORE_U8:
        return 8;
    case STORE_U16:
    case STORE_BE16:
        return 16;
    case STORE_U32:
    case STORE_BE32:
        return 32;
    case STORE_BE64:
        return 64;
    default:
        return 0;
    }
}

static uint64_t
load_stored(const struct field *f, const struct flow *flow)
{
    const uint8_t *p = (const uint8_t *) flow + f->offset;

    switch (f->storage) {
    case STORE_U8:
        return *p;
    case STORE_U16:
        return get_u16(p);
    case STORE_U32:
        return get_u32(p);
    case STORE_BE16:
        return ntohs(get_be16(p));
    case STORE_BE32:
        return ntohl(get_be32(p));
    case STORE_BE64:
        return ntohll(get_be64(p));
    default:
        return 0;
    }
}

static void
store_stored(const struct field *f, struct flow *flow, uint64_t x)
{
    uint8_t *p = (uint8_t *) flow + f->offset;

    switch (f->storage) {
    case STORE_U8:
        *p = x;
        break;
    case STORE_U16:
        put_u16(p, x);
        break;
    case STORE_U32:
        put_u32(p, x);
        break;
    case STORE_BE16:
        put_be16(p, htons(x));
        break;
    case STORE_BE32:
        put_be32(p, htonl(x));
        break;
    case STORE_BE64:
        put_be64(p, htonll(x));
        break;
    default:
        break;
    }
}

/* Replaces the field's bits in 'flow', a flow or its masks. */
static void
store_int(const struct field *f, struct flow *flow, uint64_t x)
{
    uint64_t mask = value_mask(f);
    uint64_t stored = load_stored(f, flow);

    stored &= ~(mask << f->shift);
    store_stored(f, flow, stored | (x & mask) << f->shift);
}

static uint64_t
load_int(const struct field *f, const struct flow *flow)
{
    return load_stored(f, flow) >> f->shift & value_mask(f);
}

/* Registers, as words. */
static void
load_regs(const struct field *f, const struct flow *flow, uint8_t *p)
{
    const uint8_t *regs = (const uint8_t *) flow + f->offset;

    for (size_t i = 0; i < f->n_bytes; i += 4) {
        put_be32(p + i, htonl(get_u32(regs + i)));
    }
}

static void
store_regs(const struct field *f, struct flow *flow, const uint8_t *p)
{
    uint8_t *regs = (uint8_t *) flow + f->offset;

    for (size_t i = 0; i < f->n_bytes; i += 4) {
        put_u32(regs + i, ntohl(get_be32(p + i)));
    }
}

/* Tunnel addresses.
 *
 * An IPv4 address is ::ffff:a.b.c.d, and "no tunnel" is all zeros, which
 * tun_src and tun_dst read as 0.0.0.0.  So a match of tun_dst on zero bits
 * must leave the ffff open: its mask has ten bytes of ones, two of zeros, and
 * the bits.  Any other IPv4 mask has twelve bytes of ones. */

static const uint8_t ones[FIELD_MAX_BYTES] = {
    [0 ... FIELD_MAX_BYTES - 1] = 0xff
};
static const uint8_t zeros[FIELD_MAX_BYTES];

static bool
is_mapped(const uint8_t *addr)
{
    return (!memcmp(addr, zeros, 10) && !memcmp(addr + 10, ones, 2));
}

static bool
is_ipv4_mask(const uint8_t *addr, const uint8_t *mask)
{
    return (!memcmp(mask, ones, 10) && !memcmp(addr, zeros, 10)
            && (is_mapped(addr)
                || (!mask[10] && !mask[11] && memcmp(mask + 12, zeros, 4))));
}

static void
load_mapped(const uint8_t *addr, uint8_t *p)
{
    memcpy(p, is_mapped(addr) ? addr + 12 : zeros, 4);
}

static void
store_mapped(uint8_t *addr, const uint8_t *p)
{
    memset(addr, 0, 16);
    if (memcmp(p, zeros, 4)) {
        memset(addr + 10, 0xff, 2);
        memcpy(addr + 12, p, 4);
    }
}

/* OpenFlow 1.0's VLAN: 0xffff is none. */
static uint64_t
load_dl_vlan(const struct flow *flow)
{
    uint16_t tci = ntohs(flow->vlans[0].tci);

    return tci & 0x1000 ? tci & 0xfff : 0xffff;
}

static void
store_dl_vlan(struct flow *flow, uint16_t vid)
{
    uint16_t tci = ntohs(flow->vlans[0].tci);

    tci = vid == 0xffff ? 0 : (tci & 0xe000) | 0x1000 | (vid & 0xfff);
    flow->vlans[0].tci = htons(tci);
}

static unsigned int
tlv_slot(const struct field *f)
{
    return f->id - FIELD_TUN_METADATA0;
}

size_t
field_n_bytes(const struct field *f, const struct tlv_layout *layout)
{
    return (!f->is_variable ? f->n_bytes
            : layout ? tlv_layout_size(layout, tlv_slot(f))
            : 0);
}

size_t
field_n_bits(const struct field *f, const struct tlv_layout *layout)
{
    return f->is_variable ? 8 * field_n_bytes(f, layout) : f->n_bits;
}

void
field_get(const struct field *f, const struct flow *flow,
          const struct tlv_layout *layout, union field_value *ret)
{
    const uint8_t *p = (const uint8_t *) flow + f->offset;

    switch (f->storage) {
    case STORE_BYTES:
        memcpy(ret->bytes, p, f->n_bytes);
        break;
    case STORE_U8:
    case STORE_U16:
    case STORE_U32:
    case STORE_BE16:
    case STORE_BE32:
    case STORE_BE64:
        u64_to_bytes(load_int(f, flow), ret->bytes, f->n_bytes);
        break;
    case STORE_XREG:
    case STORE_XXREG:
        load_regs(f, flow, ret->bytes);
        break;
    case STORE_MAPPED_IPV4:
        load_mapped(p, ret->bytes);
        break;
    case STORE_OUTER_IPV6:
        memcpy(ret->bytes, is_mapped(p) ? zeros : p, 16);
        break;
    case STORE_PORT_16:
        ret->be16 = htons(get_u32(p));
        break;
    case STORE_PORT_32:
        ret->be32 = port_to_oxm(get_u32(p));
        break;
    case STORE_DL_VLAN:
        ret->be16 = htons(load_dl_vlan(flow));
        break;
    case STORE_TLV:
        if (layout) {
            memcpy(ret->bytes, p + tlv_layout_offset(layout, tlv_slot(f)),
                   tlv_layout_size(layout, tlv_slot(f)));
        }
        break;
    }
}

uint64_t
field_get_u64(const struct field *f, const struct flow *flow,
              const struct tlv_layout *layout)
{
    union field_value value;
    size_t n;

    if (storage_bits(f)) {
        return load_int(f, flow);
    }
    n = field_n_bytes(f, layout);
    field_get(f, flow, layout, &value);
    return n > 8 ? bytes_to_u64(value.bytes + n - 8, 8)
                 : bytes_to_u64(value.bytes, n);
}

static void
store_tlv(const struct field *f, struct flow *flow,
          const struct tlv_layout *layout, const union field_value *value)
{
    unsigned int slot = tlv_slot(f);

    if (layout && tlv_layout_has(layout, slot)) {
        flow->tunnel.opts_present |= UINT64_C(1) << slot;
        memcpy(flow->tunnel.opts + tlv_layout_offset(layout, slot),
               value->bytes, tlv_layout_size(layout, slot));
    }
}

void
field_set(const struct field *f, struct flow *flow,
          const struct tlv_layout *layout, const union field_value *value)
{
    uint8_t *p = (uint8_t *) flow + f->offset;
    ofp_port_t port;

    switch (f->storage) {
    case STORE_BYTES:
        memcpy(p, value->bytes, f->n_bytes);
        break;
    case STORE_U8:
    case STORE_U16:
    case STORE_U32:
    case STORE_BE16:
    case STORE_BE32:
    case STORE_BE64:
        store_int(f, flow, bytes_to_u64(value->bytes, f->n_bytes));
        if (f->id == FIELD_VLAN_PCP || f->id == FIELD_DL_VLAN_PCP) {
            flow->vlans[0].tci |= htons(0x1000);
        }
        break;
    case STORE_XREG:
    case STORE_XXREG:
        store_regs(f, flow, value->bytes);
        break;
    case STORE_MAPPED_IPV4:
        store_mapped(p, value->bytes);
        break;
    case STORE_OUTER_IPV6:
        memcpy(p, value->bytes, 16);
        break;
    case STORE_PORT_16:
        put_u32(p, ntohs(value->be16));
        break;
    case STORE_PORT_32:
        put_u32(p, port_from_oxm(value->be32, &port) ? port : OFPP_NONE);
        break;
    case STORE_DL_VLAN:
        store_dl_vlan(flow, ntohs(value->be16));
        break;
    case STORE_TLV:
        store_tlv(f, flow, layout, value);
        break;
    }
}

void
field_set_masked(const struct field *f, struct flow *flow,
                 const struct tlv_layout *layout,
                 const union field_value *value,
                 const union field_value *mask)
{
    size_t n = field_n_bytes(f, layout);
    union field_value old;

    field_get(f, flow, layout, &old);
    for (size_t i = 0; i < n; i++) {
        old.bytes[i] = ((old.bytes[i] & ~mask->bytes[i])
                        | (value->bytes[i] & mask->bytes[i]));
    }
    field_set(f, flow, layout, &old);
}

void
field_set_u64(const struct field *f, struct flow *flow,
              const struct tlv_layout *layout, uint64_t x)
{
    size_t n = field_n_bytes(f, layout);
    union field_value value;

    u64_to_bytes(x, value.bytes, n);
    field_set(f, flow, layout, &value);
}

/* Masks. */

/* A field that is wider than its storage (arp_op in nw_proto) counts as exact
 * when all of the storage is. */
static uint64_t
load_int_mask(const struct field *f, const struct flow *masks)
{
    uint64_t x = load_int(f, masks);
    unsigned int width = storage_bits(f);

    return (width < f->n_bits && x == low_bits(width) ? value_mask(f) : x);
}

void
field_get_mask(const struct field *f, const struct flow *flow,
               const struct flow_wildcards *wc,
               const struct tlv_layout *layout, union field_value *ret)
{
    const uint8_t *a = (const uint8_t *) flow + f->offset;
    const uint8_t *p = (const uint8_t *) &wc->masks + f->offset;

    switch (f->storage) {
    case STORE_U8:
    case STORE_U16:
    case STORE_U32:
    case STORE_BE16:
    case STORE_BE32:
    case STORE_BE64:
        u64_to_bytes(load_int_mask(f, &wc->masks), ret->bytes, f->n_bytes);
        break;
    case STORE_MAPPED_IPV4:
        memcpy(ret->bytes, is_ipv4_mask(a, p) ? p + 12 : zeros, 4);
        break;
    case STORE_OUTER_IPV6:
        memcpy(ret->bytes, is_ipv4_mask(a, p) ? zeros : p, 16);
        break;
    case STORE_PORT_16:
    case STORE_PORT_32:
        memset(ret->bytes, get_u32(p) ? 0xff : 0, f->n_bytes);
        break;
    case STORE_DL_VLAN:
        ret->be16 = wc->masks.vlans[0].tci & htons(0x1000) ? UINT16_MAX : 0;
        break;
    default:
        field_get(f, &wc->masks, layout, ret);
        break;
    }
}

static void
set_mapped_mask(const uint8_t *addr, const uint8_t *mask, uint8_t *p)
{
    memset(p, 0, 16);
    if (memcmp(mask, zeros, 4)) {
        memset(p, 0xff, is_mapped(addr) ? 12 : 10);
        memcpy(p + 12, mask, 4);
    }
}

void
field_set_mask(const struct field *f, const struct flow *flow,
               const struct tlv_layout *layout, const union field_value *mask,
               struct flow_wildcards *wc)
{
    const uint8_t *a = (const uint8_t *) flow + f->offset;
    uint8_t *p = (uint8_t *) &wc->masks + f->offset;
    be16 *tci = &wc->masks.vlans[0].tci;
    bool is_any = field_is_zero(f, mask);

    switch (f->storage) {
    case STORE_U8:
    case STORE_U16:
    case STORE_U32:
    case STORE_BE16:
    case STORE_BE32:
    case STORE_BE64:
        store_int(f, &wc->masks, bytes_to_u64(mask->bytes, f->n_bytes));
        if (!is_any
            && (f->id == FIELD_VLAN_PCP || f->id == FIELD_DL_VLAN_PCP)) {
            *tci |= htons(0x1000);
        }
        break;
    case STORE_MAPPED_IPV4:
        set_mapped_mask(a, mask->bytes, p);
        break;
    case STORE_PORT_16:
    case STORE_PORT_32:
        put_u32(p, is_any ? 0 : UINT32_MAX);
        break;
    case STORE_DL_VLAN:
        *tci = (is_any ? *tci & htons(0xe000)
                : flow->vlans[0].tci & htons(0x1000)
                ? (*tci & htons(0xe000)) | htons(0x1fff)
                : htons(0xffff));
        break;
    case STORE_TLV:
        wc->masks.tunnel.opts_present &= ~(UINT64_C(1) << tlv_slot(f));
        if (!is_any) {
            field_set(f, &wc->masks, layout, mask);
        }
        break;
    default:
        field_set(f, &wc->masks, layout, mask);
        break;
    }
}

void
field_unwildcard(const struct field *f, const struct flow *flow,
                 const struct tlv_layout *layout,
                 const union field_value *mask, struct flow_wildcards *wc)
{
    const uint8_t *a = (const uint8_t *) flow + f->offset;
    uint8_t *p = (uint8_t *) &wc->masks + f->offset;
    size_t n = field_n_bytes(f, layout);
    union field_value old, add;

    if (mask) {
        memcpy(add.bytes, mask->bytes, n);
    } else {
        field_exact_mask(f, layout, &add);
    }
    if (field_is_zero(f, &add) && !f->is_variable) {
        return;
    }
    switch (f->storage) {
    case STORE_MAPPED_IPV4:
        /* Without a tunnel, all of the address says so. */
        memset(p, 0xff, 12);
        for (int i = 0; i < 4; i++) {
            p[12 + i] |= is_mapped(a) ? add.bytes[i] : 0xff;
        }
        return;
    case STORE_OUTER_IPV6:
        for (int i = 0; i < 16; i++) {
            p[i] |= is_mapped(a) && i < 12 ? 0xff : add.bytes[i];
        }
        return;
    default:
        break;
    }
    field_get_mask(f, flow, wc, layout, &old);
    for (size_t i = 0; i < n; i++) {
        add.bytes[i] |= old.bytes[i];
    }
    field_set_mask(f, flow, layout, &add, wc);
}

/* Prerequisites. */

static bool
is_ip_proto(const struct flow *flow, struct flow_wildcards *wc,
            uint16_t dl_type, uint8_t proto)
{
    if (wc) {
        wc->masks.dl_type = UINT16_MAX;
    }
    if (dl_type ? flow->dl_type != htons(dl_type)
        : flow->dl_type != htons(0x0800) && flow->dl_type != htons(0x86dd)) {
        return false;
    }
    if (wc) {
        wc->masks.nw_proto = UINT8_MAX;
        wc->masks.nw_frag |= FLOW_NW_FRAG_LATER;
    }
    return (flow->nw_proto == proto
            && !(flow->nw_frag & FLOW_NW_FRAG_LATER));
}

static bool
is_nd(const struct flow *flow, struct flow_wildcards *wc, bool solicit,
      bool advert)
{
    if (!is_ip_proto(flow, wc, 0x86dd, IPPROTO_ICMPV6)) {
        return false;
    }
    if (wc) {
        wc->masks.tp_src = UINT16_MAX;
        wc->masks.tp_dst = UINT16_MAX;
    }
    return (!flow->tp_dst
            && ((solicit && flow->tp_src == htons(135))
                || (advert && flow->tp_src == htons(136))));
}

static bool
is_dl_type(const struct flow *flow, struct flow_wildcards *wc, uint16_t a,
           uint16_t b)
{
    if (wc) {
        wc->masks.dl_type = UINT16_MAX;
    }
    return flow->dl_type == htons(a) || flow->dl_type == htons(b);
}

static bool
is_ct_valid(const struct field *f, const struct flow *flow,
            struct flow_wildcards *wc)
{
    if (!is_dl_type(flow, wc, 0x0800, 0x86dd)) {
        return false;
    }
    if (wc) {
        wc->masks.ct_state |= CS_TRACKED;
    }
    if (!(flow->ct_state & CS_TRACKED)) {
        return false;
    }
    switch (f->id) {
    case FIELD_CT_NW_SRC:
    case FIELD_CT_NW_DST:
        return flow->dl_type == htons(0x0800);
    case FIELD_CT_IPV6_SRC:
    case FIELD_CT_IPV6_DST:
        return flow->dl_type == htons(0x86dd);
    default:
        return true;
    }
}

bool
field_prereqs_ok(const struct field *f, const struct flow *flow,
                 struct flow_wildcards *wc)
{
    switch (f->prereq) {
    case PREREQ_NONE:
        return true;
    case PREREQ_ETHERNET:
        if (wc) {
            wc->masks.packet_type = UINT32_MAX;
        }
        return flow->packet_type == PACKET_TYPE_ETH;
    case PREREQ_VLAN:
        if (wc) {
            wc->masks.vlans[0].tci |= htons(0x1000);
        }
        return (flow->vlans[0].tci & htons(0x1000)) != 0;
    case PREREQ_MPLS:
        return is_dl_type(flow, wc, 0x8847, 0x8848);
    case PREREQ_NSH:
        return is_dl_type(flow, wc, 0x894f, 0x894f);
    case PREREQ_ARP:
        return is_dl_type(flow, wc, 0x0806, 0x8035);
    case PREREQ_IPV4:
        return is_dl_type(flow, wc, 0x0800, 0x0800);
    case PREREQ_IPV6:
        return is_dl_type(flow, wc, 0x86dd, 0x86dd);
    case PREREQ_IP_ANY:
        return is_dl_type(flow, wc, 0x0800, 0x86dd);
    case PREREQ_CT_VALID:
        return is_ct_valid(f, flow, wc);
    case PREREQ_TCP:
        return is_ip_proto(flow, wc, 0, IPPROTO_TCP);
    case PREREQ_UDP:
        return is_ip_proto(flow, wc, 0, IPPROTO_UDP);
    case PREREQ_SCTP:
        return is_ip_proto(flow, wc, 0, IPPROTO_SCTP);
    case PREREQ_ICMPV4:
        return is_ip_proto(flow, wc, 0x0800, IPPROTO_ICMP);
    case PREREQ_ICMPV6:
        return is_ip_proto(flow, wc, 0x86dd, IPPROTO_ICMPV6);
    case PREREQ_ND:
        return is_nd(flow, wc, true, true);
    case PREREQ_ND_SOLICIT:
        return is_nd(flow, wc, true, false);
    case PREREQ_ND_ADVERT:
        return is_nd(flow, wc, false, true);
    }
    return false;
}

/* Values and masks. */

bool
field_value_is_valid(const struct field *f, const union field_value *value)
{
    ofp_port_t port;

    switch (f->id) {
    case FIELD_IN_PORT_OXM:
    case FIELD_ACTSET_OUTPUT:
        return port_from_oxm(value->be32, &port);
    case FIELD_ARP_OP:
        return !(value->be16 & htons(0xff00));
    case FIELD_CT_STATE:
        return !(value->be32 & ~htonl(CS_SUPPORTED_MASK));
    case FIELD_DL_VLAN:
        return (value->be16 == UINT16_MAX
                || !(value->be16 & htons(0xf000)));
    default:
        return (f->n_bits >= 64 || f->n_bits == 8 * f->n_bytes
                ? (!f->value_mask
                   || !(bytes_to_u64(value->bytes, f->n_bytes)
                        & ~(uint64_t) f->value_mask))
                : !(bytes_to_u64(value->bytes, f->n_bytes)
                    & ~value_mask(f)));
    }
}

bool
field_mask_is_valid(const struct field *f, const struct tlv_layout *layout,
                    const union field_value *mask)
{
    return (f->is_maskable || field_is_exact(f, layout, mask)
            || field_is_zero(f, mask));
}

bool
field_is_zero(const struct field *f, const union field_value *value)
{
    return !memcmp(value->bytes, zeros, f->n_bytes);
}

bool
field_is_exact(const struct field *f, const struct tlv_layout *layout,
               const union field_value *mask)
{
    size_t n = f->is_variable && !layout ? f->n_bytes
               : field_n_bytes(f, layout);

    if (f->n_bits < 64 && !f->is_variable) {
        uint64_t all = value_mask(f);

        return (bytes_to_u64(mask->bytes, n) & all) == all;
    }
    return !memcmp(mask->bytes, ones, n);
}

size_t
field_leading_zeros(const union field_value *value,
                    const union field_value *mask, size_t n)
{
    size_t i = 0;

    while (i + 1 < n && !value->bytes[i] && !(mask && mask->bytes[i])) {
        i++;
    }
    return i;
}

bool
field_value_fit(union field_value *ret, size_t room, const uint8_t *p,
                size_t n)
{
    memset(ret, 0, sizeof *ret);
    for (; n > room; n--) {
        if (*p++) {
            return false;
        }
    }
    if (n) {
        memcpy(ret->bytes + room - n, p, n);
    }
    return true;
}

void
field_exact_mask(const struct field *f, const struct tlv_layout *layout,
                 union field_value *ret)
{
    if (f->n_bits < 64 && !f->is_variable) {
        u64_to_bytes(value_mask(f), ret->bytes, f->n_bytes);
    } else {
        memset(ret->bytes, 0xff, field_n_bytes(f, layout));
    }
}

/* Subfields. */

void
bits_copy(const void *src_, size_t src_size, size_t src_start,
          void *dst_, size_t dst_size, size_t dst_start, size_t n_bits)
{
    const uint8_t *src = src_;
    uint8_t *dst = dst_;

    while (n_bits > 0) {
        unsigned int s = src_start % 8;
        unsigned int d = dst_start % 8;
        unsigned int n = MIN(n_bits, 8 - MAX(s, d));
        uint8_t mask = (1u << n) - 1;
        const uint8_t *sp = &src[src_size - 1 - src_start / 8];
        uint8_t *dp = &dst[dst_size - 1 - dst_start / 8];

        *dp = (*dp & ~(mask << d)) | (*sp >> s & mask) << d;
        src_start += n;
        dst_start += n;
        n_bits -= n;
    }
}

/* Says whether the subfield lies within the field as it is in 'layout'. */
static bool
subfield_fits(const struct subfield *sf, const struct tlv_layout *layout)
{
    return (!sf->field->is_variable
            || sf->start + sf->n_bits <= field_n_bits(sf->field, layout));
}

void
subfield_get_wide(const struct subfield *sf, const struct flow *flow,
                  const struct tlv_layout *layout, union field_value *ret)
{
    union field_value value;

    memset(ret, 0, sizeof *ret);
    if (subfield_fits(sf, layout)) {
        field_get(sf->field, flow, layout, &value);
        bits_copy(value.bytes, field_n_bytes(sf->field, layout), sf->start,
                  ret->bytes, sizeof ret->bytes, 0, sf->n_bits);
    }
}

void
subfield_set_wide(const struct subfield *sf, struct flow *flow,
                  const struct tlv_layout *layout,
                  const union field_value *value)
{
    union field_value whole;

    if (subfield_fits(sf, layout)) {
        field_get(sf->field, flow, layout, &whole);
        bits_copy(value->bytes, sizeof value->bytes, 0, whole.bytes,
                  field_n_bytes(sf->field, layout), sf->start, sf->n_bits);
        field_set(sf->field, flow, layout, &whole);
    }
}

uint64_t
subfield_get(const struct subfield *sf, const struct flow *flow,
             const struct tlv_layout *layout)
{
    union field_value value;

    if (storage_bits(sf->field)) {
        return load_int(sf->field, flow) >> sf->start & low_bits(sf->n_bits);
    }
    subfield_get_wide(sf, flow, layout, &value);
    return bytes_to_u64(value.bytes + sizeof value.bytes - 8, 8);
}

void
subfield_set(const struct subfield *sf, struct flow *flow,
             const struct tlv_layout *layout, uint64_t x)
{
    union field_value value = { .bytes = { 0 } };

    u64_to_bytes(x, value.bytes + sizeof value.bytes - 8, 8);
    subfield_set_wide(sf, flow, layout, &value);
}

void
subfield_unwildcard(const struct subfield *sf, const struct flow *flow,
                    const struct tlv_layout *layout,
                    struct flow_wildcards *wc)
{
    union field_value mask = { .bytes = { 0 } };

    if (subfield_fits(sf, layout)) {
        bits_copy(ones, sizeof ones, 0, mask.bytes,
                  field_n_bytes(sf->field, layout), sf->start, sf->n_bits);
        field_unwildcard(sf->field, flow, layout, &mask, wc);
    }
}
