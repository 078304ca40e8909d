//! A run without a clock: things happen one after the other as a list says, and nothing else does.
//!
//! So a search through all orders of events hands over what it found. Time stands still; links are whole, since the list
//! says which messages are lost. A turn that cannot be taken is noted and left out.

use std::fmt::Debug;

use quiesce_machine::{Event, Label, Monitor, Node, NodeId};

use crate::disk::Landing;
use crate::queue::Due;
use crate::world::{Item, World};
use crate::{Action, Parcel, Records, Turn, WriteEnd};

impl<N: Node, M: Monitor<N>> World<'_, N, M> {
    /// Takes the turns in order, until the run is over.
    pub(crate) fn take_turns(&mut self, turns: &[Turn]) {
        self.look();
        let mut pool = Vec::new();
        for (place, turn) in turns.iter().enumerate() {
            if self.is_over() {
                return;
            }
            if self.turn(turn, &mut pool).is_none() {
                self.missed.push(place);
            }
            self.gather(&mut pool);
        }
    }

    /// Moves what was sent and issued out of the clock's reach, in order. Timers wait at their nodes.
    fn gather(&mut self, pool: &mut Vec<Item<N>>) {
        while let Some(due) = self.queue.pop_until(quiesce_machine::Time::MAX) {
            if !matches!(due.item, Item::Timer { .. }) {
                pool.push(due.item);
            }
        }
    }

    fn turn(&mut self, turn: &Turn, pool: &mut Vec<Item<N>>) -> Option<()> {
        match turn {
            Turn::Start { node } => {
                let node = self.named(node).filter(|&node| !self.is_up(node))?;
                self.start(node);
            }
            Turn::Call { call } => {
                let called = |action: &Action<N>| matches!(action, Action::Call { call: id, .. } if id.0 == *call);
                let step = self.plan.steps.iter().find(|step| called(&step.action))?;
                if let Action::Call { node, request, call } = &step.action {
                    self.call(*node, *call, request.clone());
                }
            }
            Turn::Arrive(parcel) => {
                let item = pool.remove(self.find(parcel, pool)?);
                self.take(Due { at: self.now, sequence: 0, item });
            }
            Turn::Lose(parcel) => {
                let item = pool.remove(self.find(parcel, pool)?);
                self.vanishes(item);
            }
            Turn::Duplicate(parcel) => {
                let place = self.find(parcel, pool)?;
                if let Item::Message { from, to, cause, msg } = &pool[place] {
                    let copy = Item::Message { from: *from, to: *to, cause: *cause, msg: msg.clone() };
                    pool.insert(place, copy);
                }
            }
            Turn::Fire { node, label, text } => self.fire(node, label, text)?,
            Turn::Land { node, end } => {
                let node = self.named(node)?;
                let place = pool.iter().position(|item| matches!(item, Item::Write { node: of, .. } if *of == node))?;
                let item = pool.remove(place);
                self.processes[node.index()].store().decide_oldest(landing(*end));
                self.take(Due { at: self.now, sequence: 0, item });
            }
            Turn::Crash { node, applied, records_lost } => {
                let node = self.named(node).filter(|&node| self.is_up(node))?;
                let records = if *records_lost { Records::Lost } else { Records::Kept };
                self.die(None, node, records, Some(*applied as usize));
                pool.retain(|item| !matches!(item, Item::Write { node: of, .. } if *of == node));
            }
            Turn::Rest => self.demand_rest(),
        }
        Some(())
    }

    fn fire(&mut self, node: &str, label: &str, text: &str) -> Option<()> {
        let node = self.named(node)?;
        let timers = &self.processes[node.index()].timers;
        let fitting: Vec<&N::Timer> = timers.armed().filter(|timer| timer.label() == label).collect();
        let timer = fitting[nearest(&fitting, text)?].clone();
        let (timer, cause) = self.processes[node.index()].timers.take(&timer)?;
        self.happen(node, cause, Event::Fire { timer });
        Some(())
    }

    fn named(&self, name: &str) -> Option<NodeId> {
        (0..).map(NodeId).zip(&self.plan.nodes).find(|(_, node)| *node == name).map(|(id, _)| id)
    }

    /// The place of a message among what is on its way.
    fn find<'i>(&self, parcel: &Parcel, pool: &'i [Item<N>]) -> Option<usize> {
        let (from, to) = (self.named(&parcel.from)?, self.named(&parcel.to)?);
        let fits = |item: &'i Item<N>| match item {
            Item::Message { from: sender, to: receiver, msg, .. } if !parcel.back => {
                ((*sender, *receiver, msg.label()) == (from, to, &parcel.label)).then_some(msg)
            }
            Item::Refusal { node: sender, to: receiver, msg, .. } if parcel.back => {
                ((*sender, *receiver, msg.label()) == (from, to, &parcel.label)).then_some(msg)
            }
            Item::Message { .. } | Item::Refusal { .. } | Item::Step | Item::StepEnds { .. } | Item::Heal => None,
            Item::Timer { .. } | Item::Write { .. } | Item::Work { .. } | Item::Rise { .. } => None,
        };
        let fitting = pool.iter().enumerate().filter_map(|(place, item)| fits(item).map(|msg| (place, msg)));
        let (places, messages): (Vec<usize>, Vec<&N::Msg>) = fitting.unzip();
        nearest(&messages, &parcel.text).map(|found| places[found])
    }

    fn vanishes(&mut self, item: Item<N>) {
        match item {
            Item::Message { from, to, cause, msg } | Item::Refusal { node: from, to, cause, msg } => {
                self.note_lost(from, to, cause, &msg, "lost in turn");
            }
            Item::Step | Item::StepEnds { .. } | Item::Heal | Item::Timer { .. } | Item::Write { .. } => (),
            Item::Work { .. } | Item::Rise { .. } => (),
        }
    }
}

fn landing(end: WriteEnd) -> Landing {
    match end {
        WriteEnd::Durable => Landing::DURABLE,
        WriteEnd::Failed => Landing::FAILED,
        WriteEnd::UnknownApplied => Landing::unknown(true),
        WriteEnd::UnknownLost => Landing::unknown(false),
    }
}

/// The place of the first that prints so, else of the first.
fn nearest<T: Debug>(fitting: &[T], text: &str) -> Option<usize> {
    let exact = fitting.iter().position(|candidate| format!("{candidate:?}") == text);
    exact.or_else(|| (!fitting.is_empty()).then_some(0))
}
