/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/punt/announce.h"

#include <stdlib.h>
#include <string.h>

#include "controller/binding/names.h"
#include "controller/program.h"
#include "controller/punt/schedule.h"
#include "controller/punt/send.h"
#include "lib/base/alloc.h"
#include "lib/logical/addresses.h"
#include "lib/packet/compose.h"
#include "lib/packet/headers.h"
#include "lib/runtime/counter.h"
#include "lib/schema/sb_tracked.h"

COUNTER(pinctrl_announced);
COUNTER(pinctrl_announce_postponed);
COUNTER(pinctrl_announce_refused);

#define FIRST_PAUSE_MS INT64_C(1000)
#define MAX_DOUBLINGS 20
#define MAX_PAUSE_S (24 * 60 * 60)
#define N_ANNOUNCEMENTS 4        /* Unless there is a longest pause. */
#define RARP_OP_REQUEST_REVERSE 3

/* ## Which addresses ## */

static void
emit_address(struct incr_ctx *ctx, const struct port_fact *port,
             struct eth_addr mac, const struct in6_addr *ip)
{
    struct announce_key key = { .dp_key = port->dp_key,
                                .port_key = port->port_key, .mac = mac };

    if (ip) {
        key.ip = *ip;
    }
    incr_emit(ctx, FACT_ANNOUNCE, &key, sizeof key, NULL, 0);
}

/* Emits the addresses of "MAC [IP]...", the MAC alone if no IPv4 address is
 * there to say where it is. */
static void
emit_addresses(struct incr_ctx *ctx, const struct port_fact *port,
               const char *text)
{
    struct port_addresses addresses = PORT_ADDRESSES_EMPTY;
    struct error *error = port_addresses_parse(text, &addresses);

    if (!error && addresses.has_mac) {
        VEC_FOR_EACH (net, &addresses.ip4) {
            struct in6_addr ip = ip_from_v4(net->addr);

            emit_address(ctx, port, addresses.mac, &ip);
        }
        VEC_FOR_EACH (net, &addresses.ip6) {
            emit_address(ctx, port, addresses.mac, &net->addr);
        }
        if (!addresses.ip4.n) {
            emit_address(ctx, port, addresses.mac, NULL);
        }
    }
    error_free(error);
    port_addresses_uninit(&addresses);
}

/* "MAC IP... [is_chassis_resident("PORT")]": without the last, the port itself
 * has to be here. */
static void
emit_nat_addresses(struct incr_ctx *ctx, const struct port_fact *port,
                   const char *own_name, const char *text)
{
    static const char condition[] = "is_chassis_resident(\"";
    const char *where = strstr(text, condition);
    struct str *name = incr_scratch(ctx, 0);
    struct str *addresses = incr_scratch(ctx, 1);

    if (where) {
        const char *start = where + sizeof condition - 1;

        str_put_bytes(name, start, strcspn(start, "\""));
        str_put_bytes(addresses, text, where - text);
    } else if (port->type == PORT_L3GATEWAY) {
        str_put(name, own_name);
        str_put(addresses, text);
    } else {
        return;
    }
    if (incr_exists(ctx, FACT_RESIDENT, str_cstr(name), name->length + 1)) {
        emit_addresses(ctx, port, str_cstr(addresses));
    }
}

void
announce_unit(struct incr_ctx *ctx, const void *row_)
{
    const struct sb_port_binding *row = row_;
    const char *const *texts;
    const struct claim_fact *claim;
    struct port_fact port;
    size_t n;

    if (!port_fact_read(ctx, row, &port)
        || !incr_exists(ctx, FACT_LOCALNET, &port.dp_key,
                        sizeof port.dp_key)) {
        return;
    }
    if (port.type == PORT_VIF || port.type == PORT_VIRTUAL) {
        claim = incr_get(ctx, FACT_CLAIM, &row->header.uuid,
                         sizeof row->header.uuid);
        if (claim && !claim->additional) {
            texts = sb_port_binding_get_mac(ctx, row, &n);
            for (size_t i = 0; i < n; i++) {
                emit_addresses(ctx, &port, texts[i]);
            }
        }
    } else if (port.type == PORT_PATCH || port.type == PORT_L3GATEWAY) {
        const char *name = sb_port_binding_get_logical_port(ctx, row);

        texts = sb_port_binding_get_nat_addresses(ctx, row, &n);
        for (size_t i = 0; i < n; i++) {
            emit_nat_addresses(ctx, &port, name, texts[i]);
        }
    }
}

/* ## Sending ## */

struct announcer {
    struct controller *controller;
    struct schedule *schedule;
    struct incr_sink sink;
    uint64_t vs_seqno;           /* When the setting was looked at. */
    int64_t max_pause_ms;        /* 0: few announcements; atomic. */
};

struct packet *
announcement_compose(const struct announce_key *key)
{
    static const struct eth_addr none, multicast = { { 0x33, 0x33, [5] = 1 } };
    static const struct in6_addr all_nodes
        = { .s6_addr = { 0xff, 0x02, [15] = 1 } };
    struct packet *packet = packet_alloc(PACKET_SMALL);
    be32 ip4 = ip_get_v4(&key->ip);

    if (in6_addr_is_zero(&key->ip)) {
        compose_arp(packet, RARP_OP_REQUEST_REVERSE, key->mac, key->mac, true,
                    0, 0);
        put_be16(packet->data + offsetof(struct eth_header, type),
                 htons(ETH_TYPE_RARP));
    } else if (ip_is_v4(&key->ip)) {
        compose_arp(packet, ARP_OP_REQUEST, key->mac, none, true, ip4, ip4);
    } else {
        compose_nd_na(packet, key->mac, multicast, &key->ip, &all_nodes,
                      &key->ip, ND_RSO_OVERRIDE);
    }
    return packet;
}

/* The pauses double. */
static int64_t
announce(const void *key_, const void *value UNUSED, unsigned int n,
         const struct outlet *outlet, void *a_)
{
    struct announcer *a = a_;
    int64_t max_ms = __atomic_load_n(&a->max_pause_ms, __ATOMIC_RELAXED);
    int64_t pause_ms = FIRST_PAUSE_MS << MIN(n, MAX_DOUBLINGS);
    const struct announce_key *key = key_;
    struct packet *packet = announcement_compose(key);

    send_from_port(outlet, packet, key->dp_key, key->port_key, 0);
    packet_free(packet);
    counter_inc(pinctrl_announced);
    if (max_ms) {
        return MIN(pause_ms, max_ms);
    }
    return n + 1 < N_ANNOUNCEMENTS ? pause_ms : -1;
}

static void
fact_changed(void *a_, struct incr_fact *fact, bool added)
{
    const struct incr_group *group = fact->group;
    struct announcer *a = a_;

    if (added) {
        schedule_put(a->schedule, incr_group_key(group), group->key_size,
                     NULL, 0);
    } else {
        schedule_remove(a->schedule, incr_group_key(group), group->key_size);
    }
}

static void
read_max_pause(struct announcer *a)
{
    uint64_t seqno = replica_seqno(a->controller->vs);
    int64_t s;

    if (seqno != a->vs_seqno) {
        a->vs_seqno = seqno;
        s = atoll(controller_setting(a->controller, "garp-max-timeout-sec",
                                     "0"));
        __atomic_store_n(&a->max_pause_ms,
                         1000 * MIN(MAX(s, 0), MAX_PAUSE_S),
                         __ATOMIC_RELAXED);
    }
}

bool
announcer_release(struct announcer *a, uint64_t current, uint64_t done)
{
    read_max_pause(a);
    return schedule_release(a->schedule, current, done);
}

int64_t
announcer_run(struct announcer *a, const struct outlet *outlet)
{
    return schedule_run(a->schedule, outlet);
}

struct announcer *
announcer_create(struct controller *c)
{
    static const struct schedule_class class = {
        .send = announce,
        .rate = ANNOUNCE_RATE,
        .max = ANNOUNCE_MAX,
        .postponed = &counter_pinctrl_announce_postponed,
        .refused = &counter_pinctrl_announce_refused,
    };
    struct announcer *a = xzalloc(sizeof *a);

    a->controller = c;
    a->schedule = schedule_create(&class, a);
    a->vs_seqno = UINT64_MAX;
    a->sink = (struct incr_sink) { .fact = FACT_ANNOUNCE, .aux = a,
                                   .fact_changed = fact_changed };
    incr_add_sink(c->incr, &a->sink);
    return a;
}

void
announcer_destroy(struct announcer *a)
{
    if (a) {
        schedule_destroy(a->schedule);
        free(a);
    }
}
