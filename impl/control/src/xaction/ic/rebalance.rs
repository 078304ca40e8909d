//! What the map says of a rebalance, taken over into the table.

use super::Ic;
use crate::xaction::id::{DaemonId, Form, XactId};
use crate::xaction::job::Snap;
use crate::xaction::{Context, Kind};

impl Ic {
    /// The rebalances before that one are aborted: a newer order has taken their place.
    pub(in crate::xaction) fn supersede_rebalances(&mut self, by: XactId, cx: &mut Context<'_>) {
        let old = |&(job, _): &(XactId, &super::Listener)| job.form == Form::Rebalance && job < by;
        let old: Vec<XactId> = self.table.running().filter(old).map(|(job, _)| job).collect();
        for job in old {
            self.abort(job, cx);
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
