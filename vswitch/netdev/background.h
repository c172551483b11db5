/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VSWITCH_NETDEV_BACKGROUND_H
#define VSWITCH_NETDEV_BACKGROUND_H

/* System calls that wait for the kernel's grace periods (RCU), off the main
 * thread.
 *
 * To make the ring of a packet socket, to close it, and to remove a tap device
 * take some ten milliseconds each, most of which is waiting for all CPUs to
 * have passed a quiet state.  Calls that wait at the same time wait for the
 * same period: so fifty of them, each on a thread of its own, take little
 * longer than one. */

#include "lib/base/compiler.h"

/* Calls 'run(aux)' on another thread, soon; in no order with other calls.
 * Main thread only. */
void background_run(void (*run)(void *aux), void *aux);

/* Likewise what the configuration is not carried out without: until it is
 * done, background_is_busy(). */
void background_run_awaited(void (*run)(void *aux), void *aux);

/* Whether something of background_run_awaited() is not done yet. */
bool background_is_busy(void);

/* Calls 'idle' on the main thread whenever background_is_busy() ends; NULL:
 * not. */
void background_set_idle_callback(void (*idle)(void *aux), void *aux);

/* Waits until all is done. */
void background_wait(void);

#endif /* vswitch/netdev/background.h */
