//! The walk on a model that is not ours: single-decree Paxos, as in Stateright's published example, on its `ActorModel`.
//!
//! A model of your own needs three things: a type around it, which forwards `stateright::Model`; a hash of its states;
//! and, if it is to be judged whether something is owed for ever, what a state owes and which steps are fair.
//!
//! ```text
//! cargo run -p quiesce-model --example any_model
//! ```

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::Hash;

use quiesce_model::content_hash;
use quiesce_model::fair::{Class, regions};
use quiesce_model::search::{Bounds, Explore, walk};
use stateright::actor::register::{RegisterActor, RegisterActorState, RegisterMsg};
use stateright::actor::{Actor, ActorModel, ActorModelAction, Id, Network, Out, majority, model_peers};
use stateright::semantics::LinearizabilityTester;
use stateright::semantics::register::Register;
use stateright::{Model, Property};

/// Stateright's model. Its own properties are not used: a property is of one model, and ours is [`Walked`].
type Paxos = ActorModel<RegisterActor<Acceptor>, (), LinearizabilityTester<Id, Register<char>>>;

/// Paxos, for the walk.
pub(crate) struct Walked(Paxos);

impl Model for Walked {
    type State = <Paxos as Model>::State;
    type Action = <Paxos as Model>::Action;

    fn init_states(&self) -> Vec<Self::State> {
        self.0.init_states()
    }

    fn actions(&self, state: &Self::State, actions: &mut Vec<Self::Action>) {
        self.0.actions(state, actions);
    }

    fn next_state(&self, state: &Self::State, action: Self::Action) -> Option<Self::State> {
        self.0.next_state(state, action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("linearizable", |_, state: &Self::State| state.history.serialized_history().is_some()),
            Property::sometimes("value chosen", |_, state: &Self::State| {
                let mut mail = state.network.iter_deliverable();
                mail.any(|envelope| matches!(envelope.msg, RegisterMsg::GetOk(_, value) if *value != char::default()))
            }),
        ]
    }
}

impl Explore for Walked {
    fn fingerprint(&self, state: &Self::State) -> u64 {
        content_hash(state)
    }

    /// What is sent arrives: no delivery may be put off for ever. No run of this model comes back to a state, so that one
    /// class does for all messages; where runs can go round, give each message its own.
    fn class(&self, action: &Self::Action) -> Class {
        if matches!(action, ActorModelAction::Deliver { .. }) { Class(1) } else { Class::UNFAIR }
    }

    /// Every client is owed an answer while it waits.
    fn owed(&self, state: &Self::State, owed: &mut Vec<u32>) {
        let waits =
            |actor: &RegisterActorState<_, _>| matches!(actor, RegisterActorState::Client { awaiting: Some(_), .. });
        owed.extend((0..).zip(&state.actor_states).filter(|(_, actor)| waits(actor)).map(|(client, _)| client));
    }
}

type Ballot = (u32, Id);
type Proposal = (u64, Id, char);
type Msg = RegisterMsg<u64, char, Internal>;

/// What servers tell each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Internal {
    Prepare(Ballot),
    Prepared(Ballot, Option<(Ballot, Proposal)>),
    Accept(Ballot, Proposal),
    Accepted(Ballot),
    Decided(Ballot, Proposal),
}

/// A server: acceptor of all proposals and leader of its own.
#[derive(Clone, Debug)]
pub(crate) struct Acceptor {
    peers: Vec<Id>,
}

/// What a server remembers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Memory {
    ballot: Ballot,
    proposal: Option<Proposal>,
    prepared: BTreeMap<Id, Option<(Ballot, Proposal)>>,
    accepted_by: Vec<Id>,
    accepted: Option<(Ballot, Proposal)>,
    decided: bool,
}

impl Actor for Acceptor {
    type Msg = Msg;
    type State = Memory;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> Memory {
        Memory {
            ballot: (0, Id::from(0)),
            proposal: None,
            prepared: BTreeMap::new(),
            accepted_by: Vec::new(),
            accepted: None,
            decided: false,
        }
    }

    fn on_msg(&self, me: Id, memory: &mut Cow<'_, Memory>, from: Id, msg: Msg, out: &mut Out<Self>) {
        if memory.decided {
            if let (RegisterMsg::Get(request), Some((_, (_, _, value)))) = (msg, memory.accepted) {
                out.send(from, RegisterMsg::GetOk(request, value));
            }
            return;
        }
        match msg {
            RegisterMsg::Put(request, value) if memory.proposal.is_none() => {
                let memory = memory.to_mut();
                memory.proposal = Some((request, from, value));
                memory.ballot = (memory.ballot.0 + 1, me);
                memory.prepared = BTreeMap::from([(me, memory.accepted)]);
                memory.accepted_by.clear();
                out.broadcast(&self.peers, &RegisterMsg::Internal(Internal::Prepare(memory.ballot)));
            }
            RegisterMsg::Internal(msg) => self.on_internal(me, memory, from, msg, out),
            RegisterMsg::Put(..) | RegisterMsg::Get(_) | RegisterMsg::PutOk(_) | RegisterMsg::GetOk(..) => (),
        }
    }
}

impl Acceptor {
    fn on_internal(&self, me: Id, memory: &mut Cow<'_, Memory>, from: Id, msg: Internal, out: &mut Out<Self>) {
        let quorum = majority(self.peers.len() + 1);
        match msg {
            Internal::Prepare(ballot) if memory.ballot < ballot => {
                memory.to_mut().ballot = ballot;
                out.send(from, RegisterMsg::Internal(Internal::Prepared(ballot, memory.accepted)));
            }
            Internal::Prepared(ballot, accepted) if memory.ballot == ballot => {
                let memory = memory.to_mut();
                memory.prepared.insert(from, accepted);
                if memory.prepared.len() == quorum {
                    let latest = memory.prepared.values().flatten().max().map(|&(_, proposal)| proposal);
                    let proposal = latest.or(memory.proposal).expect("a leader has a proposal");
                    memory.proposal = Some(proposal);
                    memory.accepted = Some((ballot, proposal));
                    memory.accepted_by = vec![me];
                    out.broadcast(&self.peers, &RegisterMsg::Internal(Internal::Accept(ballot, proposal)));
                }
            }
            Internal::Accept(ballot, proposal) if memory.ballot <= ballot => {
                let memory = memory.to_mut();
                memory.ballot = ballot;
                memory.accepted = Some((ballot, proposal));
                out.send(from, RegisterMsg::Internal(Internal::Accepted(ballot)));
            }
            Internal::Accepted(ballot) if memory.ballot == ballot => {
                let memory = memory.to_mut();
                memory.accepted_by.push(from);
                memory.accepted_by.sort();
                memory.accepted_by.dedup();
                if memory.accepted_by.len() == quorum {
                    let proposal = memory.proposal.expect("a leader has a proposal");
                    memory.decided = true;
                    out.broadcast(&self.peers, &RegisterMsg::Internal(Internal::Decided(ballot, proposal)));
                    out.send(proposal.1, RegisterMsg::PutOk(proposal.0));
                }
            }
            Internal::Decided(ballot, proposal) => {
                let memory = memory.to_mut();
                memory.ballot = ballot;
                memory.accepted = Some((ballot, proposal));
                memory.decided = true;
            }
            Internal::Prepare(_) | Internal::Prepared(..) | Internal::Accept(..) | Internal::Accepted(_) => (),
        }
    }
}

/// Three servers and so many clients, each of which writes once and then reads.
pub(crate) fn paxos(clients: usize) -> Walked {
    let servers = 3;
    let server = |index| RegisterActor::Server(Acceptor { peers: model_peers(index, servers) });
    let client = |_| RegisterActor::Client { put_count: 1, server_count: servers };
    let model = ActorModel::new((), LinearizabilityTester::new(Register(char::default())));
    let model = model.actors((0..servers).map(server)).actors((0..clients).map(client));
    let model = model.init_network(Network::new_unordered_nonduplicating([]));
    Walked(model.record_msg_in(RegisterMsg::record_returns).record_msg_out(RegisterMsg::record_invocations))
}

#[allow(dead_code, reason = "a test takes this file in for its model")]
fn main() {
    let model = paxos(2);
    let found = walk(&model, Bounds::default());
    println!("{} unique states, {} generated, depth {}", found.unique(), found.generated, found.depth);
    assert_eq!((found.unique(), found.shortfall), (16_668, None), "as many as Stateright publishes");

    let [linearizable, chosen] = [found.found(0), found.found(1)];
    assert_eq!(linearizable, None, "no run violates what always holds");
    let route = found.route(&model, chosen.expect("a value can be chosen"));
    println!("a value is chosen after {} steps; the last: {:?}", route.actions.len(), route.actions.last());

    for client in found.debts.all() {
        let stuck = regions(found.debts.graph(), &found.debts.owing(&[client]));
        let first = stuck.first().expect("with two leaders, one may never hear of its proposal");
        let route = found.route(&model, first.first());
        println!("client {client} may wait for ever after {} steps: nobody asks again", route.actions.len());
    }
}
