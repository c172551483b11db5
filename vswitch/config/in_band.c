/* SPDX-License-Identifier: Apache-2.0 */

/* Which controllers and managers are in band: those whose row does not say
 * otherwise, and that are at IPv4 addresses other than this host's loopback.
 * (Open vSwitch keeps the way to 127.0.0.1 open, too, where no packet
 * goes.) */

#include <string.h>

#include "lib/base/text.h"
#include "lib/stream/address.h"
#include "vswitch/config/model.h"

#define OFP_PORT 6653
#define OVSDB_PORT 6640

static bool
is_in_band(const char *connection_mode)
{
    return !connection_mode || !strcmp(connection_mode, "in-band");
}

/* Where 'target' ("tcp:IP:PORT", ...) connects to.  False: not to an address
 * that could be behind a bridge. */
static bool
target_address(const char *target, uint16_t default_port,
               struct in_band_remote *ret)
{
    const struct sockaddr_in *sin;
    struct address address;
    struct error *error;
    bool ok;

    if (!text_starts_with(target, "tcp:")
        && !text_starts_with(target, "ssl:")) {
        return false;
    }
    error = address_parse_active(target + 4, default_port, &address);
    if (error) {
        error_free(error);
        return false;
    }
    sin = (const struct sockaddr_in *) &address.ss;
    ok = (address.ss.ss_family == AF_INET
          && ntohl(sin->sin_addr.s_addr) >> 24 != IN_LOOPBACKNET);
    if (ok) {
        *ret = (struct in_band_remote) { sin->sin_addr.s_addr,
                                         htons(address.port) };
    }
    address_uninit(&address);
    return ok;
}

static void
add(in_band_remote_vec *remotes, const char *target, uint16_t default_port,
    const char *connection_mode)
{
    struct in_band_remote remote;

    if (is_in_band(connection_mode)
        && target_address(target, default_port, &remote)) {
        vec_push(remotes, remote);
    }
}

static int
compare_remotes(const void *a_, const void *b_)
{
    const struct in_band_remote *a = a_, *b = b_;

    return (a->ip != b->ip ? (ntohl(a->ip) > ntohl(b->ip)) * 2 - 1
            : ntohs(a->port) - ntohs(b->port));
}

/* Sorts, and leaves one of each. */
static void
normalize(in_band_remote_vec *remotes)
{
    size_t n = 0;

    vec_sort(remotes, compare_remotes);
    VEC_FOR_EACH (r, remotes) {
        if (!n || compare_remotes(&remotes->items[n - 1], r)) {
            remotes->items[n++] = *r;
        }
    }
    remotes->n = n;
}

void
managers_apply(struct config *c, const struct vs_open_vswitch *row)
{
    in_band_remote_vec managers = VEC_EMPTY;
    struct bridge *bridge;
    bool equal;

    for (size_t i = 0; i < row->n_manager_options; i++) {
        const struct vs_manager *m = row->manager_options[i];

        add(&managers, m->target, OVSDB_PORT, m->connection_mode);
    }
    normalize(&managers);
    equal = managers.n == c->managers.n;
    for (size_t i = 0; equal && i < managers.n; i++) {
        equal = !compare_remotes(&managers.items[i], &c->managers.items[i]);
    }
    if (equal) {
        vec_uninit(&managers);
        return;
    }
    vec_uninit(&c->managers);
    c->managers = managers;
    HMAP_FOR_EACH (bridge, node, &c->bridges) {
        const struct vs_bridge *bridge_row
            = vs_bridge_get_for_uuid(c->replica, &bridge->uuid);

        if (bridge_row) {
            in_band_apply(bridge, bridge_row);
        }
    }
}

static int64_t
get_queue(const struct vs_bridge *row)
{
    const char *text = strmap_get(&row->other_config, "in-band-queue");
    uint64_t queue;

    return (text && text_to_u64(text, 0, &queue) && queue <= UINT32_MAX
            ? (int64_t) queue : -1);
}

void
in_band_apply(struct bridge *bridge, const struct vs_bridge *row)
{
    in_band_remote_vec remotes = VEC_EMPTY;

    if (!strmap_get_bool(&row->other_config, "disable-in-band", false)) {
        VEC_FOR_EACH (m, &bridge->config->managers) {
            vec_push(&remotes, *m);
        }
        for (size_t i = 0; i < row->n_controller; i++) {
            add(&remotes, row->controller[i]->target, OFP_PORT,
                row->controller[i]->connection_mode);
        }
    }
    normalize(&remotes);
    in_band_configure(bridge->ofproto, &(struct in_band_settings) {
        remotes.items, remotes.n, get_queue(row),
    });
    vec_uninit(&remotes);
}
