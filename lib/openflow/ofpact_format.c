/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "lib/flow/port.h"
#include "lib/openflow/flow_text.h"
#include "lib/openflow/ofpact_encap.h"
#include "lib/openflow/packet_io.h"

/* Actions to text.  A table has a function for each kind. */

struct printer {
    const struct text_names *names;
    struct str *s;
};

typedef void format_fn(const struct printer *, const struct ofpact *);

static const struct port_map *
ports(const struct printer *p)
{
    return p->names ? p->names->ports : NULL;
}

static void
put_port(const struct printer *p, ofp_port_t port)
{
    port_format(port, ports(p), p->s);
}

static void
put_table(const struct printer *p, uint8_t table)
{
    const char *name = (p->names ? port_map_name(p->names->tables, table)
                        : NULL);

    if (name) {
        port_format_name(name, p->s);
    } else {
        str_put_uint(p->s, table);
    }
}

static void
put_bytes(const struct printer *p, const uint8_t *data, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        str_printf(p->s, "%s%02x", i ? "." : "", data[i]);
    }
}

static void
format_OUTPUT(const struct printer *p, const struct ofpact *a_)
{
    const struct ofpact_output *a = ofpact_get_OUTPUT(a_);

    if (a->port == OFPP_CONTROLLER) {
        str_printf(p->s, "CONTROLLER:%u", a->max_len);
    } else if (port_reserved_name(a->port)) {
        str_put(p->s, port_reserved_name(a->port));
    } else {
        str_put(p->s, "output:");
        put_port(p, a->port);
    }
}

static void
format_OUTPUT_REG(const struct printer *p, const struct ofpact *a)
{
    str_put(p->s, "output:");
    subfield_format(&ofpact_get_OUTPUT_REG(a)->src, p->s);
}

static void
format_OUTPUT_TRUNC(const struct printer *p, const struct ofpact *a_)
{
    const struct ofpact_output_trunc *a = ofpact_get_OUTPUT_TRUNC(a_);

    str_put(p->s, "output(port=");
    put_port(p, a->port);
    str_printf(p->s, ",max_len=%"PRIu32")", a->max_len);
}

static void
format_CONTROLLER(const struct printer *p, const struct ofpact *a_)
{
    const struct ofpact_controller *a = ofpact_get_CONTROLLER(a_);

    if (a->reason == PACKET_IN_ACTION && !a->controller_id
        && !a->userdata_len && !a->pause
        && a->meter_id == CONTROLLER_NO_METER) {
        str_printf(p->s, "CONTROLLER:%u", a->max_len);
        return;
    }
    str_put(p->s, "controller(");
    if (a->reason != PACKET_IN_ACTION) {
        str_printf(p->s, "reason=%s,", packet_in_reason_name(a->reason));
    }
    if (a->max_len != UINT16_MAX) {
        str_printf(p->s, "max_len=%u,", a->max_len);
    }
    if (a->controller_id) {
        str_printf(p->s, "id=%u,", a->controller_id);
    }
    if (a->userdata_len) {
        str_put(p->s, "userdata=");
        put_bytes(p, a->userdata, a->userdata_len);
        str_put_char(p->s, ',');
    }
    if (a->pause) {
        str_put(p->s, "pause,");
    }
    if (a->meter_id != CONTROLLER_NO_METER) {
        str_printf(p->s, "meter_id=%"PRIu32",", a->meter_id);
    }
    str_chomp(p->s, ',');
    str_put_char(p->s, ')');
}

static void
format_ENQUEUE(const struct printer *p, const struct ofpact *a_)
{
    const struct ofpact_enqueue *a = ofpact_get_ENQUEUE(a_);

    str_put(p->s, "enqueue:");
    put_port(p, a->port);
    str_printf(p->s, ":%"PRIu32, a->queue);
}

static const char *
hash_name(uint8_t fields)
{
    return fields <= HASH_FIELDS_SYMMETRIC_L3 ? hash_field_names[fields]
                                              : "<unknown>";
}

static void
format_BUNDLE(const struct printer *p, const struct ofpact *a_)
{
    const struct ofpact_bundle *a = ofpact_get_BUNDLE(a_);

    str_printf(p->s, "%s(%s,%u,%s,ofport,",
               a->dst.field ? "bundle_load" : "bundle", hash_name(a->fields),
               a->basis, bundle_names[a->algorithm]);
    if (a->dst.field) {
        subfield_format(&a->dst, p->s);
        str_put_char(p->s, ',');
    }
    str_put(p->s, "members:");
    for (uint32_t i = 0; i < a->n_members; i++) {
        str_put(p->s, i ? "," : "");
        put_port(p, a->members[i]);
    }
    str_put_char(p->s, ')');
}

static void
format_GROUP(const struct printer *p, const struct ofpact *a)
{
    str_printf(p->s, "group:%"PRIu32, ofpact_get_GROUP(a)->group_id);
}

static void
format_load(const struct printer *p, const struct ofpact_set_field *a)
{
    const uint8_t *value = ofpact_set_field_value(a)->bytes;
    const uint8_t *mask = ofpact_set_field_mask(a)->bytes;
    size_t n = a->n_bytes, start = 0, end;
    uint8_t bits[FIELD_MAX_BYTES] = { 0 };
    struct subfield sf;

    while (start < 8 * n && !(mask[n - 1 - start / 8] >> start % 8 & 1)) {
        start++;
    }
    end = start;
    while (end < 8 * n && end < a->field->n_bits
           && mask[n - 1 - end / 8] >> end % 8 & 1) {
        end++;
    }
    bits_copy(value, n, start, bits, sizeof bits, 0, end - start);
    str_put(p->s, "load:");
    str_put_hex_number(p->s, bits, sizeof bits);
    str_put(p->s, "->");
    sf = (struct subfield) { a->field, start, end - start };
    subfield_format(&sf, p->s);
}

static void
format_SET_FIELD(const struct printer *p, const struct ofpact *a_)
{
    const struct ofpact_set_field *a = ofpact_get_SET_FIELD(a_);
    union field_value value = { .bytes = { 0 } }, mask = { .bytes = { 0 } };
    const struct field *f = a->field;
    bool exact = true;

    if (a->is_load && !f->is_variable) {
        format_load(p, a);
        return;
    }
    str_put(p->s, "set_field:");
    /* Variable ones have fewer bytes than the form prints. */
    memcpy(value.bytes + f->n_bytes - a->n_bytes, ofpact_set_field_value(a),
           a->n_bytes);
    for (size_t i = 0; i < a->n_bytes; i++) {
        exact = exact && ofpact_set_field_mask(a)->bytes[i] == 0xff;
    }
    memcpy(mask.bytes + f->n_bytes - a->n_bytes, ofpact_set_field_mask(a),
           a->n_bytes);
    field_format(f, &value, f->is_variable && exact ? NULL : &mask, ports(p),
                 p->s);
    str_printf(p->s, "->%s", f->name);
}

static void
format_SET_VLAN_VID(const struct printer *p, const struct ofpact *a_)
{
    const struct ofpact_vlan_vid *a = ofpact_get_SET_VLAN_VID(a_);

    str_printf(p->s, "%s:%u", a->push_if_needed ? "mod_vlan_vid"
               : "set_vlan_vid", a->vid);
}

static void
format_SET_VLAN_PCP(const struct printer *p, const struct ofpact *a_)
{
    const struct ofpact_vlan_pcp *a = ofpact_get_SET_VLAN_PCP(a_);

    str_printf(p->s, "%s:%u", a->push_if_needed ? "mod_vlan_pcp"
               : "set_vlan_pcp", a->pcp);
}

static void
format_STRIP_VLAN(const struct printer *p, const struct ofpact *a)
{
    str_put(p->s, ofpact_get_STRIP_VLAN(a)->is_pop ? "pop_vlan"
            : "strip_vlan");
}

static void
format_PUSH_VLAN(const struct printer *p, const struct ofpact *a)
{
    str_printf(p->s, "push_vlan:0x%04x",
               ntohs(ofpact_get_PUSH_VLAN(a)->ethertype));
}

static void
format_mac(const struct printer *p, const struct ofpact *a_)
{
    const struct ofpact_mac *a = (const void *) a_;

    str_printf(p->s, "%s:" ETH_ADDR_FMT, ofpact_name(a_->type),
               ETH_ADDR_ARGS(a->mac));
}
#define format_SET_ETH_SRC format_mac
#define format_SET_ETH_DST format_mac

static void
format_ipv4(const struct printer *p, const struct ofpact *a_)
{
    const struct ofpact_ipv4 *a = (const void *) a_;
    char addr[INET_ADDRSTRLEN];

    str_printf(p->s, "%s:%s", ofpact_name(a_->type),
               inet_ntop(AF_INET, &a->ipv4, addr, sizeof addr));
}
#define format_SET_IPV4_SRC format_ipv4
#define format_SET_IPV4_DST format_ipv4

/* "name:N". */
static void
format_colon_u8(const struct printer *p, const struct ofpact *a)
{
    str_printf(p->s, "%s:%u", ofpact_name(a->type),
               ((const struct ofpact_u8 *) a)->value);
}
#define format_SET_IP_DSCP format_colon_u8
#define format_SET_IP_ECN format_colon_u8
#define format_SET_IP_TTL format_colon_u8

static void
format_GOTO_TABLE(const struct printer *p, const struct ofpact *a)
{
    str_put(p->s, "goto_table:");
    put_table(p, ofpact_get_GOTO_TABLE(a)->value);
}

static void
format_colon_u32(const struct printer *p, const struct ofpact *a)
{
    str_printf(p->s, "%s:%"PRIu32, ofpact_name(a->type),
               ((const struct ofpact_u32 *) a)->value);
}
#define format_SET_QUEUE format_colon_u32
#define format_METER format_colon_u32

/* "name(N)". */
static void
format_paren_u8(const struct printer *p, const struct ofpact *a)
{
    str_printf(p->s, "%s(%u)", ofpact_name(a->type),
               ((const struct ofpact_u8 *) a)->value);
}
#define format_SET_MPLS_TC format_paren_u8
#define format_SET_MPLS_TTL format_paren_u8

static void
format_SET_MPLS_LABEL(const struct printer *p, const struct ofpact *a)
{
    str_printf(p->s, "set_mpls_label(%"PRIu32")",
               ofpact_get_SET_MPLS_LABEL(a)->value);
}

static void
format_l4_port(const struct printer *p, const struct ofpact *a)
{
    str_printf(p->s, "%s:%u", ofpact_name(a->type),
               ((const struct ofpact_l4_port *) a)->port);
}
#define format_SET_L4_SRC_PORT format_l4_port
#define format_SET_L4_DST_PORT format_l4_port

static void
format_REG_MOVE(const struct printer *p, const struct ofpact *a_)
{
    const struct ofpact_reg_move *a = ofpact_get_REG_MOVE(a_);

    str_put(p->s, "move:");
    subfield_format(&a->src, p->s);
    str_put(p->s, "->");
    subfield_format(&a->dst, p->s);
}

static void
format_stack(const struct printer *p, const struct ofpact *a)
{
    str_printf(p->s, "%s:", ofpact_name(a->type));
    subfield_format(&((const struct ofpact_stack *) a)->subfield, p->s);
}
#define format_STACK_PUSH format_stack
#define format_STACK_POP format_stack

static void
format_DEC_TTL(const struct printer *p, const struct ofpact *a_)
{
    const struct ofpact_cnt_ids *a = ofpact_get_DEC_TTL(a_);

    str_put(p->s, "dec_ttl");
    if (a->is_list) {
        str_put_char(p->s, '(');
        for (int i = 0; i < a->n_controllers; i++) {
            str_printf(p->s, "%s%u", i ? "," : "", a->cnt_ids[i]);
        }
        str_put_char(p->s, ')');
    }
}

static void
format_PUSH_MPLS(const struct printer *p, const struct ofpact *a)
{
    str_printf(p->s, "push_mpls:0x%04x",
               ntohs(ofpact_get_PUSH_MPLS(a)->ethertype));
}

static void
format_POP_MPLS(const struct printer *p, const struct ofpact *a)
{
    str_printf(p->s, "pop_mpls:0x%04x",
               ntohs(ofpact_get_POP_MPLS(a)->ethertype));
}

static void
format_DELETE_FIELD(const struct printer *p, const struct ofpact *a)
{
    str_printf(p->s, "delete_field:%s",
               ofpact_get_DELETE_FIELD(a)->field->name);
}

static void
format_ENCAP(const struct printer *p, const struct ofpact *a)
{
    encap_format(ofpact_get_ENCAP(a), p->s);
}

static void
format_DECAP(const struct printer *p, const struct ofpact *a)
{
    decap_format(ofpact_get_DECAP(a), p->s);
}

static void
format_SET_TUNNEL(const struct printer *p, const struct ofpact *a_)
{
    const struct ofpact_tunnel *a = ofpact_get_SET_TUNNEL(a_);

    str_printf(p->s, "%s:%#"PRIx64, a->is_64 || a->tun_id > UINT32_MAX
               ? "set_tunnel64" : "set_tunnel", a->tun_id);
}

static void
format_FIN_TIMEOUT(const struct printer *p, const struct ofpact *a_)
{
    const struct ofpact_fin_timeout *a = ofpact_get_FIN_TIMEOUT(a_);

    str_put(p->s, "fin_timeout(");
    if (a->idle_timeout_s) {
        str_printf(p->s, "idle_timeout=%u,", a->idle_timeout_s);
    }
    if (a->hard_timeout_s) {
        str_printf(p->s, "hard_timeout=%u,", a->hard_timeout_s);
    }
    str_chomp(p->s, ',');
    str_put_char(p->s, ')');
}

static void
format_RESUBMIT(const struct printer *p, const struct ofpact *a_)
{
    const struct ofpact_resubmit *a = ofpact_get_RESUBMIT(a_);

    if (a->in_port != OFPP_IN_PORT && a->table_id == 255
        && !a->with_ct_orig) {
        str_put(p->s, "resubmit:");
        put_port(p, a->in_port);
        return;
    }
    str_put(p->s, "resubmit(");
    if (a->in_port != OFPP_IN_PORT) {
        put_port(p, a->in_port);
    }
    str_put_char(p->s, ',');
    if (a->table_id != 255) {
        put_table(p, a->table_id);
    }
    str_put(p->s, a->with_ct_orig ? ",ct)" : ")");
}

static void
put_learn_value(const struct printer *p, const struct learn_spec *s)
{
    str_put_hex_number(p->s, learn_spec_immediate(s),
                       DIV_ROUND_UP(s->n_bits, 8));
}

static void
put_learn_match(const struct printer *p, const struct learn_spec *s)
{
    if (s->src_type == LEARN_SRC_IMMEDIATE) {
        if (s->dst.start == 0 && s->dst.n_bits == s->dst.field->n_bits
            && s->dst.field->n_bytes <= 16) {
            union field_value value = { .bytes = { 0 } };
            size_t n = s->dst.field->n_bytes;

            bits_copy(learn_spec_immediate(s), DIV_ROUND_UP(s->n_bits, 8), 0,
                      value.bytes, n, 0, s->n_bits);
            str_printf(p->s, "%s=", s->dst.field->name);
            field_format(s->dst.field, &value, NULL, ports(p), p->s);
            return;
        }
        subfield_format(&s->dst, p->s);
        str_put_char(p->s, '=');
        put_learn_value(p, s);
        return;
    }
    subfield_format(&s->dst, p->s);
    if (s->src.field != s->dst.field || s->src.start != s->dst.start) {
        str_put_char(p->s, '=');
        subfield_format(&s->src, p->s);
    }
}

static void
put_learn_spec(const struct printer *p, const struct learn_spec *s)
{
    str_put_char(p->s, ',');
    if (s->dst_type == LEARN_DST_MATCH) {
        put_learn_match(p, s);
    } else if (s->dst_type == LEARN_DST_LOAD) {
        str_put(p->s, "load:");
        if (s->src_type == LEARN_SRC_IMMEDIATE) {
            put_learn_value(p, s);
        } else {
            subfield_format(&s->src, p->s);
        }
        str_put(p->s, "->");
        subfield_format(&s->dst, p->s);
    } else {
        str_put(p->s, "output:");
        subfield_format(&s->src, p->s);
    }
}

static void
put_if(const struct printer *p, const char *name, uint64_t x)
{
    if (x) {
        str_printf(p->s, ",%s=%"PRIu64, name, x);
    }
}

static void
format_LEARN(const struct printer *p, const struct ofpact *a_)
{
    const struct ofpact_learn *a = ofpact_get_LEARN(a_);
    const struct learn_spec *s;

    str_put(p->s, "learn(table=");
    put_table(p, a->table_id);
    put_if(p, "idle_timeout", a->idle_timeout_s);
    put_if(p, "hard_timeout", a->hard_timeout_s);
    put_if(p, "fin_idle_timeout", a->fin_idle_timeout_s);
    put_if(p, "fin_hard_timeout", a->fin_hard_timeout_s);
    if (a->priority != FLOW_DEFAULT_PRIORITY) {
        str_printf(p->s, ",priority=%u", a->priority);
    }
    str_put(p->s, a->flags & LEARN_F_SEND_FLOW_REM ? ",send_flow_rem" : "");
    str_put(p->s, a->flags & LEARN_F_DELETE_LEARNED ? ",delete_learned"
            : "");
    if (a->cookie) {
        str_printf(p->s, ",cookie=0x%"PRIx64, ntohll(a->cookie));
    }
    put_if(p, "limit", a->limit);
    if (a->flags & LEARN_F_WRITE_RESULT) {
        str_put(p->s, ",result_dst=");
        subfield_format(&a->result_dst, p->s);
    }
    LEARN_SPEC_FOR_EACH (s, a) {
        put_learn_spec(p, s);
    }
    str_put_char(p->s, ')');
}

static void
format_CONJUNCTION(const struct printer *p, const struct ofpact *a_)
{
    const struct ofpact_conjunction *a = ofpact_get_CONJUNCTION(a_);

    str_printf(p->s, "conjunction(%"PRIu32",%u/%u)", a->id, a->clause + 1,
               a->n_clauses);
}

static void
format_MULTIPATH(const struct printer *p, const struct ofpact *a_)
{
    const struct ofpact_multipath *a = ofpact_get_MULTIPATH(a_);

    str_printf(p->s, "multipath(%s,%u,%s,%u,%"PRIu32",",
               hash_name(a->fields), a->basis, multipath_names[a->algorithm],
               a->max_link + 1, a->arg);
    subfield_format(&a->dst, p->s);
    str_put_char(p->s, ')');
}

static void
put_nest(const struct printer *p, const struct ofpact *a)
{
    size_t size;
    const struct ofpact *nest = ofpact_nest_actions(a, &size);

    ofpacts_format(nest, size, p->names, p->s);
}

static void
format_CLONE(const struct printer *p, const struct ofpact *a)
{
    str_put(p->s, "clone(");
    put_nest(p, a);
    str_put_char(p->s, ')');
}

static void
format_WRITE_ACTIONS(const struct printer *p, const struct ofpact *a)
{
    str_put(p->s, "write_actions(");
    put_nest(p, a);
    str_put_char(p->s, ')');
}

static void format_NAT(const struct printer *, const struct ofpact *);

static void
put_ct_nest(const struct printer *p, const struct ofpact *a)
{
    const struct ofpact *nest, *e;
    bool exec = false;
    size_t size;

    nest = ofpact_nest_actions(a, &size);
    OFPACT_FOR_EACH (e, nest, size) {
        if (e->type == OFPACT_NAT) {
            format_NAT(p, e);
            str_put_char(p->s, ',');
        }
    }
    OFPACT_FOR_EACH (e, nest, size) {
        if (e->type != OFPACT_NAT) {
            str_put(p->s, exec ? "," : "exec(");
            ofpacts_format(e, ROUND_UP(e->size, OFPACT_ALIGN), p->names,
                           p->s);
            exec = true;
        }
    }
    str_put(p->s, exec ? ")," : "");
}

static void
format_CT(const struct printer *p, const struct ofpact *a_)
{
    const struct ofpact_ct *a = ofpact_get_CT(a_);
    size_t start;

    str_put(p->s, "ct(");
    start = p->s->length;
    str_put(p->s, a->flags & CT_F_COMMIT ? "commit," : "");
    str_put(p->s, a->flags & CT_F_FORCE ? "force," : "");
    if (a->table_id != CT_TABLE_NONE) {
        str_put(p->s, "table=");
        put_table(p, a->table_id);
        str_put_char(p->s, ',');
    }
    if (a->zone_src.field) {
        str_put(p->s, "zone=");
        subfield_format(&a->zone_src, p->s);
        str_put_char(p->s, ',');
    } else if (a->zone_imm) {
        str_printf(p->s, "zone=%u,", a->zone_imm);
    }
    put_ct_nest(p, a_);
    if (a->alg) {
        str_printf(p->s, "alg=%s,", a->alg == 21 ? "ftp"
                   : a->alg == 69 ? "tftp" : "unknown");
    }
    if (p->s->length > start) {
        str_chomp(p->s, ',');
    }
    str_put_char(p->s, ')');
}

static void
put_nat_addr(const struct printer *p, const struct ofpact_nat *a,
             const struct in6_addr *addr, bool brackets)
{
    char text[INET6_ADDRSTRLEN];

    if (a->af == AF_INET) {
        str_put(p->s, inet_ntop(AF_INET, (const uint8_t *) addr + 12, text,
                                sizeof text));
    } else {
        str_printf(p->s, brackets ? "[%s]" : "%s",
                   inet_ntop(AF_INET6, addr, text, sizeof text));
    }
}

static void
format_NAT(const struct printer *p, const struct ofpact *a_)
{
    const struct ofpact_nat *a = ofpact_get_NAT(a_);
    bool has_max = a->af && !IN6_IS_ADDR_UNSPECIFIED(&a->addr_max)
                   && memcmp(&a->addr_min, &a->addr_max, 16);
    bool brackets = a->af == AF_INET6 && a->proto_min;

    str_put(p->s, "nat");
    if (!(a->flags & (NAT_F_SRC | NAT_F_DST))) {
        return;
    }
    str_put(p->s, a->flags & NAT_F_SRC ? "(src" : "(dst");
    if (a->af) {
        str_put_char(p->s, '=');
        put_nat_addr(p, a, &a->addr_min, brackets);
        if (has_max) {
            str_put_char(p->s, '-');
            put_nat_addr(p, a, &a->addr_max, brackets);
        }
        if (a->proto_min) {
            str_printf(p->s, ":%u", a->proto_min);
            if (a->proto_max && a->proto_max != a->proto_min) {
                str_printf(p->s, "-%u", a->proto_max);
            }
        }
    }
    str_put(p->s, a->flags & NAT_F_PERSISTENT ? ",persistent" : "");
    str_put(p->s, a->flags & NAT_F_HASH ? ",hash" : "");
    str_put(p->s, a->flags & NAT_F_RANDOM ? ",random" : "");
    str_put_char(p->s, ')');
}

static void
format_CHECK_PKT_LARGER(const struct printer *p, const struct ofpact *a_)
{
    const struct ofpact_check_pkt_larger *a = ofpact_get_CHECK_PKT_LARGER(a_);

    str_printf(p->s, "check_pkt_larger(%u)->", a->pkt_len);
    subfield_format(&a->dst, p->s);
}

static void
format_NOTE(const struct printer *p, const struct ofpact *a_)
{
    const struct ofpact_note *a = ofpact_get_NOTE(a_);

    str_put(p->s, "note:");
    put_bytes(p, a->data, a->length);
}

static void
format_SAMPLE(const struct printer *p, const struct ofpact *a_)
{
    const struct ofpact_sample *a = ofpact_get_SAMPLE(a_);

    str_printf(p->s, "sample(probability=%u,collector_set_id=%"PRIu32
               ",obs_domain_id=%"PRIu32",obs_point_id=%"PRIu32,
               a->probability, a->collector_set_id, a->obs_domain_id,
               a->obs_point_id);
    if (a->sampling_port != OFPP_NONE) {
        str_put(p->s, ",sampling_port=");
        put_port(p, a->sampling_port);
    }
    str_put(p->s, a->direction == SAMPLE_INGRESS ? ",ingress"
            : a->direction == SAMPLE_EGRESS ? ",egress" : "");
    str_put_char(p->s, ')');
}

static void
format_WRITE_METADATA(const struct printer *p, const struct ofpact *a_)
{
    const struct ofpact_metadata *a = ofpact_get_WRITE_METADATA(a_);

    str_printf(p->s, "write_metadata:%#"PRIx64, ntohll(a->metadata));
    if (a->mask != UINT64_MAX) {
        str_printf(p->s, "/%#"PRIx64, ntohll(a->mask));
    }
}

static void
format_name(const struct printer *p, const struct ofpact *a)
{
    str_put(p->s, ofpact_name(a->type));
}
#define format_DEC_MPLS_TTL format_name
#define format_DEC_NSH_TTL format_name
#define format_POP_QUEUE format_name
#define format_CT_CLEAR format_name
#define format_EXIT format_name
#define format_DEBUG_RECIRC format_name
#define format_DEBUG_SLOW format_name
#define format_CLEAR_ACTIONS format_name

static format_fn *const formatters[OFPACT_N_TYPES] = {
#define OFPACT(TYPE, STRUCT, NAME) [OFPACT_##TYPE] = format_##TYPE,
    OFPACTS
#undef OFPACT
};

void
ofpacts_format(const struct ofpact *ofpacts, size_t size,
               const struct text_names *names, struct str *s)
{
    const struct printer p = { names, s };
    const struct ofpact *a;
    bool first = true;

    if (!size) {
        str_put(s, "drop");
    }
    OFPACT_FOR_EACH (a, ofpacts, size) {
        if (!first) {
            str_put_char(s, ',');
        }
        first = false;
        formatters[a->type](&p, a);
    }
}
