/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_PUNT_LEARNED_H
#define CONTROLLER_PUNT_LEARNED_H

/* What packets taught us, on its way to the southbound database: MAC bindings
 * and forwarding entries.  Bounded: what comes while LEARNED_MAX entries wait
 * is counted and dropped; the next packet teaches it again.
 *
 * Threads: main; any for learned_mac_binding() and learned_fdb(). */

#include "controller/controller.h"
#include "lib/flow/flow.h"

#define LEARNED_MAX 1024

struct learned;
struct ports;

/* 'ports' is borrowed. */
struct learned *learned_create(struct controller *, const struct ports *);
void learned_destroy(struct learned *);

/* 'ip' (IPv4 as ::ffff:a.b.c.d) at port 'port_key' of datapath 'dp_key' has
 * 'mac'. */
void learned_mac_binding(struct learned *, uint32_t dp_key, uint32_t port_key,
                         const struct in6_addr *ip, struct eth_addr mac);

/* 'mac' is behind the port. */
void learned_fdb(struct learned *, uint32_t dp_key, uint32_t port_key,
                 struct eth_addr mac);

/* Is the MAC of 'ip' at the port called 'port' in the database? */
bool learned_find(const struct learned *, const char *port,
                  const struct in6_addr *ip, struct eth_addr *ret);

/* The rows of that, or NULL. */
const struct sb_mac_binding *learned_find_binding(const struct learned *,
                                                  const char *port,
                                                  const struct in6_addr *ip);
const struct sb_fdb *learned_find_fdb(const struct learned *, uint32_t dp_key,
                                      struct eth_addr mac);

/* Something waits to be written. */
bool learned_is_pending(struct learned *);

/* Writes all of it to the open transaction. */
void learned_write(struct learned *, struct replica_txn *);

#endif /* controller/punt/learned.h */
