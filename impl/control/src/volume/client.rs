//! A user of the API: finds the agent that leads, asks, and asks again over a new connection until answered.
//!
//! A request belongs to a connection, and a connection to an epoch, so that no copy of a request outlives the agent it
//! was sent to: the agent that leads next refuses it, and the user asks anew.

use std::collections::BTreeMap;
use std::sync::Arc;

use quiesce_machine::{CallId, Event};

use super::fact::Fact;
use super::id::Role;
use super::message::{Msg, ToAgent, ToUser};
use super::timer::Timer;
use super::user::{Reply, Request};
use super::{Context, Node, send};

/// A user's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct User {
    me: u8,
    /// The agent asked last, and the epoch in which it leads.
    agent: u8,
    epoch: u16,
    /// What was not answered, and over the connection of which epoch it was asked last.
    open: BTreeMap<CallId, (Arc<Request>, u16)>,
}

impl User {
    pub(crate) fn new(me: u8) -> Self {
        User { me, agent: 0, epoch: 0, open: BTreeMap::new() }
    }

    pub(crate) fn handle(&mut self, event: Event<Node>, cx: &mut Context<'_>) {
        match event {
            Event::Start { .. } | Event::Stored { .. } => (),
            Event::Deliver { from, msg: Msg::ToUser(ToUser::Leading { epoch }) } => {
                if let Role::Agent(agent) = cx.config().cluster.role(from) {
                    self.connect(agent, epoch, cx);
                }
            }
            Event::Call { call, request } => self.ask(call, request, cx),
            Event::Deliver { msg: Msg::ToUser(msg), .. } => self.receive(msg, cx),
            Event::Deliver { msg, .. } => unreachable!("not for a user: {msg:?}"),
            Event::Bounce { to, msg: Msg::ToAgent(ToAgent::Api { call, .. }) } => {
                if cx.config().cluster.node(Role::Agent(self.agent)) == to {
                    self.turn_away(call, cx);
                }
            }
            Event::Bounce { .. } => (),
            Event::Fire { timer: Timer::UserRetry(call) } => self.send(call, cx),
            Event::Fire { timer: Timer::UserOver(call) } => self.close(call, Reply::Timeout, cx),
            Event::Fire { timer } => unreachable!("not a user's: {timer:?}"),
        }
    }

    /// Whether a message can do nothing any more: a call that was answered is not asked again.
    pub(crate) fn ignores(&self, msg: &ToUser) -> bool {
        match *msg {
            ToUser::Connect { call, epoch } => self.open.get(&call).is_none_or(|&(_, asked)| epoch <= asked),
            ToUser::Leading { epoch } => epoch < self.epoch,
            ToUser::NotLeading { call } => !self.open.contains_key(&call),
            ToUser::Answer { call, epoch, .. } => self.open.get(&call).is_none_or(|&(_, asked)| epoch < asked),
        }
    }

    fn is_asked_over(&self, call: CallId, epoch: u16) -> bool {
        self.open.get(&call).is_some_and(|&(_, asked)| asked == epoch)
    }

    fn ask(&mut self, call: CallId, request: Request, cx: &mut Context<'_>) {
        let request = Arc::new(request);
        cx.fact(Fact::Asked { call, request: Arc::clone(&request) });
        self.open.insert(call, (request, self.epoch));
        if let Some(timeout) = cx.config().timing.user_timeout {
            cx.arm(Timer::UserOver(call), timeout);
        }
        self.send(call, cx);
    }

    fn send(&mut self, call: CallId, cx: &mut Context<'_>) {
        let Some((request, asked)) = self.open.get_mut(&call) else { return };
        *asked = self.epoch;
        let request = Arc::clone(request);
        send(cx, Role::Agent(self.agent), ToAgent::Api { epoch: self.epoch, call, request });
        match cx.config().timing.user_resend {
            Some(patience) => cx.arm(Timer::UserRetry(call), patience),
            None => cx.disarm(Timer::UserRetry(call)),
        }
    }

    fn receive(&mut self, msg: ToUser, cx: &mut Context<'_>) {
        match msg {
            ToUser::Connect { call, epoch } => {
                if self.open.get(&call).is_some_and(|&(_, asked)| epoch > asked) {
                    self.epoch = epoch.max(self.epoch);
                    self.send(call, cx);
                }
            }
            ToUser::Leading { .. } => (),
            ToUser::NotLeading { call } => self.turn_away(call, cx),
            // What was asked again over another connection is answered over that one: the agent there takes it up.
            ToUser::Answer { call, epoch, reply } => {
                if self.is_asked_over(call, epoch) {
                    self.close(call, reply, cx);
                }
            }
        }
    }

    /// An agent leads: what is open is asked of it.
    fn connect(&mut self, agent: u8, epoch: u16, cx: &mut Context<'_>) {
        if epoch < self.epoch {
            return;
        }
        (self.agent, self.epoch) = (agent, epoch);
        let elsewhere = self.open.iter().filter(|&(_, &(_, asked))| asked < epoch);
        let elsewhere: Vec<CallId> = elsewhere.map(|(&call, _)| call).collect();
        for call in elsewhere {
            self.send(call, cx);
        }
    }

    /// The agent is of no use: the next try goes to the other one.
    fn turn_away(&mut self, call: CallId, cx: &mut Context<'_>) {
        if self.open.contains_key(&call) {
            self.agent = cx.config().cluster.next_agent(self.agent);
            cx.arm(Timer::UserRetry(call), cx.config().timing.user_retry);
        }
    }

    fn close(&mut self, call: CallId, reply: Reply, cx: &mut Context<'_>) {
        let Some((request, _)) = self.open.remove(&call) else { return };
        cx.disarm(Timer::UserRetry(call));
        cx.disarm(Timer::UserOver(call));
        cx.fact(Fact::Answered { call, request, reply });
        cx.reply(call, reply);
    }

    /// Which user this is.
    #[must_use]
    pub fn number(&self) -> u8 {
        self.me
    }
}

#[cfg(test)]
mod tests {
    use quiesce_machine::{Effect, Node as _, NodeId, Outbox, step};

    use super::*;
    use crate::volume::{Cluster, Config, Policies, Timing, VolumeId};

    const CALL: CallId = CallId(7);

    /// A user that asked over the connection of epoch 1 and again over that of epoch 2.
    fn asked_twice() -> (Node, Config, NodeId) {
        let cluster = Cluster::new(1, 1, 1, false).unwrap();
        let config = Config { cluster, timing: Timing::default(), policies: Policies::hardened() };
        let me = cluster.node(Role::User(0));
        let mut user = Node::boot(me, &config);
        step(
            &mut user,
            me,
            &config,
            Event::Call { call: CALL, request: Request::DeleteVolume { volume: VolumeId(1) } },
        );
        for epoch in [1, 2] {
            hear(&mut user, &config, me, ToUser::Leading { epoch });
        }
        (user, config, me)
    }

    fn hear(user: &mut Node, config: &Config, me: NodeId, msg: ToUser) -> Outbox<Node> {
        let from = config.cluster.node(Role::Agent(0));
        step(user, me, config, Event::Deliver { from, msg: msg.into() })
    }

    #[test]
    fn an_answer_over_a_connection_that_was_given_up_is_not_heard() {
        let (mut user, config, me) = asked_twice();
        let before = user.clone();
        let answer = |epoch| ToUser::Answer { call: CALL, epoch, reply: Reply::NotFound };
        assert_eq!(hear(&mut user, &config, me, answer(1)), Outbox::new());
        assert_eq!(user, before);
        let heard = hear(&mut user, &config, me, answer(2));
        assert!(heard.effects.contains(&Effect::Reply { call: CALL, reply: Reply::NotFound }), "{heard:?}");
    }

    #[test]
    fn a_call_that_ended_is_past() {
        let (mut user, config, me) = asked_twice();
        let answer = |epoch| Msg::from(ToUser::Answer { call: CALL, epoch, reply: Reply::NotFound });
        let from = config.cluster.node(Role::Agent(0));
        let ignores = |user: &Node, msg| user.ignores(me, &Event::Deliver { from, msg }, &config);
        assert!(ignores(&user, answer(1)) && !ignores(&user, answer(2)));
        hear(&mut user, &config, me, ToUser::Answer { call: CALL, epoch: 2, reply: Reply::NotFound });
        assert!(ignores(&user, answer(2)) && ignores(&user, ToUser::NotLeading { call: CALL }.into()));
    }
}
