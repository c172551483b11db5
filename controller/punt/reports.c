/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/punt/reports.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "controller/punt/ports.h"
#include "controller/punt/request.h"
#include "controller/punt/send.h"
#include "lib/base/alloc.h"
#include "lib/base/smap.h"
#include "lib/base/vec.h"
#include "lib/logical/ovn_symbols.h"
#include "lib/runtime/counter.h"
#include "lib/runtime/log.h"

LOG_MODULE(pinctrl);
COUNTER(pinctrl_reports_dropped);
COUNTER(pinctrl_bad_event);

#define EMPTY_LB_BACKENDS "empty_lb_backends"

struct vport {
    uint32_t dp_key;
    uint32_t vport_key;
    uint32_t parent_key;
};

struct activated {
    uint32_t dp_key;
    uint32_t port_key;
};

struct event {
    char *vip;
    char *protocol;
    char *load_balancer;
};

/* What is to be written. */
struct pending {
    VEC(struct vport) vports;
    VEC(struct activated) activated;
    VEC(struct event) events;
};

struct reports {
    struct controller *controller;
    const struct ports *ports;
    pthread_mutex_t mutex;       /* For 'pending'. */
    struct pending pending;
    struct replica_index *event_by_lb;       /* vip, load_balancer. */
    int64_t last_event;                      /* 0: not known yet. */
};

struct reports *
reports_create(struct controller *c, const struct ports *ports)
{
    static const struct replica_index_column by_lb[] = {
        { .column = SB_CONTROLLER_EVENT_COL_EVENT_INFO, .map_key = "vip" },
        { .column = SB_CONTROLLER_EVENT_COL_EVENT_INFO,
          .map_key = "load_balancer" },
    };
    struct reports *r = xzalloc(sizeof *r);

    r->controller = c;
    pthread_mutex_init(&r->mutex, NULL);
    r->ports = ports;
    r->event_by_lb = replica_index_create(c->sb, &sb_controller_event_table,
                                          by_lb, ARRAY_SIZE(by_lb));
    return r;
}

static void
event_uninit(struct event *event)
{
    free(event->vip);
    free(event->protocol);
    free(event->load_balancer);
}

static void
pending_uninit(struct pending *p)
{
    VEC_FOR_EACH (event, &p->events) {
        event_uninit(event);
    }
    vec_uninit(&p->events);
    vec_uninit(&p->vports);
    vec_uninit(&p->activated);
}

void
reports_destroy(struct reports *r)
{
    if (r) {
        pending_uninit(&r->pending);
        pthread_mutex_destroy(&r->mutex);
        free(r);
    }
}

bool
reports_are_pending(struct reports *r)
{
    bool are_pending;

    pthread_mutex_lock(&r->mutex);
    are_pending = (r->pending.vports.n || r->pending.events.n
                   || r->pending.activated.n);
    pthread_mutex_unlock(&r->mutex);
    return are_pending;
}

/* ## Virtual ports ## */

/* 'mutex' is held. */
static void
add_vport(struct pending *p, const struct vport *vport)
{
    VEC_FOR_EACH (v, &p->vports) {
        if (v->dp_key == vport->dp_key && v->vport_key == vport->vport_key) {
            *v = *vport;
            return;
        }
    }
    if (p->vports.n >= REPORTS_MAX) {
        counter_inc(pinctrl_reports_dropped);
        return;
    }
    vec_push(&p->vports, *vport);
}

void
reports_bind_vport(struct reports *r, uint32_t dp_key, uint32_t vport_key,
                   uint32_t parent_key)
{
    const struct vport vport = { dp_key, vport_key, parent_key };

    pthread_mutex_lock(&r->mutex);
    add_vport(&r->pending, &vport);
    pthread_mutex_unlock(&r->mutex);
}

/* Is 'word' among the words of 'list', with commas or blanks between? */
static bool
list_has(const char *list, const char *word)
{
    size_t length = strlen(word);

    while (*list) {
        size_t n = strcspn(list, ", ");

        if (n == length && !memcmp(list, word, n)) {
            return true;
        }
        list += n;
        list += strspn(list, ", ");
    }
    return false;
}

/* ## Ports that moved here ## */

/* 'mutex' is held. */
static void
add_activated(struct pending *p, const struct activated *activated)
{
    VEC_FOR_EACH (a, &p->activated) {
        if (!memcmp(a, activated, sizeof *a)) {
            return;
        }
    }
    if (p->activated.n >= REPORTS_MAX) {
        counter_inc(pinctrl_reports_dropped);
        return;
    }
    vec_push(&p->activated, *activated);
}

void
reports_activate(struct reports *r, uint32_t dp_key, uint32_t port_key)
{
    const struct activated activated = { dp_key, port_key };

    pthread_mutex_lock(&r->mutex);
    add_activated(&r->pending, &activated);
    pthread_mutex_unlock(&r->mutex);
}

static void
write_activated(const struct reports *r, const struct activated *a)
{
    static const char option[] = "additional-chassis-activated";
    const struct sb_chassis *chassis = controller_chassis(r->controller);
    const struct sb_port_binding *port
        = ports_find(r->ports, a->dp_key, a->port_key);
    struct str names = STR_EMPTY;

    if (!chassis || !port) {
        return;
    }
    str_put(&names, strmap_get_def(&port->options, option, ""));
    if (!list_has(str_cstr(&names), chassis->name)) {
        str_printf(&names, "%s%s", names.length ? "," : "", chassis->name);
        sb_port_binding_update_options_setkey(port, option, str_cstr(&names));
        log_info("Port %s is active on this chassis now",
                 port->logical_port);
    }
    str_uninit(&names);
}

/* The packet goes on as it would have gone through the open port. */
void
handle_activate(struct request *r)
{
    uint32_t dp_key = ntohll(r->flow.metadata);
    uint32_t port_key = r->flow.regs[LOG_REG_INPORT];

    reports_activate(r->reports, dp_key, port_key);
    send_from_port(r->outlet, r->packet, dp_key, port_key, 0);
}

static void
write_vport(const struct reports *r, const struct vport *v)
{
    const struct sb_chassis *chassis = controller_chassis(r->controller);
    const struct sb_port_binding *port
        = ports_find(r->ports, v->dp_key, v->vport_key);
    const struct sb_port_binding *parent
        = ports_find(r->ports, v->dp_key, v->parent_key);

    if (!chassis || !port || !parent || strcmp(port->type, "virtual")
        || parent->chassis != chassis
        || !list_has(strmap_get_def(&port->options, "virtual-parents", ""),
                     parent->logical_port)) {
        return;
    }
    if (port->chassis != chassis) {
        log_info("Claiming virtual lport %s for this chassis with the virtual "
                 "parent %s", port->logical_port, parent->logical_port);
        sb_port_binding_set_chassis(port, chassis);
    }
    if (!port->virtual_parent
        || strcmp(port->virtual_parent, parent->logical_port)) {
        sb_port_binding_set_virtual_parent(port, parent->logical_port);
    }
}

void
handle_bind_vport(struct request *r)
{
    reports_bind_vport(r->reports, ntohll(r->flow.metadata), r->punt.number,
                       punt_bits_read(&r->punt.args[0], &r->flow));
}

/* ## Events ## */

/* 'mutex' is held. */
static void
add_event(struct pending *p, const char *vip, const char *protocol,
          const char *load_balancer)
{
    VEC_FOR_EACH (event, &p->events) {
        if (!strcmp(event->vip, vip)
            && !strcmp(event->load_balancer, load_balancer)
            && !strcmp(event->protocol, protocol)) {
            return;
        }
    }
    if (p->events.n >= REPORTS_MAX) {
        counter_inc(pinctrl_reports_dropped);
        return;
    }
    vec_push(&p->events, (struct event) { xstrdup(vip), xstrdup(protocol),
                                          xstrdup(load_balancer) });
}

void
reports_empty_lb_backends(struct reports *r, const char *vip,
                          const char *protocol, const char *load_balancer)
{
    pthread_mutex_lock(&r->mutex);
    add_event(&r->pending, vip, protocol, load_balancer);
    pthread_mutex_unlock(&r->mutex);
}

/* The platform deletes a row that it has dealt with; until then, one tells
 * all. */
static bool
is_told(const struct reports *r, const struct event *event,
        const struct sb_chassis *chassis)
{
    const union replica_atom key[] = { { .string = event->vip },
                                       { .string = event->load_balancer } };
    struct replica_index_cursor cursor;
    const struct replica_row *row;

    REPLICA_INDEX_FOR_EACH (row, &cursor, r->event_by_lb, key) {
        const struct sb_controller_event *e
            = (const struct sb_controller_event *) row;

        if (e->chassis == chassis
            && !strcmp(strmap_get_def(&e->event_info, "protocol", ""),
                       event->protocol)) {
            return true;
        }
    }
    return false;
}

/* Numbers go on where those of rows that an earlier process wrote end. */
static int64_t
next_number(struct reports *r, const struct sb_chassis *chassis)
{
    const struct sb_controller_event *row;

    if (!r->last_event) {
        SB_CONTROLLER_EVENT_FOR_EACH (row, r->controller->sb) {
            if (row->chassis == chassis) {
                r->last_event = MAX(r->last_event, row->seq_num);
            }
        }
    }
    return ++r->last_event;
}

static void
write_event(struct reports *r, struct replica_txn *txn,
            const struct event *event)
{
    const struct sb_chassis *chassis = controller_chassis(r->controller);
    struct sb_controller_event *row;
    struct smap info;

    if (!chassis || is_told(r, event, chassis)) {
        return;
    }
    smap_init(&info);
    smap_set(&info, "vip", event->vip);
    smap_set(&info, "protocol", event->protocol);
    smap_set(&info, "load_balancer", event->load_balancer);
    row = sb_controller_event_insert(txn);
    sb_controller_event_set_event_type(row, EMPTY_LB_BACKENDS);
    sb_controller_event_set_event_info(row, &info);
    sb_controller_event_set_chassis(row, chassis);
    sb_controller_event_set_seq_num(row, next_number(r, chassis));
    smap_uninit(&info);
}

void
handle_trigger_event(struct request *r)
{
    struct reader reader = reader_from(r->punt.options, r->punt.options_size);
    char *values[EVENT_OPTION_LOAD_BALANCER + 1] = { NULL };
    bool is_bad = r->punt.number != EVENT_EMPTY_LB_BACKENDS;

    while (!is_bad && reader.left) {
        unsigned int option = reader_u16(&reader);
        size_t size = reader_u16(&reader);
        const char *p = reader_pull(&reader, size);

        is_bad = (reader.is_bad || option >= ARRAY_SIZE(values)
                  || values[option] || (size && memchr(p, 0, size)));
        if (!is_bad) {
            values[option] = xmemdup0(size ? p : "", size);
        }
    }
    if (is_bad || !values[EVENT_OPTION_VIP] || !values[EVENT_OPTION_PROTOCOL]
        || !values[EVENT_OPTION_LOAD_BALANCER]) {
        counter_inc(pinctrl_bad_event);
    } else {
        reports_empty_lb_backends(r->reports, values[EVENT_OPTION_VIP],
                                  values[EVENT_OPTION_PROTOCOL],
                                  values[EVENT_OPTION_LOAD_BALANCER]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        free(values[i]);
    }
}

void
reports_write(struct reports *r, struct replica_txn *txn)
{
    struct pending p;

    /* The thread that reports goes on meanwhile. */
    pthread_mutex_lock(&r->mutex);
    p = r->pending;
    r->pending = (struct pending) { .vports = VEC_EMPTY };
    pthread_mutex_unlock(&r->mutex);
    VEC_FOR_EACH (v, &p.vports) {
        write_vport(r, v);
    }
    VEC_FOR_EACH (a, &p.activated) {
        write_activated(r, a);
    }
    VEC_FOR_EACH (event, &p.events) {
        write_event(r, txn, event);
    }
    pending_uninit(&p);
}
