//! Monitors of toys.

use quiesce_machine::{Monitor, NodeId, Obligation, Observation, Rename, View, Violation};

use crate::toy::{Toy, Word};

/// A property of a world of toys.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Rename)]
pub(crate) enum Watcher {
    /// Nobody ever says this.
    Never(u8),
    /// Nobody says this twice.
    Once { word: u8, said: bool },
    /// Who says the first word is owed, until somebody says the second.
    Answered { ask: u8, answer: u8, open: u8 },
    /// Every node that is up remembers this in the end.
    Remembered(u8),
    /// No process ever dies with its records.
    Kept { started: u8 },
    /// When a process starts it remembers nothing yet, and the first node does not remember this.
    Newborn(u8),
    /// Panics on this word.
    Fragile(u8),
    /// Whenever this word is said, the first node remembers as much.
    True(u8),
}

impl Watcher {
    pub(crate) fn answered(ask: u8, answer: u8) -> Self {
        Watcher::Answered { ask, answer, open: 0 }
    }

    fn fails(&self, evidence: String) -> Result<(), Violation> {
        Err(Violation { property: self.name(), evidence })
    }
}

impl Monitor<Toy> for Watcher {
    fn name(&self) -> &'static str {
        match self {
            Watcher::Never(_) => "never",
            Watcher::Once { .. } => "once",
            Watcher::Answered { .. } => "answered",
            Watcher::Remembered(_) => "remembered",
            Watcher::Kept { .. } => "kept",
            Watcher::Newborn(_) => "newborn",
            Watcher::Fragile(_) => "fragile",
            Watcher::True(_) => "true",
        }
    }

    fn observe(&mut self, seen: &Observation<'_, Toy>, view: &dyn View<Toy>) -> Result<(), Violation> {
        let said = match *seen {
            Observation::Fact { fact: &Word(word), .. } => Some(word),
            Observation::Started { .. } | Observation::Crashed { .. } => None,
        };
        match (&mut *self, seen) {
            (Watcher::Kept { .. }, Observation::Crashed { node, records_lost: true }) => {
                let name = view.name(*node);
                return self.fails(format!("{name} lost its records"));
            }
            (Watcher::Kept { started }, Observation::Started { .. }) => *started = 1,
            (Watcher::Newborn(value), Observation::Started { node, .. }) => {
                let memory = |id| view.node(id).map(|toy| toy.memory);
                if memory(*node) != Some(0) || memory(NodeId(0)) == Some(*value) {
                    return self.fails(format!("{} starts too late", view.name(*node)));
                }
            }
            _ => (),
        }
        match (&mut *self, said) {
            (Watcher::Never(word), Some(w)) if *word == w => self.fails(format!("{w} was said")),
            (Watcher::Once { word, said }, Some(w)) if *word == w => {
                if std::mem::replace(said, true) {
                    self.fails(format!("{w} was said twice"))
                } else {
                    Ok(())
                }
            }
            (Watcher::Answered { ask, answer, open }, Some(w)) => {
                if w == *ask {
                    *open = 1;
                } else if w == *answer {
                    *open = 0;
                }
                Ok(())
            }
            (Watcher::Fragile(word), Some(w)) if *word == w => panic!("cannot bear {w}"),
            (Watcher::True(word), Some(w)) if *word == w => {
                let memory = view.node(NodeId(0)).map(|toy| toy.memory);
                if memory == Some(w) { Ok(()) } else { self.fails(format!("{w} was said of {memory:?}")) }
            }
            _ => Ok(()),
        }
    }

    fn owed(&self, view: &dyn View<Toy>, owes: &mut dyn FnMut(Obligation)) {
        if let Watcher::Answered { ask, open: 1, .. } = self {
            owes(Obligation(u64::from(*ask)));
        }
        if let Watcher::Remembered(value) = self {
            for id in 0..view.node_count() {
                if view.node(NodeId(id)).is_some_and(|toy| toy.memory != *value) {
                    owes(Obligation(u64::from(id)));
                }
            }
        }
    }

    fn armed(&self) -> bool {
        match self {
            Watcher::Answered { open, .. } => *open > 0,
            Watcher::Once { said, .. } => *said,
            Watcher::Kept { started } => *started > 0,
            Watcher::Never(_)
            | Watcher::Remembered(_)
            | Watcher::Newborn(_)
            | Watcher::Fragile(_)
            | Watcher::True(_) => true,
        }
    }

    fn describe(&self, owed: Obligation, view: &dyn View<Toy>) -> String {
        if let Watcher::Remembered(value) = self {
            let id = NodeId(u32::try_from(owed.0).expect("an obligation is a node"));
            return format!("{} does not remember {value}", view.name(id));
        }
        format!("{} is not answered", owed.0)
    }
}
