//! A node that does what it is told and states all that happens to it, and monitors to match.

use std::fmt;
use std::time::Duration;

use quiesce_machine::{
    CallId, Cx, Delay, Event, Label, Monitor, Node, NodeId, Obligation, Observation, OpId, Record, StoreError, Time,
    View, Violation, Write,
};
use quiesce_sim::{Action, Outcome, Plan, Trace, record, run};

/// Does what calls tell it, answers pings, and remembers how much it heard. Replies with the sum of its draws.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Puppet {
    heard: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Msg {
    Note(u32),
    Ping(u32),
    Pong(u32),
    /// Goes to and fro for ever.
    Echo(u32),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Alarm {
    /// Says so.
    Ring(u32),
    /// Sends a note.
    Later(NodeId, u32),
}

/// The key of a record that makes a puppet send itself a note when it starts.
pub(crate) const WAKES: u32 = 77;

/// Things to do, in order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Do(pub(crate) Vec<Op>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Op {
    Note(NodeId, u32),
    Ping(NodeId, u32),
    Echo(NodeId, u32),
    Arm(u32, Delay),
    Later(Delay, NodeId, u32),
    Disarm(u32),
    Put(u32, u32),
    Remove(u32),
    Choose(&'static str),
    /// Adds a choice to the reply, and says nothing.
    Draw,
    Say(u32),
    /// States what the clock shows.
    Clock,
    /// Reaches a mark.
    Reach(&'static str),
    Panic,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Done(pub(crate) u32);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Row(pub(crate) u32, pub(crate) u32);

impl Record for Row {
    type Key = u32;

    fn key(&self) -> u32 {
        self.0
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Fact {
    Started(u32, Vec<Row>),
    Got(u32, NodeId, u32),
    Refused(u32, NodeId),
    Fired(u32),
    Stored(u32),
    NotStored(u32, StoreError),
    Clock(Time),
    Chose(&'static str, u32),
    Said(u32),
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fact::Started(life, rows) => {
                write!(f, "started #{life}")?;
                rows.iter().try_for_each(|Row(key, value)| write!(f, " {key}={value}"))
            }
            Fact::Got(id, from, heard) => write!(f, "got {id} from {from}, heard {heard}"),
            Fact::Refused(id, to) => write!(f, "{id} refused by {to}"),
            Fact::Fired(alarm) => write!(f, "alarm {alarm}"),
            Fact::Stored(op) => write!(f, "stored {op}"),
            Fact::NotStored(op, why) => write!(f, "not stored {op}: {why:?}"),
            Fact::Clock(shown) => write!(f, "clock {}", shown.0 / 1_000_000),
            Fact::Chose(purpose, pick) => write!(f, "chose {pick} for {purpose}"),
            Fact::Said(word) => write!(f, "said {word}"),
        }
    }
}

macro_rules! labels {
    ($($type:ty { $($pattern:pat => $label:literal),* $(,)? })*) => {
        $(impl Label for $type {
            fn label(&self) -> &'static str {
                match self { $($pattern => $label),* }
            }
        })*
    };
}

labels! {
    Msg { Msg::Note(_) => "note", Msg::Ping(_) => "ping", Msg::Pong(_) => "pong", Msg::Echo(_) => "echo" }
    Alarm { Alarm::Ring(_) => "ring", Alarm::Later(..) => "later" }
    Do { Do(_) => "do" }
    Done { Done(_) => "done" }
    Fact {
        Fact::Started(..) => "started", Fact::Got(..) => "got", Fact::Refused(..) => "refused",
        Fact::Fired(_) => "fired", Fact::Stored(_) => "stored", Fact::NotStored(..) => "not-stored",
        Fact::Clock(_) => "clock", Fact::Chose(..) => "chose", Fact::Said(_) => "said",
    }
}

impl Msg {
    fn id(&self) -> u32 {
        match self {
            Msg::Note(id) | Msg::Ping(id) | Msg::Pong(id) | Msg::Echo(id) => *id,
        }
    }
}

impl Node for Puppet {
    type Config = ();
    type Msg = Msg;
    type Timer = Alarm;
    type Request = Do;
    type Reply = Done;
    type Record = Row;
    type Fact = Fact;

    fn boot(_: NodeId, (): &()) -> Self {
        Puppet { heard: 0 }
    }

    fn handle(&mut self, event: Event<Self>, cx: &mut Cx<'_, Self>) {
        match event {
            Event::Start { incarnation, records } => {
                if records.iter().any(|row| row.0 == WAKES) {
                    cx.send(cx.me(), Msg::Note(WAKES));
                }
                cx.fact(Fact::Started(incarnation.0, records));
            }
            Event::Deliver { from, msg } => {
                self.heard += 1;
                cx.fact(Fact::Got(msg.id(), from, self.heard));
                match msg {
                    Msg::Ping(id) => cx.send(from, Msg::Pong(id)),
                    Msg::Echo(_) => cx.send(from, msg),
                    Msg::Note(_) | Msg::Pong(_) => (),
                }
            }
            Event::Bounce { to, msg } => cx.fact(Fact::Refused(msg.id(), to)),
            Event::Fire { timer: Alarm::Ring(alarm) } => cx.fact(Fact::Fired(alarm)),
            Event::Fire { timer: Alarm::Later(to, id) } => cx.send(to, Msg::Note(id)),
            Event::Stored { op, outcome: Ok(()) } => cx.fact(Fact::Stored(op.0)),
            Event::Stored { op, outcome: Err(why) } => cx.fact(Fact::NotStored(op.0, why)),
            Event::Call { call, request: Do(ops) } => {
                let draws = ops.iter().filter(|op| matches!(op, Op::Draw)).map(|_| cx.choose("reply", 1000)).sum();
                ops.into_iter().for_each(|op| obey(op, cx));
                cx.reply(call, Done(draws));
            }
        }
    }
}

fn obey(op: Op, cx: &mut Cx<'_, Puppet>) {
    match op {
        Op::Note(to, id) => cx.send(to, Msg::Note(id)),
        Op::Ping(to, id) => cx.send(to, Msg::Ping(id)),
        Op::Echo(to, id) => cx.send(to, Msg::Echo(id)),
        Op::Arm(alarm, after) => cx.arm(Alarm::Ring(alarm), after),
        Op::Later(after, to, id) => cx.arm(Alarm::Later(to, id), after),
        Op::Disarm(alarm) => cx.disarm(Alarm::Ring(alarm)),
        Op::Put(key, value) => cx.store(OpId(key), Write::Put(Row(key, value))),
        Op::Remove(key) => cx.store(OpId(key), Write::Remove(key)),
        Op::Choose(purpose) => {
            let pick = cx.choose(purpose, 1000);
            cx.fact(Fact::Chose(purpose, pick));
        }
        Op::Draw => (),
        Op::Say(word) => cx.fact(Fact::Said(word)),
        Op::Clock => cx.fact(Fact::Clock(cx.now())),
        Op::Reach(mark) => cx.reach(mark),
        Op::Panic => panic!("told to"),
    }
}

/// Properties for tests.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Check {
    /// Nobody says that word.
    Never(u32),
    /// Each word below 100 is followed by the word a hundred above.
    Answered(Vec<u32>),
    /// Has nothing to judge.
    Unarmed,
    /// Panics when it hears that word.
    Panics(u32),
    /// Owes, at the end, an account of every observation.
    Log(Vec<String>),
}

impl Monitor<Puppet> for Check {
    fn name(&self) -> &'static str {
        match self {
            Check::Never(_) => "never",
            Check::Answered(_) => "answered",
            Check::Unarmed => "unarmed",
            Check::Panics(_) => "panics",
            Check::Log(_) => "log",
        }
    }

    fn observe(&mut self, seen: &Observation<'_, Puppet>, view: &dyn View<Puppet>) -> Result<(), Violation> {
        if let Check::Log(log) = self {
            log.push(account(seen, view));
        }
        let &Observation::Fact { by, fact: &Fact::Said(word) } = seen else { return Ok(()) };
        match self {
            Check::Never(never) if *never == word => {
                Err(Violation { property: "never", evidence: format!("{} said {word}", view.name(by)) })
            }
            Check::Panics(at) if *at == word => panic!("heard {word}"),
            Check::Answered(open) => {
                match word.checked_sub(100) {
                    Some(answered) => open.retain(|&other| other != answered),
                    None => open.push(word),
                }
                Ok(())
            }
            Check::Never(_) | Check::Panics(_) | Check::Unarmed | Check::Log(_) => Ok(()),
        }
    }

    fn owed(&self, _: &dyn View<Puppet>, owes: &mut dyn FnMut(Obligation)) {
        match self {
            Check::Answered(open) => open.iter().for_each(|&word| owes(Obligation(u64::from(word)))),
            Check::Log(_) => owes(Obligation(0)),
            Check::Never(_) | Check::Unarmed | Check::Panics(_) => (),
        }
    }

    fn armed(&self) -> bool {
        *self != Check::Unarmed
    }

    fn describe(&self, owed: Obligation, _: &dyn View<Puppet>) -> String {
        match self {
            Check::Log(log) => log.join("; "),
            Check::Never(_) | Check::Answered(_) | Check::Unarmed | Check::Panics(_) => format!("{} is open", owed.0),
        }
    }
}

fn account(seen: &Observation<'_, Puppet>, view: &dyn View<Puppet>) -> String {
    let up: String = (0..view.node_count()).map(|id| if view.node(NodeId(id)).is_some() { '+' } else { '-' }).collect();
    match *seen {
        Observation::Fact { by, fact } => format!("{} {fact} {up}", view.name(by)),
        Observation::Started { node, incarnation } => format!("{} up #{} {up}", view.name(node), incarnation.0),
        Observation::Crashed { node, records_lost } => format!("{} down {records_lost} {up}", view.name(node)),
    }
}

pub(crate) type PuppetPlan = Plan<Puppet, Check>;

pub(crate) const A: NodeId = NodeId(0);
pub(crate) const B: NodeId = NodeId(1);
pub(crate) const C: NodeId = NodeId(2);

pub(crate) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Nodes a, b and c, 1 ms apart, 10 s under fire and 10 s to settle.
pub(crate) fn plan() -> PuppetPlan {
    let mut plan = Plan::new((), ["a", "b", "c"]);
    plan.until = Time::ZERO + ms(10_000);
    plan.settle = ms(10_000);
    plan
}

/// A call that tells `node` what to do; its id is the millisecond.
pub(crate) trait Tell: Sized {
    fn tell(self, at: u64, node: NodeId, ops: impl IntoIterator<Item = Op>) -> Self;
    fn act(self, at: u64, action: Action<Puppet>) -> Self;
    /// The same, for so long.
    fn act_for(self, at: u64, lasting: u64, action: Action<Puppet>) -> Self;
}

impl Tell for PuppetPlan {
    fn tell(self, at: u64, node: NodeId, ops: impl IntoIterator<Item = Op>) -> Self {
        let call = CallId(at as u32 * 10 + node.0);
        self.act(at, Action::Call { node, request: Do(ops.into_iter().collect()), call })
    }

    fn act(self, at: u64, action: Action<Puppet>) -> Self {
        self.step(ms(at), action)
    }

    fn act_for(self, at: u64, lasting: u64, action: Action<Puppet>) -> Self {
        self.step_for(ms(at), ms(lasting), action)
    }
}

/// Runs and records; the two must agree.
pub(crate) fn play(plan: &PuppetPlan, seed: u64) -> (Outcome<Puppet>, Trace) {
    let (outcome, trace) = record(plan, seed);
    assert_eq!(run(plan, seed), outcome, "recording changes nothing");
    (outcome, trace)
}

/// What the nodes stated after their first start, as `12 b got 3 from n0`, the time in milliseconds, rounded down.
pub(crate) fn told(plan: &PuppetPlan, seed: u64) -> Vec<String> {
    let (outcome, trace) = play(plan, seed);
    assert_eq!(outcome.findings, [], "{trace}");
    let lines = trace.entries.iter().flat_map(|entry| {
        let node = entry.node.map_or("-", |id| &trace.nodes[id.index()]);
        entry.facts.iter().map(move |fact| format!("{} {node} {fact}", entry.at.0 / 1_000_000))
    });
    lines.filter(|line| !line.contains("started #1")).collect()
}

/// Who heard what, in order: `b3` for message 3 at node b.
pub(crate) fn heard(plan: &PuppetPlan) -> Vec<String> {
    let word = |line: &str, index: usize| line.split(' ').nth(index).unwrap_or_default().to_owned();
    let lines = told(plan, 1);
    lines.iter().filter(|line| line.contains(" got ")).map(|line| word(line, 1) + &word(line, 3)).collect()
}
