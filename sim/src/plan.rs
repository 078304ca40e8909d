//! What a run is made of, beside its seed. Data only: [`run`](crate::run()) gives it meaning, `check` refuses nonsense.

use std::collections::BTreeMap;
use std::time::Duration;

use quiesce_machine::{CallId, Delay, Node, NodeId, Time};

use crate::{Names, Rate, Ratio, Swarm};

/// Everything of a run but the seed.
#[derive(Clone, Debug)]
pub struct Plan<N: Node, M> {
    /// What the nodes are given; the same for all.
    pub config: N::Config,
    /// The nodes' names; a node's id is its place here. Random streams hang on names, so a node added anywhere moves
    /// no other node's draws.
    pub nodes: Names,
    /// How messages travel.
    pub network: Network,
    /// How long a write takes to become durable. Writes of one node never overtake each other.
    pub store_latency: Delay,
    /// Which writes go wrong at random.
    pub store_faults: StoreFaults,
    /// What happens when. Order does not matter, but steps of one instant happen in the order given, and before
    /// anything else of that instant.
    pub steps: Vec<Step<N>>,
    /// Faults that each seed draws for itself, on top of all others.
    pub swarm: Option<Swarm>,
    /// The properties judged.
    pub monitors: Vec<M>,
    /// The end of the phase under fire, the last instant at which a step can happen. Then everything heals:
    /// what stands between nodes and every rule goes, clogged links are released, network and stores fail at random no
    /// more, clocks are right, slow and paused nodes go on, and crashed nodes restart unless their crash said that they
    /// stay down.
    pub until: Time,
    /// How long after `until` the cluster may take to come to rest; then nothing may be owed.
    pub settle: Duration,
    /// How many events nodes may handle; a run that wants more is incomplete.
    pub max_events: u64,
}

impl<N: Node, M> Plan<N, M> {
    /// A plan in which nothing happens but what the nodes do: a network of 1 ms that loses nothing, writes durable
    /// within the instant, no steps, no monitors, 60 s under fire and 60 s to settle, at most 10 million events.
    #[must_use]
    pub fn new(config: N::Config, nodes: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        Plan {
            config,
            nodes: nodes.into_iter().collect(),
            network: Network::default(),
            store_latency: Delay::from(Duration::ZERO),
            store_faults: StoreFaults::default(),
            steps: Vec::new(),
            swarm: None,
            monitors: Vec::new(),
            until: Time::ZERO + Duration::from_secs(60),
            settle: Duration::from_secs(60),
            max_events: 10_000_000,
        }
    }

    /// Adds a step that lasts until everything heals.
    #[must_use]
    pub fn step(mut self, at: Duration, action: Action<N>) -> Self {
        self.steps.push(Step { at: Time::ZERO + at, action, lasting: None });
        self
    }

    /// Adds a step that ends by itself.
    #[must_use]
    pub fn step_for(mut self, at: Duration, lasting: Duration, action: Action<N>) -> Self {
        self.steps.push(Step { at: Time::ZERO + at, action, lasting: Some(lasting) });
        self
    }

    /// The end of the run: `until` and the time to settle.
    #[must_use]
    pub fn end(&self) -> Time {
        self.until + self.settle
    }
}

/// How messages travel. Each message is judged when it is sent: what is on its way when a link is cut still arrives.
///
/// Messages of a link keep no order unless the latency is exact. What a node sends itself is not sent over a network:
/// it arrives within the instant, and nothing here applies to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// How long a message takes, drawn for each.
    pub latency: Delay,
    /// Latency of single links, by sender and receiver, in place of `latency`.
    pub links: BTreeMap<(NodeId, NodeId), Delay>,
    /// How many messages are lost.
    pub loss: Ratio,
    /// How many messages arrive twice, the second time after a latency of its own.
    pub duplicate: Ratio,
    /// How many messages are held back, so that later ones overtake them.
    pub reorder: Ratio,
    /// For how long those are held back.
    pub reorder_delay: Delay,
}

impl Default for Network {
    /// A millisecond for every message, and each arrives once.
    fn default() -> Self {
        Network {
            latency: Delay::from(Duration::from_millis(1)),
            links: BTreeMap::new(),
            loss: Ratio::ZERO,
            duplicate: Ratio::ZERO,
            reorder: Ratio::ZERO,
            reorder_delay: Delay::from(Duration::ZERO),
        }
    }
}

/// Which writes go wrong. Every write is judged when it is issued; what it costs is judged when it lands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreFaults {
    /// How many writes fail.
    pub fail: Ratio,
    /// How many writes are never answered for certain; half of them are applied.
    pub unknown: Ratio,
    /// How many writes land late.
    pub late: Ratio,
    /// How much later those land.
    pub late_by: Delay,
}

impl Default for StoreFaults {
    /// Every write lands.
    fn default() -> Self {
        let late_by = Delay::from(Duration::ZERO);
        StoreFaults { fail: Ratio::ZERO, unknown: Ratio::ZERO, late: Ratio::ZERO, late_by }
    }
}

/// One thing that happens at a stated instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step<N: Node> {
    /// When.
    pub at: Time,
    /// What.
    pub action: Action<N>,
    /// How long it lasts, for a fault that can end by itself: then a crashed process restarts, a paused one resumes, and
    /// whatever else the step did is undone, unless that happened before. Without it, until all of its kind heals.
    pub lasting: Option<Duration>,
}

/// What a timeline can do to a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action<N: Node> {
    /// A user asks a node for something. If its process is down nobody hears it, and the user is never answered.
    Call {
        /// Whom.
        node: NodeId,
        /// What.
        request: N::Request,
        /// Names the call in the outcome; once per plan.
        call: CallId,
    },
    /// A process dies: its memory, timers and unanswered calls are gone. Of its pending writes a drawn number is
    /// applied, oldest first, and the rest lost. Messages that reach it bounce until it restarts.
    Crash {
        /// Which.
        node: NodeId,
        /// What becomes of its store.
        records: Records,
        /// Whether it stays down when everything heals; a later `Restart` still starts it.
        stays_down: bool,
    },
    /// A crashed process starts again, with what its store kept.
    Restart {
        /// Which.
        node: NodeId,
    },
    /// A process stops without dying. What happens to it waits, in order; its writes go on.
    Pause {
        /// Which.
        node: NodeId,
    },
    /// A paused process goes on, and everything that waited happens at once.
    Resume {
        /// Which.
        node: NodeId,
    },
    /// Nodes of different groups cannot talk. Nodes in no group talk to all, so that `[[a], [c]]` makes every other node
    /// a bridge between the two. Partitions add up until `Heal`.
    Partition {
        /// The groups; no node is in two.
        groups: Vec<Vec<NodeId>>,
    },
    /// One node no longer reaches another; the way back stays open. Nothing bounces over a link cut either way.
    Cut {
        /// The sender.
        from: NodeId,
        /// The receiver.
        to: NodeId,
    },
    /// A node reaches nobody, and nobody reaches it.
    Isolate {
        /// Which.
        node: NodeId,
    },
    /// Messages from one node to another are held, in order, until the link is released. Refusals are messages too.
    Clog {
        /// The sender.
        from: NodeId,
        /// The receiver.
        to: NodeId,
    },
    /// A clogged link lets go: what it held arrives at once, or after the rest of its latency.
    Release {
        /// The sender.
        from: NodeId,
        /// The receiver.
        to: NodeId,
    },
    /// A process does one thing at a time and takes that long for each; what happens to it meanwhile waits, in order.
    Slow {
        /// Which.
        node: NodeId,
        /// How long each event takes.
        by: Duration,
    },
    /// A node's clock is set wrong. Its stamps show it; timers, which count time from when they are armed, do not.
    Skew {
        /// Which.
        node: NodeId,
        /// By how much.
        shift: Shift,
    },
    /// A node's clock runs fast or slow. Its stamps show it, and so does every timer armed from now on: at `11/10` a
    /// timer of 11 s fires after 10.
    Drift {
        /// Which.
        node: NodeId,
        /// How fast the clock runs.
        rate: Rate,
    },
    /// The next writes go wrong.
    Store {
        /// Whose, or anybody's.
        node: Option<NodeId>,
        /// How.
        fault: StoreFault,
        /// How many.
        count: u32,
    },
    /// Drops the next messages that match. When those are answers, the receiver has done what it was asked and the
    /// sender never learns of it.
    Lose {
        /// The kind of message, by its label.
        label: String,
        /// From whom, or anybody.
        from: Option<NodeId>,
        /// To whom, or anybody.
        to: Option<NodeId>,
        /// How many.
        count: u32,
    },
    /// Delivers the next messages that match twice, each copy after a latency of its own.
    Duplicate {
        /// The kind of message, by its label.
        label: String,
        /// From whom, or anybody.
        from: Option<NodeId>,
        /// To whom, or anybody.
        to: Option<NodeId>,
        /// How many.
        count: u32,
    },
    /// Holds back the next messages that match.
    Delay {
        /// The kind of message, by its label.
        label: String,
        /// From whom, or anybody.
        from: Option<NodeId>,
        /// To whom, or anybody.
        to: Option<NodeId>,
        /// How many.
        count: u32,
        /// For how long, on top of the latency.
        by: Duration,
    },
    /// Removes partitions, cuts, isolation and what is left of the rules for messages, and releases clogged links. Starts
    /// no process and leaves clocks, stores and slow nodes alone.
    Heal,
}

/// By how much a clock is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shift {
    /// It shows a later time.
    Ahead(Duration),
    /// It shows an earlier time, though none before the start of the run.
    Behind(Duration),
}

/// How a write goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StoreFault {
    /// It is not applied, and its node is told so.
    Fail,
    /// Its node learns only that the answer was lost.
    Unknown {
        /// Whether it was applied all the same.
        applied: bool,
    },
    /// It lands that much later, and those behind it wait.
    Late {
        /// How much.
        by: Duration,
    },
}

/// What a crash does to a node's store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Records {
    /// It survives.
    Kept,
    /// It is emptied: a new disk.
    Lost,
}
