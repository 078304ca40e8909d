//! What the map says of a rebalance, taken over into the table.

use super::Ic;
use crate::xaction::id::{DaemonId, XactId};
use crate::xaction::job::Snap;
use crate::xaction::{Context, Kind};

impl Ic {
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
