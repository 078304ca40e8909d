//! A way through the states, told step by step.
//!
//! Each step of a process is run again from the state before it, with the answers then given, and must come to the same.

use quiesce_machine::{Effect, Event, Monitor, Node, NodeId, Outbox, StoreError};

use super::action::{Action, Kind, WriteEnd};
use super::place::Place;
use super::react::repeat;
use super::stock::{Staged, Stock};
use super::{Opening, System};
use crate::check::CheckError;
use crate::report::{Act, Leg, Message, Pick, Step};
use crate::search::Route;

/// What one step says, before it has a number.
struct Told<N: Node> {
    node: Option<NodeId>,
    action: Act<N>,
    text: String,
    out: Outbox<N>,
}

impl<N: Node, M: Monitor<N>> System<N, M> {
    /// Every step of a route, the first starts included.
    ///
    /// # Errors
    /// When a node, run again from the same state, does something else.
    pub(crate) fn tell(&self, route: &Route<super::State, Action>) -> Result<Vec<Step<N>>, CheckError> {
        let opening = &self.openings[route.start];
        let mut told = self.tell_starts(opening)?;
        let stock = self.stock();
        let before = opening.before.iter().map(|(state, action)| (state, action));
        for (state, &action) in before.chain(route.states.iter().zip(&route.actions)) {
            told.push(self.tell_action(&stock, state, action)?);
        }
        Ok((1..).zip(told).map(|(number, told)| self.step(number, told)).collect())
    }

    /// What an action that may happen in `state` does, as a simulator would say it.
    ///
    /// # Errors
    /// When a node, run again from the same state, does something else.
    pub fn act(&self, state: &super::State, action: Action) -> Result<Act<N>, CheckError> {
        Ok(self.tell_action(&self.stock(), state, action)?.action)
    }

    fn tell_starts(&self, opening: &Opening) -> Result<Vec<Told<N>>, CheckError> {
        let (stock, starts) = (self.stock(), (0u8..).zip(self.unborn.iter().zip(&opening.outcomes)));
        let tell = |(node, (&place, &outcome))| self.tell_handling(&stock, place, Kind::Start { node }, outcome);
        starts.map(tell).collect()
    }

    /// The first starts of one way in which the worlds can begin.
    pub(super) fn starts_of(&self, opening: &Opening) -> Result<Vec<Act<N>>, CheckError> {
        Ok(self.tell_starts(opening)?.into_iter().map(|told| told.action).collect())
    }

    /// An action in few words, as far as it can be said without the state it happens in.
    pub(super) fn label(&self, action: Action) -> String {
        self.label_in(&self.stock(), action)
    }

    /// The same, told by who holds the stock.
    pub(super) fn label_in(&self, stock: &Stock<N>, Action { kind, class, .. }: Action) -> String {
        let name = |node: u8| self.name(NodeId(u32::from(node)));
        let message = |verb: &str, flight: u32| {
            let Message { from, to, msg, .. } = stock.mail.message(flight);
            format!("{verb} {msg:?} from {} to {}", self.name(from), self.name(to))
        };
        match kind {
            Kind::Deliver { flight } => message("deliver", flight),
            Kind::Refuse { flight } => message("refuse", flight),
            Kind::Vanish { flight } => message("end", flight),
            Kind::Lose { flight } => message("lose", flight),
            Kind::Duplicate { flight } => message("duplicate", flight),
            Kind::Fire { node, .. } => format!("fire {:?} of {}", stock.timer_of(class), name(node)),
            Kind::Stored { node, end: WriteEnd::Durable } => format!("store the oldest write of {}", name(node)),
            Kind::Stored { node, end } => format!("end the oldest write of {}: {end:?}", name(node)),
            Kind::Call { node } | Kind::CallNobody { node } => format!("call {}", name(node)),
            Kind::Start { node } => format!("start {}", name(node)),
            Kind::Crash { node, .. } => format!("crash {}", name(node)),
            Kind::Cut { cut } => format!("part the network, cut {cut}"),
            Kind::Heal => "heal the network".to_owned(),
        }
    }

    /// A state for people: what every process remembers, keeps and waits for, and what is on its way.
    pub(crate) fn read(&self, state: &super::State) -> String {
        let stock = self.stock();
        let mut text = String::new();
        for &place in state.places(self.nodes()) {
            let Place { id, process, incarnation, records, pending, timers, calls_made: _ } = stock.places.value(place);
            text.push_str(&format!("{}, life {}\n", self.name(*id), incarnation.0));
            match process {
                Some(process) => text.push_str(&format!("  {process:?}\n")),
                None => text.push_str("  down\n"),
            }
            timers.iter().for_each(|timer| text.push_str(&format!("  waits for {timer:?}\n")));
            records.iter().for_each(|record| text.push_str(&format!("  keeps {record:?}\n")));
            pending.iter().for_each(|(_, write)| text.push_str(&format!("  writes {write:?}\n")));
        }
        for &flight in state.flights(self.nodes()) {
            let Message { from, to, msg, leg } = stock.mail.message(flight);
            text.push_str(&format!("{} to {}, {leg:?}: {msg:?}\n", self.name(from), self.name(to)));
        }
        text.push_str(&format!("{:?}\n", state.faults()));
        if let Some((_, evidence)) = self.violation(state) {
            text.push_str(&format!("violated: {evidence}\n"));
        }
        text
    }

    fn step(&self, number: usize, Told { node, action, text, out }: Told<N>) -> Step<N> {
        let reply = |effect| match effect {
            Effect::Reply { call, reply } => Some(format!("answers call {}: {reply:?}", call.0)),
            Effect::Send { .. } | Effect::Arm { .. } | Effect::Disarm { .. } | Effect::Store { .. } => None,
        };
        Step {
            number,
            node,
            name: node.map(|node| self.name(node)).unwrap_or_default(),
            action,
            text,
            replies: out.effects.into_iter().filter_map(reply).collect(),
            facts: out.facts.iter().map(ToString::to_string).collect(),
        }
    }

    fn tell_action(
        &self,
        stock: &Stock<N>,
        state: &super::State,
        Action { kind, outcome, .. }: Action,
    ) -> Result<Told<N>, CheckError> {
        let place = |node: usize| state.places(self.nodes())[node];
        let message = |flight| stock.mail.message(flight);
        Ok(match kind {
            Kind::Deliver { flight } => {
                let place = place(stock.mail.envelope(flight).addressee().index());
                self.tell_handling(stock, place, kind, outcome)?
            }
            Kind::Fire { node, .. } | Kind::Stored { node, .. } | Kind::Call { node } | Kind::Start { node } => {
                self.tell_handling(stock, place(usize::from(node)), kind, outcome)?
            }
            Kind::Refuse { flight } => self.tell_message(message(flight), Act::Refuse, "is down and refuses"),
            Kind::Vanish { flight } => self.tell_message(message(flight), Act::Vanish, "never gets"),
            Kind::Lose { flight } => self.tell_message(message(flight), Act::Lose, "loses, on the way,"),
            Kind::Duplicate { flight } => self.tell_message(message(flight), Act::Duplicate, "will get once more"),
            Kind::CallNobody { node } => self.tell_call_nobody(stock, place(usize::from(node))),
            Kind::Crash { node, applied, records_lost } => {
                let pending = stock.places.value(place(usize::from(node))).pending.len();
                self.tell_crash(NodeId(u32::from(node)), (usize::from(applied), pending), records_lost)
            }
            Kind::Cut { cut } => {
                let side = self.scope.cuts[usize::from(cut)].clone();
                let names: Vec<_> = side.iter().map(|&node| self.name(node)).collect();
                silent(None, Act::Cut { side }, format!("a partition cuts off {}", names.join(", ")))
            }
            Kind::Heal => silent(None, Act::Heal, "the partition heals".to_owned()),
        })
    }

    fn tell_handling(&self, stock: &Stock<N>, place: u32, kind: Kind, outcome: u32) -> Result<Told<N>, CheckError> {
        let Staged { before, event, notice: _ } = stock.stage(&self.rules(), place, kind);
        let known = &stock.outcomes[outcome as usize];
        let result = repeat(&before, &event, &self.scope.config, &known.picks);
        let node = before.id;
        let same = match &result {
            Ok((process, out)) => {
                let after = stock.places.value(known.place).process.as_ref();
                known.failure.is_some() || (after == Some(process) && *known.facts == *out.facts)
            }
            Err(text) => known.failure.as_deref() == Some(text),
        };
        let mut text = self.describe_event(&event, &known.picks);
        if let Kind::Stored { end: WriteEnd::Unknown { applied }, .. } = kind {
            text.push_str(if applied { ": it was" } else { ": it was not" });
        }
        if !same {
            return Err(CheckError::Impure { node: self.name(node), event: text });
        }
        let out = result.map(|(_, out)| out).unwrap_or_default();
        let picks = known.picks.to_vec();
        let action = match (kind, event) {
            (Kind::Stored { end, .. }, Event::Stored { op, outcome: Err(told) }) => {
                Act::StoreFault { node, op, told, applied: end.is_applied(), picks }
            }
            (_, event) => Act::Handle { node, event, picks },
        };
        Ok(Told { node: Some(node), action, text, out })
    }

    fn describe_event(&self, event: &Event<N>, picks: &[Pick]) -> String {
        let mut text = match event {
            Event::Start { incarnation, records } => match records.len() {
                0 => format!("starts, life {}", incarnation.0),
                kept => format!("starts, life {}, with {kept} records", incarnation.0),
            },
            Event::Deliver { from, msg } => format!("gets {msg:?} from {}", self.name(*from)),
            Event::Bounce { to, msg } => format!("gets {msg:?} back: {} was down", self.name(*to)),
            Event::Fire { timer } => format!("timer {timer:?} fires"),
            Event::Call { call, request } => format!("is asked by call {}: {request:?}", call.0),
            Event::Stored { op, outcome: Ok(()) } => format!("has stored operation {}", op.0),
            Event::Stored { op, outcome: Err(StoreError::Failed) } => format!("failed to store operation {}", op.0),
            Event::Stored { op, outcome: Err(StoreError::Unknown) } => {
                format!("does not learn whether operation {} was stored", op.0)
            }
        };
        for Pick { purpose, of, answer } in picks {
            text.push_str(&format!(", {purpose} = {answer} of 0..{of}"));
        }
        text
    }

    fn tell_message(&self, message: Message<N>, act: fn(Message<N>) -> Act<N>, verb: &str) -> Told<N> {
        let Message { from, to, msg, leg } = &message;
        let (node, text) = match leg {
            Leg::Out | Leg::Orphaned => (*to, format!("{verb} {msg:?} from {}", self.name(*from))),
            Leg::Back => (*from, format!("{verb} {msg:?} back from {}", self.name(*to))),
        };
        silent(Some(node), act(message), text)
    }

    fn tell_call_nobody(&self, stock: &Stock<N>, place: u32) -> Told<N> {
        let place = stock.places.value(place);
        let (call, request) = super::stock::next_call(&self.rules(), place).expect("a call was left to be made");
        let text = format!("is down and not heard by call {}: {request:?}", call.0);
        silent(Some(place.id), Act::CallNobody { node: place.id, call }, text)
    }

    fn tell_crash(&self, node: NodeId, (applied, pending): (usize, usize), records_lost: bool) -> Told<N> {
        let mut text = "crashes".to_owned();
        if pending > 0 {
            text.push_str(&format!(", {applied} of {pending} pending writes applied"));
        }
        if records_lost {
            text.push_str(", and its records are lost");
        }
        silent(Some(node), Act::Crash { node, applied, records_lost }, text)
    }

    fn name(&self, node: NodeId) -> String {
        self.scope.nodes.get(node.index()).cloned().unwrap_or_else(|| node.to_string())
    }
}

fn silent<N: Node>(node: Option<NodeId>, action: Act<N>, text: String) -> Told<N> {
    Told { node, action, text, out: Outbox::new() }
}
