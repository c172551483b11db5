/* SPDX-License-Identifier: Apache-2.0 */

/* Translates logical flows as ovn-controller does, for tests and benchmarks.
 *
 * Reads lines from standard input, words separated by tabs:
 *
 *     set NAME MEMBER...
 *     flow PIPELINE TABLE MATCH ACTIONS
 *
 * For each flow it prints "flow" with the match and the actions as our
 * formatter writes them, and a line "open TEXT" for each OpenFlow flow in
 * ovs-ofctl's syntax, or a line "error TEXT".  Every port is known, all sets
 * are those read, every chassis resides here.
 *
 * With an argument N it prints nothing of that but translates everything N
 * times and says how fast. */

#include <stdio.h>
#include <time.h>

#include "lib/base/shash.h"
#include "lib/logical/actions.h"
#include "lib/logical/ovn_symbols.h"
#include "lib/openflow/flow_text.h"

struct line {
    enum pipeline pipeline;
    uint8_t table;
    char *match;
    char *actions;
};

struct world {
    struct shash sets;           /* struct const_set. */
    struct shash ports;          /* Keys. */
    struct shash groups;         /* Ids, by text. */
    VEC(struct line) lines;
    struct option_table dhcpv4, dhcpv6, nd_ra;
    size_t n_open;
};

static uint32_t
number_of(struct shash *numbers, const char *name)
{
    uintptr_t n = (uintptr_t) shash_get(numbers, name);

    if (!n) {
        n = shash_count(numbers) + 1;
        shash_set(numbers, name, (void *) n);
    }
    return n;
}

static const struct const_set *
find_set(void *aux, const char *name)
{
    struct world *w = aux;

    return shash_get(&w->sets, name);
}

static const char *const *
find_port_group(void *aux UNUSED, const char *name UNUSED, size_t *ret_n)
{
    static const char *const ports[] = { "pg-a", "pg-b", "pg-c" };

    *ret_n = ARRAY_SIZE(ports);
    return ports;
}

static bool
find_port(void *aux, const char *name, uint32_t *ret_key)
{
    struct world *w = aux;

    *ret_key = number_of(&w->ports, name);
    return true;
}

static bool
is_resident(void *aux UNUSED, const char *port UNUSED)
{
    return true;
}

static bool
find_group(void *aux, const char *text, uint32_t *ret_id)
{
    struct world *w = aux;

    *ret_id = number_of(&w->groups, text);
    return true;
}

static uint32_t
datapath_key(void *w UNUSED)
{
    return 1;
}

static bool
find_meter(void *aux UNUSED, const char *name UNUSED, uint32_t *ret_id)
{
    *ret_id = 1;
    return true;
}

static const struct action_tables tables = {
    .ingress = 8, .egress = 45, .output_ingress = 40, .output_egress = 64,
    .mac_bind = 66, .mac_lookup = 67, .chk_lb_hairpin = 68,
    .chk_lb_hairpin_reply = 69, .ct_snat_hairpin = 70, .get_fdb = 71,
    .lookup_fdb = 72, .check_in_port_sec = 73, .check_out_port_sec = 75,
    .ecmp_nh_mac = 76, .ecmp_nh = 77, .chk_lb_affinity = 78,
    .mac_cache_use = 79, .ct_nw_dst = 81, .ct_ip6_dst = 82, .ct_tp_dst = 83,
    .flood_remote = 84, .ct_state_save = 85, .ct_proto = 86,
    .get_remote_fdb = 87, .mirror_output = 65,
};

/* A flow on its way. */
struct translation {
    struct arena arena;
    struct expr_matches matches;
    struct buf ofpacts;
    const struct expr *match;
    const struct action *actions;
};

static struct error *
translate(struct world *w, const struct line *line, struct translation *t)
{
    struct action_parse_env parse_env = {
        .symbols = ovn_symbols(), .dhcpv4 = &w->dhcpv4,
        .dhcpv6 = &w->dhcpv6, .nd_ra = &w->nd_ra,
        .pipeline = line->pipeline, .table = line->table, .n_tables = 35,
    };
    struct expr_env env = {
        .find_set = find_set, .find_port_group = find_port_group,
        .find_port = find_port, .is_chassis_resident = is_resident, .aux = w,
    };
    struct action_encode_env encode_env = {
        .tables = &tables, .pipeline = line->pipeline, .is_switch = true,
        .cookie = 0x12345678,
        .common_nat_zone_reg = LOG_REG_DNAT_ZONE,
        .punt_meter = CONTROLLER_NO_METER, .find_port = find_port,
        .find_group = find_group, .find_meter = find_meter,
        .datapath_key = datapath_key, .aux = w,
    };
    const struct expr *prereqs;
    struct error *error;

    arena_clear(&t->arena);
    expr_matches_clear(&t->matches);
    buf_clear(&t->ofpacts);
    error = expr_parse(line->match, parse_env.symbols, &t->arena, &t->match);
    if (error) {
        return error_wrap(error, "match \"%s\"", line->match);
    }
    error = actions_parse(line->actions, &parse_env, &t->arena, &t->actions,
                          &prereqs);
    if (error) {
        return error_wrap(error, "actions \"%s\"", line->actions);
    }
    error = expr_compile(expr_and(&t->arena, t->match, prereqs), &env,
                         &t->matches);
    if (error) {
        return error_wrap(error, "match \"%s\"", line->match);
    }
    w->n_open += t->matches.items.n;
    return actions_encode(t->actions, &encode_env, &t->ofpacts);
}

static void
print_match(const struct expr_match *m, const struct translation *t,
            struct str *out)
{
    struct text_names names = { NULL, NULL };
    struct match match;

    match_init(&match);
    expr_match_to_match(m, 0, &match);
    str_put(out, "open ");
    match_format(&match, NULL, FLOW_DEFAULT_PRIORITY, out);
    str_put(out, " actions=");
    for (size_t i = 0; i < m->n_conjs; i++) {
        str_printf(out, "%sconjunction(%u,%u/%u)", i ? "," : "",
                   m->conjs[i].id, m->conjs[i].clause + 1,
                   m->conjs[i].n_clauses);
    }
    if (!m->n_conjs) {
        ofpacts_format((const struct ofpact *) t->ofpacts.data,
                       t->ofpacts.size, &names, out);
    }
    str_put_char(out, '\n');
}

static void
print_flow(const struct translation *t)
{
    struct str out = STR_EMPTY;

    str_put(&out, "flow ");
    expr_format(t->match, &out);
    str_put_char(&out, '\t');
    actions_format(t->actions, &out);
    str_put_char(&out, '\n');
    VEC_FOR_EACH (m, &t->matches.items) {
        print_match(m, t, &out);
    }
    fputs(str_cstr(&out), stdout);
    str_uninit(&out);
}

static void
read_line(struct world *w, char *s)
{
    char *word = strsep(&s, "\t");

    if (!strcmp(word, "set") && s) {
        const char *members[4096];
        char *name = strsep(&s, "\t");
        size_t n = 0;

        while (n < ARRAY_SIZE(members) && (word = strsep(&s, "\t")) != NULL) {
            members[n++] = word;
        }
        const_set_destroy(shash_set(&w->sets, name,
                                    const_set_create(members, n, NULL)));
    } else if (!strcmp(word, "flow") && s) {
        struct line line;

        line.pipeline = (strcmp(strsep(&s, "\t"), "egress")
                         ? PIPELINE_INGRESS : PIPELINE_EGRESS);
        line.table = s ? atoi(strsep(&s, "\t")) : 0;
        line.match = xstrdup(s ? strsep(&s, "\t") : "");
        line.actions = xstrdup(s ? s : "");
        vec_push(&w->lines, line);
    }
}

static double
now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return ts.tv_sec + ts.tv_nsec / 1e9;
}

int
main(int argc, char *argv[])
{
    int n_rounds = argc > 1 ? atoi(argv[1]) : 0;
    struct world w = {
        .sets = SHASH_INITIALIZER(&w.sets),
        .ports = SHASH_INITIALIZER(&w.ports),
        .groups = SHASH_INITIALIZER(&w.groups),
    };
    struct translation t = { .arena = ARENA_EMPTY };
    char *text = NULL;
    size_t allocated = 0;
    double start;
    int n_errors = 0;

    option_table_init(&w.dhcpv4, dhcpv4_option_defs);
    option_table_init(&w.dhcpv6, dhcpv6_option_defs);
    option_table_init(&w.nd_ra, nd_ra_option_defs);
    expr_matches_init(&t.matches);
    while (getline(&text, &allocated, stdin) > 0) {
        text[strcspn(text, "\n")] = '\0';
        read_line(&w, text);
    }
    free(text);

    start = now();
    for (int round = 0; round < MAX(n_rounds, 1); round++) {
        VEC_FOR_EACH (line, &w.lines) {
            struct error *error = translate(&w, line, &t);

            if (error) {
                printf("error %s\n", error_message(error));
                error_free(error);
                n_errors++;
            } else if (!n_rounds) {
                print_flow(&t);
            }
        }
    }
    if (n_rounds) {
        double seconds = now() - start;

        printf("%.0f logical flows a second, %.0f OpenFlow flows a second\n",
               w.lines.n * n_rounds / seconds, w.n_open / seconds);
    }

    expr_matches_uninit(&t.matches);
    arena_uninit(&t.arena);
    buf_uninit(&t.ofpacts);
    VEC_FOR_EACH (line, &w.lines) {
        free(line->match);
        free(line->actions);
    }
    vec_uninit(&w.lines);
    struct shash_node *node;
    SHASH_FOR_EACH (node, &w.sets) {
        const_set_destroy(node->value);
    }
    shash_uninit(&w.sets);
    shash_uninit(&w.ports);
    shash_uninit(&w.groups);
    option_table_uninit(&w.dhcpv4);
    option_table_uninit(&w.dhcpv6);
    option_table_uninit(&w.nd_ra);
    return n_errors > 0;
}
