/* SPDX-License-Identifier: Apache-2.0 */
/* Layouts: OpenFlow 1.4.1 section 7.3.5.17; NXST_FLOW_MONITOR, from which that
 * was made, with NXM matches, actions in the place of instructions and no
 * groups; and the ONF's extension 187 to OpenFlow 1.3, which is the latter
 * with that version's ports, matches and instructions. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/openflow/flow_mod.h"
#include "lib/openflow/flow_text.h"
#include "lib/openflow/ofpact_codec.h"
#include "lib/openflow/ofperr.h"

/* Flags that may be asked for: all of them in 1.4, without ONLY_OWN before. */
#define FLAGS_14 0x7f
#define FLAGS_NX 0x3f

/* ## Requests ## */

static int
decode_request_nx(struct flow_monitor_request *fm, struct reader *r,
                  const struct ofp_decode *env)
{
    uint16_t match_size;
    const void *match;

    fm->id = reader_u32(r);
    fm->flags = reader_u16(r);
    fm->out_port = reader_u16(r);
    match_size = reader_u16(r);
    fm->table_id = reader_u8(r);
    reader_skip(r, 5);
    match = reader_pull(r, ROUND_UP(match_size, 8));
    if (r->is_bad) {
        return OFPBRC_BAD_LEN;
    }
    if (fm->flags & ~FLAGS_NX) {
        return OFPMOFC_BAD_FLAGS;
    }
    return oxm_decode(match, match_size, env, &fm->match, NULL, NULL);
}

static int
decode_request_onf(struct flow_monitor_request *fm, struct reader *r,
                   const struct ofp_decode *env)
{
    fm->id = reader_u32(r);
    fm->flags = reader_u16(r);
    reader_skip(r, 2);           /* Size of the match, which says it too. */
    if (!port_from_oxm(htonl(reader_u32(r)), &fm->out_port)) {
        return OFPBRC_BAD_PORT;
    }
    fm->table_id = reader_u8(r);
    reader_skip(r, 3);
    if (r->is_bad) {
        return OFPBRC_BAD_LEN;
    }
    if (fm->flags & ~FLAGS_NX) {
        return OFPMOFC_BAD_FLAGS;
    }
    return oxm_match_decode(r, env, &fm->match);
}

static int
decode_request_14(struct flow_monitor_request *fm, struct reader *r,
                  const struct ofp_decode *env)
{
    fm->id = reader_u32(r);
    if (!port_from_oxm(htonl(reader_u32(r)), &fm->out_port)) {
        return OFPBRC_BAD_PORT;
    }
    fm->out_group = reader_u32(r);
    fm->flags = reader_u16(r);
    fm->table_id = reader_u8(r);
    fm->command = reader_u8(r);
    if (r->is_bad) {
        return OFPBRC_BAD_LEN;
    }
    if (fm->command > FLOW_MONITOR_CMD_DELETE) {
        return OFPMOFC_BAD_COMMAND;
    }
    if (fm->flags & ~FLAGS_14) {
        return OFPMOFC_BAD_FLAGS;
    }
    return oxm_match_decode(r, env, &fm->match);
}

int
flow_monitor_request_decode(struct flow_monitor_request *fm,
                            const struct ofmsg *msg, struct reader *r,
                            const struct ofp_decode *env)
{
    if (!r->left) {
        return -ENODATA;
    }
    memset(fm, 0, sizeof *fm);
    match_init_with_table(&fm->match, env->tlv);
    fm->command = FLOW_MONITOR_CMD_ADD;
    fm->out_group = OFPG_ANY;
    return (msg->version >= OFP14_VERSION ? decode_request_14(fm, r, env)
            : msg->version == OFP13_VERSION ? decode_request_onf(fm, r, env)
            : decode_request_nx(fm, r, env));
}

/* Appends a match padded to 8 bytes; its own size goes to 'size_at'. */
static void
put_match(struct buf *b, size_t size_at, const struct match *match,
          uint8_t version)
{
    size_t start = b->size;

    if (version == OFP10_VERSION) {
        oxm_encode(b, match, 0, 0, 0);
        buf_set_u16(b, size_at, b->size - start);
        buf_pad(b, start, 8);
    } else {
        oxm_match_encode(b, match, version);
        memcpy(buf_at(b, size_at), (uint8_t *) buf_at(b, start) + 2, 2);
    }
}

/* What comes before OpenFlow 1.4. */
static void
put_request_13(struct buf *b, const struct flow_monitor_request *fm,
               uint8_t version)
{
    be32 port = port_to_oxm(fm->out_port);
    size_t size_at;

    buf_put_u16(b, fm->flags & FLAGS_NX);
    if (version == OFP10_VERSION) {
        buf_put_u16(b, fm->out_port);
    }
    size_at = b->size;
    buf_put_zeros(b, 2);
    if (version != OFP10_VERSION) {
        buf_put(b, &port, sizeof port);
    }
    buf_put_u8(b, fm->table_id);
    buf_put_zeros(b, version == OFP10_VERSION ? 5 : 3);
    put_match(b, size_at, &fm->match, version);
}

struct buf *
flow_monitor_request_encode(const struct flow_monitor_request *fm,
                            uint8_t version)
{
    struct buf *b = buf_create(128);

    ofmsg_start(b, OFMSG_FLOW_MONITOR_REQUEST, version, ofmsg_alloc_xid());
    buf_put_u32(b, fm->id);
    if (version >= OFP14_VERSION) {
        be32 port = port_to_oxm(fm->out_port);

        buf_put(b, &port, sizeof port);
        buf_put_u32(b, fm->out_group);
        buf_put_u16(b, fm->flags & FLAGS_14);
        buf_put_u8(b, fm->table_id);
        buf_put_u8(b, fm->command);
        oxm_match_encode(b, &fm->match, version);
    } else {
        put_request_13(b, fm, version);
    }
    ofmsg_finish(b, 0);
    return b;
}

struct buf *
flow_monitor_cancel_encode(uint32_t id, uint8_t version)
{
    struct flow_monitor_request fm = {
        .id = id,
        .command = FLOW_MONITOR_CMD_DELETE,
        .out_port = OFPP_NONE,
        .out_group = OFPG_ANY,
    };
    struct buf *b;

    if (version >= OFP14_VERSION) {
        match_init(&fm.match);
        return flow_monitor_request_encode(&fm, version);
    }
    b = buf_create(64);
    ofmsg_start(b, OFMSG_FLOW_MONITOR_CANCEL, version, ofmsg_alloc_xid());
    buf_put_u32(b, id);
    ofmsg_finish(b, 0);
    return b;
}

enum ofperr
flow_monitor_cancel_decode(uint32_t *ret_id, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);

    *ret_id = reader_u32(&r);
    return r.is_bad ? OFPBRC_BAD_LEN : 0;
}

/* ## Updates ## */

/* Events: the extension starts with "added", and tells what is there at first
 * as if it were added. */
static uint16_t
event_to_wire(uint8_t event, uint8_t version)
{
    if (version >= OFP14_VERSION) {
        return event;
    }
    return event == FLOW_UPDATE_INITIAL ? 0 : event - FLOW_UPDATE_ADDED;
}

static void
put_full_14(struct buf *b, const struct flow_update *fu, uint8_t version)
{
    buf_put_u8(b, fu->table_id);
    buf_put_u8(b, fu->reason);
    buf_put_u16(b, fu->idle_timeout_s);
    buf_put_u16(b, fu->hard_timeout_s);
    buf_put_u16(b, fu->priority);
    buf_put_zeros(b, 4);
    buf_put(b, &fu->cookie, sizeof fu->cookie);
    oxm_match_encode(b, &fu->match, version);
    if (fu->ofpacts) {
        ofpacts_encode_instructions(b, fu->ofpacts, fu->ofpacts_size,
                                    version);
    }
}

static void
put_full_13(struct buf *b, const struct flow_update *fu, uint8_t version)
{
    size_t size_at;

    buf_put_u16(b, fu->reason);
    buf_put_u16(b, fu->priority);
    buf_put_u16(b, fu->idle_timeout_s);
    buf_put_u16(b, fu->hard_timeout_s);
    size_at = b->size;
    buf_put_zeros(b, 2);
    buf_put_u8(b, fu->table_id);
    buf_put_zeros(b, 1);
    buf_put(b, &fu->cookie, sizeof fu->cookie);
    put_match(b, size_at, &fu->match, version);
    if (fu->ofpacts && version == OFP10_VERSION) {
        ofpacts_encode(b, fu->ofpacts, fu->ofpacts_size, version);
    } else if (fu->ofpacts) {
        ofpacts_encode_instructions(b, fu->ofpacts, fu->ofpacts_size,
                                    version);
    }
}

void
flow_update_append(struct multipart *mp, const struct flow_update *fu,
                   const struct tlv_table *tlv UNUSED)
{
    struct buf *b = multipart_begin(mp);
    size_t start = b->size;

    buf_put_zeros(b, 2);
    buf_put_u16(b, event_to_wire(fu->event, mp->version));
    if (fu->event == FLOW_UPDATE_ABBREV) {
        buf_put(b, &fu->xid, sizeof fu->xid);
    } else if (fu->event == FLOW_UPDATE_PAUSED
               || fu->event == FLOW_UPDATE_RESUMED) {
        buf_put_zeros(b, 4);
    } else if (mp->version >= OFP14_VERSION) {
        put_full_14(b, fu, mp->version);
    } else {
        put_full_13(b, fu, mp->version);
    }
    buf_set_u16(b, start, b->size - start);
    multipart_end(mp);
}

static int
read_full_14(struct flow_update *fu, struct reader *r,
             const struct ofmsg *msg, const struct ofp_decode *env,
             struct buf *ofpacts)
{
    enum ofperr error;
    const void *p;

    fu->table_id = reader_u8(r);
    fu->reason = reader_u8(r);
    fu->idle_timeout_s = reader_u16(r);
    fu->hard_timeout_s = reader_u16(r);
    fu->priority = reader_u16(r);
    reader_skip(r, 4);
    p = reader_pull(r, 8);
    if (!p) {
        return OFPBRC_BAD_LEN;
    }
    fu->cookie = get_be64(p);
    error = oxm_match_decode(r, env, &fu->match);
    return error ? error
           : ofpacts_decode_instructions(r->p, r->left, msg->version, env,
                                         ofpacts);
}

static int
read_full_13(struct flow_update *fu, struct reader *r,
             const struct ofmsg *msg, const struct ofp_decode *env,
             struct buf *ofpacts)
{
    bool is_nx = msg->version == OFP10_VERSION;
    const void *cookie, *match;
    uint16_t match_size;
    enum ofperr error;

    fu->reason = reader_u16(r);
    fu->priority = reader_u16(r);
    fu->idle_timeout_s = reader_u16(r);
    fu->hard_timeout_s = reader_u16(r);
    match_size = reader_u16(r);
    fu->table_id = reader_u8(r);
    reader_skip(r, 1);
    cookie = reader_pull(r, 8);
    match = is_nx ? reader_pull(r, ROUND_UP(match_size, 8)) : NULL;
    if (r->is_bad) {
        return OFPBRC_BAD_LEN;
    }
    fu->cookie = get_be64(cookie);
    error = (is_nx ? oxm_decode(match, match_size, env, &fu->match, NULL,
                                NULL)
             : oxm_match_decode(r, env, &fu->match));
    if (error) {
        return error;
    }
    return (is_nx ? ofpacts_decode : ofpacts_decode_instructions)(
        r->p, r->left, msg->version, env, ofpacts);
}

int
flow_update_decode(struct flow_update *fu, const struct ofmsg *msg,
                   struct reader *r, const struct ofp_decode *env,
                   struct buf *ofpacts)
{
    uint16_t length, event;
    struct reader element;
    const void *xid;
    bool is_13;
    int error;

    if (!r->left) {
        return -ENODATA;
    }
    memset(fu, 0, sizeof *fu);
    buf_clear(ofpacts);
    match_init_with_table(&fu->match, env->tlv);
    length = reader_u16(r);
    event = reader_u16(r);
    if (r->is_bad || length < 8 || length % 8 || length - 4u > r->left) {
        return OFPBRC_BAD_LEN;
    }
    element = reader_sub(r, length - 4);
    is_13 = msg->version < OFP14_VERSION;
    fu->event = is_13 ? event + FLOW_UPDATE_ADDED : event;
    if (event > FLOW_UPDATE_RESUMED || fu->event > FLOW_UPDATE_RESUMED) {
        return OFPBRC_BAD_TYPE;
    }
    if (fu->event >= FLOW_UPDATE_ABBREV) {
        xid = reader_pull(&element, 4);
        fu->xid = xid ? get_be32(xid) : 0;
        return 0;
    }
    error = (is_13 ? read_full_13 : read_full_14)(fu, &element, msg, env,
                                                  ofpacts);
    fu->ofpacts = (const void *) ofpacts->data;
    fu->ofpacts_size = ofpacts->size;
    return error;
}

/* ## Text ## */

/* Words that take something out of what is watched. */
static const struct {
    const char *word;
    uint16_t flag;
} negations[] = {
    { "!initial", FLOW_MONITOR_INITIAL },
    { "!add", FLOW_MONITOR_ADD },
    { "!delete", FLOW_MONITOR_DELETE },
    { "!modify", FLOW_MONITOR_MODIFY },
    { "!actions", FLOW_MONITOR_ACTIONS },
    { "!own", FLOW_MONITOR_OWN },
};

static bool
parse_negation(struct flow_monitor_request *fm, const char *word)
{
    for (size_t i = 0; i < ARRAY_SIZE(negations); i++) {
        if (!strcmp(word, negations[i].word)) {
            fm->flags &= ~negations[i].flag;
            return true;
        }
    }
    return false;
}

/* Parses one word of 'text'. */
static struct error *
parse_word(struct flow_monitor_request *fm, char *word, const char *text,
           const struct text_names *names)
{
    const struct port_map *ports = names ? names->ports : NULL;
    char *value = strchr(word, '=');
    struct error *error;
    bool known;

    if (parse_negation(fm, word)) {
        return NULL;
    }
    if (value) {
        *value++ = '\0';
    }
    if (value && !strcmp(word, "table")) {
        return table_parse(value, names, &fm->table_id);
    }
    if (value && !strcmp(word, "out_port")) {
        return (port_parse(value, ports, &fm->out_port) ? NULL
                : error_create(0, "%s: unknown out_port", value));
    }
    if (value && !strcmp(word, "out_group")) {
        return (text_to_uint(value, 0, &fm->out_group) ? NULL
                : error_create(0, "out_group: \"%s\" is no number", value));
    }
    error = match_parse_item(&fm->match, word, value ? value : "", ports,
                             &known);
    return (error || known ? error
            : value ? error_create(0, "%s: unknown keyword %s", text, word)
            : error_create(0, "%s: field %s missing value", text, word));
}

struct error *
flow_monitor_request_parse(struct flow_monitor_request *fm, const char *text,
                           const struct text_names *names,
                           uint32_t *usable_protocols UNUSED)
{
    static uint32_t next_id;
    char *copy = xstrdup(text), *s = copy, *word;
    struct error *error = NULL;

    *fm = (struct flow_monitor_request) {
        .id = __atomic_add_fetch(&next_id, 1, __ATOMIC_RELAXED),
        .command = FLOW_MONITOR_CMD_ADD,
        .flags = FLAGS_NX,
        .out_port = OFPP_NONE,
        .out_group = OFPG_ANY,
        .table_id = OFPTT_ALL,
    };
    match_init(&fm->match);
    while (!error && (word = text_token(&s, ", \t\r\n"))) {
        error = parse_word(fm, word, text, names);
    }
    free(copy);
    return error;
}
