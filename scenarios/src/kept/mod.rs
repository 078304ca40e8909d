//! What has been run, kept in a file: to go on from after a kill, and to join the shards of one sweep.
//!
//! A file holds every scenario with its text and what its runs came to, so that it can be judged without anything else.
//! What is read is believed only as far as it fits together; see [`Kept::open`].

mod part;

use std::path::Path;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use self::part::KeptPart;
use crate::choices::Choices;
use crate::files::{ReadError, WriteError, read_at_most, write_whole};
use crate::plane::Profile;
use crate::run::Part;
use crate::schema::Seeds;
use crate::text::Source;

/// The version of the format that is written and read.
const VERSION: u32 = 1;

/// The largest file that is read, in bytes.
pub const SIZE_MOST: u64 = 64 * 1024 * 1024;

/// Why what was kept cannot be used.
#[derive(Debug, Error)]
pub enum KeptError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// No such file as a run keeps.
    #[error("{path} does not hold what was run: {cause}")]
    Malformed {
        /// The file.
        path: String,
        /// What is wrong, with line and column.
        cause: serde_json::Error,
    },
    /// Kept by another version of the format or the program.
    #[error(
        "{path} was kept by {found}, expected {expected}: what other code ran does not add up with what this would run"
    )]
    Version {
        /// The file.
        path: String,
        /// Its version.
        found: String,
        /// This program's.
        expected: String,
    },
    /// It contradicts itself.
    #[error("{path} contradicts itself at scenario {scenario}: {what}")]
    Unsound {
        /// The file.
        path: String,
        /// The place of the scenario, from 1.
        scenario: usize,
        /// What does not fit.
        what: String,
    },
    /// It is about something else.
    #[error("{path} is about other runs: {what}")]
    Other {
        /// The file.
        path: String,
        /// What differs.
        what: String,
    },
    /// Two files hold the same runs.
    #[error("{path} holds runs of `{scenario}` that another file holds too, seed {seed} among them")]
    Twice {
        /// The later file.
        path: String,
        /// The scenario's name.
        scenario: String,
        /// The first such seed.
        seed: u64,
    },
}

/// What is the same for all that is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The policies.
    pub choices: Choices,
    /// Whether each seed runs twice.
    pub twice: bool,
}

/// A scenario and what of it has been run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// How it was asked for.
    pub asked: String,
    /// Its text, and where that came from.
    pub source: Source,
    /// The seeds that are to run, those of other shards among them.
    pub seeds: Seeds,
    /// What has been run.
    pub part: Part,
}

/// What has been run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What holds for all of it.
    pub terms: Terms,
    /// Every scenario, in the order asked for.
    pub shares: Vec<Share>,
}

impl Kept {
    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// When the file system says no.
    pub fn save(&self, path: &Path) -> Result<(), WriteError> {
        let text = serde_json::to_string(&File::of(self)).expect("what was run has nothing that JSON cannot say");
        write_whole(path, &text)
    }

    /// Reads it.
    ///
    /// # Errors
    /// When the file cannot be read, is larger than [`SIZE_MOST`], is of another version, or contradicts itself.
    pub fn open(path: &Path) -> Result<Kept, KeptError> {
        Kept::parse(&path.display().to_string(), &read_at_most(path, SIZE_MOST)?)
    }

    /// Reads it from the bytes of a file of that name.
    ///
    /// # Errors
    /// When they are of another version or contradict themselves.
    pub fn parse(path: &str, bytes: &[u8]) -> Result<Kept, KeptError> {
        let malformed = |cause| KeptError::Malformed { path: path.to_owned(), cause };
        let Versions { v, quiesce } = serde_json::from_slice(bytes).map_err(malformed)?;
        if (v, quiesce.as_str()) != (VERSION, env!("CARGO_PKG_VERSION")) {
            let (found, expected) = (version(v, &quiesce), version(VERSION, env!("CARGO_PKG_VERSION")));
            return Err(KeptError::Version { path: path.to_owned(), found, expected });
        }
        let file: File = serde_json::from_slice(bytes).map_err(malformed)?;
        file.into_kept(path)
    }

    /// Adds what another file of that name holds of the same runs.
    ///
    /// # Errors
    /// When it is about others, or holds the same seed.
    pub fn join(&mut self, path: &str, other: Kept) -> Result<(), KeptError> {
        self.must_match(path, &other)?;
        for (share, other) in self.shares.iter_mut().zip(other.shares) {
            if let Some(seed) = share.part.done.common(&other.part.done) {
                let (path, scenario) = (path.to_owned(), share.asked.clone());
                return Err(KeptError::Twice { path, scenario, seed });
            }
            let faults =
                |part: &Part| part.faults.iter().map(|fault| (fault.kind, fault.site.clone())).collect::<Vec<_>>();
            let (one, two) = (faults(&share.part), faults(&other.part));
            if !one.is_empty() && !two.is_empty() && one != two {
                let what = format!("the faults of `{}` differ", share.asked);
                return Err(KeptError::Other { path: path.to_owned(), what });
            }
            share.part = std::mem::take(&mut share.part).join(other.part);
        }
        Ok(())
    }

    /// Whether `other`, of a file of that name, is about the same runs.
    ///
    /// # Errors
    /// The first difference.
    pub fn must_match(&self, path: &str, other: &Kept) -> Result<(), KeptError> {
        let differs = |what: String| Err(KeptError::Other { path: path.to_owned(), what });
        if self.terms != other.terms {
            return differs("the profile, the policies or --verify-determinism differ".to_owned());
        }
        if self.shares.len() != other.shares.len() {
            return differs(format!("expected {} scenarios, found {}", self.shares.len(), other.shares.len()));
        }
        for (share, other) in self.shares.iter().zip(&other.shares) {
            let name = &share.asked;
            if (name, share.source.text()) != (&other.asked, other.source.text()) {
                return differs(format!("expected `{name}` with its present text, found `{}`", other.asked));
            }
            if share.seeds != other.seeds {
                let told = |Seeds { first, count }: Seeds| format!("{count} seeds from {first}");
                let (expected, found) = (told(share.seeds), told(other.seeds));
                return differs(format!("`{name}`: expected {expected}, found {found}"));
            }
        }
        Ok(())
    }
}

fn version(v: u32, quiesce: &str) -> String {
    let short: String = quiesce.chars().take(20).collect();
    format!("version {v} of the format, quiesce {short}")
}

/// The fields that every version has.
#[derive(Deserialize)]
struct Versions {
    v: u32,
    quiesce: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    v: u32,
    quiesce: String,
    profile: Profile,
    policies: Vec<(String, String)>,
    twice: bool,
    scenarios: Vec<KeptShare>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptShare {
    asked: String,
    source: String,
    scenario: String,
    first: u64,
    count: u64,
    part: KeptPart,
}

impl File {
    fn of(kept: &Kept) -> File {
        let share = |share: &Share| KeptShare {
            asked: share.asked.clone(),
            source: share.source.name().to_owned(),
            scenario: share.source.text().to_owned(),
            first: share.seeds.first,
            count: share.seeds.count,
            part: KeptPart::of(&share.part),
        };
        File {
            v: VERSION,
            quiesce: env!("CARGO_PKG_VERSION").to_owned(),
            profile: kept.terms.choices.profile,
            policies: kept.terms.choices.policies.clone(),
            twice: kept.terms.twice,
            scenarios: kept.shares.iter().map(share).collect(),
        }
    }

    fn into_kept(self, path: &str) -> Result<Kept, KeptError> {
        let mut shares = Vec::new();
        for (place, KeptShare { asked, source, scenario, first, count, part }) in self.scenarios.into_iter().enumerate()
        {
            let seeds = Seeds { first, count };
            let unsound = |what| KeptError::Unsound { path: path.to_owned(), scenario: place + 1, what };
            if count == 0 {
                return Err(unsound("expected at least one seed, found none".to_owned()));
            }
            if first.checked_add(count).is_none() {
                return Err(unsound("the last seed is beyond 2^64".to_owned()));
            }
            let part = part.into_part(seeds).map_err(unsound)?;
            shares.push(Share { asked, source: Source::new(source, scenario), seeds, part });
        }
        let choices = Choices { profile: self.profile, policies: self.policies };
        Ok(Kept { terms: Terms { choices, twice: self.twice }, shares })
    }
}
