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
use quiesce_model::{Budget, Member, Scope, Symmetry};

use crate::check::{Scale, SizeError};

/// Every scope: name and what is in it.
pub(super) const ROWS: [(&str, &str); 12] = [
    ("operation", "1 application, 1 controller; a user unpairs it, synchronous webhook, and time may run out"),
    ("operation-polled", "as operation, with a webhook that is polled and may refuse calls"),
    ("operation-timeout", "as operation, and a message may be lost"),
    ("operation-loss", "as operation-timeout, and there is time enough"),
    ("operation-crash", "the director or the tenant's system may crash; there is time enough"),
    ("operation-controller-crash", "the controller may crash"),
    ("operation-apiserver-crash", "the API server may crash"),
    ("operation-two", "two users unpair the application"),
    ("operation-two-loss", "two users unpair the application, and a message may be lost"),
    ("operation-two-crash", "two users unpair the application, and the director may crash"),
    ("operation-two-faults", "two users unpair the application, a message may be lost and the director may crash"),
    ("operation-handover", "two controllers, and a lease that may pass on"),
];

/// What every world has sizes of. Every user unpairs the application.
const SIZES: [&str; 2] = ["controllers", "users"];

/// The scope of that name.
pub(super) fn scope(name: &str) -> Option<Scope<Node, Monitor>> {
    sized(name, &Scale::usual())?.ok()
}

/// The scope of that name in another size.
pub(super) fn sized(name: &str, sizes: &Scale) -> Option<Result<Scope<Node, Monitor>, SizeError>> {
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
    let calm = World { timed: false, ..world };
    let two = World { mutations: 2, ..calm };
    let (director, tenant) = (ProcessId::Director, ProcessId::Tenant);
    let of = |world: World, budget, crashable: &[ProcessId]| {
        sizes.are_of(&SIZES)?;
        let controllers = sizes.or("controllers", world.controllers);
        World { controllers, mutations: sizes.or("users", world.mutations), ..world }.under(budget, crashable)
    };
    Some(match name {
        "operation" => of(world, none, &[]),
        "operation-polled" => of(World { refuses: true, ..polled }, none, &[]),
        "operation-timeout" => of(world, loss, &[]),
        "operation-loss" => of(calm, loss, &[]),
        "operation-crash" => of(calm, crash, &[director, tenant]),
        "operation-controller-crash" => of(calm, crash, &[ProcessId::Controller(0)]),
        "operation-apiserver-crash" => of(World { relist: true, ..calm }, crash, &[ProcessId::ApiServer]),
        "operation-two" => of(two, none, &[]),
        "operation-two-loss" => of(two, loss, &[]),
        "operation-two-crash" => of(two, crash, &[director]),
        "operation-two-faults" => of(two, Budget { losses: 1, crashes: 1, ..none }, &[director]),
        "operation-handover" => of(World { controllers: 2, lease: true, ..calm }, none, &[]),
        _ => return None,
    })
}

/// Users may be alike.
pub(super) fn symmetry(scope: &Scope<Node, Monitor>) -> Symmetry<Node, Monitor> {
    let cluster = &scope.config.cluster;
    let member = |(number, user)| Member { node: Some(cluster.node(user)), numbers: vec![("user", number)] };
    Symmetry::new(vec![(0..).zip(cluster.users()).map(member).collect()])
}

/// What can be judged whatever a scope's webhook does.
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

/// What else can be judged where time may run out before the webhook has answered.
const OF_TIME: [&str; 3] = ["timeout-implies-attempt", "failure-means-not-done", "outcome-is-kept"];

/// What else can be judged where jobs are polled.
const OF_POLLING: [&str; 1] = ["heard-location-is-used"];

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
    fn under(self, budget: Budget, crashable: &[ProcessId]) -> Result<Scope<Node, Monitor>, SizeError> {
        let cluster = Cluster::new(self.controllers, self.mutations);
        let cluster = cluster.map_err(|error| SizeError::Impossible(error.to_string()))?;
        let webhook = Webhook { mode: self.mode, timeout: None, retry_interval: None };
        let answers = if self.refuses { Answers::AcceptsOrRefuses } else { Answers::Accepts };
        let apps = vec![App {
            exists: true,
            webhook: Some(webhook),
            behaviour: Behaviour { answers, ..Behaviour::default() },
        }];
        let unpair = Request::Mutate { app: AppId(0), mutation: Mutation::Unpair, sync: false, readable: true };
        Ok(Scope {
            config: Config { cluster, apps, timing: self.timing(), policies: Policies::hardened() },
            nodes: cluster.processes().map(|process| process.to_string()).collect(),
            calls: cluster.users().map(|user| (cluster.node(user), unpair.clone())).collect(),
            monitors: self.monitors(budget),
            budget,
            crashable: crashable.iter().map(|&process| cluster.node(process)).collect(),
            cuts: Vec::new(),
            untimed: false,
            punctual: false,
            absorbs_repeats: false,
        })
    }

    fn monitors(self, budget: Budget) -> Vec<Monitor> {
        let late = self.timed && (self.refuses || budget.losses > 0);
        let of_time = OF_TIME.into_iter().filter(|_| late);
        let of_polling = OF_POLLING.into_iter().filter(|_| self.mode == Mode::Async);
        let names = PROPERTIES.into_iter().chain(of_time).chain(of_polling);
        names.map(|name| Monitor::named(name).expect("a property of this plane")).collect()
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
    fn every_scope_makes_sense() {
        for (name, _) in ROWS {
            let scope = scope(name).unwrap_or_else(|| panic!("{name} is listed and not there"));
            scope.validate().unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        assert!(scope("none").is_none());
    }
}
