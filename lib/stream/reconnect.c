/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/stream/reconnect.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "lib/base/alloc.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/log.h"

LOG_MODULE(reconnect);

#define DEFAULT_MIN_BACKOFF_MS 1000
#define DEFAULT_MAX_BACKOFF_MS 8000
#define DEFAULT_PROBE_INTERVAL_MS 5000

/* A try gets at least so long, whatever the backoff. */
#define MIN_CONNECT_MS 1000

/* Logs at 'LEVEL', or one less if quiet. */
#define LOG_BY(R, LEVEL, ...) \
    LOG_((LEVEL) + ((R)->is_quiet && (LEVEL) < LOG_LEVEL_DBG), __VA_ARGS__)

static const char *const state_names[] = {
    [RECONNECT_VOID] = "VOID",
    [RECONNECT_BACKOFF] = "BACKOFF",
    [RECONNECT_CONNECTING] = "CONNECTING",
    [RECONNECT_ACTIVE] = "ACTIVE",
    [RECONNECT_IDLE] = "IDLE",
};

static void run_timer(void *);

const char *
reconnect_state_name(enum reconnect_state state)
{
    return state_names[state];
}

void
reconnect_init(struct reconnect *r, const char *name,
               const struct reconnect_callbacks *callbacks, void *aux)
{
    *r = (struct reconnect) {
        .name = xstrdup(name),
        .callbacks = callbacks,
        .aux = aux,
        .min_backoff_ms = DEFAULT_MIN_BACKOFF_MS,
        .max_backoff_ms = DEFAULT_MAX_BACKOFF_MS,
        .probe_interval_ms = DEFAULT_PROBE_INTERVAL_MS,
        .max_tries = UINT_MAX,
        .n_tries_left = UINT_MAX,
        .state = RECONNECT_VOID,
        .state_entered_ms = clock_ms(),
        .connected_ms = INT64_MIN,
        .disconnected_ms = INT64_MIN,
    };
    timer_init(&r->timer, run_timer, r);
}

void
reconnect_uninit(struct reconnect *r)
{
    timer_stop(&r->timer);
    free(r->name);
    free(r->last_error);
}

void
reconnect_set_name(struct reconnect *r, const char *name)
{
    char *copy = xstrdup(name);

    free(r->name);
    r->name = copy;
}

void
reconnect_set_quiet(struct reconnect *r, bool quiet)
{
    r->is_quiet = quiet;
}

/* The timer of each state. */
static void
set_timer(struct reconnect *r)
{
    switch (r->state) {
    case RECONNECT_VOID:
        timer_stop(&r->timer);
        break;
    case RECONNECT_BACKOFF:
        timer_set_at(&r->timer, r->state_entered_ms + r->backoff_ms);
        break;
    case RECONNECT_CONNECTING:
        timer_set_at(&r->timer, r->state_entered_ms
                                + MAX(r->backoff_ms, MIN_CONNECT_MS));
        break;
    case RECONNECT_ACTIVE:
    case RECONNECT_IDLE:
        if (r->probe_interval_ms) {
            int64_t since_ms = (r->state == RECONNECT_ACTIVE
                                ? r->last_activity_ms : r->state_entered_ms);
            timer_set_at(&r->timer, since_ms + r->probe_interval_ms);
        } else {
            timer_stop(&r->timer);
        }
        break;
    }
}

static void
enter(struct reconnect *r, enum reconnect_state state)
{
    log_dbg("%s: entering %s", r->name, state_names[state]);
    r->state = state;
    r->state_entered_ms = clock_ms();
    set_timer(r);
}

void
reconnect_set_backoff(struct reconnect *r, int min_ms, int max_ms)
{
    r->min_backoff_ms = MAX(min_ms, 1);
    r->max_backoff_ms = MAX(max_ms, r->min_backoff_ms);
    if (r->backoff_ms > r->max_backoff_ms) {
        r->backoff_ms = r->max_backoff_ms;
        if (r->state == RECONNECT_BACKOFF) {
            set_timer(r);
        }
    }
}

void
reconnect_set_probe_interval(struct reconnect *r, int ms)
{
    ms = MAX(ms, 0);
    if (r->probe_interval_ms != ms) {
        r->probe_interval_ms = ms;
        if (reconnect_is_connected(r)) {
            set_timer(r);
        }
    }
}

void
reconnect_set_max_tries(struct reconnect *r, unsigned int n)
{
    r->max_tries = r->n_tries_left = n;
}

void
reconnect_set_free_tries(struct reconnect *r, unsigned int n)
{
    r->n_free_tries = n;
}

void
reconnect_enable(struct reconnect *r)
{
    if (r->state == RECONNECT_VOID && r->n_tries_left) {
        r->backoff_ms = 0;
        enter(r, RECONNECT_BACKOFF);
    }
}

static void
note_error(struct reconnect *r, const struct error *error)
{
    free(r->last_error);
    r->last_error = error ? xstrdup(error_message(error)) : NULL;
}

static void
note_end(struct reconnect *r)
{
    r->disconnected_ms = clock_ms();
    r->total_connected_ms += r->disconnected_ms - r->connected_ms;
}

/* Notes that what there is ends on our own account.  Returns true if the owner
 * must be told, as the last thing, because it may uninit 'r' then. */
static bool
note_drop(struct reconnect *r, const struct error *error)
{
    if (reconnect_is_connected(r)) {
        note_end(r);
        note_error(r, error);
        return true;
    }
    return r->state == RECONNECT_CONNECTING;
}

void
reconnect_disable(struct reconnect *r)
{
    if (r->state == RECONNECT_VOID) {
        return;
    }
    bool tell = note_drop(r, NULL);
    enter(r, RECONNECT_VOID);
    if (tell) {
        r->callbacks->disconnect(NULL, r->aux);
    }
}

/* How long to wait before the next try. */
static void
choose_backoff(struct reconnect *r)
{
    bool lasted = (reconnect_is_connected(r)
                   && r->last_activity_ms - r->connected_ms
                      >= MAX(r->backoff_ms, r->min_backoff_ms));

    if (r->n_free_tries) {
        r->n_free_tries--;
        r->backoff_ms = 0;
        return;
    }
    r->backoff_ms = (r->backoff_ms == 0 || lasted ? r->min_backoff_ms
                     : r->backoff_ms < r->max_backoff_ms / 2
                     ? r->backoff_ms * 2 : r->max_backoff_ms);
    if (!r->n_tries_left) {
        return;
    }
    if (r->backoff_ms >= r->max_backoff_ms && r->max_backoff_ms > 1000) {
        LOG_BY(r, LOG_LEVEL_INFO, "%s: continuing to reconnect in the "
               "background but suppressing further logging", r->name);
    } else {
        LOG_BY(r, LOG_LEVEL_INFO, "%s: waiting %.3g seconds before reconnect",
               r->name, r->backoff_ms / 1000.);
    }
}

/* The next thing after an end of whatever kind. */
static void
go_to_backoff(struct reconnect *r)
{
    bool was_quiet = r->is_quiet;

    /* Once said, that it goes on silently is not repeated. */
    if (r->backoff_ms >= r->max_backoff_ms && !reconnect_is_connected(r)) {
        r->is_quiet = true;
    }
    choose_backoff(r);
    r->is_quiet = was_quiet;
    enter(r, r->n_tries_left ? RECONNECT_BACKOFF : RECONNECT_VOID);
}

void
reconnect_force(struct reconnect *r)
{
    if (r->state == RECONNECT_VOID) {
        return;
    }
    if (r->state == RECONNECT_BACKOFF) {
        r->backoff_ms = 0;
        set_timer(r);
        return;
    }
    if (reconnect_is_connected(r)) {
        LOG_BY(r, LOG_LEVEL_INFO, "%s: connection dropped by request",
               r->name);
    }
    bool tell = note_drop(r, NULL);
    r->backoff_ms = 0;
    enter(r, r->n_tries_left ? RECONNECT_BACKOFF : RECONNECT_VOID);
    if (tell) {
        r->callbacks->disconnect(NULL, r->aux);
    }
}

void
reconnect_connected(struct reconnect *r)
{
    LOG_BY(r, LOG_LEVEL_INFO, "%s: connected", r->name);
    r->connected_ms = r->last_activity_ms = clock_ms();
    r->n_connections++;
    r->n_tries_left = r->max_tries;
    r->n_free_tries = 0;
    enter(r, RECONNECT_ACTIVE);
}

/* Whether the failures of this remote are no longer worth a line. */
static enum log_level
failure_level(const struct reconnect *r)
{
    return (r->backoff_ms >= r->max_backoff_ms ? LOG_LEVEL_DBG
            : LOG_LEVEL_INFO);
}

void
reconnect_connect_failed(struct reconnect *r, const struct error *error)
{
    if (r->state != RECONNECT_CONNECTING) {
        return;
    }
    LOG_BY(r, failure_level(r), "%s: connection attempt failed (%s)", r->name,
           error ? error_message(error) : "connection closed by peer");
    note_error(r, error);
    go_to_backoff(r);
}

void
reconnect_disconnected(struct reconnect *r, const struct error *error)
{
    if (!reconnect_is_connected(r)) {
        reconnect_connect_failed(r, error);
        return;
    }
    if (error) {
        LOG_BY(r, LOG_LEVEL_WARN, "%s: connection dropped (%s)", r->name,
               error_message(error));
    } else {
        LOG_BY(r, LOG_LEVEL_INFO, "%s: connection closed by peer", r->name);
    }
    note_end(r);
    note_error(r, error);
    go_to_backoff(r);
}

void
reconnect_activity(struct reconnect *r)
{
    r->last_activity_ms = clock_ms();
    if (UNLIKELY(r->state == RECONNECT_IDLE)) {
        enter(r, RECONNECT_ACTIVE);
    }
}

static void
start_try(struct reconnect *r)
{
    LOG_BY(r, failure_level(r), "%s: connecting...", r->name);
    r->n_attempts++;
    if (r->n_tries_left != UINT_MAX) {
        r->n_tries_left--;
    }
    enter(r, RECONNECT_CONNECTING);
    r->callbacks->connect(r->aux);
}

static void
end_try(struct reconnect *r)
{
    struct error *error = error_create(ETIMEDOUT, "connection attempt timed "
                                       "out");

    LOG_BY(r, failure_level(r), "%s: connection attempt timed out", r->name);
    note_error(r, error);
    go_to_backoff(r);
    r->callbacks->disconnect(error, r->aux);
    error_free(error);
}

static void
ask_activity(struct reconnect *r)
{
    if (r->callbacks->last_activity_ms) {
        int64_t last_ms = r->callbacks->last_activity_ms(r->aux);

        if (last_ms > r->last_activity_ms) {
            r->last_activity_ms = last_ms;
            if (r->state == RECONNECT_IDLE) {
                enter(r, RECONNECT_ACTIVE);
            }
        }
    }
}

static void
check_silence(struct reconnect *r)
{
    int64_t silence_ms = clock_ms() - r->last_activity_ms;

    if (silence_ms < r->probe_interval_ms) {
        set_timer(r);
        return;
    }
    log_dbg("%s: idle %lld ms, sending inactivity probe", r->name,
            (long long) silence_ms);
    enter(r, RECONNECT_IDLE);
    r->callbacks->probe(r->aux);
}

static void
give_up(struct reconnect *r)
{
    double silence_s = (clock_ms() - r->last_activity_ms) / 1000.;
    struct error *error = error_create(
        ETIMEDOUT, "no response to inactivity probe after %.3g seconds",
        silence_s);

    LOG_BY(r, LOG_LEVEL_ERR, "%s: %s, disconnecting", r->name,
           error_message(error));
    note_drop(r, error);
    go_to_backoff(r);
    r->callbacks->disconnect(error, r->aux);
    error_free(error);
}

static void
run_timer(void *r_)
{
    struct reconnect *r = r_;

    if (reconnect_is_connected(r)) {
        ask_activity(r);
    }
    switch (r->state) {
    case RECONNECT_VOID:
        break;
    case RECONNECT_BACKOFF:
        start_try(r);
        break;
    case RECONNECT_CONNECTING:
        end_try(r);
        break;
    case RECONNECT_ACTIVE:
        check_silence(r);
        break;
    case RECONNECT_IDLE:
        give_up(r);
        break;
    }
}
