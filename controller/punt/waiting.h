/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_PUNT_WAITING_H
#define CONTROLLER_PUNT_WAITING_H

/* Packets that wait for the MAC of their next hop, which was asked for.
 *
 * They go out once it is learned, here or by another host, or are dropped after
 * WAITING_MS.  At most WAITING_PER_HOP wait for a next hop (the oldest makes
 * room) and there are at most WAITING_HOPS next hops.
 *
 * Threads: any, unless said otherwise. */

#include "controller/controller.h"
#include "lib/flow/flow.h"
#include "lib/packet/packet.h"

#define WAITING_MS 10000
#define WAITING_PER_HOP 4
#define WAITING_HOPS 256

struct learned;
struct outlet;
struct ports;
struct waiting;

struct waiting *waiting_create(void);
void waiting_destroy(struct waiting *);

/* 'packet' (copied), with metadata and registers as in 'flow', waits for 'ip'
 * at the port. */
void waiting_add(struct waiting *, const struct packet *packet,
                 const struct flow *flow, uint32_t port_key,
                 const struct in6_addr *ip);

/* 'ip' at the port has 'mac': sends what waits for it. */
void waiting_learned(struct waiting *, const struct outlet *,
                     uint32_t dp_key, uint32_t port_key,
                     const struct in6_addr *ip, struct eth_addr mac);

/* Drops what waited too long; returns when more will have, INT64_MAX if
 * nothing waits. */
int64_t waiting_expire(struct waiting *);

/* Says whether packets came to wait since the last waiting_check(), whose answer
 * may have come before. */
bool waiting_has_news(const struct waiting *);

/* Main thread: the southbound database may know more now. */
void waiting_check(struct waiting *, const struct outlet *,
                   const struct ports *, const struct learned *);

#endif /* controller/punt/waiting.h */
