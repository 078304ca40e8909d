//! Random requests to a director, against an oracle that was written from the rules and not from the code.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use quiesce_control::operation::message::{ToController, ToDirector, ToUser};
use quiesce_control::operation::{
    App, AppId, Behaviour, Cluster, Config, CorrelationId, LastOperation, Msg, Mutated, Mutation, Node, Outcome,
    Policies, ProcessId, Reason, Timing,
};
use quiesce_machine::{CallId, Effect, Event, Incarnation, Node as _, NodeId, OpId, step};

const APP: AppId = AppId(0);

/// What happens to the director. Requests repeat, completions come late, and the process dies between two of them.
#[derive(Clone, Copy, Debug)]
enum Happens {
    Mutate { request: u32, mutation: Mutation, sync: bool },
    Complete { number: u32, outcome: Outcome },
    Ask,
    Restart,
}

fn happens() -> impl Strategy<Value = Happens> {
    let mutation = prop_oneof![Just(Mutation::Unpair), Just(Mutation::Unregister), Just(Mutation::Register)];
    let outcome = prop_oneof![Just(Ok(())), Just(Err(Reason::Reported)), Just(Err(Reason::Unknown))];
    prop_oneof![
        4 => (0u32..12, mutation, proptest::bool::weighted(0.2))
            .prop_map(|(request, mutation, sync)| Happens::Mutate { request, mutation, sync }),
        4 => (1u32..5, outcome).prop_map(|(number, outcome)| Happens::Complete { number, outcome }),
        1 => Just(Happens::Ask),
        1 => Just(Happens::Restart),
    ]
}

/// The rules: one operation at a time, a request once, a completion only of the operation that runs.
#[derive(Default)]
struct Oracle {
    gone: bool,
    accepted: u32,
    running: Option<Mutation>,
    ended: Option<Outcome>,
    error: Option<Reason>,
    requests: BTreeSet<u32>,
}

impl Oracle {
    fn mutate(&mut self, request: u32, mutation: Mutation, sync: bool) -> &'static str {
        if self.requests.contains(&request) {
            return if sync { "done" } else { "accepted" };
        }
        if mutation == Mutation::Register || self.gone {
            return "refused";
        }
        if self.running.is_some() {
            return "rejected";
        }
        self.requests.insert(request);
        if sync {
            self.gone = mutation == Mutation::Unregister;
            return "done";
        }
        (self.running, self.ended, self.error) = (Some(mutation), None, None);
        self.accepted += 1;
        "accepted"
    }

    /// How the director says that the operation ended; none: it refuses.
    fn complete(&mut self, number: u32, outcome: Outcome) -> Option<Outcome> {
        if number > self.accepted {
            return None;
        }
        if number < self.accepted {
            return Some(outcome);
        }
        if let Some(mutation) = self.running.take() {
            self.ended = Some(outcome);
            self.error = outcome.err();
            self.gone |= mutation == Mutation::Unregister && outcome.is_ok();
        }
        self.ended
    }

    fn status(&self) -> &'static str {
        match (self.gone, self.running, self.error) {
            (true, ..) => "not-found",
            (false, Some(_), _) => "in-progress",
            (false, None, Some(_)) => "failed",
            (false, None, None) => "succeeded",
        }
    }
}

struct Director {
    config: Config,
    node: Node,
    record: Vec<quiesce_control::operation::Record>,
    life: Incarnation,
}

impl Director {
    fn new() -> Self {
        let app = App { exists: true, webhook: None, behaviour: Behaviour::default() };
        let timing = Timing { poll: Duration::from_secs(1), ..Timing::default() };
        let cluster = Cluster::new(1, 1).unwrap();
        let config = Config { cluster, apps: vec![app], timing, policies: Policies::hardened() };
        let node = Node::boot(NodeId(0), &config);
        let mut director = Director { config, node, record: Vec::new(), life: Incarnation(0) };
        director.restart();
        director
    }

    fn restart(&mut self) {
        self.life = self.life.next();
        self.node = Node::boot(NodeId(0), &self.config);
        let event = Event::Start { incarnation: self.life, records: self.record.clone() };
        step(&mut self.node, NodeId(0), &self.config, event);
    }

    /// Delivers a message, lets every write become durable, and returns what was sent to users and controllers.
    fn deliver(&mut self, msg: ToDirector) -> Vec<Msg> {
        let from = self.config.cluster.node(ProcessId::User(0));
        let mut out = step(&mut self.node, NodeId(0), &self.config, Event::Deliver { from, msg: msg.into() });
        let mut sent = Vec::new();
        loop {
            let mut stored = None;
            for effect in out.effects {
                match effect {
                    Effect::Store { op, write: quiesce_machine::Write::Put(record) } => {
                        self.record = vec![record];
                        stored = Some(op);
                    }
                    Effect::Send { msg: msg @ (Msg::ToUser(_) | Msg::ToController(_)), .. } => sent.push(msg),
                    Effect::Store { .. } => panic!("a row is never removed"),
                    Effect::Send { .. } | Effect::Arm { .. } | Effect::Disarm { .. } | Effect::Reply { .. } => (),
                }
            }
            let Some(op @ OpId(_)) = stored else { return sent };
            out = step(&mut self.node, NodeId(0), &self.config, Event::Stored { op, outcome: Ok(()) });
        }
    }

    fn one<T>(&mut self, msg: ToDirector, take: impl Fn(&Msg) -> Option<T>) -> T {
        let sent = self.deliver(msg);
        let [answer] = sent.as_slice() else { panic!("one answer, found {sent:?}") };
        take(answer).unwrap_or_else(|| panic!("another kind of answer: {answer:?}"))
    }

    fn mutate(&mut self, request: u32, mutation: Mutation, sync: bool) -> &'static str {
        let op = CorrelationId { user: 0, life: Incarnation(1), call: CallId(request) };
        self.one(ToDirector::Mutate { op, app: APP, mutation, sync, readable: true }, |msg| {
            let Msg::ToUser(ToUser::MutationAnswer { mutated, .. }) = msg else { return None };
            Some(word(*mutated))
        })
    }

    fn complete(&mut self, number: u32, outcome: Outcome, mutation: Mutation) -> Option<Outcome> {
        let op = CorrelationId { user: 9, life: Incarnation(1), call: CallId(number) };
        let put = ToDirector::PutOperation { app: APP, op, number: Some(number), mutation, outcome };
        self.one(put, |msg| {
            let Msg::ToController(msg) = msg else { return None };
            if let ToController::OperationPut { recorded, .. } = msg {
                return Some(Some(*recorded));
            }
            matches!(msg, ToController::PutFailed { .. }).then_some(None)
        })
    }

    fn status(&mut self) -> &'static str {
        self.one(ToDirector::GetLastOperation { call: CallId(0), app: APP }, |msg| {
            let Msg::ToUser(ToUser::LastOperationAnswer { last, .. }) = msg else { return None };
            Some(match last {
                LastOperation::InProgress(_) => "in-progress",
                LastOperation::Succeeded(_) => "succeeded",
                LastOperation::Failed(..) => "failed",
                LastOperation::NotFound => "not-found",
            })
        })
    }
}

fn word(mutated: Mutated) -> &'static str {
    use quiesce_machine::Label as _;
    mutated.label()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_director_answers_as_the_oracle_says(sequence in prop::collection::vec(happens(), 1..60)) {
        let (mut director, mut oracle) = (Director::new(), Oracle::default());
        for happens in sequence {
            match happens {
                Happens::Mutate { request, mutation, sync } => {
                    let expected = oracle.mutate(request, mutation, sync);
                    prop_assert_eq!(director.mutate(request, mutation, sync), expected, "{:?}", happens);
                }
                Happens::Complete { number, outcome } => {
                    let mutation = oracle.running.unwrap_or(Mutation::Unpair);
                    let expected = oracle.complete(number, outcome);
                    prop_assert_eq!(director.complete(number, outcome, mutation), expected, "{:?}", happens);
                }
                Happens::Ask => prop_assert_eq!(director.status(), oracle.status()),
                Happens::Restart => director.restart(),
            }
        }
        prop_assert_eq!(director.status(), oracle.status());
    }
}
