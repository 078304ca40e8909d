//! Checks as JUnit XML: a suite for each small world, a case for each property. Equal results are equal to the byte.

use quiesce_model::{PropertyReport, Verdict};

use super::junit::escaped;
use crate::check::Checked;

/// The document; each check with its plane and world.
#[must_use]
pub fn junit_of_checks(checks: &[(&str, &str, &Checked)]) -> String {
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    let all: Vec<&PropertyReport> = checks.iter().flat_map(|(_, _, checked)| &checked.properties).collect();
    text.push_str(&format!("<testsuites name=\"quiesce check\" {}>\n", counts(&all)));
    for (plane, scope, checked) in checks {
        let name = escaped(&format!("{plane}.{scope}"));
        text.push_str(&format!(
            "  <testsuite name=\"{name}\" {}>\n",
            counts(&checked.properties.iter().collect::<Vec<_>>())
        ));
        checked.properties.iter().for_each(|property| text.push_str(&case(&name, property, checked)));
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

/// Failures are properties that do not hold; all else that is not green is an error.
fn counts(properties: &[&PropertyReport]) -> String {
    let failures = properties.iter().filter(|property| property.verdict == Verdict::Fail).count();
    let green = properties.iter().filter(|property| property.verdict.is_pass()).count();
    let errors = properties.len() - failures - green;
    format!("tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\"", properties.len())
}

fn case(class: &str, property: &PropertyReport, checked: &Checked) -> String {
    let open = format!("    <testcase classname=\"{class}\" name=\"{}\"", escaped(property.name));
    let inside = match &property.verdict {
        Verdict::Pass => return format!("{open}/>\n"),
        Verdict::Fail => failure(property, checked),
        verdict @ (Verdict::Vacuous(_) | Verdict::Incomplete(_)) => {
            let (word, reason) = (verdict.word(), escaped(&verdict.to_string()));
            format!("      <error type=\"{word}\" message=\"{reason}\"/>\n")
        }
    };
    format!("{open}>\n{inside}    </testcase>\n")
}

fn failure(property: &PropertyReport, checked: &Checked) -> String {
    let story = checked.counterexamples.iter().find(|story| story.property == property.name);
    let (evidence, steps) = story.map(|story| (story.evidence.as_str(), &*story.steps)).unwrap_or_default();
    let steps: Vec<String> = steps.iter().map(|step| escaped(step)).collect();
    let (name, evidence) = (escaped(property.name), escaped(evidence));
    format!("      <failure type=\"{name}\" message=\"{evidence}\">{}</failure>\n", steps.join("\n"))
}
