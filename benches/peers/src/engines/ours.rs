//! quiesce itself, and the bare loops below it.

use std::hint::black_box;

use crate::bare::{self, Heap, Queue, Wheel};
use crate::kernel;
use quiesce_sim::run;

use super::Engine;

pub const SIMULATOR: Engine = Engine {
    name: "quiesce",
    ping_pong: |events| run(&kernel::ping_pong(events), 1).events,
    fan_in: |events| run(&kernel::fan_in(events), 1).events,
    fan_in_troubled: Some(|events| run(&kernel::fan_in_troubled(events), 1).events),
    periodic: |events| run(&kernel::periodic(events), 1).events,
    fan_in_fraction: 1,
};

pub const HEAP: Engine = bare::<Heap>("bare heap");
pub const WHEEL: Engine = bare::<Wheel>("bare wheel");

const fn bare<Q: Queue>(name: &'static str) -> Engine {
    Engine {
        name,
        ping_pong: |events| bare::ping_pong::<Q>(events).iter().sum(),
        fan_in: |events| {
            black_box(bare::fan_in::<Q>(events));
            events
        },
        fan_in_troubled: None,
        periodic: |events| {
            black_box(bare::periodic::<Q>(events));
            events
        },
        fan_in_fraction: 1,
    }
}
