/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_SERVER_REMOTES_H
#define OVSDB_SERVER_REMOTES_H

/* Where clients come from: the remotes of --remote and of
 * ovsdb-server/add-remote, each a stream name, or "db:DB,TABLE,COLUMN", which
 * stands for those that are listed in a column or, if it refers to rows, in
 * their columns "target". */

#include "lib/base/error.h"
#include "lib/base/str.h"

struct remotes;
struct served;
struct server;

struct remotes *remotes_create(struct server *);

/* Closes all, but leaves the sessions. */
void remotes_destroy(struct remotes *);

/* Options of a remote that the configuration names; -1 and false leave what
 * is usual. */
struct remote_options {
    int probe_interval_ms;
    int max_backoff_ms;
    bool read_only;
    const char *role;               /* NULL for none. */
    int dscp;
    bool may_miss;                  /* A "db:" may name what is not there. */
};

#define REMOTE_OPTIONS_DEFAULT { -1, -1, false, NULL, -1, false }

/* Adds a remote; nothing happens if it is there.  Refuses a malformed name,
 * and, unless options->may_miss, a "db:" one that names what is not there
 * (which may go, and come back, later). */
struct error *remotes_add(struct remotes *, const char *name,
                          const struct remote_options *) MUST_USE;

/* False if it is not one of those that were added. */
bool remotes_remove(struct remotes *, const char *name);
void remotes_clear(struct remotes *);

/* One name a line. */
void remotes_list(const struct remotes *, struct str *);

/* Opens and closes what is due.  Returns the error of a passive remote of
 * remotes_add() that cannot listen. */
struct error *remotes_reconfigure(struct remotes *) MUST_USE;

/* 'served' has changed; the server's step calls remotes_run() for it. */
void remotes_note_commit(struct remotes *, const struct served *);
void remotes_run(struct remotes *);

/* 'served' goes. */
void remotes_forget_db(struct remotes *, const struct served *);

/* Writes "is_connected" and "status" of rows that configure remotes. */
void remotes_put_status(struct remotes *);

/* Calls 'changed' from remotes_run() whenever what the "db:DB,TABLE,COLUMN"
 * 'name' (borrowed for good) stands for may have changed, and once soon. */
void remotes_watch(struct remotes *, const char *name,
                   void (*changed)(void *aux), void *aux);

/* Reads the first nonempty string that "db:DB,TABLE,COLUMN" names, for free();
 * NULL if there is none. */
struct error *remotes_read_string(const struct server *, const char *name,
                                  char **ret) MUST_USE;

#endif /* ovsdb/server/remotes.h */
