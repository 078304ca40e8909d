//! What the processes say to each other, to users and to operators, and the labels by which traces and counters speak of it.

use std::fmt;

use quiesce_machine::{Label, NodeId};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Msg {
    Acquire,
    Granted(u8),
    Write(u8),
    Answer { number: u8, written: bool },
    Release(u8),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Timer {
    LeaseEnds,
    Again,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Request {
    Write,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Reply {
    Written,
    LeaseLost,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Fact {
    Asked,
    Written { by: NodeId, number: u8 },
    Answered,
}

macro_rules! labels {
    ($($name:ident { $($variant:pat => $label:literal),+ $(,)? })+) => { $(
        impl Label for $name {
            fn label(&self) -> &'static str {
                use $name::*;
                match self { $($variant => $label),+ }
            }
        }
    )+ };
}

labels! {
    Msg { Acquire => "acquire", Granted(_) => "granted", Write(_) => "write", Answer { .. } => "answer", Release(_) => "release" }
    Timer { LeaseEnds => "lease-ends", Again => "again" }
    Request { Write => "write" }
    Reply { Written => "written", LeaseLost => "lease-lost" }
    Fact { Asked => "asked", Written { .. } => "written", Answered => "answered" }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fact::Asked => f.write_str("a write begins"),
            Fact::Written { by, number } => write!(f, "{by} writes under number {number}"),
            Fact::Answered => f.write_str("a write ends"),
        }
    }
}
