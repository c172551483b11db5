/* SPDX-License-Identifier: Apache-2.0 */

/* ovn-nbctl's commands on QoS rules and meters. */

#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "northd/tools/nbctl.h"

/* QoS rules. */

/* What "KEY=VALUE" words of "qos-add" may say. */
enum { DSCP, MARK, RATE, BURST, N_SETTINGS };

static const struct setting {
    const char *name;
    int64_t min, max;
    bool is_bandwidth;          /* Else an action. */
} settings[N_SETTINGS] = {
    [DSCP] = { "dscp", 0, 63, false },
    [MARK] = { "mark", 0, UINT32_MAX, false },
    [RATE] = { "rate", 1, UINT32_MAX, true },
    [BURST] = { "burst", 1, UINT32_MAX, true },
};

static struct error *
parse_setting(const char *word, bool given[N_SETTINGS],
              int64_t values[N_SETTINGS])
{
    size_t length = strcspn(word, "=");

    for (int i = 0; i < N_SETTINGS; i++) {
        const struct setting *setting = &settings[i];

        if (word[length] && strlen(setting->name) == length
            && !memcmp(setting->name, word, length)) {
            given[i] = true;
            return nbctl_parse_number(setting->name, word + length + 1,
                                      setting->min, setting->max, &values[i]);
        }
    }
    return error_create(0, "%s: supported arguments are \"dscp=\", \"mark=\", "
                        "\"rate=\" and \"burst=\"", word);
}

static bool
qos_is_same(const struct nb_qos *qos, const char *direction, int64_t priority,
            const char *match)
{
    return (qos->priority == priority && !strcmp(qos->direction, direction)
            && !strcmp(qos->match, match));
}

static void
insert_qos(struct dbctl_call *call, const struct nb_logical_switch *ls,
           const char *direction, int64_t priority,
           const bool given[N_SETTINGS], const int64_t values[N_SETTINGS])
{
    const struct nb_qos *qos = nb_qos_insert(dbctl_txn(call->dbctl));

    nb_qos_set_direction(qos, direction);
    nb_qos_set_priority(qos, priority);
    nb_qos_set_match(qos, call->argv[4]);
    for (int i = 0; i < N_SETTINGS; i++) {
        if (given[i] && settings[i].is_bandwidth) {
            nb_qos_update_bandwidth_setkey(qos, settings[i].name, values[i]);
        } else if (given[i]) {
            nb_qos_update_action_setkey(qos, settings[i].name, values[i]);
        }
    }
    nb_logical_switch_update_qos_rules_addvalue(ls, qos);
}

static struct error *
run_qos_add(struct dbctl_call *call)
{
    const struct nb_logical_switch *ls = NULL;
    bool given[N_SETTINGS] = { false };
    int64_t values[N_SETTINGS];
    const char *direction;
    int64_t priority;
    struct error *error = nbctl_parse_direction(call->argv[2], &direction);

    if (!error) {
        error = nbctl_parse_priority(call->argv[3], &priority);
    }
    for (int i = 5; !error && i < call->argc; i++) {
        error = parse_setting(call->argv[i], given, values);
    }
    if (!error && !given[RATE] && (given[BURST]
                                   || (!given[DSCP] && !given[MARK]))) {
        error = error_create(0, given[BURST] ? "\"burst\" needs \"rate\""
                             : "\"rate\", \"dscp\" or \"mark\" is missing");
    }
    if (!error) {
        error = nbctl_find_switch(call->dbctl, call->argv[1], true, &ls);
    }
    if (error) {
        return error;
    }
    for (size_t i = 0; i < ls->n_qos_rules; i++) {
        if (qos_is_same(ls->qos_rules[i], direction, priority,
                        call->argv[4])) {
            return (dbctl_has_option(call, "--may-exist") ? NULL
                    : error_create(0, "such a QoS rule already exists on "
                                   "switch %s", call->argv[1]));
        }
    }
    insert_qos(call, ls, direction, priority, given, values);
    return NULL;
}

static void
delete_qos(const struct nb_logical_switch *ls, const struct nb_qos *qos)
{
    nb_logical_switch_update_qos_rules_delvalue(ls, qos);
    nb_qos_delete(qos);
}

static struct error *
delete_qos_by_uuid(struct dbctl_call *call, const struct nb_logical_switch *ls,
                   const struct uuid *uuid)
{
    if (call->argc > 3) {
        return error_create(0, "a UUID must be the only argument after the "
                            "switch");
    }
    for (size_t i = 0; i < ls->n_qos_rules; i++) {
        if (uuid_equals(&ls->qos_rules[i]->header.uuid, uuid)) {
            delete_qos(ls, ls->qos_rules[i]);
            return NULL;
        }
    }
    return error_create(0, "%s: no QoS rule of switch %s has this UUID",
                        call->argv[2], call->argv[1]);
}

static struct error *
run_qos_del(struct dbctl_call *call)
{
    const struct nb_logical_switch *ls;
    const char *direction = NULL;
    int64_t priority = 0;
    struct uuid uuid;
    struct error *error = nbctl_find_switch(call->dbctl, call->argv[1], true,
                                            &ls);

    if (!error && call->argc > 2 && uuid_from_string(&uuid, call->argv[2])) {
        return delete_qos_by_uuid(call, ls, &uuid);
    }
    if (!error && call->argc > 2) {
        error = nbctl_parse_direction(call->argv[2], &direction);
    }
    if (!error && call->argc == 4) {
        error = error_create(0, "cannot specify priority without match");
    }
    if (!error && call->argc > 3) {
        error = nbctl_parse_priority(call->argv[3], &priority);
    }
    for (size_t i = error ? 0 : ls->n_qos_rules; i-- > 0;) {
        const struct nb_qos *qos = ls->qos_rules[i];

        if (call->argc > 3 ? qos_is_same(qos, direction, priority,
                                         call->argv[4])
            : !direction || !strcmp(qos->direction, direction)) {
            delete_qos(ls, qos);
        }
    }
    return error;
}

/* By direction; highest priority first. */
static int
compare_qos(const void *a_, const void *b_)
{
    const struct nb_qos *a = *(const struct nb_qos *const *) a_;
    const struct nb_qos *b = *(const struct nb_qos *const *) b_;
    int c = strcmp(a->direction, b->direction);

    if (c) {
        return c;
    } else if (a->priority != b->priority) {
        return a->priority > b->priority ? -1 : 1;
    }
    return strcmp(a->match, b->match);
}

/* What a rule says of a setting; false if nothing. */
static bool
get_setting(const struct nb_qos *qos, const struct setting *setting,
            int64_t *value)
{
    size_t n = setting->is_bandwidth ? qos->bandwidth.n : qos->action.n;

    for (size_t i = 0; i < n; i++) {
        if (!strcmp(setting->name, setting->is_bandwidth
                    ? qos->bandwidth.keys[i] : qos->action.keys[i])) {
            *value = (setting->is_bandwidth ? qos->bandwidth.values[i]
                      : qos->action.values[i]);
            return true;
        }
    }
    return false;
}

static struct error *
run_qos_list(struct dbctl_call *call)
{
    /* In this order. */
    static const int order[] = { RATE, BURST, DSCP, MARK };
    VEC(const struct nb_qos *) sorted = VEC_EMPTY;
    const struct nb_logical_switch *ls;
    struct error *error = nbctl_find_switch(call->dbctl, call->argv[1], true,
                                            &ls);

    for (size_t i = 0; !error && i < ls->n_qos_rules; i++) {
        vec_push(&sorted, ls->qos_rules[i]);
    }
    vec_sort(&sorted, compare_qos);
    VEC_FOR_EACH (p, &sorted) {
        const struct nb_qos *qos = *p;

        str_printf(&call->output, "%10s %5lld (%s)", qos->direction,
                   (long long) qos->priority, qos->match);
        for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
            const struct setting *setting = &settings[order[i]];
            int64_t value;

            if (get_setting(qos, setting, &value)) {
                str_printf(&call->output, " %s=%lld", setting->name,
                           (long long) value);
            }
        }
        str_put_char(&call->output, '\n');
    }
    vec_uninit(&sorted);
    return error;
}

#define NEED_RULES \
    NEEDS(NEED_LS(1, LS(QOS_RULES)), NEED_REFERENCED(nb_qos, REPLICA_ALL_COLS))

static const struct dbctl_command qos_commands[] = {
    { .name = "qos-add", .min_args = 5, .max_args = 8,
      .arguments = "SWITCH DIRECTION PRIORITY MATCH [rate=RATE [burst=BURST]] "
                   "[dscp=DSCP] [mark=MARK]",
      .options = "--may-exist", .needs = NEED_RULES, .run = run_qos_add },
    { .name = "qos-del", .min_args = 1, .max_args = 4,
      .arguments = "SWITCH [UUID | DIRECTION [PRIORITY MATCH]]",
      .needs = NEED_RULES, .run = run_qos_del },
    { .name = "qos-list", .min_args = 1, .max_args = 1, .arguments = "SWITCH",
      .needs = NEED_RULES, .run = run_qos_list },
};

const struct dbctl_command_group nbctl_qos_commands = {
    "QoS commands", qos_commands, ARRAY_SIZE(qos_commands)
};

/* Meters. */

static struct error *
parse_meter(const struct dbctl_call *call, int64_t *rate, int64_t *burst)
{
    static const char *const actions[] = { "drop", NULL };
    static const char *const units[] = { "kbps", "pktps", NULL };
    struct error *error;

    if (text_starts_with(call->argv[1], "__")) {
        return error_create(0, "%s: names of meters that begin with \"__\" "
                            "are reserved", call->argv[1]);
    }
    error = nbctl_parse_choice("action", call->argv[2], actions);
    if (!error) {
        error = nbctl_parse_number("rate", call->argv[3], 1, UINT32_MAX,
                                   rate);
    }
    if (!error) {
        error = nbctl_parse_choice("unit", call->argv[4], units);
    }
    *burst = 0;
    if (!error && call->argc > 5) {
        error = nbctl_parse_number("burst", call->argv[5], 0, UINT32_MAX,
                                   burst);
    }
    return error;
}

static struct error *
run_meter_add(struct dbctl_call *call)
{
    const struct nb_meter *meter;
    struct nb_meter_band *band;
    int64_t rate, burst;
    struct error *error = nbctl_find(
        call->dbctl, &nb_meter_table, NB_METER_COL_NAME, "meter",
        call->argv[1], false, (const struct replica_row **) &meter);

    if (!error && meter && !dbctl_has_option(call, "--may-exist")) {
        error = error_create(0, "%s: a meter with this name already exists",
                             call->argv[1]);
    }
    if (!error) {
        error = parse_meter(call, &rate, &burst);
    }
    if (error) {
        return error;
    }
    if (!meter) {
        meter = nb_meter_insert(dbctl_txn(call->dbctl));
        nb_meter_set_name(meter, call->argv[1]);
    }
    band = nb_meter_band_insert(dbctl_txn(call->dbctl));
    nb_meter_band_set_action(band, "drop");
    nb_meter_band_set_rate(band, rate);
    nb_meter_band_set_burst_size(band, burst);
    nb_meter_set_unit(meter, call->argv[4]);
    nb_meter_set_bands(meter, &band, 1);
    if (dbctl_has_option(call, "--fair")) {
        nb_meter_set_fair(meter, true);
    }
    return NULL;
}

static struct error *
run_meter_del(struct dbctl_call *call)
{
    const struct nb_meter *meter, *next;

    for (meter = nb_meter_first(dbctl_replica(call->dbctl)); meter;
         meter = next) {
        next = nb_meter_next(meter);
        if (call->argc < 2 || !strcmp(meter->name, call->argv[1])) {
            nb_meter_delete(meter);
        }
    }
    return NULL;
}

static int
compare_meters(const void *a_, const void *b_)
{
    const struct nb_meter *const *a = a_, *const *b = b_;

    return strcmp((*a)->name, (*b)->name);
}

static struct error *
run_meter_list(struct dbctl_call *call)
{
    VEC(const struct nb_meter *) sorted = VEC_EMPTY;
    const struct nb_meter *meter;

    NB_METER_FOR_EACH (meter, dbctl_replica(call->dbctl)) {
        vec_push(&sorted, meter);
    }
    vec_sort(&sorted, compare_meters);
    VEC_FOR_EACH (p, &sorted) {
        meter = *p;
        str_printf(&call->output, "%s:%s bands:\n", meter->name,
                   meter->has_fair && meter->fair ? " (fair)" : "");
        for (size_t i = 0; i < meter->n_bands; i++) {
            const struct nb_meter_band *band = meter->bands[i];

            str_printf(&call->output, "  %s: %lld %s", band->action,
                       (long long) band->rate, meter->unit);
            if (band->burst_size) {
                str_printf(&call->output, ", %lld %s burst",
                           (long long) band->burst_size,
                           !strcmp(meter->unit, "kbps") ? "kb" : "packet");
            }
            str_put_char(&call->output, '\n');
        }
    }
    vec_uninit(&sorted);
    return NULL;
}

#define METER_NAME REPLICA_COL(NB_METER_COL_NAME)

static const struct dbctl_command meter_commands[] = {
    { .name = "meter-add", .min_args = 4, .max_args = 5,
      .arguments = "NAME ACTION RATE UNIT [BURST]",
      .options = "--fair,--may-exist",
      .needs = NEEDS(NEED_NAMED(nb_meter, 1, 0, NB_METER_COL_NAME)),
      .run = run_meter_add },
    { .name = "meter-del", .max_args = 1, .arguments = "[NAME]",
      .needs = NEEDS(NEED_NAMED_OR_ALL(nb_meter, 1, METER_NAME,
                                       NB_METER_COL_NAME)),
      .run = run_meter_del },
    { .name = "meter-list",
      .needs = NEEDS(NEED_ALL(nb_meter, REPLICA_ALL_COLS),
                     NEED_ALL(nb_meter_band, REPLICA_ALL_COLS)),
      .run = run_meter_list },
};

const struct dbctl_command_group nbctl_meter_commands = {
    "Meter commands", meter_commands, ARRAY_SIZE(meter_commands)
};
