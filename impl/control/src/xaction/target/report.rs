//! What a target gathers before it tells: its own news, and what other targets hand it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Phase, Target};
use crate::xaction::message::{ToProxy, ToTarget};
use crate::xaction::policy::Notification;
use crate::xaction::reporting::{Batch, News};
use crate::xaction::timer::TargetTimer;
use crate::xaction::{Context, DaemonId, XactId, mark, send};

impl Target {
    /// Has news of an own part told with the next batch.
    pub(super) fn gather_own(&mut self, job: XactId, cx: &mut Context<'_>) {
        let xact = &self.xacts[&job];
        let again = cx.config().policies.notification == Notification::UntilAcknowledged;
        let sources = again.then(|| xact.sources.clone());
        let news = News { target: self.me, job, kind: xact.kind, snap: xact.phase.snap(), sources };
        self.gather(news, cx);
    }

    /// Another target hands over its news.
    pub(super) fn relay(&mut self, batch: &Batch, cx: &mut Context<'_>) {
        cx.reach(mark::RELAYED);
        for news in batch.iter() {
            self.gather(news.clone(), cx);
        }
    }

    fn gather(&mut self, news: News, cx: &mut Context<'_>) {
        let Some(every) = cx.config().reporting.every() else { return };
        if self.gathered.is_empty() {
            cx.arm(TargetTimer::Gather.into(), every);
        }
        let place = self.gathered.entry((news.job, news.target)).or_insert_with(|| news.clone());
        if !place.snap.is_ended() {
            *place = news;
        }
    }

    /// The interval is over: all that was gathered goes to the relay, or from the root to the members.
    pub(super) fn tell_gathered(&mut self, cx: &mut Context<'_>) {
        let gathered = std::mem::take(&mut self.gathered);
        let own: Vec<XactId> = gathered.keys().filter(|(_, target)| *target == self.me).map(|&(job, _)| job).collect();
        let batch: Batch = Arc::new(gathered.into_values().collect());
        match cx.config().reporting.relay(self.membership.map(), self.me) {
            Some(relay) => send(cx, relay, ToTarget::Relay { batch }),
            None => self.tell_members(&batch, cx),
        }
        for job in own {
            self.told_in_a_batch(job, cx);
        }
    }

    /// Tells the members everything at once: the root does, and whoever finds that its relay is down.
    pub(super) fn tell_members(&self, batch: &Batch, cx: &mut Context<'_>) {
        for member in self.membership.map().ic() {
            send(cx, member, ToProxy::NotifyMany { batch: Arc::clone(batch) });
        }
    }

    /// An own end is on its way: it is told again one by one if nobody answers in time.
    fn told_in_a_batch(&mut self, job: XactId, cx: &mut Context<'_>) {
        let Some(xact) = self.xacts.get(&job) else { return };
        if !matches!(xact.phase, Phase::Ended(_)) {
            return;
        }
        match cx.config().policies.notification {
            Notification::Once => self.keep_for_history(job, cx),
            Notification::UntilAcknowledged if xact.unacknowledged.is_empty() => (),
            Notification::UntilAcknowledged => {
                let delay = cx.config().reporting.delay(self.membership.map(), self.me);
                self.again_after(job, cx.config().timing.repeat + delay, cx);
            }
        }
    }

    /// A member has taken note of a batch: what is one's own is acknowledged, the rest goes on to those it came from.
    pub(super) fn batch_acknowledged(&mut self, member: DaemonId, batch: &Batch, cx: &mut Context<'_>) {
        let mut below: BTreeMap<DaemonId, Vec<News>> = BTreeMap::new();
        for news in batch.iter() {
            if news.target == self.me {
                self.acknowledged(member, news.job, cx);
            } else {
                let next = cx.config().reporting.towards(self.membership.map(), self.me, news.target);
                below.entry(next).or_default().push(news.clone());
            }
        }
        for (next, news) in below {
            send(cx, next, ToTarget::NotifyManyDone { member, batch: Arc::new(news) });
        }
    }
}
