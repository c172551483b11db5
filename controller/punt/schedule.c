/* SPDX-License-Identifier: Apache-2.0 */
/* Entries are found by key in a hash table, and by time in a binary heap that
 * those are not in which wait for their flows, or whose time is over. */
#include "controller/punt/schedule.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/hmap.h"
#include "lib/base/vec.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/counter.h"

#define NO_PLACE SIZE_MAX

struct entry {
    struct hmap_node node;       /* In schedule.entries, by key. */
    size_t place;                /* In schedule.heap, or NO_PLACE. */
    int64_t due_ms;
    unsigned int n;              /* Sent so far. */
    bool is_removed;             /* While in schedule.waiting. */
    bool is_waiting;
    uint64_t seq;                /* To be confirmed first; 0: not known yet. */
    size_t key_size, value_size;
    uint64_t bytes[];            /* The key, and from a word on the value. */
};

struct schedule {
    const struct schedule_class *class;
    void *aux;
    VEC(struct entry *) waiting; /* For flows, oldest first; the main
                                  * thread's. */
    pthread_mutex_t mutex;       /* For the rest: */
    struct hmap entries;
    VEC(struct entry *) heap;    /* The one that is due first in front. */
    int64_t second;              /* What is left of this second's packets. */
    unsigned int left;
};

struct schedule *
schedule_create(const struct schedule_class *class, void *aux)
{
    struct schedule *s = xzalloc(sizeof *s);

    s->class = class;
    s->aux = aux;
    pthread_mutex_init(&s->mutex, NULL);
    hmap_init(&s->entries);
    return s;
}

void
schedule_destroy(struct schedule *s)
{
    struct entry *entry;

    if (!s) {
        return;
    }
    VEC_FOR_EACH (e, &s->waiting) {
        if ((*e)->is_removed) {
            free(*e);
        }
    }
    vec_uninit(&s->waiting);
    HMAP_FOR_EACH_SAFE (entry, node, &s->entries) {
        hmap_remove(&s->entries, &entry->node);
        free(entry);
    }
    hmap_uninit(&s->entries);
    vec_uninit(&s->heap);
    pthread_mutex_destroy(&s->mutex);
    free(s);
}

/* ## The heap ## */

static void
place(struct schedule *s, size_t i, struct entry *entry)
{
    s->heap.items[i] = entry;
    entry->place = i;
}

/* Moves the entry at 'i', which may be due earlier than before, to where it
 * belongs. */
static void
sift_up(struct schedule *s, size_t i)
{
    struct entry *entry = s->heap.items[i];

    while (i && s->heap.items[(i - 1) / 2]->due_ms > entry->due_ms) {
        place(s, i, s->heap.items[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    place(s, i, entry);
}

static void
sift_down(struct schedule *s, size_t i)
{
    struct entry *entry = s->heap.items[i];

    for (;;) {
        size_t child = 2 * i + 1;

        if (child + 1 < s->heap.n && s->heap.items[child + 1]->due_ms
            < s->heap.items[child]->due_ms) {
            child++;
        }
        if (child >= s->heap.n
            || s->heap.items[child]->due_ms >= entry->due_ms) {
            break;
        }
        place(s, i, s->heap.items[child]);
        i = child;
    }
    place(s, i, entry);
}

static void
heap_add(struct schedule *s, struct entry *entry)
{
    vec_push(&s->heap, entry);
    sift_up(s, s->heap.n - 1);
}

static void
heap_remove(struct schedule *s, struct entry *entry)
{
    size_t i = entry->place;
    struct entry *last;

    if (i == NO_PLACE) {
        return;
    }
    entry->place = NO_PLACE;
    last = vec_pop(&s->heap);
    if (last != entry) {
        place(s, i, last);
        sift_up(s, i);
        sift_down(s, last->place);
    }
}

/* ## What is to be sent ## */

static size_t
value_offset(size_t key_size)
{
    return (key_size + sizeof(uint64_t) - 1) / sizeof(uint64_t);
}

static struct entry *
find(const struct schedule *s, const void *key, size_t size)
{
    struct entry *entry;

    HMAP_FOR_EACH_WITH_HASH (entry, node, hash_bytes(key, size, 0),
                             &s->entries) {
        if (entry->key_size == size && !memcmp(entry->bytes, key, size)) {
            return entry;
        }
    }
    return NULL;
}

static void
remove_locked(struct schedule *s, struct entry *entry)
{
    hmap_remove(&s->entries, &entry->node);
    heap_remove(s, entry);
    if (entry->is_waiting) {
        entry->is_removed = true;    /* schedule_release() frees it. */
    } else {
        free(entry);
    }
}

void
schedule_remove(struct schedule *s, const void *key, size_t key_size)
{
    struct entry *entry;

    pthread_mutex_lock(&s->mutex);
    entry = find(s, key, key_size);
    if (entry) {
        remove_locked(s, entry);
    }
    pthread_mutex_unlock(&s->mutex);
}

static struct entry *
create_entry(const void *key, size_t key_size, const void *value,
             size_t value_size)
{
    size_t offset = value_offset(key_size);
    struct entry *entry = xzalloc(sizeof *entry + offset * sizeof(uint64_t)
                                  + value_size);

    entry->place = NO_PLACE;
    entry->is_waiting = true;
    entry->key_size = key_size;
    entry->value_size = value_size;
    memcpy(entry->bytes, key, key_size);
    if (value_size) {
        memcpy(entry->bytes + offset, value, value_size);
    }
    return entry;
}

void
schedule_put(struct schedule *s, const void *key, size_t key_size,
             const void *value, size_t value_size)
{
    struct entry *entry;

    schedule_remove(s, key, key_size);
    pthread_mutex_lock(&s->mutex);
    if (hmap_count(&s->entries) >= s->class->max) {
        counter_add_(s->class->refused, 1);
    } else {
        entry = create_entry(key, key_size, value, value_size);
        hmap_insert(&s->entries, &entry->node,
                    hash_bytes(key, key_size, 0));
        vec_push(&s->waiting, entry);
    }
    pthread_mutex_unlock(&s->mutex);
}

bool
schedule_release(struct schedule *s, uint64_t current, uint64_t done)
{
    bool has_news = false;
    size_t n = 0;

    if (!s->waiting.n) {
        return false;
    }
    pthread_mutex_lock(&s->mutex);
    for (size_t i = 0; i < s->waiting.n; i++) {
        struct entry *entry = s->waiting.items[i];

        entry->seq = entry->seq ? entry->seq : current;
        if (entry->is_removed) {
            free(entry);
        } else if (entry->seq > done) {
            s->waiting.items[n++] = entry;
        } else {
            entry->is_waiting = false;
            heap_add(s, entry);
            has_news = true;
        }
    }
    s->waiting.n = n;
    pthread_mutex_unlock(&s->mutex);
    return has_news;
}

/* ## Sending ## */

/* When the next second's packets may go. */
static int64_t
next_second(const struct schedule *s)
{
    return (s->second + 1) * 1000;
}

static bool
may_send(struct schedule *s, int64_t now)
{
    if (s->second != now / 1000) {
        s->second = now / 1000;
        s->left = s->class->rate;
    }
    return s->left > 0;
}

/* Sends the first entry, which is due. */
static void
send_first(struct schedule *s, int64_t now, const struct outlet *outlet)
{
    struct entry *entry = s->heap.items[0];
    const void *value = entry->bytes + value_offset(entry->key_size);
    int64_t pause_ms = s->class->send(entry->bytes, value, entry->n++, outlet,
                                      s->aux);

    s->left--;
    if (pause_ms < 0) {
        remove_locked(s, entry);
    } else {
        entry->due_ms = now + pause_ms;
        sift_down(s, 0);
    }
}

int64_t
schedule_run(struct schedule *s, const struct outlet *outlet)
{
    int64_t now = clock_ms(), next = INT64_MAX;

    pthread_mutex_lock(&s->mutex);
    for (int i = 0; s->heap.n; i++) {
        next = s->heap.items[0]->due_ms;
        if (next > now || i == SCHEDULE_BATCH) {
            break;
        }
        if (!may_send(s, now)) {
            counter_add_(s->class->postponed, 1);
            next = next_second(s);
            break;
        }
        send_first(s, now, outlet);
        next = INT64_MAX;
    }
    pthread_mutex_unlock(&s->mutex);
    return next;
}
