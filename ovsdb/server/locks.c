/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/server/locks.h"

#include "lib/base/alloc.h"
#include "lib/base/hash.h"

struct lock {
    struct hmap_node node;
    struct list claims;             /* Of struct lock_claim. */
    char name[];
};

void
locks_init(struct locks *locks)
{
    hmap_init(&locks->by_name);
}

void
locks_uninit(struct locks *locks)
{
    assert(hmap_is_empty(&locks->by_name));
    hmap_uninit(&locks->by_name);
}

static struct lock *
get_lock(struct locks *locks, const char *name)
{
    size_t hash = hash_string(name, 0);
    struct lock *lock;

    HMAP_FOR_EACH_WITH_HASH (lock, node, hash, &locks->by_name) {
        if (!strcmp(lock->name, name)) {
            return lock;
        }
    }
    lock = xmalloc(sizeof *lock + strlen(name) + 1);
    strcpy(lock->name, name);
    list_init(&lock->claims);
    hmap_insert(&locks->by_name, &lock->node, hash);
    return lock;
}

static struct lock_claim *
owner(const struct lock *lock)
{
    return CONTAINER_OF(lock->claims.next, struct lock_claim, lock_node);
}

struct lock_claim *
locks_claim(struct locks *locks, struct session *session, const char *name,
            bool steal, struct session **ret_victim)
{
    struct lock *lock = get_lock(locks, name);
    struct lock_claim *claim = xmalloc(sizeof *claim);

    claim->lock = lock;
    claim->session = session;
    list_init(&claim->node);
    *ret_victim = (steal && !list_is_empty(&lock->claims)
                   ? owner(lock)->session : NULL);
    if (steal) {
        list_push_front(&lock->claims, &claim->lock_node);
    } else {
        list_push_back(&lock->claims, &claim->lock_node);
    }
    return claim;
}

bool
lock_claim_is_owner(const struct lock_claim *claim)
{
    return owner(claim->lock) == claim;
}

const char *
lock_claim_name(const struct lock_claim *claim)
{
    return claim->lock->name;
}

struct session *
lock_claim_drop(struct locks *locks, struct lock_claim *claim)
{
    struct lock *lock = claim->lock;
    bool was_owner = lock_claim_is_owner(claim);

    list_remove(&claim->node);
    list_remove(&claim->lock_node);
    free(claim);
    if (list_is_empty(&lock->claims)) {
        hmap_remove(&locks->by_name, &lock->node);
        free(lock);
        return NULL;
    }
    return was_owner ? owner(lock)->session : NULL;
}
