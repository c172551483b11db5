/* SPDX-License-Identifier: Apache-2.0 */

/* ofproto/detrace: from a flow of the datapath back to the OpenFlow flows and
 * groups that it comes from, whose cookies say who wanted them. */

#include "vswitch/ofproto/commands.h"

#include <errno.h>
#include <inttypes.h>

#include "lib/base/alloc.h"
#include "lib/daemon/control.h"
#include "lib/flow/key.h"
#include "lib/openflow/flow_text.h"
#include "vswitch/dpif/dpif.h"
#include "vswitch/ofproto/backer.h"
#include "vswitch/ofproto/group.h"
#include "vswitch/ofproto/ofproto.h"
#include "vswitch/xlate/xlate.h"

static void
put_rule(const struct rule *rule, void *s_)
{
    struct str *s = s_;
    struct flow_stats fs;

    rule_get_stats(rule, rule->ofproto->tlv, &fs);
    str_printf(s, "bridge(\"%s\"):", rule->ofproto->name);
    flow_stats_format(&fs, NULL, true, s);
    str_put_char(s, '\n');
}

static void
put_group(const struct group *group, size_t bucket, void *s_)
{
    str_printf(s_, "bridge(\"%s\"): group_id=%"PRIu32" bucket %"PRIu32"\n",
               group->ofproto->name, group->id,
               group->by_index[bucket].bucket->id);
}

static void
copy_key(const struct dpif_flow *flow, void *ret)
{
    flow_key_expand(flow->key, ret);
}

/* Translates 'flow' again, which gives what the datapath has: revalidation
 * sees to that. */
static struct error *
put_origins(const struct backer *backer, const struct flow *flow,
            struct str *s)
{
    struct flow_wildcards wc = { .masks = { .in_port = 0 } };
    struct xlate_in in;
    struct xlate_out out;
    enum xlate_error error = xlate_receive(backer, flow, &in, &wc);

    if (error) {
        return error_create(0, "%s", xlate_error_text(error));
    }
    in.cache = xlate_cache_create();
    xlate(&in, &out);
    xlate_cache_for_each_rule(in.cache, put_rule, s);
    xlate_cache_for_each_bucket(in.cache, put_group, s);
    xlate_cache_destroy(in.cache);
    xlate_out_uninit(&out);
    return NULL;
}

static void
detrace(struct control_conn *conn, int argc, const char *argv[], void *aux)
{
    struct str s = STR_EMPTY;
    struct backer *backer;
    struct error *error;
    struct flow flow;
    struct ufid ufid;
    int code;

    if (!commands_parse_ufid(argv[argc - 1], &ufid)) {
        control_reply_error(conn, "needs \"ufid:\" and a flow's number, as "
                            "dpctl/dump-flows -m prints them");
        return;
    }
    backer = commands_get_backer(conn, argc > 2 ? argv[1] : NULL);
    if (!backer) {
        return;
    }
    rcu_read_lock();
    code = dpif_flow_get(backer->dpif, ufid, copy_key, &flow);
    error = (code ? error_from_errno(code, "getting flow")
             : put_origins(backer, &flow, &s));
    rcu_read_unlock();
    if (error) {
        str_uninit(&s);
        control_reply_take_error(conn, error);
    } else {
        control_reply_str(conn, &s);
    }
}

void
detrace_register_command(void)
{
    control_register("ofproto/detrace", "[dp_name] ufid", 1, 2, detrace,
                     NULL);
}
