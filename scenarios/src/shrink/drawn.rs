//! What chance did, written down as timeline entries: a swarm's bouts, messages lost at random, a blow between effects.

use std::collections::BTreeMap;
use std::time::Duration;

use quiesce_machine::Time;
use quiesce_sim::{Blow, Course, Decision, EntryKind, Trace};
use toml_edit::{InlineTable, Value};

use super::draft::{Draft, text};
use super::judge::Shrinker;
use crate::capsule::Capsule;
use crate::run::{Prepared, Replayed};
use crate::text::{parse_duration, show_duration};

impl Shrinker {
    /// Writes down what the seed drew, as far as the failure lets it.
    pub(super) fn write_down(&mut self) {
        if self.best.get("swarm").is_some() {
            let drawn = self.prepared().drawn(&Course::seed(self.seed));
            self.attempt(|draft| {
                draft.remove("swarm");
                draft.timeline.extend(drawn.entries);
                for (table, keys) in [("network", drawn.network), ("store", drawn.store)] {
                    keys.into_iter().for_each(|(key, value)| _ = draft.table(table).insert(key, text(&value)));
                }
            });
        }
        let chances = [
            ("network", "loss", ""),
            ("network", "duplicate", ""),
            ("network", "reorder", "reorder_by"),
            ("store", "fail", ""),
            ("store", "unknown", ""),
            ("store", "late", "late_by"),
        ];
        for (table, key, by) in chances {
            self.write_down_chance(table, key, by);
        }
    }

    /// Writes down where one random fault struck; or does without it.
    fn write_down_chance(&mut self, table: &str, key: &str, by: &str) {
        if self.best.get_in(table, key).is_none() {
            return;
        }
        let without = |draft: &mut Draft| {
            draft.remove_in(table, key);
            draft.remove_in(table, by);
        };
        if self.attempt(without) {
            return;
        }
        let Replayed { trace, decisions, .. } = self.prepared().replay(&Course::seed(self.seed));
        let hits = hits(table, key, &trace, &decisions);
        self.attempt(|draft| {
            without(draft);
            draft.put_first(hits);
        });
    }

    /// Says with timeline entries what struck between two effects; nothing if no entries bring the failure about.
    pub(super) fn strike(&mut self, capsule: &Capsule, prepared: &dyn Prepared, struck: &Replayed) -> Option<()> {
        let strike = capsule.strike?;
        let event = struck.trace.entries.iter().find(|entry| entry.event == Some(strike.event))?;
        let name = |id: quiesce_machine::NodeId| struck.trace.nodes[id.index()].as_str();
        let (at, node) = (event.at, name(event.node?));
        let lost = |entry: &quiesce_sim::Entry| {
            let peer = entry.peer?;
            Some(entry_of(at, "lose", entry.label, &[("from", text(node)), ("to", text(name(peer)))]))
        };
        let crash = |later: u64| {
            entry_of(at.after_nanos(later), "crash", node, &[("for", span(Duration::from_nanos(strike.down_ns)))])
        };
        let ways: Vec<Vec<InlineTable>> = match strike.blow {
            Blow::FailWrite => vec![vec![entry_of(at, "store_fail", node, &[])]],
            Blow::LoseMessage => {
                let entries = struck.trace.entries.iter();
                let gone = entries.filter(|entry| entry.kind == EntryKind::Lost && entry.cause == Some(strike.event));
                vec![gone.filter_map(lost).collect()]
            }
            Blow::Crash => {
                let whole = prepared.replay(&Course { strike: None, ..capsule.course() });
                let unsent = unsent(&whole.trace, &struck.trace, strike.event);
                let unsent = unsent
                    .iter()
                    .map(|(label, to)| entry_of(at, "lose", label, &[("from", text(node)), ("to", text(to))]));
                vec![vec![crash(0)], vec![crash(1)], unsent.chain([crash(1)]).collect()]
            }
        };
        // Nothing strikes behind the phase under fire, which then has to be longer.
        let until = span(Duration::from_secs(at.since_start().as_secs() + 1));
        let put = |draft: &mut Draft, entries: &[InlineTable]| draft.put_first(entries.to_vec());
        let later = |draft: &mut Draft, entries: &[InlineTable]| {
            put(draft, entries);
            draft.set("until", until.clone());
        };
        let takes = |shrinker: &mut Self, entries: &[InlineTable]| {
            shrinker.attempt(|draft| put(draft, entries)) || shrinker.attempt(|draft| later(draft, entries))
        };
        ways.iter().find_map(|entries| takes(self, entries).then_some(()))
    }
}

impl Draft {
    /// Adds entries before those that are there: of one instant, they happen first.
    fn put_first(&mut self, entries: Vec<InlineTable>) {
        self.timeline.splice(0..0, entries);
    }
}

/// What one event sent in a run and not in its branch, by label and receiver.
fn unsent(whole: &Trace, struck: &Trace, event: u32) -> Vec<(String, String)> {
    let sent = |trace: &Trace| -> Vec<(String, String)> {
        let caused =
            trace.entries.iter().filter(|entry| entry.cause == Some(event) && entry.kind == EntryKind::Deliver);
        let told = caused.filter_map(|entry| {
            let to = entry.node.filter(|&to| Some(to) != entry.peer)?;
            Some((entry.label.to_owned(), trace.nodes[to.index()].clone()))
        });
        told.collect()
    };
    let mut left = sent(whole);
    for message in sent(struck) {
        if let Some(at) = left.iter().position(|other| *other == message) {
            left.remove(at);
        }
    }
    left
}

/// Where a random fault struck, as timeline entries.
fn hits(table: &str, key: &str, trace: &Trace, decisions: &[Decision]) -> Vec<InlineTable> {
    let purpose = format!("{table}/{key}");
    let mut extents: BTreeMap<(String, String), Vec<u64>> = BTreeMap::new();
    let extent = match purpose.as_str() {
        "network/reorder" => "network/held-back",
        "store/late" => "store/late-by",
        "store/unknown" => "store/applied",
        _ => "",
    };
    for decision in decisions.iter().rev() {
        if let Some((node, of)) = decision.site.split_once(' ')
            && of == extent
        {
            extents.entry((node.to_owned(), decision.label.clone())).or_default().push(decision.pick);
        }
    }
    let mut entries = Vec::new();
    for Decision { site, label, pick, step, .. } in decisions {
        let Some((node, _)) = site.split_once(' ').filter(|(_, of)| *of == purpose && *pick == 1) else { continue };
        let event = trace.entries.iter().find(|entry| entry.event == Some(*step));
        let at = event.map_or(Time::ZERO, |entry| entry.at);
        let next = extents.get_mut(&(node.to_owned(), label.clone())).and_then(Vec::pop).unwrap_or(0);
        let by = ("by", span(Duration::from_nanos(next)));
        entries.push(if table == "store" {
            match key {
                "fail" => entry_of(at, "store_fail", node, &[]),
                "unknown" => entry_of(at, "store_unknown", node, &[("applied", Value::from(next == 1))]),
                _ => entry_of(at, "store_late", node, &[by]),
            }
        } else {
            let (message, to) = label.split_once(" to ").unwrap_or((label, ""));
            let link = [("from", text(node)), ("to", text(to))];
            match key {
                "loss" => entry_of(at, "lose", message, &link),
                "duplicate" => entry_of(at, "duplicate", message, &link),
                _ => entry_of(at, "delay", message, &[link.as_slice(), &[by]].concat()),
            }
        });
    }
    entries
}

fn entry_of(at: Time, verb: &str, value: &str, keys: &[(&str, Value)]) -> InlineTable {
    let head = [("at", span(at.since_start())), (verb, text(value))];
    head.into_iter().chain(keys.iter().cloned()).collect()
}

fn span(span: Duration) -> Value {
    text(&show_duration(span))
}

/// When an entry happens.
pub(super) fn at(entry: &InlineTable) -> Duration {
    entry.get("at").and_then(Value::as_str).and_then(|at| parse_duration(at).ok()).unwrap_or_default()
}
