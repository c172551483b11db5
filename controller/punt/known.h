/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_PUNT_KNOWN_H
#define CONTROLLER_PUNT_KNOWN_H

/* What the handlers' thread reads of the southbound database.
 *
 * Copies that never change, found by numbers that packets carry.  The main
 * thread makes one and puts it in the place of an old one, under a lock that
 * it holds for that long only.
 *
 * Threads: known_create() and known_destroy() belong to the main thread, the
 * rest to any. */

#include "controller/controller.h"

struct known;

/* Values of FACT_DNS: a row that answers for a datapath. */
struct dns_fact {
    struct uuid row;
    uint64_t digest;             /* Of all that answers depend on. */
};

/* Unit of DNS: emits FACT_DNS. */
void dns_unit(struct incr_ctx *, const void *dns);

/* Starts to watch the facts of 'c'. */
struct known *known_create(struct controller *);

/* No other thread may read any more. */
void known_destroy(struct known *);

/* Around known_dns() and the use of what it returns. */
void known_lock(struct known *);
void known_unlock(struct known *);

/* The value of the record called 'name' (lower case) in a datapath, or NULL;
 * '*ret_owned': all names of its zone are ours. */
const char *known_dns(const struct known *, uint32_t dp_key,
                      const char *name, bool *ret_owned);

/* Key of the port under whose name MAC bindings of a port are kept: the one
 * that it stands for, if it is a chassisredirect port. */
uint32_t known_real_port(struct known *, uint32_t dp_key, uint32_t port_key);

#endif /* controller/punt/known.h */
