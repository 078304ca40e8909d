//! Results as JUnit XML: a suite for each plane, a case for each scenario. Equal results are equal to the byte.

use std::collections::BTreeMap;

use crate::run::{Sweep, Verdict};

/// The document; `sweeps` each with the plane it is about.
#[must_use]
pub fn junit(sweeps: &[(&str, &Sweep)]) -> String {
    let mut suites: BTreeMap<&str, Vec<&Sweep>> = BTreeMap::new();
    for (plane, sweep) in sweeps {
        suites.entry(plane).or_default().push(sweep);
    }
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    let all: Vec<&Sweep> = sweeps.iter().map(|(_, sweep)| *sweep).collect();
    text.push_str(&format!("<testsuites name=\"quiesce\" {}>\n", counts(&all)));
    for (plane, sweeps) in suites {
        text.push_str(&format!("  <testsuite name=\"{}\" {}>\n", escaped(plane), counts(&sweeps)));
        sweeps.iter().for_each(|sweep| text.push_str(&case(plane, sweep)));
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

/// Failures are properties that do not hold; all else that is not green is an error.
fn counts(sweeps: &[&Sweep]) -> String {
    let count = |test: &dyn Fn(&Sweep) -> bool| sweeps.iter().filter(|sweep| test(sweep)).count();
    let failures = count(&|sweep| is_failure(sweep));
    let errors = count(&|sweep| !is_failure(sweep) && !is_green(sweep));
    format!("tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\"", sweeps.len())
}

fn is_failure(sweep: &Sweep) -> bool {
    sweep.verdict == Verdict::Fail
}

fn is_green(sweep: &Sweep) -> bool {
    sweep.verdict == Verdict::Pass && sweep.unequal.is_empty()
}

fn case(plane: &str, sweep: &Sweep) -> String {
    let mut text = format!("    <testcase classname=\"{}\" name=\"{}\"", escaped(plane), escaped(&sweep.name));
    if is_green(sweep) {
        text.push_str("/>\n");
        return text;
    }
    text.push_str(">\n");
    for failure in &sweep.failures {
        let (finding, seed, seeds) = (&failure.finding, failure.seed, failure.seeds);
        let (kind, property, at) = (finding.kind.word(), escaped(&finding.property), finding.at);
        let evidence = escaped(&finding.evidence);
        text.push_str(&format!("      <failure type=\"{property}\" message=\"{evidence}\">"));
        text.push_str(&format!(
            "{property} ({kind}): {seeds} of {} runs, first {seed}, at {at}</failure>\n",
            sweep.runs
        ));
    }
    let reasons = sweep.reasons.iter().cloned();
    let unequal = sweep.unequal.iter().map(|unequal| format!("two runs of seed {} differ", unequal.seed));
    for reason in reasons.chain(unequal) {
        text.push_str(&format!("      <error type=\"{}\" message=\"{}\"/>\n", sweep.verdict.word(), escaped(&reason)));
    }
    text.push_str("    </testcase>\n");
    text
}

/// A text as an attribute or element of XML has it; characters that XML cannot have are shown as `?`.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' | '\t' | '\r' => safe.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => safe.push('?'),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_say_is_escaped_or_replaced() {
        assert_eq!(escaped("a<b>&\"c\"\n\u{1}"), "a&lt;b&gt;&amp;&quot;c&quot; ?");
    }
}
