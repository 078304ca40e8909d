//! What happened in a run, for people: built only when a run is recorded.
//!
//! A trace is a list of [`Entry`], one for each event and for whatever befell a message or a process in between.
//! [`Display`](std::fmt::Display) renders it as one aligned line each; other pictures are made from the entries.

use std::fmt;

use quiesce_machine::{Event, Label, Node, NodeId, Time};

/// What happened in a run, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The names of the nodes, by id.
    pub nodes: Vec<String>,
    /// What happened.
    pub entries: Vec<Entry>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Time,
    /// The number of the event, from 1; none for what no node handled.
    pub event: Option<u32>,
    /// The number of the event that caused it: sent the message, armed the timer, issued the write.
    pub cause: Option<u32>,
    /// To whom it happened; none for what concerns the whole cluster.
    pub node: Option<NodeId>,
    /// What sort of thing.
    pub kind: EntryKind,
    /// The label of the message, timer, request or reply; else empty.
    pub label: &'static str,
    /// The sender of what was delivered, the receiver of what bounced or was lost.
    pub peer: Option<NodeId>,
    /// The rest, for people.
    pub text: String,
    /// What the node stated while it handled the event.
    pub facts: Vec<String>,
    /// The labels of those facts.
    pub fact_labels: Vec<&'static str>,
}

/// The sorts of things that happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// A process started.
    Start,
    /// A message arrived.
    Deliver,
    /// A message came back refused.
    Bounce,
    /// A timer fired.
    Fire,
    /// A user asked.
    Call,
    /// A write is durable.
    Stored,
    /// A user was answered.
    Reply,
    /// A message never arrives.
    Lost,
    /// A call found no process.
    Unheard,
    /// A process died.
    Crash,
    /// A process stopped.
    Pause,
    /// A process goes on.
    Resume,
    /// Links were cut, or a rule for messages is in force.
    Fault,
    /// Links and rules were set right.
    Heal,
    /// A property does not hold.
    Finding,
}

impl fmt::Display for EntryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            EntryKind::Start => "start",
            EntryKind::Deliver => "deliver",
            EntryKind::Bounce => "bounce",
            EntryKind::Fire => "fire",
            EntryKind::Call => "call",
            EntryKind::Stored => "stored",
            EntryKind::Reply => "reply",
            EntryKind::Lost => "lost",
            EntryKind::Unheard => "unheard",
            EntryKind::Crash => "crash",
            EntryKind::Pause => "pause",
            EntryKind::Resume => "resume",
            EntryKind::Fault => "fault",
            EntryKind::Heal => "heal",
            EntryKind::Finding => "finding",
        })
    }
}

/// The widest text that later columns still line up behind.
const TEXT_WIDTH: usize = 72;

impl fmt::Display for Trace {
    /// One line an entry: number of the event, time, node, what, and behind `|` the facts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widest = |widths: &mut dyn Iterator<Item = usize>| widths.max().unwrap_or(0);
        let texts: Vec<String> = self.entries.iter().map(|entry| self.text(entry)).collect();
        let step = self.entries.iter().filter_map(|entry| entry.event).max().unwrap_or(0).to_string().len();
        let time = widest(&mut self.entries.iter().map(|entry| entry.at.to_string().len()));
        let node = widest(&mut self.nodes.iter().map(|name| name.chars().count()));
        let before_facts = self.entries.iter().zip(&texts).filter(|(entry, _)| !entry.facts.is_empty());
        let text = widest(&mut before_facts.map(|(_, text)| text.chars().count())).min(TEXT_WIDTH);
        for (entry, what) in self.entries.iter().zip(&texts) {
            let at = entry.at.to_string();
            let by = entry.node.map_or("-", |id| self.name(id));
            let number = entry.event.map_or(String::new(), |number| number.to_string());
            let line = format!("{number:>step$}  {at:>time$}  {by:<node$}  {:<7}  {what:<text$}", entry.kind);
            match entry.facts.join("; ").as_str() {
                "" => writeln!(f, "{}", line.trim_end())?,
                facts => writeln!(f, "{line}  | {facts}")?,
            }
        }
        Ok(())
    }
}

impl Trace {
    pub(crate) fn new(nodes: Vec<String>) -> Self {
        Trace { nodes, entries: Vec::new() }
    }

    pub(crate) fn push(&mut self, at: Time, kind: EntryKind, node: Option<NodeId>, text: String) -> &mut Entry {
        let (facts, fact_labels) = (Vec::new(), Vec::new());
        let entry = Entry { at, event: None, cause: None, node, kind, label: "", peer: None, text, facts, fact_labels };
        self.entries.push(entry);
        let last = self.entries.len() - 1;
        &mut self.entries[last]
    }

    fn name(&self, id: NodeId) -> &str {
        self.nodes.get(id.index()).map_or("?", String::as_str)
    }

    fn text(&self, entry: &Entry) -> String {
        let outward = matches!(entry.kind, EntryKind::Bounce | EntryKind::Lost);
        let towards = if outward { "to" } else { "from" };
        let peer = entry.peer.map(|peer| format!("{towards} {}", self.name(peer)));
        let parts = [entry.label, peer.as_deref().unwrap_or(""), &entry.text];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

/// An event in brief: cheap enough to make for every event, so that a panic can name the one it came from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Brief {
    pub(crate) kind: EntryKind,
    pub(crate) label: &'static str,
    pub(crate) peer: Option<NodeId>,
}

impl Brief {
    pub(crate) fn of<N: Node>(event: &Event<N>) -> Self {
        let (kind, label, peer) = match event {
            Event::Start { .. } => (EntryKind::Start, "", None),
            Event::Deliver { from, msg } => (EntryKind::Deliver, msg.label(), Some(*from)),
            Event::Bounce { to, msg } => (EntryKind::Bounce, msg.label(), Some(*to)),
            Event::Fire { timer } => (EntryKind::Fire, timer.label(), None),
            Event::Call { request, .. } => (EntryKind::Call, request.label(), None),
            Event::Stored { .. } => (EntryKind::Stored, "", None),
        };
        Brief { kind, label, peer }
    }
}

/// What an event carries beside its [`Brief`].
pub(crate) fn payload<N: Node>(event: &Event<N>) -> String {
    match event {
        Event::Start { incarnation, records } => format!("#{} {records:?}", incarnation.0),
        Event::Deliver { msg, .. } | Event::Bounce { msg, .. } => format!("{msg:?}"),
        Event::Fire { timer } => format!("{timer:?}"),
        Event::Call { call, request } => format!("#{} {request:?}", call.0),
        Event::Stored { op, outcome } => format!("#{} {outcome:?}", op.0),
    }
}
