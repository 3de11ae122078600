#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The site that `make docs` builds: every internal link and anchor leads somewhere, every page is reached from the first, nothing comes
from elsewhere, no script, tags are closed, and all of the interface, the guide and the commands is in it."""
import html.parser, os, posixpath, re, shutil, sys, tempfile
from common import *

sys.path.insert(0, os.path.join(ROOT, 'tools'))
sys.dont_write_bytecode = True
import headers

PYTHON = '/usr/bin/python3'
out, rc = run([PYTHON, '-c', 'import markdown_it, pygments']) if os.path.exists(PYTHON) else ('', 1)
if rc or not shutil.which('mandoc'):
    skip('site', 'python3-markdown-it, python3-pygments or mandoc is not installed')
    done()

VOID = {'area', 'base', 'br', 'col', 'embed', 'hr', 'img', 'input', 'link', 'meta', 'source', 'track', 'wbr'}
LOOSE = {'p', 'li', 'dt', 'dd', 'td', 'th', 'tr'}       # that another one may close


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.links, self.ids, self.faults, self.open, self.h1, self.title = [], set(), [], [], 0, ''
        self.feed(text)
        self.close()
        self.faults += ['<%s> is not closed' % t for t in self.open if t not in LOOSE]

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        if tag == 'script' or any(k.startswith('on') for k in a):
            self.faults.append('has a script')
        if 'id' in a:
            self.faults += ['the id %s twice' % a['id']] if a['id'] in self.ids else []
            self.ids.add(a['id'])
        for k in ('href', 'src'):
            if a.get(k) is not None:
                self.links.append((tag, a[k]))
        self.h1 += tag == 'h1'
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        while self.open and self.open[-1] != tag and self.open[-1] in LOOSE:
            self.open.pop()
        if self.open and self.open[-1] == tag:
            self.open.pop()
        elif tag not in LOOSE:
            self.faults.append('</%s> closes nothing' % tag)

    def handle_data(self, data):
        if self.open and self.open[-1] == 'title':
            self.title += data


# The judge first: a page with planted faults.
bad = Page('<html><title>t</title><h1 id="a">x</h1><p id="a" onclick="y()"><script>1</script><b>no end</html>')
check('judge', [f for f in ('has a script', 'the id a twice', '</html> closes nothing') if f not in bad.faults])

top = tempfile.mkdtemp(prefix='ukko-site-')
try:
    site = os.path.join(top, 'site')
    out, rc = run([PYTHON, os.path.join(ROOT, 'tools', 'site.py'), site, os.path.join(BUILD, 'bin', 'ukko')])
    check('built', [out[-3000:]] if rc else [])
    if rc:
        done()
    pages = {}
    for d, _, fs in os.walk(site):
        for f in fs:
            if f.endswith('.html'):
                with open(os.path.join(d, f), encoding='utf-8') as h:
                    pages[os.path.relpath(os.path.join(d, f), site)] = Page(h.read())
    links, outside, faults, to = [], [], [], {}
    for name, p in sorted(pages.items()):
        faults += ['%s: %s' % (name, f) for f in p.faults] + ([] if p.h1 == 1 else ['%s has %d h1' % (name, p.h1)]) + ([] if p.title else [name + ' has no title'])
        for tag, link in p.links:
            if re.match(r'[a-z]+:|//', link):
                outside += ['%s takes %s' % (name, link)] if tag != 'a' else []
                continue
            path, _, anchor = link.partition('#')
            target = posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) if path else name
            to.setdefault(name, set()).add(target)
            if target not in pages and not os.path.isfile(os.path.join(site, target)):
                links.append('%s links to %s' % (name, link))
            elif anchor and target in pages and anchor not in pages[target].ids:
                links.append('%s links to %s: no such place' % (name, link))
    check('links', links + ([] if len(pages) > 100 else ['only %d pages' % len(pages)]))
    check('nothing-from-elsewhere', outside)
    check('tags', faults)
    seen, next_ones = set(), ['index.html']
    while next_ones:
        n = next_ones.pop()
        if n in pages and n not in seen:
            seen.add(n)
            next_ones += to.get(n, ())
    check('all-is-reached', ['nobody links to %s' % n for n in pages if n not in seen])
    ids = {i for n, p in pages.items() if n.startswith('api/') for i in p.ids}
    missing = ['no %s' % i.name for h in headers.all_headers() for s in h.sections if not s.private() for i in s.items if i.name and i.kind not in ('forward', 'remark') and i.name not in ids]
    missing += ['no page of ' + f for f in files() if re.fullmatch(r'docs/.*\.md', f) and f[5:].replace('README', 'index')[:-3] + '.html' not in pages]
    out, rc = run([os.path.join(BUILD, 'bin', 'ukko'), 'help'])
    commands = re.findall(r'^  ([a-z]+) ', out.split('Commands:')[1].split('\n\n')[0], re.M)
    missing += ['no page of ukko ' + c for c in commands if 'man/ukko-%s.1.html' % c not in pages] + ([] if len(commands) > 20 else ['%d commands' % len(commands)])
    check('all-is-there', missing)
finally:
    shutil.rmtree(top, ignore_errors=True)
done()
