/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOGICAL_EXPR_H
#define LOGICAL_EXPR_H

/* Match expressions of logical flows.
 *
 * A text becomes a tree (expr_parse()), which can be printed again, evaluated
 * on a flow (expr_evaluate()), or compiled to OpenFlow matches
 * (expr_compile()).  A tree refers to address sets, port groups and ports by
 * name: it stays good when these change, and only the compilation is done
 * again, or, for some members of an address set, only these members' flows.
 *
 * A tree never changes after it is made and may be shared by threads. */

#include "lib/base/vec.h"
#include "lib/flow/match.h"
#include "lib/logical/symbol.h"

/* ## Trees ## */

enum expr_type {
    EXPR_BOOLEAN,
    EXPR_COMPARE,
    EXPR_AND,
    EXPR_OR,
    EXPR_CHASSIS_RESIDENT,
};

enum expr_relop {
    EXPR_EQ,
    EXPR_NE,
    EXPR_LT,
    EXPR_LE,
    EXPR_GT,
    EXPR_GE,
};

enum expr_constant_type {
    EXPR_CONST_INTEGER,
    EXPR_CONST_STRING,
    EXPR_CONST_SET,              /* $name. */
    EXPR_CONST_PORT_GROUP,       /* @name. */
};

struct expr_constant {
    enum expr_constant_type type;
    enum lex_format format;
    bool masked;
    u128 value;
    u128 mask;                   /* Of the symbol's width; all ones there unless
                                  * 'masked'. */
    const char *string;          /* Strings and names of sets. */
};

struct expr {
    enum expr_type type;
    union {
        bool boolean;
        struct {                 /* BITS RELOP any of CONSTANTS (none of, for
                                  * EXPR_NE).  A predicate is compared with
                                  * constant 1. */
            struct symbol_bits bits;
            enum expr_relop relop;
            const struct expr_constant *constants;
            uint32_t n_constants;
        } cmp;
        struct {
            const struct expr **subs;
            uint32_t n_subs;
        } andor;
        struct {
            const char *port;
            bool negated;
        } resident;
    };
};

/* Nesting deeper than this is refused. */
#define EXPR_MAX_DEPTH 100

/* Parses all of 'text' into 'arena', which need not outlive 'text'. */
struct error *expr_parse(const char *text, const struct symbol_table *,
                         struct arena *arena, const struct expr **ret)
    MUST_USE;

/* Parses an expression at the lexer, up to where it ends; NULL with the
 * lexer's error set if it is bad. */
const struct expr *expr_parse_at(struct lexer *, const struct symbol_table *);

/* A constant or a { set } of them at the lexer, as a comparison with 'bits'
 * would have it. */
bool expr_parse_constants(struct lexer *, const struct symbol_bits *bits,
                          const struct expr_constant **ret, size_t *ret_n);

/* 'a && b' in 'arena'; NULL stands for true. */
const struct expr *expr_and(struct arena *, const struct expr *a,
                            const struct expr *b);

/* Appends what expr_parse() parses to an equal tree. */
void expr_format(const struct expr *, struct str *);
void expr_format_constant(const struct expr_constant *, struct str *);

bool expr_equals(const struct expr *, const struct expr *);

/* Calls 'fn' for each set, port group, port and is_chassis_resident() port
 * that the tree names, as often as it does. */
enum expr_ref_type {
    EXPR_REF_SET,
    EXPR_REF_PORT_GROUP,
    EXPR_REF_PORT,
    EXPR_REF_RESIDENT,
};
void expr_for_each_ref(const struct expr *,
                       void (*fn)(void *aux, enum expr_ref_type,
                                  const char *name),
                       void *aux);

/* ## The world outside the expression ## */

/* The members of an address set, sorted and without duplicates.  The caller
 * parses a set once, whatever the number of expressions that name it. */
struct const_set_item {
    u128 value;
    u128 mask;                   /* All ones for a plain address. */
    enum lex_format format;
};

struct const_set {
    size_t n;
    struct const_set_item *items;
};

/* Makes a set of the texts that are constants; the others are counted in
 * '*ret_n_bad' (if not NULL) and left out.  O(n log n). */
struct const_set *const_set_create(const char *const *texts, size_t n,
                                   size_t *ret_n_bad);
void const_set_destroy(struct const_set *);

struct expr_env {
    /* The members of address set 'name', borrowed; NULL if there is none. */
    const struct const_set *(*find_set)(void *aux, const char *name);

    /* The ports of group 'name': '*ret_n' names, borrowed.  NULL if there is
     * no such group. */
    const char *const *(*find_port_group)(void *aux, const char *name,
                                          size_t *ret_n);

    /* Do ports of the group come and go one by one, as members of a set do?
     * NULL: of no group. */
    bool (*is_large_group)(void *aux, const char *name);

    /* The key of a port or multicast group of the datapath, or false, and then
     * no comparison with it is true.  Not asked of "" and "none", whose key is
     * 0: no port. */
    bool (*find_port)(void *aux, const char *name, uint32_t *ret_key);

    bool (*is_chassis_resident)(void *aux, const char *port);

    void *aux;

    /* Bounds; 0 stands for EXPR_MAX_MATCHES. */
    size_t max_matches;
};

#define EXPR_MAX_MATCHES 500000

/* Is the expression true of 'flow', taking prerequisites into account?  Callbacks
 * that are NULL find nothing. */
bool expr_evaluate(const struct expr *, const struct flow *flow,
                   const struct expr_env *);

/* ## OpenFlow matches ## */

struct expr_term {
    enum base base;
    u128 value;
    u128 mask;                   /* Not zero. */
};

struct expr_conj {
    uint32_t id;                 /* From 1 within the expression. */
    uint8_t clause;              /* From 0. */
    uint8_t n_clauses;
};

/* One OpenFlow flow. */
struct expr_match {
    const struct expr_term *terms;   /* Sorted by base, each base once. */
    uint16_t n_terms;
    uint16_t n_conjs;
    const struct expr_conj *conjs;   /* Not empty: the flow's only actions are
                                      * these conjunctions. */
    uint32_t conj_id;                /* Not 0: also matches this conj_id. */
    uint32_t n_sources;              /* How often the expression made it. */
};

struct expr_matches {
    struct arena arena;          /* Holds what the items point to. */
    struct arena scratch;        /* For the compiler, from one use to the
                                  * next. */
    VEC(struct expr_match) items;
    uint32_t n_conj_ids;         /* Ids 1..n are used; the caller adds a base
                                  * so that they are unique in the table. */
};

void expr_matches_init(struct expr_matches *);
void expr_matches_uninit(struct expr_matches *);

/* Forgets the items, keeping memory for the next compilation. */
void expr_matches_clear(struct expr_matches *);

/* Compiles 'expr' into '*ret', which is initialized and empty: together the
 * matches accept exactly the packets that expr_evaluate() is true of.  No
 * items: nothing matches.
 *
 * Comparisons of several fields with several values each become conjunctive
 * matches where that takes fewer flows.  An address set, or a large port group,
 * counts as "several" whatever its size, so that the shape of the result does
 * not depend on it.
 *
 * Fails (E2BIG) for an expression whose matches would exceed the bound. */
struct error *expr_compile(const struct expr *, const struct expr_env *,
                           struct expr_matches *ret) MUST_USE;

/* Compiles only the matches that the 'n' 'items', members of set 'name', give
 * rise to (or the ports of these keys, in the large port group that is called
 * 'name' behind an @), with the same conjunction ids as expr_compile() gives:
 * what to add when these members are added, and to remove (counting n_sources)
 * when they are removed.  Linear in the result, not in the sets.  Returns false
 * if the expression uses the set in a way that lets one member change flows of
 * others (negated, or intersected with another set): compile the whole
 * again. */
bool expr_compile_members(const struct expr *, const struct expr_env *,
                          const char *name,
                          const struct const_set_item *items, size_t n,
                          struct expr_matches *ret);

/* ANDs the terms, and conj_id plus 'conj_base', to an OpenFlow match. */
void expr_match_to_match(const struct expr_match *, uint32_t conj_base,
                         struct match *);

uint64_t expr_match_hash(const struct expr_match *, uint64_t basis);
bool expr_match_equals(const struct expr_match *, const struct expr_match *);

/* Prints the matches as ovs-ofctl would, one a line. */
void expr_matches_format(const struct expr_matches *, struct str *);

/* Fills 'flow', zeroed by the caller, with a packet of which the expression is
 * true (the first, if it has alternatives): what a microflow for ovn-trace
 * is.  Fails if there is none, or a port is unknown. */
struct error *expr_to_flow(const struct expr *, const struct expr_env *,
                           struct flow *flow) MUST_USE;

#endif /* logical/expr.h */
