//! Random operations on a registry against an oracle of it: a list of plain facts and rules worked out anew.

use proptest::prelude::*;
use proptest::sample::select;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use quiesce_control::xaction::Policies;
use quiesce_control::xaction::bucket::{Bucket, BucketName};
use quiesce_control::xaction::registry::{AbortFilter, Arg, Ask, Cause, Limits, Phase, Query, Registry, Renewal, Tick};
use quiesce_control::xaction::{DaemonId, Kind, XactId};
use quiesce_machine::Incarnation;

const HISTORY: usize = 2;
const LIMITS: Limits = Limits { history: HISTORY };

/// Kinds of every rule, and quick ones to fill history.
const KINDS: [Kind; 11] = [
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
];

#[derive(Clone, Debug)]
enum Op {
    Renew { kind: Kind, bucket: u16, arg: u16 },
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
    NewRebalance,
    All,
}

/// One xaction as the oracle knows it.
#[derive(Clone, Debug)]
struct Job {
    kind: Kind,
    bucket: u16,
    arg: u16,
    state: State,
    aborted: bool,
    work: u8,
    busy: bool,
    listed: bool,
    kept: bool,
    old: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Fresh,
    Works,
    Rests,
    Closing,
    Halting,
    Over,
}

#[derive(Clone, Debug)]
struct Oracle {
    published: bool,
    jobs: Vec<(u32, Job)>,
    next: u32,
    something_ended: bool,
    answer: String,
}

impl State {
    fn alive(self) -> bool {
        !matches!(self, State::Halting | State::Over)
    }
}

fn idles(kind: Kind) -> bool {
    [Kind::PutCopies, Kind::GetBatch].contains(&kind)
}

/// Whether the kinds' own rule has to do with the bucket.
fn per_bucket(kind: Kind) -> bool {
    ![Kind::Lru, Kind::Resilver, Kind::EtlInline, Kind::GetBatch].contains(&kind)
}

impl Oracle {
    fn job(&mut self, at: usize) -> Option<(u32, &mut Job)> {
        let count = self.jobs.len().max(1);
        self.jobs.get_mut(at % count).map(|(number, job)| (*number, job))
    }

    fn renew(&mut self, kind: Kind, bucket: u16, arg: u16) {
        let number = self.next;
        self.next += 1;
        let alike = |job: &Job| job.kind == kind && (!per_bucket(kind) || job.bucket == bucket);
        let mut alive: Vec<(u32, Job)> =
            self.jobs.iter().filter(|(_, job)| job.state.alive() && alike(job)).cloned().collect();
        if self.published {
            alive.truncate(1);
        }
        let refused = alive.iter().find(|(_, prev)| {
            [Kind::Lru, Kind::MakeNCopies, Kind::CopyBck].contains(&kind)
                || (kind == Kind::BlobDownload && prev.arg == arg)
                || (kind == Kind::IndexShard && (prev.arg == arg || prev.arg == 0 || arg == 0))
        });
        if let Some((prev, _)) = refused {
            self.answer = format!("refused by {prev}");
            return;
        }
        let used = alive.iter().find(|(_, prev)| {
            [Kind::PutCopies, Kind::LoadLomCache].contains(&kind) || (kind == Kind::GetBatch && prev.bucket == bucket)
        });
        if let Some(&(prev, _)) = used {
            self.answer = format!("used {prev}");
            let published = self.published;
            let (_, job) = self.jobs.iter_mut().find(|(number, _)| *number == prev).expect("it is there");
            if idles(kind) {
                job.busy = true;
                if job.state == State::Rests || (job.state == State::Closing && !published) {
                    job.state = State::Works;
                }
            }
            return;
        }
        if kind == Kind::Resilver {
            let halting =
                self.jobs.iter().find(|(_, job)| job.kind == kind && job.state == State::Halting && !self.published);
            let victim = alive.first().map(|(prev, _)| *prev).or(halting.map(|(prev, _)| *prev));
            if let Some(victim) = victim {
                self.answer = format!("aborts {victim}");
                self.abort(|number, _| number == victim);
                return;
            }
        }
        self.answer = "new".to_owned();
        let kept = kind != Kind::GetBatch || self.jobs.iter().filter(|(_, job)| job.kept).count() < HISTORY;
        let state = State::Fresh;
        self.jobs.push((
            number,
            Job { kind, bucket, arg, state, aborted: false, work: 0, busy: true, listed: true, kept, old: false },
        ));
    }

    fn abort(&mut self, chosen: impl Fn(u32, &Job) -> bool) -> Vec<u32> {
        let mut hit = Vec::new();
        for (number, job) in &mut self.jobs {
            if job.state.alive() && chosen(*number, job) {
                job.aborted = true;
                let at_once = idles(job.kind) || job.kind == Kind::EtlInline;
                job.state = if at_once { State::Over } else { State::Halting };
                self.something_ended |= at_once;
                hit.push(*number);
            }
        }
        hit
    }

    fn abort_target(&mut self, target: &Target) {
        let published = self.published;
        let one = if let Target::One(at) = target { self.job(*at).map(|(number, _)| number) } else { None };
        let chosen = |number: u32, job: &Job| {
            let named = match *target {
                Target::One(_) => Some(number) == one,
                Target::Kind(kind) => job.kind == kind,
                Target::Bucket(bucket) => job.bucket == bucket,
                Target::KindAndBucket(kind, bucket) => job.kind == kind && job.bucket == bucket,
                Target::NewRebalance => {
                    [Kind::BlobDownload, Kind::CopyBck, Kind::GetBatch, Kind::EtlInline].contains(&job.kind)
                        || (job.kind == Kind::IndexShard && !published)
                }
                Target::All => true,
            };
            named && (job.kept || !published)
        };
        self.answer = format!("{:?}", self.abort(chosen));
    }

    fn prune_history(&mut self) {
        let others = self.jobs.iter().filter(|(_, job)| job.kept && job.kind != Kind::GetBatch).count();
        let mut over = others.saturating_sub(HISTORY);
        for (_, job) in &mut self.jobs {
            if job.kind == Kind::GetBatch {
                job.kept &= !job.old;
            } else if over > 0 && job.old && job.kept {
                job.kept = false;
                over -= 1;
            }
        }
        let left = HISTORY.min(others) + over;
        self.answer = (if left > 2 * HISTORY {
            360
        } else if left > HISTORY {
            720
        } else {
            1440
        })
        .to_string();
        self.forget();
    }

    fn forget(&mut self) {
        self.jobs.retain(|(_, job)| job.listed || job.kept);
    }

    fn apply(&mut self, op: &Op) {
        let published = self.published;
        self.answer.clear();
        match *op {
            Op::Renew { kind, bucket, arg } => self.renew(kind, bucket, arg),
            Op::Abort(ref target) => self.abort_target(target),
            Op::PruneActive => {
                if std::mem::take(&mut self.something_ended) {
                    for (_, job) in &mut self.jobs {
                        job.listed &= job.state != State::Over;
                    }
                    self.forget();
                }
            }
            Op::PruneHistory => self.prune_history(),
            Op::Finish(at) => {
                if let Some((_, job)) = self.job(at) {
                    let ends = job.state != State::Over;
                    job.state = State::Over;
                    self.something_ended |= ends;
                    self.answer = ends.to_string();
                }
            }
            Op::Expire(at) => {
                if let Some((_, job)) = self.job(at) {
                    let ends = job.state == State::Closing;
                    if ends {
                        job.state = State::Over;
                    }
                    self.something_ended |= ends;
                    self.answer = ends.to_string();
                }
            }
            Op::Run(at) | Op::Work(at) | Op::WorkDone(at) | Op::Rest(at) | Op::Tick(at) | Op::Ripen(at) => {
                if let Some((_, job)) = self.job(at) {
                    self.answer = job.step(op, published);
                }
            }
        }
    }
}

impl Job {
    fn step(&mut self, op: &Op, published: bool) -> String {
        let takes_work = self.state.alive() && idles(self.kind);
        match op {
            Op::Run(_) if self.state == State::Fresh => self.state = State::Works,
            Op::Ripen(_) => self.old |= self.state == State::Over,
            Op::Work(_) if takes_work => {
                self.work += 1;
                self.busy = true;
                if self.state != State::Closing || !published {
                    self.state = State::Works;
                }
                return "true".to_owned();
            }
            Op::WorkDone(_) if takes_work => {
                self.work = self.work.saturating_sub(1);
                self.busy = true;
                return "true".to_owned();
            }
            Op::Work(_) | Op::WorkDone(_) => return "false".to_owned(),
            Op::Rest(_) if takes_work && self.work == 0 && self.state == State::Works => self.state = State::Rests,
            Op::Tick(_) if !takes_work => return "Over".to_owned(),
            Op::Tick(_) if self.work > 0 || self.busy => {
                self.busy = false;
                return "Again".to_owned();
            }
            Op::Tick(_) => {
                self.state = State::Closing;
                return "Expiring".to_owned();
            }
            Op::Run(_) | Op::Rest(_) => (),
            Op::Renew { .. } | Op::Finish(_) | Op::Abort(_) | Op::Expire(_) | Op::PruneActive | Op::PruneHistory => {
                unreachable!("not a step of one job")
            }
        }
        String::new()
    }
}

impl ReferenceStateMachine for Oracle {
    type State = Oracle;
    type Transition = Op;

    fn init_state() -> BoxedStrategy<Oracle> {
        let fresh =
            |published| Oracle { published, jobs: Vec::new(), next: 0, something_ended: false, answer: String::new() };
        any::<bool>().prop_map(fresh).boxed()
    }

    fn transitions(_: &Oracle) -> BoxedStrategy<Op> {
        let (kind, bucket, arg, at) = (select(&KINDS[..]), 1..3_u16, 0..3_u16, 0..8_usize);
        let target = prop_oneof![
            at.clone().prop_map(Target::One),
            kind.clone().prop_map(Target::Kind),
            bucket.clone().prop_map(Target::Bucket),
            (kind.clone(), bucket.clone()).prop_map(|(kind, bucket)| Target::KindAndBucket(kind, bucket)),
            Just(Target::NewRebalance),
            Just(Target::All),
        ];
        prop_oneof![
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
}

fn id(number: u32) -> XactId {
    XactId::minted(DaemonId::Client(0), Incarnation(1), number)
}

fn bucket(name: u16) -> Bucket {
    Bucket { name: BucketName(name), generation: 1 }
}

impl UnderTest {
    fn at(&self, at: usize) -> Option<XactId> {
        let ids: Vec<XactId> = self.registry.entries().map(|entry| entry.id).collect();
        ids.get(at % ids.len().max(1)).copied()
    }

    fn renew(&mut self, kind: Kind, name: u16, arg: u16) -> String {
        let number = self.next;
        self.next += 1;
        let arg = if arg == 0 { Arg::None } else { Arg::Named(arg) };
        let to = (kind == Kind::CopyBck).then_some(bucket(name));
        let ask = Ask { id: id(number), kind, from: Some(bucket(name)), to, arg };
        match self.registry.renew(&ask, &self.policies, &LIMITS) {
            Ok(Renewal::New) => "new".to_owned(),
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
            Target::NewRebalance => AbortFilter::NewRebalance,
            Target::All => AbortFilter::All,
        };
        let hit = self.registry.abort(filter, Cause::User, &self.policies);
        format!("{:?}", hit.iter().map(|id| id.number).collect::<Vec<_>>())
    }

    fn apply(&mut self, op: &Op) -> String {
        let at = match *op {
            Op::Renew { kind, bucket, arg } => return self.renew(kind, bucket, arg),
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
            Op::Renew { .. } | Op::Abort(_) | Op::PruneActive | Op::PruneHistory => unreachable!("done above"),
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
    for kind in KINDS {
        for show_active in [None, Some(true), Some(false)] {
            let query = Query { kind: Some(kind), show_active, ..Query::default() };
            let found: Vec<u32> = registry.query(&query).unwrap().iter().map(|entry| entry.id.number).collect();
            let shown = |job: &Job| job.kind == kind && show_active.is_none_or(|running| job.state.alive() == running);
            let expected: Vec<u32> =
                oracle.jobs.iter().filter(|(_, job)| shown(job)).map(|(number, _)| *number).collect();
            assert_eq!(found, expected, "{kind}, active: {show_active:?}");
        }
    }
    for number in 0..oracle.next {
        let known = oracle.jobs.iter().any(|(known, _)| *known == number);
        assert_eq!(registry.query(&Query::id(id(number))).is_ok(), known, "{number}");
    }
}

struct RegistryMachine;

impl StateMachineTest for RegistryMachine {
    type SystemUnderTest = UnderTest;
    type Reference = Oracle;

    fn init_test(oracle: &Oracle) -> UnderTest {
        let policies = if oracle.published { Policies::reference() } else { Policies::hardened() };
        UnderTest { registry: Registry::default(), policies, next: 0 }
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
