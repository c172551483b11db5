/* SPDX-License-Identifier: Apache-2.0 */

/* vtep-ctl's commands on MAC bindings: which tunnel end point an Ethernet
 * address of a logical switch is behind.
 *
 * There are four tables of them: of unicast addresses, with one end point
 * (locator) each, and of multicast addresses, with a set of them; and each in
 * a local form, which the gateway writes, and in a remote one, which it reads.
 * A set never changes: another takes its place. */

#include <arpa/inet.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/logical/addresses.h"
#include "vtep/tools/vtep_ctl.h"

#define DEFAULT_ENCAP "vxlan_over_ipv4"

/* Stands for all multicast addresses that have no binding. */
#define UNKNOWN_DST "unknown-dst"

/* One of the four tables, with the columns that all of them have. */
struct kind {
    const char *title;          /* In listings. */
    const struct replica_table_class *table;
    unsigned int mac;
    unsigned int logical_switch;
    unsigned int locator;       /* Or its set. */
};

#define KIND(TITLE, TABLE, UPPER, LOCATOR) { \
    .title = TITLE, .table = &TABLE##_table, \
    .mac = UPPER##_COL_MAC, \
    .logical_switch = UPPER##_COL_LOGICAL_SWITCH, \
    .locator = UPPER##_COL_##LOCATOR, \
}

static const struct kind ucast_local = KIND(
    "ucast-mac-local", vtep_ucast_macs_local, VTEP_UCAST_MACS_LOCAL, LOCATOR);
static const struct kind mcast_local = KIND(
    "mcast-mac-local", vtep_mcast_macs_local, VTEP_MCAST_MACS_LOCAL,
    LOCATOR_SET);
static const struct kind ucast_remote = KIND(
    "ucast-mac-remote", vtep_ucast_macs_remote, VTEP_UCAST_MACS_REMOTE,
    LOCATOR);
static const struct kind mcast_remote = KIND(
    "mcast-mac-remote", vtep_mcast_macs_remote, VTEP_MCAST_MACS_REMOTE,
    LOCATOR_SET);

/* A row that a column refers to, or NULL. */
static const void *
get_ref(const struct replica_row *row, unsigned int column)
{
    return *(const void *const *) dbctl_member(row, column);
}

static const char *
get_mac(const struct kind *kind, const struct replica_row *row)
{
    return *(const char *const *) dbctl_member(row, kind->mac);
}

static void
set_value(const struct replica_row *row, unsigned int column,
          const void *value)
{
    replica_write(row, column,
                  &(struct replica_value) { .n = 1, .keys = value });
}

static bool
is_of(const struct kind *kind, const struct replica_row *row,
      const struct vtep_logical_switch *ls)
{
    return get_ref(row, kind->logical_switch) == ls;
}

static struct replica_row *
find_binding(const struct dbctl_call *call, const struct kind *kind,
             const struct vtep_logical_switch *ls, const char *mac)
{
    struct replica_row *row;

    REPLICA_FOR_EACH (row, dbctl_replica(call->dbctl), kind->table) {
        if (is_of(kind, row, ls) && !strcmp(get_mac(kind, row), mac)) {
            return row;
        }
    }
    return NULL;
}

static struct replica_row *
insert_binding(const struct dbctl_call *call, const struct kind *kind,
               const struct vtep_logical_switch *ls, const char *mac)
{
    struct replica_row *row = replica_insert(dbctl_txn(call->dbctl),
                                             kind->table);

    set_value(row, kind->mac, &mac);
    set_value(row, kind->logical_switch, &ls);
    return row;
}

/* Locators. */

/* "[ENCAP] IP" at the end of the arguments. */
static const char *
encap_of(const struct dbctl_call *call)
{
    return call->argc == 5 ? call->argv[3] : DEFAULT_ENCAP;
}

static const struct vtep_physical_locator *
find_locator(const struct dbctl_call *call)
{
    const char *encap = encap_of(call);
    const char *ip = call->argv[call->argc - 1];
    const struct vtep_physical_locator *locator;

    VTEP_PHYSICAL_LOCATOR_FOR_EACH (locator, dbctl_replica(call->dbctl)) {
        if (!strcmp(locator->encapsulation_type, encap)
            && !strcmp(locator->dst_ip, ip)) {
            return locator;
        }
    }
    return NULL;
}

/* Likewise, but makes one if need be. */
static const struct vtep_physical_locator *
get_locator(const struct dbctl_call *call)
{
    const struct vtep_physical_locator *locator = find_locator(call);

    if (!locator) {
        struct vtep_physical_locator *new_
            = vtep_physical_locator_insert(dbctl_txn(call->dbctl));

        vtep_physical_locator_set_dst_ip(new_, call->argv[call->argc - 1]);
        vtep_physical_locator_set_encapsulation_type(new_, encap_of(call));
        locator = new_;
    }
    return locator;
}

static void
put_binding(struct str *out, const char *mac,
            const struct vtep_physical_locator *locator)
{
    str_printf(out, "  %s -> %s/%s", mac, locator->encapsulation_type,
               locator->dst_ip);
}

/* Whether what a command adds makes sense. */
static struct error *
check_addition(const struct dbctl_call *call)
{
    const char *mac = call->argv[2];
    const char *ip = call->argv[call->argc - 1];
    struct eth_addr ethernet;
    struct in6_addr address;

    if (strcmp(mac, UNKNOWN_DST) && !mac_parse(mac, &ethernet)) {
        return error_create(0, "\"%s\" is not an Ethernet address", mac);
    } else if (!inet_pton(AF_INET, ip, &address)
               && !inet_pton(AF_INET6, ip, &address)) {
        return error_create(0, "\"%s\" is not an IP address", ip);
    }
    return NULL;
}

/* Unicast. */

static struct error *
add_ucast(struct dbctl_call *call, const struct kind *kind)
{
    const char *mac = call->argv[2];
    const struct vtep_physical_locator *locator;
    const struct vtep_logical_switch *ls;
    struct replica_row *row;
    struct error *error = vtep_ctl_find_ls(call, call->argv[1], &ls);

    if (!error) {
        error = check_addition(call);
    }
    if (error) {
        return error;
    }
    row = find_binding(call, kind, ls, mac);
    if (!row) {
        row = insert_binding(call, kind, ls, mac);
    }
    locator = get_locator(call);
    set_value(row, kind->locator, &locator);
    return NULL;
}

static struct error *
del_ucast(struct dbctl_call *call, const struct kind *kind)
{
    const struct vtep_logical_switch *ls;
    struct error *error = vtep_ctl_find_ls(call, call->argv[1], &ls);
    struct replica_row *row
        = error ? NULL : find_binding(call, kind, ls, call->argv[2]);

    if (row) {
        replica_delete(row);
    }
    return error;
}

/* Multicast. */

typedef VEC(struct vtep_physical_locator *) locator_list;

/* The locators of a binding but 'but'. */
static void
collect_locators(const struct kind *kind, const struct replica_row *row,
                 const struct vtep_physical_locator *but,
                 locator_list *locators)
{
    const struct vtep_physical_locator_set *set = get_ref(row, kind->locator);

    for (size_t i = 0; set && i < set->n_locators; i++) {
        if (set->locators[i] != but) {
            vec_push(locators, set->locators[i]);
        }
    }
}

static void
replace_set(const struct dbctl_call *call, const struct kind *kind,
            const struct replica_row *row, const locator_list *locators)
{
    struct vtep_physical_locator_set *set
        = vtep_physical_locator_set_insert(dbctl_txn(call->dbctl));

    vtep_physical_locator_set_set_locators(set, locators->items, locators->n);
    set_value(row, kind->locator, &set);
}

static struct error *
add_mcast(struct dbctl_call *call, const struct kind *kind)
{
    const char *mac = call->argv[2];
    locator_list locators = VEC_EMPTY;
    const struct vtep_physical_locator *locator;
    const struct vtep_logical_switch *ls;
    struct replica_row *row;
    struct error *error = vtep_ctl_find_ls(call, call->argv[1], &ls);
    size_t n = 0;

    if (!error) {
        error = check_addition(call);
    }
    if (error) {
        return error;
    }
    row = find_binding(call, kind, ls, mac);
    locator = get_locator(call);
    if (row) {
        const struct vtep_physical_locator_set *set
            = get_ref(row, kind->locator);

        n = set ? set->n_locators : 0;
        collect_locators(kind, row, locator, &locators);
    } else {
        row = insert_binding(call, kind, ls, mac);
    }
    if (locators.n == n) {
        vec_push(&locators, (struct vtep_physical_locator *) locator);
        replace_set(call, kind, row, &locators);
    }
    vec_uninit(&locators);
    return NULL;
}

/* A binding without locators makes no sense: the last one takes it along. */
static struct error *
del_mcast(struct dbctl_call *call, const struct kind *kind)
{
    const struct vtep_logical_switch *ls;
    struct error *error = vtep_ctl_find_ls(call, call->argv[1], &ls);
    const struct vtep_physical_locator *locator
        = error ? NULL : find_locator(call);
    struct replica_row *row
        = locator ? find_binding(call, kind, ls, call->argv[2]) : NULL;
    locator_list locators = VEC_EMPTY;

    if (row) {
        const struct vtep_physical_locator_set *set
            = get_ref(row, kind->locator);

        collect_locators(kind, row, locator, &locators);
        if (!locators.n) {
            replica_delete(row);
        } else if (locators.n < set->n_locators) {
            replace_set(call, kind, row, &locators);
        }
    }
    vec_uninit(&locators);
    return error;
}

/* All of a logical switch. */

static struct error *
clear(struct dbctl_call *call, const struct kind *ucast,
      const struct kind *mcast)
{
    const struct vtep_logical_switch *ls;
    struct error *error = vtep_ctl_find_ls(call, call->argv[1], &ls);

    for (int i = 0; !error && i < 2; i++) {
        const struct kind *kind = i ? mcast : ucast;
        struct replica_row *row;

        REPLICA_FOR_EACH (row, dbctl_replica(call->dbctl), kind->table) {
            if (is_of(kind, row, ls)) {
                replica_delete(row);
            }
        }
    }
    return error;
}

typedef VEC(const char *) line_list;

static void
add_line(line_list *lines, const char *mac,
         const struct vtep_physical_locator *locator)
{
    struct str line = STR_EMPTY;

    put_binding(&line, mac, locator);
    vec_push(lines, str_steal(&line));
}

static void
put_lines(struct dbctl_call *call, const struct kind *kind, line_list *lines)
{
    str_printf(&call->output, "%s\n", kind->title);
    dbctl_put_sorted(&call->output, lines->items, lines->n);
    str_put_char(&call->output, '\n');
    VEC_FOR_EACH (line, lines) {
        free((char *) *line);
    }
    vec_uninit(lines);
}

static struct error *
list(struct dbctl_call *call, const struct kind *ucast,
     const struct kind *mcast)
{
    line_list ucast_lines = VEC_EMPTY, mcast_lines = VEC_EMPTY;
    const struct vtep_logical_switch *ls;
    struct replica_row *row;
    struct error *error = vtep_ctl_find_ls(call, call->argv[1], &ls);

    if (error) {
        return error;
    }
    REPLICA_FOR_EACH (row, dbctl_replica(call->dbctl), ucast->table) {
        if (is_of(ucast, row, ls)) {
            add_line(&ucast_lines, get_mac(ucast, row),
                     get_ref(row, ucast->locator));
        }
    }
    REPLICA_FOR_EACH (row, dbctl_replica(call->dbctl), mcast->table) {
        const struct vtep_physical_locator_set *set
            = get_ref(row, mcast->locator);

        for (size_t i = 0; is_of(mcast, row, ls) && i < set->n_locators;
             i++) {
            add_line(&mcast_lines, get_mac(mcast, row), set->locators[i]);
        }
    }
    put_lines(call, ucast, &ucast_lines);
    put_lines(call, mcast, &mcast_lines);
    return NULL;
}

#define RUN(NAME, CALL) \
    static struct error * \
    NAME(struct dbctl_call *call) \
    { \
        return CALL; \
    }

RUN(run_add_ucast_local, add_ucast(call, &ucast_local))
RUN(run_del_ucast_local, del_ucast(call, &ucast_local))
RUN(run_add_mcast_local, add_mcast(call, &mcast_local))
RUN(run_del_mcast_local, del_mcast(call, &mcast_local))
RUN(run_clear_local_macs, clear(call, &ucast_local, &mcast_local))
RUN(run_list_local_macs, list(call, &ucast_local, &mcast_local))
RUN(run_add_ucast_remote, add_ucast(call, &ucast_remote))
RUN(run_del_ucast_remote, del_ucast(call, &ucast_remote))
RUN(run_add_mcast_remote, add_mcast(call, &mcast_remote))
RUN(run_del_mcast_remote, del_mcast(call, &mcast_remote))
RUN(run_clear_remote_macs, clear(call, &ucast_remote, &mcast_remote))
RUN(run_list_remote_macs, list(call, &ucast_remote, &mcast_remote))

static const struct replica_table_class *const tables[] = {
    &vtep_logical_switch_table, &vtep_physical_locator_table,
    &vtep_physical_locator_set_table, &vtep_ucast_macs_local_table,
    &vtep_ucast_macs_remote_table, &vtep_mcast_macs_local_table,
    &vtep_mcast_macs_remote_table, NULL,
};

#define COMMAND(NAME, MIN, MAX, ARGUMENTS, RUN_) \
    { .name = NAME, .min_args = MIN, .max_args = MAX, \
      .arguments = ARGUMENTS, .tables = tables, .run = RUN_ }

static const struct dbctl_command commands[] = {
    COMMAND("add-ucast-local", 3, 4, "LSWITCH MAC [ENCAP] IP",
            run_add_ucast_local),
    COMMAND("del-ucast-local", 2, 2, "LSWITCH MAC", run_del_ucast_local),
    COMMAND("add-mcast-local", 3, 4, "LSWITCH MAC [ENCAP] IP",
            run_add_mcast_local),
    COMMAND("del-mcast-local", 3, 4, "LSWITCH MAC [ENCAP] IP",
            run_del_mcast_local),
    COMMAND("clear-local-macs", 1, 1, "LSWITCH", run_clear_local_macs),
    COMMAND("list-local-macs", 1, 1, "LSWITCH", run_list_local_macs),
    COMMAND("add-ucast-remote", 3, 4, "LSWITCH MAC [ENCAP] IP",
            run_add_ucast_remote),
    COMMAND("del-ucast-remote", 2, 2, "LSWITCH MAC", run_del_ucast_remote),
    COMMAND("add-mcast-remote", 3, 4, "LSWITCH MAC [ENCAP] IP",
            run_add_mcast_remote),
    COMMAND("del-mcast-remote", 3, 4, "LSWITCH MAC [ENCAP] IP",
            run_del_mcast_remote),
    COMMAND("clear-remote-macs", 1, 1, "LSWITCH", run_clear_remote_macs),
    COMMAND("list-remote-macs", 1, 1, "LSWITCH", run_list_remote_macs),
};

const struct dbctl_command_group vtep_ctl_mac_commands = {
    "MAC binding commands", commands, ARRAY_SIZE(commands)
};
