/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_SERVER_EXECUTE_H
#define OVSDB_SERVER_EXECUTE_H

/* Operations of "transact" (RFC 7047 section 5.2), read straight from the text
 * of the request. */

#include "lib/base/span.h"
#include "ovsdb/server/db.h"

struct execute_client {
    bool read_only;             /* Operations that write are refused. */
    const char *role;           /* For access control; NULL for none. */
    const char *id;             /* Common name in its certificate, or NULL. */

    /* Whether the client holds the lock 'name'; NULL: it holds none. */
    bool (*holds_lock)(const char *name, void *aux);
    void *aux;
};

struct execute_result {
    struct str text;            /* The array of results, or, if 'is_refused',
                                 * an error object instead of a reply. */
    bool is_refused;
    bool is_committed;          /* The transaction has changed something. */
    bool is_durable;            /* The client wants it on the disk. */

    /* A "wait" does not hold yet: nothing was done, and the transaction should
     * be tried again when 'wait_table' has changed, or once 'timeout_ms' after
     * the first try is over. */
    bool must_wait;
    const struct db_table *wait_table;
    int64_t timeout_ms;         /* INT64_MAX for ever. */
};

/* Executes 'params', ["DATABASE", OPERATION...], of which DATABASE is 'db'.
 * 'elapsed_ms' is the time since the first try.  With 'dry_run' all is checked
 * and answered, and nothing changed.  Initializes '*result', whose text the
 * caller frees. */
void execute(struct db *db, struct span params,
             const struct execute_client *, int64_t elapsed_ms, bool dry_run,
             struct execute_result *result);

#endif /* ovsdb/server/execute.h */
