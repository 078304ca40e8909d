//! What a node can see and do while it handles one event.

use std::fmt::Debug;

use crate::{CallId, Delay, Effect, Event, Node, NodeId, OpId, Stamp, Time, Write};

/// A node's view of its driver during one event: inputs beside the event, and the lists it pushes to.
#[derive(Debug)]
pub struct Cx<'a, N: Node> {
    me: NodeId,
    now: Time,
    config: &'a N::Config,
    choices: &'a mut dyn Choices,
    out: &'a mut Outbox<N>,
}

impl<'a, N: Node> Cx<'a, N> {
    /// The context for one event. For drivers and tests.
    pub fn new(
        me: NodeId,
        now: Time,
        config: &'a N::Config,
        choices: &'a mut dyn Choices,
        out: &'a mut Outbox<N>,
    ) -> Self {
        Cx { me, now, config, choices, out }
    }

    /// This node.
    #[must_use]
    pub fn me(&self) -> NodeId {
        self.me
    }

    /// This node's clock, for reports. Decisions hang on timers: the model's clock stands still.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now
    }

    /// [`now`](Self::now) as something to keep.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        Stamp(self.now)
    }

    /// What is fixed for the run.
    #[must_use]
    pub fn config(&self) -> &'a N::Config {
        self.config
    }

    /// One of `0..n`: drawn from a stream per (node, purpose) in the simulator, every answer tried in the model.
    ///
    /// # Panics
    /// When `n` is zero.
    pub fn choose(&mut self, purpose: &'static str, n: u32) -> u32 {
        assert!(n > 0, "a choice needs at least one answer: {purpose}");
        let pick = self.choices.choose(purpose, n);
        assert!(pick < n, "the driver answered {pick} of {n} for {purpose}");
        pick
    }

    /// States what an operator could have observed.
    pub fn fact(&mut self, fact: N::Fact) {
        self.out.facts.push(fact);
    }

    /// Marks that a place in the code was reached, as `plane/what-happened`: a run in which it never is has not tried it.
    /// Says nothing about the node, and no decision may hang on it.
    pub fn reach(&mut self, mark: &'static str) {
        self.out.marks.push(mark);
    }

    /// Sends a message; see [`Effect::Send`].
    pub fn send(&mut self, to: NodeId, msg: N::Msg) {
        self.out.effects.push(Effect::Send { to, msg });
    }

    /// Arms a timer, exactly or with jitter; see [`Effect::Arm`].
    pub fn arm(&mut self, timer: N::Timer, after: impl Into<Delay>) {
        self.out.effects.push(Effect::Arm { timer, after: after.into() });
    }

    /// Disarms a timer; see [`Effect::Disarm`].
    pub fn disarm(&mut self, timer: N::Timer) {
        self.out.effects.push(Effect::Disarm { timer });
    }

    /// Makes a write durable; see [`Effect::Store`].
    pub fn store(&mut self, op: OpId, write: Write<N::Record>) {
        self.out.effects.push(Effect::Store { op, write });
    }

    /// Answers a user's call; see [`Effect::Reply`].
    pub fn reply(&mut self, call: CallId, reply: N::Reply) {
        self.out.effects.push(Effect::Reply { call, reply });
    }
}

/// What one event made a node do and say. Drivers reuse one, so that a step allocates nothing in the steady state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Outbox<N: Node> {
    /// What to do, in order.
    pub effects: Vec<Effect<N>>,
    /// What was observed, in order.
    pub facts: Vec<N::Fact>,
    /// Which marks were reached, in order.
    pub marks: Vec<&'static str>,
}

impl<N: Node> Outbox<N> {
    /// An empty outbox.
    #[must_use]
    pub fn new() -> Self {
        Outbox { effects: Vec::new(), facts: Vec::new(), marks: Vec::new() }
    }

    /// Empties all lists and keeps their memory.
    pub fn clear(&mut self) {
        self.effects.clear();
        self.facts.clear();
        self.marks.clear();
    }
}

impl<N: Node> Default for Outbox<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// Answers a node's choices. Randomness is a bounded choice: see [`Cx::choose`].
pub trait Choices: Debug {
    /// One of `0..n`.
    fn choose(&mut self, purpose: &'static str, n: u32) -> u32;
}

/// Always the first answer: for unit tests of transitions that make no choice, or whose first answer is meant.
#[derive(Clone, Copy, Debug, Default)]
pub struct FirstChoice;

impl Choices for FirstChoice {
    fn choose(&mut self, _: &'static str, _: u32) -> u32 {
        0
    }
}

/// Hands `node` one event at [`Time::ZERO`] with [`FirstChoice`] and returns what it did: the unit test's driver.
pub fn step<N: Node>(node: &mut N, me: NodeId, config: &N::Config, event: Event<N>) -> Outbox<N> {
    let mut out = Outbox::new();
    node.handle(event, &mut Cx::new(me, Time::ZERO, config, &mut FirstChoice, &mut out));
    out
}
