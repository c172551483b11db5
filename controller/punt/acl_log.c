/* SPDX-License-Identifier: Apache-2.0 */
/* log: what an ACL let through or did not, in a line of the log for a person
 * and for the scripts that read ovn-controller's log. */
#include "controller/punt/request.h"

#include "controller/program.h"
#include "lib/flow/match.h"
#include "lib/runtime/log.h"

LOG_MODULE(acl_log);

/* Appends the packet's headers as a flow. */
static void
format_headers(const struct flow *flow, struct str *s)
{
    struct match match;

    match_init(&match);
    for (enum field_id id = FIELD_ETH_SRC; id < FIELD_N_IDS; id++) {
        const struct field *field = field_from_id(id);
        union field_value value;

        /* The tag has one field for all of it, and others for parts. */
        if ((id < FIELD_DL_VLAN || id > FIELD_VLAN_PCP)
            && field_prereqs_ok(field, flow, NULL)) {
            field_get(field, flow, NULL, &value);
            match_set_field(&match, field, &value, NULL);
        }
    }
    match_format(&match, NULL, FLOW_DEFAULT_PRIORITY, s);
}

void
acl_log_format(const struct request *r, struct str *s)
{
    const struct punt *punt = &r->punt;

    if (punt->name_length) {
        str_printf(s, "name=\"%.*s\"", (int) punt->name_length, punt->name);
    } else {
        str_put(s, "name=\"<unnamed>\"");
    }
    str_printf(s, ", verdict=%s, severity=%s, direction=%s: ",
               log_verdict_to_string(punt->verdict),
               log_severity_to_string(punt->severity),
               r->pin.table_id < OF_TABLE_LOG_EGRESS ? "from-lport"
               : "to-lport");
    format_headers(&r->flow, s);
}

void
handle_log(struct request *r)
{
    struct str s = STR_EMPTY;

    if (log_is_on(LOG_LEVEL_INFO)) {
        acl_log_format(r, &s);
        log_info("%s", str_cstr(&s));
        str_uninit(&s);
    }
}
