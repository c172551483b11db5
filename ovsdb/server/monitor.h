/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_SERVER_MONITOR_H
#define OVSDB_SERVER_MONITOR_H

/* Monitors: "monitor", "monitor_cond" and "monitor_cond_since".
 *
 * What is monitored, and under which name and conditions, is a *feed*.
 * Clients that ask for the same share a feed: each transaction's notification
 * is made once and the same bytes go to all.
 *
 *     client -- monitor --+
 *     client -- monitor --+-- feed -- database
 *     client -- monitor ----- feed --/
 */

#include "lib/base/rcbuf.h"
#include "lib/base/span.h"
#include "ovsdb/server/history.h"
#include "ovsdb/server/view.h"

enum monitor_version {
    MONITOR_V1 = 1,         /* monitor, update */
    MONITOR_V2,             /* monitor_cond, update2 */
    MONITOR_V3              /* monitor_cond_since, update3 */
};

struct feed;

/* All feeds of a database. */
struct feeds {
    struct db *db;
    struct hmap all;        /* Of struct feed. */
    struct list dirty;      /* Feeds with notifications to be sent. */
};

/* A client's share of a feed.  Embedded by the session. */
struct monitor {
    struct list node;       /* In the feed's members. */
    struct feed *feed;
};

void feeds_init(struct feeds *, struct db *);

/* No monitor may be left. */
void feeds_uninit(struct feeds *);

/* Reads <monitor-requests> in the form of 'version' and joins 'monitor' to
 * their feed.  'id' is the JSON text of the monitor's name. */
struct error *monitor_join(struct monitor *, struct feeds *,
                           enum monitor_version, struct span id,
                           struct span requests) MUST_USE;

/* Leaves the feed. */
void monitor_leave(struct monitor *);

/* The JSON text of its name, borrowed; its version. */
struct span monitor_id(const struct monitor *);
enum monitor_version monitor_version(const struct monitor *);

/* Appends the result of the request, a <table-updates> of all rows, to 'out';
 * returns its size. */
size_t monitor_dump(const struct monitor *, rcbuf_vec *out);

/* Appends instead what has changed since the state 'id', which 'history'
 * has. */
void monitor_put_since(const struct monitor *, const struct history *,
                       const struct uuid *id, struct str *out);

/* "monitor_cond_change": joins the feed that differs by the new conditions
 * (and by its name, if 'new_id' is not null), and appends to 'out' the
 * notification that leads there, or nothing if there is no difference. */
struct error *monitor_change(struct monitor *, struct span new_id,
                             struct span requests, struct str *out) MUST_USE;

/* Makes the notifications of a transaction that is about to be committed. */
void feeds_put_txn(struct feeds *, struct txn *);

/* Calls 'send' for each member of each feed that has notifications, which then
 * has none. */
void feeds_send(struct feeds *,
                void (*send)(struct monitor *, struct rcbuf *));

/* Forgets them. */
void feeds_drop(struct feeds *);

size_t feeds_count(const struct feeds *);

#endif /* ovsdb/server/monitor.h */
