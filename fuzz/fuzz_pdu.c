/* SPDX-License-Identifier: Apache-2.0 */
/* PDUs: any bytes are decoded or refused; a handshake that was read can be written and read again
   with the same result. */
#include "remote/frame.h"
#include "remote/pdu.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uk_pdu pdu, again;
    if (uk_pdu_decode((ukko_slice){data, size}, &pdu) != UKKO_OK) return 0;
    (void)uk_pdu_name(pdu.kind);
    if (pdu.kind == UK_PDU_PAYLOAD) return 0;
    uk_buf out = {0};
    if (pdu.kind == UK_PDU_ASSOCIATE) uk_pdu_put_associate(&out, &pdu.origin, pdu.uid);
    else uk_pdu_put_control(&out, pdu.kind);
    ukko_slice in = uk_buf_slice(&out), body;
    if (uk_frame_cut(&in, SIZE_MAX, &body) != 1 || in.len != 0) abort();
    if (uk_pdu_decode(body, &again) != UKKO_OK || again.kind != pdu.kind) abort();
    if (pdu.kind == UK_PDU_ASSOCIATE &&
        (again.uid != pdu.uid || again.origin.port != pdu.origin.port ||
         !uk_slice_eq(again.origin.host, pdu.origin.host) ||
         !uk_slice_eq(again.origin.system, pdu.origin.system) ||
         !uk_slice_eq(again.origin.protocol, pdu.origin.protocol)))
        abort();
    uk_buf_fini(&out);
    return 0;
}
