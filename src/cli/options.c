/* SPDX-License-Identifier: Apache-2.0 */
/* The options of the command: those that all commands take, and the tables of single ones. Constant
   data. */
#include "tables.h"

#define END {NULL, 0, NULL, NULL, NULL}

const option output_options[] = {
    {"output", 'o', "MODE", "human, json, jsonl (a line for each record) or tsv",
     "human json jsonl tsv"},
    {"quiet", 'q', NULL, "no notes for people", NULL},
    {"verbose", 'v', NULL, "the log on standard error; -vv more of it, -vvv also each frame", NULL},
    {"no-color", 0, NULL, "plain text also on a terminal; so does NO_COLOR", NULL},
    {"progress", 0, NULL, "how far it is, on standard error, also where that is no terminal", NULL},
    {"no-progress", 0, NULL, "nor on a terminal", NULL},
    {"help", 'h', NULL, "about the command", NULL},
    END,
};

const option system_options[] = {
    {"timeout", 't', "TIME", "how long to wait for an answer (5s)", NULL},
    {"config", 0, "FILE", "configuration of the command's own system (HOCON); also $UKKO_CONFIG", "@file"},
    {"define", 'D', "KEY=VALUE", "one setting of it; repeatable", NULL},
    {"as", 0, "SYS@HOST:PORT", "own name and address (ukko-cli, at the address of the way there)",
     NULL},
    {"context", 'c', "NAME", "a saved target with its options; also $UKKO_CONTEXT", "@context"},
    {"listen", 0, NULL, "take connections at the own address, not only on the way there", NULL},
    {"dialect", 0, "NAME", "what addresses begin with, of a target HOST:PORT (auto)",
     "pekko akka auto"},
    {"tls", 0, NULL, "a target HOST:PORT speaks TLS", NULL},
    {"cert", 0, "FILE", "own certificate, PEM", "@file"},
    {"key", 0, "FILE", "its key, when it is not in the same file, PEM", "@file"},
    {"ca", 0, "FILE", "what is trusted, PEM", "@file"},
    {"keystore", 0, "FILE", "own key and certificate, PKCS#12", "@file"},
    {"truststore", 0, "FILE", "what is trusted, PKCS#12", "@file"},
    {"storepass-file", 0, "FILE", "password of the stores and keys, on its first line", "@file"},
    {"tls-keylog", 0, "FILE", "append TLS secrets to FILE, for ukko decode and Wireshark; also $SSLKEYLOGFILE",
     "@file"},
    {"record", 0, "FILE", "write what is sent and what comes, without TLS, as a capture (pcapng)", "@file"},
    {"insecure", 0, NULL, "trust whatever certificate the peer shows", NULL},
    END,
};

const option node_options[] = {
    {"hostname", 0, "HOST", "published and bound host (127.0.0.1)", NULL},
    {"port", 'p', "PORT", "published and bound port, 0 for any (7355)", NULL},
    {"name", 0, "NAME", "of the system (ukko)", NULL},
    {"status", 0, "[HOST:]PORT", "a status page, /metrics and /healthz there (127.0.0.1)", NULL},
    {"metrics", 0, "[HOST:]PORT", "the same as --status", NULL},
    {"control", 0, "PATH", "a control socket there, for this user: ukko quarantine clear", "@file"},
    END,
};

const option clear_options[] = {
    {"uid", 0, "N", "only when it is this incarnation", NULL},
    END,
};

const option stat_options[] = {
    {"watch", 0, "TIME", "again each TIME, until interrupted", NULL},
    END,
};

const option top_options[] = {
    {"interval", 'i', "TIME", "between two looks (1s)", NULL},
    {"count", 'n', "N", "with --plain: end after so many looks", NULL},
    {"plain", 0, NULL, "as text, also where no terminal is", NULL},
    END,
};

const option ping_options[] = {
    {"count", 'n', "N", "how many look-ups (5)", NULL},
    {"interval", 'i', "TIME", "between two of them (1s)", NULL},
    {"handshake-only", 0, NULL, "ask nothing: also a node in untrusted mode shakes hands", NULL},
    END,
};

const option doctor_options[] = {
    {"reverse", 0, NULL, "also have the peer dial this host", NULL},
    {"frame", 0, "SIZE", "how large frames have to be taken (the own maximum-frame-size, 128000)",
     NULL},
    {"uid", 0, "N", "of the node that --as names, to see whether it is quarantined", NULL},
    {"fix-hints", 0, NULL, "at the end, once more what is to be changed, for each side", NULL},
    END,
};

const option message_options[] = {
    {"string", 's', "TEXT", "a String (also what a bare argument is)", NULL},
    {"long", 0, "N", "a Long", NULL},
    {"int", 0, "N", "an Integer", NULL},
    {"bool", 0, "true|false", "a Boolean", "true false"},
    {"bytes-hex", 0, "HEX", "a byte array", NULL},
    {"json-class", 0, "CLASS", "a Jackson class: the argument is its JSON", NULL},
    {"proto", 0, "FILE:TYPE", "a protobuf message of a .proto file: the argument is its text", NULL},
    {"serializer", 0, "ID", "bytes of --file or --bytes-hex that this serializer has written", NULL},
    {"manifest", 0, "TEXT", "the manifest that goes with --serializer, or with --proto instead of the Java class", NULL},
    {"file", 0, "FILE", "the bytes, instead of --bytes-hex", "@file"},
    END,
};

const option tell_options[] = {
    {"lines", 'l', NULL, "a message for each line of standard input", NULL},
    {"rate", 0, "N", "with --lines: at most so many a second", NULL},
    END,
};

const option ask_options[] = {
    {"count", 'C', "N", "wait for so many replies, each as long as for one (1); json has an array", NULL},
    {"reply-as", 0, "FILE:TYPE", "print bytes that come back as this protobuf message", NULL},
    {"java", 0, "describe", "tell what a reply holds that Java has serialized", NULL},
    END,
};

const option listen_options[] = {
    {"count", 'C', "N", "end after so many messages", NULL},
    {"format", 'F', "FORMAT", "how a message is printed", NULL},
    {"reply", 0, "TEXT", "answer each with this String", NULL},
    {"reply-cmd", 0, "COMMAND", "answer each with what a command prints", NULL},
    {"echo", 0, NULL, "answer each with itself", NULL},
    {"java", 0, "describe", "tell what a message holds that Java has serialized", NULL},
    END,
};

const option watch_options[] = {
    {"once", 0, NULL, "end with the first actor that ends", NULL},
    {"exec", 0, "COMMAND", "run it for each that ends", NULL},
    {"expect-alive", 0, "TIME", "nothing is to end in this time", NULL},
    {"all-within", 0, "TIME", "how long to collect the answers to a pattern (1s)", NULL},
    END,
};

const option tree_options[] = {
    {"depth", 0, "N", "levels below the start (8)", NULL},
    {"quiet-for", 0, "TIME", "a level is over when no answer came for so long (300ms)", NULL},
    END,
};

const option identify_options[] = {
    {"all-within", 0, "TIME", "how long to collect the answers to a pattern (1s)", NULL},
    END,
};

const option deploy_options[] = {
    {"class", 0, "CLASS", "what to create, as the node knows it; needed", NULL},
    {"name", 0, "NAME", "of the new actor (the end of its class)", NULL},
    {"stay", 0, NULL, "keep it until it ends, or until interrupted", NULL},
    END,
};

const option source_options[] = {
    {"dir", 'd', "DIR", "where the files go (.)", "@file"},
    {"name", 0, "NAME", "of the files, and of the list of all types (that of the source)", NULL},
    {"prefix", 0, "TEXT", "in front of all names in C", NULL},
    {"include", 'I', "DIR", "where imports of a .proto file are; repeatable", "@file"},
    {"class", 0, "CLASS", "the Java class of a JSON sample", NULL},
    {"map", 0, "MEMBER", "a member of a JSON sample that is a map, not an object; repeatable", NULL},
    {"cbor", 0, NULL, "the classes are bound to jackson-cbor", NULL},
    END,
};

const option bench_options[] = {
    {"size", 's', "LIST", "bytes of a message (100,1k,10k)", NULL},
    {"in-flight", 'f', "LIST", "messages on their way at a time, on each link (1,16)", NULL},
    {"links", 'l', "N", "connections to the node, each of a system of its own (1)", NULL},
    {"duration", 'd', "TIME", "of each measurement (2s)", NULL},
    {"one-way", 0, NULL, "messages do not come back; half of those in flight are confirmed at once", NULL},
    END,
};

const option proxy_options[] = {
    {"drop", 0, "KINDS", "let frames of these kinds not pass", NULL},
    {"delay", 0, "TIME", "hold each frame for so long", NULL},
    {"delayed", 0, "KINDS", "with --delay: only these; others overtake them", NULL},
    {"split", 0, "SIZE", "write in pieces of so many bytes", NULL},
    {"cut-after", 0, "N", "end a connection after so many frames", NULL},
    {"filter", 'Y', "KINDS", "show only frames of these kinds", NULL},
    END,
};

const option send_raw_options[] = {
    {"pace", 0, "TIME", "between two frames (0)", NULL},
    {"wait", 0, "TIME", "at the end, until nothing has come back for so long (1s)", NULL},
    {"link", 0, "HOST:PORT", "of a capture: only connections with this end", NULL},
    END,
};

const option stop_options[] = {
    {"kill", 0, NULL, "with Kill, which fails the actor, instead of PoisonPill", NULL},
    END,
};

const option decode_options[] = {
    {"filter", 'Y', "KINDS", "only frames of these kinds", NULL},
    {"link", 0, "HOST:PORT", "only connections with this end", NULL},
    {"follow", 'f', NULL, "go on as the file grows, until Ctrl-C", NULL},
    {"tls-keylog", 0, "FILE", "secrets to read TLS with; also $SSLKEYLOGFILE", "@file"},
    END,
};

const option dissector_options[] = {
    {"install", 0, NULL, "write it where Wireshark looks, and print the path", NULL},
    END,
};

const option config_options[] = {
    {"json", 0, NULL, "as -o json", NULL},
    {"hocon", 0, NULL, "render: as HOCON, with the names as they were written", NULL},
    {"with-reference", 0, NULL, "over the built-in defaults", NULL},
    END,
};

const option store_options[] = {
    {"storepass-file", 0, "FILE", "password of the stores, on its first line", "@file"},
    END,
};

const option gen_options[] = {
    {"name", 0, "NAME", "of the files (node)", NULL},
    {"days", 0, "N", "how long it is valid (365)", NULL},
    {"begin", 0, "N", "from how many days from now on; negative: since (0)", NULL},
    {"storepass-file", 0, "FILE", "password of the stores, on its first line (changeme)", "@file"},
    END,
};

const option completion_options[] = {
    {"words", 0, NULL, "for the scripts: what may stand last in the words behind --", NULL},
    END,
};

const option version_options[] = {
    {"json", 0, NULL, "as -o json", NULL},
    END,
};

const option help_options[] = {
    {"man", 0, NULL, "the manual page, for man(1)", NULL},
    END,
};
