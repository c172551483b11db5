/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_OFPACT_ENCODE_H
#define OPENFLOW_OFPACT_ENCODE_H

/* Inside of the encoders of actions (ofpact_encode*.c). */

#include "lib/openflow/ofpact_codec.h"
#include "lib/openflow/ofpact_wire.h"

/* Appends an action of one kind, which need not exist in 'version': then as
 * the extension's, or as what comes nearest. */
typedef void encode_fn(struct buf *, const struct ofpact *, uint8_t version);

#define OFPACT(TYPE, STRUCT, NAME) encode_fn encode_##TYPE;
OFPACTS
#undef OFPACT

/* Start an action, and return what finish_action() wants, which pads it and
 * sets its length. */
size_t start_std(struct buf *, uint16_t type);
size_t start_nx(struct buf *, uint16_t subtype);
void finish_action(struct buf *, size_t ofs);

/* Append an action that is no more than its type. */
void put_null_std(struct buf *, uint16_t type);
void put_null_nx(struct buf *, uint16_t subtype);

/* Append a field's header; 'n': bytes of its value.  A field that has none is
 * 0. */
void put_field_header(struct buf *, const struct field *, size_t n);
void put_subfield_header(struct buf *, const struct subfield *);

/* Start and number of bits minus 1 in one word. */
uint16_t ofs_nbits(const struct subfield *);

/* Is the field's header one of 8 bytes? */
bool has_vendor(const struct subfield *);

/* Appends the actions inside of an action. */
void put_nested(struct buf *, const struct ofpact *, uint8_t version);

/* Defines an encoder of an action that is no more than its type. */
#define ENCODE_NULL(TYPE, SUBTYPE) \
    void \
    encode_##TYPE(struct buf *b, const struct ofpact *a, uint8_t version) \
    { \
        put_null_nx(b, SUBTYPE); \
    }

#endif /* openflow/ofpact_encode.h */
