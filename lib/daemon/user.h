/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_USER_H
#define DAEMON_USER_H

/* --user: another user and group, with few of root's capabilities. */

#include "lib/base/error.h"

/* Becomes 'spec', "USER[:GROUP]" or ":GROUP", keeping what a daemon needs to
 * bind low ports and lock memory and, if 'network', to drive a datapath.  The
 * log file changes hands with it. */
struct error *user_become(const char *spec, bool network) MUST_USE;

#endif /* daemon/user.h */
