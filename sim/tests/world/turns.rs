//! A run goes in the order that its turns say, and a turn that cannot be taken is left out and named.

use quiesce_sim::{Course, Parcel, Replay, Turn, WriteEnd, replay};

use crate::puppet::{A, B, Check, Op, Puppet, PuppetPlan, Tell, ms, plan};

fn driven(plan: &PuppetPlan, turns: &[Turn]) -> Replay<Puppet> {
    replay(plan, &Course { turns: Some(turns.to_vec()), ..Course::default() })
}

/// What the nodes stated, in order.
fn told(played: &Replay<Puppet>) -> Vec<String> {
    let trace = &played.trace;
    let entries = trace.entries.iter().flat_map(|entry| {
        let node = entry.node.map_or("-", |id| &trace.nodes[id.index()]);
        entry.facts.iter().map(move |fact| format!("{node} {fact}"))
    });
    entries.collect()
}

fn start(node: &str) -> Turn {
    Turn::Start { node: node.to_owned() }
}

fn parcel(from: &str, to: &str, text: &str, back: bool) -> Parcel {
    let label = text.split('(').next().unwrap_or_default().to_lowercase();
    Parcel { from: from.to_owned(), to: to.to_owned(), label, text: text.to_owned(), back }
}

fn arrive(from: &str, to: &str, text: &str) -> Turn {
    Turn::Arrive(parcel(from, to, text, false))
}

const CALL: Turn = Turn::Call { call: 100 };

#[test]
fn messages_arrive_when_their_turn_comes_and_only_then() {
    let plan = plan().tell(10, A, [Op::Note(B, 1), Op::Note(B, 2), Op::Note(B, 3)]);
    let turns = [start("a"), start("b"), CALL, arrive("a", "b", "Note(3)"), arrive("a", "b", "Note(1)")];
    let played = driven(&plan, &turns);
    assert_eq!(told(&played)[2..], ["b got 3 from n0, heard 1", "b got 1 from n0, heard 2"]);
    assert_eq!((played.missed, played.outcome.now.0), (Vec::new(), 0));
}

#[test]
fn a_message_that_prints_otherwise_now_is_still_found_by_its_label() {
    let plan = plan().tell(10, A, [Op::Note(B, 1), Op::Ping(B, 2)]);
    let played = driven(&plan, &[start("a"), start("b"), CALL, arrive("a", "b", "Pong(2)")]);
    assert_eq!((told(&played).len(), played.missed), (2, vec![3]), "no pong is on its way");
    let odd = Parcel { text: "Ping { of: 9 }".to_owned(), ..parcel("a", "b", "Ping(2)", false) };
    let played = driven(&plan, &[start("a"), start("b"), CALL, Turn::Arrive(odd)]);
    assert_eq!(told(&played)[2..], ["b got 2 from n0, heard 1"]);
}

#[test]
fn messages_are_lost_doubled_and_refused_in_turn() {
    let plan = plan().tell(10, A, [Op::Note(B, 1), Op::Note(B, 2), Op::Note(B, 3)]);
    let one = || parcel("a", "b", "Note(1)", false);
    let turns = [
        start("a"),
        start("b"),
        CALL,
        Turn::Duplicate(one()),
        Turn::Arrive(one()),
        Turn::Arrive(one()),
        Turn::Lose(parcel("a", "b", "Note(2)", false)),
        Turn::Crash { node: "b".to_owned(), applied: 0, records_lost: false },
        arrive("a", "b", "Note(3)"),
        Turn::Arrive(parcel("a", "b", "Note(3)", true)),
        Turn::Arrive(one()),
    ];
    let played = driven(&plan, &turns);
    let told = ["b got 1 from n0, heard 1", "b got 1 from n0, heard 2", "a 3 refused by n1"];
    assert_eq!((&self::told(&played)[2..], played.missed.as_slice()), (&told.map(str::to_owned)[..], &[10][..]));
}

#[test]
fn timers_fire_writes_land_and_crashes_keep_what_they_say() {
    let later = Op::Later(ms(500).into(), B, 7);
    let plan = plan().tell(10, A, [Op::Arm(1, ms(5).into()), later, Op::Put(1, 10), Op::Put(2, 20), Op::Put(3, 30)]);
    let fire = |label: &str, text: &str| Turn::Fire { node: "a".into(), label: label.into(), text: text.into() };
    let turns = [
        start("a"),
        start("b"),
        CALL,
        fire("later", "Later(NodeId(1), 7)"),
        fire("later", "Later(NodeId(1), 7)"),
        Turn::Land { node: "a".into(), end: WriteEnd::Durable },
        Turn::Crash { node: "a".into(), applied: 1, records_lost: false },
        fire("ring", "Ring(1)"),
        start("a"),
        start("a"),
    ];
    let played = driven(&plan, &turns);
    assert_eq!(told(&played)[2..], ["a stored 1", "a started #2 1=10 2=20"]);
    assert_eq!(played.missed, [4, 7, 9], "fired already, dead, up already");
}

#[test]
fn writes_end_as_their_turns_say() {
    let plan = plan().tell(10, A, [Op::Put(1, 10), Op::Put(2, 20), Op::Put(3, 30), Op::Put(4, 40)]);
    let land = |end| Turn::Land { node: "a".into(), end };
    let ends = [WriteEnd::Failed, WriteEnd::UnknownApplied, WriteEnd::UnknownLost, WriteEnd::Durable].map(land);
    let crash = Turn::Crash { node: "a".into(), applied: 0, records_lost: false };
    let turns = [&[start("a"), CALL], &ends[..], &[crash, start("a")]].concat();
    let expected = [
        "a not stored 1: Failed",
        "a not stored 2: Unknown",
        "a not stored 3: Unknown",
        "a stored 4",
        "a started #2 2=20 4=40",
    ];
    assert_eq!(told(&driven(&plan, &turns))[1..], expected);
}

#[test]
fn choices_are_decided_by_name_and_rest_is_demanded_in_turn() {
    let mut plan = plan().tell(10, A, [Op::Choose("back-off"), Op::Say(7)]);
    plan.monitors = vec![Check::Answered(Vec::new())];
    let decided = vec![quiesce_sim::Decision {
        site: "a choice".to_owned(),
        label: "back-off".to_owned(),
        nth: 0,
        pick: 3,
        of: 1000,
        step: 2,
    }];
    let run = |turns: &[Turn]| {
        replay(&plan, &Course { turns: Some(turns.to_vec()), decided: decided.clone(), ..Course::default() })
    };
    let open = run(&[start("a"), CALL]);
    assert_eq!((told(&open)[1].as_str(), open.outcome.findings.len()), ("a chose 3 for back-off", 0));
    let rest = run(&[start("a"), CALL, Turn::Rest]);
    assert_eq!(rest.outcome.findings.len(), 1, "7 is open");
}
