//! A user's program: starts jobs, polls until they end, backs off between polls.
//!
//! Every request of a user has one HTTP request under way at most. A late answer to an earlier try counts as an answer:
//! a status is never untrue later, and a start names the same job however often it is asked for.
//! Source: `reference/aistore-information-center.md` section 9, the IC wait.

mod errand;
mod listing;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use quiesce_machine::{CallId, Event, Incarnation, Rename};

use super::ask::{AskError, Everywhere, Question};
use super::buckets::BucketChange;
use super::config::Timing;
use super::fact::Fact;
use super::id::{DaemonId, JobName, XactId};
use super::job::{JobSpec, Status};
use super::kind::Kind;
use super::membership::{AdminError, Change};
use super::message::{Msg, QueryError, Select, StartError, ToClient, ToProxy, ToTarget};
use super::policy::GatewayDown;
use super::registry as snaps;
use super::timer::{ClientTimer, Timer};
use super::user::{Awaited, Outcome, Reply, Request};
use super::{Context, Node, send};

/// A client's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Rename)]
pub struct Client {
    me: DaemonId,
    life: Incarnation,
    jobs: BTreeMap<JobName, Job>,
    starts: BTreeMap<CallId, Start>,
    queries: BTreeMap<CallId, Query>,
    listings: BTreeMap<CallId, listing::Listing>,
    admins: BTreeMap<CallId, Admin>,
    errands: BTreeMap<CallId, errand::Open>,
    /// Work handed to a target, not known to be done.
    puts: BTreeSet<CallId>,
}

/// A change of membership or buckets that has not been answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Rename)]
struct Admin {
    wanted: Wanted,
    gateway: DaemonId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Rename)]
enum Wanted {
    Membership(Change),
    Buckets(BucketChange),
}

/// A job by the client's own name for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Rename)]
enum Job {
    Starting,
    Started(XactId, Kind),
    Failed,
}

/// A start that has not been answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Rename)]
struct Start {
    name: JobName,
    gateway: DaemonId,
    spec: Arc<JobSpec>,
}

/// A wait or a status query that has not been answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Rename)]
struct Query {
    what: Awaited,
    /// The kind of a job that is known by its id alone, once a target has told it.
    kind: Option<Kind>,
    gateway: DaemonId,
    /// A wait goes on until the job has ended; a status query ends with the first answer.
    waits: bool,
    phase: Phase,
    sleep: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Rename)]
enum Phase {
    /// The job's start has not been answered yet.
    Held,
    /// An HTTP request is under way.
    Asking,
    /// Between two polls.
    Sleeping,
}

impl Client {
    pub(crate) fn new(me: DaemonId) -> Self {
        Client {
            me,
            life: Incarnation::default(),
            jobs: BTreeMap::new(),
            starts: BTreeMap::new(),
            queries: BTreeMap::new(),
            listings: BTreeMap::new(),
            admins: BTreeMap::new(),
            errands: BTreeMap::new(),
            puts: BTreeSet::new(),
        }
    }

    pub(crate) fn handle(&mut self, event: Event<Node>, cx: &mut Context<'_>) {
        match event {
            Event::Start { incarnation, .. } => self.life = incarnation,
            Event::Call { call, request: Request::Start { name, via, spec } } => self.start(call, name, via, spec, cx),
            Event::Call { call, request: Request::Wait { what, via, deadline } } => {
                cx.fact(Fact::WaitBegan { call });
                if let Some(deadline) = deadline {
                    cx.arm(ClientTimer::Deadline(call).into(), deadline);
                }
                self.query(call, what, via, true, cx);
            }
            Event::Call { call, request: Request::Status { what, via } } => {
                cx.fact(Fact::StatusAsked { call });
                self.query(call, what, via, false, cx);
            }
            Event::Call { call, request: Request::StatusAll { kind, via } } => self.list(call, kind, via, cx),
            Event::Call { call, request: Request::Admin { change, via } } => {
                cx.fact(Fact::ChangeAsked { call, change });
                self.admins.insert(call, Admin { wanted: Wanted::Membership(change), gateway: via });
                self.ask_admin(call, cx);
            }
            Event::Call { call, request: Request::Bucket { change, via } } => {
                cx.fact(Fact::BucketAsked { call, change });
                self.admins.insert(call, Admin { wanted: Wanted::Buckets(change), gateway: via });
                self.ask_admin(call, cx);
            }
            Event::Call { call, request: Request::Errand { errand, via } } => self.errand(call, errand, via, cx),
            Event::Call { call, request: Request::Put { to, piece } } => {
                self.puts.insert(call);
                send(cx, to, ToTarget::Put { call, piece });
            }
            Event::Call { request: request @ (Request::Join { .. } | Request::Load { .. }), .. } => {
                unreachable!("not asked of clients: {request:?}")
            }
            Event::Deliver { msg: Msg::ToClient(msg), .. } => self.answer(msg, cx),
            Event::Deliver {
                msg: msg @ (Msg::ToProxy(_) | Msg::ToTarget(_) | Msg::Cluster(_) | Msg::Rebalance(_)),
                ..
            } => {
                unreachable!("not for a client: {msg:?}")
            }
            Event::Bounce { msg, .. } => self.refused(&msg, cx),
            Event::Fire { timer: Timer::Client(timer) } => self.fire(timer, cx),
            Event::Fire { timer } => unreachable!("not a client's: {timer:?}"),
            Event::Stored { op, .. } => unreachable!("a client stores nothing, found {op:?}"),
        }
    }

    /// Whether a call has been answered, as there is nothing that could answer it again: no answer comes before its call.
    pub(super) fn is_through_with(&self, call: CallId) -> bool {
        !(self.starts.contains_key(&call) || self.queries.contains_key(&call) || self.admins.contains_key(&call))
    }

    fn start(&mut self, call: CallId, name: JobName, gateway: DaemonId, spec: Arc<JobSpec>, cx: &mut Context<'_>) {
        cx.fact(Fact::StartAsked { call });
        self.jobs.insert(name, Job::Starting);
        self.starts.insert(call, Start { name, gateway, spec });
        self.ask_start(call, cx);
    }

    fn query(&mut self, call: CallId, what: Awaited, gateway: DaemonId, waits: bool, cx: &mut Context<'_>) {
        let sleep = cx.config().timing.poll_first;
        self.queries.insert(call, Query { what, kind: None, gateway, waits, phase: Phase::Held, sleep });
        self.poll(call, cx);
    }

    fn answer(&mut self, msg: ToClient, cx: &mut Context<'_>) {
        match msg {
            ToClient::StartAnswer { call, result } => self.start_answered(call, result, cx),
            ToClient::AskAnswer { call, result } if self.queries.contains_key(&call) => {
                self.kind_told(call, result, cx)
            }
            ToClient::AskAnswer { call, result } => self.asked_everywhere(call, result, cx),
            ToClient::ListAnswer { call, result } => self.listed(call, result, cx),
            ToClient::WorkDone { call, done } => self.worked(call, done, cx),
            ToClient::StatusAnswer { call, result } => self.status_answered(call, result, cx),
            ToClient::BucketAnswer { call, result } => self.changed(call, result.map_err(Reply::BucketRefused), cx),
            ToClient::AdminAnswer { call, result } => self.admin_answered(call, result, cx),
            ToClient::StatusesAnswer { call, result } => self.list_answered(call, result, cx),
            ToClient::Redirect { call, to } if self.listings.contains_key(&call) => self.ask_list(call, to, cx),
            ToClient::Redirect { call, to } => {
                if let Some(Query { what: Awaited::Kind(kind), phase: Phase::Asking, .. }) = self.queries.get(&call) {
                    send(cx, to, ToProxy::StatusRequest { call, select: Select::Kind(*kind) });
                }
            }
        }
    }

    fn worked(&mut self, call: CallId, done: bool, cx: &mut Context<'_>) {
        if self.puts.remove(&call) {
            cx.reply(call, Reply::Worked(done));
        }
    }

    fn start_answered(&mut self, call: CallId, result: Result<XactId, StartError>, cx: &mut Context<'_>) {
        let Some(start) = self.starts.remove(&call) else { return };
        cx.disarm(ClientTimer::Request(call).into());
        cx.disarm(ClientTimer::Poll(call).into());
        let (job, reply) = match result {
            Ok(id) => {
                cx.fact(Fact::StartAnswered { call, job: id });
                (Job::Started(id, start.spec.kind), Reply::Started(id))
            }
            Err(error) => {
                cx.fact(Fact::StartFailed { call });
                (Job::Failed, Reply::StartFailed(error))
            }
        };
        self.jobs.insert(start.name, job);
        cx.reply(call, reply);
        let held = |query: &Query| query.phase == Phase::Held && query.what == Awaited::Job(start.name);
        let held: Vec<CallId> = self.queries.iter().filter(|(_, query)| held(query)).map(|(&call, _)| call).collect();
        for call in held {
            self.poll(call, cx);
        }
    }

    /// A change that may succeed later is asked for again, through another gateway.
    fn admin_answered(&mut self, call: CallId, result: Result<(), AdminError>, cx: &mut Context<'_>) {
        match (result, self.admins.get_mut(&call)) {
            (Err(error), Some(admin)) if error.is_passing() => {
                admin.gateway = cx.config().cluster.next_proxy(admin.gateway);
                cx.disarm(ClientTimer::Request(call).into());
                cx.arm(ClientTimer::Poll(call).into(), cx.config().timing.poll_first);
            }
            (result, _) => self.changed(call, result.map_err(Reply::Refused), cx),
        }
    }

    fn changed(&mut self, call: CallId, result: Result<(), Reply>, cx: &mut Context<'_>) {
        if self.admins.remove(&call).is_none() {
            return;
        }
        cx.disarm(ClientTimer::Request(call).into());
        cx.disarm(ClientTimer::Poll(call).into());
        cx.fact(Fact::ChangeReturned { call });
        cx.reply(call, result.err().unwrap_or(Reply::Changed));
    }

    fn ask_admin(&self, call: CallId, cx: &mut Context<'_>) {
        let Admin { wanted, gateway } = self.admins[&call];
        match wanted {
            Wanted::Membership(change) => send(cx, gateway, ToProxy::AdminRequest { call, change }),
            Wanted::Buckets(change) => send(cx, gateway, ToProxy::BucketRequest { client: self.me, call, change }),
        }
        arm_request(call, cx);
    }

    fn status_answered(&mut self, call: CallId, result: Result<Status, QueryError>, cx: &mut Context<'_>) {
        let Some(query) = self.queries.get_mut(&call) else { return };
        match result {
            Ok(status) if !query.waits || status.end_time.is_some() => self.told(call, Outcome::Status(status), cx),
            Ok(_) if query.phase == Phase::Asking => self.sleep(call, cx),
            Ok(_) => (),
            Err(QueryError::NotFound) => self.told(call, Outcome::NotFound, cx),
            Err(QueryError::BadGateway) => match cx.config().policies.gateway_down {
                GatewayDown::SameAgain => self.told(call, Outcome::Unreachable, cx),
                GatewayDown::NextGateway => self.try_next(call, cx),
            },
        }
    }

    /// The peer's process is down.
    fn refused(&mut self, msg: &Msg, cx: &mut Context<'_>) {
        if let Msg::ToTarget(ToTarget::Put { call, .. }) = msg {
            self.worked(*call, false, cx);
        }
        if let Msg::ToProxy(ToProxy::Ask { call, .. }) | Msg::ToTarget(ToTarget::Asked { call, .. }) = msg {
            match self.queries.contains_key(call) {
                true => self.try_next(*call, cx),
                false => self.errand_unserved(*call, cx),
            }
        }
        if let Msg::ToProxy(
            ToProxy::StartRequest { call, .. }
            | ToProxy::StatusRequest { call, .. }
            | ToProxy::BucketRequest { call, .. }
            | ToProxy::AdminRequest { call, .. },
        ) = msg
        {
            cx.disarm(ClientTimer::Request(*call).into());
            self.try_next(*call, cx);
        }
    }

    fn fire(&mut self, timer: ClientTimer, cx: &mut Context<'_>) {
        match timer {
            ClientTimer::Request(call) if self.errands.contains_key(&call) => self.errand_unserved(call, cx),
            ClientTimer::Poll(call) if self.errands.contains_key(&call) => self.ask_errand(call, cx),
            ClientTimer::Request(call) => self.try_next(call, cx),
            ClientTimer::Poll(call) if self.listings.contains_key(&call) => self.list_again(call, cx),
            ClientTimer::Poll(call) if self.starts.contains_key(&call) => self.ask_start(call, cx),
            ClientTimer::Poll(call) if self.admins.contains_key(&call) => self.ask_admin(call, cx),
            ClientTimer::Poll(call) => self.poll(call, cx),
            ClientTimer::Deadline(call) => self.told(call, Outcome::TimedOut, cx),
        }
    }

    fn ask_start(&mut self, call: CallId, cx: &mut Context<'_>) {
        let start = &self.starts[&call];
        let request = XactId::of_request(self.me, self.life, call);
        send(cx, start.gateway, ToProxy::StartRequest { call, request, spec: Arc::clone(&start.spec) });
        arm_request(call, cx);
    }

    /// Sends the query's next HTTP request, or ends or holds it where there is none to send.
    fn poll(&mut self, call: CallId, cx: &mut Context<'_>) {
        let Some(query) = self.queries.get_mut(&call) else { return };
        let (select, kind) = match query.what {
            Awaited::Kind(kind) => (Select::Kind(kind), kind),
            Awaited::Job(name) => match self.jobs.get(&name) {
                Some(&Job::Started(id, kind)) => (Select::Id(id), kind),
                Some(Job::Starting) => return,
                Some(Job::Failed) | None => return self.told(call, Outcome::NotStarted, cx),
            },
            Awaited::Id(id) => match query.kind {
                Some(kind) => (Select::Id(id), kind),
                None => {
                    query.phase = Phase::Asking;
                    let question = Arc::new(Question::Snaps { query: snaps::Query::id(id), recent: false });
                    send(cx, query.gateway, ToProxy::Ask { call, question });
                    return arm_request(call, cx);
                }
            },
        };
        if !kind.is_ic_tracked() {
            return self.told(call, Outcome::NotTracked(kind), cx);
        }
        query.phase = Phase::Asking;
        send(cx, query.gateway, ToProxy::StatusRequest { call, select });
        arm_request(call, cx);
    }

    /// The targets say of what kind the job is that a query names by its id alone.
    fn kind_told(&mut self, call: CallId, result: Result<Everywhere, AskError>, cx: &mut Context<'_>) {
        let Some(query) = self.queries.get_mut(&call).filter(|query| query.kind.is_none()) else { return };
        cx.disarm(ClientTimer::Request(call).into());
        match result {
            Ok(shown) => {
                query.kind = shown.iter().flat_map(|(_, lines)| lines).map(|line| line.kind).next();
                match query.kind {
                    Some(_) => self.poll(call, cx),
                    None => self.told(call, Outcome::NotFound, cx),
                }
            }
            Err(AskError::NotFound) => self.told(call, Outcome::NotFound, cx),
            Err(AskError::Silent(_) | AskError::Conflict(_)) => self.sleep(call, cx),
        }
    }

    /// Sleeps before the next poll, longer each time.
    fn sleep(&mut self, call: CallId, cx: &mut Context<'_>) {
        cx.disarm(ClientTimer::Request(call).into());
        let Some(query) = self.queries.get_mut(&call) else { return };
        query.phase = Phase::Sleeping;
        cx.arm(ClientTimer::Poll(call).into(), query.sleep);
        query.sleep = longer(query.sleep, &cx.config().timing);
    }

    /// The gateway did not serve this request: what now?
    fn try_next(&mut self, call: CallId, cx: &mut Context<'_>) {
        if self.admins.contains_key(&call) {
            return self.admin_answered(call, Err(AdminError::PrimaryDown), cx);
        }
        if self.listings.contains_key(&call) {
            return self.list_unserved(call, cx);
        }
        let policy = cx.config().policies.gateway_down;
        let next = |gateway: DaemonId| match policy {
            GatewayDown::SameAgain => gateway,
            GatewayDown::NextGateway => cx.config().cluster.next_proxy(gateway),
        };
        if let Some(start) = self.starts.get_mut(&call) {
            start.gateway = next(start.gateway);
            match policy {
                GatewayDown::SameAgain => self.start_answered(call, Err(StartError::GatewaySilent), cx),
                GatewayDown::NextGateway => cx.arm(ClientTimer::Poll(call).into(), cx.config().timing.poll_first),
            }
        } else if let Some(query) = self.queries.get_mut(&call) {
            query.gateway = next(query.gateway);
            match policy {
                GatewayDown::SameAgain if !query.waits => self.told(call, Outcome::Unreachable, cx),
                GatewayDown::SameAgain | GatewayDown::NextGateway => self.sleep(call, cx),
            }
        }
    }

    fn told(&mut self, call: CallId, outcome: Outcome, cx: &mut Context<'_>) {
        let Some(query) = self.queries.remove(&call) else { return };
        for timer in [ClientTimer::Request(call), ClientTimer::Poll(call), ClientTimer::Deadline(call)] {
            cx.disarm(timer.into());
        }
        let job = match query.what {
            Awaited::Job(name) => match self.jobs.get(&name) {
                Some(&Job::Started(id, _)) => Some(id),
                Some(Job::Starting | Job::Failed) | None => None,
            },
            Awaited::Id(id) => Some(id),
            Awaited::Kind(_) => None,
        };
        cx.fact(match query.waits {
            true => Fact::WaitReturned { call, job, outcome },
            false => Fact::StatusTold { call, job, outcome },
        });
        cx.reply(call, Reply::Told(outcome));
    }
}

/// How long a client sleeps after having slept so long.
fn longer(sleep: Duration, timing: &Timing) -> Duration {
    (sleep * 3 / 2).min(timing.poll_most)
}

fn arm_request(call: CallId, cx: &mut Context<'_>) {
    if let Some(timeout) = cx.config().timing.client_timeout {
        cx.arm(ClientTimer::Request(call).into(), timeout);
    }
}
