//! The node-failure watcher: pings every engine and reports those that initiators can no longer reach.
//!
//! Source: `reference/mayastor-control-plane.md` section 8, HA agent: three path time-outs, and no store lease.

use std::collections::BTreeMap;

use quiesce_machine::Event;

use super::id::{EngineId, Role};
use super::message::{Msg, ToAgent, ToEngine};
use super::timer::Timer;
use super::{Context, Node, send};

/// After how many unanswered pings a path is lost.
const MISSES: u8 = 3;

/// The watcher's memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Watcher {
    /// Pings without an answer, up to [`MISSES`].
    missed: BTreeMap<EngineId, u8>,
}

impl Watcher {
    pub(crate) fn handle(&mut self, event: Event<Node>, cx: &mut Context<'_>) {
        match event {
            Event::Start { .. } => cx.arm(Timer::Watch, cx.config().timing.watch),
            Event::Deliver { from, msg: Msg::Pong } => {
                if let Role::Engine(engine) = cx.config().cluster.role(from) {
                    self.missed.remove(&engine);
                }
            }
            Event::Deliver { msg, .. } => unreachable!("not for the watcher: {msg:?}"),
            Event::Fire { timer: Timer::Watch } => self.watch(cx),
            Event::Fire { timer } => unreachable!("not the watcher's: {timer:?}"),
            Event::Call { request, .. } => unreachable!("users do not call the watcher, found {request:?}"),
            Event::Bounce { .. } | Event::Stored { .. } => (),
        }
    }

    fn watch(&mut self, cx: &mut Context<'_>) {
        for engine in cx.config().cluster.engines() {
            let missed = self.missed.entry(engine).or_default();
            if *missed >= MISSES {
                for agent in cx.config().cluster.agents() {
                    send(cx, agent, ToAgent::PathLost { engine });
                }
            }
            *missed = MISSES.min(*missed + 1);
            send(cx, Role::Engine(engine), ToEngine::Ping);
        }
        cx.arm(Timer::Watch, cx.config().timing.watch);
    }
}
