/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INCR_INTERNAL_H
#define INCR_INTERNAL_H

/* The engine's own structures, for the files of this folder only. */

#include "lib/base/compiler.h"
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

/* Units of a thread after which sinks are told of progress, if facts enough
 * changed by then. */
#define INCR_PROGRESS 32
#define INCR_PROGRESS_FACTS 256

/* Members above which a group gets a hash table of its own. */
#define INCR_GROUP_SLOTS_MIN 16

/* What a vector that a step fills may keep for the next one.  The first step
 * of a program fills them a thousand times as high as all others. */
#define INCR_KEEP 4096

/* Unit classes of one subject class. */
#define INCR_MAX_SIBLINGS 64

/* Reads of one unit. */
#define INCR_MAX_READS (1u << 24)

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
    struct unit_set *units;     /* Whose subject this is, or NULL. */
    void *row;                  /* The program's. */
    uint32_t index;             /* In the table's vector. */
    uint16_t table;
    bool removed;
};

/* States of a fact within a step. */
#define FACT_TOUCHED 1u         /* In the class's 'touched'. */
#define FACT_WAS 2u             /* Had emitters when first touched. */

/* The flags of a group. */
#define GROUP_DIRTY 1u          /* In the class's 'dirty'. */
#define GROUP_LIVE 2u           /* Had facts when last settled. */
#define GROUP_GARBAGE 4u        /* In the engine's 'garbage'. */
#define GROUP_MARKED 8u         /* For incr_why(). */
#define GROUP_MANY 16u          /* Has 'many', not 'one'. */

/* The members of a group that has had more than one. */
struct members {
    uint32_t allocated;         /* Of 'items'. */
    uint32_t slot_mask;
    struct incr_fact **slots;   /* Open hash table of the facts by value; NULL
                                 * while few. */
    struct incr_fact *items[];
};

struct group {
    struct incr_group pub;      /* 'hash' is the key's; 'sorted' is atomic, see
                                 * group_sort(). */
    struct group *next;         /* In the class's bucket. */
    struct target target;
    struct unit_set *units;     /* Whose subject this is, or NULL. */
    union {
        struct incr_fact *one;
        struct members *many;
    };
    /* The key follows, 8-byte aligned. */
};

struct unit {
    union {
        struct incr_fact *one;  /* If 'n_facts' is 1. */
        struct incr_fact **many; /* As emitted, so maybe one twice. */
    };
    struct edge *edges;
    uint64_t own_columns;       /* Read of the subject, if it is a row. */
    uint32_t n_facts;
    uint32_t n_edges : 24;
    uint32_t number : 6;        /* In its set, and of its class. */
    uint32_t queued : 1;
    uint32_t dead : 1;          /* The subject is gone. */
};

/* The units of one subject, one of each class: there are many more units than
 * subjects, so what is the same for all is kept once. */
struct unit_set {
    struct target *subject;     /* A row's or a group's. */
    const struct incr_unit_class *const *classes;
    uint32_t n;
    uint32_t n_alive;           /* Units not destroyed yet. */
    struct unit units[];
};

struct class_stats {
    uint64_t n_evaluations, ns;
};

/* A fact class in an engine. */
struct fact_store {
    const struct incr_fact_class *class;
    struct group **buckets;
    uint32_t bucket_mask;
    uint32_t n_groups;
    VEC(struct incr_fact *) touched;
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
    struct incr_fact *fact;
    enum emission_fresh fresh;
};

struct slot {
    uint32_t generation;
    uint32_t index;             /* Of a read. */
};

/* What a thread evaluates with: its own cache lines, as it writes to them all
 * the time. */
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
} CACHE_ALIGNED;

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
    VEC(struct incr_fact *) dead_facts;
    VEC(struct incr_row *) dead_rows;
    VEC(struct group *) garbage;
    pthread_mutex_t locks[INCR_N_LOCKS];
    struct incr_counts counts;
    struct step_record now;     /* What is being collected. */
    struct step_record history[INCR_N_HISTORY];
    int rank;                   /* Of the units that run; -1 between steps. */
    int max_rank;               /* The highest that the program has. */
    bool pending;
};

/* store.c */

static inline struct group *
group_cast(const struct incr_group *group)
{
    return CONTAINER_OF(group, struct group, pub);
}

static inline struct incr_fact **
group_members(struct group *group)
{
    return (group->pub.flags & GROUP_MANY ? group->many->items
            : &group->one);
}

static inline uint32_t
key_hash(const void *key, size_t size)
{
    return hash_bytes(key, size, 0);
}

/* The groups of a store, in no order.  The body must not change the store. */
#define GROUP_FOR_EACH(GROUP, STORE) \
    for ((GROUP) = group_next(STORE, NULL); (GROUP); \
         (GROUP) = group_next(STORE, GROUP))

struct group *group_next(const struct fact_store *, const struct group *);

struct group *group_create(unsigned int class_id, const void *key, size_t,
                           uint32_t hash);
void group_destroy(struct group *);
struct group *group_find(const struct fact_store *, const void *key, size_t,
                         uint32_t hash);

/* Puts 'group' into its store and returns it; or, if there is one of that key
 * already, destroys it and returns that. */
struct group *group_settle(struct incr *, struct group *);

/* Says that 'group' may be unused now. */
void group_maybe_garbage(struct incr *, struct group *);

/* Sorts the members, from any thread. */
void group_sort(struct incr *, struct group *);

struct incr_fact *fact_create(struct group *, const void *value, size_t,
                              uint32_t hash);
struct incr_fact *fact_find(struct group *, const void *value, size_t,
                            uint32_t hash);

/* Like group_settle(), for a fact whose group is settled. */
struct incr_fact *fact_settle(struct incr *, struct incr_fact *);

void fact_retain(struct incr *, struct incr_fact *);
void fact_release(struct incr *, struct incr_fact *);

void fact_store_init(struct fact_store *, const struct incr_fact_class *);
void fact_store_uninit(struct fact_store *);

/* Makes the class's facts final for this step: wakes readers, makes and ends
 * units, calls the sinks.  Returns the number of net changes. */
size_t store_process(struct incr *, struct fact_store *);

/* For the classes of 'rank' whose sinks want to know of progress: is there
 * one; tells them. */
bool stores_want_progress(const struct incr *, unsigned int rank);
void stores_progress(struct incr *, unsigned int rank);

/* Frees what the step left over. */
void store_collect(struct incr *);

/* unit.c */

static inline struct unit_set *
unit_set_of(const struct unit *unit)
{
    return CONTAINER_OF((struct unit *) unit - unit->number, struct unit_set,
                        units);
}

static inline const struct incr_unit_class *
unit_class(const struct unit *unit)
{
    return unit_set_of(unit)->classes[unit->number];
}

static inline struct target *
unit_subject(const struct unit *unit)
{
    return unit_set_of(unit)->subject;
}

static inline struct incr_fact **
unit_facts(struct unit *unit)
{
    return unit->n_facts == 1 ? &unit->one : unit->many;
}

/* Makes a unit of each of 'n' classes, and wakes them.  Returns NULL if 'n' is
 * 0. */
struct unit_set *units_create(struct incr *,
                              const struct incr_unit_class *const *classes,
                              size_t n, struct target *subject);

/* For a set that may be NULL: wakes all; wakes all for the last time, as the
 * subject is gone: their turn only takes back what they emitted; frees them
 * outside of a step. */
void units_wake(struct incr *, struct unit_set *);
void units_kill(struct incr *, struct unit_set *);
void units_destroy(struct incr *, struct unit_set *);

void unit_wake(struct incr *, struct unit *);
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
