/* SPDX-License-Identifier: Apache-2.0 */
/* Selections and look-ups in one system, case by case as in Pekko's ActorSelectionSpec. The tree:
   /user/c1, /user/c2, /user/c2/c21; each node echoes what it is told and answers look-ups from its
   own context. Test thread and two workers. */
#include "actor/system.h"
#include "base/mem.h"
#include "support/probe.h"

typedef struct node_state {
    int unused;
} node_state;
static const ukko_actor node_actor;
/* "sel PATH": selects from its own context and identifies to the sender of the command. */
static int node_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    const char *text = ukko_msg_text(msg);
    (void)state;
    if (text && !strncmp(text, "sel ", 4)) {
        ukko_selection *s = ukko_ctx_select(ctx, text + 4);
        ukko_identify id = {ukko_msg_string(text + 4)};
        ukko_selection_tell(s, ukko_msg_copy(&ukko_identify_type, &id), ukko_sender(ctx));
        ukko_msg_release(id.id);
        ukko_selection_release(s);
        return UKKO_OK;
    }
    if (text && !strncmp(text, "new ", 4)) { /* "new NAME": a child */
        int rc = ukko_spawn(ctx, ukko_props_new(&node_actor), text + 4, NULL);
        if (rc != UKKO_OK) return rc;
    }
    ukko_reply_msg(ctx, ukko_msg_retain(msg));
    return UKKO_OK;
}
static const ukko_actor node_actor = {
    .size = sizeof(ukko_actor), .name = "node", .receive = {NULL, node_receive}};
static int parent_start(ukko_ctx *ctx, void *state, const ukko_msg *const *args, size_t n) {
    (void)state, (void)args, (void)n;
    return ukko_spawn(ctx, ukko_props_new(&node_actor), "c21", NULL);
}
static const ukko_actor parent_actor = {.size = sizeof(ukko_actor),
                                        .name = "parent",
                                        .receive = {NULL, node_receive},
                                        .start = parent_start};

typedef struct world {
    ukko_system *sys;
    probe *p, *dead;
    ukko_ref *c1, *c2, *c21;
} world;
static int setup(void **state) {
    world *w = calloc(1, sizeof *w);
    w->sys = test_system("sel", NULL, NULL, NULL);
    w->p = probe_new(w->sys, "probe");
    assert_int_equal(ukko_system_spawn(w->sys, ukko_props_new(&node_actor), "c1", &w->c1), UKKO_OK);
    assert_int_equal(ukko_system_spawn(w->sys, ukko_props_new(&parent_actor), "c2", &w->c2),
                     UKKO_OK);
    while (ukko_find_wait(w->sys, "/user/c2/c21", 1000, &w->c21)) {
    } /* born with its parent's first turn */
    *state = w;
    return 0;
}
static int teardown(void **state) {
    world *w = *state;
    ukko_ref_release(w->c1);
    ukko_ref_release(w->c2);
    ukko_ref_release(w->c21);
    ukko_system_free(w->sys);
    probe_free(w->p);
    if (w->dead) probe_free(w->dead);
    free(w);
    return 0;
}
static ukko_msg *identify(const char *id) {
    ukko_identify body = {ukko_msg_string(id)};
    ukko_msg *m = ukko_msg_copy(&ukko_identify_type, &body);
    ukko_msg_release(body.id);
    return m;
}
/* The probe's next message is an ActorIdentity with this reference (NULL: none). */
static void expect_identity(probe *p, const char *id, ukko_ref *want) {
    ukko_msg *m = probe_expect(p, &ukko_identity_type);
    const ukko_identity *got = ukko_msg_get(m, &ukko_identity_type);
    assert_string_equal(ukko_msg_text(got->id), id);
    if (want) assert_true(got->ref && ukko_ref_equal(got->ref, want));
    else assert_null(got->ref);
    ukko_msg_release(m);
}
static void select_is(world *w, const char *path, ukko_ref *want) {
    ukko_selection *s = ukko_select(w->sys, path);
    ukko_selection_tell(s, identify(path), w->p->ref);
    expect_identity(w->p, path, want);
    ukko_selection_release(s);
}
static void context_is(world *w, ukko_ref *from, const char *path, ukko_ref *want) {
    char cmd[256];
    snprintf(cmd, sizeof cmd, "sel %s", path);
    ukko_tell_from(from, ukko_msg_string(cmd), w->p->ref);
    expect_identity(w->p, path, want);
}
static void without_address(ukko_ref *r, char *buf, size_t len) {
    assert_true(ukko_ref_print(r, buf, len) < len);
}

/* spec: ActorSelectionSpec 1 */
static void system_by_path_of_a_reference(void **state) {
    world *w = *state;
    select_is(w, ukko_ref_path(w->c1), w->c1);
    select_is(w, ukko_ref_path(w->c21), w->c21);
}
/* spec: ActorSelectionSpec 2 */
static void system_by_path_text(void **state) {
    world *w = *state;
    select_is(w, "/user/c2", w->c2);
    select_is(w, "pekko://sel/user/c2/c21", w->c21);
}
/* spec: ActorSelectionSpec 3 */
static void two_incarnations(void **state) {
    world *w = *state;
    ukko_ref *first, *second;
    assert_int_equal(ukko_system_spawn(w->sys, ukko_props_new(&node_actor), "again", &first),
                     UKKO_OK);
    char old[256];
    snprintf(old, sizeof old, "%s", ukko_ref_path(first));
    select_is(w, old, first);
    probe_watch(w->p, first);
    ukko_ref_signal(first, UKKO_SIGNAL_TERMINATE, NULL);
    ukko_msg_release(probe_expect(w->p, &ukko_terminated_type));
    assert_int_equal(ukko_system_spawn(w->sys, ukko_props_new(&node_actor), "again", &second),
                     UKKO_OK);
    assert_false(ukko_ref_equal(first, second));
    select_is(w, old, NULL);
    select_is(w, "/user/again", second);
    ukko_ref_signal(second, UKKO_SIGNAL_TERMINATE, NULL);
    ukko_ref_release(first);
    ukko_ref_release(second);
}
/* spec: ActorSelectionSpec 4 */
static void system_from_the_root(void **state) {
    world *w = *state;
    ukko_ref *user = ukko_system_ref(w->sys, "/user"), *root = ukko_system_ref(w->sys, "/");
    select_is(w, "/user", user);
    select_is(w, "/", root);
    select_is(w, "/user/c1", w->c1);
    ukko_ref_release(user);
    ukko_ref_release(root);
}
/* spec: ActorSelectionSpec 5 */
static void system_relative(void **state) {
    world *w = *state;
    select_is(w, "user/c1", w->c1);
    select_is(w, "user/c2/c21", w->c21);
}
/* spec: ActorSelectionSpec 6 */
static void system_guardian_and_generated(void **state) {
    world *w = *state;
    ukko_ref *sys = ukko_system_ref(w->sys, "/system"), *generated;
    char path[128];
    select_is(w, "/system", sys);
    assert_int_equal(ukko_system_spawn(w->sys, ukko_props_new(&node_actor), NULL, &generated),
                     UKKO_OK);
    without_address(generated, path, sizeof path);
    assert_memory_equal(path, "/user/$", 7);
    select_is(w, path, generated);
    ukko_ref_signal(generated, UKKO_SIGNAL_TERMINATE, NULL);
    ukko_ref_release(sys);
    ukko_ref_release(generated);
}
/* spec: ActorSelectionSpec 7 */
static void system_missing(void **state) {
    world *w = *state;
    static const char *const missing[] = {"/user/a/b", "/nowhere",       "/user/c1/x",
                                          "nobody",    "/user/c2/c21/y", "pekko://sel/user/none"};
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) select_is(w, missing[i], NULL);
    ukko_ref *r =
        ukko_system_ref(w->sys, "/user/a/b"); /* a reference all the same: to dead letters */
    ukko_tell_from(r, identify("x"), w->p->ref);
    expect_identity(w->p, "x", NULL);
    ukko_ref_release(r);
}
/* spec: ActorSelectionSpec 8 */
static void context_by_reference_path(void **state) {
    world *w = *state;
    context_is(w, w->c1, ukko_ref_path(w->c2), w->c2);
    context_is(w, w->c21, ukko_ref_path(w->c21), w->c21);
}
/* spec: ActorSelectionSpec 9 */
static void context_by_path_text(void **state) {
    world *w = *state;
    context_is(w, w->c1, "pekko://sel/user/c2/c21", w->c21);
    context_is(w, w->c2, "/user/c1", w->c1);
}
/* spec: ActorSelectionSpec 10 */
static void context_from_the_root(void **state) {
    world *w = *state;
    ukko_ref *user = ukko_system_ref(w->sys, "/user");
    context_is(w, w->c21, "/user", user);
    context_is(w, w->c21, "/user/c2", w->c2);
    ukko_ref_release(user);
}
/* spec: ActorSelectionSpec 11 */
static void context_relative(void **state) {
    world *w = *state;
    context_is(w, w->c2, "c21", w->c21);
    context_is(w, w->c2, "../c1", w->c1);
    context_is(w, w->c21, "../../c2/c21/..", w->c2);
    context_is(w, w->c1, "../../../../user/c1", w->c1); /* above the root is the root */
}
/* spec: ActorSelectionSpec 12 */
static void context_guardian_and_generated(void **state) {
    world *w = *state;
    ukko_ref *sys = ukko_system_ref(w->sys, "/system"), *generated;
    char path[128];
    context_is(w, w->c21, "/system", sys);
    context_is(w, w->c1, "../../system", sys);
    assert_int_equal(ukko_system_spawn(w->sys, ukko_props_new(&node_actor), NULL, &generated),
                     UKKO_OK);
    snprintf(path, sizeof path, "../%s", ukko_ref_name(generated));
    context_is(w, w->c2, path, generated);
    ukko_ref_signal(generated, UKKO_SIGNAL_TERMINATE, NULL);
    ukko_ref_release(sys);
    ukko_ref_release(generated);
}
/* spec: ActorSelectionSpec 13 */
static void context_missing(void **state) {
    world *w = *state;
    context_is(w, w->c1, "nobody", NULL);
    context_is(w, w->c1, "../c2/nobody", NULL);
    context_is(w, w->c21, "/user/c1/x/y", NULL);
}
/* spec: ActorSelectionSpec 14 */
static void message_through_a_selection(void **state) {
    world *w = *state;
    ukko_selection *s = ukko_select(w->sys, "/user/c2/c21");
    ukko_selection_tell(s, ukko_msg_string("hello"), w->p->ref);
    probe_expect_text(w->p, "hello");
    assert_true(ukko_ref_equal(w->p->last_sender, w->c21));
    ukko_selection_release(s);
}
/* spec: ActorSelectionSpec 15 */
static void message_to_a_text_path(void **state) {
    world *w = *state;
    ukko_selection *s = ukko_select(w->sys, "pekko://sel/user/c1");
    ukko_selection_tell(s, ukko_msg_string("to text"), w->p->ref);
    probe_expect_text(w->p, "to text");
    ukko_selection_release(s);
}
/* spec: ActorSelectionSpec 16 */
static void message_to_a_reference_path(void **state) {
    world *w = *state;
    ukko_selection *s = ukko_select(w->sys, ukko_ref_path(w->c1));
    ukko_selection_tell(s, ukko_msg_string("to path"), w->p->ref);
    probe_expect_text(w->p, "to path");
    assert_true(ukko_ref_equal(w->p->last_sender, w->c1));
    ukko_selection_release(s);
}
/* spec: ActorSelectionSpec 17 */
static void sender_is_kept(void **state) {
    world *w = *state;
    ukko_selection *s = ukko_select(w->sys, "/user/probe");
    ukko_selection_tell(s, ukko_msg_string("from c1"), w->c1);
    probe_expect_text(w->p, "from c1");
    assert_true(ukko_ref_equal(w->p->last_sender, w->c1));
    ukko_selection_tell(s, ukko_msg_string("from nobody"), NULL);
    probe_expect_text(w->p, "from nobody");
    assert_true(ukko_ref_equal(w->p->last_sender, ukko_dead_letters(w->sys)));
    ukko_selection_release(s);
}
/* spec: ActorSelectionSpec 18 */
static void undeliverable_does_no_harm(void **state) {
    world *w = *state;
    ukko_selection *s = ukko_select(w->sys, "/user/nobody/*/x");
    for (int i = 0; i < 100; i++) ukko_selection_tell(s, ukko_msg_string("lost"), w->p->ref);
    ukko_selection_release(s);
    s = ukko_select(w->sys, "no:such//path at all");
    ukko_selection_tell(s, ukko_msg_string("lost"), w->p->ref);
    ukko_selection_release(s);
    select_is(w, "/user/c1", w->c1);
    probe_expect_nothing(w->p);
}
/* spec: ActorSelectionSpec 19 */
static void resolve_one_with_timeout(void **state) {
    world *w = *state;
    ukko_ref *r;
    assert_int_equal(ukko_find_wait(w->sys, "/user/c2/c21", 60000, &r), UKKO_OK);
    assert_true(ukko_ref_equal(r, w->c21));
    ukko_ref_release(r);
}
typedef struct found_state {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool done;
    int status;
    ukko_ref *ref;
} found_state;
static void on_found(void *data, int status, ukko_ref *ref) {
    found_state *f = data;
    pthread_mutex_lock(&f->lock);
    f->done = true;
    f->status = status;
    f->ref = ukko_ref_retain(ref);
    pthread_cond_signal(&f->cond);
    pthread_mutex_unlock(&f->lock);
}
/* spec: ActorSelectionSpec 20 */
static void resolve_one_by_callback(void **state) {
    world *w = *state;
    found_state f = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0, NULL};
    ukko_selection *s = ukko_select(w->sys, "/user/c1");
    ukko_selection_find_async(s, 5000, on_found, &f);
    pthread_mutex_lock(&f.lock);
    while (!f.done) pthread_cond_wait(&f.cond, &f.lock);
    pthread_mutex_unlock(&f.lock);
    assert_int_equal(f.status, UKKO_OK);
    assert_true(ukko_ref_equal(f.ref, w->c1));
    ukko_ref_release(f.ref);
    ukko_selection_release(s);
}
/* spec: ActorSelectionSpec 21 */
static void resolve_one_of_nothing(void **state) {
    world *w = *state;
    ukko_ref *r;
    assert_int_equal(ukko_find_wait(w->sys, "/user/none", 60000, &r), UKKO_ENOTFOUND);
    assert_null(r);
}
/* spec: ActorSelectionSpec 22 */
static void equality(void **state) {
    world *w = *state;
    ukko_selection *a = ukko_select(w->sys, "/user/c2/*"), *b = ukko_select(w->sys, "/user//c2/*/"),
                   *c = ukko_select(w->sys, "/user/c2/c21");
    ukko_selection *d = ukko_select_at(w->c2, "user/c2/*");
    assert_true(ukko_selection_equal(a, b));
    assert_false(ukko_selection_equal(a, c));
    assert_false(ukko_selection_equal(a, d)); /* another anchor */
    ukko_selection_release(a);
    ukko_selection_release(b);
    ukko_selection_release(c);
    ukko_selection_release(d);
}
/* spec: ActorSelectionSpec 23 */
static void printed_form(void **state) {
    world *w = *state;
    char buf[256], want[256];
    ukko_selection *s = ukko_select(w->sys, "/user/c2/../*");
    ukko_selection_print(s, buf, sizeof buf);
    assert_string_equal(buf, "ActorSelection[Anchor(pekko://sel/), Path(/user/c2/../*)]");
    ukko_selection_release(s);
    s = ukko_select_at(w->c2, "c21");
    ukko_selection_print(s, buf, sizeof buf);
    snprintf(want, sizeof want, "ActorSelection[Anchor(%s), Path(/c21)]", ukko_ref_path(w->c2));
    assert_string_equal(buf, want);
    assert_int_equal(ukko_selection_print(s, buf, 5),
                     strlen(want)); /* cut, and the whole length told */
    ukko_selection_release(s);
}
/* spec: ActorSelectionSpec 24 */
static void storable_form(void **state) {
    world *w = *state;
    char buf[256];
    ukko_selection *s = ukko_select(w->sys, "/user/c2/c21");
    ukko_selection_path(s, buf, sizeof buf);
    assert_string_equal(buf, "pekko://sel/user/c2/c21");
    select_is(w, buf, w->c21);
    ukko_selection_release(s);
}
/* spec: ActorSelectionSpec 25 */
static void dead_letter_of_the_message(void **state) {
    world *w = *state;
    probe *dead = w->dead =
        probe_new(w->sys, "dead"); /* freed after the system: its table is in use */
    ukko_subscribe(w->sys, &ukko_dead_letter_type, dead->ref);
    ukko_selection *s = ukko_select(w->sys, "/user/missing/one");
    ukko_selection_tell(s, ukko_msg_string("lost"), w->c1);
    ukko_msg *m = probe_expect(dead, &ukko_dead_letter_type);
    const ukko_dead_letter *d = ukko_msg_get(m, &ukko_dead_letter_type);
    assert_string_equal(ukko_msg_text(d->message), "lost");
    assert_true(ukko_ref_equal(d->sender, w->c1));
    assert_string_equal(ukko_ref_path(d->recipient), "pekko://sel/user/missing/one");
    ukko_msg_release(m);
    ukko_unsubscribe(w->sys, NULL, dead->ref);
    ukko_selection_release(s);
}
/* What the recipient of such a dead letter is called. */
static void dead_letter_at(world *w, ukko_selection *s, const char *path) {
    probe *dead = w->dead;
    ukko_subscribe(w->sys, &ukko_dead_letter_type, dead->ref);
    ukko_selection_tell(s, ukko_msg_string("lost"), w->c1);
    ukko_msg *m = probe_expect(dead, &ukko_dead_letter_type);
    const ukko_dead_letter *d = ukko_msg_get(m, &ukko_dead_letter_type);
    assert_string_equal(ukko_ref_path(d->recipient), path);
    ukko_msg_release(m);
    ukko_unsubscribe(w->sys, NULL, dead->ref);
    ukko_selection_release(s);
}
static void dead_letters_name_the_whole_way(void **state) {
    world *w = *state;
    dead_letter_at(w, ukko_select(w->sys, "../x"), "pekko://sel/../x");
    dead_letter_at(w, ukko_select(w->sys, "/temp/x"), "pekko://sel/temp/x");
    dead_letter_at(w, ukko_select(w->sys, "/user/c2/../none/c*"), "pekko://sel/user/c2/../none/c*");
    dead_letter_at(w, ukko_select(w->sys, "/user/c2/*/x/y"), "pekko://sel/user/c2/c21/x/y");
    dead_letter_at(w, ukko_select_at(w->c2, "../c2/z*"), "pekko://sel/user/c2/../c2/z*");
}
static void identities_have_no_sender(void **state) {
    world *w = *state;
    static const char *const paths[] = {"/user/c1", "/", "/user", "/user/nobody"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        ukko_selection *s = ukko_select(w->sys, paths[i]);
        ukko_selection_tell(s, identify("who"), w->p->ref);
        ukko_msg_release(probe_expect(w->p, &ukko_identity_type));
        assert_true(ukko_ref_equal(w->p->last_sender, ukko_dead_letters(w->sys)));
        ukko_selection_release(s);
    }
    ukko_tell_from(ukko_dead_letters(w->sys), identify("dead"), w->p->ref);
    expect_identity(w->p, "dead", NULL);
    assert_true(ukko_ref_equal(w->p->last_sender, w->p->ref)); /* as Pekko */
}
/* One place takes from all: it sees the order in which they were walked. */
static void children_are_walked_by_name(void **state) {
    world *w = *state;
    static const char *const names[] = {"m", "a", "z", "b10", "b9", "q", "c", "y"};
    static const char *const sorted[] = {"a", "b10", "b9", "c", "m", "q", "y", "z"};
    ukko_ref **all = NULL;
    size_t n;
    for (size_t i = 0; i < 8; i++) {
        char cmd[16];
        snprintf(cmd, sizeof cmd, "new %s", names[i]);
        ukko_tell_from(w->c1, ukko_msg_string(cmd), w->p->ref);
        probe_expect_text(w->p, cmd);
    }
    assert_true(uk_each_child(w->c1, &all, &n));
    assert_int_equal(n, 8);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(ukko_ref_name(all[i]), sorted[i]);
        ukko_ref_release(all[i]);
    }
    uk_free(all);
}
/* spec: ActorSelectionSpec 26 */
static void wildcards(void **state) {
    world *w = *state;
    ukko_selection *s = ukko_select(w->sys, "/user/c*");
    ukko_selection_tell(s, identify("w"), w->p->ref);
    bool got[2] = {false, false};
    for (int i = 0; i < 2; i++) {
        ukko_msg *m = probe_expect(w->p, &ukko_identity_type);
        const ukko_identity *id = ukko_msg_get(m, &ukko_identity_type);
        assert_non_null(id->ref);
        got[ukko_ref_equal(id->ref, w->c2)] = true;
        ukko_msg_release(m);
    }
    assert_true(got[0] && got[1]);
    probe_expect_nothing(w->p);
    ukko_selection_release(s);
    select_is(w, "/user/c*/c21", w->c21); /* those without such a child are silent */
    probe_expect_nothing(w->p);
    select_is(w, "/user/*2/*21", w->c21);
    s = ukko_select_at(w->c2, "c2?");
    ukko_selection_tell(s, identify("q"), w->p->ref);
    expect_identity(w->p, "q", w->c21);
    ukko_selection_release(s);
    select_is(w, "/user/x*", NULL);
    select_is(w, "/user/c2/*", w->c21);
}
/* What java.net.URI makes of a path: a query is left out, an authority too; what it refuses is dead letters. */
static void paths_are_references(void **state) {
    world *w = *state;
    static const char *const bad[] = {"/user/c[12]",  "/user/c%4", "/user/\"c1\"",   "/user/c 1",
                                      "c1:x",         ":x",        "1a:b",           "user:c1",
                                      "/user/c1#1#2", "//",        "//[::1/user/c1", "/user\\c1",
                                      "//a[b/user/c1"};
    static const char *const good[] = {
        "/user/c1?",         "/user/c1?a/b",      "//ignored/user/c1", "///user/c1",     "user/c1",
        "//ho_st:1/user/c1", "//[::1]:2/user/c1", "//a@[::1]/user/c1", "/user/c1/../c1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ukko_selection *s = ukko_select(w->sys, bad[i]);
        char text[128];
        ukko_selection_print(s, text, sizeof text);
        if (strcmp(text, "ActorSelection[Anchor(pekko://sel/deadLetters), Path(/)]"))
            fail_msg("%s is %s", bad[i], text);
        ukko_selection_release(s);
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) select_is(w, good[i], w->c1);
    select_is(w, "/user/c?", NULL);
    ukko_ref *root = ukko_system_ref(w->sys, "/");
    select_is(w, "", root);
    select_is(w, "?x", root);
    select_is(w, "//user", root);
    context_is(w, w->c2, "?x", root);
    ukko_ref_release(root);
    char with_query[256];
    snprintf(with_query, sizeof with_query, "/user/c1?query%s", strchr(ukko_ref_path(w->c1), '#'));
    select_is(w, with_query, w->c1);
}
static int forwarder_receive(ukko_ctx *ctx, void *state, const ukko_msg *msg) {
    (void)state;
    ukko_selection *s = ukko_ctx_select(ctx, "/user/c1");
    ukko_selection_tell(s, ukko_msg_retain(msg), ukko_sender(ctx));
    ukko_selection_release(s);
    return UKKO_OK;
}
/* spec: ActorSelectionSpec 27 */
static void forward_keeps_the_sender(void **state) {
    world *w = *state;
    static const ukko_actor kind = {
        .size = sizeof(ukko_actor), .name = "forwarder", .receive = {NULL, forwarder_receive}};
    ukko_ref *f;
    assert_int_equal(ukko_system_spawn(w->sys, ukko_props_new(&kind), NULL, &f), UKKO_OK);
    ukko_tell_from(f, ukko_msg_string("onward"), w->p->ref);
    probe_expect_text(w->p, "onward");
    assert_true(ukko_ref_equal(w->p->last_sender, w->c1)); /* c1 answered the first sender */
    ukko_ref_signal(f, UKKO_SIGNAL_TERMINATE, NULL);
    ukko_ref_release(f);
}
int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(system_by_path_of_a_reference),
        cmocka_unit_test(system_by_path_text),
        cmocka_unit_test(two_incarnations),
        cmocka_unit_test(system_from_the_root),
        cmocka_unit_test(system_relative),
        cmocka_unit_test(system_guardian_and_generated),
        cmocka_unit_test(system_missing),
        cmocka_unit_test(context_by_reference_path),
        cmocka_unit_test(context_by_path_text),
        cmocka_unit_test(context_from_the_root),
        cmocka_unit_test(context_relative),
        cmocka_unit_test(context_guardian_and_generated),
        cmocka_unit_test(context_missing),
        cmocka_unit_test(message_through_a_selection),
        cmocka_unit_test(message_to_a_text_path),
        cmocka_unit_test(message_to_a_reference_path),
        cmocka_unit_test(sender_is_kept),
        cmocka_unit_test(undeliverable_does_no_harm),
        cmocka_unit_test(resolve_one_with_timeout),
        cmocka_unit_test(resolve_one_by_callback),
        cmocka_unit_test(resolve_one_of_nothing),
        cmocka_unit_test(equality),
        cmocka_unit_test(printed_form),
        cmocka_unit_test(storable_form),
        cmocka_unit_test(dead_letter_of_the_message),
        cmocka_unit_test(wildcards),
        cmocka_unit_test(paths_are_references),
        cmocka_unit_test(forward_keeps_the_sender),
        cmocka_unit_test(dead_letters_name_the_whole_way),
        cmocka_unit_test(identities_have_no_sender),
        cmocka_unit_test(children_are_walked_by_name),
    };
    return cmocka_run_group_tests_name("selections", tests, setup, teardown);
}
