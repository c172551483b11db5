/* SPDX-License-Identifier: Apache-2.0 */
/* Layouts: OpenFlow 1.0.2 section 5.3.5, 1.3.5 section A.3.5.5, 1.4.1 sections
 * 7.3.4.3 and 7.3.5.5, 1.5.1 section 7.3.5.18. */
#include "lib/openflow/table_msg.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/bitmap.h"
#include "lib/base/text.h"
#include "lib/openflow/buf.h"
#include "lib/openflow/flow_mod.h"
#include "lib/openflow/ofpact_codec.h"
#include "lib/openflow/ofperr.h"

/* Takes the next property off 'r'. */
static bool
next_prop(struct reader *r, uint16_t *ret_type, struct reader *ret_value)
{
    uint16_t length;

    *ret_type = reader_u16(r);
    length = reader_u16(r);
    if (r->is_bad || length < 4 || length - 4u > r->left) {
        return false;
    }
    *ret_value = reader_sub(r, length - 4);
    reader_skip(r, MIN(r->left, ROUND_UP(length, 8) - length));
    return true;
}

/* ## Table mods and descriptions ## */

#define CONFIG_MISS_MASK 3
#define CONFIG_EVICTION (1 << 2)
#define CONFIG_VACANCY (1 << 3)

enum { MOD_PROP_EVICTION = 2, MOD_PROP_VACANCY = 3 };

static void
init_mod(struct table_mod *mod)
{
    *mod = (struct table_mod) { .eviction_flags = UINT32_MAX };
}

static enum ofperr
read_mod_props(struct table_mod *mod, struct reader *r)
{
    while (r->left) {
        struct reader value;
        uint16_t type;

        if (!next_prop(r, &type, &value)) {
            return OFPBPC_BAD_LEN;
        }
        if (type == MOD_PROP_EVICTION) {
            mod->eviction_flags = reader_u32(&value);
        } else if (type == MOD_PROP_VACANCY) {
            mod->vacancy_down = reader_u8(&value);
            mod->vacancy_up = reader_u8(&value);
            mod->vacancy_now = reader_u8(&value);
            if (mod->vacancy_down > mod->vacancy_up
                || mod->vacancy_up > 100) {
                return OFPBPC_BAD_VALUE;
            }
        } else {
            return OFPBPC_BAD_TYPE;
        }
        if (value.is_bad) {
            return OFPBPC_BAD_LEN;
        }
    }
    return 0;
}

static void
read_config(struct table_mod *mod, uint32_t config)
{
    mod->eviction = config & CONFIG_EVICTION ? TABLE_SWITCH_ON
                    : TABLE_SWITCH_OFF;
    mod->vacancy = config & CONFIG_VACANCY ? TABLE_SWITCH_ON
                   : TABLE_SWITCH_OFF;
}

enum ofperr
table_mod_decode(struct table_mod *mod, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);
    uint32_t config;

    init_mod(mod);
    mod->table_id = reader_u8(&r);
    reader_skip(&r, 3);
    config = reader_u32(&r);
    if (r.is_bad) {
        return OFPBRC_BAD_LEN;
    }
    if (msg->version < OFP14_VERSION) {
        /* Versions before 1.3 have the table-miss here; 1.3 has nothing. */
        return config & ~CONFIG_MISS_MASK ? OFPTMFC_BAD_CONFIG : 0;
    }
    if (config & ~(CONFIG_EVICTION | CONFIG_VACANCY)) {
        return OFPTMFC_BAD_CONFIG;
    }
    read_config(mod, config);
    return read_mod_props(mod, &r);
}

static void
put_config(struct buf *b, const struct table_mod *mod)
{
    buf_put_u32(b, (mod->eviction == TABLE_SWITCH_ON ? CONFIG_EVICTION : 0)
                | (mod->vacancy == TABLE_SWITCH_ON ? CONFIG_VACANCY : 0));
}

static void
put_props(struct buf *b, const struct table_mod *mod)
{
    if (mod->eviction_flags != UINT32_MAX) {
        buf_put_u16(b, MOD_PROP_EVICTION);
        buf_put_u16(b, 8);
        buf_put_u32(b, mod->eviction_flags);
    }
    if (mod->vacancy == TABLE_SWITCH_ON) {
        buf_put_u16(b, MOD_PROP_VACANCY);
        buf_put_u16(b, 8);
        buf_put_u8(b, mod->vacancy_down);
        buf_put_u8(b, mod->vacancy_up);
        buf_put_u8(b, mod->vacancy_now);
        buf_put_zeros(b, 1);
    }
}

struct buf *
table_mod_encode(const struct table_mod *mod, uint8_t version)
{
    struct buf *b;

    if (!ofmsg_is_available(OFMSG_TABLE_MOD, version)) {
        return NULL;
    }
    b = buf_create(64);
    ofmsg_start(b, OFMSG_TABLE_MOD, version, ofmsg_alloc_xid());
    buf_put_u8(b, mod->table_id);
    buf_put_zeros(b, 3);
    if (version >= OFP14_VERSION) {
        put_config(b, mod);
        put_props(b, mod);
    } else {
        buf_put_u32(b, mod->miss ? mod->miss - 1 : 0);
    }
    ofmsg_finish(b, 0);
    return b;
}

/* Reads a percentage of "vacancy:LOW,HIGH" off '*rest'. */
static struct error *
parse_percent(char **rest, const char *what, uint8_t *ret)
{
    const char *text = text_token(rest, ",: ");
    unsigned int percent;

    if (!text) {
        return error_create(0, "Vacancy %s value missing", what);
    }
    if (!text_to_uint(text, 0, &percent) || percent > 100) {
        return error_create(0, "Invalid vacancy %s value \"%s\"", what, text);
    }
    *ret = percent;
    return NULL;
}

static struct error *
parse_vacancy(struct table_mod *mod, const char *limits)
{
    char *copy = xstrdup(limits), *rest = copy;
    struct error *error = parse_percent(&rest, "down", &mod->vacancy_down);

    if (!error) {
        error = parse_percent(&rest, "up", &mod->vacancy_up);
    }
    if (!error && mod->vacancy_down > mod->vacancy_up) {
        error = error_create(0, "Invalid vacancy range, vacancy up should be "
                             "greater than vacancy down (%s)",
                             ofperr_name(OFPBPC_BAD_VALUE));
    }
    free(copy);
    mod->vacancy = TABLE_SWITCH_ON;
    return error;
}

#define VERSIONS_11_12 (OFP_VERSION_BIT(2) | OFP_VERSION_BIT(3))
#define VERSIONS_14 (OFP_VERSION_BIT(OFP14_VERSION) \
                     | OFP_VERSION_BIT(OFP15_VERSION))

struct error *
table_mod_parse(struct table_mod *mod, uint8_t table_id, const char *setting,
                uint32_t *usable_versions)
{
    static const struct {
        const char *name;
        uint8_t miss, eviction, vacancy;
        uint32_t versions;
    } settings[] = {
        { "controller", TABLE_MISS_CONTROLLER, 0, 0, VERSIONS_11_12 },
        { "continue", TABLE_MISS_CONTINUE, 0, 0, VERSIONS_11_12 },
        { "drop", TABLE_MISS_DROP, 0, 0, VERSIONS_11_12 },
        { "evict", 0, TABLE_SWITCH_ON, 0, VERSIONS_14 },
        { "noevict", 0, TABLE_SWITCH_OFF, 0, VERSIONS_14 },
        { "novacancy", 0, 0, TABLE_SWITCH_OFF, VERSIONS_14 },
    };

    init_mod(mod);
    mod->table_id = table_id;
    if (text_starts_with(setting, "vacancy")) {
        *usable_versions &= VERSIONS_14;
        return parse_vacancy(mod, setting + strlen("vacancy"));
    }
    if (text_starts_with(setting, "name:") && table_id != OFPTT_ALL) {
        *usable_versions &= VERSIONS_14 | OFP_VERSION_BIT(OFP13_VERSION);
        mod->name = setting + strlen("name:");
        return NULL;
    }
    for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
        if (!strcmp(setting, settings[i].name)) {
            mod->miss = settings[i].miss;
            mod->eviction = settings[i].eviction;
            mod->vacancy = settings[i].vacancy;
            *usable_versions &= settings[i].versions;
            return NULL;
        }
    }
    return error_create(0, "invalid table_mod setting %s", setting);
}

/* A description, as in OFPMP_TABLE_DESC and table status. */
static void
put_desc(struct buf *b, const struct table_mod *desc)
{
    size_t start = b->size;

    buf_put_zeros(b, 2);
    buf_put_u8(b, desc->table_id);
    buf_put_zeros(b, 1);
    put_config(b, desc);
    put_props(b, desc);
    buf_set_u16(b, start, b->size - start);
}

void
table_desc_append(struct multipart *mp, const struct table_mod *desc)
{
    put_desc(multipart_begin(mp), desc);
    multipart_end(mp);
}

int
table_desc_decode(struct table_mod *desc, struct reader *r)
{
    struct reader element;
    uint16_t length;

    if (!r->left) {
        return -ENODATA;
    }
    init_mod(desc);
    length = reader_u16(r);
    desc->table_id = reader_u8(r);
    reader_skip(r, 1);
    read_config(desc, reader_u32(r));
    if (r->is_bad || length < 8 || length - 8u > r->left) {
        return OFPBRC_BAD_LEN;
    }
    element = reader_sub(r, length - 8);
    return read_mod_props(desc, &element);
}

struct buf *
table_status_encode(const struct table_status *status, uint8_t version)
{
    struct buf *b;

    if (!ofmsg_is_available(OFMSG_TABLE_STATUS, version)) {
        return NULL;
    }
    b = buf_create(64);
    ofmsg_start(b, OFMSG_TABLE_STATUS, version, 0);
    buf_put_u8(b, status->reason);
    buf_put_zeros(b, 7);
    put_desc(b, &status->desc);
    ofmsg_finish(b, 0);
    return b;
}

enum ofperr
table_status_decode(struct table_status *status, const struct ofmsg *msg)
{
    struct reader r = ofmsg_reader(msg);
    int error;

    status->reason = reader_u8(&r);
    reader_skip(&r, 7);
    if (r.is_bad) {
        return OFPBRC_BAD_LEN;
    }
    error = table_desc_decode(&status->desc, &r);
    return error < 0 ? OFPBRC_BAD_LEN : (enum ofperr) error;
}

/* ## Statistics ## */

static void
put_name(struct buf *b, const char *name)
{
    char *p = buf_put_zeros(b, OFP_TABLE_NAME_SIZE);

    memcpy(p, name, strnlen(name, OFP_TABLE_NAME_SIZE - 1));
}

static void
read_name(struct reader *r, char *name)
{
    const char *p = reader_pull(r, OFP_TABLE_NAME_SIZE);

    memset(name, 0, OFP_TABLE_NAME_SIZE + 1);
    if (p) {
        memcpy(name, p, OFP_TABLE_NAME_SIZE);
    }
}

void
table_stats_append(struct multipart *mp, const struct table_stats *s)
{
    struct buf *b = multipart_begin(mp);

    buf_put_u8(b, s->table_id);
    buf_put_zeros(b, 3);
    if (mp->version == OFP10_VERSION) {
        put_name(b, s->name);
        buf_put_u32(b, s->wildcards);
        buf_put_u32(b, s->max_entries);
    }
    buf_put_u32(b, s->active_count);
    buf_put_u64(b, s->lookup_count);
    buf_put_u64(b, s->matched_count);
    multipart_end(mp);
}

int
table_stats_decode(struct table_stats *s, uint8_t version, struct reader *r)
{
    if (!r->left) {
        return -ENODATA;
    }
    memset(s, 0, sizeof *s);
    s->table_id = reader_u8(r);
    reader_skip(r, 3);
    if (version == OFP10_VERSION) {
        read_name(r, s->name);
        s->wildcards = reader_u32(r);
        s->max_entries = reader_u32(r);
    }
    s->active_count = reader_u32(r);
    s->lookup_count = reader_u64(r);
    s->matched_count = reader_u64(r);
    return r->is_bad ? OFPBRC_BAD_LEN : 0;
}

/* ## Features ## */

enum {
    FEATURE_INSTRUCTIONS = 0,
    FEATURE_NEXT_TABLES = 2,
    FEATURE_WRITE_ACTIONS = 4,
    FEATURE_APPLY_ACTIONS = 6,
    FEATURE_MATCH = 8,
    FEATURE_WILDCARDS = 10,
    FEATURE_WRITE_SETFIELD = 12,
    FEATURE_APPLY_SETFIELD = 14,
    FEATURE_MISS = 1,            /* Added for table-miss entries. */
};

/* Actions that OpenFlow has numbers for. */
static const struct {
    uint16_t number;
    enum ofpact_type type;
} action_numbers[] = {
    { 0, OFPACT_OUTPUT },
    { 15, OFPACT_SET_MPLS_TTL },
    { 16, OFPACT_DEC_MPLS_TTL },
    { 17, OFPACT_PUSH_VLAN },
    { 18, OFPACT_STRIP_VLAN },
    { 19, OFPACT_PUSH_MPLS },
    { 20, OFPACT_POP_MPLS },
    { 21, OFPACT_SET_QUEUE },
    { 22, OFPACT_GROUP },
    { 23, OFPACT_SET_IP_TTL },
    { 24, OFPACT_DEC_TTL },
    { 25, OFPACT_SET_FIELD },
};

static size_t
start_prop(struct buf *b, uint16_t type)
{
    size_t at = b->size;

    buf_put_u16(b, type);
    buf_put_u16(b, 0);
    return at;
}

static void
finish_prop(struct buf *b, size_t at)
{
    buf_set_u16(b, at + 2, b->size - at);
    buf_pad(b, at, 8);
}

static void
put_instructions(struct buf *b, uint16_t type, uint32_t instructions)
{
    size_t at = start_prop(b, type);

    for (uint16_t i = 0; i < 32; i++) {
        if (instructions & UINT32_C(1) << i) {
            buf_put_u16(b, i);
            buf_put_u16(b, 4);
        }
    }
    finish_prop(b, at);
}

static void
put_next_tables(struct buf *b, uint16_t type, const uint64_t *next)
{
    size_t at = start_prop(b, type);

    for (size_t i = 0; i < 256; i++) {
        if (bitmap_get(next, i)) {
            buf_put_u8(b, i);
        }
    }
    finish_prop(b, at);
}

static void
put_actions(struct buf *b, uint16_t type, uint64_t ofpacts)
{
    size_t at = start_prop(b, type);

    for (size_t i = 0; i < ARRAY_SIZE(action_numbers); i++) {
        if (ofpacts & UINT64_C(1) << action_numbers[i].type) {
            buf_put_u16(b, action_numbers[i].number);
            buf_put_u16(b, 4);
        }
    }
    finish_prop(b, at);
}

static bool
field_set_has(const struct field_set *set, size_t id)
{
    return bitmap_get(set->bits, id);
}

/* 'mask' says which fields are written as maskable; NULL: none. */
static void
put_fields(struct buf *b, uint16_t type, uint8_t version,
           const struct field_set *fields, const struct field_set *mask)
{
    size_t at = start_prop(b, type);

    for (size_t id = 0; id < FIELD_N_IDS; id++) {
        const struct field *field = field_from_id(id);

        if (field_set_has(fields, id) && field_oxm_id(field, version)) {
            oxm_header_encode(b, field, version,
                              mask && field_set_has(mask, id),
                              field->n_bytes);
        }
    }
    finish_prop(b, at);
}

static void
put_table_instructions(struct buf *b, uint8_t version, uint16_t miss,
                       const struct table_instructions *ti)
{
    put_instructions(b, FEATURE_INSTRUCTIONS + miss, ti->instructions);
    put_next_tables(b, FEATURE_NEXT_TABLES + miss, ti->next);
    put_actions(b, FEATURE_WRITE_ACTIONS + miss, ti->write.ofpacts);
    put_fields(b, FEATURE_WRITE_SETFIELD + miss, version,
               &ti->write.set_fields, NULL);
    put_actions(b, FEATURE_APPLY_ACTIONS + miss, ti->apply.ofpacts);
    put_fields(b, FEATURE_APPLY_SETFIELD + miss, version,
               &ti->apply.set_fields, NULL);
}

void
table_features_append(struct multipart *mp, const struct table_features *tf)
{
    struct buf *b = multipart_begin(mp);
    size_t start = b->size;

    buf_put_zeros(b, 2);
    buf_put_u8(b, tf->table_id);
    buf_put_u8(b, mp->version >= OFP15_VERSION ? tf->command : 0);
    buf_put_zeros(b, 4);
    put_name(b, tf->name);
    buf_put(b, &tf->metadata_match, 8);
    buf_put(b, &tf->metadata_write, 8);
    buf_put_u32(b, mp->version >= OFP14_VERSION ? tf->capabilities : 0);
    buf_put_u32(b, tf->max_entries);
    if (tf->has_any_properties) {
        put_table_instructions(b, mp->version, 0, &tf->hit);
        put_table_instructions(b, mp->version, FEATURE_MISS, &tf->miss);
        put_fields(b, FEATURE_MATCH, mp->version, &tf->match, &tf->mask);
        put_fields(b, FEATURE_WILDCARDS, mp->version, &tf->wildcard, NULL);
    }
    buf_set_u16(b, start, b->size - start);
    multipart_end(mp);
}

static void
read_instructions(struct reader *r, uint32_t *ret)
{
    while (r->left >= 4) {
        uint16_t type = reader_u16(r);
        uint16_t length = reader_u16(r);

        if (type < 32) {
            *ret |= UINT32_C(1) << type;
        }
        reader_skip(r, MIN(r->left, length > 4 ? length - 4u : 0));
    }
}

static void
read_actions(struct reader *r, uint64_t *ret)
{
    while (r->left >= 4) {
        uint16_t number = reader_u16(r);
        uint16_t length = reader_u16(r);

        for (size_t i = 0; i < ARRAY_SIZE(action_numbers); i++) {
            if (action_numbers[i].number == number) {
                *ret |= UINT64_C(1) << action_numbers[i].type;
            }
        }
        reader_skip(r, MIN(r->left, length > 4 ? length - 4u : 0));
    }
}

static enum ofperr
read_fields(struct reader *r, struct field_set *fields,
            struct field_set *mask)
{
    while (r->left) {
        const struct field *field;
        bool has_mask;
        size_t size;
        enum ofperr error = oxm_header_decode(r, &field, &has_mask, &size);

        if (error == OFPBMC_BAD_FIELD) {
            continue;            /* One that we do not know. */
        }
        if (error) {
            return error;
        }
        bitmap_set(fields->bits, field->id);
        if (has_mask && mask) {
            bitmap_set(mask->bits, field->id);
        }
    }
    return 0;
}

static enum ofperr
read_feature(struct table_features *tf, uint16_t type, struct reader *v)
{
    struct table_instructions *ti = type & FEATURE_MISS ? &tf->miss
                                    : &tf->hit;

    switch (type & ~FEATURE_MISS) {
    case FEATURE_INSTRUCTIONS:
        read_instructions(v, &ti->instructions);
        return 0;
    case FEATURE_NEXT_TABLES:
        while (v->left) {
            bitmap_set(ti->next, reader_u8(v));
        }
        return 0;
    case FEATURE_WRITE_ACTIONS:
        read_actions(v, &ti->write.ofpacts);
        return 0;
    case FEATURE_APPLY_ACTIONS:
        read_actions(v, &ti->apply.ofpacts);
        return 0;
    case FEATURE_MATCH:
        return read_fields(v, &tf->match, &tf->mask);
    case FEATURE_WILDCARDS:
        return read_fields(v, &tf->wildcard, NULL);
    case FEATURE_WRITE_SETFIELD:
        return read_fields(v, &ti->write.set_fields, NULL);
    case FEATURE_APPLY_SETFIELD:
        return read_fields(v, &ti->apply.set_fields, NULL);
    default:
        return 0;                /* Experimenters'. */
    }
}

#define FEATURES_SIZE 64

int
table_features_decode(struct table_features *tf, const struct ofmsg *msg,
                      struct reader *r)
{
    struct reader element;
    uint16_t length;

    if (!r->left) {
        return -ENODATA;
    }
    memset(tf, 0, sizeof *tf);
    length = reader_u16(r);
    if (r->is_bad || length < FEATURES_SIZE || length - 2u > r->left) {
        return OFPBRC_BAD_LEN;
    }
    element = reader_sub(r, length - 2);
    tf->table_id = reader_u8(&element);
    tf->command = reader_u8(&element);
    if (msg->version < OFP15_VERSION) {
        tf->command = 0;
    }
    reader_skip(&element, 4);
    read_name(&element, tf->name);
    tf->metadata_match = htonll(reader_u64(&element));
    tf->metadata_write = htonll(reader_u64(&element));
    tf->capabilities = reader_u32(&element);
    tf->max_entries = reader_u32(&element);
    while (element.left) {
        struct reader value;
        enum ofperr error;
        uint16_t type;

        if (!next_prop(&element, &type, &value)) {
            return OFPBPC_BAD_LEN;
        }
        tf->has_any_properties = true;
        error = read_feature(tf, type, &value);
        if (error) {
            return error;
        }
    }
    return element.is_bad ? OFPBRC_BAD_LEN : 0;
}
