/* SPDX-License-Identifier: Apache-2.0 */
/* The parser of HOCON and JSON: tokens to values in one pass. One thread per parse.

   The reference implementation first checks the whole syntax and then makes values, so a
   malformed text wins over a failure of meaning that stands above it. Here a failure of meaning
   is kept and the parser goes on without making values ("dry"); if it then meets malformed
   text, that is reported, else what was kept. The two stages also count lines differently,
   so there are two counters. */
#include "config/token.h"

typedef struct frame { /* a key whose value is being parsed */
    const uk_keypath *path;
    const struct frame *up;
} frame;

typedef struct parser {
    uk_lexer lx;
    uk_arena *arena;
    const uk_parse_options *options;
    const uk_source *source;
    uk_config_fault *fault; /* malformed text */
    uk_config_fault kept;   /* failure of meaning */
    bool json, dry;
    int32_t line;      /* of the first stage */
    int32_t made_line; /* of the second: newlines beside fields and elements */
    uint32_t lists;    /* lists around this place, += included */
    uint32_t depth, max_depth;
    const frame *top;
    uk_token back[4];
    int n_back;
    size_t offset;  /* of the last token, for columns */
    uk_buf scratch; /* stack of values of unfinished lists and concatenations */
} parser;

static uk_value *parse_value(parser *p, const uk_token *t);

/* Kept out of the recursive functions: what they need would lie on the stack at each level. */
#define OUT_OF_LINE __attribute__((noinline))

static uk_value dry_value = {.kind = UK_V_NULL, .resolved = true};

static uk_origin origin_at(const parser *p, int32_t line) {
    return (uk_origin){p->source, line, line};
}

/* Column of the last token when it stands on the reported line. */
static int column_of(const parser *p, int32_t line) {
    const uint8_t *at = p->lx.start + p->offset, *q = at;
    if (at > p->lx.end) return 0;
    while (q > p->lx.start && q[-1] != '\n') q--;
    int32_t real = 1;
    for (const uint8_t *c = p->lx.start; c < q; c++) real += *c == '\n';
    return real == line ? (int)(at - q) + 1 : 0;
}

OUT_OF_LINE static uk_value *malformed(parser *p, const uk_token *t, const char *expected) {
    char buf[80];
    bool limit = p->lx.limit || p->depth > p->max_depth;
    const char *name = uk_token_name(t, &p->lx, buf, sizeof buf);
    uk_config_fail(p->fault, limit ? UK_FAULT_LIMIT : UK_FAULT_PARSE, p->source->name, p->line,
                   column_of(p, p->line),
                   t->type == UK_T_PROBLEM || limit ? "%s" : "expected %2$s, not %1$s",
                   limit ? "nested too deep" : name, expected);
    return NULL;
}

/* Keeps a failure of meaning; nothing is made from here on. */
static void keep(parser *p, const uk_config_fault *f) {
    if (!p->dry) p->kept = *f;
    p->dry = true;
}

OUT_OF_LINE static void keep_parse(parser *p, int32_t line, const char *text) {
    uk_config_fault f = {0};
    uk_config_fail(&f, UK_FAULT_PARSE, p->source->name, line, 0, "%s", text);
    keep(p, &f);
}

/* ---- Tokens. false: malformed, reported. ---- */

static bool next_token(parser *p, uk_token *t) {
    if (p->n_back)
        *t = p->back[--p->n_back];
    else
        uk_lex(&p->lx, t);
    p->offset = t->offset;
    if (!p->json) return true;
    if (t->type == UK_T_SUBST || (t->type == UK_T_TEXT && !t->blank)) {
        malformed(p, t, "JSON");
        return false;
    }
    return true;
}

static void put_back(parser *p, const uk_token *t) { p->back[p->n_back++] = *t; }

/* The next token that is neither blank nor a newline. made: the newlines are beside fields. */
static bool next_solid(parser *p, uk_token *t, bool made) {
    for (;;) {
        if (!next_token(p, t)) return false;
        if (t->type == UK_T_NEWLINE) {
            p->line = t->line + 1;
            if (made) p->made_line += (int32_t)t->count;
        } else if (t->type != UK_T_TEXT || !t->blank) {
            if (t->line >= 0) p->line = t->line;
            return true;
        }
    }
}

/* After a value: eats newlines and one comma. 1: found, 0: neither, -1: malformed. */
static int separator(parser *p) {
    uk_token t;
    if (p->json) {
        if (!next_solid(p, &t, true)) return -1;
        if (t.type == UK_T_COMMA) return 1;
        put_back(p, &t);
        return 0;
    }
    int found = 0;
    for (;;) {
        if (!next_token(p, &t)) return -1;
        if (t.type == UK_T_NEWLINE) {
            found = 1;
            p->line += (int32_t)t.count;
            p->made_line += (int32_t)t.count;
        } else if (t.type == UK_T_COMMA) {
            return 1;
        } else if (t.type != UK_T_TEXT || !t.blank) {
            put_back(p, &t);
            return found;
        }
    }
}

/* ---- Simple values and concatenations. ---- */

OUT_OF_LINE static uk_value *simple_value(parser *p, const uk_token *t) {
    if (p->dry) return &dry_value;
    uk_origin at = origin_at(p, t->line);
    const char *text = (const char *)t->text.ptr;
    uk_value *v;
    switch (t->type) {
    case UK_T_INT: return uk_value_int(p->arena, at, t->i, text, t->text.len);
    case UK_T_DOUBLE: return uk_value_double(p->arena, at, t->d, text, t->text.len);
    case UK_T_NULL: return uk_value_new(p->arena, UK_V_NULL, at);
    case UK_T_BOOL:
        v = uk_value_new(p->arena, UK_V_BOOL, at);
        v->boolean = t->truth;
        return v;
    case UK_T_SUBST:
        if (!t->path) {
            keep_parse(p, t->line, "expected a path in ${ }, as a.b.\"c\"");
            return &dry_value;
        }
        v = uk_value_new(p->arena, UK_V_REF, at);
        v->path = t->path;
        v->flags = t->optional ? UK_VF_OPTIONAL : 0;
        return v;
    default:
        v = uk_value_string(p->arena, at, text, t->text.len);
        if (t->type == UK_T_TEXT) v->flags = UK_VF_BARE;
        return v;
    }
}

static void push(parser *p, uk_value *v) { uk_buf_put(&p->scratch, &v, sizeof v); }

/* The values pushed since mark; popped, but in place until the next push. */
static uk_value **pushed(parser *p, size_t mark, size_t *n) {
    uk_buf_reserve(&p->scratch, sizeof(uk_value *)); /* an empty list has a place too */
    *n = (p->scratch.len - mark) / sizeof(uk_value *);
    p->scratch.len = mark;
    return (uk_value **)(void *)(p->scratch.ptr + mark);
}

static bool starts_value(const uk_token *t) {
    return uk_token_is_piece(t) || t->type == UK_T_OPEN_CURLY || t->type == UK_T_OPEN_SQUARE;
}

OUT_OF_LINE static uk_value *join_pushed(parser *p, size_t mark) {
    size_t n;
    uk_value **pieces = pushed(p, mark, &n);
    if (p->dry) return &dry_value;
    uk_config_fault f = {0};
    uk_value *v = uk_concat(p->arena, pieces, n, &f);
    if (v) return v;
    keep(p, &f);
    return &dry_value;
}

/* One value, or several on a line joined. t is room for a token: one a level is enough, and each
   costs stack. *out is NULL when none starts here; false: malformed. */
static bool parse_joined(parser *p, bool made, uk_token *t, uk_value **out) {
    *out = NULL;
    if (p->json) return true;
    size_t mark = p->scratch.len;
    if (!next_solid(p, t, made)) return false;
    uk_value *first = NULL;
    size_t n = 0;
    for (; starts_value(t); n++) {
        uk_value *v = parse_value(p, t);
        if (!v) return false;
        if (n == 1) push(p, first);
        if (n)
            push(p, v);
        else
            first = v;
        if (!next_token(p, t)) return false;
    }
    put_back(p, t);
    *out = n > 1 ? join_pushed(p, mark) : first;
    return true;
}

/* ---- Keys. ---- */

static uk_keypath *path_of_token(parser *p, const uk_token *t) {
    uk_keypath *first = NULL, **tail = &first;
    const uint8_t *s = t->text.ptr, *end = s + t->text.len;
    for (;;) {
        const uint8_t *dot = t->type == UK_T_STRING ? NULL : memchr(s, '.', (size_t)(end - s));
        const uint8_t *stop = dot ? dot : end;
        if (stop == s && t->type != UK_T_STRING) return NULL;
        uk_keypath *e = uk_arena_alloc(p->arena, sizeof *e);
        *e = (uk_keypath){uk_key_of(p->arena, s, (size_t)(stop - s)), NULL};
        *tail = e;
        tail = &e->next;
        if (!dot) return first;
        s = dot + 1;
    }
}

static bool key_part(const uk_token *t) { return uk_token_is_value(t) || t->type == UK_T_TEXT; }

/* The path of a field; NULL: malformed. */
OUT_OF_LINE static uk_keypath *parse_key(parser *p, const uk_token *t) {
    static const char bad[] = "a key without empty parts (\"\" may be quoted)";
    if (p->json ? t->type != UK_T_STRING : !key_part(t)) {
        malformed(p, t, "a key or }");
        return NULL;
    }
    if (p->json) return path_of_token(p, t);
    uk_token after;
    if (!next_token(p, &after)) return NULL;
    uk_keypath *path;
    if (!key_part(&after)) {
        path = path_of_token(p, t);
    } else {
        uk_keypath_builder b;
        uk_keypath_begin(&b, p->arena);
        uk_keypath_add(&b, t->text.ptr, t->text.len, t->type == UK_T_STRING);
        while (key_part(&after)) {
            uk_keypath_add(&b, after.text.ptr, after.text.len, after.type == UK_T_STRING);
            if (!next_token(p, &after)) {
                b.bad = true;
                break;
            }
        }
        path = uk_keypath_end(&b);
    }
    put_back(p, &after);
    return path ? path : (uk_keypath *)malformed(p, t, bad);
}

/* ---- Fields. ---- */

static uk_value *under_path(parser *p, const uk_keypath *path, uk_value *v) {
    if (!path) return v;
    uk_value *inner = under_path(p, path->next, v);
    uk_value *o = uk_value_object(p->arena, v->origin, 1);
    uk_object_put(p->arena, o, path->key, inner);
    return o;
}

/* A child changed in place: the parent's count of unresolved ones follows. */
static void recount(uk_value *object, bool was_resolved, const uk_value *child) {
    object->object->unresolved += (uint32_t)was_resolved - (uint32_t)child->resolved;
    object->resolved = !object->object->unresolved;
    uk_height_add(object, child);
}

static bool put_field(parser *p, uk_value *object, const uk_keypath *path, uk_value *v);

/* old, an object of this parse, takes v in at path. */
static bool put_inside(parser *p, uk_value *object, uk_value *old, const uk_keypath *path,
                       uk_value *v) {
    bool was = old->resolved, empty = !old->object->n;
    bool changed = put_field(p, old, path, v) || old->object->n > 1;
    /* As when the new object is laid over the old one: lines span both when both count. */
    old->origin = changed && !empty ? uk_origin_merge(p->arena, v->origin, old->origin) : v->origin;
    recount(object, was, old);
    int32_t at = old->object->n > 1 ? uk_object_index(old->object, path->key) : -1;
    if (at >= 0) uk_object_front(p->arena, old->object, (uint32_t)at);
    return changed || old->flags & UK_VF_IGNORE;
}

/* object[path] = v over what is there; objects of this parse are changed in place. false when
   v alone is there now. */
static bool put_field(parser *p, uk_value *object, const uk_keypath *path, uk_value *v) {
    uk_value *old = uk_object_get(object->object, path->key);
    bool was = !old || old->resolved;
    if (path->next && old && old->kind == UK_V_OBJECT && old->object->patch < 0)
        return put_inside(p, object, old, path->next, v);
    uk_value *fresh = under_path(p, path->next, v);
    bool changed = false;
    uk_value *now = old ? uk_merge_into(p->arena, fresh, old, &changed) : fresh;
    if (old) recount(object, was, old); /* it may have changed while it was merged */
    if (now != old) uk_object_put(p->arena, object, path->key, now);
    return changed;
}

static uk_keypath *full_path(parser *p) {
    uk_keypath *path = NULL;
    for (const frame *f = p->top; f; f = f->up) path = uk_keypath_join(p->arena, f->path, path);
    return path;
}

/* a += v is a = ${?a} [v]. */
OUT_OF_LINE static uk_value *appended(parser *p, uk_value *v) {
    if (p->dry) return &dry_value;
    uk_value *ref = uk_value_new(p->arena, UK_V_REF, v->origin);
    ref->path = full_path(p);
    ref->flags = UK_VF_OPTIONAL;
    uk_value *pieces[2] = {ref, uk_value_list(p->arena, v->origin, &v, 1)};
    uk_config_fault f = {0};
    return uk_concat(p->arena, pieces, 2, &f);
}

/* t: what follows the key. */
static bool parse_field_value(parser *p, uk_token *t, uk_value **out) {
    if (!p->json && t->type == UK_T_OPEN_CURLY) {
        *out = parse_value(p, t);
        return *out != NULL;
    }
    bool ok = t->type == UK_T_COLON ||
              (!p->json && (t->type == UK_T_EQUALS || t->type == UK_T_PLUS_EQUALS));
    if (!ok)
        return malformed(p, t,
                         p->json ? "':' after the key" : "'=', ':', '+=' or '{' after the key");
    if (!parse_joined(p, false, t, out)) return false;
    if (*out) return true;
    if (!next_solid(p, t, false)) return false;
    *out = parse_value(p, t);
    return *out != NULL;
}

static bool parse_field(parser *p, uk_token *t, uk_value *object) {
    uk_keypath *path = parse_key(p, t);
    if (!path || !next_solid(p, t, false)) return false;
    bool plus = t->type == UK_T_PLUS_EQUALS;
    if (plus && p->lists)
        keep_parse(p, p->made_line, "'+=' does not work inside a list or another '+='");
    frame here = {path, p->top};
    uint32_t depth = p->depth;
    for (const uk_keypath *e = path->next; e; e = e->next) p->depth++;
    if (p->depth > p->max_depth) return malformed(p, t, "");
    p->top = &here;
    p->lists += plus;
    uk_value *v;
    bool ok = parse_field_value(p, t, &v);
    p->lists -= plus;
    p->depth = depth;
    if (ok && plus) v = appended(p, v);
    p->top = here.up;
    if (!ok) return false;
    if (p->json && uk_object_get(object->object, path->key)) {
        *t = (uk_token){.type = UK_T_STRING,
                        .text = {(const uint8_t *)path->key->text, path->key->len}};
        return malformed(p, t, "a key that JSON has not seen in this object");
    }
    if (!p->dry) put_field(p, object, path, v);
    return true;
}

/* ---- Include statements. ---- */

static void put_included(parser *p, uk_value *object, uk_value *in) {
    if (p->lists && !in->resolved) {
        keep_parse(p, p->made_line, "an include inside a list may not bring ${ } with it");
        return;
    }
    if (p->top) in = uk_relativize(p->arena, in, full_path(p));
    for (uint32_t i = 0; i < in->object->n; i++) {
        uk_value *v = uk_object_at(in->object, i);
        uk_keypath at = {in->object->entries[i].key, NULL};
        if (v) put_field(p, object, &at, v);
    }
}

OUT_OF_LINE static void include(parser *p, uk_include_kind kind, bool required, ukko_slice name,
                                uk_value *object) {
    if (p->dry) return;
    if (p->options->flags & UK_CONFIG_NO_INCLUDE) {
        keep_parse(p, p->made_line, "include is not allowed here");
        return;
    }
    uk_config_fault f = {0};
    uk_parse_options o = *p->options;
    o.depth = p->depth;
    uk_value *in =
        uk_include(p->arena, kind, required, name, &o, p->made_line, p->source->name, &f);
    f.absent = false; /* to whoever includes this text, it is there and faulty */
    if (in)
        put_included(p, object, in);
    else
        keep(p, &f);
}

static bool text_starts(const uk_token *t, const char *word) {
    size_t n = strlen(word);
    return t->type == UK_T_TEXT && t->text.len >= n && !memcmp(t->text.ptr, word, n);
}

/* Puts back what follows the first n bytes of a word. */
static void put_back_rest(parser *p, const uk_token *t, size_t n) {
    uk_token rest = *t;
    rest.text.ptr += n;
    rest.text.len -= n;
    if (rest.text.len) put_back(p, &rest);
}

static bool include_call(parser *p, uk_token *t, uk_include_kind kind, size_t skip,
                         ukko_slice *name) {
    (void)kind;
    put_back_rest(p, t, skip);
    if (!next_solid(p, t, false)) return false;
    if (t->type != UK_T_STRING) return malformed(p, t, "a quoted name in the include statement");
    *name = t->text;
    if (!next_solid(p, t, false)) return false;
    if (!text_starts(t, ")")) return malformed(p, t, "')' after the name");
    put_back_rest(p, t, 1);
    return true;
}

static bool include_target(parser *p, uk_include_kind *kind, ukko_slice *name) {
    static const struct {
        const char *word;
        uk_include_kind kind;
    } calls[] = {
        {"url(", UK_INCLUDE_URL}, {"file(", UK_INCLUDE_FILE}, {"classpath(", UK_INCLUDE_CLASSPATH}};
    uk_token t;
    if (!next_solid(p, &t, false)) return false;
    *kind = UK_INCLUDE_PLAIN;
    if (t.type == UK_T_STRING) {
        *name = t.text;
        return true;
    }
    for (size_t i = 0; i < 3; i++) {
        if (!text_starts(&t, calls[i].word)) continue;
        *kind = calls[i].kind;
        return include_call(p, &t, *kind, strlen(calls[i].word), name);
    }
    return malformed(
        p, &t, "a quoted name, file(\"...\"), classpath(\"...\") or required(...) after include");
}

OUT_OF_LINE static bool parse_include(parser *p, uk_value *object) {
    uk_token t;
    uk_include_kind kind;
    ukko_slice name;
    if (!next_solid(p, &t, false)) return false;
    bool required = text_starts(&t, "required(");
    if (required)
        put_back_rest(p, &t, 9);
    else
        put_back(p, &t);
    if (!include_target(p, &kind, &name)) return false;
    if (required) {
        if (!next_solid(p, &t, false)) return false;
        if (!text_starts(&t, ")") || t.text.len != 1)
            return malformed(p, &t, "')' after required(...");
    }
    include(p, kind, required, name, object);
    return true;
}

static bool is_include(const parser *p, const uk_token *t) {
    return !p->json && t->text.len == 7 && text_starts(t, "include");
}

/* ---- Objects and lists. ---- */

/* After a field: 1 go on, 0 the object is done, -1 malformed. */
OUT_OF_LINE static int after_field(parser *p, bool braces) {
    int found = separator(p);
    if (found) return found;
    uk_token t;
    if (!next_solid(p, &t, true)) return -1;
    if (t.type == UK_T_CLOSE_CURLY && braces) return 0;
    if (t.type == UK_T_END && !braces) {
        put_back(p, &t);
        return 0;
    }
    malformed(p, &t, braces ? "',', a new line or '}'" : "',', a new line or the end of the file");
    return -1;
}

static uk_value *parse_object(parser *p, bool braces, int32_t line) {
    uk_value *object = uk_value_object(p->arena, origin_at(p, line), 0);
    bool comma = false;
    for (;;) {
        uk_token t;
        if (!next_solid(p, &t, true)) return NULL;
        if (t.type == UK_T_CLOSE_CURLY) {
            if (p->json && comma) return malformed(p, &t, "a key after ','");
            return braces ? object : malformed(p, &t, "a key (there is no open '{')");
        }
        if (t.type == UK_T_END && !braces) {
            put_back(p, &t);
            return object;
        }
        if (!(is_include(p, &t) ? parse_include(p, object) : parse_field(p, &t, object)))
            return NULL;
        int more = after_field(p, braces);
        if (more < 0) return NULL;
        if (!more) return object;
        comma = true;
    }
}

/* One element; *end set when the list closes instead. NULL on malformed and at the end. */
static uk_value *parse_element(parser *p, bool first, bool *end) {
    uk_value *v;
    uk_token t;
    if (!parse_joined(p, true, &t, &v)) return NULL;
    if (v) return v;
    if (!next_solid(p, &t, true)) return NULL;
    if (t.type == UK_T_CLOSE_SQUARE && (first || !p->json)) {
        *end = true;
        return NULL;
    }
    if (starts_value(&t)) return parse_value(p, &t);
    return malformed(p, &t, first ? "an element or ']'" : "an element after ','");
}

static uk_value *parse_list(parser *p) {
    size_t mark = p->scratch.len, n;
    uk_origin at = origin_at(p, p->made_line);
    p->lists++;
    for (bool first = true, end = false;; first = false) {
        uk_value *v = parse_element(p, first, &end);
        if (end) break;
        if (!v) return NULL;
        push(p, v);
        int more = separator(p);
        if (more < 0) return NULL;
        if (more) continue;
        uk_token t;
        if (!next_solid(p, &t, true)) return NULL;
        if (t.type != UK_T_CLOSE_SQUARE) return malformed(p, &t, "',', a new line or ']'");
        break;
    }
    p->lists--;
    uk_value **items = pushed(p, mark, &n);
    return p->dry ? &dry_value : uk_value_list(p->arena, at, items, n);
}

static uk_value *parse_value(parser *p, const uk_token *t) {
    if (uk_token_is_piece(t)) return simple_value(p, t);
    if (t->type != UK_T_OPEN_CURLY && t->type != UK_T_OPEN_SQUARE)
        return malformed(p, t, "a value");
    if (++p->depth > p->max_depth) return malformed(p, t, "");
    uk_value *v = t->type == UK_T_OPEN_CURLY ? parse_object(p, true, p->made_line) : parse_list(p);
    p->depth--;
    return v;
}

/* ---- Whole texts. ---- */

static uk_value *parse_root(parser *p) {
    uk_token t;
    int32_t line = p->made_line;
    if (!next_solid(p, &t, true)) return NULL;
    uk_value *v;
    if (t.type == UK_T_OPEN_CURLY || t.type == UK_T_OPEN_SQUARE) {
        v = parse_value(p, &t);
    } else if (p->json) {
        return malformed(p, &t, "'{' or '['");
    } else {
        put_back(p, &t);
        v = parse_object(p, false, line);
    }
    if (!v || !next_solid(p, &t, true)) return NULL;
    return t.type == UK_T_END ? v : malformed(p, &t, "the end of the file");
}

static const uk_source *new_source(uk_arena *a, const char *name) {
    uk_source *s = uk_arena_alloc(a, sizeof *s);
    *s = (uk_source){uk_arena_text(a, name, strlen(name)), false};
    return s;
}

uk_value *uk_parse_text(uk_arena *a, ukko_slice text, const char *name, const uk_parse_options *o,
                        uk_config_fault *f) {
    if (text.len > UK_CONFIG_MAX_SIZE) {
        uk_config_fail(f, UK_FAULT_LIMIT, name, 0, 0, "larger than %zu bytes", UK_CONFIG_MAX_SIZE);
        return NULL;
    }
    if (!uk_utf8_ok(text.ptr, text.len)) text = uk_config_repair(a, text);
    const uk_source *source = new_source(a, name);
    if (o->syntax == UKKO_CONFIG_PROPERTIES) return uk_parse_properties(a, text, source, f);
    parser p = {.arena = a, .options = o, .source = source, .fault = f, .line = 1, .made_line = 1};
    p.json = o->syntax == UKKO_CONFIG_JSON;
    p.max_depth = o->max_depth ? o->max_depth : UK_CONFIG_MAX_DEPTH;
    p.depth = o->depth;
    uk_lexer_init(&p.lx, a, text, p.json, p.max_depth);
    uk_value *v = parse_root(&p);
    uk_buf_fini(&p.scratch);
    if (v && p.dry) {
        *f = p.kept;
        return NULL;
    }
    return v;
}
