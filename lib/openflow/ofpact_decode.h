/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_OFPACT_DECODE_H
#define OPENFLOW_OFPACT_DECODE_H

/* Inside of the decoders of actions (ofpact_decode*.c).
 *
 * Each type has a row in a table: the least and most bytes of its body, and a
 * function that reads the body and appends the decoded action.
 * The body is bounded by the action's own length; a row whose least and most
 * are equal needs no check of its length in the function. */

#include "lib/openflow/ofpact_codec.h"

struct decoder {
    const struct ofp_decode *decode;
    uint8_t version;
    int depth;
    struct buf *out;
};

typedef enum ofperr decode_fn(struct decoder *, struct reader *);

struct action_row {
    uint16_t min, max;           /* Bytes of the body. */
    decode_fn *fn;
};

#define ANY UINT16_MAX

enum actions_kind {
    ACTIONS_10,                  /* OpenFlow 1.0's. */
    ACTIONS_12,                  /* Those of 1.1 to 1.5. */
    ACTIONS_NX,                  /* The extension's. */
    N_ACTIONS
};

/* Rows of a kind, by type; those without a function are not the file's. */
struct action_rows {
    const struct action_row *rows;
    size_t n;
};

/* Each file's rows, by kind. */
extern const struct action_rows decode_output_rows[N_ACTIONS];
extern const struct action_rows decode_field_rows[N_ACTIONS];
extern const struct action_rows decode_control_rows[N_ACTIONS];
extern const struct action_rows decode_encap_rows[N_ACTIONS];

/* Decodes all actions in the reader. */
enum ofperr decode_list(struct decoder *, struct reader *) MUST_USE;

/* Likewise for those inside the action at 'ofs' in 'out', which it finishes.
 * Refuses to go too deep. */
enum ofperr read_nest(struct decoder *, struct reader *, size_t ofs) MUST_USE;

/* The meter of an action or an instruction. */
decode_fn decode_meter;

/* Appends a write of 'metadata', of which the bits in 'mask' count. */
enum ofperr put_metadata(struct decoder *, uint64_t metadata,
                         uint64_t mask) MUST_USE;

/* Takes 'n' bytes, which must be zeros. */
enum ofperr must_be_zero(struct reader *, size_t n) MUST_USE;

/* A field's header without payload: 4 bytes, or 8 for experimenters. */
enum ofperr read_field(struct reader *, const struct field **ret) MUST_USE;

/* Bits of a field, which must have them and be writable if 'write'. */
enum ofperr make_subfield(const struct field *, unsigned int start,
                          unsigned int n_bits, bool write,
                          struct subfield *) MUST_USE;

/* Likewise, of the field whose header comes next. */
enum ofperr read_subfield(struct reader *, unsigned int start,
                          unsigned int n_bits, bool write,
                          struct subfield *) MUST_USE;

/* Likewise; "ofs_nbits": start and number of bits minus 1 in one word. */
enum ofperr read_packed_subfield(struct reader *, uint16_t ofs_nbits,
                                 bool write, struct subfield *) MUST_USE;

/* May an action send to 'port'? */
bool port_is_valid(const struct decoder *, ofp_port_t port);

/* Actions that are no more than their name. */
#define NULL_ACTION(NAME, TYPE) \
    static enum ofperr \
    NAME(struct decoder *d, struct reader *r) \
    { \
        ofpact_put_##TYPE(d->out); \
        return 0; \
    }

#endif /* openflow/ofpact_decode.h */
