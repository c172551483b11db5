/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOGICAL_ACTION_ENCODER_H
#define LOGICAL_ACTION_ENCODER_H

/* What the encoders of actions have in common, for action_encode*.c only. */

#include "lib/flow/field.h"
#include "lib/logical/action_table.h"

/* An encoder of the table of actions. */
#define ENCODER(NAME) \
    void \
    action_encode_##NAME(struct action_encoder *e UNUSED, \
                         const struct action *a UNUSED, \
                         const struct action_info *info UNUSED)

static inline struct subfield
whole_field(enum field_id id)
{
    const struct field *field = field_from_id(id);

    return (struct subfield) { field, 0, field->n_bits };
}

static inline struct subfield
reg(unsigned int i)
{
    return whole_field(FIELD_REG0 + i);
}

static inline struct subfield
reg_bits(unsigned int i, unsigned int ofs, unsigned int n_bits)
{
    return (struct subfield) { field_from_id(FIELD_REG0 + i), ofs, n_bits };
}

#endif /* logical/action_encoder.h */
