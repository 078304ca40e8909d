//! The index of an audit: how many policies of each plane are shown, and a row for each.

use super::super::document::{Block, Document, Span, code, text};
use super::Written;
use super::figures::{caught_by, held, pages, shortest};
use crate::audit::{Audited, By};
use crate::choices::Choices;
use crate::planes;

/// The index: `index.html` and `index.md`. Its rows lead to the policies' pages.
#[must_use]
pub fn index(all: &[Audited], left: usize) -> Written {
    let mut document = Document::default();
    document.heading(1, "Audit of policies");
    document.paragraph([text(
        "For each policy, with everything else ours: what the published choice breaks, how it was found, and whether ours \
         holds in the same space.",
    )]);
    document.0.push(summary(all));
    if left > 0 {
        document.paragraph([text(format!("Stopped before {left} more were audited."))]);
    }
    document.heading(2, "Every policy");
    let titles = vec!["plane", "policy", "as published", "breaks", "caught by", "shortest", "ours"];
    document.0.push(Block::Table { titles, rows: all.iter().map(row).collect() });
    Written::new("index", &document, &Choices::default(), Vec::new())
}

/// How many policies each plane has, and what caught them.
#[must_use]
pub fn summary(all: &[Audited]) -> Block {
    let of = |name: &str, audited: &[&Audited]| {
        let count = |test: &dyn Fn(&Audited) -> bool| audited.iter().filter(|one| test(one)).count().to_string();
        let by = |checker: bool| {
            count(&|one| one.caught.as_ref().is_some_and(|caught| matches!(caught.by, By::Checker { .. }) == checker))
        };
        let figures = [audited.len().to_string(), by(true), by(false), count(&Audited::is_shown)];
        [name.to_owned()].into_iter().chain(figures).map(|cell| vec![text(cell)]).collect()
    };
    let mut rows: Vec<Vec<Vec<Span>>> = Vec::new();
    for plane in planes::ALL {
        let audited: Vec<&Audited> = all.iter().filter(|one| one.plane == plane.name()).collect();
        if !audited.is_empty() {
            rows.push(of(plane.name(), &audited));
        }
    }
    rows.push(of("all", &all.iter().collect::<Vec<_>>()));
    let titles = vec!["plane", "policies", "caught by the checker", "caught by the simulator", "ours holds"];
    Block::Table { titles, rows }
}

fn row(audited: &Audited) -> Vec<Vec<Span>> {
    let Audited { plane, row, caught, ours } = audited;
    let dash = || vec![text("-")];
    let page = Span::Page(row.name.to_owned(), pages(plane, row));
    let mut cells = vec![vec![text(*plane)], vec![page], vec![code(row.reference)]];
    match caught {
        None => cells.extend([vec![text("not caught")], dash(), dash()]),
        Some(caught) => cells.extend([
            vec![code(&caught.property)],
            vec![text(caught_by(&caught.by))],
            vec![text(shortest(&caught.by))],
        ]),
    }
    cells.push(vec![text(held(ours))]);
    cells
}
