/* SPDX-License-Identifier: Apache-2.0 */
/* Paths, addresses, element names and globs: any bytes are parsed or refused, and views stay inside
   the text. */
#include "actor/path.h"
#include <stdlib.h>

static void inside(ukko_slice whole, ukko_slice part) {
    if (part.len == 0) return;
    if (part.ptr < whole.ptr || part.ptr + part.len > whole.ptr + whole.len) abort();
}

static void walk(ukko_slice text, const uk_path *p) {
    ukko_slice rest = p->elements, element;
    size_t n = 0;
    inside(text, p->address);
    inside(text, p->protocol);
    inside(text, p->system);
    inside(text, p->host);
    inside(text, p->elements);
    while (uk_path_next(&rest, &element)) {
        inside(text, element);
        (void)uk_path_element_valid(element);
        if (element.len == 0 || ++n > text.len) abort();
    }
    (void)uk_host_valid(p->host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ukko_slice text = {data, size};
    uk_path p;
    if (uk_path_parse(text, &p) == UKKO_OK) walk(text, &p);
    if (uk_address_parse(text, &p) == UKKO_OK) walk(text, &p);
    if (size > 1) {
        size_t n = data[0] % size;
        (void)uk_glob_match((ukko_slice){data + 1, n}, (ukko_slice){data + 1 + n, size - 1 - n});
    }
    return 0;
}
