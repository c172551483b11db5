/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STREAM_RESOLVE_H
#define STREAM_RESOLVE_H

/* Host names to addresses by libunbound, without blocking the loop.  Servers
 * come from OVS_RESOLV_CONF (else /etc/resolv.conf), names also from
 * /etc/hosts, and unbound's own settings from OVS_UNBOUND_CONF.
 * Threads: the main one. */

#include <sys/socket.h>

#include "lib/base/error.h"

struct resolve;

/* Looks up 'name' and calls 'done' once, later: with 'n' addresses (IPv4
 * first; port 0) there for the time of the call, or with an error. */
struct resolve *resolve_start(
    const char *name,
    void (*done)(const struct sockaddr_storage *, size_t n,
                 const struct error *, void *aux), void *aux);

/* Drops a look-up that is not done yet.  NULL is fine. */
void resolve_cancel(struct resolve *);

/* Ends the resolver, dropping every look-up, for a clean end under leak
 * checkers. */
void resolve_uninit(void);

#endif /* stream/resolve.h */
