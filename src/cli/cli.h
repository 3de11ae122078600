/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the command `ukko` share: its options, its output, the connection to a peer.
   The command uses the public headers only. All of it runs on the main thread. */
#ifndef CLI_H
#define CLI_H
#include <jansson.h>
#include <ukko/ukko.h>

/* ---- Exit codes; `ukko help` prints them --------------------------------------------- */

#define CLI_EXIT_MAP(X)                                                                     \
    X(OK, 0, "done")                                                                        \
    X(NEGATIVE, 1, "the peer answered negatively: no such actor, Status.Failure")           \
    X(USAGE, 2, "wrong usage or configuration")                                             \
    X(CONNECT, 3, "host not found, or nothing listens there")                               \
    X(TLS, 4, "TLS failure, or a TLS port without TLS")                                     \
    X(HANDSHAKE, 5, "handshake refused, wrong system, not a Pekko port")                    \
    X(TIMEOUT, 6, "no answer in time")                                                      \
    X(QUARANTINED, 7, "quarantined or gated")                                               \
    X(TOO_BIG, 8, "message too big or undecodable")                                         \
    X(IO, 9, "local I/O: a file, a port in use")                                            \
    X(INTERNAL, 70, "a bug in ukko")                                                        \
    X(INTERRUPTED, 130, "interrupted")

typedef enum cli_exit {
#define CLI_X(name, status, text) CLI_##name = status,
    CLI_EXIT_MAP(CLI_X)
#undef CLI_X
} cli_exit;

/* ---- Commands and options ------------------------------------------------------------ */

typedef struct cli cli;

typedef struct option {
    const char *name;  /* without the dashes */
    char letter;       /* 0: none */
    const char *value; /* what to call it in help; NULL: a flag */
    const char *help;
} option;

typedef struct command {
    const char *name;
    const char *args; /* as usage shows them */
    const char *help; /* one line */
    int least, most;  /* number of arguments */
    const option *const *options; /* tables that it takes besides the global one; ends with NULL */
    int (*run)(cli *c);           /* gives the exit status */
    bool many;                    /* json: an array of results, not one */
    bool raw;                     /* takes its arguments as they are */
} command;

typedef enum output_mode { HUMAN, JSON, JSONL, TSV } output_mode;

enum { MAX_GIVEN = 64 };

struct cli {
    const char *program;
    const command *command;
    const char *args[MAX_GIVEN];
    int n_args;
    struct { const option *option; const char *value; } given[MAX_GIVEN];
    int n_given;
    int argc; /* of a raw command */
    char **argv;
    output_mode mode;
    bool quiet;
    int verbosity;
    int64_t timeout_ms;
    json_t *records; /* json: what is printed at the end */
};

extern const command commands[];         /* main.c; ends with a NULL name */
extern const option global_options[];    /* args.c; option tables end with a NULL name */
extern const option message_options[];   /* message.c */
const command *command_named(const char *name);

/* args.c */
int args_parse(cli *c, int argc, char **argv); /* CLI_OK, or the status after an error */
const char *args_value(const cli *c, const char *name); /* the last one given, or NULL */
int args_count(const cli *c, const char *name);
/* *n and *ms hold the default when they are called. */
int args_number(cli *c, const char *name, int64_t least, int64_t most, int64_t *n);
int args_duration(cli *c, const char *name, int64_t *ms);

/* ---- output.c ------------------------------------------------------------------------ */

typedef struct problem {
    cli_exit status;
    const char *code;  /* for programs: "CONNECT_REFUSED" */
    const char *stage; /* usage, config, resolve, connect, handshake, lookup, reply, ... */
    const char *peer;  /* NULL: none */
    const char *hint;  /* NULL: none */
} problem;
/* Prints the error in the output mode; gives the status. */
int cli_fail(cli *c, const problem *p, const char *format, ...) UKKO_PRINTF(3, 4);
int cli_usage(cli *c, const char *format, ...) UKKO_PRINTF(2, 3); /* CLI_USAGE */
/* One result: human prints the line, the other modes the record. Takes record. */
void output_record(cli *c, json_t *record, const char *format, ...) UKKO_PRINTF(3, 4);
void output_note(const cli *c, const char *format, ...) UKKO_PRINTF(2, 3); /* human, not quiet */
void output_end(cli *c);
json_t *output_text(const char *text); /* NULL and broken UTF-8 give null and a mended text */
json_t *output_ms(int64_t ns);

/* ---- settings.c: the configuration of the command's own system ----------------------- */

typedef struct own_system { const char *name, *hostname; int64_t port; } own_system;
int settings_build(cli *c, const own_system *own, ukko_config **out);
int settings_failed(cli *c, const ukko_error *err); /* prints why a system did not start */
void settings_log(void *c, const ukko_log_record *r);

/* ---- target.c ------------------------------------------------------------------------ */

typedef struct target {
    char text[600];    /* as given, with the path */
    char address[400]; /* pekko.tcp://sys@host:port */
    char host[256];
    int port;
    const char *path; /* "/user/x", into text; "" when none was given */
} target;
int target_parse(cli *c, const char *text, target *t);
/* Times the name look-up and a first connection, in ns; says what is wrong when one fails. */
int target_dial(cli *c, const target *t, int64_t *resolve_ns, int64_t *connect_ns);
typedef enum port_kind { PORT_SILENT, PORT_HTTP, PORT_TLS, PORT_OTHER, PORT_CLOSED } port_kind;
port_kind target_probe(const target *t); /* who else than Pekko may answer there */

/* ---- session.c: a system of its own that talks to one target ------------------------- */

typedef struct arrival { /* what came to the inbox of the session */
    ukko_msg *msg;       /* NULL: interrupted */
    ukko_ref *sender;
    int64_t at_ns;
    struct arrival *next;
} arrival;
typedef struct inbox inbox;

typedef struct session {
    cli *cli;
    target target;
    ukko_system *sys;
    inbox *box;
    ukko_ref *self; /* the actor that fills the inbox */
    int64_t resolve_ns, connect_ns, handshake_ns, first_ns;
    bool associated;
    int32_t uid; /* of the peer */
} session;

/* types: what may arrive besides the built-in ones, ends with NULL; may be NULL. */
int session_open(session *s, cli *c, const char *text, const ukko_type *const *types);
void session_close(session *s);
int64_t session_deadline(int64_t ms);
/* The next message that is no event of the link; *a is ended by arrival_free(). CLI_TIMEOUT when
   nothing came, without a word; all other failures are printed. */
int session_next(session *s, int64_t deadline, arrival **a);
void arrival_free(arrival *a);
/* Prints why no answer came. */
int session_no_answer(session *s, const char *stage);
void session_identify(session *s, const char *path); /* sends it; the answer is an arrival */
/* Looks the target's path up: *ref is owned, NULL when nobody is there. rtt_ns may be NULL. */
int session_find(session *s, const char *path, ukko_ref **ref, int64_t *rtt_ns);
int session_not_found(session *s);
/* Opens the session and finds the one actor that the first argument names; *to is owned. talk.c */
int session_reach(session *s, cli *c, ukko_ref **to);
int64_t clock_ns(void);

/* ---- message.c, show.c --------------------------------------------------------------- */

/* The message that the options and the argument at index say; *msg is owned. */
int message_build(cli *c, int index, ukko_msg **msg);
const ukko_type *const *message_types(cli *c); /* of --json-class, or NULL */
json_t *show_value(const ukko_msg *msg);
char *show_line(const ukko_msg *msg); /* the value for people; free() */

/* ---- the commands -------------------------------------------------------------------- */

int run_node(cli *c);
int run_ping(cli *c);
int run_tell(cli *c);
int run_ask(cli *c);
int run_identify(cli *c);
int run_deploy(cli *c);
int run_stop(cli *c);
int run_config(cli *c);
int run_version(cli *c);
int run_help(cli *c);
extern const option node_options[], ping_options[], identify_options[], deploy_options[],
    stop_options[];
#endif
