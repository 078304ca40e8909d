//! turmoil: tokio on simulated hosts that take turns every tick.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::kernel::{RECEIVERS, SENDERS, TICKERS, period};
use turmoil::net::UdpSocket;
use turmoil::{Builder, Sim};

use super::Engine;

/// It polls each of a thousand hosts every millisecond, some 20 us a host, so that a run of all the events takes an hour.
const FAN_IN_FRACTION: u64 = 500;

pub const ENGINE: Engine =
    Engine { name: "turmoil", ping_pong, fan_in, fan_in_troubled: None, periodic, fan_in_fraction: FAN_IN_FRACTION };

const PORT: u16 = 1738;
const PARCEL: [u8; 16] = [1; 16];

fn simulation(least: Duration, most: Duration) -> Sim<'static> {
    Builder::new()
        .rng_seed(1)
        .simulation_duration(Duration::from_secs(1_000_000))
        .min_message_latency(least)
        .max_message_latency(most)
        .udp_capacity(1_000_000)
        .build()
}

/// Takes steps until so many were counted.
fn run(mut simulation: Sim<'_>, counted: &AtomicU64, events: u64) -> u64 {
    while counted.load(Ordering::Relaxed) < events {
        simulation.step().expect("no host fails");
    }
    counted.load(Ordering::Relaxed)
}

async fn bind() -> UdpSocket {
    UdpSocket::bind((Ipv4Addr::UNSPECIFIED, PORT)).await.expect("a host has its port")
}

fn ping_pong(events: u64) -> u64 {
    let millisecond = Duration::from_millis(1);
    let mut simulation = simulation(millisecond, millisecond);
    let counted = Arc::new(AtomicU64::new(0));
    for me in ["a", "b"] {
        let counted = Arc::clone(&counted);
        simulation.host(me, move || {
            let counted = Arc::clone(&counted);
            async move {
                let socket = bind().await;
                if me == "b" {
                    socket.send_to(&PARCEL, ("a", PORT)).await?;
                }
                let mut parcel = [0; 16];
                loop {
                    let (_, from) = socket.recv_from(&mut parcel).await?;
                    counted.fetch_add(1, Ordering::Relaxed);
                    socket.send_to(&parcel, from).await?;
                }
            }
        });
    }
    run(simulation, &counted, events)
}

fn fan_in(events: u64) -> u64 {
    let mut simulation = simulation(Duration::from_millis(1), Duration::from_secs(1));
    let counted = Arc::new(AtomicU64::new(0));
    for receiver in 0..RECEIVERS {
        let counted = Arc::clone(&counted);
        simulation.host(format!("r{receiver}"), move || {
            let counted = Arc::clone(&counted);
            async move {
                let socket = bind().await;
                let mut parcel = [0; 16];
                loop {
                    socket.recv_from(&mut parcel).await?;
                    counted.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
    }
    for sender in 0..SENDERS {
        let counted = Arc::clone(&counted);
        simulation.host(format!("s{sender}"), move || {
            let counted = Arc::clone(&counted);
            async move {
                let socket = bind().await;
                loop {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    counted.fetch_add(1, Ordering::Relaxed);
                    for receiver in 0..RECEIVERS {
                        socket.send_to(&PARCEL, (format!("r{receiver}"), PORT)).await?;
                    }
                }
            }
        });
    }
    run(simulation, &counted, events)
}

fn periodic(events: u64) -> u64 {
    let mut simulation = simulation(Duration::from_millis(1), Duration::from_millis(1));
    let counted = Arc::new(AtomicU64::new(0));
    let shared = Arc::clone(&counted);
    simulation.host("a", move || {
        let counted = Arc::clone(&shared);
        async move {
            for ticker in 0..TICKERS {
                let counted = Arc::clone(&counted);
                tokio::spawn(async move {
                    loop {
                        tokio::time::sleep(Duration::from_nanos(period(ticker))).await;
                        counted.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            std::future::pending::<turmoil::Result>().await
        }
    });
    run(simulation, &counted, events)
}
