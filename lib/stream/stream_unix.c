/* SPDX-License-Identifier: Apache-2.0 */

/* Unix sockets.  A path that is too long for a socket address is reached
 * through its folder in /proc/self/fd. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/base/alloc.h"
#include "lib/runtime/dirs.h"
#include "lib/runtime/exit.h"
#include "lib/stream/provider.h"
#include "lib/stream/unix_socket.h"

/* Wait while the listener's queue is full: nothing tells when it no longer
 * is. */
#define RETRY_MS 20

/* Fills in 'sun' for 'path'.  Returns 0, with a descriptor to close after use
 * (or -1) in '*ret_dir', or a negative errno value. */
static int
make_address(const char *path, struct sockaddr_un *sun, int *ret_dir)
{
    const char *base = dirs_base_name(path);

    *ret_dir = -1;
    memset(sun, 0, sizeof *sun);
    sun->sun_family = AF_UNIX;
    if (strlen(path) < sizeof sun->sun_path) {
        strcpy(sun->sun_path, path);
        return 0;
    }

    char *dir = base > path ? xmemdup0(path, base - path) : xstrdup(".");
    int fd = open(dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    int error = fd < 0 ? -errno : 0;
    free(dir);
    if (error) {
        return error;
    }
    if (snprintf(sun->sun_path, sizeof sun->sun_path, "/proc/self/fd/%d/%s",
                 fd, base) >= (int) sizeof sun->sun_path) {
        close(fd);
        return -ENAMETOOLONG;
    }
    *ret_dir = fd;
    return 0;
}

static struct error *
unix_parse(struct stream *stream, const char *suffix,
           uint16_t default_port UNUSED)
{
    if (!*suffix) {
        return error_create(EINVAL, "file name is missing");
    }
    stream->path = dirs_path(dirs_run(DIRS_OVS), suffix);
    return NULL;
}

/* Connects 'fd' to 'path'.  Returns 0 or a negative errno value. */
static int
connect_to(int fd, const char *path)
{
    struct sockaddr_un sun;
    int dir;
    int error = make_address(path, &sun, &dir);

    if (error) {
        return error;
    }
    if (connect(fd, (struct sockaddr *) &sun, sizeof sun)) {
        error = -errno;
    }
    if (dir >= 0) {
        close(dir);
    }
    return error;
}

int
unix_socket_connect(const char *path)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error;

    if (fd < 0) {
        return -errno;
    }
    error = connect_to(fd, path);
    if (error) {
        close(fd);
        return error;
    }
    return fd;
}

static int
unix_open(struct stream *stream)
{
    if (stream->fd < 0) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                        0);
        if (fd < 0) {
            return -errno;
        }
        stream_set_fd(stream, fd);
        stream->open_wanted = 0;
    }

    int error = connect_to(stream->fd, stream->path);
    if (error == -EAGAIN) {
        timer_set(&stream->timer, RETRY_MS);
    }
    return error;
}

static struct error *
unix_listen(struct listener *listener, const char *suffix,
            uint16_t default_port UNUSED)
{
    struct sockaddr_un sun;
    int dir = -1;

    if (!*suffix) {
        return error_create(EINVAL, "file name is missing");
    }
    char *path = dirs_path(dirs_run(DIRS_OVS), suffix);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = fd < 0 ? -errno : make_address(path, &sun, &dir);
    if (error) {
        goto out;
    }

    /* What a killed predecessor has left.  The mode, less the umask, lets the
     * group in. */
    unlink(path);
    if (fchmod(fd, 0770) || bind(fd, (struct sockaddr *) &sun, sizeof sun)) {
        error = -errno;
        goto out;
    }
    exit_add_file(path);
    if (listen(fd, SOMAXCONN)) {
        error = -errno;
        exit_remove_file(path);
        goto out;
    }
    listener->fd = fd;
    listener->path = path;
    fd = -1;
    path = NULL;

out:
    if (dir >= 0) {
        close(dir);
    }
    if (fd >= 0) {
        close(fd);
    }
    struct error *result = (error ? error_from_errno(error, "cannot listen")
                            : NULL);
    free(path);
    return result;
}

static struct stream *
unix_accept(struct listener *listener UNUSED, int fd,
            const struct sockaddr_storage *peer UNUSED)
{
    static unsigned int n;
    struct stream *stream;

    stream = stream_create_(&stream_unix_class, xasprintf("unix#%u", n++), fd);
    stream->state = STREAM_OPEN;
    return stream;
}

const struct stream_class stream_unix_class = {
    .prefix = "unix:",
    .passive_prefix = "punix:",
    .parse = unix_parse,
    .open = unix_open,
    .recv = stream_socket_recv,
    .send = stream_socket_send,
    .listen = unix_listen,
    .accept = unix_accept,
};
