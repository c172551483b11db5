/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_SERVER_CONFIG_H
#define OVSDB_SERVER_CONFIG_H

/* The file of --config-file, JSON:
 *
 *     {
 *         "remotes": {
 *             "punix:db.sock": {},
 *             "pssl:6641": { "inactivity-probe": 16000, "read-only": false,
 *                            "role": "ovn-controller" }
 *         },
 *         "databases": { "conf.db": {},
 *                        "sb.db": { "service-model": "standalone" } }
 *     }
 *
 * Read at the start and by ovsdb-server/reload: what it names is served, and
 * what it does not is served no more. */

#include "lib/base/error.h"

struct server;

/* The name of the file, NULL without; borrowed for good. */
void config_file_set_name(const char *);
const char *config_file_name(void);

/* Reads the file and does what it says.  On error nothing has changed, but for
 * databases and remotes that could not be opened, of which the first is
 * named. */
struct error *config_file_load(struct server *) MUST_USE;

#endif /* ovsdb/server/config.h */
