/* SPDX-License-Identifier: Apache-2.0 */
/* TLS as a capture shows it, read with the secrets of a key log (NSS format, as Wireshark takes it):
   TLS 1.2 and 1.3. Main thread. */
#ifndef TLS_DECODE_H
#define TLS_DECODE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct tls_secrets tls_secrets; /* of a key log */
typedef struct tls_talk tls_talk;       /* one connection */

/* The file is read again when it has grown and a secret is missing: another process may write it.
   NULL: errno. Owned: tls_secrets_free(). */
tls_secrets *tls_secrets_open(const char *path);
void tls_secrets_free(tls_secrets *s);

/* s lives on. Owned: tls_talk_free(). */
tls_talk *tls_talk_new(tls_secrets *s);
void tls_talk_free(tls_talk *t);
/* Gets what was said inside. */
typedef void (*tls_plain_fn)(void *data, const uint8_t *bytes, size_t len);
/* The next bytes of one direction (0, 1). false: this direction cannot be read any more. */
bool tls_talk_take(tls_talk *t, int direction, const uint8_t *bytes, size_t len, tls_plain_fn fn,
                   void *data);
/* Why, for people. */
const char *tls_talk_why(const tls_talk *t);
#endif
