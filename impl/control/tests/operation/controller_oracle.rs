//! A controller among servers that fail in every way, against an oracle that was written from the rules and not from
//! the code: whatever goes wrong beside the webhook, the operation ends as the webhook's answers say.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use quiesce_control::operation::message::{Application, Fetched, Written};
use quiesce_control::operation::timer::{ControllerTimer, Timer};
use quiesce_control::operation::webhook::{CallResult, PollResult};
use quiesce_control::operation::{
    App, AppId, Behaviour, Cluster, Config, CorrelationId, JobId, Mode, Msg, Mutation, Node, Operation, Outcome,
    Policies, ProcessId, Reason, Spec, Status, Timing, ToApiServer, ToController, ToDirector, ToTenant, Webhook,
};
use quiesce_machine::{CallId, Effect, Event, Incarnation, Node as _, NodeId, step};

const APP: AppId = AppId(0);
const OP: CorrelationId = CorrelationId { user: 0, life: Incarnation(1), call: CallId(0) };
const JOB: JobId = JobId { op: OP, attempt: 0 };
const ME: NodeId = NodeId(3);

/// What the webhook does when it is asked, and whether time runs out before the next question.
#[derive(Clone, Copy, Debug)]
struct Ask {
    says: Says,
    then_time_is_over: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    Nothing,
    Error,
    /// Success to a call, in progress to a poll.
    Working,
    Odd,
    Done,
    Failed,
}

/// What goes wrong beside the webhook, one entry for each request to the director or the API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    None,
    /// It is refused or fails.
    Fails,
    /// It is carried out and its answer is lost.
    AnswerLost,
    /// It is lost.
    Lost,
}

fn ask() -> impl Strategy<Value = Ask> {
    let says = prop_oneof![
        2 => Just(Says::Nothing),
        2 => Just(Says::Error),
        3 => Just(Says::Working),
        1 => Just(Says::Odd),
        1 => Just(Says::Done),
        1 => Just(Says::Failed),
    ];
    (says, proptest::bool::weighted(0.1)).prop_map(|(says, then_time_is_over)| Ask { says, then_time_is_over })
}

fn trouble() -> impl Strategy<Value = Trouble> {
    prop_oneof![
        4 => Just(Trouble::None),
        1 => Just(Trouble::Fails),
        1 => Just(Trouble::AnswerLost),
        1 => Just(Trouble::Lost),
    ]
}

/// The rules: the first answer that says how it ended is the end; time that is over ends it as unknown after the
/// question that is under way; whoever was told a location polls.
fn oracle(mode: Mode, asks: &[Ask]) -> Outcome {
    let mut location = false;
    for ask in asks {
        match (mode, location, ask.says) {
            (Mode::Async, false, Says::Working | Says::Done | Says::Failed | Says::Odd) => location = true,
            (Mode::Async, true, Says::Done) | (Mode::Sync, _, Says::Working | Says::Done | Says::Odd) => return Ok(()),
            (Mode::Async, true, Says::Failed) => return Err(Reason::Reported),
            (Mode::Async | Mode::Sync | Mode::AsyncCallback, ..) => (),
        }
        if ask.then_time_is_over {
            return Err(Reason::Unknown);
        }
    }
    unreachable!("the last question ends it")
}

/// A controller and the servers around it, each of which the test plays.
struct World {
    config: Config,
    node: Node,
    record: Operation,
    row: Option<Outcome>,
    troubles: Vec<Trouble>,
    asks: std::vec::IntoIter<Ask>,
    location: bool,
    timers: BTreeSet<ControllerTimer>,
    calls_after_location: u32,
    applied: u32,
}

impl World {
    fn new(mode: Mode, asks: Vec<Ask>, troubles: Vec<Trouble>) -> Self {
        let webhook = Webhook { mode, timeout: None, retry_interval: Some(Duration::from_secs(5)) };
        let apps = vec![App { exists: true, webhook: Some(webhook), behaviour: Behaviour::default() }];
        let cluster = Cluster::new(1, 1).unwrap();
        let timing = Timing { lease: None, relist: None, ..Timing::default() };
        let config = Config { cluster, apps, timing, policies: Policies::hardened() };
        let (number, mutation) = (Some(1), Mutation::Unpair);
        let spec = Spec { app: APP, number, mutation, op: OP, webhooks: 1, plan: Some(webhook), readable: true };
        let record = Operation { generation: 1, version: 1, spec, status: None };
        let node = Node::boot(ME, &config);
        let (timers, asks) = (BTreeSet::new(), asks.into_iter());
        let (location, calls_after_location, applied) = (false, 0, 0);
        World { config, node, record, row: None, troubles, asks, location, timers, calls_after_location, applied }
    }

    /// Lets the controller work until its record has ended.
    fn run(&mut self) -> Outcome {
        let mut events = vec![Event::Start { incarnation: Incarnation(1), records: Vec::new() }];
        for _ in 0..2000 {
            let Some(event) = events.pop().or_else(|| self.wait()) else { panic!("a wedge: {:?}", self.node) };
            let out = step(&mut self.node, ME, &self.config, event);
            for effect in out.effects {
                events.splice(0..0, self.perform(effect));
            }
            if let (true, Some(status)) = (self.record.has_ended(), self.record.status) {
                return status.error.map_or(Ok(()), Err);
            }
        }
        panic!("it does not end: {:?}", self.record)
    }

    /// Nothing is under way: the timer that answers silence fires, else one that brings the next visit.
    fn wait(&mut self) -> Option<Event<Node>> {
        let order = [
            ControllerTimer::Http,
            ControllerTimer::Relist,
            ControllerTimer::Requeue(APP),
            ControllerTimer::PollDue(APP),
        ];
        let timer = order.into_iter().find(|timer| self.timers.remove(timer))?;
        Some(Event::Fire { timer: Timer::Controller(timer) })
    }

    fn perform(&mut self, effect: Effect<Node>) -> Vec<Event<Node>> {
        match effect {
            Effect::Send { msg, .. } => self.serve(msg),
            Effect::Arm { timer: Timer::Controller(timer), .. } => {
                self.timers.insert(timer);
                Vec::new()
            }
            Effect::Disarm { timer: Timer::Controller(timer) } => {
                self.timers.remove(&timer);
                Vec::new()
            }
            Effect::Arm { .. } | Effect::Disarm { .. } | Effect::Store { .. } | Effect::Reply { .. } => {
                panic!("not a controller's: {effect:?}")
            }
        }
    }

    fn serve(&mut self, msg: Msg) -> Vec<Event<Node>> {
        match msg {
            Msg::ToTenant(msg) => self.webhook(&msg),
            Msg::ToApiServer(ToApiServer::AcknowledgeWatch { .. }) => Vec::new(),
            msg @ (Msg::ToDirector(_) | Msg::ToApiServer(_)) => {
                let trouble = self.troubles.pop().unwrap_or(Trouble::None);
                if trouble == Trouble::Lost {
                    return Vec::new();
                }
                let answer = self.answer(msg, trouble == Trouble::Fails);
                let heard = answer.filter(|_| trouble != Trouble::AnswerLost);
                heard.map(|msg| self.deliver(msg)).into_iter().collect()
            }
            Msg::ToController(_) | Msg::ToUser(_) => panic!("not a controller's: {msg:?}"),
        }
    }

    fn deliver(&self, msg: ToController) -> Event<Node> {
        Event::Deliver { from: self.config.cluster.node(ProcessId::ApiServer), msg: msg.into() }
    }

    /// What the director or the API server does; `fails`: it refuses.
    fn answer(&mut self, msg: Msg, fails: bool) -> Option<ToController> {
        match msg {
            Msg::ToDirector(ToDirector::FetchApplication { app }) => {
                let webhook = self.config.apps[0].webhook;
                let found = Fetched::Found(Application { webhook, number: 1, ended: self.row });
                Some(ToController::ApplicationFetched { app, fetched: if fails { Fetched::Failed } else { found } })
            }
            Msg::ToDirector(ToDirector::PutOperation { op, outcome: told, .. }) if fails => {
                Some(ToController::PutFailed { op, told })
            }
            Msg::ToDirector(ToDirector::PutOperation { op, outcome: told, .. }) => {
                self.applied += u32::from(self.row.is_none());
                let recorded = *self.row.get_or_insert(told);
                Some(ToController::OperationPut { op, told, recorded })
            }
            Msg::ToApiServer(ToApiServer::ListOperations) => {
                let (revision, records) = (self.record.version, Arc::new(vec![self.record]));
                Some(ToController::OperationsListed { revision, records })
            }
            Msg::ToApiServer(ToApiServer::UpdateStatus { app, version, step, status }) => {
                let written = self.write(version, *status, fails);
                Some(ToController::StatusWritten { app, version, step, written })
            }
            other @ (Msg::ToDirector(_)
            | Msg::ToApiServer(_)
            | Msg::ToController(_)
            | Msg::ToTenant(_)
            | Msg::ToUser(_)) => {
                panic!("not asked by a controller that leads alone: {other:?}")
            }
        }
    }

    /// `fails`: somebody else has changed the record meanwhile.
    fn write(&mut self, version: u32, status: Status, fails: bool) -> Written {
        self.record.version += u32::from(fails);
        if version != self.record.version {
            return Written::Conflict;
        }
        self.record = Operation { version: version + 1, status: Some(status), ..self.record };
        Written::Ok(version + 1)
    }

    fn webhook(&mut self, msg: &ToTenant) -> Vec<Event<Node>> {
        let Ask { says, then_time_is_over } = self.asks.next().expect("the last question ends it");
        let answer = match msg {
            ToTenant::CallWebhook { polled, .. } => {
                self.calls_after_location += u32::from(self.location);
                let result = match (says, polled) {
                    (Says::Nothing, _) => None,
                    (Says::Error, _) | (Says::Failed, false) => Some(CallResult::Error),
                    (Says::Working | Says::Odd | Says::Done, false) => Some(CallResult::Success(None)),
                    (Says::Working | Says::Odd | Says::Done | Says::Failed, true) => {
                        self.location = true;
                        Some(CallResult::Success(Some(JOB)))
                    }
                };
                result.map(|result| ToController::WebhookAnswer { op: OP, result })
            }
            ToTenant::PollJob { job } => {
                let result = match says {
                    Says::Nothing => None,
                    Says::Error => Some(PollResult::Error),
                    Says::Working => Some(PollResult::InProgress),
                    Says::Odd => Some(PollResult::Odd),
                    Says::Done => Some(PollResult::Succeeded),
                    Says::Failed => Some(PollResult::Failed { error_text: true }),
                };
                result.map(|result| ToController::PollAnswer { job: *job, result })
            }
        };
        let overdue = Event::Fire { timer: Timer::Controller(ControllerTimer::Overdue(APP)) };
        let over = then_time_is_over.then_some(overdue);
        // What is last in the list happens first: an answer that ends it comes before time is over.
        over.into_iter().chain(answer.map(|msg| self.deliver(msg))).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_operation_ends_as_its_webhooks_answers_say_whatever_goes_wrong_beside(
        polled in any::<bool>(),
        mut asks in prop::collection::vec(ask(), 0..12),
        troubles in prop::collection::vec(trouble(), 0..40),
    ) {
        let mode = if polled { Mode::Async } else { Mode::Sync };
        // Ends it for certain: a location, a success; and time is over.
        let last = Ask { says: Says::Done, then_time_is_over: false };
        asks.extend([last, Ask { then_time_is_over: true, ..last }]);
        let expected = oracle(mode, &asks);
        let mut world = World::new(mode, asks, troubles);
        prop_assert_eq!(world.run(), expected);
        prop_assert_eq!(world.row, Some(expected), "the director knows");
        prop_assert_eq!((world.applied, world.calls_after_location), (1, 0));
    }
}
