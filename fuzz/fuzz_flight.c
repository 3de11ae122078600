/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the flight recorder: any bytes are refused or give entries whose texts end, and never more
   than the file says it holds. */
#include "remote/flight.h"
#include <stdlib.h>
#include <string.h>

static bool look(void *data, const ukko_flight_entry *e) {
    char line[400];
    ++*(uint64_t *)data;
    if (strlen(e->address) > 71 || strlen(e->text) > 71 || strlen(e->from) > 11) abort();
    ukko_flight_print(e, line, sizeof line);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ukko_flight_info info;
    ukko_error err;
    uint64_t n = 0;
    int rc = uk_flight_parse((ukko_slice){data, size}, &info, look, &n, &err);
    if (rc >= 0 && ((uint64_t)rc != n || n > info.entries || strlen(info.system) > 63)) abort();
    return 0;
}
