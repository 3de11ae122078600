# SPDX-License-Identifier: Apache-2.0
"""`ukko gen`: what it writes compiles without a warning as C99 and C++11, and its test passes."""
import os, re, subprocess, tempfile
from support import *

SOURCES = os.path.join(ROOT, 'tests', 'cli', 'gen')
WARN = ['-Wall', '-Wextra', '-Wpedantic', '-Werror']


def tool(argv, **how):
    p = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT, **how)
    text = p.stdout.decode()
    assert p.returncode == 0, '%s gave %d:\n%s' % (' '.join(argv)[:300], p.returncode, text[-2000:])
    return text


def make(source, *options):
    """{name: text} of the files made, and the lines that the test printed"""
    with tempfile.TemporaryDirectory() as d:
        made = ukko_json('gen', '-d', d, *options, os.path.join(SOURCES, source))
        files = [r['file'] for r in made]
        assert [r['what'] for r in made] == ['header', 'source', 'test'], made
        include = ['-I', os.path.join(ROOT, 'include')]
        sources = [f for f in files if f.endswith('.c')]
        tool(['gcc', '-std=c99', '-O1', *WARN, *include, *sources, '-o', os.path.join(d, 'test'), '-L', os.path.join(BUILD, 'lib'),
              '-Wl,-rpath,' + os.path.join(BUILD, 'lib'), '-lukko'])
        tool(['g++', '-std=c++11', *WARN, *include, '-fsyntax-only', '-x', 'c++', files[0]])
        lines = tool([os.path.join(d, 'test')]).split('\n')
        return {os.path.basename(f): open(f).read() for f in files}, lines


def need_protoc():
    try:
        subprocess.run(['protoc', '--version'], stdout=subprocess.DEVNULL, check=True)
    except OSError:
        raise Skip('protoc is not installed')


@test
def gen_proto3():
    need_protoc()
    files, lines = make('order_service-v2.proto')
    outer = 'com.example.shop.OrderServiceV2OuterClass$'
    for name in ('Order', 'Order$Line', 'Empty', 'OrderServiceV2'):
        assert 'ok ' + outer + name in lines, lines
    # of what is imported only what is referred to
    assert 'ok com.google.protobuf.StringValue' in lines and 'ok com.google.protobuf.Struct' in lines and 'ok com.google.protobuf.BoolValue' not in lines, lines
    source, header = files['order_service_v2.c'], files['order_service_v2.h']
    for field in ('s32, "s32", UKKO_I32, UKKO_ZIGZAG, 7', 'f64, "f64", UKKO_U64, UKKO_FIXED, 10', 'maybe, "maybe", UKKO_I32, UKKO_PRESENT, 27',
                  'note, "note", UKKO_STR, UKKO_OPTIONAL, 28', 'created, "created", UKKO_INSTANT, UKKO_PRESENT, 30', 'state, "state", UKKO_ENUM, 0, 16', 'sparse, "sparse", UKKO_I32, 0, 17',
                  'payment.cents, "cents", UKKO_I64, UKKO_ONEOF, 42', 'by_name, "by_name", UKKO_STRUCT, UKKO_REPEATED | UKKO_MAP, 24'):
        assert field in re.sub(r'\s+', ' ', source), field
    assert re.search(r'deltas, "deltas", UKKO_I64, UKKO_REPEATED \| UKKO_ZIGZAG \| UKKO_UNPACKED, 21', re.sub(r'\s+', ' ', source))
    assert 'int32_t class_;' in header and 'uint32_t which_payment;' in header and 'SPARSE_FIVE = 5' in header


@test
def gen_proto2():
    need_protoc()
    files, lines = make('legacy.proto', '--prefix', 'old_', '--name', 'legacy')
    assert lines[0] == 'ok org.old.LegacyProtos$Record', lines
    source = re.sub(r'\s+', ' ', files['legacy.c'])
    for field in ('number, "number", UKKO_I32, UKKO_REQUIRED, 2', 'count, "count", UKKO_I32, UKKO_PRESENT, 3', 'plain, "plain", UKKO_I32, UKKO_REPEATED | UKKO_UNPACKED, 5',
                  'packed, "packed", UKKO_I32, UKKO_REPEATED, 6'):
        assert 'UKKO_FIELD_ALL(old_record, ' + field in source, field
    assert 'old_legacy_types[]' in files['legacy.h']


@test
def gen_proto_multiple_files():
    need_protoc()
    _, lines = make('many.proto')
    assert lines[:3] == ['ok com.many.First', 'ok com.many.First$Inner', 'ok com.many.Second'], lines


@test
def gen_descriptor_set():
    need_protoc()
    with tempfile.TemporaryDirectory() as d:
        tool(['protoc', '-I', SOURCES, '--descriptor_set_out=' + os.path.join(d, 'many.desc'), os.path.join(SOURCES, 'many.proto')])
        ukko('gen', '-d', d, os.path.join(d, 'many.desc'))
        assert '"com.many.First$Inner"' in open(os.path.join(d, 'many.c')).read()
        with open(os.path.join(d, 'bad.desc'), 'wb') as f:
            f.write(b'\xff\xff')
        p = ukko('gen', '-d', d, os.path.join(d, 'bad.desc'), code=2)
        assert 'no descriptor set' in p.err


@test
def gen_java():
    files, lines = make('Order.java')
    shop = 'ok com.example.shop.'
    assert lines[:4] == [shop + 'Order', shop + 'Order$Line', shop + 'Command$Stop', shop + 'Command$Start'], lines
    source = re.sub(r'\s+', ' ', files['order.c'])
    for field in ('id, "id", UKKO_I64, 0,', 'sent, "sent", UKKO_BOOL, 0,', 'count, "count", UKKO_I32, UKKO_PRESENT,', 'current_state, "current-state", UKKO_ENUM,', 'maybe, "maybe", UKKO_I32, UKKO_PRESENT,',
                  'shipped, "shipped", UKKO_INSTANT, UKKO_PRESENT,', 'created, "created", UKKO_INSTANT, 0,', 'price, "price", UKKO_NUMBER,', 'reply_to, "replyTo", UKKO_REF,',
                  'unit_price, "unitPrice", UKKO_F32,', 'by_number, "byNumber", UKKO_STRUCT, UKKO_REPEATED | UKKO_MAP,', 'key, "key", UKKO_I64,', 'blob, "blob", UKKO_BYTES,', 'parent, "parent", UKKO_STRUCTP,'):
        assert field in source, field
    for word in ('secret', 'cached', 'serialVersionUID'):
        assert word not in source, word


@test
def gen_scala():
    files, lines = make('Shop.scala', '--cbor')
    shop = 'ok com.example.shop.'
    assert lines[:4] == [shop + 'Shop$Buy', shop + 'Shop$Prices', shop + 'Shop$Stop$', shop + 'Money'], lines
    source = re.sub(r'\s+', ' ', files['shop.c'])
    for field in ('count, "count", UKKO_I32, 0,', 'gift, "gift", UKKO_BOOL, UKKO_PRESENT,', 'tags, "tags", UKKO_STR, UKKO_REPEATED,', 'valid, "valid", UKKO_TIMESPAN,', 'raw, "raw", UKKO_BYTES,', 'UKKO_SER_JACKSON_CBOR'):
        assert field in source, field


@test
def gen_sample():
    files, lines = make('order.json', '--class', 'com.example.Order', '--map', 'counts')
    assert lines[:2] == ['ok com.example.Order', 'ok sample'], lines
    source = re.sub(r'\s+', ' ', files['order.c'])
    for field in ('id, "id", UKKO_I64,', 'price, "price", UKKO_NUMBER,', 'created, "created", UKKO_INSTANT,', 'took, "took", UKKO_TIMESPAN,', 'day, "day", UKKO_LOCAL_DATE,', 'time, "time", UKKO_LOCAL_TIME,',
                  'offset, "offset", UKKO_OFFSET_DATE_TIME,', 'uuid, "uuid", UKKO_UUID,', 'sender, "sender", UKKO_REF,', 'count, "count", UKKO_F64,', 'ok, "ok", UKKO_BOOL, UKKO_PRESENT,',
                  'counts, "counts", UKKO_STRUCT, UKKO_REPEATED | UKKO_MAP,'):
        assert field in source, field


@test
def gen_tells_what_is_wrong():
    with tempfile.TemporaryDirectory() as d:
        def given(name, text):
            path = os.path.join(d, name)
            with open(path, 'w') as f:
                f.write(text)
            return path
        for path, options, code, word in (
                (given('x.txt', ''), (), 2, 'a source ends in'), (os.path.join(d, 'none.java'), (), 9, 'none.java'),
                (given('s.json', '{}'), (), 2, '--class'), (given('s.json', '{"a":'), ('--class', 'a.B'), 2, 's.json: no JSON'),
                (given('l.json', '[1]'), ('--class', 'a.B'), 2, 'an object'), (given('k.json', '{"a":[1,{}]}'), ('--class', 'a.B'), 2, '[a] is of several kinds'),
                (given('A.java', 'class A {\n  int a;\n  Thing b;\n}'), (), 2, 'A.java:3: field b: type Thing'),
                (given('B.java', '// nothing'), (), 2, 'no message'), (given('C.java', 'record C(int a, ]'), (), 2, 'C.java:1:'),
                (given('D.java', 'class D { int a ' + '(' * 100000), (), 0, ''), (given('E.java', 'record E(' + 'List<' * 100), (), 2, 'a type was expected')):
            p = ukko('gen', '-d', d, *options, path, code=code)
            assert word in p.err, (path, p.err)
        need_protoc()
        p = ukko('gen', '-d', d, given('bad.proto', 'syntax = "proto3"; message A { Nobody b = 1; }'), code=2)
        assert 'Nobody' in p.err and 'protoc refused it' in p.err, p.err
        p = ukko('gen', '-d', d, given('group.proto', 'syntax = "proto2"; message A { optional group B = 1 { optional int32 c = 1; } }'), code=2)
        assert 'is a group' in p.err, p.err
        p = ukko('gen', '-d', d, given('good.proto', 'syntax = "proto3"; message A { int32 b = 1; }'), code=2, env={'PATH': d})
        assert 'protobuf-compiler' in p.err, p.err
