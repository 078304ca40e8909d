//! A node that does what its rules say.

use std::fmt;

use quiesce_machine::{
    CallId, Cx, Event, Label, Node, NodeId, OpId, Record, Rename, Renaming, Span, StoreError, Write,
};

/// What every node of a world does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rules(pub(crate) Vec<Rule>, pub(crate) Vec<Ignored>);

/// A claim: on that occasion a node does nothing from then on, once it remembers this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ignored {
    pub(crate) node: NodeId,
    pub(crate) when: When,
    pub(crate) memory: u8,
}

/// One thing one node does on one occasion. Of several that fit, all apply, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) node: NodeId,
    pub(crate) when: When,
    pub(crate) then: Vec<Do>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// It starts without records.
    Boot,
    /// It starts with records.
    Recover,
    Got(u8),
    Bounced(u8),
    Fired(u8),
    Called(u8),
    Stored(u8),
    /// A write failed.
    Failed(u8),
    /// Nobody says whether a write was applied.
    Unsure(u8),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Do {
    Send(NodeId, u8),
    Arm(u8),
    Disarm(u8),
    Put(u8, u8),
    Remove(u8),
    Say(u8),
    Set(u8),
    Add(u8),
    /// Goes on with one of these, by choice.
    Either(Vec<Vec<Do>>),
    /// Asks for so many answers and remembers the last.
    Draw(u32),
    Reply,
    Panic,
    /// Only if it remembers this.
    If(u8, Vec<Do>),
}

pub(crate) fn rule(node: NodeId, when: When, then: impl Into<Vec<Do>>) -> Rule {
    Rule { node, when, then: then.into() }
}

/// Timers from this one on are long.
pub(crate) const LONG: u8 = 100;
/// Timers from here up to the long ones are time-outs.
pub(crate) const TIMEOUT: u8 = 50;

/// A node with one byte of memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Rename)]
pub(crate) struct Toy {
    pub(crate) memory: u8,
    call: Option<CallId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Word(pub(crate) u8);

impl Rename for Word {
    fn rename(&self, to: &Renaming) -> Self {
        Word(u8::try_from(to.number("word", u32::from(self.0))).expect("words are bytes"))
    }
}

impl Label for Word {
    fn label(&self) -> &'static str {
        "word"
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "says {}", self.0)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub(crate) struct Row {
    pub(crate) key: u8,
    pub(crate) value: u8,
}

impl Record for Row {
    type Key = u8;

    fn key(&self) -> u8 {
        self.key
    }
}

impl Node for Toy {
    type Config = Rules;
    type Msg = Word;
    type Timer = Word;
    type Request = Word;
    type Reply = Word;
    type Record = Row;
    type Fact = Word;

    fn boot(_: NodeId, _: &Rules) -> Self {
        Toy::default()
    }

    fn handle(&mut self, event: Event<Self>, cx: &mut Cx<'_, Self>) {
        let when = match event {
            Event::Start { records, .. } => match records.last() {
                None => When::Boot,
                Some(row) => {
                    self.memory = row.value;
                    When::Recover
                }
            },
            Event::Deliver { msg, .. } => When::Got(msg.0),
            Event::Bounce { msg, .. } => When::Bounced(msg.0),
            Event::Fire { timer } => When::Fired(timer.0),
            Event::Call { call, request } => {
                self.call = Some(call);
                When::Called(request.0)
            }
            Event::Stored { op, outcome } => {
                let op = u8::try_from(op.0).expect("operations are bytes");
                match outcome {
                    Ok(()) => When::Stored(op),
                    Err(StoreError::Failed) => When::Failed(op),
                    Err(StoreError::Unknown) => When::Unsure(op),
                }
            }
        };
        let (me, rules) = (cx.me(), &cx.config().0);
        for rule in rules.iter().filter(|rule| rule.node == me && rule.when == when) {
            self.follow(&rule.then, cx);
        }
    }

    fn span(timer: &Word) -> Span {
        match timer.0 {
            LONG.. => Span::Long,
            TIMEOUT.. => Span::Timeout,
            _ => Span::Short,
        }
    }

    const IGNORES: bool = true;

    fn ignores(&self, me: NodeId, event: &Event<Self>, config: &Rules) -> bool {
        let when = match event {
            Event::Deliver { msg, .. } => When::Got(msg.0),
            Event::Bounce { msg, .. } => When::Bounced(msg.0),
            Event::Start { .. } | Event::Fire { .. } | Event::Call { .. } | Event::Stored { .. } => {
                unreachable!("only what is in flight can be ignored, found {event:?}")
            }
        };
        config.1.contains(&Ignored { node: me, when, memory: self.memory })
    }
}

impl Toy {
    fn follow(&mut self, what: &[Do], cx: &mut Cx<'_, Self>) {
        for what in what {
            match what {
                Do::Send(to, msg) => cx.send(*to, Word(*msg)),
                Do::Arm(timer) => cx.arm(Word(*timer), std::time::Duration::from_millis(1)),
                Do::Disarm(timer) => cx.disarm(Word(*timer)),
                Do::Put(key, value) => {
                    cx.store(OpId(u32::from(*key)), Write::Put(Row { key: *key, value: *value }));
                }
                Do::Remove(key) => cx.store(OpId(u32::from(*key)), Write::Remove(*key)),
                Do::Say(word) => cx.fact(Word(*word)),
                Do::Set(value) => self.memory = *value,
                Do::Add(value) => self.memory = self.memory.wrapping_add(*value),
                Do::Either(ways) => {
                    let way = cx.choose("way", ways.len() as u32);
                    self.follow(&ways[way as usize], cx);
                }
                Do::Draw(n) => self.memory = cx.choose("number", *n) as u8,
                Do::Reply => {
                    if let Some(call) = self.call.take() {
                        cx.reply(call, Word(self.memory));
                    }
                }
                Do::Panic => panic!("memory was {}", self.memory),
                Do::If(memory, then) => {
                    if self.memory == *memory {
                        self.follow(then, cx);
                    }
                }
            }
        }
    }
}
