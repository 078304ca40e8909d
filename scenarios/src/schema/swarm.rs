//! Faults drawn from the seed, as a scenario bounds them.

use std::time::Duration;

use quiesce_machine::Delay;
use quiesce_sim::Swarm;

use super::faults::Nodes;
use super::network::ratio;
use crate::text::{Fields, Mistake, Read};

/// The keys of the table, in the order of the simulator's [`Swarm`].
const KEYS: [&str; 24] = [
    "nodes",
    "down_most",
    "for",
    "crash",
    "records_lost",
    "pause",
    "partition",
    "cut",
    "isolate",
    "clog",
    "slow_node",
    "slow_by",
    "skew",
    "skew_by",
    "drift",
    "drift_by",
    "loss",
    "duplicate",
    "reorder",
    "reorder_by",
    "store_fail",
    "store_unknown",
    "store_late",
    "store_late_by",
];

/// The most bouts of one kind.
const BOUTS_MOST: u64 = 1000;

/// `swarm = { crash = 3, partition = 2, for = "30s", loss = "1/20" }`: how often bouts of each kind strike at most, how
/// long at most they last, and how high ratios are at most.
pub(super) fn swarm(scenario: &Fields<'_>, nodes: &Nodes) -> Read<Option<Swarm>> {
    let Some(value) = scenario.get("swarm") else { return Ok(None) };
    let fields = value.table("`swarm`", &KEYS)?;
    let bouts = |key: &str| {
        let count = fields.get(key).map_or(Ok(0), |count| count.count(0..=BOUTS_MOST))?;
        Ok(u32::try_from(count).expect("within the range"))
    };
    let up_to = |key: &str| {
        let most = fields.get(key).map_or(Ok(Duration::ZERO), |value| value.duration())?;
        Ok(Delay::from(Duration::ZERO..most))
    };
    let base = Swarm::default();
    let swarm = Swarm {
        nodes: fields
            .get("nodes")
            .map_or(Ok(Vec::new()), |list| list.list()?.iter().map(|node| nodes.find(node)).collect())?,
        down_most: if fields.get("down_most").is_some() { bouts("down_most")? } else { base.down_most },
        lasting: if fields.get("for").is_some() { up_to("for")? } else { base.lasting },
        crash: bouts("crash")?,
        records_lost: ratio(fields.get("records_lost"))?,
        pause: bouts("pause")?,
        partition: bouts("partition")?,
        cut: bouts("cut")?,
        isolate: bouts("isolate")?,
        clog: bouts("clog")?,
        slow: bouts("slow_node")?,
        slow_by: up_to("slow_by")?,
        skew: bouts("skew")?,
        skew_by: up_to("skew_by")?,
        drift: bouts("drift")?,
        drift_by: ratio(fields.get("drift_by"))?,
        loss: ratio(fields.get("loss"))?,
        duplicate: ratio(fields.get("duplicate"))?,
        reorder: ratio(fields.get("reorder"))?,
        reorder_delay: up_to("reorder_by")?,
        store_fail: ratio(fields.get("store_fail"))?,
        store_unknown: ratio(fields.get("store_unknown"))?,
        store_late: ratio(fields.get("store_late"))?,
        store_late_by: up_to("store_late_by")?,
    };
    strengths(&fields, &swarm)?;
    Ok(Some(swarm))
}

/// Whatever is on says how strong it is.
fn strengths(fields: &Fields<'_>, swarm: &Swarm) -> Read<()> {
    let needed = [
        (swarm.slow > 0, "slow_by", "how long at most a slow node takes for an event"),
        (swarm.skew > 0, "skew_by", "how wrong at most a clock is set"),
        (swarm.drift > 0, "drift_by", "by which part at most a clock is fast or slow, like \"1/10\""),
        (!swarm.reorder.is_zero(), "reorder_by", "how long at most a message is held back"),
        (!swarm.store_late.is_zero(), "store_late_by", "how much later at most a write lands"),
    ];
    for (_, key, expected) in needed.into_iter().filter(|need| need.0) {
        fields.need(key, expected)?;
    }
    let by = swarm.drift_by;
    match fields.get("drift_by") {
        Some(value) if by.num() == by.den() => {
            let (message, expected) = (format!("a clock that drifts by {by} may stop"), "less than 1".to_owned());
            Err(value.misread(Mistake::Contrary { message, expected }))
        }
        Some(_) | None => Ok(()),
    }
}
