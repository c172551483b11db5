/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/jsonrpc/framer.h"

#include <errno.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* An idle connection keeps no larger buffer than this. */
#define KEEP_BYTES 4096

/* What may come next outside of strings and nested values. */
enum {
    EXPECT_OBJECT,              /* Between messages. */
    EXPECT_KEY_OR_END,
    EXPECT_KEY,
    IN_KEY,
    EXPECT_COLON,
    EXPECT_VALUE,
    IN_SCALAR,                  /* Number, true, false, null. */
    IN_STRING_VALUE,
    IN_NESTED,                  /* depth > 1. */
    EXPECT_COMMA_OR_END,
    AT_END,                     /* The message is whole. */
};

/* Characters that matter in nested values. */
enum { PLAIN, QUOTE, OPEN, CLOSE };

static const uint8_t classes[256] = {
    ['"'] = QUOTE, ['{'] = OPEN, ['['] = OPEN, ['}'] = CLOSE, [']'] = CLOSE,
};

static inline bool
is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* The first '"' or '\\' in [p, end), or 'end'. */
static inline const char *
find_string_special(const char *p, const char *end)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');

    for (; end - p >= 16; p += 16) {
        __m128i x = _mm_loadu_si128((const __m128i *) (const void *) p);
        int mask = _mm_movemask_epi8(_mm_or_si128(
            _mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, backslash)));

        if (mask) {
            return p + __builtin_ctz(mask);
        }
    }
#endif
    while (p < end && *p != '"' && *p != '\\') {
        p++;
    }
    return p;
}

/* The first quote or bracket in [p, end), or 'end'. */
static inline const char *
find_nested_special(const char *p, const char *end)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i open = _mm_set1_epi8('{');
    const __m128i close = _mm_set1_epi8('}');
    const __m128i bit = _mm_set1_epi8('{' ^ '[');   /* Also '}' ^ ']'. */

    for (; end - p >= 16; p += 16) {
        __m128i x = _mm_loadu_si128((const __m128i *) (const void *) p);
        __m128i y = _mm_or_si128(x, bit);
        int mask = _mm_movemask_epi8(_mm_or_si128(
            _mm_cmpeq_epi8(x, quote),
            _mm_or_si128(_mm_cmpeq_epi8(y, open), _mm_cmpeq_epi8(y, close))));

        if (mask) {
            return p + __builtin_ctz(mask);
        }
    }
#endif
    while (p < end && classes[(uint8_t) *p] == PLAIN) {
        p++;
    }
    return p;
}

void
framer_init(struct framer *f, size_t max_bytes)
{
    *f = (struct framer) { .max_bytes = max_bytes, .state = EXPECT_OBJECT };
}

void
framer_uninit(struct framer *f)
{
    str_uninit(&f->buffer);
}

size_t
framer_buffered_bytes(const struct framer *f)
{
    return f->buffer.length;
}

static struct error *
syntax_error(const char *what)
{
    return error_create(EPROTO, "JSON syntax: %s", what);
}

/* Opens a bracket.  Returns false if it is one too many. */
static bool
push(struct framer *f, bool object)
{
    if (f->depth >= FRAMER_MAX_DEPTH) {
        return false;
    }
    uint64_t bit = UINT64_C(1) << f->depth % 64;
    uint64_t *word = &f->is_object[f->depth / 64];

    *word = object ? *word | bit : *word & ~bit;
    f->depth++;
    return true;
}

/* Closes a bracket.  Returns false if it is not of the kind that is open. */
static bool
pop(struct framer *f, bool object)
{
    f->depth--;
    return (f->is_object[f->depth / 64] >> f->depth % 64 & 1) == object;
}

/* Goes on in a string.  Returns where it ends, behind the quote, or 'end',
 * then with 'in_string' still set. */
static const char *
skip_string(struct framer *f, const char *p, const char *end)
{
    while (p < end) {
        if (f->is_escaped) {
            f->is_escaped = false;
            p++;
            continue;
        }
        p = find_string_special(p, end);
        if (p == end) {
            break;
        }
        if (*p++ == '"') {
            f->in_string = false;
            break;
        }
        f->is_escaped = true;
    }
    return p;
}

/* Goes on in a nested value, up to its end (then 'depth' is 1) or 'end'. */
static struct error *
skip_nested(struct framer *f, const char **pp, const char *end)
{
    const char *p = *pp;

    while (p < end) {
        if (f->in_string) {
            p = skip_string(f, p, end);
            continue;
        }
        p = find_nested_special(p, end);
        if (p == end) {
            break;
        }
        char c = *p++;
        if (c == '"') {
            f->in_string = true;
        } else if (classes[(uint8_t) c] == OPEN) {
            if (!push(f, c == '{')) {
                return syntax_error("nested too deeply");
            }
        } else if (!pop(f, c == '}')) {
            return syntax_error("brackets do not match");
        } else if (f->depth == 1) {
            break;
        }
    }
    *pp = p;
    return NULL;
}

static struct framer_member *
last_member(struct framer *f)
{
    return &f->members[f->n_members - 1];
}

static struct error *
begin_key(struct framer *f, size_t offset)
{
    if (f->n_members >= FRAMER_MAX_MEMBERS) {
        return syntax_error("too many members in message");
    }
    f->members[f->n_members++].key_start = offset + 1;
    f->in_string = true;
    f->state = IN_KEY;
    return NULL;
}

static struct error *
begin_value(struct framer *f, char c, size_t offset)
{
    last_member(f)->value_start = offset;
    if (c == '"') {
        f->in_string = true;
        f->state = IN_STRING_VALUE;
    } else if (c == '{' || c == '[') {
        push(f, c == '{');
        f->state = IN_NESTED;
    } else if ((c >= '0' && c <= '9') || c == '-' || c == 't' || c == 'f'
               || c == 'n') {
        f->state = IN_SCALAR;
    } else {
        return syntax_error("value expected");
    }
    return NULL;
}

/* Takes one character outside of strings and nested values, at 'offset' in
 * the message.  'f->state' becomes AT_END at its last. */
static struct error *
take_char(struct framer *f, char c, size_t offset)
{
    switch (f->state) {
    case EXPECT_OBJECT:
        if (c != '{') {
            return syntax_error("message is not an object");
        }
        f->depth = 0;
        f->n_members = 0;
        push(f, true);
        f->state = EXPECT_KEY_OR_END;
        return NULL;

    case EXPECT_KEY_OR_END:
        if (c == '}') {
            f->state = AT_END;
            return NULL;
        }
        /* Fall through. */
    case EXPECT_KEY:
        return c == '"' ? begin_key(f, offset) : syntax_error("name expected");

    case EXPECT_COLON:
        if (c != ':') {
            return syntax_error("':' expected");
        }
        f->state = EXPECT_VALUE;
        return NULL;

    case EXPECT_VALUE:
        return begin_value(f, c, offset);

    case EXPECT_COMMA_OR_END:
        if (c != ',' && c != '}') {
            return syntax_error("',' or '}' expected");
        }
        f->state = c == ',' ? EXPECT_KEY : AT_END;
        return NULL;
    }
    return syntax_error("unexpected character");
}

/* Reads on from '*pp', which is at 'base_offset' in the message, up to the end
 * of the message or 'end'. */
static struct error *
scan(struct framer *f, const char **pp, const char *end, size_t base_offset)
{
    const char *start = *pp;
    const char *p = start;
    struct error *error = NULL;

    while (p < end && !error && f->state != AT_END) {
        switch (f->state) {
        case IN_KEY:
            p = skip_string(f, p, end);
            if (!f->in_string) {
                last_member(f)->key_end = base_offset + (p - start) - 1;
                f->state = EXPECT_COLON;
            }
            break;

        case IN_STRING_VALUE:
            p = skip_string(f, p, end);
            if (!f->in_string) {
                last_member(f)->value_end = base_offset + (p - start);
                f->state = EXPECT_COMMA_OR_END;
            }
            break;

        case IN_NESTED:
            error = skip_nested(f, &p, end);
            if (f->depth == 1) {
                last_member(f)->value_end = base_offset + (p - start);
                f->state = EXPECT_COMMA_OR_END;
            }
            break;

        case IN_SCALAR:
            while (p < end && !is_space(*p) && *p != ',' && *p != '}') {
                if (classes[(uint8_t) *p] != PLAIN) {
                    return syntax_error("bad number or word");
                }
                p++;
            }
            if (p < end) {
                last_member(f)->value_end = base_offset + (p - start);
                f->state = EXPECT_COMMA_OR_END;
            }
            break;

        default:
            if (!is_space(*p)) {
                error = take_char(f, *p, base_offset + (p - start));
            }
            p++;
            break;
        }
    }
    *pp = p;
    return error;
}

/* Forgets the buffer of the message before. */
static void
begin_message(struct framer *f, const char **data, size_t *size)
{
    while (*size && is_space(**data)) {
        ++*data;
        --*size;
    }
    if (f->buffer.allocated > KEEP_BYTES) {
        str_uninit(&f->buffer);
    }
    str_clear(&f->buffer);
}

struct error *
framer_feed(struct framer *f, const char **data, size_t *size,
            struct span *ret)
{
    *ret = SPAN_NULL;
    if (f->state == AT_END) {
        f->state = EXPECT_OBJECT;
        f->offset = 0;
    }
    if (f->state == EXPECT_OBJECT) {
        begin_message(f, data, size);
    }
    if (!*size) {
        return NULL;
    }

    const char *p = *data;
    struct error *error = scan(f, &p, *data + *size, f->offset);
    if (error) {
        return error;
    }
    size_t n = p - *data;
    if (n > f->max_bytes - f->offset) {
        return error_create(EMSGSIZE, "message is longer than %zu bytes",
                            f->max_bytes);
    }
    f->offset += n;
    if (f->state != AT_END || f->buffer.length) {
        str_put_bytes(&f->buffer, *data, n);
    }
    if (f->state == AT_END) {
        ret->data = f->buffer.length ? f->buffer.string : *data;
        ret->size = f->offset;
    }
    *data += n;
    *size -= n;
    return NULL;
}
