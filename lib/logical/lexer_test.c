/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/logical/logical_test.h"

/* Writes the tokens of 'text' with blanks between. */
static void
check_tokens(const char *text, const char *expected)
{
    struct arena arena = ARENA_EMPTY;
    struct str out = STR_EMPTY;
    struct lexer lexer;

    for (lexer_init(&lexer, text, &arena);
         lexer.token.type != LEX_END && lexer.token.type != LEX_ERROR;
         lexer_next(&lexer)) {
        const struct lex_token *t = &lexer.token;

        str_put(&out, out.length ? " " : "");
        switch (t->type) {
        case LEX_ID:
            str_put_bytes(&out, t->name, t->name_length);
            break;
        case LEX_SET:
        case LEX_PORT_GROUP:
            str_put_char(&out, t->type == LEX_SET ? '$' : '@');
            str_put_bytes(&out, t->name, t->name_length);
            break;
        case LEX_STRING: {
            char *s = xmemdup0(t->name, t->name_length);

            lex_format_string(s, &out);
            free(s);
            break;
        }
        case LEX_INTEGER:
        case LEX_MASKED_INTEGER:
            lex_format_integer(t->value, t->mask,
                               t->type == LEX_MASKED_INTEGER, t->format,
                               &out);
            break;
        default:
            str_put(&out, lex_type_to_string(t->type));
            break;
        }
    }
    if (lexer.token.type == LEX_ERROR) {
        str_printf(&out, "%serror(%s)", out.length ? " " : "",
                   error_message(lexer.error));
    }
    assert_string_equal(str_cstr(&out), expected);
    lexer_uninit(&lexer);
    str_uninit(&out);
    arena_uninit(&arena);
}

static void
test_every_notation_of_constants(void **state UNUSED)
{
    check_tokens("0 1 0x1F 0xAbC", "0 1 0x1f 0xabc");
    check_tokens("10.0.0.1 10.0.0.1/8 10.0.0.0/255.0.255.0",
                 "10.0.0.1 10.0.0.0/8 10.0.0.0/255.0.255.0");
    check_tokens("::1 :: fe80::/10 2001:db8::1.2.3.4",
                 "::1 :: fe80::/10 2001:db8::102:304");
    check_tokens("0:1:2:3:4:5 aa:bb:cc:dd:ee:ff/ff:ff:ff:00:00:00",
                 "00:01:02:03:04:05 aa:bb:cc:00:00:00/ff:ff:ff:00:00:00");
    check_tokens("5/7 0x10/0xf0 0/0", "5/7 0x10/0xf0 0/0");
    check_tokens("340282366920938463463374607431768211455",
                 "340282366920938463463374607431768211455");
    check_tokens("0x123456789abcdef0123456789abcdef0",
                 "0x123456789abcdef0123456789abcdef0");
}

/* Hex letters start names as well as addresses. */
static void
test_names_and_addresses_apart(void **state UNUSED)
{
    check_tokens("a abc.def eth.dst[0..7] reg0[3]",
                 "a abc.def eth.dst [ 0 .. 7 ] reg0 [ 3 ]");
    check_tokens("be::1 a:b", "be::1 a : b");
    check_tokens("[fd0f::2]:80 10.0.0.2:80", "[ fd0f::2 ] : 80 10.0.0.2 : 80");
    check_tokens("1-30 ip.ttl-- a<->b a<b", "1 - 30 ip.ttl -- a <-> b a < b");
    check_tokens("$set_ip4 @pg-", "$set_ip4 @pg -");
}

static void
test_strings_and_comments(void **state UNUSED)
{
    check_tokens("\"a b\" \"q\\\"\\\\\\u0041\\ud83d\\ude00\\n\"",
                 "\"a b\" \"q\\\"\\\\A\360\237\230\200\\n\"");
    check_tokens("a // rest\nb /* c */ d", "a b d");
    check_tokens("1/*x*/2", "1 2");
}

static void
test_bad_text_is_refused_where_it_is(void **state UNUSED)
{
    check_tokens("a \"b", "a error(unterminated quoted string at column 3, "
                 "before \"\"b\")");
    check_tokens("a /* b", "a error(comment does not end on its line at "
                 "column 3, before \"/* b\")");
    check_tokens("10.0.0.256", "error(bad IPv4 address at column 1, before "
                 "\"10.0.0.256\")");
    check_tokens("10.0.0.0/33", "error(prefix length out of range at column "
                 "1, before \"10.0.0.0/33\")");
    check_tokens("1::2::3", "error(bad Ethernet or IPv6 address at column 1, "
                 "before \"1::2::3\")");
    check_tokens("0x", "error(hexadecimal constant without digits or over "
                 "128 bits at column 1, before \"0x\")");
    check_tokens("340282366920938463463374607431768211456",
                 "error(decimal constant over 128 bits at column 1, before "
                 "\"340282366920938463463374607431768211456\")");
    check_tokens("0x1/1.2.3.4", "error(value and mask have different forms at "
                 "column 1, before \"0x1/1.2.3.4\")");
    check_tokens("a ? b", "a error(invalid character at column 3, before \"? "
                 "b\")");
    check_tokens("\"\\u00\"", "error(bad escape in quoted string at column 1, "
                 "before \"\"\\u00\"\")");
    check_tokens("$", "error(name expected at column 1, before \"$\")");
    check_tokens("12ab", "error(bad integer constant at column 1, before "
                 "\"12ab\")");
}

static const char *
lookup_template(void *aux UNUSED, const char *name)
{
    return !strcmp(name, "vip") ? "10.0.0.1" : NULL;
}

static void
test_templates_expand_outside_strings(void **state UNUSED)
{
    struct str out = STR_EMPTY;

    assert_false(lex_expand_templates("ip4", lookup_template, NULL, &out));
    assert_true(lex_expand_templates("ip4.dst == ^vip && \"^vip\" ^none",
                                     lookup_template, NULL, &out));
    assert_string_equal(str_cstr(&out),
                        "ip4.dst == 10.0.0.1 && \"^vip\" ^none");
    str_uninit(&out);
}

int
lexer_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_notation_of_constants),
        cmocka_unit_test(test_names_and_addresses_apart),
        cmocka_unit_test(test_strings_and_comments),
        cmocka_unit_test(test_bad_text_is_refused_where_it_is),
        cmocka_unit_test(test_templates_expand_outside_strings),
    };

    return cmocka_run_group_tests_name("lexer", tests, NULL, NULL);
}
