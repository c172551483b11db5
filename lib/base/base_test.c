/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

int hmap_tests(void);
int text_tests(void);

int
main(void)
{
    return hmap_tests() + text_tests();
}
