/* SPDX-License-Identifier: Apache-2.0 */
/* JSON and CBOR as one stream of tokens, read and written without a tree in memory: what a table
   needs, and what turns one form into the other. One thread at a time. Takes foreign bytes. */
#ifndef UK_SERIAL_JSON_H
#define UK_SERIAL_JSON_H
#include "base/buf.h"

typedef enum uk_tok {
    UK_TOK_END = 0,
    UK_TOK_OBJ,
    UK_TOK_OBJ_END,
    UK_TOK_ARR,
    UK_TOK_ARR_END,
    UK_TOK_KEY,
    UK_TOK_STR,
    UK_TOK_INT,
    UK_TOK_REAL, /* also a whole number that is larger than 64 bits with a sign hold */
    UK_TOK_TRUE,
    UK_TOK_FALSE,
    UK_TOK_NULL,
    UK_TOK_BYTES /* CBOR only */
} uk_tok;

/* What a reader takes; Jackson's own limits are the defaults. 0 or less of the last two: any. */
typedef struct uk_limits {
    unsigned depth;
    size_t number, string, name; /* characters */
    int64_t document, tokens;
} uk_limits;
enum { UK_MAX_NUMBER = 1000 }; /* what a limit of numbers can be raised to */
extern const uk_limits uk_limits_default;

/* What uk_reader.state is: in JSON, and in CBOR. */
enum {
    UK_JSON_FIRST_VALUE,
    UK_JSON_VALUE,
    UK_JSON_FIRST_KEY,
    UK_JSON_KEY,
    UK_JSON_AFTER,
    UK_JSON_DONE
};
enum { UK_CBOR_VALUE = 1, UK_CBOR_AWAIT_KEY = 3, UK_CBOR_DONE = 5 };

typedef struct uk_level {
    uint64_t left; /* CBOR of definite length: items to come; UINT64_MAX: until a break */
    bool object;
} uk_level;
enum { UK_LEVELS_INLINE = 16 };

typedef struct uk_reader {
    const uint8_t *p, *end;
    uk_tok tok;
    ukko_slice text; /* KEY, STR, BYTES: the value; numbers: their text when it says more than the
                        value, in JSON always. Until next */
    int64_t integer; /* INT */
    double real;     /* REAL, and INT as well */
    unsigned depth, max_depth;
    const uk_limits *limits;
    int64_t tokens; /* so far */
    uint8_t state;  /* of json_read.c and cbor.c */
    bool cbor;
    uk_level *levels; /* those open; inl at first */
    size_t levels_cap;
    uk_level inl[UK_LEVELS_INLINE];
    uk_buf scratch; /* unescaped or put-together text */
} uk_reader;

void uk_reader_init(uk_reader *r, ukko_slice in, bool cbor, unsigned max_depth);
void uk_reader_fini(uk_reader *r);
/* limits must outlive r. UKKO_ETOOBIG: in is longer than they allow. */
int uk_reader_open(uk_reader *r, ukko_slice in, bool cbor, const uk_limits *limits);
/* A second reader at the same place. */
void uk_reader_fork(const uk_reader *r, uk_reader *out);
/* UKKO_ETOOBIG: more characters than max. */
int uk_check_chars(ukko_slice text, size_t max);
/* The next token. UKKO_EPARSE; UKKO_ETOOBIG: nested too deep, a name or number too long. */
int uk_reader_next(uk_reader *r);
/* With tok at the beginning of a value: passes over all of it; tok is its last token then. */
int uk_reader_skip(uk_reader *r);
/* Opens and closes a level, for the two readers. */
int uk_reader_push(uk_reader *r, bool object, uint64_t left);
int uk_json_next(uk_reader *r);
int uk_cbor_next(uk_reader *r);

/* The first byte from p on that ends a run of plain text: quote, backslash, control, not ASCII. */
static inline const uint8_t *uk_json_plain(const uint8_t *p, const uint8_t *end) {
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    while (end - p >= 8) {
        uint64_t v;
        memcpy(&v, p, 8);
        uint64_t quote = v ^ ones * '"', back = v ^ ones * '\\';
        uint64_t hit = ((v - ones * 0x20) | (quote - ones) | (back - ones) | v) & high;
        if (hit) return p + __builtin_ctzll(hit) / 8; /* the lowest one is exact */
        p += 8;
    }
    while (p < end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\') p++;
    return p;
}
/* Is text one JSON value, and an object when that is asked for? */
int uk_json_valid(ukko_slice text, unsigned max_depth, bool object);
int uk_json_fits(ukko_slice text, const uk_limits *limits);

typedef struct uk_writer {
    uk_buf *out;
    bool cbor, comma;
} uk_writer;

void uk_w_obj(uk_writer *w);
void uk_w_obj_end(uk_writer *w);
void uk_w_arr(uk_writer *w, uint64_t n); /* UINT64_MAX: not known yet */
void uk_w_arr_end(uk_writer *w, uint64_t n);
void uk_w_key(uk_writer *w, const char *name, size_t len);
void uk_w_str(uk_writer *w, const char *text, size_t len);
void uk_w_int(uk_writer *w, int64_t v);
void uk_w_uint(uk_writer *w, uint64_t v);
void uk_w_number(uk_writer *w, ukko_slice text); /* a valid number: Java's BigInteger, BigDecimal */
/* One whose text may be empty. */
void uk_w_number_token(uk_writer *w, ukko_slice text, double value);
void uk_w_f64(uk_writer *w, double v);
void uk_w_f32(uk_writer *w, float v);
void uk_w_bool(uk_writer *w, bool v);
void uk_w_null(uk_writer *w);
void uk_w_bytes(uk_writer *w, ukko_slice bytes); /* JSON: base64 */
/* Copies the value that r stands at. */
int uk_transcode(uk_reader *r, uk_writer *w);

/* cbor.c: single items. */
void uk_cbor_head(uk_buf *out, int what, uint64_t v);
enum {
    UK_CBOR_UINT,
    UK_CBOR_NEG,
    UK_CBOR_BYTES,
    UK_CBOR_TEXT,
    UK_CBOR_ARRAY,
    UK_CBOR_ARRAY_OPEN,
    UK_CBOR_MAP_OPEN,
    UK_CBOR_TEXT_OPEN,
    UK_CBOR_BREAK,
    UK_CBOR_NULL,
    UK_CBOR_BOOL,
    UK_CBOR_TAG
};
void uk_cbor_f64(uk_buf *out, double v);
void uk_cbor_f32(uk_buf *out, float v);
void uk_cbor_text(uk_buf *out, const char *text, size_t len);

/* ---- number.c ---- */
enum { UK_POWERS = 23 };
extern const double uk_powers[UK_POWERS]; /* of ten: all that are exact */
#define UK_F64_EXACT (1ull << 53)         /* whole numbers up to it are */
enum { UK_NUMBER_ROOM = 40 };
size_t uk_print_int(char *out, int64_t v);
size_t uk_print_uint(char *out, uint64_t v);
/* As Java's Double.toString and Float.toString; not for NaN and infinities. */
size_t uk_print_f64(char *out, double v);
size_t uk_print_f32(char *out, float v);
/* A number of JSON's grammar; whatever the locale. */
double uk_parse_f64(ukko_slice text);

/* ---- bignum.c ---- */
/* Appends the digits of a CBOR bignum (less_one: negative by the rule of plain integers), and the text that BigDecimal gives to unscaled x 10^-scale
   (unscaled: digits, perhaps with a minus). UKKO_ETOOBIG. */
int uk_big_text(ukko_slice bytes, bool negative, bool less_one, uk_buf *out);
void uk_decimal_text(ukko_slice unscaled, int64_t scale, uk_buf *out);
/* Is text one number of JSON? *whole: without fraction and exponent. */
bool uk_number_valid(ukko_slice text, bool *whole);
void uk_cbor_number(uk_buf *out, ukko_slice text); /* valid */

/* ---- base64.c ---- */
void uk_base64_put(uk_buf *out, ukko_slice bytes);
/* Appends; UKKO_EPARSE. Padding may be left off. */
int uk_base64_get(uk_buf *out, ukko_slice text);
#endif
