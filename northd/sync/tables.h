/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NORTHD_SYNC_TABLES_H
#define NORTHD_SYNC_TABLES_H

#include "northd/sync/rows.h"

/* The tables that northd writes as cells. */
extern const struct row_table_class sb_row_tables[];
extern const size_t n_sb_row_tables;
extern const struct row_table_class nb_row_tables[];
extern const size_t n_nb_row_tables;

/* Which southbound tables units read. */
bool sb_table_is_input(const struct replica_table_class *);

#endif /* northd/sync/tables.h */
