/* SPDX-License-Identifier: Apache-2.0 */
/* A reference to an actor of another system: the bytes of its path as they go on the wire, and the
   peer that it lives at. Any thread. */
#include "remote/internal.h"
#include "base/mem.h"

typedef struct remote_ref {
    ukko_ref ref;
    uk_peer *peer; /* retained */
    uint32_t len, elements_at, elements_len;
    char *text;  /* the same as ref.text */
    char *knows; /* the alias by which its node knows this one, or NULL */
} remote_ref;

static remote_ref *of(ukko_ref *ref) { return (remote_ref *)(void *)ref; }

static void tell(ukko_ref *to, ukko_msg *msg, ukko_ref *sender) {
    uk_send_message(to, of(to)->peer, msg, sender);
}

static int try_tell(ukko_ref *to, ukko_msg *msg, ukko_ref *sender, ukko_error *err) {
    return uk_send_try(to, of(to)->peer, msg, sender, err);
}

static bool tell_body(ukko_ref *to, const ukko_type *type, const void *body, ukko_ref *sender) {
    return uk_send_body(to, of(to)->peer, type, body, sender);
}

static void system_message(ukko_ref *to, uk_sysmsg *m) {
    if (of(to)->knows && m->kind == UK_SYS_NOTIFY && m->a) {
        ukko_ref *own = m->a;
        m->a = uk_remote_ref_spelled(to, own);
        uk_ref_release(own);
    }
    uk_send_system(to, of(to)->peer, m);
}

static ukko_ref *at_path(remote_ref *r, const uk_buf *text) {
    uk_path path;
    if (uk_path_parse(uk_buf_slice(text), &path)) return NULL;
    return uk_remote_ref_new(uk_peer_retain(r->peer), uk_buf_slice(text), &path);
}

static ukko_ref *parent(ukko_ref *ref) {
    remote_ref *r = of(ref);
    size_t n = r->elements_len;
    const char *e = r->text + r->elements_at;
    while (n && e[n - 1] == '/') n--;
    if (!n) return NULL;
    while (n > 1 && e[n - 1] != '/') n--;
    if (n > 1) n--;
    uk_buf b = {0};
    uk_buf_put(&b, r->text, r->elements_at + n);
    ukko_ref *p = at_path(r, &b);
    uk_buf_fini(&b);
    return p;
}

static ukko_ref *child(ukko_ref *ref, ukko_slice name, int32_t uid) {
    remote_ref *r = of(ref);
    uk_buf b = {0};
    uk_buf_put(&b, r->text, r->elements_at + r->elements_len);
    if (!b.len || b.ptr[b.len - 1] != '/') uk_buf_byte(&b, '/');
    uk_buf_put(&b, name.ptr, name.len);
    if (uid) uk_buf_printf(&b, "#%d", uid);
    ukko_ref *c = at_path(r, &b);
    uk_buf_fini(&b);
    return c;
}

static void print(ukko_ref *ref, uk_buf *out) {
    remote_ref *r = of(ref);
    if (r->elements_len) uk_buf_put(out, r->text + r->elements_at, r->elements_len);
    else uk_buf_byte(out, '/');
}

static void free_ref(ukko_ref *ref) {
    uk_peer *p = of(ref)->peer;
    uk_free(of(ref)->knows);
    uk_ref_fini(ref);
    uk_free(ref);
    uk_peer_release(p);
}

static const char *name(const ukko_ref *ref) {
    const remote_ref *r = (const remote_ref *)(const void *)ref;
    return r->text + r->len + 1;
}

static const uk_ref_vt remote_vt = {.kind = UK_REF_REMOTE,
                                    .tell = tell,
                                    .system = system_message,
                                    .parent = parent,
                                    .child = child,
                                    .print = print,
                                    .free = free_ref,
                                    .name = name,
                                    .try_tell = try_tell,
                                    .tell_body = tell_body};

ukko_ref *uk_remote_ref_new(uk_peer *p, ukko_slice text, const uk_path *path) {
    bool bare = !path->elements.len; /* an address alone is the root there */
    remote_ref *r = uk_zalloc(sizeof *r);
    uk_ref_init(&r->ref, &remote_vt, p->remote->sys, path->uid);
    r->peer = p;
    r->elements_at = (uint32_t)path->address.len;
    r->elements_len = bare ? 1 : (uint32_t)path->elements.len;
    r->len = bare ? r->elements_at + 1 : (uint32_t)text.len;
    /* the text, and behind it the last element once more, without the uid */
    size_t n = 0, end = bare ? 0 : r->elements_at + r->elements_len;
    while (n < r->elements_len && !bare && text.ptr[end - n - 1] != '/') n++;
    r->text = uk_zalloc(r->len + n + 2);
    memcpy(r->text, text.ptr, text.len);
    if (bare) r->text[r->elements_at] = '/';
    if (n) memcpy(r->text + r->len + 1, text.ptr + end - n, n);
    /* relaxed: nobody else has seen r */
    atomic_store_explicit(&r->ref.text, r->text, memory_order_relaxed);
    return &r->ref;
}

ukko_ref *uk_remote_ref_knowing(ukko_ref *ref, ukko_slice alias) {
    uk_path path;
    ukko_slice text = uk_remote_ref_text(ref);
    if (uk_path_parse(text, &path)) return uk_ref_retain(ref);
    ukko_ref *n = uk_remote_ref_new(uk_peer_retain(of(ref)->peer), text, &path);
    of(n)->knows = uk_format("%.*s", (int)alias.len, (const char *)alias.ptr);
    return n;
}

ukko_ref *uk_remote_ref_spelled(ukko_ref *to, ukko_ref *own) {
    remote_ref *r = to->vt == &remote_vt ? of(to) : NULL;
    const char *text = ukko_ref_path(own);
    uk_path path;
    uk_buf b = {0};
    if (!r || !r->knows || uk_remote_ref_peer(own) || uk_path_parse(ukko_str(text), &path))
        return uk_ref_retain(own);
    uk_buf_printf(&b, "%s%s", r->knows, text + path.address.len);
    ukko_ref *n = at_path(r, &b); /* its peer does not matter: it is only written */
    uk_buf_fini(&b);
    return n ? n : uk_ref_retain(own);
}

uk_peer *uk_remote_ref_peer(ukko_ref *ref) {
    return ref->vt == &remote_vt ? of(ref)->peer : NULL;
}

ukko_slice uk_remote_ref_text(ukko_ref *ref) {
    return (ukko_slice){(const uint8_t *)of(ref)->text, of(ref)->len};
}
