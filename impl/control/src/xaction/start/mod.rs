//! Starts: how a job gets from a request into the registries of its targets, or not at all.
//!
//! A target looks whether the job may start now, again for some seconds if not, and later registers it: two events, so
//! that others can happen in between. Kinds that start in two phases are begun everywhere before anything works.
//! Without a [`Hosting`] in the configuration nobody asks a registry: an xaction is known by its job's id alone.
//! Source: `reference/aistore-registry-and-coexistence.md` section B, 2PC starts and xstart.

mod desk;

use quiesce_machine::Rename;
use std::fmt;
use std::time::Duration;

use thiserror::Error;

pub use desk::Desk;
pub(super) use desk::{Admitted, Purpose};

use super::XactId;
use super::bucket::Bucket;
use super::buckets::BucketError;
use super::kind::Kind;
use super::load::Watermarks;
use super::registry::{Arg, Ask, Conflict, Limits, Origin, RenewRefused};

/// What a start says of a job beside its kind and the work in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct Manner {
    /// The bucket it works on, or copies from.
    pub from: Option<Bucket>,
    /// The bucket it copies to.
    pub to: Option<Bucket>,
    /// What else tells two of its kind apart.
    pub arg: Arg,
    /// Who asks for it.
    pub origin: Origin,
}

impl Default for Manner {
    /// A user's, on nothing in particular.
    fn default() -> Self {
        Manner { from: None, to: None, arg: Arg::None, origin: Origin::User }
    }
}

impl Manner {
    pub(super) fn ask(&self, id: XactId, kind: Kind) -> Ask {
        let &Manner { from, to, arg, .. } = self;
        Ask { id, kind, from, to, arg }
    }
}

impl fmt::Display for Manner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.from.map_or(Ok(()), |from| write!(f, " on {from}"))?;
        self.to.map_or(Ok(()), |to| write!(f, " to {to}"))
    }
}

/// Why a target does not start its part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Error, Rename)]
pub enum Refused {
    /// Something that runs stands in the way, and still does after some seconds (409).
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// The kind's own rule forbids it (400).
    #[error(transparent)]
    Renew(#[from] RenewRefused),
    /// A bucket that it names is not there, or not free (404, 409).
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// What was begun is not there any more (404).
    #[error("nothing has been begun under this id, or it was given up")]
    NotBegun,
}

impl Refused {
    /// The HTTP status that goes with it.
    #[must_use]
    pub fn http_status(self) -> u16 {
        match self {
            Refused::Conflict(_) | Refused::Bucket(BucketError::Exists(_) | BucketError::Busy(..)) => 409,
            Refused::Renew(_) => 400,
            Refused::NotBegun | Refused::Bucket(BucketError::NotThere(_)) => 404,
        }
    }
}

/// Targets with a registry: how patient they are, and how long things live. The defaults are the published ones
/// (`reference/aistore-registry-and-coexistence.md` sections B and E).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hosting {
    /// How often a start looks whether it may go ahead before it is refused.
    pub looks: u8,
    /// Time between two looks.
    pub look_again: Duration,
    /// Time between the last look and the registration.
    pub register_after: Duration,
    /// How long an xaction that is aborted to make room gets to end.
    pub make_room: Duration,
    /// After how long a begun transaction that nobody commits is given up.
    pub transaction: Duration,
    /// Period of the idle timer; `None`: nothing ever expires.
    pub idle: Option<Duration>,
    /// After how long without work status calls an xaction idle.
    pub rest: Duration,
    /// Time between the end of the idle timer and the run loop's noticing.
    pub run_loop: Duration,
    /// Period at which the list of active xactions is pruned; `None`: never.
    pub prune: Option<Duration>,
    /// How much history is kept.
    pub limits: Limits,
    /// Whether buckets have to be made before jobs can name them; if not, every bucket is there.
    pub buckets: bool,
    /// Where jobs pace themselves and space is short; `None`: disks are never busy nor full.
    pub load: Option<Watermarks>,
    /// What every target starts by itself now and then.
    pub periodic: Option<Periodic>,
}

/// A kind that every target starts by itself, each time that so much time has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Periodic {
    /// The kind.
    pub kind: Kind,
    /// The period.
    pub every: Duration,
}

impl Default for Hosting {
    fn default() -> Self {
        Hosting {
            looks: 6,
            look_again: Duration::from_secs(1),
            register_after: Duration::from_millis(5),
            make_room: Duration::from_secs(2),
            transaction: Duration::from_secs(40),
            idle: Some(Duration::from_secs(60)),
            rest: Duration::from_secs(6),
            run_loop: Duration::from_millis(5),
            prune: Some(Duration::from_secs(120)),
            limits: Limits::default(),
            buckets: false,
            load: None,
            periodic: None,
        }
    }
}

/// Whether a kind starts in two phases: begun everywhere, then committed.
///
/// Kinds that only register at commit are begun all the same, so that one target's refusal is known before any works.
#[must_use]
pub fn is_two_phase(kind: Kind) -> bool {
    [
        Kind::CopyBck,
        Kind::EtlBck,
        Kind::MoveBck,
        Kind::CreateInventory,
        Kind::CopyListrange,
        Kind::EtlListrange,
        Kind::Archive,
        Kind::EcEncode,
        Kind::MakeNCopies,
        Kind::Promote,
    ]
    .contains(&kind)
}
