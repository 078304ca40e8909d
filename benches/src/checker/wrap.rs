//! The same nodes as plain Stateright actors: what somebody writes who has no checker of their own.
//!
//! A node's memory with its records and pending writes is the actor's state; calls and answers of the store are timers,
//! which may fire at any moment. Nodes that choose, and faults, are left out.

use std::borrow::Cow;
use std::time::Duration;

use quiesce_machine::{
    CallId, Choices, Cx, Effect, Event, Incarnation, Monitor, Node, NodeId, OpId, Outbox, Record, Time, Write,
};
use quiesce_model::Scope;
use stateright::Expectation;
use stateright::actor::{Actor, ActorModel, ActorModelState, Id, Network, Out};

/// A process of a scope.
#[derive(Clone, Debug)]
pub struct Process<N: Node> {
    config: N::Config,
    calls: Vec<(CallId, N::Request)>,
}

/// What a process remembers, keeps and waits for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Memory<N: Node> {
    node: N,
    records: Vec<N::Record>,
    pending: Vec<(OpId, Write<N::Record>)>,
    calls_made: usize,
}

/// What may happen to a process at any moment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Alarm<T> {
    /// A timer of its own.
    Own(T),
    /// The next call.
    Call,
    /// The oldest write becomes durable.
    Store,
}

/// A scope's nodes as actors: without its monitors, faults and partitions.
#[must_use]
pub fn actors<N: Node, M: Monitor<N>>(scope: &Scope<N, M>) -> ActorModel<Process<N>> {
    let process = |node: u32| {
        let calls = scope.calls.of(NodeId(node)).map(|(call, request)| (call, request.clone())).collect();
        Process { config: scope.config.clone(), calls }
    };
    let model = ActorModel::new((), ()).actors((0..scope.nodes.len() as u32).map(process));
    // Without any property Stateright looks at one state and is done.
    let holds = |_: &ActorModel<Process<N>>, _: &ActorModelState<Process<N>>| true;
    model.init_network(Network::new_unordered_nonduplicating([])).property(Expectation::Always, "runs", holds)
}

impl<N: Node> Actor for Process<N> {
    type Msg = N::Msg;
    type Timer = Alarm<N::Timer>;
    type State = Memory<N>;
    type Storage = ();
    type Random = ();

    fn on_start(&self, id: Id, _: &Option<()>, out: &mut Out<Self>) -> Memory<N> {
        let node = N::boot(node_id(id), &self.config);
        let mut memory = Memory { node, records: Vec::new(), pending: Vec::new(), calls_made: 0 };
        if !self.calls.is_empty() {
            out.set_timer(Alarm::Call, any_time());
        }
        self.handle(id, &mut memory, Event::Start { incarnation: Incarnation(1), records: Vec::new() }, out);
        memory
    }

    fn on_msg(&self, id: Id, memory: &mut Cow<'_, Memory<N>>, from: Id, msg: N::Msg, out: &mut Out<Self>) {
        self.handle(id, memory.to_mut(), Event::Deliver { from: node_id(from), msg }, out);
    }

    fn on_timeout(&self, id: Id, memory: &mut Cow<'_, Memory<N>>, alarm: &Alarm<N::Timer>, out: &mut Out<Self>) {
        let memory = memory.to_mut();
        let event = match alarm {
            Alarm::Own(timer) => Event::Fire { timer: timer.clone() },
            Alarm::Call => {
                let (call, request) = self.calls[memory.calls_made].clone();
                memory.calls_made += 1;
                if memory.calls_made < self.calls.len() {
                    out.set_timer(Alarm::Call, any_time());
                }
                Event::Call { call, request }
            }
            Alarm::Store => {
                let (op, write) = memory.pending.remove(0);
                memory.apply(write);
                if !memory.pending.is_empty() {
                    out.set_timer(Alarm::Store, any_time());
                }
                Event::Stored { op, outcome: Ok(()) }
            }
        };
        self.handle(id, memory, event, out);
    }
}

impl<N: Node> Process<N> {
    fn handle(&self, id: Id, memory: &mut Memory<N>, event: Event<N>, out: &mut Out<Self>) {
        let mut outbox = Outbox::new();
        memory.node.handle(event, &mut Cx::new(node_id(id), Time::ZERO, &self.config, &mut NoChoice, &mut outbox));
        for effect in outbox.effects {
            match effect {
                Effect::Send { to, msg } => out.send(Id::from(to.index()), msg),
                Effect::Arm { timer, after: _ } => out.set_timer(Alarm::Own(timer), any_time()),
                Effect::Disarm { timer } => out.cancel_timer(Alarm::Own(timer)),
                Effect::Store { op, write } => {
                    memory.pending.push((op, write));
                    out.set_timer(Alarm::Store, any_time());
                }
                Effect::Reply { .. } => (),
            }
        }
    }
}

impl<N: Node> Memory<N> {
    fn apply(&mut self, write: Write<N::Record>) {
        let key = write.key();
        self.records.retain(|record| record.key() != key);
        if let Write::Put(record) = write {
            self.records.push(record);
            self.records.sort_by_key(Record::key);
        }
    }
}

/// Refuses to choose among several.
#[derive(Debug)]
struct NoChoice;

impl Choices for NoChoice {
    fn choose(&mut self, purpose: &'static str, n: u32) -> u32 {
        assert_eq!(n, 1, "these worlds leave nothing to choose, asked for {purpose}");
        0
    }
}

fn node_id(id: Id) -> NodeId {
    NodeId(u32::try_from(usize::from(id)).expect("a scope has few nodes"))
}

fn any_time() -> std::ops::Range<Duration> {
    stateright::actor::model_timeout()
}
