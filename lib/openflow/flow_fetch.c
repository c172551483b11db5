/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/openflow/flow_fetch.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/flow/port.h"
#include "lib/openflow/flow_text.h"
#include "lib/openflow/protocol.h"
#include "lib/openflow/vconn.h"

/* Ends when it is done: see finish(). */
struct fetch {
    struct openflow_flows *flows;
    char *remote;
    void (*format)(const struct flow_stats *, struct str *);
    void (*done)(struct openflow_flows *, struct error *, void *aux);
    void *aux;
};

/* Takes 'error'; without, the flows are complete. */
static void
finish(struct fetch *fetch, struct vconn *vconn, struct error *error)
{
    vconn_destroy(vconn);
    if (error) {
        openflow_flows_destroy(fetch->flows);
        fetch->flows = NULL;
        error = error_wrap(error, "%s", fetch->remote);
    }
    fetch->done(fetch->flows, error, fetch->aux);
    free(fetch->remote);
    free(fetch);
}

static void
connected(struct vconn *vconn, void *aux UNUSED)
{
    struct flow_stats_request request = {
        .out_port = OFPP_NONE,
        .out_group = UINT32_MAX,
        .table_id = 0xff,
    };

    match_init(&request.match);
    vconn_take_send(vconn, flow_stats_request_encode(
        &request, ofp_protocol_from_version(vconn_version(vconn))));
}

static void
add_flow(struct fetch *fetch, const struct flow_stats *stats)
{
    struct openflow_flow *flow = xzalloc(sizeof *flow);
    struct str text = STR_EMPTY;

    fetch->format(stats, &text);
    flow->cookie = (uint32_t) ntohll(stats->cookie);
    flow->text = xstrdup(str_cstr(&text));
    str_uninit(&text);
    hmap_insert(&fetch->flows->flows, &flow->node, flow->cookie);
}

static void
take_reply(struct fetch *fetch, struct vconn *vconn, const struct ofmsg *msg)
{
    struct ofp_decode decode = ofp_decode_default;
    struct reader r = ofmsg_reader(msg);
    struct buf ofpacts = BUF_EMPTY;
    int error;

    decode.protocol = ofp_protocol_from_version(msg->version);
    decode.loose_unknown = true;
    do {
        struct flow_stats stats;

        buf_clear(&ofpacts);
        error = flow_stats_decode(&stats, msg, &r, &decode, &ofpacts);
        if (!error) {
            add_flow(fetch, &stats);
        }
    } while (!error);
    buf_uninit(&ofpacts);
    if (error > 0) {
        finish(fetch, vconn, error_create(0, "bad flow statistics: %s",
                                          ofperr_name(error)));
    } else if (!msg->more) {
        finish(fetch, vconn, NULL);
    }
}

static void
message(struct vconn *vconn, const void *data, size_t size, void *aux)
{
    struct fetch *fetch = aux;
    struct ofmsg msg;

    if (ofmsg_decode(data, size, &msg)) {
        return;
    }
    if (msg.type == OFMSG_FLOW_STATS_REPLY) {
        take_reply(fetch, vconn, &msg);
    } else if (msg.type == OFMSG_ERROR) {
        finish(fetch, vconn, error_create(0, "the switch refuses to tell its "
                                          "flows"));
    }
}

static void
disconnected(struct vconn *vconn, const struct error *error, void *aux)
{
    struct error *copy = (error ? error_clone(error)
                          : error_create(0, "connection closed"));

    finish(aux, vconn, copy);
}

void
openflow_fetch(const char *remote,
               void (*format)(const struct flow_stats *, struct str *),
               void (*done)(struct openflow_flows *, struct error *,
                            void *aux),
               void *aux)
{
    static const struct vconn_callbacks callbacks = {
        .connected = connected,
        .message = message,
        .disconnected = disconnected,
    };
    struct fetch *fetch = xzalloc(sizeof *fetch);
    struct vconn *vconn;
    struct error *error;

    fetch->flows = xzalloc(sizeof *fetch->flows);
    hmap_init(&fetch->flows->flows);
    fetch->remote = xstrdup(remote);
    fetch->format = format;
    fetch->done = done;
    fetch->aux = aux;
    error = vconn_connect(remote, 0, &callbacks, fetch, &vconn);
    if (error) {
        finish(fetch, NULL, error);
    }
}

void
openflow_format(const struct flow_stats *stats, struct str *out)
{
    struct str text = STR_EMPTY;

    flow_stats_format(stats, NULL, true, &text);
    str_put(out, str_cstr(&text) + strspn(str_cstr(&text), " "));
    str_uninit(&text);
}

void
openflow_flows_destroy(struct openflow_flows *flows)
{
    struct openflow_flow *flow;

    if (!flows) {
        return;
    }
    HMAP_FOR_EACH_SAFE (flow, node, &flows->flows) {
        free(flow->text);
        free(flow);
    }
    hmap_uninit(&flows->flows);
    free(flows);
}
