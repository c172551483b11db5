/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOGICAL_LEXER_H
#define LOGICAL_LEXER_H

/* Tokens of the logical flow language, which matches and actions share.
 *
 * A lexer walks a null-terminated text and holds one token.  The text outlives
 * the lexer and its tokens: names are spans of the text. */

#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/logical/arena.h"

/* Integers of the language have up to 128 bits. */
typedef unsigned __int128 u128;

#define U128_MAX ((u128) -1)

/* The 'n' low bits set, for 'n' in 0..128. */
static inline u128
u128_low(unsigned int n)
{
    return n >= 128 ? U128_MAX : ((u128) 1 << n) - 1;
}

/* Number of bits up to the highest 1-bit; 0 for 0. */
static inline unsigned int
u128_width(u128 x)
{
    uint64_t hi = x >> 64;
    uint64_t lo = x;

    return (hi ? 128 - __builtin_clzll(hi)
            : lo ? 64 - __builtin_clzll(lo)
            : 0);
}

static inline unsigned int
u128_popcount(u128 x)
{
    return (__builtin_popcountll((uint64_t) (x >> 64))
            + __builtin_popcountll((uint64_t) x));
}

enum lex_type {
    LEX_END,                     /* End of the text. */
    LEX_ID,                      /* A name, with dots: "ip4.src". */
    LEX_STRING,                  /* "...", as JSON writes it. */
    LEX_INTEGER,
    LEX_MASKED_INTEGER,          /* VALUE/MASK or VALUE/PREFIX. */
    LEX_SET,                     /* $name. */
    LEX_PORT_GROUP,              /* @name. */
    LEX_ERROR,                   /* Bad text: see lexer_error(). */

    LEX_LPAREN,                  /* ( */
    LEX_RPAREN,                  /* ) */
    LEX_LCURLY,                  /* { */
    LEX_RCURLY,                  /* } */
    LEX_LSQUARE,                 /* [ */
    LEX_RSQUARE,                 /* ] */
    LEX_EQ,                      /* == */
    LEX_NE,                      /* != */
    LEX_LT,                      /* < */
    LEX_LE,                      /* <= */
    LEX_GT,                      /* > */
    LEX_GE,                      /* >= */
    LEX_NOT,                     /* ! */
    LEX_AND,                     /* && */
    LEX_OR,                      /* || */
    LEX_ELLIPSIS,                /* .. */
    LEX_COMMA,                   /* , */
    LEX_SEMICOLON,               /* ; */
    LEX_ASSIGN,                  /* = */
    LEX_EXCHANGE,                /* <-> */
    LEX_DECREMENT,               /* -- */
    LEX_HYPHEN,                  /* - */
    LEX_COLON,                   /* : */
    LEX_N_TYPES
};

/* How an integer is written. */
enum lex_format {
    LEX_F_DECIMAL,
    LEX_F_HEXADECIMAL,
    LEX_F_IPV4,
    LEX_F_IPV6,
    LEX_F_ETHERNET,
};

struct lex_token {
    enum lex_type type;
    enum lex_format format;      /* Integers only. */
    const char *s;               /* Where the token starts in the text. */
    uint32_t length;             /* Characters of the text it takes. */

    /* LEX_ID: the name, a span of the text.  LEX_SET, LEX_PORT_GROUP: the same
     * without the sign.  LEX_STRING: the string with escapes undone, which
     * is a span of the text when there are none, else in the arena. */
    const char *name;
    uint32_t name_length;

    u128 value;                  /* Integers only. */
    u128 mask;                   /* LEX_MASKED_INTEGER only. */
};

struct lexer {
    const char *text;            /* The whole text. */
    const char *input;           /* What follows 'token'. */
    struct arena *arena;         /* For strings with escapes. */
    struct lex_token token;      /* The current token. */
    struct error *error;         /* The first error, or NULL. */
};

/* Starts on 'text' and reads its first token. */
void lexer_init(struct lexer *, const char *text, struct arena *);

/* Frees a left error. */
void lexer_uninit(struct lexer *);

/* Moves to the next token; at the end stays there. */
void lexer_next(struct lexer *);

/* The type of the token after the current one. */
enum lex_type lexer_peek(const struct lexer *);

/* If the current token has 'type', takes it and returns true. */
static inline bool
lexer_match(struct lexer *lexer, enum lex_type type)
{
    if (lexer->token.type == type) {
        lexer_next(lexer);
        return true;
    }
    return false;
}

/* Says whether the current token is the name 'id'. */
bool lexer_is_id(const struct lexer *, const char *id);

/* If the current token is the name 'id', takes it and returns true. */
bool lexer_match_id(struct lexer *, const char *id);

/* Takes a token of 'type', or else sets an error and returns false. */
bool lexer_force(struct lexer *, enum lex_type type);

/* Takes the name 'id', or else sets an error and returns false. */
bool lexer_force_id(struct lexer *, const char *id);

/* Takes an integer in [min, max] into '*ret', or sets an error. */
bool lexer_force_uint(struct lexer *, uint64_t min, uint64_t max,
                      uint64_t *ret);

/* Takes a string or sets an error; the result is in the arena. */
bool lexer_force_string(struct lexer *, const char **ret);

/* Sets an error unless the text is at its end. */
bool lexer_force_end(struct lexer *);

/* Sets the error, unless there is one: "expecting ..., at "TEXT" (column N)".
 * The position is that of the current token. */
void lexer_error(struct lexer *, const char *format, ...) PRINTF_FORMAT(2, 3);

/* The same for a place 's' in the text. */
void lexer_error_at(struct lexer *, const char *s, const char *format, ...)
    PRINTF_FORMAT(3, 4);

/* "syntax error ...: expecting WHAT". */
void lexer_expected(struct lexer *, const char *what);

/* Returns the error, which the caller owns, or NULL. */
struct error *lexer_steal_error(struct lexer *) MUST_USE;

/* The spelling of a token type, "&&" for LEX_AND. */
const char *lex_type_to_string(enum lex_type);

/* Appends an integer in 'format'; 'mask' is written only if 'masked'. */
void lex_format_integer(u128 value, u128 mask, bool masked, enum lex_format,
                        struct str *);

/* Appends 's' as a quoted string with JSON's escapes. */
void lex_format_string(const char *s, struct str *);

/* Parses all of 's' (not null-terminated at 'length') as one integer constant
 * or masked constant, as address sets hold them; false if it is none. */
bool lex_parse_constant(const char *s, struct lex_token *ret);

/* Template variables.  Appends 'text' to '*ret' with each ^NAME outside quoted
 * strings replaced by what 'lookup' returns for NAME (borrowed; NULL leaves
 * the text as it is, which fails in the parser).  Returns false, appending
 * nothing, if 'text' has none, so that the caller can use 'text' itself. */
bool lex_expand_templates(const char *text,
                          const char *(*lookup)(void *aux, const char *name),
                          void *aux, struct str *ret);

#endif /* logical/lexer.h */
