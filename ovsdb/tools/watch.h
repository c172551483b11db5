/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_TOOLS_WATCH_H
#define OVSDB_TOOLS_WATCH_H

/* "monitor", "monitor-cond" and "monitor-cond-since" of ovsdb-client. */

#include "lib/ovsdb/schema.h"
#include "ovsdb/tools/rpc.h"

enum watch_version {
    WATCH_V1 = 1,
    WATCH_V2,
    WATCH_V3
};

/* Monitors what 'argv' says, [LASTID] [CONDITIONS] TABLE [COLUMN,...]... or
 * "ALL", and prints it until the program is ended. */
void watch_tables(struct rpc *, const struct ovsdb_schema *,
                  enum watch_version, int argc, char *argv[]);

#endif /* ovsdb/tools/watch.h */
