/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_INSTALL_INSTALL_H
#define CONTROLLER_INSTALL_INSTALL_H

/* Keeps the switch's tables equal to the wanted flows.
 *
 * Life of a connection: set-up (tunnel options, packet-in format), then the
 * switch tells which flows and groups it has, then, once the wanted set is
 * known as a whole, the differences go out; from then on only net changes do.
 * So a restart of this program removes no flow that is still wanted, and a
 * restart of the switch is repaired as soon as it is back.
 *
 * A flush goes as one atomic bundle, its groups before and after it, and a
 * barrier behind all.  A large one goes out in parts, as the switch takes them,
 * and what changes meanwhile goes with it.  Each flush has a sequence number;
 * install_done() says which ones the switch has confirmed. */

#include "controller/controller.h"
#include "controller/ids.h"

struct install;
struct buf;
struct ofmsg;

/* 'wake' is called from I/O callbacks when install_run() has something to do
 * or install_done() grew. */
struct install *install_create(struct controller *,
                               void (*wake)(void *aux), void *aux);
void install_destroy(struct install *);

/* Connects to the management socket of the integration bridge 'bridge'; NULL
 * disconnects. */
void install_set_bridge(struct install *, const char *bridge);

/* How often to ask the switch whether it is there; 0: never. */
void install_set_probe_interval(struct install *, unsigned int seconds);

/* For ids_create(): groups and zones that come and go. */
void install_id_changed(void *install, enum id_kind, const char *text,
                        uint32_t id, bool added);

/* Sends what changed.  'is_complete' says that the wanted set is whole: until
 * it once is, nothing is removed from the switch. */
void install_run(struct install *, bool is_complete);

/* Asks the switch again what it has, and sends what differs. */
void install_compare(struct install *);

/* Has the switch forget the connections of a conntrack zone. */
void install_flush_zone(void *install, uint16_t zone);

/* Has it forget connections that an ACL with persist-established allowed, once
 * it has the new flows. */
void install_forget_acl(struct install *, uint16_t acl_id);

/* Number of the newest flush (while the switch is not in step with the wanted
 * set, or a flush is not all out: of the one that brings it there), and of the
 * newest that the switch confirmed. */
uint64_t install_current(const struct install *);
uint64_t install_done(const struct install *);

bool install_is_connected(const struct install *);

/* Sends 'b' (owned from now on) on the connection, if there is one. */
void install_send(struct install *, struct buf *b);
uint8_t install_version(const struct install *);

/* Counts, for memory/show and inc-engine style commands. */
size_t install_n_flows(const struct install *);

#endif /* controller/install/install.h */
