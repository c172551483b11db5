/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UPCALL_UPCALL_H
#define UPCALL_UPCALL_H

/* Between a datapath and translation: upcalls become megaflows, and megaflows
 * are kept equal to what translation gives.
 *
 * Handlers (threads of the datapath) translate packets that no megaflow
 * matched.  For each megaflow there is a 'ukey', which knows what was
 * installed and whom its packets are credited to.
 *
 * The revalidator (a thread; of a dummy datapath, the main thread) dumps the
 * datapath's flows: it pushes new statistics to rules, deletes what was idle
 * for too long and, if something changed that translation reads, translates
 * each flow anew and mends or deletes it.  The number of flows that may be
 * installed follows from how long a dump takes.
 *
 * Threads: the main one, except as noted. */

#include "lib/base/str.h"
#include "vswitch/dpif/dpif.h"

struct backer;
struct ofproto;
struct upcall;

/* Starts handling the upcalls of 'backer'. */
struct upcall *upcall_create(struct backer *);

/* Stops, deleting all megaflows. */
void upcall_destroy(struct upcall *);

/* Something changed: revalidate soon; a dummy datapath's megaflows, before the
 * turn ends.  Threads: any, of a dummy datapath the main one. */
void upcall_wake(struct upcall *);

/* Deletes all megaflows, and waits until it is done. */
void upcall_flush(struct upcall *);

/* What the daemon does about the whole of upcalls. */
struct upcall_config {
    uint32_t flow_limit;         /* Most megaflows. */
    uint32_t max_idle_ms;        /* A megaflow without packets lives so long. */
    uint32_t max_revalidator_ms; /* Longest time between two passes. */
    uint32_t min_revalidate_pps; /* When passes take more than half of that,
                                  * flows with fewer packets a second are
                                  * deleted instead of translated; 0: never. */
    uint32_t n_revalidators;     /* Threads for a large pass, at least 1. */
};

#define UPCALL_CONFIG_DEFAULT \
    { \
        .flow_limit = 200000, .max_idle_ms = 10000, \
        .max_revalidator_ms = 500, .min_revalidate_pps = 5, \
        .n_revalidators = 1, \
    }

/* Applies at once, to datapaths opened later too. */
void upcall_set_config(const struct upcall_config *);

/* While paused, packets that no megaflow matches are dropped, as when flows are
 * being restored and are not all there.  Threads: any. */
void upcall_set_paused(bool);

/* The identifier of the megaflow of 'mask' that 'flow' has. */
struct ufid upcall_make_ufid(const struct flow *,
                             const struct flow_wildcards *mask);

/* Adds what it keeps, and how many threads it has. */
struct memory_usage;
void upcall_report_memory(const struct upcall *, struct memory_usage *);

/* Registers upcall/... and revalidator/... control commands. */
void upcall_register_commands(void);

#endif /* upcall/upcall.h */
