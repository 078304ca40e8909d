//! Results and lists as tables: framed for people, aligned lines for pipes.

use comfy_table::{Cell, CellAlignment, Color, ContentArrangement, Table, presets};

use crate::run::{Sweep, Verdict};

/// How a table looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// With a frame, for people.
    pub framed: bool,
    /// With colours.
    pub colour: bool,
}

/// One line per scenario.
#[must_use]
pub fn sweeps(sweeps: &[&Sweep], look: Look) -> String {
    let mut table = empty(look, &["scenario", "verdict", "seeds", "events", "virtual time", "digest of first seed"]);
    for sweep in sweeps {
        let numbers = [seeds(sweep), sweep.events.to_string(), span(sweep.nanos)];
        let numbers = numbers.map(|number| Cell::new(number).set_alignment(CellAlignment::Right));
        let mut row = vec![Cell::new(&sweep.name), verdict(sweep.verdict, look)];
        row.extend(numbers);
        row.push(Cell::new(&sweep.digest.to_string()[..16]));
        table.add_row(row);
    }
    render(&table, look)
}

/// Words and texts in columns.
#[must_use]
pub fn words(titles: &[&str], rows: Vec<Vec<String>>, look: Look) -> String {
    let mut table = empty(look, titles);
    table.add_rows(rows);
    render(&table, look)
}

/// Virtual time for people: `12.5s`, `40m00s`, `12h05m`.
#[must_use]
pub fn span(nanos: u128) -> String {
    let seconds = nanos / 1_000_000_000;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match seconds {
        0..120 => format!("{seconds}.{}s", nanos / 100_000_000 % 10),
        120..7200 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{hours}h{minutes:02}m"),
    }
}

/// How many seeds ran, and of how many if not all did.
fn seeds(sweep: &Sweep) -> String {
    let Sweep { runs, seeds, .. } = sweep;
    if *runs == seeds.count { runs.to_string() } else { format!("{runs}/{}", seeds.count) }
}

fn verdict(verdict: Verdict, look: Look) -> Cell {
    let cell = Cell::new(verdict.word());
    let colour = match verdict {
        Verdict::Pass => Color::Green,
        Verdict::Vacuous | Verdict::Incomplete => Color::Yellow,
        Verdict::Error | Verdict::Fail => Color::Red,
    };
    if look.colour { cell.fg(colour) } else { cell }
}

fn empty(look: Look, titles: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(if look.framed { presets::UTF8_BORDERS_ONLY } else { presets::NOTHING });
    let arrangement = if look.framed { ContentArrangement::Dynamic } else { ContentArrangement::Disabled };
    table.set_content_arrangement(arrangement);
    if look.colour {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    table.set_header(titles.to_vec());
    table
}

fn render(table: &Table, look: Look) -> String {
    let lines = table.lines().map(|line| {
        let line = if look.framed { line.as_str() } else { line.strip_prefix(' ').unwrap_or(&line) };
        line.trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_as_fine_as_people_need() {
        let second = 1_000_000_000;
        assert_eq!(span(0), "0.0s");
        assert_eq!(span(12 * second + second / 2), "12.5s");
        assert_eq!(span(2400 * second), "40m00s");
        assert_eq!(span((12 * 3600 + 5 * 60 + 59) * second), "12h05m");
    }

    #[test]
    fn piped_tables_are_aligned_lines_without_frame_or_colour() {
        let look = Look { framed: false, colour: false };
        let rows = vec![vec!["a".to_owned(), "first".to_owned()], vec!["long".to_owned(), "second".to_owned()]];
        assert_eq!(words(&["name", "about"], rows, look), "name  about\na     first\nlong  second");
    }
}
