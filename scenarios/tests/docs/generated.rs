//! Tables that the code writes: counts of planes, every property, every key of a scenario.

use std::collections::BTreeSet;

use quiesce::plane::Profile;
use quiesce::planes::{self, AnyPlane};
use quiesce::{load, suite};

use crate::page::Page;

fn scenarios(plane: &str) -> usize {
    let is_of = |source: &quiesce::text::Source| load(source).expect("no mistake").head().plane == plane;
    suite::bundled().iter().filter(|source| is_of(source)).count()
}

#[test]
fn the_readme_counts_what_there_is() {
    let about = |plane: &dyn AnyPlane| match plane.name() {
        "xaction" => {
            "AIStore's batch jobs: kinds of jobs, registries of targets, rebalance, buckets, load, membership, an Information Center, waiting clients ([protocol](impl/control/src/xaction/ic/README.md))"
        }
        "operation" => {
            "Compass' asynchronous operations: director, records, controllers, webhooks ([protocol](impl/control/src/operation/README.md))"
        }
        "volume" => {
            "Mayastor's resource lifecycle: agents, store, storage nodes, reconcilers ([protocol](impl/control/src/volume/README.md))"
        }
        other => panic!("say in one line what {other} is"),
    };
    let mut table =
        "| plane | what it is | scenarios | policies | properties | scopes |\n|---|---|---|---|---|---|\n".to_owned();
    for plane in planes::ALL {
        let (name, counts) = (
            plane.name(),
            [scenarios(plane.name()), plane.policies().len(), plane.properties().len(), plane.scopes().len()],
        );
        let counts = counts.map(|count| count.to_string()).join(" | ");
        table.push_str(&format!("| `{name}` | {} | {counts} |\n", about(plane)));
    }
    let page = Page::open("README.md");
    page.must_be(&page.between("planes", &table));
}

#[test]
fn the_page_of_properties_has_every_property_and_its_claim() {
    let mut table = String::new();
    for plane in planes::ALL {
        table.push_str(&format!("\n### Properties of {}\n\n| property | claim |\n|---|---|\n", plane.name()));
        for (name, claim) in plane.properties() {
            table.push_str(&format!("| <a id=\"{name}\"></a>`{name}` | {claim} |\n"));
        }
    }
    table.push('\n');
    let page = Page::open("docs/guide/properties.md");
    page.must_be(&page.between("properties", &table));
}

/// Every key that a scenario of some plane may have, and every word of a timeline.
fn keys() -> BTreeSet<String> {
    let mut keys: BTreeSet<String> = planes::ALL.iter().flat_map(|plane| plane.keys()).map(str::to_owned).collect();
    let verbs = planes::ALL.iter().flat_map(|plane| plane.verbs()).copied().chain(quiesce::schema::COMMON_VERBS);
    for verb in verbs {
        keys.insert(verb.word.to_owned());
        keys.extend(verb.keys.iter().map(|&key| key.to_owned()));
    }
    keys
}

#[test]
fn the_page_of_scenarios_explains_every_key_and_every_verb() {
    let text = Page::open("docs/guide/scenarios.md").text + &Page::open("docs/guide/faults.md").text;
    let lacking: Vec<String> = keys().into_iter().filter(|key| !text.contains(&format!("`{key}`"))).collect();
    assert_eq!(lacking, [""; 0]);
}

/// A table inside a scenario, by path from its top, and the plane it is of.
const TABLES: [(&str, &str); 12] = [
    ("xaction", "seeds"),
    ("xaction", "network"),
    ("xaction", "store"),
    ("xaction", "swarm"),
    ("xaction", "expect"),
    ("xaction", "cluster"),
    ("xaction", "timing"),
    ("xaction", "membership"),
    ("xaction", "registry"),
    ("operation", "cluster"),
    ("operation", "timing"),
    ("volume", "cluster"),
];

/// The keys that the schema itself names when a table has a key that it does not know.
fn legal(plane: &str, table: &str) -> Vec<String> {
    let text = format!("name = \"a\"\nabout = \"b\"\nplane = \"{plane}\"\n{table} = {{ no-such-key = 1 }}\n");
    let error = load(&quiesce::text::Source::new("a.toml", text.as_str())).expect_err("an unknown key is refused");
    let help = miette::Diagnostic::help(&error).map(|help| help.to_string()).unwrap_or_default();
    let (_, keys) = help.split_once("keys here:").unwrap_or_else(|| panic!("{plane} {table}: {help}"));
    keys.split(',').map(|key| key.trim().to_owned()).collect()
}

#[test]
fn the_page_of_scenarios_explains_every_key_of_every_table() {
    let text = Page::open("docs/guide/scenarios.md").text + &Page::open("docs/guide/faults.md").text;
    let mut asked = 0;
    for (plane, table) in TABLES.into_iter().chain([("volume", "timing")]) {
        for key in legal(plane, table) {
            assert!(text.contains(&format!("`{key}`")), "`{key}` of `{table}` of {plane} is not explained");
            asked += 1;
        }
    }
    assert!(asked > 100, "{asked} keys");
}

#[test]
fn the_profiles_are_named_where_policies_are_explained() {
    let text = Page::open("docs/guide/policies.md").text;
    assert!([Profile::Reference, Profile::Hardened].iter().all(|profile| text.contains(profile.word())));
}
