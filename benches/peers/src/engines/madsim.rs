//! madsim: asynchronous tasks on simulated nodes, with a simulated network.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::kernel::{RECEIVERS, SENDERS, TICKERS, period};
use madsim::net::Endpoint;
use madsim::runtime::Runtime;
use madsim::{Config, time};

use super::Engine;

pub const ENGINE: Engine =
    Engine { name: "madsim", ping_pong, fan_in, fan_in_troubled: None, periodic, fan_in_fraction: 1 };

const PARCEL: [u8; 16] = [1; 16];

fn address(node: u32) -> SocketAddr {
    SocketAddr::from(([10, (node >> 16) as u8 + 1, (node >> 8) as u8, node as u8], 1))
}

fn runtime(latency: std::ops::Range<Duration>) -> Runtime {
    let mut config = Config::default();
    config.net.send_latency = latency;
    Runtime::with_seed_and_config(1, config)
}

/// Waits until so many were counted.
fn wait(runtime: &Runtime, counted: &Arc<AtomicU64>, events: u64) -> u64 {
    let seen = Arc::clone(counted);
    runtime.block_on(async move {
        while seen.load(Ordering::Relaxed) < events {
            time::sleep(Duration::from_secs(1)).await;
        }
    });
    counted.load(Ordering::Relaxed)
}

fn ping_pong(events: u64) -> u64 {
    let millisecond = Duration::from_millis(1);
    let runtime = runtime(millisecond..millisecond + Duration::from_nanos(1));
    let counted = Arc::new(AtomicU64::new(0));
    for me in 0..2 {
        let counted = Arc::clone(&counted);
        runtime.create_node().ip(address(me).ip()).build().spawn(async move {
            let endpoint = Endpoint::bind(address(me)).await.expect("a node has its address");
            if me == 0 {
                time::sleep(millisecond).await;
                endpoint.send_to(address(1), 1, &PARCEL).await.expect("the other is up");
            }
            let mut parcel = [0; 16];
            loop {
                let (_, from) = endpoint.recv_from(1, &mut parcel).await.expect("parcels fit");
                counted.fetch_add(1, Ordering::Relaxed);
                endpoint.send_to(from, 1, &parcel).await.expect("the other is up");
            }
        });
    }
    wait(&runtime, &counted, events)
}

fn fan_in(events: u64) -> u64 {
    let runtime = runtime(Duration::from_millis(1)..Duration::from_secs(1));
    let counted = Arc::new(AtomicU64::new(0));
    for me in 0..RECEIVERS {
        let counted = Arc::clone(&counted);
        runtime.create_node().ip(address(me).ip()).build().spawn(async move {
            let endpoint = Endpoint::bind(address(me)).await.expect("a node has its address");
            let mut parcel = [0; 16];
            loop {
                endpoint.recv_from(1, &mut parcel).await.expect("parcels fit");
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    for me in RECEIVERS..RECEIVERS + SENDERS {
        let counted = Arc::clone(&counted);
        runtime.create_node().ip(address(me).ip()).build().spawn(async move {
            let endpoint = Endpoint::bind(address(me)).await.expect("a node has its address");
            loop {
                time::sleep(Duration::from_secs(1)).await;
                counted.fetch_add(1, Ordering::Relaxed);
                for receiver in 0..RECEIVERS {
                    endpoint.send_to(address(receiver), 1, &PARCEL).await.expect("receivers are up");
                }
            }
        });
    }
    wait(&runtime, &counted, events)
}

fn periodic(events: u64) -> u64 {
    let runtime = runtime(Duration::from_millis(1)..Duration::from_millis(2));
    let counted = Arc::new(AtomicU64::new(0));
    let node = runtime.create_node().ip(address(0).ip()).build();
    for ticker in 0..TICKERS {
        let counted = Arc::clone(&counted);
        node.spawn(async move {
            loop {
                time::sleep(Duration::from_nanos(period(ticker))).await;
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    wait(&runtime, &counted, events)
}
