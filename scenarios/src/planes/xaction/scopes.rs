//! Small worlds of batch jobs, each searched exhaustively by `quiesce check`.
//!
//! Time stands still in them, so periods and time-outs say only that something may fire; what would only add states
//! (housekeeping, the exchange of tables, a client's patience) is switched off where a scope does not need it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use quiesce_control::xaction::{
    Awaited, Cluster, Config, DaemonId, Ending, JobName, JobSpec, Kind, Monitor, Node, Policies, Request, Timing, Work,
};
use quiesce_model::{Budget, Scope};

/// Every scope: name and what is in it.
pub(super) const ROWS: [(&str, &str); 2] = [
    ("ic", "2 IC members, 1 target; a client starts a job and waits for it; the target's part ends in any way"),
    ("ic-crash", "as ic, and p2, which serves the wait, may crash and restart"),
];

/// What the monitors of a scope without aborts by users and crashes of targets can judge.
const PROPERTIES: [&str; 6] = [
    "finished-is-final",
    "no-abort-without-cause",
    "finished-means-every-target-finished",
    "one-start-one-job",
    "waits-return",
    "ic-tables-converge",
];

/// The scope of that name.
pub(super) fn scope(name: &str) -> Option<Scope<Node, Monitor>> {
    match name {
        "ic" => Some(ic(Budget::default())),
        "ic-crash" => Some(ic(Budget { crashes: 1, ..Budget::default() })),
        _ => None,
    }
}

fn ic(budget: Budget) -> Scope<Node, Monitor> {
    let cluster = Cluster::new(2, 1, 1, 2).expect("a cluster that can be");
    let (p1, p2, client) = (DaemonId::Proxy(0), DaemonId::Proxy(1), cluster.node(DaemonId::Client(0)));
    let name = JobName(0);
    let start = Request::Start { name, via: p1, spec: Arc::new(prefetch(Ending::Any)) };
    let wait = Request::Wait { what: Awaited::Job(name), via: p2, deadline: None };
    let timing = Timing { housekeeping: None, sync: None, client_timeout: None, ..Timing::default() };
    Scope {
        config: Config { cluster, timing, policies: Policies::hardened() },
        nodes: cluster.daemons().map(|daemon| daemon.to_string()).collect(),
        calls: vec![(client, start), (client, wait)],
        monitors: PROPERTIES.iter().filter_map(|name| Monitor::named(name)).collect(),
        budget,
        crashable: vec![cluster.node(p2)],
        cuts: Vec::new(),
        untimed: false,
    }
}

fn prefetch(ends: Ending) -> JobSpec {
    let work = Work { takes: Duration::from_secs(1), ends };
    JobSpec { kind: Kind::PrefetchListrange, work, special: BTreeMap::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_makes_sense_and_has_all_its_properties() {
        for (name, _) in ROWS {
            let scope = scope(name).expect("a listed scope");
            assert_eq!(scope.validate(), Ok(()), "{name}");
            assert_eq!(scope.monitors.len(), PROPERTIES.len(), "{name}");
        }
    }
}
