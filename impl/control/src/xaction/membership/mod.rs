//! Membership: who is in the cluster, and who says so.
//!
//! Owns one daemon's map and its part in keeping it: the primary's changes and their replication (`metasync`), signs of
//! life (`keepalive`), the next primary (`election`), coming and going (`join`, `admin`). What a new map means for jobs
//! is the proxy's and the target's business. Secure intra-cluster calls, networks, standby and buckets are left out.
//! With no upkeep configured a daemon goes by the map of the deployment for ever, and nothing here takes a step.
//! Source: `reference/aistore-registry-and-coexistence.md` section D.

mod admin;
mod deployment;
mod election;
mod flags;
mod join;
mod keepalive;
mod message;
mod metasync;
mod record;
mod smap;
mod timer;

use std::collections::BTreeSet;

use quiesce_machine::{CallId, OpId, Rename};

use super::fact::Fact;
use super::id::DaemonId;
use super::user::Reply;
use super::{Context, send};
use crate::xaction::record::Record;

pub use admin::{AdminError, Change};
pub use deployment::{Deployment, Upkeep};
pub use flags::Flags;
pub use message::{ClusterMsg, Payload};
pub use record::Belonging;
pub use smap::{Draft, Member, Smap, Version};
pub use timer::ClusterTimer;

use election::Election;
use keepalive::{Lead, Watch};

/// One daemon's part in membership.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Rename)]
pub struct Membership {
    me: DaemonId,
    map: Smap,
    /// The latest election in which it has voted or stood.
    voted: u16,
    /// What it keeps as a primary; absent while it is none.
    lead: Option<Lead>,
    /// What it keeps of its primary while it is none itself.
    watch: Watch,
    election: Election,
    /// The user who asked it to join, and whom it asks.
    joining: Option<(CallId, DaemonId)>,
    recording: record::Recording,
}

impl Membership {
    pub(super) fn new(me: DaemonId, config: &super::Config) -> Self {
        let Deployment { standby, non_electable, .. } = &config.deployment;
        Membership {
            me,
            map: Smap::deployed(&config.cluster, standby, non_electable),
            voted: 0,
            lead: None,
            watch: Watch::default(),
            election: Election::None,
            joining: None,
            recording: record::Recording::default(),
        }
    }

    /// The map it goes by.
    #[must_use]
    pub fn map(&self) -> &Smap {
        &self.map
    }

    /// Whether it acts as primary.
    #[must_use]
    pub fn is_primary(&self) -> bool {
        self.map.primary() == self.me
    }

    /// Whether it is a member by its own map.
    #[must_use]
    pub fn is_member(&self) -> bool {
        self.map.contains(self.me)
    }

    /// The process starts.
    pub(super) fn start(&mut self, records: &[Record], cx: &mut Context<'_>) {
        if cx.config().deployment.upkeep.is_none() {
            return;
        }
        let kept = records.iter().find_map(|record| match record {
            Record::Belonging(belonging) => Some(belonging.clone()),
            Record::Xact(_) | Record::Marker(_) => None,
        });
        if let Some(Belonging { map, voted }) = kept {
            (self.map, self.voted) = (map, voted);
            self.recording.recovered(voted);
            cx.fact(Fact::MapInstalled { map: self.map.clone() });
        }
        self.take_place(cx);
    }

    pub(super) fn receive(&mut self, from: DaemonId, msg: ClusterMsg, cx: &mut Context<'_>) {
        if cx.config().deployment.upkeep.is_none() {
            return;
        }
        match msg {
            ClusterMsg::Keepalive { version } => self.keepalive(from, version, cx),
            ClusterMsg::KeepaliveDone { version } => self.heard_from(from, version, cx),
            ClusterMsg::Health { version } => self.health(from, version, cx),
            ClusterMsg::HealthDone { version } => self.heard_from(from, version, cx),
            ClusterMsg::Join { daemon } => self.asked_in(from, daemon, cx),
            ClusterMsg::PullMap => send(cx, from, ClusterMsg::Map { map: self.map.clone() }),
            ClusterMsg::Map { map } => self.told_of(from, map, cx),
            ClusterMsg::Metasync { payload } => self.synced(from, &payload, cx),
            ClusterMsg::MetasyncDone { version } => self.sync_done(from, version, cx),
            ClusterMsg::MetasyncRefused { map } => self.refused(from, map, cx),
            ClusterMsg::VoteInit { map } => self.asked_to_stand(from, map, cx),
            ClusterMsg::VoteInitDone => (),
            ClusterMsg::VoteRequest { term, version } => self.asked_for_a_vote(from, term, version, cx),
            ClusterMsg::Vote { term, yes } => self.vote(from, term, yes, cx),
            ClusterMsg::VoteResult { dead } => self.vote_result(from, dead, cx),
            ClusterMsg::Forwarded { client, call, change } => self.admin(client, call, change, cx),
        }
    }

    /// The peer's process is down.
    pub(super) fn bounced(&mut self, to: DaemonId, msg: &ClusterMsg, cx: &mut Context<'_>) {
        match msg {
            ClusterMsg::VoteInit { .. } => self.next_in_line(to, cx),
            ClusterMsg::VoteRequest { term, .. } => self.vote(to, *term, false, cx),
            ClusterMsg::Forwarded { client, call, .. } => {
                admin::answer(*client, *call, Err(AdminError::PrimaryDown), cx);
            }
            ClusterMsg::Keepalive { .. }
            | ClusterMsg::KeepaliveDone { .. }
            | ClusterMsg::Health { .. }
            | ClusterMsg::HealthDone { .. }
            | ClusterMsg::Join { .. }
            | ClusterMsg::PullMap
            | ClusterMsg::Map { .. }
            | ClusterMsg::Metasync { .. }
            | ClusterMsg::MetasyncDone { .. }
            | ClusterMsg::MetasyncRefused { .. }
            | ClusterMsg::VoteInitDone
            | ClusterMsg::Vote { .. }
            | ClusterMsg::VoteResult { .. } => (),
        }
    }

    pub(super) fn fire(&mut self, timer: ClusterTimer, cx: &mut Context<'_>) {
        match timer {
            ClusterTimer::Tick => self.tick(cx),
            ClusterTimer::Retry => self.retry(cx),
            ClusterTimer::Metasync => self.sync_again(cx),
            ClusterTimer::Election => self.election_over(cx),
            ClusterTimer::Join => self.join_again(cx),
            ClusterTimer::Persist => self.record(cx),
        }
    }

    /// Whether this is the write of this daemon's belonging.
    pub(super) fn is_its_write(op: OpId) -> bool {
        op == record::OP
    }

    /// Goes by another map from now on.
    fn install(&mut self, map: Smap, cx: &mut Context<'_>) {
        if map == self.map {
            return;
        }
        if map.primary() != self.map.primary() {
            self.watch = Watch::default();
        }
        self.map = map;
        cx.fact(Fact::MapInstalled { map: self.map.clone() });
        self.record(cx);
        self.take_place(cx);
        if let (true, Some((call, _))) = (self.is_member(), self.joining) {
            self.joining = None;
            cx.disarm(ClusterTimer::Join.into());
            cx.fact(Fact::Joined { call });
            cx.reply(call, Reply::Joined);
        }
    }

    /// Does what its place in the map asks for: lead, watch, or nothing.
    fn take_place(&mut self, cx: &mut Context<'_>) {
        if self.is_primary() {
            self.take_the_lead(cx);
        } else {
            self.lead = None;
        }
        if self.map.is_active(self.me) || self.is_primary() {
            self.arm_tick(cx);
        }
    }

    /// The members beside this daemon, in whatever state.
    fn others(&self) -> impl Iterator<Item = DaemonId> {
        self.map.members().map(|(daemon, _)| daemon).filter(|&daemon| daemon != self.me)
    }

    fn active_others(&self) -> BTreeSet<DaemonId> {
        self.map.active().filter(|&daemon| daemon != self.me).collect()
    }
}
