//! Buckets, as far as jobs tell them apart: a name, and which of the buckets that had it.

use quiesce_machine::Rename;
use std::fmt;

/// A bucket's name: `b1`, `b2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct BucketName(pub u16);

impl fmt::Display for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b{}", self.0 + 1)
    }
}

/// A bucket: destroying one and creating another of the same name makes another generation (the published BID).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct Bucket {
    /// Its name.
    pub name: BucketName,
    /// Which of the buckets that had this name, counted from 1.
    pub generation: u16,
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.name, self.generation)
    }
}
