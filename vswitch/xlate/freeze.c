/* SPDX-License-Identifier: Apache-2.0 */

/* Freezing.  Some actions need the datapath's help in the middle: the state
 * of a connection, a hash of the packet, a controller's answer.  ct() forks:
 * the packet goes on here without it, and a copy comes back later to the table
 * that the action names.  The others freeze: the action sets 'freezing' and
 * 'exit', each level that is unwound leaves what it had still to do in
 * 'segments' (innermost first), and where the excursion began,
 * xlate_finish_freezing() stores them and emits what brings the packet back.
 * A level is an excursion if what follows it must not depend on it: the whole
 * translation, a clone, a patch port, a bucket. */

#include "vswitch/xlate/ctx.h"

#include "lib/base/alloc.h"


void
xlate_start_freezing(struct xlate_ctx *ctx)
{
    if (ctx->freezing) {
        xlate_fail(ctx, XLATE_RECIRC_CONFLICT);
        return;
    }
    ctx->freezing = true;
    ctx->exit = true;
    ctx->frozen_table = RECIRC_NO_TABLE;
}

void
xlate_freeze_actions(struct xlate_ctx *ctx, const struct ofpact *a,
                     const uint8_t *end)
{
    size_t size = end - (const uint8_t *) a;

    if (end > (const uint8_t *) a) {
        buf_put(&ctx->frozen, a, size);
        vec_push(&ctx->segments, (struct frozen_segment) {
            .size = size,
            .table_id = ctx->table_id,
            .cookie = ctx->cookie,
        });
    }
}

static void
put_padded(struct buf *b, const void *data, size_t size)
{
    size_t start = b->size;

    buf_put(b, data, size);
    buf_pad(b, start, 8);
}

uint32_t
xlate_save_state(struct xlate_ctx *ctx, uint8_t table_id,
                 const void *userdata, size_t userdata_size)
{
    struct recirc_state state;
    struct buf b = BUF_EMPTY;
    uint32_t id;

    memset(&state, 0, sizeof state);
    state.bridge = ctx->ofproto->uuid;
    state.table_id = table_id;
    state.is_conntracked = ctx->is_conntracked;
    state.has_dp_hash = ctx->flow.dp_hash || ctx->freeze_for_hash;
    state.in_port = ctx->flow.in_port;      /* Actions may have set it. */
    state.metadata = ctx->flow.metadata;
    memcpy(state.regs, ctx->flow.regs, sizeof state.regs);
    state.tunnel = ctx->flow.tunnel;
    state.n_segments = ctx->segments.n;
    state.stack_size = ctx->stack.n;
    state.ofpacts_size = ctx->frozen.size;
    state.action_set_size = ctx->action_set.size;
    state.userdata_size = userdata_size;
    buf_put(&b, &state, offsetof(struct recirc_state, tail));
    put_padded(&b, ctx->segments.items,
               ctx->segments.n * sizeof ctx->segments.items[0]);
    put_padded(&b, ctx->frozen.data, ctx->frozen.size);
    put_padded(&b, ctx->action_set.data, ctx->action_set.size);
    put_padded(&b, ctx->stack.items, ctx->stack.n);
    put_padded(&b, userdata, userdata_size);

    id = recirc_get((const void *) b.data);
    buf_uninit(&b);
    ctx->out->recirc_ids = xreallocarray(
        ctx->out->recirc_ids, ctx->out->n_recirc_ids + 1, sizeof id);
    ctx->out->recirc_ids[ctx->out->n_recirc_ids++] = id;
    return id;
}

static void
note_recirc(struct xlate_ctx *ctx, uint32_t id, bool is_conntrack)
{
    if (ctx->trace && ctx->trace->recircs) {
        struct trace_recirc *r = xzalloc(sizeof *r);

        r->recirc_id = id;
        r->is_conntrack = is_conntrack;
        r->flow = ctx->base;
        r->flow.recirc_id = id;
        /* Any value but 0, which means that there is none. */
        r->flow.dp_hash = ctx->freeze_for_hash ? 1 : 0;
        list_push_back(ctx->trace->recircs, &r->node);
    }
}

/* Emits a controller action that sends the packet with its state. */
static void
emit_pause(struct xlate_ctx *ctx)
{
    const struct ofpact_controller *c = ctx->pause;
    struct userspace_cookie cookie = {
        .type = USERSPACE_CONTROLLER,
        .reason = c->reason,
        .is_paused = true,
        .table_id = ctx->pause_table,
        .controller_id = c->controller_id,
        .meter_id = c->meter_id,
        .rule_cookie = ctx->pause_cookie,
        .max_len = c->max_len,
        .bridge = ctx->ofproto->uuid,
    };
    size_t start;

    cookie.recirc_id = xlate_save_state(ctx, ctx->frozen_table, c->userdata,
                                        c->userdata_len);
    xlate_commit(ctx);
    start = odp_start(ctx->odp, OVS_ACTION_ATTR_USERSPACE);
    odp_put_u32(ctx->odp, OVS_USERSPACE_ATTR_PID, 0);
    odp_put(ctx->odp, OVS_USERSPACE_ATTR_USERDATA, &cookie, sizeof cookie);
    odp_end(ctx->odp, start);
}

static void
emit_recirc(struct xlate_ctx *ctx)
{
    uint32_t id = xlate_save_state(ctx, ctx->frozen_table, NULL, 0);

    xlate_commit(ctx);
    if (ctx->freeze_for_hash) {
        struct ovs_action_hash hash = {
            .hash_alg = ctx->hash_algorithm,
            .hash_basis = ctx->hash_basis,
        };

        odp_put(ctx->odp, OVS_ACTION_ATTR_HASH, &hash, sizeof hash);
    }
    odp_put_u32(ctx->odp, OVS_ACTION_ATTR_RECIRC, id);
    if (!ctx->freeze_for_decap) {
        /* What a trace does not know it cannot follow. */
        note_recirc(ctx, id, false);
    }
}

void
xlate_finish_freezing(struct xlate_ctx *ctx)
{
    if (!ctx->freezing) {
        return;
    }
    if (!ctx->error) {
        if (ctx->pause) {
            emit_pause(ctx);
        } else {
            emit_recirc(ctx);
        }
    }
    ctx->freezing = false;
    ctx->exit = false;
    ctx->pause = NULL;
    ctx->freeze_for_decap = false;
    ctx->freeze_for_hash = false;
    vec_clear(&ctx->segments);
    buf_clear(&ctx->frozen);
}
