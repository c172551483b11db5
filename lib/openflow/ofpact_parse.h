/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_OFPACT_PARSE_H
#define OPENFLOW_OFPACT_PARSE_H

/* Inside of the parsers of actions' text (ofpact_parse*.c).  Each file has a
 * table with a function for each word. */

#include "lib/base/error.h"
#include "lib/flow/field.h"
#include "lib/openflow/buf.h"
#include "lib/openflow/flow_text.h"
#include "lib/openflow/ofpact.h"

struct parser {
    const struct text_names *names;
    struct buf *out;
    uint32_t usable;             /* Protocols. */
    bool instructions;           /* May there be instructions? */
    int depth;
};

/* Appends an action to the parser's 'out'.  Gets what is in parentheses or
 * after the colon, which it may cut up, and what is after "->" (or NULL). */
typedef struct error *parse_fn(struct parser *, char *arg, char *dst);

struct parse_word {
    const char *name;
    parse_fn *fn;
    bool needs_arg;
    bool is_instruction;
};

/* The words of each file; a row without a name ends a table. */
extern const struct parse_word parse_output_words[];
extern const struct parse_word parse_field_words[];
extern const struct parse_word parse_control_words[];
extern const struct parse_word parse_encap_words[];

/* Parses the actions in 'text', which it cuts up. */
struct error *parse_list(struct parser *, char *text) MUST_USE;

/* Likewise for those inside the action at 'ofs' in 'out', which it finishes.
 * Refuses to go too deep. */
struct error *parse_nest(struct parser *, size_t ofs, char *text,
                         bool instructions) MUST_USE;

/* Appends an output to 'port'. */
struct error *put_output(struct parser *, ofp_port_t port);

/* Readers of an argument's parts.  Each returns an error that has the text in
 * it; 'what' says in the error what a number is.  get_writable() refuses
 * fields that are read-only. */
struct error *read_u64(const char *text, const char *what, uint64_t max,
                       uint64_t *ret) MUST_USE;
struct error *read_u32(const char *text, const char *what,
                       uint32_t *ret) MUST_USE;
struct error *read_u16(const char *text, const char *what,
                       uint16_t *ret) MUST_USE;
struct error *read_u8(const char *text, const char *what,
                      uint8_t *ret) MUST_USE;
struct error *get_port(const struct parser *, const char *text,
                       ofp_port_t *ret) MUST_USE;
struct error *get_table(const struct parser *, const char *text,
                        uint8_t *ret) MUST_USE;
struct error *check_writable(const struct field *) MUST_USE;
struct error *get_writable(const char *text, struct subfield *) MUST_USE;

/* Finds 'text' (may be NULL) among the 'n' names, in any case of letters. */
struct error *get_name(const char *text, const char *const names[], size_t n,
                       const char *what, uint8_t *ret) MUST_USE;

/* Likewise among the sets of fields that bundle and multipath hash. */
struct error *get_hash_fields(const char *text, uint8_t *ret) MUST_USE;

/* Appends hex digits' bytes, with dots between bytes, if at all. */
struct error *put_hex(struct buf *, const char *text) MUST_USE;

/* The error for an action that lacks its argument. */
struct error *missing_argument(const char *action) MUST_USE;

/* Cuts "LEFT->RIGHT" in two; NULL if there is no arrow. */
char *cut_arrow(char *text);

/* The names of ports; NULL if there are none. */
static inline const struct port_map *
parser_ports(const struct parser *p)
{
    return p->names ? p->names->ports : NULL;
}

/* Define a parser of an action without argument, and of a number's. */
#define PARSE_NULL(NAME, TYPE) \
    static struct error * \
    parse_##NAME(struct parser *p, char *arg, char *dst) \
    { \
        ofpact_put_##TYPE(p->out); \
        return NULL; \
    }
#define PARSE_U32(NAME, TYPE, MEMBER) \
    static struct error * \
    parse_##NAME(struct parser *p, char *arg, char *dst) \
    { \
        return read_u32(arg, #NAME, &ofpact_put_##TYPE(p->out)->MEMBER); \
    }

#endif /* openflow/ofpact_parse.h */
