/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INCR_INCR_H
#define INCR_INCR_H

/* The incremental engine: facts as a function of inputs.
 *
 * A program describes, in three tables, its input tables, its fact classes and
 * its unit classes.  The engine runs a unit for each subject (a row of an
 * input table, or a key of a fact class), notes what the unit reads and what
 * facts it emits, and runs it again when something that it read has changed.
 *
 * Words: a *fact* is (class, key, value); the facts of one class and key are a
 * *group*, and readers look up groups.  A fact that several units emit is one
 * fact.  A *rank* orders the work: a unit of rank r reads facts of classes of
 * ranks below r and emits facts of classes of rank r or more; the engine goes
 * up the ranks once a step.  A *sink* is told net changes of a fact class.
 *
 * Invariant: after each incr_step(), the facts are what the units would emit
 *     from the present inputs if all of them ran for the first time.  That
 *     holds if units are functions of what they read through the context:
 *     no static state, no clock, no untracked row.
 * Cost: a step costs time in the units woken, in what these read and emit, and
 *     in the facts changed.  A read costs a probe in a small hash table, an
 *     edge 40 bytes.
 * Threads: the engine belongs to one thread.  With a pool, units of one rank
 *     run in several; they touch nothing but their context and what they
 *     read. */

#include "lib/base/str.h"
#include "lib/replica/replica.h"
#include "lib/runtime/pool.h"

struct incr;
struct incr_ctx;
struct incr_row;

#define INCR_MAX_RANK 63

/* Says that a unit class's subject, or a fact class's, is absent. */
#define INCR_NONE UINT16_MAX

/* An input table: rows that come, change by columns, and go. */
struct incr_table {
    const char *name;

    /* Appends what a person calls 'row', and nothing if NULL. */
    void (*format_row)(const void *row, struct str *);

    /* Appends the names of the columns in the mask; numbers them if NULL. */
    void (*format_columns)(const void *row, uint64_t columns, struct str *);
};

/* A class of facts.  Keys and values are bytes, compared as such (zero the
 * padding of structs); both may be empty.  They are stored 8-byte aligned. */
struct incr_fact_class {
    const char *name;
    uint8_t rank;               /* At most INCR_MAX_RANK. */

    /* Appends a key or value for a person; escaped text if NULL. */
    void (*format_key)(const void *key, size_t size, struct str *);
    void (*format_value)(const void *value, size_t size, struct str *);
};

/* A fact as its readers and sinks see it. */
struct incr_fact {
    struct incr_group *group;
    uint32_t value_size;
    /* The rest is the engine's. */
    uint32_t index;
    uint32_t hash;
    uint32_t n_emitters : 30;
    uint32_t state : 2;
};

/* All facts of a class and key. */
struct incr_group {
    void *sink_data;            /* The sink's, which NULLs it when done: a
                                 * group lives while it is not NULL. */
    uint64_t set_hash;          /* Depends on the set of values, not on their
                                 * order; kept as facts come and go. */
    uint32_t n;                 /* Facts. */
    uint32_t key_size;
    uint16_t class_id;
    /* The rest is the engine's. */
    uint8_t flags;
    bool sorted;
    uint32_t hash;
};

const void *incr_group_key(const struct incr_group *);

/* The 'i'th fact's value, 'i' < n.  In order of the bytes if 'group' came from
 * incr_lookup(); in no order for sinks. */
const void *incr_group_value(const struct incr_group *, size_t i);
const struct incr_fact *incr_group_fact(const struct incr_group *, size_t i);
const void *incr_fact_value(const struct incr_fact *);

/* A class of units.  Either 'table' or 'fact' names the subject, the other is
 * INCR_NONE.  There is a unit for each row of the table; for each key of the
 * fact class under which there are facts. */
struct incr_unit_class {
    const char *name;
    uint8_t rank;               /* Above the subject's. */
    uint16_t table;
    uint16_t fact;

    /* Runs the unit.  Exactly one is set. */
    void (*run_row)(struct incr_ctx *, const void *row);
    void (*run_group)(struct incr_ctx *, const struct incr_group *);
};

/* Is told about one fact class.  Each callback may be NULL.  Callbacks run on
 * the engine's thread. */
struct incr_sink {
    uint16_t fact;
    void *aux;

    /* A fact appeared or vanished in this step (net).  A vanished fact is
     * valid until the step ends. */
    void (*fact_changed)(void *aux, struct incr_fact *, bool added);

    /* After these, once for each group with a net change. */
    void (*group_changed)(void *aux, struct incr_group *);

    /* After these, if there were any: the class is final for this step.  The
     * callback may set input facts of classes of higher ranks than this
     * one. */
    void (*settled)(void *aux);

    /* With this, a sink of a class that nobody reads need not wait until all
     * units of a long step have run: of what changes while they do it is told
     * now and then, and this is called.  What it is told so far is not net: a
     * fact that vanished may appear again.  settled() comes as often. */
    void (*progress)(void *aux);
};

/* What a program is made of: arrays that outlive the engine. */
struct incr_program {
    const struct incr_table *tables;
    size_t n_tables;
    const struct incr_fact_class *facts;
    size_t n_facts;
    const struct incr_unit_class *units;
    size_t n_units;
};

/* Aborts if the program is not consistent (ranks, ids).  'pool' may be NULL
 * and is borrowed. */
struct incr *incr_create(const struct incr_program *, struct pool *pool);
void incr_destroy(struct incr *);

/* 'sink' is borrowed, and called in order of registration. */
void incr_add_sink(struct incr *, const struct incr_sink *sink);

/* Inputs; between steps (or, for facts, from a sink's settled()).
 *
 * A row is the program's; the engine keeps an incr_row for it, by which it is
 * read.  Row memory must stay until the step after incr_row_remove() is
 * over. */
struct incr_row *incr_row_add(struct incr *, unsigned int table, void *row);
void incr_row_change(struct incr *, struct incr_row *, uint64_t columns);
void incr_row_remove(struct incr *, struct incr_row *);

/* Sets the value of an input fact: the only fact of its group.  Units must not
 * emit into a class that is set this way. */
void incr_set(struct incr *, unsigned int fact, const void *key, size_t,
              const void *value, size_t);
void incr_unset(struct incr *, unsigned int fact, const void *key, size_t);

/* True if there is something to do. */
bool incr_is_pending(const struct incr *);

/* Brings the facts up to date and tells the sinks.  Returns the number of
 * facts that appeared or vanished. */
size_t incr_step(struct incr *);

/* For sinks and tools: the group, borrowed until the next step, or NULL if
 * there are no such facts. */
struct incr_group *incr_find(const struct incr *, unsigned int fact,
                             const void *key, size_t);

/* What one value adds to the 'set_hash' of a group: the sum over a set tells,
 * before there is a group, which groups hold that set. */
uint64_t incr_set_hash(const void *value, size_t);

/* Calls 'visit' for each group of 'fact' that has facts. */
void incr_for_each_group(struct incr *, unsigned int fact,
                         void (*visit)(struct incr_group *, void *aux),
                         void *aux);

/* For units.  A context of NULL means that nothing is noted, for reading
 * outside of units; it is allowed where the comment says so. */

/* Notes a read of 'columns' of the row.  'ctx' may be NULL. */
void incr_read(struct incr_ctx *, struct incr_row *, uint64_t columns);

/* Likewise for a replica's row, whose table was imported (rows.h). */
static inline void
incr_read_row(struct incr_ctx *ctx, const struct replica_row *row,
              uint64_t columns)
{
    if (ctx) {
        incr_read(ctx, row->aux, columns);
    }
}

/* Returns the facts under the key, or NULL if there are none, and notes that
 * the unit read them all.  Borrowed until the unit returns. */
const struct incr_group *incr_lookup(struct incr_ctx *, unsigned int fact,
                                     const void *key, size_t);

/* Returns the value of the first fact under the key, or NULL.  For classes
 * with one value a key. */
const void *incr_get(struct incr_ctx *, unsigned int fact, const void *key,
                     size_t);

/* Says whether there are facts under the key, and notes only that. */
bool incr_exists(struct incr_ctx *, unsigned int fact, const void *key,
                 size_t);

/* Emits a fact. */
void incr_emit(struct incr_ctx *, unsigned int fact, const void *key, size_t,
               const void *value, size_t);

/* A string builder for the unit's own use, empty at first use in a unit and
 * after each incr_scratch() call with the same 'i' (0 to 11). */
struct str *incr_scratch(struct incr_ctx *, unsigned int i);

/* What the program gave to incr_set_aux(), constant while units run. */
void *incr_aux(const struct incr_ctx *);
void incr_set_aux(struct incr *, void *aux);

/* For operators. */

/* The table of incr/stats: a line a unit class and a fact class, and the last
 * steps. */
void incr_stats(const struct incr *, struct str *);

/* How often units of the class of that name ran; 0 if there is no such class. */
uint64_t incr_evaluations(const struct incr *, const char *unit_class);

/* Counts evaluations, changes, reads and emissions from 0 again. */
void incr_clear_stats(struct incr *);

/* Runs every unit again and compares; checks counts and subjects.  As ranks
 * rest on lower ranks only, no difference means that a fresh engine would hold
 * the same facts.  Returns the number of differences and describes up to
 * 'max' of them. */
size_t incr_verify(struct incr *, size_t max, struct str *);

/* The causes of the facts whose class is 'class_name' and whose formatted key
 * contains 'key': the units that emit them and what these read.  At most 'max'
 * groups. */
void incr_why(const struct incr *, const char *class_name, const char *key,
              size_t max, struct str *);

/* An input row that facts rest on. */
struct incr_origin {
    unsigned int table;
    const void *row;
    uint64_t columns;           /* That were read. */
    uint64_t sources;           /* Bit i: the facts of 'groups[i]' do. */
    unsigned int distance;      /* 1 if the unit that emits them reads it, 2 if
                                 * it reads a fact whose unit does, ... */
};

#define INCR_MAX_ORIGINS 64

/* Calls 'visit' for each input row that the facts of one of 'n' groups, at
 * most INCR_MAX_ORIGINS, rest on, nearest first; again for a row that is
 * farther from others of the groups.  Takes a pass over all units for each
 * distance. */
void incr_origins(const struct incr *, struct incr_group *const *groups,
                  size_t n,
                  void (*visit)(const struct incr_origin *, void *aux),
                  void *aux);

struct incr_counts {
    uint64_t n_steps, n_evaluations, n_reads, n_emits, n_wakes;
    uint64_t n_shared;          /* Evaluations given to the pool. */
    size_t n_units, n_edges, n_groups, n_facts, n_rows;
    size_t bytes;               /* Estimate of the engine's memory. */
};
struct incr_counts incr_counts(const struct incr *);

#endif /* incr/incr.h */
