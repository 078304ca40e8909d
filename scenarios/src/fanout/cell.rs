//! One cell: its plan, its run.

use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use quiesce_control::xaction::ask::Condition;
use quiesce_control::xaction::{
    Awaited, Cluster, Config, DaemonId, Ending, Errand, Hosting, JobName, JobSpec, Kind, Monitor, Node, Reporting,
    Request, Work,
};
use quiesce_machine::{CallId, Delay, Time};
use quiesce_sim::{Action, Plan, metered};
use serde::Serialize;

use super::grid::StudyError;
use super::meter::Count;
use super::row::Measured;
use crate::choices::Choices;
use crate::plane::Plane as _;
use crate::planes::Xaction;

/// How many proxies there are at least: gateways that are no members stay the same whatever the number of members.
const PROXIES: u16 = 5;

/// How a job's end gets from its targets to those who wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Model {
    /// Targets tell the IC when they end; who waits are the members
    IcTerm,
    /// Targets also tell the IC every interval while they work; who waits are the members
    IcProgress,
    /// As ic-term, and clients poll one gateway until the IC says that the job has ended
    IcWait,
    /// As ic-progress, and clients poll one gateway
    IcWaitProgress,
    /// Clients have a gateway ask every target until the job has ended on all
    Snaps,
}

impl Model {
    /// Every model, in order.
    pub const ALL: [Model; 5] = [Model::IcTerm, Model::IcProgress, Model::IcWait, Model::IcWaitProgress, Model::Snaps];

    /// Its name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Model::IcTerm => "ic-term",
            Model::IcProgress => "ic-progress",
            Model::IcWait => "ic-wait",
            Model::IcWaitProgress => "ic-wait-progress",
            Model::Snaps => "snaps",
        }
    }

    /// Whether clients poll.
    #[must_use]
    pub fn polls(self) -> bool {
        !matches!(self, Model::IcTerm | Model::IcProgress)
    }

    /// A kind of job whose targets tell what this model has them tell.
    fn kind(self) -> Kind {
        match self {
            Model::IcProgress | Model::IcWaitProgress => Kind::Download,
            Model::IcTerm | Model::IcWait | Model::Snaps => Kind::PrefetchListrange,
        }
    }
}

/// How targets report, of the ways there are (`quiesce_control::xaction::reporting`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Every end in a message of its own, as published
    Each,
    /// All news of an interval together
    Coalesced,
    /// All news of an interval together, by way of other targets
    Relayed,
}

impl Way {
    /// Every way, in order.
    pub const ALL: [Way; 3] = [Way::Each, Way::Coalesced, Way::Relayed];

    /// Its name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Way::Each => "each",
            Way::Coalesced => "coalesced",
            Way::Relayed => "relayed",
        }
    }

    fn reporting(self, setting: &Setting) -> Reporting {
        let (every, fan) = (setting.every, setting.fan);
        match self {
            Way::Each => Reporting::Each,
            Way::Coalesced => Reporting::Coalesced { every },
            Way::Relayed => Reporting::Relayed { every, fan },
        }
    }
}

/// What is the same for all cells of a study.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// How long the quickest part of a job takes.
    pub work: Duration,
    /// How much longer the slowest takes; parts lie evenly between.
    pub spread: Duration,
    /// How often targets tell their progress, where they do.
    pub progress: Duration,
    /// How long targets gather news, where they do.
    pub every: Duration,
    /// How many targets hand their news to one, where they do; at least one.
    pub fan: u16,
    /// First sleep of a client between two polls.
    pub poll_first: Duration,
    /// Longest sleep of a client between two polls; each is half as long again as the one before.
    pub poll_most: Duration,
    /// How long a message takes.
    pub latency: Duration,
    /// How much longer the slowest takes.
    pub jitter: Duration,
    /// The seed of every run.
    pub seed: u64,
    /// Policies.
    pub choices: Choices,
}

impl Default for Setting {
    /// Jobs of about a minute in one data center, polled as the published client does.
    fn default() -> Self {
        Setting {
            work: Duration::from_secs(60),
            spread: Duration::from_secs(5),
            progress: Duration::from_secs(10),
            every: Duration::from_secs(1),
            fan: 16,
            poll_first: Duration::from_secs(2),
            poll_most: Duration::from_secs(30),
            latency: Duration::from_micros(200),
            jitter: Duration::from_micros(800),
            seed: 1,
            choices: Choices::default(),
        }
    }
}

/// The longest of any time in a setting.
const TIME_MOST: Duration = Duration::from_secs(86_400);

impl Setting {
    pub(super) fn check(&self) -> Result<(), StudyError> {
        let wrong = |what| Err(StudyError::Times { what });
        let periods = [self.progress, self.poll_first, self.every];
        let all = [
            self.every,
            self.work,
            self.spread,
            self.progress,
            self.poll_first,
            self.poll_most,
            self.latency,
            self.jitter,
        ];
        if periods.contains(&Duration::ZERO) {
            return wrong("an interval above zero");
        }
        if self.fan == 0 {
            return wrong("a relay for at least one target");
        }
        if self.poll_most < self.poll_first {
            return wrong("a longest sleep between polls that is no shorter than the first");
        }
        if all.into_iter().any(|time| time > TIME_MOST) {
            return wrong("no time beyond a day");
        }
        Ok(())
    }
}

/// One point of a study.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// How many targets take part in each job.
    pub targets: u32,
    /// How many members the Information Center has.
    pub members: u32,
    /// How many jobs run at once.
    #[serde(rename = "concurrent")]
    pub jobs: u32,
    /// How targets tell and clients ask.
    pub model: Model,
    /// How targets report.
    pub reporting: Way,
    /// How many clients wait, each for one job; none where nobody polls.
    pub waiters: u32,
}

impl Cell {
    /// Runs it once.
    ///
    /// # Errors
    /// When it cannot be, or a policy of the setting is none.
    pub fn run(self, setting: &Setting) -> Result<Measured, StudyError> {
        let plan = self.plan(setting)?;
        let mut count = Count::new(plan.config.cluster, self.model.polls(), self.awaited());
        let outcome = metered(&plan, setting.seed, &mut count);
        Ok(count.measured(&outcome))
    }

    /// How many are to know: waiting clients, or each member of each job.
    fn awaited(self) -> usize {
        let awaited = if self.model.polls() { self.waiters } else { self.members * self.jobs };
        awaited as usize
    }

    /// Its run: every job is started at once, and clients come to wait at any time while they run.
    pub(super) fn plan(self, setting: &Setting) -> Result<Plan<Node, Monitor>, StudyError> {
        let clients = if self.model.polls() { self.jobs.min(self.waiters) } else { 1 };
        let members = small(self.members);
        let cluster = Cluster::new(PROXIES.max(members), small(self.targets), small(clients), members)?;
        let config = self.config(cluster, setting)?;
        let on_its_way = config.reporting.delay(&config.deployed(), DaemonId::Target(small(self.targets - 1)));
        let mut plan = Plan::new(config, cluster.daemons().map(|daemon| daemon.to_string()));
        plan.network.latency = Delay::from(setting.latency..setting.latency + setting.jitter);
        plan.until = Time::ZERO + (setting.work + setting.spread) * 3 / 2 + on_its_way + setting.poll_most * 2 + MARGIN;
        plan.settle = Duration::ZERO;
        plan.max_events = u64::from(u32::MAX);
        let via = |number: u32| DaemonId::Proxy(small(number % u32::from(PROXIES)));
        let client = |job: u32| cluster.node(DaemonId::Client(small(job % clients)));
        let spec = self.spec(setting, &cluster);
        for job in 0..self.jobs {
            let request = Request::Start { name: JobName(small(job)), via: via(job), spec: Arc::clone(&spec) };
            plan = plan.step(Duration::ZERO, Action::Call { node: client(job), request, call: CallId(job) });
        }
        for waiter in 0..self.waiters {
            let job = waiter % self.jobs;
            let (node, call) = (client(job), CallId(self.jobs + waiter));
            let request = self.wait(JobName(small(job)), via(waiter));
            plan = plan.step(setting.work * waiter / self.waiters, Action::Call { node, request, call });
        }
        Ok(plan)
    }

    fn config(self, cluster: Cluster, setting: &Setting) -> Result<Config, StudyError> {
        let mut config = Config::new(cluster);
        config.timing.progress = Some(setting.progress);
        config.reporting = self.reporting.reporting(setting);
        (config.timing.poll_first, config.timing.poll_most) = (setting.poll_first, setting.poll_most);
        if self.model == Model::Snaps {
            config.hosting = Some(Hosting::default());
        }
        Xaction::set_profile(&mut config, setting.choices.profile);
        for (policy, choice) in &setting.choices.policies {
            Xaction::set_policy(&mut config, policy, choice)?;
        }
        Ok(config)
    }

    fn spec(self, setting: &Setting, cluster: &Cluster) -> Arc<JobSpec> {
        let part = |takes| Work { takes, ends: Ending::Finishes };
        let mut spec = JobSpec::everywhere(self.model.kind(), part(setting.work));
        let step = setting.spread / (self.targets - 1).max(1);
        let takes = |place: u32| part(setting.work + step * place);
        spec.special = cluster.targets().zip(0..).map(|(target, place)| (target, takes(place))).collect();
        Arc::new(spec)
    }

    fn wait(self, name: JobName, via: DaemonId) -> Request {
        let what = Awaited::Job(name);
        match self.model {
            Model::Snaps => Request::Errand { errand: Errand::Wait { what, condition: Condition::Finished }, via },
            Model::IcTerm | Model::IcProgress | Model::IcWait | Model::IcWaitProgress => {
                Request::Wait { what, via, deadline: None }
            }
        }
    }
}

/// What a run has beyond the longest part of any job, the way of its news, and a client's longest sleep.
const MARGIN: Duration = Duration::from_secs(15);

fn small(number: u32) -> u16 {
    u16::try_from(number).expect("an axis ends where 16 bits do, or before")
}
