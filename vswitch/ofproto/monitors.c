/* SPDX-License-Identifier: Apache-2.0 */

/* Flow monitors: who asked for it is told of each change of flows. */

#include "lib/base/alloc.h"
#include "lib/openflow/protocol.h"
#include "vswitch/ofproto/conn.h"
#include "vswitch/ofproto/flow_mod.h"

struct flow_monitor {
    struct list node;            /* In the connection. */
    uint32_t id;
    uint16_t flags;              /* FLOW_MONITOR_*. */
    ofp_port_t out_port;
    uint32_t out_group;
    uint8_t table_id;
    struct cls_rule target;      /* Rules within this. */
};

static struct flow_monitor *
find(const struct conn *conn, uint32_t id)
{
    struct flow_monitor *m;

    LIST_FOR_EACH (m, node, &conn->monitors) {
        if (m->id == id) {
            return m;
        }
    }
    return NULL;
}

static void
destroy(struct flow_monitor *m)
{
    list_remove(&m->node);
    cls_rule_uninit(&m->target);
    free(m);
}

void
conn_monitors_destroy(struct conn *conn)
{
    struct flow_monitor *m;

    LIST_FOR_EACH_SAFE (m, node, &conn->monitors) {
        destroy(m);
    }
    if (conn->has_updates) {
        multipart_finish(&conn->update_parts);
        conn->has_updates = false;
    }
    buf_list_destroy(&conn->updates);
    list_init(&conn->updates);
}

static bool
covers(const struct flow_monitor *m, const struct rule *rule)
{
    return (!rule_is_hidden(rule)
            && (m->table_id == OFPTT_ALL || m->table_id == rule->table_id)
            && cls_rule_is_within(&rule->cls, &m->target)
            && (m->out_port == OFPP_NONE
                || ofpacts_output_to_port(rule->actions->ofpacts,
                                          rule->actions->size, m->out_port))
            && (m->out_group == OFPG_ANY
                || ofpacts_output_to_group(rule->actions->ofpacts,
                                           rule->actions->size,
                                           m->out_group)));
}

static void
append(struct conn *conn, const struct flow_update *fu)
{
    if (!conn->has_updates) {
        multipart_init_type(&conn->update_parts, OFMSG_FLOW_MONITOR_REPLY,
                            ofp_protocol_version(conn->protocol), 0,
                            &conn->updates);
        conn->has_updates = true;
    }
    flow_update_append(&conn->update_parts, fu, conn->ofproto->tlv);
}

static void
make_update(const struct rule *rule, enum flow_update_event event,
            bool with_actions, struct flow_update *fu)
{
    struct flow_stats fs;

    rule_get_stats(rule, rule->ofproto->tlv, &fs);
    *fu = (struct flow_update) {
        .event = event,
        .reason = (event == FLOW_UPDATE_REMOVED ? rule->removed_reason : 0),
        .table_id = rule->table_id,
        .priority = rule->cls.priority,
        .idle_timeout_s = fs.idle_timeout_s,
        .hard_timeout_s = fs.hard_timeout_s,
        .cookie = rule->cookie,
        .match = fs.match,
        .ofpacts = with_actions ? rule->actions->ofpacts : NULL,
        .ofpacts_size = with_actions ? rule->actions->size : 0,
    };
}

void
conn_monitors_rule_changed(struct conn_set *set, const struct rule_change *c,
                           struct conn *requester, be32 xid)
{
    static const struct {
        uint16_t flag;
        enum flow_update_event event;
    } kinds[] = {
        [RULE_ADDED] = { FLOW_MONITOR_ADD, FLOW_UPDATE_ADDED },
        [RULE_MODIFIED] = { FLOW_MONITOR_MODIFY, FLOW_UPDATE_MODIFIED },
        [RULE_REMOVED] = { FLOW_MONITOR_DELETE, FLOW_UPDATE_REMOVED },
    };
    const struct rule *rule = c->rule ? c->rule : c->old;
    struct conn *conn;

    LIST_FOR_EACH (conn, node, &set->conns) {
        bool is_own = conn == requester;
        bool wanted = false, with_actions = false, in_full = false;
        struct flow_monitor *m;

        LIST_FOR_EACH (m, node, &conn->monitors) {
            if (m->flags & kinds[c->type].flag
                && (covers(m, rule) || (c->old && covers(m, c->old)))) {
                wanted = true;
                with_actions |= (m->flags & FLOW_MONITOR_ACTIONS) != 0;

                /* What OpenFlow 1.4 calls "only own" is what Open vSwitch and
                 * its tools say for "own". */
                in_full |= (m->flags & (FLOW_MONITOR_OWN
                                        | FLOW_MONITOR_ONLY_OWN)) != 0;
            }
        }
        if (!wanted) {
            continue;
        }
        if (is_own && !in_full) {
            if (!conn->has_abbreviated) {
                append(conn, &(struct flow_update) {
                    .event = FLOW_UPDATE_ABBREV, .xid = xid,
                });
                conn->has_abbreviated = true;
            }
        } else {
            struct flow_update fu;

            make_update(rule, kinds[c->type].event, with_actions, &fu);
            append(conn, &fu);
        }
    }
}

void
conn_set_flush_monitors(struct conn_set *set)
{
    struct conn *conn;

    if (!set) {
        return;
    }
    LIST_FOR_EACH (conn, node, &set->conns) {
        if (conn->has_updates) {
            multipart_finish(&conn->update_parts);
            conn->has_updates = conn->has_abbreviated = false;
            conn_send_list(conn, &conn->updates);
        }
    }
}

/* Tells of the flows that are there already. */
static void
send_initial(struct conn *conn, const struct flow_monitor *m,
             struct multipart *reply)
{
    const struct ofproto *ofproto = conn->ofproto;

    for (unsigned int t = 0; t < OFPROTO_N_TABLES; t++) {
        struct cls_cursor cursor;

        for (struct cls_rule *r = cls_cursor_first(
                 &cursor, ofproto->tables[t].cls, &m->target,
                 ofproto_version(ofproto));
             r; r = cls_cursor_next(&cursor)) {
            if (covers(m, rule_from_cls(r))) {
                struct flow_update fu;

                make_update(rule_from_cls(r), FLOW_UPDATE_INITIAL,
                            m->flags & FLOW_MONITOR_ACTIONS, &fu);
                flow_update_append(reply, &fu, ofproto->tlv);
            }
        }
    }
}

static void
create(struct conn *conn, const struct flow_monitor_request *request)
{
    struct flow_monitor *m = xzalloc(sizeof *m);

    m->id = request->id;
    m->flags = request->flags;
    m->out_port = request->out_port;
    m->out_group = request->out_group;
    m->table_id = request->table_id;
    cls_rule_init(&m->target, &request->match.flow, &request->match.wc, 0);
    list_push_back(&conn->monitors, &m->node);
}

/* Checks a request before any of a message's is carried out. */
static enum ofperr
check(const struct conn *conn, const struct flow_monitor_request *request)
{
    switch ((enum flow_monitor_command) request->command) {
    case FLOW_MONITOR_CMD_ADD:
        return find(conn, request->id) ? OFPMOFC_MONITOR_EXISTS : 0;
    case FLOW_MONITOR_CMD_MODIFY:
    case FLOW_MONITOR_CMD_DELETE:
        return find(conn, request->id) ? 0 : OFPMOFC_UNKNOWN_MONITOR;
    }
    return OFPMOFC_BAD_COMMAND;
}

static enum ofperr
apply(struct conn *conn, const struct flow_monitor_request *request,
      struct multipart *reply)
{
    enum ofperr error = check(conn, request);

    if (error) {
        return error;
    }
    if (request->command != FLOW_MONITOR_CMD_ADD) {
        destroy(find(conn, request->id));
    }
    if (request->command != FLOW_MONITOR_CMD_DELETE) {
        create(conn, request);
        if (request->flags & FLOW_MONITOR_INITIAL) {
            send_initial(conn, find(conn, request->id), reply);
        }
    }
    return 0;
}

enum ofperr
conn_monitor_request(struct conn *conn, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);
    struct flow_monitor_request request;
    struct list list = LIST_INITIALIZER(&list);
    struct ofp_decode decode;
    struct multipart reply;
    int error;

    conn_get_decode(conn, &decode);
    multipart_init(&reply, msg, &list);
    while (!(error = flow_monitor_request_decode(&request, msg, &r,
                                                 &decode))) {
        error = apply(conn, &request, &reply);
        if (error) {
            break;
        }
    }
    multipart_finish(&reply);
    if (error > 0) {
        buf_list_destroy(&list);
        return error;
    }
    conn_send_list(conn, &list);
    return 0;
}

enum ofperr
conn_monitor_cancel(struct conn *conn, const struct ofmsg *msg)
{
    uint32_t id;
    enum ofperr error = flow_monitor_cancel_decode(&id, msg);
    struct flow_monitor *m = error ? NULL : find(conn, id);

    if (m) {
        destroy(m);
    }
    return error ? error : m ? 0 : OFPMOFC_UNKNOWN_MONITOR;
}
