/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_MEMORY_H
#define RUNTIME_MEMORY_H

/* What memory holds, by kind: components say what they keep (counts or bytes)
 * and memory/show adds it up as "kind:number" words. */

#include "lib/base/str.h"

struct memory_usage;

/* 'report' adds its kinds with memory_add() whenever somebody asks. */
void memory_register(void (*report)(struct memory_usage *, void *aux),
                     void *aux);
void memory_unregister(void (*report)(struct memory_usage *, void *aux),
                       void *aux);
void memory_add(struct memory_usage *, const char *kind, uint64_t n);

/* "kind:n kind:n ..." in order of the names. */
void memory_show(struct str *);

/* Resident set size of this process, bytes. */
uint64_t memory_rss_bytes(void);

#endif /* runtime/memory.h */
