/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

/* Keeps the switch equal to the Open_vSwitch database, and writes back what
 * became of it.
 *
 * For each Bridge, Port and Interface row that is in use there is an object
 * here, found by the row's uuid.  A changed row has its object compared and
 * applied again; nothing else is looked at.
 *
 * Threads: main. */

#include "lib/replica/replica.h"

struct config;

/* Starts to follow the database at 'remote', once the lock "ovs_vswitchd" is
 * held.  The daemon is ready (daemon_ready()) once the first configuration is
 * carried out, or while another process has the lock. */
struct error *config_create(const char *remote, struct config **ret) MUST_USE;

/* Ends.  With 'del_ports' bridges and ports are removed from their
 * datapaths. */
void config_destroy(struct config *, bool del_ports);

#endif /* config/config.h */
