// SPDX-License-Identifier: Apache-2.0
//! ractor peer of the actor benchmarks. Usage: ractor-bench WORKLOAD [THREADS]
#[path = "../../../common/bench.rs"]
mod bench;
use bench::*;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use tokio::sync::mpsc::{unbounded_channel, UnboundedReceiver, UnboundedSender};

const SYS: &str = "ractor";
type Res<T> = Result<T, ActorProcessingErr>;
type Ref = ActorRef<Msg>;

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
            let _ = to.cast(Msg::Int(i as i64));
        }
        let _ = to.cast(Msg::Last(me.clone()));
    }
    fn ping_random(&mut self, me: &Ref) {
        let i = xorshift(&mut self.rng) as usize % L7_ACTORS;
        let _ = self.all.get().unwrap()[i].cast(Msg::Ping(me.clone()));
    }
    fn on(&mut self, me: &Ref, msg: Msg) {
        match (self.role, msg) {
            (Role::Ping, _) => {
                if self.left == 0 {
                    let _ = self.done.send(0);
                } else {
                    self.left -= 1;
                    let _ = self.peer.as_ref().unwrap().cast(Msg::Ping(me.clone()));
                }
            }
            (Role::Pong | Role::Big, Msg::Ping(from)) => {
                let _ = from.cast(Msg::Pong);
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
                let _ = from.cast(Msg::Ack);
            }
            (Role::Ring, Msg::Next(n)) => self.peer = Some(n),
            (Role::Ring, Msg::Int(0)) => {
                let _ = self.done.send(0);
            }
            (Role::Ring, Msg::Int(i)) => {
                let _ = self.peer.as_ref().unwrap().cast(Msg::Int(i - 1));
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

struct Node;
impl Actor for Node {
    type Msg = Msg;
    type State = State;
    type Arguments = State;
    async fn pre_start(&self, _: Ref, args: State) -> Res<State> {
        Ok(args)
    }
    async fn handle(&self, me: Ref, msg: Msg, st: &mut State) -> Res<()> {
        st.on(&me, msg);
        Ok(())
    }
}
async fn spawn(st: State) -> Ref {
    Actor::spawn(None, Node, st).await.unwrap().0
}

/// L4: leaves answer and stop, inner nodes sum ten answers and stop.
struct Sky;
enum Up {
    Main(UnboundedSender<i64>),
    Node(Ref),
}
impl Up {
    fn tell(&self, v: i64) {
        match self {
            Up::Main(c) => drop(c.send(v)),
            Up::Node(r) => drop(r.cast(Msg::Int(v))),
        }
    }
}
struct SkyState {
    up: Up,
    num: i64,
    size: i64,
    sum: i64,
    count: u32,
}
impl Actor for Sky {
    type Msg = Msg;
    type State = SkyState;
    type Arguments = SkyState;
    async fn pre_start(&self, me: Ref, st: SkyState) -> Res<SkyState> {
        me.cast(Msg::Start)?;
        Ok(st)
    }
    async fn handle(&self, me: Ref, msg: Msg, st: &mut SkyState) -> Res<()> {
        match msg {
            Msg::Start if st.size == 1 => {
                st.up.tell(st.num);
                me.stop(None);
            }
            Msg::Start => {
                for i in 0..10 {
                    let size = st.size / 10;
                    let child = SkyState { up: Up::Node(me.clone()), num: st.num + i * size, size, sum: 0, count: 0 };
                    Actor::spawn(None, Sky, child).await?;
                }
            }
            Msg::Int(v) => {
                st.sum += v;
                st.count += 1;
                if st.count == 10 {
                    st.up.tell(st.sum);
                    me.stop(None);
                }
            }
            _ => unreachable!(),
        }
        Ok(())
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
            p.peer = Some(spawn(State::new(Role::Pong, &tx)).await);
            p.left = L1_MSGS / 2;
            let _ = spawn(p).await.cast(Msg::Start);
            wait(&mut rx, 1).await;
        }
        "L2" | "L3" => {
            let (senders, total, batch) = if wl == "L2" { (1, L2_MSGS, L2_BATCH) } else { (L3_SENDERS, L3_MSGS, L3_BATCH) };
            let recv = spawn(State::new(Role::Receiver, &tx)).await;
            for _ in 0..senders {
                let mut s = State::new(Role::Sender, &tx);
                s.peer = Some(recv.clone());
                s.left = total / senders;
                s.batch = batch;
                let _ = spawn(s).await.cast(Msg::Start);
            }
            wait(&mut rx, senders).await;
        }
        "L4" => {
            Actor::spawn(None, Sky, SkyState { up: Up::Main(tx), num: 0, size: L4_LEAVES, sum: 0, count: 0 }).await.unwrap();
            assert_eq!(wait(&mut rx, 1).await, L4_LEAVES * (L4_LEAVES - 1) / 2);
        }
        "L5" => {
            let mut ring = Vec::new();
            for _ in 0..L5_RING {
                ring.push(spawn(State::new(Role::Ring, &tx)).await);
            }
            for i in 0..L5_RING {
                let _ = ring[i].cast(Msg::Next(ring[(i + 1) % L5_RING].clone()));
            }
            let _ = ring[0].cast(Msg::Int(L5_HOPS));
            wait(&mut rx, 1).await;
        }
        "L6" => {
            let before = rss("VmRSS:");
            let mut all = Vec::with_capacity(L6_ACTORS);
            for _ in 0..L6_ACTORS {
                all.push(spawn(State::new(Role::Idle, &tx)).await);
            }
            let _ = all[0].cast(Msg::Start);
            let _ = all[L6_ACTORS - 1].cast(Msg::Start);
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
                v.push(spawn(s).await);
            }
            let _ = all.set(v.clone());
            for a in &v {
                let _ = a.cast(Msg::Start);
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
