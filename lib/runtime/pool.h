/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_POOL_H
#define RUNTIME_POOL_H

/* Worker threads for pure work.  The main thread hands out a range of
 * independent items and works along until all are done. */

#include "lib/base/compiler.h"

struct pool;

/* 'n_threads' counts the caller; 1 makes a pool without threads. */
struct pool *pool_create(unsigned int n_threads);
void pool_destroy(struct pool *);
unsigned int pool_n_threads(const struct pool *);

/* Calls 'run(aux, begin, end, worker)' for disjoint ranges that cover
 * [0, n_items), each of at most 'grain' items, on all threads; 'worker' is in
 * [0, pool_n_threads()), 0 for the caller.  Returns when all is done; what the
 * workers wrote is then visible to the caller. */
void pool_for(struct pool *, size_t n_items, size_t grain,
              void (*run)(void *aux, size_t begin, size_t end,
                          unsigned int worker), void *aux);

#endif /* runtime/pool.h */
