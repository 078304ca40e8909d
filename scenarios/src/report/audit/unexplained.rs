//! The page of the published system as a whole: what fails, what mends it, and why what no policy explains stands.

use super::super::document::{Block, Document, Span, code, prose, text};
use super::super::page::RunPart;
use super::Written;
use super::figures::{caught_by, shortest};
use super::policy::{claim, interleaving};
use crate::audit::{By, Example, Find, Mended, Place, stands};
use crate::choices::Choices;
use crate::plane::Profile;

/// The page: `unexplained.html` and `unexplained.md`; each find that is unexplained somewhere with its shortest run.
#[must_use]
pub fn unexplained(finds: Vec<(Find, Option<Example>)>) -> Written {
    let mut document = Document::default();
    document.heading(1, "The published system as a whole");
    document.paragraph([text(
        "Every policy as published, at once. A failure is explained if hardening one policy alone mends it, or all policies \
         that name its property together; everything else is listed below by itself.",
    )]);
    let titles = vec!["plane", "property", "fails in", "shortest", "found by", "mended by", "unexplained in"];
    let row = |(find, _): &(Find, Option<Example>)| {
        let cells = find_row(find).into_iter().enumerate();
        cells.map(|(place, cell)| vec![if place == 1 { code(cell) } else { text(cell) }]).collect()
    };
    document.0.push(Block::Table { titles, rows: finds.iter().map(row).collect() });
    let mut runs = Vec::new();
    for (find, example) in finds.into_iter().filter(|(find, _)| find.unexplained().next().is_some()) {
        describe(&mut document, &find, example.as_ref());
        runs.extend(example.map(|example| (run_part(&find, &example), example.picture)));
    }
    document.paragraph([Span::Page("All policies".to_owned(), "index".to_owned())]);
    let reference = Choices { profile: Profile::Reference, ..Choices::default() };
    Written::new("unexplained", &document, &reference, runs)
}

/// A find in cells: plane, property, where it fails, shortest run, how found, what mends it, where nothing explains it.
#[must_use]
pub fn find_row(find: &Find) -> Vec<String> {
    let (scopes, scenarios): (Vec<&Place>, Vec<&Place>) = find.places.iter().partition(|place| place.is_scope);
    let fails = format!("{} scopes, {} scenarios", scopes.len(), scenarios.len());
    let explained = find.places.iter().filter(|place| place.mended.is_explained());
    let mut mends: Vec<&str> = explained.flat_map(|place| place.mended.policies().iter().copied()).collect();
    mends.sort_unstable();
    mends.dedup();
    let dash = |words: Vec<&str>| if words.is_empty() { "-".to_owned() } else { words.join(", ") };
    let open = find.unexplained().map(|place| place.name.as_str()).collect();
    let (property, by) = (&find.shortest.property, &find.shortest.by);
    vec![find.plane.to_owned(), property.clone(), fails, shortest(by), caught_by(by), dash(mends), dash(open)]
}

/// What mends a failure, as a sentence.
#[must_use]
pub fn mended(mended: &Mended) -> String {
    match mended {
        Mended::ByEach(policies) => format!("each alone mends it: {}", policies.join(", ")),
        Mended::ByNamed(policies) => format!("together they mend it: {}", policies.join(", ")),
        Mended::ByOthers(policies) => {
            format!("no single policy mends it, nor do those that name it; together these do: {}", policies.join(", "))
        }
        Mended::ByNone => "not even all of our policies mend it".to_owned(),
    }
}

fn describe(document: &mut Document, find: &Find, example: Option<&Example>) {
    let property = &find.shortest.property;
    document.heading(2, format!("{}: {property}", find.plane));
    document.paragraph([code(property), text(format!(": {}.", claim(find.plane, property)))]);
    let place = |place: &Place| vec![code(&place.name), text(format!(": {}", mended(&place.mended)))];
    document.0.push(Block::List { numbered: false, entries: find.unexplained().map(place).collect() });
    let why = stands(find.plane, property).unwrap_or("nobody has looked at it yet.");
    document.paragraph(prose(&format!("Why it stands: {why}")));
    document.heading(3, "The shortest run");
    interleaving(document, &find.shortest, example);
}

fn run_part(find: &Find, example: &Example) -> RunPart {
    let place = match (&example.scenario, &find.shortest.by) {
        (Some(small), _) => small.name.clone(),
        (None, By::Checker { scope, .. }) => (*scope).to_owned(),
        (None, By::Simulator { scenario, .. }) => scenario.clone(),
    };
    RunPart::new(&place, example.seed, Some(&example.finding), Vec::new())
}
