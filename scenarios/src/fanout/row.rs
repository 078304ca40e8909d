//! What a cell came to, as text and as CSV; JSON is the same by field.

use serde::Serialize;

use super::cell::Cell;
use super::rate::Rate;

/// How much travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Load {
    /// Messages.
    pub messages: u64,
    /// Bytes, as [`wire`](quiesce_control::xaction::wire) sizes them.
    pub bytes: u64,
}

impl Load {
    pub(super) fn add(&mut self, bytes: u64) {
        self.messages += 1;
        self.bytes += bytes;
    }
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Measured {
    /// All that was sent until the last waiter knew: starts, notifications, polls, what members tell each other.
    pub total: Load,
    /// The node that sends and gets the most messages.
    pub hottest: String,
    /// How much it sends and gets.
    pub hot: Load,
    /// Messages that clients cause by asking, whoever sends them.
    pub caused: u64,
    /// Messages that clients send and get when they ask.
    pub facing: u64,
    /// Virtual nanoseconds from the last target's end until half of those who wait know.
    #[serde(rename = "p50_ns")]
    pub p50: Option<u64>,
    /// The same for 99 of a hundred.
    #[serde(rename = "p99_ns")]
    pub p99: Option<u64>,
    /// How many were told before the last target had ended.
    pub early: u64,
    /// How many know in the end.
    pub knowing: u64,
    /// How many were to know.
    pub awaited: u64,
    /// Events of the run.
    pub events: u64,
    /// Whether everybody came to know; else the figures are of a run cut short.
    pub whole: bool,
}

/// A cell with what it came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The cell.
    #[serde(flatten)]
    pub cell: Cell,
    /// Its run.
    #[serde(flatten)]
    pub measured: Measured,
    /// How fast the IC table is at this size, by the clock; absent if it was not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
}

/// The columns of [`Row::words`].
pub const TITLES: [&str; 15] = [
    "targets",
    "members",
    "concurrent",
    "model",
    "reporting",
    "waiters",
    "messages",
    "KiB",
    "hottest",
    "its messages",
    "caused/wait",
    "facing/wait",
    "p50",
    "p99",
    "table M/s",
];

impl Row {
    /// As words in columns.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let Cell { targets, members, jobs, model, reporting, waiters } = self.cell;
        let Measured { total, hottest, hot, caused, facing, p50, p99, whole, .. } = &self.measured;
        let each = |count: u64| match waiters {
            0 => "-".to_owned(),
            waiters => tenths(count * 10 / u64::from(waiters)),
        };
        let time = |nanos: &Option<u64>| match nanos {
            _ if !whole => "incomplete".to_owned(),
            None => "-".to_owned(),
            Some(nanos) => millis(*nanos),
        };
        let rate = self.rate.map_or_else(|| "-".to_owned(), |Rate(rate)| tenths(rate / 100_000));
        let waiters = if waiters == 0 { "-".to_owned() } else { waiters.to_string() };
        let mut words = [targets, members, jobs].map(|number| number.to_string()).to_vec();
        words.extend([model.word().to_owned(), reporting.word().to_owned(), waiters, total.messages.to_string()]);
        words.extend([(total.bytes / 1024).to_string(), hottest.clone(), hot.messages.to_string()]);
        words.extend([each(*caused), each(*facing), time(p50), time(p99), rate]);
        words
    }
}

fn tenths(tenths: u64) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// `0.4 ms`, `12.0 s`.
fn millis(nanos: u64) -> String {
    if nanos < 10_000_000_000 {
        format!("{} ms", tenths(nanos / 100_000))
    } else {
        format!("{} s", tenths(nanos / 100_000_000))
    }
}

/// Every row with a line of titles; times in nanoseconds, nothing rounded. A field that is absent is empty.
#[must_use]
pub fn csv(rows: &[Row]) -> String {
    let mut text = String::from(
        "targets,members,concurrent,model,reporting,waiters,messages,bytes,hottest,hot_messages,hot_bytes,caused,facing,p50_ns,p99_ns,early,\
         knowing,awaited,events,whole,table_updates_per_s\n",
    );
    for Row { cell, measured, rate } in rows {
        let Cell { targets, members, jobs, model, reporting, waiters } = cell;
        let Measured { total, hottest, hot, caused, facing, p50, p99, early, knowing, awaited, events, whole } =
            measured;
        let absent = |value: Option<u64>| value.map_or_else(String::new, |value| value.to_string());
        let (p50, p99, rate) = (absent(*p50), absent(*p99), absent(rate.map(|Rate(rate)| rate)));
        text.push_str(&format!(
            "{targets},{members},{jobs},{},{},{waiters},{},{},{hottest},{},{},{caused},{facing},{p50},{p99},{early},{knowing},{awaited},\
             {events},{whole},{rate}\n",
            model.word(),
            reporting.word(),
            total.messages,
            total.bytes,
            hot.messages,
            hot.bytes,
        ));
    }
    text
}
