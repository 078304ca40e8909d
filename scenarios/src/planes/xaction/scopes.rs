//! Small worlds of batch jobs, each searched exhaustively by `quiesce check`.
//!
//! Time stands still in them, so periods and time-outs say only that something may fire. What a scope does not need is
//! switched off by configuration: retention where a message may be lost or repeated (its minutes would race the seconds
//! of a retry), the exchange of tables and a client's patience where nothing is lost.

use std::sync::Arc;
use std::time::Duration;

use quiesce_control::xaction::bucket::{Bucket, BucketName};
use quiesce_control::xaction::{
    Awaited, Cluster, Config, DaemonId, Ending, Hosting, JobName, JobSpec, Kind, Manner, Monitor, Node, Request,
    Timing, Work,
};
use quiesce_model::{Budget, Scope};

/// Every scope: name and what is in it.
pub(super) const ROWS: [(&str, &str); 6] = [
    ("ic", "2 IC members, 1 target; a client starts a job and waits for it; the target's part ends in any way"),
    ("ic-targets", "1 IC member, 2 targets; as ic"),
    ("ic-loss", "as ic, the part finishes; one message may be lost, members exchange tables, nothing is pruned"),
    ("ic-duplicate", "as ic-loss, with one message that may come twice instead"),
    ("registry-race", "1 target with a registry; two clients start jobs that must not run together"),
    ("registry-two-phase", "2 targets with registries; a copy in two phases while one target resilvers"),
];

/// What every scope has something to judge of.
const PROPERTIES: [&str; 5] = [
    "finished-is-final",
    "no-abort-without-cause",
    "finished-means-every-target-finished",
    "one-start-one-job",
    "waits-return",
];

/// The scope of that name.
pub(super) fn scope(name: &str) -> Option<Scope<Node, Monitor>> {
    let (loss, duplicate) = (Budget { losses: 1, ..Budget::default() }, Budget { duplicates: 1, ..Budget::default() });
    match name {
        "ic" => Some(world((2, 1), Ending::Any, undisturbed(), Budget::default(), &["ic-tables-converge"])),
        "ic-targets" => Some(world((1, 2), Ending::Any, undisturbed(), Budget::default(), &["aborted-jobs-stop"])),
        "ic-loss" => Some(world((2, 1), Ending::Finishes, insistent(), loss, &["ic-tables-converge"])),
        "ic-duplicate" => Some(world((2, 1), Ending::Finishes, insistent(), duplicate, &["ic-tables-converge"])),
        "registry-race" => Some(hosted(1, Kind::Dsort)),
        "registry-two-phase" => Some(hosted(2, Kind::CopyListrange)),
        _ => None,
    }
}

/// So many members and targets; a client starts a job and waits for it.
fn world(
    (members, targets): (u16, u16),
    ends: Ending,
    timing: Timing,
    budget: Budget,
    properties: &[&str],
) -> Scope<Node, Monitor> {
    let cluster = Cluster::new(members, targets, 1, members).expect("a cluster that can be");
    let client = cluster.node(DaemonId::Client(0));
    let (first, last) = (DaemonId::Proxy(0), DaemonId::Proxy(members - 1));
    let name = JobName(0);
    let work = Work { takes: Duration::from_secs(1), ends };
    let spec = Arc::new(JobSpec::everywhere(Kind::PrefetchListrange, work));
    let start = Request::Start { name, via: first, spec };
    let wait = Request::Wait { what: Awaited::Job(name), via: last, deadline: None };
    Scope {
        config: configured(cluster, timing, None),
        nodes: cluster.daemons().map(|daemon| daemon.to_string()).collect(),
        calls: vec![(client, start), (client, wait)],
        monitors: PROPERTIES.iter().chain(properties).filter_map(|name| Monitor::named(name)).collect(),
        budget,
        crashable: Vec::new(),
        cuts: Vec::new(),
        untimed: false,
        absorbs_repeats: true,
    }
}

/// One gateway and so many targets with registries: a resilver starts on the last one, and a job that conflicts with it on
/// all. Nobody waits: the Information Center knows of neither.
fn hosted(targets: u16, kind: Kind) -> Scope<Node, Monitor> {
    let cluster = Cluster::new(1, targets, 2, 1).expect("a cluster that can be");
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
    Scope {
        config: configured(cluster, undisturbed(), Some(hosting)),
        nodes: cluster.daemons().map(|daemon| daemon.to_string()).collect(),
        calls: vec![start(0, Kind::Resilver, last), start(1, kind, None)],
        monitors: names.iter().filter_map(|name| Monitor::named(name)).collect(),
        budget: Budget::default(),
        crashable: Vec::new(),
        cuts: Vec::new(),
        untimed: false,
        absorbs_repeats: true,
    }
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
    use super::*;

    #[test]
    fn every_scope_makes_sense_and_has_all_its_properties() {
        for (name, _) in ROWS {
            let scope = scope(name).expect("a listed scope");
            assert_eq!(scope.validate(), Ok(()), "{name}");
            assert_eq!(scope.monitors.len(), PROPERTIES.len() + 1, "{name}");
        }
    }
}
