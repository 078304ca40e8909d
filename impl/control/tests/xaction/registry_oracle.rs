//! Random operations on a registry against an oracle of it: a list of plain facts and rules worked out anew.

mod oracle;

use proptest::prelude::*;
use proptest::sample::select;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use quiesce_control::xaction::Policies;
use quiesce_control::xaction::bucket::{Bucket, BucketName};
use quiesce_control::xaction::registry::{
    AbortFilter, Action, Arg, Ask, Cause, Limits, Origin, Phase, Query, Registry, RenewRefused, Renewal, Tick,
};
use quiesce_control::xaction::{DaemonId, Kind, Scope, XactId};
use quiesce_machine::Incarnation;

use oracle::{Job, Oracle, State};

const HISTORY: usize = 2;
const LIMITS: Limits = Limits { history: HISTORY };

/// Kinds of every rule, and quick ones to fill history.
const KINDS: [Kind; 14] = [
    Kind::Lru,
    Kind::BlobDownload,
    Kind::IndexShard,
    Kind::MakeNCopies,
    Kind::PrefetchListrange,
    Kind::Resilver,
    Kind::CopyBck,
    Kind::PutCopies,
    Kind::GetBatch,
    Kind::EtlInline,
    Kind::LoadLomCache,
    Kind::Rechunk,
    Kind::EcEncode,
    Kind::Rebalance,
];

/// Those of them that conflict with what moves data.
const CONFLICTING: [Kind; 5] = [Kind::IndexShard, Kind::CopyBck, Kind::GetBatch, Kind::Rechunk, Kind::EcEncode];

#[derive(Clone, Debug)]
enum Op {
    MayStart(Kind),
    MayChange,
    /// `arg`: a name or size, of an encoding 2 for its commit, and of a rebalance 0 for a version that was here before.
    Renew {
        kind: Kind,
        bucket: u16,
        arg: u16,
    },
    NameDestination(usize, u16),
    Run(usize),
    Finish(usize),
    Abort(Target),
    Work(usize),
    WorkDone(usize),
    Rest(usize),
    Tick(usize),
    Expire(usize),
    PruneActive,
    Ripen(usize),
    PruneHistory,
}

#[derive(Clone, Debug)]
enum Target {
    One(usize),
    Kind(Kind),
    Bucket(u16),
    KindAndBucket(Kind, u16),
    Scope(Scope),
    NewRebalance,
    All,
}

impl ReferenceStateMachine for Oracle {
    type State = Oracle;
    type Transition = Op;

    fn init_state() -> BoxedStrategy<Oracle> {
        any::<bool>().prop_map(Oracle::fresh).boxed()
    }

    fn transitions(_: &Oracle) -> BoxedStrategy<Op> {
        let (kind, bucket, arg, at) = (select(&KINDS[..]), 1..3_u16, 0..3_u16, 0..8_usize);
        let target = prop_oneof![
            at.clone().prop_map(Target::One),
            kind.clone().prop_map(Target::Kind),
            bucket.clone().prop_map(Target::Bucket),
            (kind.clone(), bucket.clone()).prop_map(|(kind, bucket)| Target::KindAndBucket(kind, bucket)),
            select(&[Scope::G, Scope::B, Scope::GB, Scope::T][..]).prop_map(Target::Scope),
            Just(Target::NewRebalance),
            Just(Target::All),
        ];
        prop_oneof![
            2 => kind.clone().prop_map(Op::MayStart),
            1 => Just(Op::MayChange),
            1 => (at.clone(), bucket.clone()).prop_map(|(at, to)| Op::NameDestination(at, to)),
            8 => (kind, bucket, arg).prop_map(|(kind, bucket, arg)| Op::Renew { kind, bucket, arg }),
            3 => at.clone().prop_map(Op::Run),
            4 => at.clone().prop_map(Op::Finish),
            2 => target.prop_map(Op::Abort),
            3 => at.clone().prop_map(Op::Work),
            3 => at.clone().prop_map(Op::WorkDone),
            2 => at.clone().prop_map(Op::Rest),
            4 => at.clone().prop_map(Op::Tick),
            3 => at.clone().prop_map(Op::Expire),
            1 => Just(Op::PruneActive),
            4 => at.prop_map(Op::Ripen),
            1 => Just(Op::PruneHistory),
        ]
        .boxed()
    }

    fn apply(mut state: Oracle, op: &Op) -> Oracle {
        Oracle::apply(&mut state, op);
        state
    }
}

/// The registry, and the ids of what it holds in the order of the oracle's list before the operation.
#[derive(Debug)]
struct UnderTest {
    registry: Registry,
    policies: Policies,
    next: u32,
    last_rebalance: Option<u32>,
}

fn id(number: u32) -> XactId {
    XactId::minted(DaemonId::Client(0), Incarnation(1), number)
}

fn bucket(name: u16) -> Bucket {
    Bucket { name: BucketName(name), generation: 1 }
}

fn ask(kind: Kind, name: u16) -> Ask {
    let to = (kind == Kind::CopyBck).then_some(bucket(name));
    Ask { id: id(u32::MAX), kind, from: Some(bucket(name)), to, arg: Arg::None }
}

impl UnderTest {
    fn may(&self, action: &Action) -> String {
        match self.registry.coexist(action, &self.policies) {
            Ok(()) => "yes".to_owned(),
            Err(conflict) => format!("not beside {}", conflict.id.number),
        }
    }

    fn at(&self, at: usize) -> Option<XactId> {
        let ids: Vec<XactId> = self.registry.entries().map(|entry| entry.id).collect();
        ids.get(at % ids.len().max(1)).copied()
    }

    fn renew(&mut self, kind: Kind, name: u16, arg: u16) -> String {
        let number = self.next;
        self.next += 1;
        let id = match (kind, arg) {
            (Kind::Rebalance, 0) => XactId::rebalance(self.last_rebalance.unwrap_or(number)),
            (Kind::Rebalance, _) => XactId::rebalance(number),
            _ => id(number),
        };
        let arg = match arg {
            0 => Arg::None,
            2 if kind == Kind::EcEncode => Arg::Commit,
            named => Arg::Named(named),
        };
        let ask = Ask { id, arg, ..ask(kind, name) };
        match self.registry.renew(&ask, &self.policies, &LIMITS) {
            Ok(Renewal::New) => {
                self.last_rebalance = Some(number).filter(|_| kind == Kind::Rebalance).or(self.last_rebalance);
                "new".to_owned()
            }
            Err(RenewRefused::Stale(_)) => "stale".to_owned(),
            Ok(Renewal::Use(prev)) => format!("used {}", prev.number),
            Ok(Renewal::AbortFirst(prev)) => format!("aborts {}", prev.number),
            Err(refused) => {
                let words = refused.to_string();
                let prev = words.split(' ').next().and_then(|id| id.rsplit('.').next());
                format!("refused by {}", prev.expect("a refusal names what runs"))
            }
        }
    }

    fn abort(&mut self, target: &Target) -> String {
        let filter = match *target {
            Target::One(at) => match self.at(at) {
                Some(id) => AbortFilter::Id(id),
                None => return "[]".to_owned(),
            },
            Target::Kind(kind) => AbortFilter::Kind(kind),
            Target::Bucket(name) => AbortFilter::Bucket(bucket(name)),
            Target::KindAndBucket(kind, name) => AbortFilter::KindAndBucket(kind, bucket(name)),
            Target::Scope(scope) => AbortFilter::Scope(scope),
            Target::NewRebalance => AbortFilter::NewRebalance,
            Target::All => AbortFilter::All,
        };
        let hit = self.registry.abort(filter, Cause::User, &self.policies);
        format!("{:?}", hit.iter().map(|id| id.number).collect::<Vec<_>>())
    }

    fn apply(&mut self, op: &Op) -> String {
        let at = match *op {
            Op::MayStart(kind) => return self.may(&Action::Start(ask(kind, 1), Origin::User)),
            Op::MayChange => return self.may(&Action::Membership),
            Op::Renew { kind, bucket, arg } => return self.renew(kind, bucket, arg),
            Op::NameDestination(at, _) => at,
            Op::Abort(ref target) => return self.abort(target),
            Op::PruneActive => {
                self.registry.prune_active();
                return String::new();
            }
            Op::PruneHistory => return self.registry.prune_history(&LIMITS).as_secs().to_string(),
            Op::Run(at) | Op::Work(at) | Op::WorkDone(at) | Op::Rest(at) | Op::Tick(at) | Op::Ripen(at) => at,
            Op::Finish(at) | Op::Expire(at) => at,
        };
        let Some(id) = self.at(at) else { return String::new() };
        match op {
            Op::NameDestination(_, to) => self.registry.name_destination(id, bucket(*to)),
            Op::Run(_) => self.registry.run(id),
            Op::Rest(_) => self.registry.rest(id),
            Op::Ripen(_) => self.registry.ripen(id),
            Op::Finish(_) => return self.registry.finish(id).to_string(),
            Op::Expire(_) => return self.registry.expire(id).to_string(),
            Op::Work(_) => return self.registry.work_begins(id, &self.policies).to_string(),
            Op::WorkDone(_) => return self.registry.work_ends(id).to_string(),
            Op::Tick(_) => {
                return match self.registry.tick(id) {
                    Tick::Again => "Again",
                    Tick::Expiring => "Expiring",
                    Tick::Over => "Over",
                }
                .to_owned();
            }
            Op::MayStart(_) | Op::MayChange | Op::Renew { .. } | Op::Abort(_) | Op::PruneActive | Op::PruneHistory => {
                unreachable!("done above")
            }
        }
        String::new()
    }
}

fn assert_alike(registry: &Registry, oracle: &Oracle) {
    let phase = |state: State| match state {
        State::Fresh => Phase::Begun,
        State::Works => Phase::Running,
        State::Rests => Phase::Idle,
        State::Closing => Phase::Expiring,
        State::Halting => Phase::Stopping,
        State::Over => Phase::Finished,
    };
    let held: Vec<_> = registry
        .entries()
        .map(|entry| (entry.id.number, entry.kind, entry.phase, entry.aborted.is_some(), entry.pending))
        .collect();
    let expected: Vec<_> =
        oracle.jobs.iter().map(|(number, job)| (*number, job.kind, phase(job.state), job.aborted, job.work)).collect();
    assert_eq!(held, expected);
    assert_queries_alike(registry, oracle);
    let running = oracle.jobs.iter().filter(|(_, job)| job.state.alive()).map(|(number, job)| (*number, job.kind));
    let shown = running.map(|(number, kind)| format!("{}[{}]", kind.name(), known_as(number, kind)));
    assert_eq!(registry.running_all(), shown.collect::<Vec<_>>());
}

fn known_as(number: u32, kind: Kind) -> XactId {
    if kind == Kind::Rebalance { XactId::rebalance(number) } else { id(number) }
}

/// Every form of a question.
fn assert_queries_alike(registry: &Registry, oracle: &Oracle) {
    let kinds = KINDS.into_iter().map(Some).chain([None]);
    let shapes = kinds.flat_map(|kind| [None, Some(1), Some(2)].map(|bucket| (kind, bucket)));
    for (kind, name) in shapes {
        for show_active in [None, Some(true), Some(false)] {
            let query = Query { kind, bucket: name.map(bucket), show_active, ..Query::default() };
            let found: Vec<u32> = registry.query(&query).unwrap().iter().map(|entry| entry.id.number).collect();
            let shown = |job: &Job| {
                kind.is_none_or(|kind| job.kind == kind)
                    && name.is_none_or(|bucket| job.is_on(bucket))
                    && show_active.is_none_or(|running| job.state.alive() == running)
            };
            let all: Vec<&(u32, Job)> = oracle.jobs.iter().filter(|(_, job)| shown(job)).collect();
            let mut expected = all.clone();
            if kind.is_none() && name.is_some() && show_active == Some(true) {
                let first = |at: usize| all[..at].iter().all(|(_, other)| other.kind != all[at].1.kind);
                expected = (0..all.len()).filter(|&at| first(at)).map(|at| all[at]).collect();
            }
            assert_eq!(found, expected.iter().map(|(number, _)| *number).collect::<Vec<_>>(), "{query:?}");
            let recent: Vec<u32> = registry.most_recent(&query).iter().map(|entry| entry.id.number).collect();
            let alike = |one: &Job, other: &Job| one.kind == other.kind && one.bucket == other.bucket;
            let last = |at: usize| all[at + 1..].iter().all(|(_, later)| !alike(later, &all[at].1));
            let expected: Vec<u32> = (0..all.len()).filter(|&at| last(at)).map(|at| all[at].0).collect();
            assert_eq!(recent, expected, "the most recent of {query:?}");
        }
    }
    for number in 0..oracle.next {
        let found = |id| registry.query(&Query::id(id)).ok().map(|found| found.iter().map(|e| e.id.number).collect());
        let is_rebalance = |job: &Job| job.kind == Kind::Rebalance;
        let known = |wanted: bool| oracle.jobs.iter().any(|(n, job)| *n == number && is_rebalance(job) == wanted);
        assert_eq!(found(id(number)), known(false).then(|| vec![number]), "{number}");
        let done = |job: &Job| is_rebalance(job) && job.state == State::Over && !job.aborted;
        let later = oracle.jobs.iter().filter(|(n, job)| *n >= number && done(job)).map(|(n, _)| *n);
        let later: Vec<u32> = if known(true) { vec![number] } else { later.collect() };
        assert_eq!(found(XactId::rebalance(number)), Some(later).filter(|later| !later.is_empty()), "g{number}");
    }
}

struct RegistryMachine;

impl StateMachineTest for RegistryMachine {
    type SystemUnderTest = UnderTest;
    type Reference = Oracle;

    fn init_test(oracle: &Oracle) -> UnderTest {
        let policies = if oracle.published { Policies::reference() } else { Policies::hardened() };
        UnderTest { registry: Registry::default(), policies, next: 0, last_rebalance: None }
    }

    fn apply(mut under_test: UnderTest, oracle: &Oracle, op: Op) -> UnderTest {
        assert_eq!(under_test.apply(&op), oracle.answer, "{op:?}");
        assert_alike(&under_test.registry, oracle);
        under_test
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 1_000, max_shrink_iters: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_registry_does_what_its_oracle_does(sequential 1..60 => RegistryMachine);
}
