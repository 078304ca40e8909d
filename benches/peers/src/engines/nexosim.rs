//! nexosim: models with ports; a message on its way is an event that its receiver schedules for itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::kernel::{RECEIVERS, ROUND, SENDERS, TICKERS, period};
use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::Output;
use nexosim::simulation::{Mailbox, SimInit, Simulation};
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};

use super::Engine;

pub const ENGINE: Engine =
    Engine { name: "nexosim", ping_pong, fan_in, fan_in_troubled: None, periodic, fan_in_fraction: 1 };

/// What all models of a run count; a static would be shared by runs.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Count {
    #[serde(skip)]
    shared: Arc<AtomicU64>,
}

impl Count {
    fn add(&self) {
        self.shared.fetch_add(1, Ordering::Relaxed);
    }
}

/// One thread, as every engine has.
fn bench() -> SimInit {
    SimInit::with_num_threads(1)
}

fn run(mut simulation: Simulation, counted: &Count, events: u64) -> u64 {
    while counted.shared.load(Ordering::Relaxed) < events {
        simulation.step().expect("no model fails");
    }
    counted.shared.load(Ordering::Relaxed)
}

#[derive(Serialize, Deserialize)]
struct Echo {
    other: Output<[u64; 2]>,
    first: bool,
    count: Count,
}

#[Model]
impl Echo {
    #[nexosim(init)]
    async fn init(&mut self) {
        if self.first {
            self.other.send([0; 2]).await;
        }
    }

    /// A message begins its way to this model.
    fn comes(&mut self, parcel: [u64; 2], cx: &Context<Self>) {
        cx.schedule_event(Duration::from_millis(1), schedulable!(Self::arrives), parcel).expect("it is to come");
    }

    #[nexosim(schedulable)]
    async fn arrives(&mut self, parcel: [u64; 2]) {
        self.count.add();
        self.other.send(parcel).await;
    }
}

fn ping_pong(events: u64) -> u64 {
    let count = Count::default();
    let [mut one, mut other] =
        [true, false].map(|first| Echo { other: Output::default(), first, count: count.clone() });
    let (one_box, other_box) = (Mailbox::new(), Mailbox::new());
    one.other.connect(Echo::comes, &other_box);
    other.other.connect(Echo::comes, &one_box);
    let bench = bench().add_model(one, one_box, "a").add_model(other, other_box, "b");
    run(bench.init(MonotonicTime::EPOCH).expect("the bench is whole"), &count, events)
}

#[derive(Serialize, Deserialize)]
struct Receiver {
    received: u64,
    count: Count,
}

#[Model]
impl Receiver {
    fn arrives(&mut self, parcel: [u64; 2]) {
        self.received += parcel[0];
        self.count.add();
    }
}

#[derive(Serialize, Deserialize)]
struct Sender {
    receivers: Vec<Output<[u64; 2]>>,
    draw: u64,
    count: Count,
}

#[Model]
impl Sender {
    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>) {
        cx.schedule_event(Duration::from_nanos(1), schedulable!(Self::round), ()).expect("it is to come");
    }

    #[nexosim(schedulable)]
    async fn round(&mut self, _: (), cx: &Context<Self>) {
        self.count.add();
        for receiver in 0..self.receivers.len() {
            self.draw = self.draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let latency = ((u128::from(self.draw) * ROUND.as_nanos()) >> 64) as u64 + 1;
            cx.schedule_event(Duration::from_nanos(latency), schedulable!(Self::leaves), receiver)
                .expect("it is to come");
        }
        cx.schedule_event(ROUND, schedulable!(Self::round), ()).expect("it is to come");
    }

    /// The end of a message's way: ports hand over at once.
    #[nexosim(schedulable)]
    async fn leaves(&mut self, receiver: usize) {
        self.receivers[receiver].send([1; 2]).await;
    }
}

fn fan_in(events: u64) -> u64 {
    let count = Count::default();
    let mut bench = bench();
    let boxes: Vec<Mailbox<Receiver>> = (0..RECEIVERS).map(|_| Mailbox::new()).collect();
    for node in 0..SENDERS {
        let receivers = boxes.iter().map(|mailbox| {
            let mut output = Output::default();
            output.connect(Receiver::arrives, mailbox);
            output
        });
        let sender = Sender { receivers: receivers.collect(), draw: u64::from(node) + 1, count: count.clone() };
        bench = bench.add_model(sender, Mailbox::new(), &format!("s{node}"));
    }
    for (node, mailbox) in boxes.into_iter().enumerate() {
        bench = bench.add_model(Receiver { received: 0, count: count.clone() }, mailbox, &format!("r{node}"));
    }
    run(bench.init(MonotonicTime::EPOCH).expect("the bench is whole"), &count, events)
}

#[derive(Serialize, Deserialize)]
struct Ticker {
    period: Duration,
    count: Count,
}

#[Model]
impl Ticker {
    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>) {
        let tick = schedulable!(Self::tick);
        cx.schedule_periodic_event(self.period, self.period, tick, ()).expect("it is to come");
    }

    #[nexosim(schedulable)]
    fn tick(&mut self) {
        self.count.add();
    }
}

fn periodic(events: u64) -> u64 {
    let count = Count::default();
    let mut bench = bench();
    for node in 0..TICKERS {
        let ticker = Ticker { period: Duration::from_nanos(period(node)), count: count.clone() };
        bench = bench.add_model(ticker, Mailbox::with_capacity(2), &format!("n{node}"));
    }
    run(bench.init(MonotonicTime::EPOCH).expect("the bench is whole"), &count, events)
}
