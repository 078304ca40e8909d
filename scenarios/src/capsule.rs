//! A failure as one file: everything needed to see it again.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::choices::Choices;
use crate::files::{WriteError, make_dir, write_whole};
use crate::plane::Profile;
use crate::run::{Finding, Prepared, Run};
use crate::text::{SIZE_MOST, Source};

/// The version of the format that is written and read.
const VERSION: u32 = 1;

/// The largest capsule that is read, in bytes: a scenario of the largest size, escaped, and the rest.
const CAPSULE_MOST: u64 = 4 * SIZE_MOST;

/// One property's failure in one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capsule {
    /// The version of the format.
    pub v: u32,
    /// The version of the program that saved it.
    pub quiesce: String,
    /// Where the scenario came from.
    pub source: String,
    /// The scenario, as it was read.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// The profile it ran under.
    pub profile: Profile,
    /// Every policy with the choice made.
    pub policies: BTreeMap<String, String>,
    /// The property that failed.
    pub property: String,
    /// What showed it.
    pub evidence: String,
    /// The fingerprint of the run.
    pub digest: String,
    /// How many events nodes handled.
    pub events: u64,
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
    #[error("{path} is larger than 4 MiB, the most that is read")]
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

impl Capsule {
    /// What is needed to see `finding` of `run` again.
    #[must_use]
    pub fn new(source: &Source, scenario: &dyn Prepared, profile: Profile, run: &Run, finding: &Finding) -> Capsule {
        let policies = scenario.policies().into_iter().map(|(name, choice)| (name.to_owned(), choice.to_owned()));
        Capsule {
            v: VERSION,
            quiesce: env!("CARGO_PKG_VERSION").to_owned(),
            source: source.name().to_owned(),
            scenario: source.text().to_owned(),
            seed: run.seed,
            profile,
            policies: policies.collect(),
            property: finding.property.clone(),
            evidence: finding.evidence.clone(),
            digest: run.digest.to_string(),
            events: run.events,
        }
    }

    /// Saves it under `dir`, in a file named after what failed.
    ///
    /// # Errors
    /// When the file system says no.
    pub fn save(&self, dir: &Path, scenario: &str) -> Result<PathBuf, WriteError> {
        make_dir(dir)?;
        let property = self.property.replace(|c: char| !c.is_ascii_alphanumeric() && c != '-', "-");
        let path = dir.join(format!("{scenario}.{}.{property}.seed-{}.json", self.profile.word(), self.seed));
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
        let malformed = |cause| CapsuleError::Malformed { path: name.clone(), cause };
        let versioned: Versioned = serde_json::from_slice(&bytes).map_err(malformed)?;
        if versioned.v != VERSION {
            return Err(CapsuleError::Version { path: name, found: versioned.v });
        }
        serde_json::from_slice(&bytes).map_err(malformed)
    }

    /// The scenario's text, under the name it had.
    #[must_use]
    pub fn source(&self) -> Source {
        Source::new(self.source.clone(), self.scenario.clone())
    }

    /// The policies of the run.
    #[must_use]
    pub fn choices(&self) -> Choices {
        let policies = self.policies.iter().map(|(name, choice)| (name.clone(), choice.clone())).collect();
        Choices { profile: self.profile, policies }
    }

    /// How a run of the same seed compares with what was saved.
    #[must_use]
    pub fn compare(&self, run: &Run) -> Comparison {
        let Some(finding) = run.findings.iter().find(|finding| finding.property == self.property) else {
            return Comparison::Fixed;
        };
        let mut differences = Vec::new();
        let mut differ = |what: &str, saved: &str, now: &str| {
            if saved != now {
                differences.push(format!("{what}: {saved} when saved, {now} now"));
            }
        };
        differ("digest", &self.digest, &run.digest.to_string());
        differ("events", &self.events.to_string(), &run.events.to_string());
        differ("evidence", &self.evidence, &finding.evidence);
        differ("quiesce", &self.quiesce, env!("CARGO_PKG_VERSION"));
        if self.digest == run.digest.to_string() { Comparison::Reproduced } else { Comparison::Differs(differences) }
    }
}

/// The one field that every version has.
#[derive(Deserialize)]
struct Versioned {
    v: u32,
}

/// How a replay compares with its capsule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The same failure in the same run.
    Reproduced,
    /// The property no longer fails.
    Fixed,
    /// The property fails, in another run; what differs.
    Differs(Vec<String>),
}

impl Comparison {
    /// The comparison in one word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Comparison::Reproduced => "reproduced",
            Comparison::Fixed => "fixed",
            Comparison::Differs(_) => "differs",
        }
    }
}
