//! The lock of a target's registry, while what aborts do is done under it: the published way, and ours never holds it.
//!
//! Some kinds take long to abort: a batch of reads waits for what it assembles, an inline transformation takes down its
//! pods. That one reads the registry once more on the way, and never gets to, once a start or a prune waits to write.
//! Source: `reference/hazards-aistore.md` H-16.

use std::time::Duration;

use quiesce_machine::Rename;

use super::Target;
use crate::xaction::policy::AbortBody;
use crate::xaction::timer::TargetTimer;
use crate::xaction::{Context, Kind, XactId};

/// How long an abort may take.
const BODY: Duration = Duration::from_secs(5);

/// Who holds the registry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub(super) enum Lock {
    /// Nobody.
    #[default]
    Free,
    /// An abort, which takes it again if `again`.
    Held { again: bool },
    /// An abort that waits for somebody who waits for it.
    Stuck,
}

impl Target {
    /// What has been aborted does under the lock what it takes to end, where that is the policy.
    pub(super) fn lock_for(&mut self, victims: &[XactId], cx: &mut Context<'_>) {
        let kinds = || victims.iter().filter_map(|&job| self.desk.registry().entry(job)).map(|entry| entry.kind);
        let again = kinds().any(|kind| kind == Kind::EtlInline);
        let long = again || kinds().any(|kind| kind == Kind::GetBatch);
        if long && cx.config().policies.abort_body == AbortBody::UnderLock {
            self.lock = Lock::Held { again };
            cx.arm(TargetTimer::Unlock.into(), BODY);
        }
    }

    /// Whether the registry is held; whoever needs it waits, and is in the way if it `writes`.
    pub(super) fn waits_for_lock(&mut self, writes: bool, cx: &mut Context<'_>) -> bool {
        if writes && self.lock == (Lock::Held { again: true }) {
            self.lock = Lock::Stuck;
            cx.disarm(TargetTimer::Unlock.into());
        }
        self.is_locked()
    }

    pub(super) fn is_locked(&self) -> bool {
        self.lock != Lock::Free
    }

    /// Aborts have done what they do.
    pub(super) fn unlock(&mut self, cx: &mut Context<'_>) {
        self.lock = Lock::Free;
        self.ready_if_swept(cx);
    }
}
