use std::collections::{BTreeMap, BTreeSet};

use quiesce_machine::{NodeId, Observation, Rename, View};

use super::{map_of, runs_on};
use crate::monitor::Property;
use crate::xaction::{DaemonId, Fact, Node, Smap, Status, XactId};

/// A job that a member calls ended runs nowhere, now or later; one that it calls finished has ended on every target.
///
/// Nowhere: on no member of the cluster, as the one who says so knows it. A target that was left out of the map while it
/// could not be reached, and perhaps taken in again, finds out when it hears of that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub struct FinishedMeansEveryTargetFinished {
    /// Whom each gateway that took it would start each job on. They settle on one of these.
    sources: BTreeMap<XactId, BTreeSet<BTreeSet<DaemonId>>>,
    /// Where each job has ended.
    parts: BTreeMap<XactId, BTreeSet<NodeId>>,
    /// What members have called ended.
    ended: BTreeSet<XactId>,
    /// The latest map that anybody has gone by: whoever knows it may be down by now.
    latest: Option<Smap>,
}

impl Property<Node> for FinishedMeansEveryTargetFinished {
    const NAME: &'static str = "finished-means-every-target-finished";
    const CLAIM: &'static str = "a job that a member calls ended runs nowhere, and if finished it has ended everywhere";

    fn observe(&mut self, seen: &Observation<'_, Node>, view: &dyn View<Node>) -> Result<(), String> {
        match *seen {
            Observation::Fact { fact: Fact::StartTaken { job, sources, .. }, .. } => {
                self.sources.entry(*job).or_default().insert(sources.iter().copied().collect());
            }
            Observation::Fact { by, fact: &Fact::XactEnded { job, .. } } => {
                self.parts.entry(job).or_default().insert(by);
            }
            Observation::Fact { by, fact: &Fact::XactBegan { job } } if self.ended.contains(&job) => {
                return if self.is_left_out(by, view) {
                    Ok(())
                } else {
                    Err(format!("{} begins {job}, which a member has called ended", view.name(by)))
                };
            }
            Observation::Fact { fact: Fact::MapInstalled { map }, .. } => {
                if self.latest.as_ref().is_none_or(|latest| latest.version() < map.version()) {
                    self.latest = Some(map.clone());
                }
            }
            Observation::Fact { by, fact: &Fact::JobEnded { job, status } } => {
                self.ended.insert(job);
                return self.judge(by, job, status, view);
            }
            Observation::Fact { .. } | Observation::Started { .. } | Observation::Crashed { .. } => (),
        }
        Ok(())
    }

    fn armed(&self) -> bool {
        !self.ended.is_empty()
    }
}

impl FinishedMeansEveryTargetFinished {
    fn judge(&mut self, by: NodeId, job: XactId, status: Status, view: &dyn View<Node>) -> Result<(), String> {
        let who = view.name(by);
        let cluster = &view.config().cluster;
        let member = |target: &DaemonId| {
            let knows = map_of(view, by).is_none_or(|map| map.contains(*target));
            knows && !self.is_left_out(cluster.node(*target), view)
        };
        if let Some(target) = runs_on(view, job).find(member) {
            return Err(format!("{who} says that {job} has ended ({status}), and {target} still runs it"));
        }
        let parts = self.parts.entry(job).or_default();
        let missing = |sources: &BTreeSet<DaemonId>| {
            sources.iter().copied().find(|&target| !parts.contains(&cluster.node(target)))
        };
        let missing: Option<Vec<DaemonId>> = self.sources.get(&job).into_iter().flatten().map(missing).collect();
        match missing.as_deref() {
            Some([target, ..]) if !status.aborted => {
                Err(format!("{who} says that {job} has finished, and {target} has not"))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Whether a target was left out of the latest map, and perhaps taken in again, and goes by an older one.
    fn is_left_out(&self, node: NodeId, view: &dyn View<Node>) -> bool {
        let target = view.config().cluster.daemon(node);
        let member = |map: &Smap| map.member(target).map(|member| member.since);
        let (own, latest) = (map_of(view, node), self.latest.as_ref());
        let newer = latest.filter(|latest| own.is_some_and(|own| own.version() < latest.version()));
        newer.is_some_and(|latest| own.map(member) != Some(member(latest)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::xaction::Snap;

    fn verdict(still: &Still, history: &[(crate::xaction::DaemonId, Fact)]) -> Result<(), String> {
        still.tell(&mut FinishedMeansEveryTargetFinished::default(), history)
    }

    #[test]
    fn finished_after_every_target_is_good() {
        let history = [(P1, taken(JOB)), (T1, ended(Snap::Finished)), (T2, ended(Snap::Finished)), (P1, job_ended(false))];
        assert_eq!(verdict(&Still::new(), &history), Ok(()));
    }

    #[test]
    fn finished_before_the_last_target_is_bad() {
        let history = [(P1, taken(JOB)), (T1, ended(Snap::Finished)), (P1, job_ended(false))];
        let evidence = verdict(&Still::new(), &history).unwrap_err();
        assert_eq!(evidence, "p1 says that x-c1.1.0 has finished, and t2 has not");
    }

    #[test]
    fn only_the_targets_that_a_job_was_started_on_count() {
        let finished = [(T2, ended(Snap::Finished)), (P1, job_ended(false))];
        assert_eq!(verdict(&Still::new(), &[&[(P1, taken_for([T2], JOB))], &finished[..]].concat()), Ok(()));
        let evidence = verdict(&Still::new(), &[&[(P1, taken_for([T1], JOB))], &finished[..]].concat()).unwrap_err();
        assert_eq!(evidence, "p1 says that x-c1.1.0 has finished, and t1 has not");
    }

    #[test]
    fn aborted_while_a_target_runs_is_bad() {
        let mut still = Still::new();
        still.run(T2);
        let evidence = verdict(&still, &[(P1, job_ended(true))]).unwrap_err();
        assert_eq!(evidence, "p1 says that x-c1.1.0 has ended (aborted), and t2 still runs it");
    }

    #[test]
    fn a_part_that_begins_after_the_end_is_bad() {
        let evidence = verdict(&Still::new(), &[(P1, job_ended(true)), (T2, Fact::XactBegan { job: JOB })]).unwrap_err();
        assert_eq!(evidence, "t2 begins x-c1.1.0, which a member has called ended");
    }

    #[test]
    fn a_part_that_begins_on_a_target_left_out_unawares_is_good_also_when_all_who_know_are_down() {
        let without = |still: &Still| still.changed(|draft| draft.remove(T1));
        for (left_out, good) in [(true, true), (false, false)] {
            let (mut still, mut property) = (Still::kept(), FinishedMeansEveryTargetFinished::default());
            if left_out {
                still.tell(&mut property, &[(P1, Fact::MapInstalled { map: without(&still) })]).unwrap();
            }
            still.tell(&mut property, &[(P1, job_ended(true))]).unwrap();
            still.nodes[0] = None;
            let began = (T1, Fact::XactBegan { job: JOB });
            assert_eq!(still.tell(&mut property, &[began]).is_ok(), good);
        }
    }
}
