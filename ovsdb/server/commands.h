/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_SERVER_COMMANDS_H
#define OVSDB_SERVER_COMMANDS_H

/* Control commands of the server ("ovsdb-server/..."). */

struct server;

/* Registers them. */
void commands_register(struct server *);

/* Makes records have whole values, until the command
 * ovsdb/file/column-diff-enable, which it registers. */
void commands_disable_diffs(void);

#endif /* ovsdb/server/commands.h */
