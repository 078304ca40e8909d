//! Every block of every page runs, in order, in a folder of the page's own.
//!
//! - `console`: lines that begin with `$ ` are run, and say what follows them; `...` stands for any lines, `[..]` for any
//!   part of one. None may end with bad usage.
//! - `toml NAME`: a file that later blocks use. `toml`: a scenario, or keys of one, which must load.
//! - `rust NAME`: a part of the lock service's file of that name, word for word.
//! - `yaml`, `bash`: recipes; each line with `quiesce` in it is run, over few seeds.
//! - `sh`: what `.ci/run` runs, word for word.
//! - `text`: what another test holds to the code.

use quiesce::load;
use quiesce::text::Source;
use snapbox::IntoData as _;
use snapbox::filter::NormalizeToExpected;

use crate::block::Block;
use crate::page::{Page, root};
use crate::shell::{Done, Shell};

fn every_block_holds(name: &str) {
    let page = Page::open(name);
    let shell = Shell::new(&format!("docs-{}", name.replace(['/', '.'], "-")));
    let mut now = page.text.clone();
    let mut ran = 0;
    for block in &Block::all(&page) {
        let said = holds(name, block, &shell);
        ran += usize::from(block.language == "console");
        if let Some(said) = said {
            let moved = now.len() as isize - page.text.len() as isize;
            let at = |place: usize| usize::try_from(place as isize + moved).expect("a page does not shrink so far");
            now.replace_range(at(block.span.start)..at(block.span.end), &said);
        }
    }
    page.must_be(&now);
    println!("{name}: {ran} transcripts");
}

/// Runs a block; what it should be, if it is one that says what it comes to.
fn holds(page: &str, block: &Block, shell: &Shell) -> Option<String> {
    match (block.language.as_str(), &block.file) {
        ("console", _) => return Some(transcript(page, &block.text, shell)),
        ("toml", Some(file)) => shell.file(file, &block.text),
        ("toml", None) => loads(page, &block.text),
        ("rust", Some(file)) => {
            let path = root().join("scenarios/examples/lock_service").join(file);
            let whole = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{page}: {file}: {error}"));
            assert!(whole.contains(&block.text), "{page}: {file} has no such part:\n{}", block.text);
        }
        ("yaml" | "bash", _) => recipe(page, &block.text, shell),
        ("sh", _) => is_in_ci(page, &block.text),
        ("text", _) => (),
        (other, _) => panic!("{page}: nobody runs a block of `{other}`:\n{}", block.text),
    }
    None
}

/// Runs each command of a transcript, and says what it should say: what is elided stays elided.
fn transcript(page: &str, text: &str, shell: &Shell) -> String {
    let mut now = String::new();
    for (line, expected) in commands(page, text) {
        let done = in_shell(line, shell);
        let Done { code, stdout, stderr } = &done;
        assert!(matches!(code, Some(0 | 1 | 3)), "{page}: {line} ends with {code:?}\n{stdout}{stderr}");
        let normal = NormalizeToExpected::new().redact().normalize(said(&done).into_data(), &expected.into_data());
        now.push_str(&format!("$ {line}\n{}", lines(&normal.to_string())));
    }
    now
}

/// Each command with what it says.
fn commands<'t>(page: &str, text: &'t str) -> Vec<(&'t str, String)> {
    let mut commands: Vec<(&str, String)> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push((command, String::new())),
            (None, Some((_, said))) if said.is_empty() => said.push_str(line),
            (None, Some((_, said))) => said.push_str(&format!("\n{line}")),
            (None, None) => panic!("{page}: output without a command: {line}"),
        }
    }
    commands
}

/// What a command said, without what the wall clock says.
fn said(done: &Done) -> String {
    let text = format!("{}{}", done.stdout, done.stderr);
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn lines(text: &str) -> String {
    let text = text.trim_end();
    if text.is_empty() { String::new() } else { format!("{text}\n") }
}

/// Recipes ask which of many machines this is: the second.
fn in_shell(line: &str, shell: &Shell) -> Done {
    let line = line.replace("cargo run --release -- ", "quiesce ");
    shell.line(&format!("export JOB_COMPLETION_INDEX=1 SLURM_ARRAY_TASK_ID=1; {line}"))
}

/// A scenario, or keys of one: what every scenario needs is put before them.
fn loads(page: &str, text: &str) {
    let plane = ["operation", "volume"].into_iter().find(|plane| text.starts_with(&format!("# {plane}")));
    let head = format!("name = \"fragment\"\nabout = \"A part.\"\nplane = \"{}\"\n", plane.unwrap_or("xaction"));
    let whole = if text.contains("plane ") { text.to_owned() } else { head + text };
    if let Err(error) = load(&Source::new("block.toml", whole.as_str())) {
        panic!("{page}: {error:?}\n{whole}");
    }
}

/// Each command of a recipe is one that the program understands, tried over few seeds.
fn recipe(page: &str, text: &str, shell: &Shell) {
    let commands =
        text.lines().filter_map(|line| line.find("quiesce ").map(|at| line[at..].trim_end_matches(['\\', '"', ' '])));
    for line in commands.filter(|line| !line.starts_with("quiesce run --")) {
        let words = line.split(' ').map(|word| if word.contains("..") { "0..2" } else { word });
        let line = words.collect::<Vec<_>>().join(" ");
        let done = in_shell(&line, shell);
        assert!(matches!(done.code, Some(0 | 1 | 3)), "{page}: {line} ends with {:?}\n{}", done.code, done.stderr);
    }
}

/// What takes too long for a test is what CI runs.
fn is_in_ci(page: &str, text: &str) {
    let ci = std::fs::read_to_string(root().join(".ci/run")).expect("it is there");
    for line in text.lines().filter(|line| line.starts_with("cargo ")) {
        assert!(ci.contains(line), "{page}: .ci/run does not run `{line}`");
    }
}

macro_rules! pages {
    ($($test:ident: $page:literal,)*) => {
        $(
            #[test]
            fn $test() {
                every_block_holds($page);
            }
        )*

        #[test]
        fn every_page_is_run() {
            let run = [$($page),*];
            let with_blocks = |page: &Page| page.text.lines().any(|line| line.starts_with("```"));
            let missing: Vec<String> =
                Page::all().iter().filter(|page| with_blocks(page) && !run.contains(&page.name.as_str())).map(|page| page.name.clone()).collect();
            assert_eq!(missing, [""; 0], "add it to `pages!`");
        }
    };
}

pages! {
    every_block_of_the_readme_runs: "README.md",
    every_block_of_contributing_runs: "CONTRIBUTING.md",
    every_block_of_the_architecture_runs: "ARCHITECTURE.md",
    every_block_of_the_tutorial_runs: "docs/tutorial.md",
    every_block_about_a_plane_of_ones_own_runs: "docs/your-own-plane.md",
    every_block_about_faults_runs: "docs/guide/faults.md",
    every_block_about_scenarios_runs: "docs/guide/scenarios.md",
    every_block_about_properties_runs: "docs/guide/properties.md",
    every_block_about_policies_runs: "docs/guide/policies.md",
    every_block_about_the_checker_runs: "docs/guide/checker.md",
    every_block_about_determinism_runs: "docs/guide/determinism.md",
    every_block_about_reports_runs: "docs/guide/reports.md",
    every_block_about_ci_runs: "docs/guide/ci.md",
    every_block_about_fanout_runs: "docs/guide/fanout.md",
    every_block_about_limits_runs: "docs/guide/limits.md",
}
