/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/openflow/ofpact.h"

#include <string.h>

#include "lib/flow/port.h"
#include "lib/openflow/flow_mod.h"

static const char *const names[] = {
#define OFPACT(TYPE, STRUCT, NAME) [OFPACT_##TYPE] = NAME,
    OFPACTS
#undef OFPACT
};

void *
ofpact_put(struct buf *b, enum ofpact_type type, size_t size)
{
    /* A struct that is no multiple of OFPACT_ALIGN is of a variable kind,
     * which ofpact_finish() pads. */
    struct ofpact *a = buf_put_zeros(b, size);

    a->type = type;
    a->size = size;
    return a;
}

void
ofpact_finish(struct buf *b, size_t ofs)
{
    struct ofpact *a = buf_at(b, ofs);

    a->size = b->size - ofs;
    buf_pad(b, ofs, OFPACT_ALIGN);
}

struct ofpact_set_field *
ofpact_put_set_field(struct buf *b, const struct field *f, size_t n_bytes,
                     const union field_value *value,
                     const union field_value *mask)
{
    size_t ofs = b->size;
    size_t room = ROUND_UP(n_bytes, 8);
    struct ofpact_set_field *a = ofpact_put_SET_FIELD(b);
    uint8_t *v, *m;

    a->field = f;
    a->n_bytes = n_bytes;
    v = buf_put_zeros(b, 2 * room);
    m = v + room;
    if (mask) {
        memcpy(m, mask->bytes, n_bytes);
    } else {
        union field_value all;

        memset(all.bytes, 0xff, sizeof all);
        if (!f->is_variable) {
            field_exact_mask(f, NULL, &all);
        }
        memcpy(m, all.bytes, n_bytes);
    }
    for (size_t i = 0; i < n_bytes; i++) {
        v[i] = value->bytes[i] & m[i];
    }
    ofpact_finish(b, ofs);
    return buf_at(b, ofs);
}

void
ofpact_put_load(struct buf *b, const struct subfield *sf, uint64_t x)
{
    static const uint8_t ones[FIELD_MAX_BYTES] = {
        [0 ... FIELD_MAX_BYTES - 1] = 0xff
    };
    union field_value value = { .bytes = { 0 } }, mask = { .bytes = { 0 } };
    be64 be = htonll(x);
    size_t n = sf->field->n_bytes;

    bits_copy(&be, sizeof be, 0, value.bytes, n, sf->start,
              MIN(sf->n_bits, 64));
    bits_copy(ones, sizeof ones, 0, mask.bytes, n, sf->start, sf->n_bits);
    ofpact_put_set_field(b, sf->field, n, &value, &mask)->is_load = true;
}

void
ofpact_put_load_field(struct buf *b, enum field_id id, uint64_t value)
{
    const struct field *f = field_from_id(id);

    ofpact_put_load(b, &(struct subfield) { f, 0, f->n_bits }, value);
}

const char *
ofpact_name(enum ofpact_type type)
{
    return type < OFPACT_N_TYPES ? names[type] : "unknown";
}

bool
ofpact_is_instruction(const struct ofpact *a)
{
    return a->type >= OFPACT_METER;
}

bool
ofpacts_equal(const struct ofpact *a, size_t a_size, const struct ofpact *b,
              size_t b_size)
{
    return a_size == b_size && (!a_size || !memcmp(a, b, a_size));
}

static bool
has_nest(const struct ofpact *a)
{
    return (a->type == OFPACT_CLONE || a->type == OFPACT_WRITE_ACTIONS
            || a->type == OFPACT_CT);
}

static bool
outputs_to(const struct ofpact *a, ofp_port_t port)
{
    switch (a->type) {
    case OFPACT_OUTPUT:
        return ofpact_get_OUTPUT(a)->port == port;
    case OFPACT_OUTPUT_TRUNC:
        return ofpact_get_OUTPUT_TRUNC(a)->port == port;
    case OFPACT_ENQUEUE:
        return ofpact_get_ENQUEUE(a)->port == port;
    case OFPACT_CONTROLLER:
        return port == OFPP_CONTROLLER;
    case OFPACT_BUNDLE:
        for (unsigned int i = 0; i < ofpact_get_BUNDLE(a)->n_members; i++) {
            if (ofpact_get_BUNDLE(a)->members[i] == port) {
                return true;
            }
        }
        return false;
    default:
        return false;
    }
}

bool
ofpacts_output_to_port(const struct ofpact *ofpacts, size_t size,
                       ofp_port_t port)
{
    const struct ofpact *a;

    OFPACT_FOR_EACH (a, ofpacts, size) {
        if (outputs_to(a, port)) {
            return true;
        }
        if (has_nest(a)) {
            size_t n;
            const struct ofpact *nest = ofpact_nest_actions(a, &n);

            if (ofpacts_output_to_port(nest, n, port)) {
                return true;
            }
        }
    }
    return false;
}

bool
ofpacts_output_to_group(const struct ofpact *ofpacts, size_t size,
                        uint32_t group_id)
{
    const struct ofpact *a;

    OFPACT_FOR_EACH (a, ofpacts, size) {
        if (a->type == OFPACT_GROUP
            && ofpact_get_GROUP(a)->group_id == group_id) {
            return true;
        }
        if (has_nest(a)) {
            size_t n;
            const struct ofpact *nest = ofpact_nest_actions(a, &n);

            if (ofpacts_output_to_group(nest, n, group_id)) {
                return true;
            }
        }
    }
    return false;
}

uint32_t
ofpacts_get_meter(const struct ofpact *ofpacts, size_t size)
{
    const struct ofpact *a;

    OFPACT_FOR_EACH (a, ofpacts, size) {
        if (a->type == OFPACT_METER) {
            return ofpact_get_METER(a)->value;
        }
    }
    return 0;
}

/* Action sets. */

/* How a kind of action takes part in a set: at which step it is executed, and
 * whether all of the kind are, in the order in which they were written. */
enum set_step {
    STEP_NONE,
    STEP_STRIP_VLAN,
    STEP_POP_MPLS,
    STEP_DECAP,
    STEP_ENCAP,
    STEP_PUSH_MPLS,
    STEP_PUSH_VLAN,
    STEP_DEC_TTL,
    STEP_DEC_MPLS_TTL,
    STEP_DEC_NSH_TTL,
    STEP_SET,                    /* All of them. */
    STEP_SET_QUEUE,
    STEP_GROUP,                  /* Of these and what follows only the first */
    STEP_OUTPUT,                 /* that is there. */
    STEP_RESUBMIT,
    STEP_CT_CLEAR,
    STEP_CT,
    N_STEPS
};

static const uint8_t set_steps[OFPACT_N_TYPES] = {
    [OFPACT_STRIP_VLAN] = STEP_STRIP_VLAN,
    [OFPACT_POP_MPLS] = STEP_POP_MPLS,
    [OFPACT_DECAP] = STEP_DECAP,
    [OFPACT_ENCAP] = STEP_ENCAP,
    [OFPACT_PUSH_MPLS] = STEP_PUSH_MPLS,
    [OFPACT_PUSH_VLAN] = STEP_PUSH_VLAN,
    [OFPACT_DEC_TTL] = STEP_DEC_TTL,
    [OFPACT_DEC_MPLS_TTL] = STEP_DEC_MPLS_TTL,
    [OFPACT_DEC_NSH_TTL] = STEP_DEC_NSH_TTL,
    [OFPACT_SET_FIELD] = STEP_SET,
    [OFPACT_REG_MOVE] = STEP_SET,
    [OFPACT_SET_ETH_SRC] = STEP_SET,
    [OFPACT_SET_ETH_DST] = STEP_SET,
    [OFPACT_SET_IPV4_SRC] = STEP_SET,
    [OFPACT_SET_IPV4_DST] = STEP_SET,
    [OFPACT_SET_IP_DSCP] = STEP_SET,
    [OFPACT_SET_IP_ECN] = STEP_SET,
    [OFPACT_SET_IP_TTL] = STEP_SET,
    [OFPACT_SET_L4_SRC_PORT] = STEP_SET,
    [OFPACT_SET_L4_DST_PORT] = STEP_SET,
    [OFPACT_SET_MPLS_LABEL] = STEP_SET,
    [OFPACT_SET_MPLS_TC] = STEP_SET,
    [OFPACT_SET_MPLS_TTL] = STEP_SET,
    [OFPACT_SET_TUNNEL] = STEP_SET,
    [OFPACT_SET_VLAN_VID] = STEP_SET,
    [OFPACT_SET_VLAN_PCP] = STEP_SET,
    [OFPACT_SET_QUEUE] = STEP_SET_QUEUE,
    [OFPACT_GROUP] = STEP_GROUP,
    [OFPACT_OUTPUT] = STEP_OUTPUT,
    [OFPACT_RESUBMIT] = STEP_RESUBMIT,
    [OFPACT_CT_CLEAR] = STEP_CT_CLEAR,
    [OFPACT_CT] = STEP_CT,
};

bool
ofpact_may_be_in_set(enum ofpact_type type)
{
    return set_steps[type] != STEP_NONE;
}

static void
put_copy(struct buf *out, const struct ofpact *a)
{
    buf_put(out, a, ROUND_UP(a->size, OFPACT_ALIGN));
}

void
ofpacts_execute_action_set(struct buf *out, const struct ofpact *in,
                           size_t size)
{
    const struct ofpact *last[N_STEPS] = { NULL };
    const struct ofpact *a;

    OFPACT_FOR_EACH (a, in, size) {
        last[set_steps[a->type]] = a;
    }
    for (int step = STEP_STRIP_VLAN; step < STEP_SET; step++) {
        if (last[step]) {
            put_copy(out, last[step]);
        }
    }
    OFPACT_FOR_EACH (a, in, size) {
        if (set_steps[a->type] == STEP_SET) {
            put_copy(out, a);
        }
    }
    if (last[STEP_SET_QUEUE]) {
        put_copy(out, last[STEP_SET_QUEUE]);
    }
    for (int step = STEP_GROUP; step < N_STEPS; step++) {
        if (last[step]) {
            put_copy(out, last[step]);
            return;
        }
    }
}
