//! Small worlds of batch jobs, each searched exhaustively by `quiesce check`.
//!
//! Time stands still in them, so periods and time-outs say only that something may fire. What a scope does not need is
//! switched off by configuration: retention where a message may be lost or repeated (its minutes would race the seconds
//! of a retry), the exchange of tables and a client's patience where nothing is lost.

use std::sync::Arc;
use std::time::Duration;

use quiesce_control::xaction::bucket::{Bucket, BucketName};
use quiesce_control::xaction::{
    Awaited, Change, Cluster, ClusterError, Config, DaemonId, Ending, Hosting, JobName, JobSpec, Kind, Manner, Monitor,
    Moving, Node, Request, Timing, Upkeep, Work,
};
use quiesce_model::{Budget, Member, Scope, Symmetry};

use crate::check::{Scale, SizeError};

/// Every scope: name and what is in it.
pub(super) const ROWS: [(&str, &str); 16] = [
    ("ic", "2 IC members, 1 target; a client starts a job and waits for it; the target's part ends in any way"),
    ("ic-targets", "1 IC member, 2 targets; as ic"),
    ("ic-loss", "as ic, the part finishes; one message may be lost, members exchange tables, nothing is pruned"),
    ("ic-duplicate", "as ic-loss, with one message that may come twice instead"),
    ("target-leaves", "1 IC member, 2 targets of which one is sent away under a job; no faults, nothing is late"),
    ("member-restarts", "2 IC members that agree on the map, 1 target; a job and a wait, and any daemon may crash"),
    ("member-or-target-restarts", "2 IC members that agree on the map, 2 targets; a job, and p2 or t2 may crash"),
    (
        "demotion",
        "2 proxies, of which the IC has room for 1, 1 target; the other is made primary under a job and a wait",
    ),
    (
        "staffing",
        "3 proxies, of which the IC has room for 2, 1 target; a member goes into maintenance, the third takes its place",
    ),
    ("staffing-loss", "as staffing, and one message may be lost"),
    ("staffing-crash", "as staffing, and any daemon may crash"),
    ("maintenance-loss", "1 IC member, 1 target that goes into maintenance under a job; one message may be lost"),
    ("maintenance-crash", "as maintenance-loss; no message is lost, either daemon may crash"),
    ("registry-race", "1 target with a registry; two clients start jobs that must not run together"),
    ("registry-two-phase", "2 targets with registries; a copy in two phases while one target resilvers"),
    (
        "rebalance-start",
        "2 targets with registries rebalance; a job that must not run meanwhile starts; nothing is late",
    ),
];

/// What every scope has something to judge of.
const PROPERTIES: [&str; 5] = [
    "finished-is-final",
    "no-abort-without-cause",
    "finished-means-every-target-finished",
    "one-start-one-job",
    "waits-return",
];

/// What the worlds of the Information Center have sizes of. Every client starts so many jobs and waits for each.
const SIZES: [&str; 4] = ["proxies", "targets", "clients", "jobs"];
/// What those of registries have sizes of.
const HOSTED_SIZES: [&str; 1] = ["targets"];

/// How large a world of the Information Center is.
#[derive(Clone, Copy)]
struct Size {
    members: u16,
    targets: u16,
    clients: u16,
    jobs: u16,
}

/// The scope of that name.
pub(super) fn scope(name: &str) -> Option<Scope<Node, Monitor>> {
    sized(name, &Scale::usual())?.ok()
}

/// The scope of that name in another size.
pub(super) fn sized(name: &str, sizes: &Scale) -> Option<Result<Scope<Node, Monitor>, SizeError>> {
    let (loss, duplicate) = (Budget { losses: 1, ..Budget::default() }, Budget { duplicates: 1, ..Budget::default() });
    let world_of = match name {
        "ic" => ((2, 1), Ending::Any, undisturbed(), Budget::default(), "ic-tables-converge"),
        "ic-targets" => ((1, 2), Ending::Any, undisturbed(), Budget::default(), "aborted-jobs-stop"),
        "ic-loss" => ((2, 1), Ending::Finishes, insistent(), loss, "ic-tables-converge"),
        "ic-duplicate" => ((2, 1), Ending::Finishes, insistent(), duplicate, "ic-tables-converge"),
        "registry-race" => return Some(hosted(1, Kind::Dsort, sizes)),
        "registry-two-phase" => return Some(hosted(2, Kind::CopyListrange, sizes)),
        "rebalance-start" => return Some(rebalancing(sizes)),
        _ => return kept(name).map(|world| sizes.are_of(&[]).and_then(|()| agreeing(world))),
    };
    let ((members, targets), ends, timing, budget, property) = world_of;
    let size = sizes.are_of(&SIZES).map(|()| Size {
        members: sizes.or("proxies", members).into(),
        targets: sizes.or("targets", targets).into(),
        clients: sizes.or("clients", 1).into(),
        jobs: sizes.or("jobs", 1).into(),
    });
    Some(size.and_then(|size| world(size, ends, timing, budget, property)))
}

/// Targets and clients may be alike; which gateway is asked, and which is primary, tells those apart.
pub(super) fn symmetry(scope: &Scope<Node, Monitor>) -> Symmetry<Node, Monitor> {
    let cluster = &scope.config.cluster;
    let member =
        |what| move |(number, daemon)| Member { node: Some(cluster.node(daemon)), numbers: vec![(what, number)] };
    let targets = (0..).zip(cluster.targets()).map(member("target")).collect();
    let clients = (0..).zip(cluster.clients()).map(member("client")).collect();
    Symmetry::new(vec![targets, clients])
}

fn impossible(error: ClusterError) -> SizeError {
    SizeError::Impossible(error.to_string())
}

/// Every client starts its jobs and waits for each.
fn world(
    Size { members, targets, clients, jobs }: Size,
    ends: Ending,
    timing: Timing,
    budget: Budget,
    property: &str,
) -> Result<Scope<Node, Monitor>, SizeError> {
    let cluster = Cluster::new(members, targets, clients, members).map_err(impossible)?;
    let (first, last) = (DaemonId::Proxy(0), DaemonId::Proxy(members - 1));
    let work = Work { takes: Duration::from_secs(1), ends };
    let spec = Arc::new(JobSpec::everywhere(Kind::PrefetchListrange, work));
    let start = |name| Request::Start { name, via: first, spec: Arc::clone(&spec) };
    let wait = |name| Request::Wait { what: Awaited::Job(name), via: last, deadline: None };
    let names = || (0..jobs).map(JobName);
    let of = |client| names().map(start).chain(names().map(wait)).map(move |request| (client, request));
    Ok(Scope {
        config: configured(cluster, timing, None),
        nodes: cluster.daemons().map(|daemon| daemon.to_string()).collect(),
        calls: cluster.clients().flat_map(|client| of(cluster.node(client))).collect(),
        monitors: PROPERTIES.iter().chain([&property]).filter_map(|name| Monitor::named(name)).collect(),
        budget,
        crashable: Vec::new(),
        cuts: Vec::new(),
        untimed: false,
        punctual: false,
        absorbs_repeats: true,
    })
}

/// A world whose members agree on who they are.
struct Kept {
    proxies: u16,
    targets: u16,
    ic_size: u16,
    /// What administrators ask for, each through the last proxy.
    changes: Vec<Change>,
    user: User,
    timing: Timing,
    budget: Budget,
    /// Who may crash, where the budget says that somebody may.
    crashable: Vec<DaemonId>,
}

/// What a user does: start a job through the first proxy, perhaps wait for it. Who waits does so through the last; each poll has the targets asked too, which
/// makes a world several times as large.
enum User {
    Nothing,
    Starts,
    StartsAndWaits,
}

/// The world of that name. Nobody looks for signs of life: whoever dies comes back, and nobody is elected. A daemon that is
/// sent away hears of that once, and would ask again only by its own sign of life; so nobody leaves where something fails.
fn kept(name: &str) -> Option<Kept> {
    let (p1, p2, p3) = (DaemonId::Proxy(0), DaemonId::Proxy(1), DaemonId::Proxy(2));
    let (t1, t2) = (DaemonId::Target(0), DaemonId::Target(1));
    let (crash, loss) = (Budget { crashes: 1, ..Budget::default() }, Budget { losses: 1, ..Budget::default() });
    let calm = |proxies, targets, changes, user| Kept {
        proxies,
        targets,
        ic_size: proxies.min(2),
        changes,
        user,
        timing: Timing { retention: None, history: None, ..undisturbed() },
        budget: Budget::default(),
        crashable: Vec::new(),
    };
    let crashing = |crashable, calm| Kept { timing: insistent(), budget: crash, crashable, ..calm };
    let losing = |calm| Kept { timing: insistent(), budget: loss, ..calm };
    let staffing = || calm(3, 1, vec![Change::StartMaintenance(p2)], User::Nothing);
    let maintenance = || calm(1, 1, vec![Change::StartMaintenance(t1)], User::Starts);
    Some(match name {
        "target-leaves" => calm(1, 2, vec![Change::Leave(t2)], User::Starts),
        "member-restarts" => crashing(vec![p1, p2, t1], calm(2, 1, Vec::new(), User::StartsAndWaits)),
        "member-or-target-restarts" => crashing(vec![p2, t2], calm(2, 2, Vec::new(), User::Starts)),
        "demotion" => Kept { ic_size: 1, ..calm(2, 1, vec![Change::SetPrimary(p2)], User::StartsAndWaits) },
        "staffing" => staffing(),
        "staffing-loss" => losing(staffing()),
        "staffing-crash" => crashing(vec![p1, p2, p3, t1], staffing()),
        "maintenance-loss" => losing(maintenance()),
        "maintenance-crash" => crashing(vec![p1, t1], maintenance()),
        _ => return None,
    })
}

fn agreeing(world: Kept) -> Result<Scope<Node, Monitor>, SizeError> {
    let Kept { proxies, targets, ic_size, changes, user, timing, budget, crashable } = world;
    let clients = 1 + u16::try_from(changes.len()).expect("few changes");
    let cluster = Cluster::new(proxies, targets, clients, ic_size).map_err(impossible)?;
    let (first, last) = (DaemonId::Proxy(0), DaemonId::Proxy(proxies - 1));
    let work = Work { takes: Duration::from_secs(1), ends: Ending::Finishes };
    let spec = Arc::new(JobSpec::everywhere(Kind::PrefetchListrange, work));
    let start = Request::Start { name: JobName(0), via: first, spec };
    let wait = Request::Wait { what: Awaited::Job(JobName(0)), via: last, deadline: None };
    let asks = match &user {
        User::Nothing => Vec::new(),
        User::Starts => vec![start],
        User::StartsAndWaits => vec![start, wait],
    };
    let of_user = asks.into_iter().map(|request| (cluster.node(DaemonId::Client(0)), request));
    let administrators = (1..).map(|number| cluster.node(DaemonId::Client(number)));
    let changed = administrators.zip(changes.iter().map(|&change| Request::Admin { change, via: last }));
    let mut config = configured(cluster, timing, None);
    config.deployment.upkeep = Some(Upkeep { keepalive: None, election: false, ..Upkeep::default() });
    Ok(Scope {
        calls: of_user.chain(changed).collect(),
        monitors: judged(&user, &changes, ic_size).into_iter().filter_map(Monitor::named).collect(),
        nodes: cluster.daemons().map(|daemon| daemon.to_string()).collect(),
        crashable: crashable.into_iter().map(|daemon| cluster.node(daemon)).collect(),
        config,
        budget,
        cuts: Vec::new(),
        untimed: false,
        punctual: true,
        absorbs_repeats: true,
    })
}

/// The properties that such a world has something to judge of.
fn judged(user: &User, changes: &[Change], ic_size: u16) -> Vec<&'static str> {
    let mut names = Vec::new();
    if !matches!(user, User::Nothing) {
        names.extend(PROPERTIES);
        names.extend(["ended-jobs-stay-ended", "queries-invent-nothing"]);
        names.extend((ic_size > 1).then_some("ic-tables-converge"));
    }
    if !changes.is_empty() {
        names.extend(["maps-converge", "changes-return", "ic-members-are-active", "map-versions-are-one"]);
    }
    names.extend(changes.iter().any(|change| matches!(change, Change::Leave(_))).then_some("aborted-jobs-stop"));
    names
}

/// One gateway and so many targets with registries: a resilver starts on the last one, and a job that conflicts with it on
/// all. Nobody waits: the Information Center knows of neither.
fn hosted(targets: u8, kind: Kind, sizes: &Scale) -> Result<Scope<Node, Monitor>, SizeError> {
    sizes.are_of(&HOSTED_SIZES)?;
    let targets = u16::from(sizes.or("targets", targets));
    let cluster = Cluster::new(1, targets, 2, 1).map_err(impossible)?;
    let work = Work { takes: Duration::from_secs(1), ends: Ending::Finishes };
    let manner = Manner { from: Some(Bucket { name: BucketName(0), generation: 1 }), ..Manner::default() };
    let start = |client, kind, only| {
        let spec = JobSpec { only, manner: Some(Arc::new(manner)), ..JobSpec::everywhere(kind, work) };
        let request = Request::Start { name: JobName(0), via: DaemonId::Proxy(0), spec: Arc::new(spec) };
        (cluster.node(DaemonId::Client(client)), request)
    };
    let last = Some(DaemonId::Target(targets - 1));
    let names = [
        "no-forbidden-pair-runs",
        "begun-jobs-end",
        "failed-starts-leave-nothing",
        "renewal-rules-hold",
        "one-start-one-job",
        "waits-return",
    ];
    let hosting = Hosting { looks: 2, prune: None, idle: None, ..Hosting::default() };
    Ok(Scope {
        config: configured(cluster, undisturbed(), Some(hosting)),
        nodes: cluster.daemons().map(|daemon| daemon.to_string()).collect(),
        calls: vec![start(0, Kind::Resilver, last), start(1, kind, None)].into(),
        monitors: names.iter().filter_map(|name| Monitor::named(name)).collect(),
        budget: Budget::default(),
        crashable: Vec::new(),
        cuts: Vec::new(),
        untimed: false,
        punctual: false,
        absorbs_repeats: true,
    })
}

/// One gateway and targets with registries: one user has them rebalance, another starts a job on the last one that must not
/// run meanwhile. A start looks once. A job on both would have more than six million states.
fn rebalancing(sizes: &Scale) -> Result<Scope<Node, Monitor>, SizeError> {
    sizes.are_of(&HOSTED_SIZES)?;
    let cluster = Cluster::new(1, u16::from(sizes.or("targets", 2)), 2, 1).map_err(impossible)?;
    let work = Work { takes: Duration::from_secs(1), ends: Ending::Finishes };
    let start = |client, kind, only| {
        let spec = Arc::new(JobSpec { only, ..JobSpec::everywhere(kind, work) });
        let request = Request::Start { name: JobName(0), via: DaemonId::Proxy(0), spec };
        (cluster.node(DaemonId::Client(client)), request)
    };
    let last = cluster.targets().last();
    let names = [
        "nothing-unstable-under-rebalance",
        "no-forbidden-pair-runs",
        "failed-starts-leave-nothing",
        "one-rebalance-at-a-time",
        "rebalances-end",
        "waits-return",
    ];
    let hosting = Hosting { looks: 1, prune: None, idle: None, ..Hosting::default() };
    let timing = Timing { retention: None, history: None, ..undisturbed() };
    let mut config = configured(cluster, timing, Some(hosting));
    let rebalance = Some(Moving::default());
    config.deployment.upkeep = Some(Upkeep { keepalive: None, election: false, rebalance, ..Upkeep::default() });
    Ok(Scope {
        config,
        nodes: cluster.daemons().map(|daemon| daemon.to_string()).collect(),
        calls: vec![start(0, Kind::Rebalance, None), start(1, Kind::Dsort, last)].into(),
        monitors: names.iter().filter_map(|name| Monitor::named(name)).collect(),
        budget: Budget::default(),
        crashable: Vec::new(),
        cuts: Vec::new(),
        untimed: false,
        punctual: true,
        absorbs_repeats: true,
    })
}

fn configured(cluster: Cluster, timing: Timing, hosting: Option<Hosting>) -> Config {
    let mut config = Config::new(cluster);
    (config.timing, config.hosting) = (timing, hosting);
    config
}

/// Where nothing is lost: nobody need repeat anything but the target its news, and jobs are pruned.
fn undisturbed() -> Timing {
    Timing { housekeeping: None, sync: None, client_timeout: None, ..steady() }
}

/// Where something may be lost: clients ask again, members exchange tables, and nothing is forgotten.
fn insistent() -> Timing {
    Timing { housekeeping: None, retention: None, history: None, ..steady() }
}

/// A client that sleeps alike between all its polls: how long it slept would only tell states apart.
fn steady() -> Timing {
    let published = Timing::default();
    Timing { poll_first: published.poll_most, ..published }
}

#[cfg(test)]
mod tests {
    use quiesce_machine::Monitor as _;

    use super::*;

    #[test]
    fn every_client_starts_its_jobs_and_waits_for_each() {
        let sizes = Scale::usual().with("clients", 2).with("jobs", 3).with("targets", 2);
        let scope = sized("ic", &sizes).expect("a listed scope").expect("it has these sizes");
        assert_eq!(scope.calls.len(), 2 * (3 + 3));
        assert_eq!(scope.nodes, ["p1", "p2", "t1", "t2", "c1", "c2"]);
        assert!(matches!(sized("ic", &Scale::usual().with("users", 2)), Some(Err(SizeError::Unknown { .. }))));
    }

    #[test]
    fn every_scope_makes_sense_and_has_all_its_properties() {
        for (name, _) in ROWS {
            let scope = scope(name).expect("a listed scope");
            assert_eq!(scope.validate(), Ok(()), "{name}");
            let has = |property: &str| scope.monitors.iter().any(|monitor| monitor.name() == property);
            assert!(has("waits-return") || has("changes-return"), "{name}");
        }
    }
}
