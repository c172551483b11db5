/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

/* What went wrong, for a person and for a program.
 *
 * A function that can fail on input returns 'struct error *': NULL is success,
 * anything else is owned by the caller, who frees it with error_free() or
 * passes it on, usually after error_wrap() has said what was being done:
 *
 *     port "vif3": cannot open netdev: No such device
 *
 * A function whose callers only need a number returns int: 0 or a negative
 * errno value. */

#include <stdarg.h>

#include "lib/base/compiler.h"

struct error {
    int code;        /* For a program: an errno value (positive), or a number
                      * of the component's own that is documented there. */
    char *tag;       /* Short machine-readable word ("constraint violation"),
                      * or NULL. */
    char *message;   /* For a person; no newline, no full stop. */
    char *subject;   /* The piece of input that is at fault, or NULL. */
};

/* Returns a new error with 'code' (0 if no program will look). */
struct error *error_create(int code, const char *format, ...)
    PRINTF_FORMAT(2, 3) MUST_USE;
struct error *error_create_va(int code, const char *format, va_list)
    PRINTF_FORMAT(2, 0) MUST_USE;

/* Returns a new error with word 'tag', such as an OVSDB "error" member. */
struct error *error_create_tagged(const char *tag, const char *format, ...)
    PRINTF_FORMAT(2, 3) MUST_USE;

/* Returns an error for 'errnum' (either sign): "FORMAT: strerror". */
struct error *error_from_errno(int errnum, const char *format, ...)
    PRINTF_FORMAT(2, 3) MUST_USE;

/* Prefixes "FORMAT: " to the message of 'error' and returns it.  NULL in, NULL
 * out. */
struct error *error_wrap(struct error *error, const char *format, ...)
    PRINTF_FORMAT(2, 3) MUST_USE;

/* Makes 'subject', which 'error' owns from now on, the input at fault. */
void error_take_subject(struct error *error, char *subject);

struct error *error_clone(const struct error *) MUST_USE;
void error_free(struct error *);

/* Returns the message, borrowed from 'error'; "success" for NULL. */
const char *error_message(const struct error *);

/* Frees 'error' and returns its message, for free().  'error' is not NULL. */
char *error_steal_message(struct error *error);

#endif /* base/error.h */
