//! A core agent: waits for the lease, leads while it has it, and steps down when it is gone.
//!
//! What it does as leader is in [`leader`]. Source: `reference/mayastor-control-plane.md` section 10.

mod api;
mod at_once;
mod calls;
pub mod leader;
mod nodes;
mod plan;
mod reconcile;
mod schedule;
mod share;
mod target;
pub mod task;
#[cfg(test)]
mod tests;
mod writes;

use quiesce_machine::{Event, Incarnation};

use super::fact::Fact;
use super::id::Role;
use super::message::{Image, Msg, Stale, ToAgent, ToStore, ToUser};
use super::timer::Timer;
use super::{Config, Context, Node, send};
use leader::Leader;

/// A core agent's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Agent {
    me: u8,
    life: Incarnation,
    /// The last epoch in which it led.
    epoch: u16,
    leader: Option<Box<Leader>>,
}

/// Whether an agent can go on leading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It can.
    Leads,
    /// Somebody knows of a later lease.
    Deposed,
}

impl Agent {
    pub(crate) fn new(me: u8) -> Self {
        Agent { me, life: Incarnation::default(), epoch: 0, leader: None }
    }

    /// What it knows as leader, while it leads.
    #[must_use]
    pub fn leader(&self) -> Option<&Leader> {
        self.leader.as_deref()
    }

    pub(crate) fn handle(&mut self, event: Event<Node>, cx: &mut Context<'_>) {
        match event {
            Event::Start { incarnation, .. } => {
                self.life = incarnation;
                self.seek_lease(cx);
            }
            Event::Deliver { from, msg: Msg::ToAgent(msg) } => {
                let from = cx.config().cluster.role(from);
                self.receive(from, msg, cx);
            }
            Event::Deliver { msg, .. } => unreachable!("not for an agent: {msg:?}"),
            Event::Bounce { to, .. } => {
                if let (Some(leader), Role::Engine(engine)) = (&mut self.leader, cx.config().cluster.role(to)) {
                    leader.bounced(engine, cx);
                }
            }
            Event::Fire { timer: Timer::Lease } => self.seek_lease(cx),
            Event::Fire { timer: Timer::LeaseOver } => self.step_down(cx),
            Event::Fire { timer } => {
                if let Some(leader) = &mut self.leader {
                    leader.fire(timer, cx);
                }
            }
            Event::Call { request, .. } => unreachable!("users call agents through users, found {request:?}"),
            Event::Stored { op, .. } => unreachable!("an agent stores nothing itself, found {op:?}"),
        }
    }

    fn receive(&mut self, from: Role, msg: ToAgent, cx: &mut Context<'_>) {
        match msg {
            ToAgent::Granted { epoch, life, revision, specs, stale } => {
                if life == self.life && epoch > self.epoch {
                    self.lead(epoch, revision, &specs, stale, cx);
                }
            }
            ToAgent::Held => (),
            ToAgent::Kept { epoch } => {
                if self.leader.is_some() && epoch == self.epoch {
                    self.arm_lease_over(cx);
                }
            }
            ToAgent::LeaseGone { epoch } => {
                if epoch == self.epoch {
                    self.step_down(cx);
                }
            }
            ToAgent::Api { epoch, call, request } => {
                let Role::User(user) = from else { return };
                match &mut self.leader {
                    Some(leader) if leader.is_ready() && epoch == self.epoch => leader.ask(user, call, request, cx),
                    Some(leader) if leader.is_ready() => {
                        send(cx, from, ToUser::Connect { call, epoch: self.epoch });
                    }
                    Some(_) | None => send(cx, from, ToUser::NotLeading { call }),
                }
            }
            ToAgent::WriteDone { .. }
            | ToAgent::Confirmed { .. }
            | ToAgent::Register { .. }
            | ToAgent::Listing { .. }
            | ToAgent::CallDone { .. }
            | ToAgent::PathLost { .. } => {
                if let Some(leader) = &mut self.leader
                    && leader.receive(from, msg, cx) == Standing::Deposed
                {
                    self.step_down(cx);
                }
            }
        }
    }

    /// Whether a message can do nothing any more. An epoch is no less than the life it was given to, and no later life has
    /// it: what speaks of an epoch before this life is past. So is what this life did with already, unless the epoch is so
    /// much greater than the life that a later life could not tell.
    pub(crate) fn ignores(&self, from: Role, msg: &ToAgent, config: &Config) -> bool {
        let life = u16::try_from(self.life.0).unwrap_or(u16::MAX);
        let leads = |epoch: u16| self.leader.as_deref().filter(|leader| leader.epoch() == epoch);
        let past = |epoch: u16| epoch < life || (epoch <= life && (epoch < self.epoch || self.has_led(epoch)));
        match *msg {
            ToAgent::Held => true,
            ToAgent::Granted { epoch, life, .. } => life < self.life || (life == self.life && epoch <= self.epoch),
            ToAgent::Kept { epoch } | ToAgent::LeaseGone { epoch } => past(epoch),
            ToAgent::WriteDone { epoch, .. }
            | ToAgent::Confirmed { epoch, .. }
            | ToAgent::Listing { epoch, .. }
            | ToAgent::CallDone { epoch, .. } => {
                past(epoch) || (epoch <= life && leads(epoch).is_some_and(|leader| leader.ignores(from, msg, config)))
            }
            ToAgent::Register { .. } | ToAgent::Api { .. } | ToAgent::PathLost { .. } => false,
        }
    }

    /// Whether it led in that epoch and does so no longer.
    fn has_led(&self, epoch: u16) -> bool {
        self.leader.is_none() && epoch == self.epoch
    }

    /// Asks for the lease, or for more of it.
    fn seek_lease(&self, cx: &mut Context<'_>) {
        let ask = match self.leader {
            Some(_) => ToStore::KeepAlive { epoch: self.epoch },
            None => ToStore::Acquire { life: self.life, after: self.epoch },
        };
        send(cx, Role::Store, ask);
        if self.leader.is_none() || cx.config().timing.lease.is_some() {
            cx.arm(Timer::Lease, cx.config().timing.keep_alive);
        }
    }

    fn arm_lease_over(&self, cx: &mut Context<'_>) {
        if let Some(ttl) = cx.config().timing.lease {
            cx.arm(Timer::LeaseOver, ttl);
        }
    }

    fn lead(&mut self, epoch: u16, revision: u32, specs: &Image, stale: Stale, cx: &mut Context<'_>) {
        self.step_down(cx);
        self.epoch = epoch;
        cx.fact(Fact::Leads { epoch });
        self.leader = Some(Box::new(Leader::new(epoch, revision, specs, stale, cx)));
        if cx.config().timing.lease.is_none() {
            cx.disarm(Timer::Lease);
        }
        self.arm_lease_over(cx);
    }

    fn step_down(&mut self, cx: &mut Context<'_>) {
        let was_leading = self.leader.is_some();
        if let Some(leader) = self.leader.take() {
            cx.fact(Fact::SteppedDown { epoch: self.epoch });
            leader.resign(cx);
        }
        cx.disarm(Timer::LeaseOver);
        if was_leading {
            cx.arm(Timer::Lease, cx.config().timing.keep_alive);
        }
    }
}

impl Agent {
    /// Which agent this is.
    #[must_use]
    pub fn number(&self) -> u8 {
        self.me
    }
}
