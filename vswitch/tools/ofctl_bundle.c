/* SPDX-License-Identifier: Apache-2.0 */

/* bundle: changes of flows and groups, and packets, as one transaction. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/base/vec.h"
#include "lib/daemon/daemon.h"
#include "lib/openflow/group_msg.h"
#include "lib/openflow/protocol.h"
#include "vswitch/tools/ofctl.h"
#include "vswitch/tools/ofctl_lines.h"

/* Flags of all that ovs-ofctl sends: all or nothing, and in order. */
#define FLAGS (BUNDLE_F_ATOMIC | BUNDLE_F_ORDERED)
#define BUNDLE_ID 1

/* How many bytes of messages are sent together. */
#define OUT_SIZE (128 * 1024)

void
ofctl_bundle_step(struct session *s, uint16_t type)
{
    const struct bundle_control bc = { BUNDLE_ID, type, FLAGS };

    buf_destroy(session_transact(s, bundle_control_encode(
                                     &bc, session_version(s))));
}

void
ofctl_bundle_add(struct session *s, struct buf **out, const void *inner,
                 size_t size)
{
    if (!*out) {
        *out = buf_create(OUT_SIZE);
    }
    bundle_add_put(*out, session_version(s), BUNDLE_ID, FLAGS, inner, size);
    if ((*out)->size >= OUT_SIZE - UINT16_MAX) {
        ofctl_bundle_flush(s, out);
    }
}

void
ofctl_bundle_flush(struct session *s, struct buf **out)
{
    if (*out) {
        session_send(s, *out);
        session_push(s);
        *out = NULL;
    }
}

/* Lines of the file, each a message in 'protocol'. */

static struct error *
flow_line(const char *text, const struct text_names *names, uint32_t *usable,
          uint32_t protocol, struct buf **ret)
{
    struct buf ofpacts = BUF_EMPTY;
    struct flow_mod fm;
    struct error *error;

    error = flow_mod_parse(&fm, text, -1, names, &ofpacts, usable);
    if (!error) {
        *ret = flow_mod_encode(&fm, protocol);
    }
    buf_uninit(&ofpacts);
    return error;
}

static struct error *
group_line(const char *text, const struct text_names *names, uint32_t *usable,
           uint32_t protocol, struct buf **ret)
{
    static const struct {
        const char *word;
        uint16_t command;
    } commands[] = {
        { "add", GROUP_MOD_ADD }, { "modify", GROUP_MOD_MODIFY },
        { "add_or_mod", GROUP_MOD_ADD_OR_MODIFY },
        { "delete", GROUP_MOD_DELETE },
        { "insert_bucket", GROUP_MOD_INSERT_BUCKET },
        { "insert_buckets", GROUP_MOD_INSERT_BUCKET },
        { "remove_bucket", GROUP_MOD_REMOVE_BUCKET },
        { "remove_buckets", GROUP_MOD_REMOVE_BUCKET },
    };
    uint16_t command = GROUP_MOD_ADD;
    size_t length = strcspn(text, " \t");
    struct group_mod gm;
    struct error *error;

    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        if (strlen(commands[i].word) == length
            && !memcmp(text, commands[i].word, length)) {
            command = commands[i].command;
            text += length;
            break;
        }
    }
    text += strspn(text, " \t");
    error = group_mod_parse(&gm, text, command, names->ports, usable);
    if (!error) {
        *ret = group_mod_encode(&gm, ofp_protocol_version(protocol));
        group_mod_uninit(&gm);
    }
    return error;
}

static struct error *
packet_out_line(const char *text, const struct text_names *names,
                uint32_t *usable, uint32_t protocol, struct buf **ret)
{
    struct packet_out_text t;
    struct error *error = packet_out_text_parse(&t, text, names);

    if (!error) {
        *usable &= t.usable;
        *ret = packet_out_encode(&t.po, protocol);
        packet_out_text_uninit(&t);
    }
    return error;
}

static const struct {
    const char *word;
    struct error *(*encode)(const char *text, const struct text_names *,
                            uint32_t *usable, uint32_t protocol,
                            struct buf **ret);
} kinds[] = {
    { "flow ", flow_line },
    { "group ", group_line },
    { "packet-out ", packet_out_line },
};

static struct error *
encode_line(const char *line, const struct text_names *names, uint32_t *usable,
            uint32_t protocol, struct buf **ret)
{
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (text_starts_with(line, kinds[i].word)) {
            return kinds[i].encode(line + strlen(kinds[i].word), names,
                                   usable, protocol, ret);
        }
    }
    return error_create(EINVAL, "unsupported command: %s", line);
}

static void
cmd_bundle(int argc, char *argv[])
{
    uint32_t versions = ofctl.versions & ~OFP_VERSION_BIT(OFP10_VERSION);
    struct session *s = session_open(
        argv[1], "mgmt", versions ? versions
        : OFP_VERSION_BIT(OFP14_VERSION));
    uint32_t protocol = ofp_protocol_from_version(session_version(s));
    uint32_t usable = OFP_PROTO_OXM_ANY;
    struct ofctl_lines lines;
    VEC(struct buf *) messages = VEC_EMPTY;
    struct buf *out = NULL;
    char *line;

    ofctl_lines_open(&lines, argv[2]);
    while ((line = ofctl_lines_next(&lines))) {
        struct buf *b;

        ofctl_lines_check(&lines, encode_line(line + strspn(line, " \t"),
                                              session_input_names(s), &usable,
                                              protocol, &b));
        vec_push(&messages, b);
    }
    if (!(usable & protocol)) {
        program_fatal("%s: %s cannot carry all of this", argv[2],
                      ofp_version_name(session_version(s)));
    }
    ofctl_bundle_step(s, BUNDLE_OPEN_REQUEST);
    VEC_FOR_EACH (b, &messages) {
        ofctl_bundle_add(s, &out, (*b)->data, (*b)->size);
        buf_destroy(*b);
    }
    ofctl_bundle_flush(s, &out);
    ofctl_bundle_step(s, BUNDLE_COMMIT_REQUEST);
    vec_uninit(&messages);
    ofctl_lines_close(&lines);
    session_close(s);
}

const struct command ofctl_bundle_commands[] = {
    { "bundle", "SWITCH FILE", 2, 2, cmd_bundle },
    { NULL, NULL, 0, 0, NULL }
};
