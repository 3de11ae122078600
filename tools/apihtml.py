# SPDX-License-Identifier: Apache-2.0
"""The HTML reference of the library, from the docstrings of its headers: the same pages as section 3 of the manual. tools/site.py puts
them into the site."""
import html, re

import apidoc
from headers import TAGS

WORD = re.compile(r'(?<![\w/.#-])(ukko_\w+|UKKO_\w+)(\(\))?(?![\w*])')


def index(pages):
    """{name: page.html#name} of all that can be linked to"""
    out = {}
    for p in pages:
        for i in p.items():
            for n in [i.name] + [n for m in i.members if i.kind != 'struct' for n in m.names]:
                if n:
                    out.setdefault(n, '%s.html#%s' % (p.name, i.name or i.members[0].names[0]))
    return out


class Reference:
    def __init__(self, highlight):
        self.pages = apidoc.pages()
        self.index = index(self.pages)
        self.highlight = highlight      # C source as HTML

    def linked(self, text, base='', own=None):
        """escaped text, in which names of the interface are links"""
        def one(m):
            where = self.index.get(m.group(1))
            shown = m.group(0)
            return '<a href="%s">%s</a>' % (base + where, shown) if where and m.group(1) != own else shown
        return WORD.sub(one, text)

    def words(self, text, own=None):
        text = html.escape(text, quote=False)
        text = re.sub(r'`([^`]+)`', r'<code>\1</code>', text)
        text = WORD.sub(lambda m: '<code>%s</code>' % m.group(0), text)
        return self.linked(text, own=own)

    def text(self, doc, own=None):
        out = []
        for kind, words in apidoc.blocks(doc):
            if kind == 'text':
                out.append('<p>%s</p>' % self.words(words, own))
            else:
                out.append('<pre><code>%s</code></pre>' % self.linked(self.highlight(words)))
        return '\n'.join(out)

    def code(self, text, own=None):
        return '<pre class="proto"><code>%s</code></pre>' % self.linked(self.highlight(text), own=own)

    def prototype(self, item):
        if item.kind == 'function':
            text = '%s%s%s(%s);' % (item.result, '' if item.result.endswith('*') else ' ', item.name, ', '.join(item.params) or 'void')
            if len(text) > 84:
                head = text[:text.index('(') + 1]
                text = head + '\n    ' + ',\n    '.join(item.params) + ');'
            return text
        if item.kind == 'macro':
            return '#define ' + item.text
        if item.kind == 'struct':
            head = 'typedef struct %s {' % item.name if item.text.startswith('typedef') else 'struct %s {' % item.name
            return head + ''.join('\n    %s;' % m.text for m in item.members) + ('\n} %s;' % item.name if item.text.startswith('typedef') else '\n};')
        if item.kind in ('enum', 'constants'):
            return ''
        return item.text

    def members(self, item):
        rows = []
        for m in item.members:
            doc = re.sub(r'^\s*\[(%s)\]\s*' % '|'.join(TAGS), '', m.doc)
            if not doc and item.kind == 'struct':
                continue
            name = ', '.join(m.names) if item.kind == 'struct' else m.text
            anchors = ''.join('<span id="%s"></span>' % n for n in m.names if n != (item.name or item.members[0].names[0])) if item.kind != 'struct' else ''
            rows.append('<dt>%s<code>%s</code></dt>\n<dd>%s</dd>' % (anchors, html.escape(name), self.text(doc) if doc else ''))
        return '<dl class="members">\n%s\n</dl>' % '\n'.join(rows) if rows else ''

    def item(self, item):
        text, called = apidoc.split_doc(item)
        name = item.name or item.members[0].names[0]
        shown = apidoc.label(item)
        facts = []
        if item.kind == 'function':
            facts.append('<span class="tag tag-%s">%s</span> %s' % (item.tag(), item.tag(), html.escape(TAGS[item.tag()])))
        if called:
            facts.append('in Pekko: <code>%s</code>' % html.escape(called))
        proto = self.prototype(item)
        single = item.kind == 'constants' and len(item.members) == 1
        return '\n'.join(x for x in [
            '<article class="item" id="%s">' % name,
            '<h3><a class="anchor" href="#%s">%s</a> <span class="kind">%s</span></h3>' % (name, html.escape(shown), {'constants': 'constants', 'extern': 'variable', 'opaque': 'type', 'alias': 'type'}.get(item.kind, item.kind)),
            self.code(item.members[0].text if single else proto, item.name) if proto or single else '',
            self.text(text, item.name),
            '' if single else self.members(item),
            '<p class="facts">%s</p>' % ' · '.join(facts) if facts else '', '</article>'] if x)

    def page(self, page):
        """(title, HTML, [(name, id)]) of one page"""
        lib, pc = apidoc.LIBRARY.get(page.header.name, ('libukko', 'ukko'))
        out = ['<h1>%s</h1>' % html.escape(page.title()),
               '<p class="lead"><code>#include &lt;ukko/%s&gt;</code> · %s · <code>man 3 %s</code></p>' % (page.header.name, lib, page.name)]
        if page is next(p for p in self.pages if p.header is page.header):
            out.append(self.text(page.header.doc))
        toc = []
        for s in page.sections:
            if s.title and s.title != page.title():
                out.append('<h2 id="%s">%s</h2>' % (slug(s.title), html.escape(s.title)))
                toc.append((s.title, slug(s.title), 2))
            if s.doc:
                out.append(self.text(s.doc))
            for i in s.items:
                if i.kind == 'remark':
                    out.append(self.text(i.doc))
                else:
                    out.append(self.item(i))
                    toc.append((apidoc.label(i), i.name or i.members[0].names[0], 3))
        return page.title(), '\n'.join(out), toc

    def overview(self):
        """the start page: all pages by header, all names"""
        out = ['<h1>C API</h1>', '<p class="lead">Made of the comments in <code>include/ukko</code>; the same pages are in section 3 of the manual. '
               'Functions say who may call them:</p>', '<dl class="tags">']
        out += ['<dt><span class="tag tag-%s">%s</span></dt><dd>%s</dd>' % (t, t, html.escape(TAGS[t])) for t in TAGS] + ['</dl>']
        out += ['<div class="table"><table><thead><tr><th>page</th><th>header</th><th>about</th></tr></thead><tbody>']
        for p in self.pages:
            out.append('<tr><td><a href="%s.html">%s</a></td><td><code>ukko/%s</code></td><td>%s</td></tr>' % (p.name, p.name, p.header.name, html.escape(p.title())))
        out += ['</tbody></table></div>', '<h2 id="names">All names</h2>', '<p class="names">']
        names = sorted({n for p in self.pages for n in p.names()} | {i.name for p in self.pages for i in p.items() if i.kind == 'macro'}, key=str.lower)
        out += ['<a href="%s"><code>%s</code></a>' % (self.index[n], n) for n in names] + ['</p>']
        return 'C API', '\n'.join(out), [('All names', 'names', 2)]


def slug(text):
    """the id of a heading, as GitHub makes it"""
    return re.sub(r'\s', '-', re.sub(r'[^\w\s-]', '', text.lower()).strip())
