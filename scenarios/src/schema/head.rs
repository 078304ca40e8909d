//! What every scenario says of itself.

use std::ops::Range;
use std::time::Duration;

use crate::text::{Fields, Mistake, Read, Value};

/// The most seeds of one scenario.
const SEEDS_MOST: u64 = 100_000_000;

/// A scenario's name, purpose and extent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its name, in kebab case.
    pub name: String,
    /// What it shows, in one sentence.
    pub about: String,
    /// The plane it is about.
    pub plane: String,
    /// The seeds it runs over unless told otherwise.
    pub seeds: Seeds,
    /// The end of the phase under fire.
    pub until: Duration,
    /// How long the cluster may then take to come to rest.
    pub settle: Duration,
}

/// Seeds in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeds {
    /// The first.
    pub first: u64,
    /// How many; at least one.
    pub count: u64,
}

impl Seeds {
    /// One seed alone.
    #[must_use]
    pub fn one(seed: u64) -> Self {
        Seeds { first: seed, count: 1 }
    }

    /// All of them, in order.
    #[must_use]
    pub fn range(self) -> Range<u64> {
        self.first..self.first.saturating_add(self.count)
    }
}

impl Head {
    /// What a small world of a plane says of itself.
    pub(crate) fn of_scope(name: &str, about: &str, plane: &str) -> Head {
        let (until, settle) = (Duration::ZERO, Duration::ZERO);
        let (name, about, plane) = (name.to_owned(), about.to_owned(), plane.to_owned());
        Head { name, about, plane, seeds: Seeds::one(0), until, settle }
    }

    pub(super) const KEYS: [&'static str; 6] = ["name", "about", "plane", "seeds", "until", "settle"];

    pub(super) fn read(scenario: &Fields<'_>, plane: &str) -> Read<Head> {
        Ok(Head {
            name: scenario.need("name", "a name like \"slow-target\"")?.name()?.to_owned(),
            about: scenario.need("about", "a sentence")?.text()?.to_owned(),
            plane: plane.to_owned(),
            seeds: scenario.get("seeds").map_or(Ok(Seeds { first: 1, count: 20 }), |seeds| Seeds::read(&seeds))?,
            until: span(scenario.get("until"))?,
            settle: span(scenario.get("settle"))?,
        })
    }
}

impl Seeds {
    fn read(value: &Value<'_>) -> Read<Seeds> {
        let seeds = value.table("`seeds`", &["first", "count"])?;
        let first = seeds.get("first").map_or(Ok(1), |first| first.count(0..=u64::MAX))?;
        let count = seeds.get("count").map_or(Ok(20), |count| count.count(1..=SEEDS_MOST))?;
        if first.checked_add(count).is_none() {
            let (message, expected) = ("the last seed is beyond 2^64", "a smaller first seed");
            return Err(value.misread(Mistake::Contrary { message: message.into(), expected: expected.into() }));
        }
        Ok(Seeds { first, count })
    }
}

fn span(value: Option<Value<'_>>) -> Read<Duration> {
    value.map_or(Ok(Duration::from_secs(60)), |value| value.duration())
}
