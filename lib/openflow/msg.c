/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/openflow/msg.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"

/* Every encoding of every message: versions, numbers, the least size of its
 * body and, for lists of elements of one size, that size. */

enum { ANY_SIZE = 1, FIXED = 0 };

enum { T_VENDOR = 4, T_MULTIPART_10 = 16, T_MULTIPART = 18 };

enum kind { PLAIN, VENDOR, REQUEST, REPLY, VENDOR_REQUEST, VENDOR_REPLY };

struct row {
    uint8_t type;                /* enum ofmsg_type. */
    uint8_t first, last;         /* Versions. */
    uint8_t kind;                /* enum kind. */
    uint16_t number;             /* Type, subtype or multipart type. */
    uint32_t vendor;
    uint16_t min_body;
    uint16_t step;               /* The body beyond min_body is a multiple of
                                  * this; FIXED: there is none. */
    const char *name;
};

#define V10 OFP10_VERSION, OFP10_VERSION
#define V13 OFP13_VERSION, OFP13_VERSION
#define V14 OFP14_VERSION, OFP14_VERSION
#define V15 OFP15_VERSION, OFP15_VERSION
#define V13_14 OFP13_VERSION, OFP14_VERSION
#define V13_15 OFP13_VERSION, OFP15_VERSION
#define V14_15 OFP14_VERSION, OFP15_VERSION
#define ALL OFP10_VERSION, OFP15_VERSION
#define NX OFP_VENDOR_NX
#define ONF OFP_VENDOR_ONF

static const struct row rows[] = {
    { OFMSG_HELLO, 0, UINT8_MAX, PLAIN, 0, 0, 0, ANY_SIZE, "OFPT_HELLO" },
    { OFMSG_ERROR, ALL, PLAIN, 1, 0, 4, ANY_SIZE, "OFPT_ERROR" },
    { OFMSG_ECHO_REQUEST, ALL, PLAIN, 2, 0, 0, ANY_SIZE,
      "OFPT_ECHO_REQUEST" },
    { OFMSG_ECHO_REPLY, ALL, PLAIN, 3, 0, 0, ANY_SIZE, "OFPT_ECHO_REPLY" },
    { OFMSG_FEATURES_REQUEST, ALL, PLAIN, 5, 0, 0, FIXED,
      "OFPT_FEATURES_REQUEST" },
    { OFMSG_FEATURES_REPLY, V10, PLAIN, 6, 0, 24, 48, "OFPT_FEATURES_REPLY" },
    { OFMSG_FEATURES_REPLY, V13_15, PLAIN, 6, 0, 24, FIXED,
      "OFPT_FEATURES_REPLY" },
    { OFMSG_GET_CONFIG_REQUEST, ALL, PLAIN, 7, 0, 0, FIXED,
      "OFPT_GET_CONFIG_REQUEST" },
    { OFMSG_GET_CONFIG_REPLY, ALL, PLAIN, 8, 0, 4, FIXED,
      "OFPT_GET_CONFIG_REPLY" },
    { OFMSG_SET_CONFIG, ALL, PLAIN, 9, 0, 4, FIXED, "OFPT_SET_CONFIG" },
    { OFMSG_PACKET_IN, V10, PLAIN, 10, 0, 10, ANY_SIZE, "OFPT_PACKET_IN" },
    { OFMSG_PACKET_IN, V13_15, PLAIN, 10, 0, 24, ANY_SIZE,
      "OFPT_PACKET_IN" },
    { OFMSG_PACKET_IN, ALL, VENDOR, 17, NX, 24, ANY_SIZE, "NXT_PACKET_IN" },
    { OFMSG_PACKET_IN, ALL, VENDOR, 30, NX, 0, ANY_SIZE, "NXT_PACKET_IN2" },
    { OFMSG_FLOW_REMOVED, V10, PLAIN, 11, 0, 80, FIXED,
      "OFPT_FLOW_REMOVED" },
    { OFMSG_FLOW_REMOVED, V13_14, PLAIN, 11, 0, 48, ANY_SIZE,
      "OFPT_FLOW_REMOVED" },
    { OFMSG_FLOW_REMOVED, V15, PLAIN, 11, 0, 24, ANY_SIZE,
      "OFPT_FLOW_REMOVED" },
    { OFMSG_FLOW_REMOVED, ALL, VENDOR, 14, NX, 40, ANY_SIZE,
      "NXT_FLOW_REMOVED" },
    { OFMSG_PORT_STATUS, V10, PLAIN, 12, 0, 56, FIXED, "OFPT_PORT_STATUS" },
    { OFMSG_PORT_STATUS, V13, PLAIN, 12, 0, 72, FIXED, "OFPT_PORT_STATUS" },
    { OFMSG_PORT_STATUS, V14_15, PLAIN, 12, 0, 48, ANY_SIZE,
      "OFPT_PORT_STATUS" },
    { OFMSG_PACKET_OUT, V10, PLAIN, 13, 0, 8, ANY_SIZE, "OFPT_PACKET_OUT" },
    { OFMSG_PACKET_OUT, V13_14, PLAIN, 13, 0, 16, ANY_SIZE,
      "OFPT_PACKET_OUT" },
    { OFMSG_PACKET_OUT, V15, PLAIN, 13, 0, 16, ANY_SIZE, "OFPT_PACKET_OUT" },
    { OFMSG_FLOW_MOD, V10, PLAIN, 14, 0, 64, ANY_SIZE, "OFPT_FLOW_MOD" },
    { OFMSG_FLOW_MOD, V13_15, PLAIN, 14, 0, 48, ANY_SIZE, "OFPT_FLOW_MOD" },
    { OFMSG_FLOW_MOD, V10, VENDOR, 13, NX, 32, ANY_SIZE, "NXT_FLOW_MOD" },
    { OFMSG_GROUP_MOD, V13_14, PLAIN, 15, 0, 8, ANY_SIZE, "OFPT_GROUP_MOD" },
    { OFMSG_GROUP_MOD, V15, PLAIN, 15, 0, 16, ANY_SIZE, "OFPT_GROUP_MOD" },
    { OFMSG_GROUP_MOD, V10, VENDOR, 31, NX, 16, ANY_SIZE, "NXT_GROUP_MOD" },
    { OFMSG_PORT_MOD, V10, PLAIN, 15, 0, 24, FIXED, "OFPT_PORT_MOD" },
    { OFMSG_PORT_MOD, V13, PLAIN, 16, 0, 32, FIXED, "OFPT_PORT_MOD" },
    { OFMSG_PORT_MOD, V14_15, PLAIN, 16, 0, 24, ANY_SIZE, "OFPT_PORT_MOD" },
    { OFMSG_TABLE_MOD, V13, PLAIN, 17, 0, 8, FIXED, "OFPT_TABLE_MOD" },
    { OFMSG_TABLE_MOD, V14_15, PLAIN, 17, 0, 8, ANY_SIZE, "OFPT_TABLE_MOD" },
    { OFMSG_BARRIER_REQUEST, V10, PLAIN, 18, 0, 0, FIXED,
      "OFPT_BARRIER_REQUEST" },
    { OFMSG_BARRIER_REQUEST, V13_15, PLAIN, 20, 0, 0, FIXED,
      "OFPT_BARRIER_REQUEST" },
    { OFMSG_BARRIER_REPLY, V10, PLAIN, 19, 0, 0, FIXED,
      "OFPT_BARRIER_REPLY" },
    { OFMSG_BARRIER_REPLY, V13_15, PLAIN, 21, 0, 0, FIXED,
      "OFPT_BARRIER_REPLY" },
    { OFMSG_QUEUE_GET_CONFIG_REQUEST, V10, PLAIN, 20, 0, 4, FIXED,
      "OFPT_QUEUE_GET_CONFIG_REQUEST" },
    { OFMSG_QUEUE_GET_CONFIG_REQUEST, V13, PLAIN, 22, 0, 8, FIXED,
      "OFPT_QUEUE_GET_CONFIG_REQUEST" },
    { OFMSG_QUEUE_GET_CONFIG_REPLY, V10, PLAIN, 21, 0, 8, ANY_SIZE,
      "OFPT_QUEUE_GET_CONFIG_REPLY" },
    { OFMSG_QUEUE_GET_CONFIG_REPLY, V13, PLAIN, 23, 0, 8, ANY_SIZE,
      "OFPT_QUEUE_GET_CONFIG_REPLY" },
    { OFMSG_ROLE_REQUEST, V13_15, PLAIN, 24, 0, 16, FIXED,
      "OFPT_ROLE_REQUEST" },
    { OFMSG_ROLE_REQUEST, V10, VENDOR, 10, NX, 4, FIXED, "NXT_ROLE_REQUEST" },
    { OFMSG_ROLE_REPLY, V13_15, PLAIN, 25, 0, 16, FIXED, "OFPT_ROLE_REPLY" },
    { OFMSG_ROLE_REPLY, V10, VENDOR, 11, NX, 4, FIXED, "NXT_ROLE_REPLY" },
    { OFMSG_GET_ASYNC_REQUEST, V13_15, PLAIN, 26, 0, 0, FIXED,
      "OFPT_GET_ASYNC_REQUEST" },
    { OFMSG_GET_ASYNC_REPLY, V13, PLAIN, 27, 0, 24, FIXED,
      "OFPT_GET_ASYNC_REPLY" },
    { OFMSG_GET_ASYNC_REPLY, V14_15, PLAIN, 27, 0, 0, ANY_SIZE,
      "OFPT_GET_ASYNC_REPLY" },
    { OFMSG_SET_ASYNC, V13, PLAIN, 28, 0, 24, FIXED, "OFPT_SET_ASYNC" },
    { OFMSG_SET_ASYNC, V14_15, PLAIN, 28, 0, 0, ANY_SIZE, "OFPT_SET_ASYNC" },
    { OFMSG_SET_ASYNC, ALL, VENDOR, 19, NX, 24, FIXED,
      "NXT_SET_ASYNC_CONFIG" },
    { OFMSG_METER_MOD, V13_15, PLAIN, 29, 0, 8, ANY_SIZE, "OFPT_METER_MOD" },
    { OFMSG_ROLE_STATUS, V14_15, PLAIN, 30, 0, 16, ANY_SIZE,
      "OFPT_ROLE_STATUS" },
    { OFMSG_TABLE_STATUS, V14_15, PLAIN, 31, 0, 8, ANY_SIZE,
      "OFPT_TABLE_STATUS" },
    { OFMSG_REQUESTFORWARD, V14_15, PLAIN, 32, 0, 8, ANY_SIZE,
      "OFPT_REQUESTFORWARD" },
    { OFMSG_BUNDLE_CONTROL, V14_15, PLAIN, 33, 0, 8, ANY_SIZE,
      "OFPT_BUNDLE_CONTROL" },
    { OFMSG_BUNDLE_CONTROL, V13, VENDOR, 2300, ONF, 8, ANY_SIZE,
      "ONFT_BUNDLE_CONTROL" },
    { OFMSG_BUNDLE_ADD, V14_15, PLAIN, 34, 0, 16, ANY_SIZE,
      "OFPT_BUNDLE_ADD_MESSAGE" },
    { OFMSG_BUNDLE_ADD, V13, VENDOR, 2301, ONF, 16, ANY_SIZE,
      "ONFT_BUNDLE_ADD_MESSAGE" },
    { OFMSG_SET_FLOW_FORMAT, V10, VENDOR, 12, NX, 4, FIXED,
      "NXT_SET_FLOW_FORMAT" },
    { OFMSG_FLOW_MOD_TABLE_ID, V10, VENDOR, 15, NX, 8, FIXED,
      "NXT_FLOW_MOD_TABLE_ID" },
    { OFMSG_SET_PACKET_IN_FORMAT, ALL, VENDOR, 16, NX, 4, FIXED,
      "NXT_SET_PACKET_IN_FORMAT" },
    { OFMSG_SET_CONTROLLER_ID, ALL, VENDOR, 20, NX, 8, FIXED,
      "NXT_SET_CONTROLLER_ID" },
    { OFMSG_FLOW_MONITOR_CANCEL, V10, VENDOR, 21, NX, 4, FIXED,
      "NXT_FLOW_MONITOR_CANCEL" },
    { OFMSG_FLOW_MONITOR_CANCEL, V13, VENDOR, 1870, ONF, 4, FIXED,
      "ONFT_FLOW_MONITOR_CANCEL" },
    { OFMSG_FLOW_MONITOR_PAUSED, V10, VENDOR, 22, NX, 0, FIXED,
      "NXT_FLOW_MONITOR_PAUSED" },
    { OFMSG_FLOW_MONITOR_PAUSED, V13, VENDOR, 1871, ONF, 0, FIXED,
      "ONFT_FLOW_MONITOR_PAUSED" },
    { OFMSG_FLOW_MONITOR_RESUMED, V10, VENDOR, 23, NX, 0, FIXED,
      "NXT_FLOW_MONITOR_RESUMED" },
    { OFMSG_FLOW_MONITOR_RESUMED, V13, VENDOR, 1872, ONF, 0, FIXED,
      "ONFT_FLOW_MONITOR_RESUMED" },
    { OFMSG_TLV_TABLE_MOD, ALL, VENDOR, 24, NX, 8, 8, "NXT_TLV_TABLE_MOD" },
    { OFMSG_TLV_TABLE_REQUEST, ALL, VENDOR, 25, NX, 0, FIXED,
      "NXT_TLV_TABLE_REQUEST" },
    { OFMSG_TLV_TABLE_REPLY, ALL, VENDOR, 26, NX, 16, 8,
      "NXT_TLV_TABLE_REPLY" },
    { OFMSG_RESUME, ALL, VENDOR, 28, NX, 0, ANY_SIZE, "NXT_RESUME" },
    { OFMSG_CT_FLUSH_ZONE, ALL, VENDOR, 29, NX, 8, FIXED,
      "NXT_CT_FLUSH_ZONE" },
    { OFMSG_CT_FLUSH, ALL, VENDOR, 32, NX, 8, ANY_SIZE, "NXT_CT_FLUSH" },

    { OFMSG_DESC_REQUEST, ALL, REQUEST, 0, 0, 0, FIXED, "OFPST_DESC" },
    { OFMSG_DESC_REPLY, ALL, REPLY, 0, 0, 1056, FIXED, "OFPST_DESC" },
    { OFMSG_FLOW_STATS_REQUEST, V10, REQUEST, 1, 0, 44, FIXED,
      "OFPST_FLOW" },
    { OFMSG_FLOW_STATS_REQUEST, V13_15, REQUEST, 1, 0, 32, ANY_SIZE,
      "OFPST_FLOW" },
    { OFMSG_FLOW_STATS_REQUEST, V10, VENDOR_REQUEST, 0, NX, 8, ANY_SIZE,
      "NXST_FLOW" },
    { OFMSG_FLOW_STATS_REPLY, ALL, REPLY, 1, 0, 0, ANY_SIZE, "OFPST_FLOW" },
    { OFMSG_FLOW_STATS_REPLY, V10, VENDOR_REPLY, 0, NX, 0, ANY_SIZE,
      "NXST_FLOW" },
    { OFMSG_AGGREGATE_REQUEST, V10, REQUEST, 2, 0, 44, FIXED,
      "OFPST_AGGREGATE" },
    { OFMSG_AGGREGATE_REQUEST, V13_15, REQUEST, 2, 0, 32, ANY_SIZE,
      "OFPST_AGGREGATE" },
    { OFMSG_AGGREGATE_REQUEST, V10, VENDOR_REQUEST, 1, NX, 8, ANY_SIZE,
      "NXST_AGGREGATE" },
    { OFMSG_AGGREGATE_REPLY, V10, REPLY, 2, 0, 24, FIXED,
      "OFPST_AGGREGATE" },
    { OFMSG_AGGREGATE_REPLY, V13_14, REPLY, 2, 0, 24, FIXED,
      "OFPST_AGGREGATE" },
    { OFMSG_AGGREGATE_REPLY, V15, REPLY, 2, 0, 4, ANY_SIZE,
      "OFPST_AGGREGATE" },
    { OFMSG_AGGREGATE_REPLY, V10, VENDOR_REPLY, 1, NX, 24, FIXED,
      "NXST_AGGREGATE" },
    { OFMSG_TABLE_STATS_REQUEST, ALL, REQUEST, 3, 0, 0, FIXED,
      "OFPST_TABLE" },
    { OFMSG_TABLE_STATS_REPLY, V10, REPLY, 3, 0, 0, 64, "OFPST_TABLE" },
    { OFMSG_TABLE_STATS_REPLY, V13_15, REPLY, 3, 0, 0, 24, "OFPST_TABLE" },
    { OFMSG_PORT_STATS_REQUEST, ALL, REQUEST, 4, 0, 8, FIXED, "OFPST_PORT" },
    { OFMSG_PORT_STATS_REPLY, V10, REPLY, 4, 0, 0, 104, "OFPST_PORT" },
    { OFMSG_PORT_STATS_REPLY, V13, REPLY, 4, 0, 0, 112, "OFPST_PORT" },
    { OFMSG_PORT_STATS_REPLY, V14_15, REPLY, 4, 0, 0, ANY_SIZE,
      "OFPST_PORT" },
    { OFMSG_QUEUE_STATS_REQUEST, ALL, REQUEST, 5, 0, 8, FIXED,
      "OFPST_QUEUE" },
    { OFMSG_QUEUE_STATS_REPLY, V10, REPLY, 5, 0, 0, 32, "OFPST_QUEUE" },
    { OFMSG_QUEUE_STATS_REPLY, V13, REPLY, 5, 0, 0, 40, "OFPST_QUEUE" },
    { OFMSG_QUEUE_STATS_REPLY, V14_15, REPLY, 5, 0, 0, ANY_SIZE,
      "OFPST_QUEUE" },
    { OFMSG_GROUP_STATS_REQUEST, V13_15, REQUEST, 6, 0, 8, FIXED,
      "OFPST_GROUP" },
    { OFMSG_GROUP_STATS_REPLY, V13_15, REPLY, 6, 0, 0, ANY_SIZE,
      "OFPST_GROUP" },
    { OFMSG_GROUP_DESC_REQUEST, V13_14, REQUEST, 7, 0, 0, FIXED,
      "OFPST_GROUP_DESC" },
    { OFMSG_GROUP_DESC_REQUEST, V15, REQUEST, 7, 0, 8, FIXED,
      "OFPST_GROUP_DESC" },
    { OFMSG_GROUP_DESC_REPLY, V13_15, REPLY, 7, 0, 0, ANY_SIZE,
      "OFPST_GROUP_DESC" },
    { OFMSG_GROUP_FEATURES_REQUEST, V13_15, REQUEST, 8, 0, 0, FIXED,
      "OFPST_GROUP_FEATURES" },
    { OFMSG_GROUP_FEATURES_REPLY, V13_15, REPLY, 8, 0, 40, FIXED,
      "OFPST_GROUP_FEATURES" },
    { OFMSG_GROUP_STATS_REQUEST, V10, VENDOR_REQUEST, 7, NX, 8, FIXED,
      "NXST_GROUP" },
    { OFMSG_GROUP_STATS_REPLY, V10, VENDOR_REPLY, 7, NX, 0, ANY_SIZE,
      "NXST_GROUP" },
    { OFMSG_GROUP_DESC_REQUEST, V10, VENDOR_REQUEST, 8, NX, 8, FIXED,
      "NXST_GROUP_DESC" },
    { OFMSG_GROUP_DESC_REPLY, V10, VENDOR_REPLY, 8, NX, 0, ANY_SIZE,
      "NXST_GROUP_DESC" },
    { OFMSG_GROUP_FEATURES_REQUEST, V10, VENDOR_REQUEST, 9, NX, 0, FIXED,
      "NXST_GROUP_FEATURES" },
    { OFMSG_GROUP_FEATURES_REPLY, V10, VENDOR_REPLY, 9, NX, 40, FIXED,
      "NXST_GROUP_FEATURES" },
    { OFMSG_METER_STATS_REQUEST, V13_15, REQUEST, 9, 0, 8, FIXED,
      "OFPST_METER" },
    { OFMSG_METER_STATS_REPLY, V13_15, REPLY, 9, 0, 0, ANY_SIZE,
      "OFPST_METER" },
    { OFMSG_METER_CONFIG_REQUEST, V13_15, REQUEST, 10, 0, 8, FIXED,
      "OFPST_METER_CONFIG" },
    { OFMSG_METER_CONFIG_REPLY, V13_15, REPLY, 10, 0, 0, ANY_SIZE,
      "OFPST_METER_CONFIG" },
    { OFMSG_METER_FEATURES_REQUEST, V13_15, REQUEST, 11, 0, 0, FIXED,
      "OFPST_METER_FEATURES" },
    { OFMSG_METER_FEATURES_REPLY, V13_15, REPLY, 11, 0, 16, ANY_SIZE,
      "OFPST_METER_FEATURES" },
    { OFMSG_TABLE_FEATURES_REQUEST, V13_15, REQUEST, 12, 0, 0, ANY_SIZE,
      "OFPST_TABLE_FEATURES" },
    { OFMSG_TABLE_FEATURES_REPLY, V13_15, REPLY, 12, 0, 0, ANY_SIZE,
      "OFPST_TABLE_FEATURES" },
    { OFMSG_PORT_DESC_REQUEST, V10, REQUEST, 13, 0, 0, FIXED,
      "OFPST_PORT_DESC" },
    { OFMSG_PORT_DESC_REQUEST, V13_14, REQUEST, 13, 0, 0, FIXED,
      "OFPST_PORT_DESC" },
    { OFMSG_PORT_DESC_REQUEST, V15, REQUEST, 13, 0, 8, FIXED,
      "OFPST_PORT_DESC" },
    { OFMSG_PORT_DESC_REPLY, V10, REPLY, 13, 0, 0, 48, "OFPST_PORT_DESC" },
    { OFMSG_PORT_DESC_REPLY, V13, REPLY, 13, 0, 0, 64, "OFPST_PORT_DESC" },
    { OFMSG_PORT_DESC_REPLY, V14_15, REPLY, 13, 0, 0, ANY_SIZE,
      "OFPST_PORT_DESC" },
    { OFMSG_TABLE_DESC_REQUEST, V14_15, REQUEST, 14, 0, 0, FIXED,
      "OFPST_TABLE_DESC" },
    { OFMSG_TABLE_DESC_REPLY, V14_15, REPLY, 14, 0, 0, ANY_SIZE,
      "OFPST_TABLE_DESC" },
    { OFMSG_QUEUE_DESC_REQUEST, V14_15, REQUEST, 15, 0, 8, FIXED,
      "OFPST_QUEUE_DESC" },
    { OFMSG_QUEUE_DESC_REPLY, V14_15, REPLY, 15, 0, 0, ANY_SIZE,
      "OFPST_QUEUE_DESC" },
    { OFMSG_FLOW_MONITOR_REQUEST, V10, VENDOR_REQUEST, 2, NX, 0, ANY_SIZE,
      "NXST_FLOW_MONITOR" },
    { OFMSG_FLOW_MONITOR_REPLY, V10, VENDOR_REPLY, 2, NX, 0, ANY_SIZE,
      "NXST_FLOW_MONITOR" },
    { OFMSG_FLOW_MONITOR_REQUEST, V13, VENDOR_REQUEST, 1870, ONF, 0,
      ANY_SIZE, "ONFST_FLOW_MONITOR" },
    { OFMSG_FLOW_MONITOR_REPLY, V13, VENDOR_REPLY, 1870, ONF, 0, ANY_SIZE,
      "ONFST_FLOW_MONITOR" },
    { OFMSG_FLOW_MONITOR_REQUEST, V14_15, REQUEST, 16, 0, 0, ANY_SIZE,
      "OFPST_FLOW_MONITOR" },
    { OFMSG_FLOW_MONITOR_REPLY, V14_15, REPLY, 16, 0, 0, ANY_SIZE,
      "OFPST_FLOW_MONITOR" },
    { OFMSG_IPFIX_BRIDGE_REQUEST, ALL, VENDOR_REQUEST, 3, NX, 0, FIXED,
      "NXST_IPFIX_BRIDGE" },
    { OFMSG_IPFIX_BRIDGE_REPLY, ALL, VENDOR_REPLY, 3, NX, 88, FIXED,
      "NXST_IPFIX_BRIDGE" },
    { OFMSG_IPFIX_FLOW_REQUEST, ALL, VENDOR_REQUEST, 4, NX, 0, FIXED,
      "NXST_IPFIX_FLOW" },
    { OFMSG_IPFIX_FLOW_REPLY, ALL, VENDOR_REPLY, 4, NX, 0, 88,
      "NXST_IPFIX_FLOW" },
};

/* Row number + 1 of plain messages and plain multiparts, by version and
 * number; vendors' are searched. */
enum { N_VERSIONS = 7, N_PLAIN = 40, N_MULTIPART = 20 };
static uint8_t plain_rows[N_VERSIONS][N_PLAIN];
static uint8_t multipart_rows[2][N_VERSIONS][N_MULTIPART];

/* Row number + 1 by version and type; the second prefers extensions. */
static uint8_t type_rows[2][N_VERSIONS][OFMSG_N_TYPES];

_Static_assert(ARRAY_SIZE(rows) < UINT8_MAX, "row numbers are bytes");

static bool
is_vendor_kind(enum kind kind)
{
    return kind == VENDOR || kind >= VENDOR_REQUEST;
}

static CONSTRUCTOR void
msg_init(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct row *row = &rows[i];

        for (int v = row->first; v <= MIN(row->last, OFP15_VERSION); v++) {
            uint8_t *first = &type_rows[false][v][row->type];
            uint8_t *nx = &type_rows[true][v][row->type];

            *first = *first ? *first : i + 1;
            *nx = *nx && !is_vendor_kind(row->kind) ? *nx : i + 1;
            if (row->kind == PLAIN) {
                plain_rows[v][row->number] = i + 1;
            } else if (row->kind == REQUEST || row->kind == REPLY) {
                multipart_rows[row->kind == REPLY][v][row->number] = i + 1;
            }
        }
    }
}

static bool
is_multipart_kind(enum kind kind)
{
    return kind >= REQUEST;
}

static size_t
header_size(const struct row *row, uint8_t version)
{
    switch ((enum kind) row->kind) {
    case PLAIN:
        return 8;
    case VENDOR:
        return 16;
    case REQUEST:
    case REPLY:
        return version == OFP10_VERSION ? 12 : 16;
    case VENDOR_REQUEST:
    case VENDOR_REPLY:
        return 24;
    }
    return 8;
}

static const struct row *
find_vendor(enum kind kind, uint8_t version, uint32_t vendor,
            uint32_t subtype)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct row *row = &rows[i];

        if (row->kind == kind && row->number == subtype
            && row->vendor == vendor && version >= row->first
            && version <= row->last) {
            return row;
        }
    }
    return NULL;
}

/* Finds the row of a multipart message; 'r' is at the multipart type. */
static enum ofperr
find_multipart(struct ofmsg *msg, struct reader *r, bool is_reply,
               const struct row **row)
{
    uint16_t type = reader_u16(r);
    uint16_t flags = reader_u16(r);

    msg->is_multipart = true;
    msg->more = flags & 1;
    if (msg->version != OFP10_VERSION) {
        reader_skip(r, 4);
    }
    if (type == 0xffff) {
        uint32_t vendor = reader_u32(r);
        uint32_t subtype = reader_u32(r);

        if (msg->version == OFP10_VERSION) {
            reader_skip(r, 4);
        }
        if (r->is_bad) {
            return OFPBRC_BAD_LEN;
        }
        if (vendor != OFP_VENDOR_NX && vendor != OFP_VENDOR_ONF) {
            return OFPBRC_BAD_VENDOR;
        }
        *row = find_vendor(is_reply ? VENDOR_REPLY : VENDOR_REQUEST,
                           msg->version, vendor, subtype);
        return *row ? 0 : OFPBRC_BAD_SUBTYPE;
    }
    if (r->is_bad) {
        return OFPBRC_BAD_LEN;
    }
    if (type >= N_MULTIPART
        || !multipart_rows[is_reply][msg->version][type]) {
        return OFPBRC_BAD_STAT;
    }
    *row = &rows[multipart_rows[is_reply][msg->version][type] - 1];
    return 0;
}

static enum ofperr
find_row(struct ofmsg *msg, uint8_t type, struct reader *r,
         const struct row **row)
{
    int multipart = (msg->version == OFP10_VERSION ? T_MULTIPART_10
                     : T_MULTIPART);

    if (type == 0) {
        *row = &rows[0];
        return 0;
    }
    if (msg->version > OFP15_VERSION
        || !(OFP_SUPPORTED_VERSIONS & OFP_VERSION_BIT(msg->version))) {
        return OFPBRC_BAD_VERSION;
    }
    if (type == T_VENDOR) {
        uint32_t vendor = reader_u32(r);
        uint32_t subtype = reader_u32(r);

        if (r->is_bad) {
            return OFPBRC_BAD_LEN;
        }
        if (vendor != OFP_VENDOR_NX && vendor != OFP_VENDOR_ONF) {
            return OFPBRC_BAD_VENDOR;
        }
        *row = find_vendor(VENDOR, msg->version, vendor, subtype);
        return *row ? 0 : OFPBRC_BAD_SUBTYPE;
    }
    if (type == multipart || type == multipart + 1) {
        return find_multipart(msg, r, type != multipart, row);
    }
    if (type >= N_PLAIN || !plain_rows[msg->version][type]) {
        return OFPBRC_BAD_TYPE;
    }
    *row = &rows[plain_rows[msg->version][type] - 1];
    return 0;
}

enum ofperr
ofmsg_decode(const void *data, size_t size, struct ofmsg *msg)
{
    struct reader r = reader_from(data, size);
    const struct row *row;
    enum ofperr error;
    uint8_t type;
    size_t length, extra;

    *msg = (struct ofmsg) { .data = data, .size = size };
    msg->version = reader_u8(&r);
    type = reader_u8(&r);
    length = reader_u16(&r);
    msg->xid = htonl(reader_u32(&r));
    if (r.is_bad || length != size) {
        return OFPBRC_BAD_LEN;
    }
    error = find_row(msg, type, &r, &row);
    if (error) {
        return error;
    }
    msg->type = row->type;
    msg->raw = row - rows;
    msg->is_nx = is_vendor_kind(row->kind) && row->vendor == NX;
    msg->body = r.p;
    msg->body_size = r.left;
    if (r.left < row->min_body) {
        return OFPBRC_BAD_LEN;
    }
    extra = r.left - row->min_body;
    if (row->step == FIXED ? extra != 0 : extra % row->step) {
        return OFPBRC_BAD_LEN;
    }
    return 0;
}

size_t
ofmsg_length(const void *data)
{
    return ntohs(get_be16((const uint8_t *) data + 2));
}

const char *
ofmsg_name(const struct ofmsg *msg)
{
    return rows[msg->raw].name;
}

bool
ofmsg_is_reply(const struct ofmsg *msg)
{
    return rows[msg->raw].kind == REPLY || rows[msg->raw].kind == VENDOR_REPLY;
}

const char *
ofmsg_type_name(enum ofmsg_type type)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (rows[i].type == type) {
            return rows[i].name;
        }
    }
    return "unknown";
}

/* The row of 'type' in 'version'; of several, the extension's if 'nx', else
 * the first. */
static const struct row *
find_encoding(enum ofmsg_type type, uint8_t version, bool nx)
{
    uint8_t i;

    if (version >= N_VERSIONS) {
        return type == OFMSG_HELLO ? &rows[0] : NULL;
    }
    i = type_rows[nx][version][type];
    return i ? &rows[i - 1] : NULL;
}

bool
ofmsg_is_available(enum ofmsg_type type, uint8_t version)
{
    return find_encoding(type, version, false) != NULL;
}

/* Encoding. */

static size_t
start_row(struct buf *b, const struct row *row, uint8_t version, be32 xid)
{
    size_t start = b->size;
    int multipart = (version == OFP10_VERSION ? T_MULTIPART_10 : T_MULTIPART);
    bool is_reply = row->kind == REPLY || row->kind == VENDOR_REPLY;

    buf_put_u8(b, version);
    buf_put_u8(b, (row->kind == PLAIN ? row->number
                   : row->kind == VENDOR ? T_VENDOR
                   : multipart + is_reply));
    buf_put_u16(b, 0);
    buf_put_u32(b, ntohl(xid));
    if (is_multipart_kind(row->kind)) {
        buf_put_u16(b, is_vendor_kind(row->kind) ? 0xffff : row->number);
        buf_put_u16(b, 0);
        if (version != OFP10_VERSION) {
            buf_put_u32(b, 0);
        }
    }
    if (is_vendor_kind(row->kind)) {
        buf_put_u32(b, row->vendor);
        buf_put_u32(b, row->number);
    }
    if (b->size - start < header_size(row, version)) {
        buf_put_zeros(b, header_size(row, version) - (b->size - start));
    }
    return start;
}

size_t
ofmsg_start(struct buf *b, enum ofmsg_type type, uint8_t version, be32 xid)
{
    return start_row(b, find_encoding(type, version, false), version, xid);
}

size_t
ofmsg_start_nx(struct buf *b, enum ofmsg_type type, uint8_t version, be32 xid)
{
    return start_row(b, find_encoding(type, version, true), version, xid);
}

/* The row of the reply to 'request', which follows it as type and encoding
 * do. */
static const struct row *
reply_row(const struct ofmsg *request)
{
    const struct row *row = &rows[request->raw];

    return find_encoding(row->type + 1, request->version,
                         is_vendor_kind(row->kind));
}

size_t
ofmsg_start_reply(struct buf *b, const struct ofmsg *request)
{
    return start_row(b, reply_row(request), request->version, request->xid);
}

size_t
ofmsg_start_packet_in_nxt(struct buf *b, uint8_t version)
{
    return start_row(b, find_vendor(VENDOR, version, NX, 17), version, 0);
}

void
ofmsg_finish(struct buf *b, size_t start)
{
    buf_set_u16(b, start + 2, b->size - start);
}

struct buf *
ofmsg_create_empty(enum ofmsg_type type, uint8_t version, be32 xid)
{
    struct buf *b = buf_create(32);

    ofmsg_finish(b, ofmsg_start(b, type, version, xid));
    return b;
}

be32
ofmsg_alloc_xid(void)
{
    static uint32_t next = 1;

    return htonl(__atomic_fetch_add(&next, 1, __ATOMIC_RELAXED));
}

/* Multipart replies. */

static void
start_part(struct multipart *mp)
{
    mp->b = buf_create(1024);
    start_row(mp->b, &rows[mp->raw], mp->version, mp->xid);
}

void
multipart_init(struct multipart *mp, const struct ofmsg *request,
               struct list *list)
{
    *mp = (struct multipart) {
        .list = list, .version = request->version, .xid = request->xid,
        .raw = reply_row(request) - rows,
    };
    start_part(mp);
}

void
multipart_init_type(struct multipart *mp, enum ofmsg_type type,
                    uint8_t version, be32 xid, struct list *list)
{
    *mp = (struct multipart) {
        .list = list, .version = version, .xid = xid,
        .raw = find_encoding(type, version, false) - rows,
    };
    start_part(mp);
}

struct buf *
multipart_begin(struct multipart *mp)
{
    mp->element = mp->b->size;
    return mp->b;
}

bool
multipart_is_nx(const struct multipart *mp)
{
    return is_vendor_kind(rows[mp->raw].kind);
}

void
multipart_end(struct multipart *mp)
{
    struct buf *full = mp->b;
    size_t size = full->size - mp->element;

    if (full->size <= UINT16_MAX) {
        return;
    }
    start_part(mp);
    if (mp->b->size + size > UINT16_MAX) {
        /* No message can hold it. */
        mp->too_long = true;
    } else {
        buf_put(mp->b, full->data + mp->element, size);
    }
    full->size = mp->element;
    ofmsg_finish(full, 0);
    buf_set_u16(full, 10, 1);
    list_push_back(mp->list, &full->node);
}

void
multipart_finish(struct multipart *mp)
{
    ofmsg_finish(mp->b, 0);
    list_push_back(mp->list, &mp->b->node);
    mp->b = NULL;
}

void
buf_list_destroy(struct list *list)
{
    while (!list_is_empty(list)) {
        buf_destroy(LIST_ELEM((struct buf *) NULL, list_pop_front(list),
                              node));
    }
}

/* Versions. */

static const char *const version_names[] = {
    [OFP10_VERSION] = "OpenFlow10", "OpenFlow11", "OpenFlow12", "OpenFlow13",
    [OFP14_VERSION] = "OpenFlow14", [OFP15_VERSION] = "OpenFlow15",
};

const char *
ofp_version_name(uint8_t version)
{
    return (version < ARRAY_SIZE(version_names) && version_names[version]
            ? version_names[version] : "unknown");
}

static uint8_t
parse_version(const char *name)
{
    for (int v = 1; v <= OFP15_VERSION; v++) {
        char number[8];

        snprintf(number, sizeof number, "1.%d", v - 1);
        if ((version_names[v] && !strcasecmp(name, version_names[v]))
            || !strcmp(name, number)) {
            return version_names[v] ? v : 0;
        }
    }
    return 0;
}

struct error *
ofp_versions_parse(const char *text, uint32_t *ret)
{
    char *copy = xstrdup(text), *rest = copy, *word;
    uint32_t versions = 0;

    while ((word = text_token(&rest, ", "))) {
        char *dash = strchr(word, '-');
        uint8_t from, to;

        if (dash) {
            *dash++ = '\0';
        }
        from = parse_version(word);
        to = dash ? parse_version(dash) : from;
        if (!from || !to) {
            struct error *error = error_create(EINVAL, "%s: unknown OpenFlow "
                                               "version", from ? dash : word);

            free(copy);
            return error;
        }
        for (int v = from; v <= to; v++) {
            versions |= OFP_VERSION_BIT(v) & OFP_SUPPORTED_VERSIONS;
        }
    }
    free(copy);
    *ret = versions;
    return NULL;
}

void
ofp_versions_format(uint32_t versions, struct str *s)
{
    const char *separator = "";

    for (int v = 1; v <= OFP15_VERSION; v++) {
        if (versions & OFP_VERSION_BIT(v)) {
            str_printf(s, "%s%s", separator, ofp_version_name(v));
            separator = ", ";
        }
    }
}
