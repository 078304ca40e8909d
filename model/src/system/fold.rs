//! States that differ in names alone, folded into one.
//!
//! A state stands for every state that a renaming makes of it; the one of least fingerprint is searched. What renaming
//! makes of a place, a message or the monitors is found out once. That a step renamed is a step is not taken on trust:
//! whenever a node's code or a monitor was run, it is run again under every renaming and must do the same, renamed.

use std::sync::atomic::{AtomicU64, Ordering};

use hashbrown::{HashMap, HashSet};
use quiesce_machine::{Monitor, Node, NodeId, Renaming};
use smallvec::SmallVec;
use stateright::Model as _;

use super::action::{Action, Kind, WriteEnd};
use super::by_index::Judged;
use super::known::{Known, Missing};
use super::mail::Mail;
use super::place::Place;
use super::state::State;
use super::stock::{Notice, Rules, Stock};
use super::watch::{Look, Sight, Watch};
use super::{Opening, System};
use crate::check::CheckError;
use crate::judge::Way;
use crate::symmetry::{Element, Renames, Symmetry, SymmetryError};

/// How a system folds its states.
#[derive(Debug)]
pub(super) struct Fold<N: Node, M> {
    elements: Vec<Element>,
    /// Which renaming the second of two is, done after the first: by the place of the first, then of the second; none for
    /// the identity.
    products: Vec<Vec<Option<usize>>>,
    renames: Renames<N, M>,
    /// How many states those expanded stand for.
    stands_for: AtomicU64,
}

/// What one renaming makes of everything met so far; [`UNKNOWN`] where nobody asked.
#[derive(Debug, Default)]
pub(super) struct Images {
    places: Vec<u32>,
    letters: Vec<u32>,
    /// Of outcomes that were compared, those that came of the renamed event.
    outcomes: HashMap<u32, u32>,
}

const UNKNOWN: u32 = u32::MAX;

/// Somebody whose code depends on names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asymmetry {
    pub(super) who: String,
    pub(super) what: String,
}

fn known(images: &[u32], id: u32) -> Option<u32> {
    images.get(id as usize).copied().filter(|&image| image != UNKNOWN)
}

fn note(images: &mut Vec<u32>, id: u32, image: u32) {
    let at = id as usize;
    images.resize(images.len().max(at + 1), UNKNOWN);
    images[at] = image;
}

impl<N: Node, M: Monitor<N>> Known<'_, N, M> {
    /// Makes of a state the one that is searched for it. How many states it stands for is returned.
    pub(super) fn fold(&self, state: &mut State) -> Result<u64, Missing> {
        let Some(fold) = &self.system.fold else { return Ok(1) };
        if state.broken().is_some() {
            return Ok(1);
        }
        let mut seen: SmallVec<[u64; 8]> = SmallVec::from_slice(&[state.fingerprint()]);
        let (mut least, mut image) = (None, State::default());
        for (index, element) in fold.elements.iter().enumerate() {
            self.image(index, element, state, &mut image).ok_or(Missing::Images)?;
            let fingerprint = image.fingerprint();
            if seen.iter().all(|&other| fingerprint < other) {
                least = Some(image.clone());
            }
            if !seen.contains(&fingerprint) {
                seen.push(fingerprint);
            }
        }
        if let Some(least) = least {
            *state = least;
        }
        Ok(seen.len() as u64)
    }

    /// What a renaming makes of a state; none if some part of it must be learned first.
    fn image(&self, index: usize, element: &Element, state: &State, image: &mut State) -> Option<()> {
        let (nodes, images) = (self.nodes(), &self.stock.images[index]);
        let before = state.places(nodes);
        let place = |&from: &usize| {
            let id = known(&images.places, before[from])?;
            Some((id, self.stock.places.hash(id)))
        };
        let places = element.from.iter().map(place).collect::<Option<SmallVec<[_; 8]>>>()?;
        let watch = known(&self.watch.images[index], state.watch())?;
        let mut faults = state.faults();
        *image = State::new(&places, (watch, self.watch.together.hash(watch)), faults.left);
        if let Some(cut) = usize::from(faults.cut).checked_sub(1) {
            faults.cut = element.cuts[cut] + 1;
        }
        image.set_faults(faults);
        for &flight in state.flights(nodes) {
            let flight = Mail::<N>::with_letter(flight, known(&images.letters, Mail::<N>::letter_of(flight))?);
            image.add_flight(nodes, flight, self.stock.mail.hash(flight));
        }
        Some(())
    }

    /// How many states a searched one stands for.
    pub(super) fn stands_for(&self, state: &State) -> Result<u64, Missing> {
        match &self.system.fold {
            Some(_) => self.fold(&mut state.clone()).map_err(|_| Missing::Names),
            None => Ok(1),
        }
    }

    /// Counts a state that was expanded.
    pub(super) fn count(&self, stands_for: u64) {
        if let Some(fold) = &self.system.fold {
            fold.stands_for.fetch_add(stands_for, Ordering::Relaxed);
        }
    }

    /// Whether the monitors, of whom some looked at the nodes of `state`, see the same with names exchanged; none if
    /// something must be learned first, were it only that they do not.
    pub(super) fn sees_alike(&self, state: &State, (node, outcome): (usize, u32), sight: Sight) -> Option<()> {
        let elements = self.system.fold.iter().flat_map(|fold| fold.elements.iter().enumerate());
        for (index, Element { renaming, from, .. }) in elements {
            let images = &self.stock.images[index];
            let Some(&other) = images.outcomes.get(&outcome) else { continue };
            let before = state.places(self.nodes());
            let places = from.iter().map(|&from| known(&images.places, before[from]));
            let places = places.collect::<Option<SmallVec<[u32; 8]>>>()?;
            let seen_by = known(&self.watch.images[index], state.watch())?;
            let look = Look::new(&self.system.scope, &self.stock, &places);
            let by = renaming.node(node_id(node));
            let there = self.watch.sight(seen_by, (other, &self.stock.outcomes[other as usize]), by, &look)?;
            let alike = match (sight, there) {
                (Sight::Watching(here), Sight::Watching(there)) => known(&self.watch.images[index], here)? == there,
                (Sight::Broken { property: here, .. }, Sight::Broken { property: there, .. }) => here == there,
                (Sight::Watching(_), Sight::Broken { .. }) | (Sight::Broken { .. }, Sight::Watching(_)) => false,
            };
            if !alike {
                return None;
            }
        }
        Some(())
    }
}

fn node_id(node: usize) -> NodeId {
    NodeId(u32::try_from(node).unwrap_or(u32::MAX))
}

impl<N: Node, M: Monitor<N>> System<N, M> {
    /// The same system, in which states that differ in names alone are one.
    ///
    /// # Errors
    /// When nothing in the scope is alike.
    pub fn folded(mut self, symmetry: &Symmetry<N, M>) -> Result<Self, SymmetryError> {
        let elements = symmetry.elements(&self.scope)?;
        self.stock_mut().images.resize_with(elements.len(), Images::default);
        self.watch_mut().images.resize_with(elements.len(), Vec::new);
        let product = |first: &Element, second: &Element| {
            let both = first.renaming.then(&second.renaming);
            elements.iter().position(|element| element.renaming == both)
        };
        let products = elements.iter().map(|a| elements.iter().map(|b| product(a, b)).collect()).collect();
        self.fold = Some(Fold { elements, products, renames: symmetry.renames, stands_for: AtomicU64::new(0) });
        let mut seen = HashSet::new();
        let mut openings = std::mem::take(&mut self.openings);
        openings.retain(|opening| seen.insert(self.fold(opening.state.clone())));
        self.openings = openings;
        Ok(self)
    }

    /// This state with names exchanged, once for each renaming that folds states, the identity first; itself alone where
    /// a property is violated, as evidence is text.
    #[must_use]
    pub fn alike(&self, state: &State) -> Vec<State> {
        let mut all = vec![state.clone()];
        if state.broken().is_some() {
            return all;
        }
        self.find(Missing::Images, state, state);
        let known = self.known();
        for (index, element) in self.fold.iter().flat_map(|fold| fold.elements.iter().enumerate()) {
            let mut image = State::default();
            known.image(index, element, state, &mut image).expect("its parts were just learned");
            all.push(image);
        }
        all
    }

    /// How many renamings fold the states, the identity included, and how many states those expanded so far stand for.
    pub(crate) fn folding(&self) -> Option<(u64, u64)> {
        let fold = self.fold.as_ref()?;
        Some((fold.elements.len() as u64 + 1, fold.stands_for.load(Ordering::Relaxed)))
    }

    /// Whose code was found to depend on names, as an error.
    pub(crate) fn asymmetry(&self) -> Result<(), CheckError> {
        match &self.stock().asymmetry {
            Some(Asymmetry { who, what }) => Err(CheckError::Asymmetric { who: who.clone(), what: what.clone() }),
            None => Ok(()),
        }
    }

    /// The state that is searched for this one: itself, where states are not folded.
    #[must_use]
    pub fn fold(&self, mut state: State) -> State {
        while self.known().fold(&mut state).is_err() {
            self.find(Missing::Images, &state, &state);
        }
        state
    }

    /// A way through searched states as one through states that follow each other.
    ///
    /// # Errors
    /// When there is none, since somebody's code depends on names after all.
    pub(crate) fn unfold(&self, way: Way) -> Result<Way, CheckError> {
        if self.fold.is_none() {
            return Ok(way);
        }
        let Opening { state, .. } = &self.openings[way.start];
        let mut real = Way { start: way.start, states: vec![state.clone()], actions: Vec::new() };
        for wanted in way.states.iter().skip(1) {
            let mut actions: Vec<Action> = Vec::new();
            self.actions(real.end(), &mut actions);
            let fits = |next: &State| match wanted.broken() {
                Some((property, _)) => next.violates(property),
                None => self.fold(next.clone()) == *wanted,
            };
            let steps = actions.into_iter().map(|action| (action, self.after(real.end(), action)));
            let (action, next) = steps.into_iter().find(|(_, next)| fits(next)).ok_or_else(|| {
                CheckError::Asymmetric { who: "somebody".to_owned(), what: format!("takes step {}", real.states.len()) }
            })?;
            real.states.push(next);
            real.actions.push(action);
        }
        Ok(real)
    }

    /// Finds out what every renaming makes of a state's parts.
    pub(super) fn learn_images(&self, stock: &mut Stock<N>, watch: &mut Watch<M>, state: &State) {
        let Some(Fold { elements, renames, .. }) = &self.fold else { return };
        for (index, Element { renaming, .. }) in elements.iter().enumerate() {
            for &place in state.places(self.nodes()) {
                stock.image_of_place(index, renames, renaming, place);
            }
            for &flight in state.flights(self.nodes()) {
                stock.image_of_flight(index, renames, renaming, flight);
            }
            watch.image(index, renames.monitor, renaming, state.watch());
        }
    }

    /// Holds what may happen to a place against what may happen to it renamed.
    pub(super) fn vouch_for_moves(&self, stock: &mut Stock<N>, rules: &Rules<'_, N>, place: u32) {
        let Some(Fold { elements, renames, .. }) = &self.fold else { return };
        let mut pairs = Vec::new();
        for (index, Element { renaming, .. }) in elements.iter().enumerate() {
            let image = stock.image_of_place(index, renames, renaming, place);
            stock.learn_moves(rules, image);
            let all = |stock: &Stock<N>, place: u32| {
                let moves = stock
                    .moves(place)
                    .map(|moves| [&*moves.prompt, &moves.patient, &moves.crashes, &moves.store_faults].concat());
                moves.unwrap_or_default()
            };
            let (here, there) = (all(stock, place), all(stock, image));
            pairs.push(self.compare(stock, (index, renames, renaming), (place, here), (image, there)));
        }
        self.remember(stock, &pairs);
    }

    /// Holds how a place takes a message against how it takes it renamed.
    pub(super) fn vouch_for_delivery(&self, stock: &mut Stock<N>, rules: &Rules<'_, N>, place: u32, flight: u32) {
        let Some(Fold { elements, renames, .. }) = &self.fold else { return };
        let mut pairs = Vec::new();
        for (index, Element { renaming, .. }) in elements.iter().enumerate() {
            let image = stock.image_of_place(index, renames, renaming, place);
            let flown = stock.image_of_flight(index, renames, renaming, flight);
            stock.learn_delivery(rules, image, flown);
            let all = |place, flight| {
                let outcomes = stock.delivery(place, flight).unwrap_or_default();
                outcomes.map(|outcome| Action { kind: Kind::Deliver { flight }, class: 0, outcome }).collect()
            };
            let (here, there): (Vec<Action>, Vec<Action>) = (all(place, flight), all(image, flown));
            pairs.push(self.compare(stock, (index, renames, renaming), (place, here), (image, there)));
        }
        self.remember(stock, &pairs);
    }

    /// Notes which outcomes are those of renamed events: of those compared, and so of each of their images.
    fn remember(&self, stock: &mut Stock<N>, pairs: &[HashMap<u32, u32>]) {
        let Some(Fold { products, .. }) = &self.fold else { return };
        for (first, images) in pairs.iter().enumerate() {
            for (&outcome, &image) in images {
                stock.images[first].outcomes.insert(outcome, image);
                for (second, product) in products[first].iter().enumerate() {
                    let further = product.map_or(Some(outcome), |both| pairs[both].get(&outcome).copied());
                    stock.images[second].outcomes.extend(further.map(|further| (image, further)));
                }
            }
        }
    }

    fn compare(
        &self,
        stock: &mut Stock<N>,
        (index, renames, renaming): (usize, &Renames<N, M>, &Renaming),
        (place, here): (u32, Vec<Action>),
        (image, there): (u32, Vec<Action>),
    ) -> HashMap<u32, u32> {
        let mut expected: Vec<_> = here
            .iter()
            .map(|action| {
                (
                    stock.deed(place, *action, &mut |stock, deed| {
                        deed.timer = deed.timer.as_ref().map(|timer| (renames.timer)(timer, renaming));
                        deed.place = stock.image_of_place(index, renames, renaming, deed.place);
                        for flight in &mut deed.sends {
                            *flight = stock.image_of_flight(index, renames, renaming, *flight);
                        }
                        for fact in &mut deed.facts {
                            *fact = (renames.fact)(fact, renaming);
                        }
                    }),
                    action.outcome,
                )
            })
            .collect();
        let mut found: Vec<_> =
            there.iter().map(|action| (stock.deed(image, *action, &mut |_, _| ()), action.outcome)).collect();
        expected.sort();
        found.sort();
        let unlike = expected.len() != found.len() || expected.iter().zip(&found).any(|(a, b)| a.0 != b.0);
        if unlike {
            let what = here.first().map_or_else(String::new, |action| self.label_in(stock, *action));
            let who = self.scope.nodes[stock.places.value(place).id.index()].clone();
            stock.asymmetry.get_or_insert(Asymmetry { who, what });
            return HashMap::new();
        }
        expected.into_iter().zip(found).map(|((_, here), (_, there))| (here, there)).collect()
    }

    /// Holds what monitors made of an outcome against what they make of it renamed.
    pub(super) fn vouch_for_sight(
        &self,
        stock: &mut Stock<N>,
        watch: &mut Watch<M>,
        (node, outcome): (usize, u32),
        state: &State,
    ) {
        let Some(Fold { elements, renames, .. }) = &self.fold else { return };
        let here = {
            let look = Look::new(&self.scope, stock, state.places(self.nodes()));
            watch.sight(state.watch(), (outcome, &stock.outcomes[outcome as usize]), node_id(node), &look)
        };
        for (index, Element { renaming, from, .. }) in elements.iter().enumerate() {
            let Some(&other) = stock.images[index].outcomes.get(&outcome) else { continue };
            let before = state.places(self.nodes());
            let places: Vec<u32> =
                from.iter().map(|&from| stock.image_of_place(index, renames, renaming, before[from])).collect();
            let seen_by = watch.image(index, renames.monitor, renaming, state.watch());
            let look = Look::new(&self.scope, stock, &places);
            let (by, shown) = (renaming.node(node_id(node)), (other, &stock.outcomes[other as usize]));
            watch.learn_sight(seen_by, shown, by, &look);
            let there = watch.sight(seen_by, shown, by, &look);
            let alike = match (here, there) {
                (Some(Sight::Watching(here)), Some(Sight::Watching(there))) => {
                    watch.image(index, renames.monitor, renaming, here) == there
                }
                (Some(Sight::Broken { property: a, .. }), Some(Sight::Broken { property: b, .. })) => a == b,
                _ => false,
            };
            if !alike {
                let who = "a monitor".to_owned();
                let what = format!("sees what {} did", self.scope.nodes[node]);
                stock.asymmetry.get_or_insert(Asymmetry { who, what });
                return;
            }
        }
    }
}

/// What happens to a place and what comes of it, to be compared.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Deed<T, F> {
    /// A word for the sort of event, and what else tells it apart.
    event: (u8, u16, bool),
    timer: Option<T>,
    place: u32,
    sends: Vec<u32>,
    notice: Option<Notice>,
    facts: Vec<F>,
    fails: bool,
}

type DeedOf<N> = Deed<<N as Node>::Timer, <N as Node>::Fact>;

impl<N: Node> Stock<N> {
    fn deed(
        &mut self,
        place: u32,
        Action { kind, outcome, .. }: Action,
        rename: &mut dyn FnMut(&mut Self, &mut DeedOf<N>),
    ) -> DeedOf<N> {
        let mut timer = None;
        let event = match kind {
            Kind::Deliver { .. } => (0, 0, false),
            Kind::Fire { timer: at, .. } => {
                timer = self.places.value(place).timers.get(usize::from(at)).cloned();
                (1, 0, false)
            }
            Kind::Stored { end: WriteEnd::Durable, .. } => (2, 0, false),
            Kind::Stored { end: WriteEnd::Failed, .. } => (2, 1, false),
            Kind::Stored { end: WriteEnd::Unknown { applied }, .. } => (2, 2, applied),
            Kind::Call { .. } => (3, 0, false),
            Kind::CallNobody { .. } => (4, 0, false),
            Kind::Start { .. } => (5, 0, false),
            Kind::Crash { applied, records_lost, .. } => (6, applied, records_lost),
            Kind::Refuse { .. }
            | Kind::Vanish { .. }
            | Kind::Lose { .. }
            | Kind::Duplicate { .. }
            | Kind::Cut { .. }
            | Kind::Heal => unreachable!("{kind:?} happens to no place"),
        };
        let known = &self.outcomes[outcome as usize];
        let mut deed = Deed {
            event,
            timer,
            place: known.place,
            sends: known.sends.to_vec(),
            notice: known.notice,
            facts: known.facts.to_vec(),
            fails: known.failure.is_some(),
        };
        rename(self, &mut deed);
        deed.sends.sort_unstable();
        deed.facts.sort();
        deed
    }

    fn image_of_place<M>(&mut self, index: usize, renames: &Renames<N, M>, to: &Renaming, id: u32) -> u32 {
        if let Some(image) = known(&self.images[index].places, id) {
            return image;
        }
        let renamed = self.places.value(id).renamed(renames, to);
        let image = self.places.intern(renamed).0;
        note(&mut self.images[index].places, id, image);
        image
    }

    fn image_of_flight<M>(&mut self, index: usize, renames: &Renames<N, M>, to: &Renaming, flight: u32) -> u32 {
        let letter = Mail::<N>::letter_of(flight);
        let image = known(&self.images[index].letters, letter).unwrap_or_else(|| {
            let image = self.mail.rename(letter, renames.msg, to);
            note(&mut self.images[index].letters, letter, image);
            image
        });
        Mail::<N>::with_letter(flight, image)
    }
}

impl<N: Node> Place<N> {
    fn renamed<M>(&self, renames: &Renames<N, M>, to: &Renaming) -> Self {
        let Place { id, process, incarnation, records, pending, timers, calls_made } = self;
        let mut records: Vec<_> = records.iter().map(|record| (renames.record)(record, to)).collect();
        records.sort_by_key(quiesce_machine::Record::key);
        let mut timers: Vec<_> = timers.iter().map(|timer| (renames.timer)(timer, to)).collect();
        timers.sort();
        Place {
            id: to.node(*id),
            process: process.as_ref().map(|process| (renames.node)(process, to)),
            incarnation: *incarnation,
            records,
            pending: pending.iter().map(|(op, write)| (*op, (renames.write)(write, to))).collect(),
            timers,
            calls_made: *calls_made,
        }
    }
}

impl<M: Clone + std::hash::Hash + Eq> Watch<M> {
    /// What a renaming makes of the monitors of one state.
    fn image(&mut self, index: usize, rename: fn(&M, &Renaming) -> M, to: &Renaming, watch: u32) -> u32 {
        if let Some(image) = known(&self.images[index], watch) {
            return image;
        }
        let renamed: Vec<M> = self.each(watch).map(|(_, monitor)| rename(monitor, to)).collect();
        let image = self.keep_together(renamed.into_iter());
        note(&mut self.images[index], watch, image);
        image
    }
}
