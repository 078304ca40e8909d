//! How messages travel and writes last, as a scenario says it.

use std::time::Duration;

use quiesce_machine::Delay;
use quiesce_sim::{Network, Ratio, StoreFaults};

use crate::text::{Fields, Read, Value};

/// `network = { latency, jitter, loss, duplicate, reorder, reorder_by }`.
pub(super) fn network(scenario: &Fields<'_>) -> Read<Network> {
    let mut network = Network::default();
    let Some(value) = scenario.get("network") else { return Ok(network) };
    let fields = value.table("`network`", &["latency", "jitter", "loss", "duplicate", "reorder", "reorder_by"])?;
    network.latency = delay(&fields, network.latency)?;
    network.loss = ratio(fields.get("loss"))?;
    network.duplicate = ratio(fields.get("duplicate"))?;
    network.reorder = ratio(fields.get("reorder"))?;
    if !network.reorder.is_zero() {
        let by = fields.need("reorder_by", "how long at most a message is held back")?.duration()?;
        network.reorder_delay = Delay::from(Duration::ZERO..by);
    }
    Ok(network)
}

/// `store = { latency, jitter, fail, unknown, late, late_by }`: how long writes take, and which go wrong.
pub(super) fn store(scenario: &Fields<'_>) -> Read<(Delay, StoreFaults)> {
    let (latency, mut faults) = (Delay::from(Duration::ZERO), StoreFaults::default());
    let Some(value) = scenario.get("store") else { return Ok((latency, faults)) };
    let fields = value.table("`store`", &["latency", "jitter", "fail", "unknown", "late", "late_by"])?;
    faults.fail = ratio(fields.get("fail"))?;
    faults.unknown = ratio(fields.get("unknown"))?;
    faults.late = ratio(fields.get("late"))?;
    if !faults.late.is_zero() {
        let by = fields.need("late_by", "how much later at most a write lands")?.duration()?;
        faults.late_by = Delay::from(Duration::ZERO..by);
    }
    Ok((delay(&fields, latency)?, faults))
}

/// From `latency` to `latency` and `jitter`.
fn delay(fields: &Fields<'_>, latency: Delay) -> Read<Delay> {
    let least = match fields.get("latency") {
        Some(value) => value.duration()?,
        None => Duration::from_nanos(latency.least),
    };
    let jitter = fields.get("jitter").map_or(Ok(Duration::ZERO), |value| value.duration())?;
    Ok(Delay::from(least..least + jitter))
}

pub(super) fn ratio(value: Option<Value<'_>>) -> Read<Ratio> {
    value.map_or(Ok(Ratio::ZERO), |value| value.ratio())
}
