/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_SERVER_COMPACTION_H
#define OVSDB_SERVER_COMPACTION_H

/* Compaction by a child process; see served.h, whose functions use these. */

struct compaction;
struct served;

/* Kills the child and removes what it has written.  NULL is fine. */
void compaction_cancel(struct compaction *);

/* Puts the new file in place if only a sync of the old one had been in the
 * way. */
void compaction_continue(struct served *);

/* Notes size and time of a file that has just been written whole. */
void compaction_done(struct served *);

#endif /* ovsdb/server/compaction.h */
