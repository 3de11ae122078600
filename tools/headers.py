# SPDX-License-Identifier: Apache-2.0
"""Reads the public headers: what they declare, and the comment that says what it is. Used by tools/apidoc, which makes manual pages
and HTML of it, and by tests/checks/docstrings.py, which sees to it that nothing is without one.

A docstring is a comment that ends on the line above a declaration, or begins on the line on which it ends. `/* ---- Title ----` begins a
section, and `name(3)` in the title says what its manual page is called. A comment with an empty line below it is a remark; directly below
the title it holds for the section. The first
comment after the include guard is about the header. A word in brackets says which threads may call a function: of the function, else
of its section, else of the header."""
import glob, os, re

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER = os.path.join(ROOT, 'include', 'ukko')
TAGS = {
    'any': 'any thread, also inside an actor',
    'outside': 'any thread, but not inside an actor: it may wait',
    'actor': 'only inside a callback of the actor whose context is passed',
    'setup': 'before ukko_system_start(), one thread at a time',
    'step': 'the one thread that steps the system, not inside an actor',
    'test': "the test's thread, not inside an actor",
    'encode': 'only inside the encode function that was given the encoder',
}
TOKEN = re.compile(r'''(?P<comment>/\*.*?\*/|//[^\n]*)|(?P<directive>^[ \t]*\#(?:[^\n\\]|\\\n|\\.)*)|(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
                    |(?P<word>\w+)|(?P<punct>\.\.\.|[^\s\w])''', re.S | re.M | re.X)


class Token:
    def __init__(self, kind, text, line):
        self.kind, self.text, self.line, self.end = kind, text, line, line + text.count('\n')


def scan(text):
    out, line, at = [], 1, 0
    for m in TOKEN.finditer(text):
        line += text.count('\n', at, m.start())
        at = m.start()
        out.append(Token(m.lastgroup, m.group(), line))
    return out


class Member:
    """a member of a struct, or a constant of an enumeration; names: those that one declaration has"""
    def __init__(self, names, text, doc=''):
        self.names, self.text, self.doc = names, text, doc


class Item:
    """kind: function, callback, struct, enum, constants, opaque, forward, alias, extern, macro, remark"""
    def __init__(self, kind, name, text, line, doc=''):
        self.kind, self.name, self.text, self.line, self.doc = kind, name, text, line, doc
        self.members, self.params, self.result, self.inline, self.section = [], [], '', False, None

    def tag(self):
        """who may call it: its own word in brackets, its section's, its header's"""
        for text in (self.doc, self.section.doc, self.section.header.doc):
            m = re.search(r'\[(%s)\]' % '|'.join(TAGS), text)
            if m:
                return m.group(1)
        return None


class Section:
    def __init__(self, header, title, doc='', page=None):
        self.header, self.title, self.doc, self.page, self.items = header, title, doc, page, []

    def private(self):
        """a part that a header has to show, but not to programs"""
        return 'Not for programs' in self.doc


class Header:
    def __init__(self, name):
        self.name, self.doc, self.sections, self.includes = name, '', [], []

    def items(self):
        return [i for s in self.sections for i in s.items]


def plain(comment):
    """the text of a comment: without its frame, lines as they are indented beyond the first"""
    if comment.startswith('//'):
        return comment[2:].strip()
    lines = comment[2:-2].split('\n')
    rest = [re.sub(r'^\s*\*( |$)', '', l) if re.match(r'\s*\*( |$)', l) else l for l in lines[1:]]
    used = [len(l) - len(l.lstrip()) for l in rest if l.strip()]
    rest = [l[min(used):].rstrip() if l.strip() else '' for l in rest]
    return '\n'.join([lines[0].strip()] + rest).strip('\n').rstrip()


def join(*texts):
    return '\n'.join(t for t in texts if t)


def declaration(tokens):
    """the code of a declaration on one line, as it would be typed"""
    text = ' '.join(t.text for t in tokens if t.kind not in ('comment', 'directive'))
    text = re.sub(r'\s+([,;)\]])', r'\1', text)
    text = re.sub(r'([(\[])\s+', r'\1', text)
    text = re.sub(r'\*\s+(?=[\w*(])', '*', text)
    text = re.sub(r'(\w)\s+\[', r'\1[', text)
    text = re.sub(r'(\w) \((?!\*)', r'\1(', text)
    text = re.sub(r'(\)) \(', r'\1(', text)
    text = re.sub(r'\b(const|return|sizeof|void|int)\*', r'\1 *', text)
    return text


def split(tokens, at):
    """[tokens between the separators at depth 0]"""
    out, depth = [[]], 0
    for t in tokens:
        depth += (t.text in '([{') - (t.text in ')]}') if t.kind == 'punct' else 0
        if t.kind == 'punct' and t.text == at and depth == 0:
            out.append([])
        else:
            out[-1].append(t)
    return [x for x in out if x]


def last_word(tokens):
    """the name that a declarator declares"""
    code = [t for t in tokens if t.kind in ('word', 'punct')]
    for i, t in enumerate(code):    # a function pointer: (*name)
        if t.text == '(' and i + 2 < len(code) and code[i + 1].text == '*':
            words = [x.text for x in code[i + 2:] if x.kind == 'word' and x.text != 'const']
            return words[0] if words else ''
    name = ''
    for t in code:
        if t.text in ('[', ':', '='):
            break
        if t.kind == 'word':
            name = t.text
    return name


def members(tokens, separator):
    """[Member] of what stands between the braces; a comment goes with what is on its line, else with what follows"""
    out, current, above, depth = [], [], '', 0

    def close():
        nonlocal current, above
        if not current:
            return
        parts = split(current, ',') if separator == ';' else [current]
        m = Member([last_word(p) for p in parts], declaration(current), above)
        m.end = current[-1].end
        out.append(m)
        current, above = [], ''
    for t in tokens:
        if t.kind == 'comment':
            if current and separator == ',' and depth == 0 and current[-1].end == t.line:
                close()             # the last constant has no comma
            if out and not current and out[-1].end == t.line:
                out[-1].doc = join(out[-1].doc, plain(t.text))
            elif current:
                above = join(above, plain(t.text))
            else:
                above = join(above, plain(t.text))
            continue
        if t.kind == 'directive':
            continue
        depth += (t.text in '([{') - (t.text in ')]}') if t.kind == 'punct' else 0
        if t.text == separator and depth == 0:
            if current:
                close()
            if out:
                out[-1].end = t.line
        else:
            current.append(t)
    close()
    return out


def expanded(tokens, maps):
    """the constants that an enumeration gets from a list macro: #define UKKO_X(..) pattern, THE_MAP(UKKO_X)"""
    out, pattern = [], None
    for t in tokens:
        if t.kind == 'directive':
            m = re.match(r'\s*#\s*define\s+\w+\(([^)]*)\)\s+(.*)', t.text, re.S)
            if m:
                pattern = ([a.strip() for a in m.group(1).split(',')], m.group(2))
    for t in tokens:
        if t.kind == 'word' and t.text in maps and pattern:
            for args, doc in maps[t.text]:
                text = pattern[1]
                for a, v in zip(pattern[0], args):
                    text = re.sub(r'\s*##\s*', '##', text)
                    text = re.sub(r'\b%s\b' % a, v, text)
                text = text.replace('##', '').strip().rstrip(',')
                out.append(Member([text.split()[0]], text, doc or ', '.join(a.strip('"') for a in args[2:])))
    return out


def map_lines(text):
    """[(arguments, comment)] of the lines X(...) of a list macro"""
    out = []
    for t in re.finditer(r'\bX\(((?:"(?:[^"\\]|\\.)*"|[^()"])*)\)\s*(?:/\*(.*?)\*/)?', text.replace('\\\n', ' '), re.S):
        args = re.findall(r'(?:"(?:[^"\\]|\\.)*"\s*)+|[^,\s][^,]*', t.group(1))
        args = [re.sub(r'"\s+"', '', a.strip()) for a in args]
        out.append((args, (t.group(2) or '').strip()))
    return out


def make_item(tokens, maps):
    code = [t for t in tokens if t.kind not in ('comment', 'directive')]
    words = [t.text for t in code]
    line, text = code[0].line, declaration(code)
    brace = next((i for i, t in enumerate(tokens) if t.text == '{'), None)
    if brace is not None:
        depth, close = 0, brace
        for i in range(brace, len(tokens)):
            depth += (tokens[i].text == '{') - (tokens[i].text == '}')
            if depth == 0:
                close = i
                break
        body, before, after = tokens[brace + 1:close], tokens[:brace], tokens[close + 1:]
    if 'typedef' == words[0]:
        if brace is not None:
            kind = words[1]
            item = Item(kind, next(t.text for t in after if t.kind == 'word'), text, line)
        elif re.search(r'\(\*\s*\w+\)\(', text):
            item = Item('callback', re.search(r'\(\*\s*(\w+)\)\(', text).group(1), text, line)
            item.result = text[len('typedef '):text.index('(*')].strip()
        else:
            item = Item('opaque' if words[1] == 'struct' and words[2] == words[3] else 'alias', words[-2], text, line)
    elif words[0] == 'enum':
        item = Item('constants', '', text, line)
    elif words[0] == 'struct':
        item = Item('struct' if brace is not None else 'forward', words[1], text, line)
    elif 'extern' in words:
        item = Item('extern', words[-2], text, line)
    else:
        m = re.search(r'\b(ukko_\w+)\((?!\*)', text)
        if not m:
            raise ValueError('line %d: what is this? %s' % (line, text[:80]))
        item = Item('function', m.group(1), text, line)
        item.inline = 'inline' in words
        item.result = re.sub(r'\b(UKKO_API|UKKO_NODISCARD|static|inline)\b\s*', '', text[:m.start()]).strip()
    if item.kind in ('function', 'callback'):
        start = text.index(item.name) + len(item.name)
        start = text.index('(', start)
        depth = 0
        for i in range(start, len(text)):
            depth += (text[i] == '(') - (text[i] == ')')
            if depth == 0:
                break
        item.params = [p for p in re.findall(r'(?:[^,()]|\((?:[^()]|\([^()]*\))*\))+', text[start + 1:i])]
        item.params = [p.strip() for p in item.params if p.strip() != 'void']
    if item.kind in ('struct', 'enum', 'constants'):
        inner, head = list(body), ''
        if inner and inner[0].kind == 'comment' and inner[0].line == tokens[brace].line:
            head, inner = plain(inner[0].text), inner[1:]
        item.members = members(inner, ';' if item.kind == 'struct' else ',')
        if item.kind != 'struct':
            listed = expanded(inner, maps)
            if listed:  # what stands behind the list macro was read with it: it has no comma
                others = members([t for t in inner if t.kind != 'directive' and t.text not in maps and t.text != 'UKKO_X'], ',')
                item.members = listed + [m for m in others if re.fullmatch(r'[A-Z]\w+', m.names[0])]
        item.doc = head
        if item.kind == 'constants':
            item.name = item.members[0].names[0] if len(item.members) == 1 else ''
    return item


def parse(name, text):
    """the Header that a text declares"""
    header = Header(name)
    section = Section(header, '')
    header.sections.append(section)
    tokens, maps, skipping = scan(text), {}, 0
    last, last_end, leading, current, depth = None, 0, None, [], 0

    def remark():
        nonlocal leading
        if leading is None:
            return
        words = plain(leading.text)
        if not header.doc and not header.items() and not section.title:
            header.doc = words
        elif section.items or section.doc:
            r = Item('remark', '', '', leading.line, words)
            r.section = section
            section.items.append(r)
        else:
            section.doc = words
        leading = None

    def add(item, start, end):
        nonlocal last, last_end, leading
        if leading is not None:
            if leading.end + 1 >= start:
                item.doc = join(plain(leading.text), item.doc)
                leading = None
            else:
                remark()
        item.section = section
        section.items.append(item)
        last, last_end = item, end
    for i, t in enumerate(tokens):
        if t.kind == 'directive' and not current:
            word = re.match(r'\s*#\s*(\w+)\s*(.*)', t.text, re.S)
            what, rest = word.group(1), word.group(2)
            if skipping:
                skipping += (what in ('if', 'ifdef', 'ifndef')) - (what == 'endif')
            elif what == 'ifdef' and rest.strip() == '__cplusplus':
                skipping = 1
            elif what == 'include':
                remark()
                m = re.match(r'<(ukko/[\w.]+)>', rest)
                header.includes += [m.group(1)] if m else []
            elif what == 'define':
                m = re.match(r'(\w+)(\([^)]*\))?\s*(.*)', rest, re.S)
                if not re.fullmatch(r'UKKO_(\w+_)?H', m.group(1)):
                    found = map_lines(m.group(3)) if m.group(2) == '(X)' else []
                    if found:
                        maps[m.group(1)] = found
                    said = re.search(r'/\*(.*?)\*/\s*$', t.text) if '\n' not in t.text else None
                    add(Item('macro', m.group(1), m.group(1) + (m.group(2) or ''), t.line, said.group(1).strip() if said else ''), t.line, t.end)
            continue
        if skipping:
            continue
        if t.kind == 'comment' and not current:
            words = plain(t.text)
            if last is not None and t.line == last_end:
                last.doc = join(last.doc, words)
                last_end = t.end
                continue
            remark()
            m = re.match(r'-{4}\s*(.*?)\s*-*$', words.split('\n')[0])
            if m:
                title = m.group(1)
                page = re.search(r',? *(ukko_?\w*)\(3\)$', title)
                if page:
                    title = title[:page.start()].rstrip(' :')
                section = Section(header, title, '', page.group(1) if page else None)
                header.sections.append(section)
                last = None
                continue
            if header.doc or header.items() or not words.startswith('SPDX'):
                leading = t
            continue
        current.append(t)
        if t.kind == 'punct':
            depth += (t.text in '([{') - (t.text in ')]}')
        body_ends = t.text == '}' and depth == 0 and is_function(current)
        if depth == 0 and (t.text == ';' or body_ends):
            add(make_item(current, maps), current[0].line, t.line)
            current = []
    remark()
    header.sections = [s for s in header.sections if s.items or s.title]
    seen = {}
    for s in header.sections:       # a macro that is defined in two branches of an #if is one
        for i in list(s.items):
            if i.kind == 'macro' and i.name in seen:
                seen[i.name].doc = join(seen[i.name].doc, i.doc)
                s.items.remove(i)
            elif i.kind == 'macro':
                seen[i.name] = i
    return header


def is_function(tokens):
    """whether the first brace of a declaration is the body of a function"""
    code = [t.text for t in tokens if t.kind not in ('comment', 'directive')]
    return '{' in code and code[code.index('{') - 1] == ')'


def all_headers(folder=FOLDER):
    out = []
    for f in sorted(glob.glob(os.path.join(folder, '*.h'))):
        with open(f, encoding='utf-8') as h:
            out.append(parse(os.path.basename(f), h.read()))
    return out


if __name__ == '__main__':
    for h in all_headers():
        print('=====', h.name, '|', h.doc[:60])
        for s in h.sections:
            print('  ----', s.title, s.page or '')
            for i in s.items:
                print('   ', i.kind, i.name, i.params if i.kind in ('function', 'callback') else '', '|', i.doc[:50].replace('\n', ' '), [m.names for m in i.members][:40])
