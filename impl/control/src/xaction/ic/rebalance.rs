//! What the map says of a rebalance, taken over into the table.

use super::{Ic, Listener};
use crate::xaction::id::{DaemonId, XactId};
use crate::xaction::job::Snap;
use crate::xaction::sources::Sources;
use crate::xaction::{Context, Kind};

impl Ic {
    /// The map orders that rebalance. Every member learns of it from there, so nobody need confirm it.
    pub(in crate::xaction) fn track_order(
        &mut self,
        job: XactId,
        starter: DaemonId,
        sources: Sources,
        cx: &mut Context<'_>,
    ) {
        if !super::agrees(cx) {
            self.watch(job, Kind::Rebalance, starter, sources, false, cx);
        } else if !self.table.knows(job) {
            self.take_up(job, Listener::new(Kind::Rebalance, starter, sources, None), cx);
            self.keep_some_time(cx);
        }
    }

    /// That rebalance has finished on every target.
    pub(in crate::xaction) fn finish_rebalance(&mut self, job: XactId, cx: &mut Context<'_>) {
        let Some(listener) = self.table.running_entry(job) else { return };
        let active: Vec<DaemonId> = listener.active().collect();
        for target in active {
            self.mark(target, job, Snap::Finished, cx);
        }
    }

    /// Whether a target's 404 says anything of that kind: not of one that is ordered by the map.
    pub(super) fn heeds_not_found(&self, kind: Kind, cx: &Context<'_>) -> bool {
        let ordered = cx.config().deployment.upkeep.as_ref().is_some_and(|upkeep| upkeep.rebalance.is_some());
        kind != Kind::Rebalance || !ordered
    }
}
