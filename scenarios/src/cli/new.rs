//! `quiesce new`: a scenario to begin with.

use super::args::{New, Shared};
use super::exit::{Exit, Refusal};
use crate::files::write_new;
use crate::planes::{self, AnyPlane};
use crate::report::{Out, quoted};
use crate::text::{nearest, parse_name};

pub(super) fn new(args: &New, shared: &Shared, out: &mut Out) -> Result<Exit, Refusal> {
    shared.heeded("new", &[], "a template runs nothing")?;
    let name = parse_name(&args.name)?;
    let plane = plane(&args.plane)?;
    let path = args.dir.join(format!("{name}.toml"));
    write_new(&path, &plane.template(name))?;
    let path = quoted(&path.display().to_string());
    out.line(&format!("wrote {path}"));
    if !shared.quiet {
        out.line(&format!("run it with `quiesce run {path}`"));
    }
    Ok(Exit::Pass)
}

fn plane(word: &str) -> Result<&'static dyn AnyPlane, Refusal> {
    let names = || planes::ALL.into_iter().map(|plane| plane.name());
    planes::ALL.into_iter().find(|plane| plane.name() == word).ok_or_else(|| {
        let all = format!("planes: {}", names().collect::<Vec<_>>().join(", "));
        let help = nearest(word, names()).map_or(all.clone(), |name| format!("did you mean `{name}`? {all}"));
        Refusal::Unknown { what: "plane", found: word.to_owned(), help }
    })
}
