//! How the program ends.

use std::process::ExitCode;

use miette::Diagnostic;
use quiesce_control::xaction::UnknownKind;
use thiserror::Error;

use crate::capsule::{CapsuleError, WorldError};
use crate::check::CheckRefused;
use crate::files::{NewError, WriteError};
use crate::kept::KeptError;
use crate::text::LoadError;

/// What the exit code says. The worst of several is the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Every verdict is pass.
    Pass,
    /// Incomplete or vacuous.
    Unproven,
    /// Bad usage or bad scenario.
    Usage,
    /// A property failed.
    Fail,
    /// Two runs of one seed differ.
    Unequal,
}

impl Exit {
    /// The number that the shell sees.
    pub(crate) fn code(self) -> u8 {
        match self {
            Exit::Pass => 0,
            Exit::Fail => 1,
            Exit::Usage => 2,
            Exit::Unproven => 3,
            Exit::Unequal => 4,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}

/// Why a command about a saved failure does nothing with a flag.
pub(crate) const OF_CAPSULE: &str = "a saved failure has its seed, its decisions and its policies";

/// Why nothing could be done. Always exit code 2.
#[derive(Debug, Error, Diagnostic)]
pub(crate) enum Refusal {
    /// Scenarios with mistakes.
    #[error("scenarios with mistakes")]
    Load(Vec<LoadError>),
    /// A word on the command line that names nothing.
    #[error("unknown {what} `{found}`")]
    Unknown {
        what: &'static str,
        found: String,
        #[help]
        help: String,
    },
    /// A name that no kind has.
    #[error("{0}")]
    #[diagnostic(help("`quiesce kinds` shows them all"))]
    Kind(UnknownKind),
    /// Not a policy, or not a choice of it.
    #[error(transparent)]
    Policy(#[from] quiesce_control::policy::PolicyError),
    /// A small world that makes no sense.
    #[error(transparent)]
    Check(#[from] CheckRefused),
    /// Not a capsule.
    #[error(transparent)]
    Capsule(#[from] CapsuleError),
    /// Nothing that a run kept.
    #[error(transparent)]
    Kept(#[from] KeptError),
    /// Ctrl-C cannot be listened to.
    #[error("cannot listen to interrupts: {0}")]
    Interrupt(ctrlc::Error),
    /// Words that do not go together.
    #[error("{message}")]
    Usage {
        message: &'static str,
        #[help]
        help: &'static str,
    },
    /// A flag that means nothing to a command.
    #[error("`quiesce {command}` does nothing with {flag}")]
    Unheeded {
        command: &'static str,
        flag: &'static str,
        #[help]
        help: &'static str,
    },
    /// A failure that is gone when its run is repeated.
    #[error("seed {seed} failed {property}, and its run repeated does not: the code under test is not deterministic")]
    Fickle { seed: u64, property: String },
    /// A failure that could not be made smaller.
    #[error(transparent)]
    Shrink(#[from] crate::shrink::ShrinkError),
    /// A failure that could not be explained.
    #[error(transparent)]
    Why(#[from] crate::why::WhyError),
    /// No such study.
    #[error(transparent)]
    Study(#[from] crate::fanout::StudyError),
    /// No chart.
    #[error(transparent)]
    Chart(#[from] crate::fanout::ChartError),
    /// Not a name.
    #[error("{0}")]
    #[diagnostic(help("a name is 1 to 64 of a-z, 0-9 and -, and does not begin with -"))]
    Name(crate::text::Mistake),
    /// A file that is there already.
    #[error("{path} is there already")]
    Exists { path: String },
    /// A counterexample that the simulator does not see.
    #[error(
        "{property} fails in {scope}, and the simulator, taking the same steps, does not see it: a defect of quiesce"
    )]
    Unlike { scope: String, property: &'static str },
    /// A capsule about a small world that is gone.
    #[error("{0}")]
    NoScope(String),
    /// Results could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Standard output could not be written.
    #[error("cannot write to standard output: {0}")]
    Stdout(#[from] std::io::Error),
    /// No threads.
    #[error("cannot start {jobs} threads: {cause}")]
    Threads { jobs: u16, cause: rayon::ThreadPoolBuildError },
}

impl Refusal {
    /// What to tell the user, one by one.
    pub(crate) fn mistakes(&self) -> Vec<&dyn Diagnostic> {
        match self {
            Refusal::Load(mistakes) => mistakes.iter().map(|mistake| mistake as &dyn Diagnostic).collect(),
            Refusal::Unknown { .. }
            | Refusal::Kind(_)
            | Refusal::Policy(_)
            | Refusal::Check(_)
            | Refusal::Capsule(_)
            | Refusal::Kept(_)
            | Refusal::Interrupt(_)
            | Refusal::NoScope(_)
            | Refusal::Shrink(_)
            | Refusal::Why(_)
            | Refusal::Study(_)
            | Refusal::Chart(_)
            | Refusal::Name(_)
            | Refusal::Exists { .. }
            | Refusal::Fickle { .. }
            | Refusal::Usage { .. }
            | Refusal::Unheeded { .. }
            | Refusal::Unlike { .. }
            | Refusal::Write(_)
            | Refusal::Stdout(_)
            | Refusal::Threads { .. } => vec![self],
        }
    }
}

impl From<NewError> for Refusal {
    fn from(error: NewError) -> Self {
        match error {
            NewError::Exists { path } => Refusal::Exists { path },
            NewError::Write(error) => error.into(),
        }
    }
}

impl From<crate::text::Mistake> for Refusal {
    fn from(mistake: crate::text::Mistake) -> Self {
        Refusal::Name(mistake)
    }
}

impl From<UnknownKind> for Refusal {
    fn from(mistake: UnknownKind) -> Self {
        Refusal::Kind(mistake)
    }
}

impl From<LoadError> for Refusal {
    fn from(mistake: LoadError) -> Self {
        Refusal::Load(vec![mistake])
    }
}

impl From<WorldError> for Refusal {
    fn from(error: WorldError) -> Self {
        match error {
            WorldError::Load(mistake) => mistake.into(),
            WorldError::Policy(error) => error.into(),
            WorldError::Scope(error) => error.into(),
            WorldError::NoScope { .. } => Refusal::NoScope(error.to_string()),
        }
    }
}
