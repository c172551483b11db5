/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_RCU_H
#define RUNTIME_RCU_H

/* Read-copy-update: which flavour of liburcu the tree uses, in one place.
 *
 * The "memb" flavour: readers mark read sections with rcu_read_lock() and
 * rcu_read_unlock(), which cost no barrier (the writer pays, by membarrier(2)).
 * The qsbr flavour would save two stores a batch, but every thread that ever
 * registered would have to announce quiet states around anything that blocks,
 * the main loop's poll and every tool's included; one that forgets stops all
 * reclamation.  Batches make the two stores vanish.
 *
 * A thread that reads calls rcu_register_thread() first and
 * rcu_unregister_thread() before it ends.  Memory is freed with call_rcu() or
 * after synchronize_rcu(); a clean end waits with rcu_barrier(). */

/* Reading a pointer is a load, not a call of the library; but the thread
 * sanitizer takes the stores, which are volatile, for races. */
#ifndef __SANITIZE_THREAD__
#define URCU_INLINE_SMALL_FUNCTIONS
#endif
#include <urcu.h>

#endif /* runtime/rcu.h */
