/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENFLOW_GROUP_MSG_H
#define OPENFLOW_GROUP_MSG_H

/* Messages about groups: group mod (with OpenFlow 1.5's buckets), description,
 * statistics, features.  Their text form too. */

#include "lib/flow/field.h"
#include "lib/flow/port.h"
#include "lib/openflow/flow_mod.h"
#include "lib/openflow/msg.h"
#include "lib/openflow/ofpact.h"

enum group_type {
    GROUP_ALL,
    GROUP_SELECT,
    GROUP_INDIRECT,
    GROUP_FF                     /* Fast failover. */
};

/* "all", "select", "indirect", "ff"; NULL if unknown. */
const char *group_type_name(enum group_type);

#define BUCKET_MAX 0xffffff00u   /* First bucket id that is reserved. */
#define BUCKET_FIRST 0xfffffffdu
#define BUCKET_LAST 0xfffffffeu
#define BUCKET_ALL 0xffffffffu

struct bucket {
    struct list node;            /* In a group's list. */
    uint32_t id;
    uint16_t weight;             /* Select. */
    ofp_port_t watch_port;       /* OFPP_NONE: none. */
    uint32_t watch_group;        /* OFPG_ANY: none. */
    uint64_t n_packets;
    uint64_t n_bytes;
    struct ofpact *ofpacts;      /* Owned. */
    size_t ofpacts_size;
};

struct bucket *bucket_clone(const struct bucket *) MUST_USE;
void bucket_destroy(struct bucket *);
void buckets_destroy(struct list *);
void buckets_clone(struct list *dst, const struct list *src);
struct bucket *bucket_find(const struct list *, uint32_t id);
bool buckets_have_duplicates(const struct list *);

/* Property of select groups: how to choose a bucket. */
struct group_props {
    char selection_method[16];   /* "", "hash" or "dp_hash". */
    uint64_t selection_method_param;
    unsigned int n_fields;       /* Hash: of these fields, under masks. */
    struct {
        const struct field *field;
        union field_value mask;
    } *fields;                   /* Owned. */
};

/* Returns the mask of 'field' among the fields to hash, which are in a fixed
 * order; all zeros if it was not there before.  Good until the next call. */
union field_value *group_props_add_field(struct group_props *,
                                         const struct field *);

void group_props_uninit(struct group_props *);
void group_props_clone(struct group_props *, const struct group_props *);

enum group_command {
    GROUP_MOD_ADD,
    GROUP_MOD_MODIFY,
    GROUP_MOD_DELETE,
    GROUP_MOD_INSERT_BUCKET = 3,
    GROUP_MOD_REMOVE_BUCKET = 5,
    GROUP_MOD_ADD_OR_MODIFY = 0x8000
};

struct group_mod {
    uint16_t command;            /* enum group_command. */
    uint8_t type;                /* enum group_type. */
    uint32_t group_id;
    uint32_t command_bucket_id;  /* Insert: after which.  Remove: which. */
    struct list buckets;         /* struct bucket's. */
    struct group_props props;
};

void group_mod_init(struct group_mod *);
void group_mod_uninit(struct group_mod *);

/* Fills '*gm', for group_mod_uninit() unless it fails. */
enum ofperr group_mod_decode(struct group_mod *, const struct ofmsg *,
                             const struct ofp_decode *) MUST_USE;
struct buf *group_mod_encode(const struct group_mod *, uint8_t version)
    MUST_USE;

/* Descriptions. */
struct group_desc {
    uint8_t type;
    uint32_t group_id;
    struct list buckets;
    struct group_props props;
};

void group_desc_uninit(struct group_desc *);
void group_desc_append(struct multipart *, const struct group_desc *);

/* 0, -ENODATA or an enum ofperr. */
int group_desc_decode(struct group_desc *, const struct ofmsg *,
                      struct reader *) MUST_USE;

/* Requests for one group or OFPG_ALL: description (an id since 1.5) and
 * statistics. */
struct buf *group_desc_request_encode(uint32_t group_id, uint8_t version)
    MUST_USE;
uint32_t group_desc_request_decode(const struct ofmsg *);
struct buf *group_stats_request_encode(uint32_t group_id, uint8_t version)
    MUST_USE;
enum ofperr group_stats_request_decode(uint32_t *ret_group_id,
                                       const struct ofmsg *) MUST_USE;

struct bucket_stats {
    uint64_t n_packets;
    uint64_t n_bytes;
};

struct group_stats {
    uint32_t group_id;
    uint32_t ref_count;
    uint64_t n_packets;
    uint64_t n_bytes;
    uint32_t duration_s;
    uint32_t duration_ns;
    uint32_t n_buckets;
    struct bucket_stats *buckets;   /* Owned. */
};

void group_stats_append(struct multipart *, const struct group_stats *);
int group_stats_decode(struct group_stats *, const struct ofmsg *,
                       struct reader *) MUST_USE;

struct group_features {
    uint32_t types;              /* Bit of each enum group_type. */
    uint32_t capabilities;       /* Bits: weight, liveness, chaining, checks. */
    uint32_t max_groups[4];      /* By type. */
    uint64_t actions[4];         /* By type, a bit of each OpenFlow 1.1+ action
                                  * type number. */
};

struct buf *group_features_encode(const struct group_features *,
                                  const struct ofmsg *request) MUST_USE;
enum ofperr group_features_decode(struct group_features *,
                                  const struct ofmsg *) MUST_USE;

/* "group_id=1,type=select,bucket=..." of add-group, insert-buckets, ...
 * 'command' is what it is for. */
struct error *group_mod_parse(struct group_mod *, const char *text,
                              uint16_t command, const struct port_map *,
                              uint32_t *usable_protocols) MUST_USE;

/* Prints the part after "group_id=N,". */
void group_format(uint8_t type, const struct list *buckets,
                  const struct group_props *, uint8_t version,
                  const struct port_map *, struct str *);

#endif /* openflow/group_msg.h */
