/* SPDX-License-Identifier: Apache-2.0 */
/* Frames for people and programs, see frames.h. */
#include "frames.h"
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void slice_text(ukko_slice s, char *buf, size_t len) {
    size_t n = s.len < len - 1 ? s.len : len - 1;
    if (n) memcpy(buf, s.ptr, n);
    buf[n] = '\0';
    for (char *p = buf; *p; p++)
        if ((unsigned char)*p < 32 || *p == 127) *p = '?';
}

static void message_name(const ukko_wire_pdu *pdu, char *buf, size_t len) {
    ukko_wire_name(pdu->serializer, pdu->manifest, pdu->message, buf, len);
}

void frame_kind(const ukko_wire_pdu *pdu, char *buf, size_t len) {
    static const char *const controls[] = {[UKKO_WIRE_ASSOCIATE] = "control.associate",
                                           [UKKO_WIRE_DISASSOCIATE] = "control.disassociate",
                                           [UKKO_WIRE_HEARTBEAT] = "control.heartbeat",
                                           [UKKO_WIRE_DISASSOCIATE_SHUTDOWN] = "control.shutdown",
                                           [UKKO_WIRE_DISASSOCIATE_QUARANTINED] =
                                               "control.quarantined"};
    char name[FRAME_KIND];
    if (pdu->kind != UKKO_WIRE_PAYLOAD) {
        snprintf(buf, len, "%s", controls[pdu->kind]);
    } else if (!pdu->has_message) {
        snprintf(buf, len, "ack");
    } else {
        message_name(pdu, name, sizeof name);
        snprintf(buf, len, "%s.%s", pdu->serializer == UKKO_SER_SYSTEM ? "system" : "message",
                 name);
    }
}

static size_t ack_text(const ukko_wire_pdu *pdu, char *buf, size_t len) {
    int64_t seqs[8];
    size_t n = ukko_wire_nacks(pdu, seqs, 8);
    size_t at = (size_t)snprintf(buf, len, "ACK %" PRId64, pdu->acked);
    for (size_t i = 0; i < n && i < 8 && at < len; i++)
        at += (size_t)snprintf(buf + at, len - at, "%s%" PRId64, i ? ", " : " missing ", seqs[i]);
    if (n > 8 && at < len) at += (size_t)snprintf(buf + at, len - at, ", ... (%zu)", n);
    return at < len ? at : len - 1;
}

static void payload_text(const ukko_wire_pdu *pdu, char *buf, size_t len) {
    size_t at = pdu->has_ack ? ack_text(pdu, buf, len) : 0;
    char path[600];
    if (!pdu->has_message) return;
    if (at && at + 2 < len) at += (size_t)snprintf(buf + at, len - at, "; ");
    size_t n = ukko_wire_print(pdu->serializer, pdu->manifest, pdu->message, buf + at, len - at);
    at = n < len - at ? at + n : len - 1;
    slice_text(pdu->recipient, path, sizeof path);
    if (at < len) at += (size_t)snprintf(buf + at, len - at, " -> %s", path);
    slice_text(pdu->sender, path, sizeof path);
    if (pdu->has_sender && at < len) at += (size_t)snprintf(buf + at, len - at, " from %s", path);
    if (pdu->has_seq && at < len) snprintf(buf + at, len - at, " #%" PRId64, pdu->seq);
}

void frame_text(const ukko_wire_pdu *pdu, char *buf, size_t len) {
    char system[300], host[300];
    if (pdu->kind == UKKO_WIRE_PAYLOAD) {
        *buf = '\0';
        payload_text(pdu, buf, len);
    } else if (pdu->kind == UKKO_WIRE_ASSOCIATE) {
        slice_text(pdu->system, system, sizeof system);
        slice_text(pdu->host, host, sizeof host);
        snprintf(buf, len, "ASSOCIATE %s@%s:%u uid %d", system, host, pdu->port, (int)pdu->uid);
    } else {
        snprintf(buf, len, "%s", ukko_wire_kind_name(pdu->kind));
    }
}

static void put_text(json_t *record, const char *name, bool there, ukko_slice s) {
    char text[1000];
    slice_text(s, text, sizeof text);
    json_object_set_new(record, name, there ? output_text(text) : json_null());
}

void frame_members(json_t *record, const ukko_wire_pdu *pdu, size_t size) {
    char text[FRAME_TEXT], kind[FRAME_KIND], name[FRAME_KIND];
    bool message = pdu->kind == UKKO_WIRE_PAYLOAD && pdu->has_message;
    frame_kind(pdu, kind, sizeof kind);
    frame_text(pdu, text, sizeof text);
    json_object_set_new(record, "kind", output_text(kind));
    json_object_set_new(record, "text", output_text(text));
    put_text(record, "recipient", message, pdu->recipient);
    put_text(record, "sender", message && pdu->has_sender, pdu->sender);
    json_object_set_new(record, "serializer",
                        message ? json_integer(pdu->serializer) : json_null());
    put_text(record, "manifest", message, pdu->manifest);
    if (message) message_name(pdu, name, sizeof name);
    json_object_set_new(record, "type", message ? output_text(name) : json_null());
    json_object_set_new(record, "seq",
                        message && pdu->has_seq ? json_integer(pdu->seq) : json_null());
    json_object_set_new(record, "ack", pdu->has_ack ? json_integer(pdu->acked) : json_null());
    json_object_set_new(record, "bytes", json_integer((json_int_t)size));
}

bool frame_fits(const char *patterns, const char *kind) {
    bool any = false, in = false;
    for (const char *p = patterns + strspn(patterns, ", "); *p; p += strspn(p, ", ")) {
        char word[200];
        size_t n = strcspn(p, ", ");
        bool not = *p == '!';
        snprintf(word, sizeof word, "%.*s", (int)(n - not ), p + not );
        bool fits = fnmatch(word, kind, 0) == 0;
        if (not &&fits) return false;
        any |= !not ;
        in |= !not &&fits;
        p += n;
    }
    return in || !any;
}
