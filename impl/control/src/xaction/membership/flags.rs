//! The state of one member.

use quiesce_machine::Rename;
use std::fmt;
use std::ops::BitOr;

/// What a map says of a member, by the published bits.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Rename)]
pub struct Flags(u8);

impl Flags {
    /// A plain active member.
    pub const NONE: Flags = Flags(0);
    /// Never primary, never in the Information Center.
    pub const NON_ELECTABLE: Flags = Flags(1);
    /// In the Information Center.
    pub const IC: Flags = Flags(2);
    /// In maintenance: a member that takes part in nothing.
    pub const MAINTENANCE: Flags = Flags(4);
    /// On its way out.
    pub const DECOMMISSION: Flags = Flags(8);
    /// In maintenance, and its data are elsewhere.
    pub const POST_REBALANCE: Flags = Flags(16);
    /// To stop its process once its data are elsewhere. No published bit: there the primary tells it by a message.
    pub const SHUTDOWN: Flags = Flags(32);

    /// Whether all of these are set.
    #[must_use]
    pub fn contains(self, flags: Flags) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// These less those.
    #[must_use]
    pub fn without(self, flags: Flags) -> Flags {
        Flags(self.0 & !flags.0)
    }

    /// Whether such a member takes part: neither in maintenance nor on its way out.
    #[must_use]
    pub fn are_active(self) -> bool {
        self.0 & (Self::MAINTENANCE.0 | Self::DECOMMISSION.0) == 0
    }
}

impl BitOr for Flags {
    type Output = Flags;

    fn bitor(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

impl fmt::Display for Flags {
    /// `(ic)`, `(maintenance, post-rebalance)`; nothing for none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (Self::NON_ELECTABLE, "non-electable"),
            (Self::IC, "ic"),
            (Self::MAINTENANCE, "maintenance"),
            (Self::DECOMMISSION, "decommission"),
            (Self::POST_REBALANCE, "post-rebalance"),
            (Self::SHUTDOWN, "shutdown"),
        ];
        let set: Vec<&str> = names.iter().filter(|(flag, _)| self.contains(*flag)).map(|&(_, name)| name).collect();
        if set.is_empty() { Ok(()) } else { write!(f, "({})", set.join(", ")) }
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flags{self}")
    }
}
