/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/logical/arena.h"

/* Chunks double in size up to this, so that a small parse holds little and a
 * big one is not a list of a thousand. */
#define CHUNK_MIN 1024
#define CHUNK_MAX (256 * 1024)

void
arena_uninit(struct arena *arena)
{
    while (arena->chunks) {
        struct arena_chunk *next = arena->chunks->next;

        free(arena->chunks);
        arena->chunks = next;
    }
    arena->used = 0;
}

void
arena_clear(struct arena *arena)
{
    if (arena->chunks) {
        struct arena rest = { arena->chunks->next, 0 };

        arena->chunks->next = NULL;
        arena->used = 0;
        arena_uninit(&rest);
    }
}

size_t
arena_size(const struct arena *arena)
{
    size_t size = 0;

    for (const struct arena_chunk *c = arena->chunks; c; c = c->next) {
        size += sizeof *c + c->size;
    }
    return size;
}

void *
arena_alloc_slow_(struct arena *arena, size_t size)
{
    size_t chunk_size = (arena->chunks
                         ? MIN(arena->chunks->size * 2, CHUNK_MAX)
                         : CHUNK_MIN);
    struct arena_chunk *chunk;

    chunk_size = MAX(chunk_size, size);
    chunk = xmalloc(sizeof *chunk + chunk_size);
    chunk->size = chunk_size;
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    arena->used = size;
    return chunk->data;
}
