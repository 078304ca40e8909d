//! Scenarios about Mayastor's volumes.
//!
//! Verbs are the API's, and four for trouble: the store `refuse`s writes, an engine `ail`s, a disk fails, a write does not
//! reach the replicas of a pool. Nodes are named `a1..` (agents), `s1` (the store), `e1..` (storage nodes), `u1..` (users) and `w1` (the watcher).

mod scopes;
mod timing;

use std::collections::BTreeMap;

use quiesce_control::policy::{PolicyError, Row};
use quiesce_control::volume::{
    Cluster, Config, EngineId, Fact, MARKS, Monitor, Msg, Node, NodeSet, Policies, PoolId, Reply, Request, Role,
    Timing, Uuid, VolumeId, VolumeWant,
};
use quiesce_machine::NodeId;
use quiesce_model::Scope;

use crate::check::{Scale, SizeError};
use crate::plane::{Asked, Plane, Profile, Sizes, Verb, Word};
use crate::text::{Fields, Mistake, Read, Value};

/// The plane `volume`.
#[derive(Clone, Copy, Debug)]
pub enum Volume {}

const VERBS: [Verb; 20] = [
    Verb { word: "put-pool", keys: &["as", "user", "node", "size"] },
    Verb { word: "delete-pool", keys: &["as", "user"] },
    Verb { word: "put-replica", keys: &["as", "user", "pool", "size"] },
    Verb { word: "delete-replica", keys: &["as", "user"] },
    Verb { word: "put-nexus", keys: &["as", "user", "node", "children"] },
    Verb { word: "delete-nexus", keys: &["as", "user"] },
    Verb { word: "put-volume", keys: &["as", "user", "size", "replicas", "nexuses", "allowed", "preferred"] },
    Verb { word: "delete-volume", keys: &["as", "user"] },
    Verb { word: "publish", keys: &["as", "user", "node"] },
    Verb { word: "unpublish", keys: &["as", "user", "force"] },
    Verb { word: "republish", keys: &["as", "user"] },
    Verb { word: "set-replicas", keys: &["as", "user", "replicas"] },
    Verb { word: "share-replica", keys: &["as", "user", "on"] },
    Verb { word: "share-volume", keys: &["as", "user", "on"] },
    Verb { word: "cordon", keys: &["as", "user", "on"] },
    Verb { word: "drain", keys: &["as", "user"] },
    Verb { word: "refuse", keys: &["as"] },
    Verb { word: "ail", keys: &["as", "calls"] },
    Verb { word: "fail-disk", keys: &["as", "node"] },
    Verb { word: "miss-write", keys: &["as", "node"] },
];

impl Plane for Volume {
    type Node = Node;
    type Monitor = Monitor;

    const NAME: &'static str = "volume";
    const TEMPLATE: &'static str = include_str!("../../../templates/volume.toml");
    const VERBS: &'static [Verb] = &VERBS;
    const KEYS: &'static [&'static str] = &["cluster", "timing"];
    const SIZES: Sizes =
        Sizes { counts: &["agents", "engines", "users"], flags: &["watcher"], least: &[("put-volume", "replicas")] };
    const MESSAGES: &'static [&'static str] = &Msg::LABELS;
    const REPLIES: &'static [&'static str] = &Reply::LABELS;
    const FACTS: &'static [&'static str] = &Fact::LABELS;
    const MARKS: &'static [&'static str] = &MARKS;
    const POLICIES: &'static [Row] = Policies::ROWS;
    const PROPERTIES: &'static [(&'static str, &'static str)] = Monitor::ROWS;
    const SCOPES: &'static [(&'static str, &'static str)] = &scopes::ROWS;

    fn scope(name: &str) -> Option<Scope<Node, Monitor>> {
        scopes::scope(name)
    }

    fn sized(name: &str, scale: &Scale) -> Option<Result<Scope<Node, Monitor>, SizeError>> {
        scopes::sized(name, scale)
    }

    fn kinds() -> Vec<Word> {
        let about = |verb: &Verb| format!("with {}", verb.keys.join(", "));
        VERBS.iter().map(|verb| Word { word: verb.word, about: about(verb) }).collect()
    }

    fn config(scenario: &Fields<'_>) -> Read<Config> {
        let timing = scenario.get("timing").map_or_else(|| Ok(Timing::default()), |value| timing::read(&value))?;
        Ok(Config { cluster: cluster(scenario.get("cluster"))?, timing, policies: Policies::hardened() })
    }

    fn nodes(config: &Config) -> Vec<String> {
        config.cluster.roles().map(|role| role.to_string()).collect()
    }

    fn is_user(config: &Config, node: NodeId) -> bool {
        matches!(config.cluster.role(node), Role::User(_))
    }

    fn monitors() -> Vec<Monitor> {
        Monitor::all()
    }

    fn set_profile(config: &mut Config, profile: Profile) {
        config.policies = match profile {
            Profile::Reference => Policies::reference(),
            Profile::Hardened => Policies::hardened(),
        };
    }

    fn set_policy(config: &mut Config, policy: &str, choice: &str) -> Result<(), PolicyError> {
        config.policies.set(policy, choice)
    }

    fn policies(config: &Config) -> Vec<(&'static str, &'static str)> {
        config.policies.choices().collect()
    }

    fn request(asked: &Asked<'_, Self>) -> Read<(NodeId, Request)> {
        let (entry, cluster) = (asked.entry, &asked.config.cluster);
        let request = request(asked.verb, entry, cluster)?;
        let role = match request {
            Request::Refuse { .. } => Role::Store,
            Request::Ail { .. } => Role::Engine(engine(&entry.need("ail", "a storage node")?, cluster)?),
            Request::FailDisk { .. } | Request::MissWrite { .. } => {
                Role::Engine(engine(&entry.need("node", "the pool's node")?, cluster)?)
            }
            Request::PutPool { .. }
            | Request::DeletePool { .. }
            | Request::PutReplica { .. }
            | Request::DeleteReplica { .. }
            | Request::PutNexus { .. }
            | Request::DeleteNexus { .. }
            | Request::PutVolume { .. }
            | Request::DeleteVolume { .. }
            | Request::Publish { .. }
            | Request::Unpublish { .. }
            | Request::Republish { .. }
            | Request::SetReplicas { .. }
            | Request::ShareReplica { .. }
            | Request::ShareVolume { .. }
            | Request::Cordon { .. }
            | Request::Drain { .. } => {
                entry.get("user").map_or(Ok(Role::User(0)), |value| named(&value, "user", cluster.users()))?
            }
        };
        Ok((cluster.node(role), request))
    }
}

/// `cluster = { agents = 2, engines = 3, users = 1, watcher = true }`.
fn cluster(value: Option<Value<'_>>) -> Read<Cluster> {
    let Some(value) = value else { return Ok(Cluster::new(2, 3, 1, false).expect("a cluster that can be")) };
    let fields = value.table("`cluster`", &["agents", "engines", "users", "watcher"])?;
    let size = |key: &str, or: u8| fields.get(key).map_or(Ok(or), |value| small(&value));
    let watcher = fields.get("watcher").map_or(Ok(false), |value| value.flag())?;
    Cluster::new(size("agents", 2)?, size("engines", 3)?, size("users", 1)?, watcher).map_err(|error| {
        let expected = "a cluster of one store and a few of the others".to_owned();
        value.misread(Mistake::Contrary { message: error.to_string(), expected })
    })
}

fn request(verb: &'static str, entry: &Fields<'_>, cluster: &Cluster) -> Read<Request> {
    let subject = entry.need(verb, "what it is about")?;
    let number = || small(&subject);
    let volume = || number().map(VolumeId);
    let node = |key, expected| engine(&entry.need(key, expected)?, cluster);
    Ok(match verb {
        "put-pool" => Request::PutPool {
            pool: PoolId(number()?),
            node: node("node", "the pool's node")?,
            size: small(&entry.need("size", "the pool's size")?)?,
        },
        "delete-pool" => Request::DeletePool { pool: PoolId(number()?) },
        "put-replica" => Request::PutReplica {
            replica: number()?,
            pool: PoolId(small(&entry.need("pool", "the replica's pool")?)?),
            size: small_or(entry, "size", 1)?,
        },
        "delete-replica" => Request::DeleteReplica { replica: Uuid::Given(number()?) },
        "put-nexus" => {
            let children = entry.need("children", "replicas, like [1, 2]")?.list()?;
            let children: Read<Vec<u8>> = children.iter().map(small).collect();
            Request::PutNexus { nexus: number()?, node: node("node", "the nexus' node")?, children: children? }
        }
        "delete-nexus" => Request::DeleteNexus { nexus: Uuid::Given(number()?) },
        "put-volume" => Request::PutVolume { volume: volume()?, want: want(entry, cluster)? },
        "delete-volume" => Request::DeleteVolume { volume: volume()? },
        "publish" => {
            let node = entry.get("node").map(|value| engine(&value, cluster)).transpose()?;
            Request::Publish { volume: volume()?, node }
        }
        "unpublish" => {
            let force = entry.get("force").map_or(Ok(false), |value| value.flag())?;
            Request::Unpublish { volume: volume()?, force }
        }
        "republish" => Request::Republish { volume: volume()? },
        "set-replicas" => {
            let replicas = small(&entry.need("replicas", "how many")?)?;
            Request::SetReplicas { volume: volume()?, replicas }
        }
        "share-replica" => Request::ShareReplica { replica: number()?, on: on(entry)? },
        "share-volume" => Request::ShareVolume { volume: volume()?, on: on(entry)? },
        "cordon" => Request::Cordon { node: engine(&subject, cluster)?, on: on(entry)? },
        "drain" => Request::Drain { node: engine(&subject, cluster)? },
        "refuse" => Request::Refuse { writes: number()? },
        "ail" => Request::Ail { calls: small_or(entry, "calls", 1)? },
        "fail-disk" => Request::FailDisk { pool: PoolId(number()?) },
        "miss-write" => Request::MissWrite { pool: PoolId(number()?) },
        other => unreachable!("{other} is not a verb of this plane"),
    })
}

fn want(entry: &Fields<'_>, cluster: &Cluster) -> Read<VolumeWant> {
    let set = |key: &str| {
        let nodes = entry.get(key).map_or(Ok(Vec::new()), |value| value.list())?;
        let nodes: Read<Vec<EngineId>> = nodes.iter().map(|value| engine(value, cluster)).collect();
        nodes.map(NodeSet::of)
    };
    Ok(VolumeWant {
        size: small_or(entry, "size", 1)?,
        replicas: small_or(entry, "replicas", 2)?,
        nexuses: small_or(entry, "nexuses", 0)?,
        allowed: set("allowed")?,
        preferred: set("preferred")?,
    })
}

/// Whether something is put or taken back: `on = false` is the API's `DELETE`.
fn on(entry: &Fields<'_>) -> Read<bool> {
    entry.get("on").map_or(Ok(true), |value| value.flag())
}

fn small(value: &Value<'_>) -> Read<u8> {
    Ok(u8::try_from(value.count(0..=100)?).expect("within the range"))
}

fn small_or(entry: &Fields<'_>, key: &str, or: u8) -> Read<u8> {
    entry.get(key).map_or(Ok(or), |value| small(&value))
}

fn engine(value: &Value<'_>, cluster: &Cluster) -> Read<EngineId> {
    match named(value, "storage node", cluster.engines().map(Role::Engine))? {
        Role::Engine(engine) => Ok(engine),
        role @ (Role::Agent(_) | Role::Store | Role::User(_) | Role::Watcher) => {
            unreachable!("only storage nodes were legal, found {role}")
        }
    }
}

fn named(value: &Value<'_>, what: &'static str, legal: impl Iterator<Item = Role>) -> Read<Role> {
    let legal: BTreeMap<String, Role> = legal.map(|role| (role.to_string(), role)).collect();
    let name = value.word(what, legal.keys().map(String::as_str))?;
    Ok(legal[name])
}
