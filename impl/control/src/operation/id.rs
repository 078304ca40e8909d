//! Names of processes, resources and requests.

use std::fmt;

use quiesce_machine::{CallId, Incarnation, Rename, Renaming};

/// A process by role and number, numbers counted from 0 and printed from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProcessId {
    /// The director, with its database: `director`.
    Director,
    /// The cluster's API server, with its store: `apiserver`.
    ApiServer,
    /// The tenant's external system, which serves webhooks: `tenant`.
    Tenant,
    /// A replica of the operations controller: `o1`.
    Controller(u8),
    /// An API user's program: `u1`.
    User(u8),
}

/// A user's number; users are counted by the word `user`.
pub(super) fn user(number: u8, to: &Renaming) -> u8 {
    u8::try_from(to.number("user", u32::from(number))).expect("as many as before")
}

impl Rename for ProcessId {
    fn rename(&self, to: &Renaming) -> Self {
        match *self {
            ProcessId::User(n) => ProcessId::User(user(n, to)),
            ProcessId::Director | ProcessId::ApiServer | ProcessId::Tenant | ProcessId::Controller(_) => *self,
        }
    }
}

impl fmt::Display for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            ProcessId::Director => f.write_str("director"),
            ProcessId::ApiServer => f.write_str("apiserver"),
            ProcessId::Tenant => f.write_str("tenant"),
            ProcessId::Controller(n) => write!(f, "o{}", n + 1),
            ProcessId::User(n) => write!(f, "u{}", n + 1),
        }
    }
}

impl fmt::Debug for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An application: the only resource type that the scheduler accepts. Stands for its UUID, which is never used again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct AppId(pub u8);

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a{}", self.0 + 1)
    }
}

impl fmt::Debug for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `correlation_id`: the request's `x-request-id`, which the user's program keeps when it asks again.
///
/// It tells operations apart for facts and properties in both profiles.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CorrelationId {
    /// Whose request.
    pub user: u8,
    /// In which life of that program.
    pub life: Incarnation,
    /// The call behind it.
    pub call: CallId,
}

impl CorrelationId {
    /// This id as one number, for what is told apart by numbers.
    ///
    /// # Panics
    /// When a process has lived 2^24 lives or more.
    #[must_use]
    pub fn key(self) -> u64 {
        assert!(self.life.0 < 1 << 24, "{self} is of a life beyond 24 bits");
        u64::from(self.user) << 56 | u64::from(self.life.0) << 32 | u64::from(self.call.0)
    }
}

impl Rename for CorrelationId {
    fn rename(&self, to: &Renaming) -> Self {
        CorrelationId { user: user(self.user, to), life: self.life, call: self.call.rename(to) }
    }
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "op-u{}.{}.{}", self.user + 1, self.life.0, self.call.0)
    }
}

impl fmt::Debug for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A job of the tenant's system, which is also the URL to poll for its status.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct JobId {
    /// The operation that asked for it.
    pub op: CorrelationId,
    /// Tells apart jobs of one operation, where calls carry no key.
    pub attempt: u8,
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.op, self.attempt)
    }
}

impl fmt::Debug for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_print_as_operators_write_them() {
        assert_eq!(ProcessId::Controller(1).to_string(), "o2");
        let op = CorrelationId { user: 0, life: Incarnation(1), call: CallId(4) };
        assert_eq!(format!("{:?}", JobId { op, attempt: 0 }), "op-u1.1.4/0");
        assert_eq!(AppId(0).to_string(), "a1");
    }

    #[test]
    fn requests_of_different_users_lives_and_calls_have_different_keys() {
        let id = |user, life, call| CorrelationId { user, life: Incarnation(life), call: CallId(call) }.key();
        let keys = [id(0, 1, 1), id(1, 1, 1), id(0, 2, 1), id(0, 1, 2)];
        assert_eq!(keys.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
    }
}
