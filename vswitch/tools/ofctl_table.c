/* SPDX-License-Identifier: Apache-2.0 */

/* Commands about the tables of a switch that take more than a message. */

#include <stdio.h>
#include <string.h>

#include "lib/daemon/daemon.h"
#include "lib/openflow/features_text.h"
#include "lib/openflow/flow_text.h"
#include "lib/openflow/table_msg.h"
#include "vswitch/tools/ofctl.h"

struct features_dump {
    struct table_features_text text;
    struct str s;
};

static void
add_table_features(const struct ofmsg *msg, void *dump_)
{
    struct features_dump *dump = dump_;
    enum ofperr error = table_features_add(&dump->text, msg, &dump->s);

    if (error) {
        program_fatal("bad table features: %s", ofperr_name(error));
    }
}

static void
cmd_dump_table_features(int argc, char *argv[])
{
    struct session *s = session_open(argv[1], "mgmt", 0);
    uint8_t version = session_version(s);
    struct features_dump dump = {
        TABLE_FEATURES_TEXT_INITIALIZER, STR_EMPTY
    };

    if (!ofmsg_is_available(OFMSG_TABLE_FEATURES_REQUEST, version)) {
        program_fatal("dump-table-features needs OpenFlow 1.3 or later "
                      "('-O OpenFlow13')");
    }
    session_for_each_part(
        s, ofmsg_create_empty(OFMSG_TABLE_FEATURES_REQUEST, version,
                              ofmsg_alloc_xid()), add_table_features, &dump);
    table_features_finish(&dump.text, &dump.s);
    fputs(str_cstr(&dump.s), stdout);
    str_uninit(&dump.s);
    session_close(s);
}

/* The switch sets all that a modification has: what 'wanted' leaves out is to
 * stay as it is. */
struct table_fetch {
    struct table_mod *wanted;
    bool found;
};

static void
keep_table_settings(const struct ofmsg *msg, void *fetch_)
{
    struct table_fetch *fetch = fetch_;
    struct table_mod *tm = fetch->wanted;
    struct reader r = ofmsg_reader(msg);
    struct table_mod now;

    while (!table_desc_decode(&now, &r)) {
        if (now.table_id != tm->table_id || fetch->found) {
            continue;
        }
        fetch->found = true;
        if (tm->eviction == TABLE_SWITCH_DEFAULT) {
            tm->eviction = now.eviction;
        }
        if (tm->vacancy == TABLE_SWITCH_DEFAULT) {
            tm->vacancy = now.vacancy;
            tm->vacancy_down = now.vacancy_down;
            tm->vacancy_up = now.vacancy_up;
        }
    }
}

/* Completes 'tm' with what the switch has. */
static void
fetch_table_settings(struct session *s, struct table_mod *tm)
{
    struct table_fetch fetch = { .wanted = tm };

    session_for_each_part(
        s, ofmsg_create_empty(OFMSG_TABLE_DESC_REQUEST, session_version(s),
                              ofmsg_alloc_xid()),
        keep_table_settings, &fetch);
}

/* Renaming: a request about features, of all tables before OpenFlow 1.5. */
struct rename {
    const struct table_mod *wanted;
    struct multipart *request;
    bool found;
};

static void
add_to_request(const struct ofmsg *msg, void *rename_)
{
    struct rename *rename = rename_;
    struct reader r = ofmsg_reader(msg);
    struct table_features tf;

    while (!table_features_decode(&tf, msg, &r)) {
        bool is_it = tf.table_id == rename->wanted->table_id;

        if (is_it) {
            rename->found = true;
            snprintf(tf.name, sizeof tf.name, "%s", rename->wanted->name);
        }
        if (msg->version < OFP15_VERSION) {
            table_features_append(rename->request, &tf);
        } else if (is_it) {
            /* What is not said stays. */
            struct table_features short_tf = {
                .table_id = tf.table_id,
                .command = TABLE_FEATURES_MODIFY,
                .metadata_match = tf.metadata_match,
                .metadata_write = tf.metadata_write,
                .max_entries = tf.max_entries,
            };

            memcpy(short_tf.name, tf.name, sizeof tf.name);
            table_features_append(rename->request, &short_tf);
        }
    }
}

static void
rename_table(struct session *s, const struct table_mod *tm)
{
    struct list parts = LIST_INITIALIZER(&parts);
    uint8_t version = session_version(s);
    struct rename rename = { .wanted = tm };
    struct multipart request;

    multipart_init_type(&request, OFMSG_TABLE_FEATURES_REQUEST, version,
                        ofmsg_alloc_xid(), &parts);
    rename.request = &request;
    session_for_each_part(
        s, ofmsg_create_empty(OFMSG_TABLE_FEATURES_REQUEST, version,
                              ofmsg_alloc_xid()), add_to_request, &rename);
    multipart_finish(&request);
    if (!rename.found) {
        program_fatal("switch does not have table %u", tm->table_id);
    }
    while (!list_is_empty(&parts)) {
        struct buf *b = CONTAINER_OF(list_pop_front(&parts), struct buf,
                                     node);

        if (list_is_empty(&parts)) {
            session_do(s, b);
        } else {
            session_send(s, b);
        }
    }
}

/* Ends if the setting needs other versions than the options allow. */
static void
check_versions(const char *setting, uint32_t usable)
{
    struct str s = STR_EMPTY;

    if (!(usable & ofctl.versions)) {
        ofp_versions_format(usable, &s);
        program_fatal("table_mod '%s' requires one of the OpenFlow versions "
                      "%s", setting, str_cstr(&s));
    }
}

static void
cmd_mod_table(int argc, char *argv[])
{
    bool all = !strcmp(argv[2], "all") || !strcmp(argv[2], "ALL");
    uint32_t usable = UINT32_MAX;
    uint8_t table_id = OFPTT_ALL;
    struct table_mod tm;
    struct session *s;

    /* The name of a table is the switch's to say, and it is asked in a version
     * that the setting needs. */
    program_check(table_mod_parse(&tm, all ? OFPTT_ALL : 0, argv[3],
                                  &usable));
    check_versions(argv[3], usable);
    s = session_open(argv[1], "mgmt", usable & ofctl.versions);
    if (!all) {
        program_check(table_parse(argv[2], session_input_names(s),
                                  &table_id));
        program_check(table_mod_parse(&tm, table_id, argv[3], &usable));
    }
    if (tm.name) {
        rename_table(s, &tm);
    } else {
        if (table_id != OFPTT_ALL) {
            fetch_table_settings(s, &tm);
        }
        session_do(s, table_mod_encode(&tm, session_version(s)));
    }
    session_close(s);
}

const struct command ofctl_table_commands[] = {
    { "dump-table-features", "SWITCH", 1, 1, cmd_dump_table_features },
    { "mod-table", "SWITCH TABLE MOD", 3, 3, cmd_mod_table },
    { NULL, NULL, 0, 0, NULL }
};
