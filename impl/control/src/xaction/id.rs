//! Names of daemons and of jobs.

use std::fmt;

use quiesce_machine::{CallId, Incarnation};

/// A daemon or client by role and number, counted from 0 and printed from 1: `p1`, `t3`, `c1`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DaemonId {
    /// A gateway.
    Proxy(u16),
    /// A storage node.
    Target(u16),
    /// A user's program.
    Client(u16),
}

impl DaemonId {
    /// This name as one number of 18 bits, for what is told apart or mixed by numbers.
    pub(crate) fn number(self) -> u64 {
        match self {
            DaemonId::Proxy(n) => u64::from(n),
            DaemonId::Target(n) => 1 << 16 | u64::from(n),
            DaemonId::Client(n) => 2 << 16 | u64::from(n),
        }
    }
}

impl fmt::Display for DaemonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            DaemonId::Proxy(n) => write!(f, "p{}", n + 1),
            DaemonId::Target(n) => write!(f, "t{}", n + 1),
            DaemonId::Client(n) => write!(f, "c{}", n + 1),
        }
    }
}

impl fmt::Debug for DaemonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A job's id, unique in a run: who made it, in which life, and a number of its own.
///
/// Stands for AIStore's short id. Made by a gateway from a counter, or from a client's request, in which case asking
/// twice gives one id (policy `job-identity`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct XactId {
    /// Whose request or counter it comes from.
    pub by: DaemonId,
    /// Which life of that process.
    pub life: Incarnation,
    /// The counter, or the number of the client's call.
    pub number: u32,
}

impl XactId {
    /// The id of the job that a client's start request stands for.
    #[must_use]
    pub fn of_request(client: DaemonId, life: Incarnation, call: CallId) -> XactId {
        XactId { by: client, life, number: call.0 }
    }

    /// This id as one number, for what is told apart by numbers.
    ///
    /// # Panics
    /// When a process has lived 16,384 lives or more.
    #[must_use]
    pub fn key(self) -> u64 {
        assert!(self.life.0 < 1 << 14, "{self} is of a life beyond 14 bits");
        self.by.number() << 46 | u64::from(self.life.0) << 32 | u64::from(self.number)
    }
}

impl fmt::Display for XactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "x-{}.{}.{}", self.by, self.life.0, self.number)
    }
}

impl fmt::Debug for XactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A client's own name for a job it started, by which a later wait in the same client means it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobName(pub u16);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_print_as_operators_write_them() {
        assert_eq!(DaemonId::Target(2).to_string(), "t3");
        let id = XactId::of_request(DaemonId::Client(0), Incarnation(1), CallId(4));
        assert_eq!(format!("{id:?}"), "x-c1.1.4");
    }
}
