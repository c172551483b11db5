/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VSWITCH_NETDEV_INGRESS_H
#define VSWITCH_NETDEV_INGRESS_H

/* Keeping the host's network stack away from a port's packets.
 *
 * A packet socket sees what an interface receives, but so does the host.  It
 * would answer ARP requests for the address of a bridge with the address of
 * the port, take packets for that address a second time, and answer
 * connections that the switch's flows forbid.  A program of two instructions
 * at the interface's ingress, which is behind the packet sockets, drops all
 * packets; it goes away with this process, whatever ends it. */

/* Attaches it to interface 'ifindex': returns a file descriptor that keeps it
 * there until it is closed, or a negative errno value (kernels before Linux
 * 6.6, or without the privilege). */
int ingress_claim(int ifindex);

#endif /* vswitch/netdev/ingress.h */
