//! A meter is told of everything once, in order, with its cause, and changes nothing.

use quiesce_machine::{Event, Label, NodeId, Time};
use quiesce_sim::{Meter, metered, run};

use crate::puppet::{A, B, Fact, Msg, Op, Puppet, Tell as _, plan};

#[derive(Debug, Default)]
struct Log(Vec<String>);

impl Meter<Puppet> for Log {
    fn handles(&mut self, number: u32, cause: u32, node: NodeId, event: &Event<Puppet>) {
        let what = match event {
            Event::Start { .. } => "starts",
            Event::Deliver { msg, .. } => msg.label(),
            Event::Fire { .. } => "fires",
            Event::Call { .. } => "is called",
            Event::Bounce { .. } | Event::Stored { .. } => "other",
        };
        self.0.push(format!("{number} for {cause}: {node} {what}"));
    }

    fn sends(&mut self, from: NodeId, to: NodeId, msg: &Msg) {
        self.0.push(format!("{from} to {to}: {}", msg.label()));
    }

    fn states(&mut self, at: Time, by: NodeId, fact: &Fact) {
        self.0.push(format!("{at} {by}: {fact}"));
    }
}

#[test]
fn a_meter_is_told_of_events_messages_and_facts_with_their_causes() {
    let plan = plan().tell(10, A, [Op::Ping(B, 7)]);
    let mut log = Log::default();
    let outcome = metered(&plan, 1, &mut log);
    assert_eq!(outcome, run(&plan, 1));
    let of_two: Vec<&str> = log.0.iter().map(String::as_str).skip_while(|line| !line.contains("is called")).collect();
    let told = ["is called", "n0 to n1: ping", "n1 ping", "n1 to n0: pong", "n0 pong"];
    let mut rest = of_two.iter();
    for expected in told {
        assert!(rest.any(|line| line.contains(expected)), "{expected} in its place of {of_two:?}");
    }
    let number = |part: &str| {
        let line = of_two.iter().find(|line| line.ends_with(part)).expect(part);
        let (number, rest) = line.split_once(" for ").expect(part);
        (number.parse::<u32>().unwrap(), rest.split_once(':').unwrap().0.parse::<u32>().unwrap())
    };
    let (call, ping, pong) = (number("n0 is called"), number("n1 ping"), number("n0 pong"));
    assert_eq!((call.1, ping.1, pong.1), (0, call.0, ping.0));
}
