/* SPDX-License-Identifier: Apache-2.0 */
/* All serializers, also within each other: the first byte picks serializer and manifest, the rest is
   the payload. What is read can be written, and what was written comes back as the same bytes. */
#include "serial/daemon.h"
#include "shapes.h"

static const struct {
    int32_t id;
    const char *manifest;
} picks[] = {
    {16, "A"},      {16, "B"},      {16, "C"},     {16, "D"},     {16, "E"},    {16, "F"},
    {16, "G"},      {16, "H"},      {16, "AD"},    {16, "UD"},    {16, "AIEX"}, {16, "TNSEX"},
    {16, "RWHR"},   {16, "RS"},     {16, "CF"},    {16, "FC"},    {16, "DR"},   {16, "ROBAP"},
    {16, "RORRP"},  {16, "ROSGP"},  {16, "ROTCP"}, {16, "RORRC"}, {16, "S"},    {16, "SM"},
    {16, "SE"},     {6, ""},        {31, "J"},     {33, "C"},     {32, "C"},    {2, "P"},
    {31, "tree.X"}, {33, "tree.X"}, {20, ""},      {18, ""},      {19, ""},     {35, ""},
    {4, ""},        {21, ""},       {1, ""},       {22, ""},      {3, ""}};
enum { PICKS = sizeof picks / sizeof picks[0] };

static uk_sysmsg *again_system(uk_sysmsg *m, uk_buf *out) {
    uk_sysmsg *back;
    ukko_error err;
    uk_buf_clear(out);
    if (uk_sysmsg_encode(serial, m, out)) die("cannot be written", NULL);
    if (uk_sysmsg_decode(serial, uk_buf_slice(out), &back, &err)) die("cannot be read again", &err);
    uk_sysmsg_free(m);
    return back;
}
static void check_system(ukko_slice in) {
    uk_sysmsg *m;
    uk_buf a = {0}, b = {0};
    if (uk_sysmsg_decode(serial, in, &m, NULL)) return;
    m = again_system(again_system(m, &a), &a);
    m = again_system(m, &b);
    if (!uk_slice_eq(uk_buf_slice(&a), uk_buf_slice(&b))) die("other bytes", NULL);
    uk_sysmsg_free(m);
    uk_buf_fini(&a);
    uk_buf_fini(&b);
}
static void check_daemon(ukko_slice in) {
    uk_daemon_create *c;
    uk_buf out = {0};
    if (uk_daemon_decode(serial, in, &c, NULL)) return;
    if (!uk_daemon_open(serial, c, NULL)) (void)uk_daemon_encode(serial, c, &out, NULL);
    uk_daemon_free(c);
    uk_buf_fini(&out);
}
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!sys) open_system();
    if (!size) return 0;
    size_t pick = data[0] % PICKS;
    ukko_slice in = {data + 1, size - 1};
    if (picks[pick].id == UKKO_SER_SYSTEM)
        check_system(in);
    else if (picks[pick].id == UKKO_SER_DAEMON_CREATE)
        check_daemon(in);
    else
        check_message(picks[pick].id, ukko_str(picks[pick].manifest), in);
    return 0;
}
