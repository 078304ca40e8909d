//! What a plane's properties have in common: each is a struct in a file of its own, gathered in one enum.

use std::fmt::Debug;
use std::hash::Hash;

use quiesce_machine::{Node, Obligation, Observation, View, Violation};

/// One property, before it is gathered into its plane's `Monitor`.
pub trait Property<N: Node>: Clone + Debug + Default + Eq + Hash + Send + Sync + 'static {
    /// Its stable name, in kebab case.
    const NAME: &'static str;
    /// The claim, in one line.
    const CLAIM: &'static str;

    /// Takes note of one thing that happened. The evidence of a violation, if this is one.
    ///
    /// # Errors
    /// With the evidence, when the property no longer holds.
    fn observe(&mut self, seen: &Observation<'_, N>, view: &dyn View<N>) -> Result<(), String>;

    /// Whether it has had anything to judge.
    fn armed(&self) -> bool;

    /// What is owed in this state; nothing, for a property that is safety alone.
    fn owed(&self, view: &dyn View<N>, owes: &mut dyn FnMut(Obligation)) {
        let _ = (view, owes);
    }

    /// An obligation as a sentence.
    fn describe(&self, owed: Obligation, view: &dyn View<N>) -> String {
        let _ = view;
        unreachable!("{} owes nothing, asked about {owed:?}", Self::NAME)
    }
}

/// A violation of `P`.
pub fn violation<N: Node, P: Property<N>>(evidence: String) -> Violation {
    Violation { property: P::NAME, evidence }
}

/// Gathers a plane's properties into its `Monitor`: one row each. Attributes go to the `Monitor`.
#[macro_export]
macro_rules! monitors {
    ($(#[$attribute:meta])* $Node:ty; $( $module:ident::$Name:ident ),+ $(,)?) => {
        $(
            mod $module;
            pub use $module::$Name;
        )+

        /// A property of this plane.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        $(#[$attribute])*
        pub enum Monitor {
            $(
                #[doc = concat!("See [`", stringify!($Name), "`].")]
                $Name($Name),
            )+
        }

        impl Monitor {
            /// Every property, unarmed, in order.
            #[must_use]
            pub fn all() -> Vec<Monitor> {
                vec![$( Monitor::$Name($Name::default()), )+]
            }

            /// Every property's name and claim, in order.
            pub const ROWS: &'static [(&'static str, &'static str)] = &[$(
                (<$Name as $crate::monitor::Property<$Node>>::NAME, <$Name as $crate::monitor::Property<$Node>>::CLAIM),
            )+];

            /// The property of that name.
            #[must_use]
            pub fn named(name: &str) -> Option<Monitor> {
                use quiesce_machine::Monitor as _;
                Self::all().into_iter().find(|monitor| monitor.name() == name)
            }
        }

        impl quiesce_machine::Monitor<$Node> for Monitor {
            fn name(&self) -> &'static str {
                match self {
                    $( Monitor::$Name(_) => <$Name as $crate::monitor::Property<$Node>>::NAME, )+
                }
            }

            fn observe(
                &mut self,
                seen: &quiesce_machine::Observation<'_, $Node>,
                view: &dyn quiesce_machine::View<$Node>,
            ) -> Result<(), quiesce_machine::Violation> {
                match self {
                    $( Monitor::$Name(property) => $crate::monitor::Property::observe(property, seen, view)
                        .map_err($crate::monitor::violation::<$Node, $Name>), )+
                }
            }

            fn owed(
                &self,
                view: &dyn quiesce_machine::View<$Node>,
                owes: &mut dyn FnMut(quiesce_machine::Obligation),
            ) {
                match self {
                    $( Monitor::$Name(property) => $crate::monitor::Property::owed(property, view, owes), )+
                }
            }

            fn armed(&self) -> bool {
                match self {
                    $( Monitor::$Name(property) => $crate::monitor::Property::<$Node>::armed(property), )+
                }
            }

            fn describe(
                &self,
                owed: quiesce_machine::Obligation,
                view: &dyn quiesce_machine::View<$Node>,
            ) -> String {
                match self {
                    $( Monitor::$Name(property) => $crate::monitor::Property::describe(property, owed, view), )+
                }
            }
        }
    };
}
