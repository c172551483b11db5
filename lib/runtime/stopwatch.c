/* SPDX-License-Identifier: Apache-2.0 */

/* The percentile comes from a histogram whose buckets grow with the value: 16
 * linear ones for each power of two, so that it is right to 1/32. */

#include "lib/runtime/stopwatch.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/shash.h"
#include "lib/runtime/clock.h"

#define N_LINEAR 16
#define N_BUCKETS (N_LINEAR * 61)

struct stopwatch {
    enum stopwatch_unit unit;
    int64_t started_ns;         /* 0 if not running. */

    uint64_t n_samples;
    int64_t min_ns, max_ns;
    double short_ns, long_ns;   /* Moving averages. */
    uint32_t buckets[N_BUCKETS];
};

static const struct {
    const char *name;
    double ns;
} units[] = {
    [STOPWATCH_MS] = { "msec", 1e6 },
    [STOPWATCH_US] = { "usec", 1e3 },
    [STOPWATCH_NS] = { "nsec", 1 },
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct shash stopwatches = SHASH_INITIALIZER(&stopwatches);

static unsigned int
bucket_of(uint64_t ns)
{
    if (ns < N_LINEAR) {
        return ns;
    }
    unsigned int shift = 63 - __builtin_clzll(ns) - 4;
    return N_LINEAR * (shift + 1) + (ns >> shift) - N_LINEAR;
}

/* The middle of 'bucket', ns. */
static double
bucket_value(unsigned int bucket)
{
    if (bucket < N_LINEAR) {
        return bucket;
    }
    unsigned int shift = bucket / N_LINEAR - 1;
    return (N_LINEAR + bucket % N_LINEAR + .5) * (UINT64_C(1) << shift);
}

struct stopwatch *
stopwatch_create(const char *name, enum stopwatch_unit unit)
{
    pthread_mutex_lock(&mutex);
    struct stopwatch *sw = shash_get(&stopwatches, name);
    if (!sw) {
        sw = xzalloc(sizeof *sw);
        sw->unit = unit;
        shash_add_once(&stopwatches, name, sw);
    }
    pthread_mutex_unlock(&mutex);
    return sw;
}

void
stopwatch_start(struct stopwatch *sw)
{
    sw->started_ns = clock_ns();
}

void
stopwatch_stop(struct stopwatch *sw)
{
    if (sw->started_ns) {
        stopwatch_add_ns(sw, clock_ns() - sw->started_ns);
        sw->started_ns = 0;
    }
}

void
stopwatch_add_ns(struct stopwatch *sw, int64_t ns)
{
    ns = MAX(ns, 0);

    pthread_mutex_lock(&mutex);
    if (sw->n_samples++) {
        sw->min_ns = MIN(sw->min_ns, ns);
        sw->max_ns = MAX(sw->max_ns, ns);
        sw->short_ns += .5 * (ns - sw->short_ns);
        sw->long_ns += .01 * (ns - sw->long_ns);
    } else {
        sw->min_ns = sw->max_ns = ns;
        sw->short_ns = sw->long_ns = ns;
    }
    sw->buckets[bucket_of(ns)]++;
    pthread_mutex_unlock(&mutex);
}

static double
percentile_95(const struct stopwatch *sw)
{
    uint64_t rank = (sw->n_samples * 95 + 99) / 100;
    uint64_t seen = 0;

    for (unsigned int i = 0; rank && i < N_BUCKETS; i++) {
        seen += sw->buckets[i];
        if (seen >= rank) {
            return MAX(sw->min_ns, MIN(sw->max_ns, bucket_value(i)));
        }
    }
    return 0;
}

static void
show(const char *name, const struct stopwatch *sw, struct str *s)
{
    const char *unit = units[sw->unit].name;
    double ns = units[sw->unit].ns;

    str_printf(s, "Statistics for '%s'\n", name);
    str_printf(s, "  Total samples: %llu\n",
               (unsigned long long) sw->n_samples);
    str_printf(s, "  Maximum: %lld %s\n", (long long) (sw->max_ns / ns), unit);
    str_printf(s, "  Minimum: %lld %s\n", (long long) (sw->min_ns / ns), unit);
    str_printf(s, "  95th percentile: %f %s\n", percentile_95(sw) / ns, unit);
    str_printf(s, "  Short term average: %f %s\n", sw->short_ns / ns, unit);
    str_printf(s, "  Long term average: %f %s\n", sw->long_ns / ns, unit);
}

static void
reset(struct stopwatch *sw)
{
    int64_t started_ns = sw->started_ns;

    *sw = (struct stopwatch) { .unit = sw->unit, .started_ns = started_ns };
}

/* Shows ('s' is not NULL) or resets 'name' or all. */
static struct error *
apply(const char *name, struct str *s)
{
    struct error *error = NULL;

    pthread_mutex_lock(&mutex);
    struct shash_node **nodes = shash_sort(&stopwatches);
    bool found = !name;
    for (size_t i = 0; i < shash_count(&stopwatches); i++) {
        if (!name || !strcmp(name, nodes[i]->key)) {
            found = true;
            if (s) {
                show(nodes[i]->key, nodes[i]->value, s);
            } else {
                reset(nodes[i]->value);
            }
        }
    }
    if (!found) {
        error = error_create(ENOENT, "No such stopwatch");
    }
    free(nodes);
    pthread_mutex_unlock(&mutex);
    return error;
}

struct error *
stopwatch_show(const char *name, struct str *s)
{
    return apply(name, s);
}

struct error *
stopwatch_reset(const char *name)
{
    return apply(name, NULL);
}
