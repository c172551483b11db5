/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/flow/kv.h"
#include "lib/flow/port.h"
#include "lib/openflow/flow_text.h"
#include "lib/openflow/ofpact_codec.h"
#include "lib/openflow/ofpact_parse.h"

/* Actions from text: what all parsers share, instructions, and the search for
 * the function of a word. */

struct error *
read_u64(const char *text, const char *what, uint64_t max, uint64_t *ret)
{
    if (!text_to_u64(text, 0, ret) || *ret > max) {
        return error_create(EINVAL, "invalid %s \"%s\"", what, text);
    }
    return NULL;
}

#define GET_UINT(TYPE, NAME, MAX) \
    struct error * \
    read_##NAME(const char *text, const char *what, TYPE *ret) \
    { \
        uint64_t x; \
        struct error *error = read_u64(text, what, MAX, &x); \
        \
        if (!error) { \
            *ret = x; \
        } \
        return error; \
    }
GET_UINT(uint8_t, u8, UINT8_MAX)
GET_UINT(uint16_t, u16, UINT16_MAX)
GET_UINT(uint32_t, u32, UINT32_MAX)

struct error *
get_port(const struct parser *p, const char *text, ofp_port_t *ret)
{
    return (port_parse(text, parser_ports(p), ret) ? NULL
            : error_create(EINVAL, "%s: unknown port", text));
}

struct error *
get_table(const struct parser *p, const char *text, uint8_t *ret)
{
    return table_parse(text, p->names, ret);
}

struct error *
check_writable(const struct field *f)
{
    struct subfield sf = { f, 0, f->n_bits };

    if (!f->is_writable) {
        return error_create(EINVAL, "%s is read-only", f->name);
    }
    if (!subfield_make_named(&sf)) {
        return error_create(EINVAL, "%s is only for matches", f->name);
    }
    return NULL;
}

struct error *
get_writable(const char *text, struct subfield *sf)
{
    struct error *error = subfield_parse_all(text, sf);

    return error ? error : check_writable(sf->field);
}

struct error *
missing_argument(const char *action)
{
    return error_create(EINVAL, "%s: missing argument", action);
}

char *
cut_arrow(char *text)
{
    char *arrow = strstr(text, "->");

    if (!arrow) {
        return NULL;
    }
    *arrow = '\0';
    return arrow + 2;
}

struct error *
put_hex(struct buf *b, const char *text)
{
    const char *s = text;

    while (*s) {
        if (*s == '.') {
            s++;
            continue;
        }
        if (text_hex_digit(s[0]) < 0 || text_hex_digit(s[1]) < 0) {
            return error_create(EINVAL, "%s: bad hex digit", text);
        }
        buf_put_u8(b, text_hex_digit(s[0]) << 4 | text_hex_digit(s[1]));
        s += 2;
    }
    return NULL;
}

struct error *
get_name(const char *text, const char *const names[], size_t n,
         const char *what, uint8_t *ret)
{
    for (size_t i = 0; i < n; i++) {
        if (text && !strcasecmp(text, names[i])) {
            *ret = i;
            return NULL;
        }
    }
    return error_create(EINVAL, "unknown %s `%s'", what, text ? text : "");
}

const char *const hash_field_names[] = {
    "eth_src", "symmetric_l4", "symmetric_l3l4", "symmetric_l3l4+udp",
    "nw_src", "nw_dst", "symmetric_l3",
};

struct error *
get_hash_fields(const char *text, uint8_t *ret)
{
    return get_name(text, hash_field_names, ARRAY_SIZE(hash_field_names),
                    "fields", ret);
}

struct error *
put_output(struct parser *p, ofp_port_t port)
{
    struct ofpact_output *a = ofpact_put_OUTPUT(p->out);

    a->port = port;
    a->max_len = port == OFPP_CONTROLLER ? UINT16_MAX : 0;
    return NULL;
}

struct error *
parse_nest(struct parser *p, size_t ofs, char *arg, bool instructions)
{
    bool saved = p->instructions;
    struct error *error;

    if (++p->depth > 8) {
        error = error_create(EINVAL, "Action nested too deeply");
    } else {
        p->instructions = instructions;
        error = parse_list(p, arg);
        p->instructions = saved;
    }
    p->depth--;
    ofpact_finish(p->out, ofs);
    return error;
}

/* Instructions. */

static struct error *
parse_meter(struct parser *p, char *arg, char *dst)
{
    if (p->depth) {
        return error_create(EINVAL, "meter is not for nested actions");
    }
    /* In OpenFlow 1.5 it is an action, too. */
    p->usable &= p->instructions ? OFP_PROTO_OXM_ANY : OFP_PROTO_15;
    return read_u32(arg, "meter", &ofpact_put_METER(p->out)->value);
}

static struct error *
parse_clear_actions(struct parser *p, char *arg, char *dst)
{
    ofpact_put_CLEAR_ACTIONS(p->out);
    p->usable &= OFP_PROTO_OXM_ANY;
    return NULL;
}

static struct error *
parse_write_metadata(struct parser *p, char *arg, char *dst)
{
    struct ofpact_metadata *a = ofpact_put_WRITE_METADATA(p->out);
    char *slash = strchr(arg, '/');
    uint64_t value, mask = UINT64_MAX;
    struct error *error;

    if (slash) {
        *slash++ = '\0';
    }
    error = read_u64(arg, "metadata", UINT64_MAX, &value);
    if (!error && slash) {
        error = read_u64(slash, "metadata mask", UINT64_MAX, &mask);
    }
    if (!error) {
        a->metadata = htonll(value);
        a->mask = htonll(mask);
        p->usable &= OFP_PROTO_NXM_OXM_ANY;
    }
    return error;
}

static struct error *
parse_goto_table(struct parser *p, char *arg, char *dst)
{
    return get_table(p, arg, &ofpact_put_GOTO_TABLE(p->out)->value);
}

static struct error *
parse_write_actions(struct parser *p, char *arg, char *dst)
{
    size_t ofs = p->out->size;

    ofpact_put_WRITE_ACTIONS(p->out);
    p->usable &= OFP_PROTO_OXM_ANY;
    return parse_nest(p, ofs, arg, false);
}

static const struct parse_word instruction_words[] = {
    { "meter", parse_meter, true, false },
    { "clear_actions", parse_clear_actions, false, true },
    { "write_actions", parse_write_actions, false, true },
    { "write_metadata", parse_write_metadata, true, true },
    { "goto_table", parse_goto_table, true, true },
    { NULL, NULL, false, false }
};

static const struct parse_word *
find_word(const char *name)
{
    const struct parse_word *const tables[] = {
        parse_output_words, parse_field_words, parse_control_words,
        parse_encap_words, instruction_words
    };

    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        for (const struct parse_word *w = tables[i]; w->name; w++) {
            if (!strcasecmp(name, w->name)) {
                return w;
            }
        }
    }
    return NULL;
}

static struct error *
parse_action(struct parser *p, const char *key, char *value, char *dst)
{
    const struct parse_word *word = find_word(key);
    ofp_port_t port;

    if (word) {
        if (word->is_instruction && !p->instructions) {
            return error_create(EINVAL, "%s instruction not allowed here",
                                key);
        }
        if (word->needs_arg && !*value) {
            return missing_argument(key);
        }
        return word->fn(p, value, dst);
    }
    if (port_parse(key, parser_ports(p), &port)) {
        return put_output(p, port);
    }
    return error_create(EINVAL, "unknown action %s", key);
}

struct error *
parse_list(struct parser *p, char *text)
{
    bool has_drop = false, has_other = false;
    struct error *error = NULL;
    char *key, *value, *dst;

    while (!error && kv_next(&text, &key, &value, &dst)) {
        if (!strcasecmp(key, "drop")) {
            has_drop = true;
        } else {
            has_other = true;
            error = parse_action(p, key, value, dst);
        }
    }
    if (!error && has_drop && has_other) {
        error = error_create(EINVAL, "\"drop\" must not be accompanied by "
                             "any other action or instruction");
    }
    return error;
}

/* OpenFlow 1.5 has it among the actions, but what is parsed shall mean the
 * same in every version. */
static struct error *
check_meter_is_first(const struct ofpact *ofpacts, size_t size)
{
    const struct ofpact *a;

    OFPACT_FOR_EACH (a, ofpacts, size) {
        if (a->type == OFPACT_METER && a != ofpacts) {
            return error_create(EINVAL, "invalid instruction ordering: meter "
                                "must appear before other actions");
        }
    }
    return NULL;
}

static struct error *
parse_whole(const char *text, const struct text_names *names,
            struct buf *out, uint32_t *usable, bool instructions)
{
    struct parser p = { names, out, OFP_PROTO_ANY, instructions, 0 };
    char *copy = xstrdup(text);
    size_t ofs = out->size;
    struct error *error = parse_list(&p, copy);
    enum ofperr verify;

    free(copy);
    if (!error) {
        error = instructions ? check_meter_is_first(
            out->size > ofs ? buf_at(out, ofs) : NULL, out->size - ofs) : NULL;
    }
    if (!error) {
        verify = ofpacts_verify(out->size > ofs ? buf_at(out, ofs) : NULL,
                                out->size - ofs,
                                instructions ? OFPACTS_IN_FLOW
                                : OFPACTS_IN_ACTION_LIST);
        if (verify) {
            error = error_create(EINVAL, "Incorrect %s in \"%s\" (%s)",
                                 instructions ? "instruction ordering or "
                                 "kind of action" : "action", text,
                                 ofperr_name(verify));
        }
    }
    if (error) {
        out->size = ofs;
        return error;
    }
    if (usable) {
        *usable &= p.usable;
    }
    return NULL;
}

struct error *
ofpacts_parse_actions(const char *text, const struct text_names *names,
                      struct buf *out, uint32_t *usable)
{
    return parse_whole(text, names, out, usable, false);
}

struct error *
ofpacts_parse_instructions(const char *text, const struct text_names *names,
                           struct buf *out, uint32_t *usable)
{
    return parse_whole(text, names, out, usable, true);
}
