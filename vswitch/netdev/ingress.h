/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VSWITCH_NETDEV_INGRESS_H
#define VSWITCH_NETDEV_INGRESS_H

/* Keeping the host's network stack away from a port's packets.
 *
 * A packet socket sees what an interface receives, but so does the host.  It
 * would answer ARP requests for the address of a bridge with the address of
 * the port, take packets for that address a second time, and answer
 * connections that the switch's flows forbid.  So a filter at the interface's
 * ingress, which is behind the packet sockets, drops all packets: a chain of
 * nf_tables ("nft list ruleset" shows it), or, where the kernel has none, a
 * program of two instructions (tcx).  Either goes away with this process,
 * whatever ends it.  The chain comes first although it costs a packet a little
 * more: to attach a program takes the kernel a grace period, some fifteen
 * milliseconds in which nobody else can change anything about network devices.
 *
 * Threads: the main thread. */

struct ingress_claim;

/* Attaches it to interface 'name', whose index is 'ifindex'.  Returns 0 and
 * stores the claim for ingress_release(), or returns a negative errno value
 * (no privilege; kernels that can do neither: the chain needs Linux 5.12, the
 * program 6.6). */
int ingress_claim(const char *name, int ifindex, struct ingress_claim **);

/* Lets the host have the packets again.  NULL is fine. */
void ingress_release(struct ingress_claim *);

#endif /* vswitch/netdev/ingress.h */
