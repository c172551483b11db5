/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STREAM_ADDRESS_H
#define STREAM_ADDRESS_H

/* HOST:PORT as people write it. */

#include <netinet/in.h>
#include <sys/socket.h>

#include "lib/base/error.h"
#include "lib/base/str.h"

struct address {
    struct sockaddr_storage ss; /* Family AF_UNSPEC if 'host' is a name. */
    char *host;                 /* The name; NULL for an IP address. */
    uint16_t port;
};

/* Parses "HOST[:PORT]", where HOST is a name, an IPv4 address or "[IPV6]" with
 * an optional "%SCOPE".  'default_port' is for an absent port; 0 if there must
 * be one.  The caller passes '*ret' to address_uninit(). */
struct error *address_parse_active(const char *, uint16_t default_port,
                                   struct address *ret) MUST_USE;

/* Parses "[PORT][:HOST]" with a numeric HOST (all IPv4 addresses if
 * absent). */
struct error *address_parse_passive(const char *, int default_port,
                                    struct address *ret) MUST_USE;
void address_uninit(struct address *);

void sockaddr_set_port(struct sockaddr_storage *, uint16_t port);
uint16_t sockaddr_port(const struct sockaddr_storage *);
socklen_t sockaddr_size(const struct sockaddr_storage *);

/* "192.0.2.1", "[fe80::1%eth0]". */
void sockaddr_put_host(struct str *, const struct sockaddr_storage *);

/* The same and ":PORT". */
void sockaddr_put(struct str *, const struct sockaddr_storage *);

#endif /* stream/address.h */
