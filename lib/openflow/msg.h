/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_MSG_H
#define OPENFLOW_MSG_H

/* What every OpenFlow message has: the header, and which message it is.
 *
 * One number, 'enum ofmsg_type', stands for a message in all its encodings: a
 * flow mod is OFMSG_FLOW_MOD whether it came as OpenFlow 1.0's, 1.3's or the
 * Nicira extension's.  A 'struct ofmsg' is a received message, taken apart as
 * far as the body; functions of flow_mod.h, packet_io.h, ... read the body.
 *
 * Bounds: ofmsg_decode() has checked that the body has at least the bytes its
 *     type needs and, for lists of fixed elements, a whole number of them;
 *     each decoder checks the rest.
 * Ownership: an ofmsg borrows the bytes it was decoded from. */

#include "lib/base/error.h"
#include "lib/base/str.h"
#include "lib/openflow/buf.h"
#include "lib/openflow/ofperr.h"

enum {
    OFP10_VERSION = 1,
    OFP11_VERSION,
    OFP12_VERSION,
    OFP13_VERSION,
    OFP14_VERSION,
    OFP15_VERSION
};

#define OFP_HEADER_SIZE 8

/* Bit 'version' of a set of versions. */
#define OFP_VERSION_BIT(VERSION) (1u << (VERSION))
#define OFP_SUPPORTED_VERSIONS \
    (OFP_VERSION_BIT(OFP10_VERSION) | OFP_VERSION_BIT(OFP13_VERSION) \
     | OFP_VERSION_BIT(OFP14_VERSION) | OFP_VERSION_BIT(OFP15_VERSION))

/* Reads "OpenFlow10,OpenFlow13" (also "1.3"); "OpenFlow10-OpenFlow14" is the
 * range.  Versions that this library does not speak are refused. */
struct error *ofp_versions_parse(const char *text, uint32_t *ret_versions)
    MUST_USE;

/* "OpenFlow10, OpenFlow13". */
void ofp_versions_format(uint32_t versions, struct str *);

/* "OpenFlow13"; "unknown" if it is. */
const char *ofp_version_name(uint8_t version);

#define OFP_NO_BUFFER UINT32_MAX
#define OFP_VENDOR_NX 0x00002320
#define OFP_VENDOR_ONF 0x4f4e4600

enum ofmsg_type {
    /* Both ways. */
    OFMSG_HELLO,
    OFMSG_ERROR,
    OFMSG_ECHO_REQUEST,
    OFMSG_ECHO_REPLY,

    /* Requests of a controller, and their replies. */
    OFMSG_FEATURES_REQUEST,
    OFMSG_FEATURES_REPLY,
    OFMSG_GET_CONFIG_REQUEST,
    OFMSG_GET_CONFIG_REPLY,
    OFMSG_SET_CONFIG,
    OFMSG_PACKET_OUT,
    OFMSG_FLOW_MOD,
    OFMSG_GROUP_MOD,
    OFMSG_PORT_MOD,
    OFMSG_TABLE_MOD,
    OFMSG_METER_MOD,
    OFMSG_BARRIER_REQUEST,
    OFMSG_BARRIER_REPLY,
    OFMSG_QUEUE_GET_CONFIG_REQUEST,
    OFMSG_QUEUE_GET_CONFIG_REPLY,
    OFMSG_ROLE_REQUEST,
    OFMSG_ROLE_REPLY,
    OFMSG_GET_ASYNC_REQUEST,
    OFMSG_GET_ASYNC_REPLY,
    OFMSG_SET_ASYNC,
    OFMSG_BUNDLE_CONTROL,        /* Also the reply. */
    OFMSG_BUNDLE_ADD,
    OFMSG_SET_FLOW_FORMAT,
    OFMSG_FLOW_MOD_TABLE_ID,
    OFMSG_SET_PACKET_IN_FORMAT,
    OFMSG_SET_CONTROLLER_ID,
    OFMSG_FLOW_MONITOR_CANCEL,
    OFMSG_TLV_TABLE_MOD,
    OFMSG_TLV_TABLE_REQUEST,
    OFMSG_TLV_TABLE_REPLY,
    OFMSG_RESUME,
    OFMSG_CT_FLUSH_ZONE,
    OFMSG_CT_FLUSH,

    /* What a switch sends by itself. */
    OFMSG_PACKET_IN,
    OFMSG_FLOW_REMOVED,
    OFMSG_PORT_STATUS,
    OFMSG_ROLE_STATUS,
    OFMSG_TABLE_STATUS,
    OFMSG_REQUESTFORWARD,
    OFMSG_FLOW_MONITOR_PAUSED,
    OFMSG_FLOW_MONITOR_RESUMED,

    /* Multipart. */
    OFMSG_DESC_REQUEST,
    OFMSG_DESC_REPLY,
    OFMSG_FLOW_STATS_REQUEST,
    OFMSG_FLOW_STATS_REPLY,
    OFMSG_AGGREGATE_REQUEST,
    OFMSG_AGGREGATE_REPLY,
    OFMSG_TABLE_STATS_REQUEST,
    OFMSG_TABLE_STATS_REPLY,
    OFMSG_PORT_STATS_REQUEST,
    OFMSG_PORT_STATS_REPLY,
    OFMSG_QUEUE_STATS_REQUEST,
    OFMSG_QUEUE_STATS_REPLY,
    OFMSG_GROUP_STATS_REQUEST,
    OFMSG_GROUP_STATS_REPLY,
    OFMSG_GROUP_DESC_REQUEST,
    OFMSG_GROUP_DESC_REPLY,
    OFMSG_GROUP_FEATURES_REQUEST,
    OFMSG_GROUP_FEATURES_REPLY,
    OFMSG_METER_STATS_REQUEST,
    OFMSG_METER_STATS_REPLY,
    OFMSG_METER_CONFIG_REQUEST,
    OFMSG_METER_CONFIG_REPLY,
    OFMSG_METER_FEATURES_REQUEST,
    OFMSG_METER_FEATURES_REPLY,
    OFMSG_TABLE_FEATURES_REQUEST,
    OFMSG_TABLE_FEATURES_REPLY,
    OFMSG_TABLE_DESC_REQUEST,
    OFMSG_TABLE_DESC_REPLY,
    OFMSG_PORT_DESC_REQUEST,
    OFMSG_PORT_DESC_REPLY,
    OFMSG_QUEUE_DESC_REQUEST,
    OFMSG_QUEUE_DESC_REPLY,
    OFMSG_FLOW_MONITOR_REQUEST,
    OFMSG_FLOW_MONITOR_REPLY,
    OFMSG_IPFIX_BRIDGE_REQUEST,
    OFMSG_IPFIX_BRIDGE_REPLY,
    OFMSG_IPFIX_FLOW_REQUEST,
    OFMSG_IPFIX_FLOW_REPLY,

    OFMSG_N_TYPES
};

/* Which encoding of a type: an index into the table of msg.c. */
typedef uint16_t ofmsg_raw;

struct ofmsg {
    enum ofmsg_type type;
    ofmsg_raw raw;
    uint8_t version;
    be32 xid;
    bool is_multipart;
    bool more;                   /* Multipart: further parts follow. */
    bool is_nx;                  /* An extension's encoding. */
    const uint8_t *data;         /* The whole message. */
    size_t size;
    const uint8_t *body;         /* After all headers. */
    size_t body_size;
};

/* Takes the message of 'size' bytes at 'data' apart.  'size' must be what the
 * header says.  On failure '*msg' has version, xid, data and size, if there
 * are 8 bytes. */
enum ofperr ofmsg_decode(const void *data, size_t size, struct ofmsg *msg)
    MUST_USE;

/* Length that the header at 'data' (8 bytes) gives. */
size_t ofmsg_length(const void *data);

/* "OFPT_FLOW_MOD", "OFPST_FLOW reply", "NXT_RESUME". */
const char *ofmsg_name(const struct ofmsg *);
const char *ofmsg_type_name(enum ofmsg_type);

/* Is it a multipart reply? */
bool ofmsg_is_reply(const struct ofmsg *);

/* Does 'version' have an encoding of 'type'? */
bool ofmsg_is_available(enum ofmsg_type, uint8_t version);

static inline struct reader
ofmsg_reader(const struct ofmsg *msg)
{
    return reader_from(msg->body, msg->body_size);
}

/* Starts a message of 'type' in 'version' (which has it) at the end of 'b':
 * puts all its headers.  Returns the offset where the message starts, for
 * ofmsg_finish(), which sets its length. */
size_t ofmsg_start(struct buf *b, enum ofmsg_type, uint8_t version, be32 xid);
void ofmsg_finish(struct buf *b, size_t start);

/* Likewise, choosing the extension's encoding where the version has both. */
size_t ofmsg_start_nx(struct buf *b, enum ofmsg_type, uint8_t version,
                      be32 xid);

/* Starts an NXT_PACKET_IN, the older of the extension's two packet-ins. */
size_t ofmsg_start_packet_in_nxt(struct buf *b, uint8_t version);

/* Starts the reply to multipart or plain 'request', in its version, encoding
 * and xid. */
size_t ofmsg_start_reply(struct buf *b, const struct ofmsg *request);

/* A message without a body, for buf_destroy(). */
struct buf *ofmsg_create_empty(enum ofmsg_type, uint8_t version, be32 xid)
    MUST_USE;

/* Returns a fresh transaction id. */
be32 ofmsg_alloc_xid(void);

/* A multipart reply in as many messages as it needs.
 *
 *     multipart_init(&mp, request, &list);
 *     ... for each element ...
 *         struct buf *b = multipart_begin(&mp);
 *         ... append the element to b ...
 *         multipart_end(&mp);
 *     multipart_finish(&mp);
 *
 * 'list' then has struct buf's by their 'node', the MORE flag set on all but
 * the last.  An element is less than 64 kB; one that makes a message too long
 * moves to the next. */
struct multipart {
    struct list *list;
    struct buf *b;
    uint8_t version;
    be32 xid;
    ofmsg_raw raw;
    size_t element;              /* Offset of the element being put. */
    bool too_long;               /* An element did not fit any message; it was
                                  * left out. */
};

void multipart_init(struct multipart *, const struct ofmsg *request,
                    struct list *list);

/* Without a request, for what a switch sends unasked. */
void multipart_init_type(struct multipart *, enum ofmsg_type, uint8_t version,
                         be32 xid, struct list *list);
struct buf *multipart_begin(struct multipart *);
void multipart_end(struct multipart *);
void multipart_finish(struct multipart *);

/* Is the reply in an extension's encoding? */
bool multipart_is_nx(const struct multipart *);

/* Frees the struct buf's of 'list'. */
void buf_list_destroy(struct list *list);

#endif /* openflow/msg.h */
