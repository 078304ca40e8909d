//! The measurements as one Markdown table.

use std::collections::BTreeMap;
use std::fmt;

use crate::{Measured, TROUBLED, WORKLOADS};

/// Measurements by workload and engine.
pub struct Table {
    engines: Vec<&'static str>,
    rows: BTreeMap<(&'static str, &'static str), Vec<Measured>>,
}

impl Table {
    pub fn new(engines: Vec<&'static str>) -> Self {
        Table { engines, rows: BTreeMap::new() }
    }

    pub fn add(&mut self, workload: &'static str, engine: &'static str, measured: Measured) {
        self.rows.entry((workload, engine)).or_default().push(measured);
    }

    /// What an engine was measured at: for the workload in trouble, who does not run it at fan-in without any.
    fn runs(&self, workload: &'static str, engine: &'static str) -> Option<&[Measured]> {
        let sound = || self.rows.get(&("fan-in", engine)).filter(|_| workload == TROUBLED);
        self.rows.get(&(workload, engine)).or_else(sound).map(Vec::as_slice)
    }

    fn rates(&self, workload: &'static str, engine: &'static str) -> Option<Vec<f64>> {
        let runs = self.runs(workload, engine)?;
        let mut rates: Vec<f64> = runs.iter().map(|run| run.events as f64 * 1e3 / run.nanos as f64).collect();
        rates.sort_by(f64::total_cmp);
        Some(rates)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| workload | engine | median M/s | least | most | ours is | MiB |")?;
        writeln!(f, "|---|---|---|---|---|---|---|")?;
        for workload in WORKLOADS {
            let ours = self.engines.first().and_then(|first| self.rates(workload, first));
            let ours = ours.map(|rates| rates[rates.len() / 2]);
            for engine in &self.engines {
                let Some(rates) = self.rates(workload, engine) else { continue };
                let median = rates[rates.len() / 2];
                let ratio = ours.map_or(String::new(), |ours| format!("{:.2} x", ours / median));
                let kib = self.runs(workload, engine).into_iter().flatten().map(|run| run.kib).max().unwrap_or(0);
                let sound = if self.rows.contains_key(&(workload, *engine)) { "" } else { ", lossless" };
                let (least, most) = (rates[0], rates[rates.len() - 1]);
                let digits = if median < 0.01 { 5 } else { 2 };
                writeln!(
                    f,
                    "| {workload} | {engine}{sound} | {median:.digits$} | {least:.digits$} | {most:.digits$} | {ratio} | {} |",
                    kib / 1024
                )?;
            }
        }
        Ok(())
    }
}
