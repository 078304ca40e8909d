//! From what a search found to a report.

use std::time::Instant;

use quiesce_machine::{Monitor, Node, Obligation};
use stateright::Model;

use crate::check::CheckError;
use crate::report::{Cost, Counterexample, Ending, Folding, Odds, PropertyReport, Report, Shortfall, Verdict};
use crate::search::Route;
use crate::system::{Action, State, System};

/// A way through the states of a system.
pub(crate) type Way = Route<State, Action>;

/// Collects what was found against each property.
pub(crate) struct Judge<'a, N: Node, M: Monitor<N>> {
    system: &'a System<N, M>,
    shortfall: Option<Shortfall>,
    names: Vec<&'static str>,
    cases: Vec<Case>,
}

/// What is known of one property.
#[derive(Default)]
struct Case {
    owing_states: Option<u64>,
    shortfall: Option<Shortfall>,
    finding: Option<Finding>,
}

struct Finding {
    evidence: String,
    way: Way,
    end: End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Violation,
    Rest,
    /// So many actions at the end repeat.
    Loop(usize),
}

/// A search in figures.
pub(crate) struct Figures {
    pub(crate) unique: u64,
    pub(crate) generated: u64,
    pub(crate) depth: u64,
    pub(crate) edges: u64,
    pub(crate) began: Instant,
}

impl<'a, N: Node, M: Monitor<N>> Judge<'a, N, M> {
    pub(crate) fn new(system: &'a System<N, M>, shortfall: Option<Shortfall>) -> Self {
        let names: Vec<_> = system.properties().iter().map(|property| property.name).collect();
        let cases = names.iter().map(|_| Case::default()).collect();
        Judge { system, shortfall, names, cases }
    }

    /// How many properties there are.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    pub(crate) fn owing_states(&mut self, property: usize, count: u64) {
        self.cases[property].owing_states = Some(count);
    }

    /// Nobody judged this property whole.
    pub(crate) fn unjudged(&mut self, property: usize, shortfall: Shortfall) {
        self.cases[property].shortfall = Some(shortfall);
    }

    /// # Errors
    /// When the way cannot be told, since somebody's code depends on names.
    pub(crate) fn violated(&mut self, property: usize, way: Way) -> Result<(), CheckError> {
        let way = self.system.unfold(way)?;
        let evidence = self.system.violation(way.end()).map(|(_, evidence)| evidence).unwrap_or_default();
        self.cases[property].finding = Some(Finding { evidence, way, end: End::Violation });
        Ok(())
    }

    /// At the end of `way`, of which the last `length` actions repeat, something stays owed.
    pub(crate) fn owes_for_ever(&mut self, property: usize, owed: Obligation, way: Way, length: usize) {
        let evidence = self.system.describe(way.end(), property, owed);
        let end = if length == 0 { End::Rest } else { End::Loop(length) };
        self.cases[property].finding = Some(Finding { evidence, way, end });
    }

    /// # Errors
    /// When a node turns out not to be a pure function.
    pub(crate) fn report(self, figures: Figures) -> Result<Report<N>, CheckError> {
        let properties: Vec<_> = (0..self.len()).map(|property| self.property(property)).collect();
        let counterexamples: Result<Vec<_>, _> =
            (0..self.len()).filter_map(|property| self.counterexample(property)).collect();
        let worst = properties.iter().map(|p| &p.verdict).rev().max_by_key(|verdict| verdict.rank());
        let (places, messages, handled) = self.system.figures();
        let Figures { unique, generated, depth, edges, began } = figures;
        Ok(Report {
            verdict: worst.cloned().unwrap_or(Verdict::Pass),
            unique_states: unique,
            states: generated,
            depth,
            properties,
            counterexamples: counterexamples?,
            collision: Odds::among(unique),
            folding: self.system.folding().map(|(renamings, stands_for)| Folding {
                renamings,
                stands_for: Some(stands_for).filter(|&count| self.shortfall.is_none() && count >= unique),
            }),
            cost: Cost { elapsed: began.elapsed(), places, messages, handled, edges },
        })
    }

    fn property(&self, property: usize) -> PropertyReport {
        let case = &self.cases[property];
        let name = self.names[property];
        let shortfall = self.shortfall.or(case.shortfall).or_else(|| self.hidden_behind(property));
        let verdict = match (&case.finding, shortfall) {
            (Some(_), _) => Verdict::Fail,
            (None, Some(shortfall)) => Verdict::Incomplete(shortfall),
            (None, None) if !self.system.is_armed(property) => Verdict::Vacuous(name),
            (None, None) => Verdict::Pass,
        };
        PropertyReport { name, verdict, owing_states: case.owing_states }
    }

    /// Nothing is explored behind a violation, so that other properties were judged only up to there.
    fn hidden_behind(&self, property: usize) -> Option<Shortfall> {
        let violated = |case: &Case| case.finding.as_ref().is_some_and(|finding| finding.end == End::Violation);
        let other = (0..self.len()).find(|&other| other != property && violated(&self.cases[other]))?;
        Some(Shortfall::BehindFailure(self.names[other]))
    }

    fn counterexample(&self, property: usize) -> Option<Result<Counterexample<N>, CheckError>> {
        let Finding { evidence, way, end } = self.cases[property].finding.as_ref()?;
        Some(self.system.tell(way).map(|steps| Counterexample {
            property: self.names[property],
            evidence: evidence.clone(),
            ending: match *end {
                End::Violation => Ending::Violation,
                End::Rest => Ending::Rest,
                End::Loop(length) => Ending::Loop { start: steps.len() - length },
            },
            steps,
        }))
    }
}
