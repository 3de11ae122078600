// SPDX-License-Identifier: Apache-2.0
//! kameo peer of the actor benchmarks (unbounded mailboxes). Usage: kameo-bench WORKLOAD [THREADS]
#[path = "../../../common/bench.rs"]
mod bench;
use bench::*;
use kameo::prelude::*;
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use tokio::sync::mpsc::{unbounded_channel, UnboundedReceiver, UnboundedSender};

const SYS: &str = "kameo";
type Ref = ActorRef<State>;

enum Msg {
    Start,
    Ping(Ref),
    Pong,
    Int(i64),
    Last(Ref),
    Ack,
    Next(Ref),
}

/// What an actor does with a message; every workload uses the fields it needs.
#[derive(Clone, Copy)]
enum Role {
    Ping,
    Pong,
    Sender,
    Receiver,
    Ring,
    Idle,
    Big,
}

#[derive(Actor)]
struct State {
    role: Role,
    done: UnboundedSender<i64>,
    peer: Option<Ref>,
    all: Arc<OnceLock<Vec<Ref>>>,
    left: u64,
    batch: u64,
    outstanding: u32,
    rng: u64,
    sum: i64,
}

impl State {
    fn new(role: Role, done: &UnboundedSender<i64>) -> Self {
        State { role, done: done.clone(), peer: None, all: Arc::default(), left: 0, batch: 0, outstanding: 0, rng: 0, sum: 0 }
    }
    fn burst(&mut self, me: &Ref) {
        let n = self.left.min(self.batch);
        if n == 0 {
            return;
        }
        self.left -= n;
        self.outstanding += 1;
        let to = self.peer.as_ref().unwrap();
        for i in 1..n {
            let _ = to.tell(Msg::Int(i as i64)).try_send();
        }
        let _ = to.tell(Msg::Last(me.clone())).try_send();
    }
    fn ping_random(&mut self, me: &Ref) {
        let i = xorshift(&mut self.rng) as usize % L7_ACTORS;
        let _ = self.all.get().unwrap()[i].tell(Msg::Ping(me.clone())).try_send();
    }
    fn on(&mut self, me: &Ref, msg: Msg) {
        match (self.role, msg) {
            (Role::Ping, _) => {
                if self.left == 0 {
                    let _ = self.done.send(0);
                } else {
                    self.left -= 1;
                    let _ = self.peer.as_ref().unwrap().tell(Msg::Ping(me.clone())).try_send();
                }
            }
            (Role::Pong | Role::Big, Msg::Ping(from)) => {
                let _ = from.tell(Msg::Pong).try_send();
            }
            (Role::Sender, m) => {
                if matches!(m, Msg::Start) {
                    self.burst(me);
                } else {
                    self.outstanding -= 1;
                }
                self.burst(me);
                if self.outstanding == 0 {
                    let _ = self.done.send(0);
                }
            }
            (Role::Receiver, Msg::Int(i)) => self.sum += i,
            (Role::Receiver, Msg::Last(from)) => {
                let _ = from.tell(Msg::Ack).try_send();
            }
            (Role::Ring, Msg::Next(n)) => self.peer = Some(n),
            (Role::Ring, Msg::Int(0)) => {
                let _ = self.done.send(0);
            }
            (Role::Ring, Msg::Int(i)) => {
                let _ = self.peer.as_ref().unwrap().tell(Msg::Int(i - 1)).try_send();
            }
            (Role::Idle, _) => {
                let _ = self.done.send(0);
            }
            (Role::Big, Msg::Pong) => {
                self.left -= 1;
                if self.left > 0 {
                    self.ping_random(me);
                } else {
                    let _ = self.done.send(0);
                }
            }
            (Role::Big, _) => self.ping_random(me),
            _ => unreachable!(),
        }
    }
}

impl Message<Msg> for State {
    type Reply = ();
    async fn handle(&mut self, msg: Msg, ctx: &mut Context<Self, ()>) {
        self.on(ctx.actor_ref(), msg);
    }
}
fn spawn(st: State) -> Ref {
    State::spawn_with_mailbox(st, mailbox::unbounded())
}

/// L4: leaves answer and stop, inner nodes sum ten answers and stop.
enum Up {
    Main(UnboundedSender<i64>),
    Node(ActorRef<Sky>),
}
impl Up {
    fn tell(&self, v: i64) {
        match self {
            Up::Main(c) => drop(c.send(v)),
            Up::Node(r) => drop(r.tell(Sum(v)).try_send()),
        }
    }
}
struct Start;
struct Sum(i64);
#[derive(Actor)]
struct Sky {
    up: Up,
    num: i64,
    size: i64,
    sum: i64,
    count: u32,
}
fn spawn_sky(up: Up, num: i64, size: i64) {
    let r = Sky::spawn_with_mailbox(Sky { up, num, size, sum: 0, count: 0 }, mailbox::unbounded());
    let _ = r.tell(Start).try_send();
}
impl Message<Start> for Sky {
    type Reply = ();
    async fn handle(&mut self, _: Start, ctx: &mut Context<Self, ()>) {
        if self.size == 1 {
            self.up.tell(self.num);
            ctx.stop();
            return;
        }
        for i in 0..10 {
            let size = self.size / 10;
            spawn_sky(Up::Node(ctx.actor_ref().clone()), self.num + i * size, size);
        }
    }
}
impl Message<Sum> for Sky {
    type Reply = ();
    async fn handle(&mut self, Sum(v): Sum, ctx: &mut Context<Self, ()>) {
        self.sum += v;
        self.count += 1;
        if self.count == 10 {
            self.up.tell(self.sum);
            ctx.stop();
        }
    }
}

async fn wait(rx: &mut UnboundedReceiver<i64>, n: u64) -> i64 {
    let mut last = 0;
    for _ in 0..n {
        last = rx.recv().await.unwrap();
    }
    last
}

async fn run(wl: &str) {
    let (tx, mut rx) = unbounded_channel();
    let t = Instant::now();
    match wl {
        "L1" => {
            let mut p = State::new(Role::Ping, &tx);
            p.peer = Some(spawn(State::new(Role::Pong, &tx)));
            p.left = L1_MSGS / 2;
            let _ = spawn(p).tell(Msg::Start).try_send();
            wait(&mut rx, 1).await;
        }
        "L2" | "L3" => {
            let (senders, total, batch) = if wl == "L2" { (1, L2_MSGS, L2_BATCH) } else { (L3_SENDERS, L3_MSGS, L3_BATCH) };
            let recv = spawn(State::new(Role::Receiver, &tx));
            for _ in 0..senders {
                let mut s = State::new(Role::Sender, &tx);
                s.peer = Some(recv.clone());
                s.left = total / senders;
                s.batch = batch;
                let _ = spawn(s).tell(Msg::Start).try_send();
            }
            wait(&mut rx, senders).await;
        }
        "L4" => {
            spawn_sky(Up::Main(tx), 0, L4_LEAVES);
            assert_eq!(wait(&mut rx, 1).await, L4_LEAVES * (L4_LEAVES - 1) / 2);
        }
        "L5" => {
            let mut ring = Vec::new();
            for _ in 0..L5_RING {
                ring.push(spawn(State::new(Role::Ring, &tx)));
            }
            for i in 0..L5_RING {
                let _ = ring[i].tell(Msg::Next(ring[(i + 1) % L5_RING].clone())).try_send();
            }
            let _ = ring[0].tell(Msg::Int(L5_HOPS)).try_send();
            wait(&mut rx, 1).await;
        }
        "L6" => {
            let before = rss("VmRSS:");
            let mut all = Vec::with_capacity(L6_ACTORS);
            for _ in 0..L6_ACTORS {
                all.push(spawn(State::new(Role::Idle, &tx)));
            }
            let _ = all[0].tell(Msg::Start).try_send();
            let _ = all[L6_ACTORS - 1].tell(Msg::Start).try_send();
            wait(&mut rx, 2).await;
            report(SYS, wl, (rss("VmRSS:") - before) / L6_ACTORS as f64, "bytes/actor", "");
            std::process::exit(0);
        }
        "L7" => {
            let all = Arc::new(OnceLock::new());
            let mut v = Vec::new();
            for i in 0..L7_ACTORS {
                let mut s = State::new(Role::Big, &tx);
                s.all = all.clone();
                s.left = L7_PINGS;
                s.rng = (i as u64 + 1).wrapping_mul(0x9E3779B97F4A7C15);
                v.push(spawn(s));
            }
            let _ = all.set(v.clone());
            for a in &v {
                let _ = a.tell(Msg::Start).try_send();
            }
            wait(&mut rx, L7_ACTORS as u64).await;
        }
        _ => std::process::exit(2),
    }
    finish(SYS, wl, t);
    std::process::exit(0);
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let threads = args.get(2).map_or(2, |s| s.parse().unwrap());
    let rt = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_time().build().unwrap();
    let wl = args[1].clone();
    rt.block_on(async { tokio::spawn(async move { run(&wl).await }).await.unwrap() });
}
