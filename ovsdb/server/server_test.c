/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

int execute_tests(void);
int storage_tests(void);
int lookup_tests(void);
int monitor_tests(void);

int
main(void)
{
    return (execute_tests() + lookup_tests() + monitor_tests()
            + storage_tests());
}
