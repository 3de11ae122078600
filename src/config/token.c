/* SPDX-License-Identifier: Apache-2.0 */
/* The tokenizer: comments and blanks go, newlines collapse, strings are unescaped. */
#include "config/token.h"
#include <stdio.h>

/* Classes of bytes. */
enum {
    STOP = 1,   /* ends unquoted text: reserved, a space, or the start of a longer one */
    DIGIT = 2,  /* may start a number */
    NUMBER = 4, /* may go on in a number */
    MAYBE = 8   /* first byte of a wide space, or a slash: look closer */
};
static const uint8_t classes[256] = {[9] = STOP,
                                     [10] = STOP,
                                     [11] = STOP,
                                     [12] = STOP,
                                     [13] = STOP,
                                     [28] = STOP,
                                     [29] = STOP,
                                     [30] = STOP,
                                     [31] = STOP,
                                     [' '] = STOP,
                                     ['$'] = STOP,
                                     ['"'] = STOP,
                                     ['{'] = STOP,
                                     ['}'] = STOP,
                                     ['['] = STOP,
                                     [']'] = STOP,
                                     [':'] = STOP,
                                     ['='] = STOP,
                                     [','] = STOP,
                                     ['+'] = STOP | NUMBER,
                                     ['#'] = STOP,
                                     ['`'] = STOP,
                                     ['^'] = STOP,
                                     ['?'] = STOP,
                                     ['!'] = STOP,
                                     ['@'] = STOP,
                                     ['*'] = STOP,
                                     ['&'] = STOP,
                                     ['\\'] = STOP,
                                     ['0'] = DIGIT | NUMBER,
                                     ['1'] = DIGIT | NUMBER,
                                     ['2'] = DIGIT | NUMBER,
                                     ['3'] = DIGIT | NUMBER,
                                     ['4'] = DIGIT | NUMBER,
                                     ['5'] = DIGIT | NUMBER,
                                     ['6'] = DIGIT | NUMBER,
                                     ['7'] = DIGIT | NUMBER,
                                     ['8'] = DIGIT | NUMBER,
                                     ['9'] = DIGIT | NUMBER,
                                     ['-'] = DIGIT | NUMBER,
                                     ['.'] = NUMBER,
                                     ['e'] = NUMBER,
                                     ['E'] = NUMBER,
                                     ['/'] = MAYBE,
                                     [0xC2] = MAYBE,
                                     [0xE1] = MAYBE,
                                     [0xE2] = MAYBE,
                                     [0xE3] = MAYBE,
                                     [0xEF] = MAYBE};

void uk_lexer_init(uk_lexer *lx, uk_arena *a, ukko_slice text, bool json, uint32_t max_depth) {
    *lx = (uk_lexer){.start = text.ptr,
                     .p = text.ptr,
                     .end = text.ptr + text.len,
                     .arena = a,
                     .line = 1,
                     .max_depth = max_depth,
                     .json = json};
}

static void problem(uk_lexer *lx, uk_token *t, const char *text) {
    snprintf(lx->problem, sizeof lx->problem, "%s", text);
    t->type = UK_T_PROBLEM;
    t->line = lx->line;
}

static void char_name(const uint8_t *p, const uint8_t *end, char *buf, size_t len) {
    if (p >= end)
        snprintf(buf, len, "the end of the file");
    else if (*p == '\n')
        snprintf(buf, len, "the end of the line");
    else if (*p == '\t')
        snprintf(buf, len, "a tab");
    else if (*p < 32 || *p >= 127)
        snprintf(buf, len, "byte 0x%02x", *p);
    else
        snprintf(buf, len, "'%c'", *p);
}

static void problem_at(uk_lexer *lx, uk_token *t, const char *format, const uint8_t *at) {
    char name[32], text[160];
    char_name(at, lx->end, name, sizeof name);
    /* format is one of this file's own literals with a single %s */
    const char *mark = strstr(format, "%s");
    snprintf(text, sizeof text, "%.*s%s%s", (int)(mark - format), format, name, mark + 2);
    problem(lx, t, text);
}

/* ---- Quoted strings. ---- */

static bool hex4(const uint8_t *p, const uint8_t *end, uint32_t *out) {
    uint32_t v = 0;
    if (end - p < 4) return false;
    /* Java's parseInt takes a sign too, so "+041" is an A there; below 0 it fails. */
    int from = *p == '+' || *p == '-' ? 1 : 0;
    for (int i = from; i < 4; i++) {
        uint32_t c = p[i], low = c | 32;
        if (c >= '0' && c <= '9')
            v = v * 16 + (c - '0');
        else if (low >= 'a' && low <= 'f')
            v = v * 16 + (low - 'a' + 10);
        else
            return false;
    }
    *out = v;
    return *p != '-' || !v;
}

/* After the \u: gives the end, NULL when malformed. Surrogates pair up, lone ones are replaced. */
static const uint8_t *unescape_unicode(const uint8_t *p, const uint8_t *end, uk_buf *out) {
    uint32_t c, low;
    if (!hex4(p, end, &c)) return NULL;
    p += 4;
    if (c >= 0xD800 && c <= 0xDBFF && end - p >= 6 && p[0] == '\\' && p[1] == 'u' &&
        hex4(p + 2, end, &low) && low >= 0xDC00 && low <= 0xDFFF) {
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        p += 6;
    } else if (c >= 0xD800 && c <= 0xDFFF) {
        c = 0xFFFD;
    }
    uk_buf_reserve(out, 4);
    out->len += uk_utf8_put(out->ptr + out->len, c);
    return p;
}

/* One escape after its backslash; NULL with a problem in *t. */
static const uint8_t *unescape(uk_lexer *lx, const uint8_t *p, uk_buf *out, uk_token *t) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (p >= lx->end) {
        problem(lx, t, "expected a character after the backslash, not the end of the file");
        return NULL;
    }
    if (*p == 'u') {
        const uint8_t *next = unescape_unicode(p + 1, lx->end, out);
        if (!next) problem(lx, t, "expected four hexadecimal digits after \\u");
        return next;
    }
    const char *at = *p ? strchr(from, *p) : NULL;
    if (!at) {
        problem_at(lx, t,
                   "a backslash may not stand before %s; write \\\\ for the backslash itself", p);
        return NULL;
    }
    uk_buf_byte(out, (uint8_t)to[at - from]);
    return p + 1;
}

static void string_value(uk_lexer *lx, uk_token *t, const uint8_t *p, size_t len) {
    t->type = UK_T_STRING;
    t->text = (ukko_slice){p, len};
    t->line = lx->line;
}

static void lex_triple(uk_lexer *lx, uk_token *t) {
    const uint8_t *p = lx->p + 2, *from = p;
    int quotes = 0;
    for (;; p++) {
        if (p < lx->end && *p == '"') {
            quotes++;
            continue;
        }
        if (quotes >= 3) break;
        quotes = 0;
        if (p >= lx->end) {
            problem(lx, t, "expected \"\"\" to close the string, not the end of the file");
            return;
        }
        if (*p == '\n') lx->line++;
    }
    lx->p = p;
    string_value(lx, t, from, (size_t)(p - 3 - from));
}

/* From the first byte that cannot be copied as it stands. */
static void lex_escaped(uk_lexer *lx, uk_token *t, const uint8_t *p) {
    uk_buf out = {0};
    uk_buf_put(&out, lx->p, (size_t)(p - lx->p));
    while (p) {
        const uint8_t *from = p;
        while (p < lx->end && *p >= 32 && *p != '"' && *p != '\\') p++;
        uk_buf_put(&out, from, (size_t)(p - from));
        if (p >= lx->end) {
            problem(lx, t, "expected a quote to close the string, not the end of the file");
            p = NULL;
        } else if (*p == '"') {
            string_value(lx, t, (uint8_t *)uk_arena_text(lx->arena, out.ptr, out.len), out.len);
            lx->p = p + 1;
            break;
        } else if (*p == '\\') {
            p = unescape(lx, p + 1, &out, t);
        } else {
            problem_at(lx, t, "%s may not stand in a quoted string as it is; write its escape", p);
            p = NULL;
        }
    }
    uk_buf_fini(&out);
}

static void lex_string(uk_lexer *lx, uk_token *t) {
    const uint8_t *p = lx->p; /* after the quote */
    while (p < lx->end && *p >= 32 && *p != '"' && *p != '\\') p++;
    if (p >= lx->end || *p != '"') {
        lex_escaped(lx, t, p);
    } else if (p == lx->p && lx->end - p > 1 && p[1] == '"') {
        lex_triple(lx, t);
    } else {
        string_value(lx, t, lx->p, (size_t)(p - lx->p));
        lx->p = p + 1;
    }
}

/* ---- Numbers and words. ---- */

static void lex_number(uk_lexer *lx, uk_token *t) {
    const uint8_t *p = lx->p + 1;
    while (p < lx->end && classes[*p] & NUMBER) p++;
    ukko_slice s = {lx->p, (size_t)(p - lx->p)};
    bool real = false, plus = false;
    for (size_t i = 0; i < s.len; i++) {
        real |= s.ptr[i] == '.' || (s.ptr[i] | 32) == 'e';
        plus |= s.ptr[i] == '+';
    }
    t->text = s;
    t->line = lx->line;
    if (real ? uk_parse_double(s, &t->d) : uk_parse_long(s, &t->i)) {
        t->type = real ? UK_T_DOUBLE : UK_T_INT;
    } else if (plus) {
        problem(lx, t, "'+' may not stand outside quotes");
        return;
    } else {
        t->type = UK_T_TEXT;
    }
    lx->p = p;
}

static bool starts(const uint8_t *p, const uint8_t *end, const char *word, size_t len) {
    return (size_t)(end - p) >= len && !memcmp(p, word, len);
}

static void lex_word(uk_lexer *lx, uk_token *t) {
    const uint8_t *p = lx->p;
    t->line = lx->line;
    t->type = UK_T_TEXT;
    size_t n = 0;
    if (*p == 't' && starts(p, lx->end, "true", 4)) t->type = UK_T_BOOL, n = 4;
    if (*p == 'f' && starts(p, lx->end, "false", 5)) t->type = UK_T_BOOL, n = 5;
    if (*p == 'n' && starts(p, lx->end, "null", 4)) t->type = UK_T_NULL, n = 4;
    t->truth = *p == 't';
    for (; !n && p < lx->end; p++) {
        uint8_t c = classes[*p];
        if (!(c & (STOP | MAYBE))) continue;
        if (c & STOP) break;
        if (*p == '/' ? !lx->json && p + 1 < lx->end && p[1] == '/' : uk_space_len(p, lx->end) > 0)
            break;
    }
    if (!n) n = (size_t)(p - lx->p);
    t->text = (ukko_slice){lx->p, n};
    lx->p += n;
}

/* ---- Substitutions. ---- */

static void lex_subst_path(uk_lexer *lx, uk_token *t) {
    int32_t line = lx->line;
    uk_keypath_builder b;
    uk_keypath_begin(&b, lx->arena);
    for (;;) {
        uk_token part;
        uk_lex(lx, &part);
        if (part.type == UK_T_CLOSE_CURLY) break;
        if (part.type == UK_T_END) {
            problem(lx, &part, "expected } to close the substitution");
            part.line = line;
        }
        if (part.type == UK_T_PROBLEM) {
            b.bad = true;
            uk_keypath_end(&b);
            t->type = UK_T_PROBLEM;
            t->line = part.line;
            return;
        }
        if (part.type == UK_T_SUBST || !uk_token_is_piece(&part))
            b.bad = true;
        else
            uk_keypath_add(&b, part.text.ptr, part.text.len, part.type == UK_T_STRING);
    }
    t->type = UK_T_SUBST;
    t->line = line;
    t->path = uk_keypath_end(&b);
}

static void lex_subst(uk_lexer *lx, uk_token *t) {
    if (lx->p >= lx->end || *lx->p != '{') {
        problem_at(lx, t, "expected { after $, not %s", lx->p);
        return;
    }
    lx->p++;
    if (lx->p < lx->end && *lx->p == '?') {
        t->optional = true;
        lx->p++;
    }
    if (++lx->depth > lx->max_depth) {
        lx->limit = true;
        problem(lx, t, "nested too deep");
        return;
    }
    bool simple = lx->simple;
    lx->simple = false;
    const uint8_t *from = lx->p;
    lex_subst_path(lx, t);
    t->text = (ukko_slice){from, (size_t)(lx->p - from)};
    lx->simple = simple;
    lx->depth--;
}

/* ---- The token stream. ---- */

static const uint8_t *skip_blanks(uk_lexer *lx) {
    const uint8_t *p = lx->p;
    for (; p < lx->end; p++) {
        if (*p == ' ') continue;
        if (*p == '\n' || (*p > ' ' && *p < 0x80)) break;
        size_t n = uk_space_len(p, lx->end);
        if (!n) break;
        p += n - 1;
    }
    return p;
}

static bool at_comment(const uk_lexer *lx, const uint8_t *p) {
    if (lx->json || p >= lx->end) return false;
    return *p == '#' || (*p == '/' && p + 1 < lx->end && p[1] == '/');
}

/* Newlines in a row, with what may lie between them. */
static void lex_newlines(uk_lexer *lx, uk_token *t) {
    t->type = UK_T_NEWLINE;
    t->count = 0;
    for (;;) {
        if (lx->p < lx->end && *lx->p == '\n') {
            lx->p++;
            t->line = lx->line++;
            t->count++;
        } else if (at_comment(lx, lx->p)) {
            lx->saw_comment = true;
            const uint8_t *nl = memchr(lx->p, '\n', (size_t)(lx->end - lx->p));
            lx->p = nl ? nl : lx->end;
        } else {
            const uint8_t *p = skip_blanks(lx);
            if (p == lx->p) return;
            lx->p = p;
        }
    }
}

static void lex_rest(uk_lexer *lx, uk_token *t) {
    uint8_t c = *lx->p;
    if (classes[c] & DIGIT)
        lex_number(lx, t);
    else if (!(classes[c] & STOP))
        lex_word(lx, t);
    else
        problem_at(lx, t, "%s may not stand outside quotes", lx->p);
}

static bool lex_mark(uk_lexer *lx, uk_token *t) {
    switch (*lx->p) {
    case ',': t->type = UK_T_COMMA; break;
    case '=': t->type = UK_T_EQUALS; break;
    case ':': t->type = UK_T_COLON; break;
    case '{': t->type = UK_T_OPEN_CURLY; break;
    case '}': t->type = UK_T_CLOSE_CURLY; break;
    case '[': t->type = UK_T_OPEN_SQUARE; break;
    case ']': t->type = UK_T_CLOSE_SQUARE; break;
    case '+':
        if (lx->end - lx->p > 1 && lx->p[1] == '=') {
            t->type = UK_T_PLUS_EQUALS;
            lx->p++;
        } else {
            problem_at(lx, t, "expected = after +, not %s", lx->p + 1);
        }
        break;
    default: return false;
    }
    lx->p++;
    lx->simple = false;
    return true;
}

static void lex_piece(uk_lexer *lx, uk_token *t) {
    if (*lx->p == '"' || *lx->p == '$') {
        lx->p++;
        if (lx->p[-1] == '"')
            lex_string(lx, t);
        else
            lex_subst(lx, t);
    } else {
        lex_rest(lx, t);
    }
    lx->simple = t->type != UK_T_PROBLEM;
}

/* Blanks between two parts of a value belong to it. They count as standing where the second
   part ends, and only if that is well-formed. */
static void lex_blank(uk_lexer *lx, uk_token *t, const uint8_t *from) {
    uk_token blank = *t, next = *t;
    blank.type = UK_T_TEXT;
    blank.blank = true;
    blank.text = (ukko_slice){from, (size_t)(lx->p - from)};
    lex_piece(lx, &next);
    blank.line = lx->line;
    *t = next.type == UK_T_PROBLEM ? next : blank;
    if (next.type == UK_T_PROBLEM) return;
    lx->held = next;
    lx->has_held = true;
}

void uk_lex(uk_lexer *lx, uk_token *t) {
    if (lx->has_held) {
        *t = lx->held;
        lx->has_held = false;
        return;
    }
    const uint8_t *from = lx->p, *p = skip_blanks(lx);
    t->blank = t->optional = false;
    t->line = -1;
    t->offset = (size_t)(p - lx->start);
    lx->p = p;
    if (p >= lx->end || *p == '\n' || at_comment(lx, p)) {
        lx->simple = false;
        lex_newlines(lx, t);
        if (!t->count) t->type = UK_T_END;
    } else if (!lex_mark(lx, t)) {
        if (lx->simple && p > from)
            lex_blank(lx, t, from);
        else
            lex_piece(lx, t);
    }
}

const char *uk_token_name(const uk_token *t, const uk_lexer *lx, char *buf, size_t len) {
    static const char *const names[] = {[UK_T_END] = "the end of the file",
                                        [UK_T_NEWLINE] = "the end of the line",
                                        [UK_T_COMMA] = "','",
                                        [UK_T_EQUALS] = "'='",
                                        [UK_T_COLON] = "':'",
                                        [UK_T_PLUS_EQUALS] = "'+='",
                                        [UK_T_OPEN_CURLY] = "'{'",
                                        [UK_T_CLOSE_CURLY] = "'}'",
                                        [UK_T_OPEN_SQUARE] = "'['",
                                        [UK_T_CLOSE_SQUARE] = "']'",
                                        [UK_T_PROBLEM] = NULL};
    if (t->type == UK_T_PROBLEM) return lx->problem;
    if (t->type < UK_T_PROBLEM) return names[t->type];
    const char *mark = t->type == UK_T_STRING ? "\"" : t->type == UK_T_SUBST ? "" : "'";
    int n = t->text.len > 40 ? 40 : (int)t->text.len;
    if (t->type == UK_T_SUBST)
        snprintf(buf, len, "${%.*s", n, (const char *)t->text.ptr);
    else
        snprintf(buf, len, "%s%.*s%s", mark, n, (const char *)t->text.ptr, mark);
    return buf;
}
