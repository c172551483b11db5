/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOGICAL_ARENA_H
#define LOGICAL_ARENA_H

/* Memory that is freed as a whole: what one parse makes lives in one arena.
 *
 * Not for threads: one arena, one thread.  A copy of a struct arena is not an
 * arena. */

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/compiler.h"

struct arena_chunk {
    struct arena_chunk *next;
    size_t size;                 /* Bytes in 'data'. */
    uint8_t data[] __attribute__((aligned(16)));
};

struct arena {
    struct arena_chunk *chunks;  /* The first one is being filled. */
    size_t used;                 /* Bytes used of the first chunk. */
};

#define ARENA_EMPTY { NULL, 0 }

/* Frees everything that came from 'arena', which is empty then. */
void arena_uninit(struct arena *arena);

/* Forgets everything but keeps one chunk for the next use. */
void arena_clear(struct arena *arena);

/* Bytes held, used or not. */
size_t arena_size(const struct arena *arena);

void *arena_alloc_slow_(struct arena *, size_t size);

/* Returns 'size' uninitialized bytes, aligned to 16. */
static inline void *
arena_alloc(struct arena *arena, size_t size)
{
    size = ROUND_UP(size, 16);
    if (LIKELY(arena->chunks && size <= arena->chunks->size - arena->used)) {
        void *p = arena->chunks->data + arena->used;

        arena->used += size;
        return p;
    }
    return arena_alloc_slow_(arena, size);
}

static inline void *
arena_zalloc(struct arena *arena, size_t size)
{
    return memset(arena_alloc(arena, size), 0, size);
}

static inline void *
arena_memdup(struct arena *arena, const void *p, size_t size)
{
    return size ? memcpy(arena_alloc(arena, size), p, size) : NULL;
}

/* A null-terminated copy of the 'length' bytes at 's'. */
static inline char *
arena_strdup(struct arena *arena, const char *s, size_t length)
{
    char *copy = arena_alloc(arena, length + 1);

    memcpy(copy, s, length);
    copy[length] = '\0';
    return copy;
}

#define arena_new(ARENA, TYPE) ((TYPE *) arena_zalloc(ARENA, sizeof(TYPE)))
#define arena_array(ARENA, TYPE, N) \
    ((TYPE *) arena_alloc(ARENA, sizeof(TYPE) * (N)))

#endif /* logical/arena.h */
