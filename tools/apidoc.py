#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manual pages of the library, from the docstrings of its headers, and those that docs/man has as templates. Python's standard library
only, so that `make install` needs no more.

    tools/apidoc.py man FOLDER      man3/ukko_tell.3 and a link for each other name on it, man5/ukko.conf.5, man7/ukko.7
    tools/apidoc.py list            the pages of section 3, and what is on each

tools/site.py makes the HTML reference of the same pages."""
import os, re, sys

import headers
from headers import ROOT, TAGS

# What Pekko or Java calls it: the last words of a docstring, in parentheses.
CALLED = re.compile(r'\s*\(([A-Z]?[A-Za-z.$]+(?:\(\))?(?:, (?:[A-Za-z.$ =]+|\.\.\.))*)\)\s*$')
LIBRARY = {'testkit.h': ('libukko-testkit', 'ukko-testkit'), 'status.h': ('libukko-status', 'ukko-status')}


def version():
    with open(os.path.join(ROOT, 'CMakeLists.txt')) as f:
        return re.search(r'^project\(ukko VERSION ([\d.]+)', f.read(), re.M).group(1)


def made_on():
    """the day of the release, as in CHANGELOG.md: the same pages each time"""
    with open(os.path.join(ROOT, 'CHANGELOG.md')) as f:
        year, month, day = re.search(r'^## .*?(\d{4})-(\d\d)-(\d\d)', f.read(), re.M).groups()
    months = 'January February March April May June July August September October November December'.split()
    return '%s %d, %s' % (months[int(month) - 1], int(day), year)


class Page:
    """a manual page: some sections of one header"""
    def __init__(self, name, header):
        self.name, self.header, self.sections = name, header, []

    def items(self):
        return [i for s in self.sections for i in s.items]

    def names(self):
        """what can be looked up: functions, types and variables; macros are shown, but have no page of their own"""
        return [i.name for i in self.items() if i.name and i.kind not in ('remark', 'macro', 'constants')]

    def title(self):
        return next((s.title for s in self.sections if s.title), '') or first_sentence(self.header.doc)


def first_sentence(text):
    return re.split(r'[.:](?:\s|$)', text.replace('\n', ' '), maxsplit=1)[0].strip()


def pages():
    out = []
    for h in headers.all_headers():
        whole = {i.name for i in h.items() if i.kind == 'struct'}
        for s in h.sections:        # the name of a struct that is shown further down needs no place of its own
            s.items = [i for i in s.items if i.kind != 'forward' and not (i.kind == 'opaque' and i.name in whole)]
        page, first = None, next((s.page for s in h.sections if s.page), 'ukko_' + h.name[:-2])
        for s in h.sections:
            if not s.items or s.private():
                continue
            if s.page or page is None:
                name = s.page or first
                page = next((p for p in out if p.name == name), None)
                if page is None:
                    page = Page(name, h)
                    out.append(page)
            page.sections.append(s)
    return out


def split_doc(item):
    """(the docstring without its word in brackets and without the name that Pekko has, that name or '')"""
    text = re.sub(r'^\s*\[(%s)\]\s*' % '|'.join(TAGS), '', item.doc).strip()
    text = capital(text, item.params) if item.kind != 'extern' else text
    m = CALLED.search(text)
    return (text[:m.start()].strip(), m.group(1)) if m and m.start() > 0 else (text, '')


def label(item):
    """what to call it: an enumeration without a name goes by what its constants begin with"""
    if item.name or item.kind != 'constants':
        return item.name
    prefix = os.path.commonprefix([m.names[0] for m in item.members])
    return prefix[:prefix.rindex('_') + 1] + '*' if prefix.count('_') > 1 else 'enum'


def capital(text, params=()):
    """a sentence begins with a capital, unless it begins with a name"""
    m = re.match(r'[a-z]+\b(?![_(.*:])', text)
    names = {re.split(r'\W+', p)[-1] for p in params}
    return text[0].upper() + text[1:] if m and m.group() not in names else text


def blocks(text):
    """[('text', words) or ('code', lines)] of a docstring: lines that are indented by two or more are shown as they are"""
    out, words, code = [], [], []

    def flush():
        nonlocal words, code
        if words:
            out.append(('text', ' '.join(words)))
        while code and not code[-1]:
            code.pop()
        if code:
            used = min(len(l) - len(l.lstrip()) for l in code if l)
            out.append(('code', '\n'.join(l[used:] for l in code)))
        words, code = [], []
    for line in text.split('\n'):
        if not line.strip():
            if code:
                code.append('')
            elif words:
                flush()
        elif line.startswith('  ') and (code or not words):
            code.append(line)
        else:
            if code:
                flush()
            words.append(line.strip())
    flush()
    return out


# ---------------------------------------------------------------- mdoc
def plain(text):
    """text in which nothing is a macro or an escape"""
    text = text.replace('\\', '\\e').replace('-', '\\-').replace('…', '...').replace('µ', '\\(mc')
    return re.sub(r"^([.'])", r'\\&\1', text, flags=re.M)


def prose(text):
    """lines of text, with names of the interface and `words` in bold"""
    text = re.sub(r'`([^`]+)`', lambda m: '\x01%s\x02' % m.group(1), text)
    text = re.sub(r'(?<![\w\x01])((?:ukko_\w+|UKKO_\w+)(?:\(\))?)(?![\w*])', '\x01\\1\x02', text)
    lines, line = [], ''
    for word in plain(text).split():
        if line and len(line + word) + 2 * len(re.findall(r'[\x01\x02]|\(\)', line + word)) > 78:
            lines.append(line)
            line = ''
        line += (' ' if line else '') + word
        if re.search(r'[.?!][)\x02]*$', word) and not re.search(r'\b(e\.g|etc)\.$', word):
            lines.append(line)          # a new sentence begins on a new line
            line = ''
    if line:
        lines.append(line)
    out = []
    for l in lines:
        l = re.sub(r'(\w)\(\)', r'\1\\&()', l)   # no name of a function that wants a macro
        l = l.replace('\x01', '\\fB').replace('\x02', '\\fR')
        out.append('\\&' + l if l[0] in ".'" else l)
    return out


def paragraphs(text, first=True):
    out = []
    for kind, words in blocks(text):
        if not first:
            out.append('.Pp') if kind == 'text' else None
        if kind == 'text':
            out += prose(words)
        else:
            out += ['.Bd -literal -offset indent'] + [plain(l) for l in words.split('\n')] + ['.Ed']
        first = False
    return out


def quoted(text):
    return '"%s"' % text.replace('\\', '\\e').replace('"', '\\(dq').replace('-', '\\-')


def mdoc_proto(item):
    if item.kind == 'function':
        out = ['.Ft %s' % quoted(item.result), '.Fo %s' % item.name]
        return out + ['.Fa %s' % quoted(p) for p in item.params or ['void']] + ['.Fc']
    return []


def mdoc_members(item, limit=8):
    """the members of a struct, the constants of an enumeration"""
    out = ['.Bl -tag -width Ds']
    for m in item.members:
        out.append('.It %s %s' % ('Va' if item.kind == 'struct' else 'Dv', quoted(re.sub(r'^enum \w+ ', '', m.text))))
        text = re.sub(r'\[(%s)\] ?' % '|'.join(TAGS), '', m.doc)
        out += paragraphs(text) if text else []
    return out + ['.El']


def mdoc_item(item):
    text, called = split_doc(item)
    head = {'function': '.It Fn %s' % item.name, 'callback': '.It Vt %s' % item.name, 'extern': '.It Va %s' % item.name,
            'macro': '.It Dv %s' % quoted(item.text), 'constants': '.It Dv %s' % quoted(label(item))}.get(item.kind, '.It Vt %s' % item.name)
    out = [head]
    if item.kind == 'callback':
        out += ['.Bd -literal', plain(item.text), '.Ed']
    out += paragraphs(text)
    if called:
        out += ['.Pp' if text else None] + prose('In Pekko: `%s`.' % called)
    if item.kind == 'function':
        out += ['.Pp'] + prose('Called from: %s.' % TAGS[item.tag()])
    if item.members and not (item.kind == 'constants' and len(item.members) == 1 and not item.members[0].doc):
        out += mdoc_members(item)
    elif item.kind == 'constants':
        out[0] = '.It Dv %s' % quoted(item.members[0].text)
    return [l for l in out if l is not None]


def mdoc_page(page, all_pages):
    lib, pc = LIBRARY.get(page.header.name, ('libukko', 'ukko'))
    functions = [i for i in page.items() if i.kind == 'function']
    names = [page.name] if page.name not in [f.name for f in functions] else []
    names += [f.name for f in functions] or [n for n in page.names() if n != page.name]
    out = ['.\\" Made by tools/apidoc.py from include/ukko/%s.' % page.header.name, '.Dd ' + made_on(), '.Dt %s 3' % page.name.upper(), '.Os ukko %s' % version(), '.Sh NAME']
    out += ['.Nm %s%s' % (n, ' ,' if n != names[-1] else '') for n in names]
    title = page.title()
    out += ['.Nd ' + plain(title[0].lower() + title[1:] if not re.match(r'[A-Z]{2}', title) else title)]
    out += ['.Sh LIBRARY', '%s (pkg\\-config %s, CMake ukko)' % (lib, pc)]
    out += ['.Sh SYNOPSIS', '.In ukko/%s' % page.header.name]
    for f in functions:
        out += mdoc_proto(f)
    out += ['.Sh DESCRIPTION']
    if page.header.doc and page is next(p for p in all_pages if p.header is page.header):
        out += paragraphs(page.header.doc) + ['.Pp']
    for n, s in enumerate(page.sections):
        if s.title and len([x for x in page.sections if x.title]) > 1:
            out += ['.Ss ' + plain(s.title)]
        if s.doc:
            out += paragraphs(re.sub(r'\[(%s)\]' % '|'.join(TAGS), r'\1', s.doc))
        open_list = False
        for i in s.items:
            if i.kind == 'remark':
                if open_list:
                    out += ['.El', '.Pp']
                    open_list = False
                elif out[-1] != '.Pp' and not out[-1].startswith(('.Sh', '.Ss')):
                    out += ['.Pp']
                out += paragraphs(re.sub(r'\[(%s)\]' % '|'.join(TAGS), r'\1', i.doc))
                continue
            if not open_list:
                if out[-1] == '.Pp':
                    out.pop()
                out += ['.Bl -tag -width Ds']
                open_list = True
            out += mdoc_item(i)
        if open_list:
            out += ['.El']
    others = [p.name for p in all_pages if p.header is page.header and p is not page]
    see = ['.Xr %s 3' % n for n in sorted(others)] + ['.Xr ukko 7']
    out += ['.Sh SEE ALSO'] + [l + ' ,' for l in see[:-1]] + see[-1:]
    text = '\n'.join(out) + '\n'
    text = re.sub(r'^\.Pp\n(?=\.(Sh|Ss|Pp|Bl|Bd))', '', text, flags=re.M)
    return re.sub(r'(?<=\n)\.Pp\n(?=\.(El|It))', '', text)


# ---------------------------------------------------------------- templates of docs/man
def settings_list(mark):
    """the settings of the built-in reference as a list of mdoc; mark: + those that have an effect"""
    import importlib.machinery, importlib.util
    loader = importlib.machinery.SourceFileLoader('settings_doc', os.path.join(ROOT, 'tools', 'settings-doc'))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader('settings_doc', loader))
    module.__name__ = 'settings_doc'
    loader.exec_module(module)
    out = []
    for name, rows in module.groups():
        rows = [r for r in rows if r[2] == mark]
        if not rows:
            continue
        out += ['.Ss ' + plain(name), '.Bl -tag -width Ds']
        for path, default, _, text in rows:
            out += ['.It Ic %s' % re.sub(r'([.}])(?=\w)', r'\1\\:', quoted(path))] + (prose(text) if text else [])
            if default is not None:
                out += prose('Default: `%s`.' % default)
        out += ['.El']
    return '\n'.join(out)


def template(name, all_pages):
    with open(os.path.join(ROOT, 'docs', 'man', name + '.in'), encoding='utf-8') as f:
        text = f.read()
    def one(m):
        if m.group(1) == 'DATE':
            return made_on()
        if m.group(1) == 'VERSION':
            return version()
        if m.group(1) == 'SETTINGS':
            return settings_list('+')
        if m.group(1) == 'PAGES':
            return '\n'.join('.It Xr %s 3\n%s' % (p.name, plain(p.title())) for p in all_pages)
        raise SystemExit('docs/man/%s.in: @%s@?' % (name, m.group(1)))
    return re.sub(r'@([A-Z]+)@', one, text)


def write_man(folder):
    all_pages = pages()
    made = {}
    for p in all_pages:
        made['man3/%s.3' % p.name] = mdoc_page(p, all_pages)
    for f in sorted(os.listdir(os.path.join(ROOT, 'docs', 'man'))):
        name = f[:-3]
        made['man%s/%s' % (name[-1], name)] = template(name, all_pages)
    for section in {f.split('/')[0] for f in made}:
        os.makedirs(os.path.join(folder, section), exist_ok=True)
    for f, text in made.items():
        path = os.path.join(folder, f)
        if os.path.lexists(path):
            os.unlink(path)
        with open(path, 'w', encoding='utf-8') as h:
            h.write(text)
    for p in all_pages:
        for n in p.names():
            link = os.path.join(folder, 'man3', n + '.3')
            if 'man3/%s.3' % n in made:
                continue
            if os.path.lexists(link):
                os.unlink(link)
            os.symlink(p.name + '.3', link)


def main():
    if len(sys.argv) == 3 and sys.argv[1] == 'man':
        return write_man(sys.argv[2])
    if sys.argv[1:] == ['list']:
        for p in pages():
            print('%-20s %-12s %s: %s' % (p.name, p.header.name, p.title(), ' '.join(p.names())))
        return
    sys.exit(__doc__)


if __name__ == '__main__':
    main()
