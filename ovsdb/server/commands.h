/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_SERVER_COMMANDS_H
#define OVSDB_SERVER_COMMANDS_H

/* Control commands of the server ("ovsdb-server/..."). */

struct server;

/* Registers them. */
void commands_register(struct server *);

#endif /* ovsdb/server/commands.h */
