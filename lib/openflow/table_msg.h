/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_TABLE_MSG_H
#define OPENFLOW_TABLE_MSG_H

/* Messages about flow tables: table mod, statistics, features,
 * descriptions. */

#include "lib/base/error.h"
#include "lib/flow/field.h"
#include "lib/openflow/msg.h"

#define OFP_TABLE_NAME_SIZE 32

/* What happens to a packet that no entry matches (OpenFlow 1.1, 1.2). */
enum table_miss {
    TABLE_MISS_DEFAULT,
    TABLE_MISS_CONTROLLER,
    TABLE_MISS_CONTINUE,
    TABLE_MISS_DROP
};

enum table_switch {
    TABLE_SWITCH_DEFAULT,        /* Leave as it is. */
    TABLE_SWITCH_ON,
    TABLE_SWITCH_OFF
};

/* Eviction flags, by what the switch chooses the entry to go. */
enum {
    TABLE_EVICT_OTHER = 1 << 0,
    TABLE_EVICT_IMPORTANCE = 1 << 1,
    TABLE_EVICT_LIFETIME = 1 << 2
};

struct table_mod {
    uint8_t table_id;            /* OFPTT_ALL. */
    uint8_t miss;                /* enum table_miss. */
    uint8_t eviction;            /* enum table_switch. */
    uint8_t vacancy;             /* enum table_switch. */
    uint32_t eviction_flags;     /* TABLE_EVICT_*; UINT32_MAX: not given. */
    uint8_t vacancy_down;        /* Percent. */
    uint8_t vacancy_up;
    uint8_t vacancy_now;         /* In descriptions. */
    const char *name;            /* Parsed: the text's; NULL: leave it.  Goes by
                                  * table features, not a table mod. */
};

enum ofperr table_mod_decode(struct table_mod *, const struct ofmsg *)
    MUST_USE;
struct buf *table_mod_encode(const struct table_mod *, uint8_t version)
    MUST_USE;

/* Parses a setting: "evict", "noevict", "vacancy:LOW,HIGH", "novacancy",
 * "controller", "continue", "drop", and for one table "name:NAME". */
struct error *table_mod_parse(struct table_mod *, uint8_t table_id,
                              const char *setting, uint32_t *usable_versions)
    MUST_USE;

/* OFPMP_TABLE_DESC: next, 0, -ENODATA or an enum ofperr. */
void table_desc_append(struct multipart *, const struct table_mod *);
int table_desc_decode(struct table_mod *, struct reader *) MUST_USE;

enum table_status_reason {
    TABLE_VACANCY_DOWN = 3,
    TABLE_VACANCY_UP = 4
};

struct table_status {
    uint8_t reason;              /* enum table_status_reason. */
    struct table_mod desc;
};

struct buf *table_status_encode(const struct table_status *, uint8_t version)
    MUST_USE;
enum ofperr table_status_decode(struct table_status *, const struct ofmsg *)
    MUST_USE;

struct table_stats {
    uint8_t table_id;
    uint32_t active_count;
    uint32_t max_entries;        /* OpenFlow 1.0. */
    char name[OFP_TABLE_NAME_SIZE + 1];     /* OpenFlow 1.0. */
    uint32_t wildcards;          /* OpenFlow 1.0. */
    uint64_t lookup_count;
    uint64_t matched_count;
};

void table_stats_append(struct multipart *, const struct table_stats *);
int table_stats_decode(struct table_stats *, uint8_t version, struct reader *)
    MUST_USE;

/* What a table offers on a hit or on a miss. */
struct table_instructions {
    uint32_t instructions;       /* Bit of each instruction type number:
                                  * 1 goto_table, 2 write_metadata,
                                  * 3 write_actions, 4 apply_actions,
                                  * 5 clear_actions, 6 meter. */
    uint64_t next[4];            /* Bitmap of tables. */
    struct {
        uint64_t ofpacts;        /* Bit of each enum ofpact_type. */
        struct field_set set_fields;
    } write, apply;
};

/* What a request of OpenFlow 1.5 does with what it has; replace in others. */
enum table_features_command {
    TABLE_FEATURES_REPLACE,
    TABLE_FEATURES_MODIFY,
    TABLE_FEATURES_ENABLE,
    TABLE_FEATURES_DISABLE
};

struct table_features {
    uint8_t table_id;
    uint8_t command;             /* enum table_features_command. */
    char name[OFP_TABLE_NAME_SIZE + 1];
    be64 metadata_match;
    be64 metadata_write;
    uint32_t capabilities;       /* TABLE_CAP_*. */
    uint32_t max_entries;
    struct table_instructions hit;
    struct table_instructions miss;
    struct field_set match;      /* Fields that can be matched... */
    struct field_set mask;       /* ...with a mask... */
    struct field_set wildcard;   /* ...or left out. */
    bool has_any_properties;
};

enum {
    TABLE_CAP_EVICTION = 1 << 2,
    TABLE_CAP_VACANCY_EVENTS = 1 << 3
};

void table_features_append(struct multipart *, const struct table_features *);
int table_features_decode(struct table_features *, const struct ofmsg *,
                          struct reader *) MUST_USE;

#endif /* openflow/table_msg.h */
