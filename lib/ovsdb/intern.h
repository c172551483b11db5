/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_INTERN_H
#define OVSDB_INTERN_H

/* Strings of a database: each text is kept once in the process, counted by its
 * users, and never changes.  Equal strings are equal pointers.
 *
 * Threads: one at a time for everything here; reading a string that somebody
 * keeps referenced is safe from any. */

#include "lib/base/compiler.h"

struct ovsdb_string {
    uint32_t n_refs;
    uint32_t hash;
    uint32_t length;        /* Without the null terminator. */
    bool is_plain;          /* Needs no escapes in JSON. */
    char text[];            /* Null-terminated; no null byte inside. */
};

/* Longest string that is accepted from outside, in bytes. */
#define OVSDB_STRING_MAX (256u << 20)

/* Returns a new reference to the string of 'length' bytes at 'text', which
 * has no null byte and is UTF-8. */
struct ovsdb_string *ovsdb_string_create(const char *text, size_t length);
struct ovsdb_string *ovsdb_string_from_cstr(const char *text);

static inline struct ovsdb_string *
ovsdb_string_ref(struct ovsdb_string *s)
{
    s->n_refs++;
    return s;
}

void ovsdb_string_destroy_(struct ovsdb_string *);

static inline void
ovsdb_string_unref(struct ovsdb_string *s)
{
    if (s && !--s->n_refs) {
        ovsdb_string_destroy_(s);
    }
}

/* Makes room for 'n' more strings in one go. */
void ovsdb_string_reserve(size_t n);

/* Orders by bytes.  Negative, 0 or positive. */
int ovsdb_string_compare(const struct ovsdb_string *,
                         const struct ovsdb_string *);

/* How many distinct strings there are, and the bytes they take. */
size_t ovsdb_string_count(void);
size_t ovsdb_string_bytes(void);

#endif /* ovsdb/intern.h */
