//! Policies: each place where a published system's behaviour can break a property, as a choice between the
//! reference's way and ours.
//!
//! A plane declares its policies with the [`policies!`](crate::policies) macro, one row each. No other switch changes
//! behaviour, and each policy is read at one place.

use thiserror::Error;

/// One policy, for lists and for `--policy name=choice`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Stable name, in kebab case.
    pub name: &'static str,
    /// What it decides, in one line, with the hazard it answers.
    pub about: &'static str,
    /// Name of the published system's choice.
    pub reference: &'static str,
    /// What the published system does, in a sentence.
    pub published: &'static str,
    /// What that can come to for a user, in a sentence.
    pub consequence: &'static str,
    /// Name of ours.
    pub hardened: &'static str,
    /// What we do instead, in a sentence.
    pub ours: &'static str,
}

/// Why a policy could not be set.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PolicyError {
    /// No policy has that name.
    #[error("unknown policy `{0}`")]
    UnknownPolicy(String),
    /// The policy exists, the choice does not.
    #[error("policy `{policy}` is either `{reference}` or `{hardened}`, found `{found}`")]
    UnknownChoice {
        /// The policy's name.
        policy: &'static str,
        /// The reference's choice.
        reference: &'static str,
        /// Ours.
        hardened: &'static str,
        /// What was asked for.
        found: String,
    },
}

/// Declares a plane's `Policies`: an enum of two choices per row, the reference's first with what it can come to for a user,
/// and the table of all rows.
#[macro_export]
macro_rules! policies {
    ($( $(#[doc = $doc:literal])+ $field:ident: $Type:ident = $name:literal {
        $(#[doc = $rdoc:literal])+ $Reference:ident = $reference:literal => $consequence:literal,
        $(#[doc = $hdoc:literal])+ $Hardened:ident = $hardened:literal $(,)?
    } )+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub enum $Type {
                $(#[doc = $rdoc])+
                $Reference,
                $(#[doc = $hdoc])+
                $Hardened,
            }
        )+

        /// The choice made for every policy of this plane.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct Policies {
            $( $(#[doc = $doc])+ pub $field: $Type, )+
        }

        impl Policies {
            /// Every policy, in order of declaration.
            pub const ROWS: &'static [$crate::policy::Row] = &[$(
                $crate::policy::Row {
                    name: $name,
                    about: concat!($($doc),+).trim_ascii(),
                    reference: $reference,
                    published: concat!($($rdoc),+).trim_ascii(),
                    consequence: $consequence,
                    hardened: $hardened,
                    ours: concat!($($hdoc),+).trim_ascii(),
                },
            )+];

            /// The system as published, defects included.
            #[must_use]
            pub const fn reference() -> Self {
                Policies { $( $field: $Type::$Reference, )+ }
            }

            /// Our choices; the default.
            #[must_use]
            pub const fn hardened() -> Self {
                Policies { $( $field: $Type::$Hardened, )+ }
            }

            /// Makes one choice by name.
            ///
            /// # Errors
            /// When the policy or the choice has no such name.
            pub fn set(&mut self, policy: &str, choice: &str) -> Result<(), $crate::policy::PolicyError> {
                match policy {
                    $( $name => self.$field = match choice {
                        $reference => $Type::$Reference,
                        $hardened => $Type::$Hardened,
                        found => return Err($crate::policy::PolicyError::UnknownChoice {
                            policy: $name,
                            reference: $reference,
                            hardened: $hardened,
                            found: found.to_owned(),
                        }),
                    }, )+
                    unknown => return Err($crate::policy::PolicyError::UnknownPolicy(unknown.to_owned())),
                }
                Ok(())
            }

            /// Every policy's name with the choice made, in order of declaration.
            pub fn choices(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
                [$( ($name, match self.$field {
                    $Type::$Reference => $reference,
                    $Type::$Hardened => $hardened,
                }), )+].into_iter()
            }
        }

        impl Default for Policies {
            fn default() -> Self {
                Self::hardened()
            }
        }
    };
}

#[cfg(test)]
#[allow(unreachable_pub, reason = "the macro writes what a plane exports")]
mod tests {
    use super::*;

    crate::policies! {
        /// Which side is up.
        side: Side = "side" {
            /// Buttered.
            Buttered = "buttered" => "The table has to be wiped.",
            /// Dry.
            Dry = "dry",
        }
    }

    #[test]
    fn profiles_take_the_first_and_the_second_choice() {
        assert_eq!(Policies::reference().side, Side::Buttered);
        assert_eq!(Policies::hardened().side, Side::Dry);
        assert_eq!(Policies::default(), Policies::hardened());
    }

    #[test]
    fn a_choice_is_made_by_name_and_listed_by_name() {
        let mut policies = Policies::hardened();
        policies.set("side", "buttered").unwrap();
        assert_eq!(policies.choices().collect::<Vec<_>>(), [("side", "buttered")]);
        let row = Policies::ROWS[0];
        assert_eq!((row.about, row.published, row.ours), ("Which side is up.", "Buttered.", "Dry."));
        assert_eq!(row.consequence, "The table has to be wiped.");
    }

    #[test]
    fn an_unknown_policy_or_choice_is_refused_and_changes_nothing() {
        let mut policies = Policies::hardened();
        assert_eq!(policies.set("sid", "dry"), Err(PolicyError::UnknownPolicy("sid".into())));
        let refused = policies.set("side", "up").unwrap_err();
        assert_eq!(refused.to_string(), "policy `side` is either `buttered` or `dry`, found `up`");
        assert_eq!(policies, Policies::hardened());
    }
}
