//! A lock service: a server hands out a lock for a time, with a number that grows with every holder. Whoever holds the
//! lock writes to a disk under that number, and the disk refuses numbers older than the newest it has seen.

use std::collections::VecDeque;
use std::time::Duration;

use quiesce_machine::{CallId, Cx, Event, Node, NodeId, OpId, Record, Span, Write};

use super::words::{Fact, Msg, Reply, Request, Timer};

pub(crate) const SERVER: NodeId = NodeId(0);
pub(crate) const DISK: NodeId = NodeId(1);
pub(crate) const CLIENTS: [NodeId; 2] = [NodeId(2), NodeId(3)];

/// When the server hands out a number: the bug and its repair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    /// At once, while the number is still on its way to the server's store.
    AtOnce,
    /// When the store has it.
    WhenDurable,
}

/// Every process of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Process {
    Server(Server),
    /// The newest number seen.
    Disk(u8),
    Client(Client),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Server {
    newest: u8,
    holder: Option<NodeId>,
    /// For whom a number is being stored.
    next: Option<NodeId>,
    waiting: VecDeque<NodeId>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Client {
    call: Option<CallId>,
    number: Option<u8>,
}

/// The newest number handed out: all that the server keeps.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Newest(pub(crate) u8);

impl Record for Newest {
    type Key = ();

    fn key(&self) {}
}

impl Node for Process {
    type Config = Grant;
    type Msg = Msg;
    type Timer = Timer;
    type Request = Request;
    type Reply = Reply;
    type Record = Newest;
    type Fact = Fact;

    fn boot(id: NodeId, _: &Grant) -> Self {
        match id {
            SERVER => Process::Server(Server::default()),
            DISK => Process::Disk(0),
            _ => Process::Client(Client::default()),
        }
    }

    fn handle(&mut self, event: Event<Self>, cx: &mut Cx<'_, Self>) {
        match self {
            Process::Server(server) => server.handle(event, cx),
            Process::Disk(newest) => disk(newest, event, cx),
            Process::Client(client) => client.handle(event, cx),
        }
    }

    /// Both are long beside a message's way.
    fn span(_: &Timer) -> Span {
        Span::Long
    }
}

type Context<'a> = Cx<'a, Process>;

impl Server {
    fn handle(&mut self, event: Event<Process>, cx: &mut Context<'_>) {
        match event {
            Event::Start { records, .. } => self.newest = records.first().map_or(0, |newest| newest.0),
            Event::Deliver { from, msg: Msg::Acquire } if self.holder == Some(from) => {
                cx.send(from, Msg::Granted(self.newest));
            }
            Event::Deliver { from, msg: Msg::Acquire } => {
                if self.next != Some(from) && !self.waiting.contains(&from) {
                    self.waiting.push_back(from);
                }
                self.pass_on(cx);
            }
            Event::Deliver { msg: Msg::Release(number), .. } if number == self.newest => {
                cx.disarm(Timer::LeaseEnds);
                self.holder = None;
                self.pass_on(cx);
            }
            Event::Fire { timer: Timer::LeaseEnds } => {
                self.holder = None;
                self.pass_on(cx);
            }
            Event::Stored { outcome: Ok(()), .. } if *cx.config() == Grant::WhenDurable => self.grant(cx),
            Event::Stored { outcome: Err(_), .. } => self.store(cx),
            _ => (),
        }
    }

    /// The lock goes to whoever has waited longest, once nobody holds it.
    fn pass_on(&mut self, cx: &mut Context<'_>) {
        if self.holder.is_some() || self.next.is_some() {
            return;
        }
        self.next = self.waiting.pop_front();
        if self.next.is_some() {
            self.store(cx);
            if *cx.config() == Grant::AtOnce {
                self.grant(cx);
            }
        }
    }

    fn store(&self, cx: &mut Context<'_>) {
        let number = self.newest + u8::from(self.next.is_some());
        cx.store(OpId(u32::from(number)), Write::Put(Newest(number)));
    }

    fn grant(&mut self, cx: &mut Context<'_>) {
        let client = self.next.take().expect("a number is stored for somebody");
        self.newest += 1;
        self.holder = Some(client);
        cx.send(client, Msg::Granted(self.newest));
        cx.arm(Timer::LeaseEnds, Duration::from_secs(10));
    }
}

fn disk(newest: &mut u8, event: Event<Process>, cx: &mut Context<'_>) {
    let Event::Deliver { from, msg: Msg::Write(number) } = event else { return };
    let fresh = number >= *newest;
    if fresh {
        *newest = number;
        cx.fact(Fact::Written { by: from, number });
    }
    cx.send(from, Msg::Answer { number, written: fresh });
}

impl Client {
    fn handle(&mut self, event: Event<Process>, cx: &mut Context<'_>) {
        match event {
            Event::Call { call, request: Request::Write } => {
                self.call = Some(call);
                cx.fact(Fact::Asked);
                self.go_on(cx);
            }
            Event::Fire { timer: Timer::Again } => self.go_on(cx),
            Event::Deliver { msg: Msg::Granted(number), .. } => match (self.call, self.number) {
                (None, _) => cx.send(SERVER, Msg::Release(number)),
                (Some(_), None) => {
                    self.number = Some(number);
                    self.go_on(cx);
                }
                (Some(_), Some(_)) => (),
            },
            Event::Deliver { msg: Msg::Answer { number, written }, .. } if self.number == Some(number) => {
                let call = self.call.take().expect("a number is used for a call");
                self.number = None;
                cx.disarm(Timer::Again);
                cx.send(SERVER, Msg::Release(number));
                cx.fact(Fact::Answered);
                cx.reply(call, if written { Reply::Written } else { Reply::LeaseLost });
            }
            _ => (),
        }
    }

    /// Asks for the lock, or writes with it; and again until there is an answer.
    fn go_on(&self, cx: &mut Context<'_>) {
        match self.number {
            None => cx.send(SERVER, Msg::Acquire),
            Some(number) => cx.send(DISK, Msg::Write(number)),
        }
        cx.arm(Timer::Again, Duration::from_secs(1));
    }
}
