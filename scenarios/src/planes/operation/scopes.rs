//! Small worlds of asynchronous operations, each searched exhaustively by `quiesce check`.
//!
//! Time stands still in them, so periods and time-outs say only that something may fire. What fires for ever is
//! switched off (the audit, the relist, the election), since it would starve what waits for a moment of quiet.

use std::time::Duration;

use quiesce_control::operation::{
    Answers, App, AppId, Behaviour, Cluster, Config, Mode, Monitor, Mutation, Node, Policies, ProcessId, Request,
    Timing, Webhook,
};
use quiesce_model::{Budget, Scope};

/// Every scope: name and what is in it.
pub(super) const ROWS: [(&str, &str); 4] = [
    ("operation", "1 application, 1 controller; a user unpairs it, synchronous webhook"),
    ("operation-polled", "as operation, with a webhook that is polled and may refuse calls"),
    ("operation-loss", "as operation, and a message may be lost"),
    ("operation-crash", "as operation, and the director or the tenant's system may crash and restart"),
];

/// The scope of that name.
pub(super) fn scope(name: &str) -> Option<Scope<Node, Monitor>> {
    let none = Budget::default();
    match name {
        "operation" => Some(world(Mode::Sync, none)),
        "operation-polled" => Some(world(Mode::Async, none)),
        "operation-loss" => Some(world(Mode::Sync, Budget { losses: 1, ..none })),
        "operation-crash" => Some(world(Mode::Sync, Budget { crashes: 1, ..none })),
        _ => None,
    }
}

/// What the monitors of a scope can judge whose webhook is synchronous and accepts every call.
const PROPERTIES: [&str; 9] = [
    "one-operation-at-a-time",
    "effect-only-if-committed",
    "terminal-is-absorbing",
    "accepted-operations-terminate",
    "webhook-effect-at-most-once",
    "readiness-agrees",
    "no-accepted-operation-lost",
    "fenced-completion",
    "calls-return",
];

fn world(mode: Mode, budget: Budget) -> Scope<Node, Monitor> {
    let cluster = Cluster::new(1, 1).expect("a cluster that can be");
    let webhook = Webhook { mode, timeout: None, retry_interval: None };
    let answers = if mode == Mode::Sync { Answers::Accepts } else { Answers::AcceptsOrRefuses };
    let behaviour = Behaviour { answers, ..Behaviour::default() };
    let apps = vec![App { exists: true, webhook: Some(webhook), behaviour }];
    let still = Duration::from_secs(1);
    let timing = Timing {
        audit: None,
        relist: None,
        lease: None,
        backoff_first: still,
        backoff_most: still,
        ..Timing::default()
    };
    let user = cluster.node(ProcessId::User(0));
    let unpair = Request::Mutate { app: AppId(0), mutation: Mutation::Unpair, sync: false, readable: true };
    let crashable = [ProcessId::Director, ProcessId::Tenant];
    Scope {
        config: Config { cluster, apps, timing, policies: Policies::hardened() },
        nodes: cluster.processes().map(|process| process.to_string()).collect(),
        calls: vec![(user, unpair)],
        monitors: PROPERTIES.iter().filter_map(|name| Monitor::named(name)).collect(),
        budget,
        crashable: crashable.map(|process| cluster.node(process)).to_vec(),
        cuts: Vec::new(),
        untimed: false,
        absorbs_repeats: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_makes_sense_and_names_its_properties() {
        for (name, _) in ROWS {
            let scope = scope(name).unwrap_or_else(|| panic!("{name} is listed and not there"));
            scope.validate().unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(scope.monitors.len(), PROPERTIES.len(), "{name}");
        }
        assert!(scope("none").is_none());
    }
}
