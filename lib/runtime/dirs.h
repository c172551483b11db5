/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RUNTIME_DIRS_H
#define RUNTIME_DIRS_H

/* Where files live.  Each folder has an environment variable that overrides
 * what was chosen at build time: OVS_RUNDIR, OVS_LOGDIR, OVS_DBDIR,
 * OVS_SYSCONFDIR, OVS_PKGDATADIR; for the programs of OVN the same with
 * OVN_. */

#include "lib/base/compiler.h"

enum dirs_family {
    DIRS_OVS,
    DIRS_OVN,
};

/* Sockets and pidfiles; logs; databases (under the configuration unless
 * OVS_DBDIR says otherwise); configuration; schemas and other data.  Borrowed
 * for good. */
const char *dirs_run(enum dirs_family);
const char *dirs_log(enum dirs_family);
const char *dirs_db(enum dirs_family);
const char *dirs_sysconf(enum dirs_family);
const char *dirs_pkgdata(enum dirs_family);

/* 'name' in 'dir', for free(); a copy of 'name' if that is absolute. */
char *dirs_path(const char *dir, const char *name) MUST_USE;

/* 'name' made absolute in the current directory, for free(): daemons leave
 * that directory after they have read their options. */
char *dirs_absolute(const char *name) MUST_USE;

/* Base name of a path, borrowed from it. */
const char *dirs_base_name(const char *path);

#endif /* runtime/dirs.h */
