/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOGICAL_LOGICAL_TEST_H
#define LOGICAL_LOGICAL_TEST_H

/* What the tests of this folder share: a small world of ports, groups and
 * address sets. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/logical/actions.h"

/* Ports "p1".."p9" have keys 1..9; group @pg is p1, p2 and p3; $mixed, $v4,
 * $v6, $macs and $empty are address sets; "p1" resides here. */
struct expr_env test_world(void);

int lexer_tests(void);
int expr_tests(void);
int expr_property_tests(void);
int actions_tests(void);
int addresses_tests(void);
int dhcp_options_tests(void);

#endif /* logical/logical_test.h */
