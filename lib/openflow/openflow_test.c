/* SPDX-License-Identifier: Apache-2.0 */
int ofpact_tests(void);
int codec_tests(void);
int message_tests(void);

int
main(void)
{
    return ofpact_tests() + message_tests() + codec_tests();
}
