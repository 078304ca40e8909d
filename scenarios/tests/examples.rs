//! The help of every command has an example, and every example runs.

mod shell;

use std::net::{TcpListener, TcpStream};
use std::process::Stdio;

use shell::{Done, Shell};

/// The commands that `quiesce -h` lists.
fn commands() -> Vec<String> {
    let help = Shell::new("examples-commands").run("-h");
    let lines = help.ends(0).stdout.lines().skip_while(|line| *line != "Commands:").skip(1);
    let named =
        lines.take_while(|line| !line.is_empty()).filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let words = named.map(|line| line.split_whitespace().next().expect("a command").to_owned());
    words.filter(|word| word != "help").collect()
}

/// The lines under `Examples:` in the help of a command, without what is said of them.
fn examples(command: &str) -> Vec<String> {
    let help = Shell::new(&format!("examples-{command}")).run(&format!("{command} -h"));
    let lines = help.ends(0).stdout.lines().skip_while(|line| *line != "Examples:").skip(1);
    let lines = lines.take_while(|line| !line.is_empty());
    lines.map(|line| line.trim().split("   ").next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn every_command_has_examples_and_each_runs_in_an_empty_folder() {
    let commands = commands();
    assert!(commands.len() >= 16, "{commands:?}");
    for command in commands.iter().filter(|command| *command != "explore") {
        let shell = Shell::new(&format!("examples-of-{command}"));
        let examples = examples(command);
        assert!(!examples.is_empty(), "`quiesce {command} -h` has no examples");
        for line in examples {
            let done = shell.line(&line);
            assert!(
                matches!(done.code, Some(0 | 1)),
                "{line} ends with {:?}\n{}{}",
                done.code,
                done.stdout,
                done.stderr
            );
            assert!(!done.stderr.contains("panicked"), "{line}:\n{}", done.stderr);
        }
        assert!(examples_name(command), "no example of `quiesce {command}` is about it");
    }
}

fn examples_name(command: &str) -> bool {
    examples(command).iter().any(|line| line.starts_with(&format!("quiesce {command}")))
}

/// The suite itself, which the first example runs, is `every_scenario`'s.
#[test]
fn the_examples_of_the_program_run() {
    let shell = Shell::new("examples-top");
    let (suite, others): (Vec<_>, Vec<_>) = examples("").into_iter().partition(|line| line == "quiesce");
    assert_eq!((suite.len(), others.len()), (1, 2));
    for line in others {
        assert_eq!(shell.line(&line).code, Some(1), "{line} is to show a failure");
    }
}

/// A server runs until it is stopped; the address is one that was free here.
#[test]
fn the_example_of_explore_serves() {
    let [line] = &examples("explore")[..] else { panic!("one example") };
    let (words, _) = line.split_once(" --address ").expect("an address");
    let address = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("an address is free");
    let words = format!("{} --address {address}", words.strip_prefix("quiesce ").expect("the program"));
    let mut server = Shell::new("examples-explore").command(&words).stdout(Stdio::null()).spawn().expect("it starts");
    while TcpStream::connect(address).is_err() {
        assert!(server.try_wait().expect("it can be asked").is_none(), "it ended before anybody came");
    }
    server.kill().expect("it runs");
    server.wait().expect("it ends");
}

#[test]
fn every_template_passes_as_it_is_written_and_is_never_written_over() {
    for plane in ["xaction", "operation", "volume"] {
        let shell = Shell::new(&format!("new-{plane}"));
        let wrote = shell.run(&format!("new my-first --plane {plane}"));
        assert_eq!(wrote.ends(0).stdout, "wrote ./my-first.toml\nrun it with `quiesce run ./my-first.toml`\n");
        shell.run("run ./my-first.toml").ends(0).says("1 of 1 scenarios pass");
        shell.file("my-first.toml", "mine");
        let again = shell.run(&format!("new my-first --plane {plane}"));
        assert!(again.ends(2).stderr.contains("./my-first.toml is there already"), "{}", again.stderr);
        assert_eq!(std::fs::read_to_string(shell.0.join("my-first.toml")).expect("it is there"), "mine");
    }
}

#[test]
fn a_template_that_cannot_be_written_leaves_nothing() {
    let shell = Shell::new("new-unwritable");
    shell.file("file", "");
    let done = shell.run("new my-first --plane volume --dir file/below");
    assert!(done.ends(2).stderr.contains("cannot write file/below/my-first.toml"), "{}", done.stderr);
    assert_eq!(shell.left(""), ["file"]);
}

#[test]
fn the_doctor_says_what_is_missing_and_its_exit_code_says_so_too() {
    let shell = Shell::new("doctor");
    shell.file("file", "");
    shell.run("doctor").ends(0).says("failures     ok ");
    shell.run("doctor --capsules file/below").ends(3).says("failures     missing  file/below cannot be written");
    let loud = shell.command("doctor").env("RUST_LOG", "quiesce=loud").output().expect("the program starts");
    Done::of(&loud).ends(3).says("log          missing  RUST_LOG is `quiesce=loud`, which says nothing");
    assert_eq!(shell.left(""), ["file"], "nothing is left behind");
}

#[test]
fn there_is_a_manual_page_for_every_command() {
    let shell = Shell::new("man");
    shell.run("man pages").ends(0);
    let mut pages: Vec<String> = commands().iter().map(|command| format!("quiesce-{command}.1")).collect();
    pages.push("quiesce.1".to_owned());
    pages.sort();
    assert_eq!(shell.left("pages"), pages);
    let run = std::fs::read_to_string(shell.0.join("pages/quiesce-run.1")).expect("it was written");
    assert!(run.contains("quiesce\\-run") && run.contains("crash\\-sweep") && run.contains("Examples"), "{run}");
}

#[test]
fn every_shell_completes_every_command() {
    for name in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = Shell::new("completions").run(&format!("completions {name}"));
        let script = &script.ends(0).stdout;
        assert!(commands().iter().all(|command| script.contains(command.as_str())), "{name}:\n{script}");
    }
}
