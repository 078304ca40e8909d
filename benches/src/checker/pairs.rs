//! Pairs that play ping-pong twice and stop: five states a pair, all pairs independent.

use std::fmt;

use quiesce_machine::{Cx, Event, Label, Monitor, Never, Node, NodeId, Obligation, Observation, View, Violation};
use quiesce_model::{Budget, Calls, Scope};

/// Even nodes serve, odd ones return.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Player {
    returned: u8,
}

/// The ball.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ball;

impl Label for Ball {
    fn label(&self) -> &'static str {
        "ball"
    }
}

impl fmt::Display for Ball {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ball")
    }
}

impl Node for Player {
    type Config = ();
    type Msg = Ball;
    type Timer = Never;
    type Request = Never;
    type Reply = Never;
    type Record = Never;
    type Fact = Never;

    fn boot(_: NodeId, (): &()) -> Self {
        Player { returned: 0 }
    }

    fn handle(&mut self, event: Event<Self>, cx: &mut Cx<'_, Self>) {
        let (me, serves) = (cx.me(), cx.me().0.is_multiple_of(2));
        match event {
            Event::Start { .. } if serves => cx.send(NodeId(me.0 + 1), Ball),
            Event::Deliver { from, .. } if serves => {
                self.returned += 1;
                if self.returned < 2 {
                    cx.send(from, Ball);
                }
            }
            Event::Deliver { from, .. } => cx.send(from, Ball),
            Event::Start { .. } | Event::Bounce { .. } | Event::Stored { .. } => (),
            Event::Fire { timer } => match timer {},
            Event::Call { request, .. } => match request {},
        }
    }
}

/// No property at all.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Nothing {}

impl<N: Node> Monitor<N> for Nothing {
    fn name(&self) -> &'static str {
        match *self {}
    }

    fn observe(&mut self, _: &Observation<'_, N>, _: &dyn View<N>) -> Result<(), Violation> {
        match *self {}
    }

    fn owed(&self, _: &dyn View<N>, _: &mut dyn FnMut(Obligation)) {
        match *self {}
    }

    fn armed(&self) -> bool {
        match *self {}
    }

    fn describe(&self, _: Obligation, _: &dyn View<N>) -> String {
        match *self {}
    }
}

/// So many pairs: `5^pairs` states.
#[must_use]
pub fn pairs(pairs: u32) -> Scope<Player, Nothing> {
    Scope {
        config: (),
        nodes: (0..2 * pairs).map(|node| format!("n{node}")).collect(),
        calls: Calls::new(),
        monitors: Vec::new(),
        budget: Budget::default(),
        crashable: Vec::new(),
        cuts: Vec::new(),
        untimed: true,
        punctual: false,
        absorbs_repeats: false,
    }
}
