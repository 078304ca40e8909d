//! `quiesce man` and `quiesce completions`: what the command line says of itself, for other programs.

use std::io;
use std::path::Path;

use clap::CommandFactory as _;
use clap_mangen::Man;

use super::args::{self, Cli, Shared};
use super::exit::{Exit, Refusal};
use crate::files::{make_dir, write_whole};
use crate::report::Out;

/// Why these commands do nothing with a flag of runs.
const HELP: &str = "what the command line says of itself is the same for all";

pub(super) fn completions(args: &args::Completions, shared: &Shared, out: &mut Out) -> Result<Exit, Refusal> {
    shared.heeded("completions", &[], HELP)?;
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "quiesce", &mut script);
    out.line(&String::from_utf8_lossy(&script));
    Ok(Exit::Pass)
}

pub(super) fn man(args: &args::Man, shared: &Shared, out: &mut Out) -> Result<Exit, Refusal> {
    shared.heeded("man", &[], HELP)?;
    let mut cli = Cli::command().disable_help_subcommand(true);
    cli.build();
    let Some(dir) = &args.dir else {
        out.line(&page(&cli)?.1);
        return Ok(Exit::Pass);
    };
    let commands = std::iter::once(&cli).chain(cli.get_subcommands());
    let pages: Vec<(String, String)> = commands.map(page).collect::<Result<_, _>>()?;
    write(dir, &pages)?;
    if !shared.quiet {
        out.line(&format!("wrote {} pages, quiesce.1 and one for each command, to {}", pages.len(), dir.display()));
    }
    Ok(Exit::Pass)
}

/// The name of a command's page, and the page.
fn page(command: &clap::Command) -> io::Result<(String, String)> {
    let man = Man::new(command.clone());
    let mut text = Vec::new();
    man.render(&mut text)?;
    Ok((man.get_filename(), String::from_utf8_lossy(&text).into_owned()))
}

fn write(dir: &Path, pages: &[(String, String)]) -> Result<(), Refusal> {
    make_dir(dir)?;
    pages.iter().try_for_each(|(name, text)| Ok(write_whole(&dir.join(name), text)?))
}
