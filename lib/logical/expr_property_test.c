/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/logical/logical_test.h"

#include <stdio.h>

#include "lib/base/random.h"
#include "lib/logical/ovn_symbols.h"

/* Random expressions over few fields and values, so that they overlap.  The
 * oracle is expr_evaluate(). */

#define N_EXPRESSIONS 3000
#define N_PACKETS 60

static struct rng rng;
static int n_conjunctive;          /* Expressions that became conjunctions. */

static unsigned int
pick(unsigned int n)
{
    return rng_range(&rng, n);
}

static void
put_word(struct str *out, const char *const *words, size_t n)
{
    str_put(out, words[pick(n)]);
}
#define PUT_WORD(OUT, ...) \
    do { \
        static const char *const words_[] = { __VA_ARGS__ }; \
        put_word(OUT, words_, ARRAY_SIZE(words_)); \
    } while (0)

static void
put_ip4(struct str *out)
{
    PUT_WORD(out, "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.0/30",
             "10.0.0.0/24", "10.0.0.1/255.0.0.255", "0.0.0.0/0", "$v4",
             "$v4b", "$mixed", "$empty");
}

static void
put_ip4_set(struct str *out)
{
    unsigned int n = 1 + pick(4);

    str_put_char(out, '{');
    for (unsigned int i = 0; i < n; i++) {
        str_put(out, i ? ", " : "");
        put_ip4(out);
    }
    str_put_char(out, '}');
}

static void
put_compare(struct str *out)
{
    switch (pick(18)) {
    case 0:
    case 1:
        PUT_WORD(out, "ip4.src", "ip4.dst", "arp.spa");
        PUT_WORD(out, " == ", " != ");
        if (pick(2)) {
            put_ip4_set(out);
        } else {
            put_ip4(out);
        }
        break;
    case 2:
        PUT_WORD(out, "ip6.src", "ip6.dst", "nd.target", "xxreg0");
        PUT_WORD(out, " == ", " != ");
        PUT_WORD(out, "fd00::1", "{fd00::1, fd00::2}", "fd00::/64", "$v6");
        break;
    case 3:
        PUT_WORD(out, "tcp.src", "tcp.dst", "udp.dst", "reg0[0..15]",
                 "reg1[16..31]", "ct_label[80..95]", "xreg0[48..63]");
        PUT_WORD(out, " == ", " != ", " < ", " <= ", " > ", " >= ");
        PUT_WORD(out, "0", "1", "2", "80", "65535", "1000");
        break;
    case 4:
        PUT_WORD(out, "tcp.dst", "udp.src", "reg0[0..15]");
        PUT_WORD(out, " == ", " != ");
        PUT_WORD(out, "{1, 2, 80}", "{80, 443}", "0x50/0xf0", "{1, 2/2}");
        break;
    case 5:
        PUT_WORD(out, "inport", "outport");
        PUT_WORD(out, " == \"p1\"", " == {\"p1\", \"p2\"}", " == @pg",
                 " == \"gone\"", " == {@pg, \"p9\"}");
        break;
    case 6:
        PUT_WORD(out, "ip4", "ip6", "ip", "tcp", "udp", "icmp4", "nd_ns",
                 "nd", "arp", "ct.trk", "ip.later_frag", "ip.first_frag",
                 "eth.mcast", "vlan.present", "reg0[3]", "1", "0");
        break;
    case 7:
        PUT_WORD(out, "!ct.new", "!eth.mcast", "!vlan.present",
                 "!ip.is_frag", "!reg0[3]", "!ip.first_frag",
                 "!is_chassis_resident(\"p1\")");
        break;
    case 8:
        PUT_WORD(out, "1 <= tcp.dst <= 80", "2 < reg0[0..15] < 1000",
                 "5 >= udp.dst > 1");
        break;
    case 9:
        PUT_WORD(out, "eth.src", "eth.dst", "nd.sll", "arp.sha");
        PUT_WORD(out, " == ", " != ");
        PUT_WORD(out, "00:00:00:00:00:01", "$macs",
                 "01:00:00:00:00:00/01:00:00:00:00:00");
        break;
    case 10:
        PUT_WORD(out, "eth.type == {0x800, 0x806}", "ip.proto == {6, 17}",
                 "icmp6.type == {135, 136}", "arp.op == {1, 2}");
        break;
    case 11:
        PUT_WORD(out, "ip.ttl == {1, 255}", "ct.est", "flags.loopback",
                 "pkt.mark == 1");
        break;
    case 12:                     /* The narrow ones: 1 to 12 bits. */
        PUT_WORD(out, "vlan.pcp", "ip.ecn", "ip.dscp", "reg2[5..8]",
                 "icmp4.type", "icmp6.code", "vlan.vid", "ct_state[0..3]");
        PUT_WORD(out, " == ", " != ", " <= ", " > ");
        PUT_WORD(out, "0", "1", "2", "3");
        break;
    case 13:                     /* Whole registers and labels. */
        PUT_WORD(out, "reg0", "ct_mark", "xreg0", "xxreg0", "xxreg1",
                 "ct_label", "pkt.mark");
        PUT_WORD(out, " == ", " != ");
        PUT_WORD(out, "0x10002", "1", "{0, 0x10001}", "0x10000/0xff0000",
                 "{1/1, 0x20000/0x70000}");
        break;
    case 14:
        PUT_WORD(out, "reg0", "reg1", "xreg0[0..31]");
        PUT_WORD(out, " < ", " <= ", " > ", " >= ");
        PUT_WORD(out, "0x10000", "0x10002", "79", "0xffff0001");
        break;
    case 15:
        PUT_WORD(out, "0 < reg0[3..9] <= 77", "5 <= reg3 < 0x20001",
                 "0x1000000000000 <= xreg0 < 0x2000300000000",
                 "1 < ip.ttl < 255", "0 <= sctp.src < 81");
        break;
    case 16:                     /* Fields that overlap. */
        PUT_WORD(out, "reg1 == 1", "xreg0[0..15] != 1", "xxreg0[64..79] == 2",
                 "!reg1[0]", "xreg0[16..31] == {0, 2}", "eth.dst[40..47] == 1",
                 "eth.mcast == 0", "reg0[0..7] != {1, 80}");
        break;
    case 17:                     /* What the field's own predicates say. */
        PUT_WORD(out, "ip4.mcast", "ip6.mcast", "!ip4.mcast", "ip6.mcast_rsvd",
                 "!nd", "!tcp", "!ip", "mldv1", "igmp", "sctp", "icmp",
                 "eth.bcast", "rarp", "!(ip4 && tcp)");
        break;
    }
}

static void
put_expr(struct str *out, int depth)
{
    unsigned int n = depth ? pick(4) : 0;
    bool is_and = pick(2);

    if (n < 2) {
        put_compare(out);
        return;
    }
    for (unsigned int i = 0; i < n; i++) {
        str_put(out, !i ? "" : is_and ? " && " : " || ");
        str_put(out, pick(6) ? "(" : "!(");
        put_expr(out, depth - 1);
        str_put_char(out, ')');
    }
}

static uint32_t
random_ip4(void)
{
    static const uint32_t ips[] = { 0x0a000001, 0x0a000002, 0x0a000003,
                                    0x0a000004, 0xc0a80101, 0x0b000001, 0 };

    return ips[pick(ARRAY_SIZE(ips))];
}

static struct in6_addr
random_ip6(void)
{
    struct in6_addr ip = { .s6_addr = { 0xfd, 0 } };

    ip.s6_addr[15] = pick(3);
    ip.s6_addr[0] = pick(4) ? 0xfd : 0x20;
    ip.s6_addr[1] = pick(4) ? 0 : 1;
    ip.s6_addr[7] = pick(4) ? 0 : 1;
    return ip;
}

static uint16_t
random_u16(void)
{
    static const uint16_t values[] = { 0, 1, 2, 3, 79, 80, 443, 999, 1000,
                                       65535, 135, 136, 5 };

    return values[pick(ARRAY_SIZE(values))];
}

static struct eth_addr
random_mac(void)
{
    struct eth_addr ea = { { pick(2), 0, 0, 0, 0, pick(3) } };

    return ea;
}

/* A packet with fields as its protocols have them. */
static void
random_flow(struct flow *flow)
{
    static const uint16_t types[] = { 0x800, 0x800, 0x86dd, 0x86dd, 0x806,
                                      0x8035, 0x1234 };
    static const uint8_t protos[] = { 6, 6, 17, 1, 58, 58, 132 };

    memset(flow, 0, sizeof *flow);
    flow->dl_type = htons(types[pick(ARRAY_SIZE(types))]);
    flow->nw_proto = protos[pick(ARRAY_SIZE(protos))];
    if (pick(3) == 0) {
        flow->nw_proto = pick(3);
    }
    flow->nw_src = htonl(random_ip4());
    flow->nw_dst = htonl(random_ip4());
    flow->ipv6_src = random_ip6();
    flow->ipv6_dst = random_ip6();
    flow->nd_target = random_ip6();
    flow->tp_src = htons(random_u16());
    flow->tp_dst = htons(random_u16());
    flow->nw_ttl = pick(2) ? 255 : 1;
    flow->nw_frag = pick(4);
    flow->dl_src = random_mac();
    flow->dl_dst = random_mac();
    flow->arp_sha = random_mac();
    flow->vlans[0].tci = htons(pick(2) ? 0x1000 | pick(8) : 0);
    flow->ct_state = pick(256);
    for (int i = 0; i < 12; i++) {
        flow->regs[i] = (uint32_t) random_u16() << 16 | random_u16();
    }
    if (!pick(3)) {
        struct in6_addr ip = random_ip6();

        for (int i = 0; i < 4; i++) {
            flow->regs[i] = ntohl(get_be32(&ip.s6_addr[4 * i]));
        }
    }
    flow->regs[LOG_REG_INPORT] = pick(5);
    flow->regs[LOG_REG_OUTPORT] = pick(10);
    flow->ct_label.be32[1] = htonl(random_u16());
    flow->ct_label.be32[3] = htonl((uint32_t) random_u16() << 16
                                   | random_u16());
    flow->ct_mark = pick(2) ? 0x10002 : pick(3);
    flow->nw_tos = pick(16);
    flow->pkt_mark = pick(2);
}

/* As OpenFlow sees it: the match that goes to the switch, without conj_id. */
static bool
covers(const struct expr_match *m, const struct flow *flow)
{
    struct match match;

    match_init(&match);
    expr_match_to_match(m, 0, &match);
    match.wc.masks.conj_id = match.flow.conj_id = 0;
    return match_covers_flow(&match, flow);
}

/* What a switch does: a packet belongs to a conjunction if, for each of its
 * clauses, it matches a flow of it. */
static bool
accepts(const struct expr_matches *matches, const struct flow *flow)
{
    uint64_t *seen = xcalloc(matches->n_conj_ids + 1, sizeof *seen);
    bool accepted = false;

    VEC_FOR_EACH (m, &matches->items) {
        if (m->conj_id || !covers(m, flow)) {
            continue;
        }
        accepted |= !m->n_conjs;
        for (size_t i = 0; i < m->n_conjs; i++) {
            seen[m->conjs[i].id] |= (uint64_t) 1 << m->conjs[i].clause;
        }
    }
    VEC_FOR_EACH (m, &matches->items) {
        uint32_t n_clauses = 0;

        if (!m->conj_id) {
            continue;
        }
        VEC_FOR_EACH (other, &matches->items) {
            for (size_t i = 0; i < other->n_conjs; i++) {
                if (other->conjs[i].id == m->conj_id) {
                    n_clauses = other->conjs[i].n_clauses;
                }
            }
        }
        accepted |= (n_clauses && covers(m, flow)
                     && (seen[m->conj_id]
                         == (uint64_t) u128_low(n_clauses)));
    }
    free(seen);
    return accepted;
}

/* OpenFlow's rule: no match on a field without its prerequisites. */
static void
check_prereqs(const struct expr_match *m, const char *text)
{
    struct match match;
    uint16_t type;
    uint8_t proto;

    match_init(&match);
    expr_match_to_match(m, 0, &match);
    type = ntohs(match.flow.dl_type);
    proto = match.flow.nw_proto;
    if ((match.wc.masks.nw_src && type != 0x800 && type != 0x806
         && type != 0x8035)
        || (match.wc.masks.ipv6_src.s6_addr[0] && type != 0x86dd)
        || (match.wc.masks.nw_proto && !match.wc.masks.dl_type)
        || (match.wc.masks.tp_dst
            && (match.wc.masks.nw_proto != 0xff || !proto))
        || (match.wc.masks.nd_target.s6_addr[0]
            && ntohs(match.flow.tp_src) != 135
            && ntohs(match.flow.tp_src) != 136)) {
        fail_msg("%s: a match lacks prerequisites", text);
    }
}

/* False: no expression, for it asks of a nominal field or predicate what may
 * not be asked. */
static bool
check_expression(const char *text)
{
    struct expr_env env = test_world();
    struct arena arena = ARENA_EMPTY;
    struct expr_matches matches;
    const struct expr *expr, *again;
    struct str printed = STR_EMPTY;
    struct error *error;

    error = expr_parse(text, ovn_symbols(), &arena, &expr);
    if (error) {
        if (!strstr(error_message(error), ": nominal ")
            && strncmp(error_message(error), "nominal ", 8)) {
            fail_msg("%s: %s", text, error_message(error));
        }
        error_free(error);
        arena_uninit(&arena);
        return false;
    }
    expr_format(expr, &printed);
    error = expr_parse(str_cstr(&printed), ovn_symbols(), &arena, &again);
    if (error || !expr_equals(expr, again)) {
        fail_msg("%s: prints as %s", text, str_cstr(&printed));
    }
    str_uninit(&printed);

    expr_matches_init(&matches);
    error = expr_compile(expr, &env, &matches);
    if (error) {
        /* Only refusals of size. */
        assert_int_not_equal(error->code, 0);
        error_free(error);
    } else {
        n_conjunctive += matches.n_conj_ids > 0;
        VEC_FOR_EACH (m, &matches.items) {
            check_prereqs(m, text);
        }
        for (int i = 0; i < N_PACKETS; i++) {
            struct flow flow;

            random_flow(&flow);
            if (i % 4 == 0) {
                error_free(expr_to_flow(expr, &env, &flow));
            }
            if (accepts(&matches, &flow)
                != expr_evaluate(expr, &flow, &env)) {
                struct str out = STR_EMPTY;

                expr_matches_format(&matches, &out);
                fail_msg("%s: is %s of a packet that the matches %s:\n%s",
                         text,
                         expr_evaluate(expr, &flow, &env) ? "true" : "false",
                         accepts(&matches, &flow) ? "accept" : "refuse",
                         str_cstr(&out));
            }
        }
    }
    expr_matches_uninit(&matches);
    arena_uninit(&arena);
    return true;
}

static void
test_matches_accept_what_evaluation_accepts(void **state UNUSED)
{
    const char *seed = getenv("LOGICAL_TEST_SEED");
    int n_checked = 0;

    rng.state = seed ? strtoull(seed, NULL, 0) : random_u64();
    print_message("LOGICAL_TEST_SEED=%#llx\n",
                  (unsigned long long) rng.state);
    while (n_checked < N_EXPRESSIONS) {
        struct str text = STR_EMPTY;

        put_expr(&text, 3);
        n_checked += check_expression(str_cstr(&text));
        str_uninit(&text);
    }
    assert_true(n_conjunctive > N_EXPRESSIONS / 20);
}

int
expr_property_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matches_accept_what_evaluation_accepts),
    };

    return cmocka_run_group_tests_name("expr properties", tests, NULL, NULL);
}
