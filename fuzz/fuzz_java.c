/* SPDX-License-Identifier: Apache-2.0 */
/* Java's object serialization, as `ukko listen` tells it: any bytes behind the head of a stream give
   JSON that can be printed, or "incomplete". */
#include "cli/java_stream.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint8_t head[4] = {0xac, 0xed, 0, 5};
    uint8_t *bytes = malloc(size + sizeof head);
    if (!bytes) abort();
    memcpy(bytes, head, sizeof head);
    memcpy(bytes + sizeof head, data, size);
    json_t *j = java_describe(bytes, size + sizeof head);
    if (!j != !size) abort();
    if (j) {
        char *text = json_dumps(j, JSON_ENCODE_ANY);
        if (!text) abort();
        free(text);
    }
    json_decref(j);
    free(bytes);
    return 0;
}
