/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

int log_tests(void);
int loop_tests(void);
int stats_tests(void);

int
main(void)
{
    /* The loop's tests come last: they stop the clock for good. */
    return log_tests() + stats_tests() + loop_tests();
}
