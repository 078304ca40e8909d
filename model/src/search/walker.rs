//! The walk itself: threads look ahead, one numbers what they found.

use std::time::{Duration, Instant};

use rayon::ThreadPool;
use rayon::prelude::*;
use stateright::Property;

use super::chunks::Chunks;
use super::debts::{Debts, Sets};
use super::frontier::Frontier;
use super::haul::{Find, Gatherer, Haul, NO_EDGE, Owes, Source};
use super::table::{STATES_MAX, Table};
use super::walk::{Bounds, FIRST, Walk};
use super::{Explore, memory};
use crate::report::{Progress, Shortfall};

/// How many states a thread looks at in one go.
const PIECE: usize = 128;
/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_millis(100);
/// How often the system is asked for the memory in use.
const WEIGH_EVERY: Duration = Duration::from_millis(20);

/// Takes states from the frontier, a block at a time. Threads expand pieces of the block and change nothing; what they
/// found is then taken in, in the order of the states. So numbers, ways and counts are those of one thread.
pub(super) struct Walker<'a, E: Explore> {
    model: &'a E,
    properties: Vec<Property<E>>,
    bounds: Bounds<'a>,
    /// None for the caller's thread alone.
    pool: Option<ThreadPool>,
    clock: Clock,
    table: Table,
    origins: Chunks<u32>,
    ordinals: Chunks<u16>,
    found: Vec<Option<u32>>,
    debts: Debts,
    frontier: Frontier<E::State>,
    /// How many states were expanded.
    expanded: u32,
    /// The number of the first state of the next level.
    level_end: u32,
    generated: u64,
    depth: u64,
    shortfall: Option<Shortfall>,
}

struct Clock {
    began: Instant,
    told: Instant,
    weighed: Instant,
    memory: Option<usize>,
}

impl<'a, E> Walker<'a, E>
where
    E: Explore + Sync,
    E::State: Send + Sync,
{
    pub(super) fn new(model: &'a E, properties: Vec<Property<E>>, bounds: Bounds<'a>) -> Self {
        let threads = bounds.limits.threads.get();
        let pool = (threads > 1).then(|| rayon::ThreadPoolBuilder::new().num_threads(threads).build());
        let now = Instant::now();
        Walker {
            model,
            found: vec![None; properties.len()],
            properties,
            // Who gives no threads leaves one, which finds the same.
            pool: pool.and_then(Result::ok),
            clock: Clock { began: now, told: now, weighed: now, memory: memory::resident() },
            table: Table::new(),
            origins: Chunks::new(),
            ordinals: Chunks::new(),
            debts: Debts::new(!bounds.safety_only),
            frontier: Frontier::new(),
            expanded: 0,
            level_end: 0,
            generated: 0,
            depth: 0,
            shortfall: None,
            bounds,
        }
    }

    pub(super) fn run(&mut self) {
        for (ordinal, state) in self.model.init_states().into_iter().enumerate() {
            if self.model.within_boundary(&state) {
                let fingerprint = self.model.fingerprint(&state);
                let striking = self.scout().strikes(&state);
                self.generated += 1;
                self.meet(Find { fingerprint, ordinal, edge: NO_EDGE, striking, state }, FIRST);
            }
        }
        self.level_end = self.table.len() as u32;
        let mut hauls = Vec::new();
        while let Some(block) = self.frontier.pop() {
            self.look_at_the_clock(block.len());
            if self.shortfall.is_none() {
                self.expand(&block, &mut hauls);
            }
            if self.shortfall.is_some() {
                return;
            }
            self.frontier.recycle(block);
        }
    }

    pub(super) fn finish(self) -> Walk {
        Walk {
            table: self.table,
            origins: self.origins,
            ordinals: self.ordinals,
            found: self.found,
            generated: self.generated,
            depth: self.depth,
            shortfall: self.shortfall,
            debts: self.debts,
        }
    }

    /// Expands a block. With one thread a piece is taken in while it is at hand; with more, when all are there.
    fn expand(&mut self, block: &[E::State], hauls: &mut Vec<Haul<E::State>>) {
        let pieces = block.len().div_ceil(PIECE);
        hauls.resize_with(hauls.len().max(pieces), Haul::new);
        let first = self.expanded;
        let number = |piece: usize| first + (piece * PIECE) as u32;
        if let Some(pool) = self.pool.as_ref().filter(|_| pieces > 1) {
            let (scout, pieces) = (self.scout(), hauls.par_iter_mut().zip(block.par_chunks(PIECE)).enumerate());
            pool.install(|| pieces.for_each(|(n, (haul, piece))| scout.gather(haul, piece, number(n))));
        }
        for (n, (haul, piece)) in hauls.iter_mut().zip(block.chunks(PIECE)).enumerate() {
            if self.shortfall.is_some() {
                return;
            }
            if self.pool.is_none() || pieces == 1 {
                self.scout().gather(haul, piece, number(n));
            }
            self.take_in(haul, piece);
        }
    }

    fn scout(&self) -> Scout<'_, E> {
        let Walker { model, properties, found, table, debts, .. } = self;
        Scout { model, properties, found, table, sets: &debts.sets }
    }

    fn take_in(&mut self, haul: &mut Haul<E::State>, piece: &[E::State]) {
        let Haul { sources, edges, finds } = haul;
        let (mut finds, mut edges_start, mut finds_start) = (finds.drain(..), 0, 0);
        for (source, state) in sources.drain(..).zip(piece) {
            self.enter_level();
            let Source { edges_end, finds_end, .. } = source;
            let edges = &mut edges[edges_start..edges_end];
            let done = match source.owes {
                Owes::Unknown => self.learn(state),
                Owes::Nothing | Owes::Set(_) | Owes::NewSet(_) => {
                    self.take_in_one(source, edges, edges_start, finds.by_ref().take(finds_end - finds_start))
                }
            };
            if !done {
                return;
            }
            (edges_start, finds_start) = (edges_end, finds_end);
            self.expanded += 1;
        }
    }

    fn enter_level(&mut self) {
        if self.expanded == self.level_end {
            self.level_end = self.table.len() as u32;
            self.depth += 1;
        }
    }

    /// Expands a state that the model did not know enough of.
    fn learn(&mut self, state: &E::State) -> bool {
        let mut haul = Haul::new();
        self.model.learn(state);
        self.scout().gather(&mut haul, std::slice::from_ref(state), self.expanded);
        let source = haul.sources.pop().expect("a state that was expanded");
        assert!(!matches!(source.owes, Owes::Unknown), "a state that was learned can be told");
        self.take_in_one(source, &mut haul.edges, 0, haul.finds.into_iter())
    }

    /// Numbers what a state led to and keeps its steps, the first of which has the place `edges_start` in its haul.
    /// False if the search ends here.
    fn take_in_one(
        &mut self,
        source: Source,
        edges: &mut [crate::fair::Edge],
        edges_start: usize,
        finds: impl Iterator<Item = Find<E::State>>,
    ) -> bool {
        self.generated += u64::from(source.generated);
        for find in finds {
            let edge = find.edge;
            let Some(to) = self.meet(find, self.expanded) else { return false };
            if edge != NO_EDGE {
                edges[edge as usize - edges_start].to = to;
            }
        }
        let set = match source.owes {
            Owes::Unknown | Owes::Nothing => None,
            Owes::Set(set) => Some(set),
            Owes::NewSet(owed) => Some(self.debts.sets.intern(owed)),
        };
        if let Some(set) = set.filter(|_| self.debts.sets.are_kept()) {
            self.debts.enter(self.expanded, set, edges);
        }
        self.shortfall.is_none()
    }

    /// Numbers a state that was generated; none if it cannot be numbered.
    fn meet(&mut self, find: Find<E::State>, parent: u32) -> Option<u32> {
        let Find { fingerprint, ordinal, striking, state, .. } = find;
        let (number, new) = self.number(fingerprint)?;
        if new {
            let Ok(ordinal) = u16::try_from(ordinal) else {
                self.shortfall = Some(Shortfall::Numbers);
                return None;
            };
            self.origins.push(parent);
            self.ordinals.push(ordinal);
            if striking {
                self.judge(number, &state);
            }
            self.frontier.push(state);
        }
        Some(number)
    }

    fn number(&mut self, fingerprint: u64) -> Option<(u32, bool)> {
        let most = self.bounds.limits.max_states.unwrap_or(STATES_MAX);
        if self.table.len() < most.min(STATES_MAX) {
            return Some(self.table.insert(fingerprint));
        }
        let known = self.table.find(fingerprint).map(|number| (number, false));
        if known.is_none() {
            let states = self.bounds.limits.max_states.map_or(Shortfall::Numbers, Shortfall::States);
            self.shortfall = Some(states);
        }
        known
    }

    fn judge(&mut self, number: u32, state: &E::State) {
        for (index, property) in self.properties.iter().enumerate() {
            if self.found[index].is_none() && discovers(self.model, property, state) {
                self.found[index] = Some(number);
                if property.expectation.discovery_is_failure() && self.bounds.limits.first_failure {
                    self.shortfall = Some(Shortfall::FirstFailure);
                }
            }
        }
    }

    fn look_at_the_clock(&mut self, left: usize) {
        let elapsed = self.clock.began.elapsed();
        if self.clock.weighed.elapsed() >= WEIGH_EVERY {
            self.clock.weighed = Instant::now();
            self.clock.memory = memory::resident();
        }
        let memory = self.clock.memory.unwrap_or_else(|| self.bytes());
        let limits = self.bounds.limits;
        let late = limits.timeout.filter(|&limit| elapsed >= limit).map(Shortfall::Timeout);
        let large = limits.memory.filter(|&limit| memory >= limit).map(Shortfall::Memory);
        self.shortfall = late.or(large).or(self.shortfall);
        let Some(tell) = self.bounds.progress.filter(|_| self.clock.told.elapsed() >= TELL_EVERY) else { return };
        self.clock.told = Instant::now();
        let flow = tell(Progress {
            unique_states: self.table.len() as u64,
            states: self.generated,
            depth: self.depth,
            queue: Some((left + self.frontier.len()) as u64),
            memory: Some(memory as u64),
            elapsed,
        });
        if flow.is_break() {
            self.shortfall = self.shortfall.or(Some(Shortfall::Interrupted));
        }
    }

    /// Bytes that the walk itself holds.
    fn bytes(&self) -> usize {
        let ways = self.origins.bytes() + self.ordinals.bytes();
        self.table.bytes() + ways + self.debts.bytes() + self.frontier.bytes()
    }
}

/// What a thread needs to look ahead.
struct Scout<'a, E: Explore> {
    model: &'a E,
    properties: &'a [Property<E>],
    /// What was found by now: only the first state that a property has something to say of counts.
    found: &'a [Option<u32>],
    table: &'a Table,
    sets: &'a Sets,
}

impl<E: Explore> Scout<'_, E> {
    /// Expands states numbered from `number` on.
    fn gather(&self, haul: &mut Haul<E::State>, states: &[E::State], number: u32) {
        let seen = (self.table, self.sets);
        self.model.expand(states, &mut Gatherer::new(haul, seen, number, |state| self.strikes(state)));
    }

    /// Whether some property has something to say of a state for the first time.
    fn strikes(&self, state: &E::State) -> bool {
        let mut open = self.properties.iter().zip(self.found).filter(|(_, found)| found.is_none());
        open.any(|(property, _)| discovers(self.model, property, state))
    }
}

fn discovers<E: Explore>(model: &E, property: &Property<E>, state: &E::State) -> bool {
    (property.condition)(model, state) != property.expectation.discovery_is_failure()
}
