/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UPCALL_UKEY_H
#define UPCALL_UKEY_H

/* What the switch knows of each megaflow, shared by those who make them
 * (upcall.c), those who keep them right (revalidator.c) and those who show
 * them (upcall_commands.c). */

#include <pthread.h>

#include "lib/runtime/loop.h"
#include "lib/runtime/rcu_hash.h"
#include "vswitch/dpif/dpif.h"
#include "vswitch/upcall/upcall.h"
#include "vswitch/xlate/xlate.h"

/* A megaflow. */
struct ukey {
    struct ufid ufid;
    uint64_t change_seq;         /* Under which it was translated. */
    uint64_t dump_seq;           /* Last pass that met it. */
    int64_t created_ms;
    const struct flow_key *key;  /* As the datapath has it.  Both follow this
                                  * struct. */
    const struct flow_key *mask;
    void *actions;
    size_t actions_size;
    struct dpif_flow_stats stats;    /* Last seen. */
    struct xlate_cache *cache;
    uint32_t *recirc_ids;
    size_t n_recirc_ids;
    struct rcu_head rcu;
};

struct upcall {
    struct backer *backer;
    struct dpif *dpif;

    pthread_mutex_t ukeys_mutex; /* For changes of 'ukeys'. */
    struct rcu_hash ukeys;       /* By ufid. */
    unsigned int flow_limit;     /* Atomic. */

    /* The revalidator. */
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t mutex;
    pthread_cond_t wakeup;       /* Under 'mutex': */
    bool is_stopping;
    bool is_woken;
    bool is_paused;
    bool flush;
    uint64_t n_passes;           /* Finished ones. */
    pthread_cond_t passed;
    struct timer timer;          /* Without a thread: for the interval, */
    struct step step;            /* and after a change. */

    uint64_t dump_seq;
    int64_t last_start_ms;       /* When the last pass began, 0: none yet, */
    int64_t last_pass_ms;        /* and how long it took. */
    size_t n_flows, max_flows, total_flows;      /* Seen by passes. */
    bool megaflows_disabled;     /* Atomic. */
};

/* upcall.c */

/* The settings; read members with relaxed atomic loads. */
extern struct upcall_config upcall_config;

/* Finds the ukey of a megaflow, in an RCU read section. */
struct ukey *ukey_find(const struct upcall *, struct ufid);

/* Takes a ukey out of the table; it is freed after a grace period. */
void ukey_remove(struct upcall *, struct ukey *);

/* Forgets what the translation of 'ukey' holds, and takes over what 'out'
 * and 'cache' do. */
void ukey_take_translation(struct ukey *, struct xlate_cache *,
                           struct xlate_out *);

/* revalidator.c */

/* Starts and ends the passes. */
void revalidator_start(struct upcall *);
void revalidator_stop(struct upcall *);

/* Has a whole pass run that begins after this call; with 'flush' it deletes
 * all megaflows. */
void revalidator_run(struct upcall *, bool flush);

void revalidator_set_paused(struct upcall *, bool paused);

#endif /* upcall/ukey.h */
