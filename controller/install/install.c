/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a connection to the switch, and when what goes out on it.  Flows
 * are in wanted.c, groups and meters in numbers.c. */
#include "controller/install/install.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "controller/install/messages.h"
#include "controller/install/numbers.h"
#include "controller/install/seen.h"
#include "controller/install/wanted.h"
#include "lib/base/alloc.h"
#include "lib/base/vec.h"
#include "lib/openflow/session_msg.h"
#include "lib/openflow/vconn.h"
#include "lib/runtime/dirs.h"
#include "lib/runtime/log.h"
#include "lib/runtime/loop.h"
#include "lib/runtime/memory.h"

LOG_MODULE(ofctrl);

/* The switch is on this host, where a try costs next to nothing; while it is
 * away, nothing that is new gets through. */
enum { MIN_BACKOFF_MS = 50, MAX_BACKOFF_MS = 200 };

/* Where set-up of a connection is. */
enum state {
    STATE_DISCONNECTED,
    STATE_TLV_TABLE,         /* Asked for tunnel options. */
    STATE_TLV_BARRIER,       /* Set ours; waiting for it to be done. */
    STATE_DUMP,              /* Asked for flows, groups and meters. */
    STATE_DUMPED,            /* Have them; waiting for the wanted set. */
    STATE_FILLING,           /* Have few; what is known to be wanted goes out,
                              * in a bundle whose end waits for the rest. */
    STATE_SYNCED,
};

/* A switch that has more flows than this has been filled before: most of them
 * are still wanted, so none is sent before that is known. */
#define FEW_FLOWS 16

/* Switches give up an open bundle that nothing is added to, Open vSwitch after
 * 10 s: it is taken back before, and begun anew once everything is known. */
#define FILL_IDLE_MS 3000

struct install {
    struct controller *controller;
    void (*wake)(void *aux);
    void *aux;

    struct rconn *rconn;
    char *bridge;
    enum state state;
    be32 barrier_xid;
    struct timer fill_timer;
    bool may_fill;           /* On this connection. */
    int n_dumps;             /* Multipart replies not complete yet. */
    struct seen seen;

    struct incr_sink sink, meter_sink;
    struct messages messages;
    struct wanted wanted;
    struct numbers numbers;
    uint64_t current;
    uint64_t done;
    bool wants_barrier;      /* Even if there is nothing to send. */
    VEC(struct { be32 xid; uint64_t seq; }) barriers;
};

/* Do flows go out that become wanted, and those that cease to be? */
static bool
is_following(const struct install *inst)
{
    return inst->state >= STATE_FILLING;
}

/* ## What changed ## */

static void
flow_changed(void *inst_, struct incr_group *group)
{
    struct install *inst = inst_;

    wanted_changed(&inst->wanted, group, is_following(inst));
}

static void
meter_changed(void *inst_, struct incr_group *group)
{
    struct install *inst = inst_;

    if (is_following(inst)) {
        numbers_put_meter(&inst->numbers, incr_group_key(group));
    }
}

void
install_id_changed(void *inst_, enum id_kind kind, const char *text,
                   uint32_t id, bool added)
{
    struct install *inst = inst_;

    if (kind != ID_ZONE) {
        numbers_set(&inst->numbers, kind, text, id, added,
                    is_following(inst));
    } else if (added && rconn_is_connected(inst->rconn)) {
        messages_put_zone_flush(&inst->messages, id);
    }
}

/* ## Sending ## */

/* Sends flows until the connection has enough to do. */
static void
flush_flows(struct install *inst)
{
    wanted_flush(&inst->wanted);
    if (inst->state == STATE_FILLING
        && messages_are_partial(&inst->messages)) {
        timer_set(&inst->fill_timer, FILL_IDLE_MS);
    }
}

/* Ends what was put, behind it a barrier. */
static void
finish_messages(struct install *inst)
{
    be32 xid;

    if (messages_are_empty(&inst->messages) && !inst->wants_barrier) {
        return;
    }
    inst->wants_barrier = false;
    xid = messages_finish(&inst->messages);
    inst->current++;
    vec_push(&inst->barriers,
             (__typeof__(*inst->barriers.items)) { xid, inst->current });
}

static void
start_filling(struct install *inst)
{
    numbers_put_all(&inst->numbers, &inst->seen);
    wanted_send_all(&inst->wanted);
    inst->state = STATE_FILLING;
}

/* Nothing came for a while: takes back what was sent. */
static void
stop_filling(void *inst_)
{
    struct install *inst = inst_;

    if (inst->state == STATE_FILLING) {
        messages_discard(&inst->messages);
        inst->state = STATE_DUMPED;
        inst->may_fill = false;
        inst->wake(inst->aux);
    }
}

/* Sees to it that the switch will be in step once the flows that are to be sent
 * are. */
static void
complete(struct install *inst)
{
    size_t n_seen = inst->seen.flows.n;

    if (inst->state == STATE_FILLING) {
        wanted_remove_others(&inst->wanted, &inst->seen);
    } else {
        numbers_put_all(&inst->numbers, &inst->seen);
        wanted_compare(&inst->wanted, &inst->seen);
    }
    numbers_remove_others(&inst->numbers, &inst->seen);
    seen_clear(&inst->seen);
    inst->state = STATE_SYNCED;
    inst->wants_barrier = true;
    log_info("%s: the switch had %zu flows, %zu are wanted",
             inst->bridge, n_seen, inst->wanted.n_flows);
}

/* Sends some of the flows while others are computed. */
static void
flow_progress(void *inst_)
{
    struct install *inst = inst_;

    if (is_following(inst) && messages_are_atomic(&inst->messages)) {
        flush_flows(inst);
        rconn_flush(inst->rconn);
    }
}

void
install_run(struct install *inst, bool is_complete)
{
    if (inst->state == STATE_DUMPED && !is_complete && inst->may_fill
        && inst->seen.flows.n <= FEW_FLOWS
        && messages_are_atomic(&inst->messages)) {
        start_filling(inst);
    }
    if (is_complete && (inst->state == STATE_DUMPED
                        || inst->state == STATE_FILLING)) {
        complete(inst);
    }
    if (is_following(inst)) {
        flush_flows(inst);
    }
    if (rconn_is_connected(inst->rconn) && !wanted_are_dirty(&inst->wanted)
        && inst->state != STATE_FILLING) {
        finish_messages(inst);
    }
}

/* ## The connection ## */

static void
start_dump(struct install *inst)
{
    seen_clear(&inst->seen);
    messages_discard(&inst->messages);
    inst->n_dumps = 3;
    inst->state = STATE_DUMP;
    rconn_take_send(inst->rconn, messages_flow_dump(OFPTT_ALL));
    rconn_take_send(inst->rconn, messages_group_dump());
    rconn_take_send(inst->rconn, messages_meter_dump());
}

static void
connected(struct rconn *rconn UNUSED, void *inst_)
{
    struct install *inst = inst_;

    log_info("connected to bridge %s", inst->bridge);
    inst->state = STATE_TLV_TABLE;
    inst->may_fill = true;
    vec_clear(&inst->barriers);
    messages_reset(&inst->messages);
    rconn_take_send(inst->rconn, messages_tlv_request());
}

static void
disconnected(struct rconn *rconn UNUSED, void *inst_)
{
    struct install *inst = inst_;

    if (inst->state != STATE_DISCONNECTED) {
        log_info("disconnected from bridge %s", inst->bridge);
    }
    inst->state = STATE_DISCONNECTED;
    vec_clear(&inst->barriers);
    messages_reset(&inst->messages);
    inst->wake(inst->aux);
}

/* The switch has taken all: it may get more. */
static void
drained(struct rconn *rconn UNUSED, void *inst_)
{
    struct install *inst = inst_;

    if (is_following(inst) && wanted_are_dirty(&inst->wanted)) {
        flush_flows(inst);
        if (!wanted_are_dirty(&inst->wanted)) {
            inst->wake(inst->aux);
        }
    }
}

static void
tlv_reply(struct install *inst, const struct ofmsg *msg)
{
    struct buf *mod;

    if (inst->state != STATE_TLV_TABLE) {
        return;
    }
    mod = messages_tlv_mod(msg);
    if (mod) {
        struct buf *barrier = messages_barrier(&inst->barrier_xid);

        rconn_take_send(inst->rconn, mod);
        rconn_take_send(inst->rconn, barrier);
        inst->state = STATE_TLV_BARRIER;
    } else {
        start_dump(inst);
    }
}

static void
barrier_reply(struct install *inst, const struct ofmsg *msg)
{
    if (inst->state == STATE_TLV_BARRIER && msg->xid == inst->barrier_xid) {
        start_dump(inst);
        return;
    }
    for (size_t i = 0; i < inst->barriers.n; i++) {
        if (inst->barriers.items[i].xid == msg->xid) {
            inst->done = inst->barriers.items[i].seq;
            vec_remove(&inst->barriers, i);
            inst->wake(inst->aux);
            return;
        }
    }
}

static void
dump_part_done(struct install *inst, const struct ofmsg *msg)
{
    if (!msg->more && !--inst->n_dumps) {
        inst->state = STATE_DUMPED;
        inst->wake(inst->aux);
    }
}

/* A part of a dump's reply: 'add' takes what is in it. */
static void
dump_reply(struct install *inst, const struct ofmsg *msg,
           void (*add)(struct seen *, const struct ofmsg *))
{
    if (inst->state == STATE_DUMP) {
        add(&inst->seen, msg);
        dump_part_done(inst, msg);
    }
}

/* The switch refused something.  A bundle is refused as a whole for one bad
 * flow: everything is compared again and sent flow by flow, so that only the
 * bad one is missing. */
static void
error_reply(struct install *inst, const struct ofmsg *msg)
{
    static struct log_limit limit = LOG_LIMIT(10, 10);
    struct ofperr_code code;
    struct reader payload;
    struct str what = STR_EMPTY;

    messages_describe_error(msg, &what);
    log_warn_limited(&limit, "bridge %s refused: %s", inst->bridge,
                     str_cstr(&what));
    str_uninit(&what);
    (void) error_msg_decode(msg, &code, &payload);
    if (inst->state == STATE_TLV_TABLE || inst->state == STATE_TLV_BARRIER) {
        start_dump(inst);
    } else if (is_following(inst)
               && messages_stop_bundling(&inst->messages, msg)) {
        start_dump(inst);
    }
}

static void
message(struct rconn *rconn UNUSED, const void *data, size_t size,
        void *inst_)
{
    static struct log_limit limit = LOG_LIMIT(5, 5);
    struct install *inst = inst_;
    struct ofmsg msg;
    enum ofperr error;

    error = ofmsg_decode(data, size, &msg);
    if (error) {
        log_warn_limited(&limit, "bridge %s sent a bad message (%s)",
                         inst->bridge, ofperr_name(error));
        return;
    }
    switch (msg.type) {
    case OFMSG_TLV_TABLE_REPLY:
        tlv_reply(inst, &msg);
        break;
    case OFMSG_BARRIER_REPLY:
        barrier_reply(inst, &msg);
        break;
    case OFMSG_FLOW_STATS_REPLY:
        dump_reply(inst, &msg, seen_add_flows);
        break;
    case OFMSG_GROUP_DESC_REPLY:
        dump_reply(inst, &msg, seen_add_groups);
        break;
    case OFMSG_METER_CONFIG_REPLY:
        dump_reply(inst, &msg, seen_add_meters);
        break;
    case OFMSG_ERROR:
        error_reply(inst, &msg);
        break;
    default:
        break;                   /* Port status and the like. */
    }
}

void
install_set_bridge(struct install *inst, const char *bridge)
{
    char *target;

    if (bridge && inst->bridge && !strcmp(bridge, inst->bridge)) {
        return;
    }
    rconn_disconnect(inst->rconn);
    free(inst->bridge);
    inst->bridge = xstrdup_null(bridge);
    if (bridge) {
        target = xasprintf("unix:%s/%s.mgmt", dirs_run(DIRS_OVS), bridge);
        error_free(rconn_connect(inst->rconn, target));
        free(target);
    }
}

static void
report_memory(struct memory_usage *usage, void *inst)
{
    memory_add(usage, "flows", install_n_flows(inst));
}

struct install *
install_create(struct controller *c, void (*wake)(void *aux), void *aux)
{
    static const struct rconn_callbacks callbacks = {
        .connected = connected,
        .message = message,
        .disconnected = disconnected,
        .drained = drained,
    };
    struct install *inst = xzalloc(sizeof *inst);

    inst->controller = c;
    inst->wake = wake;
    inst->aux = aux;
    inst->rconn = rconn_create(OFP_VERSION_BIT(MESSAGES_OF_VERSION), 1, 5,
                               &callbacks, inst);
    messages_init(&inst->messages, inst->rconn);
    numbers_init(&inst->numbers, c->incr, &inst->messages);
    wanted_init(&inst->wanted, c->incr, &inst->messages);
    timer_init(&inst->fill_timer, stop_filling, inst);
    rconn_set_backoff(inst->rconn, MIN_BACKOFF_MS, MAX_BACKOFF_MS);
    inst->sink = (struct incr_sink) { .fact = FACT_FLOW, .aux = inst,
                                      .group_changed = flow_changed,
                                      .progress = flow_progress };
    incr_add_sink(c->incr, &inst->sink);
    inst->meter_sink = (struct incr_sink) { .fact = FACT_METER, .aux = inst,
                                            .group_changed = meter_changed };
    incr_add_sink(c->incr, &inst->meter_sink);
    memory_register(report_memory, inst);
    return inst;
}

void
install_destroy(struct install *inst)
{
    if (!inst) {
        return;
    }
    memory_unregister(report_memory, inst);
    timer_stop(&inst->fill_timer);
    rconn_destroy(inst->rconn);
    numbers_uninit(&inst->numbers);
    wanted_uninit(&inst->wanted);
    seen_clear(&inst->seen);
    messages_uninit(&inst->messages);
    vec_uninit(&inst->barriers);
    free(inst->bridge);
    free(inst);
}

void
install_set_probe_interval(struct install *inst, unsigned int seconds)
{
    rconn_set_probe_interval(inst->rconn, seconds);
}

void
install_compare(struct install *inst)
{
    if (inst->state == STATE_SYNCED) {
        start_dump(inst);
    }
}

void
install_flush_zone(void *inst_, uint16_t zone)
{
    struct install *inst = inst_;

    if (rconn_is_connected(inst->rconn)) {
        messages_put_zone_flush(&inst->messages, zone);
        inst->wake(inst->aux);
    }
}

void
install_forget_acl(struct install *inst, uint16_t acl_id)
{
    if (rconn_is_connected(inst->rconn)) {
        messages_put_acl_flush(&inst->messages, acl_id);
        inst->wake(inst->aux);
    }
}

uint64_t
install_current(const struct install *inst)
{
    return inst->current + (inst->state != STATE_SYNCED
                            || wanted_are_dirty(&inst->wanted)
                            || messages_are_partial(&inst->messages));
}

uint64_t
install_done(const struct install *inst)
{
    return inst->done;
}

bool
install_is_connected(const struct install *inst)
{
    return rconn_is_connected(inst->rconn);
}

void
install_send(struct install *inst, struct buf *b)
{
    rconn_take_send(inst->rconn, b);
}

uint8_t
install_version(const struct install *inst)
{
    return rconn_version(inst->rconn);
}

size_t
install_n_flows(const struct install *inst)
{
    return inst->wanted.n_flows;
}
