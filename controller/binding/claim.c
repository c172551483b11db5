/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a port here, step by step; a port stays on the list 'ports' until
 * it has reached the last one:
 *
 *   claimed    the row shall name this chassis; transactions are sent until it
 *              does
 *   settling   it does; the flows that the switch was sent last are not known
 *              to be there yet
 *   installed  they are: the row gets 'up', the interface ovn-installed
 */
#include "controller/binding/claim.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "controller/program.h"
#include "lib/base/alloc.h"
#include "lib/base/hmap.h"
#include "lib/base/vec.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/log.h"
#include "lib/runtime/loop.h"
#include "lib/schema/sb.h"
#include "lib/schema/vs.h"

LOG_MODULE(binding);

struct port {
    struct hmap_node node;       /* In claims.ports, by uuid. */
    struct uuid uuid;            /* Of the Port_Binding. */
    struct uuid interface;       /* To tell that it is installed, or zero. */
    uint64_t seq;                /* Settling: what to wait for; 0 otherwise. */
    bool told_interface;
};

/* When we last took a port that another chassis had. */
struct contest {
    struct hmap_node node;       /* In claims.contests, by uuid. */
    struct uuid port;
    int64_t at_ms;
};

/* Two chassis that both claim a port (gateways that do not hear each other
 * yet, an interface that is on two hosts) take it from each other at most this
 * often. */
#define CONTEST_MS 500

/* An interface that may still say ovn-installed of a port that it backed. */
struct released {
    struct uuid port;
    struct uuid interface;
};

struct claims {
    struct controller *controller;
    struct incr_sink claim_sink;
    struct incr_sink held_sink;
    struct hmap ports;           /* Those that may differ. */
    VEC(struct released) released;
    size_t n_written;            /* How many of them a transaction has. */
    struct hmap contests;
    struct timer contest_timer;
    void (*wake)(void *aux);
    void *wake_aux;
};

static struct port *
find_port(const struct claims *claims, const struct uuid *uuid)
{
    struct port *port;

    HMAP_FOR_EACH_WITH_HASH (port, node, uuid_hash(uuid), &claims->ports) {
        if (uuid_equals(&port->uuid, uuid)) {
            return port;
        }
    }
    return NULL;
}

static void
add_port(struct claims *claims, const struct uuid *uuid)
{
    struct port *port = find_port(claims, uuid);

    if (!port) {
        port = xzalloc(sizeof *port);
        port->uuid = *uuid;
        hmap_insert(&claims->ports, &port->node, uuid_hash(uuid));
    }
    port->seq = 0;
}

static void
remove_port(struct claims *claims, struct port *port)
{
    hmap_remove(&claims->ports, &port->node);
    free(port);
}

static void
group_changed(void *claims, struct incr_group *group)
{
    add_port(claims, incr_group_key(group));
}

static void
claim_changed(void *claims_, struct incr_fact *fact, bool added)
{
    struct claims *claims = claims_;
    const struct claim_fact *claim = incr_fact_value(fact);

    if (!added && !uuid_is_zero(&claim->interface)) {
        const struct uuid *port = incr_group_key(fact->group);

        vec_push(&claims->released,
                 (struct released) { *port, claim->interface });
    }
    add_port(claims, incr_group_key(fact->group));
}

static void
contest_over(void *claims_)
{
    struct claims *claims = claims_;

    claims->wake(claims->wake_aux);
}

struct claims *
claims_create(struct controller *c, void (*wake)(void *aux), void *aux)
{
    struct claims *claims = xzalloc(sizeof *claims);

    claims->controller = c;
    claims->wake = wake;
    claims->wake_aux = aux;
    hmap_init(&claims->ports);
    hmap_init(&claims->contests);
    timer_init(&claims->contest_timer, contest_over, claims);
    claims->claim_sink = (struct incr_sink) {
        .fact = FACT_CLAIM, .aux = claims, .fact_changed = claim_changed };
    claims->held_sink = (struct incr_sink) {
        .fact = FACT_HELD, .aux = claims, .group_changed = group_changed };
    incr_add_sink(c->incr, &claims->claim_sink);
    incr_add_sink(c->incr, &claims->held_sink);
    return claims;
}

void
claims_destroy(struct claims *claims)
{
    struct contest *contest;
    struct port *port;

    HMAP_FOR_EACH_SAFE (port, node, &claims->ports) {
        remove_port(claims, port);
    }
    HMAP_FOR_EACH_SAFE (contest, node, &claims->contests) {
        hmap_remove(&claims->contests, &contest->node);
        free(contest);
    }
    timer_stop(&claims->contest_timer);
    hmap_uninit(&claims->contests);
    hmap_uninit(&claims->ports);
    vec_uninit(&claims->released);
    free(claims);
}

static void
add_group(struct incr_group *group, void *claims)
{
    add_port(claims, incr_group_key(group));
}

void
claims_wake(struct claims *claims)
{
    struct incr *incr = claims->controller->incr;

    incr_for_each_group(incr, FACT_CLAIM, add_group, claims);
    incr_for_each_group(incr, FACT_HELD, add_group, claims);
}

static const struct claim_fact *
find_claim(const struct claims *claims, const struct uuid *uuid)
{
    struct incr_group *group = incr_find(claims->controller->incr, FACT_CLAIM,
                                         uuid, sizeof *uuid);

    return group && group->n ? incr_group_value(group, 0) : NULL;
}

static bool
is_additional(const struct sb_port_binding *row,
              const struct sb_chassis *chassis)
{
    for (size_t i = 0; i < row->n_additional_chassis; i++) {
        if (row->additional_chassis[i] == chassis) {
            return true;
        }
    }
    return false;
}

/* Says whether a port that another chassis has may be taken now, and notes
 * that it is.  Otherwise the timer wakes us when it may. */
static bool
may_take(struct claims *claims, const struct uuid *port)
{
    int64_t now = clock_ms();
    struct contest *c, *found = NULL;

    HMAP_FOR_EACH_SAFE (c, node, &claims->contests) {
        if (uuid_equals(&c->port, port)) {
            found = c;
        } else if (c->at_ms + CONTEST_MS <= now) {
            hmap_remove(&claims->contests, &c->node);
            free(c);
        }
    }
    if (found && found->at_ms + CONTEST_MS > now) {
        if (!timer_is_set(&claims->contest_timer)) {
            timer_set_at(&claims->contest_timer, found->at_ms + CONTEST_MS);
        }
        return false;
    }
    if (!found) {
        found = xzalloc(sizeof *found);
        found->port = *port;
        hmap_insert(&claims->contests, &found->node, uuid_hash(port));
    }
    found->at_ms = now;
    return true;
}

/* Our encapsulation whose address the port is to be reached at; NULL if it
 * does not matter. */
static struct sb_encap *
find_encap(const struct sb_chassis *chassis, const struct claim_fact *fact)
{
    struct sb_encap *found = NULL;

    /* Of several types, Geneve is what others choose. */
    for (size_t i = 0; fact->encap_ip[0] && i < chassis->n_encaps; i++) {
        struct sb_encap *encap = chassis->encaps[i];

        if (!strcmp(encap->ip, fact->encap_ip)
            && (!found || !strcmp(encap->type, "geneve"))) {
            found = encap;
        }
    }
    return found;
}

static struct sb_encap *
find_additional_encap(const struct sb_port_binding *row,
                      const struct sb_chassis *chassis)
{
    for (size_t i = 0; i < row->n_additional_encap; i++) {
        if (!strcmp(row->additional_encap[i]->chassis_name, chassis->name)) {
            return row->additional_encap[i];
        }
    }
    return NULL;
}

static void
drop_additional_encap(const struct sb_port_binding *row,
                      const struct sb_chassis *chassis)
{
    struct sb_encap *encap = find_additional_encap(row, chassis);

    if (encap) {
        sb_port_binding_update_additional_encap_delvalue(row, encap);
    }
}

/* Makes the row say where its packets are to be sent; true if it does
 * already. */
static bool
write_encap(const struct sb_port_binding *row,
            const struct sb_chassis *chassis, const struct claim_fact *fact)
{
    struct sb_encap *wanted = find_encap(chassis, fact);
    struct sb_encap *present = (fact->additional
                                ? find_additional_encap(row, chassis)
                                : row->encap);

    if (present == wanted) {
        return true;
    }
    if (!fact->additional) {
        if (wanted) {
            sb_port_binding_set_encap(row, wanted);
        } else {
            sb_port_binding_clear_encap(row);
        }
        return false;
    }
    if (present) {
        sb_port_binding_update_additional_encap_delvalue(row, present);
    }
    if (wanted) {
        sb_port_binding_update_additional_encap_addvalue(row, wanted);
    }
    return false;
}

/* In words that operators look for. */
static void
log_claim(const struct sb_port_binding *row, const struct sb_chassis *chassis,
          bool additional)
{
    if (!additional && row->chassis) {
        log_info("Changing chassis for lport %s from %s to %s.",
                 row->logical_port, row->chassis->name, chassis->name);
    } else {
        log_info("Claiming lport %s for this%s chassis.", row->logical_port,
                 additional ? " additional" : "");
    }
    for (size_t i = 0; i < row->n_mac; i++) {
        log_info("%s: Claiming %s", row->logical_port, row->mac[i]);
    }
}

/* Makes the row name us; true if it does already. */
static bool
claim(struct claims *claims, const struct sb_port_binding *row,
      const struct sb_chassis *chassis, const struct claim_fact *fact)
{
    if (fact->additional) {
        if (is_additional(row, chassis)) {
            return write_encap(row, chassis, fact);
        }
        log_claim(row, chassis, true);
        sb_port_binding_update_additional_chassis_addvalue(row, chassis);
    } else {
        if (row->chassis == chassis) {
            return write_encap(row, chassis, fact);
        }
        if (row->chassis && !may_take(claims, &row->header.uuid)) {
            return false;
        }
        log_claim(row, chassis, false);
        sb_port_binding_set_chassis(row, chassis);
        if (is_additional(row, chassis)) {
            sb_port_binding_update_additional_chassis_delvalue(row, chassis);
            drop_additional_encap(row, chassis);
        }
    }
    write_encap(row, chassis, fact);
    return false;
}

/* Makes the row not name us; true if it does not. */
static bool
release(const struct sb_port_binding *row, const struct sb_chassis *chassis)
{
    bool is_main = row->chassis == chassis;

    if (!is_main && !is_additional(row, chassis)) {
        return true;
    }
    log_info("Releasing lport %s from this %s", row->logical_port,
             is_main ? "chassis (sb_readonly=0)" : "additional chassis.");
    if (is_main) {
        sb_port_binding_clear_chassis(row);
        if (row->encap) {
            sb_port_binding_clear_encap(row);
        }
        if (row->has_up && row->up) {
            sb_port_binding_set_up(row, false);
        }
        if (*row->type && !strcmp(row->type, "virtual")
            && row->virtual_parent) {
            sb_port_binding_clear_virtual_parent(row);
        }
    } else {
        sb_port_binding_update_additional_chassis_delvalue(row, chassis);
    }
    drop_additional_encap(row, chassis);
    return false;
}

/* Brings one port a step forward; true if it is done. */
static bool
advance(struct claims *claims, struct port *port,
        const struct sb_chassis *chassis, bool is_whole,
        uint64_t current_seq, uint64_t installed_seq)
{
    const struct sb_port_binding *row
        = sb_port_binding_get_for_uuid(claims->controller->sb, &port->uuid);
    const struct claim_fact *fact = find_claim(claims, &port->uuid);

    if (!row) {
        return true;
    }
    if (!fact) {
        return release(row, chassis);
    }
    if (!claim(claims, row, chassis, fact)) {
        return false;
    }
    if (!port->seq && is_whole) {
        port->seq = current_seq;
    }
    if (!port->seq || port->seq > installed_seq) {
        return false;
    }
    if (!fact->additional && (!row->has_up || !row->up)) {
        sb_port_binding_set_up(row, true);
        log_info("Setting lport %s up in Southbound", row->logical_port);
    }
    port->interface = fact->interface;
    return uuid_is_zero(&port->interface) || port->told_interface;
}

void
claims_run_sb(struct claims *claims, struct replica_txn *txn UNUSED,
              bool is_whole, uint64_t current_seq, uint64_t installed_seq)
{
    const struct sb_chassis *chassis = controller_chassis(claims->controller);
    struct port *port;

    if (!chassis) {
        return;
    }
    HMAP_FOR_EACH_SAFE (port, node, &claims->ports) {
        if (advance(claims, port, chassis, is_whole, current_seq,
                    installed_seq)) {
            remove_port(claims, port);
        }
    }
}

/* Takes ovn-installed away from interfaces that lost their claim. */
static void
clear_released(struct claims *claims)
{
    claims->n_written = claims->released.n;
    VEC_FOR_EACH (r, &claims->released) {
        const struct claim_fact *claim = find_claim(claims, &r->port);
        const struct vs_interface *iface
            = vs_interface_get_for_uuid(claims->controller->vs,
                                        &r->interface);

        if (iface
            && !(claim && uuid_equals(&claim->interface, &r->interface))
            && strmap_get(&iface->external_ids, "ovn-installed")) {
            vs_interface_update_external_ids_delkey(iface, "ovn-installed");
            vs_interface_update_external_ids_delkey(iface,
                                                    "ovn-installed-ts");
        }
    }
}

void
claims_run_vs(struct claims *claims, struct replica_txn *txn UNUSED)
{
    struct port *port;

    clear_released(claims);
    HMAP_FOR_EACH (port, node, &claims->ports) {
        const struct vs_interface *iface;
        char ts[24];

        if (uuid_is_zero(&port->interface) || port->told_interface) {
            continue;
        }
        port->told_interface = true;
        iface = vs_interface_get_for_uuid(claims->controller->vs,
                                          &port->interface);
        if (iface && !strmap_get(&iface->external_ids, "ovn-installed")) {
            vs_interface_update_external_ids_setkey(iface, "ovn-installed",
                                                    "true");
            snprintf(ts, sizeof ts, "%"PRId64, clock_wall_ms());
            vs_interface_update_external_ids_setkey(iface, "ovn-installed-ts",
                                                    ts);
            log_info("Setting lport %s ovn-installed in OVS",
                     strmap_get_def(&iface->external_ids, "iface-id", ""));
        }
    }
}

void
claims_vs_done(struct claims *claims, bool is_written)
{
    struct port *port;

    if (is_written && claims->n_written) {
        claims->released.n -= claims->n_written;
        memmove(claims->released.items,
                claims->released.items + claims->n_written,
                claims->released.n * sizeof *claims->released.items);
    } else if (!is_written) {
        claims_wake(claims);
        HMAP_FOR_EACH (port, node, &claims->ports) {
            port->told_interface = false;
        }
    }
    claims->n_written = 0;
}

static void
release_group(struct incr_group *group, void *claims_)
{
    const struct claims *claims = claims_;
    const struct sb_chassis *chassis = controller_chassis(claims->controller);
    const struct sb_port_binding *row
        = sb_port_binding_get_for_uuid(claims->controller->sb,
                                       incr_group_key(group));

    if (row && chassis) {
        release(row, chassis);
    }
}

void
claims_release_all(struct claims *claims, struct replica_txn *txn UNUSED)
{
    incr_for_each_group(claims->controller->incr, FACT_HELD, release_group,
                        claims);
}
