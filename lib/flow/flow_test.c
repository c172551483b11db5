/* SPDX-License-Identifier: Apache-2.0 */
int classifier_tests(void);
int extract_tests(void);
int field_tests(void);

int
main(void)
{
    return classifier_tests() + extract_tests() + field_tests();
}
