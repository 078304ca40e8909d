//! Random calls, polls, failing stores and crashes of a tenant's system, against an oracle that was written from the
//! rules and not from the code.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use quiesce_control::operation::timer::{TenantTimer, Timer};
use quiesce_control::operation::webhook::{CallResult, PollResult};
use quiesce_control::operation::{
    Answers, App, AppId, Behaviour, Cluster, Config, CorrelationId, Ending, Fact, JobId, Mode, Msg, Node, Policies,
    ProcessId, Record, Request, Timing, ToController, ToTenant, Webhook,
};
use quiesce_machine::{
    CallId, Effect, Event, Incarnation, Node as _, NodeId, OpId, Record as _, StoreError, Write, step,
};

const APP: AppId = AppId(0);
const OPS: u32 = 3;
const TENANT: NodeId = NodeId(2);

#[derive(Clone, Copy, Debug)]
enum Happens {
    Call {
        op: u32,
        polled: bool,
    },
    Poll {
        op: u32,
    },
    /// The work of a job ends, if it works; the write of its end fails so often first.
    WorkEnds {
        op: u32,
        failures: u8,
    },
    Behave(Answers, Ending),
    /// It dies and starts again with what was durable.
    Restart,
}

fn happens() -> impl Strategy<Value = Happens> {
    let answers = prop_oneof![3 => Just(Answers::Accepts), 1 => Just(Answers::Refuses), 1 => Just(Answers::Gone)];
    let ends = prop_oneof![
        3 => Just(Ending::Succeeds),
        1 => Just(Ending::Fails),
        1 => Just(Ending::FailsWithText),
        1 => Just(Ending::SucceedsAfterOdd),
        1 => Just(Ending::Odd),
    ];
    prop_oneof![
        5 => (0..OPS, any::<bool>()).prop_map(|(op, polled)| Happens::Call { op, polled }),
        3 => (0..OPS).prop_map(|op| Happens::Poll { op }),
        4 => (0..OPS, 0u8..3).prop_map(|(op, failures)| Happens::WorkEnds { op, failures }),
        1 => (answers, ends).prop_map(|(answers, ends)| Happens::Behave(answers, ends)),
        1 => Just(Happens::Restart),
    ]
}

/// What one operation has had the tenant's system do.
#[derive(Clone, Copy)]
struct Job {
    polled: bool,
    ends: Ending,
    ended: bool,
    waiting: bool,
}

/// The rules: an operation has one job; who calls again joins it; a synchronous failure is forgotten; what is done is
/// done once.
struct Oracle {
    answers: Answers,
    ends: Ending,
    jobs: BTreeMap<u32, Job>,
}

const SUCCESSES: [Ending; 2] = [Ending::Succeeds, Ending::SucceedsAfterOdd];

impl Oracle {
    /// What the caller hears at once; nothing, if it has to wait.
    fn call(&mut self, op: u32, polled: bool) -> Option<CallResult> {
        if let Some(job) = self.jobs.get_mut(&op) {
            job.waiting = !job.polled && !job.ended;
            return match (job.polled, job.ended) {
                (true, _) => Some(CallResult::Success(Some(location(op)))),
                (false, true) => Some(CallResult::Success(None)),
                (false, false) => None,
            };
        }
        match self.answers {
            Answers::Refuses => Some(CallResult::Error),
            Answers::Gone => Some(CallResult::Gone),
            Answers::Accepts | Answers::AcceptsOrRefuses => {
                self.jobs.insert(op, Job { polled, ends: self.ends, ended: false, waiting: !polled });
                polled.then(|| CallResult::Success(Some(location(op))))
            }
        }
    }

    fn poll(&self, op: u32) -> PollResult {
        match self.jobs.get(&op) {
            None => PollResult::Error,
            Some(Job { ends: Ending::Odd, .. }) => PollResult::Odd,
            Some(Job { ends: Ending::SucceedsAfterOdd, ended: false, .. }) => PollResult::Odd,
            Some(Job { ended: false, .. }) => PollResult::InProgress,
            Some(Job { ends: Ending::Fails, .. }) => PollResult::Failed { error_text: false },
            Some(Job { ends: Ending::FailsWithText, .. }) => PollResult::Failed { error_text: true },
            Some(Job { .. }) => PollResult::Succeeded,
        }
    }

    /// Whether something is done, and what who waits hears.
    fn work_ends(&mut self, op: u32) -> (bool, Option<CallResult>) {
        let job = self.jobs.get_mut(&op).expect("it works");
        job.ended = true;
        let Job { polled, ends, waiting, .. } = *job;
        job.waiting = false;
        let done = SUCCESSES.contains(&ends);
        if !polled && !done {
            self.jobs.remove(&op);
        }
        let heard = if done { CallResult::Success(None) } else { CallResult::Error };
        (done, waiting.then_some(heard))
    }

    fn works(&self, op: u32) -> bool {
        self.jobs.get(&op).is_some_and(|job| !job.ended)
    }

    /// Who waited has lost the connection.
    fn restart(&mut self) {
        self.jobs.values_mut().for_each(|job| job.waiting = false);
        (self.answers, self.ends) = (Answers::Accepts, Ending::Succeeds);
    }
}

fn id(op: u32) -> CorrelationId {
    CorrelationId { user: 0, life: Incarnation(1), call: CallId(op) }
}

fn location(op: u32) -> JobId {
    JobId { op: id(op), attempt: 0 }
}

struct Tenant {
    config: Config,
    node: Node,
    disk: BTreeMap<quiesce_control::operation::RecordKey, Record>,
    life: Incarnation,
}

/// What a step came to, once every write is durable.
#[derive(Default)]
struct Came {
    answers: Vec<Msg>,
    done: usize,
}

impl Tenant {
    fn new() -> Self {
        let webhook = Webhook { mode: Mode::Sync, timeout: None, retry_interval: None };
        let behaviour = Behaviour { work: Duration::from_secs(1), ..Behaviour::default() };
        let apps = vec![App { exists: true, webhook: Some(webhook), behaviour }];
        let cluster = Cluster::new(1, 1).unwrap();
        let config = Config { cluster, apps, timing: Timing::default(), policies: Policies::hardened() };
        let node = Node::boot(TENANT, &config);
        let mut tenant = Tenant { config, node, disk: BTreeMap::new(), life: Incarnation(0) };
        tenant.restart();
        tenant
    }

    fn restart(&mut self) {
        self.life = self.life.next();
        self.node = Node::boot(TENANT, &self.config);
        let records = self.disk.values().cloned().collect();
        self.happens(Event::Start { incarnation: self.life, records }, 0);
    }

    fn deliver(&mut self, msg: ToTenant) -> Came {
        let from = self.config.cluster.node(ProcessId::Controller(0));
        self.happens(Event::Deliver { from, msg: msg.into() }, 0)
    }

    /// Hands over an event; each of the first writes fails or loses its answer, then they land.
    fn happens(&mut self, event: Event<Node>, mut failures: u8) -> Came {
        let (mut came, mut events) = (Came::default(), vec![event]);
        while let Some(event) = events.pop() {
            let out = step(&mut self.node, TENANT, &self.config, event);
            came.done += out.facts.iter().filter(|fact| matches!(fact, Fact::WebhookEffect { .. })).count();
            for effect in out.effects {
                match effect {
                    Effect::Send { msg, .. } => came.answers.push(msg),
                    Effect::Store { op, write } => {
                        let outcome = match failures {
                            0 => Ok(()),
                            odd if odd % 2 == 1 => Err(StoreError::Failed),
                            _ => Err(StoreError::Unknown),
                        };
                        failures = failures.saturating_sub(1);
                        self.land(write, outcome);
                        events.push(Event::Stored { op: OpId(op.0), outcome });
                    }
                    Effect::Arm { .. } | Effect::Disarm { .. } | Effect::Reply { .. } => (),
                }
            }
        }
        came
    }

    fn land(&mut self, write: Write<Record>, outcome: Result<(), StoreError>) {
        match (outcome, write) {
            (Err(StoreError::Failed), _) => (),
            (Ok(()) | Err(StoreError::Unknown), Write::Put(record)) => _ = self.disk.insert(record.key(), record),
            (Ok(()) | Err(StoreError::Unknown), Write::Remove(key)) => _ = self.disk.remove(&key),
        }
    }
}

fn answered(op: u32, result: Option<CallResult>) -> Vec<Msg> {
    result.map(|result| ToController::WebhookAnswer { op: id(op), result }.into()).into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_tenants_system_does_and_answers_as_the_oracle_says(sequence in prop::collection::vec(happens(), 1..60)) {
        let mut tenant = Tenant::new();
        let mut oracle = Oracle { answers: Answers::Accepts, ends: Ending::Succeeds, jobs: BTreeMap::new() };
        for happens in sequence {
            match happens {
                Happens::Call { op, polled } => {
                    let expected = answered(op, oracle.call(op, polled));
                    let came = tenant.deliver(ToTenant::CallWebhook { app: APP, op: id(op), polled });
                    prop_assert_eq!((came.answers, came.done), (expected, 0), "{:?}", happens);
                }
                Happens::Poll { op } => {
                    let expected: Msg = ToController::PollAnswer { job: location(op), result: oracle.poll(op) }.into();
                    let came = tenant.deliver(ToTenant::PollJob { job: location(op) });
                    prop_assert_eq!((came.answers, came.done), (vec![expected], 0), "{:?}", happens);
                }
                Happens::WorkEnds { op, failures } if oracle.works(op) => {
                    let (done, heard) = oracle.work_ends(op);
                    let timer = Timer::Tenant(TenantTimer::Work(location(op)));
                    let came = tenant.happens(Event::Fire { timer }, failures);
                    let expected = (answered(op, heard), usize::from(done));
                    prop_assert_eq!((came.answers, came.done), expected, "{:?}", happens);
                }
                Happens::WorkEnds { .. } => (),
                Happens::Behave(answers, ends) => {
                    (oracle.answers, oracle.ends) = (answers, ends);
                    let behaviour = Behaviour { answers, ends, work: Duration::from_secs(1) };
                    let request = Request::Behave { app: APP, behaviour };
                    tenant.happens(Event::Call { call: CallId(0), request }, 0);
                }
                Happens::Restart => {
                    oracle.restart();
                    tenant.restart();
                }
            }
        }
    }
}
