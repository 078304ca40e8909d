//! Transitions of the plane's nodes: state, event, the exact effects.

mod client;
mod information_center;
mod membership;
mod proxy;
mod rebalance;
mod support;
mod target;
