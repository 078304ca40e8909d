//! Results and mistakes as people and programs read them.

pub mod audit;
pub mod document;
mod failure;
pub mod json;
mod junit;
mod junit_checks;
mod mermaid;
mod mistake;
mod out;
pub mod page;
mod perfetto;
pub mod picture;
mod progress;
mod shiviz;
mod table;

pub use failure::{commands, describe, quoted};
pub use json::{JsonLines, Line, Rows, ScenarioResult};
pub use junit::junit;
pub use junit_checks::junit_of_checks;
pub use mermaid::mermaid;
pub use mistake::explain;
pub use out::{Out, error_has_colour, tell};
pub use perfetto::perfetto;
pub use progress::{AuditProgress, BranchProgress, CheckProgress, Progress};
pub use shiviz::shiviz;
pub use table::{Look, span, sweeps, words};
