/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ovsdb/jtext.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "lib/base/alloc.h"
#include "lib/base/shash.h"
#include "lib/base/text.h"

/* What a byte means inside of a string. */
enum {
    PLAIN,
    QUOTE,
    BACKSLASH,
    CONTROL,
    HIGH                    /* Part of a longer UTF-8 sequence. */
};

static const uint8_t classes[256] = {
    [0x00 ... 0x1f] = CONTROL,
    ['"'] = QUOTE,
    ['\\'] = BACKSLASH,
    [0x80 ... 0xff] = HIGH,
};

static inline uint8_t
class_of(char c)
{
    return classes[(unsigned char) c];
}

#ifdef __SSE2__
#define BLOCK 16

static inline __m128i
load(const char *p)
{
    return _mm_loadu_si128((const __m128i *) (const void *) p);
}

/* How many PLAIN bytes a block begins with. */
static inline unsigned int
n_plain(__m128i x)
{
    __m128i special = _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('"')),
                                   _mm_cmpeq_epi8(x, _mm_set1_epi8('\\')));
    /* As signed bytes, those of class HIGH are less than 0. */
    __m128i plain = _mm_andnot_si128(
        special, _mm_cmpgt_epi8(x, _mm_set1_epi8(0x1f)));

    return __builtin_ctz(~_mm_movemask_epi8(plain));
}
#endif

/* The first byte in [p, end) that is not PLAIN, or 'end'. */
static inline const char *
skip_plain(const char *p, const char *end)
{
#ifdef __SSE2__
    for (; end - p >= BLOCK; p += BLOCK) {
        unsigned int n = n_plain(load(p));

        if (n < BLOCK) {
            return p + n;
        }
    }
#endif
    while (p < end && class_of(*p) == PLAIN) {
        p++;
    }
    return p;
}

/* Returns the length of the UTF-8 sequence at 's', of at most 'n' bytes, that
 * starts with a byte of class HIGH; 0 if it is malformed, overlong or a
 * surrogate. */
static size_t
utf8_sequence(const char *s_, size_t n)
{
    const uint8_t *s = (const uint8_t *) s_;
    size_t length = (s[0] >= 0xc2 && s[0] <= 0xdf ? 2
                     : s[0] >= 0xe0 && s[0] <= 0xef ? 3
                     : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : 0);

    if (!length || length > n) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f)
        || (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f)) {
        return 0;
    }
    return length;
}

void
jtext_reader_init(struct jtext_reader *r, const char *text, size_t size)
{
    *r = (struct jtext_reader) {
        .p = text, .start = text, .end = text + size,
    };
}

void
jtext_reader_uninit(struct jtext_reader *r)
{
    error_free(r->error);
    r->error = NULL;
    str_uninit(&r->scratch);
    str_uninit(&r->key_scratch);
}

struct error *
jtext_steal_error(struct jtext_reader *r)
{
    struct error *error = r->error;

    r->error = NULL;
    return error;
}

void
jtext_fail(struct jtext_reader *r, const char *format, ...)
{
    va_list args;
    char *message;

    if (r->error) {
        return;
    }
    va_start(args, format);
    message = xvasprintf(format, args);
    va_end(args);
    r->error = error_create_tagged("syntax error", "%s", message);
    free(message);
}

void
jtext_take_error(struct jtext_reader *r, struct error *error)
{
    if (r->error) {
        error_free(error);
    } else {
        r->error = error;
    }
}

/* The longest subject of an error, in bytes. */
#define MAX_SUBJECT 4096

int
jtext_clip(const struct span *span, size_t max)
{
    if (span->size <= max) {
        return span->size;
    }
    while (max && ((unsigned char) span->data[max] & 0xc0) == 0x80) {
        max--;
    }
    return max;
}

char *
jtext_subject(struct span text)
{
    struct str s = STR_EMPTY;
    struct error *error;
    json_t *json;

    if (!jtext_is_utf8(text.data, text.size)) {
        return xstrdup("text that is not UTF-8");
    }
    if (text.size > MAX_SUBJECT) {
        return xasprintf("%.*s...", jtext_clip(&text, MAX_SUBJECT),
                         text.data);
    }
    error = jtext_to_json(text.data, text.size, &json);
    if (error) {
        error_free(error);
        return xmemdup0(text.data, text.size);
    }
    jtext_put_json(&s, json, true);
    json_decref(json);
    return str_steal(&s);
}

void
jtext_blame(struct jtext_reader *r, const char *start)
{
    struct jtext_reader value;
    struct span span;

    if (!r->error || r->error->subject) {
        return;
    }
    jtext_reader_init(&value, start, r->end - start);
    if (jtext_skip(&value, &span)) {
        error_take_subject(r->error, jtext_subject(span));
    }
    jtext_reader_uninit(&value);
}

/* Fails for what stands at the reader's place. */
static bool
fail_here(struct jtext_reader *r, const char *expected)
{
    if (r->p >= r->end) {
        jtext_fail(r, "JSON text ends where %s is expected", expected);
    } else {
        jtext_fail(r, "invalid JSON at byte %td: %s expected",
                   r->p - r->start, expected);
    }
    return false;
}

static inline void
skip_blanks(struct jtext_reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\t'
                             || *r->p == '\r')) {
        r->p++;
    }
}

struct error *
jtext_finish(struct jtext_reader *r)
{
    struct error *error;

    skip_blanks(r);
    if (!r->error && r->p < r->end) {
        jtext_fail(r, "trailing garbage after JSON at byte %td",
                   r->p - r->start);
    }
    error = jtext_steal_error(r);
    jtext_reader_uninit(r);
    return error;
}

const char *
jtext_place(struct jtext_reader *r)
{
    skip_blanks(r);
    return r->p;
}

enum jtext_kind
jtext_peek(struct jtext_reader *r)
{
    if (r->error) {
        return JTEXT_ERROR;
    }
    skip_blanks(r);
    if (r->p >= r->end) {
        return JTEXT_ERROR;
    }
    switch (*r->p) {
    case '{':
        return JTEXT_OBJECT;
    case '[':
        return JTEXT_ARRAY;
    case '"':
        return JTEXT_STRING;
    case 't':
        return JTEXT_TRUE;
    case 'f':
        return JTEXT_FALSE;
    case 'n':
        return JTEXT_NULL;
    case '-':
    case '0' ... '9':
        return JTEXT_NUMBER;
    default:
        return JTEXT_ERROR;
    }
}

static bool
enter(struct jtext_reader *r, enum jtext_kind kind, const char *what)
{
    if (r->error) {
        return false;
    }
    if (jtext_peek(r) != kind) {
        return fail_here(r, what);
    }
    if (++r->depth > JTEXT_MAX_DEPTH) {
        jtext_fail(r, "JSON is nested more than %d levels deep",
                   JTEXT_MAX_DEPTH);
        return false;
    }
    r->p++;
    r->is_first = true;
    return true;
}

bool
jtext_enter_array(struct jtext_reader *r)
{
    return enter(r, JTEXT_ARRAY, "an array");
}

bool
jtext_enter_object(struct jtext_reader *r)
{
    return enter(r, JTEXT_OBJECT, "an object");
}

/* Goes behind the comma, or the end 'close', of an array or object: true if
 * an item follows. */
static bool
next(struct jtext_reader *r, char close)
{
    if (r->error) {
        return false;
    }
    skip_blanks(r);
    if (r->p < r->end && *r->p == close) {
        r->p++;
        r->depth--;
        r->is_first = false;
        return false;
    }
    if (!r->is_first) {
        if (r->p >= r->end || *r->p != ',') {
            return fail_here(r, close == ']' ? "',' or ']'" : "',' or '}'");
        }
        r->p++;
    }
    r->is_first = false;
    return true;
}

bool
jtext_next_item(struct jtext_reader *r)
{
    return next(r, ']');
}

/* Reads the four digits of a \u escape at '*p'. */
static int
hex4(const char *p, const char *end)
{
    int value = 0;

    if (end - p < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        int digit = text_hex_digit(p[i]);

        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

static void
put_utf8(struct str *out, uint32_t c)
{
    if (c < 0x80) {
        str_put_char(out, c);
    } else if (c < 0x800) {
        str_put_char(out, 0xc0 | c >> 6);
        str_put_char(out, 0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        str_put_char(out, 0xe0 | c >> 12);
        str_put_char(out, 0x80 | (c >> 6 & 0x3f));
        str_put_char(out, 0x80 | (c & 0x3f));
    } else {
        str_put_char(out, 0xf0 | c >> 18);
        str_put_char(out, 0x80 | (c >> 12 & 0x3f));
        str_put_char(out, 0x80 | (c >> 6 & 0x3f));
        str_put_char(out, 0x80 | (c & 0x3f));
    }
}

/* Reads the escape behind the backslash before r->p.  Decodes it to 'out' if
 * that is not NULL. */
static bool
read_escape(struct jtext_reader *r, struct str *out)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    const char *which;

    if (r->p >= r->end) {
        return fail_here(r, "an escape");
    }
    which = *r->p ? strchr(from, *r->p) : NULL;
    if (which) {
        r->p++;
        if (out) {
            str_put_char(out, to[which - from]);
        }
        return true;
    }
    if (*r->p != 'u') {
        return fail_here(r, "a valid escape");
    }

    int32_t c = hex4(r->p + 1, r->end);
    if (c < 0) {
        return fail_here(r, "four hex digits");
    }
    r->p += 5;
    if (c >= 0xd800 && c < 0xdc00 && r->end - r->p >= 6 && r->p[0] == '\\'
        && r->p[1] == 'u') {
        int low = hex4(r->p + 2, r->end);

        if (low >= 0xdc00 && low < 0xe000) {
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            r->p += 6;
        }
    }
    if (c >= 0xd800 && c < 0xe000) {
        jtext_fail(r, "unpaired surrogate in JSON string at byte %td",
                   r->p - r->start);
        return false;
    }
    if (!c) {
        jtext_fail(r, "null bytes not supported in quoted strings");
        return false;
    }
    if (out) {
        put_utf8(out, c);
    }
    return true;
}

/* Goes over plain characters and UTF-8 up to a quote, a backslash or an
 * error. */
static bool
scan_plain(struct jtext_reader *r)
{
    const char *p = r->p;
    const char *end = r->end;

    for (;;) {
        p = skip_plain(p, end);
        if (p < end && class_of(*p) == HIGH) {
            size_t n = utf8_sequence(p, end - p);

            if (n) {
                p += n;
                continue;
            }
        }
        break;
    }
    r->p = p;
    if (p >= end) {
        return fail_here(r, "the end of a string");
    }
    switch (class_of(*p)) {
    case QUOTE:
    case BACKSLASH:
        return true;
    case HIGH:
        jtext_fail(r, "invalid UTF-8 in JSON string at byte %td",
                   p - r->start);
        return false;
    default:
        jtext_fail(r, "U+%04X must be escaped in JSON string", *p);
        return false;
    }
}

/* Decodes plain characters and escaped quotes, of which a JSON text within a
 * string (a schema) is made, block by block; says whether it got anywhere.
 * Where it stops there may be more of either. */
static bool
read_nested(struct jtext_reader *r, struct str *out)
{
#ifdef __SSE2__
    const char *p = r->p;

    while (r->end - p >= BLOCK) {
        __m128i x = load(p);
        unsigned int n = n_plain(x);
        char *to;

        str_reserve(out, out->length + BLOCK + 1);
        to = out->string + out->length;
        _mm_storeu_si128((__m128i *) (void *) to, x);
        out->length += n;
        p += n;
        if (n < BLOCK) {
            if (p[0] != '\\' || r->end - p < 2 || p[1] != '"') {
                break;
            }
            to[n] = '"';
            out->length++;
            p += 2;
        }
    }
    if (p > r->p) {
        out->string[out->length] = '\0';
        r->p = p;
        return true;
    }
#else
    (void) r;
    (void) out;
#endif
    return false;
}

/* Reads a string.  'scratch' takes it decoded if it has escapes; NULL only
 * skips it. */
static bool
read_string(struct jtext_reader *r, struct str *scratch,
            struct span *span)
{
    const char *start;

    skip_blanks(r);
    if (r->p >= r->end || *r->p != '"') {
        return fail_here(r, "a string");
    }
    start = ++r->p;
    if (!scan_plain(r)) {
        return false;
    }
    if (LIKELY(*r->p == '"')) {
        *span = (struct span) { start, r->p - start };
        r->p++;
        return true;
    }
    if (scratch) {
        str_clear(scratch);
    }
    for (;;) {
        if (scratch) {
            str_put_bytes(scratch, start, r->p - start);
        }
        if (*r->p == '"') {
            r->p++;
            break;
        }
        if (!scratch || !read_nested(r, scratch)) {
            r->p++;
            if (!read_escape(r, scratch)) {
                return false;
            }
        }
        start = r->p;
        if (!scan_plain(r)) {
            return false;
        }
    }
    if (scratch) {
        *span = (struct span) { str_cstr(scratch), scratch->length };
    }
    return true;
}

bool
jtext_next_member(struct jtext_reader *r, struct span *key)
{
    if (!next(r, '}') || !read_string(r, &r->key_scratch, key)) {
        return false;
    }
    skip_blanks(r);
    if (r->p >= r->end || *r->p != ':') {
        return fail_here(r, "':'");
    }
    r->p++;
    return true;
}

bool
jtext_get_string(struct jtext_reader *r, struct span *span)
{
    return !r->error && read_string(r, &r->scratch, span);
}

/* Goes over the characters of a number as the grammar has it. */
static bool
scan_number(struct jtext_reader *r, bool *is_whole)
{
    const char *p = r->p;
    const char *end = r->end;

#define DIGITS() \
    ({ const char *from_ = p; \
       while (p < end && *p >= '0' && *p <= '9') { p++; } \
       p > from_; })

    *is_whole = true;
    if (p < end && *p == '-') {
        p++;
    }
    if (p < end && *p == '0') {
        p++;
    } else if (!DIGITS()) {
        r->p = p;
        return fail_here(r, "a digit");
    }
    if (p < end && *p == '.') {
        *is_whole = false;
        p++;
        if (!DIGITS()) {
            r->p = p;
            return fail_here(r, "a digit");
        }
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        *is_whole = false;
        p++;
        if (p < end && (*p == '+' || *p == '-')) {
            p++;
        }
        if (!DIGITS()) {
            r->p = p;
            return fail_here(r, "a digit");
        }
    }
#undef DIGITS
    r->p = p;
    return true;
}

/* Parses up to 19 digits; the caller has checked that there is nothing else
 * but a sign. */
static bool
fast_integer(const char *s, const char *end, int64_t *ret)
{
    bool is_negative = *s == '-';
    uint64_t value = 0;

    s += is_negative;
    if (end - s > 19) {
        return false;
    }
    for (; s < end; s++) {
        value = value * 10 + (*s - '0');
    }
    if (value > (uint64_t) INT64_MAX + is_negative) {
        return false;
    }
    *ret = is_negative ? -value : value;
    return true;
}

bool
jtext_get_number(struct jtext_reader *r, struct jtext_number *number)
{
    const char *start;
    bool is_whole;
    char copy[64];

    if (jtext_peek(r) != JTEXT_NUMBER) {
        return !r->error && fail_here(r, "a number");
    }
    start = r->p;
    if (!scan_number(r, &is_whole)) {
        return false;
    }
    if (is_whole && fast_integer(start, r->p, &number->integer)) {
        number->is_integer = true;
        number->real = number->integer;
        return true;
    }

    /* strtod() wants a terminator; a longer number than fits here loses
     * digits that no double can hold, so only its value counts. */
    size_t length = r->p - start;
    char *text = length < sizeof copy ? copy : xmalloc(length + 1);
    memcpy(text, start, length);
    text[length] = '\0';
    number->real = strtod(text, NULL);
    if (text != copy) {
        free(text);
    }
    if (!isfinite(number->real)) {
        jtext_fail(r, "number outside of the range of a real");
        return false;
    }
    number->is_integer = (number->real >= -0x1p63 && number->real < 0x1p63
                          && number->real == trunc(number->real));
    number->integer = number->is_integer ? (int64_t) number->real : 0;
    return true;
}

bool
jtext_get_integer(struct jtext_reader *r, int64_t *ret)
{
    struct jtext_number number;

    if (!jtext_get_number(r, &number)) {
        return false;
    }
    if (!number.is_integer) {
        jtext_fail(r, "expected integer");
        return false;
    }
    *ret = number.integer;
    return true;
}

static bool
read_word(struct jtext_reader *r, const char *word)
{
    size_t length = strlen(word);

    if ((size_t) (r->end - r->p) < length || memcmp(r->p, word, length)) {
        return fail_here(r, word);
    }
    r->p += length;
    return true;
}

bool
jtext_get_boolean(struct jtext_reader *r, bool *ret)
{
    switch (jtext_peek(r)) {
    case JTEXT_TRUE:
        *ret = true;
        return read_word(r, "true");
    case JTEXT_FALSE:
        *ret = false;
        return read_word(r, "false");
    default:
        return !r->error && fail_here(r, "true or false");
    }
}

bool
jtext_get_null(struct jtext_reader *r)
{
    if (jtext_peek(r) != JTEXT_NULL) {
        return !r->error && fail_here(r, "null");
    }
    return read_word(r, "null");
}

/* Skips a value that is no array or object. */
static bool
skip_scalar(struct jtext_reader *r)
{
    struct span span;
    bool dummy;

    switch (jtext_peek(r)) {
    case JTEXT_STRING:
        return read_string(r, NULL, &span);
    case JTEXT_NUMBER:
        return scan_number(r, &dummy);
    case JTEXT_TRUE:
        return read_word(r, "true");
    case JTEXT_FALSE:
        return read_word(r, "false");
    case JTEXT_NULL:
        return read_word(r, "null");
    default:
        return fail_here(r, "a value");
    }
}

/* Skips a value with all that is in it.  No recursion: depth comes from
 * outside. */
static bool
skip_nested(struct jtext_reader *r)
{
    uint8_t is_object[JTEXT_MAX_DEPTH + 1];
    unsigned int base = r->depth;
    struct span key;

    do {
        enum jtext_kind kind = jtext_peek(r);

        if (kind == JTEXT_OBJECT || kind == JTEXT_ARRAY) {
            if (kind == JTEXT_OBJECT
                ? !jtext_enter_object(r) : !jtext_enter_array(r)) {
                return false;
            }
            is_object[r->depth] = kind == JTEXT_OBJECT;
        } else if (!skip_scalar(r)) {
            return false;
        }
        /* Leaves whatever ends here, down to where another item follows. */
        while (r->depth > base) {
            if (is_object[r->depth]
                ? jtext_next_member(r, &key) : jtext_next_item(r)) {
                break;
            }
            if (r->error) {
                return false;
            }
        }
    } while (r->depth > base);
    return true;
}

bool
jtext_skip(struct jtext_reader *r, struct span *ret)
{
    const char *start;

    if (r->error) {
        return false;
    }
    skip_blanks(r);
    start = r->p;
    if (!skip_nested(r)) {
        return false;
    }
    r->is_first = false;
    if (ret) {
        *ret = (struct span) { start, r->p - start };
    }
    return true;
}

bool
jtext_take_last(struct jtext_reader *r, struct span *ret)
{
    const char *end = r->end;

    if (r->error) {
        return false;
    }
    skip_blanks(r);
    while (end > r->p && memchr(" \t\r\n", end[-1], 4)) {
        end--;
    }
    if (r->depth != 1 || end == r->p || end[-1] != ']') {
        jtext_fail(r, "expected the last item of an array");
        return false;
    }
    *ret = (struct span) { r->p, end - 1 - r->p };
    r->p = end - 1;
    r->is_first = false;
    return true;
}

struct error *
jtext_to_json(const char *text, size_t size, json_t **ret)
{
    struct jtext_reader r;
    struct error *error;
    json_error_t e;

    /* Our reader has the stricter bounds; what it takes, jansson can read. */
    jtext_reader_init(&r, text, size);
    jtext_skip(&r, NULL);
    error = jtext_finish(&r);
    if (error) {
        return error;
    }
    *ret = json_loadb(text, size, JSON_DECODE_ANY, &e);
    if (!*ret) {
        return error_create_tagged("syntax error", "%s", e.text);
    }
    return NULL;
}

json_t *
jtext_get_json(struct jtext_reader *r)
{
    struct span span;
    json_error_t e;
    json_t *json;

    if (!jtext_skip(r, &span)) {
        return NULL;
    }
    json = json_loadb(span.data, span.size, JSON_DECODE_ANY, &e);
    if (!json) {
        jtext_fail(r, "%s", e.text);
    }
    return json;
}

char *
jtext_span_dup(const struct span *span)
{
    return xmemdup0(span->data, span->size);
}

bool
jtext_is_plain(const char *s, size_t length)
{
    const char *end = s + length;

    while ((s = skip_plain(s, end)) < end && class_of(*s) == HIGH) {
        s++;
    }
    return s == end;
}

bool
jtext_is_utf8(const char *s, size_t length)
{
    for (size_t i = 0; i < length; ) {
        size_t n = (class_of(s[i]) == HIGH ? utf8_sequence(s + i, length - i)
                    : s[i] != '\0');

        if (!n) {
            return false;
        }
        i += n;
    }
    return true;
}

static void
put_escaped(struct str *out, char c)
{
    static const char from[] = "\"\\\b\f\n\r\t";
    static const char to[] = "\"\\bfnrt";
    const char *which = c ? strchr(from, c) : NULL;

    if (which) {
        str_put_char(out, '\\');
        str_put_char(out, to[which - from]);
    } else {
        str_printf(out, "\\u%04x", (unsigned char) c);
    }
}

void
jtext_put_string(struct str *out, const char *s, size_t length)
{
    size_t start = 0;

    str_put_char(out, '"');
    for (size_t i = 0; i < length; i++) {
        uint8_t class = class_of(s[i]);

        if (class != PLAIN && class != HIGH) {
            str_put_bytes(out, s + start, i - start);
            put_escaped(out, s[i]);
            start = i + 1;
        }
    }
    str_put_bytes(out, s + start, length - start);
    str_put_char(out, '"');
}

void
jtext_put_cstr(struct str *out, const char *s)
{
    jtext_put_string(out, s, strlen(s));
}

void
jtext_put_real(struct str *out, double real)
{
    char text[40];

    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, real);
        if (strtod(text, NULL) == real) {
            break;
        }
    }
    str_put(out, text);
}

void
jtext_put_json(struct str *out, const json_t *json, bool sort)
{
    size_t flags = (JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(17)
                    | (sort ? JSON_SORT_KEYS : 0));
    size_t size = json_dumpb(json, NULL, 0, flags);

    json_dumpb(json, str_put_raw(out, size), size, flags);
}

/* For people. */

static void put_pretty(struct str *, const json_t *, int level);

static void
put_indented_line(struct str *out, int level)
{
    str_put_char(out, '\n');
    str_put_chars(out, ' ', 2 * level);
}

static void
put_pretty_object(struct str *out, const json_t *json, int level)
{
    struct shash members = SHASH_INITIALIZER(&members);
    struct shash_node **sorted;
    const char *key;
    json_t *value;

    json_object_foreach ((json_t *) json, key, value) {
        shash_set(&members, key, value);
    }
    sorted = shash_sort(&members);
    for (size_t i = 0; i < shash_count(&members); i++) {
        str_put(out, i ? "," : "");
        put_indented_line(out, level + 1);
        jtext_put_string(out, sorted[i]->key, strlen(sorted[i]->key));
        str_put(out, ": ");
        put_pretty(out, sorted[i]->value, level + 1);
    }
    free(sorted);
    shash_uninit(&members);
}

/* Each element on a line of its own; what closes it is at the end of the last
 * one's. */
static void
put_pretty(struct str *out, const json_t *json, int level)
{
    if (json_is_object(json)) {
        str_put_char(out, '{');
        put_pretty_object(out, json, level);
        str_put_char(out, '}');
    } else if (json_is_array(json)) {
        str_put_char(out, '[');
        for (size_t i = 0; i < json_array_size(json); i++) {
            str_put(out, i ? "," : "");
            put_indented_line(out, level + 1);
            put_pretty(out, json_array_get(json, i), level + 1);
        }
        str_put_char(out, ']');
    } else {
        jtext_put_json(out, json, true);
    }
}

void
jtext_put_pretty(struct str *out, const json_t *json)
{
    put_pretty(out, json, 0);
}
