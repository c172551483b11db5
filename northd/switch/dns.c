/* SPDX-License-Identifier: Apache-2.0 */

/* Answers to DNS questions for names that the northbound database has. */

#include <ctype.h>

#include "northd/flow.h"
#include "northd/sync/cells.h"

static void
switch_dns(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_switch *ls = *(const void *const *)
        incr_group_key(group);
    size_t n;

    nb_logical_switch_get_dns_records(ctx, ls, &n);
    if (!n) {
        return;
    }
    FLOW(ctx, ls, LS_IN_DNS_LOOKUP, 100, NULL, "udp.dst == 53",
         "reg0[4] = dns_lookup(); next;");
    FLOW(ctx, ls, LS_IN_DNS_RESPONSE, 100, NULL,
         "ip4 && udp.dst == 53 && reg0[4]",
         "eth.dst <-> eth.src; ip4.src <-> ip4.dst; udp.dst = udp.src; "
         "udp.src = 53; outport = inport; flags.loopback = 1; output;");
    FLOW(ctx, ls, LS_IN_DNS_RESPONSE, 100, NULL,
         "ip6 && udp.dst == 53 && reg0[4]",
         "eth.dst <-> eth.src; ip6.src <-> ip6.dst; udp.dst = udp.src; "
         "udp.src = 53; outport = inport; flags.loopback = 1; output;");
    if (switch_has(ctx, ls, SWITCH_HAS_ACL)) {
        FLOW(ctx, ls, LS_OUT_ACL_EVAL, 34000, NULL, "udp.src == 53",
             "reg8[16] = 1; next;");
    }
}

/* Names are compared in lower case. */
static void
put_record(struct incr_ctx *ctx, const struct row_id *id, const char *name,
           const char *value)
{
    struct str *s = incr_scratch(ctx, 0);

    for (; *name; name++) {
        str_put_char(s, tolower((unsigned char) *name));
    }
    cell_pair(ctx, id, SB_DNS_COL_RECORDS, str_cstr(s), value);
}

static void
switch_dns_rows(struct incr_ctx *ctx, const struct incr_group *group)
{
    const struct nb_logical_switch *ls = *(const void *const *)
        incr_group_key(group);
    const struct row_id dp = datapath_row(&ls->header);
    size_t n;
    struct nb_dns *const *rows = nb_logical_switch_get_dns_records(ctx, ls,
                                                                   &n);

    if (!get_datapath_key(ctx, &ls->header)) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const struct strmap *records = nb_dns_get_records(ctx, rows[i]);
        const struct row_id id = { F_SB_DNS, &rows[i]->header.uuid,
                                   sizeof rows[i]->header.uuid };

        cell_ref(ctx, &id, SB_DNS_COL_DATAPATHS, &dp);
        cell_pair(ctx, &id, SB_DNS_COL_EXTERNAL_IDS, "dns_id",
                  text(ctx, 0, UUID_FMT, UUID_ARGS(&rows[i]->header.uuid)));
        cell_map(ctx, &id, SB_DNS_COL_OPTIONS,
                 nb_dns_get_options(ctx, rows[i]));
        STRMAP_FOR_EACH (j, records) {
            put_record(ctx, &id, records->keys[j], records->values[j]);
        }
    }
}

UNIT_LIST(switch_dns_units,
    UNIT_GROUP(RANK_OUT, F_SWITCH, switch_dns),
    UNIT_GROUP(RANK_OUT, F_SWITCH, switch_dns_rows));
