/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

int datum_tests(void);
int jtext_tests(void);
int schema_tests(void);

int
main(void)
{
    return jtext_tests() + datum_tests() + schema_tests();
}
