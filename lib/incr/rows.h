/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INCR_ROWS_H
#define INCR_ROWS_H

/* Tables of a replica as input tables of the engine.
 *
 * The input table of a replica's table number n is 'first' + n, where 'first'
 * is the program's choice for that database.  A table that is left out has no
 * rows in the engine, and its rows' 'aux' is the program's own. */

#include "lib/incr/incr.h"
#include "lib/replica/replica.h"

/* Fills 'tables' with an entry for each table of 'class'. */
void incr_replica_tables(const struct replica_db_class *class,
                         struct incr_table *tables);

/* Tells the engine what changed in the tables that 'wanted(class)' chooses
 * (all if NULL).  The step that follows comes before the call of
 * replica_clear_changes(). */
void incr_import(struct incr *, struct replica *, unsigned int first,
                 bool (*wanted)(const struct replica_table_class *));

/* Takes all rows of these tables out of the engine, before the replica's or
 * the engine's end.  Likewise followed by a step. */
void incr_unimport(struct incr *, struct replica *,
                   bool (*wanted)(const struct replica_table_class *));

#endif /* incr/rows.h */
