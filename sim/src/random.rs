//! Random streams, one per (node, purpose), seeded by the run's seed and the two names.
//!
//! A draw at one site moves no other: not at another node, not for another purpose, and not when nodes are added. What
//! the network may draw for one message of a run it draws for each, so that no fault moves another's draws; what it can
//! draw for none it leaves alone. A node that never draws has no streams.

use quiesce_machine::Delay;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::Ratio;

/// One sequence of draws.
#[derive(Clone, Debug)]
pub(crate) struct Stream(Xoshiro256PlusPlus);

impl Stream {
    fn new(base: u64, purpose: &str) -> Self {
        Stream(Xoshiro256PlusPlus::seed_from_u64(mix(base, purpose)))
    }

    /// One of `0..n`, by widening multiply; the bias is below `n` in 2^64. Zero when `n` is zero.
    #[inline]
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.0.next_u64()) * u128::from(n)) >> 64) as u64
    }

    /// Whether something of this probability happens.
    #[inline]
    pub(crate) fn hits(&mut self, ratio: Ratio) -> bool {
        self.below(u64::from(ratio.den())) < u64::from(ratio.num())
    }

    /// Nanoseconds within the delay, both ends possible.
    ///
    /// # Panics
    /// When the delay is reversed.
    #[inline]
    pub(crate) fn within(&mut self, Delay { least, most }: Delay) -> u64 {
        assert!(least <= most, "a delay runs from shorter to longer, found {least} ns to {most} ns");
        match (most - least).checked_add(1) {
            Some(span) => least + self.below(span),
            None => self.0.next_u64(),
        }
    }
}

/// What the world itself draws for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Purpose {
    /// How long a message takes.
    Latency,
    /// Whether it is lost.
    Loss,
    /// Whether it arrives twice.
    Duplicate,
    /// How long the copy takes.
    Copy,
    /// Whether it is held back.
    Reorder,
    /// For how long.
    HeldBack,
    /// How long a refusal takes.
    Bounce,
    /// How long a write takes.
    Write,
    /// Whether it fails.
    WriteFails,
    /// Whether its answer is lost.
    WriteUnanswered,
    /// Whether it was applied then.
    WriteApplied,
    /// Whether it lands late.
    WriteLate,
    /// By how much.
    WriteLateBy,
    /// How many pending writes survive a crash.
    Crash,
}

/// How many streams the purposes share.
const STREAMS: usize = 9;

impl Purpose {
    /// The name it has in decisions.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Purpose::Latency => "network/latency",
            Purpose::Loss => "network/loss",
            Purpose::Duplicate => "network/duplicate",
            Purpose::Copy => "network/copy",
            Purpose::Reorder => "network/reorder",
            Purpose::HeldBack => "network/held-back",
            Purpose::Bounce => "network/bounce",
            Purpose::Write => "store/latency",
            Purpose::WriteFails => "store/fail",
            Purpose::WriteUnanswered => "store/unknown",
            Purpose::WriteApplied => "store/applied",
            Purpose::WriteLate => "store/late",
            Purpose::WriteLateBy => "store/late-by",
            Purpose::Crash => "store/crash",
        }
    }

    /// The stream it draws from. Draws always made together may share one.
    fn stream(self) -> usize {
        match self {
            Purpose::Latency => 0,
            Purpose::Loss => 1,
            Purpose::Duplicate | Purpose::Copy => 2,
            Purpose::Reorder | Purpose::HeldBack => 3,
            Purpose::Bounce => 4,
            Purpose::Write => 5,
            Purpose::WriteFails | Purpose::WriteUnanswered | Purpose::WriteLate | Purpose::WriteLateBy => 6,
            Purpose::WriteApplied => 7,
            Purpose::Crash => 8,
        }
    }
}

/// All streams of one node.
#[derive(Clone, Debug)]
pub(crate) struct Streams {
    streams: [Stream; STREAMS],
    timers: Named,
    choices: Named,
}

impl Streams {
    #[cold]
    pub(crate) fn new(seed: u64, node: &str) -> Self {
        let base = mix(seed, node);
        let names = [
            "network/latency",
            "network/loss",
            "network/duplicate",
            "network/reorder",
            "network/bounce",
            "store/latency",
            "store/faults",
            "store/applied",
            "store/crash",
        ];
        Streams {
            streams: names.map(|name| Stream::new(base, name)),
            timers: Named::new(base, "timer"),
            choices: Named::new(base, "choice"),
        }
    }

    /// The stream for a purpose of the world's own.
    #[inline]
    pub(crate) fn of(&mut self, purpose: Purpose) -> &mut Stream {
        &mut self.streams[purpose.stream()]
    }

    /// The stream for the jitter of timers of one label.
    pub(crate) fn timer(&mut self, label: &'static str) -> &mut Stream {
        self.timers.stream(label)
    }

    /// The stream for the choices of one purpose.
    pub(crate) fn choice(&mut self, purpose: &'static str) -> &mut Stream {
        self.choices.stream(purpose)
    }
}

/// Streams that appear as they are asked for. What a stream yields does not depend on when it appeared.
#[derive(Clone, Debug)]
struct Named {
    base: u64,
    streams: Vec<(&'static str, Stream)>,
}

impl Named {
    fn new(base: u64, family: &str) -> Self {
        Named { base: mix(base, family), streams: Vec::new() }
    }

    fn stream(&mut self, name: &'static str) -> &mut Stream {
        let known = self.streams.iter().position(|(known, _)| std::ptr::eq(*known, name) || *known == name);
        let index = known.unwrap_or_else(|| {
            self.streams.push((name, Stream::new(self.base, name)));
            self.streams.len() - 1
        });
        &mut self.streams[index].1
    }
}

fn mix(base: u64, name: &str) -> u64 {
    xxh3_64_with_seed(name.as_bytes(), base)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices(streams: &mut Streams, purpose: &'static str) -> Vec<u64> {
        (0..50).map(|_| streams.choice(purpose).below(1000)).collect()
    }

    #[test]
    fn a_purpose_that_is_new_moves_no_other() {
        let alone = choices(&mut Streams::new(1, "p1"), "backoff");
        let mut both = Streams::new(1, "p1");
        let mut mixed = Vec::new();
        for _ in 0..50 {
            both.choice("pick-peer").below(7);
            both.timer("backoff").below(9);
            mixed.push(both.choice("backoff").below(1000));
        }
        assert_eq!(alone, mixed);
    }

    #[test]
    fn seed_node_and_purpose_each_make_another_stream() {
        let base = choices(&mut Streams::new(1, "p1"), "backoff");
        assert_eq!(base, choices(&mut Streams::new(1, "p1"), "backoff"));
        assert_ne!(base, choices(&mut Streams::new(2, "p1"), "backoff"));
        assert_ne!(base, choices(&mut Streams::new(1, "p2"), "backoff"));
        assert_ne!(base, choices(&mut Streams::new(1, "p1"), "back-off"));
    }

    #[test]
    fn draws_reach_both_ends_of_a_delay_and_stay_within() {
        let mut stream = Stream::new(1, "test");
        let drawn: Vec<u64> = (0..200).map(|_| stream.within(Delay { least: 5, most: 8 })).collect();
        assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&5), Some(&8)));
        assert_eq!(stream.within(Delay { least: 3, most: 3 }), 3);
        let whole: Vec<u64> = (0..64).map(|_| stream.within(Delay { least: 0, most: u64::MAX })).collect();
        assert!(whole.iter().any(|&nanos| nanos > u64::MAX / 2) && whole.iter().any(|&nanos| nanos < u64::MAX / 2));
    }

    #[test]
    fn a_ratio_hits_about_as_often_as_it_says() {
        let mut stream = Stream::new(1, "test");
        let ratio = Ratio::new(1, 10).unwrap();
        let hits = (0..10_000).filter(|_| stream.hits(ratio)).count();
        assert!((900..1100).contains(&hits), "{hits} of 10000");
        assert!((0..1000).all(|_| !stream.hits(Ratio::ZERO) && stream.hits(Ratio::ONE)));
    }
}
