/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REPLICA_PROTOCOL_H
#define REPLICA_PROTOCOL_H

/* The connection of a replica: finding a good server, asking it for the
 * schema and for what is monitored, conditions, the lock. */

#include "lib/jsonrpc/session.h"
#include "lib/replica/replica.h"

struct protocol;

struct protocol *protocol_create(struct replica *);
void protocol_destroy(struct protocol *);

/* Sends a "transact" request with the text 'params', whose contents it takes,
 * and stores its id in '*ret_id'.  False, with 'params' as it was, if there is
 * no connection that is good for it. */
bool protocol_transact(struct protocol *, struct str *params,
                       uint64_t *ret_id);

/* This server is no good any more: looks for another. */
void protocol_try_next(struct protocol *);

/* The name of the lock that is wanted, or NULL. */
const char *protocol_lock(const struct protocol *);

static inline bool
protocol_wants_lock(const struct protocol *protocol)
{
    return protocol_lock(protocol) != NULL;
}

/* Sends changed conditions, if that can be done now. */
void protocol_send_conditions(struct protocol *);

/* server_db.c: the rows of table Database of the server's _Server database,
 * which tell how the server stands to the database. */

struct server_db {
    struct hmap rows;           /* Of server_db_row, by uuid. */
};

struct server_db_row {
    struct hmap_node node;
    struct uuid uuid;
    char *name;
    char *model;                /* "standalone", "clustered", "relay". */
    char *schema;               /* NULL while it is not known. */
    bool is_connected;
    bool is_leader;
};

void server_db_init(struct server_db *);
void server_db_uninit(struct server_db *);

/* The parameters of the "monitor" request. */
struct span server_db_monitor_params(void);

/* Applies <table-updates>; with 'is_whole', in the place of all rows. */
struct error *server_db_update(struct server_db *, struct span text,
                               bool is_whole) MUST_USE;

/* The row of the database, or NULL. */
const struct server_db_row *server_db_find(const struct server_db *,
                                           const char *name);

/* condition.c: what of the tables' conditions the server knows. */

struct replica_table;
struct store;

/* The JSON text, for free(); NULL if every row satisfies it. */
char *condition_to_json(const struct replica_condition *);

/* Appends the "where" of a <monitor-request>, and notes it as sent: the
 * condition under which the rows that are here came if the monitor goes on
 * from them, else the one that is wanted. */
void condition_put_where(struct replica_table *, bool is_resumed,
                         struct str *);

/* Appends the conditions that differ from those sent, by table, and notes them
 * as sent.  False if there is none. */
bool conditions_put_changes(struct store *, struct str *);

/* The server has agreed to those sent; whether to all, if no change is under
 * way. */
void conditions_ack(struct store *);
bool conditions_are_acked(const struct store *);

#endif /* replica/protocol.h */
