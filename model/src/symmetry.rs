//! Which names a scope may exchange: worlds that differ in nothing else are searched once.
//!
//! Owns the group of renamings under which a scope is the same. What a renaming does to states is `system`'s, and so is
//! finding out whether nodes and monitors keep to it. Source: `reference/checker-notes.md`, section 5.

use std::fmt;

use quiesce_machine::{Monitor, Node, NodeId, Record, Rename, Renaming, Write};

use crate::scope::Scope;

/// One of several that are alike. When two of them change places, everything about them does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// The node it is, if it is one.
    pub node: Option<NodeId>,
    /// What the plane counts it by: the same words, in the same order, for all that are alike.
    pub numbers: Vec<(&'static str, u32)>,
}

/// What may be alike in a scope, and how its values are renamed.
///
/// What is named here need not be alike: exchanges that change who is asked what, who may crash or where the network may
/// part are left out.
#[derive(Clone, Debug)]
pub struct Symmetry<N: Node, M> {
    orbits: Vec<Vec<Member>>,
    pub(crate) renames: Renames<N, M>,
}

/// How a write is renamed.
type RenameWrite<N> = fn(&Write<<N as Node>::Record>, &Renaming) -> Write<<N as Node>::Record>;

/// How each sort of value is renamed.
pub(crate) struct Renames<N: Node, M> {
    pub(crate) node: fn(&N, &Renaming) -> N,
    pub(crate) msg: fn(&N::Msg, &Renaming) -> N::Msg,
    pub(crate) timer: fn(&N::Timer, &Renaming) -> N::Timer,
    pub(crate) request: fn(&N::Request, &Renaming) -> N::Request,
    pub(crate) record: fn(&N::Record, &Renaming) -> N::Record,
    pub(crate) write: RenameWrite<N>,
    pub(crate) fact: fn(&N::Fact, &Renaming) -> N::Fact,
    pub(crate) monitor: fn(&M, &Renaming) -> M,
}

impl<N: Node, M> Clone for Renames<N, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<N: Node, M> Copy for Renames<N, M> {}

impl<N: Node, M> fmt::Debug for Renames<N, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Renames")
    }
}

/// Why a scope cannot be folded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SymmetryError {
    /// No exchange leaves the scope as it is.
    #[error("nothing in this scope is alike: every exchange changes who is asked what, or who may fail")]
    Nothing,
    /// Too many exchanges to try them all on each state.
    #[error("a scope is folded by at most {most} renamings, found more")]
    TooMany {
        /// The limit.
        most: usize,
    },
    /// Members that are said to be alike are told apart by different words.
    #[error("what is alike is counted by the same words, found {found:?} beside {expected:?}")]
    Words {
        /// The words of the first member.
        expected: Vec<&'static str>,
        /// Those of another.
        found: Vec<&'static str>,
    },
}

/// The most renamings that one scope is folded by.
const RENAMINGS_MOST: usize = 720;

impl<N, M> Symmetry<N, M>
where
    N: Node<Record: Record<Key: Rename> + Rename, Msg: Rename, Timer: Rename, Request: Rename, Fact: Rename> + Rename,
    M: Rename,
{
    /// Each list names what may be alike.
    #[must_use]
    pub fn new(orbits: Vec<Vec<Member>>) -> Self {
        let renames = Renames {
            node: N::rename,
            msg: N::Msg::rename,
            timer: N::Timer::rename,
            request: N::Request::rename,
            record: N::Record::rename,
            write: Write::rename,
            fact: N::Fact::rename,
            monitor: M::rename,
        };
        Symmetry { orbits, renames }
    }
}

/// A renaming under which a scope is the same, other than the identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) renaming: Renaming,
    /// Who takes each node's place, by node.
    pub(crate) from: Vec<usize>,
    /// What each cut becomes.
    pub(crate) cuts: Vec<u8>,
}

impl<N: Node, M: Monitor<N>> Symmetry<N, M> {
    /// Every renaming but the identity that leaves `scope` as it is.
    pub(crate) fn elements(&self, scope: &Scope<N, M>) -> Result<Vec<Element>, SymmetryError> {
        let mut renamings = vec![Renaming::identity()];
        for orbit in &self.orbits {
            let more = exchanges(orbit)?;
            renamings =
                renamings.iter().flat_map(|done| more.iter().map(|orders| exchange(done, orbit, orders))).collect();
            if renamings.len() > RENAMINGS_MOST {
                return Err(SymmetryError::TooMany { most: RENAMINGS_MOST });
            }
        }
        let elements: Vec<_> = renamings.into_iter().skip(1).filter_map(|to| self.element(scope, to)).collect();
        if elements.is_empty() { Err(SymmetryError::Nothing) } else { Ok(elements) }
    }

    /// A renaming of nodes and numbers with what follows from it; none if it changes the scope.
    fn element(&self, scope: &Scope<N, M>, mut renaming: Renaming) -> Option<Element> {
        let ids = || (0u32..).map(NodeId).take(scope.nodes.len());
        let of = |node: NodeId| scope.calls.of(node);
        for node in ids() {
            let to = renaming.node(node);
            if of(node).count() != of(to).count() {
                return None;
            }
            for ((call, _), (becomes, _)) in of(node).zip(of(to)) {
                renaming = renaming.with_call(call, becomes);
            }
        }
        let asks_alike = |node| {
            let renamed = of(node).map(|(_, request)| (self.renames.request)(request, &renaming));
            renamed.eq(of(renaming.node(node)).map(|(_, request)| request.clone()))
        };
        let crashes_alike =
            |node: &NodeId| scope.crashable.contains(node) == scope.crashable.contains(&renaming.node(*node));
        if !ids().all(asks_alike) || !ids().all(|node| crashes_alike(&node)) {
            return None;
        }
        let cuts = scope.cuts.iter().map(|side| cut_becomes(scope, side, &renaming)).collect::<Option<_>>()?;
        let mut from = vec![0; scope.nodes.len()];
        for node in ids() {
            *from.get_mut(renaming.node(node).index())? = node.index();
        }
        Some(Element { renaming, from, cuts })
    }
}

/// Which cut parts the same nodes after a renaming.
fn cut_becomes<N: Node, M>(scope: &Scope<N, M>, side: &[NodeId], renaming: &Renaming) -> Option<u8> {
    let ids = || (0u32..).map(NodeId).take(scope.nodes.len());
    let sides = |cut: &[NodeId]| ids().map(|node| cut.contains(&node)).collect::<Vec<_>>();
    let renamed: Vec<NodeId> = side.iter().map(|&node| renaming.node(node)).collect();
    let (one, other) = (sides(&renamed), sides(&renamed).into_iter().map(|on| !on).collect::<Vec<_>>());
    let found = scope.cuts.iter().position(|cut| sides(cut) == one || sides(cut) == other)?;
    u8::try_from(found).ok()
}

/// Every order of an orbit's members, the usual one first.
fn exchanges(orbit: &[Member]) -> Result<Vec<Vec<usize>>, SymmetryError> {
    let words = |member: &Member| member.numbers.iter().map(|(word, _)| *word).collect::<Vec<_>>();
    if let Some(other) = orbit.iter().find(|other| words(other) != words(&orbit[0])) {
        return Err(SymmetryError::Words { expected: words(&orbit[0]), found: words(other) });
    }
    let mut orders: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in orbit {
        let longer = |order: &Vec<usize>| {
            let free = (0..orbit.len()).filter(|place| !order.contains(place)).collect::<Vec<_>>();
            let order = order.clone();
            free.into_iter().map(move |place| [order.as_slice(), &[place]].concat())
        };
        orders = orders.iter().flat_map(longer).collect();
        if orders.len() > RENAMINGS_MOST {
            return Err(SymmetryError::TooMany { most: RENAMINGS_MOST });
        }
    }
    Ok(orders)
}

/// A renaming that also gives each member of an orbit another's names.
fn exchange(done: &Renaming, orbit: &[Member], order: &[usize]) -> Renaming {
    let pairs = orbit.iter().zip(order.iter().map(|&place| &orbit[place]));
    pairs.fold(done.clone(), |mut renaming, (from, to)| {
        if let (Some(from), Some(to)) = (from.node, to.node) {
            renaming = renaming.with_node(from, to);
        }
        let numbers = from.numbers.iter().zip(&to.numbers);
        numbers.fold(renaming, |renaming, ((what, from), (_, to))| renaming.with_number(what, *from, *to))
    })
}
