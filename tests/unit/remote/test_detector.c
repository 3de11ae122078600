/* SPDX-License-Identifier: Apache-2.0 */
/* Failure detectors, with a clock that is a number. Reference values were computed apart, from the
   exact normal distribution and by evaluating the formula elsewhere. One thread. */
#include "remote/detector.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NEAR(a, b, tolerance) assert_true(fabs((a) - (b)) <= (tolerance))

static uk_phi_settings defaults(void) {
    return (uk_phi_settings){.threshold = 10, .max_samples = 200, .min_deviation = 100,
                             .pause = 10000, .first_interval = 1000};
}
static uk_phi_settings strict(void) { /* short tests: no pause, a small deviation */
    return (uk_phi_settings){.threshold = 8, .max_samples = 1000, .min_deviation = 10, .pause = 0,
                             .first_interval = 1000};
}
/* Heartbeats at these intervals; gives the time of the last. */
static int64_t beat(uk_detector *d, int64_t now, const int64_t *intervals, size_t n) {
    for (size_t i = 0; i < n; i++) uk_detector_heartbeat(d, now += intervals[i]);
    return now;
}
#define BEAT(d, now, ...) \
    beat(d, now, (const int64_t[]){__VA_ARGS__}, sizeof((const int64_t[]){__VA_ARGS__}) / 8)

/* spec: AccrualFailureDetectorSpec 1 */
static void the_distribution_is_close_to_the_normal_one(void **state) {
    (void)state;
    static const double table[][2] = {
        {-3, 0.001350},  {-2, 0.022750}, {-1, 0.158655},  {-0.5, 0.308538}, {0, 0.5},
        {0.5, 0.691462}, {0.6, 0.725747}, {1, 0.841345},  {1.5, 0.933193},  {2, 0.977250},
        {2.5, 0.993790}, {3, 0.998650},  {3.5, 0.999767}, {4, 0.999968}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        NEAR(1 - pow(10, -uk_phi_of(table[i][0], 0, 1)), table[i][1], 0.0002);
}
/* spec: AccrualFailureDetectorSpec 2 */
static void extreme_gaps_are_finite(void **state) {
    (void)state;
    static const double gaps[] = {0, 1, 1e3, 1e6, 1e9, 1e12, 9.3e18};
    double last = 0;
    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++) {
        double late = uk_phi_of(gaps[i], 0, 0.1), early = uk_phi_of(-gaps[i], 0, 0.1);
        assert_true(isfinite(late) && isfinite(early));
        assert_true(late > last && early >= 0 && early < 1);
        last = late;
    }
    uk_phi d;
    uk_phi_settings s = strict();
    s.min_deviation = 1;
    uk_phi_init(&d, &s);
    uk_detector_heartbeat(&d.base, 0);
    assert_true(isfinite(uk_phi_now(&d, INT64_MAX)) && !uk_detector_available(&d.base, INT64_MAX));
    assert_true(isfinite(uk_phi_now(&d, INT64_MIN)) && uk_detector_available(&d.base, INT64_MIN));
    uk_detector_fini(&d.base);
}
/* spec: AccrualFailureDetectorSpec 3 */
static void phi_of_known_gaps(void **state) {
    (void)state;
    static const double table[][2] = {
        {0, 0},                  {500, 0.000000021769},   {1000, 0.301029995664},
        {1050, 0.510888825799},  {1100, 0.799508320840},  {1200, 1.642827885487},
        {1300, 2.909475326485},  {1400, 4.736694582705},  {1500, 7.299947394460},
        {1600, 10.782600858296}, {1700, 15.368525622645}};
    double last = -1;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        double phi = uk_phi_of(table[i][0], 1000, 100);
        NEAR(phi, table[i][1], 1e-6);
        assert_true(phi > last);
        last = phi;
    }
    assert_true(uk_phi_of(1100, 1000, 500) < uk_phi_of(1100, 1000, 100));
}
/* spec: AccrualFailureDetectorSpec 4 */
static void no_heartbeat_no_suspicion(void **state) {
    (void)state;
    uk_phi d;
    const uk_phi_settings s = defaults();
    uk_phi_init(&d, &s);
    for (int64_t now = 0; now < 1000000; now += 99999) {
        assert_true(uk_phi_now(&d, now) == 0 && uk_detector_available(&d.base, now));
        assert_false(d.base.monitoring);
    }
    uk_detector_fini(&d.base);
}
/* spec: AccrualFailureDetectorSpec 5 */
static void one_heartbeat_follows_the_guess(void **state) {
    (void)state;
    uk_phi d;
    const uk_phi_settings s = strict();
    uk_phi_init(&d, &s);
    uk_detector_heartbeat(&d.base, 5000);
    assert_int_equal(d.history.count, 2);
    assert_true(uk_history_mean(&d.history) == 1000);
    assert_true(uk_history_variance(&d.history) == 250.0 * 250);
    NEAR(uk_phi_now(&d, 6000), 0.30103, 1e-4);
    NEAR(uk_phi_now(&d, 7000), 4.736695, 1e-4);
    assert_true(uk_phi_now(&d, 8000) > 15);
    uk_detector_fini(&d.base);
}
/* spec: AccrualFailureDetectorSpec 6 */
static void the_second_heartbeat_brings_an_interval(void **state) {
    (void)state;
    uk_phi d;
    const uk_phi_settings s = strict();
    uk_phi_init(&d, &s);
    int64_t now = BEAT(&d.base, 0, 0, 100);
    assert_int_equal(d.history.count, 3);
    NEAR(uk_history_mean(&d.history), 2100 / 3.0, 1e-9);
    assert_true(uk_phi_now(&d, now + 100) > 0);
    uk_detector_fini(&d.base);
}
/* spec: AccrualFailureDetectorSpec 7 */
static void regular_heartbeats_keep_it_available(void **state) {
    (void)state;
    uk_phi d;
    const uk_phi_settings s = strict();
    uk_phi_init(&d, &s);
    int64_t now = BEAT(&d.base, 0, 0, 1000, 100, 100);
    assert_true(d.base.monitoring && uk_detector_available(&d.base, now + 100));
    for (int i = 0; i < 300; i++) {
        now += 1000 + i % 7;
        assert_true(uk_detector_available(&d.base, now));
        uk_detector_heartbeat(&d.base, now);
    }
    assert_true(d.base.monitoring);
    uk_detector_fini(&d.base);
}
/* spec: AccrualFailureDetectorSpec 8 */
static void silence_makes_it_unavailable(void **state) {
    (void)state;
    uk_phi d;
    const uk_phi_settings s = strict();
    uk_phi_init(&d, &s);
    int64_t now = BEAT(&d.base, 0, 0, 1000, 100, 100);
    assert_true(uk_detector_available(&d.base, now + 100));
    assert_false(uk_detector_available(&d.base, now + 7000));
    assert_true(d.base.monitoring);
    uk_detector_fini(&d.base);
}
/* spec: AccrualFailureDetectorSpec 9 */
static void it_comes_back_and_the_gap_is_not_learned(void **state) {
    (void)state;
    uk_phi d;
    uk_phi_settings s = defaults();
    s.pause = 3000;
    s.threshold = 8;
    uk_phi_init(&d, &s);
    int64_t now = 0;
    for (int i = 0; i < 1000; i++) uk_detector_heartbeat(&d.base, now += 1000);
    size_t count = d.history.count;
    now += 5 * 60 * 1000;
    assert_false(uk_detector_available(&d.base, now));
    assert_int_equal(uk_detector_heartbeat(&d.base, now), 0); /* and no warning */
    assert_int_equal(d.history.count, count);
    assert_true(uk_history_mean(&d.history) == 1000);
    assert_true(uk_detector_available(&d.base, now + 900));
    for (int i = 0; i < 5; i++) uk_detector_heartbeat(&d.base, now += 1000);
    assert_true(uk_detector_available(&d.base, now + 900));
    assert_false(uk_detector_available(&d.base, now + 5000));
    uk_detector_fini(&d.base);
}
/* spec: AccrualFailureDetectorSpec 10 */
static void the_pause_tolerates_missed_heartbeats(void **state) {
    (void)state;
    uk_phi d;
    uk_phi_settings s = strict();
    s.pause = 3000;
    uk_phi_init(&d, &s);
    int64_t now = BEAT(&d.base, 0, 0, 1000, 1000, 1000, 1000, 500);
    assert_true(uk_detector_available(&d.base, now + 3500));
    uk_detector_heartbeat(&d.base, now + 3500);
    assert_true(uk_detector_available(&d.base, now + 3500 + 1000));
    uk_detector_fini(&d.base);
}
/* spec: AccrualFailureDetectorSpec 11 */
static void silence_beyond_the_pause_is_detected(void **state) {
    (void)state;
    uk_phi d;
    uk_phi_settings s = strict();
    s.pause = 3000;
    uk_phi_init(&d, &s);
    int64_t now = BEAT(&d.base, 0, 0, 1000, 1000, 1000, 1000, 500, 500);
    assert_true(uk_detector_available(&d.base, now + 500));
    assert_false(uk_detector_available(&d.base, now + 8000));
    uk_detector_fini(&d.base);
}
/* spec: AccrualFailureDetectorSpec 12 */
static void only_the_last_samples_count(void **state) {
    (void)state;
    uk_phi d;
    uk_phi_settings s = strict();
    s.max_samples = 3;
    uk_phi_init(&d, &s);
    int64_t now = BEAT(&d.base, 0, 0, 100, 200, 300);
    double first = uk_phi_now(&d, now + 150);
    now = BEAT(&d.base, now, 100, 200, 300);
    assert_true(uk_phi_now(&d, now + 150) == first);
    assert_int_equal(d.history.cap, 3);
    uk_detector_fini(&d.base);
}
/* spec: AccrualFailureDetectorSpec 13 */
static void mean_and_variance(void **state) {
    (void)state;
    static const int64_t samples[] = {100, 200, 125, 340, 130};
    uk_history h;
    uk_history_init(&h, 20);
    for (int i = 0; i < 5; i++) uk_history_add(&h, samples[i]);
    NEAR(uk_history_mean(&h), 179, 1e-5);
    NEAR(uk_history_variance(&h), 7584, 1e-5);
    uk_history_fini(&h);
}
/* spec: AccrualFailureDetectorSpec 14 */
static void one_sample_has_no_variance(void **state) {
    (void)state;
    uk_history h;
    uk_history_init(&h, 600);
    assert_true(uk_history_mean(&h) == 0 && uk_history_variance(&h) == 0);
    uk_history_add(&h, 1000);
    NEAR(uk_history_mean(&h), 1000, 1e-5);
    NEAR(uk_history_variance(&h), 0, 1e-5);
    uk_history_fini(&h);
}
/* spec: AccrualFailureDetectorSpec 15 */
static void the_oldest_sample_is_dropped(void **state) {
    (void)state;
    uk_history h;
    uk_history_init(&h, 3);
    static const struct { int64_t sample; double mean, variance; } rows[] = {
        {100, 100, 0}, {110, 105, 25}, {90, 100, 66.66667}, {140, 340 / 3.0, 422.22222},
        {80, 310 / 3.0, 688.88889}, {80, 100, 800}, {80, 80, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uk_history_add(&h, rows[i].sample);
        NEAR(uk_history_mean(&h), rows[i].mean, 1e-4);
        NEAR(uk_history_variance(&h), rows[i].variance, 1e-4);
    }
    uk_history_fini(&h);
    uk_history_init(&h, 0); /* no less than one */
    uk_history_add(&h, 1);
    uk_history_add(&h, INT64_MAX / 4);
    uk_history_add(&h, 5);
    assert_true(uk_history_mean(&h) == 5 && uk_history_variance(&h) == 0);
    uk_history_fini(&h);
}
/* First ms of silence at which it is unavailable. */
static int64_t silence_limit(const uk_phi *d) {
    int64_t lo = 0, hi = 100000;
    while (lo < hi) {
        int64_t mid = (lo + hi) / 2;
        if (uk_detector_available(&d->base, d->base.last + mid)) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}
static void the_defaults_of_remote_watch(void **state) {
    (void)state;
    uk_phi d;
    const uk_phi_settings s = defaults();
    uk_phi_init(&d, &s);
    uk_detector_heartbeat(&d.base, 0);
    int64_t fresh = silence_limit(&d);
    assert_true(fresh > 12350 && fresh < 12550);
    for (int i = 1; i < 1000; i++) uk_detector_heartbeat(&d.base, i * 1000);
    int64_t steady = silence_limit(&d);
    assert_true(steady > 11500 && steady < 11650);
    assert_int_equal(d.history.count, 200);
    uk_detector_fini(&d.base);
}
static void growing_intervals_are_told(void **state) {
    (void)state;
    uk_phi d;
    const uk_phi_settings s = defaults();
    uk_phi_init(&d, &s);
    assert_int_equal(uk_detector_heartbeat(&d.base, 0), 0);
    assert_int_equal(uk_detector_heartbeat(&d.base, 6665), 0); /* 10000 / 3 * 2 = 6666 */
    assert_int_equal(uk_detector_heartbeat(&d.base, 6665 + 6666), 6666);
    assert_int_equal(uk_detector_heartbeat(&d.base, 6665 + 6666 + 10000), 10000);
    uk_detector_fini(&d.base);
}

static uk_deadline new_deadline(int64_t interval, int64_t pause) {
    uk_deadline d;
    uk_deadline_init(&d, interval, pause);
    return d;
}
/* spec: DeadlineFailureDetectorSpec 1 */
static void deadline_regular_heartbeats(void **state) {
    (void)state;
    uk_deadline d = new_deadline(1000, 1000);
    assert_true(uk_detector_available(&d.base, INT64_MAX)); /* none yet */
    assert_false(d.base.monitoring);
    int64_t now = BEAT(&d.base, 0, 0, 1000, 100, 100);
    assert_true(d.base.monitoring && uk_detector_available(&d.base, now));
    uk_detector_fini(&d.base);
}
/* spec: DeadlineFailureDetectorSpec 2 */
static void deadline_missed(void **state) {
    (void)state;
    uk_deadline d = new_deadline(1000, 1000);
    int64_t now = BEAT(&d.base, 0, 0, 1000, 100, 100);
    assert_true(uk_detector_available(&d.base, now + 1999));
    assert_false(uk_detector_available(&d.base, now + 2000));
    assert_false(uk_detector_available(&d.base, now + 7000));
}
/* spec: DeadlineFailureDetectorSpec 3 */
static void deadline_comes_back(void **state) {
    (void)state;
    uk_deadline d = new_deadline(1000, 3000);
    int64_t now = 0;
    for (int i = 0; i < 1000; i++) uk_detector_heartbeat(&d.base, now += 1000);
    assert_false(uk_detector_available(&d.base, now += 300000));
    for (int i = 0; i < 4; i++) assert_int_equal(uk_detector_heartbeat(&d.base, now += 900), 0);
    assert_true(uk_detector_available(&d.base, now + 900));
}
/* spec: DeadlineFailureDetectorSpec 4 */
static void deadline_pause_is_respected(void **state) {
    (void)state;
    uk_deadline d = new_deadline(1000, 3000);
    int64_t now = BEAT(&d.base, 0, 0, 1000, 1000, 1000, 1000, 500);
    assert_true(uk_detector_available(&d.base, now + 3500));
}
/* spec: DeadlineFailureDetectorSpec 5 */
static void deadline_beyond_the_pause(void **state) {
    (void)state;
    uk_deadline d = new_deadline(1000, 3000);
    int64_t now = BEAT(&d.base, 0, 0, 1000, 1000, 1000, 1000, 500);
    assert_false(uk_detector_available(&d.base, now + 5000));
}
static void the_defaults_of_a_connection(void **state) {
    (void)state;
    uk_deadline d = new_deadline(4000, 120000);
    uk_detector_heartbeat(&d.base, 7);
    assert_true(uk_detector_available(&d.base, 7 + 123999));
    assert_false(uk_detector_available(&d.base, 7 + 124000));
}

static const ukko_slice ONE = {(const uint8_t *)"pekko.tcp://A@h:1", 17};
static const ukko_slice TWO = {(const uint8_t *)"pekko.tcp://A@h:2", 17};

static uk_detectors new_registry(int64_t pause) {
    uk_detectors r;
    uk_phi_settings s = strict();
    s.pause = pause;
    uk_detectors_init(&r, &(uk_detector_kind){.phi = s});
    return r;
}
static int64_t beat_key(uk_detectors *r, ukko_slice key, int64_t now, int n, int64_t interval) {
    while (n--) uk_detectors_heartbeat(r, key, now += interval);
    return now;
}
/* spec: FailureDetectorRegistrySpec 1 */
static void registry_available_per_key(void **state) {
    (void)state;
    uk_detectors r = new_registry(0);
    assert_true(uk_detectors_available(&r, ONE, 0) && !uk_detectors_monitoring(&r, ONE));
    assert_true(uk_detectors_phi(&r, ONE, 0) == 0);
    int64_t now = beat_key(&r, ONE, 0, 5, 1000);
    assert_true(uk_detectors_available(&r, ONE, now + 100) && uk_detectors_monitoring(&r, ONE));
    assert_false(uk_detectors_monitoring(&r, TWO));
    uk_detectors_fini(&r);
}
/* spec: FailureDetectorRegistrySpec 2 */
static void registry_silence_per_key(void **state) {
    (void)state;
    uk_detectors r = new_registry(0);
    int64_t now = beat_key(&r, ONE, 0, 4, 1000);
    beat_key(&r, TWO, now + 7000 - 3000, 3, 1000);
    assert_false(uk_detectors_available(&r, ONE, now + 7000));
    assert_true(uk_detectors_phi(&r, ONE, now + 7000) > 8);
    assert_true(uk_detectors_available(&r, TWO, now + 7000));
    uk_detectors_fini(&r);
}
/* spec: FailureDetectorRegistrySpec 3 */
static void registry_pause(void **state) {
    (void)state;
    uk_detectors r = new_registry(3000);
    int64_t now = beat_key(&r, ONE, 0, 6, 1000);
    assert_true(uk_detectors_available(&r, ONE, now + 3900));
    uk_detectors_fini(&r);
}
/* spec: FailureDetectorRegistrySpec 4 */
static void registry_beyond_the_pause(void **state) {
    (void)state;
    uk_detectors r = new_registry(3000);
    int64_t now = beat_key(&r, ONE, 0, 6, 1000);
    assert_false(uk_detectors_available(&r, ONE, now + 8000));
    uk_detectors_fini(&r);
}
/* spec: FailureDetectorRegistrySpec 5 */
static void registry_removed_counts_as_available(void **state) {
    (void)state;
    uk_detectors r = new_registry(0);
    int64_t now = beat_key(&r, ONE, 0, 4, 1000);
    assert_false(uk_detectors_available(&r, ONE, now + 7000));
    uk_detectors_remove(&r, ONE);
    uk_detectors_remove(&r, TWO); /* was never there */
    assert_true(uk_detectors_available(&r, ONE, now + 7000) && !uk_detectors_monitoring(&r, ONE));
    uk_detectors_fini(&r);
}
/* spec: FailureDetectorRegistrySpec 6 */
static void registry_removed_starts_afresh(void **state) {
    (void)state;
    uk_detectors r = new_registry(0);
    beat_key(&r, ONE, 0, 4, 1000);
    uk_detectors_remove(&r, ONE);
    int64_t now = beat_key(&r, ONE, 100000, 3, 1000); /* the gap in between counts for nothing */
    assert_true(uk_detectors_available(&r, ONE, now + 900));
    assert_false(uk_detectors_available(&r, ONE, now + 7000));
    uk_detectors_fini(&r);
}
static void registry_of_many(void **state) {
    (void)state;
    uk_detectors r = new_registry(0);
    char key[32];
    for (int i = 0; i < 3000; i++) {
        ukko_slice s = {(const uint8_t *)key, 0};
        memset(key, 'k', sizeof key); /* the registry keeps its own copy */
        s.len = 4;
        memcpy(key, &i, 4);
        uk_detectors_heartbeat(&r, s, i);
        assert_true(uk_detectors_monitoring(&r, s));
        if (i % 3 == 0) uk_detectors_remove(&r, s);
    }
    uk_detectors_fini(&r);
}

#define TEST(f) cmocka_unit_test(f)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_distribution_is_close_to_the_normal_one), TEST(extreme_gaps_are_finite),
        TEST(phi_of_known_gaps), TEST(no_heartbeat_no_suspicion),
        TEST(one_heartbeat_follows_the_guess), TEST(the_second_heartbeat_brings_an_interval),
        TEST(regular_heartbeats_keep_it_available), TEST(silence_makes_it_unavailable),
        TEST(it_comes_back_and_the_gap_is_not_learned), TEST(the_pause_tolerates_missed_heartbeats),
        TEST(silence_beyond_the_pause_is_detected), TEST(only_the_last_samples_count),
        TEST(mean_and_variance), TEST(one_sample_has_no_variance),
        TEST(the_oldest_sample_is_dropped), TEST(the_defaults_of_remote_watch),
        TEST(growing_intervals_are_told), TEST(deadline_regular_heartbeats), TEST(deadline_missed),
        TEST(deadline_comes_back), TEST(deadline_pause_is_respected),
        TEST(deadline_beyond_the_pause), TEST(the_defaults_of_a_connection),
        TEST(registry_available_per_key), TEST(registry_silence_per_key), TEST(registry_pause),
        TEST(registry_beyond_the_pause), TEST(registry_removed_counts_as_available),
        TEST(registry_removed_starts_afresh), TEST(registry_of_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
