use std::collections::{BTreeMap, BTreeSet};

use quiesce_machine::{NodeId, Observation, Rename, View};

use crate::monitor::Property;
use super::{latest_map, tables};
use crate::xaction::{Cluster, DaemonId, Fact, Node, Smap, Snap, Sources, Version, XactError, XactId};

/// A member takes a job for aborted only if something cut it short.
///
/// Causes: a target aborted its part unasked; one of its targets died before its part had ended, or lost its records; one was
/// left out of the map before more than half of the members knew that its part had ended, or before the job began, or was
/// taken out of service before its part began; a gateway died, or was left out of the map, before the job had begun
/// everywhere; a target refused to start its part, or its gateway gave up on the start.
///
/// A gateway that is left out: as it learns of that itself, for then, and only then, it drops what it was starting, and what has not
/// begun by then never will. That others know of it is no cause, nor that it is left out when all has begun.
///
/// More than half, for what fewer know goes with them when they leave together with the target, or is not heard of by those
/// who agree on the map while they cannot be reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct NoAbortWithoutCause {
    jobs: BTreeMap<XactId, Job>,
    judged: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
struct Job {
    /// Whom each gateway that took it would start it on. They settle on one of these.
    sources: BTreeMap<NodeId, Sources>,
    /// Whom the map orders it of, if it is a rebalance, in which targets on their way out take part.
    ordered: Option<Sources>,
    begun: BTreeSet<NodeId>,
    ended: BTreeSet<NodeId>,
    caused: bool,
}

impl Property<Node> for NoAbortWithoutCause {
    const NAME: &'static str = "no-abort-without-cause";
    const CLAIM: &'static str = "a member takes a job for aborted only if something cut it short";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        match *seen {
            Observation::Fact { by, fact } => self.fact(by, fact, view),
            Observation::Crashed { node, records_lost } => {
                self.crashed(node, records_lost, view);
                Ok(())
            }
            Observation::Started { .. } => Ok(()),
        }
    }

    fn armed(&self) -> bool {
        self.judged
    }
}

impl Job {
    /// The targets it may run on, each with the map by which it was chosen.
    fn targets(&self) -> impl Iterator<Item = (DaemonId, Version)> {
        let all = self.sources.values().chain(&self.ordered);
        all.flat_map(|sources| sources.iter().map(|&target| (target, sources.as_of())))
    }

    /// Whether that gateway took it, and it has not begun everywhere where that one would have it.
    fn is_half_begun_by(&self, gateway: NodeId, cluster: &Cluster) -> bool {
        let begun = |&target: &DaemonId| self.begun.contains(&cluster.node(target));
        self.sources.get(&gateway).is_some_and(|sources| !sources.iter().all(begun))
    }
}

/// Whether a target is still the member that it was when it was chosen, by a map that can tell.
fn is_the_same((target, chosen): (DaemonId, Version), map: &Smap) -> bool {
    map.version() < chosen || map.member(target).is_some_and(|member| member.since <= chosen)
}

impl NoAbortWithoutCause {
    fn fact(&mut self, by: NodeId, fact: &Fact, view: &dyn View<Node>) -> Result<(), String> {
        if let Fact::StartTaken { job, sources, .. } = fact {
            let job = self.jobs.entry(*job).or_default();
            job.sources.insert(by, sources.clone());
            let gone = |chosen| latest_map(view).is_some_and(|map| !is_the_same(chosen, map));
            let lost = job.targets().any(gone);
            job.caused |= lost;
        } else if let &Fact::XactBegan { job } = fact {
            self.jobs.entry(job).or_default().begun.insert(by);
        } else if let &Fact::XactEnded { job, snap } = fact {
            let job = self.jobs.entry(job).or_default();
            job.ended.insert(by);
            job.caused |= matches!(snap, Snap::Aborted(error) if error != XactError::IcAbort);
        } else if let &(Fact::StartRefused { job, .. } | Fact::StartUndone { job }) = fact {
            self.jobs.entry(job).or_default().caused = true;
        } else if let Fact::MapMade { map } | Fact::MapInstalled { map } = fact {
            if let Some(order) = map.order() {
                self.jobs.entry(order.id.xact()).or_default().ordered = Some(order.sources());
            }
            self.left_out(map, view);
            self.gateways_left_out(by, map, view);
        } else if let Fact::JobEnded { .. } = fact {
            self.judged = true;
        } else if let &Fact::JobAborted { job } = fact {
            self.judged = true;
            if !self.jobs.entry(job).or_default().caused {
                return Err(format!("{} takes {job} for aborted, and nothing cut it short", view.name(by)));
            }
        }
        Ok(())
    }

    /// A target that is left out of the map takes its part of every job along.
    fn left_out(&mut self, map: &Smap, view: &dyn View<Node>) {
        let cluster = &view.config().cluster;
        for (&id, job) in &mut self.jobs {
            let heard = |target: DaemonId| {
                let Some(latest) = latest_map(view) else { return false };
                let members = tables(view).filter(|&(member, _)| latest.is_ic(member));
                let listeners = members.filter_map(|(_, table)| table.entry(id));
                let know = listeners.filter(|listener| listener.active().all(|active| active != target)).count();
                2 * know > latest.ic().count()
            };
            let ended = |target| job.ended.contains(&cluster.node(target));
            let serves =
                |target| map.is_active(target) || job.ordered.is_some() || job.begun.contains(&cluster.node(target));
            let lost = |chosen: (DaemonId, Version)| {
                let stays = is_the_same(chosen, map) && serves(chosen.0);
                !(stays || (ended(chosen.0) && heard(chosen.0)))
            };
            let caused = map.is_settled() && job.targets().any(lost);
            job.caused |= caused;
        }
    }

    /// A gateway that learns that it is left out of the map starts nothing any more.
    fn gateways_left_out(&mut self, by: NodeId, map: &Smap, view: &dyn View<Node>) {
        let cluster = &view.config().cluster;
        if map.is_settled() && !map.contains(cluster.daemon(by)) {
            for job in self.jobs.values_mut() {
                job.caused |= job.is_half_begun_by(by, cluster);
            }
        }
    }

    fn crashed(&mut self, node: NodeId, records_lost: bool, view: &dyn View<Node>) {
        let cluster = &view.config().cluster;
        for job in self.jobs.values_mut() {
            let daemon = cluster.daemon(node);
            let caused = match daemon {
                DaemonId::Target(_) => {
                    let concerned = job.targets().any(|(target, _)| target == daemon);
                    concerned && (records_lost || !job.ended.contains(&node))
                }
                DaemonId::Proxy(_) => job.is_half_begun_by(node, cluster),
                DaemonId::Client(_) => false,
            };
            job.caused |= caused;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    const ABORTED: Fact = Fact::JobAborted { job: JOB };

    #[test]
    fn an_abort_after_a_targets_own_abort_is_good() {
        let mut property = NoAbortWithoutCause::default();
        let history = [(P1, taken(JOB)), (T1, ended(Snap::Aborted(XactError::IoError))), (P1, ABORTED)];
        assert_eq!(Still::new().tell(&mut property, &history), Ok(()));
        assert!(property.armed());
    }

    #[test]
    fn an_abort_out_of_nothing_is_bad() {
        let history = [(P1, taken(JOB)), (T1, ended(Snap::Finished)), (P2, ABORTED)];
        let evidence = Still::new().tell(&mut NoAbortWithoutCause::default(), &history).unwrap_err();
        assert_eq!(evidence, "p2 takes x-c1.1.0 for aborted, and nothing cut it short");
    }

    #[test]
    fn a_target_that_stops_as_told_is_no_cause() {
        let asked = Fact::XactEnded { job: JOB, snap: Snap::Aborted(XactError::IcAbort) };
        let history = [(P1, taken(JOB)), (T1, asked), (P2, ABORTED)];
        assert!(Still::new().tell(&mut NoAbortWithoutCause::default(), &history).is_err());
    }

    #[test]
    fn a_crash_is_a_cause_only_before_the_part_has_ended() {
        let still = Still::new();
        for (before, good) in [(vec![(P1, taken(JOB))], true), (vec![(P1, taken(JOB)), (T1, ended(Snap::Finished))], false)]
        {
            let mut property = NoAbortWithoutCause::default();
            still.tell(&mut property, &before).unwrap();
            still.crash(&mut property, T1).unwrap();
            assert_eq!(still.tell(&mut property, &[(P2, ABORTED)]).is_ok(), good);
        }
    }

    #[test]
    fn a_target_that_the_job_was_not_started_on_is_no_cause() {
        let still = Still::kept();
        for (targets, caused) in [([T2], false), ([T1], true)] {
            let mut crash = NoAbortWithoutCause::default();
            still.tell(&mut crash, &[(P1, taken_for(targets, JOB))]).unwrap();
            still.crash(&mut crash, T1).unwrap();
            assert_eq!(still.tell(&mut crash, &[(P2, ABORTED)]).is_ok(), caused);
            let left = (P1, Fact::MapMade { map: still.changed(|draft| draft.remove(T1)) });
            let history = [(P1, taken_for(targets, JOB)), left, (P2, ABORTED)];
            assert_eq!(still.tell(&mut NoAbortWithoutCause::default(), &history).is_ok(), caused);
        }
    }

    #[test]
    fn a_gateway_that_dies_is_a_cause_only_before_the_job_has_begun_everywhere() {
        let still = Still::new();
        let began = Fact::XactBegan { job: JOB };
        for (before, good) in [
            (vec![(P1, taken(JOB)), (T1, began.clone())], true),
            (vec![(P1, taken(JOB)), (T1, began.clone()), (T2, began)], false),
        ] {
            let mut property = NoAbortWithoutCause::default();
            still.tell(&mut property, &before).unwrap();
            still.crash(&mut property, P1).unwrap();
            assert_eq!(still.tell(&mut property, &[(P2, ABORTED)]).is_ok(), good);
        }
    }

    #[test]
    fn a_gateway_that_is_left_out_is_a_cause_only_before_the_job_has_begun_everywhere() {
        let still = Still::kept();
        let map = still.changed(|draft| draft.remove(P2));
        let left = |by| (by, Fact::MapInstalled { map: map.clone() });
        let began = |target| (target, Fact::XactBegan { job: JOB });
        let aborted = (P1, Fact::JobAborted { job: JOB });
        let tell = |history: &[(DaemonId, Fact)]| still.tell(&mut NoAbortWithoutCause::default(), history);
        tell(&[(P2, taken(JOB)), left(P2), aborted.clone()]).unwrap();
        tell(&[(P2, taken(JOB)), left(P1), aborted.clone()]).unwrap_err();
        tell(&[(P2, taken(JOB)), began(T1), began(T2), left(P2), aborted]).unwrap_err();
    }

    #[test]
    fn a_target_that_leaves_is_a_cause_unless_more_than_half_of_the_members_know_its_end() {
        let notice = |still: &mut Still, member| {
            let kind = crate::xaction::Kind::PrefetchListrange;
            let sources = None;
            let told = crate::xaction::ToProxy::NotifyFinished { job: JOB, kind, snap: Snap::Finished, sources };
            still.deliver(T1, member, told);
        };
        for (heard, caused) in [(vec![P1], true), (vec![P1, P2], false)] {
            let mut still = Still::new();
            still.track(P1);
            still.track(P2);
            heard.into_iter().for_each(|member| notice(&mut still, member));
            let without = still.changed(|draft| draft.remove(T1));
            let history = [(P1, taken(JOB)), (T1, ended(Snap::Finished)), (P1, Fact::MapMade { map: without })];
            let mut property = NoAbortWithoutCause::default();
            still.tell(&mut property, &history).unwrap();
            assert_eq!(still.tell(&mut property, &[(P2, ABORTED)]).is_ok(), caused);
        }
    }

    #[test]
    fn a_target_taken_out_of_service_is_a_cause_only_before_its_part_has_begun() {
        let still = Still::kept();
        let rests = (P1, Fact::MapMade { map: still.changed(|draft| draft.set(T1, crate::xaction::Flags::MAINTENANCE)) });
        let aborted = (P2, ABORTED);
        let tell = |history: &[(DaemonId, Fact)]| still.tell(&mut NoAbortWithoutCause::default(), history);
        tell(&[(P1, taken(JOB)), rests.clone(), aborted.clone()]).unwrap();
        tell(&[(P1, taken(JOB)), (T1, Fact::XactBegan { job: JOB }), rests, aborted]).unwrap_err();
    }
}
