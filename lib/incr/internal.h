/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INCR_INTERNAL_H
#define INCR_INTERNAL_H

/* The engine's own structures, for the files of this folder only. */

#include "lib/base/hash.h"
#include "lib/base/hmap.h"
#include "lib/base/vec.h"
#include "lib/incr/incr.h"

#include <pthread.h>

/* Units evaluated before their results are committed: bounds the memory of
 * uncommitted results. */
#define INCR_BATCH 2048

/* Units that make it worth while to wake the pool, and how many a thread
 * takes at once. */
#define INCR_POOL_MIN 64
#define INCR_POOL_GRAIN 16

/* Members at which a group gets a hash table of its own. */
#define INCR_GROUP_MAP_MIN 16

#define INCR_N_LOCKS 16
#define INCR_N_HISTORY 16

/* What a read of a group depends on (an edge's 'columns'). */
#define READ_PRESENCE 1u
#define READ_FACTS 2u

/* Something that can be read: the start of a row or a part of a group. */
struct target {
    struct edge *readers;
    bool is_group;
};

/* "'unit' read 'columns' of 'target'".  Lives in the unit's array, and is
 * linked into the target's list. */
struct edge {
    struct unit *unit;
    struct target *target;
    uint64_t columns;
    struct edge *next;
    struct edge **prev;         /* What points to this edge. */
};

struct incr_row {
    struct target target;
    struct unit *units;         /* Whose subject this is. */
    void *row;                  /* The program's. */
    uint32_t index;             /* In the table's vector. */
    uint16_t table;
    bool removed;
};

/* States of a fact within a step. */
#define FACT_TOUCHED 1u         /* In the class's 'touched'. */
#define FACT_WAS 2u             /* Had emitters when first touched. */

struct fact {
    struct hmap_node node;      /* In the group's map, if it has one; 'hash' is
                                 * the value's hash in any case. */
    struct incr_fact pub;
    /* The value follows. */
};

struct group {
    struct incr_group pub;
    struct hmap_node node;      /* In the class's 'groups'. */
    struct target target;
    struct unit *units;         /* Whose subject this is. */
    union {
        struct fact *one;       /* If 'allocated' is 0. */
        struct fact **many;
    };
    struct hmap *map;           /* Facts by value; NULL while few. */
    uint32_t allocated;
    bool dirty;                 /* In the class's 'dirty'. */
    bool live;                  /* Had facts when last settled. */
    bool sorted;                /* Atomic; see group_sort(). */
    bool garbage;               /* In the engine's 'garbage'. */
    bool marked;                /* For incr_why(). */
    /* The key follows, 8-byte aligned. */
};

struct unit {
    const struct incr_unit_class *class;
    struct target *subject;     /* A row's or a group's. */
    struct unit *next;          /* In the subject's list. */
    struct fact **facts;        /* As emitted, so maybe one twice. */
    struct edge *edges;
    uint64_t own_columns;       /* Read of the subject, if it is a row. */
    uint32_t n_facts;
    uint32_t n_edges;
    bool queued;
    bool dead;                  /* The subject is gone. */
};

struct class_stats {
    uint64_t n_evaluations, ns;
};

/* A fact class in an engine. */
struct fact_store {
    const struct incr_fact_class *class;
    struct hmap groups;
    VEC(struct fact *) touched;
    VEC(struct group *) dirty;
    VEC(const struct incr_sink *) sinks;
    VEC(const struct incr_unit_class *) units;   /* Of this subject. */
    size_t n_facts;
    size_t bytes;
    uint64_t n_changes;
};

struct table_store {
    const struct incr_table *table;
    VEC(struct incr_row *) rows;
    VEC(const struct incr_unit_class *) units;
};

/* A read or an emission that waits for its commit.  'fresh' ones point to
 * objects that the evaluating thread made, since there was none to find. */
struct read {
    struct target *target;
    uint64_t columns;
    bool fresh;
};

enum emission_fresh { NOT_FRESH, FRESH_FACT, FRESH_GROUP };

struct emission {
    struct fact *fact;
    enum emission_fresh fresh;
};

struct slot {
    uint32_t generation;
    uint32_t index;             /* Of a read. */
};

struct incr_ctx {
    struct incr *incr;
    const struct unit *unit;
    uint64_t own_columns;
    VEC(struct read) reads;     /* Of all units since the last commit. */
    VEC(struct emission) emissions;
    size_t first_read;          /* Of the running unit. */
    struct slot *slots;         /* Finds a target among the unit's reads. */
    uint32_t slot_mask;
    uint32_t generation;
    struct class_stats *stats;  /* By unit class, since the last commit. */
    struct str scratch[12];
    bool busy;                  /* Evaluates a unit. */
};

/* What one evaluation gave. */
struct result {
    struct unit *unit;
    struct incr_ctx *ctx;
    size_t first_read, n_reads;
    size_t first_emission, n_emissions;
    uint64_t own_columns;
};

struct step_record {
    int64_t at_wall_ms;
    uint64_t ns;
    size_t n_units, n_facts;
    char what[96];              /* The first inputs that changed. */
    size_t n_inputs;
};

struct incr {
    const struct incr_program *program;
    struct pool *pool;
    void *aux;
    struct table_store *tables;
    struct fact_store *facts;
    struct class_stats *unit_stats;
    size_t *n_units;            /* By unit class. */
    VEC(struct unit *) queues[INCR_MAX_RANK + 1];
    struct incr_ctx *ctxs;      /* One for each thread of the pool. */
    unsigned int n_ctxs;
    struct result *results;     /* INCR_BATCH. */
    VEC(struct fact *) dead_facts;
    VEC(struct incr_row *) dead_rows;
    VEC(struct group *) garbage;
    pthread_mutex_t locks[INCR_N_LOCKS];
    struct incr_counts counts;
    struct step_record now;     /* What is being collected. */
    struct step_record history[INCR_N_HISTORY];
    int rank;                   /* Of the units that run; -1 between steps. */
    bool pending;
};

/* store.c */

static inline struct group *
group_cast(const struct incr_group *group)
{
    return CONTAINER_OF(group, struct group, pub);
}

static inline struct fact **
group_members(struct group *group)
{
    return group->allocated ? group->many : &group->one;
}

static inline void *
fact_value(struct fact *fact)
{
    return &fact->pub + 1;
}

static inline uint64_t
key_hash(const void *key, size_t size)
{
    return hash_bytes(key, size, 0);
}

struct group *group_create(unsigned int class_id, const void *key, size_t,
                           uint64_t hash);
void group_destroy(struct group *);
struct group *group_find(const struct fact_store *, const void *key, size_t,
                         uint64_t hash);

/* Puts 'group' into its store and returns it; or, if there is one of that key
 * already, destroys it and returns that. */
struct group *group_settle(struct incr *, struct group *);

/* Says that 'group' may be unused now. */
void group_maybe_garbage(struct incr *, struct group *);

/* Sorts the members, from any thread. */
void group_sort(struct incr *, struct group *);

struct fact *fact_create(struct group *, const void *value, size_t,
                         uint64_t hash);
struct fact *fact_find(struct group *, const void *value, size_t,
                       uint64_t hash);

/* Like group_settle(), for a fact whose group is settled. */
struct fact *fact_settle(struct incr *, struct fact *);

void fact_retain(struct incr *, struct fact *);
void fact_release(struct incr *, struct fact *);

/* Makes the class's facts final for this step: wakes readers, makes and ends
 * units, calls the sinks.  Returns the number of net changes. */
size_t store_process(struct incr *, struct fact_store *);

/* Frees what the step left over. */
void store_collect(struct incr *);

/* unit.c */
struct unit *unit_create(struct incr *, const struct incr_unit_class *,
                         struct target *subject, struct unit *next);
void unit_wake(struct incr *, struct unit *);
void units_kill(struct incr *, struct unit *);
void unit_destroy(struct incr *, struct unit *);
void readers_wake(struct incr *, const struct target *, uint64_t columns);

/* Runs the woken units of one rank and commits what they did.  Returns their
 * number. */
size_t units_run(struct incr *, unsigned int rank);

/* Runs 'unit' in 'ctx' without a commit; what it did is in '*result'. */
void unit_evaluate(struct incr_ctx *, struct unit *, struct result *);
void ctx_init(struct incr_ctx *, struct incr *);
void ctx_uninit(struct incr_ctx *);

/* Calls 'visit' for each unit of the engine. */
void for_each_unit(const struct incr *,
                   void (*visit)(struct unit *, void *aux), void *aux);

/* Forgets what was evaluated. */
void ctx_reset(struct incr_ctx *);

#endif /* incr/internal.h */
