/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/logical/logical_test.h"

#include <errno.h>
#include <stdio.h>

#include "lib/base/vec.h"
#include "lib/logical/ovn_symbols.h"

static const struct expr *
parse(const char *text, struct arena *arena)
{
    const struct expr *expr;
    struct error *error = expr_parse(text, ovn_symbols(), arena, &expr);

    if (error) {
        fail_msg("%s: %s", text, error_message(error));
    }
    return expr;
}

/* 'text' prints as 'expected' (NULL: as itself), and that parses the same. */
static void
check_round_trip(const char *text, const char *expected)
{
    struct arena arena = ARENA_EMPTY;
    struct str out = STR_EMPTY;
    const struct expr *expr = parse(text, &arena);

    expr_format(expr, &out);
    assert_string_equal(str_cstr(&out), expected ? expected : text);
    assert_true(expr_equals(expr, parse(str_cstr(&out), &arena)));
    str_uninit(&out);
    arena_uninit(&arena);
}

static void
check_bad(const char *text, const char *expected)
{
    struct arena arena = ARENA_EMPTY;
    const struct expr *expr;
    struct error *error = expr_parse(text, ovn_symbols(), &arena, &expr);

    if (!error) {
        fail_msg("%s: accepted", text);
    }
    assert_string_equal(error_message(error), expected);
    error_free(error);
    arena_uninit(&arena);
}

static void
check_matches(const char *text, const char *expected)
{
    struct expr_env env = test_world();
    struct arena arena = ARENA_EMPTY;
    struct str out = STR_EMPTY;
    struct expr_matches matches;

    expr_matches_init(&matches);
    assert_null(expr_compile(parse(text, &arena), &env, &matches));
    expr_matches_format(&matches, &out);
    assert_string_equal(str_cstr(&out), expected);
    expr_matches_uninit(&matches);
    str_uninit(&out);
    arena_uninit(&arena);
}

static void
test_expressions_round_trip(void **state UNUSED)
{
    check_round_trip("ip4.src == 192.168.0.1", NULL);
    check_round_trip("1", NULL);
    check_round_trip("!0", "1");
    check_round_trip("80 == tcp.src", "tcp.src == 80");
    check_round_trip("(ip4 || ip6) && ip.proto == 6", NULL);
    check_round_trip("ip4 && (tcp && (udp))", "ip4 && tcp && udp");
    check_round_trip("1024 <= tcp.src <= 49151",
                     "tcp.src >= 1024 && tcp.src <= 49151");
    check_round_trip("!(1024 <= tcp.src <= 49151)",
                     "tcp.src < 1024 || tcp.src > 49151");
    check_round_trip("ip4.src == {10.0.0.1 10.0.0.2, $v4,}",
                     "ip4.src == {10.0.0.1, 10.0.0.2, $v4}");
    check_round_trip("inport == @pg && outport == \"p\\\"1\"", NULL);
    check_round_trip("!(inport != \"eth0\")", "inport == \"eth0\"");
    check_round_trip("!ct.new && ct.est && !(ct.rpl == 0)",
                     "!ct.new && ct.est && ct.rpl != 0");
    check_round_trip("eth.dst[40]", NULL);
    check_round_trip("vlan.present == 0", "!vlan.present");
    check_round_trip("is_chassis_resident(\"a\") && "
                     "!is_chassis_resident(\"b\")", NULL);
    check_round_trip("!(ip4.src == $v4 || eth.mcast)",
                     "ip4.src != $v4 && !eth.mcast");
    check_round_trip("xxreg0 == fd00::1/64", "xxreg0 == fd00::/64");
    check_round_trip("reg0[0..7] == 0x5/0xf", NULL);
}

static void
test_errors_say_what_and_where(void **state UNUSED)
{
    check_bad("", "syntax error: expecting constant at the end");
    check_bad("ip4 &&", "syntax error: expecting constant at the end");
    check_bad("ip4 && ip6 || tcp", "&& and || must be parenthesized when used "
              "together at column 12, before \"|| tcp\"");
    check_bad("foo == 1", "unknown symbol `foo' at column 1, before \"foo == "
              "1\"");
    check_bad("inport == 1", "string field inport is not compatible with "
              "integer constant at column 1, before \"inport == 1\"");
    check_bad("tcp.src == \"x\"", "integer field tcp.src is not compatible "
              "with string constant at column 1, before \"tcp.src == \"x\"\"");
    check_bad("tcp.src == 65536", "17-bit constant is not compatible with "
              "16-bit field tcp.src at column 1, before \"tcp.src == 65536\"");
    check_bad("inport != \"a\"", "nominal field inport may only be tested for "
              "equality, counting enclosing `!' at column 1, before \"inport "
              "!= \"a\"\"");
    check_bad("!ip4", "nominal predicate ip4 may only be tested positively, "
              "counting enclosing `!' at column 2, before \"ip4\"");
    check_bad("ip.proto[0]", "cannot select bits of nominal field ip.proto at "
              "column 9, before \"[0]\"");
    check_bad("tcp.src", "explicit `!= 0' is required for inequality test of "
              "multibit field against 0 at column 1, before \"tcp.src\"");
    check_bad("!tcp.src == 1", "`!' needs parentheses around a comparison at "
              "column 2, before \"tcp.src == 1\"");
    check_bad("tcp.src[16]", "syntax error: expecting integer in range 0 to "
              "15 at column 9, before \"16]\"");
    check_bad("tcp.src < {1, 2}", "only == and != may be used with masked "
              "constants and sets at column 1, before \"tcp.src < {1, 2}\"");
    check_bad("1 < tcp.src > 2", "range expressions must have the form `x < "
              "field < y' or `x > field > y', with each `<' optionally "
              "replaced by `<=' or `>' by `>=' at column 13, before \"> 2\"");
    check_bad("(ip4", "syntax error: expecting `)' at the end");
    check_bad("ip4 ip6", "syntax error: expecting end of input at column 5, "
              "before \"ip6\"");
    check_bad("icmp4.frag_mtu == 5", "icmp4.frag_mtu can be assigned but not "
              "matched at column 1, before \"icmp4.frag_mtu == 5\"");
    check_bad("eth.type == 0x800/0xff00", "nominal field eth.type cannot be "
              "compared with a masked constant at column 1, before \"eth.type "
              "== 0x800/0xff00\"");
}

static void
test_deep_nesting_is_refused(void **state UNUSED)
{
    struct arena arena = ARENA_EMPTY;
    struct str text = STR_EMPTY;
    const struct expr *expr;
    struct error *error;

    str_put_chars(&text, '(', 100000);
    error = expr_parse(str_cstr(&text), ovn_symbols(), &arena, &expr);
    assert_non_null(error);
    error_free(error);
    str_clear(&text);
    str_put_chars(&text, '!', 100000);
    error = expr_parse(str_cstr(&text), ovn_symbols(), &arena, &expr);
    assert_non_null(error);
    error_free(error);
    str_uninit(&text);
    arena_uninit(&arena);
}

static void
test_prerequisites_become_part_of_matches(void **state UNUSED)
{
    check_matches("ip4.src == 10.0.0.1", "ip,nw_src=10.0.0.1\n");
    check_matches("tcp.dst == 80 && ip4", "tcp,tp_dst=80\n");
    check_matches("tcp", "tcp\ntcp6\n");
    check_matches("nd.target == fd00::1 && nd_ns",
                  "icmp6,nw_ttl=255,icmp_type=135,icmp_code=0,"
                  "nd_target=fd00::1\n");
    check_matches("inport == \"p3\" && reg0[4] == 1",
                  "reg0=0x10/0x10,reg14=0x3\n");
    check_matches("ct.est && !ct.rpl", "ct_state=+est-rpl+trk\n");
    check_matches("vlan.vid == 5", "dl_vlan=5\n");
    check_matches("arp.op == 1", "arp,arp_op=1\n");
}

static void
test_constants_decide(void **state UNUSED)
{
    check_matches("1", " \n");
    check_matches("0", "");
    check_matches("ip4 && ip6", "");
    check_matches("inport == \"gone\"", "");
    check_matches("inport == @nosuch", "");
    check_matches("ip4.src == $empty", "");
    check_matches("arp.op == 256", "");
    check_matches("is_chassis_resident(\"p1\") && ip4", "ip\n");
    check_matches("is_chassis_resident(\"p2\") && ip4", "");
    check_matches("!is_chassis_resident(\"p2\") && ip4", "ip\n");
    check_matches("tcp.src == 0/0 && ip4", "tcp\n");
}

static void
test_ranges_and_inequalities(void **state UNUSED)
{
    check_matches("reg0[0..2] != 5",
                  "reg0=0/0x1\nreg0=0x2/0x2\nreg0=0/0x4\n");
    check_matches("reg0[0..2] > 5", "reg0=0x6/0x6\n");
    check_matches("2 <= reg0[0..2] < 6", "reg0=0x2/0x6\nreg0=0x4/0x6\n");
    check_matches("reg0[0..2] < 0", "");
    check_matches("reg0[0..2] <= 7", " \n");
    check_matches("ip4 && ip4.src != {0.0.0.0/1, 128.0.0.0/2}",
                  "ip,nw_src=192.0.0.0/2\n");
    check_matches("reg0[0..1] != {0, 3/1}", "reg0=0x2/0x3\n");
}

/* What takes fewer flows: the product or the conjunction. */
static void
test_conjunctions_where_smaller(void **state UNUSED)
{
    check_matches("ip4.src == {1.0.0.0, 2.0.0.0} && ip4.dst == {3.0.0.0, "
                  "4.0.0.0}",
                  "ip,nw_src=1.0.0.0,nw_dst=3.0.0.0\n"
                  "ip,nw_src=1.0.0.0,nw_dst=4.0.0.0\n"
                  "ip,nw_src=2.0.0.0,nw_dst=3.0.0.0\n"
                  "ip,nw_src=2.0.0.0,nw_dst=4.0.0.0\n");
    check_matches("ip4.src == {1.0.0.0, 2.0.0.0, 5.0.0.0} && ip4.dst == "
                  "{3.0.0.0, 4.0.0.0, 5.0.0.0}",
                  "ip,nw_src=1.0.0.0 actions=conjunction(1,1/2)\n"
                  "ip,nw_src=2.0.0.0 actions=conjunction(1,1/2)\n"
                  "ip,nw_src=5.0.0.0 actions=conjunction(1,1/2)\n"
                  "ip,nw_dst=3.0.0.0 actions=conjunction(1,2/2)\n"
                  "ip,nw_dst=4.0.0.0 actions=conjunction(1,2/2)\n"
                  "ip,nw_dst=5.0.0.0 actions=conjunction(1,2/2)\n"
                  "conj_id=1,ip\n");
}

/* A set counts as many, so that its growth changes no other flow. */
static void
test_sets_keep_their_shape(void **state UNUSED)
{
    check_matches("ip4.src == $empty && ip4.dst == {1.0.0.0, 2.0.0.0}",
                  "ip,nw_dst=1.0.0.0 actions=conjunction(1,2/2)\n"
                  "ip,nw_dst=2.0.0.0 actions=conjunction(1,2/2)\n"
                  "conj_id=1,ip\n");
    check_matches("ip4.src == $mixed", "ip,nw_src=10.0.0.0/30\n"
                  "ip,nw_src=10.0.0.1\n");
}

/* Splitting by protocol keeps each flow's prerequisites. */
static void
test_conjunctions_split_by_prerequisites(void **state UNUSED)
{
    check_matches("ip && tcp.dst == {1, 2, 3} && reg0[0..3] == {4, 5, 6}",
                  "tcp,tp_dst=1 actions=conjunction(1,1/2)\n"
                  "tcp,tp_dst=2 actions=conjunction(1,1/2)\n"
                  "tcp,tp_dst=3 actions=conjunction(1,1/2)\n"
                  "tcp,reg0=0x4/0xf actions=conjunction(1,2/2)\n"
                  "tcp,reg0=0x5/0xf actions=conjunction(1,2/2)\n"
                  "tcp,reg0=0x6/0xf actions=conjunction(1,2/2)\n"
                  "conj_id=1,tcp\n"
                  "tcp6,tp_dst=1 actions=conjunction(2,1/2)\n"
                  "tcp6,tp_dst=2 actions=conjunction(2,1/2)\n"
                  "tcp6,tp_dst=3 actions=conjunction(2,1/2)\n"
                  "tcp6,reg0=0x4/0xf actions=conjunction(2,2/2)\n"
                  "tcp6,reg0=0x5/0xf actions=conjunction(2,2/2)\n"
                  "tcp6,reg0=0x6/0xf actions=conjunction(2,2/2)\n"
                  "conj_id=2,tcp6\n");
}

static void
test_a_member_makes_its_own_flows(void **state UNUSED)
{
    static const char *const texts[] = {
        "ip4.src == $v4",
        "ip4.src == {$v4, 1.2.3.4}",
        "ip4.src == $v4 && ip4.dst == $v4b",
        "ip4.src == $v4 && ip4.dst == $v4 && tcp",
        "ip4.src == $v4 && ip4.src == $v4b",
        "ip4.src == $v4 && tcp.dst == {1, 2, 3}",
        "ip4.src == $v4 && ip4.src == 10.0.0.0/31",
        "(ip4.src == $v4 || ip4.dst == $v4b) && tcp.dst == {1, 2}",
        "inport == @pg && ip4.src == $v4",
    };
    struct expr_env env = test_world();
    const struct const_set *set = env.find_set(NULL, "v4");

    /* The flows of all members together are the whole but for what no member
     * makes. */
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        struct arena arena = ARENA_EMPTY;
        const struct expr *expr = parse(texts[i], &arena);
        struct expr_matches all, one;
        size_t n_found = 0;

        expr_matches_init(&all);
        expr_matches_init(&one);
        assert_null(expr_compile(expr, &env, &all));
        for (size_t j = 0; j < set->n; j++) {
            expr_matches_clear(&one);
            /* With the next one, if there is one. */
            assert_true(expr_compile_members(expr, &env, "v4", &set->items[j],
                                             MIN(set->n - j, 2), &one));
            VEC_FOR_EACH (m, &one.items) {
                bool found = false;

                VEC_FOR_EACH (n, &all.items) {
                    found |= (expr_match_equals(m, n)
                              && m->n_conjs <= n->n_conjs);
                }
                assert_true(found);
                n_found++;
            }
            assert_true(one.n_conj_ids == all.n_conj_ids);
        }
        assert_true(n_found > 0);
        expr_matches_uninit(&all);
        expr_matches_uninit(&one);
        arena_uninit(&arena);
    }
}

static bool
is_large_group(void *aux UNUSED, const char *name UNUSED)
{
    return true;
}

static void
check_members(const char *text, const struct expr_env *env,
              const char *set, uint64_t value, const char *expected)
{
    const struct const_set_item item = { .value = value, .mask = U128_MAX };
    struct arena arena = ARENA_EMPTY;
    struct str s = STR_EMPTY;
    struct expr_matches m;

    expr_matches_init(&m);
    assert_true(expr_compile_members(parse(text, &arena), env, set, &item, 1,
                                     &m));
    expr_matches_format(&m, &s);
    assert_string_equal(str_cstr(&s), expected);
    str_uninit(&s);
    expr_matches_uninit(&m);
    arena_uninit(&arena);
}

/* One port more of a large group is one flow more, and a member of a set beside
 * it does not go through its ports. */
static void
test_a_port_of_a_large_group_makes_its_own_flows(void **state UNUSED)
{
    struct expr_env env = test_world();

    env.is_large_group = is_large_group;
    check_members("inport == @pg", &env, "@pg", 9, "reg14=0x9\n");
    check_members("inport == @pg && tcp", &env, "@pg", 9,
                  "tcp,reg14=0x9\ntcp6,reg14=0x9\n");
    check_members("inport == @pg && ip4.src == {1.0.0.0, 2.0.0.0}", &env,
                  "@pg", 9,
                  "ip,reg14=0x9 actions=conjunction(1,1/2)\n");
    check_members("outport == {\"p1\", @pg} && ip4.src == $v4", &env,
                  "@pg", 9,
                  "ip,reg15=0x9 actions=conjunction(1,1/2)\n");
    check_members("outport == @pg && ip4.src == $v4", &env, "v4", 0x01020304,
                  "ip,nw_src=1.2.3.4 actions=conjunction(1,2/2)\n");
    check_members("inport == @other", &env, "@pg", 9, "");
}

static void
test_a_member_of_a_negated_set_is_entangled(void **state UNUSED)
{
    struct expr_env env = test_world();
    const struct const_set *set = env.find_set(NULL, "v4");
    struct arena arena = ARENA_EMPTY;
    struct expr_matches one;

    expr_matches_init(&one);
    assert_false(expr_compile_members(parse("ip4.src != $v4", &arena), &env,
                                      "v4", set->items, 1, &one));
    assert_false(expr_compile_members(parse("ip4.src == {$v4, $v4}", &arena),
                                      &env, "v4", set->items, 1, &one));
    env.is_large_group = is_large_group;
    assert_false(expr_compile_members(parse("inport == {@pg, @pg}", &arena),
                                      &env, "@pg", set->items, 1, &one));
    expr_matches_uninit(&one);
    arena_uninit(&arena);
}

struct big {
    struct const_set *set;
};

static const struct const_set *
find_big(void *aux, const char *name UNUSED)
{
    struct big *big = aux;

    return big->set;
}

static struct const_set *
make_big_set(size_t n)
{
    char (*texts)[16] = xcalloc(n, sizeof *texts);
    const char **p = xcalloc(n, sizeof *p);
    struct const_set *set;

    for (size_t i = 0; i < n; i++) {
        snprintf(texts[i], sizeof texts[i], "10.%zu.%zu.%zu", i >> 16 & 255,
                 i >> 8 & 255, i & 255);
        p[i] = texts[i];
    }
    set = const_set_create(p, n, NULL);
    free(texts);
    free(p);
    return set;
}

/* Two sets of 50,000: a flow a member, not a flow a pair; and memory with
 * them. */
static void
test_big_sets_are_linear(void **state UNUSED)
{
    struct big big = { make_big_set(50000) };
    struct expr_env env = { .find_set = find_big, .aux = &big };
    struct arena arena = ARENA_EMPTY;
    struct expr_matches m;

    expr_matches_init(&m);
    assert_null(expr_compile(parse("ip4.src == $a && ip4.dst == $b && "
                                   "tcp.dst == {80, 443}", &arena),
                             &env, &m));
    assert_int_equal(m.items.n, 100003);
    assert_true(arena_size(&m.arena) < (size_t) 100003 * 400);
    expr_matches_clear(&m);
    assert_null(expr_compile(parse("ip4.src != $a", &arena), &env, &m));
    assert_true(m.items.n < 100);
    expr_matches_uninit(&m);
    const_set_destroy(big.set);
    arena_uninit(&arena);
}

/* What a set costs grows with its members; what one member more costs does
 * not.  The measures are counts, not times. */
static void
test_one_member_more_costs_one_member(void **state UNUSED)
{
    size_t size = 0, member_size = 0;

    for (size_t n = 12500; n <= 50000; n *= 2) {
        struct big big = { make_big_set(n) };
        struct expr_env env = { .find_set = find_big, .aux = &big };
        struct arena arena = ARENA_EMPTY;
        const struct expr *expr;
        struct expr_matches m;

        expr = parse("ip4.src == $a && tcp.dst == 80 && reg0 == 1", &arena);
        expr_matches_init(&m);
        assert_null(expr_compile(expr, &env, &m));
        assert_int_equal(m.items.n, n);
        assert_true(!size || arena_size(&m.arena) < 2 * size + 65536);
        size = arena_size(&m.arena);
        expr_matches_uninit(&m);

        expr_matches_init(&m);
        assert_true(expr_compile_members(expr, &env, "a",
                                         &big.set->items[n / 2], 1, &m));
        assert_int_equal(m.items.n, 1);
        assert_true(!member_size || arena_size(&m.arena) == member_size);
        member_size = arena_size(&m.arena);
        expr_matches_uninit(&m);
        const_set_destroy(big.set);
        arena_uninit(&arena);
    }
}

static void
test_explosions_are_refused(void **state UNUSED)
{
    struct big big = { make_big_set(1000) };
    struct expr_env env = { .find_set = find_big, .aux = &big,
                            .max_matches = 500 };
    struct arena arena = ARENA_EMPTY;
    struct expr_matches m;
    struct error *error;
    struct str text = STR_EMPTY;

    expr_matches_init(&m);
    error = expr_compile(parse("ip4.src == $a", &arena), &env, &m);
    assert_int_equal(error->code, E2BIG);
    assert_string_equal(error_message(error), "match expands to 501 OpenFlow "
                        "flows, more than the 500 allowed");
    assert_int_equal(m.items.n, 0);
    error_free(error);

    /* An "and" of "or"s of clauses that are conjunctive themselves. */
    for (int i = 0; i < 15; i++) {
        str_printf(&text, "%s((ip4.src == $a && reg%d > 5) || (ip4.dst == $a "
                   "&& reg%d > 7))", i ? " && " : "", i % 8, i % 8);
    }
    error = expr_compile(parse(str_cstr(&text), &arena), &env, &m);
    assert_non_null(error);
    assert_int_equal(error->code, E2BIG);
    error_free(error);
    str_uninit(&text);
    expr_matches_uninit(&m);
    const_set_destroy(big.set);
    arena_uninit(&arena);
}

static void
test_a_packet_for_an_expression(void **state UNUSED)
{
    struct expr_env env = test_world();
    struct arena arena = ARENA_EMPTY;
    struct flow flow = { .dl_type = 0 };
    struct error *error;

    assert_null(expr_to_flow(parse("inport == \"p2\" && eth.src == "
                                   "00:00:00:00:00:01 && ip4.src == 10.0.0.5 "
                                   "&& tcp.dst == {80, 443}", &arena),
                             &env, &flow));
    assert_int_equal(flow.regs[LOG_REG_INPORT], 2);
    assert_int_equal(flow.nw_proto, 6);
    assert_int_equal(ntohs(flow.tp_dst), 80);
    assert_int_equal(ntohl(flow.nw_src), 0x0a000005);
    error = expr_to_flow(parse("ip4 && ip6", &arena), &env, &flow);
    assert_non_null(error);
    error_free(error);
    arena_uninit(&arena);
}

static void
count_ref(void *aux, enum expr_ref_type type, const char *name)
{
    struct str *out = aux;

    str_printf(out, "%d:%s ", type, name);
}

static void
test_references_are_found(void **state UNUSED)
{
    struct arena arena = ARENA_EMPTY;
    struct str out = STR_EMPTY;

    expr_for_each_ref(parse("inport == {\"a\", @g} && (ip4.src == {$s, "
                            "1.1.1.1} || is_chassis_resident(\"r\"))",
                            &arena), count_ref, &out);
    assert_string_equal(str_cstr(&out), "2:a 1:g 0:s 3:r ");
    str_uninit(&out);
    arena_uninit(&arena);
}

int
expr_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expressions_round_trip),
        cmocka_unit_test(test_errors_say_what_and_where),
        cmocka_unit_test(test_deep_nesting_is_refused),
        cmocka_unit_test(test_prerequisites_become_part_of_matches),
        cmocka_unit_test(test_constants_decide),
        cmocka_unit_test(test_ranges_and_inequalities),
        cmocka_unit_test(test_conjunctions_where_smaller),
        cmocka_unit_test(test_sets_keep_their_shape),
        cmocka_unit_test(test_conjunctions_split_by_prerequisites),
        cmocka_unit_test(test_a_member_makes_its_own_flows),
        cmocka_unit_test(test_a_port_of_a_large_group_makes_its_own_flows),
        cmocka_unit_test(test_a_member_of_a_negated_set_is_entangled),
        cmocka_unit_test(test_big_sets_are_linear),
        cmocka_unit_test(test_one_member_more_costs_one_member),
        cmocka_unit_test(test_explosions_are_refused),
        cmocka_unit_test(test_a_packet_for_an_expression),
        cmocka_unit_test(test_references_are_found),
    };

    return cmocka_run_group_tests_name("expr", tests, NULL, NULL);
}
