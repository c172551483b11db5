/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/install/messages.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/openflow/ct_msg.h"
#include "lib/openflow/meter_msg.h"
#include "lib/openflow/packet_io.h"
#include "lib/openflow/session_msg.h"
#include "lib/runtime/log.h"

LOG_MODULE(ofctrl);

/* OVN's option: ingress and egress port (ovn-architecture(7)). */
#define OVN_GENEVE_CLASS 0x0102
#define OVN_GENEVE_TYPE 0x80
#define OVN_GENEVE_LEN 4

static struct tlv_table *
ovn_tlv_table(void)
{
    static struct tlv_table table;
    static bool ready;

    if (!ready) {
        const struct tlv_map map = { OVN_GENEVE_CLASS, OVN_GENEVE_TYPE,
                                     OVN_GENEVE_LEN, 0 };

        tlv_table_init(&table);
        tlv_table_add(&table, &map);
        ready = true;
    }
    return &table;
}

const struct ofp_decode *
messages_decode_env(void)
{
    static struct ofp_decode env;

    if (!env.tlv) {
        env = ofp_decode_default;
        env.protocol = OFP_PROTO_15;
        env.tlv = ovn_tlv_table();
        env.loose_unknown = true;
    }
    return &env;
}

void
messages_init(struct messages *m, struct rconn *rconn)
{
    *m = (struct messages) { .rconn = rconn };
    buf_init(&m->first);
    buf_init(&m->last);
    buf_init(&m->after);
}

void
messages_uninit(struct messages *m)
{
    buf_destroy(m->out);
    buf_uninit(&m->first);
    buf_uninit(&m->last);
    buf_uninit(&m->after);
}

void
messages_reset(struct messages *m)
{
    struct rconn *rconn = m->rconn;

    messages_uninit(m);
    messages_init(m, rconn);
}

bool
messages_are_empty(const struct messages *m)
{
    return (!m->out && !m->first.size && !m->last.size && !m->after.size
            && !m->is_open);
}

bool
messages_are_partial(const struct messages *m)
{
    return m->is_open;
}

bool
messages_are_atomic(const struct messages *m)
{
    return !m->no_bundles;
}

/* ## What goes out ## */

/* About how many bytes go to the connection at once. */
#define CHUNK_SIZE (64 * 1024)

static void
send_chunk(struct messages *m)
{
    if (m->out) {
        rconn_take_send(m->rconn, m->out);
        m->out = NULL;
    }
}

/* Where to append the next message. */
static struct buf *
chunk(struct messages *m)
{
    if (m->out && m->out->size >= CHUNK_SIZE) {
        send_chunk(m);
    }
    if (!m->out) {
        m->out = buf_create(CHUNK_SIZE + 1024);
    }
    return m->out;
}

static void
chunk_take(struct messages *m, struct buf *b)
{
    buf_put(chunk(m), b->data, b->size);
    buf_destroy(b);
}

static be32
put_control(struct messages *m, enum bundle_control_type type)
{
    const struct bundle_control control = {
        .bundle_id = m->bundle_id,
        .type = type,
        .flags = BUNDLE_F_ATOMIC | BUNDLE_F_ORDERED,
    };
    struct buf *b = bundle_control_encode(&control, MESSAGES_OF_VERSION);
    be32 xid = get_be32((const uint8_t *) b->data + 4);

    chunk_take(m, b);
    return xid;
}

/* Moves the messages in 'from' out, each in a bundle-add or, without bundles,
 * as it is. */
static void
move_out(struct messages *m, struct buf *from)
{
    const uint8_t *p = from->data, *end = p + from->size;

    while (p < end) {
        size_t size = ofmsg_length(p);

        if (m->no_bundles) {
            buf_put(chunk(m), p, size);
        } else {
            bundle_add_put(chunk(m), MESSAGES_OF_VERSION, m->bundle_id,
                           BUNDLE_F_ATOMIC | BUNDLE_F_ORDERED, p, size);
        }
        p += size;
    }
    buf_clear(from);
}

static void
open_batch(struct messages *m)
{
    if (!m->is_open) {
        m->is_open = true;
        m->bundle_id++;
        if (!m->no_bundles) {
            m->bundle_xids[0] = put_control(m, BUNDLE_OPEN_REQUEST);
        }
    }
    move_out(m, &m->first);
}

be32
messages_finish(struct messages *m)
{
    be32 xid;

    if (m->is_open || m->first.size || m->last.size) {
        open_batch(m);
        move_out(m, &m->last);
        if (!m->no_bundles) {
            m->bundle_xids[1] = put_control(m, BUNDLE_COMMIT_REQUEST);
        }
        m->is_open = false;
    }
    if (m->after.size) {
        buf_put(chunk(m), m->after.data, m->after.size);
        buf_clear(&m->after);
    }
    chunk_take(m, messages_barrier(&xid));
    send_chunk(m);
    return xid;
}

void
messages_discard(struct messages *m)
{
    buf_clear(&m->first);
    buf_clear(&m->last);
    if (m->is_open && !m->no_bundles) {
        put_control(m, BUNDLE_DISCARD_REQUEST);
        send_chunk(m);
    }
    m->is_open = false;
}

bool
messages_stop_bundling(struct messages *m, const struct ofmsg *error)
{
    bool is_opening = error->xid == m->bundle_xids[0];

    if (m->no_bundles || !(is_opening || error->xid == m->bundle_xids[1])) {
        return false;
    }
    if (!is_opening) {
        messages_discard(m);     /* The next one may be on its way. */
    }
    m->is_open = false;
    m->no_bundles = true;
    return true;
}

/* ## What may be put ## */

void
messages_put_flow(struct messages *m, const struct flow_fact_key *key,
                  bool add, uint64_t cookie, const void *actions, size_t size)
{
    be32 xid = ofmsg_alloc_xid();
    struct flow_mod fm;
    struct buf *b;

    flow_mod_init(&fm);
    flow_fact_key_expand(key, &fm.match);
    fm.command = add ? FLOW_MOD_ADD : FLOW_MOD_DELETE_STRICT;
    fm.table_id = key->table;
    fm.priority = key->priority;
    fm.new_cookie = htonll(cookie);
    fm.out_port = OFPP_NONE;
    fm.out_group = OFPG_ANY;
    fm.ofpacts = actions;
    fm.ofpacts_size = size;

    open_batch(m);
    b = chunk(m);
    if (m->no_bundles) {
        flow_mod_put(b, &fm, OFP_PROTO_15, xid);
    } else {
        size_t start = bundle_add_start(b, MESSAGES_OF_VERSION, m->bundle_id,
                                        BUNDLE_F_ATOMIC | BUNDLE_F_ORDERED,
                                        xid);

        flow_mod_put(b, &fm, OFP_PROTO_15, xid);
        ofmsg_finish(b, start);
    }
}

void
messages_put_group(struct messages *m, uint32_t id, const char *text,
                   bool add)
{
    char *full = xasprintf("group_id=%"PRIu32"%s%s", id, add ? "," : "",
                           add ? text : "");
    struct group_mod gm;
    struct error *error;
    struct buf *b;

    error = group_mod_parse(&gm, full, add ? GROUP_MOD_ADD_OR_MODIFY
                            : GROUP_MOD_DELETE, NULL, NULL);
    free(full);
    if (error) {
        log_warn("group %"PRIu32" is left out: %s", id, error_message(error));
        error_free(error);
        return;
    }
    b = group_mod_encode(&gm, MESSAGES_OF_VERSION);
    buf_put(add ? &m->first : &m->last, b->data, b->size);
    buf_destroy(b);
    group_mod_uninit(&gm);
}

void
messages_put_meter(struct messages *m, uint32_t id, const char *meter,
                   bool is_there)
{
    uint16_t command = (!meter ? METER_MOD_DELETE
                        : is_there ? METER_MOD_MODIFY : METER_MOD_ADD);
    char *full = xasprintf("meter=%"PRIu32" %s", id, meter ? meter : "");
    struct error *error;
    struct meter_mod mm;
    struct buf *b;

    error = meter_mod_parse(&mm, full, command, NULL);
    free(full);
    if (error) {
        log_warn("meter %"PRIu32" is left out: %s", id, error_message(error));
        error_free(error);
        return;
    }
    b = meter_mod_encode(&mm, MESSAGES_OF_VERSION);
    chunk_take(m, b);
    meter_config_uninit(&mm.meter);
}

void
messages_put_zone_flush(struct messages *m, uint16_t zone)
{
    chunk_take(m, ct_flush_zone_encode(zone, MESSAGES_OF_VERSION));
}

/* ct_label.acl_id is bits 80 to 95. */
static union be128
acl_label(uint16_t id)
{
    union be128 label = { .bytes = { 0 } };

    label.bytes[4] = id >> 8;
    label.bytes[5] = id;
    return label;
}

void
messages_put_acl_flush(struct messages *m, uint16_t acl_id)
{
    struct ct_flush flush = CT_FLUSH_ALL;
    struct buf *b;

    flush.label = acl_label(acl_id);
    flush.label_mask = acl_label(UINT16_MAX);
    b = ct_flush_encode(&flush, MESSAGES_OF_VERSION);
    buf_put(&m->after, b->data, b->size);
    buf_destroy(b);
}

void
messages_describe_error(const struct ofmsg *msg, struct str *s)
{
    struct ofperr_code code;
    struct reader payload;
    enum ofperr error = error_msg_decode(msg, &code, &payload);
    struct ofmsg cause;

    str_put(s, error ? ofperr_name(error) : "unknown error");
    if (payload.left >= 8
        && !ofmsg_decode(payload.p, MIN(payload.left,
                                        ofmsg_length(payload.p)), &cause)) {
        str_printf(s, " in reply to %s", ofmsg_name(&cause));
    }
}

/* ## Set-up ## */

struct buf *
messages_packet_in_format(void)
{
    return set_packet_in_format_encode(MESSAGES_OF_VERSION,
                                       PACKET_IN_FORMAT_NXT2);
}

struct buf *
messages_set_config(void)
{
    const struct switch_config config = { .miss_send_len = UINT16_MAX };

    return switch_config_encode_set(&config, MESSAGES_OF_VERSION);
}

struct buf *
messages_tlv_request(void)
{
    return ofmsg_create_empty(OFMSG_TLV_TABLE_REQUEST, MESSAGES_OF_VERSION,
                              ofmsg_alloc_xid());
}

struct buf *
messages_barrier(be32 *ret_xid)
{
    *ret_xid = ofmsg_alloc_xid();
    return ofmsg_create_empty(OFMSG_BARRIER_REQUEST, MESSAGES_OF_VERSION,
                              *ret_xid);
}

struct buf *
messages_flow_dump(uint8_t table)
{
    struct flow_stats_request request = {
        .table_id = table,
        .out_port = OFPP_NONE,
        .out_group = OFPG_ANY,
    };

    match_init(&request.match);
    return flow_stats_request_encode(&request, OFP_PROTO_15);
}

struct buf *
messages_group_dump(void)
{
    return group_desc_request_encode(OFPG_ALL, MESSAGES_OF_VERSION);
}

struct buf *
messages_meter_dump(void)
{
    return meter_request_encode(OFMSG_METER_CONFIG_REQUEST, METER_ALL,
                                MESSAGES_OF_VERSION);
}

struct buf *
messages_tlv_mod(const struct ofmsg *reply)
{
    struct tlv_map map = { OVN_GENEVE_CLASS, OVN_GENEVE_TYPE, OVN_GENEVE_LEN,
                           0 };
    const struct tlv_table_mod mod = { .command = TLV_CMD_ADD, .n_maps = 1,
                                       .maps = &map };
    struct tlv_table_reply table;
    bool found = false;

    if (!tlv_table_reply_decode(&table, reply)) {
        for (size_t i = 0; i < table.n_maps; i++) {
            const struct tlv_map *m = &table.maps[i];

            found |= (m->option_class == map.option_class
                      && m->option_type == map.option_type
                      && m->option_size == map.option_size
                      && m->index == map.index);
        }
        free(table.maps);
    }
    return found ? NULL : tlv_table_mod_encode(&mod, MESSAGES_OF_VERSION);
}
