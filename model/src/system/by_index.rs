//! Stateright's properties are bare functions, which carry no data: here is one for each place in a list.

use quiesce_machine::{Monitor, Node};

use super::{State, System};
use crate::explore::{Stop, Tour};

/// How many properties there can be.
pub(super) const LEN: usize = 64;

/// Whether a state does not violate the property of that place.
pub(super) fn holds<N: Node, M: Monitor<N>>(index: usize) -> fn(&System<N, M>, &State) -> bool {
    macro_rules! each {
        ($($index:literal)*) => { [$(holds_at::<N, M, $index> as fn(&System<N, M>, &State) -> bool),*] };
    }
    let all: [_; LEN] = each!(
        0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
        32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63
    );
    all[index]
}

fn holds_at<N: Node, M: Monitor<N>, const INDEX: usize>(_: &System<N, M>, state: &State) -> bool {
    !state.violates(INDEX)
}

/// The same for a [`Tour`].
pub(crate) fn holds_on_tour<N: Node, M: Monitor<N>>(index: usize) -> fn(&Tour<N, M>, &Stop) -> bool {
    macro_rules! each {
        ($($index:literal)*) => { [$(holds_at_stop::<N, M, $index> as fn(&Tour<N, M>, &Stop) -> bool),*] };
    }
    let all: [_; LEN] = each!(
        0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
        32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63
    );
    all[index]
}

fn holds_at_stop<N: Node, M: Monitor<N>, const INDEX: usize>(_: &Tour<N, M>, stop: &Stop) -> bool {
    !stop.violates(INDEX)
}
