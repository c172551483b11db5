/* SPDX-License-Identifier: Apache-2.0 */
#include "vswitch/protocols/bfd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "lib/base/byteorder.h"
#include "vswitch/ofproto/test.h"

/* Two sessions and the line between them, on a clock of their own. */
struct line {
    struct bfd *ends[2];
    int64_t now_ms;
    bool is_cut[2];              /* What end i sends is lost. */
    unsigned int n_sent[2];
    uint64_t n_rx[2];
    uint8_t last[2][24];         /* Last control packet that end i sent. */
};

static struct bfd_config
make_config(const char *key, const char *value)
{
    struct smap column = SMAP_INITIALIZER(&column);
    struct bfd_config config;

    smap_set(&column, "enable", "true");
    if (key) {
        smap_set(&column, key, value);
    }
    bfd_config_parse(&column, &config);
    smap_uninit(&column);
    return config;
}

static void
begin(struct line *l)
{
    const struct bfd_config config = make_config(NULL, NULL);

    memset(l, 0, sizeof *l);
    l->now_ms = 1000000;
    for (int i = 0; i < 2; i++) {
        l->ends[i] = bfd_create(i ? "b" : "a", &config, l->now_ms);
    }
}

static void
end(struct line *l)
{
    bfd_destroy(l->ends[0]);
    bfd_destroy(l->ends[1]);
}

static void
send_from(struct line *l, int i)
{
    static const struct eth_addr mac = { { 2, 0, 0, 0, 0, 1 } };
    struct packet *p = packet_alloc(PACKET_SMALL);
    const uint8_t *payload;

    bfd_compose(l->ends[i], mac, p, l->now_ms);
    l->n_sent[i]++;
    payload = (const uint8_t *) packet_l4(p) + 8;
    memcpy(l->last[i], payload, sizeof l->last[i]);
    if (!l->is_cut[i]) {
        l->n_rx[!i]++;
        assert_null(bfd_receive(l->ends[!i], payload, 24, l->now_ms));
    }
    packet_free(p);
}

static void
run_for(struct line *l, int64_t ms)
{
    for (int64_t stop = l->now_ms + ms; l->now_ms < stop; l->now_ms++) {
        for (int i = 0; i < 2; i++) {
            if (l->now_ms >= bfd_wake_ms(l->ends[i])
                && bfd_run(l->ends[i], l->n_rx[i], l->now_ms)) {
                send_from(l, i);
            }
        }
    }
}

static void
assert_status(const struct bfd *bfd, const char *key, const char *value)
{
    struct smap status = SMAP_INITIALIZER(&status);

    bfd_get_status(bfd, &status);
    assert_string_equal(smap_get(&status, key), value);
    smap_uninit(&status);
}

/* A session comes up by itself, at once, and stays up. */
static void
test_comes_up(void **state UNUSED)
{
    struct line l;

    begin(&l);
    assert_false(bfd_is_forwarding(l.ends[0]));
    run_for(&l, 10);
    for (int i = 0; i < 2; i++) {
        assert_status(l.ends[i], "state", "up");
        assert_status(l.ends[i], "forwarding", "true");
        assert_status(l.ends[i], "flap_count", "1");
    }
    /* Neither wants more than one packet a second. */
    l.n_sent[0] = 0;
    run_for(&l, 20000);
    assert_in_range(l.n_sent[0], 19, 28);
    assert_status(l.ends[1], "state", "up");
    assert_status(l.ends[1], "flap_count", "1");
    end(&l);
}

/* Silence ends it after the other end's multiplier of intervals, and the other
 * end, which still hears, is told. */
static void
test_detects_silence(void **state UNUSED)
{
    struct line l;

    begin(&l);
    run_for(&l, 5000);
    l.is_cut[0] = true;
    run_for(&l, 1900);
    assert_status(l.ends[1], "state", "up");
    run_for(&l, 1200);
    assert_status(l.ends[1], "state", "down");
    assert_status(l.ends[1], "forwarding", "false");
    assert_status(l.ends[1], "diagnostic", "Control Detection Time Expired");
    /* End 0 went down with it; a second packet may have made that "init". */
    assert_status(l.ends[0], "forwarding", "false");
    assert_status(l.ends[0], "diagnostic", "Neighbor Signaled Session Down");
    assert_status(l.ends[0], "remote_diagnostic",
                  "Control Detection Time Expired");
    l.is_cut[0] = false;
    run_for(&l, 4000);
    assert_status(l.ends[1], "state", "up");
    assert_status(l.ends[1], "flap_count", "3");
    end(&l);
}

/* Faster intervals take effect by a poll sequence, without losing the session
 * on the way; slower ones likewise. */
static void
test_changes_intervals(void **state UNUSED)
{
    struct bfd_config fast = make_config("min_rx", "50");
    struct bfd_config slow = make_config("min_rx", "3000");
    struct line l;

    fast.min_tx_ms = 50;
    begin(&l);
    run_for(&l, 3000);
    bfd_set_config(l.ends[0], &fast, l.now_ms);
    bfd_set_config(l.ends[1], &fast, l.now_ms);
    run_for(&l, 2000);
    l.n_sent[0] = 0;
    run_for(&l, 1000);
    assert_in_range(l.n_sent[0], 19, 28);
    l.is_cut[0] = true;
    run_for(&l, 160);
    assert_status(l.ends[1], "state", "down");
    l.is_cut[0] = false;
    run_for(&l, 3000);
    bfd_set_config(l.ends[1], &slow, l.now_ms);
    run_for(&l, 20000);
    l.n_sent[0] = 0;
    run_for(&l, 30000);
    assert_in_range(l.n_sent[0], 9, 14);
    assert_status(l.ends[1], "flap_count", "3");
    end(&l);
}

/* A concatenated path that is down is told, and the other end stops
 * forwarding; the session stays up. */
static void
test_concatenated_path(void **state UNUSED)
{
    struct bfd_config config = make_config("cpath_down", "true");
    struct line l;

    begin(&l);
    run_for(&l, 3000);
    bfd_set_config(l.ends[0], &config, l.now_ms);
    run_for(&l, 1100);
    assert_status(l.ends[1], "state", "up");
    assert_status(l.ends[1], "forwarding", "false");
    assert_status(l.ends[1], "remote_diagnostic", "Concatenated Path Down");
    assert_status(l.ends[0], "diagnostic", "Concatenated Path Down");
    config.cpath_down = false;
    bfd_set_config(l.ends[0], &config, l.now_ms);
    run_for(&l, 1100);
    assert_status(l.ends[1], "forwarding", "true");
    end(&l);
}

/* Without data the interval decays; with data it comes back. */
static void
test_decays(void **state UNUSED)
{
    struct bfd_config config = make_config("decay_min_rx", "4000");
    struct line l;

    begin(&l);
    bfd_set_config(l.ends[1], &config, l.now_ms);
    run_for(&l, 20000);
    l.n_sent[0] = 0;
    run_for(&l, 24000);
    assert_in_range(l.n_sent[0], 5, 9);
    for (int i = 0; i < 100; i++) {
        l.n_rx[1] += 5;
        run_for(&l, 100);
    }
    l.n_sent[0] = 0;
    for (int i = 0; i < 100; i++) {
        l.n_rx[1] += 5;
        run_for(&l, 100);
    }
    assert_in_range(l.n_sent[0], 10, 15);
    assert_status(l.ends[1], "state", "up");
    end(&l);
}

/* Data stands in for control packets, for a while, where that is asked for. */
static void
test_forwards_if_data_comes(void **state UNUSED)
{
    struct bfd_config config = make_config("forwarding_if_rx", "true");
    struct line l;

    begin(&l);
    bfd_set_config(l.ends[1], &config, l.now_ms);
    run_for(&l, 3000);
    l.is_cut[0] = true;
    for (int i = 0; i < 100; i++) {
        l.n_rx[1] += 1;
        run_for(&l, 100);
    }
    assert_status(l.ends[1], "state", "down");
    assert_status(l.ends[1], "forwarding", "true");
    /* Data counts for four intervals after it was noticed, which is up to one
     * interval after it came. */
    run_for(&l, 5100);
    assert_status(l.ends[1], "forwarding", "false");

    /* Not for ever. */
    for (int i = 0; i < 1000; i++) {
        l.n_rx[1] += 1;
        run_for(&l, 100);
    }
    assert_status(l.ends[1], "forwarding", "false");
    end(&l);
}

/* People may say what they want to see. */
static void
test_override(void **state UNUSED)
{
    struct line l;

    begin(&l);
    run_for(&l, 2000);
    bfd_override_forwarding(l.ends[0], 0, l.now_ms);
    assert_status(l.ends[0], "forwarding", "false");
    run_for(&l, 2000);
    assert_status(l.ends[0], "forwarding", "false");
    bfd_override_forwarding(l.ends[0], -1, l.now_ms);
    assert_status(l.ends[0], "forwarding", "true");
    end(&l);
}

/* RFC 5880 6.8.6, one reason after the other; none changes the session. */
static void
test_discards(void **state UNUSED)
{
    static const struct {
        size_t at;
        uint8_t value;
        const char *why;
    } cases[] = {
        { 0, 2 << 5, "wrong version" },
        { 3, 23, "wrong length" },
        { 3, 25, "wrong length" },
        { 2, 0, "detection multiplier is zero" },
        { 1, 3 << 6 | 1, "multipoint" },
        { 1, 3 << 6 | 4, "authentication is not in use" },
        { 11, 0xff, "the session is another" },
    };
    struct line l;
    uint8_t p[24];

    begin(&l);
    run_for(&l, 3000);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        memcpy(p, l.last[0], sizeof p);
        p[cases[i].at] = cases[i].at == 11 ? p[11] ^ 1 : cases[i].value;
        assert_string_equal(bfd_receive(l.ends[1], p, sizeof p, l.now_ms),
                            cases[i].why);
    }
    memcpy(p, l.last[0], sizeof p);
    memset(p + 4, 0, 4);
    assert_string_equal(bfd_receive(l.ends[1], p, sizeof p, l.now_ms),
                        "its discriminator is zero");
    memcpy(p, l.last[0], sizeof p);
    memset(p + 8, 0, 4);
    assert_string_equal(bfd_receive(l.ends[1], p, sizeof p, l.now_ms),
                        "our discriminator is missing");
    for (size_t size = 0; size < sizeof p; size++) {
        assert_string_equal(bfd_receive(l.ends[1], p, size, l.now_ms),
                            "too short");
    }
    assert_status(l.ends[1], "state", "up");
    assert_status(l.ends[1], "flap_count", "1");
    end(&l);
}

/* An administrator's end is no failure to be waited for, and an end that wants
 * no packets gets none. */
static void
test_obeys(void **state UNUSED)
{
    struct line l;
    uint8_t p[24];

    begin(&l);
    run_for(&l, 3000);
    l.is_cut[0] = l.is_cut[1] = true;
    memcpy(p, l.last[0], sizeof p);
    p[1] = 0;
    memset(p + 16, 0, 4);        /* Required min rx interval. */
    assert_null(bfd_receive(l.ends[1], p, sizeof p, l.now_ms));
    assert_status(l.ends[1], "state", "down");
    assert_status(l.ends[1], "diagnostic", "Neighbor Signaled Session Down");
    assert_status(l.ends[1], "remote_state", "admin_down");
    l.n_sent[1] = 0;
    run_for(&l, 2000);
    assert_int_equal(l.n_sent[1], 0);
    end(&l);
}

int
bfd_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comes_up),
        cmocka_unit_test(test_detects_silence),
        cmocka_unit_test(test_changes_intervals),
        cmocka_unit_test(test_concatenated_path),
        cmocka_unit_test(test_decays),
        cmocka_unit_test(test_forwards_if_data_comes),
        cmocka_unit_test(test_override),
        cmocka_unit_test(test_discards),
        cmocka_unit_test(test_obeys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
