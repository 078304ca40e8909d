//! Results and mistakes as people and programs read them.

mod mistake;

pub use mistake::explain;
