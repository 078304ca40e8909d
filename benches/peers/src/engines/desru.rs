//! desru: closures on a heap.

use std::cell::Cell;
use std::rc::Rc;

use crate::kernel::{RECEIVERS, SENDERS, TICKERS, period};
use desru::{Event, EventScheduler};

use super::Engine;

pub const ENGINE: Engine =
    Engine { name: "desru", ping_pong, fan_in, fan_in_troubled: None, periodic, fan_in_fraction: 1 };

/// Runs until so many events were counted.
fn run(mut scheduler: EventScheduler, counted: Rc<Cell<u64>>, events: u64) -> u64 {
    let seen = Rc::clone(&counted);
    scheduler.run(Box::new(move |_| seen.get() >= events), Some(Box::new(|_, _| false)));
    counted.get()
}

fn at(time: f64, action: impl FnMut(&mut EventScheduler) -> Option<String> + 'static) -> Event {
    Event::new(time, Some(Box::new(action)), None)
}

fn count(counted: &Cell<u64>) {
    counted.set(counted.get() + 1);
}

fn ping_pong(events: u64) -> u64 {
    let counted = Rc::new(Cell::new(0));
    let received = Rc::new([Cell::new(0_u64), Cell::new(0)]);
    let mut scheduler = EventScheduler::new();
    pass(&mut scheduler, 1, [0; 2], Rc::clone(&received), Rc::clone(&counted));
    run(scheduler, counted, events)
}

fn pass(
    scheduler: &mut EventScheduler,
    node: usize,
    parcel: [u64; 2],
    received: Rc<[Cell<u64>; 2]>,
    counted: Rc<Cell<u64>>,
) {
    let time = scheduler.current_time + 0.001;
    scheduler.schedule(at(time, move |scheduler| {
        count(&counted);
        count(&received[node]);
        pass(scheduler, 1 - node, parcel, Rc::clone(&received), Rc::clone(&counted));
        None
    }));
}

fn fan_in(events: u64) -> u64 {
    let counted = Rc::new(Cell::new(0));
    let received = Rc::new([const { Cell::new(0_u64) }; RECEIVERS as usize]);
    let draw = Rc::new(Cell::new(1_u64));
    let mut scheduler = EventScheduler::new();
    for _ in 0..SENDERS {
        round(&mut scheduler, 0.0, Rc::clone(&draw), Rc::clone(&received), Rc::clone(&counted));
    }
    run(scheduler, counted, events)
}

fn round(
    scheduler: &mut EventScheduler,
    after: f64,
    draw: Rc<Cell<u64>>,
    received: Rc<[Cell<u64>; RECEIVERS as usize]>,
    counted: Rc<Cell<u64>>,
) {
    let time = scheduler.current_time + after;
    scheduler.schedule(at(time, move |scheduler| {
        count(&counted);
        for receiver in 0..RECEIVERS as usize {
            draw.set(draw.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
            let latency = draw.get() as f64 / u64::MAX as f64;
            let (received, counted, parcel) = (Rc::clone(&received), Rc::clone(&counted), [1_u64; 2]);
            scheduler.schedule(at(scheduler.current_time + latency, move |_| {
                count(&counted);
                received[receiver].set(received[receiver].get() + parcel[0]);
                None
            }));
        }
        round(scheduler, 1.0, Rc::clone(&draw), Rc::clone(&received), Rc::clone(&counted));
        None
    }));
}

fn periodic(events: u64) -> u64 {
    let counted = Rc::new(Cell::new(0));
    let mut scheduler = EventScheduler::new();
    for node in 0..TICKERS {
        tick(&mut scheduler, period(node) as f64 / 1e9, Rc::clone(&counted));
    }
    run(scheduler, counted, events)
}

fn tick(scheduler: &mut EventScheduler, period: f64, counted: Rc<Cell<u64>>) {
    let time = scheduler.current_time + period;
    scheduler.schedule(at(time, move |scheduler| {
        count(&counted);
        tick(scheduler, period, Rc::clone(&counted));
        None
    }));
}
