/* SPDX-License-Identifier: Apache-2.0 */
#include "vswitch/netdev/background.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/base/list.h"
#include "lib/runtime/loop.h"

/* The threads do little but wait: there may be many.  But where somebody waits
 * for some of the work, the rest is to leave it the processors. */
#define MAX_THREADS 64
#define MAX_THREADS_UNHURRIED 8
#define STACK_SIZE (64 * 1024)

struct job {
    struct list node;
    void (*run)(void *aux);
    void *aux;
    bool is_awaited;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t all_done = PTHREAD_COND_INITIALIZER;

/* Protected by the mutex. */
static struct list jobs = LIST_INITIALIZER(&jobs);
static unsigned int n_jobs;      /* In 'jobs'. */
static unsigned int n_threads;

/* Main thread only. */
static unsigned int n_awaited;
static void (*idle_callback)(void *aux);
static void *idle_aux;

static void
awaited_done(void *aux UNUSED)
{
    if (!--n_awaited && idle_callback) {
        idle_callback(idle_aux);
    }
}

/* Runs jobs until there are none. */
static void *
thread_main(void *aux UNUSED)
{
    pthread_mutex_lock(&mutex);
    while (!list_is_empty(&jobs)) {
        struct job *job = CONTAINER_OF(list_pop_front(&jobs), struct job,
                                       node);

        n_jobs--;
        pthread_mutex_unlock(&mutex);
        job->run(job->aux);
        if (job->is_awaited) {
            loop_post(awaited_done, NULL);
        }
        free(job);
        pthread_mutex_lock(&mutex);
    }
    if (!--n_threads) {
        pthread_cond_broadcast(&all_done);
    }
    pthread_mutex_unlock(&mutex);
    return NULL;
}

/* Starts a thread that blocks all signals: they are for the main thread. */
static bool
start_thread(void)
{
    pthread_attr_t attr;
    sigset_t all, old;
    pthread_t thread;
    int error;

    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, MAX(STACK_SIZE, PTHREAD_STACK_MIN));
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    error = pthread_create(&thread, &attr, thread_main, NULL);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    return !error;
}

static void
add_job(void (*run)(void *aux), void *aux, bool is_awaited)
{
    struct job *job = xmalloc(sizeof *job);
    unsigned int max = is_awaited ? MAX_THREADS : MAX_THREADS_UNHURRIED;
    bool is_refused;

    *job = (struct job) { .run = run, .aux = aux, .is_awaited = is_awaited };
    loop_uv();                   /* For loop_post(). */
    pthread_mutex_lock(&mutex);
    if (is_awaited) {
        list_push_front(&jobs, &job->node);
    } else {
        list_push_back(&jobs, &job->node);
    }
    n_jobs++;
    if (n_threads >= max) {
        pthread_mutex_unlock(&mutex);
        return;
    }
    n_threads++;
    is_refused = !start_thread();
    pthread_mutex_unlock(&mutex);
    if (is_refused) {
        /* No thread is to be had: it takes its time here. */
        thread_main(NULL);
    }
}

void
background_run(void (*run)(void *aux), void *aux)
{
    add_job(run, aux, false);
}

void
background_run_awaited(void (*run)(void *aux), void *aux)
{
    n_awaited++;
    add_job(run, aux, true);
}

bool
background_is_busy(void)
{
    return n_awaited;
}

void
background_set_idle_callback(void (*idle)(void *aux), void *aux)
{
    idle_callback = idle;
    idle_aux = aux;
}

void
background_wait(void)
{
    pthread_mutex_lock(&mutex);
    for (unsigned int n = n_jobs; n && n_threads < MAX_THREADS; n--) {
        n_threads++;
        n_threads -= !start_thread();
    }
    while (n_threads) {
        pthread_cond_wait(&all_done, &mutex);
    }
    pthread_mutex_unlock(&mutex);
}
