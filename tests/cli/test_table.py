# SPDX-License-Identifier: Apache-2.0
"""What comes from the table of commands: help, manual pages, completion in three shells, schemas; `ukko config`."""
import inspect, json, os, pty, re, select, shutil, subprocess, tempfile, time
from support import *

SHELL_PATH = {'PATH': os.path.dirname(UKKO) + ':' + os.environ['PATH']}


def need(tool, package):
    if not shutil.which(tool):
        raise Skip('%s is not installed (Debian package %s)' % (tool, package))


def all_commands():
    """(words of the command) for each, read from the help"""
    def listed(text):
        part = text[text.index('\nCommands:\n'):].split('\n\n')[0]
        return re.findall(r'^  ([a-z-]+) ', part, re.M)
    for name in listed(ukko('help').out):
        yield [name]
        text = ukko('help', name).out
        if '\nCommands:\n' in text:
            for sub in listed(text):
                yield [name, sub]


@test
def every_command_has_help_with_its_options():
    names = list(all_commands())
    assert len(names) > 15 and ['config', 'check'] in names, names
    for words in names:
        p = ukko('help', *words)
        assert p.out.startswith('usage: ') and ' '.join(words) in p.out.split('\n')[0], p.out
        assert ukko(*words, '--help').out == p.out, words


@test
def every_command_tells_programs_what_is_wrong():
    """in each mode, at the place where its results go or, as a row, on standard error"""
    for words in all_commands():
        assert error(*words, '--no-such-option', code=2)['detail'] == 'unknown option --no-such-option', words
        line, = ukko('-o', 'jsonl', *words, '--no-such-option', code=2).out.splitlines()
        assert json.loads(line)['error']['code'] == 'USAGE', words
        p = ukko('-o', 'tsv', *words, '--no-such-option', code=2)
        assert p.out == '' and p.err.split('\t')[:3] == ['error', 'USAGE', 'usage'] and len(p.err.splitlines()) == 1, (words, p.err)
    p = ukko('-o', 'tsv', 'config', 'get', 'a.b', '/dev/null', code=1)
    assert p.out == '' and p.err.startswith('error\tNO_SUCH_SETTING\tconfig\t\t'), p.err
    assert {r['command'] for r in ukko_json('cheat')} >= {'ask', 'quarantine clear'} and ukko_json('cheat', 'ping')[0]['line'].startswith('ping ')


@test
def every_manual_page_is_clean():
    need('mandoc', 'mandoc')
    for words in [[], *all_commands()]:
        page = ukko('help', '--man', *words).out
        p = subprocess.run(['mandoc', '-Tlint', '-Wall'], input=page.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        # the pages are not installed, and the line of the name must be one line
        found = [l for l in p.stdout.decode().splitlines() if 'referenced manual not found' not in l and not re.search(r':4:\d+: STYLE: input text line longer', l)]
        assert not found, (words, found)
        text = subprocess.run(['mandoc', '-Tascii'], input=page.encode(), stdout=subprocess.PIPE).stdout.decode()
        assert 'EXIT' in re.sub('.\b', '', text) and 'ukko' in text, words


@test
def every_exit_code_is_in_the_manual():
    page = ukko('help', '--man').out
    assert re.findall(r'^\\fB(\d+)\\fR$', page, re.M) == '0 1 2 3 4 5 6 7 8 9 70 130'.split(), page[-800:]


@test
def every_exit_code_has_a_test():
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'exit-codes.tsv')) as f:
        rows = [l.rstrip('\n').split('\t') for l in f if not l.startswith('#')]
    help_codes = re.findall(r'^ +(\d+)  ', ukko('help').out.split('Exit codes:')[1], re.M)
    assert list(dict.fromkeys(code for code, _, _ in rows)) == help_codes, rows
    tests = {t.__name__: inspect.getsource(t) for t in TESTS}
    for code, command, name in rows:
        assert name in tests, 'no test ' + name
        assert code == '0' or re.search(r'\b%s\b|status \+' % code, tests[name]) or ('cut(r' in tests[name] and code == '130'), (code, name)


@test
def schemas_are_of_commands_and_name_their_columns():
    all_of_them = json.loads(ukko('schema').out)
    for name in ('ping', 'ask', 'identify', 'config diff', 'version'):
        one = json.loads(ukko('schema', *name.split()).out)
        assert one == all_of_them[name] and one['title'] == 'ukko ' + name, name
    assert list(all_of_them['ping']['$defs']['record']['properties']) == ['peer', 'n', 'ms']
    assert error('schema', 'help', code=2)['code'] == 'USAGE'


@test
def lines_to_try_are_commands():
    p = ukko('cheat')
    lines = [l.split(None, 1)[1] for l in p.out.splitlines() if l and not l.startswith('#')]
    assert len(lines) > 4
    commands = {w[0] for w in all_commands()}
    assert all(l.split()[0] in commands for l in lines), lines
    assert ukko('cheat', 'ask').out in p.out and ukko('cheat', 'ask').out


@test
def errors_in_tsv_are_one_line():
    p = ukko('-o', 'tsv', 'ping', 'nonsense', code=2)
    cells = p.err.rstrip('\n').split('\t')
    assert p.out == '' and cells[0] == 'error' and len(cells) == 6, p.err


# ---------------------------------------------------------------- completion
def bash(line):
    """what bash offers at the end of a line, in an interactive way: COMP_WORDS as readline cuts them"""
    need('bash', 'bash')
    script = '''source <(ukko completion bash)
COMP_LINE=$1; COMP_POINT=${#COMP_LINE}
words() { printf '%s\\n' "$1" | sed -E 's/([=:])/ \\1 /g'; }
COMP_WORDS=($(words "$COMP_LINE")); case $COMP_LINE in *[\\ =:]) COMP_WORDS+=("");; esac
COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _ukko; printf '%s\\n' "${COMPREPLY[@]}"'''
    p = subprocess.run(['bash', '-c', script, '-', line], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ, **SHELL_PATH), timeout=LIMIT)
    assert p.returncode == 0, p.stderr
    return p.stdout.decode().split('\n')[:-1]


@test
def bash_completes_commands_options_values_and_files():
    assert bash('ukko pi') == ['ping']
    assert bash('ukko config che') == ['check']
    assert bash('ukko ping --inter') == ['--interval']
    assert bash('ukko -o js') == ['json', 'jsonl']
    assert bash('ukko --output=ts') == ['tsv']
    assert bash('ukko help vers') == ['version']
    assert bash('ukko completion z') == ['zsh']
    with tempfile.TemporaryDirectory() as d:
        open(os.path.join(d, 'one.conf'), 'w').close()
        assert bash('ukko config check %s/on' % d) == [d + '/one.conf']
        assert bash('ukko ping --config %s/on' % d) == [d + '/one.conf']
        assert bash('ukko ping --config=%s/on' % d) == [d + '/one.conf']


@test
def fish_completes_commands_options_values_and_files():
    need('fish', 'fish')
    def fish(line):
        p = subprocess.run(['fish', '--no-config', '-c', 'ukko completion fish | source; complete -C $argv[1]', line], stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, env=dict(os.environ, HOME=d, **SHELL_PATH), timeout=LIMIT)
        assert p.returncode == 0, p.stderr
        return [l.split('\t') for l in p.stdout.decode().splitlines()]
    with tempfile.TemporaryDirectory() as d:
        assert fish('ukko pi') == [['ping', 'time each step from the name look-up to an answer']]
        assert sorted(w for w, _ in fish('ukko config ')) == ['check', 'diff', 'dump', 'explain', 'get', 'query', 'render']
        assert [w for w, _ in fish('ukko ping --inter')] == ['--interval']
        assert [w for w, _ in fish('ukko -o js')] == ['json', 'jsonl']
        open(os.path.join(d, 'one.conf'), 'w').close()
        assert [w[0] for w in fish('ukko config check %s/on' % d)] == [d + '/one.conf']


@test
def zsh_completes_in_a_terminal():
    need('zsh', 'zsh')
    with tempfile.TemporaryDirectory() as d:
        open(os.path.join(d, 'one.conf'), 'w').close()
        pid, fd = pty.fork()
        if pid == 0:
            os.environ.update(SHELL_PATH, HOME=d, PS1='READY> ', TERM='dumb')
            os.chdir(d)
            os.execvp('zsh', ['zsh', '-f', '-i'])
        seen = ''

        def until(pattern):
            nonlocal seen
            deadline = time.monotonic() + LIMIT
            while not re.search(pattern, seen):
                assert time.monotonic() < deadline, (pattern, seen[-500:])
                if select.select([fd], [], [], 1)[0]:
                    seen += os.read(fd, 4096).decode('utf-8', 'replace').replace('\a', '')

        def typed(keys, pattern):
            nonlocal seen
            seen = ''
            os.write(fd, keys.encode())
            until(pattern)
        try:
            until('READY> ')
            typed('autoload -Uz compinit; compinit -u; source <(ukko completion zsh); echo lo""aded\n', r'loaded\s[\s\S]*READY> ')
            typed('ukko pi\t', r'ukko ping ')
            typed('\x15ukko config ch\t', r'ukko config check ')
            typed('\x15ukko ping --inter\t', r'ukko ping --interval ')
            typed('\x15ukko config check on\t', r'ukko config check one\.conf')
            typed('\x15ukko -o js\t\t', r'jsonl')
            typed('\x15exit\n', r'exit')
        finally:
            os.close(fd)
            os.waitpid(pid, 0)


# ---------------------------------------------------------------- config
@contextlib.contextmanager
def files(**texts):
    with tempfile.TemporaryDirectory() as d:
        for name, text in texts.items():
            with open(os.path.join(d, name + '.conf'), 'w') as f:
                f.write(text)
        yield lambda name: os.path.join(d, name + '.conf')


@test
def config_check_finds_misspelt_settings():
    with files(bad='pekko.remote.classic.netty.tcp.prot = 1\n', good='pekko.loglevel = INFO\n') as f:
        rows = ukko_json('config', 'check', f('bad'), code=1)
        assert [(r['path'], r['nearest'], r['line']) for r in rows] == [('pekko.remote.classic.netty.tcp.prot', 'pekko.remote.classic.netty.tcp.port', 1)], rows
        assert 'prot' in ukko('config', 'check', f('bad'), code=1).out
        assert ukko_json('config', 'check', f('good')) == []
        assert ukko('config', 'check', '--json', f('good')).out == '[]\n'


@test
def config_errors_are_status_2_and_say_where():
    with files(broken='a = [\n') as f:
        for command in (['render'], ['check'], ['explain'], ['get', 'a'], ['diff', f('broken')]):
            p = ukko('config', *command, f('broken'), code=2)
            assert re.match(re.escape(f('broken')) + r':\d+:', p.err), p.err
            e = json.loads(ukko('-o', 'json', 'config', *command, f('broken'), code=2).out)['error']
            assert (e['code'], e['stage']) == ('CONFIG', 'config'), e
    for args in ([], ['check'], ['nonsense'], ['diff', 'a'], ['get', 'a']):
        assert error('config', *args, code=2)['code'] == 'USAGE', args


@test
def config_of_a_file_that_cannot_be_read_is_status_9():
    with files(good='a = 1\n') as f:
        for missing in ('/nowhere.conf', '/'):
            for command in (['render'], ['check'], ['dump'], ['explain', 'a'], ['get', 'a'], ['diff', f('good')]):
                p = ukko('config', *command, missing, code=9)
                assert p.err.startswith(missing + ':0: io: '), p.err
                e = json.loads(ukko('-o', 'json', 'config', *command, missing, code=9).out)['error']
                assert (e['code'], e['stage']) == ('FILE', 'config'), e
            assert error('node', '--config', missing, code=9)['code'] == 'FILE'
    with files(outer='include required(file("/nowhere.conf"))\n') as f:   # it can be read, and is wrong
        ukko('config', 'check', f('outer'), code=2)


@test
def config_get_explain_and_diff():
    with files(one='a { b = 1 }\npekko.loglevel = DEBUG\n', two='a { b = [2, x] }\npekko.loglevel = DEBUG\n',
               ref='mine = 3 s\npekko.remote.classic.retry-gate-closed-for = ${mine}\nhere = ${user.dir}\n') as f:
        assert ukko('config', 'get', 'a.b', f('two')).out == '[2,"x"]\n'
        assert ukko('config', 'get', 'pekko.loglevel', f('one')).out == 'DEBUG\n'
        assert json.loads(ukko('-o', 'json', 'config', 'get', 'nothing.there', f('one'), code=1).out)['error']['code'] == 'NO_SUCH_SETTING'
        row, = ukko_json('config', 'explain', 'pekko.loglevel', f('one'))
        assert row['value'] == 'DEBUG' and row['line'] == 2 and row['overrides'][0]['value'] == 'INFO', row
        assert 'set in %s:2' % f('one') in ukko('config', 'explain', 'pekko.loglevel', f('one')).out
        with_env = dict(os.environ, CONFIG_FORCE_pekko_loglevel='ERROR', CONFIG_FORCE_pekko_lglevel='x')
        p = subprocess.run([UKKO, 'config', 'explain', 'pekko.loglevel', f('one')], env=with_env, stdout=subprocess.PIPE)
        assert b'set in env variables' in p.stdout and b'overrides "DEBUG" of' in p.stdout, p.stdout
        p = subprocess.run([UKKO, 'config', 'check', f('one')], env=with_env, stdout=subprocess.PIPE)
        assert p.returncode == 1 and b'pekko.lglevel' in p.stdout, p
        assert ukko_json('config', 'diff', f('one'), f('two'), code=1) == [{'path': 'a.b', 'first': 1, 'second': [2, 'x']}]
        assert ukko_json('config', 'diff', f('one'), f('one')) == []
        row, = ukko_json('config', 'explain', 'pekko.remote.classic.retry-gate-closed-for', f('ref'))
        assert (row['line'], row['written'], row['value']) == (2, '${mine}', '3 s'), row
        assert 'set in %s:2 as ${mine}, value from %s:1' % (f('ref'), f('ref')) in ukko('config', 'explain', f('ref')).out
        assert ukko('config', 'get', 'here', f('ref')).out == os.getcwd() + '\n'
        assert ukko('config', 'diff', f('one'), f('two'), code=1).out.startswith('- a.b = 1  # ')
