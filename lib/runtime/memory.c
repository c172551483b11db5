/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/runtime/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/shash.h"
#include "lib/base/vec.h"

struct memory_usage {
    struct shash kinds;         /* To 'uint64_t'. */
};

struct reporter {
    void (*report)(struct memory_usage *, void *aux);
    void *aux;
};

static VEC(struct reporter) reporters = VEC_EMPTY;

void
memory_register(void (*report)(struct memory_usage *, void *aux), void *aux)
{
    vec_push(&reporters, (struct reporter) { report, aux });
}

void
memory_unregister(void (*report)(struct memory_usage *, void *aux), void *aux)
{
    for (size_t i = 0; i < reporters.n; i++) {
        if (reporters.items[i].report == report
            && reporters.items[i].aux == aux) {
            vec_remove(&reporters, i);
            break;
        }
    }
    if (!reporters.n) {
        vec_uninit(&reporters);
    }
}

void
memory_add(struct memory_usage *usage, const char *kind, uint64_t n)
{
    uint64_t *total = shash_get(&usage->kinds, kind);

    if (!total) {
        total = xzalloc(sizeof *total);
        shash_add_once(&usage->kinds, kind, total);
    }
    *total += n;
}

void
memory_show(struct str *s)
{
    struct memory_usage usage;

    shash_init(&usage.kinds);
    VEC_FOR_EACH (reporter, &reporters) {
        reporter->report(&usage, reporter->aux);
    }

    struct shash_node **nodes = shash_sort(&usage.kinds);
    for (size_t i = 0; i < shash_count(&usage.kinds); i++) {
        str_printf(s, "%s%s:%llu", i ? " " : "", nodes[i]->key,
                   (unsigned long long) *(uint64_t *) nodes[i]->value);
    }
    free(nodes);
    shash_uninit_free_values(&usage.kinds);
}

uint64_t
memory_rss_bytes(void)
{
    FILE *stream = fopen("/proc/self/statm", "re");
    unsigned long long size, resident = 0;

    if (stream) {
        if (fscanf(stream, "%llu %llu", &size, &resident) != 2) {
            resident = 0;
        }
        fclose(stream);
    }
    return resident * sysconf(_SC_PAGESIZE);
}
