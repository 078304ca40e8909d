//! Scenarios about AIStore's batch jobs.
//!
//! Verbs: `start` a kind of job on every target, `wait` for a job or for whatever job of a kind, ask for its `status` or
//! for that of all (`status_all`);
//! those of membership are in `membership`, and what targets with registries add in `hosting`.
//! Nodes are named `p1..` (proxies), `t1..` (targets) and `c1..` (clients).

mod hosting;
mod membership;
mod scopes;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use quiesce_control::policy::{PolicyError, Row};
use quiesce_control::xaction::{
    Awaited, Cluster, Config, DaemonId, Ending, Errand, Fact, JobName, JobSpec, Kind, MARKS, Monitor, Msg, Node,
    Policies, Reply, Reporting, Request, Timing, Work, XactError, XactId,
};
use quiesce_machine::{CallId, Incarnation, NodeId};
use quiesce_model::{Scope, Symmetry};

use crate::check::{Scale, SizeError};
use crate::plane::{Asked, Plane, Profile, Sizes, Verb, Word};
use crate::schema::Named;
use crate::text::{Fields, Mistake, Read, Value};

/// The plane `xaction`.
#[derive(Clone, Copy, Debug)]
pub enum Xaction {}

/// What users do; administrators' verbs are membership's.
const VERBS: [Verb; 19] = [
    Verb {
        word: "start",
        keys: &[
            "as", "via", "client", "work", "slow", "fail", "abort", "bucket", "to", "named", "mode", "only", "origin",
        ],
    },
    Verb { word: "wait", keys: &["as", "via", "client", "deadline"] },
    Verb { word: "status", keys: &["as", "via", "client"] },
    Verb { word: "status_all", keys: &["as", "via", "client"] },
    hosting::VERBS[0],
    hosting::VERBS[1],
    hosting::VERBS[2],
    hosting::VERBS[3],
    hosting::VERBS[4],
    hosting::VERBS[5],
    hosting::VERBS[6],
    hosting::VERBS[7],
    membership::VERBS[0],
    membership::VERBS[1],
    membership::VERBS[2],
    membership::VERBS[3],
    membership::VERBS[4],
    membership::VERBS[5],
    membership::VERBS[6],
];

impl Plane for Xaction {
    type Node = Node;
    type Monitor = Monitor;

    const NAME: &'static str = "xaction";
    const TEMPLATE: &'static str = include_str!("../../../templates/xaction.toml");
    const VERBS: &'static [Verb] = &VERBS;
    const KEYS: &'static [&'static str] = &["cluster", "timing", "membership", "registry", "reporting"];
    const SIZES: Sizes = Sizes { counts: &["proxies", "targets", "clients"], flags: &[], least: &[] };
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

    fn symmetry(scope: &Scope<Node, Monitor>) -> Option<Symmetry<Node, Monitor>> {
        Some(scopes::symmetry(scope))
    }

    fn kinds() -> Vec<Word> {
        let about = |kind: Kind| match kind.is_ic_tracked() {
            false => format!("{}; unknown to the Information Center", kind.name()),
            true => format!("{}; targets notify the Information Center when their part ends", kind.name()),
        };
        Kind::ALL.map(|kind| Word { word: kind.display_name(), about: about(kind) }).to_vec()
    }

    fn config(scenario: &Fields<'_>) -> Read<Config> {
        let timing = scenario.get("timing").map_or_else(|| Ok(Timing::default()), |value| timing(&value))?;
        let mut config = Config::new(cluster(scenario.get("cluster"))?);
        config.timing = timing;
        config.deployment = membership::deployment(scenario.get("membership"), &config.cluster)?;
        config.reporting = scenario.get("reporting").map_or(Ok(Reporting::Each), |value| reporting(&value))?;
        config.hosting = scenario.get("registry").map(|value| hosting::hosting(&value)).transpose()?;
        Ok(config)
    }

    fn nodes(config: &Config) -> Vec<String> {
        config.cluster.daemons().map(|daemon| daemon.to_string()).collect()
    }

    fn is_user(config: &Config, node: NodeId) -> bool {
        matches!(config.cluster.daemons().nth(node.index()), Some(DaemonId::Client(_)))
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
        let entry = asked.entry;
        let cluster = &asked.config.cluster;
        if asked.verb == "join" {
            let (who, via) = membership::join(asked)?;
            return Ok((cluster.node(who), Request::Join { via }));
        }
        if asked.verb == "load" {
            let (target, request) = hosting::load(asked)?;
            return Ok((cluster.node(target), request));
        }
        let client = entry.get("client").map(|value| daemon(&value, "client", clients(cluster))).transpose()?;
        let client = client.map(|client| cluster.node(client));
        let anyone = cluster.node(DaemonId::Client(0));
        if asked.verb == "put" {
            return Ok((client.unwrap_or(anyone), hosting::put(asked)?));
        }
        let alone = ["show", "stop"].contains(&asked.verb);
        let asked_who = cluster.proxies().chain(cluster.targets().filter(|_| alone));
        let via = daemon(&entry.need("via", "the gateway that is asked")?, "proxy", asked_who)?;
        if let Some(change) = membership::change(asked)? {
            return Ok((client.unwrap_or(anyone), Request::Admin { change, via }));
        }
        if let Some(change) = hosting::bucket_change(asked)? {
            return Ok((client.unwrap_or(anyone), Request::Bucket { change, via }));
        }
        if asked.verb == "preflight" {
            return Ok((client.unwrap_or(anyone), Request::Errand { errand: Errand::MayChange, via }));
        }
        if asked.verb == "start" {
            let spec = Arc::new(job_spec(entry, asked.config)?);
            return Ok((client.unwrap_or(anyone), Request::Start { name: job_name(asked.call.0), via, spec }));
        }
        if asked.verb == "status_all" {
            let fields = entry.need("status_all", "a table")?.table("`status_all`", &["kind"])?;
            let kind = fields.get("kind").map(|value| kind(&value)).transpose()?;
            return Ok((client.unwrap_or(anyone), Request::StatusAll { kind, via }));
        }
        let value = entry.need(asked.verb, "the job that is meant")?;
        let (what, starter) = awaited(&value, asked)?;
        let what = match (client, starter, what) {
            (Some(client), Some(starter), Awaited::Job(name)) if client != starter => {
                Awaited::Id(id_elsewhere(asked, starter, name)?)
            }
            (_, _, what) => what,
        };
        let node = client.or(starter).unwrap_or(anyone);
        if let Some(errand) = hosting::errand(asked, what)? {
            return Ok((node, Request::Errand { errand, via }));
        }
        if asked.verb == "status" {
            return Ok((node, Request::Status { what, via }));
        }
        let deadline = entry.get("deadline").map(|value| value.duration()).transpose()?;
        Ok((node, Request::Wait { what, via, deadline }))
    }
}

/// `cluster = { proxies = 3, targets = 3, clients = 1, ic_size = 3 }`.
fn cluster(value: Option<Value<'_>>) -> Read<Cluster> {
    let Some(value) = value else { return Ok(Cluster::new(3, 3, 1, 3).expect("a cluster that can be")) };
    let fields = value.table("`cluster`", &["proxies", "targets", "clients", "ic_size"])?;
    let size = |key: &str, or: u16| fields.get(key).map_or(Ok(or), |value| count(&value));
    let proxies = size("proxies", 3)?;
    let (targets, clients, ic_size) = (size("targets", 3)?, size("clients", 1)?, size("ic_size", proxies.min(3))?);
    Cluster::new(proxies, targets, clients, ic_size).map_err(|error| {
        let expected = "a cluster with an Information Center of its proxies".to_owned();
        value.misread(Mistake::Contrary { message: error.to_string(), expected })
    })
}

fn count(value: &Value<'_>) -> Read<u16> {
    Ok(u16::try_from(value.count(1..=1000)?).expect("within the range"))
}

/// `timing = { notif_time = "30s", housekeeping = "off" }`.
fn timing(value: &Value<'_>) -> Read<Timing> {
    let fields = value.table("`timing`", &TIMES)?;
    let base = Timing::default();
    let span = |key: &str, or: Duration| fields.get(key).map_or(Ok(or), |value| value.duration());
    let switch = |key: &str, or: Option<Duration>| fields.get(key).map_or(Ok(or), |value| duration_or_off(&value));
    Ok(Timing {
        max_keepalive: span("max_keepalive", base.max_keepalive)?,
        cplane_operation: span("cplane_operation", base.cplane_operation)?,
        notif_time: span("notif_time", base.notif_time)?,
        progress: switch("progress", base.progress)?,
        housekeeping: switch("housekeeping", base.housekeeping)?,
        sync: switch("sync", base.sync)?,
        retention: switch("retention", base.retention)?,
        history: switch("history", base.history)?,
        repeat: span("repeat", base.repeat)?,
        client_timeout: switch("client_timeout", base.client_timeout)?,
        poll_first: span("poll_first", base.poll_first)?,
        poll_most: span("poll_most", base.poll_most)?,
    })
}

const TIMES: [&str; 12] = [
    "max_keepalive",
    "cplane_operation",
    "notif_time",
    "progress",
    "housekeeping",
    "sync",
    "retention",
    "history",
    "repeat",
    "client_timeout",
    "poll_first",
    "poll_most",
];

/// `reporting = { every = "200ms" }`: news together; with `fan = 4`: by way of other targets.
fn reporting(value: &Value<'_>) -> Read<Reporting> {
    let fields = value.table("`reporting`", &["every", "fan"])?;
    let every = fields.need("every", "how long a target gathers")?.duration()?;
    match fields.get("fan") {
        None => Ok(Reporting::Coalesced { every }),
        Some(fan) => Ok(Reporting::Relayed { every, fan: count(&fan)? }),
    }
}

fn duration_or_off(value: &Value<'_>) -> Read<Option<Duration>> {
    if value.text().is_ok_and(|text| text == "off") {
        return Ok(None);
    }
    value.duration().map(Some)
}

fn clients(cluster: &Cluster) -> impl Iterator<Item = DaemonId> {
    cluster.daemons().filter(|daemon| matches!(daemon, DaemonId::Client(_)))
}

fn daemon(value: &Value<'_>, what: &'static str, legal: impl Iterator<Item = DaemonId>) -> Read<DaemonId> {
    let legal: BTreeMap<String, DaemonId> = legal.map(|daemon| (daemon.to_string(), daemon)).collect();
    let name = value.word(what, legal.keys().map(String::as_str))?;
    Ok(legal[name])
}

/// The target that a key of `slow`, `fail` or `abort` names.
fn target(value: &Value<'_>, cluster: &Cluster) -> Read<DaemonId> {
    let legal: BTreeMap<String, DaemonId> = cluster.targets().map(|target| (target.to_string(), target)).collect();
    let name = value.key_word("target", legal.keys().map(String::as_str))?;
    Ok(legal[name])
}

fn kind(value: &Value<'_>) -> Read<Kind> {
    let names = Kind::ALL.iter().flat_map(|kind| [kind.display_name(), kind.name()]);
    let name = value.word("kind", names)?;
    Ok(Kind::from_name(name).expect("a legal word names a kind"))
}

/// `start = "prefetch-objects", work = "2s", slow = { t3 = "90s" }, fail = { t2 = "disk-full" }, abort = {..}`.
fn job_spec(entry: &Fields<'_>, config: &Config) -> Read<JobSpec> {
    let cluster = &config.cluster;
    let kind = kind(&entry.need("start", "a kind of job")?)?;
    let takes = entry.get("work").map_or(Ok(Duration::from_secs(1)), |value| value.duration())?;
    let work = Work { takes, ends: Ending::Finishes };
    let mut special: BTreeMap<DaemonId, Work> = BTreeMap::new();
    for value in entry.get("slow").map_or(Ok(Vec::new()), |slow| slow.names())? {
        special.entry(target(&value, cluster)?).or_insert(work).takes = value.duration()?;
    }
    for (key, ending) in [("fail", Ending::Fails as fn(XactError) -> Ending), ("abort", Ending::Aborts)] {
        for value in entry.get(key).map_or(Ok(Vec::new()), |targets| targets.names())? {
            let part = special.entry(target(&value, cluster)?).or_insert(work);
            if part.ends != Ending::Finishes {
                let message = format!("`{}` both fails and aborts", value.key());
                return Err(
                    value.misread_key(Mistake::Contrary { message, expected: "one ending a target".to_owned() })
                );
            }
            part.ends = ending(xact_error(&value)?);
        }
    }
    let only = entry.get("only").map(|value| daemon(&value, "target", cluster.targets())).transpose()?;
    Ok(JobSpec { kind, work, special, only, manner: hosting::manner(entry, config)? })
}

fn xact_error(value: &Value<'_>) -> Read<XactError> {
    let name = value.word("error", XactError::ALL.iter().map(|error| error.name()))?;
    Ok(*XactError::ALL.iter().find(|error| error.name() == name).expect("a legal word names an error"))
}

/// `wait = "job"` or `wait = { kind = "prefetch-objects" }`; with the client that knows the job by that name.
fn awaited(value: &Value<'_>, asked: &Asked<'_, Xaction>) -> Read<(Awaited, Option<NodeId>)> {
    if value.is_table() {
        let fields = value.table(format!("`{}`", asked.verb), &["kind"])?;
        return Ok((Awaited::Kind(kind(&fields.need("kind", "a kind of job")?)?), None));
    }
    let Named { call, node, .. } = asked.names.find(value, "job", "start")?;
    Ok((Awaited::Job(job_name(call.0)), Some(node)))
}

/// The id of a job that another client started: known to all, where it is derived from the request.
fn id_elsewhere(asked: &Asked<'_, Xaction>, starter: NodeId, name: JobName) -> Read<XactId> {
    let client = asked.entry.need("client", "a client")?;
    if asked.config.hosting.is_none() {
        let message = "jobs are known by name only to the client that started them".to_owned();
        let expected = "the client of its `start`, or `registry = {}` in the scenario".to_owned();
        return Err(client.misread(Mistake::Contrary { message, expected }));
    }
    let starter = asked.config.cluster.daemon(starter);
    Ok(XactId::of_request(starter, Incarnation(1), CallId(u32::from(name.0))))
}

/// A job goes by the number of the call that starts it.
fn job_name(call: u32) -> JobName {
    JobName(u16::try_from(call).expect("a timeline has at most 10000 entries"))
}
