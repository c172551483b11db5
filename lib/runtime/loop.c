/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/runtime/loop.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/alloc.h"
#include "lib/base/vec.h"
#include "lib/runtime/clock.h"

/* Steps that wake each other for ever must not keep I/O out: after so many
 * rounds the loop looks at I/O and then goes on. */
#define MAX_STEP_ROUNDS 100

struct post {
    void (*run)(void *aux);
    void *aux;
};

typedef VEC(struct post) post_vec;

static uv_loop_t loop;
static bool loop_exists;
static bool must_stop;
static uv_timer_t deadline_timer;   /* Ends the wait at our next deadline. */
static uv_async_t post_async;       /* Ends the wait for a post. */

static pthread_mutex_t post_mutex = PTHREAD_MUTEX_INITIALIZER;
static post_vec posts = VEC_EMPTY;  /* Under 'post_mutex'. */

static struct list steps = LIST_INITIALIZER(&steps);
static size_t n_awake;              /* Late ones included. */
static size_t n_awake_late;
static struct list *next_step;      /* Of the walk that is going on. */
static bool running_steps;

/* uv_run() with UV_RUN_ONCE has returned; loop_turn() does the work. */
static void
deadline_reached(uv_timer_t *timer UNUSED)
{
}

static void
run_posts(uv_async_t *async UNUSED)
{
    post_vec batch;

    pthread_mutex_lock(&post_mutex);
    memcpy(&batch, &posts, sizeof batch);
    vec_init(&posts);
    pthread_mutex_unlock(&post_mutex);

    clock_refresh();
    VEC_FOR_EACH (post, &batch) {
        post->run(post->aux);
    }
    vec_uninit(&batch);
}

uv_loop_t *
loop_uv(void)
{
    if (UNLIKELY(!loop_exists)) {
        int error = uv_loop_init(&loop);
        if (error) {
            abort_msg("cannot create the event loop: %s", uv_strerror(error));
        }
        uv_timer_init(&loop, &deadline_timer);
        error = uv_async_init(&loop, &post_async, run_posts);
        if (error) {
            abort_msg("cannot create the event loop: %s", uv_strerror(error));
        }
        loop_exists = true;
    }
    return &loop;
}

bool
loop_is_created(void)
{
    return loop_exists;
}

/* Makes uv_run() return by the next deadline. */
static void
arm_deadline(void)
{
    int64_t deadline_ms = timer_next_deadline_ms();

    if (clock_is_stopped() || deadline_ms == INT64_MAX) {
        uv_timer_stop(&deadline_timer);
        return;
    }
    uv_update_time(&loop);
    uv_timer_start(&deadline_timer, deadline_reached,
                   MAX(deadline_ms - clock_ms(), 0), 0);
}

void
loop_turn(bool wait)
{
    loop_uv();
    clock_refresh();
    if (n_awake || timer_next_deadline_ms() <= clock_ms()) {
        wait = false;
    }
    if (wait) {
        arm_deadline();
    }
    uv_run(&loop, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT);
    clock_refresh();
    timer_run_due();
    step_run_awake();
}

void
loop_run(void)
{
    must_stop = false;
    while (!must_stop) {
        loop_turn(true);
    }
}

void
loop_stop(void)
{
    must_stop = true;
}

void
loop_uninit(void)
{
    if (!loop_exists) {
        return;
    }
    uv_close((uv_handle_t *) &deadline_timer, NULL);
    uv_close((uv_handle_t *) &post_async, NULL);
    uv_run(&loop, UV_RUN_NOWAIT);
    uv_loop_close(&loop);
    loop_exists = false;

    pthread_mutex_lock(&post_mutex);
    vec_uninit(&posts);
    pthread_mutex_unlock(&post_mutex);
}

void
loop_post(void (*run)(void *aux), void *aux)
{
    assert(loop_exists);
    pthread_mutex_lock(&post_mutex);
    vec_push(&posts, (struct post) { run, aux });
    pthread_mutex_unlock(&post_mutex);
    uv_async_send(&post_async);
}

void
step_init(struct step *step, const char *name, void (*run)(void *aux),
          void *aux)
{
    *step = (struct step) { .name = name, .run = run, .aux = aux };
    list_push_back(&steps, &step->node);
}

void
step_init_late(struct step *step, const char *name, void (*run)(void *aux),
               void *aux)
{
    step_init(step, name, run, aux);
    step->late = true;
}

static void
set_awake(struct step *step, bool awake)
{
    if (step->awake != awake) {
        step->awake = awake;
        n_awake += awake ? 1 : -1;
        n_awake_late += step->late ? (awake ? 1 : -1) : 0;
    }
}

void
step_uninit(struct step *step)
{
    if (next_step == &step->node) {
        next_step = step->node.next;
    }
    set_awake(step, false);
    list_remove(&step->node);
}

void
step_wake(struct step *step)
{
    set_awake(step, true);
}

/* Runs the steps that are awake, late ones or others, each once. */
static void
run_round(bool late)
{
    for (struct list *node = steps.next; node != &steps; node = next_step) {
        struct step *step = CONTAINER_OF(node, struct step, node);

        next_step = node->next;
        if (step->awake && step->late == late) {
            set_awake(step, false);
            step->n_runs++;
            step->run(step->aux);
        }
    }
    next_step = NULL;
}

void
step_run_awake(void)
{
    if (running_steps) {
        return;
    }
    running_steps = true;
    for (int round = 0; n_awake && round < MAX_STEP_ROUNDS; round++) {
        run_round(n_awake == n_awake_late);
    }
    running_steps = false;
}

static void
poll_ready(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = poll->data;

    if (!watch) {
        return;
    }
    if (status >= 0) {
        watch->run(events, watch->aux);
        return;
    }

    /* A pending socket error, such as ENOBUFS of netlink.  libuv has stopped
     * the poll; it goes on unless the callback has changed it. */
    int wanted = watch->events;
    watch->run(UV_READABLE | UV_WRITABLE, watch->aux);
    watch = poll->data;
    if (watch && watch->events == wanted && wanted) {
        uv_poll_start(poll, wanted, poll_ready);
    }
}

static void
free_poll(uv_handle_t *handle)
{
    free(handle);
}

void
watch_init(struct watch *watch, int fd, void (*run)(int events, void *aux),
           void *aux)
{
    *watch = (struct watch) {
        .poll = xmalloc(sizeof *watch->poll),
        .fd = fd,
        .run = run,
        .aux = aux,
    };

    int error = uv_poll_init(loop_uv(), watch->poll, fd);
    if (error) {
        abort_msg("cannot watch file descriptor %d: %s", fd,
                  uv_strerror(error));
    }
    watch->poll->data = watch;
}

void
watch_set(struct watch *watch, int events)
{
    if (watch->events == events) {
        return;
    }
    watch->events = events;
    if (events) {
        uv_poll_start(watch->poll, events, poll_ready);
    } else {
        uv_poll_stop(watch->poll);
    }
}

void
watch_uninit(struct watch *watch)
{
    if (watch->poll) {
        watch->poll->data = NULL;
        uv_close((uv_handle_t *) watch->poll, free_poll);
        watch->poll = NULL;
    }
}
