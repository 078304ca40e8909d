//! Who is who, told otherwise: a permutation of nodes, calls and whatever else a plane counts.
//!
//! Two worlds that differ only in names behave alike, if no node's code depends on what a name is. A checker that knows
//! how to rename looks at one of them. Owns the vocabulary; which names may be exchanged is a scope's to say, and
//! whether the code keeps to it the checker's to find out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use crate::{CallId, Delay, Incarnation, Never, NodeId, OpId, Stamp, StoreError, Time, Write};

/// Derives [`trait@Rename`] field by field.
pub use quiesce_machine_derive::Rename;

/// A permutation of names. What it does not speak of keeps its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Renaming {
    nodes: BTreeMap<NodeId, NodeId>,
    calls: BTreeMap<CallId, CallId>,
    numbers: BTreeMap<(&'static str, u32), u32>,
}

impl Renaming {
    /// Renames nothing.
    #[must_use]
    pub fn identity() -> Self {
        Renaming::default()
    }

    /// The same, and one node becomes another. The caller sees to it that no two become one.
    #[must_use]
    pub fn with_node(mut self, from: NodeId, to: NodeId) -> Self {
        self.nodes.insert(from, to);
        self
    }

    /// The same, and one call becomes another.
    #[must_use]
    pub fn with_call(mut self, from: CallId, to: CallId) -> Self {
        self.calls.insert(from, to);
        self
    }

    /// The same, and a number that a plane counts something by, such as `target`, becomes another.
    #[must_use]
    pub fn with_number(mut self, what: &'static str, from: u32, to: u32) -> Self {
        self.numbers.insert((what, from), to);
        self
    }

    /// This renaming, then another. Only what this one speaks of is spoken of.
    #[must_use]
    pub fn then(&self, next: &Renaming) -> Renaming {
        let nodes = self.nodes.iter().map(|(&from, &to)| (from, next.node(to))).collect();
        let calls = self.calls.iter().map(|(&from, &to)| (from, next.call(to))).collect();
        let number = |(&(what, from), &to): (&(&'static str, u32), &u32)| ((what, from), next.number(what, to));
        Renaming { nodes, calls, numbers: self.numbers.iter().map(number).collect() }
    }

    /// The name of a node.
    #[must_use]
    pub fn node(&self, node: NodeId) -> NodeId {
        self.nodes.get(&node).copied().unwrap_or(node)
    }

    /// The name of a call.
    #[must_use]
    pub fn call(&self, call: CallId) -> CallId {
        self.calls.get(&call).copied().unwrap_or(call)
    }

    /// A number that a plane counts something by.
    #[must_use]
    pub fn number(&self, what: &'static str, number: u32) -> u32 {
        self.numbers.get(&(what, number)).copied().unwrap_or(number)
    }
}

/// A value in which others can be given each other's names.
///
/// Renaming keeps everything but names: renaming by one permutation and then by its inverse gives the value back, and
/// sets and maps are ordered anew. Lists keep their order: one that is sorted by name should be a set.
pub trait Rename: Sized {
    /// The same with other names.
    #[must_use]
    fn rename(&self, to: &Renaming) -> Self;
}

impl Rename for NodeId {
    fn rename(&self, to: &Renaming) -> Self {
        to.node(*self)
    }
}

impl Rename for CallId {
    fn rename(&self, to: &Renaming) -> Self {
        to.call(*self)
    }
}

macro_rules! nameless {
    ($($name:ty),* $(,)?) => { $(
        impl Rename for $name {
            fn rename(&self, _: &Renaming) -> Self {
                self.clone()
            }
        }
    )* };
}

nameless!((), bool, char, u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, String, &'static str);
nameless!(Duration, Range<Duration>, Incarnation, OpId, Time, Stamp, Delay, StoreError, Never);

impl<T: Rename> Rename for Option<T> {
    fn rename(&self, to: &Renaming) -> Self {
        self.as_ref().map(|value| value.rename(to))
    }
}

impl<T: Rename, E: Rename> Rename for Result<T, E> {
    fn rename(&self, to: &Renaming) -> Self {
        self.as_ref().map(|value| value.rename(to)).map_err(|error| error.rename(to))
    }
}

impl<T: Rename> Rename for Box<T> {
    fn rename(&self, to: &Renaming) -> Self {
        Box::new(T::rename(self, to))
    }
}

impl<T: Rename> Rename for Box<[T]> {
    fn rename(&self, to: &Renaming) -> Self {
        self.iter().map(|value| value.rename(to)).collect()
    }
}

impl<T: Rename> Rename for Arc<T> {
    fn rename(&self, to: &Renaming) -> Self {
        Arc::new(T::rename(self, to))
    }
}

impl<T: Rename> Rename for Arc<[T]> {
    fn rename(&self, to: &Renaming) -> Self {
        self.iter().map(|value| value.rename(to)).collect()
    }
}

impl<T: Rename, const LEN: usize> Rename for [T; LEN] {
    fn rename(&self, to: &Renaming) -> Self {
        self.each_ref().map(|value| value.rename(to))
    }
}

impl<T: Rename> Rename for Vec<T> {
    fn rename(&self, to: &Renaming) -> Self {
        self.iter().map(|value| value.rename(to)).collect()
    }
}

impl<T: Rename> Rename for VecDeque<T> {
    fn rename(&self, to: &Renaming) -> Self {
        self.iter().map(|value| value.rename(to)).collect()
    }
}

impl<T: Rename + Ord> Rename for BTreeSet<T> {
    fn rename(&self, to: &Renaming) -> Self {
        self.iter().map(|value| value.rename(to)).collect()
    }
}

impl<K: Rename + Ord, V: Rename> Rename for BTreeMap<K, V> {
    fn rename(&self, to: &Renaming) -> Self {
        self.iter().map(|(key, value)| (key.rename(to), value.rename(to))).collect()
    }
}

macro_rules! tuples {
    ($($($name:ident)*;)*) => { $(
        impl<$($name: Rename),*> Rename for ($($name,)*) {
            #[allow(non_snake_case, reason = "a field is named after its type")]
            fn rename(&self, to: &Renaming) -> Self {
                let ($($name,)*) = self;
                ($($name.rename(to),)*)
            }
        }
    )* };
}

tuples!(A; A B; A B C; A B C D; A B C D E;);

impl<R: crate::Record + Rename> Rename for Write<R>
where
    R::Key: Rename,
{
    fn rename(&self, to: &Renaming) -> Self {
        match self {
            Write::Put(record) => Write::Put(record.rename(to)),
            Write::Remove(key) => Write::Remove(key.rename(to)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn swapped() -> Renaming {
        let nodes = Renaming::identity().with_node(NodeId(0), NodeId(1)).with_node(NodeId(1), NodeId(0));
        nodes.with_number("target", 3, 4).with_number("target", 4, 3)
    }

    #[test]
    fn what_a_renaming_does_not_speak_of_keeps_its_name() {
        let to = swapped();
        assert_eq!((to.node(NodeId(0)), to.node(NodeId(7))), (NodeId(1), NodeId(7)));
        assert_eq!((to.number("target", 3), to.number("client", 3), to.number("target", 5)), (4, 3, 5));
        assert_eq!(to.call(CallId(0)), CallId(0));
        assert_eq!(to.then(&to).node(NodeId(1)), NodeId(1), "twice the same exchange is none");
    }

    #[test]
    fn sets_and_maps_are_ordered_anew_and_lists_are_not() {
        let to = swapped();
        let map = BTreeMap::from([(NodeId(0), vec![NodeId(0), NodeId(1)]), (NodeId(1), vec![])]);
        let renamed = map.rename(&to);
        assert_eq!(renamed, BTreeMap::from([(NodeId(1), vec![NodeId(1), NodeId(0)]), (NodeId(0), vec![])]));
        assert_eq!(renamed.rename(&to), map, "twice the same exchange is none");
        let mixed = (Some(NodeId(0)), [Arc::new(NodeId(1))], Err::<u8, _>(NodeId(0)));
        assert_eq!(mixed.rename(&to), (Some(NodeId(1)), [Arc::new(NodeId(0))], Err(NodeId(1))));
    }
}
