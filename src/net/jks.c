/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts JKS files. All numbers are big endian: magic, version, count; then each entry's tag, alias,
   date, and what it holds; a digest at the end. Pure; any thread. */
#include "net/jks.h"
#include <string.h>

static const uint8_t magic[] = {0xfe, 0xed, 0xfe, 0xed};

bool uk_jks_is(ukko_slice file) {
    return file.len >= sizeof magic && !memcmp(file.ptr, magic, sizeof magic);
}

static bool take(ukko_slice *in, size_t n, ukko_slice *out) {
    if (n > in->len) return false;
    *out = (ukko_slice){in->ptr, n};
    in->ptr += n;
    in->len -= n;
    return true;
}

static bool number(ukko_slice *in, size_t width, uint64_t *out) {
    ukko_slice b;
    if (!take(in, width, &b)) return false;
    *out = 0;
    for (size_t i = 0; i < width; i++) *out = *out << 8 | b.ptr[i];
    return true;
}

/* A length of `width` bytes, and as many bytes. */
static bool counted(ukko_slice *in, size_t width, ukko_slice *out) {
    uint64_t n;
    return number(in, width, &n) && n <= in->len && take(in, (size_t)n, out);
}

static int bad(const char **why, const char *what) {
    *why = what;
    return UKKO_EPARSE;
}

int uk_jks_open(uk_jks *j, ukko_slice file, const char **why) {
    uint64_t version, count;
    if (!uk_jks_is(file)) return bad(why, "is no JKS store");
    if (file.len < 12 + UK_JKS_DIGEST) return bad(why, "is cut short");
    *j = (uk_jks){.body = {file.ptr, file.len - UK_JKS_DIGEST},
                  .digest = {file.ptr + file.len - UK_JKS_DIGEST, UK_JKS_DIGEST}};
    j->rest = (ukko_slice){j->body.ptr + sizeof magic, j->body.len - sizeof magic};
    number(&j->rest, 4, &version);
    number(&j->rest, 4, &count);
    if (version != 1 && version != 2) return bad(why, "has an unknown version of JKS");
    if (count > UK_JKS_ENTRIES) return bad(why, "claims to have more than 10000 entries");
    j->version = (uint32_t)version;
    j->left = (uint32_t)count;
    return UKKO_OK;
}

static bool take_cert(uk_jks *j, uk_jks_entry *e) {
    ukko_slice type;
    if (j->version == 2 && (!counted(&j->rest, 2, &type) || type.len != 5 ||
                            memcmp(type.ptr, "X.509", 5)))
        return false;
    return counted(&j->rest, 4, &e->certs[e->n_certs++]);
}

int uk_jks_next(uk_jks *j, uk_jks_entry *e, const char **why) {
    uint64_t tag, date, chain = 1;
    *e = (uk_jks_entry){0};
    if (!j->left) return j->rest.len ? bad(why, "has bytes behind its last entry") : 0;
    j->left--;
    if (!number(&j->rest, 4, &tag) || !counted(&j->rest, 2, &e->alias) ||
        !number(&j->rest, 8, &date))
        return bad(why, "is cut short");
    if (tag != 1 && tag != 2) return bad(why, "has an entry of an unknown kind");
    if (tag == 1 && (!counted(&j->rest, 4, &e->key) || !number(&j->rest, 4, &chain)))
        return bad(why, "is cut short");
    if (chain > UK_JKS_CHAIN) return bad(why, "has a chain of more than 16 certificates");
    for (uint64_t i = 0; i < chain; i++)
        if (!take_cert(j, e)) return bad(why, "has a certificate that is cut short or no X.509");
    return 1;
}

/* ---- DER, as little as is needed ---- */

static bool der(ukko_slice *in, uint8_t tag, ukko_slice *out) {
    ukko_slice head;
    if (!take(in, 2, &head) || head.ptr[0] != tag) return false;
    uint64_t n = head.ptr[1];
    if (n >= 0x80) {
        size_t width = (size_t)(n & 0x7f);
        if (width < 1 || width > 4 || !number(in, width, &n)) return false;
    }
    return n <= in->len && take(in, (size_t)n, out);
}

int uk_jks_sealed(ukko_slice key, ukko_slice *sealed, const char **why) {
    static const uint8_t own[] = {0x2b, 6, 1, 4, 1, 0x2a, 2, 0x11, 1, 1};
    ukko_slice all, algorithm, oid;
    if (!der(&key, 0x30, &all) || !der(&all, 0x30, &algorithm) || !der(&algorithm, 6, &oid) ||
        !der(&all, 4, sealed))
        return bad(why, "has a key that is malformed");
    if (oid.len != sizeof own || memcmp(oid.ptr, own, sizeof own))
        return bad(why, "has a key that is protected by an unknown algorithm");
    if (sealed->len < 2 * UK_JKS_DIGEST + 1) return bad(why, "has a key that is cut short");
    return UKKO_OK;
}
