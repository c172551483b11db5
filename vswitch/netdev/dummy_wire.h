/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VSWITCH_DUMMY_WIRE_H
#define VSWITCH_DUMMY_WIRE_H

/* A byte stream as the cable of a dummy device, to one of another process.
 * Each packet has its size before it, 16 bits in network order.
 * Threads: the main one, but for dummy_wire_send(). */

#include "lib/base/error.h"
#include "lib/packet/packet.h"

struct dummy_wire;

/* Makes a wire with no ends.  'receive' takes each packet that comes. */
struct dummy_wire *dummy_wire_create(void (*receive)(struct packet *,
                                                     void *aux), void *aux);
void dummy_wire_destroy(struct dummy_wire *);

/* Chooses its ends: 'active' ("unix:FILE", "tcp:...") is connected to, again
 * and again; at 'passive' ("punix:FILE", ...) anybody may connect, and each
 * gets what is sent.  One of them, or none, is not NULL. */
struct error *dummy_wire_set(struct dummy_wire *, const char *active,
                             const char *passive) MUST_USE;

/* Sends a copy to whom it is connected to.  Threads: any. */
void dummy_wire_send(struct dummy_wire *, const struct packet *);

/* "connected", "disconnected"; "unknown" without an active end. */
const char *dummy_wire_state(const struct dummy_wire *);

#endif /* vswitch/dummy_wire.h */
