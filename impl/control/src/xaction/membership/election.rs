//! How the next primary is found when the present one is taken for dead.
//!
//! Whoever misses its primary asks the next in line to stand; that one makes sure that the primary is silent, asks for
//! votes, and if it wins makes a map without the old primary.
//! Source: `reference/aistore-registry-and-coexistence.md` section D, election.

use quiesce_machine::Rename;
use std::collections::BTreeSet;

use super::smap::{Smap, Version};
use super::{ClusterMsg, ClusterTimer, Membership};
use crate::xaction::fact::Fact;
use crate::xaction::id::DaemonId;
use crate::xaction::policy::{Electorate, VoteResult};
use crate::xaction::{Context, mark, send};

/// What a new primary adds to the version, as published.
pub(super) const NEW_PRIMARY: u32 = 100;

/// How often a candidate asks the primary whether it lives before it asks for votes.
const PINGS: u8 = 2;

/// A daemon's part in finding the next primary.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Rename)]
pub(super) enum Election {
    /// None.
    None,
    /// It has asked the next in line to stand.
    Calling { heir: DaemonId, passed_over: BTreeSet<DaemonId> },
    /// It may stand, and asks the primary whether it lives.
    Pinging { pings: u8 },
    /// It stands; its own vote is not durable yet.
    Standing,
    /// It asks for votes.
    Canvassing { term: u16, asked: BTreeSet<DaemonId>, yes: BTreeSet<DaemonId>, no: BTreeSet<DaemonId> },
    /// It has promised its vote, which is not durable yet.
    Promising { candidate: DaemonId },
}

impl Membership {
    /// The primary is taken for dead.
    pub(super) fn primary_down(&mut self, cx: &mut Context<'_>) {
        if self.upkeep(cx).election && self.election == Election::None {
            self.call_heir(BTreeSet::new(), cx);
        }
    }

    /// The primary lives: whatever was begun to replace it is dropped.
    pub(super) fn primary_lives(&mut self, cx: &mut Context<'_>) {
        if matches!(self.election, Election::Calling { .. } | Election::Pinging { .. }) {
            self.give_over(cx);
        }
    }

    /// Whoever was asked to stand is down.
    pub(super) fn next_in_line(&mut self, down: DaemonId, cx: &mut Context<'_>) {
        if let Election::Calling { heir, passed_over } = &self.election
            && *heir == down
        {
            let mut passed_over = passed_over.clone();
            passed_over.insert(down);
            self.call_heir(passed_over, cx);
        }
    }

    /// Somebody misses the primary, and asks this daemon to stand.
    pub(super) fn asked_to_stand(&mut self, from: DaemonId, map: Smap, cx: &mut Context<'_>) {
        self.told_of(from, map, None, cx);
        send(cx, from, ClusterMsg::VoteInitDone);
        let first = self.accepted.heir(&BTreeSet::new()) == Some(self.me);
        let willing = match cx.config().policies.electorate {
            Electorate::EachByOwnMap => first,
            Electorate::Majority => self.accepted.is_active(self.me),
        };
        if self.upkeep(cx).election && willing && !self.is_primary() {
            self.stand(cx);
        }
    }

    pub(super) fn election_over(&mut self, cx: &mut Context<'_>) {
        match self.election.clone() {
            Election::Calling { heir, mut passed_over } => {
                passed_over.insert(heir);
                self.call_heir(passed_over, cx);
            }
            Election::Pinging { pings } if pings < PINGS => {
                self.election = Election::Pinging { pings: pings + 1 };
                self.ping(cx);
            }
            Election::Pinging { .. } => self.canvass(cx),
            Election::Canvassing { asked, yes, no, .. } => {
                let silent: BTreeSet<DaemonId> = asked.difference(&yes).copied().collect();
                let no = no.union(&silent).copied().collect();
                self.count(&yes, &no, true, cx);
            }
            Election::None | Election::Standing | Election::Promising { .. } => (),
        }
    }

    /// A candidate asks for this daemon's vote.
    pub(super) fn asked_for_a_vote(&mut self, from: DaemonId, term: u16, version: Version, cx: &mut Context<'_>) {
        if version > self.accepted.version() {
            send(cx, from, ClusterMsg::PullMap);
        }
        let silent = self.watch.silent || self.watch.missed > 0;
        let misses_primary = !self.is_primary() && silent;
        let yes = match cx.config().policies.electorate {
            Electorate::EachByOwnMap => misses_primary && self.accepted.heir(&BTreeSet::new()) == Some(from),
            Electorate::Majority => {
                let free =
                    matches!(self.election, Election::None | Election::Calling { .. } | Election::Pinging { .. });
                let willing = misses_primary || from == self.accepted.primary();
                if willing && free && term > self.voted && version >= self.accepted.version() {
                    self.voted = term;
                    self.election = Election::Promising { candidate: from };
                    return self.record(cx);
                }
                false
            }
        };
        send(cx, from, ClusterMsg::Vote { term, yes });
    }

    /// The latest vote is durable: it is given.
    pub(super) fn vote_recorded(&mut self, cx: &mut Context<'_>) {
        if !self.vote_is_durable() {
            return;
        }
        match self.election {
            Election::Promising { candidate } => {
                self.election = Election::None;
                send(cx, candidate, ClusterMsg::Vote { term: self.voted, yes: true });
            }
            Election::Standing => self.ask_for_votes(self.voted, BTreeSet::from([self.me]), cx),
            Election::None | Election::Calling { .. } | Election::Pinging { .. } | Election::Canvassing { .. } => (),
        }
    }

    pub(super) fn vote(&mut self, from: DaemonId, of: u16, yes: bool, cx: &mut Context<'_>) {
        let Election::Canvassing { term, yes: agreed, no: refused, .. } = &mut self.election else { return };
        if *term != of {
            return;
        }
        let side = if yes { &mut *agreed } else { &mut *refused };
        side.insert(from);
        let (agreed, refused) = (agreed.clone(), refused.clone());
        self.count(&agreed, &refused, false, cx);
    }

    /// A candidate says that it has won: by the published rule that is so, whatever this daemon knows of later maps; by
    /// ours its map has to say so, and be later.
    pub(super) fn vote_result(&mut self, from: DaemonId, dead: DaemonId, cx: &mut Context<'_>) {
        if cx.config().policies.vote_result == VoteResult::NewerMap {
            return send(cx, from, ClusterMsg::PullMap);
        }
        let mut draft = self.accepted.draft();
        draft.remove(dead);
        draft.crown(from, self.accepted.version().term, 1);
        self.make_at_once(draft.publish(), cx);
    }

    /// This primary hears that votes were promised to somebody else, who has not won: it leads on in an election of its own.
    pub(super) fn lead_anew(&mut self, voted: u16, cx: &mut Context<'_>) {
        if self.election == Election::None {
            cx.reach(mark::LEADS_ANEW);
            self.voted = self.voted.max(voted);
            self.canvass(cx);
        }
    }

    fn call_heir(&mut self, passed_over: BTreeSet<DaemonId>, cx: &mut Context<'_>) {
        match self.accepted.heir(&passed_over) {
            None => self.give_over(cx),
            Some(heir) if heir == self.me => self.stand(cx),
            Some(heir) => {
                self.election = Election::Calling { heir, passed_over };
                send(cx, heir, ClusterMsg::VoteInit { map: self.shown() });
                cx.arm(ClusterTimer::Election.into(), self.upkeep(cx).keepalive_retry * 4);
            }
        }
    }

    fn stand(&mut self, cx: &mut Context<'_>) {
        if matches!(self.election, Election::None | Election::Calling { .. }) {
            cx.reach(mark::STANDS);
            self.election = Election::Pinging { pings: 1 };
            self.ping(cx);
        }
    }

    fn ping(&self, cx: &mut Context<'_>) {
        send(cx, self.accepted.primary(), ClusterMsg::Health { version: self.accepted.version() });
        cx.arm(ClusterTimer::Election.into(), cx.config().timing.max_keepalive);
    }

    fn canvass(&mut self, cx: &mut Context<'_>) {
        match cx.config().policies.electorate {
            Electorate::EachByOwnMap => self.ask_for_votes(0, BTreeSet::new(), cx),
            Electorate::Majority => {
                self.voted = self.voted.max(self.accepted.version().term) + 1;
                self.election = Election::Standing;
                self.record(cx);
            }
        }
    }

    fn ask_for_votes(&mut self, term: u16, yes: BTreeSet<DaemonId>, cx: &mut Context<'_>) {
        let mut asked = self.accepted.voters();
        asked.remove(&self.me);
        for &voter in &asked {
            send(cx, voter, ClusterMsg::VoteRequest { term, version: self.accepted.version() });
        }
        self.election = Election::Canvassing { term, asked, yes: yes.clone(), no: BTreeSet::new() };
        cx.arm(ClusterTimer::Election.into(), cx.config().timing.max_keepalive);
        self.count(&yes, &BTreeSet::new(), false, cx);
    }

    /// Whether the votes decide; `over`: none are to come.
    fn count(&mut self, yes: &BTreeSet<DaemonId>, no: &BTreeSet<DaemonId>, over: bool, cx: &mut Context<'_>) {
        let Election::Canvassing { term, asked, .. } = &self.election else { return };
        let (term, over) = (*term, over || asked.iter().all(|voter| yes.contains(voter) || no.contains(voter)));
        let won = match cx.config().policies.electorate {
            Electorate::EachByOwnMap => over && (yes.len() > no.len() || asked.is_empty()),
            Electorate::Majority => self.accepted.is_majority(yes),
        };
        if won {
            self.win(term, cx);
        } else if over {
            cx.reach(mark::LOST_ELECTION);
            self.give_over(cx);
        }
    }

    fn win(&mut self, term: u16, cx: &mut Context<'_>) {
        self.give_over(cx);
        let dead = self.accepted.primary();
        let mut draft = self.accepted.draft();
        if dead != self.me {
            for voter in self.active_others().into_iter().filter(|&voter| voter != dead) {
                send(cx, voter, ClusterMsg::VoteResult { dead });
            }
            draft.remove(dead);
        }
        draft.crown(self.me, term, NEW_PRIMARY);
        self.staff(&mut draft, cx);
        self.make(draft, cx);
        cx.fact(Fact::TookOver { map: self.accepted.clone() });
    }

    fn give_over(&mut self, cx: &mut Context<'_>) {
        if self.election != Election::None {
            self.election = Election::None;
            cx.disarm(ClusterTimer::Election.into());
        }
    }
}
