/* SPDX-License-Identifier: Apache-2.0 */
/* The flight recorder: a ring that keeps the last entries, read while others write; its file, which
   stays when a process is killed and goes when it ends in order; files that are damaged. */
#include "remote/flight.h"
#include "base/buf.h"
#include "support/nodes.h"
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char dir[200];

static int make_dir(void **state) {
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/ukko-test-flight-%d", (int)getpid());
    return mkdir(dir, 0700);
}
static int remove_dir(void **state) {
    (void)state;
    char cmd[300];
    snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
    return system(cmd);
}
static uk_flight *new_flight(const char *directory, size_t entries) {
    char why[300];
    uk_flight_opts o = {directory, entries, "Sys", 7, 4711};
    uk_flight *f = uk_flight_new(&o, why, sizeof why);
    assert_non_null(f);
    return f;
}

/* ---- the ring ---- */

typedef struct seen {
    int n;
    uint64_t first, last;
    char lines[3000];
    int kinds[64];
} seen;
static bool look(void *data, const ukko_flight_entry *e) {
    seen *s = data;
    char line[300];
    assert_int_equal(e->size, sizeof *e);
    if (!s->n++) s->first = e->number;
    else assert_true(e->number > s->last);
    s->last = e->number;
    assert_true(ukko_flight_print(e, line, sizeof line) >= strlen(line));
    size_t at = strlen(s->lines);
    snprintf(s->lines + at, sizeof s->lines - at, "%s\n", line);
    if (e->kind >= 0 && e->kind < 64) s->kinds[e->kind]++;
    return true;
}
static bool only_two(void *data, const ukko_flight_entry *e) {
    (void)e;
    return ++*(int *)data < 2;
}

static void keeps_the_last(void **state) {
    (void)state;
    uk_flight *f = new_flight("off", 10);
    assert_null(uk_flight_path(f));
    seen s = {0};
    assert_int_equal(uk_flight_each(f, look, &s), 0);
    for (int i = 0; i < 25; i++)
        uk_flight_record(f, &(uk_flight_note){.kind = UKKO_FLIGHT_ACK_IN, .a = i, .b = -i,
                                              .address = "pekko.tcp://B@h:1"});
    assert_int_equal(uk_flight_each(f, look, &s), 10);
    assert_int_equal(s.first, 15);
    assert_int_equal(s.last, 24);
    assert_non_null(strstr(s.lines, "ack-in pekko.tcp://B@h:1 24 -24"));
    int n = 0;
    assert_int_equal(uk_flight_each(f, only_two, &n), 2);
    uk_flight_free(f);
}

static void prints_what_matters(void **state) {
    (void)state;
    uk_flight *f = new_flight("off", 4);
    char longer[400];
    memset(longer, 'x', sizeof longer);
    longer[399] = 0;
    uk_flight_record(f, &(uk_flight_note){.kind = UKKO_FLIGHT_LOST, .address = "pekko.tcp://B@h:1",
                                          .text = "bad\x1b[31m", .from = "open", .to = "failed",
                                          .reason = UKKO_REASON_LOST, .has_uid = true,
                                          .inbound = true, .uid = -5});
    uk_flight_record(f, &(uk_flight_note){.kind = 99, .address = longer, .text = longer});
    seen s = {0};
    assert_int_equal(uk_flight_each(f, look, &s), 2);
    assert_non_null(strstr(s.lines, "lost pekko.tcp://B@h:1 uid -5 (inbound) open -> failed LOST: bad?[31m\n"));
    assert_non_null(strstr(s.lines, " ? xxx"));
    uk_flight_free(f);
}

/* Readers see whole entries only, whatever writers do meanwhile. */
static _Atomic bool stop;        /* relaxed: a switch */
static _Atomic uint64_t written; /* relaxed: only that it grows counts */
static void *write_on(void *arg) {
    for (int64_t i = 0; !atomic_load_explicit(&stop, memory_order_relaxed); i++) {
        char text[40];
        snprintf(text, sizeof text, "%lld", (long long)i);
        uk_flight_record(arg, &(uk_flight_note){.kind = UKKO_FLIGHT_RESENT, .a = i, .b = ~i,
                                                .text = text});
        atomic_fetch_add_explicit(&written, 1, memory_order_relaxed);
    }
    return NULL;
}
/* Holds a writer where it is until the others have gone round the ring. */
static void hold(int sig) {
    (void)sig;
    uint64_t until = atomic_load_explicit(&written, memory_order_relaxed) + 4;
    while (atomic_load_explicit(&written, memory_order_relaxed) < until &&
           !atomic_load_explicit(&stop, memory_order_relaxed))
        sched_yield();
}
static bool whole(void *data, const ukko_flight_entry *e) {
    ++*(int *)data;
    assert_true(e->b == ~e->a && atoll(e->text) == e->a && e->kind == UKKO_FLIGHT_RESENT);
    return true;
}
static void write_and_read(size_t entries, int rounds) {
    uk_flight *f = new_flight("off", entries);
    pthread_t t[3];
    int n = 0;
    signal(SIGUSR1, hold);
    atomic_store_explicit(&stop, false, memory_order_relaxed);
    for (int i = 0; i < 3; i++) pthread_create(&t[i], NULL, write_on, f);
    for (int i = 0; i < rounds || n < 1000; i++) {
        if (i % 8 == 0) pthread_kill(t[0], SIGUSR1);
        uk_flight_each(f, whole, &n);
    }
    atomic_store_explicit(&stop, true, memory_order_relaxed);
    for (int i = 0; i < 3; i++) pthread_join(t[i], NULL);
    uk_flight_free(f);
}
static void read_while_written(void **state) {
    (void)state;
    write_and_read(16, 3000);
}
/* The ring is so short that writers go round it while one of them is still in a slot. */
static void writers_meet_in_a_slot(void **state) {
    (void)state;
    write_and_read(1, 100000);
    write_and_read(2, 100000);
}

/* ---- the file ---- */

static void file_comes_and_goes(void **state) {
    (void)state;
    char path[300], other[300];
    uk_flight *f = new_flight(dir, 8), *g = new_flight(dir, 8);
    snprintf(path, sizeof path, "%s/Sys-7.flight", dir);
    snprintf(other, sizeof other, "%s/Sys-7-2.flight", dir);
    assert_string_equal(uk_flight_path(f), path);
    assert_string_equal(uk_flight_path(g), other); /* the first is in use */
    uk_flight_address(f, "pekko.tcp://Sys@h:7");
    uk_flight_record(f, &(uk_flight_note){.kind = UKKO_FLIGHT_LISTENING, .text = "x"});
    ukko_flight_info info;
    seen s = {0};
    ukko_error err;
    assert_int_equal(ukko_flight_read_file(path, &info, look, &s, &err), 1);
    assert_string_equal(info.system, "Sys");
    assert_string_equal(info.address, "pekko.tcp://Sys@h:7");
    assert_true(info.pid == getpid() && info.uid == 4711 && info.entries == 8 && info.recorded == 1);
    uk_flight_free(f);
    uk_flight_free(g);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(access(other, F_OK), -1);
    assert_int_equal(ukko_flight_read_file(path, NULL, look, &s, &err), UKKO_EIO);
    assert_non_null(strstr(err.message, path));
}

/* A process that is killed leaves its file; the next one of that name puts it aside. */
static void file_stays_after_a_crash(void **state) {
    (void)state;
    char path[300], old[320];
    snprintf(path, sizeof path, "%s/Sys-7.flight", dir);
    snprintf(old, sizeof old, "%s.previous", path);
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (!pid) {
        uk_flight *f = new_flight(dir, 8);
        for (int i = 0; i < 20; i++)
            uk_flight_record(f, &(uk_flight_note){.kind = UKKO_FLIGHT_DEAD, .a = i});
        if (write(ready[1], "x", 1) != 1) _exit(1);
        for (;;) pause();
    }
    char c;
    assert_int_equal(read(ready[0], &c, 1), 1);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    ukko_flight_info info;
    seen s = {0};
    ukko_error err;
    assert_int_equal(ukko_flight_read_file(path, &info, look, &s, &err), 8);
    assert_true(info.pid == pid && info.recorded == 20 && s.last == 19);
    uk_flight *f = new_flight(dir, 8);
    assert_string_equal(uk_flight_path(f), path);
    s = (seen){0};
    assert_int_equal(ukko_flight_read_file(old, &info, look, &s, &err), 8);
    assert_int_equal(info.pid, pid);
    uk_flight_free(f);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(access(old, F_OK), 0);
    close(ready[0]);
    close(ready[1]);
}

static void directories_that_do_not_do(void **state) {
    (void)state;
    char why[300], base[300], mine[400];
    uk_flight_opts o = {"/no/such/directory", 8, "Sys", 7, 1};
    uk_flight *f = uk_flight_new(&o, why, sizeof why);
    assert_null(uk_flight_path(f));
    assert_non_null(strstr(why, "/no/such/directory"));
    uk_flight_record(f, &(uk_flight_note){.kind = UKKO_FLIGHT_DEAD}); /* in memory all the same */
    int n = 0;
    assert_int_equal(uk_flight_each(f, only_two, &n), 1);
    uk_flight_free(f);
    /* the private one: a link put there by somebody else is not followed, nor is an open one used */
    snprintf(base, sizeof base, "%s/run", dir);
    mkdir(base, 0700);
    setenv("XDG_RUNTIME_DIR", base, 1);
    snprintf(mine, sizeof mine, "%s/ukko-%ld", base, (long)geteuid());
    o.directory = "";
    assert_int_equal(symlink(dir, mine), 0);
    f = uk_flight_new(&o, why, sizeof why);
    assert_null(uk_flight_path(f));
    uk_flight_free(f);
    unlink(mine);
    mkdir(mine, 0777);
    chmod(mine, 0777);
    f = uk_flight_new(&o, why, sizeof why);
    assert_null(uk_flight_path(f));
    assert_non_null(strstr(why, mine));
    uk_flight_free(f);
    chmod(mine, 0700);
    f = uk_flight_new(&o, why, sizeof why);
    assert_non_null(uk_flight_path(f));
    uk_flight_free(f);
    unsetenv("XDG_RUNTIME_DIR");
}

/* Every single damaged byte, and every length, is an error or leaves something out; never more. */
static void damaged_files(void **state) {
    (void)state;
    char path[300];
    uk_flight *f = new_flight(dir, 4);
    for (int i = 0; i < 6; i++)
        uk_flight_record(f, &(uk_flight_note){.kind = UKKO_FLIGHT_DEAD, .a = i, .text = "t"});
    snprintf(path, sizeof path, "%s", uk_flight_path(f));
    uk_buf whole_file = {0};
    int fd = open(path, O_RDONLY);
    uk_buf_reserve(&whole_file, 100000);
    whole_file.len = (size_t)read(fd, whole_file.ptr, 100000);
    close(fd);
    uk_flight_free(f);
    ukko_flight_info info;
    ukko_error err;
    for (size_t n = 0; n < whole_file.len; n += n < 600 ? 1 : 37) {
        seen s = {0};
        assert_true(uk_flight_parse((ukko_slice){whole_file.ptr, n}, &info, look, &s, &err) < 0);
    }
    for (size_t i = 0; i < whole_file.len; i++) {
        for (int bit = 0; bit < 8; bit += 7) {
            seen s = {0};
            whole_file.ptr[i] ^= (uint8_t)(1 << bit);
            int rc = uk_flight_parse(uk_buf_slice(&whole_file), &info, look, &s, &err);
            assert_true(rc <= 4);
            whole_file.ptr[i] ^= (uint8_t)(1 << bit);
        }
    }
    assert_int_equal(uk_flight_parse(uk_buf_slice(&whole_file), NULL, look, &(seen){0}, &err), 4);
    uk_buf_fini(&whole_file);
}

/* ---- of a system ---- */

static bool has_lost_it(void *sys) {
    seen s = {0};
    ukko_flight_read(sys, look, &s);
    return s.kinds[UKKO_FLIGHT_LOST] > 0;
}
static void what_a_system_records(void **state) {
    (void)state;
    char config[500], path[400];
    snprintf(config, sizeof config, "ukko.remote.flight-recorder { directory = \"%s\", entries = 500 }",
             dir);
    ukko_system *a = node_new("A", config), *b = node_new("B", NULL);
    probe *watcher = probe_new(a, "watcher");
    spawn_echo(b, "echo");
    ukko_ref *ref = find_at(a, ukko_remote_address(b), "/user/echo");
    seen before = {0}, after = {0};
    ukko_flight_read(a, look, &before);
    for (int i = 0; i < 1000; i++) assert_true(does_answer(ref, 60000));
    ukko_flight_read(a, look, &after);
    assert_int_equal(after.last, before.last); /* messages cost nothing: they are not recorded */
    probe_watch(watcher, ref);
    ukko_ref_signal(ref, UKKO_SIGNAL_TERMINATE, NULL);
    expect_terminated_of(watcher, ref);
    snprintf(path, sizeof path, "%s", ukko_flight_file(a));
    assert_non_null(strstr(path, dir));
    char line[300];
    snprintf(line, sizeof line, "connected %s uid %d connecting -> open\n", ukko_remote_address(b),
             (int)ukko_system_uid(b));
    ukko_system_free(b);
    seen s = {0}, t = {0};
    until(has_lost_it, a, "the end of the link is recorded");
    assert_true(ukko_flight_read(a, look, &s) > 5);
    assert_non_null(strstr(s.lines, line));
    assert_non_null(strstr(s.lines, "open -> gated PEER_SHUTDOWN"));
    static const int kinds[] = {UKKO_FLIGHT_LISTENING, UKKO_FLIGHT_WANTED, UKKO_FLIGHT_CONNECTED,
                                UKKO_FLIGHT_ACK_IN, UKKO_FLIGHT_ACK_OUT, UKKO_FLIGHT_LOST};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!s.kinds[kinds[i]]) fail_msg("no %s in\n%s", ukko_flight_kind_name(kinds[i]), s.lines);
    ukko_error err;
    assert_true(ukko_flight_read_file(path, NULL, look, &t, &err) >= s.n); /* from outside */
    ukko_ref_release(ref);
    ukko_system_free(a);
    assert_int_equal(access(path, F_OK), -1);
    probe_free(watcher);
    ukko_system *local = test_system("L", NULL, NULL, NULL);
    assert_int_equal(ukko_flight_read(local, look, &s), UKKO_ESTATE);
    assert_null(ukko_flight_file(local));
    ukko_system_free(local);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_last),           cmocka_unit_test(prints_what_matters),
        cmocka_unit_test(read_while_written),       cmocka_unit_test(writers_meet_in_a_slot),
        cmocka_unit_test(file_comes_and_goes),
        cmocka_unit_test(file_stays_after_a_crash), cmocka_unit_test(directories_that_do_not_do),
        cmocka_unit_test(damaged_files),            cmocka_unit_test(what_a_system_records),
    };
    return cmocka_run_group_tests_name("flight", tests, make_dir, remove_dir);
}
