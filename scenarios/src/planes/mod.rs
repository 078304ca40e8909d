//! The planes that scenarios can be about, and a view of them in which their types no longer matter.

mod operation;
mod volume;
mod xaction;

use std::fmt;
use std::marker::PhantomData;
use std::net::SocketAddr;

use quiesce_control::policy::Row;
use quiesce_machine::Monitor as _;

pub use operation::Operation;
pub use volume::Volume;
pub use xaction::Xaction;

use crate::check::{Adjust, CheckRefused, Checked, Checking, leaves_out, ready};
use crate::choices::Choices;
use crate::plane::{Plane, Word};
use crate::run::{Prepared, Runnable, small_world};
use crate::schema::Scenario;
use crate::text::{Fields, Read};

/// Every plane.
pub const ALL: [&dyn AnyPlane; 3] =
    [&Of::<Xaction>(PhantomData), &Of::<Operation>(PhantomData), &Of::<Volume>(PhantomData)];

/// A plane whose types do not matter.
pub trait AnyPlane: fmt::Debug + Sync {
    /// The word for it in scenario files.
    fn name(&self) -> &'static str;

    /// Every key that a scenario of this plane may have.
    fn keys(&self) -> Vec<&'static str>;

    /// Reads a scenario of this plane.
    ///
    /// # Errors
    /// At the first mistake.
    fn read(&self, scenario: &Fields<'_>) -> Read<Box<dyn Runnable>>;

    /// Its policies.
    fn policies(&self) -> &'static [Row];

    /// Every mark that its code can reach with our policies.
    fn marks(&self) -> &'static [&'static str];

    /// Its properties: name and claim.
    fn properties(&self) -> &'static [(&'static str, &'static str)];

    /// What its users can ask for, for `list kinds`.
    fn kinds(&self) -> Vec<Word>;

    /// The small worlds that can be checked: name and what is in it.
    fn scopes(&self) -> &'static [(&'static str, &'static str)];

    /// What the small world of that name leaves out; `None` if there is none.
    fn leaves_out(&self, scope: &str) -> Option<String>;

    /// The small world of that name, changed, as something to run under these policies; `None` if there is none.
    fn world(&self, scope: &str, choices: &Choices, adjust: &Adjust)
    -> Option<Result<Box<dyn Prepared>, CheckRefused>>;

    /// Searches the small world of that name; `None` if there is none.
    ///
    /// # Errors
    /// When a policy is unknown, the world makes no sense, or a node turns out not to be a pure function.
    fn check(&self, scope: &str, how: &Checking<'_>) -> Option<Result<Checked, CheckRefused>> {
        self.check_judged_by(scope, &|_| true, how)
    }

    /// Searches the small world of that name, judged by those properties alone that `keep` keeps: branches do not end where
    /// others fail.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    fn check_judged_by(
        &self,
        scope: &str,
        keep: &dyn Fn(&str) -> bool,
        how: &Checking<'_>,
    ) -> Option<Result<Checked, CheckRefused>>;

    /// Serves the small world of that name to browsers until the process ends; `None` if there is none.
    ///
    /// # Errors
    /// When a policy is unknown, the world makes no sense, or the address cannot be listened on.
    fn explore(
        &self,
        scope: &str,
        choices: &Choices,
        adjust: &Adjust,
        address: SocketAddr,
    ) -> Option<Result<(), CheckRefused>>;
}

#[derive(Debug)]
struct Of<P>(PhantomData<P>);

impl<P: Plane> AnyPlane for Of<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn keys(&self) -> Vec<&'static str> {
        Scenario::<P>::keys()
    }

    fn read(&self, scenario: &Fields<'_>) -> Read<Box<dyn Runnable>> {
        Ok(Box::new(Scenario::<P>::read(scenario)?))
    }

    fn policies(&self) -> &'static [Row] {
        P::POLICIES
    }

    fn marks(&self) -> &'static [&'static str] {
        P::MARKS
    }

    fn properties(&self) -> &'static [(&'static str, &'static str)] {
        P::PROPERTIES
    }

    fn kinds(&self) -> Vec<Word> {
        P::kinds()
    }

    fn scopes(&self) -> &'static [(&'static str, &'static str)] {
        P::SCOPES
    }

    fn leaves_out(&self, scope: &str) -> Option<String> {
        P::scope(scope).map(|world| leaves_out(&world, P::PROPERTIES))
    }

    fn world(
        &self,
        scope: &str,
        choices: &Choices,
        adjust: &Adjust,
    ) -> Option<Result<Box<dyn Prepared>, CheckRefused>> {
        Some(ready::<P>(scope, choices, adjust)?.map(|world| small_world::<P>(scope, world)))
    }

    fn check_judged_by(
        &self,
        scope: &str,
        keep: &dyn Fn(&str) -> bool,
        how: &Checking<'_>,
    ) -> Option<Result<Checked, CheckRefused>> {
        let world = ready::<P>(scope, how.choices, how.adjust)?;
        Some(world.and_then(|mut world| {
            world.monitors.retain(|monitor| keep(monitor.name()));
            Checked::check::<P>(&world, how)
        }))
    }

    fn explore(
        &self,
        scope: &str,
        choices: &Choices,
        adjust: &Adjust,
        address: SocketAddr,
    ) -> Option<Result<(), CheckRefused>> {
        let world = ready::<P>(scope, choices, adjust)?;
        Some(world.and_then(|world| Ok(quiesce_model::explore(&world, address)?)))
    }
}
