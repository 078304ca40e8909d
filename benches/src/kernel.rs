//! Workloads for the simulator's event loop: nodes that do next to nothing, so that the loop is what is measured.
//!
//! [`ping_pong`] has two pending events at most, [`fan_in`] some three thousand, [`periodic`] a hundred thousand.
//! [`bare_ping_pong`], [`bare_fan_in`] and [`bare_periodic`] do the same without nodes, effects or network, over a binary
//! heap. Ratios of one run can be trusted, nanoseconds of a shared machine cannot.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use quiesce_machine::{Cx, Delay, Event, Label, Monitor, Never, Node, NodeId, Obligation, Observation};
use quiesce_machine::{Time, View, Violation};
use quiesce_sim::Plan;

/// How many nodes send in [`fan_in`].
pub const SENDERS: u32 = 1000;
/// To how many others each of them sends.
pub const RECEIVERS: u32 = 3;
/// The longest latency of [`fan_in`], and the time from one round to the next.
const ROUND: Duration = Duration::from_secs(1);

/// How many nodes have a timer in [`periodic`].
pub const TICKERS: u32 = 100_000;

/// A plan of `events` events in which two nodes pass one message to and fro.
#[must_use]
pub fn ping_pong(events: u64) -> Plan<Peer, Nothing> {
    let mut plan = Plan::new(Shape::PingPong, ["a", "b"]);
    plan.until = Time(u64::MAX / 2);
    plan.max_events = events;
    plan
}

/// A plan of `events` events in which, every second, 1,000 nodes send to 3 others, with latencies up to a second.
#[must_use]
pub fn fan_in(events: u64) -> Plan<Peer, Nothing> {
    let mut plan = Plan::new(Shape::FanIn, (0..RECEIVERS + SENDERS).map(|node| format!("n{node}")));
    plan.network.latency = Delay::from(Duration::from_millis(1)..ROUND);
    plan.until = Time(u64::MAX / 2);
    plan.max_events = events;
    plan
}

/// A plan of `events` events in which 100,000 nodes each have a timer of a period of their own, one to two seconds.
#[must_use]
pub fn periodic(events: u64) -> Plan<Peer, Nothing> {
    let mut plan = Plan::new(Shape::Periodic, (0..TICKERS).map(|node| format!("n{node}")));
    plan.until = Time(u64::MAX / 2);
    plan.max_events = events;
    plan
}

/// The period of a node in [`periodic`], in nanoseconds.
fn period(node: u32) -> u64 {
    let round = ROUND.as_nanos() as u64;
    round + u64::from(node).wrapping_mul(6_364_136_223_846_793_005) % round
}

/// Which workload a node is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Each message is sent back.
    PingPong,
    /// The first nodes receive, all others send.
    FanIn,
    /// Each has a timer.
    Periodic,
}

/// A node that counts what it receives.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Peer {
    received: u64,
}

/// A message of 16 bytes, what simulators are usually measured with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Parcel([u64; 2]);

impl Label for Parcel {
    fn label(&self) -> &'static str {
        "parcel"
    }
}

/// The next round of a sender.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Round;

impl Label for Round {
    fn label(&self) -> &'static str {
        "round"
    }
}

impl Node for Peer {
    type Config = Shape;
    type Msg = Parcel;
    type Timer = Round;
    type Request = Never;
    type Reply = Never;
    type Record = Never;
    type Fact = Never;

    fn boot(_: NodeId, _: &Shape) -> Self {
        Peer { received: 0 }
    }

    fn handle(&mut self, event: Event<Self>, cx: &mut Cx<'_, Self>) {
        match (event, *cx.config()) {
            (Event::Start { .. }, Shape::PingPong) if cx.me() == NodeId(0) => cx.send(NodeId(1), Parcel([0; 2])),
            (Event::Deliver { from, msg }, Shape::PingPong) => {
                self.received += 1;
                cx.send(from, msg);
            }
            (Event::Deliver { msg: Parcel(content), .. }, Shape::FanIn | Shape::Periodic) => {
                self.received += content[0]
            }
            (Event::Start { .. } | Event::Fire { timer: Round }, Shape::FanIn) if cx.me().0 >= RECEIVERS => {
                (0..RECEIVERS).for_each(|receiver| cx.send(NodeId(receiver), Parcel([1; 2])));
                cx.arm(Round, ROUND);
            }
            (Event::Start { .. }, Shape::Periodic) => cx.arm(Round, Duration::from_nanos(period(cx.me().0))),
            (Event::Fire { timer: Round }, Shape::Periodic) => {
                self.received += 1;
                cx.arm(Round, Duration::from_nanos(period(cx.me().0)));
            }
            (Event::Start { .. } | Event::Fire { .. }, _) => (),
            (Event::Bounce { .. } | Event::Stored { .. }, _) => unreachable!("nobody crashes or stores"),
            (Event::Call { request, .. }, _) => match request {},
        }
    }
}

/// No property at all.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Nothing {}

impl Monitor<Peer> for Nothing {
    fn name(&self) -> &'static str {
        match *self {}
    }

    fn observe(&mut self, _: &Observation<'_, Peer>, _: &dyn View<Peer>) -> Result<(), Violation> {
        match *self {}
    }

    fn owed(&self, _: &dyn View<Peer>, _: &mut dyn FnMut(Obligation)) {
        match *self {}
    }

    fn armed(&self) -> bool {
        match *self {}
    }

    fn describe(&self, _: Obligation, _: &dyn View<Peer>) -> String {
        match *self {}
    }
}

/// A pending event of the bare loops; the earliest first, then in sequence.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Bare {
    at: u64,
    sequence: u64,
    node: u32,
    parcel: [u64; 2],
}

/// The least that [`ping_pong`] can cost: a heap, two counters, one message. Returns what was received.
#[must_use]
pub fn bare_ping_pong(events: u64) -> [u64; 2] {
    let mut pending = BinaryHeap::from([Reverse(Bare { at: 1_000_000, sequence: 0, node: 1, parcel: [0; 2] })]);
    let mut received = [0; 2];
    for sequence in 1..events {
        let Some(Reverse(Bare { at, node, parcel, .. })) = pending.pop() else { break };
        received[node as usize] += 1;
        pending.push(Reverse(Bare { at: at + 1_000_000, sequence, node: 1 - node, parcel }));
    }
    received
}

/// The least that [`fan_in`] can cost: a heap, one counter a receiver, and a draw a message. Returns what was received.
#[must_use]
pub fn bare_fan_in(events: u64) -> Vec<u64> {
    let round = ROUND.as_nanos() as u64;
    let mut pending = BinaryHeap::new();
    let mut received = vec![0; RECEIVERS as usize];
    let (mut sequence, mut draw) = (u64::from(RECEIVERS + SENDERS), 1_u64);
    for sender in RECEIVERS..RECEIVERS + SENDERS {
        pending.push(Reverse(Bare { at: 0, sequence: u64::from(sender), node: sender, parcel: [0; 2] }));
    }
    for _ in 0..events {
        let Some(Reverse(Bare { at, node, parcel, .. })) = pending.pop() else { break };
        if let Some(count) = received.get_mut(node as usize) {
            *count += parcel[0];
            continue;
        }
        for receiver in 0..RECEIVERS {
            draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let latency = ((u128::from(draw) * u128::from(round)) >> 64) as u64;
            sequence += 1;
            pending.push(Reverse(Bare { at: at + latency, sequence, node: receiver, parcel: [1; 2] }));
        }
        sequence += 1;
        pending.push(Reverse(Bare { at: at + round, sequence, node, parcel }));
    }
    received
}

/// The least that [`periodic`] can cost: a heap and a counter a node. Returns what the first node counted.
#[must_use]
pub fn bare_periodic(events: u64) -> u64 {
    let mut counted = vec![0_u64; TICKERS as usize];
    let mut pending: BinaryHeap<_> = (0..TICKERS).map(|node| Reverse((period(node), u64::from(node), node))).collect();
    for sequence in u64::from(TICKERS)..u64::from(TICKERS) + events {
        let Some(Reverse((at, _, node))) = pending.pop() else { break };
        counted[node as usize] += 1;
        pending.push(Reverse((at + period(node), sequence, node)));
    }
    counted[0]
}

#[cfg(test)]
mod tests {
    use quiesce_sim::run;

    use super::*;

    #[test]
    fn every_event_of_ping_pong_but_the_starts_is_a_message() {
        let outcome = run(&ping_pong(10_000), 1);
        assert_eq!((outcome.verdict.word(), outcome.events), ("incomplete", 10_000));
        assert_eq!(outcome.messages["parcel"], 9_999, "one is on its way");
        assert_eq!(bare_ping_pong(10_000).iter().sum::<u64>(), 9_999);
    }

    #[test]
    fn every_event_of_periodic_but_the_starts_is_a_timer_in_time() {
        let starts = u64::from(TICKERS);
        let outcome = run(&periodic(starts + 10_000), 1);
        assert_eq!((outcome.verdict.word(), outcome.events), ("incomplete", starts + 10_000));
        assert!(outcome.messages.is_empty() && outcome.now > Time::ZERO + ROUND, "{}", outcome.now);
        assert!(bare_periodic(200_000) >= 1, "the first of all is the first node's");
    }

    #[test]
    fn three_of_four_events_of_fan_in_are_messages_with_and_without_a_simulator() {
        let outcome = run(&fan_in(100_000), 1);
        assert_eq!((outcome.verdict.word(), outcome.events), ("incomplete", 100_000));
        let (sent, received) = (outcome.messages["parcel"], bare_fan_in(100_000).iter().sum::<u64>());
        assert!((70_000..80_000).contains(&sent) && (70_000..80_000).contains(&received), "{sent}, {received}");
    }
}
