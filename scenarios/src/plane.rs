//! What a control plane brings along, so that scenarios can speak of it.
//!
//! The scenario format knows the verbs of any cluster (crash, partition, lose...); a [`Plane`] adds its own (start,
//! wait...), the words for its messages, replies and facts, and how its configuration is written.

use std::fmt::Debug;

use quiesce_control::policy::{PolicyError, Row};
use quiesce_machine::{CallId, Monitor, Node, NodeId};

use quiesce_model::{Scope, Symmetry};
use serde::{Deserialize, Serialize};

use crate::check::{Scale, SizeError};
use crate::schema::Names;
use crate::text::{Fields, Read};

/// The configuration of a plane's nodes.
pub type Config<P> = <<P as Plane>::Node as Node>::Config;

/// What a plane's users ask for.
pub type Request<P> = <<P as Plane>::Node as Node>::Request;

/// A small world of a plane.
pub type SmallWorld<P> = Scope<<P as Plane>::Node, <P as Plane>::Monitor>;

/// A control plane under test.
pub trait Plane: Debug + Clone + Send + Sync + 'static {
    /// Its processes.
    type Node: Node;
    /// Its properties.
    type Monitor: Monitor<Self::Node>;

    /// The word for it in scenario files.
    const NAME: &'static str;
    /// A scenario to begin with, in which `NAME` stands for its name.
    const TEMPLATE: &'static str;
    /// What its users can do, as timeline entries.
    const VERBS: &'static [Verb];
    /// The keys of a scenario that only this plane reads, beside those of every scenario.
    const KEYS: &'static [&'static str];
    /// What makes a scenario's cluster larger or smaller.
    const SIZES: Sizes;
    /// Every label of a message.
    const MESSAGES: &'static [&'static str];
    /// Every label of a reply.
    const REPLIES: &'static [&'static str];
    /// Every label of a fact.
    const FACTS: &'static [&'static str];
    /// Every mark that its code can reach with our policies.
    const MARKS: &'static [&'static str];
    /// Every policy.
    const POLICIES: &'static [Row];
    /// Every property's name and claim.
    const PROPERTIES: &'static [(&'static str, &'static str)];

    /// The small worlds that can be checked: name and what is in it.
    const SCOPES: &'static [(&'static str, &'static str)];

    /// The small world of that name, with our policies.
    fn scope(name: &str) -> Option<Scope<Self::Node, Self::Monitor>>;

    /// The small world of that name in another size; `None` if there is none of that name.
    ///
    /// # Errors
    /// When it cannot have that size.
    fn sized(name: &str, scale: &Scale) -> Option<Result<SmallWorld<Self>, SizeError>> {
        Self::scope(name).map(|scope| scale.are_of(&[]).map(|()| scope))
    }

    /// What may be alike in a small world, for a search that takes states which differ in names alone for one; `None` if
    /// the plane's values cannot be renamed.
    fn symmetry(scope: &Scope<Self::Node, Self::Monitor>) -> Option<Symmetry<Self::Node, Self::Monitor>> {
        let _ = scope;
        None
    }

    /// What its users can ask for, by the words of scenario files.
    fn kinds() -> Vec<Word>;

    /// Reads the configuration from a scenario, with our policies.
    ///
    /// # Errors
    /// At what cannot be read.
    fn config(scenario: &Fields<'_>) -> Read<Config<Self>>;

    /// The names of the nodes, in node order.
    fn nodes(config: &Config<Self>) -> Vec<String>;

    /// Whether a node is a user's program: somebody whom the control plane serves, and no part of it.
    fn is_user(config: &Config<Self>, node: NodeId) -> bool;

    /// Every property.
    fn monitors() -> Vec<Self::Monitor>;

    /// Makes every policy the reference's or ours.
    fn set_profile(config: &mut Config<Self>, profile: Profile);

    /// Makes one policy's choice by name.
    ///
    /// # Errors
    /// When the policy or the choice has no such name.
    fn set_policy(config: &mut Config<Self>, policy: &str, choice: &str) -> Result<(), PolicyError>;

    /// Every policy's name with the choice made.
    fn policies(config: &Config<Self>) -> Vec<(&'static str, &'static str)>;

    /// The request behind a timeline entry with one of [`VERBS`](Self::VERBS), and the node that is asked.
    ///
    /// # Errors
    /// At what cannot be read.
    fn request(asked: &Asked<'_, Self>) -> Read<(NodeId, Request<Self>)>
    where
        Self: Sized;
}

/// What makes the cluster of a scenario larger or smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// The keys of `cluster` that count nodes.
    pub counts: &'static [&'static str],
    /// Those that say whether a node is there at all.
    pub flags: &'static [&'static str],
    /// Verbs, each with a key that asks for a number of something, and for more than one where it is not given.
    pub least: &'static [(&'static str, &'static str)],
}

/// A timeline entry with a plane's verb.
#[derive(Debug)]
pub struct Asked<'a, P: Plane> {
    /// The verb.
    pub verb: &'static str,
    /// The entry; its keys are those of the verb.
    pub entry: &'a Fields<'a>,
    /// The call that the entry makes.
    pub call: CallId,
    /// The calls named by the entries above it.
    pub names: &'a Names,
    /// The cluster.
    pub config: &'a Config<P>,
}

/// Something that can happen in a timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verb {
    /// The key that stands for it.
    pub word: &'static str,
    /// The other keys that go with it, beside `at`.
    pub keys: &'static [&'static str],
}

/// A word of a plane and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word.
    pub word: &'static str,
    /// What it means, in one line.
    pub about: String,
}

/// Every policy at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// The system as published, defects included.
    Reference,
    /// Ours.
    #[default]
    Hardened,
}

impl Profile {
    /// Its word on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Profile::Reference => "reference",
            Profile::Hardened => "hardened",
        }
    }
}
