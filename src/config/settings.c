/* SPDX-License-Identifier: Apache-2.0 */
/* What the comments of the built-in reference say about settings. That file keeps to one setting
   a line, so it is read by lines here. Any thread. */
#include "config/internal.h"

extern const unsigned char uk_reference_conf[];
extern const size_t uk_reference_conf_len;

enum { MAX_LEVELS = 32 };

typedef struct scan {
    uk_buf path, text, value;
    size_t ends[MAX_LEVELS]; /* length of path at each level */
    char marks[MAX_LEVELS];
    int level;
    char mark; /* of the item to come, 0: the section's */
    bool in_list, stop;
    uk_setting_fn f;
    void *data;
} scan;

static size_t key_length(const char *line, size_t n) {
    size_t i = 0;
    if (n && *line == '"') {
        for (i = 1; i < n && line[i] != '"'; i++) {}
        return i < n ? i + 1 : n;
    }
    while (i < n && line[i] != ' ') i++;
    return i;
}

static void open_level(scan *s, size_t mark_len, char mark) {
    if (s->level + 1 < MAX_LEVELS) s->level++;
    s->ends[s->level] = mark_len;
    s->marks[s->level] = mark;
}

static void item(scan *s, const char *line, size_t n, bool absent) {
    size_t key = key_length(line, n), outer = s->path.len;
    char mark = s->mark ? s->mark : s->marks[s->level];
    const char *rest = line + key;
    size_t rest_len = n - key;
    bool section = rest_len == 2 && rest[1] == '{';
    uk_buf_clear(&s->value);
    if (rest_len > 3 && rest[1] == '=') uk_buf_put(&s->value, rest + 3, rest_len - 3);
    if (s->path.len) uk_buf_byte(&s->path, '.');
    uk_buf_put(&s->path, line, key);
    s->stop =
        !s->f(s->data, uk_buf_text(&s->path), mark, absent, section ? NULL : uk_buf_text(&s->value),
              s->text.len ? uk_buf_text(&s->text) : NULL);
    s->mark = 0;
    uk_buf_clear(&s->text);
    if (section)
        open_level(s, outer, mark);
    else
        s->path.len = outer;
    s->in_list = !section && n && line[n - 1] == '[';
}

static void comment(scan *s, const char *line, size_t n) {
    if (n < 3 || !strchr("+-:", line[1])) return;
    if (line[1] == ':') {
        item(s, line + 3, n - 3, true);
        return;
    }
    s->mark = line[1];
    uk_buf_clear(&s->text);
    uk_buf_put(&s->text, line + 3, n - 3);
}

static void take_line(scan *s, const char *line, size_t n) {
    while (n && *line == ' ') line++, n--;
    if (s->in_list) {
        s->in_list = !(n && *line == ']');
    } else if (n && *line == '}') {
        s->path.len = s->ends[s->level];
        if (s->level) s->level--;
    } else if (n && *line == '#') {
        comment(s, line, n);
    } else if (n) {
        item(s, line, n, false);
    }
}

void uk_each_setting(uk_setting_fn f, void *data) {
    scan s = {.f = f, .data = data, .marks = {'+'}};
    const char *p = (const char *)uk_reference_conf, *end = p + uk_reference_conf_len;
    while (p < end && !s.stop) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        size_t n = (size_t)((nl ? nl : end) - p);
        take_line(&s, p, n);
        p += n + 1;
    }
    uk_buf_fini(&s.path);
    uk_buf_fini(&s.text);
    uk_buf_fini(&s.value);
}
