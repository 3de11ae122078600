// SPDX-License-Identifier: Apache-2.0
//! ractor_cluster peer of the remote benchmarks: two processes, each with one
//! actor in a process group that the other node sees. Usage: bench WORKLOAD
#[path = "../../../common/bench.rs"]
mod bench;
use bench::*;
use ractor::{pg, Actor, ActorProcessingErr, ActorRef};
use ractor_cluster::{NodeServer, RactorClusterMessage};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{unbounded_channel, UnboundedSender};

const SYS: &str = "ractor_cluster";

#[derive(RactorClusterMessage)]
enum Msg {
    Echo(Vec<u8>),
    Data(Vec<u8>),
    Last(Vec<u8>),
    Ack,
    Go,
    Stop,
}

/// The member of a group that lives on the other node, once it is known.
async fn remote(group: &str) -> ActorRef<Msg> {
    for _ in 0..500 {
        if let Some(c) = pg::get_members(&group.to_string()).into_iter().find(|c| !c.get_id().is_local()) {
            return c.into();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no remote member of {group}");
}

struct Sink;
impl Actor for Sink {
    type Msg = Msg;
    type State = Option<ActorRef<Msg>>;
    type Arguments = ();
    async fn pre_start(&self, me: ActorRef<Msg>, _: ()) -> Result<Self::State, ActorProcessingErr> {
        pg::join("sink".to_string(), vec![me.get_cell()]);
        Ok(None)
    }
    async fn handle(&self, _: ActorRef<Msg>, msg: Msg, main: &mut Self::State) -> Result<(), ActorProcessingErr> {
        if main.is_none() {
            *main = Some(remote("main").await);
        }
        match msg {
            Msg::Echo(p) => main.as_ref().unwrap().cast(Msg::Echo(p))?,
            Msg::Last(_) => main.as_ref().unwrap().cast(Msg::Ack)?,
            Msg::Stop => std::process::exit(0),
            _ => {}
        }
        Ok(())
    }
}

struct Main;
struct State {
    sink: Option<ActorRef<Msg>>,
    done: UnboundedSender<Vec<u64>>,
    lat: Vec<u64>,
    n: usize,
    t: Instant,
    size: usize,
    left: u64,
    batch: u64,
    outstanding: u32,
}
impl State {
    fn burst(&mut self) {
        let n = self.left.min(self.batch);
        if n == 0 {
            return;
        }
        self.left -= n;
        self.outstanding += 1;
        let sink = self.sink.as_ref().unwrap();
        for _ in 1..n {
            let _ = sink.cast(Msg::Data(vec![0; self.size]));
        }
        let _ = sink.cast(Msg::Last(vec![0; self.size]));
    }
}
impl Actor for Main {
    type Msg = Msg;
    type State = State;
    type Arguments = State;
    async fn pre_start(&self, me: ActorRef<Msg>, st: State) -> Result<State, ActorProcessingErr> {
        pg::join("main".to_string(), vec![me.get_cell()]);
        Ok(st)
    }
    async fn handle(&self, _: ActorRef<Msg>, msg: Msg, st: &mut State) -> Result<(), ActorProcessingErr> {
        if st.sink.is_none() {
            st.sink = Some(remote("sink").await);
        }
        match msg {
            Msg::Go if st.size == 0 => {
                st.t = Instant::now();
                st.sink.as_ref().unwrap().cast(Msg::Echo(vec![0; R1_PAYLOAD]))?;
            }
            Msg::Echo(p) => {
                st.n += 1;
                if st.n > R1_WARMUP {
                    st.lat.push(st.t.elapsed().as_nanos() as u64);
                }
                if st.n == R1_WARMUP + R1_ROUNDS {
                    let _ = st.done.send(std::mem::take(&mut st.lat));
                } else {
                    st.t = Instant::now();
                    st.sink.as_ref().unwrap().cast(Msg::Echo(p))?;
                }
            }
            Msg::Go => {
                // a warm-up run of eight batches, then the measured one
                let (_, msgs, batch) = r2(&std::env::args().nth(1).unwrap());
                st.left = if st.batch == 0 { batch * 8 } else { msgs / 2 };
                st.batch = batch;
                st.burst();
                st.burst();
            }
            Msg::Ack => {
                st.outstanding -= 1;
                st.burst();
                if st.outstanding == 0 {
                    let _ = st.done.send(Vec::new());
                }
            }
            _ => {}
        }
        Ok(())
    }
}

async fn run(wl: String) {
    let serve = wl == "serve";
    let port: u16 = if serve { std::env::args().nth(2).unwrap().parse().unwrap() } else { 0 };
    let node = NodeServer::new(port, "cookie".into(), if serve { "peer" } else { "main" }.into(), "localhost".into(), None, None)
        .with_listen_addr("127.0.0.1".parse().unwrap());
    let (node, _) = Actor::spawn(None, node, ()).await.unwrap();
    if serve {
        let (_, h) = Actor::spawn(None, Sink, ()).await.unwrap();
        h.await.unwrap();
        return;
    }
    let port = 20000 + std::process::id() % 20000;
    let mut child = Command::new(std::env::current_exe().unwrap()).args(["serve", &port.to_string()]).stdout(Stdio::null()).spawn().unwrap();
    let (tx, mut rx) = unbounded_channel();
    let size = if wl == "R1" { 0 } else { r2(&wl).0 };
    let st = State { sink: None, done: tx, lat: Vec::with_capacity(R1_ROUNDS), n: 0, t: Instant::now(), size, left: 0, batch: 0, outstanding: 0 };
    let (me, _) = Actor::spawn(None, Main, st).await.unwrap();
    for _ in 0..100 {
        if ractor_cluster::client_connect(&node, ("127.0.0.1", port as u16)).await.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let sink = remote("sink").await;
    let _ = me.cast(Msg::Go);
    let lat = rx.recv().await.unwrap();
    if size == 0 {
        report_lat(SYS, lat);
    } else {
        let t = Instant::now();
        let _ = me.cast(Msg::Go);
        rx.recv().await.unwrap();
        report(SYS, &wl, (r2(&wl).1 / 2) as f64 / t.elapsed().as_secs_f64(), "msgs/s", "");
    }
    let _ = sink.cast(Msg::Stop);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let _ = child.kill();
    let _ = child.wait();
    std::process::exit(0);
}

fn main() {
    let wl = std::env::args().nth(1).unwrap();
    let rt = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    rt.block_on(async { tokio::spawn(run(wl)).await.unwrap() });
}
