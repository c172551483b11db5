/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/daemon/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/runtime/exit.h"

static struct error *
already_running(const char *path, pid_t pid)
{
    return error_create(EEXIST, "%s: already running as pid %ld, aborting",
                        path, (long) pid);
}

pid_t
pidfile_read(const char *path)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    int fd = open(path, O_RDWR | O_CLOEXEC);
    char text[32];

    if (fd < 0) {
        return -errno;
    }
    int error = fcntl(fd, F_GETLK, &lock) ? -errno : 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (error) {
        return error;
    }
    if (lock.l_type == F_UNLCK) {
        return -ESRCH;
    }

    /* In another pid namespace the kernel does not know the holder's number,
     * but the file says what it is to itself. */
    if (lock.l_pid > 0) {
        return lock.l_pid;
    }
    text[MAX(n, 0)] = '\0';
    long pid = strtol(text, NULL, 10);
    return pid > 0 ? pid : -EINVAL;
}

struct error *
pidfile_check(const char *path)
{
    pid_t pid = pidfile_read(path);

    return pid > 0 && pid != getpid() ? already_running(path, pid) : NULL;
}

/* Makes 'tmp', locked, with our pid in it. */
static struct error *
write_tmp(const char *tmp, int *ret_fd)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    int fd = open(tmp, O_CREAT | O_RDWR | O_TRUNC | O_CLOEXEC, 0666);
    char text[32];

    if (fd < 0) {
        return error_from_errno(errno, "%s: create failed", tmp);
    }
    int length = snprintf(text, sizeof text, "%ld\n", (long) getpid());
    if (fcntl(fd, F_SETLK, &lock) || write(fd, text, length) != length) {
        struct error *error = error_from_errno(errno, "%s: write failed", tmp);

        close(fd);
        unlink(tmp);
        return error;
    }
    *ret_fd = fd;
    return NULL;
}

struct error *
pidfile_create(const char *path, bool overwrite)
{
    struct error *error = overwrite ? NULL : pidfile_check(path);
    int fd = -1;

    if (error) {
        return error;
    }
    char *tmp = xasprintf("%s.tmp%ld", path, (long) getpid());
    error = write_tmp(tmp, &fd);
    if (error) {
        free(tmp);
        return error;
    }

    /* The file appears with the lock already on it. */
    if (rename(tmp, path)) {
        error = error_from_errno(errno, "%s: cannot create", path);
        close(fd);
        unlink(tmp);
    } else {
        /* Stays open for good: closing would give up the lock. */
        exit_add_file(path);
    }
    free(tmp);
    return error;
}
