//! The control planes under test: real code, written against the contract of `quiesce-machine`.
//!
//! Each plane owns its nodes, its policies and its monitors. Nothing here knows a clock, a socket, a file, a thread or a
//! random source, and nothing knows who drives it.
//!
//! A driver hands a node an event and does what it answers. Here nobody drives: a client is asked to start a job, and asks
//! its gateway.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//! use quiesce_control::xaction::{
//!     Cluster, Config, DaemonId, Ending, JobName, JobSpec, Kind, Node, Request, Work,
//! };
//! use quiesce_machine::{CallId, Effect, Event, Incarnation, Label as _, Node as _, step};
//!
//! let config = Config::new(Cluster::new(1, 2, 1, 1)?);
//! let (gateway, client) = (DaemonId::Proxy(0), config.cluster.node(DaemonId::Client(0)));
//! let mut node = Node::boot(client, &config);
//! step(&mut node, client, &config, Event::Start { incarnation: Incarnation(1), records: vec![] });
//!
//! let work = Work { takes: Duration::from_secs(1), ends: Ending::Finishes };
//! let kind = Kind::from_name("prefetch-objects")?;
//! let spec = JobSpec { kind, work, special: Default::default(), only: None, manner: None };
//! let request = Request::Start { name: JobName(0), via: gateway, spec: Arc::new(spec) };
//! let out = step(&mut node, client, &config, Event::Call { call: CallId(0), request });
//! let sent = out.effects.iter().find_map(|effect| match effect {
//!     Effect::Send { to, msg } => Some((*to, msg.label())),
//!     _ => None,
//! });
//! assert_eq!(sent, Some((config.cluster.node(gateway), "start-request")));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! This is no library for running such systems: there is no live driver, and what a plane leaves out of the system that it is
//! modelled on stands in its own front page and in `docs/guide/limits.md`.
#![forbid(unsafe_code)]

mod instant;
pub mod monitor;
pub mod nearest;
pub mod operation;
pub mod policy;
pub mod volume;
pub mod xaction;
