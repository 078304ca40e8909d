//! What can be wrong with a scenario file, in words.

use quiesce_sim::RatioError;
use thiserror::Error;

use super::nearest;
use super::words::enumerate;

/// One mistake in a text, without its place.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Mistake {
    /// It is not TOML.
    #[error("not valid TOML: {0}")]
    Syntax(String),
    /// A key that means nothing there.
    #[error("unknown key `{found}` in {place}")]
    UnknownKey {
        /// The table it stands in.
        place: String,
        /// The key.
        found: String,
        /// The keys that may stand there.
        legal: Vec<String>,
    },
    /// A key that must be there is not.
    #[error("{place} lacks `{key}`")]
    MissingKey {
        /// The table that lacks it.
        place: String,
        /// The key.
        key: &'static str,
        /// What its value would be.
        expected: &'static str,
    },
    /// A value of the wrong type.
    #[error("`{key}` must be {expected}, found {found}")]
    WrongType {
        /// The key.
        key: String,
        /// What its value must be.
        expected: &'static str,
        /// The TOML type of what is there.
        found: &'static str,
    },
    /// A whole number out of its range.
    #[error("`{key}` must be between {least} and {most}, found {found}")]
    OutOfRange {
        /// The key.
        key: String,
        /// Least legal value.
        least: u64,
        /// Greatest legal value.
        most: u64,
        /// What is there.
        found: String,
    },
    /// A word that names nothing.
    #[error("unknown {what} `{found}`")]
    UnknownWord {
        /// What it should have named.
        what: &'static str,
        /// The word.
        found: String,
        /// The words that name something.
        legal: Vec<String>,
    },
    /// Time runs forwards.
    #[error("negative duration `{0}`")]
    NegativeDuration(String),
    /// Not a number and a unit.
    #[error("`{0}` is not a duration")]
    BadDuration(String),
    /// Longer than any run.
    #[error("`{0}` is longer than ten years")]
    LongDuration(String),
    /// Not a ratio between 0 and 1.
    #[error("{0}")]
    BadRatio(RatioError),
    /// Not a name in kebab case.
    #[error("`{0}` is not a name")]
    BadName(String),
    /// A timeline entry in which nothing happens.
    #[error("this entry says when but not what")]
    NoVerb {
        /// The words for what can happen.
        legal: Vec<String>,
    },
    /// A timeline entry in which two things happen.
    #[error("two things in one entry: `{first}` and `{second}`")]
    TwoVerbs {
        /// The first verb.
        first: String,
        /// The second.
        second: String,
    },
    /// A key that belongs to another verb.
    #[error("`{key}` does not go with `{verb}`")]
    Misplaced {
        /// The entry's verb.
        verb: String,
        /// The key.
        key: String,
        /// The keys that go with the verb.
        legal: Vec<String>,
    },
    /// Two entries of one name.
    #[error("the name `{name}` is taken")]
    DuplicateName {
        /// The name.
        name: String,
        /// What has it already.
        holder: String,
    },
    /// Values that are legal each and impossible together.
    #[error("{message}")]
    Contrary {
        /// What cannot be.
        message: String,
        /// What would be.
        expected: String,
    },
}

impl Mistake {
    /// What was expected at the place of the mistake, for the line under the caret.
    #[must_use]
    pub fn expected(&self) -> String {
        match self {
            Mistake::Syntax(_) => "here".to_owned(),
            Mistake::UnknownKey { .. } => "not a key of this table".to_owned(),
            Mistake::MissingKey { key, expected, .. } => format!("expected `{key}`, {expected}"),
            Mistake::WrongType { expected, .. } => format!("expected {expected}"),
            Mistake::OutOfRange { least, most, .. } => format!("expected {least} to {most}"),
            Mistake::UnknownWord { what, .. } => format!("expected {} {what}", article(what)),
            Mistake::NegativeDuration(_) => "expected zero or more".to_owned(),
            Mistake::BadDuration(_) => "expected a number and a unit".to_owned(),
            Mistake::LongDuration(_) => "expected at most 87600h".to_owned(),
            Mistake::BadRatio(_) => "expected a ratio between 0 and 1".to_owned(),
            Mistake::BadName(_) => "expected 1 to 64 of a-z, 0-9 and -".to_owned(),
            Mistake::NoVerb { .. } => "expected exactly one verb".to_owned(),
            Mistake::TwoVerbs { .. } => "expected no second verb".to_owned(),
            Mistake::Misplaced { verb, .. } => format!("not a key of `{verb}`"),
            Mistake::DuplicateName { holder, .. } => format!("expected another name: {holder} has this one"),
            Mistake::Contrary { expected, .. } => format!("expected {expected}"),
        }
    }

    /// How to put it right, if something more can be said.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Mistake::UnknownKey { found, legal, .. } => Some(advice(found, "keys here", legal)),
            Mistake::UnknownWord { what, found, legal } => Some(advice(found, &format!("every {what}"), legal)),
            Mistake::NegativeDuration(_) | Mistake::BadDuration(_) | Mistake::LongDuration(_) => {
                Some("durations look like \"250ms\", \"1.5s\" or \"2m\"; units: ns, us, ms, s, m, h".to_owned())
            }
            Mistake::BadRatio(_) => Some("ratios look like \"1/100\"".to_owned()),
            Mistake::NoVerb { legal } => Some(enumerate("verbs", legal)),
            Mistake::TwoVerbs { .. } => Some("give the second an entry of its own".to_owned()),
            Mistake::Misplaced { key, legal, .. } => Some(advice(key, "keys of this verb", legal)),
            Mistake::Syntax(_)
            | Mistake::MissingKey { .. }
            | Mistake::WrongType { .. }
            | Mistake::OutOfRange { .. }
            | Mistake::BadName(_)
            | Mistake::DuplicateName { .. }
            | Mistake::Contrary { .. } => None,
        }
    }
}

fn advice(found: &str, title: &str, legal: &[String]) -> String {
    let all = enumerate(title, legal);
    match nearest(found, legal.iter().map(String::as_str)) {
        Some(word) => format!("did you mean `{word}`?\n{all}"),
        None => all,
    }
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}
