/* SPDX-License-Identifier: Apache-2.0 */

/* Control commands about tracked connections: dpctl/dump-conntrack,
 * dpctl/flush-conntrack, ... . */

#include "vswitch/ofproto/ct_commands.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/str.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "vswitch/dpif/conntrack.h"
#include "vswitch/ofproto/commands.h"

/* What a dump shows of each connection. */
struct dump {
    struct str s;
    bool more;                   /* Both sides' states. */
    bool statistics;
};

static const struct {
    uint8_t number;
    const char *name;
} protocols[] = {
    { IPPROTO_TCP, "tcp" }, { IPPROTO_UDP, "udp" },
    { IPPROTO_SCTP, "sctp" }, { IPPROTO_ICMP, "icmp" },
    { IPPROTO_ICMPV6, "icmpv6" }, { IPPROTO_UDPLITE, "udplite" },
    { IPPROTO_DCCP, "dccp" }, { IPPROTO_IGMP, "igmp" },
};

static const char *const tcp_states[] = {
    [CT_TCP_NONE] = "NONE",
    [CT_TCP_LISTEN] = "LISTEN",
    [CT_TCP_SYN_SENT] = "SYN_SENT",
    [CT_TCP_SYN_RECV] = "SYN_RECV",
    [CT_TCP_ESTABLISHED] = "ESTABLISHED",
    [CT_TCP_CLOSE_WAIT] = "CLOSE_WAIT",
    [CT_TCP_FIN_WAIT_1] = "FIN_WAIT_1",
    [CT_TCP_CLOSING] = "CLOSING",
    [CT_TCP_LAST_ACK] = "LAST_ACK",
    [CT_TCP_FIN_WAIT_2] = "FIN_WAIT_2",
    [CT_TCP_TIME_WAIT] = "TIME_WAIT",
    [CT_TCP_CLOSED] = "CLOSED",
};

static const char *const sctp_states[CT_SCTP_N_STATES] = {
    [CT_SCTP_CLOSED] = "CLOSED",
    [CT_SCTP_COOKIE_WAIT] = "COOKIE_WAIT",
    [CT_SCTP_COOKIE_ECHOED] = "COOKIE_ECHOED",
    [CT_SCTP_ESTABLISHED] = "ESTABLISHED",
    [CT_SCTP_SHUTDOWN_SENT] = "SHUTDOWN_SENT",
    [CT_SCTP_SHUTDOWN_ACK_SENT] = "SHUTDOWN_ACK_SENT",
};

/* The one state to show for a connection, from its originator's. */
static enum ct_tcp_state
summary_state(enum ct_tcp_state state)
{
    return (state == CT_TCP_SYN_RECV ? CT_TCP_SYN_SENT
            : state == CT_TCP_FIN_WAIT_2 ? CT_TCP_TIME_WAIT
            : state);
}

static bool
is_icmp(uint8_t nw_proto)
{
    return nw_proto == IPPROTO_ICMP || nw_proto == IPPROTO_ICMPV6;
}

/* ## Dump ## */

static void
put_address(const struct in6_addr *addr, struct str *s)
{
    char text[INET6_ADDRSTRLEN];

    if (IN6_IS_ADDR_V4MAPPED(addr)) {
        inet_ntop(AF_INET, &addr->s6_addr[12], text, sizeof text);
    } else {
        inet_ntop(AF_INET6, addr, text, sizeof text);
    }
    str_put(s, text);
}

static void
put_tuple(const struct ct_tuple *t, struct str *s)
{
    str_put(s, "src=");
    put_address(&t->src, s);
    str_put(s, ",dst=");
    put_address(&t->dst, s);
    if (is_icmp(t->nw_proto)) {
        str_printf(s, ",id=%u,type=%u,code=%u", ntohs(t->tp_src),
                   t->icmp_type, t->icmp_code);
    } else if (t->tp_src || t->tp_dst) {
        str_printf(s, ",sport=%u,dport=%u", ntohs(t->tp_src),
                   ntohs(t->tp_dst));
    }
}

static void
put_direction(const char *name, const struct ct_tuple *t,
              const struct ct_entry *e, int direction, struct dump *d)
{
    str_printf(&d->s, ",%s=(", name);
    put_tuple(t, &d->s);
    if (d->statistics) {
        str_printf(&d->s, ",packets=%llu,bytes=%llu",
                   (unsigned long long) e->n_packets[direction],
                   (unsigned long long) e->n_bytes[direction]);
    }
    str_put_char(&d->s, ')');
}

static void
put_protocol(uint8_t nw_proto, struct str *s)
{
    for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
        if (protocols[i].number == nw_proto) {
            str_put(s, protocols[i].name);
            return;
        }
    }
    str_printf(s, "%u", nw_proto);
}

static void
put_label(const union be128 *label, struct str *s)
{
    unsigned long long high = ntohll(label->be64[0]);
    unsigned long long low = ntohll(label->be64[1]);

    if (high) {
        str_printf(s, ",labels=%#llx%016llx", high, low);
    } else if (low) {
        str_printf(s, ",labels=%#llx", low);
    }
}

static void
put_entry(const struct ct_entry *e, void *d_)
{
    struct dump *d = d_;
    struct str *s = &d->s;

    put_protocol(e->orig.nw_proto, s);
    put_direction("orig", &e->orig, e, 0, d);
    put_direction("reply", &e->reply, e, 1, d);
    if (e->zone) {
        str_printf(s, ",zone=%u", e->zone);
    }
    if (d->statistics) {
        str_printf(s, ",timeout=%u", e->timeout_s);
    }
    if (e->mark) {
        str_printf(s, ",mark=%u", e->mark);
    }
    put_label(&e->label, s);
    if (e->orig.nw_proto == IPPROTO_TCP) {
        if (d->more) {
            str_printf(s, ",protoinfo=(state_orig=%s,state_reply=%s)",
                       tcp_states[e->tcp_state[0]],
                       tcp_states[e->tcp_state[1]]);
        } else {
            str_printf(s, ",protoinfo=(state=%s)",
                       tcp_states[summary_state(e->tcp_state[0])]);
        }
    }
    if (e->orig.nw_proto == IPPROTO_SCTP) {
        str_printf(s, ",protoinfo=(state=%s,vtag_orig=%u,vtag_reply=%u)",
                   sctp_states[e->sctp_state], e->sctp_tag[0],
                   e->sctp_tag[1]);
    }
    if (e->helper) {
        str_printf(s, ",helper=%s", e->helper);
    }
    str_put_char(s, '\n');
}

static void
put_expected(const struct ct_expected_entry *e, void *d_)
{
    struct dump *d = d_;
    struct str *s = &d->s;

    put_protocol(e->orig.nw_proto, s);
    str_put(s, ",orig=(");
    put_tuple(&e->orig, s);
    str_put(s, "),parent=(");
    put_tuple(&e->parent, s);
    str_put_char(s, ')');
    if (e->zone) {
        str_printf(s, ",zone=%u", e->zone);
    }
    if (e->mark) {
        str_printf(s, ",mark=%u", e->mark);
    }
    put_label(&e->label, s);
    if (e->helper) {
        str_printf(s, ",helper=%s", e->helper);
    }
    str_put_char(s, '\n');
}

/* ## Arguments ## */

bool
ct_take_datapath(struct control_conn *conn, int argc, const char *argv[],
                 int n_own, struct ct_command_args *args)
{
    const char *name = NULL;

    args->n = argc - 1;
    args->v = argv + 1;
    if (args->n > n_own && args->v[0][0] && !strchr(args->v[0], '=')) {
        name = args->v[0];
        args->n--;
        args->v++;
    }
    args->backer = commands_get_backer(conn, name);
    return args->backer != NULL;
}

struct error *
ct_bad_argument(const char *what, const char *text)
{
    return error_create(EINVAL, "invalid %s \"%s\"", what, text);
}

struct error *
ct_parse_zone(const char *text, int *zone)
{
    return text_to_int_range(text, 0, UINT16_MAX, zone) ? NULL
           : ct_bad_argument("zone", text);
}

struct error *
ct_parse_u32(const char *what, const char *text, uint32_t *ret)
{
    unsigned int x;

    if (!text_to_uint(text, 0, &x)) {
        return ct_bad_argument(what, text);
    }
    *ret = x;
    return NULL;
}

void
ct_reply_errno(struct control_conn *conn, int error)
{
    if (error) {
        control_reply_error(conn, strerror(abs(error)));
    } else {
        control_reply(conn, NULL);
    }
}

/* ## Commands ## */

/* Takes options, datapath and "zone=N" of a command that shows. */
static bool
parse_show_args(struct control_conn *conn, int argc, const char *argv[],
                struct dump *d, struct backer **backer, int *zone)
{
    const char *name = NULL;
    struct error *error = NULL;

    *zone = -1;
    for (int i = 1; i < argc && !error; i++) {
        const char *arg = argv[i];

        if (!strcmp(arg, "-m") || !strcmp(arg, "--more")
            || !strcmp(arg, "verbose")) {
            d->more = true;
        } else if (!strcmp(arg, "-s") || !strcmp(arg, "--statistics")) {
            d->statistics = true;
        } else if (text_starts_with(arg, "zone=")) {
            error = ct_parse_zone(arg + 5, zone);
        } else if (!name && arg[0] != '-' && !strchr(arg, '=')) {
            name = arg;
        } else {
            error = ct_bad_argument("argument", arg);
        }
    }
    if (error) {
        control_reply_take_error(conn, error);
        return false;
    }
    *backer = commands_get_backer(conn, name);
    return *backer != NULL;
}

static void
dump_conntrack(struct control_conn *conn, int argc, const char *argv[],
               void *aux UNUSED)
{
    struct dump d = { .s = STR_EMPTY };
    struct backer *b;
    int zone;

    if (parse_show_args(conn, argc, argv, &d, &b, &zone)) {
        dpif_ct_dump(b->dpif, zone, put_entry, &d);
        control_reply_str(conn, &d.s);
    }
}

static void
dump_conntrack_exp(struct control_conn *conn, int argc, const char *argv[],
                   void *aux UNUSED)
{
    struct dump d = { .s = STR_EMPTY };
    struct backer *b;
    int zone;

    if (parse_show_args(conn, argc, argv, &d, &b, &zone)) {
        dpif_ct_dump_expected(b->dpif, zone, put_expected, &d);
        control_reply_str(conn, &d.s);
    }
}

struct counts {
    unsigned int total;
    unsigned int protocols[UINT8_MAX + 1];
    unsigned int states[ARRAY_SIZE(tcp_states)];
};

static void
count_entry(const struct ct_entry *e, void *counts_)
{
    struct counts *counts = counts_;

    counts->total++;
    counts->protocols[e->orig.nw_proto]++;
    if (e->orig.nw_proto == IPPROTO_TCP) {
        counts->states[summary_state(e->tcp_state[0])]++;
    }
}

static void
ct_stats_show(struct control_conn *conn, int argc, const char *argv[],
              void *aux UNUSED)
{
    static const struct {
        uint8_t number;
        const char *name;
    } shown[] = {
        { IPPROTO_TCP, "TCP" }, { IPPROTO_UDP, "UDP" },
        { IPPROTO_ICMP, "ICMP" }, { IPPROTO_ICMPV6, "ICMPV6" },
        { IPPROTO_SCTP, "SCTP" }, { IPPROTO_UDPLITE, "UDPLITE" },
        { IPPROTO_DCCP, "DCCP" }, { IPPROTO_IGMP, "IGMP" },
    };
    struct dump d = { .s = STR_EMPTY };
    struct counts counts = { .total = 0 };
    unsigned int others;
    struct backer *b;
    int zone;

    if (!parse_show_args(conn, argc, argv, &d, &b, &zone)) {
        return;
    }
    dpif_ct_dump(b->dpif, zone, count_entry, &counts);
    others = counts.total;
    str_printf(&d.s, "Connections Stats:\n    Total: %u\n", counts.total);
    for (size_t i = 0; i < ARRAY_SIZE(shown); i++) {
        unsigned int n = counts.protocols[shown[i].number];

        others -= n;
        if (!n) {
            continue;
        }
        str_printf(&d.s, "  %s: %u\n", shown[i].name, n);
        if (shown[i].number != IPPROTO_TCP || !d.more) {
            continue;
        }
        str_put(&d.s, "    Conn per TCP states:\n");
        for (size_t j = 0; j < ARRAY_SIZE(tcp_states); j++) {
            if (counts.states[j]) {
                str_printf(&d.s, "\t  [%s]=%u\n", tcp_states[j],
                           counts.states[j]);
            }
        }
    }
    if (others) {
        str_printf(&d.s, "  Other: %u\n", others);
    }
    control_reply_str(conn, &d.s);
}

static void
flush_conntrack(struct control_conn *conn, int argc, const char *argv[],
                void *aux UNUSED)
{
    struct ct_flush f = CT_FLUSH_ALL;
    struct error *error = NULL;
    uint64_t n_flushed;
    struct ct_command_args args;

    if (!ct_take_datapath(conn, argc, argv, 0, &args)) {
        return;
    }
    for (int i = 0; i < args.n && !error; i++) {
        error = ct_flush_parse(args.v[i], &f);
    }
    if (error) {
        control_reply_take_error(conn, error);
    } else {
        ct_reply_errno(conn, dpif_ct_flush(args.backer->dpif, &f, &n_flushed));
    }
}

void
ct_register_commands(void)
{
    static const struct control_command commands[] = {
        { "dpctl/dump-conntrack", "[-m] [-s] [dp] [zone=N]", 0, 4,
          dump_conntrack },
        { "dpctl/dump-conntrack-exp", "[dp] [zone=N]", 0, 2,
          dump_conntrack_exp },
        { "dpctl/flush-conntrack",
          "[dp] [zone=N] [mark=X[/M]] [labels=X[/M]] "
          "[ct-orig-tuple [ct-reply-tuple]]", 0, 6, flush_conntrack },
        { "dpctl/ct-stats-show", "[dp] [zone=N] [verbose]", 0, 4,
          ct_stats_show },
    };

    control_register_all(commands, ARRAY_SIZE(commands), NULL);
    ct_register_settings_commands();
}
