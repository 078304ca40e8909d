//! Workloads for the simulator's event loop: nodes that do next to nothing, so that the loop is what is measured.
//!
//! [`ping_pong`] has two pending events at most, [`fan_in`] some three thousand, [`periodic`] a hundred thousand. What no
//! simulator can go below is in [`bare`](crate::bare). Ratios of one run can be trusted, nanoseconds of a shared machine
//! cannot.

use std::time::Duration;

use quiesce_machine::{Cx, Delay, Event, Label, Monitor, Never, Node, NodeId, Obligation, Observation};
use quiesce_machine::{Time, View, Violation};
use quiesce_sim::{Action, Plan, Ratio};

/// How many nodes send in [`fan_in`].
pub const SENDERS: u32 = 1000;
/// To how many others each of them sends.
pub const RECEIVERS: u32 = 3;
/// The longest latency of [`fan_in`], and the time from one round to the next.
pub const ROUND: Duration = Duration::from_secs(1);

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

/// [`fan_in`] on a network that loses one message in a hundred, while a partition is in force: it is asked about each
/// message, and keeps none back.
#[must_use]
pub fn fan_in_troubled(events: u64) -> Plan<Peer, Nothing> {
    let mut plan = fan_in(events);
    plan.network.loss = Ratio::new(1, 100).expect("a ratio");
    let groups = vec![(0..RECEIVERS + SENDERS).map(NodeId).collect()];
    plan.step(Duration::ZERO, Action::Partition { groups })
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
#[must_use]
pub fn period(node: u32) -> u64 {
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

#[cfg(test)]
mod tests {
    use quiesce_sim::{FaultKind, run};

    use super::*;

    #[test]
    fn every_event_of_ping_pong_but_the_starts_is_a_message() {
        let outcome = run(&ping_pong(10_000), 1);
        assert_eq!((outcome.verdict.word(), outcome.events), ("incomplete", 10_000));
        assert_eq!(outcome.messages["parcel"], 9_999, "one is on its way");
    }

    #[test]
    fn fan_in_in_trouble_loses_one_message_in_a_hundred() {
        let events = 100_000;
        let outcome = run(&fan_in_troubled(events), 1);
        assert_eq!((outcome.verdict.word(), outcome.events), ("incomplete", events));
        let loss = outcome.faults.iter().find(|fault| fault.kind == FaultKind::RandomLoss).expect("messages are lost");
        assert!((90..110).contains(&(10_000 * loss.applied / loss.planned)), "{loss:?}");
        assert_eq!(loss.planned, outcome.messages["parcel"], "the partition keeps none back");
    }

    #[test]
    fn every_event_of_periodic_but_the_starts_is_a_timer_in_time() {
        let starts = u64::from(TICKERS);
        let outcome = run(&periodic(starts + 10_000), 1);
        assert_eq!((outcome.verdict.word(), outcome.events), ("incomplete", starts + 10_000));
        assert!(outcome.messages.is_empty() && outcome.now > Time::ZERO + ROUND, "{}", outcome.now);
    }

    #[test]
    fn three_of_four_events_of_fan_in_are_messages() {
        let outcome = run(&fan_in(100_000), 1);
        assert_eq!((outcome.verdict.word(), outcome.events), ("incomplete", 100_000));
        let sent = outcome.messages["parcel"];
        assert!((70_000..80_000).contains(&sent), "{sent}");
    }
}
