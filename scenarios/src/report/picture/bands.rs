//! Faults that lasted: from which step to which.

use quiesce_sim::{Entry, EntryKind, Trace};
use serde::Serialize;

/// A fault that lasted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Band {
    /// What it is.
    pub kind: BandKind,
    /// Whom it struck: places in the list of nodes.
    pub nodes: Vec<usize>,
    /// The step at which it began.
    pub from: usize,
    /// The step at which it ended; as many as there are steps if it never did.
    pub to: usize,
    /// What it was, for people.
    pub text: String,
}

/// The faults that last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BandKind {
    /// A process is down.
    Crash,
    /// A process is stopped.
    Pause,
    /// Groups of nodes cannot talk.
    Partition,
    /// One node does not reach another.
    Cut,
    /// A node reaches nobody.
    Isolate,
    /// A link holds its messages.
    Clog,
    /// A process takes long for everything.
    Slow,
    /// A clock is wrong.
    Skew,
    /// A clock runs at another rate.
    Drift,
}

impl BandKind {
    /// By the first word of a fault's text; `None` for a fault that does not last.
    fn of(text: &str) -> Option<BandKind> {
        match text.split(' ').next()? {
            "partition" => Some(BandKind::Partition),
            "cut" => Some(BandKind::Cut),
            "isolate" => Some(BandKind::Isolate),
            "clog" => Some(BandKind::Clog),
            "slow" => Some(BandKind::Slow),
            "skew" => Some(BandKind::Skew),
            "drift" => Some(BandKind::Drift),
            _ => None,
        }
    }

    /// Whether a heal of the network ends it.
    fn is_of_links(self) -> bool {
        matches!(self, BandKind::Partition | BandKind::Cut | BandKind::Isolate | BandKind::Clog)
    }
}

/// Every fault that lasted, in the order in which they began.
pub(super) fn bands(trace: &Trace) -> Vec<Band> {
    let mut bands: Vec<Band> = Vec::new();
    let never = trace.entries.len();
    for (place, entry) in trace.entries.iter().enumerate() {
        bands.iter_mut().filter(|band| band.to == never && ends(band, entry)).for_each(|band| band.to = place);
        if let Some((kind, nodes)) = begins(trace, entry) {
            bands.push(Band { kind, nodes, from: place, to: never, text: entry.text.clone() });
        }
    }
    bands
}

fn begins(trace: &Trace, entry: &Entry) -> Option<(BandKind, Vec<usize>)> {
    let own = || entry.node.map(|node| node.index()).into_iter().collect();
    match entry.kind {
        EntryKind::Crash => Some((BandKind::Crash, own())),
        EntryKind::Pause => Some((BandKind::Pause, own())),
        EntryKind::Fault => {
            let place = |word: &str| trace.nodes.iter().position(|name| name == word);
            BandKind::of(&entry.text).map(|kind| (kind, entry.text.split(' ').skip(1).filter_map(place).collect()))
        }
        EntryKind::Start | EntryKind::Deliver | EntryKind::Bounce | EntryKind::Fire | EntryKind::Call => None,
        EntryKind::Stored | EntryKind::Reply | EntryKind::Lost | EntryKind::Unheard => None,
        EntryKind::Resume | EntryKind::Heal | EntryKind::Finding => None,
    }
}

fn ends(band: &Band, entry: &Entry) -> bool {
    let here = entry.node.is_some_and(|node| band.nodes.contains(&node.index()));
    match (band.kind, entry.kind) {
        (BandKind::Crash, EntryKind::Start) => here,
        (BandKind::Pause, EntryKind::Resume | EntryKind::Crash) => here,
        (BandKind::Crash | BandKind::Pause, _) => false,
        (kind, EntryKind::Heal) => match entry.text.as_str() {
            "" => kind.is_of_links(),
            "the phase under fire ends" => true,
            text => text == format!("{} ends", band.text) || text.replacen("release", "clog", 1) == band.text,
        },
        (_, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{entry, trace};
    use super::*;

    fn noted(kind: EntryKind, text: &str) -> Entry {
        Entry { text: text.to_owned(), ..entry(kind, None, None, None) }
    }

    #[test]
    fn a_band_lasts_until_what_ends_it() {
        let trace = trace(vec![
            noted(EntryKind::Fault, "partition a | b c"),
            entry(EntryKind::Crash, None, None, Some(1)),
            noted(EntryKind::Fault, "clog a -> c"),
            noted(EntryKind::Fault, "lose ping * -> b"),
            noted(EntryKind::Fault, "slow c 5ms an event"),
            noted(EntryKind::Heal, "release a -> c"),
            noted(EntryKind::Heal, ""),
            entry(EntryKind::Start, Some(1), None, Some(1)),
            noted(EntryKind::Heal, "slow c 5ms an event ends"),
            entry(EntryKind::Pause, None, None, Some(0)),
        ]);
        let told: Vec<_> = bands(&trace).into_iter().map(|band| (band.kind, band.nodes, band.from, band.to)).collect();
        assert_eq!(
            told,
            [
                (BandKind::Partition, vec![0, 1, 2], 0, 6),
                (BandKind::Crash, vec![1], 1, 7),
                (BandKind::Clog, vec![0, 2], 2, 5),
                (BandKind::Slow, vec![2], 4, 8),
                (BandKind::Pause, vec![0], 9, 10),
            ]
        );
    }

    #[test]
    fn the_end_of_the_phase_under_fire_ends_every_fault_of_links_and_machines() {
        let trace = trace(vec![
            noted(EntryKind::Fault, "isolate a"),
            noted(EntryKind::Fault, "drift b at 11/10"),
            noted(EntryKind::Heal, "the phase under fire ends"),
        ]);
        assert!(bands(&trace).iter().all(|band| band.to == 2));
    }
}
