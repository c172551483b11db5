/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_SERVER_TXN_INDEX_H
#define OVSDB_SERVER_TXN_INDEX_H

/* The unique indexes of tables, while a transaction is checked: the last of
 * txn_check()'s phases. */

#include "ovsdb/server/txn.h"

/* Puts the rows as the transaction changes them in the place of the committed
 * ones.  On a duplicate, which the error tells, all is as before. */
struct error *txn_index_update(struct txn *) MUST_USE;

/* Puts the committed rows back. */
void txn_index_undo(struct txn *);

#endif /* ovsdb/server/txn_index.h */
