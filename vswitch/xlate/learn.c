/* SPDX-License-Identifier: Apache-2.0 */

#include "vswitch/xlate/learn.h"

#include "lib/base/alloc.h"
#include "lib/openflow/ofpact_codec.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/log.h"
#include "lib/runtime/loop.h"

LOG_MODULE(learn);

static struct log_limit limit = LOG_LIMIT(5, 10);

/* The source bits of 'spec', right-justified. */
static void
get_source(const struct learn_spec *spec, const struct flow *flow,
           const struct tlv_layout *layout, union field_value *value)
{
    memset(value, 0, sizeof *value);
    if (spec->src_type == LEARN_SRC_FIELD) {
        subfield_get_wide(&spec->src, flow, layout, value);
    } else {
        size_t n = DIV_ROUND_UP(spec->n_bits, 8);

        memcpy(&value->bytes[FIELD_MAX_BYTES - n],
               learn_spec_immediate(spec), n);
    }
}

/* Writes 'value' (right-justified) and ones into a field's value and mask, at
 * the bits of 'dst'. */
static void
place_bits(const struct subfield *dst, const struct tlv_layout *layout,
           const union field_value *source, union field_value *value,
           union field_value *mask)
{
    size_t n_bytes = field_n_bytes(dst->field, layout);
    union field_value ones;

    memset(&ones, 0xff, sizeof ones);
    bits_copy(source, FIELD_MAX_BYTES, 0, value, n_bytes, dst->start,
              dst->n_bits);
    bits_copy(&ones, FIELD_MAX_BYTES, 0, mask, n_bytes, dst->start,
              dst->n_bits);
}

static void
learn_match(const struct learn_spec *spec, const struct tlv_layout *layout,
            const union field_value *source, struct match *match)
{
    union field_value value, mask;

    memset(&value, 0, sizeof value);
    memset(&mask, 0, sizeof mask);
    match_get_field(match, spec->dst.field, &value, &mask);
    place_bits(&spec->dst, layout, source, &value, &mask);
    match_set_field(match, spec->dst.field, &value, &mask);
}

static void
learn_load(const struct learn_spec *spec, const struct tlv_layout *layout,
           const union field_value *source, struct buf *ofpacts)
{
    union field_value value, mask;
    struct ofpact_set_field *set;

    memset(&value, 0, sizeof value);
    memset(&mask, 0, sizeof mask);
    place_bits(&spec->dst, layout, source, &value, &mask);
    set = ofpact_put_set_field(ofpacts, spec->dst.field,
                               field_n_bytes(spec->dst.field, layout),
                               &value, &mask);
    set->is_load = true;
}

static void
learn_output(const union field_value *source, struct buf *ofpacts)
{
    const uint8_t *end = &source->bytes[FIELD_MAX_BYTES];
    struct ofpact_output *output = ofpact_put_OUTPUT(ofpacts);

    output->port = end[-2] << 8 | end[-1];
}

void
learn_make(const struct ofpact_learn *learn, const struct flow *flow,
           const struct tlv_table *tlv, struct flow_mod *fm,
           struct buf *ofpacts)
{
    const struct learn_spec *spec;

    buf_clear(ofpacts);
    flow_mod_init(fm);
    match_init_with_table(&fm->match, tlv);
    fm->priority = learn->priority;
    fm->table_id = learn->table_id;
    fm->command = FLOW_MOD_MODIFY_STRICT;
    fm->new_cookie = learn->cookie;
    fm->modify_cookie = learn->cookie != UINT64_MAX;
    fm->idle_timeout_s = learn->idle_timeout_s;
    fm->hard_timeout_s = learn->hard_timeout_s;
    fm->flags = (learn->flags & LEARN_F_SEND_FLOW_REM ? FLOW_F_SEND_FLOW_REM
                 : 0);

    if (learn->fin_idle_timeout_s || learn->fin_hard_timeout_s) {
        struct ofpact_fin_timeout *f = ofpact_put_FIN_TIMEOUT(ofpacts);

        f->idle_timeout_s = learn->fin_idle_timeout_s;
        f->hard_timeout_s = learn->fin_hard_timeout_s;
    }
    LEARN_SPEC_FOR_EACH (spec, learn) {
        union field_value source;

        get_source(spec, flow, &tlv->layout, &source);
        switch ((enum learn_dst) spec->dst_type) {
        case LEARN_DST_MATCH:
            learn_match(spec, &tlv->layout, &source, &fm->match);
            break;
        case LEARN_DST_LOAD:
            learn_load(spec, &tlv->layout, &source, ofpacts);
            break;
        case LEARN_DST_OUTPUT:
            learn_output(&source, ofpacts);
            break;
        }
    }
    fm->ofpacts = (const void *) ofpacts->data;
    fm->ofpacts_size = ofpacts->size;
}

void
learn_unwildcard(const struct ofpact_learn *learn, const struct flow *flow,
                 const struct tlv_table *tlv, struct flow_wildcards *wc)
{
    const struct learn_spec *spec;

    LEARN_SPEC_FOR_EACH (spec, learn) {
        if (spec->src_type == LEARN_SRC_FIELD) {
            subfield_unwildcard(&spec->src, flow, &tlv->layout, wc);
        }
    }
}

/* Is the rule that 'fm' would make there already?  Then it counts as used. */
static bool
refresh(struct ofproto *ofproto, const struct flow_mod *fm)
{
    struct cls_rule target;
    struct rule *rule;

    cls_rule_init(&target, &fm->match.flow, &fm->match.wc, fm->priority);
    rule = rule_from_cls(classifier_find(ofproto->tables[fm->table_id].cls,
                                         &target, ofproto_version(ofproto)));
    cls_rule_uninit(&target);
    if (!rule || rule->actions->size != fm->ofpacts_size
        || (fm->ofpacts_size && memcmp(rule->actions->ofpacts, fm->ofpacts,
                                       fm->ofpacts_size))) {
        return false;
    }
    rule_credit(rule, 0, 0, clock_ms());
    __atomic_store_n(&rule->modified_ms, clock_ms(), __ATOMIC_RELAXED);
    return true;
}

/* Has the table as many flows with the cookie of 'learn' as it may have? */
static bool
limit_is_reached(struct ofproto *ofproto, const struct ofpact_learn *learn)
{
    return (learn->limit
            && oftable_cookie_count(&ofproto->tables[learn->table_id],
                                    learn->cookie, ofproto_version(ofproto))
               >= learn->limit);
}

enum learn_result
learn_execute(struct ofproto *ofproto, const struct ofpact_learn *learn,
              const struct flow *flow)
{
    const struct tlv_table *tlv = ofproto_tlv(ofproto);
    enum learn_result result = LEARN_DONE;
    struct buf ofpacts = BUF_EMPTY;
    struct flow_mod fm;
    enum ofperr error;

    if (learn->table_id >= OFPROTO_N_TABLES) {
        return LEARN_LIMIT_REACHED;
    }
    learn_make(learn, flow, tlv, &fm, &ofpacts);
    if (!refresh(ofproto, &fm)) {
        if (!ofproto_on_main_thread()) {
            result = LEARN_NOT_HERE;
        } else if (limit_is_reached(ofproto, learn)) {
            result = LEARN_LIMIT_REACHED;
        } else {
            error = ofproto_flow_mod(ofproto, &fm, NULL, 0);
            if (error) {
                log_warn_limited(&limit, "%s: cannot add a learned flow (%s)",
                                 ofproto->name, ofperr_name(error));
            }
        }
    }
    buf_uninit(&ofpacts);
    return result;
}

/* A learn action on its way to the main thread. */
struct learn_job {
    struct uuid bridge;
    struct flow flow;
    struct ofpact_learn *learn;  /* A copy. */
};

static void
run_job(void *job_)
{
    struct learn_job *job = job_;
    struct ofproto *ofproto;

    rcu_read_lock();
    ofproto = ofproto_find_by_uuid(&job->bridge);
    if (ofproto) {
        learn_execute(ofproto, job->learn, &job->flow);
    }
    rcu_read_unlock();
    free(job->learn);
    free(job);
}

void
learn_execute_soon(struct ofproto *ofproto, const struct ofpact_learn *learn,
                   const struct flow *flow)
{
    struct learn_job *job;

    if (learn_execute(ofproto, learn, flow) != LEARN_NOT_HERE) {
        return;
    }
    job = xmalloc(sizeof *job);
    job->bridge = ofproto->uuid;
    job->flow = *flow;
    job->learn = xmemdup(learn, learn->ofpact.size);
    loop_post(run_job, job);
}
