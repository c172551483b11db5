/* SPDX-License-Identifier: Apache-2.0 */
#include "vswitch/ofproto/fail_open.h"

#include "lib/flow/match.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/log.h"
#include "vswitch/ofproto/conn.h"
#include "vswitch/ofproto/flow_mod.h"
#include "vswitch/ofproto/ofproto.h"

LOG_MODULE(fail_open);

/* Known from bridge/dump-flows of Open vSwitch. */
#define PRIORITY 0xf0f0f0
#define N_PROBES 3

static struct rule *
make_rule(struct ofproto *ofproto)
{
    const struct rule_init init = { .ofproto = ofproto, .table_id = 0 };
    struct buf ofpacts = BUF_EMPTY;
    struct cls_rule cls;
    struct match match;
    struct rule *rule;

    match_init(&match);
    ofpact_put_OUTPUT(&ofpacts)->port = OFPP_NORMAL;
    cls_rule_init(&cls, &match.flow, &match.wc, PRIORITY);
    rule = rule_create(&init, &cls, (const void *) ofpacts.data,
                       ofpacts.size);
    buf_uninit(&ofpacts);
    return rule;
}

static void
open_up(struct ofproto *ofproto)
{
    struct flow_txn txn;
    enum ofperr error;

    ofproto->fail_open.rule = make_rule(ofproto);
    rcu_read_lock();
    flow_txn_begin(&txn, ofproto, NULL, 0);
    error = flow_txn_take_rule(&txn, rule_ref(ofproto->fail_open.rule), 0);
    assert(!error);              /* Hidden ones are not refused. */
    flow_txn_commit(&txn);
    rcu_read_unlock();
}

static void
stop(struct ofproto *ofproto)
{
    struct rule *rule = ofproto->fail_open.rule;
    struct flow_txn txn;

    if (!rule) {
        return;
    }
    log_warn("%s: no longer in fail-open mode", ofproto->name);
    ofproto->fail_open.rule = NULL;
    rcu_read_lock();
    flow_txn_begin(&txn, ofproto, NULL, 0);
    flow_txn_remove(&txn, rule, FLOW_REMOVED_DELETE);
    flow_txn_commit(&txn);
    rcu_read_unlock();
    rule_unref(rule);
}

void
fail_open_update(struct ofproto *ofproto)
{
    struct fail_open *fo = &ofproto->fail_open;
    struct conn_outage outage;
    int64_t left_ms;

    if (ofproto->fail_mode != FAIL_STANDALONE
        || !conn_set_is_out(ofproto->conns, &outage)) {
        timer_stop(&fo->timer);
        stop(ofproto);
        return;
    }
    left_ms = (outage.since_ms + N_PROBES * INT64_C(1000)
               * outage.max_probe_interval_s - clock_ms());
    if (left_ms > 0) {
        timer_set(&fo->timer, left_ms);
    } else if (!fo->rule) {
        log_warn("%s: no controller has been connected for %lld seconds, "
                 "failing open", ofproto->name,
                 (long long) (clock_ms() - outage.since_ms) / 1000);
        open_up(ofproto);
    }
}

static void
on_timer(void *ofproto)
{
    fail_open_update(ofproto);
}

void
fail_open_init(struct ofproto *ofproto)
{
    timer_init(&ofproto->fail_open.timer, on_timer, ofproto);
}

void
fail_open_uninit(struct ofproto *ofproto)
{
    timer_stop(&ofproto->fail_open.timer);
    stop(ofproto);
}
