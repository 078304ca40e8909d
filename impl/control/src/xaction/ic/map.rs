//! What a new cluster map means for the Information Center: who is a member, and which parts are lost with their targets.
//! Source: `reference/aistore-information-center.md` sections 7 (Smap change) and 11 (staffing).

use std::sync::Arc;

use super::Ic;
use crate::xaction::id::{DaemonId, XactId};
use crate::xaction::job::{Snap, XactError};
use crate::xaction::membership::Smap;
use crate::xaction::message::{QueryError, ToProxy};
use crate::xaction::policy::TableSync;
use crate::xaction::timer::MemberTimer;
use crate::xaction::{Context, mark, send};

impl Ic {
    /// Goes by another map from now on.
    pub(in crate::xaction) fn map_changed(&mut self, map: &Smap, cx: &mut Context<'_>) {
        let was_member = self.is_member();
        self.map = map.clone();
        match (was_member, self.is_member()) {
            (false, true) => self.staffed(cx),
            (true, false) => self.unstaffed(cx),
            (false, false) | (true, true) => (),
        }
        let running: Vec<XactId> = self.table.running().map(|(job, _)| job).collect();
        for job in running {
            self.give_up_gone(job, cx);
        }
    }

    /// Gives up the parts of targets that are no members any more. A map older than the one the job was started by
    /// cannot tell.
    pub(super) fn give_up_gone(&mut self, job: XactId, cx: &mut Context<'_>) {
        let Some(listener) = self.table.running_mut(job) else { return };
        if listener.sources.as_of() > self.map.version() {
            return;
        }
        let gone: Vec<DaemonId> = listener.active().filter(|&target| !self.map.contains(target)).collect();
        for target in gone {
            cx.reach(mark::TARGET_GONE);
            self.mark(target, job, Snap::Aborted(XactError::LeftCluster), cx);
        }
    }

    /// This proxy is a member from now on: it asks the others for what they know, and is asked.
    fn staffed(&mut self, cx: &mut Context<'_>) {
        cx.reach(mark::STAFFED);
        self.start(cx);
        if cx.config().policies.table_sync == TableSync::Periodic {
            self.sync(cx);
        }
    }

    /// This proxy is no member any more: what it knows is left to those who are.
    fn unstaffed(&mut self, cx: &mut Context<'_>) {
        cx.disarm(MemberTimer::Housekeep.into());
        cx.disarm(MemberTimer::Sync.into());
        let asked: Vec<XactId> = self.asks.keys().copied().collect();
        for job in asked {
            self.conclude(job, Err(QueryError::BadGateway), cx);
        }
        if cx.config().policies.table_sync == TableSync::Periodic {
            let table = self.bundle();
            for member in self.others() {
                send(cx, member, ToProxy::MergeTable { table: Arc::clone(&table) });
            }
            self.table.clear();
        }
    }
}
