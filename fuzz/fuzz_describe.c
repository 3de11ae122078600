/* SPDX-License-Identifier: Apache-2.0 */
/* Tools on any bytes: frames are cut, decoded, named and printed; a payload of every serializer is. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ukko/type.h>
#include <ukko/wire.h>

static void print(int32_t serializer, ukko_slice manifest, ukko_slice message) {
    char buf[512];
    size_t n = ukko_wire_print(serializer, manifest, message, buf, sizeof buf);
    size_t again = ukko_wire_print(serializer, manifest, message, NULL, 0);
    if (n != again || strlen(buf) != (n < sizeof buf ? n : sizeof buf - 1)) abort();
    ukko_wire_name(serializer, manifest, message, buf, sizeof buf);
    if (strchr(buf, ' ')) abort();
}

static void one(ukko_slice body) {
    ukko_wire_pdu p;
    int64_t seqs[4];
    if (ukko_wire_decode(body, &p)) return;
    if (ukko_wire_nacks(&p, seqs, 4) != p.n_nacks) abort();
    if (p.has_message) print(p.serializer, p.manifest, p.message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const int32_t ids[] = {0, 1, 2, 3, 4, 6, 16, 18, 19, 20, 21, 22, 31, 33, 35, 77};
    static const char *const manifests[] = {"A",    "B",  "C",  "D",  "F",     "RWHR",
                                            "AIEX", "UD", "RS", "DR", "ROSGP", "RORRC",
                                            "CF",   "S",  "SM", "x"};
    ukko_slice in = {data, size}, body;
    while (ukko_wire_cut(&in, 1 << 20, &body) == 1) one(body);
    if (size < 2) return 0;
    ukko_slice rest = {data + 2, size - 2};
    print(ids[data[0] % 16], ukko_str(manifests[data[1] % 16]), rest);
    one(rest);
    return 0;
}
