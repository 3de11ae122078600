#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nothing in the public headers is without a docstring: each function, type, macro and variable has one, each member and constant has one
or is named in that of its type. A function says which threads may call it (in its own words, its section's, or its header's), which
errors it gives, and to whom what it returns belongs. The reader of the headers itself is held against the libraries, the preprocessor,
and a header with planted gaps."""
import re, sys
from common import *

sys.path.insert(0, os.path.join(ROOT, 'tools'))
import headers

OWNER = re.compile(r'\b([Oo]wned|[Bb]orrowed|[Ll]ives? as long|[Vv]alid|belongs?|stays?|[Ss]tatic|[Gg]iven back)\b')
RANGE = re.compile(r'UKKO_E[A-Z]|[Aa]lways UKKO_OK|[Nn]ever fails|[Cc]odes? of|[Ee]rrors as|as (for )?ukko_\w+\(\)')


def says(item, pattern):
    return any(pattern.search(t) for t in (item.doc, item.section.doc, item.section.header.doc))


def gaps_of_function(i):
    out = []
    if not i.tag():
        out.append('does not say which threads may call it')
    gives = [p for p in i.params if re.search(r'\*\*\s*\w+$', p) and not re.search(r'const char \*\*list', p)]
    if (i.result.endswith('*') or gives) and not says(i, OWNER):
        out.append('does not say to whom belongs what it gives')
    if i.result == 'int' and not says(i, RANGE):
        out.append('names no error that it gives')
    return out


def gaps_of(header):
    """[(name, what is missing)]"""
    out = [] if header.doc else [('', 'the header says nothing of itself')]
    for i in header.items():
        label = i.name or ', '.join(m.names[0] for m in i.members[:2])
        if i.kind in ('remark', 'forward'):
            continue
        if len(re.sub(r'\[\w+\]', '', i.doc).strip()) < 4:
            out.append((label, 'has no docstring'))
            continue
        if i.kind == 'function':
            out += [(label, g) for g in gaps_of_function(i)]
        for m in i.members:
            out += [(label, 'does not say what %s is' % n) for n in m.names
                    if len(m.doc.strip()) < 2 and len(i.members) > (i.kind == 'constants') and not re.search(r'\b%s\b' % re.escape(n), i.doc)]
    return out


PLANTED = '''/* SPDX */
#ifndef UKKO_PLANTED_H
#define UKKO_PLANTED_H
/* A header. */
#include <ukko/base.h>
#ifdef __cplusplus
extern "C" {
#endif
/* ---- Titled: ukko_planted(3) ---- */
/* [any] Good; owned: ukko_free(). */
UKKO_API char *ukko_good(void);
UKKO_API char *ukko_bare(void);
UKKO_API int ukko_tagged(int (*fn)(void *data, int n), void *data); /* [any] */
/* No thread, and UKKO_EINVAL. */
UKKO_API int ukko_threadless(void);
/* [any] No owner. */
UKKO_API char *ukko_ownerless(void);

/* [any] No error. */
UKKO_API int ukko_errorless(int a);

/* A remark that is not the docstring of what follows. */

UKKO_API extern const int ukko_variable;
#define UKKO_MACRO(a) (a)
#define UKKO_SAID 1 /* said */
typedef void (*ukko_callback_fn)(void *data);
/* Opaque. */
typedef struct ukko_opaque_thing ukko_opaque_thing;
/* Members; b is named here. */
typedef struct ukko_struct {
    int a, c; /* said */
    int b;
    int (*d)(int x, int y);
    /* said above
       in two lines */
    const char *e;
    char f[4];
} ukko_struct;
enum { UKKO_ONE = 1 };
/* Constants. */
typedef enum ukko_enum {
    UKKO_TWO = 2, /* said */
    UKKO_THREE
} ukko_enum;
/* Lines: name, number. */
#define UKKO_LIST(X)   \\
    X(FOUR, 4, "text") \\
    X(FIVE, 5, "") /* said */
/* Listed. */
enum {
#define UKKO_X(name, number, text) UKKO_N##name = number,
    UKKO_LIST(UKKO_X)
#undef UKKO_X
    UKKO_SIX
};
/* [any] Inline. */
static inline void ukko_inline(int n) {
    if (n) { n = 2; }
}
static inline void ukko_inline_bare(void) {}
#endif
'''
WANTED = [('ukko_bare', 'has no docstring'), ('ukko_tagged', 'has no docstring'), ('ukko_threadless', 'does not say which threads may call it'),
          ('ukko_ownerless', 'does not say to whom belongs what it gives'), ('ukko_errorless', 'names no error that it gives'),
          ('ukko_variable', 'has no docstring'), ('UKKO_MACRO', 'has no docstring'), ('ukko_callback_fn', 'has no docstring'),
          ('ukko_struct', 'does not say what d is'), ('ukko_struct', 'does not say what f is'), ('UKKO_ONE', 'has no docstring'),
          ('ukko_enum', 'does not say what UKKO_THREE is'), ('UKKO_NFOUR, UKKO_NFIVE', 'does not say what UKKO_SIX is'),
          ('ukko_inline_bare', 'has no docstring')]
got = gaps_of(headers.parse('planted.h', PLANTED))
check('planted-gaps-are-found', ['found but not planted: %s %s' % g for g in got if g not in WANTED] + ['planted but not found: %s %s' % g for g in WANTED if g not in got])

ALL = headers.all_headers()
for h in ALL:
    check(h.name, ['%s %s' % g for g in gaps_of(h)])

# What the libraries export and the preprocessor defines is all seen.
names = {i.name for h in ALL for i in h.items()} | {n for h in ALL for i in h.items() for m in i.members for n in m.names}
unseen = []
for lib in ('libukko.so', 'libukko-testkit.so', 'libukko-status.so'):
    out, rc = run(['nm', '-D', '--defined-only', os.path.join(BUILD, 'lib', lib)])
    exported = [l.split()[-1].split('@')[0] for l in out.split('\n') if len(l.split()) >= 3 and l.split()[-2] in 'TDBR']
    unseen += ['%s exports %s' % (lib, n) for n in exported if n.startswith('ukko_') and n not in names] or ([] if exported else [lib + ' exports nothing'])
for h in ALL:
    out, rc = run(['cc', '-E', '-dM', '-I', os.path.join(ROOT, 'include'), os.path.join(ROOT, 'include', 'ukko', h.name)])
    macros = re.findall(r'^#define (UKKO_\w+)', out, re.M) if rc == 0 else []
    unseen += ['%s defines %s' % (h.name, m) for m in macros if m not in names and not re.fullmatch(r'UKKO_(\w+_)?H', m)] if rc == 0 else [out[-500:]] if 'protobuf' not in h.name else []
    with open(os.path.join(ROOT, 'include', 'ukko', h.name), encoding='utf-8') as f:
        text = re.sub(r'/\*.*?\*/', '', f.read(), flags=re.S)
    types = set(re.findall(r'\b(?:struct|enum) (ukko_\w+)\s*\{', text)) | set(re.findall(r'^typedef\b[^;{]*\(\*(ukko_\w+)\)', text, re.M)) | set(re.findall(r'^\} (ukko_\w+);', text, re.M))
    unseen += ['%s has the type %s' % (h.name, t) for t in sorted(types - names)]
    constants = set(re.findall(r'^\s+(UKKO_\w+)(?: = [^,\n]*)?,?\s*$', text, re.M))
    unseen += ['%s has the constant %s' % (h.name, c) for c in sorted(constants - names)]
check('nothing-is-overlooked', unseen)
done()
