/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/runtime/counter.h"

#include <pthread.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/list.h"
#include "lib/base/vec.h"

/* The counts of one thread.  When it ends they go into 'ended'. */
struct cells {
    struct list node;
    uint64_t n[COUNTER_MAX];
};

_Thread_local uint64_t *counter_cells_;

static struct counter *counters[COUNTER_MAX];
static size_t n_counters;
static size_t n_ticks;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct list threads = LIST_INITIALIZER(&threads);
static uint64_t ended[COUNTER_MAX];
static pthread_key_t exit_key;
static pthread_once_t exit_key_once = PTHREAD_ONCE_INIT;

void
counter_register(struct counter *counter)
{
    if (n_counters >= COUNTER_MAX) {
        abort_msg("more than %d counters", COUNTER_MAX);
    }
    counter->index = n_counters;
    counters[n_counters++] = counter;
}

static void
end_thread(void *cells_)
{
    struct cells *cells = cells_;

    pthread_mutex_lock(&mutex);
    for (size_t i = 0; i < n_counters; i++) {
        ended[i] += cells->n[i];
    }
    list_remove(&cells->node);
    pthread_mutex_unlock(&mutex);
    counter_cells_ = NULL;
    free(cells);
}

static void
create_exit_key(void)
{
    pthread_key_create(&exit_key, end_thread);
}

uint64_t *
counter_create_cells_(void)
{
    struct cells *cells = xzalloc_cacheline(sizeof *cells);

    pthread_once(&exit_key_once, create_exit_key);
    pthread_setspecific(exit_key, cells);
    pthread_mutex_lock(&mutex);
    list_push_back(&threads, &cells->node);
    pthread_mutex_unlock(&mutex);
    counter_cells_ = cells->n;
    return cells->n;
}

/* Sum over threads.  'mutex' is held. */
static uint64_t
total_of(const struct counter *counter)
{
    uint64_t total = ended[counter->index];

    for (struct list *p = threads.next; p != &threads; p = p->next) {
        struct cells *cells = CONTAINER_OF(p, struct cells, node);
        total += __atomic_load_n(&cells->n[counter->index], __ATOMIC_RELAXED);
    }
    return total;
}

uint64_t
counter_read(const char *name)
{
    uint64_t total = 0;

    pthread_mutex_lock(&mutex);
    for (size_t i = 0; i < n_counters; i++) {
        if (!strcmp(counters[i]->name, name)) {
            total += total_of(counters[i]);
        }
    }
    pthread_mutex_unlock(&mutex);
    return total;
}

bool
counter_exists(const char *name)
{
    for (size_t i = 0; i < n_counters; i++) {
        if (!strcmp(counters[i]->name, name)) {
            return true;
        }
    }
    return false;
}

void
counter_tick(void)
{
    pthread_mutex_lock(&mutex);
    for (size_t i = 0; i < n_counters; i++) {
        struct counter *counter = counters[i];
        uint64_t total = total_of(counter);
        uint64_t delta = total - counter->last_total;

        counter->history[n_ticks % COUNTER_N_HISTORY] = MIN(delta, UINT32_MAX);
        counter->last_total = total;
    }
    n_ticks++;
    pthread_mutex_unlock(&mutex);
}

/* What counters of one name add up to. */
struct row {
    const char *name;
    uint64_t total;
    uint64_t by_window[3];      /* In the last 5 s, minute, hour. */
};

static const unsigned int windows_s[3] = { 5, 60, 3600 };

static int
compare_rows(const void *a_, const void *b_)
{
    const struct row *a = a_, *b = b_;

    return strcmp(a->name, b->name);
}

static uint64_t
sum_history(const struct counter *counter, size_t n)
{
    uint64_t sum = 0;

    n = MIN(n, MIN(n_ticks, COUNTER_N_HISTORY));
    for (size_t i = 1; i <= n; i++) {
        sum += counter->history[(n_ticks - i) % COUNTER_N_HISTORY];
    }
    return sum;
}

static void
show_row(const struct row *row, struct str *s)
{
    str_printf(s, "%-24s %5.1f/sec %9.3f/sec %13.4f/sec   total: %llu\n",
               row->name,
               row->by_window[0] / (double) windows_s[0],
               row->by_window[1] / (double) windows_s[1],
               row->by_window[2] / (double) windows_s[2],
               (unsigned long long) row->total);
}

void
counter_show(struct str *s)
{
    VEC(struct row) rows = VEC_EMPTY;
    uint32_t hash = 0;
    size_t n_zero = 0;

    pthread_mutex_lock(&mutex);
    for (size_t i = 0; i < n_counters; i++) {
        struct row row = { counters[i]->name, total_of(counters[i]), { 0 } };

        for (size_t j = 0; j < ARRAY_SIZE(windows_s); j++) {
            row.by_window[j] = sum_history(counters[i], windows_s[j] / 5);
        }
        vec_push(&rows, row);
    }
    pthread_mutex_unlock(&mutex);
    vec_sort(&rows, compare_rows);

    /* Add up those of one name. */
    size_t n = 0;
    for (size_t i = 0; i < rows.n; i++) {
        if (n && !strcmp(rows.items[n - 1].name, rows.items[i].name)) {
            rows.items[n - 1].total += rows.items[i].total;
            for (size_t j = 0; j < ARRAY_SIZE(windows_s); j++) {
                rows.items[n - 1].by_window[j] += rows.items[i].by_window[j];
            }
        } else {
            rows.items[n++] = rows.items[i];
        }
    }

    /* The hash tells at a glance whether two shows count the same events. */
    for (size_t i = 0; i < n; i++) {
        if (rows.items[i].total) {
            hash = hash_string(rows.items[i].name, hash);
        } else {
            n_zero++;
        }
    }
    str_printf(s, "Event coverage, avg rate over last: %u seconds, "
               "last minute, last hour,  hash=%08x:\n", windows_s[0], hash);
    for (size_t i = 0; i < n; i++) {
        if (rows.items[i].total) {
            show_row(&rows.items[i], s);
        }
    }
    str_printf(s, "%zu events never hit\n", n_zero);
    vec_uninit(&rows);
}
