//! Reading TOML so that every mistake has a place: file, line, column, what was expected, the nearest legal word.
//!
//! A hand-written reader over the spans of the TOML parser, not serde: serde's errors lose the key's place in nested
//! tables, and its derive cannot know the words that a plane adds. This module knows TOML and words; it knows no
//! scenario and no plane.

mod fields;
mod mistake;
mod source;
mod units;
mod words;

pub use fields::{Fields, Misread, Read, Value, parse_name};
pub use mistake::Mistake;
pub use quiesce_control::nearest::nearest;
pub use source::{LoadError, Problem, SIZE_MOST, Source, SourceError};
pub use units::{parse_duration, show_duration};
