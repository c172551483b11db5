/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/runtime/dirs.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/alloc.h"

struct dir {
    const char *variable;
    const char *standard;
};

static const struct dir run[] = {
    [DIRS_OVS] = { "OVS_RUNDIR", LOCALSTATEDIR "/run/openvswitch" },
    [DIRS_OVN] = { "OVN_RUNDIR", LOCALSTATEDIR "/run/ovn" },
};

static const struct dir logs[] = {
    [DIRS_OVS] = { "OVS_LOGDIR", LOCALSTATEDIR "/log/openvswitch" },
    [DIRS_OVN] = { "OVN_LOGDIR", LOCALSTATEDIR "/log/ovn" },
};

static const struct dir sysconfs[] = {
    [DIRS_OVS] = { "OVS_SYSCONFDIR", SYSCONFDIR },
    [DIRS_OVN] = { "OVN_SYSCONFDIR", SYSCONFDIR },
};

static const struct dir pkgdata[] = {
    [DIRS_OVS] = { "OVS_PKGDATADIR", PKGDATADIR },
    [DIRS_OVN] = { "OVN_PKGDATADIR", OVN_PKGDATADIR },
};

/* The databases' folder is part of the configuration's. */
static const struct {
    const char *variable;
    const char *folder;
} db[] = {
    [DIRS_OVS] = { "OVS_DBDIR", "openvswitch" },
    [DIRS_OVN] = { "OVN_DBDIR", "ovn" },
};

static const char *
get(const struct dir *dir)
{
    const char *value = getenv(dir->variable);

    return value && *value ? value : dir->standard;
}

const char *
dirs_run(enum dirs_family family)
{
    return get(&run[family]);
}

const char *
dirs_log(enum dirs_family family)
{
    return get(&logs[family]);
}

const char *
dirs_sysconf(enum dirs_family family)
{
    return get(&sysconfs[family]);
}

const char *
dirs_pkgdata(enum dirs_family family)
{
    return get(&pkgdata[family]);
}

const char *
dirs_db(enum dirs_family family)
{
    static char *paths[2];
    const char *value = getenv(db[family].variable);

    if (value && *value) {
        return value;
    }
    if (!paths[family]) {
        paths[family] = dirs_path(dirs_sysconf(family), db[family].folder);
    }
    return paths[family];
}

char *
dirs_path(const char *dir, const char *name)
{
    return *name == '/' ? xstrdup(name) : xasprintf("%s/%s", dir, name);
}

char *
dirs_absolute(const char *name)
{
    char *cwd = *name == '/' ? NULL : getcwd(NULL, 0);
    char *path = cwd ? dirs_path(cwd, name) : xstrdup(name);

    free(cwd);
    return path;
}

const char *
dirs_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}
