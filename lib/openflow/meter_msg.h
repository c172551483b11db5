/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_METER_MSG_H
#define OPENFLOW_METER_MSG_H

/* Messages about meters, and their text. */

#include "lib/base/error.h"
#include "lib/openflow/msg.h"

#define METER_MAX 0xffff0000u
#define METER_SLOWPATH 0xfffffffdu
#define METER_CONTROLLER 0xfffffffeu
#define METER_ALL 0xffffffffu

enum {
    METER_F_KBPS = 1 << 0,
    METER_F_PKTPS = 1 << 1,
    METER_F_BURST = 1 << 2,
    METER_F_STATS = 1 << 3
};

enum meter_band_type {
    METER_BAND_DROP = 1,
    METER_BAND_DSCP_REMARK = 2
};

struct meter_band {
    uint16_t type;               /* enum meter_band_type. */
    uint8_t prec_level;          /* DSCP remark. */
    uint32_t rate;               /* kbit/s or packets/s. */
    uint32_t burst_size;         /* kbit or packets. */
};

struct meter_config {
    uint32_t meter_id;
    uint16_t flags;              /* METER_F_*. */
    uint16_t n_bands;
    struct meter_band *bands;    /* Owned. */
};

enum meter_command {
    METER_MOD_ADD,
    METER_MOD_MODIFY,
    METER_MOD_DELETE
};

struct meter_mod {
    uint16_t command;            /* enum meter_command. */
    struct meter_config meter;
};

void meter_config_uninit(struct meter_config *);

enum ofperr meter_mod_decode(struct meter_mod *, const struct ofmsg *)
    MUST_USE;
struct buf *meter_mod_encode(const struct meter_mod *, uint8_t version)
    MUST_USE;

/* Configuration and statistics requests are for one meter or METER_ALL. */
struct buf *meter_request_encode(enum ofmsg_type, uint32_t meter_id,
                                 uint8_t version) MUST_USE;
enum ofperr meter_request_decode(uint32_t *ret_meter_id, const struct ofmsg *)
    MUST_USE;

void meter_config_append(struct multipart *, const struct meter_config *);

/* 0, -ENODATA or an enum ofperr. */
int meter_config_decode(struct meter_config *, struct reader *) MUST_USE;

struct meter_band_stats {
    uint64_t n_packets;
    uint64_t n_bytes;
};

struct meter_stats {
    uint32_t meter_id;
    uint32_t flow_count;
    uint64_t n_packets_in;
    uint64_t n_bytes_in;
    uint32_t duration_s;
    uint32_t duration_ns;
    uint16_t n_bands;
    struct meter_band_stats *bands;   /* Owned. */
};

void meter_stats_append(struct multipart *, const struct meter_stats *);
int meter_stats_decode(struct meter_stats *, struct reader *) MUST_USE;

struct meter_features {
    uint32_t max_meters;
    uint32_t band_types;         /* Bit of each enum meter_band_type. */
    uint32_t capabilities;       /* METER_F_*. */
    uint8_t max_bands;
    uint8_t max_color;
};

struct buf *meter_features_encode(const struct meter_features *,
                                  const struct ofmsg *request) MUST_USE;
enum ofperr meter_features_decode(struct meter_features *,
                                  const struct ofmsg *) MUST_USE;

/* "meter=1 pktps burst bands=type=drop rate=..." */
struct error *meter_mod_parse(struct meter_mod *, const char *text,
                              uint16_t command, uint32_t *usable_protocols)
    MUST_USE;
void meter_config_format(const struct meter_config *, struct str *);

/* "1", "controller", "slowpath", "all". */
void meter_id_format(uint32_t meter_id, char separator, struct str *);

#endif /* openflow/meter_msg.h */
