use std::collections::BTreeSet;

use quiesce_machine::{Observation, Rename, View};

use crate::monitor::Property;
use crate::xaction::{Change, DaemonId, Fact, Node};

/// A daemon that was sent away for good is no member again until an operator asks it to join.
///
/// While it asks to join, being sent away and being taken in cross, and either may be the later one: its request is on its way to
/// some gateway, repeated until it is a member, and being sent away answers no request. Judged again once it has joined.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct SentAwayStaysOut {
    out: BTreeSet<DaemonId>,
    /// Asked to join, and not known to have come in since.
    asking: BTreeSet<DaemonId>,
    judged: bool,
}

impl Property<Node> for SentAwayStaysOut {
    const NAME: &'static str = "sent-away-stays-out";
    const CLAIM: &'static str = "a daemon that was sent away for good is no member again until it is asked to join";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        match *seen {
            Observation::Fact { by, fact: Fact::JoinAsked { .. } } => {
                let daemon = view.config().cluster.daemon(by);
                self.out.remove(&daemon);
                self.asking.insert(daemon);
            }
            Observation::Fact { by, fact: Fact::Joined { .. } } => {
                self.asking.remove(&view.config().cluster.daemon(by));
            }
            Observation::Fact { by, fact: Fact::ChangeMade { change: Change::Decommission(daemon) | Change::Leave(daemon) } }
                if super::map_of(view, by).is_some_and(|map| !map.contains(*daemon)) && !self.asking.contains(daemon) =>
            {
                self.judged = true;
                self.out.insert(*daemon);
            }
            Observation::Fact { by, fact: Fact::MapMade { map } } if map.is_settled() => {
                if let Some(back) = self.out.iter().find(|&&daemon| map.contains(daemon)) {
                    return Err(format!("{} takes {back} in, which was sent away for good: {map}", view.name(by)));
                }
            }
            Observation::Fact { .. } | Observation::Started { .. } | Observation::Crashed { .. } => (),
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        self.judged
    }
}

#[cfg(test)]
mod tests {
    use quiesce_machine::CallId;

    use super::super::testing::*;
    use super::*;

    /// p1 has sent t1 away, then this happens, then p1 takes t1 in.
    fn verdict(between: &[(DaemonId, Fact)]) -> Result<(), String> {
        let mut still = Still::kept();
        let without = still.changed(|draft| draft.send_away(T1));
        still.hand(P1, without);
        let made = Fact::ChangeMade { change: Change::Decommission(T1) };
        let back = Fact::MapMade { map: still.changed(|draft| draft.set(T1, crate::xaction::Flags::NONE)) };
        let mut history = vec![(P1, made)];
        history.extend(between.iter().cloned());
        history.push((P1, back));
        still.tell(&mut SentAwayStaysOut::default(), &history)
    }

    #[test]
    fn a_daemon_that_is_asked_to_join_may_come_back() {
        assert_eq!(verdict(&[(T1, Fact::JoinAsked { call: CallId(1) })]), Ok(()));
    }

    #[test]
    fn a_daemon_that_comes_back_by_itself_is_bad() {
        let evidence = verdict(&[]).unwrap_err();
        assert_eq!(evidence, "p1 takes t1 in, which was sent away for good: v1 p1*(ic) p2(ic) t1 t2");
    }
}
