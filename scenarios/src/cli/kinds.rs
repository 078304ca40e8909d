//! `quiesce kinds`: every kind of xaction with its columns.

use quiesce_control::xaction::{Descriptor, IcMode, Kind, Scope};

use super::args::{Kinds, Shared};
use super::exit::{Exit, Refusal};
use crate::report::{Look, Out, Rows, words};

pub(super) fn kinds(args: &Kinds, shared: &Shared, out: &mut Out) -> Result<Exit, Refusal> {
    shared.heeded("kinds", &["--json"], "the table is the same for all")?;
    let kinds = asked(args)?;
    if let Some(target) = &shared.json {
        let rows: Vec<&Descriptor> = kinds.iter().map(|kind| kind.descriptor()).collect();
        Rows::new(&rows).write(target, out)?;
        if target == "-" {
            return Ok(Exit::Pass);
        }
    }
    let look = Look { framed: out.is_terminal(), colour: out.has_colour() };
    out.line(&words(&TITLES, kinds.into_iter().map(row).collect(), look));
    Ok(Exit::Pass)
}

fn asked(args: &Kinds) -> Result<Vec<Kind>, Refusal> {
    if args.kinds.is_empty() {
        return Ok(Kind::ALL.to_vec());
    }
    args.kinds.iter().map(|name| Kind::from_name(name).map_err(Refusal::from)).collect()
}

const TITLES: [&str; 16] = [
    "kind",
    "display name",
    "seed",
    "scope",
    "startable",
    "metasync",
    "refresh-cap",
    "rebalance",
    "resilver",
    "conflicts",
    "aborted",
    "idles",
    "ext",
    "brief",
    "IC",
    "access",
];

fn row(kind: Kind) -> Vec<String> {
    let row = kind.descriptor();
    let scope = match row.scope {
        Scope::G => "cluster",
        Scope::B => "bucket",
        Scope::GB => "bucket or all",
        Scope::T => "target",
    };
    let flags = [
        row.startable,
        row.metasync,
        row.refresh_cap,
        row.rebalance,
        row.resilver,
        row.conflict_reb_res,
        row.abort_by_reb,
        row.idles,
        row.extended_stats,
        row.quiet_brief,
    ];
    let modes = row.ic_mode.iter().map(|mode| match mode {
        IcMode::UponTerm => "end",
        IcMode::UponProgress => "progress",
    });
    let mut cells = vec![row.name.to_owned(), row.display.to_owned(), mark(kind.is_seed()), scope.to_owned()];
    cells.extend(flags.map(mark));
    cells.push(or_dash(modes.collect::<Vec<_>>().join(", ")));
    cells.push(or_dash(row.access.to_owned()));
    cells
}

fn mark(holds: bool) -> String {
    if holds { "x" } else { "-" }.to_owned()
}

fn or_dash(text: String) -> String {
    if text.is_empty() { "-".to_owned() } else { text }
}
