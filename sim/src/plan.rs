//! What a run is made of, beside its seed. Data only: [`run`](crate::run()) gives it meaning, `check` refuses nonsense.

use std::collections::BTreeMap;
use std::time::Duration;

use quiesce_machine::{CallId, Delay, Node, NodeId, Time};

use crate::Ratio;

/// Everything of a run but the seed.
#[derive(Clone, Debug)]
pub struct Plan<N: Node, M> {
    /// What the nodes are given; the same for all.
    pub config: N::Config,
    /// The nodes' names; a node's id is its place here. Random streams hang on names, so a node added anywhere moves
    /// no other node's draws.
    pub nodes: Vec<String>,
    /// How messages travel.
    pub network: Network,
    /// How long a write takes to become durable. Writes of one node never overtake each other.
    pub store_latency: Delay,
    /// What happens when. Order does not matter, but steps of one instant happen in the order given, and before
    /// anything else of that instant.
    pub steps: Vec<Step<N>>,
    /// The properties judged.
    pub monitors: Vec<M>,
    /// The end of the phase under fire, the last instant at which a step can happen. Then everything heals:
    /// partitions, cuts and rules go, the network loses, repeats and reorders no more, paused nodes resume, and
    /// crashed nodes restart unless their crash said that they stay down.
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
    pub fn new(config: N::Config, nodes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Plan {
            config,
            nodes: nodes.into_iter().map(Into::into).collect(),
            network: Network::default(),
            store_latency: Delay::from(Duration::ZERO),
            steps: Vec::new(),
            monitors: Vec::new(),
            until: Time::ZERO + Duration::from_secs(60),
            settle: Duration::from_secs(60),
            max_events: 10_000_000,
        }
    }

    /// Adds a step.
    #[must_use]
    pub fn step(mut self, at: Duration, action: Action<N>) -> Self {
        self.steps.push(Step { at: Time::ZERO + at, action });
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

/// One thing that happens at a stated instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step<N: Node> {
    /// When.
    pub at: Time,
    /// What.
    pub action: Action<N>,
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
    /// Nodes of different groups cannot talk. Nodes in no group talk to all. Partitions add up until `Heal`.
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
    /// Drops the next messages that match.
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
    /// Removes partitions, cuts and what is left of the rules that lose, duplicate and delay. Starts no process.
    Heal,
}

/// What a crash does to a node's store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Records {
    /// It survives.
    Kept,
    /// It is emptied: a new disk.
    Lost,
}
