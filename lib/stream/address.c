/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/stream/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"

#define MAX_HOST_LENGTH 255

/* Reads an IPv6 address with an optional "%SCOPE", a name or an index. */
static bool
parse_ipv6(const char *s, struct sockaddr_in6 *sin6)
{
    char *copy = xstrdup(s);
    char *percent = strchr(copy, '%');
    unsigned int scope = 0;
    bool ok = true;

    if (percent) {
        *percent++ = '\0';
        scope = if_nametoindex(percent);
        ok = scope || text_to_uint(percent, 10, &scope);
    }
    if (ok && inet_pton(AF_INET6, copy, &sin6->sin6_addr) == 1) {
        sin6->sin6_family = AF_INET6;
        sin6->sin6_scope_id = scope;
    } else {
        ok = false;
    }
    free(copy);
    return ok;
}

static bool
parse_ipv4(const char *s, struct sockaddr_in *sin)
{
    if (inet_pton(AF_INET, s, &sin->sin_addr) != 1) {
        return false;
    }
    sin->sin_family = AF_INET;
    return true;
}

static bool
is_host_name(const char *s)
{
    size_t length = strlen(s);

    return (length > 0 && length <= MAX_HOST_LENGTH
            && strspn(s, "abcdefghijklmnopqrstuvwxyz"
                         "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") == length);
}

/* Reads HOST, in brackets or not. */
static struct error *
parse_host(const char *s, struct address *address)
{
    size_t length = strlen(s);

    if (length >= 2 && s[0] == '[' && s[length - 1] == ']') {
        char *inner = xmemdup0(s + 1, length - 2);
        bool ok = parse_ipv6(inner, (struct sockaddr_in6 *) &address->ss);

        free(inner);
        return ok ? NULL : error_create(EINVAL, "bad IPv6 address \"%s\"", s);
    }
    if (parse_ipv4(s, (struct sockaddr_in *) &address->ss)
        || parse_ipv6(s, (struct sockaddr_in6 *) &address->ss)) {
        return NULL;
    }
    if (!is_host_name(s)) {
        return error_create(EINVAL, "bad host name \"%s\"", s);
    }
    address->host = xstrdup(s);
    return NULL;
}

static struct error *
parse_port(const char *s, int min, uint16_t *ret)
{
    int port;

    if (!text_to_int_range(s, min, 65535, &port)) {
        return error_create(EINVAL, "bad port number \"%s\"", s);
    }
    *ret = port;
    return NULL;
}

/* The colon that separates a host from the port after it. */
static const char *
find_port_colon(const char *s)
{
    const char *bracket = *s == '[' ? strchr(s, ']') : NULL;

    return strchr(bracket ? bracket : s, ':');
}

struct error *
address_parse_active(const char *s, uint16_t default_port, struct address *ret)
{
    struct address address = { .port = default_port };
    const char *colon = find_port_colon(s);
    char *host = colon ? xmemdup0(s, colon - s) : xstrdup(s);
    struct error *error = NULL;

    if (colon) {
        error = parse_port(colon + 1, 1, &address.port);
    } else if (!default_port) {
        error = error_create(EINVAL, "port is missing");
    }
    if (!error) {
        error = parse_host(host, &address);
    }
    free(host);
    if (error) {
        return error;
    }
    sockaddr_set_port(&address.ss, address.port);
    *ret = address;
    return NULL;
}

struct error *
address_parse_passive(const char *s, int default_port, struct address *ret)
{
    struct address address = { .port = MAX(default_port, 0) };
    size_t length = strcspn(s, ":");
    char *port = xmemdup0(s, length);
    struct error *error = NULL;

    if (*port) {
        error = parse_port(port, 0, &address.port);
    } else if (default_port < 0) {
        error = error_create(EINVAL, "port is missing");
    }
    if (!error) {
        error = parse_host(s[length] ? s + length + 1 : "0.0.0.0", &address);
    }
    if (!error && address.host) {
        error = error_create(EINVAL, "\"%s\" is not an IP address",
                             address.host);
        address_uninit(&address);
    }
    free(port);
    if (error) {
        return error;
    }
    sockaddr_set_port(&address.ss, address.port);
    *ret = address;
    return NULL;
}

void
address_uninit(struct address *address)
{
    free(address->host);
    address->host = NULL;
}

void
sockaddr_set_port(struct sockaddr_storage *ss, uint16_t port)
{
    if (ss->ss_family == AF_INET) {
        ((struct sockaddr_in *) ss)->sin_port = htons(port);
    } else if (ss->ss_family == AF_INET6) {
        ((struct sockaddr_in6 *) ss)->sin6_port = htons(port);
    }
}

uint16_t
sockaddr_port(const struct sockaddr_storage *ss)
{
    return ntohs(ss->ss_family == AF_INET
                 ? ((const struct sockaddr_in *) ss)->sin_port
                 : ss->ss_family == AF_INET6
                 ? ((const struct sockaddr_in6 *) ss)->sin6_port
                 : 0);
}

socklen_t
sockaddr_size(const struct sockaddr_storage *ss)
{
    return (ss->ss_family == AF_INET ? sizeof(struct sockaddr_in)
            : sizeof(struct sockaddr_in6));
}

static void
put_scope(struct str *s, unsigned int scope)
{
    char name[IF_NAMESIZE];

    if (!scope) {
        return;
    }
    if (if_indextoname(scope, name)) {
        str_printf(s, "%%%s", name);
    } else {
        str_printf(s, "%%%u", scope);
    }
}

void
sockaddr_put_host(struct str *s, const struct sockaddr_storage *ss)
{
    char text[INET6_ADDRSTRLEN];

    if (ss->ss_family == AF_INET) {
        const struct sockaddr_in *sin = (const struct sockaddr_in *) ss;

        str_put(s, inet_ntop(AF_INET, &sin->sin_addr, text, sizeof text));
    } else if (ss->ss_family == AF_INET6) {
        const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *) ss;

        str_put_char(s, '[');
        str_put(s, inet_ntop(AF_INET6, &sin6->sin6_addr, text, sizeof text));
        put_scope(s, sin6->sin6_scope_id);
        str_put_char(s, ']');
    }
}

void
sockaddr_put(struct str *s, const struct sockaddr_storage *ss)
{
    sockaddr_put_host(s, ss);
    str_printf(s, ":%u", sockaddr_port(ss));
}
