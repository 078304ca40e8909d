//! The oracle: a list of plain facts, and the rules worked out anew.

use quiesce_control::xaction::{Kind, Scope};

use super::{CONFLICTING, HISTORY, Op, Target};

/// One xaction as the oracle knows it.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) kind: Kind,
    pub(super) bucket: u16,
    /// Where it copies to; 0 is nowhere.
    to: u16,
    arg: u16,
    pub(super) state: State,
    pub(super) aborted: bool,
    pub(super) work: u8,
    busy: bool,
    listed: bool,
    kept: bool,
    old: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Fresh,
    Works,
    Rests,
    Closing,
    Halting,
    Over,
}

#[derive(Clone, Debug)]
pub(super) struct Oracle {
    pub(super) published: bool,
    pub(super) jobs: Vec<(u32, Job)>,
    pub(super) next: u32,
    last_rebalance: Option<u32>,
    something_ended: bool,
    pub(super) answer: String,
}

impl State {
    pub(super) fn alive(self) -> bool {
        !matches!(self, State::Halting | State::Over)
    }
}

fn idles(kind: Kind) -> bool {
    [Kind::PutCopies, Kind::GetBatch].contains(&kind)
}

/// Whether the kinds' own rule has to do with the bucket.
fn per_bucket(kind: Kind) -> bool {
    ![Kind::Lru, Kind::Resilver, Kind::EtlInline, Kind::GetBatch, Kind::Rebalance].contains(&kind)
}

/// The kinds of that scope.
fn in_scope(kind: Kind, scope: Scope) -> bool {
    let (clusters, targets, either) =
        ([Kind::Rebalance, Kind::EtlInline], [Kind::Resilver], [Kind::Lru, Kind::GetBatch]);
    match scope {
        Scope::G => clusters.contains(&kind),
        Scope::T => targets.contains(&kind),
        Scope::GB => either.contains(&kind),
        Scope::B => !clusters.contains(&kind) && !targets.contains(&kind) && !either.contains(&kind),
    }
}

impl Oracle {
    pub(super) fn fresh(published: bool) -> Oracle {
        Oracle {
            published,
            jobs: Vec::new(),
            next: 0,
            last_rebalance: None,
            something_ended: false,
            answer: String::new(),
        }
    }

    fn job(&mut self, at: usize) -> Option<(u32, &mut Job)> {
        let count = self.jobs.len().max(1);
        self.jobs.get_mut(at % count).map(|(number, job)| (*number, job))
    }

    fn may_start(&mut self, kind: Kind) {
        let asks = CONFLICTING.contains(&kind) && !(self.published && kind == Kind::GetBatch);
        let forbids = |job: &Job| {
            let moves = [Kind::Rebalance, Kind::Resilver].contains(&job.kind);
            (asks && moves) || (!self.published && kind == Kind::Resilver && CONFLICTING.contains(&job.kind))
        };
        self.answer = self.first_alive(forbids);
    }

    fn may_change(&mut self) {
        let forbids = |job: &Job| CONFLICTING.contains(&job.kind) && (self.published || !idles(job.kind));
        self.answer = self.first_alive(forbids);
    }

    fn first_alive(&self, forbids: impl Fn(&Job) -> bool) -> String {
        let first = self.jobs.iter().find(|(_, job)| job.state.alive() && forbids(job));
        first.map_or_else(|| "yes".to_owned(), |(number, _)| format!("not beside {number}"))
    }

    fn renew(&mut self, kind: Kind, bucket: u16, arg: u16) {
        let number = self.next;
        self.next += 1;
        if let (Kind::Rebalance, 0, Some(last)) = (kind, arg, self.last_rebalance) {
            let runs = self.jobs.iter().any(|(number, job)| *number == last && job.state.alive());
            self.answer = if runs { format!("used {last}") } else { "stale".to_owned() };
            return;
        }
        let same_bucket = |job: &Job| if kind == Kind::CopyBck { job.to == bucket } else { job.bucket == bucket };
        let alike = |job: &Job| job.kind == kind && (!per_bucket(kind) || same_bucket(job));
        let mut alive: Vec<(u32, Job)> =
            self.jobs.iter().filter(|(_, job)| job.state.alive() && alike(job)).cloned().collect();
        if self.published {
            alive.truncate(1);
        }
        let refused = alive.iter().find(|(_, prev)| {
            [Kind::Lru, Kind::MakeNCopies, Kind::CopyBck, Kind::Rechunk].contains(&kind)
                || (kind == Kind::EcEncode && arg != 2)
                || (kind == Kind::BlobDownload && prev.arg == arg)
                || (kind == Kind::IndexShard && (prev.arg == arg || prev.arg == 0 || arg == 0))
        });
        if let Some((prev, _)) = refused {
            self.answer = format!("refused by {prev}");
            return;
        }
        let used = alive.iter().find(|(_, prev)| {
            [Kind::PutCopies, Kind::LoadLomCache, Kind::EcEncode].contains(&kind)
                || (kind == Kind::GetBatch && prev.bucket == bucket)
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
        if let (Kind::Rebalance, Some(&(prev, _))) = (kind, alive.first()) {
            self.answer = format!("aborts {prev}");
            self.abort(|number, _| number == prev);
            return;
        }
        if kind == Kind::Rebalance {
            self.last_rebalance = Some(number);
        }
        self.answer = "new".to_owned();
        let kept = kind != Kind::GetBatch || self.jobs.iter().filter(|(_, job)| job.kept).count() < HISTORY;
        let (state, to) = (State::Fresh, if kind == Kind::CopyBck { bucket } else { 0 });
        self.jobs.push((
            number,
            Job { kind, bucket, to, arg, state, aborted: false, work: 0, busy: true, listed: true, kept, old: false },
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
                Target::Bucket(bucket) => job.is_on(bucket),
                Target::KindAndBucket(kind, bucket) => job.kind == kind && job.is_on(bucket),
                Target::Scope(scope) => in_scope(job.kind, scope),
                Target::NewRebalance => {
                    let aborted = [Kind::BlobDownload, Kind::EtlInline].contains(&job.kind);
                    aborted || (CONFLICTING.contains(&job.kind) && !(published && job.kind == Kind::IndexShard))
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

    pub(super) fn apply(&mut self, op: &Op) {
        let published = self.published;
        self.answer.clear();
        match *op {
            Op::MayStart(kind) => self.may_start(kind),
            Op::MayChange => self.may_change(),
            Op::Renew { kind, bucket, arg } => self.renew(kind, bucket, arg),
            Op::NameDestination(at, to) => {
                if let Some((_, job)) = self.job(at) {
                    job.to = to;
                }
            }
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
    pub(super) fn is_on(&self, bucket: u16) -> bool {
        [self.bucket, self.to].contains(&bucket)
    }

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
            Op::MayStart(_)
            | Op::MayChange
            | Op::Renew { .. }
            | Op::NameDestination(..)
            | Op::Finish(_)
            | Op::Abort(_)
            | Op::Expire(_)
            | Op::PruneActive
            | Op::PruneHistory => unreachable!("not a step of one job"),
        }
        String::new()
    }
}
