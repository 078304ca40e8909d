//! One HTML page for a suite: verdicts, coverage, and a space-time diagram of each failure.
//!
//! The page needs nothing but itself: style, script and data are inside. Its parts are files beside this one; the data
//! is JSON, each run in an element of its own, so that a page of many opens as fast as one of few.

use std::collections::BTreeMap;

use serde::Serialize;

use super::json::ScenarioResult;
use super::picture::Picture;
use crate::choices::Choices;
use crate::run::Finding;

const SKELETON: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &[&str] =
    &[include_str!("table.js"), include_str!("diagram.js"), include_str!("detail.js"), include_str!("main.js")];

/// What a page shows.
#[derive(Debug, Serialize)]
pub struct Page<'a> {
    v: u32,
    quiesce: &'static str,
    /// The suite: the plane that its scenarios are about.
    pub suite: &'a str,
    /// The profile.
    pub profile: &'static str,
    /// Single choices on top of it.
    pub policies: BTreeMap<&'a str, &'a str>,
    /// Whether it was interrupted before all was run.
    pub interrupted: bool,
    /// Every scenario.
    pub scenarios: Vec<ScenarioPart<'a>>,
    /// Every mark of the plane, and how often it was reached.
    pub marks: BTreeMap<&'static str, u64>,
    /// What can be looked at, in the order of `pictures`.
    pub runs: Vec<RunPart>,
    /// A diagram for each run.
    #[serde(skip)]
    pub pictures: Vec<Picture>,
    /// What stands above the diagrams, as HTML.
    #[serde(skip)]
    pub article: String,
}

/// A scenario in a page.
#[derive(Debug, Serialize)]
pub struct ScenarioPart<'a> {
    /// What it shows.
    pub about: &'a str,
    /// What it came to.
    pub result: ScenarioResult<'a>,
}

/// A run in a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunPart {
    /// The scenario.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// The property that fails; none of a run in which nothing was found.
    pub property: Option<String>,
    /// What sort of failure.
    pub kind: Option<&'static str>,
    /// What shows it.
    pub evidence: Option<String>,
    /// What to type to see it again, each with a title.
    pub commands: Vec<(&'static str, String)>,
}

impl RunPart {
    /// A run of a scenario, with what was found in it if anything was.
    #[must_use]
    pub fn new(scenario: &str, seed: u64, finding: Option<&Finding>, commands: Vec<(&'static str, String)>) -> Self {
        RunPart {
            scenario: scenario.to_owned(),
            seed,
            property: finding.map(|finding| finding.property.clone()),
            kind: finding.map(|finding| finding.kind.word()),
            evidence: finding.map(|finding| finding.evidence.clone()),
            commands,
        }
    }
}

impl<'a> Page<'a> {
    /// An empty page about a suite.
    #[must_use]
    pub fn new(suite: &'a str, choices: &'a Choices) -> Self {
        Page {
            v: super::json::VERSION,
            quiesce: env!("CARGO_PKG_VERSION"),
            suite,
            profile: choices.profile.word(),
            policies: choices.policies.iter().map(|(name, choice)| (name.as_str(), choice.as_str())).collect(),
            interrupted: false,
            scenarios: Vec::new(),
            marks: BTreeMap::new(),
            runs: Vec::new(),
            pictures: Vec::new(),
            article: String::new(),
        }
    }

    /// The page as HTML.
    #[must_use]
    pub fn render(&self) -> String {
        let mut data = element("suite", self);
        for (index, picture) in self.pictures.iter().enumerate() {
            data.push_str(&element(&format!("run-{index}"), picture));
        }
        let mut page = String::new();
        let mut rest = SKELETON;
        let script = format!("\"use strict\";\n{}", SCRIPT.join("\n"));
        let title = format!("quiesce: {}", self.suite);
        let parts = [
            ("<!--title-->", title.as_str()),
            ("<!--style-->", STYLE),
            ("<!--article-->", &self.article),
            ("<!--data-->", &data),
            ("<!--script-->", &script),
        ];
        for (marker, part) in parts {
            let (before, after) = rest.split_once(marker).expect("the skeleton has every marker, in this order");
            page.push_str(before);
            page.push_str(part);
            rest = after;
        }
        page.push_str(rest);
        page
    }
}

/// Data in an element that is no script to the browser; nothing in it can end the element.
fn element(id: &str, data: &impl Serialize) -> String {
    let json = serde_json::to_string(data).expect("a page has nothing that JSON cannot say").replace('<', "\\u003c");
    format!("<script type=\"application/json\" id=\"{id}\">{json}</script>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_cannot_end_its_element_and_stays_the_same() {
        let told = element("x", &"</script><!--script-->");
        let inner = told.strip_prefix("<script type=\"application/json\" id=\"x\">").unwrap();
        let inner = inner.strip_suffix("</script>\n").unwrap();
        assert!(!inner.contains('<'), "{inner}");
        assert_eq!(serde_json::from_str::<String>(inner).unwrap(), "</script><!--script-->");
    }

    #[test]
    fn a_page_needs_nothing_from_elsewhere() {
        let choices = Choices::default();
        let html = Page::new("<b>", &choices).render();
        for word in ["http://", "https://", "src=", "import ", "@import", "url(\""] {
            let found = html.replace("http://www.w3.org/2000/svg", "").contains(word);
            assert!(!found, "the page asks for something with `{word}`");
        }
        assert!(html.contains("\\u003cb>") && html.ends_with("</html>\n"));
    }
}
