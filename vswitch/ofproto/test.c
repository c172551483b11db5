/* SPDX-License-Identifier: Apache-2.0 */

#include "vswitch/ofproto/test.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/base/alloc.h"
#include "lib/base/text.h"
#include "lib/openflow/flow_text.h"
#include "vswitch/dpif/odp_text.h"
#include "vswitch/netdev/netdev.h"
#include "vswitch/ofproto/flow_mod.h"

static void
no_error(struct error *error)
{
    if (error) {
        fail_msg("%s", error_message(error));
    }
}

ofp_port_t
test_add_port(struct ofproto *p, const char *name, const char *type,
              const char *options_text)
{
    struct smap options = SMAP_INITIALIZER(&options);
    char *copy = xstrdup(options_text), *rest = copy, *item;
    struct ofport_init init = {
        .name = name, .type = type, .options = &options,
        .request = OFPP_NONE,
    };
    ofp_port_t number;

    while ((item = text_token(&rest, ",")) != NULL) {
        char *equals = strchr(item, '=');

        *equals = '\0';
        smap_set(&options, item, equals + 1);
    }
    no_error(ofproto_port_add(p, &init, &number));
    ofproto_bundle_set(p, &(struct ofbundle_settings) {
        .name = (char *) name, .vlan_mode = VLAN_MODE_TRUNK,
        .ports = &number, .n_ports = 1,
    });
    smap_uninit(&options);
    free(copy);
    return number;
}

struct ofproto *
test_bridge(const char *name, int n_ports)
{
    struct ofproto *p;

    no_error(ofproto_create(name, "dummy", &p));
    for (int i = 1; i <= n_ports; i++) {
        char *port_name = xasprintf("%s-p%d", name, i);
        struct ofport *port;

        assert_int_equal(test_add_port(p, port_name, "dummy", ""), i);
        port = ofport_find(p, i);
        netdev_set_up(port->netdev, true);
        ofport_refresh(port);
        free(port_name);
    }
    return p;
}

int
test_setup(void **state, int n_ports)
{
    *state = test_bridge("br0", n_ports);
    ofproto_flush_flows(*state);
    return 0;
}

int
test_teardown(void **state)
{
    ofproto_destroy(*state, true);
    return 0;
}

enum ofperr
test_flow_mod(struct ofproto *p, const char *text)
{
    struct buf ofpacts = BUF_EMPTY;
    struct flow_mod fm;
    enum ofperr error;

    no_error(flow_mod_parse(&fm, text, -1, &(struct text_names) { 0 },
                            &ofpacts, NULL));
    error = ofproto_flow_mod(p, &fm, NULL, 0);
    buf_uninit(&ofpacts);
    return error;
}

enum ofperr
test_group_mod(struct ofproto *p, uint16_t command, const char *text)
{
    uint32_t usable = OFP_PROTO_ANY;
    struct group_mod gm;
    struct flow_txn txn;
    enum ofperr error;

    no_error(group_mod_parse(&gm, text, command, NULL, &usable));
    flow_txn_begin(&txn, p, NULL, 0);
    error = flow_txn_group_mod(&txn, &gm);
    if (error) {
        flow_txn_revert(&txn);
    } else {
        flow_txn_commit(&txn);
    }
    group_mod_uninit(&gm);
    return error;
}

void
test_add_flows(struct ofproto *p, ...)
{
    const char *text;
    va_list args;

    va_start(args, p);
    while ((text = va_arg(args, const char *)) != NULL) {
        assert_int_equal(test_flow_mod(p, text), 0);
    }
    va_end(args);
}

void
test_flow(const char *text, struct flow *flow)
{
    struct match match;

    match_init(&match);
    no_error(match_parse(&match, text, NULL, NULL));
    *flow = match.flow;
}

char *
test_xlate(struct ofproto *p, const struct flow *flow,
           struct flow_wildcards *wc)
{
    struct str s = STR_EMPTY;
    struct xlate_in in;
    struct xlate_out out;

    rcu_read_lock();
    xlate_in_init(&in, p, flow);
    xlate(&in, &out);
    if (out.error) {
        str_printf(&s, "error: %s", xlate_error_text(out.error));
    } else {
        odp_actions_format(out.actions.data, out.actions.size, NULL, &s);
    }
    if (wc) {
        *wc = out.wc;
    }
    xlate_out_uninit(&out);
    rcu_read_unlock();
    return str_steal(&s);
}

void
test_expect(struct ofproto *p, const char *flow_text, const char *actions)
{
    struct flow flow;
    char *got;

    test_flow(flow_text, &flow);
    got = test_xlate(p, &flow, NULL);
    assert_string_equal(got, actions);
    free(got);
}

int
main(void)
{
    char dir[] = "/tmp/ofproto-test-XXXXXX";
    int n_failed;

    if (!mkdtemp(dir)) {
        return 1;
    }
    setenv("OVS_RUNDIR", dir, 1);
    /* What bridges make of devices stays here. */
    if (unshare(CLONE_NEWNET)) {
        fprintf(stderr, "no network namespace: %s\n", strerror(errno));
    }
    rcu_register_thread();
    netdev_dummy_enable(NULL);
    n_failed = (mac_learning_tests() + xlate_tests() + wildcards_tests()
                + flow_mod_tests() + in_band_tests() + bfd_tests()
                + odp_text_tests());
    rcu_barrier();
    loop_turn(false);
    rcu_barrier();
    loop_uninit();
    rcu_unregister_thread();
    rmdir(dir);
    return n_failed != 0;
}
