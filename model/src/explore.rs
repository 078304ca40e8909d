//! A scope in Stateright's Explorer: a page on which one walks from state to state by hand.
//!
//! Steps read as in a counterexample, states as what every process remembers, keeps and waits for, and the way so far is
//! drawn as a sequence diagram.

use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use quiesce_machine::{Monitor, Node, NodeId};
use stateright::{Model, Path, Property};

use crate::report::{Act, Step};
use crate::scope::{Scope, ScopeError};
use crate::search::Route;
use crate::system::by_index::{self, Judged};
use crate::system::{Action, State, System};

/// Why a scope could not be explored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExploreError {
    /// The scope makes no sense.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// The address is taken, or not ours.
    #[error("cannot listen on {address}: {cause}")]
    Address {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        cause: std::io::ErrorKind,
    },
}

/// Serves `scope` to browsers at `address`, until the process ends.
///
/// # Errors
/// When the scope makes no sense, or the address cannot be listened on.
///
/// # Panics
/// When the server dies.
pub fn explore<N: Node, M: Monitor<N>>(scope: &Scope<N, M>, address: SocketAddr) -> Result<(), ExploreError> {
    let tour = Tour::new(scope)?;
    // Stateright panics if it cannot listen.
    TcpListener::bind(address).map_err(|error| ExploreError::Address { address, cause: error.kind() })?;
    tour.checker().serve(address);
    Ok(())
}

/// A system whose states can be read.
#[derive(Debug)]
pub struct Tour<N: Node, M: Monitor<N>>(System<N, M>);

/// A state and how it reads.
#[derive(Clone)]
pub struct Stop {
    state: State,
    text: Arc<str>,
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Stop {
    fn eq(&self, other: &Self) -> bool {
        self.state == other.state
    }
}

impl Hash for Stop {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.state.hash(hasher);
    }
}

impl<N: Node, M: Monitor<N>> Tour<N, M> {
    /// A tour of a scope.
    ///
    /// # Errors
    /// When the scope makes no sense.
    pub fn new(scope: &Scope<N, M>) -> Result<Self, ScopeError> {
        Ok(Tour(System::new(scope.clone())?))
    }

    fn stop(&self, state: State) -> Stop {
        let text = self.0.read(&state).into();
        Stop { state, text }
    }

    fn step(&self, from: &Stop, action: Action) -> Option<Step<N>> {
        let route = Route { start: 0, states: vec![from.state.clone()], actions: vec![action] };
        self.0.tell(&route).ok()?.pop()
    }
}

impl<N: Node, M: Monitor<N>> Model for Tour<N, M> {
    type State = Stop;
    type Action = Action;

    fn init_states(&self) -> Vec<Stop> {
        self.0.init_states().into_iter().map(|state| self.stop(state)).collect()
    }

    fn actions(&self, from: &Stop, actions: &mut Vec<Action>) {
        self.0.actions(&from.state, actions);
    }

    fn next_state(&self, from: &Stop, action: Action) -> Option<Stop> {
        self.0.next_state(&from.state, action).map(|state| self.stop(state))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let names = self.0.properties().into_iter().map(|property| property.name);
        names.enumerate().map(|(index, name)| Property::always(name, by_index::holds(index))).collect()
    }

    fn format_action(&self, action: &Action) -> String {
        self.0.format_action(action)
    }

    fn format_step(&self, from: &Stop, action: Action) -> Option<String> {
        let step = self.step(from, action)?;
        let said = step.replies.iter().chain(&step.facts).map(|said| format!("\n  | {said}"));
        Some(format!("{} {}{}", step.name, step.text, said.collect::<String>()))
    }

    fn as_svg(&self, path: Path<Stop, Action>) -> Option<String> {
        let mut steps = Vec::new();
        for (stop, action) in path.into_vec() {
            steps.extend(action.and_then(|action| self.step(&stop, action)));
        }
        Some(draw(&self.0.scope().nodes, &steps))
    }
}

impl Judged for Stop {
    fn violates(&self, property: usize) -> bool {
        self.state.violates(property)
    }
}

/// How far apart the lines of two processes are, and two steps.
const WIDE: usize = 140;
const HIGH: usize = 30;

/// A line for each process from top to bottom, an arrow for each message that arrives, a dot for all else.
fn draw<N: Node>(nodes: &[String], steps: &[Step<N>]) -> String {
    let (width, height) = (WIDE * nodes.len() + 600, HIGH * (steps.len() + 2));
    let mut svg = format!(
        "<svg version='1.1' baseProfile='full' width='{width}' height='{height}' viewbox='-20 -20 {width} {height}' \
         xmlns='http://www.w3.org/2000/svg'><defs><marker class='svg-event-shape' id='arrow' markerWidth='12' \
         markerHeight='10' refX='12' refY='5' orient='auto'><polygon points='0 0, 12 5, 0 10'/></marker></defs>"
    );
    let bottom = HIGH * (steps.len() + 1);
    for (column, name) in nodes.iter().enumerate() {
        let (x, name) = (WIDE * column, escaped(name));
        _ = write!(svg, "<line x1='{x}' y1='0' x2='{x}' y2='{bottom}' class='svg-actor-timeline'/>");
        _ = write!(svg, "<text x='{x}' y='0' class='svg-actor-label'>{name}</text>");
    }
    for (row, step) in (1..).zip(steps) {
        draw_step(&mut svg, HIGH * row, step);
    }
    svg.push_str("</svg>");
    svg
}

fn draw_step<N: Node>(svg: &mut String, y: usize, step: &Step<N>) {
    let x = |node: NodeId| WIDE * node.index();
    let at = step.node.map_or(0, x);
    if let Some(from) = sender(&step.action).filter(|from| Some(*from) != step.node) {
        let (from, above) = (x(from), y - HIGH / 2);
        _ = write!(
            svg,
            "<line x1='{from}' y1='{above}' x2='{at}' y2='{y}' marker-end='url(#arrow)' class='svg-event-line'/>"
        );
    } else {
        _ = write!(svg, "<circle cx='{at}' cy='{y}' r='6' class='svg-event-shape'/>");
    }
    let (label, x) = (escaped(&step.text), at + 10);
    _ = write!(svg, "<text x='{x}' y='{y}' class='svg-event-label'>{label}</text>");
}

/// From whom something arrived.
fn sender<N: Node>(act: &Act<N>) -> Option<NodeId> {
    use quiesce_machine::Event;
    match act {
        Act::Handle { event: Event::Deliver { from, .. }, .. } => Some(*from),
        Act::Handle { event: Event::Bounce { to, .. }, .. } => Some(*to),
        Act::Handle { .. } | Act::Refuse(_) | Act::Vanish(_) | Act::Lose(_) | Act::Duplicate(_) => None,
        Act::StoreFault { .. } | Act::CallNobody { .. } | Act::Crash { .. } | Act::Cut { .. } | Act::Heal => None,
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&#39;")
}
