//! Running a node's code on one event, once for each way its choices can be answered.

use quiesce_machine::{Choices, Cx, Event, Node, Outbox, Time};

use super::panics;
use super::place::Place;
use crate::report::Pick;

/// The most ways to answer one event's choices. A node that asks for more has no small world.
const WAYS_MAX: usize = 1 << 16;

/// One way an event went.
#[derive(Debug)]
pub(super) struct Reaction<N: Node> {
    /// The node's memory, and what it did and said; or the words of its panic.
    pub(super) result: Result<(N, Outbox<N>), String>,
    /// The answers to its choices.
    pub(super) picks: Vec<Pick>,
}

/// Every way `place` can take `event`, in the order of the answers. A node that is down boots first.
pub(super) fn react<N: Node>(place: &Place<N>, event: &Event<N>, config: &N::Config) -> Vec<Reaction<N>> {
    let mut reactions = Vec::new();
    let mut script = Script::default();
    loop {
        let result = panics::caught(|| handle(place, event, config, &mut script));
        reactions.push(Reaction { result, picks: script.picks.clone() });
        if !script.advance() {
            return reactions;
        }
        if reactions.len() == WAYS_MAX {
            let result = Err(format!("asked for more than {WAYS_MAX} combinations of answers in one event"));
            reactions.push(Reaction { result, picks: Vec::new() });
            return reactions;
        }
    }
}

/// How `place` takes `event` with these answers.
pub(super) fn repeat<N: Node>(
    place: &Place<N>,
    event: &Event<N>,
    config: &N::Config,
    picks: &[Pick],
) -> Result<(N, Outbox<N>), String> {
    let mut script = Script { picks: picks.to_vec(), at: 0 };
    panics::caught(|| handle(place, event, config, &mut script))
}

fn handle<N: Node>(place: &Place<N>, event: &Event<N>, config: &N::Config, script: &mut Script) -> (N, Outbox<N>) {
    let mut process = place.process.clone().unwrap_or_else(|| N::boot(place.id, config));
    let mut out = Outbox::new();
    process.handle(event.clone(), &mut Cx::new(place.id, Time::ZERO, config, script, &mut out));
    (process, out)
}

/// Answers choices as written, and goes on with first answers; counts through all scripts like an odometer.
#[derive(Debug, Default)]
struct Script {
    picks: Vec<Pick>,
    at: usize,
}

impl Choices for Script {
    fn choose(&mut self, purpose: &'static str, n: u32) -> u32 {
        if self.at == self.picks.len() {
            self.picks.push(Pick { purpose, of: n, answer: 0 });
        }
        let pick = self.picks[self.at];
        assert!(
            pick.purpose == purpose && pick.of == n,
            "asked for {purpose} of {n} where the same event and answers asked for {} of {} before: not a pure function",
            pick.purpose,
            pick.of
        );
        self.at += 1;
        pick.answer
    }
}

impl Script {
    /// Goes to the next script; false after the last.
    fn advance(&mut self) -> bool {
        self.at = 0;
        while let Some(last) = self.picks.last_mut() {
            if last.answer + 1 < last.of {
                last.answer += 1;
                return true;
            }
            self.picks.pop();
        }
        false
    }
}
