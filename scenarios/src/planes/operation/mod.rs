//! Scenarios about Compass' asynchronous operations.
//!
//! Verbs: `register`, `update`, `unpair` or `unregister` an application, `wait` for its last operation, ask for its
//! `status`, `edit_webhook` in the director, and have the tenant's system `behave` differently from now on. Nodes are
//! named `director`, `apiserver`, `tenant`, `o1..` (controllers) and `u1..` (users); applications `a1..`.

mod scopes;
mod words;

use quiesce_control::operation::{
    AppId, Cluster, Config, Fact, Monitor, Msg, Mutation, Node, Policies, ProcessId, Reply, Request, mark,
};
use quiesce_control::policy::{PolicyError, Row};
use quiesce_machine::NodeId;
use quiesce_model::{Scope, Symmetry};

use crate::check::{Scale, SizeError};
use crate::plane::{Asked, Plane, Profile, Sizes, Verb, Word};
use crate::text::{Fields, Mistake, Read, Value};

/// The plane `operation`.
#[derive(Clone, Copy, Debug)]
pub enum Operation {}

const MUTATION_KEYS: &[&str] = &["as", "user", "sync", "malformed"];

const VERBS: [Verb; 8] = [
    Verb { word: "register", keys: MUTATION_KEYS },
    Verb { word: "update", keys: MUTATION_KEYS },
    Verb { word: "unpair", keys: MUTATION_KEYS },
    Verb { word: "unregister", keys: MUTATION_KEYS },
    Verb { word: "wait", keys: &["as", "user"] },
    Verb { word: "status", keys: &["as", "user"] },
    Verb { word: "edit_webhook", keys: &["as", "webhook"] },
    Verb { word: "behave", keys: &["as", "answers", "work", "ends"] },
];

impl Plane for Operation {
    type Node = Node;
    type Monitor = Monitor;

    const NAME: &'static str = "operation";
    const TEMPLATE: &'static str = include_str!("../../../templates/operation.toml");
    const VERBS: &'static [Verb] = &VERBS;
    const KEYS: &'static [&'static str] = &["cluster", "apps", "timing"];
    const SIZES: Sizes = Sizes { counts: &["controllers", "users"], flags: &["tenant"], least: &[] };
    const MESSAGES: &'static [&'static str] = Msg::LABELS;
    const REPLIES: &'static [&'static str] = &Reply::LABELS;
    const FACTS: &'static [&'static str] = &Fact::LABELS;
    const MARKS: &'static [&'static str] = &mark::MARKS;
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
        let about = |mutation: Mutation| match mutation {
            Mutation::Update => format!("{}; never asynchronous", mutation.name()),
            Mutation::Register | Mutation::Unpair | Mutation::Unregister => {
                format!("{}; asynchronous unless `sync = true`", mutation.name())
            }
        };
        words::MUTATIONS.map(|(word, mutation)| Word { word, about: about(mutation) }).to_vec()
    }

    fn config(scenario: &Fields<'_>) -> Read<Config> {
        let (cluster, apps) = (cluster(scenario.get("cluster"))?, words::apps(scenario.get("apps"))?);
        if let Some(value) = scenario.get("apps").filter(|_| apps.iter().any(|app| app.webhook.is_some())) {
            has_tenant(&cluster, &value)?;
        }
        Ok(Config { cluster, apps, timing: words::timing(scenario.get("timing"))?, policies: Policies::hardened() })
    }

    fn nodes(config: &Config) -> Vec<String> {
        config.cluster.processes().map(|process| process.to_string()).collect()
    }

    fn is_user(config: &Config, node: NodeId) -> bool {
        matches!(config.cluster.process(node), ProcessId::User(_))
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
        let (entry, config) = (asked.entry, asked.config);
        let app = app(&entry.need(asked.verb, "an application")?, config)?;
        let known = &config.apps[usize::from(app.0)];
        let (process, request) = match asked.verb {
            "wait" => (user(entry, &config.cluster)?, Request::Wait { app }),
            "status" => (user(entry, &config.cluster)?, Request::Status { app }),
            "edit_webhook" => {
                let value = entry.need("webhook", "a webhook, or \"none\"")?;
                let webhook = words::webhook(&value)?;
                if webhook.is_some() {
                    has_tenant(&config.cluster, &value)?;
                }
                (ProcessId::Director, Request::EditWebhook { app, webhook })
            }
            "behave" => {
                has_tenant(&config.cluster, &entry.need("behave", "an application")?)?;
                let behaviour = words::behaviour(entry, known.behaviour)?;
                (ProcessId::Tenant, Request::Behave { app, behaviour })
            }
            verb => (user(entry, &config.cluster)?, mutate(verb, app, entry)?),
        };
        Ok((config.cluster.node(process), request))
    }
}

/// `unpair = "a1", sync = true, malformed = true`.
fn mutate(verb: &str, app: AppId, entry: &Fields<'_>) -> Read<Request> {
    let known = words::MUTATIONS.iter().find(|(word, _)| *word == verb);
    let (_, mutation) = *known.expect("the other verbs of this plane are mutations");
    let flag = |key: &str| entry.get(key).map_or(Ok(false), |value| value.flag());
    let sync = flag("sync")?;
    if let (Some(value), false) = (entry.get("update"), sync) {
        let message = "an update has no asynchronous mode".to_owned();
        return Err(value.misread_key(Mistake::Contrary { message, expected: "`sync = true` beside it".to_owned() }));
    }
    Ok(Request::Mutate { app, mutation, sync, readable: !flag("malformed")? })
}

/// Refuses what calls the tenant's system where there is none.
fn has_tenant(cluster: &Cluster, caller: &Value<'_>) -> Read<()> {
    if cluster.has_tenant() {
        return Ok(());
    }
    let message = "a webhook calls the tenant's system, and the cluster does without".to_owned();
    Err(caller.misread(Mistake::Contrary { message, expected: "no webhook, or no `tenant = false`".to_owned() }))
}

/// `cluster = { controllers = 2, users = 1, tenant = false }`.
fn cluster(value: Option<Value<'_>>) -> Read<Cluster> {
    let Some(value) = value else { return Ok(Cluster::new(1, 1).expect("a cluster that can be")) };
    let fields = value.table("`cluster`", &["controllers", "users", "tenant"])?;
    let size = |key: &str| {
        let count = fields.get(key).map_or(Ok(1), |value| value.count(1..=100))?;
        Ok(u8::try_from(count).expect("within the range"))
    };
    let (controllers, users) = (size("controllers")?, size("users")?);
    let cluster = Cluster::new(controllers, users).expect("no size is zero");
    let tenant = fields.get("tenant").map_or(Ok(true), |value| value.flag())?;
    Ok(if tenant { cluster } else { cluster.without_tenant() })
}

fn app(value: &Value<'_>, config: &Config) -> Read<AppId> {
    let names: Vec<String> = config.apps().map(|(app, _)| app.to_string()).collect();
    let name = value.word("application", names.iter().map(String::as_str))?;
    let place = names.iter().position(|known| known == name).expect("a legal word is in the list");
    Ok(AppId(u8::try_from(place).expect("at most 100 applications")))
}

fn user(entry: &Fields<'_>, cluster: &Cluster) -> Read<ProcessId> {
    let Some(value) = entry.get("user") else { return Ok(ProcessId::User(0)) };
    let names: Vec<String> = cluster.users().map(|user| user.to_string()).collect();
    let name = value.word("user", names.iter().map(String::as_str))?;
    Ok(cluster.users().find(|user| user.to_string() == name).expect("a legal word names a user"))
}
