/* SPDX-License-Identifier: Apache-2.0 */
/* Java's object serialization, see java_stream.h and the protocol's own specification (version 5). All
   lengths are checked against the bytes that are there; depth and number of things have bounds. Main
   thread. */
#include "java_stream.h"
#include "cli.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_DEPTH = 100,
    MAX_HANDLES = 100000,
    MAX_CLASSES = 10000,
    MAX_HEX = 1024, /* bytes of a block that are shown */
    MAX_NAME = 512,
    FIRST_HANDLE = 0x7e0000
};

enum {
    TC_NULL = 0x70,
    TC_REFERENCE,
    TC_CLASSDESC,
    TC_OBJECT,
    TC_STRING,
    TC_ARRAY,
    TC_CLASS,
    TC_BLOCKDATA,
    TC_ENDBLOCKDATA,
    TC_RESET,
    TC_BLOCKDATALONG,
    TC_EXCEPTION,
    TC_LONGSTRING,
    TC_PROXYCLASSDESC,
    TC_ENUM
};

enum { WRITES = 1, SERIALIZABLE = 2, EXTERNALIZABLE = 4, BLOCKS = 8 };

typedef struct member {
    char type;           /* B C D F I J S Z L [ */
    uint16_t n;          /* of the name */
    const uint8_t *name; /* in the stream */
} member;

typedef struct desc {
    char name[MAX_NAME];
    int flags, n;
    member *members;
    struct desc *super;
    struct desc *next; /* of all, to free them */
} desc;

typedef struct handle { /* one of them is set; neither: still being read */
    desc *d;
    json_t *text;
    const char *class; /* of an object */
} handle;

typedef struct stream {
    const uint8_t *p, *end;
    bool bad;
    int depth;
    handle *handles;
    int n_handles, cap, n_classes;
    desc *all;
} stream;

/* ---- Bytes --------------------------------------------------------------------------- */

static const uint8_t *take(stream *s, uint64_t n) {
    static const uint8_t none[8];
    if (s->bad || n > (uint64_t)(s->end - s->p)) {
        s->bad = true;
        return none;
    }
    const uint8_t *at = s->p;
    s->p += n;
    return at;
}

static uint64_t number(stream *s, int width) {
    uint64_t v = 0;
    const uint8_t *p = take(s, (uint64_t)width);
    for (int i = 0; i < width; i++) v = v << 8 | p[i];
    return v;
}

/* Java's UTF-8 has surrogates by themselves and a NUL of two bytes: these become '?'. */
static json_t *text_of(const uint8_t *p, uint64_t n) {
    json_t *j = json_stringn((const char *)p, (size_t)n);
    if (j) return j;
    char *plain = malloc((size_t)n + 1);
    if (!plain) abort();
    for (uint64_t i = 0; i < n; i++) plain[i] = p[i] && p[i] < 128 ? (char)p[i] : '?';
    j = json_stringn(plain, (size_t)n);
    free(plain);
    return j;
}

static void plain_name(char *to, const uint8_t *p, size_t n) {
    size_t keep = n < MAX_NAME - 1 ? n : MAX_NAME - 1;
    for (size_t i = 0; i < keep; i++) to[i] = p[i] > 32 && p[i] < 127 ? (char)p[i] : '?';
    to[keep] = '\0';
}

static void name_of(stream *s, char *to) {
    uint64_t n = number(s, 2);
    const uint8_t *p = take(s, n);
    plain_name(to, p, s->bad ? 0 : (size_t)n);
}

static json_t *hex_of(const uint8_t *p, uint64_t n) {
    static const char digits[] = "0123456789abcdef";
    char text[2 * MAX_HEX + 4];
    size_t at = 0;
    for (uint64_t i = 0; i < n && i < MAX_HEX; i++) {
        text[at++] = digits[p[i] >> 4];
        text[at++] = digits[p[i] & 15];
    }
    snprintf(text + at, sizeof text - at, n > MAX_HEX ? "..." : "");
    return json_string(text);
}

/* ---- Handles ------------------------------------------------------------------------- */

static int new_handle(stream *s) {
    if (s->n_handles == MAX_HANDLES) s->bad = true;
    if (s->bad) return 0;
    if (s->n_handles == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 64;
        s->handles = realloc(s->handles, (size_t)s->cap * sizeof *s->handles);
        if (!s->handles) abort();
    }
    s->handles[s->n_handles] = (handle){NULL, NULL, NULL};
    return s->n_handles++;
}

static handle *old_handle(stream *s) {
    uint64_t n = number(s, 4) - FIRST_HANDLE;
    if (!s->bad && n < (uint64_t)s->n_handles) return &s->handles[n];
    s->bad = true;
    return NULL;
}

static void forget_handles(stream *s) {
    for (int i = 0; i < s->n_handles; i++) json_decref(s->handles[i].text);
    s->n_handles = 0;
}

/* ---- Descriptions of classes --------------------------------------------------------- */

static json_t *content(stream *s, int tag);
static desc *class_desc(stream *s);

static desc *new_desc(stream *s) {
    desc *d = calloc(1, sizeof *d);
    if (!d) abort();
    if (++s->n_classes > MAX_CLASSES) s->bad = true;
    d->next = s->all;
    return s->all = d;
}

/* What a class has written by itself, up to its end; NULL in list: not kept. */
static void annotation(stream *s, json_t *list) {
    for (;;) {
        int tag = (int)number(s, 1);
        if (s->bad || tag == TC_ENDBLOCKDATA) return;
        json_t *j = content(s, tag);
        if (list) json_array_append_new(list, j);
        else json_decref(j);
    }
}

static void read_members(stream *s, desc *d) {
    d->n = (int)number(s, 2);
    if (d->n > s->end - s->p) s->bad = true; /* each takes more than a byte */
    d->members = s->bad ? NULL : calloc((size_t)d->n + 1, sizeof *d->members);
    for (int i = 0; i < d->n && !s->bad; i++) {
        member *m = &d->members[i];
        m->type = (char)number(s, 1);
        m->n = (uint16_t)number(s, 2);
        m->name = take(s, m->n);
        if (m->type == 'L' || m->type == '[') json_decref(content(s, (int)number(s, 1)));
        else if (!strchr("BCDFIJSZ", m->type) || !m->type) s->bad = true;
    }
    if (s->bad) d->n = 0;
}

static desc *plain_desc(stream *s) {
    desc *d = new_desc(s);
    name_of(s, d->name);
    number(s, 8);
    int h = new_handle(s);
    if (!s->bad) s->handles[h].d = d;
    d->flags = (int)number(s, 1);
    read_members(s, d);
    annotation(s, NULL);
    d->super = class_desc(s);
    return d;
}

static desc *proxy_desc(stream *s) {
    desc *d = new_desc(s);
    char name[MAX_NAME] = "";
    int h = new_handle(s);
    if (!s->bad) s->handles[h].d = d;
    uint64_t n = number(s, 4);
    for (uint64_t i = 0; i < n && !s->bad; i++) name_of(s, name);
    snprintf(d->name, sizeof d->name, "proxy:%.500s", name);
    d->flags = SERIALIZABLE;
    annotation(s, NULL);
    d->super = class_desc(s);
    return d;
}

/* NULL: none, or bad */
static desc *class_desc(stream *s) {
    desc *d = NULL;
    int tag = (int)number(s, 1);
    if (s->bad || ++s->depth > MAX_DEPTH) {
        s->bad = true;
        return NULL;
    }
    if (tag == TC_CLASSDESC) d = plain_desc(s);
    else if (tag == TC_PROXYCLASSDESC) d = proxy_desc(s);
    else if (tag == TC_REFERENCE) {
        handle *h = old_handle(s);
        d = h ? h->d : NULL;
        if (!d) s->bad = true;
    } else if (tag != TC_NULL) s->bad = true;
    s->depth--;
    return d;
}

/* ---- Values -------------------------------------------------------------------------- */

static json_t *real(double v) {
    return isnan(v)   ? json_string("NaN")
           : isinf(v) ? json_string(v > 0 ? "Infinity" : "-Infinity")
                      : json_real(v);
}

static json_t *char_value(unsigned c) {
    char text[4];
    if (c >= 0xd800 && c < 0xe000) return json_string("?");
    if (c < 0x80) snprintf(text, sizeof text, "%c", (int)c);
    else if (c < 0x800)
        snprintf(text, sizeof text, "%c%c", (int)(0xc0 | c >> 6), (int)(0x80 | (c & 63)));
    else
        snprintf(text, sizeof text, "%c%c%c", (int)(0xe0 | c >> 12), (int)(0x80 | (c >> 6 & 63)),
                 (int)(0x80 | (c & 63)));
    return c ? json_string(text) : json_string("");
}

static json_t *value(stream *s, char type) {
    union {
        uint64_t n;
        double d;
    } wide;
    union {
        uint32_t n;
        float f;
    } narrow;
    switch (type) {
    case 'B': return json_integer((int8_t)number(s, 1));
    case 'S': return json_integer((int16_t)number(s, 2));
    case 'I': return json_integer((int32_t)number(s, 4));
    case 'J': return json_integer((json_int_t)number(s, 8));
    case 'Z': return json_boolean(number(s, 1));
    case 'C': return char_value((unsigned)number(s, 2));
    case 'F': narrow.n = (uint32_t)number(s, 4); return real((double)narrow.f);
    case 'D': wide.n = number(s, 8); return real(wide.d);
    default: return content(s, (int)number(s, 1));
    }
}

/* A class of its own above may have a field of the same name. */
static void put_field(json_t *fields, const desc *d, const member *m, json_t *v) {
    char own[MAX_NAME], whole[2 * MAX_NAME];
    plain_name(own, m->name, m->n);
    snprintf(whole, sizeof whole, "%s.%s", d->name, own);
    json_object_set_new(fields, json_object_get(fields, own) ? whole : own, v);
}

/* From the topmost class down. */
static void class_data(stream *s, const desc *d, json_t *fields, json_t *written, int depth) {
    if (!d || s->bad) return;
    if (depth > MAX_DEPTH) {
        s->bad = true;
        return;
    }
    class_data(s, d->super, fields, written, depth + 1);
    if (d->flags & SERIALIZABLE) {
        for (int i = 0; i < d->n && !s->bad; i++)
            put_field(fields, d, &d->members[i], value(s, d->members[i].type));
        if (d->flags & WRITES) annotation(s, written);
    } else if (d->flags & EXTERNALIZABLE) {
        if (d->flags & BLOCKS) annotation(s, written);
        else s->bad = true; /* only the class knows where it ends */
    }
}

static json_t *object(stream *s) {
    const desc *d = class_desc(s);
    json_t *j = json_object(), *fields = json_object(), *written = json_array();
    int h = new_handle(s);
    if (!d) s->bad = true;
    if (!s->bad) s->handles[h].class = d->name;
    json_object_set_new(j, "class", json_string(d ? d->name : "?"));
    json_object_set_new(j, "fields", fields);
    class_data(s, d, fields, written, 0);
    if (json_array_size(written)) json_object_set(j, "written", written);
    json_decref(written);
    return j;
}

static json_t *array(stream *s) {
    const desc *d = class_desc(s);
    int h = new_handle(s);
    uint64_t n = number(s, 4);
    if (!d || d->name[0] != '[' || n > (uint64_t)(s->end - s->p)) s->bad = true;
    if (s->bad) return json_null();
    s->handles[h].class = d->name;
    if (d->name[1] == 'B') return hex_of(take(s, n), n);
    json_t *j = json_array();
    for (uint64_t i = 0; i < n && !s->bad; i++) json_array_append_new(j, value(s, d->name[1]));
    return j;
}

static json_t *constant(stream *s) {
    const desc *d = class_desc(s);
    int h = new_handle(s);
    if (!s->bad && d) s->handles[h].class = d->name;
    json_t *name = content(s, (int)number(s, 1));
    return json_pack("{s:s, s:o}", "class", d ? d->name : "?", "name", name);
}

static json_t *string(stream *s, int width) {
    int h = new_handle(s);
    uint64_t n = number(s, width);
    const uint8_t *p = take(s, n);
    if (s->bad) return json_null();
    json_t *j = text_of(p, n);
    s->handles[h].text = json_incref(j);
    return j;
}

static json_t *again(stream *s) {
    handle *h = old_handle(s);
    if (!h) return json_null();
    if (h->text) return json_incref(h->text);
    return json_pack("{s:s}", "again", h->class ? h->class : h->d ? h->d->name : "?");
}

static json_t *class_object(stream *s) {
    const desc *d = class_desc(s);
    new_handle(s);
    return json_pack("{s:s, s:s}", "class", "java.lang.Class", "name", d ? d->name : "?");
}

static json_t *block(stream *s, int width) {
    uint64_t n = number(s, width);
    const uint8_t *p = take(s, n);
    return s->bad ? json_null() : hex_of(p, n);
}

static json_t *content(stream *s, int tag) {
    json_t *j = NULL;
    if (s->bad || ++s->depth > MAX_DEPTH) {
        s->bad = true;
        return json_null();
    }
    switch (tag) {
    case TC_NULL: j = json_null(); break;
    case TC_REFERENCE: j = again(s); break;
    case TC_OBJECT: j = object(s); break;
    case TC_STRING: j = string(s, 2); break;
    case TC_LONGSTRING: j = string(s, 8); break;
    case TC_ARRAY: j = array(s); break;
    case TC_ENUM: j = constant(s); break;
    case TC_CLASS: j = class_object(s); break;
    case TC_BLOCKDATA: j = block(s, 1); break;
    case TC_BLOCKDATALONG: j = block(s, 4); break;
    case TC_CLASSDESC: /* a description by itself */
    case TC_PROXYCLASSDESC:
        s->p--;
        class_desc(s);
        j = json_null();
        break;
    case TC_RESET:
        forget_handles(s);
        j = content(s, (int)number(s, 1));
        break;
    default: s->bad = true; j = json_null();
    }
    s->depth--;
    return j;
}

json_t *java_describe(const uint8_t *bytes, size_t len) {
    stream s = {.p = bytes + 4, .end = bytes + len};
    if (len < 5 || memcmp(bytes, "\xac\xed\0\5", 4) != 0) return NULL;
    json_t *j = content(&s, (int)number(&s, 1));
    if (s.bad) {
        json_t *whole = json_is_object(j) ? json_incref(j) : json_object();
        json_object_set_new(whole, "incomplete", json_true());
        json_decref(j);
        j = whole;
    }
    forget_handles(&s);
    free(s.handles);
    for (desc *d = s.all, *next; d; d = next) {
        next = d->next;
        free(d->members);
        free(d);
    }
    return j;
}
