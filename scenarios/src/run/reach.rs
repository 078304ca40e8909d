//! Which marks of the code under test a suite reached.

use std::collections::BTreeMap;

use super::Sweep;
use crate::planes;

/// How far the scenarios of one plane got into its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The plane.
    pub plane: &'static str,
    /// Every mark that the plane declares, and how often it was reached.
    pub marks: BTreeMap<&'static str, u64>,
}

impl Reach {
    /// What `sweeps`, each with the plane it is about, reached together; one for each plane among them that has marks.
    #[must_use]
    pub fn of(sweeps: &[(&str, &Sweep)]) -> Vec<Reach> {
        let about = |plane: &&&dyn planes::AnyPlane| sweeps.iter().any(|(name, _)| *name == plane.name());
        let reach = |plane: &&dyn planes::AnyPlane| {
            let mut marks: BTreeMap<&'static str, u64> = plane.marks().iter().map(|&mark| (mark, 0)).collect();
            for (_, sweep) in sweeps.iter().filter(|(name, _)| *name == plane.name()) {
                for (mark, count) in marks.iter_mut() {
                    *count = count.saturating_add(sweep.marks.get(*mark).copied().unwrap_or(0));
                }
            }
            Reach { plane: plane.name(), marks }
        };
        planes::ALL.iter().filter(about).map(reach).filter(|reach| !reach.marks.is_empty()).collect()
    }

    /// The marks that no scenario reached.
    pub fn missed(&self) -> impl Iterator<Item = &'static str> {
        self.marks.iter().filter(|(_, count)| **count == 0).map(|(&mark, _)| mark)
    }

    /// Whether every mark was reached.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.missed().next().is_none()
    }
}

impl std::fmt::Display for Reach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let missed: Vec<_> = self.missed().collect();
        let (all, reached) = (self.marks.len(), self.marks.len() - missed.len());
        write!(f, "{reached} of {all} marks of {} reached", self.plane)?;
        if missed.is_empty() { Ok(()) } else { write!(f, "; never: {}", missed.join(", ")) }
    }
}
