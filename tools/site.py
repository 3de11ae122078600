#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The documentation as a static site: README, docs/, the guide, the C reference, the manual pages. No JavaScript, nothing from elsewhere.

    tools/site.py FOLDER [UKKO]     UKKO: the command whose manual pages go in; build/bin/ukko

Needs Debian's python3-markdown-it, python3-pygments and mandoc (make docs installs them), and so Debian's own python3."""
import html, os, posixpath, re, shutil, subprocess, sys, tempfile

sys.dont_write_bytecode = True
from markdown_it import MarkdownIt
from pygments import highlight as pygmentize
from pygments.formatters import HtmlFormatter
from pygments.lexer import RegexLexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Name, Number, Operator, String, Text
from pygments.util import ClassNotFound

import apidoc
from apihtml import Reference, slug
from headers import ROOT

PROJECT = [('docs/architecture.md', 'Architecture'), ('docs/benchmarks.md', 'Benchmarks'), ('docs/dependencies.md', 'Dependencies'),
           ('CONTRIBUTING.md', 'Contributing'), ('packaging/README.md', 'Packages'), ('CHANGELOG.md', 'Changelog')]
REFERENCE = [('docs/configuration.md', 'Configuration'), ('docs/settings.md', 'Settings'), ('docs/serialization.md', 'Serialization'), ('docs/wire.md', 'The wire')]
SOURCES = {'.c': 'c', '.h': 'c', '.cpp': 'cpp', '.py': 'python', '.java': 'java', '.conf': 'hocon', '.proto': 'protobuf', '.tsv': 'text', '.txt': 'text', '.cmake': 'cmake', '': 'text'}


class Hocon(RegexLexer):
    name, aliases = 'HOCON', ['hocon']
    tokens = {'root': [(r'(#|//)[^\n]*', Comment.Single), (r'\b(include|required|file|classpath|url)\b', Keyword), (r'"""(?:.|\n)*?"""|"(?:[^"\\\n]|\\.)*"', String),
                       (r'\$\{\??[^}\n]*\}', Name.Variable), (r'[\w.-]+(?=\s*[={])', Name.Attribute), (r'\b(on|off|true|false|yes|no|null)\b', Keyword.Constant),
                       (r'\b\d+(\.\d+)?\s?(ms|s|m|minutes|h|d|KiB|MiB|MB|b)?\b', Number), (r'[={}\[\],:+]', Operator), (r'\s+|.', Text)]}


FORMAT = HtmlFormatter(nowrap=True)


def coloured(text, lang):
    try:
        lexer = Hocon() if lang == 'hocon' else get_lexer_by_name({'console': 'console', 'frame': 'text'}.get(lang, lang or 'text'), stripnl=False)
    except ClassNotFound:
        lexer = get_lexer_by_name('text')
    return pygmentize(text, lexer, FORMAT).rstrip('\n')


def read(name):
    with open(os.path.join(ROOT, name), encoding='utf-8', errors='replace') as f:
        return f.read()


class Site:
    def __init__(self, out, ukko):
        self.out, self.ukko, self.where, self.todo = out, ukko, {}, []
        self.reference = Reference(lambda text: coloured(text, 'c'))
        self.manuals = []
        self.guide = ['docs/guide/README.md'] + ['docs/guide/' + f for f in re.findall(r'\]\(([\w-]+\.md)\)', read('docs/guide/README.md'))]
        self.md = MarkdownIt('commonmark').enable('table')

    # ---- where things go
    def place(self, name):
        """the page of a file of the repository; it will be made"""
        if name not in self.where:
            if name == 'README.md':
                page = 'index.html'
            elif name.startswith('docs/'):
                page = name[5:].replace('README.md', 'index.md')[:-3] + '.html' if name.endswith('.md') else 'source/' + name + '.html'
            elif name.endswith('.md') and '/' not in name:
                page = name[:-3].lower() + '.html'
            else:
                page = 'source/' + (name[:-3] if name.endswith('.md') else name) + '.html'
            self.where[name] = page
            self.todo.append(name)
        return self.where[name]

    def link(self, source, page, target):
        """the link of a Markdown file as one between pages"""
        if re.match(r'[a-z]+:', target) or target.startswith('#'):
            return target
        path, _, fragment = target.partition('#')
        name = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        full = os.path.join(ROOT, name)
        if os.path.isdir(full):
            name = posixpath.join(name, 'README.md')
            if not os.path.exists(os.path.join(ROOT, name)):
                name = posixpath.dirname(name)
                to = 'source/%s/index.html' % name
                if name not in self.where:
                    self.where[name] = to
                    self.todo.append(name)
                return self.relative(page, to)
        m = re.fullmatch(r'include/ukko/(\w+\.h)', name)
        if m:
            first = next((p for p in self.reference.pages if p.header.name == m.group(1)), None)
            return self.relative(page, 'api/%s.html' % (first.name if first else 'index'))
        return self.relative(page, self.place(name)) + ('#' + fragment if fragment else '')

    def picture(self, source, page, target):
        """a picture of the repository goes where the pages are"""
        name = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        to = name[5:] if name.startswith('docs/') else 'source/' + name
        os.makedirs(os.path.dirname(os.path.join(self.out, to)), exist_ok=True)
        shutil.copyfile(os.path.join(ROOT, name), os.path.join(self.out, to))
        return self.relative(page, to)

    @staticmethod
    def relative(page, to):
        return posixpath.relpath(to, posixpath.dirname(page) or '.')

    # ---- Markdown
    def markdown(self, source, page, text):
        """(title, HTML, table of contents)"""
        text = re.sub(r'<!--.*?-->\n?', '', text, flags=re.S)
        tokens, toc, used, title = self.md.parse(text), [], set(), ''
        base = self.relative(page, 'api/index.html')[:-len('index.html')]
        for i, t in enumerate(tokens):
            if t.type == 'heading_open':
                words = ''.join(c.content for c in tokens[i + 1].children if c.type in ('text', 'code_inline'))
                name = slug(words)
                while name in used:
                    name += '-1'
                used.add(name)
                t.attrSet('id', name)
                if t.tag == 'h1' and not title:
                    title = words
                elif t.tag in ('h2', 'h3'):
                    toc.append((words, name, int(t.tag[1])))
            for c in t.children or []:
                if c.type == 'link_open':
                    c.attrSet('href', self.link(source, page, c.attrGet('href')))
                elif c.type == 'image':
                    c.attrSet('src', self.picture(source, page, c.attrGet('src')))
        rendered = self.md.renderer
        rendered.rules['fence'] = lambda ts, i, o, e: self.fence(ts[i], base)
        rendered.rules['table_open'] = lambda *a: '<div class="table"><table>\n'
        rendered.rules['table_close'] = lambda *a: '</table></div>\n'
        inside = [False]

        def code(ts, i, o, e):
            shown = html.escape(ts[i].content, quote=False)
            name = re.match(r'(ukko_\w+|UKKO_\w+)(\(\))?$', ts[i].content)
            if name and name.group(1) in self.reference.index and not any(t.type == 'link_open' and not any(u.type == 'link_close' for u in ts[j:i]) for j, t in enumerate(ts[:i])):
                return '<a href="%s"><code>%s</code></a>' % (base + self.reference.index[name.group(1)], shown)
            return '<code>%s</code>' % shown
        rendered.rules['code_inline'] = code
        return title or source, rendered.render(tokens, self.md.options, {}), toc

    def fence(self, token, base):
        lang, _, rest = token.info.partition(' ')
        args = dict(re.findall(r'(\w+)=(\S+)', rest))
        body = coloured(token.content, lang)
        if lang in ('c', 'cpp'):
            body = self.reference.linked(body, base)
        name = args.get('file') or args.get('output')
        return '<figure>%s<pre class="lang-%s"><code>%s</code></pre></figure>\n' % ('<figcaption>%s</figcaption>' % html.escape(name) if name else '', html.escape(lang or 'text'), body)

    # ---- the frame around each page
    def navigation(self, page):
        def entry(to, words):
            here = ' aria-current="page"' if to == page else ''
            return '<li><a href="%s"%s>%s</a></li>' % (self.relative(page, to), here, html.escape(words))
        groups = [('', [('index.html', 'Overview')]),
                  ('Guide', [(self.where[n], self.titles[n]) for n in self.guide[1:]]),
                  ('Reference', [('api/index.html', 'C API'), ('man/index.html', 'Manual pages')] + [(self.where[n], w) for n, w in REFERENCE]),
                  ('Project', [(self.where[n], w) for n, w in PROJECT])]
        out = []
        for title, entries in groups:
            out.append('%s<ul>%s</ul>' % ('<h2>%s</h2>' % title if title else '', ''.join(entry(*e) for e in entries)))
        return '\n'.join(out)

    def write(self, page, title, body, toc=()):
        path = os.path.join(self.out, page)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        entries = ''.join('<li class="l%d"><a href="#%s">%s</a></li>' % (level, name, html.escape(words)) for words, name, level in toc)
        contents = '<nav class="toc" aria-label="On this page"><h2>On this page</h2><ul>%s</ul></nav>' % entries if len(toc) > 1 else ''
        with open(path, 'w', encoding='utf-8') as f:
            f.write(FRAME % {'title': html.escape('ukko' if page == 'index.html' else title + ' · ukko'), 'up': self.relative(page, 'style.css'), 'home': self.relative(page, 'index.html'),
                             'version': apidoc.version(), 'nav': self.navigation(page), 'body': body, 'toc': contents})

    # ---- the kinds of pages
    def documents(self):
        names = ['README.md'] + self.guide + [n for n, _ in REFERENCE + PROJECT]
        names += sorted('docs/' + f for f in os.listdir(os.path.join(ROOT, 'docs')) if f.endswith('.md') and 'docs/' + f not in names)
        self.titles = {n: re.search(r'^# (.*)', read(n), re.M).group(1) for n in names}
        for n in names:
            self.place(n)
        while self.todo:
            name = self.todo.pop(0)
            page = self.where[name]
            if os.path.isdir(os.path.join(ROOT, name)):
                self.folder(name, page)
            elif name.endswith('.md'):
                self.write(page, *self.markdown(name, page, read(name)))
            else:
                lang = SOURCES.get(os.path.splitext(name)[1], 'text')
                self.write(page, name, '<h1>%s</h1>\n<pre class="lang-%s"><code>%s</code></pre>' % (html.escape(name), lang, coloured(read(name), lang)))

    def folder(self, name, page):
        entries = sorted(e for e in os.listdir(os.path.join(ROOT, name)) if not e.startswith(('.', '__')))
        rows = ''.join('<li><code>%s</code></li>' % html.escape(e) for e in entries)
        self.write(page, name, '<h1>%s</h1>\n<ul>%s</ul>' % (html.escape(name), rows))

    def api(self):
        self.write('api/index.html', *self.reference.overview())
        for p in self.reference.pages:
            self.write('api/%s.html' % p.name, *self.reference.page(p))

    def manual(self):
        with tempfile.TemporaryDirectory(prefix='ukko-man-') as d:
            subprocess.run([os.path.join(ROOT, 'packaging', 'generated'), d, self.ukko], check=True)
            pages = sorted((f, os.path.join(d, 'man', s, f)) for s in ('man1', 'man5', 'man7') for f in os.listdir(os.path.join(d, 'man', s)))
            shown = {f for f, _ in pages}
            rows = []
            for f, path in pages:
                p = subprocess.run(['mandoc', '-Thtml', '-Kutf-8', '-O', 'fragment,toc,man=%N.%S.html', path], stdout=subprocess.PIPE, check=True)
                body = p.stdout.decode('utf-8')
                body = re.sub(r'href="([\w.-]+)\.3\.html"', r'href="../api/\1.html"', body)
                with open(path, encoding='utf-8') as h:
                    text = h.read()
                about = re.search(r'^\.Nd (.*)', text, re.M) or re.search(r'^\.SH NAME\n.*?\\- (.*)', text, re.M)
                about = about.group(1).replace('\\-', '-')
                rows.append('<tr><td><a href="%s.html">%s</a></td><td>%s</td></tr>' % (f, '%s(%s)' % (f.rsplit('.', 1)[0], f[-1]), html.escape(about)))
                # pages that name each other in plain text, as man(7) does
                body = re.sub(r'<b>([\w.-]+)</b>\((\d)\)', lambda m: '<a href="%s.%s.html">%s(%s)</a>' % (m.group(1), m.group(2), m.group(1), m.group(2)) if '%s.%s' % m.groups() in shown else m.group(0), body)
                self.write('man/%s.html' % f, f.rsplit('.', 1)[0], '<h1>%s(%s)</h1>\n<div class="man">%s</div>' % (f.rsplit('.', 1)[0], f[-1], re.sub(r'<(/?)h([12])\b', lambda m: '<%sh%d' % (m.group(1), int(m.group(2)) + 1), body)))
            self.write('man/index.html', 'Manual pages', '<h1>Manual pages</h1>\n<p>As <code>man ukko</code> shows them. Those of the library, section 3, are the <a href="../api/index.html">C API</a>.</p>\n'
                       '<div class="table"><table><thead><tr><th>page</th><th>about</th></tr></thead><tbody>%s</tbody></table></div>' % '\n'.join(rows))

    def make(self):
        if os.path.isdir(self.out):
            shutil.rmtree(self.out)
        os.makedirs(self.out)
        self.documents()
        self.api()
        self.manual()
        with open(os.path.join(self.out, 'style.css'), 'w', encoding='utf-8') as f:
            f.write(read('tools/site.css') + '\n' + HtmlFormatter(style='default').get_style_defs('pre') + '\n@media (prefers-color-scheme: dark) {\n'
                    + HtmlFormatter(style='monokai').get_style_defs('pre') + '\n}\npre { background: var(--code) }\n')
        return sum(len([f for f in fs if f.endswith('.html')]) for _, _, fs in os.walk(self.out))


FRAME = '''<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>%(title)s</title>
<link rel="stylesheet" href="%(up)s">
</head>
<body>
<header><a class="brand" href="%(home)s">ukko</a> <span class="version">%(version)s</span><span class="what">actors in C, full peers of Apache Pekko classic remoting</span></header>
<details class="menu"><summary>Contents</summary><nav>%(nav)s</nav></details>
<div class="page">
<nav class="side" aria-label="Contents">%(nav)s</nav>
<main>
%(body)s
</main>
%(toc)s
</div>
</body>
</html>
'''


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    ukko = sys.argv[2] if len(sys.argv) == 3 else os.path.join(ROOT, 'build', 'bin', 'ukko')
    n = Site(sys.argv[1], ukko).make()
    print('%d pages in %s' % (n, sys.argv[1]))


if __name__ == '__main__':
    main()
