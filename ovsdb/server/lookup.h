/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_SERVER_LOOKUP_H
#define OVSDB_SERVER_LOOKUP_H

/* Indexes of columns, made on demand.
 *
 * A question for the rows with a certain value in some column takes a look at
 * every row of the table; when it has been asked a few times, and the table is
 * not small, the column gets an index, which follows the committed rows until
 * nobody has asked for a while.  Sets and maps also get one by their elements,
 * for "includes".
 * Threads: the main one. */

#include "lib/ovsdb/matcher.h"
#include "ovsdb/server/db.h"

/* Adds to '*rows' committed rows among which are all that match every clause
 * of 'cond', and returns true.  False, and nothing added, if only a look at
 * each row can tell.  The question counts towards indexes. */
bool lookup_all_of(struct db_table *, const struct ovsdb_condition *cond,
                   db_row_vec *rows);

/* Adds to '*rows', each once, the committed rows for which one of the clauses
 * of 'a' that 'b' lacks, or the other way around, may hold, and returns true.
 * False if only a look at each row can tell.  With a 'b' of NULL these are all
 * rows that may match 'a'. */
bool lookup_difference(struct db_table *, const struct ovsdb_matcher *a,
                       const struct ovsdb_matcher *b, db_row_vec *rows);

/* Keep the indexes: 'row' has entered the committed rows (it has its slot);
 * is about to leave them; has changed in 'columns', for those of 'with_diff' by
 * what 'diffs' holds under their numbers. */
void lookup_enter(struct db_row *row);
void lookup_leave(struct db_row *row);
void lookup_change(struct db_row *row, uint64_t columns,
                   const struct ovsdb_datum *diffs, uint64_t with_diff);

/* Gives back indexes that were not used since clock_ms() 'before_ms'. */
void lookup_expire(struct db *, int64_t before_ms);

void lookup_destroy_all(struct db_table *);

#endif /* ovsdb/server/lookup.h */
