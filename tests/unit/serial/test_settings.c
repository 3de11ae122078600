/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration makes of serializers: names, numbers, bindings, limits; an application's own
   serializer; migrations; the test aids that write and read every message. Single-threaded. */
#include "helper.h"
#include <ukko/tree.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- a serializer of an application: "shapes", for two types, text on the wire ---- */

typedef struct circle {
    int32_t radius;
} circle;
typedef struct square {
    int32_t side;
} square;
static const ukko_field circle_fields[] = {UKKO_FIELD(circle, radius, UKKO_I32)};
static const ukko_field square_fields[] = {UKKO_FIELD(square, side, UKKO_I32)};
static const ukko_type circle_type = UKKO_TYPE(circle, "geo.Circle", 4711, circle_fields);
static const ukko_type square_type = UKKO_TYPE(square, "geo.Square", UKKO_SER_LOCAL, square_fields);

static const char *shape_manifest(const ukko_msg *msg, void *data) {
    (void)data;
    return ukko_msg_type(msg) == &circle_type   ? "C"
           : ukko_msg_type(msg) == &square_type ? "S"
                                                : "T";
}
static int shape_encode(ukko_encoder *out, const ukko_msg *msg, void *data) {
    char text[32];
    ++*(int *)data;
    if (ukko_msg_text(msg))
        return ukko_encoder_put(out, ukko_msg_text(msg), strlen(ukko_msg_text(msg)));
    int32_t n = *(const int32_t *)uk_msg_body(msg); /* both begin with it */
    if (n < 0) return UKKO_EINVAL;
    return ukko_encoder_put(out, text, (size_t)snprintf(text, sizeof text, "%d", (int)n));
}
static int shape_decode(ukko_system *sys, const char *manifest, ukko_slice bytes, ukko_msg **out,
                        void *data) {
    (void)sys;
    ++*(int *)data;
    char text[16] = "";
    if (bytes.len >= sizeof text) return UKKO_ETOOBIG;
    memcpy(text, bytes.ptr, bytes.len);
    if (*manifest == 'T') {
        *out = ukko_msg_string(text);
        return UKKO_OK;
    }
    if (*manifest != 'C' && *manifest != 'S') return UKKO_ENOTFOUND;
    int32_t n = atoi(text);
    *out = ukko_msg_copy(*manifest == 'C' ? &circle_type : &square_type, &n);
    return n == 666 ? UKKO_EPARSE : UKKO_OK;
}
static int shape_calls;
static const ukko_serializer shapes = {
    sizeof(ukko_serializer), 4711,         "shapes",     "geo.ShapeSerializer",
    shape_manifest,          shape_encode, shape_decode, &shape_calls};
static const ukko_serializer other = {
    sizeof(ukko_serializer), 4711,         "other",      NULL,
    shape_manifest,          shape_encode, shape_decode, &shape_calls};
static const ukko_serializer numberless = {sizeof(ukko_serializer),
                                           0,
                                           "shapes",
                                           "geo.ShapeSerializer",
                                           shape_manifest,
                                           shape_encode,
                                           shape_decode,
                                           &shape_calls};

/* ---- systems with a configuration ---- */

static char last_log[600];
static void keep_log(void *data, const ukko_log_record *r) {
    (void)data;
    if (r->level <= UKKO_LOG_WARN) snprintf(last_log, sizeof last_log, "%s", r->text);
}
typedef struct given {
    const char *config;
    const ukko_type *const *types;
    const ukko_serializer *const *serializers;
    const ukko_migration *const *migrations;
    const ukko_actor *const *actors;
} given;
static int start(const given *g, ukko_system **sys, ukko_error *err) {
    ukko_system_opts opts = UKKO_SYSTEM_OPTS("conf", NULL);
    ukko_config *cfg = NULL;
    err->message[0] = last_log[0] = 0;
    if (ukko_config_parse(&cfg, ukko_str(g->config), "test", err)) fail_msg("%s", err->message);
    opts.config = cfg;
    opts.types = g->types;
    opts.serializers = g->serializers;
    opts.migrations = g->migrations;
    opts.actors = g->actors;
    opts.threads = 0;
    opts.log = keep_log;
    if (ukko_system_new(sys, &opts, err)) fail_msg("%s", err->message);
    ukko_config_release(cfg);
    return ukko_system_start(*sys, err);
}
static ukko_system *started(const given *g) {
    ukko_system *sys;
    ukko_error err;
    if (start(g, &sys, &err)) fail_msg("%s", err.message);
    return sys;
}
static void refused(const given *g, int code, const char *word) {
    ukko_system *sys;
    ukko_error err;
    int rc = start(g, &sys, &err);
    if (rc != code || !strstr(err.message, word))
        fail_msg("%s\ngave %s: %s, which does not name %s", g->config, ukko_err_name(rc),
                 err.message, word);
    ukko_system_free(sys);
}
/* Writes m with sys: "id manifest bytes". */
static const char *written(ukko_system *sys, ukko_msg *m) {
    static char text[400];
    ukko_serialized s;
    ukko_error err = {0, ""};
    int rc = ukko_serialize(sys, m, &s, &err);
    if (rc)
        snprintf(text, sizeof text, "%s: %s", ukko_err_name(rc), err.message);
    else
        snprintf(text, sizeof text, "%d [%s] %.*s", (int)s.serializer, s.manifest, (int)s.len,
                 (char *)s.bytes);
    ukko_serialized_fini(&s);
    ukko_msg_release(m);
    return text;
}
static ukko_msg *a_greeting(const char *text) {
    greeting g = {text, 1};
    return ukko_msg_copy(&greeting_type, &g);
}

/* spec: SerializeSpec 1 x22 */
static void contradictions_end_the_start(void **state) {
    static const ukko_type *const types[] = {&greeting_type, NULL};
    static const ukko_serializer *const users[] = {&shapes, NULL},
                                        *const bare[] = {&numberless, NULL},
                                        *const twice[] = {&shapes, &other, NULL};
    static const struct {
        given g;
        int code;
        const char *word;
    } rows[] = {
        {{.config = "pekko.actor.serialization-bindings { \"a.B\" = nobody }"},
         UKKO_ECONFIG,
         "nobody"},
        {{.config =
              "pekko.actor.serializers.jackson-x = org.apache.pekko.serialization.jackson.JacksonJsonSerializer"},
         UKKO_ECONFIG,
         "jackson-x"},
        {{.config =
              "pekko.actor { serializers.jackson-x = org.apache.pekko.serialization.jackson.JacksonJsonSerializer, serialization-identifiers.jackson-x = 33 }"},
         UKKO_EEXISTS,
         "33"},
        {{.config = "pekko.actor.serialization-identifiers.jackson-json = 33"},
         UKKO_EEXISTS,
         "jackson-cbor"},
        {{.config =
              "pekko.actor.serialization-identifiers.\"org.apache.pekko.remote.serialization.MiscMessageSerializer\" = 99"},
         UKKO_ECONFIG,
         "always 16"},
        {{.config =
              "pekko.actor { serializers.mine = com.x.Mine, serialization-identifiers.mine = 16 }"},
         UKKO_EEXISTS,
         "mine"},
        {{.config =
              "pekko.actor { serializers { mine = com.x.Mine, yours = com.x.Yours }, serialization-identifiers { mine = 77, yours = 77 } }"},
         UKKO_EEXISTS,
         "77"},
        {{.config =
              "pekko.actor.serialization-identifiers.mine = x, pekko.actor.serializers.mine = com.x.Mine"},
         UKKO_ETYPE,
         "serialization-identifiers.mine"},
        {{.config = "pekko.actor.serializers.mine = [1]"}, UKKO_ETYPE, "serializers.mine"},
        {{.config = "pekko.actor.serialization-bindings.\"java.lang.Object\" = jackson-json"},
         UKKO_ECONFIG,
         "java.lang.Object"},
        {{.config = "pekko.actor.serialization-bindings.\"java.io.Serializable\" = jackson-cbor"},
         UKKO_ECONFIG,
         "java.io.Serializable"},
        {{.config = "pekko.actor.serialization-bindings.\"ukko.oracle.Greeting\" = java",
          .types = types},
         UKKO_ECONFIG,
         "Java serialization"},
        {{.config =
              "pekko.actor { serializers.mine = com.x.Mine, serialization-bindings.\"ukko.oracle.Greeting\" = mine }",
          .types = types},
         UKKO_ECONFIG,
         "com.x.Mine"},
        {{.config = "pekko.actor.serialization-bindings.\"ukko.oracle.Greeting\" = bytes",
          .types = types},
         UKKO_EINVAL,
         "Pekko's own"},
        {{.config = "pekko.actor.serialization-identifiers.shapes = 5000", .serializers = users},
         UKKO_ECONFIG,
         "4711"},
        {{.config = "", .serializers = bare}, UKKO_ECONFIG, "41 or above"},
        {{.config = "pekko.actor.serialization-identifiers.shapes = 31", .serializers = bare},
         UKKO_ECONFIG,
         "41 or above"},
        {{.config = "", .serializers = twice}, UKKO_EEXISTS, "other"},
        {{.config = "pekko.serialization.jackson.jackson-json.compression.algorithm = zip"},
         UKKO_ETYPE,
         "compression.algorithm"},
        {{.config = "pekko.serialization.jackson.read.max-nesting-depth = 0"},
         UKKO_ECONFIG,
         "max-nesting-depth"},
        {{.config = "pekko.serialization.jackson.read.max-string-length = lots"},
         UKKO_ETYPE,
         "max-string-length"},
        {{.config = "pekko.serialization.jackson.jackson-json.type-in-manifest = off"},
         UKKO_ECONFIG,
         "deserialization-type"},
        {{.config = "pekko.serialization.jackson.allowed-class-prefix = 7"},
         UKKO_ETYPE,
         "allowed-class-prefix"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) refused(&rows[i].g, rows[i].code, rows[i].word);
}
static void bindings_choose_the_serializer(void **state) {
    static const ukko_type marker = {sizeof(ukko_type),
                                     0,
                                     "CborSerializable",
                                     "com.x.CborSerializable",
                                     NULL,
                                     UKKO_SER_LOCAL,
                                     0,
                                     0,
                                     NULL,
                                     NULL,
                                     NULL};
    static const ukko_type marked = {sizeof(ukko_type),
                                     sizeof(greeting),
                                     "marked",
                                     "com.x.Marked",
                                     NULL,
                                     UKKO_SER_LOCAL,
                                     0,
                                     2,
                                     greeting_fields,
                                     NULL,
                                     &marker};
    static const ukko_type *const types[] = {&greeting_type, &marked, NULL};
    given g = {
        .config =
            "pekko.actor.serialization-bindings { \"com.x.CborSerializable\" = jackson-cbor, \"com.x.Unknown\" = jackson-json }",
        .types = types};
    (void)state;
    ukko_system *sys = started(&g);
    assert_string_equal(written(sys, a_greeting("hi")),
                        "31 [ukko.oracle.Greeting] {\"text\":\"hi\",\"number\":1}");
    greeting v = {"x", 1};
    const char *cbor = written(sys, ukko_msg_copy(&marked, &v));
    if (strncmp(cbor, "33 [com.x.Marked] \xbf", 19)) fail_msg("%s", cbor);
    ukko_system_free(sys);
    /* the class itself wins over what it is derived from; none takes a binding away */
    g.config =
        "pekko.actor.serialization-bindings { \"com.x.CborSerializable\" = jackson-cbor, \"com.x.Marked\" = jackson-json }";
    sys = started(&g);
    assert_string_equal(written(sys, ukko_msg_copy(&marked, &v)),
                        "31 [com.x.Marked] {\"text\":\"x\",\"number\":1}");
    ukko_system_free(sys);
    g.config = "pekko.actor.serialization-bindings { \"com.x.CborSerializable\" = none }";
    sys = started(&g);
    assert_non_null(strstr(written(sys, ukko_msg_copy(&marked, &v)),
                           "UKKO_ENOTSERIAL: cannot serialize [com.x.Marked]"));
    ukko_system_free(sys);
    /* one that was written as JSON travels as CBOR when the configuration says so */
    g.config = "pekko.actor.serialization-bindings { \"ukko.oracle.Greeting\" = jackson-cbor }";
    sys = started(&g);
    if (strncmp(written(sys, a_greeting("x")), "33 [", 4)) fail_msg("not CBOR");
    ukko_system_free(sys);
}
/* The ids of Jackson's own may be others: types say by 31 and 33 which of the two is meant. */
static void other_numbers_for_jackson(void **state) {
    static const ukko_type *const types[] = {&greeting_type, NULL};
    static const struct {
        const char *config, *written;
    } rows[] = {
        {"pekko.actor.serialization-identifiers.jackson-json = 1031", "1031 [ukko.oracle.Greeting]"},
        {"pekko.actor.serialization-identifiers { jackson-json = 33, jackson-cbor = 31 }",
         "33 [ukko.oracle.Greeting] {"},
        {"pekko.actor { serialization-identifiers { jackson-cbor = -7 }, "
         "serialization-bindings.\"ukko.oracle.Greeting\" = jackson-cbor }", "-7 [ukko.oracle.Greeting]"}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        given g = {.config = rows[i].config, .types = types};
        ukko_system *sys = started(&g);
        const char *got = written(sys, a_greeting("x"));
        if (strncmp(got, rows[i].written, strlen(rows[i].written))) fail_msg("%s", got);
        ukko_system_free(sys);
    }
}
static void a_second_serializer_of_jackson(void **state) {
    static const ukko_type *const types[] = {&greeting_type, NULL};
    given g = {
        .config =
            "pekko.actor { serializers.jackson-event = org.apache.pekko.serialization.jackson.JacksonJsonSerializer\n"
            "serialization-identifiers.jackson-event = 9001\n"
            "serialization-bindings.\"ukko.oracle.Greeting\" = jackson-event }\n"
            "pekko.serialization.jackson.jackson-event { compression { algorithm = lz4, compress-larger-than = 10 b }, type-in-manifest = off }",
        .types = types};
    ukko_msg *back;
    ukko_error err = {0, ""};
    ukko_serialized s;
    (void)state;
    ukko_system *sys = started(&g);
    ukko_msg *m = a_greeting("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    assert_int_equal(ukko_serialize(sys, m, &s, &err), 0);
    assert_int_equal(s.serializer, 9001);
    assert_string_equal(s.manifest, "");
    assert_memory_equal(s.bytes, "\x87\xd9\x6d\xf6", 4);
    if (ukko_deserialize(sys, 9001, "", (ukko_slice){s.bytes, s.len}, &back, &err))
        fail_msg("%s", err.message);
    assert_true(ukko_msg_equal(m, back));
    ukko_msg_release(back);
    /* a class of any of Jackson's is read by all of them */
    assert_int_equal(ukko_deserialize(sys, 31, "ukko.oracle.Greeting", ukko_str("{}"), &back, &err),
                     0);
    ukko_msg_release(back);
    ukko_msg_release(m);
    ukko_serialized_fini(&s);
    ukko_system_free(sys);
}
/* The class that bytes without a name are read as, when the serializer has more than one binding. */
static void the_class_of_bytes_without_a_name(void **state) {
    static const ukko_type *const types[] = {&greeting_type, NULL};
    given g = {.config =
                   "pekko.actor { serializers.one = org.apache.pekko.serialization.jackson.JacksonJsonSerializer\n"
                   "serialization-identifiers.one = 9001\n"
                   "serialization-bindings { \"ukko.oracle.Greeting\" = one, \"com.x.Other\" = one } }\n"
                   "pekko.serialization.jackson.one { type-in-manifest = off\n"
                   "deserialization-type = ukko.oracle.Greeting }",
               .types = types};
    ukko_msg *back = NULL, *m = a_greeting("hi");
    ukko_error err = {0, ""};
    (void)state;
    ukko_system *sys = started(&g);
    if (ukko_deserialize(sys, 9001, "", ukko_str("{\"text\":\"hi\",\"number\":1}"), &back, &err))
        fail_msg("%s", err.message);
    assert_true(ukko_msg_equal(m, back));
    ukko_msg_release(back);
    ukko_msg_release(m);
    ukko_system_free(sys);
}
/* The number of jackson-cbor when that still wrote JSON; it has the settings of jackson-cbor, unless its
   own section says otherwise. */
static void the_older_number_of_cbor(void **state) {
    static const ukko_type *const types[] = {&greeting_type, NULL};
    static const char *const configs[] = {
        "", "pekko.serialization.jackson.jackson-cbor.read.max-string-length = 3",
        "pekko.serialization.jackson.jackson-cbor.read.max-string-length = 3\n"
        "pekko.serialization.jackson.jackson-cbor-264.read.max-string-length = 100"};
    (void)state;
    for (int i = 0; i < 3; i++) {
        given g = {.config = configs[i], .types = types};
        ukko_msg *back = NULL;
        ukko_error err = {0, ""};
        ukko_system *sys = started(&g);
        int rc = ukko_deserialize(sys, 32, "ukko.oracle.Greeting",
                                  ukko_str("{\"text\":\"hello\",\"number\":1}"), &back, &err);
        if ((rc != 0) != (i == 1)) fail_msg("%s: %d %s", configs[i], rc, err.message);
        ukko_msg_release(back);
        ukko_system_free(sys);
    }
}
static void an_applications_serializer(void **state) {
    static const ukko_type *const types[] = {&circle_type, &square_type, NULL};
    static const ukko_serializer *const users[] = {&shapes, NULL}, *const bare[] = {&numberless,
                                                                                    NULL};
    given g = {.config = "pekko.actor.serialization-bindings { \"geo.Square\" = shapes }",
               .types = types,
               .serializers = users};
    ukko_msg *back;
    ukko_error err = {0, ""};
    circle c = {5};
    (void)state;
    ukko_system *sys = started(&g);
    assert_string_equal(written(sys, ukko_msg_copy(&circle_type, &c)), "4711 [C] 5");
    assert_string_equal(written(sys, ukko_msg_copy(&square_type, &c)), "4711 [S] 5");
    assert_int_equal(ukko_deserialize(sys, 4711, "S", ukko_str("12"), &back, &err), 0);
    assert_int_equal(UK_BODY(square, back)->side, 12);
    ukko_msg_release(back);
    assert_int_equal(ukko_deserialize(sys, 4711, "X", ukko_str("12"), &back, &err), UKKO_ENOTFOUND);
    assert_non_null(
        strstr(err.message,
               "serializer id [4711], manifest [X], 2 bytes: serializer [shapes] refused it"));
    assert_int_equal(ukko_deserialize(sys, 4711, "C", ukko_str("666"), &back, &err), UKKO_EPARSE);
    assert_null(back);
    c.radius = -1;
    assert_non_null(strstr(written(sys, ukko_msg_copy(&circle_type, &c)), "UKKO_EINVAL"));
    ukko_system_free(sys);
    /* its name and number from the configuration, and one of Pekko's classes bound to it */
    g = (given){
        .config =
            "pekko.actor { serializers.my-shapes = geo.ShapeSerializer, serialization-identifiers.\"geo.ShapeSerializer\" = -5\n"
            "serialization-bindings { \"java.lang.String\" = my-shapes, \"geo.Square\" = my-shapes } }",
        .types = types + 1,
        .serializers = bare};
    sys = started(&g);
    assert_string_equal(written(sys, ukko_msg_string("text")), "-5 [T] text");
    ukko_boxed some = {ukko_msg_string("in")};
    assert_non_null(strstr(written(sys, ukko_msg_copy(&ukko_option_type, &some)), "16 [C] "));
    ukko_msg_release(some.value);
    c.radius = 3;
    assert_string_equal(written(sys, ukko_msg_copy(&square_type, &c)), "-5 [S] 3");
    ukko_system_free(sys);
}
static void foreign_serializers_are_named(void **state) {
    given g = {
        .config =
            "pekko.actor { serializers.mine = com.x.Mine, serialization-identifiers.mine = 77 }"};
    ukko_msg *back;
    ukko_error err = {0, ""};
    (void)state;
    ukko_system *sys = started(&g);
    assert_int_equal(ukko_deserialize(sys, 77, "M", ukko_str("x"), &back, &err), UKKO_ENOTFOUND);
    assert_non_null(strstr(err.message, "[mine] (com.x.Mine)"));
    ukko_system_free(sys);
}

/* ---- limits and strictness ---- */

static void limits_of_readers(void **state) {
    static const ukko_type *const types[] = {&greeting_type, &cbor_greeting_type, NULL};
    static const struct {
        const char *config, *json;
        int rc;
    } rows[] = {
        {"read.max-nesting-depth = 3", "{\"x\":[[1]]}", UKKO_OK},
        {"read.max-nesting-depth = 3", "{\"x\":[[[1]]]}", UKKO_ETOOBIG},
        {"read.max-number-length = 4", "{\"number\":1234}", UKKO_OK},
        {"read.max-number-length = 4", "{\"number\":12345}", UKKO_ETOOBIG},
        {"read.max-string-length = 3", "{\"text\":\"\xc3\xa4\xc3\xb6\xc3\xbc\"}", UKKO_OK},
        {"read.max-string-length = 3", "{\"text\":\"abcd\"}", UKKO_ETOOBIG},
        {"read.max-name-length = 6", "{\"number\":1}", UKKO_OK},
        {"read.max-name-length = 6", "{\"numbers\":1}", UKKO_ETOOBIG},
        {"read.max-document-length = 10", "{\"text\":\"\"}", UKKO_ETOOBIG},
        {"read.max-document-length = 11", "{\"text\":\"\"}", UKKO_OK},
        {"read.max-token-count = 4", "{\"number\":1}", UKKO_OK},
        {"read.max-token-count = 4", "{\"number\":1,\"text\":null}", UKKO_ETOOBIG},
        {"jackson-json.read.max-token-count = 4", "{\"number\":1,\"text\":null}", UKKO_ETOOBIG},
        {"jackson-cbor.read.max-token-count = 4", "{\"number\":1,\"text\":null}", UKKO_OK},
        {"deserialization-features.FAIL_ON_UNKNOWN_PROPERTIES = on", "{\"no\":1}", UKKO_EPARSE},
        {"deserialization-features.FAIL_ON_UNKNOWN_PROPERTIES = off", "{\"no\":1}", UKKO_OK},
        {"stream-read-features.STRICT_DUPLICATE_DETECTION = on", "{\"number\":1,\"number\":2}",
         UKKO_EPARSE},
        {"json-parser-features.STRICT_DUPLICATE_DETECTION = on", "{\"number\":1,\"number\":2}",
         UKKO_EPARSE},
        {"verbose-debug-logging = off", "{\"number\":1,\"number\":2}", UKKO_OK},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char config[200];
        ukko_msg *m;
        ukko_error err = {0, ""};
        snprintf(config, sizeof config, "pekko.serialization.jackson.%s", rows[i].config);
        given g = {.config = config, .types = types};
        ukko_system *sys = started(&g);
        int rc =
            ukko_deserialize(sys, 31, "ukko.oracle.Greeting", ukko_str(rows[i].json), &m, &err);
        if (rc != rows[i].rc)
            fail_msg("%s: %s gave %s %s", rows[i].config, rows[i].json, ukko_err_name(rc),
                     err.message);
        ukko_msg_release(m);
        ukko_system_free(sys);
    }
}
static void limits_of_writers_and_of_what_is_packed(void **state) {
    static const ukko_type *const types[] = {&mixed_type, NULL};
    given g = {
        .config =
            "pekko.serialization.jackson.write.max-nesting-depth = 1, ukko.serialization.max-decompressed-size = 100 b",
        .types = types};
    greeting inner = {"x", 1};
    mixed v = {.nested = &inner};
    ukko_msg *m;
    ukko_error err = {0, ""};
    (void)state;
    ukko_system *sys = started(&g);
    assert_non_null(strstr(written(sys, ukko_msg_copy(&mixed_type, &v)), "UKKO_ETOOBIG"));
    v.nested = NULL;
    assert_non_null(strstr(written(sys, ukko_msg_copy(&mixed_type, &v)), "31 ["));
    static const uint8_t claims_200[] = {0x87, 0xd9, 0x6d, 0xf6, 0, 0, 0, 200, 0x10, '{'};
    assert_int_equal(ukko_deserialize(sys, 31, "ukko.oracle.Mixed",
                                      (ukko_slice){claims_200, sizeof claims_200}, &m, &err),
                     UKKO_ETOOBIG);
    ukko_system_free(sys);
}

/* ---- migrations, as Pekko's documentation has them ---- */

static const char *now_called(int32_t from, const char *name, void *data) {
    (void)name;
    (void)data;
    return from < 3 ? "ukko.oracle.Greeting" : NULL;
}
static int rename_field(int32_t from, ukko_tree *tree, void *data) {
    ukko_node *root = ukko_tree_root(tree);
    *(int32_t *)data = from;
    if (ukko_node_get(root, "poison")) return UKKO_EINVAL;
    if (from == 9) { /* of the future: brought back */
        ukko_node_rename(tree, root, "words", "text");
        return UKKO_OK;
    }
    if (from < 2) ukko_node_rename(tree, root, "msg", "text");
    if (!ukko_node_get(root, "number"))
        ukko_node_set(tree, root, "number", ukko_node_new_int(tree, 7));
    return UKKO_OK;
}
static int32_t migrated_from;
static const ukko_migration greeting_migration = {
    sizeof(ukko_migration), 3, 9, "ukko.oracle.Greeting", NULL, rename_field, &migrated_from};
static const ukko_migration old_migration = {
    sizeof(ukko_migration), 3, 0, "ukko.oracle.OldGreeting", now_called, rename_field,
    &migrated_from};

static void migrations(void **state) {
    static const ukko_type *const types[] = {&greeting_type, NULL};
    static const ukko_migration *const all[] = {&greeting_migration, &old_migration, NULL};
    given g = {
        .config =
            "pekko.serialization.jackson { migrations { \"ukko.oracle.Greeting\" = x, \"com.x.Other\" = y }, allowed-class-prefix = [\"com.tree.\"] }",
        .types = types,
        .migrations = all};
    static const struct {
        const char *manifest, *json;
        int rc;
        int64_t number;
        const char *text;
    } rows[] = {
        {"ukko.oracle.Greeting", "{\"msg\":\"one\"}", 0, 7, "one"},
        {"ukko.oracle.Greeting#1", "{\"msg\":\"one\",\"number\":5}", 0, 5, "one"},
        {"ukko.oracle.Greeting#2", "{\"text\":\"two\"}", 0, 7, "two"},
        {"ukko.oracle.Greeting#3", "{\"text\":\"three\"}", 0, 0, "three"},
        {"ukko.oracle.Greeting#9", "{\"words\":\"nine\",\"number\":1}", 0, 1, "nine"},
        {"ukko.oracle.OldGreeting", "{\"msg\":\"old\"}", 0, 7, "old"},
        {"ukko.oracle.Greeting#10", "{}", UKKO_EPARSE, 0, NULL},
        {"ukko.oracle.OldGreeting#4", "{}", UKKO_EPARSE, 0, NULL},
        {"ukko.oracle.OldGreeting#3", "{}", UKKO_ENOTFOUND, 0, NULL},
        {"ukko.oracle.Greeting#1", "{\"poison\":1}", UKKO_EINVAL, 0, NULL},
        {"ukko.oracle.Greeting#1", "{\"msg\":", UKKO_EPARSE, 0, NULL},
    };
    ukko_msg *m;
    ukko_error err = {0, ""};
    (void)state;
    ukko_system *sys = started(&g);
    assert_non_null(strstr(last_log, "com.x.Other"));
    for (size_t i = 0; i < COUNT(rows); i++) {
        int rc = ukko_deserialize(sys, 31, rows[i].manifest, ukko_str(rows[i].json), &m, &err);
        if (rc != rows[i].rc) fail_msg("%s %s: %s", rows[i].manifest, rows[i].json, err.message);
        if (rc) continue;
        assert_string_equal(UK_BODY(greeting, m)->text, rows[i].text);
        assert_int_equal(UK_BODY(greeting, m)->number, rows[i].number);
        ukko_msg_release(m);
    }
    assert_string_equal(written(sys, a_greeting("x")),
                        "31 [ukko.oracle.Greeting#3] {\"text\":\"x\",\"number\":1}");
    ukko_json j = {"ukko.oracle.OldGreeting", "{}", 0, false};
    assert_string_equal(written(sys, ukko_msg_copy(&ukko_json_type, &j)),
                        "31 [ukko.oracle.OldGreeting#3] {}");
    /* compressed, and CBOR, go the same way */
    static const uint8_t cbor[] = {0xa1, 0x63, 'm', 's', 'g', 0x61, 'c'};
    assert_int_equal(ukko_deserialize(sys, 33, "ukko.oracle.Greeting#1",
                                      (ukko_slice){cbor, sizeof cbor}, &m, &err),
                     0);
    assert_string_equal(UK_BODY(greeting, m)->text, "c");
    ukko_msg_release(m);
    ukko_system_free(sys);
    static const ukko_migration wrong = {sizeof(ukko_migration), 3, 2, "a.B", NULL, NULL, NULL};
    static const ukko_migration *const bad[] = {&wrong, NULL}, *const twice[] = {&old_migration,
                                                                                 &old_migration,
                                                                                 NULL};
    refused(&(given){.config = "", .migrations = bad}, UKKO_EINVAL, "a.B");
    refused(&(given){.config = "", .migrations = twice}, UKKO_EEXISTS, "OldGreeting");
}

/* ---- serialize-messages, serialize-creators ---- */

static const void *got;
static greeting got_greeting;
static char got_text[100];
static int on_greeting(ukko_ctx *ctx, void *state, const void *body) {
    (void)ctx;
    (void)state;
    got = body;
    got_greeting = *(const greeting *)body;
    snprintf(got_text, sizeof got_text, "%s", got_greeting.text);
    return UKKO_OK;
}
typedef struct local_thing {
    int32_t x;
} local_thing;
static const ukko_field local_fields[] = {UKKO_FIELD(local_thing, x, UKKO_I32)};
static const ukko_type local_type = UKKO_TYPE_LOCAL(local_thing, local_fields);
static const ukko_type no_serializer =
    UKKO_TYPE(local_thing, "com.x.Forgotten", UKKO_SER_LOCAL, local_fields);
static int on_local(ukko_ctx *ctx, void *state, const void *body) {
    (void)ctx;
    (void)state;
    got = body;
    return UKKO_OK;
}
static const ukko_case cases[] = {{&greeting_type, on_greeting},
                                  {&local_type, on_local},
                                  {&no_serializer, on_local},
                                  {NULL, NULL}};
static const ukko_actor listener = UKKO_ACTOR(int, "Listener", cases);
static int dead_letters;
static int on_dead(ukko_ctx *ctx, void *state, const void *body) {
    const ukko_dead_letter *d = body;
    (void)ctx;
    (void)state;
    dead_letters += strstr(d->reason, "serialize-messages") != NULL;
    return UKKO_OK;
}
static const ukko_case dead_cases[] = {{&ukko_dead_letter_type, on_dead}, {NULL, NULL}};
static const ukko_actor mourner = UKKO_ACTOR(int, "Mourner", dead_cases);

/* With a beginning of its name among those that need no check it is delivered as it is. */
static void some_messages_are_left_alone(void **state) {
    static const char *const configs[] = {
        "pekko.actor.serialize-messages = on\n",
        "pekko.actor.serialize-messages = on\n"
        "pekko.actor.no-serialization-verification-needed-class-prefix = [\"com.x.\"]"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        given g = {.config = configs[i]};
        ukko_ref *to;
        ukko_system *sys = started(&g);
        assert_int_equal(ukko_system_spawn(sys, ukko_props_new(&listener), "l", &to), 0);
        ukko_system_step(sys, 100);
        local_thing t = {5};
        got = NULL;
        ukko_tell(NULL, to, &no_serializer, &t);
        ukko_system_step(sys, 100);
        assert_int_equal(got != NULL, i);
        ukko_ref_release(to);
        ukko_system_free(sys);
    }
}

static void every_message_is_written_and_read(void **state) {
    static const ukko_type *const types[] = {&greeting_type, NULL};
    given g = {.config = "pekko.actor.serialize-messages = on", .types = types};
    ukko_ref *to, *dead;
    (void)state;
    ukko_system *sys = started(&g);
    assert_int_equal(ukko_system_spawn(sys, ukko_props_new(&listener), "l", &to), 0);
    assert_int_equal(ukko_system_spawn(sys, ukko_props_new(&mourner), "m", &dead), 0);
    ukko_system_step(sys, 100);
    ukko_subscribe(sys, &ukko_dead_letter_type, dead);
    ukko_msg *m = a_greeting("there and back");
    const void *body = m->body;
    ukko_tell_msg(NULL, to, ukko_msg_retain(m));
    ukko_system_step(sys, 100);
    assert_string_equal(got_text, "there and back");
    assert_true(got != body); /* another message of the same values */
    ukko_msg_release(m);
    /* what says that it stays here is left alone; what says a class and has no serializer is not */
    local_thing t = {5};
    got = NULL;
    ukko_tell(NULL, to, &local_type, &t);
    ukko_system_step(sys, 100);
    assert_non_null(got);
    got = NULL;
    ukko_tell(NULL, to, &no_serializer, &t);
    double d = 1.5;
    ukko_tell(NULL, to, &ukko_double_type, &d);
    ukko_system_step(sys, 100);
    assert_null(got);
    assert_int_equal(dead_letters, 2);
    assert_non_null(strstr(last_log, "java.lang.Double"));
    ukko_ref_release(to);
    ukko_ref_release(dead);
    ukko_system_free(sys);
    /* off: the very message arrives */
    g.config = "";
    sys = started(&g);
    assert_int_equal(ukko_system_spawn(sys, ukko_props_new(&listener), "l", &to), 0);
    m = a_greeting("here");
    body = m->body;
    ukko_tell_msg(NULL, to, m);
    ukko_system_step(sys, 100);
    assert_ptr_equal(got, body);
    ukko_ref_release(to);
    ukko_system_free(sys);
}
static int spawn_with(ukko_system *sys, const ukko_type *type, bool local) {
    local_thing t = {1};
    ukko_props *p = ukko_props_new(&listener);
    assert_int_equal(ukko_props_arg(p, type, &t), 0);
    if (local) ukko_props_local(p);
    return ukko_system_spawn(sys, p, NULL, NULL);
}
static void every_creator_is_written_and_read(void **state) {
    given g = {.config = "pekko.actor.serialize-creators = on"};
    ukko_error err;
    (void)state;
    ukko_system *sys = started(&g);
    assert_int_equal(spawn_with(sys, &ukko_int_type, false), UKKO_OK);
    assert_int_equal(spawn_with(sys, &local_type, false), UKKO_OK);
    assert_int_equal(spawn_with(sys, &no_serializer, false), UKKO_ENOTSERIAL);
    ukko_spawn_error(&err);
    assert_non_null(strstr(err.message, "pre-creation serialization check failed at ["));
    assert_non_null(strstr(err.message, "com.x.Forgotten"));
    assert_int_equal(spawn_with(sys, &no_serializer, true), UKKO_OK); /* it cannot live elsewhere */
    ukko_system_free(sys);
    g.config = "";
    sys = started(&g);
    assert_int_equal(spawn_with(sys, &no_serializer, false), UKKO_OK);
    ukko_system_free(sys);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contradictions_end_the_start),
        cmocka_unit_test(bindings_choose_the_serializer),
        cmocka_unit_test(other_numbers_for_jackson),
        cmocka_unit_test(a_second_serializer_of_jackson),
        cmocka_unit_test(the_class_of_bytes_without_a_name),
        cmocka_unit_test(the_older_number_of_cbor),
        cmocka_unit_test(an_applications_serializer),
        cmocka_unit_test(foreign_serializers_are_named),
        cmocka_unit_test(limits_of_readers),
        cmocka_unit_test(limits_of_writers_and_of_what_is_packed),
        cmocka_unit_test(migrations),
        cmocka_unit_test(some_messages_are_left_alone),
        cmocka_unit_test(every_message_is_written_and_read),
        cmocka_unit_test(every_creator_is_written_and_read),
    };
    return cmocka_run_group_tests_name("settings of serializers", tests, NULL, NULL);
}
