//! Every link of every page leads to a file that is there, and to a heading or anchor in it.

use std::collections::BTreeSet;

use crate::page::{Page, root};

/// What a page can be linked to at: its headings as GitHub names them, and the anchors it sets itself.
pub(crate) fn anchors(text: &str) -> BTreeSet<String> {
    let mut fenced = false;
    let mut anchors = BTreeSet::new();
    for line in text.lines() {
        fenced ^= line.starts_with("```");
        if !fenced && line.starts_with('#') {
            anchors.insert(slug(line.trim_start_matches('#').trim()));
        }
        anchors.extend(line.split("<a id=\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
    }
    anchors
}

/// A heading as an address: lower case, blanks as `-`, no punctuation but `-` and `_`.
fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The links of a page to files of this repository: path from the root, and anchor.
pub(crate) fn links(page: &Page) -> Vec<(String, Option<String>)> {
    let dir = page.name.rsplit_once('/').map_or("", |(dir, _)| dir);
    let targets = page.text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0));
    let inside = targets.filter(|target| !target.contains("://") && !target.contains([' ', '`']));
    let link = |target: &str| {
        let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
        let path = if path.is_empty() { page.name.clone() } else { joined(dir, path) };
        (path, anchor.map(str::to_owned))
    };
    inside.map(link).collect()
}

fn joined(dir: &str, path: &str) -> String {
    let mut parts: Vec<&str> = dir.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            ".." => _ = parts.pop(),
            "." => (),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[test]
fn every_link_leads_somewhere() {
    let mut followed = 0;
    for page in Page::all() {
        for (path, anchor) in links(&page) {
            assert!(root().join(&path).exists(), "{} links to {path}, which is not there", page.name);
            if let Some(anchor) = anchor {
                let there = anchors(&Page::open(&path).text);
                assert!(there.contains(&anchor), "{} links to {path}#{anchor}; there are {there:?}", page.name);
            }
            followed += 1;
        }
    }
    assert!(followed > 50, "{followed} links");
}

#[test]
fn every_page_can_be_reached_from_the_readme() {
    let mut reached = BTreeSet::from(["README.md".to_owned()]);
    let mut open = vec!["README.md".to_owned()];
    while let Some(name) = open.pop() {
        let targets = links(&Page::open(&name)).into_iter().map(|(path, _)| path).filter(|path| path.ends_with(".md"));
        open.extend(targets.filter(|path| reached.insert(path.clone())));
    }
    let all: BTreeSet<String> = Page::all().into_iter().map(|page| page.name).collect();
    assert_eq!(all.difference(&reached).collect::<Vec<_>>(), [""; 0]);
}

/// Sentences of any length that stand on two pages are one too many.
#[test]
fn no_page_repeats_another() {
    let mut known: std::collections::BTreeMap<String, String> = std::collections::BTreeMap::new();
    for page in Page::all() {
        let mut fenced = false;
        let prose = page.text.lines().filter(|line| {
            fenced ^= line.starts_with("```");
            !fenced && !line.starts_with(['|', '#', '<', '`', '!'])
        });
        let prose = prose.collect::<Vec<_>>().join(" ");
        for sentence in prose.split(". ").map(str::trim).filter(|sentence| sentence.len() > 60) {
            if let Some(other) =
                known.insert(sentence.to_owned(), page.name.clone()).filter(|other| *other != page.name)
            {
                panic!("{} and {other} both say: {sentence}", page.name);
            }
        }
    }
    assert!(known.len() > 100, "{} sentences", known.len());
}
