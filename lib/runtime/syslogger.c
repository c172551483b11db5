/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/runtime/syslogger.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"

struct syslogger {
    const char *prefix;
    int fd;                     /* -1 for libc and null. */
    bool is_libc;
    bool is_open;               /* libc: openlog() has been called. */
};

/* RFC 3164 form, for a local daemon; a host name follows the time. */
#define PREFIX_RFC3164 "<%B> %D{%h %e %T} %E %A: "

/* RFC 5424 form, for a collector. */
#define PREFIX_RFC5424 "<%B>1 %D{%Y-%m-%dT%H:%M:%S.###Z} %E %A %P %c - "

static struct error *
open_unix(const char *path, int *ret_fd)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };

    if (strlen(path) >= sizeof sun.sun_path) {
        return error_create(ENAMETOOLONG, "%s: name too long", path);
    }
    strcpy(sun.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return error_from_errno(errno, "%s: socket", path);
    }
    if (connect(fd, (struct sockaddr *) &sun, sizeof sun)) {
        struct error *error = error_from_errno(errno, "%s: connect", path);
        close(fd);
        return error;
    }
    *ret_fd = fd;
    return NULL;
}

/* Splits "IP:PORT" or "[IP6]:PORT". */
static bool
parse_ip_port(const char *s, struct sockaddr_storage *ss, socklen_t *ret_size)
{
    const char *colon = strrchr(s, ':');
    int port;

    if (!colon || !text_to_int_range(colon + 1, 1, 65535, &port)) {
        return false;
    }
    size_t length = colon - s;
    if (length >= 2 && s[0] == '[' && s[length - 1] == ']') {
        s++;
        length -= 2;
    }
    char *host = xmemdup0(s, length);
    struct sockaddr_in *sin = (struct sockaddr_in *) ss;
    struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *) ss;
    bool ok = true;

    memset(ss, 0, sizeof *ss);
    if (inet_pton(AF_INET, host, &sin->sin_addr) == 1) {
        sin->sin_family = AF_INET;
        sin->sin_port = htons(port);
        *ret_size = sizeof *sin;
    } else if (inet_pton(AF_INET6, host, &sin6->sin6_addr) == 1) {
        sin6->sin6_family = AF_INET6;
        sin6->sin6_port = htons(port);
        *ret_size = sizeof *sin6;
    } else {
        ok = false;
    }
    free(host);
    return ok;
}

static struct error *
open_udp(const char *target, int *ret_fd)
{
    struct sockaddr_storage ss;
    socklen_t size;

    if (!parse_ip_port(target, &ss, &size)) {
        return error_create(EINVAL, "\"%s\" is not IP:PORT", target);
    }
    int fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return error_from_errno(errno, "%s: socket", target);
    }
    if (connect(fd, (struct sockaddr *) &ss, size)) {
        struct error *error = error_from_errno(errno, "%s: connect", target);
        close(fd);
        return error;
    }
    *ret_fd = fd;
    return NULL;
}

struct error *
syslogger_create(const char *method, struct syslogger **ret)
{
    struct error *error = NULL;
    const char *prefix = "";
    int fd = -1;

    if (text_starts_with(method, "unix:")) {
        error = open_unix(method + strlen("unix:"), &fd);
        prefix = PREFIX_RFC3164;
    } else if (text_starts_with(method, "udp:")) {
        error = open_udp(method + strlen("udp:"), &fd);
        prefix = PREFIX_RFC5424;
    } else if (strcmp(method, "libc") && strcmp(method, "null")) {
        error = error_create(EINVAL, "unsupported syslog method \"%s\"",
                             method);
    }
    if (error) {
        return error;
    }

    *ret = xmalloc(sizeof **ret);
    **ret = (struct syslogger) {
        .prefix = prefix,
        .fd = fd,
        .is_libc = !strcmp(method, "libc"),
    };
    return NULL;
}

void
syslogger_destroy(struct syslogger *syslogger)
{
    if (!syslogger) {
        return;
    }
    if (syslogger->fd >= 0) {
        close(syslogger->fd);
    }
    if (syslogger->is_open) {
        closelog();
    }
    free(syslogger);
}

const char *
syslogger_prefix(const struct syslogger *syslogger)
{
    return syslogger->prefix;
}

void
syslogger_send(struct syslogger *syslogger, const char *ident, int facility,
               int severity, const char *line)
{
    if (syslogger->fd >= 0) {
        if (send(syslogger->fd, line, strlen(line),
                 MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
            /* Nowhere to say so. */
        }
    } else if (syslogger->is_libc) {
        if (!syslogger->is_open) {
            openlog(ident, LOG_NDELAY, LOG_DAEMON);
            syslogger->is_open = true;
        }
        syslog(facility | severity, "%s", line);
    }
}
