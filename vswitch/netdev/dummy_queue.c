/* SPDX-License-Identifier: Apache-2.0 */
#include "vswitch/netdev/dummy_queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/base/alloc.h"

#define MAX_QUEUE 100

struct dummy_queue {
    pthread_mutex_t mutex;
    struct packet *packets[MAX_QUEUE];
    unsigned int head, n;
    int fd;                      /* Its counter is not 0 if 'n' is not. */
};

struct dummy_queue *
dummy_queue_create(bool has_fd)
{
    int fd = has_fd ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1;
    struct dummy_queue *q;

    if (has_fd && fd < 0) {
        return NULL;
    }
    q = xzalloc(sizeof *q);
    pthread_mutex_init(&q->mutex, NULL);
    q->fd = fd;
    return q;
}

void
dummy_queue_destroy(struct dummy_queue *q)
{
    if (!q) {
        return;
    }
    while (q->n) {
        packet_free(q->packets[q->head++ % MAX_QUEUE]);
        q->n--;
    }
    if (q->fd >= 0) {
        close(q->fd);
    }
    pthread_mutex_destroy(&q->mutex);
    free(q);
}

int
dummy_queue_fd(const struct dummy_queue *q)
{
    return q->fd;
}

int
dummy_queue_put(struct dummy_queue *q, struct packet *packet)
{
    const uint64_t one = 1;
    int error = 0;

    pthread_mutex_lock(&q->mutex);
    if (q->n >= MAX_QUEUE) {
        error = -ENOBUFS;
    } else {
        q->packets[(q->head + q->n++) % MAX_QUEUE] = packet;
        if (q->fd >= 0 && write(q->fd, &one, sizeof one) < 0) {
            abort_msg("eventfd: write failed");
        }
    }
    pthread_mutex_unlock(&q->mutex);
    if (error) {
        packet_free(packet);
    }
    return error;
}

unsigned int
dummy_queue_take(struct dummy_queue *q, struct packet_batch *batch)
{
    uint64_t counter;

    batch->n = 0;
    pthread_mutex_lock(&q->mutex);
    while (q->n && batch->n < PACKET_BATCH) {
        batch->packets[batch->n++] = q->packets[q->head++ % MAX_QUEUE];
        q->n--;
    }
    if (batch->n && !q->n && q->fd >= 0
        && read(q->fd, &counter, sizeof counter) < 0) {
        abort_msg("eventfd: read failed");
    }
    pthread_mutex_unlock(&q->mutex);
    return batch->n;
}
