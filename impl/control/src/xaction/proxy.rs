//! A gateway: takes start requests and status queries, and is perhaps a member of the Information Center.
//! Source: `reference/aistore-information-center.md` sections 5 (list-range start) and 8 (routing).

mod buckets;
mod fan;
mod follow;
mod owed;
mod phases;
mod rebalance;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use quiesce_machine::{CallId, Event, Incarnation, Rename};

use super::config::Config;
use super::daemons::Daemons;
use super::fact::Fact;
use super::ic::{Asker, Ic};
use super::id::{DaemonId, XactId};
use super::job::{JobSpec, Snap};
use super::kind::Kind;
use super::membership::{self, ClusterMsg, Membership, Smap, Version};
use super::message::{Msg, QueryError, Select, StartError, ToClient, ToProxy, ToTarget};
use super::policy::{JobIdentity, Registration, StartDelivery, StatusAll};
use super::rebalance::{Mode, RebMsg};
use super::registry::Arg;
use super::reporting::{self, News};
use super::sources::Sources;
use super::start::is_two_phase;
use super::timer::{GatewayTimer, Timer};
use super::user::Request;
use super::{Context, Node, mark, send};

/// How many members have to know a job before it starts, where registration is acknowledged: one may die.
const COPIES: usize = 2;

/// A proxy's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Rename)]
pub struct Proxy {
    me: DaemonId,
    life: Incarnation,
    /// Counts the ids minted in this life.
    minted: u32,
    starts: BTreeMap<XactId, Start>,
    ic: Ic,
    fans: BTreeMap<(DaemonId, CallId), fan::Fan>,
    owed: BTreeSet<(Version, owed::Owed)>,
    /// Jobs for which it has made or renamed a bucket as primary.
    made_for: BTreeSet<XactId>,
    membership: Membership,
}

/// A job that this gateway starts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Rename)]
struct Start {
    client: DaemonId,
    call: CallId,
    spec: Arc<JobSpec>,
    sources: Sources,
    phase: Phase,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Rename)]
enum Phase {
    /// Members have not all answered; `copies` have the job, each with these targets, `silent` have said nothing yet.
    Registering { copies: BTreeMap<DaemonId, Sources>, silent: BTreeSet<DaemonId> },
    /// All have begun, and the primary changes what is replicated.
    Changing,
    /// These targets have not begun.
    Beginning { silent: Daemons },
    /// These targets have not answered.
    Starting { silent: Daemons },
    /// The start has failed, and these targets may still work.
    Undoing { silent: Daemons, error: StartError },
}

impl Proxy {
    pub(crate) fn new(me: DaemonId, config: &Config) -> Self {
        let membership = Membership::new(me, config);
        let ic = Ic::new(me, membership.map().clone());
        Proxy {
            me,
            life: Incarnation::default(),
            minted: 0,
            starts: BTreeMap::new(),
            ic,
            fans: BTreeMap::new(),
            owed: BTreeSet::new(),
            made_for: BTreeSet::new(),
            membership,
        }
    }

    /// This proxy's share in the Information Center.
    #[must_use]
    pub fn ic(&self) -> &Ic {
        &self.ic
    }

    /// This proxy's part in membership.
    #[must_use]
    pub fn membership(&self) -> &Membership {
        &self.membership
    }

    pub(crate) fn handle(&mut self, event: Event<Node>, cx: &mut Context<'_>) {
        if self.membership.is_off() && !matches!(event, Event::Start { .. }) {
            return;
        }
        self.take(event, cx);
        self.conclude_buckets(cx);
        self.ic.map_accepted(self.membership.accepted());
        self.follow(cx);
        self.pay(cx);
        if self.starts.is_empty() && self.fans.is_empty() {
            self.membership.switch_off(cx);
        }
    }

    fn take(&mut self, event: Event<Node>, cx: &mut Context<'_>) {
        match event {
            Event::Start { incarnation, records } => {
                self.life = incarnation;
                self.membership.start(&records, cx);
                self.recover(&records, cx);
            }
            Event::Deliver { from, msg: Msg::Cluster(ClusterMsg::Load { version, known }) } => {
                if self.membership.accepted().version() == version && cx.config().cluster.daemon(from) != self.me {
                    self.ic.absorb(&known, cx);
                    self.ic.load(version, cx);
                }
            }
            Event::Deliver { from, msg: Msg::Cluster(msg) } => {
                let from = cx.config().cluster.daemon(from);
                self.membership.receive(from, msg, cx);
            }
            Event::Deliver { from, msg: Msg::Rebalance(RebMsg::Report { id, told }) } => {
                let from = cx.config().cluster.daemon(from);
                self.membership.reported(from, id, told, cx);
            }
            Event::Deliver { msg: msg @ Msg::Rebalance(_), .. } => unreachable!("not for a proxy: {msg:?}"),
            Event::Fire { timer: Timer::Cluster(timer) } => self.membership.fire(timer, cx),
            Event::Stored { op, outcome } if Ic::is_its_write(op) => self.kept(outcome, cx),
            Event::Stored { outcome, .. } => self.membership.stored(outcome, cx),
            Event::Call { call, request: Request::Join { via } } => self.membership.join(call, via, cx),
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
            Event::Fire { timer: Timer::Gateway(GatewayTimer::Fan(client, call)) } => self.fan_over(client, call, cx),
            Event::Fire { timer: Timer::Gateway(GatewayTimer::Begin(job)) } => self.begin_over(job, cx),
            Event::Fire { timer: Timer::Gateway(GatewayTimer::Change(job)) } => self.ask_step(job, cx),
            Event::Fire { timer: Timer::Member(timer) } => self.ic.fire(timer, cx),
            Event::Fire { timer } => unreachable!("not a proxy's: {timer:?}"),
            Event::Call { request, .. } => unreachable!("users do not call proxies, found {request:?}"),
        }
    }

    fn receive(&mut self, from: DaemonId, msg: ToProxy, cx: &mut Context<'_>) {
        match msg {
            ToProxy::StartRequest { .. } if !self.membership.is_member() => (),
            ToProxy::StartRequest { .. } | ToProxy::Ask { .. } if self.membership.is_going_off() => (),
            ToProxy::StartRequest { call, request, spec }
                if spec.kind == Kind::Rebalance && self.membership.rebalances(cx) =>
            {
                self.ask_rebalance((from, call, request), mode_of(&spec), cx);
            }
            ToProxy::BucketRequest { client, call, change } => {
                self.take_bucket_request(client, call, change, from != client, cx);
            }
            ToProxy::BucketStep { step } => self.take_step(from, &step, cx),
            ToProxy::BucketStepped { job, result } => self.stepped(job, result, cx),
            ToProxy::RebalanceRequest { client, call, request, mode } => {
                if self.membership.is_primary() {
                    self.ask_rebalance((client, call, request), mode, cx);
                }
            }
            ToProxy::StartRequest { call, request, spec } => self.take_start(from, call, request, spec, cx),
            ToProxy::StatusRequest { call, select } => self.take_query(from, call, select, cx),
            ToProxy::Ask { call, question } => self.fan_out(from, call, question, cx),
            ToProxy::Answered { client, call, answer } => self.fan_answered((client, call), from, answer, cx),
            ToProxy::AdminRequest { call, change } => self.membership.take_admin(from, call, change, cx),
            ToProxy::RoutedStatus { client, call, job } => {
                self.ic.query(Asker { gateway: Some(from), client, call }, Select::Id(job), cx);
            }
            ToProxy::RoutedAnswer { client, call, result } => send(cx, client, ToClient::StatusAnswer { call, result }),
            ToProxy::WatchXaction { job, kind, starter, sources } => {
                if let Some(sources) = self.ic.watch(job, kind, starter, sources, true, cx) {
                    let by = self.membership.map().version();
                    send(cx, from, ToProxy::WatchDone { job, by, sources });
                }
            }
            ToProxy::WatchDone { job, by, sources } => {
                if by == self.membership.map().version() {
                    self.registered(job, from, Some(sources), cx);
                }
            }
            ToProxy::PullTable { about } => self.ic.pulled_table(from, about, cx),
            ToProxy::OwnershipTable { about, by, table } => self.ic.told(from, about, by, &table, cx),
            ToProxy::Pruned { job, by } => self.ic.told_pruned(job, by, cx),
            ToProxy::MergeTable { by, table } => self.ic.merge(by, &table, cx),
            ToProxy::Sealed { job, by, listener, answer } => self.ic.sealed(from, job, by, &listener, answer, cx),
            ToProxy::StarterProbe { job } => {
                send(cx, from, ToProxy::StarterAnswer { job, starting: self.starts.contains_key(&job) });
            }
            ToProxy::StarterAnswer { job, starting: false } => self.ic.settled(from, job, cx),
            ToProxy::StarterAnswer { starting: true, .. } => (),
            ToProxy::XactStarted { job } => self.started(job, from, cx),
            ToProxy::XactBegun { job } => self.begun(job, from, cx),
            ToProxy::XactRefused { job, why } => self.refused_by(job, from, why, cx),
            ToProxy::SnapAnswer { job, settled, snap } => self.ic.pulled(from, job, settled, snap, cx),
            ToProxy::NotifyProgress { job } => self.ic.goes_on(from, job, cx),
            ToProxy::NotifyFinished { job, kind, snap, sources } => {
                let news = News { target: from, job, kind, snap, sources };
                if self.take_news(news, cx) {
                    send(cx, from, ToTarget::NotifyDone { job });
                }
            }
            ToProxy::NotifyMany { batch } => {
                let noted: Vec<bool> = batch.iter().map(|news| self.take_news(news.clone(), cx)).collect();
                if let Some(batch) = reporting::noted(batch, &noted) {
                    send(cx, from, ToTarget::NotifyManyDone { member: self.me, batch });
                }
            }
        }
    }

    /// News of a target's part. Whether it is to hear that it was noted.
    fn take_news(&mut self, news: News, cx: &mut Context<'_>) -> bool {
        let News { target, job, kind, snap, sources } = news;
        if snap == Snap::Running {
            self.ic.goes_on(target, job, cx);
            return true;
        }
        let for_undoing_alone = !(self.ic.is_member() && kind.is_ic_tracked());
        if self.undone(job, target, cx) && for_undoing_alone {
            return false;
        }
        self.ic.notified(target, job, kind, snap, sources, cx)
    }

    /// The peer's process is down. What was only told, or will be asked again, is lost with it.
    fn refused(&mut self, to: DaemonId, msg: Msg, cx: &mut Context<'_>) {
        match msg {
            Msg::ToTarget(ToTarget::Asked { client, call, .. }) => self.fan_refused(client, call, to, cx),
            Msg::ToTarget(ToTarget::StartXact { job, .. }) => self.start_refused(job, to, cx),
            Msg::ToProxy(ToProxy::WatchXaction { job, .. }) => self.registered(job, to, None, cx),
            Msg::ToProxy(ToProxy::RoutedStatus { client, call, .. }) => {
                send(cx, client, ToClient::StatusAnswer { call, result: Err(QueryError::BadGateway) });
            }
            Msg::ToProxy(ToProxy::PullTable { about }) => self.ic.asked(to, about, cx),
            Msg::ToProxy(ToProxy::StarterProbe { job }) => self.ic.settled(to, job, cx),
            Msg::Cluster(msg) => self.membership.bounced(to, &msg, cx),
            Msg::ToClient(_) | Msg::ToTarget(_) | Msg::ToProxy(_) | Msg::Rebalance(_) => (),
        }
    }

    /// Goes on by another map: members and targets that are gone are waited for no longer.
    fn map_changed(&mut self, cx: &mut Context<'_>) {
        let map = self.membership.map().clone();
        self.follow_order(cx);
        if !self.membership.is_member() {
            cx.reach(mark::STOPS_STARTING);
            self.starts.clear();
        }
        let jobs: Vec<XactId> = self.starts.keys().copied().collect();
        for job in jobs {
            let start = self.starts.get_mut(&job).expect("listed just now");
            match &mut start.phase {
                Phase::Registering { copies, silent } => {
                    copies.clear();
                    *silent = map.ic().filter(|&member| member != self.me).collect();
                    if start.choose_again(&map, cx) {
                        cx.fact(start.taken(job));
                    }
                    self.register(job, cx);
                }
                Phase::Changing => (),
                Phase::Beginning { silent } => {
                    silent.retain(|target| map.contains(target));
                    self.commit_if_all_have_begun(job, cx);
                }
                Phase::Undoing { silent, .. } => {
                    silent.retain(|target| map.contains(target));
                    self.answer_if_undone(job, cx);
                }
                Phase::Starting { silent } => {
                    let chosen = start.sources.as_of();
                    let stayed = |target: DaemonId| map.member(target).is_some_and(|member| member.since <= chosen);
                    let nowhere = !start.sources.iter().any(|&target| stayed(target));
                    let gone = silent.first().expect("an answered start is over");
                    silent.retain(stayed);
                    if silent.is_empty() {
                        let result = if nowhere { Err(StartError::TargetSilent(gone)) } else { Ok(job) };
                        self.answer_start(job, result, cx);
                    }
                }
            }
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
        let spec = match self.on_buckets(spec, cx) {
            Ok(spec) => spec,
            Err(error) => {
                return send(cx, client, ToClient::StartAnswer { call, result: Err(StartError::Bucket(error)) });
            }
        };
        let sources = sources_of(&spec, self.membership.map());
        if sources.is_empty() {
            return send(cx, client, ToClient::StartAnswer { call, result: Err(StartError::NoTargets) });
        }
        let phase = Phase::Registering { copies: BTreeMap::new(), silent: self.ic.others().collect() };
        let start = Start { client, call, spec, sources, phase };
        cx.fact(start.taken(job));
        self.starts.insert(job, start);
        if !self.begins(job, cx) {
            self.register(job, cx);
        }
    }

    /// Registers a job with every member (I1); kinds that are not tracked start at once. One that would run nowhere is
    /// refused: a listener without sources would never end.
    fn register(&mut self, job: XactId, cx: &mut Context<'_>) {
        let start = &self.starts[&job];
        let (kind, sources) = (start.spec.kind, start.sources.clone());
        if sources.is_empty() {
            cx.disarm(GatewayTimer::Register(job).into());
            return self.answer_start(job, Err(StartError::NoTargets), cx);
        }
        if !kind.is_ic_tracked() {
            return self.broadcast_start(job, cx);
        }
        if self.ic.is_member() {
            let confirmed = self.ic.watch(job, kind, self.me, sources.clone(), false, cx);
            if let Some(sources) = confirmed {
                self.registered(job, self.me, Some(sources), cx);
            }
        }
        let Some(Start { phase: Phase::Registering { copies, .. }, .. }) = self.starts.get(&job) else { return };
        let silent = |member: &DaemonId| *member != self.me && !copies.contains_key(member);
        for member in self.membership.map().ic().filter(silent) {
            let sources = sources.clone();
            send(cx, member, ToProxy::WatchXaction { job, kind, starter: self.me, sources });
        }
        cx.arm(GatewayTimer::Register(job).into(), cx.config().timing.max_keepalive);
    }

    /// A member has a job, with these targets, or is down.
    fn registered(&mut self, job: XactId, member: DaemonId, has: Option<Sources>, cx: &mut Context<'_>) {
        let members = self.membership.map().ic().count();
        let wanted = if membership::agrees(cx) { members / 2 + 1 } else { COPIES.min(members) };
        let Some(Start { phase: Phase::Registering { copies, silent }, sources, .. }) = self.starts.get_mut(&job)
        else {
            return;
        };
        silent.remove(&member);
        if let Some(has) = has {
            copies.insert(member, has);
        }
        let (enough, agreed) = match cx.config().policies.registration {
            Registration::BestEffort => (silent.is_empty(), None),
            Registration::Acknowledged => {
                let (agreed, count) = most_common(copies);
                let rest_down = silent.is_empty() && !copies.is_empty() && !membership::agrees(cx);
                (count >= wanted || rest_down, agreed)
            }
        };
        if enough {
            if let Some(agreed) = agreed.filter(|agreed| agreed != sources) {
                cx.reach(mark::OTHERS_FIRST);
                *sources = agreed;
            }
            self.broadcast_start(job, cx);
        }
    }

    fn register_over(&mut self, job: XactId, cx: &mut Context<'_>) {
        if !self.starts.contains_key(&job) {
            return;
        }
        match cx.config().policies.registration {
            Registration::BestEffort => self.broadcast_start(job, cx),
            Registration::Acknowledged => self.register(job, cx),
        }
    }

    /// Starts a job on every target (S3).
    fn broadcast_start(&mut self, job: XactId, cx: &mut Context<'_>) {
        cx.disarm(GatewayTimer::Register(job).into());
        let start = self.starts.get_mut(&job).expect("only a job being started is broadcast");
        let (map, chosen) = (self.membership.map(), start.sources.as_of());
        let stayed = |target: &DaemonId| map.member(*target).is_some_and(|member| member.since <= chosen);
        let silent: Daemons = start.sources.iter().copied().filter(stayed).collect();
        let (nobody, first) =
            (silent.is_empty(), *start.sources.first().expect("a job without targets is not registered"));
        start.phase = Phase::Starting { silent };
        if nobody {
            self.answer_start(job, Err(StartError::TargetSilent(first)), cx);
        } else {
            self.start_silent(job, cx);
        }
    }

    fn start_silent(&self, job: XactId, cx: &mut Context<'_>) {
        let start = &self.starts[&job];
        if let Phase::Starting { silent } = &start.phase {
            for target in silent.iter() {
                let (kind, work, sources) = (start.spec.kind, start.spec.work_of(target), start.sources.clone());
                let manner = start.spec.manner.clone();
                send(cx, target, ToTarget::StartXact { job, kind, work, sources, manner });
            }
            cx.arm(GatewayTimer::Start(job).into(), cx.config().timing.max_keepalive);
        }
    }

    fn started(&mut self, job: XactId, target: DaemonId, cx: &mut Context<'_>) {
        let Some(Start { phase: Phase::Starting { silent }, .. }) = self.starts.get_mut(&job) else { return };
        silent.remove(target);
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
        let Some(Start { phase: Phase::Starting { silent }, .. }) = self.starts.get(&job) else {
            return self.undo(job, cx);
        };
        match cx.config().policies.start_delivery {
            StartDelivery::UntilAnswered => self.start_silent(job, cx),
            StartDelivery::Once => {
                let silent = silent.first().expect("an answered start is over before its timer");
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
            _ if self.ic.is_member() => self.ic.query(asker, select, cx),
            Select::Every(_) if cx.config().policies.status_all == StatusAll::OwnTable => {
                self.ic.query(asker, select, cx);
            }
            Select::Id(job) => match self.membership.map().hrw_ic(job) {
                Some(owner) => send(cx, owner, ToProxy::RoutedStatus { client, call, job }),
                None => send(cx, client, ToClient::StatusAnswer { call, result: Err(QueryError::BadGateway) }),
            },
            Select::Kind(_) | Select::Every(_) => {
                let members: Vec<DaemonId> = self.ic.others().collect();
                match u32::try_from(members.len()) {
                    Ok(count @ 1..) => {
                        let to = members[cx.choose("redirect", count) as usize];
                        send(cx, client, ToClient::Redirect { call, to });
                    }
                    Ok(0) | Err(_) => asker.answer(select, Err(QueryError::BadGateway), cx),
                }
            }
        }
    }
}

impl Start {
    /// What is said when it is taken, and when targets are chosen again.
    fn taken(&self, job: XactId) -> Fact {
        Fact::StartTaken { job, client: self.client, call: self.call, sources: self.sources.clone() }
    }

    /// Chooses the targets under another map; those of a job that was begun on them, of these alone.
    fn choose_again(&mut self, map: &Smap, cx: &Context<'_>) -> bool {
        let begun = cx.config().hosting.is_some() && is_two_phase(self.spec.kind);
        let sources = if begun { self.sources.under(map) } else { sources_of(&self.spec, map) };
        let others = *sources != *self.sources;
        self.sources = sources;
        others
    }
}

/// What a user wants of a rebalance.
fn mode_of(spec: &JobSpec) -> Mode {
    let cleans_up = spec.manner.as_ref().is_some_and(|manner| manner.arg == Arg::Cleanup);
    if cleans_up { Mode::Cleanup } else { Mode::Full }
}

/// The targets that a job is to start on.
fn sources_of(spec: &JobSpec, map: &Smap) -> Sources {
    spec.only.map_or_else(|| Sources::of(map), |only| Sources::one(map, only))
}

/// The targets that most members have for a job, and how many: another gateway may have registered it with others before.
/// Of those that as many have, the ones chosen by the older map.
fn most_common(copies: &BTreeMap<DaemonId, Sources>) -> (Option<Sources>, usize) {
    let count = |sources: &Sources| copies.values().filter(|other| *other == sources).count();
    let best = copies.values().max_by_key(|sources| (count(sources), Reverse(sources.as_of())));
    (best.cloned(), best.map_or(0, count))
}
