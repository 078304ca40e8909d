//! A node that is not a pure function is refused, as nothing found with it could be trusted.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

use quiesce_machine::{Cx, Event, Label, Monitor, Never, Node, NodeId, Obligation, Observation, View, Violation};
use quiesce_model::{Budget, Calls, CheckError, Limits, Scope, Search, check};

/// Says how often any of its kind was started in this process: something no event tells it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Gossip;

static STARTS: AtomicU32 = AtomicU32::new(0);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Rumour(u32);

impl Label for Rumour {
    fn label(&self) -> &'static str {
        "rumour"
    }
}

impl fmt::Display for Rumour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "started {} times", self.0)
    }
}

impl Node for Gossip {
    type Config = ();
    type Msg = Never;
    type Timer = Never;
    type Request = Never;
    type Reply = Never;
    type Record = Never;
    type Fact = Rumour;

    fn boot(_: NodeId, (): &()) -> Self {
        Gossip
    }

    fn handle(&mut self, _: Event<Self>, cx: &mut Cx<'_, Self>) {
        cx.fact(Rumour(STARTS.fetch_add(1, Ordering::Relaxed)));
    }
}

/// Violated by any rumour, so that there is a counterexample to tell.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Silence;

impl Monitor<Gossip> for Silence {
    fn name(&self) -> &'static str {
        "silence"
    }

    fn observe(&mut self, seen: &Observation<'_, Gossip>, _: &dyn View<Gossip>) -> Result<(), Violation> {
        match seen {
            Observation::Fact { fact, .. } => Err(Violation { property: "silence", evidence: fact.to_string() }),
            Observation::Started { .. } | Observation::Crashed { .. } => Ok(()),
        }
    }

    fn owed(&self, _: &dyn View<Gossip>, _: &mut dyn FnMut(Obligation)) {}

    fn armed(&self) -> bool {
        true
    }

    fn describe(&self, _: Obligation, _: &dyn View<Gossip>) -> String {
        "silence".to_owned()
    }
}

#[test]
fn a_node_that_differs_when_run_again_is_refused() {
    let scope = Scope {
        config: (),
        nodes: vec!["g".to_owned()],
        calls: Calls::new(),
        monitors: vec![Silence],
        budget: Budget::default(),
        crashable: Vec::new(),
        cuts: Vec::new(),
        untimed: false,
        punctual: false,
        absorbs_repeats: false,
    };
    let refused = check::<Gossip, _>(&scope, Search::Bfs, Limits::default(), None).map(|_| ()).unwrap_err();
    assert_eq!(refused, CheckError::Impure { node: "g".to_owned(), event: "starts, life 1".to_owned() });
}
