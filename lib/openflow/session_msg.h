/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_SESSION_MSG_H
#define OPENFLOW_SESSION_MSG_H

/* Messages about the connection and the switch as a whole: hello, errors,
 * echo, features, configuration, description, roles, asynchronous messages,
 * bundles, tunnel option tables, connection tracking, extensions' settings. */

#include "lib/flow/tlv.h"
#include "lib/openflow/msg.h"

/* Hello.  'versions' is a set of OFP_VERSION_BIT. */
struct buf *hello_encode(uint32_t versions) MUST_USE;

/* What the peer speaks: of its version bitmap, or all up to its header's. */
uint32_t hello_decode(const struct ofmsg *);

/* Errors.  The reply to 'request' (its first 64 bytes are sent back). */
struct buf *error_msg_reply(enum ofperr, const void *request,
                            size_t request_size) MUST_USE;
struct buf *error_msg_hello(enum ofperr, uint8_t version, const char *text)
    MUST_USE;

/* 'payload' is what follows the code: usually the start of the offending
 * message.  0 if the code is unknown; '*ret_code' is then still filled. */
enum ofperr error_msg_decode(const struct ofmsg *,
                             struct ofperr_code *ret_code,
                             struct reader *ret_payload);

/* Echo. */
struct buf *echo_request_create(uint8_t version) MUST_USE;
struct buf *echo_reply_create(const struct ofmsg *request) MUST_USE;

/* Features. */
enum {
    CAP_FLOW_STATS = 1 << 0,
    CAP_TABLE_STATS = 1 << 1,
    CAP_PORT_STATS = 1 << 2,
    CAP_STP = 1 << 3,            /* OpenFlow 1.0; later: group stats. */
    CAP_GROUP_STATS = 1 << 3,
    CAP_IP_REASM = 1 << 5,
    CAP_QUEUE_STATS = 1 << 6,
    CAP_ARP_MATCH_IP = 1 << 7,
    CAP_PORT_BLOCKED = 1 << 8,
    CAP_BUNDLES = 1 << 9,
    CAP_FLOW_MONITORING = 1 << 10
};

struct switch_features {
    uint64_t datapath_id;
    uint32_t n_buffers;
    uint8_t n_tables;
    uint8_t auxiliary_id;
    uint32_t capabilities;       /* CAP_*. */
    uint32_t actions;            /* OpenFlow 1.0: bits of its action types. */
};

/* OpenFlow 1.0 adds the ports: the caller appends them with phy_port_put()
 * and ofmsg_finish(b, 0). */
struct buf *switch_features_encode(const struct switch_features *,
                                   const struct ofmsg *request) MUST_USE;

/* '*ret_ports' is where ports start (OpenFlow 1.0; else empty). */
enum ofperr switch_features_decode(struct switch_features *,
                                   const struct ofmsg *,
                                   struct reader *ret_ports) MUST_USE;

/* Configuration. */
enum frag_handling {
    FRAG_NORMAL,
    FRAG_DROP,
    FRAG_REASM,
    FRAG_NX_MATCH,
    FRAG_MASK = 3
};

const char *frag_handling_name(enum frag_handling);
bool frag_handling_parse(const char *, enum frag_handling *);

struct switch_config {
    uint8_t frag;                /* enum frag_handling. */
    int8_t invalid_ttl_to_controller;   /* -1: this version cannot say. */
    uint16_t miss_send_len;
};

enum ofperr switch_config_decode(struct switch_config *, const struct ofmsg *)
    MUST_USE;
struct buf *switch_config_encode_set(const struct switch_config *,
                                     uint8_t version) MUST_USE;
struct buf *switch_config_encode_reply(const struct switch_config *,
                                       const struct ofmsg *request) MUST_USE;

/* Description. */
struct switch_desc {
    char mfr_desc[257];
    char hw_desc[257];
    char sw_desc[257];
    char serial_num[33];
    char dp_desc[257];
};

enum ofperr switch_desc_decode(struct switch_desc *, const struct ofmsg *)
    MUST_USE;
struct buf *switch_desc_encode(const struct switch_desc *,
                               const struct ofmsg *request) MUST_USE;

/* Roles. */
enum controller_role {
    ROLE_NOCHANGE,
    ROLE_EQUAL,
    ROLE_PRIMARY,
    ROLE_SECONDARY
};

const char *controller_role_name(enum controller_role);

struct role_request {
    uint8_t role;                /* enum controller_role. */
    bool has_generation_id;
    uint64_t generation_id;
};

enum ofperr role_decode(struct role_request *, const struct ofmsg *) MUST_USE;
struct buf *role_request_encode(const struct role_request *, uint8_t version)
    MUST_USE;
struct buf *role_reply_encode(const struct role_request *,
                              const struct ofmsg *request) MUST_USE;

struct role_status {
    uint8_t role;
    uint8_t reason;              /* 0 primary request, 1 config, 2 experimenter. */
    uint64_t generation_id;
};

/* NULL if 'version' has no such message. */
struct buf *role_status_encode(const struct role_status *, uint8_t version)
    MUST_USE;
enum ofperr role_status_decode(struct role_status *, const struct ofmsg *)
    MUST_USE;

/* Asynchronous messages: which reasons a controller wants. */
enum async_type {
    ASYNC_PACKET_IN,
    ASYNC_PORT_STATUS,
    ASYNC_FLOW_REMOVED,
    ASYNC_ROLE_STATUS,
    ASYNC_TABLE_STATUS,
    ASYNC_REQUESTFORWARD,
    ASYNC_N_TYPES
};

struct async_config {
    uint32_t primary[ASYNC_N_TYPES];     /* Bit of each reason; while equal or
                                          * primary. */
    uint32_t secondary[ASYNC_N_TYPES];
};

/* What a connection of 'version' starts with. */
void async_config_default(struct async_config *, uint8_t version);

/* Changes '*config' as a set-async message says. */
enum ofperr async_config_decode(struct async_config *, const struct ofmsg *)
    MUST_USE;
struct buf *async_config_encode_set(const struct async_config *,
                                    uint8_t version) MUST_USE;
struct buf *async_config_encode_reply(const struct async_config *,
                                      const struct ofmsg *request) MUST_USE;

/* Bundles. */
enum bundle_control_type {
    BUNDLE_OPEN_REQUEST,
    BUNDLE_OPEN_REPLY,
    BUNDLE_CLOSE_REQUEST,
    BUNDLE_CLOSE_REPLY,
    BUNDLE_COMMIT_REQUEST,
    BUNDLE_COMMIT_REPLY,
    BUNDLE_DISCARD_REQUEST,
    BUNDLE_DISCARD_REPLY
};

enum {
    BUNDLE_F_ATOMIC = 1 << 0,
    BUNDLE_F_ORDERED = 1 << 1
};

struct bundle_control {
    uint32_t bundle_id;
    uint16_t type;               /* enum bundle_control_type. */
    uint16_t flags;              /* BUNDLE_F_*. */
};

enum ofperr bundle_control_decode(struct bundle_control *,
                                  const struct ofmsg *) MUST_USE;
struct buf *bundle_control_encode(const struct bundle_control *,
                                  uint8_t version) MUST_USE;
struct buf *bundle_control_encode_reply(const struct bundle_control *,
                                        const struct ofmsg *request) MUST_USE;

struct bundle_add {
    uint32_t bundle_id;
    uint16_t flags;
    struct ofmsg msg;            /* The message within; its type may be in a
                                  * bundle.  Borrowed. */
};

enum ofperr bundle_add_decode(struct bundle_add *, const struct ofmsg *)
    MUST_USE;

/* Appends to 'b' a bundle-add of the message 'inner' (of 'version'). */
void bundle_add_put(struct buf *b, uint8_t version, uint32_t bundle_id,
                    uint16_t flags, const void *inner, size_t inner_size);

/* Starts a bundle-add, to which the caller appends the message, whose 'xid'
 * this is; returns what ofmsg_finish() needs. */
size_t bundle_add_start(struct buf *b, uint8_t version, uint32_t bundle_id,
                        uint16_t flags, be32 xid) MUST_USE;

/* Tunnel option tables (NXT_TLV_TABLE_*). */
enum tlv_command {
    TLV_CMD_ADD,
    TLV_CMD_DELETE,
    TLV_CMD_CLEAR
};

#define TLV_MAX_MAPS 256

struct tlv_table_mod {
    uint16_t command;            /* enum tlv_command. */
    size_t n_maps;
    struct tlv_map *maps;        /* Owned; free(). */
};

struct tlv_table_reply {
    uint32_t max_option_space;
    uint16_t max_fields;
    size_t n_maps;
    struct tlv_map *maps;        /* Owned; free(). */
};

enum ofperr tlv_table_mod_decode(struct tlv_table_mod *, const struct ofmsg *)
    MUST_USE;
struct buf *tlv_table_mod_encode(const struct tlv_table_mod *,
                                 uint8_t version) MUST_USE;
enum ofperr tlv_table_reply_decode(struct tlv_table_reply *,
                                   const struct ofmsg *) MUST_USE;
struct buf *tlv_table_reply_encode(const struct tlv_table_reply *,
                                   const struct ofmsg *request) MUST_USE;

/* Fills a reply's maps from 'table'. */
void tlv_table_reply_from_table(struct tlv_table_reply *,
                                const struct tlv_table *);

/* "{class=0xffff,type=0,len=4}->tun_metadata0,..." */
struct error *tlv_table_mod_parse(struct tlv_table_mod *, const char *text,
                                  uint16_t command) MUST_USE;

/* Small extensions. */
struct buf *set_packet_in_format_encode(uint8_t version, unsigned int format)
    MUST_USE;
enum ofperr set_packet_in_format_decode(const struct ofmsg *,
                                        unsigned int *ret_format) MUST_USE;
struct buf *set_controller_id_encode(uint8_t version, uint16_t id) MUST_USE;
enum ofperr set_controller_id_decode(const struct ofmsg *, uint16_t *ret)
    MUST_USE;
struct buf *set_flow_format_encode(bool nxm) MUST_USE;
enum ofperr set_flow_format_decode(const struct ofmsg *, bool *ret_nxm)
    MUST_USE;
struct buf *flow_mod_table_id_encode(bool on) MUST_USE;
enum ofperr flow_mod_table_id_decode(const struct ofmsg *, bool *ret_on)
    MUST_USE;

/* Reads the body of OFPT_REQUESTFORWARD: a group mod or meter mod. */
enum ofperr requestforward_decode(struct ofmsg *ret_inner,
                                  const struct ofmsg *) MUST_USE;
/* NULL if 'version' has no such message, or 'inner' is of another. */
struct buf *requestforward_encode(const struct ofmsg *inner, uint8_t version)
    MUST_USE;

#endif /* openflow/session_msg.h */
