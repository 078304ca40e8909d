//! What every value that crosses the contract can do: be copied, compared, ordered, hashed and named.

use std::fmt;
use std::hash::Hash;

/// Plain data: a message, timer, request, reply, record or fact.
///
/// `Ord` lets drivers keep canonical sets; `Send + Sync` lets them run seeds in parallel. Implemented for all that fit.
pub trait Data: Clone + fmt::Debug + Ord + Hash + Send + Sync + 'static {}

impl<T: Clone + fmt::Debug + Ord + Hash + Send + Sync + 'static> Data for T {}

/// A short stable name of the *kind* of a value, in kebab case.
///
/// Counters, traces, scenario files and capsules speak of messages, timers, requests and facts by these names, so a
/// label is part of a plane's interface: `notify-finished`, never a rendering of the fields.
pub trait Label {
    /// The name of this value's kind.
    fn label(&self) -> &'static str;
}

/// No value at all: for nodes that have no timers, no requests, no records or nothing to report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Never {}

impl Label for Never {
    fn label(&self) -> &'static str {
        match *self {}
    }
}

impl fmt::Display for Never {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl crate::Record for Never {
    type Key = Never;

    fn key(&self) -> Never {
        *self
    }
}
