/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/base/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

struct error *
library_load(const char *soname, const struct library_symbol *symbols,
             size_t n)
{
    void *library = dlopen(soname, RTLD_LAZY | RTLD_LOCAL);

    if (!library) {
        return error_create(ENOENT, "cannot load %s (%s)", soname, dlerror());
    }
    for (size_t i = 0; i < n; i++) {
        void *address = dlsym(library, symbols[i].name);

        if (!address) {
            dlclose(library);
            return error_create(ENOENT, "%s has no %s", soname,
                                symbols[i].name);
        }
        /* ISO C has no conversion from objects to functions; POSIX does. */
        memcpy(symbols[i].pointer, &address, sizeof address);
    }
    return NULL;
}
