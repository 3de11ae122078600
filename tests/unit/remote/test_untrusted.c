/* SPDX-License-Identifier: Apache-2.0 */
/* Untrusted mode and the restriction of classes, where the two-peer scenarios do not look: types of the
   program that are marked as possibly harmful, themselves or through a super type; selections inside
   selections; classes that are let in. Each drop is at DEBUG with the marker SECURITY. */
#include "actor/provider.h"
#include "support/logs.h"
#include "support/nodes.h"

typedef struct note { const char *text; } note;
static const ukko_field note_fields[] = {UKKO_FIELD(note, text, UKKO_STR)};
static const ukko_type plain_type = UKKO_JACKSON(note, "x.Plain", note_fields);
static const ukko_type harmful_type = {
    .size = sizeof(ukko_type), .body_size = sizeof(note), .name = "Harmful",
    .class_name = "x.Harmful", .manifest = "x.Harmful", .serializer = UKKO_SER_JACKSON_JSON,
    .flags = UKKO_TYPE_HARMFUL, .n_fields = 1, .fields = note_fields};
static const ukko_type heir_type = {
    .size = sizeof(ukko_type), .body_size = sizeof(note), .name = "Heir", .class_name = "x.Heir",
    .manifest = "x.Heir", .serializer = UKKO_SER_JACKSON_JSON, .n_fields = 1,
    .fields = note_fields, .super = &harmful_type};
static const ukko_type *const harmful_list[] = {&harmful_type, NULL};
static const ukko_type cousin_type = {
    .size = sizeof(ukko_type), .body_size = sizeof(note), .name = "Cousin",
    .class_name = "x.Cousin", .manifest = "x.Cousin", .serializer = UKKO_SER_JACKSON_JSON,
    .n_fields = 1, .fields = note_fields, .also = harmful_list};
static const ukko_type *const types[] = {&plain_type, &harmful_type, &heir_type, &cousin_type,
                                         NULL};

typedef struct rig {
    ukko_system *here, *there;
    probe *probe;
    logs log;
    size_t marked; /* records with the marker SECURITY */
    ukko_ref *ref; /* of the probe, from there */
} rig;

static void sink(void *data, const ukko_log_record *r) {
    rig *g = data;
    pthread_mutex_lock(&g->log.lock);
    g->marked += r->marker && !strcmp(r->marker, "SECURITY") && r->level == UKKO_LOG_DEBUG;
    pthread_mutex_unlock(&g->log.lock);
    logs_sink(&g->log, r);
}
static ukko_system *start(const char *name, const char *config, rig *log_to) {
    char all[2500];
    ukko_system *sys = NULL;
    ukko_error err = {0};
    snprintf(all, sizeof all, "%s\n%s\n%s", nodes_base, log_to ? "pekko.loglevel = DEBUG" : "",
             config);
    ukko_config *cfg = test_config(all);
    ukko_system_opts o = UKKO_SYSTEM_OPTS(name, NULL);
    o.config = cfg;
    o.threads = 2;
    o.types = types;
    o.log = log_to ? sink : NULL;
    o.log_data = log_to;
    int rc = ukko_system_new(&sys, &o, &err);
    if (!rc) rc = ukko_remote_enable(sys, &err);
    if (!rc) rc = ukko_system_start(sys, &err);
    if (rc) fail_msg("%s", err.message);
    ukko_config_release(cfg);
    return sys;
}
static rig *begin(const char *config) {
    rig *g = calloc(1, sizeof *g);
    logs_init(&g->log);
    g->here = start("Here", config, g);
    g->there = start("There", "", NULL);
    g->probe = probe_new(g->here, "probe");
    g->ref = ref_at(g->there, ukko_remote_address(g->here), "/user/probe");
    return g;
}
static void end(rig *g) {
    ukko_ref_release(g->ref);
    ukko_system_free(g->there);
    ukko_system_free(g->here);
    probe_free(g->probe);
    logs_fini(&g->log);
    free(g);
}
static void send_note(rig *g, const ukko_type *type) {
    ukko_tell(NULL, g->ref, type, &(note){"hello"});
}
static size_t marked(rig *g) {
    pthread_mutex_lock(&g->log.lock);
    size_t n = g->marked;
    pthread_mutex_unlock(&g->log.lock);
    return n;
}
static void only_this_arrives(rig *g, const ukko_type *type) {
    ukko_msg *m = probe_expect(g->probe, type);
    ukko_msg_release(m);
    probe_expect_nothing(g->probe);
}

/* spec: UntrustedSpec 3 */
static void marked_types_are_dropped(void **state) {
    (void)state;
    rig *g = begin("pekko.remote.classic.untrusted-mode = on");
    send_note(g, &harmful_type);
    send_note(g, &heir_type);
    send_note(g, &cousin_type);
    send_note(g, &plain_type); /* on the same link: when it is there the others have been judged */
    only_this_arrives(g, &plain_type);
    logs_wait(&g->log, "dropping inbound PossiblyHarmful message of type [x.Harmful]", 1);
    logs_wait(&g->log, "dropping inbound PossiblyHarmful message of type [x.Heir]", 1);
    logs_wait(&g->log, "dropping inbound PossiblyHarmful message of type [x.Cousin]", 1);
    assert_int_equal(marked(g), 3);
    end(g);
}

static void marked_types_pass_where_all_are_trusted(void **state) {
    (void)state;
    rig *g = begin("");
    send_note(g, &harmful_type);
    only_this_arrives(g, &harmful_type);
    end(g);
}

/* A message in a selection of /user/probe; takes m. */
static ukko_msg *selecting(ukko_msg *m) {
    uk_step steps[] = {{UK_STEP_NAME, ukko_str("user")}, {UK_STEP_NAME, ukko_str("probe")}};
    uk_selection_body body = {.message = m, .steps = steps, .n_steps = 2};
    ukko_msg *s = ukko_msg_copy(&uk_selection_type, &body);
    ukko_msg_release(m);
    return s;
}
/* A selection is possibly harmful itself: it cannot travel inside a trusted one. */
/* spec: UntrustedSpec 9 */
static void a_selection_inside_a_trusted_one_is_dropped(void **state) {
    (void)state;
    rig *g = begin("pekko.remote.classic { untrusted-mode = on\n"
                   "trusted-selection-paths = [\"/user/probe\"] }");
    ukko_ref *root = ref_at(g->there, ukko_remote_address(g->here), "/");
    ukko_msg *note_msg = ukko_msg_copy(&plain_type, &(note){"inner"});
    uk_ref_tell(root, selecting(selecting(ukko_msg_retain(note_msg))), NULL);
    uk_ref_tell(root, selecting(note_msg), NULL);
    only_this_arrives(g, &plain_type);
    logs_wait(&g->log, "dropping inbound PossiblyHarmful message of type "
                       "[org.apache.pekko.actor.ActorSelectionMessage]", 1);
    assert_int_equal(marked(g), 1);
    ukko_ref_release(root);
    end(g);
}

/* Row by row of what the mode drops; each is told at DEBUG with the marker SECURITY. */
/* spec: UntrustedSpec 2,5,6; UntrustedSpec 3,4 */
static void each_drop_is_told(void **state) {
    (void)state;
    rig *g = begin("pekko.remote.classic { untrusted-mode = on\n"
                   "trusted-selection-paths = [\"/user/probe\"] }");
    ukko_ref *daemon = ref_at(g->there, ukko_remote_address(g->here), "/remote");
    ukko_ref *root = ref_at(g->there, ukko_remote_address(g->here), "/");
    uk_step other[] = {{UK_STEP_NAME, ukko_str("user")}, {UK_STEP_NAME, ukko_str("other")}};
    ukko_msg *text = ukko_msg_string("x"), *poison = ukko_msg_new(&ukko_poison_pill_type);
    uk_selection_body unlisted = {.message = text, .steps = other, .n_steps = 2};
    const struct { const char *told; size_t times; } drops[] = {
        {"dropping daemon message", 1},
        {"dropping inbound actor selection to [/user/other]", 1},
        {"dropping inbound actor selection to [/user/probe]", 1}, /* listed, but another anchor */
        {"of type [org.apache.pekko.actor.PoisonPill$]", 2},
        {"of type [system message]", 2}};
    ukko_tell_text(NULL, daemon, "anything");
    uk_ref_tell(root, ukko_msg_copy(&uk_selection_type, &unlisted), NULL);
    uk_ref_tell(g->ref, selecting(ukko_msg_retain(text)), NULL);
    uk_ref_tell(root, selecting(ukko_msg_retain(poison)), NULL);
    uk_ref_tell(g->ref, ukko_msg_retain(poison), NULL);
    uk_ref_system(g->ref, uk_sysmsg_new(UK_SYS_TERMINATE, NULL, NULL));
    uk_ref_system(g->ref, uk_sysmsg_new(UK_SYS_WATCH, g->ref, g->ref));
    uk_ref_tell(root, selecting(ukko_msg_copy(&plain_type, &(note){"trusted"})), NULL);
    only_this_arrives(g, &plain_type);
    for (size_t i = 0; i < sizeof drops / sizeof *drops; i++)
        logs_wait(&g->log, drops[i].told, drops[i].times);
    assert_int_equal(marked(g), 7);
    send_note(g, &plain_type); /* the probe lives */
    only_this_arrives(g, &plain_type);
    ukko_msg_release(text);
    ukko_msg_release(poison);
    ukko_ref_release(daemon);
    ukko_ref_release(root);
    end(g);
}

/* What is for an actor that lives elsewhere is not passed on. Nor is the word of its end heard, so that
   the failure detector has to tell it. */
static void nothing_is_forwarded(void **state) {
    char config[500];
    (void)state;
    rig *g = calloc(1, sizeof *g);
    logs_init(&g->log);
    g->there = start("There", "", NULL);
    snprintf(config, sizeof config, "pekko.remote.classic.untrusted-mode = on\n"
             "pekko.remote.watch-failure-detector.acceptable-heartbeat-pause = 500 ms\n"
             "pekko.actor.deployment.\"/far\".remote = \"%s\"", ukko_remote_address(g->there));
    g->here = start("Here", config, g);
    g->probe = probe_new(g->here, "probe");
    g->ref = ref_at(g->there, ukko_remote_address(g->here), "/user/far");
    spawn_echo(g->here, "far");
    send_note(g, &plain_type);
    logs_wait(&g->log, "dropping message [class x.Plain] for unknown recipient", 1);
    end(g);
}

static void only_listed_classes_are_let_in(void **state) {
    (void)state;
    rig *g = begin("ukko.remote.accepted-classes = [\"x.Pl*\", \"java.lang.Long\"]");
    send_note(g, &harmful_type);
    ukko_tell_text(NULL, g->ref, "a String");
    ukko_tell(NULL, g->ref, &ukko_int_type, &(int32_t){1});
    send_note(g, &plain_type);
    only_this_arrives(g, &plain_type);
    ukko_tell(NULL, g->ref, &ukko_long_type, &(int64_t){1});
    only_this_arrives(g, &ukko_long_type);
    logs_wait(&g->log, "dropping inbound message of class [x.Harmful]", 1);
    logs_wait(&g->log, "dropping inbound message of class [java.lang.String]", 1);
    logs_wait(&g->log, "dropping inbound message of class [java.lang.Integer]", 1);
    logs_wait(&g->log, "accepted-classes", 3);
    assert_int_equal(marked(g), 3);
    end(g);
}

/* What the runtimes say to one another goes on: look-up and death watch. */
static void the_runtimes_still_talk(void **state) {
    (void)state;
    rig *g = begin("ukko.remote.accepted-classes = [\"x.Plain\"]");
    probe *watcher = probe_new(g->there, "watcher");
    spawn_echo(g->here, "victim");
    ukko_ref *by_path = ref_at(g->there, ukko_remote_address(g->here), "/user/victim");
    ukko_ref *local = ukko_system_ref(g->here, "/user/victim");
    ukko_msg *answer = NULL;
    ukko_identify who = {ukko_msg_string("id")};
    assert_int_equal(ukko_ask_wait_msg(by_path, ukko_msg_copy(&ukko_identify_type, &who), 60000,
                                       &answer), UKKO_OK);
    const ukko_identity *found = ukko_msg_get(answer, &ukko_identity_type);
    assert_non_null(found);
    probe_watch(watcher, found->ref);
    ukko_ref_signal(local, UKKO_SIGNAL_TERMINATE, NULL);
    assert_false(expect_terminated_of(watcher, found->ref).address_terminated);
    ukko_msg_release(answer);
    ukko_msg_release(who.id);
    ukko_ref_release(local);
    ukko_ref_release(by_path);
    end(g);
    probe_free(watcher);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marked_types_are_dropped),
        cmocka_unit_test(marked_types_pass_where_all_are_trusted),
        cmocka_unit_test(a_selection_inside_a_trusted_one_is_dropped),
        cmocka_unit_test(each_drop_is_told),
        cmocka_unit_test(nothing_is_forwarded),
        cmocka_unit_test(only_listed_classes_are_let_in),
        cmocka_unit_test(the_runtimes_still_talk),
    };
    return cmocka_run_group_tests_name("untrusted", tests, NULL, NULL);
}
