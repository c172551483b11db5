/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/binding/datapaths.h"

#include <stdlib.h>

#include "controller/program.h"
#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/hmap.h"
#include "lib/base/vec.h"

struct datapath {
    struct hmap_node node;       /* In datapaths.local, by key. */
    uint32_t key;
    bool reached;                /* In the walk under way. */
};

struct datapaths {
    struct controller *controller;
    struct incr_sink seed_sink;
    struct incr_sink edge_sink;
    struct hmap local;
    bool dirty;
};

static void
changed(void *d_, struct incr_fact *fact UNUSED, bool added UNUSED)
{
    struct datapaths *d = d_;

    d->dirty = true;
}

struct datapaths *
datapaths_create(struct controller *c)
{
    struct datapaths *d = xzalloc(sizeof *d);

    d->controller = c;
    hmap_init(&d->local);
    d->seed_sink = (struct incr_sink) { .fact = FACT_DATAPATH_SEED, .aux = d,
                                        .fact_changed = changed };
    d->edge_sink = (struct incr_sink) { .fact = FACT_DATAPATH_EDGE, .aux = d,
                                        .fact_changed = changed };
    incr_add_sink(c->incr, &d->seed_sink);
    incr_add_sink(c->incr, &d->edge_sink);
    return d;
}

static void
remove_datapath(struct datapaths *d, struct datapath *dp)
{
    hmap_remove(&d->local, &dp->node);
    free(dp);
}

void
datapaths_destroy(struct datapaths *d)
{
    struct datapath *dp;

    if (d) {
        HMAP_FOR_EACH_SAFE (dp, node, &d->local) {
            remove_datapath(d, dp);
        }
        hmap_uninit(&d->local);
        free(d);
    }
}

static struct datapath *
find(const struct datapaths *d, uint32_t key)
{
    struct datapath *dp;

    HMAP_FOR_EACH_WITH_HASH (dp, node, hash_word(key, 0), &d->local) {
        if (dp->key == key) {
            return dp;
        }
    }
    return NULL;
}

/* The walk: datapaths whose edges are still to be followed. */
struct walk {
    struct datapaths *d;
    VEC(uint32_t) todo;
};

static void
reach(struct walk *w, uint32_t key)
{
    struct datapath *dp = find(w->d, key);

    if (!dp) {
        dp = xzalloc(sizeof *dp);
        dp->key = key;
        hmap_insert(&w->d->local, &dp->node, hash_word(key, 0));
        incr_set(w->d->controller->incr, FACT_LOCAL_DATAPATH,
                 &key, sizeof key, NULL, 0);
    } else if (dp->reached) {
        return;
    }
    dp->reached = true;
    vec_push(&w->todo, key);
}

static void
reach_seed(struct incr_group *group, void *walk)
{
    reach(walk, get_u32(incr_group_key(group)));
}

void
datapaths_run(struct datapaths *d)
{
    struct walk w = { .d = d, .todo = VEC_EMPTY };
    struct datapath *dp;

    if (!d->dirty) {
        return;
    }
    d->dirty = false;
    HMAP_FOR_EACH (dp, node, &d->local) {
        dp->reached = false;
    }
    incr_for_each_group(d->controller->incr, FACT_DATAPATH_SEED, reach_seed,
                        &w);
    while (w.todo.n) {
        uint32_t key = vec_pop(&w.todo);
        struct incr_group *edges = incr_find(d->controller->incr,
                                             FACT_DATAPATH_EDGE,
                                             &key, sizeof key);

        for (size_t i = 0; edges && i < edges->n; i++) {
            reach(&w, get_u32(incr_group_value(edges, i)));
        }
    }
    vec_uninit(&w.todo);
    HMAP_FOR_EACH_SAFE (dp, node, &d->local) {
        if (!dp->reached) {
            incr_unset(d->controller->incr, FACT_LOCAL_DATAPATH,
                       &dp->key, sizeof dp->key);
            remove_datapath(d, dp);
        }
    }
}
