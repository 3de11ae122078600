/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of applications: types that `ukko gen` made of the peer's EveryFields.java and of
   every.proto. */
#include "diff.h"
#include "every.h"
#include "every_cbor.h"
#include "every_json.h"

static sample make(const ukko_type *type, uint64_t *seed) {
    return (sample){.msg = random_of(type, seed)};
}
static sample make_json(uint64_t *seed) { return make(&j_every_json_type, seed); }
static sample make_cbor(uint64_t *seed) { return make(&c_every_cbor_type, seed); }
static sample make_proto(uint64_t *seed) { return make(&p_every_type, seed); }
static sample make_struct(uint64_t *seed) { return make(&p_struct_type, seed); }

const kind user_kinds[] = {
    {"jackson-json", make_json, false, false, &j_every_json_type, NULL},
    {"jackson-cbor", make_cbor, false, false, &c_every_cbor_type, NULL},
    {"protobuf", make_proto, false, false, &p_every_type, "diff.Every"},
    {"protobuf-pekko", make_struct, false, false, &p_struct_type, NULL},
    {NULL, NULL, false, false, NULL, NULL},
};
