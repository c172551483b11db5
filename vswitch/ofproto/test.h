/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OFPROTO_TEST_H
#define OFPROTO_TEST_H

/* What tests of bridges share: bridges on a dummy datapath. */

#include "vswitch/ofproto/ofproto.h"
#include "vswitch/xlate/xlate.h"

/* Creates bridge 'name' with dummy ports NAME-p1 to NAME-pN, numbered so, each
 * a trunk. */
struct ofproto *test_bridge(const char *name, int n_ports);

/* For cmocka: '*state' is a bridge "br0" with 'n_ports' and no flows. */
int test_setup(void **state, int n_ports);
int test_teardown(void **state);

/* Adds a port with options "KEY=VALUE,..." and returns its number. */
ofp_port_t test_add_port(struct ofproto *, const char *name, const char *type,
                         const char *options);

/* Adds flows, one a string, up to NULL; in ovs-ofctl's syntax. */
void test_add_flows(struct ofproto *, ...) __attribute__((__sentinel__));

/* Does one flow mod that starts with its command; returns its error. */
enum ofperr test_flow_mod(struct ofproto *, const char *text);

/* Does one group mod, 'command' an enum group_command; returns its error. */
enum ofperr test_group_mod(struct ofproto *, uint16_t command,
                           const char *text);

/* The flow that a match's text gives. */
void test_flow(const char *text, struct flow *);

/* Translates and returns the datapath actions as text, for free().  'wc' may
 * be NULL. */
char *test_xlate(struct ofproto *, const struct flow *,
                 struct flow_wildcards *wc);

/* Expects that 'flow' (text) translates to 'actions'. */
void test_expect(struct ofproto *, const char *flow, const char *actions);

int xlate_tests(void);
int wildcards_tests(void);
int flow_mod_tests(void);
int in_band_tests(void);
int mac_learning_tests(void);
int bfd_tests(void);
int odp_text_tests(void);

#endif /* ofproto/test.h */
