/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ovsdb/type.h"

#include <float.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/ovsdb/datum.h"
#include "lib/ovsdb/schema.h"

void
ovsdb_base_type_init(struct ovsdb_base_type *base, enum ovsdb_atomic_type type)
{
    *base = (struct ovsdb_base_type) { .type = type };
    switch (type) {
    case OVSDB_TYPE_INTEGER:
        base->integer.min = INT64_MIN;
        base->integer.max = INT64_MAX;
        break;
    case OVSDB_TYPE_REAL:
        base->real.min = -DBL_MAX;
        base->real.max = DBL_MAX;
        break;
    case OVSDB_TYPE_STRING:
        base->string.max_length = UINT_MAX;
        break;
    default:
        break;
    }
}

/* The type of a set of any number of 'type'. */
static void
set_type_init(struct ovsdb_type *set, enum ovsdb_atomic_type type)
{
    ovsdb_type_init(set, type);
    set->n_min = 0;
    set->n_max = UINT_MAX;
}

void
ovsdb_base_type_uninit(struct ovsdb_base_type *base)
{
    if (base->enum_) {
        struct ovsdb_type set;

        set_type_init(&set, base->type);
        ovsdb_datum_uninit(base->enum_, &set);
        free(base->enum_);
        base->enum_ = NULL;
    }
    if (base->type == OVSDB_TYPE_UUID) {
        free(base->uuid.ref_table_name);
        base->uuid.ref_table_name = NULL;
    }
}

void
ovsdb_base_type_clone(struct ovsdb_base_type *dst,
                      const struct ovsdb_base_type *src)
{
    *dst = *src;
    if (src->enum_) {
        struct ovsdb_type set;

        set_type_init(&set, src->type);
        dst->enum_ = xmalloc(sizeof *dst->enum_);
        ovsdb_datum_clone(dst->enum_, src->enum_, &set);
    }
    if (src->type == OVSDB_TYPE_UUID) {
        dst->uuid.ref_table_name = xstrdup_null(src->uuid.ref_table_name);
    }
}

bool
ovsdb_base_type_has_constraints(const struct ovsdb_base_type *base)
{
    if (base->enum_) {
        return true;
    }
    switch (base->type) {
    case OVSDB_TYPE_INTEGER:
        return (base->integer.min != INT64_MIN
                || base->integer.max != INT64_MAX);
    case OVSDB_TYPE_REAL:
        return base->real.min != -DBL_MAX || base->real.max != DBL_MAX;
    case OVSDB_TYPE_STRING:
        return (base->string.min_length
                || base->string.max_length != UINT_MAX);
    case OVSDB_TYPE_UUID:
        return base->uuid.ref_table_name != NULL;
    default:
        return false;
    }
}

static bool
enums_equal(const struct ovsdb_base_type *a, const struct ovsdb_base_type *b)
{
    struct ovsdb_type set;

    if (!a->enum_ || !b->enum_) {
        return a->enum_ == b->enum_;
    }
    set_type_init(&set, a->type);
    return ovsdb_datum_equals(a->enum_, b->enum_, &set);
}

bool
ovsdb_base_type_equals(const struct ovsdb_base_type *a,
                       const struct ovsdb_base_type *b)
{
    if (a->type != b->type || !enums_equal(a, b)) {
        return false;
    }
    switch (a->type) {
    case OVSDB_TYPE_INTEGER:
        return (a->integer.min == b->integer.min
                && a->integer.max == b->integer.max);
    case OVSDB_TYPE_REAL:
        return a->real.min == b->real.min && a->real.max == b->real.max;
    case OVSDB_TYPE_STRING:
        return (a->string.min_length == b->string.min_length
                && a->string.max_length == b->string.max_length);
    case OVSDB_TYPE_UUID:
        if (!a->uuid.ref_table_name || !b->uuid.ref_table_name) {
            return a->uuid.ref_table_name == b->uuid.ref_table_name;
        }
        return (!strcmp(a->uuid.ref_table_name, b->uuid.ref_table_name)
                && a->uuid.ref_type == b->uuid.ref_type);
    default:
        return true;
    }
}

void
ovsdb_type_init(struct ovsdb_type *type, enum ovsdb_atomic_type atomic)
{
    ovsdb_base_type_init(&type->key, atomic);
    ovsdb_base_type_init(&type->value, OVSDB_TYPE_VOID);
    type->n_min = type->n_max = 1;
}

void
ovsdb_type_uninit(struct ovsdb_type *type)
{
    ovsdb_base_type_uninit(&type->key);
    ovsdb_base_type_uninit(&type->value);
}

void
ovsdb_type_clone(struct ovsdb_type *dst, const struct ovsdb_type *src)
{
    ovsdb_base_type_clone(&dst->key, &src->key);
    ovsdb_base_type_clone(&dst->value, &src->value);
    dst->n_min = src->n_min;
    dst->n_max = src->n_max;
}

bool
ovsdb_type_equals(const struct ovsdb_type *a, const struct ovsdb_type *b)
{
    return (ovsdb_base_type_equals(&a->key, &b->key)
            && ovsdb_base_type_equals(&a->value, &b->value)
            && a->n_min == b->n_min && a->n_max == b->n_max);
}

static struct error *
syntax(const char *message)
{
    return error_create_tagged("syntax error", "%s", message);
}

static struct error *
read_enum(struct ovsdb_base_type *base, const json_t *json)
{
    struct ovsdb_type set;
    struct ovsdb_datum *datum;
    struct error *error;

    set_type_init(&set, base->type);
    set.n_min = 1;
    datum = xmalloc(sizeof *datum);
    error = ovsdb_datum_from_json(datum, &set, json, NULL, 0);
    if (error) {
        free(datum);
        return error_wrap(error, "enum");
    }
    base->enum_ = datum;
    return NULL;
}

bool
ovsdb_read_integer(const json_t *json, int64_t *ret)
{
    double real = json_real_value(json);

    if (json_is_integer(json)) {
        *ret = json_integer_value(json);
        return true;
    }
    /* In range, so that the conversion is defined, and without a fraction. */
    if (!json_is_real(json) || !(real >= -0x1p63 && real < 0x1p63)
        || real != (double) (int64_t) real) {
        return false;
    }
    *ret = real;
    return true;
}

static struct error *
read_length(const json_t *json, unsigned int *ret)
{
    if (json) {
        int64_t n;

        if (!ovsdb_read_integer(json, &n) || n < 0 || n > UINT_MAX) {
            return syntax("minLength and maxLength must be in the valid "
                          "range 0 to 4294967295");
        }
        *ret = n;
    }
    return NULL;
}

static struct error *
read_ref(struct ovsdb_base_type *base, const json_t *table,
         const json_t *ref_type)
{
    const char *name = json_string_value(table);
    const char *type = json_string_value(ref_type);

    if (!table) {
        return (ref_type ? syntax("refType is not allowed without refTable")
                : NULL);
    }
    if (!name || !ovsdb_id_is_valid(name)) {
        return syntax("refTable is not a valid <id>");
    }
    if (ref_type && (!type || (strcmp(type, "strong")
                               && strcmp(type, "weak")))) {
        return syntax("refType must be \"strong\" or \"weak\" "
                      "(not another value)");
    }
    base->uuid.ref_table_name = xstrdup(name);
    base->uuid.ref_type = (type && !strcmp(type, "weak") ? OVSDB_REF_WEAK
                           : OVSDB_REF_STRONG);
    return NULL;
}

static struct error *
read_constraints(struct ovsdb_base_type *base, const json_t *json)
{
    const json_t *min, *max;
    struct error *error;

    switch (base->type) {
    case OVSDB_TYPE_INTEGER:
        min = json_object_get(json, "minInteger");
        max = json_object_get(json, "maxInteger");
        base->integer.min = INT64_MIN;
        base->integer.max = INT64_MAX;
        if ((min && !ovsdb_read_integer(min, &base->integer.min))
            || (max && !ovsdb_read_integer(max, &base->integer.max))) {
            return syntax("minInteger and maxInteger must be integers");
        }
        return (base->integer.min > base->integer.max
                ? syntax("minInteger exceeds maxInteger") : NULL);
    case OVSDB_TYPE_REAL:
        min = json_object_get(json, "minReal");
        max = json_object_get(json, "maxReal");
        if ((min && !json_is_number(min)) || (max && !json_is_number(max))) {
            return syntax("minReal and maxReal must be numbers");
        }
        base->real.min = min ? json_number_value(min) : -DBL_MAX;
        base->real.max = max ? json_number_value(max) : DBL_MAX;
        return (base->real.min > base->real.max
                ? syntax("minReal exceeds maxReal") : NULL);
    case OVSDB_TYPE_STRING:
        error = read_length(json_object_get(json, "minLength"),
                            &base->string.min_length);
        if (!error) {
            error = read_length(json_object_get(json, "maxLength"),
                                &base->string.max_length);
        }
        if (!error && base->string.min_length > base->string.max_length) {
            error = syntax("minLength exceeds maxLength");
        }
        return error;
    case OVSDB_TYPE_UUID:
        return read_ref(base, json_object_get(json, "refTable"),
                        json_object_get(json, "refType"));
    default:
        return NULL;
    }
}

/* Refuses members that mean nothing for the type. */
static struct error *
check_members(const json_t *json, enum ovsdb_atomic_type type, bool has_enum)
{
    static const struct {
        const char *name;
        enum ovsdb_atomic_type type;    /* VOID: any. */
    } members[] = {
        { "type", OVSDB_TYPE_VOID },
        { "enum", OVSDB_TYPE_VOID },
        { "minInteger", OVSDB_TYPE_INTEGER },
        { "maxInteger", OVSDB_TYPE_INTEGER },
        { "minReal", OVSDB_TYPE_REAL },
        { "maxReal", OVSDB_TYPE_REAL },
        { "minLength", OVSDB_TYPE_STRING },
        { "maxLength", OVSDB_TYPE_STRING },
        { "refTable", OVSDB_TYPE_UUID },
        { "refType", OVSDB_TYPE_UUID },
    };
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *) json, name, value) {
        bool is_known = false;

        for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
            if (!strcmp(name, members[i].name)
                && (members[i].type == OVSDB_TYPE_VOID
                    || (members[i].type == type && !has_enum))) {
                is_known = true;
            }
        }
        if (!is_known) {
            return error_create_tagged("syntax error", "Parsing ovsdb type "
                                       "failed: Member '%s' is present but "
                                       "not allowed here.", name);
        }
    }
    return NULL;
}

static struct error *
base_type_from_json(struct ovsdb_base_type *base, const json_t *json)
{
    const json_t *type_json = (json_is_object(json)
                               ? json_object_get(json, "type") : json);
    const char *type_name = json_string_value(type_json);
    const json_t *enum_json = json_object_get(json, "enum");
    enum ovsdb_atomic_type type;
    struct error *error;

    if (!type_name) {
        return syntax("ovsdb type must be a string or an object with a "
                      "\"type\"");
    }
    if (!ovsdb_atomic_type_from_name(type_name, strlen(type_name), &type)) {
        return error_create_tagged("syntax error",
                                   "\"%s\" is not an atomic-type", type_name);
    }
    ovsdb_base_type_init(base, type);
    if (!json_is_object(json)) {
        return NULL;
    }
    error = check_members(json, type, enum_json != NULL);
    if (!error) {
        error = (enum_json ? read_enum(base, enum_json)
                 : read_constraints(base, json));
    }
    if (error) {
        ovsdb_base_type_uninit(base);
    }
    return error;
}

static struct error *
read_counts(struct ovsdb_type *type, const json_t *min, const json_t *max)
{
    int64_t n;

    if (min) {
        if (!ovsdb_read_integer(min, &n) || (n != 0 && n != 1)) {
            return syntax("\"min\" must be 0 or 1");
        }
        type->n_min = n;
    }
    if (max) {
        if (json_is_string(max)
            && !strcmp(json_string_value(max), "unlimited")) {
            type->n_max = UINT_MAX;
        } else if (ovsdb_read_integer(max, &n) && n >= 1 && n < UINT_MAX) {
            type->n_max = n;
        } else {
            return syntax("\"max\" must be \"unlimited\" or an integer of "
                          "at least 1");
        }
    }
    return NULL;
}

static struct error *
type_members_from_json(struct ovsdb_type *type, const json_t *json)
{
    const json_t *value = json_object_get(json, "value");
    const char *name;
    json_t *member;
    struct error *error;

    json_object_foreach ((json_t *) json, name, member) {
        if (strcmp(name, "key") && strcmp(name, "value")
            && strcmp(name, "min") && strcmp(name, "max")) {
            return error_create_tagged("syntax error", "Parsing ovsdb type "
                                       "failed: Member '%s' is present but "
                                       "not allowed here.", name);
        }
    }
    error = base_type_from_json(&type->key, json_object_get(json, "key"));
    if (error) {
        ovsdb_base_type_init(&type->key, OVSDB_TYPE_VOID);
        return error_wrap(error, "key");
    }
    if (value) {
        error = base_type_from_json(&type->value, value);
        if (error) {
            ovsdb_base_type_init(&type->value, OVSDB_TYPE_VOID);
            return error_wrap(error, "value");
        }
    }
    return read_counts(type, json_object_get(json, "min"),
                       json_object_get(json, "max"));
}

struct error *
ovsdb_type_from_json(struct ovsdb_type *type, const json_t *json)
{
    struct error *error;

    ovsdb_type_init(type, OVSDB_TYPE_VOID);
    if (!json_is_object(json)) {
        return base_type_from_json(&type->key, json);
    }
    error = type_members_from_json(type, json);
    if (error) {
        ovsdb_type_uninit(type);
    }
    return error;
}

static json_t *
base_type_to_json(const struct ovsdb_base_type *base)
{
    const char *name = ovsdb_atomic_type_name(base->type);
    json_t *json;

    if (!ovsdb_base_type_has_constraints(base)) {
        return json_string(name);
    }
    json = json_pack("{ss}", "type", name);
    if (base->enum_) {
        struct ovsdb_type set;

        set_type_init(&set, base->type);
        json_object_set_new(json, "enum",
                            ovsdb_datum_to_json(base->enum_, &set));
        return json;
    }

#define PUT(COND, NAME, JSON) \
    ((COND) ? (void) json_object_set_new(json, NAME, JSON) : (void) 0)
    switch (base->type) {
    case OVSDB_TYPE_INTEGER:
        PUT(base->integer.min != INT64_MIN, "minInteger",
            json_integer(base->integer.min));
        PUT(base->integer.max != INT64_MAX, "maxInteger",
            json_integer(base->integer.max));
        break;
    case OVSDB_TYPE_REAL:
        PUT(base->real.min != -DBL_MAX, "minReal",
            json_real(base->real.min));
        PUT(base->real.max != DBL_MAX, "maxReal", json_real(base->real.max));
        break;
    case OVSDB_TYPE_STRING:
        PUT(base->string.min_length, "minLength",
            json_integer(base->string.min_length));
        PUT(base->string.max_length != UINT_MAX, "maxLength",
            json_integer(base->string.max_length));
        break;
    case OVSDB_TYPE_UUID:
        PUT(true, "refTable", json_string(base->uuid.ref_table_name));
        PUT(base->uuid.ref_type == OVSDB_REF_WEAK, "refType",
            json_string("weak"));
        break;
    default:
        break;
    }
#undef PUT
    return json;
}

json_t *
ovsdb_type_to_json(const struct ovsdb_type *type)
{
    json_t *json;

    if (ovsdb_type_is_scalar(type)
        && !ovsdb_base_type_has_constraints(&type->key)) {
        return base_type_to_json(&type->key);
    }
    json = json_object();
    json_object_set_new(json, "key", base_type_to_json(&type->key));
    if (ovsdb_type_is_map(type)) {
        json_object_set_new(json, "value", base_type_to_json(&type->value));
    }
    if (type->n_min != 1) {
        json_object_set_new(json, "min", json_integer(type->n_min));
    }
    if (type->n_max == UINT_MAX) {
        json_object_set_new(json, "max", json_string("unlimited"));
    } else if (type->n_max != 1) {
        json_object_set_new(json, "max", json_integer(type->n_max));
    }
    return json;
}

/* Characters, not bytes, of UTF-8. */
static size_t
n_characters(const struct ovsdb_string *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->length; i++) {
        n += (s->text[i] & 0xc0) != 0x80;
    }
    return n;
}

static struct error *
violation(const char *format, ...) PRINTF_FORMAT(1, 2);

static struct error *
violation(const char *format, ...)
{
    va_list args;
    char *message;
    struct error *error;

    va_start(args, format);
    message = xvasprintf(format, args);
    va_end(args);
    error = error_create_tagged("constraint violation", "%s", message);
    free(message);
    return error;
}

static struct error *
check_enum(const union ovsdb_atom *atom, const struct ovsdb_base_type *base)
{
    struct str s = STR_EMPTY;
    struct ovsdb_type set;
    struct error *error;

    if (ovsdb_datum_find(base->enum_, atom, base->type) != UINT32_MAX) {
        return NULL;
    }
    set_type_init(&set, base->type);
    ovsdb_atom_put_text(&s, atom, base->type);
    str_put(&s, " is not one of the allowed values (");
    ovsdb_datum_put_text(&s, base->enum_, &set);
    str_put_char(&s, ')');
    error = violation("%s", str_cstr(&s));
    str_uninit(&s);
    return error;
}

static struct error *
check_integer(int64_t i, const struct ovsdb_base_type *base)
{
    int64_t min = base->integer.min;
    int64_t max = base->integer.max;

    if (i >= min && i <= max) {
        return NULL;
    }
    if (min != INT64_MIN && max != INT64_MAX) {
        return violation("%lld is not in the valid range %lld to %lld "
                         "(inclusive)", (long long) i, (long long) min,
                         (long long) max);
    } else if (min != INT64_MIN) {
        return violation("%lld is less than minimum allowed value %lld",
                         (long long) i, (long long) min);
    }
    return violation("%lld is greater than maximum allowed value %lld",
                     (long long) i, (long long) max);
}

static struct error *
check_real(double real, const struct ovsdb_base_type *base)
{
    double min = base->real.min;
    double max = base->real.max;

    if (real >= min && real <= max) {
        return NULL;
    }
    if (min != -DBL_MAX && max != DBL_MAX) {
        return violation("%.15g is not in the valid range %.15g to %.15g "
                         "(inclusive)", real, min, max);
    } else if (min != -DBL_MAX) {
        return violation("%.15g is less than minimum allowed value %.15g",
                         real, min);
    }
    return violation("%.15g is greater than maximum allowed value %.15g",
                     real, max);
}

static struct error *
check_string(const struct ovsdb_string *s, const struct ovsdb_base_type *base)
{
    if (!base->string.min_length && base->string.max_length == UINT_MAX) {
        return NULL;
    }

    size_t n = n_characters(s);
    if (n < base->string.min_length) {
        return violation("\"%s\" length %zu is less than minimum allowed "
                         "length %u", s->text, n, base->string.min_length);
    } else if (n > base->string.max_length) {
        struct span text = { s->text, s->length };

        return violation("\"%.*s\" length %zu is greater than maximum "
                         "allowed length %u", jtext_clip(&text, 64),
                         s->text, n, base->string.max_length);
    }
    return NULL;
}

struct error *
ovsdb_atom_check(const union ovsdb_atom *atom,
                 const struct ovsdb_base_type *base)
{
    if (base->enum_) {
        return check_enum(atom, base);
    }
    switch (base->type) {
    case OVSDB_TYPE_INTEGER:
        return check_integer(atom->integer, base);
    case OVSDB_TYPE_REAL:
        return check_real(atom->real, base);
    case OVSDB_TYPE_STRING:
        return check_string(atom->string, base);
    default:
        return NULL;
    }
}

void
ovsdb_type_put_text(struct str *out, const struct ovsdb_type *type)
{
    const char *key = ovsdb_atomic_type_name(type->key.type);

    if (ovsdb_type_is_scalar(type)) {
        str_put(out, key);
        return;
    }
    str_put(out, ovsdb_type_is_map(type) ? "map of " : "set of ");
    if (type->n_max == UINT_MAX) {
        if (type->n_min) {
            str_printf(out, "%u or more ", type->n_min);
        }
    } else if (type->n_min == type->n_max) {
        str_printf(out, "%u ", type->n_min);
    } else if (!type->n_min) {
        str_printf(out, "up to %u ", type->n_max);
    } else {
        str_printf(out, "%u to %u ", type->n_min, type->n_max);
    }
    if (ovsdb_type_is_map(type)) {
        str_printf(out, "(%s, %s) pairs", key,
                   ovsdb_atomic_type_name(type->value.type));
    } else {
        str_printf(out, "%s%s", key, type->n_max == 1 ? "" : "s");
    }
}
