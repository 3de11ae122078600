// SPDX-License-Identifier: Apache-2.0
// ukko from C++11: an actor is a class, made and destroyed with its C++ constructor and destructor, and its failures are exceptions. The
// template Table is all the glue there is; it turns a class with receive() into the table that ukko_props_new() wants.
#include <cstdio>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <ukko/ukko.h>

// A class T with a constructor T(ukko_ctx *) and int receive(ukko_ctx *, const ukko_msg *). The state of the actor is a T *.
template <class T> struct Table {
    static int start(ukko_ctx *ctx, void *state, const ukko_msg *const *, size_t) {
        try {
            *static_cast<T **>(state) = new T(ctx);
            return UKKO_OK;
        } catch (const std::exception &e) {
            return ukko_fail(ctx, UKKO_EUSER, "%s", e.what());
        }
    }
    static void stop(ukko_ctx *, void *state) {
        delete *static_cast<T **>(state);
        *static_cast<T **>(state) = nullptr;
    }
    static int receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
        try {
            return (*static_cast<T **>(state))->receive(ctx, msg);
        } catch (const std::exception &e) {
            return ukko_fail(ctx, UKKO_EUSER, "%s", e.what()); // the parent decides: by default, restart
        }
    }
    static const ukko_actor *table(const char *name) {
        static ukko_actor actor = {};
        actor.size = sizeof actor;
        actor.state_size = sizeof(T *);
        actor.name = name;
        actor.receive.otherwise = receive;
        actor.start = start;
        actor.stop = stop;
        return &actor;
    }
};

class Counter {
    int64_t n = 0;

public:
    explicit Counter(ukko_ctx *) {}
    int receive(ukko_ctx *ctx, const ukko_msg *msg) {
        const char *text = ukko_msg_text(msg);
        if (!text) return UKKO_UNHANDLED;
        if (std::string(text) == "fail") throw std::runtime_error("told to fail");
        if (std::string(text) == "get") ukko_reply(ctx, &ukko_long_type, &n);
        else n++;
        return UKKO_OK;
    }
};

struct Free {
    void operator()(ukko_system *s) const { ukko_system_free(s); }
    void operator()(ukko_ref *r) const { ukko_ref_release(r); }
    void operator()(ukko_msg *m) const { ukko_msg_release(m); }
    void operator()(ukko_config *c) const { ukko_config_release(c); }
};
template <class T> using owned = std::unique_ptr<T, Free>;

static void check(int rc, const ukko_error &err) {
    if (rc) throw std::runtime_error(std::string(ukko_strerror(rc)) + ": " + err.message);
}
static owned<ukko_system> start() {
    ukko_error err = {};
    ukko_config *config = nullptr;
    check(ukko_config_parse(&config, ukko_str("pekko.loglevel = OFF"), "main", &err), err);
    owned<ukko_config> text(config);
    ukko_system_opts opts = UKKO_SYSTEM_OPTS("cpp", nullptr);
    opts.config = config;
    ukko_system *sys = nullptr;
    check(ukko_system_new(&sys, &opts, &err), err);
    owned<ukko_system> system(sys);
    check(ukko_system_start(sys, &err), err);
    return system;
}
static int64_t ask(ukko_ref *to, const char *text) {
    ukko_msg *answer = nullptr;
    ukko_string body = {text, 0};
    check(ukko_ask_wait(to, &ukko_string_type, &body, 5000, &answer), ukko_error());
    owned<ukko_msg> msg(answer);
    return *static_cast<const int64_t *>(ukko_msg_get(answer, &ukko_long_type));
}

int main() {
    try {
        owned<ukko_system> system = start();
        ukko_ref *ref = nullptr;
        check(ukko_system_spawn(system.get(), ukko_props_new(Table<Counter>::table("Counter")), "counter", &ref), ukko_error());
        owned<ukko_ref> counter(ref);
        for (int i = 0; i < 3; i++) ukko_tell_text(nullptr, ref, "count");
        std::printf("%s has counted to %lld\n", ukko_ref_path(ref), static_cast<long long>(ask(ref, "get")));
        ukko_tell_text(nullptr, ref, "fail"); // an exception: the actor is restarted, with a new object
        std::printf("after its restart it begins at %lld\n", static_cast<long long>(ask(ref, "get")));
        return 0;
    } catch (const std::exception &e) {
        std::fprintf(stderr, "counter: %s\n", e.what());
        return 1;
    }
}
