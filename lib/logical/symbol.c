/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/logical/symbol.h"

#include "lib/base/hash.h"
#include "lib/logical/expr.h"

/* How struct flow stores a base. */
enum storage {
    S_U8,
    S_U32,
    S_BE16,
    S_BE32,
    S_BE64,
    S_MAC,
    S_BE128,
    S_REGS,                      /* Four registers, the first highest. */
};

static const struct {
    uint16_t offset;
    uint8_t width;               /* Bits. */
    uint8_t storage;
} bases[N_BASES] = {
#define BASE(NAME, MEMBER, WIDTH, STORAGE) \
    [BASE_##NAME] = { offsetof(struct flow, MEMBER), WIDTH, STORAGE }
    BASE(XXREG0, regs[0], 128, S_REGS),
    BASE(XXREG1, regs[4], 128, S_REGS),
    BASE(XXREG2, regs[8], 128, S_REGS),
    BASE(XXREG3, regs[12], 128, S_REGS),
    BASE(METADATA, metadata, 64, S_BE64),
    BASE(PKT_MARK, pkt_mark, 32, S_U32),
    BASE(CT_STATE, ct_state, 8, S_U8),
    BASE(CT_MARK, ct_mark, 32, S_U32),
    BASE(CT_LABEL, ct_label, 128, S_BE128),
    BASE(ETH_SRC, dl_src, 48, S_MAC),
    BASE(ETH_DST, dl_dst, 48, S_MAC),
    BASE(ETH_TYPE, dl_type, 16, S_BE16),
    BASE(VLAN_TCI, vlans[0].tci, 16, S_BE16),
    BASE(IP_PROTO, nw_proto, 8, S_U8),
    BASE(IP_TOS, nw_tos, 8, S_U8),
    BASE(IP_TTL, nw_ttl, 8, S_U8),
    BASE(IP_FRAG, nw_frag, 2, S_U8),
    BASE(NW_SRC, nw_src, 32, S_BE32),
    BASE(NW_DST, nw_dst, 32, S_BE32),
    BASE(IP6_SRC, ipv6_src, 128, S_BE128),
    BASE(IP6_DST, ipv6_dst, 128, S_BE128),
    BASE(IP6_LABEL, ipv6_label, 20, S_BE32),
    BASE(ND_TARGET, nd_target, 128, S_BE128),
    BASE(ARP_SHA, arp_sha, 48, S_MAC),
    BASE(ARP_THA, arp_tha, 48, S_MAC),
    BASE(TCP_FLAGS, tcp_flags, 12, S_BE16),
    BASE(TP_SRC, tp_src, 16, S_BE16),
    BASE(TP_DST, tp_dst, 16, S_BE16),
    BASE(CT_PROTO, ct_nw_proto, 8, S_U8),
    BASE(CT_NW_DST, ct_nw_dst, 32, S_BE32),
    BASE(CT_IP6_DST, ct_ipv6_dst, 128, S_BE128),
    BASE(CT_TP_DST, ct_tp_dst, 16, S_BE16),
#undef BASE
};

unsigned int
base_width(enum base base)
{
    return bases[base].width;
}

static u128
read_bytes(const uint8_t *p, int n)
{
    u128 x = 0;

    for (int i = 0; i < n; i++) {
        x = x << 8 | p[i];
    }
    return x;
}

static void
write_bytes(uint8_t *p, int n, u128 x)
{
    while (n > 0) {
        p[--n] = x;
        x >>= 8;
    }
}

u128
base_read(enum base base, const struct flow *flow)
{
    const uint8_t *p = (const uint8_t *) flow + bases[base].offset;

    switch ((enum storage) bases[base].storage) {
    case S_U8:
        return *p;
    case S_U32:
        return get_u32(p);
    case S_BE16:
        return ntohs(get_be16(p));
    case S_BE32:
        return ntohl(get_be32(p));
    case S_BE64:
        return ntohll(get_be64(p));
    case S_MAC:
        return read_bytes(p, 6);
    case S_BE128:
        return ((u128) ntohll(get_be64(p)) << 64) | ntohll(get_be64(p + 8));
    case S_REGS:
        return ((u128) get_u32(p) << 96 | (u128) get_u32(p + 4) << 64
                | (u128) get_u32(p + 8) << 32 | get_u32(p + 12));
    }
    return 0;
}

void
base_write(enum base base, u128 value, u128 mask, struct flow *flow)
{
    uint8_t *p = (uint8_t *) flow + bases[base].offset;
    u128 x = (base_read(base, flow) & ~mask) | (value & mask);

    x &= u128_low(bases[base].width);
    switch ((enum storage) bases[base].storage) {
    case S_U8:
        *p = x;
        break;
    case S_U32:
        put_u32(p, x);
        break;
    case S_BE16:
        put_be16(p, htons((uint16_t) x));
        break;
    case S_BE32:
        put_be32(p, htonl((uint32_t) x));
        break;
    case S_BE64:
        put_be64(p, htonll((uint64_t) x));
        break;
    case S_MAC:
        write_bytes(p, 6, x);
        break;
    case S_BE128:
        put_be64(p, htonll((uint64_t) (x >> 64)));
        put_be64(p + 8, htonll((uint64_t) x));
        break;
    case S_REGS:
        for (int i = 3; i >= 0; i--) {
            put_u32(p + 4 * i, x);
            x >>= 32;
        }
        break;
    }
}

/* Tables. */

void
symbol_table_init(struct symbol_table *table)
{
    hmap_init(&table->symbols);
    table->arena = (struct arena) ARENA_EMPTY;
}

void
symbol_table_uninit(struct symbol_table *table)
{
    hmap_uninit(&table->symbols);
    arena_uninit(&table->arena);
}

const struct symbol *
symbol_table_find(const struct symbol_table *table, const char *name,
                  size_t length)
{
    const struct symbol *symbol;

    HMAP_FOR_EACH_WITH_HASH (symbol, node, hash_bytes(name, length, 0),
                             &table->symbols) {
        if (!strncmp(symbol->name, name, length) && !symbol->name[length]) {
            return symbol;
        }
    }
    return NULL;
}

static const struct expr *
parse_builtin(struct symbol_table *table, const char *text)
{
    const struct expr *expr;
    struct error *error;

    error = expr_parse(text, table, &table->arena, &expr);
    if (error) {
        abort_msg("%s: %s", text, error_message(error));
    }
    return expr;
}

static struct symbol *
add_symbol(struct symbol_table *table, const char *name, const char *prereqs)
{
    struct symbol *symbol = arena_new(&table->arena, struct symbol);
    size_t length = strlen(name);

    assert(!symbol_table_find(table, name, length));
    symbol->name = name;
    symbol->prereqs_text = prereqs;
    if (prereqs) {
        symbol->prereqs = parse_builtin(table, prereqs);
    }
    hmap_insert(&table->symbols, &symbol->node, hash_bytes(name, length, 0));
    return symbol;
}

struct symbol *
symbol_table_add_field(struct symbol_table *table, const char *name,
                       enum base base, unsigned int base_ofs,
                       unsigned int width, enum field_id field,
                       unsigned int field_ofs, const char *prereqs)
{
    struct symbol *symbol = add_symbol(table, name, prereqs);
    const struct field *f = field_from_id(field);

    symbol->base = base;
    symbol->base_ofs = base_ofs;
    symbol->width = width;
    symbol->field = f;
    symbol->field_ofs = field_ofs;
    symbol->level = f->is_maskable ? LEVEL_ORDINAL : LEVEL_NOMINAL;
    symbol->writable = f->is_writable;
    symbol->whole = !f->is_maskable;
    return symbol;
}

struct symbol *
symbol_table_add_string(struct symbol_table *table, const char *name,
                        enum base base, unsigned int base_ofs,
                        enum field_id field)
{
    struct symbol *symbol = symbol_table_add_field(table, name, base,
                                                   base_ofs, 0, field, 0,
                                                   NULL);

    symbol->is_string = true;
    symbol->level = LEVEL_NOMINAL;
    return symbol;
}

struct symbol *
symbol_table_add_subfield(struct symbol_table *table, const char *name,
                          const char *bits_text, const char *prereqs)
{
    struct symbol_bits bits;
    struct symbol *symbol;
    struct lexer lexer;

    lexer_init(&lexer, bits_text, &table->arena);
    if (!symbol_bits_parse(&lexer, table, &bits) || !lexer_force_end(&lexer)) {
        abort_msg("%s: %s", bits_text, error_message(lexer.error));
    }
    symbol = add_symbol(table, name, prereqs);
    symbol->base = bits.symbol->base;
    symbol->base_ofs = bits.symbol->base_ofs + bits.ofs;
    symbol->width = bits.n_bits;
    symbol->field = bits.symbol->field;
    symbol->field_ofs = bits.symbol->field_ofs + bits.ofs;
    symbol->level = bits.symbol->level;
    symbol->writable = bits.symbol->writable;
    symbol->whole = bits.symbol->whole;
    symbol->prereqs = expr_and(&table->arena, bits.symbol->prereqs,
                               symbol->prereqs);
    return symbol;
}

static bool
refers_to_nominal(const struct expr *expr)
{
    switch (expr->type) {
    case EXPR_COMPARE:
        return expr->cmp.bits.symbol->level == LEVEL_NOMINAL;

    case EXPR_AND:
    case EXPR_OR:
        for (size_t i = 0; i < expr->andor.n_subs; i++) {
            if (refers_to_nominal(expr->andor.subs[i])) {
                return true;
            }
        }
        return false;

    case EXPR_BOOLEAN:
    case EXPR_CHASSIS_RESIDENT:
        break;
    }
    return false;
}

struct symbol *
symbol_table_add_predicate(struct symbol_table *table, const char *name,
                           const char *text)
{
    struct symbol *symbol = add_symbol(table, name, NULL);

    symbol->width = 1;
    symbol->predicate_text = text;
    symbol->predicate = parse_builtin(table, text);
    symbol->level = (refers_to_nominal(symbol->predicate) ? LEVEL_NOMINAL
                     : LEVEL_BOOLEAN);
    return symbol;
}

struct symbol *
symbol_table_add_ovn_field(struct symbol_table *table, const char *name,
                           int ovn_field, unsigned int width,
                           const char *prereqs)
{
    struct symbol *symbol = add_symbol(table, name, prereqs);

    symbol->ovn_field = ovn_field;
    symbol->width = width;
    symbol->writable = true;
    symbol->whole = true;
    symbol->level = LEVEL_NOMINAL;
    return symbol;
}

/* Bits of a symbol. */

u128
symbol_bits_read(const struct symbol_bits *bits, const struct flow *flow)
{
    return ((base_read(bits->symbol->base, flow) & symbol_bits_mask(bits))
            >> (bits->symbol->base_ofs + bits->ofs));
}

void
symbol_bits_write(const struct symbol_bits *bits, u128 value,
                  struct flow *flow)
{
    base_write(bits->symbol->base,
               value << (bits->symbol->base_ofs + bits->ofs),
               symbol_bits_mask(bits), flow);
}

struct subfield
symbol_bits_subfield(const struct symbol_bits *bits)
{
    const struct symbol *symbol = bits->symbol;

    return (struct subfield) {
        .field = symbol->field,
        .start = symbol->field_ofs + bits->ofs,
        .n_bits = symbol->is_string ? 32 : bits->n_bits,
    };
}

void
symbol_bits_format(const struct symbol_bits *bits, struct str *out)
{
    str_put(out, bits->symbol->name);
    if (bits->n_bits == bits->symbol->width) {
        return;
    }
    str_printf(out, "[%u", bits->ofs);
    if (bits->n_bits > 1) {
        str_printf(out, "..%u", bits->ofs + bits->n_bits - 1);
    }
    str_put_char(out, ']');
}

/* Parses "[A]" or "[A..B]"; the current token is the bracket. */
static bool
parse_range(struct lexer *lexer, struct symbol_bits *bits)
{
    const struct symbol *symbol = bits->symbol;
    uint64_t low, high;

    if (symbol->is_string || symbol->predicate) {
        lexer_error(lexer, "cannot select bits of %s %s",
                    symbol->is_string ? "string field" : "predicate",
                    symbol->name);
        return false;
    }
    if (symbol->level == LEVEL_NOMINAL) {
        lexer_error(lexer, "cannot select bits of nominal field %s",
                    symbol->name);
        return false;
    }
    lexer_next(lexer);
    if (!lexer_force_uint(lexer, 0, symbol->width - 1, &low)) {
        return false;
    }
    high = low;
    if (lexer_match(lexer, LEX_ELLIPSIS)
        && !lexer_force_uint(lexer, low, symbol->width - 1, &high)) {
        return false;
    }
    bits->ofs = low;
    bits->n_bits = high - low + 1;
    return lexer_force(lexer, LEX_RSQUARE);
}

bool
symbol_bits_parse(struct lexer *lexer, const struct symbol_table *table,
                  struct symbol_bits *ret)
{
    const struct lex_token *t = &lexer->token;
    const struct symbol *symbol;

    if (t->type != LEX_ID) {
        lexer_expected(lexer, "field name");
        return false;
    }
    symbol = symbol_table_find(table, t->name, t->name_length);
    if (!symbol) {
        lexer_error(lexer, "unknown symbol `%.*s'", (int) t->name_length,
                    t->name);
        return false;
    }
    *ret = (struct symbol_bits) { symbol, 0, symbol->width };
    lexer_next(lexer);
    return lexer->token.type != LEX_LSQUARE || parse_range(lexer, ret);
}
