/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/daemon/user.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/base/library.h"
#include "lib/runtime/log.h"

/* Few processes become another user, and the library looks around in /proc
 * before main(). */
#define CAPNG_SONAME "libcap-ng.so.0"

static __typeof__(&capng_clear) capng_clear_;
static __typeof__(&capng_updatev) capng_updatev_;
static __typeof__(&capng_change_id) capng_change_id_;

static struct error *
load_capng(void)
{
    static const struct library_symbol symbols[] = {
        { "capng_clear", &capng_clear_ },
        { "capng_updatev", &capng_updatev_ },
        { "capng_change_id", &capng_change_id_ },
    };

    return library_load(CAPNG_SONAME, symbols, ARRAY_SIZE(symbols));
}

/* Reads 'spec' into ids. */
static struct error *
parse_spec(const char *spec, uid_t *uid, gid_t *gid)
{
    const char *colon = strchr(spec, ':');
    char *user = colon ? xmemdup0(spec, colon - spec) : xstrdup(spec);
    struct error *error = NULL;

    *uid = getuid();
    *gid = getgid();
    if (*user) {
        const struct passwd *pw = getpwnam(user);

        if (pw) {
            *uid = pw->pw_uid;
            *gid = pw->pw_gid;
        } else {
            error = error_create(ENOENT, "invalid user \"%s\"", user);
        }
    }
    if (!error && colon && colon[1]) {
        const struct group *gr = getgrnam(colon + 1);

        if (gr) {
            *gid = gr->gr_gid;
        } else {
            error = error_create(ENOENT, "invalid group \"%s\"", colon + 1);
        }
    }
    free(user);
    return error;
}

static bool
choose_capabilities(bool network)
{
    capng_clear_(CAPNG_SELECT_BOTH);
    int error = capng_updatev_(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
                               CAP_IPC_LOCK, CAP_NET_BIND_SERVICE, -1);

    if (!error && network) {
        error = capng_updatev_(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
                               CAP_NET_ADMIN, CAP_NET_RAW, CAP_NET_BROADCAST,
                               -1);
    }
    return !error;
}

struct error *
user_become(const char *spec, bool network)
{
    struct error *error;
    uid_t uid;
    gid_t gid;

    if (geteuid()) {
        return error_create(EPERM, "only root can use --user option");
    }
    error = parse_spec(spec, &uid, &gid);
    if (!error) {
        error = load_capng();
    }
    if (error) {
        return error;
    }
    int result = log_chown_file(uid, gid);
    if (result) {
        return error_from_errno(result, "cannot change the owner of the log "
                                "file");
    }

    result = choose_capabilities(network)
             ? capng_change_id_(uid, gid, CAPNG_DROP_SUPP_GRP) : -1;
    if (result) {
        return error_create(EPERM, "cannot become \"%s\" (libcap-ng error %d)",
                            spec, result);
    }
    return NULL;
}
