/* SPDX-License-Identifier: Apache-2.0 */

/* dpctl/... on datapaths and their ports. */

#include "vswitch/ofproto/dpctl_commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/smap.h"
#include "lib/base/text.h"
#include "vswitch/dpif/dpif.h"
#include "vswitch/netdev/netdev.h"

/* Opens a datapath that must be named, or says why not. */
static int
open_named(struct dpctl *d, const char *name, struct dpif **dpif)
{
    int error = dpctl_open_named(name, false, dpif);

    return error ? dpctl_error(d, error, "opening datapath") : 0;
}

/* Calls 'fn' for each port that is named after the datapath; the last error
 * counts. */
static int
for_each_port(struct dpctl *d, int argc, const char *argv[],
              int (*fn)(struct dpctl *, struct dpif *, const char *dp_name,
                        const char *port))
{
    struct dpif *dpif;
    int error = open_named(d, argv[1], &dpif);
    int last = 0;

    if (error) {
        return error;
    }
    for (int i = 2; i < argc; i++) {
        error = fn(d, dpif, argv[1], argv[i]);
        last = error ? error : last;
    }
    dpif_close(dpif);
    return last;
}

/* Showing. */

static void
put_count(const char *what, uint64_t n, struct str *s)
{
    if (n == UINT64_MAX) {
        str_printf(s, "%s?", what);
    } else {
        str_printf(s, "%s%llu", what, (unsigned long long) n);
    }
}

static void
put_bytes(const char *what, uint64_t n, struct str *s)
{
    static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
    double scaled = n;
    int unit = -1;

    put_count(what, n, s);
    if (n == UINT64_MAX) {
        return;
    }
    while (scaled >= 1024 && unit < 3) {
        scaled /= 1024;
        unit++;
    }
    if (unit >= 0) {
        str_printf(s, " (%.1f %s)", scaled, units[unit]);
    }
}

/* What the device has counted, or the datapath for a port without a device. */
static void
get_counts(const struct dpif *dpif, odp_port_t number, struct netdev_stats *c)
{
    const struct netdev *netdev = dpif_port_netdev(dpif, number);
    struct dpif_port_stats st;

    memset(c, 0xff, sizeof *c);
    if (netdev) {
        netdev_get_stats(netdev, c);
    } else if (!dpif_port_get_stats(dpif, number, &st)) {
        c->rx_packets = st.rx_packets;
        c->tx_packets = st.tx_packets;
        c->rx_bytes = st.rx_bytes;
        c->tx_bytes = st.tx_bytes;
    }
}

static void
put_counts(const struct netdev_stats *c, struct str *s)
{
    put_count("    RX packets:", c->rx_packets, s);
    put_count(" errors:", c->rx_errors, s);
    put_count(" dropped:", c->rx_dropped, s);
    put_count(" overruns:", c->rx_over_errors, s);
    put_count(" frame:", c->rx_frame_errors, s);
    put_count("\n    TX packets:", c->tx_packets, s);
    put_count(" errors:", c->tx_errors, s);
    put_count(" dropped:", c->tx_dropped, s);
    /* Not among what devices are asked for. */
    put_count(" aborted:", UINT64_MAX, s);
    put_count(" carrier:", UINT64_MAX, s);
    put_count("\n    collisions:", c->collisions, s);
    put_bytes("\n    RX bytes:", c->rx_bytes, s);
    put_bytes("  TX bytes:", c->tx_bytes, s);
    str_put_char(s, '\n');
}

struct show {
    const struct dpif *dpif;
    struct dpctl *d;
};

static void
show_port(const struct dpif_port *port, void *show_)
{
    struct show *show = show_;
    struct str *s = &show->d->out;
    struct netdev_stats counts;

    str_printf(s, "  port %u: %s", port->port_no, port->name);
    if (strcmp(port->type, "system")) {
        const struct netdev *netdev = dpif_port_netdev(show->dpif,
                                                       port->port_no);

        str_printf(s, " (%s", port->type);
        if (netdev) {
            netdev_format_config(netdev, s);
        }
        str_put_char(s, ')');
    }
    str_put_char(s, '\n');
    if (show->d->statistics) {
        get_counts(show->dpif, port->port_no, &counts);
        put_counts(&counts, s);
    }
}

static void
show_dpif(struct dpctl *d, const struct dpif *dpif)
{
    struct show show = { dpif, d };
    struct dpif_stats stats;

    dpif_get_stats(dpif, &stats);
    str_printf(&d->out, "%s@%s:\n  lookups: hit:%llu missed:%llu lost:%llu\n"
               "  flows: %u\n", dpif_type(dpif), dpif_name(dpif),
               (unsigned long long) stats.n_hit,
               (unsigned long long) stats.n_missed,
               (unsigned long long) stats.n_lost, stats.n_flows);
    dpif_port_dump(dpif, show_port, &show);
}

static void
show_each(const char *type, const char *name, void *d)
{
    struct dpif *dpif;
    struct error *error = dpif_open(type, name, false, &dpif);

    if (!error) {
        show_dpif(d, dpif);
        dpif_close(dpif);
    }
    error_free(error);
}

int
dpctl_show(struct dpctl *d, int argc, const char *argv[])
{
    int last = 0;

    if (argc < 2) {
        dpctl_for_each(show_each, d);
    }
    for (int i = 1; i < argc; i++) {
        struct dpif *dpif;
        int error = dpctl_open_named(argv[i], false, &dpif);

        if (error) {
            last = dpctl_error(d, error, "opening datapath %s failed",
                               argv[i]);
        } else {
            show_dpif(d, dpif);
            dpif_close(dpif);
        }
    }
    return last;
}

static void
put_name(const char *type, const char *name, void *s)
{
    str_printf(s, "%s@%s\n", type, name);
}

int
dpctl_dump_dps(struct dpctl *d, int argc UNUSED, const char *argv[] UNUSED)
{
    dpctl_for_each(put_name, &d->out);
    return 0;
}

/* Ports. */

/* "NETDEV[,type=T][,port_no=N][,OPTION=VALUE]...". */
struct port_words {
    char *copy;                  /* What the others point into. */
    const char *name;            /* NULL: there is none. */
    const char *type;            /* NULL: none is said. */
    const char *port_no;
    struct smap options;
};

static void
port_words_parse(struct dpctl *d, const char *text, struct port_words *w)
{
    char *rest, *item;

    *w = (struct port_words) { .copy = xstrdup(text) };
    smap_init(&w->options);
    rest = w->copy;
    w->name = text_token(&rest, ",");
    while (w->name && (item = text_token(&rest, ","))) {
        const char *value = "";
        char *equals = strchr(item, '=');

        if (equals) {
            *equals = '\0';
            value = equals + 1;
        }
        if (!strcmp(item, "type")) {
            w->type = value;
        } else if (!strcmp(item, "port_no")) {
            w->port_no = value;
        } else if (smap_get(&w->options, item)) {
            dpctl_error(d, 0, "duplicate \"%s\" option", item);
        } else {
            smap_set(&w->options, item, value);
        }
    }
    if (!w->name) {
        dpctl_error(d, 0, "%s is not a valid network device name", text);
    }
}

static void
port_words_uninit(struct port_words *w)
{
    smap_uninit(&w->options);
    free(w->copy);
}

/* What is not a number is 0. */
static odp_port_t
number_of(const char *text)
{
    return strtoul(text, NULL, 10);
}

/* Options of tunnels that their datapath port has. */
static void
get_options(const struct port_words *w, struct dpif_port_options *o)
{
    const char *dst_port = smap_get(&w->options, "dst_port");
    const char *exts = smap_get(&w->options, "exts");
    int n;

    *o = (struct dpif_port_options) {
        .gbp = exts && !strcmp(exts, "gbp"),
    };
    if (dst_port && text_to_int_range(dst_port, 1, UINT16_MAX, &n)) {
        o->dst_port = htons(n);
    }
}

/* A device that a port was made of goes up. */
static int
start_device(struct dpctl *d, const struct dpif *dpif,
             const struct port_words *w, odp_port_t number)
{
    struct netdev *netdev = dpif_port_netdev(dpif, number);
    struct error *error;
    int status;

    if (!netdev) {
        return 0;
    }
    error = netdev_set_options(netdev, &w->options);
    if (error) {
        status = dpctl_error(d, EINVAL, "%s", error_message(error));
        error_free(error);
        return status;
    }
    status = netdev_set_up(netdev, true);
    return (status ? dpctl_error(d, status, "%s: failed bringing interface "
                                 "up", w->name) : 0);
}

static int
add_port(struct dpctl *d, struct dpif *dpif, const char *dp_name,
         const char *text)
{
    struct dpif_port_options options;
    odp_port_t number = ODPP_NONE;
    struct error *error = NULL;
    struct port_words w;
    int status = EINVAL;

    port_words_parse(d, text, &w);
    if (w.name) {
        if (w.port_no) {
            number = number_of(w.port_no);
        }
        get_options(&w, &options);
        error = dpif_port_add(dpif, w.name, w.type ? w.type : "system",
                              &options, &number);
        status = error ? (error->code ? error->code : EINVAL) : 0;
        if (status == EEXIST || status == EBUSY || status == EFBIG) {
            dpctl_error(d, status, "adding %s to %s failed", w.name, dp_name);
        } else if (status) {
            dpctl_error(d, status, "%s: failed to open network device",
                        w.name);
        } else {
            status = start_device(d, dpif, &w, number);
        }
    }
    error_free(error);
    port_words_uninit(&w);
    return status;
}

int
dpctl_add_if(struct dpctl *d, int argc, const char *argv[])
{
    return for_each_port(d, argc, argv, add_port);
}

static int
del_port(struct dpctl *d, struct dpif *dpif, const char *dp_name,
         const char *text)
{
    struct dpif_port port;
    odp_port_t number;
    int error;

    if (!text[strspn(text, "0123456789")]) {
        number = number_of(text);
    } else if (!dpif_port_by_name(dpif, text, &port)) {
        number = port.port_no;
        dpif_port_uninit(&port);
    } else {
        dpctl_error(d, 0, "no port named %s", text);
        return ENOENT;
    }
    error = dpif_port_del(dpif, number);
    return (error ? dpctl_error(d, error == -ENOENT ? ENODEV : error,
                                "deleting port %s from %s failed", text,
                                dp_name) : 0);
}

int
dpctl_del_if(struct dpctl *d, int argc, const char *argv[])
{
    return for_each_port(d, argc, argv, del_port);
}

/* Type and number of a port are for good. */
static int
check_port(struct dpctl *d, const struct port_words *w,
           const struct dpif_port *port)
{
    if (w->type && strcmp(w->type, port->type)) {
        dpctl_error(d, 0, "%s: can't change type from %s to %s", w->name,
                    port->type, w->type);
        return EINVAL;
    }
    if (w->port_no && number_of(w->port_no) != port->port_no) {
        dpctl_error(d, 0, "%s: can't change port number from %u to %u",
                    w->name, port->port_no, number_of(w->port_no));
        return EINVAL;
    }
    return 0;
}

static int
set_port(struct dpctl *d, struct dpif *dpif, const char *dp_name,
         const char *text)
{
    struct error *error = NULL;
    struct netdev *netdev;
    struct dpif_port port;
    struct port_words w;
    int status = 0;

    port_words_parse(d, text, &w);
    if (w.name && dpif_port_by_name(dpif, w.name, &port)) {
        status = dpctl_error(d, ENODEV, "%s: failed to query port in %s",
                             w.name, dp_name);
    } else if (w.name) {
        status = check_port(d, &w, &port);
        netdev = dpif_port_netdev(dpif, port.port_no);
        if (!status && netdev && !smap_is_empty(&w.options)) {
            error = netdev_set_options(netdev, &w.options);
        }
        if (error) {
            status = dpctl_error(d, EINVAL, "%s", error_message(error));
        }
        dpif_port_uninit(&port);
    }
    error_free(error);
    port_words_uninit(&w);
    return status;
}

int
dpctl_set_if(struct dpctl *d, int argc, const char *argv[])
{
    return for_each_port(d, argc, argv, set_port);
}

/* Datapaths. */

int
dpctl_add_dp(struct dpctl *d, int argc, const char *argv[])
{
    struct dpif *dpif;
    int error = dpctl_open_named(argv[1], true, &dpif);

    if (error) {
        return dpctl_error(d, error, "add_dp");
    }
    dpif_close(dpif);
    return argc > 2 ? dpctl_add_if(d, argc, argv) : 0;
}

int
dpctl_del_dp(struct dpctl *d, int argc UNUSED, const char *argv[])
{
    struct dpif *dpif;
    int error = open_named(d, argv[1], &dpif);

    if (error) {
        return error;
    }
    /* Its bridges would be left without ports. */
    error = commands_is_in_use(dpif) ? EBUSY : dpif_destroy(dpif);
    dpif_close(dpif);
    return error ? dpctl_error(d, error, "del_dp") : 0;
}

/* Others. */

/* There is no hardware that flows could be offloaded to. */
int
dpctl_offload_stats_show(struct dpctl *d, int argc, const char *argv[])
{
    struct dpif *dpif;
    int error = dpctl_open(d, argc, argv, 1, &dpif);

    if (error) {
        return error;
    }
    dpif_close(dpif);
    return dpctl_error(d, EINVAL, "retrieving offload statistics");
}

static void
put_caches(const char *type, const char *name, void *s)
{
    str_printf(s, "%s@%s:\n", type, name);
}

/* The size of a thread's cache is fixed: one line of it fits each key's hash,
 * whatever the number of flows. */
int
dpctl_cache_get_size(struct dpctl *d, int argc, const char *argv[])
{
    struct dpif *dpif;
    int error;

    if (argc < 2) {
        dpctl_for_each(put_caches, &d->out);
        return 0;
    }
    error = dpctl_open_named(argv[1], false, &dpif);
    if (error) {
        return dpctl_error(d, error, "Opening datapath %s failed", argv[1]);
    }
    put_caches(dpif_type(dpif), dpif_name(dpif), &d->out);
    dpif_close(dpif);
    return 0;
}

int
dpctl_cache_set_size(struct dpctl *d, int argc UNUSED, const char *argv[])
{
    unsigned int size;
    struct dpif *dpif;
    int error = dpctl_open_named(argv[1], false, &dpif);

    if (error) {
        return dpctl_error(d, error, "Opening datapath %s failed", argv[1]);
    }
    dpif_close(dpif);
    if (!text_to_uint(argv[3], 10, &size)) {
        return dpctl_error(d, EINVAL, "size is malformed");
    }
    return dpctl_error(d, EOPNOTSUPP, "Setting caches not supported");
}
