/* SPDX-License-Identifier: Apache-2.0 */
/* Packets: key extraction, cutting and putting together, tunnel headers.  The
 * first byte chooses; the rest is the packet, in memory of exactly its size so
 * that reading past its end is seen. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "lib/flow/extract.h"
#include "lib/packet/checksum.h"
#include "lib/packet/gro.h"
#include "lib/packet/gso.h"
#include "vswitch/datapath/tunnel_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
fuzz_extract(uint8_t *data, size_t size)
{
    struct flow_key_full key;
    struct packet p, *back;
    struct flow flow, again;

    packet_use(&p, data, size, data, size);
    flow_key_extract(&p, &key);
    if ((p.l3_ofs != PACKET_NO_OFFSET && p.l3_ofs > size)
        || (p.l4_ofs != PACKET_NO_OFFSET && p.l4_ofs >= size)
        || packet_l3_size(&p) > size || packet_l4_size(&p) > size) {
        abort();
    }
    flow_key_expand(&key.key, &flow);
    if (p.l4_ofs != PACKET_NO_OFFSET) {
        packet_l4_csum_ok(&p, flow.nw_proto);
    }
    /* What was read can be written. */
    back = packet_alloc(PACKET_SMALL);
    flow_compose(back, &flow, 16);
    flow_extract(back, &again);
    packet_free(back);
}

static void
free_segment(struct packet *segment, void *n)
{
    ++*(unsigned int *) n;
    packet_free(segment);
}

static void
fuzz_gso(uint8_t *data, size_t size)
{
    struct flow_key_full key;
    unsigned int n = 0;
    struct packet p;

    if (size < 4) {
        return;
    }
    packet_use(&p, data + 3, size - 3, data + 3, size - 3);
    flow_key_extract(&p, &key);
    p.gso_type = PACKET_GSO_TCP4 + data[0] % 3;
    p.gso_size = data[1] << 8 | data[2];
    if (!packet_gso_cut(&p, free_segment, &n)
        && n != packet_gso_segments(&p)) {
        abort();
    }
}

static void
fuzz_gro(const uint8_t *data, size_t size)
{
    struct packet *a = packet_alloc(PACKET_LARGE);
    struct packet *b = packet_from_bytes(data + size / 2, size - size / 2);

    packet_put_bytes(a, data, size / 2);
    a->flags = b->flags = PACKET_F_CSUM_VALID;
    packet_gro_append(&a, b);
    packet_free(a);
    packet_free(b);
}

static void
fuzz_tunnel(const uint8_t *data, size_t size, const char *type)
{
    const struct tunnel_class *class = tunnel_class_find(type);
    struct flow_tunnel tunnel = { .dst = { .s6_addr = { 1 } } };
    struct packet *p = packet_from_bytes(data, size);
    uint8_t header[TUNNEL_MAX_HEADER];

    if (class->pop(p, &tunnel, true)) {
        class->build(p, &tunnel, true, header);
    }
    packet_free(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const tunnels[] = { "geneve", "vxlan", "gre" };
    uint8_t *copy;

    if (size < 2 || size > 2000) {
        return 0;
    }
    copy = malloc(size - 1);
    memcpy(copy, data + 1, size - 1);
    switch (data[0] % 6) {
    case 0:
        fuzz_extract(copy, size - 1);
        break;
    case 1:
        fuzz_gso(copy, size - 1);
        break;
    case 2:
        fuzz_gro(copy, size - 1);
        break;
    default:
        fuzz_tunnel(copy, size - 1, tunnels[data[0] % 6 - 3]);
        break;
    }
    free(copy);
    return 0;
}
