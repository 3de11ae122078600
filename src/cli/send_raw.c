/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko send-raw`: sends the frames of a file to a node as they are, and shows what comes back. There is
   no system behind it: the file has to shake hands by itself. Main thread. */
#include "channel.h"
#include "frames.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FILE = 64 << 20, MAX_FRAME = 64 << 20 };

typedef struct replay {
    cli *c;
    target to;
    channel ch;
    int64_t pace_ms, wait_ms;
    int64_t sent, answers, strange; /* frames; strange: answers that are no PDU */
    bool closed;
} replay;

static void show(replay *r, bool back, ukko_slice body) {
    char now[40], text[FRAME_TEXT];
    ukko_wire_pdu pdu;
    if (ukko_wire_decode(body, &pdu) != UKKO_OK) {
        r->strange += back;
        return;
    }
    time_text(now, sizeof now);
    frame_text(&pdu, text, sizeof text);
    json_t *j = json_object();
    json_object_set_new(j, "ts", output_text(now));
    json_object_set_new(j, "direction", output_text(back ? "back" : "there"));
    frame_members(j, &pdu, body.len + 4);
    output_record(r->c, j, "%.12s %s %s", now + 11, back ? "<" : ">", text);
}

/* Shows what comes until the deadline; fresh: each answer puts it off. */
static void take_answers(replay *r, int64_t ms, bool fresh) {
    int64_t deadline = session_deadline(ms);
    ukko_slice body;
    int rc = 0;
    while (!r->closed && !interrupt_came() &&
           (rc = channel_frame(&r->ch, MAX_FRAME, deadline, &body)) == 1) {
        r->answers++;
        show(r, true, body);
        if (fresh) deadline = session_deadline(ms);
    }
    r->closed |= rc == CHANNEL_CLOSED || rc == CHANNEL_TOO_BIG;
}

static int was_closed(replay *r, size_t left) {
    problem p = {CLI_HANDSHAKE, "CLOSED", "send", r->to.text,
                 "what came back, and the peer's own log, may say why"};
    return cli_fail(r->c, &p,
                    "the peer closed the connection after %lld frames; %zu bytes are left",
                    (long long)r->sent, left);
}

/* One frame, or what is none and is sent as it is. */
static int send_piece(replay *r, ukko_slice *rest) {
    ukko_slice in = *rest, body;
    bool frame = ukko_wire_cut(&in, MAX_FRAME, &body) == 1;
    const uint8_t *from = rest->ptr;
    size_t len = frame ? (size_t)(body.ptr + body.len - from) : rest->len;
    if (!channel_send(&r->ch, from, len, session_deadline(r->c->timeout_ms))) {
        take_answers(r, 0, false);
        return was_closed(r, rest->len);
    }
    *rest = (ukko_slice){from + len, rest->len - len};
    if (!frame) {
        output_note(r->c, "%zu bytes that are no frame", len);
        return CLI_OK;
    }
    r->sent++;
    show(r, false, body);
    return CLI_OK;
}

static int send_all(replay *r, ukko_slice rest) {
    int status = CLI_OK;
    while (rest.len && status == CLI_OK && !interrupt_came()) {
        status = send_piece(r, &rest);
        if (status == CLI_OK && rest.len) take_answers(r, r->pace_ms, false);
        if (status == CLI_OK && r->closed && rest.len) status = was_closed(r, rest.len);
        output_progress(r->c, "%lld frames sent, %lld came back", (long long)r->sent,
                        (long long)r->answers);
    }
    if (status == CLI_OK) take_answers(r, r->wait_ms, true);
    if (interrupt_came()) return CLI_INTERRUPTED;
    if (status == CLI_OK)
        output_note(r->c, "%lld frames sent, %lld came back%s%s", (long long)r->sent,
                    (long long)r->answers, r->strange ? "; some were undecodable" : "",
                    r->closed ? "; the peer has closed the connection" : "");
    return status;
}

static int read_input(cli *c, const char *name, uint8_t **bytes, size_t *len) {
    problem p = {CLI_IO, "FILE", "send", NULL, NULL};
    FILE *f = strcmp(name, "-") == 0 ? interrupt_input(stdin) : fopen(name, "rb");
    *bytes = f ? malloc(MAX_FILE + 1) : NULL;
    *len = *bytes ? fread(*bytes, 1, MAX_FILE + 1, f) : 0;
    int error = *bytes && !ferror(f) ? *len > MAX_FILE ? EFBIG : 0 : errno;
    if (f) fclose(f);
    if (!error && !*len) return cli_usage(c, "%s: nothing to send", name);
    return error ? cli_fail(c, &p, "%s: %s", name, strerror(error)) : CLI_OK;
}

int run_send_raw(cli *c) {
    replay r = {.c = c, .ch = {.fd = -1}, .wait_ms = 1000};
    uint8_t *bytes = NULL;
    size_t len = 0;
    int status = args_duration(c, "pace", &r.pace_ms);
    if (status == CLI_OK) status = args_duration(c, "wait", &r.wait_ms);
    if (status == CLI_OK) status = target_parse(c, c->args[0], &r.to);
    if (status == CLI_OK) status = read_input(c, c->args[1], &bytes, &len);
    if (status == CLI_OK && capture_begins(bytes, len))
        status = capture_frames(c, c->args[1], &bytes, &len);
    if (status == CLI_OK) status = target_connect(c, &r.to, &r.ch);
    if (status == CLI_OK) status = send_all(&r, (ukko_slice){bytes, len});
    channel_close(&r.ch);
    free(bytes);
    return status;
}
