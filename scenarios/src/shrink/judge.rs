//! Whether a smaller scenario still shows the failure.

use toml_edit::{Array, InlineTable, Value};

use super::draft::Draft;
use crate::capsule::Capsule;
use crate::choices::Choices;
use crate::load;
use crate::run::{FindingKind, Prepared};
use crate::text::Source;

/// The most scenarios that are tried for one failure.
const TRIED_MOST: u32 = 4000;

/// How many more events than the failure a smaller scenario may take, so that none runs away.
const EVENTS_MORE: u64 = 20_000;

/// The seeds tried beside the failure's own: what is taken away moves the draws of what is left.
const SEEDS: u64 = 3;

/// A failure on its way to become smaller.
#[derive(Debug)]
pub(super) struct Shrinker {
    property: String,
    kind: FindingKind,
    events_most: u64,
    /// Whether our policies mend the failure. Then they mend what is left of it too: else it would be another one, such
    /// as a run too short for anybody.
    mended: bool,
    /// The smallest scenario so far.
    pub(super) best: Draft,
    /// A seed with which it fails.
    pub(super) seed: u64,
    pub(super) tried: u32,
}

impl Shrinker {
    pub(super) fn new(capsule: &Capsule, best: Draft) -> Self {
        let events_most = capsule.events + EVENTS_MORE;
        let property = capsule.property.clone();
        Shrinker { property, kind: capsule.kind, events_most, mended: false, best, seed: capsule.seed, tried: 0 }
    }

    /// Whether what is there fails at all.
    pub(super) fn start(&mut self) -> bool {
        let fails = self.fails(&self.best.clone()).is_some();
        self.mended = fails && self.is_mended(&self.best, self.seed);
        fails
    }

    /// Whether our policies keep a scenario from failing.
    fn is_mended(&self, draft: &Draft, seed: u64) -> bool {
        let mut ours = draft.clone();
        ours.remove("policies");
        self.prepare(&ours).is_some_and(|prepared| !self.is_shown(prepared.as_ref(), seed))
    }

    /// Whether the property fails in the same way.
    fn is_shown(&self, prepared: &dyn Prepared, seed: u64) -> bool {
        let findings = prepared.run(seed).findings;
        findings.iter().any(|finding| finding.property == self.property && finding.kind == self.kind)
    }

    /// Takes a change, if the failure survives it.
    pub(super) fn attempt(&mut self, change: impl FnOnce(&mut Draft)) -> bool {
        let mut draft = self.best.clone();
        change(&mut draft);
        if self.is_spent() || draft.text() == self.best.text() {
            return false;
        }
        match self.fails(&draft) {
            Some(seed) => {
                (self.best, self.seed) = (draft, seed);
                true
            }
            None => false,
        }
    }

    pub(super) fn is_spent(&self) -> bool {
        self.tried >= TRIED_MOST
    }

    /// The smallest scenario so far, ready to run.
    pub(super) fn prepared(&self) -> Box<dyn Prepared> {
        self.prepare(&self.best).expect("what is kept was run before")
    }

    pub(super) fn prepare(&self, draft: &Draft) -> Option<Box<dyn Prepared>> {
        let mut bounded = draft.clone();
        if bounded.get("events_max").is_none() {
            bounded.set("events_max", Value::from(i64::try_from(self.events_most).unwrap_or(i64::MAX)));
        }
        load(&Source::new("shrink", bounded.text())).ok()?.under(&Choices::default()).ok()
    }

    /// A seed with which it fails.
    fn fails(&mut self, draft: &Draft) -> Option<u64> {
        self.tried += 1;
        let prepared = self.prepare(draft)?;
        let same =
            |&seed: &u64| self.is_shown(prepared.as_ref(), seed) && (!self.mended || self.is_mended(draft, seed));
        [self.seed].into_iter().chain((1..=SEEDS).filter(|&seed| seed != self.seed)).find(same)
    }

    /// Expects nothing but what fails.
    pub(super) fn expect_less(&mut self, property: &str) {
        let expect = |properties: &[&str]| {
            let mut table = InlineTable::new();
            table.insert("properties", Value::from(properties.iter().copied().collect::<Array>()));
            table
        };
        match property.strip_prefix("expect.").and_then(|place| place.split_once('.')) {
            Some((what, name)) => {
                let kept = self.best.get_in("expect", what).and_then(|of| of.as_inline_table()?.get(name).cloned());
                let mut table = expect(&[]);
                let mut inner = InlineTable::new();
                inner.insert(name, kept.unwrap_or_else(|| Value::from("")));
                table.insert(what, Value::InlineTable(inner));
                self.attempt(|draft| draft.set("expect", Value::InlineTable(table)));
            }
            None => {
                let table = if self.kind == FindingKind::Panic { expect(&[]) } else { expect(&[property]) };
                self.attempt(|draft| draft.set("expect", Value::InlineTable(table)));
            }
        }
        for key in ["reference", "facts", "messages", "replies"] {
            self.attempt(|draft| {
                if draft.get("expect").is_some() {
                    draft.table("expect").remove(key);
                }
            });
        }
    }
}
