//! A page: a Markdown file of this repository, and how it is renewed.

use std::path::PathBuf;

/// The folder that the pages' paths start from.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A Markdown file.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    /// Its path from the root, with `/`.
    pub(crate) name: String,
    pub(crate) text: String,
}

impl Page {
    pub(crate) fn open(name: &str) -> Page {
        let text = std::fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        Page { name: name.to_owned(), text }
    }

    /// Every page for people.
    pub(crate) fn all() -> Vec<Page> {
        let mut names: Vec<String> =
            ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(str::to_owned).to_vec();
        for dir in ["docs", "docs/guide"] {
            let entries = std::fs::read_dir(root().join(dir)).expect("the folder is there");
            let files = entries.map(|entry| entry.expect("readable").file_name().into_string().expect("UTF-8"));
            names.extend(files.filter(|file| file.ends_with(".md")).map(|file| format!("{dir}/{file}")));
        }
        names.sort();
        names.iter().map(|name| Page::open(name)).collect()
    }

    /// Fails unless the page is as it should be; renews it where that is asked for.
    #[track_caller]
    pub(crate) fn must_be(&self, now: &str) {
        if self.text == now {
            return;
        }
        if std::env::var_os("QUIESCE_RENEW").is_some() {
            std::fs::write(root().join(&self.name), now).expect("a page can be written");
        } else {
            let lines = self.text.lines().zip(now.lines()).enumerate();
            let first = lines.into_iter().find(|(_, (is, should))| is != should);
            panic!("{} is stale (QUIESCE_RENEW=1 renews it), first at {first:#?}", self.name);
        }
    }

    /// The text with what stands between `<!-- NAME -->` and `<!-- /NAME -->` replaced.
    #[track_caller]
    pub(crate) fn between(&self, name: &str, table: &str) -> String {
        let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
        let at = self.text.find(&begin).unwrap_or_else(|| panic!("{} has no {begin}", self.name)) + begin.len();
        let until = at + self.text[at..].find(&end).unwrap_or_else(|| panic!("{} has no {end}", self.name));
        format!("{}{table}{}", &self.text[..at], &self.text[until..])
    }
}
