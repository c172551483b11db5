/* SPDX-License-Identifier: Apache-2.0 */

/* Control commands about bridges' datapaths and their threads: dpif/... and
 * dpif-netdev/... */

#include "vswitch/ofproto/commands.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/smap.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/daemon/control.h"
#include "vswitch/dpif/dpif.h"
#include "vswitch/netdev/netdev.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/ofproto/ofproto.h"

static int
compare_ports(const void *a_, const void *b_)
{
    const struct ofport *a = *(struct ofport *const *) a_;
    const struct ofport *b = *(struct ofport *const *) b_;

    return strcmp(a->name, b->name);
}

static void
add_address(struct smap *options, const char *key, const struct in6_addr *a,
            bool from_flow)
{
    char text[INET6_ADDRSTRLEN];

    if (from_flow) {
        smap_set(options, key, "flow");
    } else if (IN6_IS_ADDR_V4MAPPED(a)) {
        smap_set(options, key, inet_ntop(AF_INET, &a->s6_addr[12], text,
                                         sizeof text));
    } else if (!IN6_IS_ADDR_UNSPECIFIED(a)) {
        smap_set(options, key, inet_ntop(AF_INET6, a, text, sizeof text));
    }
}

static void
add_number(struct smap *options, const char *key, uint64_t number)
{
    char text[24];

    snprintf(text, sizeof text, "%"PRIu64, number);
    smap_set(options, key, text);
}

static void
add_key(struct smap *options, const char *name, bool from_flow, bool present,
        be64 key)
{
    if (from_flow) {
        smap_set(options, name, "flow");
    } else if (present) {
        add_number(options, name, ntohll(key));
    }
}

/* The options of the tunnel that are not the default, sorted. */
static void
show_tunnel(const struct ofport *port, struct str *s)
{
    const struct tunnel_config *c = &port->settings->tunnel;
    struct smap options = SMAP_INITIALIZER(&options);
    const struct smap_node **sorted;
    const char *separator = ": ";

    add_address(&options, "remote_ip", &c->remote, c->remote_flow);
    add_address(&options, "local_ip", &c->local, c->local_flow);
    if (c->in_key_flow == c->out_key_flow && c->in_key == c->out_key
        && c->in_key_present == c->out_key_present) {
        add_key(&options, "key", c->in_key_flow, c->in_key_present,
                c->in_key);
    } else {
        add_key(&options, "in_key", c->in_key_flow, c->in_key_present,
                c->in_key);
        add_key(&options, "out_key", c->out_key_flow, c->out_key_present,
                c->out_key);
    }
    if (c->ttl_inherit) {
        smap_set(&options, "ttl", "inherit");
    } else if (c->ttl) {
        add_number(&options, "ttl", c->ttl);
    }
    if (c->tos_inherit) {
        smap_set(&options, "tos", "inherit");
    } else if (c->tos) {
        add_number(&options, "tos", c->tos);
    }
    if (c->dst_port && c->dst_port != tunnel_default_port(c->type)) {
        add_number(&options, "dst_port", ntohs(c->dst_port));
    }
    if (c->csum) {
        smap_set(&options, "csum", "true");
    }
    if (!c->dont_fragment) {
        smap_set(&options, "df_default", "false");
    }
    str_put(s, c->type);
    sorted = smap_sort(&options);
    for (size_t i = 0; i < smap_count(&options); i++) {
        str_printf(s, "%s%s=%s", separator, sorted[i]->key, sorted[i]->value);
        separator = ", ";
    }
    free(sorted);
    smap_uninit(&options);
}

static void
show_ports(const struct ofproto *p, struct str *s)
{
    VEC(struct ofport *) ports = VEC_EMPTY;
    struct ofport *port;

    HMAP_FOR_EACH (port, name_node, &p->ports_by_name) {
        vec_push(&ports, port);
    }
    vec_sort(&ports, compare_ports);
    VEC_FOR_EACH (i, &ports) {
        port = *i;
        str_printf(s, "    %s %u/", port->name, port->ofp_port);
        if (port->odp_port == ODPP_NONE) {
            str_put(s, "none: (");
        } else {
            str_printf(s, "%u: (", port->odp_port);
        }
        if (port->kind == OFPORT_TUNNEL) {
            show_tunnel(port, s);
        } else {
            str_put(s, port->netdev ? netdev_type(port->netdev)
                    : port->type);
            if (port->kind == OFPORT_PATCH) {
                str_printf(s, ": peer=%s", port->settings->peer);
            }
        }
        str_put(s, ")\n");
    }
    vec_uninit(&ports);
}

static void
dpif_show(struct control_conn *conn, int argc, const char *argv[], void *aux)
{
    struct str s = STR_EMPTY;
    struct backer *b;
    bridge_vec bridges;

    commands_sorted_bridges(&bridges);
    HMAP_FOR_EACH (b, node, backers_all()) {
        struct dpif_stats stats;

        dpif_get_stats(b->dpif, &stats);
        str_printf(&s, "%s@%s: hit:%llu missed:%llu\n", b->type,
                   dpif_name(b->dpif), (unsigned long long) stats.n_hit,
                   (unsigned long long) stats.n_missed);
        VEC_FOR_EACH (p, &bridges) {
            if ((*p)->backer == b) {
                str_printf(&s, "  %s:\n", (*p)->name);
                show_ports(*p, &s);
            }
        }
    }
    vec_uninit(&bridges);
    control_reply_str(conn, &s);
}

static void
dpif_dump_dps(struct control_conn *conn, int argc, const char *argv[],
              void *aux)
{
    struct str s = STR_EMPTY;
    bridge_vec bridges;

    commands_sorted_bridges(&bridges);
    VEC_FOR_EACH (p, &bridges) {
        str_printf(&s, "%s@%s\n", (*p)->backer->type, (*p)->name);
    }
    vec_uninit(&bridges);
    control_reply_str(conn, &s);
}

static void
dpif_dump_flows(struct control_conn *conn, int argc, const char *argv[],
                void *aux)
{
    struct ofproto *p = commands_get_bridge(conn, argv[argc - 1]);
    struct dump_options o = { .only = p };
    struct str s = STR_EMPTY;
    bool has_names = false;

    if (!p) {
        return;
    }
    for (int i = 1; i < argc - 1; i++) {
        if (!strcmp(argv[i], "-m") || !strcmp(argv[i], "--more")) {
            o.more = true;
        } else if (!strcmp(argv[i], "--names")
                   || !strcmp(argv[i], "--no-names")) {
            o.names = !strcmp(argv[i], "--names");
            has_names = true;
        }
    }
    o.names = has_names ? o.names : o.more;
    commands_dump_flows(p->backer->dpif, &o, &s);
    control_reply_str(conn, &s);
}

/* Features. */

static const struct {
    const char *name;
    size_t offset;               /* In struct dpif_features. */
    bool is_number;
} features[] = {
#define FLAG(NAME, MEMBER) { NAME, offsetof(struct dpif_features, MEMBER), \
                             false }
#define NUMBER(NAME, MEMBER) { NAME, offsetof(struct dpif_features, MEMBER), \
                               true }
    FLAG("Masked set action", masked_set_action),
    FLAG("Ufid", ufid),
    FLAG("Truncate action", trunc),
    FLAG("Clone action", clone),
    FLAG("Sample nesting", sample_nesting),
    FLAG("Conntrack eventmask", ct_eventmask),
    FLAG("Conntrack clear", ct_clear),
    NUMBER("Max dp_hash algorithm", max_hash_alg),
    FLAG("Check pkt length action", check_pkt_len),
    FLAG("Conntrack timeout policy", ct_timeout),
    FLAG("Explicit Drop action", explicit_drop_action),
    NUMBER("Max VLAN headers", max_vlan_headers),
    NUMBER("Max MPLS depth", max_mpls_depth),
    NUMBER("Max meters", max_meters),
    FLAG("Recirc", recirc),
    FLAG("CT state", ct_state),
    FLAG("CT zone", ct_zone),
    FLAG("CT mark", ct_mark),
    FLAG("CT label", ct_label),
    FLAG("CT state NAT", ct_state_nat),
    FLAG("CT orig tuple", ct_orig_tuple),
    FLAG("CT orig tuple for IPv6", ct_orig_tuple6),
    FLAG("IPv6 ND Extension", nd_extensions),
};

static void
put_features(const struct dpif_features *f, struct str *s)
{
    for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
        const char *member = (const char *) f + features[i].offset;

        if (features[i].is_number) {
            str_printf(s, "%s: %u\n", features[i].name,
                       *(const unsigned int *) (const void *) member);
        } else {
            str_printf(s, "%s: %s\n", features[i].name,
                       *(const bool *) member ? "Yes" : "No");
        }
    }
}

static void
dpif_show_features(struct control_conn *conn, int argc, const char *argv[],
                   void *aux)
{
    struct ofproto *p = commands_get_bridge(conn, argv[1]);
    struct str s = STR_EMPTY;

    if (p) {
        put_features(&p->backer->features, &s);
        control_reply_str(conn, &s);
    }
}

/* Sets member 'i' of 'f', which must not go beyond what 'most' has.  Returns a
 * message, or NULL. */
static const char *
set_feature(struct dpif_features *f, const struct dpif_features *most,
            size_t i, const char *value)
{
    void *member = (char *) f + features[i].offset;
    const void *limit = (const char *) most + features[i].offset;
    unsigned int number;
    bool on = !strcasecmp(value, "true");

    if (!features[i].is_number) {
        if (!on && strcasecmp(value, "false")) {
            return "boolean features are \"true\" or \"false\"";
        }
        if (on && !*(const bool *) limit) {
            return "the datapath does not have this feature";
        }
        *(bool *) member = on;
        return NULL;
    }
    if (!text_to_uint(value, 0, &number)) {
        return "this feature is a number";
    }
    if (number > *(const unsigned int *) limit) {
        return "the datapath cannot do as much";
    }
    *(unsigned int *) member = number;
    return NULL;
}

/* Of the members of struct dpif_features, by the names that scripts use. */
static const struct {
    const char *name;
    size_t offset;
} feature_words[] = {
#define WORD(MEMBER) { #MEMBER, offsetof(struct dpif_features, MEMBER) }
    WORD(masked_set_action), WORD(ufid), WORD(trunc), WORD(clone),
    WORD(ct_eventmask), WORD(ct_clear), WORD(max_hash_alg),
    WORD(check_pkt_len), WORD(ct_timeout), WORD(explicit_drop_action),
    WORD(max_vlan_headers), WORD(max_mpls_depth), WORD(recirc),
    WORD(ct_state), WORD(ct_zone), WORD(ct_mark), WORD(ct_label),
    WORD(ct_state_nat), WORD(ct_orig_tuple), WORD(ct_orig_tuple6),
    WORD(sample_nesting),
    { "nd_ext", offsetof(struct dpif_features, nd_extensions) },
#undef WORD
};

static size_t
find_feature(const char *word)
{
    for (size_t w = 0; w < ARRAY_SIZE(feature_words); w++) {
        if (strcmp(feature_words[w].name, word)) {
            continue;
        }
        for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
            if (features[i].offset == feature_words[w].offset) {
                return i;
            }
        }
    }
    return SIZE_MAX;
}

/* Makes the switch do without something that its datapath can, as it would
 * with another datapath.  Translations are redone. */
static void
dpif_set_features(struct control_conn *conn, int argc, const char *argv[],
                  void *aux)
{
    struct ofproto *p = commands_get_bridge(conn, argv[1]);
    struct dpif_features most;
    struct str s = STR_EMPTY;
    const char *problem;
    size_t i;

    if (!p) {
        return;
    }
    dpif_get_features(p->backer->dpif, &most);
    if (argc < 3) {
        put_features(&most, &s);
        control_reply_str(conn, &s);
        return;
    }
    i = find_feature(argv[2]);
    if (i == SIZE_MAX) {
        control_reply_error(conn, "no such feature");
        return;
    }
    if (argc < 4) {
        control_reply_error(conn, "which value?");
        return;
    }
    problem = set_feature(&p->backer->features, &most, i, argv[3]);
    if (problem) {
        control_reply_error(conn, problem);
        return;
    }
    backer_changed(p->backer);
    control_reply(conn, NULL);
}

/* Threads. */

typedef void dpif_show_fn(const struct dpif *, struct str *);

/* Shows one datapath, or each. */
static void
for_each_datapath(struct control_conn *conn, int argc, const char *argv[],
                  dpif_show_fn *show)
{
    const char *name = argc > 1 && argv[argc - 1][0] != '-' ? argv[argc - 1]
                       : NULL;
    struct str s = STR_EMPTY;
    struct backer *b;

    if (name) {
        b = commands_get_backer(conn, name);
        if (!b) {
            return;
        }
        show(b->dpif, &s);
    } else {
        HMAP_FOR_EACH (b, node, backers_all()) {
            show(b->dpif, &s);
        }
    }
    control_reply_str(conn, &s);
}

static void
put_thread_name(const struct dpif_thread *t, struct str *s)
{
    if (t->kind == DPIF_THREAD_MAIN) {
        str_put(s, "main thread:\n");
    } else if (t->kind == DPIF_THREAD_HANDLER) {
        str_put(s, "handler thread:\n");
    } else if (t->cpu >= 0) {
        str_printf(s, "pmd thread numa_id 0 core_id %d:\n", t->cpu);
    } else {
        str_printf(s, "poller thread %u:\n", t->id);
    }
}

static double
ratio(uint64_t a, uint64_t b)
{
    return b ? (double) a / b : 0;
}

static void
show_thread_stats(const struct dpif_thread *t, void *s_)
{
    const struct dpif_counters *n = &t->counters;
    struct str *s = s_;

    put_thread_name(t, s);
    str_printf(s, "  packets received: %llu\n",
               (unsigned long long) n->n_received);
    str_printf(s, "  packet recirculations: %llu\n",
               (unsigned long long) n->n_again);
    str_printf(s, "  avg. datapath passes per packet: %.02f\n",
               ratio(n->n_received + n->n_again, n->n_received));
    str_printf(s, "  phwol hits: 0\n  mfex opt hits: 0\n"
               "  simple match hits: 0\n");
    str_printf(s, "  emc hits: %llu\n  smc hits: 0\n",
               (unsigned long long) n->n_cache_hit);
    str_printf(s, "  megaflow hits: %llu\n",
               (unsigned long long) n->n_subtable_hit);
    str_printf(s, "  avg. subtable lookups per megaflow hit: %.02f\n",
               ratio(n->n_mask_hit, n->n_subtable_hit));
    str_printf(s, "  miss with success upcall: %llu\n",
               (unsigned long long) (n->n_missed - MIN(n->n_lost,
                                                       n->n_missed)));
    str_printf(s, "  miss with failed upcall: %llu\n",
               (unsigned long long) n->n_lost);
    str_printf(s, "  avg. packets per output batch: %.02f\n",
               ratio(n->n_sent, n->n_batches_sent));
}

static void
show_stats(const struct dpif *dpif, struct str *s)
{
    dpif_thread_dump(dpif, show_thread_stats, s);
}

static void
pmd_stats_show(struct control_conn *conn, int argc, const char *argv[],
               void *aux)
{
    for_each_datapath(conn, argc, argv, show_stats);
}

static void
pmd_stats_clear(struct control_conn *conn, int argc, const char *argv[],
                void *aux)
{
    struct backer *b;

    HMAP_FOR_EACH (b, node, backers_all()) {
        dpif_thread_clear(b->dpif);
    }
    control_reply(conn, NULL);
}

/* The queues that a thread has, after its name. */
struct rxq_show {
    struct str *s;
    struct dpif_thread last;
    bool any;
};

static void
show_rxq(const struct dpif_rxq *rxq, void *r_)
{
    const struct dpif_thread *t = rxq->thread;
    struct rxq_show *r = r_;

    if (!r->any || r->last.kind != t->kind || r->last.id != t->id) {
        put_thread_name(t, r->s);
        if (t->cpu >= 0) {
            str_put(r->s, "  isolated : false\n");
        }
        r->last = *t;
        r->any = true;
    }
    str_printf(r->s, "  port: %-16s  queue-id: %2u (enabled)   "
               "pmd usage: NOT AVAIL\n", rxq->port, rxq->queue_id);
}

static void
show_rxqs(const struct dpif *dpif, struct str *s)
{
    struct rxq_show r = { .s = s };

    dpif_rxq_dump(dpif, show_rxq, &r);
}

static void
pmd_rxq_show(struct control_conn *conn, int argc, const char *argv[],
             void *aux)
{
    for_each_datapath(conn, argc, argv, show_rxqs);
}

static void
pmd_rxq_rebalance(struct control_conn *conn, int argc, const char *argv[],
                  void *aux)
{
    struct backer *b = commands_get_backer(conn, argc > 1 ? argv[1] : NULL);

    if (b) {
        dpif_rxq_rebalance(b->dpif);
        control_reply(conn, "pmd rxq rebalance requested.\n");
    }
}

static void
show_thread_perf(const struct dpif_thread *t, void *s_)
{
    const struct dpif_counters *n = &t->counters;
    uint64_t passes = n->n_received + n->n_again;
    struct str *s = s_;

    put_thread_name(t, s);
    str_printf(s, "  Rx packets:         %12llu  (%.2f passes/pkt)\n",
               (unsigned long long) n->n_received,
               ratio(passes, n->n_received));
    str_printf(s, "  Datapath passes:    %12llu\n",
               (unsigned long long) passes);
    str_printf(s, "  - EMC hits:         %12llu  (%5.1f %%)\n",
               (unsigned long long) n->n_cache_hit,
               100 * ratio(n->n_cache_hit, passes));
    str_printf(s, "  - Megaflow hits:    %12llu  (%5.1f %%, %.2f subtbl "
               "lookups/hit)\n", (unsigned long long) n->n_subtable_hit,
               100 * ratio(n->n_subtable_hit, passes),
               ratio(n->n_mask_hit, n->n_subtable_hit));
    str_printf(s, "  - Upcalls:          %12llu  (%5.1f %%)\n",
               (unsigned long long) n->n_missed,
               100 * ratio(n->n_missed, passes));
    str_printf(s, "  - Lost upcalls:     %12llu  (%5.1f %%)\n",
               (unsigned long long) n->n_lost,
               100 * ratio(n->n_lost, passes));
    str_printf(s, "  Tx packets:         %12llu\n",
               (unsigned long long) n->n_sent);
    str_printf(s, "  Tx batches:         %12llu  (%.2f pkts/batch)\n\n",
               (unsigned long long) n->n_batches_sent,
               ratio(n->n_sent, n->n_batches_sent));
}

static void
show_perf(const struct dpif *dpif, struct str *s)
{
    dpif_thread_dump(dpif, show_thread_perf, s);
}

static void
pmd_perf_show(struct control_conn *conn, int argc, const char *argv[],
              void *aux)
{
    for_each_datapath(conn, argc, argv, show_perf);
}

static void
show_thread_sleep(const struct dpif_thread *t, void *s)
{
    if (t->kind == DPIF_THREAD_POLLER) {
        put_thread_name(t, s);
        str_put(s, t->cpu >= 0 ? "  never sleeps\n"
                : "  sleeps while no queue has packets\n");
    }
}

static void
show_sleep(const struct dpif *dpif, struct str *s)
{
    dpif_thread_dump(dpif, show_thread_sleep, s);
}

static void
pmd_sleep_show(struct control_conn *conn, int argc, const char *argv[],
               void *aux)
{
    for_each_datapath(conn, argc, argv, show_sleep);
}

static const struct control_command commands[] = {
    { "dpif/show", "", 0, 0, dpif_show },
    { "dpif/dump-dps", "", 0, 0, dpif_dump_dps },
    { "dpif/dump-flows", "[-m] [--names | --no-names] bridge", 1, INT_MAX,
      dpif_dump_flows },
    { "dpif/show-dp-features", "bridge", 1, 1, dpif_show_features },
    { "dpif/set-dp-features", "bridge [feature value]", 1, 3,
      dpif_set_features },
    { "dpif-netdev/pmd-stats-show", "[-pmd core] [dp]", 0, 3,
      pmd_stats_show },
    { "dpif-netdev/pmd-stats-clear", "[-pmd core] [dp]", 0, 3,
      pmd_stats_clear },
    { "dpif-netdev/pmd-rxq-show", "[-pmd core] [dp]", 0, 3, pmd_rxq_show },
    { "dpif-netdev/pmd-rxq-rebalance", "[dp]", 0, 1, pmd_rxq_rebalance },
    { "dpif-netdev/pmd-perf-show", "[-nh] [-it iter-history-len] "
      "[-ms ms-history-len] [-pmd core] [dp]", 0, 8, pmd_perf_show },
    { "dpif-netdev/pmd-sleep-show", "[dp]", 0, 1, pmd_sleep_show },
};

void
dpif_register_commands(void)
{
    control_register_all(commands, ARRAY_SIZE(commands), NULL);
}
