//! What an audit's page shows of a policy: the shortest run as a picture, and what both choices cost.

use crate::check::Adjust;
use crate::choices::Choices;
use crate::planes::AnyPlane;
use crate::report::picture::Picture;
use crate::run::{Cost, Run};
use crate::schema::Seeds;
use crate::text::Source;
use crate::{load, shrink};

use super::{By, Caught};

/// How often the picture of a loop goes round it.
const LOOPS: usize = 1;

/// A run in which a property fails, as small as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The run.
    pub picture: Picture,
    /// The seed, where there is one.
    pub seed: u64,
    /// What was found.
    pub finding: crate::run::Finding,
    /// The scenario, where it is one.
    pub scenario: Option<shrink::Shrunk>,
}

/// What both choices of a policy cost in the same runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// The scenario.
    pub scenario: String,
    /// Its seeds.
    pub seeds: Seeds,
    /// With the published choice, everything else ours.
    pub published: Cost,
    /// With ours.
    pub ours: Cost,
}

impl Caught {
    /// The run that shows it, taken once more under the choices under which it was caught; none if no scenario can say it.
    #[must_use]
    pub fn example(&self, plane: &'static dyn AnyPlane, choices: &Choices) -> Option<Example> {
        let found = |run: &Run| run.findings.iter().find(|finding| finding.property == self.property).cloned();
        match &self.by {
            By::Checker { scope, path, .. } => {
                let world = plane.world(scope, choices, &Adjust::default())?.ok()?;
                let replayed = world.replay(&path.course(LOOPS));
                let finding = found(&replayed.run)?;
                let picture = Picture::new(&replayed.trace, Some(&finding));
                Some(Example { picture, seed: 0, finding, scenario: None })
            }
            By::Simulator { small, .. } => {
                let small = small.as_ref()?;
                let scenario = load(&Source::new(small.name.clone(), small.text.clone())).ok()?;
                let prepared = scenario.under(&Choices::default()).ok()?;
                let seed = scenario.head().seeds.first;
                let (run, trace) = prepared.watch(seed);
                let finding = found(&run)?;
                let picture = Picture::new(&trace, Some(&finding));
                Some(Example { picture, seed, finding, scenario: Some(small.clone()) })
            }
        }
    }
}
