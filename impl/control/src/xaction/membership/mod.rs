//! Membership: who is in the cluster, and who says so.
//!
//! Owns one daemon's map and its part in keeping it: the primary's changes, who has to agree to them (`body`,
//! `agreement`) and how they are handed on (`metasync`), signs of life (`keepalive`), the next primary (`election`),
//! coming and going (`join`, `admin`, `power`). What a new map means for jobs is the proxy's and the target's business. Secure intra-cluster calls, networks, standby and buckets are left out.
//! With no upkeep configured a daemon goes by the map of the deployment for ever, and nothing here takes a step.
//! Source: `reference/aistore-registry-and-coexistence.md` section D.

mod admin;
mod agreement;
mod body;
mod deployment;
mod election;
mod flags;
mod join;
mod keepalive;
mod message;
mod metasync;
mod power;
mod record;
mod smap;
mod timer;

use std::collections::BTreeSet;
use std::sync::Arc;

use quiesce_machine::{CallId, OpId, Rename};

use super::fact::Fact;
use super::id::DaemonId;
use super::user::Reply;
use super::{Context, send};
use crate::xaction::ic::Bundle;
use crate::xaction::policy::PrimaryQuorum;
use crate::xaction::rebalance::Mode;
use crate::xaction::record::Record;

pub use admin::{AdminError, Change};
pub use body::Body;
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
    /// The latest map it has accepted, perhaps a proposal.
    accepted: Smap,
    /// The latest settled one, by which it acts.
    agreed: Smap,
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
    /// The primary that is to hear that the map is durable here.
    acknowledge: Option<DaemonId>,
    /// The map is of its own making and not durable: nobody is to hear of it.
    made: Option<Version>,
    power: power::Power,
    due: Due,
}

/// What the daemon has to do for its membership before its event is over. Empty between events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub(super) struct Due {
    /// The map it went by, if that is another now.
    pub(super) before: Option<Smap>,
    /// Whom to tell that the map is durable, together with what it knows of jobs.
    pub(super) report: Option<DaemonId>,
    /// What the message said of the rebalance that the map orders.
    pub(super) action: Option<Mode>,
    /// Whom to hand the map, and a settled one to members of the Information Center with what was collected.
    pub(super) hand: BTreeSet<DaemonId>,
    /// What the readers of the Information Center reported is to be taken over, and to be made durable by enough members.
    pub(super) collect: bool,
    /// What the Information Center goes on with under the settled map.
    pub(super) flush: Option<Arc<Bundle>>,
}

impl Membership {
    pub(super) fn new(me: DaemonId, config: &super::Config) -> Self {
        let map = config.deployed();
        Membership {
            me,
            recording: record::Recording::of(map.version()),
            agreed: map.clone(),
            accepted: map,
            voted: 0,
            lead: None,
            watch: Watch::default(),
            election: Election::None,
            joining: None,
            acknowledge: None,
            made: None,
            power: power::Power::default(),
            due: Due::default(),
        }
    }

    /// The map it goes by: the latest settled one that it has heard of.
    #[must_use]
    pub fn map(&self) -> &Smap {
        &self.agreed
    }

    /// The latest map it has accepted; a proposal while the daemons agree on it.
    #[must_use]
    pub fn accepted(&self) -> &Smap {
        &self.accepted
    }

    /// Whether it acts as primary.
    #[must_use]
    pub fn is_primary(&self) -> bool {
        self.accepted.primary() == self.me
    }

    /// Whether it is a member by its own map.
    #[must_use]
    pub fn is_member(&self) -> bool {
        self.agreed.contains(self.me)
    }

    /// What is to be done before this event is over.
    pub(super) fn take_due(&mut self) -> Due {
        std::mem::take(&mut self.due)
    }

    /// The process starts.
    pub(super) fn start(&mut self, records: &[Record], cx: &mut Context<'_>) {
        if cx.config().deployment.upkeep.is_none() {
            return;
        }
        let kept = records.iter().find_map(|record| match record {
            Record::Belonging(belonging) => Some(belonging.clone()),
            Record::Xact(_) | Record::Table(_) | Record::Marker(_) => None,
        });
        if let Some(Belonging { map, agreed, voted }) = kept {
            self.recording = record::Recording::recovered(voted, map.version());
            self.go_by(if map.is_settled() { map.clone() } else { agreed });
            (self.accepted, self.voted) = (map, voted);
            cx.fact(Fact::MapInstalled { map: self.agreed.clone() });
        } else if self.is_primary() {
            self.lead = Some(Lead::deployed(&self.accepted));
        }
        self.take_place(cx);
        if !cx.config().deployment.standby.contains(&self.me) {
            self.ask_back_in(cx);
        }
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
            ClusterMsg::PullMap if self.lead.is_some() && self.accepted.concerned().contains(&from) => self.hand(from),
            ClusterMsg::PullMap => send(cx, from, ClusterMsg::Map { map: self.shown() }),
            ClusterMsg::Map { map } => self.told_of(from, map, None, cx),
            ClusterMsg::Metasync { payload } => self.synced(from, &payload, cx),
            ClusterMsg::MetasyncDone { version, known } => self.sync_done(from, version, known, cx),
            ClusterMsg::MetasyncRefused { map, voted } => self.refused(from, map, voted, cx),
            ClusterMsg::Load { .. } => unreachable!("a proxy's Information Center takes what is collected"),
            ClusterMsg::Loaded { version } => self.loaded(from, version, cx),
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
            | ClusterMsg::Load { .. }
            | ClusterMsg::Loaded { .. }
            | ClusterMsg::VoteInitDone
            | ClusterMsg::Vote { .. }
            | ClusterMsg::VoteResult { .. } => (),
        }
    }

    pub(super) fn fire(&mut self, timer: ClusterTimer, cx: &mut Context<'_>) {
        match timer {
            ClusterTimer::Tick => self.tick(cx),
            ClusterTimer::Retry => self.retry(cx),
            ClusterTimer::Metasync => self.repeat(cx),
            ClusterTimer::Election => self.election_over(cx),
            ClusterTimer::Join => self.join_again(cx),
            ClusterTimer::Persist => self.record(cx),
        }
    }

    /// Whether a word under a map as early as that counts for nothing here any more, nor after a crash.
    pub(super) fn has_outgrown(&self, by: Version) -> bool {
        by < self.agreed.version() && self.map_is_durable()
    }

    /// Whether a message can do nothing any more, whenever it comes.
    pub(super) fn is_past(&self, msg: &ClusterMsg, config: &super::Config) -> bool {
        let before = |version: Version| version < self.accepted.version() && self.map_is_durable();
        match *msg {
            ClusterMsg::VoteInitDone => true,
            ClusterMsg::Map { ref map } => before(map.version()) || *map == self.accepted && self.map_is_durable(),
            ClusterMsg::MetasyncDone { version, .. } => is_agreed_on(config) && self.has_outgrown(version),
            ClusterMsg::Load { version, .. } | ClusterMsg::Loaded { version } => before(version),
            ClusterMsg::Keepalive { .. }
            | ClusterMsg::KeepaliveDone { .. }
            | ClusterMsg::Health { .. }
            | ClusterMsg::HealthDone { .. }
            | ClusterMsg::Join { .. }
            | ClusterMsg::PullMap
            | ClusterMsg::Metasync { .. }
            | ClusterMsg::MetasyncRefused { .. }
            | ClusterMsg::VoteInit { .. }
            | ClusterMsg::VoteRequest { .. }
            | ClusterMsg::Vote { .. }
            | ClusterMsg::VoteResult { .. }
            | ClusterMsg::Forwarded { .. } => false,
        }
    }

    /// Whether this is the write of this daemon's belonging.
    pub(super) fn is_its_write(op: OpId) -> bool {
        op == record::OP
    }

    /// Accepts another map; goes by it if it is settled.
    fn install(&mut self, map: Smap, flush: Option<Arc<Bundle>>, cx: &mut Context<'_>) {
        if map == self.accepted {
            return;
        }
        if map.primary() != self.accepted.primary() {
            self.watch = Watch::default();
        }
        self.accepted = map;
        self.acknowledge = None;
        if self.accepted.is_settled() {
            self.enter(flush, cx);
        }
        self.record(cx);
        self.take_place(cx);
    }

    /// Goes by the map, which is settled, from now on.
    fn enter(&mut self, flush: Option<Arc<Bundle>>, cx: &mut Context<'_>) {
        let was_shut_down = self.is_shut_down();
        self.go_by(self.accepted.clone());
        self.heed_power(was_shut_down);
        self.due.flush = flush;
        cx.fact(Fact::MapInstalled { map: self.agreed.clone() });
        if let (true, Some((call, _))) = (self.is_member(), self.joining) {
            self.joining = None;
            cx.disarm(ClusterTimer::Join.into());
            cx.fact(Fact::Joined { call });
            cx.reply(call, Reply::Joined);
        }
    }

    fn go_by(&mut self, map: Smap) {
        if self.agreed != map {
            let before = std::mem::replace(&mut self.agreed, map);
            self.due.before.get_or_insert(before);
        }
    }

    /// Does what its place in the map asks for: lead, watch, or nothing.
    fn take_place(&mut self, cx: &mut Context<'_>) {
        if self.is_primary() {
            self.take_the_lead(cx);
        } else {
            self.lead = None;
        }
        if self.is_on_watch() || self.accepted.contains(self.me) || self.is_primary() {
            self.arm_tick(cx);
        }
    }

    /// Hands a member the map before this event is over.
    fn hand(&mut self, to: DaemonId) {
        if self.made.is_none() {
            self.due.hand.insert(to);
        }
    }

    /// The members beside this daemon, in whatever state.
    fn others(&self) -> impl Iterator<Item = DaemonId> {
        self.accepted.members().map(|(daemon, _)| daemon).filter(|&daemon| daemon != self.me)
    }

    fn active_others(&self) -> BTreeSet<DaemonId> {
        self.accepted.active().filter(|&daemon| daemon != self.me).collect()
    }
}

/// Whether the members agree on each map before it is in force, and what they know outlives those who leave.
pub(super) fn agrees(cx: &Context<'_>) -> bool {
    is_agreed_on(cx.config())
}

/// The same, of a whole configuration.
pub(super) fn is_agreed_on(config: &super::Config) -> bool {
    config.deployment.upkeep.is_some() && config.policies.primary_quorum == PrimaryQuorum::Majority
}
