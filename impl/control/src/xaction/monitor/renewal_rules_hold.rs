use quiesce_machine::{Observation, Rename, View};

use super::registry_of;
use crate::monitor::Property;
use crate::xaction::registry::{Arg, Entry};
use crate::xaction::{Fact, Kind, Node};

/// No target runs two jobs of one kind that the kind's own rule forbids (P15 of the reference, H-9, H-27).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct RenewalRulesHold {
    seen: bool,
}

impl Property<Node> for RenewalRulesHold {
    const NAME: &'static str = "renewal-rules-hold";
    const CLAIM: &'static str = "no target runs two jobs of one kind that the kind's own rule forbids";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        let &Observation::Fact { by, fact: &Fact::XactRegistered { job, .. } } = seen else { return Ok(()) };
        let Some(registry) = registry_of(view, by) else { return Ok(()) };
        self.seen = true;
        let Some(new) = registry.entry(job) else { return Ok(()) };
        let others = registry.entries().filter(|entry| entry.id != job && !entry.is_finished());
        match others.into_iter().find(|&other| forbidden(new, other)) {
            Some(other) => Err(format!("{} runs {job} and {}, both {}", view.name(by), other.id, new.kind)),
            None => Ok(()),
        }
    }

    fn armed(&self) -> bool {
        self.seen
    }
}

fn forbidden(new: &Entry, other: &Entry) -> bool {
    let same_bucket = new.from == other.from;
    let same_destination = new.to == other.to;
    let alone = [Kind::Lru, Kind::CleanupStore, Kind::Resilver, Kind::Rebalance, Kind::Election];
    let alone_on_a_bucket =
        [Kind::Rechunk, Kind::MakeNCopies, Kind::EcEncode, Kind::CreateInventory, Kind::LoadLomCache];
    let alone_at_a_destination = [Kind::CopyBck, Kind::EtlBck, Kind::MoveBck];
    let disjoint = new.arg != other.arg && new.arg != Arg::None && other.arg != Arg::None;
    // One that has been told to stop still counts where one replaces the other.
    let counts = other.is_running() || new.kind == Kind::Resilver;
    new.kind == other.kind
        && counts
        && (alone.contains(&new.kind)
            || (alone_on_a_bucket.contains(&new.kind) && same_bucket)
            || (alone_at_a_destination.contains(&new.kind) && same_destination)
            || (new.kind == Kind::BlobDownload && same_bucket && new.arg == other.arg)
            || (new.kind == Kind::IndexShard && same_bucket && !disjoint))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::xaction::{Policies, XactId};

    /// Two downloads of one object beside one of another, as these policies let them in; the last registration is told.
    fn verdict(policies: Policies) -> Result<(), String> {
        let mut still = Still::hosting();
        still.config.policies = policies;
        let objects = [(1, 1), (2, 2), (3, 2)];
        let mut registered: Vec<(XactId, Fact)> = Vec::new();
        for (number, object) in objects {
            let fact = still.register_named(T1, job(number), Kind::BlobDownload, object);
            registered.push((job(number), fact));
        }
        let facts: Vec<_> = registered.into_iter().map(|(_, fact)| (T1, fact)).collect();
        still.tell(&mut RenewalRulesHold::default(), &facts[2..])
    }

    #[test]
    fn downloads_of_different_objects_are_good() {
        assert_eq!(verdict(Policies::hardened()), Ok(()), "the third was refused");
    }

    #[test]
    fn two_downloads_of_one_object_are_bad() {
        let evidence = verdict(Policies::reference()).unwrap_err();
        assert_eq!(evidence, "t1 runs x-c1.1.3 and x-c1.1.2, both blob-download");
    }
}
