//! How large messages are where the published system sends them.
//!
//! A body is as long as the composed example of its kind in `reference/aistore-information-center.md` section 4, with as
//! many targets and snaps as the message has; a snap in a notification is in base64. Lines and headers of HTTP count as
//! [`FRAME`], which is an estimate. Messages of membership and rebalance are sized by their frame alone: no study counts them.

use super::ic::Account;
use super::message::{Msg, ToClient, ToProxy, ToTarget};

/// What every request and every answer has beside its body: lines, and the headers that name the caller.
pub const FRAME: u64 = 160;

const STATUS: &str = r#"{"kind":"copy-bck","uuid":"tGqX4mB7c","err":"","end_time":0,"aborted":false}"#;
const QUERY: &str = concat!(
    r#"{"show_active":null,"bck":{"name":"","provider":"","namespace":{"uuid":"","name":""}},"#,
    r#""id":"tGqX4mB7c","kind":"copy-bck"}"#
);
const ACTION: &str = concat!(
    r#"{"action":"start","name":"","value":{"ID":"","Kind":"lru","DaemonID":"","Bck":{"name":"","provider":"","#,
    r#""namespace":{"uuid":"","name":""}},"Buckets":null,"Timeout":0,"Force":false,"OnlyRunning":false}}"#
);
const NOTIFICATION: &str =
    r#"{"uuid":"tGqX4mB7c","node_id":"t1","kind":"copy-bck","err":"","message":"","aborted":false}"#;
const SNAP: &str = concat!(
    r#"{"ext":null,"start-time":"2026-08-21T10:00:00Z","end-time":"0001-01-01T00:00:00Z","#,
    r#""bck":{"name":"dst","provider":"ais","namespace":{"uuid":"","name":""}},"#,
    r#""src-bck":{"name":"src","provider":"ais","namespace":{"uuid":"","name":""}},"#,
    r#""dst-bck":{"name":"dst","provider":"ais","namespace":{"uuid":"","name":""}},"#,
    r#""id":"tGqX4mB7c","kind":"copy-bck","abort-err":"","err":"","glob.id":"0","#,
    r#""stats":{"loc-objs":"5","loc-bytes":"50","out-objs":"0","out-bytes":"0","in-objs":"0","in-bytes":"0"},"#,
    r#""aborted":false,"is_idle":false}"#
);
const LISTENER: &str = concat!(
    r#"{"type":"copy-bck","nl":{"Srcs":{},"ActiveSrcs":{},"Stats":{},"Common":{"UUID":"tGqX4mB7c","Kind":"copy-bck","#,
    r#""Cause":"","Owned":"\u0000","Bck":[]},"EndTimeX":{"v":0},"AbortedX":false}}"#
);
/// One job of one target that a member took note of: not published, since nothing is gathered there.
const ACKNOWLEDGED: &str = r#"["t1","tGqX4mB7c"],"#;
const SOURCE: &str = r#""t1":{"daemon_id":"t1","flags":0},"#;

/// How many bytes a message has on the wire.
#[must_use]
pub fn bytes(msg: &Msg) -> u64 {
    FRAME
        + match msg {
            Msg::ToClient(msg) => to_client(msg),
            Msg::ToProxy(msg) => to_proxy(msg),
            Msg::ToTarget(msg) => to_target(msg),
            Msg::Cluster(_) | Msg::Rebalance(_) => 0,
        }
}

fn to_client(msg: &ToClient) -> u64 {
    match msg {
        ToClient::StatusAnswer { result: Ok(_), .. } => of(STATUS),
        ToClient::AskAnswer { result: Ok(shown), .. } => shown.iter().map(|(_, lines)| snaps(lines.len())).sum(),
        ToClient::ListAnswer { result: Ok(lines), .. } => snaps(lines.len()),
        ToClient::StartAnswer { .. }
        | ToClient::ListAnswer { .. }
        | ToClient::BucketAnswer { .. }
        | ToClient::StatusAnswer { .. }
        | ToClient::StatusesAnswer { .. }
        | ToClient::AskAnswer { .. }
        | ToClient::Redirect { .. }
        | ToClient::WorkDone { .. }
        | ToClient::AdminAnswer { .. } => 0,
    }
}

fn to_proxy(msg: &ToProxy) -> u64 {
    match msg {
        ToProxy::StartRequest { .. }
        | ToProxy::AdminRequest { .. }
        | ToProxy::RebalanceRequest { .. }
        | ToProxy::BucketRequest { .. }
        | ToProxy::BucketStep { .. } => of(ACTION),
        ToProxy::StatusRequest { .. } | ToProxy::Ask { .. } | ToProxy::RoutedStatus { .. } => of(QUERY),
        ToProxy::RoutedAnswer { result: Ok(_), .. } => of(STATUS),
        ToProxy::Answered { answer: Ok(lines), .. } => snaps(lines.len()),
        ToProxy::SnapAnswer { snap: Some(_), .. } => of(SNAP),
        ToProxy::WatchXaction { sources, .. } => listener(sources.len()),
        ToProxy::Sealed { listener: sealed, .. } => listener(sealed.sources.len()),
        ToProxy::OwnershipTable { table, .. } | ToProxy::MergeTable { table, .. } => {
            table.iter().map(|(_, job): &(_, Account)| listener(job.sources.len())).sum()
        }
        ToProxy::NotifyFinished { .. } | ToProxy::NotifyProgress { .. } => notification(),
        ToProxy::NotifyMany { batch } => batch.len() as u64 * notification(),
        ToProxy::RoutedAnswer { .. }
        | ToProxy::Answered { .. }
        | ToProxy::SnapAnswer { .. }
        | ToProxy::WatchDone { .. }
        | ToProxy::PullTable { .. }
        | ToProxy::Pruned { .. }
        | ToProxy::StarterProbe { .. }
        | ToProxy::StarterAnswer { .. }
        | ToProxy::XactStarted { .. }
        | ToProxy::BucketStepped { .. }
        | ToProxy::XactBegun { .. }
        | ToProxy::XactRefused { .. } => 0,
    }
}

fn to_target(msg: &ToTarget) -> u64 {
    match msg {
        ToTarget::StartXact { .. } | ToTarget::BeginXact { .. } | ToTarget::AbortXact { .. } => of(ACTION),
        ToTarget::Asked { .. } => of(QUERY),
        ToTarget::Relay { batch } => batch.len() as u64 * notification(),
        ToTarget::NotifyManyDone { batch, .. } => batch.len() as u64 * of(ACKNOWLEDGED),
        ToTarget::PullSnap { .. } | ToTarget::NotifyDone { .. } | ToTarget::Put { .. } => 0,
    }
}

fn notification() -> u64 {
    of(NOTIFICATION) + of(SNAP).div_ceil(3) * 4
}

fn snaps(count: usize) -> u64 {
    count as u64 * of(SNAP)
}

fn listener(sources: usize) -> u64 {
    of(LISTENER) + 2 * sources as u64 * of(SOURCE)
}

fn of(example: &str) -> u64 {
    example.len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xaction::{DaemonId, Kind, Snap, XactId};
    use quiesce_machine::Incarnation;

    const JOB: XactId = XactId::minted(DaemonId::Client(0), Incarnation(1), 0);

    #[test]
    fn a_notification_carries_its_snap_in_base64_and_a_registration_every_source_twice() {
        let notice =
            |sources| ToProxy::NotifyFinished { job: JOB, kind: Kind::Download, snap: Snap::Finished, sources };
        assert_eq!(bytes(&notice(None).into()), FRAME + of(NOTIFICATION) + of(SNAP).div_ceil(3) * 4);
        let watch = |count: u16| {
            let sources = (0..count).map(DaemonId::Target).collect();
            let starter = DaemonId::Proxy(0);
            bytes(&ToProxy::WatchXaction { job: JOB, kind: Kind::Download, starter, sources }.into())
        };
        assert_eq!(watch(11) - watch(1), 20 * of(SOURCE));
    }

    #[test]
    fn a_pull_has_no_body_and_its_answer_is_a_snap() {
        assert_eq!(bytes(&ToTarget::PullSnap { job: JOB, settled: true }.into()), FRAME);
        let answer = |snap| bytes(&ToProxy::SnapAnswer { job: JOB, settled: true, snap }.into());
        assert_eq!(answer(Some(Snap::Running)) - answer(None), of(SNAP));
    }
}
