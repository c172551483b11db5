/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ovsdb/atom.h"

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/ovsdb/schema.h"

static const char *const names[OVSDB_N_TYPES] = {
    [OVSDB_TYPE_VOID] = "void",
    [OVSDB_TYPE_INTEGER] = "integer",
    [OVSDB_TYPE_REAL] = "real",
    [OVSDB_TYPE_BOOLEAN] = "boolean",
    [OVSDB_TYPE_STRING] = "string",
    [OVSDB_TYPE_UUID] = "uuid",
};

const char *
ovsdb_atomic_type_name(enum ovsdb_atomic_type type)
{
    return names[type];
}

bool
ovsdb_atomic_type_from_name(const char *name, size_t length,
                            enum ovsdb_atomic_type *ret)
{
    const struct span span = { name, length };

    for (int i = OVSDB_TYPE_INTEGER; i < OVSDB_N_TYPES; i++) {
        if (span_equals_string(span, names[i])) {
            *ret = i;
            return true;
        }
    }
    return false;
}

void
ovsdb_symtab_init(struct ovsdb_symtab *symtab)
{
    shash_init(&symtab->symbols);
}

void
ovsdb_symtab_uninit(struct ovsdb_symtab *symtab)
{
    struct shash_node *node;

    SHASH_FOR_EACH (node, &symtab->symbols) {
        struct ovsdb_symbol *symbol = node->value;

        free(symbol->name);
        free(symbol);
    }
    shash_uninit(&symtab->symbols);
}

struct ovsdb_symbol *
ovsdb_symtab_get(struct ovsdb_symtab *symtab, const char *name)
{
    struct ovsdb_symbol *symbol = shash_get(&symtab->symbols, name);

    if (!symbol) {
        symbol = xzalloc(sizeof *symbol);
        symbol->name = xstrdup(name);
        symbol->uuid = uuid_random();
        shash_add_once(&symtab->symbols, name, symbol);
    }
    return symbol;
}

void
ovsdb_atom_init_default(union ovsdb_atom *atom, enum ovsdb_atomic_type type)
{
    memset(atom, 0, sizeof *atom);
    if (type == OVSDB_TYPE_STRING) {
        atom->string = ovsdb_string_create("", 0);
    }
}

void
ovsdb_atom_clone(union ovsdb_atom *dst, const union ovsdb_atom *src,
                 enum ovsdb_atomic_type type)
{
    *dst = *src;
    if (type == OVSDB_TYPE_STRING) {
        ovsdb_string_ref(dst->string);
    }
}

int
ovsdb_atom_compare_(const union ovsdb_atom *a, const union ovsdb_atom *b,
                    enum ovsdb_atomic_type type)
{
    switch (type) {
    case OVSDB_TYPE_INTEGER:
        return (a->integer > b->integer) - (a->integer < b->integer);
    case OVSDB_TYPE_REAL:
        return (a->real > b->real) - (a->real < b->real);
    case OVSDB_TYPE_BOOLEAN:
        return a->boolean - b->boolean;
    case OVSDB_TYPE_STRING:
        return ovsdb_string_compare(a->string, b->string);
    case OVSDB_TYPE_UUID:
        return uuid_compare(&a->uuid, &b->uuid);
    default:
        return 0;
    }
}

uint64_t
ovsdb_atom_hash(const union ovsdb_atom *atom, enum ovsdb_atomic_type type,
                uint64_t basis)
{
    switch (type) {
    case OVSDB_TYPE_INTEGER:
        return hash_word(atom->integer, basis);
    case OVSDB_TYPE_REAL: {
        double real = atom->real == 0.0 ? 0.0 : atom->real;   /* -0.0 */
        uint64_t bits;

        memcpy(&bits, &real, sizeof bits);
        return hash_word(bits, basis);
    }
    case OVSDB_TYPE_BOOLEAN:
        return hash_word(atom->boolean, basis);
    case OVSDB_TYPE_STRING:
        return hash_word(atom->string->hash, basis);
    case OVSDB_TYPE_UUID:
        return hash_word(uuid_hash(&atom->uuid), basis);
    default:
        return basis;
    }
}

bool
ovsdb_atom_is_default(const union ovsdb_atom *atom,
                      enum ovsdb_atomic_type type)
{
    switch (type) {
    case OVSDB_TYPE_INTEGER:
        return !atom->integer;
    case OVSDB_TYPE_REAL:
        return atom->real == 0.0;
    case OVSDB_TYPE_BOOLEAN:
        return !atom->boolean;
    case OVSDB_TYPE_STRING:
        return !atom->string->length;
    case OVSDB_TYPE_UUID:
        return uuid_is_zero(&atom->uuid);
    default:
        return true;
    }
}

static bool
expect_item(struct jtext_reader *r, const char *what)
{
    if (!jtext_next_item(r)) {
        jtext_fail(r, "%s", what);
        return false;
    }
    return true;
}

static bool
read_named_uuid(struct uuid *uuid, const struct span *span,
                struct jtext_reader *r, struct ovsdb_symtab *symtab)
{
    char *name = jtext_span_dup(span);
    bool ok = symtab && ovsdb_id_is_valid(name);

    if (ok) {
        *uuid = ovsdb_symtab_get(symtab, name)->uuid;
    } else if (symtab) {
        jtext_fail(r, "named-uuid string is not a valid <id>");
    } else {
        jtext_fail(r, "named-uuid is not allowed here");
    }
    free(name);
    return ok;
}

/* ["uuid", "..."] or ["named-uuid", "..."] */
static bool
read_uuid(struct uuid *uuid, struct jtext_reader *r,
          struct ovsdb_symtab *symtab)
{
    static const char form[] =
        "expected [\"uuid\", <string>]";
    struct span span;
    bool is_named;

    if (jtext_peek(r) != JTEXT_ARRAY) {
        jtext_fail(r, form);
        return false;
    }
    if (!jtext_enter_array(r) || !expect_item(r, form)
        || jtext_peek(r) != JTEXT_STRING || !jtext_get_string(r, &span)) {
        jtext_fail(r, form);
        return false;
    }
    is_named = span_equals_string(span, "named-uuid");
    if (!is_named && !span_equals_string(span, "uuid")) {
        jtext_fail(r, form);
        return false;
    }
    if (!expect_item(r, form) || jtext_peek(r) != JTEXT_STRING
        || !jtext_get_string(r, &span)) {
        jtext_fail(r, form);
        return false;
    }
    if (is_named) {
        if (!read_named_uuid(uuid, &span, r, symtab)) {
            return false;
        }
    } else if (span.size != UUID_LEN || !uuid_from_prefix(uuid, span.data)) {
        jtext_fail(r, "\"%.*s\" is not a valid UUID",
                   jtext_clip(&span, 64), span.data);
        return false;
    }
    if (jtext_next_item(r)) {
        jtext_fail(r, form);
    }
    return !r->error;
}

static bool
read_atom(union ovsdb_atom *atom, enum ovsdb_atomic_type type,
          struct jtext_reader *r, struct ovsdb_symtab *symtab)
{
    enum jtext_kind kind = jtext_peek(r);
    struct jtext_number number;
    struct span span;

    switch (type) {
    case OVSDB_TYPE_INTEGER:
        if (kind == JTEXT_NUMBER) {
            return jtext_get_integer(r, &atom->integer);
        }
        break;
    case OVSDB_TYPE_REAL:
        if (kind == JTEXT_NUMBER) {
            if (!jtext_get_number(r, &number)) {
                return false;
            }
            atom->real = number.real;
            return true;
        }
        break;
    case OVSDB_TYPE_BOOLEAN:
        if (kind == JTEXT_TRUE || kind == JTEXT_FALSE) {
            return jtext_get_boolean(r, &atom->boolean);
        }
        break;
    case OVSDB_TYPE_STRING:
        if (kind == JTEXT_STRING) {
            if (!jtext_get_string(r, &span)) {
                return false;
            }
            if (span.size > OVSDB_STRING_MAX) {
                jtext_fail(r, "string of %zu bytes is too long", span.size);
                return false;
            }
            atom->string = ovsdb_string_create(span.data, span.size);
            return true;
        }
        break;
    case OVSDB_TYPE_UUID:
        return read_uuid(&atom->uuid, r, symtab);
    default:
        break;
    }
    jtext_fail(r, "expected %s", names[type]);
    return false;
}

bool
ovsdb_atom_read(union ovsdb_atom *atom, enum ovsdb_atomic_type type,
                struct jtext_reader *r, struct ovsdb_symtab *symtab)
{
    const char *start = jtext_place(r);

    if (read_atom(atom, type, r, symtab)) {
        return true;
    }
    jtext_blame(r, start);
    return false;
}

static void
put_uuid(struct str *out, const struct uuid *uuid)
{
    uuid_format(uuid, str_put_raw(out, UUID_LEN));
}

void
ovsdb_atom_put_json(struct str *out, const union ovsdb_atom *atom,
                    enum ovsdb_atomic_type type)
{
    char *p;

    switch (type) {
    case OVSDB_TYPE_INTEGER:
        str_put_int(out, atom->integer);
        break;
    case OVSDB_TYPE_REAL:
        jtext_put_real(out, atom->real);
        break;
    case OVSDB_TYPE_BOOLEAN:
        str_put(out, atom->boolean ? "true" : "false");
        break;
    case OVSDB_TYPE_STRING:
        if (LIKELY(atom->string->is_plain)) {
            p = str_put_raw(out, atom->string->length + 2);
            *p++ = '"';
            memcpy(p, atom->string->text, atom->string->length);
            p[atom->string->length] = '"';
        } else {
            jtext_put_string(out, atom->string->text, atom->string->length);
        }
        break;
    case OVSDB_TYPE_UUID:
        p = str_put_raw(out, UUID_LEN + 11);
        memcpy(p, "[\"uuid\",\"", 9);
        uuid_format(&atom->uuid, p + 9);
        memcpy(p + 9 + UUID_LEN, "\"]", 2);
        break;
    default:
        break;
    }
}

/* Whether a string must be in quotes so that it reads back as itself: it looks
 * like something else, or like several things. */
static bool
needs_quotes(const struct ovsdb_string *s)
{
    struct uuid uuid;

    if (!s->length || !strcmp(s->text, "true") || !strcmp(s->text, "false")
        || uuid_from_string(&uuid, s->text)) {
        return true;
    }
    if (!((s->text[0] >= 'a' && s->text[0] <= 'z')
          || (s->text[0] >= 'A' && s->text[0] <= 'Z') || s->text[0] == '_')) {
        return true;
    }
    for (const char *p = s->text; *p; p++) {
        if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z')
              || (*p >= '0' && *p <= '9') || *p == '_' || *p == '-'
              || *p == '.')) {
            return true;
        }
    }
    return false;
}

void
ovsdb_atom_put_text(struct str *out, const union ovsdb_atom *atom,
                    enum ovsdb_atomic_type type)
{
    if (type == OVSDB_TYPE_STRING && needs_quotes(atom->string)) {
        jtext_put_string(out, atom->string->text, atom->string->length);
    } else {
        ovsdb_atom_put_bare(out, atom, type);
    }
}

void
ovsdb_atom_put_bare(struct str *out, const union ovsdb_atom *atom,
                    enum ovsdb_atomic_type type)
{
    if (type == OVSDB_TYPE_STRING) {
        str_put_bytes(out, atom->string->text, atom->string->length);
    } else if (type == OVSDB_TYPE_UUID) {
        put_uuid(out, &atom->uuid);
    } else {
        ovsdb_atom_put_json(out, atom, type);
    }
}
