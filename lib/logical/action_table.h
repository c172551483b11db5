/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LOGICAL_ACTION_TABLE_H
#define LOGICAL_ACTION_TABLE_H

/* The table of actions, inside lib/logical: what the parser, the printer and
 * the encoder know of each. */

#include "lib/logical/actions.h"

struct action_parser {
    struct lexer *lexer;
    const struct action_parse_env *env;
    const struct expr *prereqs;
    int depth;
    bool in_ct_commit;           /* ct_mark and ct_label may be set. */
};

struct action_encoder {
    const struct action_encode_env *env;
    struct buf *out;
    struct error *error;         /* The first one, or NULL. */
};

/* What may stand in the parentheses of an action that takes only fields, a
 * character each. */
#define ARG_PORT 'P'             /* String field. */
#define ARG_IP4 '4'              /* 32 bits. */
#define ARG_IP6 '6'              /* 128 bits. */
#define ARG_MAC 'E'              /* 48 bits. */

enum {
    RESULT_NONE = 0,
    RESULT_PORT = -1,            /* A string field. */
    RESULT_ANY = -2,             /* An integer field of any width. */
};

enum {
    ACTION_F_NESTED = 1 << 0,    /* { actions; } follows. */
    ACTION_F_NESTED_OPTIONAL = 1 << 1,
    ACTION_F_INGRESS_ONLY = 1 << 2,
    ACTION_F_MOVES_ON = 1 << 3,  /* Not in the last table. */
    ACTION_F_NO_PARENS = 1 << 4, /* Takes nothing: no "()" either. */
};

struct action_info {
    const char *name;            /* NULL: not written as a word. */
    int result;                  /* RESULT_* or the bits of "R = NAME". */
    const char *args;            /* ARG_*'s, if 'parse' is NULL. */
    uint8_t flags;
    const char *prereq;          /* A predicate, or NULL. */

    /* From after the name (and "R =") to before the semicolon; false with the
     * lexer's error set. */
    bool (*parse)(struct action_parser *, struct action *);

    /* Prints all but "R = " and the semicolon; NULL: as 'args' says. */
    void (*format)(const struct action *, struct str *);

    void (*encode)(struct action_encoder *, const struct action *,
                   const struct action_info *);

    /* Parameters of encoders. */
    uint8_t table;               /* Offset in struct action_tables. */
    uint8_t flag;                /* LOG_FLAG_* with the result. */
    enum punt_op punt;
};

extern const struct action_info action_infos[N_ACTIONS];

/* Finds by name; N_ACTIONS if there is none. */
enum action_kind action_kind_from_name(const char *name, size_t length);

/* Parsers. */
bool action_parse_next(struct action_parser *, struct action *);
bool action_parse_ct_zone(struct action_parser *, struct action *);
bool action_parse_ct_commit(struct action_parser *, struct action *);
bool action_parse_ct_nat(struct action_parser *, struct action *);
bool action_parse_ct_lb(struct action_parser *, struct action *);
bool action_parse_select(struct action_parser *, struct action *);
bool action_parse_dhcpv4_opts(struct action_parser *, struct action *);
bool action_parse_dhcpv6_opts(struct action_parser *, struct action *);
bool action_parse_nd_ra_opts(struct action_parser *, struct action *);
bool action_parse_relay(struct action_parser *, struct action *);
bool action_parse_bind_vport(struct action_parser *, struct action *);
bool action_parse_event(struct action_parser *, struct action *);
bool action_parse_log(struct action_parser *, struct action *);
bool action_parse_fwd_group(struct action_parser *, struct action *);
bool action_parse_lb_aff(struct action_parser *, struct action *);
bool action_parse_ecmp_nh(struct action_parser *, struct action *);
bool action_parse_number(struct action_parser *, struct action *);
bool action_parse_set_meter(struct action_parser *, struct action *);
bool action_parse_sample(struct action_parser *, struct action *);
bool action_parse_mirror(struct action_parser *, struct action *);

/* Printers. */
void action_format_next(const struct action *, struct str *);
void action_format_ct_zone(const struct action *, struct str *);
void action_format_ct_nat(const struct action *, struct str *);
void action_format_ct_lb(const struct action *, struct str *);
void action_format_select(const struct action *, struct str *);
void action_format_options(const struct action *, struct str *);
void action_format_relay(const struct action *, struct str *);
void action_format_bind_vport(const struct action *, struct str *);
void action_format_event(const struct action *, struct str *);
void action_format_log(const struct action *, struct str *);
void action_format_fwd_group(const struct action *, struct str *);
void action_format_lb_aff(const struct action *, struct str *);
void action_format_ecmp_nh(const struct action *, struct str *);
void action_format_number(const struct action *, struct str *);
void action_format_set_meter(const struct action *, struct str *);
void action_format_sample(const struct action *, struct str *);
void action_format_mirror(const struct action *, struct str *);

/* Encoders. */
#define ACTION_ENCODER(NAME) \
    void action_encode_##NAME(struct action_encoder *, \
                              const struct action *, \
                              const struct action_info *)
ACTION_ENCODER(next);
ACTION_ENCODER(output);
ACTION_ENCODER(clone);
ACTION_ENCODER(load);
ACTION_ENCODER(move);
ACTION_ENCODER(exchange);
ACTION_ENCODER(dec_ttl);
ACTION_ENCODER(push);
ACTION_ENCODER(pop);
ACTION_ENCODER(ct_next);
ACTION_ENCODER(ct_commit);
ACTION_ENCODER(ct_nat);
ACTION_ENCODER(ct_lb);
ACTION_ENCODER(ct_clear);
ACTION_ENCODER(ct_orig);
ACTION_ENCODER(get_mac);
ACTION_ENCODER(lookup_mac);
ACTION_ENCODER(lookup_ip);
ACTION_ENCODER(get_fdb);
ACTION_ENCODER(lookup_fdb);
ACTION_ENCODER(resubmit);
ACTION_ENCODER(check);
ACTION_ENCODER(punt);
ACTION_ENCODER(select);
ACTION_ENCODER(fwd_group);
ACTION_ENCODER(lb_aff);
ACTION_ENCODER(ecmp_nh);
ACTION_ENCODER(check_pkt_larger);
ACTION_ENCODER(set_queue);
ACTION_ENCODER(set_meter);
ACTION_ENCODER(sample);
ACTION_ENCODER(mirror);
#undef ACTION_ENCODER

/* Words for numbers that the parser and the printer share. */
extern const char *const event_option_names[];   /* By number; [0] NULL. */
#define N_EVENT_OPTIONS 4

#endif /* logical/action_table.h */
