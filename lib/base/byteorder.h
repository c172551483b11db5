/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_BYTEORDER_H
#define BASE_BYTEORDER_H

/* Big-endian (network order) integers under names that say so, and access to
 * integers at any address. */

#include <arpa/inet.h>
#include <endian.h>
#include <string.h>

#include "lib/base/compiler.h"

typedef uint16_t be16;
typedef uint32_t be32;
typedef uint64_t be64;

union be128 {
    be64 be64[2];
    be32 be32[4];
    uint8_t bytes[16];
};

static inline be64
htonll(uint64_t x)
{
    return htobe64(x);
}

static inline uint64_t
ntohll(be64 x)
{
    return be64toh(x);
}

#define GET_UNALIGNED(TYPE, NAME) \
    static inline TYPE \
    get_##NAME(const void *p) \
    { \
        TYPE x; \
        memcpy(&x, p, sizeof x); \
        return x; \
    } \
    static inline void \
    put_##NAME(void *p, TYPE x) \
    { \
        memcpy(p, &x, sizeof x); \
    }

/* get_be16(p), put_be16(p, x), ... move the value as it is, without swapping. */
GET_UNALIGNED(uint16_t, be16)
GET_UNALIGNED(uint32_t, be32)
GET_UNALIGNED(uint64_t, be64)
GET_UNALIGNED(uint16_t, u16)
GET_UNALIGNED(uint32_t, u32)
GET_UNALIGNED(uint64_t, u64)
#undef GET_UNALIGNED

#endif /* base/byteorder.h */
