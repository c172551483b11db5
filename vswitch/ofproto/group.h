/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OFPROTO_GROUP_H
#define OFPROTO_GROUP_H

/* Groups of a bridge.
 *
 * A group never changes: a modify puts a new one in its place.  Versions as in
 * classifier.h: a group is visible from 'add_version' until 'remove_version',
 * so that a bundle changes groups and flows at one moment.  Counters of a
 * bucket go on in the new group if the bucket is the same.
 *
 * Threads: the main thread changes; any reads within an RCU read section. */

#include "lib/openflow/group_msg.h"
#include "lib/runtime/rcu.h"
#include "lib/runtime/rcu_hash.h"

struct ofproto;

#define GROUP_MAX_HASH_SLOTS 256

struct group_bucket {
    const struct bucket *bucket; /* In 'buckets'. */
    uint64_t n_packets;          /* Atomic. */
    uint64_t n_bytes;            /* Atomic. */
};

struct group {
    uint32_t id;
    uint8_t type;                /* enum group_type. */
    uint32_t n_refs;             /* Atomic; by ukeys and by being there. */
    uint64_t add_version;
    uint64_t remove_version;     /* Atomic. */
    struct ofproto *ofproto;
    struct list buckets;         /* struct bucket's. */
    struct group_props props;
    size_t n_buckets;
    struct group_bucket *by_index;
    uint64_t n_packets;          /* Atomic. */
    uint64_t n_bytes;            /* Atomic. */
    int64_t created_ms;
    uint32_t n_users;            /* Rules, when last counted for a reply. */

    /* Select by dp_hash: slot h & (n_slots - 1) is a bucket's index. */
    uint32_t n_slots;            /* Power of two; 0: not by dp_hash. */
    uint16_t *slots;
    struct rcu_head rcu;
};

/* Returns the group of 'id' that is there in 'version', or NULL. */
struct group *group_find(const struct ofproto *, uint32_t id,
                         uint64_t version);

/* 'group' is borrowed within an RCU read section: takes a reference, or NULL
 * if it is dying. */
struct group *group_try_ref(struct group *);
void group_unref(struct group *);

/* Adds packets to the counters of the group and of bucket 'index' (SIZE_MAX:
 * none).  Threads: any. */
void group_credit(struct group *, size_t index, uint64_t n_packets,
                  uint64_t n_bytes);

/* What a group mod did, for commit or undoing. */
struct group_change {
    struct group *added;         /* NULL: none. */
    struct group *hidden;        /* NULL: none. */
};

/* Makes the changes of 'gm' in 'version' and stores them in '*changes', a
 * growing array ('n' and 'items' as of a VEC).  On error nothing changed. */
struct group_txn;
enum ofperr group_mod_apply(struct ofproto *, const struct group_mod *,
                            uint64_t version, struct group_txn *) MUST_USE;

struct group_txn {
    struct group_change *items;
    size_t n;
    size_t allocated;
};

/* After the version was published, or instead of it. */
void group_txn_commit(struct ofproto *, struct group_txn *);
void group_txn_revert(struct ofproto *, struct group_txn *);

/* Removes all groups in 'version'. */
void groups_flush(struct ofproto *, uint64_t version, struct group_txn *);

/* Fills a reply's parts. */
void group_describe(const struct group *, struct group_desc *ret);
void group_get_stats(const struct group *, struct group_stats *ret);

#endif /* ofproto/group.h */
