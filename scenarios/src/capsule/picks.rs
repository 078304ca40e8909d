//! Decisions as a capsule writes them: by site and label, the picks in order.

use std::collections::BTreeMap;

use quiesce_sim::Decision;
use serde::{Deserialize, Serialize};

/// Picks by site and label; the place in the list is how many of that name came before. One left open is drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Picks(BTreeMap<String, BTreeMap<String, Vec<Option<u64>>>>);

impl Picks {
    /// These decisions.
    #[must_use]
    pub fn of(decisions: &[Decision]) -> Picks {
        let mut sites: BTreeMap<String, BTreeMap<String, BTreeMap<u32, u64>>> = BTreeMap::new();
        for Decision { site, label, nth, pick, .. } in decisions {
            sites.entry(site.clone()).or_default().entry(label.clone()).or_default().insert(*nth, *pick);
        }
        let dense = |picks: BTreeMap<u32, u64>| {
            let last = picks.last_key_value().map_or(0, |(&nth, _)| nth + 1);
            (0..last).map(|nth| picks.get(&nth).copied()).collect()
        };
        let labels = |labels: BTreeMap<String, BTreeMap<u32, u64>>| {
            labels.into_iter().map(|(label, picks)| (label, dense(picks))).collect()
        };
        Picks(sites.into_iter().map(|(site, of)| (site, labels(of))).collect())
    }

    /// The decisions, as a course takes them.
    #[must_use]
    pub fn decisions(&self) -> Vec<Decision> {
        let mut decisions = Vec::new();
        for (site, labels) in &self.0 {
            for (label, picks) in labels {
                for (nth, pick) in (0..).zip(picks) {
                    let (site, label) = (site.clone(), label.clone());
                    decisions.extend(pick.map(|pick| Decision { site, label, nth, pick, of: 0, step: 0 }));
                }
            }
        }
        decisions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_are_kept_by_name_and_one_left_out_stays_open() {
        let decision = |site: &str, nth, pick| Decision {
            site: site.to_owned(),
            label: "ping to b".to_owned(),
            nth,
            pick,
            of: 0,
            step: 0,
        };
        let all = [decision("a network/latency", 0, 7), decision("a network/latency", 2, 9), decision("b timer", 0, 1)];
        let picks = Picks::of(&all);
        let json = serde_json::to_string(&picks).unwrap();
        assert_eq!(json, r#"{"a network/latency":{"ping to b":[7,null,9]},"b timer":{"ping to b":[1]}}"#);
        assert_eq!(serde_json::from_str::<Picks>(&json).unwrap().decisions(), all);
    }
}
