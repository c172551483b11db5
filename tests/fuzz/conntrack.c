/* SPDX-License-Identifier: Apache-2.0 */
/* Connection tracking: a history of packets.  Each step is a byte that chooses
 * the action, one that chooses the packet's shape, and 16 bytes that go over a
 * packet of a few connections, so that most are related to one another: also
 * lines of FTP, fragments of IPv4 and IPv6, and SCTP. */

#include <linux/openvswitch.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/flow/extract.h"
#include "lib/netlink/attr.h"
#include "lib/packet/checksum.h"
#include "lib/packet/compose.h"
#include "lib/packet/fragment.h"
#include "lib/runtime/rcu.h"
#include "vswitch/datapath/ct_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define STEP 18

enum { BACK = 4, OVERWRITE = 8, TRUNCATE = 16, FRAGMENT = 32, IPV6 = 64,
       FTP = 128 };

/* Appends a line that announces something, in the words of 'over'. */
static void
put_line(struct packet *p, bool back, const uint8_t *over)
{
    static const char *const lines[] = { "PORT 10,0,0,1,%u,%u\r\n",
                                         "EPRT |1|10.0.0.1|%u%u|\r\n" };
    static const char *const answers[] = { "227 ok (10,0,0,2,%u,%u)\r\n",
                                           "229 ok (|||%u%u|)\r\n" };
    char text[64];
    int n = snprintf(text, sizeof text,
                     (back ? answers : lines)[over[4] & 1], over[5], over[6]);

    memcpy(packet_tail(p) - 64, text, n);
}

/* Makes a fragment of a packet: 8 bytes units of offset 'units'. */
static void
make_fragment(struct packet *p, unsigned int units, bool more, uint8_t id)
{
    uint8_t *l3 = packet_l3(p);

    if (!l3) {
        return;
    }
    if (l3[0] >> 4 == 4) {
        struct ipv4_header *ip = (void *) l3;

        ip->id = htons(id);
        ip->frag_off = htons((more ? IPV4_MF : 0) | units);
        ip->csum = 0;
        ip->csum = csum(ip, MIN(ipv4_header_size(ip), packet_l3_size(p)));
    } else if (packet_l3_size(p) >= IPV6_HEADER_SIZE + 8) {
        struct ipv6_frag_header frag = {
            .next = l3[6], .offset_more = htons(units << 3 | more),
            .id = htonl(id),
        };

        l3[6] = IPPROTO_FRAGMENT;
        memcpy(l3 + IPV6_HEADER_SIZE, &frag, sizeof frag);
    }
}

static struct packet *
make_packet(uint8_t shape, const uint8_t *over)
{
    static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP,
                                      IPPROTO_SCTP };
    bool back = shape & BACK, v6 = shape & IPV6;
    uint16_t port = shape & FTP ? 21 : 80;
    struct flow flow = {
        .dl_type = htons(v6 ? ETH_TYPE_IPV6 : ETH_TYPE_IPV4),
        .nw_proto = protos[shape & 3],
        .nw_ttl = 64,
        .nw_src = htonl(back ? 0x0a000002 : 0x0a000001),
        .nw_dst = htonl(back ? 0x0a000063 : 0x0a000002),
        .ipv6_src.s6_addr = { 0xfd, [15] = back ? 2 : 1 },
        .ipv6_dst.s6_addr = { 0xfd, [15] = back ? 1 : 2 },
        .tp_src = htons(back ? port : 1000),
        .tp_dst = htons(back ? 1000 : port),
        .tcp_flags = htons(over[0] & 0x3f),
    };
    struct packet *p = packet_alloc(PACKET_SMALL);

    if (flow.nw_proto == IPPROTO_ICMP) {
        flow.nw_proto = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
        flow.tp_src = htons(over[1] % 16);
        flow.tp_dst = 0;
    }
    flow_compose(p, &flow, shape & FRAGMENT ? 1400 : 80);
    p->flags = PACKET_F_CSUM_VALID;
    if (shape & FTP) {
        put_line(p, back, over);
    }
    if (shape & FRAGMENT) {
        make_fragment(p, over[7] % 4 * 160, over[8] & 1, over[8] >> 6);
        p->md.in_port = over[9] % 5;
    }
    if (shape & OVERWRITE) {
        size_t at = over[2] % (p->size - 14);

        memcpy(p->data + 14 + at, over + 3, MIN(13, p->size - 14 - at));
    }
    if (shape & TRUNCATE) {
        packet_truncate(p, 14 + over[3] % (p->size - 14));
    }
    return p;
}

static void
put_action(struct nlbuf *b, uint8_t what)
{
    size_t ct = nlbuf_begin_nested(b, OVS_ACTION_ATTR_CT);

    nlbuf_put_u16(b, OVS_CT_ATTR_ZONE, 1);
    if (what & 1) {
        nlbuf_put_flag(b, what & 2 ? OVS_CT_ATTR_FORCE_COMMIT
                       : OVS_CT_ATTR_COMMIT);
    }
    if (what & 8) {
        nlbuf_put(b, OVS_CT_ATTR_HELPER, what & 16 ? "tftp" : "ftp",
                  what & 16 ? 5 : 4);
    }
    if (what & 4) {
        size_t nat = nlbuf_begin_nested(b, OVS_CT_ATTR_NAT);

        if (what & 1) {
            nlbuf_put_flag(b, OVS_NAT_ATTR_SRC);
            nlbuf_put_u32(b, OVS_NAT_ATTR_IP_MIN, htonl(0x0a000063));
        }
        nlbuf_end_nested(b, nat);
    }
    nlbuf_end_nested(b, ct);
}

static void
drop(struct packet *p, void *aux UNUSED)
{
    packet_free(p);
}

static void
step(struct conntrack *ct, const uint8_t *data, int64_t now_ms)
{
    struct packet *p = make_packet(data[1], data + 2);
    struct packet_batch batch = { .n = 1, .packets = { p } };
    struct nlbuf b = NLBUF_EMPTY;
    struct flow_key_full key;

    flow_key_extract(p, &key);
    put_action(&b, data[0]);
    if (!conntrack_action_valid((const void *) b.data)) {
        abort();
    }
    conntrack_run(ct, &batch, (const void *) b.data, now_ms);
    nlbuf_uninit(&b);
    for (uint32_t i = 0; i < batch.n; i++) {
        p = batch.packets[i];
        flow_key_extract(p, &key);
        if (p->mru && packet_exceeds(p, p->mru)) {
            packet_fragment_cut(p, p->fragment_id, p->mru, drop, NULL);
        }
        packet_free(p);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool registered;
    static struct conntrack *ct;
    struct ipf_status status;
    int64_t now_ms = 1000;

    if (!registered) {
        rcu_register_thread();
        ct = conntrack_create();
        registered = true;
    }
    rcu_read_lock();
    for (; size >= STEP; size -= STEP, data += STEP) {
        step(ct, data, now_ms);
        now_ms += data[1] * 100;
    }
    rcu_read_unlock();
    /* Every history begins with an empty table. */
    for (int i = 0; i < CONNTRACK_SWEEPS; i++) {
        conntrack_sweep(ct, INT64_MAX / 2);
    }
    ipf_get_status(ct->ipf, &status);
    if (ct->n_conns || status.n_fragments) {
        abort();
    }
    return 0;
}
