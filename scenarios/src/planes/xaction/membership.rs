//! How scenarios speak of membership: who is deployed, what keeps it, who comes and goes.

use std::collections::{BTreeMap, BTreeSet};

use quiesce_control::xaction::{Change, Cluster, DaemonId, Deployment, Moving, Upkeep};

use super::{Xaction, daemon, duration_or_off};
use crate::plane::{Asked, Verb};
use crate::text::{Fields, Mistake, Read, Value};

/// What administrators and operators do.
pub(super) const VERBS: [Verb; 7] = [
    Verb { word: "join", keys: &["as", "via"] },
    Verb { word: "leave", keys: &["as", "via", "client"] },
    Verb { word: "start_maintenance", keys: &["as", "via", "client"] },
    Verb { word: "shutdown", keys: &["as", "via", "client"] },
    Verb { word: "stop_maintenance", keys: &["as", "via", "client"] },
    Verb { word: "decommission", keys: &["as", "via", "client"] },
    Verb { word: "set_primary", keys: &["as", "via", "client"] },
];

const KEYS: [&str; 10] = [
    "standby",
    "non_electable",
    "keepalive",
    "keepalive_retry",
    "keepalive_retries",
    "election",
    "metasync_retry",
    "rebalance",
    "rebalance_barrier",
    "rebalance_quiet",
];

/// `membership = { standby = ["t4"], keepalive = "10s", election = false }`; left out, nothing keeps or changes it.
pub(super) fn deployment(value: Option<Value<'_>>, cluster: &Cluster) -> Read<Deployment> {
    let Some(value) = value else { return Ok(Deployment::default()) };
    let fields = value.table("`membership`", &KEYS)?;
    let base = Upkeep::default();
    let upkeep = Upkeep {
        keepalive: fields.get("keepalive").map_or(Ok(base.keepalive), |value| duration_or_off(&value))?,
        keepalive_retry: fields.get("keepalive_retry").map_or(Ok(base.keepalive_retry), |value| value.duration())?,
        keepalive_retries: retries(&fields, base.keepalive_retries)?,
        election: fields.get("election").map_or(Ok(base.election), |value| value.flag())?,
        rebalance: moving(&fields)?,
        metasync_retry: fields.get("metasync_retry").map_or(Ok(base.metasync_retry), |value| value.duration())?,
    };
    let standby = daemons(&fields, "standby", cluster.proxies().chain(cluster.targets()).collect())?;
    if standby.contains(&cluster.first_proxy()) {
        let message = "the first proxy is primary when the cluster is deployed".to_owned();
        let standby = fields.need("standby", "daemons")?;
        return Err(standby.misread(Mistake::Contrary { message, expected: "other daemons on standby".to_owned() }));
    }
    let non_electable = daemons(&fields, "non_electable", cluster.proxies().collect())?;
    Ok(Deployment { standby, non_electable, upkeep: Some(upkeep) })
}

/// The daemon that is asked to join, and the proxy it is to join through.
pub(super) fn join(asked: &Asked<'_, Xaction>) -> Read<(DaemonId, DaemonId)> {
    needs_upkeep(asked)?;
    let cluster = &asked.config.cluster;
    let who = daemon(&asked.entry.need("join", "who joins")?, "daemon", cluster.proxies().chain(cluster.targets()))?;
    let via = asked.entry.get("via").map(|value| daemon(&value, "proxy", cluster.proxies())).transpose()?;
    Ok((who, via.unwrap_or_else(|| cluster.first_proxy())))
}

/// The change that an administrator asks for; `None` for another verb.
pub(super) fn change(asked: &Asked<'_, Xaction>) -> Read<Option<Change>> {
    let make: fn(DaemonId) -> Change = match asked.verb {
        "leave" => Change::Leave,
        "start_maintenance" => Change::StartMaintenance,
        "shutdown" => Change::Shutdown,
        "stop_maintenance" => Change::StopMaintenance,
        "decommission" => Change::Decommission,
        "set_primary" => Change::SetPrimary,
        _ => return Ok(None),
    };
    needs_upkeep(asked)?;
    let cluster = &asked.config.cluster;
    let value = asked.entry.need(asked.verb, "a member")?;
    Ok(Some(make(daemon(&value, "daemon", cluster.proxies().chain(cluster.targets()))?)))
}

fn needs_upkeep(asked: &Asked<'_, Xaction>) -> Read<()> {
    if asked.config.deployment.upkeep.is_some() {
        return Ok(());
    }
    let value = asked.entry.need(asked.verb, "a member")?;
    let message = "nothing keeps the membership of this cluster, so it cannot change".to_owned();
    Err(value.misread(Mistake::Contrary { message, expected: "`membership = {}` in the scenario".to_owned() }))
}

/// `rebalance = "10s"`: how long each target's data take to move; left out, they are not moved.
fn moving(fields: &Fields<'_>) -> Read<Option<Moving>> {
    let Some(value) = fields.get("rebalance") else { return Ok(None) };
    let base = Moving::default();
    let barrier = fields.get("rebalance_barrier").map_or(Ok(base.barrier), |value| value.duration())?;
    let quiescent = fields.get("rebalance_quiet").map_or(Ok(base.quiescent), |value| value.duration())?;
    Ok(Some(Moving { takes: value.duration()?, barrier, quiescent }))
}

fn retries(fields: &Fields<'_>, or: u8) -> Read<u8> {
    let Some(value) = fields.get("keepalive_retries") else { return Ok(or) };
    Ok(u8::try_from(value.count(0..=100)?).expect("within the range"))
}

fn daemons(fields: &Fields<'_>, key: &str, legal: Vec<DaemonId>) -> Read<BTreeSet<DaemonId>> {
    let names: BTreeMap<String, DaemonId> = legal.into_iter().map(|daemon| (daemon.to_string(), daemon)).collect();
    let Some(value) = fields.get(key) else { return Ok(BTreeSet::new()) };
    value.list()?.iter().map(|name| Ok(names[name.word("daemon", names.keys().map(String::as_str))?])).collect()
}

#[cfg(test)]
mod tests {
    use quiesce_machine::Label as _;

    use super::*;

    #[test]
    fn every_change_has_the_verb_of_its_name() {
        let daemon = DaemonId::Target(0);
        let changes = [
            Change::Leave(daemon),
            Change::StartMaintenance(daemon),
            Change::Shutdown(daemon),
            Change::StopMaintenance(daemon),
            Change::Decommission(daemon),
            Change::SetPrimary(daemon),
        ];
        let verbs: Vec<String> = VERBS[1..].iter().map(|verb| verb.word.replace('_', "-")).collect();
        assert_eq!(changes.map(|change| change.label().to_owned()).to_vec(), verbs);
    }
}
