%% SPDX-License-Identifier: Apache-2.0
%% Erlang/OTP peer of the actor benchmarks. bench:main(["WORKLOAD"]).
-module(bench).
-export([main/1, peer/1, echo/0, sink/1]).

-define(L1_MSGS, 4000000).
-define(L2_MSGS, 10000000).
-define(L2_BATCH, 2048).
-define(L3_SENDERS, 8).
-define(L3_MSGS, 8000000).
-define(L3_BATCH, 512).
-define(L4_LEAVES, 1000000).
-define(L5_RING, 503).
-define(L5_HOPS, 5000000).
-define(L6_ACTORS, 1000000).
-define(L7_ACTORS, 1000).
-define(L7_PINGS, 4000).
-define(R1_ROUNDS, 50000).
-define(R1_WARMUP, 2000).
-define(SYS, "erlang").

main([W]) ->
    run(W),
    erlang:halt(0).

run("L1") ->
    Self = self(),
    N = ?L1_MSGS div 2,
    {T, _} = timed(fun() ->
        Pong = spawn_link(fun() -> pong() end),
        spawn_link(fun() -> ping(Pong, N), Self ! done end),
        receive done -> ok end
    end),
    report("L1", ?L1_MSGS / T, "msgs/s");
run("L2") ->
    {T, _} = timed(fun() ->
        stream(1, ?L2_MSGS, ?L2_BATCH)
    end),
    report("L2", ?L2_MSGS / T, "msgs/s");
run("L3") ->
    {T, _} = timed(fun() ->
        stream(?L3_SENDERS, ?L3_MSGS div ?L3_SENDERS, ?L3_BATCH)
    end),
    report("L3", ?L3_MSGS / T, "msgs/s");
run("L4") ->
    {T, Sum} = timed(fun() ->
        Self = self(),
        spawn(fun() -> skynet(Self, 0, ?L4_LEAVES) end),
        receive S -> S end
    end),
    Sum = ?L4_LEAVES * (?L4_LEAVES - 1) div 2,
    report("L4", T * 1000, "ms", [",\"peak_rss_mb\":", float_to_list(rss("VmHWM:") / 1.0e6, [{decimals, 1}])]);
run("L5") ->
    {T, _} = timed(fun() -> ring() end),
    report("L5", T, "s");
run("L6") ->
    Before = rss("VmRSS:"),
    Self = self(),
    Pids = spawn_idle(?L6_ACTORS, Self, []),
    After = rss("VmRSS:"),
    report("L6", (After - Before) / ?L6_ACTORS, "bytes/actor"),
    Pids;
run("L7") ->
    {T, _} = timed(fun() -> big() end),
    report("L7", 2 * ?L7_ACTORS * ?L7_PINGS / T, "msgs/s");
run("R1") ->
    Peer = peer_connect(),
    Echo = spawn(Peer, ?MODULE, echo, []),
    Bin = payload(100),
    _ = r1(Echo, Bin, ?R1_WARMUP, []),
    Lat = lists:sort(r1(Echo, Bin, ?R1_ROUNDS, [])),
    P = fun(Q) -> lists:nth(trunc(?R1_ROUNDS * Q) + 1, Lat) / 1000 end,
    report("R1", P(0.5), "us_p50", [",\"p99\":", float_to_list(P(0.99), [{decimals, 3}])]),
    peer_stop(Peer);
run("R2_100") -> r2("R2_100", 100, 2000000, 1024);
run("R2_1k") -> r2("R2_1k", 1024, 1000000, 1024);
run("R2_10k") -> r2("R2_10k", 10240, 200000, 128).

%% --- local -------------------------------------------------------------
pong() ->
    receive
        {ping, From} -> From ! pong, pong()
    end.
ping(_, 0) -> ok;
ping(Pong, N) ->
    Pong ! {ping, self()},
    receive pong -> ping(Pong, N - 1) end.

%% Senders keep two batches outstanding; the receiver acks each batch.
stream(Senders, PerSender, Batch) ->
    Self = self(),
    Recv = spawn_link(fun() -> recv_loop(Self, Senders * PerSender, Batch, #{}) end),
    [spawn_link(fun() -> send_loop(Recv, PerSender, Batch, 2) end) || _ <- lists:seq(1, Senders)],
    receive done -> ok end.
send_loop(_, Left, _, _) when Left =< 0 -> ok;
send_loop(Recv, Left, Batch, Credit) when Credit > 0 ->
    N = min(Batch, Left),
    burst(Recv, N),
    %% the last message of each batch carries the ack request
    Recv ! {last, self()},
    send_loop(Recv, Left - N, Batch, Credit - 1);
send_loop(Recv, Left, Batch, 0) ->
    receive ack -> send_loop(Recv, Left, Batch, 1) end.
burst(_, 1) -> ok;
burst(Recv, N) -> Recv ! N, burst(Recv, N - 1).
recv_loop(Parent, 0, _, _) -> Parent ! done;
recv_loop(Parent, Left, Batch, S) ->
    receive
        N when is_integer(N) -> recv_loop(Parent, Left - 1, Batch, S);
        {last, From} -> From ! ack, recv_loop(Parent, Left - 1, Batch, S)
    end.

skynet(Parent, Num, 1) -> Parent ! Num;
skynet(Parent, Num, Size) ->
    Self = self(),
    Sub = Size div 10,
    skynet_spawn(Self, Num, Sub, 10),
    Parent ! skynet_sum(10, 0).
skynet_spawn(_, _, _, 0) -> ok;
skynet_spawn(Self, Num, Sub, K) ->
    spawn(fun() -> skynet(Self, Num, Sub) end),
    skynet_spawn(Self, Num + Sub, Sub, K - 1).
skynet_sum(0, Acc) -> Acc;
skynet_sum(K, Acc) -> receive N -> skynet_sum(K - 1, Acc + N) end.

ring() ->
    Self = self(),
    First = spawn_link(fun() -> receive {next, Next} -> ring_loop(Next, Self) end end),
    Last = lists:foldl(fun(_, Prev) ->
        spawn_link(fun() -> ring_loop(Prev, Self) end)
    end, First, lists:seq(2, ?L5_RING)),
    First ! {next, Last},
    First ! ?L5_HOPS,
    receive done -> ok end.
ring_loop(Next, Parent) ->
    receive
        0 -> Parent ! done;
        N -> Next ! N - 1, ring_loop(Next, Parent)
    end.

spawn_idle(0, Self, Pids) ->
    %% every actor has run its first receive once the last one answers
    lists:foreach(fun(P) -> P ! {hello, Self} end, [hd(Pids)]),
    receive hello -> Pids end;
spawn_idle(N, Self, Pids) ->
    spawn_idle(N - 1, Self, [spawn(fun() -> idle() end) | Pids]).
idle() ->
    receive
        {hello, From} -> From ! hello, idle();
        stop -> ok
    end.

big() ->
    Self = self(),
    Pids = [spawn_link(fun() -> receive {start, All} -> big_start(All, Self, I) end end)
            || I <- lists:seq(1, ?L7_ACTORS)],
    All = list_to_tuple(Pids),
    [P ! {start, All} || P <- Pids],
    [receive done -> ok end || _ <- Pids],
    [P ! stop || P <- Pids].
big_start(All, Parent, Seed) ->
    X = big_ping(All, Seed * 16#9E3779B97F4A7C1 band 16#7FFFFFFFFFFFFFF),
    big_loop(All, Parent, ?L7_PINGS, X).
%% a small xorshift kept below 59 bits, so that it stays in Erlang's small integers
big_ping(All, X0) ->
    X1 = X0 bxor ((X0 bsl 13) band 16#7FFFFFFFFFF),
    X2 = X1 bxor (X1 bsr 7),
    X3 = X2 bxor ((X2 bsl 17) band 16#7FFFFFFFFFF),
    element(X3 rem ?L7_ACTORS + 1, All) ! {ping, self()},
    X3.
big_loop(All, Parent, Left, X) ->
    receive
        {ping, From} -> From ! pong, big_loop(All, Parent, Left, X);
        pong when Left > 1 -> big_loop(All, Parent, Left - 1, big_ping(All, X));
        pong -> Parent ! done, big_loop(All, Parent, 0, X);
        stop -> ok
    end.

%% --- remote --------------------------------------------------------------
peer(_) -> ok.
peer_connect() ->
    Peer = list_to_atom(os:getenv("PEER")),
    peer_connect(Peer, 200).
peer_connect(Peer, 0) -> exit({no_peer, Peer});
peer_connect(Peer, N) ->
    case net_kernel:connect_node(Peer) of
        true -> Peer;
        _ -> timer:sleep(25), peer_connect(Peer, N - 1)
    end.
peer_stop(Peer) -> spawn(Peer, erlang, halt, [0]), timer:sleep(100).

payload(N) -> list_to_binary(lists:duplicate(N, $x)).

echo() -> receive {From, Bin} -> From ! Bin, echo() end.
r1(_, _, 0, Acc) -> Acc;
r1(Echo, Bin, N, Acc) ->
    T0 = erlang:monotonic_time(nanosecond),
    Echo ! {self(), Bin},
    receive B when is_binary(B) -> ok end,
    r1(Echo, Bin, N - 1, [erlang:monotonic_time(nanosecond) - T0 | Acc]).

r2(Name, Size, Msgs, Batch) ->
    Peer = peer_connect(),
    Bin = payload(Size),
    Sink = spawn(Peer, ?MODULE, sink, [self()]),
    r2_send(Sink, Bin, Batch * 8, Batch, 2, 0),
    {T, _} = timed(fun() -> r2_send(Sink, Bin, Msgs, Batch, 2, 0) end),
    report(Name, Msgs / T, "msgs/s"),
    peer_stop(Peer).
sink(Parent) ->
    receive
        B when is_binary(B) -> sink(Parent);
        {last, B} when is_binary(B) -> Parent ! ack, sink(Parent)
    end.
%% Out counts batches not acked yet.
r2_send(_, _, Left, _, _, 0) when Left =< 0 -> ok;
r2_send(Sink, Bin, Left, Batch, Credit, Out) when Left > 0, Credit > 0 ->
    r2_burst(Sink, Bin, min(Left, Batch)),
    r2_send(Sink, Bin, Left - Batch, Batch, Credit - 1, Out + 1);
r2_send(Sink, Bin, Left, Batch, Credit, Out) ->
    receive ack -> r2_send(Sink, Bin, Left, Batch, Credit + 1, Out - 1) end.
r2_burst(Sink, Bin, 1) -> Sink ! {last, Bin};
r2_burst(Sink, Bin, N) -> Sink ! Bin, r2_burst(Sink, Bin, N - 1).

%% --- helpers -------------------------------------------------------------
timed(F) ->
    T0 = erlang:monotonic_time(nanosecond),
    R = F(),
    {(erlang:monotonic_time(nanosecond) - T0) / 1.0e9, R}.
rss(Key) ->
    {ok, B} = file:read_file("/proc/" ++ os:getpid() ++ "/status"),
    [_, Rest] = binary:split(B, list_to_binary(Key)),
    [N | _] = string:tokens(binary_to_list(binary:part(Rest, 0, 40)), " \t\n"),
    list_to_integer(N) * 1024.
report(W, V, U) -> report(W, V, U, "").
report(W, V, U, Extra) ->
    io:format("{\"system\":\"~s\",\"workload\":\"~s\",\"value\":~w,\"unit\":\"~s\"~s}~n", [?SYS, W, V * 1.0, U, Extra]).
