/* SPDX-License-Identifier: Apache-2.0 */
/* Loads an ovsdb-server with one-row inserts, so cheaply that the server is
 * what is measured.
 *
 * usage: ovsdb_driver SOCKET N WINDOW MONITORS DURABLE
 *
 * Sends N transactions, at most WINDOW of them unanswered, while MONITORS
 * other connections (of a child process) watch the table; with DURABLE (1 or
 * 0) each asks to be on the disk before it is answered.  Prints the seconds
 * that it took. */

#include <err.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char buffer[1 << 20];

static int
connect_to(const char *path)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    if (strlen(path) >= sizeof sun.sun_path) {
        errx(1, "%s: name is too long", path);
    }
    strcpy(sun.sun_path, path);
    if (fd < 0 || connect(fd, (struct sockaddr *) &sun, sizeof sun)) {
        err(1, "%s", path);
    }
    return fd;
}

static void
send_all(int fd, const char *text, size_t size)
{
    while (size) {
        ssize_t n = write(fd, text, size);

        if (n <= 0) {
            err(1, "write");
        }
        text += n;
        size -= n;
    }
}

/* Reads what there is, and returns how many replies are in it.  Of one that
 * is cut in two only the end is counted. */
static size_t
read_replies(int fd)
{
    static const char mark[] = "\"error\":null";
    static char text[sizeof buffer + sizeof mark];
    static size_t kept;
    ssize_t n = read(fd, text + kept, sizeof buffer);
    size_t n_replies = 0, size;
    char *p = text;

    if (n <= 0) {
        errx(1, "the server has closed");
    }
    size = kept + n;
    text[size] = '\0';
    while ((p = strstr(p, mark))) {
        n_replies++;
        p += sizeof mark - 1;
    }
    kept = size < sizeof mark - 2 ? size : sizeof mark - 2;
    memmove(text, text + size - kept, kept);
    return n_replies;
}

/* Watches through 'n' connections until it is killed. */
static void
monitor(const char *path, int n, int ready_fd)
{
    static const char request[] =
        "{\"method\":\"monitor_cond\",\"id\":1,\"params\":[\"OVN_Northbound\","
        "\"m\",{\"Logical_Switch\":[{\"columns\":[\"name\",\"ports\"]}]}]}";
    int epoll_fd = epoll_create1(0);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0; i < n; i++) {
        struct epoll_event event = { .events = EPOLLIN };
        int fd = event.data.fd = connect_to(path);

        send_all(fd, request, sizeof request - 1);
        if (read(fd, buffer, sizeof buffer) <= 0) {
            err(1, "read");
        }
        epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
    }
    if (write(ready_fd, "", 1) != 1) {
        err(1, "write");
    }
    for (;;) {
        struct epoll_event events[64];
        int n_events = epoll_wait(epoll_fd, events, 64, -1);

        for (int i = 0; i < n_events; i++) {
            if (read(events[i].data.fd, buffer, sizeof buffer) <= 0) {
                exit(1);
            }
        }
    }
}

static pid_t
start_monitors(const char *path, int n)
{
    int fds[2];
    pid_t pid;
    char c;

    if (pipe(fds)) {
        err(1, "pipe");
    }
    pid = fork();
    if (!pid) {
        monitor(path, n, fds[1]);
    }
    close(fds[1]);
    if (read(fds[0], &c, 1) != 1) {
        errx(1, "no monitors");
    }
    return pid;
}

static double
now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec + ts.tv_nsec / 1e9;
}

int
main(int argc, char *argv[])
{
    if (argc != 6) {
        errx(1, "usage: ovsdb_driver SOCKET N WINDOW MONITORS DURABLE");
    }
    size_t n = atol(argv[2]), window = atol(argv[3]);
    int n_monitors = atoi(argv[4]);
    const char *end = (atoi(argv[5]) ? ",{\"op\":\"commit\",\"durable\":true}"
                       : "");
    pid_t monitors = n_monitors ? start_monitors(argv[1], n_monitors) : 0;
    int fd = connect_to(argv[1]);
    size_t n_sent = 0, n_done = 0;
    double start = now();

    while (n_done < n) {
        size_t size = 0;

        while (n_sent < n && n_sent - n_done < window
               && size < sizeof buffer - 512) {
            size += sprintf(buffer + size, "{\"method\":\"transact\",\"id\":%zu,"
                            "\"params\":[\"OVN_Northbound\",{\"op\":\"insert\","
                            "\"table\":\"Logical_Switch\",\"row\":{\"name\":"
                            "\"sw%zu\"}}%s]}", n_sent, n_sent, end);
            n_sent++;
        }
        send_all(fd, buffer, size);
        n_done += read_replies(fd);
    }
    printf("%.6f\n", now() - start);
    if (monitors) {
        kill(monitors, SIGKILL);
        waitpid(monitors, NULL, 0);
    }
    return 0;
}
