/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/replica/value.h"

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/ovsdb/intern.h"

const char replica_empty_string[1] = "";

/* Strings. */

static struct ovsdb_string *
interned(const char *text)
{
    return CONTAINER_OF(text, struct ovsdb_string, text);
}

const char *
replica_string_create(const char *text, size_t length)
{
    return (length ? ovsdb_string_create(text, length)->text
            : replica_empty_string);
}

const char *
replica_string_ref(const char *s)
{
    if (s != replica_empty_string) {
        ovsdb_string_ref(interned(s));
    }
    return s;
}

void
replica_string_unref(const char *s)
{
    if (s && s != replica_empty_string) {
        ovsdb_string_unref(interned(s));
    }
}

/* Atoms. */

int
vatom_compare(enum replica_type type, const union replica_atom *a,
              const union replica_atom *b)
{
    switch (type) {
    case REPLICA_INTEGER:
        return a->integer < b->integer ? -1 : a->integer > b->integer;
    case REPLICA_REAL:
        return a->real < b->real ? -1 : a->real > b->real;
    case REPLICA_BOOLEAN:
        return a->boolean - b->boolean;
    case REPLICA_STRING:
        return a->string == b->string ? 0 : strcmp(a->string, b->string);
    case REPLICA_UUID:
    case REPLICA_REF:
        return uuid_compare(&a->uuid, &b->uuid);
    case REPLICA_NONE:
        break;
    }
    return 0;
}

void
vatom_clone(enum replica_type type, union replica_atom *dst,
            const union replica_atom *src)
{
    *dst = *src;
    if (type == REPLICA_STRING) {
        replica_string_ref(dst->string);
    }
}

void
vatom_uninit(enum replica_type type, union replica_atom *atom)
{
    if (type == REPLICA_STRING) {
        replica_string_unref(atom->string);
    }
}

static bool
read_uuid(struct jtext_reader *r, struct uuid *uuid)
{
    struct span tag, text;

    if (!jtext_enter_array(r)
        || !jtext_next_item(r) || !jtext_get_string(r, &tag)) {
        jtext_fail(r, "a uuid is [\"uuid\", TEXT]");
        return false;
    }
    if (!span_equals_string(tag, "uuid")
        || !jtext_next_item(r) || !jtext_get_string(r, &text)
        || text.size != UUID_LEN || !uuid_from_prefix(uuid, text.data)
        || jtext_next_item(r)) {
        jtext_fail(r, "a uuid is [\"uuid\", TEXT]");
        return false;
    }
    return true;
}

static bool
read_atom(struct jtext_reader *r, enum replica_type type,
          union replica_atom *atom)
{
    struct span span;
    struct jtext_number number;

    switch (type) {
    case REPLICA_INTEGER:
        return jtext_get_integer(r, &atom->integer);
    case REPLICA_REAL:
        if (!jtext_get_number(r, &number)) {
            return false;
        }
        atom->real = number.real;
        return true;
    case REPLICA_BOOLEAN:
        return jtext_get_boolean(r, &atom->boolean);
    case REPLICA_STRING:
        if (!jtext_get_string(r, &span)) {
            return false;
        }
        if (span.size > OVSDB_STRING_MAX) {
            jtext_fail(r, "a string of %zu bytes is too long", span.size);
            return false;
        }
        atom->string = replica_string_create(span.data, span.size);
        return true;
    case REPLICA_UUID:
    case REPLICA_REF:
        return read_uuid(r, &atom->uuid);
    case REPLICA_NONE:
        break;
    }
    return false;
}

void
replica_put_uuid(struct str *out, const struct uuid *uuid)
{
    str_put(out, "[\"uuid\",\"");
    uuid_format(uuid, str_put_raw(out, UUID_LEN));
    str_put(out, "\"]");
}

void
vatom_put_json(struct str *out, const struct replica_base_class *base,
               const union replica_atom *atom, replica_put_ref *put_ref,
               const void *aux)
{
    switch (base->type) {
    case REPLICA_INTEGER:
        str_put_int(out, atom->integer);
        break;
    case REPLICA_REAL:
        jtext_put_real(out, atom->real);
        break;
    case REPLICA_BOOLEAN:
        str_put(out, atom->boolean ? "true" : "false");
        break;
    case REPLICA_STRING:
        jtext_put_cstr(out, atom->string);
        break;
    case REPLICA_REF:
        if (put_ref) {
            put_ref(out, base->ref, &atom->uuid, aux);
            break;
        }
        replica_put_uuid(out, &atom->uuid);
        break;
    case REPLICA_UUID:
        replica_put_uuid(out, &atom->uuid);
        break;
    case REPLICA_NONE:
        break;
    }
}

/* Buffers. */

void
vbuf_clear(struct vbuf *buf, const struct replica_column_class *class)
{
    for (size_t i = 0; i < buf->n; i++) {
        vatom_uninit(class->key.type, &buf->keys[i]);
        if (class->shape == REPLICA_MAP) {
            vatom_uninit(class->value.type, &buf->values[i]);
        }
    }
    buf->n = 0;
}

void
vbuf_uninit(struct vbuf *buf, const struct replica_column_class *class)
{
    vbuf_clear(buf, class);
    free(buf->keys);
    free(buf->values);
    *buf = (struct vbuf) VBUF_EMPTY;
}

size_t
vbuf_push(struct vbuf *buf, const struct replica_column_class *class)
{
    bool is_map = class->shape == REPLICA_MAP;

    if (buf->n >= buf->allocated || (is_map && !buf->values)) {
        size_t least = (class->shape == REPLICA_ONE
                        || class->shape == REPLICA_OPTIONAL ? 1 : 4);

        buf->allocated = MAX(least, MAX(buf->allocated, 2 * buf->n));
        buf->keys = xreallocarray(buf->keys, buf->allocated,
                                  sizeof *buf->keys);
        if (is_map) {
            buf->values = xreallocarray(buf->values, buf->allocated,
                                        sizeof *buf->values);
        } else {
            free(buf->values);
            buf->values = NULL;
        }
    }
    return buf->n++;
}

static bool
is_sorted(const struct vbuf *buf, enum replica_type type)
{
    for (size_t i = 1; i < buf->n; i++) {
        if (vatom_compare(type, &buf->keys[i - 1], &buf->keys[i]) >= 0) {
            return false;
        }
    }
    return true;
}

/* What qsort_r() sorts: a key with its index, so that equal keys keep their
 * order and values can follow. */
struct sort_item {
    union replica_atom key;
    union replica_atom value;
    size_t index;
};

static int
compare_items(const void *a_, const void *b_, void *type_)
{
    const struct sort_item *a = a_;
    const struct sort_item *b = b_;
    const enum replica_type *type = type_;
    int order = vatom_compare(*type, &a->key, &b->key);

    return order ? order : a->index < b->index ? -1 : 1;
}

void
vbuf_sort(struct vbuf *buf, const struct replica_column_class *class)
{
    bool is_map = class->shape == REPLICA_MAP;
    enum replica_type type = class->key.type;
    struct sort_item *items;
    size_t n = 0;

    if (is_sorted(buf, type)) {
        return;
    }
    items = xcalloc(buf->n, sizeof *items);
    for (size_t i = 0; i < buf->n; i++) {
        items[i].key = buf->keys[i];
        if (is_map) {
            items[i].value = buf->values[i];
        }
        items[i].index = i;
    }
    qsort_r(items, buf->n, sizeof *items, compare_items, &type);
    for (size_t i = 0; i < buf->n; i++) {
        if (n && !vatom_compare(type, &buf->keys[n - 1], &items[i].key)) {
            vatom_uninit(type, &items[i].key);
            if (is_map) {
                vatom_uninit(class->value.type, &items[i].value);
            }
            continue;
        }
        buf->keys[n] = items[i].key;
        if (is_map) {
            buf->values[n] = items[i].value;
        }
        n++;
    }
    buf->n = n;
    free(items);
}

void
vbuf_clone(struct vbuf *dst, const struct vbuf *src,
           const struct replica_column_class *class)
{
    *dst = (struct vbuf) VBUF_EMPTY;
    for (size_t i = 0; i < src->n; i++) {
        size_t j = vbuf_push(dst, class);

        vatom_clone(class->key.type, &dst->keys[j], &src->keys[i]);
        if (class->shape == REPLICA_MAP) {
            vatom_clone(class->value.type, &dst->values[j], &src->values[i]);
        }
    }
}

bool
vbuf_equals(const struct vbuf *a, const struct vbuf *b,
            const struct replica_column_class *class)
{
    if (a->n != b->n) {
        return false;
    }
    for (size_t i = 0; i < a->n; i++) {
        if (vatom_compare(class->key.type, &a->keys[i], &b->keys[i])
            || (class->shape == REPLICA_MAP
                && vatom_compare(class->value.type, &a->values[i],
                                 &b->values[i]))) {
            return false;
        }
    }
    return true;
}

bool
vbuf_is_default(const struct vbuf *buf,
                const struct replica_column_class *class)
{
    static const struct uuid zero;

    if (class->shape != REPLICA_ONE || !buf->n) {
        return !buf->n;
    }
    switch (class->key.type) {
    case REPLICA_INTEGER:
        return !buf->keys[0].integer;
    case REPLICA_REAL:
        return buf->keys[0].real == 0;
    case REPLICA_BOOLEAN:
        return !buf->keys[0].boolean;
    case REPLICA_STRING:
        return !*buf->keys[0].string;
    case REPLICA_UUID:
        return uuid_equals(&buf->keys[0].uuid, &zero);
    case REPLICA_REF:
    case REPLICA_NONE:
        break;
    }
    return false;
}

size_t
vbuf_find(const struct vbuf *buf, const union replica_atom *key,
          const struct replica_column_class *class)
{
    size_t low = 0;
    size_t high = buf->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = vatom_compare(class->key.type, key, &buf->keys[middle]);

        if (!order) {
            return middle;
        } else if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return SIZE_MAX;
}

/* Reads an atom into the key of a new element. */
static bool
read_key(struct vbuf *buf, const struct replica_column_class *class,
         struct jtext_reader *r)
{
    union replica_atom atom;
    size_t i;

    if (!read_atom(r, class->key.type, &atom)) {
        return false;
    }
    i = vbuf_push(buf, class);
    buf->keys[i] = atom;
    return true;
}

static bool
read_pair(struct vbuf *buf, const struct replica_column_class *class,
          struct jtext_reader *r)
{
    union replica_atom key, value;
    size_t i;

    if (!jtext_enter_array(r) || !jtext_next_item(r)
        || !read_atom(r, class->key.type, &key)) {
        return false;
    }
    if (!jtext_next_item(r) || !read_atom(r, class->value.type, &value)) {
        vatom_uninit(class->key.type, &key);
        return false;
    }
    i = vbuf_push(buf, class);
    buf->keys[i] = key;
    buf->values[i] = value;
    return !jtext_next_item(r);
}

/* Reads ["map", [[KEY, VALUE]...]] or ["set", [ATOM...]]. */
static bool
read_tagged(struct vbuf *buf, const struct replica_column_class *class,
            struct jtext_reader *r)
{
    bool is_map = class->shape == REPLICA_MAP;
    struct span tag;

    if (!jtext_enter_array(r) || !jtext_next_item(r)
        || !jtext_get_string(r, &tag)
        || !span_equals_string(tag, is_map ? "map" : "set")
        || !jtext_next_item(r) || !jtext_enter_array(r)) {
        return false;
    }
    while (jtext_next_item(r)) {
        if (!(is_map ? read_pair : read_key)(buf, class, r)) {
            return false;
        }
    }
    return !jtext_next_item(r) && !r->error;
}

/* Says whether the array that comes next is ["set", ...]. */
static bool
is_set_ahead(const struct jtext_reader *r)
{
    const char *p = r->p;

    for (const char *expect = "[\"set\""; *expect; expect++, p++) {
        while (p < r->end && strchr(" \t\r\n", *p)) {
            p++;
        }
        if (p >= r->end || *p != *expect) {
            return false;
        }
    }
    return true;
}

bool
vbuf_read(struct vbuf *buf, const struct replica_column_class *class,
          struct jtext_reader *r)
{
    bool ok;

    vbuf_clear(buf, class);
    if (class->shape == REPLICA_MAP
        || (jtext_peek(r) == JTEXT_ARRAY && is_set_ahead(r))) {
        ok = read_tagged(buf, class, r);
    } else {
        ok = read_key(buf, class, r);
    }
    if (!ok || r->error) {
        jtext_fail(r, "column \"%s\" has a value of wrong form",
                   class->name);
        vbuf_clear(buf, class);
        return false;
    }
    vbuf_sort(buf, class);
    return true;
}

/* Reads element 'i' of an array of a program's. */
static void
take_element(enum replica_type type, const void *array, size_t i,
             union replica_atom *atom)
{
    switch (type) {
    case REPLICA_INTEGER:
        atom->integer = ((const int64_t *) array)[i];
        break;
    case REPLICA_REAL:
        atom->real = ((const double *) array)[i];
        break;
    case REPLICA_BOOLEAN:
        atom->boolean = ((const bool *) array)[i];
        break;
    case REPLICA_STRING: {
        const char *s = ((const char *const *) array)[i];

        atom->string = replica_string_create(s, strlen(s));
        break;
    }
    case REPLICA_UUID:
        atom->uuid = ((const struct uuid *) array)[i];
        break;
    case REPLICA_REF:
        atom->uuid = ((const struct replica_row *const *) array)[i]->uuid;
        break;
    case REPLICA_NONE:
        break;
    }
}

void
vbuf_from_value(struct vbuf *buf, const struct replica_column_class *class,
                const struct replica_value *value)
{
    *buf = (struct vbuf) VBUF_EMPTY;
    for (size_t i = 0; i < value->n; i++) {
        size_t j = vbuf_push(buf, class);

        take_element(class->key.type, value->keys, i, &buf->keys[j]);
        if (class->shape == REPLICA_MAP) {
            if (value->values) {
                take_element(class->value.type, value->values, i,
                             &buf->values[j]);
            } else {
                buf->values[j] = (union replica_atom) { .integer = 0 };
                if (class->value.type == REPLICA_STRING) {
                    buf->values[j].string = replica_empty_string;
                }
            }
        }
    }
    vbuf_sort(buf, class);
}

static bool
is_in_enum(const char *const *words, const char *s)
{
    for (; *words; words++) {
        if (!strcmp(*words, s)) {
            return true;
        }
    }
    return false;
}

/* The number of characters, not bytes, as schemas count them. */
static int64_t
utf8_length(const char *s)
{
    int64_t n = 0;

    for (; *s; s++) {
        n += ((unsigned char) *s & 0xc0) != 0x80;
    }
    return n;
}

static struct error *
check_atom(const union replica_atom *atom,
           const struct replica_base_class *base, const char *column)
{
    const char *tag = "constraint violation";
    int64_t length;

    switch (base->type) {
    case REPLICA_INTEGER:
        if (atom->integer < base->min || atom->integer > base->max) {
            return error_create_tagged(
                tag, "%s: %lld is not in the valid range %lld to %lld",
                column, (long long) atom->integer, (long long) base->min,
                (long long) base->max);
        }
        break;
    case REPLICA_STRING:
        if (base->enum_ && !is_in_enum(base->enum_, atom->string)) {
            return error_create_tagged(
                tag, "%s: \"%s\" is not one of the allowed values", column,
                atom->string);
        }
        length = utf8_length(atom->string);
        if (length < base->min || length > base->max) {
            return error_create_tagged(
                tag, "%s: \"%s\" has %lld characters, not %lld to %lld",
                column, atom->string, (long long) length,
                (long long) base->min, (long long) base->max);
        }
        if (!jtext_is_utf8(atom->string, strlen(atom->string))) {
            return error_create_tagged(tag, "%s: string is not UTF-8",
                                       column);
        }
        break;
    default:
        break;
    }
    return NULL;
}

struct error *
vbuf_check(const struct vbuf *buf, const struct replica_column_class *class,
           bool whole)
{
    struct error *error = NULL;

    if (whole && (buf->n < class->n_min || buf->n > class->n_max)) {
        return error_create_tagged("constraint violation",
                                   "%s: %zu values, where %u to %u fit",
                                   class->name, buf->n, class->n_min,
                                   class->n_max);
    }
    for (size_t i = 0; i < buf->n && !error; i++) {
        error = check_atom(&buf->keys[i], &class->key, class->name);
        if (!error && class->shape == REPLICA_MAP) {
            error = check_atom(&buf->values[i], &class->value, class->name);
        }
    }
    return error;
}

void
vbuf_put_json(struct str *out, const struct vbuf *buf,
              const struct replica_column_class *class,
              replica_put_ref *put_ref, const void *aux)
{
    bool is_map = class->shape == REPLICA_MAP;

    if (!is_map && buf->n == 1) {
        vatom_put_json(out, &class->key, &buf->keys[0], put_ref, aux);
        return;
    }
    str_put(out, is_map ? "[\"map\",[" : "[\"set\",[");
    for (size_t i = 0; i < buf->n; i++) {
        if (i) {
            str_put_char(out, ',');
        }
        if (is_map) {
            str_put_char(out, '[');
        }
        vatom_put_json(out, &class->key, &buf->keys[i], put_ref, aux);
        if (is_map) {
            str_put_char(out, ',');
            vatom_put_json(out, &class->value, &buf->values[i], put_ref, aux);
            str_put_char(out, ']');
        }
    }
    str_put(out, "]]");
}
