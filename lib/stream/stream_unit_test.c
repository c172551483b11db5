/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/runtime/loop.h"
#include "lib/stream/resolve.h"
#include "lib/stream/tls.h"

int address_tests(void);
int reconnect_tests(void);
int stream_tests(void);
int tls_tests(void);

int
main(void)
{
    /* The tests of reconnection come last: they stop the clock for good. */
    int n_failed = (address_tests() + stream_tests() + tls_tests()
                    + reconnect_tests());

    tls_uninit();
    resolve_uninit();
    loop_uninit();
    return n_failed;
}
