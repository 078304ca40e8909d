//! `quiesce list`: what is bundled.

use std::collections::BTreeMap;

use super::args::{List, Listed, Shared};
use super::exit::{Exit, Refusal};
use super::find::suite;
use crate::planes::{self, AnyPlane};
use crate::report::{Look, Out, Rows, words};

pub(super) fn list(args: &List, shared: &Shared, out: &mut Out) -> Result<Exit, Refusal> {
    shared.heeded("list", &["--json"], "what is bundled is the same for all")?;
    let (titles, rows): (&[&str], _) = match args.what {
        Listed::Scenarios => (&["scenario", "plane", "seeds", "about"], scenarios()?),
        Listed::Policies => (&["plane", "policy", "reference", "hardened", "about"], policies()),
        Listed::Properties => (&["plane", "property", "claim"], properties()),
        Listed::Scopes => (&["plane", "scope", "about", "leaves out"], scopes()),
        Listed::Kinds => (&["plane", "kind", "about"], kinds()),
    };
    if let Some(target) = &shared.json {
        let named = |row: &Vec<String>| titles.iter().copied().zip(row.clone()).collect::<BTreeMap<_, _>>();
        Rows::new(&rows.iter().map(named).collect::<Vec<_>>()).write(target, out)?;
        if target == "-" {
            return Ok(Exit::Pass);
        }
    }
    out.line(&words(titles, rows, Look { framed: out.is_terminal(), colour: out.has_colour() }));
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
