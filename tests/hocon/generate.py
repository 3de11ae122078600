# SPDX-License-Identifier: Apache-2.0
"""Random configurations for `differ`: each a few files that lean on one side of the language.

A case is {'files': {name: text}, 'main': [names], 'queries': [lines]}. '@@' in names and texts stands for the case's own
number, so that cases do not see each other's files. Same seed, same cases.
"""
import random

MODES = ('syntax', 'subst', 'include', 'query', 'properties', 'json', 'stack', 'env', 'mutate', 'deep', 'bytes', 'large')

# What both programs run with: names that look like paths, values that look like other types.
ENV = {'HC_A': 'va', 'HC_NUM': '42', 'HC_ZERO': '007', 'HC_BOOL': 'true', 'HC_NULL': 'null', 'HC_EMPTY': '', 'HC_OBJ': '{ x = 1 }',
       'HC_LIST': '[1, 2]', 'HC_SUB': '${HC_A}', 'HC_DUR': '10s', 'HC_SP': '  two  words ', 'HC.DOT.ted': 'dotted', 'HC.DOT': 'hidden',
       'HC.DOT.x.y': 'deep', 'HC_L.0': 'l0', 'HC_L.1': 'l1', 'HC_L.x': 'lx', 'e': 'env-e', 'f.g': 'env-fg', 'd.0': 'env-d0', 'd.1': 'env-d1',
       'b.c': 'env-bc', 'HC_L_0': 'u0', 'HC_U': 'gr\u00fc\u00df', 'HC_EQ': 'a=b=c', 'HC_NL': 'x\ny', '.lead': 'lead', 'trail.': 'trail', 'two..dots': 'dots', 'user.dir': '/somewhere'}
ENV_PATHS = ['HC_A', 'HC_NUM', 'HC_ZERO', 'HC_BOOL', 'HC_NULL', 'HC_EMPTY', 'HC_OBJ', 'HC_LIST', 'HC_SUB', 'HC_DUR', 'HC_SP', 'HC.DOT.ted', 'HC.DOT', 'HC',
             'HC.DOT.x.y', 'HC.DOT.x', 'HC_L', 'HC_L.0', 'HC_L.x', 'e', 'f.g', 'f', 'd', 'd.0', 'HC_U', 'HC_EQ', 'HC_NL', 'HC_MISSING',
             '"HC.DOT.ted"', '"".lead', '""', 'trail', 'trail.""', 'two', 'two."".dots', 'HC_L[]', 'HC_L_0', 'a', 'b.c']

SPACES = [' ', '  ', '\t', '\u00a0', '\u2003', '\ufeff', '\r', '\x0b', '\x0c', '\x1c', '\u3000', '\u2028', '\u1680', '\u202f', '\u2007']
NOT_SPACES = ['\u0085', '\u200b', '\u180e', '\u2060', '\x00', '\x01', '\x7f', '\u2030', '\u00a1', '\u00ff']
ESCAPES = ['\\n', '\\t', '\\\\', '\\"', '\\/', '\\b', '\\f', '\\r', '\\u0041', '\\u00e9', '\\ud83d\\ude00', '\\u0000', '\\u2028', '\\uABCD', '\\u+041']
BAD_ESCAPES = ['\\x', '\\u12', '\\u12g4', '\\', '\\ ', "\\'", '\\u', '\\0', '\\ud800', '\\udc00', '\\uu041']
SPECIAL = list('$"{}[]:=,+#`^?!@*&\\/\n .-_0e') + ['//', '${', '${?', '+=', '"""', '""', '\\u0041', '\r\n', 'include ', 'null', 'true', '\t', '(', ')', '\ufeff', '\u00e9', '\U0001f600']
NUMBERS = ['0', '1', '-1', '42', '007', '-0', '-00', '1.5', '1.50', '-2.5e3', '1e3', '1E+2', '1e-2', '5.', '-.5', '.5', '1.e2', '-', '--1', '1-2', '1.2.3', '1e', '1e+',
           '9223372036854775807', '9223372036854775808', '-9223372036854775808', '-9223372036854775809', '2147483648', '1e18', '1e19', '123456789012345678901234567890',
           '0.1', '1e-400', '1.7976931348623157e308', '4.9e-324', '0.30000000000000004', '3.0', '1e1', '1e15', '1e16', '1.0e21', '100000000000000000000.0', '1f',
           '10d', '0x10', '1_000', '1.0.0', '-e', '1e5x', '8080', '0.0', '-0.0', '-0.5', '1..2', '9007199254740993', '9007199254740993.0', '1.1e1', '12e0', '123.456e2']
WORDS = ['x', 'foo', 'bar baz', 'true', 'false', 'null', 'on', 'off', 'yes', 'no', 'trueish', 'nullx', 'falsey', 'True', 'tru', 'include', 'includes', 'a/b', 'a//b', 'x-y', 'x_y',
         'host', '(x)', 'a;b', "it's", '%', '<x>', 'a|b', '~', 'x.y', '10.0.0.1', '10s', '5 m', '3 KiB', 'file(x)', '-x', '- x', '/', 'a/', 'path/to', '\u00e9t\u00e9', '\U0001f600', 'x\u00a0y', 'required(x)',
         'Infinity', 'NaN', 'INFINITY']
DURATIONS = ['10', '10s', '10 s', '1.5s', '1.5 seconds', '-3ms', '+3ms', '5 m', '5 minutes', '5 minute', '2h', '2 hours', '1d', '1 day', '3 days', '10 us', '10 micros', '10 microsecond', '7 ns', '7 nanos', '7 nano',
             '1 millis', '1 milli', '1 millisecond', '1 milliseconds', '.5s', '5.s', '1e3 ms', '1e3', '9223372036854775807', '9223372036854775807 ns', '9223372036854775808 ns', '106751 d', '106752 d', '106752.0 d', '-106752 d', '1 S',
             '1 Sec', '1 sec', '1 secs', 's', ' 10 s ', '10  s', '1_0s', '0x10s', '10 s s', '1 w', '1 mo', '1 y', '1 week', '1 years', '1 dayss', '10ms2', 'ten s', '0.1 ns', '1.9 ns', '-1.9 ns', '1.0000001 s', '10\u00a0s', '\u00a010s\u00a0', '10s.', '1 second', '1 hour', '1 nanosecond',
             '1 nanoseconds', '1 microseconds', '1 msec', '1 min', '1 mins', '1 hr', '1 ms.', 'NaN s', 'Infinity s', '1fs', '1ds', '1dd', '1f ms', '+ 3 s', '--3 s', '3 -s', '1,5 s', '', ' ', '1e2d', '1e400 s', '-1e400 s', '0 d', '00 s', '-0 s', '\u0661s', '1 \u017f', '10\ts', '10\ns']
SIZES = ['10', '10b', '10B', '10 byte', '10 bytes', '1k', '1K', '1Ki', '1KiB', '1kB', '1KB', '1kb', '1 kilobyte', '1 kilobytes', '1 kibibyte', '1 kibibytes', '1m', '1M', '1Mi', '1MiB', '1MB', '1mb', '1 megabyte', '1 mebibytes',
         '1g', '1G', '1GiB', '1GB', '1 gigabytes', '1 gibibyte', '1t', '1T', '1TiB', '1TB', '1 terabyte', '1 tebibytes', '1p', '1P', '1PB', '1PiB', '1 petabytes', '1e', '1E', '1EB', '1EiB', '7E', '8E', '7.99E', '1 exabyte', '1 exbibytes',
         '1z', '1Z', '1ZB', '1ZiB', '1 zettabyte', '1 zebibyte', '1y', '1Y', '1YB', '1YiB', '1 yottabyte', '1 yobibytes', '0.0000000000001Y', '1.5k', '1.5', '0.5b', '1.0005kB', '-1', '-1k', '-0', '-0k', '+1k', '1e3k', '1e3', '1e-3k', '1E3B',
         '1E3', '9223372036854775807', '9223372036854775808', '9223372036854775807b', '9223372036854775808b', '8388608T', '8388607T', '1 KIB', '1 kib', '1 Kb', '1 byt', '1 bytess', 'k', '1 k b', '1 kilo', '1  k', '1\u00a0k', '0x1k', '1fk', '10f', '1_0', '.5k', '5.k', '1e400k', '1e-400k', '', ' ', '1\tk', '1e30k', '0e5k', '00010k', '1.e3k', '1e+3k', '1e+-3k', '\u0661k', '1 \u212a']
BOOLS = ['true', 'false', 'yes', 'no', 'on', 'off', 'True', 'YES', ' true', '"true"', '"yes"', '" on "', 't', '1', '0', '""', 'true ', 'on x']
TYPES = ('int long double boolean string duration duration-ms bytes has is-null value string-list int-list long-list double-list boolean-list duration-list bytes-list').split()
KEYS = ['a', 'b', 'c', 'd', 'e']


class Gen:
    def __init__(self, seed, pool):
        self.r = random.Random(seed)
        self.pool = pool        # texts to mutate

    # ---- small choices
    def one(self, xs):
        return xs[self.r.randrange(len(xs))]

    def p(self, x):
        return self.r.random() < x

    def space(self, at_least=0):
        n = at_least if self.p(0.8) else at_least + 1
        return ''.join(self.one(SPACES) if self.p(0.15) else ' ' for _ in range(n))

    def comment(self):
        return self.one(['# c', '// c', '#', '//', '# "x', '// ${', '#}']) + '\n'

    # ---- paths and keys
    def element(self, odd=0.1):
        if not self.p(odd):
            return self.one(KEYS[:self.width])
        return self.one(['"a"', '"a.b"', '"x y"', '""', '0', '1', '2', '00', '"0"', '+1', '-1', '10', 'x y', 'a-b', 'include', 'true', 'null', '"""t"""', '\u00e9', '1.5', '"a"b', 'b"c"', 'a "b" c', '"\\u0061"', 'a1', '-', '/', 'if/then', '"$"', '"${a}"', 'e1', '1e1', '"a\\nb"'])

    def path(self, odd=0.06, longest=3):
        n = 1
        while n < longest and self.p(0.3):
            n += 1
        dot = '.' if not self.p(odd) else self.one([' . ', '. ', ' .', '."".', '..' if self.p(self.bad) else '.'])
        s = dot.join(self.element(odd) for _ in range(n))
        if self.p(self.bad):
            s = self.one(['.', '']) + s + self.one(['.', '', ' '])
        return s

    # ---- values
    def quoted(self):
        parts = []
        for _ in range(self.r.randrange(3)):
            parts.append(self.one(WORDS) if self.p(0.5) else self.one(ESCAPES) if self.p(0.9) else self.one(BAD_ESCAPES) if self.p(self.bad) else ' ')
        if self.p(0.05):
            parts.append(self.one(['\ufeff', '\x7f', '\u2028', '\u00e9', '\U0001f600', '${a}', '#', '//', '{', '}']))
        s = ''.join(parts)
        if self.p(self.bad):
            s += self.one(['\t', '\n', '\x01', '\r'])
        if self.p(0.12):
            return '"""' + s.replace('"""', '') + self.one(['', '', '\n', '\nline\n', '"', '""', '"x', '\r\n', ' ']) + '"""'
        return '"' + s.replace('\\"', '\x00').replace('"', '').replace('\x00', '\\"') + '"'

    def subst(self):
        q = '?' if self.p(self.optional) else ''
        path = self.path(0.03) if not self.p(self.env) else self.one(ENV_PATHS)
        if self.p(self.bad):
            path = self.one([' ', '', '\n', '# x\n', '.']) + path + self.one([' ', '', '\t'])
        return '${' + q + path + '}'

    def scalar(self):
        k = self.r.random()
        if k < 0.3:
            return self.one(NUMBERS) if self.p(0.4) else str(self.r.randrange(10))
        if k < 0.6:
            return self.one(WORDS)
        if k < 0.8:
            return self.quoted()
        return self.one(['true', 'false', 'null', 'on', '[]', '{}', '""', '1', 'x'])

    def items(self, depth):
        n = self.r.randrange(4)
        out = ''
        for i in range(n):
            out += self.space() + (self.comment() if self.p(0.04) else '') + self.value(depth - 1)
            if i < n - 1:
                out += self.separator()
        if n and self.p(0.15):
            out += self.one([',', '\n', ',\n', '\n,', ',,' if self.p(self.bad) else ','])
        return out

    def separator(self):
        if self.p(0.55):
            return self.one([',', ', '])
        if self.p(0.8):
            return self.one(['\n', '\n\n', ' \n', '\r\n', '\n # c\n'])
        s = self.one([',\n', '\n,', '\n\n,\n', ' , ', '// c\n', ' # c\n,'])
        return s if not self.p(self.bad) else self.one([',,', '\n,\n,', ' ', ';', ',\n,'])

    def list(self, depth):
        return '[' + self.items(depth) + self.space() + ']'

    def object(self, depth):
        return '{' + self.space() + self.fields(depth, self.r.randrange(4)) + self.space() + '}'

    def piece(self, depth):
        k = self.r.random()
        if k < self.substs:
            return self.subst()
        if depth > 0 and k < self.substs + 0.15:
            return self.object(depth - 1)
        if depth > 0 and k < self.substs + 0.3:
            return self.list(depth - 1)
        return self.scalar()

    def value(self, depth):
        v = self.piece(depth)
        kind = self.one('slo') if self.p(self.alike) else None
        while self.p(self.concats):
            sep = self.one(['', ' ', ' ', '  ']) if not self.p(0.1) else self.one(SPACES + NOT_SPACES)
            if self.p(self.bad):
                sep = self.one(['\n', '# c\n', ',', ':', '=', '+'])
            if not kind:
                v += sep + self.piece(depth)
            elif self.p(0.5):
                v += sep + self.subst()
            else:       # of one type, so that it may become a value
                v += sep + (self.scalar() if kind == 's' else self.list(max(0, depth - 1)) if kind == 'l' else self.object(max(0, depth - 1)))
        return v

    def field(self, depth):
        if self.includes and self.p(self.includes):
            return self.include()
        key = self.path(self.odd)
        if depth > 0 and self.p(0.2):
            return key + self.space() + (self.one(['=', ':', '']) if self.p(0.4) else '') + self.space() + self.object(depth - 1)
        op = self.one(['=', '=', '=', ':', '+='] if self.p(0.5) else ['=', ':'])
        gap = self.space() if not self.p(0.04) else self.one(['\n', self.comment(), ' \n '])
        if self.p(self.bad):
            op = self.one(['', '==', ':=', '=+', '+', '=>', '= ='])
        v = self.value(depth) if not self.p(self.bad / 2) else ''
        return key + self.space() + op + gap + v

    def fields(self, depth, n):
        out = ''
        for i in range(n):
            if self.p(0.05):
                out += self.comment()
            out += self.field(depth)
            if i < n - 1:
                out += self.separator()
        if n and self.p(0.1):
            out += self.one([',', '\n', ',\n', ' # c\n'])
        return out

    def include(self):
        what = self.one(self.targets) if not self.p(0.1) else self.one(['missing', 'missing.conf', '@@-none.json', '', ' ', '.', '/', 'nowhere/x.conf', '@@', 'x.cfg'])
        name = '"' + what + '"'
        k = self.r.random()
        if k < 0.12:
            name = 'file(' + self.space() + name + self.space() + ')'
        elif k < 0.24:
            name = 'classpath(' + self.space() + name + ')'
        elif k < 0.27:
            name = 'url(' + name + ')' if self.p(0.5) else 'url("file:' + what + '")'
        if self.p(0.1):
            name = 'required(' + self.space() + name + self.space() + ')'
        if self.p(self.bad):
            name = self.one([name[:-1], name + ' x', 'required (' + name + ')', 'file ("x")', what, "'" + what + "'", name + ' ' + name, 'x(' + name + ')', name + ')', 'required(required(' + name + '))', '${a}', 'file(' + name, 'classpath(x)'])
        return 'include' + self.one([' ', ' ', '  ', '', '\n', '\t']) + name

    # ---- whole texts
    def settings(self, **kw):
        base = dict(width=4, bad=0.0, env=0.0, substs=0.15, concats=0.15, odd=0.05, includes=0.0, targets=['missing'], optional=self.one([0.4, 0.8, 0.95]), alike=self.one([0.2, 0.7, 0.95]))
        base.update(kw)
        self.__dict__.update(base)

    def root(self, depth, n):
        s = ''
        if self.p(0.03):
            s += '\ufeff'
        if self.p(0.05):
            s += self.one(['\n', '# c\n', '\r\n', ' '])
        body = self.fields(depth, n)
        if self.p(0.1):
            s += '{' + self.one(['', '\n', ' ']) + body + self.one(['', '\n', ' ']) + '}'
        else:
            s += body
        return s + self.one(['', '\n', '\n', ' ', '# end', '\n\n'])

    def damage(self, s, times):
        for _ in range(times):
            at = self.r.randrange(len(s) + 1)
            k = self.r.random()
            if k < 0.35:
                s = s[:at] + self.one(SPECIAL) + s[at:]
            elif k < 0.65 and s:
                s = s[:at] + s[at + 1 + (self.r.randrange(3) if self.p(0.3) else 0):]
            elif k < 0.8 and s:
                end = min(len(s), at + self.r.randrange(1, 12))
                to = self.r.randrange(len(s) + 1)
                s = s[:to] + s[at:end] + s[to:]
            else:
                lines = s.split('\n')
                i, j = self.r.randrange(len(lines)), self.r.randrange(len(lines))
                if self.p(0.5):
                    lines[i], lines[j] = lines[j], lines[i]
                elif self.p(0.5):
                    lines.insert(i, lines[j])
                else:
                    del lines[i]
                s = '\n'.join(lines)
        return s

    def property_text(self):
        out = ''
        for _ in range(self.r.randrange(7)):
            if self.p(0.1):
                out += self.one(['# c', '! c', '', '  # c', '#\\', ' ', '\t', '\\', '\\ ', '\x0c']) + self.one(['\n', '\r\n', '\r'])
                continue
            key = self.one(['a', 'b', 'a.b', 'a.b.c', 'b.c', 'a\\ b', 'a\\:b', 'a\\=b', '\\u0061', 'c', 'd.0', 'd.1', 'a..b', '.a', 'a.', '', 'x\\ty', 'x\\.y', '"q"', 'a\\#b', '\\#a', 'a.b.c.d', 'e', '\u00e9', '\\\\', 'b.', '.', 'a\\\n  b', ' lead'])
            sep = self.one(['=', ':', ' ', ' = ', ' : ', '\t', '==', '= =', '  ', '', ':=', '\\\n=', ' \\\n '])
            val = self.one(['1', 'v', ' v ', 'x\\ny', 'x\\ty', '\\u00e9', 'a b', '', '\\', 'x\\\n   y', 'x\\\\', 'true', 'null', '${a}', '"q"', 'x#y', 'x!', '\\q', '10s', '[1]', '{}', 'x\\\r\n y', '\\u12', '\\uzzzz', '\\ lead', 'tr \\', '\u00e9', '\\ud83d\\ude00', 'a\\\n# b', 'a\\\n\nb', '\\r', '\\f', '\\u+041'])
            if self.p(0.9) and ('\\uz' in val or '\\u1' in val or '\\u+' in val):
                val = 'v'
            out += self.one(['', '', ' ', '\t']) + key + sep + val + self.one(['\n', '\n', '\r\n', '\r', '' if self.p(0.2) else '\n'])
        return self.damage(out, self.r.randrange(3)) if self.p(0.3) else out

    def json_value(self, depth):
        k = self.r.random()
        if depth and k < 0.25:
            return '[' + self.one([',', ' , ', ',\n']).join(self.json_value(depth - 1) for _ in range(self.r.randrange(4))) + ']'
        if depth and k < 0.6:
            return '{' + self.one([',', ', ', ',\n']).join('"%s"%s%s' % (self.one(['a', 'b', 'c', 'd', 'a.b', '', 'x y', '0', '\\u0061', '\u00e9']), self.one([':', ' : ', ':\n']), self.json_value(depth - 1)) for _ in range(self.r.randrange(4))) + '}'
        if k < 0.75:
            return self.quoted()
        return self.one(['1', '-1', '1.5', '1e3', 'true', 'false', 'null', '""', '0', '12', '-0', '1E-2', '0.1'] + (NUMBERS if self.p(0.3) else []))

    def queries(self, extra=()):
        paths = ['a', 'b', 'c', 'd', 'e', 'a.b', 'a.c', 'b.a', 'b.c', 'c.a', 'd.0', 'a.a', 'a.b.c', 'a."0"', '"a.b"', '"x y"', '""', 'a.', '', ' ', '.a', 'a..b', '${a}', 'a b', '"a"', 'a . b', 'x', '0', 'a.x', 'true', '"a', 'a#', 'a:b', '[a]'] + list(extra)
        return ['%s %s' % (self.one(TYPES), self.one(paths)) for _ in range(12)]

    # ---- the modes
    def syntax(self):
        self.settings(bad=self.one([0.0, 0.01, 0.04]), odd=0.15, width=3, substs=0.06, concats=0.25)
        s = self.root(3, self.r.randrange(1, 6))
        if self.p(0.35):
            s = self.damage(s, self.r.randrange(1, 4))
        if self.p(0.1):
            s = s.replace('\n', '\r\n')
        return {'files': {'@@.conf': s}, 'main': ['@@.conf'], 'queries': self.queries() if self.p(0.1) else []}

    def substs_text(self, n):
        self.settings(width=self.one([2, 3, 4]), substs=self.one([0.3, 0.5, 0.65]), concats=self.one([0.05, 0.2, 0.4]), odd=0.02, env=self.one([0, 0, 0.03]))
        return self.root(self.one([1, 2, 3]), n)

    def subst_(self):
        s = self.substs_text(self.r.randrange(2, 9))
        return {'files': {'@@.conf': s}, 'main': ['@@.conf'], 'queries': self.queries() if self.p(0.1) else []}

    def deep(self):
        """few keys, many layers of the same object"""
        self.settings(width=2, substs=0.45, concats=0.3, odd=0.0)
        s = ''
        for _ in range(self.r.randrange(3, 10)):
            path = '.'.join(self.one('ab') for _ in range(self.r.randrange(1, 4)))
            k = self.r.random()
            ref = '${%s%s}' % (self.one(['', '?']), '.'.join(self.one('ab') for _ in range(self.r.randrange(1, 4))))
            if self.p(self.optional):
                ref = ref.replace('${?', '${').replace('${', '${?')
            if k < 0.2:
                s += '%s = %s\n' % (path, ref)
            elif k < 0.4:
                s += '%s = %s %s\n' % (path, ref, self.one(['{ a = 1 }', '{ b = %s }' % ref, '[1]', '[%s]' % ref, 'x', ref, '{ a.b = 2 }', '{ b.a = %s }' % ref]))
            elif k < 0.5:
                s += '%s += %s\n' % (path, self.one(['1', ref, '{ a = 1 }', '[1]', 'x']))
            elif k < 0.7:
                s += '%s { %s }\n' % (path, self.fields(1, self.r.randrange(3)))
            else:
                s += '%s = %s\n' % (path, self.one(['1', 'x', '{ a = 1 }', '{ b = 2 }', '[1]', '{ a = %s }' % ref, '[%s]' % ref, '{ a { b = %s } }' % ref, 'null', '{}']))
        return {'files': {'@@.conf': s}, 'main': ['@@.conf'], 'queries': []}

    def include_(self):
        files, names = {}, []
        for i in range(self.r.randrange(1, 5)):
            ext = self.one(['.conf', '.conf', '.conf', '.json', '.properties', '' if self.p(0.3) else '.conf', '.cfg' if self.p(0.2) else '.conf'])
            stem = self.one(['i0', 'i1', 'i2'])
            where = self.one(['', '', '@@d/', '@@d/e/', 'cp/', 'cp/@@p/', 'cp2/'])
            names.append(where + '@@' + stem + ext)
        targets = []
        for n in names + ['@@.conf']:
            base = n.split('/')[-1]
            short = n[4:] if n.startswith('cp2/') else n[3:] if n.startswith('cp/') else n
            targets += [n, base, short, './' + n, '../' + n, base.rsplit('.', 1)[0], n.rsplit('.', 1)[0], short.rsplit('.', 1)[0], '/' + short, 'e/' + base]
        targets += ['@@d', '@@d/']
        for n in names:
            if n.endswith('.json') and self.p(0.8):
                self.settings(bad=0)
                files[n] = self.json_value(2) if self.p(0.3) else '{"a":%s,"b":%s}' % (self.json_value(1), self.json_value(1))
            elif n.endswith('.properties') and self.p(0.8):
                files[n] = self.property_text()
            else:
                self.settings(width=3, substs=0.3, concats=0.2, odd=0.02, includes=0.15, targets=targets, bad=self.one([0, 0, 0, 0.03]))
                files[n] = self.root(2, self.r.randrange(1, 4))
        self.settings(width=3, substs=0.25, concats=0.2, odd=0.02, includes=0.4, targets=targets, bad=self.one([0, 0, 0, 0.02]))
        files['@@.conf'] = self.root(2, self.r.randrange(2, 6))
        return {'files': files, 'main': ['@@.conf'], 'queries': []}

    def query(self):
        s = ''
        for k in KEYS:
            v = self.one([DURATIONS, SIZES, BOOLS, NUMBERS, WORDS])
            for _ in range(2):
                item = self.one(v)
                if self.p(0.4) or any(c in item for c in '\n$"{}[]:=,+#`^?!@*&\\') and not item.startswith('"'):
                    item = '"' + item.strip('"').replace('\n', '\\n').replace('\t', '\\t') + '"'
                s += self.one(['%s = %s\n', '%s.a = %s\n', '%s.0 = %s\n', '%s += %s\n', '%s = [%s]\n', '%s.2 = %s\n', '%s.b = {c = %s}\n', '%s = [null, %s]\n', '%s = [{a=1}, %s]\n', '%s = [%s, true, 1.5]\n'] if self.p(0.5) else ['%s = %s\n']) % (k, item)
        return {'files': {'@@.conf': s}, 'main': ['@@.conf'],
                'queries': ['%s %s' % (t, k) for k in KEYS for t in TYPES] + self.queries(['%s.%s' % (k, x) for k in KEYS for x in '0ab2'])}

    def properties(self):
        return {'files': {'@@.properties': self.property_text()}, 'main': ['@@.properties'], 'queries': self.queries() if self.p(0.2) else []}

    def json(self):
        self.settings(bad=self.one([0, 0.02]))
        s = self.json_value(4)
        if self.p(0.85) and not s.startswith('{'):
            s = '{"a":%s,"b":%s}' % (s, self.json_value(3))
        if self.p(0.4):
            s = self.damage(s, self.r.randrange(1, 3))
        return {'files': {'@@.json': s}, 'main': ['@@.json'], 'queries': []}

    def stack(self):
        files = {'@@%d.conf' % i: self.substs_text(self.r.randrange(1, 5)) for i in range(self.r.randrange(2, 5))}
        return {'files': files, 'main': sorted(files), 'queries': []}

    def env_(self):
        self.settings(width=5, substs=0.6, env=0.7, concats=0.3, odd=0.02, includes=0.05, targets=['@@i.conf'])
        s = self.root(2, self.r.randrange(1, 6))
        inner = self.root(1, 3)
        return {'files': {'@@.conf': s, '@@i.conf': inner}, 'main': ['@@.conf'], 'queries': self.queries(['a.0', 'a.x', 'e', 'f', 'f.g', 'd']) if self.p(0.3) else []}

    def mutate(self):
        s = self.one(self.pool)
        if len(s) > 1500:
            at = self.r.randrange(len(s) - 1000)
            s = s[at:at + 1000]
        s = self.damage(s, self.r.randrange(1, 5)) if self.p(0.9) else s
        if self.p(0.2):
            s += '\n' + self.one(self.pool)[:1000]
        return {'files': {'@@.conf': s.replace('\x00', '')}, 'main': ['@@.conf'], 'queries': []}

    def bytes_(self):
        """what is no UTF-8: surrogates stand for single wrong bytes, see differ"""
        self.settings(width=3)
        s = self.root(2, self.r.randrange(1, 4)) if self.p(0.7) else self.property_text()
        for _ in range(self.r.randrange(1, 4)):
            at = self.r.randrange(len(s) + 1)
            bad = self.one([b'\xff', b'\xc3', b'\xe2\x82', b'\xf0\x9f\x98', b'\xed\xa0\x80', b'\x80', b'\xc0\xaf', b'\xf5\x80\x80\x80', b'\xe0\x80\x80', b'\xf4\x90\x80\x80', b'\xfe\xff', b'\xff\xfe', b'\xef\xbb', b'\xed\xbf\xbf\xed', b'\xf0\x80\x80\x80'])
            s = s[:at] + bad.decode('ascii', 'surrogateescape') + s[at:]
        ext = self.one(['.conf', '.conf', '.json', '.properties'])
        return {'files': {'@@' + ext: s}, 'main': ['@@' + ext], 'queries': []}

    def large(self):
        """as applications write them: sections, defaults, what inherits from them, lists that grow"""
        self.settings(width=5, optional=0.8, alike=0.9, substs=0.1, concats=0.1, odd=0.0)
        names = ['app', 'db', 'pool', 'http', 'akka-like', 'remote', 'dispatcher', 'timeout', 'hosts', 'max-size', 'enabled', 'path', 'x' + str(self.r.randrange(100))]
        s = ''
        for _ in range(self.r.randrange(3, 16)):
            path = '.'.join(self.one(names) for _ in range(self.r.randrange(1, 5)))
            ref = '.'.join(self.one(names) for _ in range(self.r.randrange(1, 4)))
            s += self.one(['%s = ${?%s} { %s = 1 }', '%s { %s = 10 s\n  %s = [1, 2] }', '%s = ${?%s} [%s]', '%s = ${?%s}/%s', '%s = ${?%s}\n%s = on', '%s += ${?%s}#%s',
                           '%s : 3 KiB # ${%s} %s', '%s.%s.%s = null', '%s = "${%s}"${?%s}', '%s { include "none", %s.%s = 1 }', '%s = {}\n%s = ${?%s}']) % (path, ref, self.one(names)) + '\n'
        return {'files': {'@@.conf': s}, 'main': ['@@.conf'], 'queries': ['%s %s' % (self.one(TYPES), self.one(names)) for _ in range(5)]}

    def case(self, mode):
        return getattr(self, mode + '_' if mode in ('subst', 'include', 'env', 'bytes') else mode)()
