//! `quiesce audit --unexplained`: everything that fails with every policy as published, and what no policy explains.

use super::super::args::{self, Shared};
use super::super::exit::{Exit, Refusal};
use crate::audit::{AuditError, Find, Searched, Space, Stop, stands, unexplained as search};
use crate::choices::Choices;
use crate::plane::Profile;
use crate::planes::AnyPlane;
use crate::report::audit::{find_row, mended, unexplained as page};
use crate::report::{AuditProgress, JsonLines, Line, Look, Out, words};

pub(super) fn unexplained(
    planes: &[&'static dyn AnyPlane],
    space: &mut Space,
    stop: Stop<'_>,
    args: &args::Audit,
    shared: &Shared,
    out: &mut Out,
) -> Result<Exit, Refusal> {
    let reference = Choices { profile: Profile::Reference, ..Choices::default() };
    let mut json = shared.json.as_deref().map(JsonLines::new);
    if let Some(json) = &mut json {
        json.line(out, &Line::begin(&reference, planes.iter().map(|plane| plane.name()).collect()));
    }
    let progress = AuditProgress::new(0, "places", shared.quiet);
    let told = |searched: Searched<'_>| match searched {
        Searched::More(count) => progress.more(count),
        Searched::Next(what) => progress.begins(what),
        Searched::Done => progress.done(),
    };
    let (mut finds, mut left) = (Vec::new(), Vec::new());
    for &plane in planes {
        match search(space, plane, stop, &told) {
            Ok(found) => finds.extend(found.into_iter().map(|find| {
                let example = args.report.as_ref().and_then(|_| find.shortest.example(plane, &reference));
                (find, example)
            })),
            Err(AuditError::Stopped { .. }) => left.push(plane.name()),
            Err(AuditError::Check(refused)) => return Err(refused.into()),
        }
    }
    progress.finish();
    let all: Vec<&Find> = finds.iter().map(|(find, _)| find).collect();
    let exit = exit(&all, left.len());
    if let Some(json) = &mut json {
        all.iter().for_each(|find| json.line(out, &Line::find(find)));
    }
    if !json.as_ref().is_some_and(JsonLines::takes_stdout) {
        show(&all, &left, shared, out);
    }
    if let Some(dir) = &args.report {
        super::write(dir, &page(finds))?;
    }
    if let Some(mut json) = json {
        json.line(out, &Line::end(exit.code()));
        json.finish()?;
    }
    Ok(exit)
}

/// A find that nothing explains, and of which nobody said why it stands, is a failure.
fn exit(finds: &[&Find], left: usize) -> Exit {
    let is_open = |find: &&Find| find.unexplained().next().is_some();
    let said = |find: &&Find| stands(find.plane, &find.shortest.property).is_some();
    match (finds.iter().filter(|find| is_open(find)).all(said), left) {
        (false, _) => Exit::Fail,
        (true, 1..) => Exit::Unproven,
        (true, 0) => Exit::Pass,
    }
}

/// The table of all that fails, then what nothing explains, then the sum.
fn show(finds: &[&Find], left: &[&str], shared: &Shared, out: &mut Out) {
    let look = Look { framed: out.is_terminal(), colour: out.has_colour() };
    let titles = ["plane", "property", "fails in", "shortest", "found by", "mended by", "unexplained in"];
    out.line(&words(&titles, finds.iter().map(|find| find_row(find)).collect(), look));
    let open: Vec<&&Find> = finds.iter().filter(|find| find.unexplained().next().is_some()).collect();
    if !shared.quiet {
        open.iter().for_each(|find| tell(find, out));
    }
    let rest = if left.is_empty() { String::new() } else { format!("; stopped before {} was done", left.join(", ")) };
    let (all, open) = (finds.len(), open.len());
    out.line(&format!("\n{all} properties fail as published; of {open} some failure has no policy of its own{rest}"));
}

fn tell(find: &Find, out: &mut Out) {
    let property = &find.shortest.property;
    out.line(&format!("\n{} {property}: {}", find.plane, find.shortest.evidence));
    for place in find.unexplained() {
        out.line(&format!("  in {}: {}", place.name, mended(&place.mended)));
    }
    let why = stands(find.plane, property).unwrap_or("nobody has said why");
    out.line(&format!("  it stands: {why}"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{By, Caught, Mended, Place};

    fn find(property: &str, mended: Mended) -> Find {
        let by = By::Simulator { scenario: "s".to_owned(), seeds: (1, 1), seed: 1, small: None };
        let shortest = Caught { property: property.to_owned(), evidence: "e".to_owned(), by };
        Find { plane: "xaction", shortest, places: vec![Place { name: "s".to_owned(), is_scope: false, mended }] }
    }

    #[test]
    fn a_find_that_nobody_explains_fails_until_somebody_says_why_it_stands() {
        let explained = find("p", Mended::ByEach(vec!["merge"]));
        let open = find("p", Mended::ByOthers(vec!["merge", "job-end"]));
        assert_eq!(exit(&[&explained], 0), Exit::Pass);
        assert_eq!(exit(&[&explained], 1), Exit::Unproven);
        assert_eq!(exit(&[&explained, &open], 0), Exit::Fail);
        for (plane, property) in crate::audit::said() {
            let stands = Find { plane, ..find(property, Mended::ByNone) };
            assert_eq!(exit(&[&stands], 0), Exit::Pass, "{plane} {property}");
        }
    }
}
