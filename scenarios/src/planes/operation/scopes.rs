//! Small worlds of asynchronous operations, each searched exhaustively by `quiesce check`.
//!
//! Time stands still in them, so periods and time-outs say only that something may fire. What fires for ever is
//! switched off (the audit, the relist, the election), since it would starve what waits for a moment of quiet.

use std::time::Duration;

use quiesce_control::operation::{
    Answers, App, AppId, Behaviour, Cluster, Config, Mode, Monitor, Mutation, Node, Policies, ProcessId, Request,
    Timing, Webhook,
};
use quiesce_machine::Monitor as _;
use quiesce_model::{Budget, Scope};

/// Every scope: name and what is in it.
pub(super) const ROWS: [(&str, &str); 7] = [
    ("operation", "1 application, 1 controller; a user unpairs it and deletes it, synchronous webhook"),
    ("operation-polled", "as operation, one mutation, with a webhook that is polled and may refuse calls"),
    ("operation-loss", "as operation, one mutation, and a message may be lost"),
    ("operation-duplicate", "as operation, one mutation, and a message may arrive twice"),
    (
        "operation-crash",
        "as operation, one mutation, and the director, the controller or the tenant's system may crash and restart",
    ),
    ("operation-two-leaders", "as operation, one mutation, with 2 controllers that both lead, one of which may crash"),
    ("operation-untimed", "as operation, one mutation, and a loss, with every timer at any moment; safety alone"),
];

/// The scope of that name.
pub(super) fn scope(name: &str) -> Option<Scope<Node, Monitor>> {
    let none = Budget::default();
    let loss = Budget { losses: 1, ..none };
    let crash = Budget { crashes: 1, ..none };
    Some(match name {
        "operation" => world(1, 2, Mode::Sync, none),
        "operation-polled" => world(1, 1, Mode::Async, none),
        "operation-loss" => world(1, 1, Mode::Sync, loss),
        "operation-duplicate" => world(1, 1, Mode::Sync, Budget { duplicates: 1, ..none }),
        "operation-crash" => world(1, 1, Mode::Sync, crash),
        "operation-two-leaders" => world(2, 1, Mode::Sync, crash),
        "operation-untimed" => {
            let mut scope = world(1, 1, Mode::Sync, loss);
            scope.untimed = true;
            scope.monitors.retain(|monitor| !LIVENESS.contains(&monitor.name()));
            scope
        }
        _ => return None,
    })
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

/// Those among them that say what is owed.
const LIVENESS: [&str; 4] =
    ["accepted-operations-terminate", "readiness-agrees", "no-accepted-operation-lost", "calls-return"];

fn world(controllers: u8, mutations: usize, mode: Mode, budget: Budget) -> Scope<Node, Monitor> {
    let cluster = Cluster::new(controllers, 1).expect("a cluster that can be");
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
    let request = |mutation| (user, Request::Mutate { app: AppId(0), mutation, sync: false, readable: true });
    let crashable = [ProcessId::Director, ProcessId::Controller(0), ProcessId::Tenant];
    Scope {
        config: Config { cluster, apps, timing, policies: Policies::hardened() },
        nodes: cluster.processes().map(|process| process.to_string()).collect(),
        calls: [Mutation::Unpair, Mutation::Unregister].into_iter().take(mutations).map(request).collect(),
        monitors: PROPERTIES.iter().filter_map(|name| Monitor::named(name)).collect(),
        budget,
        crashable: crashable.map(|process| cluster.node(process)).to_vec(),
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
            let expected = if scope.untimed { PROPERTIES.len() - LIVENESS.len() } else { PROPERTIES.len() };
            assert_eq!(scope.monitors.len(), expected, "{name}");
        }
        assert!(scope("none").is_none());
    }
}
