//! Branches of a run: at one boundary between two effects something goes wrong, and the run goes on from there.
//!
//! A run is surveyed for its boundaries first; each branch then repeats it from the start, alike up to the boundary.
//! What goes wrong is no step of the plan, so that the past of the branch is the past of the run.

use std::fmt;
use std::time::Duration;

use quiesce_machine::{Effect, Label, Node, NodeId, Time};
use serde::{Deserialize, Serialize};

use crate::Strike;

/// What goes wrong at a boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Blow {
    /// The process dies: the effects behind the boundary never happen. Its store survives.
    Crash,
    /// The message behind the boundary is lost, and everything else happens.
    LoseMessage,
    /// The write behind the boundary fails, and everything else happens.
    FailWrite,
}

impl fmt::Display for Blow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Blow::Crash => "crash",
            Blow::LoseMessage => "lose-message",
            Blow::FailWrite => "fail-write",
        })
    }
}

/// A way to leave a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Branch {
    /// The number of the event whose effects are divided.
    pub event: u32,
    /// How many of them happen before.
    pub effect: u32,
    /// How many there are.
    pub of: u32,
    /// What goes wrong then.
    pub blow: Blow,
    /// Whose effects they are.
    pub node: NodeId,
    /// When.
    pub at: Time,
    /// What is behind the boundary, for people: `send notify-finished`; empty behind the last effect.
    pub next: String,
}

impl Branch {
    /// What goes wrong there; a process that dies is down for so long.
    #[must_use]
    pub fn strike(&self, down: Duration) -> Strike {
        let down_ns = u64::try_from(down.as_nanos()).unwrap_or(u64::MAX);
        Strike { event: self.event, effect: self.effect, blow: self.blow, down_ns }
    }
}

/// What a world does at boundaries.
#[derive(Debug)]
pub(crate) enum Probe {
    /// Takes note of each.
    Survey(Vec<Branch>),
    /// Strikes at one.
    Strike(Strike),
}

/// Adds every branch at the effects of one event. An event without effects has no boundary of its own: a crash there is
/// a crash between events, which ends behind the last effect of the one before.
pub(crate) fn survey<N: Node>(found: &mut Vec<Branch>, event: u32, node: NodeId, at: Time, effects: &[Effect<N>]) {
    let of = u32::try_from(effects.len()).unwrap_or(u32::MAX);
    let mut add = |effect: u32, blow, next| found.push(Branch { event, effect, of, blow, node, at, next });
    for (place, effect) in (0..).zip(effects) {
        let next = describe(effect);
        add(place, Blow::Crash, next.clone());
        match effect {
            Effect::Send { .. } => add(place, Blow::LoseMessage, next),
            Effect::Store { .. } => add(place, Blow::FailWrite, next),
            Effect::Arm { .. } | Effect::Disarm { .. } | Effect::Reply { .. } => (),
        }
    }
    if of > 0 {
        add(of, Blow::Crash, String::new());
    }
}

fn describe<N: Node>(effect: &Effect<N>) -> String {
    match effect {
        Effect::Send { to, msg } => format!("send {} to {to}", msg.label()),
        Effect::Arm { timer, .. } => format!("arm {}", timer.label()),
        Effect::Disarm { timer } => format!("disarm {}", timer.label()),
        Effect::Store { .. } => "store".to_owned(),
        Effect::Reply { reply, .. } => format!("reply {}", reply.label()),
    }
}
