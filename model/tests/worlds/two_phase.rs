//! Two-phase commit: states counted by hand, and what one lost message does.

use std::collections::BTreeSet;
use std::fmt;

use quiesce_machine::{Cx, Event, Label, Monitor, Never, Node, NodeId, Obligation, Observation, View, Violation};
use quiesce_model::{Budget, Calls, Ending, Limits, Report, Scope, Search, Verdict, check};

/// Node 0 coordinates; the others vote as they choose.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Party {
    Waiting { yes: BTreeSet<NodeId> },
    Decided,
    Working,
    Prepared,
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Msg {
    Prepare,
    Yes,
    No,
    Commit,
    Abort,
}

impl Label for Msg {
    fn label(&self) -> &'static str {
        match self {
            Msg::Prepare => "prepare",
            Msg::Yes => "yes",
            Msg::No => "no",
            Msg::Commit => "commit",
            Msg::Abort => "abort",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Fact {
    Prepared,
    Committed,
    Aborted,
}

impl Label for Fact {
    fn label(&self) -> &'static str {
        match self {
            Fact::Prepared => "prepared",
            Fact::Committed => "committed",
            Fact::Aborted => "aborted",
        }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl Node for Party {
    /// How many participants there are.
    type Config = u32;
    type Msg = Msg;
    type Timer = Never;
    type Request = Never;
    type Reply = Never;
    type Record = Never;
    type Fact = Fact;

    fn boot(id: NodeId, _: &u32) -> Self {
        if id == NodeId(0) { Party::Waiting { yes: BTreeSet::new() } } else { Party::Working }
    }

    fn handle(&mut self, event: Event<Self>, cx: &mut Cx<'_, Self>) {
        match (&mut *self, event) {
            (Party::Waiting { .. }, Event::Start { .. }) => tell_all(cx, Msg::Prepare),
            (Party::Waiting { yes }, Event::Deliver { from, msg: Msg::Yes }) => {
                yes.insert(from);
                if yes.len() == *cx.config() as usize {
                    *self = Party::Decided;
                    tell_all(cx, Msg::Commit);
                }
            }
            (Party::Waiting { .. }, Event::Deliver { msg: Msg::No, .. }) => {
                *self = Party::Decided;
                tell_all(cx, Msg::Abort);
            }
            (Party::Working, Event::Deliver { from, msg: Msg::Prepare }) => {
                if cx.choose("vote", 2) == 0 {
                    *self = Party::Prepared;
                    cx.fact(Fact::Prepared);
                    cx.send(from, Msg::Yes);
                } else {
                    *self = Party::Done;
                    cx.fact(Fact::Aborted);
                    cx.send(from, Msg::No);
                }
            }
            (Party::Working | Party::Prepared, Event::Deliver { msg: msg @ (Msg::Commit | Msg::Abort), .. }) => {
                *self = Party::Done;
                cx.fact(if msg == Msg::Commit { Fact::Committed } else { Fact::Aborted });
            }
            _ => (),
        }
    }
}

fn tell_all(cx: &mut Cx<'_, Party>, msg: Msg) {
    (1..=*cx.config()).for_each(|id| cx.send(NodeId(id), msg));
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Claim {
    /// Nobody commits what another aborts.
    Agreement { committed: bool, aborted: bool },
    /// Who is prepared learns the decision.
    Release { waiting: BTreeSet<NodeId>, armed: bool },
}

impl Monitor<Party> for Claim {
    fn name(&self) -> &'static str {
        match self {
            Claim::Agreement { .. } => "agreement",
            Claim::Release { .. } => "release",
        }
    }

    fn observe(&mut self, seen: &Observation<'_, Party>, view: &dyn View<Party>) -> Result<(), Violation> {
        let Observation::Fact { by, fact } = seen else { return Ok(()) };
        let property = self.name();
        match self {
            Claim::Agreement { committed, aborted } => {
                *committed |= **fact == Fact::Committed;
                *aborted |= **fact == Fact::Aborted;
                let split = *committed && *aborted;
                let evidence = || format!("{} {fact}, and not all did", view.name(*by));
                if split { Err(Violation { property, evidence: evidence() }) } else { Ok(()) }
            }
            Claim::Release { waiting, armed } => {
                *armed = true;
                _ = if **fact == Fact::Prepared { waiting.insert(*by) } else { waiting.remove(by) };
                Ok(())
            }
        }
    }

    fn owed(&self, _: &dyn View<Party>, owes: &mut dyn FnMut(Obligation)) {
        if let Claim::Release { waiting, .. } = self {
            waiting.iter().for_each(|node| owes(Obligation(u64::from(node.0))));
        }
    }

    fn armed(&self) -> bool {
        match self {
            Claim::Agreement { committed, aborted } => *committed || *aborted,
            Claim::Release { armed, .. } => *armed,
        }
    }

    fn describe(&self, owed: Obligation, view: &dyn View<Party>) -> String {
        let node = NodeId(u32::try_from(owed.0).expect("an obligation is a node"));
        format!("{} is prepared and never learns the decision", view.name(node))
    }
}

fn commit_of(participants: u32, losses: u8) -> Scope<Party, Claim> {
    let names = (0..=participants).map(|n| if n == 0 { "tm".to_owned() } else { format!("rm{n}") });
    Scope {
        config: participants,
        nodes: names.collect(),
        calls: Calls::new(),
        monitors: vec![
            Claim::Agreement { committed: false, aborted: false },
            Claim::Release { waiting: BTreeSet::new(), armed: false },
        ],
        budget: Budget { losses, ..Budget::default() },
        crashable: Vec::new(),
        cuts: Vec::new(),
        untimed: false,
        punctual: false,
        absorbs_repeats: false,
    }
}

fn run(scope: &Scope<Party, Claim>) -> Report<Party> {
    check(scope, Search::Bfs, Limits::default(), None).expect("the scope makes sense")
}

/// Without monitors. Undecided, each participant's vote is due, on its way, counted, or a no on its way, and not all are
/// counted. Committed, each has heard or not. Aborted, each has the abort before it, with its vote due, under way or
/// in, yes or no; or behind it, with prepare, yes, no or nothing still in flight; and some no is in. Both ways
/// end in one state.
fn states(n: u32) -> u64 {
    (4u64.pow(n) - 1) + 2u64.pow(n) + (9u64.pow(n) - 7u64.pow(n)) - 1
}

#[test]
fn states_are_as_many_as_counted_by_hand() {
    for n in 1..=5 {
        let scope = Scope { monitors: Vec::new(), ..commit_of(n, 0) };
        let report = run(&scope);
        assert_eq!(report.unique_states, states(n), "{n} participants");
        assert_eq!(report.verdict, Verdict::Pass);
    }
}

#[test]
fn code_runs_rarely_however_many_states_there_are() {
    let scope = Scope { monitors: Vec::new(), ..commit_of(5, 0) };
    let report = run(&scope);
    assert!(report.cost.handled < 1_000, "{} runs for {} states", report.cost.handled, report.states);
}

#[test]
fn participants_agree_and_are_released() {
    let report = run(&commit_of(3, 0));
    assert_eq!(report.verdict, Verdict::Pass, "{:?}", report.properties);
}

#[test]
fn a_lost_message_leaves_a_participant_prepared_for_ever() {
    let report = run(&commit_of(2, 1));
    assert_eq!(report.verdict, Verdict::Fail);
    let [found] = &report.counterexamples[..] else { panic!("{:?}", report.properties) };
    assert_eq!((found.property, found.ending), ("release", Ending::Rest));
    assert_eq!(found.evidence, "rm1 is prepared and never learns the decision");
    let agreement = report.properties.iter().find(|p| p.name == "agreement").map(|p| &p.verdict);
    assert_eq!(agreement, Some(&Verdict::Pass), "being stuck hides nothing from other properties");
}

#[test]
fn every_search_counts_alike() {
    let scope = commit_of(4, 1);
    let bfs = run(&scope);
    for search in [Search::Dfs, Search::StaterightBfs] {
        let other = check(&scope, search, Limits::default(), None).expect("the scope makes sense");
        assert_eq!((other.unique_states, other.states), (bfs.unique_states, bfs.states), "{search:?}");
    }
}
