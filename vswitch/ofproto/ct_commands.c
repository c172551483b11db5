/* SPDX-License-Identifier: Apache-2.0 */

/* Control commands about tracked connections: dpctl/dump-conntrack,
 * dpctl/flush-conntrack, ... . */

#include "vswitch/ofproto/dpctl_commands.h"

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
              const struct ct_entry *e, int direction, struct dpctl *d)
{
    str_printf(&d->out, ",%s=(", name);
    put_tuple(t, &d->out);
    if (d->statistics) {
        str_printf(&d->out, ",packets=%llu,bytes=%llu",
                   (unsigned long long) e->n_packets[direction],
                   (unsigned long long) e->n_bytes[direction]);
    }
    str_put_char(&d->out, ')');
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
    struct dpctl *d = d_;
    struct str *s = &d->out;

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
        if (d->verbosity) {
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
    struct dpctl *d = d_;
    struct str *s = &d->out;

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

/* ## Commands ## */

/* Takes "zone=N" off the end, if it is there; returns what remains of
 * 'argc'. */
static int
take_zone(int argc, const char *argv[], int *zone)
{
    *zone = -1;
    return (argc > 1 && text_starts_with(argv[argc - 1], "zone=")
            && text_to_int_range(argv[argc - 1] + 5, 0, UINT16_MAX, zone)
            ? argc - 1 : argc);
}

int
dpctl_dump_conntrack(struct dpctl *d, int argc, const char *argv[])
{
    struct dpif *dpif;
    int zone, error;

    argc = take_zone(argc, argv, &zone);
    error = dpctl_open(d, argc, argv, 1, &dpif);
    if (!error) {
        dpif_ct_dump(dpif, zone, put_entry, d);
        dpif_close(dpif);
    }
    return error;
}

int
dpctl_dump_conntrack_exp(struct dpctl *d, int argc, const char *argv[])
{
    struct dpif *dpif;
    int zone, error;

    argc = take_zone(argc, argv, &zone);
    error = dpctl_open(d, argc, argv, 1, &dpif);
    if (!error) {
        dpif_ct_dump_expected(dpif, zone, put_expected, d);
        dpif_close(dpif);
    }
    return error;
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
put_states(const struct counts *counts, struct str *s)
{
    str_put(s, "    Conn per TCP states:\n");
    for (size_t i = 0; i < ARRAY_SIZE(tcp_states); i++) {
        if (counts->states[i]) {
            str_printf(s, "\t  [%s]=%u\n", tcp_states[i], counts->states[i]);
        }
    }
}

static void
put_counts(const struct counts *counts, bool with_states, struct str *s)
{
    static const struct {
        uint8_t number;
        const char *name;
    } shown[] = {
        { IPPROTO_TCP, "TCP" }, { IPPROTO_UDP, "UDP" },
        { IPPROTO_UDPLITE, "UDPLITE" }, { IPPROTO_SCTP, "SCTP" },
        { IPPROTO_ICMP, "ICMP" }, { IPPROTO_ICMPV6, "ICMPV6" },
        { IPPROTO_DCCP, "DCCP" }, { IPPROTO_IGMP, "IGMP" },
    };
    unsigned int others = counts->total;

    str_printf(s, "Connections Stats:\n    Total: %u\n", counts->total);
    for (size_t i = 0; i < ARRAY_SIZE(shown); i++) {
        unsigned int n = counts->protocols[shown[i].number];

        others -= n;
        if (n) {
            str_printf(s, "  %s: %u\n", shown[i].name, n);
        }
        if (n && with_states && shown[i].number == IPPROTO_TCP) {
            put_states(counts, s);
        }
    }
    if (others) {
        str_printf(s, "  Other: %u\n", others);
    }
}

/* "[dp] [zone=N] [verbose]", the latter two in any order. */
int
dpctl_ct_stats_show(struct dpctl *d, int argc, const char *argv[])
{
    struct counts counts = { .total = 0 };
    bool verbose = d->verbosity > 0;
    int zone = -1, before, error;
    struct dpif *dpif;

    do {
        int z;

        before = argc;
        argc = take_zone(argc, argv, &z);
        zone = z < 0 ? zone : z;
        if (argc > 1 && text_starts_with(argv[argc - 1], "verbose")) {
            verbose = true;
            argc--;
        }
    } while (argc != before);
    error = dpctl_open(d, argc, argv, 1, &dpif);
    if (!error) {
        dpif_ct_dump(dpif, zone, count_entry, &counts);
        put_counts(&counts, verbose, &d->out);
        dpif_close(dpif);
    }
    return error;
}

/* Does the tuple say all that makes a connection? */
static bool
is_whole(const struct ct_tuple *t)
{
    return (!IN6_IS_ADDR_UNSPECIFIED(&t->src)
            && !IN6_IS_ADDR_UNSPECIFIED(&t->dst) && t->nw_proto
            && (is_icmp(t->nw_proto) || (t->tp_src && t->tp_dst)));
}

/* Whoever asks for one connection is told if it is not there. */
static int
flush(struct dpctl *d, struct dpif *dpif, const struct ct_flush *f)
{
    uint64_t n_flushed = 0;
    int error = dpif_ct_flush(dpif, f, &n_flushed);

    if (!error && !n_flushed && f->has_orig && !f->has_reply
        && is_whole(&f->orig)) {
        error = ENOENT;
    }
    return (error ? dpctl_error(d, error, "failed to flush conntrack") : 0);
}

int
dpctl_flush_conntrack(struct dpctl *d, int argc, const char *argv[])
{
    bool has_name = argc > 1 && dpctl_is_datapath(argv[1]);
    struct ct_flush f = CT_FLUSH_ALL;
    struct dpif *dpif;
    int error;

    for (int i = 1 + has_name; i < argc; i++) {
        struct error *problem = ct_flush_parse(argv[i], &f);

        if (problem) {
            error = dpctl_error(d, EINVAL, "%s", error_message(problem));
            error_free(problem);
            return error;
        }
    }
    error = dpctl_open(d, argc, argv, INT_MAX, &dpif);
    if (!error) {
        error = flush(d, dpif, &f);
        dpif_close(dpif);
    }
    return error;
}
