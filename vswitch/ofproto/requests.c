/* SPDX-License-Identifier: Apache-2.0 */

/* Requests of controllers, by type of message. */

#include "lib/base/alloc.h"
#include "lib/openflow/ct_msg.h"
#include "lib/openflow/protocol.h"
#include "lib/openflow/table_msg.h"
#include "lib/runtime/counter.h"
#include "vswitch/dpif/conntrack.h"
#include "vswitch/netdev/netdev.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/ofproto/conn.h"
#include "vswitch/ofproto/flow_mod.h"
#include "vswitch/ofproto/meter.h"

COUNTER(ofproto_request);
COUNTER(ofproto_request_error);

typedef enum ofperr request_fn(struct conn *, const struct ofmsg *);

static enum ofperr
ignore(struct conn *conn, const struct ofmsg *msg)
{
    return 0;
}

/* OpenFlow 1.0's bits of action types that this switch knows: all twelve. */
#define OFP10_ACTIONS 0xfff

static enum ofperr
handle_features(struct conn *conn, const struct ofmsg *msg)
{
    const struct ofproto *ofproto = conn->ofproto;
    struct switch_features features = {
        .datapath_id = ofproto->datapath_id,
        .n_tables = OFPROTO_N_TABLES,
        .capabilities = (CAP_FLOW_STATS | CAP_TABLE_STATS | CAP_PORT_STATS
                         | CAP_QUEUE_STATS),
        .actions = OFP10_ACTIONS,
    };
    struct buf *b;

    if (msg->version == OFP10_VERSION) {
        features.capabilities |= CAP_ARP_MATCH_IP;
    } else {
        features.capabilities |= CAP_GROUP_STATS;
    }
    if (msg->version >= OFP14_VERSION) {
        features.capabilities |= CAP_BUNDLES | CAP_FLOW_MONITORING;
    }
    b = switch_features_encode(&features, msg);
    if (msg->version == OFP10_VERSION) {
        struct ofport *port;

        HMAP_FOR_EACH (port, name_node, &ofproto->ports_by_name) {
            struct phy_port pp;

            ofport_describe(port, &pp);
            phy_port_put(b, &pp, msg->version);
        }
        ofmsg_finish(b, 0);
    }
    conn_send(conn, b);
    return 0;
}

static enum ofperr
handle_get_config(struct conn *conn, const struct ofmsg *msg)
{
    struct switch_config config = {
        .frag = conn->ofproto->frag,
        .invalid_ttl_to_controller = conn->ofproto->invalid_ttl_to_controller,
        .miss_send_len = conn->miss_send_len,
    };

    conn_send(conn, switch_config_encode_reply(&config, msg));
    return 0;
}

static enum ofperr
handle_set_config(struct conn *conn, const struct ofmsg *msg)
{
    struct switch_config config;
    enum ofperr error = switch_config_decode(&config, msg);

    if (error) {
        return error;
    }
    if (conn->target == NULL || conn->role != ROLE_SECONDARY) {
        if (config.frag != conn->ofproto->frag
            && config.frag != FRAG_REASM) {
            __atomic_store_n(&conn->ofproto->frag, config.frag,
                             __ATOMIC_RELAXED);
            backer_changed(conn->ofproto->backer);
        }
        if (config.invalid_ttl_to_controller >= 0) {
            conn->ofproto->invalid_ttl_to_controller
                = config.invalid_ttl_to_controller;
        }
    }
    conn_set_miss_send_len(conn, config.miss_send_len);
    return 0;
}

static enum ofperr
handle_barrier(struct conn *conn, const struct ofmsg *msg)
{
    /* Requests are done in order, each before the next is looked at. */
    struct buf *b = buf_create(OFP_HEADER_SIZE);

    ofmsg_finish(b, ofmsg_start(b, OFMSG_BARRIER_REPLY, msg->version,
                                msg->xid));
    conn_send(conn, b);
    return 0;
}

static enum ofperr
handle_echo(struct conn *conn, const struct ofmsg *msg)
{
    conn_send(conn, echo_reply_create(msg));
    return 0;
}

static enum ofperr
handle_flow_mod(struct conn *conn, const struct ofmsg *msg)
{
    struct buf ofpacts = BUF_EMPTY;
    struct ofp_decode decode;
    struct flow_mod fm;
    enum ofperr error;

    conn_get_decode(conn, &decode);
    error = flow_mod_decode(&fm, msg, &decode, &ofpacts);
    if (!error) {
        if (msg->version == OFP10_VERSION && fm.command == FLOW_MOD_ADD) {
            /* What is added there never goes on counting. */
            fm.flags |= FLOW_F_RESET_COUNTS;
        }
        error = ofproto_flow_mod(conn->ofproto, &fm, conn, msg->xid);
    }
    buf_uninit(&ofpacts);
    return error;
}

static enum ofperr
handle_group_mod(struct conn *conn, const struct ofmsg *msg)
{
    struct ofp_decode decode;
    struct group_mod gm;
    struct flow_txn txn;
    enum ofperr error;

    conn_get_decode(conn, &decode);
    error = group_mod_decode(&gm, msg, &decode);
    if (error) {
        return error;
    }
    flow_txn_begin(&txn, conn->ofproto, conn, msg->xid);
    error = flow_txn_group_mod(&txn, &gm);
    if (error) {
        flow_txn_revert(&txn);
    } else {
        flow_txn_commit(&txn);
    }
    group_mod_uninit(&gm);
    return error;
}

static enum ofperr
handle_meter_mod(struct conn *conn, const struct ofmsg *msg)
{
    struct meter_mod mm;
    enum ofperr error = meter_mod_decode(&mm, msg);

    if (!error) {
        error = meter_mod_apply(conn->ofproto, &mm);
        meter_config_uninit(&mm.meter);
    }
    return error;
}

static enum ofperr
handle_port_mod(struct conn *conn, const struct ofmsg *msg)
{
    const uint32_t settable = (PORT_DOWN | PORT_NO_RECV | PORT_NO_FWD
                               | PORT_NO_FLOOD | PORT_NO_PACKET_IN
                               | PORT_NO_STP | PORT_NO_RECV_STP);
    struct port_mod pm;
    struct ofport *port;
    enum ofperr error = port_mod_decode(&pm, msg);
    uint32_t config;

    if (error) {
        return error;
    }
    port = ofport_find(conn->ofproto, pm.port_no);
    if (!port) {
        return OFPPMFC_BAD_PORT;
    }
    if (memcmp(&port->hw_addr, &pm.hw_addr, sizeof pm.hw_addr)) {
        return OFPPMFC_BAD_HW_ADDR;
    }
    pm.mask &= settable;
    config = (port->config & ~pm.mask) | (pm.config & pm.mask);
    if ((config ^ port->config) & PORT_DOWN && port->netdev
        && netdev_set_up(port->netdev, !(config & PORT_DOWN))) {
        config ^= PORT_DOWN;
    }
    if (config != port->config) {
        __atomic_store_n(&port->config, config, __ATOMIC_RELAXED);
        backer_changed(conn->ofproto->backer);
        conn_set_port_changed(conn->set, port, PORT_MODIFY);
    }
    return 0;
}

static void
mod_table(struct ofproto *ofproto, uint8_t table_id,
          const struct table_mod *tm, uint8_t version)
{
    struct oftable *table = &ofproto->tables[table_id];

    if (version < OFP13_VERSION) {
        __atomic_store_n(&table->miss, tm->miss, __ATOMIC_RELAXED);
    }
    if (tm->eviction == TABLE_SWITCH_ON) {
        table->evicts |= OFTABLE_EVICTS_REQUEST;
    } else if (tm->eviction == TABLE_SWITCH_OFF) {
        table->evicts &= ~OFTABLE_EVICTS_REQUEST;
    }
    if (tm->vacancy != TABLE_SWITCH_DEFAULT) {
        oftable_set_vacancy(table, tm);
    }
}

static enum ofperr
handle_table_mod(struct conn *conn, const struct ofmsg *msg)
{
    struct table_mod tm;
    enum ofperr error = table_mod_decode(&tm, msg);

    if (error) {
        return error;
    }
    if (tm.table_id != OFPTT_ALL && tm.table_id >= OFPROTO_N_TABLES) {
        error = OFPTMFC_EPERM;
    } else if (tm.table_id == OFPTT_ALL) {
        for (unsigned int i = 0; i < OFPROTO_N_TABLES; i++) {
            mod_table(conn->ofproto, i, &tm, msg->version);
        }
    } else {
        mod_table(conn->ofproto, tm.table_id, &tm, msg->version);
    }
    backer_changed(conn->ofproto->backer);
    return error;
}

static enum ofperr
handle_packet_out(struct conn *conn, const struct ofmsg *msg)
{
    struct buf ofpacts = BUF_EMPTY;
    struct ofp_decode decode;
    struct packet_out po;
    enum ofperr error;

    conn_get_decode(conn, &decode);
    error = packet_out_decode(&po, msg, &decode, &ofpacts);
    if (!error) {
        error = ofproto_packet_out(conn->ofproto, &po);
    }
    buf_uninit(&ofpacts);
    return error;
}

static enum ofperr
handle_resume(struct conn *conn, const struct ofmsg *msg)
{
    struct buf ofpacts = BUF_EMPTY;
    struct continuation cont;
    struct ofp_decode decode;
    struct packet_in pin;
    enum ofperr error;

    conn_get_decode(conn, &decode);
    error = resume_decode(&pin, &cont, msg, &decode, &ofpacts);
    if (!error) {
        error = ofproto_resume(conn->ofproto, &pin, &cont);
    }
    buf_uninit(&ofpacts);
    return error;
}

/* Roles. */

static void
demote_others(struct conn *conn)
{
    struct conn *other;

    LIST_FOR_EACH (other, node, &conn->set->conns) {
        if (other != conn && other->role == ROLE_PRIMARY) {
            struct role_status status = {
                .role = ROLE_SECONDARY,
                .generation_id = conn->set->generation_id,
            };

            other->role = ROLE_SECONDARY;
            if (ofp_protocol_version(other->protocol) >= OFP14_VERSION
                && conn_wants(other, ASYNC_ROLE_STATUS, 0)) {
                conn_send(other, role_status_encode(
                              &status, ofp_protocol_version(other->protocol)));
            }
        }
    }
}

static enum ofperr
handle_role(struct conn *conn, const struct ofmsg *msg)
{
    struct role_request request, reply;
    enum ofperr error = role_decode(&request, msg);
    struct conn_set *set = conn->set;

    if (error) {
        return error;
    }
    if (request.role != ROLE_NOCHANGE && request.has_generation_id
        && request.role != ROLE_EQUAL) {
        if (set->has_generation
            && (int64_t) (request.generation_id - set->generation_id) < 0) {
            return OFPRRFC_STALE;
        }
        set->has_generation = true;
        set->generation_id = request.generation_id;
    }
    if (request.role != ROLE_NOCHANGE) {
        if (request.role == ROLE_PRIMARY) {
            demote_others(conn);
        }
        conn->role = request.role;
    }
    reply = (struct role_request) {
        .role = conn->role,
        .has_generation_id = set->has_generation,
        .generation_id = set->generation_id,
    };
    conn_send(conn, role_reply_encode(&reply, msg));
    return 0;
}

/* Settings of the connection. */

static enum ofperr
handle_get_async(struct conn *conn, const struct ofmsg *msg)
{
    conn_send(conn, async_config_encode_reply(&conn->async, msg));
    return 0;
}

static enum ofperr
handle_set_async(struct conn *conn, const struct ofmsg *msg)
{
    struct async_config async = conn->async;
    enum ofperr error = async_config_decode(&async, msg);

    if (error) {
        return error;
    }
    conn->async = async;
    if (!conn->target && !conn->miss_send_len) {
        /* Who says what it wants, wants it. */
        conn_set_miss_send_len(conn, UINT16_MAX);
    }
    return 0;
}

static enum ofperr
handle_set_flow_format(struct conn *conn, const struct ofmsg *msg)
{
    bool tid = conn->protocol & OFP_PROTO_TID;
    bool nxm;
    enum ofperr error = set_flow_format_decode(msg, &nxm);

    if (!error) {
        conn->protocol = ofp_protocol_set_tid(nxm ? OFP_PROTO_10_NXM
                                              : OFP_PROTO_10, tid);
    }
    return error;
}

static enum ofperr
handle_flow_mod_table_id(struct conn *conn, const struct ofmsg *msg)
{
    bool on;
    enum ofperr error = flow_mod_table_id_decode(msg, &on);

    if (!error) {
        conn->protocol = ofp_protocol_set_tid(conn->protocol, on);
    }
    return error;
}

static enum ofperr
handle_set_packet_in_format(struct conn *conn, const struct ofmsg *msg)
{
    unsigned int format;
    enum ofperr error = set_packet_in_format_decode(msg, &format);

    if (!error) {
        conn->packet_in_format = format;
    }
    return error;
}

static enum ofperr
handle_set_controller_id(struct conn *conn, const struct ofmsg *msg)
{
    return set_controller_id_decode(msg, &conn->controller_id);
}

/* Tunnel options. */

static enum ofperr
tlv_error(enum tlv_status status)
{
    switch (status) {
    case TLV_OK:
        return 0;
    case TLV_BAD_SIZE:
        return NXTTMFC_BAD_OPT_LEN;
    case TLV_BAD_INDEX:
        return NXTTMFC_BAD_FIELD_IDX;
    case TLV_SLOT_TAKEN:
        return NXTTMFC_ALREADY_MAPPED;
    case TLV_OPTION_TAKEN:
        return NXTTMFC_DUP_ENTRY;
    case TLV_FULL:
        return NXTTMFC_TABLE_FULL;
    }
    return NXTTMFC_BAD_COMMAND;
}

static enum ofperr
mod_tlv(struct tlv_table *table, const struct tlv_table_mod *mod)
{
    enum tlv_status status = TLV_OK;

    if (mod->command == TLV_CMD_CLEAR) {
        tlv_table_init(table);
        return 0;
    }
    if (mod->command != TLV_CMD_ADD && mod->command != TLV_CMD_DELETE) {
        return NXTTMFC_BAD_COMMAND;
    }
    for (size_t i = 0; i < mod->n_maps && status == TLV_OK; i++) {
        status = (mod->command == TLV_CMD_ADD
                  ? tlv_table_add(table, &mod->maps[i])
                  : tlv_table_remove(table, mod->maps[i].index));
    }
    return tlv_error(status);
}

/* Would 'table' lack an option that flows use? */
static bool
lacks_options(const struct ofproto *ofproto, const struct tlv_table *table)
{
    for (unsigned int i = 0; i < TUN_METADATA_N_FIELDS; i++) {
        if (ofproto->option_users[i] && !tlv_layout_has(&table->layout, i)) {
            return true;
        }
    }
    return false;
}

static enum ofperr
handle_tlv_table_mod(struct conn *conn, const struct ofmsg *msg)
{
    struct tlv_table *table;
    struct tlv_table_mod mod;
    enum ofperr error = tlv_table_mod_decode(&mod, msg);

    if (error) {
        return error;
    }
    table = xmemdup(conn->ofproto->tlv, sizeof *table);
    error = mod_tlv(table, &mod);
    if (!error && lacks_options(conn->ofproto, table)) {
        error = NXTTMFC_INVALID_TLV_DEL;
    }
    if (error) {
        free(table);
    } else {
        ofproto_take_tlv(conn->ofproto, table);
    }
    free(mod.maps);
    return error;
}

static enum ofperr
handle_tlv_table_request(struct conn *conn, const struct ofmsg *msg)
{
    struct tlv_table_reply reply;

    tlv_table_reply_from_table(&reply, conn->ofproto->tlv);
    conn_send(conn, tlv_table_reply_encode(&reply, msg));
    free(reply.maps);
    return 0;
}

static enum ofperr
handle_queue_config(struct conn *conn, const struct ofmsg *msg)
{
    struct list list = LIST_INITIALIZER(&list);
    ofp_port_t port;
    uint32_t queue;
    enum ofperr error = queue_config_request_decode(msg, &port, &queue);

    if (error) {
        return error;
    }
    if (port != OFPP_NONE && !ofport_find(conn->ofproto, port)) {
        return OFPQOFC_BAD_PORT;
    }
    queue_config_reply(msg, NULL, 0, &list);
    conn_send_list(conn, &list);
    return 0;
}

/* No flow records are exported, so that there are no statistics of it. */
static enum ofperr
refuse_ipfix(struct conn *conn, const struct ofmsg *msg)
{
    return NXST_NOT_CONFIGURED;
}

static enum ofperr
handle_ct_flush_zone(struct conn *conn, const struct ofmsg *msg)
{
    struct ct_flush flush = CT_FLUSH_ALL;
    enum ofperr error;
    uint64_t n;
    uint16_t zone;

    error = ct_flush_zone_decode(msg, &zone);
    if (error) {
        return error;
    }
    flush.zone = zone;
    return (dpif_ct_flush(conn->ofproto->backer->dpif, &flush, &n)
            ? OFPBRC_EPERM : 0);
}

static enum ofperr
handle_ct_flush(struct conn *conn, const struct ofmsg *msg)
{
    struct ct_flush flush;
    uint64_t n;
    enum ofperr error = ct_flush_decode(msg, &flush);

    if (error) {
        return error;
    }
    return (dpif_ct_flush(conn->ofproto->backer->dpif, &flush, &n)
            ? OFPBRC_EPERM : 0);
}

/* Dispatch.  A secondary controller may only look. */
static const struct {
    request_fn *fn;
    bool changes;                /* Not for a secondary controller. */
} requests[OFMSG_N_TYPES] = {
    [OFMSG_HELLO] = { ignore, false },
    [OFMSG_ERROR] = { ignore, false },
    [OFMSG_ECHO_REQUEST] = { handle_echo, false },
    [OFMSG_ECHO_REPLY] = { ignore, false },
    [OFMSG_FEATURES_REQUEST] = { handle_features, false },
    [OFMSG_GET_CONFIG_REQUEST] = { handle_get_config, false },
    [OFMSG_SET_CONFIG] = { handle_set_config, false },
    [OFMSG_PACKET_OUT] = { handle_packet_out, true },
    [OFMSG_FLOW_MOD] = { handle_flow_mod, true },
    [OFMSG_GROUP_MOD] = { handle_group_mod, true },
    [OFMSG_PORT_MOD] = { handle_port_mod, true },
    [OFMSG_TABLE_MOD] = { handle_table_mod, true },
    [OFMSG_METER_MOD] = { handle_meter_mod, true },
    [OFMSG_BARRIER_REQUEST] = { handle_barrier, false },
    [OFMSG_QUEUE_GET_CONFIG_REQUEST] = { handle_queue_config, false },
    [OFMSG_QUEUE_DESC_REQUEST] = { handle_queue_config, false },
    [OFMSG_ROLE_REQUEST] = { handle_role, false },
    [OFMSG_GET_ASYNC_REQUEST] = { handle_get_async, false },
    [OFMSG_SET_ASYNC] = { handle_set_async, false },
    [OFMSG_BUNDLE_CONTROL] = { conn_bundle_control, true },
    [OFMSG_BUNDLE_ADD] = { conn_bundle_add, true },
    [OFMSG_SET_FLOW_FORMAT] = { handle_set_flow_format, false },
    [OFMSG_FLOW_MOD_TABLE_ID] = { handle_flow_mod_table_id, false },
    [OFMSG_SET_PACKET_IN_FORMAT] = { handle_set_packet_in_format, false },
    [OFMSG_SET_CONTROLLER_ID] = { handle_set_controller_id, false },
    [OFMSG_FLOW_MONITOR_REQUEST] = { conn_monitor_request, false },
    [OFMSG_FLOW_MONITOR_CANCEL] = { conn_monitor_cancel, false },
    [OFMSG_IPFIX_BRIDGE_REQUEST] = { refuse_ipfix, false },
    [OFMSG_IPFIX_FLOW_REQUEST] = { refuse_ipfix, false },
    [OFMSG_TLV_TABLE_MOD] = { handle_tlv_table_mod, true },
    [OFMSG_TLV_TABLE_REQUEST] = { handle_tlv_table_request, false },
    [OFMSG_RESUME] = { handle_resume, true },
    [OFMSG_CT_FLUSH_ZONE] = { handle_ct_flush_zone, true },
    [OFMSG_CT_FLUSH] = { handle_ct_flush, true },
};

void
conn_handle(struct conn *conn, const struct ofmsg *msg)
{
    enum ofperr error;

    counter_inc(ofproto_request);
    if (!requests[msg->type].fn) {
        error = (msg->is_multipart ? conn_handle_stats(conn, msg)
                 : OFPBRC_BAD_TYPE);
    } else if (requests[msg->type].changes && conn->role == ROLE_SECONDARY) {
        error = OFPBRC_IS_SECONDARY;
    } else {
        error = requests[msg->type].fn(conn, msg);
    }
    if (error) {
        counter_inc(ofproto_request_error);
        conn_send_error(conn, error, msg);
    }
}
