//! What users ask in a scope, and under which numbers.

use quiesce_machine::{CallId, NodeId};

/// The calls of a scope. Each may come at any moment or never; those of one node come in this order.
///
/// Calls are numbered from zero on, unless somebody numbered them before: a run of the simulator that a search goes on
/// from has its own numbers, which may have gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calls<R>(Vec<(CallId, NodeId, R)>);

impl<R> Calls<R> {
    /// Nobody asks anything.
    #[must_use]
    pub const fn new() -> Self {
        Calls(Vec::new())
    }

    /// Calls that have numbers of their own, each another.
    #[must_use]
    pub fn numbered(calls: impl IntoIterator<Item = (CallId, NodeId, R)>) -> Self {
        Calls(calls.into_iter().collect())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nobody asks anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every call: its number, whom it asks, and what.
    pub fn iter(&self) -> impl Iterator<Item = (CallId, NodeId, &R)> {
        self.0.iter().map(|(call, node, request)| (*call, *node, request))
    }

    /// The calls of one node.
    pub fn of(&self, node: NodeId) -> impl Iterator<Item = (CallId, &R)> {
        self.iter().filter(move |(_, to, _)| *to == node).map(|(call, _, request)| (call, request))
    }

    /// A number that two calls have.
    pub(crate) fn twice(&self) -> Option<CallId> {
        let mut numbers: Vec<CallId> = self.iter().map(|(call, ..)| call).collect();
        numbers.sort_unstable();
        numbers.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
    }
}

impl<R> Default for Calls<R> {
    fn default() -> Self {
        Calls::new()
    }
}

impl<R> FromIterator<(NodeId, R)> for Calls<R> {
    fn from_iter<I: IntoIterator<Item = (NodeId, R)>>(calls: I) -> Self {
        Calls((0..).map(CallId).zip(calls).map(|(call, (node, request))| (call, node, request)).collect())
    }
}

impl<R> From<Vec<(NodeId, R)>> for Calls<R> {
    fn from(calls: Vec<(NodeId, R)>) -> Self {
        calls.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_numbered_from_zero_unless_they_have_numbers() {
        let (a, b) = (NodeId(0), NodeId(1));
        let calls = Calls::from(vec![(a, 'x'), (b, 'y'), (a, 'z')]);
        assert_eq!(calls.of(a).collect::<Vec<_>>(), [(CallId(0), &'x'), (CallId(2), &'z')]);
        assert_eq!((calls.len(), calls.twice()), (3, None));
        let gaps = Calls::numbered([(CallId(4), b, 'x'), (CallId(9), b, 'y'), (CallId(4), a, 'z')]);
        assert_eq!(gaps.of(b).collect::<Vec<_>>(), [(CallId(4), &'x'), (CallId(9), &'y')]);
        assert_eq!(gaps.twice(), Some(CallId(4)));
    }
}
