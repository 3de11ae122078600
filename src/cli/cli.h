/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the command `ukko` share: its options, its output, the connection to a peer.
   The command uses the public headers only. All of it runs on the main thread. */
#ifndef CLI_H
#define CLI_H
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <sys/types.h>
#include <ukko/ukko.h>

/* ---- Exit codes; `ukko help` prints them --------------------------------------------- */

#define CLI_EXIT_MAP(X)                                                                     \
    X(OK, 0, "done")                                                                        \
    X(NEGATIVE, 1, "the peer answered negatively: no such actor, Status.Failure; warnings")  \
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

/* ---- Commands and options: one table, see table.c ------------------------------------ */

typedef struct cli cli;
typedef struct tap tap;
typedef struct command command;

typedef struct option {
    const char *name;  /* without the dashes */
    char letter;       /* 0: none */
    const char *value; /* what to call it in help; NULL: a flag */
    const char *help;
    /* What the value may be, for checks and completion: words with a blank between them; "@file",
       "@target", "@context": whatever, but completed as that; NULL: whatever. */
    const char *values;
} option;

typedef struct field { /* of a record that a command prints: a column in tsv, a member in json */
    const char *name;
    const char *type; /* string, integer, number, boolean, object, array, any; "?": or null */
    const char *help;
} field;

typedef struct example {
    const char *line; /* without "ukko" */
    const char *what;
} example;

struct command {
    const char *name;
    const char *args; /* as usage shows them */
    const char *help; /* one line */
    int least, most;  /* number of arguments */
    const option *options;  /* besides the global ones; may be NULL */
    const option *messages; /* another table of them; may be NULL */
    int (*run)(cli *c);     /* gives the exit status; NULL: sub has the commands */
    const command *sub;     /* ends with a NULL name */
    const char *about;      /* paragraphs, an empty line between two; may be NULL */
    const example *examples;
    const field *fields; /* a line of jsonl and tsv, or the element of json's array */
    const field *whole;  /* what json prints when that is something else */
    const char *complete; /* what the arguments are, as option.values */
    bool many;            /* json: an array of records, not one */
    const char *many_with; /* the option that makes it one; NULL: none */
    bool own_output;      /* it prints by itself: text, or a document of its own */
    bool local;           /* runs no system: the options of one are left out of its help */
    bool attends;         /* local, and looks for interrupts by itself */
};

typedef enum output_mode { HUMAN, JSON, JSONL, TSV } output_mode;
typedef enum progress_mode {
    PROGRESS_UNKNOWN, PROGRESS_OFF, PROGRESS_OVER, PROGRESS_LINES
} progress_mode;

enum { MAX_GIVEN = 128 };

struct cli {
    const char *program;
    const command *command; /* the innermost one */
    const command *outer;   /* whose subcommand it is; NULL: none */
    const char *args[MAX_GIVEN];
    int n_args;
    struct { const option *option; const char *value; } given[MAX_GIVEN];
    int n_given;
    output_mode mode;
    bool quiet, color;
    progress_mode progress;
    bool progress_shown; /* a line that is to be taken back stands there */
    int64_t progress_ns; /* when the last one was written; 0: never */
    int verbosity;
    int64_t timeout_ms;
    bool context_taken; /* its options are among those given */
    tap *tap;        /* NULL: none yet */
    json_t *records; /* json: what is printed at the end */
    int64_t n_records;
};

extern const command commands[];       /* table.c; ends with a NULL name */
extern const option output_options[];  /* options.c; option tables end with a NULL name */
extern const option system_options[];
const command *command_named(const command *table, const char *name);

/* args.c */
int args_parse(cli *c, int argc, char **argv); /* CLI_OK, or the status after an error */
int args_unknown(cli *c, const command *outer, const char *word); /* CLI_USAGE, and what is like it */
const char *args_value(const cli *c, const char *name); /* the last one given, or NULL */
int args_count(const cli *c, const char *name);
/* *n and *ms hold the default when they are called. */
int args_number(cli *c, const char *name, int64_t least, int64_t most, int64_t *n);
int args_duration(cli *c, const char *name, int64_t *ms);
int args_size(cli *c, const char *name, int64_t *bytes); /* 100, 10k, 1M, 1MiB */
bool parse_duration(const char *text, int64_t *ms);
bool parse_size(const char *text, int64_t *bytes);

/* main.c: ends the process with what was printed, and leaves systems that run as they are. */
_Noreturn void cli_leave(cli *c, int status);

/* ---- interrupt.c ---------------------------------------------------------------------- */

struct pollfd;
void interrupt_prepare(void);        /* before there are threads */
void interrupt_ends(void);           /* from here on one ends the process at once */
void interrupt_set(sigset_t *set);   /* the signals that are one */
void interrupt_note(void);           /* [any] one was taken by sigwait() */
bool interrupt_came(void);
int interrupt_poll(struct pollfd *fds, int n, int ms); /* as poll(); -1: also when one came */
bool interrupt_pause(int64_t ms);    /* false: one came */
FILE *interrupt_input(FILE *from);   /* a stream of the same bytes, that ends when one comes */
FILE *interrupt_growing(FILE *from); /* of a file; goes on behind its end, as tail -f does */

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
void output_note(cli *c, const char *format, ...) UKKO_PRINTF(2, 3); /* human, not quiet */
void output_end(cli *c, int status); /* json: prints the records */
json_t *output_text(const char *text); /* NULL and broken UTF-8 give null and a mended text */
json_t *output_ms(int64_t ns);

/* ---- progress.c ---------------------------------------------------------------------- */

/* How far it is, on standard error; too many are left out. What is printed takes the last one away. */
void output_progress(cli *c, const char *format, ...) UKKO_PRINTF(2, 3);
void output_progress_end(cli *c); /* takes it away */

/* ---- settings.c: the configuration of the command's own system ----------------------- */

typedef struct target target;
typedef struct tls_material tls_material;
typedef struct own_system { const char *name, *hostname, *bind_hostname; int64_t port; } own_system;
/* to NULL: a node, that talks as its configuration says. */
int settings_build(cli *c, const own_system *own, const target *to, ukko_config **out);
int settings_failed(cli *c, const ukko_error *err); /* prints why a system did not start */
void settings_log(void *c, const ukko_log_record *r);
/* --config and each -D, without the defaults; *out owned, may be NULL when there is none. */
int settings_given(cli *c, ukko_config **out);
int settings_unreadable(const char *path); /* an errno; 0: it can be read */

/* ---- tap.c: -vvv and --record ---- */

/* Before the system starts. */
int tap_system(cli *c, ukko_system *sys);
/* After all systems: gives the status, or another when the capture could not be written. */
int tap_end(cli *c, int status);

/* ---- keys.c: what the options, or the configuration, say about TLS ------------------- */

/* Borrowed from c and config, which may be NULL. */
int keys_of(cli *c, const ukko_config *config, tls_material *m);
/* The settings that stand for options and configuration as HOCON, for a system; files that are put
   together are removed by keys_end(). to NULL: a node. *text is owned: free(). */
int keys_settings(cli *c, const ukko_config *config, const target *to, char **text);
void keys_end(void);

/* ---- target.c ------------------------------------------------------------------------ */

struct target {
    char text[900];    /* as given, with the path; made whole when the rest was learnt */
    char address[600]; /* pekko.tcp://sys@host:port; "" as long as only host and port are known */
    char name[8];      /* what it begins with: pekko, akka; "": not known yet */
    bool tls;
    char system[256];  /* "": not known yet */
    char host[256];
    int port;
    char path[300];    /* "/user/x"; "" when none was given */
    char published[260]; /* host:port that the peer calls its own, when they are other ones */
};
int target_parse(cli *c, const char *text, target *t);
/* Finds out what host:port leaves open, by asking the peer. */
int target_learn(cli *c, target *t);
void target_complete(target *t); /* address and text from the parts */
/* Times the name look-up and a first connection, in ns; own: the local address of it. Says what is
   wrong when one fails. */
int target_dial(cli *c, const target *t, int64_t *resolve_ns, int64_t *connect_ns, char *own,
                size_t len);
/* Does the peer call itself otherwise, or does it answer to another protocol? Then *real is what it
   answers to: all else it drops without a word. */
bool target_is_elsewhere(cli *c, const target *t, target *real);
struct channel;
/* Connects, with TLS when the target has it; otherwise says why not. *ch is ended by channel_close(),
   also on failure. */
int target_connect(cli *c, const target *t, struct channel *ch);
typedef enum port_kind {
    PORT_SILENT, PORT_HTTP, PORT_TLS, PORT_ARTERY, PORT_LITTLE_ENDIAN, PORT_OTHER, PORT_CLOSED
} port_kind;
/* Who else than classic remoting answers there; first: its first bytes as text. classify.c */
port_kind classify_port(const char *host, int port, char *first, size_t len);
const char *port_kind_text(port_kind kind); /* "an HTTP server" */
/* Prints what the port is instead; otherwise: what is known when it is none of these. */
int target_not_classic(cli *c, const target *t, port_kind kind, const char *first,
                       const char *otherwise);

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
    char local[64]; /* own address on the way there */
    ukko_system *sys;
    inbox *box;
    ukko_ref *self; /* the actor that fills the inbox */
    int64_t resolve_ns, connect_ns, handshake_ns, first_ns;
    bool answered; /* something has come back from the target */
    bool associated, lost; /* lost: the link has ended, which was told */
    int32_t uid;      /* of the peer */
    const char *name; /* of the actor that fills the inbox; NULL: cli */
    bool tolerant;    /* what becomes of the link does not end it */
    bool beside;      /* the inbox is another session's */
    const char *ended_hint; /* what an end of the link may mean now; NULL: as ever */
    char *refusal;    /* why the node did not create what was asked for last; owned, NULL until it says it */
} session;

/* types: what may arrive besides the built-in ones, ends with NULL; may be NULL. */
int own_parse(cli *c, own_system *own, char *buf, size_t len); /* --as */
int session_open(session *s, cli *c, const char *text, const ukko_type *const *types);
/* Another system that talks to the same target; what comes is an arrival of first, which is closed
   after it. Its address differs by the port. */
int session_beside(session *s, const session *first, const ukko_type *const *types);
/* A system that others talk to, without a target; s->name is set before. */
int session_host(session *s, cli *c, const own_system *own, const ukko_actor *const *actors);
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
int message_of_line(cli *c, const char *line, ukko_msg **msg);
const ukko_type *const *message_types(cli *c); /* of --json-class, or NULL */
void time_text(char *to, size_t len); /* now, as 2026-11-28T06:20:01.123Z */
json_t *show_value(const ukko_msg *msg);
int show_java(cli *c); /* takes the option --java: what all values show of Java's streams */
const char *show_type(const ukko_msg *msg); /* its Java class, or "opaque" */
char *show_line(const ukko_msg *msg); /* the value for people; free() */

/* ---- proto.c ---- */
int proto_build(cli *c, const char *text, ukko_msg **msg); /* --proto; *msg is owned */
int proto_check(cli *c); /* is --reply-as FILE:TYPE? */
/* What --reply-as makes of bytes; owned: free(). NULL: the option, or the bytes, are missing. */
int proto_text(cli *c, const ukko_msg *msg, char **text);

/* ---- context.c: "@name/path", and "/path" or "@" of the chosen one, as a whole target ---- */
int context_target(cli *c, const char *text, char *whole, size_t len);
void context_names(void (*fn)(const char *name, void *data), void *data);

/* ---- node_http.c: place is where a status page or a control socket is; *out owned ---- */
int node_status(cli *c, const char *place, json_t **out); /* /status.json */
/* Any request; *http is the status of the answer, *out NULL when that is no JSON. */
int node_request(cli *c, const char *place, const char *method, const char *what, int *http,
                 json_t **out);

/* ---- shell.c: a command of the user's; in, out: descriptors, -1: those of this process ---- */
bool shell_start(const char *line, int in, int out, pid_t *pid);
void shell_wait(pid_t pid);

/* ---- the commands -------------------------------------------------------------------- */

int run_node(cli *c);
void notify_manager(const char *state); /* in notify.c; "READY=1", "STOPPING=1" */
int run_ping(cli *c);
int run_doctor(cli *c);
int run_tell(cli *c);
int run_ask(cli *c);
int run_listen(cli *c);
int run_identify(cli *c);
int run_watch(cli *c);
int run_tree(cli *c);
int run_deploy(cli *c);
int run_stop(cli *c);
int run_bench(cli *c);
int run_repl(cli *c);
int run_proxy(cli *c);
int run_send_raw(cli *c);
int run_context_add(cli *c);
int run_context_ls(cli *c);
int run_context_use(cli *c);
int run_context_rm(cli *c);
int run_stat(cli *c);
int run_top(cli *c);
int run_quarantine_ls(cli *c);
int run_quarantine_explain(cli *c);
int run_quarantine_clear(cli *c);
int run_decode(cli *c);
int run_dissector(cli *c);
int run_config_render(cli *c);
int run_config_query(cli *c);
int run_config_check(cli *c);
int run_config_get(cli *c);
int run_config_explain(cli *c);
int run_config_diff(cli *c);
int run_tls_show(cli *c);
int run_tls_gen(cli *c);
int run_tls_check(cli *c);
int run_tls_suites(cli *c);
int run_gen(cli *c);
int run_completion(cli *c);
int run_schema(cli *c);
int run_cheat(cli *c);
int run_version(cli *c);
int run_help(cli *c);
void help_of(const cli *c, const command *outer, const command *k);
void help_all(const cli *c);
#endif
