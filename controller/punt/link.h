/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_PUNT_LINK_H
#define CONTROLLER_PUNT_LINK_H

/* The connection on which packets come up and go back: beside the installer's,
 * so that neither waits for the other.
 *
 * Threads: one, the caller's, which polls.  Bounds: what the switch does not
 * read is kept up to LINK_MAX_BACKLOG bytes; more is counted and dropped. */

#include <poll.h>
#include <stdbool.h>

#include "lib/openflow/buf.h"
#include "lib/openflow/msg.h"

#define LINK_MAX_BACKLOG (4 << 20)

struct link;

/* 'message' gets each message that is not about the connection itself,
 * borrowed for the call. */
struct link *link_create(void (*message)(const struct ofmsg *, void *aux),
                         void *aux);
void link_destroy(struct link *);

/* Where to connect, again and again: a Unix socket; NULL: nowhere. */
void link_set_path(struct link *, const char *path);

/* May link_take() send anything? */
bool link_is_open(const struct link *);

/* Connects if it is time to, sends what waits, and reads what is there, up to
 * a bound. */
void link_run(struct link *);

/* Sends what waits, as far as the switch takes it. */
void link_flush(struct link *);

/* What to poll for; 'fd' is -1 if there is nothing to.  '*deadline_ms' becomes
 * smaller if link_run() has something to do before. */
void link_poll(const struct link *, struct pollfd *, int64_t *deadline_ms);

/* Takes 'b'; drops it while not connected. */
void link_take(struct link *, struct buf *b);

#endif /* controller/punt/link.h */
