/* SPDX-License-Identifier: Apache-2.0 */
/* Path expressions: a.b."c.d". Any thread. */
#include "config/token.h"

void uk_keypath_begin(uk_keypath_builder *b, uk_arena *a) {
    *b = (uk_keypath_builder){.arena = a};
    b->tail = &b->first;
}

static void path_cut(uk_keypath_builder *b) {
    if (!b->element.len && !b->may_be_empty) b->bad = true;
    if (!b->bad) {
        uk_keypath *p = uk_arena_alloc(b->arena, sizeof *p);
        p->key = uk_key_of(b->arena, b->element.len ? (void *)b->element.ptr : "", b->element.len);
        p->next = NULL;
        *b->tail = p;
        b->tail = &p->next;
    }
    uk_buf_clear(&b->element);
    b->may_be_empty = false;
}

void uk_keypath_add(uk_keypath_builder *b, const void *text, size_t len, bool quoted) {
    const uint8_t *p = text, *end = p + len;
    b->any = true;
    while (!quoted) {
        const uint8_t *dot = len ? memchr(p, '.', (size_t)(end - p)) : NULL;
        if (!dot) break;
        uk_buf_put(&b->element, p, (size_t)(dot - p));
        path_cut(b);
        p = dot + 1;
    }
    uk_buf_put(&b->element, p, (size_t)(end - p));
    if (quoted && !b->element.len) b->may_be_empty = true;
}

uk_keypath *uk_keypath_end(uk_keypath_builder *b) {
    path_cut(b);
    uk_buf_fini(&b->element);
    return b->bad || !b->any ? NULL : b->first;
}

uk_keypath *uk_keypath_parse(uk_arena *a, const char *text, size_t len, uk_config_fault *f) {
    uk_lexer lx;
    uk_token t;
    uk_keypath_builder b;
    uk_lexer_init(&lx, a, (ukko_slice){(const uint8_t *)text, len}, false, UK_CONFIG_FOREIGN_DEPTH);
    uk_keypath_begin(&b, a);
    for (uk_lex(&lx, &t); t.type != UK_T_END; uk_lex(&lx, &t)) {
        if (t.type == UK_T_SUBST || !uk_token_is_piece(&t))
            b.bad = true;
        else
            uk_keypath_add(&b, t.text.ptr, t.text.len, t.type == UK_T_STRING);
        if (b.bad) break;
    }
    if (lx.saw_comment) b.bad = true;
    uk_keypath *p = uk_keypath_end(&b);
    if (!p)
        uk_config_fail(f, UK_FAULT_PARSE, "path", 0, 0,
                       "'%.*s' is no path: expected names between dots, odd ones in quotes",
                       len > 100 ? 100 : (int)len, text);
    return p;
}

static bool plain_char(uint8_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

void uk_key_print(const char *key, size_t len, uk_buf *out) {
    bool plain = len > 0;
    for (size_t i = 0; i < len && plain; i++) plain = plain_char((uint8_t)key[i]);
    if (plain)
        uk_buf_put(out, key, len);
    else
        uk_render_string(out, key, len);
}

void uk_keypath_print(const uk_keypath *p, uk_buf *out) {
    for (; p; p = p->next) {
        uk_key_print(p->key->text, p->key->len, out);
        if (p->next) uk_buf_byte(out, '.');
    }
}

bool uk_keypath_eq(const uk_keypath *a, const uk_keypath *b) {
    for (; a != b; a = a->next, b = b->next)
        if (!a || !b || !uk_key_eq(a->key, b->key)) return false;
    return true;
}

uk_keypath *uk_keypath_join(uk_arena *a, const uk_keypath *p, uk_keypath *tail) {
    uk_keypath *first = tail, **at = &first;
    for (; p; p = p->next) {
        uk_keypath *c = uk_arena_alloc(a, sizeof *c);
        *c = (uk_keypath){p->key, tail};
        *at = c;
        at = &c->next;
    }
    return first;
}
