/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_PUNT_REQUEST_H
#define CONTROLLER_PUNT_REQUEST_H

/* What a handler of this folder works on, and what it may do with it. */

#include "controller/controller.h"
#include "lib/logical/actions.h"
#include "lib/openflow/packet_io.h"
#include "lib/packet/packet.h"

struct install;
struct learned;

struct request {
    struct controller *controller;
    struct install *install;
    struct learned *learned;

    struct packet_in pin;
    const void *continuation;    /* Of a paused packet; NULL if none. */
    size_t continuation_size;

    const struct packet *packet; /* As it came. */
    struct flow flow;            /* Its fields, with the metadata that the
                                  * switch had for it. */
    struct punt punt;            /* What is asked. */
};

/* Sends 'packet' back into the pipeline: its registers and metadata as they
 * were, then the actions of the request. */
void request_inject(const struct request *, const struct packet *packet);

/* The handlers, a file for each subject. */
typedef void request_handler(struct request *);
request_handler handle_arp;              /* neighbours.c */
request_handler handle_nd_ns;
request_handler handle_nd_na;
request_handler handle_nd_na_router;
request_handler handle_put_mac_binding;
request_handler handle_put_fdb;

#endif /* controller/punt/request.h */
