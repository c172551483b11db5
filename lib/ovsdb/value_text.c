/* SPDX-License-Identifier: Apache-2.0 */
/* The text form of values that the command-line tools print and take
 * ("Database Values" of ovs-vsctl(8)). */

#include "lib/ovsdb/datum.h"

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/ovsdb/schema.h"

/* A range of integers in a set may not grow beyond this. */
#define RANGE_MAX (1 << 20)

void
ovsdb_datum_put_text(struct str *out, const struct ovsdb_datum *datum,
                     const struct ovsdb_type *type)
{
    const union ovsdb_atom *keys = ovsdb_datum_keys(datum);
    bool is_map = ovsdb_type_is_map(type);
    bool brackets = type->n_max > 1 || !datum->n;

    if (brackets) {
        str_put_char(out, is_map ? '{' : '[');
    }
    for (uint32_t i = 0; i < datum->n; i++) {
        if (i) {
            str_put(out, ", ");
        }
        ovsdb_atom_put_text(out, &keys[i], type->key.type);
        if (is_map) {
            str_put_char(out, '=');
            ovsdb_atom_put_text(out, &ovsdb_datum_values(datum)[i],
                                type->value.type);
        }
    }
    if (brackets) {
        str_put_char(out, is_map ? '}' : ']');
    }
}

void
ovsdb_datum_put_bare(struct str *out, const struct ovsdb_datum *datum,
                     const struct ovsdb_type *type)
{
    const union ovsdb_atom *keys = ovsdb_datum_keys(datum);

    for (uint32_t i = 0; i < datum->n; i++) {
        if (i) {
            str_put_char(out, ' ');
        }
        ovsdb_atom_put_bare(out, &keys[i], type->key.type);
        if (ovsdb_type_is_map(type)) {
            str_put_char(out, '=');
            ovsdb_atom_put_bare(out, &ovsdb_datum_values(datum)[i],
                                type->value.type);
        }
    }
}

static struct error *
error_for(const char *format, ...) PRINTF_FORMAT(1, 2);

static struct error *
error_for(const char *format, ...)
{
    va_list args;
    struct error *error;

    va_start(args, format);
    error = error_create_va(0, format, args);
    va_end(args);
    return error;
}

/* Decodes the JSON string at '*s', which starts with a quote. */
static struct error *
read_quoted(const char **s, char **ret)
{
    const char *p = *s + 1;
    struct jtext_reader r;
    struct span span;
    struct error *error;

    while (*p && *p != '"') {
        p += *p == '\\' && p[1] ? 2 : 1;
    }
    if (*p != '"') {
        return error_for("%s: missing quote at end of quoted string", *s);
    }
    p++;
    jtext_reader_init(&r, *s, p - *s);
    *ret = (jtext_get_string(&r, &span) ? xmemdup0(span.data, span.size)
            : NULL);
    error = jtext_finish(&r);
    if (error) {
        free(*ret);
        return error;
    }
    *s = p;
    return NULL;
}

static bool
ends_word(char c)
{
    return !c || strchr(":=, []{}!<>", c);
}

/* The word at '*s', for free(), decoded if it is in quotes; otherwise a
 * backslash takes from the character behind it the power to end the word. */
static struct error *
read_word(const char **s, char **ret)
{
    const char *p = *s;
    struct str word = STR_EMPTY;

    if (*p == '"') {
        return read_quoted(s, ret);
    }
    for (; !ends_word(*p); p++) {
        if (*p == '\\' && !*++p) {
            str_uninit(&word);
            return error_for("%s: backslash at end of argument", *s);
        }
        str_put_char(&word, *p);
    }
    if (p == *s) {
        return error_for("%s: unexpected \"%c\" or end of input where a "
                         "value is expected", *s, *p ? *p : ' ');
    }
    *ret = str_steal(&word);
    *s = p;
    return NULL;
}

static struct error *
uuid_from_word(union ovsdb_atom *atom, const char *s,
               struct ovsdb_symtab *symtab)
{
    if (*s == '@' && symtab) {
        atom->uuid = ovsdb_symtab_get(symtab, s)->uuid;
    } else if (!uuid_from_string(&atom->uuid, s)) {
        return error_for("\"%s\" is not a valid UUID", s);
    }
    return NULL;
}

/* Makes an atom of the decoded text 's'. */
static struct error *
atom_from_word(union ovsdb_atom *atom, const struct ovsdb_base_type *base,
               const char *s, struct ovsdb_symtab *symtab)
{
    struct error *error = NULL;

    switch (base->type) {
    case OVSDB_TYPE_INTEGER:
        if (!text_to_i64(s, 10, &atom->integer)) {
            return error_for("\"%s\" is not a valid integer", s);
        }
        break;
    case OVSDB_TYPE_REAL:
        if (!text_to_double(s, &atom->real)) {
            return error_for("\"%s\" is not a valid real number", s);
        }
        break;
    case OVSDB_TYPE_BOOLEAN:
        if (!strcmp(s, "true") || !strcmp(s, "yes") || !strcmp(s, "on")
            || !strcmp(s, "1")) {
            atom->boolean = true;
        } else if (!strcmp(s, "false") || !strcmp(s, "no")
                   || !strcmp(s, "off") || !strcmp(s, "0")) {
            atom->boolean = false;
        } else {
            return error_for("\"%s\" is not a valid boolean "
                             "(use \"true\" or \"false\")", s);
        }
        break;
    case OVSDB_TYPE_STRING:
        if (!jtext_is_utf8(s, strlen(s))) {
            return error_for("\"%s\" is not valid UTF-8", s);
        }
        atom->string = ovsdb_string_from_cstr(s);
        break;
    case OVSDB_TYPE_UUID:
        error = uuid_from_word(atom, s, symtab);
        break;
    default:
        return error_for("no value is expected");
    }
    if (error) {
        return error;
    }
    error = ovsdb_atom_check(atom, base);
    if (error) {
        ovsdb_atom_uninit(atom, base->type);
    }
    return error;
}

struct error *
ovsdb_atom_from_token(union ovsdb_atom *atom,
                      const struct ovsdb_base_type *base, const char **s,
                      struct ovsdb_symtab *symtab)
{
    const char *p = *s;
    char *word;
    struct error *error = read_word(&p, &word);

    if (error) {
        return error;
    }
    error = atom_from_word(atom, base, word, symtab);
    if (!error) {
        *s = p;
    }
    free(word);
    return error;
}

struct error *
ovsdb_atom_from_text(union ovsdb_atom *atom,
                     const struct ovsdb_base_type *base, const char *s,
                     struct ovsdb_symtab *symtab)
{
    struct error *error;
    const char *p = s;
    char *word;

    if (*s != '"') {
        return atom_from_word(atom, base, s, symtab);
    }
    error = read_quoted(&p, &word);
    if (error) {
        return error;
    }
    error = (*p ? error_for("%s: trailing garbage after quoted string", s)
             : atom_from_word(atom, base, word, symtab));
    free(word);
    return error;
}

static const char *
skip_blanks(const char *s)
{
    return s + strspn(s, " \t\n");
}

/* Skips what may stand between elements: blanks, a comma, or both. */
static const char *
skip_separators(const char *s)
{
    s = skip_blanks(s);
    return *s == ',' ? skip_blanks(s + 1) : s;
}

/* Reads "FIRST-LAST" as integers.  False, without an error, if it is none. */
static bool
read_range(const char **s, int64_t *first, int64_t *last)
{
    const char *p = *s;
    const char *dash;
    bool ok = false;

    while (!ends_word(*p)) {
        p++;
    }
    dash = p > *s + 1 ? memchr(*s + 1, '-', p - *s - 1) : NULL;
    if (dash) {
        char *a = xmemdup0(*s, dash - *s);
        char *b = xmemdup0(dash + 1, p - dash - 1);

        ok = text_to_i64(a, 10, first) && text_to_i64(b, 10, last);
        free(a);
        free(b);
    }
    if (ok) {
        *s = p;
    }
    return ok;
}

static struct error *
append_range(struct ovsdb_datum *datum, const struct ovsdb_type *type,
             int64_t first, int64_t last)
{
    if (first > last || (uint64_t) last - (uint64_t) first > RANGE_MAX) {
        return error_for("%lld-%lld is not a valid range",
                         (long long) first, (long long) last);
    }
    for (int64_t i = first; i <= last; i++) {
        union ovsdb_atom atom = { .integer = i };
        struct error *error = ovsdb_atom_check(&atom, &type->key);

        if (error) {
            return error;
        }
        ovsdb_datum_append_take(datum, atom, atom, type);
    }
    return NULL;
}

/* Reads one element of a set or map at '*s'. */
static struct error *
read_element(struct ovsdb_datum *datum, const struct ovsdb_type *type,
             const char **s, struct ovsdb_symtab *symtab)
{
    union ovsdb_atom key, value = { 0 };
    int64_t first, last;
    struct error *error;

    if (type->key.type == OVSDB_TYPE_INTEGER && !ovsdb_type_is_map(type)
        && type->n_max > 1 && read_range(s, &first, &last)) {
        return append_range(datum, type, first, last);
    }
    error = ovsdb_atom_from_token(&key, &type->key, s, symtab);
    if (error) {
        return error;
    }
    if (ovsdb_type_is_map(type)) {
        *s = skip_blanks(*s);
        if (**s != '=') {
            error = error_for("%s: syntax error at \"%c\" expecting \"=\"",
                              *s, **s ? **s : ' ');
        } else {
            *s = skip_blanks(*s + 1);
            error = ovsdb_atom_from_token(&value, &type->value, s, symtab);
        }
    }
    if (error) {
        ovsdb_atom_uninit(&key, type->key.type);
        return error;
    }
    ovsdb_datum_append_take(datum, key, value, type);
    return NULL;
}

static struct error *
read_all(struct ovsdb_datum *datum, const struct ovsdb_type *type,
         const char *s, struct ovsdb_symtab *symtab)
{
    char open = ovsdb_type_is_map(type) ? '{' : '[';
    char close = 0;
    struct error *error;

    s = skip_blanks(s);
    if (*s == open) {
        close = open + 2;
        s++;
    }
    for (s = skip_blanks(s); *s && *s != close; s = skip_separators(s)) {
        const char *before = s;

        error = read_element(datum, type, &s, symtab);
        if (error) {
            return error;
        }
        if (*s && *s != close && *s != ',' && *s != ' ') {
            return error_for("%s: trailing garbage \"%s\"", before, s);
        }
    }
    if (close) {
        if (*s != close) {
            return error_for("missing \"%c\" at end", close);
        }
        s = skip_blanks(s + 1);
        if (*s) {
            return error_for("%s: trailing garbage after \"%c\"", s, close);
        }
    }
    if (ovsdb_datum_finish(datum, type)) {
        return error_for("%s contains duplicate",
                         ovsdb_type_is_map(type) ? "map" : "set");
    }
    return ovsdb_datum_check_size(datum, type);
}

struct error *
ovsdb_datum_from_text(struct ovsdb_datum *datum, const struct ovsdb_type *type,
                      const char *s, struct ovsdb_symtab *symtab)
{
    struct error *error;

    ovsdb_datum_init_empty(datum);
    error = read_all(datum, type, s, symtab);
    if (error) {
        ovsdb_datum_uninit(datum, type);
        return error;
    }
    return NULL;
}
