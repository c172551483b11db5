/* SPDX-License-Identifier: Apache-2.0 */

#include "northd/sync/keys.h"

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/hmap.h"
#include "lib/base/vec.h"
#include "lib/runtime/log.h"

LOG_MODULE(tunnel_keys)

/* Greatest keys.  From 0xff0001 on datapath keys belong to interconnection;
 * from 32768 on port keys to multicast groups.  VXLAN has 12 bits for each,
 * half of the ports' being for multicast groups. */
#define MAX_DATAPATH 0xff0000u
#define MAX_PORT 32767u
#define MAX_DATAPATH_VXLAN 4095u
#define MAX_PORT_VXLAN 2047u

struct scope {
    struct hmap_node node;      /* In key_sync.scopes, by uuid. */
    struct uuid uuid;
    struct hmap holders;        /* By key. */
    uint32_t last;              /* Given last. */
    size_t n_starved;           /* Wanted, and without a key. */
};

struct holder {
    struct hmap_node node;      /* In key_sync.holders, by id. */
    struct hmap_node key_node;  /* In scope->holders, if 'key'. */
    struct scope *scope;
    uint32_t key;               /* 0 if it has none. */
    uint32_t requested;
    uint32_t max;               /* 0: what tunnels have room for. */
    bool wanted;                /* Otherwise only reserved. */
    bool starved;               /* Counted in scope->n_starved. */
    bool dirty;
    uint32_t id_size;
    char id[];
};

/* For a format with "%.*s": whose number it is. */
#define HOLDER_NAME(HOLDER) \
    (int) ((HOLDER)->id_size - sizeof(struct key_id)), \
    (HOLDER)->id + sizeof(struct key_id)

struct key_sync {
    struct incr *incr;
    struct incr_sink sink;
    struct hmap scopes;
    struct hmap holders;
    VEC(struct holder *) dirty;
};

static struct scope *
scope_get(struct key_sync *sync, const struct uuid *uuid)
{
    struct scope *scope;

    HMAP_FOR_EACH_WITH_HASH (scope, node, uuid_hash(uuid), &sync->scopes) {
        if (uuid_equals(&scope->uuid, uuid)) {
            return scope;
        }
    }
    scope = xzalloc(sizeof *scope);
    scope->uuid = *uuid;
    hmap_init(&scope->holders);
    hmap_insert(&sync->scopes, &scope->node, uuid_hash(uuid));
    return scope;
}

static struct holder *
holder_of_key(struct scope *scope, uint32_t key)
{
    struct holder *holder;

    HMAP_FOR_EACH_WITH_HASH (holder, key_node, key, &scope->holders) {
        if (holder->key == key) {
            return holder;
        }
    }
    return NULL;
}

static struct holder *
holder_get(struct key_sync *sync, const void *id, size_t size)
{
    size_t hash = hash_bytes(id, size, 0);
    struct holder *holder;

    HMAP_FOR_EACH_WITH_HASH (holder, node, hash, &sync->holders) {
        if (holder->id_size == size && !memcmp(holder->id, id, size)) {
            return holder;
        }
    }
    holder = xzalloc(sizeof *holder + size);
    holder->scope = scope_get(sync, id);
    holder->id_size = size;
    memcpy(holder->id, id, size);
    hmap_insert(&sync->holders, &holder->node, hash);
    return holder;
}

static void
holder_set_key(struct holder *holder, uint32_t key)
{
    if (holder->key) {
        hmap_remove(&holder->scope->holders, &holder->key_node);
    }
    holder->key = key;
    if (key) {
        hmap_insert(&holder->scope->holders, &holder->key_node, key);
    }
}

static void
holder_destroy(struct key_sync *sync, struct holder *holder)
{
    struct scope *scope = holder->scope;

    holder_set_key(holder, 0);
    hmap_remove(&sync->holders, &holder->node);
    free(holder);
    if (hmap_is_empty(&scope->holders)) {
        bool used = false;
        struct holder *other;

        /* Others of the scope may wait for a key in this very step. */
        VEC_FOR_EACH (p, &sync->dirty) {
            other = *p;
            used = used || (other != holder && other->scope == scope);
        }
        if (!used) {
            hmap_remove(&sync->scopes, &scope->node);
            hmap_uninit(&scope->holders);
            free(scope);
        }
    }
}

static void
set_dirty(struct key_sync *sync, struct holder *holder)
{
    if (!holder->dirty) {
        holder->dirty = true;
        vec_push(&sync->dirty, holder);
    }
}

static void
wanted_changed(void *sync_, struct incr_group *group)
{
    struct key_sync *sync = sync_;
    struct holder *holder = holder_get(sync, incr_group_key(group),
                                       group->key_size);

    holder->wanted = group->n > 0;
    if (group->n) {
        const struct wanted_key *wanted = incr_group_value(group, 0);

        holder->requested = wanted->requested;
        holder->max = wanted->max;
    }
    set_dirty(sync, holder);
}

/* VXLAN tunnels between hosts count if NB_Global does not say otherwise. */
static bool
has_vxlan(const struct key_sync *sync)
{
    const struct incr_group *group = incr_find(sync->incr, F_GLOBAL, NULL, 0);
    const struct global *global = (group && group->n
                                   ? incr_group_value(group, 0) : NULL);

    return (incr_find(sync->incr, F_VXLAN, NULL, 0) != NULL
            && (!global || global->vxlan_mode));
}

static uint32_t
max_key(const struct key_sync *sync, const struct holder *holder)
{
    if (holder->max) {
        return holder->max;
    }
    return (uuid_is_zero(&holder->scope->uuid)
            ? has_vxlan(sync) ? MAX_DATAPATH_VXLAN : MAX_DATAPATH
            : has_vxlan(sync) ? MAX_PORT_VXLAN : MAX_PORT);
}

uint32_t
key_sync_max_datapath(const struct key_sync *sync)
{
    return has_vxlan(sync) ? MAX_DATAPATH_VXLAN : MAX_DATAPATH;
}

static uint32_t
find_free_key(const struct key_sync *sync, const struct holder *holder)
{
    uint32_t max = max_key(sync, holder);
    struct scope *scope = holder->scope;

    if (hmap_count(&scope->holders) >= max) {
        return 0;
    }
    do {
        scope->last = scope->last >= max ? 1 : scope->last + 1;
    } while (holder_of_key(scope, scope->last));
    return scope->last;
}

static void
publish(struct key_sync *sync, const struct holder *holder)
{
    if (holder->key) {
        incr_set(sync->incr, F_KEY, holder->id, holder->id_size,
                 &holder->key, sizeof holder->key);
    } else {
        incr_unset(sync->incr, F_KEY, holder->id, holder->id_size);
    }
}

/* Requests first: whoever held the number without asking moves. */
static void
give_requested(struct key_sync *sync, struct holder *holder)
{
    struct holder *other;

    if (!holder->requested || holder->requested == holder->key) {
        return;
    }
    other = holder_of_key(holder->scope, holder->requested);
    if (holder->requested > max_key(sync, holder)
        || (other && other->wanted && other->requested == other->key)) {
        static struct log_limit limit = LOG_LIMIT(1, 5);

        log_warn_limited(&limit, "%.*s: requested key or tag %u is out of "
                         "range or used by another", HOLDER_NAME(holder),
                         holder->requested);
        return;
    }
    if (other) {
        holder_set_key(other, 0);
        set_dirty(sync, other);
    }
    holder_set_key(holder, holder->requested);
}

static void
set_starved(struct holder *holder, bool starved)
{
    holder->scope->n_starved += starved - holder->starved;
    holder->starved = starved;
}

/* In a scope where a number came free, those that had none try again.  Walks
 * all holders, but only where there was want. */
static void
retry_starved(struct key_sync *sync, const struct scope *scope)
{
    struct holder *holder;

    if (scope->n_starved) {
        HMAP_FOR_EACH (holder, node, &sync->holders) {
            if (holder->scope == scope && holder->starved) {
                set_dirty(sync, holder);
            }
        }
    }
}

static void
give(struct key_sync *sync, struct holder *holder)
{
    if (!holder->key) {
        holder_set_key(holder, find_free_key(sync, holder));
        set_starved(holder, !holder->key);
        if (!holder->key) {
            static struct log_limit limit = LOG_LIMIT(1, 5);

            log_warn_limited(&limit, "%.*s: all tunnel keys are in use",
                             HOLDER_NAME(holder));
        }
    }
}

static void
wanted_settled(void *sync_)
{
    struct key_sync *sync = sync_;

    for (size_t i = 0; i < sync->dirty.n; i++) {
        struct holder *holder = sync->dirty.items[i];

        if (!holder->wanted) {
            holder_set_key(holder, 0);
            set_starved(holder, false);
            retry_starved(sync, holder->scope);
        }
    }
    for (size_t i = 0; i < sync->dirty.n; i++) {
        if (sync->dirty.items[i]->wanted) {
            give_requested(sync, sync->dirty.items[i]);
        }
    }
    for (size_t i = 0; i < sync->dirty.n; i++) {
        if (sync->dirty.items[i]->wanted) {
            give(sync, sync->dirty.items[i]);
        }
        publish(sync, sync->dirty.items[i]);
    }
    while (sync->dirty.n) {
        struct holder *holder = vec_pop(&sync->dirty);

        holder->dirty = false;
        if (!holder->wanted) {
            holder_destroy(sync, holder);
        }
    }
}

struct key_sync *
key_sync_create(struct incr *incr)
{
    struct key_sync *sync = xzalloc(sizeof *sync);

    sync->incr = incr;
    hmap_init(&sync->scopes);
    hmap_init(&sync->holders);
    sync->sink = (struct incr_sink) {
        .fact = F_KEY_WANTED,
        .aux = sync,
        .group_changed = wanted_changed,
        .settled = wanted_settled,
    };
    incr_add_sink(incr, &sync->sink);
    return sync;
}

void
key_sync_destroy(struct key_sync *sync)
{
    struct holder *holder;
    struct scope *scope;

    if (!sync) {
        return;
    }
    HMAP_FOR_EACH_SAFE (holder, node, &sync->holders) {
        free(holder);
    }
    HMAP_FOR_EACH_SAFE (scope, node, &sync->scopes) {
        hmap_uninit(&scope->holders);
        free(scope);
    }
    hmap_uninit(&sync->holders);
    hmap_uninit(&sync->scopes);
    vec_uninit(&sync->dirty);
    free(sync);
}

void
key_sync_reserve(struct key_sync *sync, const struct uuid *scope,
                 const char *name, uint32_t key, uint32_t max)
{
    struct str id = STR_EMPTY;
    struct key_id header = { { { 0 } } };
    struct holder *holder;

    if (scope) {
        header.scope = *scope;
    }
    str_put_bytes(&id, &header, sizeof header);
    str_put(&id, name);
    holder = holder_get(sync, id.string, id.length);
    if (!holder->key && key && key <= (max ? max : max_key(sync, holder))
        && !holder_of_key(holder->scope, key)) {
        holder_set_key(holder, key);
        holder->scope->last = MAX(holder->scope->last, key);
    }
    str_uninit(&id);
}

void
key_sync_release(struct key_sync *sync)
{
    struct holder *holder;

    HMAP_FOR_EACH_SAFE (holder, node, &sync->holders) {
        if (!holder->wanted) {
            holder_destroy(sync, holder);
        }
    }
}
