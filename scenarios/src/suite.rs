//! The scenarios inside the binary.

use include_dir::{Dir, include_dir};

use crate::text::Source;

static SUITES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/suites");

/// Every bundled scenario, by path.
///
/// # Panics
/// When a bundled file is not UTF-8; a test reads them all.
#[must_use]
pub fn bundled() -> Vec<Source> {
    let mut sources = Vec::new();
    collect(&SUITES, &mut sources);
    sources.sort_by(|one, other| one.name().cmp(other.name()));
    sources
}

fn collect(dir: &Dir<'_>, sources: &mut Vec<Source>) {
    for file in dir.files().filter(|file| file.path().extension().is_some_and(|ext| ext == "toml")) {
        let text = file.contents_utf8().expect("bundled scenarios are UTF-8");
        sources.push(Source::new(format!("suites/{}", file.path().display()), text));
    }
    for inner in dir.dirs() {
        collect(inner, sources);
    }
}
