//! Two properties: one that must never break, one that must always be paid.

use std::collections::{BTreeMap, BTreeSet};

use quiesce_machine::{Monitor, NodeId, Obligation, Observation, View, Violation};

use super::service::Process;
use super::words::Fact;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Property {
    /// No two clients write under one number.
    OneWriterANumber(BTreeMap<u8, NodeId>),
    /// Every write that a user asks for ends.
    WritesEnd { asked: bool, open: BTreeSet<NodeId> },
}

impl Property {
    pub(crate) fn all() -> Vec<Property> {
        vec![Property::OneWriterANumber(BTreeMap::new()), Property::WritesEnd { asked: false, open: BTreeSet::new() }]
    }
}

impl Monitor<Process> for Property {
    fn name(&self) -> &'static str {
        match self {
            Property::OneWriterANumber(_) => "one-writer-a-number",
            Property::WritesEnd { .. } => "writes-end",
        }
    }

    fn observe(&mut self, seen: &Observation<'_, Process>, view: &dyn View<Process>) -> Result<(), Violation> {
        let Observation::Fact { by: node, fact } = *seen else { return Ok(()) };
        match (self, fact) {
            (Property::OneWriterANumber(writers), &Fact::Written { by, number }) => {
                let first = *writers.entry(number).or_insert(by);
                if first != by {
                    let (first, by) = (view.name(first), view.name(by));
                    let evidence = format!("{first} and {by} both wrote under number {number}");
                    return Err(Violation { property: "one-writer-a-number", evidence });
                }
            }
            (Property::WritesEnd { asked, open }, Fact::Asked) => {
                *asked = true;
                open.insert(node);
            }
            (Property::WritesEnd { open, .. }, Fact::Answered) => _ = open.remove(&node),
            _ => (),
        }
        Ok(())
    }

    fn owed(&self, _: &dyn View<Process>, owes: &mut dyn FnMut(Obligation)) {
        if let Property::WritesEnd { open, .. } = self {
            open.iter().for_each(|node| owes(Obligation(u64::from(node.0))));
        }
    }

    fn armed(&self) -> bool {
        match self {
            Property::OneWriterANumber(writers) => !writers.is_empty(),
            Property::WritesEnd { asked, .. } => *asked,
        }
    }

    fn describe(&self, owed: Obligation, view: &dyn View<Process>) -> String {
        let node = NodeId(u32::try_from(owed.0).unwrap_or(u32::MAX));
        format!("a write of {} never ended", view.name(node))
    }
}
