//! Mistakes in a text, with an excerpt.

use std::fmt;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};

/// A mistake as a person reads it: what is wrong, where, an excerpt, what was expected, what to do.
#[must_use]
pub fn explain(mistake: &dyn Diagnostic, colour: bool) -> String {
    let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_wrap_lines(false).with_links(false);
    render(&handler, mistake).unwrap_or_else(|_| mistake.to_string())
}

fn render(handler: &GraphicalReportHandler, mistake: &dyn Diagnostic) -> Result<String, fmt::Error> {
    let mut text = String::new();
    handler.render_report(&mut text, mistake)?;
    Ok(text)
}
