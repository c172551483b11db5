/* SPDX-License-Identifier: Apache-2.0 */
/* Each wanted flow is a group of FACT_FLOW, whose sink data is a few bits: what
 * this file knows of the flow.  What a flow is made of stays in the facts.
 *
 * Flows to be sent are encoded no faster than the switch takes them, so that
 * the first ten thousands do not wait in memory as messages, and the switch
 * decodes some while others are encoded. */
#include "controller/install/install.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "controller/flows.h"
#include "controller/install/messages.h"
#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/openflow/meter_msg.h"
#include "lib/openflow/ofpact_codec.h"
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

/* Bits in the sink data of a flow's group. */
#define FLOW_WANTED 1u          /* Counted. */
#define FLOW_INSTALLED 2u       /* The switch has it, as far as was sent. */
#define FLOW_DIRTY 4u           /* In install.dirty. */

/* What may wait on the connection before no more flows are encoded.  What is
 * on its way beyond that is in the socket. */
#define BACKLOG_BYTES (256 * 1024)

/* A switch that has more flows than this has been filled before: most of them
 * are still wanted, so none is sent before that is known. */
#define FEW_FLOWS 16

/* Switches give up an open bundle that nothing is added to, Open vSwitch after
 * 10 s: it is taken back before, and begun anew once everything is known. */
#define FILL_IDLE_MS 3000

/* Room in 'dirty' that is kept. */
#define MAX_KEPT_DIRTY 1024

/* A flow that the switch told. */
struct seen {
    struct flow_fact_key *key;
    size_t key_size;
    uint64_t digest;         /* flow_digest(). */
};

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
    VEC(struct seen) seen;
    VEC(uint32_t) seen_groups;
    VEC(uint32_t) seen_meters;

    struct incr_sink sink, meter_sink;
    VEC(struct incr_group *) dirty;
    size_t n_sent;           /* The first ones of 'dirty', which were sent. */
    size_t n_flows;
    struct hmap numbers;     /* struct number: groups and meters wanted. */
    struct messages messages;
    uint64_t current;
    uint64_t done;
    bool wants_barrier;      /* Even if there is nothing to send. */
    VEC(struct { be32 xid; uint64_t seq; }) barriers;
};

/* A group or meter that is wanted. */
struct number {
    struct hmap_node node;   /* By kind and id. */
    enum id_kind kind;
    uint32_t id;
    char *text;
    bool is_there;           /* A meter that the switch has. */
};

/* Do flows go out that become wanted, and those that cease to be? */
static bool
is_following(const struct install *inst)
{
    return inst->state >= STATE_FILLING;
}

/* ## Wanted flows ## */

static bool
flow_has(const struct incr_group *group, uintptr_t bit)
{
    return (uintptr_t) group->sink_data & bit;
}

static void
flow_set(struct incr_group *group, uintptr_t bits)
{
    group->sink_data = (void *) ((uintptr_t) group->sink_data | bits);
}

static void
flow_unset(struct incr_group *group, uintptr_t bits)
{
    group->sink_data = (void *) ((uintptr_t) group->sink_data & ~bits);
}

/* Counts the flow if it is wanted, no more if it is not: the switch may have
 * it for a while still. */
static void
flow_count(struct install *inst, struct incr_group *group)
{
    if (group->n && !flow_has(group, FLOW_WANTED)) {
        flow_set(group, FLOW_WANTED);
        inst->n_flows++;
    } else if (!group->n && flow_has(group, FLOW_WANTED)) {
        flow_unset(group, FLOW_WANTED);
        inst->n_flows--;
    }
}

static void
flow_mark_dirty(struct install *inst, struct incr_group *group)
{
    if (!flow_has(group, FLOW_DIRTY)) {
        flow_set(group, FLOW_DIRTY);
        vec_push(&inst->dirty, group);
    }
}

static void
flow_group_changed(void *inst_, struct incr_group *group)
{
    struct install *inst = inst_;

    flow_count(inst, group);
    if (is_following(inst)
        && (group->n || flow_has(group, FLOW_INSTALLED))) {
        flow_mark_dirty(inst, group);
    } else if (!group->n && !flow_has(group, FLOW_DIRTY)) {
        group->sink_data = NULL;
    }
}

static bool
is_conjunction(const struct incr_fact *fact)
{
    const struct flow_fact_value *value = incr_fact_value(fact);
    const struct ofpact *a = (const void *) value->actions;

    return (fact->value_size > sizeof *value
            && a->type == OFPACT_CONJUNCTION);
}

/* Resolves the values of a group into one flow: see struct flow_fact_value. */
static void
flow_resolve(const struct incr_group *group, uint64_t *ret_cookie,
             struct buf *actions)
{
    const struct incr_fact *best = incr_group_fact(group, 0);
    const struct flow_fact_value *value;
    bool all_conjunctions = group->n > 1;

    for (size_t i = 0; i < group->n; i++) {
        const struct incr_fact *fact = incr_group_fact(group, i);

        all_conjunctions = all_conjunctions && is_conjunction(fact);
        if (fact->value_size < best->value_size
            || (fact->value_size == best->value_size
                && memcmp(incr_fact_value(fact), incr_fact_value(best),
                          best->value_size) < 0)) {
            best = fact;
        }
    }
    value = incr_fact_value(best);
    *ret_cookie = value->cookie;
    for (size_t i = 0; i < (all_conjunctions ? group->n : 1); i++) {
        const struct incr_fact *fact
            = all_conjunctions ? incr_group_fact(group, i) : best;

        value = incr_fact_value(fact);
        buf_put(actions, value->actions, fact->value_size - sizeof *value);
    }
}

/* A hash of what the flow does, the same for flows that were written by us and
 * read back from the switch. */
static uint64_t
flow_digest(uint64_t cookie, const void *actions, size_t size)
{
    uint64_t storage[128];
    struct buf wire;
    uint64_t digest;

    buf_init_stack(&wire, storage, sizeof storage);
    ofpacts_encode(&wire, actions, size, MESSAGES_OF_VERSION);
    digest = hash_bytes(wire.data, wire.size, cookie);
    buf_uninit(&wire);
    return digest;
}

/* ## Sending ## */

static void
send_flow(struct install *inst, struct incr_group *group)
{
    const struct flow_fact_key *key = incr_group_key(group);
    uint64_t storage[128], cookie = 0;
    struct buf actions;

    buf_init_stack(&actions, storage, sizeof storage);
    if (group->n) {
        flow_resolve(group, &cookie, &actions);
    }
    messages_put_flow(&inst->messages, key, group->n != 0, cookie,
                      actions.data, actions.size);
    buf_uninit(&actions);
    flow_set(group, FLOW_INSTALLED);
}

static bool
has_flows_to_send(const struct install *inst)
{
    return inst->n_sent < inst->dirty.n;
}

/* Sends flows until the connection has enough to do. */
static void
flush_flows(struct install *inst)
{
    while (has_flows_to_send(inst)
           && rconn_backlog(inst->rconn) < BACKLOG_BYTES) {
        struct incr_group *group = inst->dirty.items[inst->n_sent++];

        flow_unset(group, FLOW_DIRTY);
        if (group->n || flow_has(group, FLOW_INSTALLED)) {
            send_flow(inst, group);
        }
        if (!group->n) {
            group->sink_data = NULL;
        }
    }
    if (!has_flows_to_send(inst)) {
        vec_clear_to(&inst->dirty, MAX_KEPT_DIRTY);
        inst->n_sent = 0;
    }
    if (inst->state == STATE_FILLING
        && messages_are_partial(&inst->messages)) {
        timer_set(&inst->fill_timer, FILL_IDLE_MS);
    }
}

/* Forgets which flows were to be sent. */
static void
clear_dirty(struct install *inst)
{
    for (size_t i = inst->n_sent; i < inst->dirty.n; i++) {
        struct incr_group *group = inst->dirty.items[i];

        flow_unset(group, FLOW_DIRTY);
        if (!group->n) {
            group->sink_data = NULL;
        }
    }
    vec_clear_to(&inst->dirty, MAX_KEPT_DIRTY);
    inst->n_sent = 0;
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

/* ## Groups, meters, zones ## */

static uint64_t
number_hash(enum id_kind kind, uint32_t id)
{
    return hash_word(id, kind);
}

static struct number *
number_find(const struct install *inst, enum id_kind kind, uint32_t id)
{
    struct number *number;

    HMAP_FOR_EACH_WITH_HASH (number, node, number_hash(kind, id),
                             &inst->numbers) {
        if (number->kind == kind && number->id == id) {
            return number;
        }
    }
    return NULL;
}

/* What meter is to be behind 'text'; NULL for none, with which packets pass
 * unmetered. */
static const char *
find_meter(const struct install *inst, const char *text)
{
    static const char literal[] = "__string: ";
    const struct incr_group *group;

    if (text_starts_with(text, literal)) {
        return text + strlen(literal);
    }
    group = incr_find(inst->controller->incr, FACT_METER, text,
                      strlen(text) + 1);
    return group && group->n ? incr_group_value(group, 0) : NULL;
}

static void
put_number(struct install *inst, struct number *number, bool wanted)
{
    const char *meter;

    if (number->kind == ID_GROUP) {
        messages_put_group(&inst->messages, number->id, number->text, wanted);
        return;
    }
    meter = wanted ? find_meter(inst, number->text) : NULL;
    if (meter || number->is_there) {
        messages_put_meter(&inst->messages, number->id, meter,
                           number->is_there);
        number->is_there = meter != NULL;
    }
}

static void
meter_changed(void *inst_, struct incr_group *group)
{
    struct install *inst = inst_;
    struct number *number;

    if (!is_following(inst)) {
        return;
    }
    HMAP_FOR_EACH (number, node, &inst->numbers) {
        if (number->kind == ID_METER
            && !strcmp(number->text, incr_group_key(group))) {
            put_number(inst, number, true);
        }
    }
}

void
install_id_changed(void *inst_, enum id_kind kind, const char *text,
                   uint32_t id, bool added)
{
    struct install *inst = inst_;
    struct number *number;

    if (kind == ID_ZONE) {
        if (added && rconn_is_connected(inst->rconn)) {
            messages_put_zone_flush(&inst->messages, id);
        }
        return;
    }
    number = number_find(inst, kind, id);
    if (added && !number) {
        number = xzalloc(sizeof *number);
        number->kind = kind;
        number->id = id;
        number->text = xstrdup(text);
        hmap_insert(&inst->numbers, &number->node, number_hash(kind, id));
    }
    if (is_following(inst) && number) {
        put_number(inst, number, added);
    }
    if (!added && number) {
        hmap_remove(&inst->numbers, &number->node);
        free(number->text);
        free(number);
    }
}

/* ## From what the switch has to what it should have ## */

static void
forget_seen(struct install *inst)
{
    VEC_FOR_EACH (seen, &inst->seen) {
        free(seen->key);
    }
    vec_uninit(&inst->seen);
    vec_uninit(&inst->seen_groups);
    vec_uninit(&inst->seen_meters);
}

static void
mark_missing(struct incr_group *group, void *inst_)
{
    struct install *inst = inst_;

    if (!flow_has(group, FLOW_INSTALLED)) {
        flow_mark_dirty(inst, group);
    }
}

static void
mark_not_installed(struct incr_group *group, void *inst)
{
    flow_count(inst, group);
    flow_unset(group, FLOW_INSTALLED);
}

/* Tables that learn() actions of wanted flows fill.  What is in there goes with
 * its flow, or when it is idle. */
static bool
is_learned_table(uint8_t table)
{
    return (table == OF_TABLE_CHK_LB_HAIRPIN_REPLY
            || table == OF_TABLE_ECMP_NH_MAC || table == OF_TABLE_ECMP_NH
            || table == OF_TABLE_CHK_LB_AFFINITY);
}

/* Returns the wanted flow under the key of one that the switch has.  If there
 * is none, has it removed and returns NULL. */
static struct incr_group *
find_or_remove(struct install *inst, const struct seen *seen)
{
    struct incr_group *group = incr_find(inst->controller->incr, FACT_FLOW,
                                         seen->key, seen->key_size);

    if (group && group->n) {
        return group;
    }
    if (!is_learned_table(seen->key->table)) {
        messages_put_flow(&inst->messages, seen->key, false, 0, NULL, 0);
    }
    return NULL;
}

/* Compares a flow of the switch with the wanted one. */
static void
compare_flow(struct install *inst, const struct seen *seen)
{
    struct incr_group *group = find_or_remove(inst, seen);
    uint64_t storage[128], cookie;
    struct buf actions;

    if (!group) {
        return;
    }
    buf_init_stack(&actions, storage, sizeof storage);
    flow_resolve(group, &cookie, &actions);
    if (flow_digest(cookie, actions.data, actions.size) == seen->digest) {
        flow_set(group, FLOW_INSTALLED);
    }
    buf_uninit(&actions);
}

static void
put_numbers(struct install *inst)
{
    struct number *number;

    HMAP_FOR_EACH (number, node, &inst->numbers) {
        number->is_there = false;
    }
    VEC_FOR_EACH (id, &inst->seen_meters) {
        number = number_find(inst, ID_METER, *id);
        if (number) {
            number->is_there = true;
        }
    }
    HMAP_FOR_EACH (number, node, &inst->numbers) {
        put_number(inst, number, true);
    }
}

/* Finds out what differs between the switch's flows and those that are wanted,
 * now that these are known. */
static void
compare(struct install *inst)
{
    put_numbers(inst);
    clear_dirty(inst);
    incr_for_each_group(inst->controller->incr, FACT_FLOW,
                        mark_not_installed, inst);
    VEC_FOR_EACH (seen, &inst->seen) {
        compare_flow(inst, seen);
    }
    incr_for_each_group(inst->controller->incr, FACT_FLOW, mark_missing,
                        inst);
}

static void
start_filling(struct install *inst)
{
    put_numbers(inst);
    clear_dirty(inst);
    incr_for_each_group(inst->controller->incr, FACT_FLOW,
                        mark_not_installed, inst);
    incr_for_each_group(inst->controller->incr, FACT_FLOW, mark_missing,
                        inst);
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
    size_t n_seen = inst->seen.n;

    if (inst->state == STATE_FILLING) {
        VEC_FOR_EACH (seen, &inst->seen) {
            (void) find_or_remove(inst, seen);
        }
    } else {
        compare(inst);
    }
    VEC_FOR_EACH (id, &inst->seen_groups) {
        if (!number_find(inst, ID_GROUP, *id)) {
            messages_put_group(&inst->messages, *id, NULL, false);
        }
    }
    VEC_FOR_EACH (id, &inst->seen_meters) {
        if (!number_find(inst, ID_METER, *id)) {
            messages_put_meter(&inst->messages, *id, NULL, true);
        }
    }
    forget_seen(inst);
    inst->state = STATE_SYNCED;
    inst->wants_barrier = true;
    log_info("%s: the switch had %zu flows, %zu are wanted",
             inst->bridge, n_seen, inst->n_flows);
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
        && inst->seen.n <= FEW_FLOWS
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
    if (rconn_is_connected(inst->rconn) && !has_flows_to_send(inst)
        && inst->state != STATE_FILLING) {
        finish_messages(inst);
    }
}

/* ## The connection ## */

static void
start_dump(struct install *inst)
{
    forget_seen(inst);
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

    if (is_following(inst) && has_flows_to_send(inst)) {
        flush_flows(inst);
        if (!has_flows_to_send(inst)) {
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

static void
see_flow(struct install *inst, const struct flow_stats *stats)
{
    struct seen seen;

    seen.key = flow_fact_key_create(&stats->match, stats->table_id,
                                    stats->priority, &seen.key_size);
    seen.digest = flow_digest(ntohll(stats->cookie), stats->ofpacts,
                              stats->ofpacts_size);
    vec_push(&inst->seen, seen);
}

static void
flow_reply(struct install *inst, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);
    struct buf ofpacts = BUF_EMPTY;
    struct flow_stats stats;

    if (inst->state != STATE_DUMP) {
        return;
    }
    while (!flow_stats_decode(&stats, msg, &r, messages_decode_env(),
                              &ofpacts)) {
        see_flow(inst, &stats);
    }
    buf_uninit(&ofpacts);
    dump_part_done(inst, msg);
}

static void
group_reply(struct install *inst, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);
    struct group_desc desc;

    if (inst->state != STATE_DUMP) {
        return;
    }
    while (!group_desc_decode(&desc, msg, &r)) {
        vec_push(&inst->seen_groups, desc.group_id);
        group_desc_uninit(&desc);
    }
    dump_part_done(inst, msg);
}

static void
meter_reply(struct install *inst, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);
    struct meter_config config;

    if (inst->state != STATE_DUMP) {
        return;
    }
    while (!meter_config_decode(&config, &r)) {
        vec_push(&inst->seen_meters, config.meter_id);
        meter_config_uninit(&config);
    }
    dump_part_done(inst, msg);
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
        flow_reply(inst, &msg);
        break;
    case OFMSG_GROUP_DESC_REPLY:
        group_reply(inst, &msg);
        break;
    case OFMSG_METER_CONFIG_REPLY:
        meter_reply(inst, &msg);
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
    hmap_init(&inst->numbers);
    inst->rconn = rconn_create(OFP_VERSION_BIT(MESSAGES_OF_VERSION), 1, 5,
                               &callbacks, inst);
    messages_init(&inst->messages, inst->rconn);
    timer_init(&inst->fill_timer, stop_filling, inst);
    rconn_set_backoff(inst->rconn, MIN_BACKOFF_MS, MAX_BACKOFF_MS);
    inst->sink = (struct incr_sink) { .fact = FACT_FLOW, .aux = inst,
                                      .group_changed = flow_group_changed,
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
    struct number *number;

    if (!inst) {
        return;
    }
    memory_unregister(report_memory, inst);
    timer_stop(&inst->fill_timer);
    rconn_destroy(inst->rconn);
    HMAP_FOR_EACH_SAFE (number, node, &inst->numbers) {
        hmap_remove(&inst->numbers, &number->node);
        free(number->text);
        free(number);
    }
    hmap_uninit(&inst->numbers);
    forget_seen(inst);
    messages_uninit(&inst->messages);
    vec_uninit(&inst->dirty);
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
                            || has_flows_to_send(inst)
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
    return inst->n_flows;
}
