//! What it costs to know that a job has ended, by size of the cluster and by the way clients are told.
//!
//! Every cell of a [`Study`] is one run of the real nodes of the plane `xaction` in the simulator: so many targets, members
//! of the Information Center, jobs at once and waiting clients, under one status [`Model`]. A meter counts messages and
//! bytes until the last waiter knows. Nothing goes wrong in these runs; what faults cost is the scenarios' business.
//! Source of the claim studied: the package documentation of `xact`, "IC status".

mod cell;
mod chart;
mod grid;
mod meter;
mod page;
mod rate;
mod row;

pub use cell::{Cell, Model, Setting, Way};
pub use chart::{ChartError, chart};
pub use grid::{Study, StudyError};
pub use page::page;
pub use rate::{Arrivals, Rate, table_rate};
pub use row::{Load, Measured, Row, TITLES, csv};
