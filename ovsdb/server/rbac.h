/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_SERVER_RBAC_H
#define OVSDB_SERVER_RBAC_H

/* Role-based access control by the tables RBAC_Role and those that it refers
 * to (ovsdb-server(7), "3.2 Schema Format").  Applies to clients with a role,
 * of databases that have the table. */

#include "lib/base/error.h"
#include "ovsdb/server/execute.h"

/* Each returns a "permission error" for what the client may not do.  'row' is
 * the row before (or, for an insert, after) the change. */
struct error *rbac_check_insert(const struct db_row *,
                                const struct execute_client *) MUST_USE;
struct error *rbac_check_delete(const struct db_row *,
                                const struct execute_client *) MUST_USE;

/* 'columns' are those that it wants to change. */
struct error *rbac_check_update(const struct db_row *, uint64_t columns,
                                const struct execute_client *) MUST_USE;

#endif /* ovsdb/server/rbac.h */
