/* SPDX-License-Identifier: Apache-2.0 */
/* The ring of consistent hashing against values computed by Pekko 1.0.2 (MurmurHash.stringHash,
   ConsistentHash.create(..).nodeFor). Test thread only. */
#include "actor/hashring.h"
#include "support/probe.h"

static void test_hashes(void **state) {
    static const struct {
        const char *text;
        int32_t hash;
    } known[] = {{"", -1632357289},
                 {"a", -109930169},
                 {"ab", 619829699},
                 {"abc", 1278909957},
                 {"hello world", 80987082},
                 {"pekko.tcp://A@127.0.0.1:25520/user/router/c1", 1192323265},
                 {"h\303\251llo", -2042944337},
                 {"\360\237\230\200x", 524512577},
                 {"\342\202\254", 798644941}};
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_int_equal(uk_murmur_text(ukko_str(known[i].text)), known[i].hash);
}
static void check_ring(int32_t points, const char *texts, const char *bytes) {
    char names[5][64];
    const char *list[5];
    for (int i = 0; i < 5; i++) {
        snprintf(names[i], sizeof names[i], "pekko.tcp://A@127.0.0.1:25520/user/router/c%d", i + 1);
        list[i] = names[i];
    }
    uk_ring *r = uk_ring_new(list, 5, points);
    for (int k = 0; k < 40; k++) {
        char key[16];
        snprintf(key, sizeof key, "key-%d", k);
        const uint8_t raw[4] = {(uint8_t)k, (uint8_t)(200 + k), 0, (uint8_t)(255 - k)};
        assert_int_equal(uk_ring_find(r, uk_murmur_text(ukko_str(key))) + 1, texts[k] - '0');
        assert_int_equal(uk_ring_find(r, uk_murmur_bytes((ukko_slice){raw, 4})) + 1,
                         bytes[k] - '0');
    }
    uk_ring_free(r);
}
/* spec: RemoteConsistentHashingRouterSpec 1 */
static void test_ring_of_a_jvm(void **state) {
    (void)state;
    check_ring(1, "2424524242424452325424522422223542254425",
               "5542544254244354543245424455453241222512");
    check_ring(10, "2521222315433212315451522542313251534435",
               "1524113425244334133211232452353241142513");
    check_ring(64, "2335425114155252312455422333143234533132",
               "3252514453424334343335143444423415112511");
}
static void test_one_node_has_all(void **state) {
    const char *one[] = {"only"};
    (void)state;
    uk_ring *r = uk_ring_new(one, 1, 3);
    assert_int_equal(uk_ring_find(r, INT32_MIN), 0);
    assert_int_equal(uk_ring_find(r, INT32_MAX), 0);
    uk_ring_free(r);
}
int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_hashes),
                                       cmocka_unit_test(test_ring_of_a_jvm),
                                       cmocka_unit_test(test_one_node_has_all)};
    return cmocka_run_group_tests_name("hashring", tests, NULL, NULL);
}
