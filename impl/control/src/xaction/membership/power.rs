//! How a daemon that an administrator shuts down comes to stop.
//!
//! The published primary tells it once, when its data are elsewhere. Here the map says so, which reaches everybody, and the
//! daemon stops when it has done its duty: its map is durable, and whoever counts on it has been told. It stays in the map,
//! in maintenance. Whoever switches it on again finds it there; taking it back into service is another change.
//! Source: `reference/aistore-registry-and-coexistence.md` section D, maintenance and shutdown.

use quiesce_machine::Rename;

use super::{Flags, Membership};
use crate::xaction::fact::Fact;
use crate::xaction::{Context, mark};

/// Whether a process runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub(super) enum Power {
    #[default]
    On,
    /// It takes on nothing new.
    GoingOff,
    /// It does nothing until it is started again.
    Off,
}

impl Membership {
    /// Whether the process has stopped.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.power == Power::Off
    }

    /// Whether it is about to stop, and takes on nothing new.
    pub(in crate::xaction) fn is_going_off(&self) -> bool {
        self.power == Power::GoingOff
    }

    /// Goes by a map in place of another. What a restart finds is no order: somebody has switched it on since.
    pub(super) fn heed_power(&mut self, was_shut_down: bool) {
        match (was_shut_down, self.is_shut_down()) {
            (false, true) => self.power = Power::GoingOff,
            (true, false) => self.power = Power::On,
            (false, false) | (true, true) => (),
        }
    }

    /// Whether its map has it shut down.
    pub(super) fn is_shut_down(&self) -> bool {
        self.agreed.flags(self.me).contains(Flags::SHUTDOWN | Flags::POST_REBALANCE)
    }

    /// Stops if it was told to and its map survives that; the caller has nothing left to do for others.
    pub(in crate::xaction) fn switch_off(&mut self, cx: &mut Context<'_>) {
        if self.is_going_off() && self.map_is_durable() {
            cx.reach(mark::SWITCHED_OFF);
            cx.fact(Fact::SwitchedOff);
            self.power = Power::Off;
        }
    }
}
