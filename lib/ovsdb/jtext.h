/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVSDB_JTEXT_H
#define OVSDB_JTEXT_H

/* JSON as text: a reader that walks over it once without building a tree, and
 * a writer into a string builder.
 *
 * The reader is strict (RFC 8259; UTF-8; no null bytes in strings) and bounded
 * (JTEXT_MAX_DEPTH).  Its first error sticks: from then on every function
 * returns false, so that a caller may look at the error once, at the end.
 *
 *     jtext_reader_init(&r, text, size);
 *     if (jtext_enter_object(&r)) {
 *         while (jtext_next_member(&r, &key)) {
 *             if (span_equals_string(key, "op")) {
 *                 jtext_get_string(&r, &op);
 *             } else {
 *                 jtext_skip(&r, NULL);
 *             }
 *         }
 *     }
 *     error = jtext_finish(&r);
 */

#include <jansson.h>

#include "lib/base/compiler.h"
#include "lib/base/error.h"
#include "lib/base/span.h"
#include "lib/base/str.h"

#define JTEXT_MAX_DEPTH 1000

enum jtext_kind {
    JTEXT_ERROR,            /* Nothing that starts a value, or the end. */
    JTEXT_NULL,
    JTEXT_FALSE,
    JTEXT_TRUE,
    JTEXT_NUMBER,
    JTEXT_STRING,
    JTEXT_ARRAY,
    JTEXT_OBJECT,
};

struct jtext_number {
    bool is_integer;        /* A whole number that fits 'integer'. */
    int64_t integer;
    double real;            /* Set in either case. */
};

struct jtext_reader {
    const char *p;
    const char *end;
    const char *start;
    unsigned int depth;
    bool is_first;          /* Just entered an array or object. */
    struct error *error;
    struct str scratch;     /* The last string that had escapes. */
    struct str key_scratch; /* Likewise for names of members. */
};

/* Borrows 'size' bytes at 'text' until jtext_reader_uninit(). */
void jtext_reader_init(struct jtext_reader *, const char *text, size_t size);

/* Frees what the reader holds, its error included. */
void jtext_reader_uninit(struct jtext_reader *);

/* Checks that nothing but blanks is left, uninitializes the reader and
 * returns its error, tagged "syntax error", or NULL. */
struct error *jtext_finish(struct jtext_reader *) MUST_USE;

/* Makes the reader fail with "syntax error", unless it has failed already. */
void jtext_fail(struct jtext_reader *, const char *format, ...)
    PRINTF_FORMAT(2, 3);

/* Makes the reader fail with 'error', which it owns, unless it has failed
 * already. */
void jtext_take_error(struct jtext_reader *, struct error *error);

/* If the reader has failed and nothing is blamed for it yet, makes the value
 * that starts at 'start' (see jtext_place()) the subject of the error. */
void jtext_blame(struct jtext_reader *, const char *start);

/* Where the next value starts.  Consumes only blanks. */
const char *jtext_place(struct jtext_reader *);

/* The value 'text' as an error's subject, for free(): compact, with sorted
 * members, as it stands if it is no JSON, and cut off if it is long; a word
 * about it if it is not UTF-8. */
char *jtext_subject(struct span text);

/* Bytes of 'span', at most 'max', that do not end within a character: for the
 * precision of a "%.*s" whose text is to be UTF-8 as well. */
int jtext_clip(const struct span *span, size_t max);

/* Returns the error, which the caller now owns, or NULL; the reader can only
 * be uninitialized after that. */
struct error *jtext_steal_error(struct jtext_reader *);

/* What the next value is.  Consumes only blanks. */
enum jtext_kind jtext_peek(struct jtext_reader *);

/* Enter an array or object; false, and an error, if the next value is none. */
bool jtext_enter_array(struct jtext_reader *);
bool jtext_enter_object(struct jtext_reader *);

/* Goes to the next item of the array: true if there is one, which the caller
 * must then read or skip.  False at the end, which is consumed, or on
 * error. */
bool jtext_next_item(struct jtext_reader *);

/* Likewise for an object; 'key', the decoded name, is borrowed until the next
 * call of this function. */
bool jtext_next_member(struct jtext_reader *, struct span *key);

/* Read one value of the kind, or fail.  A string is decoded, and borrowed from
 * the text or, if it had escapes, until the next string is read. */
bool jtext_get_string(struct jtext_reader *, struct span *);
bool jtext_get_number(struct jtext_reader *, struct jtext_number *);
bool jtext_get_integer(struct jtext_reader *, int64_t *);
bool jtext_get_boolean(struct jtext_reader *, bool *);
bool jtext_get_null(struct jtext_reader *);

/* Skips a whole value, checking its syntax, and stores the text of it to
 * '*ret', if it is not NULL: borrowed from the text. */
bool jtext_skip(struct jtext_reader *, struct span *ret);

/* Takes the last item of the array that is the whole text: what there is before
 * the closing bracket, of which nothing is checked. */
bool jtext_take_last(struct jtext_reader *, struct span *ret);

/* Reads a whole value as a tree, for json_decref(); NULL on error. */
json_t *jtext_get_json(struct jtext_reader *);

char *jtext_span_dup(const struct span *);

/* Append JSON to 'out'. */
void jtext_put_string(struct str *out, const char *s, size_t length);
void jtext_put_cstr(struct str *out, const char *s);

/* The shortest decimal text that reads back as the same number. */
void jtext_put_real(struct str *out, double);

/* The tree as compact text with sorted members (or in the order in which they
 * were inserted, for a person who wrote them, if '!sort'). */
void jtext_put_json(struct str *out, const json_t *, bool sort);

/* The tree in lines, with sorted members, without a newline at the end. */
void jtext_put_pretty(struct str *out, const json_t *);

/* Whether 's' can stand between quotes as it is. */
bool jtext_is_plain(const char *s, size_t length);

/* Whether the bytes are UTF-8 without null bytes. */
bool jtext_is_utf8(const char *s, size_t length);

/* Parses all of 'text' as JSON of any kind into a tree, for json_decref(). */
struct error *jtext_to_json(const char *text, size_t size, json_t **) MUST_USE;

#endif /* ovsdb/jtext.h */
