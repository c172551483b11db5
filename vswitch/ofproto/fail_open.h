/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OFPROTO_FAIL_OPEN_H
#define OFPROTO_FAIL_OPEN_H

/* The fail mode "standalone" of a bridge whose controllers are all out of
 * reach: after three times their inactivity probe's interval it works as a
 * learning switch, until one of them is connected again.
 *
 * It does so by a hidden flow above all others, so that the controllers' flows
 * are there again at once when it goes.
 * Source: ovs-vswitchd.conf.db(5), column fail_mode of table Bridge.
 * Threads: the main thread. */

#include "lib/runtime/loop.h"

struct ofproto;
struct rule;

struct fail_open {
    struct timer timer;          /* Until it is time. */
    struct rule *rule;           /* NULL: not failing open. */
};

void fail_open_init(struct ofproto *);

/* Removes the flow. */
void fail_open_uninit(struct ofproto *);

/* The fail mode, the controllers or the state of their connections may have
 * changed. */
void fail_open_update(struct ofproto *);

#endif /* ofproto/fail_open.h */
