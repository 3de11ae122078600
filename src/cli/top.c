/* SPDX-License-Identifier: Apache-2.0 */
/* `ukko top`: a node's links, busiest actors, dead letters and events on one screen, from its status
   page; with --plain as text. Main thread. */
#include "cli.h"
#include <curses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { MAX_LINES = 500, WIDE = 240, PLAIN_LINES = 60 };

typedef enum part { ALL = 'o', LINKS = 'l', ACTORS = 'a', LETTERS = 'd', EVENTS = 'e' } part;

typedef struct screen {
    part part;
    char filter[64];
    char lines[MAX_LINES][WIDE];
    bool head[MAX_LINES]; /* a title */
    int n;
} screen;

static const char *text_in(const json_t *j, const char *name) {
    const char *s = json_string_value(json_object_get(j, name));
    return s ? s : "";
}

static json_int_t number_in(const json_t *j, const char *name) {
    return json_integer_value(json_object_get(j, name));
}

static double newest(const json_t *link, const char *series) {
    json_t *list = json_object_get(link, series);
    size_t n = json_array_size(list);
    return n ? json_number_value(json_array_get(list, n - 1)) : 0;
}

static char *add(screen *s, bool head) {
    static char spill[WIDE];
    if (s->n == MAX_LINES) return spill;
    s->head[s->n] = head;
    return s->lines[s->n++];
}

static bool chosen(const screen *s, const char *text) {
    return !*s->filter || strcasestr(text, s->filter);
}

/* ---- The parts ----------------------------------------------------------------------- */

static void put_links(screen *s, const json_t *all, int most) {
    json_t *l;
    size_t i;
    snprintf(add(s, true), WIDE, "%-42s %-11s %12s %7s %8s %10s %10s %7s %7s %7s %s", "LINKS",
             "state", "uid", "phi", "rtt ms", "in/s", "out/s", "kept", "unack", "drops", "reason");
    json_array_foreach(json_object_get(all, "links"), i, l) {
        json_t *phi = json_object_get(l, "phi"), *uid = json_object_get(l, "uid");
        json_t *trip = json_object_get(l, "round_trip_us");
        char p[16] = "-", u[16] = "-", t[16] = "-";
        if (!chosen(s, text_in(l, "address")) || most-- <= 0) continue;
        if (json_is_number(phi)) snprintf(p, sizeof p, "%.2f", json_number_value(phi));
        if (json_is_integer(uid)) snprintf(u, sizeof u, "%lld", (long long)json_integer_value(uid));
        if (json_is_integer(trip))
            snprintf(t, sizeof t, "%.2f", (double)json_integer_value(trip) / 1000);
        snprintf(add(s, false), WIDE,
                 "%-42.42s %-11s %12s %7s %8s %10.0f %10.0f %7lld %7lld %7lld %s",
                 text_in(l, "address"), text_in(l, "state"), u, p, t, newest(l, "in_rate"),
                 newest(l, "out_rate"), (long long)number_in(l, "kept_messages"),
                 (long long)number_in(l, "unacknowledged"),
                 (long long)number_in(l, "dropped_messages"), text_in(l, "reason"));
    }
}

static int by_busy(const void *a, const void *b) {
    json_int_t x = number_in(*(json_t *const *)a, "busy"),
               y = number_in(*(json_t *const *)b, "busy");
    return x < y ? 1
           : x > y
               ? -1
               : strcmp(text_in(*(json_t *const *)a, "path"), text_in(*(json_t *const *)b, "path"));
}

static void put_actors(screen *s, const json_t *all, int most) {
    json_t *list = json_object_get(all, "actors");
    size_t n = json_array_size(list);
    json_t **order = calloc(n + 1, sizeof *order);
    for (size_t i = 0; i < n; i++) order[i] = json_array_get(list, i);
    qsort(order, n, sizeof *order, by_busy);
    snprintf(add(s, true), WIDE, "%-58s %-30s %9s %9s", "ACTORS, the busiest first", "kind",
             "children", "busy %");
    for (size_t i = 0; i < n && most > 0; i++) {
        if (!chosen(s, text_in(order[i], "path"))) continue;
        most--;
        snprintf(add(s, false), WIDE, "%-58.58s %-30.30s %9lld %9.0f", text_in(order[i], "path"),
                 text_in(order[i], "kind"), (long long)number_in(order[i], "children"),
                 (double)number_in(order[i], "busy") / 0.6);
    }
    free(order);
}

static void put_lines(screen *s, const json_t *all, const char *name, const char *title, int most) {
    json_t *l;
    size_t i;
    snprintf(add(s, true), WIDE, "%s", title);
    json_array_foreach(json_object_get(all, name), i, l) {
        long long ms = (long long)number_in(l, "time_ms") % 86400000;
        if (!chosen(s, text_in(l, "text")) || most-- <= 0) continue;
        snprintf(add(s, false), WIDE, "%02lld:%02lld:%02lld.%03lld %-24.24s %.190s", ms / 3600000,
                 ms / 60000 % 60, ms / 1000 % 60, ms % 1000, text_in(l, "kind"),
                 text_in(l, "text"));
    }
}

static void put_all(screen *s, const json_t *all, int rows) {
    int each = rows > 20 ? (rows - 8) / 4 : 3;
    char title[80];
    s->n = 0;
    snprintf(add(s, true), WIDE, "%s  %s  uid %lld  %lld actors  %lld dead letters",
             text_in(all, "system"), text_in(all, "address"), (long long)number_in(all, "uid"),
             (long long)number_in(all, "actors_total"), (long long)number_in(all, "dead_letters"));
    if (s->part == ALL || s->part == LINKS) put_links(s, all, s->part == ALL ? each : rows);
    if (s->part == ALL || s->part == ACTORS) put_actors(s, all, s->part == ALL ? each : rows);
    snprintf(title, sizeof title, "DEAD LETTERS, the newest first");
    if (s->part == ALL || s->part == LETTERS)
        put_lines(s, all, "letters", title, s->part == ALL ? each : rows);
    if (s->part == ALL || s->part == EVENTS)
        put_lines(s, all, "events", "EVENTS, the newest first", s->part == ALL ? each : rows);
}

/* ---- As text ------------------------------------------------------------------------- */

static int plain_once(cli *c, const char *place, screen *s) {
    json_t *all;
    int status = node_status(c, place, &all);
    if (status != CLI_OK) return status;
    put_all(s, all, PLAIN_LINES);
    for (int i = 0; i < s->n; i++) puts(s->lines[i]);
    fflush(stdout);
    json_decref(all);
    return CLI_OK;
}

static int plain(cli *c, const char *place, screen *s, int64_t every_ms, int64_t rounds) {
    int status = CLI_OK;
    for (int64_t i = 0; status == CLI_OK && i < rounds; i++) {
        if (i && !interrupt_pause(every_ms)) return CLI_INTERRUPTED;
        status = plain_once(c, place, s);
    }
    return status;
}

/* ---- On the screen ------------------------------------------------------------------- */

static void draw(const screen *s, bool typing) {
    erase();
    for (int i = 0; i < s->n && i < LINES - 1; i++) {
        if (s->head[i]) attron(A_BOLD);
        mvaddnstr(i, 0, s->lines[i], COLS);
        attroff(A_BOLD);
    }
    attron(A_REVERSE);
    mvprintw(LINES - 1, 0,
             typing       ? " only with: %s_ "
             : *s->filter ? " only with: %s "
                          : "%s",
             s->filter);
    printw(" l links  a actors  d dead letters  e events  o overview  / only with  q quit ");
    attroff(A_REVERSE);
    refresh();
}

/* A key while the filter is typed; false: it is done. */
static bool type_filter(screen *s, int key) {
    size_t n = strlen(s->filter);
    if (key == '\n' || key == 27) return false;
    if ((key == KEY_BACKSPACE || key == 127 || key == 8) && n) s->filter[n - 1] = '\0';
    else if (key >= 32 && key < 127 && n + 1 < sizeof s->filter)
        s->filter[n] = (char)key, s->filter[n + 1] = '\0';
    return true;
}

static int screen_loop(cli *c, const char *place, screen *s, json_t *all) {
    bool typing = false;
    int status = CLI_OK;
    for (;;) {
        put_all(s, all, LINES - 2);
        draw(s, typing);
        int key = getch();
        if (typing && key != ERR) {
            typing = type_filter(s, key);
        } else if (key == 'q' || key == 3) {
            break;
        } else if (key == '/') {
            typing = true;
            *s->filter = '\0';
        } else if (key != ERR && strchr("olade", key)) {
            s->part = (part)key;
        }
        json_t *fresh = NULL;
        if (key == ERR && (status = node_status(c, place, &fresh)) != CLI_OK) break;
        if (fresh) {
            json_decref(all);
            all = fresh;
        }
    }
    json_decref(all);
    return status;
}

int run_top(cli *c) {
    const char *place = c->n_args ? c->args[0] : "9464";
    int64_t every_ms = 1000, rounds = INT64_MAX;
    json_t *all;
    int status = args_duration(c, "interval", &every_ms);
    if (status == CLI_OK) status = args_number(c, "count", 1, INT64_MAX, &rounds);
    if (status != CLI_OK) return status;
    screen *s = calloc(1, sizeof *s);
    s->part = ALL;
    if (args_count(c, "plain") || !isatty(STDOUT_FILENO)) {
        status = plain(c, place, s, every_ms, rounds);
    } else if ((status = node_status(c, place, &all)) == CLI_OK) {
        initscr();
        raw();
        noecho();
        keypad(stdscr, TRUE);
        timeout((int)(every_ms < 100 ? 100 : every_ms));
        curs_set(0);
        status = screen_loop(c, place, s, all);
        endwin();
    }
    free(s);
    return status;
}
