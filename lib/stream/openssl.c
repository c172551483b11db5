/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/stream/openssl.h"

#include "lib/base/library.h"

/* The name that all of OpenSSL 3 has; it brings libcrypto. */
#define SONAME "libssl.so.3"

#define DEFINE(NAME) __typeof__(openssl_##NAME) openssl_##NAME;
OPENSSL_SYMBOLS(DEFINE)

struct error *
openssl_load(void)
{
#define SYMBOL(NAME) { #NAME, &openssl_##NAME },
    static const struct library_symbol symbols[] = {
        OPENSSL_SYMBOLS(SYMBOL)
    };
    static bool is_loaded;
    struct error *error = NULL;

    if (!is_loaded) {
        error = library_load(SONAME, symbols, ARRAY_SIZE(symbols));
        is_loaded = !error;
    }
    return error;
}
