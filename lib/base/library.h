/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_LIBRARY_H
#define BASE_LIBRARY_H

/* Shared libraries that are loaded when they are first needed, so that programs
 * which do not need them start without. */

#include "lib/base/compiler.h"
#include "lib/base/error.h"

struct library_symbol {
    const char *name;
    void *pointer;              /* To a pointer to a function, to be set. */
};

/* Loads the library of that soname for good and looks 'n' symbols up in it and
 * what it depends on.  An error, without which all are set, says what is
 * missing. */
struct error *library_load(const char *soname, const struct library_symbol *,
                           size_t n) MUST_USE;

#endif /* base/library.h */
