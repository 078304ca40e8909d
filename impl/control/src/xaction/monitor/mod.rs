//! The properties of this plane, one file each.

use quiesce_machine::{NodeId, View};

use super::ic::Table;
use super::id::{DaemonId, XactId};
use super::membership::{Membership, Smap};
use super::registry::Registry;
use super::{Config, Node};

crate::monitors! {
    #[derive(quiesce_machine::Rename)]
    Node;
    finished_is_final::FinishedIsFinal,
    no_abort_without_cause::NoAbortWithoutCause,
    finished_means_every_target_finished::FinishedMeansEveryTargetFinished,
    aborted_jobs_stop::AbortedJobsStop,
    one_start_one_job::OneStartOneJob,
    started_jobs_stay_known::StartedJobsStayKnown,
    ended_jobs_stay_ended::EndedJobsStayEnded,
    queries_invent_nothing::QueriesInventNothing,
    queries_see_what_runs::QueriesSeeWhatRuns,
    waits_return::WaitsReturn,
    no_forbidden_pair_runs::NoForbiddenPairRuns,
    renewal_rules_hold::RenewalRulesHold,
    begun_jobs_end::BegunJobsEnd,
    failed_starts_leave_nothing::FailedStartsLeaveNothing,
    answered_ids_exist::AnsweredIdsExist,
    aborts_hit_everything::AbortsHitEverything,
    accepted_work_is_done::AcceptedWorkIsDone,
    errands_return::ErrandsReturn,
    snaps_waits_mean_everywhere::SnapsWaitsMeanEverywhere,
    ic_tables_converge::IcTablesConverge,
    one_primary::OnePrimary,
    map_versions_are_one::MapVersionsAreOne,
    maps_converge::MapsConverge,
    changes_return::ChangesReturn,
    changes_outlive_their_primary::ChangesOutliveTheirPrimary,
    sent_away_stays_out::SentAwayStaysOut,
    shut_down_daemons_stop::ShutDownDaemonsStop,
    ic_members_are_active::IcMembersAreActive,
    rebalances_end::RebalancesEnd,
    decommissioned_data_moved::DecommissionedDataMoved,
    rebalance_ends_together::RebalanceEndsTogether,
    rebalances_run_as_ordered::RebalancesRunAsOrdered,
    one_rebalance_an_id::OneRebalanceAnId,
    map_changes_spare_rebalance::MapChangesSpareRebalance,
    one_change_at_a_time::OneChangeAtATime,
    one_rebalance_at_a_time::OneRebalanceAtATime,
    markers_tell_the_truth::MarkersTellTheTruth,
    nothing_unstable_under_rebalance::NothingUnstableUnderRebalance,
    users_are_spared::UsersAreSpared,
    paced_jobs_end::PacedJobsEnd,
    jobs_have_their_buckets::JobsHaveTheirBuckets,
    renames_lose_nothing::RenamesLoseNothing,
    finalizers_run_once::FinalizersRunOnce,
    undone_buckets_are_nobodys::UndoneBucketsAreNobodys,
}

/// The tables of the proxies that are up and take themselves for members.
fn tables(view: &dyn View<Node>) -> impl Iterator<Item = (DaemonId, &Table)> {
    let cluster = &config(view).cluster;
    cluster.proxies().filter_map(|member| match view.node(cluster.node(member)) {
        Some(Node::Proxy(proxy)) if proxy.ic().is_member() && !proxy.membership().is_off() => {
            Some((member, proxy.ic().table()))
        }
        Some(Node::Proxy(_) | Node::Target(_) | Node::Client(_)) | None => None,
    })
}

/// What the daemons that are up know of the cluster. One that was shut down is down.
fn memberships(view: &dyn View<Node>) -> impl Iterator<Item = (DaemonId, &Membership)> {
    let cluster = &config(view).cluster;
    let daemons = cluster.proxies().chain(cluster.targets());
    let all = daemons.filter_map(|daemon| match view.node(cluster.node(daemon)) {
        Some(Node::Proxy(proxy)) => Some((daemon, proxy.membership())),
        Some(Node::Target(target)) => Some((daemon, target.membership())),
        Some(Node::Client(_)) | None => None,
    });
    all.filter(|(_, membership)| !membership.is_off())
}

/// The map that a node goes by, if it is up and has one.
fn map_of(view: &dyn View<Node>, node: NodeId) -> Option<&Smap> {
    match view.node(node) {
        Some(Node::Proxy(proxy)) => Some(proxy.membership().map()),
        Some(Node::Target(target)) => Some(target.membership().map()),
        Some(Node::Client(_)) | None => None,
    }
}

/// The latest map that anybody who is up goes by.
fn latest_map(view: &dyn View<Node>) -> Option<&Smap> {
    memberships(view).map(|(_, membership)| membership.map()).max_by_key(|map| map.version())
}

/// The targets that are up and work on a job.
fn runs_on<'a>(view: &'a dyn View<Node>, job: XactId) -> impl Iterator<Item = DaemonId> + 'a {
    let cluster = &config(view).cluster;
    cluster.targets().filter(
        move |&target| matches!(view.node(cluster.node(target)), Some(Node::Target(target)) if target.is_running(job)),
    )
}

/// The registry of a target that is up.
fn registry_of(view: &dyn View<Node>, node: NodeId) -> Option<&Registry> {
    match view.node(node) {
        Some(Node::Target(target)) => Some(target.desk().registry()),
        Some(Node::Proxy(_) | Node::Client(_)) | None => None,
    }
}

fn config(view: &dyn View<Node>) -> &Config {
    view.config()
}

/// What the tests of these properties need: a cluster that stands still, and histories of facts.
#[cfg(test)]
mod testing {
    use quiesce_machine::{CallId, Incarnation, Node as _, Observation, Stamp, step};

    use std::sync::Arc;

    use super::*;
    use crate::monitor::Property;
    use crate::xaction::bucket::{Bucket, BucketName};
    use crate::xaction::membership::{Draft, Payload};
    use crate::xaction::rebalance::{Mode, Moving, Order, Progress, RebTimer};
    use crate::xaction::registry::{Arg, Limits};
    use crate::xaction::{
        Cluster, ClusterMsg, Fact, Flags, Kind, Msg, RebId, Snap, Sources, Status, ToProxy, ToTarget, Upkeep,
    };
    use crate::xaction::{Hosting, Manner, TargetTimer};

    pub(super) const P1: DaemonId = DaemonId::Proxy(0);
    pub(super) const P2: DaemonId = DaemonId::Proxy(1);
    pub(super) const T1: DaemonId = DaemonId::Target(0);
    pub(super) const T2: DaemonId = DaemonId::Target(1);
    pub(super) const C1: DaemonId = DaemonId::Client(0);
    pub(super) const JOB: XactId = XactId::minted(C1, Incarnation(1), 0);

    /// Two members, two targets, one client; all up.
    pub(super) struct Still {
        pub(super) config: Config,
        pub(super) nodes: Vec<Option<Node>>,
    }

    impl Still {
        pub(super) fn new() -> Self {
            let cluster = Cluster::new(2, 2, 1, 2).unwrap();
            let config = Config::new(cluster);
            let nodes = (0..5).map(|n| Some(Node::boot(NodeId(n), &config))).collect();
            Still { config, nodes }
        }

        /// The same with upkeep of its membership.
        pub(super) fn kept() -> Self {
            let mut still = Still::new();
            still.config.deployment.upkeep = Some(Upkeep::default());
            still
        }

        /// The map it is deployed with.
        pub(super) fn map(&self) -> Smap {
            self.config.deployed()
        }

        /// That map, changed.
        pub(super) fn changed(&self, change: impl FnOnce(&mut Draft)) -> Smap {
            let mut draft = self.map().draft();
            change(&mut draft);
            draft.publish()
        }

        /// Has a daemon go by a map.
        pub(super) fn hand(&mut self, daemon: DaemonId, map: Smap) {
            let known = Some(Arc::default());
            self.deliver(C1, daemon, ClusterMsg::Metasync { payload: Arc::new(Payload { action: None, map, known }) });
        }

        pub(super) fn deliver(&mut self, from: DaemonId, to: DaemonId, msg: impl Into<Msg>) {
            let (from, to) = (self.config.cluster.node(from), self.config.cluster.node(to));
            let event = quiesce_machine::Event::Deliver { from, msg: msg.into() };
            step(self.nodes[to.index()].as_mut().unwrap(), to, &self.config, event);
        }

        /// Has a member track [`JOB`].
        pub(super) fn track(&mut self, member: DaemonId) {
            let sources: Sources = [T1, T2].into_iter().collect();
            let kind = Kind::PrefetchListrange;
            self.deliver(P1, member, ToProxy::WatchXaction { job: JOB, kind, starter: P1, sources });
        }

        /// A member has tracked [`JOB`] for so long that a 404 counts.
        pub(super) fn grace_over(&mut self, member: DaemonId) {
            self.happens(
                member,
                quiesce_machine::Event::Fire { timer: crate::xaction::MemberTimer::Grace(JOB).into() },
            );
        }

        /// Has a target run [`JOB`].
        pub(super) fn run(&mut self, target: DaemonId) {
            self.config.policies.set("xact-record", "volatile").unwrap();
            let work = crate::xaction::Work {
                takes: std::time::Duration::from_secs(1),
                ends: crate::xaction::Ending::Finishes,
            };
            let sources: Sources = [T1, T2].into_iter().collect();
            self.deliver(
                P1,
                target,
                ToTarget::StartXact { job: JOB, kind: Kind::PrefetchListrange, work, sources, manner: None },
            );
        }

        /// The same, whose targets have registries.
        pub(super) fn hosting() -> Self {
            let mut still = Still::new();
            still.config.hosting = Some(Hosting::default());
            still.config.policies.set("xact-record", "volatile").unwrap();
            still
        }

        /// Has a target register and run a job on one bucket, whatever else runs there; the fact of it.
        pub(super) fn register(&mut self, target: DaemonId, job: XactId, kind: Kind) -> Fact {
            self.register_named(target, job, kind, 0)
        }

        /// The same with a name or size; 0 is none.
        pub(super) fn register_named(&mut self, target: DaemonId, job: XactId, kind: Kind, name: u16) -> Fact {
            let arg = if name == 0 { Arg::None } else { Arg::Named(name) };
            let manner = Manner { from: Some(BUCKET), arg, ..Manner::default() };
            let policies = self.config.policies;
            let node = self.config.cluster.node(target);
            let Some(Some(Node::Target(host))) = self.nodes.get_mut(node.index()) else { panic!("{target} is up") };
            let registry = host.registry_mut();
            _ = registry.renew(&manner.ask(job, kind), &policies, &Limits::default());
            registry.run(job);
            Fact::XactRegistered { job, kind, manner }
        }

        /// Has a target begin a job in two phases; the fact of it.
        pub(super) fn begin(&mut self, target: DaemonId, job: XactId, kind: Kind) -> Fact {
            let manner = Manner { from: Some(BUCKET), ..Manner::default() };
            self.deliver(P1, target, ToTarget::BeginXact { job, kind, manner: Some(Arc::new(manner)) });
            let node = self.config.cluster.node(target);
            let fire = quiesce_machine::Event::Fire { timer: TargetTimer::Admit(job).into() };
            step(self.nodes[node.index()].as_mut().unwrap(), node, &self.config, fire);
            Fact::XactRegistered { job, kind, manner }
        }

        /// Has a target abort a job.
        pub(super) fn abort(&mut self, target: DaemonId, job: XactId, kind: Kind) {
            let sources: Sources = [T1, T2].into_iter().collect();
            self.deliver(P1, target, ToTarget::AbortXact { job, kind, sources });
        }

        /// Targets with registries, one of which moves its data for a rebalance under which the other leaves.
        pub(super) fn moving(target: DaemonId) -> Self {
            let mut still = Still::hosting();
            still.config.deployment.upkeep = Some(Upkeep { rebalance: Some(Moving::default()), ..Upkeep::default() });
            still.config.policies.set("rebalance-barrier", "times-out").unwrap();
            let map = still.changed(|draft| leave(draft, T2, false));
            still.hand(target, map);
            let op = quiesce_machine::OpId(u32::MAX - 1);
            still.happens(target, quiesce_machine::Event::Stored { op, outcome: Ok(()) });
            for timer in [RebTimer::Sweep, RebTimer::Barrier] {
                still.happens(target, quiesce_machine::Event::Fire { timer: timer.into() });
            }
            still
        }

        /// The rebalance under which a target moves its data.
        pub(super) fn traversing(&self, target: DaemonId) -> RebId {
            match &self.nodes[self.config.cluster.node(target).index()] {
                Some(Node::Target(target)) => target.rebalance().traversing().expect("its data move"),
                Some(Node::Proxy(_) | Node::Client(_)) | None => panic!("{target} is up"),
            }
        }

        fn happens(&mut self, daemon: DaemonId, event: quiesce_machine::Event<Node>) {
            let node = self.config.cluster.node(daemon);
            step(self.nodes[node.index()].as_mut().unwrap(), node, &self.config, event);
        }

        /// Tells a property a history; the evidence of the first violation.
        pub(super) fn tell<P: Property<Node>>(
            &self,
            property: &mut P,
            history: &[(DaemonId, Fact)],
        ) -> Result<(), String> {
            history.iter().try_for_each(|(by, fact)| {
                let by = self.config.cluster.node(*by);
                property.observe(&Observation::Fact { by, fact }, self)
            })
        }

        pub(super) fn crash<P: Property<Node>>(&self, property: &mut P, node: DaemonId) -> Result<(), String> {
            let node = self.config.cluster.node(node);
            property.observe(&Observation::Crashed { node, records_lost: false }, self)
        }

        pub(super) fn owed<P: Property<Node>>(&self, property: &P) -> Vec<String> {
            let mut owed = Vec::new();
            property.owed(self, &mut |obligation| owed.push(property.describe(obligation, self)));
            owed
        }
    }

    impl View<Node> for Still {
        fn config(&self) -> &Config {
            &self.config
        }

        fn node_count(&self) -> u32 {
            5
        }

        fn node(&self, id: NodeId) -> Option<&Node> {
            self.nodes[id.index()].as_ref()
        }

        fn name(&self, id: NodeId) -> String {
            self.config.cluster.daemon(id).to_string()
        }
    }

    /// What the jobs of these tests work on.
    const BUCKET: Bucket = Bucket { name: BucketName(0), generation: 1 };

    pub(super) fn job(number: u32) -> XactId {
        XactId::minted(C1, Incarnation(1), number)
    }

    /// Has a target on its way out, with a rebalance ordered for it.
    pub(super) fn leave(draft: &mut Draft, target: DaemonId, done: bool) {
        draft.set(target, Flags::DECOMMISSION);
        let (stays, leaves) = (draft.active_targets(), draft.leaving_targets());
        let id = RebId(draft.touch());
        let progress = if done { Progress::Done } else { Progress::Open };
        draft.place(Order { id, mode: Mode::Full, as_of: id.0, stays, leaves, asked: None, progress });
    }

    /// A gateway takes a start for both targets.
    pub(super) fn taken(job: XactId) -> Fact {
        taken_for([T1, T2], job)
    }

    /// A gateway takes a start for these targets.
    pub(super) fn taken_for(targets: impl IntoIterator<Item = DaemonId>, job: XactId) -> Fact {
        let as_of = Still::new().map().version();
        let sources = Sources::as_of_version(as_of, targets.into_iter().collect());
        Fact::StartTaken { job, client: C1, call: CallId(0), sources }
    }

    pub(super) fn ended(target_end: Snap) -> Fact {
        Fact::XactEnded { job: JOB, snap: target_end }
    }

    pub(super) fn job_ended(aborted: bool) -> Fact {
        let status = Status { kind: Kind::PrefetchListrange, end_time: Some(Stamp::default()), aborted, err: None };
        Fact::JobEnded { job: JOB, status }
    }
}
