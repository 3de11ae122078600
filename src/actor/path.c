/* SPDX-License-Identifier: Apache-2.0 */
/* Parsing and checking of actor paths, addresses, names and globs. Pure: views into the caller's
   bytes, no allocation. Any thread. */
#include "actor/path.h"
#include <arpa/inet.h>
#include <stdio.h>

static bool alnum(uint8_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
static bool hex(uint8_t c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
static ukko_slice sub(ukko_slice s, size_t from, size_t to) {
    return (ukko_slice){s.ptr + from, to - from};
}
static size_t find(ukko_slice s, uint8_t c, size_t from) {
    if (from >= s.len) return s.len;
    const uint8_t *p = memchr(s.ptr + from, c, s.len - from);
    return p ? (size_t)(p - s.ptr) : s.len;
}

/* "#uid" text: an optional sign and a signed 32-bit decimal, as Java's toInt takes it. */
static int parse_uid(ukko_slice s, int32_t *out) {
    size_t i = s.len && (s.ptr[0] == '-' || s.ptr[0] == '+');
    int64_t v = 0;
    if (i == s.len) return UKKO_EINVAL;
    for (; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') return UKKO_EINVAL;
        v = v * 10 + (s.ptr[i] - '0');
        if (v > (int64_t)INT32_MAX + 1) return UKKO_EINVAL;
    }
    if (s.ptr[0] == '-') v = -v;
    if (v > INT32_MAX) return UKKO_EINVAL;
    *out = (int32_t)v;
    return UKKO_OK;
}
static int parse_port(ukko_slice s, int32_t *out) {
    int64_t v = 0;
    if (!s.len || s.len > 10) return UKKO_EPARSE;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') return UKKO_EPARSE;
        v = v * 10 + (s.ptr[i] - '0');
    }
    if (v > INT32_MAX) return UKKO_EPARSE;
    *out = (int32_t)v;
    return UKKO_OK;
}
bool uk_system_name_valid(const char *name) {
    if (!name || !alnum((uint8_t)name[0])) return false;
    for (const char *p = name; *p; p++)
        if (!alnum((uint8_t)*p) && *p != '-' && *p != '_') return false;
    return true;
}
/* Of a foreign system; Java takes letters of all alphabets there. */
static bool system_ok(ukko_slice s) {
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        if (!alnum(c) && c < 0x80 && (!c || !strchr("-_.~!$&'()*+,;:=%", c))) return false;
    }
    return true;
}
bool uk_host_valid(ukko_slice host) {
    if (!host.len) return false;
    if (host.ptr[0] == '[') {
        if (host.len < 4 || host.ptr[host.len - 1] != ']') return false;
        for (size_t i = 1; i + 1 < host.len; i++)
            if (!hex(host.ptr[i]) && !strchr(":.%", host.ptr[i]) && !alnum(host.ptr[i]))
                return false;
        return true;
    }
    size_t label = 0; /* start of the last label: '_' is refused there, as java.net.URI does */
    for (size_t i = 0; i < host.len; i++) {
        if (host.ptr[i] == '.') label = i + 1;
        else if (!alnum(host.ptr[i]) && host.ptr[i] != '-' && host.ptr[i] != '_') return false;
    }
    return find(sub(host, label, host.len), '_', 0) == host.len - label;
}
/* Four numbers up to 255, as java.net.URI takes them. */
static bool dotted(ukko_slice host) {
    size_t i = 0;
    for (int part = 0; part < 4; part++) {
        size_t from = i;
        int v = 0;
        for (; i < host.len && host.ptr[i] >= '0' && host.ptr[i] <= '9' && v < 256; i++)
            v = v * 10 + host.ptr[i] - '0';
        if (i == from || v > 255) return false;
        if (part < 3 && (i == host.len || host.ptr[i++] != '.')) return false;
    }
    return i == host.len;
}
/* The labels of a name: not empty but for a last one, no '-' at their ends, the last of several
   begins with a letter. */
static bool labels_ok(ukko_slice host) {
    size_t from = 0, last = 0;
    for (; from < host.len; from = find(host, '.', from) + 1) {
        size_t end = find(host, '.', from);
        if (end == from || host.ptr[from] == '-' || host.ptr[end - 1] == '-') return false;
        last = from;
    }
    return !last || host.ptr[last] < '0' || host.ptr[last] > '9';
}
/* What stands in a path has to be a host for java.net.URI, too. */
static bool path_host_ok(ukko_slice host) {
    if (!uk_host_valid(host)) return false;
    if (host.ptr[0] != '[') return dotted(host) || labels_ok(host);
    char literal[INET6_ADDRSTRLEN + 1] = "";
    struct in6_addr six;
    ukko_slice inner = sub(host, 1, host.len - 1);
    size_t n = find(inner, '%', 0); /* without the zone */
    if (n >= sizeof literal) return false;
    memcpy(literal, inner.ptr, n);
    return inet_pton(AF_INET6, literal, &six) == 1;
}
static bool scheme_ok(ukko_slice s) {
    if (!s.len || !alnum(s.ptr[0]) || (s.ptr[0] >= '0' && s.ptr[0] <= '9')) return false;
    for (size_t i = 0; i < s.len; i++)
        if (!alnum(s.ptr[i]) && !strchr("+-.", s.ptr[i])) return false;
    return true;
}
static int parse_authority(ukko_slice a, uk_path *out) {
    size_t at = find(a, '@', 0);
    if (at == a.len) { /* the local form: proto://system */
        out->system = a;
        return a.len && system_ok(a) && find(a, ':', 0) == a.len ? UKKO_OK : UKKO_EPARSE;
    }
    out->system = sub(a, 0, at);
    ukko_slice hp = sub(a, at + 1, a.len);
    size_t colon = hp.len;
    while (colon > 0 && hp.ptr[colon - 1] != ':') colon--;
    if (!colon || !system_ok(out->system)) return UKKO_EPARSE;
    out->host = sub(hp, 0, colon - 1);
    if (!uk_host_valid(out->host)) return UKKO_EPARSE;
    return parse_port(sub(hp, colon, hp.len), &out->port);
}
/* Characters that java.net.URI lets stand in a raw path, and a few more behind it. */
static bool chars_ok(ukko_slice s, const char *more) {
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        if (alnum(c) || (c && (strchr("-_.~!$&'()*+,;=:@/", c) || strchr(more, c))) || c >= 0x80)
            continue;
        if (c != '%' || i + 2 >= s.len || !hex(s.ptr[i + 1]) || !hex(s.ptr[i + 2])) return false;
        i += 2;
    }
    return true;
}
/* Cuts "/a/b?query#fragment"; the fragment keeps its '#'. */
static bool cut_tail(ukko_slice s, ukko_slice *path, ukko_slice *fragment) {
    size_t hash = find(s, '#', 0), query = find(sub(s, 0, hash), '?', 0);
    *path = sub(s, 0, query);
    *fragment = sub(s, hash, s.len);
    return chars_ok(*path, "") && chars_ok(sub(s, query, hash), "?[]") &&
           (!fragment->len || chars_ok(sub(s, hash + 1, s.len), "?[]"));
}
static int parse_tail(ukko_slice s, uk_path *out) {
    ukko_slice fragment;
    if (!cut_tail(s, &out->elements, &fragment)) return UKKO_EPARSE;
    return fragment.len ? parse_uid(sub(fragment, 1, fragment.len), &out->uid) : UKKO_OK;
}
/* What follows "//" up to the path may be a host, or any name. */
static bool authority_ok(ukko_slice a) {
    size_t at = find(a, '@', 0), from = at == a.len ? 0 : at + 1, end = find(a, ']', from);
    if (find(a, '[', 0) == a.len) return chars_ok(a, "") && find(a, '/', 0) == a.len;
    if (!system_ok(sub(a, 0, from ? at : 0)) && from) return false;
    return end < a.len && path_host_ok(sub(a, from, end + 1)) &&
           (end + 1 == a.len || (a.ptr[end + 1] == ':' && chars_ok(sub(a, end + 2, a.len), "")));
}
bool uk_path_relative(ukko_slice text, ukko_slice *path, ukko_slice *uid) {
    size_t i = 0;
    while (i < text.len && !memchr(":/?#", text.ptr[i], 4)) i++;
    if (i < text.len && text.ptr[i] == ':') return false;
    if (text.len > 1 && text.ptr[0] == '/' && text.ptr[1] == '/') {
        size_t end = 2;
        while (end < text.len && !memchr("/?#", text.ptr[end], 3)) end++;
        if (end == 2 ? end == text.len : !authority_ok(sub(text, 2, end))) return false;
        text = sub(text, end, text.len);
    }
    return cut_tail(text, path, uid);
}
static int parse(ukko_slice text, uk_path *out) {
    *out = (uk_path){.port = -1};
    if (text.len && text.ptr[0] == '/') return parse_tail(text, out);
    size_t colon = find(text, ':', 0);
    if (colon + 3 > text.len || memcmp(text.ptr + colon, "://", 3)) return UKKO_EPARSE;
    out->protocol = sub(text, 0, colon);
    size_t end = colon + 3;
    while (end < text.len && !memchr("/#?", text.ptr[end], 3)) end++;
    out->address = sub(text, 0, end);
    if (!scheme_ok(out->protocol) || parse_authority(sub(text, colon + 3, end), out))
        return UKKO_EPARSE;
    return parse_tail(sub(text, end, text.len), out);
}
int uk_path_parse(ukko_slice text, uk_path *out) {
    int rc = parse(text, out);
    return rc || !out->host.len || path_host_ok(out->host) ? rc : UKKO_EPARSE;
}
int uk_address_parse(ukko_slice text, uk_path *out) {
    int rc = parse(text, out);
    if (!rc && (out->address.len != text.len || !text.len || out->port > 65535)) rc = UKKO_EPARSE;
    return rc;
}
static size_t decimal_len(int64_t v) {
    size_t n = v < 0 ? 2 : 1;
    for (v = v < 0 ? -v : v; v > 9; v /= 10) n++;
    return n;
}
bool uk_path_is_canonical(ukko_slice text, const uk_path *p) {
    ukko_slice e = p->elements;
    size_t names = p->protocol.len + p->system.len + p->host.len + sizeof "://@:" - 1;
    size_t uid = p->uid ? 1 + decimal_len(p->uid) : 0;
    if (text.len != names + decimal_len(p->port) + e.len + uid) return false;
    for (size_t i = 1; i < e.len; i++)
        if (e.ptr[i] == '/' && (e.ptr[i - 1] == '/' || i + 1 == e.len)) return false;
    return true;
}
void uk_path_put_canonical(uk_buf *out, const uk_path *p) {
    ukko_slice rest = p->elements, e;
    uk_buf_put(out, p->address.ptr, (size_t)(p->host.ptr + p->host.len - p->address.ptr));
    uk_buf_printf(out, ":%d", p->port);
    size_t before = out->len;
    while (uk_path_next(&rest, &e)) {
        uk_buf_byte(out, '/');
        uk_buf_put(out, e.ptr, e.len);
    }
    if (out->len == before && p->elements.len) uk_buf_byte(out, '/');
    if (p->uid) uk_buf_printf(out, "#%d", p->uid);
}
int uk_path_name_split(ukko_slice text, ukko_slice *name, int32_t *uid) {
    size_t hash = find(text, '#', 0);
    *name = sub(text, 0, hash);
    *uid = 0;
    if (find(*name, '/', 0) < name->len) return UKKO_EINVAL;
    return hash == text.len ? UKKO_OK : parse_uid(sub(text, hash + 1, text.len), uid);
}
bool uk_path_next(ukko_slice *rest, ukko_slice *element) {
    size_t i = 0;
    while (i < rest->len && rest->ptr[i] == '/') i++;
    size_t end = find(*rest, '/', i);
    if (i == rest->len) return false;
    *element = sub(*rest, i, end);
    *rest = sub(*rest, end, rest->len);
    return true;
}
bool uk_path_element_valid(ukko_slice s) { return uk_path_element_fault(s) < 0; }
int uk_path_element_fault(ukko_slice s) {
    if (!s.len || s.ptr[0] == '$') return 0;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        if (alnum(c) || (c && strchr("-_.*$+:@&=,!~';", c))) continue;
        if (c != '%' || i + 2 >= s.len || !hex(s.ptr[i + 1]) || !hex(s.ptr[i + 2])) return (int)i;
        i += 2;
    }
    return -1;
}
/* Greedy with one resume point: linear in pattern times name, no recursion. */
bool uk_glob_match(ukko_slice p, ukko_slice n) {
    size_t i = 0, k = 0, star = SIZE_MAX, mark = 0;
    while (k < n.len) {
        if (i < p.len && p.ptr[i] == '*') {
            star = i++;
            mark = k;
        } else if (i < p.len && (p.ptr[i] == '?' || p.ptr[i] == n.ptr[k])) {
            i++;
            k++;
        } else if (star != SIZE_MAX) {
            i = star + 1;
            k = ++mark;
        } else {
            return false;
        }
    }
    while (i < p.len && p.ptr[i] == '*') i++;
    return i == p.len;
}
size_t uk_base64_name(uint64_t n, const char *prefix, char *buf, size_t len) {
    static const char digits[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+~";
    size_t i = 0, end = len - 1;
    for (; prefix[i] && i < end; i++) buf[i] = prefix[i];
    for (; i < end; n >>= 6) {
        buf[i++] = digits[n & 63];
        if (n < 64) break;
    }
    buf[i] = 0;
    return i;
}
