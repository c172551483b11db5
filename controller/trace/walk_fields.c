/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/trace/walk_internal.h"

#include <netinet/in.h>

#include "lib/flow/field.h"
#include "lib/logical/ovn_symbols.h"

/* Registers and metadata are not part of the packet. */
static bool
is_register(const struct symbol_bits *bits)
{
    return bits->symbol->base <= BASE_METADATA && !bits->symbol->ovn_field;
}

/* Appends what the bits of the packet hold: a field in the form of its own,
 * some bits of one as a number. */
static void
put_value(const struct symbol_bits *bits, const struct flow *flow,
          struct str *out)
{
    struct subfield sf = symbol_bits_subfield(bits);

    if (!sf.start && sf.n_bits >= sf.field->n_bits) {
        union field_value value;

        field_get(sf.field, flow, NULL, &value);
        field_format(sf.field, &value, NULL, NULL, out);
    } else {
        lex_format_integer(symbol_bits_read(bits, flow), 0, false,
                           LEX_F_HEXADECIMAL, out);
    }
}

/* "DST = VALUE of SRC", if 'dst' is part of the packet. */
static void
report_move(struct walker *w, const struct symbol_bits *dst,
            const struct symbol_bits *src, const struct flow *flow,
            struct report *report)
{
    struct str out = STR_EMPTY;

    if (!is_register(dst)) {
        symbol_bits_format(dst, &out);
        str_put(&out, " = ");
        put_value(src, flow, &out);
        report_add(w->arena, report, REPORT_MODIFY, "%s", str_cstr(&out));
    }
    str_uninit(&out);
}

void
walk_write_named(struct walker *w, const struct place *at, const char *name,
                 u128 value, struct report *report)
{
    const struct symbol *symbol = symbol_table_find(ovn_symbols(), name,
                                                    strlen(name));
    struct symbol_bits bits = { symbol, 0, symbol->width };

    symbol_bits_write(&bits, value, at->flow);
    report_move(w, &bits, &bits, at->flow, report);
}

void
walk_store(const struct place *at, const struct action *a, u128 value)
{
    symbol_bits_write(&a->dst, value, at->flow);
}

void
walk_report_result(struct walker *w, const struct action *a,
                   unsigned int value, struct report *report)
{
    struct str out = STR_EMPTY;

    symbol_bits_format(&a->dst, &out);
    report_add(w->arena, report, REPORT_MODIFY, "%s = %u", str_cstr(&out),
               value);
    str_uninit(&out);
}

/* Reports the action itself in the minimal form. */
static void
report_load(struct walker *w, const struct action *a, struct report *report)
{
    struct action alone = *a;
    struct str text = STR_EMPTY;

    alone.next = NULL;
    actions_format(&alone, &text);
    str_truncate(&text, text.length - 1);    /* The semicolon. */
    report_add(w->arena, report, REPORT_MODIFY, "%s", str_cstr(&text));
    str_uninit(&text);
}

void
walk_load(struct walker *w, const struct place *at, const struct action *a,
          struct report *report)
{
    const struct expr_constant *c = &a->constant;
    u128 value = c->value;

    if (!is_register(&a->dst)) {
        report_load(w, a, report);
    }
    if (a->dst.symbol->ovn_field) {
        return;
    }
    if (c->type == EXPR_CONST_STRING) {
        struct expr_env env = datapath_expr_env(at->dp);
        uint32_t key;

        value = env.find_port(env.aux, c->string, &key) ? key : 0;
    } else if (c->masked) {
        value |= symbol_bits_read(&a->dst, at->flow) & ~c->mask;
    }
    symbol_bits_write(&a->dst, value, at->flow);
}

void
walk_move(struct walker *w, const struct place *at, const struct action *a,
          struct report *report)
{
    report_move(w, &a->dst, &a->src[0], at->flow, report);
    symbol_bits_write(&a->dst, symbol_bits_read(&a->src[0], at->flow),
                      at->flow);
}

void
walk_exchange(struct walker *w, const struct place *at,
              const struct action *a, struct report *report)
{
    u128 x = symbol_bits_read(&a->dst, at->flow);
    u128 y = symbol_bits_read(&a->src[0], at->flow);

    report_move(w, &a->dst, &a->src[0], at->flow, report);
    report_move(w, &a->src[0], &a->dst, at->flow, report);
    symbol_bits_write(&a->dst, y, at->flow);
    symbol_bits_write(&a->src[0], x, at->flow);
}

bool
walk_dec_ttl(struct walker *w, const struct place *at, struct report *report)
{
    if (at->flow->dl_type != htons(0x800) && at->flow->dl_type
        != htons(0x86dd)) {
        report_add(w->arena, report, REPORT_ERROR,
                   "*** TTL decrement of non-IP packet");
    } else if (at->flow->nw_ttl <= 1) {
        report_add(w->arena, report, REPORT_ERROR, "*** TTL underflow");
        return false;
    } else {
        at->flow->nw_ttl--;
        report_add(w->arena, report, REPORT_MODIFY, "ip.ttl--");
    }
    return true;
}

static void
report_stack(struct walker *w, const struct action *a, const char *arrow,
             const u128 *value, struct report *report)
{
    struct str out = STR_EMPTY;

    str_printf(&out, "%s(", action_name(a->kind));
    symbol_bits_format(&a->src[0], &out);
    str_printf(&out, ") %s ", arrow);
    if (value) {
        lex_format_integer(*value, 0, false, LEX_F_HEXADECIMAL, &out);
    } else {
        str_put(&out, "/* empty stack */");
    }
    report_add(w->arena, report, REPORT_MODIFY, "%s", str_cstr(&out));
    str_uninit(&out);
}

void
walk_push(struct walker *w, const struct place *at, const struct action *a,
          struct report *report)
{
    u128 value = symbol_bits_read(&a->src[0], at->flow);

    vec_push(&w->stack, value);
    report_stack(w, a, "->", &value, report);
}

/* An empty stack leaves the field alone. */
void
walk_pop(struct walker *w, const struct place *at, const struct action *a,
         struct report *report)
{
    if (w->stack.n) {
        u128 value = vec_pop(&w->stack);

        symbol_bits_write(&a->src[0], value, at->flow);
        report_stack(w, a, "<-", &value, report);
    } else {
        report_stack(w, a, "<-", NULL, report);
    }
}
