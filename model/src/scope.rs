//! The small worlds a check explores, and why one is refused.

use quiesce_machine::{CallId, Monitor, Node, NodeId};

use crate::Calls;

/// A small world, explored exhaustively: who is in it, what users ask, and which faults may strike how often.
///
/// Smallness is the caller's: a node that counts without bound has infinitely many states.
#[derive(Clone, Debug)]
pub struct Scope<N: Node, M> {
    /// What is fixed for the run.
    pub config: N::Config,
    /// Names for people; a [`NodeId`] is a place in this list.
    pub nodes: Vec<String>,
    /// What users ask of whom.
    pub calls: Calls<N::Request>,
    /// The properties, in their first state.
    pub monitors: Vec<M>,
    /// How often each fault may strike.
    pub budget: Budget,
    /// Who may crash.
    pub crashable: Vec<NodeId>,
    /// The partitions that may happen, each named by the nodes of one side. One at a time.
    pub cuts: Vec<Vec<NodeId>>,
    /// Whether long timers may fire at any moment; else they wait until nothing short is enabled: no message in flight,
    /// no short timer armed, no write pending.
    pub untimed: bool,
    /// Whether messages and writes are punctual: no time-out runs out while one is under way. Messages still overtake each
    /// other.
    pub punctual: bool,
    /// Whether what a node sends while its like is still in flight adds no second copy. A node that asks again until it
    /// is answered has finitely many states only so; one that asks a counted number of times may fail though it would
    /// not otherwise, since a repeat that is absorbed cannot replace one that is lost.
    pub absorbs_repeats: bool,
}

/// How often each fault may strike in one run. All zero by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Budget {
    /// Crashes. Of the writes pending at a crash, any number may have been applied, oldest first.
    pub crashes: u8,
    /// How many of those crashes may take the records along.
    pub record_losses: u8,
    /// Messages lost.
    pub losses: u8,
    /// Messages delivered twice.
    pub duplicates: u8,
    /// Partitions.
    pub partitions: u8,
    /// Writes that fail, or of which their process does not learn whether they were applied.
    pub store_faults: u8,
}

/// Why a scope makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// There is nobody.
    #[error("a scope needs at least one node, found none")]
    NoNodes,
    /// More nodes than a state can hold.
    #[error("a scope has at most {most} nodes, found {found}")]
    TooManyNodes {
        /// The limit.
        most: usize,
        /// How many were found.
        found: usize,
    },
    /// More properties than the checkers can tell apart.
    #[error("a scope has at most {most} monitors, found {found}")]
    TooManyMonitors {
        /// The limit.
        most: usize,
        /// How many were found.
        found: usize,
    },
    /// Two monitors of one name could not be told apart in the report.
    #[error("monitors have different names, none of them `{}`; found `{name}` again", crate::PANIC)]
    NameTwice {
        /// The name.
        name: &'static str,
    },
    /// Two calls of one number could not be told apart by whoever is asked.
    #[error("calls have different numbers, found #{} twice", .call.0)]
    CallTwice {
        /// The number.
        call: CallId,
    },
    /// A node that is not in the scope.
    #[error("{place} speaks of node {node}, but the scope's nodes are n0 to n{}", .count - 1)]
    UnknownNode {
        /// Where.
        place: &'static str,
        /// The node.
        node: NodeId,
        /// How many nodes there are.
        count: usize,
    },
    /// More partitions than a state can name.
    #[error("a scope has at most {most} cuts, found {found}")]
    TooManyCuts {
        /// The limit.
        most: usize,
        /// How many were found.
        found: usize,
    },
    /// A partition with nobody on one side.
    #[error("cut {cut} separates nobody: a cut has nodes on both sides")]
    EmptyCut {
        /// Its place in the list.
        cut: usize,
    },
    /// A fault that can never strike would make a green check say more than it tested.
    #[error("the budget allows {fault}, but {lacking}")]
    IdleBudget {
        /// The fault.
        fault: &'static str,
        /// What it lacks.
        lacking: &'static str,
    },
}

/// The most nodes one scope may have.
pub(crate) const NODES_MAX: usize = 255;
/// The most cuts one scope may have.
pub(crate) const CUTS_MAX: usize = 255;

impl<N: Node, M: Monitor<N>> Scope<N, M> {
    /// Whether this scope makes sense.
    ///
    /// # Errors
    /// The first thing that does not.
    pub fn validate(&self) -> Result<(), ScopeError> {
        self.validate_sizes()?;
        self.validate_names()?;
        self.validate_nodes()?;
        self.validate_faults()
    }

    fn validate_sizes(&self) -> Result<(), ScopeError> {
        let most = crate::system::MONITORS_MAX;
        if self.nodes.is_empty() {
            Err(ScopeError::NoNodes)
        } else if self.nodes.len() > NODES_MAX {
            Err(ScopeError::TooManyNodes { most: NODES_MAX, found: self.nodes.len() })
        } else if self.monitors.len() > most {
            Err(ScopeError::TooManyMonitors { most, found: self.monitors.len() })
        } else if self.cuts.len() > CUTS_MAX {
            Err(ScopeError::TooManyCuts { most: CUTS_MAX, found: self.cuts.len() })
        } else {
            Ok(())
        }
    }

    fn validate_names(&self) -> Result<(), ScopeError> {
        let mut seen = vec![crate::PANIC];
        for monitor in &self.monitors {
            let name = monitor.name();
            if seen.contains(&name) {
                return Err(ScopeError::NameTwice { name });
            }
            seen.push(name);
        }
        Ok(())
    }

    fn validate_nodes(&self) -> Result<(), ScopeError> {
        let count = self.nodes.len();
        if let Some(call) = self.calls.twice() {
            return Err(ScopeError::CallTwice { call });
        }
        let calls = self.calls.iter().map(|(_, node, _)| ("a call", node));
        let crashable = self.crashable.iter().map(|&node| ("the crashable list", node));
        let cuts = self.cuts.iter().flatten().map(|&node| ("a cut", node));
        match calls.chain(crashable).chain(cuts).find(|(_, node)| node.index() >= count) {
            Some((place, node)) => Err(ScopeError::UnknownNode { place, node, count }),
            None => Ok(()),
        }
    }

    fn validate_faults(&self) -> Result<(), ScopeError> {
        let all = |side: &[NodeId]| (0..self.nodes.len()).all(|n| side.iter().any(|node| node.index() == n));
        if let Some(cut) = self.cuts.iter().position(|side| side.is_empty() || all(side)) {
            return Err(ScopeError::EmptyCut { cut });
        }
        let Budget { crashes, record_losses, losses: _, duplicates: _, partitions, store_faults: _ } = self.budget;
        let idle = |fault, lacking| Err(ScopeError::IdleBudget { fault, lacking });
        if crashes > 0 && self.crashable.is_empty() {
            idle("crashes", "nobody is crashable")
        } else if record_losses > crashes {
            idle("more record losses than crashes", "records are lost only in a crash")
        } else if partitions > 0 && self.cuts.is_empty() {
            idle("partitions", "no cut is named")
        } else {
            Ok(())
        }
    }
}
