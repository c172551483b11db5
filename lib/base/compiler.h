/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_COMPILER_H
#define BASE_COMPILER_H

/* Attributes and small helpers of the language that everything uses. */

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(ARRAY) (sizeof(ARRAY) / sizeof((ARRAY)[0]))

/* The struct of 'TYPE' whose member 'MEMBER' is at 'PTR'. */
#define CONTAINER_OF(PTR, TYPE, MEMBER) \
    ((TYPE *) (void *) ((char *) (PTR) - offsetof(TYPE, MEMBER)))

/* <sys/param.h>, which <uv.h> includes, has its own. */
#undef MIN
#undef MAX
#define MIN(A, B) ((A) < (B) ? (A) : (B))
#define MAX(A, B) ((A) > (B) ? (A) : (B))
#define ROUND_UP(X, Y) (DIV_ROUND_UP(X, Y) * (Y))
#define DIV_ROUND_UP(X, Y) (((X) + ((Y) - 1)) / (Y))
#define IS_POW2(X) ((X) && !((X) & ((X) - 1)))

#define LIKELY(COND) __builtin_expect(!!(COND), 1)
#define UNLIKELY(COND) __builtin_expect(!!(COND), 0)

#define PRINTF_FORMAT(FMT, ARG1) __attribute__((__format__(printf, FMT, ARG1)))
#define MUST_USE __attribute__((__warn_unused_result__))
#define UNUSED __attribute__((__unused__))
#define NO_RETURN __attribute__((__noreturn__))
#define CONSTRUCTOR __attribute__((__constructor__))
#define CACHE_LINE_SIZE 64
#define CACHE_ALIGNED __attribute__((__aligned__(CACHE_LINE_SIZE)))

#define CONCAT_(A, B) A##B
#define CONCAT(A, B) CONCAT_(A, B)

#endif /* base/compiler.h */
