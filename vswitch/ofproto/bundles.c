/* SPDX-License-Identifier: Apache-2.0 */

/* OpenFlow bundles: messages that are kept until the commit, which carries
 * out all of them or none.
 *
 * Messages are kept as they came: a decoded flow mod takes some kilobytes, its
 * bytes on the wire a hundred, and a controller puts half a million into one
 * bundle.  They are decoded when they come, to refuse what is wrong while its
 * sender can tell which it was, and again when they are carried out.  But most
 * are flow mods that add, and the rule that one adds is small and needed
 * anyway: it is made when the message comes. */

#include "lib/base/alloc.h"
#include "lib/base/hash.h"
#include "lib/base/vec.h"
#include "lib/runtime/clock.h"
#include "vswitch/ofproto/conn.h"
#include "vswitch/ofproto/flow_mod.h"

#define MAX_BUNDLES 128
#define BUNDLE_IDLE_MS 10000

/* Bytes in one bundle: some five million flow mods. */
#define MAX_BUNDLE_SIZE (UINT64_C(2) << 30)

/* How many rules ahead of the one that goes in memory is asked for. */
#define PREFETCH_RULE 16
#define PREFETCH_PLACE 8

/* What was made of a message. */
struct bundled {
    struct rule *rule;           /* NULL: to be decoded again. */
    uint16_t flags;              /* FLOW_F_* of the flow mod. */
};

struct bundle_open {
    struct hmap_node node;       /* In the connection. */
    uint32_t id;
    uint16_t flags;              /* BUNDLE_F_*. */
    bool is_closed;
    int64_t used_ms;
    struct buf messages;         /* One after the other. */
    VEC(struct bundled) made;    /* Of each. */
    struct buf ofpacts;          /* Scratch. */
};

static struct bundle_open *
find(const struct conn *conn, uint32_t id)
{
    struct bundle_open *b;

    HMAP_FOR_EACH_WITH_HASH (b, node, hash_word(id, 0), &conn->bundles) {
        if (b->id == id) {
            return b;
        }
    }
    return NULL;
}

static struct bundle_open *
create(struct conn *conn, uint32_t id, uint16_t flags)
{
    struct bundle_open *b = xzalloc(sizeof *b);

    b->id = id;
    b->flags = flags;
    b->used_ms = clock_ms();
    buf_init(&b->messages);
    buf_init(&b->ofpacts);
    hmap_insert(&conn->bundles, &b->node, hash_word(id, 0));
    return b;
}

static void
destroy(struct conn *conn, struct bundle_open *b)
{
    hmap_remove(&conn->bundles, &b->node);
    VEC_FOR_EACH (made, &b->made) {
        rule_unref(made->rule);
    }
    vec_uninit(&b->made);
    buf_uninit(&b->messages);
    buf_uninit(&b->ofpacts);
    free(b);
}

void
conn_bundles_destroy(struct conn *conn)
{
    struct bundle_open *b;

    HMAP_FOR_EACH_SAFE (b, node, &conn->bundles) {
        destroy(conn, b);
    }
}

/* Forgets bundles that nobody adds to any more, as a controller that died
 * would leave them. */
static void
drop_idle(struct conn *conn)
{
    struct bundle_open *b;

    HMAP_FOR_EACH_SAFE (b, node, &conn->bundles) {
        if (clock_ms() >= b->used_ms + BUNDLE_IDLE_MS) {
            destroy(conn, b);
        }
    }
}

/* Decodes 'msg' and, if 'txn', carries it out; if not, makes in '*made' what
 * can be made of it before.  Packet-outs are left for later. */
static enum ofperr
do_message(struct conn *conn, const struct ofmsg *msg, struct flow_txn *txn,
           struct bundled *made, struct buf *ofpacts)
{
    struct ofp_decode decode;
    struct packet_out po;
    struct group_mod gm;
    struct flow_mod fm;
    enum ofperr error;

    conn_get_decode(conn, &decode);
    switch ((int) msg->type) {
    case OFMSG_FLOW_MOD:
        error = flow_mod_decode(&fm, msg, &decode, ofpacts);
        if (!error && txn) {
            txn->xid = msg->xid;
            error = flow_txn_flow_mod(txn, &fm);
        } else if (!error && fm.command == FLOW_MOD_ADD) {
            made->rule = flow_mod_make_rule(conn->ofproto, &fm);
            made->flags = fm.flags;
        }
        return error;
    case OFMSG_GROUP_MOD:
        error = group_mod_decode(&gm, msg, &decode);
        if (!error) {
            error = txn ? flow_txn_group_mod(txn, &gm) : 0;
            group_mod_uninit(&gm);
        }
        return error;
    case OFMSG_PACKET_OUT:
        return packet_out_decode(&po, msg, &decode, ofpacts);
    default:
        return OFPBFC_MSG_UNSUP;
    }
}

/* Sends the packets of a bundle that was committed. */
static void
do_packet_outs(struct conn *conn, struct bundle_open *b)
{
    struct ofp_decode decode;

    conn_get_decode(conn, &decode);
    for (size_t ofs = 0; ofs < b->messages.size; ) {
        const uint8_t *data = b->messages.data + ofs;
        size_t size = ofmsg_length(data);
        struct packet_out po;
        struct ofmsg msg;
        enum ofperr error;

        ofs += size;
        if (ofmsg_decode(data, size, &msg) || msg.type != OFMSG_PACKET_OUT
            || packet_out_decode(&po, &msg, &decode, &b->ofpacts)) {
            continue;
        }
        error = ofproto_packet_out(conn->ofproto, &po);
        if (error) {
            conn_send_error(conn, error, &msg);
        }
    }
}

/* Has the processor load what the rules soon after the 'i'th need. */
static void
prefetch(const struct bundle_open *b, size_t i, const struct flow_txn *txn)
{
    if (i + PREFETCH_RULE < b->made.n) {
        __builtin_prefetch(b->made.items[i + PREFETCH_RULE].rule);
    }
    if (i + PREFETCH_PLACE < b->made.n
        && b->made.items[i + PREFETCH_PLACE].rule) {
        flow_txn_prefetch(txn, b->made.items[i + PREFETCH_PLACE].rule);
    }
}

/* Carries out the message at 'data', of which '*made' was made. */
static enum ofperr
carry_out(struct conn *conn, struct bundle_open *b, const uint8_t *data,
          struct bundled *made, struct flow_txn *txn)
{
    struct ofmsg msg;
    enum ofperr error = ofmsg_decode(data, ofmsg_length(data), &msg);

    if (!error && made->rule) {
        txn->xid = msg.xid;
        error = flow_txn_take_rule(txn, made->rule, made->flags);
        made->rule = NULL;
    } else if (!error) {
        error = do_message(conn, &msg, txn, NULL, &b->ofpacts);
    }
    if (error) {
        conn_send_error(conn, error, &msg);
    }
    return error;
}

static enum ofperr
commit(struct conn *conn, struct bundle_open *b)
{
    struct flow_txn txn;
    enum ofperr error = 0;
    size_t ofs = 0;

    flow_txn_begin(&txn, conn->ofproto, conn, 0);
    for (size_t i = 0; i < b->made.n && !error; i++) {
        const uint8_t *data = b->messages.data + ofs;

        prefetch(b, i, &txn);
        error = carry_out(conn, b, data, &b->made.items[i], &txn);
        ofs += ofmsg_length(data);
    }
    if (error) {
        flow_txn_revert(&txn);
        error = OFPBFC_MSG_FAILED;
    } else {
        flow_txn_commit(&txn);
        do_packet_outs(conn, b);
    }
    destroy(conn, b);
    return error;
}

static enum ofperr
open_bundle(struct conn *conn, const struct bundle_control *bc)
{
    drop_idle(conn);
    if (find(conn, bc->bundle_id)) {
        destroy(conn, find(conn, bc->bundle_id));
        return OFPBFC_BAD_ID;
    }
    if (hmap_count(&conn->bundles) >= MAX_BUNDLES) {
        return OFPBFC_OUT_OF_BUNDLES;
    }
    create(conn, bc->bundle_id, bc->flags);
    return 0;
}

static enum ofperr
close_bundle(struct conn *conn, const struct bundle_control *bc)
{
    struct bundle_open *b = find(conn, bc->bundle_id);

    if (!b) {
        return OFPBFC_BAD_ID;
    }
    if (b->is_closed || b->flags != bc->flags) {
        enum ofperr error = (b->is_closed ? OFPBFC_BUNDLE_CLOSED
                             : OFPBFC_BAD_FLAGS);

        destroy(conn, b);
        return error;
    }
    b->is_closed = true;
    return 0;
}

static enum ofperr
commit_bundle(struct conn *conn, const struct bundle_control *bc)
{
    struct bundle_open *b = find(conn, bc->bundle_id);

    if (!b) {
        return OFPBFC_BAD_ID;
    }
    if (b->flags != bc->flags) {
        destroy(conn, b);
        return OFPBFC_BAD_FLAGS;
    }
    return commit(conn, b);
}

static enum ofperr
discard_bundle(struct conn *conn, const struct bundle_control *bc)
{
    struct bundle_open *b = find(conn, bc->bundle_id);

    if (!b) {
        return OFPBFC_BAD_ID;
    }
    destroy(conn, b);
    return 0;
}

enum ofperr
conn_bundle_control(struct conn *conn, const struct ofmsg *msg)
{
    static const struct {
        uint16_t reply;
        enum ofperr (*fn)(struct conn *, const struct bundle_control *);
    } requests[] = {
        [BUNDLE_OPEN_REQUEST] = { BUNDLE_OPEN_REPLY, open_bundle },
        [BUNDLE_CLOSE_REQUEST] = { BUNDLE_CLOSE_REPLY, close_bundle },
        [BUNDLE_COMMIT_REQUEST] = { BUNDLE_COMMIT_REPLY, commit_bundle },
        [BUNDLE_DISCARD_REQUEST] = { BUNDLE_DISCARD_REPLY, discard_bundle },
    };
    struct bundle_control bc, reply;
    enum ofperr error = bundle_control_decode(&bc, msg);

    if (error) {
        return error;
    }
    if (bc.type >= ARRAY_SIZE(requests) || !requests[bc.type].fn) {
        return OFPBFC_BAD_TYPE;
    }
    error = requests[bc.type].fn(conn, &bc);
    if (error) {
        return error;
    }
    reply = (struct bundle_control) {
        .bundle_id = bc.bundle_id, .type = requests[bc.type].reply,
        .flags = bc.flags,
    };
    conn_send(conn, bundle_control_encode_reply(&reply, msg));
    return 0;
}

/* Keeps 'msg' in 'b'. */
static enum ofperr
add_message(struct conn *conn, struct bundle_open *b, const struct ofmsg *msg)
{
    struct bundled made = { .rule = NULL };
    enum ofperr error = do_message(conn, msg, NULL, &made, &b->ofpacts);

    if (error) {
        return error;
    }
    buf_put(&b->messages, msg->data, msg->size);
    vec_push(&b->made, made);
    return 0;
}

static uint64_t
bundle_size(const struct bundle_open *b)
{
    return (b->messages.size
            + b->made.n * (sizeof(struct rule) + sizeof(struct bundled)));
}

enum ofperr
conn_bundle_add(struct conn *conn, const struct ofmsg *msg)
{
    struct bundle_add add;
    struct bundle_open *b;
    bool is_new;
    enum ofperr error = bundle_add_decode(&add, msg);

    if (error) {
        return error;
    }
    b = find(conn, add.bundle_id);
    if (b && (b->is_closed || b->flags != add.flags)) {
        error = b->is_closed ? OFPBFC_BUNDLE_CLOSED : OFPBFC_BAD_FLAGS;
        destroy(conn, b);
        return error;
    }
    is_new = !b;
    if (is_new) {
        if (hmap_count(&conn->bundles) >= MAX_BUNDLES) {
            return OFPBFC_OUT_OF_BUNDLES;
        }
        b = create(conn, add.bundle_id, add.flags);
    }
    if (bundle_size(b) + add.msg.size > MAX_BUNDLE_SIZE) {
        destroy(conn, b);
        return OFPBFC_MSG_TOO_MANY;
    }
    error = add_message(conn, b, &add.msg);
    if (!error) {
        b->used_ms = clock_ms();
        rconn_expect_more(conn->rconn);
    } else if (is_new) {
        destroy(conn, b);
    }
    return error;
}
