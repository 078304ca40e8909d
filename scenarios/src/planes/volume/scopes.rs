//! Small worlds of volumes, each searched exhaustively by `quiesce check`.
//!
//! Time stands still in them, so periods and time-outs say only that something may fire. The lease ends only with its
//! process, and a node is offline only when it is down: that keeps the worlds finite.

use quiesce_control::volume::{
    Cluster, Config, Monitor, Node, NodeSet, Policies, PoolId, Request, Role, Timing, VolumeId, VolumeWant,
};
use quiesce_machine::NodeId;
use quiesce_model::{Budget, Scope};

use crate::check::{Scale, SizeError};

/// Every scope: name and what is in it.
pub(super) const ROWS: [(&str, &str); 5] = [
    ("create", "1 storage node with a pool; a volume of 1 replica is created; no faults"),
    ("pool-agent-crash", "1 storage node; a pool is created; the agent may crash and restart, twice"),
    ("create-agent-crash", "as create, and the agent may crash and restart; 6 million states"),
    ("create-delete", "as create, the volume is deleted again, and one message may be late"),
    ("two-replicas", "2 storage nodes with a pool each; a volume of 2 replicas is created; no faults"),
];

/// What these worlds give something to judge; none has a target.
const PROPERTIES: [&str; 12] = [
    "no-live-destroy",
    "ack-durable",
    "spec-first",
    "fence",
    "monotone",
    "placement",
    "ack-means-met",
    "error-no-effect",
    "no-orphan",
    "clean",
    "converge",
    "retry-safe",
];

/// What every world has sizes of; a volume has no more replicas than there are storage nodes.
const SIZES: [&str; 2] = ["engines", "replicas"];

/// The scope of that name.
pub(super) fn scope(name: &str) -> Option<Scope<Node, Monitor>> {
    sized(name, &Scale::usual())?.ok()
}

/// The scope of that name in another size.
pub(super) fn sized(name: &str, sizes: &Scale) -> Option<Result<Scope<Node, Monitor>, SizeError>> {
    let crashes = |crashes| Budget { crashes, ..Budget::default() };
    let agent = Role::Agent(0);
    let (engines, replicas, deletes, budget) = match name {
        "create" => (1, 1, false, Budget::default()),
        "pool-agent-crash" => (1, 0, false, crashes(2)),
        "create-agent-crash" => (1, 1, false, crashes(1)),
        "create-delete" => (1, 1, true, Budget { duplicates: 1, ..Budget::default() }),
        "two-replicas" => (2, 2, false, Budget::default()),
        _ => return None,
    };
    let (engines, replicas) = (sizes.or("engines", engines), sizes.or("replicas", replicas));
    Some(sizes.are_of(&SIZES).and_then(|()| world(engines, replicas, deletes, budget, agent)))
}

fn world(
    engines: u8,
    replicas: u8,
    deletes: bool,
    budget: Budget,
    crashable: Role,
) -> Result<Scope<Node, Monitor>, SizeError> {
    let cluster = Cluster::new(1, engines, 1, false).map_err(|error| SizeError::Impossible(error.to_string()))?;
    let user = cluster.node(Role::User(0));
    let want = VolumeWant { size: 1, replicas, nexuses: 0, allowed: NodeSet(0), preferred: NodeSet(0) };
    let volume = VolumeId(0);
    let mut calls: Vec<(NodeId, Request)> =
        cluster.engines().map(|node| (user, Request::PutPool { pool: PoolId(node.0), node, size: 2 })).collect();
    if replicas > 0 {
        calls.push((user, Request::PutVolume { volume, want }));
    }
    if deletes {
        calls.push((user, Request::DeleteVolume { volume }));
    }
    let timing = Timing {
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
    };
    Ok(Scope {
        config: Config { cluster, timing, policies: Policies::hardened() },
        nodes: cluster.roles().map(|role| role.to_string()).collect(),
        calls,
        monitors: properties(replicas > 0, deletes),
        budget,
        crashable: if budget.crashes > 0 { vec![cluster.node(crashable)] } else { Vec::new() },
        cuts: Vec::new(),
        untimed: false,
        absorbs_repeats: true,
    })
}

/// What a world with or without a volume, and with or without a deletion, gives something to judge.
fn properties(volume: bool, deletion: bool) -> Vec<Monitor> {
    let about_volumes = ["no-live-destroy", "placement", "converge"];
    let judged = |name: &&&str| volume || !about_volumes.contains(name);
    let names = PROPERTIES.iter().filter(judged).chain(deletion.then_some(&"drained"));
    names.filter_map(|name| Monitor::named(name)).collect()
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
