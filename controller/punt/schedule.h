/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTROLLER_PUNT_SCHEDULE_H
#define CONTROLLER_PUNT_SCHEDULE_H

/* Packets that are sent unasked, again and again, each at its own times.
 *
 * The main thread says what is to be sent; it goes out for the first time when
 * the switch has the flows of that moment.  The handlers' thread sends, at most
 * so many in a second; what does not fit waits.  What is put beyond the bound is
 * counted and left out.
 *
 * Threads: two, as each function says.  One lock, held while a batch of at most
 * SCHEDULE_BATCH packets is made. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCHEDULE_BATCH 64

struct counter;
struct outlet;
struct schedule;

struct schedule_class {
    /* Sends what the entry says, for the time number 'n' from 0.  Returns in
     * how many milliseconds to do so again; negative: never.  The handlers'
     * thread. */
    int64_t (*send)(const void *key, const void *value, unsigned int n,
                    const struct outlet *, void *aux);
    unsigned int rate;           /* Packets a second. */
    size_t max;                  /* Entries. */
    const struct counter *postponed;
    const struct counter *refused;
};

/* 'class' is borrowed. */
struct schedule *schedule_create(const struct schedule_class *class,
                                 void *aux);
void schedule_destroy(struct schedule *);

/* Main thread: adds an entry, or starts the one of that key again. */
void schedule_put(struct schedule *, const void *key, size_t key_size,
                  const void *value, size_t value_size);
void schedule_remove(struct schedule *, const void *key, size_t key_size);

/* Main thread, once a turn: lets entries go out whose flows the switch has
 * confirmed.  'current' is the number of the newest flush, 'done' that of the
 * newest confirmed one.  Returns whether the handlers' thread has something to
 * do earlier than it knows. */
bool schedule_release(struct schedule *, uint64_t current, uint64_t done);

/* Handlers' thread: sends what is due; returns when to call again. */
int64_t schedule_run(struct schedule *, const struct outlet *);

#endif /* controller/punt/schedule.h */
