/* SPDX-License-Identifier: Apache-2.0 */
/* Tunnel packets, whole, through a datapath: the input is a packet on its way
 * to the host, which is taken for one of a tunnel and taken apart; what is
 * inside is sent into another tunnel, and so made into tunnel packets again,
 * which end at a dummy port.
 *
 * The first byte chooses the tunnel and offloads, two more the size of
 * segments; the rest is what follows the outer IP (or UDP) header.  BFD control
 * packets, which come by tunnels, are read too. */

#include <linux/openvswitch.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/netlink/attr.h"
#include "lib/packet/compose.h"
#include "lib/packet/packet.h"
#include "lib/runtime/rcu.h"
#include "vswitch/dpif/dpif.h"
#include "vswitch/dpif/underlay.h"
#include "vswitch/netdev/netdev.h"
#include "vswitch/protocols/bfd.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const char *const types[] = { "geneve", "vxlan", "gre" };
static const uint16_t dst_ports[] = { 6081, 4789, 0 };

static struct dpif *dpif;
static struct eth_addr mac;
static odp_port_t local, tunnels[3];
static struct bfd *bfd;
static struct in6_addr own, other;

static void
must(struct error *error)
{
    if (error) {
        abort_msg("%s", error_message(error));
    }
}

/* What comes out of one tunnel goes into the next. */
static void
handle(struct dpif_upcall *upcalls, size_t n, void *aux UNUSED)
{
    for (size_t i = 0; i < n; i++) {
        struct dpif_upcall *u = &upcalls[i];
        size_t set, tunnel;
        struct nlbuf b;

        if (u->type != DPIF_UC_MISS || u->key->in_port < tunnels[0]
            || u->key->in_port > tunnels[2]) {
            continue;
        }
        nlbuf_use(&b, u->reply->actions, u->reply->actions_room);
        set = nlbuf_begin_nested(&b, OVS_ACTION_ATTR_SET);
        tunnel = nlbuf_begin_nested(&b, OVS_KEY_ATTR_TUNNEL);
        nlbuf_put_u64(&b, OVS_TUNNEL_KEY_ATTR_ID, htonll(5));
        if (u->key->tunnel.ttl & 1) {
            nlbuf_put_flag(&b, OVS_TUNNEL_KEY_ATTR_CSUM);
        }
        nlbuf_put_u32(&b, OVS_TUNNEL_KEY_ATTR_IPV4_DST,
                      in6_addr_get_ipv4(&other));
        nlbuf_put_u8(&b, OVS_TUNNEL_KEY_ATTR_TTL, 64);
        nlbuf_end_nested(&b, tunnel);
        nlbuf_end_nested(&b, set);
        nlbuf_put_u32(&b, OVS_ACTION_ATTR_OUTPUT,
                      tunnels[(u->key->in_port - tunnels[0] + 1) % 3]);
        u->reply->actions_size = b.size;
    }
}

static void
set_up(void)
{
    static const struct dpif_upcall_handler handler = { .handle = handle };
    struct underlay_route route = { .plen = 120, .device = "br0" };
    struct smap config = SMAP_INITIALIZER(&config);
    struct bfd_config bfd_config;

    rcu_register_thread();
    netdev_dummy_enable(NULL);
    own = in6_addr_from_ipv4(htonl(0x0a000001));
    other = in6_addr_from_ipv4(htonl(0x0a000002));
    must(dpif_open("dummy", "br0", true, &dpif));
    local = 0;
    if (netdev_dummy_add_address("br0", &own, 24)) {
        abort_msg("cannot add an address");
    }
    netdev_get_etheraddr(netdev_find("br0"), &mac);
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        tunnels[i] = ODPP_NONE;
        must(dpif_port_add(dpif, types[i], types[i], NULL, &tunnels[i]));
    }
    route.dst = other;
    must(underlay_route_add(&route));
    underlay_neighbour_set("br0", &other, mac);
    dpif_set_upcall_handler(dpif, &handler);
    smap_set(&config, "enable", "true");
    bfd_config_parse(&config, &bfd_config);
    smap_uninit(&config);
    bfd = bfd_create("fuzz", &bfd_config, 1);
}

/* A packet for tunnel 'which', with 'payload' behind its outer headers. */
static struct packet *
make_packet(unsigned int which, bool is_train, uint16_t segment_size,
            const uint8_t *payload, size_t size)
{
    struct packet *p = packet_alloc(PACKET_SMALL);

    if (dst_ports[which]) {
        compose_udp4(p, mac, mac, in6_addr_get_ipv4(&other),
                     in6_addr_get_ipv4(&own), payload[0], 1000,
                     dst_ports[which], payload, size);
        if (is_train && segment_size) {
            p->gso_type = PACKET_GSO_UDP;
            p->gso_size = segment_size;
            p->flags = PACKET_F_CSUM_PARTIAL;
            p->csum_start = p->l4_ofs;
            p->csum_offset = 6;
        }
    } else {
        compose_eth(p, mac, mac, ETH_TYPE_IPV4);
        compose_ipv4(p, in6_addr_get_ipv4(&other), in6_addr_get_ipv4(&own),
                     IPPROTO_GRE, 0, 64, size);
        packet_put_bytes(p, payload, size);
    }
    return p;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t actions[16] __attribute__((__aligned__(8)));
    struct packet *p;
    struct nlbuf b;

    if (!dpif) {
        set_up();
    }
    if (size < 5 || size > 1500) {
        return 0;
    }
    bfd_receive(bfd, data, size, 2);
    bfd_run(bfd, size, 3);
    p = make_packet(data[0] % 3, data[0] & 0x40, data[1] << 8 | data[2],
                    data + 3, size - 3);
    nlbuf_use(&b, actions, sizeof actions);
    nlbuf_put_u32(&b, OVS_ACTION_ATTR_OUTPUT, local);
    dpif_execute(dpif, p, NULL, b.data, b.size);
    packet_free(p);
    return 0;
}
