//! The axes of a study, and the cells they span.

use quiesce_control::policy::PolicyError;
use quiesce_control::xaction::ClusterError;
use rayon::prelude::*;
use thiserror::Error;

use super::cell::{Cell, Model, Setting, Way};
use super::rate::table_rate;
use super::row::Row;

/// The most cells of one study.
const CELLS_MOST: usize = 10_000;

/// The axes: every combination is a cell, but that models in which nobody polls have no waiting clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Study {
    /// How many targets, 1 to 16,384.
    pub targets: Vec<u32>,
    /// How many members of the Information Center, 1 to 5.
    pub members: Vec<u32>,
    /// How many jobs run at once, 1 to 1,000.
    pub jobs: Vec<u32>,
    /// How targets tell and clients ask.
    pub models: Vec<Model>,
    /// How targets report. Where nobody reports, with snapshots, the first counts.
    pub reporting: Vec<Way>,
    /// How many clients wait, 1 to 10,000.
    pub waiters: Vec<u32>,
    /// What is the same for all cells.
    pub setting: Setting,
}

/// Why there is no such study.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StudyError {
    /// An axis without a value.
    #[error("expected at least one value for {axis}")]
    Empty {
        /// The axis.
        axis: &'static str,
    },
    /// A value beyond its axis.
    #[error("expected {axis} from {least} to {most}, found {found}")]
    Beyond {
        /// The axis.
        axis: &'static str,
        /// The least value.
        least: u32,
        /// The greatest value.
        most: u32,
        /// What was asked for.
        found: u32,
    },
    /// A value that stands twice.
    #[error("expected each value of {axis} once, found {found} twice")]
    Twice {
        /// The axis.
        axis: &'static str,
        /// What was asked for.
        found: String,
    },
    /// Too many cells.
    #[error("expected at most {CELLS_MOST} cells, found {found}")]
    Cells {
        /// How many.
        found: usize,
    },
    /// Times that contradict each other.
    #[error("expected {what}")]
    Times {
        /// What would not be contrary.
        what: &'static str,
    },
    /// Not a cluster.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// Not a policy, or not a choice of it.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

impl Study {
    /// Every cell, in the order of the axes.
    ///
    /// # Errors
    /// When an axis is empty, has a value twice or one beyond it, or there are too many cells.
    pub fn cells(&self) -> Result<Vec<Cell>, StudyError> {
        within("targets", &self.targets, 1..=16_384)?;
        within("members", &self.members, 1..=5)?;
        within("concurrent jobs", &self.jobs, 1..=1_000)?;
        within("waiting clients", &self.waiters, 1..=10_000)?;
        once("models", &self.models, |model| model.word().to_owned())?;
        once("ways to report", &self.reporting, |way| way.word().to_owned())?;
        self.setting.check()?;
        let most = [self.members.len(), self.jobs.len(), self.models.len(), self.reporting.len(), self.waiters.len()];
        let found = most.into_iter().fold(self.targets.len(), usize::saturating_mul);
        if found > CELLS_MOST {
            return Err(StudyError::Cells { found });
        }
        let mut cells = Vec::new();
        for &targets in &self.targets {
            for &members in &self.members {
                for &jobs in &self.jobs {
                    for &model in &self.models {
                        cells.extend(self.ways(model).map(|(reporting, waiters)| Cell {
                            targets,
                            members,
                            jobs,
                            model,
                            reporting,
                            waiters,
                        }));
                    }
                }
            }
        }
        Ok(cells)
    }

    /// How targets report under a model, and how many clients wait.
    fn ways(&self, model: Model) -> impl Iterator<Item = (Way, u32)> {
        let ways = if model == Model::Snaps { &self.reporting[..1] } else { &self.reporting[..] };
        let waiters: &[u32] = if model.polls() { &self.waiters } else { &[0] };
        ways.iter().flat_map(|&way| waiters.iter().map(move |&waiters| (way, waiters)))
    }

    /// Runs every cell, as many at once as there are threads. `clock`: then measures the IC table's rate by the clock,
    /// one cell after the other.
    ///
    /// # Errors
    /// As [`cells`](Self::cells), and when a policy of the setting is none.
    pub fn run(&self, clock: bool) -> Result<Vec<Row>, StudyError> {
        let cells = self.cells()?;
        let rows = cells.into_par_iter().map(|cell| Ok(Row { cell, measured: cell.run(&self.setting)?, rate: None }));
        let mut rows = rows.collect::<Result<Vec<Row>, StudyError>>()?;
        let mut last = None;
        for row in rows.iter_mut().filter(|_| clock) {
            let shape = (row.cell.targets, row.cell.jobs);
            let rate = match last {
                Some((known, rate)) if known == shape => rate,
                _ => table_rate(shape.0, shape.1),
            };
            last = Some((shape, rate));
            row.rate = Some(rate);
        }
        Ok(rows)
    }
}

fn within(axis: &'static str, values: &[u32], range: std::ops::RangeInclusive<u32>) -> Result<(), StudyError> {
    let (least, most) = (*range.start(), *range.end());
    match values.iter().find(|value| !range.contains(value)) {
        Some(&found) => Err(StudyError::Beyond { axis, least, most, found }),
        None => once(axis, values, u32::to_string),
    }
}

fn once<T: PartialEq>(axis: &'static str, values: &[T], name: impl Fn(&T) -> String) -> Result<(), StudyError> {
    if values.is_empty() {
        return Err(StudyError::Empty { axis });
    }
    let twice = values.iter().enumerate().find(|(place, value)| values[..*place].contains(value));
    twice.map_or(Ok(()), |(_, value)| Err(StudyError::Twice { axis, found: name(value) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn study() -> Study {
        let (targets, members, jobs) = (vec![4, 16], vec![3], vec![1, 2]);
        let models = vec![Model::IcTerm, Model::IcWait, Model::Snaps];
        let (reporting, waiters) = (vec![Way::Each], vec![1, 10]);
        Study { targets, members, jobs, models, reporting, waiters, setting: Setting::default() }
    }

    #[test]
    fn cells_are_the_product_of_the_axes_but_for_models_in_which_nobody_polls() {
        let cells = study().cells().unwrap();
        assert_eq!(cells.len(), 2 * 2 * (1 + 2 + 2));
        assert!(cells.iter().all(|cell| (cell.waiters == 0) == (cell.model == Model::IcTerm)));
        assert!(cells.is_sorted_by_key(|cell| (cell.targets, cell.jobs)));
    }

    #[test]
    fn ways_to_report_multiply_the_cells_of_all_models_but_snapshots() {
        let cells = Study { reporting: Way::ALL.to_vec(), ..study() }.cells().unwrap();
        assert_eq!(cells.len(), 2 * 2 * (3 + 3 * 2 + 2));
    }

    #[test]
    fn wrong_axes_are_refused_with_what_was_expected() {
        let refused = |change: &dyn Fn(&mut Study)| {
            let mut study = study();
            change(&mut study);
            study.cells().unwrap_err().to_string()
        };
        assert_eq!(refused(&|study| study.targets.clear()), "expected at least one value for targets");
        assert_eq!(refused(&|study| study.models.clear()), "expected at least one value for models");
        assert_eq!(refused(&|study| study.members.push(6)), "expected members from 1 to 5, found 6");
        assert_eq!(refused(&|study| study.targets.push(0)), "expected targets from 1 to 16384, found 0");
        assert_eq!(refused(&|study| study.jobs.push(1)), "expected each value of concurrent jobs once, found 1 twice");
        assert_eq!(
            refused(&|study| study.models.push(Model::Snaps)),
            "expected each value of models once, found snaps twice"
        );
        assert_eq!(refused(&|study| study.waiters = (1..=2000).collect()), "expected at most 10000 cells, found 24000");
    }

    #[test]
    fn equal_studies_yield_equal_rows() {
        assert_eq!(study().run(false), study().run(false));
    }
}
