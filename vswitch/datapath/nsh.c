/* SPDX-License-Identifier: Apache-2.0 */
/* Network service headers (RFC 8300): pushing, popping and setting them.
 *
 * Attributes have the header's members as struct ovs_nsh_key_base and
 * struct ovs_nsh_key_md1 have them, which is how struct flow_nsh does. */

#include <linux/openvswitch.h>
#include <string.h>

#include "lib/netlink/attr.h"
#include "vswitch/datapath/datapath.h"

#define CONTEXT_SIZE sizeof(((struct nsh_header *) 0)->context)
#define MAX_METADATA (NSH_MAX_SIZE - NSH_BASE_SIZE)

_Static_assert(sizeof(struct ovs_nsh_key_base) == NSH_BASE_SIZE,
               "the base key is as large as the base header");

/* The parts of a push or set. */
struct parts {
    const struct nlattr *base;
    const struct nlattr *md1;
    const struct nlattr *md2;
};

static bool
find_parts(const struct nlattr *nsh, struct parts *parts)
{
    const struct nlattr *a;
    size_t left;

    *parts = (struct parts) { NULL, NULL, NULL };
    NLATTR_FOR_EACH_NESTED (a, left, nsh) {
        switch (nlattr_type(a)) {
        case OVS_NSH_KEY_ATTR_BASE:
            parts->base = a;
            break;
        case OVS_NSH_KEY_ATTR_MD1:
            parts->md1 = a;
            break;
        case OVS_NSH_KEY_ATTR_MD2:
            parts->md2 = a;
            break;
        default:
            return false;
        }
    }
    return !left;
}

/* NULL is fine. */
static bool
has_size(const struct nlattr *a, size_t size)
{
    return !a || nlattr_size(a) == size;
}

static const struct ovs_nsh_key_base *
base_of(const struct parts *parts)
{
    return nlattr_payload(parts->base);
}

bool
dp_nsh_push_valid(const struct nlattr *nsh)
{
    struct parts p;

    if (!find_parts(nsh, &p) || !p.base || !has_size(p.base, NSH_BASE_SIZE)) {
        return false;
    }
    switch (base_of(&p)->mdtype) {
    case NSH_MD_TYPE1:
        return p.md1 && has_size(p.md1, CONTEXT_SIZE);
    case NSH_MD_TYPE2:
        return (!p.md2 || (nlattr_size(p.md2) <= MAX_METADATA
                           && nlattr_size(p.md2) % 4 == 0));
    default:
        return false;
    }
}

bool
dp_nsh_set_valid(const struct nlattr *nsh, bool masked)
{
    size_t n = masked ? 2 : 1;
    struct parts p;

    return (find_parts(nsh, &p) && !p.md2
            && has_size(p.base, n * NSH_BASE_SIZE)
            && has_size(p.md1, n * CONTEXT_SIZE));
}

static void
set_ver_flags_ttl(struct nsh_header *h, uint8_t flags, uint8_t ttl)
{
    uint16_t size = ntohs(h->ver_flags_ttl_len) & 0x3f;

    h->ver_flags_ttl_len = htons((flags & 3) << 12 | (ttl & 0x3f) << 6
                                 | size);
}

bool
dp_nsh_push(struct packet *p, const struct nlattr *nsh)
{
    const struct ovs_nsh_key_base *base;
    const struct nlattr *metadata;
    struct nsh_header *h;
    struct parts parts;
    size_t size;

    find_parts(nsh, &parts);
    base = base_of(&parts);
    metadata = base->mdtype == NSH_MD_TYPE1 ? parts.md1 : parts.md2;
    size = NSH_BASE_SIZE + (metadata ? nlattr_size(metadata) : 0);
    h = packet_push(p, size);
    if (!h) {
        return false;
    }
    h->ver_flags_ttl_len = htons(size / 4);
    set_ver_flags_ttl(h, base->flags, base->ttl);
    h->mdtype = base->mdtype;
    h->np = base->np;
    h->path_hdr = base->path_hdr;
    if (metadata) {
        memcpy(h->context, nlattr_payload(metadata), nlattr_size(metadata));
    }
    p->packet_type = PACKET_TYPE_NSH;
    packet_reset_offsets(p);
    p->l3_ofs = 0;
    return true;
}

bool
dp_nsh_pop(struct packet *p)
{
    const struct nsh_header *h = (const void *) p->data;
    uint32_t inner;
    size_t size;

    if (p->packet_type != PACKET_TYPE_NSH || p->size < NSH_BASE_SIZE) {
        return false;
    }
    size = nsh_header_size(h);
    inner = nsh_inner_packet_type(h->np);
    if (!size || size > p->size || inner == PACKET_TYPE_UNKNOWN) {
        return false;
    }
    packet_pop(p, size);
    packet_reset_offsets(p);
    p->packet_type = inner;
    return true;
}

/* 'current' with the bits of 'mask' from 'value'. */
static be32
merge32(be32 current, be32 value, be32 mask)
{
    return (current & ~mask) | (value & mask);
}

static void
set_base(struct nsh_header *h, const struct nlattr *a, bool masked)
{
    static const struct ovs_nsh_key_base exact = {
        .flags = UINT8_MAX, .ttl = UINT8_MAX, .path_hdr = UINT32_MAX,
    };
    const struct ovs_nsh_key_base *value = nlattr_payload(a);
    const struct ovs_nsh_key_base *mask = masked ? value + 1 : &exact;
    uint16_t word = ntohs(h->ver_flags_ttl_len);
    uint8_t flags = word >> 12 & 3, ttl = word >> 6 & 0x3f;

    set_ver_flags_ttl(h, (flags & ~mask->flags) | (value->flags & mask->flags),
                      (ttl & ~mask->ttl) | (value->ttl & mask->ttl));
    h->path_hdr = merge32(h->path_hdr, value->path_hdr, mask->path_hdr);
}

static void
set_context(struct nsh_header *h, const struct nlattr *a, bool masked)
{
    const uint8_t *value = nlattr_payload(a);

    for (size_t i = 0; i < ARRAY_SIZE(h->context); i++) {
        be32 mask = masked ? get_be32(value + CONTEXT_SIZE + 4 * i)
                    : UINT32_MAX;

        h->context[i] = merge32(h->context[i], get_be32(value + 4 * i), mask);
    }
}

void
dp_nsh_set(struct packet *p, const struct nlattr *nsh, bool masked)
{
    struct nsh_header *h = packet_l3(p);
    struct parts parts;

    if (!h || p->size - p->l3_ofs < NSH_BASE_SIZE
        || (p->packet_type != PACKET_TYPE_NSH
            && (!p->l3_ofs || get_be16((const uint8_t *) h - 2)
                              != htons(ETH_TYPE_NSH)))) {
        return;
    }
    find_parts(nsh, &parts);
    if (parts.base) {
        set_base(h, parts.base, masked);
    }
    if (parts.md1 && h->mdtype == NSH_MD_TYPE1
        && nsh_header_size(h) == sizeof *h
        && p->size - p->l3_ofs >= sizeof *h) {
        set_context(h, parts.md1, masked);
    }
}
