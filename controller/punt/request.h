/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_PUNT_REQUEST_H
#define CONTROLLER_PUNT_REQUEST_H

/* What a handler of this folder works on, and what it may do with it.
 *
 * Threads: the punter's.  The databases and the engine are the main thread's
 * and out of reach here; known.h has what is needed of them. */

#include "lib/logical/actions.h"
#include "lib/openflow/packet_io.h"
#include "lib/packet/packet.h"

struct known;
struct learned;
struct outlet;
struct reports;
struct waiting;

struct request {
    const struct outlet *outlet;
    struct known *known;
    struct learned *learned;
    struct reports *reports;
    struct waiting *waiting;

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

/* Lets the paused packet go on: as 'reply' (owned from now on), or as it was if
 * that is NULL, with 'result' in the bit that the request names. */
void request_resume(struct request *, struct packet *reply, bool result);

/* The longest transport part of an answer: whatever is longer would not go
 * through a link of the usual MTU. */
#define REPLY_MAX_SIZE 1452

/* The bytes after the UDP header of a packet whose offsets are set; NULL if it
 * is not complete. */
const void *request_udp_payload(const struct packet *, size_t *ret_size);

/* A packet like 'like' (compose_like()), or with its UDP ports and another
 * payload; NULL if it would be too long.  For packet_free(). */
struct packet *reply_like(const struct packet *like, uint8_t proto,
                          uint8_t ttl, const void *l4, size_t size) MUST_USE;
struct packet *reply_udp(const struct packet *like, const void *payload,
                         size_t size) MUST_USE;

/* Answers of the protocols that put_..._opts() speak, NULL for none.  The
 * packet is of the right IP family and protocol. */
struct packet *dhcpv4_reply(const struct packet *, const struct punt *)
    MUST_USE;
struct packet *dhcpv6_reply(const struct packet *, const struct punt *)
    MUST_USE;
struct packet *router_advert_reply(const struct packet *,
                                   const struct punt *) MUST_USE;

/* The handlers, a file for each subject. */
typedef void request_handler(struct request *);
request_handler handle_arp;              /* neighbours.c */
request_handler handle_nd_ns;
request_handler handle_nd_na;
request_handler handle_nd_na_router;
request_handler handle_put_mac_binding;
request_handler handle_put_fdb;
request_handler handle_put_dhcp_opts;    /* dhcpv4.c */
request_handler handle_put_dhcpv6_opts;  /* dhcpv6.c */
request_handler handle_put_nd_ra_opts;   /* router_advert.c */
request_handler handle_icmp;             /* refuse.c */
request_handler handle_tcp_reset;
request_handler handle_sctp_abort;
request_handler handle_reject;
request_handler handle_set_frag_mtu;
request_handler handle_set_inner_src;
request_handler handle_log;              /* acl_log.c */
request_handler handle_bind_vport;       /* reports.c */
request_handler handle_activate;
request_handler handle_trigger_event;
request_handler handle_dns_lookup;       /* dns.c */

/* Appends the line that handle_log() logs. */
void acl_log_format(const struct request *, struct str *);

#endif /* controller/punt/request.h */
