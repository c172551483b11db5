/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/logical/lexer.h"

#include <arpa/inet.h>

#include "lib/base/text.h"

/* Character classes. */
enum {
    C_SPACE = 1 << 0,
    C_ID = 1 << 1,               /* First character of a name. */
    C_ID_REST = 1 << 2,
    C_DIGIT = 1 << 3,
    C_HEX = 1 << 4,
};

static const uint8_t classes[256] = {
    ['\t'] = C_SPACE, ['\n'] = C_SPACE, ['\v'] = C_SPACE,
    ['\f'] = C_SPACE, ['\r'] = C_SPACE, [' '] = C_SPACE,
    ['0' ... '9'] = C_ID_REST | C_DIGIT | C_HEX,
    ['a' ... 'f'] = C_ID | C_ID_REST | C_HEX,
    ['g' ... 'z'] = C_ID | C_ID_REST,
    ['A' ... 'F'] = C_ID | C_ID_REST | C_HEX,
    ['G' ... 'Z'] = C_ID | C_ID_REST,
    ['_'] = C_ID | C_ID_REST,
    ['.'] = C_ID | C_ID_REST,
};

static const char *const type_names[LEX_N_TYPES] = {
    [LEX_END] = "end of input",
    [LEX_ID] = "name",
    [LEX_STRING] = "string",
    [LEX_INTEGER] = "integer",
    [LEX_MASKED_INTEGER] = "masked integer",
    [LEX_SET] = "address set",
    [LEX_PORT_GROUP] = "port group",
    [LEX_ERROR] = "error",
    [LEX_LPAREN] = "(",
    [LEX_RPAREN] = ")",
    [LEX_LCURLY] = "{",
    [LEX_RCURLY] = "}",
    [LEX_LSQUARE] = "[",
    [LEX_RSQUARE] = "]",
    [LEX_EQ] = "==",
    [LEX_NE] = "!=",
    [LEX_LT] = "<",
    [LEX_LE] = "<=",
    [LEX_GT] = ">",
    [LEX_GE] = ">=",
    [LEX_NOT] = "!",
    [LEX_AND] = "&&",
    [LEX_OR] = "||",
    [LEX_ELLIPSIS] = "..",
    [LEX_COMMA] = ",",
    [LEX_SEMICOLON] = ";",
    [LEX_ASSIGN] = "=",
    [LEX_EXCHANGE] = "<->",
    [LEX_DECREMENT] = "--",
    [LEX_HYPHEN] = "-",
    [LEX_COLON] = ":",
};

static bool
is_class(char c, uint8_t class)
{
    return classes[(uint8_t) c] & class;
}

static size_t
span(const char *s, uint8_t class)
{
    size_t n = 0;

    while (is_class(s[n], class)) {
        n++;
    }
    return n;
}

/* Errors. */

static void PRINTF_FORMAT(3, 0)
set_error(struct lexer *lexer, const char *s, const char *format, va_list args)
{
    struct str text = STR_EMPTY;
    size_t n;

    if (lexer->error) {
        return;
    }
    str_vprintf(&text, format, args);
    for (n = 0; s[n] && s[n] != '\n' && n < 40; n++) {
    }
    if (n) {
        str_printf(&text, " at column %zu, before \"%.*s%s\"",
                   (size_t) (s - lexer->text) + 1, (int) n, s,
                   s[n] ? "..." : "");
    } else {
        str_printf(&text, " at the end");
    }
    lexer->error = error_create(0, "%s", str_cstr(&text));
    str_uninit(&text);
}

void
lexer_error(struct lexer *lexer, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    set_error(lexer, lexer->token.s, format, args);
    va_end(args);
}

void
lexer_error_at(struct lexer *lexer, const char *s, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    set_error(lexer, s, format, args);
    va_end(args);
}

void
lexer_expected(struct lexer *lexer, const char *what)
{
    lexer_error(lexer, "syntax error: expecting %s", what);
}

struct error *
lexer_steal_error(struct lexer *lexer)
{
    struct error *error = lexer->error;

    lexer->error = NULL;
    return error;
}

const char *
lex_type_to_string(enum lex_type type)
{
    return type_names[type];
}

/* Numbers.  Each of these returns how many characters it took, or 0. */

static size_t
scan_ipv4(const char *s, u128 *ret)
{
    uint32_t ip = 0;
    size_t n = 0;

    for (int i = 0; i < 4; i++) {
        size_t digits = span(s + n, C_DIGIT);
        unsigned int octet = 0;

        if (!digits || digits > 3) {
            return 0;
        }
        for (size_t j = 0; j < digits; j++) {
            octet = octet * 10 + (s[n + j] - '0');
        }
        if (octet > 255) {
            return 0;
        }
        ip = ip << 8 | octet;
        n += digits;
        if (i < 3 && s[n++] != '.') {
            return 0;
        }
    }
    if (s[n] == '.' && s[n + 1] != '.') {
        return 0;
    }
    *ret = ip;
    return n;
}

static size_t
scan_mac(const char *s, u128 *ret)
{
    uint64_t mac = 0;
    size_t n = 0;

    for (int i = 0; i < 6; i++) {
        size_t digits = span(s + n, C_HEX);
        unsigned int octet = 0;

        if (!digits || digits > 2) {
            return 0;
        }
        for (size_t j = 0; j < digits; j++) {
            octet = octet << 4 | text_hex_digit(s[n + j]);
        }
        mac = mac << 8 | octet;
        n += digits;
        if (i < 5 && s[n++] != ':') {
            return 0;
        }
    }
    if (s[n] == ':') {
        return 0;
    }
    *ret = mac;
    return n;
}

static size_t
scan_ipv6(const char *s, u128 *ret)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr ip;
    size_t n = 0;

    while (is_class(s[n], C_HEX) || s[n] == ':'
           || (s[n] == '.' && is_class(s[n + 1], C_DIGIT))) {
        n++;
    }
    if (n >= sizeof text) {
        return 0;
    }
    memcpy(text, s, n);
    text[n] = '\0';
    if (inet_pton(AF_INET6, text, &ip) != 1) {
        return 0;
    }
    *ret = 0;
    for (int i = 0; i < 16; i++) {
        *ret = *ret << 8 | ip.s6_addr[i];
    }
    return n;
}

static size_t
scan_decimal(const char *s, u128 *ret)
{
    size_t n = span(s, C_DIGIT);
    u128 x = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned int digit = s[i] - '0';

        if (x > (U128_MAX - digit) / 10) {
            return 0;
        }
        x = x * 10 + digit;
    }
    *ret = x;
    return n;
}

/* "0x" and digits. */
static size_t
scan_hex(const char *s, u128 *ret)
{
    size_t n = span(s + 2, C_HEX);
    u128 x = 0;

    for (size_t i = 0; i < n; i++) {
        if (x >> 124) {
            return 0;
        }
        x = x << 4 | (unsigned) text_hex_digit(s[2 + i]);
    }
    *ret = x;
    return n ? n + 2 : 0;
}

/* Does 's' start with a run of hex digits and colons that has two colons at
 * least, as only addresses have? */
static bool
looks_like_colons(const char *s)
{
    int n_colons = 0;

    for (; is_class(*s, C_HEX) || *s == ':'; s++) {
        n_colons += *s == ':';
    }
    return n_colons >= 2;
}

static bool
looks_like_ipv4(const char *s)
{
    size_t n = span(s, C_DIGIT);

    return n && s[n] == '.' && is_class(s[n + 1], C_DIGIT);
}

/* Reads an integer in whatever form into 'token'; returns its length, or 0
 * with '*ret_error' saying what is wrong. */
static size_t
scan_integer(const char *s, struct lex_token *token, const char **ret_error)
{
    size_t n;

    if (looks_like_colons(s)) {
        token->format = LEX_F_ETHERNET;
        n = scan_mac(s, &token->value);
        if (!n) {
            token->format = LEX_F_IPV6;
            n = scan_ipv6(s, &token->value);
        }
        *ret_error = "bad Ethernet or IPv6 address";
    } else if (looks_like_ipv4(s)) {
        token->format = LEX_F_IPV4;
        n = scan_ipv4(s, &token->value);
        *ret_error = "bad IPv4 address";
    } else if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
        token->format = LEX_F_HEXADECIMAL;
        n = scan_hex(s, &token->value);
        *ret_error = "hexadecimal constant without digits or over 128 bits";
    } else {
        token->format = LEX_F_DECIMAL;
        n = scan_decimal(s, &token->value);
        *ret_error = "decimal constant over 128 bits";
    }
    if (n && is_class(s[n], C_ID_REST) && s[n] != '.') {
        *ret_error = "bad integer constant";
        return 0;
    }
    return n;
}

/* The width in which a prefix length counts, or 0. */
static unsigned int
prefix_width(enum lex_format format)
{
    return format == LEX_F_IPV4 ? 32 : format == LEX_F_IPV6 ? 128 : 0;
}

/* Reads the mask after a slash. */
static size_t
scan_mask(const char *s, struct lex_token *token, const char **ret_error)
{
    unsigned int width = prefix_width(token->format);
    struct lex_token mask;
    size_t n = scan_integer(s, &mask, ret_error);

    if (!n) {
        return 0;
    }
    if (mask.format == LEX_F_DECIMAL && width) {
        if (mask.value > width) {
            *ret_error = "prefix length out of range";
            return 0;
        }
        token->mask = u128_low(width) ^ u128_low(width - mask.value);
    } else if (mask.format == token->format
               || (mask.format <= LEX_F_HEXADECIMAL
                   && token->format <= LEX_F_HEXADECIMAL)) {
        token->mask = mask.value;
    } else {
        *ret_error = "value and mask have different forms";
        return 0;
    }
    token->value &= token->mask;
    token->type = LEX_MASKED_INTEGER;
    return n;
}

/* Reads an integer with or without a mask. */
static size_t
scan_constant(const char *s, struct lex_token *token, const char **ret_error)
{
    size_t n = scan_integer(s, token, ret_error);

    token->type = LEX_INTEGER;
    if (n && s[n] == '/' && s[n + 1] != '/' && s[n + 1] != '*') {
        size_t mask_n = scan_mask(s + n + 1, token, ret_error);

        return mask_n ? n + 1 + mask_n : 0;
    }
    return n;
}

bool
lex_parse_constant(const char *s, struct lex_token *ret)
{
    const char *error;
    size_t n;

    if (!is_class(*s, C_HEX) && *s != ':') {
        return false;
    }
    if (!is_class(*s, C_DIGIT) && !looks_like_colons(s)) {
        return false;
    }
    ret->s = s;
    n = scan_constant(s, ret, &error);
    ret->length = n;
    return n && !s[n];
}

/* Strings. */

static void
put_utf8(struct str *s, uint32_t c)
{
    if (c < 0x80) {
        str_put_char(s, c);
    } else if (c < 0x800) {
        str_put_char(s, 0xc0 | c >> 6);
        str_put_char(s, 0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        str_put_char(s, 0xe0 | c >> 12);
        str_put_char(s, 0x80 | (c >> 6 & 0x3f));
        str_put_char(s, 0x80 | (c & 0x3f));
    } else {
        str_put_char(s, 0xf0 | c >> 18);
        str_put_char(s, 0x80 | (c >> 12 & 0x3f));
        str_put_char(s, 0x80 | (c >> 6 & 0x3f));
        str_put_char(s, 0x80 | (c & 0x3f));
    }
}

/* The four hex digits at 's', or -1. */
static int
hex4(const char *s)
{
    int x = 0;

    for (int i = 0; i < 4; i++) {
        int digit = text_hex_digit(s[i]);

        if (digit < 0) {
            return -1;
        }
        x = x << 4 | digit;
    }
    return x;
}

/* Undoes the \u escape whose digits are at '*sp' and moves past them. */
static bool
unescape_unicode(const char **sp, struct str *out)
{
    int c = hex4(*sp);

    if (c <= 0 || (c >= 0xdc00 && c < 0xe000)) {
        return false;
    }
    *sp += 4;
    if (c >= 0xd800 && c < 0xdc00) {
        int low = (*sp)[0] == '\\' && (*sp)[1] == 'u' ? hex4(*sp + 2) : -1;

        if (low < 0xdc00 || low >= 0xe000) {
            return false;
        }
        *sp += 6;
        c = 0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff));
    }
    put_utf8(out, c);
    return true;
}

static bool
unescape(const char *s, const char *end, struct str *out)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";

    while (s < end) {
        const char *p;

        if (*s != '\\') {
            str_put_char(out, *s++);
            continue;
        }
        s++;
        p = strchr(from, *s);
        if (p && *p) {
            str_put_char(out, to[p - from]);
            s++;
        } else if (*s++ != 'u' || !unescape_unicode(&s, out)) {
            return false;
        }
    }
    return true;
}

/* Reads the string whose opening quote is at 's'. */
static size_t
scan_string(struct lexer *lexer, const char *s, struct lex_token *token)
{
    bool has_escapes = false;
    const char *p = s + 1;

    while (*p != '"') {
        if (!*p || *p == '\n') {
            lexer_error_at(lexer, s, "unterminated quoted string");
            return 0;
        }
        if (*p == '\\') {
            has_escapes = true;
            p++;
        }
        p += *p != '\0';
    }
    token->type = LEX_STRING;
    token->name = s + 1;
    token->name_length = p - s - 1;
    if (has_escapes) {
        struct str text = STR_EMPTY;

        if (!unescape(s + 1, p, &text)) {
            str_uninit(&text);
            lexer_error_at(lexer, s, "bad escape in quoted string");
            return 0;
        }
        token->name_length = text.length;
        token->name = arena_strdup(lexer->arena, str_cstr(&text),
                                   text.length);
        str_uninit(&text);
    }
    return p + 1 - s;
}

/* The walk. */

/* Skips blanks and comments; NULL with an error if a comment is bad. */
static const char *
skip_blanks(struct lexer *lexer, const char *s)
{
    for (;;) {
        s += span(s, C_SPACE);
        if (s[0] != '/') {
            return s;
        } else if (s[1] == '/') {
            s += strcspn(s, "\n");
        } else if (s[1] == '*') {
            const char *end = strstr(s + 2, "*/");

            if (!end || memchr(s, '\n', end - s)) {
                lexer_error_at(lexer, s, "comment does not end on its line");
                return NULL;
            }
            s = end + 2;
        } else {
            return s;
        }
    }
}

/* Reads a name for 'type' whose sign, if any, is the first of 'skip'
 * characters. */
static size_t
scan_name(const char *s, size_t skip, enum lex_type type,
          struct lex_token *token)
{
    const char *name = s + skip;
    size_t n = 0;

    if (is_class(*name, C_ID)) {
        /* A name takes in a dot only if more of the name follows, so that
         * "a..b" is a range. */
        while (is_class(name[n], C_ID_REST)
               && (name[n] != '.' || name[n + 1] != '.')) {
            n++;
        }
    }
    token->type = type;
    token->name = name;
    token->name_length = n;
    return n ? skip + n : 0;
}

static size_t
scan_punctuation(const char *s, struct lex_token *token)
{
    static const struct {
        char text[4];
        uint8_t length;
        uint8_t type;
    } signs[] = {
        { "<->", 3, LEX_EXCHANGE },
        { "==", 2, LEX_EQ }, { "!=", 2, LEX_NE }, { "<=", 2, LEX_LE },
        { ">=", 2, LEX_GE }, { "&&", 2, LEX_AND }, { "||", 2, LEX_OR },
        { "..", 2, LEX_ELLIPSIS }, { "--", 2, LEX_DECREMENT },
        { "(", 1, LEX_LPAREN }, { ")", 1, LEX_RPAREN },
        { "{", 1, LEX_LCURLY }, { "}", 1, LEX_RCURLY },
        { "[", 1, LEX_LSQUARE }, { "]", 1, LEX_RSQUARE },
        { "<", 1, LEX_LT }, { ">", 1, LEX_GT }, { "!", 1, LEX_NOT },
        { ",", 1, LEX_COMMA }, { ";", 1, LEX_SEMICOLON },
        { "=", 1, LEX_ASSIGN }, { "-", 1, LEX_HYPHEN },
        { ":", 1, LEX_COLON },
    };

    for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
        const char *t = signs[i].text;

        if (t[0] == s[0] && (signs[i].length < 2 || t[1] == s[1])
            && (signs[i].length < 3 || t[2] == s[2])) {
            token->type = signs[i].type;
            return signs[i].length;
        }
    }
    return 0;
}

/* Reads the token at 's' into 'token'; 0 with an error if there is none. */
static size_t
scan_token(struct lexer *lexer, const char *s, struct lex_token *token)
{
    const char *error = NULL;
    size_t n;

    if (*s == '"') {
        return scan_string(lexer, s, token);
    } else if (is_class(*s, C_DIGIT)
               || (is_class(*s, C_HEX) && looks_like_colons(s))
               || (s[0] == ':' && s[1] == ':')) {
        n = scan_constant(s, token, &error);
    } else if (is_class(*s, C_ID) && (s[0] != '.' || s[1] != '.')) {
        n = scan_name(s, 0, LEX_ID, token);
    } else if (*s == '$' || *s == '@') {
        n = scan_name(s, 1, *s == '$' ? LEX_SET : LEX_PORT_GROUP, token);
        error = "name expected";
    } else {
        n = scan_punctuation(s, token);
        error = "invalid character";
    }
    if (!n) {
        lexer_error_at(lexer, s, "%s", error);
    }
    return n;
}

void
lexer_next(struct lexer *lexer)
{
    struct lex_token *token = &lexer->token;
    const char *s = skip_blanks(lexer, lexer->input);
    size_t n;

    if (!s) {
        token->type = LEX_ERROR;
        return;
    }
    token->s = s;
    token->length = 0;
    lexer->input = s;
    if (!*s) {
        token->type = LEX_END;
        return;
    }
    n = scan_token(lexer, s, token);
    if (!n) {
        token->type = LEX_ERROR;
        return;
    }
    token->length = n;
    lexer->input = s + n;
}

void
lexer_init(struct lexer *lexer, const char *text, struct arena *arena)
{
    *lexer = (struct lexer) { .text = text, .input = text, .arena = arena };
    lexer->token.s = text;
    lexer_next(lexer);
}

void
lexer_uninit(struct lexer *lexer)
{
    error_free(lexer_steal_error(lexer));
}

enum lex_type
lexer_peek(const struct lexer *lexer)
{
    struct lexer copy = *lexer;
    enum lex_type type;

    lexer_next(&copy);
    type = copy.token.type;
    if (copy.error != lexer->error) {
        error_free(copy.error);
    }
    return type;
}

bool
lexer_is_id(const struct lexer *lexer, const char *id)
{
    const struct lex_token *t = &lexer->token;

    return (t->type == LEX_ID && !strncmp(t->name, id, t->name_length)
            && !id[t->name_length]);
}

bool
lexer_match_id(struct lexer *lexer, const char *id)
{
    if (lexer_is_id(lexer, id)) {
        lexer_next(lexer);
        return true;
    }
    return false;
}

bool
lexer_force(struct lexer *lexer, enum lex_type type)
{
    if (lexer_match(lexer, type)) {
        return true;
    }
    lexer_error(lexer, "syntax error: expecting `%s'", type_names[type]);
    return false;
}

bool
lexer_force_id(struct lexer *lexer, const char *id)
{
    if (lexer_match_id(lexer, id)) {
        return true;
    }
    lexer_error(lexer, "syntax error: expecting `%s'", id);
    return false;
}

bool
lexer_force_uint(struct lexer *lexer, uint64_t min, uint64_t max,
                 uint64_t *ret)
{
    const struct lex_token *t = &lexer->token;

    if (t->type == LEX_INTEGER && t->format <= LEX_F_HEXADECIMAL
        && t->value >= min && t->value <= max) {
        *ret = t->value;
        lexer_next(lexer);
        return true;
    }
    lexer_error(lexer, "syntax error: expecting integer in range %llu to %llu",
                (unsigned long long) min, (unsigned long long) max);
    return false;
}

bool
lexer_force_string(struct lexer *lexer, const char **ret)
{
    const struct lex_token *t = &lexer->token;

    if (t->type != LEX_STRING) {
        lexer_expected(lexer, "string");
        return false;
    }
    *ret = arena_strdup(lexer->arena, t->name, t->name_length);
    lexer_next(lexer);
    return true;
}

bool
lexer_force_end(struct lexer *lexer)
{
    if (lexer->token.type == LEX_END) {
        return !lexer->error;
    }
    lexer_expected(lexer, "end of input");
    return false;
}

/* Printing. */

static void
format_decimal(u128 x, struct str *out)
{
    char digits[40];
    size_t n = sizeof digits;

    do {
        digits[--n] = '0' + (int) (x % 10);
        x /= 10;
    } while (x);
    str_put_bytes(out, digits + n, sizeof digits - n);
}

static void
format_hex(u128 x, struct str *out)
{
    uint64_t hi = x >> 64;
    uint64_t lo = x;

    if (hi) {
        str_printf(out, "0x%llx%016llx", (unsigned long long) hi,
                   (unsigned long long) lo);
    } else {
        str_printf(out, "0x%llx", (unsigned long long) lo);
    }
}

static void
format_ipv6(u128 x, struct str *out)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr ip;

    for (int i = 15; i >= 0; i--) {
        ip.s6_addr[i] = x;
        x >>= 8;
    }
    str_put(out, inet_ntop(AF_INET6, &ip, text, sizeof text));
}

static void
format_value(u128 x, enum lex_format format, struct str *out)
{
    uint64_t v = x;

    if (format == LEX_F_IPV4 && u128_width(x) <= 32) {
        str_printf(out, "%u.%u.%u.%u", (unsigned) (v >> 24) & 0xff,
                   (unsigned) (v >> 16) & 0xff, (unsigned) (v >> 8) & 0xff,
                   (unsigned) v & 0xff);
    } else if (format == LEX_F_ETHERNET && u128_width(x) <= 48) {
        for (int i = 5; i >= 0; i--) {
            str_printf(out, "%02x%s", (unsigned) (v >> (8 * i)) & 0xff,
                       i ? ":" : "");
        }
    } else if (format == LEX_F_IPV6) {
        format_ipv6(x, out);
    } else if (format == LEX_F_DECIMAL) {
        format_decimal(x, out);
    } else {
        format_hex(x, out);
    }
}

void
lex_format_integer(u128 value, u128 mask, bool masked, enum lex_format format,
                   struct str *out)
{
    unsigned int width = prefix_width(format);

    format_value(value, format, out);
    if (!masked) {
        return;
    }
    str_put_char(out, '/');
    if (width) {
        u128 zeros = ~mask & u128_low(width);

        if (!(zeros & (zeros + 1)) && u128_width(mask) <= width) {
            str_put_uint(out, width - u128_width(zeros));
            return;
        }
    }
    format_value(mask, format, out);
}

void
lex_format_string(const char *s, struct str *out)
{
    str_put_char(out, '"');
    for (; *s; s++) {
        static const char special[] = "\"\\\b\f\n\r\t";
        static const char letter[] = "\"\\bfnrt";
        const char *p = strchr(special, *s);

        if (p) {
            str_put_char(out, '\\');
            str_put_char(out, letter[p - special]);
        } else if ((uint8_t) *s < 0x20) {
            str_printf(out, "\\u%04x", *s);
        } else {
            str_put_char(out, *s);
        }
    }
    str_put_char(out, '"');
}

bool
lex_expand_templates(const char *text,
                     const char *(*lookup)(void *aux, const char *name),
                     void *aux, struct str *ret)
{
    bool in_string = false;

    if (!strchr(text, '^')) {
        return false;
    }
    while (*text) {
        struct lex_token token;
        size_t n = (*text == '^' && !in_string
                    ? scan_name(text, 1, LEX_ID, &token) : 0);

        if (n) {
            char *name = xmemdup0(token.name, token.name_length);
            const char *value = lookup(aux, name);

            free(name);
            if (value) {
                str_put(ret, value);
                text += n;
                continue;
            }
        } else if (*text == '\\' && in_string && text[1]) {
            str_put_char(ret, *text++);
        } else if (*text == '"') {
            in_string = !in_string;
        }
        str_put_char(ret, *text++);
    }
    return true;
}
