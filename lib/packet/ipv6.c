/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/packet/ipv6.h"

static bool
is_extension(uint8_t proto)
{
    return (proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING
            || proto == IPPROTO_DSTOPTS || proto == IPPROTO_AH
            || proto == IPPROTO_FRAGMENT);
}

bool
ipv6_find_transport(const uint8_t *l3, size_t size, struct ipv6_transport *t)
{
    const struct ipv6_header *ip = (const void *) l3;

    if (size < sizeof *ip) {
        return false;
    }
    *t = (struct ipv6_transport) { .offset = sizeof *ip, .proto = ip->next };
    while (is_extension(t->proto)) {
        const uint8_t *ext = l3 + t->offset;
        size_t ext_size;

        if (size - t->offset < 8) {
            return false;
        }
        if (t->proto == IPPROTO_FRAGMENT) {
            uint16_t offset_more = ntohs(get_be16(ext + 2));

            ext_size = 8;
            t->is_fragment |= offset_more & 0xfff9;
            if (offset_more & 0xfff8) {
                t->proto = ext[0];
                t->offset += ext_size;
                return true;
            }
        } else if (t->proto == IPPROTO_AH) {
            ext_size = (ext[1] + 2) * 4;
        } else {
            ext_size = (ext[1] + 1) * 8;
            t->is_routed |= t->proto == IPPROTO_ROUTING && ext[3];
        }
        if (ext_size > size - t->offset) {
            return false;
        }
        t->proto = ext[0];
        t->offset += ext_size;
    }
    return true;
}

bool
ipv6_find_unfragmentable(const uint8_t *l3, size_t size, size_t *end,
                         size_t *next_ofs)
{
    size_t at = IPV6_HEADER_SIZE;
    size_t name = offsetof(struct ipv6_header, next);
    uint8_t proto;

    if (size < at) {
        return false;
    }
    *end = at;
    *next_ofs = name;
    proto = l3[name];
    while (proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING
           || proto == IPPROTO_DSTOPTS) {
        uint8_t this_proto = proto;
        size_t ext_size;

        if (size - at < 8) {
            return false;
        }
        ext_size = (l3[at + 1] + 1) * 8;
        if (ext_size > size - at) {
            return false;
        }
        proto = l3[at];
        name = at;
        at += ext_size;
        if (this_proto != IPPROTO_DSTOPTS) {
            *end = at;
            *next_ofs = name;
        }
    }
    if (proto == IPPROTO_FRAGMENT) {
        /* What is there to say where the sender cut. */
        *end = at;
        *next_ofs = name;
    }
    return true;
}
