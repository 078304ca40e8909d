//! The downloader, an action-specific manager: one on-demand xaction of the target does every download, and each download
//! is a job with an id of its own.
//!
//! The registry knows the xaction, which idles and expires like any other, and not the jobs; these are parts like others,
//! tracked by the Information Center. The other manager, of distributed sorts, is in `sort`. Source: `reference/aistore-information-center.md` section 4, the two types
//! of listeners.

use std::sync::Arc;

use super::Target;
use crate::xaction::job::{Snap, Work, XactError};
use crate::xaction::message::{Piece, ToProxy};
use crate::xaction::registry::AbortFilter;
use crate::xaction::sources::Sources;
use crate::xaction::start::{Manner, Refused};
use crate::xaction::timer::TargetTimer;
use crate::xaction::{Context, DaemonId, Kind, XactId, send};

impl Target {
    /// A download starts: it is handed to the xaction that downloads, which is started if none runs.
    pub(super) fn download(
        &mut self,
        (gateway, job): (DaemonId, XactId),
        (work, sources): (Work, Sources),
        manner: Option<Arc<Manner>>,
        cx: &mut Context<'_>,
    ) {
        let bucket = manner.and_then(|manner| manner.from);
        let piece = Piece { kind: Kind::Download, bucket, takes: work.takes };
        let Some(host) = self.host_for(&piece, cx) else {
            return send(cx, gateway, ToProxy::XactRefused { job, why: Refused::NotBegun });
        };
        self.desk.registry.work_begins(host, &cx.config().policies);
        self.hosted.insert(job, host);
        self.enter(job, Kind::Download, (work, sources), [gateway], cx);
    }

    /// A part has ended; if it was a download, its xaction has one piece of work less.
    pub(super) fn leave_manager(&mut self, job: XactId, cx: &mut Context<'_>) {
        let Some(host) = self.hosted.remove(&job) else { return };
        self.desk.registry.work_ends(host);
        if let Some(hosting) = cx.config().hosting {
            cx.arm(TargetTimer::Rest(host).into(), hosting.rest);
        }
    }

    /// The xaction that downloads is told to stop, and so are its downloads.
    pub(super) fn stop_hosted(&mut self, host: XactId, error: XactError, cx: &mut Context<'_>) {
        let jobs: Vec<XactId> = self.hosted.iter().filter(|&(_, own)| *own == host).map(|(&job, _)| job).collect();
        for job in jobs {
            self.end_if_working(job, Snap::Aborted(error), cx);
        }
    }

    /// One download alone is told to stop.
    pub(super) fn stop_download(&mut self, filter: AbortFilter, error: XactError, cx: &mut Context<'_>) {
        if let AbortFilter::Id(job) = filter
            && self.hosted.contains_key(&job)
        {
            self.end_if_working(job, Snap::Aborted(error), cx);
        }
    }
}
