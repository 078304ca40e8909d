//! Transitions of the plane's nodes: state, event, the exact effects.

mod apiserver;
mod controller;
mod director;
mod support;
mod tenant;
mod user;
