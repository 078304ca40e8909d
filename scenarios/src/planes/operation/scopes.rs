//! Small worlds of asynchronous operations, each searched exhaustively by `quiesce check`. Each asks one question.
//!
//! Time stands still in them, so periods and time-outs say only that something may fire. What a world does not ask
//! about is switched off: the audit and the relist, where no record can be lost; the election, where one controller
//! leads; deadlines, where an operation has all the time it needs.

use std::time::Duration;

use quiesce_control::operation::{
    Answers, App, AppId, Behaviour, Cluster, Config, Mode, Monitor, Mutation, Node, Policies, ProcessId, Request,
    Timing, Webhook,
};
use quiesce_model::{Budget, Scope};

/// Every scope: name and what is in it.
pub(super) const ROWS: [(&str, &str); 12] = [
    ("operation", "1 application, 1 controller; a user unpairs it, synchronous webhook, and time may run out"),
    ("operation-polled", "as operation, with a webhook that is polled and may refuse calls"),
    ("operation-loss", "as operation, and a message may be lost"),
    ("operation-crash", "as operation, and the director or the tenant's system may crash"),
    ("operation-controller-crash", "as operation-polled without refusals, and the controller may crash"),
    ("operation-apiserver-crash", "as operation, and the API server may crash"),
    ("operation-two", "1 application, 1 controller; two users unpair it"),
    ("operation-two-loss", "as operation-two, and a message may be lost"),
    ("operation-two-crash", "as operation-two, and the director may crash"),
    ("operation-two-faults", "as operation-two, a message may be lost and the director may crash"),
    ("operation-handover", "as operation, two controllers and a lease that may pass on"),
    ("operation-handover-crash", "as operation-handover, and a controller may crash"),
];

/// The scope of that name.
pub(super) fn scope(name: &str) -> Option<Scope<Node, Monitor>> {
    let none = Budget::default();
    let (loss, crash) = (Budget { losses: 1, ..none }, Budget { crashes: 1, ..none });
    let world = World {
        controllers: 1,
        mutations: 1,
        mode: Mode::Sync,
        refuses: false,
        timed: true,
        lease: false,
        relist: false,
    };
    let polled = World { mode: Mode::Async, ..world };
    let two = World { mutations: 2, timed: false, ..world };
    let (director, tenant) = (ProcessId::Director, ProcessId::Tenant);
    Some(match name {
        "operation" => world.under(none, &[]),
        "operation-polled" => World { refuses: true, ..polled }.under(none, &[]),
        "operation-loss" => world.under(loss, &[]),
        "operation-crash" => world.under(crash, &[director, tenant]),
        "operation-controller-crash" => World { timed: false, ..world }.under(crash, &[ProcessId::Controller(0)]),
        "operation-apiserver-crash" => {
            World { relist: true, timed: false, ..world }.under(crash, &[ProcessId::ApiServer])
        }
        "operation-two" => two.under(none, &[]),
        "operation-two-loss" => two.under(loss, &[]),
        "operation-two-crash" => two.under(crash, &[director]),
        "operation-two-faults" => two.under(Budget { losses: 1, crashes: 1, ..none }, &[director]),
        "operation-handover" => World { controllers: 2, lease: true, timed: false, ..world }.under(none, &[]),
        "operation-handover-crash" => {
            World { controllers: 2, lease: true, timed: false, ..world }.under(crash, &[ProcessId::Controller(0)])
        }
        _ => return None,
    })
}

/// What the monitors of a scope can judge whatever its webhook does.
const PROPERTIES: [&str; 10] = [
    "one-operation-at-a-time",
    "effect-only-if-committed",
    "terminal-is-absorbing",
    "accepted-operations-terminate",
    "webhook-effect-at-most-once",
    "success-means-done",
    "readiness-agrees",
    "no-accepted-operation-lost",
    "fenced-completion",
    "calls-return",
];

/// What tells the worlds apart, beside their faults.
#[derive(Clone, Copy)]
struct World {
    controllers: u8,
    /// How many users there are, each of whom unpairs the application.
    mutations: u8,
    mode: Mode,
    /// Whether the webhook may refuse calls.
    refuses: bool,
    /// Whether an operation may run out of time.
    timed: bool,
    /// Whether controllers take turns.
    lease: bool,
    /// Whether a controller reads all records now and then, since the API server may forget who watches.
    relist: bool,
}

impl World {
    fn under(self, budget: Budget, crashable: &[ProcessId]) -> Scope<Node, Monitor> {
        let cluster = Cluster::new(self.controllers, self.mutations).expect("a cluster that can be");
        let webhook = Webhook { mode: self.mode, timeout: None, retry_interval: None };
        let answers = if self.refuses { Answers::AcceptsOrRefuses } else { Answers::Accepts };
        let apps = vec![App {
            exists: true,
            webhook: Some(webhook),
            behaviour: Behaviour { answers, ..Behaviour::default() },
        }];
        let unpair = Request::Mutate { app: AppId(0), mutation: Mutation::Unpair, sync: false, readable: true };
        let judged = PROPERTIES.iter().filter_map(|name| Monitor::named(name));
        Scope {
            config: Config { cluster, apps, timing: self.timing(), policies: Policies::hardened() },
            nodes: cluster.processes().map(|process| process.to_string()).collect(),
            calls: cluster.users().map(|user| (cluster.node(user), unpair.clone())).collect(),
            monitors: judged.collect(),
            budget,
            crashable: crashable.iter().map(|&process| cluster.node(process)).collect(),
            cuts: Vec::new(),
            untimed: false,
            absorbs_repeats: false,
        }
    }

    fn timing(self) -> Timing {
        let base = Timing::default();
        let still = Duration::from_secs(1);
        Timing {
            audit: None,
            relist: base.relist.filter(|_| self.relist),
            lease: base.lease.filter(|_| self.lease),
            webhook_timeout: base.webhook_timeout.filter(|_| self.timed),
            backoff_first: still,
            backoff_most: still,
            ..base
        }
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
