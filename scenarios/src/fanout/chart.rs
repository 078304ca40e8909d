//! The study's claim as a picture: four panels over the number of targets, one line for each model and way to report.
//!
//! Both axes are logarithmic. Of a study with several values on another axis the charts show the greatest: the largest
//! Information Center, the most jobs, the most waiting clients.

use std::error::Error;

use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::prelude::*;
use thiserror::Error;

use super::cell::{Cell, Model, Way};
use super::row::Row;

/// Why there is no chart.
#[derive(Debug, Error)]
pub enum ChartError {
    /// Nothing to draw a line through.
    #[error("a chart needs cells of at least two numbers of targets, found {found}")]
    TooFew {
        /// How many there are.
        found: usize,
    },
    /// It could not be drawn.
    #[error("cannot draw the chart: {0}")]
    Drawing(String),
}

const SIZE: (u32, u32) = (1080, 760);
const FONT: &str = "sans-serif";

/// Colours that people tell apart however they see them.
const COLOURS: [RGBColor; 5] = [
    RGBColor(0, 114, 178),
    RGBColor(86, 180, 233),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(213, 94, 0),
];

/// What a panel shows of a row, if it applies.
struct Panel {
    title: &'static str,
    value: fn(&Row) -> Option<f64>,
    /// Where no line is.
    key: fn() -> SeriesLabelPosition,
}

const PANELS: [Panel; 4] = [
    Panel {
        title: "messages between one waiting client and its gateway",
        value: |row| per_wait(row, row.measured.facing),
        key: || SeriesLabelPosition::UpperLeft,
    },
    Panel {
        title: "messages that one waiting client causes in the cluster",
        value: |row| per_wait(row, row.measured.caused),
        key: || SeriesLabelPosition::UpperLeft,
    },
    Panel {
        title: "messages at the busiest node",
        value: |row| Some(row.measured.hot.messages as f64),
        key: || SeriesLabelPosition::UpperLeft,
    },
    Panel {
        title: "ms from the last end of a part until 99 % know",
        value: |row| row.measured.p99.map(|nanos| nanos as f64 / 1e6),
        key: || SeriesLabelPosition::MiddleLeft,
    },
];

fn per_wait(row: &Row, count: u64) -> Option<f64> {
    (row.cell.waiters > 0).then(|| count as f64 / f64::from(row.cell.waiters))
}

/// The charts as one SVG.
///
/// # Errors
/// When the rows are of fewer than two numbers of targets.
pub fn chart(rows: &[Row]) -> Result<String, ChartError> {
    let shown = shown(rows);
    let (Some(least), Some(most)) = (
        shown.iter().map(|row| row.cell.targets).min(),
        shown.iter().map(|row| row.cell.targets).max().filter(|_| numbers(&shown) > 1),
    ) else {
        return Err(ChartError::TooFew { found: numbers(&shown) });
    };
    let mut svg = String::new();
    draw(&mut svg, &shown, f64::from(least)..f64::from(most))
        .map_err(|error| ChartError::Drawing(error.to_string()))?;
    Ok(svg)
}

fn numbers(rows: &[&Row]) -> usize {
    let mut numbers: Vec<u32> = rows.iter().map(|row| row.cell.targets).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.len()
}

/// The rows of the greatest value on every axis but that of the targets.
fn shown(rows: &[Row]) -> Vec<&Row> {
    let most = |of: fn(&Cell) -> u32| rows.iter().map(|row| of(&row.cell)).max().unwrap_or(0);
    let (members, jobs, waiters) = (most(|cell| cell.members), most(|cell| cell.jobs), most(|cell| cell.waiters));
    let fits = |row: &&Row| {
        let Cell { members: m, jobs: j, waiters: w, .. } = row.cell;
        row.measured.whole && (m, j) == (members, jobs) && (w == waiters || !row.cell.model.polls())
    };
    rows.iter().filter(fits).collect()
}

fn draw(svg: &mut String, rows: &[&Row], targets: std::ops::Range<f64>) -> Result<(), Box<dyn Error>> {
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let title = rows.first().map_or_else(String::new, |row| {
        let waiters = rows.iter().map(|row| row.cell.waiters).max().unwrap_or(0);
        let Cell { members, jobs, .. } = row.cell;
        format!("{members} IC members, {jobs} concurrent jobs, {waiters} waiting clients, over the number of targets")
    });
    let area = area.titled(&title, (FONT, 20))?;
    for (panel, place) in PANELS.iter().zip(area.split_evenly((2, 2))) {
        let values: Vec<f64> = rows.iter().filter_map(|row| (panel.value)(row)).map(|value| value.max(0.1)).collect();
        let most = values.iter().copied().fold(1.0, f64::max);
        let least = values.iter().copied().fold(most, f64::min);
        let mut chart = ChartBuilder::on(&place)
            .caption(panel.title, (FONT, 15))
            .margin(10)
            .x_label_area_size(28)
            .y_label_area_size(64)
            .build_cartesian_2d(targets.clone().log_scale(), (least / 2.0..most * 3.0).log_scale())?;
        plot(&mut chart, panel, rows)?;
    }
    area.present()?;
    Ok(())
}

fn plot<'a, X, Y>(
    chart: &mut ChartContext<'a, SVGBackend<'a>, Cartesian2d<X, Y>>,
    panel: &Panel,
    rows: &[&Row],
) -> Result<(), Box<dyn Error>>
where
    X: Ranged<ValueType = f64> + ValueFormatter<f64> + AsRangedCoord,
    Y: Ranged<ValueType = f64> + ValueFormatter<f64> + AsRangedCoord,
{
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.12))
        .label_style((FONT, 12))
        .x_label_formatter(&|value| format!("{value:.0}"))
        .y_label_formatter(&|value| label(*value))
        .draw()?;
    let lines = Model::ALL.into_iter().zip(COLOURS).flat_map(|line| Way::ALL.map(|way| (line, way)));
    for ((model, colour), way) in lines {
        let (name, colour) = match way {
            Way::Each => (model.word().to_owned(), colour.mix(1.0)),
            Way::Coalesced => (format!("{}, coalesced", model.word()), colour.mix(0.6)),
            Way::Relayed => (format!("{}, relayed", model.word()), colour.mix(0.3)),
        };
        let of_line = rows.iter().filter(|row| (row.cell.model, row.cell.reporting) == (model, way));
        let point = |row: &&&Row| Some((f64::from(row.cell.targets), (panel.value)(row)?.max(0.1)));
        let points: Vec<(f64, f64)> = of_line.filter_map(|row| point(&row)).collect();
        if points.is_empty() {
            continue;
        }
        let line = LineSeries::new(points.clone(), colour.stroke_width(2));
        let key = move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2));
        chart.draw_series(line)?.label(name).legend(key);
        chart.draw_series(points.into_iter().map(|point| Circle::new(point, 3, colour.filled())))?;
    }
    chart
        .configure_series_labels()
        .position((panel.key)())
        .label_font((FONT, 12))
        .background_style(WHITE.mix(0.8))
        .draw()?;
    Ok(())
}

/// `12`, `3k`, `4M`.
fn label(value: f64) -> String {
    match value {
        1e6.. => format!("{:.0}M", value / 1e6),
        1e3.. => format!("{:.0}k", value / 1e3),
        1.0.. => format!("{value:.0}"),
        _ => format!("{value:.1}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Setting, Study};
    use super::*;

    fn rows(targets: Vec<u32>) -> Vec<Row> {
        let (members, jobs, models, waiters) = (vec![1, 2], vec![1], Model::ALL.to_vec(), vec![1]);
        let (reporting, setting) = (vec![Way::Each], Setting::default());
        let study = Study { targets, members, jobs, models, reporting, waiters, setting };
        study.run(false).unwrap()
    }

    #[test]
    fn every_model_has_a_line_with_its_name() {
        let svg = chart(&rows(vec![2, 8])).unwrap();
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
        for panel in PANELS {
            assert!(svg.contains(panel.title), "{}", panel.title);
        }
        for model in Model::ALL {
            let named = svg.lines().filter(|line| line.trim() == model.word()).count();
            assert_eq!(named, if model.polls() { 4 } else { 2 }, "{}", model.word());
        }
        assert!(svg.contains("2 IC members, 1 concurrent jobs"), "of two sizes the larger is shown");
    }

    #[test]
    fn every_way_to_report_has_a_line_of_its_own() {
        let (models, reporting) = (vec![Model::IcTerm], Way::ALL.to_vec());
        let (targets, setting) = (vec![2, 8], Setting::default());
        let study = Study { targets, members: vec![1], jobs: vec![1], models, reporting, waiters: vec![1], setting };
        let svg = chart(&study.run(false).unwrap()).unwrap();
        for name in ["ic-term", "ic-term, coalesced", "ic-term, relayed"] {
            assert_eq!(svg.lines().filter(|line| line.trim() == name).count(), 2, "{name}");
        }
    }

    #[test]
    fn one_number_of_targets_is_no_chart() {
        assert!(matches!(chart(&rows(vec![2])), Err(ChartError::TooFew { found: 1 })));
        assert!(matches!(chart(&[]), Err(ChartError::TooFew { found: 0 })));
    }
}
