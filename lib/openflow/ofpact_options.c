/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/openflow/ofpact_options.h"

struct walk {
    const struct tlv_table *table;       /* NULL: only collects. */
    uint64_t slots;
    enum ofperr error;                   /* The first. */
};

/* An action names 'field' up to bit 'end_bit' (0: as a whole). */
static void
name_field(struct walk *w, const struct field *field, unsigned int end_bit)
{
    unsigned int slot;

    if (!field || !field_is_tun_metadata(field->id)) {
        return;
    }
    slot = field->id - FIELD_TUN_METADATA0;
    w->slots |= UINT64_C(1) << slot;
    if (!w->table || w->error) {
        return;
    }
    w->error = (!tlv_layout_has(&w->table->layout, slot)
                ? NXFMFC_INVALID_TLV_FIELD
                : end_bit > 8 * tlv_layout_size(&w->table->layout, slot)
                ? OFPBAC_BAD_SET_LEN : 0);
}

static void
name_subfield(struct walk *w, const struct subfield *sf)
{
    name_field(w, sf->field, sf->start + sf->n_bits);
}

static void
walk_learn(struct walk *w, const struct ofpact_learn *learn)
{
    const struct learn_spec *spec;

    LEARN_SPEC_FOR_EACH (spec, learn) {
        if (spec->src_type == LEARN_SRC_FIELD) {
            name_subfield(w, &spec->src);
        }
        if (spec->dst_type != LEARN_DST_OUTPUT) {
            name_subfield(w, &spec->dst);
        }
    }
    if (learn->flags & LEARN_F_WRITE_RESULT) {
        name_subfield(w, &learn->result_dst);
    }
}

static void
walk_action(struct walk *w, const struct ofpact *a)
{
    switch ((int) a->type) {
    case OFPACT_SET_FIELD:
        name_field(w, ofpact_get_SET_FIELD(a)->field, 0);
        break;
    case OFPACT_DELETE_FIELD:
        name_field(w, ofpact_get_DELETE_FIELD(a)->field, 0);
        break;
    case OFPACT_REG_MOVE:
        name_subfield(w, &ofpact_get_REG_MOVE(a)->src);
        name_subfield(w, &ofpact_get_REG_MOVE(a)->dst);
        break;
    case OFPACT_STACK_PUSH:
        name_subfield(w, &ofpact_get_STACK_PUSH(a)->subfield);
        break;
    case OFPACT_STACK_POP:
        name_subfield(w, &ofpact_get_STACK_POP(a)->subfield);
        break;
    case OFPACT_OUTPUT_REG:
        name_subfield(w, &ofpact_get_OUTPUT_REG(a)->src);
        break;
    case OFPACT_BUNDLE:
        name_subfield(w, &ofpact_get_BUNDLE(a)->dst);
        break;
    case OFPACT_MULTIPATH:
        name_subfield(w, &ofpact_get_MULTIPATH(a)->dst);
        break;
    case OFPACT_CHECK_PKT_LARGER:
        name_subfield(w, &ofpact_get_CHECK_PKT_LARGER(a)->dst);
        break;
    case OFPACT_LEARN:
        walk_learn(w, ofpact_get_LEARN(a));
        break;
    case OFPACT_CT:
        name_subfield(w, &ofpact_get_CT(a)->zone_src);
        break;
    }
}

static void
walk(struct walk *w, const struct ofpact *ofpacts, size_t size)
{
    const struct ofpact *a;

    OFPACT_FOR_EACH (a, ofpacts, size) {
        walk_action(w, a);
        if (a->type == OFPACT_CT || a->type == OFPACT_CLONE
            || a->type == OFPACT_WRITE_ACTIONS) {
            size_t nest_size;
            const struct ofpact *nest = ofpact_nest_actions(a, &nest_size);

            walk(w, nest, nest_size);
        }
    }
}

uint64_t
ofpacts_option_slots(const struct ofpact *ofpacts, size_t size)
{
    struct walk w = { .table = NULL };

    walk(&w, ofpacts, size);
    return w.slots;
}

enum ofperr
ofpacts_check_options(const struct ofpact *ofpacts, size_t size,
                      const struct tlv_table *table)
{
    struct walk w = { .table = table };

    walk(&w, ofpacts, size);
    return w.error;
}
