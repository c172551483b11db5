/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOGICAL_ACTION_PARSER_H
#define LOGICAL_ACTION_PARSER_H

/* What the parsers of actions have in common, for action_parse*.c only.  Those
 * that return a bool return false with the lexer's error set. */

#include "lib/logical/action_table.h"

/* Sets the error, which points at 's', and returns false. */
bool parser_fail(struct action_parser *, const char *s, const char *message);

/* Makes predicate 'name' a prerequisite of the flow. */
void parser_require(struct action_parser *, const char *name);

/* Reads a field, whose prerequisites become those of the flow. */
bool parser_field(struct action_parser *, struct symbol_bits *);

/* May 'bits' be assigned?  Errors point at 's'. */
bool parser_check_writable(struct action_parser *, const char *s,
                           const struct symbol_bits *bits);

/* Reads a field for argument 'type' (ARG_*, or '*' for any), or those of 'args'
 * in parentheses. */
bool parser_arg(struct action_parser *, char type, struct symbol_bits *);
bool parser_args(struct action_parser *, struct action *, const char *args);

/* Reads "{ ACTIONS }". */
bool parser_nested(struct action_parser *, struct action *);

/* Reads what is the name of an option, and "=". */
bool parser_equals(struct action_parser *);

/* Reads one address in 'format', or an IP address of any family, IPv4 as
 * ::ffff:a.b.c.d. */
bool parser_address(struct action_parser *, enum lex_format format,
                    u128 *ret);
bool parser_ip(struct action_parser *, struct in6_addr *ret);
struct in6_addr parser_ip6(u128);

/* Reads "tcp", "udp" or "sctp" as its number. */
bool parser_proto(struct action_parser *, uint8_t *ret);

/* Reads "true" or "false", quoted or not. */
bool parser_bool(struct action_parser *, bool *ret);

/* Reads an action that starts with a field. */
bool parser_assignment(struct action_parser *, struct action *);

/* Reads actions up to the end of the text or of a block. */
struct action *parser_list(struct action_parser *);

#endif /* logical/action_parser.h */
