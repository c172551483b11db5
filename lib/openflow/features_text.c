/* SPDX-License-Identifier: Apache-2.0 */

/* What a switch says it can do, as text. */

#include "lib/openflow/features_text.h"

#include <inttypes.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/flow/field.h"
#include "lib/openflow/group_msg.h"
#include "lib/openflow/ofpact.h"

/* Numbers of actions on the wire, in the order of printing. */
struct action_name {
    uint8_t number;
    const char *name;
};

static const struct action_name actions_10[] = {
    { 0, "output" }, { 11, "enqueue" }, { 1, "set_vlan_vid" },
    { 2, "set_vlan_pcp" }, { 3, "strip_vlan" }, { 4, "mod_dl_src" },
    { 5, "mod_dl_dst" }, { 6, "mod_nw_src" }, { 7, "mod_nw_dst" },
    { 8, "mod_nw_tos" }, { 9, "mod_tp_src" }, { 10, "mod_tp_dst" },
    { 0, NULL }
};

static const struct action_name actions_11[] = {
    { 0, "output" }, { 22, "group" }, { 25, "set_field" },
    { 18, "strip_vlan" }, { 17, "push_vlan" }, { 23, "mod_nw_ttl" },
    { 24, "dec_ttl" }, { 15, "set_mpls_ttl" }, { 16, "dec_mpls_ttl" },
    { 19, "push_mpls" }, { 20, "pop_mpls" }, { 21, "set_queue" },
    { 0, NULL }
};

static void
put_actions(uint64_t bits, const struct action_name *names, struct str *s)
{
    for (; names->name; names++) {
        if (bits >> names->number & 1) {
            str_printf(s, " %s", names->name);
        }
    }
}

enum ofperr
group_features_format(const struct ofmsg *msg, struct str *s)
{
    static const char *const types[] = {
        "all", "select", "indirect", "fast failover",
    };
    struct group_features gf;
    enum ofperr error = group_features_decode(&gf, msg);

    if (error) {
        return error;
    }
    str_printf(s, "\n Group table:\n    Types:  0x%"PRIx32"\n"
               "    Capabilities:  0x%"PRIx32"\n", gf.types,
               gf.capabilities);
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        if (gf.types >> i & 1) {
            str_printf(s, "    %s group:\n       max_groups=%#"PRIx32"\n"
                       "       actions:", types[i], gf.max_groups[i]);
            put_actions(gf.actions[i], msg->version == OFP10_VERSION
                        ? actions_10 : actions_11, s);
            str_put_char(s, '\n');
        }
    }
    return 0;
}

/* Tables. */

static bool
has_field(const struct field_set *set, size_t id)
{
    return set->bits[id / 64] >> (id % 64) & 1;
}

/* The index of the last of the names from 'i' on that are numbered one after
 * the other ("reg0", "reg1", ...). */
static size_t
run_end(const char *const *names, size_t n, size_t i, size_t skip)
{
    const char *name = names[i] + skip;
    size_t stem = strcspn(name, "0123456789");
    unsigned int number, next;

    if (!text_to_uint(name + stem, 10, &number)) {
        return i;
    }
    while (i + 1 < n && !strncmp(names[i + 1] + skip, name, stem)
           && text_to_uint(names[i + 1] + skip + stem, 10, &next)
           && next == number + 1) {
        number = next;
        i++;
    }
    return i;
}

/* The index behind the names from 'i' on that have the first 'length' bytes in
 * common. */
static size_t
group_end(const char *const *names, size_t n, size_t i, size_t skip,
          size_t length)
{
    size_t end = i + 1;

    while (end < n && !strncmp(names[end] + skip, names[i] + skip, length)) {
        end++;
    }
    return end;
}

/* Puts the names behind their first 'skip' bytes.  What neighbours have in
 * common up to an underscore is said once, "ct_{mark,label}"; of a run only
 * the first and the last, "reg0...reg15". */
static void
put_names(const char *const *names, size_t n, size_t skip, char separator,
          struct str *s)
{
    for (size_t i = 0; i < n; ) {
        const char *name = names[i] + skip;
        size_t word = strcspn(name, "_");
        size_t end = (name[word] ? group_end(names, n, i, skip, word + 1)
                      : i + 1);
        size_t last = run_end(names, n, i, skip);

        if (i) {
            str_put_char(s, separator);
        }
        if (end > i + 1) {
            str_put_bytes(s, name, word + 1);
            str_put_char(s, '{');
            put_names(names + i, end - i, skip + word + 1, ',', s);
            str_put_char(s, '}');
            i = end;
        } else {
            str_put(s, name);
            if (last > i) {
                str_printf(s, "...%s", names[last] + skip);
            }
            i = last + 1;
        }
    }
}

/* Puts the names of the fields for which 'wanted' is true, in Open vSwitch's
 * order: that of their numbers, but for those of NSH. */
static void
put_fields(const struct table_features *tf,
           bool (*wanted)(const struct table_features *, size_t id),
           struct str *s)
{
    static const enum field_id last[] = {
        FIELD_NSH_FLAGS, FIELD_NSH_MDTYPE, FIELD_NSH_NP, FIELD_NSH_SPI,
        FIELD_NSH_SI, FIELD_NSH_C1, FIELD_NSH_C2, FIELD_NSH_C3, FIELD_NSH_C4,
        FIELD_NSH_TTL,
    };
    const char *names[FIELD_N_IDS];
    size_t n = 0;

    for (size_t id = 0; id < FIELD_N_IDS; id++) {
        if ((id < FIELD_NSH_FLAGS || id > FIELD_NSH_C4) && wanted(tf, id)) {
            names[n++] = field_from_id(id)->name;
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(last); i++) {
        if (wanted(tf, last[i])) {
            names[n++] = field_from_id(last[i])->name;
        }
    }
    if (n) {
        str_put_char(s, ' ');
        put_names(names, n, 0, ' ', s);
    }
    str_put_char(s, '\n');
}

static bool
is_settable(const struct table_features *tf, size_t id)
{
    return has_field(&tf->hit.apply.set_fields, id);
}

static bool
is_maskable(const struct table_features *tf, size_t id)
{
    return has_field(&tf->match, id) && has_field(&tf->mask, id);
}

static bool
is_optional(const struct table_features *tf, size_t id)
{
    return (has_field(&tf->match, id) && !has_field(&tf->mask, id)
            && has_field(&tf->wildcard, id));
}

static bool
is_required(const struct table_features *tf, size_t id)
{
    return (has_field(&tf->match, id) && !has_field(&tf->mask, id)
            && !has_field(&tf->wildcard, id));
}

void
table_wildcards_format(uint32_t wildcards, struct str *s)
{
    /* By the bit that wildcards them, or the first of their bits. */
    static const struct { uint32_t bits; uint8_t field; } rows[] = {
        { 1 << 0, FIELD_IN_PORT }, { 1 << 1, FIELD_VLAN_VID },
        { 1 << 2, FIELD_ETH_SRC }, { 1 << 3, FIELD_ETH_DST },
        { 1 << 4, FIELD_ETH_TYPE }, { 1 << 5, FIELD_IP_PROTO },
        { 1 << 6, FIELD_TCP_SRC }, { 1 << 7, FIELD_TCP_DST },
        { 0x3f << 8, FIELD_IPV4_SRC }, { 0x3f << 14, FIELD_IPV4_DST },
        { 1 << 20, FIELD_VLAN_PCP }, { 1 << 21, FIELD_IP_DSCP },
    };
    struct table_features tf = { .table_id = 0 };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if ((wildcards & rows[i].bits) == rows[i].bits) {
            uint64_t bit = UINT64_C(1) << rows[i].field % 64;

            tf.match.bits[rows[i].field / 64] |= bit;
            tf.wildcard.bits[rows[i].field / 64] |= bit;
        }
    }
    str_put(s, "    matching:\n      exact match or wildcard:");
    put_fields(&tf, is_optional, s);
}

/* "1-5,7". */
static void
put_tables(const uint64_t bits[4], struct str *s)
{
    bool any = false;

    for (unsigned int t = 0; t < 256; t++) {
        unsigned int first = t;

        if (!(bits[t / 64] >> (t % 64) & 1)) {
            continue;
        }
        while (t < 255 && bits[(t + 1) / 64] >> ((t + 1) % 64) & 1) {
            t++;
        }
        str_printf(s, any ? ",%u" : "%u", first);
        if (t > first) {
            str_printf(s, "-%u", t);
        }
        any = true;
    }
}

static bool
same_actions(const struct table_features *a, const struct table_features *b)
{
    return (!memcmp(&a->hit.write, &b->hit.write, sizeof a->hit.write)
            && !memcmp(&a->hit.apply, &b->hit.apply, sizeof a->hit.apply));
}

/* But for the tables that they may lead to. */
static bool
same_instructions(const struct table_features *a,
                  const struct table_features *b)
{
    return (a->hit.instructions == b->hit.instructions
            && a->miss.instructions == b->miss.instructions
            && same_actions(a, b));
}

static bool
same_matching(const struct table_features *a, const struct table_features *b)
{
    return (!memcmp(&a->match, &b->match, sizeof a->match)
            && !memcmp(&a->mask, &b->mask, sizeof a->mask)
            && !memcmp(&a->wildcard, &b->wildcard, sizeof a->wildcard));
}

/* 'prev' (or NULL) is the table that was said before. */
static void
put_instructions(const struct table_features *tf,
                 const struct table_features *prev, struct str *s)
{
    static const struct action_name names[] = {
        { 6, "meter" }, { 4, "apply_actions" }, { 5, "clear_actions" },
        { 3, "write_actions" }, { 2, "write_metadata" },
        { 1, "goto_table" }, { 0, NULL }
    };
    const struct table_instructions *i = &tf->hit;

    if (prev && same_instructions(tf, prev)) {
        str_put(s, "    (same instructions)\n");
        return;
    }
    str_put(s, "    instructions (table miss and others):\n");
    if (i->next[0] || i->next[1] || i->next[2] || i->next[3]) {
        str_put(s, "      next tables: ");
        put_tables(i->next, s);
        str_put_char(s, '\n');
    }
    str_put(s, "      instructions:");
    put_actions(i->instructions, names, s);
    str_put_char(s, '\n');
    if (prev && same_actions(tf, prev)) {
        str_put(s, "      (same actions)\n");
        return;
    }
    str_put(s, "      Write-Actions and Apply-Actions features:\n"
            "        actions:");
    for (unsigned int a = 0; a < 64; a++) {
        if (i->apply.ofpacts >> a & 1) {
            str_printf(s, " %s", ofpact_name(a));
        }
    }
    str_put(s, "\n        supported on Set-Field:");
    put_fields(tf, is_settable, s);
}

static void
put_matching(const struct table_features *tf,
             const struct table_features *prev, struct str *s)
{
    if (prev && same_matching(tf, prev)) {
        str_put(s, "    (same matching)\n");
        return;
    }
    str_put(s, "    matching:\n");
    str_put(s, "      arbitrary mask:");
    put_fields(tf, is_maskable, s);
    str_put(s, "      exact match or wildcard:");
    put_fields(tf, is_optional, s);
    for (size_t id = 0; id < FIELD_N_IDS; id++) {
        if (is_required(tf, id)) {
            str_put(s, "      must exact match:");
            put_fields(tf, is_required, s);
            break;
        }
    }
}

/* A table in full, and an empty line. */
static void
put_table(const struct table_features *tf, const struct table_features *prev,
          uint8_t version, struct str *s)
{
    str_printf(s, "  table %u", tf->table_id);
    if (tf->name[0]) {
        str_printf(s, " (\"%s\")", tf->name);
    }
    str_printf(s, ":\n    metadata: match=%#"PRIx64" write=%#"PRIx64"\n",
               ntohll(tf->metadata_match), ntohll(tf->metadata_write));
    if (version >= OFP14_VERSION) {
        str_printf(s, "    eviction: %ssupported\n"
                   "    vacancy events: %ssupported\n",
                   tf->capabilities & TABLE_CAP_EVICTION ? "" : "not ",
                   tf->capabilities & TABLE_CAP_VACANCY_EVENTS ? "" : "not ");
    }
    str_printf(s, "    max_entries=%"PRIu32"\n", tf->max_entries);
    if (tf->has_any_properties) {
        put_instructions(tf, prev, s);
        put_matching(tf, prev, s);
    }
    str_put_char(s, '\n');
}

/* Do two tables differ in more than their numbers and what follows from
 * them? */
static bool
is_ditto(const struct table_features *a, const struct table_features *b)
{
    struct table_features x = *a, y = *b;

    x.table_id = y.table_id;
    memset(x.name, 0, sizeof x.name);
    memset(y.name, 0, sizeof y.name);
    memset(x.hit.next, 0, sizeof x.hit.next);
    memset(y.hit.next, 0, sizeof y.hit.next);
    memset(x.miss.next, 0, sizeof x.miss.next);
    memset(y.miss.next, 0, sizeof y.miss.next);
    return !memcmp(&x, &y, sizeof x);
}

void
table_dittos_format(int first, int last, struct str *s)
{
    if (first == last) {
        str_printf(s, "  table %d: ditto\n", first);
    } else if (first < last) {
        str_printf(s, "  tables %d...%d: ditto\n", first, last);
    }
}

/* Says which tables were like the one before, if any, before another line. */
static void
put_dittos(const struct table_features_text *text, struct str *s)
{
    table_dittos_format(text->first, text->last, s);
    if (text->first <= text->last) {
        str_put_char(s, '\n');
    }
}

enum ofperr
table_features_add(struct table_features_text *text, const struct ofmsg *msg,
                   struct str *s)
{
    struct reader r = ofmsg_reader(msg);
    struct table_features tf;
    int error;

    while (!(error = table_features_decode(&tf, msg, &r))) {
        if (text->any && is_ditto(&text->shown, &tf)) {
            if (tf.name[0]) {
                put_dittos(text, s);
                str_printf(s, "  table %u (\"%s\"): ditto\n", tf.table_id,
                           tf.name);
                text->first = tf.table_id + 1;
            }
            text->last = tf.table_id;
            continue;
        }
        put_dittos(text, s);
        put_table(&tf, text->any ? &text->shown : NULL, msg->version, s);
        text->shown = tf;
        text->any = true;
        text->first = tf.table_id + 1;
        text->last = tf.table_id;
    }
    return error > 0 ? (enum ofperr) error : 0;
}

void
table_features_finish(struct table_features_text *text, struct str *s)
{
    table_dittos_format(text->first, text->last, s);
}

enum ofperr
table_features_format(const struct ofmsg *msg, struct str *s)
{
    struct table_features_text text = TABLE_FEATURES_TEXT_INITIALIZER;
    enum ofperr error;

    str_put_char(s, '\n');
    error = table_features_add(&text, msg, s);
    table_features_finish(&text, s);
    return error;
}

enum ofperr
table_features_request_format(const struct ofmsg *msg, struct str *s)
{
    static const char *const commands[] = {
        "replace", "modify", "enable", "disable",
    };
    struct reader r = ofmsg_reader(msg);
    struct table_features tf;
    int error;

    str_put_char(s, '\n');
    while (!(error = table_features_decode(&tf, msg, &r))) {
        if (msg->version >= OFP15_VERSION) {
            str_printf(s, "  command: %s\n",
                       tf.command < ARRAY_SIZE(commands)
                       ? commands[tf.command] : "unknown");
        }
        put_table(&tf, NULL, msg->version, s);
        str_chomp(s, '\n');
    }
    return error > 0 ? (enum ofperr) error : 0;
}
