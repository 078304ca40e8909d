//! The program, run in a directory of its own.
#![allow(dead_code, reason = "every file of tests uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A directory of one test in which the program runs, gone when the test ends.
pub(crate) struct Shell(pub(crate) PathBuf);

impl Shell {
    pub(crate) fn new(test: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("quiesce-command-line-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a temporary directory can be made");
        Shell(dir)
    }

    pub(crate) fn file(&self, name: &str, content: &str) {
        std::fs::write(self.0.join(name), content).expect("a temporary file can be written");
    }

    pub(crate) fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quiesce"));
        command.args(given(words)).current_dir(&self.0).env_remove("RUST_LOG");
        command
    }

    pub(crate) fn run(&self, words: &str) -> Done {
        Done::of(&self.command(words).output().expect("the program starts"))
    }

    /// Runs a line in a shell that knows the program as `quiesce`.
    pub(crate) fn line(&self, line: &str) -> Done {
        let bin = Path::new(env!("CARGO_BIN_EXE_quiesce")).parent().expect("a file stands in a folder");
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(&self.0).env("PATH", path).env_remove("RUST_LOG");
        Done::of(&shell.output().expect("a shell starts"))
    }

    pub(crate) fn left(&self, dir: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.0.join(dir)) else { return Vec::new() };
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("readable").file_name().into_string();
        let mut names: Vec<String> = entries.map(|entry| name(entry).expect("UTF-8")).collect();
        names.sort();
        names
    }
}

/// The words of a command line, without the flag that `QUIESCE_WITHOUT` names, as `--until:1` with one word behind it.
fn given(words: &str) -> Vec<&str> {
    let mut words: Vec<&str> = words.split_whitespace().collect();
    let without = std::env::var("QUIESCE_WITHOUT").unwrap_or_default();
    let Some((flag, behind)) = without.split_once(':') else { return words };
    let behind: usize = behind.parse().expect("a number of words");
    let short = &flag[1..flag.len().min(3)];
    let is_flag = |word: &&str| *word == flag || (["--quiet", "--verbose"].contains(&flag) && *word == short);
    while let Some(at) = words.iter().position(is_flag) {
        words.drain(at..(at + 1 + behind).min(words.len()));
    }
    words
}

impl Drop for Shell {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Done {
    pub(crate) fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("the program writes UTF-8");
        Done { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    #[track_caller]
    pub(crate) fn ends(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn says(&self, text: &str) -> &Self {
        assert!(self.stdout.contains(text), "`{text}` is not in\n{}", self.stdout);
        self
    }
}

/// A request that arrives twice: the reference makes two jobs of it.
pub(crate) const TWICE: &str = r#"
name = "twice"
about = "A start request arrives twice."
plane = "xaction"
seeds = { first = 3, count = 4 }
cluster = { proxies = 2, targets = 2, ic_size = 2 }
timeline = [
  { at = "0s", duplicate = "start-request" },
  { at = "0s", start = "prefetch-objects", via = "p1", as = "job" },
]
"#;
