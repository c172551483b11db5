/* SPDX-License-Identifier: Apache-2.0 */

/* Control commands on datapaths as such: dpctl/..., as ovs-dpctl(8) has
 * them.  Those of connection tracking are in ct_commands.c. */

#include "vswitch/ofproto/dpctl_commands.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/daemon/control.h"
#include "lib/flow/extract.h"
#include "lib/netlink/attr.h"
#include "lib/runtime/clock.h"
#include "vswitch/dpif/dpif.h"
#include "vswitch/dpif/odp_text.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/ofproto/ofproto.h"
#include "vswitch/ofproto/port_names.h"
#include "vswitch/upcall/upcall.h"
#include "vswitch/xlate/xlate.h"

struct backer *
commands_get_backer(struct control_conn *conn, const char *name)
{
    struct backer *b, *found = NULL;
    unsigned int n = 0;

    HMAP_FOR_EACH (b, node, backers_all()) {
        const char *at = name ? strchr(name, '@') : NULL;

        if (!name || !strcmp(at ? at + 1 : name, dpif_name(b->dpif))) {
            found = b;
            n++;
        }
    }
    if (n == 1) {
        return found;
    }
    control_reply_error(conn, n ? "multiple datapaths, specify one"
                        : "no such datapath");
    return NULL;
}

struct dpif *
commands_open_dpif(struct control_conn *conn, const char *name, bool create)
{
    const char *at = name ? strchr(name, '@') : NULL;
    char *type = at ? xmemdup0(name, at - name) : NULL;
    struct sset types = SSET_INITIALIZER(&types);
    struct dpif *found = NULL;
    unsigned int n = 0;
    struct sset_node *t;

    dpif_enumerate_types(&types);
    SSET_FOR_EACH (t, &types) {
        struct sset names = SSET_INITIALIZER(&names);
        struct sset_node *candidate;

        dpif_enumerate_names(t->name, &names);
        SSET_FOR_EACH (candidate, &names) {
            struct error *error = NULL;

            if ((type && strcmp(t->name, type))
                || (name && strcmp(candidate->name, at ? at + 1 : name))) {
                continue;
            }
            n++;
            if (!found) {
                error = dpif_open(t->name, candidate->name, false, &found);
            }
            if (error) {
                found = NULL;
                error_free(error);
            }
        }
        sset_uninit(&names);
    }
    sset_uninit(&types);
    if (n > 1 && !name) {
        dpif_close(found);
        found = NULL;
        control_reply_error(conn, "multiple datapaths, specify one");
    } else if (!found && create) {
        struct error *error = dpif_open(type ? type : "system",
                                        at ? at + 1 : name, true, &found);

        if (error) {
            found = NULL;
            control_reply_take_error(conn, error);
        }
    } else if (!found) {
        control_reply_error(conn, name ? "no such datapath"
                            : "there is no datapath");
    }
    free(type);
    return found;
}

/* Datapaths and their ports. */

struct show {
    const struct dpif *dpif;
    struct str *s;
    bool stats;
};

static void
show_dp_port(const struct dpif_port *port, void *show_)
{
    struct show *show = show_;
    struct dpif_port_stats st;
    struct str *s = show->s;

    str_printf(s, "  port %u: %s", port->port_no, port->name);
    if (strcmp(port->type, "system")) {
        str_printf(s, " (%s)", port->type);
    }
    str_put_char(s, '\n');
    if (!show->stats || dpif_port_get_stats(show->dpif, port->port_no, &st)) {
        return;
    }
    str_printf(s, "    RX packets:%llu errors:%llu dropped:%llu overruns:? "
               "frame:?\n", (unsigned long long) st.rx_packets,
               (unsigned long long) st.rx_errors,
               (unsigned long long) st.rx_dropped);
    str_printf(s, "    TX packets:%llu errors:%llu dropped:%llu aborted:? "
               "carrier:?\n    collisions:?\n",
               (unsigned long long) st.tx_packets,
               (unsigned long long) st.tx_errors,
               (unsigned long long) st.tx_dropped);
    str_printf(s, "    RX bytes:%llu  TX bytes:%llu\n",
               (unsigned long long) st.rx_bytes,
               (unsigned long long) st.tx_bytes);
    str_printf(s, "    UPCALL packets:%llu errors:%llu\n",
               (unsigned long long) st.upcall_packets,
               (unsigned long long) st.upcall_errors);
}

static void
show_dpif(const struct dpif *dpif, bool with_stats, struct str *s)
{
    struct show show = { dpif, s, with_stats };
    struct dpif_stats stats;

    dpif_get_stats(dpif, &stats);
    str_printf(s, "%s@%s:\n  lookups: hit:%llu missed:%llu lost:%llu\n"
               "  flows: %u\n", dpif_type(dpif), dpif_name(dpif),
               (unsigned long long) stats.n_hit,
               (unsigned long long) stats.n_missed,
               (unsigned long long) stats.n_lost, stats.n_flows);
    dpif_port_dump(dpif, show_dp_port, &show);
}

/* Calls 'each' for every datapath, in order of types and names. */
static void
for_each_dpif(void (*each)(const struct dpif *, void *aux), void *aux)
{
    struct sset types = SSET_INITIALIZER(&types);
    struct sset_node *type;

    dpif_enumerate_types(&types);
    SSET_FOR_EACH (type, &types) {
        struct sset names = SSET_INITIALIZER(&names);
        struct sset_node *name;

        dpif_enumerate_names(type->name, &names);
        SSET_FOR_EACH (name, &names) {
            struct dpif *dpif;
            struct error *error = dpif_open(type->name, name->name, false,
                                            &dpif);

            if (!error) {
                each(dpif, aux);
                dpif_close(dpif);
            }
            error_free(error);
        }
        sset_uninit(&names);
    }
    sset_uninit(&types);
}

static void
show_each(const struct dpif *dpif, void *show_)
{
    struct show *show = show_;

    show_dpif(dpif, show->stats, show->s);
}

static void
dpctl_show(struct control_conn *conn, int argc, const char *argv[],
           void *aux)
{
    struct str s = STR_EMPTY;
    struct show show = { NULL, &s, false };
    bool any = false;

    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "-s") || !strcmp(argv[i], "--statistics")) {
            show.stats = true;
        } else if (argv[i][0] != '-') {
            struct dpif *dpif = commands_open_dpif(conn, argv[i], false);

            if (!dpif) {
                str_uninit(&s);
                return;
            }
            show_dpif(dpif, show.stats, &s);
            dpif_close(dpif);
            any = true;
        }
    }
    if (!any) {
        for_each_dpif(show_each, &show);
    }
    control_reply_str(conn, &s);
}

static void
name_each(const struct dpif *dpif, void *s)
{
    str_printf(s, "%s@%s\n", dpif_type(dpif), dpif_name(dpif));
}

static void
dpctl_dump_dps(struct control_conn *conn, int argc, const char *argv[],
               void *aux)
{
    struct str s = STR_EMPTY;

    for_each_dpif(name_each, &s);
    control_reply_str(conn, &s);
}

/* Adds the port "NETDEV[,type=T][,port_no=N]". */
static struct error *
add_port(struct dpif *dpif, const char *text)
{
    char *copy = xstrdup(text), *rest = copy, *item;
    const char *name = text_token(&rest, ",");
    const char *type = "system";
    odp_port_t number = ODPP_NONE;
    struct error *error = NULL;
    unsigned int n;

    while (!error && (item = text_token(&rest, ","))) {
        if (text_starts_with(item, "type=")) {
            type = item + strlen("type=");
        } else if (text_starts_with(item, "port_no=")
                   && text_to_uint(item + strlen("port_no="), 10, &n)) {
            number = n;
        } else {
            error = error_create(0, "%s: unknown option \"%s\"", text, item);
        }
    }
    if (!error) {
        error = (name ? dpif_port_add(dpif, name, type, NULL, &number)
                 : error_create(0, "a port needs a name"));
    }
    free(copy);
    return error;
}

static struct error *
del_port(struct dpif *dpif, const char *text)
{
    struct dpif_port port;
    odp_port_t number;
    unsigned int n;
    int error;

    if (text_to_uint(text, 10, &n)) {
        number = n;
    } else if (!dpif_port_by_name(dpif, text, &port)) {
        number = port.port_no;
        dpif_port_uninit(&port);
    } else {
        return error_create(ENODEV, "no port named %s", text);
    }
    error = dpif_port_del(dpif, number);
    return (error ? error_from_errno(error, "deleting port %s from %s", text,
                                     dpif_name(dpif)) : NULL);
}

static struct error *
set_port(struct dpif *dpif, const char *text)
{
    char *copy = xstrdup(text), *rest = copy, *item;
    const char *name = text_token(&rest, ",");
    struct error *error = NULL;
    struct dpif_port port;

    if (!name || dpif_port_by_name(dpif, name, &port)) {
        free(copy);
        return error_create(ENODEV, "%s: no such port", text);
    }
    while (!error && (item = text_token(&rest, ","))) {
        bool is_type = text_starts_with(item, "type=");
        bool is_number = text_starts_with(item, "port_no=");
        unsigned int n;

        if (is_type && strcmp(item + strlen("type="), port.type)) {
            error = error_create(0, "%s: can't change type from %s to %s",
                                 name, port.type, item + strlen("type="));
        } else if (is_number
                   && (!text_to_uint(item + strlen("port_no="), 10, &n)
                       || n != port.port_no)) {
            error = error_create(0, "%s: can't change port number", name);
        } else if (!is_type && !is_number) {
            error = error_create(0, "%s: unknown option \"%s\"", name, item);
        }
    }
    dpif_port_uninit(&port);
    free(copy);
    return error;
}

/* Does 'fn' to the datapath argv[1] for each further argument. */
static void
for_each_argument(struct control_conn *conn, int argc, const char *argv[],
                  bool create,
                  struct error *(*fn)(struct dpif *, const char *))
{
    struct dpif *dpif = commands_open_dpif(conn, argv[1], create);
    struct error *error = NULL;

    if (!dpif) {
        return;
    }
    for (int i = 2; !error && i < argc; i++) {
        error = fn(dpif, argv[i]);
    }
    dpif_close(dpif);
    if (error) {
        control_reply_take_error(conn, error);
    } else {
        control_reply(conn, NULL);
    }
}

static void
dpctl_add_dp(struct control_conn *conn, int argc, const char *argv[],
             void *aux)
{
    for_each_argument(conn, argc, argv, true, add_port);
}

static void
dpctl_add_if(struct control_conn *conn, int argc, const char *argv[],
             void *aux)
{
    for_each_argument(conn, argc, argv, false, add_port);
}

static void
dpctl_del_if(struct control_conn *conn, int argc, const char *argv[],
             void *aux)
{
    for_each_argument(conn, argc, argv, false, del_port);
}

static void
dpctl_set_if(struct control_conn *conn, int argc, const char *argv[],
             void *aux)
{
    for_each_argument(conn, argc, argv, false, set_port);
}

bool
commands_is_in_use(const struct dpif *dpif)
{
    const struct backer *b = backer_find(dpif_type(dpif));

    return b && !strcmp(dpif_name(b->dpif), dpif_name(dpif));
}

static void
dpctl_del_dp(struct control_conn *conn, int argc, const char *argv[],
             void *aux)
{
    struct dpif *dpif = commands_open_dpif(conn, argv[1], false);

    if (!dpif) {
        return;
    }
    if (commands_is_in_use(dpif)) {
        control_reply_error(conn, "bridges use this datapath; delete them "
                            "instead");
    } else {
        dpif_destroy(dpif);
        control_reply(conn, NULL);
    }
    dpif_close(dpif);
}

/* Others. */

static void
dpctl_parse_actions(struct control_conn *conn, int argc, const char *argv[],
                    void *aux)
{
    struct str s = STR_EMPTY;

    for (int i = 1; i < argc; i++) {
        struct nlbuf actions = NLBUF_EMPTY;
        struct error *error = odp_actions_parse(argv[i], NULL, &actions);

        if (error) {
            str_printf(&s, "error: %s\n", error_message(error));
            error_free(error);
        } else {
            odp_actions_format(actions.data, actions.size, NULL, &s);
            str_put_char(&s, '\n');
        }
        nlbuf_uninit(&actions);
    }
    control_reply_str(conn, &s);
}

/* The size of a thread's cache is fixed: one line of it fits each key's hash,
 * whatever the number of flows. */
static void
dpctl_cache_get_size(struct control_conn *conn, int argc, const char *argv[],
                     void *aux)
{
    struct str s = STR_EMPTY;
    struct dpif *dpif = commands_open_dpif(conn, argc > 1 ? argv[1] : NULL,
                                           false);

    if (dpif) {
        str_printf(&s, "%s@%s:\n", dpif_type(dpif), dpif_name(dpif));
        dpif_close(dpif);
        control_reply_str(conn, &s);
    }
}

static void
dpctl_unsupported(struct control_conn *conn, int argc, const char *argv[],
                  void *aux)
{
    control_reply_error(conn, "the userspace datapath does not have that");
}

static void dpctl_list_commands(struct control_conn *, int argc,
                                const char *argv[], void *aux);

static const struct control_command commands[] = {
    { "dpctl/add-dp", "dp [iface...]", 1, INT_MAX, dpctl_add_dp },
    { "dpctl/del-dp", "dp", 1, 1, dpctl_del_dp },
    { "dpctl/add-if", "dp iface...", 2, INT_MAX, dpctl_add_if },
    { "dpctl/del-if", "dp iface...", 2, INT_MAX, dpctl_del_if },
    { "dpctl/set-if", "dp iface...", 2, INT_MAX, dpctl_set_if },
    { "dpctl/dump-dps", "", 0, INT_MAX, dpctl_dump_dps },
    { "dpctl/show", "[-s] [dp...]", 0, INT_MAX, dpctl_show },
    { "dpctl/dump-flows", "[-m] [--names] [dp] [filter=..] [type=..]", 0,
      INT_MAX, dpctl_dump_flows },
    { "dpctl/add-flow", "[dp] flow actions", 2, INT_MAX, dpctl_add_flow },
    { "dpctl/mod-flow", "[dp] flow actions", 2, INT_MAX, dpctl_mod_flow },
    { "dpctl/get-flow", "[dp] ufid", 1, INT_MAX, dpctl_get_flow },
    { "dpctl/del-flow", "[dp] flow", 1, INT_MAX, dpctl_del_flow },
    { "dpctl/add-flows", "[dp] file", 1, 2, dpctl_add_flows },
    { "dpctl/mod-flows", "[dp] file", 1, 2, dpctl_mod_flows },
    { "dpctl/del-flows", "[dp] [file]", 0, 2, dpctl_del_flows },
    { "dpctl/offload-stats-show", "[dp]", 0, 1, dpctl_unsupported },
    { "dpctl/cache-get-size", "[dp]", 0, 1, dpctl_cache_get_size },
    { "dpctl/cache-set-size", "dp cache size", 3, 3, dpctl_unsupported },
    { "dpctl/list-commands", "", 0, INT_MAX, dpctl_list_commands },
    { "dpctl/parse-actions", "actions", 1, INT_MAX, dpctl_parse_actions },
};

static void
dpctl_list_commands(struct control_conn *conn, int argc, const char *argv[],
                    void *aux)
{
    struct str s = STR_EMPTY;

    str_put(&s, "The available commands are:\n");
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        str_printf(&s, "  %-29s %s\n", commands[i].name, commands[i].usage);
    }
    control_reply_str(conn, &s);
}

void
dpctl_register_commands(void)
{
    control_register_all(commands, ARRAY_SIZE(commands), NULL);
}
