//! The page of one policy: the claim, how the published choice breaks it, what that comes to, our change and its price.

use quiesce_control::policy::Row;

use super::super::document::{Block, Document, Span, code, prose, text};
use super::super::page::RunPart;
use super::super::picture::Told;
use super::super::{mermaid, quoted};
use super::Written;
use super::figures::{caught_by, held, pages, tenths, wait};
use crate::audit::{Audited, By, Caught, Example, Price};
use crate::choices::Choices;
use crate::planes;
use crate::run::Cost;

/// The page; `example` is the shortest run that shows what the published choice breaks.
#[must_use]
pub fn policy(audited: &Audited, example: Option<Example>, price: Option<&Price>) -> Written {
    let Audited { plane, row, caught, ours } = audited;
    let mut document = Document::default();
    document.heading(1, format!("{plane}: {}", row.name));
    document.paragraph(prose(row.about));
    document.0.push(choices(row));
    match caught {
        None => document.paragraph([text("The published choice was caught nowhere.")]),
        Some(caught) => {
            document.heading(2, "The claim");
            document.paragraph([code(&caught.property), text(format!(": {}.", claim(plane, &caught.property)))]);
            document.heading(2, "What the published choice comes to");
            document.paragraph(prose(row.consequence));
            document.heading(2, "How it happens");
            document.paragraph([text(format!("Found by {}.", found(caught)))]);
            interleaving(&mut document, caught, example.as_ref());
            document.heading(2, "To see it again");
            document.0.push(Block::Listing { language: "sh", text: again(row, &caught.by) });
        }
    }
    document.heading(2, "Our change");
    document.paragraph([prose(row.ours), vec![text(format!(" In the same space ours {}.", held(ours)))]].concat());
    if let Some(price) = price {
        document.heading(2, "Its price");
        cost(&mut document, row, price);
    }
    document.paragraph([Span::Page("All policies".to_owned(), "index".to_owned())]);
    let runs = example.map(|example| (run_part(row, caught.as_ref(), &example), example.picture));
    Written::new(&pages(plane, row), &document, &published(row), runs.into_iter().collect())
}

fn choices(row: &Row) -> Block {
    let line = |whose: &str, name: &str, does: &str| vec![vec![text(whose)], vec![code(name)], prose(does)];
    let rows = vec![line("published", row.reference, row.published), line("ours", row.hardened, row.ours)];
    Block::Table { titles: vec!["choice", "name", "what it does"], rows }
}

/// What a property says.
pub(super) fn claim(plane: &str, property: &str) -> &'static str {
    let plane = planes::ALL.into_iter().find(|known| known.name() == plane);
    let known = plane.and_then(|plane| plane.properties().iter().find(|(name, _)| *name == property));
    known.map_or("what the scenario expects", |(_, claim)| claim)
}

fn found(caught: &Caught) -> String {
    format!("the {}", caught_by(&caught.by))
}

/// The steps of the run, the run as a diagram, and the scenario in which it happens.
pub(super) fn interleaving(document: &mut Document, caught: &Caught, example: Option<&Example>) {
    let Some(example) = example else {
        document.paragraph([text(format!("What shows it: {}", caught.evidence))]);
        if let By::Checker { steps, .. } = &caught.by {
            document.0.push(Block::Listing { language: "text", text: steps.join("\n") });
        }
        return;
    };
    let story = example.picture.told();
    if story.left_out > 0 {
        document.paragraph([text(format!("{} steps of its past that say less are left out.", story.left_out))]);
    }
    document.0.push(Block::List { numbered: true, entries: story.steps.iter().map(step).collect() });
    document.0.push(Block::Mermaid(mermaid(&example.picture)));
    if let Some(small) = &example.scenario {
        document.paragraph([text("The scenario, as small as it was made:")]);
        document.0.push(Block::Listing { language: "toml", text: small.text.clone() });
    }
}

/// One step: when, what, and what was stated then. The moment leads to the step in the diagram.
fn step(told: &Told) -> Vec<Span> {
    let moment = told.at.map_or_else(|| format!("step {}", told.id), |at| at.to_string());
    let mut spans = vec![Span::Step(moment, told.id.clone()), text(format!(": {}", told.text))];
    if !told.facts.is_empty() {
        spans.push(text(format!(" ({})", told.facts.join("; "))));
    }
    spans
}

fn again(row: &Row, by: &By) -> String {
    let choice = format!("--policy {}={}", row.name, row.reference);
    match by {
        By::Checker { scope, .. } => format!("quiesce check {scope} {choice}"),
        By::Simulator { scenario, seed, .. } => format!("quiesce run {} --seed {seed} {choice}", quoted(scenario)),
    }
}

fn published(row: &Row) -> Choices {
    Choices { policies: vec![(row.name.to_owned(), row.reference.to_owned())], ..Choices::default() }
}

fn run_part(row: &Row, caught: Option<&Caught>, example: &Example) -> RunPart {
    let place = match (&example.scenario, caught.map(|caught| &caught.by)) {
        (Some(small), _) => small.name.clone(),
        (None, Some(By::Checker { scope, .. })) => (*scope).to_owned(),
        (None, _) => row.name.to_owned(),
    };
    let commands = caught.map(|caught| ("again", again(row, &caught.by))).into_iter().collect();
    RunPart::new(&place, example.seed, Some(&example.finding), commands)
}

/// What both choices cost in the same runs.
fn cost(document: &mut Document, row: &Row, Price { scenario, seeds, published, ours }: &Price) {
    let (first, last) = (seeds.first, seeds.first.saturating_add(seeds.count).saturating_sub(1));
    document.paragraph([
        text("Both choices in the simulator: "),
        code(scenario),
        text(format!(
            ", seeds {first} to {last}, everything else ours. Nothing is judged, so that both run to the end."
        )),
    ]);
    let titles = vec!["choice", "messages a run", "requests answered", "median wait", "longest wait"];
    document.0.push(Block::Table { titles, rows: vec![priced(row.reference, published), priced(row.hardened, ours)] });
    document.paragraph([text(difference(published, ours))]);
}

fn priced(choice: &str, cost: &Cost) -> Vec<Vec<Span>> {
    let span = |nanos: Option<u64>| nanos.map_or_else(|| "-".to_owned(), wait);
    let answered = format!("{} of {}", cost.waits.len(), cost.asked);
    let figures = [tenths(cost.messages_tenths()), answered, span(cost.median()), span(cost.longest())];
    [vec![code(choice)]].into_iter().chain(figures.map(|figure| vec![text(figure)])).collect()
}

/// The price in a sentence: messages and latency, ours beside the published ones.
fn difference(published: &Cost, ours: &Cost) -> String {
    let (was, now) = (published.messages_tenths(), ours.messages_tenths());
    let messages = match now.cmp(&was) {
        std::cmp::Ordering::Equal => "as many messages".to_owned(),
        std::cmp::Ordering::Less => format!("{} messages fewer a run", tenths(was - now)),
        std::cmp::Ordering::Greater => format!("{} messages more a run", tenths(now - was)),
    };
    let latency = match (published.median(), ours.median()) {
        (Some(was), Some(now)) if now > was => format!("a median wait {} longer", wait(now - was)),
        (Some(was), Some(now)) if now < was => format!("a median wait {} shorter", wait(was - now)),
        (Some(_), Some(_)) => "the same median wait".to_owned(),
        (None, Some(_)) => "answers where there were none".to_owned(),
        (Some(_), None) => "no answers where there were some".to_owned(),
        (None, None) => "no answers to compare".to_owned(),
    };
    format!("Ours costs {messages} and {latency}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_price_is_said_in_messages_and_in_waiting() {
        let cost = |messages, waits: &[u64]| Cost { runs: 2, messages, asked: 3, waits: waits.to_vec() };
        let both = |was: Cost, now: Cost| difference(&was, &now);
        let told = both(cost(10, &[1_000_000]), cost(25, &[3_000_000]));
        assert_eq!(told, "Ours costs 7.5 messages more a run and a median wait 2.0 ms longer.");
        let told = both(cost(25, &[3_000_000]), cost(10, &[1_000_000]));
        assert_eq!(told, "Ours costs 7.5 messages fewer a run and a median wait 2.0 ms shorter.");
        let told = both(cost(10, &[]), cost(10, &[1]));
        assert_eq!(told, "Ours costs as many messages and answers where there were none.");
    }
}
