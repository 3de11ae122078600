/* SPDX-License-Identifier: Apache-2.0 */
/* TLS of a capture, see tls_decode.h: records are cut, hellos read, keys made of the secrets of the
   key log, and what is application data deciphered. What a peer could send is checked against what
   is there; a direction that cannot be followed is given up. Main thread. */
#include "tls_decode.h"
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_RECORD = 16384 + 2048,
    RANDOM = 32,
    MAX_SECRET = 64,
    MAX_LOG = 1 << 20, /* secrets */
    CHANGE_CIPHER = 20,
    HANDSHAKE = 22,
    APPLICATION = 23,
    CLIENT_HELLO = 1,
    SERVER_HELLO = 2,
    FINISHED = 20,
    KEY_UPDATE = 24
};

/* ---- The key log --------------------------------------------------------------------- */

typedef struct secret {
    char label[40];
    uint8_t random[RANDOM], bytes[MAX_SECRET];
    size_t len;
} secret;

struct tls_secrets {
    FILE *file;
    secret *list;
    size_t n, cap;
};

/* How many bytes; 0: not hex, or more than fit. */
static size_t unhex(const char *text, uint8_t *to, size_t cap) {
    size_t n = 0;
    for (; *text && n < cap; text += 2) {
        int high = OPENSSL_hexchar2int((unsigned char)text[0]);
        int low = OPENSSL_hexchar2int((unsigned char)text[1]);
        if (high < 0 || low < 0) return 0;
        to[n++] = (uint8_t)(high << 4 | low);
    }
    return *text ? 0 : n;
}

static void keep_line(tls_secrets *s, const char *line) {
    char random[80], bytes[140];
    secret k;
    if (sscanf(line, "%39s %79s %139s", k.label, random, bytes) != 3 || k.label[0] == '#') return;
    if (unhex(random, k.random, RANDOM) != RANDOM || s->n == MAX_LOG) return;
    if ((k.len = unhex(bytes, k.bytes, MAX_SECRET)) == 0) return;
    if (s->n == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 64;
        s->list = realloc(s->list, s->cap * sizeof *s->list);
        if (!s->list) abort();
    }
    s->list[s->n++] = k;
}

/* What is there now, and was not before; a line without its end waits. */
static void read_more(tls_secrets *s) {
    char line[400];
    long at = ftell(s->file);
    clearerr(s->file);
    while (fgets(line, sizeof line, s->file)) {
        if (!strchr(line, '\n') && strlen(line) + 1 < sizeof line && feof(s->file)) break;
        keep_line(s, line);
        at = ftell(s->file);
    }
    fseek(s->file, at, SEEK_SET);
}

tls_secrets *tls_secrets_open(const char *path) {
    FILE *f = fopen(path, "r");
    tls_secrets *s = f ? calloc(1, sizeof *s) : NULL;
    if (!f) return NULL;
    if (!s) abort();
    s->file = f;
    return s;
}

void tls_secrets_free(tls_secrets *s) {
    if (!s) return;
    fclose(s->file);
    free(s->list);
    free(s);
}

static const secret *look(const tls_secrets *s, const char *label, const uint8_t *random) {
    for (size_t i = s->n; i > 0; i--)
        if (memcmp(s->list[i - 1].random, random, RANDOM) == 0 &&
            strcmp(s->list[i - 1].label, label) == 0)
            return &s->list[i - 1];
    return NULL;
}

static const secret *secret_of(tls_secrets *s, const char *label, const uint8_t *random) {
    const secret *k = look(s, label, random);
    if (k) return k;
    read_more(s);
    return look(s, label, random);
}

/* ---- Connections --------------------------------------------------------------------- */

typedef struct way { /* one direction */
    uint8_t buf[5 + MAX_RECORD];
    size_t len;
    bool client, ciphered, finished, dead;
    uint64_t number; /* of the record, since the keys are these */
    uint8_t key[EVP_MAX_KEY_LENGTH], iv[16], mac_key[EVP_MAX_MD_SIZE];
    uint8_t traffic[MAX_SECRET]; /* TLS 1.3 */
    size_t n_traffic;
    uint8_t message[4]; /* the head of a handshake message of TLS 1.3 */
    size_t n_head, left;
} way;

struct tls_talk {
    tls_secrets *secrets;
    way ways[2];
    uint8_t client_random[RANDOM], server_random[RANDOM];
    bool hello, modern, mac_last; /* encrypt-then-MAC */
    const EVP_CIPHER *cipher;
    const EVP_MD *digest, *prf; /* digest NULL: AEAD */
    bool chacha, ccm;
    EVP_CIPHER_CTX *ctx;
    const char *why;
};

tls_talk *tls_talk_new(tls_secrets *s) {
    tls_talk *t = calloc(1, sizeof *t);
    if (!t) abort();
    t->secrets = s;
    t->ctx = EVP_CIPHER_CTX_new();
    return t;
}

void tls_talk_free(tls_talk *t) {
    if (!t) return;
    EVP_CIPHER_CTX_free(t->ctx);
    free(t);
}

const char *tls_talk_why(const tls_talk *t) { return t->why ? t->why : ""; }

static bool give_up(tls_talk *t, way *w, const char *why) {
    if (!t->why) t->why = why; /* what comes of it says less */
    w->dead = true;
    return false;
}

/* ---- Keys ---------------------------------------------------------------------------- */

static bool derive(const char *kind, OSSL_PARAM *params, uint8_t *to, size_t len) {
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, kind, NULL);
    EVP_KDF_CTX *c = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    bool good = c && EVP_KDF_derive(c, to, len, params) == 1;
    EVP_KDF_CTX_free(c);
    EVP_KDF_free(kdf);
    return good;
}

static bool prf(const tls_talk *t, const secret *master, uint8_t *to, size_t len) {
    uint8_t seed[13 + 2 * RANDOM];
    memcpy(seed, "key expansion", 13);
    memcpy(seed + 13, t->server_random, RANDOM);
    memcpy(seed + 13 + RANDOM, t->client_random, RANDOM);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)EVP_MD_get0_name(t->prf),
                                         0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, (void *)master->bytes,
                                          master->len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed, sizeof seed),
        OSSL_PARAM_construct_end()};
    return derive("TLS1-PRF", params, to, len);
}

/* HKDF-Expand-Label with an empty context */
static bool expand(const tls_talk *t, const uint8_t *key, size_t n_key, const char *label,
                   uint8_t *to, size_t len) {
    uint8_t info[64];
    int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
    size_t n = strlen(label);
    info[0] = (uint8_t)(len >> 8), info[1] = (uint8_t)len, info[2] = (uint8_t)(6 + n);
    memcpy(info + 3, "tls13 ", 6);
    memcpy(info + 9, label, n);
    info[9 + n] = 0;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)EVP_MD_get0_name(t->prf),
                                         0),
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)key, n_key),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, 10 + n),
        OSSL_PARAM_construct_end()};
    return derive("HKDF", params, to, len);
}

static bool keys_of_traffic(tls_talk *t, way *w) {
    w->number = 0;
    w->ciphered = true;
    return expand(t, w->traffic, w->n_traffic, "key", w->key,
                  (size_t)EVP_CIPHER_get_key_length(t->cipher)) &&
           expand(t, w->traffic, w->n_traffic, "iv", w->iv, 12);
}

/* TLS 1.3: the keys of a direction, from its secret in the log */
static bool begin_modern(tls_talk *t, way *w, const char *client, const char *server) {
    const secret *s = secret_of(t->secrets, w->client ? client : server, t->client_random);
    if (!s) return give_up(t, w, "the key log has no secret of the connection");
    memcpy(w->traffic, s->bytes, s->len);
    w->n_traffic = s->len;
    return keys_of_traffic(t, w) || give_up(t, w, "keys cannot be derived");
}

static const uint8_t *part(uint8_t *to, const uint8_t *from, size_t n, bool mine) {
    if (mine) memcpy(to, from, n);
    return from + n;
}

/* TLS 1.2: the block of keys; each pair is the client's, then the server's */
static bool begin_old(tls_talk *t, way *w) {
    uint8_t block[2 * (EVP_MAX_MD_SIZE + EVP_MAX_KEY_LENGTH + 16)];
    const secret *s = secret_of(t->secrets, "CLIENT_RANDOM", t->client_random);
    if (!s) return give_up(t, w, "the key log has no secret of the connection");
    size_t mac = t->digest ? (size_t)EVP_MD_get_size(t->digest) : 0;
    size_t key = (size_t)EVP_CIPHER_get_key_length(t->cipher);
    size_t iv = t->digest ? 0 : t->chacha ? 12 : 4;
    const uint8_t *p = block;
    if (!prf(t, s, block, 2 * (mac + key + iv))) return give_up(t, w, "keys cannot be derived");
    p = part(w->mac_key, p, mac, w->client);
    p = part(w->mac_key, p, mac, !w->client);
    p = part(w->key, p, key, w->client);
    p = part(w->key, p, key, !w->client);
    p = part(w->iv, p, iv, w->client);
    part(w->iv, p, iv, !w->client);
    w->number = 0;
    w->ciphered = true;
    return true;
}

/* ---- Hellos -------------------------------------------------------------------------- */

static bool choose_suite(tls_talk *t, const uint8_t *two) {
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    SSL *ssl = ctx ? SSL_new(ctx) : NULL;
    const SSL_CIPHER *c = ssl ? SSL_CIPHER_find(ssl, two) : NULL;
    if (c) {
        int digest = SSL_CIPHER_get_digest_nid(c);
        t->cipher = EVP_get_cipherbynid(SSL_CIPHER_get_cipher_nid(c));
        t->digest =
            digest == NID_undef || SSL_CIPHER_is_aead(c) ? NULL : EVP_get_digestbynid(digest);
        t->prf = SSL_CIPHER_get_handshake_digest(c);
        if (t->prf && EVP_MD_is_a(t->prf, "MD5-SHA1")) t->prf = EVP_sha256(); /* in TLS 1.2 */
        t->chacha = SSL_CIPHER_get_cipher_nid(c) == NID_chacha20_poly1305;
        t->ccm = t->cipher && EVP_CIPHER_get_mode(t->cipher) == EVP_CIPH_CCM_MODE;
    }
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    return t->cipher && t->prf && !t->ccm && (t->digest || SSL_CIPHER_is_aead(c));
}

static unsigned two_of(const uint8_t *p) { return (unsigned)p[0] << 8 | p[1]; }

static void read_extensions(tls_talk *t, const uint8_t *p, size_t len) {
    while (len >= 4) {
        unsigned kind = two_of(p), n = two_of(p + 2);
        if (n > len - 4) return;
        if (kind == 43 && n == 2 && two_of(p + 4) == 0x0304) t->modern = true;
        if (kind == 22) t->mac_last = true;
        p += 4 + n;
        len -= 4 + n;
    }
}

/* A ServerHello that asks for another ClientHello has this random. */
static const uint8_t again[RANDOM] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

/* p is behind the head of the message. */
static bool server_hello(tls_talk *t, way *w, const uint8_t *p, size_t len) {
    if (len < 2 + RANDOM + 1 || len < 2u + RANDOM + 1 + p[2 + RANDOM] + 3)
        return give_up(t, w, "the handshake is in pieces");
    if (memcmp(p + 2, again, RANDOM) == 0) return true;
    memcpy(t->server_random, p + 2, RANDOM);
    size_t at = 2 + RANDOM + 1 + p[2 + RANDOM];
    const uint8_t *suite = p + at;
    at += 3;
    if (len >= at + 2 && two_of(p + at) <= len - at - 2)
        read_extensions(t, p + at + 2, two_of(p + at));
    if (!choose_suite(t, suite)) return give_up(t, w, "the cipher suite is not supported");
    t->hello = true;
    if (!t->modern) return true;
    way *other = w == t->ways ? t->ways + 1 : t->ways;
    return begin_modern(t, w, "", "SERVER_HANDSHAKE_TRAFFIC_SECRET") &&
           begin_modern(t, other, "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "");
}

/* A record of the handshake that is not ciphered: only what it begins with matters. */
static bool on_hello(tls_talk *t, way *w, const uint8_t *p, size_t len) {
    if (len < 4) return true;
    size_t n = (size_t)p[1] << 16 | two_of(p + 2);
    if (p[0] == CLIENT_HELLO && len >= 4 + 2 + RANDOM) {
        memcpy(t->client_random, p + 6, RANDOM);
        w->client = true;
    } else if (p[0] == SERVER_HELLO && !t->hello) {
        w->client = false;
        return server_hello(t, w, p + 4, n < len - 4 ? n : len - 4);
    }
    return true;
}

/* ---- Deciphering --------------------------------------------------------------------- */

static void put_number(uint8_t *to, uint64_t n) {
    for (int i = 0; i < 8; i++) to[i] = (uint8_t)(n >> (56 - 8 * i));
}

/* AEAD: body -> plain, gives its length; < 0: it does not fit the keys */
static int open_aead(tls_talk *t, way *w, const uint8_t *record, size_t len, uint8_t *plain) {
    uint8_t nonce[12], aad[13], number[8];
    const uint8_t *body = record + 5;
    size_t explicit_n = t->modern || t->chacha ? 0 : 8;
    if (len < explicit_n + 16) return -1;
    int n = (int)(len - explicit_n - 16), got = 0, end = 0;
    put_number(number, w->number);
    memcpy(nonce, w->iv, 12);
    if (explicit_n) memcpy(nonce + 4, body, 8);
    else
        for (int i = 0; i < 8; i++) nonce[4 + i] ^= number[i];
    memcpy(aad, number, 8);
    memcpy(aad + 8, record, 3);
    aad[11] = (uint8_t)(n >> 8), aad[12] = (uint8_t)n;
    const uint8_t *with = t->modern ? record : aad;
    int n_with = t->modern ? 5 : 13;
    body += explicit_n;
    bool good = EVP_DecryptInit_ex(t->ctx, t->cipher, NULL, w->key, nonce) == 1 &&
                EVP_DecryptUpdate(t->ctx, NULL, &got, with, n_with) == 1 &&
                EVP_DecryptUpdate(t->ctx, plain, &got, body, n) == 1 &&
                EVP_CIPHER_CTX_ctrl(t->ctx, EVP_CTRL_AEAD_SET_TAG, 16, (void *)(body + n)) == 1 &&
                EVP_DecryptFinal_ex(t->ctx, plain + got, &end) == 1;
    return good ? got + end : -1;
}

static bool mac_fits(const tls_talk *t, const way *w, const uint8_t *record, const uint8_t *over,
                     size_t n, const uint8_t *mac) {
    uint8_t text[13 + MAX_RECORD], want[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    put_number(text, w->number);
    memcpy(text + 8, record, 3);
    text[11] = (uint8_t)(n >> 8), text[12] = (uint8_t)n;
    memcpy(text + 13, over, n);
    HMAC(t->digest, w->mac_key, EVP_MD_get_size(t->digest), text, 13 + n, want, &size);
    return memcmp(want, mac, size) == 0;
}

/* CBC with a MAC, inside or (encrypt-then-MAC) behind */
static int open_cbc(tls_talk *t, way *w, const uint8_t *record, size_t len, uint8_t *plain) {
    const uint8_t *body = record + 5;
    size_t mac = (size_t)EVP_MD_get_size(t->digest);
    size_t block = (size_t)EVP_CIPHER_get_block_size(t->cipher);
    int got = 0, end = 0;
    if (len < 2 * block + (t->mac_last ? mac : 0)) return -1;
    if (t->mac_last) {
        len -= mac;
        if (!mac_fits(t, w, record, body, len, body + len)) return -1;
    }
    if (len % block != 0 || EVP_DecryptInit_ex(t->ctx, t->cipher, NULL, w->key, body) != 1)
        return -1;
    EVP_CIPHER_CTX_set_padding(t->ctx, 0);
    if (EVP_DecryptUpdate(t->ctx, plain, &got, body + block, (int)(len - block)) != 1 ||
        EVP_DecryptFinal_ex(t->ctx, plain + got, &end) != 1)
        return -1;
    size_t n = (size_t)(got + end), pad = n ? plain[n - 1] + 1u : 0;
    if (!pad || pad + (t->mac_last ? 0 : mac) > n) return -1;
    n -= pad;
    if (t->mac_last) return (int)n;
    n -= mac;
    return mac_fits(t, w, record, plain, n, plain + n) ? (int)n : -1;
}

/* ---- Records ------------------------------------------------------------------------- */

static bool on_message(tls_talk *t, way *w, int kind) {
    if (kind == FINISHED && !w->finished) {
        w->finished = true;
        return begin_modern(t, w, "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0");
    }
    if (kind == KEY_UPDATE) {
        uint8_t next[MAX_SECRET];
        if (!expand(t, w->traffic, w->n_traffic, "traffic upd", next, w->n_traffic))
            return give_up(t, w, "keys cannot be derived");
        memcpy(w->traffic, next, w->n_traffic);
        return keys_of_traffic(t, w) || give_up(t, w, "keys cannot be derived");
    }
    return true;
}

/* Messages of the handshake of TLS 1.3, ciphered: what ends changes keys. */
static bool on_messages(tls_talk *t, way *w, const uint8_t *p, size_t len) {
    while (len > 0) {
        if (w->n_head < 4) {
            w->message[w->n_head++] = *p++;
            len--;
            if (w->n_head == 4) w->left = (size_t)w->message[1] << 16 | two_of(w->message + 2);
            if (w->n_head < 4 || w->left) continue;
        }
        size_t n = w->left < len ? w->left : len;
        p += n;
        len -= n;
        w->left -= n;
        if (w->left) return true;
        w->n_head = 0;
        if (!on_message(t, w, w->message[0])) return false;
    }
    return true;
}

static bool on_ciphered(tls_talk *t, way *w, const uint8_t *record, size_t len, tls_plain_fn fn,
                        void *data) {
    uint8_t plain[MAX_RECORD + 32];
    int kind = record[0];
    if (t->modern && kind == CHANGE_CIPHER) return true;
    int n = t->digest ? open_cbc(t, w, record, len, plain) : open_aead(t, w, record, len, plain);
    if (n < 0) return give_up(t, w, "the secret of the key log does not fit");
    w->number++;
    if (t->modern) {
        while (n > 0 && !plain[n - 1]) n--;
        if (n == 0) return true;
        kind = plain[--n];
        if (kind == HANDSHAKE) return on_messages(t, w, plain, (size_t)n);
    }
    if (kind == APPLICATION && n > 0) fn(data, plain, (size_t)n);
    return true;
}

static bool on_record(tls_talk *t, way *w, const uint8_t *record, size_t len, tls_plain_fn fn,
                      void *data) {
    if (w->ciphered) return on_ciphered(t, w, record, len, fn, data);
    if (record[0] == HANDSHAKE) return on_hello(t, w, record + 5, len);
    if (record[0] == CHANGE_CIPHER && t->hello && !t->modern) return begin_old(t, w);
    return record[0] != APPLICATION || give_up(t, w, "the handshake was not captured");
}

bool tls_talk_take(tls_talk *t, int direction, const uint8_t *bytes, size_t len, tls_plain_fn fn,
                   void *data) {
    way *w = &t->ways[direction];
    while (len > 0 && !w->dead) {
        size_t want = w->len < 5 ? 5 : 5 + (size_t)two_of(w->buf + 3);
        size_t n = want - w->len < len ? want - w->len : len;
        memcpy(w->buf + w->len, bytes, n);
        w->len += n;
        bytes += n;
        len -= n;
        if (w->len == 5 && (w->buf[1] != 3 || two_of(w->buf + 3) > MAX_RECORD))
            return give_up(t, w, "packets are missing");
        if (w->len < 5 || w->len < 5 + (size_t)two_of(w->buf + 3)) continue;
        w->len = 0;
        on_record(t, w, w->buf, two_of(w->buf + 3), fn, data);
    }
    return !w->dead;
}
