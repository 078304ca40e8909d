//! Exhaustive checking of the very same nodes that run in the simulator.
//!
//! A [`Scope`] names a small world: nodes, users' requests, and how often each fault may strike. [`check`] explores
//! every run of it: every order of messages, every moment for timers, crashes and users, every answer to a choice. It
//! finds violations of safety with a shortest run, and what a fair run can owe for ever with a run that ends in a loop.
//!
//! [`System`] is a `stateright::Model` of such a world, so that Stateright's tools work on it. Its states are numbers
//! of parts met before: a node's code is run once for each part it ever meets. [`search`] walks any model breadth
//! first; [`fair`] finds, in any graph, where a fair run can stay for ever.
//!
//! Two nodes hand a token on, and whoever has had it is to have it again. Where a message may be lost, it is gone for good:
//!
//! ```
//! use quiesce_machine::*;
//! use quiesce_model::*;
//!
//! #[derive(Clone, Debug, PartialEq, Eq, Hash)]
//! struct Player;
//!
//! macro_rules! words {
//!     ($($name:ident: $label:literal)*) => { $(
//!         #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
//!         struct $name;
//!         impl Label for $name {
//!             fn label(&self) -> &'static str { $label }
//!         }
//!         impl std::fmt::Display for $name {
//!             fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str($label) }
//!         }
//!     )* };
//! }
//! words! { Token: "token" Had: "had" }
//!
//! impl Node for Player {
//!     type Config = ();
//!     type Msg = Token;
//!     type Timer = Never;
//!     type Request = Never;
//!     type Reply = Never;
//!     type Record = Never;
//!     type Fact = Had;
//!
//!     fn boot(_: NodeId, (): &()) -> Self { Player }
//!
//!     fn handle(&mut self, event: Event<Self>, cx: &mut Cx<'_, Self>) {
//!         let first = matches!(event, Event::Start { .. }) && cx.me() == NodeId(0);
//!         if first || matches!(event, Event::Deliver { .. }) {
//!             cx.fact(Had);
//!             cx.send(NodeId(1 - cx.me().0), Token);
//!         }
//!     }
//! }
//!
//! /// Whoever has had the token has it again.
//! #[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
//! struct Returns { last: Option<NodeId> }
//!
//! impl Monitor<Player> for Returns {
//!     fn name(&self) -> &'static str { "returns" }
//!
//!     fn observe(&mut self, seen: &Observation<'_, Player>, _: &dyn View<Player>) -> Result<(), Violation> {
//!         if let Observation::Fact { by, .. } = seen {
//!             self.last = Some(*by);
//!         }
//!         Ok(())
//!     }
//!
//!     fn owed(&self, _: &dyn View<Player>, owes: &mut dyn FnMut(Obligation)) {
//!         if let Some(last) = self.last {
//!             owes(Obligation(1 - u64::from(last.0)));
//!         }
//!     }
//!
//!     fn armed(&self) -> bool { self.last.is_some() }
//!
//!     fn describe(&self, owed: Obligation, _: &dyn View<Player>) -> String {
//!         format!("n{} waits for the token", owed.0)
//!     }
//! }
//!
//! let scope = |losses| Scope {
//!     config: (),
//!     nodes: vec!["a".to_owned(), "b".to_owned()],
//!     calls: Calls::new(),
//!     monitors: vec![Returns::default()],
//!     budget: Budget { losses, ..Budget::default() },
//!     crashable: vec![],
//!     cuts: vec![],
//!     untimed: false,
//!     punctual: false,
//!     absorbs_repeats: false,
//! };
//! assert_eq!(check(&scope(0), Search::Bfs, Limits::default(), None)?.verdict, Verdict::Pass);
//!
//! let report = check(&scope(1), Search::Bfs, Limits::default(), None)?;
//! let found = &report.counterexamples[0];
//! assert_eq!((found.property, found.ending), ("returns", Ending::Rest));
//! # Ok::<(), CheckError>(())
//! ```
//!
//! Left out on purpose: time. The clock stands still, timers fire in any order, so that what holds here holds for every
//! choice of delays. Knows no plane.
#![forbid(unsafe_code)]

mod calls;
mod check;
mod explore;
pub mod fair;
mod intern;
mod judge;
mod report;
mod scope;
pub mod search;
mod symmetry;
mod system;

pub use calls::Calls;
pub use check::{CheckError, check, check_after, check_folded};
pub use explore::{ExploreError, Stop, Tour, explore};
pub use intern::content_hash;
pub use report::{
    Act, Cost, Counterexample, Ending, Folding, Leg, Limits, Message, Observer, Odds, Pick, Progress, PropertyReport,
    Report, Search, Shortfall, Step, Verdict,
};
pub use scope::{Budget, Scope, ScopeError};
pub use symmetry::{Member, Symmetry, SymmetryError};
pub use system::{Action, Guide, Onward, State, System};

/// The property every scope has beside its monitors': no node and no monitor panics, asks for endless choices, or sends
/// to a node that does not exist.
pub const PANIC: &str = "panic";
