//! A failure as one file: everything needed to see it again, whatever found it.
//!
//! A capsule holds its world (a scenario's text, or a bundled small world), the policies, and the course the run took: the
//! seed, every decision by name, and where there was one the blow between two effects or the order of turns. What was
//! seen then stands beside it, step by step, so that a later run can be held against it.

mod compare;
mod picks;

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use quiesce_control::policy::PolicyError;
use quiesce_sim::{Course, Strike, Turn};
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use compare::{Comparison, Divergence, Fate, steps};
pub use picks::Picks;

use crate::check::{Adjust, CheckRefused};
use crate::choices::Choices;
use crate::files::{WriteError, make_dir, write_whole};
use crate::load;
use crate::plane::Profile;
use crate::planes;
use crate::run::{FindingKind, Prepared, Replayed};
use crate::text::{LoadError, Source};

/// The version of the format that is written and read.
const VERSION: u32 = 2;

/// The largest capsule that is read, in bytes.
const CAPSULE_MOST: u64 = 64 << 20;

/// The most steps that are kept; later ones are still under the digest.
const STEPS_MOST: usize = 100_000;

/// The most decisions that are kept; later ones are drawn from the seed again.
const DECISIONS_MOST: usize = 1_000_000;

/// One property's failure in one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capsule {
    /// The version of the format.
    pub v: u32,
    /// The version of the program that saved it.
    pub quiesce: String,
    /// The property that failed.
    pub property: String,
    /// How it failed.
    pub kind: FindingKind,
    /// What showed it.
    pub evidence: String,
    /// What ran.
    pub world: World,
    /// The profile it ran under.
    pub profile: Profile,
    /// Every policy with the choice made.
    pub policies: BTreeMap<String, String>,
    /// The seed, from which everything is drawn that is not decided.
    pub seed: u64,
    /// What went wrong between two effects, if that is how the run failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strike: Option<Strike>,
    /// What happened in which order, where no clock said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turns: Option<Vec<Turn>>,
    /// Every decision by name.
    pub decisions: Picks,
    /// What is expected: every event that a node handled, with the facts it stated.
    pub steps: Vec<String>,
    /// How many events nodes handled.
    pub events: u64,
    /// The fingerprint of the run.
    pub digest: String,
}

/// What a run was a run of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum World {
    /// A scenario.
    Scenario {
        /// Where it came from.
        source: String,
        /// The scenario, as it was read.
        text: String,
    },
    /// A small world of a plane, as `quiesce list scopes` names them.
    Scope {
        /// The plane.
        plane: String,
        /// The world.
        name: String,
        /// What was otherwise in it.
        #[serde(default, skip_serializing_if = "Adjust::is_nothing")]
        adjust: Adjust,
    },
}

impl World {
    /// The scenario of a text.
    #[must_use]
    pub fn of(source: &Source) -> World {
        World::Scenario { source: source.name().to_owned(), text: source.text().to_owned() }
    }
}

/// Why a capsule could not be read.
#[derive(Debug, Error)]
pub enum CapsuleError {
    /// The file system says no.
    #[error("cannot read {path}: {cause}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the file system said.
        cause: std::io::Error,
    },
    /// Too large to be what it is taken for.
    #[error("{path} is larger than 64 MiB, the most that is read")]
    TooLarge {
        /// The file.
        path: String,
    },
    /// Not what a failing run saves.
    #[error("{path} is not a capsule: {cause}")]
    Malformed {
        /// The file.
        path: String,
        /// What is wrong, with line and column.
        cause: serde_json::Error,
    },
    /// Saved by another version of the format.
    #[error("{path} is a capsule of version {found}, expected version {VERSION}")]
    Version {
        /// The file.
        path: String,
        /// Its version.
        found: u32,
    },
}

/// Why a capsule's world cannot be run.
#[derive(Debug, Error)]
pub enum WorldError {
    /// The scenario in it has a mistake.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A policy is unknown, or a choice of one.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The small world cannot be changed like that.
    #[error(transparent)]
    Scope(#[from] CheckRefused),
    /// There is no such small world.
    #[error("the capsule is about the small world `{name}` of `{plane}`, which this version does not have")]
    NoScope {
        /// The plane.
        plane: String,
        /// The world.
        name: String,
    },
}

impl Capsule {
    /// What is needed to see `property` fail again in that world on that course; none if it does not fail there.
    #[must_use]
    pub fn of(
        world: World,
        scenario: &dyn Prepared,
        profile: Profile,
        course: &Course,
        property: &str,
    ) -> Option<Capsule> {
        let Replayed { run, trace, decisions, .. } = scenario.replay(course);
        let finding = run.findings.iter().find(|finding| finding.property == property)?;
        let policies = scenario.policies().into_iter().map(|(name, choice)| (name.to_owned(), choice.to_owned()));
        Some(Capsule {
            v: VERSION,
            quiesce: env!("CARGO_PKG_VERSION").to_owned(),
            property: finding.property.clone(),
            kind: finding.kind,
            evidence: finding.evidence.clone(),
            world,
            profile,
            policies: policies.collect(),
            seed: course.seed,
            strike: course.strike,
            turns: course.turns.clone(),
            decisions: Picks::of(&decisions[..decisions.len().min(DECISIONS_MOST)]),
            steps: steps(&trace).take(STEPS_MOST).collect(),
            events: run.events,
            digest: run.digest.to_string(),
        })
    }

    /// Saves it under `dir`, in a file named after what failed in which world.
    ///
    /// # Errors
    /// When the file system says no.
    pub fn save(&self, dir: &Path, world: &str) -> Result<PathBuf, WriteError> {
        make_dir(dir)?;
        let plain = |text: &str| text.replace(|c: char| !c.is_ascii_alphanumeric() && c != '-', "-");
        let how = match (&self.strike, &self.turns) {
            (_, Some(_)) => ".path".to_owned(),
            (Some(at), None) => format!(".seed-{}.{}-at-{}-{}", self.seed, at.blow, at.event, at.effect),
            (None, None) => format!(".seed-{}", self.seed),
        };
        let path = dir.join(format!("{world}.{}.{}{how}.json", self.profile.word(), plain(&self.property)));
        let mut text = serde_json::to_string_pretty(self).expect("a capsule has nothing that JSON cannot say");
        text.push('\n');
        write_whole(&path, &text)?;
        Ok(path)
    }

    /// Reads one.
    ///
    /// # Errors
    /// When the file cannot be read, is too large, or is no capsule of this version.
    pub fn open(path: &Path) -> Result<Capsule, CapsuleError> {
        let name = path.display().to_string();
        let mut bytes = Vec::new();
        std::fs::File::open(path)
            .and_then(|file| file.take(CAPSULE_MOST + 1).read_to_end(&mut bytes))
            .map_err(|cause| CapsuleError::Unreadable { path: name.clone(), cause })?;
        if bytes.len() as u64 > CAPSULE_MOST {
            return Err(CapsuleError::TooLarge { path: name });
        }
        Capsule::parse(&name, &bytes)
    }

    /// Reads one from the bytes of a file of that name.
    ///
    /// # Errors
    /// When they are no capsule of this version.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Capsule, CapsuleError> {
        let malformed = |cause| CapsuleError::Malformed { path: name.to_owned(), cause };
        let versioned: Versioned = serde_json::from_slice(bytes).map_err(malformed)?;
        if versioned.v != VERSION {
            return Err(CapsuleError::Version { path: name.to_owned(), found: versioned.v });
        }
        serde_json::from_slice(bytes).map_err(malformed)
    }

    /// The policies of the run.
    #[must_use]
    pub fn choices(&self) -> Choices {
        let policies = self.policies.iter().map(|(name, choice)| (name.clone(), choice.clone())).collect();
        Choices { profile: self.profile, policies }
    }

    /// Its world under these policies, ready to run.
    ///
    /// # Errors
    /// When the world or a policy is not one of this version.
    pub fn prepare(&self, choices: &Choices) -> Result<Box<dyn Prepared>, WorldError> {
        match &self.world {
            World::Scenario { source, text } => Ok(load(&Source::new(source.clone(), text.clone()))?.under(choices)?),
            World::Scope { plane, name, adjust } => {
                let known = planes::ALL.into_iter().find(|known| known.name() == plane);
                let world = known.and_then(|known| known.world(name, choices, adjust));
                Ok(world.ok_or_else(|| WorldError::NoScope { plane: plane.clone(), name: name.clone() })??)
            }
        }
    }

    /// The course that its run took.
    #[must_use]
    pub fn course(&self) -> Course {
        let (strike, turns) = (self.strike, self.turns.clone());
        Course { seed: self.seed, decided: self.decisions.decisions(), fork: None, strike, turns }
    }
}

/// The one field that every version has.
#[derive(Deserialize)]
struct Versioned {
    v: u32,
}
