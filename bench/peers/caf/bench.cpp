/* SPDX-License-Identifier: Apache-2.0 */
// CAF peer of the actor benchmarks. Usage: bench WORKLOAD [THREADS]
#include "../../common/bench.h"

#include "caf/actor_cast.hpp"
#include "caf/actor_from_state.hpp"
#include "caf/actor_system.hpp"
#include "caf/actor_system_config.hpp"
#include "caf/event_based_actor.hpp"
#include "caf/init_global_meta_objects.hpp"
#include "caf/io/middleman.hpp"
#include "caf/scoped_actor.hpp"

#include <string>
#include <sys/wait.h>
#include <vector>

using namespace caf;

static const char *const SYS = "caf";

// Runs f once and returns the seconds it took.
template <class F> static double timed(F f) {
    uint64_t t0 = now_ns();
    f();
    return static_cast<double>(now_ns() - t0) / 1e9;
}

static void wait_done(scoped_actor &self, int n) {
    for (int i = 0; i < n; ++i) self->receive([](ok_atom) {});
}

// -- L1 -----------------------------------------------------------------------
static behavior pong(event_based_actor *) {
    return {[](ping_atom) { return pong_atom_v; }};
}
static behavior ping(event_based_actor *self, actor peer, actor parent, uint64_t rounds) {
    self->mail(ping_atom_v).send(peer);
    return {[=](pong_atom) mutable {
        if (--rounds)
            self->mail(ping_atom_v).send(peer);
        else {
            self->mail(ok_atom_v).send(parent);
            self->quit();
        }
    }};
}
static void l1(actor_system &sys) {
    scoped_actor self{sys};
    double s = timed([&] {
        auto p = sys.spawn(pong);
        sys.spawn(ping, p, actor{self}, L1_MSGS / 2);
        wait_done(self, 1);
    });
    report(SYS, "L1", L1_MSGS / s, "msgs/s", "");
}

// -- L2, L3: two batches outstanding per sender, each batch acked ---------------
static behavior receiver(event_based_actor *self, actor parent, uint64_t total) {
    return {
        [=](int64_t) mutable { --total; },
        [=](put_atom, int64_t) mutable {
            self->mail(tick_atom_v).send(actor_cast<actor>(self->current_sender()));
            (void)total;
        },
        [=](ok_atom) mutable { self->mail(ok_atom_v).send(parent); },
    };
}
struct sender_state {
    sender_state(event_based_actor *ptr, actor to, actor up, uint64_t msgs, uint64_t n)
        : self(ptr), recv(std::move(to)), parent(std::move(up)), left(msgs), batch(n) {}
    behavior make_behavior() {
        burst();
        burst();
        return {[this](tick_atom) {
            --outstanding;
            burst();
            if (outstanding == 0) {
                self->mail(ok_atom_v).send(parent);
                self->quit();
            }
        }};
    }
    void burst() {
        uint64_t n = left < batch ? left : batch;
        if (n == 0) return;
        left -= n;
        ++outstanding;
        for (uint64_t i = 1; i < n; ++i) self->mail(static_cast<int64_t>(i)).send(recv);
        self->mail(put_atom_v, static_cast<int64_t>(n)).send(recv);
    }
    event_based_actor *self;
    actor recv, parent;
    uint64_t left, batch;
    int outstanding = 0;
};
static void one_way(actor_system &sys, const char *wl, int senders, uint64_t total,
                    uint64_t batch) {
    scoped_actor self{sys};
    double s = timed([&] {
        auto r = sys.spawn(receiver, actor{self}, total);
        for (int i = 0; i < senders; ++i)
            sys.spawn(actor_from_state<sender_state>, r, actor{self}, total / senders, batch);
        wait_done(self, senders);
    });
    report(SYS, wl, total / s, "msgs/s", "");
}

// -- L4 -------------------------------------------------------------------------
static behavior skynet(event_based_actor *self, actor parent, int64_t num, int64_t size) {
    if (size == 1) {
        self->mail(num).send(parent);
        return {};
    }
    for (int64_t i = 0; i < 10; ++i)
        self->spawn(skynet, actor{self}, num + i * (size / 10), size / 10);
    return {[=, sum = int64_t{0}, count = 0](int64_t x) mutable {
        sum += x;
        if (++count == 10) {
            self->mail(sum).send(parent);
            self->quit();
        }
    }};
}
static void l4(actor_system &sys) {
    scoped_actor self{sys};
    int64_t sum = 0;
    double s = timed([&] {
        sys.spawn(skynet, actor{self}, int64_t{0}, int64_t{L4_LEAVES});
        self->receive([&](int64_t x) { sum = x; });
    });
    if (sum != int64_t{L4_LEAVES} * (L4_LEAVES - 1) / 2) abort();
    char extra[64];
    snprintf(extra, sizeof extra, ",\"peak_rss_mb\":%.1f", rss_peak() / 1e6);
    report(SYS, "L4", s * 1e3, "ms", extra);
}

// -- L5 -------------------------------------------------------------------------
static behavior ring(event_based_actor *self, actor next, actor parent) {
    return {
        [=](int64_t left) mutable {
            if (left > 0)
                self->mail(left - 1).send(next);
            else
                self->mail(ok_atom_v).send(parent);
        },
        [=](const actor &n) mutable { self->become(ring(self, n, parent)); },
    };
}
static void l5(actor_system &sys) {
    scoped_actor self{sys};
    double s = timed([&] {
        auto first = sys.spawn(ring, actor{}, actor{self});
        auto last = first;
        for (int i = 1; i < L5_RING; ++i) last = sys.spawn(ring, last, actor{self});
        self->mail(last).send(first);
        self->mail(static_cast<int64_t>(L5_HOPS)).send(first);
        wait_done(self, 1);
        anon_send_exit(first, exit_reason::kill);
    });
    report(SYS, "L5", s, "s", "");
}

// -- L6 -------------------------------------------------------------------------
static behavior idle(event_based_actor *) {
    return {[](ping_atom) { return ok_atom_v; }};
}
static void l6(actor_system &sys) {
    scoped_actor self{sys};
    std::vector<actor> all;
    all.reserve(L6_ACTORS);
    uint64_t before = rss_now();
    for (int i = 0; i < L6_ACTORS; ++i) all.push_back(sys.spawn(idle));
    self->mail(ping_atom_v).send(all.back());
    self->mail(ping_atom_v).send(all.front());
    wait_done(self, 2);
    usleep(300000);
    report(SYS, "L6", double(rss_now() - before) / L6_ACTORS, "bytes/actor", "");
    fflush(stdout);
    _exit(0);
}

// -- L7 -------------------------------------------------------------------------
struct big_state {
    big_state(event_based_actor *ptr, const std::vector<actor> *every, actor up, uint64_t seed)
        : self(ptr), all(every), parent(std::move(up)), rng(seed * 0x9E3779B97F4A7C15ull) {}
    behavior make_behavior() {
        return {
            [](ping_atom) { return pong_atom_v; },
            [this](pong_atom) {
                if (--left)
                    send_ping();
                else
                    self->mail(ok_atom_v).send(parent);
            },
            [this](tick_atom) { send_ping(); },
        };
    }
    void send_ping() { self->mail(ping_atom_v).send((*all)[xorshift64(&rng) % L7_ACTORS]); }
    event_based_actor *self;
    const std::vector<actor> *all;
    actor parent;
    uint64_t rng;
    int left = L7_PINGS;
};
static void l7(actor_system &sys) {
    scoped_actor self{sys};
    std::vector<actor> all;
    double s = timed([&] {
        all.reserve(L7_ACTORS);
        for (int i = 0; i < L7_ACTORS; ++i)
            all.push_back(
                sys.spawn(actor_from_state<big_state>, &all, actor{self}, uint64_t(i + 1)));
        for (auto &a : all) self->mail(tick_atom_v).send(a);
        wait_done(self, L7_ACTORS);
    });
    report(SYS, "L7", 2.0 * L7_ACTORS * L7_PINGS / s, "msgs/s", "");
}

// -- remote ---------------------------------------------------------------------
// std::string payloads: CAF 1.1 writes byte vectors one element at a time, strings in one copy.
static behavior remote_echo(event_based_actor *self) {
    return {
        // R1: echo
        [](std::string &x) { return std::move(x); },
        // R2: consume; the last message of a batch asks for an ack
        [](put_atom, const std::string &) {},
        [](put_atom, ok_atom, const std::string &) { return tick_atom_v; },
        [self](close_atom) { self->quit(); },
    };
}
struct r1_state {
    r1_state(event_based_actor *ptr, actor to, actor up, std::vector<uint32_t> *out)
        : self(ptr), echo(std::move(to)), parent(std::move(up)), lat(out),
          buf(R1_PAYLOAD, (char)120) {}
    behavior make_behavior() {
        send();
        return {[this](std::string &x) {
            uint64_t t = now_ns();
            if (++n > R1_WARMUP) lat->push_back(uint32_t(t - t0));
            buf = std::move(x);
            if (n < R1_WARMUP + R1_ROUNDS)
                send();
            else {
                self->mail(close_atom_v).send(echo);
                self->mail(ok_atom_v).send(parent);
                self->quit();
            }
        }};
    }
    void send() {
        t0 = now_ns();
        self->mail(std::move(buf)).send(echo);
    }
    event_based_actor *self;
    actor echo, parent;
    std::vector<uint32_t> *lat;
    std::string buf;
    uint64_t t0 = 0;
    int n = 0;
};
struct r2_state {
    r2_state(event_based_actor *ptr, actor to, actor up, size_t size, uint64_t msgs, uint64_t b)
        : self(ptr), sink(std::move(to)), parent(std::move(up)), payload(size, (char)120),
          left(msgs), batch(b) {}
    behavior make_behavior() {
        burst();
        burst();
        return {[this](tick_atom) {
            --outstanding;
            burst();
            if (outstanding == 0) {
                self->mail(ok_atom_v).send(parent);
                self->quit();
            }
        }};
    }
    void burst() {
        uint64_t n = left < batch ? left : batch;
        if (n == 0) return;
        left -= n;
        ++outstanding;
        for (uint64_t i = 1; i < n; ++i) self->mail(put_atom_v, payload).send(sink);
        self->mail(put_atom_v, ok_atom_v, payload).send(sink);
    }
    event_based_actor *self;
    actor sink, parent;
    std::string payload;
    uint64_t left, batch;
    int outstanding = 0;
};
// The peer process publishes its actor and tells the port through a pipe.
static int serve(actor_system &sys, int port_fd) {
    auto a = sys.spawn(remote_echo);
    auto port = sys.middleman().publish(a, 0, "127.0.0.1");
    if (!port) abort();
    uint16_t p = *port;
    if (write(port_fd, &p, sizeof p) != sizeof p) abort();
    return 0; // the system's destructor waits for the actor
}
static void remote(actor_system &sys, const char *wl, uint16_t port) {
    scoped_actor self{sys};
    auto peer = sys.middleman().remote_actor("127.0.0.1", port);
    if (!peer) abort();
    if (!strcmp(wl, "R1")) {
        std::vector<uint32_t> lat;
        lat.reserve(R1_ROUNDS);
        sys.spawn(actor_from_state<r1_state>, *peer, actor{self}, &lat);
        wait_done(self, 1);
        report_lat(SYS, "R1", lat.data(), lat.size());
        return;
    }
    const r2 *w = r2_find(wl);
    auto run = [&](uint64_t msgs) {
        sys.spawn(actor_from_state<r2_state>, *peer, actor{self}, w->size, msgs, w->batch);
        wait_done(self, 1);
    };
    run(w->batch * 8);
    uint64_t msgs = w->size == 100 ? w->msgs / 2 : w->size == 1024 ? w->msgs / 2 : w->msgs;
    double s = timed([&] { run(msgs); });
    report(SYS, wl, msgs / s, "msgs/s", "");
    self->mail(close_atom_v).send(*peer);
}

int main(int argc, char **argv) {
    const char *wl = argc > 1 ? argv[1] : "";
    uint32_t threads = argc > 2 ? uint32_t(atoi(argv[2])) : 2;
    bool is_remote = wl[0] == 'R';
    uint16_t port = 0;
    int fd[2];
    pid_t pid = -1;
    if (is_remote) {
        if (pipe(fd)) abort();
        pid = fork();
        if (pid != 0 && read(fd[0], &port, sizeof port) != sizeof port) abort();
    }
    core::init_global_meta_objects();
    io::middleman::init_global_meta_objects();
    actor_system_config cfg;
    cfg.set("caf.scheduler.max-threads", threads);
    if (is_remote) cfg.load<io::middleman>();
    actor_system sys{cfg};
    if (pid == 0) return serve(sys, fd[1]);
    if (is_remote)
        remote(sys, wl, port);
    else if (!strcmp(wl, "L1"))
        l1(sys);
    else if (!strcmp(wl, "L2"))
        one_way(sys, "L2", 1, L2_MSGS, L2_BATCH);
    else if (!strcmp(wl, "L3"))
        one_way(sys, "L3", L3_SENDERS, L3_MSGS, L3_BATCH);
    else if (!strcmp(wl, "L4"))
        l4(sys);
    else if (!strcmp(wl, "L5"))
        l5(sys);
    else if (!strcmp(wl, "L6"))
        l6(sys);
    else if (!strcmp(wl, "L7"))
        l7(sys);
    else
        return 2;
    fflush(stdout);
    if (pid > 0) waitpid(pid, nullptr, 0);
    _exit(0); // skip teardown of parked actors
}
