//! What a proxy does for its membership: the Information Center's part in agreeing on a map, and going on by it.

use std::sync::Arc;

use quiesce_machine::StoreError;

use super::Proxy;
use crate::xaction::ic::Waiting;
use crate::xaction::membership::{ClusterMsg, Payload};
use crate::xaction::message::ToProxy;
use crate::xaction::record::Record;
use crate::xaction::{Context, membership, send};

impl Proxy {
    /// The process starts: takes up what was kept.
    pub(super) fn recover(&mut self, records: &[Record], cx: &mut Context<'_>) {
        self.ic.map_accepted(self.membership.accepted());
        self.ic.restart(self.membership.map());
        let kept = records.iter().find_map(|record| match record {
            Record::Table(table) => Some(table),
            Record::Belonging(_) | Record::Xact(_) | Record::Marker(_) => None,
        });
        if let Some(kept) = kept {
            self.ic.recover(kept, cx);
        }
        self.ic.start(cx);
        self.ic.catch_up(cx);
    }

    /// Goes by the map that is agreed on now, and does what membership has left to do in this event.
    pub(super) fn follow(&mut self, cx: &mut Context<'_>) {
        let due = self.membership.take_due();
        let changed = due.before.is_some_and(|before| before != *self.membership.map());
        if changed {
            self.close_order(cx);
            self.ic.map_changed(&self.membership.map().clone(), cx);
        }
        if let Some(known) = due.flush {
            self.ic.enter(&known, cx);
        }
        if changed {
            self.close_order(cx);
            self.map_changed(cx);
        }
        if due.collect {
            self.ic.collect(self.membership.collected(), cx);
            self.ic.load(self.membership.accepted().version(), cx);
            self.membership.flush(Arc::new(self.ic.bundle()), cx);
        }
        if let Some(primary) = due.report {
            let version = self.membership.accepted().version();
            let asked = membership::agrees(cx) && !self.membership.accepted().is_settled();
            let known = asked.then(|| Arc::new(self.ic.bundle()));
            send(cx, primary, ClusterMsg::MetasyncDone { version, known });
        }
        if !due.hand.is_empty() {
            let map = self.membership.accepted().clone();
            let known = (membership::agrees(cx) && map.is_settled()).then(|| Arc::new(self.ic.bundle()));
            for member in due.hand {
                let known = known.clone().filter(|_| map.is_ic(member));
                let payload = Payload { action: self.membership.attached(), map: map.clone(), known };
                send(cx, member, ClusterMsg::Metasync { payload: Arc::new(payload) });
            }
        }
    }

    /// A write of the table came to its end: whoever waited for it is told.
    pub(super) fn kept(&mut self, outcome: Result<(), StoreError>, cx: &mut Context<'_>) {
        for waiting in self.ic.stored(outcome, cx) {
            match waiting {
                Waiting::Watched(gateway, job) => {
                    let Some(sources) = self.ic.watched(job, cx) else { continue };
                    if gateway == self.me {
                        self.registered(job, self.me, Some(sources), cx);
                    } else {
                        let by = self.membership.map().version();
                        send(cx, gateway, ToProxy::WatchDone { job, by, sources });
                    }
                }
                Waiting::Sealed(job) => self.ic.sealed_here(job, cx),
                Waiting::Loaded(version) if self.membership.is_primary() => {
                    self.membership.loaded(self.me, version, cx);
                }
                Waiting::Loaded(version) => {
                    let primary = self.membership.accepted().primary();
                    send(cx, primary, ClusterMsg::Loaded { version });
                }
                Waiting::Entered(version) => self.ic.entered(version, cx),
            }
        }
    }
}
