/* SPDX-License-Identifier: Apache-2.0 */
/* The handlers' thread beside a switch that the test plays: it works while the
 * main loop does not turn, and hands over what it learned once it does. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "controller/install/messages.h"
#include "controller/program.h"
#include "controller/punt/queues.h"
#include "controller/punt/testing.h"
#include "controller/testing.h"
#include "lib/logical/ovn_symbols.h"
#include "lib/openflow/flow_mod.h"
#include "lib/openflow/session_msg.h"
#include "lib/packet/compose.h"
#include "lib/packet/headers.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/loop.h"

static const struct eth_addr client = { { 2, 0, 0, 0, 0, 1 } };
static const struct eth_addr server = { { 2, 0, 0, 0, 0, 2 } };

/* ## The switch ## */

static char folder[] = "/tmp/punt-XXXXXX";
static struct sockaddr_un address = { .sun_family = AF_UNIX };
static int listener;

/* One connection; 'in' is what came and was not looked at yet. */
struct peer {
    int fd;
    uint8_t in[65536];
    size_t n;
};

/* Waits for a whole message, which replaces the one before. */
static struct ofmsg
receive(struct peer *peer, size_t *consumed)
{
    struct ofmsg msg;
    ssize_t n;

    memmove(peer->in, peer->in + *consumed, peer->n - *consumed);
    peer->n -= *consumed;
    while (peer->n < 8 || peer->n < ofmsg_length(peer->in)) {
        n = read(peer->fd, peer->in + peer->n, sizeof peer->in - peer->n);
        assert_true(n > 0);
        peer->n += n;
    }
    *consumed = ofmsg_length(peer->in);
    assert_int_equal(ofmsg_decode(peer->in, *consumed, &msg), 0);
    return msg;
}

static void
transmit(const struct peer *peer, struct buf *b)
{
    assert_int_equal(write(peer->fd, b->data, b->size), b->size);
    buf_destroy(b);
}

/* Accepts a connection and brings it to where packets come up. */
static void
open_connection(struct peer *peer, size_t *consumed)
{
    *consumed = 0;
    peer->n = 0;
    peer->fd = accept(listener, NULL, NULL);
    assert_true(peer->fd >= 0);
    assert_int_equal(receive(peer, consumed).type, OFMSG_HELLO);
    transmit(peer, hello_encode(OFP_VERSION_BIT(MESSAGES_OF_VERSION)));
    assert_int_equal(receive(peer, consumed).type,
                     OFMSG_SET_PACKET_IN_FORMAT);
    assert_int_equal(receive(peer, consumed).type, OFMSG_SET_CONFIG);
}

static int
make_listener(void **state UNUSED)
{
    assert_non_null(mkdtemp(folder));
    setenv("OVS_RUNDIR", folder, 1);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/br0.mgmt",
             folder);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *) &address,
                          sizeof address), 0);
    assert_int_equal(listen(listener, 4), 0);
    return 0;
}

static int
remove_listener(void **state UNUSED)
{
    close(listener);
    unlink(address.sun_path);
    rmdir(folder);
    return 0;
}

/* ## What it asks ## */

static struct buf *
ask(const struct punt *punt, const struct packet *packet)
{
    struct flow metadata = { .metadata = htonll(7) };
    struct buf userdata = BUF_EMPTY, *b;

    metadata.regs[LOG_REG_INPORT] = 3;
    punt_encode(punt, &userdata);
    b = punt_bench_encode(userdata.data, userdata.size, &metadata,
                          packet->data, packet->size);
    buf_uninit(&userdata);
    return b;
}

/* A packet whose next hop is to be asked for. */
static struct buf *
ask_arp(void)
{
    const struct punt punt = { .op = PUNT_ARP };
    struct packet *p = packet_alloc(PACKET_SMALL);
    struct buf *b;

    compose_eth(p, server, client, ETH_TYPE_IPV4);
    compose_ipv4(p, htonl(0x0a000001), htonl(0x0a000002), IPPROTO_UDP, 0, 64,
                 0);
    b = ask(&punt, p);
    packet_free(p);
    return b;
}

/* put_arp(inport, arp.spa, arp.sha). */
static struct buf *
ask_put_arp(void)
{
    const struct punt punt = {
        .op = PUNT_PUT_MAC_BINDING,
        .args = { { BASE_XXREG3, 32, 32 }, { BASE_NW_SRC, 0, 32 },
                  { BASE_ARP_SHA, 0, 48 } },
    };
    struct packet *p = packet_alloc(PACKET_SMALL);
    struct buf *b;

    compose_arp(p, ARP_OP_REPLY, server, client, false, htonl(0x0a000002),
                htonl(0x0a000001));
    b = ask(&punt, p);
    packet_free(p);
    return b;
}

static void
test_works_while_the_main_loop_does_not(void **state UNUSED)
{
    struct punt_bench bench;
    struct peer peer;
    size_t consumed;

    punt_bench_init(&bench);
    punter_set_bridge(bench.punter, "br0");
    open_connection(&peer, &consumed);
    for (int i = 0; i < 3; i++) {
        transmit(&peer, ask_arp());
        assert_int_equal(receive(&peer, &consumed).type, OFMSG_PACKET_OUT);
    }
    transmit(&peer, echo_request_create(MESSAGES_OF_VERSION));
    assert_int_equal(receive(&peer, &consumed).type, OFMSG_ECHO_REPLY);

    /* After it has lost the switch, or was told of another one. */
    close(peer.fd);
    open_connection(&peer, &consumed);
    transmit(&peer, ask_arp());
    assert_int_equal(receive(&peer, &consumed).type, OFMSG_PACKET_OUT);
    punter_set_bridge(bench.punter, NULL);
    assert_int_equal(read(peer.fd, peer.in, 1), 0);
    close(peer.fd);
    punter_set_bridge(bench.punter, "br0");
    open_connection(&peer, &consumed);

    assert_int_equal(bench.n_wakes, 0);
    while (!bench.n_wakes) {
        loop_turn(true);                 /* Packets wait: is the hop known? */
    }
    punter_run(bench.punter);
    bench.n_wakes = 0;
    transmit(&peer, ask_put_arp());
    while (!bench.n_wakes) {
        loop_turn(true);
    }
    /* Before the thread could connect anew, to whom nobody would answer. */
    punt_bench_uninit(&bench);
    close(peer.fd);
}

/* ## What nobody asks for ## */

static void
count(void *n_wakes)
{
    ++*(unsigned int *) n_wakes;
}

/* A VIF here, on a switch with a physical network, and whose learned addresses
 * age. */
static void
set_rows(struct bench *b)
{
    bench_settings(b, "['ovn-bridge-mappings','phys:br-ex'],");
    bench_set(b, "Datapath_Binding", 1, "'tunnel_key':7,'external_ids':"
              "['map',[['mac_binding_age_threshold','4'],"
              "['fdb_age_threshold','100']]]");
    bench_set(b, "Port_Binding", 11, "'logical_port':'p','tunnel_key':3,"
              "'datapath':@1,'mac':'02:00:00:00:00:01 10.0.0.1'");
    bench_set(b, "Port_Binding", 12, "'logical_port':'ln','tunnel_key':4,"
              "'type':'localnet','datapath':@1,"
              "'options':['map',[['network_name','phys']]]");
    bench_interface(b, 5, "'name':'v','ofport':5,"
                    "'external_ids':['map',[['iface-id','p']]]", "");
    bench_run(b);
}

/* The flow of a learned address that was used. */
static void
tell_use(const struct peer *peer, const struct ofmsg *request)
{
    struct flow_stats stats = {
        .table_id = OF_TABLE_MAC_CACHE_USE, .priority = 100,
        .n_packets = 3, .n_bytes = 300, .idle_age_s = 1, .hard_age_s = 1,
    };
    struct list replies = LIST_INITIALIZER(&replies);
    struct multipart mp;
    struct buf *b;

    match_init(&stats.match);
    match_set_metadata(&stats.match, 7);
    match_set_reg(&stats.match, LOG_REG_INPORT, 3);
    match_set_dl_type(&stats.match, ETH_TYPE_IPV4);
    match_set_u64(&stats.match, FIELD_IPV4_SRC, 0x0a000002);
    multipart_init(&mp, request, &replies);
    flow_stats_append(&mp, &stats, NULL);
    multipart_finish(&mp);
    LIST_FOR_EACH_SAFE (b, node, &replies) {
        transmit(peer, b);
    }
}

static void
test_sends_unasked_while_the_main_loop_does_not_turn(void **state)
{
    unsigned int n_wakes = 0, n_announced = 0, n_asked = 0;
    struct punter *punter;
    struct peer peer;
    struct bench *b;
    size_t consumed;

    bench_setup(state);
    b = *state;
    punter = punter_create(&b->controller, NULL, count, &n_wakes);
    punter_set_bridge(punter, "br0");
    open_connection(&peer, &consumed);
    set_rows(b);
    punter_run(punter);
    while (n_announced < 2 || n_asked < 3) {
        struct ofmsg msg = receive(&peer, &consumed);

        n_announced += msg.type == OFMSG_PACKET_OUT;
        if (msg.type == OFMSG_FLOW_STATS_REQUEST) {
            n_asked++;
            tell_use(&peer, &msg);
        }
    }
    assert_int_equal(n_wakes, 0);
    while (!n_wakes) {
        loop_turn(true);
    }
    punter_destroy(punter);
    bench_teardown(state);
    close(peer.fd);
}

/* ## Queues ## */

static void
test_flood_of_one_kind_leaves_room_for_others(void **state UNUSED)
{
    uint64_t before = counter_read("pinctrl_overflow_arp");
    struct queues q;
    struct buf *b;

    queues_init(&q);
    for (int i = 0; i < 300; i++) {
        queues_put(&q, PUNT_ARP, "a", 1);
    }
    assert_int_equal(counter_read("pinctrl_overflow_arp") - before,
                     300 - q.n);
    assert_true(q.n < 300);
    queues_put(&q, PUNT_DNS_LOOKUP, "d", 1);
    b = queues_take(&q);
    if (b->data[0] == 'a') {             /* One of them, at most. */
        buf_destroy(b);
        b = queues_take(&q);
    }
    assert_int_equal(b->data[0], 'd');
    buf_destroy(b);
    queues_uninit(&q);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_works_while_the_main_loop_does_not),
        cmocka_unit_test(test_sends_unasked_while_the_main_loop_does_not_turn),
        cmocka_unit_test(test_flood_of_one_kind_leaves_room_for_others),
    };

    return cmocka_run_group_tests_name("controller_punt_thread", tests,
                                       make_listener, remove_listener);
}
