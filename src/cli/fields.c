/* SPDX-License-Identifier: Apache-2.0 */
/* What the records of each command hold: the columns of tsv in their order, the members of json and
   jsonl. Part of the contract of a major version: only append. Constant data. */
#include "tables.h"

#define END                                                                                        \
    { NULL, NULL, NULL }

const field node_fields[] = {
    {"address", "string", "where the node is reached"},
    {"uid", "integer", "of this incarnation"},
    {"status", "string?", "URL of its status page"},
    {"control", "string?", "path of its control socket"},
    END,
};

const field stat_fields[] = {
    {"address", "string", "of the peer"},
    {"state", "string", "idle, connecting, active, gated or quarantined"},
    {"uid", "integer?", "of the peer's incarnation"},
    {"phi", "number?", "suspicion of death watch; null when nothing is watched there"},
    {"in_bytes", "integer", "that came"},
    {"out_bytes", "integer", "that were sent"},
    {"in_rate", "number", "bytes that came in the last second"},
    {"out_rate", "number", "bytes that were sent in it"},
    {"in_frames", "integer", "that came"},
    {"in_largest_bytes", "integer", "the largest frame that came"},
    {"connections", "integer", "that were made"},
    {"kept_messages", "integer", "that wait for a connection"},
    {"unsent_bytes", "integer", "that wait for the peer to read"},
    {"unacknowledged", "integer", "system messages"},
    {"reason", "string", "of the last failure, NONE when there is none"},
    {"dropped_messages", "integer", "for it, that became dead letters here"},
    {"round_trip_us", "integer?", "of the connection, as the kernel measures it"},
    END,
};

const field shut_fields[] = {
    {"address", "string", "of the peer"},
    {"state", "string", "gated or quarantined, or another while an old incarnation is refused"},
    {"uid", "integer?", "of the peer's incarnation"},
    {"refused_uid", "integer?", "the incarnation that is not let in"},
    {"reason", "string", "a word for programs"},
    {"reason_text", "string", "what happened"},
    {"remedy", "string", "what helps"},
    {"left_ms", "integer", "until it is over; -1: no limit"},
    END,
};

const field clear_fields[] = {
    {"address", "string", "of the peer"},
    {"uid", "integer", "the incarnation that may associate again"},
    {"cleared", "boolean", "true"},
    END,
};

const field cheat_fields[] = {
    {"command", "string", "that is shown"},
    {"line", "string", "what to type behind ukko"},
    {"what", "string", "what it does"},
    END,
};

const field source_fields[] = {
    {"file", "string", "that was written"},
    {"what", "string", "header, source or test"},
    END,
};

const field ping_fields[] = {
    {"peer", "string", "address of the peer"},
    {"n", "integer", "number of the answer, from 1"},
    {"ms", "number", "from the question to the answer"},
    END,
};

const field ping_whole[] = {
    {"peer", "string", "address of the peer"},
    {"uid", "integer", "of the peer's incarnation"},
    {"stages", "object", "resolve_ms, connect_ms, handshake_ms"},
    {"tls", "object?", "version, cipher, certificate, valid_until; null without TLS"},
    {"answers_ms", "array", "one number for each answer"},
    {"min_ms", "number?", "the quickest answer; null: none was asked for"},
    {"avg_ms", "number?", "the mean"},
    {"max_ms", "number?", "the slowest answer"},
    END,
};

const field doctor_fields[] = {
    {"target", "string", "as it was given"},
    {"check", "string",
     "dns, tcp, tls, cert, trust, certname, versions, suites, bytes, handshake, "
     "name, scheme, reply, quarantine, select, watch, frame, reverse"},
    {"status", "string", "ok, warn, fail or skipped"},
    {"code", "string?", "what was found, for programs; null when it is ok"},
    {"text", "string", "what was found, for people"},
    {"where", "string?", "what to change: here, or at the peer"},
    {"fix", "string?", "the line of configuration, or what to do"},
    END,
};

const field tell_fields[] = {
    {"to", "string", "reference of the actor"},
    {"sent", "boolean", "always true"},
    {"count", "integer", "how many"},
    END,
};

const field ask_fields[] = {
    {"from", "string", "reference of the actor that answered"},
    {"type", "string", "Java class of the answer"},
    {"value", "any", "the answer"},
    {"ms", "number", "from the question to the answer"},
    {"text", "string?", "what --reply-as reads in it"},
    END,
};

const field letter_fields[] = {
    {"ts", "string", "when it came"},
    {"from", "string", "reference of the sender"},
    {"to", "string", "reference of the recipient"},
    {"serializer", "integer", "serializer identifier; -1: it cannot travel"},
    {"manifest", "string", "manifest, empty when there is none"},
    {"type", "string", "Java class of the message"},
    {"value", "any", "the message"},
    {"bytes", "integer", "its length as serialized"},
    END,
};

const field ended_fields[] = {
    {"ts", "string", "when it was heard of"},
    {"ref", "string", "reference of the actor"},
    {"existence_confirmed", "boolean", "it was there, and has stopped"},
    {"address_terminated", "boolean", "its node is gone or unreachable"},
    END,
};

const field tree_fields[] = {
    {"path", "string", "without address and uid"},
    {"depth", "integer", "1 for /user"},
    {"ref", "string", "with address and uid"},
    END,
};

const field ref_fields[] = {
    {"ref", "string", "reference of an actor, with its uid"},
    END,
};

const field deploy_fields[] = {
    {"ref", "string", "reference of the new actor"},
    {"class", "string", "as the node knows it"},
    END,
};

const field stop_fields[] = {
    {"ref", "string", "reference of the actor"},
    {"stopped", "boolean", "always true"},
    END,
};

/* What frame_members() puts into a record. */
#define FRAME_MEMBERS                                                                              \
    {"kind", "string", "control.associate, ack, system.Watch, message.String, ..."},               \
        {"text", "string", "what it says, for people"},                                            \
        {"recipient", "string?", "path; null when it carries no message"},                         \
        {"sender", "string?", "path; null when there is none"},                                    \
        {"serializer", "integer?", "serializer identifier"},                                       \
        {"manifest", "string?", "manifest, empty when there is none"},                             \
        {"type", "string?", "kind of the message"},                                                \
        {"seq", "integer?", "number of a system message"},                                         \
        {"ack", "integer?", "the highest number that is acknowledged; -1: none"}, {                \
        "bytes", "integer", "length of the frame"                                                  \
    }

const field frame_fields[] = {
    {"ts", "string?", "when it was complete; null, as the next two, outside of a capture"},
    {"from", "string?", "address and port of the sending end"},
    {"to", "string?", "of the receiving end"},
    FRAME_MEMBERS,
    END,
};

const field send_raw_fields[] = {
    {"ts", "string", "when it was sent, or came"},
    {"direction", "string", "there, or back"},
    FRAME_MEMBERS,
    END,
};

const field proxy_fields[] = {
    {"ts", "string", "when it came"},
    {"connection", "integer", "number of the connection, from 1"},
    {"direction", "string", "there, or back"},
    {"dropped", "boolean", "it was not passed on"},
    FRAME_MEMBERS,
    END,
};

const field bench_fields[] = {
    {"bytes", "integer", "of a message"},
    {"in_flight", "integer", "messages on their way at a time, on each link"},
    {"seconds", "number", "how long it took"},
    {"round_trips", "integer", "that were made; one way: messages that arrived"},
    {"per_second", "number", "of them"},
    {"p50_us", "number",
     "the median of a round trip; one way: until half of those in flight are confirmed"},
    {"p90_us", "number", "nine of ten are quicker"},
    {"p99_us", "number", "99 of 100"},
    {"p999_us", "number", "999 of 1000"},
    {"max_us", "number", "the slowest"},
    {"one_way", "boolean", "messages did not come back"},
    {"links", "integer", "connections, each of a system of its own"},
    END,
};

const field context_fields[] = {
    {"name", "string", "used as @NAME"},
    {"target", "string", "what it stands for"},
    {"current", "boolean", "it is what a target without node means"},
    END,
};

const field finding_fields[] = {
    {"path", "string", "of the setting"},
    {"nearest", "string?", "a setting that may be meant"},
    {"file", "string", "where it stands"},
    {"line", "integer", "likewise"},
    END,
};

const field diff_fields[] = {
    {"path", "string", "of the setting"},
    {"first", "any", "its value in the first file, null when it has none"},
    {"second", "any", "in the second"},
    END,
};

const field explain_fields[] = {
    {"path", "string", "of the setting"},
    {"value", "any", "the effective one"},
    {"file", "string", "where it was set"},
    {"line", "integer", "likewise"},
    {"written", "string?", "what stands there, when its value comes from elsewhere: ${...}"},
    {"use", "string", "own, honoured, accepted or unknown"},
    {"meaning", "string?", "what the setting is for"},
    {"overrides", "array", "value, file and line of each setting below"},
    END,
};

const field store_fields[] = {
    {"file", "string", "the file"},
    {"kind", "string?", "PEM, PKCS#12 or JKS"},
    {"alias", "string?", "name of the entry"},
    {"entry", "string", "private key, certificate or trusted"},
    {"subject", "string", "whom the certificate is for"},
    {"issuer", "string", "who issued it"},
    {"names", "array", "alternative names of the subject"},
    {"from", "string", "valid from"},
    {"until", "string", "valid until"},
    {"state", "string", "valid, expired or not yet valid"},
    {"key", "string", "kind and bits of the public key"},
    {"sha256", "string", "fingerprint"},
    END,
};

const field gen_fields[] = {
    {"file", "string", "the file"},
    {"what", "string", "what it is for"},
    END,
};

const field check_fields[] = {
    {"file", "string", "the configuration"},
    {"usable", "boolean", "always true"},
    END,
};

const field suite_fields[] = {
    {"java", "string?", "name in Java and in enabled-algorithms"},
    {"openssl", "string", "name in OpenSSL"},
    {"version", "string", "TLS version that it belongs to"},
    {"bits", "integer", "of the cipher"},
    END,
};

const field version_fields[] = {
    {"ukko", "string", "the version"},
    END,
};
