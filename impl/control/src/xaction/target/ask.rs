//! A target's answers to what is asked of all targets.

use std::sync::Arc;

use super::Target;
use crate::xaction::ask::{AskError, Question, SnapLine};
use crate::xaction::fact::Fact;
use crate::xaction::job::{Snap, XactError};
use crate::xaction::registry::{AbortFilter, Action, Cause, Conflict, Entry};
use crate::xaction::{Context, mark};

impl Target {
    pub(super) fn answer(&mut self, question: &Question, cx: &mut Context<'_>) -> Result<Arc<Vec<SnapLine>>, AskError> {
        let registry = &self.desk.registry;
        match question {
            Question::Snaps { query, recent: true } if query.ids.is_empty() => {
                Ok(Arc::new(registry.most_recent(query).into_iter().map(|entry| self.line(entry)).collect()))
            }
            Question::Snaps { query, .. } => match registry.query(query) {
                Ok(found) => Ok(Arc::new(found.into_iter().map(|entry| self.line(entry)).collect())),
                Err(_) => Err(AskError::NotFound),
            },
            Question::Stop(filter) => {
                self.refuse_to_stop(*filter, cx)?;
                self.sweep(*filter, Cause::User, XactError::UserAbort, cx);
                Ok(Arc::default())
            }
            Question::MayChange => {
                registry.coexist(&Action::Membership, &cx.config().policies)?;
                Ok(Arc::default())
            }
        }
    }

    /// A rebalance that empties a target, or is as good as done, is not stopped, and nothing else in the same breath.
    fn refuse_to_stop(&self, filter: AbortFilter, cx: &Context<'_>) -> Result<(), Conflict> {
        let running = self.rebalance.run().and_then(|run| self.desk.registry.entry(run.id.xact()));
        match running.filter(|entry| filter.names(entry, &cx.config().policies)) {
            Some(&Entry { id, kind, .. }) if !self.may_stop(cx) => Err(Conflict { id, kind }),
            Some(_) | None => Ok(()),
        }
    }

    /// Ends what the filter names: parts of jobs stop, and work handed to on-demand xactions fails.
    pub(super) fn sweep(&mut self, filter: AbortFilter, cause: Cause, error: XactError, cx: &mut Context<'_>) {
        let victims = self.desk.registry.abort(filter, cause, &cx.config().policies);
        self.lock_for(&victims, cx);
        for job in victims {
            cx.reach(mark::SWEPT);
            match self.xacts.contains_key(&job) {
                true if self.rebalances_as(job) => self.stop_rebalance(cx),
                true => self.end(job, Snap::Aborted(error), cx),
                false => {
                    self.fail_work(job, cx);
                    self.stop_hosted(job, error, cx);
                    self.desk.end_begun(job, cx);
                }
            }
            self.desk.has_ended(job, cx);
        }
        self.stop_download(filter, error, cx);
        cx.fact(Fact::Swept { filter });
    }
}
