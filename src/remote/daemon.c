/* SPDX-License-Identifier: Apache-2.0 */
/* The reference /remote: the actors that other nodes asked for, by name and by parent. Their names
   are paths ("pekko.tcp/A@h:1/user/w"). It watches the parents and stops the children of those that
   end. Any thread; the lock guards the tables and is never held while something is sent. */
#include "remote/deploy.h"
#include "base/mem.h"

typedef struct family family;
typedef struct entry { /* a child */
    ukko_ref *child; /* retained; its text holds the name */
    ukko_slice name;
    family *family;
    struct entry *next, **prev; /* of the family */
} entry;

struct family { /* a parent elsewhere */
    ukko_ref *parent; /* retained */
    entry *first;
    bool gone; /* the parent has ended: nobody to unwatch, and not in the map */
};

typedef struct uk_daemon {
    ukko_ref ref; /* first: the daemon is a reference */
    uk_remote *remote;
    pthread_mutex_t lock; /* guards all below; leaf */
    uk_map names;    /* name -> entry: the newest of that name */
    uk_map children; /* path text -> entry */
    uk_map families; /* path text of the parent -> family */
    bool terminating;
    void (*done)(uk_remote *r); /* owed when the last child has gone */
} uk_daemon;

static uk_daemon *of(ukko_ref *ref) { return (uk_daemon *)(void *)ref; }

typedef struct ref_list {
    ukko_ref **items; /* retained */
    size_t n;
} ref_list;

static void stop(ukko_ref *child) { /* takes child */
    uk_ref_system(child, uk_sysmsg_new(UK_SYS_TERMINATE, NULL, NULL));
    uk_ref_release(child);
}

static void stop_all(ref_list *l) {
    for (size_t i = 0; i < l->n; i++) stop(l->items[i]);
    uk_free(l->items);
}

/* ---- the tables; lock held ---- */

static void *by_text(const uk_map *m, const ukko_ref *ref) {
    const char *text = uk_ref_text(ref);
    return uk_map_get(m, text, strlen(text));
}

static family *family_of(uk_daemon *d, ukko_ref *parent, bool *is_new) {
    family *f = by_text(&d->families, parent);
    *is_new = !f;
    if (f) return f;
    f = uk_zalloc(sizeof *f);
    f->parent = uk_ref_retain(parent);
    const char *text = uk_ref_text(parent);
    uk_map_put(&d->families, text, strlen(text), f);
    return f;
}

static bool is_elsewhere(const ukko_ref *child) { return child->vt->kind == UK_REF_REMOTE; }

/* What is between "/remote/" and "#uid"; of a child elsewhere, the part that is its path here. */
static ukko_slice name_in(ukko_ref *child) {
    const char *text = uk_ref_text(child), *name = strstr(text, "/remote/") + 8;
    if (is_elsewhere(child)) name = strstr(name, "/remote/") + 8;
    return (ukko_slice){(const uint8_t *)name, strcspn(name, "#")};
}

static entry *add(uk_daemon *d, ukko_ref *child, family *f) { /* takes child */
    entry *e = uk_zalloc(sizeof *e);
    const char *text = uk_ref_text(child);
    *e = (entry){child, name_in(child), f, f->first, &f->first};
    if (f->first) f->first->prev = &e->next;
    f->first = e;
    uk_map_put(&d->children, text, strlen(text), e);
    uk_map_remove(&d->names, e->name.ptr, e->name.len); /* with the old one's key */
    uk_map_put(&d->names, e->name.ptr, e->name.len, e);
    return e;
}

static void forget_name(uk_daemon *d, entry *e) {
    if (uk_map_get(&d->names, e->name.ptr, e->name.len) == e)
        uk_map_remove(&d->names, e->name.ptr, e->name.len);
}

/* Gives the family when it is empty now; the caller ends it. */
static family *take_out(uk_daemon *d, entry *e) {
    family *f = e->family;
    const char *text = uk_ref_text(e->child);
    uk_map_remove(&d->children, text, strlen(text));
    forget_name(d, e);
    *e->prev = e->next;
    if (e->next) e->next->prev = e->prev;
    if (f->first) return NULL;
    text = uk_ref_text(f->parent);
    if (!f->gone) uk_map_remove(&d->families, text, strlen(text));
    return f;
}

static void collect(const family *f, ref_list *out) {
    for (entry *e = f->first; e; e = e->next) out->items[out->n++] = uk_ref_retain(e->child);
}

static ref_list room_for(size_t n) {
    return (ref_list){uk_alloc((n + 1) * sizeof(ukko_ref *)), 0};
}

/* ---- parents ---- */

/* Who is nobody's is not watched: as on a JVM, its children are not stopped for that. */
static void watch_parent(uk_daemon *d, ukko_ref *parent, bool on) {
    if (parent->vt->kind != UK_REF_REMOTE && parent->vt->kind != UK_REF_CELL) return;
    uk_provider *p = uk_system_provider(d->ref.sys);
    if (parent->vt->kind == UK_REF_REMOTE)
        (on ? p->watch : p->unwatch)(p->self, parent, &d->ref);
    else
        uk_ref_system(parent,
                      uk_sysmsg_new(on ? UK_SYS_WATCH : UK_SYS_UNWATCH, parent, &d->ref));
}

static void family_free(family *f) {
    uk_ref_release(f->parent);
    uk_free(f);
}

/* ---- children come ---- */

typedef enum outcome {
    ADDED,
    KNOWN, /* this very child is there */
    LATE   /* the system ends */
} outcome;

static outcome enter(uk_daemon *d, ukko_ref *child, ukko_ref *supervisor) {
    bool is_new = false;
    ukko_ref *old = NULL;
    pthread_mutex_lock(&d->lock);
    bool twice = by_text(&d->children, child) != NULL, late = d->terminating;
    if (!twice && !late) {
        ukko_slice name = name_in(child);
        entry *before = uk_map_get(&d->names, name.ptr, name.len);
        if (before) old = uk_ref_retain(before->child);
        add(d, uk_ref_retain(child), family_of(d, supervisor, &is_new));
    }
    pthread_mutex_unlock(&d->lock);
    if (old) stop(old);
    /* asked for before the child can end and undo it; sent in the next round, after Supervise */
    if (is_new) watch_parent(d, supervisor, true);
    return late ? LATE : twice ? KNOWN : ADDED;
}

bool uk_daemon_adopt(ukko_ref *ref, ukko_ref *child, ukko_ref *supervisor) {
    outcome o = enter(of(ref), child, supervisor);
    if (o != ADDED) {
        uk_system_discard(child);
        return o == KNOWN;
    }
    uk_system_begin(child, ref);
    uk_ref_release(child);
    return true;
}

bool uk_daemon_pass_on(ukko_ref *ref, ukko_ref *child, ukko_ref *supervisor, ukko_msg *order) {
    uk_provider *p = uk_system_provider(ref->sys);
    outcome o = enter(of(ref), child, supervisor);
    if (o == ADDED) {
        p->deployed(p->self, supervisor, child, order);
        p->watch(p->self, child, ref);
    } else {
        ukko_msg_release(order);
    }
    uk_ref_release(child);
    return o != LATE;
}

/* ---- and go ---- */

/* The parent knows a child elsewhere by its path here, under which nobody else can say it. */
static void tell_parent(uk_daemon *d, const entry *e) {
    uk_buf b = {0};
    uk_buf_printf(&b, "/remote/%.*s#%d", (int)e->name.len, (const char *)e->name.ptr,
                  e->child->uid);
    ukko_ref *as_known = uk_system_nobody(d->ref.sys, uk_buf_slice(&b));
    uk_sysmsg *m = uk_sysmsg_new(UK_SYS_NOTIFY, as_known, NULL);
    m->flag = true;
    uk_ref_system(e->family->parent, m);
    uk_ref_release(as_known);
    uk_buf_fini(&b);
}

static void child_gone(uk_daemon *d, ukko_ref *child) {
    family *empty = NULL;
    void (*done)(uk_remote *) = NULL;
    pthread_mutex_lock(&d->lock);
    entry *e = by_text(&d->children, child);
    if (e) empty = take_out(d, e);
    if (!d->children.live) {
        done = d->done;
        d->done = NULL;
    }
    pthread_mutex_unlock(&d->lock);
    if (e && is_elsewhere(e->child)) tell_parent(d, e);
    if (empty && !empty->gone) watch_parent(d, empty->parent, false);
    if (empty) family_free(empty);
    if (e) uk_ref_release(e->child);
    uk_free(e);
    if (done) done(d->remote);
}

static void parent_gone(uk_daemon *d, ukko_ref *parent) {
    const char *text = uk_ref_text(parent);
    pthread_mutex_lock(&d->lock);
    family *f = uk_map_remove(&d->families, text, strlen(text));
    ref_list l = room_for(f ? d->children.live : 0);
    if (f) {
        f->gone = true;
        collect(f, &l);
        for (entry *e = f->first; e; e = e->next) forget_name(d, e);
    }
    pthread_mutex_unlock(&d->lock);
    stop_all(&l);
}

void uk_daemon_address_terminated(ukko_ref *ref, const char *address) {
    uk_daemon *d = of(ref);
    size_t pos = 0, n = strlen(address);
    void *v;
    pthread_mutex_lock(&d->lock);
    ref_list l = room_for(d->children.live);
    while (uk_map_next(&d->families, &pos, &v)) {
        const char *text = uk_ref_text(((family *)v)->parent);
        if (!strncmp(text, address, n) && text[n] == '/') collect(v, &l);
    }
    pthread_mutex_unlock(&d->lock);
    stop_all(&l);
}

void uk_daemon_stop(ukko_ref *ref, void (*done)(uk_remote *r)) {
    uk_daemon *d = of(ref);
    size_t pos = 0;
    void *v;
    pthread_mutex_lock(&d->lock);
    ref_list l = room_for(d->children.live);
    d->terminating = true;
    while (uk_map_next(&d->children, &pos, &v))
        l.items[l.n++] = uk_ref_retain(((entry *)v)->child);
    bool none = !l.n;
    if (!none) d->done = done;
    pthread_mutex_unlock(&d->lock);
    stop_all(&l);
    if (none) done(d->remote);
}

static void system_message(ukko_ref *to, uk_sysmsg *m) {
    if (m->kind == UK_SYS_NOTIFY && m->a) { /* of either kind both are possible */
        child_gone(of(to), m->a);
        parent_gone(of(to), m->a);
    }
    uk_sysmsg_free(m);
}

/* ---- looking up ---- */

/* The longest beginning of name that is a child's, and what is left behind it. Owned, or NULL. */
static ukko_ref *longest(uk_daemon *d, ukko_slice name, ukko_slice *rest) {
    size_t n = name.len;
    entry *e;
    pthread_mutex_lock(&d->lock);
    while (!(e = uk_map_get(&d->names, name.ptr, n)) && n)
        do n--;
        while (n && name.ptr[n] != '/');
    ukko_ref *ref = e ? uk_ref_retain(e->child) : NULL;
    pthread_mutex_unlock(&d->lock);
    *rest = (ukko_slice){name.ptr + n, name.len - n};
    return ref;
}

/* "pekko.tcp/A@h:1/user/w/kid": a child, or what is below it. */
static ukko_ref *child(ukko_ref *ref, ukko_slice name, int32_t uid) {
    ukko_slice rest, e, more;
    while (name.len && name.ptr[0] == '/') name.ptr++, name.len--;
    ukko_ref *at = longest(of(ref), name, &rest);
    bool any = uk_path_next(&rest, &e);
    if (at && !any && uid && at->uid != uid) {
        uk_ref_release(at);
        return NULL;
    }
    for (; any && at; e = more) {
        any = uk_path_next(&rest, &more);
        ukko_ref *next = at->vt->child ? at->vt->child(at, e, any ? 0 : uid) : NULL;
        uk_ref_release(at);
        at = next;
    }
    return at;
}

static ukko_slice without_uid(ukko_slice text, int32_t *uid) {
    uk_path p = {0};
    const uint8_t *hash = memchr(text.ptr, '#', text.len);
    *uid = 0;
    if (!hash) return text;
    uk_buf b = {0}; /* parsed as a path of one element */
    uk_buf_byte(&b, '/');
    uk_buf_put(&b, text.ptr, text.len);
    if (!uk_path_parse(uk_buf_slice(&b), &p)) *uid = p.uid;
    uk_buf_fini(&b);
    return (ukko_slice){text.ptr, (size_t)(hash - text.ptr)};
}

/* ---- messages ---- */

/* The names of a selection as one path; parents take the last one back. Gives how many steps. */
static size_t join(const uk_selection_body *s, uk_buf *out) {
    size_t i = 0;
    for (; i < s->n_steps && s->steps[i].kind != UK_STEP_PATTERN; i++) {
        if (s->steps[i].kind == UK_STEP_NAME) {
            uk_buf_byte(out, '/');
            uk_buf_put(out, s->steps[i].text.ptr, s->steps[i].text.len);
        } else {
            while (out->len && out->ptr[--out->len] != '/') {}
        }
    }
    return i;
}

static ukko_msg *left_over(const uk_selection_body *s, size_t i) {
    if (i == s->n_steps)
        return s->message ? ukko_msg_retain(s->message) : ukko_msg_new(&ukko_null_type);
    uk_selection_body rest = {s->message, s->steps + i, s->n_steps - i, s->fan_out};
    return ukko_msg_copy(&uk_selection_type, &rest);
}

/* Nobody has that name: as a selection that ends nowhere. */
static void nobody(ukko_ref *to, const uk_selection_body *s, ukko_ref *sender) {
    uk_buf b = {0};
    if (s->fan_out) return;
    uk_buf_str(&b, "/remote");
    for (size_t i = 0; i < s->n_steps; i++) {
        uk_buf_byte(&b, '/');
        if (s->steps[i].kind == UK_STEP_PARENT) uk_buf_str(&b, "..");
        else uk_buf_put(&b, s->steps[i].text.ptr, s->steps[i].text.len);
    }
    ukko_ref *empty = uk_system_nobody(to->sys, uk_buf_slice(&b));
    uk_dead_letter(to->sys, left_over(s, s->n_steps), sender, empty, "no such actor");
    uk_ref_release(empty);
    uk_buf_fini(&b);
}

static void select_child(ukko_ref *to, const ukko_msg *msg, ukko_ref *sender) {
    const uk_selection_body *s = UK_BODY(uk_selection_body, msg);
    uk_buf path = {0};
    int32_t uid;
    size_t i = join(s, &path);
    ukko_slice name = without_uid(uk_buf_slice(&path), &uid);
    ukko_ref *found = name.len ? child(to, name, uid) : NULL;
    if (found) uk_ref_tell(found, left_over(s, i), sender);
    else nobody(to, s, sender);
    uk_ref_release(found);
    uk_buf_fini(&path);
}

static void tell(ukko_ref *to, ukko_msg *msg, ukko_ref *sender) {
    if (msg->type == &ukko_identify_type) {
        uk_answer_identify(to->sys, msg, sender, to, sender); /* as Pekko */
    } else if (msg->type == &uk_selection_type) {
        select_child(to, msg, sender);
    } else {
        char text[300];
        ukko_msg_print(msg, text, sizeof text);
        uk_buf me = {0};
        uk_ref_show(to, &me);
        uk_log(to->sys, UKKO_LOG_WARN, "LocalActorRefProvider",
               "org.apache.pekko.actor.LocalActorRefProvider", "SECURITY", NULL,
               "Unknown message [%s] received by [Actor[%s]]", text, uk_buf_text(&me));
        uk_buf_fini(&me);
    }
    ukko_msg_release(msg);
}

/* ---- as a reference ---- */

static void print(ukko_ref *ref, uk_buf *out) {
    (void)ref;
    uk_buf_str(out, "/remote");
}

/* Children are left only when the system ends without its phases. */
static void free_ref(ukko_ref *ref) {
    uk_daemon *d = of(ref);
    size_t pos = 0;
    void *v;
    while (uk_map_next(&d->children, &pos, &v)) {
        entry *e = v;
        family *empty = take_out(d, e);
        if (empty) family_free(empty);
        uk_ref_release(e->child);
        uk_free(e);
    }
    uk_map_fini(&d->names);
    uk_map_fini(&d->children);
    uk_map_fini(&d->families);
    pthread_mutex_destroy(&d->lock);
    uk_ref_fini(ref);
    uk_free(ref);
}

static const uk_ref_vt daemon_vt = {.kind = UK_REF_DAEMON, .tell = tell, .system = system_message,
                                    .child = child, .print = print, .free = free_ref};

bool uk_daemon_is(const ukko_ref *ref) { return ref->vt == &daemon_vt; }

ukko_ref *uk_daemon_new(uk_remote *r) {
    uk_daemon *d = uk_zalloc(sizeof *d);
    uk_ref_init(&d->ref, &daemon_vt, r->sys, 0);
    d->remote = r;
    pthread_mutex_init(&d->lock, NULL);
    return &d->ref;
}
