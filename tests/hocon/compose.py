# SPDX-License-Identifier: Apache-2.0
"""More random configurations for `differ`, as people write them: what they refer to mostly exists, and is of the kind that is wanted.

The modes: `typed` one file; `tree` with files that it includes; `layers` several that fall back on each other; `outside` with names of
the environment; `lines` with one known mistake among much else, so that the line of the error counts."""
import generate
from generate import ENV_PATHS, TYPES

MODES = ('typed', 'tree', 'layers', 'outside', 'lines')

NAMES = ['alpha', 'beta', 'g-1', '"q k"', '"x.y"', 'delta', 'ns', 'list', 'o', '0', '1', 'n1', '"\\u00e9"', 'z_z', 'include1', '"true"', '"a#b"', '12', '10s', 'a b']
SCALARS = ['1', '2.50', '007', 'true', 'off', 'null', 'str', 'two words', '"q\\u0041\\t\\\\"', '"""tri"ple\n x"""', '10 s', '3 KiB', '1e3', '-5', '5.', 'a/b', '"#no"', '"${no}"', 'http', '(x)',
           '\u00fcn\u00ef', '"\\ud83d\\ude00"', '0x1F', '99999999999999999999', '1.0', '"1"', 'x-y_z', '""']
COMMENTS = ['', '', '', '', ' # c ${x} "q', '  // c { [', '\n# full line\n', '\n\n']
MISTAKES = ['a = "x', 'a = """x\ny', 'a = [1,,2]', 'a = [1 2', 'a = {', 'a = }', '= 1', 'a b', 'a = ', 'a = ${', 'a = ${}', 'a = ${a', 'a = ${a.}', 'a = ${.a}', 'a = $x', 'a = "\\q"', 'a = "\\u12"', 'a.. = 1', '.a = 1',
            'a = b = c', 'a = b : c', 'a += ', 'a = [\n1\n,\n,\n2]', 'a { b = 1', 'a = 1 }', 'a = {} x', 'a = [] {}', 'a = {} ${?n} []', 'a = ${nope}', 'a = ${nope.deep}x', 'a = {b=${nope}}', 'a = [${nope}]',
            'include "x', 'include x', 'include required(x)', 'include "a" "b"', 'a = 1, , b = 2', 'a = "t\tt"', 'a = `x`', 'a = x@y', 'a = x^', 'a = *', 'a = &', 'a = !x', 'a = \\', '"a" "b" : = 1',
            'a = ${b}\nb = ${a}', 'a = ${a}', 'a = [${a}]', 'a = {c=${a.c}}', 'a = 1\na += 2', 'a = x\na = ${a}[1]', 'a = {b=1}\na += 2', '"""a""" = [}', 'a : [1, 2}', 'a = 1;b', 'a = ?', 'a = "\n"', '"x\n" = 1',
            'a = ${x}y[1]', 'a.b = 1\na = ${a}[1]', 'include url("::")', 'include file(', 'include classpath("a"']
INCLUDES = ['"%s"', 'file("%s")', 'required("%s")', 'classpath("%s")', 'required(file("%s"))', '"%s"']


class Gen(generate.Gen):
    def begin(self, names, includes=0.0, damage=0.0):
        self.known = {}         # path -> 's', 'l' or 'o'
        self.names, self.includes, self.wrong, self.targets = names, includes, damage, ['none']

    def key(self):
        return self.one(NAMES[:self.names])

    def dotted(self, n=3):
        return '.'.join(self.key() for _ in range(self.r.randrange(1, n + 1)))

    def ref(self, kind):
        fits = [p for p, k in self.known.items() if k == kind]
        optional = self.p(0.35)
        if not fits or self.p(0.06):
            return '${%s%s}' % ('?' if optional or self.p(0.9) else '', self.dotted())
        path = self.one(fits)
        return '${%s%s}' % ('?' if optional else '', ' ' + path + ' ' if self.p(0.05) else path)

    def text_value(self):
        k = self.r.random()
        if k < 0.45:
            return self.one(SCALARS)
        if k < 0.65:
            return self.ref('s')
        if k < 0.9:
            return self.one(['%s%s', '%s %s', '%s-%s', '%s  %s', 'pre%s/%s']) % (self.ref('s'), self.one(SCALARS) if self.p(0.5) else self.ref('s'))
        return self.one(SCALARS) + ' ' + self.ref('s') + self.one(['', ' ', 'x'])

    def joined(self, kind, literal):
        """a literal, or what is referred to, or both, of a kind that may be concatenated"""
        k = self.r.random()
        if k < 0.5:
            return literal
        if k < 0.65:
            return self.ref(kind)
        if k < 0.85:
            return self.ref(kind) + ' ' + literal
        return literal + self.one([' ', '']) + self.ref(kind) if k < 0.95 else self.ref(kind) + ' ' + self.ref(kind) + ' ' + literal

    def typed_value(self, kind, depth):
        if kind == 's':
            return self.text_value()
        if kind == 'l':
            items = [self.typed_value(self.one('sslo' if depth > 0 else 's'), depth - 1) for _ in range(self.r.randrange(4))]
            return self.joined('l', '[' + self.one([', ', ',', '\n', ' ,\n', ',\n  # c\n']).join(items) + self.one(['', '', '\n', ',' if items and self.p(0.3) else '']) + ']')
        literal = '{' + self.one([' ', '\n']) + (self.body(depth - 1, self.r.randrange(4)) if depth > 0 else '') + self.one([' ', '\n']) + '}'
        return self.joined('o', literal)

    def body(self, depth, n):
        return self.one([', ', '\n', ' \n']).join(self.statement(depth, self.key() if self.p(0.7) else self.dotted(2), False) for _ in range(n))

    def grown(self, path, kind, depth):
        """a statement that builds upon what the path has been"""
        if kind == 'l':
            return '%s += %s' % (path, self.typed_value(self.one('so'), depth - 1)) if self.p(0.6) else '%s = ${?%s} %s' % (path, path, self.typed_value('l', 0))
        if kind == 'o':
            return (self.one(['%s = ${?%s} {', '%s = {}${?%s}{']) % (path, path)) + self.body(depth - 1, 2) + '}'
        return '%s = ${?%s}%s' % (path, path, self.one(['x', ' y', '/z']))

    def statement(self, depth, path=None, top=True):
        path = path or self.dotted()
        kind = self.known[path] if top and path in self.known and self.p(0.75) else self.one('sslloo')
        if top and self.p(0.25):
            out = self.grown(path, kind, depth)
        elif kind == 'o' and self.p(0.4):
            out = '%s %s{ %s }' % (path, self.one(['', '', ': ', '= ', '\n = \n', '# c\n']) if self.p(0.2) else '', self.body(depth - 1, self.r.randrange(4)) if depth > 0 else '')
        elif kind == 'l' and top and self.p(0.15):
            out = '\n'.join('%s.%d = %s' % (path, i, self.typed_value(self.one('so'), 0)) for i in self.r.sample(range(4), 2))
        else:
            out = path + (self.one([' = ', '=', ' : ', ' =\n  ', ' = # c\n']) if self.p(0.15) else self.one([' = ', ': '])) + self.typed_value(kind, depth)
        if top:
            self.known[path] = kind
        return out + self.one(COMMENTS)

    def inclusion(self):
        line = 'include ' + self.one(INCLUDES) % self.one(self.targets)
        return '%s { %s\n %s }' % (self.key(), line, self.statement(0, self.key(), False)) if self.p(0.4) else line

    def whole(self, n):
        out = []
        for _ in range(n):
            out.append(self.statement(self.one([0, 1, 2, 2])))
            if self.p(self.includes):
                out.append(self.inclusion())
        s = '\n'.join(out) + self.one(['\n', '', '\n\n'])
        return self.damage(s, 1) if self.p(self.wrong) else s

    def leaves(self):
        out = []
        for path, kind in list(self.known.items())[:14]:
            out += ['%s %s' % (self.one(TYPES), path), 'value ' + path]
            if kind == 'l':
                out.append('%s %s' % (self.one([t for t in TYPES if t.endswith('list')]), path))
        return out

    # ---- the modes
    def typed(self):
        self.settings()
        self.begin(self.one([4, 8, 14, len(NAMES)]), damage=self.one([0, 0, 0.6]))
        return {'files': {'@@.conf': self.whole(self.r.randrange(2, 14))}, 'main': ['@@.conf'], 'queries': self.leaves() if self.p(0.5) else []}

    def tree(self):
        self.settings()
        self.begin(self.one([4, 8]), damage=self.one([0, 0, 0, 0.4]))
        files = {}
        for name in ('@@i1.conf', '@@d/i2.conf', 'cp/@@i3.conf'):
            self.includes = 0.15 if files else 0.0
            files[name] = self.whole(self.r.randrange(1, 5))
            self.targets = [t for t in self.targets if t != 'none'] + [name, name.split('/')[-1], name.rsplit('.', 1)[0]]
        self.includes = 0.35
        files['@@.conf'] = self.whole(self.r.randrange(2, 8))
        return {'files': files, 'main': ['@@.conf'], 'queries': self.leaves() if self.p(0.3) else []}

    def layers(self):
        self.settings()
        self.begin(self.one([3, 4, 6]))
        files = {'@@%d.conf' % i: self.whole(self.r.randrange(1, 5)) for i in range(self.r.randrange(2, 5))}
        return {'files': files, 'main': sorted(files), 'queries': []}

    def outside(self):
        self.settings()
        self.begin(4)
        self.known = {p: self.one('sslo') for p in ENV_PATHS}
        return {'files': {'@@.conf': self.whole(self.r.randrange(2, 8))}, 'main': ['@@.conf'], 'queries': self.leaves() if self.p(0.5) else []}

    def lines(self):
        self.settings()
        self.begin(8)
        parts = [self.whole(self.r.randrange(1, 4)) for _ in range(3)]
        parts.insert(self.r.randrange(4), self.one(MISTAKES))
        s = '\n'.join(parts)
        if self.p(0.2):
            s = '{\n' + s + '\n}'
        return {'files': {'@@.conf': s.replace('\n', '\r\n') if self.p(0.1) else s}, 'main': ['@@.conf'], 'queries': []}
