//! A gateway: takes start requests and status queries, and is perhaps a member of the Information Center.
//! Source: `reference/aistore-information-center.md` sections 5 (list-range start) and 8 (routing).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use quiesce_machine::{CallId, Event, Incarnation};

use super::fact::Fact;
use super::ic::{Asker, Ic};
use super::id::{DaemonId, XactId};
use super::job::JobSpec;
use super::message::{Msg, QueryError, Select, StartError, ToClient, ToProxy, ToTarget};
use super::policy::{JobIdentity, Registration, StartDelivery};
use super::sources::Sources;
use super::timer::{GatewayTimer, Timer};
use super::{Context, Node, send};

/// How many members have to know a job before it starts, where registration is acknowledged: one may die.
const COPIES: usize = 2;

/// A proxy's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Proxy {
    me: DaemonId,
    life: Incarnation,
    /// Counts the ids minted in this life.
    minted: u32,
    starts: BTreeMap<XactId, Start>,
    ic: Ic,
}

/// A job that this gateway starts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Start {
    client: DaemonId,
    call: CallId,
    spec: Arc<JobSpec>,
    sources: Sources,
    phase: Phase,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Phase {
    /// Members have not all answered; `copies` have the job, `silent` have said nothing yet.
    Registering { copies: BTreeSet<DaemonId>, silent: BTreeSet<DaemonId> },
    /// These targets have not answered.
    Starting { silent: BTreeSet<DaemonId> },
}

impl Proxy {
    pub(crate) fn new(me: DaemonId) -> Self {
        Proxy { me, life: Incarnation::default(), minted: 0, starts: BTreeMap::new(), ic: Ic::new(me) }
    }

    /// This proxy's share in the Information Center.
    #[must_use]
    pub fn ic(&self) -> &Ic {
        &self.ic
    }

    pub(crate) fn handle(&mut self, event: Event<Node>, cx: &mut Context<'_>) {
        match event {
            Event::Start { incarnation, .. } => {
                self.life = incarnation;
                self.ic.start(cx);
            }
            Event::Deliver { msg: msg @ (Msg::ToClient(_) | Msg::ToTarget(_)), .. } => {
                unreachable!("not for a proxy: {msg:?}")
            }
            Event::Deliver { from, msg: Msg::ToProxy(msg) } => {
                let from = cx.config().cluster.daemon(from);
                self.receive(from, msg, cx);
            }
            Event::Bounce { to, msg } => {
                let to = cx.config().cluster.daemon(to);
                self.refused(to, msg, cx);
            }
            Event::Fire { timer: Timer::Gateway(GatewayTimer::Register(job)) } => self.register_over(job, cx),
            Event::Fire { timer: Timer::Gateway(GatewayTimer::Start(job)) } => self.start_over(job, cx),
            Event::Fire { timer: Timer::Member(timer) } => self.ic.fire(timer, cx),
            Event::Fire { timer } => unreachable!("not a proxy's: {timer:?}"),
            Event::Call { request, .. } => unreachable!("users do not call proxies, found {request:?}"),
            Event::Stored { op, .. } => unreachable!("a proxy stores nothing, found {op:?}"),
        }
    }

    fn receive(&mut self, from: DaemonId, msg: ToProxy, cx: &mut Context<'_>) {
        match msg {
            ToProxy::StartRequest { call, request, spec } => self.take_start(from, call, request, spec, cx),
            ToProxy::StatusRequest { call, select } => self.take_query(from, call, select, cx),
            ToProxy::RoutedStatus { client, call, job } => {
                self.ic.query(Asker { gateway: Some(from), client, call }, Select::Id(job), cx);
            }
            ToProxy::RoutedAnswer { client, call, result } => send(cx, client, ToClient::StatusAnswer { call, result }),
            ToProxy::WatchXaction { job, kind, starter, sources } => {
                self.ic.watch(job, kind, starter, sources, true, cx);
                send(cx, from, ToProxy::WatchDone { job });
            }
            ToProxy::WatchDone { job } => self.registered(job, from, true, cx),
            ToProxy::PullTable { job } => send(cx, from, ToProxy::OwnershipTable { job, table: self.ic.bundle() }),
            ToProxy::OwnershipTable { job, table } => self.ic.told(from, job, &table, cx),
            ToProxy::MergeTable { table } => self.ic.merge(&table, cx),
            ToProxy::StarterProbe { job } => {
                send(cx, from, ToProxy::StarterAnswer { job, starting: self.starts.contains_key(&job) });
            }
            ToProxy::StarterAnswer { job, starting: false } => self.ic.settled(from, job, cx),
            ToProxy::StarterAnswer { starting: true, .. } => (),
            ToProxy::XactStarted { job } => self.started(job, from, cx),
            ToProxy::SnapAnswer { job, settled, snap } => self.ic.pulled(from, job, settled, snap, cx),
            ToProxy::NotifyFinished { job, kind, snap, sources } => {
                self.ic.notified(from, job, kind, snap, sources, cx)
            }
        }
    }

    /// The peer's process is down. What was only told, or will be asked again, is lost with it.
    fn refused(&mut self, to: DaemonId, msg: Msg, cx: &mut Context<'_>) {
        match msg {
            Msg::ToTarget(ToTarget::StartXact { job, .. }) => self.start_refused(job, to, cx),
            Msg::ToProxy(ToProxy::WatchXaction { job, .. }) => self.registered(job, to, false, cx),
            Msg::ToProxy(ToProxy::RoutedStatus { client, call, .. }) => {
                send(cx, client, ToClient::StatusAnswer { call, result: Err(QueryError::BadGateway) });
            }
            Msg::ToProxy(ToProxy::PullTable { job }) => self.ic.asked(to, job, cx),
            Msg::ToProxy(ToProxy::StarterProbe { job }) => self.ic.settled(to, job, cx),
            Msg::ToClient(_) | Msg::ToTarget(_) | Msg::ToProxy(_) => (),
        }
    }

    fn take_start(
        &mut self,
        client: DaemonId,
        call: CallId,
        request: XactId,
        spec: Arc<JobSpec>,
        cx: &mut Context<'_>,
    ) {
        let job = match cx.config().policies.job_identity {
            JobIdentity::Request => request,
            JobIdentity::Gateway => {
                self.minted += 1;
                XactId::minted(self.me, self.life, self.minted)
            }
        };
        if self.starts.contains_key(&job) {
            return;
        }
        cx.fact(Fact::StartTaken { job, client, call });
        let sources: Sources = cx.config().cluster.targets().collect();
        let phase = Phase::Registering { copies: BTreeSet::new(), silent: self.ic.others(cx).into_iter().collect() };
        self.starts.insert(job, Start { client, call, spec, sources, phase });
        self.register(job, cx);
    }

    /// Registers a job with every member (I1); kinds that are not tracked start at once.
    fn register(&mut self, job: XactId, cx: &mut Context<'_>) {
        let start = &self.starts[&job];
        let (kind, sources) = (start.spec.kind, start.sources.clone());
        if !kind.is_ic_tracked() {
            return self.broadcast_start(job, cx);
        }
        if cx.config().cluster.is_ic(self.me) {
            self.ic.watch(job, kind, self.me, sources.clone(), false, cx);
            self.registered(job, self.me, true, cx);
        }
        let Some(Start { phase: Phase::Registering { copies, .. }, .. }) = self.starts.get(&job) else { return };
        for member in cx.config().cluster.ic().filter(|member| !copies.contains(member)) {
            let sources = sources.clone();
            send(cx, member, ToProxy::WatchXaction { job, kind, starter: self.me, sources });
        }
        cx.arm(GatewayTimer::Register(job).into(), cx.config().timing.max_keepalive);
    }

    /// A member has a job, or (not `done`) is down.
    fn registered(&mut self, job: XactId, member: DaemonId, done: bool, cx: &mut Context<'_>) {
        let Some(Start { phase: Phase::Registering { copies, silent }, .. }) = self.starts.get_mut(&job) else {
            return;
        };
        silent.remove(&member);
        if done {
            copies.insert(member);
        }
        let enough = match cx.config().policies.registration {
            Registration::BestEffort => silent.is_empty(),
            Registration::Acknowledged => {
                let wanted = COPIES.min(usize::from(cx.config().cluster.ic_size()));
                copies.len() >= wanted || (silent.is_empty() && !copies.is_empty())
            }
        };
        if enough {
            self.broadcast_start(job, cx);
        }
    }

    fn register_over(&mut self, job: XactId, cx: &mut Context<'_>) {
        match cx.config().policies.registration {
            Registration::BestEffort => self.broadcast_start(job, cx),
            Registration::Acknowledged => self.register(job, cx),
        }
    }

    /// Starts a job on every target (S3).
    fn broadcast_start(&mut self, job: XactId, cx: &mut Context<'_>) {
        cx.disarm(GatewayTimer::Register(job).into());
        let start = self.starts.get_mut(&job).expect("only a job being started is broadcast");
        start.phase = Phase::Starting { silent: start.sources.iter().copied().collect() };
        self.start_silent(job, cx);
    }

    fn start_silent(&self, job: XactId, cx: &mut Context<'_>) {
        let start = &self.starts[&job];
        if let Phase::Starting { silent } = &start.phase {
            for &target in silent {
                let (kind, work, sources) = (start.spec.kind, start.spec.work_of(target), start.sources.clone());
                send(cx, target, ToTarget::StartXact { job, kind, work, sources });
            }
            cx.arm(GatewayTimer::Start(job).into(), cx.config().timing.max_keepalive);
        }
    }

    fn started(&mut self, job: XactId, target: DaemonId, cx: &mut Context<'_>) {
        let Some(Start { phase: Phase::Starting { silent }, .. }) = self.starts.get_mut(&job) else { return };
        silent.remove(&target);
        if silent.is_empty() {
            self.answer_start(job, Ok(job), cx);
        }
    }

    fn start_refused(&mut self, job: XactId, target: DaemonId, cx: &mut Context<'_>) {
        if self.starts.contains_key(&job) && cx.config().policies.start_delivery == StartDelivery::Once {
            self.answer_start(job, Err(StartError::TargetSilent(target)), cx);
        }
    }

    fn start_over(&mut self, job: XactId, cx: &mut Context<'_>) {
        let Some(Start { phase: Phase::Starting { silent }, .. }) = self.starts.get(&job) else { return };
        match cx.config().policies.start_delivery {
            StartDelivery::UntilAnswered => self.start_silent(job, cx),
            StartDelivery::Once => {
                let silent = *silent.first().expect("an answered start is over before its timer");
                self.answer_start(job, Err(StartError::TargetSilent(silent)), cx);
            }
        }
    }

    fn answer_start(&mut self, job: XactId, result: Result<XactId, StartError>, cx: &mut Context<'_>) {
        cx.disarm(GatewayTimer::Start(job).into());
        let Start { client, call, .. } = self.starts.remove(&job).expect("only a job being started is answered");
        send(cx, client, ToClient::StartAnswer { call, result });
    }

    fn take_query(&mut self, client: DaemonId, call: CallId, select: Select, cx: &mut Context<'_>) {
        let asker = Asker { gateway: None, client, call };
        match select {
            _ if cx.config().cluster.is_ic(self.me) => self.ic.query(asker, select, cx),
            Select::Id(job) => {
                let owner = cx.config().cluster.hrw_ic(job);
                send(cx, owner, ToProxy::RoutedStatus { client, call, job });
            }
            Select::Kind(_) => {
                let members = self.ic.others(cx);
                let count = u32::try_from(members.len()).expect("few members");
                let to = members[cx.choose("redirect", count) as usize];
                send(cx, client, ToClient::Redirect { call, to });
            }
        }
    }
}
