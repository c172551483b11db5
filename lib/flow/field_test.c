/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lib/base/random.h"
#include "lib/flow/field.h"
#include "lib/flow/match.h"
#include "lib/flow/port.h"

int field_tests(void);

/* A table row in the wrong place would make every use of the field wrong. */
static void
test_rows_are_complete_and_unique(void **state)
{
    for (int i = 0; i < FIELD_N_IDS; i++) {
        const struct field *f = &field_table[i];

        assert_non_null(f->name);
        assert_int_equal(f->id, i);
        assert_true(f->n_bits <= 8 * f->n_bytes && f->n_bits > 0);
        assert_ptr_equal(field_from_name(f->name, strlen(f->name)), f);
        if (f->alias) {
            assert_ptr_equal(field_from_name(f->alias, strlen(f->alias)), f);
        }
        if (f->oxm_name) {
            assert_ptr_equal(field_from_oxm(&f->oxm), f);
            assert_ptr_equal(field_from_any_name(f->oxm_name,
                                                 strlen(f->oxm_name)), f);
        }
        if (f->nxm_name) {
            assert_ptr_equal(field_from_oxm(&f->nxm), f);
        }
    }
}

static void
random_value(const struct field *f, union field_value *v)
{
    memset(v, 0, sizeof *v);
    do {
        for (int i = 0; i < f->n_bytes; i++) {
            v->bytes[i] = random_u32();
        }
        if (f->n_bits < 8 * f->n_bytes) {
            memset(v->bytes, 0, f->n_bytes);
            for (int i = 0; i < f->n_bits; i++) {
                v->bytes[f->n_bytes - 1 - i / 8]
                    |= random_range(2) << i % 8;
            }
        }
        if (f->id == FIELD_IN_PORT_OXM || f->id == FIELD_ACTSET_OUTPUT) {
            v->be32 = port_to_oxm(random_range(0x10000));
        } else if (f->id == FIELD_CT_STATE) {
            v->be32 &= htonl(0xff);
        } else if (f->id == FIELD_ARP_OP) {
            v->be16 &= htons(0xff);
        } else if (f->id == FIELD_IP_DSCP) {
            v->u8 &= 0xfc;
        } else if (f->id == FIELD_TUN_IPV6_SRC
                   || f->id == FIELD_TUN_IPV6_DST) {
            v->bytes[0] |= 1;
        }
    } while (!field_value_is_valid(f, v));
}

/* What is written is read back, and nothing else changes when it is undone. */
static void
test_set_then_get_returns_the_value(void **state)
{
    struct tlv_layout layout = { 0 };

    tlv_layout_add(&layout, 7, 124);
    for (int i = 0; i < FIELD_N_IDS; i++) {
        const struct field *f = &field_table[i];

        if (f->is_variable && i != FIELD_TUN_METADATA0 + 7) {
            continue;
        }
        for (int n = 0; n < 50; n++) {
            union field_value v, got;
            struct flow flow;

            memset(&flow, 0, sizeof flow);
            random_value(f, &v);
            field_set(f, &flow, &layout, &v);
            field_get(f, &flow, &layout, &got);
            if (f->id == FIELD_DL_VLAN && v.be16 == UINT16_MAX) {
                continue;
            }
            assert_memory_equal(v.bytes, got.bytes, f->n_bytes);
        }
    }
}

/* A match on a field prints as text that parses to the same match. */
static void
test_match_text_round_trips_for_every_field(void **state)
{
    static const struct {
        enum field_prereq prereq;
        const char *text;
    } prereqs[] = {
        { PREREQ_MPLS, "mpls," },     { PREREQ_NSH, "dl_type=0x894f," },
        { PREREQ_ARP, "arp," },       { PREREQ_IPV4, "ip," },
        { PREREQ_IPV6, "ipv6," },     { PREREQ_IP_ANY, "ipv6," },
        { PREREQ_TCP, "tcp," },       { PREREQ_UDP, "udp," },
        { PREREQ_SCTP, "sctp6," },    { PREREQ_ICMPV4, "icmp," },
        { PREREQ_ICMPV6, "icmp6," },  { PREREQ_ND, "icmp6," },
        { PREREQ_ND_SOLICIT, "icmp6," }, { PREREQ_ND_ADVERT, "icmp6," },
    };

    for (int i = 0; i < FIELD_N_IDS; i++) {
        const struct field *f = &field_table[i];

        for (int n = 0; n < 20; n++) {
            struct str text = STR_EMPTY, printed = STR_EMPTY;
            union field_value v, m;
            struct match a, b;

            for (size_t j = 0; j < ARRAY_SIZE(prereqs); j++) {
                if (prereqs[j].prereq == f->prereq) {
                    str_put(&text, prereqs[j].text);
                }
            }
            random_value(f, &v);
            memset(&m, 0xff, sizeof m);
            if (f->is_maskable && n % 2 && f->form != FORM_FRAG
                && f->form != FORM_TUNNEL_FLAGS) {
                random_value(f, &m);
                for (int j = 0; j < f->n_bytes; j++) {
                    v.bytes[j] &= m.bytes[j];
                }
                if (field_is_zero(f, &m)) {
                    memset(&m, 0xff, sizeof m);
                }
            }
            if (f->form == FORM_FRAG) {
                v.u8 &= FLOW_NW_FRAG_ANY;
            }
            str_printf(&text, "%s=", f->name);
            field_format(f, &v, &m, NULL, &text);
            assert_null(match_parse(&a, str_cstr(&text), NULL, NULL));
            match_format(&a, NULL, FLOW_DEFAULT_PRIORITY, &printed);
            assert_null(match_parse(&b, str_cstr(&printed), NULL, NULL));
            if (!match_equals(&a, &b)) {
                fail_msg("\"%s\" became \"%s\"", str_cstr(&text),
                         str_cstr(&printed));
            }
            str_uninit(&text);
            str_uninit(&printed);
        }
    }
}

/* Lines that ovs-ofctl's users write, and how they are shown to them. */
static void
test_match_text_is_as_users_know_it(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        { "ct_state=+trk-new,ip", "ct_state=-new+trk,ip" },
        { "ct_state=0x21,ip", "ct_state=new|trk,ip" },
        { "ct_state=0/0x21,ip", "ct_state=-new-trk,ip" },
        { "tcp,tcp_flags=+syn-ack", "tcp,tcp_flags=+syn-ack" },
        { "tcp,tcp_flags=0x12", "tcp,tcp_flags=syn|ack" },
        { "tun_flags=oam", "tun_flags=+oam" },
        { "packet_type=(1,0x800),nw_src=1.2.3.4",
          "packet_type=(1,0x800),nw_src=1.2.3.4" },
        { "ip,ip_frag=not_later", "ip,nw_frag=not_later" },
        { "tcp,tp_dst=16/15", "tcp,tp_dst=0x0/0xf" },
        { "xreg1=0x1234567890", "reg2=0x12,reg3=0x34567890" },
        { "xreg0=5/0xff000000ff", "reg0=0/0xff,reg1=0x5/0xff" },
        { "dl_vlan=5,dl_vlan_pcp=3", "dl_vlan=5,dl_vlan_pcp=3" },
        { "vlan_tci=0x1000/0x1000", "vlan_tci=0x1000/0x1000" },
        { "vlan_tci=0x1123/0x1fff", "dl_vlan=291" },
        { "vlan_pcp=3", "dl_vlan_pcp=3" },
        { "ip,nw_src=10.0.0.1/8,nw_dst=10.0.0.1/255.0.255.0,nw_tos=16",
          "ip,nw_src=10.0.0.0/8,nw_dst=10.0.0.0/255.0.255.0,nw_tos=16" },
        { "ip,ip_dscp=16", "ip,nw_tos=64" },
        { "ipv6,ipv6_src=fe80::1/64,ipv6_dst=::1/ffff::1",
          "ipv6,ipv6_src=fe80::/64,ipv6_dst=::1/ffff::1" },
        { "arp,arp_op=1,arp_spa=1.2.3.4,arp_sha=0:1:2:3:4:5",
          "arp,arp_spa=1.2.3.4,arp_op=1,arp_sha=00:01:02:03:04:05" },
        { "sctp,sctp_dst=5", "sctp,tp_dst=5" },
        { "dl_type=0x800,nw_proto=6", "tcp" },
        { "ip,nw_proto=99", "ip,nw_proto=99" },
        { "tun_id=5/7,tun_dst=0.0.0.0", "tun_id=0x5/0x7,tun_dst=0.0.0.0" },
        { "tun_metadata0=0x1234,tun_metadata5",
          "tun_metadata0=0x1234,tun_metadata5" },
        { "in_port=local,priority=5", "priority=5,in_port=LOCAL" },
        { "reg0=0,ct_zone=5,metadata=0", "ct_zone=5,reg0=0,metadata=0" },
        { "ip,nw_src=*", "ip" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct str s = STR_EMPTY;
        struct match match;
        int priority;

        assert_null(match_parse(&match, cases[i].in, NULL, &priority));
        match_format(&match, NULL, priority, &s);
        assert_string_equal(str_cstr(&s), cases[i].out);
        str_uninit(&s);
    }
}

static void
test_match_text_refuses_what_it_does_not_know(void **state)
{
    static const char *cases[] = {
        "foo=3", "dl_src=foo", "reg0=0x123456789", "in_port=bar",
        "ct_state=+foo", "ct_state=+trk-trk", "nw_src=1.2.3", "nw_ttl=a",
        "nw_src=1.2.3.4/33", "ip_frag=maybe", "packet_type=3",
        "in_port_oxm=0x10000", "arp_op=256", "nw_ttl=1/3", "priority=65536",
        "tun_metadata0=0x1" "00000000000000000000000000000000000000000000000"
        "000000000000000000000000000000000000000000000000000000000000000000"
        "000000000000000000000000000000000000000000000000000000000000000000"
        "000000000000000000000000000000000000000000000000000000000000000000"
        "0000000",
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct match match;
        int priority;
        struct error *error = match_parse(&match, cases[i], NULL, &priority);

        if (!error) {
            fail_msg("\"%s\" was taken", cases[i]);
        }
        error_free(error);
    }
}

/* Bit by bit, the slow and obvious way. */
static void
test_bits_copy_equals_a_loop_over_bits(void **state)
{
    for (int n = 0; n < 2000; n++) {
        uint8_t src[16], dst[16], want[16];
        size_t n_bits = random_range(129);
        size_t from = random_range(129 - n_bits);
        size_t to = random_range(129 - n_bits);

        for (int i = 0; i < 16; i++) {
            src[i] = random_u32();
            dst[i] = want[i] = random_u32();
        }
        for (size_t i = 0; i < n_bits; i++) {
            uint8_t bit = src[15 - (from + i) / 8] >> (from + i) % 8 & 1;
            uint8_t *p = &want[15 - (to + i) / 8];

            *p = (*p & ~(1u << (to + i) % 8)) | bit << (to + i) % 8;
        }
        bits_copy(src, 16, from, dst, 16, to, n_bits);
        assert_memory_equal(dst, want, 16);
    }
}

static void
test_subfields_round_trip(void **state)
{
    static const char *cases[] = {
        "NXM_NX_REG2[3..9]", "NXM_OF_VLAN_TCI[]", "NXM_NX_CT_LABEL[64..127]",
        "OXM_OF_METADATA[5]", "OXM_OF_PKT_REG3[0..62]", "NXM_NX_XXREG1[]",
    };
    static const char *bad[] = {
        "NXM_NX_REG2[3..32]", "NXM_NX_REG2[9..3]", "NXM_FOO[]",
        "reg0[", "reg0[x]", "reg0[0]x", "dl_vlan[]", "skb_priority",
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct str s = STR_EMPTY;
        struct subfield sf;
        struct flow flow;
        uint64_t x;

        assert_null(subfield_parse_all(cases[i], &sf));
        subfield_format(&sf, &s);
        assert_string_equal(str_cstr(&s), cases[i]);
        str_uninit(&s);

        memset(&flow, 0, sizeof flow);
        x = random_u64();
        x &= sf.n_bits >= 64 ? UINT64_MAX : (UINT64_C(1) << sf.n_bits) - 1;
        subfield_set(&sf, &flow, NULL, x);
        assert_int_equal(subfield_get(&sf, &flow, NULL), x);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct subfield sf;
        struct error *error = subfield_parse_all(bad[i], &sf);

        assert_non_null(error);
        error_free(error);
    }
}

/* The upper registers have no header, so an action on one must name the xreg
 * that it is half of: without, it would be on another field. */
static void
test_upper_registers_are_halves_of_xregs(void **state)
{
    static const struct { const char *text, *named; } cases[] = {
        { "reg16", "OXM_OF_PKT_REG8[32..63]" },
        { "reg17[]", "OXM_OF_PKT_REG8[0..31]" },
        { "reg30[0..3]", "OXM_OF_PKT_REG15[32..35]" },
        { "reg31[31]", "OXM_OF_PKT_REG15[31]" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct str s = STR_EMPTY;
        struct subfield sf;

        assert_null(subfield_parse_all(cases[i].text, &sf));
        subfield_format(&sf, &s);
        assert_string_equal(str_cstr(&s), cases[i].named);
        str_uninit(&s);
    }
}

static void
test_minimatch_keeps_the_match(void **state)
{
    struct match a, b, other;
    struct minimatch *m;

    assert_null(match_parse(&a, "tcp,reg3=7/15,nw_src=10.0.0.0/8,tp_dst=80,"
                            "tun_id=5,metadata=3", NULL, NULL));
    assert_null(match_parse(&other, "tcp,reg3=7,nw_src=10.1.0.0/16,tp_dst=80,"
                            "tun_id=5,metadata=3,in_port=5", NULL, NULL));
    m = minimatch_create(&a);
    minimatch_expand(m, NULL, &b);
    assert_true(match_equals(&a, &b));
    assert_true(match_covers(&a, &other));
    assert_false(match_covers(&other, &a));
    assert_true(minimatch_covers_flow(m, &other.flow));
    other.flow.nw_src = htonl(0x0b000001);
    assert_false(minimatch_covers_flow(m, &other.flow));
    free(m);
}

/* The raw options of a packet become slots and back. */
static void
test_tunnel_options_round_trip(void **state)
{
    struct tlv_table table;
    struct flow_tunnel raw = { .flags = FLOW_TNL_F_UDPIF };
    struct flow_tunnel slots;
    uint8_t wire[TUN_METADATA_N_BYTES];
    static const uint8_t opts[] = {
        0x01, 0x02, 0x80, 1, 0xaa, 0xbb, 0xcc, 0xdd,
        0xff, 0xff, 0x07, 2, 1, 2, 3, 4, 5, 6, 7, 8,
    };

    tlv_table_init(&table);
    assert_int_equal(tlv_table_add(&table, &(struct tlv_map) {
                         0x102, 0x80, 4, 0 }), TLV_OK);
    assert_int_equal(tlv_table_add(&table, &(struct tlv_map) {
                         0xffff, 7, 8, 5 }), TLV_OK);
    assert_int_equal(tlv_table_add(&table, &(struct tlv_map) {
                         0xffff, 7, 8, 6 }), TLV_OPTION_TAKEN);
    assert_int_equal(tlv_table_add(&table, &(struct tlv_map) {
                         0xfff0, 7, 6, 6 }), TLV_BAD_SIZE);
    memcpy(raw.opts, opts, sizeof opts);
    raw.opts_size = sizeof opts;
    assert_int_equal(tlv_from_wire(&table, &raw, &slots), 0);
    assert_int_equal(slots.opts_present, 1 | 1 << 5);
    assert_int_equal(tlv_to_wire(&table, &slots, slots.opts_present, wire),
                     sizeof opts);
    assert_memory_equal(wire, opts, sizeof opts);
    raw.opts_size -= 1;
    assert_true(tlv_from_wire(&table, &raw, &slots) < 0);
}

int
field_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_complete_and_unique),
        cmocka_unit_test(test_set_then_get_returns_the_value),
        cmocka_unit_test(test_match_text_round_trips_for_every_field),
        cmocka_unit_test(test_match_text_is_as_users_know_it),
        cmocka_unit_test(test_match_text_refuses_what_it_does_not_know),
        cmocka_unit_test(test_bits_copy_equals_a_loop_over_bits),
        cmocka_unit_test(test_subfields_round_trip),
        cmocka_unit_test(test_upper_registers_are_halves_of_xregs),
        cmocka_unit_test(test_minimatch_keeps_the_match),
        cmocka_unit_test(test_tunnel_options_round_trip),
    };

    return cmocka_run_group_tests_name("field", tests, NULL, NULL);
}
