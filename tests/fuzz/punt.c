/* SPDX-License-Identifier: Apache-2.0 */

/* Packets that come up to ovn-controller: the first byte chooses the
 * operation, the second how many bytes of options or actions follow; the rest
 * is the packet.  Operation 0 takes the bytes as raw userdata. */

#include <stdlib.h>
#include <string.h>

#include "controller/punt/dns.h"
#include "controller/punt/testing.h"
#include "lib/flow/extract.h"
#include "lib/logical/ovn_symbols.h"
#include "lib/runtime/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* There are no rows here: DNS questions are asked of this instead. */
static const char *
find_any(const char *name, bool *ret_owned, void *aux UNUSED)
{
    *ret_owned = name[0] == 'o';
    return name[0] == 'p' ? "vm1.example" : "10.0.0.5 fd00::5, x";
}

static void
ask_dns(struct packet *packet)
{
    struct flow flow;

    flow_extract(packet, &flow);
    if (flow.nw_proto == IPPROTO_UDP && packet_l4(packet)) {
        packet_free(dns_reply(packet, find_any, NULL));
    }
}

static void
drain(void)
{
    struct punt_sent sent;

    while (punt_bench_take(&sent)) {
        assert(sent.packet->size);
        punt_sent_uninit(&sent);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct punt_bench bench;
    static bool is_ready;
    struct flow metadata = { .metadata = htonll(1) };
    struct punt punt = { .pause = true };
    struct packet *packet;
    size_t n;

    if (!is_ready) {
        clock_stop();
        punt_bench_init(&bench);
        is_ready = true;
    }
    if (size < 2 || size > 4096 || size - 2 < data[1]) {
        return 0;
    }
    /* No rate is ever reached. */
    clock_warp(1000);
    metadata.regs[LOG_REG_OUTPORT] = 1;
    n = data[1];
    packet = packet_from_bytes(data + 2 + n, size - 2 - n);
    punt.op = data[0] % N_PUNT_OPS;
    punt.options = punt.actions = data + 2;
    punt.options_size = punt.actions_size = n;
    punt.args[0] = (struct punt_bits) { BASE_XXREG3, 0, 32 };
    punt.args[1] = (struct punt_bits) { BASE_IP6_SRC, 0, 128 };
    punt.args[2] = (struct punt_bits) { BASE_ETH_SRC, 0, 48 };
    punt.dst = (struct punt_bits) { BASE_XXREG0, 99, 1 };
    if (punt.op) {
        punt_bench_feed(&bench, &punt, &metadata, packet);
    } else {
        punt_bench_feed_raw(&bench, data + 2, n, &metadata, packet->data,
                            packet->size);
    }
    if (punt.op == PUNT_DNS_LOOKUP) {
        ask_dns(packet);
    }
    packet_free(packet);
    drain();
    return 0;
}
