//! `quiesce keep`: a failure becomes a scenario of a suite, beside the trace of how it failed.

use super::args::{Keep, Shared};
use super::exit::{Exit, OF_CAPSULE, Refusal};
use crate::capsule::Capsule;
use crate::files::{make_dir, write_whole};
use crate::keep::{Kept, keep as kept};
use crate::report::{Out, quoted};
use crate::text::parse_name;

pub(super) fn keep(args: &Keep, shared: &Shared, out: &mut Out) -> Result<Exit, Refusal> {
    shared.heeded("keep", &[], OF_CAPSULE)?;
    let name = args.name.as_deref().map(parse_name).transpose()?;
    let Kept { plane, name, scenario, trace, guilty } = kept(&Capsule::open(&args.capsule)?, name)?;
    let dir = args.suite.join(plane);
    let (file, golden) = (dir.join(format!("{name}.toml")), dir.join(format!("{name}.trace")));
    for path in [&file, &golden] {
        if path.exists() {
            return Err(Refusal::Exists { path: path.display().to_string() });
        }
    }
    make_dir(&dir)?;
    write_whole(&golden, &trace)?;
    write_whole(&file, &scenario)?;
    out.line(&format!("kept {} and {}", quoted(&file.display().to_string()), quoted(&golden.display().to_string())));
    if !shared.quiet {
        out.line(&match guilty {
            Some(policy) => format!("it passes with our policies and fails with the reference's choice of {policy}"),
            None => "it fails until the property holds".to_owned(),
        });
    }
    Ok(Exit::Pass)
}
