/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NORTHD_NORTHD_H
#define NORTHD_NORTHD_H

/* The compiler as a whole: replicas in, engine, replicas out.
 *
 * While it holds the southbound database's lock (and is not paused) it keeps
 * the southbound database equal to what the northbound one asks for.  When the
 * lock is lost it forgets everything, since the next holder decides. */

#include "lib/base/error.h"
#include "lib/base/str.h"

struct northd;

struct northd_config {
    const char *nb_remote;
    const char *sb_remote;
    unsigned int n_threads;
    bool paused;
};

/* Starts work on the loop. */
struct error *northd_create(const struct northd_config *, struct northd **ret)
    MUST_USE;
void northd_destroy(struct northd *);

void northd_pause(struct northd *);
void northd_resume(struct northd *);
bool northd_is_paused(const struct northd *);

/* "active", "standby" or "paused". */
const char *northd_status(const struct northd *);
bool northd_nb_is_connected(const struct northd *);
bool northd_sb_is_connected(const struct northd *);
void northd_reset_nb(struct northd *);
void northd_reset_sb(struct northd *);
void northd_set_n_threads(struct northd *, unsigned int n);
unsigned int northd_n_threads(const struct northd *);

/* Starts from nothing, as if the lock had been lost and won. */
void northd_recompute(struct northd *);

/* How long computing may take without a line in the log. */
void northd_set_log_timeout(struct northd *, unsigned int ms);

/* Features that all chassis have or lack: see topology/feature.h. */
void northd_list_chassis_features(const struct northd *, struct str *);

/* For operators; say so if it is not active. */
void northd_stats(const struct northd *, struct str *);
void northd_clear_stats(struct northd *);
size_t northd_verify(struct northd *, struct str *);
void northd_why(const struct northd *, const char *class_name,
                const char *key, struct str *);

/* See origins_format(). */
struct error *northd_origins(const struct northd *, const char *const uuids[],
                             size_t n, struct str *) MUST_USE;

#endif /* northd/northd.h */
