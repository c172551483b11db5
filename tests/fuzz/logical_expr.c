/* SPDX-License-Identifier: Apache-2.0 */

/* Match expressions: what parses prints to text that parses to an equal tree,
 * and compiles, within its bound, to matches. */

#include <stdlib.h>
#include <string.h>

#include "lib/logical/expr.h"
#include "lib/logical/ovn_symbols.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static bool
find_port(void *aux, const char *name, uint32_t *ret_key)
{
    *ret_key = strlen(name);
    return *ret_key < 10;
}

static void
check(const struct expr *expr, struct arena *arena)
{
    struct expr_env env = { .find_port = find_port, .max_matches = 1000 };
    struct str text = STR_EMPTY;
    struct expr_matches matches;
    const struct expr *again;
    struct flow flow = { .dl_type = 0 };
    struct error *error;

    expr_format(expr, &text);
    error = expr_parse(str_cstr(&text), ovn_symbols(), arena, &again);
    if (error || !expr_equals(expr, again)) {
        abort();
    }
    str_uninit(&text);

    expr_matches_init(&matches);
    error = expr_to_flow(expr, &env, &flow);
    if (!error && !expr_evaluate(expr, &flow, &env)) {
        abort();
    }
    error_free(error);
    error = expr_compile(expr, &env, &matches);
    if (!error && matches.items.n > env.max_matches) {
        abort();
    }
    error_free(error);
    expr_matches_uninit(&matches);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_EMPTY;
    char *text = xmemdup0((const char *) data, size);
    const struct expr *expr;
    struct error *error = expr_parse(text, ovn_symbols(), &arena, &expr);

    if (!error) {
        check(expr, &arena);
    }
    error_free(error);
    free(text);
    arena_uninit(&arena);
    return 0;
}
