//! Which policies a run is under.

use crate::plane::Profile;

/// A profile, and single choices on top of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// Every policy at once.
    pub profile: Profile,
    /// Single policies by name, each with its choice.
    pub policies: Vec<(String, String)>,
}

impl Choices {
    /// The flags of the command line that make these choices again; empty for the default.
    #[must_use]
    pub fn flags(&self) -> String {
        let mut flags = String::new();
        if self.profile != Profile::default() {
            flags.push_str(" --profile ");
            flags.push_str(self.profile.word());
        }
        for (policy, choice) in &self.policies {
            flags.push_str(&format!(" --policy {policy}={choice}"));
        }
        flags
    }
}
