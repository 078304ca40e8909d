//! A deterministic world for [`Node`](quiesce_machine::Node)s: one thing happens at a time, earliest first, and the same
//! plan and seed make the same things happen.
//!
//! A [`Plan`] says what a run is made of: nodes, network, a timeline of calls and faults, properties. [`run`] plays it
//! with a seed and judges it; [`record`] does the same and keeps a [`Trace`]. [`replay`] drives it along a [`Course`],
//! which may decide draws, strike between two effects or say what happens in which order, and keeps every [`Decision`].
//! This crate knows no control plane, no scenario file and no model checker; sweeping seeds is the caller's.
//!
//! Your own control plane becomes testable by implementing `Node`, and a property by implementing `Monitor`. Here a
//! boss hands a job to a worker, and every job must get done. The network loses the order, and nobody asks again:
//!
//! ```
//! use std::time::Duration;
//! use quiesce_machine::*;
//! use quiesce_sim::*;
//!
//! #[derive(Clone, Debug, PartialEq, Eq, Hash)]
//! enum Cluster { Boss { open: bool }, Worker }
//!
//! const WORKER: NodeId = NodeId(1);
//!
//! /// Whether the boss asks again, every second, until the worker answers.
//! #[derive(Clone, Debug)]
//! struct Config { insist: bool }
//!
//! macro_rules! words {
//!     ($($name:ident { $($variant:ident => $label:literal),* })*) => { $(
//!         #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
//!         enum $name { $($variant),* }
//!         impl Label for $name {
//!             fn label(&self) -> &'static str { match self { $($name::$variant => $label),* } }
//!         }
//!         impl std::fmt::Display for $name {
//!             fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.label()) }
//!         }
//!     )* };
//! }
//! words! {
//!     Msg { Order => "order", Done => "done" }
//!     Timer { Again => "again" }
//!     Request { Work => "work" }
//!     Reply { Accepted => "accepted" }
//!     Fact { JobAccepted => "job-accepted", JobDone => "job-done" }
//! }
//!
//! impl Node for Cluster {
//!     type Config = Config;
//!     type Msg = Msg;
//!     type Timer = Timer;
//!     type Request = Request;
//!     type Reply = Reply;
//!     type Record = Never;
//!     type Fact = Fact;
//!
//!     fn boot(id: NodeId, _: &Config) -> Self {
//!         if id == WORKER { Cluster::Worker } else { Cluster::Boss { open: false } }
//!     }
//!
//!     fn handle(&mut self, event: Event<Self>, cx: &mut Cx<'_, Self>) {
//!         match (self, event) {
//!             (Cluster::Boss { open }, Event::Call { call, request: Request::Work }) => {
//!                 *open = true;
//!                 cx.fact(Fact::JobAccepted);
//!                 cx.reply(call, Reply::Accepted);
//!                 order(cx);
//!             }
//!             (Cluster::Boss { open: true }, Event::Fire { timer: Timer::Again }) => order(cx),
//!             (Cluster::Boss { open }, Event::Deliver { msg: Msg::Done, .. }) => *open = false,
//!             (Cluster::Worker, Event::Deliver { from, msg: Msg::Order }) => {
//!                 cx.fact(Fact::JobDone);
//!                 cx.send(from, Msg::Done);
//!             }
//!             _ => (),
//!         }
//!     }
//! }
//!
//! fn order(cx: &mut Cx<'_, Cluster>) {
//!     cx.send(WORKER, Msg::Order);
//!     if cx.config().insist {
//!         cx.arm(Timer::Again, Duration::from_secs(1));
//!     }
//! }
//!
//! /// Every accepted job gets done.
//! #[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
//! struct JobsGetDone { accepted: bool, done: bool }
//!
//! impl Monitor<Cluster> for JobsGetDone {
//!     fn name(&self) -> &'static str { "jobs-get-done" }
//!
//!     fn observe(&mut self, seen: &Observation<'_, Cluster>, _: &dyn View<Cluster>) -> Result<(), Violation> {
//!         if let Observation::Fact { fact, .. } = seen {
//!             match fact {
//!                 Fact::JobAccepted => self.accepted = true,
//!                 Fact::JobDone => self.done = true,
//!             }
//!         }
//!         Ok(())
//!     }
//!
//!     fn owed(&self, _: &dyn View<Cluster>, owes: &mut dyn FnMut(Obligation)) {
//!         if self.accepted && !self.done {
//!             owes(Obligation(0));
//!         }
//!     }
//!
//!     fn armed(&self) -> bool { self.accepted }
//!
//!     fn describe(&self, _: Obligation, _: &dyn View<Cluster>) -> String { "the job is not done".to_owned() }
//! }
//!
//! let second = Duration::from_secs(1);
//! let plan = |insist| {
//!     let mut plan = Plan::new(Config { insist }, ["boss", "worker"])
//!         .step(second, Action::Lose { label: "order".into(), from: None, to: None, count: 1 })
//!         .step(second, Action::Call { node: NodeId(0), request: Request::Work, call: CallId(1) });
//!     plan.monitors.push(JobsGetDone::default());
//!     plan
//! };
//!
//! let forgetful = run(&plan(false), 1);
//! assert_eq!(forgetful.verdict, Verdict::Fail);
//! assert_eq!(forgetful.findings[0].evidence, "the job is not done");
//!
//! let (insistent, trace) = record(&plan(true), 1);
//! assert_eq!(insistent.verdict, Verdict::Pass);
//! assert!(trace.to_string().contains("2.001000s  worker  deliver  order from boss Order  | job-done"));
//! ```
#![forbid(unsafe_code)]

mod branch;
mod check;
mod clock;
mod cluster;
mod course;
mod decisions;
mod digest;
mod disk;
mod draws;
mod faults;
mod judge;
mod lens;
mod network;
mod outcome;
mod panics;
mod perform;
mod plan;
mod queue;
mod random;
mod ratio;
mod run;
mod store;
mod swarm;
mod tally;
mod timeline;
mod timers;
mod trace;
mod turns;
mod world;

pub use branch::{Blow, Branch};
pub use check::{Place, PlanError};
pub use course::{Course, Fork, Parcel, Strike, Turn, WriteEnd};
pub use decisions::Decision;
pub use digest::Digest;
pub use lens::{NodeState, Snapshot};
pub use outcome::{Answer, Bound, FaultCount, FaultKind, Finding, FindingKind, Outcome, Vacuity, Verdict};
pub use plan::{Action, Network, Plan, Records, Shift, Step, StoreFault, StoreFaults};
pub use ratio::{Rate, Ratio, RatioError};
pub use run::{Replay, branch, inspect, record, replay, run, survey, watch};
pub use swarm::Swarm;
pub use trace::{Entry, EntryKind, State, Trace};
