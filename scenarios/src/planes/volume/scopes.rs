//! Small worlds of volumes, each searched exhaustively by `quiesce check`.
//!
//! Time stands still in them, so periods and time-outs say only that something may fire. The lease ends only with its
//! process, and a node is offline only when it is down: that keeps the worlds finite.

use quiesce_control::volume::{
    Cluster, Config, EngineId, Monitor, Node, NodeSet, Policies, PoolId, Request, Role, Timing, VolumeId, VolumeWant,
};
use quiesce_model::{Budget, Scope};

use crate::check::{Scale, SizeError};

/// Every scope: name and what is in it.
pub(super) const ROWS: [(&str, &str); 11] = [
    ("create", "1 storage node; a pool is created, and a volume of 1 replica; a message may be late"),
    ("pool-agent-crash", "1 storage node; a pool is created; the agent may crash and restart, twice"),
    ("replicas-late", "2 storage nodes with a pool each; a volume of 2 replicas is created; a message may be late"),
    ("replica-crashes", "1 storage node with a pool; a volume of 1 replica; the agent may crash and restart, twice"),
    ("replicas-crash", "as replicas-late; no message is late, and the agent may crash and restart"),
    ("replica-crash-late", "as replica-crashes with 1 crash, and a message may be late"),
    ("delete-late", "as replicas-late, and the volume is deleted again"),
    ("publish-late", "as replicas-late, and the volume is published"),
    (
        "replicas-crashes-late",
        "as replicas-late, and the agent may crash and restart, twice; storage nodes do not announce themselves",
    ),
    ("delete-crash", "as replicas-crash, and the volume is deleted again; storage nodes do not announce themselves"),
    ("publish-crash", "as replicas-crash, and the volume is published; storage nodes do not announce themselves"),
];

/// What every world has sizes of; a volume has no more replicas than there are storage nodes.
const SIZES: [&str; 2] = ["engines", "replicas"];

/// The scope of that name.
pub(super) fn scope(name: &str) -> Option<Scope<Node, Monitor>> {
    sized(name, &Scale::usual())?.ok()
}

/// The scope of that name in another size.
pub(super) fn sized(name: &str, sizes: &Scale) -> Option<Result<Scope<Node, Monitor>, SizeError>> {
    let none = Budget::default();
    let (late, crash) = (Budget { duplicates: 1, ..none }, Budget { crashes: 1, ..none });
    let two = World { engines: 2, pools: true, registers: true, replicas: 2, then: None };
    let silent = World { registers: false, ..two };
    let one = World { engines: 1, replicas: 1, ..two };
    let bare = World { pools: false, ..one };
    let (world, budget) = match name {
        "create" => (bare, late),
        "pool-agent-crash" => (World { replicas: 0, ..bare }, Budget { crashes: 2, ..none }),
        "replicas-late" => (two, late),
        "replica-crashes" => (one, Budget { crashes: 2, ..none }),
        "replicas-crash" => (two, crash),
        "replica-crash-late" => (one, Budget { duplicates: 1, ..crash }),
        "delete-late" => (World { then: Some(Then::Delete), ..two }, late),
        "publish-late" => (World { then: Some(Then::Publish), ..two }, late),
        "replicas-crashes-late" => (silent, Budget { crashes: 2, ..late }),
        "delete-crash" => (World { then: Some(Then::Delete), ..silent }, crash),
        "publish-crash" => (World { then: Some(Then::Publish), ..silent }, crash),
        _ => return None,
    };
    let (engines, replicas) = (sizes.or("engines", world.engines), sizes.or("replicas", world.replicas));
    let world = World { engines, replicas, ..world };
    Some(sizes.are_of(&SIZES).and_then(|()| world.under(budget)))
}

/// What is asked of the volume once it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Publish,
    Delete,
}

/// What tells the worlds apart, beside their faults: a message that comes twice is one that is late, and an agent may
/// crash.
#[derive(Clone, Copy, Debug)]
struct World {
    /// Storage nodes.
    engines: u8,
    /// Whether every node has its pool from the start; else a user asks for them.
    pools: bool,
    /// Whether storage nodes say that they are up when they start; else the agent learns of them by listing them. To say so
    /// multiplies the states of a world with crashes by 22.
    registers: bool,
    /// How many replicas the volume is to have; none: there is no volume.
    replicas: u8,
    then: Option<Then>,
}

const POOL_SIZE: u8 = 2;

impl World {
    fn under(self, budget: Budget) -> Result<Scope<Node, Monitor>, SizeError> {
        let cluster = Cluster::new(1, self.engines, 1, false);
        let cluster = cluster.map_err(|error| SizeError::Impossible(error.to_string()))?;
        let cluster = if self.pools { cluster.with_pools(POOL_SIZE) } else { cluster };
        let user = cluster.node(Role::User(0));
        let agents = cluster.agents().map(|agent| cluster.node(agent));
        Ok(Scope {
            config: Config {
                cluster,
                timing: Timing { register_first: self.registers, ..still() },
                policies: Policies::hardened(),
            },
            nodes: cluster.roles().map(|role| role.to_string()).collect(),
            calls: self.calls(&cluster).into_iter().map(|request| (user, request)).collect(),
            monitors: self.monitors(budget),
            crashable: agents.filter(|_| budget.crashes > 0).collect(),
            budget,
            cuts: Vec::new(),
            untimed: false,
            punctual: false,
            absorbs_repeats: true,
        })
    }

    fn calls(self, cluster: &Cluster) -> Vec<Request> {
        let volume = VolumeId(0);
        let put_pool = |node: EngineId| Request::PutPool { pool: PoolId(node.0), node, size: POOL_SIZE };
        let mut calls: Vec<Request> = cluster.engines().filter(|_| !self.pools).map(put_pool).collect();
        if self.replicas > 0 {
            let (replicas, everywhere) = (self.replicas, NodeSet(0));
            let want = VolumeWant { size: 1, replicas, nexuses: 0, allowed: everywhere, preferred: everywhere };
            calls.push(Request::PutVolume { volume, want });
        }
        calls.extend(self.then.map(|then| match then {
            Then::Publish => Request::Publish { volume, node: None },
            Then::Delete => Request::DeleteVolume { volume },
        }));
        calls
    }

    /// What a world gives something to judge.
    fn monitors(self, budget: Budget) -> Vec<Monitor> {
        let always =
            ["ack-durable", "spec-first", "fence", "monotone", "ack-means-met", "no-orphan", "clean", "retry-safe"];
        let of_volumes = ["no-live-destroy", "placement", "converge"].into_iter().filter(|_| self.replicas > 0);
        let fails = !self.pools || budget.crashes > 0 || self.then.is_some();
        let goes = budget.crashes > 0 || self.then == Some(Then::Delete);
        let of_targets = ["one-target", "sound-children"].into_iter().filter(|_| self.then == Some(Then::Publish));
        let names = always.into_iter().chain(of_volumes).chain(of_targets);
        let names = names.chain(fails.then_some("error-no-effect")).chain(goes.then_some("drained"));
        names.map(|name| Monitor::named(name).expect("a property of this plane")).collect()
    }
}

/// Nothing is lost, so nobody gives up or asks again.
fn still() -> Timing {
    Timing {
        lease: None,
        store_timeout: None,
        call_retry: None,
        register: None,
        user_resend: None,
        call_timeout: None,
        node_deadline: None,
        user_timeout: None,
        lapses: Some(0),
        ..Timing::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_makes_sense() {
        for (name, _) in ROWS {
            assert_eq!(scope(name).expect("a listed scope").validate(), Ok(()), "{name}");
        }
    }
}
