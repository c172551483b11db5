/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/error.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"

struct error *
error_create_va(int code, const char *format, va_list args)
{
    struct error *error = xzalloc(sizeof *error);

    error->code = code;
    error->message = xvasprintf(format, args);
    return error;
}

struct error *
error_create(int code, const char *format, ...)
{
    struct error *error;
    va_list args;

    va_start(args, format);
    error = error_create_va(code, format, args);
    va_end(args);
    return error;
}

struct error *
error_create_tagged(const char *tag, const char *format, ...)
{
    struct error *error;
    va_list args;

    va_start(args, format);
    error = error_create_va(0, format, args);
    va_end(args);
    error->tag = xstrdup(tag);
    return error;
}

struct error *
error_from_errno(int errnum, const char *format, ...)
{
    struct error *error;
    va_list args;
    char *what;

    errnum = abs(errnum);
    va_start(args, format);
    what = xvasprintf(format, args);
    va_end(args);
    error = error_create(errnum, "%s: %s", what, strerror(errnum));
    free(what);
    return error;
}

struct error *
error_wrap(struct error *error, const char *format, ...)
{
    va_list args;
    char *prefix, *message;

    if (!error) {
        return NULL;
    }
    va_start(args, format);
    prefix = xvasprintf(format, args);
    va_end(args);
    message = xasprintf("%s: %s", prefix, error->message);
    free(prefix);
    free(error->message);
    error->message = message;
    return error;
}

void
error_take_subject(struct error *error, char *subject)
{
    free(error->subject);
    error->subject = subject;
}

struct error *
error_clone(const struct error *error)
{
    struct error *copy;

    if (!error) {
        return NULL;
    }
    copy = xmalloc(sizeof *copy);
    copy->code = error->code;
    copy->tag = xstrdup_null(error->tag);
    copy->message = xstrdup(error->message);
    copy->subject = xstrdup_null(error->subject);
    return copy;
}

void
error_free(struct error *error)
{
    if (error) {
        free(error->tag);
        free(error->message);
        free(error->subject);
        free(error);
    }
}

const char *
error_message(const struct error *error)
{
    return error ? error->message : "success";
}

char *
error_steal_message(struct error *error)
{
    char *message = error->message;

    error->message = NULL;
    error_free(error);
    return message;
}
