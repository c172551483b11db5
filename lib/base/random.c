/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/random.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "lib/base/alloc.h"

static void
kernel_random(void *p_, size_t n)
{
    uint8_t *p = p_;

    while (n) {
        ssize_t got = getrandom(p, n, 0);

        if (got > 0) {
            p += got;
            n -= got;
        } else if (errno != EINTR) {
            abort_msg("getrandom failed: %s", strerror(errno));
        }
    }
}

void
random_bytes(void *p, size_t n)
{
    /* One system call for 256 bytes keeps row uuids cheap. */
    static _Thread_local uint8_t pool[256];
    static _Thread_local size_t left;

    if (n > sizeof pool) {
        kernel_random(p, n);
        return;
    }
    if (n > left) {
        kernel_random(pool, sizeof pool);
        left = sizeof pool;
    }
    left -= n;
    memcpy(p, pool + left, n);
}

uint32_t
random_u32(void)
{
    uint32_t x;

    random_bytes(&x, sizeof x);
    return x;
}

uint64_t
random_u64(void)
{
    uint64_t x;

    random_bytes(&x, sizeof x);
    return x;
}

uint32_t
random_range(uint32_t n)
{
    return (uint64_t) random_u32() * n >> 32;
}
