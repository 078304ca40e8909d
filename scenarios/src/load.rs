//! From a text to a scenario: which plane is it about, and what does it say?

use toml::de::DeTable;

use crate::planes::{self, AnyPlane};
use crate::run::Runnable;
use crate::text::{Fields, LoadError, Misread, Mistake, Read, Source};

/// Reads a scenario.
///
/// # Errors
/// At the first mistake, with its place in the text.
pub fn load(source: &Source) -> Result<Box<dyn Runnable>, LoadError> {
    read(source.text()).map_err(|misread| source.problem(misread))
}

fn read(text: &str) -> Read<Box<dyn Runnable>> {
    let table = DeTable::parse(text).map_err(|error| syntax(&error))?;
    let (span, place) = (0..0, "the scenario");
    let mut keys: Vec<&str> = planes::ALL.iter().flat_map(|plane| plane.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let plane = plane_of(&Fields::new(place, table.get_ref(), span.clone(), &keys)?)?;
    plane.read(&Fields::new(place, table.get_ref(), span, &plane.keys())?)
}

fn plane_of(scenario: &Fields<'_>) -> Read<&'static dyn AnyPlane> {
    let value = scenario.need("plane", "the control plane it is about")?;
    let name = value.word("plane", planes::ALL.iter().map(|plane| plane.name()))?;
    let plane = planes::ALL.into_iter().find(|plane| plane.name() == name);
    Ok(plane.expect("a legal word names a plane"))
}

fn syntax(error: &toml::de::Error) -> Misread {
    Misread { mistake: Mistake::Syntax(error.message().to_owned()), span: error.span().unwrap_or(0..0) }
}
