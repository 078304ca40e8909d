//! The way that a saved counterexample took, as a guide for the checker.

use std::collections::BTreeMap;

use quiesce_machine::Node;
use quiesce_model::{Act, Guide, Onward};
use quiesce_sim::{Course, Turn};

use super::path::{Taken, taken};

/// Follows the turns of a course.
#[derive(Clone, Debug)]
pub(super) struct Follower<'a> {
    names: Vec<String>,
    turns: &'a [Turn],
    decided: BTreeMap<(&'a str, &'a str), BTreeMap<u32, u64>>,
    met: BTreeMap<(String, &'static str), u32>,
}

impl<'a> Follower<'a> {
    /// The first `steps` turns of a course among nodes of these names; a course without turns has none.
    pub(super) fn new(names: &[String], course: &'a Course, steps: usize) -> Self {
        let turns = course.turns.as_deref().unwrap_or_default();
        let end = turns.iter().position(|turn| *turn == Turn::Rest).unwrap_or(turns.len());
        let mut decided: BTreeMap<_, BTreeMap<u32, u64>> = BTreeMap::new();
        for decision in &course.decided {
            let name = (decision.site.as_str(), decision.label.as_str());
            decided.entry(name).or_default().insert(decision.nth, decision.pick);
        }
        Follower { names: names.to_vec(), turns: &turns[..steps.min(end)], decided, met: BTreeMap::new() }
    }

    /// The next turn; none at the end of the way.
    pub(super) fn turn(&self) -> Option<&'a Turn> {
        self.turns.first()
    }

    /// A step as a turn.
    pub(super) fn turn_of<N: Node>(&self, act: &Act<N>) -> Option<Turn> {
        taken(&self.names, act).turn
    }

    /// Takes a step for the next turn, though they differ in what became of writes; false if its choices were others.
    pub(super) fn skip<N: Node>(&mut self, act: &Act<N>) -> bool {
        let turn = self.turn_of(act);
        self.takes_as(act, turn.as_ref())
    }

    /// Takes one step, if this is it.
    fn takes<N: Node>(&mut self, act: &Act<N>) -> bool {
        let turn = self.turn();
        self.takes_as(act, turn)
    }

    fn takes_as<N: Node>(&mut self, act: &Act<N>, turn: Option<&Turn>) -> bool {
        let Some((_, rest)) = self.turns.split_first() else { return false };
        let Taken { turn: this, picks } = taken(&self.names, act);
        let mut met = self.met.clone();
        let agreed = picks.iter().all(|choice| {
            let next = met.entry((choice.site.clone(), choice.label)).or_default();
            *next += 1;
            let decided = self.decided.get(&(choice.site.as_str(), choice.label));
            decided.and_then(|decided| decided.get(&(*next - 1))) == Some(&choice.pick)
        });
        let fits = agreed && this.as_ref() == turn;
        if fits {
            (self.turns, self.met) = (rest, met);
        }
        fits
    }
}

impl<N: Node> Guide<N> for Follower<'_> {
    fn begin(&mut self, ways: &[Vec<Act<N>>]) -> Option<usize> {
        for (place, way) in ways.iter().enumerate() {
            let mut follower = self.clone();
            if way.iter().all(|act| follower.turns.is_empty() || follower.takes(act)) {
                *self = follower;
                return Some(place);
            }
        }
        None
    }

    fn next(&mut self, acts: &[Act<N>]) -> Onward {
        if self.turns.is_empty() {
            return Onward::Here;
        }
        acts.iter().position(|act| self.takes(act)).map_or(Onward::Nowhere, Onward::Take)
    }
}
