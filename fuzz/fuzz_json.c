/* SPDX-License-Identifier: Apache-2.0 */
/* Jackson JSON: a table with every kind of member, the tree, and a migration in both directions; plain
   and compressed. The first byte picks. */
#include "shapes.h"

static const struct {
    int32_t id;
    const char *manifest;
} picks[] = {{31, "J"}, {31, "tree.X"}, {31, "M#1"}, {31, "M#7"}};
enum { PICKS = sizeof picks / sizeof picks[0] };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!sys) open_system();
    if (!size) return 0;
    size_t pick = data[0] % PICKS;
    check_message(picks[pick].id, ukko_str(picks[pick].manifest), (ukko_slice){data + 1, size - 1});
    return 0;
}
