// SPDX-License-Identifier: Apache-2.0
//! Shared helpers for the Rust benchmark peers; the constants match common/bench.h.
#![allow(dead_code)]
use std::time::Instant;

pub const L1_MSGS: u64 = 4_000_000;
pub const L2_MSGS: u64 = 10_000_000;
pub const L2_BATCH: u64 = 2048;
pub const L3_SENDERS: u64 = 8;
pub const L3_MSGS: u64 = 8_000_000;
pub const L3_BATCH: u64 = 512;
pub const L4_LEAVES: i64 = 1_000_000;
pub const L5_RING: usize = 503;
pub const L5_HOPS: i64 = 5_000_000;
pub const L6_ACTORS: usize = 1_000_000;
pub const L7_ACTORS: usize = 1000;
pub const L7_PINGS: u64 = 4000;
pub const R1_ROUNDS: usize = 50_000;
pub const R1_WARMUP: usize = 2000;
pub const R1_PAYLOAD: usize = 100;

/// Payload, messages, batch of a one-way remote workload.
pub fn r2(wl: &str) -> (usize, u64, u64) {
    match wl {
        "R2_100" => (100, 2_000_000, 1024),
        "R2_1k" => (1024, 1_000_000, 1024),
        _ => (10240, 200_000, 128),
    }
}

pub fn report(sys: &str, wl: &str, v: f64, unit: &str, extra: &str) {
    println!("{{\"system\":\"{sys}\",\"workload\":\"{wl}\",\"value\":{v:.4},\"unit\":\"{unit}\"{extra}}}");
}

pub fn report_lat(sys: &str, mut ns: Vec<u64>) {
    ns.sort_unstable();
    let at = |q: usize| ns[ns.len() * q / 1000] as f64 / 1e3;
    report(sys, "R1", at(500), "us_p50", &format!(",\"p99\":{:.3},\"p999\":{:.3}", at(990), at(999)));
}

pub fn rss(key: &str) -> f64 {
    std::fs::read_to_string("/proc/self/status")
        .unwrap()
        .lines()
        .find_map(|l| l.strip_prefix(key)?.split_whitespace().next()?.parse::<f64>().ok())
        .unwrap_or(0.0)
        * 1024.0
}

pub fn xorshift(x: &mut u64) -> u64 {
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    *x
}

/// Reports a finished local workload in the unit that belongs to it.
pub fn finish(sys: &str, wl: &str, start: Instant) {
    let s = start.elapsed().as_secs_f64();
    let rate = |n: u64| report(sys, wl, n as f64 / s, "msgs/s", "");
    match wl {
        "L1" => rate(L1_MSGS),
        "L2" => rate(L2_MSGS),
        "L3" => rate(L3_MSGS),
        "L4" => report(sys, wl, s * 1e3, "ms", &format!(",\"peak_rss_mb\":{:.1}", rss("VmHWM:") / 1e6)),
        "L5" => report(sys, wl, s, "s", ""),
        _ => rate(2 * L7_ACTORS as u64 * L7_PINGS),
    }
    use std::io::Write;
    std::io::stdout().flush().unwrap();
}
