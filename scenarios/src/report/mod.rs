//! Results and mistakes as people and programs read them.

mod failure;
pub mod json;
mod mistake;
mod out;
pub mod picture;
mod progress;
mod table;

pub use failure::describe;
pub use json::{JsonLines, Line};
pub use mistake::explain;
pub use out::{Out, error_has_colour, tell};
pub use progress::{BranchProgress, CheckProgress, Progress};
pub use table::{Look, span, sweeps, words};
