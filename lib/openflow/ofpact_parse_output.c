/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/flow/kv.h"
#include "lib/flow/port.h"
#include "lib/openflow/ofpact_parse.h"
#include "lib/openflow/packet_io.h"

/* Actions that send a packet out, and the queues that it waits in. */

static struct error *
parse_output_trunc(struct parser *p, char *arg)
{
    struct ofpact_output_trunc a = { .port = OFPP_NONE };
    struct ofpact_output_trunc *out;
    struct error *error = NULL;
    char *key, *value, *dst;

    while (!error && kv_next(&arg, &key, &value, &dst)) {
        error = (!strcmp(key, "port") ? get_port(p, value, &a.port)
                 : !strcmp(key, "max_len")
                 ? read_u32(value, "max_len", &a.max_len)
                 : error_create(EINVAL, "invalid key '%s' in output_trunc "
                                "argument", key));
    }
    if (!error && a.max_len < 14) {
        error = error_create(EINVAL, "max_len %u is less than the minimum "
                             "value 14", a.max_len);
    }
    if (!error && a.port >= OFPP_MAX && a.port != OFPP_LOCAL
        && a.port != OFPP_IN_PORT) {
        error = error_create(EINVAL, "output trunc does not support port "
                             "%s", a.port == OFPP_NONE ? "none" : "given");
    }
    if (!error) {
        out = ofpact_put_OUTPUT_TRUNC(p->out);
        out->port = a.port;
        out->max_len = a.max_len;
    }
    return error;
}

static struct error *
parse_output(struct parser *p, char *arg, char *dst)
{
    ofp_port_t port;
    struct subfield sf;
    struct error *error;
    struct ofpact_output_reg *a;

    if (strstr(arg, "port") && strstr(arg, "max_len")) {
        return parse_output_trunc(p, arg);
    }
    if (port_parse(arg, parser_ports(p), &port)) {
        return put_output(p, port);
    }
    error = subfield_parse_all(arg, &sf);
    if (error) {
        error_free(error);
        return error_create(EINVAL, "%s: output to unknown port", arg);
    }
    a = ofpact_put_OUTPUT_REG(p->out);
    a->src = sf;
    a->max_len = UINT16_MAX;
    return NULL;
}

static struct error *
parse_reason(const char *text, uint8_t *ret)
{
    for (int i = 0; i < PACKET_IN_N_WIRE_REASONS; i++) {
        if (!strcmp(text, packet_in_reason_name(i))) {
            *ret = i;
            return NULL;
        }
    }
    return error_create(EINVAL, "unknown reason \"%s\"", text);
}

static struct error *
parse_controller(struct parser *p, char *arg, char *dst)
{
    size_t ofs = p->out->size;
    struct ofpact_controller *a = ofpact_put_CONTROLLER(p->out);
    struct error *error = NULL;
    char *key, *value, *dst2;
    uint64_t max_len;

    a->max_len = UINT16_MAX;
    a->reason = PACKET_IN_ACTION;
    a->meter_id = CONTROLLER_NO_METER;
    if (!*arg) {
        p->out->size = ofs;
        return put_output(p, OFPP_CONTROLLER);
    }
    if (text_to_u64(arg, 0, &max_len)) {
        p->out->size = ofs;
        error = read_u64(arg, "max_len", UINT16_MAX, &max_len);
        if (!error) {
            error = put_output(p, OFPP_CONTROLLER);
            ((struct ofpact_output *) buf_at(p->out, ofs))->max_len
                = max_len;
        }
        return error;
    }
    while (!error && kv_next(&arg, &key, &value, &dst2)) {
        a = buf_at(p->out, ofs);
        if (!strcmp(key, "reason")) {
            error = parse_reason(value, &a->reason);
        } else if (!strcmp(key, "max_len")) {
            error = read_u16(value, "max_len", &a->max_len);
        } else if (!strcmp(key, "id")) {
            error = read_u16(value, "id", &a->controller_id);
        } else if (!strcmp(key, "meter_id")) {
            error = read_u32(value, "meter_id", &a->meter_id);
        } else if (!strcmp(key, "pause")) {
            a->pause = true;
        } else if (!strcmp(key, "userdata")) {
            size_t start = p->out->size;

            error = put_hex(p->out, value);
            a = buf_at(p->out, ofs);
            a->userdata_len = p->out->size - start;
        } else {
            error = error_create(EINVAL, "unknown key \"%s\" parsing "
                                 "controller action", key);
        }
    }
    ofpact_finish(p->out, ofs);
    return error;
}

static struct error *
parse_enqueue(struct parser *p, char *arg, char *dst)
{
    char *port = text_token(&arg, ":,");
    char *queue = text_token(&arg, ":,");
    struct ofpact_enqueue *a;
    ofp_port_t number;
    uint32_t q;
    struct error *error;

    if (!port || !queue) {
        return error_create(EINVAL, "\"enqueue\" syntax is \"enqueue:PORT:"
                            "QUEUE\" or \"enqueue(PORT,QUEUE)\"");
    }
    error = get_port(p, port, &number);
    if (!error) {
        error = read_u32(queue, "queue", &q);
    }
    if (!error) {
        a = ofpact_put_ENQUEUE(p->out);
        a->port = number;
        a->queue = q;
    }
    return error;
}

const char *const bundle_names[] = { "active_backup", "hrw" };

static struct error *
parse_bundle_head(char **arg, struct ofpact_bundle *a, bool load)
{
    char *fields = text_token(arg, ", ");
    char *basis = text_token(arg, ", ");
    char *algorithm = text_token(arg, ", ");
    char *type = text_token(arg, ", ");
    struct error *error;

    if (!type) {
        return error_create(EINVAL, "not enough arguments to bundle action");
    }
    error = get_hash_fields(fields, &a->fields);
    if (!error) {
        error = read_u16(basis, "basis", &a->basis);
    }
    if (!error) {
        error = get_name(algorithm, bundle_names, ARRAY_SIZE(bundle_names),
                         "algorithm", &a->algorithm);
    }
    if (!error && strcmp(type, "ofport")) {
        error = error_create(EINVAL, "unknown member_type `%s'", type);
    }
    if (!error && load) {
        char *sf = text_token(arg, ", ");

        error = (sf ? get_writable(sf, &a->dst)
                 : missing_argument("bundle_load"));
        if (!error && a->dst.n_bits < 16) {
            error = error_create(EINVAL, "bundle_load destination is too "
                                 "small");
        }
    }
    return error;
}

static struct error *
parse_bundle_(struct parser *p, char *arg, bool load)
{
    size_t ofs = p->out->size;
    struct ofpact_bundle *a = ofpact_put_BUNDLE(p->out);
    struct error *error = parse_bundle_head(&arg, a, load);
    char *word;

    while (!error && (word = text_token(&arg, ", []"))) {
        ofp_port_t port;
        char *colon = strchr(word, ':');

        if (colon && (!strncmp(word, "members", 7)
                      || !strncmp(word, "slaves", 6))) {
            word = colon + 1;
            if (!*word) {
                continue;
            }
        }
        error = get_port(p, word, &port);
        if (!error) {
            buf_put(p->out, &port, sizeof port);
            a = buf_at(p->out, ofs);
            a->n_members++;
        }
    }
    ofpact_finish(p->out, ofs);
    return error;
}

static struct error *
parse_bundle(struct parser *p, char *arg, char *dst)
{
    return parse_bundle_(p, arg, false);
}

static struct error *
parse_bundle_load(struct parser *p, char *arg, char *dst)
{
    return parse_bundle_(p, arg, true);
}

PARSE_U32(group, GROUP, group_id)
PARSE_U32(set_queue, SET_QUEUE, value)
PARSE_NULL(pop_queue, POP_QUEUE)

const struct parse_word parse_output_words[] = {
    { "output", parse_output, true, false },
    { "controller", parse_controller, false, false },
    { "enqueue", parse_enqueue, true, false },
    { "bundle", parse_bundle, true, false },
    { "bundle_load", parse_bundle_load, true, false },
    { "group", parse_group, true, false },
    { "set_queue", parse_set_queue, true, false },
    { "pop_queue", parse_pop_queue, false, false },
    { NULL, NULL, false, false }
};
