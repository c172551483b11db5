/* SPDX-License-Identifier: Apache-2.0 */

/* Timers: a binary heap by deadline, then by the order of setting.  libuv's
 * own timers would follow the kernel's clock only; these follow ours. */

#include "lib/runtime/loop.h"

#include "lib/base/vec.h"
#include "lib/runtime/clock.h"

/* heap.items[i - 1] is element i: the children of i are 2i and 2i + 1. */
static VEC(struct timer *) heap = VEC_EMPTY;
static uint64_t next_sequence = 1;

static bool
precedes(const struct timer *a, const struct timer *b)
{
    return (a->deadline_ms != b->deadline_ms
            ? a->deadline_ms < b->deadline_ms
            : a->sequence < b->sequence);
}

static void
place(struct timer *timer, size_t index)
{
    heap.items[index - 1] = timer;
    timer->heap_index = index;
}

static void
sift_up(struct timer *timer, size_t index)
{
    while (index > 1 && precedes(timer, heap.items[index / 2 - 1])) {
        place(heap.items[index / 2 - 1], index);
        index /= 2;
    }
    place(timer, index);
}

static void
sift_down(struct timer *timer, size_t index)
{
    for (;;) {
        size_t child = 2 * index;

        if (child < heap.n
            && precedes(heap.items[child], heap.items[child - 1])) {
            child++;
        }
        if (child > heap.n || !precedes(heap.items[child - 1], timer)) {
            break;
        }
        place(heap.items[child - 1], index);
        index = child;
    }
    place(timer, index);
}

void
timer_init(struct timer *timer, void (*run)(void *aux), void *aux)
{
    *timer = (struct timer) { .run = run, .aux = aux };
}

void
timer_set(struct timer *timer, int64_t delay_ms)
{
    int64_t now_ms = clock_ms();

    timer_set_at(timer, delay_ms < INT64_MAX - now_ms ? now_ms + delay_ms
                                                      : INT64_MAX);
}

void
timer_set_at(struct timer *timer, int64_t deadline_ms)
{
    timer_stop(timer);
    timer->deadline_ms = deadline_ms;
    timer->sequence = next_sequence++;
    vec_push(&heap, timer);
    sift_up(timer, heap.n);
}

void
timer_stop(struct timer *timer)
{
    size_t index = timer->heap_index;

    if (!index) {
        return;
    }
    timer->heap_index = 0;

    struct timer *last = vec_pop(&heap);
    if (last == timer) {
        if (!heap.n) {
            vec_uninit(&heap);
        }
    } else if (index > 1 && precedes(last, heap.items[index / 2 - 1])) {
        sift_up(last, index);
    } else {
        sift_down(last, index);
    }
}

int64_t
timer_next_deadline_ms(void)
{
    return heap.n ? heap.items[0]->deadline_ms : INT64_MAX;
}

void
timer_run_due(void)
{
    uint64_t end = next_sequence;
    int64_t now_ms = clock_ms();

    while (heap.n) {
        struct timer *timer = heap.items[0];

        if (timer->deadline_ms > now_ms || timer->sequence >= end) {
            break;
        }
        timer_stop(timer);
        timer->run(timer->aux);
    }
}
