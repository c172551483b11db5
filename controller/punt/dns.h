/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_PUNT_DNS_H
#define CONTROLLER_PUNT_DNS_H

#include "controller/controller.h"
#include "lib/packet/packet.h"

/* Gives the value of the record called 'name' (lower case), or NULL;
 * '*ret_owned': names of its zone are answered for even if there is nothing of
 * the type asked for. */
typedef const char *dns_find_fn(const char *name, bool *ret_owned, void *aux);

/* The answer to the question in 'packet', which is UDP in IP; NULL if there is
 * none.  For packet_free(). */
struct packet *dns_reply(const struct packet *, dns_find_fn *, void *aux)
    MUST_USE;

#endif /* controller/punt/dns.h */
