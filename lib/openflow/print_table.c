/* SPDX-License-Identifier: Apache-2.0 */

/* Groups, meters and tables as text. */

#include "lib/openflow/printer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/openflow/features_text.h"
#include "lib/openflow/group_msg.h"
#include "lib/openflow/meter_msg.h"
#include "lib/openflow/table_msg.h"

static enum ofperr
print_group_desc(const struct printer *p)
{
    struct reader r = ofmsg_reader(p->msg);
    struct group_desc gd;
    int error;

    str_put_char(p->s, '\n');
    while (!(error = group_desc_decode(&gd, p->msg, &r))) {
        str_printf(p->s, " group_id=%"PRIu32",", gd.group_id);
        group_format(gd.type, &gd.buckets, &gd.props, p->msg->version,
                     printer_ports(p), p->s);
        str_put_char(p->s, '\n');
        group_desc_uninit(&gd);
    }
    return error > 0 ? (enum ofperr) error : 0;
}

static enum ofperr
print_group_mod(const struct printer *p)
{
    const struct ofp_decode d = printer_decode();
    struct group_mod gm;
    enum ofperr error = group_mod_decode(&gm, p->msg, &d);

    if (!error) {
        const char *name = (gm.command == GROUP_MOD_ADD ? "ADD"
                            : gm.command == GROUP_MOD_MODIFY ? "MOD"
                            : gm.command == GROUP_MOD_DELETE ? "DEL"
                            : gm.command == GROUP_MOD_INSERT_BUCKET
                            ? "INSERT_BUCKET"
                            : gm.command == GROUP_MOD_REMOVE_BUCKET
                            ? "REMOVE_BUCKET" : "ADD_OR_MOD");

        str_printf(p->s, "\n %s group_id=%"PRIu32",", name, gm.group_id);
        group_format(gm.type, &gm.buckets, &gm.props, p->msg->version,
                     printer_ports(p), p->s);
        str_put_char(p->s, '\n');
        group_mod_uninit(&gm);
    }
    return error;
}

static enum ofperr
print_group_stats(const struct printer *p)
{
    struct reader r = ofmsg_reader(p->msg);
    struct group_stats gs;
    int error;

    str_put_char(p->s, '\n');
    while (!(error = group_stats_decode(&gs, p->msg, &r))) {
        str_printf(p->s, " group_id=%"PRIu32",duration=", gs.group_id);
        flow_duration_format(gs.duration_s, gs.duration_ns, p->s);
        str_printf(p->s, ",ref_count=%"PRIu32",packet_count=%"PRIu64
                   ",byte_count=%"PRIu64, gs.ref_count, gs.n_packets,
                   gs.n_bytes);
        for (uint32_t i = 0; i < gs.n_buckets; i++) {
            str_printf(p->s, ",bucket%"PRIu32":packet_count=%"PRIu64
                       ",byte_count=%"PRIu64, i, gs.buckets[i].n_packets,
                       gs.buckets[i].n_bytes);
        }
        str_put_char(p->s, '\n');
        free(gs.buckets);
    }
    return error > 0 ? (enum ofperr) error : 0;
}

static enum ofperr
print_meter_mod(const struct printer *p)
{
    static const char *const commands[] = { "ADD", "MOD", "DEL" };
    struct meter_mod mm;
    enum ofperr error = meter_mod_decode(&mm, p->msg);

    if (!error) {
        str_printf(p->s, " %s ", commands[mm.command]);
        meter_config_format(&mm.meter, p->s);
        meter_config_uninit(&mm.meter);
    }
    return error;
}

static enum ofperr
print_meter_config(const struct printer *p)
{
    struct reader r = ofmsg_reader(p->msg);
    struct meter_config mc;
    int error;

    str_put_char(p->s, '\n');
    while (!(error = meter_config_decode(&mc, &r))) {
        meter_config_format(&mc, p->s);
        meter_config_uninit(&mc);
    }
    return error > 0 ? (enum ofperr) error : 0;
}

static enum ofperr
print_meter_stats(const struct printer *p)
{
    struct reader r = ofmsg_reader(p->msg);
    struct meter_stats ms;
    int error;

    str_put_char(p->s, '\n');
    while (!(error = meter_stats_decode(&ms, &r))) {
        meter_id_format(ms.meter_id, ':', p->s);
        str_printf(p->s, " flow_count:%"PRIu32" packet_in_count:%"PRIu64
                   " byte_in_count:%"PRIu64" duration:", ms.flow_count,
                   ms.n_packets_in, ms.n_bytes_in);
        flow_duration_format(ms.duration_s, ms.duration_ns, p->s);
        str_put(p->s, " bands:\n");
        for (int i = 0; i < ms.n_bands; i++) {
            str_printf(p->s, "%d: packet_count:%"PRIu64" byte_count:%"PRIu64
                       "\n", i, ms.bands[i].n_packets, ms.bands[i].n_bytes);
        }
        free(ms.bands);
    }
    return error > 0 ? (enum ofperr) error : 0;
}

static enum ofperr
print_meter_features(const struct printer *p)
{
    static const struct bit_name bands[] = {
        { 1 << METER_BAND_DROP, "drop" },
        { 1 << METER_BAND_DSCP_REMARK, "dscp_remark" }, { 0, NULL }
    };
    static const struct bit_name caps[] = {
        { METER_F_KBPS, "kbps" }, { METER_F_PKTPS, "pktps" },
        { METER_F_BURST, "burst" }, { METER_F_STATS, "stats" }, { 0, NULL }
    };
    struct meter_features mf;
    enum ofperr error = meter_features_decode(&mf, p->msg);

    str_printf(p->s, "\nmax_meter:%"PRIu32" max_bands:%u max_color:%u\n"
               "band_types: ", mf.max_meters, mf.max_bands, mf.max_color);
    print_bits(p->s, mf.band_types, bands, ' ');
    str_put(p->s, "\ncapabilities: ");
    print_bits(p->s, mf.capabilities, caps, ' ');
    str_put_char(p->s, '\n');
    return error;
}

/* Tables. */

/* Do two tables have the same to tell, but for their numbers and names? */
static bool
is_ditto(const struct table_stats *a, const struct table_stats *b)
{
    return (a->active_count == b->active_count
            && a->lookup_count == b->lookup_count
            && a->matched_count == b->matched_count
            && a->max_entries == b->max_entries
            && a->table_id + 1 == b->table_id);
}

static void
put_name(struct str *s, const struct table_stats *ts)
{
    str_printf(s, "  table %u", ts->table_id);
    if (ts->name[0]) {
        str_printf(s, " (\"%s\")", ts->name);
    }
}

/* 'prev': the table before, or NULL. */
static void
put_table_stats(const struct printer *p, const struct table_stats *ts,
                const struct table_stats *prev)
{
    put_name(p->s, ts);
    str_printf(p->s, ":\n    active=%"PRIu32", lookup=%"PRIu64
               ", matched=%"PRIu64"\n", ts->active_count, ts->lookup_count,
               ts->matched_count);
    if (p->msg->version == OFP10_VERSION && prev
        && ts->max_entries == prev->max_entries
        && ts->wildcards == prev->wildcards) {
        str_put(p->s, "    (same features)\n");
    } else if (p->msg->version == OFP10_VERSION) {
        str_printf(p->s, "    max_entries=%"PRIu32"\n", ts->max_entries);
        if (prev && ts->wildcards == prev->wildcards) {
            str_put(p->s, "    (same matching)\n");
        } else {
            table_wildcards_format(ts->wildcards, p->s);
        }
    }
    str_put_char(p->s, '\n');
}

static enum ofperr
print_table_stats(const struct printer *p)
{
    struct reader r = ofmsg_reader(p->msg);
    struct table_stats ts, prev;
    int first_ditto = -1;
    bool has_prev = false;
    int error;

    str_put_char(p->s, '\n');
    for (; !(error = table_stats_decode(&ts, p->msg->version, &r));
         prev = ts, has_prev = true) {
        bool same = has_prev && is_ditto(&prev, &ts);

        if (same && !ts.name[0]) {
            first_ditto = first_ditto < 0 ? ts.table_id : first_ditto;
            continue;
        }
        if (first_ditto >= 0) {
            table_dittos_format(first_ditto, prev.table_id, p->s);
            str_put_char(p->s, '\n');
            first_ditto = -1;
        }
        if (same) {
            put_name(p->s, &ts);
            str_put(p->s, ": ditto\n");
        } else {
            put_table_stats(p, &ts, has_prev ? &prev : NULL);
        }
    }
    if (first_ditto >= 0) {
        table_dittos_format(first_ditto, prev.table_id, p->s);
    }
    return error > 0 ? (enum ofperr) error : 0;
}

static const struct bit_name eviction_flags[] = {
    { TABLE_EVICT_OTHER, "OTHER" }, { TABLE_EVICT_IMPORTANCE, "IMPORTANCE" },
    { TABLE_EVICT_LIFETIME, "LIFETIME" }, { 0, NULL }
};

static void
put_table_desc(const struct printer *p, const struct table_mod *td)
{
    const char *name = (p->names ? port_map_name(p->names->tables,
                                                 td->table_id) : NULL);
    struct str *s = p->s;

    str_put(s, "  table ");
    if (name) {
        str_put(s, name);
    } else {
        str_put_uint(s, td->table_id);
    }
    str_printf(s, ":\n   eviction=%s eviction_flags=",
               td->eviction == TABLE_SWITCH_ON ? "on" : "off");
    print_bits(s, td->eviction_flags == UINT32_MAX ? 0 : td->eviction_flags,
               eviction_flags, '|');
    str_printf(s, "\n   vacancy=%s", td->vacancy == TABLE_SWITCH_ON ? "on"
               : "off");
    if (td->vacancy == TABLE_SWITCH_ON) {
        str_printf(s, " vacancy_down=%u%% vacancy_up=%u%% vacancy=%u%%",
                   td->vacancy_down, td->vacancy_up, td->vacancy_now);
    }
    str_put_char(s, '\n');
}

static enum ofperr
print_table_desc(const struct printer *p)
{
    struct reader r = ofmsg_reader(p->msg);
    struct table_mod td;
    int error;

    str_put_char(p->s, '\n');
    for (bool any = false; !(error = table_desc_decode(&td, &r));
         any = true) {
        str_put(p->s, any ? "\n" : "");
        put_table_desc(p, &td);
    }
    return error > 0 ? (enum ofperr) error : 0;
}

static enum ofperr
print_table_status(const struct printer *p)
{
    struct table_status ts;
    enum ofperr error = table_status_decode(&ts, p->msg);

    if (!error) {
        str_printf(p->s, " reason=%s\ntable_desc:-\n",
                   ts.reason == 3 ? "VACANCY_DOWN"
                   : ts.reason == 4 ? "VACANCY_UP" : "unknown");
        put_table_desc(p, &ts.desc);
    }
    return error;
}

static enum ofperr
print_table_mod(const struct printer *p)
{
    struct table_mod tm;
    enum ofperr error = table_mod_decode(&tm, p->msg);
    struct str *s = p->s;

    if (error) {
        return error;
    }
    str_put(s, " table_id=");
    if (tm.table_id == OFPTT_ALL) {
        str_put(s, "ALL");
    } else {
        str_put_uint(s, tm.table_id);
    }
    if (p->msg->version >= OFP14_VERSION) {
        if (tm.eviction == TABLE_SWITCH_ON) {
            str_put(s, ", eviction=on");
            if (tm.eviction_flags != UINT32_MAX) {
                str_put(s, " eviction_flags=");
                print_bits(s, tm.eviction_flags, eviction_flags, '|');
            }
        }
        str_printf(s, ", vacancy=%s", tm.vacancy == TABLE_SWITCH_ON ? "on"
                   : "off");
        if (tm.vacancy == TABLE_SWITCH_ON) {
            str_printf(s, " vacancy:%u,%u", tm.vacancy_down, tm.vacancy_up);
        }
    }
    str_put_char(s, '\n');
    return 0;
}


static enum ofperr
print_group_features(const struct printer *p)
{
    return group_features_format(p->msg, p->s);
}

static enum ofperr
print_table_features(const struct printer *p)
{
    return table_features_format(p->msg, p->s);
}

static enum ofperr
print_table_features_request(const struct printer *p)
{
    return table_features_request_format(p->msg, p->s);
}

static void
put_group_id(struct str *s, uint32_t id)
{
    str_put(s, " group_id=");
    if (id == OFPG_ALL) {
        str_put(s, "ALL\n");
    } else if (id == OFPG_ANY) {
        str_put(s, "ANY\n");
    } else {
        str_printf(s, "%"PRIu32"\n", id);
    }
}

static enum ofperr
print_group_stats_request(const struct printer *p)
{
    uint32_t id;
    enum ofperr error = group_stats_request_decode(&id, p->msg);

    if (!error) {
        put_group_id(p->s, id);
    }
    return error;
}

static enum ofperr
print_group_desc_request(const struct printer *p)
{
    put_group_id(p->s, group_desc_request_decode(p->msg));
    return 0;
}

static enum ofperr
print_meter_request(const struct printer *p)
{
    uint32_t id;
    enum ofperr error = meter_request_decode(&id, p->msg);

    if (!error) {
        str_put_char(p->s, ' ');
        meter_id_format(id, '=', p->s);
        str_put_char(p->s, '\n');
    }
    return error;
}

const struct print_row print_table_rows[] = {
    { OFMSG_GROUP_MOD, print_group_mod },
    { OFMSG_GROUP_STATS_REQUEST, print_group_stats_request },
    { OFMSG_GROUP_STATS_REPLY, print_group_stats },
    { OFMSG_GROUP_DESC_REQUEST, print_group_desc_request },
    { OFMSG_GROUP_DESC_REPLY, print_group_desc },
    { OFMSG_GROUP_FEATURES_REPLY, print_group_features },
    { OFMSG_METER_MOD, print_meter_mod },
    { OFMSG_METER_STATS_REQUEST, print_meter_request },
    { OFMSG_METER_STATS_REPLY, print_meter_stats },
    { OFMSG_METER_CONFIG_REQUEST, print_meter_request },
    { OFMSG_METER_CONFIG_REPLY, print_meter_config },
    { OFMSG_METER_FEATURES_REPLY, print_meter_features },
    { OFMSG_TABLE_MOD, print_table_mod },
    { OFMSG_TABLE_STATUS, print_table_status },
    { OFMSG_TABLE_STATS_REPLY, print_table_stats },
    { OFMSG_TABLE_DESC_REPLY, print_table_desc },
    { OFMSG_TABLE_FEATURES_REQUEST, print_table_features_request },
    { OFMSG_TABLE_FEATURES_REPLY, print_table_features },
    { 0, NULL }
};
