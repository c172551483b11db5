/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_TOOLS_RPC_H
#define OVSDB_TOOLS_RPC_H

/* Calls to a database server, one at a time, for tools: each waits for its
 * answer.  What cannot be done ends the program with a message. */

#include <jansson.h>

#include "lib/base/error.h"

struct rpc;

/* Connects to one of the servers of 'remotes' (separated by commas), or, if
 * it is a passive name ("ptcp:..."), waits for a server to connect. */
struct rpc *rpc_connect(const char *remotes);

/* Leaves the server for another of the remotes. */
void rpc_try_next(struct rpc *);
void rpc_close(struct rpc *);

/* Calls 'method' and returns its result, for json_decref().  'params' is
 * stolen.  An error reply ends the program. */
json_t *rpc_call(struct rpc *, const char *method, json_t *params);

/* Returns the next notification: its parameters, for json_decref(), and its
 * method in '*ret_method', for free().  NULL if 'until' has become true. */
json_t *rpc_wait_notify(struct rpc *, char **ret_method, const bool *until);

/* Stops reading from the server, or goes on. */
void rpc_set_reading(struct rpc *, bool);

#endif /* ovsdb/tools/rpc.h */
