/* SPDX-License-Identifier: Apache-2.0 */
/* Groups as ovs-ofctl's users write and read them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/openflow/flow_text.h"
#include "lib/openflow/group_msg.h"
#include "lib/openflow/ofpact_codec.h"
#include "lib/openflow/protocol.h"

/* Cuts the next "KEY=VALUE", "KEY:VALUE" or "KEY(VALUE)" off '*sp' in place, at
 * a comma outside of parentheses.  '*ret_value' is "" if there is none. */
static char *
next_pair(char **sp, char **ret_value)
{
    char *key = *sp + strspn(*sp, ", \t\n"), *p = key, *value;
    int depth = 0;

    if (!*key) {
        return NULL;
    }
    for (; *p && (depth || !strchr(", \t\n", *p)); p++) {
        depth += *p == '(' ? 1 : *p == ')' ? -1 : 0;
        depth = MAX(depth, 0);
    }
    *sp = *p ? p + 1 : p;
    *p = '\0';

    value = key + strcspn(key, "=:(");
    if (*value == '(' && p[-1] == ')') {
        p[-1] = '\0';
    }
    if (*value) {
        *value++ = '\0';
    }
    *ret_value = value;
    return key;
}

/* ## Buckets ## */

static struct error *
parse_bucket_word(struct bucket *bucket, const char *key, const char *value,
                  const struct port_map *ports, bool *has_id)
{
    unsigned int number;

    if (!strcmp(key, "watch_port")) {
        return (port_parse(value, ports, &bucket->watch_port)
                && (bucket->watch_port < OFPP_MAX
                    || bucket->watch_port == OFPP_CONTROLLER
                    || bucket->watch_port == OFPP_NONE)
                ? NULL : error_create(0, "%s: invalid watch_port", value));
    }
    if (!text_to_uint(value, 0, &number)) {
        return error_create(0, "%s: \"%s\" is no number", key, value);
    }
    if (!strcmp(key, "weight")) {
        if (number > UINT16_MAX) {
            return error_create(0, "weight %u is above %d", number,
                                UINT16_MAX);
        }
        bucket->weight = number;
    } else if (!strcmp(key, "bucket_id")) {
        if (number > BUCKET_MAX) {
            return error_create(0, "bucket_id %u is above %u", number,
                                BUCKET_MAX);
        }
        bucket->id = number;
        *has_id = true;
    } else if (!strcmp(key, "watch_group")) {
        if (number > OFPG_MAX) {
            return error_create(0, "watch_group %u is no group", number);
        }
        bucket->watch_group = number;
    } else {
        return error_create(0, "unknown word \"%s\" in a bucket", key);
    }
    return NULL;
}

static struct error *
parse_bucket_actions(struct bucket *bucket, const char *text,
                     const struct port_map *ports,
                     uint32_t *usable_protocols)
{
    const struct text_names names = { .ports = ports };
    struct buf ofpacts = BUF_EMPTY;
    struct error *error;

    error = ofpacts_parse_actions(text, &names, &ofpacts, usable_protocols);
    if (!error) {
        bucket->ofpacts = xmemdup(ofpacts.data, ofpacts.size);
        bucket->ofpacts_size = ofpacts.size;
    }
    buf_uninit(&ofpacts);
    return error;
}

static bool
is_bucket_word(const char *key)
{
    return (!strcmp(key, "weight") || !strcmp(key, "bucket_id")
            || !strcmp(key, "watch_port") || !strcmp(key, "watch_group"));
}

static struct error *
parse_bucket(struct bucket *bucket, char *text, uint8_t type,
             const struct port_map *ports, uint32_t *usable_protocols,
             bool *has_id)
{
    char *original = xstrdup(text), *s = text, *key, *value;
    struct str actions = STR_EMPTY;
    struct error *error = NULL;
    bool has_actions = false;

    bucket->weight = type == GROUP_SELECT ? 1 : 0;
    bucket->watch_port = OFPP_NONE;
    bucket->watch_group = OFPG_ANY;
    while (!error && (key = next_pair(&s, &value))) {
        bool named = !strcmp(key, "actions") || !strcmp(key, "action");

        if (named || !is_bucket_word(key)) {
            /* Actions, with "actions=" before the first or without. */
            size_t start = (named ? value : key) - text;

            has_actions = true;
            str_printf(&actions, "%.*s,", (int) (s - text - start),
                       original + start);
        } else {
            error = parse_bucket_word(bucket, key, value, ports, has_id);
        }
    }
    if (!error && !has_actions) {
        error = error_create(0, "bucket must specify actions");
    }
    if (!error) {
        error = parse_bucket_actions(bucket, str_cstr(&actions), ports,
                                     usable_protocols);
    }
    str_uninit(&actions);
    free(original);
    return error;
}

/* ## Groups ## */

static struct error *
parse_id(const char *text, uint32_t *ret)
{
    if (!strcmp(text, "all")) {
        *ret = OFPG_ALL;
        return NULL;
    }
    return (text_to_uint(text, 0, ret) && *ret <= OFPG_MAX ? NULL
            : error_create(0, "invalid group id %s", text));
}

static struct error *
parse_type(const char *text, uint8_t *ret)
{
    for (size_t i = 0; group_type_name(i); i++) {
        if (!strcmp(text, group_type_name(i))) {
            *ret = i;
            return NULL;
        }
    }
    if (!strcmp(text, "fast_failover")) {
        *ret = GROUP_FF;
        return NULL;
    }
    return error_create(0, "invalid group type %s", text);
}

static struct error *
parse_command_bucket(const char *text, uint32_t *ret)
{
    static const struct { const char *name; uint32_t id; } special[] = {
        { "all", BUCKET_ALL }, { "first", BUCKET_FIRST },
        { "last", BUCKET_LAST },
    };

    for (size_t i = 0; i < ARRAY_SIZE(special); i++) {
        if (!strcmp(text, special[i].name)) {
            *ret = special[i].id;
            return NULL;
        }
    }
    return (text_to_uint(text, 0, ret) && *ret < BUCKET_MAX ? NULL
            : error_create(0, "invalid command bucket id %s", text));
}

static bool
has_field(const struct group_props *props, const struct field *field)
{
    for (unsigned int i = 0; i < props->n_fields; i++) {
        if (props->fields[i].field == field) {
            return true;
        }
    }
    return false;
}

/* "NAME" or "NAME=MASK". */
static struct error *
parse_field(const char *name, const char *mask_text,
            struct group_props *props)
{
    const struct field *field = field_from_any_name(name, strlen(name));
    struct error *error = NULL;
    union field_value mask;

    if (!field) {
        return error_create(0, "unknown field %s", name);
    }
    if (field->is_variable || !field_oxm_id(field, OFP15_VERSION)) {
        return error_create(0, "%s cannot be hashed", name);
    }
    if (has_field(props, field)) {
        return error_create(0, "%s: duplicate field", name);
    }
    field_exact_mask(field, NULL, &mask);
    if (*mask_text) {
        error = field_parse_value(field, mask_text, NULL, &mask);
        if (!error && !field->is_maskable
            && !field_is_exact(field, NULL, &mask)) {
            error = error_create(0, "%s: invalid mask for field %s",
                                 mask_text, name);
        }
    }
    if (!error) {
        *group_props_add_field(props, field) = mask;
    }
    return error;
}

static struct error *
parse_fields(char *text, struct group_props *props)
{
    char *s = text, *name, *mask_text;
    struct error *error = NULL;

    while (!error && (name = next_pair(&s, &mask_text))) {
        error = parse_field(name, mask_text, props);
    }
    return error;
}

/* The switch decides which methods there are. */
static struct error *
parse_method(const char *text, struct group_props *props)
{
    size_t n = strlen(text);

    if (n >= sizeof props->selection_method) {
        return error_create(0, "selection method is longer than %zu bytes",
                            sizeof props->selection_method - 1);
    }
    memcpy(props->selection_method, text, n + 1);
    return NULL;
}

static struct error *
parse_word(struct group_mod *gm, const char *key, char *value)
{
    if (!strcmp(key, "group_id")) {
        return parse_id(value, &gm->group_id);
    } else if (!strcmp(key, "type")) {
        return parse_type(value, &gm->type);
    } else if (!strcmp(key, "command_bucket_id")) {
        return parse_command_bucket(value, &gm->command_bucket_id);
    } else if (!strcmp(key, "selection_method")) {
        return parse_method(value, &gm->props);
    } else if (!strcmp(key, "selection_method_param")) {
        return (text_to_u64(value, 0, &gm->props.selection_method_param)
                ? NULL : error_create(0, "selection_method_param: \"%s\" is "
                                      "no number", value));
    } else if (!strcmp(key, "fields")) {
        return parse_fields(value, &gm->props);
    }
    return error_create(0, "unknown keyword %s", key);
}

/* The start of the next bucket in 's' ("bucket=", "buckets="), outside of
 * parentheses; NULL if none. */
static char *
find_bucket(char *s)
{
    int depth = 0;

    for (char *p = s; *p; p++) {
        depth += *p == '(' ? 1 : *p == ')' ? -1 : 0;
        if (depth <= 0 && text_starts_with(p, "bucket=")
            && (p == s || strchr(", \t\n", p[-1]))) {
            return p;
        }
    }
    return NULL;
}

static struct error *
parse_buckets(struct group_mod *gm, char *s, const struct port_map *ports,
              uint32_t *usable_protocols)
{
    struct error *error = NULL;
    uint32_t next_id = 0;

    while (s && !error) {
        struct bucket *bucket = xzalloc(sizeof *bucket);
        char *text = s + strlen("bucket=");
        char *next = find_bucket(text);
        bool has_id = false;

        if (next) {
            next[-1] = '\0';
        }
        list_push_back(&gm->buckets, &bucket->node);
        error = parse_bucket(bucket, text, gm->type, ports, usable_protocols,
                             &has_id);
        if (!has_id) {
            bucket->id = next_id++;
        }
        s = next;
    }
    return error;
}

/* Which of the words that depend on the command were there. */
struct words {
    bool group_id, type, command_bucket_id;
};

static void
note_word(struct words *has, const char *key)
{
    has->group_id |= !strcmp(key, "group_id");
    has->type |= !strcmp(key, "type");
    has->command_bucket_id |= !strcmp(key, "command_bucket_id");
}

/* What buckets of such a group must be. */
static struct error *
check_buckets(const struct group_mod *gm)
{
    const struct bucket *bucket;

    LIST_FOR_EACH (bucket, node, &gm->buckets) {
        if (bucket->weight && gm->type != GROUP_SELECT) {
            return error_create(0, "Only select groups can have bucket "
                                "weights.");
        }
        if (gm->type == GROUP_FF && bucket->watch_port == OFPP_NONE
            && bucket->watch_group == OFPG_ANY) {
            return error_create(0, "fast failover bucket requires watch_port "
                                "or watch_group");
        }
    }
    if (gm->type == GROUP_INDIRECT && list_size(&gm->buckets) > 1) {
        return error_create(0, "Indirect groups can have at most one "
                            "bucket.");
    }
    return NULL;
}

/* What the words as a whole must be.  That a method suits the type, and that
 * buckets' identifiers differ, is the switch's to say: in the versions which
 * do not have them it does not matter. */
static struct error *
check(const struct group_mod *gm, const struct words *has)
{
    bool needs_type = (gm->command == GROUP_MOD_ADD
                       || gm->command == GROUP_MOD_MODIFY
                       || gm->command == GROUP_MOD_ADD_OR_MODIFY);
    bool needs_bucket = (gm->command == GROUP_MOD_INSERT_BUCKET
                         || gm->command == GROUP_MOD_REMOVE_BUCKET);

    if (!has->group_id && gm->command != GROUP_MOD_DELETE) {
        return error_create(0, "must specify a group_id");
    }
    if (needs_type != has->type) {
        return error_create(0, needs_type ? "must specify a type"
                            : "type is not needed");
    }
    if (needs_bucket != has->command_bucket_id) {
        return error_create(0, needs_bucket
                            ? "must specify a command bucket id"
                            : "command bucket id is not needed");
    }
    if (gm->props.selection_method_param
        && !gm->props.selection_method[0]) {
        return error_create(0, "selection_method_param is only allowed with "
                            "\"selection_method\"");
    }
    if (gm->props.n_fields && strcmp(gm->props.selection_method, "hash")) {
        return error_create(0, "fields may only be specified with "
                            "\"selection_method=hash\"");
    }
    return needs_type ? check_buckets(gm) : NULL;
}

struct error *
group_mod_parse(struct group_mod *gm, const char *text, uint16_t command,
                const struct port_map *ports, uint32_t *usable_protocols)
{
    char *copy = xstrdup(text), *s = copy, *buckets, *key, *value;
    struct words has = { .group_id = false };
    struct error *error = NULL;

    group_mod_init(gm);
    gm->command = command;
    gm->group_id = OFPG_ALL;
    if (usable_protocols) {
        /* OpenFlow 1.0 has 1.5's groups as an extension. */
        *usable_protocols &= (command == GROUP_MOD_INSERT_BUCKET
                              || command == GROUP_MOD_REMOVE_BUCKET
                              ? OFP_PROTO_15 | OFP_PROTO_10_ANY
                              : OFP_PROTO_ANY);
    }
    buckets = find_bucket(copy);
    if (buckets && buckets > copy) {
        buckets[-1] = '\0';
    } else if (buckets) {
        s = copy + strlen(copy);
    }
    while (!error && (key = next_pair(&s, &value))) {
        note_word(&has, key);
        error = parse_word(gm, key, value);
    }
    if (!error) {
        error = parse_buckets(gm, buckets, ports, usable_protocols);
    }
    if (!error) {
        error = check(gm, &has);
    }
    if (error) {
        group_mod_uninit(gm);
    }
    free(copy);
    return error;
}

/* ## Printing ## */

static void
format_props(const struct group_props *props, struct str *s)
{
    if (!props->selection_method[0]) {
        return;
    }
    str_printf(s, "selection_method=%s,", props->selection_method);
    if (props->selection_method_param) {
        str_printf(s, "selection_method_param=%"PRIu64",",
                   props->selection_method_param);
    }
    if (props->n_fields) {
        str_put(s, props->n_fields > 1 ? "fields(" : "fields=");
        for (unsigned int i = 0; i < props->n_fields; i++) {
            const struct field *field = props->fields[i].field;

            str_printf(s, "%s%s", i ? "," : "", field->name);
            if (!field_is_exact(field, NULL, &props->fields[i].mask)) {
                str_put_char(s, '=');
                field_format(field, &props->fields[i].mask, NULL, NULL, s);
            }
        }
        str_put(s, props->n_fields > 1 ? ")," : ",");
    }
}

static void
format_bucket(const struct bucket *bucket, uint8_t type, uint8_t version,
              const struct port_map *ports, struct str *s)
{
    const struct text_names names = { .ports = ports };

    str_put(s, "bucket=");
    if (version >= OFP15_VERSION || version == OFP10_VERSION) {
        str_printf(s, "bucket_id:%"PRIu32",", bucket->id);
    }
    if (type == GROUP_SELECT && bucket->weight != 1) {
        str_printf(s, "weight:%d,", bucket->weight);
    }
    if (bucket->watch_port != OFPP_NONE) {
        str_put(s, "watch_port:");
        port_format(bucket->watch_port, ports, s);
        str_put_char(s, ',');
    }
    if (bucket->watch_group != OFPG_ANY) {
        str_printf(s, "watch_group:%"PRIu32",", bucket->watch_group);
    }
    str_put(s, "actions=");
    ofpacts_format(bucket->ofpacts, bucket->ofpacts_size, &names, s);
    str_put_char(s, ',');
}

void
group_format(uint8_t type, const struct list *buckets,
             const struct group_props *props, uint8_t version,
             const struct port_map *ports, struct str *s)
{
    const struct bucket *bucket;

    str_printf(s, "type=%s,", group_type_name(type));
    if (type == GROUP_SELECT) {
        format_props(props, s);
    }
    LIST_FOR_EACH (bucket, node, buckets) {
        format_bucket(bucket, type, version, ports, s);
    }
    str_chomp(s, ',');
}
