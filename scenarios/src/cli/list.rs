//! `quiesce list`: what is bundled.

use super::args::{List, Listed};
use super::exit::{Exit, Refusal};
use super::find::suite;
use crate::planes::{self, AnyPlane};
use crate::report::{Look, Out, words};

pub(super) fn list(args: &List, out: &mut Out) -> Result<Exit, Refusal> {
    let look = Look { framed: out.is_terminal(), colour: out.has_colour() };
    let text = match args.what {
        Listed::Scenarios => words(&["scenario", "plane", "seeds", "about"], scenarios()?, look),
        Listed::Policies => words(&["plane", "policy", "reference", "hardened", "about"], policies(), look),
        Listed::Properties => words(&["plane", "property", "claim"], properties(), look),
        Listed::Scopes => words(&["plane", "scope", "about", "leaves out"], scopes(), look),
        Listed::Kinds => words(&["plane", "kind", "about"], kinds(), look),
    };
    out.line(&text);
    Ok(Exit::Pass)
}

fn scenarios() -> Result<Vec<Vec<String>>, Refusal> {
    let row = |head: &crate::schema::Head| {
        vec![head.name.clone(), head.plane.clone(), head.seeds.count.to_string(), head.about.clone()]
    };
    Ok(suite()?.iter().map(|found| row(found.scenario.head())).collect())
}

fn policies() -> Vec<Vec<String>> {
    let rows = planes::ALL.iter().flat_map(|plane| plane.policies().iter().map(|row| (plane.name(), row)));
    rows.map(|(plane, row)| [plane, row.name, row.reference, row.hardened, row.about].map(str::to_owned).to_vec())
        .collect()
}

fn properties() -> Vec<Vec<String>> {
    let rows = planes::ALL.iter().flat_map(|plane| plane.properties().iter().map(|row| (plane.name(), row)));
    rows.map(|(plane, (name, claim))| [plane, name, claim].map(str::to_owned).to_vec()).collect()
}

fn scopes() -> Vec<Vec<String>> {
    let rows = planes::ALL.iter().flat_map(|plane| plane.scopes().iter().map(move |row| (plane, row)));
    let row = |(plane, (name, about)): (&&dyn AnyPlane, &(&str, &str))| {
        let left = plane.leaves_out(name).unwrap_or_default();
        vec![plane.name().to_owned(), (*name).to_owned(), (*about).to_owned(), left]
    };
    rows.map(row).collect()
}

fn kinds() -> Vec<Vec<String>> {
    let rows = planes::ALL.iter().flat_map(|plane| plane.kinds().into_iter().map(|kind| (plane.name(), kind)));
    rows.map(|(plane, kind)| vec![plane.to_owned(), kind.word.to_owned(), kind.about]).collect()
}
