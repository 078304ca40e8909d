//! From any term in a failing run's output a reader finds the page that explains it: `docs/guide/README.md` lists the terms,
//! and what is listed is taken from output here.

use std::collections::{BTreeMap, BTreeSet};

use quiesce::planes;

use crate::links::links;
use crate::page::Page;
use crate::shell::Shell;

const INDEX: &str = "docs/guide/README.md";

/// The terms of the index, each with the address it leads to.
fn index() -> BTreeMap<String, String> {
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, terms, _, page, _] = cells[..] else { return Vec::new() };
        let address = page.split_once("](").and_then(|(_, rest)| Some(rest.split_once(')')?.0.to_owned()));
        let terms = terms.split('`').skip(1).step_by(2);
        address.map_or(Vec::new(), |address| terms.map(|term| (term.to_owned(), address.clone())).collect())
    };
    Page::open(INDEX).text.lines().flat_map(row).collect()
}

/// Words that a reader may ask about, out of the output of failing runs.
fn terms() -> BTreeSet<String> {
    let shell = Shell::new("glossary");
    let mut terms = BTreeSet::new();
    let run = shell
        .run("run abort-is-lost swarm slow-target --profile reference --seeds 1..3 -v --shrink")
        .ends(1)
        .stdout
        .clone();
    terms.extend(headers(&run));
    for line in run.lines().map(str::trim_end) {
        terms.extend(labels(line));
        terms.extend(kinds(line));
        terms.extend(counters(line));
    }
    terms.extend(statuses(&run));
    let check = shell.run("check ic --profile reference").ends(1).stdout.clone();
    terms.extend(headers(&check[check.rfind("property ").expect("a table of properties")..]));
    for word in ["unique states", "generated", "depth", "two taken for one"] {
        assert!(check.contains(word), "{word} is no longer said:\n{check}");
        terms.insert(word.to_owned());
    }
    let capsule = shell
        .left("quiesce-failures")
        .into_iter()
        .find(|name| name.starts_with("abort-is-lost.") && name.ends_with(".json"));
    let capsule = format!("quiesce-failures/{}", capsule.expect("a failure was saved"));
    let replay = shell.run(&format!("replay {capsule}")).ends(1).stdout.clone();
    terms.extend(actions(&replay));
    terms.extend(fates(&replay));
    terms.extend(fates(&shell.run(&format!("replay {capsule} --profile hardened")).stdout));
    terms.extend(headers(&shell.run(&format!("why {capsule}")).ends(0).stdout));
    terms
}

/// The titles of the first table.
fn headers(text: &str) -> Vec<String> {
    let line = text.lines().next().expect("a table has titles");
    line.split("  ").map(str::trim).filter(|title| !title.is_empty()).map(str::to_owned).collect()
}

/// `    again   quiesce run ...`: the word before a command or a figure.
fn labels(line: &str) -> Option<String> {
    let rest = line.strip_prefix("    ").filter(|rest| !rest.starts_with(' '))?;
    let (label, rest) = rest.split_once("  ")?;
    let told = rest.trim_start().starts_with("quiesce ") || label == "rate";
    (told && !label.contains(' ')).then(|| label.to_owned())
}

/// `  waits-return (owed): 20 seeds, first 1`: a property and the sort of failure.
fn kinds(line: &str) -> Vec<String> {
    let told = line.strip_prefix("  ").filter(|told| !told.starts_with(' '));
    let Some((property, rest)) = told.and_then(|told| told.split_once(" (")) else { return Vec::new() };
    let Some((kind, _)) = rest.split_once("): ") else { return Vec::new() };
    vec![property.to_owned(), kind.to_owned()]
}

/// `  lose  abort-xact to t2: planned 60, applied 60, messages affected 60`: a fault and its counters.
fn counters(line: &str) -> Vec<String> {
    if !line.contains(": planned ") {
        return Vec::new();
    }
    let kind = line.split_whitespace().next().expect("a fault has a name").to_owned();
    [kind.as_str(), "planned", "applied", "messages affected"].map(str::to_owned).to_vec()
}

/// The verdicts in the first table.
fn statuses(text: &str) -> Vec<String> {
    let rows = text.lines().skip(1).take_while(|line| !line.is_empty());
    rows.filter_map(|line| line.split_whitespace().nth(1).map(str::to_owned)).collect()
}

/// What happens in a trace: the word behind the node.
fn actions(trace: &str) -> Vec<String> {
    let word = |line: &str| {
        let mut words = line.split_whitespace().skip_while(|word| word.parse::<u32>().is_ok());
        let at = words.next()?;
        let time = at.strip_suffix('s')?;
        let is_time = time.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        is_time.then(|| words.nth(1).map(str::to_owned))?
    };
    trace.lines().filter_map(word).collect()
}

/// `reproduced: ...`: what became of a saved failure.
fn fates(replay: &str) -> Vec<String> {
    let words = ["reproduced", "fixed", "differs", "unproven", "also fails", "first divergence"];
    let said = |word: &&str| replay.lines().any(|line| line.trim_start().starts_with(*word));
    words.into_iter().filter(said).map(str::to_owned).collect()
}

#[test]
fn every_term_of_a_failing_run_is_explained_somewhere() {
    let mut index = index();
    let properties = planes::ALL.iter().flat_map(|plane| plane.properties());
    index.extend(properties.map(|(name, _)| ((*name).to_owned(), format!("properties.md#{name}"))));
    let terms = terms();
    let lacking: Vec<&String> = terms.iter().filter(|term| !index.contains_key(*term)).collect();
    assert!(lacking.is_empty(), "not in {INDEX}: {lacking:?}");
    assert!(terms.len() > 40, "{} terms: {terms:?}", terms.len());
}

#[test]
fn every_verdict_exit_and_fault_is_in_the_index() {
    let index = index();
    let verdicts = ["pass", "fail", "vacuous", "incomplete", "error"];
    let kinds = ["safety", "owed", "panic", "expectation"];
    let faults = quiesce::schema::COMMON_VERBS.iter().map(|verb| verb.word).filter(|word| *word != "heal");
    for term in verdicts.into_iter().chain(kinds).chain(faults) {
        assert!(index.contains_key(term), "`{term}` is not in {INDEX}");
    }
}

#[test]
fn every_term_leads_to_a_place_and_not_merely_to_a_page() {
    let index = index();
    assert!(index.values().all(|address| address.contains('#')), "{index:?}");
    let targets: BTreeSet<String> = links(&Page::open(INDEX)).into_iter().map(|(path, _)| path).collect();
    assert!(targets.len() >= 8, "{targets:?}");
}
