/* SPDX-License-Identifier: Apache-2.0 */
/* The state machine on a stopped clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "lib/base/str.h"
#include "lib/runtime/clock.h"
#include "lib/runtime/log.h"
#include "lib/stream/reconnect.h"

int reconnect_tests(void);

struct owner {
    struct reconnect r;
    struct str trace;           /* "c" connect, "d" disconnect, "p" probe. */
    int64_t last_activity_ms;
};

static void
owner_connect(void *owner_)
{
    struct owner *owner = owner_;

    str_put_char(&owner->trace, 'c');
}

static void
owner_disconnect(const struct error *error, void *owner_)
{
    struct owner *owner = owner_;

    str_put_char(&owner->trace, 'd');
}

static void
owner_probe(void *owner_)
{
    struct owner *owner = owner_;

    str_put_char(&owner->trace, 'p');
}

static int64_t
owner_last_activity(void *owner_)
{
    struct owner *owner = owner_;

    return owner->last_activity_ms;
}

static const struct reconnect_callbacks callbacks = {
    .connect = owner_connect,
    .disconnect = owner_disconnect,
    .probe = owner_probe,
    .last_activity_ms = owner_last_activity,
};

static void
owner_init(struct owner *owner)
{
    str_init(&owner->trace);
    owner->last_activity_ms = 0;
    clock_stop();
    reconnect_init(&owner->r, "test", &callbacks, owner);
}

static void
owner_uninit(struct owner *owner)
{
    reconnect_uninit(&owner->r);
    str_uninit(&owner->trace);
}

/* What has been called since the last time, and the state. */
static void
assert_at(struct owner *owner, const char *trace, enum reconnect_state state)
{
    assert_string_equal(str_cstr(&owner->trace), trace);
    assert_string_equal(reconnect_state_name(owner->r.state),
                        reconnect_state_name(state));
    str_clear(&owner->trace);
}

static void
fail_try(struct owner *owner)
{
    struct error *error = error_create(ECONNREFUSED, "refused");

    reconnect_connect_failed(&owner->r, error);
    error_free(error);
}

static void
test_backoff_doubles_up_to_its_maximum(void **state)
{
    static const int expected_ms[] = { 1000, 2000, 4000, 8000, 8000 };
    struct owner owner;

    owner_init(&owner);
    assert_at(&owner, "", RECONNECT_VOID);
    reconnect_enable(&owner.r);
    clock_warp(0);
    for (size_t i = 0; i < ARRAY_SIZE(expected_ms); i++) {
        assert_at(&owner, "c", RECONNECT_CONNECTING);
        fail_try(&owner);
        assert_at(&owner, "", RECONNECT_BACKOFF);
        assert_int_equal(owner.r.backoff_ms, expected_ms[i]);
        clock_warp(expected_ms[i] - 1);
        assert_at(&owner, "", RECONNECT_BACKOFF);
        clock_warp(1);
    }
    assert_string_equal(owner.r.last_error, "refused");
    assert_int_equal(owner.r.n_attempts, ARRAY_SIZE(expected_ms) + 1);
    assert_int_equal(owner.r.n_connections, 0);
    owner_uninit(&owner);
}

static void
test_try_times_out(void **state)
{
    struct owner owner;

    owner_init(&owner);
    reconnect_enable(&owner.r);
    clock_warp(0);
    assert_at(&owner, "c", RECONNECT_CONNECTING);
    clock_warp(999);
    assert_at(&owner, "", RECONNECT_CONNECTING);
    clock_warp(1);
    assert_at(&owner, "d", RECONNECT_BACKOFF);
    owner_uninit(&owner);
}

static void
test_silent_peer_is_probed_then_dropped(void **state)
{
    struct owner owner;

    owner_init(&owner);
    reconnect_enable(&owner.r);
    clock_warp(0);
    reconnect_connected(&owner.r);
    assert_at(&owner, "c", RECONNECT_ACTIVE);
    clock_warp(4000);
    reconnect_activity(&owner.r);
    clock_warp(4999);
    assert_at(&owner, "", RECONNECT_ACTIVE);
    clock_warp(1);
    assert_at(&owner, "p", RECONNECT_IDLE);
    reconnect_activity(&owner.r);
    assert_at(&owner, "", RECONNECT_ACTIVE);
    clock_warp(5000);
    assert_at(&owner, "p", RECONNECT_IDLE);
    clock_warp(5000);
    assert_at(&owner, "d", RECONNECT_BACKOFF);
    assert_string_equal(owner.r.last_error, "no response to inactivity probe "
                        "after 10 seconds");
    assert_int_equal(owner.r.total_connected_ms, 19000);
    owner_uninit(&owner);
}

/* Bytes of a long message are life, though no message is whole yet. */
static void
test_activity_by_asking(void **state)
{
    struct owner owner;

    owner_init(&owner);
    reconnect_enable(&owner.r);
    clock_warp(0);
    reconnect_connected(&owner.r);
    clock_warp(3000);
    owner.last_activity_ms = clock_ms();
    clock_warp(4000);
    assert_at(&owner, "c", RECONNECT_ACTIVE);
    clock_warp(1000);
    assert_at(&owner, "p", RECONNECT_IDLE);
    clock_warp(4999);
    owner.last_activity_ms = clock_ms();
    clock_warp(1);
    assert_at(&owner, "", RECONNECT_ACTIVE);

    reconnect_set_probe_interval(&owner.r, 0);
    clock_warp(1000000);
    assert_at(&owner, "", RECONNECT_ACTIVE);
    reconnect_set_probe_interval(&owner.r, 10000);
    clock_warp(0);
    assert_at(&owner, "p", RECONNECT_IDLE);
    owner_uninit(&owner);
}

static void
test_connection_that_lasted_resets_backoff(void **state)
{
    struct owner owner;

    owner_init(&owner);
    reconnect_enable(&owner.r);
    clock_warp(0);
    fail_try(&owner);
    clock_warp(1000);
    fail_try(&owner);
    clock_warp(2000);
    reconnect_connected(&owner.r);
    clock_warp(4000);
    reconnect_activity(&owner.r);
    reconnect_disconnected(&owner.r, NULL);
    assert_int_equal(owner.r.backoff_ms, 1000);
    assert_null(owner.r.last_error);
    clock_warp(1000);

    /* One that ends at once does not. */
    reconnect_connected(&owner.r);
    reconnect_disconnected(&owner.r, NULL);
    assert_int_equal(owner.r.backoff_ms, 2000);
    owner_uninit(&owner);
}

static void
test_tries_end(void **state)
{
    struct owner owner;

    owner_init(&owner);
    reconnect_set_max_tries(&owner.r, 2);
    reconnect_enable(&owner.r);
    clock_warp(0);
    fail_try(&owner);
    clock_warp(1000);
    fail_try(&owner);
    assert_at(&owner, "cc", RECONNECT_VOID);
    reconnect_enable(&owner.r);
    clock_warp(100000);
    assert_at(&owner, "", RECONNECT_VOID);
    owner_uninit(&owner);

    /* An accepted connection is never made anew. */
    owner_init(&owner);
    reconnect_set_max_tries(&owner.r, 0);
    reconnect_connected(&owner.r);
    assert_at(&owner, "", RECONNECT_ACTIVE);
    clock_warp(10000);
    assert_at(&owner, "pd", RECONNECT_VOID);
    clock_warp(100000);
    assert_at(&owner, "", RECONNECT_VOID);
    owner_uninit(&owner);
}

static void
test_force_disable_and_free_tries(void **state)
{
    struct owner owner;

    owner_init(&owner);
    reconnect_set_free_tries(&owner.r, 2);
    reconnect_enable(&owner.r);
    clock_warp(0);
    fail_try(&owner);
    clock_warp(0);
    fail_try(&owner);
    clock_warp(0);
    assert_at(&owner, "ccc", RECONNECT_CONNECTING);
    fail_try(&owner);
    clock_warp(0);
    assert_at(&owner, "", RECONNECT_BACKOFF);

    reconnect_force(&owner.r);
    clock_warp(0);
    assert_at(&owner, "c", RECONNECT_CONNECTING);
    reconnect_connected(&owner.r);
    reconnect_force(&owner.r);
    clock_warp(0);
    assert_at(&owner, "dc", RECONNECT_CONNECTING);
    reconnect_disable(&owner.r);
    assert_at(&owner, "d", RECONNECT_VOID);
    clock_warp(100000);
    assert_at(&owner, "", RECONNECT_VOID);
    owner_uninit(&owner);
}

int
reconnect_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backoff_doubles_up_to_its_maximum),
        cmocka_unit_test(test_try_times_out),
        cmocka_unit_test(test_silent_peer_is_probed_then_dropped),
        cmocka_unit_test(test_activity_by_asking),
        cmocka_unit_test(test_connection_that_lasted_resets_backoff),
        cmocka_unit_test(test_tries_end),
        cmocka_unit_test(test_force_disable_and_free_tries),
    };

    return cmocka_run_group_tests_name("reconnect", tests, NULL, NULL);
}
