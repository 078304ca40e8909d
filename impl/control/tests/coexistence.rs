//! The matrix of limited coexistence: every start and every action beside every running kind, one named test a cell.
//!
//! What must come of a cell is worked out here from the reference's table, row class by column class, and never from the
//! code under test. Source: `reference/aistore-registry-and-coexistence.md` section B, the decision matrix.

use libtest_mimic::{Arguments, Failed, Trial};
use quiesce_control::xaction::Policies;
use quiesce_control::xaction::bucket::{Bucket, BucketName};
use quiesce_control::xaction::registry::{
    AbortFilter, Action, Arg, Ask, Cause, Limits, Origin, Phase, Registry, RenewRefused, Renewal,
};
use quiesce_control::xaction::{DaemonId, Kind, XactId};
use quiesce_machine::Incarnation;

/// A row of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum New {
    Start(Kind),
    Automatic(Kind),
    Forced(Kind),
    OverlappingRename,
    RebalanceCleanup,
    Membership,
}

/// What comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Both run.
    Together,
    /// The new one does not start.
    Refused,
    /// The running one is aborted, the new one starts.
    Aborts,
    /// The running one is aborted first, and the new one asks again.
    AbortsPrev,
    /// The kind's own rule decides; the table of renewals has those cells.
    OwnRule,
}

const R_OR_V: [Kind; 3] = [Kind::Rebalance, Kind::MoveBck, Kind::Resilver];

const X: [Kind; 12] = [
    Kind::CleanupStore,
    Kind::Rechunk,
    Kind::IndexShard,
    Kind::CopyListrange,
    Kind::EtlListrange,
    Kind::Dsort,
    Kind::EcEncode,
    Kind::MoveBck,
    Kind::CopyBck,
    Kind::EtlBck,
    Kind::GetBatch,
    Kind::CreateInventory,
];

const A: [Kind; 13] = [
    Kind::EtlInline,
    Kind::Rechunk,
    Kind::CopyListrange,
    Kind::EtlListrange,
    Kind::BlobDownload,
    Kind::Download,
    Kind::Dsort,
    Kind::EcEncode,
    Kind::MoveBck,
    Kind::CopyBck,
    Kind::EtlBck,
    Kind::GetBatch,
    Kind::CreateInventory,
];

/// On-demand kinds among those.
const X_ON_DEMAND: [Kind; 3] = [Kind::CopyListrange, Kind::EtlListrange, Kind::GetBatch];

/// Kinds whose starts look at what runs.
const LOOKS: [Kind; 9] = [
    Kind::CopyBck,
    Kind::EtlBck,
    Kind::CopyListrange,
    Kind::EtlListrange,
    Kind::EcEncode,
    Kind::Rechunk,
    Kind::IndexShard,
    Kind::CleanupStore,
    Kind::MoveBck,
];

/// The published matrix.
fn published(new: New, running: Kind) -> Outcome {
    let refused_if = |holds: bool| if holds { Outcome::Refused } else { Outcome::Together };
    match new {
        New::RebalanceCleanup => refused_if([Kind::Rebalance, Kind::Resilver].contains(&running)),
        New::Membership => refused_if(X.contains(&running)),
        New::OverlappingRename => refused_if(R_OR_V.contains(&running) || X.contains(&running)),
        New::Start(Kind::Rebalance) if running == Kind::Rebalance => Outcome::AbortsPrev,
        New::Start(Kind::Rebalance) if A.contains(&running) => Outcome::Aborts,
        New::Start(Kind::Resilver) if running == Kind::Resilver => Outcome::AbortsPrev,
        New::Start(kind) if LOOKS.contains(&kind) && R_OR_V.contains(&running) => Outcome::Refused,
        New::Start(kind) | New::Automatic(kind) | New::Forced(kind) if kind == running => Outcome::OwnRule,
        New::Start(_) | New::Automatic(_) | New::Forced(_) => Outcome::Together,
    }
}

/// The matrix as documented: whatever conflicts looks, whoever asks; on-demand jobs yield to an administrator; what
/// needs stable targets is ended by a rebalance.
fn documented(new: New, running: Kind) -> Outcome {
    match new {
        New::Membership if X_ON_DEMAND.contains(&running) => Outcome::Together,
        New::Start(Kind::Resilver) if X.contains(&running) => Outcome::Refused,
        New::Start(Kind::Rebalance) if running != Kind::Rebalance && (X.contains(&running) || A.contains(&running)) => {
            Outcome::Aborts
        }
        New::Start(kind) | New::Automatic(kind) if X.contains(&kind) && R_OR_V.contains(&running) => Outcome::Refused,
        New::Start(_)
        | New::Automatic(_)
        | New::Forced(_)
        | New::OverlappingRename
        | New::RebalanceCleanup
        | New::Membership => published(new, running),
    }
}

const fn bucket(name: u16) -> Option<Bucket> {
    Some(Bucket { name: BucketName(name), generation: 1 })
}

fn ask(kind: Kind, number: u32, from: Option<Bucket>, to: Option<Bucket>) -> Ask {
    let id = XactId::minted(DaemonId::Client(0), Incarnation(1), number);
    let id = if kind == Kind::Rebalance { XactId::rebalance(number) } else { id };
    Ask { id, kind, from, to, arg: Arg::None }
}

/// What the registry makes of it: looks, renews, and sweeps if a rebalance begins.
fn observed(new: New, running: Kind, policies: &Policies) -> Outcome {
    let mut registry = Registry::default();
    let prev = ask(running, 1, bucket(1), bucket(2));
    assert_eq!(registry.renew(&prev, policies, &Limits::default()), Ok(Renewal::New));
    registry.run(prev.id);
    let elsewhere = |kind| ask(kind, 2, bucket(3), bucket(4));
    let overlapping = ask(Kind::MoveBck, 2, bucket(2), bucket(5));
    let action = match new {
        New::Start(kind) => Action::Start(elsewhere(kind), Origin::User),
        New::Automatic(kind) => Action::Start(elsewhere(kind), Origin::Automatic),
        New::Forced(kind) => Action::Start(elsewhere(kind), Origin::Force),
        New::OverlappingRename => Action::Start(overlapping, Origin::User),
        New::RebalanceCleanup => Action::RebalanceCleanup,
        New::Membership => Action::Membership,
    };
    if let Err(conflict) = registry.coexist(&action, policies) {
        assert_eq!((conflict.id, conflict.kind), (prev.id, running));
        return Outcome::Refused;
    }
    let Action::Start(ask, _) = action else { return Outcome::Together };
    if ask.kind == running && !matches!(running, Kind::Rebalance | Kind::Resilver) {
        return Outcome::OwnRule;
    }
    match registry.renew(&ask, policies, &Limits::default()) {
        Ok(Renewal::New) => (),
        Ok(Renewal::AbortFirst(aborted)) => {
            assert_eq!(aborted, prev.id);
            assert_eq!(registry.entry(prev.id).map(|entry| entry.phase), Some(Phase::Stopping));
            return Outcome::AbortsPrev;
        }
        other @ (Ok(Renewal::Use(_)) | Err(RenewRefused::UsePrev(_) | RenewRefused::Running(_))) => {
            panic!("{other:?} of another kind")
        }
        Err(other @ (RenewRefused::StopFirst(_) | RenewRefused::Stale(_))) => panic!("{other:?} of another kind"),
    }
    registry.run(ask.id);
    if ask.kind == Kind::Rebalance {
        registry.abort(AbortFilter::NewRebalance, Cause::Rebalance, policies);
    }
    let still = |id| registry.entry(id).is_some_and(|entry| entry.is_running());
    match (still(ask.id), still(prev.id)) {
        (true, true) => Outcome::Together,
        (true, false) => Outcome::Aborts,
        (false, _) => panic!("what was let in does not run"),
    }
}

fn rows() -> Vec<(String, New)> {
    let mut rows: Vec<(String, New)> =
        Kind::ALL.into_iter().map(|kind| (kind.name().to_owned(), New::Start(kind))).collect();
    rows.extend([
        ("ec-encode by set-bprops".to_owned(), New::Automatic(Kind::EcEncode)),
        ("cleanup-store by out-of-space".to_owned(), New::Automatic(Kind::CleanupStore)),
        ("copy-bck with force".to_owned(), New::Forced(Kind::CopyBck)),
        ("etl-bck with force".to_owned(), New::Forced(Kind::EtlBck)),
        ("move-bck of an overlapping bucket".to_owned(), New::OverlappingRename),
        ("rebalance --cleanup".to_owned(), New::RebalanceCleanup),
        ("maintenance, decommission, shutdown".to_owned(), New::Membership),
    ]);
    rows
}

/// One cell under one set of rules.
fn cell(name: String, new: New, running: Kind, policies: Policies, expected: Outcome) -> Trial {
    Trial::test(name, move || {
        let found = observed(new, running, &policies);
        if found == expected { Ok(()) } else { Err(Failed::from(format!("expected {expected:?}, found {found:?}"))) }
    })
}

type Matrix = fn(New, Kind) -> Outcome;

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    let rules: [(&str, Policies, Matrix); 2] =
        [("published", Policies::reference(), published), ("documented", Policies::hardened(), documented)];
    for (title, policies, matrix) in rules {
        for (row, new) in rows() {
            for running in Kind::ALL {
                let expected = matrix(new, running);
                let name = format!("{title}: {row} while {} runs: {expected:?}", running.name());
                trials.push(cell(name, new, running, policies, expected));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}
