/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_PUNT_ANNOUNCE_H
#define CONTROLLER_PUNT_ANNOUNCE_H

/* Gratuitous ARP, RARP and neighbour advertisements: physical networks learn
 * where the addresses of ports are that came to this host, and those that its
 * gateways translate.
 *
 * An address is announced when it comes and then after 1, 2 and 4 s; with
 * external_ids:garp-max-timeout-sec for ever, the pause doubling up to that.
 * All together, ANNOUNCE_RATE packets a second, of ANNOUNCE_MAX addresses.
 *
 * Threads: main, unless said otherwise. */

#include "controller/controller.h"
#include "lib/flow/flow.h"

#define ANNOUNCE_RATE 1000
#define ANNOUNCE_MAX 65536

struct announcer;
struct outlet;
struct packet;

/* Key of FACT_ANNOUNCE. */
struct announce_key {
    uint32_t dp_key;
    uint32_t port_key;
    struct in6_addr ip;          /* IPv4 as ::ffff:a.b.c.d; zero: the MAC
                                  * alone. */
    struct eth_addr mac;
    uint8_t pad[2];
};

/* Unit of Port_Binding: emits FACT_ANNOUNCE. */
void announce_unit(struct incr_ctx *, const void *port_binding);

/* The packet that announces the address.  For packet_free(). */
struct packet *announcement_compose(const struct announce_key *) MUST_USE;

struct announcer *announcer_create(struct controller *);
void announcer_destroy(struct announcer *);

/* As schedule_release(). */
bool announcer_release(struct announcer *, uint64_t current, uint64_t done);

/* Handlers' thread: sends what is due; returns when to call again. */
int64_t announcer_run(struct announcer *, const struct outlet *);

#endif /* controller/punt/announce.h */
