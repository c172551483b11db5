/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/runtime/log.h"
#include "lib/runtime/loop.h"

int framer_tests(void);
int jsonrpc_tests(void);
int session_tests(void);

int
main(void)
{
    log_set_level(LOG_DEST_CONSOLE, LOG_LEVEL_OFF);
    log_set_level(LOG_DEST_SYSLOG, LOG_LEVEL_OFF);

    /* The sessions' tests come last: they stop the clock for good. */
    int n_failed = framer_tests() + jsonrpc_tests() + session_tests();

    loop_uninit();
    return n_failed;
}
