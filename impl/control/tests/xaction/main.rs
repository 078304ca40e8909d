//! Transitions of the plane's nodes: state, event, the exact effects; its tables cell by cell; and random sequences
//! against an oracle that was written separately. The matrix of coexistence, a test a cell, is beside this folder.

mod buckets;
mod client;
mod desk;
mod documents;
mod information_center;
mod kind_table;
mod membership;
mod proxy;
mod rebalance;
mod registry;
mod registry_oracle;
mod renewal_table;
mod reporting;
mod support;
mod target;
