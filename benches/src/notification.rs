//! Notification fan-in: targets that end their part of a job at about the same time, and the members of the
//! Information Center that each of them tells.
//!
//! The real nodes of the `xaction` plane in the simulator. The exchange between members, housekeeping and clients that
//! wait are switched off, so that registration, start, end and notification are what is measured.

use std::sync::Arc;
use std::time::Duration;

use quiesce_control::xaction::{
    Cluster, ClusterError, Config, DaemonId, Ending, JobName, JobSpec, Kind, Monitor, Node, Request, Timing, Work,
};
use quiesce_machine::{CallId, Delay, Time};
use quiesce_sim::{Action, Plan};

/// One point of the study.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// How many targets take part in each job.
    pub targets: u16,
    /// How many members of the Information Center each of them tells.
    pub members: u16,
    /// How many jobs run at once.
    pub jobs: u16,
}

impl Shape {
    /// How many terminal notifications the members receive.
    #[must_use]
    pub fn notifications(self) -> u64 {
        u64::from(self.targets) * u64::from(self.members) * u64::from(self.jobs)
    }

    /// The run: every job is started at once, and every part takes a second.
    ///
    /// # Errors
    /// When the cluster cannot be: a size is zero.
    pub fn plan(self) -> Result<Plan<Node, Monitor>, ClusterError> {
        let cluster = Cluster::new(self.members, self.targets, 1, self.members)?;
        let mut config = Config::new(cluster);
        config.timing = Timing { housekeeping: None, sync: None, ..Timing::default() };
        let mut plan = Plan::new(config, cluster.daemons().map(|daemon| daemon.to_string()));
        plan.network.latency = Delay::from(Duration::from_micros(100)..Duration::from_millis(1));
        plan.until = Time::ZERO + Duration::from_secs(5);
        plan.settle = Duration::ZERO;
        plan.max_events = 100_000_000;
        let client = cluster.node(DaemonId::Client(0));
        let work = Work { takes: Duration::from_secs(1), ends: Ending::Finishes };
        let spec = Arc::new(JobSpec::everywhere(Kind::PrefetchListrange, work));
        for job in 0..self.jobs {
            let via = DaemonId::Proxy(job % self.members);
            let request = Request::Start { name: JobName(job), via, spec: Arc::clone(&spec) };
            let call = CallId(u32::from(job));
            plan = plan.step(Duration::ZERO, Action::Call { node: client, request, call });
        }
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use quiesce_sim::{Verdict, run};

    use super::*;

    #[test]
    fn every_target_tells_every_member_once_of_each_job() {
        let shape = Shape { targets: 7, members: 3, jobs: 4 };
        let outcome = run(&shape.plan().unwrap(), 1);
        assert_eq!(outcome.verdict, Verdict::Pass);
        assert_eq!(outcome.messages["notify-finished"], shape.notifications());
        assert_eq!(outcome.facts["job-ended"], 3 * 4);
    }

    #[test]
    fn a_shape_without_targets_is_refused() {
        assert!(Shape { targets: 0, members: 1, jobs: 1 }.plan().is_err());
    }
}
