/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_SERVER_LOCKS_H
#define OVSDB_SERVER_LOCKS_H

/* Named locks (RFC 7047 sections 4.1.8 to 4.1.10).  A lock is owned by the
 * first of those who have asked for it. */

#include "lib/base/hmap.h"
#include "lib/base/list.h"

struct session;
struct lock;

struct locks {
    struct hmap by_name;            /* Of struct lock. */
};

/* A session's share of a lock. */
struct lock_claim {
    struct list node;               /* In the session's list. */
    struct list lock_node;          /* In the lock's list; first is owner. */
    struct lock *lock;
    struct session *session;
};

void locks_init(struct locks *);
void locks_uninit(struct locks *);      /* No claim may be left. */

/* Adds a claim of 'session' at the end, or, if 'steal', at the head.
 * '*ret_victim' is the session that has lost the lock by that, or NULL. */
struct lock_claim *locks_claim(struct locks *, struct session *,
                               const char *name, bool steal,
                               struct session **ret_victim);
bool lock_claim_is_owner(const struct lock_claim *);
const char *lock_claim_name(const struct lock_claim *);

/* Drops the claim.  Returns the session that owns the lock by that, or
 * NULL. */
struct session *lock_claim_drop(struct locks *, struct lock_claim *);

#endif /* ovsdb/server/locks.h */
