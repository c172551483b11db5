/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_ATOM_H
#define OVSDB_ATOM_H

/* OVSDB atoms (RFC 7047 section 5.1): one integer, real, boolean, string or
 * uuid.  An atom does not know its type; who holds it does. */

#include "lib/base/error.h"
#include "lib/base/shash.h"
#include "lib/base/str.h"
#include "lib/base/uuid.h"
#include "lib/ovsdb/intern.h"
#include "lib/ovsdb/jtext.h"

enum ovsdb_atomic_type {
    OVSDB_TYPE_VOID,        /* The value of what is no map. */
    OVSDB_TYPE_INTEGER,
    OVSDB_TYPE_REAL,
    OVSDB_TYPE_BOOLEAN,
    OVSDB_TYPE_STRING,
    OVSDB_TYPE_UUID,
    OVSDB_N_TYPES
};

union ovsdb_atom {
    int64_t integer;
    double real;
    bool boolean;
    struct ovsdb_string *string;
    struct uuid uuid;
};

/* "integer", "real", ...  The second returns false if there is none. */
const char *ovsdb_atomic_type_name(enum ovsdb_atomic_type);
bool ovsdb_atomic_type_from_name(const char *name, size_t length,
                                 enum ovsdb_atomic_type *);

/* The names that a transaction gives to rows: ["named-uuid", NAME] on the
 * wire, @NAME in the tools. */
struct ovsdb_symbol {
    char *name;
    struct uuid uuid;       /* Random from the first mention on. */
    bool is_created;        /* An insert has this name. */
    bool is_strong_ref;     /* A strong reference mentions it. */
    bool is_weak_ref;       /* A weak one does. */
};

struct ovsdb_symtab {
    struct shash symbols;   /* Of struct ovsdb_symbol. */
};

void ovsdb_symtab_init(struct ovsdb_symtab *);
void ovsdb_symtab_uninit(struct ovsdb_symtab *);

/* Returns the symbol, which it makes at first mention. */
struct ovsdb_symbol *ovsdb_symtab_get(struct ovsdb_symtab *, const char *name);

/* The default of the type: 0, 0.0, false, "", the zero uuid. */
void ovsdb_atom_init_default(union ovsdb_atom *, enum ovsdb_atomic_type);
void ovsdb_atom_clone(union ovsdb_atom *, const union ovsdb_atom *,
                      enum ovsdb_atomic_type);

static inline void
ovsdb_atom_uninit(union ovsdb_atom *atom, enum ovsdb_atomic_type type)
{
    if (type == OVSDB_TYPE_STRING) {
        ovsdb_string_unref(atom->string);
    }
}

int ovsdb_atom_compare_(const union ovsdb_atom *, const union ovsdb_atom *,
                        enum ovsdb_atomic_type);

static inline bool
ovsdb_atom_equals(const union ovsdb_atom *a, const union ovsdb_atom *b,
                  enum ovsdb_atomic_type type)
{
    return (type == OVSDB_TYPE_STRING ? a->string == b->string
            : type == OVSDB_TYPE_UUID ? uuid_equals(&a->uuid, &b->uuid)
            : !ovsdb_atom_compare_(a, b, type));
}

/* A total order: numbers by value, false before true, strings by bytes, uuids
 * as their text. */
static inline int
ovsdb_atom_compare(const union ovsdb_atom *a, const union ovsdb_atom *b,
                   enum ovsdb_atomic_type type)
{
    return (type == OVSDB_TYPE_STRING && a->string == b->string
            ? 0 : ovsdb_atom_compare_(a, b, type));
}

uint64_t ovsdb_atom_hash(const union ovsdb_atom *, enum ovsdb_atomic_type,
                         uint64_t basis);
bool ovsdb_atom_is_default(const union ovsdb_atom *, enum ovsdb_atomic_type);

/* Reads an atom of 'type' in wire form.  'symtab' resolves "named-uuid"; NULL
 * refuses them.  False if the reader has failed. */
bool ovsdb_atom_read(union ovsdb_atom *, enum ovsdb_atomic_type,
                     struct jtext_reader *, struct ovsdb_symtab *symtab);

/* Appends the wire form. */
void ovsdb_atom_put_json(struct str *, const union ovsdb_atom *,
                         enum ovsdb_atomic_type);

/* Appends the form of the command-line tools: strings bare where that is
 * unambiguous, else in JSON quotes.  ("bare": never in quotes.) */
void ovsdb_atom_put_text(struct str *, const union ovsdb_atom *,
                         enum ovsdb_atomic_type);
void ovsdb_atom_put_bare(struct str *, const union ovsdb_atom *,
                         enum ovsdb_atomic_type);

#endif /* ovsdb/atom.h */
