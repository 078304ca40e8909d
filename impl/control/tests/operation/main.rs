//! Transitions of the plane's nodes: state, event, the exact effects; its tables cell by cell; and random sequences
//! against oracles that were written separately.

mod apiserver;
mod controller;
mod controller_oracle;
mod decision_table;
mod director;
mod director_oracle;
mod support;
mod tenant;
mod tenant_oracle;
mod user;
mod wire;
