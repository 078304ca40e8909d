//! The page of a report, opened in a real headless browser: what it shows, and what keys and addresses do.
//!
//! Where no browser is installed these tests say so and check nothing; `.ci/run` installs one.

mod shell;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use quiesce::choices::Choices;
use quiesce::load;
use quiesce::report::page::{Page, RunPart};
use quiesce::report::picture::Picture;
use quiesce::text::Source;
use shell::Shell;

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// A report of one test, gone when the test ends.
struct Report(Shell);

impl Report {
    /// Runs the program with `words` and `--report`.
    fn of(test: &str, words: &str) -> Report {
        let shell = Shell::new(&format!("page-{test}"));
        let done = shell.run(&format!("{words} --report report"));
        assert!(done.stderr.is_empty(), "{}", done.stderr);
        Report(shell)
    }

    /// A report that holds this page.
    fn holding(test: &str, page: &str) -> Report {
        let shell = Shell::new(&format!("page-{test}"));
        std::fs::create_dir_all(shell.0.join("report")).expect("a temporary directory can be made");
        shell.file("report/xaction.html", page);
        Report(shell)
    }

    fn page(&self) -> PathBuf {
        self.0.0.join("report/xaction.html")
    }

    fn files(&self) -> Vec<String> {
        self.0.left("report")
    }

    /// The page's elements once its scripts have run, opened at `address` and with `script` run at its end; `None`
    /// without a browser.
    fn opened(&self, address: &str, script: &str) -> Option<String> {
        let browser = browser()?;
        let page = std::fs::read_to_string(self.page()).expect("the page is there");
        let tried = self.0.0.join("report/tried.html");
        let html = page.replace("</body>", &format!("<script>{script}</script></body>"));
        std::fs::write(&tried, html).expect("a temporary file can be written");
        let profile = self.0.0.join("profile");
        let mut command = Command::new(browser);
        command.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom"]);
        command
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(format!("file://{}{address}", tried.display()));
        let output = command.stderr(Stdio::null()).output().expect("the browser starts");
        let dom = String::from_utf8(output.stdout).expect("a page is UTF-8");
        let shown = dom.split("<script type=\"application/json\"").next().unwrap_or_default().to_owned();
        assert!(dom.contains("data-ready="), "the page's script did not come to its end:\n{shown}");
        Some(shown)
    }
}

fn browser() -> Option<&'static str> {
    let runs = |name: &str| {
        let version = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        version.is_ok_and(|status| status.success())
    };
    let found = BROWSERS.into_iter().find(|name| runs(name));
    if found.is_none() {
        eprintln!("no headless browser among {}: the page is not checked", BROWSERS.join(", "));
    }
    found
}

const FAILING: &str = "run abort-is-lost two-members-restart-at-once --profile reference --seeds 1..4";

#[track_caller]
fn assert_shows(page: &str, texts: &[&str]) {
    for text in texts {
        assert!(page.contains(text), "`{text}` is not in\n{page}");
    }
}

#[test]
fn the_page_opens_at_the_violation_and_shows_its_chain() {
    let report = Report::of("violation", FAILING);
    let Some(page) = report.opened("", "") else { return };
    assert_shows(&page, &["finished-means-every-target-finished</strong>", "p2 says that x-p1.1.1 has ended"]);
    assert_shows(&page, &["✗ violation: safety finished-means-every-target-finished", "✗ the violation"]);
    assert_shows(&page, &["data-step=\"31.1\"", "class=\"chain\"", "class=\"row-select\"", "data-arrow=\"deliver\""]);
    assert_shows(&page, &["quiesce run abort-is-lost --seed 1 --profile reference", "✗ fail", "✗ never"]);
    assert_shows(&page, &["<strong>abort-is-lost</strong>", "3 of 3 fail", "marks in the code under test reached"]);
}

#[test]
fn an_address_names_a_step_and_a_run() {
    let report = Report::of("address", FAILING);
    let Some(page) = report.opened("#step=16", "") else { return };
    assert_shows(&page, &["id=\"viewer\" data-step=\"16\"", "Step 16 · t1", "t1 gets start-xact from p1"]);
    assert_shows(&page, &["Changes at t1", "class=\"diff\"", "on the chain to the violation", "Led to"]);
    let page = report.opened("#run=2&step=3", "").expect("there is a browser");
    assert_shows(
        &page,
        &["does not hold", "quiesce run two-members-restart-at-once --seed 1 --profile reference", "Step 3 · p3"],
    );
}

#[test]
fn keys_step_follow_causes_and_write_the_address() {
    let report = Report::of("keys", FAILING);
    let press = |keys: &[&str]| {
        let press = |key: &&str| {
            format!("document.body.dispatchEvent(new KeyboardEvent('keydown', {{key: '{key}', bubbles: true}}));")
        };
        let pressed: String = keys.iter().map(press).collect();
        report.opened("#step=16", &format!("{pressed}document.title = location.hash;"))
    };
    let Some(on) = press(&["j", "j", "k"]) else { return };
    assert_shows(&on, &["data-step=\"17\"", "<title>#run=1&amp;step=17</title>"]);
    let ends = [("c", "13"), ("e", "19"), ("v", "31.1"), ("[", "4"), ("]", "26")];
    for (key, step) in ends {
        let page = press(&[key]).expect("there is a browser");
        assert_shows(&page, &[&format!("id=\"viewer\" data-step=\"{step}\"")]);
    }
}

#[test]
fn filters_leave_only_what_they_name() {
    let report = Report::of("filters", FAILING);
    let filter = |id: &str, event: &str, value: &str| {
        let script = format!(
            "const f = byId('{id}'); {value}; f.dispatchEvent(new Event('{event}'));
            document.title = view.rows.map((place) => view.picture.steps[place].i).join(' ');"
        );
        report.opened("#step=1", &script)
    };
    let Some(by_kind) = filter("kind-filter", "change", "f.value = 'l:notify-finished'") else { return };
    assert_shows(&by_kind, &["<title>31 31.1</title>"]);
    let by_job = filter("text-filter", "input", "f.value = 'ended: aborted'").expect("there is a browser");
    assert_shows(&by_job, &["<title>31 31.1</title>"]);
    let past = filter("past-filter", "change", "f.checked = true").expect("there is a browser");
    assert_shows(&past, &["<title>1 2 3 4 5 6 7 8 9 10 11 12 13"]);
    assert!(!past.contains(" 24 "), "a later answer to the client is not in the violation's past");
    let script = "document.querySelectorAll('.chip')[0].click(); document.title = view.rows.length;";
    let node = report.opened("#step=2", script).expect("there is a browser");
    assert_shows(&node, &["aria-pressed=\"false\">p1", "<title>2"]);
}

#[test]
fn faults_are_bands_and_lost_messages_crosses() {
    let report = Report::of("faults", "run partition-inside-the-ic --profile reference --seed 1");
    let Some(page) = report.opened("#step=40", "") else { return };
    assert_shows(&page, &["data-band=\"partition\"", "arrow lost", "data-lost=", "partition p1 t1 | p2 p3 t2 t3"]);
}

#[test]
fn a_report_has_every_picture_in_every_format() {
    let report = Report::of("formats", FAILING);
    let stem = "abort-is-lost.reference.finished-means-every-target-finished.seed-1";
    let files = report.files();
    for ending in ["perfetto.json", "shiviz.log", "mermaid.mmd"] {
        assert!(files.contains(&format!("{stem}.{ending}")), "{files:?}");
    }
    let read = |ending: &str| std::fs::read_to_string(report.0.0.join("report").join(format!("{stem}.{ending}")));
    let perfetto: serde_json::Value = serde_json::from_str(&read("perfetto.json").expect("readable")).expect("JSON");
    let events = perfetto["traceEvents"].as_array().expect("a list");
    let named = |ph: &str, name: &str| events.iter().any(|event| event["ph"] == ph && event["name"] == name);
    assert!(named("X", "deliver notify-finished") && named("s", "notify-finished") && named("f", "notify-finished"));
    assert!(
        read("shiviz.log")
            .expect("readable")
            .contains("\ndeliver notify-finished with t1 | takes x-p1.1.1 for aborted")
    );
    let mermaid = read("mermaid.mmd").expect("readable");
    assert!(
        mermaid.starts_with("sequenceDiagram\n") && mermaid.contains("    N3->>N1: notify-finished\n"),
        "{mermaid}"
    );
}

#[test]
fn a_run_without_a_failure_has_a_picture_where_it_is_asked_for() {
    let calm = Report::of("calm", "run slow-target --seed 1");
    assert_eq!(calm.files(), ["xaction.html"]);
    let shown = Report::of("trace", "run slow-target --seed 1 --trace");
    assert!(shown.files().contains(&"slow-target.hardened.seed-1.shiviz.log".to_owned()), "{:?}", shown.files());
    let Some(page) = shown.opened("", "") else { return };
    assert_shows(&page, &["slow-target, seed 1: nothing was found", "<h2 id=\"pictures-title\">Pictures</h2>"]);
}

#[test]
fn what_scenarios_say_of_themselves_is_text_to_the_page() {
    let about = "</script><script>document.body.dataset.owned = 1</script><!-- <b>bold</b>";
    let text = format!(
        "name = \"odd\"\nabout = \"{about}\"\nplane = \"xaction\"\ntimeline = [{{ at = \"0s\", start = \"prefetch-objects\", via = \"p1\", as = \"j\" }}]\n"
    );
    let shell = Shell::new("page-text");
    shell.file("odd.toml", &text);
    let report = Report::of("odd", &format!("run {} --seed 1", shell.0.join("odd.toml").display()));
    let opened = report.opened("", "");
    let Some(page) = opened else { return };
    assert!(!page.contains("data-owned"), "{page}");
    assert_shows(&page, &["&lt;b&gt;bold&lt;/b&gt;"]);
}

/// A run of two jobs that take long, cut after so many steps.
fn long(steps: usize) -> Picture {
    let text = r#"
name = "long"
about = "Two jobs that take long."
plane = "xaction"
events_max = 1000000
until = "2h"
cluster = { proxies = 3, targets = 3, ic_size = 3 }
timeline = [
  { at = "0s", start = "ec-encode", via = "p1", work = "100m" },
  { at = "1s", start = "prefetch-objects", via = "p2", work = "100m" },
]
"#;
    let scenario = load(&Source::new("long.toml", text)).unwrap_or_else(|error| panic!("{error:?}"));
    let mut picture = Picture::new(&scenario.under(&Choices::default()).expect("the default choices").watch(1).1, None);
    assert!(picture.steps.len() >= steps, "{} steps", picture.steps.len());
    picture.steps.truncate(steps);
    picture
}

/// How many elements a page has in all and in its diagram, how often it looked at a step while it opened and then while
/// its reader went one step on, and after how many milliseconds it was there.
fn opened(steps: usize) -> Option<[u64; 5]> {
    let choices = Choices::default();
    let mut page = Page::new("xaction", &choices);
    page.runs.push(RunPart::new("long", 1, None, Vec::new()));
    page.pictures.push(long(steps));
    let count = "<script>let looked = 0; const parse = JSON.parse; JSON.parse = (text) => { const read = parse(text);
        if (read.steps) read.steps = new Proxy(read.steps, { get: (all, key) => { if (/^\\d+$/.test(String(key))) looked++; return all[key]; } });
        return read; };</script>";
    let html = page.render().replacen("<body", &format!("{count}<body"), 1);
    let report = Report::holding(&format!("long-{steps}"), &html);
    let told = "diagram.paint(); const opened = looked; looked = 0; move(1); diagram.paint();
        const count = (all) => all.querySelectorAll('*').length;
        document.title = [count(document), count(byId('diagram')), opened, looked, document.body.dataset.ready].join(' ');";
    let shown = report.opened("", told)?;
    let (_, title) = shown.split_once("<title>").expect("a page has a title");
    let told: Vec<u64> =
        title.split("</title>").next()?.split(' ').map(|word| word.parse().expect("a number")).collect();
    Some(told.try_into().expect("five numbers"))
}

/// What the page needs does not grow with the run: what is not in sight is not there, and no step is looked at more often
/// than a few times. The time, which is the machine's, is told and not judged:
/// `cargo test --release -p quiesce --test page ten_thousand -- --nocapture`.
#[test]
fn a_page_of_ten_thousand_events_holds_no_more_than_one_of_five_hundred() {
    let (Some(small), Some(large)) = (opened(500), opened(10_000)) else { return };
    let [elements, in_diagram, at_first, one_on, millis] = large;
    eprintln!("10,000 events: opened after {millis} ms; {elements} elements, {in_diagram} of them in the diagram");
    eprintln!(
        "    every step looked at {} times while it opened, {} times to go one step on",
        at_first / 10_000,
        one_on / 10_000
    );
    assert!(in_diagram > 50 && in_diagram <= small[1] + 100, "{large:?} beside {small:?}");
    assert!(elements < 1_500, "what can be chosen from is bounded: {large:?} beside {small:?}");
    assert!((10_000..300_000).contains(&at_first) && one_on < 100_000, "{large:?}");
}
