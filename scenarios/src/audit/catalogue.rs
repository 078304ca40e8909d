//! The catalogue of policies: `scenarios/POLICIES.md`, written from the code and the suite.

use std::collections::BTreeMap;

use quiesce_control::policy::Row;

use crate::choices::Choices;
use crate::planes::{self, AnyPlane};
use crate::text::LoadError;
use crate::{load, suite};

/// What stands above the policies.
const HEAD: &str = "\
# Policies

Each place where a published system's behaviour can break a property is a policy with two choices: the system's as
published, and ours. This page is written from the code and from the bundled scenarios, and a test fails when it is stale:
`QUIESCE_RENEW=1 cargo test -p quiesce --test policies` writes it again. `quiesce audit` shows for each policy that the
published choice is caught, with a shortest run, and that ours holds in the same space.
";

/// Where a policy's published choice is shown to be wrong: the scenario, and the property that fails in it.
type Shown = BTreeMap<(String, &'static str), (String, &'static str)>;

/// The catalogue, as Markdown.
///
/// # Errors
/// When a bundled scenario has a mistake.
pub fn catalogue() -> Result<String, LoadError> {
    let shown = shown()?;
    let mut text = HEAD.to_owned();
    for plane in planes::ALL {
        text.push_str(&format!("\n## {}: {} policies\n", plane.name(), plane.policies().len()));
        plane.policies().iter().for_each(|row| text.push_str(&entry(plane, row, &shown)));
    }
    Ok(text)
}

/// The first bundled scenario that names each policy.
fn shown() -> Result<Shown, LoadError> {
    let mut shown = Shown::new();
    for source in suite::bundled() {
        let scenario = load(&source)?;
        let Ok(ours) = scenario.under(&Choices::default()) else { continue };
        for (&policy, &property) in &ours.expect().reference {
            let head = scenario.head();
            shown.entry((head.plane.clone(), policy)).or_insert_with(|| (head.name.clone(), property));
        }
    }
    Ok(shown)
}

fn entry(plane: &dyn AnyPlane, row: &Row, shown: &Shown) -> String {
    let Row { name, about, reference, hardened, published, consequence, ours } = row;
    let mut text = format!(
        "\n### `{name}`\n\n{about}\n\n- as published, `{reference}`: {published}\n- what that can come to: \
         {consequence}\n- ours, `{hardened}`: {ours}\n"
    );
    if let Some((scenario, property)) = shown.get(&(plane.name().to_owned(), *name)) {
        let claim = plane.properties().iter().find(|(known, _)| known == property).map_or("", |(_, claim)| claim);
        text.push_str(&format!("- the published choice breaks `{property}`: {claim}\n"));
        text.push_str(&format!("- to see it: `quiesce run {scenario} --policy {name}={reference}`\n"));
    }
    text
}
