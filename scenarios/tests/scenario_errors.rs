//! Every way to get a scenario wrong says where, what was expected, and what was probably meant.

use std::path::Path;

use quiesce::report::explain;
use quiesce::text::Source;

/// A scenario that is right, whose parts the tests put wrong.
const RIGHT: &str = r#"name = "slow-target"
about = "A wait outlasts a slow target."
plane = "xaction"
seeds = { first = 1, count = 5 }
until = "60s"
cluster = { proxies = 2, targets = 2, clients = 2, ic_size = 2 }
network = { latency = "2ms", jitter = "5ms", loss = "1/100" }
policies = { not-found = "asks-starter" }

timeline = [
  { at = "0s", start = "prefetch-objects", via = "p1", as = "job", work = "2s", slow = { t2 = "40s" } },
  { at = "1s", wait = "job", via = "p2", as = "w" },
  { at = "2s", crash = "p2" },
  { at = "3s", lose = "notify-finished", to = "p1", count = 2 },
  { at = "4s", partition = [["p1", "t1"], ["p2", "t2"]] },
  { at = "9s", heal = true },
]

[expect]
properties = ["waits-return"]
replies = { w = "finished" }
facts = ["wait-returned"]
messages = { notify-finished = { max = 9 } }
"#;

/// The message for the right scenario with one thing put wrong.
fn wrong(right: &str, wrong: &str) -> String {
    assert_eq!(RIGHT.matches(right).count(), 1, "`{right}` must stand in the scenario once");
    refused(&RIGHT.replace(right, wrong))
}

fn refused(text: &str) -> String {
    let error = quiesce::load(&Source::new("slow-target.toml", text)).expect_err("the scenario is wrong");
    without_lists(&explain(&error, false))
}

/// The message without the words that come and go with the plane: a new policy is no news here.
fn without_lists(message: &str) -> String {
    const LISTS: [&str; 6] = ["kind", "message", "reply", "fact", "policy", "property"];
    let title = LISTS.iter().filter_map(|list| message.find(&format!("every {list}: ")).map(|at| (at, list))).next();
    title.map_or_else(|| message.to_owned(), |(at, list)| format!("{}every {list}: ...", &message[..at]))
}

#[test]
fn the_right_scenario_is_right() {
    let scenario = quiesce::load(&Source::new("slow-target.toml", RIGHT)).expect("nothing is wrong");
    assert_eq!(scenario.head().name, "slow-target");
    assert_eq!(scenario.head().seeds.count, 5);
}

macro_rules! mistakes {
    ($( $name:ident: $right:literal => $wrong:literal; )+) => { $(
        #[test]
        fn $name() {
            insta::assert_snapshot!(wrong($right, $wrong));
        }
    )+ };
}

mistakes! {
    misspelt_key: "until =" => "untill =";
    misspelt_verb: "crash = \"p2\"" => "crahs = \"p2\"";
    misspelt_key_of_a_verb: "via = \"p2\"" => "vai = \"p2\"";
    missing_key: "about = \"A wait outlasts a slow target.\"\n" => "";
    missing_time: "at = \"2s\", crash" => "crash";
    negative_duration: "at = \"2s\"" => "at = \"-2s\"";
    duration_without_unit: "at = \"2s\"" => "at = \"2\"";
    duration_longer_than_any_run: "until = \"60s\"" => "until = \"999999999h\"";
    unknown_node_is_asked: "via = \"p2\"" => "via = \"p7\"";
    fault_on_a_node_that_does_not_exist: "crash = \"p2\"" => "crash = \"p9\"";
    partition_of_a_node_that_does_not_exist: "[\"p2\", \"t2\"]]" => "[\"p2\", \"t3\"]]";
    node_on_both_sides_of_a_partition: "[\"p2\", \"t2\"]]" => "[\"p2\", \"t1\"]]";
    slow_target_that_does_not_exist: "slow = { t2" => "slow = { t5";
    unknown_kind: "prefetch-objects" => "prefetch-objekts";
    unknown_message: "lose = \"notify-finished\"" => "lose = \"notify-finnished\"";
    unknown_property: "waits-return" => "wait-returns";
    unknown_policy: "not-found =" => "notfound =";
    unknown_policy_under_reference: "facts = [" => "reference = { notfound = \"waits-return\" }\nfacts = [";
    unknown_property_under_reference: "facts = [" => "reference = { not-found = \"waits\" }\nfacts = [";
    unknown_choice_of_a_policy: "asks-starter" => "abort-job";
    unknown_reply: "w = \"finished\"" => "w = \"finnished\"";
    unknown_fact: "[\"wait-returned\"]" => "[\"waits-returned\"]";
    unknown_plane: "\"xaction\"" => "\"xactions\"";
    unknown_job: "wait = \"job\"" => "wait = \"jbo\"";
    reply_to_an_unknown_call: "{ w = " => "{ wait = ";
    name_that_is_taken: "as = \"w\"" => "as = \"job\"";
    name_that_is_none: "\"slow-target\"" => "\"slow target\"";
    wrong_type: "crash = \"p2\"" => "crash = 2";
    list_where_a_table_belongs: "network = { latency = \"2ms\", jitter = \"5ms\", loss = \"1/100\" }" => "network = []";
    number_out_of_range: "count = 5" => "count = -5";
    ratio_above_one: "1/100" => "3/2";
    two_verbs: "crash = \"p2\"" => "crash = \"p2\", restart = \"p1\"";
    no_verb: "{ at = \"9s\", heal = true }" => "{ at = \"9s\" }";
    key_of_another_verb: "crash = \"p2\"" => "crash = \"p2\", via = \"p1\"";
    heal_that_does_not: "heal = true" => "heal = false";
    information_center_larger_than_the_cluster: "ic_size = 2" => "ic_size = 3";
    wait_in_another_client: "wait = \"job\"" => "wait = \"job\", client = \"c2\"";
    limits_that_exclude_each_other: "{ max = 9 }" => "{ min = 10, max = 9 }";
    not_toml: "until = \"60s\"" => "until = 60s";
    key_twice: "until = \"60s\"" => "until = \"60s\"\nuntil = \"50s\"";
}

#[test]
fn unreadable_file() {
    let error = Source::open(Path::new("no/such/scenario.toml")).expect_err("there is no such file");
    insta::assert_snapshot!(explain(&error, false));
}

#[test]
fn file_that_is_not_utf8() {
    let path = std::env::temp_dir().join(format!("quiesce-not-utf8-{}.toml", std::process::id()));
    std::fs::write(&path, b"name = \"a\"\nabout = \"\xff\"\n").expect("a temporary file can be written");
    let error = Source::open(&path).expect_err("the file is not UTF-8");
    let text = explain(&error, false).replace(&path.display().to_string(), "scenario.toml");
    std::fs::remove_file(&path).expect("the temporary file is there");
    insta::assert_snapshot!(text);
}

#[test]
fn empty_file() {
    insta::assert_snapshot!(refused(""));
}
