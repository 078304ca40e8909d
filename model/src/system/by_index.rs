//! Stateright's properties are bare functions, which carry no data: here is one for each place in a list.

use stateright::Model;

/// How many properties there can be.
pub(super) const LEN: usize = 64;

/// A state that knows which property it violates.
pub(crate) trait Judged {
    /// Whether the property of that place is violated.
    fn violates(&self, property: usize) -> bool;
}

/// Whether a state does not violate the property of that place.
pub(crate) fn holds<M: Model<State: Judged>>(index: usize) -> fn(&M, &M::State) -> bool {
    macro_rules! each {
        ($($index:literal)*) => { [$(holds_at::<M, $index> as fn(&M, &M::State) -> bool),*] };
    }
    let all: [_; LEN] = each!(
        0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
        32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63
    );
    all[index]
}

fn holds_at<M: Model<State: Judged>, const INDEX: usize>(_: &M, state: &M::State) -> bool {
    !state.violates(INDEX)
}
