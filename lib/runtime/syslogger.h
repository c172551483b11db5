/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_SYSLOGGER_H
#define RUNTIME_SYSLOGGER_H

/* The ways to the system log, for log.c, which serializes the calls. */

#include "lib/base/compiler.h"
#include "lib/base/error.h"

struct syslogger;

/* Opens 'method': "libc", "null", "unix:FILE", "udp:IP:PORT".  The caller
 * passes '*ret' to syslogger_destroy(). */
struct error *syslogger_create(const char *method, struct syslogger **ret)
    MUST_USE;
void syslogger_destroy(struct syslogger *);

/* What a datagram starts with, as a log pattern; "" for libc, which adds its
 * own. */
const char *syslogger_prefix(const struct syslogger *);

/* Sends 'line', which starts with the prefix, expanded.  Never blocks on a
 * socket of its own; what does not fit is lost.  'ident' is borrowed. */
void syslogger_send(struct syslogger *, const char *ident, int facility,
                    int severity, const char *line);

#endif /* runtime/syslogger.h */
