/* SPDX-License-Identifier: Apache-2.0 */
/* The tokenizer of HOCON and JSON texts. One thread per tokenizer. */
#ifndef UK_CONFIG_TOKEN_H
#define UK_CONFIG_TOKEN_H
#include "config/internal.h"

typedef enum uk_token_type {
    UK_T_END,
    UK_T_NEWLINE, /* one or more, with blanks and comments between them */
    UK_T_COMMA,
    UK_T_EQUALS,
    UK_T_COLON,
    UK_T_PLUS_EQUALS,
    UK_T_OPEN_CURLY,
    UK_T_CLOSE_CURLY,
    UK_T_OPEN_SQUARE,
    UK_T_CLOSE_SQUARE,
    UK_T_PROBLEM,
    /* From here on: parts of values. */
    UK_T_TEXT,
    UK_T_STRING,
    UK_T_INT,
    UK_T_DOUBLE,
    UK_T_BOOL,
    UK_T_NULL,
    UK_T_SUBST
} uk_token_type;

typedef struct uk_token {
    uint8_t type;
    bool blank;     /* TEXT: only whitespace */
    bool optional;  /* SUBST */
    bool truth;     /* BOOL */
    int32_t line;   /* -1: the token kind does not know its line */
    uint32_t count; /* NEWLINE */
    size_t offset;
    ukko_slice text; /* value parts: as written, or unescaped */
    union {
        int64_t i;
        double d;
        uk_keypath *path; /* SUBST; NULL: malformed */
    };
} uk_token;

typedef struct uk_lexer {
    const uint8_t *start, *p, *end;
    uk_arena *arena;
    int32_t line;
    uint32_t depth, max_depth;
    bool json;
    bool simple; /* the last token may be joined with the next */
    bool saw_comment;
    bool limit; /* the problem is a limit, not a malformed text */
    bool has_held;
    uk_token held; /* the token behind blanks that count */
    char problem[160];
} uk_lexer;

void uk_lexer_init(uk_lexer *lx, uk_arena *a, ukko_slice text, bool json, uint32_t max_depth);
void uk_lex(uk_lexer *lx, uk_token *out);
static inline bool uk_token_is_value(const uk_token *t) {
    return t->type >= UK_T_STRING && t->type != UK_T_SUBST;
}
static inline bool uk_token_is_piece(const uk_token *t) { return t->type >= UK_T_TEXT; }
/* How a token is called in messages; buf is scratch. */
const char *uk_token_name(const uk_token *t, const uk_lexer *lx, char *buf, size_t len);
#endif
