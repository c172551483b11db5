/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_SERVER_REPLICATION_H
#define OVSDB_SERVER_REPLICATION_H

/* The backup of another server (ovsdb(7), "Active-Backup"): in that role our
 * databases are made equal to those of the same name and schema of an active
 * server, and follow them; clients may only read.
 *
 * The active server is asked for a monitor of each database.  What it tells
 * first replaces the contents of ours, as one transaction of what differs.  A
 * lost connection is made again, and begins anew.
 * Threads: the main one. */

#include "lib/base/error.h"
#include "lib/base/str.h"

struct replication;
struct server;

struct replication *replication_create(struct server *);
void replication_destroy(struct replication *);

/* Names the active server, for the next replication_start(); one under way
 * begins anew. */
struct error *replication_set_source(struct replication *, const char *remote)
    MUST_USE;
const char *replication_source(const struct replication *);

/* "DB:TABLE,...": tables that stay as they are.  Takes effect like the source. */
struct error *replication_set_excluded(struct replication *,
                                       const char *tables) MUST_USE;
void replication_put_excluded(const struct replication *, struct str *);

/* 0 for no probes. */
void replication_set_probe_interval(struct replication *, int ms);

/* Take on the role of the backup, and of an active server.  Clients are
 * disconnected if it is another. */
struct error *replication_start(struct replication *) MUST_USE;
void replication_stop(struct replication *);
bool replication_is_backup(const struct replication *);

/* Databases were added or removed, or converted. */
void replication_note_dbs(struct replication *);

/* Appends the lines of ovsdb-server/sync-status. */
void replication_put_status(const struct replication *, struct str *);

#endif /* ovsdb/server/replication.h */
