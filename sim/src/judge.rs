//! The properties of a run, and what was found against them.

use quiesce_machine::{Monitor, Node, Observation, Time, View};

use crate::{Finding, FindingKind};

/// The monitors of one run and their findings.
#[derive(Debug)]
pub(crate) struct Judge<M> {
    monitors: Vec<M>,
    findings: Vec<Finding>,
}

impl<M> Judge<M> {
    pub(crate) fn new(monitors: Vec<M>) -> Self {
        Judge { monitors, findings: Vec::new() }
    }

    /// Everything found so far.
    pub(crate) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Adds a panic to the findings.
    pub(crate) fn panicked(&mut self, evidence: String, at: Time) {
        self.findings.push(Finding { kind: FindingKind::Panic, property: "panic", evidence, at });
    }

    /// Shows every monitor what happened.
    pub(crate) fn observe<N: Node>(&mut self, seen: &Observation<'_, N>, view: &dyn View<N>, at: Time)
    where
        M: Monitor<N>,
    {
        for monitor in &mut self.monitors {
            if let Err(violation) = monitor.observe(seen, view) {
                let (property, evidence) = (violation.property, violation.evidence);
                self.findings.push(Finding { kind: FindingKind::Safety, property, evidence, at });
            }
        }
    }

    /// Demands that nothing is owed.
    pub(crate) fn demand_rest<N: Node>(&mut self, view: &dyn View<N>, at: Time)
    where
        M: Monitor<N>,
    {
        for monitor in &self.monitors {
            let property = monitor.name();
            monitor.owed(view, &mut |owed| {
                let evidence = monitor.describe(owed, view);
                self.findings.push(Finding { kind: FindingKind::Owed, property, evidence, at });
            });
        }
    }

    /// The names of the properties that were armed, or of those that were not.
    pub(crate) fn names<N: Node>(&self, armed: bool) -> Vec<&'static str>
    where
        M: Monitor<N>,
    {
        self.monitors.iter().filter(|monitor| monitor.armed() == armed).map(Monitor::name).collect()
    }
}
