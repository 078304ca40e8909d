//! Small worlds of asynchronous operations, each searched exhaustively by `quiesce check`.
//!
//! Time stands still in them, so periods and time-outs say only that something may fire; the audit, which only repeats
//! what the relay does, is on only where an API server may lose what it was sent.

use std::time::Duration;

use quiesce_control::operation::{
    App, AppId, Behaviour, Cluster, Config, Mode, Monitor, Mutation, Node, Policies, ProcessId, Request, Timing,
    Webhook,
};
use quiesce_model::{Budget, Scope};

/// Every scope: name and what is in it.
pub(super) const ROWS: [(&str, &str); 4] = [
    ("operation", "1 application, 1 controller; a user unpairs it, synchronous webhook"),
    ("operation-loss", "as operation, and a message may be lost"),
    ("operation-crash", "as operation, and the controller or the director may crash and restart"),
    ("operation-two-leaders", "as operation, with 2 controllers that both believe to lead"),
];

/// The scope of that name.
pub(super) fn scope(name: &str) -> Option<Scope<Node, Monitor>> {
    let one = Budget::default();
    match name {
        "operation" => Some(world(1, one)),
        "operation-loss" => Some(world(1, Budget { losses: 1, ..one })),
        "operation-crash" => Some(world(1, Budget { crashes: 1, ..one })),
        "operation-two-leaders" => Some(world(2, one)),
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

fn world(controllers: u8, budget: Budget) -> Scope<Node, Monitor> {
    let cluster = Cluster::new(controllers, 1).expect("a cluster that can be");
    let webhook = Webhook { mode: Mode::Sync, timeout: None, retry_interval: None };
    let apps = vec![App { exists: true, webhook: Some(webhook), behaviour: Behaviour::default() }];
    let still = Duration::from_secs(1);
    let timing = Timing {
        audit: None,
        relist: None,
        lease: None,
        backoff_first: still,
        backoff_most: still,
        ..Timing::default()
    };
    let unpair = Request::Mutate { app: AppId(0), mutation: Mutation::Unpair, sync: false, readable: true };
    Scope {
        config: Config { cluster, apps, timing, policies: Policies::hardened() },
        nodes: cluster.processes().map(|process| process.to_string()).collect(),
        calls: vec![(cluster.node(ProcessId::User(0)), unpair)],
        monitors: PROPERTIES.iter().filter_map(|name| Monitor::named(name)).collect(),
        budget,
        crashable: vec![cluster.node(ProcessId::Director), cluster.node(ProcessId::Controller(0))],
        cuts: Vec::new(),
        untimed: false,
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
