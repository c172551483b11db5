/* SPDX-License-Identifier: Apache-2.0 */
/* The wire form of values (RFC 7047 section 5.1). */

#include "lib/ovsdb/datum.h"

#include <string.h>

static bool
read_element(struct ovsdb_datum *datum, const struct ovsdb_type *type,
             struct jtext_reader *r, struct ovsdb_symtab *symtab,
             enum ovsdb_read_flags flags)
{
    union ovsdb_atom key;

    if (!ovsdb_atom_read(&key, type->key.type, r, symtab)) {
        return false;
    }
    ovsdb_datum_append_take(datum, key, (union ovsdb_atom) { 0 }, type);
    if (flags & OVSDB_READ_CHECK) {
        jtext_take_error(r, ovsdb_atom_check(&key, &type->key));
    }
    return !r->error;
}

static bool
read_pair(struct ovsdb_datum *datum, const struct ovsdb_type *type,
          struct jtext_reader *r, struct ovsdb_symtab *symtab,
          enum ovsdb_read_flags flags)
{
    static const char form[] = "expected 2-element array";
    const char *start = jtext_place(r);
    union ovsdb_atom key, value;

    if (jtext_peek(r) != JTEXT_ARRAY || !jtext_enter_array(r)
        || !jtext_next_item(r)) {
        jtext_fail(r, form);
        jtext_blame(r, start);
        return false;
    }
    if (!ovsdb_atom_read(&key, type->key.type, r, symtab)) {
        return false;
    }
    if (!jtext_next_item(r)
        || !ovsdb_atom_read(&value, type->value.type, r, symtab)) {
        jtext_fail(r, form);
        jtext_blame(r, start);
        ovsdb_atom_uninit(&key, type->key.type);
        return false;
    }
    ovsdb_datum_append_take(datum, key, value, type);
    if (jtext_next_item(r)) {
        jtext_fail(r, form);
        jtext_blame(r, start);
    }
    if (flags & OVSDB_READ_CHECK) {
        jtext_take_error(r, ovsdb_atom_check(&key, &type->key));
        jtext_take_error(r, ovsdb_atom_check(&value, &type->value));
    }
    return !r->error;
}

/* Whether an array is ["set", ...] or ["map", ...], without moving the
 * reader: a uuid is an array as well. */
static bool
starts_with_word(const struct jtext_reader *r, const char *word)
{
    const char *p = r->p;

#define BLANKS() \
    while (p < r->end && (*p == ' ' || *p == '\n' || *p == '\t' \
                          || *p == '\r')) { p++; }
    BLANKS();
    if (p >= r->end || *p++ != '[') {
        return false;
    }
    BLANKS();
#undef BLANKS
    return (size_t) (r->end - p) >= strlen(word) && !memcmp(p, word,
                                                            strlen(word));
}

/* Reads the elements in [WORD, [...]]. */
static void
read_elements(struct ovsdb_datum *datum, const struct ovsdb_type *type,
              struct jtext_reader *r, struct ovsdb_symtab *symtab,
              enum ovsdb_read_flags flags)
{
    const char *start = jtext_place(r);
    bool is_map = ovsdb_type_is_map(type);
    struct span word;

    if (!jtext_enter_array(r) || !jtext_next_item(r)
        || !jtext_get_string(r, &word) || !jtext_next_item(r)
        || jtext_peek(r) != JTEXT_ARRAY || !jtext_enter_array(r)) {
        jtext_fail(r, "expected [\"%s\", <array>]", is_map ? "map" : "set");
        jtext_blame(r, start);
        return;
    }
    while (jtext_next_item(r)) {
        if (is_map ? !read_pair(datum, type, r, symtab, flags)
            : !read_element(datum, type, r, symtab, flags)) {
            return;
        }
    }
    if (jtext_next_item(r)) {
        jtext_fail(r, "expected [\"%s\", <array>]", is_map ? "map" : "set");
        jtext_blame(r, start);
    }
}

static void
check_size(const struct ovsdb_datum *datum, const struct ovsdb_type *type,
           struct jtext_reader *r, const char *start)
{
    const char *what = ovsdb_type_is_map(type) ? "map" : "set";

    if (datum->n >= type->n_min && datum->n <= type->n_max) {
        return;
    }
    if (type->n_min == 1 && type->n_max == 1) {
        jtext_fail(r, "%s must have exactly one member but %u are present",
                   what, datum->n);
    } else {
        jtext_fail(r, "%s must have %u to %u members but %u are present",
                   what, type->n_min, type->n_max, datum->n);
    }
    jtext_blame(r, start);
}

static void
check_elements(struct ovsdb_datum *datum, const struct ovsdb_type *type,
               struct jtext_reader *r, const char *start,
               enum ovsdb_read_flags flags)
{
    if (r->error) {
        return;
    }
    if (ovsdb_datum_finish(datum, type)) {
        jtext_take_error(r, error_create_tagged(
                             "ovsdb error", "%s contains duplicate%s",
                             ovsdb_type_is_map(type) ? "map" : "set",
                             ovsdb_type_is_map(type) ? " key" : ""));
    } else if (!(flags & OVSDB_READ_ANY_SIZE)) {
        check_size(datum, type, r, start);
    }
}

bool
ovsdb_datum_read(struct ovsdb_datum *datum, const struct ovsdb_type *type,
                 struct jtext_reader *r, struct ovsdb_symtab *symtab,
                 enum ovsdb_read_flags flags)
{
    const char *start = jtext_place(r);

    ovsdb_datum_init_empty(datum);
    if (jtext_peek(r) == JTEXT_ARRAY
        && starts_with_word(r, ovsdb_type_is_map(type)
                            ? "\"map\"" : "\"set\"")) {
        read_elements(datum, type, r, symtab, flags);
        check_elements(datum, type, r, start, flags);
    } else if (ovsdb_type_is_map(type)) {
        jtext_fail(r, "expected [\"map\", <array>]");
        jtext_blame(r, start);
    } else {
        read_element(datum, type, r, symtab, flags);
    }
    if (r->error) {
        ovsdb_datum_uninit(datum, type);
        return false;
    }
    return true;
}

struct error *
ovsdb_datum_from_json(struct ovsdb_datum *datum, const struct ovsdb_type *type,
                      const json_t *json, struct ovsdb_symtab *symtab,
                      enum ovsdb_read_flags flags)
{
    struct str text = STR_EMPTY;
    struct jtext_reader r;
    struct error *error;

    jtext_put_json(&text, json, false);
    jtext_reader_init(&r, str_cstr(&text), text.length);
    ovsdb_datum_read(datum, type, &r, symtab, flags);
    error = jtext_finish(&r);
    str_uninit(&text);
    return error;
}

json_t *
ovsdb_datum_to_json(const struct ovsdb_datum *datum,
                    const struct ovsdb_type *type)
{
    struct str text = STR_EMPTY;
    json_t *json;

    ovsdb_datum_put_json(&text, datum, type);
    json = json_loadb(str_cstr(&text), text.length, JSON_DECODE_ANY, NULL);
    str_uninit(&text);
    return json;
}

void
ovsdb_datum_put_json(struct str *out, const struct ovsdb_datum *datum,
                     const struct ovsdb_type *type)
{
    const union ovsdb_atom *keys = ovsdb_datum_keys(datum);
    const union ovsdb_atom *values;

    if (!ovsdb_type_is_map(type)) {
        if (datum->n == 1) {
            ovsdb_atom_put_json(out, keys, type->key.type);
            return;
        }
        str_put_bytes(out, "[\"set\",[", 8);
        for (uint32_t i = 0; i < datum->n; i++) {
            if (i) {
                str_put_char(out, ',');
            }
            ovsdb_atom_put_json(out, &keys[i], type->key.type);
        }
        str_put_bytes(out, "]]", 2);
        return;
    }
    values = ovsdb_datum_values(datum);
    str_put_bytes(out, "[\"map\",[", 8);
    for (uint32_t i = 0; i < datum->n; i++) {
        str_put_bytes(out, i ? ",[" : "[", 1 + (i > 0));
        ovsdb_atom_put_json(out, &keys[i], type->key.type);
        str_put_char(out, ',');
        ovsdb_atom_put_json(out, &values[i], type->value.type);
        str_put_char(out, ']');
    }
    str_put_bytes(out, "]]", 2);
}
