//! Runs of the simulator are paths of the model's graph: each event that a process handled there can happen in the model
//! at that moment, with the same answers to its choices, and leaves the process in the same state.
//!
//! The model is that of the scope with every copy of a message kept and long timers at any moment, as the simulator has
//! it. A message that the simulator loses stays on its way for ever in the path.

use std::any::Any;
use std::cell::RefCell;
use std::time::Duration;

use quiesce::plane::Plane;
use quiesce::planes::{Operation, Volume, Xaction};
use quiesce_machine::{
    Choices, Cx, Effect, Event, Monitor, Node, NodeId, Obligation, Observation, Outbox, Span, View, Violation,
};
use quiesce_model::{Act, Budget, Pick, Scope, State, System};
use quiesce_sim::{Action, Plan, Ratio, Records, run};
use stateright::Model as _;

thread_local! {
    /// What every process of the run at hand did, as `Seen` of its plane.
    static LOG: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

/// One event of one process.
struct Seen<N: Node> {
    node: NodeId,
    event: Event<N>,
    picks: Vec<Pick>,
    after: N,
}

/// A node that writes down what it does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Spy<N>(N);

impl<N: Node> Node for Spy<N> {
    type Config = N::Config;
    type Msg = N::Msg;
    type Timer = N::Timer;
    type Request = N::Request;
    type Reply = N::Reply;
    type Record = N::Record;
    type Fact = N::Fact;

    fn boot(id: NodeId, config: &N::Config) -> Self {
        Spy(N::boot(id, config))
    }

    fn handle(&mut self, event: Event<Self>, cx: &mut Cx<'_, Self>) {
        let (me, now, config) = (cx.me(), cx.now(), cx.config());
        let (mut tap, mut out) = (Tap { cx, picks: Vec::new() }, Outbox::new());
        let event: Event<N> = plain(event);
        self.0.handle(event.clone(), &mut Cx::new(me, now, config, &mut tap, &mut out));
        let Tap { cx, picks } = tap;
        let Outbox { effects, facts, marks } = out;
        effects.into_iter().for_each(|effect| pass_on(effect, cx));
        facts.into_iter().for_each(|fact| cx.fact(fact));
        marks.into_iter().for_each(|mark| cx.reach(mark));
        let seen = Seen { node: me, event, picks, after: self.0.clone() };
        LOG.with_borrow_mut(|log| log.push(Box::new(seen)));
    }

    fn span(timer: &N::Timer) -> Span {
        N::span(timer)
    }
}

fn plain<N: Node>(event: Event<Spy<N>>) -> Event<N> {
    match event {
        Event::Start { incarnation, records } => Event::Start { incarnation, records },
        Event::Deliver { from, msg } => Event::Deliver { from, msg },
        Event::Bounce { to, msg } => Event::Bounce { to, msg },
        Event::Fire { timer } => Event::Fire { timer },
        Event::Call { call, request } => Event::Call { call, request },
        Event::Stored { op, outcome } => Event::Stored { op, outcome },
    }
}

fn pass_on<N: Node>(effect: Effect<N>, cx: &mut Cx<'_, Spy<N>>) {
    match effect {
        Effect::Send { to, msg } => cx.send(to, msg),
        Effect::Arm { timer, after } => cx.arm(timer, after),
        Effect::Disarm { timer } => cx.disarm(timer),
        Effect::Store { op, write } => cx.store(op, write),
        Effect::Reply { call, reply } => cx.reply(call, reply),
    }
}

/// Asks the driver and remembers its answers.
#[derive(Debug)]
struct Tap<'a, 'b, N: Node> {
    cx: &'a mut Cx<'b, Spy<N>>,
    picks: Vec<Pick>,
}

impl<N: Node> Choices for Tap<'_, '_, N> {
    fn choose(&mut self, purpose: &'static str, n: u32) -> u32 {
        let answer = self.cx.choose(purpose, n);
        self.picks.push(Pick { purpose, of: n, answer });
        answer
    }
}

/// No property.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Nothing {}

impl<N: Node> Monitor<N> for Nothing {
    fn name(&self) -> &'static str {
        match *self {}
    }

    fn observe(&mut self, _: &Observation<'_, N>, _: &dyn View<N>) -> Result<(), Violation> {
        match *self {}
    }

    fn owed(&self, _: &dyn View<N>, _: &mut dyn FnMut(Obligation)) {
        match *self {}
    }

    fn armed(&self) -> bool {
        match *self {}
    }

    fn describe(&self, _: Obligation, _: &dyn View<N>) -> String {
        match *self {}
    }
}

/// The most events of a run that are followed.
const EVENTS_MOST: u64 = 200;

/// A run of the scope's nodes: calls come when the seed says, messages take between nothing and 40 ms and may be lost or
/// come twice as often as the scope allows, and who may crash does.
fn simulate<P: Plane>(scope: &Scope<P::Node, P::Monitor>, seed: u64) -> Vec<Seen<P::Node>> {
    let mut plan: Plan<Spy<P::Node>, Nothing> = Plan::new(scope.config.clone(), scope.nodes.clone());
    plan.network.latency = (Duration::ZERO..Duration::from_millis(40)).into();
    if scope.budget.losses > 0 {
        plan.network.loss = Ratio::new(1, 20).expect("a ratio");
    }
    plan.max_events = EVENTS_MOST;
    let moment =
        |n: u64| Duration::from_millis(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(n as u32 * 7) % 400);
    for (call, node, request) in scope.calls.iter() {
        let at = moment(0) * (call.0 + 1);
        plan = plan.step(at, Action::Call { node, request: request.clone(), call });
    }
    if scope.budget.crashes > 0 {
        let node = scope.crashable[seed as usize % scope.crashable.len()];
        plan = plan.step(moment(1), Action::Crash { node, records: Records::Kept, stays_down: false });
        plan = plan.step(moment(1) + moment(2), Action::Restart { node });
    }
    // What it came to is nobody's question here: there is no property, and most runs are cut short.
    let _ = run(&plan, seed);
    let log = LOG.with_borrow_mut(std::mem::take);
    log.into_iter().map(|seen| *seen.downcast().expect("a run is of one plane")).collect()
}

/// The most steps that no process notices between two that one does.
const SILENT_MOST: usize = 4;

/// Walks through the model's graph as the log says; the first event at which there is no way on.
fn follow<P: Plane>(system: &System<P::Node, Nothing>, log: &[Seen<P::Node>]) -> Result<(), String> {
    let nodes = system.scope().nodes.len();
    let (starts, rest) = log.split_at(nodes);
    let begins =
        |state: &State| starts.iter().all(|seen| system.process(state, seen.node).as_ref() == Some(&seen.after));
    let mut at: Vec<State> = system.init_states().into_iter().filter(begins).collect();
    if at.is_empty() {
        return Err("no first state of the model is the run's".to_owned());
    }
    for (number, seen) in rest.iter().enumerate() {
        // What is refused while a process is down can come back after it started again.
        let restarts = matches!(seen.event, Event::Start { .. });
        let mut next = Vec::new();
        for _ in 0..=SILENT_MOST {
            let noticed = step(system, &at, |act, after| handles(system, seen, act, after));
            join(&mut next, noticed);
            if !next.is_empty() && !restarts {
                break;
            }
            let unnoticed = step(system, &at, |act, _| !matches!(act, Act::Handle { .. } | Act::Lose(_)));
            join(&mut at, unnoticed);
        }
        if next.is_empty() {
            return Err(format!("event {}: {} cannot take {:?}", number + nodes, seen.node, seen.event));
        }
        at = next;
    }
    Ok(())
}

fn join(all: &mut Vec<State>, more: Vec<State>) {
    more.into_iter().for_each(|state| {
        if !all.contains(&state) {
            all.push(state)
        }
    });
}

/// The distinct states that wanted steps lead to.
fn step<N: Node>(system: &System<N, Nothing>, from: &[State], wanted: impl Fn(&Act<N>, &State) -> bool) -> Vec<State> {
    let mut all: Vec<State> = Vec::new();
    for state in from {
        let mut actions = Vec::new();
        system.actions(state, &mut actions);
        for action in actions {
            let act = system.act(state, action).expect("nodes are pure");
            let after = system.next_state(state, action).expect("every action leads somewhere");
            if wanted(&act, &after) {
                join(&mut all, vec![after]);
            }
        }
    }
    all
}

fn handles<N: Node>(system: &System<N, Nothing>, seen: &Seen<N>, act: &Act<N>, after: &State) -> bool {
    let Act::Handle { node, event, picks } = act else { return false };
    (*node, event, picks) == (seen.node, &seen.event, &seen.picks)
        && system.process(after, *node).as_ref() == Some(&seen.after)
}

/// Simulates so many seeds of a scope and follows each.
fn every_run_is_a_path<P: Plane>(name: &str, seeds: u64) {
    let scope = P::scope(name).expect("a scope");
    let Scope { config, nodes, calls, budget, crashable, .. } = scope.clone();
    let (monitors, cuts) = (Vec::new(), Vec::new());
    let budget = Budget { partitions: 0, ..budget };
    let world = Scope {
        config,
        nodes,
        calls,
        monitors,
        budget,
        crashable,
        cuts,
        untimed: true,
        punctual: false,
        absorbs_repeats: false,
    };
    let system = System::new(world).expect("the scope makes sense");
    let mut events = 0;
    for seed in 1..=seeds {
        let log = simulate::<P>(&scope, seed);
        events += log.len();
        follow::<P>(&system, &log).unwrap_or_else(|why| panic!("{name}, seed {seed}: {why}"));
    }
    assert!(events as u64 > 12 * seeds, "{name}: {events} events in {seeds} runs are too few to say anything");
}

#[test]
fn ten_thousand_runs_are_paths_of_the_model() {
    every_run_is_a_path::<Operation>("operation", 3_000);
    every_run_is_a_path::<Operation>("operation-loss", 2_500);
    every_run_is_a_path::<Xaction>("ic", 2_500);
    every_run_is_a_path::<Volume>("create", 2_000);
}

#[test]
fn runs_with_crashes_are_paths_of_the_model() {
    every_run_is_a_path::<Operation>("operation-crash", 500);
    every_run_is_a_path::<Volume>("pool-agent-crash", 300);
}

#[test]
fn a_log_that_no_run_wrote_is_no_path() {
    let scope = Operation::scope("operation").expect("a scope");
    let Scope { config, nodes, calls, .. } = scope.clone();
    let world = Scope {
        config,
        nodes,
        calls,
        monitors: Vec::new(),
        budget: Budget::default(),
        crashable: Vec::new(),
        cuts: Vec::new(),
        untimed: true,
        punctual: false,
        absorbs_repeats: false,
    };
    let system = System::new(world).expect("the scope makes sense");
    let mut log = simulate::<Operation>(&scope, 1);
    let last = log.len() - 1;
    log.swap(last / 2, last);
    assert!(follow::<Operation>(&system, &log).is_err(), "its last event cannot have come that early");
}
