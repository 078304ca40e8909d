//! What is to be otherwise in a small world than its plane made it.

use quiesce_machine::{Monitor, Node, NodeId};
use quiesce_model::{Budget, Scope};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::scale::Scale;

/// Changes to a small world; what is none stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Adjust {
    /// How many of each there are.
    #[serde(skip_serializing_if = "Scale::is_usual")]
    pub sizes: Scale,
    /// How often processes may crash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crashes: Option<u8>,
    /// How often a crash may take the records along.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record_losses: Option<u8>,
    /// How many messages may be lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub losses: Option<u8>,
    /// How many messages may come twice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicates: Option<u8>,
    /// How often the network may part, where the world names ways in which it can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partitions: Option<u8>,
    /// How many writes may fail, or leave their process without an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store_faults: Option<u8>,
    /// Who may crash, by name; as the world says if empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub crashable: Vec<String>,
    /// Whether long timers may fire at any moment.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub untimed: bool,
}

/// Why a change makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AdjustError {
    /// The world is that of a run.
    #[error("the cluster of a simulated run has the sizes that it has")]
    Sized,
    /// Nobody of that name is in the world.
    #[error("there is no node `{found}` in this world; its nodes are {}", .nodes.join(", "))]
    UnknownNode {
        /// The name.
        found: String,
        /// The names there are.
        nodes: Vec<String>,
    },
}

impl Adjust {
    /// Whether the world is left as its plane made it.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Adjust::default()
    }

    /// These changes, and where they say nothing those of `base`.
    #[must_use]
    pub fn over(&self, base: &Adjust) -> Adjust {
        let Adjust { sizes, crashes, record_losses, losses, duplicates, partitions, store_faults, crashable, untimed } =
            self;
        Adjust {
            sizes: sizes.over(&base.sizes),
            crashes: crashes.or(base.crashes),
            record_losses: record_losses.or(base.record_losses),
            losses: losses.or(base.losses),
            duplicates: duplicates.or(base.duplicates),
            partitions: partitions.or(base.partitions),
            store_faults: store_faults.or(base.store_faults),
            crashable: if crashable.is_empty() { base.crashable.clone() } else { crashable.clone() },
            untimed: *untimed || base.untimed,
        }
    }

    /// Allows a world more faults than it has; who may crash is added to who can already.
    ///
    /// # Errors
    /// When it names a node that is not there, or sizes, which are what they are.
    pub(crate) fn over_budget<N: Node, M: Monitor<N>>(&self, scope: &mut Scope<N, M>) -> Result<(), AdjustError> {
        if !self.sizes.is_usual() {
            return Err(AdjustError::Sized);
        }
        let (had, could) = (scope.budget, scope.crashable.clone());
        scope.budget = Budget::default();
        self.apply(scope)?;
        let more = scope.budget;
        scope.budget = Budget {
            crashes: had.crashes.saturating_add(more.crashes),
            record_losses: had.record_losses.saturating_add(more.record_losses),
            losses: had.losses.saturating_add(more.losses),
            duplicates: had.duplicates.saturating_add(more.duplicates),
            partitions: had.partitions.saturating_add(more.partitions),
            store_faults: had.store_faults.saturating_add(more.store_faults),
        };
        scope.crashable.extend(could);
        scope.crashable.sort_unstable();
        scope.crashable.dedup();
        Ok(())
    }

    /// Changes a world that has its sizes already.
    ///
    /// # Errors
    /// When it names a node that is not there.
    pub fn apply<N: Node, M: Monitor<N>>(&self, scope: &mut Scope<N, M>) -> Result<(), AdjustError> {
        let Budget { crashes, record_losses, losses, duplicates, partitions, store_faults } = &mut scope.budget;
        let asked = [
            (crashes, self.crashes),
            (record_losses, self.record_losses),
            (losses, self.losses),
            (duplicates, self.duplicates),
            (partitions, self.partitions),
            (store_faults, self.store_faults),
        ];
        for (allowed, asked) in asked {
            *allowed = asked.unwrap_or(*allowed);
        }
        let crashable = self.crashable.iter().map(|name| node(&scope.nodes, name)).collect::<Result<Vec<_>, _>>()?;
        if !crashable.is_empty() {
            scope.crashable = crashable;
        }
        scope.untimed |= self.untimed;
        Ok(())
    }
}

fn node(nodes: &[String], name: &str) -> Result<NodeId, AdjustError> {
    let found = (0..).map(NodeId).zip(nodes).find(|(_, node)| *node == name).map(|(id, _)| id);
    found.ok_or_else(|| AdjustError::UnknownNode { found: name.to_owned(), nodes: nodes.to_vec() })
}

/// What a world leaves out, for people: faults that cannot strike, repeats that are absorbed, properties of its plane
/// that it does not judge.
#[must_use]
pub fn leaves_out<N: Node, M: Monitor<N>>(scope: &Scope<N, M>, properties: &[(&str, &str)]) -> String {
    let Budget { crashes, record_losses, losses, duplicates, partitions, store_faults } = scope.budget;
    let faults = [
        (crashes, "crashes"),
        (record_losses, "lost records"),
        (losses, "lost messages"),
        (duplicates, "duplicates"),
        (partitions, "partitions"),
        (store_faults, "store faults"),
    ];
    let never: Vec<&str> = faults.iter().filter(|(most, _)| *most == 0).map(|(_, fault)| *fault).collect();
    let mut parts = Vec::new();
    if !never.is_empty() {
        parts.push(format!("no {}", never.join(", ")));
    }
    if scope.absorbs_repeats {
        parts.push("a message sent while its like is on its way is absorbed".to_owned());
    }
    if !scope.untimed {
        parts.push("long timers wait for quiet".to_owned());
    }
    let judged = |name: &str| scope.monitors.iter().any(|monitor| monitor.name() == name);
    let unjudged: Vec<&str> = properties.iter().map(|(name, _)| *name).filter(|name| !judged(name)).collect();
    if !unjudged.is_empty() {
        parts.push(format!("not judged: {}", unjudged.join(", ")));
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use quiesce_model::ScopeError;

    use super::*;
    use crate::plane::Plane as _;
    use crate::planes::Operation;

    #[test]
    fn budgets_and_crashable_nodes_change_and_the_rest_stays() {
        let mut scope = Operation::scope("operation").expect("a scope");
        let adjust = Adjust { crashes: Some(2), losses: Some(1), ..Adjust::default() };
        adjust.apply(&mut scope).expect("nobody is named");
        assert_eq!(scope.budget, Budget { crashes: 2, losses: 1, ..Budget::default() });
        assert_eq!(scope.crashable, Operation::scope("operation").expect("a scope").crashable);
        let last = scope.nodes.last().expect("some node").clone();
        Adjust { crashable: vec![last], ..Adjust::default() }.apply(&mut scope).expect("it is there");
        assert_eq!(scope.crashable, [NodeId(scope.nodes.len() as u32 - 1)]);
        assert_eq!(scope.budget.crashes, 2);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let mut scope = Operation::scope("operation").expect("a scope");
        let unknown = Adjust { crashable: vec!["nobody".to_owned()], ..Adjust::default() }.apply(&mut scope);
        assert_eq!(unknown, Err(AdjustError::UnknownNode { found: "nobody".to_owned(), nodes: scope.nodes.clone() }));
        Adjust { partitions: Some(1), ..Adjust::default() }.apply(&mut scope).expect("nobody is named");
        assert!(matches!(scope.validate(), Err(ScopeError::IdleBudget { fault: "partitions", .. })));
    }

    #[test]
    fn what_a_world_leaves_out_is_said() {
        let scope = Operation::scope("operation-loss").expect("a scope");
        let said = leaves_out(&scope, Operation::PROPERTIES);
        assert!(
            said.starts_with("no crashes, lost records, duplicates, partitions, store faults; long timers wait"),
            "{said}"
        );
        assert!(said.contains("not judged: "), "{said}");
    }
}
