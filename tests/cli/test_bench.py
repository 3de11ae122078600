# SPDX-License-Identifier: Apache-2.0
"""bench: figures that fit together, and what it refuses."""
import time
from support import *


@test
def bench_measures_each_size_and_number():
    rows = ukko_json('bench', node().address + '/user/echo', '-s', '100,5k', '-f', '1,8', '-d', '100ms')
    assert [(r['bytes'], r['in_flight']) for r in rows] == [(100, 1), (100, 8), (5000, 1), (5000, 8)], rows
    for r in rows:
        assert r['round_trips'] >= r['in_flight'] and 0 < r['p50_us'] <= r['p90_us'] <= r['p99_us'] <= r['p999_us'] <= r['max_us'], r
        assert abs(r['round_trips'] / r['seconds'] - r['per_second']) < 1, r
    assert len(ukko('bench', node().address + '/user/echo', '-s', '10', '-f', '1', '-d', '50ms').out.splitlines()) == 2


@test
def bench_one_way_counts_what_arrives():
    n = Node()
    rows = ukko_json('bench', n.address + '/user/sink', '--one-way', '-s', '100,5k', '-f', '1,65', '-d', '100ms')
    assert [(r['bytes'], r['in_flight'], r['one_way']) for r in rows] == [(100, 1, True), (100, 65, True), (5000, 1, True), (5000, 65, True)], rows
    for r in rows:
        assert r['round_trips'] >= r['in_flight'] and 0 < r['p50_us'] <= r['p99_us'] <= r['max_us'], r
    assert ukko_json('ask', n.address + '/user/sink', 'count')['value'] == sum(r['round_trips'] for r in rows), rows
    # also what comes back is not counted twice
    row, = ukko_json('bench', n.address + '/user/counter', '--one-way', '-s', '10', '-f', '3', '-d', '50ms')
    assert ukko_json('ask', n.address + '/user/counter', 'x')['value'] == row['round_trips'] + 1, row
    n.end()


@test
def bench_adds_up_what_several_links_reach():
    n = Node('--status', '0')
    r, = ukko_json('bench', n.address + '/user/echo', '--links', '3', '-s', '100', '-f', '2', '-d', '100ms')
    assert r['links'] == 3 and r['round_trips'] >= 6 and 0 < r['p50_us'] <= r['max_us'], r
    assert abs(r['round_trips'] / r['seconds'] - r['per_second']) < 1, r
    rows = ukko_json('bench', n.address + '/user/sink', '--links', '4', '--one-way', '-s', '10,50', '-f', '1,9', '-d', '50ms')
    assert [r['links'] for r in rows] == [4] * 4 and ukko_json('ask', n.address + '/user/sink', 'count')['value'] == sum(r['round_trips'] for r in rows), rows
    # each is a system of its own
    r = Running('-o', 'jsonl', 'bench', n.address + '/user/counter', '--links', '5', '--one-way', '-s', '10', '-f', '1', '-d', '60s')
    deadline = time.monotonic() + LIMIT
    while len({l['address'] for l in ukko_json('stat', n.started['status']) if l['state'] == 'active' and l['in_frames'] > 20}) < 5:
        assert time.monotonic() < deadline
    status, out, err = r.end(signal.SIGINT)
    row = json.loads(out.splitlines()[0])
    assert status == 130 and row['links'] == 5 and row['round_trips'] >= 5, (status, out, err)
    assert error('bench', n.address + '/user/echo', '--links', '2', '--as', 'a@127.0.0.1:%d' % free_port(), code=2)['code'] == 'USAGE'
    n.end()


@test
def bench_refuses_what_cannot_be_measured():
    for args in (['-s', 'x'], ['-f', '0'], ['-f', '1,,2'], ['-d', 'x'], ['-s', '']):
        assert error('bench', node().address + '/user/echo', *args, code=2)['code'] == 'USAGE', args
    assert in_time(lambda *t: error('bench', node().address + '/user/sink', '-d', '50ms', *t, code=6))['stage'] == 'reply'
    assert error('bench', node().address + '/user/nobody', code=1)['code'] == 'NO_SUCH_ACTOR'
