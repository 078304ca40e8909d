//! The contract between a process of a control plane and whatever drives it.
//!
//! Every process of a cluster is a [`Node`]: a pure state machine that takes one [`Event`] and answers with a list of
//! [`Effect`]s through its [`Cx`]. It never reads a clock, a socket, a file or a random source, so the same code runs
//! in the simulator, in the model checker and, one day, live. Properties are [`Monitor`]s over what nodes report.
//!
//! This crate owns the vocabulary only. It holds no queue, no network and no plane, and depends on serde alone, beside a
//! derive of its own.
//!
//! ```
//! use quiesce_machine::*;
//!
//! /// Answers every ping with a pong, and counts them.
//! #[derive(Clone, Debug, PartialEq, Eq, Hash)]
//! struct Ponger { pings: u32 }
//!
//! #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
//! enum Msg { Ping, Pong }
//! impl Label for Msg {
//!     fn label(&self) -> &'static str {
//!         match self { Msg::Ping => "ping", Msg::Pong => "pong" }
//!     }
//! }
//!
//! impl Node for Ponger {
//!     type Config = ();
//!     type Msg = Msg;
//!     type Timer = Never;
//!     type Request = Never;
//!     type Reply = Never;
//!     type Record = Never;
//!     type Fact = Never;
//!
//!     fn boot(_: NodeId, (): &()) -> Self { Ponger { pings: 0 } }
//!
//!     fn handle(&mut self, event: Event<Self>, cx: &mut Cx<'_, Self>) {
//!         if let Event::Deliver { from, msg: Msg::Ping } = event {
//!             self.pings += 1;
//!             cx.send(from, Msg::Pong);
//!         }
//!     }
//! }
//!
//! let (me, peer) = (NodeId(0), NodeId(1));
//! let mut ponger = Ponger::boot(me, &());
//! let out = step(&mut ponger, me, &(), Event::Deliver { from: peer, msg: Msg::Ping });
//! assert_eq!(out.effects, [Effect::Send { to: peer, msg: Msg::Pong }]);
//! assert_eq!(ponger.pings, 1);
//! ```
#![forbid(unsafe_code)]

mod cx;
mod data;
mod effect;
mod event;
mod id;
mod monitor;
mod node;
mod rename;
mod time;

pub use cx::{Choices, Cx, FirstChoice, Outbox, step};
pub use data::{Data, Label, Never};
pub use effect::{Effect, Record, Write};
pub use event::{Event, StoreError};
pub use id::{CallId, Incarnation, NodeId, OpId};
pub use monitor::{Monitor, Obligation, Observation, View, Violation};
pub use node::{Node, Span};
pub use rename::{Rename, Renaming};
pub use time::{Delay, Stamp, Time};
