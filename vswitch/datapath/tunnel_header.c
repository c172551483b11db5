/* SPDX-License-Identifier: Apache-2.0 */
#include "vswitch/datapath/tunnel_header.h"

#include "lib/packet/checksum.h"

/* The inner protocol: Ethernet, or IP without it. */
static bool
set_packet_type(struct packet *p, be16 protocol)
{
    if (protocol == htons(ETH_TYPE_TEB)) {
        p->packet_type = 0;
        return p->size >= ETH_HEADER_SIZE;
    }
    if (protocol == htons(ETH_TYPE_IPV4) || protocol == htons(ETH_TYPE_IPV6)) {
        p->packet_type = UINT32_C(1) << 16 | ntohs(protocol);
        return true;
    }
    return false;
}

static be16
inner_protocol(const struct packet *p)
{
    return p->packet_type ? htons(p->packet_type & 0xffff)
           : htons(ETH_TYPE_TEB);
}

static be32
vni_from_id(be64 tun_id)
{
    return htonl((uint32_t) (ntohll(tun_id) & 0xffffff) << 8);
}

/* Whether the options fill their space exactly. */
static bool
geneve_options_ok(const uint8_t *p, size_t left)
{
    while (left) {
        size_t size;

        if (left < sizeof(struct geneve_option)) {
            return false;
        }
        size = sizeof(struct geneve_option) + (p[3] & 0x1f) * 4;
        if (size > left) {
            return false;
        }
        p += size;
        left -= size;
    }
    return true;
}

static bool
geneve_pop(struct packet *p, struct flow_tunnel *t, bool gbp UNUSED)
{
    const struct geneve_header *h = (const void *) p->data;
    size_t opts_size;
    be16 protocol;

    if (p->size < sizeof *h) {
        return false;
    }
    opts_size = (h->ver_opt_size & 0x3f) * 4;
    protocol = h->protocol;
    if (h->ver_opt_size >> 6 || p->size < sizeof *h + opts_size
        || !geneve_options_ok(p->data + sizeof *h, opts_size)) {
        return false;
    }
    t->tun_id = htonll(ntohl(h->vni) >> 8);
    t->flags = FLOW_TNL_F_KEY | FLOW_TNL_F_UDPIF;
    if (h->flags & GENEVE_FLAG_OAM) {
        t->flags |= FLOW_TNL_F_OAM;
    }
    t->opts_size = opts_size;
    memcpy(t->opts, p->data + sizeof *h, opts_size);
    packet_pop(p, sizeof *h + opts_size);
    return set_packet_type(p, protocol);
}

static size_t
geneve_build(const struct packet *p, const struct flow_tunnel *t,
             bool gbp UNUSED, uint8_t *header)
{
    struct geneve_header *h = (void *) header;
    bool has_opts = t->flags & FLOW_TNL_F_UDPIF;
    size_t opts_size = has_opts ? t->opts_size : 0;

    *h = (struct geneve_header) {
        .ver_opt_size = opts_size / 4,
        .flags = t->flags & FLOW_TNL_F_OAM ? GENEVE_FLAG_OAM : 0,
        .protocol = inner_protocol(p),
        .vni = vni_from_id(t->tun_id),
    };
    memcpy(h + 1, t->opts, opts_size);
    for (size_t i = 0; i + sizeof(struct geneve_option) <= opts_size;
         i += sizeof(struct geneve_option) + (t->opts[i + 3] & 0x1f) * 4) {
        if (t->opts[i + 2] & 0x80) {
            h->flags |= GENEVE_FLAG_CRITICAL;
        }
    }
    return sizeof *h + opts_size;
}

static bool
vxlan_pop(struct packet *p, struct flow_tunnel *t, bool gbp)
{
    const struct vxlan_header *h = (const void *) p->data;
    uint32_t flags;

    if (p->size < sizeof *h) {
        return false;
    }
    flags = ntohl(h->flags);
    if (!(flags & VXLAN_FLAG_VNI)) {
        return false;
    }
    t->tun_id = htonll(ntohl(h->vni) >> 8);
    t->flags = FLOW_TNL_F_KEY;
    if (gbp && flags & VXLAN_FLAG_GBP) {
        t->gbp_id = htons(flags & 0xffff);
        t->gbp_flags = flags >> 16 & 0x48;   /* "Do not learn", "applied". */
    }
    packet_pop(p, sizeof *h);
    return set_packet_type(p, htons(ETH_TYPE_TEB));
}

static size_t
vxlan_build(const struct packet *p UNUSED, const struct flow_tunnel *t,
            bool gbp, uint8_t *header)
{
    struct vxlan_header *h = (void *) header;
    uint32_t flags = VXLAN_FLAG_VNI;

    if (gbp && (t->gbp_id || t->gbp_flags)) {
        flags |= VXLAN_FLAG_GBP | (uint32_t) (t->gbp_flags & 0x48) << 16
                 | ntohs(t->gbp_id);
    }
    h->flags = htonl(flags);
    h->vni = vni_from_id(t->tun_id);
    return sizeof *h;
}

static bool
gre_pop(struct packet *p, struct flow_tunnel *t, bool gbp UNUSED)
{
    const struct gre_header *h = (const void *) p->data;
    size_t size = sizeof *h;
    uint16_t flags;
    be16 protocol;

    if (p->size < sizeof *h) {
        return false;
    }
    flags = ntohs(h->flags);
    protocol = h->protocol;
    if (flags & (GRE_FLAG_ROUTING | GRE_VERSION_MASK)) {
        return false;
    }
    size += (flags & GRE_FLAG_CSUM ? 4 : 0) + (flags & GRE_FLAG_KEY ? 4 : 0)
            + (flags & GRE_FLAG_SEQ ? 4 : 0);
    if (p->size < size) {
        return false;
    }
    if (flags & GRE_FLAG_CSUM) {
        if (csum(p->data, p->size)) {
            return false;
        }
        t->flags |= FLOW_TNL_F_CSUM;
    }
    if (flags & GRE_FLAG_KEY) {
        t->flags |= FLOW_TNL_F_KEY;
        t->tun_id = htonll(ntohl(get_be32(p->data + sizeof *h
                                          + (flags & GRE_FLAG_CSUM ? 4 : 0))));
    }
    packet_pop(p, size);
    return set_packet_type(p, protocol);
}

static size_t
gre_build(const struct packet *p, const struct flow_tunnel *t,
          bool gbp UNUSED, uint8_t *header)
{
    struct gre_header *h = (void *) header;
    size_t size = sizeof *h;
    uint16_t flags = 0;

    if (t->flags & FLOW_TNL_F_CSUM) {
        flags |= GRE_FLAG_CSUM;
        put_be32(header + size, 0);      /* For gre_finish(). */
        size += 4;
    }
    if (t->flags & FLOW_TNL_F_KEY) {
        flags |= GRE_FLAG_KEY;
        put_be32(header + size, htonl(ntohll(t->tun_id)));
        size += 4;
    }
    h->flags = htons(flags);
    h->protocol = inner_protocol(p);
    return size;
}

static void
gre_finish(uint8_t *header, size_t size)
{
    if (get_be16(header) & htons(GRE_FLAG_CSUM)) {
        put_be16(header + sizeof(struct gre_header), csum(header, size));
    }
}

static const struct tunnel_class classes[] = {
    { "geneve", true, GENEVE_DST_PORT, geneve_pop, geneve_build, NULL },
    { "vxlan", true, VXLAN_DST_PORT, vxlan_pop, vxlan_build, NULL },
    { "gre", false, 0, gre_pop, gre_build, gre_finish },
};

const struct tunnel_class *
tunnel_class_find(const char *type)
{
    for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
        if (!strcmp(classes[i].type, type)) {
            return &classes[i];
        }
    }
    return NULL;
}
