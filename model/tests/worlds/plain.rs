//! The same worlds without a trick: whole values in every state, every step run anew, every state kept.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use quiesce_machine::{
    Choices, Cx, Effect, Event, Incarnation, Monitor, Node, NodeId, Observation, OpId, Outbox, Record, Span,
    StoreError, Time, View, Write,
};
use quiesce_model::fair::{Class, Edge, Fairness, Graph, regions};
use quiesce_model::{Budget, Leg};

use crate::World;
use crate::toy::{Row, Rules, Toy, Word};
use crate::watcher::Watcher;

/// What exploring a world shows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plain {
    pub(crate) unique: u64,
    pub(crate) generated: u64,
    pub(crate) depth: u64,
    pub(crate) violated: BTreeSet<&'static str>,
    pub(crate) owed_for_ever: BTreeSet<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Machine {
    toy: Option<Toy>,
    life: u32,
    records: BTreeMap<u8, Row>,
    pending: Vec<(OpId, Write<Row>)>,
    timers: BTreeSet<Word>,
    calls_made: usize,
}

/// From, to, message, leg.
type Letter = (NodeId, NodeId, Word, Leg);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    machines: Vec<Machine>,
    mail: Vec<Letter>,
    left: [u8; 6],
    cut: Option<usize>,
    watchers: Vec<Watcher>,
    broken: Option<(&'static str, String)>,
}

/// A fair kind of step.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fair {
    Mail(Letter),
    Timer(NodeId, Word),
    Store(NodeId),
    Start(NodeId),
    Heal,
}

/// Explores a world, or gives up at `most` states.
pub(crate) fn explore(world: &World, most: usize) -> Option<Plain> {
    let mut numbers: HashMap<State, u32> = HashMap::new();
    let (mut states, mut edges, mut depths) = (Vec::new(), Vec::new(), Vec::new());
    let mut classes: BTreeMap<Fair, u32> = BTreeMap::new();
    let mut generated = 0;
    let mut meet = |state: State, depth: u64, states: &mut Vec<State>, depths: &mut Vec<u64>| {
        *numbers.entry(state).or_insert_with_key(|state| {
            states.push(state.clone());
            depths.push(depth);
            states.len() as u32 - 1
        })
    };
    for state in begin(world) {
        generated += 1;
        meet(state, 0, &mut states, &mut depths);
    }
    let mut at = 0;
    while at < states.len() {
        let mut out = Vec::new();
        for (fair, next) in next(world, &states[at].clone()) {
            generated += 1;
            let to = meet(next, depths[at] + 1, &mut states, &mut depths);
            let count = classes.len() as u32;
            let class = fair.map_or(0, |fair| *classes.entry(fair).or_insert(count + 1));
            out.push(Edge { to, class: Class(class) });
        }
        edges.push(out);
        at += 1;
        if states.len() > most {
            return None;
        }
    }
    let violated = states.iter().filter_map(|state| state.broken.as_ref().map(|(name, _)| *name)).collect();
    let waits = |fair: &Fair| match fair {
        Fair::Timer(_, timer) => match Toy::span(timer) {
            Span::Short => false,
            Span::Timeout => world.punctual,
            Span::Long => true,
        },
        Fair::Mail(_) | Fair::Store(_) | Fair::Start(_) | Fair::Heal => false,
    };
    let patient = classes.iter().filter(|(fair, _)| waits(fair)).map(|(_, &class)| Class(class)).collect();
    let owed_for_ever = owed_for_ever(world, &states, edges, patient);
    let depth = depths.last().copied().unwrap_or(0);
    Some(Plain { unique: states.len() as u64, generated, depth, violated, owed_for_ever })
}

fn owed_for_ever(
    world: &World,
    states: &[State],
    edges: Vec<Vec<Edge>>,
    patient: Vec<Class>,
) -> BTreeSet<&'static str> {
    let mut graph = Graph::default();
    for edges in edges {
        graph.push(edges);
    }
    for class in patient {
        graph.declare(class, Fairness::Strong);
    }
    let mut owing: BTreeMap<(&'static str, u64), Vec<u32>> = BTreeMap::new();
    for (number, state) in (0u32..).zip(states).filter(|(_, state)| state.broken.is_none()) {
        for watcher in &state.watchers {
            let view = Sight { rules: &world.config, machines: &state.machines };
            watcher.owed(&view, &mut |owed| owing.entry((watcher.name(), owed.0)).or_default().push(number));
        }
    }
    let stuck = owing.into_iter().filter(|(_, states)| !regions(&graph, states).is_empty());
    stuck.map(|((name, _), _)| name).collect()
}

fn begin(world: &World) -> Vec<State> {
    let Budget { crashes, record_losses, losses, duplicates, partitions, store_faults } = world.budget;
    let unborn = Machine {
        toy: None,
        life: 0,
        records: BTreeMap::new(),
        pending: Vec::new(),
        timers: BTreeSet::new(),
        calls_made: 0,
    };
    let mut states = vec![State {
        machines: vec![unborn; world.nodes.len()],
        mail: Vec::new(),
        left: [crashes, record_losses, losses, duplicates, partitions, store_faults],
        cut: None,
        watchers: world.monitors.clone(),
        broken: None,
    }];
    for node in nodes(world) {
        let start = |state: State| match state.broken {
            Some(_) => vec![state],
            None => restart(world, &state, node),
        };
        states = states.into_iter().flat_map(start).collect();
    }
    let mut seen = HashSet::new();
    states.retain(|state| seen.insert(state.clone()));
    states
}

fn nodes(world: &World) -> impl Iterator<Item = NodeId> {
    (0..world.nodes.len() as u32).map(NodeId)
}

/// Everything that may happen, in any order.
fn next(world: &World, state: &State) -> Vec<(Option<Fair>, State)> {
    let mut all = Vec::new();
    if state.broken.is_some() {
        return all;
    }
    let mut seen = BTreeSet::new();
    for letter in &state.mail {
        if seen.insert(*letter) {
            mail(world, state, *letter, &mut all);
        }
    }
    let still = state.mail.is_empty() && state.machines.iter().all(|machine| machine.pending.is_empty());
    let armed = state.machines.iter().flat_map(|machine| &machine.timers);
    let quiet = still && armed.into_iter().all(|timer| Toy::span(timer) == Span::Long);
    for node in nodes(world) {
        timers(world, state, node, (still, quiet), &mut all);
        store(world, state, node, &mut all);
        calls(world, state, node, &mut all);
        crashes(world, state, node, &mut all);
        if machine(state, node).toy.is_none() {
            all.extend(restart(world, state, node).into_iter().map(|next| (Some(Fair::Start(node)), next)));
        }
    }
    if state.cut.is_some() {
        all.push((Some(Fair::Heal), State { cut: None, ..state.clone() }));
    } else if state.left[4] > 0 {
        for cut in 0..world.cuts.len() {
            let mut next = State { cut: Some(cut), ..state.clone() };
            next.left[4] -= 1;
            all.push((None, next));
        }
    }
    all
}

fn machine(state: &State, node: NodeId) -> &Machine {
    &state.machines[node.index()]
}

fn take(state: &State, letter: &Letter) -> State {
    let mut next = state.clone();
    let at = next.mail.iter().position(|other| other == letter).expect("it is in flight");
    next.mail.remove(at);
    next
}

fn mail(world: &World, state: &State, letter: Letter, all: &mut Vec<(Option<Fair>, State)>) {
    let (from, to, msg, leg) = letter;
    let apart = state.cut.is_some_and(|cut| world.cuts[cut].contains(&from) != world.cuts[cut].contains(&to));
    let taken = take(state, &letter);
    if apart {
        all.push((None, taken));
        return;
    }
    let (addressee, event) = match leg {
        Leg::Back => (from, Event::Bounce { to, msg }),
        Leg::Out | Leg::Orphaned => (to, Event::Deliver { from, msg }),
    };
    if machine(state, addressee).toy.is_some() {
        let delivered = handle(world, &taken, addressee, &event, None);
        all.extend(delivered.into_iter().map(|next| (Some(Fair::Mail(letter)), next)));
    } else {
        let mut refused = taken.clone();
        if leg == Leg::Out {
            refused.mail.push((from, to, msg, Leg::Back));
            refused.mail.sort_unstable();
        }
        all.push((Some(Fair::Mail(letter)), refused));
    }
    if leg != Leg::Back && from != to {
        if state.left[2] > 0 {
            let mut lost = taken;
            lost.left[2] -= 1;
            all.push((None, lost));
        }
        if state.left[3] > 0 {
            let mut twice = state.clone();
            twice.mail.push(letter);
            twice.mail.sort_unstable();
            twice.left[3] -= 1;
            all.push((None, twice));
        }
    }
}

fn timers(
    world: &World,
    state: &State,
    node: NodeId,
    (still, quiet): (bool, bool),
    all: &mut Vec<(Option<Fair>, State)>,
) {
    for timer in &machine(state, node).timers {
        let due = match Toy::span(timer) {
            Span::Short => true,
            Span::Timeout => still || !world.punctual,
            Span::Long => quiet,
        };
        if due || world.untimed {
            let mut fired = state.clone();
            fired.machines[node.index()].timers.remove(timer);
            let event = Event::Fire { timer: *timer };
            let fired = handle(world, &fired, node, &event, None);
            all.extend(fired.into_iter().map(|next| (Some(Fair::Timer(node, *timer)), next)));
        }
    }
}

fn store(world: &World, state: &State, node: NodeId, all: &mut Vec<(Option<Fair>, State)>) {
    if !machine(state, node).pending.is_empty() {
        let mut stored = state.clone();
        let (op, write) = stored.machines[node.index()].pending.remove(0);
        let mut lost = stored.clone();
        write_to(&mut stored.machines[node.index()].records, write);
        let mut told = |state: &State, outcome, fair: bool| {
            let after = handle(world, state, node, &Event::Stored { op, outcome }, None);
            all.extend(after.into_iter().map(|next| (fair.then_some(Fair::Store(node)), next)));
        };
        told(&stored, Ok(()), true);
        if state.left[5] > 0 {
            [&mut stored, &mut lost].into_iter().for_each(|state| state.left[5] -= 1);
            told(&lost, Err(StoreError::Failed), false);
            told(&lost, Err(StoreError::Unknown), false);
            told(&stored, Err(StoreError::Unknown), false);
        }
    }
}

fn write_to(records: &mut BTreeMap<u8, Row>, write: Write<Row>) {
    match write {
        Write::Put(row) => _ = records.insert(row.key(), row),
        Write::Remove(key) => _ = records.remove(&key),
    }
}

fn calls(world: &World, state: &State, node: NodeId, all: &mut Vec<(Option<Fair>, State)>) {
    let Some((call, request)) = world.calls.of(node).nth(machine(state, node).calls_made) else { return };
    let mut called = state.clone();
    called.machines[node.index()].calls_made += 1;
    if machine(state, node).toy.is_none() {
        all.push((None, called));
    } else {
        let event = Event::Call { call, request: *request };
        all.extend(handle(world, &called, node, &event, None).into_iter().map(|next| (None, next)));
    }
}

fn crashes(world: &World, state: &State, node: NodeId, all: &mut Vec<(Option<Fair>, State)>) {
    let Machine { toy, records, pending, .. } = machine(state, node);
    if toy.is_none() || state.left[0] == 0 || !world.crashable.contains(&node) {
        return;
    }
    let mut seen = Vec::new();
    for lost in [false, true] {
        for applied in 0..=pending.len() {
            let mut after = records.clone();
            pending[..applied].iter().for_each(|(_, write)| write_to(&mut after, write.clone()));
            if lost {
                if state.left[1] == 0 || (records.is_empty() && pending.is_empty()) {
                    continue;
                }
                after.clear();
            }
            if !seen.contains(&(lost, after.clone())) {
                seen.push((lost, after.clone()));
                all.push((None, crash(world, state, node, lost, after)));
            }
        }
    }
}

fn crash(world: &World, state: &State, node: NodeId, lost: bool, records: BTreeMap<u8, Row>) -> State {
    let mut down = state.clone();
    down.left[0] -= 1;
    down.left[1] -= u8::from(lost);
    let machine = &mut down.machines[node.index()];
    machine.toy = None;
    machine.records = records;
    machine.pending.clear();
    machine.timers.clear();
    down.mail.retain(|(from, to, _, leg)| *from != node || (*leg != Leg::Back && *to != node));
    down.mail.iter_mut().filter(|(from, ..)| *from == node).for_each(|letter| letter.3 = Leg::Orphaned);
    down.mail.sort_unstable();
    let machines = down.machines.clone();
    show(world, &mut down, &machines, &Observation::Crashed { node, records_lost: lost });
    if down.broken.is_some() {
        down.watchers.clear();
    }
    down
}

fn restart(world: &World, state: &State, node: NodeId) -> Vec<State> {
    let mut up = state.clone();
    let machine = &mut up.machines[node.index()];
    machine.life += 1;
    machine.toy = Some(Toy::boot(node, &world.config));
    let incarnation = Incarnation(machine.life);
    let event = Event::Start { incarnation, records: machine.records.values().cloned().collect() };
    handle(world, &up, node, &event, Some(Observation::Started { node, incarnation }))
}

/// Every way `node` can take `event`.
fn handle(
    world: &World,
    state: &State,
    node: NodeId,
    event: &Event<Toy>,
    first: Option<Observation<'_, Toy>>,
) -> Vec<State> {
    let (mut all, mut answers) = (Vec::new(), vec![Vec::new()]);
    while let Some(script) = answers.pop() {
        let mut next = state.clone();
        let mut teller = Teller { script, at: 0, asked: None };
        let mut out = Outbox::new();
        let mut toy = next.machines[node.index()].toy.clone().expect("it is up");
        toy.handle(event.clone(), &mut Cx::new(node, Time::ZERO, &world.config, &mut teller, &mut out));
        if let Some(n) = teller.asked {
            for answer in (0..n).rev() {
                answers.push(teller.script.iter().copied().chain([answer]).collect());
            }
            continue;
        }
        next.machines[node.index()].toy = Some(toy);
        for effect in out.effects {
            perform(world, &mut next, node, effect);
        }
        next.mail.sort_unstable();
        if let Some(first) = &first {
            show(world, &mut next, &state.machines, first);
        }
        let machines = next.machines.clone();
        for fact in &out.facts {
            show(world, &mut next, &machines, &Observation::Fact { by: node, fact });
        }
        if next.broken.is_some() {
            next.watchers.clear();
        }
        all.push(next);
    }
    all
}

/// Answers from a script; past its end, remembers what was asked first.
#[derive(Debug)]
struct Teller {
    script: Vec<u32>,
    at: usize,
    asked: Option<u32>,
}

impl Choices for Teller {
    fn choose(&mut self, _: &'static str, n: u32) -> u32 {
        self.at += 1;
        match self.script.get(self.at - 1) {
            Some(&answer) => answer,
            None => {
                self.asked = self.asked.or(Some(n));
                0
            }
        }
    }
}

fn perform(world: &World, state: &mut State, node: NodeId, effect: Effect<Toy>) {
    let machine = &mut state.machines[node.index()];
    match effect {
        Effect::Send { to, msg } => {
            let letter = (node, to, msg, Leg::Out);
            if !(world.absorbs_repeats && state.mail.contains(&letter)) {
                state.mail.push(letter);
            }
        }
        Effect::Arm { timer, .. } => _ = machine.timers.insert(timer),
        Effect::Disarm { timer } => _ = machine.timers.remove(&timer),
        Effect::Store { op, write } => machine.pending.push((op, write)),
        Effect::Reply { .. } => (),
    }
}

fn show(world: &World, state: &mut State, machines: &[Machine], seen: &Observation<'_, Toy>) {
    if state.broken.is_some() {
        return;
    }
    for watcher in &mut state.watchers {
        if let Err(violation) = watcher.observe(seen, &Sight { rules: &world.config, machines }) {
            state.broken = Some((watcher.name(), violation.evidence));
            return;
        }
    }
}

struct Sight<'a> {
    rules: &'a Rules,
    machines: &'a [Machine],
}

impl View<Toy> for Sight<'_> {
    fn config(&self) -> &Rules {
        self.rules
    }

    fn node_count(&self) -> u32 {
        self.machines.len() as u32
    }

    fn node(&self, id: NodeId) -> Option<&Toy> {
        self.machines[id.index()].toy.as_ref()
    }

    fn name(&self, id: NodeId) -> String {
        ["a", "b", "c", "d"][id.index()].to_owned()
    }
}
