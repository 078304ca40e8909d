//! A counterexample as a course for the simulator.

use std::collections::BTreeMap;

use quiesce_machine::{Event, Label, Node, NodeId, StoreError};
use quiesce_model::{Act, Counterexample, Ending, Leg, Message};
use quiesce_sim::{Course, Decision, Parcel, Turn, WriteEnd};

/// What happens in a counterexample, in the simulator's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    steps: Vec<Taken>,
    /// The steps from here on repeat.
    loop_start: usize,
    /// Whether something is owed at the end, rather than violated there.
    owes: bool,
}

/// One step. A partition has no turn: the messages it stops are lost, each in a turn of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) turn: Option<Turn>,
    pub(super) picks: Vec<Choice>,
}

/// How a process' choice was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) site: String,
    pub(super) label: &'static str,
    of: u64,
    pub(super) pick: u64,
}

impl Path {
    /// The path of a counterexample among nodes of these names.
    #[must_use]
    pub fn of<N: Node>(names: &[String], example: &Counterexample<N>) -> Path {
        let steps = example.steps.iter().map(|step| taken(names, &step.action)).collect();
        let loop_start = example.loop_start().unwrap_or(example.steps.len());
        Path { steps, loop_start, owes: example.ending != Ending::Violation }
    }

    /// The course that takes this path, and its loop, if it ends in one, `loops` times.
    #[must_use]
    pub fn course(&self, loops: usize) -> Course {
        let (prefix, cycle) = self.steps.split_at(self.loop_start);
        let steps = || prefix.iter().chain(std::iter::repeat_n(cycle, loops).flatten());
        let rest = self.owes.then_some(Turn::Rest);
        let turns = steps().filter_map(|step| step.turn.clone()).chain(rest).collect();
        let mut met: BTreeMap<(&str, &str), u32> = BTreeMap::new();
        let decided = steps().flat_map(|step| &step.picks).map(|Choice { site, label, of, pick }| {
            let next = met.entry((site, label)).or_default();
            *next += 1;
            let (site, label) = (site.clone(), (*label).to_owned());
            Decision { site, label, nth: *next - 1, pick: *pick, of: *of, step: 0 }
        });
        Course { decided: decided.collect(), turns: Some(turns), ..Course::default() }
    }
}

/// One step, in the simulator's words.
pub(super) fn taken<N: Node>(names: &[String], act: &Act<N>) -> Taken {
    let picks = match act {
        Act::Handle { node, picks, .. } | Act::StoreFault { node, picks, .. } => {
            let site = format!("{} choice", name(names, *node));
            // A draw with one answer is no decision.
            let open = picks.iter().filter(|pick| pick.of > 1);
            let choice = |pick: &quiesce_model::Pick| Choice {
                site: site.clone(),
                label: pick.purpose,
                of: pick.of.into(),
                pick: pick.answer.into(),
            };
            open.map(choice).collect()
        }
        Act::Refuse(_) | Act::Vanish(_) | Act::Lose(_) | Act::Duplicate(_) => Vec::new(),
        Act::CallNobody { .. } | Act::Crash { .. } | Act::Cut { .. } | Act::Heal => Vec::new(),
    };
    Taken { turn: turn(names, act), picks }
}

fn turn<N: Node>(names: &[String], act: &Act<N>) -> Option<Turn> {
    Some(match act {
        Act::Handle { node, event, .. } => handled(names, *node, event),
        Act::StoreFault { node, told, applied, .. } => Turn::Land {
            node: name(names, *node),
            end: match (told, applied) {
                (StoreError::Failed, _) => WriteEnd::Failed,
                (StoreError::Unknown, true) => WriteEnd::UnknownApplied,
                (StoreError::Unknown, false) => WriteEnd::UnknownLost,
            },
        },
        Act::Refuse(message) => Turn::Arrive(parcel(names, message)),
        Act::Vanish(message) | Act::Lose(message) => Turn::Lose(parcel(names, message)),
        Act::Duplicate(message) => Turn::Duplicate(parcel(names, message)),
        Act::CallNobody { call, .. } => Turn::Call { call: call.0 },
        Act::Crash { node, applied, records_lost } => Turn::Crash {
            node: name(names, *node),
            applied: u32::try_from(*applied).unwrap_or(u32::MAX),
            records_lost: *records_lost,
        },
        Act::Cut { .. } | Act::Heal => return None,
    })
}

fn handled<N: Node>(names: &[String], id: NodeId, event: &Event<N>) -> Turn {
    let node = name(names, id);
    match event {
        Event::Start { .. } => Turn::Start { node },
        Event::Deliver { from, msg } => Turn::Arrive(Parcel {
            from: name(names, *from),
            to: node,
            label: msg.label().to_owned(),
            text: format!("{msg:?}"),
            back: false,
        }),
        Event::Bounce { to, msg } => Turn::Arrive(Parcel {
            from: node,
            to: name(names, *to),
            label: msg.label().to_owned(),
            text: format!("{msg:?}"),
            back: true,
        }),
        Event::Fire { timer } => Turn::Fire { node, label: timer.label().to_owned(), text: format!("{timer:?}") },
        Event::Call { call, .. } => Turn::Call { call: call.0 },
        Event::Stored { .. } => Turn::Land { node, end: WriteEnd::Durable },
    }
}

fn parcel<N: Node>(names: &[String], Message { from, to, msg, leg }: &Message<N>) -> Parcel {
    Parcel {
        from: name(names, *from),
        to: name(names, *to),
        label: msg.label().to_owned(),
        text: format!("{msg:?}"),
        back: *leg == Leg::Back,
    }
}

fn name(names: &[String], node: NodeId) -> String {
    names.get(node.index()).cloned().unwrap_or_else(|| node.to_string())
}
