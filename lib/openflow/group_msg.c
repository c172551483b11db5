/* SPDX-License-Identifier: Apache-2.0 */
/* Layouts: OpenFlow 1.3.5 sections A.3.4.2 and A.3.5.8 ff., OpenFlow 1.5.1
 * sections 7.3.4.3 and 7.3.5.9 ff.  The selection method is an experimenter
 * property of Netronome's, as ovs-ofctl(8) describes under "selection_method"
 * (vendor 0x0000154d, type 1: method, parameter, OXM fields). */
#include "lib/openflow/group_msg.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/openflow/buf.h"
#include "lib/openflow/flow_text.h"
#include "lib/openflow/ofpact_codec.h"
#include "lib/openflow/ofperr.h"
#include "lib/openflow/protocol.h"

#define VENDOR_NTR 0x0000154d
#define NTR_SELECTION_METHOD 1
#define PROP_EXPERIMENTER 0xffff
#define METHOD_SIZE 16

enum { BUCKET_PROP_WEIGHT, BUCKET_PROP_WATCH_PORT, BUCKET_PROP_WATCH_GROUP };

/* Messages of groups in OpenFlow 1.0 are an extension that has the layouts of
 * 1.5, with 1.0's actions in the buckets. */
static bool
is_15(uint8_t version)
{
    return version >= OFP15_VERSION || version == OFP10_VERSION;
}

static const char *const type_names[] = {
    [GROUP_ALL] = "all",
    [GROUP_SELECT] = "select",
    [GROUP_INDIRECT] = "indirect",
    [GROUP_FF] = "ff",
};

const char *
group_type_name(enum group_type type)
{
    return type < ARRAY_SIZE(type_names) ? type_names[type] : NULL;
}

/* ## Buckets ## */

static struct bucket *
bucket_create(void)
{
    struct bucket *bucket = xzalloc(sizeof *bucket);

    bucket->watch_port = OFPP_NONE;
    bucket->watch_group = OFPG_ANY;
    return bucket;
}

struct bucket *
bucket_clone(const struct bucket *src)
{
    struct bucket *bucket = xmemdup(src, sizeof *src);

    list_init(&bucket->node);
    bucket->ofpacts = xmemdup(src->ofpacts, src->ofpacts_size);
    return bucket;
}

void
bucket_destroy(struct bucket *bucket)
{
    if (bucket) {
        free(bucket->ofpacts);
        free(bucket);
    }
}

void
buckets_destroy(struct list *buckets)
{
    while (!list_is_empty(buckets)) {
        bucket_destroy(CONTAINER_OF(list_pop_front(buckets), struct bucket,
                                    node));
    }
}

void
buckets_clone(struct list *dst, const struct list *src)
{
    const struct bucket *bucket;

    list_init(dst);
    LIST_FOR_EACH (bucket, node, src) {
        list_push_back(dst, &bucket_clone(bucket)->node);
    }
}

struct bucket *
bucket_find(const struct list *buckets, uint32_t id)
{
    struct bucket *bucket;

    LIST_FOR_EACH (bucket, node, buckets) {
        if (bucket->id == id) {
            return bucket;
        }
    }
    return NULL;
}

static int
compare_ids(const void *a_, const void *b_)
{
    uint32_t a = *(const uint32_t *) a_, b = *(const uint32_t *) b_;

    return a < b ? -1 : a > b;
}

bool
buckets_have_duplicates(const struct list *buckets)
{
    size_t n = list_size(buckets), i = 0;
    uint32_t *ids = xcalloc(n, sizeof *ids);
    const struct bucket *bucket;
    bool found = false;

    LIST_FOR_EACH (bucket, node, buckets) {
        ids[i++] = bucket->id;
    }
    qsort(ids, n, sizeof *ids, compare_ids);
    for (i = 1; i < n; i++) {
        found |= ids[i] == ids[i - 1];
    }
    free(ids);
    return found;
}

/* ## Properties ## */

void
group_props_uninit(struct group_props *props)
{
    free(props->fields);
    memset(props, 0, sizeof *props);
}

void
group_props_clone(struct group_props *dst, const struct group_props *src)
{
    *dst = *src;
    dst->fields = (src->n_fields
                   ? xmemdup(src->fields,
                             src->n_fields * sizeof *src->fields)
                   : NULL);
}

/* Fields' order in the text: NSH's are the last. */
static int
field_rank(const struct field *field)
{
    return field->id + (field->prereq == PREREQ_NSH ? FIELD_N_IDS : 0);
}

union field_value *
group_props_add_field(struct group_props *props, const struct field *field)
{
    unsigned int i = 0;

    while (i < props->n_fields
           && field_rank(props->fields[i].field) < field_rank(field)) {
        i++;
    }
    if (i < props->n_fields && props->fields[i].field == field) {
        return &props->fields[i].mask;
    }
    props->fields = xreallocarray(props->fields, props->n_fields + 1,
                                  sizeof *props->fields);
    memmove(&props->fields[i + 1], &props->fields[i],
            (props->n_fields - i) * sizeof *props->fields);
    props->n_fields++;
    props->fields[i].field = field;
    memset(&props->fields[i].mask, 0, sizeof props->fields[i].mask);
    return &props->fields[i].mask;
}

static enum ofperr
check_method(const struct group_props *props, uint8_t type)
{
    if (props->selection_method[0] && type != GROUP_SELECT) {
        return OFPBPC_BAD_VALUE;
    }
    if (props->selection_method[0]
        && strcmp(props->selection_method, "hash")
        && strcmp(props->selection_method, "dp_hash")) {
        return OFPBPC_BAD_VALUE;
    }
    return props->n_fields && strcmp(props->selection_method, "hash")
           ? OFPBPC_BAD_VALUE : 0;
}

/* The OXM entries' values are masks; all zeros would hash nothing. */
static enum ofperr
read_method_fields(struct group_props *props, struct reader *r)
{
    while (r->left >= 4) {
        const struct field *field;
        union field_value *mask;
        bool has_mask;
        size_t size;
        const void *value;
        enum ofperr error = oxm_header_decode(r, &field, &has_mask, &size);

        if (error) {
            return error;
        }
        value = reader_pull(r, size);
        reader_skip(r, has_mask ? size : 0);
        if (!value || r->is_bad || size > FIELD_MAX_BYTES) {
            return OFPBPC_BAD_LEN;
        }
        mask = group_props_add_field(props, field);
        memcpy(mask->bytes, value, size);
    }
    return 0;
}

static enum ofperr
read_method(struct group_props *props, struct reader *r)
{
    const char *method;

    reader_skip(r, 4);
    method = reader_pull(r, METHOD_SIZE);
    props->selection_method_param = reader_u64(r);
    if (!method || r->is_bad) {
        return OFPBPC_BAD_LEN;
    }
    if (!memchr(method, '\0', METHOD_SIZE)) {
        return OFPBPC_BAD_VALUE;
    }
    memcpy(props->selection_method, method, METHOD_SIZE);
    return read_method_fields(props, r);
}

static enum ofperr
read_props(struct group_props *props, struct reader *r)
{
    while (r->left) {
        uint16_t type = reader_u16(r);
        uint16_t length = reader_u16(r);
        struct reader value;
        enum ofperr error;

        if (r->is_bad || length < 4 || length - 4u > r->left) {
            return OFPBPC_BAD_LEN;
        }
        value = reader_sub(r, length - 4);
        reader_skip(r, MIN(r->left, ROUND_UP(length, 8) - length));
        if (type != PROP_EXPERIMENTER) {
            return OFPBPC_BAD_TYPE;
        }
        if (reader_u32(&value) != VENDOR_NTR) {
            return OFPBPC_BAD_EXPERIMENTER;
        }
        if (reader_u32(&value) != NTR_SELECTION_METHOD) {
            return OFPBPC_BAD_EXP_TYPE;
        }
        error = read_method(props, &value);
        if (error) {
            return error;
        }
    }
    return 0;
}

static void
put_props(struct buf *b, const struct group_props *props, uint8_t version)
{
    size_t at = b->size;
    char *method;

    if (!props->selection_method[0]) {
        return;
    }
    buf_put_u16(b, PROP_EXPERIMENTER);
    buf_put_u16(b, 0);
    buf_put_u32(b, VENDOR_NTR);
    buf_put_u32(b, NTR_SELECTION_METHOD);
    buf_put_zeros(b, 4);
    method = buf_put_zeros(b, METHOD_SIZE);
    memcpy(method, props->selection_method,
           strnlen(props->selection_method, METHOD_SIZE - 1));
    buf_put_u64(b, props->selection_method_param);
    for (unsigned int i = 0; i < props->n_fields; i++) {
        const struct field *field = props->fields[i].field;

        oxm_header_encode(b, field, version, false, field->n_bytes);
        buf_put(b, &props->fields[i].mask, field->n_bytes);
    }
    buf_set_u16(b, at + 2, b->size - at);
    buf_pad(b, at, 8);
}

/* ## Buckets on the wire ## */

static enum ofperr
read_actions(struct bucket *bucket, struct reader *r, size_t size,
             uint8_t version, const struct ofp_decode *env)
{
    const void *wire = reader_pull(r, size);
    struct buf ofpacts = BUF_EMPTY;
    enum ofperr error;

    if (!wire) {
        return OFPGMFC_BAD_BUCKET;
    }
    error = ofpacts_decode(wire, size, version, env, &ofpacts);
    if (!error) {
        bucket->ofpacts = xmemdup(ofpacts.data, ofpacts.size);
        bucket->ofpacts_size = ofpacts.size;
        /* What a set cannot have is taken, but never executed. */
        error = ofpacts_verify(bucket->ofpacts, bucket->ofpacts_size,
                               OFPACTS_IN_ACTION_LIST);
    }
    buf_uninit(&ofpacts);
    return error;
}

static enum ofperr
read_bucket_11(struct bucket *bucket, struct reader *r, uint8_t version,
               const struct ofp_decode *env)
{
    enum ofperr error = 0;

    bucket->weight = reader_u16(r);
    if (!port_from_oxm(htonl(reader_u32(r)), &bucket->watch_port)) {
        error = OFPGMFC_BAD_WATCH;
    }
    bucket->watch_group = reader_u32(r);
    reader_skip(r, 4);
    return r->is_bad ? OFPGMFC_BAD_BUCKET : error ? error
           : read_actions(bucket, r, r->left, version, env);
}

static enum ofperr
read_bucket_props(struct bucket *bucket, struct reader *r)
{
    while (r->left) {
        uint16_t type = reader_u16(r);
        uint16_t length = reader_u16(r);

        if (r->is_bad || length != 8) {
            return OFPBPC_BAD_LEN;
        }
        if (type == BUCKET_PROP_WEIGHT) {
            bucket->weight = reader_u16(r);
            reader_skip(r, 2);
        } else if (type == BUCKET_PROP_WATCH_PORT) {
            if (!port_from_oxm(htonl(reader_u32(r)), &bucket->watch_port)) {
                return OFPGMFC_BAD_WATCH;
            }
        } else if (type == BUCKET_PROP_WATCH_GROUP) {
            bucket->watch_group = reader_u32(r);
        } else {
            return OFPBPC_BAD_TYPE;
        }
    }
    return r->is_bad ? OFPBPC_BAD_LEN : 0;
}

static enum ofperr
read_bucket_15(struct bucket *bucket, struct reader *r, uint8_t version,
               uint8_t type, const struct ofp_decode *env)
{
    uint16_t actions_size = reader_u16(r);
    enum ofperr error;

    bucket->id = reader_u32(r);
    bucket->weight = type == GROUP_SELECT ? 1 : 0;
    if (r->is_bad || actions_size > r->left) {
        return OFPGMFC_BAD_BUCKET;
    }
    if (bucket->id >= BUCKET_MAX) {
        return OFPGMFC_BAD_BUCKET;
    }
    error = read_actions(bucket, r, actions_size, version, env);
    return error ? error : read_bucket_props(bucket, r);
}

static enum ofperr
read_buckets(struct list *buckets, struct reader *r, uint8_t version,
             uint8_t type, const struct ofp_decode *env)
{
    uint32_t next_id = 0;

    while (r->left) {
        uint16_t length = reader_u16(r);
        struct bucket *bucket;
        struct reader element;
        enum ofperr error;

        if (r->is_bad || length < 8 || length - 2u > r->left) {
            return OFPGMFC_BAD_BUCKET;
        }
        element = reader_sub(r, length - 2);
        bucket = bucket_create();
        list_push_back(buckets, &bucket->node);
        if (is_15(version)) {
            error = read_bucket_15(bucket, &element, version, type, env);
        } else {
            error = read_bucket_11(bucket, &element, version, env);
            bucket->id = next_id++;
        }
        if (error) {
            return error;
        }
    }
    return 0;
}

static void
put_bucket_prop(struct buf *b, uint16_t type, uint32_t value)
{
    buf_put_u16(b, type);
    buf_put_u16(b, 8);
    if (type == BUCKET_PROP_WEIGHT) {
        buf_put_u16(b, value);
        buf_put_zeros(b, 2);
    } else {
        buf_put_u32(b, value);
    }
}

static void
put_bucket_15(struct buf *b, const struct bucket *bucket, uint8_t type,
              uint8_t version)
{
    size_t start = b->size;

    buf_put_zeros(b, 4);
    buf_put_u32(b, bucket->id);
    ofpacts_encode(b, bucket->ofpacts, bucket->ofpacts_size, version);
    buf_set_u16(b, start + 2, b->size - start - 8);
    /* Whoever inserts buckets need not know the type. */
    if (type == GROUP_SELECT || bucket->weight) {
        put_bucket_prop(b, BUCKET_PROP_WEIGHT, bucket->weight);
    }
    if (bucket->watch_port != OFPP_NONE) {
        put_bucket_prop(b, BUCKET_PROP_WATCH_PORT,
                        ntohl(port_to_oxm(bucket->watch_port)));
    }
    if (bucket->watch_group != OFPG_ANY) {
        put_bucket_prop(b, BUCKET_PROP_WATCH_GROUP, bucket->watch_group);
    }
    buf_set_u16(b, start, b->size - start);
}

static void
put_bucket_11(struct buf *b, const struct bucket *bucket, uint8_t version)
{
    be32 port = port_to_oxm(bucket->watch_port);
    size_t start = b->size;

    buf_put_zeros(b, 2);
    buf_put_u16(b, bucket->weight);
    buf_put(b, &port, sizeof port);
    buf_put_u32(b, bucket->watch_group);
    buf_put_zeros(b, 4);
    ofpacts_encode(b, bucket->ofpacts, bucket->ofpacts_size, version);
    buf_set_u16(b, start, b->size - start);
}

static void
put_buckets(struct buf *b, const struct list *buckets, uint8_t type,
            uint8_t version)
{
    const struct bucket *bucket;

    LIST_FOR_EACH (bucket, node, buckets) {
        if (is_15(version)) {
            put_bucket_15(b, bucket, type, version);
        } else {
            put_bucket_11(b, bucket, version);
        }
    }
}

/* ## Group mods ## */

void
group_mod_init(struct group_mod *gm)
{
    memset(gm, 0, sizeof *gm);
    list_init(&gm->buckets);
    gm->command_bucket_id = BUCKET_ALL;
}

void
group_mod_uninit(struct group_mod *gm)
{
    buckets_destroy(&gm->buckets);
    group_props_uninit(&gm->props);
}

/* Does the command take buckets? */
static bool
command_has_buckets(uint16_t command)
{
    return (command != GROUP_MOD_DELETE
            && command != GROUP_MOD_REMOVE_BUCKET);
}

static enum ofperr
check_command(const struct group_mod *gm, uint8_t version)
{
    switch (gm->command) {
    case GROUP_MOD_ADD:
    case GROUP_MOD_MODIFY:
    case GROUP_MOD_ADD_OR_MODIFY:
    case GROUP_MOD_DELETE:
        break;
    case GROUP_MOD_INSERT_BUCKET:
    case GROUP_MOD_REMOVE_BUCKET:
        if (!is_15(version)) {
            return OFPGMFC_BAD_COMMAND;
        }
        break;
    default:
        return OFPGMFC_BAD_COMMAND;
    }
    return gm->type > GROUP_FF ? OFPGMFC_BAD_TYPE : 0;
}

static enum ofperr
check_buckets(const struct group_mod *gm)
{
    bool has_type = (gm->command == GROUP_MOD_ADD
                     || gm->command == GROUP_MOD_MODIFY
                     || gm->command == GROUP_MOD_ADD_OR_MODIFY);
    const struct bucket *bucket;

    if (has_type && gm->type == GROUP_INDIRECT
        && list_size(&gm->buckets) != 1) {
        return OFPGMFC_INVALID_GROUP;
    }
    if (buckets_have_duplicates(&gm->buckets)) {
        return OFPGMFC_BAD_BUCKET;
    }
    LIST_FOR_EACH (bucket, node, &gm->buckets) {
        bool is_watched = (bucket->watch_port != OFPP_NONE
                           || bucket->watch_group != OFPG_ANY);

        if (gm->type == GROUP_FF && !is_watched) {
            return OFPGMFC_INVALID_GROUP;
        }
        if (has_type && is_watched
            && (gm->type == GROUP_ALL || gm->type == GROUP_INDIRECT)) {
            return OFPGMFC_WATCH_UNSUPPORTED;
        }
    }
    return 0;
}

static enum ofperr
decode_mod(struct group_mod *gm, const struct ofmsg *msg,
           const struct ofp_decode *env)
{
    struct reader r = ofmsg_reader(msg), buckets;
    uint16_t buckets_size;
    enum ofperr error;

    gm->command = reader_u16(&r);
    gm->type = reader_u8(&r);
    reader_skip(&r, 1);
    gm->group_id = reader_u32(&r);
    if (r.is_bad) {
        return OFPBRC_BAD_LEN;
    }
    error = check_command(gm, msg->version);
    if (error) {
        return error;
    }
    if (gm->group_id > OFPG_MAX && !(gm->command == GROUP_MOD_DELETE
                                      && gm->group_id == OFPG_ALL)) {
        return OFPGMFC_INVALID_GROUP;
    }
    if (!is_15(msg->version)) {
        error = read_buckets(&gm->buckets, &r, msg->version, gm->type, env);
        return error ? error : check_buckets(gm);
    }
    buckets_size = reader_u16(&r);
    reader_skip(&r, 2);
    gm->command_bucket_id = reader_u32(&r);
    buckets = reader_sub(&r, buckets_size);
    if (r.is_bad) {
        return OFPBRC_BAD_LEN;
    }
    error = read_buckets(&gm->buckets, &buckets, msg->version, gm->type, env);
    if (!error) {
        error = read_props(&gm->props, &r);
    }
    if (!error && command_has_buckets(gm->command)
        && gm->command != GROUP_MOD_INSERT_BUCKET) {
        error = check_method(&gm->props, gm->type);
    }
    return error ? error : check_buckets(gm);
}

enum ofperr
group_mod_decode(struct group_mod *gm, const struct ofmsg *msg,
                 const struct ofp_decode *env)
{
    enum ofperr error;

    group_mod_init(gm);
    error = decode_mod(gm, msg, env);
    if (error) {
        group_mod_uninit(gm);
    }
    return error;
}

struct buf *
group_mod_encode(const struct group_mod *gm, uint8_t version)
{
    struct buf *b = buf_create(256);
    size_t length_at, start;

    ofmsg_start(b, OFMSG_GROUP_MOD, version, ofmsg_alloc_xid());
    buf_put_u16(b, gm->command);
    buf_put_u8(b, gm->type);
    buf_put_zeros(b, 1);
    buf_put_u32(b, gm->group_id);
    if (!is_15(version)) {
        put_buckets(b, &gm->buckets, gm->type, version);
    } else {
        length_at = b->size;
        buf_put_zeros(b, 4);
        buf_put_u32(b, gm->command_bucket_id);
        start = b->size;
        put_buckets(b, &gm->buckets, gm->type, version);
        buf_set_u16(b, length_at, b->size - start);
        put_props(b, &gm->props, version);
    }
    ofmsg_finish(b, 0);
    return b;
}

/* ## Descriptions ## */

void
group_desc_uninit(struct group_desc *desc)
{
    buckets_destroy(&desc->buckets);
    group_props_uninit(&desc->props);
}

void
group_desc_append(struct multipart *mp, const struct group_desc *desc)
{
    struct buf *b = multipart_begin(mp);
    size_t start = b->size, buckets_at;

    buf_put_zeros(b, 2);
    buf_put_u8(b, desc->type);
    buf_put_zeros(b, 1);
    buf_put_u32(b, desc->group_id);
    if (is_15(mp->version)) {
        buf_put_zeros(b, 8);
    }
    buckets_at = b->size;
    put_buckets(b, &desc->buckets, desc->type, mp->version);
    if (is_15(mp->version)) {
        buf_set_u16(b, start + 8, b->size - buckets_at);
        put_props(b, &desc->props, mp->version);
    }
    buf_set_u16(b, start, b->size - start);
    multipart_end(mp);
}

static enum ofperr
read_desc(struct group_desc *desc, uint8_t version, struct reader *r)
{
    struct reader buckets;
    uint16_t buckets_size;
    enum ofperr error;

    if (!is_15(version)) {
        return read_buckets(&desc->buckets, r, version, desc->type,
                            &ofp_decode_default);
    }
    buckets_size = reader_u16(r);
    reader_skip(r, 6);
    buckets = reader_sub(r, buckets_size);
    if (r->is_bad) {
        return OFPBRC_BAD_LEN;
    }
    error = read_buckets(&desc->buckets, &buckets, version, desc->type,
                         &ofp_decode_default);
    return error ? error : read_props(&desc->props, r);
}

int
group_desc_decode(struct group_desc *desc, const struct ofmsg *msg,
                  struct reader *r)
{
    struct reader element;
    uint16_t length;
    enum ofperr error;

    if (!r->left) {
        return -ENODATA;
    }
    memset(desc, 0, sizeof *desc);
    list_init(&desc->buckets);
    length = reader_u16(r);
    desc->type = reader_u8(r);
    reader_skip(r, 1);
    desc->group_id = reader_u32(r);
    if (r->is_bad || length < 8 || length - 8u > r->left
        || desc->type > GROUP_FF) {
        return OFPBRC_BAD_LEN;
    }
    element = reader_sub(r, length - 8);
    error = read_desc(desc, msg->version, &element);
    if (error) {
        group_desc_uninit(desc);
    }
    return error;
}

static struct buf *
group_request(enum ofmsg_type type, uint8_t version, uint32_t group_id)
{
    struct buf *b = buf_create(64);

    ofmsg_start(b, type, version, ofmsg_alloc_xid());
    buf_put_u32(b, group_id);
    buf_put_zeros(b, 4);
    ofmsg_finish(b, 0);
    return b;
}

struct buf *
group_desc_request_encode(uint32_t group_id, uint8_t version)
{
    return (is_15(version)
            ? group_request(OFMSG_GROUP_DESC_REQUEST, version, group_id)
            : ofmsg_create_empty(OFMSG_GROUP_DESC_REQUEST, version,
                                 ofmsg_alloc_xid()));
}

uint32_t
group_desc_request_decode(const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);
    uint32_t id;

    if (!is_15(msg->version)) {
        return OFPG_ALL;
    }
    id = reader_u32(&r);
    return r.is_bad ? OFPG_ALL : id;
}

struct buf *
group_stats_request_encode(uint32_t group_id, uint8_t version)
{
    return group_request(OFMSG_GROUP_STATS_REQUEST, version, group_id);
}

enum ofperr
group_stats_request_decode(uint32_t *ret_group_id, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);

    *ret_group_id = reader_u32(&r);
    return r.is_bad ? OFPBRC_BAD_LEN : 0;
}

/* ## Statistics ## */

#define STATS_SIZE 40

void
group_stats_append(struct multipart *mp, const struct group_stats *s)
{
    struct buf *b = multipart_begin(mp);

    buf_put_u16(b, STATS_SIZE + s->n_buckets * sizeof *s->buckets);
    buf_put_zeros(b, 2);
    buf_put_u32(b, s->group_id);
    buf_put_u32(b, s->ref_count);
    buf_put_zeros(b, 4);
    buf_put_u64(b, s->n_packets);
    buf_put_u64(b, s->n_bytes);
    buf_put_u32(b, s->duration_s);
    buf_put_u32(b, s->duration_ns);
    for (uint32_t i = 0; i < s->n_buckets; i++) {
        buf_put_u64(b, s->buckets[i].n_packets);
        buf_put_u64(b, s->buckets[i].n_bytes);
    }
    multipart_end(mp);
}

int
group_stats_decode(struct group_stats *s, const struct ofmsg *msg,
                   struct reader *r)
{
    uint16_t length;

    if (!r->left) {
        return -ENODATA;
    }
    memset(s, 0, sizeof *s);
    length = reader_u16(r);
    reader_skip(r, 2);
    s->group_id = reader_u32(r);
    s->ref_count = reader_u32(r);
    reader_skip(r, 4);
    s->n_packets = reader_u64(r);
    s->n_bytes = reader_u64(r);
    s->duration_s = reader_u32(r);
    s->duration_ns = reader_u32(r);
    if (r->is_bad || length < STATS_SIZE
        || (length - STATS_SIZE) % sizeof *s->buckets
        || length - STATS_SIZE > r->left) {
        return OFPBRC_BAD_LEN;
    }
    s->n_buckets = (length - STATS_SIZE) / sizeof *s->buckets;
    s->buckets = xcalloc(s->n_buckets, sizeof *s->buckets);
    for (uint32_t i = 0; i < s->n_buckets; i++) {
        s->buckets[i].n_packets = reader_u64(r);
        s->buckets[i].n_bytes = reader_u64(r);
    }
    return 0;
}

struct buf *
group_features_encode(const struct group_features *f,
                      const struct ofmsg *request)
{
    struct buf *b = buf_create(64);

    ofmsg_start_reply(b, request);
    buf_put_u32(b, f->types);
    buf_put_u32(b, f->capabilities);
    for (size_t i = 0; i < 4; i++) {
        buf_put_u32(b, f->max_groups[i]);
    }
    for (size_t i = 0; i < 4; i++) {
        buf_put_u32(b, f->actions[i]);
    }
    ofmsg_finish(b, 0);
    return b;
}

enum ofperr
group_features_decode(struct group_features *f, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);

    f->types = reader_u32(&r);
    f->capabilities = reader_u32(&r);
    for (size_t i = 0; i < 4; i++) {
        f->max_groups[i] = reader_u32(&r);
    }
    for (size_t i = 0; i < 4; i++) {
        f->actions[i] = reader_u32(&r);
    }
    return r.is_bad ? OFPBRC_BAD_LEN : 0;
}
