/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/flow/kv.h"
#include "lib/openflow/ofpact_parse.h"

/* Actions that decide what comes next and keep state: resubmit, learn, ct and
 * the like. */

static struct error *
parse_fin_timeout(struct parser *p, char *arg, char *dst)
{
    struct ofpact_fin_timeout *a = ofpact_put_FIN_TIMEOUT(p->out);
    struct error *error = NULL;
    char *key, *value, *dst2;

    while (!error && kv_next(&arg, &key, &value, &dst2)) {
        error = (!strcmp(key, "idle_timeout")
                 ? read_u16(value, key, &a->idle_timeout_s)
                 : !strcmp(key, "hard_timeout")
                 ? read_u16(value, key, &a->hard_timeout_s)
                 : error_create(EINVAL, "invalid key '%s' in 'fin_timeout' "
                                "argument", key));
    }
    return error;
}

static struct error *
parse_resubmit(struct parser *p, char *arg, char *dst)
{
    struct ofpact_resubmit *a = ofpact_put_RESUBMIT(p->out);
    char *port = strsep(&arg, ",");
    char *table = strsep(&arg, ",");
    struct error *error = NULL;

    a->in_port = OFPP_IN_PORT;
    a->table_id = 255;
    if (*port) {
        error = get_port(p, port, &a->in_port);
    }
    if (!error && table && *table) {
        error = get_table(p, table, &a->table_id);
    }
    if (!error && arg) {
        if (strcmp(arg, "ct")) {
            return error_create(EINVAL, "%s: unknown parameter", arg);
        }
        a->with_ct_orig = true;
    }
    if (!error && a->in_port == OFPP_IN_PORT && a->table_id == 255) {
        error = error_create(EINVAL, "at least one \"in_port\" or \"table\" "
                             "must be specified  on resubmit");
    }
    return error;
}

static struct error *
put_learn_immediate(struct parser *p, struct learn_spec *spec,
                    const union field_value *value, size_t n_value)
{
    size_t n = DIV_ROUND_UP(spec->n_bits, 8);
    uint8_t immediate[FIELD_MAX_BYTES] = { 0 };

    spec->src_type = LEARN_SRC_IMMEDIATE;
    bits_copy(value->bytes, n_value, 0, immediate, sizeof immediate, 0,
              MIN(spec->n_bits, 8 * n_value));
    buf_put(p->out, spec, sizeof *spec);
    buf_put(p->out, immediate + sizeof immediate - ROUND_UP(n, 8),
            ROUND_UP(n, 8));
    return NULL;
}

/* FIELD=VALUE, FIELD=FIELD or FIELD. */
static struct error *
parse_learn_match(struct parser *p, const char *key, const char *value)
{
    struct learn_spec spec = { .dst_type = LEARN_DST_MATCH };
    struct error *error = subfield_parse_all(key, &spec.dst);
    union field_value imm;

    if (error) {
        return error;
    }
    spec.n_bits = spec.dst.n_bits;
    if (!*value) {
        spec.src = spec.dst;
    } else {
        error = subfield_parse_all(value, &spec.src);
        if (error) {
            error_free(error);
            error = field_parse_value(spec.dst.field, value, parser_ports(p),
                                      &imm);
            return error ? error
                   : put_learn_immediate(p, &spec, &imm,
                                         spec.dst.field->n_bytes);
        }
        if (spec.src.n_bits != spec.dst.n_bits) {
            return error_create(EINVAL, "%s=%s: bit widths of the two differ",
                                key, value);
        }
    }
    buf_put(p->out, &spec, sizeof spec);
    return NULL;
}

static struct error *
parse_learn_load(struct parser *p, char *value)
{
    struct learn_spec spec = { .dst_type = LEARN_DST_LOAD };
    char *target = cut_arrow(value);
    union field_value imm;
    struct error *error;

    if (!target) {
        return error_create(EINVAL, "%s: missing `->'", value);
    }
    error = get_writable(target, &spec.dst);
    if (error) {
        return error;
    }
    spec.n_bits = spec.dst.n_bits;
    error = subfield_parse_all(value, &spec.src);
    if (error) {
        error_free(error);
        error = field_parse_value(spec.dst.field, value, parser_ports(p),
                                  &imm);
        return error ? error
               : put_learn_immediate(p, &spec, &imm,
                                     spec.dst.field->n_bytes);
    }
    if (spec.src.n_bits != spec.n_bits) {
        return error_create(EINVAL, "%s->%s: bit widths of the two differ",
                            value, target);
    }
    buf_put(p->out, &spec, sizeof spec);
    return NULL;
}

static struct error *
parse_learn_output(struct parser *p, const char *value)
{
    struct learn_spec spec = { .dst_type = LEARN_DST_OUTPUT };
    struct error *error = subfield_parse_all(value, &spec.src);

    if (!error) {
        spec.n_bits = spec.src.n_bits;
        buf_put(p->out, &spec, sizeof spec);
    }
    return error;
}

/* The parts of learn that are not specifications; says if 'key' is one. */
static bool
parse_learn_option(struct parser *p, struct ofpact_learn *a, const char *key,
                   const char *value, struct error **error)
{
    uint64_t cookie;

    if (!strcmp(key, "table")) {
        *error = get_table(p, value, &a->table_id);
        if (!*error && a->table_id == OFPTT_ALL) {
            *error = error_create(EINVAL, "table id 255 not valid for "
                                  "`learn' action");
        }
    } else if (!strcmp(key, "priority")) {
        *error = read_u16(value, key, &a->priority);
    } else if (!strcmp(key, "idle_timeout")) {
        *error = read_u16(value, key, &a->idle_timeout_s);
    } else if (!strcmp(key, "hard_timeout")) {
        *error = read_u16(value, key, &a->hard_timeout_s);
    } else if (!strcmp(key, "fin_idle_timeout")) {
        *error = read_u16(value, key, &a->fin_idle_timeout_s);
    } else if (!strcmp(key, "fin_hard_timeout")) {
        *error = read_u16(value, key, &a->fin_hard_timeout_s);
    } else if (!strcmp(key, "cookie")) {
        *error = read_u64(value, key, UINT64_MAX, &cookie);
        a->cookie = *error ? 0 : htonll(cookie);
    } else if (!strcmp(key, "send_flow_rem")) {
        a->flags |= LEARN_F_SEND_FLOW_REM;
    } else if (!strcmp(key, "delete_learned")) {
        a->flags |= LEARN_F_DELETE_LEARNED;
    } else if (!strcmp(key, "limit")) {
        *error = read_u32(value, key, &a->limit);
    } else if (!strcmp(key, "result_dst")) {
        *error = get_writable(value, &a->result_dst);
        if (!*error && a->result_dst.n_bits != 1) {
            *error = error_create(EINVAL, "result_dst in 'learn' action must "
                                  "be a single bit");
        }
        a->flags |= LEARN_F_WRITE_RESULT;
    } else {
        return false;
    }
    return true;
}

static struct error *
parse_learn(struct parser *p, char *arg, char *dst)
{
    size_t ofs = p->out->size;
    struct ofpact_learn *a = ofpact_put_LEARN(p->out);
    struct error *error = NULL;
    char *key, *value, *dst2;

    a->priority = FLOW_DEFAULT_PRIORITY;
    a->table_id = 1;
    while (!error && kv_next(&arg, &key, &value, &dst2)) {
        a = buf_at(p->out, ofs);
        if (parse_learn_option(p, a, key, value, &error)) {
            continue;
        }
        error = (!strcmp(key, "load") ? parse_learn_load(p, value)
                 : !strcmp(key, "output") ? parse_learn_output(p, value)
                 : parse_learn_match(p, key, value));
    }
    ofpact_finish(p->out, ofs);
    return error;
}

static struct error *
parse_conjunction(struct parser *p, char *arg, char *dst)
{
    struct ofpact_conjunction *a = ofpact_put_CONJUNCTION(p->out);
    unsigned int k, n;
    int id, end = 0;

    if (sscanf(arg, "%i , %u / %u%n", &id, &k, &n, &end) != 3 || arg[end]) {
        return error_create(EINVAL, "\"conjunction\" syntax is \"conjunction"
                            "(id,i/n)\"");
    }
    if (n < 2 || n > 64) {
        return error_create(EINVAL, "conjunction must have at least 2 and at "
                            "most 64 clauses");
    }
    if (!k || k > n) {
        return error_create(EINVAL, "conjunction clause index out of range");
    }
    a->id = id;
    a->clause = k - 1;
    a->n_clauses = n;
    return NULL;
}

const char *const multipath_names[] = {
    "modulo_n", "hash_threshold", "hrw", "iter_hash",
};

static struct error *
parse_multipath(struct parser *p, char *arg, char *dst)
{
    struct ofpact_multipath *a = ofpact_put_MULTIPATH(p->out);
    char *fields = text_token(&arg, ", ");
    char *basis = text_token(&arg, ", ");
    char *algorithm = text_token(&arg, ", ");
    char *n_links = text_token(&arg, ", ");
    char *extra = text_token(&arg, ", ");
    char *sf = text_token(&arg, ", ");
    struct error *error;
    uint16_t n = 0;

    if (!sf) {
        return error_create(EINVAL, "not enough arguments to multipath "
                            "action");
    }
    error = get_hash_fields(fields, &a->fields);
    if (!error) {
        error = read_u16(basis, "basis", &a->basis);
    }
    if (!error) {
        error = get_name(algorithm, multipath_names,
                         ARRAY_SIZE(multipath_names), "algorithm",
                         &a->algorithm);
    }
    if (!error) {
        error = read_u16(n_links, "n_links", &n);
    }
    if (!error && !n) {
        error = error_create(EINVAL, "n_links 0 is not in valid range 1 to "
                             "65536");
    }
    if (!error) {
        a->max_link = n - 1;
        error = read_u32(extra, "arg", &a->arg);
    }
    if (!error) {
        error = get_writable(sf, &a->dst);
    }
    if (!error && a->dst.n_bits < 16 && n > 1 << a->dst.n_bits) {
        error = error_create(EINVAL, "%u-bit destination field has %d "
                             "possible values, less than specified n_links "
                             "%u", a->dst.n_bits, 1 << a->dst.n_bits, n);
    }
    return error;
}

static struct error *
parse_clone(struct parser *p, char *arg, char *dst)
{
    size_t ofs = p->out->size;

    ofpact_put_CLONE(p->out);
    return parse_nest(p, ofs, arg, false);
}

/* "ADDR", "ADDR-ADDR", with ":PORT" or ":PORT-PORT"; IPv6 in brackets if there
 * is a port. */
static struct error *
get_nat_addr(const char *text, size_t n, struct in6_addr *addr, uint8_t *af)
{
    char copy[INET6_ADDRSTRLEN];
    struct in_addr v4;

    if (n && text[0] == '[') {
        text++;
        n -= 1 + (text[n - 2] == ']');
    }
    snprintf(copy, sizeof copy, "%.*s", (int) n, text);
    if (inet_pton(AF_INET, copy, &v4) == 1) {
        memset(addr, 0, sizeof *addr);
        memset((uint8_t *) addr + 10, 0xff, 2);
        memcpy((uint8_t *) addr + 12, &v4, 4);
        *af = AF_INET;
        return NULL;
    }
    if (n < sizeof copy && inet_pton(AF_INET6, copy, addr) == 1) {
        *af = AF_INET6;
        return NULL;
    }
    return error_create(EINVAL, "%s: invalid address", copy);
}

static struct error *
get_nat_range(char *text, struct ofpact_nat *a)
{
    char *port = strrchr(text, ':');
    char *bracket = strrchr(text, ']');
    char *dash;
    struct error *error;
    uint8_t af;

    if (bracket ? !port || port < bracket
        : port && strchr(text, ':') != port) {
        port = NULL;             /* A colon of the IPv6 address. */
    }
    if (port) {
        *port++ = '\0';
    }
    dash = strchr(text, '-');
    error = get_nat_addr(text, dash ? (size_t) (dash - text) : strlen(text),
                         &a->addr_min, &a->af);
    if (!error && dash) {
        error = get_nat_addr(dash + 1, strlen(dash + 1), &a->addr_max, &af);
        if (!error && (af != a->af
                       || memcmp(&a->addr_min, &a->addr_max, 16) > 0)) {
            error = error_create(EINVAL, "invalid range \"%s\"", text);
        }
    }
    if (!error && port) {
        dash = strchr(port, '-');
        if (dash) {
            *dash++ = '\0';
        }
        error = read_u16(port, "port", &a->proto_min);
        if (!error && dash) {
            error = read_u16(dash, "port", &a->proto_max);
            if (!error && a->proto_min > a->proto_max) {
                error = error_create(EINVAL, "invalid range \"%s-%s\"", port,
                                     dash);
            }
        }
    }
    return error;
}

static struct error *
parse_nat(struct parser *p, char *arg, char *dst)
{
    struct ofpact_nat *a = ofpact_put_NAT(p->out);
    struct error *error = NULL;
    char *key, *value, *dst2;

    while (!error && kv_next(&arg, &key, &value, &dst2)) {
        if (!strcmp(key, "src") || !strcmp(key, "dst")) {
            a->flags |= key[0] == 's' ? NAT_F_SRC : NAT_F_DST;
            if (*value) {
                error = get_nat_range(value, a);
            }
        } else if (!strcmp(key, "persistent")) {
            a->flags |= NAT_F_PERSISTENT;
        } else if (!strcmp(key, "hash")) {
            a->flags |= NAT_F_HASH;
        } else if (!strcmp(key, "random")) {
            a->flags |= NAT_F_RANDOM;
        } else {
            error = error_create(EINVAL, "unknown key \"%s\" in \"nat\" "
                                 "argument", key);
        }
    }
    if (!error && a->flags & NAT_F_SRC && a->flags & NAT_F_DST) {
        error = error_create(EINVAL, "May only specify one of \"src\" or "
                             "\"dst\".");
    }
    if (!error && !(a->flags & (NAT_F_SRC | NAT_F_DST)) && a->flags) {
        error = error_create(EINVAL, "Flags allowed only with \"src\" or "
                             "\"dst\".");
    }
    if (!error && a->flags & NAT_F_HASH && a->flags & NAT_F_RANDOM) {
        error = error_create(EINVAL, "Both \"hash\" and \"random\" are not "
                             "allowed.");
    }
    return error;
}

static struct error *
parse_ct_zone(struct ofpact_ct *a, const char *value)
{
    uint64_t zone;
    struct error *error;

    if (text_to_u64(value, 0, &zone) && zone <= UINT16_MAX) {
        a->zone_imm = zone;
        return NULL;
    }
    error = subfield_parse_all(value, &a->zone_src);
    if (!error && a->zone_src.n_bits != 16) {
        error = error_create(EINVAL, "%s: not a 16-bit field", value);
    }
    return error;
}

static struct error *
parse_ct(struct parser *p, char *arg, char *dst)
{
    size_t ofs = p->out->size;
    struct ofpact_ct *a = ofpact_put_CT(p->out);
    struct error *error = NULL;
    char *key, *value, *dst2;

    a->table_id = CT_TABLE_NONE;
    while (!error && kv_next(&arg, &key, &value, &dst2)) {
        a = buf_at(p->out, ofs);
        if (!strcmp(key, "commit")) {
            a->flags |= CT_F_COMMIT;
        } else if (!strcmp(key, "force")) {
            a->flags |= CT_F_FORCE;
        } else if (!strcmp(key, "table")) {
            error = get_table(p, value, &a->table_id);
            if (!error && a->table_id == CT_TABLE_NONE) {
                error = error_create(EINVAL, "invalid table %#x", 255);
            }
        } else if (!strcmp(key, "zone")) {
            error = parse_ct_zone(a, value);
        } else if (!strcmp(key, "alg")) {
            a->alg = (!strcmp(value, "ftp") ? 21
                      : !strcmp(value, "tftp") ? 69 : 0);
            if (!a->alg) {
                error = error_create(EINVAL, "%s: unknown alg", value);
            }
        } else if (!strcmp(key, "nat")) {
            error = parse_nat(p, value, NULL);
        } else if (!strcmp(key, "exec")) {
            bool saved = p->instructions;

            p->instructions = false;
            error = parse_list(p, value);
            p->instructions = saved;
        } else {
            error = error_create(EINVAL, "invalid argument to \"ct\" "
                                 "action: `%s'", key);
        }
    }
    a = buf_at(p->out, ofs);
    if (!error && a->flags & CT_F_FORCE && !(a->flags & CT_F_COMMIT)) {
        error = error_create(EINVAL, "\"force\" flag requires \"commit\" "
                             "flag.");
    }
    ofpact_finish(p->out, ofs);
    return error;
}

static struct error *
parse_check_pkt_larger(struct parser *p, char *arg, char *dst)
{
    struct ofpact_check_pkt_larger *a;
    struct error *error;

    a = ofpact_put_CHECK_PKT_LARGER(p->out);
    error = read_u16(arg, "packet length", &a->pkt_len);
    if (!error) {
        error = (dst ? get_writable(dst, &a->dst)
                 : error_create(EINVAL, "check_pkt_larger: missing `->'"));
    }
    if (!error && a->dst.n_bits != 1) {
        error = error_create(EINVAL, "Only 1-bit destination field is "
                             "allowed");
    }
    return error;
}

static struct error *
parse_note(struct parser *p, char *arg, char *dst)
{
    size_t ofs = p->out->size;
    struct ofpact_note *a;
    struct error *error;
    size_t start;

    ofpact_put_NOTE(p->out);
    start = p->out->size;
    error = put_hex(p->out, arg);
    /* On the wire a note fills its action: 6 bytes, 14, 22, ... */
    while ((p->out->size - start) % 8 != 6) {
        buf_put_u8(p->out, 0);
    }
    a = buf_at(p->out, ofs);
    a->length = p->out->size - start;
    ofpact_finish(p->out, ofs);
    return error;
}

static struct error *
parse_sample(struct parser *p, char *arg, char *dst)
{
    struct ofpact_sample *a = ofpact_put_SAMPLE(p->out);
    struct error *error = NULL;
    char *key, *value, *dst2;

    a->sampling_port = OFPP_NONE;
    while (!error && kv_next(&arg, &key, &value, &dst2)) {
        if (!strcmp(key, "probability")) {
            error = read_u16(value, key, &a->probability);
        } else if (!strcmp(key, "collector_set_id")) {
            error = read_u32(value, key, &a->collector_set_id);
        } else if (!strcmp(key, "obs_domain_id")) {
            error = read_u32(value, key, &a->obs_domain_id);
        } else if (!strcmp(key, "obs_point_id")) {
            error = read_u32(value, key, &a->obs_point_id);
        } else if (!strcmp(key, "sampling_port")) {
            error = get_port(p, value, &a->sampling_port);
        } else if (!strcmp(key, "ingress")) {
            a->direction = SAMPLE_INGRESS;
        } else if (!strcmp(key, "egress")) {
            a->direction = SAMPLE_EGRESS;
        } else {
            error = error_create(EINVAL, "invalid key \"%s\" in \"sample\" "
                                 "argument", key);
        }
    }
    if (!error && !a->probability) {
        error = error_create(EINVAL, "invalid probability value \"0\"");
    }
    return error;
}

PARSE_NULL(ct_clear, CT_CLEAR)
PARSE_NULL(exit, EXIT)
PARSE_NULL(debug_recirc, DEBUG_RECIRC)
PARSE_NULL(debug_slow, DEBUG_SLOW)

const struct parse_word parse_control_words[] = {
    { "fin_timeout", parse_fin_timeout, false, false },
    { "resubmit", parse_resubmit, false, false },
    { "learn", parse_learn, false, false },
    { "conjunction", parse_conjunction, true, false },
    { "multipath", parse_multipath, true, false },
    { "clone", parse_clone, false, false },
    { "ct", parse_ct, false, false },
    { "nat", parse_nat, false, false },
    { "ct_clear", parse_ct_clear, false, false },
    { "check_pkt_larger", parse_check_pkt_larger, true, false },
    { "note", parse_note, false, false },
    { "exit", parse_exit, false, false },
    { "sample", parse_sample, true, false },
    { "debug_recirc", parse_debug_recirc, false, false },
    { "debug_slow", parse_debug_slow, false, false },
    { NULL, NULL, false, false }
};
