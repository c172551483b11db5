/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/openflow/flow_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/flow/kv.h"
#include "lib/flow/port.h"
#include "lib/openflow/ofpact_codec.h"

/* Parsing. */

static const struct port_map *
ports_of(const struct text_names *names)
{
    return names ? names->ports : NULL;
}

struct error *
table_parse(const char *text, const struct text_names *names, uint8_t *ret)
{
    uint64_t x;
    ofp_port_t number;

    if (text_to_u64(text, 0, &x) && x <= UINT8_MAX) {
        *ret = x;
        return NULL;
    }
    number = names ? port_map_number(names->tables, text) : OFPP_NONE;
    if (number > UINT8_MAX) {
        return error_create(EINVAL, "unknown table \"%s\"", text);
    }
    *ret = number;
    return NULL;
}

static struct error *
parse_u16(const char *text, const char *what, uint16_t *ret)
{
    uint64_t x;

    if (!text_to_u64(text, 0, &x) || x > UINT16_MAX) {
        return error_create(EINVAL, "invalid %s \"%s\"", what, text);
    }
    *ret = x;
    return NULL;
}

static struct error *
parse_u64(const char *text, const char *what, uint64_t *ret)
{
    return (text_to_u64(text, 0, ret) ? NULL
            : error_create(EINVAL, "invalid %s \"%s\"", what, text));
}

/* A cookie or its mask; -1 is all ones. */
static struct error *
parse_cookie_part(const char *text, const char *what, uint64_t *ret)
{
    return parse_u64(!strcmp(text, "-1") ? "0xffffffffffffffff" : text, what,
                     ret);
}

/* "COOKIE" or "COOKIE/MASK". */
static struct error *
parse_cookie(struct flow_mod *fm, char *text, bool for_delete)
{
    char *slash = strchr(text, '/');
    uint64_t value, mask = UINT64_MAX;
    struct error *error;

    if (slash) {
        *slash++ = '\0';
        error = parse_cookie_part(slash, "cookie mask", &mask);
        if (error) {
            return error;
        }
    }
    if (slash && fm->command == FLOW_MOD_ADD) {
        return error_create(EINVAL, "cannot set cookie: mask in add");
    }
    error = parse_cookie_part(text, "cookie", &value);
    if (error) {
        return error;
    }
    if (slash || for_delete) {
        fm->cookie = htonll(value & mask);
        fm->cookie_mask = htonll(mask);
    } else {
        fm->new_cookie = htonll(value);
        fm->modify_cookie = true;
    }
    return NULL;
}

static const struct {
    const char *name;
    uint16_t flag;
} flag_names[] = {
    { "send_flow_rem", FLOW_F_SEND_FLOW_REM },
    { "check_overlap", FLOW_F_CHECK_OVERLAP },
    { "reset_counts", FLOW_F_RESET_COUNTS },
    { "no_packet_counts", FLOW_F_NO_PKT_COUNTS },
    { "no_byte_counts", FLOW_F_NO_BYT_COUNTS },
};

/* Does an option that says what a flow is to be, or which flows are meant,
 * mean anything to the command?  What it would ignore must not be taken: a
 * deletion of one priority is not to be one of all. */
static bool
takes_option(uint16_t command, const char *key)
{
    static const char *const changes[] = {
        "idle_timeout", "hard_timeout", "importance",
    };
    bool is_delete = (command == FLOW_MOD_DELETE
                      || command == FLOW_MOD_DELETE_STRICT);

    for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
        if (!strcmp(key, changes[i])) {
            return !is_delete;
        }
    }
    return (!strcmp(key, "priority") ? command != FLOW_MOD_DELETE
            : !strcmp(key, "out_port") || !strcmp(key, "out_group")
            ? is_delete : true);
}

/* Is an option that has a value always? */
static bool
needs_value(const char *key)
{
    static const char *const options[] = {
        "table", "priority", "idle_timeout", "hard_timeout", "importance",
        "cookie", "out_port", "out_group", "duration", "n_packets", "n_bytes",
        "idle_age", "hard_age",
    };

    for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
        if (!strcmp(key, options[i])) {
            return true;
        }
    }
    return false;
}

/* Options of a flow that are not of its match. */
static bool
parse_option(struct flow_mod *fm, const char *key, char *value,
             const struct text_names *names, uint32_t *usable,
             struct error **error)
{
    bool is_delete = (fm->command == FLOW_MOD_DELETE
                      || fm->command == FLOW_MOD_DELETE_STRICT);
    uint64_t x;

    for (size_t i = 0; i < ARRAY_SIZE(flag_names); i++) {
        if (!is_delete && !strcmp(key, flag_names[i].name) && !*value) {
            fm->flags |= flag_names[i].flag;
            if (flag_names[i].flag & ~(FLOW_F_SEND_FLOW_REM
                                       | FLOW_F_CHECK_OVERLAP)) {
                *usable &= OFP_PROTO_OXM_ANY;
            }
            return true;
        }
    }
    if (!takes_option(fm->command, key)) {
        return false;
    } else if (!*value && needs_value(key)) {
        *error = error_create(EINVAL, "field %s missing value", key);
    } else if (!strcmp(key, "table")) {
        *error = table_parse(value, names, &fm->table_id);
        *usable &= fm->table_id == OFPTT_ALL ? OFP_PROTO_ANY : OFP_PROTO_TID;
    } else if (!strcmp(key, "priority")) {
        *error = parse_u16(value, key, &fm->priority);
    } else if (!strcmp(key, "idle_timeout")) {
        *error = parse_u16(value, key, &fm->idle_timeout_s);
    } else if (!strcmp(key, "hard_timeout")) {
        *error = parse_u16(value, key, &fm->hard_timeout_s);
    } else if (!strcmp(key, "importance")) {
        *error = parse_u16(value, key, &fm->importance);
    } else if (!strcmp(key, "cookie")) {
        *error = parse_cookie(fm, value, is_delete);
        if (fm->cookie_mask) {
            *usable &= OFP_PROTO_NXM_OXM_ANY;
        }
    } else if (!strcmp(key, "out_port")) {
        if (!port_parse(value, ports_of(names), &fm->out_port)) {
            *error = error_create(EINVAL, "%s is not a valid OpenFlow port",
                                  value);
        }
    } else if (!strcmp(key, "out_group")) {
        *error = parse_u64(value, key, &x);
        fm->out_group = x;
        *usable &= OFP_PROTO_OXM_ANY;
    } else if (!strcmp(key, "duration") || !strcmp(key, "n_packets")
               || !strcmp(key, "n_bytes") || !strcmp(key, "idle_age")
               || !strcmp(key, "hard_age")) {
        /* As dump-flows prints them: a dump can be added again. */
    } else {
        return false;
    }
    return true;
}

static struct error *
parse_items(struct flow_mod *fm, char *text, const struct text_names *names,
            uint32_t *usable)
{
    struct error *error = NULL;
    char *key, *value, *dst;

    while (!error && kv_next(&text, &key, &value, &dst)) {
        bool known;

        if (parse_option(fm, key, value, names, usable, &error)) {
            continue;
        }
        error = match_parse_item(&fm->match, key, value, ports_of(names),
                                 &known);
        if (!error && !known) {
            error = error_create(EINVAL, "unknown keyword %s", key);
        }
    }
    return error;
}

/* Takes out of 'match' what its prerequisites do not allow: a switch would not
 * look at it. */
static void
normalize(struct match *match)
{
    static const enum field_id nd_fields[] = {
        FIELD_ND_TARGET, FIELD_ND_RESERVED, FIELD_ND_OPTIONS_TYPE,
    };
    const struct flow *f = &match->flow;
    be16 dl_type = (match->wc.masks.packet_type && f->packet_type >> 16 == 1
                    ? htons(f->packet_type & 0xffff) : f->dl_type);
    bool v4 = dl_type == htons(0x0800), v6 = dl_type == htons(0x86dd);
    bool arp = dl_type == htons(0x0806) || dl_type == htons(0x8035);
    struct flow *m = &match->wc.masks;

    if (!v4 && !v6 && !arp) {
        m->nw_proto = 0;
    }
    if (!v4 && !arp) {
        m->nw_src = m->nw_dst = 0;
    }
    if (!v6) {
        memset(&m->ipv6_src, 0, sizeof m->ipv6_src);
        memset(&m->ipv6_dst, 0, sizeof m->ipv6_dst);
        m->ipv6_label = 0;
    }
    if (!v4 && !v6) {
        m->nw_tos = m->nw_ttl = m->nw_frag = 0;
    }
    if ((!v4 && !v6)
        || (f->nw_proto != IPPROTO_TCP && f->nw_proto != IPPROTO_UDP
            && f->nw_proto != IPPROTO_SCTP
            && f->nw_proto != (v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6))) {
        m->tp_src = m->tp_dst = 0;
    }
    if (!(v4 || v6) || f->nw_proto != IPPROTO_TCP) {
        m->tcp_flags = 0;
    }
    if (!arp && !match_prereqs_ok(match, field_from_id(FIELD_ND_SLL))) {
        memset(&m->arp_sha, 0, sizeof m->arp_sha);
    }
    if (!arp && !match_prereqs_ok(match, field_from_id(FIELD_ND_TLL))) {
        memset(&m->arp_tha, 0, sizeof m->arp_tha);
    }
    for (size_t i = 0; i < ARRAY_SIZE(nd_fields); i++) {
        const struct field *field = field_from_id(nd_fields[i]);
        const union field_value zero = { .bytes = { 0 } };

        if (!match_prereqs_ok(match, field)) {
            match_set_field(match, field, &zero, &zero);
        }
    }
    match_mask_flow(match);
}

static struct error *
parse_flow_actions(struct flow_mod *fm, const char *text,
                   const struct text_names *names, struct buf *ofpacts,
                   uint32_t *usable)
{
    struct ofp_decode decode = ofp_decode_default;
    struct error *error;
    enum ofperr err;

    error = ofpacts_parse_instructions(text, names, ofpacts, usable);
    if (error) {
        return error;
    }
    err = ofpacts_check((void *) ofpacts->data, ofpacts->size, &fm->match,
                        fm->table_id, &decode, usable);
    if (err) {
        return error_create(EINVAL, "actions are invalid with specified "
                            "match (%s)", ofperr_name(err));
    }
    return NULL;
}

static const struct {
    const char *name;
    int command;
} commands[] = {
    { "add", FLOW_MOD_ADD },
    { "modify", FLOW_MOD_MODIFY },
    { "modify_strict", FLOW_MOD_MODIFY_STRICT },
    { "delete", FLOW_MOD_DELETE },
    { "delete_strict", FLOW_MOD_DELETE_STRICT },
};

/* Takes the word of the command off the start of '*textp'. */
static int
parse_command(char **textp)
{
    char *s = *textp + strspn(*textp, " \t");
    size_t n = strcspn(s, " \t,=");

    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        if (strlen(commands[i].name) == n && s[n] != '='
            && !strncmp(commands[i].name, s, n)) {
            *textp = s + n;
            return commands[i].command;
        }
    }
    return FLOW_MOD_ADD;
}

/* Cuts "actions=..." off the end of 'text'; NULL if there is none. */
static char *
cut_actions(char *text)
{
    static const char *const words[] = { "actions", "action" };

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        char *p = text;

        while ((p = strstr(p, words[i]))) {
            char *end = p + strlen(words[i]);

            if ((p == text || strchr(", \t\r\n", p[-1])) && *end == '=') {
                *p = '\0';
                return end + 1;
            }
            p = end;
        }
    }
    return NULL;
}

static struct error *
parse_flow(struct flow_mod *fm, char *text, int command,
           const struct text_names *names, struct buf *ofpacts,
           uint32_t *usable)
{
    bool wants_actions;
    struct error *error;
    char *actions;

    fm->command = command < 0 ? parse_command(&text) : command;
    wants_actions = fm->command <= FLOW_MOD_MODIFY_STRICT;
    if (fm->command != FLOW_MOD_ADD) {
        fm->table_id = OFPTT_ALL;
    }
    if (fm->command == FLOW_MOD_MODIFY
        || fm->command == FLOW_MOD_MODIFY_STRICT) {
        fm->new_cookie = UINT64_MAX;
    }
    actions = wants_actions ? cut_actions(text) : NULL;
    if (wants_actions && !actions) {
        return error_create(EINVAL, "must specify an action");
    }
    error = parse_items(fm, text, names, usable);
    if (error) {
        return error;
    }
    if (fm->new_cookie == UINT64_MAX && !fm->modify_cookie
        && !fm->cookie_mask) {
        /* A modification that finds no flow adds one, unless it names
         * cookies; all ones would forbid that. */
        fm->new_cookie = 0;
    }
    normalize(&fm->match);
    *usable &= match_usable_protocols(&fm->match);
    if (wants_actions) {
        error = parse_flow_actions(fm, actions, names, ofpacts, usable);
    }
    fm->ofpacts = (const void *) ofpacts->data;
    fm->ofpacts_size = ofpacts->size;
    return error;
}

struct error *
flow_mod_parse(struct flow_mod *fm, const char *text, int command,
               const struct text_names *names, struct buf *ofpacts,
               uint32_t *usable_protocols)
{
    char *copy = xstrdup(text);
    uint32_t usable = OFP_PROTO_ANY;
    struct error *error;

    flow_mod_init(fm);
    buf_clear(ofpacts);
    error = parse_flow(fm, copy, command, names, ofpacts, &usable);
    free(copy);
    if (!error && usable_protocols) {
        *usable_protocols &= usable;
    }
    return error;
}

struct error *
flow_stats_request_parse(struct flow_stats_request *req, const char *text,
                         bool aggregate, const struct text_names *names,
                         uint32_t *usable_protocols)
{
    char *copy = xstrdup(text);
    uint32_t usable = OFP_PROTO_ANY;
    struct flow_mod fm;
    struct error *error;

    /* A delete takes just what a request does: cookies, ports, no actions. */
    flow_mod_init(&fm);
    fm.command = FLOW_MOD_DELETE;
    fm.table_id = OFPTT_ALL;
    error = parse_items(&fm, copy, names, &usable);
    free(copy);
    if (error) {
        return error;
    }
    normalize(&fm.match);
    *req = (struct flow_stats_request) {
        .is_aggregate = aggregate, .match = fm.match, .cookie = fm.cookie,
        .cookie_mask = fm.cookie_mask, .out_port = fm.out_port,
        .out_group = fm.out_group, .table_id = fm.table_id,
    };
    /* The table is in every version's request. */
    if (usable_protocols) {
        *usable_protocols &= match_usable_protocols(&req->match);
        if (req->cookie_mask) {
            *usable_protocols &= OFP_PROTO_NXM_OXM_ANY;
        }
        if (req->out_group != OFPG_ANY) {
            *usable_protocols &= OFP_PROTO_OXM_ANY;
        }
    }
    return NULL;
}

/* Printing. */

static void
put_flags(uint16_t flags, const char *separator, struct str *s)
{
    for (size_t i = 0; i < ARRAY_SIZE(flag_names); i++) {
        if (flags & flag_names[i].flag) {
            str_printf(s, "%s%s", flag_names[i].name, separator);
        }
    }
}

void
flow_duration_format(uint32_t sec, uint32_t nsec, struct str *s)
{
    str_put_uint(s, sec);
    if (nsec % 1000000) {
        str_printf(s, ".%09"PRIu32, nsec);
        while (s->string[s->length - 1] == '0') {
            str_truncate(s, s->length - 1);
        }
    } else if (nsec) {
        str_printf(s, ".%03"PRIu32, nsec / 1000000);
    }
    str_put_char(s, 's');
}

static void
put_stats(const struct flow_stats *fs, const struct text_names *names,
          struct str *s)
{
    str_printf(s, "cookie=0x%"PRIx64", duration=", ntohll(fs->cookie));
    flow_duration_format(fs->duration_s, fs->duration_ns, s);
    str_put(s, ", ");
}

void
flow_stats_format(const struct flow_stats *fs, const struct text_names *names,
                  bool show_stats, struct str *s)
{
    const char *table = (names ? port_map_name(names->tables, fs->table_id)
                         : NULL);
    size_t start;

    str_put_char(s, ' ');
    if (show_stats) {
        put_stats(fs, names, s);
    } else if (fs->cookie) {
        str_printf(s, "cookie=0x%"PRIx64", ", ntohll(fs->cookie));
    }
    if (show_stats || fs->table_id || table) {
        str_put(s, "table=");
        if (table) {
            port_format_name(table, s);
        } else {
            str_put_uint(s, fs->table_id);
        }
        str_put(s, ", ");
    }
    if (show_stats) {
        if (fs->n_packets != COUNT_UNKNOWN) {
            str_printf(s, "n_packets=%"PRIu64", ", fs->n_packets);
        }
        if (fs->n_bytes != COUNT_UNKNOWN) {
            str_printf(s, "n_bytes=%"PRIu64", ", fs->n_bytes);
        }
    }
    if (fs->idle_timeout_s) {
        str_printf(s, "idle_timeout=%u, ", fs->idle_timeout_s);
    }
    if (fs->hard_timeout_s) {
        str_printf(s, "hard_timeout=%u, ", fs->hard_timeout_s);
    }
    put_flags(fs->flags, " ", s);
    if (fs->importance) {
        str_printf(s, "importance=%u, ", fs->importance);
    }
    if (show_stats && fs->idle_age_s >= 0) {
        str_printf(s, "idle_age=%d, ", fs->idle_age_s);
    }
    if (show_stats && fs->hard_age_s >= 0
        && fs->hard_age_s != fs->duration_s) {
        str_printf(s, "hard_age=%d, ", fs->hard_age_s);
    }
    start = s->length;
    match_format(&fs->match, ports_of(names), fs->priority, s);
    if (s->length > start) {
        str_put_char(s, ' ');
    }
    str_put(s, "actions=");
    ofpacts_format(fs->ofpacts, fs->ofpacts_size, names, s);
}

void
flow_flags_format(uint16_t flags, struct str *s)
{
    put_flags(flags, " ", s);
}
